// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a table, as a series and a calendar out of one, as a file of draw-offs: read, or refused with
// line and column, and what is read is within its bounds. The first byte chooses the dialect: bit 0 separator
// ';', bit 1 tab, bit 2 decimal comma; bit 3 tries draw-offs instead.
#include "fuzz.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "world/calendar.h"
#include "world/csv.h"
#include "world/draw.h"
#include "world/series.h"

static void try_draw(const char *text, size_t n)
{
    struct draw d;
    struct err e = ERR_NULL;
    int rc = draw_read(&d, text, n, 60000, &e);
    assert(rc == 0 ? d.n > 0 : !strncmp(e.text, "line ", 5) && !d.l_h);
    if (rc == 0) {
        double all = draw_total_l(&d), round = draw_litres(&d, -12345, (int64_t)d.n * 60000 - 12345);
        assert(all >= 0 && round >= all * (1 - 1e-9) - 1e-9 && round <= all * (1 + 1e-9) + 1e-9);
    }
    draw_deinit(&d);
}

static void try_uses(const struct csv *c)
{
    struct err e = ERR_NULL;
    struct series s;
    const char *first = csv_field(c, -1, 0), *last = csv_field(c, -1, c->columns - 1);
    if (series_from_csv(&s, c, first, last, -1e6, 1e6, &e) == 0)
        for (int64_t t = s.start_ms - 7 * s.step_ms; t < s.start_ms + 7 * s.step_ms; t += s.step_ms)
            assert(series_at(&s, t) >= -1e6 && series_at(&s, t) <= 1e6);
    else
        assert(!strncmp(e.text, "line ", 5) && !s.v);
    series_deinit(&s);
    struct calendar days = CALENDAR_NULL;
    int rc = calendar_read(&days, c, first, c->columns > 1 ? last : NULL, CALENDAR_SCHOOL, &e);
    assert(rc == 0 || (!strncmp(e.text, "line ", 5) && !days.mark));
    assert(!calendar_is_school(&days, days.first - 1) && !calendar_is_school(&days, INT64_MAX));
    calendar_deinit(&days);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n == 0)
        return 0;
    const char *text = (const char *)data + 1;
    if (data[0] & 8) {
        try_draw(text, n - 1);
        return 0;
    }
    struct csv c;
    struct err e = ERR_NULL;
    struct csv_dialect dialect = {data[0] & 1 ? ';' : data[0] & 2 ? '\t' : ',', data[0] & 4};
    int rc = csv_read(&c, text, n - 1, dialect, &e);
    assert(rc == 0 || (rc == -EINVAL && !strncmp(e.text, "line ", 5) && !c.text));
    for (size_t row = 0; row < c.rows; row++)
        for (size_t column = 0; column < c.columns; column++)
            assert(strlen(csv_field(&c, (int64_t)row, column)) < n);
    if (rc == 0)
        try_uses(&c);
    csv_deinit(&c);
    return 0;
}
