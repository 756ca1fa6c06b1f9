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
done
"$ONDOL" replay "$DIR/log1" | cmp -s - "$DIR/replay.out" && fail "two recordings with one hash"
"$ONDOL" replay --events "$DIR/log2" | grep -q '^[0-9]* .* tasks-create$' || fail "the events, for people"

copy() { # copy NAME: of the second recording
    cp -r "$DIR/log2.start" "$DIR/$1.start"
    cp "$DIR/log2" "$DIR/$1"
}

# Other instances are other actions.
copy other
LC_ALL=C sed 's/0-3/0-2/g' "$DIR/log2" >"$DIR/other"
"$ONDOL" replay "$DIR/other" >"$DIR/other.out" 2>"$DIR/other.err" && fail "a recording of other tasks is as good"
grep -q '^ondol: replay: the server had ' "$DIR/other.err" || fail "what replay says of a wrong hash"

# Cut off in the middle, as by a kill: it is replayed to there.
copy cut
head -c "$(($(wc -c <"$DIR/log2") / 2))" "$DIR/log2" >"$DIR/cut"
"$ONDOL" replay "$DIR/cut" >"$DIR/cut.out" || fail "a cut recording"
grep -q 'has no end' "$DIR/cut.out" || fail "what replay says of a cut recording"

copy garbage
head -c 20 "$DIR/log2" >"$DIR/garbage"
head -c 200 /dev/zero | tr '\0' '\377' >>"$DIR/garbage"
"$ONDOL" replay "$DIR/garbage" 2>"$DIR/garbage.err" && fail "garbage is as good"
grep -q '^ondol: .*garbage: log: ' "$DIR/garbage.err" || fail "what replay says of garbage"
echo "the same again"
