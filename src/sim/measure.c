// SPDX-License-Identifier: Apache-2.0
//
// What is measured, every five minutes of comfort and every hour of heat, and the result at the end.
//
// Strict heat is the smaller of what the zone's shadow drew and what its boards drew, over an hour in rooms
// and over a day in water (a store is there to move heat by hours).
#include "sim/measure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"

#define HOUR_MS     3600000
#define DAY_MS      86400000
#define SERIES_DAYS 800
#define SHORT_SHARE 0.97 // of its watts: an ideal heater that draws more is taken to be at its limit

void measure_make(struct sim_run *r)
{
    struct measure *m = r->measure = mem_alloc(sizeof *m);
    struct sim_series *x = &r->out->series;
    m->zone = mem_array((size_t)r->n_zones + 1, sizeof *m->zone);
    m->comfort = mem_array((size_t)r->n_batches + 1, sizeof *m->comfort);
    for (uint32_t b = 0; b < r->n_batches; b++)
        comfort_init(&m->comfort[b], &r->rooms[b], r->s->zones[r->rooms[b].group].start_c);
    for (uint32_t b = 0; b < r->n_batches; b++)
        for (uint32_t k = 0; k < r->rooms[b].n_sizes; k++)
            m->rooms += r->rooms[b].size[k].n;
    x->step_ms = r->s->length_ms > (int64_t)SERIES_DAYS * DAY_MS ? DAY_MS : HOUR_MS;
    x->n = (size_t)((r->s->length_ms + x->step_ms - 1) / x->step_ms);
    float **all[] = {&x->asked_w,    &x->delivered_w, &x->strict_w, &x->outside_c, &x->room_c,
                     &x->setpoint_c, &x->waiting,     &x->running,  &x->backup_w};
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        *all[i] = mem_array(x->n + 1, sizeof(float));
    for (int a = 0; a < ACTIVITY_N; a++)
        x->activity_w[a] = mem_array(x->n + 1, sizeof(float));
    x->n_shown = r->s->n_zones < 12 ? r->s->n_zones : 12;
    x->shown_zone = mem_array(x->n_shown + 1, sizeof *x->shown_zone);
    x->shown_c = mem_array(x->n_shown + 1, sizeof *x->shown_c);
    x->shown_setpoint_c = mem_array(x->n_shown + 1, sizeof *x->shown_setpoint_c);
    x->shown_w = mem_array(x->n_shown + 1, sizeof *x->shown_w);
    for (size_t k = 0; k < x->n_shown; k++) {
        uint32_t zone = 0;
        while (r->zone[zone].group != k)
            zone++;
        x->shown_zone[k] = zone;
        x->shown_c[k] = mem_array(x->n + 1, sizeof(float));
        x->shown_setpoint_c[k] = mem_array(x->n + 1, sizeof(float));
        x->shown_w[k] = mem_array(x->n + 1, sizeof(float));
    }
}

void measure_free(struct sim_run *r)
{
    if (r->measure) {
        for (uint32_t b = 0; b < r->n_batches; b++)
            comfort_deinit(&r->measure->comfort[b]);
        free(r->measure->comfort);
        free(r->measure->zone);
    }
    free(r->measure);
    for (int i = 0; i < 4; i++)
        free(r->wait[i].v);
}

// ---- heat

static double asked_since(struct sim_run *r, uint32_t zone)
{
    struct sim_zone *z = &r->zone[zone];
    struct zone_measure *m = &r->measure->zone[zone];
    if (!z->water)
        return r->rooms[z->batch].shadow.sum_w[z->at] * (double)r->shadow_ms * 1e-3;
    return (double)(water_asked_uj(z->water) - m->asked_hour_uj) * 1e-6;
}

void measure_window_ends(struct sim_run *r, uint32_t zone)
{
    struct sim_zone *z = &r->zone[zone];
    struct zone_measure *m = &r->measure->zone[zone];
    double asked = asked_since(r, zone), delivered = (double)(z->total_uj - m->delivered_hour_uj) * 1e-6;
    double strict = num_min(asked, delivered);
    m->asked_j += asked;
    m->strict_j += strict;
    double most = SHORT_SHARE * z->nameplate_w * (double)(r->now - m->window_from) * 1e-3;
    m->window_from = r->now;
    if (asked <= most) {
        m->able_asked_j += asked;
        m->able_strict_j += strict;
    }
    r->measure->asked_j += asked;
    r->measure->strict_j += strict;
    if (!z->water)
        r->rooms[z->batch].shadow.sum_w[z->at] = 0;
    m->delivered_hour_uj = z->total_uj;
    if (z->water)
        m->asked_hour_uj = water_asked_uj(z->water);
}

static void site_hour(struct sim_run *r, uint32_t site)
{
    const struct scenario_site *s = &r->s->site[site];
    struct sim_site *x = &r->site[site];
    double kwh = (double)(x->it_uj - x->last_it_uj) * 1e-6 / 3.6e6 + s->overhead_w / 1000;
    int64_t at = r->s->start.v + r->now - HOUR_MS;
    const struct sim_site_inputs *in = &r->in->site[site];
    double g = in->carbon.n ? series_at(&in->carbon, at) : s->carbon_g_kwh;
    double eur = s->tariff_eur_kwh;
    int hour = civil_from_ms(at + x->offset_ms).hour;
    bool night = s->night_from_hour <= s->night_to_hour
                     ? hour >= s->night_from_hour && hour < s->night_to_hour
                     : hour >= s->night_from_hour || hour < s->night_to_hour;
    if (in->tariff.n)
        eur = series_at(&in->tariff, at);
    else if (night)
        eur = s->tariff_night_eur_kwh;
    site_joules(x);
    x->carbon_g += kwh * g;
    x->cost_eur += kwh * eur;
}

// ---- series

static void show(struct sim_run *r)
{
    struct sim_series *x = &r->out->series;
    size_t at = r->measure->at;
    for (size_t k = 0; k < x->n_shown; k++) {
        const struct sim_zone *z = &r->zone[x->shown_zone[k]];
        double set = z->water ? 0 : r->rooms[z->batch].shadow.setpoint_c[z->at], c;
        c = z->water ? water_show_c(z->water, &set) : r->batch[z->batch].air_c[z->at];
        x->shown_c[k][at] = (float)c;
        x->shown_setpoint_c[k][at] = (float)set;
        x->shown_w[k][at] = (float)(zone_mw(r, z) * 1e-3);
    }
}

static void series_step(struct sim_run *r)
{
    struct measure *m = r->measure;
    struct sim_series *x = &r->out->series;
    double s = (double)x->step_ms * 1e-3;
    if (m->at >= x->n)
        return;
    int64_t waiting = 0, running = 0;
    double all = 0;
    for (int a = 0; a < ACTIVITY_N; a++) {
        double w = (double)(int64_t)(r->class_uj[a] - m->class_uj[a]) * 1e-6 / s;
        x->activity_w[a][m->at] = (float)w;
        all += w;
        m->class_uj[a] = r->class_uj[a];
    }
    for (int i = 0; i < 4; i++) {
        waiting += r->waiting[i];
        running += r->running[i];
    }
    x->delivered_w[m->at] = (float)all;
    x->asked_w[m->at] = (float)(m->asked_j / s);
    x->strict_w[m->at] = (float)(m->strict_j / s);
    x->outside_c[m->at] = (float)(m->outside_sum / (double)m->n);
    double looks = (double)(m->n * m->rooms), room_sum = 0;
    for (uint32_t b = 0; b < r->n_batches; b++)
        room_sum += comfort_sum_c(&m->comfort[b], &r->rooms[b]);
    x->room_c[m->at] = looks > 0 ? (float)((room_sum - m->room_sum) / looks) : 0;
    x->setpoint_c[m->at] = looks > 0 ? (float)(m->set_sum / looks) : 0;
    m->room_sum = room_sum;
    x->backup_w[m->at] = (float)(m->backup_sum / (double)m->n);
    x->waiting[m->at] = (float)waiting;
    x->running[m->at] = (float)running;
    show(r);
    m->asked_j = m->strict_j = m->outside_sum = m->set_sum = m->backup_sum = 0;
    m->n = 0;
    m->at++;
}

static void comfort_step(struct sim_run *r)
{
    struct measure *m = r->measure;
    double set = 0, backup = 0, outside = 0;
    for (uint32_t k = 0; k < r->n_water; k++)
        backup += water_backup_w(r->zone[r->water[k]].water);
    for (uint32_t b = 0; b < r->n_batches; b++) {
        comfort_rooms(r, b);
        set += m->comfort[b].set_c;
    }
    m->looks++;
    for (size_t i = 0; i < r->s->n_sites; i++)
        outside += r->site[i].outside_c / (double)r->s->n_sites;
    m->outside_sum += outside;
    m->set_sum += set;
    m->backup_sum += backup;
    m->n++;
}

// After the physics of the step that ends at r->now.
void measure_step(struct sim_run *r)
{
    if (r->now % COMFORT_MS == 0)
        comfort_step(r);
    if (r->now % HOUR_MS == 0 || r->now == r->s->length_ms) {
        drive_hour(r);
        rooms_flush(r);
    }
    if (r->now == r->s->length_ms)
        drive_settle_all(r);
    if (r->now % HOUR_MS == 0) {
        for (uint32_t i = 0; i < r->n_zones; i++)
            if (!r->zone[i].water || r->now % DAY_MS == 0)
                measure_window_ends(r, i);
        for (uint32_t i = 0; i < r->s->n_sites; i++)
            site_hour(r, i);
    }
    if (r->now % r->out->series.step_ms == 0 || r->now == r->s->length_ms)
        series_step(r);
}
