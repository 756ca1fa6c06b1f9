#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# embed.sh FILE OBJECT: an object file that holds FILE between _binary_NAME_start and _binary_NAME_end, '-' as '_'.
set -eu
object=$(cd "$(dirname "$2")" && pwd)/$(basename "$2")
cd "$(dirname "$1")"
exec ${LD:-ld} -r -z noexecstack -b binary -o "$object" "$(basename "$1")"
