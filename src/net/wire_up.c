// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "net/base64.h"
#include "net/wire.h"
#include "net/wire_field.h"
#include "net/wire_names.h"

#define ROWS(t) (t), ARRAY_LEN(t)

static const struct field up_fields[] = {
    F_NAME(struct sync_up, "node", node),
    F_HEX(struct sync_up, "nonce", nonce),
    F_U64(struct sync_up, "epoch", epoch),
    F_U64(struct sync_up, "have", have),
};

// ---- the offer

static const struct field offer_zone_fields[] = {
    F_NAME(struct offer_zone, "name", name),
    F_NAME(struct offer_zone, "site", site),
    F_TEXT(struct offer_zone, "label", label),
    F_I32(struct offer_zone, "nameplate_w", nameplate_w),
    F_I32(struct offer_zone, "setpoint_mc", setpoint_mc),
    F_ENUM(struct offer_zone, "mode", mode, wire_mode, ZONE_MODE_N),
    F_BOOL(struct offer_zone, "virtual", is_virtual),
};

static const struct field offer_board_fields[] = {
    F_NAME(struct offer_board, "name", name),
    F_NAME(struct offer_board, "heater", heater),
    F_NAME(struct offer_board, "zone", zone),
    F_I32(struct offer_board, "cores", spec.cores),
    F_I32(struct offer_board, "memory_mb", spec.memory_mb),
    F_BOOL(struct offer_board, "gpu", spec.gpu),
    F_BOOL(struct offer_board, "ssd", spec.ssd),
    F_TEXT(struct offer_board, "key", spec.key),
    F_TEXT(struct offer_board, "cpu_model", spec.cpu_model),
    F_BOOL(struct offer_board, "sandbox", sandbox),
    F_TEXT(struct offer_board, "sandbox_lack", sandbox_lack),
    F_FLAG(struct offer_board, "can_hold", can_hold),
};

static const struct field curve_fields[] = {
    F_TEXT(struct curve, "model", model),    F_I32(struct curve, "cores", cores),
    F_I32(struct curve, "idle_mw", idle_mw), F_I32(struct curve, "sleep_mw", sleep_mw),
    F_I32(struct curve, "boot_ms", boot_ms),
};

static json_t *curve_json(const struct curve *c)
{
    json_t *j = json_object(), *points = json_array();
    fields_write(j, ROWS(curve_fields), c);
    for (int i = 0; i < c->n && i < CURVE_POINTS_MAX; i++)
        json_array_append_new(points, json_pack("[i,i]", c->p[i].freq_mhz, c->p[i].draw_mw));
    json_object_set_new(j, "points", points);
    return j;
}

// A curve that cannot be used is refused here, once, so that nobody behind this line meets one.
static int curve_decode(const json_t *j, struct curve *c, struct arena *a, struct err *e)
{
    const json_t *points;
    int r = fields_read(j, ROWS(curve_fields), c, a, e);
    if (r < 0 || (r = array_read(j, "points", CURVE_POINTS_MAX, false, &points, e)) < 0)
        return r;
    for (size_t i = 0; i < json_array_size(points); i++) {
        const json_t *p = json_array_get(points, i), *f = json_array_get(p, 0), *d = json_array_get(p, 1);
        if (json_array_size(p) != 2 || !json_is_integer(f) || !json_is_integer(d))
            return err_set(e, -EBADMSG, "points[%zu]: is not a pair of integers", i);
        json_int_t freq = json_integer_value(f), draw = json_integer_value(d);
        if (freq < 0 || freq > INT32_MAX || draw < 0 || draw > INT32_MAX)
            return err_set(e, -EBADMSG, "points[%zu]: is not a pair of integers of 32 bits, 0 or more", i);
        c->p[c->n++] = (struct curve_point){(int32_t)freq, (int32_t)draw};
    }
    return curve_check(c, e) < 0 ? -EBADMSG : 0;
}

static json_t *offer_json(const struct offer *o)
{
    json_t *zones = json_array(), *boards = json_array();
    for (size_t i = 0; i < o->n_zones; i++) {
        json_t *z = json_object();
        fields_write(z, ROWS(offer_zone_fields), &o->zone[i]);
        json_array_append_new(zones, z);
    }
    for (size_t i = 0; i < o->n_boards; i++) {
        json_t *b = json_object();
        fields_write(b, ROWS(offer_board_fields), &o->board[i]);
        json_object_set_new(b, "curve", curve_json(&o->board[i].curve));
        json_array_append_new(boards, b);
    }
    return json_pack("{s:o,s:o}", "zones", zones, "boards", boards);
}

static int offer_decode(const json_t *j, struct offer *o, struct arena *a, struct err *e)
{
    const json_t *zones, *boards;
    int r = array_read(j, "zones", WIRE_ZONES_MAX, false, &zones, e);
    if (r < 0 || (r = array_read(j, "boards", WIRE_BOARDS_MAX, false, &boards, e)) < 0)
        return r;
    o->n_zones = json_array_size(zones);
    o->zone = arena_alloc(a, (o->n_zones + 1) * sizeof *o->zone);
    for (size_t i = 0; i < o->n_zones; i++) {
        if (fields_read(json_array_get(zones, i), ROWS(offer_zone_fields), &o->zone[i], a, e) < 0)
            return err_prefix(e, "zones[%zu]", i);
    }
    o->n_boards = json_array_size(boards);
    o->board = arena_alloc(a, (o->n_boards + 1) * sizeof *o->board);
    for (size_t i = 0; i < o->n_boards; i++) {
        const json_t *b = json_array_get(boards, i);
        if (fields_read(b, ROWS(offer_board_fields), &o->board[i], a, e) < 0)
            return err_prefix(e, "boards[%zu]", i);
        if (curve_decode(json_object_get(b, "curve"), &o->board[i].curve, a, e) < 0) {
            e->code = -EBADMSG;
            return err_prefix(e, "boards[%zu].curve", i);
        }
    }
    return 0;
}

// ---- reports: what every one has, and then a table for each kind

static const struct field report_fields[] = {
    F_U64(struct report, "seq", seq),
    F_HOUSE(struct report, "at", at),
    F_NAME0(struct report, "name", name),
    F_U64(struct report, "lease", lease),
};

static const struct field zone_fields[] = {
    F_I32(struct report, "room_mc", zone.room_mc),
    F_I32(struct report, "setpoint_mc", zone.setpoint_mc),
    F_ENUM(struct report, "mode", zone.mode, wire_mode, ZONE_MODE_N),
    F_ENUM(struct report, "guard", zone.guard, wire_guard, GUARD_N),
    F_I32(struct report, "draw_w", zone.draw_w),
    F_I32(struct report, "missing_w", zone.missing_w),
    F_BOOL(struct report, "model_known", zone.model_known),
    F_I64(struct report, "capacity_j_per_k", zone.model.capacity_j_per_k),
    F_I32(struct report, "loss_mw_per_k", zone.model.loss_mw_per_k),
    F_I32(struct report, "gain_w", zone.model.gain_w),
    F_I32(struct report, "target_w", zone.request.target_w),
    F_I32(struct report, "min_w", zone.request.min_w),
    F_I32(struct report, "max_w", zone.request.max_w),
    F_I32(struct report, "keep_w", zone.request.keep_w),
    F_I64(struct report, "up_j", zone.request.up_j),
    F_I64(struct report, "down_j", zone.request.down_j),
    F_I32(struct report, "t_up_s", zone.request.t_up_s),
    F_I32(struct report, "t_down_s", zone.request.t_down_s),
    F_HOUSE(struct report, "valid_until", zone.request.valid_until),
    F_TEXT(struct report, "why", zone.why),
};

static const struct field board_fields[] = {
    F_ENUM(struct report, "run", board.run, wire_activity, ACTIVITY_N),
    F_I32(struct report, "draw_mw", board.draw_mw),
    F_I32(struct report, "freq_mhz", board.freq_mhz),
    F_I32(struct report, "duty_permille", board.duty_permille),
    F_BOOL(struct report, "barred", board.barred),
    F_TEXT(struct report, "barred_why", board.barred_why),
};

static const struct field started_fields[] = {
    F_HOUSE(struct report, "started", started.at),
};

static const struct field level_fields[] = {
    F_ENUM(struct report, "phase", level.phase, wire_phase, PHASE_N),
    F_I32(struct report, "progress_permille", level.progress_permille),
    F_I32(struct report, "freq_mhz", level.freq_mhz),
    F_I32(struct report, "max_freq_mhz", level.max_freq_mhz),
    F_I32(struct report, "duty_permille", level.duty_permille),
    F_I32(struct report, "cpu_permille", level.cpu_permille),
    F_I32(struct report, "memory_mb", level.memory_mb),
    F_I32(struct report, "memory_max_mb", level.memory_max_mb),
    F_I32(struct report, "net_in_kbps", level.net_in_kbps),
    F_I32(struct report, "net_out_kbps", level.net_out_kbps),
    F_I64(struct report, "exec_ms", level.exec_ms),
};

static const struct field output_fields[] = {
    F_ENUM(struct report, "stream", output.stream, wire_stream, 2),
};

static const struct field exited_fields[] = {
    F_ENUM(struct report, "end", exited.end, wire_end, ATTEMPT_END_N),
    F_I32(struct report, "exit_code", exited.exit_code),
    F_I32(struct report, "signal", exited.signal),
    F_I64(struct report, "wall_ms", exited.wall_ms),
    F_I64(struct report, "exec_ms", exited.exec_ms),
    F_I64(struct report, "core_ms", exited.core_ms),
    F_I64(struct report, "work_mhz_s", exited.work_mhz_s),
    F_I64(struct report, "energy_mj", exited.energy_mj),
    F_I32(struct report, "peak_memory_mb", exited.peak_memory_mb),
    F_I32(struct report, "clock_permille", exited.clock_permille),
    F_I32(struct report, "results", exited.results),
    F_I64(struct report, "fetch_ms", exited.fetch_ms),
    F_I64(struct report, "fetch_bytes", exited.fetch_bytes),
    F_I64(struct report, "store_ms", exited.store_ms),
    F_I64(struct report, "store_bytes", exited.store_bytes),
    F_STR(struct report, "names", exited.names, STAGE_NAMES_MAX),
    F_TEXT(struct report, "code", exited.code),
    F_TEXT(struct report, "message", exited.message),
};

static const struct field meter_board_fields[] = {
    F_I64(struct report, "raw_mj", meter_board.raw_mj),
    F_I64(struct report, "wrap_mj", meter_board.wrap_mj),
    F_I64S(struct report, "part_mj", meter_board.part_mj, ACTIVITY_N),
    F_I64S(struct report, "part_ms", meter_board.part_ms, ACTIVITY_N),
};

static const struct field meter_lease_fields[] = {
    F_I64(struct report, "energy_mj", meter_lease.energy_mj),
    F_I64(struct report, "core_ms", meter_lease.core_ms),
};

static const struct field meter_zone_fields[] = {
    F_I64(struct report, "asked_mj", meter_zone.asked_mj),
    F_I64(struct report, "delivered_mj", meter_zone.delivered_mj),
    F_I64(struct report, "useful_mj", meter_zone.useful_mj),
    F_I64(struct report, "shadow_mj", meter_zone.shadow_mj),
    F_I32(struct report, "shadow_mc", meter_zone.shadow_mc),
};

static const struct field setpoint_fields[] = {
    F_I32(struct report, "setpoint_mc", setpoint.setpoint_mc),
    F_ENUM(struct report, "mode", setpoint.mode, wire_mode, ZONE_MODE_N),
};

// Numbers of 32 bits without a sign: they travel as 64 bits, in fields of their own.
struct snapshot_numbers {
    int64_t number, part;
};

static const struct field snapshot_number_fields[] = {
    F_I64(struct snapshot_numbers, "number", number),
    F_I64(struct snapshot_numbers, "part", part),
};

static const struct field snapshot_fields[] = {
    F_I64(struct report, "files", snapshot.files),
    F_I64(struct report, "bytes", snapshot.bytes),
    F_TEXT(struct report, "code", snapshot.code),
    F_TEXT(struct report, "message", snapshot.message),
};

static const struct field staging_fields[] = {
    F_ENUM(struct report, "phase", staging.phase, wire_phase, PHASE_N),
    F_I64(struct report, "files", staging.files),
    F_I64(struct report, "files_n", staging.files_n),
    F_I64(struct report, "bytes", staging.bytes),
    F_I64(struct report, "bytes_n", staging.bytes_n),
    F_I64(struct report, "ms", staging.ms),
};

static const struct {
    const struct field *f;
    size_t n;
} kinds[REPORT_KIND_N] = {
    [REPORT_ZONE] = {ROWS(zone_fields)},
    [REPORT_BOARD] = {ROWS(board_fields)},
    [REPORT_STARTED] = {ROWS(started_fields)},
    [REPORT_LEVEL] = {ROWS(level_fields)},
    [REPORT_OUTPUT] = {ROWS(output_fields)},
    [REPORT_EXITED] = {ROWS(exited_fields)},
    [REPORT_METER_BOARD] = {ROWS(meter_board_fields)},
    [REPORT_METER_LEASE] = {ROWS(meter_lease_fields)},
    [REPORT_METER_ZONE] = {ROWS(meter_zone_fields)},
    [REPORT_SETPOINT] = {ROWS(setpoint_fields)},
    [REPORT_READY] = {NULL, 0},
    [REPORT_SNAPSHOT] = {ROWS(snapshot_fields)},
    [REPORT_STAGING] = {ROWS(staging_fields)},
};

static void output_write(json_t *j, const struct report *r)
{
    if (utf8_valid(r->output.data, r->output.n)) {
        json_object_set_new(j, "data", json_stringn_nocheck(r->output.data, r->output.n));
        return;
    }
    size_t n = BASE64_BYTES(r->output.n);
    char *text = mem_alloc(n + 1);
    base64_encode(text, r->output.data, r->output.n);
    json_object_set_new(j, "data64", json_stringn_nocheck(text, n));
    free(text);
}

static int output_read(const json_t *j, struct report *r, struct arena *a, struct err *e)
{
    const json_t *plain = json_object_get(j, "data"), *coded = json_object_get(j, "data64");
    const json_t *given = plain ? plain : coded;
    size_t n = json_is_string(given) ? json_string_length(given) : 0;
    if (!json_is_string(given))
        return err_set(e, -EBADMSG, "data: is not a text");
    if (n > (plain ? WIRE_OUTPUT_MAX : BASE64_BYTES(WIRE_OUTPUT_MAX)))
        return err_set(e, -EBADMSG, "data: %zu bytes where at most %zu are taken", n, WIRE_OUTPUT_MAX);
    char *data = arena_alloc(a, n + 1);
    if (plain)
        memcpy(data, json_string_value(given), n);
    else if (!base64_decode(data, &n, json_string_value(given), n))
        return err_set(e, -EBADMSG, "data64: is not base64");
    r->output.data = data;
    r->output.n = n;
    return 0;
}

static json_t *report_json(const struct report *r)
{
    json_t *j = json_object();
    json_object_set_new(j, "kind", json_string(report_kind_name(r->kind)));
    fields_write(j, ROWS(report_fields), r);
    fields_write(j, kinds[r->kind].f, kinds[r->kind].n, r);
    if (r->kind == REPORT_OUTPUT)
        output_write(j, r);
    if (r->kind == REPORT_SNAPSHOT)
        fields_write(j, ROWS(snapshot_number_fields),
                     &(struct snapshot_numbers){r->snapshot.number, r->snapshot.part});
    return j;
}

static int snapshot_numbers_read(const json_t *j, struct report *r, struct arena *a, struct err *e)
{
    struct snapshot_numbers n = {0};
    int code = fields_read(j, ROWS(snapshot_number_fields), &n, a, e);
    if (code == 0 && (n.number < 0 || n.number > UINT32_MAX || n.part < 0 || n.part > UINT32_MAX))
        return err_set(e, -EBADMSG, "number, part: are not 0..%u", UINT32_MAX);
    r->snapshot.number = (uint32_t)n.number;
    r->snapshot.part = (uint32_t)n.part;
    return code;
}

static int report_decode(const json_t *j, struct report *r, struct arena *a, struct err *e)
{
    const char *kind = json_string_value(json_object_get(j, "kind"));
    int k = kind ? name_find(kind, REPORT_KIND_N, wire_kind) : -1;
    if (k < 0)
        return err_set(e, -EBADMSG, "kind: is not one of its names");
    r->kind = (enum report_kind)k;
    int err = fields_read(j, ROWS(report_fields), r, a, e);
    if (err == 0)
        err = fields_read(j, kinds[k].f, kinds[k].n, r, a, e);
    if (err == 0 && k == REPORT_OUTPUT)
        err = output_read(j, r, a, e);
    if (err == 0 && k == REPORT_SNAPSHOT)
        err = snapshot_numbers_read(j, r, a, e);
    return err;
}

// ---- the whole

char *wire_up_encode(const struct sync_up *up, size_t *n)
{
    json_t *j = json_object(), *reports = json_array();
    fields_write(j, ROWS(up_fields), up);
    if (up->has_offer)
        json_object_set_new(j, "offer", offer_json(&up->offer));
    for (size_t i = 0; i < up->n_reports; i++)
        json_array_append_new(reports, report_json(&up->report[i]));
    json_object_set_new(j, "reports", reports);
    char *text = json_dumps(j, JSON_COMPACT);
    json_decref(j);
    if (!text)
        abort();
    *n = strlen(text);
    return text;
}

static int up_decode(const json_t *j, struct arena *a, struct sync_up *up, struct err *e)
{
    const json_t *reports, *offer = json_object_get(j, "offer");
    int r = fields_read(j, ROWS(up_fields), up, a, e);
    if (r < 0 || (r = array_read(j, "reports", WIRE_REPORTS_MAX, false, &reports, e)) < 0)
        return r;
    if (offer) {
        up->has_offer = true;
        if (offer_decode(offer, &up->offer, a, e) < 0)
            return err_prefix(e, "offer");
    }
    up->n_reports = json_array_size(reports);
    up->report = arena_alloc(a, (up->n_reports + 1) * sizeof *up->report);
    for (size_t i = 0; i < up->n_reports; i++) {
        if (report_decode(json_array_get(reports, i), &up->report[i], a, e) < 0)
            return err_prefix(e, "reports[%zu]", i);
    }
    return 0;
}

int wire_up_decode(const char *text, size_t n, struct arena *a, struct sync_up *out, struct err *e)
{
    *out = (struct sync_up){0};
    json_error_t why;
    if (n > WIRE_UP_BYTES_MAX)
        return err_set(e, -EBADMSG, "sync: %zu bytes where at most %zu are taken", n, WIRE_UP_BYTES_MAX);
    json_t *j = json_loadb(text, n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &why);
    if (!j)
        return err_set(e, -EBADMSG, "sync: is not JSON: %s", why.text);
    int r = up_decode(j, a, out, e);
    json_decref(j);
    return r < 0 ? err_prefix(e, "sync") : 0;
}
