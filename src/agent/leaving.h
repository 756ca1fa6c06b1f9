// SPDX-License-Identifier: Apache-2.0
//
// Carriers of instances that have ended, which stay while somebody reads slowly: so many on a node, and no more.
// Who has most of them makes room, so that nobody's last words go because of somebody else's.
#ifndef ONDOL_AGENT_LEAVING_H
#define ONDOL_AGENT_LEAVING_H

#include <stddef.h>
#include <stdint.h>

#define LEAVING_MAX 64

// Whose they are, the latest first: which of them goes before one more comes, the oldest of who has most. n: none
// has to.
size_t leaving_goes(const uint64_t *owner, size_t n);

#endif
