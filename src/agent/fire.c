// SPDX-License-Identifier: Apache-2.0
#include "agent/fire.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <uv.h>

#include "agent/burner.h"
#include "agent/node.h"
#include "base/mem.h"
#include "sandbox/bwrap.h"

struct fire {
    struct node *node;
    int32_t *want; // one a board
    size_t n_boards;
    bool lit, over, complained;
    int handles; // of the process and its input, not closed yet
    uv_process_t process;
    uv_pipe_t in;
};

struct line {
    uv_write_t write;
    char text[16];
};

static int32_t most(const struct fire *f)
{
    int32_t permille = 0;
    for (size_t i = 0; i < f->n_boards; i++)
        permille = f->want[i] > permille ? f->want[i] : permille;
    return permille;
}

static void end(struct fire *f)
{
    free(f->want);
    free(f);
}

static void on_closed(uv_handle_t *h)
{
    struct fire *f = h->data;
    if (--f->handles == 0 && f->over)
        end(f);
}

static void close_all(struct fire *f)
{
    uv_close((uv_handle_t *)&f->in, on_closed);
    uv_close((uv_handle_t *)&f->process, on_closed);
}

static void on_exit_of(uv_process_t *p, int64_t status, int signal)
{
    struct fire *f = p->data;
    if (!f->over)
        fprintf(stderr, "ondol: what burns for heat ended (status %d, signal %d); it is started again\n",
                (int)status, signal);
    f->lit = false;
    close_all(f);
}

static void on_written(uv_write_t *w, int status)
{
    (void)status; // it has died, then: that is heard on its own
    free(w->data);
}

static void tell(struct fire *f, int32_t permille)
{
    struct line *l = mem_alloc(sizeof *l);
    int n = snprintf(l->text, sizeof l->text, "%d\n", (int)permille);
    uv_buf_t text = uv_buf_init(l->text, (unsigned)n);
    l->write.data = l;
    if (uv_write(&l->write, (uv_stream_t *)&f->in, &text, 1, on_written) < 0)
        free(l);
}

static void light(struct fire *f)
{
    char *argv[] = {"ondol-agent", FIRE_OPTION, NULL};
    uv_stdio_container_t io[3] = {
        {.flags = UV_CREATE_PIPE | UV_READABLE_PIPE, .data.stream = (uv_stream_t *)&f->in},
        {.flags = UV_IGNORE},
        {.flags = UV_INHERIT_FD, .data.fd = 2}};
    uv_process_options_t o = {
        .exit_cb = on_exit_of, .file = "/proc/self/exe", .args = argv, .stdio = io, .stdio_count = 3};
    uv_pipe_init(f->node->loop, &f->in, 0);
    f->process = (uv_process_t){0};
    f->process.data = f->in.data = f;
    int r = uv_spawn(f->node->loop, &f->process, &o);
    f->handles = 2;
    if (r < 0) {
        if (!f->complained)
            fprintf(stderr, "ondol: nothing burns for heat: %s\n", uv_strerror(r));
        f->complained = true;
        close_all(f);
        return;
    }
    f->lit = true;
    bwrap_sandbox_background(&f->node->sandbox, uv_process_get_pid(&f->process));
}

struct fire *fire_new(struct node *n)
{
    struct fire *f = mem_alloc(sizeof *f);
    f->node = n;
    f->n_boards = n->cfg->offer.n_boards;
    f->want = mem_array(f->n_boards + 1, sizeof *f->want);
    return f;
}

void fire_set(struct fire *f, size_t board, int32_t permille)
{
    int32_t before = most(f);
    f->want[board] = permille;
    if (most(f) == before)
        return;
    if (!f->lit)
        fire_look(f);
    else
        tell(f, most(f));
}

void fire_look(struct fire *f)
{
    if (f->lit || f->handles || most(f) == 0)
        return;
    light(f);
    if (f->lit)
        tell(f, most(f));
}

void fire_free(struct fire *f)
{
    if (!f)
        return;
    f->over = true;
    if (f->lit)
        uv_process_kill(&f->process, SIGKILL); // its end is heard by the loop
    else if (!f->handles)
        end(f);
}

int fire_main(void)
{
    struct err e = ERR_NULL;
    struct sched_param none = {0};
    char line[32];
    signal(SIGINT, SIG_IGN); // of the terminal, for its node: it ends with that
    signal(SIGTERM, SIG_IGN);
    setpriority(PRIO_PROCESS, 0, 19);
    sched_setscheduler(0, SCHED_IDLE, &none);
    struct burner *b = burner_new(&e);
    while (b && fgets(line, sizeof line, stdin))
        if (burner_set(b, (int32_t)strtol(line, NULL, 10), &e) < 0)
            break;
    if (e.code)
        fprintf(stderr, "ondol: %s\n", e.text);
    burner_free(b);
    return e.code ? 1 : 0;
}
