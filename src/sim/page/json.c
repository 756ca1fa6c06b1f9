// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <stdio.h>

#include "base/when.h"
#include "sim/page/figures.h"
#include "sim/page/page.h"

#define ZONES_A_PART 1000

void page_json_text(struct buf *out, const char *s)
{
    buf_putc(out, '"');
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (c == '"' || c == '\\')
            buf_putf(out, "\\%c", c);
        else if (c < 0x20)
            buf_putf(out, "\\u%04x", c);
        else
            buf_putc(out, (char)c);
    }
    buf_putc(out, '"');
}

// A list of members: the comma before all but the first.
struct list {
    struct buf *out;
    int n;
};

static void key(struct list *l, const char *name)
{
    buf_putf(l->out, "%s\"%s\": ", l->n++ ? ", " : "", name);
}

static void put_int(struct list *l, const char *name, int64_t v)
{
    key(l, name);
    buf_putf(l->out, "%" PRId64, v);
}

static void put_real(struct list *l, const char *name, double v)
{
    key(l, name);
    if (v - v == 0) // JSON has no infinities
        buf_putf(l->out, "%.12g", v);
    else
        buf_puts(l->out, "null");
}

static void put_text(struct list *l, const char *name, const char *v)
{
    key(l, name);
    page_json_text(l->out, v);
}

static void put_wait(struct list *l, const struct sim_wait *w)
{
    put_real(l, "wait_mean_s", w->mean_s);
    put_real(l, "wait_p50_s", w->p50_s);
    put_real(l, "wait_p90_s", w->p90_s);
    put_real(l, "wait_p95_s", w->p95_s);
    put_real(l, "wait_p99_s", w->p99_s);
    put_real(l, "wait_max_s", w->max_s);
    put_real(l, "slowdown", w->mean_slowdown);
}

static void put_class(struct buf *out, enum activity a, const struct sim_class_result *c)
{
    struct list l = {out, 0};
    buf_puts(out, "    {");
    put_text(&l, "class", activity_name(a));
    put_int(&l, "energy_j", c->energy_j);
    if (activity_is_task(a)) {
        put_int(&l, "submitted", c->submitted);
        put_int(&l, "started", c->started);
        put_int(&l, "completed", c->completed);
        put_int(&l, "preempted", c->preempted);
        put_int(&l, "held", c->held);
        put_int(&l, "held_ms", c->held_ms);
        put_int(&l, "lost", c->lost);
        put_int(&l, "waiting", c->waiting);
        put_int(&l, "running", c->running);
        put_int(&l, "work_core_ms", c->work_core_ms);
        put_int(&l, "wasted_core_ms", c->wasted_core_ms);
        put_int(&l, "open_core_ms", c->open_core_ms);
        put_int(&l, "core_ms", c->core_ms);
        put_real(&l, "work_ghz_h", c->work_ghz_h);
        put_wait(&l, &c->wait);
    }
    buf_putc(out, '}');
}

static void put_site(struct buf *out, const struct sim_site_result *s)
{
    struct list l = {out, 0};
    buf_puts(out, "    {");
    put_text(&l, "name", s->name);
    put_int(&l, "it_j", s->it_j);
    put_int(&l, "overhead_j", s->overhead_j);
    put_int(&l, "asked_j", s->asked_j);
    put_int(&l, "strict_j", s->strict_j);
    put_real(&l, "carbon_g", s->carbon_g);
    put_real(&l, "cost_eur", s->cost_eur);
    put_real(&l, "displaced_g", s->displaced_g);
    put_real(&l, "displaced_eur", s->displaced_eur);
    put_real(&l, "outside_min_c", s->outside_min_c);
    put_real(&l, "outside_mean_c", s->outside_mean_c);
    put_real(&l, "outside_max_c", s->outside_max_c);
    key(&l, "sun_made_up");
    buf_puts(out, s->sun_made_up ? "true" : "false");
    put_int(&l, "moved_bytes", s->moved_bytes);
    put_int(&l, "asked_bytes", s->asked_bytes);
    put_int(&l, "transfers", s->transfers);
    buf_putc(out, '}');
}

static void put_room(struct list *l, const struct sim_zone_result *z)
{
    put_int(l, "heating_ms", z->heating_ms);
    put_int(l, "settled_ms", z->settled_ms);
    put_real(l, "rmse_k", z->rmse_k);
    put_real(l, "bias_k", z->bias_k);
    put_real(l, "cold_kh", z->cold_kh);
    put_real(l, "hot_kh", z->hot_kh);
    put_real(l, "free_kh", z->free_kh);
    put_real(l, "shadow_rmse_k", z->shadow_rmse_k);
    put_real(l, "short_kh", z->short_kh);
    put_real(l, "shadow_hot_kh", z->shadow_hot_kh);
    put_real(l, "step_up_excess_s", z->step_up_excess_s);
    put_int(l, "steps_up", z->steps_up);
    put_real(l, "settle_s", z->settle_s);
    put_real(l, "settle_later_s", z->settle_later_s);
    put_int(l, "settle_steps", z->settle_steps);
    put_real(l, "peak_over_k", z->peak_over_k);
    put_real(l, "peak_under_k", z->peak_under_k);
}

static void put_water(struct list *l, const struct sim_zone_result *z)
{
    put_int(l, "backup_j", z->backup_j);
    put_int(l, "users_j", z->users_j);
    put_int(l, "lost_j", z->lost_j);
    put_int(l, "hygiene_alarm_ms", z->hygiene_alarm_ms);
    put_int(l, "hygiene_longest_gap_ms", z->hygiene_longest_gap_ms);
    put_int(l, "outlet_low_ms", z->outlet_low_ms);
    put_int(l, "loop_low_ms", z->loop_low_ms);
    put_int(l, "in_band_ms", z->in_band_ms);
    put_int(l, "injected_supply_j", z->injected_supply_j);
    put_int(l, "injected_preheat_j", z->injected_preheat_j);
    put_real(l, "junction_max_c", z->junction_max_c);
}

static void put_zone(struct buf *out, const struct sim_zone_result *z)
{
    struct list l = {out, 0};
    buf_puts(out, "    {");
    put_text(&l, "name", z->name);
    put_text(&l, "kind", scenario_zone_kind_name(z->kind));
    put_int(&l, "asked_j", z->asked_j);
    put_int(&l, "delivered_j", z->delivered_j);
    put_int(&l, "strict_j", z->strict_j);
    put_int(&l, "able_asked_j", z->able_asked_j);
    put_int(&l, "able_strict_j", z->able_strict_j);
    put_int(&l, "missing_j", z->missing_j);
    put_int(&l, "boards", z->boards);
    put_real(&l, "min_c", z->min_c);
    put_real(&l, "mean_c", z->mean_c);
    put_real(&l, "max_c", z->max_c);
    if (z->kind == ZONE_KIND_ROOM)
        put_room(&l, z);
    else
        put_water(&l, z);
    put_int(&l, "power_cycles", z->power_cycles);
    put_int(&l, "swings", z->swings);
    buf_putc(out, '}');
}

static void put_saving(struct list *all, const struct kpi_meters *m, double g, const struct kpi_centre *c,
                       const struct kpi_grid *grid, const struct kpi_heat *h)
{
    struct kpi_saving s = kpi_save(m, g, c, grid, h);
    struct list l = {all->out, 0};
    buf_puts(all->out, all->n++ ? ",\n    {" : "    {");
    put_text(&l, "centre", c->name);
    put_real(&l, "pue", c->pue);
    put_text(&l, "grid", grid->name);
    put_text(&l, "heat", h->name);
    put_real(&l, "energy_saved", s.energy);
    put_real(&l, "carbon_saved", s.carbon);
    put_real(&l, "wasted_ratio", s.wasted_ratio);
    put_real(&l, "footprint_g", s.footprint_g);
    put_real(&l, "equivalent_g", s.equivalent_g);
    put_real(&l, "saved_compute_g", s.saved_compute_g);
    put_real(&l, "saved_heat_g", s.saved_heat_g);
    buf_putc(all->out, '}');
}

static void put_savings(struct buf *out, const struct sim_result *r)
{
    struct kpi_meters m = figure_meters(r);
    struct list all = {out, 0};
    buf_puts(out, ",\n  \"savings\": [\n");
    for (const struct kpi_centre *c = kpi_centres; m.it_j > 0 && c->name; c++)
        for (const struct kpi_grid *g = kpi_grids; g->name; g++)
            for (const struct kpi_heat *h = kpi_heats; h->name; h++)
                put_saving(&all, &m, r->totals.carbon_g, c, g, h);
    buf_puts(out, "\n  ]");
}

static void put_head(struct list *l, const struct sim_result *r)
{
    char date[DATE_TEXT_BYTES], hash[24];
    date_format(date, r->start);
    snprintf(hash, sizeof hash, "0x%016" PRIx64, r->trace_hash);
    put_text(l, "scenario", r->scenario);
    put_text(l, "policy", r->policy);
    put_int(l, "seed", (int64_t)r->seed);
    put_text(l, "start", date);
    put_int(l, "length_ms", r->length_ms);
    put_text(l, "trace_hash", hash);
    put_real(l, "wall_s", r->wall_s);
}

static void put_totals(struct list *l, const struct sim_result *r)
{
    const struct sim_totals *t = &r->totals;
    put_int(l, "it_j", t->it_j);
    put_int(l, "dc_j", t->dc_j);
    put_int(l, "asked_j", t->asked_j);
    put_int(l, "delivered_j", t->delivered_j);
    put_int(l, "strict_j", t->strict_j);
    put_int(l, "burn_j", t->burn_j);
    put_int(l, "unattributed_j", t->unattributed_j);
    put_real(l, "pue", t->pue);
    put_real(l, "erf_strict", t->erf_strict);
    put_real(l, "ere", t->ere);
    put_real(l, "wue", t->wue);
    put_real(l, "heat_match", t->heat_match);
    put_real(l, "heat_coverage", t->heat_coverage);
    put_real(l, "heat_coverage_able", t->heat_coverage_able);
    put_real(l, "heat_coverage_day", t->heat_coverage_day);
    put_real(l, "useful_work_share", t->useful_work_share);
    put_real(l, "zone_rmse_k", t->zone_rmse_k);
    put_real(l, "zone_rmse_worst_k", figure_find("rmse_worst_k")->of(r));
    put_real(l, "cold_kh_zone_day", t->cold_kh_zone_day);
    put_real(l, "short_kh_zone_day", t->short_kh_zone_day);
    put_real(l, "hot_kh_zone_day", t->hot_kh_zone_day);
    put_real(l, "free_kh_zone_day", t->free_kh_zone_day);
    put_real(l, "carbon_g", t->carbon_g);
    put_real(l, "cost_eur", t->cost_eur);
    put_real(l, "displaced_g", t->displaced_g);
    put_real(l, "displaced_eur", t->displaced_eur);
    put_int(l, "moved_bytes", t->moved_bytes);
    put_real(l, "bound_core_ms", r->totals.bound_core_ms);
    put_int(l, "violations", (int64_t)t->violations);
    put_real(l, "energy_error", t->energy_error);
    put_int(l, "balances_checked", t->balances_checked);
    put_int(l, "events", (int64_t)t->events);
    put_int(l, "plans", (int64_t)t->plans);
    put_int(l, "syncs", (int64_t)t->syncs);
    put_int(l, "steps", (int64_t)t->steps);
}

static void put_before_zones(struct buf *out, const struct sim_result *r)
{
    struct list l = {out, 0};
    buf_puts(out, "{\n  ");
    put_head(&l, r);
    buf_puts(out, ",\n  ");
    l.n = 0;
    put_totals(&l, r);
    buf_puts(out, ",\n  \"figures\": {");
    l.n = 0;
    for (size_t i = 0; i < n_figures; i++)
        put_real(&l, figures[i].key, figures[i].of(r));
    buf_puts(out, "},\n  \"classes\": [\n");
    for (int a = 0; a < ACTIVITY_N; a++) {
        put_class(out, (enum activity)a, &r->class[a]);
        buf_puts(out, a + 1 < ACTIVITY_N ? ",\n" : "\n");
    }
    buf_puts(out, "  ],\n  \"sites\": [\n");
    for (size_t i = 0; i < r->n_sites; i++) {
        put_site(out, &r->site[i]);
        buf_puts(out, i + 1 < r->n_sites ? ",\n" : "\n");
    }
    buf_puts(out, "  ],\n  \"zones\": [\n");
}

size_t page_json_parts(const struct sim_result *r)
{
    return 2 + (r->n_zones + ZONES_A_PART - 1) / ZONES_A_PART;
}

// The first is all before the zones, the last all after them.
void page_json_part(struct buf *out, const struct sim_result *r, size_t part)
{
    if (part == 0) {
        put_before_zones(out, r);
        return;
    }
    for (size_t i = (part - 1) * ZONES_A_PART; i < r->n_zones && i < part * ZONES_A_PART; i++) {
        put_zone(out, &r->zone[i]);
        buf_puts(out, i + 1 < r->n_zones ? ",\n" : "\n");
    }
    if (part + 1 < page_json_parts(r))
        return;
    buf_puts(out, "  ]");
    put_savings(out, r);
    buf_puts(out, "\n}\n");
}

void page_json(struct buf *out, const struct sim_result *r)
{
    for (size_t i = 0; i < page_json_parts(r); i++)
        page_json_part(out, r, i);
}
