#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tools/listed.sh BUILD_DIR: fails if a file of tests/ that looks like a test is none of meson's: a line lost in a merge would
# otherwise be noticed by nobody.
set -eu
cd "$(dirname "$0")/.."
known=" $(meson introspect "$1" --tests | jq -r '.[].name' | tr '\n' ' ')"
lost=$(find tests/unit -name '*_test.c' -o -path 'tests/system/*' -name '*.sh' ! -name lib.sh -o -path 'tests/system/*' -name '*.py' -o \
    -path 'tests/fuzz/*' -name '*_fuzz.c' | sort | while read -r file; do
    name=$(basename "${file%.*}" | sed 's/_fuzz$/_corpus/')
    case $known in *" $name "* | *" ${name}_"*) ;; *) echo "$file" ;; esac
done)
[ -z "$lost" ] || {
    echo "listed: no test of meson's: $(echo $lost) (add a line to the meson.build beside it)" >&2
    exit 1
}
echo "listed: every test is run"
