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
    const struct board_spec *spec = &b->make->spec;
    const struct curve *curve = &b->make->curve;
    buf_putf(&t, "%d %d %d %d %d %d %d %d %d", (int)spec->cores, (int)spec->memory_mb, spec->gpu, spec->ssd,
             b->sandbox | b->can_hold << 1, (int)curve->idle_mw, (int)curve->sleep_mw, (int)curve->boot_ms,
             (int)curve->n);
    for (int i = 0; i < curve->n; i++)
        buf_putf(&t, " %d:%d", (int)curve->p[i].freq_mhz, (int)curve->p[i].draw_mw);
    const char *const text_part[] = {spec->key, spec->cpu_model, curve->model, board_said(b->sandbox_lack)};
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

bool board_offer_parse(struct server *s, const char *text, struct board *b)
{
    int32_t v[9];
    const char *p = text;
    char lack[BOARD_WHY_BYTES];
    for (int i = 0; i < 9; i++)
        if (!take(&p, &v[i]))
            return false;
    struct board_spec spec = {.cores = v[0], .memory_mb = v[1], .gpu = v[2], .ssd = v[3]};
    struct curve curve = {.cores = v[0], .idle_mw = v[5], .sleep_mw = v[6], .boot_ms = v[7], .n = v[8]};
    b->sandbox = v[4] & 1;
    b->can_hold = v[4] & 2;
    if (curve.n < 1 || curve.n > CURVE_POINTS_MAX)
        return false;
    for (int i = 0; i < curve.n; i++)
        if (!take(&p, &curve.p[i].freq_mhz) || !take(&p, &curve.p[i].draw_mw))
            return false;
    take_text(&p, spec.key, sizeof spec.key);
    take_text(&p, spec.cpu_model, sizeof spec.cpu_model);
    take_text(&p, curve.model, sizeof curve.model);
    take_text(&p, lack, sizeof lack);
    board_is_of(s, b, &spec, &curve);
    board_say(&b->sandbox_lack, lack);
    return true;
}
