// SPDX-License-Identifier: Apache-2.0
//
// The body of POST /tasks and PUT /tasks/{id} from a stranger. What is taken must be JSON that an answer can
// be made from.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "api/json_in.h"
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err e = ERR_NULL;
    json_t *in = in_parse((const char *)data, size, &e);
    if (!in)
        return 0;
    struct api_backend be = {.limits = {.instances_per_task = 2048}};
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
