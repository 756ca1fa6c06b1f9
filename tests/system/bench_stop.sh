#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A bench that is stopped in its midst leaves no process and no file behind. Usage: bench_stop.sh ONDOL
. "$(dirname "$0")/lib.sh"

has_server() {
    ls "$DIR"/tmp/ondol-bench.*/ondol-bench.*/server-0.log >/dev/null 2>&1
}

nobody_is_there() { # nobody works in the folder any more
    for c in /proc/[0-9]*/cmdline; do
        if tr '\0' ' ' <"$c" 2>/dev/null | grep -q "$DIR/tmp/"; then
            return 1
        fi
    done
}

mkdir "$DIR/tmp"
TMPDIR=$DIR/tmp "$ONDOL" bench http >"$DIR/bench.out" 2>"$DIR/bench.err" &
BENCH=$!
PIDS=$BENCH
until_true 60 has_server || fail "the bench has not started a server within 60 s"
kill -TERM $BENCH
wait $BENCH
got=$?
PIDS=
[ "$got" = 143 ] || fail "the bench ended with $got, not 143"
until_true 30 nobody_is_there || fail "a process of the bench is left"
[ -z "$(ls "$DIR/tmp")" ] || fail "files are left: $(ls "$DIR/tmp")"
echo "nothing is left"
