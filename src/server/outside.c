// SPDX-License-Identifier: Apache-2.0
//
// A few threads, and each lease has its own: what is to be published is done before what is left is thrown
// away. Publishing twice is publishing once, so a server that ends in between begins again when it starts.
//
// Attempts that were over before this start may have left something that nobody asked to remove. It is looked
// for once, and removed a minute later: by then whoever still owns it has been here.
#include "server/outside.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/map.h"
#include "base/mem.h"
#include "s3/query.h"
#include "s3/xml_answer.h"
#include "server/outside_ask.h"
#include "server/outside_undo.h"

#define THREADS      4
#define LOOK_MS      3000L // the API waits for it
#define KNOWN_MS     60000
#define BROKEN_MS    5000
#define SLOW_MS      1000
#define SWEEP_MS     60000
#define TURN_MS      1000
#define PREFIX_BYTES 48
#define LIST_PAGES   1000 // of a thousand names each, as S3 has them
#define LIST_MOST    1000000

struct job {
    struct job *next;
    enum { JOB_PUBLISH, JOB_DISCARD } kind;
    uint64_t lease, account;
    uint32_t part;
    char bucket[256]; // as the customer calls it
};

struct worker {
    struct outside *of;
    pthread_t thread;
    bool runs;
    CURL *easy;
    pthread_mutex_t lock;
    pthread_cond_t came;
    struct job *first, **last; // under lock
};

struct outside {
    struct outside_config cfg;
    char *text[8]; // owned: the strings of cfg
    struct outside_way way;
    atomic_bool stop;
    struct worker worker[THREADS];
    pthread_mutex_t look_lock;
    CURL *look;              // under look_lock
    struct strmap known;     // likewise: bucket there -> until when
    int64_t broken_until_ms; // likewise: nothing is asked before
    char broken[256];
};

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

const struct s3_outside *outside_at(const struct outside *o)
{
    return &o->cfg.at;
}

// ---- buckets

static int look_once(struct outside *o, const char *bucket, const char *method, const char *query,
                     struct outside_answer *a)
{
    const struct s3_outside_ask ask = {.method = method, .bucket = bucket, .query = query, .lives_s = 60};
    outside_ask(&o->way, o->look, &ask, NULL, LOOK_MS, a);
    return a->status;
}

// A refusal that has nothing to do with this bucket. A HEAD does not say which it is.
static bool is_the_key(struct outside *o, const char *bucket, struct outside_answer *a)
{
    outside_answer_deinit(a);
    return look_once(o, bucket, "GET", "list-type=2&max-keys=1", a) == 403 && a->code[0] &&
           strcmp(a->code, "AccessDenied") != 0;
}

static int look(struct outside *o, const char *bucket, const char *method)
{
    struct outside_answer a;
    int status = look_once(o, bucket, method, NULL, &a);
    bool key = status == 403 && *method == 'H' && is_the_key(o, bucket, &a);
    if (key)
        status = 500;
    if (!status || status >= 500 || status == 429 || (status == 403 && *method == 'P')) {
        o->broken_until_ms = now_ms() + BROKEN_MS;
        snprintf(o->broken, sizeof o->broken, "%.200s", a.why);
    }
    outside_answer_deinit(&a);
    return status;
}

static int bucket_locked(struct outside *o, const char *bucket, bool make, struct err *e)
{
    uint64_t until;
    int64_t now = now_ms();
    if (strmap_get(&o->known, bucket, &until) && (int64_t)until > now)
        return 0;
    if (now < o->broken_until_ms)
        return err_set(e, -EAGAIN, "The storage does not answer as it should: %.150s", o->broken);
    int status = look(o, bucket, "HEAD");
    if (status == 404 && make)
        status = look(o, bucket, "PUT");
    if (status / 100 == 2)
        strmap_set(&o->known, bucket, (uint64_t)(now + KNOWN_MS));
    if (status / 100 == 2 || (status == 409 && make)) // it is being made
        return 0;
    if (status == 404 || status == 403 || status == 400)
        return 1;
    return err_set(e, -EIO, "The storage does not answer as it should: %.150s",
                   *o->broken ? o->broken : "no reason");
}

// While it is asked, all others who want something of the API wait too: not more than a fifth of the time.
static void rest_after(struct outside *o, int64_t took_ms)
{
    int64_t until = now_ms() + (4 * took_ms > BROKEN_MS ? 4 * took_ms : BROKEN_MS);
    if (took_ms < o->cfg.slow_ms)
        return;
    if (o->broken_until_ms < now_ms())
        snprintf(o->broken, sizeof o->broken, "it took %lld ms to answer", (long long)took_ms);
    if (o->broken_until_ms < until)
        o->broken_until_ms = until;
}

int outside_bucket(struct outside *o, uint64_t account, const char *name, bool make, struct err *e)
{
    char bucket[S3_OUTSIDE_BUCKET_BYTES];
    if (!s3_outside_bucket(&o->cfg.at, account, name, bucket))
        return 1;
    pthread_mutex_lock(&o->look_lock);
    int64_t began = now_ms();
    int code = bucket_locked(o, bucket, make, e);
    rest_after(o, now_ms() - began);
    pthread_mutex_unlock(&o->look_lock);
    return code;
}

// ---- what was staged

static struct s3_outside_ask staged(const struct worker *w, const char *method, const char *key,
                                    const char *query)
{
    return (struct s3_outside_ask){.method = method,
                                   .bucket = w->of->cfg.at.staging,
                                   .key = key,
                                   .key_n = key ? strlen(key) : 0,
                                   .query = query,
                                   .lives_s = 300};
}

// All of it that begins so. False with why. A storage that says without end that there is more would have the
// thread, and all memory.
static bool list(struct worker *w, const char *prefix, struct s3_listing *all, char why[256])
{
    int pages = 0;
    *all = S3_LISTING_NULL;
    do {
        if (w->of->stop || ++pages > LIST_PAGES || all->n > LIST_MOST) {
            snprintf(why, 256, "%s", w->of->stop ? "the server ends" : "its list has no end");
            return false;
        }
        struct buf query = BUF_INIT(8192);
        struct outside_answer a;
        if (all->next) {
            buf_puts(&query, "continuation-token=");
            s3_encode(&query, all->next, strlen(all->next), false);
            buf_putc(&query, '&');
        }
        buf_puts(&query, "encoding-type=url&list-type=2&prefix=");
        s3_encode(&query, prefix, strlen(prefix), false);
        struct s3_outside_ask ask = staged(w, "GET", NULL, buf_str(&query));
        bool good = outside_ask_until(&w->of->way, w->easy, &ask, NULL, 404, &a);
        snprintf(why, 256, "%s", a.why);
        if (good && a.status == 200 && s3_xml_read_objects(buf_str(&a.body), a.body.n, all, NULL) != S3_OK)
            good = false, snprintf(why, 256, "its list cannot be read");
        bool none = good && a.status == 404;
        outside_answer_deinit(&a);
        buf_deinit(&query);
        if (!good)
            return false;
        if (none)
            break;
    } while (all->truncated && all->next);
    return true;
}

static void drop(struct worker *w, const struct s3_listing *all)
{
    for (size_t i = 0; i < all->n && !w->of->stop; i++) {
        struct outside_answer a;
        struct s3_outside_ask ask = staged(w, "DELETE", all->v[i].key, NULL);
        if (!outside_ask_until(&w->of->way, w->easy, &ask, NULL, 404, &a) && !w->of->stop)
            fprintf(stderr, "ondol: storage: %s/%s is left: %s\n", w->of->cfg.at.staging, all->v[i].key,
                    a.why);
        outside_answer_deinit(&a);
    }
}

// ---- publishing

static void tell(struct outside *o, const struct job *j, const struct outside_copy *c)
{
    char text[400];
    if (o->stop)
        return; // its row is still there
    if (c->status == 404)
        snprintf(text, sizeof text, "its results could not be stored: No such bucket: %.200s", j->bucket);
    else
        snprintf(text, sizeof text, "its results could not be stored: the storage: %.250s", c->why);
    o->cfg.published(o->cfg.ctx, j->lease, j->part,
                     c->status == 404               ? "results-no-bucket"
                     : s3_refusal_is_quota(c->code) ? "results-over-quota"
                                                    : "results-not-stored",
                     text);
}

// Whatever was staged under this number, and beside it what was there before (outside_undo.h).
static bool find(struct worker *w, uint64_t lease, uint32_t part, struct outside_staged *out, char why[256])
{
    char prefix[PREFIX_BYTES];
    struct s3_listing all;
    snprintf(prefix, sizeof prefix, "%" PRIu64 ".%" PRIu32, lease, part);
    *out = (struct outside_staged){.way = &w->of->way, .easy = w->easy, .staging = w->of->cfg.at.staging};
    snprintf(out->name, sizeof out->name, "%s", prefix);
    bool good = list(w, prefix, &all, why);
    if (good)
        outside_staged_sort(out, &all);
    s3_listing_deinit(&all);
    return good;
}

static void drop_staged(struct worker *w, const struct outside_staged *s)
{
    drop(w, &s->files); // first that without which nothing can be taken back any more
    drop(w, &s->undo);
}

// Before anybody hears that the results are there: from here on nobody takes them back.
static void drop_mark(struct worker *w, const struct outside_staged *s)
{
    char key[64];
    struct s3_listed one = {.key = key};
    snprintf(key, sizeof key, "%s" OUTSIDE_UNDO_MARK, s->name);
    if (s->marked)
        drop(w, &(struct s3_listing){.v = &one, .n = 1});
}

// Copies all of it, or leaves the bucket as it was. False with why and status in `c`.
static bool put_in_bucket(struct worker *w, struct outside_staged *s, struct outside_copy *c)
{
    bool good = outside_undo_prepare(s, c);
    for (size_t i = 0; i < s->files.n && good; i++) {
        c->key = s->files.v[i].key + strlen(s->name) + 1;
        good = !w->of->stop && outside_copy(c, s->staging, s->files.v[i].key, s->files.v[i].size);
    }
    return good;
}

static void publish(struct worker *w, const struct job *j)
{
    char bucket[S3_OUTSIDE_BUCKET_BYTES];
    struct outside_copy c = {.way = &w->of->way, .easy = w->easy, .bucket = bucket, .status = 404};
    struct outside_staged s = {0};
    bool good = s3_outside_bucket(&w->of->cfg.at, j->account, j->bucket, bucket);
    if (good && !find(w, j->lease, j->part, &s, c.why))
        good = false, c.status = 0;
    good = good && put_in_bucket(w, &s, &c);
    bool clean = good || w->of->stop || outside_undo(&s, bucket);
    if (clean && !w->of->stop)
        drop_mark(w, &s);
    if (good)
        w->of->cfg.published(w->of->cfg.ctx, j->lease, j->part, NULL, NULL);
    else
        tell(w->of, j, &c);
    if (good || (clean && !w->of->stop))
        drop_staged(w, &s);
    else if (!clean)
        fprintf(stderr, "ondol: storage: some results of lease %s stay in %s until the next start\n", s.name,
                bucket);
    outside_staged_deinit(&s);
}

// What is to be undone is left for the next start, which tries again.
static void discard(struct worker *w, uint64_t lease)
{
    char prefix[PREFIX_BYTES], why[256];
    struct s3_listing all;
    snprintf(prefix, sizeof prefix, "%" PRIu64 ".", lease);
    bool found = list(w, prefix, &all, why);
    if (found && !outside_undo_is_in(&all))
        drop(w, &all);
    else if (!found && !w->of->stop)
        fprintf(stderr, "ondol: storage: what lease %" PRIu64 " left stays until the next start: %s\n", lease,
                why);
    s3_listing_deinit(&all);
}

// Where attempts write; it is made when it is missing.
static void make_staging(struct worker *w)
{
    struct outside_answer a;
    struct s3_outside_ask ask = staged(w, "HEAD", NULL, NULL);
    bool there = outside_ask_until(&w->of->way, w->easy, &ask, NULL, 404, &a) && a.status != 404;
    outside_answer_deinit(&a);
    if (there || w->of->stop)
        return;
    ask.method = "PUT";
    if (!outside_ask_until(&w->of->way, w->easy, &ask, NULL, 409, &a) && !w->of->stop)
        fprintf(stderr, "ondol: storage: the bucket %s cannot be made: %s\n", ask.bucket, a.why);
    outside_answer_deinit(&a);
}

// ---- what nobody owns

struct sweep {
    int64_t at; // when the next step is due; INT64_MAX: it is done
    bool looked;
    struct s3_listing all; // of them those whose leases were gone already
};

// A publication that failed for good and could not be taken back then. False: nor now.
static bool undo_late(struct worker *w, uint64_t lease, uint32_t part)
{
    char why[256], bucket[S3_OUTSIDE_BUCKET_BYTES];
    struct outside_staged s = {0};
    bool good = find(w, lease, part, &s, why) && outside_undo_bucket(&s, bucket) && outside_undo(&s, bucket);
    if (good) {
        drop_mark(w, &s);
        drop_staged(w, &s);
    }
    outside_staged_deinit(&s);
    return good;
}

static bool belongs(const char *key, const char *staged)
{
    size_t n = strlen(staged);
    return !strncmp(key, staged, n) && (key[n] == '/' || key[n] == '~');
}

// Those that nobody owns. What cannot be taken back stays, with all that belongs to it.
static void drop_left(struct worker *w, const struct s3_listing *all)
{
    uint64_t lease;
    uint32_t part;
    bool *stays = mem_alloc(all->n + 1);
    for (size_t i = 0; i < all->n && !w->of->stop; i++) {
        char name[PREFIX_BYTES];
        if (!outside_undo_read(all->v[i].key, &lease, &part) || undo_late(w, lease, part))
            continue;
        snprintf(name, sizeof name, "%" PRIu64 ".%" PRIu32, lease, part);
        fprintf(stderr, "ondol: storage: results of lease %s cannot be taken back yet\n", name);
        for (size_t k = 0; k < all->n; k++)
            stays[k] |= belongs(all->v[k].key, name);
    }
    for (size_t i = 0; i < all->n; i++)
        if (!stays[i])
            drop(w, &(struct s3_listing){.v = &all->v[i], .n = 1});
    free(stays);
}

static void sweep_step(struct worker *w, struct sweep *s)
{
    char why[256];
    if (s->looked) {
        drop_left(w, &s->all);
        s->at = INT64_MAX;
        return;
    }
    struct s3_listing found;
    if (list(w, "", &found, why)) {
        for (size_t i = 0; i < found.n; i++) {
            char *end;
            uint64_t lease = strtoull(found.v[i].key, &end, 10);
            if (*end != '.' || w->of->cfg.lease_is_there(w->of->cfg.ctx, lease) != 1)
                continue;
            struct s3_listed *to = VEC_PUSH(s->all.v, s->all.n, s->all.cap);
            *to = found.v[i];
            found.v[i].key = NULL;
        }
        s->looked = true;
    }
    s->at = now_ms() + w->of->cfg.sweep_ms;
    s3_listing_deinit(&found);
}

// ---- threads

static struct job *next(struct worker *w, int64_t until_ms, bool *idle)
{
    int64_t most = now_ms() + TURN_MS, until = until_ms < most ? until_ms : most;
    const struct timespec t = {until / 1000, until % 1000 * 1000000};
    pthread_mutex_lock(&w->lock);
    if (!w->first && !w->of->stop)
        pthread_cond_timedwait(&w->came, &w->lock, &t);
    struct job *j = w->first;
    if (j && !(w->first = j->next))
        w->last = &w->first;
    pthread_mutex_unlock(&w->lock);
    *idle = !j;
    return j;
}

static void *work(void *arg)
{
    struct worker *w = arg;
    bool idle;
    int64_t soon = w->of->cfg.sweep_ms < TURN_MS ? w->of->cfg.sweep_ms : TURN_MS;
    struct sweep sweep = {.at = w == &w->of->worker[0] ? now_ms() + soon : INT64_MAX};
    if (w == &w->of->worker[0])
        make_staging(w);
    while (!w->of->stop) {
        struct job *j = next(w, sweep.at, &idle);
        if (j && !w->of->stop && j->kind == JOB_PUBLISH)
            publish(w, j);
        else if (j && !w->of->stop)
            discard(w, j->lease);
        free(j);
        if (idle && now_ms() >= sweep.at && !w->of->stop)
            sweep_step(w, &sweep);
    }
    s3_listing_deinit(&sweep.all);
    return NULL;
}

static void submit(struct outside *o, struct job j)
{
    struct worker *w = &o->worker[j.lease % THREADS];
    struct job *copy = mem_alloc(sizeof *copy);
    *copy = j;
    pthread_mutex_lock(&w->lock);
    *w->last = copy;
    w->last = &copy->next;
    pthread_cond_signal(&w->came);
    pthread_mutex_unlock(&w->lock);
}

void outside_publish(struct outside *o, uint64_t lease, uint32_t part, uint64_t account, const char *bucket)
{
    struct job j = {.kind = JOB_PUBLISH, .lease = lease, .part = part, .account = account};
    snprintf(j.bucket, sizeof j.bucket, "%s", bucket);
    submit(o, j);
}

void outside_discard(struct outside *o, uint64_t lease)
{
    submit(o, (struct job){.kind = JOB_DISCARD, .lease = lease});
}

// ---- start and end

static void keep_strings(struct outside *o)
{
    struct s3_outside *at = &o->cfg.at;
    const char **const of[] = {&at->url,    &at->region,  &at->access_key, &at->secret,
                               &at->prefix, &at->staging, &o->cfg.ca_file, &at->acl};
    for (size_t i = 0; i < ARRAY_LEN(of); i++)
        *of[i] = o->text[i] = mem_strdup(*of[i]);
}

static int start_threads(struct outside *o, struct err *e)
{
    pthread_condattr_t steady;
    pthread_condattr_init(&steady);
    pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
    for (size_t i = 0; i < THREADS; i++) {
        struct worker *w = &o->worker[i];
        w->of = o;
        w->last = &w->first;
        w->easy = curl_easy_init();
        pthread_mutex_init(&w->lock, NULL);
        pthread_cond_init(&w->came, &steady);
        w->runs = w->easy && pthread_create(&w->thread, NULL, work, w) == 0;
    }
    pthread_condattr_destroy(&steady);
    for (size_t i = 0; i < THREADS; i++)
        if (!o->worker[i].runs || !o->look)
            return err_set(e, -EAGAIN, "objects: the system gives no more threads");
    return 0;
}

int outside_start(struct outside **ret, const struct outside_config *cfg, struct err *e)
{
    int code = s3_outside_check(&cfg->at, e);
    if (code < 0)
        return code;
    struct outside *o = mem_alloc(sizeof *o);
    o->cfg = *cfg;
    o->cfg.sweep_ms = cfg->sweep_ms ? cfg->sweep_ms : SWEEP_MS;
    o->cfg.slow_ms = cfg->slow_ms ? cfg->slow_ms : SLOW_MS;
    keep_strings(o);
    o->way = (struct outside_way){
        .at = &o->cfg.at, .ca_file = o->cfg.ca_file, .patience_ms = o->cfg.patience_ms, .stop = &o->stop};
    pthread_mutex_init(&o->look_lock, NULL);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    o->look = curl_easy_init();
    code = start_threads(o, e);
    if (code < 0) {
        outside_stop(o);
        return code;
    }
    *ret = o;
    return 0;
}

void outside_stop(struct outside *o)
{
    if (!o)
        return;
    o->stop = true;
    for (size_t i = 0; i < THREADS; i++) {
        struct worker *w = &o->worker[i];
        pthread_mutex_lock(&w->lock);
        pthread_cond_signal(&w->came);
        pthread_mutex_unlock(&w->lock);
        if (w->runs)
            pthread_join(w->thread, NULL);
        for (struct job *j; (j = w->first); free(j))
            w->first = j->next;
        curl_easy_cleanup(w->easy);
        pthread_mutex_destroy(&w->lock);
        pthread_cond_destroy(&w->came);
    }
    curl_easy_cleanup(o->look);
    strmap_deinit(&o->known);
    pthread_mutex_destroy(&o->look_lock);
    if (o->text[3])
        explicit_bzero(o->text[3], strlen(o->text[3]));
    for (size_t i = 0; i < ARRAY_LEN(o->text); i++)
        free(o->text[i]);
    free(o);
}
