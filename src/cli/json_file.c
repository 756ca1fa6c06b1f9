// SPDX-License-Identifier: Apache-2.0
#include "cli/json_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "device/slurp.h"

#define BODY_MAX (1 << 20)

static int read_text(const char *path, char **text, size_t *n, struct err *e)
{
    if (strcmp(path, "-") != 0)
        return slurp(path, BODY_MAX, text, n, e);
    struct buf b = BUF_INIT(BODY_MAX);
    char part[65536];
    for (size_t got; (got = fread(part, 1, sizeof part, stdin)) > 0;)
        buf_put(&b, part, got);
    if (b.failed)
        return buf_deinit(&b), err_set(e, -1, "stdin: longer than %d bytes", BODY_MAX);
    *n = b.n;
    *text = buf_take(&b);
    return 0;
}

char *text_file(const char *path, struct err *e)
{
    char *text = NULL;
    size_t n;
    if (read_text(path, &text, &n, e) < 0)
        return NULL;
    if (memchr(text, '\0', n)) {
        free(text);
        return err_set(e, -1, "%s: is no text: there is a NUL in it", path), NULL;
    }
    return text;
}

json_t *json_text_of(const char *path, const char *text, struct err *e)
{
    json_error_t why;
    json_t *j = json_loads(text, 0, &why);
    if (!j)
        err_set(e, -1, "%s:%d: not JSON: %s (examples/hello/hello.json is a task)", path, why.line, why.text);
    return j;
}

json_t *json_file(const char *path, struct err *e)
{
    char *text = text_file(path, e);
    json_t *j = text ? json_text_of(path, text, e) : NULL;
    free(text);
    return j;
}
