#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The demonstration from where a package puts it: PREFIX/bin and PREFIX/lib/ondol, started from elsewhere. The package once had
# no payload. Usage: demo_installed.sh ONDOL AGENT BASKET
. "$(dirname "$0")/lib.sh"

mkdir -p "$DIR/usr/bin" "$DIR/usr/lib/ondol" "$DIR/home"
cp "$1" "$2" "$DIR/usr/bin" && cp "$3" "$DIR/usr/lib/ondol/basket" || fail "the programs could not be copied"
cd "$DIR/home" || fail "no folder to stand in"
"$DIR/usr/bin/ondol" demo --hours 2 --instances 2 --paths 100000 --out "$DIR/out" >"$DIR/demo.out" 2>"$DIR/demo.err"
code=$?
[ "$code" = 1 ] || [ "$code" = 0 ] || fail "exit code $code" # so little work does not satisfy every figure
R=$DIR/out/report.json
[ -s "$R" ] || fail "no report"
[ "$(jq '.instances | map(select(.result.paths == 100000)) | length' "$R")" = 2 ] || fail "not 2 results in the report"

rm "$DIR/usr/lib/ondol/basket"
"$DIR/usr/bin/ondol" demo --out "$DIR/out2" >"$DIR/none.out" 2>"$DIR/none.err" && fail "a demonstration without a payload"
grep -q '^ondol: payload .*--payload FILE' "$DIR/none.err" || fail "what is said without a payload"
echo "installed"
