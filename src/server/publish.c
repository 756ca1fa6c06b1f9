// SPDX-License-Identifier: Apache-2.0
//
// From what the engine decided to what is seen in a bucket. The row that asks for it is committed before
// (docs/design/0033-staging.md); what is done twice is done once; the engine hears when it is done.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "server/inside.h"
#include "store/sqlite.h"

struct publication {
    struct objects_op op;
    struct runtime *r;
    uint64_t lease;
    uint32_t part;
    char name[OBJECTS_BUCKET_BYTES], into[256];
};

static void told(struct submission *s, const struct reply *reply, int error)
{
    (void)s, (void)reply, (void)error; // not recorded: the row is still there, and the next load finds it
}

static void tell(struct runtime *r, uint64_t lease, uint32_t part, const char *code, const char *message)
{
    struct submission *s = mem_alloc(sizeof *s);
    s->event.kind = EVENT_PUBLISHED;
    s->event.published.lease = lease;
    s->event.published.part = part;
    s->event.published.code = arena_strdup(&s->arena, code);
    s->event.published.message = message ? arena_strdup(&s->arena, message) : NULL;
    s->done = told;
    struct item *it = mem_alloc(sizeof *it);
    *it = (struct item){.kind = ITEM_SUBMISSION, .submission = s};
    if (queue_put(&r->items, it))
        return;
    arena_deinit(&s->arena); // the server ends
    free(s);
    free(it);
}

void publish_told(void *runtime, uint64_t lease, uint32_t part, const char *code, const char *message)
{
    tell(runtime, lease, part, code, message);
}

static void moved(struct objects_op *op)
{
    struct publication *p = op->user;
    char text[400];
    if (op->code == OBJECTS_OK) {
        tell(p->r, p->lease, p->part, NULL, NULL);
    } else if (op->code == OBJECTS_QUOTA) {
        tell(p->r, p->lease, p->part, "results-over-quota",
             "its results do not fit into the account's storage quota");
    } else if (op->code > 0) {
        snprintf(text, sizeof text, "its results could not be stored: No such bucket: %s", p->into);
        tell(p->r, p->lease, p->part, "results-no-bucket", text);
    } else {
        snprintf(text, sizeof text, "its results could not be stored: %.300s", op->e.text);
        tell(p->r, p->lease, p->part, "results-not-stored", text);
    }
    free(p);
}

// Of the task, unless the row names one.
static bool target(struct store_reader *reader, const struct row_publish *row, struct publication *p)
{
    struct arena a = ARENA_NULL;
    struct row_task task = {0};
    struct err e = ERR_NULL;
    bool known = reader->task_by_id(reader->ctx, row->task, &a, &task, &e) == 0;
    json_t *body = known && task.body ? json_loads(task.body, 0, NULL) : NULL;
    const char *bucket = row->bucket && *row->bucket ? row->bucket : NULL;
    if (!bucket && row->part)
        bucket = json_string_value(json_object_get(body, "snapshotBucket"));
    if (!bucket)
        bucket = json_string_value(json_object_get(body, "resultBucket"));
    snprintf(p->into, sizeof p->into, "%s", bucket ? bucket : "");
    p->op.account = task.account;
    json_decref(body);
    arena_deinit(&a);
    return known;
}

static void publish(struct runtime *r, struct store_reader *reader, const struct row_publish *row)
{
    struct publication *p = mem_alloc(sizeof *p);
    *p = (struct publication){.r = r, .lease = row->lease, .part = row->part};
    s3_staged_name(p->name, row->lease, row->part);
    bool known = target(reader, row, p);
    if (r->outside) {
        if (known)
            outside_publish(r->outside, p->lease, p->part, p->op.account, p->into);
        else
            outside_discard(r->outside, p->lease);
        free(p);
        return;
    }
    p->op.kind = known ? OBJECTS_PUBLISH : OBJECTS_DISCARD;
    p->op.name = p->name;
    p->op.into = p->into;
    p->op.now_ms = real_now_ms();
    p->op.done = moved;
    p->op.user = p;
    objects_submit(r->objects, &p->op);
}

static void thrown(struct objects_op *op)
{
    if (op->code < 0)
        fprintf(stderr, "ondol: storage: %s (it is tried again when the server starts)\n", op->e.text);
    free(op->user);
}

static void discard(struct runtime *r, uint64_t lease)
{
    if (r->outside) {
        outside_discard(r->outside, lease);
        return;
    }
    struct publication *p = mem_alloc(sizeof *p);
    snprintf(p->name, sizeof p->name, "~%llu.", (unsigned long long)lease);
    p->op = (struct objects_op){.kind = OBJECTS_DISCARD, .name = p->name, .done = thrown, .user = p};
    objects_submit(r->objects, &p->op);
}

void publish_note(struct runtime *r, const struct change *c)
{
    if (c->kind == CHANGE_PUBLISH) {
        publish(r, &r->body_reader, &c->publish);
        return;
    }
    pthread_mutex_lock(&r->staged_lock);
    bool had_key = idmap_remove(&r->staged, c->gone);
    pthread_mutex_unlock(&r->staged_lock);
    if (had_key) // after what is to be published: writes are done in order
        discard(r, c->gone);
}

// ---- at a load

static void forget(struct runtime *r)
{
    for (size_t i = 0; i < r->n_unpublished; i++)
        free((char *)(uintptr_t)r->unpublished[i].bucket);
    r->n_unpublished = 0;
}

void publish_deinit(struct runtime *r)
{
    forget(r);
    free(r->unpublished);
    idmap_deinit(&r->staged);
}

void publish_loaded(struct runtime *r, const struct row_publish *row)
{
    struct row_publish *to = VEC_PUSH(r->unpublished, r->n_unpublished, r->cap_unpublished);
    *to = *row;
    to->bucket = mem_strdup(row->bucket);
}

void publish_again(struct runtime *r)
{
    struct store_reader reader = {0};
    struct err e = ERR_NULL;
    if (!r->objects && !r->outside)
        return; // the first load: the storage starts later, and asks
    if (r->n_unpublished && store_sqlite_reader(&reader, r->data_dir, &e) < 0) {
        fprintf(stderr, "ondol: storage: %s\n", e.text);
        return;
    }
    for (size_t i = 0; i < r->n_unpublished; i++)
        publish(r, &reader, &r->unpublished[i]);
    if (reader.free)
        reader.free(reader.ctx);
    forget(r);
}

// A moment later everything here would be somebody's again: it runs before the first node may call.
int publish_sweep(struct runtime *r, struct err *e)
{
    struct arena a = ARENA_NULL;
    struct objects_bucket *b = NULL;
    size_t n = 0;
    int code = objects_buckets(r->objects, 0, &a, &b, &n, e);
    for (size_t i = 0; i < n && code >= 0; i++) {
        uint64_t lease, task;
        uint32_t part;
        if (!s3_staged_read(b[i].name, &lease, &part))
            continue;
        code = r->lease_reader.lease_task(r->lease_reader.ctx, lease, &task, e);
        if (code == 1)
            discard(r, lease); // behind what publish_again asked for
        else if (code == 0)
            idmap_set(&r->staged, lease, 1);
    }
    arena_deinit(&a);
    return code < 0 ? code : 0;
}
