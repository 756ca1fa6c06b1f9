#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# real_heater.sh ONDOL_AGENT: a real heater without work makes its heat itself, and only while its room is cold; what burns is
# started again when it dies, takes second place to everything, and is gone with its agent, however that ends.
set -eu
agent=$1
dir=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill -9 "$pid" 2>/dev/null || true; rm -rf "$dir"' EXIT INT TERM

fail() {
    echo "real_heater: $1" >&2
    cat "$dir/err" "$dir/status" >&2 || true
    exit 1
}

# until SECONDS COMMAND...
until_() {
    tries=$(($1 * 20))
    shift
    while [ $tries -gt 0 ]; do
        "$@" && return 0
        tries=$((tries - 1))
        sleep 0.05
    done
    return 1
}

fire() { # its process, or nothing
    for p in $(cat "/proc/$pid/task/$pid/children" 2>/dev/null); do
        tr '\0' ' ' <"/proc/$p/cmdline" 2>/dev/null | grep -q -- '--as-fire' && echo "$p"
    done
    true
}
burns() { [ -n "$(fire)" ]; }
runs() { jq -e --arg run "$1" '.boards[0].run == $run' "$dir/status" >/dev/null 2>&1; }
ticks() { awk '{print $14 + $15}' "/proc/$1/stat" 2>/dev/null || echo 0; }
heats() { [ "$(ticks "$1")" -gt "$2" ]; }
other() { now=$(fire) && [ -n "$now" ] && [ "$now" != "$1" ]; }
gone() { ! kill -0 "$1" 2>/dev/null || grep -q '^State:.Z' "/proc/$1/status" 2>/dev/null; }

mkdir "$dir/sys"
echo 15000 >"$dir/sys/room"
cat >"$dir/heater.ini" <<INI
[node]
name = real-1
site = here
sysroot = $dir/sys
[zone office]
setpoint = 20
mode = comfort
room = /room
[heater h]
zone = office
[board b]
heater = h
cores = 2
memory_mb = 1024
curve = 1000:30000 2000:60000
idle_mw = 12000
INI
"$agent" --config "$dir/heater.ini" --speed 100 --status "$dir/status" 2>"$dir/err" &
pid=$!
until_ 30 burns || fail "nothing burns in a cold room"
until_ 30 runs burn || fail "the board does not say that it burns"
first=$(fire)
until_ 60 heats "$first" 2 || fail "what burns uses no processor"
[ "$(awk '{print $19}' "/proc/$first/stat")" = 19 ] || fail "what burns is not the last in the queue"

kill -9 "$first"
until_ 30 other "$first" || fail "what burned died and was not started again"

echo 25000 >"$dir/sys/room"
until_ 60 runs idle || fail "it goes on burning in a warm room"
second=$(fire)
rest() {
    before=$(ticks "$second")
    sleep 0.3
    [ "$(ticks "$second")" = "$before" ]
}
until_ 60 rest || fail "it says that it idles, and burns"

echo 15000 >"$dir/sys/room"
until_ 60 heats "$second" "$before" || fail "it does not burn again in a cold room"
kill -9 "$pid"
wait "$pid" 2>/dev/null || true
until_ 30 gone "$second" || fail "the agent is dead, and its fire burns on"
pid=
