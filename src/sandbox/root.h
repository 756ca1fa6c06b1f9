// SPDX-License-Identifier: Apache-2.0
//
// The root directory that the instances of `library/...` images see: a small tree made once, bound read-only
// into each sandbox, with the machine's own /usr (and /bin, /lib, ... where these are not links into it)
// bound on top.
//
//   bin lib lib64 sbin   links into usr as on the host        usr proc dev tmp job   mount points
//   etc/                 passwd, group, hosts, nsswitch.conf, resolv.conf (empty) of our own; ld.so.cache,
//                        alternatives, services, protocols and the certificates of the host; nothing else
//   home root run var/   empty
#ifndef ONDOL_SANDBOX_ROOT_H
#define ONDOL_SANDBOX_ROOT_H

#include "base/buf.h"
#include "base/err.h"
#include "sandbox/sysfile.h"

struct root {
    char path[SYSFILE_PATH_MAX]; // empty: not made
    int number;                  // 0, 1, ...: differs among those that live in one process
};

#define ROOT_NULL ((struct root){0})
#define ROOT_UID  1000 // of the user and the group "job", who an instance takes itself for outside of an image

// Below `parent`, or NULL: below /run for root, $XDG_RUNTIME_DIR or /tmp for others. Removes leftovers of
// dead makers.
int root_init(struct root *r, const char *parent, struct err *e);
void root_deinit(struct root *r);

// Appends bubblewrap's arguments, each ended by NUL, that mount this root.
void root_arguments(const struct root *r, struct buf *out);

#endif
