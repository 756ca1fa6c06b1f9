// SPDX-License-Identifier: Apache-2.0
#include "image/pack.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_BYTES  ((size_t)128 << 10)
#define ENTRIES_MAX 100000
#define HEADS_MOST  ((int64_t)ENTRIES_MAX * 1024) // bytes of a stream that are no entry's

static struct archive *open_pack(const char *file, struct err *e)
{
    struct archive *a = archive_read_new();
    if (!a) {
        err_set(e, -ENOMEM, "image: no memory");
        return NULL;
    }
    archive_read_support_filter_gzip(a);
    archive_read_support_format_tar(a);
    if (archive_read_open_filename(a, file, READ_BYTES) == ARCHIVE_OK)
        return a;
    err_set(e, -EBADMSG, "image: the file is no tar archive: %.150s", archive_error_string(a));
    archive_read_free(a);
    return NULL;
}

static const char *name_of(struct archive_entry *entry)
{
    const char *name = archive_entry_pathname(entry);
    while (name && name[0] == '.' && name[1] == '/')
        name += 2;
    return name ? name : "";
}

// 1: there is one more; 0: no. What an entry holds is unpacked also to be passed over, so how much that may be
// is judged here: of the next one by what its head says, of all before by what came.
static int next(struct archive *a, struct archive_entry **entry, int *left, int64_t bytes_max, struct err *e)
{
    int got = archive_read_next_header(a, entry);
    if (got == ARCHIVE_EOF)
        return 0;
    if ((got != ARCHIVE_OK && got != ARCHIVE_WARN) || --*left < 0)
        return err_set(e, -EBADMSG, "image: the file is no archive of an image: %.150s",
                       *left < 0 ? "too many entries" : archive_error_string(a));
    if (archive_entry_size(*entry) > bytes_max || archive_filter_bytes(a, 0) - HEADS_MOST > bytes_max)
        return err_set(e, -EFBIG, "image: the archive is larger than the limit on the size of an image");
    return 1;
}

int pack_kind(const char *file, int64_t bytes_max, enum pack_kind *out, struct err *e)
{
    struct archive *a = open_pack(file, e);
    struct archive_entry *entry;
    bool docker = false, oci = false;
    int left = ENTRIES_MAX, r = a ? 1 : e->code;
    while (r == 1 && (r = next(a, &entry, &left, bytes_max, e)) == 1) {
        docker |= strcmp(name_of(entry), "manifest.json") == 0;
        oci |= strcmp(name_of(entry), "oci-layout") == 0;
    }
    archive_read_free(a);
    if (r < 0)
        return r;
    if (!docker && !oci)
        return err_set(e, -EBADMSG,
                       "image: the archive has neither manifest.json nor oci-layout: it is of no image "
                       "(docker save, podman save and skopeo copy write such files)");
    *out = docker ? PACK_DOCKER : PACK_OCI; // new versions of docker write both, for both kinds of readers
    return 0;
}

static bool is_blob(const char *name)
{
    static const char front[] = "blobs/sha256/";
    return strncmp(name, front, sizeof front - 1) == 0 && strlen(name) == sizeof front - 1 + 64 &&
           strspn(name + sizeof front - 1, "0123456789abcdef") == 64;
}

static int write_out(struct archive *a, int dir, const char *name, int64_t *room, struct err *e)
{
    const void *data;
    size_t n;
    la_int64_t offset;
    int64_t end = 0; // of the file so far; what lies in its holes is read later like anything else
    int got, r = 0, fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_set(e, -errno, "image: %s: %s", name, strerror(errno));
    while (r == 0 && (got = archive_read_data_block(a, &data, &n, &offset)) != ARCHIVE_EOF) {
        if (got != ARCHIVE_OK && got != ARCHIVE_WARN) {
            r = err_set(e, -EBADMSG, "image: the archive is cut: %.150s", archive_error_string(a));
        } else if (offset < 0 || offset > end + *room || (int64_t)n > end + *room - offset) {
            r = err_set(e, -EFBIG, "image: the archive is larger than the limit on the size of an image");
        } else if (pwrite(fd, data, n, offset) != (ssize_t)n) {
            r = err_set(e, errno == EFBIG || errno == EDQUOT ? -ENOSPC : -errno, "image: %s",
                        strerror(errno));
        } else if (offset + (int64_t)n > end) {
            *room -= offset + (int64_t)n - end;
            end = offset + (int64_t)n;
        }
    }
    close(fd);
    return r;
}

int pack_open(const char *file, const char *dir, int64_t bytes_max, struct err *e)
{
    struct archive *a = open_pack(file, e);
    struct archive_entry *entry;
    int64_t room = bytes_max;
    int left = ENTRIES_MAX, fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = a ? 1 : e->code;
    if (a && (fd < 0 || mkdirat(fd, "blobs", 0700) < 0 || mkdirat(fd, "blobs/sha256", 0700) < 0))
        r = err_set(e, -errno, "image: %s: %s", dir, strerror(errno));
    while (r == 1 && (r = next(a, &entry, &left, bytes_max, e)) == 1) {
        const char *name = name_of(entry);
        bool ours = strcmp(name, "index.json") == 0 || strcmp(name, "oci-layout") == 0 || is_blob(name);
        if (ours && archive_entry_filetype(entry) == AE_IFREG && !archive_entry_hardlink(entry)) {
            int bad = write_out(a, fd, name, &room, e);
            r = bad < 0 ? bad : 1;
        }
    }
    if (fd >= 0)
        close(fd);
    archive_read_free(a);
    return r < 0 ? r : 0;
}

int pack_plain(const char *file, const char *dir, const char *name, int64_t bytes_max, struct err *e)
{
    unsigned char head[2] = {0};
    struct archive_entry *entry;
    int64_t room = bytes_max + HEADS_MOST;
    int from = open(file, O_RDONLY | O_CLOEXEC);
    bool packed = from >= 0 && pread(from, head, 2, 0) == 2 && head[0] == 0x1f && head[1] == 0x8b;
    if (from >= 0)
        close(from);
    if (!packed)
        return 0;
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r;
    struct archive *a = archive_read_new();
    if (fd < 0 || !a) {
        r = err_set(e, fd < 0 ? -errno : -ENOMEM, "image: %s: %s", dir,
                    fd < 0 ? strerror(errno) : "no memory");
    } else {
        archive_read_support_filter_gzip(a);
        archive_read_support_format_raw(a);
        r = archive_read_open_filename(a, file, READ_BYTES) == ARCHIVE_OK &&
                    archive_read_next_header(a, &entry) == ARCHIVE_OK
                ? write_out(a, fd, name, &room, e)
                : err_set(e, -EBADMSG, "image: the archive cannot be unpacked: %.150s",
                          archive_error_string(a));
    }
    archive_read_free(a);
    if (fd >= 0)
        close(fd);
    return r < 0 ? r : 1;
}
