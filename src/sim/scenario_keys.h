// SPDX-License-Identifier: Apache-2.0
//
// The keys of a scenario file, for the files scenario*.c only: a row describes one, with what it is, where
// its value goes and its limits.
#ifndef ONDOL_SIM_SCENARIO_KEYS_H
#define ONDOL_SIM_SCENARIO_KEYS_H

#include "sim/scenario.h"

enum scenario_key_kind {
    TEXT,    // char[SIM_TEXT_BYTES]
    NAME,    // char[SIM_NAME_BYTES]
    REAL,    // double: value x scale; scale 0 is 1
    INT32,   // int32_t
    ROUNDED, // int64_t: value x scale, rounded
    SEED,    // uint64_t
    FLAG,    // bool: the second of two choices
    CHOICE,  // int
    DATE,    // house_ms
    SPECIAL, // `set` sees to it
};

struct scenario_row {
    const char *name; // NULL ends the table
    enum scenario_key_kind kind;
    size_t at; // in the record of its section
    double min, max, scale;
    const char *const *choice;
    int (*set)(void *section, const char *value, struct err *e);
    unsigned of; // kinds of zones or of work that have it, bits 1 << their enum; 0: all
};

extern const struct scenario_section {
    const char *kind; // NULL ends them
    const struct scenario_row *row;
} scenario_sections[]; // the first, "scenario", has no name; the others have

enum { // places in it
    SECTION_SCENARIO,
    SECTION_SITE,
    SECTION_BOARD,
    SECTION_ZONES,
    SECTION_WORK,
    SECTION_FAULT,
};

bool scenario_name_ok(const char *name);
const char *scenario_work_kind_name(enum scenario_work_kind k);
// Keeps one value in the record of its section. -EINVAL: the sentence, without file, line and key.
int scenario_key_set(const struct scenario_row *k, void *section, const char *value, struct err *e);

#endif
