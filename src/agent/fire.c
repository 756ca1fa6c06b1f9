// SPDX-License-Identifier: Apache-2.0
#include "agent/fire.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "agent/burner.h"
#include "agent/child.h"
#include "agent/node.h"
#include "base/mem.h"
#include "sandbox/bwrap.h"

struct fire {
    struct node *node;
    int32_t *want; // one a board
    size_t n_boards;
    struct child *child; // NULL: it does not burn
    bool over, complained;
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

static void ended(void *ctx, int64_t status, int signal)
{
    struct fire *f = ctx;
    f->child = NULL;
    if (f->over)
        end(f);
    else
        fprintf(stderr, "ondol: what burns for heat ended (status %d, signal %d); it is started again\n",
                (int)status, signal);
}

static void tell(struct fire *f)
{
    char line[16];
    snprintf(line, sizeof line, "%d\n", (int)most(f));
    child_say(f->child, line);
}

static void light(struct fire *f)
{
    const struct child_spec child = {.option = FIRE_OPTION, .socket = -1, .ctx = f, .ended = ended};
    struct err e = ERR_NULL;
    f->child = child_start(f->node->loop, &child, &e);
    if (f->child) {
        bwrap_sandbox_background(&f->node->sandbox, child_pid(f->child));
        tell(f);
        return;
    }
    if (!f->complained)
        fprintf(stderr, "ondol: nothing burns for heat: %s\n", e.text);
    f->complained = true;
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
    if (f->child)
        tell(f);
    else
        fire_look(f);
}

void fire_look(struct fire *f)
{
    if (!f->child && most(f) > 0)
        light(f);
}

void fire_free(struct fire *f)
{
    if (!f)
        return;
    f->over = true;
    if (f->child)
        child_signal(f->child, SIGKILL); // its end is heard by the loop
    else
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
