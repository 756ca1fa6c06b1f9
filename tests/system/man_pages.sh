#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Each command has a page, which names the options of its --help and no others, and is built; bash completes the same ones.
# Usage: man_pages.sh ONDOL DOCS
. "$(dirname "$0")/lib.sh"
MAN=$2/man COMPLETION=$2/../completions/ondol

plain() { # sorts names of options, without those that every command has
    grep -vx -e '' -e help -e usage -e version | sort -u
}

help_of() { # help_of WORD...: the file with its --help, as help.WORD.WORD
    file=$DIR/help.$(echo "$*" | tr ' ' .)
    [ -f "$file" ] || "$ONDOL" "$@" --help >"$file" || fail "ondol $* --help"
    echo "$file"
}

options_of() { # options_of COMMAND...: what its --help lists
    sed -n 's/^ *\(-[^ ],\)\{0,1\} *--\([a-z0-9][a-z0-9-]*\).*/\2/p' "$(help_of "$@")" | plain
}

verbs_of() { # verbs_of COMMAND: nothing when it has none
    [ "$1" = sim ] && echo compare
    grep -q "^Usage: ondol $1 VERB" "$(help_of "$1")" && sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p' "$(help_of "$1")"
}

named() { # named FILTER PAGE: the options that stand in those lines of it
    grep -e "$1" "$2" | grep -o -e '\*--[a-z0-9-]*\*' | sed 's/\*--\(.*\)\*/\1/' | plain
}

nothing() { # nothing WORDS: of stdin; else the test fails with them
    left=$(tr '\n' ' ')
    [ -z "$left" ] || fail "$1: $left"
}

commands=$(sed -n 's/^  \([a-z][a-z-]*\)  .*/\1/p' "$(help_of)" | grep -vx -e help -e version)
[ "$(echo "$commands" | wc -l)" -ge 9 ] || fail "ondol --help lists too few commands: $commands"
for c in $commands; do
    page=$MAN/ondol-$c.1.scd
    [ -f "$page" ] || fail "ondol $c has no page: $page"
    grep -q "'ondol-$c'" "$2/meson.build" || fail "$page is not built: docs/meson.build"
    grep -q "ondol-$c\*(1)" "$MAN/ondol.1.scd" || fail "ondol(1) does not name ondol-$c(1)"
    asked=$c # of each command itself and of its last verb
    options_of "$c" >"$DIR/has"
    sed "s/^/$c: /" "$DIR/has" >>"$DIR/wants"
    for v in $(verbs_of "$c"); do
        grep -q "[ *]$v\*" "$page" || fail "the verb $v is not in $(basename "$page")"
        asked="$c $v"
        options_of "$c" "$v" >"$DIR/last"
        cat "$DIR/last" >>"$DIR/has"
    done
    printf '%s\n' "$c" "$asked" | uniq >>"$DIR/asked"
    [ "$asked" = "$c" ] || sed "s/^/$asked: /" "$DIR/last" >>"$DIR/wants"
    sort -u "$DIR/has" >"$DIR/own"
    cat "$DIR/has" >>"$DIR/all"
    named . "$page" >"$DIR/told"
    named '^\*-' "$page" >"$DIR/explained" # what a paragraph is about; in others, options of other commands are named too
    comm -23 "$DIR/own" "$DIR/told" | nothing "options of ondol $c that are not in $(basename "$page")" || exit 1
    comm -13 "$DIR/own" "$DIR/explained" | nothing "options in $(basename "$page") that ondol $c has not" || exit 1
done
n=$(wc -l <"$DIR/all")
[ "$n" -ge 60 ] || fail "only $n options were looked for: does --help look otherwise now?"
sort -u "$DIR/all" >"$DIR/any"
for page in "$MAN"/*.scd; do
    named . "$page" | comm -13 "$DIR/any" - | nothing "options in $(basename "$page") that no command has" || exit 1
    grep -q -e "'$(basename "$page" | sed 's/\.[15]\.scd$//')" "$2/meson.build" || fail "$page is not built: docs/meson.build"
done

if command -v bash >/dev/null; then
    # shellcheck disable=SC2016
    bash -c 'dir=$1; . "$2"; ondol() { cat "$dir/help.$(IFS=.; echo "${*:1:$#-1}")"; }
        while read -ra words; do
            COMP_WORDS=(ondol "${words[@]}" --) COMP_CWORD=$((${#words[@]} + 1)); _ondol
            printf "${words[*]}: %s\n" "${COMPREPLY[@]#--}"
        done' bash "$DIR" "$COMPLETION" <"$DIR/asked" | grep -v -e ': help$' -e ': usage$' -e ': version$' -e ': $' | sort -u >"$DIR/offers"
    sort -u "$DIR/wants" | diff - "$DIR/offers" | nothing "bash completes other options than --help lists" || exit 1
else
    echo "skipped: there is no bash"
fi
echo "$n options have their page"
