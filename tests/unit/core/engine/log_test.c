// SPDX-License-Identifier: Apache-2.0
// Events as bytes: what is written is read, field by field; what is damaged is refused or read, never
// harmful.
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
#include "core/engine/log.h"

static int64_t any(struct rng *g)
{
    switch (rng_below(g, 4)) {
    case 0:
        return (int64_t)rng_below(g, 100);
    case 1:
        return -(int64_t)rng_below(g, 100000);
    case 2:
        return INT64_MIN;
    default:
        return (int64_t)rng_next(g);
    }
}

static const char *word(struct rng *g)
{
    static const char *const words[] = {
        "", "a", "z-1", "caf\xc3\xa9", "a b\"c\\", "0123456789012345678901234567890123456789"};
    return words[rng_below(g, 6)];
}

static void put(struct rng *g, char *to, size_t size)
{
    snprintf(to, size, "%s", word(g));
}

static void random_offer(struct rng *g, struct arena *a, struct offer *o)
{
    o->n_zones = rng_below(g, 3);
    o->n_boards = rng_below(g, 3);
    o->zone = arena_alloc(a, o->n_zones * sizeof *o->zone);
    o->board = arena_alloc(a, o->n_boards * sizeof *o->board);
    for (size_t i = 0; i < o->n_zones; i++) {
        put(g, o->zone[i].name, NAME_BYTES);
        o->zone[i].nameplate_w = (int32_t)any(g);
        o->zone[i].is_virtual = rng_below(g, 2);
    }
    for (size_t i = 0; i < o->n_boards; i++) {
        put(g, o->board[i].name, NAME_BYTES);
        put(g, o->board[i].spec.key, SPEC_KEY_BYTES);
        o->board[i].spec.cores = (int32_t)any(g);
        o->board[i].curve = *curve_default();
        o->board[i].sandbox = rng_below(g, 2);
        put(g, o->board[i].sandbox_lack, sizeof o->board[i].sandbox_lack);
        o->board[i].can_hold = rng_below(g, 2);
    }
}

static void random_report(struct rng *g, struct report *r)
{
    *r = (struct report){.seq = rng_next(g), .at = HOUSE_MS(any(g)), .lease = rng_next(g)};
    r->kind = (enum report_kind)rng_below(g, REPORT_KIND_N);
    put(g, r->name, sizeof r->name);
    switch (r->kind) {
    case REPORT_ZONE:
        r->zone.request.up_j = any(g);
        r->zone.guard = 3;
        put(g, r->zone.why, sizeof r->zone.why);
        break;
    case REPORT_BOARD:
        r->board.barred = true;
        put(g, r->board.barred_why, sizeof r->board.barred_why);
        break;
    case REPORT_STARTED:
        r->started.at = HOUSE_MS(any(g));
        break;
    case REPORT_LEVEL:
        r->level.progress_permille = -1;
        r->level.exec_ms = any(g);
        break;
    case REPORT_OUTPUT:
        r->output.stream = 1;
        r->output.data = "any\0bytes\xff";
        r->output.n = 10;
        break;
    case REPORT_EXITED:
        r->exited.exit_code = (int32_t)any(g);
        r->exited.energy_mj = any(g);
        r->exited.results = (int32_t)any(g);
        r->exited.fetch_ms = any(g);
        r->exited.fetch_bytes = any(g);
        r->exited.store_ms = any(g);
        r->exited.store_bytes = any(g);
        r->exited.clock_permille = (int32_t)any(g);
        r->exited.names = any(g) % 2 ? "a\nb\n" : NULL;
        put(g, r->exited.message, sizeof r->exited.message);
        break;
    case REPORT_METER_BOARD:
        r->meter_board.raw_mj = any(g);
        for (int i = 0; i < ACTIVITY_N; i++)
            r->meter_board.part_mj[i] = any(g);
        break;
    case REPORT_METER_LEASE:
        r->meter_lease.energy_mj = any(g);
        break;
    case REPORT_METER_ZONE:
        r->meter_zone.shadow_mc = INT32_MIN;
        break;
    case REPORT_READY:
        break;
    case REPORT_SNAPSHOT:
        r->snapshot.part = (uint32_t)any(g);
        put(g, r->snapshot.message, sizeof r->snapshot.message);
        break;
    case REPORT_STAGING:
        r->staging.phase = 1;
        r->staging.bytes = any(g);
        r->staging.ms = any(g);
        break;
    default:
        r->setpoint.setpoint_mc = (int32_t)any(g);
        break;
    }
}

static void random_draft(struct rng *g, struct task_draft *d)
{
    *d = (struct task_draft){.name = word(g),
                             .ranges = "0-3,7",
                             .instances = (int32_t)any(g),
                             .body = word(g),
                             .activity = (enum activity)rng_below(g, 4),
                             .queue_max_ms = any(g)};
    d->shortname = rng_below(g, 2) ? word(g) : NULL;
    d->project = rng_below(g, 2) ? word(g) : NULL;
    d->machine_key = d->reservation = rng_below(g, 2) ? word(g) : NULL;
    d->pool = rng_below(g, 2) ? word(g) : NULL;
    d->refusal_code = rng_below(g, 2) ? 400 : 0;
    d->refusal = d->refusal_code ? word(g) : NULL;
    d->constraint.cores_min = (int32_t)any(g);
    put(g, d->constraint.cpu_model, CPU_MODEL_BYTES);
    for (int i = 0; i < 16; i++)
        d->uuid[i] = (uint8_t)rng_next(g);
}

static struct quota_wish random_quota(struct rng *g)
{
    struct quota_wish w = {.given = (uint32_t)rng_below(g, 1 << QUOTA_N)};
    for (int i = 0; i < QUOTA_N; i++)
        w.most[i] = (int32_t)any(g);
    return w;
}

static void random_event(struct rng *g, struct arena *a, struct event *ev)
{
    *ev = (struct event){.kind = (enum event_kind)rng_below(g, EVENT_KIND_N),
                         .seq = rng_next(g),
                         .token = rng_next(g),
                         .now = HOUSE_MS(any(g))};
    struct task_draft *d;
    struct zone_want *w;
    uint64_t *ids;
    switch (ev->kind) {
    case EVENT_ACCOUNT_PUT:
        ev->account.email = word(g);
        ev->account.only_new = ev->account.has_research = ev->account.research = true;
        ev->account.organisation = rng_below(g, 2) ? word(g) : NULL;
        ev->account.project = rng_below(g, 2) ? word(g) : NULL;
        ev->account.credit_neur = any(g);
        ev->account.quota = random_quota(g);
        break;
    case EVENT_ORGANISATION_PUT:
        ev->organisation.organisation = word(g);
        ev->organisation.only_old = true;
        ev->organisation.quota = random_quota(g);
        break;
    case EVENT_PROJECT_PUT:
        ev->project.project = rng_below(g, 2) ? word(g) : NULL;
        ev->project.organisation = ev->project.slug = word(g);
        ev->project.has_archived = true;
        break;
    case EVENT_TOKEN_PUT:
        ev->token_put.account = rng_next(g);
        ev->token_put.name = ev->token_put.digest = word(g);
        ev->token_put.expires_ms = any(g);
        break;
    case EVENT_BUDGET_PUT:
        ev->budget.project = word(g);
        ev->budget.total_neur = any(g);
        ev->budget.has_policy = true;
        ev->budget.policy = 2;
        break;
    case EVENT_RESERVATION_PUT:
        ev->reservation.reservation = rng_below(g, 2) ? word(g) : NULL;
        ev->reservation.name = ev->reservation.machine_key = word(g);
        ev->reservation.to_ms = any(g);
        ev->reservation.remove = true;
        break;
    case EVENT_SECRET:
        ev->secret.verb = (enum secret_verb)rng_below(g, 3);
        ev->secret.key = word(g);
        ev->secret.sealed = word(g);
        break;
    case EVENT_TASKS_CREATE:
        ev->create.n = rng_below(g, 4);
        ev->create.draft = d = arena_alloc(a, ev->create.n * sizeof *d);
        for (size_t i = 0; i < ev->create.n; i++)
            random_draft(g, &d[i]);
        break;
    case EVENT_SYNC:
        put(g, ev->sync.node, NAME_BYTES);
        ev->sync.nonce = rng_next(g);
        ev->sync.has_offer = rng_below(g, 2);
        if (ev->sync.has_offer)
            random_offer(g, a, &ev->sync.offer);
        ev->sync.n_reports = rng_below(g, 6);
        ev->sync.report = arena_alloc(a, ev->sync.n_reports * sizeof *ev->sync.report);
        for (size_t i = 0; i < ev->sync.n_reports; i++)
            random_report(g, &ev->sync.report[i]);
        break;
    case EVENT_ZONE_SET:
        ev->zone.zone = word(g);
        ev->zone.has_schedule = true;
        ev->zone.schedule = word(g);
        ev->zone.boost_ms = any(g);
        break;
    case EVENT_SITE_SET:
        ev->site.site = word(g);
        ev->site.cap_mw = any(g);
        ev->site.setting = word(g);
        ev->site.make = any(g) & 1;
        break;
    case EVENT_REPLICA:
        ev->replica.site = word(g);
        ev->replica.key = rng_next(g);
        ev->replica.there = rng_below(g, 2);
        break;
    case EVENT_ZONES_WANT:
        ev->wants.n = rng_below(g, 5);
        ev->wants.zone = w = arena_alloc(a, ev->wants.n * sizeof *w);
        for (size_t i = 0; i < ev->wants.n; i++)
            w[i] = (struct zone_want){.zone = rng_next(g), .target_w = (int32_t)any(g), .keep_w = (int32_t)any(g)};
        break;
    case EVENT_LID_CLEAR:
        ev->lid.heater = word(g);
        ev->lid.by = word(g);
        break;
    case EVENT_BOARD_BAR:
        ev->bar.board = word(g);
        ev->bar.why = rng_below(g, 2) ? word(g) : NULL;
        break;
    case EVENT_JOB_CREATE:
        ev->job.draft =
            (struct job_draft){.name = word(g), .body = word(g), .wall_ms = any(g), .keep_ms = any(g)};
        ev->job.draft.shortname = rng_below(g, 2) ? word(g) : NULL;
        break;
    case EVENT_POOL_CREATE:
    case EVENT_POOL_PUT:
        ev->pool.id = ev->kind == EVENT_POOL_PUT ? word(g) : NULL;
        ev->pool.draft = (struct pool_draft){.name = word(g),
                                             .profile = word(g),
                                             .scaling = word(g),
                                             .body = word(g),
                                             .slots_per_node = 1 + (int32_t)rng_below(g, 64),
                                             .keep_ms = any(g),
                                             .queue_max_ms = any(g)};
        ev->pool.draft.shortname = rng_below(g, 2) ? word(g) : NULL;
        ev->pool.draft.constraint.cores_min = (int32_t)any(g);
        ev->pool.draft.project = rng_below(g, 2) ? word(g) : NULL;
        ev->pool.draft.machine_key = ev->pool.draft.reservation = rng_below(g, 2) ? word(g) : NULL;
        break;
    case EVENT_TASK_ORDER:
        ev->order.id = word(g);
        ev->order.what = (enum task_ask)rng_below(g, ASK_N);
        ev->order.period_ms = any(g);
        ev->order.config = (struct snapshot_config){.whitelist = word(g), .prefix = word(g)};
        break;
    case EVENT_PUBLISHED:
        ev->published.lease = rng_next(g);
        ev->published.part = (uint32_t)rng_below(g, 9);
        ev->published.code = rng_below(g, 2) ? word(g) : NULL;
        break;
    case EVENT_JOB_SWEEP:
        ev->job.id = word(g);
        ev->job.n_tasks = rng_below(g, 5);
        ev->job.task = ids = arena_alloc(a, (ev->job.n_tasks + 1) * sizeof *ids);
        for (size_t i = 0; i < ev->job.n_tasks; i++)
            ids[i] = rng_next(g);
        break;
    default:
        ev->task.account = rng_next(g);
        if (ev->kind != EVENT_TICK && ev->kind != EVENT_TASKS_ABORT)
            ev->task.id = word(g);
        break;
    }
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    struct rng g;
    struct arena a = ARENA_NULL;
    rng_seed(&g, 11);
    for (int i = 0; i < 20000; i++) {
        struct event ev, got;
        struct err e = ERR_NULL;
        struct buf first = BUF_INIT(1 << 20), second = BUF_INIT(1 << 20);
        random_event(&g, &a, &ev);
        event_encode(&ev, &first);
        if (event_decode(first.v, first.n, &a, &got, &e) < 0)
            fail_msg("event %d of kind %d: %s", i, (int)ev.kind, e.text);
        event_encode(&got, &second);
        assert_int_equal(first.n, second.n);
        assert_memory_equal(first.v, second.v, first.n);
        assert_int_equal(got.kind, ev.kind);
        assert_true(got.seq == ev.seq && got.token == ev.token && got.now.v == ev.now.v);
        if (ev.kind == EVENT_SYNC) {
            assert_memory_equal(got.sync.node, ev.sync.node, NAME_BYTES);
            for (size_t k = 0; k < ev.sync.n_reports; k++)
                if (ev.sync.report[k].kind != REPORT_OUTPUT)
                    assert_memory_equal(&got.sync.report[k], &ev.sync.report[k],
                                        offsetof(struct report, zone));
                else
                    assert_memory_equal(got.sync.report[k].output.data, "any\0bytes\xff", 10);
        }
        buf_deinit(&first);
        buf_deinit(&second);
        arena_clear(&a);
    }
    arena_deinit(&a);
}

static void damage_is_refused_or_read_and_does_no_harm(void **state)
{
    (void)state;
    struct rng g;
    struct arena a = ARENA_NULL;
    rng_seed(&g, 12);
    for (int i = 0; i < 1500; i++) {
        struct event ev, got;
        struct err e = ERR_NULL;
        struct buf b = BUF_INIT(1 << 20);
        random_event(&g, &a, &ev);
        event_encode(&ev, &b);
        for (size_t n = 0; n < b.n; n += 1 + b.n / 40)
            assert_int_equal(event_decode(b.v, n, &a, &got, &e), -EBADMSG);
        for (int k = 0; k < 20; k++) {
            b.v[rng_below(&g, b.n)] ^= (char)(1 << rng_below(&g, 8));
            int r = event_decode(b.v, b.n, &a, &got, &e);
            assert_true(r == 0 || r == -EBADMSG);
        }
        buf_deinit(&b);
        arena_clear(&a);
    }
    arena_deinit(&a);
}

static void a_log_that_was_cut_ends_before_the_cut_and_another_file_is_refused(void **state)
{
    (void)state;
    struct buf log = BUF_INIT(1 << 20);
    struct arena a = ARENA_NULL;
    struct log_record r;
    struct err e = ERR_NULL;
    buf_puts(&log, LOG_HEADER);
    log_put_event(&(struct event){.kind = EVENT_TICK, .seq = 1, .now = HOUSE_MS(5)}, &log);
    log_put_settle(HOUSE_MS(6), &log);
    size_t whole = log.n, pos = 0;
    log_put_event(&(struct event){.kind = EVENT_TICK, .seq = 2, .now = HOUSE_MS(1700000000000)}, &log);
    for (size_t n = whole; n < log.n; n++) {
        pos = 0;
        assert_int_equal(log_next(log.v, n, &pos, &a, &r, &e), 1);
        assert_true(r.what == LOG_EVENT && r.ev.seq == 1 && r.ev.now.v == 5);
        assert_int_equal(log_next(log.v, n, &pos, &a, &r, &e), 1);
        assert_true(r.what == LOG_SETTLE && r.now.v == 6);
        assert_int_equal(log_next(log.v, n, &pos, &a, &r, &e), 0);
        assert_int_equal(pos, whole);
    }
    pos = 0;
    assert_int_equal(log_next("ondol-log 9\nxx", 14, &pos, &a, &r, &e), -EBADMSG);
    arena_deinit(&a);
    buf_deinit(&log);
}

static void a_recording_begins_with_the_configuration_and_ends_with_the_hash(void **state)
{
    (void)state;
    struct buf log = BUF_INIT(1 << 20);
    struct arena a = ARENA_NULL;
    struct log_record r;
    struct err e = ERR_NULL;
    size_t pos = 0;
    struct log_start s = {.restore_from = HOUSE_MS(-7), .restored = HOUSE_MS(INT64_MAX)};
    int64_t n = 1;
    s.config.instances_per_task = (int32_t)++n;
    s.config.tasks_per_account = (int32_t)++n;
    s.config.jobs_per_account = (int32_t)++n;
    s.config.secrets_per_account = (int32_t)++n;
    s.config.pools_per_account = (int32_t)++n;
    s.config.lease_ms = ++n;
    s.config.lease_margin_ms = ++n;
    s.config.dispatch_delay_ms = ++n;
    s.config.start_timeout_ms = ++n;
    s.config.preempt_grace_ms = ++n;
    s.config.rest_first_ms = ++n;
    s.config.rest_most_ms = ++n;
    s.config.donated_allowed = s.config.filler_allowed = s.config.check_plans = s.config.reserved_by_all =
        true;
    s.config.policy = 3;
    for (int i = 0; i < BILL_CLASSES; i++)
        s.config.bill.ueur_per_core_h[i] = n + 1 + i;
    s.config.bill.ueur_per_kwh = n + 5;
    s.config.bill.lost_too = true;
    buf_puts(&log, LOG_HEADER);
    log_put_start(&s, &log);
    log_put_reload(&log);
    log_put_end(UINT64_MAX - 2, &log);
    assert_int_equal(log_next(log.v, log.n, &pos, &a, &r, &e), 1);
    assert_int_equal(r.what, LOG_START);
    assert_true(r.start.restore_from.v == -7 && r.start.restored.v == INT64_MAX);
    assert_true(r.start.config.instances_per_task == s.config.instances_per_task &&
                r.start.config.tasks_per_account == s.config.tasks_per_account &&
                r.start.config.jobs_per_account == s.config.jobs_per_account &&
                r.start.config.lease_ms == s.config.lease_ms &&
                r.start.config.pools_per_account == s.config.pools_per_account &&
                r.start.config.secrets_per_account == s.config.secrets_per_account &&
                r.start.config.lease_margin_ms == s.config.lease_margin_ms &&
                r.start.config.dispatch_delay_ms == s.config.dispatch_delay_ms &&
                r.start.config.start_timeout_ms == s.config.start_timeout_ms &&
                r.start.config.preempt_grace_ms == s.config.preempt_grace_ms &&
                r.start.config.rest_first_ms == s.config.rest_first_ms &&
                r.start.config.rest_most_ms == s.config.rest_most_ms);
    assert_true(r.start.config.donated_allowed && r.start.config.filler_allowed &&
                r.start.config.reserved_by_all && r.start.config.check_plans && r.start.config.policy == 3);
    assert_memory_equal(r.start.config.bill.ueur_per_core_h, s.config.bill.ueur_per_core_h,
                        sizeof s.config.bill.ueur_per_core_h);
    assert_true(r.start.config.bill.ueur_per_kwh == n + 5 && r.start.config.bill.lost_too);
    // A new field of the configuration that the log does not keep would make a replay another run.
    _Static_assert(sizeof(struct server_config) == 144,
                   "a field was added: it belongs into walk_start and above");
    assert_int_equal(log_next(log.v, log.n, &pos, &a, &r, &e), 1);
    assert_int_equal(r.what, LOG_RELOAD);
    assert_int_equal(log_next(log.v, log.n, &pos, &a, &r, &e), 1);
    assert_true(r.what == LOG_END && r.hash == UINT64_MAX - 2);
    assert_int_equal(log_next(log.v, log.n, &pos, &a, &r, &e), 0);
    arena_deinit(&a);
    buf_deinit(&log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(damage_is_refused_or_read_and_does_no_harm),
        cmocka_unit_test(a_recording_begins_with_the_configuration_and_ends_with_the_hash),
        cmocka_unit_test(a_log_that_was_cut_ends_before_the_cut_and_another_file_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
