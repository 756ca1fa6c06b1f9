// SPDX-License-Identifier: Apache-2.0
//
// Hardware constraints of a task, compiled from the list of the public API (qarnot names in brackets) into
// one record that compares with a board's specification and has a hash, so that tasks can be queued by what
// they ask for.
#ifndef ONDOL_CORE_WORK_CONSTRAINT_H
#define ONDOL_CORE_WORK_CONSTRAINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define SPEC_KEY_BYTES  64
#define CPU_MODEL_BYTES 64

enum want { WANT_ANY, WANT_YES, WANT_NO };

// What a board is.
struct board_spec {
    int32_t cores;
    int32_t memory_mb;
    bool gpu, ssd;
    char key[SPEC_KEY_BYTES]; // e.g. "8c-32g-amd-ryzen1700"
    char cpu_model[CPU_MODEL_BYTES];
};

// Zero everywhere: no constraint. All parts must hold.
struct constraint {
    int32_t cores_min, cores_max;         // 0: none
    int32_t memory_mb_min, memory_mb_max; // 0: none
    int32_t mb_per_core_min, mb_per_core_max;
    uint8_t gpu, ssd;                // enum want
    char key[SPEC_KEY_BYTES];        // substring of the board's key; "" none
    char cpu_model[CPU_MODEL_BYTES]; // substring of the model, any case; "" none
};

bool constraint_is_none(const struct constraint *c);
bool constraint_equal(const struct constraint *a, const struct constraint *b);
bool constraint_holds(const struct constraint *c, const struct board_spec *b);
// The first thing that does not hold, for "why": "8 cores where 16 are asked for"; "" when all holds.
void constraint_lack(const struct constraint *c, const struct board_spec *b, char *out, size_t out_bytes);
// As one line of text and back, for rows: "" when there is none. parse: false when it is no such text.
void constraint_format(const struct constraint *c, struct buf *out);
bool constraint_parse(const char *text, struct constraint *c);
// Of the members alone: equal constraints have equal hashes.
uint64_t constraint_hash(const struct constraint *c);

#endif
