#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tools/purity.sh BUILD_DIR: base, core and world may call nothing outside themselves but what is listed here: no clock,
# no file, no socket, no thread, no libm beyond sqrt, fabs and floor. __cpu_model: which registers there are (base/wide.h).
set -eu
cd "$(dirname "$0")/.."
allowed='abort aligned_alloc bcmp calloc floor free fabs memchr memcmp memcpy memmove memset realloc malloc snprintf sqrt strchr strcmp
strcspn strlen strncmp strrchr strspn strstr strtod strtol strtoll strtoull vsnprintf qsort bsearch
__assert_fail __divti3 __udivti3 __modti3 __errno_location __stack_chk_fail __memcpy_chk __snprintf_chk __vsnprintf_chk __ctype_b_loc __ctype_tolower_loc
__cpu_model strcasecmp strncasecmp _GLOBAL_OFFSET_TABLE_ __isoc99_strtol strnlen memmem stpcpy tolower toupper'
libs=$(find "$1/src/base" "$1/src/core" "$1/src/world" -name '*.o' 2>/dev/null)
[ -n "$libs" ] || { echo "purity: nothing built in $1" >&2; exit 1; }
# shellcheck disable=SC2086
ld -r -o "$1/purity.o" $libs
foreign=$(nm -u "$1/purity.o" | awk '{print $2}' | sort -u | while read -r symbol; do
    case " $(echo $allowed) " in *" $symbol "*) ;; *) echo "$symbol" ;; esac
done)
rm -f "$1/purity.o"
if [ -n "$foreign" ]; then
    echo "purity: base, core or world call outside themselves:" $foreign >&2
    exit 1
fi
echo "purity: base, core and world call nothing outside themselves"
