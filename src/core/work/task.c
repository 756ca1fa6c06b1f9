// SPDX-License-Identifier: Apache-2.0
#include "core/work/task.h"

#include <string.h>
#include <strings.h>

#include "base/hash.h"
#include "base/hex.h"
#include "base/mem.h"

// Every state with its name and the states that may come next, to be read aloud:
//
//   While it lives, a task goes to any other living state: forward as instances are dispatched and executed
//   (states may be skipped when all goes fast), backward when an instance is tried again. It may end from
//   each of them. PendingCancel ends as Cancelled only. An ended task is only ever deleted, a deleted one is gone.
#define BIT(s) (1u << (s))
#define LIVING                                                                                               \
    (BIT(TASK_SUBMITTED) | BIT(TASK_PARTIALLY_DISPATCHED) | BIT(TASK_FULLY_DISPATCHED) |                     \
     BIT(TASK_PARTIALLY_EXECUTING) | BIT(TASK_FULLY_EXECUTING) | BIT(TASK_UPLOADING_RESULTS))
#define ENDED        (BIT(TASK_CANCELLED) | BIT(TASK_SUCCESS) | BIT(TASK_FAILURE))
#define ASKED_TO_END (BIT(TASK_PENDING_CANCEL) | BIT(TASK_PENDING_DELETE))

static const struct {
    const char *name;
    unsigned next;
} states[TASK_STATE_N] = {
    [TASK_SUBMITTED] = {"Submitted", LIVING | ENDED | ASKED_TO_END},
    [TASK_PARTIALLY_DISPATCHED] = {"PartiallyDispatched", LIVING | ENDED | ASKED_TO_END},
    [TASK_FULLY_DISPATCHED] = {"FullyDispatched", LIVING | ENDED | ASKED_TO_END},
    [TASK_PARTIALLY_EXECUTING] = {"PartiallyExecuting", LIVING | ENDED | ASKED_TO_END},
    [TASK_FULLY_EXECUTING] = {"FullyExecuting", LIVING | ENDED | ASKED_TO_END},
    [TASK_UPLOADING_RESULTS] = {"UploadingResults", LIVING | ENDED | ASKED_TO_END},
    [TASK_PENDING_CANCEL] = {"PendingCancel", BIT(TASK_CANCELLED) | BIT(TASK_PENDING_DELETE)},
    [TASK_CANCELLED] = {"Cancelled", BIT(TASK_PENDING_DELETE)},
    [TASK_SUCCESS] = {"Success", BIT(TASK_PENDING_DELETE)},
    [TASK_FAILURE] = {"Failure", BIT(TASK_PENDING_DELETE)},
    [TASK_PENDING_DELETE] = {"PendingDelete", 0},
};

const char *task_state_name(enum task_state s)
{
    return (unsigned)s < TASK_STATE_N ? states[s].name : "unknown";
}

bool task_state_parse(const char *name, enum task_state *s)
{
    for (int i = 0; i < TASK_STATE_N; i++) {
        if (strcasecmp(name, states[i].name) == 0) {
            *s = (enum task_state)i;
            return true;
        }
    }
    return false;
}

bool task_state_final(enum task_state s)
{
    return (unsigned)s < TASK_STATE_N && (BIT(s) & ENDED);
}

bool task_state_may_follow(enum task_state from, enum task_state to)
{
    if ((unsigned)from >= TASK_STATE_N || (unsigned)to >= TASK_STATE_N || from == to)
        return false; // staying is not a move
    return states[from].next & BIT(to);
}

const char *attempt_end_name(enum attempt_end e)
{
    static const char *const names[ATTEMPT_END_N] = {"Success", "Failure", "Cancelled", "Preempted", "Lost"};
    return (unsigned)e < ATTEMPT_END_N ? names[e] : "unknown";
}

const char *phase_name(enum phase p)
{
    static const char *const names[PHASE_N] = {"dispatch",  "download", "environment",
                                               "execution", "upload",   "shutdown"};
    return (unsigned)p < PHASE_N ? names[p] : "unknown";
}

void uuid_stamp(uint8_t bytes[16])
{
    bytes[6] = (uint8_t)((bytes[6] & 0x0f) | 0x40); // version 4: random
    bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80); // variant of RFC 9562
}

// 8-4-4-4-12: in digits; a dash stands before all groups but the first.
static const struct uuid_group {
    uint8_t at, n, text; // bytes of it, how many, and where its digits are
} groups[] = {{0, 4, 0}, {4, 2, 9}, {6, 2, 14}, {8, 2, 19}, {10, 6, 24}};

void uuid_format(char out[UUID_TEXT_BYTES], const uint8_t bytes[16])
{
    uint8_t v[16];
    memcpy(v, bytes, sizeof v);
    uuid_stamp(v);
    for (size_t g = 0; g < ARRAY_LEN(groups); g++) {
        if (g)
            out[groups[g].text - 1] = '-';
        hex_text(out + groups[g].text, v + groups[g].at, groups[g].n);
    }
}

void uuid_of_name(char out[UUID_TEXT_BYTES], const char *kind, const char *name)
{
    uint8_t bytes[16];
    if (!name || !*name) {
        memcpy(out, "00000000-0000-0000-0000-000000000000", UUID_TEXT_BYTES);
        return;
    }
    uint64_t h = hash_bytes(hash_bytes(HASH_SEED, kind, strlen(kind) + 1), name, strlen(name));
    for (int i = 0; i < 16; i++)
        bytes[i] = (uint8_t)(hash_mix(h + (i < 8 ? 0 : UINT64_C(0x9e3779b97f4a7c15))) >> (i % 8 * 8));
    uuid_format(out, bytes);
}

// Group after group, so that nothing behind the end of a shorter text is read.
bool uuid_parse(const char *text, uint8_t bytes[16])
{
    uint8_t got[16];
    for (size_t g = 0; g < ARRAY_LEN(groups); g++)
        if ((g && text[groups[g].text - 1] != '-') ||
            !hex_bytes(got + groups[g].at, groups[g].n, text + groups[g].text))
            return false;
    if (text[UUID_TEXT_BYTES - 1])
        return false;
    memcpy(bytes, got, sizeof got);
    return true;
}
