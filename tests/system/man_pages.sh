#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Each command has a page, and each option that its --help knows is in it; each page is built. Usage: man_pages.sh ONDOL DOCS
. "$(dirname "$0")/lib.sh"
MAN=$2/man

options_of() { # options_of COMMAND...: what its --help lists
    "$ONDOL" "$@" --help | sed -n 's/^ *\(-[^ ],\)\{0,1\} *--\([a-z0-9][a-z0-9-]*\).*/\2/p' | grep -vx -e help -e usage -e version
}

verbs_of() { # verbs_of COMMAND: nothing when it has none
    "$ONDOL" "$1" --help | grep -q "^Usage: ondol $1 VERB" && "$ONDOL" "$1" --help | sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p'
}

check_page() { # check_page PAGE COMMAND...
    page=$1
    shift
    for o in $(options_of "$@"); do
        grep -q -e "\*--$o\*" "$page" || fail "--$o of ondol $* is not in $(basename "$page")"
        n=$((n + 1))
    done
}

n=0
commands=$("$ONDOL" --help | sed -n 's/^  \([a-z][a-z-]*\)  .*/\1/p' | grep -vx -e help -e version)
[ "$(echo "$commands" | wc -l)" -ge 9 ] || fail "ondol --help lists too few commands: $commands"
for c in $commands; do
    page=$MAN/ondol-$c.1.scd
    [ "$c" = bench ] && [ ! -f "$page" ] && continue # it has one option, --help
    [ -f "$page" ] || fail "ondol $c has no page: $page"
    grep -q "'ondol-$c'" "$2/meson.build" || fail "$page is not built: docs/meson.build"
    grep -q "ondol-$c\*(1)" "$MAN/ondol.1.scd" || fail "ondol(1) does not name ondol-$c(1)"
    check_page "$page" "$c"
    for v in $(verbs_of "$c"); do
        grep -q "[ *]$v\*" "$page" || fail "the verb $v is not in $(basename "$page")"
        check_page "$page" "$c" "$v"
    done
done
[ "$n" -ge 60 ] || fail "only $n options were looked for: does --help look otherwise now?"
echo "$n options have their page"
