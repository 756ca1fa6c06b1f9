// SPDX-License-Identifier: Apache-2.0
//
// Shares are thousandths and times are milliseconds, so the work done is exact in integer microseconds of
// core-time.
#include "sandbox/fake.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/num.h"

struct play {
    uint64_t id;
    struct fake_script script; // its texts are not looked at after start
    int permille;
    int64_t done_us;
    wall_ms start, then, end; // `end` once over
    int event_fd;             // ours; the caller has a duplicate
    bool over, killed, has_last;
    int code;
};

struct fake {
    struct fake_config config;
    struct play *play;
    size_t n, cap;
    struct idmap where; // id -> index in play
};

static struct play *find(struct fake *f, uint64_t id)
{
    uint64_t i;
    return id && idmap_get(&f->where, id, &i) ? &f->play[i] : NULL;
}

// Core-thousandths it computes at.
static int64_t rate(const struct fake *f, const struct play *p)
{
    int64_t most = 1000 * (int64_t)int_clamp(p->script.parallel, 1, f->config.cores);
    return p->permille < 0 || p->permille > most ? most : p->permille;
}

static void finish(struct play *p, int code, wall_ms at)
{
    p->over = true;
    p->code = code;
    p->end = at;
    if (p->event_fd >= 0 && eventfd_write(p->event_fd, 1) < 0)
        abort(); // a counter of 1 cannot overflow
}

static void advance(const struct fake *f, struct play *p, wall_ms now)
{
    int64_t elapsed_ms = wall_since(now, p->then), r = rate(f, p);
    if (p->over || elapsed_ms < 0)
        return;
    int64_t need_us = p->script.core_ms * 1000;
    if (need_us >= 0 && p->done_us + r * elapsed_ms >= need_us) {
        int64_t ms = r > 0 ? (need_us - p->done_us + r - 1) / r : 0;
        p->done_us = need_us;
        finish(p, p->script.code, wall_add(p->then, ms));
        return;
    }
    p->done_us += r * elapsed_ms;
    p->then = now;
}

static bool fake_available(void *ctx, const char **why)
{
    struct fake *f = ctx;
    if (why)
        *why = f->config.why_not ? f->config.why_not : "";
    return !f->config.why_not;
}

static const char *fake_lever(void *ctx)
{
    (void)ctx;
    return "fake";
}

static void default_script(const struct sandbox_spec *spec, struct fake_script *s)
{
    *s = (struct fake_script){.core_ms = 1000};
    const char *const *v = spec->argv;
    if (strcmp(v[0], "fake") != 0 || !v[1])
        return;
    s->core_ms = int_clamp(strtoll(v[1], NULL, 10), -1, INT64_C(1) << 40);
    if (!v[2])
        return;
    s->code = (int)strtol(v[2], NULL, 10) & 255;
    s->out = v[3];
    s->err = v[3] ? v[4] : NULL;
}

static int text_pipe(const char *text)
{
    int fd[2];
    if (pipe2(fd, O_CLOEXEC | O_NONBLOCK) < 0)
        return -errno;
    size_t n = text ? strlen(text) : 0;
    ssize_t put = n ? write(fd[1], text, n < 4096 ? n : 4096) : 0;
    close(fd[1]);
    if (put < 0) {
        close(fd[0]);
        return -EIO;
    }
    return fd[0];
}

static int open_pipes(const struct fake_script *s, bool capture, struct play *p, struct sandbox_run *run)
{
    p->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    run->pidfd = p->event_fd < 0 ? -1 : fcntl(p->event_fd, F_DUPFD_CLOEXEC, 0);
    run->stdout_fd = capture ? text_pipe(s->out) : -1;
    run->stderr_fd = capture ? text_pipe(s->err) : -1;
    if (p->event_fd >= 0 && run->pidfd >= 0 && (!capture || (run->stdout_fd >= 0 && run->stderr_fd >= 0)))
        return 0;
    int fds[] = {p->event_fd, run->pidfd, run->stdout_fd, run->stderr_fd};
    for (size_t i = 0; i < ARRAY_LEN(fds); i++)
        if (fds[i] >= 0)
            close(fds[i]);
    return -EMFILE;
}

static int fake_start(void *ctx, const struct sandbox_spec *spec, wall_ms now, struct sandbox_run *run,
                      struct err *e)
{
    struct fake *f = ctx;
    if (f->config.why_not)
        return err_set(e, -ENODEV, "%s", f->config.why_not);
    if (spec->id == 0 || !spec->argv || !spec->argv[0])
        return err_set(e, -EINVAL, "sandbox: an id and a command are needed");
    if (find(f, spec->id))
        return err_set(e, -EEXIST, "sandbox: instance %llu runs already", (unsigned long long)spec->id);
    struct play p = {
        .id = spec->id, .permille = SANDBOX_SHARE_FULL, .start = now, .then = now, .event_fd = -1, .has_last = spec->last};
    if (f->config.script)
        f->config.script(f->config.script_ctx, spec, &p.script);
    else
        default_script(spec, &p.script);
    *run = (struct sandbox_run){.pidfd = -1, .stdout_fd = -1, .stderr_fd = -1};
    int code = f->config.pipes ? open_pipes(&p.script, spec->capture, &p, run) : 0;
    if (code < 0)
        return err_set(e, code, "sandbox: no descriptors left");
    p.script.out = p.script.err = NULL;
    if (spec->memory_max_bytes > 0 && p.script.memory_bytes > spec->memory_max_bytes)
        finish(&p, 137, now);
    idmap_set(&f->where, p.id, f->n);
    *VEC_PUSH(f->play, f->n, f->cap) = p;
    return 0;
}

static int fake_set_share(void *ctx, uint64_t id, int permille, wall_ms now, struct err *e)
{
    struct fake *f = ctx;
    struct play *p = find(f, id);
    if (!p)
        return err_set(e, -ENOENT, "sandbox: no instance %llu", (unsigned long long)id);
    if (permille < SANDBOX_SHARE_FULL || permille > SANDBOX_SHARE_MAX)
        return err_set(e, -EINVAL, "share %d: outside of %d..%d thousandths of a core", permille,
                       SANDBOX_SHARE_FULL, SANDBOX_SHARE_MAX);
    advance(f, p, now);
    p->permille = permille;
    return 0;
}

// The next moment at which something ends.
static int64_t fake_tick(void *ctx, wall_ms now)
{
    struct fake *f = ctx;
    int64_t wait_ms = -1;
    for (size_t i = 0; i < f->n; i++) {
        struct play *p = &f->play[i];
        advance(f, p, now);
        int64_t r = rate(f, p);
        if (p->over || p->script.core_ms < 0 || r <= 0)
            continue;
        int64_t ms = (p->script.core_ms * 1000 - p->done_us + r - 1) / r;
        ms = ms < 1 ? 1 : ms;
        if (wait_ms < 0 || ms < wait_ms)
            wait_ms = ms;
    }
    return wait_ms;
}

static struct sandbox_usage usage_of(const struct play *p)
{
    return (struct sandbox_usage){p->done_us / 1000, p->over ? 0 : p->script.memory_bytes,
                                  p->script.memory_bytes};
}

static int fake_usage(void *ctx, uint64_t id, struct sandbox_usage *u)
{
    struct play *p = find(ctx, id);
    if (!p)
        return -ENOENT;
    *u = usage_of(p);
    return 0;
}

// Its last command takes no time.
static int fake_end(void *ctx, uint64_t id)
{
    struct play *p = find(ctx, id);
    if (!p)
        return -ENOENT;
    if (!p->has_last)
        return -ENOTSUP;
    if (!p->over)
        finish(p, 137, p->then);
    return 0;
}

static int fake_kill(void *ctx, uint64_t id)
{
    struct play *p = find(ctx, id);
    if (!p)
        return -ENOENT;
    p->killed = true;
    if (!p->over)
        finish(p, 137, p->then);
    return 0;
}

static int fake_reap(void *ctx, uint64_t id, wall_ms now, struct sandbox_result *result)
{
    struct fake *f = ctx;
    struct play *p = find(f, id);
    if (!p)
        return -ENOENT;
    advance(f, p, now);
    if (!p->over)
        return 0;
    *result = (struct sandbox_result){
        .code = p->code,
        .signal = p->code > 128 && p->code <= 192 ? p->code - 128 : 0,
        .killed = p->killed,
        .wall_ms = wall_since(p->end, p->start),
        .usage = usage_of(p),
    };
    if (p->event_fd >= 0)
        close(p->event_fd);
    idmap_remove(&f->where, id);
    *p = f->play[--f->n];
    if (p != &f->play[f->n])
        idmap_set(&f->where, p->id, (uint64_t)(p - f->play));
    return 1;
}

static void fake_free(void *ctx)
{
    struct fake *f = ctx;
    for (size_t i = 0; i < f->n; i++)
        if (f->play[i].event_fd >= 0)
            close(f->play[i].event_fd);
    idmap_deinit(&f->where);
    free(f->play);
    free(f);
}

void fake_sandbox_init(struct sandbox *s, const struct fake_config *config)
{
    struct fake *f = mem_alloc(sizeof *f);
    if (config)
        f->config = *config;
    if (f->config.cores < 1)
        f->config.cores = 1;
    *s = (struct sandbox){
        f,         fake_available, fake_lever, fake_start, fake_set_share,
        fake_tick, fake_usage,     fake_end,   fake_kill,  fake_reap, fake_free,
    };
}
