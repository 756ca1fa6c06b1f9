// SPDX-License-Identifier: Apache-2.0
//
// GET /network/tasks/{id}/port-forward: which ports of the server lead into a task's instances, and who may
// use them. Every instance is a member, with nothing in it while no port leads there.
#include <stdlib.h>
#include <string.h>

#include "api/found.h"
#include "api/handlers.h"
#include "api/json_out.h"
#include "core/work/profile.h"
#include "core/work/ranges.h"

// The rule that opened the port; NULL: the profile did.
static const json_t *rule_of(const json_t *rules, uint16_t port, bool udp)
{
    for (size_t i = 0; i < json_array_size(rules); i++) {
        const json_t *r = json_array_get(rules, i);
        const char *at = json_string_value(json_object_get(r, "port"));
        const char *proto = json_string_value(json_object_get(r, "proto"));
        bool is_udp = proto && strcmp(proto, "udp") == 0;
        if (json_is_true(json_object_get(r, "inbound")) && at && atoi(at) == port && is_udp == udp)
            return r;
    }
    return NULL;
}

static const char *said(const json_t *rule, const char *name, const char *otherwise)
{
    const char *v = json_string_value(json_object_get(rule, name));
    return v ? v : otherwise;
}

// Those of the places of a rule that are names of hosts; how many.
static size_t names(struct json_out *o, const char *to)
{
    static const char between[] = " \t,";
    char name[256];
    size_t found = 0;
    for (const char *p = to; *(p += strspn(p, between));) {
        size_t n = strcspn(p, between);
        if (strspn(p, "0123456789./") < n) {
            snprintf(name, sizeof name, "%.*s", (int)n, p);
            out_string(o, NULL, name);
            found++;
        }
        p += n;
    }
    return found;
}

// Of the task's own places, else the operator's; none: anybody.
static void allowed(struct json_out *o, const struct forward_view *f, const json_t *rule)
{
    char text[32];
    out_array(o, "allowedIPs");
    for (size_t i = 0; i < f->n_from; i++) {
        uint32_t a = f->from[i].net;
        snprintf(text, sizeof text, "%u.%u.%u.%u/%u", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255,
                 f->from[i].prefix);
        out_string(o, NULL, text);
    }
    size_t named = names(o, said(rule, "to", ""));
    for (const char *p = f->allowed && !f->n_from && !named ? f->allowed : ""; *(p += strspn(p, " \t,"));) {
        size_t n = strcspn(p, " \t,");
        snprintf(text, sizeof text, "%.*s", (int)n, p);
        out_string(o, NULL, text);
        p += n;
    }
    out_end_array(o);
}

static void counted(struct json_out *o, const struct forward_count *n)
{
    out_object(o, "ondolDatagrams");
    out_int(o, "in", (int64_t)n->in);
    out_int(o, "out", (int64_t)n->out);
    out_int(o, "lost", (int64_t)n->lost);
    out_end_object(o);
}

static void one(struct json_out *o, const struct forward_view *f, const json_t *rules)
{
    const json_t *rule = rule_of(rules, f->application_port, f->udp);
    char key[24];
    bool ssh = f->application_port == PROFILE_SSH_PORT && !f->udp;
    snprintf(key, sizeof key, "port-%u%s", f->application_port, f->udp ? "-udp" : "");
    const char *name = said(rule, "name", ssh ? "ssh" : key);
    out_object(o, name);
    out_string(o, "name", name);
    out_bool(o, "enabled", true);
    const char *proto = f->udp ? "udp" : "tcp";
    out_string(o, "applicationType", said(rule, "applicationType", ssh ? "ssh" : proto));
    out_string(o, "proto", proto);
    out_int(o, "port", f->application_port);
    allowed(o, f, rule);
    out_object(o, "access");
    out_string(o, "publicHost", f->host);
    out_int(o, "publicPort", f->forwarder_port);
    out_end_object(o);
    if (f->udp)
        counted(o, &f->count);
    out_end_object(o);
}

struct forwards {
    const struct forward_view *v;
    size_t n;
    json_t *rules; // of the task, then of its pool
};

static void instances(struct call *c, const struct row_task *row, const struct forwards *f)
{
    struct json_out o = {.b = &c->out};
    struct ranges ids = RANGES_NULL;
    char key[16];
    ranges_parse(&ids, row->ranges ? row->ranges : "", RANGES_ID_MAX, NULL);
    out_object(&o, NULL);
    for (uint32_t id = 0; ranges_next(&ids, id, &id); id++) {
        snprintf(key, sizeof key, "%u", id);
        out_object(&o, key);
        for (size_t i = 0; i < f->n; i++)
            if (f->v[i].instance == id)
                one(&o, &f->v[i], f->rules);
        out_end_object(&o);
        if (id == RANGES_ID_MAX)
            break;
    }
    out_end_object(&o);
    ranges_deinit(&ids);
}

static void add_rules(json_t *all, const char *body)
{
    json_t *o = body ? json_loads(body, 0, NULL) : NULL;
    json_array_extend(all, json_object_get(o, "forcedNetworkRules"));
    json_decref(o);
}

void forward_task(struct call *c)
{
    struct row_task row = {0};
    struct row_pool pool = {0};
    struct err e = ERR_NULL;
    if (!found_task(c, &row))
        return;
    int r = row.pool ? c->reader->pool_by_id(c->reader->ctx, row.pool, &c->arena, &pool, &e) : 0;
    if (r < 0) {
        call_store_error(c, r);
        return;
    }
    struct forward_view *v = arena_alloc(&c->arena, FORWARDS_MAX * sizeof *v);
    struct forwards f = {.v = v, .rules = json_array()};
    f.n = c->be->forwards ? c->be->forwards(c->be->ctx, row.id, v, FORWARDS_MAX) : 0;
    add_rules(f.rules, row.body);
    add_rules(f.rules, pool.body);
    instances(c, &row, &f);
    json_decref(f.rules);
}
