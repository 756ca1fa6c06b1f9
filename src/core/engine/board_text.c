// SPDX-License-Identifier: Apache-2.0
//
// The offer of a board as one line of text in its row:
//
//   cores memory_mb gpu ssd sandbox idle sleep boot n f:w ... |key|model|curve|lack
//
// `sandbox` is 0, 1, or 3 where work can also be set aside.
#include <stdlib.h>

#include "base/mem.h"
#include "core/engine/server_fleet.h"

char *board_offer_text(const struct board *b, struct arena *a)
{
    struct buf t = BUF_INIT(4096);
    buf_putf(&t, "%d %d %d %d %d %d %d %d %d", (int)b->spec.cores, (int)b->spec.memory_mb, b->spec.gpu,
             b->spec.ssd, b->sandbox | b->can_hold << 1, (int)b->curve.idle_mw, (int)b->curve.sleep_mw,
             (int)b->curve.boot_ms, (int)b->curve.n);
    for (int i = 0; i < b->curve.n; i++)
        buf_putf(&t, " %d:%d", (int)b->curve.p[i].freq_mhz, (int)b->curve.p[i].draw_mw);
    const char *const text_part[] = {b->spec.key, b->spec.cpu_model, b->curve.model, b->sandbox_lack};
    for (size_t i = 0; i < ARRAY_LEN(text_part); i++) {
        buf_putc(&t, '|');
        for (const char *p = text_part[i]; *p; p++)
            buf_putc(&t, *p == '|' ? '/' : *p);
    }
    char *text = arena_strdup(a, buf_str(&t));
    buf_deinit(&t);
    return text;
}

static bool take(const char **p, int32_t *v)
{
    char *end;
    long x = strtol(*p, &end, 10);
    if (end == *p)
        return false;
    *v = (int32_t)x;
    *p = *end == ' ' || *end == ':' ? end + 1 : end;
    return true;
}

static void take_text(const char **p, char *out, size_t size)
{
    size_t n = 0;
    if (**p == '|')
        (*p)++;
    while (**p && **p != '|') {
        if (n + 1 < size)
            out[n++] = **p;
        (*p)++;
    }
    out[n] = '\0';
}

bool board_offer_parse(const char *text, struct board *b)
{
    int32_t v[9];
    const char *p = text;
    for (int i = 0; i < 9; i++)
        if (!take(&p, &v[i]))
            return false;
    b->spec = (struct board_spec){.cores = v[0], .memory_mb = v[1], .gpu = v[2], .ssd = v[3]};
    b->sandbox = v[4] & 1;
    b->can_hold = v[4] & 2;
    b->curve = (struct curve){.cores = v[0], .idle_mw = v[5], .sleep_mw = v[6], .boot_ms = v[7], .n = v[8]};
    if (b->curve.n < 1 || b->curve.n > CURVE_POINTS_MAX)
        return false;
    for (int i = 0; i < b->curve.n; i++)
        if (!take(&p, &b->curve.p[i].freq_mhz) || !take(&p, &b->curve.p[i].draw_mw))
            return false;
    take_text(&p, b->spec.key, sizeof b->spec.key);
    take_text(&p, b->spec.cpu_model, sizeof b->spec.cpu_model);
    take_text(&p, b->curve.model, sizeof b->curve.model);
    take_text(&p, b->sandbox_lack, sizeof b->sandbox_lack);
    return true;
}
