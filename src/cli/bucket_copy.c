// SPDX-License-Identifier: Apache-2.0
#include "cli/bucket_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/table.h"
#include "s3/checksum.h"
#include "s3/hmac.h"

#define PATH_BYTES    4096
#define PUT_MAX_BYTES ((int64_t)5 << 30) // what one PUT takes

// ---- what stands on a terminal meanwhile

struct screen {
    const char *name;
    int64_t done, total, shown;
};

static void show(void *ctx, int64_t bytes)
{
    struct screen *s = ctx;
    s->done += bytes;
    if (s->done - s->shown < (1 << 20) && s->done < s->total)
        return;
    s->shown = s->done;
    fprintf(stderr, "\r\033[K%3d %%  %.1f of %.1f MB  %.60s",
            s->total ? (int)(s->done * 100 / s->total) : 100, (double)s->done / 1e6, (double)s->total / 1e6,
            s->name);
    fflush(stderr);
}

static void wipe(bool on)
{
    if (on)
        fputs("\r\033[K", stderr);
}

// ---- are they the same bytes

// The MD5 of a file, which is the tag of an object that came in one piece; "" when it cannot be read.
static void tag_of(const char *path, char out[33])
{
    char part[65536];
    uint8_t md5[S3_SUM_BYTES_MAX];
    struct s3_sum sum;
    FILE *f = fopen(path, "rbe");
    out[0] = '\0';
    if (!f)
        return;
    s3_sum_init(&sum, S3_SUM_MD5);
    for (size_t n; (n = fread(part, 1, sizeof part, f)) > 0;)
        s3_sum_update(&sum, part, n);
    bool bad = ferror(f);
    fclose(f);
    size_t n = s3_sum_final(&sum, md5);
    if (!bad)
        hex_text(out, md5, n);
}

static bool same(const char *path, const struct s3_listed *o)
{
    struct stat st;
    char tag[33];
    if (strlen(o->etag) != 32 || stat(path, &st) || !S_ISREG(st.st_mode) || (uint64_t)st.st_size != o->size)
        return false;
    tag_of(path, tag);
    return !strcmp(tag, o->etag);
}

// ---- down

// Whether a key is a path below a folder and nothing else.
static bool is_below(const char *key)
{
    for (const char *at = key;; at++) {
        size_t n = strcspn(at, "/");
        if (n == 0 || (n == 1 && at[0] == '.') || (n == 2 && at[0] == '.' && at[1] == '.'))
            return false;
        at += n;
        if (!*at)
            return true;
    }
}

static int make_folders(char *path, size_t from, struct err *e)
{
    for (char *at = strchr(path + from, '/'); at; at = strchr(at + 1, '/')) {
        *at = '\0';
        int bad = mkdir(path, 0777) && errno != EEXIST ? errno : 0;
        if (bad)
            err_set(e, -bad, "%s: %s", path, strerror(bad));
        *at = '/';
        if (bad)
            return CLI_FAILED;
    }
    return 0;
}

// A file on its way: it has no name until it is whole, so that nothing is left of it whatever ends this program.
// Where the file system knows no such files it has a name of its own.
struct part {
    char name[PATH_BYTES + 32], look[PATH_BYTES + 32]; // look: where its bytes can be read
    bool named;
    FILE *f;
};

static int part_open(struct part *p, const char *path, struct err *e)
{
    const char *slash = strrchr(path, '/');
    snprintf(p->name, sizeof p->name, "%.*s", slash ? (int)(slash - path + 1) : 1, slash ? path : ".");
    int fd = open(p->name, O_TMPFILE | O_RDWR | O_CLOEXEC, 0666);
    p->named = fd < 0;
    snprintf(p->look, sizeof p->look, "/proc/self/fd/%d", fd);
    snprintf(p->name, sizeof p->name, "%s.%d.part", path, (int)getpid());
    if (p->named) {
        fd = open(p->name, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0666);
        snprintf(p->look, sizeof p->look, "%s", p->name);
    }
    if (fd < 0)
        return err_set(e, -errno, "%s: %s", p->name, strerror(errno)), CLI_FAILED;
    p->f = fdopen(fd, "wb");
    return 0;
}

// In the place of what is there.
static int part_place(struct part *p, const char *path, struct err *e)
{
    if (!p->named && linkat(AT_FDCWD, p->look, AT_FDCWD, p->name, AT_SYMLINK_FOLLOW))
        return err_set(e, -errno, "%s: %s", p->name, strerror(errno)), CLI_FAILED;
    p->named = true;
    if (rename(p->name, path))
        return err_set(e, -errno, "%s: %s", path, strerror(errno)), CLI_FAILED;
    p->named = false;
    return 0;
}

static void part_close(struct part *p)
{
    fclose(p->f);
    if (p->named)
        unlink(p->name);
}

static int down_one(const struct bucket_client *b, const char *bucket, const struct s3_listed *o,
                    const char *path, bool screen, struct err *e)
{
    struct part p;
    int code = part_open(&p, path, e);
    if (code)
        return code;
    struct screen s = {o->key, 0, (int64_t)o->size, 0};
    code = bucket_get(b, bucket, o->key,
                      &(struct http_flow){.down = p.f, .ctx = &s, .progress = screen ? show : NULL}, e);
    wipe(screen);
    if ((fflush(p.f) || fsync(fileno(p.f))) && !code)
        code = (err_set(e, -errno, "%s: %s", path, strerror(errno)), CLI_FAILED);
    char tag[33];
    if (!code && strlen(o->etag) == 32 && (tag_of(p.look, tag), strcmp(tag, o->etag) != 0))
        code = (err_set(e, -EBADMSG, "%s/%s: came with other bytes than its tag says (do it again)", bucket,
                        o->key),
                CLI_LATER);
    if (!code)
        code = part_place(&p, path, e);
    part_close(&p);
    return code;
}

// A key that can have no path here: the others come nevertheless.
static int no_path(struct copy_sum *sum, const char *bucket, const char *key, const char *why)
{
    cli_fail(CLI_FAILED, "%s/%s: %s", bucket, key, why);
    sum->refused++;
    return 0;
}

static int down(const struct bucket_client *b, const char *bucket, const char *prefix, const char *to,
                const struct s3_listed *o, struct copy_sum *sum, struct err *e)
{
    char path[PATH_BYTES];
    const char *slash = strrchr(prefix, '/'), *name = o->key + (slash ? slash + 1 - prefix : 0);
    size_t n = strlen(name);
    if (n == 0 || name[n - 1] == '/') // a folder, as some clients write them
        return 0;
    if (!is_below(name))
        return no_path(sum, bucket, o->key,
                       "this key would lead out of the folder (get it by name, with --output)");
    if (snprintf(path, sizeof path, "%s/%s", to, name) >= (int)sizeof path)
        return no_path(sum, bucket, o->key, "its path would be too long");
    kept_names_add(sum->names, name);
    if (same(path, o)) {
        sum->kept++;
        return 0;
    }
    int code = make_folders(path, strlen(to) + 1, e);
    if (!code)
        code = down_one(b, bucket, o, path, table_colours(stderr), e);
    sum->files += !code;
    sum->bytes += code ? 0 : (int64_t)o->size;
    return code;
}

int bucket_copy_down(const struct bucket_client *b, const char *bucket, const char *prefix, const char *to,
                     struct copy_sum *sum, struct err *e)
{
    struct s3_listing all = S3_LISTING_NULL;
    int code = bucket_objects(b, bucket, prefix, &all, e);
    if (!code && mkdir(to, 0777) && errno != EEXIST)
        code = (err_set(e, -errno, "%s: %s", to, strerror(errno)), CLI_FAILED);
    for (size_t i = 0; !code && i < all.n; i++)
        code = down(b, bucket, prefix, to, &all.v[i], sum, e);
    if (!code && sum->refused)
        code = (err_set(e, -EINVAL, "%" PRId64 " of %zu objects were not fetched", sum->refused, all.n),
                CLI_FAILED);
    s3_listing_deinit(&all);
    return code;
}

// ---- up

static const struct s3_listed *find(const struct s3_listing *all, const char *key)
{
    size_t lo = 0, hi = all->n; // in the order of the keys' bytes
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (strcmp(all->v[mid].key, key) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < all->n && !strcmp(all->v[lo].key, key) ? &all->v[lo] : NULL;
}

static int up_one(const struct bucket_client *b, const char *bucket, const char *path, const char *key,
                  int64_t bytes, struct err *e)
{
    if (bytes > PUT_MAX_BYTES)
        return err_set(e, -EFBIG,
                       "%s: has more than 5 GiB, the limit of one object sent in one piece (use rclone or "
                       "aws s3)",
                       path),
               CLI_USAGE;
    FILE *f = fopen(path, "rbe");
    if (!f)
        return err_set(e, -errno, "%s: %s", path, strerror(errno)), CLI_USAGE;
    bool screen = table_colours(stderr);
    struct screen s = {path, 0, bytes, 0};
    int code = bucket_put(
        b, bucket, key,
        &(struct http_flow){.up = f, .up_bytes = bytes, .ctx = &s, .progress = screen ? show : NULL}, e);
    wipe(screen);
    fclose(f);
    return code;
}

static int up(const struct bucket_client *b, const char *bucket, const char *prefix, const char *root,
              const FTSENT *at, const struct s3_listing *there, struct copy_sum *sum, struct err *e)
{
    char key[S3_KEY_BYTES];
    const char *name = at->fts_level ? at->fts_path + strlen(root) : at->fts_name;
    name += *name == '/';
    if (snprintf(key, sizeof key, "%s%s", prefix, name) >= (int)sizeof key)
        return err_set(e, -ENAMETOOLONG, "%s: its key would be longer than %d bytes", at->fts_path,
                       S3_KEY_BYTES - 1),
               CLI_USAGE;
    const struct s3_listed *o = find(there, key);
    kept_names_add(sum->names, key);
    if (o && same(at->fts_path, o)) {
        sum->kept++;
        return 0;
    }
    int code = up_one(b, bucket, at->fts_path, key, at->fts_statp->st_size, e);
    sum->files += !code;
    sum->bytes += code ? 0 : at->fts_statp->st_size;
    return code;
}

int bucket_copy_up(const struct bucket_client *b, const char *bucket, const char *from, const char *prefix,
                   struct copy_sum *sum, struct err *e)
{
    struct s3_listing there = S3_LISTING_NULL;
    char *root = mem_strdup(from);
    for (size_t n = strlen(root); n > 1 && root[n - 1] == '/'; n--)
        root[n - 1] = '\0';
    int code = bucket_objects(b, bucket, prefix, &there, e);
    FTS *walk =
        code ? NULL : fts_open((char *[]){root, NULL}, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, NULL);
    for (FTSENT *at; walk && !code && (at = fts_read(walk));) {
        if (at->fts_info == FTS_F)
            code = up(b, bucket, prefix, root, at, &there, sum, e);
        else if (at->fts_info == FTS_NS || at->fts_info == FTS_DNR || at->fts_info == FTS_ERR)
            code = (err_set(e, -at->fts_errno, "%s: %s", at->fts_path, strerror(at->fts_errno)), CLI_USAGE);
        else if (at->fts_info == FTS_SL || at->fts_info == FTS_SLNONE || at->fts_info == FTS_DEFAULT)
            code = (err_set(e, -EINVAL, "%s: is no file (links and devices have no bytes of their own)",
                            at->fts_path),
                    CLI_USAGE);
    }
    if (walk)
        fts_close(walk);
    s3_listing_deinit(&there);
    free(root);
    return code;
}

json_t *copy_sum_json(const struct copy_sum *sum, int64_t deleted)
{
    return json_pack("{s:I,s:I,s:I,s:I,s:b}", "files", (json_int_t)sum->files, "bytes",
                     (json_int_t)sum->bytes, "kept", (json_int_t)sum->kept, "deleted", (json_int_t)deleted,
                     "done", 1);
}
