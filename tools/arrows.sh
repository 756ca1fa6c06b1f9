#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Reads every #include "..." under src/ and fails on one that points uphill. The table says what each folder may include.
set -eu
cd "$(dirname "$0")/../src"
grep -rn '^#include "' --include='*.[ch]' . | sed 's|^\./||' | awk -F: '
BEGIN {
    may["base"]    = "base"
    may["core"]    = "base core"
    may["ini"]     = "base ini"
    may["world"]   = "base world"
    may["port"]    = "base core port"
    may["store"]   = "base core port store"
    may["objects"] = "base core port store objects"
    may["sandbox"] = "base core port sandbox"
    may["net"]     = "base core port net"
    may["image"]   = "base core port net image"
    may["device"]  = "base core port world device"
    may["api"]     = "base core port net api"
    may["s3"]     = "base core port net objects s3"
    may["agent"]   = "base core ini port sandbox device net image objects s3 agent"
    may["server"]  = "base core port store net image objects s3 api server"
    may["sim"]     = "base core ini port world sim"
    may["cli"]     = "base core ini port world sim store sandbox net objects s3 api server device cli examples"
    bad = 0
}
{
    split($1, part, "/"); from = part[1]
    target = $3; sub(/^#include "/, "", target); sub(/".*/, "", target)
    if (target !~ /\//) { printf "%s:%s: include \"%s\": name the folder too\n", $1, $2, target; bad++; next }
    if (!(from in may)) { printf "%s: folder %s is not in the table of tools/arrows.sh\n", $1, from; bad++; next }
    n = split(may[from], list, " "); ok = 0
    for (i = 1; i <= n; i++) if (index(target, list[i] "/") == 1) ok = 1
    if (!ok) { printf "%s:%s: %s may not include \"%s\": the arrow points uphill\n", $1, $2, from, target; bad++ }
}
END { if (bad) exit 1; print "arrows: all point downhill" }'
