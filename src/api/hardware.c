// SPDX-License-Identifier: Apache-2.0
//
// Which hardware constraints make sense here: one for each thing that some board of the fleet is or has.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/handlers.h"
#include "api/json_out.h"
#include "base/mem.h"

#define KINDS_MAX 256 // of each sort; a fleet has few

struct kinds {
    const char *text[KINDS_MAX];
    size_t n;
};

struct amounts {
    int32_t v[KINDS_MAX];
    size_t n;
};

struct hardware {
    struct kinds keys, models;
    struct amounts cores, memory;
    bool has[2][2]; // [gpu, ssd][no, yes]
};

static void add_text(struct kinds *k, const char *text)
{
    size_t i = 0;
    while (i < k->n && strcmp(k->text[i], text) < 0)
        i++;
    if (!*text || k->n == KINDS_MAX || (i < k->n && !strcmp(k->text[i], text)))
        return;
    memmove(k->text + i + 1, k->text + i, (k->n - i) * sizeof *k->text);
    k->text[i] = text;
    k->n++;
}

static void add_amount(struct amounts *k, int32_t v)
{
    size_t i = 0;
    while (i < k->n && k->v[i] < v)
        i++;
    if (k->n == KINDS_MAX || (i < k->n && k->v[i] == v))
        return;
    memmove(k->v + i + 1, k->v + i, (k->n - i) * sizeof *k->v);
    k->v[i] = v;
    k->n++;
}

static struct hardware *look(struct call *c)
{
    struct hardware *h = arena_alloc(&c->arena, sizeof *h);
    size_t n = server_boards(c->engine);
    for (size_t i = 0; i < n; i++) {
        struct board_view b;
        server_board(c->engine, i, &b);
        add_text(&h->keys, b.spec->key);
        add_text(&h->models, b.spec->cpu_model);
        add_amount(&h->cores, b.spec->cores);
        add_amount(&h->memory, b.spec->memory_mb);
        h->has[0][b.spec->gpu] = true;
        h->has[1][b.spec->ssd] = true;
    }
    return h;
}

// A page in the making: rows outside it are only counted.
struct paging {
    struct json_out o;
    int64_t offset, limit, total;
};

static bool row(struct paging *p, const char *discriminator)
{
    int64_t at = p->total++;
    if (at < p->offset || at >= p->offset + p->limit)
        return false;
    out_object(&p->o, NULL);
    out_string(&p->o, "discriminator", discriminator);
    return true;
}

static void text_row(struct paging *p, const char *discriminator, const char *field, const char *value)
{
    if (row(p, discriminator)) {
        out_string(&p->o, field, value);
        out_end_object(&p->o);
    }
}

static void amount_row(struct paging *p, const char *discriminator, const char *field, int32_t value)
{
    if (row(p, discriminator)) {
        out_int(&p->o, field, value);
        out_end_object(&p->o);
    }
}

static void bare_row(struct paging *p, const char *discriminator, bool there)
{
    if (there && row(p, discriminator))
        out_end_object(&p->o);
}

void hardware_list(struct call *c)
{
    struct paging p = {.o = {.b = &c->out}, .limit = API_HARDWARE_PAGE};
    if (!call_query_int(c, "limit", INT32_MIN, INT32_MAX, &p.limit) ||
        !call_query_int(c, "offset", INT32_MIN, INT32_MAX, &p.offset))
        return;
    // A limit of 0 in the answer would make clients ask forever.
    p.limit = p.limit < 1 ? 1 : p.limit > API_HARDWARE_PAGE ? API_HARDWARE_PAGE : p.limit;
    p.offset = p.offset < 0 ? 0 : p.offset;
    const struct hardware *h = look(c);
    out_object(&p.o, NULL);
    out_array(&p.o, "data");
    for (size_t i = 0; i < h->keys.n; i++)
        text_row(&p, "SpecificHardwareConstraint", "specificationKey", h->keys.text[i]);
    for (size_t i = 0; i < h->models.n; i++)
        text_row(&p, "CpuModelHardwareConstraint", "cpuModel", h->models.text[i]);
    for (size_t i = 0; i < h->cores.n; i++) {
        amount_row(&p, "MinimumCoreHardwareConstraint", "coreCount", h->cores.v[i]);
        amount_row(&p, "MaximumCoreHardwareConstraint", "coreCount", h->cores.v[i]);
    }
    for (size_t i = 0; i < h->memory.n; i++) {
        amount_row(&p, "MinimumRamHardwareConstraint", "minimumMemoryMB", h->memory.v[i]);
        amount_row(&p, "MaximumRamHardwareConstraint", "maximumMemoryMB", h->memory.v[i]);
    }
    bare_row(&p, "GpuHardwareConstraint", h->has[0][1]);
    bare_row(&p, "NoGpuHardwareConstraint", h->has[0][0]);
    bare_row(&p, "SSDHardwareConstraint", h->has[1][1]);
    bare_row(&p, "NoSSDHardwareConstraint", h->has[1][0]);
    out_end_array(&p.o);
    out_int(&p.o, "offset", p.offset);
    out_int(&p.o, "limit", p.limit);
    out_int(&p.o, "total", p.total);
    out_end_object(&p.o);
}

// 4: the model itself, 3: begins so, 2: contains it, 1: has all its words, 0: none of that.
static int relevance(const char *model, const char *wanted)
{
    size_t n = strlen(wanted);
    if (!strcasecmp(model, wanted))
        return 4;
    if (!strncasecmp(model, wanted, n))
        return 3;
    if (strcasestr(model, wanted))
        return 2;
    for (const char *at = wanted; *at;) {
        char word[64];
        size_t len = strcspn(at, " ");
        snprintf(word, sizeof word, "%.*s", (int)(len < 60 ? len : 60), at);
        if (len && !strcasestr(model, word))
            return 0;
        at += len + (at[len] == ' ');
    }
    return 1;
}

void hardware_cpu_search(struct call *c)
{
    const char *wanted = call_query(c, "cpuModel");
    if (!wanted || !*wanted) {
        call_problem(c, NULL, "cpuModel", "The cpuModel field is required.");
        return;
    }
    const struct hardware *h = look(c);
    struct paging p = {.o = {.b = &c->out}, .limit = API_HARDWARE_PAGE};
    out_array(&p.o, NULL);
    for (int want = 4; want > 0; want--)
        for (size_t i = 0; i < h->models.n; i++)
            if (relevance(h->models.text[i], wanted) == want)
                text_row(&p, "CpuModelHardwareConstraint", "cpuModel", h->models.text[i]);
    out_end_array(&p.o);
}
