#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A recording of a lively server, twice on one folder: replaying it gives the hash of actions that the server had, and a
# recording with one event less does not. Usage: replay.sh ONDOL HELLO.JSON
. "$(dirname "$0")/lib.sh"
HELLO=$2

play() { # play LOG: some tasks, a knob, an abort
    : >"$DIR/dev.out"
    start_dev --heaters 2 --speed 30 --record "$1"
    ONDOL_URL=$URL ONDOL_TOKEN=$TOKEN
    export ONDOL_URL ONDOL_TOKEN
    id=$("$ONDOL" task create "$HELLO") || fail "ondol task create"
    "$ONDOL" task wait --timeout 60 "$id" || fail "ondol task wait: $?"
    "$ONDOL" zone set dev-z1 23 >/dev/null || fail "ondol zone set"
    id=$("$ONDOL" task create "$HELLO") || fail "ondol task create"
    "$ONDOL" task abort "$id"
    "$ONDOL" task create "$HELLO" >/dev/null || fail "ondol task create"
    kill -TERM "$DEV"
    wait "$DEV" || fail "ondol dev did not end with 0"
    PIDS=
}

for n in 1 2; do
    play "$DIR/log$n"
    "$ONDOL" replay "$DIR/log$n" >"$DIR/replay.out" 2>"$DIR/replay.err" || fail "replay of recording $n"
    grep -q '^[0-9]* events in [0-9]* batches: hash 0x' "$DIR/replay.out" || fail "what replay says"
    tail -n 1 "$DIR/log$n" | grep -q "$(sed 's/.*hash \(0x[0-9a-f]*\)$/\1/' "$DIR/replay.out")" || fail "the hash of recording $n"
done
"$ONDOL" replay "$DIR/log1" | cmp -s - "$DIR/replay.out" && fail "two recordings with one hash"

grep -v '"kind":"tasks-create"' "$DIR/log2" >"$DIR/less"
cp -r "$DIR/log2.start" "$DIR/less.start"
"$ONDOL" replay "$DIR/less" >"$DIR/less.out" 2>"$DIR/less.err" && fail "a recording without its tasks is as good"
grep -q '^ondol: replay: the server had ' "$DIR/less.err" || fail "what replay says of a wrong hash"
head -n 5 "$DIR/log2" | cut -c 1-40 >"$DIR/cut"
cp -r "$DIR/log2.start" "$DIR/cut.start"
"$ONDOL" replay "$DIR/cut" 2>"$DIR/cut.err" && fail "a cut recording is as good"
grep -q "^ondol: .*cut:1: " "$DIR/cut.err" || fail "what replay says of a cut recording"
echo "the same again"
