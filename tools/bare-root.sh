#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tools/bare-root.sh [--keep] [--dir DIR] [COMMAND ...]: what a stranger sees. Makes a minimal Debian 12 in DIR (default: a new
# folder under /var/tmp), clones this repository's HEAD into it, enters it by mount namespace and pivot_root, and runs each
# COMMAND there from the clone (default: ./check and ./demo) with nothing else typed and nothing in the environment. After
# each it says how long it took, how it ended and what it left outside the clone. Then it removes all it made; with --keep
# the untouched system stays as DIR/pristine for the next run, and the used one as DIR/root.
#
# Needs root, debootstrap, git and a way to Debian's packages; MIRROR names another source of them, and the proxy that apt is
# told of here is told inside too. What is made:
#
#   DIR/pristine     debootstrap --variant=minbase
#   DIR/root         a copy of it that the commands may change
#       /dev         tmpfs: null zero full random urandom tty, pts, shm
#       /proc        of a pid namespace: when the commands are over, nothing that they started lives on
#       /sys         this machine's, with its control groups
#       /root/ondol  the clone
set -eu
usage() { sed -n '3,9s/^# \{0,1\}//p' "$0"; }
keep= dir= mirror=${MIRROR:-http://deb.debian.org/debian}
while [ $# -gt 0 ]; do
    case $1 in
    --keep) keep=1 ;;
    --dir) dir=$2 && shift ;;
    --help) usage && exit 0 ;;
    --) shift && break ;;
    -*) usage >&2 && exit 2 ;;
    *) break ;;
    esac
    shift
done
[ $# -gt 0 ] || set -- ./check ./demo
[ "$(id -u)" = 0 ] || { echo "bare-root: not root: debootstrap and pivot_root need it (type: sudo $0)" >&2; exit 2; }
for tool in debootstrap git unshare pivot_root; do
    command -v $tool >/dev/null || {
        echo "bare-root: $tool is missing (type: apt-get install debootstrap git util-linux)" >&2
        exit 2
    }
done
repo=$(cd "$(dirname "$0")/.." && pwd)
if [ -z "$dir" ]; then
    [ -z "$keep" ] || { echo "bare-root: --keep: nowhere to keep it (add --dir DIR)" >&2; exit 2; }
    dir=$(mktemp -d /var/tmp/ondol-bare-XXXXXX)
fi
mkdir -p "$dir"
root=$dir/root

clean() { # Only what this script makes, and never through a mount.
    [ -z "$keep" ] || return 0
    rm -rf --one-file-system "$root" "$dir/pristine"
    rmdir "$dir" 2>/dev/null || true
}
trap clean EXIT
trap 'exit 130' INT TERM

if [ ! -f "$dir/pristine/etc/debian_version" ]; then
    echo "bare-root: debootstrap into $dir/pristine"
    debootstrap --variant=minbase bookworm "$dir/pristine" "$mirror" >"$dir/debootstrap.log" 2>&1 || {
        tail "$dir/debootstrap.log" >&2
        exit 1
    }
    rm -f "$dir/debootstrap.log"
    apt-config dump | grep -E '^Acquire::https?::Proxy ' >"$dir/pristine/etc/apt/apt.conf.d/99proxy" || true
    rm -rf "$dir/pristine/var/lib/apt/lists/"*debian* # as on a machine where nobody has typed apt-get update
fi
rm -rf --one-file-system "$root"
cp -a "$dir/pristine" "$root"
cp -L /etc/resolv.conf "$root/etc/resolv.conf"
git clone --quiet --no-hardlinks "$repo" "$root/root/ondol"

# Everything from here on runs inside. $1 is the root, the rest are the commands.
# shellcheck disable=SC2016
inside='
set -eu
cd "$1" && shift
mount --bind . .
cd "$PWD"
mount -t tmpfs -o mode=755 dev dev
for node in null:3 zero:5 full:7 random:8 urandom:9; do mknod -m 666 "dev/${node%:*}" c 1 "${node#*:}"; done
mknod -m 666 dev/tty c 5 0
mkdir dev/pts dev/shm
ln -s /proc/self/fd dev/fd
ln -s fd/0 dev/stdin
ln -s fd/1 dev/stdout
ln -s fd/2 dev/stderr
mount -t devpts -o newinstance,ptmxmode=666 pts dev/pts
ln -s pts/ptmx dev/ptmx
mount -t tmpfs -o mode=1777 shm dev/shm
mount -t proc proc proc
mount --rbind /sys sys
mkdir -p old
pivot_root . old
cd /
umount -l old
rmdir old
cd /root/ondol
failed=0
outside() { # What lies or lives outside the clone and is not the package manager.
    find /tmp /var/tmp /run /root /home /dev/shm -mindepth 1 -path /root/ondol -prune -o -path "/run/lock" -o -print
    find /sys/fs/cgroup -type d -name "ondol-$(stat -L -c %i /proc/self/ns/pid)-*"
    for process in /proc/[0-9]*; do tr "\0" " " <"$process/cmdline"; echo; done 2>/dev/null | grep -v -e "^sh -c" -e "^tr " -e "^grep "
}
failed=0
outside | sort >/before
for command; do
    echo "bare-root: $command"
    begin=$(date +%s)
    code=0
    env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root sh -c "$command" </dev/null || code=$?
    echo "bare-root: $command: exit code $code after $(($(date +%s) - begin)) s"
    [ "$code" = 0 ] || failed=1
    outside | sort >/after
    diff /before /after | sed -n "s/^>/bare-root: left outside the clone:/p"
    mv /after /before
done
exit $failed'
unshare --mount --pid --fork --kill-child --propagation private sh -c "$inside" bare-root "$root" "$@"
