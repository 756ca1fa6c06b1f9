// SPDX-License-Identifier: Apache-2.0
//
// The scenario file. A section that comes again goes on with the one of the same name, so that one file can
// be laid over another.
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/map.h"
#include "base/mem.h"
#include "ini/ini_text.h"
#include "sim/scenario_keys.h"

#define SECTIONS_MAX 2048 // of one kind: each is compared with those before it

struct reading {
    struct scenario s;
    const char *file;
    int line;          // of the key
    struct idmap seen; // keys of this file, to their lines
};

// Where a section stands: in the file that had it last, since what is wrong of it is likely of that one. A line is
// that of its first key there.
static void stands(const struct reading *r, char file[SIM_TEXT_BYTES], int *line)
{
    if (*line && !strcmp(file, r->file))
        return;
    snprintf(file, SIM_TEXT_BYTES, "%s", r->file);
    *line = r->line;
}

// The record of a section, made when it comes first, and which of its kind it is; NULL: there are too many.
static void *record(struct reading *r, size_t kind, const char *name, uint32_t *index)
{
    struct scenario *s = &r->s;
#define FIND(vec, n, cap, make)                                                                              \
    do {                                                                                                     \
        for (size_t i = 0; i < s->n; i++)                                                                    \
            if (!strcmp(s->vec[i].name, name)) {                                                             \
                stands(r, s->vec[i].from_file, &s->vec[i].line);                                             \
                *index = (uint32_t)i;                                                                        \
                return &s->vec[i];                                                                           \
            }                                                                                                \
        if (s->n == SECTIONS_MAX)                                                                            \
            return NULL;                                                                                     \
        *index = (uint32_t)s->n;                                                                             \
        (void)VEC_PUSH(s->vec, s->n, s->cap);                                                                \
        make(&s->vec[s->n - 1]);                                                                             \
        memcpy(s->vec[s->n - 1].name, name, strlen(name) + 1);                                               \
        stands(r, s->vec[s->n - 1].from_file, &s->vec[s->n - 1].line);                                       \
        return &s->vec[s->n - 1];                                                                            \
    } while (0)
    switch (kind) {
    case 1:
        FIND(site, n_sites, cap_sites, scenario_site_default);
    case 2:
        FIND(board, n_board_models, cap_board_models, scenario_board_default);
    case 3:
        FIND(zones, n_zones, cap_zones, scenario_zones_default);
    case 4:
        FIND(work, n_work, cap_work, scenario_work_default);
    case 5:
        FIND(fault, n_faults, cap_faults, scenario_fault_default);
    default:
        *index = 0;
        return s;
    }
#undef FIND
}

// What a group of zones was told. Which kind it is may come later, so that keys of another are found at the
// end.
static void note_zones(struct scenario_zones *z, const struct scenario_row *k, const struct reading *r)
{
    z->start_said |= !strcmp(k->name, "start_c");
    z->setpoints_said |= !strcmp(k->name, "setpoints");
    z->heater_w_said |= !strcmp(k->name, "heater_w_k");
    z->heater_j_said |= !strcmp(k->name, "heater_kj_k");
    for (int kind = 0; k->of && kind < ZONE_KIND_N; kind++) {
        if (k->of >> kind & 1 || z->odd_key[kind])
            continue;
        z->odd_key[kind] = k->name;
        z->odd_line[kind] = r->line;
        snprintf(z->odd_file[kind], SIM_TEXT_BYTES, "%s", r->file);
    }
}

// In one file a key stands once in a section; a file that is laid over another says it again.
static int only_once(struct reading *r, const char *section, const char *name, struct err *e)
{
    uint64_t key =
        hash_mix(hash_bytes(hash_bytes(HASH_SEED, section, strlen(section) + 1), name, strlen(name)));
    uint64_t line;
    if (idmap_get(&r->seen, key | 1, &line))
        return err_set(e, -EINVAL, "[%s] %s: is there already, in line %d", section, name, (int)line);
    idmap_set(&r->seen, key | 1, (uint64_t)r->line);
    return 0;
}

static int take_pair(void *ctx, const struct ini_pair *pair, struct err *e)
{
    struct reading *r = ctx;
    const char *section = pair->section, *name = pair->name;
    r->line = pair->line;
    char kind[32];
    size_t n = strcspn(section, " \t");
    const char *rest = section + n + strspn(section + n, " \t");
    snprintf(kind, sizeof kind, "%.*s", (int)n, section);
    size_t which = 0;
    while (scenario_sections[which].kind && strcmp(kind, scenario_sections[which].kind) != 0)
        which++;
    if (!*section)
        return err_set(e, -EINVAL, "%s: stands in no section", name);
    if (!scenario_sections[which].kind)
        return err_set(e, -EINVAL,
                       "[%s]: there is no such section (scenario, site, board, zones, work, fault)", section);
    if (which == 0 ? *rest != '\0' : !scenario_name_ok(rest))
        return err_set(e, -EINVAL, "[%s]: %s", section,
                       which == 0 ? "this section has no name"
                                  : "a section of this kind has a name: letters, digits and . _ -");
    const struct scenario_row *k = scenario_sections[which].row;
    while (k->name && strcmp(k->name, name) != 0)
        k++;
    if (!k->name)
        return err_set(e, -EINVAL, "[%s] %s: there is no such key (ondol-scenario(5) lists them)", section,
                       name);
    if (only_once(r, section, name, e) < 0)
        return e->code;
    struct err why = ERR_NULL;
    uint32_t index;
    void *to = record(r, which, rest, &index);
    if (!to)
        return err_set(e, -EINVAL, "[%s]: more than %d sections [%s NAME]", section, SECTIONS_MAX, kind);
    if (scenario_key_set(k, to, pair->value, &why) < 0)
        return err_set(e, -EINVAL, "[%s] %s: %s", section, name, why.text);
    *VEC_PUSH(r->s.said, r->s.n_said, r->s.cap_said) =
        (struct scenario_said){k, (uint32_t)which, index, (uint32_t)r->s.n_laid - 1, r->line};
    if (strcmp(kind, "zones") == 0)
        note_zones(to, k, r);
    return 0;
}

// What a board's file says in watts and seconds, into its curve.
static void finish_boards(struct scenario *s)
{
    for (size_t i = 0; i < s->n_board_models; i++) {
        struct scenario_board *b = &s->board[i];
        if (b->idle_mw_64 >= 0)
            b->curve.idle_mw = (int32_t)b->idle_mw_64;
        if (b->sleep_mw_64 >= 0)
            b->curve.sleep_mw = (int32_t)b->sleep_mw_64;
        if (b->boot_ms_64 >= 0)
            b->curve.boot_ms = (int32_t)b->boot_ms_64;
    }
}

static void copy_scenario(struct scenario *to, const struct scenario *from)
{
    *to = *from;
#define COPY(v, n, cap)                                                                                      \
    do {                                                                                                     \
        to->v = NULL;                                                                                        \
        to->cap = 0;                                                                                         \
        mem_grow(&to->v, &to->cap, from->n, sizeof *to->v);                                                  \
        if (from->n)                                                                                         \
            memcpy(to->v, from->v, from->n * sizeof *to->v);                                                 \
    } while (0)
    COPY(site, n_sites, cap_sites);
    COPY(board, n_board_models, cap_board_models);
    COPY(zones, n_zones, cap_zones);
    COPY(work, n_work, cap_work);
    COPY(fault, n_faults, cap_faults);
    COPY(laid, n_laid, cap_laid);
    COPY(said, n_said, cap_said);
#undef COPY
}

int scenario_lay_over(struct scenario *s, const char *file, const char *text, size_t n, struct err *e)
{
    struct reading r = {.file = file};
    copy_scenario(&r.s, s);
    snprintf(*VEC_PUSH(r.s.laid, r.s.n_laid, r.s.cap_laid), SIM_TEXT_BYTES, "%s", file);
    int bad = ini_read_text(file, text, n, take_pair, &r, e);
    idmap_deinit(&r.seen);
    if (bad) {
        scenario_deinit(&r.s);
        return bad;
    }
    finish_boards(&r.s);
    snprintf(r.s.file, sizeof r.s.file, "%s", file);
    scenario_deinit(s);
    *s = r.s;
    return 0;
}

int scenario_read(struct scenario *s, const char *file, const char *text, size_t n, struct err *e)
{
    struct scenario made;
    scenario_init(&made);
    int bad = scenario_lay_over(&made, file, text, n, e);
    if (!bad)
        bad = scenario_check(&made, e);
    if (bad) {
        scenario_deinit(&made);
        return bad;
    }
    *s = made;
    return 0;
}
