// SPDX-License-Identifier: Apache-2.0
//
// Images of containers, for operators, and how nodes get them. An archive comes in pieces (uploads), since it
// is larger than what is kept of a body; what takes long is a job, answered with 202 and asked after.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"

#define LEASE_DIGITS   20
#define FRONT_SEGMENTS 3 // ondol, v1, images

// The answer of a failure; true: there is one.
static bool failed(struct call *c, int code, const struct err *e)
{
    int status = code == -ENOENT                       ? 404
                 : code == -EINVAL || code == -EBADMSG ? 400
                 : code == -EFBIG                      ? 413
                 : code == -ERANGE                     ? 409
                 : code == -ENOSPC                     ? 507
                                                       : 503;
    if (code < 0)
        call_fail(c, status, "%s", e->text);
    return code < 0;
}

static bool ask(struct call *c, struct image_call *i)
{
    struct err e = ERR_NULL;
    if (!c->be->images) {
        call_fail(c, 404, "This server keeps no images");
        return false;
    }
    return !failed(c, c->be->images(c->be->ctx, i, &e), &e);
}

// Answers with what came back, which is freed.
static void show(struct call *c, int status, struct image_call *i)
{
    char *text = json_dumps(i->out, JSON_COMPACT);
    c->status = status;
    buf_puts(&c->out, text ? text : "{}");
    free(text);
    json_decref(i->out);
}

static void get(struct call *c, int status, struct image_call i)
{
    if (ask(c, &i))
        show(c, status, &i);
}

void image_list(struct call *c)
{
    struct image_call i = {.verb = IMAGE_LIST};
    int64_t offset = 0, limit = API_PAGE_MAX;
    if (!call_query_int(c, "offset", 0, INT32_MAX, &offset) ||
        !call_query_int(c, "limit", 1, API_PAGE_MAX, &limit) || !ask(c, &i))
        return;
    json_t *all = i.out, *page = json_array(), *one;
    size_t k;
    json_array_foreach(all, k, one) if ((int64_t)k >= offset && (int64_t)k - offset < limit)
        json_array_append(page, one);
    i.out = json_pack("{s:I,s:I,s:I,s:o}", "total", (json_int_t)json_array_size(all), "offset",
                      (json_int_t)offset, "limit", (json_int_t)limit, "data", page);
    json_decref(all);
    show(c, 200, &i);
}

// What stands behind /ondol/v1/images/: a name with its slashes, or a digest.
static const char *name_of(struct call *c)
{
    char *name = arena_strdup(&c->arena, "");
    for (size_t i = FRONT_SEGMENTS; i < c->route.n; i++)
        name = arena_printf(&c->arena, "%s%s%s", name, *name ? "/" : "", c->route.segment[i]);
    return name;
}

void image_get(struct call *c)
{
    get(c, 200, (struct image_call){.verb = IMAGE_GET, .id = name_of(c)});
}

void image_remove(struct call *c)
{
    struct image_call i = {.verb = IMAGE_REMOVE, .id = name_of(c)};
    if (ask(c, &i))
        call_empty(c);
}

void image_upload(struct call *c)
{
    get(c, 201, (struct image_call){.verb = IMAGE_UPLOAD});
}

void image_piece(struct call *c)
{
    struct image_call i = {.verb = IMAGE_PIECE, .id = c->param[0], .data = c->body, .n = c->body_bytes};
    if (call_query_int(c, "offset", 0, INT64_MAX / 2, &i.offset) && ask(c, &i))
        call_empty(c);
}

static void with_body(struct call *c, struct image_call i)
{
    if (!call_object(c))
        return;
    i.in = c->in;
    get(c, 202, i);
}

void image_import(struct call *c)
{
    with_body(c, (struct image_call){.verb = IMAGE_IMPORT});
}

void image_pull(struct call *c)
{
    with_body(c, (struct image_call){.verb = IMAGE_PULL});
}

void image_job(struct call *c)
{
    get(c, 200, (struct image_call){.verb = IMAGE_JOB, .id = c->param[0]});
}

// Whose images the instance of a lease may have; 0: everybody's only.
static uint64_t account_of(struct call *c, const char *lease)
{
    struct row_task row = {0};
    struct err e = ERR_NULL;
    uint64_t task;
    if (!*lease || strlen(lease) > LEASE_DIGITS || strspn(lease, "0123456789") != strlen(lease))
        return 0;
    if (c->reader->lease_task(c->reader->ctx, strtoull(lease, NULL, 10), &task, &e) != 0 ||
        c->reader->task_by_id(c->reader->ctx, task, &c->arena, &row, &e) != 0)
        return 0;
    return row.account;
}

void node_image(struct call *c)
{
    if (!call_object(c))
        return;
    const char *lease = json_string_value(json_object_get(c->in, "lease"));
    get(c, 200,
        (struct image_call){.verb = IMAGE_ASK, .in = c->in, .account = account_of(c, lease ? lease : "")});
}

void node_blob(struct call *c)
{
    struct image_call i = {.verb = IMAGE_BLOB, .id = c->param[0], .fd = -1};
    if (!ask(c, &i))
        return;
    c->kind = CALL_FILE;
    c->status = 200;
    c->type = "application/octet-stream";
    c->file = i.fd;
    c->file_bytes = i.n;
}
