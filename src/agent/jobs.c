// SPDX-License-Identifier: Apache-2.0
#include "agent/jobs.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/carry.h"
#include "agent/image_cache.h"
#include "agent/progress.h"
#include "agent/stage.h"
#include "base/mem.h"
#include "sandbox/image_root.h"

#define ACCOUNT_MS                                                                                           \
    100 // reading a control group's counters costs some 20 us each; ten times a second is enough

struct stream {
    uv_poll_t poll;
    struct job *job;
    int fd;    // -1: closed
    bool open; // the poll handle is in the loop
    size_t n;
    char line[JOB_CHUNK];
};

struct job {
    struct job *next;
    struct jobs *all;
    uint64_t lease;
    size_t board;
    int pidfd;
    uv_poll_t poll;
    struct stream out[2];
    bool reading, ended, told;
    int handles; // in the loop, until their close callbacks ran
    int32_t permille;
    int64_t cpu_ms; // told to the device
    wall_ms accounted_at;
    struct sandbox_result result;
    struct progress progress;
    struct carry *carry; // NULL: it has no network
    int32_t net_in_kbps, net_out_kbps;
};

struct jobs {
    struct node *node;
    struct job *first;
    struct carry *leaving; // carriers of instances that have ended
    uv_timer_t lever; // duty cycles of the sandbox
    size_t n;
    bool closing;
};

static struct job *find(struct jobs *j, uint64_t lease)
{
    struct job *job = j->first;
    while (job && job->lease != lease)
        job = job->next;
    return job;
}

static void on_lever(uv_timer_t *t)
{
    struct jobs *j = t->data;
    int64_t next = j->node->sandbox.tick(j->node->sandbox.ctx, clock_wall());
    if (next > 0 && !j->closing)
        uv_timer_start(t, on_lever, (uint64_t)next, 0);
}

static void lever_now(struct jobs *j)
{
    on_lever(&j->lever);
}

// ---- ends

static void job_free(struct job *job)
{
    struct job **p = &job->all->first;
    while (*p != job)
        p = &(*p)->next;
    *p = job->next;
    job->all->n--;
    carry_end(job->carry);
    progress_deinit(&job->progress);
    free(job);
}

static void on_closed(uv_handle_t *h)
{
    struct job *job = h->data;
    if (--job->handles == 0 && job->told)
        job_free(job);
}

static void stream_close(struct stream *s)
{
    if (s->fd < 0)
        return;
    if (s->open)
        uv_close((uv_handle_t *)&s->poll, on_closed);
    s->open = false;
    close(s->fd);
    s->fd = -1;
}

static void use_tell(struct job *job, int64_t cpu_ms)
{
    struct device *d = &job->all->node->device;
    if (d->used)
        d->used(d->ctx, job->board, (cpu_ms > job->cpu_ms ? cpu_ms - job->cpu_ms : 0) * 1000, job->permille);
    if (cpu_ms > job->cpu_ms)
        job->cpu_ms = cpu_ms;
}

static void usage_feed(struct job *job, const struct sandbox_usage *u)
{
    node_feed(job->all->node, &(struct agent_event){.kind = AGENT_USAGE,
                                                    .usage = {.lease = job->lease,
                                                              .cpu_ms = u->cpu_ms,
                                                              .memory_bytes = u->memory_bytes,
                                                              .peak_bytes = u->memory_peak_bytes,
                                                              .progress_permille = job->progress.permille,
                                                              .net_in_kbps = job->net_in_kbps,
                                                              .net_out_kbps = job->net_out_kbps}});
}

static void tell_if_over(struct job *job)
{
    if (!job->ended || job->told || job->out[0].fd >= 0 || job->out[1].fd >= 0)
        return;
    job->told = true;
    use_tell(job, job->result.usage.cpu_ms);
    usage_feed(job, &job->result.usage); // what it printed last may say how far it came
    struct agent_event ev = {.kind = AGENT_EXITED,
                             .exited = {.lease = job->lease,
                                        .exit_code = job->result.code,
                                        .signal = job->result.signal,
                                        .cpu_ms = job->result.usage.cpu_ms,
                                        .peak_bytes = job->result.usage.memory_peak_bytes}};
    struct node *node = job->all->node;
    if (job->handles == 0)
        job_free(job);
    node_feed(node, &ev);
}

// ---- output

static void emit(struct stream *s, size_t n)
{
    struct job *job = s->job;
    if (n == 0)
        return;
    if (s == &job->out[0])
        progress_feed(&job->progress, s->line, n);
    node_feed(
        job->all->node,
        &(struct agent_event){
            .kind = AGENT_OUTPUT,
            .output = {.lease = job->lease, .stream = (uint8_t)(s - job->out), .data = s->line, .n = n}});
    memmove(s->line, s->line + n, s->n - n);
    s->n -= n;
}

static void emit_lines(struct stream *s)
{
    char *last = memrchr(s->line, '\n', s->n);
    if (last)
        emit(s, (size_t)(last - s->line) + 1);
    else if (s->n == sizeof s->line)
        emit(s, s->n);
}

static void on_output(uv_poll_t *poll, int status, int events)
{
    (void)events;
    struct stream *s = (struct stream *)((char *)poll - offsetof(struct stream, poll));
    struct job *job = s->job;
    ssize_t n = status < 0 ? 0 : read(s->fd, s->line + s->n, sizeof s->line - s->n);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n > 0) {
        s->n += (size_t)n;
        emit_lines(s);
        return;
    }
    emit(s, s->n);
    stream_close(s);
    tell_if_over(job);
}

static void stream_poll(struct stream *s, bool on)
{
    if (s->fd < 0 || !s->open)
        return;
    if (on)
        uv_poll_start(&s->poll, UV_READABLE | UV_DISCONNECT, on_output);
    else
        uv_poll_stop(&s->poll);
}

static void on_dead(uv_poll_t *poll, int status, int events)
{
    (void)status, (void)events;
    struct job *job = poll->data;
    struct sandbox *sb = &job->all->node->sandbox;
    if (sb->reap(sb->ctx, job->lease, clock_wall(), &job->result) == 0)
        return;
    job->ended = true;
    if (job->result.killed)
        carry_end(job->carry);
    else
        carry_leave(job->carry, &job->all->leaving);
    job->carry = NULL;
    uv_close((uv_handle_t *)&job->poll, on_closed);
    close(job->pidfd);
    job->pidfd = -1;
    tell_if_over(job);
}

// ---- what the engine asks for

static void stream_open(struct job *job, int i, int fd)
{
    struct stream *s = &job->out[i];
    s->job = job;
    s->fd = fd;
    if (fd < 0)
        return;
    uv_poll_init(job->all->node->loop, &s->poll, fd);
    s->poll.data = job;
    s->open = true;
    job->handles++;
    stream_poll(s, true);
}

static void start_failed(struct jobs *j, uint64_t lease, const char *code, const char *why)
{
    node_feed(j->node, &(struct agent_event){.kind = AGENT_START_FAILED, .start = {lease, code, why}});
}

static void on_rate(void *ctx, int32_t in_kbps, int32_t out_kbps)
{
    struct job *job = ctx;
    job->net_in_kbps = in_kbps;
    job->net_out_kbps = out_kbps;
}

// What counted on its network would wait for ever: it ends, and says why.
static void on_carrier_lost(void *ctx, const char *why)
{
    struct job *job = ctx;
    char line[320];
    int n = snprintf(line, sizeof line, "ondol: the network of this instance failed: %s\n", why);
    node_feed(
        job->all->node,
        &(struct agent_event){.kind = AGENT_OUTPUT,
                              .output = {.lease = job->lease, .stream = 1, .data = line, .n = (size_t)n}});
    jobs_kill(job->all, job->lease);
}

// Fills in what its image says; `rootfs` and the strings live in `arena`. false: told why not.
static bool enter_image(struct jobs *j, const struct agent_action *a, struct arena *arena, struct launch *out,
                        struct sandbox_spec *spec)
{
    const char *entry = stage_image(j->node->stage, a->lease), *code = "image-unavailable";
    struct image_config config = {0};
    struct err e = ERR_NULL;
    if (!entry)
        err_set(&e, -ENOENT, "image: it is not on this node any more");
    else if (image_cache_config(entry, arena, &config, &e) == 0)
        launch_in_image(&a->start.launch, &config, arena, out, &code, &e);
    if (!e.code) {
        code = "bad-user";
        spec->rootfs = arena_printf(arena, "%s/rootfs", entry);
        image_root_user(spec->rootfs, out->image.user, &spec->uid, &spec->gid, &e);
    }
    if (e.code)
        start_failed(j, a->lease, code, e.text);
    return !e.code;
}

// What the sandbox is told. `in_image` has what enter_image filled in.
static struct sandbox_spec spec_of(const struct jobs *j, const struct agent_action *a, const struct launch *l,
                                   const struct sandbox_spec *in_image, const struct sandbox_bind *share)
{
    return (struct sandbox_spec){
        .id = a->lease,
        .argv = l->argv,
        .envp = l->envp,
        .last = l->last,
        .last_ms = LAUNCH_LAST_MS,
        .workdir = l->workdir,
        .hostname = l->hostname,
        .image = l->image.repo,
        .rootfs = in_image->rootfs,
        .uid = in_image->uid,
        .gid = in_image->gid,
        .user = l->image.user,
        .memory_max_bytes = (int64_t)a->start.memory_mb << 20,
        .pids_max = 1024,
        .job_dir = l->stage ? stage_job_dir(j->node->stage, a->lease) : NULL,
        .share_permille = a->start.permille > 0 ? a->start.permille : 0,
        .capture = true,
        .binds = share->host ? share : NULL,
        .binds_n = share->host ? 1 : 0,
    };
}

// Starts it with its network. Negative: told why not.
static int launch_one(struct jobs *j, struct job *job, const struct launch *l, struct sandbox_spec *spec,
                      struct sandbox_run *run)
{
    struct sandbox *sb = &j->node->sandbox;
    const struct carry_events ev = {job, on_rate, on_carrier_lost};
    struct sandbox_net net;
    struct err e = ERR_NULL;
    if (l->net && !(job->carry = carry_begin(j->node, l, &ev, &net, &e))) {
        start_failed(j, spec->id, "no-network", e.text);
        return e.code;
    }
    spec->net = l->net ? &net : NULL;
    int code = sb->start(sb->ctx, spec, clock_wall(), run, &e);
    if (l->net)
        close(net.tell_fd);
    if (code < 0) {
        carry_end(job->carry);
        start_failed(j, spec->id,
                     e.code == -ENOENT    ? "command-not-found"
                     : e.code == -ENOTDIR ? "bad-workdir"
                     : e.code == -ENXIO   ? "bad-user"
                                          : "start-failed",
                     e.text);
    }
    return code;
}

// It runs: the loop hears what it says and when it ends.
static void watch(struct jobs *j, struct job *job, const struct launch *l, const struct sandbox_run *run)
{
    job->all = j;
    job->next = j->first;
    j->first = job;
    j->n++;
    job->reading = true;
    job->pidfd = run->pidfd;
    progress_init(&job->progress, l);
    stream_open(job, 0, run->stdout_fd);
    stream_open(job, 1, run->stderr_fd);
    uv_poll_init(j->node->loop, &job->poll, run->pidfd);
    job->poll.data = job;
    job->handles++;
    uv_poll_start(&job->poll, UV_READABLE, on_dead);
}

static void start_one(struct jobs *j, const struct agent_action *a, struct arena *arena)
{
    struct sandbox *sb = &j->node->sandbox;
    const char *why;
    if (!sb->available(sb->ctx, &why)) {
        start_failed(j, a->lease, "no-sandbox", why);
        return;
    }
    struct launch launch = a->start.launch;
    struct sandbox_spec in_image = {0};
    if (launch.image.digest && !enter_image(j, a, arena, &launch, &in_image))
        return;
    const struct sandbox_bind share = {j->node->opt.share, "/job/share"};
    struct sandbox_spec spec = spec_of(j, a, &launch, &in_image, &share);
    struct sandbox_run run;
    struct job *job = mem_alloc(sizeof *job);
    job->lease = a->lease;
    job->board = a->board;
    if (launch_one(j, job, &launch, &spec, &run) < 0) {
        free(job);
        return;
    }
    watch(j, job, &launch, &run);
    jobs_share(j, a->lease, a->start.permille);
    node_feed(j->node, &(struct agent_event){.kind = AGENT_STARTED, .start.lease = a->lease});
}

void jobs_start(struct jobs *j, const struct agent_action *a)
{
    struct arena arena = ARENA_NULL;
    start_one(j, a, &arena);
    arena_deinit(&arena);
}

void jobs_end(struct jobs *j, uint64_t lease)
{
    if (j->node->sandbox.end(j->node->sandbox.ctx, lease) == -ENOTSUP)
        jobs_kill(j, lease);
}

void jobs_kill(struct jobs *j, uint64_t lease)
{
    j->node->sandbox.kill(j->node->sandbox.ctx, lease);
}

void jobs_share(struct jobs *j, uint64_t lease, int32_t permille)
{
    struct sandbox *sb = &j->node->sandbox;
    struct job *job = find(j, lease);
    struct err e = ERR_NULL;
    if (!job || job->ended)
        return;
    job->permille = permille;
    if (sb->set_share(sb->ctx, lease, permille, clock_wall(), &e) < 0 && e.code != -ENOENT)
        fprintf(stderr, "ondol: share of lease %llu: %s\n", (unsigned long long)lease, e.text);
    lever_now(j);
}

void jobs_read(struct jobs *j, uint64_t lease, bool on)
{
    struct job *job = find(j, lease);
    if (!job || job->reading == on)
        return;
    job->reading = on;
    stream_poll(&job->out[0], on);
    stream_poll(&job->out[1], on);
}

void jobs_account(struct jobs *j)
{
    wall_ms now = clock_wall();
    struct sandbox *sb = &j->node->sandbox;
    for (struct job *job = j->first, *next; job; job = next) {
        struct sandbox_usage u;
        next = job->next;
        if (job->ended || wall_since(now, job->accounted_at) < ACCOUNT_MS ||
            sb->usage(sb->ctx, job->lease, &u) < 0) {
            if (!job->told)
                use_tell(job, job->cpu_ms); // its share may be another one
            continue;
        }
        job->accounted_at = now;
        use_tell(job, u.cpu_ms);
        usage_feed(job, &u);
    }
}

size_t jobs_count(const struct jobs *j)
{
    return j->n;
}

struct jobs *jobs_new(struct node *n)
{
    struct jobs *j = mem_alloc(sizeof *j);
    j->node = n;
    uv_timer_init(n->loop, &j->lever);
    j->lever.data = j;
    return j;
}

static void on_lever_closed(uv_handle_t *h)
{
    free(h->data);
}

void jobs_free(struct jobs *j)
{
    if (!j)
        return;
    j->closing = true;
    carry_end_all(&j->leaving);
    for (struct job *job = j->first, *next; job; job = next) {
        next = job->next;
        job->told = true;
        stream_close(&job->out[0]);
        stream_close(&job->out[1]);
        if (job->pidfd >= 0) {
            uv_close((uv_handle_t *)&job->poll, on_closed);
            close(job->pidfd);
            job->pidfd = -1;
        }
        if (job->handles == 0)
            job_free(job);
    }
    uv_close((uv_handle_t *)&j->lever, on_lever_closed);
}
