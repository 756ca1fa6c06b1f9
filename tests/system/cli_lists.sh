#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Lists of tasks by the command line: what is refused never looks like a uuid, and --wait waits for all of them.
# And --json everywhere. Usage: cli_lists.sh ONDOL
. "$(dirname "$0")/lib.sh"

run() { # run WANTED_CODE ARGUMENT...: what it printed is in run.out
    want=$1
    shift
    "$ONDOL" "$@" >"$DIR/run.out" 2>"$DIR/run.err"
    got=$?
    [ "$got" = "$want" ] || fail "ondol $*: exit code $got, not $want"
}
complains() {
    grep -q -- "$1" "$DIR/run.err" || fail "\"$1\" is not the complaint"
}
task() { # task NAME COMMAND
    printf '{"name":"%s","profile":"docker-batch","instanceCount":1,"constants":[{"key":"DOCKER_CMD","value":"%s"}]}' "$1" "$2"
}

start_dev --heaters 2 --speed 60 --s3-listen 127.0.0.1:0
ONDOL_URL=$URL ONDOL_TOKEN=$TOKEN
export ONDOL_URL ONDOL_TOKEN
printf '[%s,{"name":"half","profile":"docker-batch"}]' "$(task good 'echo said')" >"$DIR/half.json"
printf '[{"name":"half","profile":"docker-batch"},{"name":"half"}]' >"$DIR/bad.json"
printf '[%s,%s]' "$(task first true)" "$(task second false)" >"$DIR/two.json"

run 4 task create "$DIR/half.json"
[ "$(wc -l <"$DIR/run.out")" = 1 ] && [ "$(wc -c <"$DIR/run.out")" = 37 ] || fail "not one uuid: $(cat "$DIR/run.out")"
complains 'task 2 of the list: .*instanceCount'
complains '1 of 2 tasks were refused'
run 4 task create "$DIR/half.json" --json
[ "$(jq -c '[.[].statusCode]' "$DIR/run.out")" = '[200,400]' ] || fail "the answer is another"
run 4 task create "$DIR/bad.json"
[ ! -s "$DIR/run.out" ] || fail "it printed $(cat "$DIR/run.out")"
complains 'none of the list was taken (HTTP 400)'
grep -q 'no reason given' "$DIR/run.err" && fail "no reason"
run 5 task create "$DIR/two.json" --wait
while read -r id; do
    state=$("$ONDOL" task show "$id" | jq -r .state)
    [ "$state" = Success ] || [ "$state" = Failure ] || fail "$id is $state after --wait"
done <"$DIR/run.out"
run 4 task create "$DIR/half.json" --follow
[ "$(cat "$DIR/run.out")" = ' 0> said' ] || fail "--follow printed $(cat "$DIR/run.out")"

# Bug: `ondol task wait "$UNSET"` waited for the list of all tasks, for ever, and a list of several left one out.
for verb in abort delete show wait; do
    run 2 task $verb ''
    complains "task $verb: argument 1 of .* is empty"
done
run 2 task delete x ''
complains 'argument 2 of .* is empty'

# What is less than a cent is not "without a limit", and not "nothing at all".
run 2 user add x@example.org --credit 0.001
complains '--credit 0.001: is less than a cent'
run 2 user change x@example.org --credit 0.001
run 2 project budget default --total 0.001
complains '--total 0.001: is less than a cent'
# Bug: --json was refused by every verb that changes something.
is() { # is WANTED JQ_EXPRESSION
    got=$(jq -c "$2" "$DIR/run.out") || fail "no JSON: $(cat "$DIR/run.out")"
    [ "$got" = "$1" ] || fail "$2 is $got, not $1"
}
id=$("$ONDOL" task create --command 'echo said' --wait)
run 0 task wait "$id" --json
is '["'"$id"'","Success"]' '[.uuid,.state]'
run 2 task wait "$id" --json --follow
run 0 task stdout "$id" --json
is '" 0> said\n"' .
run 4 task abort "$id" "$id" --json
is '[[false,true],[false,true]]' 'map([.done, (.message | length > 0)])'
id=$("$ONDOL" task create --command 'sleep 1000')
run 0 task set "$id" --tag x --json
is '{"id":"'"$id"'","done":true}' .
run 0 task abort "$id" --json
is '[{"id":"'"$id"'","done":true}]' .
run 0 task delete "$id" --json
is '[true]' 'map(.done)'
id=$("$ONDOL" job create --name j)
run 0 job wait "$id" --json
is '"'"$id"'"' .uuid
run 0 job terminate "$id" --json
is '[true]' 'map(.done)'
id=$("$ONDOL" pool create --name p --slots 1)
run 0 pool wait "$id" --json
is '"FullyExecuting"' .state
run 0 pool scale "$id" --slots 0 --json
is true .done
run 0 pool close "$id" --json
is '[true]' 'map(.done)'
echo value >"$DIR/value"
run 0 secret add a/b --file "$DIR/value" --json
is '{"id":"a/b","done":true}' .
run 0 bucket make box --json
is true .done
run 0 bucket put box "$DIR/value" --json
is '[1,6,0]' '[.files,.bytes,.kept]'
run 0 bucket get box value --output "$DIR/back" --json
is '"value"' .key
run 0 bucket download box "$DIR/down" --json
is 1 .files
run 0 bucket delete box value --json
is '[{"key":"value","done":true}]' .
# Bug: QARNOT_ACCOUNT_EMAIL, which existing clients take as the name to sign by, was not read.
QARNOT_ACCOUNT_EMAIL=nobody@example.org
export QARNOT_ACCOUNT_EMAIL
run 4 bucket list
QARNOT_ACCOUNT_EMAIL=$("$ONDOL" account info --json | jq -r .email)
[ -n "$QARNOT_ACCOUNT_EMAIL" ] || fail "the account has no email"
run 0 bucket list --json
unset QARNOT_ACCOUNT_EMAIL
is '"box"' '.[0].name'
# Bug: without a key the bucket was deleted.
run 2 bucket delete box ''
complains 'argument 2 of .* is empty'
run 0 bucket remove box --json
is true .done
stop_dev
echo "lists"
