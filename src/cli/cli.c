// SPDX-License-Identifier: Apache-2.0
#include "cli/cli.h"

#include <stdarg.h>
#include <stdio.h>

int cli_fail(int code, const char *fmt, ...)
{
    char text[1024];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    fflush(stdout); // what was said before stands before
    fprintf(stderr, "ondol: %s\n", text);
    return code;
}

int cli_fail_err(int code, const struct err *e)
{
    return cli_fail(code, "%s", e->text);
}
