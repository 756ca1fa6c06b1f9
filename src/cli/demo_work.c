// SPDX-License-Identifier: Apache-2.0
//
// The customers: a bank prices an option on a basket of shares (examples/basket) in arrays of instances,
// through the public API; a laboratory, whose account is marked as research, takes part with what then is
// donated heat. Every instance of the run has a number of its own, so that no two use the same random
// numbers; an array takes a range of them (advancedRanges).
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/cli.h"
#include "cli/demo.h"
#include "core/work/swf.h"
#include "device/slurp.h"
#include "server/clock.h"

#define ARRAYS          4
#define INSTANCE_S      2.3 // processor time that an instance is made for
#define TRIES           8
#define BUSY            0.7 // of a core, for one program: below, the figures say more of the machine than of the house
#define TRY_PATHS       1000000
#define TRY_PATHS_TEXT  "1000000"
#define TRACE_BYTES     ((size_t)1 << 30)
#define TRACE_ARRAY_MAX 4 // instances of one array: a job of 512 processors is not the point here
#define TRACE_LATEST_H  6.0

static void add_task(struct demo *d, double at_h, uint32_t n)
{
    // One in four pays for being soon, and one in four is the laboratory's.
    static const char *const kinds[] = {"OnDemand", "Flex", "Flex", "Flex"};
    struct demo_task *t = &d->task[d->n_tasks];
    *t = (struct demo_task){.arrives_h = at_h,
                            .first = d->n_instances,
                            .n = n,
                            .scheduling = kinds[d->n_tasks % 4],
                            .research = d->n_tasks % 4 == 3};
    d->n_tasks++;
    d->n_instances += n;
}

// The first jobs of the trace that make up the wanted number of instances. Their distances in time are kept
// when they fit into the first hours of the day, and shortened all alike when they do not.
static int from_trace(struct demo *d, struct err *e)
{
    char *text;
    size_t n;
    int bad = slurp(d->opt.workload, TRACE_BYTES, &text, &n, e);
    if (bad)
        return bad;
    struct swf_reader r;
    struct swf_job job;
    int64_t first_s = -1, last_s = 0;
    swf_reader_init(&r, text, n);
    while (d->n_instances < (uint32_t)d->opt.instances && d->n_tasks < DEMO_TASKS_MAX &&
           (bad = swf_next(&r, &job, e)) == 1) {
        if (job.run_s <= 0 || job.procs <= 0)
            continue; // it was cancelled before it ran
        if (first_s < 0)
            first_s = job.submit_s;
        last_s = job.submit_s > last_s ? job.submit_s : last_s;
        add_task(d, (double)(job.submit_s - first_s) / 3600.0,
                 (uint32_t)(job.procs < TRACE_ARRAY_MAX ? job.procs : TRACE_ARRAY_MAX));
    }
    free(text);
    if (bad < 0)
        return err_prefix(e, "%s", d->opt.workload);
    if (d->n_instances < (uint32_t)d->opt.instances)
        return err_set(e, -EINVAL,
                       "%s: has jobs for %u instances only, not %ld (--instances, or another trace)",
                       d->opt.workload, d->n_instances, d->opt.instances);
    double span_h = (double)(last_s - first_s) / 3600.0;
    d->trace_scale = span_h > TRACE_LATEST_H ? TRACE_LATEST_H / span_h : 1;
    for (size_t i = 0; i < d->n_tasks; i++)
        d->task[i].arrives_h *= d->trace_scale;
    return 0;
}

int demo_arrivals(struct demo *d, struct err *e)
{
    int bad = 0;
    if (d->opt.workload) {
        bad = from_trace(d, e);
    } else {
        for (int i = 0; i < ARRAYS; i++) {
            long n = d->opt.instances * (i + 1) / ARRAYS - d->opt.instances * i / ARRAYS;
            if (n > 0) // fewer instances than arrays
                add_task(d, 0, (uint32_t)n);
        }
    }
    d->result = mem_array(d->n_instances + 1, sizeof *d->result);
    return bad;
}

// ---- the payload: a folder that the sandboxes see

// Whether everyone may walk down to `path`: an agent that is root binds it as nobody in particular.
static bool open_to_all(const char *path)
{
    char part[4096];
    snprintf(part, sizeof part, "%s", path);
    for (char *slash = part; slash; slash = strrchr(part, '/')) {
        struct stat st;
        if (stat(part, &st) < 0 || !(st.st_mode & S_IXOTH))
            return false;
        char *last = strrchr(part, '/');
        if (!last || last == part)
            return true;
        *last = '\0';
    }
    return true;
}

static int copy_program(const char *from, const char *to, struct err *e)
{
    int in = open(from, O_RDONLY | O_CLOEXEC), out = -1;
    struct stat st;
    if (in < 0 || fstat(in, &st) < 0 ||
        (out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755)) < 0) {
        int code = errno;
        if (in >= 0)
            close(in);
        return err_set(e, -code, "payload %s: %s (give --payload FILE)", in < 0 ? from : to, strerror(code));
    }
    off_t left = st.st_size;
    while (left > 0) {
        ssize_t n = sendfile(out, in, NULL, (size_t)left);
        if (n <= 0)
            break;
        left -= n;
    }
    int code = left > 0 ? errno : 0;
    fchmod(out, 0755);
    close(in);
    if (close(out) < 0 && !code)
        code = errno;
    return code ? err_set(e, -code, "%s: %s", to, strerror(code)) : 0;
}

// Processor seconds of one short run of the payload, by itself; `free_part`: of the time that it took.
static double try_once(const char *program, double *free_part)
{
    struct rusage used;
    int status;
    wall_ms began = wall_now();
    pid_t pid = fork();
    if (pid == 0) {
        int null = open("/dev/null", O_RDWR);
        dup2(null, STDOUT_FILENO);
        execle(program, program, (char *)NULL, (char *const[]){"BASKET_PATHS=" TRY_PATHS_TEXT, NULL});
        _exit(127);
    }
    if (pid < 0 || wait4(pid, &status, 0, &used) < 0 || status != 0)
        return 0;
    double s = (double)used.ru_utime.tv_sec + (double)used.ru_stime.tv_sec +
               (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1e-6;
    *free_part = s * 1000 / (double)(wall_since(wall_now(), began) + 1);
    return s;
}

// As many paths as keep this machine busy for a bit more than two seconds, by the quickest of some short
// runs.
static int calibrate(struct demo *d, const char *program, struct err *e)
{
    double best_s = 0, free_part = 0, most = 0;
    for (int i = 0; i < TRIES; i++) {
        double s = try_once(program, &free_part);
        most = free_part > most ? free_part : most;
        if (s > 0 && (best_s <= 0 || s < best_s))
            best_s = s;
    }
    if (best_s <= 0)
        return err_set(e, -ENOEXEC, "payload %s: does not run (give --payload FILE)", d->opt.payload);
    if (most < BUSY)
        cli_fail(0,
                 "demo: this machine is busy with other things (a program gets %.0f %% of a core): boards "
                 "will have less heat and work "
                 "than they should",
                 100 * most);
    d->opt.paths = (long)(INSTANCE_S / best_s * TRY_PATHS / 100000 + 1) * 100000;
    return 0;
}

int demo_payload(struct demo *d, struct err *e)
{
    char to[4096 + 16];
    snprintf(d->share, sizeof d->share, "%.*s/share", (int)(sizeof d->share - 8), d->dir);
    if (mkdir(d->share, 0755) < 0 && errno != EEXIST)
        return err_set(e, -errno, "%s: %s", d->share, strerror(errno));
    if (geteuid() == 0 && !open_to_all(d->share)) {
        const char *tmp = getenv("TMPDIR");
        snprintf(d->share, sizeof d->share, "%.200s/ondol-demo.XXXXXX", tmp && *tmp ? tmp : "/tmp");
        if (!mkdtemp(d->share) || chmod(d->share, 0755) < 0)
            return err_set(e, -errno, "%s: %s", d->share, strerror(errno));
        d->share_is_temporary = true;
    }
    snprintf(to, sizeof to, "%s/basket", d->share);
    int bad = copy_program(d->opt.payload, to, e);
    return bad || d->opt.paths ? bad : calibrate(d, to, e);
}

// ---- submission

#define LAB_EMAIL "lab@research.example"

int demo_accounts(struct demo *d, struct err *e)
{
    json_t *got = NULL,
           *body = json_pack("{s:s,s:s,s:b}", "email", LAB_EMAIL, "name", "A laboratory", "research", 1);
    int code = api_json(&d->building.api, "POST", "/ondol/v1/accounts", body, &got, e);
    json_decref(body);
    if (!code)
        api_client_init(&d->lab, d->building.url,
                        arena_strdup(&d->arena, json_string_value(json_object_get(got, "token"))));
    json_decref(got);
    return code ? -EIO : 0;
}

const struct api_client *demo_customer(const struct demo *d, const struct demo_task *t)
{
    return t->research ? &d->lab : &d->building.api;
}

static json_t *constant(const char *key, const char *value)
{
    return json_pack("{s:s,s:s}", "key", key, "value", value);
}

static int submit(struct demo *d, struct demo_task *t, struct err *e)
{
    char name[64], ranges[32], seed[24], paths[24];
    json_t *got = NULL;
    snprintf(name, sizeof name, "basket %u-%u", t->first, t->first + t->n - 1);
    snprintf(ranges, sizeof ranges, "%u-%u", t->first, t->first + t->n - 1);
    snprintf(seed, sizeof seed, "%ld", d->opt.seed);
    snprintf(paths, sizeof paths, "%ld", d->opt.paths);
    json_t *constants = json_array();
    json_array_append_new(constants, constant("DOCKER_CMD", "/job/share/basket"));
    json_array_append_new(constants, constant("BASKET_SEED", seed));
    json_array_append_new(constants, constant("BASKET_PATHS", paths));
    json_t *body = json_pack("{s:s,s:s,s:s,s:s,s:o,s:{s:i}}", "name", name, "profile", "docker-batch",
                             "advancedRanges", ranges, "schedulingType", t->scheduling, "constants",
                             constants, "retrySettings", "maxPerInstanceRetries", 2);
    int code = api_json(demo_customer(d, t), "POST", "/tasks", body, &got, e);
    json_decref(body);
    if (!code)
        snprintf(t->uuid, sizeof t->uuid, "%s", json_string_value(json_object_get(got, "uuid")));
    snprintf(t->state, sizeof t->state, "Submitted");
    json_decref(got);
    return code ? -EIO : 0;
}

int demo_submit_due(struct demo *d, struct err *e)
{
    for (size_t i = 0; i < d->n_tasks; i++) {
        struct demo_task *t = &d->task[i];
        if (t->uuid[0] || t->arrives_h > d->now_h)
            continue;
        int bad = submit(d, t, e);
        if (bad)
            return bad;
        if (d->trace_scale > 0)
            demo_say(d, "%s submits %u instances (%s)", t->research ? "the laboratory" : "the bank", t->n,
                     t->scheduling);
    }
    return 0;
}

bool demo_tasks_over(const struct demo *d)
{
    for (size_t i = 0; i < d->n_tasks; i++) {
        enum task_state s;
        if (!d->task[i].uuid[0] || !task_state_parse(d->task[i].state, &s) || !task_state_final(s))
            return false;
    }
    return true;
}

// ---- results

static void completed(struct demo *d, size_t task, const json_t *j)
{
    int64_t id = json_integer_value(json_object_get(j, "instanceId"));
    if (id < 0 || id >= d->n_instances)
        return;
    struct demo_result *r = &d->result[id];
    const char *state = json_string_value(json_object_get(j, "state")),
               *model = json_string_value(json_object_get(j, "cpuModel"));
    r->instance = (uint32_t)id;
    r->task = (uint32_t)task;
    r->tries = (uint32_t)json_integer_value(json_object_get(j, "executionAttemptCount"));
    r->exec_s = json_number_value(json_object_get(j, "execTimeSec"));
    r->wall_s = json_number_value(json_object_get(j, "wallTimeSec"));
    snprintf(r->state, sizeof r->state, "%s", state ? state : "");
    snprintf(r->cpu_model, sizeof r->cpu_model, "%s", model ? model : "");
}

static void read_output(struct demo *d, struct demo_task *t, uint32_t instance)
{
    char path[128];
    struct buf text;
    struct err e = ERR_NULL;
    struct demo_result *r = &d->result[instance];
    snprintf(path, sizeof path, "/tasks/%s/stdout/%u", t->uuid, instance);
    if (api_call(demo_customer(d, t), "GET", path, NULL, "text/plain", &text, &e))
        return;
    r->found =
        basket_result_find(&r->basket, buf_str(&text), text.n, &e) == 0 && r->basket.instance == instance;
    buf_deinit(&text);
}

int demo_results(struct demo *d, struct err *e)
{
    size_t n = 0;
    for (size_t i = 0; i < d->n_tasks; i++) {
        struct demo_task *t = &d->task[i];
        char path[64];
        json_t *got = NULL, *j;
        size_t k;
        if (!t->uuid[0])
            continue;
        snprintf(path, sizeof path, "/tasks/%s", t->uuid);
        if (api_json(demo_customer(d, t), "GET", path, NULL, &got, e))
            return -EIO;
        json_array_foreach(json_object_get(got, "completedInstances"), k, j) completed(d, i, j);
        json_decref(got);
        for (uint32_t id = t->first; id < t->first + t->n; id++)
            read_output(d, t, id);
    }
    struct basket_result *v = mem_array(d->n_instances + 1, sizeof *v);
    for (uint32_t i = 0; i < d->n_instances; i++)
        if (d->result[i].found)
            v[n++] = d->result[i].basket;
    struct market m = market_example();
    struct err why = ERR_NULL;
    d->has_price = basket_combine(&d->price, v, n, &m, &why) == 0;
    free(v);
    return 0;
}
