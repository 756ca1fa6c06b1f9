#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tools/build.sh DIR COMPILER [MESON OPTION ...]: configures DIR once, then builds what changed. DIR/made-by says what it was
# configured with and where: with other options, or in a tree that was moved since (its files name absolute paths), it is
# made anew. A folder that somebody configured by hand has no such note and is taken as it is. With SUITES="A B" in the environment
# only what the tests of these suites are made of is built, with TARGETS="A B" only these programs. Debug information is for the lines
# of backtraces (-g1) and the linker a quick one: hundreds of test programs are linked. For a debugger: meson setup DIR.
set -eu
cd "$(dirname "$0")/.."
dir=$1
note="$PWD $*"
compiler=$2
shift 2
if [ -f "$dir/made-by" ] && [ "$(cat "$dir/made-by")" != "$note" ]; then
    rm -rf "$dir"
fi
if [ ! -f "$dir/build.ninja" ]; then
    said=$(CC=$compiler CC_LD=lld meson setup -Dc_args=-g1 "$dir" "$@" 2>&1) || {
        echo "$said" >&2
        exit 1
    }
    echo "$note" >"$dir/made-by"
fi
targets=${TARGETS-}
if [ -n "${SUITES-}" ]; then
    targets=$(meson introspect "$dir" --tests --targets | jq -r --arg suites "$SUITES" --arg dir "$PWD/$dir/" '
        ($suites | split(" ") | map("ondol:" + .)) as $wanted
        | [.tests[] | select(any(.suite[]; IN($wanted[]))) | .depends[]] as $needed
        | .targets[] | select(.id | IN($needed[])) | .filename[] | ltrimstr($dir)')
fi
# shellcheck disable=SC2086
exec ninja -C "$dir" --quiet $targets
