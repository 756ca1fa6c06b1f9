// SPDX-License-Identifier: Apache-2.0
#include "cli/task_submit.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "cli/cli.h"
#include "cli/task_wait.h"
#include "cli/verb_snapshot.h"

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void print_uuids(const json_t *got)
{
    size_t i;
    json_t *one;
    if (json_is_object(got))
        puts(got_text(got, "uuid"));
    json_array_foreach(got, i, one)
    {
        if (*got_text(one, "uuid"))
            puts(got_text(one, "uuid"));
    }
    fflush(stdout);
}

// How many of a list were refused; each is said.
static size_t say_refused(const json_t *got)
{
    size_t i, n = 0;
    json_t *one;
    json_array_foreach(got, i, one)
    {
        struct err e = ERR_NULL;
        if (*got_text(one, "uuid"))
            continue;
        n++;
        err_set(&e, -EPERM, "task %zu of the list: %s (HTTP %.0f)", i + 1, got_text(one, "message"),
                got_number(one, "statusCode"));
        cli_fail_err(CLI_REFUSED, &e);
    }
    return n;
}

// Of several that did not end well the last one's sentence is left in c->e, the others' are said.
static int wait_for_all(struct verb_call *c, const json_t *got, const struct task_submit *how)
{
    double begun_s = now_s();
    int first = 0;
    size_t n = json_is_array(got) ? json_array_size(got) : 1;
    for (size_t i = 0; i < n; i++) {
        const char *uuid = got_text(json_is_array(got) ? json_array_get(got, i) : got, "uuid");
        double left_s = how->timeout_s - (now_s() - begun_s);
        struct err e = ERR_NULL;
        if (!*uuid)
            continue;
        int code = task_wait(&c->api, uuid,
                             how->timeout_s < 0 ? -1
                             : left_s > 0       ? left_s
                                                : 0,
                             how->follow, &e);
        if (code && first)
            cli_fail_err(first, &c->e);
        if (code)
            c->e = e;
        first = first ? first : code;
    }
    return first;
}

int task_submit(struct verb_call *c, const json_t *body, const struct task_submit *how)
{
    json_t *got = NULL;
    int code = api_json(&c->api, "POST", "/tasks", body, &got, &c->e);
    if (how->json && got)
        got_print(got);
    else if (!how->follow) // what the task writes is all that a pipe behind --follow gets
        print_uuids(got);
    size_t refused = say_refused(got);
    if (!code && how->every_s >= 0)
        code = verb_snapshot_made(c, got, how->every_s);
    if (!code && (how->wait || how->follow)) {
        fflush(stdout);
        code = wait_for_all(c, got, how);
    }
    if (refused) {
        if (code)
            cli_fail_err(code, &c->e);
        c->e = ERR_NULL;
        err_set(&c->e, -EPERM, "%zu of %zu tasks were refused", refused, json_array_size(got));
        code = CLI_REFUSED;
    }
    json_decref(got);
    return code;
}
