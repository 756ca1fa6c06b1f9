// SPDX-License-Identifier: Apache-2.0
#include "api/like.h"

#include <errno.h>
#include <string.h>

#include "api/api.h"
#include "base/buf.h"
#include "core/work/pattern.h"

static int compile(regex_t *out, const struct buf *plain, struct err *e)
{
    char why[80];
    int bad = regcomp(out, buf_str(plain), REG_EXTENDED | REG_NOSUB);
    if (!bad)
        return 0;
    regerror(bad, out, why, sizeof why);
    return err_set(e, -EINVAL, "is not one: %s", why);
}

bool like_compile(regex_t *out, const char *text, struct err *e)
{
    size_t n = strlen(text);
    if (n > API_REGEX_BYTES)
        return err_set(e, -E2BIG, "filter: a Like expression is longer than %d bytes", API_REGEX_BYTES),
               false;
    if (n && text[0] == '/') {
        text++;
        n--;
        n -= n && text[n - 1] == '/';
    }
    struct buf plain = BUF_INIT(API_REGEX_BYTES * 16);
    bool back = false;
    int r = pattern_plain(text, n, LIKE_COST_MAX, &plain, &back, e);
    if (back)
        r = err_set(e, -EINVAL, "may not have back references");
    else if (r == 0)
        r = compile(out, &plain, e);
    if (r < 0) {
        struct err why = *e;
        err_set(e, r, "filter: a Like expression %.250s", why.text);
    }
    buf_deinit(&plain);
    return r == 0;
}

bool like_is_file_filter(const char *text, struct err *e)
{
    regex_t re;
    struct buf plain = BUF_INIT(1 << 20);
    if (strstr(text, "${")) // what it will be is known when an instance starts
        return true;
    bool back = false;
    int r = pattern_plain(text, strlen(text), PATTERN_COST_FILES, &plain, &back, e);
    if (back)
        r = err_set(e, -EINVAL, "may not have back references");
    if (r == 0 && (r = compile(&re, &plain, e)) == 0)
        regfree(&re);
    buf_deinit(&plain);
    return r == 0;
}
