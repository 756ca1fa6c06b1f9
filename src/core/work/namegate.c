// SPDX-License-Identifier: Apache-2.0
#include "core/work/namegate.h"

#include <string.h>

#include "core/work/egress.h"

#define IP_HEAD  20
#define UDP_HEAD 8
#define DNS_HEAD 12
#define DNS_PORT 53
#define IN       1 // the class of the Internet
#define KNOWN_MS (NAME_TTL_S * 1000)
// RFC 1035 4.1.1
#define FLAG_ANSWER    0x80
#define FLAG_RECURSION 0x01 // in the third byte; in the fourth, 0x80: it is to be had
#define OPCODE         0x78

static unsigned get16(const unsigned char *p)
{
    return (unsigned)p[0] << 8 | p[1];
}

static void put16(unsigned char *p, unsigned v)
{
    p[0] = (unsigned char)(v >> 8);
    p[1] = (unsigned char)v;
}

static void put32(unsigned char *p, uint32_t v)
{
    put16(p, v >> 16);
    put16(p + 2, v & 0xffff);
}

// The name that begins at p, of n bytes at most; the bytes that it has there, 0: it is none of a host's. In a
// question there is nothing that it could point to.
static size_t read_name(const unsigned char *p, size_t n, char out[NAME_CHARS_MAX + 1])
{
    size_t at = 0, len = 0;
    while (at < n && p[at]) {
        size_t label = p[at++];
        if (label > 63 || at + label > n || len + label + (len > 0) > NAME_CHARS_MAX)
            return 0;
        if (len)
            out[len++] = '.';
        for (size_t i = 0; i < label; i++) {
            unsigned char ch = p[at + i];
            if (ch <= ' ' || ch > '~' || ch == '.' || ch == ',')
                return 0;
            out[len++] = (char)(ch >= 'A' && ch <= 'Z' ? ch | 32 : ch);
        }
        at += label;
    }
    out[len] = '\0';
    return at < n && len ? at + 1 : 0;
}

bool name_question_read(const void *packet, size_t n, struct name_question *out)
{
    const unsigned char *p = packet;
    struct ip4 h;
    size_t head = n ? (size_t)(p[0] & 15) * 4 : 0, least = UDP_HEAD + DNS_HEAD;
    *out = (struct name_question){.type = 0};
    if (!ip4_read(packet, n, &h) || h.protocol != 17 || !h.first || h.to_port != DNS_PORT || (p[6] & 0x20) ||
        n < head + least || get16(p + head + 4) != n - head)
        return false;
    const unsigned char *udp = p + head, *dns = udp + UDP_HEAD, *q = dns + DNS_HEAD;
    size_t rest = n - head - least;
    if ((dns[2] & (FLAG_ANSWER | OPCODE)) || get16(dns + 4) != 1 || get16(dns + 6) || get16(dns + 8))
        return false;
    size_t bytes = read_name(q, rest, out->name);
    if (!bytes || bytes + 4 > rest || bytes + 4 > sizeof out->asked || get16(q + bytes + 2) != IN)
        return false;
    out->type = (uint16_t)get16(q + bytes);
    out->from = h.from;
    out->to = h.to;
    out->from_port = (uint16_t)get16(udp);
    out->id = (uint16_t)get16(dns);
    out->recursion = dns[2] & FLAG_RECURSION;
    out->asked_bytes = bytes + 4;
    memcpy(out->asked, q, out->asked_bytes);
    return true;
}

static size_t put_records(unsigned char *at, const struct name_addresses *a)
{
    unsigned char *p = at;
    for (size_t i = 0; i < a->n; i++, p += 16) {
        put16(p, 0xc000 | DNS_HEAD); // the name of the question
        put16(p + 2, NAME_TYPE_A);
        put16(p + 4, IN);
        put32(p + 6, NAME_TTL_S);
        put16(p + 10, 4);
        put32(p + 12, a->v[i]);
    }
    return (size_t)(p - at);
}

size_t name_answer_write(const struct name_question *q, const struct name_addresses *a,
                         unsigned char out[NAME_ANSWER_BYTES])
{
    unsigned char *udp = out + IP_HEAD, *dns = udp + UDP_HEAD, *rest = dns + DNS_HEAD;
    bool addresses = a->code == NAME_OK && q->type == NAME_TYPE_A;
    memset(out, 0, NAME_ANSWER_BYTES);
    put16(dns, q->id);
    dns[2] = FLAG_ANSWER | (q->recursion ? FLAG_RECURSION : 0);
    dns[3] = 0x80 | a->code;
    put16(dns + 4, 1);
    put16(dns + 6, addresses ? (unsigned)a->n : 0);
    memcpy(rest, q->asked, q->asked_bytes);
    rest += q->asked_bytes;
    rest += addresses ? put_records(rest, a) : 0;
    put16(udp, DNS_PORT);
    put16(udp + 2, q->from_port);
    put16(udp + 4, (unsigned)(rest - udp)); // its sum stays 0: none (RFC 768)
    out[0] = 0x45;
    put16(out + 2, (unsigned)(rest - out));
    out[8] = 64;
    out[9] = 17;
    put32(out + 12, q->to);
    put32(out + 16, q->from);
    ip4_put_sum(out);
    return (size_t)(rest - out);
}

const struct name_addresses *name_gate_known(const struct name_gate *g, const char *name, int64_t now_ms)
{
    for (size_t i = 0; i < NAME_KNOWN_MAX; i++)
        if (now_ms < g->known[i].until_ms && strcmp(g->known[i].name, name) == 0)
            return &g->known[i].is;
    return NULL;
}

static void remember(struct name_gate *g, const char *name, const struct name_addresses *a, int64_t now_ms)
{
    size_t at = 0;
    for (size_t i = 0; i < NAME_KNOWN_MAX; i++) {
        if (strcmp(g->known[i].name, name) == 0) {
            at = i;
            break;
        }
        if (g->known[i].until_ms < g->known[at].until_ms)
            at = i;
    }
    struct name_known *k = &g->known[at];
    size_t n = strlen(name);
    n = n < NAME_CHARS_MAX ? n : NAME_CHARS_MAX;
    memcpy(k->name, name, n);
    k->name[n] = '\0';
    k->is = *a;
    k->until_ms = now_ms + KNOWN_MS;
}

static struct name_opened *find(struct name_gate *g, uint32_t address)
{
    for (size_t i = 0; i < g->n_opened; i++)
        if (g->opened[i].address == address)
            return &g->opened[i];
    return NULL;
}

// A place for one more: that of the one which would be closed first, if there is no other.
static struct name_opened *place(struct name_gate *g)
{
    struct name_opened *first = &g->opened[0];
    if (g->n_opened < NAME_OPENED_MAX)
        return &g->opened[g->n_opened++];
    for (size_t i = 1; i < NAME_OPENED_MAX; i++)
        if (g->opened[i].until_ms < first->until_ms)
            first = &g->opened[i];
    return first;
}

void name_gate_learn(struct name_gate *g, const char *name, uint32_t rules, const struct name_addresses *a,
                     int64_t now_ms)
{
    remember(g, name, a, now_ms);
    for (size_t i = 0; i < a->n; i++) {
        if (!rules || egress_private(a->v[i]))
            continue;
        struct name_opened *o = find(g, a->v[i]);
        bool is_new = !o;
        o = o ? o : place(g);
        uint32_t before = is_new || o->until_ms <= now_ms ? 0 : o->rules;
        *o = (struct name_opened){a->v[i], before | rules, now_ms + NAME_OPEN_MS};
    }
}

uint32_t name_gate_use(struct name_gate *g, uint32_t address, int64_t now_ms)
{
    struct name_opened *o = find(g, address);
    if (!o || o->until_ms <= now_ms)
        return 0;
    o->until_ms = now_ms + NAME_OPEN_MS;
    return o->rules;
}
