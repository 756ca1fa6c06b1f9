// SPDX-License-Identifier: Apache-2.0
#include "image/layer.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#define READ_BYTES ((size_t)128 << 10)
#define PATH_MOST  4096
#define HEAD_BYTES 4096 // more of a stream than its files hold, for each of them

static bool leads_out(const char *path)
{
    for (const char *p = path; *p; p += strcspn(p, "/"), p += strspn(p, "/"))
        if (p[0] == '.' && p[1] == '.' && (p[2] == '/' || p[2] == '\0'))
            return true;
    return false;
}

static int limit(const struct image_limits *l, const struct layer_facts *sum, struct err *e)
{
    if (sum->files > l->files)
        return err_set(e, -EFBIG, "image: more than %lld files (the limit on files of an image)",
                       (long long)l->files);
    if (sum->bytes > l->bytes)
        return err_set(e, -EFBIG,
                       "image: more than %lld bytes when unpacked (the limit on the size of an image)",
                       (long long)l->bytes);
    return 0;
}

// Sizes are as the heads say; an unpacker writes no more than that, and fewer where a file has holes.
static int count(struct archive_entry *entry, const struct image_limits *limits, struct layer_facts *sum,
                 struct err *e)
{
    const char *path = archive_entry_pathname(entry), *link = archive_entry_hardlink(entry);
    int64_t size = archive_entry_filetype(entry) == AE_IFREG && !link ? archive_entry_size(entry) : 0;
    if (!path || strlen(path) >= PATH_MOST || leads_out(path) || (link && leads_out(link)))
        return err_set(e, -EBADMSG, "image: a layer names a path that leads out of it, or none: %.100s",
                       path ? path : "");
    sum->files++;
    if (size < 0 || archive_entry_size(entry) > limits->bytes) // of a link too: it is unpacked to be passed over
        size = limits->bytes + 1;
    sum->bytes += size;
    return limit(limits, sum, e);
}

// What an entry holds is read and let go. Some writers of layers leave out the zeros that fill the last block:
// 1 when the stream ends there, after all that the head announced. Whoever unpacks takes that for the end too.
static int pass(struct archive *a, struct archive_entry *entry, struct err *e)
{
    const void *data;
    size_t n;
    la_int64_t offset, end = 0;
    int got;
    while ((got = archive_read_data_block(a, &data, &n, &offset)) == ARCHIVE_OK || got == ARCHIVE_WARN)
        end = offset + (la_int64_t)n > end ? offset + (la_int64_t)n : end;
    if (got == ARCHIVE_EOF)
        return 0;
    const char *why = archive_error_string(a);
    if (end > 0 && end == archive_entry_size(entry) && why && strncmp(why, "Truncated", 9) == 0)
        return 1;
    return err_set(e, -EBADMSG, "image: a layer cannot be read: %.150s", why ? why : "");
}

static int walk(struct archive *a, const struct image_limits *limits, struct layer_facts *sum, struct err *e)
{
    struct archive_entry *entry;
    int64_t before = sum->bytes;
    for (int64_t n = 1;; n++) {
        int got = archive_read_next_header(a, &entry);
        if (got == ARCHIVE_EOF)
            return 0;
        if (got != ARCHIVE_OK && got != ARCHIVE_WARN)
            return err_set(e, -EBADMSG, "image: a layer cannot be read: %.150s", archive_error_string(a));
        int r = count(entry, limits, sum, e);
        if (r < 0)
            return r;
        // Heads that hold more than they say: nobody needs them, and they are read by whoever unpacks.
        if (archive_filter_bytes(a, 0) > sum->bytes - before + n * HEAD_BYTES + limits->bytes)
            return err_set(e, -EFBIG, "image: a layer is longer than %lld bytes when unpacked",
                           (long long)limits->bytes);
        if ((r = pass(a, entry, e)) != 0)
            return r < 0 ? r : 0;
    }
}

int layer_look(const char *path, const struct image_limits *limits, struct layer_facts *sum, struct err *e)
{
    struct archive *a = archive_read_new();
    int r = 0;
    if (!a)
        return err_set(e, -ENOMEM, "image: no memory");
    archive_read_support_filter_gzip(a);
    archive_read_support_filter_zstd(a);
    archive_read_support_format_tar(a);
    archive_read_support_format_empty(a); // an empty layer is one of zeros
    if (archive_read_open_filename(a, path, READ_BYTES) != ARCHIVE_OK)
        r = err_set(e, -EBADMSG, "image: a layer cannot be read: %.150s", archive_error_string(a));
    else
        r = walk(a, limits, sum, e);
    archive_read_free(a);
    return r;
}
