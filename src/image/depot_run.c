// SPDX-License-Identifier: Apache-2.0
//
// One job: the tools bring the image into a folder of its own in the OCI layout, the shelf looks through it
// and takes it. Whatever happens, the folder goes.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "image/child.h"
#include "image/depot_inside.h"
#include "image/file.h"
#include "image/pack.h"
#include "net/base64.h"

#define SILENT_MS  60000
#define TAGS_BYTES 65536

static bool go_on(void *ctx, int64_t bytes)
{
    void **both = ctx;
    struct depot *d = both[0];
    struct depot_job *j = both[1];
    j->bytes = bytes;
    return !d->closing;
}

static int run(struct depot *d, struct depot_job *j, const char *dir, const char *const *argv, char *out,
               size_t out_n, struct err *e)
{
    void *both[] = {d, j};
    return image_child(
        &(struct image_child){.argv = argv,
                              .dir = dir,
                              .bytes_max = d->limits.bytes * 2, // packed and the tool's scratch
                              .silent_ms = j->pull ? SILENT_MS : 0,
                              .go_on = go_on,
                              .ctx = both,
                              .out = out,
                              .out_n = out_n},
        e);
}

static void set_state(struct depot *d, struct depot_job *j, enum job_state s)
{
    pthread_mutex_lock(&d->lock);
    j->state = s;
    pthread_mutex_unlock(&d->lock);
}

// ---- from a registry

// The login goes into a file of the folder, which only we may read: a command line is seen by everybody.
static int write_login(const struct depot_job *j, const char *dir, const char *host, struct err *e)
{
    struct buf pair = BUF_INIT(8192), all = BUF_INIT(32768);
    char coded[BASE64_BYTES(8192) + 1];
    buf_putf(&pair, "%s:%s", j->login ? j->login : "", j->password ? j->password : "");
    base64_encode(coded, buf_str(&pair), pair.n);
    coded[BASE64_BYTES(pair.n)] = '\0';
    buf_putf(&all, "{\"auths\":{\"%s\":{\"auth\":\"%s\"}}}", host, coded);
    int r = pair.failed || all.failed ? err_set(e, -EINVAL, "image: the login or password is too long")
                                      : file_replace(dir, "auth.json", buf_str(&all), all.n, e);
    explicit_bzero(coded, sizeof coded);
    if (pair.v)
        explicit_bzero(pair.v, pair.n);
    if (all.v)
        explicit_bzero(all.v, all.n);
    buf_deinit(&pair);
    buf_deinit(&all);
    return r;
}

static int pull(struct depot *d, struct depot_job *j, const char *dir, const char *to, struct err *e)
{
    char from[IMAGE_NAME_BYTES + 16], auth[SHELF_PATH_BYTES + 16], name[IMAGE_NAME_BYTES];
    image_name_text(&j->name, name);
    snprintf(from, sizeof from, "docker://%s", name);
    snprintf(auth, sizeof auth, "%s/auth.json", dir);
    int r = write_login(j, dir, j->name.host, e);
    if (r < 0)
        return r;
    bool login = j->login && *j->login;
    const char *argv[] = {"skopeo",
                          "--insecure-policy",
                          "copy",
                          "--quiet",
                          "--src-tls-verify=true",
                          from,
                          to,
                          login ? "--src-authfile" : "--src-no-creds",
                          login ? auth : NULL,
                          NULL};
    if (j->insecure)
        argv[4] = "--src-tls-verify=false";
    r = run(d, j, dir, argv, NULL, 0, e);
    unlink(auth);
    return r;
}

// ---- from an archive

// What a docker archive calls its image; the first when it has several names.
static int only_tag(struct depot *d, struct depot_job *j, const char *dir, const char *from, char *name,
                    struct err *e)
{
    const char *argv[] = {"skopeo", "list-tags", from, NULL};
    char *out = mem_alloc(TAGS_BYTES);
    int r = run(d, j, dir, argv, out, TAGS_BYTES, e);
    json_t *said = r == 0 ? json_loads(out, 0, NULL) : NULL;
    const char *tag = json_string_value(json_array_get(json_object_get(said, "Tags"), 0));
    snprintf(name, IMAGE_NAME_BYTES, "%s", tag ? tag : "");
    json_decref(said);
    free(out);
    return r;
}

// The name that an index of the OCI layout has for its only image.
static void oci_name(const char *layout, char *name)
{
    char path[SHELF_PATH_BYTES + 32];
    snprintf(path, sizeof path, "%s/index.json", layout);
    char *v = file_read(path, 4 << 20);
    json_t *index = v ? json_loads(v, 0, NULL) : NULL;
    json_t *notes = json_object_get(json_array_get(json_object_get(index, "manifests"), 0), "annotations");
    const char *full = json_string_value(json_object_get(notes, "io.containerd.image.name"));
    const char *tag = json_string_value(json_object_get(notes, "org.opencontainers.image.ref.name"));
    snprintf(name, IMAGE_NAME_BYTES, "%s", full ? full : tag && strchr(tag, ':') ? tag : "");
    json_decref(index);
    free(v);
}

static int call_it(struct depot_job *j, const char *said, struct err *e)
{
    struct image_name name;
    if (j->named)
        return 0;
    if (!*said)
        return err_set(e, -EINVAL, "image: the archive does not say what its image is called (give --name)");
    int r = image_name_parse(said, &name, e);
    if (r < 0)
        return r;
    image_name_plain(&name);
    image_name_text(&name, j->text);
    return 0;
}

static int import(struct depot *d, struct depot_job *j, const char *dir, const char *to, struct err *e)
{
    char from[SHELF_PATH_BYTES + 64], name[IMAGE_NAME_BYTES] = "", in[SHELF_PATH_BYTES + 16];
    enum pack_kind kind;
    int r = pack_kind(j->file, d->limits.bytes, &kind, e);
    if (r < 0)
        return r;
    if (kind == PACK_OCI) {
        snprintf(in, sizeof in, "%s/in", dir);
        snprintf(from, sizeof from, "oci:%s", in);
        r = mkdir(in, 0700) < 0 ? err_set(e, -errno, "images: %s: %s", in, strerror(errno))
                                : pack_open(j->file, in, d->limits.bytes, e);
        oci_name(in, name);
    } else {
        // The tool of Debian 12 reads no packed ones.
        r = pack_plain(j->file, dir, "plain.tar", d->limits.bytes, e);
        snprintf(in, sizeof in, "%s/plain.tar", dir);
        snprintf(from, sizeof from, "docker-archive:%s", r == 1 ? in : j->file);
        r = r < 0 ? r : only_tag(d, j, dir, from, name, e);
    }
    if (r == 0)
        r = call_it(j, name, e);
    const char *argv[] = {
        "skopeo", "--insecure-policy", "copy", "--quiet", "--dest-compress-level=1", from, to, NULL};
    return r < 0 ? r : run(d, j, dir, argv, NULL, 0, e);
}

// ---- both

static int64_t real_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void depot_job_run(struct depot *d, struct depot_job *j)
{
    char dir[SHELF_PATH_BYTES], layout[SHELF_PATH_BYTES + 16], to[SHELF_PATH_BYTES + 32];
    struct err e = ERR_NULL;
    int r = shelf_scratch(d->shelf, dir, &e);
    if (r == 0 && mkdir(dir, 0700) < 0)
        r = err_set(&e, -errno, "images: %s: %s", dir, strerror(errno));
    snprintf(layout, sizeof layout, "%s/layout", dir);
    snprintf(to, sizeof to, "oci:%s:it", layout);
    if (r == 0)
        r = j->pull ? pull(d, j, dir, to, &e) : import(d, j, dir, to, &e);
    if (r == 0) {
        set_state(d, j, JOB_CHECKING);
        r = shelf_put(d->shelf,
                      &(struct shelf_new){.layout = layout,
                                          .name = j->text,
                                          .source = j->pull ? "pull" : "import",
                                          .account = j->account,
                                          .now_ms = real_ms(),
                                          .limits = d->limits},
                      &e);
    }
    json_t *entry = r == 0 ? shelf_find(d->shelf, j->account, j->text) : NULL;
    const char *digest = json_string_value(json_object_get(entry, "digest"));
    file_remove_tree(dir);
    if (*j->file)
        unlink(j->file);
    pthread_mutex_lock(&d->lock);
    snprintf(j->digest, sizeof j->digest, "%s", digest ? digest : "");
    j->e = e;
    j->e.code = r;
    j->state = r == 0 ? JOB_READY : JOB_FAILED;
    j->ended_ms = depot_now_ms();
    if (j->password)
        explicit_bzero(j->password, strlen(j->password));
    pthread_mutex_unlock(&d->lock);
    json_decref(entry);
}
