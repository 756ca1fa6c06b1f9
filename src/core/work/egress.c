// SPDX-License-Identifier: Apache-2.0
#include "core/work/egress.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#define NET(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))

static bool in_range(struct cidr c, uint32_t a)
{
    uint32_t mask = c.prefix ? ~UINT32_C(0) << (32 - c.prefix) : 0;
    return (a & mask) == (c.net & mask);
}

bool cidr_has(const struct cidr_list *l, uint32_t address)
{
    for (size_t i = 0; i < l->n; i++)
        if (in_range(l->v[i], address))
            return true;
    return false;
}

static bool whole(const char **at, unsigned most, unsigned *out)
{
    const char *p = *at;
    unsigned v = 0;
    while (*p >= '0' && *p <= '9' && p - *at < 4)
        v = v * 10 + (unsigned)(*p++ - '0');
    if (p == *at || v > most || (p - *at > 1 && **at == '0'))
        return false;
    *at = p;
    *out = v;
    return true;
}

static bool one(const char **at, struct cidr *out)
{
    unsigned v;
    *out = (struct cidr){.prefix = 32};
    for (int i = 0; i < 4; i++) {
        if ((i && *(*at)++ != '.') || !whole(at, 255, &v))
            return false;
        out->net = out->net << 8 | v;
    }
    if (**at == '/') {
        ++*at;
        if (!whole(at, 32, &v))
            return false;
        out->prefix = (uint8_t)v;
    }
    return true;
}

int cidr_read(struct cidr_list *l, const char *text, struct err *e)
{
    for (const char *p = text + strspn(text, " \t,"); *p;) {
        const char *begin = p;
        struct cidr c;
        if (!one(&p, &c) || (*p && !strchr(" \t,", *p)))
            return err_set(e, -EINVAL, "%.*s: is not ADDRESS or ADDRESS/BITS of IPv4",
                           (int)strcspn(begin, " \t,"), begin);
        if (l->n == EGRESS_RANGES_MAX)
            return err_set(e, -E2BIG, "%s: more than %d ranges", begin, EGRESS_RANGES_MAX);
        l->v[l->n++] = c;
        p += strspn(p, " \t,");
    }
    return 0;
}

static bool any_of(const struct cidr *v, size_t n, uint32_t a)
{
    for (size_t i = 0; i < n; i++)
        if (in_range(v[i], a))
            return true;
    return false;
}

// RFC 6890: this host, loopback, link local, multicast and the class kept for the future with broadcast.
static const struct cidr never[] = {
    {NET(0, 0, 0, 0), 8}, {NET(127, 0, 0, 0), 8}, {NET(169, 254, 0, 0), 16}, {NET(224, 0, 0, 0), 3}};
// RFC 1918, RFC 6598, RFC 2544, RFC 6890 2.2.2.
static const struct cidr private[] = {{NET(10, 0, 0, 0), 8},     {NET(172, 16, 0, 0), 12},
                                      {NET(192, 168, 0, 0), 16}, {NET(100, 64, 0, 0), 10},
                                      {NET(198, 18, 0, 0), 15},  {NET(192, 0, 0, 0), 24}};

static bool closed(const struct egress *g, uint32_t to)
{
    if (any_of(never, ARRAY_LEN(never), to))
        return true;
    for (size_t i = 0; i < g->n_own; i++)
        if (g->own[i] == to)
            return true;
    return cidr_has(&g->deny, to) || g->own_unknown;
}

bool egress_allowed(const struct egress *g, uint32_t to)
{
    return !closed(g, to) && (!any_of(private, ARRAY_LEN(private), to) || cidr_has(&g->allow, to));
}

bool egress_box(const struct egress *g, uint32_t to)
{
    return !closed(g, to) && cidr_has(&g->box, to);
}

bool egress_private(uint32_t address)
{
    return any_of(private, ARRAY_LEN(private), address) || any_of(never, ARRAY_LEN(never), address);
}

static uint32_t be32(const unsigned char *p)
{
    return NET(p[0], p[1], p[2], p[3]);
}

bool ip4_read(const void *packet, size_t n, struct ip4 *out)
{
    const unsigned char *p = packet;
    size_t head = n ? (size_t)(p[0] & 15) * 4 : 0;
    *out = (struct ip4){0};
    if (n < 20 || p[0] >> 4 != 4 || head < 20 || head > n || (size_t)(p[2] << 8 | p[3]) != n)
        return false;
    out->from = be32(p + 12);
    out->to = be32(p + 16);
    out->protocol = p[9];
    out->first = ((p[6] & 0x1f) << 8 | p[7]) == 0;
    if (out->first && (out->protocol == 6 || out->protocol == 17) && n >= head + 4)
        out->to_port = (uint16_t)(p[head + 2] << 8 | p[head + 3]);
    return true;
}

// RFC 1071
static void put_sum(unsigned char *at, const unsigned char *p, size_t n)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < n; i += 2)
        sum += (uint32_t)p[i] << 8 | (i + 1 < n ? p[i + 1] : 0);
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    at[0] = (unsigned char)(~sum >> 8);
    at[1] = (unsigned char)~sum;
}

void ip4_put_sum(unsigned char *head)
{
    put_sum(head + 10, head, 20);
}

size_t ip4_refusal(const void *packet, size_t n, unsigned char out[IP4_REFUSAL_BYTES])
{
    const unsigned char *p = packet;
    size_t head = (size_t)(p[0] & 15) * 4, quoted = n < 28 ? n : 28, all = 28 + quoted;
    bool later = ((p[6] & 0x1f) << 8 | p[7]) != 0;
    if (head != 20 || later || p[9] == 1) // never to an ICMP: that could be an answer itself
        return 0;
    memset(out, 0, IP4_REFUSAL_BYTES);
    out[0] = 0x45;
    out[3] = (unsigned char)all;
    out[8] = 64;
    out[9] = 1;
    memcpy(out + 12, p + 16, 4);
    memcpy(out + 16, p + 12, 4);
    ip4_put_sum(out);
    out[20] = 3;  // destination unreachable
    out[21] = 13; // communication administratively prohibited
    memcpy(out + 28, p, quoted);
    put_sum(out + 22, out + 20, all - 20);
    return all;
}
