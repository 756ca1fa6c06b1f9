// SPDX-License-Identifier: Apache-2.0
//
// Standard output and error. GET gives all that is kept and moves nothing; POST gives what is new since the
// account's last POST of the same stream, read and noted in one transaction of the store so that no line is
// given twice.
//
// Whoever asks for JSON first, or says nothing, gets a JSON string; everyone else text. A
// known instance without output answers 200 with nothing in it.
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/handlers.h"
#include "api/json_out.h"
#include "api/pool.h"
#include "core/work/ranges.h"

static bool wants_json(const char *accept)
{
    if (!accept)
        return true;
    accept += strspn(accept, " \t");
    size_t n = strcspn(accept, ",; \t");
    return n == 0 || (n == strlen("application/json") && !strncasecmp(accept, "application/json", n));
}

static void answer(struct call *c, const struct buf *text)
{
    if (text->failed) {
        call_fail(c, 413, "The output kept is longer than %zu bytes (read it instance by instance)",
                  CALL_OUT_MAX);
        return;
    }
    if (wants_json(c->accept)) {
        json_text(&c->out, buf_str(text), text->n);
        return;
    }
    c->type = "text/plain; charset=utf-8";
    buf_put(&c->out, buf_str(text), text->n);
}

static bool has_instance(const struct row_task *row, uint32_t instance)
{
    json_t *body = json_loads(row->body ? row->body : "{}", 0, NULL);
    const char *text = json_string_value(json_object_get(body, "advancedRanges"));
    bool there = instance < (uint32_t)row->instances;
    if (text) {
        struct ranges ids = RANGES_NULL;
        there = ranges_parse(&ids, text, RANGES_ID_MAX, NULL) == 0 && ranges_has(&ids, instance);
        ranges_deinit(&ids);
    }
    json_decref(body);
    return there;
}

// A pool's nodes print what their preparation does.
static int read_row(struct call *c, bool pool, struct row_task *row, struct err *e)
{
    struct row_pool found = {0};
    if (!pool)
        return c->reader->task(c->reader->ctx, c->account.id, c->param[0], &c->arena, row, e);
    int r = c->reader->pool(c->reader->ctx, c->account.id, c->param[0], &c->arena, &found, e);
    if (r == 0)
        pool_as_task(&found, row);
    return r;
}

static bool has_node(const struct row_task *row, uint32_t node)
{
    struct ranges begun = RANGES_NULL;
    bool there = node < (uint32_t)row->instances;
    if (!there && row->live.started_once && *row->live.started_once)
        there = ranges_parse(&begun, row->live.started_once, RANGES_ID_MAX, NULL) == 0 &&
                ranges_has(&begun, node);
    ranges_deinit(&begun);
    return there;
}

// The task or pool of the path, and its instance, -1: all. False: failed.
static bool find(struct call *c, struct row_task *row, int64_t *instance)
{
    struct err e = ERR_NULL;
    bool pool = route_is(&c->route, 0, "pools");
    const char *kind = pool ? "pool" : "task";
    int r = read_row(c, pool, row, &e);
    *instance = -1;
    if (r < 0) {
        call_store_error(c, r);
        return false;
    }
    if (r > 0) {
        call_fail(c, 404, "No such %s: %s", kind, c->param[0]);
        return false;
    }
    const char *text = c->param[1];
    if (!text)
        return true;
    bool number = strlen(text) <= 10 && text[strspn(text, "0123456789")] == '\0';
    long long id = number ? strtoll(text, NULL, 10) : -1;
    if (id < 0 || id > RANGES_ID_MAX ||
        !(pool ? has_node(row, (uint32_t)id) : has_instance(row, (uint32_t)id))) {
        call_fail(c, 404, "No such instance: %s of %s %s", text, kind, c->param[0]);
        return false;
    }
    *instance = id;
    return true;
}

static void all(struct call *c, uint8_t stream)
{
    struct row_task row;
    int64_t instance;
    if (!find(c, &row, &instance))
        return;
    struct buf text = BUF_INIT(CALL_OUT_MAX);
    struct err e = ERR_NULL;
    int r = c->reader->output(c->reader->ctx, row.id, stream, instance, &text, &e);
    if (r < 0 && !text.failed)
        call_store_error(c, r);
    else
        answer(c, &text);
    buf_deinit(&text);
}

static void fresh_free(void *state)
{
    buf_deinit(state);
}

static void fresh_done(struct call *c)
{
    answer(c, c->state);
}

static void fresh(struct call *c, uint8_t stream)
{
    struct row_task row;
    int64_t instance;
    if (!find(c, &row, &instance))
        return;
    struct buf *text = c->state = arena_alloc(&c->arena, sizeof *text);
    c->state_free = fresh_free;
    *text = BUF_INIT(API_OUTPUT_BYTES);
    struct submission *s = call_submission(c, EVENT_KIND_N);
    s->fresh = (struct fresh_read){.account = c->account.id,
                                   .task = row.id,
                                   .stream = stream,
                                   .instance = instance,
                                   .max_bytes = API_OUTPUT_BYTES,
                                   .text = text};
    call_submit(c, s, fresh_done);
}

void output_all_stdout(struct call *c)
{
    all(c, 0);
}

void output_all_stderr(struct call *c)
{
    all(c, 1);
}

void output_fresh_stdout(struct call *c)
{
    fresh(c, 0);
}

void output_fresh_stderr(struct call *c)
{
    fresh(c, 1);
}
