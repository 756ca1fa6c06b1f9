// SPDX-License-Identifier: Apache-2.0
#include "cli/cli.h"

#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/utf8.h"

int cli_fail(int code, const char *fmt, ...)
{
    char text[1024];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    cli_note(text);
    return code;
}

void cli_note(const char *text)
{
    char shown[4096]; // it may hold what stands in files, answers and names
    utf8_printable(shown, sizeof shown, text);
    fflush(stdout); // what was said before stands before
    fprintf(stderr, "ondol: %s\n", shown);
}

int cli_fail_err(int code, const struct err *e)
{
    return cli_fail(code, "%s", e->text);
}

void cli_large_apart(size_t bytes)
{
    mallopt(M_MMAP_THRESHOLD, (int)bytes);
}
