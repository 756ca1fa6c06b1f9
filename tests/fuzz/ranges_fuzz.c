// SPDX-License-Identifier: Apache-2.0
//
// Any text as a set of ids: refused, or read within the limit and equal to itself after being written and
// read again.
#include "fuzz.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "core/work/ranges.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char *text = mem_strndup((const char *)data, n);
    struct ranges r = RANGES_NULL, again = RANGES_NULL;
    struct err e = ERR_NULL;
    if (ranges_parse(&r, text, 2048, &e) == 0) {
        assert(ranges_count(&r) >= 1 && ranges_count(&r) <= 2048);
        struct buf b = BUF_INIT(1 << 20);
        ranges_format(&r, &b);
        assert(ranges_parse(&again, buf_str(&b), 2048, &e) == 0 && ranges_equal(&r, &again));
        buf_deinit(&b);
    } else {
        assert(e.text[0]);
    }
    ranges_deinit(&r);
    ranges_deinit(&again);
    free(text);
    return 0;
}
