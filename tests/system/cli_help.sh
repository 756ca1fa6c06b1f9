#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every command has --help, and errors have their shape and code (docs/exit-codes.md). Usage: cli_help.sh ONDOL
. "$(dirname "$0")/lib.sh"

ask() { # ask CODE WORD ARGUMENT...: stdout has WORD
    want=$1 word=$2
    shift 2
    "$ONDOL" "$@" >"$DIR/ask.out" 2>"$DIR/ask.err"
    got=$?
    [ "$got" = "$want" ] || fail "ondol $*: exit code $got, not $want"
    [ -z "$word" ] || grep -q -- "$word" "$DIR/ask.out" || fail "ondol $*: \"$word\" is not in what it prints"
}

refuse() { # refuse CODE SHAPE ARGUMENT...: exactly one line on stderr, "ondol: what: why", nothing on stdout
    want=$1 shape=$2
    shift 2
    "$ONDOL" "$@" >"$DIR/refuse.out" 2>"$DIR/refuse.err"
    got=$?
    [ "$got" = "$want" ] || fail "ondol $*: exit code $got, not $want"
    [ "$(wc -l <"$DIR/refuse.err")" = 1 ] || fail "ondol $*: stderr is not one line"
    grep -q "^ondol: .*: .*" "$DIR/refuse.err" || fail "ondol $*: stderr has another shape"
    grep -q -- "$shape" "$DIR/refuse.err" || fail "ondol $*: stderr does not say \"$shape\""
    [ ! -s "$DIR/refuse.out" ] || fail "ondol $*: an error and output too"
}

ask 0 'Usage: ondol COMMAND' --help
ask 0 'Usage: ondol COMMAND' help
for c in server dev demo bench replay; do
    ask 0 "Usage: ondol $c" $c --help
    ask 0 "Usage: ondol $c" help $c
done
ask 0 'Usage:' agent --help
ask 0 'Usage: ondol task VERB' task --help
for v in create list show wait stdout stderr download why retry recover resume clone abort delete; do
    ask 0 "Usage: ondol task $v" task $v --help
done
ask 0 'Usage: ondol bucket VERB' bucket --help
for v in list make remove objects put get download delete; do
    ask 0 "Usage: ondol bucket $v" bucket $v --help
done
for v in list show add set delete; do
    ask 0 "Usage: ondol secret $v" secret $v --help
done
ask 0 'Usage: ondol image VERB' image --help
for v in import pull list show remove; do
    ask 0 "Usage: ondol image $v" image $v --help
done
ask 0 'Usage: ondol job VERB' job --help
for v in create list show tasks wait terminate delete; do
    ask 0 "Usage: ondol job $v" job $v --help
done
for v in list show set why; do
    ask 0 "Usage: ondol zone $v" zone $v --help
done
for v in list boards clear-lid; do
    ask 0 "Usage: ondol heater $v" heater $v --help
done
for v in list show add set; do
    ask 0 "Usage: ondol account $v" account $v --help
done
for v in list show add change remove organisations organisation; do
    ask 0 "Usage: ondol user $v" user $v --help
done
for v in list add remove; do
    ask 0 "Usage: ondol token $v" token $v --help
done
for v in list show add change remove budgets budget set-budget; do
    ask 0 "Usage: ondol project $v" project $v --help
done
for v in list show add change remove; do
    ask 0 "Usage: ondol reservation $v" reservation $v --help
done
ask 0 '^ondol [0-9]' version
ask 0 '^ondol [0-9]' --version
ask 2 '' task
ask 2 ''

refuse 2 'no such command' sing
refuse 2 'no such verb' task sing
refuse 2 '--nonsense' dev --nonsense
refuse 2 '--heaters' dev --data "$DIR/x" --heaters 0
refuse 2 'from 1 to 512' dev --data "$DIR/x" --heaters 513
refuse 2 '--data' dev
refuse 2 'ADDRESS:PORT' dev --data "$DIR/x" --listen 8080
refuse 2 'YYYY-MM-DD' demo --day tomorrow
refuse 2 '--data DIR' server
refuse 2 'one argument too many' dev here
refuse 2 'must begin with http' agent --virtual --server ftp://here
refuse 2 'is missing' task show
unset ONDOL_URL ONDOL_TOKEN QARNOT_CLUSTER_URL QARNOT_CLIENT_TOKEN
refuse 2 'ONDOL_URL' task list
ONDOL_URL=http://127.0.0.1:1 ONDOL_TOKEN=nobody
export ONDOL_URL ONDOL_TOKEN
refuse 3 '127.0.0.1' task list
refuse 2 'No such file' task create "$DIR/none.json"
refuse 2 'must be a temperature' zone set room 99
refuse 2 'nothing to change' account set a@b
refuse 2 'exclude each other' account set a@b --research --no-research
refuse 2 'nothing to change' user change a@b
refuse 2 'exclude each other' user change a@b --research --no-research
refuse 2 'nothing to change' project change x
refuse 2 'give ORGANISATION/SLUG' project add x
refuse 2 'nothing to change' reservation change x
refuse 2 'there is no such policy (market' sim montrouge --policy none
refuse 2 'none: there is no such scenario' sim compare montrouge none
refuse 2 'none: there is no such policy (market' sim compare montrouge --policies market,none

printf 'listen = 127.0.0.1:0\nheaters = 3\n' >"$DIR/server.conf"
refuse 2 "server.conf:2: heaters: there is no such option" server --config "$DIR/server.conf" --data "$DIR/x"
printf 'listen = 127.0.0.1:0\n' >"$DIR/server.conf"
mkdir "$DIR/server.conf.d"
printf '; more\nspeed = quick\n' >"$DIR/server.conf.d/10-speed.conf"
refuse 2 "10-speed.conf:2: --speed quick: must be" server --config "$DIR/server.conf" --data "$DIR/x"

# More than the stream's buffer holds, to where nothing can be written.
"$ONDOL" sim montrouge --days 0.1 --json >/dev/full 2>"$DIR/full.err"
got=$?
[ "$got" = 1 ] || fail "output that could not be written: exit code $got, not 1"
grep -q '^ondol: output: could not be written' "$DIR/full.err" || fail "output that could not be written: not said"
echo "all commands answered"
