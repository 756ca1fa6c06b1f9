// SPDX-License-Identifier: Apache-2.0
#include "agent/stage.h"

#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/child.h"
#include "agent/image_cache.h"
#include "agent/stage_dir.h"
#include "agent/stager.h"
#include "base/mem.h"
#include "s3/serve.h"

struct errand;

struct box_files { // of one run
    struct box_files *next;
    uint64_t lease;
    char dir[STAGE_DIR_BYTES], job[STAGE_DIR_BYTES + 8]; // "": it has no files
    struct errand *errand;                               // under way; NULL: none
    char image[IMAGE_DIR_BYTES];                         // its folder in the cache; "": none
    int image_fd;                                        // holds it there; -1: not yet
    json_t *then; // what to fetch when the image has come; NULL: nothing
};

struct stage {
    struct node *node;
    char root[STAGE_DIR_BYTES];   // "": not made yet
    char images[IMAGE_DIR_BYTES]; // the cache; likewise
    struct box_files *first;
    bool closing;
};

// A stager at work. It outlives the files it was for when they are forgotten meanwhile.
struct errand {
    struct stage *stage;
    struct box_files *of; // NULL: nobody waits for it any more
    struct child *child;
    bool image;       // it brings the image
    struct buf names; // of the results that are stored
};

static struct box_files *find(const struct stage *s, uint64_t lease)
{
    struct box_files *f = s->first;
    while (f && f->lease != lease)
        f = f->next;
    return f;
}

const char *stage_job_dir(const struct stage *s, uint64_t lease)
{
    const struct box_files *f = find(s, lease);
    return f && *f->job ? f->job : NULL;
}

const char *stage_image(const struct stage *s, uint64_t lease)
{
    const struct box_files *f = find(s, lease);
    return f && f->image_fd >= 0 ? f->image : NULL;
}

static void tell_failed(struct stage *s, uint64_t lease, bool elsewhere, const char *code,
                        const char *message)
{
    node_feed(s->node,
              &(struct agent_event){
                  .kind = AGENT_STAGED,
                  .staged = {.lease = lease, .code = code, .message = message, .elsewhere = elsewhere}});
}

static struct box_files *files_make(struct stage *s, const struct agent_action *a, struct err *e)
{
    struct box_files *f = find(s, a->lease);
    if (f)
        return f;
    if (!s->root[0] && stage_root(s->root, e) < 0)
        return NULL;
    if (a->stage.image.digest && !s->images[0] &&
        image_cache_make(s->root, s->node->opt.image_bytes, s->images, e) < 0) {
        s->images[0] = '\0';
        return NULL;
    }
    f = mem_alloc(sizeof *f);
    if (a->stage.plan &&
        stage_dir_make(s->root, a->stage.room_bytes + a->stage.room_bytes / 2, f->dir, e) < 0) {
        free(f);
        return NULL;
    }
    f->lease = a->lease;
    f->image_fd = -1;
    if (a->stage.plan)
        snprintf(f->job, sizeof f->job, "%s/job", f->dir);
    f->next = s->first;
    s->first = f;
    return f;
}

static void run(struct stage *s, struct box_files *f, json_t *spec);

static void tell_staged(struct stage *s, uint64_t lease)
{
    node_feed(s->node, &(struct agent_event){.kind = AGENT_STAGED, .staged.lease = lease});
}

// The image is there: now the files, if there are any.
static void go_on(struct stage *s, struct box_files *f)
{
    json_t *spec = f->then;
    f->then = NULL;
    if (spec)
        run(s, f, spec);
    else
        tell_staged(s, f->lease);
}

// ---- what it says

static void said(void *ctx, const char *line)
{
    struct errand *x = ctx;
    long long v[4] = {0};
    int elsewhere;
    char code[24], message[160] = "", digest[80];
    struct box_files *f = x->of;
    if (!f)
        return;
    if (sscanf(line, "I %79s", digest) == 1) {
        f->image_fd = image_cache_hold(x->stage->images, digest, f->image);
        return;
    }
    if (x->image && line[0] == 'D') {
        struct stage *s = x->stage;
        f->errand = NULL, x->of = NULL;
        if (f->image_fd >= 0)
            go_on(s, f);
        else
            tell_failed(s, f->lease, true, "image-unavailable",
                        "image: it was removed before it could be used");
        return;
    }
    struct node *node = x->stage->node;
    struct agent_event ev = {.kind = AGENT_STAGING, .staged.lease = f->lease};
    if (!strncmp(line, "N ", 2)) {
        buf_putf(&x->names, "%s\n", line + 2);
        return;
    }
    if (sscanf(line, "P %lld %lld %lld %lld", &v[0], &v[1], &v[2], &v[3]) == 4) {
        ev.staged.files = v[0];
        ev.staged.files_n = v[1];
        ev.staged.bytes = v[2];
        ev.staged.bytes_n = v[3];
    } else if (sscanf(line, "D %lld %lld", &v[0], &v[1]) == 2) {
        ev.kind = AGENT_STAGED;
        ev.staged.files = v[0];
        ev.staged.bytes = v[1];
        ev.staged.names = x->names.n ? buf_str(&x->names) : NULL;
    } else if (sscanf(line, "L %lld %lld %23s %159[^\n]", &v[0], &v[1], code, message) >= 3) {
        ev.kind = AGENT_STAGED;
        ev.staged.files = v[0];
        ev.staged.bytes = v[1];
        ev.staged.names = x->names.n ? buf_str(&x->names) : NULL;
        ev.staged.code = code;
        ev.staged.message = message;
        ev.staged.but_some = true;
    } else if (sscanf(line, "F %d %23s %159[^\n]", &elsewhere, code, message) >= 2) {
        ev.kind = AGENT_STAGED;
        ev.staged.code = code;
        ev.staged.message = message;
        ev.staged.elsewhere = elsewhere != 0;
    }
    if (ev.kind == AGENT_STAGED)
        f->errand = NULL, x->of = NULL;
    node_feed(node, &ev);
}

static void ended(void *ctx, int64_t status, int signal)
{
    struct errand *x = ctx;
    (void)status, (void)signal;
    if (x->of) {
        x->of->errand = NULL;
        tell_failed(x->stage, x->of->lease, true, "staging", "the process that moves files died");
    }
    buf_deinit(&x->names);
    free(x);
}

// ---- errands

static json_t *spec_of(struct stage *s, const struct box_files *f, const struct stage_plan *p,
                       const char *mode)
{
    const char *ca = s->node->opt.ca_file;
    return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:I}", "mode", mode, "dir", f->dir, "url", p->url, "key",
                     p->access_key, "secret", p->secret, "ca", ca ? ca : "", "patience_s",
                     (json_int_t)p->patience_s);
}

static void let_go(struct errand *x)
{
    x->of = NULL;
    child_signal(x->child, SIGKILL); // its end is heard later, by nobody
}

static void run(struct stage *s, struct box_files *f, json_t *spec)
{
    struct err e = ERR_NULL;
    if (f->errand)
        let_go(f->errand);
    struct errand *x = mem_alloc(sizeof *x);
    *x = (struct errand){.stage = s,
                         .of = f,
                         .image = json_object_get(spec, "image") != NULL,
                         .names = BUF_INIT(STAGE_NAMES_MAX)};
    const struct child_spec child = {
        .option = STAGER_OPTION, .task = spec, .socket = -1, .ctx = x, .line = said, .ended = ended};
    f->errand = NULL;
    if (!spec)
        err_set(&e, -EINVAL, "a path or an address is not UTF-8");
    else if ((x->child = child_start(s->node->loop, &child, &e)))
        f->errand = x;
    if (f->errand)
        return;
    free(x);
    tell_failed(s, f->lease, true, "staging", e.text);
}

// NULL: no bucket is to be fetched.
static json_t *fetch_spec(struct stage *s, const struct box_files *f, const struct agent_action *a)
{
    const struct stage_plan *p = a->stage.plan;
    if (!p || p->n_in == 0)
        return NULL;
    json_t *spec = spec_of(s, f, p, "fetch"), *in = json_array();
    for (size_t i = 0; i < p->n_in; i++)
        json_array_append_new(in, json_pack("{s:s,s:s,s:s,s:I}", "bucket", p->in[i].bucket, "prefix",
                                            p->in[i].prefix, "strip", p->in[i].strip, "ttl_s",
                                            (json_int_t)p->in[i].ttl_s));
    char cache[STAGE_DIR_BYTES + 8];
    snprintf(cache, sizeof cache, "%s/cache", s->root);
    json_object_set_new(spec, "cache", json_string(cache));
    json_object_set_new(spec, "room", json_integer(a->stage.room_bytes));
    json_object_set_new(spec, "in", in);
    return spec;
}

static const char *or_empty(const char *s)
{
    return s ? s : "";
}

static json_t *image_spec(struct stage *s, const struct agent_action *a)
{
    const struct node_options *o = &s->node->opt;
    const struct launch_image *i = &a->stage.image;
    char lease[24];
    snprintf(lease, sizeof lease, "%llu", (unsigned long long)a->lease);
    json_t *ask =
        json_pack("{s:s,s:s,s:s,s:s,s:s,s:s}", "lease", lease, "server", or_empty(i->server), "repo", i->repo,
                  "tag", or_empty(i->tag), "login", or_empty(i->login), "password", or_empty(i->password));
    return json_pack("{s:s,s:s,s:s,s:s,s:s,s:I,s:I,s:o}", "mode", "image", "dir", s->images, "url",
                     or_empty(o->server), "token", or_empty(o->token), "ca", or_empty(o->ca_file), "bytes",
                     (json_int_t)o->image_bytes, "files", (json_int_t)IMAGE_CACHE_FILES, "image", ask);
}

void stage_fetch_files(struct stage *s, const struct agent_action *a)
{
    struct err e = ERR_NULL;
    struct box_files *f = files_make(s, a, &e);
    const char *digest = a->stage.image.digest;
    if (!f) {
        tell_failed(s, a->lease, true, "staging", e.text);
        return;
    }
    json_decref(f->then);
    f->then = fetch_spec(s, f, a);
    if (digest && f->image_fd < 0)
        f->image_fd = image_cache_hold(s->images, digest, f->image);
    json_t *spec = digest && f->image_fd < 0 ? image_spec(s, a) : NULL;
    if (spec)
        run(s, f, spec);
    else if (digest && f->image_fd < 0)
        tell_failed(s, a->lease, false, "image-unavailable", "image: its name is not UTF-8");
    else
        go_on(s, f);
}

void stage_store_files(struct stage *s, const struct agent_action *a)
{
    const struct stage_plan *p = a->stage.plan;
    struct box_files *f = find(s, a->lease);
    if (!f) {
        tell_failed(s, a->lease, true, "staging", "its files are gone");
        return;
    }
    json_t *spec = spec_of(s, f, p, "store");
    const struct stage_out *o = &a->stage.out;
    char target[64] = S3_RESULTS;
    if (a->stage.part)
        snprintf(target, sizeof target, S3_SNAPSHOT "%u", (unsigned)a->stage.part);
    json_object_set_new(spec, "target", json_string(target));
    json_object_set_new(spec, "snapshot", json_boolean(a->stage.part != 0));
    json_object_set_new(spec, "prefix", json_string(o->prefix ? o->prefix : ""));
    json_object_set_new(spec, "whitelist", json_string(o->whitelist ? o->whitelist : ""));
    json_object_set_new(spec, "blacklist", json_string(o->blacklist ? o->blacklist : ""));
    run(s, f, spec);
}

void stage_forget(struct stage *s, uint64_t lease)
{
    struct box_files **at = &s->first;
    while (*at && (*at)->lease != lease)
        at = &(*at)->next;
    struct box_files *f = *at;
    if (!f)
        return;
    *at = f->next;
    if (f->errand)
        let_go(f->errand);
    if (f->dir[0])
        stage_dir_remove(f->dir);
    if (f->image_fd >= 0)
        close(f->image_fd);
    json_decref(f->then);
    free(f);
}

struct stage *stage_new(struct node *n)
{
    struct stage *s = mem_alloc(sizeof *s);
    s->node = n;
    return s;
}

void stage_free(struct stage *s)
{
    if (!s)
        return;
    while (s->first)
        stage_forget(s, s->first->lease);
    if (s->root[0])
        stage_root_remove(s->root);
    uv_run(s->node->loop, UV_RUN_DEFAULT); // until the last errand has ended
    free(s);
}
