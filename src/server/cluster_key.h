// SPDX-License-Identifier: Apache-2.0
//
// The key by which the instances of one cluster trust one another (ssh, Ed25519). It is derived from the
// server's own key and the number of the task, so that every instance gets the same and nothing is kept.
#ifndef ONDOL_SERVER_CLUSTER_KEY_H
#define ONDOL_SERVER_CLUSTER_KEY_H

#include <jansson.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "server/inside.h"

#define CLUSTER_SEED_BYTES 32

// The files that OpenSSH reads (PROTOCOL.key of its sources), appended. -EIO: the library refuses.
int cluster_key_write(const unsigned char seed[CLUSTER_SEED_BYTES], struct buf *secret, struct buf *public,
                      struct err *e);

// Into "ondolNetwork" of a body: sshSecret and sshPublic.
int cluster_key_grant(struct runtime *r, uint64_t task, json_t *network, struct err *e);

#endif
