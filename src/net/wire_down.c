// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/work/pool.h"
#include "net/wire.h"
#include "net/wire_field.h"
#include "net/wire_names.h"

#define ROWS(t) (t), ARRAY_LEN(t)

static const struct field down_fields[] = {
    F_BOOL(struct sync_down, "epoch_refused", epoch_refused),
    F_U64(struct sync_down, "epoch", epoch),
    F_U64(struct sync_down, "acked", acked),
    F_U64(struct sync_down, "version", version),
    F_HOUSE(struct sync_down, "house_ms", house),
    F_HOUSE(struct sync_down, "until", until),
    F_I64(struct sync_down, "cap_mw", cap_mw),
    F_BOOL(struct sync_down, "filler_allowed", filler_allowed),
    F_BOOL(struct sync_down, "donated_allowed", donated_allowed),
};

static const struct field zone_fields[] = {
    F_NAME(struct desired_zone, "name", name),
    F_ENUM(struct desired_zone, "mode", mode, wire_mode, ZONE_MODE_N),
    F_I32(struct desired_zone, "setpoint_mc", setpoint_mc),
    F_HOUSE(struct desired_zone, "boost_until", boost_until),
    F_HOUSE(struct desired_zone, "lid_clear", lid_clear),
    F_BOOL(struct desired_zone, "lid_open", lid_open),
    F_STR(struct desired_zone, "schedule", schedule, WIRE_SCHEDULE_MAX),
    F_I32(struct desired_zone, "utc_offset_min", utc_offset_min),
    F_BOOL(struct desired_zone, "work_only", work_only),
};

static const struct field assignment_fields[] = {
    F_U64(struct assignment, "lease", lease),
    F_NAME(struct assignment, "board", board),
    F_TEXT(struct assignment, "task", task_uuid),
    F_ENUM(struct assignment, "class", activity, wire_activity, ACTIVITY_DONATED + 1),
    F_HOUSE(struct assignment, "until", until),
    F_ENUM(struct assignment, "on_lapse", on_lapse, wire_lapse, LAPSE_N),
    F_BOOL(struct assignment, "stop", stop),
    F_ENUM(struct assignment, "stop_end", stop_end, wire_end, ATTEMPT_END_N),
    F_FLAG(struct assignment, "hold", hold),
    F_I32_0(struct assignment, "memory_mb", memory_mb),
    F_I32(struct assignment, "slots", slots),
    F_U64(struct assignment, "within", within),
    F_STR(struct assignment, "body", body, WIRE_BODY_MAX),
};

// Instance numbers are unsigned 32 bits, for which the table has no row: they travel through 64 bits.
struct numbers {
    int64_t instance, instance_count, attempt;
};

static const struct field number_fields[] = {
    F_I64(struct numbers, "instance", instance),
    F_I64(struct numbers, "instance_count", instance_count),
    F_I64(struct numbers, "attempt", attempt),
};

// ---- orders

struct order_numbers {
    int64_t resync, period_ms, number;
};

static const struct field order_fields[] = {
    F_I64(struct order_numbers, "resync", resync),
    F_I64(struct order_numbers, "period_ms", period_ms),
};

static const struct field unique_fields[] = {
    F_I64(struct order_numbers, "number", number),
};

static const struct field out_fields[] = {
    F_STR(struct stage_out, "whitelist", whitelist, WIRE_FILTER_MAX),
    F_STR(struct stage_out, "blacklist", blacklist, WIRE_FILTER_MAX),
    F_STR(struct stage_out, "prefix", prefix, WIRE_FILTER_MAX),
};

static json_t *orders_json(const struct stage_orders *o)
{
    json_t *j = json_object(), *unique = json_array(), *periodic = json_object();
    fields_write(j, ROWS(order_fields), &(struct order_numbers){o->resync, o->period_ms, 0});
    fields_write(periodic, ROWS(out_fields), &o->periodic.out);
    json_object_set_new(j, "periodic", periodic);
    for (size_t i = 0; i < o->n_unique; i++) {
        json_t *u = json_object();
        fields_write(u, ROWS(unique_fields), &(struct order_numbers){.number = o->unique[i].number});
        fields_write(u, ROWS(out_fields), &o->unique[i].out);
        json_array_append_new(unique, u);
    }
    json_object_set_new(j, "unique", unique);
    return j;
}

static int orders_decode(const json_t *j, struct stage_orders *o, struct arena *a, struct err *e)
{
    const json_t *unique, *periodic = json_object_get(j, "periodic");
    struct order_numbers n = {0};
    int r = fields_read(j, ROWS(order_fields), &n, a, e);
    if (r < 0 || (r = array_read(j, "unique", STAGE_ORDERS_MAX, false, &unique, e)) < 0)
        return r;
    if (n.resync < 0 || n.resync > UINT32_MAX || n.period_ms < 0)
        return err_set(e, -EBADMSG, "resync, period_ms: are below 0 or too large");
    if (!json_is_object(periodic) || fields_read(periodic, ROWS(out_fields), &o->periodic.out, a, e) < 0)
        return err_set(e, -EBADMSG, "periodic: cannot be read");
    o->resync = (uint32_t)n.resync;
    o->period_ms = n.period_ms;
    struct stage_snapshot *v = arena_alloc(a, (json_array_size(unique) + 1) * sizeof *v);
    o->unique = v;
    for (; o->n_unique < json_array_size(unique); o->n_unique++) {
        const json_t *u = json_array_get(unique, o->n_unique);
        if (fields_read(u, ROWS(unique_fields), &n, a, e) < 0 ||
            fields_read(u, ROWS(out_fields), &v[o->n_unique].out, a, e) < 0)
            return err_prefix(e, "unique[%zu]", o->n_unique);
        if (n.number < 1 || n.number > UINT32_MAX)
            return err_set(e, -EBADMSG, "unique[%zu].number: is not 1..%u", o->n_unique, UINT32_MAX);
        v[o->n_unique].number = (uint32_t)n.number;
    }
    return 0;
}

static json_t *assignment_json(const struct assignment *a)
{
    json_t *j = json_object();
    fields_write(j, ROWS(assignment_fields), a);
    fields_write(j, ROWS(number_fields), &(struct numbers){a->instance, a->instance_count, a->attempt});
    if (a->orders)
        json_object_set_new(j, "orders", orders_json(a->orders));
    return j;
}

static int assignment_decode(const json_t *j, struct assignment *out, struct arena *a, struct err *e)
{
    struct numbers n = {0};
    int r = fields_read(j, ROWS(assignment_fields), out, a, e);
    if (r < 0 || (r = fields_read(j, ROWS(number_fields), &n, a, e)) < 0)
        return r;
    const int64_t number[] = {n.instance, n.instance_count, n.attempt};
    for (size_t i = 0; i < ARRAY_LEN(number); i++)
        if (number[i] < 0 || number[i] > UINT32_MAX)
            return err_set(e, -EBADMSG, "%s: is not 0..%u", number_fields[i].name, UINT32_MAX);
    out->instance = (uint32_t)n.instance;
    out->instance_count = (uint32_t)n.instance_count;
    out->attempt = (uint32_t)n.attempt;
    if (out->slots < 0 || out->slots > POOL_SLOTS_PER_NODE_MAX)
        return err_set(e, -EBADMSG, "slots: is not 0..%d", POOL_SLOTS_PER_NODE_MAX);
    if (out->slots && out->within)
        return err_set(e, -EBADMSG, "within: a pool's node is in no other");
    const json_t *orders = json_object_get(j, "orders");
    if (orders) {
        struct stage_orders *o = arena_alloc(a, sizeof *o);
        out->orders = o;
        if (orders_decode(orders, o, a, e) < 0)
            return err_prefix(e, "orders");
    }
    if (out->lease == 0)
        return err_set(e, -EBADMSG, "lease: is 0, which means none");
    return 0;
}

char *wire_down_encode(const struct sync_down *down, size_t *n)
{
    json_t *j = json_object(), *zones = json_array(), *assignments = json_array();
    fields_write(j, ROWS(down_fields), down);
    for (size_t i = 0; i < down->n_zones; i++) {
        json_t *z = json_object();
        fields_write(z, ROWS(zone_fields), &down->zone[i]);
        json_array_append_new(zones, z);
    }
    for (size_t i = 0; i < down->n_assignments; i++)
        json_array_append_new(assignments, assignment_json(&down->assignment[i]));
    json_object_set_new(j, "zones", zones);
    json_object_set_new(j, "assignments", assignments);
    char *text = json_dumps(j, JSON_COMPACT);
    json_decref(j);
    if (!text)
        abort();
    *n = strlen(text);
    return text;
}

static int down_decode(const json_t *j, struct arena *a, struct sync_down *down, struct err *e)
{
    const json_t *zones, *assignments;
    int r = fields_read(j, ROWS(down_fields), down, a, e);
    if (r < 0 || (r = array_read(j, "zones", WIRE_ZONES_MAX, false, &zones, e)) < 0 ||
        (r = array_read(j, "assignments", WIRE_ASSIGNMENTS_MAX, false, &assignments, e)) < 0)
        return r;
    down->n_zones = json_array_size(zones);
    down->zone = arena_alloc(a, (down->n_zones + 1) * sizeof *down->zone);
    for (size_t i = 0; i < down->n_zones; i++) {
        if (fields_read(json_array_get(zones, i), ROWS(zone_fields), &down->zone[i], a, e) < 0)
            return err_prefix(e, "zones[%zu]", i);
    }
    down->n_assignments = json_array_size(assignments);
    down->assignment = arena_alloc(a, (down->n_assignments + 1) * sizeof *down->assignment);
    for (size_t i = 0; i < down->n_assignments; i++) {
        if (assignment_decode(json_array_get(assignments, i), &down->assignment[i], a, e) < 0)
            return err_prefix(e, "assignments[%zu]", i);
    }
    return 0;
}

int wire_down_decode(const char *text, size_t n, struct arena *a, struct sync_down *out, struct err *e)
{
    *out = (struct sync_down){0};
    json_error_t why;
    if (n > WIRE_DOWN_BYTES_MAX)
        return err_set(e, -EBADMSG, "sync answer: %zu bytes where at most %zu are taken", n,
                       WIRE_DOWN_BYTES_MAX);
    json_t *j = json_loadb(text, n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &why);
    if (!j)
        return err_set(e, -EBADMSG, "sync answer: is not JSON: %s", why.text);
    int r = down_decode(j, a, out, e);
    json_decref(j);
    return r < 0 ? err_prefix(e, "sync answer") : 0;
}
