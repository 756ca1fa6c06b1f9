// SPDX-License-Identifier: Apache-2.0
//
// What a node says, as bytes.
#include "core/engine/log_codec.h"

static void spec(struct codec *c, struct board_spec *s)
{
    N(c, s->cores);
    N(c, s->memory_mb);
    N(c, s->gpu);
    N(c, s->ssd);
    T(c, s->key);
    T(c, s->cpu_model);
}

static void curve(struct codec *c, struct curve *k)
{
    T(c, k->model);
    N(c, k->cores);
    N(c, k->idle_mw);
    N(c, k->sleep_mw);
    N(c, k->boot_ms);
    N(c, k->n);
    if (k->n < 0 || k->n > CURVE_POINTS_MAX) {
        c->bad = true;
        return;
    }
    for (int i = 0; i < k->n; i++) {
        N(c, k->p[i].freq_mhz);
        N(c, k->p[i].draw_mw);
    }
}

static void offer(struct codec *c, struct offer *o)
{
    o->zone = codec_items(c, o->zone, &o->n_zones, sizeof *o->zone);
    for (size_t i = 0; i < o->n_zones && !c->bad; i++) {
        struct offer_zone *z = &o->zone[i];
        T(c, z->name);
        T(c, z->site);
        T(c, z->label);
        N(c, z->nameplate_w);
        N(c, z->setpoint_mc);
        N(c, z->mode);
        N(c, z->is_virtual);
    }
    o->board = codec_items(c, o->board, &o->n_boards, sizeof *o->board);
    for (size_t i = 0; i < o->n_boards && !c->bad; i++) {
        struct offer_board *b = &o->board[i];
        T(c, b->name);
        T(c, b->heater);
        T(c, b->zone);
        spec(c, &b->spec);
        curve(c, &b->curve);
        N(c, b->sandbox);
        T(c, b->sandbox_lack);
        N(c, b->can_hold);
    }
}

static void report_zone(struct codec *c, struct report *r)
{
    N(c, r->zone.room_mc);
    N(c, r->zone.setpoint_mc);
    N(c, r->zone.mode);
    N(c, r->zone.guard);
    N(c, r->zone.draw_w);
    N(c, r->zone.missing_w);
    N(c, r->zone.model_known);
    N(c, r->zone.model.capacity_j_per_k);
    N(c, r->zone.model.loss_mw_per_k);
    N(c, r->zone.model.gain_w);
    struct heat_request *q = &r->zone.request;
    N(c, q->target_w);
    N(c, q->min_w);
    N(c, q->max_w);
    N(c, q->keep_w);
    N(c, q->up_j);
    N(c, q->down_j);
    N(c, q->t_up_s);
    N(c, q->t_down_s);
    N(c, q->valid_until.v);
    T(c, r->zone.why);
}

static void report_board(struct codec *c, struct report *r)
{
    N(c, r->board.run);
    N(c, r->board.draw_mw);
    N(c, r->board.freq_mhz);
    N(c, r->board.duty_permille);
    N(c, r->board.barred);
    T(c, r->board.barred_why);
}

static void report_started(struct codec *c, struct report *r)
{
    N(c, r->started.at.v);
}

static void report_level(struct codec *c, struct report *r)
{
    N(c, r->level.phase);
    N(c, r->level.progress_permille);
    N(c, r->level.freq_mhz);
    N(c, r->level.max_freq_mhz);
    N(c, r->level.duty_permille);
    N(c, r->level.cpu_permille);
    N(c, r->level.memory_mb);
    N(c, r->level.memory_max_mb);
    N(c, r->level.net_in_kbps);
    N(c, r->level.net_out_kbps);
    N(c, r->level.exec_ms);
}

static void report_output(struct codec *c, struct report *r)
{
    N(c, r->output.stream);
    codec_blob(c, &r->output.data, &r->output.n);
}

static void report_exited(struct codec *c, struct report *r)
{
    N(c, r->exited.end);
    N(c, r->exited.exit_code);
    N(c, r->exited.signal);
    N(c, r->exited.wall_ms);
    N(c, r->exited.exec_ms);
    N(c, r->exited.core_ms);
    N(c, r->exited.work_mhz_s);
    N(c, r->exited.energy_mj);
    N(c, r->exited.peak_memory_mb);
    N(c, r->exited.clock_permille);
    N(c, r->exited.results);
    N(c, r->exited.fetch_ms);
    N(c, r->exited.fetch_bytes);
    N(c, r->exited.store_ms);
    N(c, r->exited.store_bytes);
    codec_string(c, &r->exited.names);
    T(c, r->exited.code);
    T(c, r->exited.message);
}

static void report_meter_board(struct codec *c, struct report *r)
{
    N(c, r->meter_board.raw_mj);
    N(c, r->meter_board.wrap_mj);
    for (int i = 0; i < ACTIVITY_N; i++) {
        N(c, r->meter_board.part_mj[i]);
        N(c, r->meter_board.part_ms[i]);
    }
}

static void report_meter_lease(struct codec *c, struct report *r)
{
    N(c, r->meter_lease.energy_mj);
    N(c, r->meter_lease.core_ms);
}

static void report_meter_zone(struct codec *c, struct report *r)
{
    N(c, r->meter_zone.asked_mj);
    N(c, r->meter_zone.delivered_mj);
    N(c, r->meter_zone.useful_mj);
    N(c, r->meter_zone.shadow_mj);
    N(c, r->meter_zone.shadow_mc);
}

static void report_setpoint(struct codec *c, struct report *r)
{
    N(c, r->setpoint.setpoint_mc);
    N(c, r->setpoint.mode);
}

static void report_ready(struct codec *c, struct report *r)
{
    (void)c;
    (void)r;
}

static void report_snapshot(struct codec *c, struct report *r)
{
    N(c, r->snapshot.number);
    N(c, r->snapshot.part);
    N(c, r->snapshot.files);
    N(c, r->snapshot.bytes);
    T(c, r->snapshot.code);
    T(c, r->snapshot.message);
}

static void report_staging(struct codec *c, struct report *r)
{
    N(c, r->staging.phase);
    N(c, r->staging.files);
    N(c, r->staging.files_n);
    N(c, r->staging.bytes);
    N(c, r->staging.bytes_n);
    N(c, r->staging.ms);
}

typedef void report_walk(struct codec *c, struct report *r);

static report_walk *const report_walks[REPORT_KIND_N] = {
    [REPORT_ZONE] = report_zone,
    [REPORT_BOARD] = report_board,
    [REPORT_STARTED] = report_started,
    [REPORT_LEVEL] = report_level,
    [REPORT_OUTPUT] = report_output,
    [REPORT_EXITED] = report_exited,
    [REPORT_METER_BOARD] = report_meter_board,
    [REPORT_METER_LEASE] = report_meter_lease,
    [REPORT_METER_ZONE] = report_meter_zone,
    [REPORT_SETPOINT] = report_setpoint,
    [REPORT_READY] = report_ready,
    [REPORT_SNAPSHOT] = report_snapshot,
    [REPORT_STAGING] = report_staging,
};

void log_walk_sync(struct codec *c, struct event *ev)
{
    struct sync_up *up = &ev->sync;
    T(c, up->node);
    N(c, up->nonce);
    N(c, up->epoch);
    N(c, up->have);
    N(c, up->has_offer);
    if (up->has_offer)
        offer(c, &up->offer);
    up->report = codec_items(c, up->report, &up->n_reports, sizeof *up->report);
    for (size_t i = 0; i < up->n_reports && !c->bad; i++) {
        struct report *r = &up->report[i];
        N(c, r->seq);
        N(c, r->at.v);
        N(c, r->kind);
        T(c, r->name);
        N(c, r->lease);
        if ((unsigned)r->kind >= REPORT_KIND_N)
            c->bad = true;
        else
            report_walks[r->kind](c, r);
    }
}
