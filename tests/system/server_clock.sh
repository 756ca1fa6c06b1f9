#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A server whose house time runs faster than the clock keeps its line over a kill, so that agents that went on meanwhile find it
# where they are; another speed begins where the house is. Usage: server_clock.sh ONDOL
. "$(dirname "$0")/lib.sh"

is_up() {
    grep -qs '^ondol: server ready at ' "$DIR/server.out"
}
serve() { # serve OPTION...: sets LINE, what agents are to be started with
    : >"$DIR/server.out"
    "$ONDOL" server --data "$DIR/data" --listen 127.0.0.1:0 --token secret "$@" >"$DIR/server.out" 2>"$DIR/server.err" &
    PIDS=$!
    until_true 60 is_up || fail "the server was not ready within 60 s"
    LINE=$(sed -n 's/.*start agents with //p' "$DIR/server.out")
}
killed() {
    kill -9 "$PIDS"
    wait "$PIDS" 2>/dev/null
    PIDS=
}

serve --speed 60
first=$LINE
case $first in
"--speed 60 --house-epoch-ms "*" --wall-epoch-ms "*) ;;
*) fail "the server does not say how to start agents: $first" ;;
esac
killed
serve --speed 60
[ "$LINE" = "$first" ] || fail "after a kill the line is $LINE, not $first"
killed
serve --speed 30
house=$(echo "$LINE" | sed 's/.*--house-epoch-ms \([0-9]*\).*/\1/')
was=$(echo "$first" | sed 's/.*--house-epoch-ms \([0-9]*\).*/\1/')
[ "$house" -gt "$was" ] || fail "another speed began at $house, before $was"
killed
serve --speed 10 --house-epoch-ms 1700000000000 --wall-epoch-ms 1600000000000
[ "$LINE" = "--speed 10 --house-epoch-ms 1700000000000 --wall-epoch-ms 1600000000000" ] || fail "what was given is not what counts: $LINE"
killed
rm -r "$DIR/data"
serve
[ -z "$LINE" ] || fail "at speed 1 house time is the calendar's: $LINE"
killed
"$ONDOL" server --data "$DIR/data" --house-epoch-ms 5 >"$DIR/one.out" 2>"$DIR/one.err"
[ $? = 2 ] || fail "one half of an epoch is accepted"
echo "one line"
