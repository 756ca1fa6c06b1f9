// SPDX-License-Identifier: Apache-2.0
//
// platform.json of the study: {"qboxes": [{"id", "site", "lan_bw", ..., "qrads": [{"id", "qmobos":
// [...]}]}]}. Boards are numbered as Batsim does, by their names in order of bytes; "mobos_numeric_ids",
// where it is given, must say the same.
#include "sim/read/batsim.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "sim/read/batsim_inside.h"
#include "sim/read/doc.h"

static bool unit(const char *text, const char *const *name, const double *factor, size_t n, double *out)
{
    size_t digits = strspn(text, "0123456789.");
    if (digits == 0 || !num_read(text, digits, '.', out))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!strcmp(text + digits, name[i])) {
            *out *= factor[i];
            return true;
        }
    return false;
}

bool batsim_bandwidth(const char *text, double *bit_s)
{
    static const char *const name[] = {"bps", "kbps", "Mbps", "Gbps", "Tbps",
                                       "Bps", "kBps", "MBps", "GBps", "TBps"};
    static const double factor[] = {1, 1e3, 1e6, 1e9, 1e12, 8, 8e3, 8e6, 8e9, 8e12};
    double v;
    if (!unit(text, name, factor, ARRAY_LEN(name), &v) || !(v >= BATSIM_BIT_S_MIN && v <= BATSIM_BIT_S_MAX))
        return false;
    *bit_s = v;
    return true;
}

bool batsim_latency(const char *text, double *s)
{
    static const char *const name[] = {"ns", "us", "ms", "s", ""};
    static const double factor[] = {1e-9, 1e-6, 1e-3, 1, 1};
    double v;
    if (!unit(text, name, factor, ARRAY_LEN(name), &v) || v > 3600)
        return false;
    *s = v;
    return true;
}

void batsim_platform_deinit(struct batsim_platform *p)
{
    free(p->box);
    free(p->heater);
    free(p->board);
    for (size_t i = 0; i < p->n_powers; i++)
        free(p->power[i].state);
    free(p->power);
    arena_deinit(&p->text);
    *p = BATSIM_PLATFORM_NULL;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct batsim_board *)a)->id, ((const struct batsim_board *)b)->id);
}

int batsim_platform_finish(struct batsim_platform *p, struct err *e)
{
    if (p->n_boards == 0)
        return err_set(e, -EINVAL, "line 1: the platform has no boards");
    qsort(p->board, p->n_boards, sizeof *p->board, by_name);
    for (size_t i = 1; i < p->n_boards; i++)
        if (!strcmp(p->board[i - 1].id, p->board[i].id))
            return err_set(e, -EINVAL, "line 1: board %.80s stands twice", p->board[i].id);
    return 0;
}

static int rate_of(const struct doc_at *up, const char *key, double *out, struct err *e)
{
    const char *text;
    int bad = doc_text(up, key, BATSIM_NAME_MAX, &text, e);
    if (!bad && !batsim_bandwidth(text, out))
        bad = doc_refuse(up, e, "\"%s\" must be a rate like \"100Mbps\", is \"%.40s\" (1 kbps to 1000 Tbps)",
                         key, text);
    return bad;
}

static int latency_of(const struct doc_at *up, const char *key, double *out, struct err *e)
{
    const char *text;
    int bad = doc_text(up, key, BATSIM_NAME_MAX, &text, e);
    if (!bad && !batsim_latency(text, out))
        bad = doc_refuse(up, e, "\"%s\" must be a time like \"10ms\", is \"%.40s\"", key, text);
    return bad;
}

static int read_board(struct batsim_platform *p, const struct doc_at *list, size_t i, struct err *e)
{
    struct doc_at at;
    int bad = doc_item(list, i, DOC_TEXT, &at, e);
    if (bad)
        return bad;
    size_t n = json_string_length(at.v);
    if (n == 0 || n > BATSIM_NAME_MAX)
        return doc_refuse(&at, e, "a board's name must have 1 to %d bytes", BATSIM_NAME_MAX);
    if (p->n_boards >= BATSIM_BOARDS_MAX)
        return doc_refuse(&at, e, "more than %d boards", BATSIM_BOARDS_MAX);
    struct batsim_board *b = VEC_PUSH(p->board, p->n_boards, p->cap_boards);
    *b = (struct batsim_board){arena_strdup(&p->text, json_string_value(at.v)), (uint32_t)p->n_heaters - 1,
                               UINT32_MAX};
    return 0;
}

static int read_heater(struct batsim_platform *p, const struct doc_at *list, size_t i, struct err *e)
{
    struct doc_at at, boards;
    const char *id, *cpu;
    struct batsim_heater h = {.box = (uint32_t)p->n_boxes - 1};
    int bad = doc_item(list, i, DOC_OBJECT, &at, e);
    bad = bad ? bad : doc_text(&at, "id", BATSIM_NAME_MAX, &id, e);
    bad = bad ? bad : doc_text_or_null(&at, "cpu_type", BATSIM_NAME_MAX, &cpu, e);
    bad = bad ? bad : doc_number_or(&at, "host_conduct_coeff", 0.001, 1000, 1.6, &h.metal_w_k, e);
    bad = bad ? bad : doc_number_or(&at, "air_conduct_coeff", 0.001, 1e5, 10, &h.outside_w_k, e);
    bad = bad ? bad : doc_member(&at, "qmobos", DOC_ARRAY, &boards, e);
    if (bad)
        return bad;
    if (p->n_heaters >= BATSIM_BOARDS_MAX)
        return doc_refuse(&at, e, "more than %d heaters", BATSIM_BOARDS_MAX);
    h.id = arena_strdup(&p->text, id);
    h.cpu = arena_strdup(&p->text, cpu ? cpu : "");
    *VEC_PUSH(p->heater, p->n_heaters, p->cap_heaters) = h;
    for (size_t k = 0; !bad && k < doc_count(&boards); k++)
        bad = read_board(p, &boards, k, e);
    return bad;
}

static int read_box(struct batsim_platform *p, const struct doc_at *list, size_t i, struct err *e)
{
    struct doc_at at, heaters;
    const char *id, *site;
    struct batsim_box b = {0};
    int bad = doc_item(list, i, DOC_OBJECT, &at, e);
    bad = bad ? bad : doc_text(&at, "id", BATSIM_NAME_MAX, &id, e);
    bad = bad ? bad : doc_text(&at, "site", BATSIM_NAME_MAX, &site, e);
    bad = bad ? bad : rate_of(&at, "lan_bw", &b.lan_bit_s, e);
    bad = bad ? bad : rate_of(&at, "wan_bw", &b.wan_bit_s, e);
    bad = bad ? bad : latency_of(&at, "lan_lat", &b.lan_latency_s, e);
    bad = bad ? bad : latency_of(&at, "wan_lat", &b.wan_latency_s, e);
    bad = bad ? bad : doc_number(&at, "disk_size", 1, 1e18, &b.disk_bytes, e);
    bad = bad ? bad : doc_member(&at, "qrads", DOC_ARRAY, &heaters, e);
    if (bad)
        return bad;
    if (p->n_boxes >= BATSIM_BOXES_MAX)
        return doc_refuse(&at, e, "more than %d boxes", BATSIM_BOXES_MAX);
    b.id = arena_strdup(&p->text, id);
    b.site = arena_strdup(&p->text, site);
    *VEC_PUSH(p->box, p->n_boxes, p->cap_boxes) = b;
    for (size_t k = 0; !bad && k < doc_count(&heaters); k++)
        bad = read_heater(p, &heaters, k, e);
    return bad;
}

static int check_numbers(const struct batsim_platform *p, const struct doc_at *root, struct err *e)
{
    struct doc_at at;
    int there = doc_maybe(root, "mobos_numeric_ids", DOC_OBJECT, &at, e);
    if (there <= 0)
        return there;
    for (size_t i = 0; i < p->n_boards; i++) {
        double number;
        int bad = doc_number(&at, p->board[i].id, 0, 1e9, &number, e);
        if (bad)
            return bad;
        if (number != (double)i)
            return doc_refuse(&at, e, "board %.60s has number %.0f but is the %zuth by name, counted from 0",
                              p->board[i].id, number, i);
    }
    return 0;
}

int batsim_platform_json(struct batsim_platform *out, const char *text, size_t n, struct err *e)
{
    struct doc d;
    struct doc_at root, boxes;
    struct batsim_platform p = BATSIM_PLATFORM_NULL;
    *out = p;
    int bad = doc_parse(&d, text, n, 1, e);
    if (bad)
        return bad;
    root = doc_root(&d);
    bad = doc_member(&root, "qboxes", DOC_ARRAY, &boxes, e);
    for (size_t i = 0; !bad && i < doc_count(&boxes); i++)
        bad = read_box(&p, &boxes, i, e);
    bad = bad ? bad : batsim_platform_finish(&p, e);
    bad = bad ? bad : check_numbers(&p, &root, e);
    doc_deinit(&d);
    if (bad)
        batsim_platform_deinit(&p);
    else
        *out = p;
    return bad;
}
