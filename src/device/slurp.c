// SPDX-License-Identifier: Apache-2.0
//
// zlib's own reader tells gzip from plain bytes. It hands out what it could unpack of a file that was cut
// short and only then, asked for its error, says so: hence the question after the last byte.
#include "device/slurp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/buf.h"

static int read_all(gzFile f, const char *path, size_t max, struct buf *b, struct err *e)
{
    char chunk[65536];
    int got;
    while ((got = gzread(f, chunk, sizeof chunk)) > 0) {
        buf_put(b, chunk, (size_t)got);
        if (b->failed)
            return err_set(e, -EFBIG, "%s: more than %zu bytes", path, max);
    }
    int code = 0;
    const char *why = gzerror(f, &code);
    if (code == Z_ERRNO)
        return err_set(e, errno ? -errno : -EIO, "%s: %s", path, strerror(errno ? errno : EIO));
    if (got < 0 || code != Z_OK)
        return err_set(e, -EBADMSG, "%s: damaged or cut short (gzip: %s)", path, why);
    return 0;
}

int slurp(const char *path, size_t max, char **text, size_t *n, struct err *e)
{
    *text = NULL;
    *n = 0;
    errno = 0;
    gzFile f = gzopen(path, "rbe"); // e: not for the children of this process
    if (!f) {
        int code = errno ? errno : ENOMEM;
        return err_set(e, -code, "%s: %s", path, strerror(code));
    }
    struct buf b = BUF_INIT(max);
    errno = 0;
    int r = read_all(f, path, max, &b, e);
    gzclose(f);
    if (r == 0) {
        *n = b.n;
        *text = buf_take(&b);
    }
    buf_deinit(&b);
    return r;
}
