// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a weather file: read or refused with line and field, and what is read is a whole year of
// weather that can be. The lowest bit of the first byte chooses how missing sun is filled. As no random input
// is a whole year, the second bit puts the rest of the input into eight rows of a year that is otherwise
// good.
#include "fuzz.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/when.h"
#include "world/epw.h"

static void try_text(const char *text, size_t n, enum epw_sun missing)
{
    struct weather w;
    struct err e = ERR_NULL;
    int rc = epw_read(&w, text, n, missing, &e);
    assert(rc == 0 || (rc == -EINVAL && !strncmp(e.text, "line ", 5) && !w.hour));
    if (rc == 0) {
        struct weather_summary s = weather_summarise(&w);
        assert(w.n == (w.leap ? 8784 : 8760));
        assert(s.dry_min_c >= -90 && s.dry_max_c <= 70 && s.global_kwh_m2 >= 0);
    }
    weather_deinit(&w);
}

static void try_as_values(const char *bytes, size_t n, enum epw_sun missing)
{
    struct buf b = BUF_INIT(2000000);
    buf_puts(&b, "LOCATION,F,F,F,F,0,50,3,1,10\nDATA PERIODS,1,1\n");
    for (int i = 0; i < 8760; i++) {
        struct civil c = civil_from_ms(civil_to_ms(2001, 1, 1, i, 0, 0));
        buf_putf(&b, "2001,%d,%d,%d,60,?,", c.month, c.day, c.hour + 1);
        if (i >= 8 && i < 16)
            buf_put(&b, bytes, n);
        buf_puts(&b, "5,0,0,0,0,0,0,9,9,9,0,0,0,0,0,3,0\n");
    }
    if (!b.failed)
        try_text(b.v, b.n, missing);
    buf_deinit(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n == 0)
        return 0;
    enum epw_sun missing = data[0] & 1 ? EPW_SUN_ZERO : EPW_SUN_CLEAR;
    if (data[0] & 2 && n < 2000)
        try_as_values((const char *)data + 1, n - 1, missing);
    else
        try_text((const char *)data + 1, n - 1, missing);
    return 0;
}
