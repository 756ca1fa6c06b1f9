// SPDX-License-Identifier: Apache-2.0
#ifndef ONDOL_AGENT_IMAGE_ROOT_FIX_H
#define ONDOL_AGENT_IMAGE_ROOT_FIX_H

#include "base/err.h"

// Makes of an unpacked image a root that sandboxes can be put on: readable by every user, without set-user-ID
// bits, devices, pipes and sockets, with real folders where something is mounted (whatever links the image
// had there), with files where names of hosts are looked up, and with an OpenSSH that knows the
// instances of a cluster (sandbox/cluster_ssh.h), if it has one.
int image_root_fix(const char *rootfs, struct err *e);

#endif
