// SPDX-License-Identifier: Apache-2.0
//
// On a terminal one table that is drawn again and again; otherwise a line every two hours of the day, and the
// table at the end.
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/demo.h"
#include "cli/table.h"

#define LINE_EVERY_H 2.0

static void number(struct table *t, enum table_colour colour, int digits, double v)
{
    if (isnan(v))
        table_put(t, TABLE_DIM, "-");
    else
        table_put(t, colour, "%.*f", digits, v);
}

static enum table_colour warmth(const struct demo_zone *z)
{
    if (!strcmp(z->mode, "off") || isnan(z->room_c) || isnan(z->setpoint_c))
        return TABLE_PLAIN;
    return z->room_c < z->setpoint_c - 0.7   ? TABLE_BLUE
           : z->room_c > z->setpoint_c + 0.7 ? TABLE_YELLOW
                                             : TABLE_GREEN;
}

static void runs(const struct demo_zone *z, char *out, size_t cap)
{
    int n = 0;
    out[0] = '\0';
    const struct {
        int count;
        const char *what;
    } parts[] = {{z->tasks, "task"}, {z->filler, "filler"}, {z->burn, "burn"}};
    for (size_t i = 0; i < 3; i++)
        if (parts[i].count && n < (int)cap)
            n += snprintf(out + n, cap - (size_t)n, "%s%d %s", n ? ", " : "", parts[i].count, parts[i].what);
}

static void remark(const struct demo *d, size_t i, char *out, size_t cap)
{
    const struct demo_zone *z = &d->zone[i];
    if (d->kill.done && i == d->kill.room && !z->online)
        snprintf(out, cap, "agent killed, cooling");
    else if (!z->online)
        snprintf(out, cap, "offline");
    else if (!strcmp(z->mode, "off"))
        snprintf(out, cap, "off");
    else if (z->missing_w > 0)
        snprintf(out, cap, "heater too small, missing %.0f W", z->missing_w);
    else
        snprintf(out, cap, "%s", strcmp(z->guard, "none") ? z->guard : "");
}

static void rooms_table(const struct demo *d, struct table *t)
{
    char text[80], note[80];
    table_init(t, "ROOM LABEL >IS >ASKED >IDEAL >WATTS RUNS REMARK");
    for (size_t i = 0; i < DEMO_ROOMS; i++) {
        const struct demo_zone *z = &d->zone[i];
        bool off = !strcmp(z->mode, "off");
        runs(z, text, sizeof text);
        remark(d, i, note, sizeof note);
        table_put(t, TABLE_PLAIN, "%s", demo_rooms[i].name);
        table_put(t, TABLE_PLAIN, "%s", demo_rooms[i].label);
        number(t, warmth(z), 1, z->room_c);
        number(t, TABLE_PLAIN, 1, off ? (double)NAN : z->setpoint_c);
        number(t, TABLE_DIM, 1, z->shadow_c);
        number(t, TABLE_PLAIN, 0, z->draw_w);
        table_put(t, TABLE_PLAIN, "%s", text);
        table_put(t, z->missing_w > 0 || !z->online ? TABLE_YELLOW : TABLE_DIM, "%s", note);
    }
}

static void work_line(const struct demo *d, FILE *to)
{
    double done = 0, total_w = 0;
    int running = 0, filler = 0;
    for (size_t i = 0; i < d->n_tasks; i++)
        done += round(d->task[i].progress * d->task[i].n / 100);
    for (size_t i = 0; i < DEMO_ROOMS; i++) {
        running += d->zone[i].tasks;
        filler += d->zone[i].filler;
        total_w += d->zone[i].draw_w;
    }
    double real = d->energy.wh[ACTIVITY_RESERVED] + d->energy.wh[ACTIVITY_ONDEMAND] +
                  d->energy.wh[ACTIVITY_FLEX] + d->energy.wh[ACTIVITY_DONATED];
    fprintf(to,
            "%2.0f of %u instances done, %2d running; %2d boards on filler; %4.0f W, %4.1f kWh so far, %3.0f "
            "%% from real work",
            done, d->n_instances, running, filler, total_w, fmax(d->energy.total_wh, 0) / 1000,
            d->energy.total_wh > 0 ? 100 * fmin(real / d->energy.total_wh, 1) : 0);
}

static void draw(struct demo *d)
{
    char *text = NULL, hour[16];
    size_t n = 0;
    struct table t;
    FILE *f = open_memstream(&text, &n);
    if (!f)
        return;
    fprintf(f, "%s  outside %.1f degC  ", demo_hour_text(d->now_h, hour), d->outside_c);
    work_line(d, f);
    fputs("\n\n", f);
    rooms_table(d, &t);
    table_print(&t, f, table_colours(stdout));
    table_deinit(&t);
    fclose(f);
    if (d->drawn)
        printf("\033[%dA\033[J", d->drawn);
    fputs(text, stdout);
    fflush(stdout);
    d->drawn = 0;
    for (char *p = text; *p; p++)
        d->drawn += *p == '\n';
    free(text);
}

static void line(struct demo *d)
{
    char hour[16];
    printf("%s  outside %5.1f degC  ", demo_hour_text(d->now_h, hour), d->outside_c);
    work_line(d, stdout);
    putchar('\n');
    fflush(stdout);
    d->drawn = 1 + (int)(d->now_h / LINE_EVERY_H);
}

void demo_screen(struct demo *d)
{
    if (d->tty)
        draw(d);
    else if (d->now_h >= d->drawn * LINE_EVERY_H)
        line(d);
}

// An event: above the table on a terminal.
void demo_say(struct demo *d, const char *fmt, ...)
{
    char hour[16];
    va_list ap;
    if (d->tty && d->drawn)
        printf("\033[%dA\033[J", d->drawn);
    if (d->tty)
        d->drawn = 0;
    printf("%s  ", demo_hour_text(d->now_h, hour));
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    putchar('\n');
    fflush(stdout);
}

// ---- the end

static void rooms_at_the_end(const struct demo *d)
{
    struct table t;
    char note[80];
    table_init(&t, "ROOM LABEL >IS >ASKED >IDEAL >ASKED_kWh >GIVEN_kWh >IDEAL_kWh REMARK");
    for (size_t i = 0; i < DEMO_ROOMS; i++) {
        const struct demo_zone *z = &d->zone[i];
        remark(d, i, note, sizeof note);
        table_put(&t, TABLE_PLAIN, "%s", demo_rooms[i].name);
        table_put(&t, TABLE_PLAIN, "%s", demo_rooms[i].label);
        number(&t, warmth(z), 2, z->room_c);
        number(&t, TABLE_PLAIN, 1, strcmp(z->mode, "off") ? z->setpoint_c : (double)NAN);
        number(&t, TABLE_PLAIN, 2, z->shadow_c);
        number(&t, TABLE_PLAIN, 2, z->asked_kwh);
        number(&t, TABLE_PLAIN, 2, z->delivered_kwh);
        number(&t, TABLE_PLAIN, 2, z->shadow_kwh);
        if (d->kill.done && i == d->kill.room)
            table_put(&t, TABLE_YELLOW, "agent killed: %.1f -> %.1f degC in %.1f h", d->kill.before_c,
                      d->kill.lowest_c, d->kill.back_h - d->kill.at_h);
        else
            table_put(&t, TABLE_DIM, "%s", note);
    }
    table_print(&t, stdout, table_colours(stdout));
    table_deinit(&t);
}

static void joules_at_the_end(const struct demo *d)
{
    const struct demo_energy *e = &d->energy;
    printf("\nWhere %.0f Wh went:", e->total_wh);
    for (int a = 0; a < ACTIVITY_N; a++)
        printf("%s %s %.0f Wh (%.1f %%)", a ? "," : "", activity_name((enum activity)a), e->wh[a],
               e->total_wh > 0 ? 100 * e->wh[a] / e->total_wh : 0);
    putchar('\n');
}

void demo_summary(const struct demo *d, const struct demo_check *c, size_t n)
{
    size_t done = 0;
    bool colours = table_colours(stdout);
    printf("\nThe day is over: %.1f room-hours in %.0f s.\n\n", d->now_h, d->wall_s);
    rooms_at_the_end(d);
    joules_at_the_end(d);
    for (uint32_t i = 0; i < d->n_instances; i++)
        done += d->result[i].found && !strcmp(d->result[i].state, "Success");
    printf("%zu of %u instances succeeded, in %zu tasks", done, d->n_instances, d->n_tasks);
    if (d->has_price)
        printf("; %.0f s of processor time, %.1f million paths\nBasket option: %.5f +- %.5f (geometric "
               "control: %.5f, closed form %.5f, "
               "%+.2f standard errors)",
               d->price.cpu_s, (double)d->price.paths / 1e6, d->price.price, d->price.error,
               d->price.geo_price, d->price.geo_closed, d->price.z);
    puts("\n");
    for (size_t i = 0; i < n; i++)
        printf("%s%s%s  %s: %s\n", colours ? c[i].held ? "\033[32m" : "\033[31m" : "",
               c[i].held ? "held  " : "FAILED", colours ? "\033[0m" : "", c[i].name, c[i].figures);
}
