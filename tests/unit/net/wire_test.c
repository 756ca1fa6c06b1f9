// SPDX-License-Identifier: Apache-2.0
// The sync as bytes: what goes in comes out, to the bit; what is wrong is refused by name; what is unknown is
// ignored.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "net/base64.h"
#include "net/wire.h"

#define SEED 20261121

static int64_t any_i64(struct rng *r)
{
    switch (rng_below(r, 4)) {
    case 0:
        return 0;
    case 1:
        return INT64_MIN;
    case 2:
        return INT64_MAX;
    default:
        return (int64_t)rng_next(r);
    }
}

static uint64_t any_u64(struct rng *r)
{
    return (uint64_t)any_i64(r);
}

static int32_t any_i32(struct rng *r)
{
    return (int32_t)any_i64(r);
}

static void any_name(struct rng *r, char out[NAME_BYTES])
{
    static const char set[] = "abcXYZ019._-";
    size_t n = 1 + rng_below(r, NAME_BYTES - 1);
    for (size_t i = 0; i < n; i++)
        out[i] = set[rng_below(r, i ? sizeof set - 1 : 9)];
    out[n] = '\0';
}

// Text of a customer: any bytes but NUL, mostly UTF-8.
static void any_text(struct rng *r, char *out, size_t bytes)
{
    static const char *const piece[] = {"a", "\"", "\\", "\n", "\x01", "é", "雪", "😀", " "};
    size_t n = 0;
    for (size_t i = rng_below(r, bytes); i > 0; i--) {
        const char *p = piece[rng_below(r, ARRAY_LEN(piece))];
        if (n + strlen(p) >= bytes)
            break;
        memcpy(out + n, p, strlen(p));
        n += strlen(p);
    }
    out[n] = '\0';
}

static void any_output(struct rng *r, struct arena *a, struct report *p)
{
    size_t n = rng_below(r, 200);
    char *data = arena_alloc(a, n + 1);
    bool plain = rng_below(r, 2);
    for (size_t i = 0; i < n; i++)
        data[i] = (char)(plain ? rng_below(r, 128) : rng_below(r, 256));
    p->output.stream = (uint8_t)rng_below(r, 2);
    p->output.data = data;
    p->output.n = n;
}

static void any_zone(struct rng *r, struct report *p)
{
    p->zone.room_mc = any_i32(r);
    p->zone.setpoint_mc = any_i32(r);
    p->zone.mode = (uint8_t)rng_below(r, ZONE_MODE_N);
    p->zone.guard = (uint8_t)rng_below(r, GUARD_N);
    p->zone.draw_w = any_i32(r);
    p->zone.missing_w = any_i32(r);
    struct heat_request *q = &p->zone.request; // field by field: what lies between the fields stays zero
    q->target_w = any_i32(r);
    q->min_w = any_i32(r);
    q->max_w = any_i32(r);
    q->up_j = any_i64(r);
    q->down_j = any_i64(r);
    q->t_up_s = any_i32(r);
    q->t_down_s = any_i32(r);
    q->keep_w = any_i32(r);
    q->valid_until = HOUSE_MS(any_i64(r));
    any_text(r, p->zone.why, sizeof p->zone.why);
}

static void any_exit(struct rng *r, struct report *p)
{
    p->exited.end = (uint8_t)rng_below(r, ATTEMPT_END_N);
    p->exited.exit_code = any_i32(r);
    p->exited.signal = any_i32(r);
    p->exited.wall_ms = any_i64(r);
    p->exited.exec_ms = any_i64(r);
    p->exited.core_ms = any_i64(r);
    p->exited.work_mhz_s = any_i64(r);
    p->exited.energy_mj = any_i64(r);
    p->exited.peak_memory_mb = any_i32(r);
    p->exited.results = any_i32(r);
    p->exited.fetch_ms = any_i64(r);
    p->exited.fetch_bytes = any_i64(r);
    p->exited.store_ms = any_i64(r);
    p->exited.store_bytes = any_i64(r);
    p->exited.clock_permille = (int32_t)any_i64(r);
    p->exited.names = rng_below(r, 2) ? "a/b\n\xc3\xa9%0A\n" : NULL;
    any_text(r, p->exited.code, sizeof p->exited.code);
    any_text(r, p->exited.message, sizeof p->exited.message);
}

static void any_report(struct rng *r, struct arena *a, struct report *p)
{
    p->seq = any_u64(r);
    p->at = HOUSE_MS(any_i64(r));
    p->kind = (enum report_kind)rng_below(r, REPORT_KIND_N);
    if (rng_below(r, 2))
        any_name(r, p->name);
    p->lease = any_u64(r);
    switch (p->kind) {
    case REPORT_ZONE:
        any_zone(r, p);
        break;
    case REPORT_BOARD:
        p->board.run = (uint8_t)rng_below(r, ACTIVITY_N);
        p->board.draw_mw = any_i32(r);
        p->board.freq_mhz = any_i32(r);
        p->board.duty_permille = any_i32(r);
        p->board.barred = rng_below(r, 2);
        any_text(r, p->board.barred_why, sizeof p->board.barred_why);
        break;
    case REPORT_STARTED:
        p->started.at = HOUSE_MS(any_i64(r));
        break;
    case REPORT_LEVEL:
        p->level.phase = (uint8_t)rng_below(r, PHASE_N);
        p->level.progress_permille = any_i32(r);
        p->level.freq_mhz = any_i32(r);
        p->level.max_freq_mhz = any_i32(r);
        p->level.duty_permille = any_i32(r);
        p->level.cpu_permille = any_i32(r);
        p->level.memory_mb = any_i32(r);
        p->level.memory_max_mb = any_i32(r);
        p->level.exec_ms = any_i64(r);
        break;
    case REPORT_OUTPUT:
        any_output(r, a, p);
        break;
    case REPORT_EXITED:
        any_exit(r, p);
        break;
    case REPORT_METER_BOARD:
        p->meter_board.raw_mj = any_i64(r);
        p->meter_board.wrap_mj = any_i64(r);
        for (int i = 0; i < ACTIVITY_N; i++) {
            p->meter_board.part_mj[i] = any_i64(r);
            p->meter_board.part_ms[i] = any_i64(r);
        }
        break;
    case REPORT_METER_LEASE:
        p->meter_lease.energy_mj = any_i64(r);
        p->meter_lease.core_ms = any_i64(r);
        break;
    case REPORT_METER_ZONE:
        p->meter_zone.asked_mj = any_i64(r);
        p->meter_zone.delivered_mj = any_i64(r);
        p->meter_zone.useful_mj = any_i64(r);
        p->meter_zone.shadow_mj = any_i64(r);
        p->meter_zone.shadow_mc = any_i32(r);
        break;
    case REPORT_READY:
        break;
    case REPORT_SNAPSHOT:
        p->snapshot.number = (uint32_t)rng_next(r);
        p->snapshot.part = (uint32_t)rng_next(r);
        p->snapshot.files = any_i64(r);
        p->snapshot.bytes = any_i64(r);
        any_text(r, p->snapshot.code, sizeof p->snapshot.code);
        any_text(r, p->snapshot.message, sizeof p->snapshot.message);
        break;
    case REPORT_STAGING:
        p->staging.phase = (uint8_t)rng_below(r, PHASE_N);
        p->staging.files = any_i64(r);
        p->staging.files_n = any_i64(r);
        p->staging.bytes = any_i64(r);
        p->staging.bytes_n = any_i64(r);
        p->staging.ms = any_i64(r);
        break;
    default:
        p->setpoint.setpoint_mc = any_i32(r);
        p->setpoint.mode = (uint8_t)rng_below(r, ZONE_MODE_N);
        break;
    }
}

static void any_offer(struct rng *r, struct arena *a, struct offer *o)
{
    o->n_zones = rng_below(r, 4);
    o->zone = arena_alloc(a, 4 * sizeof *o->zone);
    for (size_t i = 0; i < o->n_zones; i++) {
        struct offer_zone *z = &o->zone[i];
        any_name(r, z->name);
        any_name(r, z->site);
        any_text(r, z->label, sizeof z->label);
        z->nameplate_w = any_i32(r);
        z->setpoint_mc = any_i32(r);
        z->mode = (uint8_t)rng_below(r, ZONE_MODE_N);
        z->is_virtual = rng_below(r, 2);
    }
    o->n_boards = rng_below(r, 4);
    o->board = arena_alloc(a, 4 * sizeof *o->board);
    for (size_t i = 0; i < o->n_boards; i++) {
        struct offer_board *b = &o->board[i];
        any_name(r, b->name);
        any_name(r, b->heater);
        any_name(r, b->zone);
        b->spec = (struct board_spec){.cores = any_i32(r), .memory_mb = any_i32(r), .gpu = rng_below(r, 2)};
        any_text(r, b->spec.key, sizeof b->spec.key);
        b->curve = *curve_default();
        b->sandbox = rng_below(r, 2);
        any_text(r, b->sandbox_lack, sizeof b->sandbox_lack);
        b->can_hold = rng_below(r, 2);
    }
}

static void any_up(struct rng *r, struct arena *a, struct sync_up *up)
{
    *up = (struct sync_up){.nonce = any_u64(r), .epoch = any_u64(r), .have = any_u64(r)};
    any_name(r, up->node);
    up->has_offer = rng_below(r, 2);
    if (up->has_offer)
        any_offer(r, a, &up->offer);
    up->n_reports = rng_below(r, 20);
    up->report = arena_alloc(a, 20 * sizeof *up->report);
    for (size_t i = 0; i < up->n_reports; i++)
        any_report(r, a, &up->report[i]);
}

static const struct stage_orders *any_orders(struct rng *r, struct arena *a)
{
    struct stage_orders *o = arena_alloc(a, sizeof *o);
    struct stage_snapshot *v = arena_alloc(a, 3 * sizeof *v);
    o->resync = (uint32_t)rng_next(r);
    o->period_ms = (int64_t)rng_below(r, 1000000);
    o->periodic.out.whitelist = rng_below(r, 2) ? "a$" : NULL;
    o->unique = v;
    o->n_unique = rng_below(r, 4);
    for (size_t i = 0; i < o->n_unique; i++) {
        v[i].number = (uint32_t)(i + 1 + rng_below(r, 1000));
        v[i].out.prefix = rng_below(r, 2) ? "in/é" : NULL;
    }
    return o;
}

static void any_down(struct rng *r, struct arena *a, struct sync_down *d)
{
    *d = (struct sync_down){
        .epoch = any_u64(r), .acked = any_u64(r), .version = any_u64(r), .cap_mw = any_i64(r)};
    d->epoch_refused = rng_below(r, 2);
    d->filler_allowed = rng_below(r, 2);
    d->donated_allowed = rng_below(r, 2);
    d->house = HOUSE_MS(any_i64(r));
    d->until = HOUSE_MS(any_i64(r));
    d->n_zones = rng_below(r, 4);
    d->zone = arena_alloc(a, 4 * sizeof *d->zone);
    for (size_t i = 0; i < d->n_zones; i++) {
        struct desired_zone *z = &d->zone[i];
        any_name(r, z->name);
        z->mode = (uint8_t)rng_below(r, ZONE_MODE_N);
        z->setpoint_mc = any_i32(r);
        z->boost_until = HOUSE_MS(any_i64(r));
        z->lid_clear = HOUSE_MS(any_i64(r));
        z->lid_open = rng_below(r, 2);
        z->schedule = rng_below(r, 2) ? "daily 22:30 eco" : NULL;
        z->utc_offset_min = any_i32(r);
    }
    d->n_assignments = rng_below(r, 4);
    d->assignment = arena_alloc(a, 4 * sizeof *d->assignment);
    for (size_t i = 0; i < d->n_assignments; i++) {
        struct assignment *s = &d->assignment[i];
        if (rng_below(r, 2))
            s->within = any_u64(r);
        else
            s->slots = (int32_t)rng_below(r, 65);
        s->hold = rng_below(r, 2);
        s->memory_mb = rng_below(r, 2) ? any_i32(r) : 0;
        s->lease = any_u64(r) | 1;
        any_name(r, s->board);
        strcpy(s->task_uuid, "00000000-0000-4000-8000-000000000000");
        s->instance = (uint32_t)any_u64(r);
        s->instance_count = (uint32_t)any_u64(r);
        s->attempt = (uint32_t)any_u64(r);
        s->activity = (uint8_t)rng_below(r, ACTIVITY_DONATED + 1);
        s->until = HOUSE_MS(any_i64(r));
        s->on_lapse = (uint8_t)rng_below(r, LAPSE_N);
        s->stop = rng_below(r, 2);
        s->stop_end = (uint8_t)rng_below(r, ATTEMPT_END_N);
        char *body = arena_alloc(a, 300);
        any_text(r, body, 300);
        s->body = rng_below(r, 2) ? body : NULL;
        if (rng_below(r, 2))
            s->orders = any_orders(r, a);
    }
}

static void same_report(const struct report *a, const struct report *b)
{
    struct report x = *a, y = *b;
    if (a->kind == REPORT_OUTPUT) {
        assert_int_equal(a->output.n, b->output.n);
        assert_memory_equal(a->output.data, b->output.data, a->output.n);
        x.output.data = y.output.data = NULL;
    } else if (a->kind == REPORT_EXITED) {
        assert_true(!a->exited.names == !b->exited.names);
        if (a->exited.names)
            assert_string_equal(a->exited.names, b->exited.names);
        x.exited.names = y.exited.names = NULL;
    }
    assert_memory_equal(&x, &y, sizeof x); // both lie in zeroed memory: padding and text tails are equal too
}

static void what_goes_up_comes_out_to_the_bit(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, SEED);
    for (int round = 0; round < 500; round++) {
        struct arena a = ARENA_NULL, b = ARENA_NULL;
        struct sync_up up, got;
        struct err e = ERR_NULL;
        any_up(&r, &a, &up);
        size_t n;
        char *text = wire_up_encode(&up, &n);
        if (wire_up_decode(text, n, &b, &got, &e) < 0)
            fail_msg("seed %d round %d: %s\n%s", SEED, round, e.text, text);
        assert_string_equal(up.node, got.node);
        assert_true(up.nonce == got.nonce && up.epoch == got.epoch && up.have == got.have);
        assert_int_equal(up.has_offer, got.has_offer);
        assert_int_equal(up.n_reports, got.n_reports);
        for (size_t i = 0; i < up.n_reports; i++)
            same_report(&up.report[i], &got.report[i]);
        assert_int_equal(up.offer.n_zones, got.offer.n_zones);
        assert_int_equal(up.offer.n_boards, got.offer.n_boards);
        for (size_t i = 0; i < got.offer.n_zones; i++)
            assert_memory_equal(&up.offer.zone[i], &got.offer.zone[i], sizeof got.offer.zone[i]);
        for (size_t i = 0; i < got.offer.n_boards; i++)
            assert_int_equal(up.offer.board[i].can_hold, got.offer.board[i].can_hold);
        for (size_t i = 0; i < got.offer.n_boards; i++)
            assert_memory_equal(&up.offer.board[i].curve.p, &got.offer.board[i].curve.p,
                                sizeof up.offer.board[i].curve.p);
        size_t n_again;
        char *again = wire_up_encode(&got, &n_again);
        assert_string_equal(text, again);
        free(again);
        free(text);
        arena_deinit(&a);
        arena_deinit(&b);
    }
}

static void what_comes_down_comes_out_to_the_bit(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, SEED + 1);
    for (int round = 0; round < 500; round++) {
        struct arena a = ARENA_NULL, b = ARENA_NULL;
        struct sync_down down, got;
        struct err e = ERR_NULL;
        any_down(&r, &a, &down);
        size_t n;
        char *text = wire_down_encode(&down, &n);
        if (wire_down_decode(text, n, &b, &got, &e) < 0)
            fail_msg("seed %d round %d: %s\n%s", SEED + 1, round, e.text, text);
        assert_true(down.epoch == got.epoch && down.acked == got.acked && down.version == got.version);
        assert_true(down.house.v == got.house.v && down.until.v == got.until.v && down.cap_mw == got.cap_mw);
        assert_int_equal(down.n_assignments, got.n_assignments);
        for (size_t i = 0; i < got.n_assignments; i++) {
            const struct assignment *x = &down.assignment[i], *y = &got.assignment[i];
            assert_true(x->slots == y->slots && x->within == y->within && x->hold == y->hold &&
                        x->memory_mb == y->memory_mb);
            assert_true(x->lease == y->lease && x->until.v == y->until.v);
            assert_true(x->instance == y->instance && x->instance_count == y->instance_count &&
                        x->attempt == y->attempt);
            assert_int_equal(x->body == NULL, y->body == NULL);
            if (x->body)
                assert_string_equal(x->body, y->body);
        }
        size_t n_again;
        char *again = wire_down_encode(&got, &n_again);
        assert_string_equal(text, again);
        free(again);
        free(text);
        arena_deinit(&a);
        arena_deinit(&b);
    }
}

#define DOWN_HEAD                                                                                            \
    "{\"epoch_refused\":false,\"epoch\":1,\"acked\":2,\"version\":3,\"house_ms\":4,\"until\":5,\"cap_mw\":-" \
    "1,"                                                                                                     \
    "\"filler_allowed\":true,\"donated_allowed\":false,"

static void what_is_wrong_is_refused_by_name(void **state)
{
    (void)state;
    static const char *const row[][2] = {
        {"", "is not JSON"},
        {"[]", "is not an object"},
        {DOWN_HEAD "\"zones\":[]}", "assignments: is not an array"},
        {DOWN_HEAD "\"zones\":[],\"assignments\":[7]}", "assignments[0]: is not an object"},
        {DOWN_HEAD "\"zones\":[{\"name\":\"-a\"}],\"assignments\":[]}", "zones[0]: name: is not a name"},
        {DOWN_HEAD "\"zones\":[{\"name\":\"a\\u0000b\"}],\"assignments\":[]}",
         "zones[0]: name: is not a text"},
        {DOWN_HEAD "\"zones\":[{\"name\":\"a\",\"mode\":\"hot\"}],\"assignments\":[]}",
         "mode: is not one of its names"},
        {DOWN_HEAD
         "\"zones\":[{\"name\":\"a\",\"mode\":\"eco\",\"setpoint_mc\":2147483648}],\"assignments\":[]}",
         "setpoint_mc: is not an integer of 32 bits"},
        {DOWN_HEAD "\"zones\":[{\"name\":\"a\",\"mode\":\"eco\",\"setpoint_mc\":1.0}],\"assignments\":[]}",
         "setpoint_mc: is not an integer"},
        {DOWN_HEAD "\"zones\":[{\"name\":\"a\",\"mode\":\"eco\"}],\"assignments\":[]}",
         "setpoint_mc: is missing"},
        {DOWN_HEAD "\"epoch\":2,\"zones\":[],\"assignments\":[]}", "duplicate"},
    };
    for (size_t i = 0; i < ARRAY_LEN(row); i++) {
        struct arena a = ARENA_NULL;
        struct sync_down d;
        struct err e = ERR_NULL;
        assert_int_equal(wire_down_decode(row[i][0], strlen(row[i][0]), &a, &d, &e), -EBADMSG);
        if (!strstr(e.text, row[i][1]))
            fail_msg("row %zu: \"%s\" does not say \"%s\"", i, e.text, row[i][1]);
        arena_deinit(&a);
    }
}

static void unknown_members_are_ignored(void **state)
{
    (void)state;
    static const char text[] = DOWN_HEAD "\"zones\":[],\"assignments\":[],\"new\":{\"x\":[1,2.5,null]}}";
    struct arena a = ARENA_NULL;
    struct sync_down d;
    struct err e = ERR_NULL;
    assert_int_equal(wire_down_decode(text, strlen(text), &a, &d, &e), 0);
    assert_int_equal(d.epoch, 1);
    assert_int_equal(d.cap_mw, -1);
    assert_true(d.filler_allowed);
    arena_deinit(&a);
}

static void more_than_the_limit_is_refused(void **state)
{
    (void)state;
    struct arena a = ARENA_NULL, b = ARENA_NULL;
    struct sync_up up = {.node = "n"}, got;
    struct err e = ERR_NULL;
    up.n_reports = WIRE_REPORTS_MAX + 1;
    up.report = arena_alloc(&a, up.n_reports * sizeof *up.report);
    for (size_t i = 0; i < up.n_reports; i++)
        up.report[i].kind = REPORT_STARTED;
    size_t n;
    char *text = wire_up_encode(&up, &n);
    assert_int_equal(wire_up_decode(text, n, &b, &got, &e), -EBADMSG);
    assert_non_null(strstr(e.text, "8193 items where at most 8192 are taken"));
    free(text);
    up.n_reports = 1;
    up.report[0] = (struct report){.kind = REPORT_OUTPUT};
    up.report[0].output.n = WIRE_OUTPUT_MAX + 1;
    up.report[0].output.data = arena_alloc(&a, WIRE_OUTPUT_MAX + 1);
    text = wire_up_encode(&up, &n);
    assert_int_equal(wire_up_decode(text, n, &b, &got, &e), -EBADMSG);
    assert_non_null(strstr(e.text, "reports[0]: data: 65537 bytes"));
    free(text);
    arena_deinit(&a);
    arena_deinit(&b);
}

static void a_damaged_message_never_breaks_the_reader(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, SEED + 2);
    for (int round = 0; round < 2000; round++) {
        struct arena a = ARENA_NULL;
        struct sync_up up, got;
        struct err e = ERR_NULL;
        any_up(&r, &a, &up);
        size_t n;
        char *text = wire_up_encode(&up, &n);
        for (int k = 0; k < 3; k++)
            text[rng_below(&r, n)] = (char)rng_below(&r, 256);
        if (wire_up_decode(text, n, &a, &got, &e) < 0)
            assert_true(strlen(e.text) > 0);
        free(text);
        arena_deinit(&a);
    }
}

static void base64_agrees_with_the_vectors_of_rfc_4648(void **state)
{
    (void)state;
    static const char *const row[][2] = {{"", ""},
                                         {"f", "Zg=="},
                                         {"fo", "Zm8="},
                                         {"foo", "Zm9v"},
                                         {"foob", "Zm9vYg=="},
                                         {"fooba", "Zm9vYmE="},
                                         {"foobar", "Zm9vYmFy"}};
    char text[16], back[16];
    size_t n;
    for (size_t i = 0; i < ARRAY_LEN(row); i++) {
        base64_encode(text, row[i][0], strlen(row[i][0]));
        assert_memory_equal(text, row[i][1], strlen(row[i][1]));
        assert_true(base64_decode(back, &n, row[i][1], strlen(row[i][1])));
        assert_int_equal(n, strlen(row[i][0]));
        assert_memory_equal(back, row[i][0], n);
    }
    static const char *const bad[] = {"Zg=", "Zh==", "====", "Z===", "Zm9=v", "Zm 9", "Zm8=Zm8="};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_false(base64_decode(back, &n, bad[i], strlen(bad[i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_goes_up_comes_out_to_the_bit),
        cmocka_unit_test(what_comes_down_comes_out_to_the_bit),
        cmocka_unit_test(what_is_wrong_is_refused_by_name),
        cmocka_unit_test(unknown_members_are_ignored),
        cmocka_unit_test(more_than_the_limit_is_refused),
        cmocka_unit_test(a_damaged_message_never_breaks_the_reader),
        cmocka_unit_test(base64_agrees_with_the_vectors_of_rfc_4648),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
