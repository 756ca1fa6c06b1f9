// SPDX-License-Identifier: Apache-2.0
#include "core/work/netrule.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/work/profile.h"

_Static_assert(NETRULES_MAX <= 32, "a bit for each rule");

#define READ_BYTES 400 // of one as text: ports, four ranges, names

static bool number(const char **at, uint16_t *out)
{
    unsigned v = 0;
    const char *p = *at;
    while (*p >= '0' && *p <= '9' && p - *at < 5)
        v = v * 10 + (unsigned)(*p++ - '0');
    if (p == *at || v > UINT16_MAX || (p - *at > 1 && **at == '0'))
        return false;
    *at = p;
    *out = (uint16_t)v;
    return true;
}

bool net_rule_ports(const char *text, uint16_t *first, uint16_t *last)
{
    uint16_t a = 0, b = UINT16_MAX;
    if (*text) {
        if (!number(&text, &a))
            return false;
        b = a;
        if (*text == '-' && (text++, !number(&text, &b)))
            return false;
        if (*text || a > b)
            return false;
    }
    *first = a;
    *last = b;
    return true;
}

// Of RFC 1123 2.1, with a dot: one word alone means something else at each site. The last part is no number,
// so that no address with a mistake is taken for a name.
static bool is_host(const char *p, size_t n)
{
    size_t label = 0, dots = 0;
    bool letter = false;
    if (n > 1 && p[n - 1] == '.')
        n--;
    if (n == 0 || n > 253)
        return false;
    for (size_t i = 0; i < n; i++) {
        bool small = (p[i] | 32) >= 'a' && (p[i] | 32) <= 'z', digit = p[i] >= '0' && p[i] <= '9';
        bool edge = label == 0 || i + 1 == n || p[i + 1] == '.';
        if (p[i] == '.' ? label == 0 : !(small || digit || (p[i] == '-' && !edge)) || label == 63)
            return false;
        letter = p[i] == '.' ? false : letter || small;
        dots += p[i] == '.';
        label = p[i] == '.' ? 0 : label + 1;
    }
    return label > 0 && dots > 0 && letter;
}

static int add_host(struct net_rule *r, const char *p, size_t n, struct err *e)
{
    size_t have = strlen(r->hosts);
    if (!is_host(p, n))
        return err_set(e, -EINVAL, "%.*s: is not ADDRESS or ADDRESS/BITS of IPv4, nor a host name with a dot",
                       (int)n, p);
    n -= p[n - 1] == '.';
    if (have + (have > 0) + n > NETRULE_HOSTS_MAX)
        return err_set(e, -E2BIG, "%.*s: the names of a rule have more than %d characters", (int)n, p,
                       NETRULE_HOSTS_MAX);
    if (have)
        r->hosts[have++] = ',';
    for (size_t i = 0; i < n; i++) {
        bool large = p[i] >= 'A' && p[i] <= 'Z';
        r->hosts[have + i] = (char)(large ? p[i] | 32 : p[i]);
    }
    r->hosts[have + n] = '\0';
    return 0;
}

static int add_range(struct net_rule *r, const char *p, size_t n, struct err *e)
{
    struct cidr_list one = {.n = 0};
    char text[32];
    snprintf(text, sizeof text, "%.*s", (int)n, p);
    int code = cidr_read(&one, text, e);
    if (code < 0)
        return code;
    struct cidr c = one.v[0];
    if (c.net == 0 && c.prefix == 32) // no machine has the address 0.0.0.0: who writes it means all of them
        c.prefix = 0;
    c.net &= c.prefix ? ~UINT32_C(0) << (32 - c.prefix) : 0; // one form: without the bits that do not count
    r->place[r->n_places++] = c;
    return 0;
}

int net_rule_places(struct net_rule *r, const char *text, struct err *e)
{
    static const char between[] = " \t,";
    struct net_rule got = {.n_places = 0};
    size_t places = 0;
    for (const char *p = text + strspn(text, between); *p;) {
        size_t n = strcspn(p, between);
        bool range = strspn(p, "0123456789./") >= n && n < 32;
        if (++places > NETRULE_PLACES_MAX)
            return err_set(e, -E2BIG, "%s: more than %d places", text, NETRULE_PLACES_MAX);
        int code = range ? add_range(&got, p, n, e) : add_host(&got, p, n, e);
        if (code < 0)
            return code;
        p += n;
        p += strspn(p, between);
    }
    memcpy(r->place, got.place, sizeof r->place);
    memcpy(r->hosts, got.hosts, sizeof r->hosts);
    r->n_places = got.n_places;
    return 0;
}

static bool within(const struct net_rule *r, uint32_t address)
{
    struct cidr_list l = {.n = r->n_places};
    memcpy(l.v, r->place, r->n_places * sizeof *r->place);
    return cidr_has(&l, address);
}

bool net_rule_from(const struct net_rule *r, uint32_t address)
{
    return (r->n_places == 0 && !r->hosts[0] && !r->box) || within(r, address);
}

static size_t inbound(const struct net_rules *r)
{
    size_t n = 0;
    for (size_t i = 0; i < r->n; i++)
        n += r->v[i].inbound;
    return n;
}

int net_rules_add(struct net_rules *all, const struct net_rule *r, struct err *e)
{
    if (all->n == NETRULES_MAX)
        return err_set(e, -E2BIG, "more than %d rules", NETRULES_MAX);
    if (r->inbound && inbound(all) == NETRULE_IN_MAX)
        return err_set(e, -E2BIG, "more than %d inbound rules", NETRULE_IN_MAX);
    all->v[all->n++] = *r;
    return 0;
}

static void write_places(const struct net_rule *r, struct buf *out)
{
    bool more = r->n_places || r->hosts[0];
    buf_puts(out, r->box ? (more ? "box," : "box") : "");
    for (size_t i = 0; i < r->n_places; i++) {
        uint32_t a = r->place[i].net;
        buf_putf(out, "%s%u.%u.%u.%u/%u", i ? "," : "", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255,
                 r->place[i].prefix);
    }
    buf_putf(out, "%s%s", r->n_places && r->hosts[0] ? "," : "", r->hosts);
}

void net_rules_write(const struct net_rules *r, bool inbound_only, struct buf *out)
{
    size_t n = 0;
    for (size_t i = 0; i < r->n; i++) {
        const struct net_rule *x = &r->v[i];
        if (inbound_only && !x->inbound)
            continue;
        buf_puts(out, n++ ? ";" : "");
        if (x->inbound)
            buf_putf(out, "%s:%u:", x->udp ? "in-udp" : "in", x->port);
        else
            buf_putf(out, "%s:%u-%u:", x->udp ? "udp" : "tcp", x->port, x->port_last);
        write_places(x, out);
    }
}

// One of them, of n bytes.
static bool read_one(const char *text, size_t n, struct net_rules *out)
{
    char copy[READ_BYTES], *port, *places;
    struct net_rule r = {.n_places = 0};
    struct err e = ERR_NULL;
    if (n >= sizeof copy)
        return false;
    memcpy(copy, text, n);
    copy[n] = '\0';
    if (!(port = strchr(copy, ':')) || !(places = strchr(port + 1, ':')))
        return false;
    *port++ = *places++ = '\0';
    r.box = strncmp(places, "box", 3) == 0 && (!places[3] || places[3] == ',');
    places += r.box ? 3 : 0;
    r.udp = strcmp(copy, "udp") == 0 || strcmp(copy, "in-udp") == 0;
    r.inbound = strncmp(copy, "in", 2) == 0 && (r.udp || !copy[2]);
    if (!r.inbound && !r.udp && strcmp(copy, "tcp") != 0)
        return false;
    return net_rule_ports(port, &r.port, &r.port_last) && (!r.inbound || (r.port && r.port == r.port_last && !r.box)) &&
           net_rule_places(&r, places, &e) == 0 && net_rules_add(out, &r, &e) == 0;
}

bool net_rules_read(const char *text, struct net_rules *out)
{
    struct buf same = BUF_INIT(NETRULES_MAX * READ_BYTES);
    bool good = true;
    *out = NET_RULES_NULL;
    for (const char *p = text ? text : ""; good && *p;) {
        size_t n = strcspn(p, ";");
        good = read_one(p, n, out) && (!p[n] || p[n + 1]);
        p += n + (p[n] == ';');
    }
    net_rules_write(out, false, &same);
    good = good && strcmp(buf_str(&same), text ? text : "") == 0;
    buf_deinit(&same);
    if (!good)
        *out = NET_RULES_NULL;
    return good;
}

unsigned net_rules_features(const struct net_rules *r)
{
    size_t in = inbound(r);
    return (in ? PROFILE_FORWARD : 0) | (r->n > in ? PROFILE_OUTSIDE : 0);
}

// Of two rules for one port the first counts.
static bool has_port(const struct net_port *v, size_t n, uint16_t port, bool udp)
{
    for (size_t i = 0; i < n; i++)
        if (v[i].port == port && v[i].udp == udp)
            return true;
    return false;
}

size_t net_rules_open(const struct net_rules *r, unsigned features, struct net_port out[NET_PORTS_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < r->n && n < NETRULE_IN_MAX; i++)
        if (r->v[i].inbound && !has_port(out, n, r->v[i].port, r->v[i].udp))
            out[n++] = (struct net_port){r->v[i].port, r->v[i].udp, &r->v[i]};
    if ((features & PROFILE_SSH) && !has_port(out, n, PROFILE_SSH_PORT, false))
        out[n++] = (struct net_port){PROFILE_SSH_PORT, false, NULL};
    return n;
}

size_t net_rule_host(const char **at, const char **name)
{
    size_t n = strcspn(*at, ",");
    *name = *at;
    *at += n + ((*at)[n] == ',');
    return n;
}

uint32_t net_rules_naming(const struct net_rules *r, const char *name)
{
    uint32_t bits = 0;
    size_t n = strlen(name);
    for (size_t i = 0; i < r->n; i++) {
        const char *p = r->v[i].hosts, *host;
        for (size_t len; !r->v[i].inbound && (len = net_rule_host(&p, &host)) > 0;)
            if (len == n && memcmp(host, name, n) == 0)
                bits |= UINT32_C(1) << i;
    }
    return bits;
}

bool net_rules_have_names(const struct net_rules *r)
{
    for (size_t i = 0; i < r->n; i++)
        if (!r->v[i].inbound && r->v[i].hosts[0])
            return true;
    return false;
}

// Later fragments have no port; without the first, which was judged, nobody can put them together.
static bool fits_port(const struct net_rule *r, const struct ip4 *p)
{
    bool port = !p->first || (p->to_port >= r->port && p->to_port <= r->port_last);
    return p->protocol == (r->udp ? 17 : 6) && port;
}

static bool fits(const struct net_rule *r, const struct ip4 *p, bool by_name)
{
    return fits_port(r, p) && (by_name || net_rule_from(r, p->to));
}

bool net_rules_to_box(const struct net_rules *r, const struct ip4 *packet)
{
    for (size_t i = 0; i < r->n; i++)
        if (!r->v[i].inbound && r->v[i].box && fits_port(&r->v[i], packet))
            return true;
    return false;
}

bool net_rules_may_leave(const struct net_rules *r, const struct ip4 *packet, uint32_t by_name)
{
    bool any = false;
    for (size_t i = 0; i < r->n; i++) {
        if (r->v[i].inbound)
            continue;
        any = true;
        if (fits(&r->v[i], packet, by_name >> i & 1))
            return true;
    }
    return !any;
}
