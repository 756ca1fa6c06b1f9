#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tools/fuzz.sh [--cpu-s N] [--jobs N] [NAME ...]: runs the fuzzers of tests/fuzz, all or those that are named, in that order,
# each until it has used N seconds of processor time (600) as the kernel counts it for children that ended; `--jobs` of them
# side by side (1). Everything is kept in build-fuzz/found/NAME:
#
#   corpus/   inputs that reached something new; what deserves to stay goes to tests/fuzz/corpus/NAME
#   finds/    crash-*, leak-*, timeout-*, oom-*; NAME is not run on until its finds are gone from there
#   spent     seconds of processor time, executions, coverage, features
#   log       what libFuzzer said last
#
# It may be stopped at any time and goes on where it was: to begin anew, remove the folder. 1: there are finds.
set -eu
cd "$(dirname "$0")/.."
dir=build-fuzz
cpu_s=600
jobs=1
slice_s=60 # of wall time, after which what was used is counted
inside=

usage() {
    sed -n '3,13s/^# \{0,1\}//p' "$0" >&2
    exit 2
}

while [ $# -gt 0 ]; do
    case $1 in
    --cpu-s) cpu_s=$2 && shift 2 ;;
    --jobs) jobs=$2 && shift 2 ;;
    --inside) inside=yes && shift ;;
    -*) usage ;;
    *) break ;;
    esac
done

# Milliseconds of processor time of all children that ended so far, into `children`. What `times` says is of the shell that asks:
# in a $(...) it would be nothing.
count_children() {
    times >"$found/times"
    children=$(awk -F'[ms ]+' 'NR == 2 { printf "%d\n", ($1 * 60 + $2) * 1000 + ($3 * 60 + $4) * 1000 }' "$found/times")
}

finds() {
    find "$found/finds" -type f \( -name 'crash-*' -o -name 'leak-*' -o -name 'timeout-*' -o -name 'oom-*' \) | wc -l
}

# Prints what libFuzzer said last under a name, or what there was before.
said() {
    value=$(sed -n "$1" "$found/log" | tail -n 1)
    echo "${value:-$2}"
}

say() {
    awk -v name="$name" -v finds="$(finds)" '{
        printf "%-12s %5d CPU s %10d executions %7.1f/s   coverage %5d features %6d   finds %d\n",
            name, $1 / 1000, $2, $1 ? $2 * 1000 / $1 : 0, $3, $4, finds }' "$found/spent"
}

# One slice. Leaks are looked for at its end: after each input it would cost more than the input. Its own end by SIGINT or SIGTERM is passed on, so that what was used is still counted.
run_slice() {
    left=$(((cpu_s * 1000 - ms) / 1000 * 3 + 5)) # wall time, of which a busy machine gives a part
    [ "$left" -lt "$slice_s" ] || left=$slice_s
    count_children
    before=$children
    nice -n 19 "$dir/tests/fuzz/${name}_fuzz" -max_total_time="$left" -detect_leaks=0 -timeout=120 -report_slow_units=120 -print_final_stats=1 \
        -artifact_prefix="$found/finds/" "$found/corpus" "tests/fuzz/corpus/$name" >"$found/log" 2>&1 &
    pid=$!
    trap 'stopped=yes; kill -INT $pid 2>/dev/null || :' INT TERM
    wait "$pid" || failed=$?
    [ -z "$stopped" ] || wait "$pid" || failed=$?
    trap - INT TERM
    count_children
    ms=$((ms + children - before))
    units=$((units + $(said 's/^stat::number_of_executed_units: //p' 0)))
    coverage=$(said 's/.* cov: \([0-9]*\).*/\1/p' "$coverage")
    features=$(said 's/.* ft: \([0-9]*\).*/\1/p' "$features")
    echo "$ms $units $coverage $features" >"$found/spent"
}

one() {
    name=$1
    found=$dir/found/$name
    stopped=
    failed=0
    mkdir -p "$found/corpus" "$found/finds"
    [ -s "$found/spent" ] || echo "0 0 0 0" >"$found/spent"
    read -r ms units coverage features <"$found/spent"
    while [ "$ms" -lt $((cpu_s * 1000)) ] && [ "$(finds)" = 0 ] && [ -z "$stopped" ]; do
        run_slice
        if [ "$failed" != 0 ] && [ "$(finds)" = 0 ] && [ -z "$stopped" ]; then
            tail -n 5 "$found/log" >&2
            break
        fi
    done
    say
    [ "$(finds)" = 0 ] && [ "$failed" = 0 ]
}

if [ -n "$inside" ]; then
    one "$1"
    exit
fi
[ $# -gt 0 ] || set -- $(ls tests/fuzz | sed -n 's/_fuzz\.c$//p')
[ -f "$dir/build.ninja" ] || CC=clang meson setup "$dir" -Dfuzz=true -Db_lundef=false >/dev/null
# shellcheck disable=SC2046
nice -n 19 ninja -C "$dir" --quiet $(printf 'tests/fuzz/%s_fuzz ' "$@")
printf '%s\n' "$@" | xargs -n 1 -P "$jobs" sh "$0" --cpu-s "$cpu_s" --inside
