// SPDX-License-Identifier: Apache-2.0
#include "sim/page/compare.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sim/page/figures.h"
#include "sim/page/page.h"

void comparison_init(struct comparison *c, size_t n_variants, uint64_t first_seed, size_t n_seeds)
{
    *c = (struct comparison){.n_variants = n_variants,
                             .n_seeds = n_seeds,
                             .name = mem_array(n_variants, sizeof *c->name),
                             .seed = mem_array(n_seeds, sizeof *c->seed),
                             .value = mem_array(n_variants * n_seeds * n_figures, sizeof *c->value),
                             .known = mem_array(n_variants * n_seeds, 1)};
    for (size_t i = 0; i < n_seeds; i++)
        c->seed[i] = first_seed + i;
}

void comparison_deinit(struct comparison *c)
{
    free(c->name);
    free(c->seed);
    free(c->value);
    free(c->known);
    *c = COMPARISON_NULL;
}

void comparison_name(struct comparison *c, size_t variant, const char *name)
{
    snprintf(c->name[variant], COMPARE_NAME_BYTES, "%s", name);
}

static size_t cell(const struct comparison *c, size_t variant, size_t seed)
{
    return variant * c->n_seeds + seed;
}

void comparison_put(struct comparison *c, size_t variant, size_t seed, const double *value)
{
    c->known[cell(c, variant, seed)] = 1;
    memcpy(&c->value[cell(c, variant, seed) * n_figures], value, n_figures * sizeof *value);
}

struct stat_interval comparison_mean(const struct comparison *c, size_t variant, size_t figure)
{
    struct stat_mean m = {0};
    for (size_t s = 0; s < c->n_seeds; s++)
        if (c->known[cell(c, variant, s)])
            stat_mean_add(&m, c->value[cell(c, variant, s) * n_figures + figure]);
    return stat_interval95(&m);
}

struct stat_interval comparison_difference(const struct comparison *c, size_t variant, size_t figure)
{
    struct stat_mean m = {0};
    for (size_t s = 0; s < c->n_seeds; s++)
        if (c->known[cell(c, variant, s)] && c->known[cell(c, 0, s)])
            stat_mean_add(&m, c->value[cell(c, variant, s) * n_figures + figure] -
                                  c->value[cell(c, 0, s) * n_figures + figure]);
    return stat_interval95(&m);
}

int comparison_verdict(const struct comparison *c, size_t variant, size_t figure)
{
    struct stat_interval d = comparison_difference(c, variant, figure);
    if (d.n < 2 || (d.mean - d.half <= 0 && d.mean + d.half >= 0))
        return 0;
    return d.mean > 0 ? figures[figure].better : -figures[figure].better;
}

// Nothing to say where all are zero.
static int is_silent(const struct comparison *c, size_t figure)
{
    for (size_t v = 0; v < c->n_variants; v++)
        for (size_t s = 0; s < c->n_seeds; s++)
            if (c->value[cell(c, v, s) * n_figures + figure] != 0)
                return 0;
    return 1;
}

// No variant differs from the first for any seed.
static int is_same(const struct comparison *c, size_t figure)
{
    for (size_t v = 1; v < c->n_variants; v++)
        for (size_t s = 0; s < c->n_seeds; s++)
            if (c->value[cell(c, v, s) * n_figures + figure] != c->value[cell(c, 0, s) * n_figures + figure])
                return 0;
    return 1;
}

static void text_cell(struct buf *out, struct stat_interval i, int decimals, const char *mark)
{
    char text[64], plus[32] = "";
    if (i.n > 1)
        snprintf(plus, sizeof plus, " +-%.*f", decimals, i.half);
    snprintf(text, sizeof text, "%.*f%s%s", decimals, i.mean, plus, mark);
    buf_putf(out, "  %24s", text);
}

// A difference that is not seen in the digits printed is not called anything.
static const char *mark_of(const struct comparison *c, size_t v, size_t f)
{
    static const char *const mark[] = {" worse", "", " better"};
    double least = 0.5, mean = comparison_difference(c, v, f).mean;
    for (int i = 0; i < figures[f].decimals; i++)
        least /= 10;
    return mean < least && mean > -least ? "" : mark[comparison_verdict(c, v, f) + 1];
}

static void text_row(struct buf *out, const struct comparison *c, size_t f)
{
    const struct figure *row = &figures[f];
    buf_putf(out, "%-36s", row->name);
    for (size_t v = 0; v < c->n_variants; v++)
        text_cell(out, comparison_mean(c, v, f), row->decimals, "");
    buf_putf(out, "  %s\n", row->unit);
    if (is_same(c, f))
        return;
    buf_putf(out, "%-36s  %24s", "", "");
    for (size_t v = 1; v < c->n_variants; v++)
        text_cell(out, comparison_difference(c, v, f), row->decimals, mark_of(c, v, f));
    buf_putc(out, '\n');
}

void comparison_text(struct buf *out, const struct comparison *c)
{
    buf_putf(out,
             "Mean +- half of the 95 %% interval (Student) over %zu seed%s, %" PRIu64 " to %" PRIu64
             ". Second lines: difference to %s, seed by seed;\n\"better\" or \"worse\" where its interval "
             "leaves 0 out.\n\n",
             c->n_seeds, c->n_seeds == 1 ? "" : "s", c->seed[0], c->seed[c->n_seeds - 1], c->name[0]);
    buf_putf(out, "%-36s", "");
    for (size_t v = 0; v < c->n_variants; v++)
        buf_putf(out, "  %24.24s", c->name[v]);
    buf_putc(out, '\n');
    for (size_t f = 0; f < n_figures; f++)
        if (!is_silent(c, f))
            text_row(out, c, f);
}

static void json_interval(struct buf *out, struct stat_interval i)
{
    buf_putf(out, "{\"n\": %" PRId64 ", \"mean\": %.12g, \"half95\": %.12g}", i.n, i.mean, i.half);
}

static void json_variant(struct buf *out, const struct comparison *c, size_t v)
{
    buf_puts(out, "    {\"name\": ");
    page_json_text(out, c->name[v]);
    buf_puts(out, ", \"figures\": {");
    for (size_t f = 0; f < n_figures; f++) {
        buf_putf(out, "%s\n      \"%s\": {\"mean\": ", f ? "," : "", figures[f].key);
        json_interval(out, comparison_mean(c, v, f));
        buf_puts(out, ", \"difference\": ");
        json_interval(out, comparison_difference(c, v, f));
        buf_puts(out, ", \"values\": [");
        for (size_t s = 0, n = 0; s < c->n_seeds; s++)
            if (c->known[cell(c, v, s)])
                buf_putf(out, "%s%.12g", n++ ? ", " : "", c->value[cell(c, v, s) * n_figures + f]);
        buf_puts(out, "]}");
    }
    buf_puts(out, "\n    }}");
}

void comparison_json(struct buf *out, const struct comparison *c)
{
    buf_puts(out, "{\n  \"seeds\": [");
    for (size_t s = 0; s < c->n_seeds; s++)
        buf_putf(out, "%s%" PRIu64, s ? ", " : "", c->seed[s]);
    buf_puts(out, "],\n  \"variants\": [\n");
    for (size_t v = 0; v < c->n_variants; v++) {
        json_variant(out, c, v);
        buf_puts(out, v + 1 < c->n_variants ? ",\n" : "\n");
    }
    buf_puts(out, "  ]\n}\n");
}

void comparison_csv(struct buf *out, const struct comparison *c)
{
    buf_puts(out, "figure,unit,variant,n,mean,half95,difference,difference_half95\n");
    for (size_t f = 0; f < n_figures; f++)
        for (size_t v = 0; v < c->n_variants; v++) {
            struct stat_interval m = comparison_mean(c, v, f), d = comparison_difference(c, v, f);
            buf_putf(out, "%s,%s,", figures[f].key, figures[f].unit);
            page_csv_text(out, c->name[v]);
            buf_putf(out, ",%" PRId64 ",%.12g,%.12g,%.12g,%.12g\n", m.n, m.mean, m.half, d.mean, d.half);
        }
}
