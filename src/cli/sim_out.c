// SPDX-License-Identifier: Apache-2.0
#include "cli/sim_out.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"

// A device, a pipe or a link is written to: a file beside it that takes its name would replace it.
static bool is_replaced(const char *path)
{
    struct stat st;
    return lstat(path, &st) < 0 || S_ISREG(st.st_mode);
}

int sim_out_file(const char *path, struct buf *b, struct err *e)
{
    char part[PATH_MAX];
    bool replaced = is_replaced(path);
    int bad = 0;
    if (b->failed)
        bad = err_set(e, -EFBIG, "%s: would have more than %zu bytes", path, b->max);
    else if (snprintf(part, sizeof part, "%s%s", path, replaced ? ".part" : "") >= (int)sizeof part)
        bad = err_set(e, -ENAMETOOLONG, "%.80s...: the path is too long", path);
    FILE *f = bad ? NULL : fopen(part, "we");
    if (!bad && !f)
        bad = err_set(e, -errno, "%s: %s", path, strerror(errno));
    if (f) {
        bool wrote = fwrite(buf_str(b), 1, b->n, f) == b->n;
        wrote = fclose(f) == 0 && wrote;
        if (!wrote || (replaced && rename(part, path) < 0)) {
            bad = err_set(e, -EIO, "%s: could not be written: %s", path, strerror(errno));
            if (replaced)
                unlink(part);
        }
    }
    buf_deinit(b);
    return bad;
}

// A stream that has failed stays so; only the first time errno says why.
static int put(struct buf *b, struct err *e)
{
    if (b->failed)
        return err_set(e, -EFBIG, "output: would have more than %zu bytes", b->max);
    errno = 0;
    if (fwrite(buf_str(b), 1, b->n, stdout) == b->n && fflush(stdout) == 0)
        return 0;
    if (errno == EPIPE)
        return -EPIPE;
    return err_set(e, -EIO, "output: could not be written: %s", strerror(errno ? errno : EIO));
}

int sim_out_print(struct buf *b, struct err *e)
{
    int bad = put(b, e);
    buf_deinit(b);
    return bad;
}

int sim_out_code(int bad, const struct err *e)
{
    return bad == 0 ? CLI_DONE : bad == -EPIPE ? CLI_GONE : cli_fail_err(CLI_FAILED, e);
}

int sim_out_text(const struct scenario *s, const struct sim_result *r, struct err *e)
{
    struct buf b = BUF_INIT(PAGE_BYTES_MAX);
    if (s->title[0])
        buf_putf(&b, "%s\n", s->title);
    page_text(&b, r);
    return sim_out_print(&b, e);
}

int sim_out_json(const struct sim_result *r, struct err *e)
{
    struct buf b = BUF_INIT(PAGE_BYTES_MAX);
    int bad = 0;
    for (size_t i = 0; !bad && i < page_json_parts(r); i++) {
        buf_clear(&b);
        page_json_part(&b, r, i);
        bad = put(&b, e);
    }
    buf_deinit(&b);
    return bad;
}

int sim_out_csv(const char *dir, const struct sim_result *r, struct err *e)
{
    static const struct {
        const char *name;
        void (*put)(struct buf *out, const struct sim_result *r);
    } files[] = {{"zones", page_zones_csv}, {"classes", page_classes_csv}, {"series", page_series_csv}};
    if (mkdir(dir, 0777) < 0 && errno != EEXIST)
        return err_set(e, -errno, "%s: %s", dir, strerror(errno));
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char path[PATH_MAX];
        struct buf b = BUF_INIT(PAGE_BYTES_MAX * 16ul);
        snprintf(path, sizeof path, "%s/%s.csv", dir, files[i].name);
        files[i].put(&b, r);
        int bad = sim_out_file(path, &b, e);
        if (bad)
            return bad;
    }
    return 0;
}

int sim_out_html(const char *path, const struct sim_result *r, const struct comparison *c, struct err *e)
{
    struct buf b = BUF_INIT(PAGE_BYTES_MAX);
    page_html(&b, r, c);
    return sim_out_file(path, &b, e);
}
