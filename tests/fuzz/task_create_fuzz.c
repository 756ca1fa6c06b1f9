// SPDX-License-Identifier: Apache-2.0
//
// The body of POST /tasks and PUT /tasks/{id} from a stranger. What is taken must be JSON that an answer can
// be made from.
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "api/json_in.h"
#include "api/secrets.h"
#include "api/task_body.h"
#include "api/task_render.h"
#include "fuzz.h"

static void render(const struct task_draft *d)
{
    struct row_task row = {.id = 1,
                           .uuid = "0b5f6f0e-7a51-4a0e-9a43-2f1f6a1b7c11",
                           .shortname = d->shortname,
                           .name = d->name,
                           .profile = d->profile,
                           .instances = d->instances,
                           .body = d->body};
    struct buf text = BUF_INIT(16 << 20);
    struct json_out o = {.b = &text};
    task_render(&o, NULL, &row, &(struct task_extra){0});
    json_t *back = json_loadb(buf_str(&text), text.n, 0, NULL);
    if (!back)
        abort();
    json_decref(back);
    buf_deinit(&text);
}

// A vault whose key is no secret: what is sealed is what was given, so that it can be rendered and read
// again.
static int seal(void *ctx, const char *bound, const char *value, struct buf *out, struct err *e)
{
    (void)ctx;
    (void)bound;
    (void)e;
    buf_puts(out, SEALED_MARK);
    buf_puts(out, value);
    return 0;
}

static int unseal(void *ctx, const char *bound, const char *sealed, struct buf *out, struct err *e)
{
    (void)ctx;
    (void)bound;
    if (strncmp(sealed, SEALED_MARK, strlen(SEALED_MARK)) != 0)
        return err_set(e, -EINVAL, "not sealed");
    buf_puts(out, sealed + strlen(SEALED_MARK));
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err e = ERR_NULL;
    json_t *in = in_parse((const char *)data, size, &e);
    if (!in)
        return 0;
    struct api_backend be = {.seal = seal, .unseal = unseal, .limits = {.instances_per_task = 2048}};
    struct account_view who = {.id = 1};
    struct task_draft d = {0};
    struct arena a = ARENA_NULL;
    const char *why = NULL;
    int code = task_body_read(in, &be, &who, &a, &d, &why);
    if (code && (code < 400 || code > 499 || !why || !*why))
        abort();
    if (!code)
        render(&d);
    json_t *body = json_loads(d.body ? d.body : "{}", 0, NULL);
    if (json_is_object(in))
        task_body_update(body, in, &a, &why);
    json_decref(body);
    arena_deinit(&a);
    json_decref(in);
    return 0;
}
