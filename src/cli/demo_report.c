// SPDX-License-Identifier: Apache-2.0
//
// What the demonstration asserts, and the same figures as JSON.
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/demo.h"

#define NEAR_K        0.7 // a room that is this near to its setpoint, or to what an ideal heater reaches, is warm
#define NEAR_SMALL_K  1.5 // to the ideal heater's, where the heater is too small: each lost watt counts there
#define HOPELESS_C    26.0 // asked for in a room whose heater was never meant for it
#define CPU_MIN_S     2.0  // what an instance must have used
#define REAL_MIN      0.30
#define REST_MAX      0.01
#define Z_MAX         3.0
#define WALL_MAX_S    120.0
#define INSTANCES_MIN 40

static void check(struct demo_check *c, size_t *n, bool held, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

static void check(struct demo_check *c, size_t *n, bool held, const char *name, const char *fmt, ...)
{
    va_list ap;
    struct demo_check *one = &c[(*n)++];
    one->name = name;
    one->held = held;
    va_start(ap, fmt);
    vsnprintf(one->figures, sizeof one->figures, fmt, ap);
    va_end(ap);
}

static double real_wh(const struct demo_energy *e)
{
    return e->wh[ACTIVITY_RESERVED] + e->wh[ACTIVITY_ONDEMAND] + e->wh[ACTIVITY_FLEX] +
           e->wh[ACTIVITY_DONATED];
}

// Warm: at the setpoint; or as warm as an ideal heater of the same size would have made it; or warmer than
// asked for although the heater is off.
static bool room_well(const struct demo *d, size_t i)
{
    const struct demo_zone *z = &d->zone[i];
    if (!strcmp(z->mode, "off"))
        return z->draw_w < 10;
    if (isnan(z->room_c) || isnan(z->setpoint_c))
        return false;
    if (z->setpoint_c >= HOPELESS_C)
        return z->missing_w > 0; // what matters is that it is said
    if (d->kill.done && i == d->kill.room)
        return z->room_c > d->kill.lowest_c || fabs(z->room_c - z->setpoint_c) <= NEAR_K;
    if (fabs(z->room_c - z->setpoint_c) <= NEAR_K ||
        fabs(z->room_c - z->shadow_c) <= (z->missing_w > 0 ? NEAR_SMALL_K : NEAR_K))
        return true;
    return z->room_c > z->setpoint_c && z->tasks + z->filler + z->burn == 0;
}

static void judge_work(const struct demo *d, struct demo_check *c, size_t *n)
{
    size_t succeeded = 0, results = 0, tasks = 0;
    double least_s = INFINITY;
    for (size_t i = 0; i < d->n_tasks; i++)
        tasks += !strcmp(d->task[i].state, "Success");
    for (uint32_t i = 0; i < d->n_instances; i++) {
        succeeded += !strcmp(d->result[i].state, "Success");
        results += d->result[i].found;
        if (d->result[i].found && d->result[i].basket.cpu_s < least_s)
            least_s = d->result[i].basket.cpu_s;
    }
    check(c, n, tasks == d->n_tasks && succeeded == d->n_instances && results == d->n_instances, "tasks",
          "%zu of %zu in Success, %zu of %u instances with a result", tasks, d->n_tasks, results,
          d->n_instances);
    check(c, n, d->n_instances >= INSTANCES_MIN && results && least_s >= CPU_MIN_S, "real work",
          "%u instances (at least %d), the shortest took %.2f s of a processor (at least %.0f)",
          d->n_instances, INSTANCES_MIN, results ? least_s : 0, CPU_MIN_S);
    check(c, n, d->has_price && fabs(d->price.z) <= Z_MAX, "price",
          "%+.2f standard errors off the closed form (at most %.0f)", d->has_price ? d->price.z : (double)NAN,
          Z_MAX);
}

static void judge_rooms(const struct demo *d, struct demo_check *c, size_t *n)
{
    char cold[120] = "";
    size_t well = 0, used = 0, small = DEMO_ROOMS;
    for (size_t i = 0; i < DEMO_ROOMS; i++) {
        bool ok = room_well(d, i);
        well += ok;
        if (!ok && used < sizeof cold - 16)
            used += (size_t)snprintf(cold + used, sizeof cold - used, " %s", demo_rooms[i].name);
        if (d->zone[i].missing_w > 0 &&
            (small == DEMO_ROOMS || d->zone[i].missing_w > d->zone[small].missing_w))
            small = i;
    }
    check(c, n, well == DEMO_ROOMS, "rooms",
          "%zu of %d within %.1f K of what was asked for or an ideal heater reaches, or known to have too "
          "small a heater%s%s",
          well, DEMO_ROOMS, NEAR_K, *cold ? ", not:" : "", cold);
    if (small < DEMO_ROOMS)
        check(c, n, true, "too small", "%s: heater too small, missing %.0f W", demo_rooms[small].name,
              d->zone[small].missing_w);
    else
        check(c, n, false, "too small", "no room says that its heater is too small");
}

static void judge_kill(const struct demo *d, struct demo_check *c, size_t *n)
{
    const struct demo_kill *k = &d->kill;
    bool again =
        k->done && d->result[k->instance].tries > 1 && !strcmp(d->result[k->instance].state, "Success");
    if (!k->done) {
        check(c, n, false, "agent killed", "no agent ran an instance when one was to be killed");
        return;
    }
    check(c, n, k->rescued && again && k->back && d->zone[k->room].online, "agent killed",
          "%s with instance %u on %s; it ended in %s after %u executions%s%s; the room fell from %.1f to "
          "%.1f degC and is at %.1f",
          demo_rooms[k->room].name, k->instance, k->from, d->result[k->instance].state,
          d->result[k->instance].tries, k->rescued ? ", on " : "", k->to, k->before_c, k->lowest_c,
          d->zone[k->room].room_c);
}

size_t demo_judge(const struct demo *d, struct demo_check c[DEMO_CHECKS_MAX])
{
    size_t n = 0;
    const struct demo_energy *e = &d->energy;
    double total = e->total_wh > 0 ? e->total_wh : 1;
    judge_work(d, c, &n);
    check(c, &n, real_wh(e) / total >= REAL_MIN && e->wh[ACTIVITY_DONATED] > 0, "heat from real work",
          "%.1f %% of the joules (at least %.0f): paid %.1f, donated %.1f; filler %.1f, burn %.1f",
          100 * real_wh(e) / total, 100 * REAL_MIN, 100 * (real_wh(e) - e->wh[ACTIVITY_DONATED]) / total,
          100 * e->wh[ACTIVITY_DONATED] / total, 100 * e->wh[ACTIVITY_FILLER] / total,
          100 * e->wh[ACTIVITY_BURN] / total);
    check(c, &n, fabs(e->wh[ACTIVITY_UNATTRIBUTED]) / total <= REST_MAX, "unattributed",
          "%.2f %% of the meters (at most %.0f)", 100 * e->wh[ACTIVITY_UNATTRIBUTED] / total, 100 * REST_MAX);
    judge_rooms(d, c, &n);
    judge_kill(d, c, &n);
    check(c, &n, d->wall_s < WALL_MAX_S, "time", "%.0f s (less than %.0f)", d->wall_s, WALL_MAX_S);
    return n;
}

// ---- JSON

static json_t *real(double v)
{
    return isfinite(v) ? json_real(v) : json_null();
}

static json_t *rooms(const struct demo *d)
{
    json_t *list = json_array();
    for (size_t i = 0; i < DEMO_ROOMS; i++) {
        const struct demo_zone *z = &d->zone[i];
        json_array_append_new(
            list,
            json_pack("{s:s,s:s,s:s,s:f,s:o,s:o,s:o,s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:s}", "name",
                      demo_rooms[i].name, "label", demo_rooms[i].label, "archetype", demo_rooms[i].archetype,
                      "start_c", demo_rooms[i].start_c, "room_c", real(z->room_c), "setpoint_c",
                      real(z->setpoint_c), "ideal_c", real(z->shadow_c), "mode", z->mode, "missing_w",
                      real(z->missing_w), "nameplate_w", real(z->nameplate_w), "asked_wh",
                      real(z->asked_kwh * 1000), "delivered_wh", real(z->delivered_kwh * 1000), "useful_wh",
                      real(z->useful_kwh * 1000), "ideal_wh", real(z->shadow_kwh * 1000), "why", z->why));
    }
    return list;
}

static json_t *instances(const struct demo *d)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < d->n_instances; i++) {
        const struct demo_result *r = &d->result[i];
        const struct paths_sums *s = &r->basket.sums;
        json_t *one = json_pack("{s:i,s:s,s:s,s:i,s:f,s:f}", "instance", (int)i, "task",
                                d->task[r->task].uuid, "state", r->state, "executions", (int)r->tries,
                                "exec_house_s", r->exec_s, "wall_house_s", r->wall_s);
        if (r->found)
            json_object_set_new(one, "result",
                                json_pack("{s:I,s:f,s:f,s:f,s:f,s:f,s:f}", "paths", (json_int_t)s->paths,
                                          "sum", s->sum, "sum2", s->sum2, "geo_sum", s->geo_sum, "geo_sum2",
                                          s->geo_sum2, "cross", s->cross, "cpu_s", r->basket.cpu_s));
        json_array_append_new(list, one);
    }
    return list;
}

static json_t *tasks(const struct demo *d)
{
    json_t *list = json_array();
    for (size_t i = 0; i < d->n_tasks; i++) {
        const struct demo_task *t = &d->task[i];
        json_array_append_new(list, json_pack("{s:s,s:s,s:s,s:s,s:i,s:i,s:f}", "uuid", t->uuid, "customer",
                                              t->research ? "laboratory" : "bank", "state", t->state,
                                              "scheduling", t->scheduling, "first_instance", (int)t->first,
                                              "instances", (int)t->n, "arrived_h", t->arrives_h));
    }
    return list;
}

static json_t *energy(const struct demo *d)
{
    json_t *by = json_object();
    for (int a = 0; a < ACTIVITY_N; a++)
        json_object_set_new(by, activity_name((enum activity)a), json_real(d->energy.wh[a]));
    return json_pack("{s:f,s:f,s:o}", "total_wh", d->energy.total_wh, "real_work_share",
                     d->energy.total_wh > 0 ? real_wh(&d->energy) / d->energy.total_wh : 0, "by_activity_wh",
                     by);
}

static json_t *killed(const struct demo *d)
{
    const struct demo_kill *k = &d->kill;
    if (!k->done)
        return json_null();
    return json_pack("{s:s,s:s,s:s,s:i,s:s,s:f,s:f,s:f,s:f,s:o}", "room", demo_rooms[k->room].name, "board",
                     k->from, "task", k->task, "instance", (int)k->instance, "finished_on", k->to, "at_h",
                     k->at_h, "back_h", k->back_h, "before_c", k->before_c, "lowest_c", k->lowest_c, "end_c",
                     real(d->zone[k->room].room_c));
}

static json_t *price(const struct demo *d)
{
    const struct basket_price *p = &d->price;
    if (!d->has_price)
        return json_null();
    return json_pack("{s:I,s:f,s:f,s:f,s:f,s:f,s:f,s:f,s:f}", "paths", (json_int_t)p->paths, "price",
                     p->price, "error", p->error, "plain_price", p->plain_price, "plain_error",
                     p->plain_error, "geo_price", p->geo_price, "geo_closed", p->geo_closed, "z", p->z,
                     "cpu_s", p->cpu_s);
}

int demo_report(const struct demo *d, const struct demo_check *c, size_t n, char *path, size_t cap,
                struct err *e)
{
    char day[DATE_TEXT_BYTES];
    json_t *checks = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(checks, json_pack("{s:s,s:b,s:s}", "name", c[i].name, "held", (int)c[i].held,
                                                "figures", c[i].figures));
    date_format(day, HOUSE_MS(d->house0));
    json_t *all =
        json_pack("{s:s,s:s,s:s?,s:s?,s:o,s:i,s:i,s:f,s:f,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "version",
                  ONDOL_VERSION, "start", day, "weather", d->opt.weather, "workload", d->opt.workload,
                  "workload_time_scale", d->trace_scale > 0 ? json_real(d->trace_scale) : json_null(), "seed",
                  (int)d->opt.seed, "speed", (int)d->opt.speed, "room_hours", d->now_h, "wall_s", d->wall_s,
                  "checks", checks, "price", price(d), "energy", energy(d), "killed_agent", killed(d),
                  "rooms", rooms(d), "tasks", tasks(d), "instances", instances(d));
    snprintf(path, cap, "%s/report.json", d->opt.out);
    int bad = !all || json_dump_file(all, path, JSON_INDENT(1)) < 0;
    json_decref(all);
    return bad ? err_set(e, -EIO, "%s: could not be written: %s", path, strerror(errno)) : 0;
}
