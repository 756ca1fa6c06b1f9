// SPDX-License-Identifier: Apache-2.0
//
// The images of the site, between the API and image/depot.h; and what a node is told of its task's image.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image/depot.h"
#include "server/inside.h"

int images_start(struct runtime *r, const struct runtime_config *cfg, struct err *e)
{
    char dir[4096];
    if (snprintf(dir, sizeof dir, "%s/images", r->data_dir) >= (int)sizeof dir)
        return err_set(e, -ENAMETOOLONG, "data: the name of the folder is too long");
    struct depot_config d = {.dir = dir, .registries = cfg->registries, .limits = cfg->image_limits};
    return depot_open(&r->depot, &d, e);
}

void images_stop(struct runtime *r)
{
    depot_close(r->depot);
    r->depot = NULL;
}

static const char *text(const json_t *j, const char *key)
{
    const char *t = json_string_value(json_object_get(j, key));
    return t ? t : "";
}

// A name as it was written is found by what it means; a digest is itself.
static const char *canonical(const char *id, char out[IMAGE_NAME_BYTES])
{
    struct image_name n;
    struct err e = ERR_NULL;
    if (strncmp(id, "sha256:", 7) == 0 || image_name_parse(id, &n, &e) < 0)
        return id;
    image_name_text(&n, out);
    return out;
}

static int job(struct runtime *r, const char *id, struct image_call *c, struct err *e)
{
    c->out = depot_job(r->depot, id);
    return c->out ? 0 : err_set(e, -ENOENT, "No such job: %.64s", id);
}

static int one(struct runtime *r, struct image_call *c, struct err *e)
{
    char name[IMAGE_NAME_BYTES];
    c->out = shelf_find_any(depot_shelf(r->depot), canonical(c->id, name));
    return c->out ? 0 : err_set(e, -ENOENT, "No such image: %.200s", c->id);
}

static int pull(struct runtime *r, struct image_call *c, struct err *e)
{
    char id[DEPOT_ID_BYTES], as[IMAGE_NAME_BYTES];
    struct image_name n;
    int code = image_name_parse(text(c->in, "name"), &n, e);
    if (code < 0)
        return code;
    image_name_text(&n, as);
    struct depot_pull p = {.name = &n,
                           .as = as,
                           .login = *text(c->in, "login") ? text(c->in, "login") : NULL,
                           .password = *text(c->in, "password") ? text(c->in, "password") : NULL,
                           .insecure = json_is_true(json_object_get(c->in, "insecure"))};
    code = depot_pull(r->depot, &p, id, e);
    return code < 0 ? code : job(r, id, c, e);
}

static int import(struct runtime *r, struct image_call *c, struct err *e)
{
    char id[DEPOT_ID_BYTES];
    int code = depot_import(r->depot, text(c->in, "upload"), text(c->in, "name"), id, e);
    return code < 0 ? code : job(r, id, c, e);
}

static int of_instance(struct runtime *r, struct image_call *c, bool early, struct err *e)
{
    struct depot_ask a = {.account = c->account,
                          .login = text(c->in, "login"),
                          .password = text(c->in, "password"),
                          .job = text(c->in, "job"),
                          .early = early};
    int code = image_name_make(text(c->in, "server"), text(c->in, "repo"), text(c->in, "tag"), &a.name, e);
    if (code < 0)
        return code;
    c->out = depot_ask(r->depot, &a);
    if (early) {
        json_decref(c->out);
        c->out = NULL;
        return 0;
    }
    return c->out ? 0 : err_set(e, -EINVAL, "the name of the image is not UTF-8");
}

int images_call(void *runtime, struct image_call *c, struct err *e)
{
    struct runtime *r = runtime;
    char id[DEPOT_ID_BYTES], name[IMAGE_NAME_BYTES];
    int code;
    switch (c->verb) {
    case IMAGE_LIST:
        c->out = shelf_list(depot_shelf(r->depot));
        return 0;
    case IMAGE_GET:
        return one(r, c, e);
    case IMAGE_REMOVE:
        return shelf_remove(depot_shelf(r->depot), canonical(c->id, name), e);
    case IMAGE_UPLOAD:
        if ((code = depot_upload_new(r->depot, id, e)) == 0)
            c->out = json_pack("{s:s}", "id", id);
        return code;
    case IMAGE_PIECE:
        return depot_upload_put(r->depot, c->id, c->offset, c->data, c->n, e);
    case IMAGE_IMPORT:
        return import(r, c, e);
    case IMAGE_PULL:
        return pull(r, c, e);
    case IMAGE_JOB:
        return job(r, c->id, c, e);
    case IMAGE_ASK:
        return of_instance(r, c, false, e);
    case IMAGE_HINT:
        return of_instance(r, c, true, e);
    case IMAGE_BLOB:
        return shelf_blob(depot_shelf(r->depot), c->id, &c->fd, &c->n, e);
    }
    return err_set(e, -EINVAL, "image: no such verb");
}

// ---- with the body of a task

static const char *constant(const json_t *constants, const char *key)
{
    const char *value = NULL;
    json_t *c;
    size_t i;
    json_array_foreach(constants, i, c) if (strcmp(text(c, "key"), key) == 0) value = text(c, "value");
    return value && *value ? value : NULL;
}

bool images_may_matter(struct runtime *r, const char *body)
{
    return r->depot && (strstr(body, "\"DOCKER_REPO\"") || shelf_has_library(depot_shelf(r->depot)));
}

// `library/...` is the machine's own /usr unless there is an image of that name. Where a name has to be
// filled in first, the node does it and asks.
void images_note(struct runtime *r, uint64_t account, json_t *body)
{
    const json_t *constants = json_object_get(body, "constants");
    const char *repo = constant(constants, "DOCKER_REPO"), *tag = constant(constants, "DOCKER_TAG"),
               *server = constant(constants, "DOCKER_SRV");
    struct image_name n;
    struct err e = ERR_NULL;
    bool open =
        (repo && strstr(repo, "${")) || (tag && strstr(tag, "${")) || (server && strstr(server, "${"));
    json_t *found = NULL;
    if (!open && image_name_make(server, repo ? repo : "library/ubuntu", tag, &n, &e) == 0)
        found = depot_known(r->depot, account, &n);
    if (found || open || (repo && strncmp(repo, "library/", 8) != 0))
        json_object_set_new(body, "ondolImage", json_pack("{s:s}", "digest", text(found, "digest")));
    json_decref(found);
}
