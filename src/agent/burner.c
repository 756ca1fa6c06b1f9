// SPDX-License-Identifier: Apache-2.0
#include "agent/burner.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"

#define BEAT_NS     INT64_C(100000000)
#define STACK_BYTES (64 * 1024)
#define ROUNDS      20000 // of heat(): well below a millisecond, so that a beat ends when it should

struct flame {
    struct burner *of;
    pthread_t thread;
    int cpu;
};

struct burner {
    struct flame *flame;
    size_t n, lit; // processors; threads that were started
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int32_t permille; // under the lock, with `over`
    bool over;
    _Atomic int64_t used_us;
};

static int64_t clock_ns(clockid_t which)
{
    struct timespec t;
    clock_gettime(which, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

// Multiplies and adds, eight at a time and four chains of them, within what a processor keeps closest. Each
// value tends to 2, so that none is ever slow to compute with.
typedef double lanes __attribute__((vector_size(64)));

static double heat(void)
{
    const lanes half = {0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5}, one = half + half;
    lanes a = one, b = half, c = one + half, d = one + one;
    for (int i = 0; i < ROUNDS; i++) {
        a = a * half + one;
        b = b * half + one;
        c = c * half + one;
        d = d * half + one;
        __asm__ volatile("" : "+m"(a), "+m"(b), "+m"(c), "+m"(d)); // or it would be left out as of no use
    }
    return a[0] + b[0] + c[0] + d[0];
}

// Waits for something to burn. 0: it is over.
static int32_t duty(struct burner *b)
{
    pthread_mutex_lock(&b->lock);
    while (!b->over && b->permille <= 0)
        pthread_cond_wait(&b->changed, &b->lock);
    int32_t permille = b->over ? 0 : b->permille;
    pthread_mutex_unlock(&b->lock);
    return permille;
}

// The free part is counted in processor time: what a task took of it is not made up for, the task heats.
static void beat(struct burner *b, int32_t permille)
{
    int64_t began = clock_ns(CLOCK_MONOTONIC), used = clock_ns(CLOCK_THREAD_CPUTIME_ID), now;
    volatile double sink;
    do {
        sink = heat();
        now = clock_ns(CLOCK_MONOTONIC);
    } while (now - began < BEAT_NS * permille / 1000);
    (void)sink;
    atomic_fetch_add(&b->used_us, (clock_ns(CLOCK_THREAD_CPUTIME_ID) - used) / 1000);
    struct timespec rest = {0, BEAT_NS - (now - began)};
    if (permille < 1000 && rest.tv_nsec > 0)
        nanosleep(&rest, NULL);
}

static void *burn(void *ctx)
{
    struct flame *f = ctx;
    struct sched_param none = {0};
    cpu_set_t mine;
    CPU_ZERO(&mine);
    CPU_SET((size_t)f->cpu, &mine);
    pthread_setaffinity_np(pthread_self(), sizeof mine, &mine); // each warms its own; where it may not, any
    if (pthread_setschedparam(pthread_self(), SCHED_IDLE, &none))
        return NULL; // at a usual class it would take from tasks
    for (int32_t permille; (permille = duty(f->of)) > 0;)
        beat(f->of, permille);
    return NULL;
}

struct burner *burner_new(struct err *e)
{
    cpu_set_t may;
    CPU_ZERO(&may);
    if (sched_getaffinity(0, sizeof may, &may) < 0) {
        err_set(e, -errno, "burner: the processors of this machine cannot be told: %s", strerror(errno));
        return NULL;
    }
    struct burner *b = mem_alloc(sizeof *b);
    b->flame = mem_array((size_t)CPU_COUNT(&may) + 1, sizeof *b->flame);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET((size_t)cpu, &may))
            b->flame[b->n++] = (struct flame){.of = b, .cpu = cpu};
    pthread_mutex_init(&b->lock, NULL);
    pthread_cond_init(&b->changed, NULL);
    return b;
}

// Signals are for the thread that waits for them.
static int light(struct burner *b, struct err *e)
{
    sigset_t all, before;
    pthread_attr_t small;
    int r = 0;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, STACK_BYTES);
    for (; !r && b->lit < b->n; b->lit += !r)
        r = pthread_create(&b->flame[b->lit].thread, &small, burn, &b->flame[b->lit]);
    pthread_attr_destroy(&small);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return r ? err_set(e, -r, "burner: %zu of %zu threads: %s", b->lit, b->n, strerror(r)) : 0;
}

int burner_set(struct burner *b, int32_t permille, struct err *e)
{
    pthread_mutex_lock(&b->lock);
    b->permille = permille < 0 ? 0 : permille > 1000 ? 1000 : permille;
    pthread_cond_broadcast(&b->changed);
    pthread_mutex_unlock(&b->lock);
    return permille > 0 && b->lit < b->n ? light(b, e) : 0;
}

int64_t burner_cpu_us(const struct burner *b)
{
    return atomic_load(&b->used_us);
}

void burner_free(struct burner *b)
{
    if (!b)
        return;
    pthread_mutex_lock(&b->lock);
    b->over = true;
    pthread_cond_broadcast(&b->changed);
    pthread_mutex_unlock(&b->lock);
    for (size_t i = 0; i < b->lit; i++)
        pthread_join(b->flame[i].thread, NULL);
    pthread_cond_destroy(&b->changed);
    pthread_mutex_destroy(&b->lock);
    free(b->flame);
    free(b);
}
