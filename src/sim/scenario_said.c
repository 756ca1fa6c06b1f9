// SPDX-License-Identifier: Apache-2.0
//
// What can be said of a scenario only when all of its files are laid over each other, with the lines of the keys.
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "sim/scenario_keys.h"

static const char *section_name(const struct scenario *s, uint32_t section, size_t index)
{
    switch (section) {
    case SECTION_SITE:
        return s->site[index].name;
    case SECTION_BOARD:
        return s->board[index].name;
    case SECTION_ZONES:
        return s->zones[index].name;
    case SECTION_WORK:
        return s->work[index].name;
    case SECTION_FAULT:
        return s->fault[index].name;
    default:
        return "";
    }
}

static const struct scenario_said *find(const struct scenario *s, uint32_t section, size_t index,
                                        const char *key)
{
    for (size_t i = s->n_said; i-- > 0;)
        if (s->said[i].section == section && s->said[i].index == index && !strcmp(s->said[i].key->name, key))
            return &s->said[i];
    return NULL;
}

// Where the section begins in the file that has it last.
static const struct scenario_said *find_first(const struct scenario *s, uint32_t section, size_t index)
{
    const struct scenario_said *at = NULL;
    for (size_t i = s->n_said; i-- > 0;)
        if (s->said[i].section == section && s->said[i].index == index &&
            (!at || s->said[i].file == at->file))
            at = &s->said[i];
    return at;
}

int scenario_blame_key(const struct scenario *s, const char *kind, size_t index, const char *key,
                       struct err *e)
{
    uint32_t section = 0;
    while (scenario_sections[section].kind && strcmp(scenario_sections[section].kind, kind) != 0)
        section++;
    const struct scenario_said *at = find(s, section, index, key);
    if (!at)
        at = find_first(s, section, index);
    const char *name = section_name(s, section, index), *gap = *name ? " " : "";
    return at ? err_prefix(e, "%s:%d: [%s%s%s] %s", s->laid[at->file], at->line, kind, gap, name, key)
              : err_prefix(e, "%s: [%s%s%s] %s", s->file[0] ? s->file : "scenario", kind, gap, name, key);
}

static void note(const struct scenario *s, const struct scenario_said *at, struct buf *out, const char *why)
{
    const char *name = section_name(s, at->section, at->index);
    buf_putf(out, "%s:%d: [%s%s%s] %s: %s\n", s->laid[at->file], at->line,
             scenario_sections[at->section].kind, *name ? " " : "", name, at->key->name, why);
}

static void note_work(const struct scenario *s, const struct scenario_said *at, struct buf *out)
{
    char why[80];
    enum scenario_work_kind kind = s->work[at->index].kind;
    if (!at->key->of || at->key->of >> kind & 1)
        return;
    snprintf(why, sizeof why, "has no effect with kind = %s", scenario_work_kind_name(kind));
    note(s, at, out, why);
}

static void note_site(const struct scenario *s, const struct scenario_said *at, struct buf *out)
{
    const struct scenario_site *x = &s->site[at->index];
    const char *key = at->key->name;
    if (!strcmp(key, "holidays_zone") && !x->holidays_file[0])
        note(s, at, out, "has no effect without holidays_file");
    else if (!strcmp(key, "carbon_g_kwh") && x->carbon_g_kwh > 0 && x->carbon_g_kwh < SCENARIO_CARBON_GRAMS)
        note(s, at, out, "is below 2: are these kilograms? (grams a kilowatt-hour are wanted)");
}

void scenario_notes(const struct scenario *s, struct buf *out)
{
    for (size_t i = 0; i < s->n_said; i++) {
        if (s->said[i].section == SECTION_WORK)
            note_work(s, &s->said[i], out);
        else if (s->said[i].section == SECTION_SITE)
            note_site(s, &s->said[i], out);
    }
}
