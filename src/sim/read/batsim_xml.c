// SPDX-License-Identifier: Apache-2.0
//
// platform.xml of the study: SimGrid's format, of which four things matter here.
//   <host id speed="4000f,3900f,..." >  a board where it has a property "qrad", a disk where its role is
//       "storage"; <prop id value/> inside: watt_per_state "idle:full:full,...", site, qbox, qrad, size,
//       temperature_coeffs "metal W/K, outside W/K, J/gK metal, J/gK air, g metal, g air" on one board of each heater
//   <link id="<box>_lan_link" bandwidth latency>, <box>_wan_link
// Routes, routers and the two hosts that Batsim wants for itself are passed over. A box begins where the
// first of its boards stands. Entities and attributes declared in a DTD are refused (what the file calls a DOCTYPE is not fetched),
// so that no text grows.
#include "sim/read/batsim.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <expat.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/num.h"
#include "sim/read/batsim_inside.h"

#define XML_BYTES_MAX (64u * 1024 * 1024)
#define XML_DEPTH_MAX 64

struct host { // the one that is open
    bool open;
    char id[BATSIM_NAME_MAX + 1], site[BATSIM_NAME_MAX + 1], box[BATSIM_NAME_MAX + 1],
        heater[BATSIM_NAME_MAX + 1], role[32];
    char *speed, *watts; // owned
    double size_bytes, coeff[6];
    bool has_coeff;
};

struct link {
    double bit_s, latency_s;
};

struct reader {
    XML_Parser xml;
    struct batsim_platform *p;
    struct strmap boxes, heaters; // id -> index + 1
    struct strmap disks;          // box -> index in disk
    struct strmap links;          // name -> index in link
    struct link *link;
    size_t n_links, cap_links;
    double *disk;
    size_t n_disks, cap_disks;
    struct host host;
    int depth, bad;
    struct err *e;
};

static void refuse(struct reader *r, const char *why, ...) __attribute__((format(printf, 2, 3)));
static void refuse(struct reader *r, const char *why, ...)
{
    char text[256];
    va_list ap;
    if (r->bad)
        return;
    va_start(ap, why);
    vsnprintf(text, sizeof text, why, ap);
    va_end(ap);
    r->bad = err_set(r->e, -EINVAL, "line %lu: %s", (unsigned long)XML_GetCurrentLineNumber(r->xml), text);
    XML_StopParser(r->xml, XML_FALSE);
}

static const char *attribute(const XML_Char **list, const char *name)
{
    for (; list && *list; list += 2)
        if (!strcmp(list[0], name))
            return list[1];
    return NULL;
}

static bool keep(struct reader *r, char *out, size_t size, const char *what, const char *text)
{
    size_t n = text ? strlen(text) : 0;
    if (n == 0 || n >= size) {
        refuse(r, "%s: must have 1 to %zu bytes", what, size - 1);
        return false;
    }
    memcpy(out, text, n + 1);
    return true;
}

// The next item of "a,b,c": its bytes without blanks around them. False at the end.
static bool item(const char **p, char sep, const char **start, size_t *n)
{
    if (!*p)
        return false;
    const char *end = strchr(*p, sep);
    const char *stop = end ? end : *p + strlen(*p);
    const char *a = *p;
    while (a < stop && *a == ' ')
        a++;
    while (stop > a && stop[-1] == ' ')
        stop--;
    *start = a;
    *n = (size_t)(stop - a);
    *p = end ? end + 1 : NULL;
    return true;
}

static void open_host(struct reader *r, const XML_Char **list)
{
    struct host *h = &r->host;
    if (h->open) {
        refuse(r, "host inside a host");
        return;
    }
    *h = (struct host){.open = true, .size_bytes = -1};
    const char *speed = attribute(list, "speed");
    if (!keep(r, h->id, sizeof h->id, "host id", attribute(list, "id")))
        return;
    h->speed = mem_strdup(speed ? speed : "");
}

static void read_coeffs(struct reader *r, const char *value)
{
    const char *p = value, *s;
    size_t n, i = 0;
    for (; item(&p, ',', &s, &n); i++) {
        double v;
        if (i >= 6 || !num_read(s, n, '.', &v) || !(v > 0 && v <= 1e9)) {
            refuse(r, "temperature_coeffs: must be six numbers above 0, is \"%.60s\"", value);
            return;
        }
        r->host.coeff[i] = v;
    }
    r->host.has_coeff = i == 6;
    if (i != 6)
        refuse(r, "temperature_coeffs: must be six numbers, is \"%.60s\"", value);
}

static void read_prop(struct reader *r, const XML_Char **list)
{
    struct host *h = &r->host;
    const char *id = attribute(list, "id"), *value = attribute(list, "value");
    if (!h->open || !id)
        return;
    if (!value)
        refuse(r, "prop %.60s: has no value", id);
    else if (!strcmp(id, "site"))
        keep(r, h->site, sizeof h->site, id, value);
    else if (!strcmp(id, "qbox"))
        keep(r, h->box, sizeof h->box, id, value);
    else if (!strcmp(id, "qrad"))
        keep(r, h->heater, sizeof h->heater, id, value);
    else if (!strcmp(id, "role"))
        keep(r, h->role, sizeof h->role, id, value);
    else if (!strcmp(id, "temperature_coeffs"))
        read_coeffs(r, value);
    else if (!strcmp(id, "watt_per_state") && !h->watts)
        h->watts = mem_strdup(value);
    else if (!strcmp(id, "size") && !(num_read(value, strlen(value), '.', &h->size_bytes) &&
                                      h->size_bytes >= 1 && h->size_bytes <= 1e18))
        refuse(r, "size: must be 1 to 1e18 bytes, is \"%.40s\"", value);
}

static void read_link(struct reader *r, const XML_Char **list)
{
    const char *id = attribute(list, "id"), *rate = attribute(list, "bandwidth"),
               *late = attribute(list, "latency");
    struct link l;
    if (!id || !rate || !late)
        refuse(r, "link: must have id, bandwidth and latency");
    else if (!batsim_bandwidth(rate, &l.bit_s))
        refuse(r, "link %.60s: bandwidth must be like \"100Mbps\", is \"%.40s\" (1 kbps to 1000 Tbps)", id,
               rate);
    else if (!batsim_latency(late, &l.latency_s))
        refuse(r, "link %.60s: latency must be like \"10ms\", is \"%.40s\"", id, late);
    else {
        strmap_set(&r->links, id, r->n_links);
        *VEC_PUSH(r->link, r->n_links, r->cap_links) = l;
    }
}

static bool read_watts(const char *s, size_t n, struct batsim_state *out)
{
    const char *colon = memchr(s, ':', n);
    if (!colon)
        return false;
    const char *full = colon + 1, *end = s + n;
    const char *second = memchr(full, ':', (size_t)(end - full));
    const char *stop = second ? second : end;
    return num_read(s, (size_t)(colon - s), '.', &out->idle_w) &&
           num_read(full, (size_t)(stop - full), '.', &out->full_w) && out->idle_w >= 0 && out->full_w >= 0 &&
           out->full_w <= 1e6;
}

// Index of the power of this host, the same for hosts of the same two texts.
static uint32_t power_of(struct reader *r)
{
    struct batsim_platform *p = r->p;
    struct host *h = &r->host;
    const char *speed = h->speed, *watts = h->watts, *s, *w;
    size_t ns, nw;
    uint64_t hash = hash_bytes(hash_bytes(HASH_SEED, speed, strlen(speed) + 1), watts, strlen(watts));
    for (size_t i = 0; i < p->n_powers; i++)
        if (p->power[i].hash == hash)
            return (uint32_t)i;
    if (p->n_powers == BATSIM_POWERS_MAX) {
        refuse(r, "host %.60s: more than %d kinds of boards", h->id, BATSIM_POWERS_MAX);
        return 0;
    }
    struct batsim_power made = {.hash = hash};
    size_t cap = 0;
    while (item(&speed, ',', &s, &ns)) {
        struct batsim_state st;
        size_t digits = ns > 0 && s[ns - 1] == 'f' ? ns - 1 : ns;
        if (made.n >= BATSIM_STATES_MAX || !num_read(s, digits, '.', &st.speed) ||
            !(st.speed >= 0 && st.speed <= 1e12) || !item(&watts, ',', &w, &nw) || !read_watts(w, nw, &st)) {
            refuse(r,
                   "host %.60s: state %zu: speed and watt_per_state must be up to %d pairs like \"4000f\" "
                   "and \"10:160:160\"",
                   h->id, made.n, BATSIM_STATES_MAX);
            free(made.state);
            return 0;
        }
        *VEC_PUSH(made.state, made.n, cap) = st;
    }
    *VEC_PUSH(p->power, p->n_powers, p->cap_powers) = made;
    return (uint32_t)p->n_powers - 1;
}

static uint32_t heater_of(struct reader *r)
{
    struct batsim_platform *p = r->p;
    struct host *h = &r->host;
    uint64_t box, heater;
    if (!strmap_get(&r->boxes, h->box, &box)) {
        *VEC_PUSH(p->box, p->n_boxes, p->cap_boxes) = (struct batsim_box){
            .id = arena_strdup(&p->text, h->box), .site = arena_strdup(&p->text, h->site)};
        strmap_set(&r->boxes, h->box, box = p->n_boxes);
        if (p->n_boxes > BATSIM_BOXES_MAX)
            refuse(r, "more than %d boxes", BATSIM_BOXES_MAX);
    }
    if (!strmap_get(&r->heaters, h->heater, &heater)) {
        *VEC_PUSH(p->heater, p->n_heaters, p->cap_heaters) =
            (struct batsim_heater){.id = arena_strdup(&p->text, h->heater),
                                   .cpu = "",
                                   .box = (uint32_t)box - 1,
                                   .metal_w_k = 1.6,
                                   .outside_w_k = 10};
        strmap_set(&r->heaters, h->heater, heater = p->n_heaters);
    }
    if (p->heater[heater - 1].box != box - 1)
        refuse(r, "host %.60s: heater %.60s is of another box", h->id, h->heater);
    else if (heater != p->n_heaters && p->heater[p->n_heaters - 1].box != box - 1)
        refuse(r, "host %.60s: boards of one box must follow each other", h->id);
    return (uint32_t)heater - 1;
}

static void close_board(struct reader *r)
{
    struct batsim_platform *p = r->p;
    struct host *h = &r->host;
    if (!h->box[0] || !h->site[0] || !h->watts) {
        refuse(r, "host %.60s: a board must have the properties qbox, site and watt_per_state", h->id);
        return;
    }
    if (p->n_boards >= BATSIM_BOARDS_MAX) {
        refuse(r, "more than %d boards", BATSIM_BOARDS_MAX);
        return;
    }
    uint32_t heater = heater_of(r), power = power_of(r);
    if (r->bad)
        return;
    *VEC_PUSH(p->board, p->n_boards, p->cap_boards) =
        (struct batsim_board){arena_strdup(&p->text, h->id), heater, power};
    struct batsim_heater *to = &p->heater[heater];
    if (h->has_coeff) {
        to->metal_w_k = h->coeff[0];
        to->outside_w_k = h->coeff[1];
        to->metal_j_k = h->coeff[2] * h->coeff[4];
        to->air_j_k = h->coeff[3] * h->coeff[5];
    }
}

static void close_host(struct reader *r)
{
    struct host *h = &r->host;
    size_t n = strlen(h->id);
    if (h->heater[0]) {
        close_board(r);
    } else if (!strcmp(h->role, "storage") && n > 5 && !strcmp(h->id + n - 5, "_disk") && h->size_bytes > 0) {
        h->id[n - 5] = '\0';
        strmap_set(&r->disks, h->id, r->n_disks);
        *VEC_PUSH(r->disk, r->n_disks, r->cap_disks) = h->size_bytes;
    }
    free(h->speed);
    free(h->watts);
    *h = (struct host){0};
}

static void XMLCALL on_start(void *ctx, const XML_Char *name, const XML_Char **list)
{
    struct reader *r = ctx;
    if (++r->depth > XML_DEPTH_MAX)
        refuse(r, "nested deeper than %d levels", XML_DEPTH_MAX);
    else if (r->depth == 1 && strcmp(name, "platform") != 0)
        refuse(r, "the root is <%.40s>, not <platform>", name);
    else if (!strcmp(name, "host"))
        open_host(r, list);
    else if (!strcmp(name, "prop"))
        read_prop(r, list);
    else if (!strcmp(name, "link"))
        read_link(r, list);
}

static void XMLCALL on_end(void *ctx, const XML_Char *name)
{
    struct reader *r = ctx;
    r->depth--;
    if (!r->bad && !strcmp(name, "host"))
        close_host(r);
}

static void XMLCALL on_entity(void *ctx, const XML_Char *name, int is_parameter, const XML_Char *value, int n,
                              const XML_Char *base, const XML_Char *system, const XML_Char *public_id,
                              const XML_Char *notation)
{
    (void)is_parameter, (void)value, (void)n, (void)base, (void)system, (void)public_id, (void)notation;
    refuse(ctx, "entity %.40s: entities are not read", name);
}

// A default of a megabyte would be given to each of a hundred thousand hosts.
static void XMLCALL on_attributes(void *ctx, const XML_Char *element, const XML_Char *name,
                                  const XML_Char *type, const XML_Char *value, int is_required)
{
    (void)name, (void)type, (void)value, (void)is_required;
    refuse(ctx, "attributes of <%.40s>: declarations are not read", element);
}

static int box_links(struct reader *r)
{
    for (size_t i = 0; i < r->p->n_boxes; i++) {
        struct batsim_box *b = &r->p->box[i];
        char name[BATSIM_NAME_MAX + 16];
        uint64_t at;
        snprintf(name, sizeof name, "%s_lan_link", b->id);
        if (!strmap_get(&r->links, name, &at))
            return err_set(r->e, -EINVAL, "line 1: box %.80s has no link %.100s", b->id, name);
        b->lan_bit_s = r->link[at].bit_s;
        b->lan_latency_s = r->link[at].latency_s;
        snprintf(name, sizeof name, "%s_wan_link", b->id);
        if (!strmap_get(&r->links, name, &at))
            return err_set(r->e, -EINVAL, "line 1: box %.80s has no link %.100s", b->id, name);
        b->wan_bit_s = r->link[at].bit_s;
        b->wan_latency_s = r->link[at].latency_s;
        if (!strmap_get(&r->disks, b->id, &at))
            return err_set(r->e, -EINVAL, "line 1: box %.80s has no host %.80s_disk with a size", b->id,
                           b->id);
        b->disk_bytes = r->disk[at];
    }
    return 0;
}

static int parse(struct reader *r, const char *text, size_t n)
{
    r->xml = XML_ParserCreate(NULL);
    if (!r->xml)
        abort();
    XML_SetUserData(r->xml, r);
    XML_SetElementHandler(r->xml, on_start, on_end);
    XML_SetEntityDeclHandler(r->xml, on_entity);
    XML_SetAttlistDeclHandler(r->xml, on_attributes);
    enum XML_Status got = XML_Parse(r->xml, text, (int)n, 1);
    if (got != XML_STATUS_OK && !r->bad)
        r->bad =
            err_set(r->e, -EINVAL, "line %lu: not XML: %s", (unsigned long)XML_GetCurrentLineNumber(r->xml),
                    XML_ErrorString(XML_GetErrorCode(r->xml)));
    XML_ParserFree(r->xml);
    return r->bad;
}

int batsim_platform_xml(struct batsim_platform *out, const char *text, size_t n, struct err *e)
{
    struct batsim_platform p = BATSIM_PLATFORM_NULL;
    struct reader r = {.p = &p, .e = e};
    *out = p;
    if (n > XML_BYTES_MAX)
        return err_set(e, -EFBIG, "%zu bytes: at most %u are read", n, XML_BYTES_MAX);
    int bad = parse(&r, text, n);
    bad = bad ? bad : batsim_platform_finish(&p, e);
    bad = bad ? bad : box_links(&r);
    free(r.host.speed);
    free(r.host.watts);
    free(r.link);
    free(r.disk);
    strmap_deinit(&r.boxes);
    strmap_deinit(&r.heaters);
    strmap_deinit(&r.disks);
    strmap_deinit(&r.links);
    if (bad)
        batsim_platform_deinit(&p);
    else
        *out = p;
    return bad;
}
