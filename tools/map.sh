#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tools/map.sh: fails if ARCHITECTURE.md names a file or folder that is not there, or leaves out a folder of the tree; if
# docs/design/README.md leaves out a decision or lists none; or if a manual page of the index is missing.
set -eu
cd "$(dirname "$0")/.."
bad=0
say() {
    echo "map: $*" >&2
    bad=1
}

# What stands in backquotes and looks like a path: a folder of the tree in front, or a name beside the path before it.
named=$(grep -oE '`(src|tests|tools|docs|examples|scenarios|completions|packaging|debian)/[^` ]*`' ARCHITECTURE.md | tr -d '`' | sort -u)
for path in $named; do
    case $path in
    *'{h,c}') list="${path%'{h,c}'}h ${path%'{h,c}'}c" ;;
    *) list=$path ;;
    esac
    for one in $list; do
        # shellcheck disable=SC2086
        [ -n "$(ls -d $one 2>/dev/null)" ] || say "ARCHITECTURE.md names $one, which is not there"
    done
done
folders=$(git ls-files 2>/dev/null | grep / | sed 's|/[^/]*$||' | sort -u)
for folder in $folders; do
    case $folder in
    tests/unit/* | tests/fuzz/corpus* | debian/source) continue ;; # unit mirrors src, the corpus is of fuzz
    esac
    grep -qF -e "\`$folder/" -e "\`$folder\`" ARCHITECTURE.md || say "ARCHITECTURE.md says nothing of $folder/"
done

for page in docs/design/0*.md; do
    grep -qF "($(basename "$page"))" docs/design/README.md || say "docs/design/README.md does not list $(basename "$page")"
done
for page in $(grep -ohE '\((docs/[^)#]*|[0-9]{4}-[^)#]*\.md)[)#]' README.md ARCHITECTURE.md docs/design/README.md | tr -d '()#'); do
    [ -e "$page" ] || [ -e "docs/design/$page" ] || say "$page is linked to and not there"
done
[ "$bad" = 0 ] && echo "map: every folder is on it, and all that it names is there"
