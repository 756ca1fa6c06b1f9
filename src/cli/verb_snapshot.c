// SPDX-License-Identifier: Apache-2.0
#include "cli/verb_snapshot.h"

#include <stdio.h>
#include <string.h>

#include "cli/bar.h"
#include "cli/cli.h"

static int look(void *ctx, const json_t *got, struct bar *b, double waited_s, struct err *e)
{
    const char *id = ctx, *status = got_text(got, "status");
    double all = got_number(got, "sizeToUpload"), sent = got_number(got, "transferredSize");
    char detail[64];
    if (!strcmp(status, "Success"))
        return CLI_DONE;
    if (!strcmp(status, "Failure"))
        return err_set(e, -1, "snapshot %.100s: ended in Failure", id), CLI_WORK;
    snprintf(detail, sizeof detail, "%.1f of %.1f MB", sent / 1e6, all / 1e6);
    bar_draw(b, status, all > 0 ? 100 * sent / all : 0, detail, waited_s);
    return -1;
}

static int wait_for(struct verb_call *c, const char *id, double timeout_s)
{
    char late[256], hint[160], back[200];
    snprintf(late, sizeof late, "snapshot %.100s: is not in the bucket", id);
    snprintf(hint, sizeof hint, "ondol task show %.64s", c->args->v[0]);
    snprintf(back, sizeof back, "/snapshot/%.128s", id);
    return bar_wait(
        &(struct bar_wait){&c->api, verb_path(c, "/tasks/", back), timeout_s, late, hint, look, (void *)id},
        &c->e);
}

int verb_snapshot(struct verb_call *c, const struct verb_snapshot *v)
{
    json_t *got = NULL, *body = json_pack("{s:s*,s:s*,s:s*,s:s*}", "whitelist", v->whitelist, "blacklist",
                                          v->blacklist, "bucket", v->bucket, "bucketPrefix", v->prefix);
    if (v->every_s >= 0)
        json_object_set_new(body, "interval", json_integer(v->every_s));
    int code = api_json(&c->api, "POST",
                        verb_path(c, "/tasks/", v->every_s >= 0 ? "/snapshot/periodic" : "/snapshot"), body,
                        v->every_s >= 0 ? NULL : &got, &c->e);
    if (!code && got && v->json)
        got_print(got);
    else if (!code && got)
        puts(got_text(got, "id"));
    fflush(stdout);
    if (!code && got && v->wait)
        code = wait_for(c, got_text(got, "id"), v->timeout_s);
    json_decref(got);
    json_decref(body);
    return code;
}

int verb_snapshot_made(struct verb_call *c, const json_t *made, long every_s)
{
    json_t *body = json_pack("{s:I}", "interval", (json_int_t)every_s);
    const char *id = got_text(made, "uuid");
    int code = 0;
    if (json_is_array(made))
        for (size_t i = 0; !code && i < json_array_size(made); i++)
            code = verb_snapshot_made(c, json_array_get(made, i), every_s);
    else if (*id)
        code = api_json(&c->api, "POST", verb_path_of(c, "/tasks/", id, "/snapshot/periodic"), body, NULL,
                        &c->e);
    json_decref(body);
    return code;
}
