#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# agent_alone.sh ONDOL_AGENT: a virtual radiator with no server keeps its room at the setpoint, a cold one warms up, and a room
# whose agent was killed has cooled when it comes back.
set -eu
agent=$1
dir=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill -9 "$pid" 2>/dev/null || true; rm -rf "$dir"' EXIT INT TERM

fail() {
    echo "agent_alone: $1" >&2
    [ ! -f "$dir/status" ] || cat "$dir/status" >&2
    exit 1
}

# 15 January 2024, noon; W is now, so that several starts share one clock.
house=1705320000000
wall=$(date +%s)000

start() { # start OPTION...
    "$agent" --node alone --virtual --empty --boards 3 --speed 3600 --house-epoch-ms $house --wall-epoch-ms "$wall" \
        --status "$dir/status" --world-state "$dir/world" "$@" 2>"$dir/err" &
    pid=$!
}

# wait_for JQ_CONDITION SECONDS
wait_for() {
    tries=$(($2 * 10))
    while [ $tries -gt 0 ]; do
        [ -f "$dir/status" ] && jq -e "$1" "$dir/status" >/dev/null 2>&1 && return 0
        kill -0 "$pid" 2>/dev/null || fail "the agent ended: $(cat "$dir/err")"
        tries=$((tries - 1))
        sleep 0.1
    done
    return 1
}

start --setpoint 20 --start-temp 19
wait_for '.zones[0].room_mc >= 19500' 40 || fail "the room did not warm up"
# Five hours of the room, sampled: it stays there.
for _ in 1 2 3 4 5; do
    sleep 1
    jq -e '.zones[0] | .room_mc >= 19500 and .room_mc <= 20500 and (.guard | IN("none", "surface-hot"))' "$dir/status" >/dev/null ||
        fail "the room left its band"
done

# Killed at once; three hours of the room later it is colder than it was, and warms up again.
kill -9 "$pid"
wait "$pid" 2>/dev/null || true
before=$(jq '.zones[0].room_mc' "$dir/status")
sleep 3
rm "$dir/status"
start --setpoint 20
wait_for '.zones | length == 1' 10 || fail "no status after the restart"
after=$(jq '.zones[0].room_mc' "$dir/status")
[ "$after" -lt "$before" ] || fail "the room did not cool while the agent was gone: $before then $after"
wait_for '.zones[0].room_mc >= 19500' 40 || fail "the room did not warm up again"

kill -TERM "$pid"
wait "$pid" && code=0 || code=$?
pid=
[ "$code" = 0 ] || fail "SIGTERM: exit code $code"

# Wrong options are refused with a sentence and 2.
for wrong in "--speed 0" "--config $dir/none" "--virtual --archetype igloo --node x" "--node x"; do
    # shellcheck disable=SC2086
    "$agent" $wrong >/dev/null 2>"$dir/err" && code=0 || code=$?
    [ "$code" = 2 ] || fail "$wrong: exit code $code"
    [ -s "$dir/err" ] || fail "$wrong: nothing was said"
done
printf '[node]\nname = n\nhats = 3\n' >"$dir/bad.ini"
"$agent" --config "$dir/bad.ini" 2>"$dir/err" && fail "an unknown key was taken"
grep -q "bad.ini:3: hats: is not a key of \[node\]" "$dir/err" || fail "unknown key: $(cat "$dir/err")"
echo "agent_alone: well"
