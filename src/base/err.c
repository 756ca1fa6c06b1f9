// SPDX-License-Identifier: Apache-2.0
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int err_set(struct err *e, int code, const char *fmt, ...)
{
    if (!e)
        return code;
    e->code = code;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(e->text, sizeof e->text, fmt, ap);
    va_end(ap);
    return code;
}

int err_prefix(struct err *e, const char *fmt, ...)
{
    if (!e)
        return 0;
    char head[sizeof e->text];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(head, sizeof head, fmt, ap);
    va_end(ap);
    size_t used = strlen(head);
    if (used + 2 < sizeof head) {
        memcpy(head + used, ": ", 2);
        used += 2;
        size_t rest = strlen(e->text);
        if (rest > sizeof head - used - 1)
            rest = sizeof head - used - 1;
        memcpy(head + used, e->text, rest);
        head[used + rest] = '\0';
    }
    memcpy(e->text, head, sizeof head);
    return e->code;
}
