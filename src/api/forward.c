// SPDX-License-Identifier: Apache-2.0
//
// GET /network/tasks/{id}/port-forward: which ports of the server lead into a task's instances. Every
// instance is a member, with nothing in it while no port leads there.
#include "api/handlers.h"
#include "api/json_out.h"
#include "core/work/ranges.h"

static void one(struct json_out *o, const struct forward_view *f)
{
    out_object(o, "ssh");
    out_string(o, "name", "ssh");
    out_bool(o, "enabled", true);
    out_string(o, "applicationType", "ssh");
    out_string(o, "proto", "tcp");
    out_int(o, "port", f->application_port);
    out_raw(o, "allowedIPs", "[]");
    out_object(o, "access");
    out_string(o, "publicHost", f->host);
    out_int(o, "publicPort", f->forwarder_port);
    out_end_object(o);
    out_end_object(o);
}

static void instances(struct call *c, const struct row_task *row, const struct forward_view *f, size_t n)
{
    struct json_out o = {.b = &c->out};
    struct ranges ids = RANGES_NULL;
    char key[16];
    ranges_parse(&ids, row->ranges ? row->ranges : "", RANGES_ID_MAX, NULL);
    out_object(&o, NULL);
    for (uint32_t id = 0; ranges_next(&ids, id, &id); id++) {
        snprintf(key, sizeof key, "%u", id);
        out_object(&o, key);
        for (size_t i = 0; i < n; i++)
            if (f[i].instance == id)
                one(&o, &f[i]);
        out_end_object(&o);
        if (id == RANGES_ID_MAX)
            break;
    }
    out_end_object(&o);
    ranges_deinit(&ids);
}

void forward_task(struct call *c)
{
    struct row_task row = {0};
    struct err e = ERR_NULL;
    int r = c->reader->task(c->reader->ctx, c->account.id, c->param[0], &c->arena, &row, &e);
    if (r < 0) {
        call_store_error(c, r);
    } else if (r > 0) {
        call_fail(c, 404, "No such task: %s", c->param[0]);
    } else {
        struct forward_view *f = arena_alloc(&c->arena, FORWARDS_MAX * sizeof *f);
        instances(c, &row, f, c->be->forwards ? c->be->forwards(c->be->ctx, row.id, f, FORWARDS_MAX) : 0);
    }
}
