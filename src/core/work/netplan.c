// SPDX-License-Identifier: Apache-2.0
#include "core/work/netplan.h"

#include <string.h>

#include "base/buf.h"

#define HOSTS_BYTES ((size_t)4 << 20) // 65,000 lines of some fifty bytes

uint32_t netplan_address(uint64_t k)
{
    return k < NETPLAN_MEMBERS_MAX ? NETPLAN_NET + 1 + (uint32_t)k : 0;
}

uint64_t netplan_rank(const struct ranges *members, uint32_t id)
{
    uint64_t below = 0;
    for (uint32_t i = 0; ranges_next(members, i, &i) && i < id; i++)
        below++;
    return below;
}

static const char *take(struct buf *b, struct arena *a)
{
    const char *text = b->failed ? NULL : arena_strndup(a, buf_str(b), b->n);
    buf_deinit(b);
    return text;
}

// The instance is known to itself by its cluster address too, so that what it tells the others is true.
const char *netplan_hosts(const struct ranges *members, const char *own_name, uint32_t own_id,
                          struct arena *a)
{
    struct buf b = BUF_INIT(HOSTS_BYTES);
    uint64_t k = 0;
    buf_puts(&b, "127.0.0.1 localhost\n::1 localhost ip6-localhost\n");
    for (uint32_t id = 0; ranges_next(members, id, &id); id++, k++) {
        uint32_t at = netplan_address(k);
        buf_putf(&b, "%u.%u.%u.%u instance-%u", at >> 24, at >> 16 & 255, at >> 8 & 255, at & 255, id);
        if (id == own_id && own_name && *own_name)
            buf_putf(&b, " %s", own_name);
        buf_putc(&b, '\n');
        if (id == RANGES_ID_MAX)
            break;
    }
    return take(&b, a);
}

const char *netplan_machines(const struct ranges *members, const char *slots, struct arena *a)
{
    struct buf b = BUF_INIT(HOSTS_BYTES);
    for (uint32_t id = 0; ranges_next(members, id, &id); id++) {
        buf_putf(&b, "instance-%u slots=%s\n", id, slots && *slots ? slots : "1");
        if (id == RANGES_ID_MAX)
            break;
    }
    return take(&b, a);
}
