// SPDX-License-Identifier: Apache-2.0
//
// A task is N instances of one container. States, their exact names in the public API, and the moves between
// them:
//
//   Submitted -> PartiallyDispatched -> FullyDispatched -> PartiallyExecuting -> FullyExecuting -> UploadingResults
//       |               |                    |                    |                   |                |
//       +---------------+--------------------+---- abort ---------+-------------------+--> PendingCancel -> Cancelled
//   UploadingResults -> Success | Failure
//   any -> PendingDelete -> gone.  States may be skipped and may move back when an instance is tried again.
#ifndef ONDOL_CORE_WORK_TASK_H
#define ONDOL_CORE_WORK_TASK_H

#include <stdbool.h>
#include <stdint.h>

#define UUID_TEXT_BYTES 37

enum task_state {
    TASK_SUBMITTED,
    TASK_PARTIALLY_DISPATCHED,
    TASK_FULLY_DISPATCHED,
    TASK_PARTIALLY_EXECUTING,
    TASK_FULLY_EXECUTING,
    TASK_UPLOADING_RESULTS,
    TASK_PENDING_CANCEL,
    TASK_CANCELLED,
    TASK_SUCCESS,
    TASK_FAILURE,
    TASK_PENDING_DELETE,
    TASK_STATE_N,
};

const char *task_state_name(enum task_state s);              // "FullyExecuting", ...
bool task_state_parse(const char *name, enum task_state *s); // any case
bool task_state_final(enum task_state s);                    // Cancelled, Success, Failure
bool task_state_may_follow(enum task_state from, enum task_state to);

// How an attempt of an instance ended.
enum attempt_end {
    ATTEMPT_SUCCESS,   // exit code 0
    ATTEMPT_FAILURE,   // exit code other than 0, signal, limit, or it could not be started
    ATTEMPT_CANCELLED, // aborted or deleted
    ATTEMPT_PREEMPTED, // the heater or a better-paid class took the board; tried again, costs no retry
    ATTEMPT_LOST,      // node died or its lease lapsed; tried again, costs no retry, counted and named
    ATTEMPT_END_N,
};
const char *attempt_end_name(enum attempt_end e); // "Success", "Failure", "Cancelled", "Preempted", "Lost"

// What an instance is doing now on its board (public API "phase").
enum phase {
    PHASE_DISPATCH,
    PHASE_DOWNLOAD,
    PHASE_ENVIRONMENT,
    PHASE_EXECUTION,
    PHASE_UPLOAD,
    PHASE_SHUTDOWN,
    PHASE_N
};
const char *phase_name(enum phase p); // lower case

void uuid_stamp(uint8_t bytes[16]);                                   // sets version 4 and variant bits
void uuid_format(char out[UUID_TEXT_BYTES], const uint8_t bytes[16]); // with them
bool uuid_parse(const char *text, uint8_t bytes[16]);                 // 36 characters, any case
// The same for the same name, and for no other with any likelihood: of what has a name and never was given a
// uuid. `kind` keeps apart a site and a zone of one name. NULL and "" give the zero uuid.
void uuid_of_name(char out[UUID_TEXT_BYTES], const char *kind, const char *name);

#endif
