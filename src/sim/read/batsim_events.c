// SPDX-License-Identifier: Apache-2.0
//
// Files of one JSON object a line: events and sizes of data sets. The published events are almost in order of
// time; they are sorted here, those of one moment staying as they stand.
#include "sim/read/batsim.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/when.h"
#include "sim/read/doc.h"

#define EVENTS_MAX   5000000
#define TIME_MAX_S   1e9
#define DATA_MAX     5000000
#define RANGES_BYTES (1u << 20)

typedef int (*line_fn)(void *ctx, const struct doc_at *at, struct err *e);

// Calls `each` with the document of every line that is not blank.
static int each_line(const char *text, size_t n, line_fn each, void *ctx, struct err *e)
{
    int bad = 0;
    size_t line = 1;
    if (n > DOC_BYTES_MAX)
        return err_set(e, -EFBIG, "%zu bytes: at most %u are read", n, DOC_BYTES_MAX);
    for (const char *p = text, *end = text + n; !bad && p < end; line++) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));
        size_t len = (size_t)((stop ? stop : end) - p);
        size_t blank = 0;
        while (blank < len && memchr(" \t\r", p[blank], 3))
            blank++;
        if (blank < len) {
            struct doc d;
            bad = doc_parse(&d, p, len, line, e);
            if (!bad) {
                struct doc_at root = doc_root(&d);
                bad = each(ctx, &root, e);
            }
            doc_deinit(&d);
        }
        p += len + 1;
    }
    return bad;
}

// "19 29 59-61": numbers and ranges, ascending, with blanks or commas between.
static int read_ranges(struct batsim_events *out, const struct doc_at *at, const char *text,
                       struct batsim_event *ev, struct err *e)
{
    size_t most = 1;
    for (const char *p = text; *p; p++)
        most += *p == ' ' || *p == ',';
    ev->range = arena_alloc(&out->text, most * sizeof *ev->range);
    for (const char *p = text; *p;) {
        char *end;
        p += strspn(p, " ,");
        if (!*p)
            break;
        long low = *p >= '0' && *p <= '9' ? strtol(p, &end, 10) : -1;
        long high = low;
        if (low >= 0 && *end == '-')
            high = end[1] >= '0' && end[1] <= '9' ? strtol(end + 1, &end, 10) : -1;
        if (low < 0 || high < low || high >= BATSIM_BOARDS_MAX || (*end && !strchr(" ,", *end)) ||
            (ev->n_ranges > 0 && (uint32_t)low <= ev->range[ev->n_ranges - 1].high))
            return doc_refuse(
                at, e, "\"resources\" must be ascending numbers below %d like \"3 7-9\": look at \"%.20s\"",
                BATSIM_BOARDS_MAX, p);
        ev->range[ev->n_ranges++] = (struct batsim_range){(uint32_t)low, (uint32_t)high};
        p = end;
    }
    return ev->n_ranges ? 0 : doc_refuse(at, e, "\"resources\" names no board");
}

static int read_temperature(struct batsim_events *out, const struct doc_at *at, const char *who, double low,
                            double high, struct batsim_event *ev, struct err *e)
{
    const char *name;
    int bad = doc_text(at, who, BATSIM_NAME_MAX, &name, e);
    bad = bad ? bad : doc_number(at, "new_temperature", low, high, &ev->value_c, e);
    if (!bad)
        ev->name = arena_strdup(&out->text, name);
    return bad;
}

static int read_boards(struct batsim_events *out, const struct doc_at *at, struct batsim_event *ev,
                       struct err *e)
{
    const char *text;
    int bad = doc_text(at, "resources", RANGES_BYTES, &text, e);
    return bad ? bad : read_ranges(out, at, text, ev, e);
}

static int read_kind(struct batsim_events *out, const struct doc_at *at, const char *type,
                     struct batsim_event *ev, struct err *e)
{
    if (!strcmp(type, "qrad_set_target_temperature")) {
        ev->kind = BATSIM_SETPOINT;
        return read_temperature(out, at, "qrad", 0, 40, ev, e);
    }
    if (!strcmp(type, "site_set_outside_temperature")) {
        ev->kind = BATSIM_OUTSIDE;
        return read_temperature(out, at, "site", -90, 70, ev, e);
    }
    if (!strcmp(type, "machine_unavailable") || !strcmp(type, "machine_available")) {
        ev->kind = type[8] == 'u' ? BATSIM_BOARDS_OUT : BATSIM_BOARDS_BACK;
        return read_boards(out, at, ev, e);
    }
    if (strcmp(type, "stop_simulation") != 0)
        return doc_refuse(
            at, e,
            "type \"%.40s\" is not known (qrad_set_target_temperature, site_set_outside_temperature, "
            "machine_unavailable, machine_available, stop_simulation)",
            type);
    ev->kind = BATSIM_STOP;
    return 0;
}

// "2019-05-03T00:00:00+00:00": the date, with whatever offset it says.
static bool real_time(const char *s, int64_t *ms)
{
    int64_t offset = 0;
    size_t n = strlen(s);
    char head[DATE_TEXT_BYTES];
    if (n >= 25 && (s[n - 6] == '+' || s[n - 6] == '-') && s[n - 3] == ':') {
        offset = (strtol(s + n - 5, NULL, 10) * 60 + strtol(s + n - 2, NULL, 10)) *
                 (s[n - 6] == '+' ? 60000 : -60000);
        n -= 6;
    }
    if (n < 19 || n + 2 > sizeof head)
        return false;
    memcpy(head, s, n);
    head[n] = 'Z';
    head[n + (s[n - 1] != 'Z')] = '\0';
    if (!date_parse(head, ms))
        return false;
    *ms -= offset;
    return true;
}

static int read_event(void *ctx, const struct doc_at *at, struct err *e)
{
    struct batsim_events *out = ctx;
    struct batsim_event ev = {.line = at->doc->line};
    const char *type, *date;
    double s;
    int64_t real;
    int bad = doc_number(at, "timestamp", 0, TIME_MAX_S, &s, e);
    bad = bad ? bad : doc_text(at, "type", 64, &type, e);
    bad = bad ? bad : doc_text_or_null(at, "realtime", 64, &date, e);
    bad = bad ? bad : read_kind(out, at, type, &ev, e);
    if (bad)
        return bad;
    if (out->n >= EVENTS_MAX)
        return doc_refuse(at, e, "more than %d events", EVENTS_MAX);
    ev.at_ms = num_round(s * 1000);
    if (date && !real_time(date, &real))
        return doc_refuse(at, e, "\"realtime\" must be a date, is \"%.40s\"", date);
    if (date && out->start_unix_ms < 0)
        out->start_unix_ms = real - ev.at_ms;
    *VEC_PUSH(out->v, out->n, out->cap) = ev;
    return 0;
}

static int by_time(const void *a, const void *b)
{
    const struct batsim_event *x = a, *y = b;
    if (x->at_ms != y->at_ms)
        return x->at_ms < y->at_ms ? -1 : 1;
    return x->line < y->line ? -1 : x->line > y->line;
}

int batsim_events_read(struct batsim_events *out, const char *text, size_t n, struct err *e)
{
    struct batsim_events ev = BATSIM_EVENTS_NULL;
    *out = ev;
    int bad = each_line(text, n, read_event, &ev, e);
    if (!bad && ev.n == 0)
        bad = err_set(e, -EINVAL, "line 1: there are no events");
    if (bad) {
        batsim_events_deinit(&ev);
        return bad;
    }
    qsort(ev.v, ev.n, sizeof *ev.v, by_time);
    ev.end_ms = ev.v[ev.n - 1].at_ms;
    for (size_t i = 0; i < ev.n; i++)
        if (ev.v[i].kind == BATSIM_STOP) {
            ev.end_ms = ev.v[i].at_ms;
            break;
        }
    *out = ev;
    return 0;
}

void batsim_events_deinit(struct batsim_events *ev)
{
    free(ev->v);
    arena_deinit(&ev->text);
    *ev = BATSIM_EVENTS_NULL;
}

// ---- data sets ----

static int add_data(struct batsim_data *d, const struct doc_at *at, const char *id, double bytes,
                    struct err *e)
{
    if (d->n >= DATA_MAX)
        return doc_refuse(at, e, "more than %d data sets", DATA_MAX);
    uint64_t had;
    if (strmap_get(&d->at, id,
                   &had)) { // the published lists repeat some; the last size holds, as it does in theirs
        d->bytes[had] = (int64_t)bytes;
        return 0;
    }
    strmap_set(&d->at, id, d->n);
    *VEC_PUSH(d->bytes, d->n, d->cap) = (int64_t)bytes;
    return 0;
}

static int read_size(void *ctx, const struct doc_at *at, struct err *e)
{
    struct batsim_data *d = ctx;
    const char *id;
    double bytes;
    if (json_object_get(at->v, "id")) {
        int bad = doc_text(at, "id", BATSIM_NAME_MAX, &id, e);
        bad = bad ? bad : doc_number(at, "size", 0, 1e18, &bytes, e);
        return bad ? bad : add_data(d, at, id, bytes, e);
    }
    if (!json_is_object(at->v))
        return doc_refuse(at, e, "must be an object");
    for (void *it = json_object_iter(at->v); it; it = json_object_iter_next(at->v, it)) {
        const char *key = json_object_iter_key(it);
        int bad = doc_number(at, key, 0, 1e18, &bytes, e);
        bad = bad ? bad : add_data(d, at, key, bytes, e);
        if (bad)
            return bad;
    }
    return 0;
}

int batsim_data_read(struct batsim_data *out, const char *text, size_t n, struct err *e)
{
    struct batsim_data d = BATSIM_DATA_NULL;
    *out = d;
    int bad = each_line(text, n, read_size, &d, e);
    if (!bad && d.n == 0)
        bad = err_set(e, -EINVAL, "line 1: there are no data sets");
    if (bad)
        batsim_data_deinit(&d);
    else
        *out = d;
    return bad;
}

void batsim_data_deinit(struct batsim_data *d)
{
    strmap_deinit(&d->at);
    free(d->bytes);
    *d = BATSIM_DATA_NULL;
}
