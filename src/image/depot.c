// SPDX-License-Identifier: Apache-2.0
#include "image/depot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "image/depot_inside.h"

#define BYTES_MAX      INT64_C(20000000000)
#define FILES_MAX      500000
#define JOB_KEEP_MS    60000
#define UPLOAD_KEEP_MS 600000

int64_t depot_now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

// ---- threads

// The oldest that waits; under the lock.
static struct depot_job *next_job(struct depot *d)
{
    struct depot_job *found = NULL;
    for (struct depot_job *j = d->job; j; j = j->next)
        if (j->state == JOB_WAITING)
            found = j;
    return found;
}

static void *work(void *arg)
{
    struct depot *d = arg;
    pthread_mutex_lock(&d->lock);
    while (!d->closing) {
        struct depot_job *j = next_job(d);
        if (!j) {
            pthread_cond_wait(&d->more, &d->lock);
            continue;
        }
        j->state = JOB_PULLING;
        pthread_mutex_unlock(&d->lock);
        depot_job_run(d, j);
        pthread_mutex_lock(&d->lock);
    }
    pthread_mutex_unlock(&d->lock);
    return NULL;
}

int depot_open(struct depot **ret, const struct depot_config *cfg, struct err *e)
{
    struct depot *d = mem_alloc(sizeof *d);
    d->limits = cfg->limits;
    if (d->limits.bytes <= 0)
        d->limits.bytes = BYTES_MAX;
    if (d->limits.files <= 0)
        d->limits.files = FILES_MAX;
    d->registries = mem_strdup(cfg->registries ? cfg->registries : "");
    pthread_mutex_init(&d->lock, NULL);
    pthread_cond_init(&d->more, NULL);
    int r = shelf_open(&d->shelf, cfg->dir, e);
    while (r == 0 && d->n_threads < DEPOT_THREADS)
        if (pthread_create(&d->thread[d->n_threads], NULL, work, d) == 0)
            d->n_threads++;
        else
            r = err_set(e, -EAGAIN, "images: the system gives no more threads");
    if (r < 0)
        depot_close(d);
    else
        *ret = d;
    return r;
}

static void job_free(struct depot_job *j)
{
    if (j->password)
        explicit_bzero(j->password, strlen(j->password));
    free(j->login);
    free(j->password);
    free(j);
}

void depot_close(struct depot *d)
{
    if (!d)
        return;
    pthread_mutex_lock(&d->lock);
    d->closing = true;
    pthread_cond_broadcast(&d->more);
    pthread_mutex_unlock(&d->lock);
    for (int i = 0; i < d->n_threads; i++)
        pthread_join(d->thread[i], NULL);
    for (struct depot_job *j = d->job, *next; j; j = next) {
        next = j->next;
        job_free(j);
    }
    shelf_free(d->shelf);
    pthread_cond_destroy(&d->more);
    pthread_mutex_destroy(&d->lock);
    free(d->registries);
    free(d);
}

struct shelf *depot_shelf(struct depot *d)
{
    return d->shelf;
}

// ---- uploads

static void upload_drop(struct upload *u)
{
    if (u->id[0])
        unlink(u->file);
    *u = (struct upload){0};
}

static struct upload *upload_find(struct depot *d, const char *id)
{
    for (size_t i = 0; *id && i < UPLOADS_MAX; i++)
        if (strcmp(d->upload[i].id, id) == 0)
            return &d->upload[i];
    return NULL;
}

int depot_upload_new(struct depot *d, char id[DEPOT_ID_BYTES], struct err *e)
{
    struct upload *u = NULL;
    pthread_mutex_lock(&d->lock);
    for (size_t i = 0; i < UPLOADS_MAX; i++) {
        if (d->upload[i].id[0] && depot_now_ms() - d->upload[i].used_ms > UPLOAD_KEEP_MS)
            upload_drop(&d->upload[i]);
        if (!d->upload[i].id[0] && !u)
            u = &d->upload[i];
    }
    int r = u ? shelf_scratch(d->shelf, u->file, e)
              : err_set(e, -EAGAIN, "images: %d uploads are under way (try later)", UPLOADS_MAX);
    int fd = r < 0 ? -1 : open(u->file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (r == 0 && fd < 0)
        r = err_set(e, -errno, "images: %s: %s", u->file, strerror(errno));
    if (r == 0) {
        snprintf(u->id, sizeof u->id, "%s", strrchr(u->file, '/') + 1);
        snprintf(id, DEPOT_ID_BYTES, "%s", u->id);
        u->used_ms = depot_now_ms();
        close(fd);
    }
    pthread_mutex_unlock(&d->lock);
    return r;
}

static int append(const struct upload *u, const char *data, size_t n, struct err *e)
{
    int fd = open(u->file, O_WRONLY | O_CLOEXEC), r = fd < 0 ? -errno : 0;
    for (size_t done = 0; r == 0 && done < n;) {
        ssize_t w = pwrite(fd, data + done, n - done, u->n + (int64_t)done);
        if (w < 0 && errno != EINTR)
            r = -errno;
        done += w > 0 ? (size_t)w : 0;
    }
    if (fd >= 0)
        close(fd);
    if (r == -EDQUOT || r == -EFBIG)
        r = -ENOSPC;
    return r < 0 ? err_set(e, r, "images: the upload was thrown away, for the server cannot keep it: %s",
                           strerror(-r))
                 : 0;
}

int depot_upload_put(struct depot *d, const char *id, int64_t offset, const void *data, size_t n,
                     struct err *e)
{
    int r;
    pthread_mutex_lock(&d->lock);
    struct upload *u = upload_find(d, id);
    if (!u)
        r = err_set(e, -ENOENT, "No such upload: %.64s", id);
    else if (offset != u->n)
        r = err_set(e, -ERANGE, "offset %lld: %lld bytes have come so far", (long long)offset,
                    (long long)u->n);
    else if (u->n + (int64_t)n > d->limits.bytes)
        r = err_set(e, -EFBIG,
                    "image: an archive of more than %lld bytes (the limit on the size of an image)",
                    (long long)d->limits.bytes);
    else
        r = append(u, data, n, e);
    if (r == 0) {
        u->n += (int64_t)n;
        u->used_ms = depot_now_ms();
    } else if (u && r != -ERANGE && r != -EFBIG) {
        upload_drop(u); // what it took is wanted back now, not when it is forgotten
    }
    pthread_mutex_unlock(&d->lock);
    return r;
}

// ---- jobs

// Those that ended long ago make room; under the lock.
static void forget_old(struct depot *d)
{
    for (struct depot_job **at = &d->job; *at;) {
        struct depot_job *j = *at;
        if (j->state >= JOB_READY && depot_now_ms() - j->ended_ms > JOB_KEEP_MS) {
            *at = j->next;
            d->n_jobs--;
            job_free(j);
        } else {
            at = &j->next;
        }
    }
}

// Under the lock. Takes `j`.
static int job_add(struct depot *d, struct depot_job *j, char id[DEPOT_ID_BYTES], struct err *e)
{
    char path[SHELF_PATH_BYTES];
    forget_old(d);
    int r = d->n_jobs < DEPOT_JOBS_MAX
                ? shelf_scratch(d->shelf, path, e)
                : err_set(e, -EAGAIN, "images: %d are under way (try later)", DEPOT_JOBS_MAX);
    if (r < 0) {
        job_free(j);
        return r;
    }
    snprintf(j->id, sizeof j->id, "%s", strrchr(path, '/') + 1);
    snprintf(id, DEPOT_ID_BYTES, "%s", j->id);
    j->next = d->job;
    d->job = j;
    d->n_jobs++;
    pthread_cond_signal(&d->more);
    return 0;
}

int depot_import(struct depot *d, const char *upload, const char *name, char job[DEPOT_ID_BYTES],
                 struct err *e)
{
    struct image_name n;
    int r = name && *name ? image_name_parse(name, &n, e) : 0;
    if (r < 0)
        return r;
    pthread_mutex_lock(&d->lock);
    struct upload *u = upload_find(d, upload);
    if (!u) {
        r = err_set(e, -ENOENT, "No such upload: %.64s", upload);
    } else {
        struct depot_job *j = mem_alloc(sizeof *j);
        j->named = name && *name;
        if (j->named)
            image_name_text(&n, j->text);
        snprintf(j->file, sizeof j->file, "%s", u->file);
        r = job_add(d, j, job, e);
        if (r == 0)
            *u = (struct upload){0}; // the file is the job's now
    }
    pthread_mutex_unlock(&d->lock);
    return r;
}

static bool equal(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

static bool same(const struct depot_job *j, const struct depot_job *k)
{
    return j->pull && j->state < JOB_READY && j->account == k->account && j->insecure == k->insecure &&
           !strcmp(j->name.host, k->name.host) && !strcmp(j->name.repo, k->name.repo) &&
           !strcmp(j->name.tag, k->name.tag) && !strcmp(j->text, k->text) && equal(j->login, k->login) &&
           equal(j->password, k->password);
}

static struct depot_job *pull_job(struct depot *d, const struct depot_pull *p, struct err *e)
{
    struct image_name name = *p->name;
    bool insecure = false;
    if (!*name.host && !registry_allowed(d->registries, "", name.host, &insecure)) {
        err_set(e, -EINVAL,
                "image: %.150s: from which registry? (HOST/%.100s, or --registries of the server)", name.repo,
                name.repo);
        return NULL;
    }
    struct depot_job *j = mem_alloc(sizeof *j);
    *j = (struct depot_job){
        .pull = true, .insecure = p->insecure || insecure, .account = p->account, .name = name};
    j->login = mem_strdup(p->login);
    j->password = mem_strdup(p->password);
    if (p->as)
        snprintf(j->text, sizeof j->text, "%s", p->as);
    else
        image_name_text(&name, j->text);
    return j;
}

// One that does the same already is as good.
int depot_pull(struct depot *d, const struct depot_pull *p, char job[DEPOT_ID_BYTES], struct err *e)
{
    struct depot_job *j = pull_job(d, p, e), *old;
    int r = 0;
    if (!j)
        return e->code;
    pthread_mutex_lock(&d->lock);
    for (old = d->job; old && !same(old, j);)
        old = old->next;
    if (old) {
        snprintf(job, DEPOT_ID_BYTES, "%s", old->id);
        job_free(j);
    } else {
        r = job_add(d, j, job, e);
    }
    pthread_mutex_unlock(&d->lock);
    return r;
}

// What a failure is to an instance, and to whoever asked for it over HTTP.
static const char *code_of(int code, int *status)
{
    *status = code == -ENOSPC ? 507 : code == -ECANCELED || code == -EAGAIN ? 503 : 400;
    return code == -EFBIG ? "image-too-large" : code == -EBADMSG ? "image-bad" : "image-unavailable";
}

static json_t *job_json(const struct depot_job *j)
{
    static const char *const states[] = {"waiting", "pulling", "checking", "ready", "failed"};
    const char *name = j->state == JOB_PULLING && !j->pull ? "importing" : states[j->state];
    int status = 0;
    json_t *o = json_pack("{s:s,s:s,s:s,s:I}", "id", j->id, "name", j->text, "state", name, "bytes",
                          (json_int_t)j->bytes);
    if (j->state == JOB_READY)
        json_object_set_new(o, "digest", json_string(j->digest));
    if (j->state == JOB_FAILED) {
        json_object_set_new(o, "code", json_string(code_of(j->e.code, &status)));
        json_object_set_new(o, "status", json_integer(status));
        json_t *text = json_string(j->e.text);
        json_object_set_new(o, "message", text ? text : json_string("the reason is not UTF-8"));
    }
    return o;
}

json_t *depot_job(struct depot *d, const char *job)
{
    pthread_mutex_lock(&d->lock);
    struct depot_job *j = d->job;
    while (j && strcmp(j->id, job) != 0)
        j = j->next;
    json_t *o = j ? job_json(j) : NULL;
    pthread_mutex_unlock(&d->lock);
    return o;
}

// ---- instances

// By its full name, as it was pulled, or by the name alone, as an operator put it there.
json_t *depot_known(struct depot *d, uint64_t account, const struct image_name *name)
{
    char text[IMAGE_NAME_BYTES];
    struct image_name n = *name;
    bool insecure;
    if (*n.host || registry_allowed(d->registries, "", n.host, &insecure)) {
        image_name_text(&n, text);
        json_t *found = shelf_find(d->shelf, account, text);
        if (found)
            return found;
    }
    n.host[0] = '\0';
    image_name_text(&n, text);
    return shelf_find(d->shelf, account, text);
}

static json_t *failed(const char *code, const char *fmt, const char *what)
{
    char message[400];
    snprintf(message, sizeof message, fmt, what);
    return json_pack("{s:s,s:s,s:s}", "state", "failed", "code", code, "message", message);
}

static json_t *begin(struct depot *d, const struct depot_ask *ask)
{
    struct image_name n = ask->name;
    struct err e = ERR_NULL;
    bool login = ask->login && *ask->login, insecure;
    char text[IMAGE_NAME_BYTES], job[DEPOT_ID_BYTES];
    image_name_text(&n, text);
    if (!*d->registries)
        return failed("image-unavailable", "image %.300s is not at this site: ondol image import", text);
    if (!registry_allowed(d->registries, ask->name.host, n.host, &insecure))
        return failed(
            "image-unavailable",
            "image %.300s is not at this site, and its registry is not among those it may come from", text);
    struct depot_pull p = {.account = login ? ask->account : 0, // what a login opened is its owner's alone
                           .name = &n,
                           .login = login ? ask->login : NULL,
                           .password = login ? ask->password : NULL,
                           .insecure = insecure};
    int r = depot_pull(d, &p, job, &e);
    if (r < 0)
        return failed("image-unavailable", "%s", e.text);
    return depot_job(d, job);
}

// Those who wait come first.
static bool is_busy(struct depot *d)
{
    size_t n = 0;
    pthread_mutex_lock(&d->lock);
    for (const struct depot_job *j = d->job; j; j = j->next)
        n += j->state < JOB_READY;
    bool busy = n >= EARLY_MAX || d->n_jobs >= DEPOT_JOBS_MAX / 2;
    pthread_mutex_unlock(&d->lock);
    return busy;
}

json_t *depot_ask(struct depot *d, const struct depot_ask *ask)
{
    json_t *job = ask->job && *ask->job ? depot_job(d, ask->job) : NULL;
    const char *state = json_string_value(json_object_get(job, "state"));
    if (state && strcmp(state, "ready") != 0)
        return job;
    json_decref(job);
    json_t *entry = depot_known(d, ask->account, &ask->name);
    if (!entry)
        return ask->early && is_busy(d) ? NULL : begin(d, ask);
    json_object_set_new(entry, "state", json_string("ready"));
    return entry;
}
