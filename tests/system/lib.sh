# SPDX-License-Identifier: Apache-2.0
# Words of the system tests; sourced. A test is called with the path of ondol; its scratch folder and whatever it started
# are gone when it ends.
set -u
ONDOL=$1
DIR=$(mktemp -d "${TMPDIR:-/tmp}/ondol-test.XXXXXX")
PIDS=
bye() {
    for p in $PIDS; do
        kill "$p" 2>/dev/null
    done
    for p in $PIDS; do
        wait "$p" 2>/dev/null
    done
    rm -rf "$DIR"
}
trap bye EXIT
trap 'exit 1' INT TERM

fail() { # fail SENTENCE: ends the test, with what the programs said
    echo "FAILED: $*"
    for f in "$DIR"/*.err "$DIR"/*.out; do
        if [ -s "$f" ]; then
            echo "--- $(basename "$f")"
            tail -n 40 "$f"
        fi
    done
    exit 1
}

until_true() { # until_true SECONDS COMMAND...: tries it every tenth of a second
    left=$(($1 * 10))
    shift
    while ! "$@"; do
        left=$((left - 1))
        [ "$left" -gt 0 ] || return 1
        sleep 0.1
    done
}

is_ready() {
    grep -qs '^ondol: ready at ' "$DIR/dev.out"
}

start_dev() { # start_dev OPTION...: sets URL and TOKEN
    rm -f "$DIR/dev.out" # what the one before said must not be taken for this one's
    "$ONDOL" dev --data "$DIR/data" --listen 127.0.0.1:0 "$@" >"$DIR/dev.out" 2>"$DIR/dev.err" &
    DEV=$!
    PIDS="$PIDS $DEV"
    until_true 60 is_ready || fail "ondol dev was not ready within 60 s"
    # shellcheck disable=SC2034
    URL=$(sed -n 's/^ondol: ready at \(http:[^ ]*\) token .*/\1/p' "$DIR/dev.out")
    # shellcheck disable=SC2034
    TOKEN=$(sed -n 's/^ondol: ready at .* token //p' "$DIR/dev.out")
}

stop_dev() { # as a service manager stops it
    kill -TERM "$DEV"
    wait "$DEV" || fail "ondol dev did not end with 0"
    PIDS=
}
