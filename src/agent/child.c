// SPDX-License-Identifier: Apache-2.0
#include "agent/child.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/mem.h"

#define LINE_BYTES 4096
#define TASK_BYTES ((size_t)4 << 20)

struct child {
    void *ctx;
    void (*line)(void *ctx, const char *line);
    void (*ended)(void *ctx, int64_t status, int signal);
    uv_process_t process;
    uv_pipe_t in, out;
    int handles;       // of the loop's, not closed yet
    bool exited, read; // read: to the end, or nobody listens
    int64_t status;
    int signal;
    char text[LINE_BYTES];
    size_t n;
};

struct say {
    uv_write_t write;
    bool last; // the input ends after it
    size_t n;
    char text[];
};

static void on_closed(uv_handle_t *h)
{
    struct child *c = h->data;
    if (--c->handles == 0)
        free(c);
}

static void close_handle(uv_handle_t *h)
{
    if (!uv_is_closing(h))
        uv_close(h, on_closed);
}

static void stop_reading(struct child *c)
{
    if (!c->read)
        close_handle((uv_handle_t *)&c->out);
    c->read = true;
}

// Its output is read to the end before its end counts.
static void over(struct child *c)
{
    if (!c->exited || !c->read || !c->ended)
        return;
    void (*ended)(void *, int64_t, int) = c->ended;
    c->ended = NULL;
    close_handle((uv_handle_t *)&c->in);
    ended(c->ctx, c->status, c->signal);
}

static void on_room(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
    struct child *c = h->data;
    (void)suggested;
    *buf = uv_buf_init(c->text + c->n, (unsigned)(sizeof c->text - 1 - c->n));
}

static void on_said(uv_stream_t *out, ssize_t n, const uv_buf_t *buf)
{
    struct child *c = out->data;
    (void)buf;
    if (n < 0) {
        stop_reading(c);
        over(c);
        return;
    }
    c->n += (size_t)n;
    c->text[c->n] = '\0';
    for (char *end; !c->read && (end = strchr(c->text, '\n'));) {
        *end = '\0';
        c->line(c->ctx, c->text);
        c->n -= (size_t)(end + 1 - c->text);
        memmove(c->text, end + 1, c->n + 1);
    }
    if (c->n == sizeof c->text - 1)
        c->n = 0; // no line of ours is so long
}

static void on_exit_of(uv_process_t *p, int64_t status, int signal)
{
    struct child *c = p->data;
    c->exited = true;
    c->status = status;
    c->signal = signal;
    close_handle((uv_handle_t *)p);
    over(c);
}

static void on_written(uv_write_t *w, int status)
{
    struct say *s = w->data;
    (void)status; // it says itself that it could not read, or has died: that is heard on its own
    if (s->last)
        close_handle((uv_handle_t *)w->handle);
    explicit_bzero(s->text, s->n);
    free(s);
}

static int say(struct child *c, const char *text, bool last)
{
    size_t n = strlen(text);
    struct say *s = mem_alloc(sizeof *s + n);
    memcpy(s->text, text, n);
    s->n = n;
    s->last = last;
    s->write.data = s;
    uv_buf_t buf = uv_buf_init(s->text, (unsigned)n);
    int r = uv_write(&s->write, (uv_stream_t *)&c->in, &buf, 1, on_written);
    if (r < 0) {
        explicit_bzero(s->text, n);
        free(s);
    }
    return r;
}

static int hand_over(struct child *c, json_t *task)
{
    json_object_set_new(task, "parent", json_integer(getpid()));
    char *text = json_dumps(task, JSON_COMPACT);
    int r = text ? say(c, text, true) : UV_EINVAL; // it is no UTF-8
    if (text)
        explicit_bzero(text, strlen(text));
    free(text);
    return r;
}

static int spawn(struct child *c, uv_loop_t *loop, const struct child_spec *spec)
{
    char *argv[] = {"ondol-agent", (char *)(uintptr_t)spec->option, NULL};
    uv_stdio_container_t io[CHILD_SOCKET + 1] = {
        {.flags = UV_CREATE_PIPE | UV_READABLE_PIPE, .data.stream = (uv_stream_t *)&c->in},
        {.flags = UV_IGNORE},
        {.flags = UV_INHERIT_FD, .data.fd = 2},
        {.flags = UV_INHERIT_FD, .data.fd = spec->socket}};
    uv_pipe_init(loop, &c->in, 0);
    c->process.data = c->in.data = c->out.data = c;
    if (!c->read) {
        uv_pipe_init(loop, &c->out, 0);
        c->out.data = c;
        io[1] = (uv_stdio_container_t){.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE,
                                       .data.stream = (uv_stream_t *)&c->out};
    }
    c->handles = c->read ? 2 : 3; // a process that was not made is closed all the same
    uv_process_options_t o = {.exit_cb = on_exit_of,
                              .file = "/proc/self/exe",
                              .args = argv,
                              .stdio = io,
                              .stdio_count = spec->socket < 0 ? CHILD_SOCKET : CHILD_SOCKET + 1};
    return uv_spawn(loop, &c->process, &o);
}

// Of one that does not begin. A process that was made nevertheless is reaped by the loop.
static void give_up(struct child *c, bool made)
{
    c->ended = NULL;
    stop_reading(c);
    close_handle((uv_handle_t *)&c->in);
    if (made)
        uv_process_kill(&c->process, SIGKILL);
    else
        close_handle((uv_handle_t *)&c->process);
}

struct child *child_start(uv_loop_t *loop, const struct child_spec *spec, struct err *e)
{
    struct child *c = mem_alloc(sizeof *c);
    *c = (struct child){.ctx = spec->ctx, .line = spec->line, .ended = spec->ended, .read = !spec->line};
    int r = spawn(c, loop, spec);
    bool made = r == 0;
    if (r == 0 && spec->line)
        r = uv_read_start((uv_stream_t *)&c->out, on_room, on_said);
    if (r == 0 && spec->task)
        r = hand_over(c, spec->task);
    json_decref(spec->task);
    if (r == 0)
        return c;
    give_up(c, made);
    return err_set(e, r, "%s", uv_strerror(r)), NULL;
}

void child_say(struct child *c, const char *text)
{
    say(c, text, false); // what cannot be written has nobody to read it: its end is heard on its own
}

void child_signal(struct child *c, int signal)
{
    if (!c->exited)
        uv_process_kill(&c->process, signal);
}

void child_hush(struct child *c)
{
    stop_reading(c);
    over(c);
}

int child_pid(const struct child *c)
{
    return uv_process_get_pid(&c->process);
}

// ---- inside the process

json_t *child_task(void)
{
    char *v = mem_alloc(TASK_BYTES);
    size_t n = fread(v, 1, TASK_BYTES, stdin);
    json_t *task = json_loadb(v, n, 0, NULL);
    explicit_bzero(v, n);
    free(v);
    if (json_is_object(task))
        return task;
    json_decref(task);
    return NULL;
}

bool child_bind(const json_t *task)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    return getppid() == (pid_t)json_integer_value(json_object_get(task, "parent"));
}
