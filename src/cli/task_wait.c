// SPDX-License-Identifier: Apache-2.0
#include "cli/task_wait.h"

#include <stdio.h>
#include <string.h>

#include "cli/bar.h"
#include "cli/cli.h"
#include "cli/verbs.h"
#include "core/work/task.h"

struct waiting {
    const struct api_client *api;
    const char *id;
    bool follow;
};

static int print_stream(const struct api_client *api, const char *id, const char *stream, struct err *e)
{
    struct buf path = BUF_INIT(65536), got;
    buf_puts(&path, "/tasks/");
    api_path_add(&path, id);
    buf_putf(&path, "/%s", stream);
    int code = api_call(api, "POST", buf_str(&path), NULL, "text/plain", &got, e);
    buf_deinit(&path);
    if (code)
        return code;
    FILE *to = strcmp(stream, "stderr") ? stdout : stderr;
    fwrite(buf_str(&got), 1, got.n, to);
    fflush(to);
    buf_deinit(&got);
    return 0;
}

static int print_fresh(const struct waiting *w, struct bar *b, struct err *e)
{
    if (!w->follow)
        return 0;
    bar_wipe(b);
    int code = print_stream(w->api, w->id, "stdout", e);
    return code ? code : print_stream(w->api, w->id, "stderr", e);
}

static void draw(struct bar *b, const json_t *task, double waited_s)
{
    char runs[64];
    snprintf(runs, sizeof runs, "%.0f of %.0f instances run", got_number(task, "runningInstanceCount"),
             got_number(task, "totalInstanceCount"));
    bar_draw(b, got_text(task, "state"), got_number(task, "progress"), runs, waited_s);
}

static int ended(const struct waiting *w, const json_t *task, enum task_state s, struct err *e)
{
    if (s == TASK_SUCCESS)
        return CLI_DONE;
    const json_t *why = json_array_get(json_object_get(task, "errors"), 0);
    err_set(e, -1, "task %s: ended in %s: %s%s%s", w->id, task_state_name(s),
            why ? got_text(why, "code") : "without", why ? " " : " an error",
            why ? got_text(why, "message") : "");
    return CLI_WORK;
}

static int look(void *ctx, const json_t *got, struct bar *b, double waited_s, struct err *e)
{
    const struct waiting *w = ctx;
    enum task_state s = TASK_SUBMITTED;
    task_state_parse(got_text(got, "state"), &s);
    int code = print_fresh(w, b, e);
    if (code)
        return code;
    if (task_state_final(s))
        return ended(w, got, s, e);
    draw(b, got, waited_s);
    return -1;
}

int task_wait(const struct api_client *api, const char *id, double timeout_s, bool follow, struct err *e)
{
    struct waiting w = {.api = api, .id = id, .follow = follow};
    struct buf path = BUF_INIT(65536);
    char late[128], hint[128];
    buf_puts(&path, "/tasks/");
    api_path_add(&path, id);
    snprintf(late, sizeof late, "task %.64s: has not ended", id);
    snprintf(hint, sizeof hint, "ondol task why %.64s", id);
    struct bar_wait wait = {api, buf_str(&path), timeout_s, late, hint, look, &w};
    int code = bar_wait(&wait, e);
    buf_deinit(&path);
    return code;
}
