// SPDX-License-Identifier: Apache-2.0
#include "cli/task_wait.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/num.h"
#include "cli/cli.h"
#include "cli/table.h"
#include "cli/verbs.h"
#include "core/work/task.h"

#define WAIT_FIRST_MS 100
#define WAIT_MOST_MS  1000
#define BAR_COLUMNS   30

struct waiting {
    const struct api_client *api;
    const char *id;
    double timeout_s, waited_s;
    bool follow, bar; // bar: one stands on the screen now
    struct err *e;
};

int task_print_fresh(const struct api_client *api, const char *id, const char *stream, long instance,
                     struct err *e)
{
    struct buf path = BUF_INIT(65536), got;
    buf_puts(&path, "/tasks/");
    api_path_add(&path, id);
    buf_putf(&path, "/%s", stream);
    if (instance >= 0)
        buf_putf(&path, "/%ld", instance);
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

static void wipe(struct waiting *w)
{
    if (w->bar)
        fputs("\r\033[K", stderr);
    w->bar = false;
}

// Executing  [###########-------------------]  37 %  3 of 8 instances run  00:01:12
static void draw(struct waiting *w, const json_t *task)
{
    char bar[BAR_COLUMNS + 1];
    double percent = got_number(task, "progress");
    int full = (int)num_clamp(percent * BAR_COLUMNS / 100, 0, BAR_COLUMNS);
    for (int i = 0; i < BAR_COLUMNS; i++)
        bar[i] = i < full ? '#' : '-';
    bar[BAR_COLUMNS] = '\0';
    wipe(w);
    fprintf(stderr, "%s  [%s] %3.0f %%  %.0f of %.0f instances run  %02d:%02d:%02d", got_text(task, "state"),
            bar, percent, got_number(task, "runningInstanceCount"), got_number(task, "totalInstanceCount"),
            (int)w->waited_s / 3600, (int)w->waited_s / 60 % 60, (int)w->waited_s % 60);
    fflush(stderr);
    w->bar = true;
}

static int print_fresh(struct waiting *w)
{
    int code = 0;
    if (!w->follow)
        return 0;
    wipe(w);
    if (!code)
        code = task_print_fresh(w->api, w->id, "stdout", -1, w->e);
    if (!code)
        code = task_print_fresh(w->api, w->id, "stderr", -1, w->e);
    return code;
}

static int ended(struct waiting *w, const json_t *task, enum task_state s)
{
    int code = print_fresh(w);
    if (code || s == TASK_SUCCESS)
        return code;
    const json_t *e = json_array_get(json_object_get(task, "errors"), 0);
    err_set(w->e, -1, "task %s: ended in %s: %s%s%s", w->id, task_state_name(s),
            e ? got_text(e, "code") : "without", e ? " " : " an error", e ? got_text(e, "message") : "");
    return CLI_WORK;
}

// -1: not over yet.
static int look(struct waiting *w, const char *path, bool screen)
{
    json_t *got = NULL;
    enum task_state s = TASK_SUBMITTED;
    int code = api_json(w->api, "GET", path, NULL, &got, w->e);
    if (code)
        return code;
    task_state_parse(got_text(got, "state"), &s);
    if (task_state_final(s)) {
        code = ended(w, got, s);
    } else if (w->timeout_s >= 0 && w->waited_s >= w->timeout_s) {
        err_set(w->e, -1, "task %s: still %s after %.0f s (ondol task why %s)", w->id, task_state_name(s),
                w->waited_s, w->id);
        code = CLI_LATER;
    } else {
        code = print_fresh(w);
        if (!code && screen)
            draw(w, got);
        code = code ? code : -1;
    }
    json_decref(got);
    return code;
}

int task_wait(const struct api_client *api, const char *id, double timeout_s, bool follow, struct err *e)
{
    struct waiting w = {.api = api, .id = id, .timeout_s = timeout_s, .follow = follow, .e = e};
    struct buf path = BUF_INIT(65536);
    bool screen = table_colours(stderr);
    int code = -1;
    buf_puts(&path, "/tasks/");
    api_path_add(&path, id);
    for (long ms = WAIT_FIRST_MS; (code = look(&w, buf_str(&path), screen)) < 0;
         ms = ms * 5 / 4 < WAIT_MOST_MS ? ms * 5 / 4 : WAIT_MOST_MS) {
        nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000L}, NULL);
        w.waited_s += (double)ms / 1000;
    }
    wipe(&w);
    buf_deinit(&path);
    return code;
}
