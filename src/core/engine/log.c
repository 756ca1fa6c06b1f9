// SPDX-License-Identifier: Apache-2.0
#include "core/engine/log.h"

#include <errno.h>
#include <string.h>

#include "core/engine/log_codec.h"

static void put_record(enum log_what what, const struct buf *body, struct buf *out)
{
    struct codec c = {.out = out};
    out->failed = out->failed || body->failed;
    codec_put(&c, (int64_t)body->n);
    codec_put(&c, what);
    buf_put(out, body->v, body->n);
}

static void walk_start(struct codec *c, struct log_start *s)
{
    struct server_config *k = &s->config;
    N(c, s->restore_from.v);
    N(c, s->restored.v);
    N(c, k->instances_per_task);
    N(c, k->tasks_per_account);
    N(c, k->secrets_per_account);
    N(c, k->jobs_per_account);
    N(c, k->pools_per_account);
    N(c, k->lease_ms);
    N(c, k->lease_margin_ms);
    N(c, k->dispatch_delay_ms);
    N(c, k->start_timeout_ms);
    N(c, k->preempt_grace_ms);
    N(c, k->rest_first_ms);
    N(c, k->rest_most_ms);
    N(c, k->donated_allowed);
    N(c, k->filler_allowed);
    N(c, k->reserved_by_all);
    N(c, k->check_plans);
    N(c, k->makes_copies);
    N(c, k->policy);
    for (int a = 0; a < BILL_CLASSES; a++)
        N(c, k->bill.ueur_per_core_h[a]);
    N(c, k->bill.ueur_per_kwh);
    N(c, k->bill.lost_too);
}

void log_put_start(const struct log_start *s, struct buf *out)
{
    struct buf body = BUF_INIT(4096);
    struct log_start copy = *s;
    walk_start(&(struct codec){.out = &body}, &copy);
    put_record(LOG_START, &body, out);
    buf_deinit(&body);
}

void log_put_event(const struct event *ev, struct buf *out)
{
    struct buf body = BUF_INIT(LOG_RECORD_MAX);
    event_encode(ev, &body);
    put_record(LOG_EVENT, &body, out);
    buf_deinit(&body);
}

static void put_one_number(enum log_what what, int64_t v, struct buf *out)
{
    struct buf body = BUF_INIT(16);
    codec_put(&(struct codec){.out = &body}, v);
    put_record(what, &body, out);
    buf_deinit(&body);
}

void log_put_settle(house_ms now, struct buf *out)
{
    put_one_number(LOG_SETTLE, now.v, out);
}

void log_put_end(uint64_t hash, struct buf *out)
{
    put_one_number(LOG_END, (int64_t)hash, out);
}

void log_put_reload(struct buf *out)
{
    put_record(LOG_RELOAD, &BUF_INIT(0), out);
}

static void walk_record(struct codec *c, struct log_record *r)
{
    switch (r->what) {
    case LOG_EVENT:
        log_walk_event(c, &r->ev);
        break;
    case LOG_SETTLE:
        N(c, r->now.v);
        break;
    case LOG_START:
        server_config_default(&r->start.config);
        walk_start(c, &r->start);
        break;
    case LOG_END:
        N(c, r->hash);
        break;
    case LOG_RELOAD:
    case LOG_WHAT_N:
        break;
    }
}

int log_next(const char *data, size_t n, size_t *pos, struct arena *a, struct log_record *r, struct err *e)
{
    size_t head = strlen(LOG_HEADER), at = *pos;
    if (!at) {
        if (n < head || memcmp(data, LOG_HEADER, head) != 0)
            return err_set(e, -EBADMSG, "log: this is no log of version %d", LOG_VERSION);
        at = *pos = head;
    }
    struct codec c = {.p = (const uint8_t *)data + at, .end = (const uint8_t *)data + n, .a = a};
    int64_t bytes_n = codec_get(&c), what = codec_get(&c);
    if (c.bad)
        return 0; // the end, or a record that was begun
    if (bytes_n < 0 || (uint64_t)bytes_n > LOG_RECORD_MAX || what < 0 || what >= LOG_WHAT_N)
        return err_set(e, -EBADMSG, "log: byte %zu: this is no record", at);
    if (bytes_n > c.end - c.p)
        return 0;
    c.end = c.p + bytes_n;
    *pos = (size_t)((const char *)c.end - data);
    *r = (struct log_record){.what = (enum log_what)what};
    walk_record(&c, r);
    if (c.bad || c.p != c.end)
        return err_set(e, -EBADMSG,
                       "log: byte %zu: a record cannot be read at byte %zu (is it of another version?)", at,
                       (size_t)((const char *)c.p - data));
    return 1;
}
