// SPDX-License-Identifier: Apache-2.0
#include "image/shelf.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/map.h"
#include "base/mem.h"
#include "image/file.h"

#define MANIFEST_BYTES ((size_t)4 << 20)

struct shelf {
    char *dir;
    pthread_mutex_t lock;
    json_t *index; // array, under lock
    bool library;  // under lock: one is called library/...
};

static const char *text(const json_t *j, const char *key)
{
    const char *t = json_string_value(json_object_get(j, key));
    return t ? t : "";
}

static int path_of(const struct shelf *s, const char *tail, char out[SHELF_PATH_BYTES])
{
    return snprintf(out, SHELF_PATH_BYTES, "%s/%s", s->dir, tail) < SHELF_PATH_BYTES ? 0 : -ENAMETOOLONG;
}

static const char *hex_of(const char *digest)
{
    bool good = strncmp(digest, "sha256:", 7) == 0 && hex_is(digest + 7, 64);
    return good ? digest + 7 : NULL;
}

// ---- what is on it

static bool is_called(const json_t *entry, const char *name_or_digest)
{
    return strcmp(text(entry, "name"), name_or_digest) == 0 ||
           strcmp(text(entry, "digest"), name_or_digest) == 0;
}

json_t *shelf_list(struct shelf *s)
{
    pthread_mutex_lock(&s->lock);
    json_t *copy = json_deep_copy(s->index);
    pthread_mutex_unlock(&s->lock);
    return copy;
}

json_t *shelf_find(struct shelf *s, uint64_t account, const char *name)
{
    json_t *entry, *best = NULL;
    size_t i;
    pthread_mutex_lock(&s->lock);
    json_array_foreach(s->index, i, entry)
    {
        uint64_t whose = (uint64_t)json_integer_value(json_object_get(entry, "account"));
        if (strcmp(text(entry, "name"), name) == 0 && (whose == account || (!whose && !best)))
            best = entry;
    }
    json_t *copy = best ? json_deep_copy(best) : NULL;
    pthread_mutex_unlock(&s->lock);
    return copy;
}

json_t *shelf_find_any(struct shelf *s, const char *name_or_digest)
{
    json_t *entry, *copy = NULL;
    size_t i;
    pthread_mutex_lock(&s->lock);
    json_array_foreach(s->index, i, entry) if (!copy && is_called(entry, name_or_digest)) copy =
        json_deep_copy(entry);
    pthread_mutex_unlock(&s->lock);
    return copy;
}

static void note_library(struct shelf *s)
{
    json_t *entry;
    size_t i;
    s->library = false;
    json_array_foreach(s->index, i, entry) s->library |= strstr(text(entry, "name"), "library/") != NULL;
}

bool shelf_has_library(struct shelf *s)
{
    pthread_mutex_lock(&s->lock);
    bool has = s->library;
    pthread_mutex_unlock(&s->lock);
    return has;
}

int shelf_blob(struct shelf *s, const char *digest, int *fd, uint64_t *n, struct err *e)
{
    char tail[80], path[SHELF_PATH_BYTES];
    struct stat st;
    const char *hex = hex_of(digest);
    if (!hex)
        return err_set(e, -EINVAL, "image: %.80s: is no digest (sha256: and 64 digits)", digest);
    snprintf(tail, sizeof tail, "blobs/%s", hex);
    if (path_of(s, tail, path) < 0 || (*fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
        return err_set(e, -ENOENT, "image: no such blob: %s", digest);
    if (fstat(*fd, &st) < 0) {
        close(*fd);
        return err_set(e, -errno, "image: %s: %s", digest, strerror(errno));
    }
    *n = (uint64_t)st.st_size;
    return 0;
}

// ---- the disk

// What runs beside the server, in a folder of its own, is told paths below this one.
static int make_absolute(struct shelf *s, struct err *e)
{
    char *whole = realpath(s->dir, NULL);
    if (!whole)
        return err_set(e, -errno, "images: %s: %s", s->dir, strerror(errno));
    free(s->dir);
    s->dir = whole;
    return 0;
}

// Under the lock.
static int write_index(struct shelf *s, const json_t *index, struct err *e)
{
    char *all = json_dumps(index, JSON_INDENT(1));
    int r = file_replace(s->dir, "index.json", all, strlen(all), e);
    free(all);
    return r;
}

static void note_blob(struct strmap *live, const json_t *blob)
{
    const char *hex = hex_of(text(blob, "digest"));
    if (hex)
        strmap_set(live, hex, 1);
}

// Under the lock: removes what no image names.
static void collect(struct shelf *s)
{
    char path[SHELF_PATH_BYTES];
    struct strmap live = STRMAP_NULL;
    json_t *entry, *layer;
    size_t i, k;
    json_array_foreach(s->index, i, entry)
    {
        note_blob(&live, entry); // its manifest
        note_blob(&live, json_object_get(entry, "config"));
        json_array_foreach(json_object_get(entry, "layers"), k, layer) note_blob(&live, layer);
    }
    DIR *d = path_of(s, "blobs", path) < 0 ? NULL : opendir(path);
    for (struct dirent *f; d && (f = readdir(d));)
        if (f->d_name[0] != '.' && !strmap_get(&live, f->d_name, NULL))
            unlinkat(dirfd(d), f->d_name, 0);
    if (d)
        closedir(d);
    strmap_deinit(&live);
}

static int load(struct shelf *s, struct err *e)
{
    char path[SHELF_PATH_BYTES];
    json_error_t why;
    path_of(s, "index.json", path);
    s->index = json_load_file(path, 0, &why);
    if (s->index ? json_is_array(s->index) : access(path, F_OK) == 0)
        return s->index ? 0 : err_set(e, -EBADMSG, "images: %s: line %d: %s", path, why.line, why.text);
    if (s->index)
        return err_set(e, -EBADMSG, "images: %s: is no list", path);
    s->index = json_array();
    return 0;
}

int shelf_open(struct shelf **ret, const char *dir, struct err *e)
{
    char path[SHELF_PATH_BYTES];
    static const char *const inside[] = {"", "blobs", "work"};
    struct shelf *s = mem_alloc(sizeof *s);
    s->dir = mem_strdup(dir);
    pthread_mutex_init(&s->lock, NULL);
    int r = path_of(s, "work", path);
    if (r == 0)
        file_remove_tree(path);
    for (size_t i = 0; r == 0 && i < ARRAY_LEN(inside); i++) {
        path_of(s, inside[i], path);
        r = mkdir(path, 0700) < 0 && errno != EEXIST
                ? err_set(e, -errno, "images: %s: %s", path, strerror(errno))
                : 0;
    }
    if (r == 0)
        r = make_absolute(s, e);
    if (r == 0)
        r = load(s, e);
    if (r < 0) {
        shelf_free(s);
        return r;
    }
    note_library(s);
    collect(s);
    *ret = s;
    return 0;
}

void shelf_free(struct shelf *s)
{
    if (!s)
        return;
    json_decref(s->index);
    pthread_mutex_destroy(&s->lock);
    free(s->dir);
    free(s);
}

int shelf_scratch(struct shelf *s, char out[SHELF_PATH_BYTES], struct err *e)
{
    uint64_t r[2];
    char tail[48];
    if (getrandom(r, sizeof r, 0) != sizeof r)
        return err_set(e, -EIO, "entropy: the kernel gives none");
    snprintf(tail, sizeof tail, "work/%016llx%016llx", (unsigned long long)r[0], (unsigned long long)r[1]);
    return path_of(s, tail, out) < 0 ? err_set(e, -ENAMETOOLONG, "images: the name of the folder is too long")
                                     : 0;
}

// ---- putting one on it

static json_t *blob_json(const char *layout, const char *digest, size_t most, struct err *e)
{
    char path[SHELF_PATH_BYTES + 96];
    const char *hex = hex_of(digest);
    snprintf(path, sizeof path, "%s/blobs/sha256/%s", layout, hex ? hex : "none");
    char *v = file_read(path, most);
    json_t *j = v ? json_loads(v, 0, NULL) : NULL;
    free(v);
    if (!json_is_object(j)) {
        json_decref(j);
        err_set(e, -EBADMSG, "image: %.80s: is missing, too long or not JSON", digest);
        return NULL;
    }
    return j;
}

// {digest, size, mediaType} of what the manifest says, when the blob is there and as long.
static json_t *blob_entry(const char *layout, const json_t *said, struct err *e)
{
    char path[SHELF_PATH_BYTES + 96];
    struct stat st;
    const char *hex = hex_of(text(said, "digest"));
    snprintf(path, sizeof path, "%s/blobs/sha256/%s", layout, hex ? hex : "none");
    if (!hex || lstat(path, &st) < 0 || !S_ISREG(st.st_mode)) {
        err_set(e, -EBADMSG, "image: %.80s: is not in the archive", text(said, "digest"));
        return NULL;
    }
    return json_pack("{s:s,s:I,s:s}", "digest", text(said, "digest"), "size", (json_int_t)st.st_size,
                     "mediaType", text(said, "mediaType"));
}

static int look_at_layers(const struct shelf_new *n, const json_t *manifest, json_t *entry, struct err *e)
{
    json_t *said, *layers = json_object_get(entry, "layers");
    struct layer_facts sum = {0};
    int64_t packed = 0;
    size_t i;
    if (json_array_size(json_object_get(manifest, "layers")) > SHELF_LAYERS_MAX)
        return err_set(e, -EFBIG, "image: more than %d layers", SHELF_LAYERS_MAX);
    json_array_foreach(json_object_get(manifest, "layers"), i, said)
    {
        char path[SHELF_PATH_BYTES + 96];
        json_t *blob = blob_entry(n->layout, said, e);
        if (!blob)
            return e->code;
        snprintf(path, sizeof path, "%s/blobs/sha256/%s", n->layout, hex_of(text(blob, "digest")));
        packed += json_integer_value(json_object_get(blob, "size"));
        json_array_append_new(layers, blob);
        int r = layer_look(path, &n->limits, &sum, e);
        if (r < 0)
            return r;
    }
    json_object_set_new(entry, "size", json_integer(packed));
    json_object_set_new(entry, "unpackedSize", json_integer(sum.bytes));
    json_object_set_new(entry, "files", json_integer(sum.files));
    return 0;
}

// The layout's only manifest, by its index.
static json_t *only_manifest(const char *layout, char digest[SHELF_DIGEST_BYTES], struct err *e)
{
    char path[SHELF_PATH_BYTES + 16];
    snprintf(path, sizeof path, "%s/index.json", layout);
    char *v = file_read(path, MANIFEST_BYTES);
    json_t *index = v ? json_loads(v, 0, NULL) : NULL, *m = json_object_get(index, "manifests"), *got = NULL;
    free(v);
    const char *d = text(json_array_get(m, 0), "digest");
    if (json_array_size(m) != 1 || !hex_of(d)) {
        err_set(e, -EBADMSG, "image: the layout has no image, or several");
    } else {
        snprintf(digest, SHELF_DIGEST_BYTES, "%s", d);
        got = blob_json(layout, d, MANIFEST_BYTES, e);
    }
    json_decref(index);
    return got;
}

static int describe(const struct shelf_new *n, json_t *entry, struct err *e)
{
    char digest[SHELF_DIGEST_BYTES];
    json_t *manifest = only_manifest(n->layout, digest, e);
    json_t *config = manifest ? blob_entry(n->layout, json_object_get(manifest, "config"), e) : NULL;
    json_t *inside = config ? blob_json(n->layout, text(config, "digest"), MANIFEST_BYTES, e) : NULL;
    int r = inside ? 0 : e->code;
    if (r == 0 && strcmp(text(inside, "os"), "linux") != 0)
        r = err_set(e, -EBADMSG, "image: it is for the system \"%.40s\", not linux", text(inside, "os"));
    if (r == 0) {
        json_object_set_new(entry, "digest", json_string(digest));
        json_object_set_new(entry, "architecture", json_string(text(inside, "architecture")));
        json_object_set(entry, "config", config);
        json_object_set_new(entry, "layers", json_array());
        r = look_at_layers(n, manifest, entry, e);
    }
    json_decref(manifest);
    json_decref(config);
    json_decref(inside);
    return r;
}

// Every blob of the layout, synced before anything names it.
static int take_blobs(struct shelf *s, const char *layout, struct err *e)
{
    char from[SHELF_PATH_BYTES + 16], to[SHELF_PATH_BYTES];
    snprintf(from, sizeof from, "%s/blobs/sha256", layout);
    path_of(s, "blobs", to);
    DIR *d = opendir(from);
    int target = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int r = d && target >= 0 ? 0 : err_set(e, -errno, "images: %s: %s", from, strerror(errno));
    for (struct dirent *f; r == 0 && (f = readdir(d));) {
        if (f->d_name[0] == '.')
            continue;
        int fd = openat(dirfd(d), f->d_name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 || fsync(fd) < 0 || renameat(dirfd(d), f->d_name, target, f->d_name) < 0)
            r = err_set(e, -errno, "images: %s: %s", f->d_name, strerror(errno));
        if (fd >= 0)
            close(fd);
    }
    if (r == 0 && fsync(target) < 0)
        r = err_set(e, -errno, "images: %s: %s", to, strerror(errno));
    if (d)
        closedir(d);
    if (target >= 0)
        close(target);
    return r;
}

// Under the lock. The index in memory is the new one only when the disk has it.
static int take_index(struct shelf *s, json_t *index, struct err *e)
{
    int r = write_index(s, index, e);
    if (r == 0) {
        json_decref(s->index);
        s->index = json_incref(index);
    }
    note_library(s);
    collect(s);
    return r;
}

static json_t *index_without(const struct shelf *s, uint64_t account, const char *name)
{
    json_t *entry, *left = json_array();
    size_t i;
    json_array_foreach(s->index, i, entry)
    {
        uint64_t whose = (uint64_t)json_integer_value(json_object_get(entry, "account"));
        if (whose != account || strcmp(text(entry, "name"), name) != 0)
            json_array_append(left, entry);
    }
    return left;
}

int shelf_put(struct shelf *s, const struct shelf_new *n, struct err *e)
{
    json_t *entry = json_pack("{s:s,s:I,s:s,s:I}", "name", n->name, "account", (json_int_t)n->account,
                              "source", n->source, "created", (json_int_t)n->now_ms);
    int r = entry ? describe(n, entry, e) : err_set(e, -EINVAL, "image: its name is not UTF-8");
    if (r == 0) {
        pthread_mutex_lock(&s->lock);
        r = take_blobs(s, n->layout, e);
        json_t *index = index_without(s, n->account, n->name);
        json_array_append(index, entry);
        if (r == 0)
            r = take_index(s, index, e);
        json_decref(index);
        pthread_mutex_unlock(&s->lock);
    }
    json_decref(entry);
    return r;
}

int shelf_remove(struct shelf *s, const char *name_or_digest, struct err *e)
{
    json_t *entry, *left = json_array();
    size_t i;
    pthread_mutex_lock(&s->lock);
    json_array_foreach(s->index, i, entry) if (!is_called(entry, name_or_digest))
        json_array_append(left, entry);
    int r = json_array_size(left) < json_array_size(s->index)
                ? take_index(s, left, e)
                : err_set(e, -ENOENT, "No such image: %.200s", name_or_digest);
    pthread_mutex_unlock(&s->lock);
    json_decref(left);
    return r;
}
