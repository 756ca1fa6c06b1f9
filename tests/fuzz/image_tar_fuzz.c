// SPDX-License-Identifier: Apache-2.0
//
// Archives from a stranger: as a layer that is looked through before it is unpacked, and as a file of an
// image that is opened. The first byte says whether the rest are the archive's own bytes or the parts of one,
// which then has right sums (a random change would break them, and nothing be seen behind). What comes out of
// one that is opened are the layout's own regular files, no more bytes than allowed.
//
//   part    type, bytes of the name, name, bytes of the link, link, 4 of its size, bytes of content, content
//
// type 'x' and 'g' are attributes of the POSIX form, 'L' and 'K' long names; bit 7: its size is as written,
// else as long as its content.
#include "fuzz.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "bytes.h"
#include "image/file.h"
#include "image/layer.h"
#include "image/pack.h"
#include "scratch.h"

#define TAR_MAX   ((size_t)256 << 10)
#define BYTES_MAX 65536
#define FILES_MAX 64

struct tar {
    uint8_t v[TAR_MAX];
    size_t n;
};

static void add(struct tar *t, const void *data, size_t n, size_t whole)
{
    if (whole > TAR_MAX - t->n)
        return;
    memset(t->v + t->n, 0, whole);
    if (n)
        memcpy(t->v + t->n, data, n);
    t->n += whole;
}

// Above eight octal digits in the binary form, which GNU tar began.
static void put_size(uint8_t field[12], uint64_t size)
{
    if (size < UINT64_C(0100000000)) {
        char text[12];
        snprintf(text, sizeof text, "%011llo", (unsigned long long)size);
        memcpy(field, text, 11);
        return;
    }
    field[0] = 0x80;
    for (int i = 11; i > 3; i--, size >>= 8)
        field[i] = (uint8_t)size;
}

static void part(struct tar *t, struct bytes *b)
{
    static const uint64_t scale[] = {1, 512, UINT64_C(1) << 20, UINT64_C(1) << 40};
    uint8_t head[512] = {0}, type = bytes_one(b);
    size_t n;
    const uint8_t *run = bytes_run(b, bytes_one(b) % 101, &n);
    memcpy(head, run, n);
    run = bytes_run(b, bytes_one(b) % 101, &n);
    memcpy(head + 157, run, n);
    uint64_t size = bytes_number(b, 3), times = scale[bytes_below(b, 4)];
    run = bytes_run(b, bytes_number(b, 2) % 4096, &n);
    memcpy(head + 100, "0000644", 8);
    memcpy(head + 108, "0000000", 8);
    memcpy(head + 116, "0000000", 8);
    put_size(head + 124, type & 0x80 ? size * times : n);
    memcpy(head + 136, "00000000000", 12);
    head[156] = type & 0x7f;
    memcpy(head + 257, type & 0x40 ? "ustar\00000" : "ustar  ", 8);
    unsigned sum = 8 * ' ';
    for (size_t i = 0; i < sizeof head; i++)
        sum += head[i];
    char text[8];
    snprintf(text, sizeof text, "%06o", sum);
    memcpy(head + 148, text, 8);
    add(t, head, sizeof head, sizeof head);
    add(t, run, n, (n + 511) / 512 * 512);
}

static void look(const char *path)
{
    const struct image_limits limits = {.bytes = BYTES_MAX, .files = FILES_MAX};
    struct layer_facts sum = {0};
    struct err e = ERR_NULL;
    int r = layer_look(path, &limits, &sum, &e);
    assert(r == 0 || ((r == -EFBIG || r == -EBADMSG) && e.text[0]));
    assert(r || (sum.bytes >= 0 && sum.bytes <= BYTES_MAX && sum.files <= FILES_MAX));
}

static bool belongs(const char *name, bool top)
{
    if (top)
        return !strcmp(name, "index.json") || !strcmp(name, "oci-layout") || !strcmp(name, "blobs");
    return !strcmp(name, "sha256") || (strlen(name) == 64 && strspn(name, "0123456789abcdef") == 64);
}

static int64_t bytes_in(const char *dir, bool top)
{
    int64_t sum = 0;
    DIR *d = opendir(dir);
    assert(d);
    for (struct dirent *f; (f = readdir(d));) {
        char path[SCRATCH_PATH + 300];
        struct stat st;
        if (!strcmp(f->d_name, ".") || !strcmp(f->d_name, ".."))
            continue;
        snprintf(path, sizeof path, "%s/%s", dir, f->d_name);
        assert(belongs(f->d_name, top) && lstat(path, &st) == 0 &&
               (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)));
        sum += S_ISDIR(st.st_mode) ? bytes_in(path, false) : (int64_t)st.st_size;
    }
    closedir(d);
    return sum;
}

static void open_it(const char *path)
{
    enum pack_kind kind;
    struct err e = ERR_NULL;
    char dir[SCRATCH_PATH];
    int r = pack_kind(path, BYTES_MAX, &kind, &e);
    assert(r == 0 ? kind == PACK_DOCKER || kind == PACK_OCI : e.text[0] != '\0');
    scratch_dir(dir);
    e = ERR_NULL;
    r = pack_open(path, dir, BYTES_MAX, &e);
    assert(r == 0 || e.text[0]);
    assert(bytes_in(dir, true) <= BYTES_MAX || r < 0);
    file_remove_tree(dir);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct tar t;
    struct bytes b = {data, n};
    char path[SCRATCH_PATH];
    bool raw = bytes_one(&b) & 1;
    t.n = 0;
    while (b.n && !raw)
        part(&t, &b);
    add(&t, NULL, 0, 1024);
    int fd = raw ? scratch_file(b.p, b.n, path) : scratch_file(t.v, t.n, path);
    look(path);
    open_it(path);
    close(fd);
    return 0;
}
