// SPDX-License-Identifier: Apache-2.0
//
// Each run is a process of its own, as many at a time as --jobs says, so that a crash of one is one missing
// value and all cores can be used; the order in which they end changes nothing. A child writes its figures to
// a pipe.
#include "cli/sim_compare.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/sim_load.h"
#include "cli/sim_out.h"
#include "cli/sim_span.h"
#include "sim/page/figures.h"

#define VARIANT_FILES 8

struct values {
    long seeds, seed, jobs;
    struct sim_span span;
    const char *policies, *csv;
};

static const struct option_row rows[] = {
    {"seeds", OPTION_INT, "N", offsetof(struct values, seeds), 1, 1000,
     "Runs of each with different seeds (default 10)"},
    {"seed", OPTION_INT, "N", offsetof(struct values, seed), 0, 2147483647,
     "The first of the seeds (default 1)"},
    {"policies", OPTION_TEXT, "A,B,...", offsetof(struct values, policies), 0, 0,
     "Each scenario under each of these policies"},
    SIM_SPAN_ROWS(values, "Prints one JSON object instead of the table"),
    {"jobs", OPTION_INT, "N", offsetof(struct values, jobs), 1, 256, "Runs at a time (default: processors)"},
    {"csv", OPTION_TEXT, "FILE", offsetof(struct values, csv), 0, 0,
     "Writes the means and intervals as a table"},
    {0},
};

static const struct options options = {
    .command = "sim compare",
    .args = "SCENARIO[+FILE...]...",
    .args_min = 1,
    .args_max = OPTIONS_ARGS_MAX,
    .what = "Runs each scenario (with the files laid over it after a '+') over the same seeds and prints the "
            "mean of every figure with its "
            "95 % interval, and the difference of each to the first, seed by seed.",
    .row = rows,
};

struct variant {
    char *text; // own copy, cut at '+'
    const char *file[VARIANT_FILES];
    int n;
    const char *policy; // NULL: the scenario's
};

struct run {
    pid_t pid;
    int fd;
    size_t variant, seed, got;
    double *value;
};

struct campaign {
    const struct values *v;
    struct variant *variant;
    size_t n, cap;
    struct comparison result;
    struct run *run; // those under way
    size_t running;
    size_t started, ended, failed;
    struct timespec from;
};

// ---- variants: scenarios times policies ----

static int add_variant(struct campaign *c, const char *arg, const char *policy, size_t policy_bytes,
                       struct err *e)
{
    struct variant x = {.text = mem_strdup(arg)};
    for (char *p = strtok(x.text, "+"); p; p = strtok(NULL, "+")) {
        if (x.n == VARIANT_FILES) {
            free(x.text);
            return err_set(e, -E2BIG, "%s: more than %d files", arg, VARIANT_FILES);
        }
        x.file[x.n++] = p;
    }
    if (x.n == 0) {
        free(x.text);
        return err_set(e, -EINVAL, "\"%s\": must name a scenario", arg);
    }
    x.policy = policy ? mem_strndup(policy, policy_bytes) : NULL;
    *VEC_PUSH(c->variant, c->n, c->cap) = x;
    return 0;
}

static int add_variants(struct campaign *c, const char *arg, struct err *e)
{
    const char *p = c->v->policies;
    if (!p)
        return add_variant(c, arg, NULL, 0, e);
    for (;;) {
        size_t n = strcspn(p, ",");
        if (n == 0)
            return err_set(e, -EINVAL, "--policies %s: an empty name", c->v->policies);
        int bad = add_variant(c, arg, p, n, e);
        if (bad || !p[n])
            return bad;
        p += n + 1;
    }
}

static void name_variants(struct campaign *c, int scenarios)
{
    for (size_t i = 0; i < c->n; i++) {
        char name[COMPARE_NAME_BYTES] = "";
        const struct variant *x = &c->variant[i];
        size_t used = 0;
        for (int k = 0; (scenarios > 1 || !x->policy) && k < x->n && used < sizeof name; k++) {
            const char *slash = strrchr(x->file[k], '/'), *base = slash ? slash + 1 : x->file[k];
            int n = snprintf(name + used, sizeof name - used, "%s%.*s", k ? "+" : "", (int)strcspn(base, "."),
                             base);
            used += n > 0 ? (size_t)n : 0;
        }
        if (x->policy && used < sizeof name)
            snprintf(name + used, sizeof name - used, "%s%s", used ? " " : "", x->policy);
        comparison_name(&c->result, i, name);
    }
}

// ---- one run ----

static int load(const struct campaign *c, size_t variant, size_t seed, struct sim_loaded *l, struct err *e)
{
    const struct variant *x = &c->variant[variant];
    struct sim_early early = {
        .seed = (long)c->result.seed[seed], .start = c->v->span.start, .policy = x->policy};
    int bad = sim_load(l, x->file, x->n, c->v->span.data, &early, e);
    return bad ? bad : sim_span_apply(&c->v->span, l, e);
}

static int simulate(const struct campaign *c, size_t variant, size_t seed, struct sim_result *r,
                    struct err *e)
{
    struct sim_loaded l;
    struct sim_options o = {0};
    int bad = load(c, variant, seed, &l, e);
    if (!bad)
        bad = sim_run(&l.scenario, &l.inputs, &o, r, e);
    sim_unload(&l);
    return bad;
}

static int write_all(int fd, const void *data, size_t n)
{
    for (const char *p = data; n > 0;) {
        ssize_t k = write(fd, p, n);
        if (k < 0 && errno == EINTR)
            continue;
        if (k <= 0)
            return -1;
        p += k;
        n -= (size_t)k;
    }
    return 0;
}

static _Noreturn void child(const struct campaign *c, size_t variant, size_t seed, int fd)
{
    struct sim_result r;
    struct err e = ERR_NULL;
    if (simulate(c, variant, seed, &r, &e)) {
        cli_fail(CLI_FAILED, "%s, seed %lu: %s", c->result.name[variant], (unsigned long)c->result.seed[seed],
                 e.text);
        _exit(1);
    }
    double *value = mem_array(n_figures, sizeof *value);
    for (size_t i = 0; i < n_figures; i++)
        value[i] = figures[i].of(&r);
    _exit(write_all(fd, value, n_figures * sizeof *value) < 0);
}

static int start_run(struct campaign *c, struct err *e)
{
    int fd[2];
    struct run x = {.variant = c->started % c->n, .seed = c->started / c->n};
    fflush(NULL);
    if (pipe(fd) < 0)
        return err_set(e, -errno, "pipe: %s", strerror(errno));
    x.pid = fork();
    if (x.pid < 0) {
        int code = errno;
        close(fd[0]);
        close(fd[1]);
        return err_set(e, -code, "fork: %s", strerror(code));
    }
    if (x.pid == 0) {
        close(fd[0]);
        child(c, x.variant, x.seed, fd[1]);
    }
    close(fd[1]);
    x.fd = fd[0];
    x.value = mem_array(n_figures, sizeof *x.value);
    c->run[c->running++] = x;
    c->started++;
    return 0;
}

static void end_run(struct campaign *c, size_t i)
{
    struct run *x = &c->run[i];
    int status = 0;
    while (waitpid(x->pid, &status, 0) < 0 && errno == EINTR)
        ;
    close(x->fd);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && x->got == n_figures * sizeof *x->value)
        comparison_put(&c->result, x->variant, x->seed, x->value);
    else
        c->failed++;
    free(x->value);
    c->ended++;
    c->run[i] = c->run[--c->running];
}

// Reads from the children that have something to say; those whose pipe is at its end have ended.
static void wait_some(struct campaign *c)
{
    struct pollfd p[256];
    for (size_t i = 0; i < c->running; i++)
        p[i] = (struct pollfd){.fd = c->run[i].fd, .events = POLLIN};
    if (poll(p, (nfds_t)c->running, 1000) <= 0)
        return;
    for (size_t i = c->running; i-- > 0;) {
        struct run *x = &c->run[i];
        size_t room = n_figures * sizeof *x->value - x->got;
        char byte;
        if (!p[i].revents)
            continue;
        ssize_t k = room ? read(x->fd, (char *)x->value + x->got, room) : read(x->fd, &byte, 1);
        if (k > 0)
            x->got += room ? (size_t)k : 0;
        else if (k == 0 || errno != EINTR)
            end_run(c, i);
    }
}

static double spent(const struct campaign *c)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - c->from.tv_sec) + (double)(now.tv_nsec - c->from.tv_nsec) * 1e-9;
}

static void progress(const struct campaign *c, size_t all)
{
    if (c->v->span.quiet || !isatty(STDERR_FILENO))
        return;
    if (c->ended == all)
        fputs("\r                                            \r", stderr);
    else if (c->ended == 0)
        fprintf(stderr, "\r0 of %zu runs", all);
    else
        fprintf(stderr, "\r%zu of %zu runs, %.0f s left    ", c->ended, all,
                spent(c) / (double)c->ended * (double)(all - c->ended));
    fflush(stderr);
}

static int run_all(struct campaign *c, struct err *e)
{
    size_t all = c->n * (size_t)c->v->seeds;
    long jobs = c->v->jobs > 0 ? c->v->jobs : sysconf(_SC_NPROCESSORS_ONLN);
    int bad = 0;
    jobs = jobs < 1 ? 1 : jobs > 256 ? 256 : jobs;
    c->run = mem_array((size_t)jobs, sizeof *c->run);
    while (c->running > 0 || (!bad && c->started < all)) {
        while (!bad && c->started < all && c->running < (size_t)jobs)
            bad = start_run(c, e);
        wait_some(c);
        progress(c, all);
    }
    free(c->run);
    return bad;
}

// ---- what is said ----

static int print_files(struct campaign *c, struct err *e)
{
    struct buf b = BUF_INIT(PAGE_BYTES_MAX);
    int bad = 0;
    if (c->v->csv) {
        comparison_csv(&b, &c->result);
        bad = sim_out_file(c->v->csv, &b, e);
    }
    if (!bad && c->v->span.html) {
        struct sim_result r;
        bad = simulate(c, 0, 0, &r, e);
        if (!bad) {
            bad = sim_out_html(c->v->span.html, &r, &c->result, e);
            sim_result_deinit(&r);
        }
    }
    return bad;
}

static int compare(struct campaign *c, struct err *e)
{
    int bad = run_all(c, e);
    if (!bad && c->failed == c->ended)
        return err_set(e, -EIO, "none of the %zu runs ended well", c->ended);
    if (bad)
        return bad;
    struct buf b = BUF_INIT(PAGE_BYTES_MAX);
    if (c->v->span.json)
        comparison_json(&b, &c->result);
    else
        comparison_text(&b, &c->result);
    bad = sim_out_print(&b, e);
    struct err of_files = ERR_NULL;
    int files_bad = print_files(c, &of_files);
    if (files_bad && (!bad || bad == -EPIPE)) {
        *e = of_files;
        bad = files_bad;
    }
    if (!bad && c->failed)
        bad = err_set(e, -EIO, "%zu of %zu runs failed; they are not in the means", c->failed, c->ended);
    return bad;
}

// A name that is not there is said before anything runs, not after the hours of the others.
static int all_can_be_read(const struct campaign *c, struct err *e)
{
    int bad = 0;
    for (size_t i = 0; i < c->n && !bad; i++) {
        struct sim_loaded l;
        bad = load(c, i, 0, &l, e);
        if (!bad)
            sim_span_say(&l);
        sim_unload(&l);
    }
    return bad;
}

int cmd_sim_compare(int argc, char **argv)
{
    struct values v = {.seeds = 10, .seed = 1};
    struct option_args args = {0};
    struct err e = ERR_NULL;
    struct campaign c = {.v = &v};
    int code = options_parse(&options, &v, &args, argc, argv), bad = 0;
    if (code >= 0)
        return code;
    for (int i = 0; i < args.n && !bad; i++)
        bad = add_variants(&c, args.v[i], &e);
    if (!bad) {
        comparison_init(&c.result, c.n, (uint64_t)v.seed, (size_t)v.seeds);
        name_variants(&c, args.n);
        clock_gettime(CLOCK_MONOTONIC, &c.from);
        if (all_can_be_read(&c, &e))
            code = cli_fail_err(CLI_USAGE, &e);
        else
            code = sim_out_code(compare(&c, &e), &e);
        comparison_deinit(&c.result);
    } else {
        code = cli_fail_err(CLI_USAGE, &e);
    }
    for (size_t i = 0; i < c.n; i++) {
        free(c.variant[i].text);
        free((char *)c.variant[i].policy);
    }
    free(c.variant);
    return code;
}
