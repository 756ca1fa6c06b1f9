#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The body of ./check: see there. Each build folder is one judge of the same tests. A test says why it is skipped by a line
# "skipped: REASON"; a line like that from a test that passes counts as one skipped case of it.
set -u
cd "$(dirname "$0")/.."
quick=
case ${1-} in
'') ;;
--quick) quick=1 ;;
--help)
    sed -n '3,$s/^# //p' check
    exit 0
    ;;
*)
    echo "ondol: check: $1: is not an option (there are --quick and --help)" >&2
    exit 2
    ;;
esac
trap 'exit 130' INT TERM
sh tools/need.sh || exit 1

results= # a line for each test: passed, failed or skipped, where, name, why
add() {
    results="$results$1
"
}

read_log() { # read_log BUILD_DIR: the lines from meson's JSON log, one object per test
    jq -r --arg dir "$1" '
        def lines: ((.stdout // "") + "\n" + (.stderr // "")) | split("\n") | map(select(test("\\S")));
        def reasons: lines | map(select(startswith("skipped: ")) | .[9:]);
        def at: "\($dir): \(.name | sub("^[^/]* / "; ""))";
        if .result == "SKIP" then "skipped \(at): \((reasons + (lines | reverse))[0] // "it does not say why")"
        elif .result == "OK" or .result == "EXPECTEDFAIL" then "passed \(at)", (at as $at | reasons[] | "skipped \($at): \(.)")
        else "failed \(at): \(.result | ascii_downcase)" end' "$1/meson-logs/testlog.json"
}

judge() { # judge DIR COMPILER "MESON TEST ARGUMENTS" MESON_OPTION...; of suites that are named, only what they need is built
    dir=$1 compiler=$2 which=$3
    shift 3
    suites=$(echo "$which" | grep -oE -e '--suite [a-z]+' | cut -d ' ' -f 2 | tr '\n' ' ')
    echo "== $dir ($compiler $*)"
    begin=$(date +%s)
    if ! SUITES=${suites% } sh tools/build.sh "$dir" "$compiler" "$@"; then
        add "failed $dir: does not build (again: ninja -C $dir)"
        return
    fi
    built=$(date +%s)
    rm -f "$dir/meson-logs/testlog.json"
    # The limits of time catch what hangs; on a machine that is busy with other things nothing hangs sooner. Many tests wait for
    # something most of their time: one more than there are processors keeps these busy.
    # shellcheck disable=SC2086
    meson test -C "$dir" --num-processes "$(($(nproc) + 1))" --no-rebuild --print-errorlogs --timeout-multiplier 3 $which
    code=$?
    if [ -s "$dir/meson-logs/testlog.json" ]; then
        add "$(read_log "$dir")"
    elif [ "$code" != 0 ]; then
        add "failed $dir: the tests did not run (again: meson test -C $dir)"
    fi
    echo "== $dir: built in $((built - begin)) s, tested in $(($(date +%s) - built)) s"
}

step() { # step NAME COMMAND...: one more test that is not a program of meson's
    name=$1
    shift
    if "$@"; then
        add "passed $name"
    else
        add "failed $name (again: $*)"
    fi
}

judge build gcc ""
step arrows sh tools/arrows.sh
step words sh tools/words.sh
step "the map of the code" sh tools/map.sh
step "every test is listed" sh tools/listed.sh build
step "purity of gcc's objects" sh tools/purity.sh build
if [ -z "$quick" ]; then
    # What clang says of the rest of the code, the builds with sanitizers hear: of this one only its digits matter. Of those
    # compiling takes most, so they optimise only what tests spend their time in (`busy` in meson.build).
    judge build-clang clang "--suite numbers --suite sim" -Ddebug=false
    step "purity of clang's objects" sh tools/purity.sh build-clang
    judge build-asan clang "--no-suite large" -Doptimization=0 -Db_sanitize=address,undefined -Db_lundef=false
    judge build-tsan clang "--suite threads" -Doptimization=0 -Db_sanitize=thread -Db_lundef=false
fi

echo
echo "$results" | grep '^skipped '
echo "$results" | grep '^failed '
failed=$(echo "$results" | grep -c '^failed ')
echo "$(echo "$results" | grep -c '^passed ') passed, $failed failed, $(echo "$results" | grep -c '^skipped ') skipped"
[ "$failed" = 0 ]
