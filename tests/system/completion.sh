#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The completion of bash knows what --help knows: commands, verbs, options, and what may stand behind an option.
# Usage: completion.sh ONDOL COMPLETION
. "$(dirname "$0")/lib.sh"
COMPLETION=$2

complete_it() { # complete_it WORD...: what bash would offer for the last of them, in a line
    bash -c 'PATH=$(dirname "$1"):$PATH; . "$2"; shift 2; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _ondol; echo "${COMPREPLY[*]}"' \
        bash "$ONDOL" "$COMPLETION" "$@"
}
offers() { # offers WORDS WORD...
    wants=$1
    shift
    offered=$(complete_it "$@")
    for w in $wants; do
        case " $offered " in *" $w "*) ;; *) fail "for \"$*\" bash offers \"$offered\" and not $w" ;; esac
    done
}
if command -v bash >/dev/null; then
    offers 'task bucket server' ondol ''
    offers 'job' ondol j
    offers 'create list wait' ondol task ''
    offers '--command --constant --instances' ondol task create --
    offers '--timeout' ondol task wait --t
    offers '--coldest-week' ondol sim --co
    # Bug: behind options with a few values, and for scenarios, the files of the folder were offered.
    offers 'Success PendingDelete' ondol task list --state ''
    offers 'Success Submitted' ondol task list --state = 'Su'
    offers 'Closed' ondol pool list --state 'Clo'
    offers 'flex onDemand reserved' ondol task create --class ''
    offers 'AlertOnly BlockNew StopAndBlockAll' ondol project budget --policy ''
    offers 'flex onDemand reserved' ondol user add --scheduling ''
    offers 'montrouge balard city' ondol sim ''
    offers 'montrouge' ondol sim montr
    [ -z "$(complete_it ondol task sing)" ] || fail "a verb that is not there is completed"
else
    echo "skipped: there is no bash"
fi
echo "completion"
