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

#define THREADS      4
#define LOOK_MS      3000L // the API waits for it
#define KNOWN_MS     60000
#define BROKEN_MS    5000
#define SWEEP_MS     60000
#define COPY_MOST    ((uint64_t)5 << 30) // of one CopyObject
#define COPY_PART    ((uint64_t)1 << 30)
#define PREFIX_BYTES 48

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
    char *text[7]; // owned: the strings of cfg
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

static int look(struct outside *o, const char *bucket, const char *method)
{
    struct outside_answer a;
    outside_ask(&o->way, o->look, &(struct s3_outside_ask){.method = method, .bucket = bucket, .lives_s = 60},
                NULL, LOOK_MS, &a);
    int status = a.status;
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

int outside_bucket(struct outside *o, uint64_t account, const char *name, bool make, struct err *e)
{
    char bucket[S3_OUTSIDE_BUCKET_BYTES];
    if (!s3_outside_bucket(&o->cfg.at, account, name, bucket))
        return 1;
    pthread_mutex_lock(&o->look_lock);
    int code = bucket_locked(o, bucket, make, e);
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

// All of it that begins so. False with why.
static bool list(struct worker *w, const char *prefix, struct s3_listing *all, char why[256])
{
    *all = S3_LISTING_NULL;
    do {
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

// ---- copies

struct copy {
    struct worker *w;
    const char *bucket, *key;
    char source[4096];
    char why[256];
    int status;
};

static bool copy_ask(struct copy *c, const char *method, const char *query, const char *range,
                     const char *body, struct outside_answer *a)
{
    struct s3_header h[] = {{"x-amz-copy-source", c->source}, {"x-amz-copy-source-range", range}};
    struct s3_outside_ask ask = {.method = method,
                                 .bucket = c->bucket,
                                 .key = c->key,
                                 .key_n = strlen(c->key),
                                 .query = query,
                                 .header = h,
                                 .header_n = !strcmp(method, "PUT") ? (range ? 2 : 1) : 0,
                                 .lives_s = 300};
    bool good = outside_ask_until(&c->w->of->way, c->w->easy, &ask, body, 0, a) && a->status / 100 == 2;
    c->status = a->status;
    snprintf(c->why, sizeof c->why, "%s", a->why);
    return good;
}

static bool between(const char *text, const char *from, const char *to, char *out, size_t room)
{
    const char *a = strstr(text, from), *b = a ? strstr(a, to) : NULL;
    if (!b || (size_t)(b - a) - strlen(from) >= room)
        return false;
    snprintf(out, room, "%.*s", (int)(b - a - (ptrdiff_t)strlen(from)), a + strlen(from));
    return true;
}

static bool copy_parts(struct copy *c, uint64_t size)
{
    struct outside_answer a;
    struct buf done = BUF_INIT(1 << 20);
    char id[256], escaped[800], query[1024], range[64], etag[80];
    bool good = copy_ask(c, "POST", "uploads=", NULL, NULL, &a) &&
                between(buf_str(&a.body), "<UploadId>", "</UploadId>", id, sizeof id);
    outside_answer_deinit(&a);
    if (!good)
        return false;
    struct buf text = BUF_INIT(sizeof escaped - 1);
    s3_encode(&text, id, strlen(id), false);
    snprintf(escaped, sizeof escaped, "%s", buf_str(&text));
    buf_deinit(&text);
    buf_puts(&done, "<CompleteMultipartUpload>");
    for (uint64_t at = 0, part = 1; good && at < size; at += COPY_PART, part++) {
        uint64_t end = size - at < COPY_PART ? size : at + COPY_PART;
        snprintf(query, sizeof query, "partNumber=%" PRIu64 "&uploadId=%s", part, escaped);
        snprintf(range, sizeof range, "bytes=%" PRIu64 "-%" PRIu64, at, end - 1);
        good = copy_ask(c, "PUT", query, range, NULL, &a) &&
               between(buf_str(&a.body), "<ETag>", "</ETag>", etag, sizeof etag);
        buf_putf(&done, "<Part><PartNumber>%" PRIu64 "</PartNumber><ETag>%s</ETag></Part>", part, etag);
        outside_answer_deinit(&a);
    }
    buf_puts(&done, "</CompleteMultipartUpload>");
    snprintf(query, sizeof query, "uploadId=%s", escaped);
    if (good) {
        good = copy_ask(c, "POST", query, NULL, buf_str(&done), &a);
        outside_answer_deinit(&a);
    }
    buf_deinit(&done);
    return good;
}

static bool copy_one(struct copy *c, const struct s3_listed *from, size_t prefix_n)
{
    struct outside_answer a;
    struct buf source = BUF_INIT(sizeof c->source - 1);
    c->key = from->key + prefix_n;
    buf_putf(&source, "%s/", c->w->of->cfg.at.staging);
    s3_encode(&source, from->key, strlen(from->key), true);
    snprintf(c->source, sizeof c->source, "%s", buf_str(&source));
    buf_deinit(&source);
    if (from->size > COPY_MOST)
        return copy_parts(c, from->size);
    bool good = copy_ask(c, "PUT", NULL, NULL, NULL, &a);
    outside_answer_deinit(&a);
    return good;
}

static void tell(struct outside *o, const struct job *j, const struct copy *c)
{
    char text[400];
    if (o->stop)
        return; // its row is still there
    if (c->status == 404)
        snprintf(text, sizeof text, "its results could not be stored: No such bucket: %.200s", j->bucket);
    else
        snprintf(text, sizeof text, "its results could not be stored: the storage: %.250s", c->why);
    o->cfg.published(o->cfg.ctx, j->lease, j->part,
                     c->status == 404 ? "results-no-bucket" : "results-not-stored", text);
}

static void publish(struct worker *w, const struct job *j)
{
    char prefix[PREFIX_BYTES], bucket[S3_OUTSIDE_BUCKET_BYTES];
    struct copy c = {.w = w, .bucket = bucket, .status = 404};
    struct s3_listing all = S3_LISTING_NULL;
    snprintf(prefix, sizeof prefix, "%" PRIu64 ".%" PRIu32 "/", j->lease, j->part);
    bool good = s3_outside_bucket(&w->of->cfg.at, j->account, j->bucket, bucket);
    if (good && !list(w, prefix, &all, c.why))
        good = false, c.status = 0;
    for (size_t i = 0; i < all.n && good; i++)
        good = !w->of->stop && copy_one(&c, &all.v[i], strlen(prefix));
    if (good)
        w->of->cfg.published(w->of->cfg.ctx, j->lease, j->part, NULL, NULL);
    else
        tell(w->of, j, &c);
    if (good || !w->of->stop)
        drop(w, &all);
    s3_listing_deinit(&all);
}

static void discard(struct worker *w, uint64_t lease)
{
    char prefix[PREFIX_BYTES], why[256];
    struct s3_listing all;
    snprintf(prefix, sizeof prefix, "%" PRIu64 ".", lease);
    if (list(w, prefix, &all, why))
        drop(w, &all);
    else if (!w->of->stop)
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

static void sweep_step(struct worker *w, struct sweep *s)
{
    char why[256];
    if (s->looked) {
        drop(w, &s->all);
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
    s->at = now_ms() + SWEEP_MS;
    s3_listing_deinit(&found);
}

// ---- threads

static struct job *next(struct worker *w, bool *idle)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec++;
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
    struct sweep sweep = {.at = w == &w->of->worker[0] ? now_ms() + 1000 : INT64_MAX};
    if (w == &w->of->worker[0])
        make_staging(w);
    while (!w->of->stop) {
        struct job *j = next(w, &idle);
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
                               &at->prefix, &at->staging, &o->cfg.ca_file};
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
    keep_strings(o);
    o->way = (struct outside_way){&o->cfg.at, o->cfg.ca_file, o->cfg.patience_ms, &o->stop};
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
