// SPDX-License-Identifier: Apache-2.0
#include "agent/stager.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "agent/child.h"
#include "base/mem.h"

#define TELL_MS 250
#define NICE    10

static void say(struct stager *s, const char *code, const char *fmt, va_list ap)
{
    snprintf(s->code, sizeof s->code, "%s", code);
    vsnprintf(s->message, sizeof s->message, fmt, ap);
    for (char *p = s->message; *p; p++)
        if ((unsigned char)*p < ' ')
            *p = ' ';
}

bool stager_fail(struct stager *s, bool elsewhere, const char *code, const char *fmt, ...)
{
    va_list ap;
    pthread_mutex_lock(&s->lock);
    if (!s->failed) {
        s->failed = true;
        s->elsewhere = elsewhere;
        va_start(ap, fmt);
        say(s, code, fmt, ap);
        va_end(ap);
    }
    pthread_mutex_unlock(&s->lock);
    return false;
}

void stager_leave_out(struct stager *s, const char *code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    if (!s->left_out)
        say(s, code, fmt, ap);
    va_end(ap);
    s->left_out = true;
}

bool stager_failed(struct stager *s)
{
    pthread_mutex_lock(&s->lock);
    bool failed = s->failed;
    pthread_mutex_unlock(&s->lock);
    return failed;
}

// ---- threads

struct each {
    struct stager *s;
    size_t n;
    _Atomic size_t next;
    _Atomic int running;
    bool (*one)(struct stager *s, CURL *easy, size_t i, void *ctx);
    void *ctx;
};

static void *work(void *arg)
{
    struct each *e = arg;
    CURL *easy = curl_easy_init();
    if (!easy)
        stager_fail(e->s, true, "staging", "no memory");
    for (size_t i; easy && !stager_failed(e->s) && (i = e->next++) < e->n;)
        if (!e->one(e->s, easy, i, e->ctx))
            break;
    curl_easy_cleanup(easy);
    e->running--;
    return NULL;
}

// Its reader may be gone; then so is the reason for all this.
static void tell(struct stager *s)
{
    printf("P %lld %lld %lld %lld\n", (long long)s->files, (long long)s->files_n, (long long)s->bytes,
           (long long)s->bytes_n);
    if (fflush(stdout) != 0)
        exit(1);
}

bool stager_each(struct stager *s, size_t n, bool (*one)(struct stager *s, CURL *easy, size_t i, void *ctx),
                 void *ctx)
{
    struct each e = {.s = s, .n = n, .one = one, .ctx = ctx};
    pthread_t thread[STAGER_THREADS];
    size_t threads = n < STAGER_THREADS ? n : STAGER_THREADS, began = 0;
    tell(s);
    e.running = (int)threads;
    for (; began < threads; began++)
        if (pthread_create(&thread[began], NULL, work, &e) != 0) {
            stager_fail(s, true, "staging", "the system gives no more threads");
            e.running -= (int)(threads - began);
            break;
        }
    for (int waited = 0; e.running > 0; waited += 10) {
        usleep(10000);
        if (waited >= TELL_MS) {
            tell(s);
            waited = 0;
        }
    }
    for (size_t i = 0; i < began; i++)
        pthread_join(thread[i], NULL);
    tell(s);
    return !stager_failed(s);
}

// ---- what to do

static const char *text(const json_t *spec, const char *name)
{
    const char *v = json_string_value(json_object_get(spec, name));
    return v ? v : "";
}

// "http://host:port/path": the host as it stands in the head of requests, and what stands before the path of
// each.
static bool split_url(struct stager *s, char *host, size_t room)
{
    const char *p = strstr(s->url, "://");
    size_t n = p ? strcspn(p + 3, "/") : 0;
    if (!n || n >= room)
        return false;
    memcpy(host, p + 3, n);
    host[n] = '\0';
    s->host = host;
    s->base_path = strcmp(p + 3 + n, "/") == 0 ? "" : p + 3 + n;
    return true;
}

static bool open_dirs(struct stager *s)
{
    s->top_fd = open(s->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (s->top_fd >= 0) {
        s->job_fd = openat(s->top_fd, "job", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        s->incoming_fd = openat(s->top_fd, "incoming", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    }
    if (*text(s->spec, "cache"))
        s->cache_fd = open(text(s->spec, "cache"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (s->top_fd < 0 || s->job_fd < 0 || s->incoming_fd < 0)
        return stager_fail(s, true, "staging", "%s: %s", s->dir, strerror(errno));
    return true;
}

static bool begin(struct stager *s, char *host, size_t room)
{
    if (!s->spec)
        return stager_fail(s, true, "staging", "what to do cannot be read");
    if (!child_bind(s->spec))
        return stager_fail(s, true, "staging", "its agent is gone");
    s->mode = text(s->spec, "mode");
    s->dir = text(s->spec, "dir");
    s->url = text(s->spec, "url");
    s->key = text(s->spec, "key");
    s->secret = text(s->spec, "secret");
    s->patience_ms = json_integer_value(json_object_get(s->spec, "patience_s")) * 1000;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    s->good_ms = (int64_t)now.tv_sec * 1000;
    s->ca = *text(s->spec, "ca") ? text(s->spec, "ca") : NULL;
    if (!split_url(s, host, room))
        return stager_fail(s, true, "staging", "%.100s: is no address of a storage", s->url);
    return !strcmp(s->mode, "image") || open_dirs(s);
}

int stager_main(void)
{
    struct stager s = {.spec = child_task(), .top_fd = -1, .job_fd = -1, .incoming_fd = -1, .cache_fd = -1};
    char host[256];
    pthread_mutex_init(&s.lock, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGTERM, SIG_IGN); // of the agent's group; the agent says itself when it is over
    signal(SIGINT, SIG_IGN);
    umask(0);
    setpriority(PRIO_PROCESS, 0, NICE); // thermostats first
    curl_global_init(CURL_GLOBAL_DEFAULT);
    if (begin(&s, host, sizeof host)) {
        if (strcmp(s.mode, "image") == 0)
            stager_image(&s);
        else if (strcmp(s.mode, "store") == 0)
            stager_store(&s);
        else
            stager_fetch(&s);
    }
    if (!s.failed && s.left_out)
        printf("L %lld %lld %s %s\n", (long long)s.files, (long long)(s.bytes - s.kept_bytes), s.code,
               s.message);
    else if (s.failed)
        printf("F %d %s %s\n", s.elsewhere, s.code, s.message);
    else
        printf("D %lld %lld\n", (long long)s.files, (long long)(s.bytes - s.kept_bytes));
    fflush(stdout);
    json_decref(s.spec);
    curl_global_cleanup();
    return 0;
}
