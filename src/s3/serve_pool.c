// SPDX-License-Identifier: Apache-2.0
//
// The workers: a few threads that do what may take long, in the order it came.
#include "s3/serve_inside.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static void *work(void *pool)
{
    struct pool *p = pool;
    pthread_mutex_lock(&p->lock);
    for (;;) {
        while (!p->first && !p->ends)
            pthread_cond_wait(&p->filled, &p->lock);
        struct job *j = p->first;
        if (!j)
            break;
        p->first = j->next;
        if (!p->first)
            p->last = &p->first;
        pthread_mutex_unlock(&p->lock);
        j->fn(j->arg);
        free(j);
        pthread_mutex_lock(&p->lock);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

int pool_start(struct pool *p, int threads, struct err *e)
{
    p->last = &p->first;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->filled, NULL);
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int code = 0;
    while (p->n < threads && !code) {
        code = pthread_create(&p->thread[p->n], NULL, work, p);
        p->n += !code;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return code ? err_set(e, -code, "S3 endpoint: no thread: %s (raise the limit of processes)", strerror(code)) : 0;
}

void pool_submit(struct pool *p, void (*fn)(void *arg), void *arg)
{
    struct job *j = mem_alloc(sizeof *j);
    *j = (struct job){.fn = fn, .arg = arg};
    pthread_mutex_lock(&p->lock);
    *p->last = j;
    p->last = &j->next;
    pthread_cond_signal(&p->filled);
    pthread_mutex_unlock(&p->lock);
}

void pool_stop(struct pool *p)
{
    pthread_mutex_lock(&p->lock);
    p->ends = true;
    pthread_cond_broadcast(&p->filled);
    pthread_mutex_unlock(&p->lock);
    for (int i = 0; i < p->n; i++)
        pthread_join(p->thread[i], NULL);
    pthread_mutex_destroy(&p->lock);
    pthread_cond_destroy(&p->filled);
}
