// SPDX-License-Identifier: Apache-2.0
#include "s3/errors.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

static const struct row {
    const char *text;
    int status;
    const char *message;
} rows[S3_CODE_COUNT] = {[S3_OK] = {"", 200, ""},
#define X(name, text, status, message) [S3_##name] = {text, status, message},
                         S3_CODES(X)
#undef X
};

// A value that is no code can only be a mistake of ours.
static const struct row *row_of(enum s3_code c)
{
    return &rows[(unsigned)c < S3_CODE_COUNT ? c : S3_INTERNAL_ERROR];
}

const char *s3_code_text(enum s3_code c)
{
    return row_of(c)->text;
}

int s3_code_status(enum s3_code c)
{
    return row_of(c)->status;
}

const char *s3_code_message(enum s3_code c)
{
    return row_of(c)->message;
}

enum s3_code s3_fail(struct err *e, enum s3_code c, const char *fmt, ...)
{
    if (e) {
        va_list ap;
        va_start(ap, fmt);
        vsnprintf(e->text, sizeof e->text, fmt, ap);
        va_end(ap);
        e->code = -EINVAL;
    }
    return c;
}
