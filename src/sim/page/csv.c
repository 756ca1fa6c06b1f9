// SPDX-License-Identifier: Apache-2.0
//
// Names come from scenarios, and a spreadsheet runs a field that begins with '=', '+', '-' or '@': such a
// name gets an apostrophe in front.
#include <inttypes.h>
#include <string.h>

#include "base/when.h"
#include "sim/page/page.h"

void page_csv_text(struct buf *out, const char *s)
{
    if (!strpbrk(s, ",\"\r\n") && !(*s && strchr("=+-@", *s))) {
        buf_puts(out, s);
        return;
    }
    buf_putc(out, '"');
    if (*s && strchr("=+-@", *s))
        buf_putc(out, '\'');
    for (; *s; s++)
        buf_putf(out, *s == '"' ? "\"%c" : "%c", *s);
    buf_putc(out, '"');
}

void page_zones_csv(struct buf *out, const struct sim_result *r)
{
    buf_puts(out, "zone,site,kind,asked_j,delivered_j,strict_j,missing_j");
    for (int a = 0; a < ACTIVITY_N; a++)
        buf_putf(out, ",%s_j", activity_name((enum activity)a));
    buf_puts(out, ",heating_h,settled_h,rmse_k,bias_k,cold_kh,hot_kh,free_kh,short_kh,shadow_rmse_k,"
                  "shadow_hot_kh,"
                  "step_up_excess_s,steps_up,settle_s,settle_later_s,settle_steps,peak_over_k,peak_under_k,"
                  "min_c,mean_c,max_c,power_cycles,swings,backup_j,users_j,lost_j,"
                  "hygiene_alarm_h,hygiene_longest_gap_h,outlet_low_h,loop_low_h,in_band_h,injected_supply_j,"
                  "injected_preheat_j,junction_max_c\n");
    for (size_t i = 0; i < r->n_zones; i++) {
        const struct sim_zone_result *z = &r->zone[i];
        page_csv_text(out, z->name);
        buf_putc(out, ',');
        page_csv_text(out, z->site < r->n_sites ? r->site[z->site].name : "");
        buf_putf(out, ",%s,%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64, scenario_zone_kind_name(z->kind),
                 z->asked_j, z->delivered_j, z->strict_j, z->missing_j);
        for (int a = 0; a < ACTIVITY_N; a++)
            buf_putf(out, ",%" PRId64, z->activity_j[a]);
        buf_putf(out, ",%.2f,%.2f,%.4f,%.4f,%.3f,%.3f,%.3f,%.4f,%.3f,%.3f", (double)z->heating_ms / 3.6e6,
                 (double)z->settled_ms / 3.6e6, z->rmse_k, z->bias_k, z->cold_kh, z->hot_kh, z->free_kh,
                 z->short_kh, z->shadow_rmse_k, z->shadow_hot_kh);
        buf_putf(out, ",%.0f,%d,%.0f,%.0f,%d,%.3f,%.3f,%.2f,%.2f,%.2f,%d,%d", z->step_up_excess_s,
                 (int)z->steps_up, z->settle_s, z->settle_later_s, (int)z->settle_steps, z->peak_over_k,
                 z->peak_under_k, z->min_c, z->mean_c, z->max_c, (int)z->power_cycles, (int)z->swings);
        buf_putf(out,
                 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%.2f,%.2f,%.2f,%.2f,%.2f,%" PRId64 ",%" PRId64
                 ",%.1f\n",
                 z->backup_j, z->users_j, z->lost_j, (double)z->hygiene_alarm_ms / 3.6e6,
                 (double)z->hygiene_longest_gap_ms / 3.6e6, (double)z->outlet_low_ms / 3.6e6,
                 (double)z->loop_low_ms / 3.6e6, (double)z->in_band_ms / 3.6e6, z->injected_supply_j,
                 z->injected_preheat_j, z->junction_max_c);
    }
}

void page_classes_csv(struct buf *out, const struct sim_result *r)
{
    buf_puts(out, "class,energy_j,submitted,started,completed,preempted,held,held_ms,lost,waiting,running,"
                  "work_core_ms,wasted_core_ms,open_core_ms,core_ms,"
                  "work_ghz_h,wait_mean_s,wait_p50_s,wait_p90_s,wait_p95_s,wait_p99_s,wait_max_s,slowdown\n");
    for (int a = 0; a < ACTIVITY_N; a++) {
        const struct sim_class_result *c = &r->class[a];
        const struct sim_wait *w = &c->wait;
        buf_putf(out, "%s", activity_name((enum activity)a));
        const int64_t whole[] = {c->energy_j,     c->submitted, c->started,      c->completed,
                                 c->preempted,    c->held,      c->held_ms,      c->lost,
                                 c->waiting,      c->running,   c->work_core_ms, c->wasted_core_ms,
                                 c->open_core_ms, c->core_ms};
        for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++)
            buf_putf(out, ",%" PRId64, whole[i]);
        const double real[] = {c->work_ghz_h, w->mean_s, w->p50_s, w->p90_s,
                               w->p95_s,      w->p99_s,  w->max_s, w->mean_slowdown};
        for (size_t i = 0; i < sizeof real / sizeof real[0]; i++)
            buf_putf(out, ",%.6g", real[i]);
        buf_putc(out, '\n');
    }
}

static void column(struct buf *out, const float *v, size_t i)
{
    if (v)
        buf_putf(out, ",%.4g", (double)v[i]);
    else
        buf_putc(out, ',');
}

void page_series_csv(struct buf *out, const struct sim_result *r)
{
    const struct sim_series *s = &r->series;
    buf_puts(out, "utc_start");
    for (int a = 0; a < ACTIVITY_N; a++)
        buf_putf(out, ",%s_w", activity_name((enum activity)a));
    buf_puts(out, ",asked_w,delivered_w,strict_w,backup_w,outside_c,room_c,setpoint_c,waiting,running");
    for (size_t k = 0; k < s->n_shown; k++) {
        const char *name = s->shown_zone[k] < r->n_zones ? r->zone[s->shown_zone[k]].name : "zone";
        buf_putf(out, ",%s_c,%s_setpoint_c,%s_w", name, name, name);
    }
    buf_putc(out, '\n');
    for (size_t i = 0; i < s->n; i++) {
        char date[DATE_TEXT_BYTES];
        date_format(date, house_add(r->start, (int64_t)i * s->step_ms));
        buf_puts(out, date);
        for (int a = 0; a < ACTIVITY_N; a++)
            column(out, s->activity_w[a], i);
        const float *const rest[] = {s->asked_w, s->delivered_w, s->strict_w, s->backup_w, s->outside_c,
                                     s->room_c,  s->setpoint_c,  s->waiting,  s->running};
        for (size_t k = 0; k < sizeof rest / sizeof rest[0]; k++)
            column(out, rest[k], i);
        for (size_t k = 0; k < s->n_shown; k++) {
            column(out, s->shown_c[k], i);
            column(out, s->shown_setpoint_c[k], i);
            column(out, s->shown_w[k], i);
        }
        buf_putc(out, '\n');
    }
}
