// SPDX-License-Identifier: Apache-2.0
//
// Brings one image into the cache of the node (image_cache.h), in the process of stager.h: asks the server,
// which may first have to pull it, fetches what is missing by its hash, looks through the layers, and has
// umoci unpack them in a sandbox of its own, which sees nothing but the folder it writes. Says more than the
// others:
//
//   I DIGEST     what the image turned out to be, before D
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/image_cache.h"
#include "agent/image_root_fix.h"
#include "agent/stager.h"
#include "base/hex.h"
#include "base/mem.h"
#include "image/child.h"
#include "image/file.h"
#include "image/layer.h"
#include "net/http_options.h"
#include "net/wire.h"

#define ANSWER_BYTES ((size_t)8 << 20)
#define PAUSE_US     250000
#define STALL_S      30L
#define PATH_BYTES   (IMAGE_DIR_BYTES + 160)

struct image_run {
    struct stager *s;
    CURL *easy;
    const char *token, *image_dir;
    int64_t bytes_max, files_max;
    json_t *entry; // what the server says of it
    char tmp[IMAGE_DIR_BYTES + 64];
    struct layer_facts facts;
};

static const char *text(const json_t *j, const char *key)
{
    const char *t = json_string_value(json_object_get(j, key));
    return t ? t : "";
}

static void tell(const struct stager *s)
{
    printf("P %lld %lld %lld %lld\n", (long long)s->files, (long long)s->files_n, (long long)s->bytes,
           (long long)s->bytes_n);
    if (fflush(stdout) != 0)
        exit(1);
}

// ---- calls of the server

struct sink {
    struct image_run *r;
    FILE *to;       // a blob
    struct buf *in; // an answer
    struct s3_sum sum;
    uint64_t n, most;
};

static size_t on_data(char *data, size_t size, size_t n, void *ctx)
{
    struct sink *k = ctx;
    size_t len = size * n;
    k->n += len;
    if (k->n > k->most)
        return 0;
    if (k->in) {
        buf_put(k->in, data, len);
        return k->in->failed ? 0 : len;
    }
    s3_sum_update(&k->sum, data, len);
    k->r->s->bytes += (int64_t)len;
    return fwrite(data, 1, len, k->to) == len ? len : 0;
}

static int on_progress(void *ctx, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    struct sink *k = ctx;
    static int64_t told;
    (void)a, (void)b, (void)c, (void)d;
    if (!k->in && k->r->s->bytes - told > (4 << 20)) {
        told = k->r->s->bytes;
        tell(k->r->s);
    }
    return 0;
}

// The status, or 0 with why not.
static int ask(struct image_run *r, const char *path, const char *body, struct sink *k, char *why)
{
    char url[1024], error[CURL_ERROR_SIZE] = "";
    const char *base = r->s->url;
    size_t n = strlen(base);
    while (n > 0 && base[n - 1] == '/')
        n--;
    snprintf(url, sizeof url, "%.*s%s", (int)n, base, path);
    const char *headers[] = {"Authorization", r->token, body ? "Content-Type" : NULL, "application/json",
                             NULL};
    struct http_tls tls = {.ca_file = r->s->ca};
    struct http_ask a = {body ? "POST" : "GET", url, headers, body, body ? strlen(body) : 0, 0};
    long status = 0;
    curl_easy_reset(r->easy);
    struct curl_slist *list = http_options(r->easy, &a, &tls);
    curl_easy_setopt(r->easy, CURLOPT_WRITEFUNCTION, on_data);
    curl_easy_setopt(r->easy, CURLOPT_WRITEDATA, k);
    curl_easy_setopt(r->easy, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(r->easy, CURLOPT_XFERINFODATA, k);
    curl_easy_setopt(r->easy, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(r->easy, CURLOPT_ERRORBUFFER, error);
    curl_easy_setopt(r->easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(r->easy, CURLOPT_LOW_SPEED_TIME, STALL_S);
    CURLcode code = curl_easy_perform(r->easy);
    curl_easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_setopt(r->easy, CURLOPT_ERRORBUFFER, NULL);
    curl_slist_free_all(list);
    snprintf(why, 120, "%.110s", *error ? error : curl_easy_strerror(code));
    return code == CURLE_OK ? (int)status : 0;
}

// One answer of JSON. NULL: it is to be asked again; or the stager has failed.
static json_t *ask_json(struct image_run *r, const char *body)
{
    struct buf got = BUF_INIT(ANSWER_BYTES);
    struct sink k = {.r = r, .in = &got, .most = ANSWER_BYTES};
    char why[120];
    int status = ask(r, WIRE_PATH "/images", body, &k, why);
    json_t *j = status == 200 ? json_loadb(buf_str(&got), got.n, 0, NULL) : NULL;
    if (status / 100 == 4) {
        json_t *said = json_loadb(buf_str(&got), got.n, 0, NULL);
        stager_fail(r->s, false, "image-unavailable", "%.140s",
                    *text(said, "message") ? text(said, "message") : "refused");
        json_decref(said);
    }
    buf_deinit(&got);
    return j;
}

// Until the site has it. What the server is still pulling moves on by its bytes.
static bool wait_ready(struct image_run *r, json_t *question)
{
    for (int try = 0; !stager_failed(r->s); try++) {
        char *body = json_dumps(question, JSON_COMPACT);
        json_t *j = ask_json(r, body);
        const char *state = text(j, "state");
        explicit_bzero(body, strlen(body));
        free(body);
        if (!strcmp(state, "ready")) {
            r->entry = j;
            return true;
        }
        if (!strcmp(state, "failed"))
            stager_fail(r->s, json_integer_value(json_object_get(j, "status")) >= 500, text(j, "code"),
                        "%.150s", text(j, "message"));
        if (*text(j, "id"))
            json_object_set(question, "job", json_object_get(j, "id"));
        r->s->bytes = json_integer_value(json_object_get(j, "bytes"));
        r->s->files = try; // it lives, even while nothing more comes
        tell(r->s);
        json_decref(j);
        usleep(PAUSE_US);
    }
    return false;
}

// ---- blobs

static bool is_hash(const char *digest)
{
    return strncmp(digest, "sha256:", 7) == 0 && hex_is(digest + 7, 64);
}

static bool hash_is(struct s3_sum *sum, const char *digest)
{
    uint8_t v[S3_SUM_BYTES_MAX];
    char hex[2 * S3_SUM_BYTES_MAX + 1];
    hex_text(hex, v, s3_sum_final(sum, v));
    return strcmp(hex, digest + 7) == 0;
}

// One try; false with the stager failed, or not: then it is to be tried again.
static bool blob_once(struct image_run *r, const char *digest, uint64_t most, const char *path)
{
    char url[128], why[120];
    struct sink k = {.r = r, .to = fopen(path, "we"), .most = most};
    if (!k.to)
        return stager_fail(r->s, true, "staging", "image: %s: %s", digest, strerror(errno));
    int64_t before = r->s->bytes;
    s3_sum_init(&k.sum, S3_SUM_SHA256);
    snprintf(url, sizeof url, WIRE_PATH "/blobs/%s", digest);
    int status = ask(r, url, NULL, &k, why);
    bool full = ferror(k.to) != 0;
    full |= fclose(k.to) != 0;
    bool good = hash_is(&k.sum, digest) && status == 200;
    if (good && !full)
        return true;
    r->s->bytes = before;
    if (full)
        stager_fail(r->s, true, "image-too-large",
                    "image: it does not fit into the node's %lld bytes for images", (long long)r->bytes_max);
    else if (status == 404)
        stager_fail(r->s, true, "image-unavailable", "image: it was removed from the site meanwhile");
    else if (status == 200 && k.n >= most)
        stager_fail(r->s, true, "image-bad", "image: %s: is not what its hash says", digest);
    return false;
}

static bool blob(struct image_run *r, const char *digest, uint64_t most)
{
    char path[PATH_BYTES];
    if (!is_hash(digest))
        return stager_fail(r->s, false, "image-bad", "image: %.80s: is no digest", digest);
    snprintf(path, sizeof path, "%s/oci/blobs/sha256/%s", r->tmp, digest + 7);
    for (int try = 0; !stager_failed(r->s); try++) {
        if (blob_once(r, digest, most, path)) {
            r->s->files++;
            tell(r->s);
            return true;
        }
        if (!stager_failed(r->s))
            stager_pause(try);
    }
    return false;
}

static uint64_t size_of(const json_t *blob)
{
    json_int_t n = json_integer_value(json_object_get(blob, "size"));
    return n > 0 ? (uint64_t)n : 0;
}

static bool fetch_blobs(struct image_run *r)
{
    const json_t *config = json_object_get(r->entry, "config"), *layers = json_object_get(r->entry, "layers");
    json_t *layer;
    size_t i;
    r->s->bytes = r->s->files = 0;
    r->s->files_n = (int64_t)json_array_size(layers) + 2;
    r->s->bytes_n = json_integer_value(json_object_get(r->entry, "size")) + (int64_t)size_of(config);
    if (!blob(r, text(r->entry, "digest"), ANSWER_BYTES) || !blob(r, text(config, "digest"), size_of(config)))
        return false;
    json_array_foreach(layers, i, layer) if (!blob(r, text(layer, "digest"), size_of(layer))) return false;
    return true;
}

// ---- unpacking

static bool fail_errno(struct image_run *r, const char *what)
{
    return stager_fail(r->s, true, errno == ENOSPC ? "image-too-large" : "staging", "image: %s: %s", what,
                       strerror(errno));
}

static bool make_layout(struct image_run *r)
{
    static const char *const dirs[] = {"oci", "oci/blobs", "oci/blobs/sha256", "scratch"};
    char path[PATH_BYTES];
    for (size_t i = 0; i < ARRAY_LEN(dirs); i++) {
        snprintf(path, sizeof path, "%s/%s", r->tmp, dirs[i]);
        if (mkdir(path, 0700) < 0)
            return fail_errno(r, dirs[i]);
    }
    return true;
}

static bool write_layout(struct image_run *r)
{
    char path[PATH_BYTES], hex_path[PATH_BYTES];
    struct stat st;
    struct err e = ERR_NULL;
    static const char version[] = "{\"imageLayoutVersion\":\"1.0.0\"}";
    const char *digest = text(r->entry, "digest");
    snprintf(hex_path, sizeof hex_path, "%s/oci/blobs/sha256/%s", r->tmp, digest + 7);
    if (stat(hex_path, &st) < 0)
        return fail_errno(r, "its manifest");
    json_t *index =
        json_pack("{s:i,s:[{s:s,s:s,s:I,s:{s:s}}]}", "schemaVersion", 2, "manifests", "mediaType",
                  "application/vnd.oci.image.manifest.v1+json", "digest", digest, "size",
                  (json_int_t)st.st_size, "annotations", "org.opencontainers.image.ref.name", "it");
    char *v = json_dumps(index, JSON_COMPACT);
    snprintf(path, sizeof path, "%s/oci", r->tmp);
    bool good = file_replace(path, "index.json", v, strlen(v), &e) == 0 &&
                file_replace(path, "oci-layout", version, strlen(version), &e) == 0;
    free(v);
    json_decref(index);
    return good || stager_fail(r->s, true, "staging", "%.150s", e.text);
}

static bool look_at_layers(struct image_run *r)
{
    struct image_limits limits = {r->bytes_max, r->files_max};
    struct err e = ERR_NULL;
    json_t *layer;
    size_t i;
    json_array_foreach(json_object_get(r->entry, "layers"), i, layer)
    {
        char path[PATH_BYTES];
        snprintf(path, sizeof path, "%s/oci/blobs/sha256/%s", r->tmp, text(layer, "digest") + 7);
        int code = layer_look(path, &limits, &r->facts, &e);
        if (code < 0)
            return stager_fail(r->s, false, code == -EFBIG ? "image-too-large" : "image-bad", "%.150s",
                               e.text);
    }
    return true;
}

// Room for it packed and unpacked at once; what nobody uses gives way.
static bool make_room(struct image_run *r)
{
    json_int_t packed = json_integer_value(json_object_get(r->entry, "size")),
               whole = json_integer_value(json_object_get(r->entry, "unpackedSize")),
               files = json_integer_value(json_object_get(r->entry, "files"));
    struct cache_use left = {r->bytes_max - packed - whole - (16 << 20), r->files_max - files};
    if (left.bytes < 0 || left.files < 0)
        return stager_fail(
            r->s, true, "image-too-large",
            "image: %lld bytes and %lld files do not fit into this node's %lld and %lld for images",
            (long long)(packed + whole), (long long)files, (long long)r->bytes_max, (long long)r->files_max);
    if (image_cache_trim(r->image_dir, left) < 0)
        return stager_fail(r->s, true, "image-too-large",
                           "image: the node's %lld bytes for images are taken by those in use",
                           (long long)r->bytes_max);
    return true;
}

static bool unpack(struct image_run *r)
{
    const char *argv[] = {"bwrap",
                          "--unshare-all",
                          "--die-with-parent",
                          "--uid",
                          "0",
                          "--gid",
                          "0",
                          "--cap-drop",
                          "ALL",
                          "--cap-add",
                          "CAP_DAC_OVERRIDE",
                          "--cap-add",
                          "CAP_FOWNER",
                          "--ro-bind",
                          "/usr",
                          "/usr",
                          "--ro-bind-try",
                          "/lib",
                          "/lib",
                          "--ro-bind-try",
                          "/lib64",
                          "/lib64",
                          "--bind",
                          r->tmp,
                          "/w",
                          "--tmpfs",
                          "/tmp",
                          "--proc",
                          "/proc",
                          "--dev",
                          "/dev",
                          "--setenv",
                          "HOME",
                          "/tmp",
                          "--setenv",
                          "PATH",
                          "/usr/bin",
                          "--chdir",
                          "/w",
                          "umoci",
                          "raw",
                          "unpack",
                          "--rootless",
                          "--image",
                          "oci:it",
                          "rootfs",
                          NULL};
    struct err e = ERR_NULL;
    struct image_child c = {.argv = argv, .dir = r->tmp};
    int code = image_child(&c, &e);
    if (code < 0)
        return stager_fail(r->s, code == -ENOENT || code == -ENOSPC,
                           code == -ENOSPC ? "image-too-large" : "image-bad", "%.150s", e.text);
    return true;
}

// Whole in its place, or not at all. The lock says what it takes.
static bool put_in_place(struct image_run *r)
{
    char from[PATH_BYTES], to[PATH_BYTES], use[64];
    struct err e = ERR_NULL;
    const char *digest = text(r->entry, "digest");
    snprintf(from, sizeof from, "%s/oci/blobs/sha256/%s", r->tmp,
             text(json_object_get(r->entry, "config"), "digest") + 7);
    snprintf(to, sizeof to, "%s/config.json", r->tmp);
    if (rename(from, to) < 0)
        return fail_errno(r, "its configuration");
    snprintf(from, sizeof from, "%s/oci", r->tmp);
    file_remove_tree(from);
    snprintf(from, sizeof from, "%s/scratch", r->tmp);
    file_remove_tree(from);
    snprintf(use, sizeof use, "%lld %lld", (long long)r->facts.bytes, (long long)r->facts.files);
    if (file_replace(r->tmp, "lock", use, strlen(use), &e) < 0)
        return stager_fail(r->s, true, "staging", "%.150s", e.text);
    if (chmod(r->tmp, geteuid() == 0 ? 0711 : 0700) < 0)
        return fail_errno(r, "its folder");
    snprintf(to, sizeof to, "%s/%s", r->image_dir, digest + 7);
    return rename(r->tmp, to) == 0 || fail_errno(r, "its place");
}

static bool bring(struct image_run *r)
{
    char rootfs[PATH_BYTES];
    struct err e = ERR_NULL;
    snprintf(r->tmp, sizeof r->tmp, "%s/new-%d", r->image_dir, (int)getpid());
    if (mkdir(r->tmp, 0700) < 0)
        return fail_errno(r, "its folder");
    snprintf(rootfs, sizeof rootfs, "%s/rootfs", r->tmp);
    bool done =
        make_room(r) && make_layout(r) && fetch_blobs(r) && write_layout(r) && look_at_layers(r) && unpack(r);
    if (done && image_root_fix(rootfs, &e) < 0)
        done = stager_fail(r->s, true, e.code == -ENOSPC ? "image-too-large" : "staging", "%.150s", e.text);
    done = done && put_in_place(r);
    if (!done)
        file_remove_tree(r->tmp);
    return done;
}

// Of several that want the same image one works, the others wait; the lock goes with its process.
static int one_at_a_time(struct image_run *r)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/fetch", r->image_dir);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    while (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0) {
        r->s->files++;
        tell(r->s);
        usleep(PAUSE_US);
    }
    return fd;
}

// What a process left behind that was killed on the way; under the lock.
static void remove_halves(const char *dir)
{
    char path[PATH_BYTES];
    for (int i = 0; i < 1000; i++) {
        char *name = image_cache_half(dir, path, sizeof path);
        if (!name)
            return;
        file_remove_tree(path);
    }
}

void stager_image(struct stager *s)
{
    char entry[IMAGE_DIR_BYTES];
    struct image_run r = {.s = s,
                          .easy = curl_easy_init(),
                          .token = text(s->spec, "token"),
                          .image_dir = s->dir,
                          .bytes_max = json_integer_value(json_object_get(s->spec, "bytes")),
                          .files_max = json_integer_value(json_object_get(s->spec, "files"))};
    umask(022);
    if (r.easy && wait_ready(&r, json_object_get(s->spec, "image"))) {
        const char *digest = text(r.entry, "digest");
        int fetch = one_at_a_time(&r), held = image_cache_hold(r.image_dir, digest, entry);
        if (fetch >= 0 && held < 0)
            remove_halves(r.image_dir);
        if (held >= 0 || bring(&r))
            printf("I %s\n", digest);
        if (held >= 0)
            close(held);
        if (fetch >= 0)
            close(fetch);
    }
    json_decref(r.entry);
    curl_easy_cleanup(r.easy);
}
