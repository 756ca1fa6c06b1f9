#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tools/words.sh: fails if a file of the tree holds what belongs in nobody's clone: an absolute path of somebody's
# workplace, a note to self instead of the work, a missing licence line, a shell script that does not parse, or a function in C
# that a compiler takes for one without effect.
set -eu
cd "$(dirname "$0")/.."

# What git tracks or would track; without git (a release archive), everything but build folders.
files() {
    git ls-files --cached --others --exclude-standard 2>/dev/null ||
        find . -type f ! -path './.git/*' ! -path './build*' | sed 's|^\./||'
}

# The patterns are glued together here so that this file does not find itself.
place="(^|[^A-Za-z0-9_.})/-])/(wo""rk|ho""me/[a-z]+)/"
notes="TO""DO|FIX""ME|XX""X"

list=$(files | while read -r file; do
    case $file in LICENSE | tests/fuzz/corpus/*) ;; *) [ -f "$file" ] && echo "$file" ;; esac
done)
bad=0
# shellcheck disable=SC2086
if grep -nIE "$place" $list; then
    echo "words: a path of one machine (name it relative to the tree, or take it as an argument)" >&2
    bad=1
fi
# shellcheck disable=SC2086
if grep -nIwE "$notes" $list; then
    echo "words: a note to self (do it, or say plainly in the documentation what is missing)" >&2
    bad=1
fi
# One awk for all files: a process or two for each would take seconds.
# shellcheck disable=SC2086
heads=$(LC_ALL=C awk '
    FNR == 1 && /^#!\/bin\/sh/ { print "script " FILENAME }
    /SPDX-License-Identifier: Apache-2\.0/ { print "licensed " FILENAME; nextfile }
    FNR == 3 { nextfile }' $list)
for file in $list; do
    case $file in
    *.c | *.h | *.sh | *.py | *.scd | *.service | *.yml | */meson.build | meson.build | meson_options.txt)
        case "
$heads
" in
        *"
licensed $file
"*) ;;
        *)
            echo "words: $file: no SPDX line at the top" >&2
            bad=1
            ;;
        esac
        ;;
    esac
done
# A function that only prefetches: gcc leaves out calls of it that it does not inline (MEM_FETCHES, src/base/mem.h).
sources=$(echo "$list" | grep '^src/.*\.[ch]$' || true)
# shellcheck disable=SC2086
[ -z "$sources" ] || awk '
    /^static [^=;]*void [a-z_0-9]+\(/ { name = FILENAME ":" FNR; fetches = effects = 0; inside = 1 }
    inside && /prefetch\(|fetch[a-z_]*\(/ && FNR > 0 && !/^static/ { fetches++; next }
    inside && /;[ ]*(\/\/.*)?$/ && !/^ *(const |static |struct [a-z_]+ \*?[a-z]+ =|u?int|size_t |bool |return;|continue;|break;|};)/ { effects++ }
    inside && /^}/ {
        if (fetches && !effects) {
            print name ": only fetches, and is not MEM_FETCHES"
            bad = 1
        }
        inside = 0
    }
    END { exit bad }' $sources || bad=1
for file in $(echo "$heads" | sed -n 's/^script //p'); do
    sh -n "$file" || {
        echo "words: $file: does not parse" >&2
        bad=1
    }
done
[ "$bad" = 0 ] && echo "words: clean"
