// SPDX-License-Identifier: Apache-2.0
//
// Reader of the Standard Workload Format, version 2 (the text format of the Parallel Workloads Archive): one
// job per line in 18 columns separated by blanks, -1 where unknown; lines that start with ';' are comments,
// and those of the form "; Name: value" describe the machine. Lines end in LF or CRLF. It reads from memory
// and touches no file, so a hostile trace can at worst be refused, with the line, the column and the reason.
#ifndef ONDOL_CORE_WORK_SWF_H
#define ONDOL_CORE_WORK_SWF_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define SWF_UNKNOWN INT64_C(-1)

struct swf_job {
    int64_t job;        // number in the trace, >= 0
    int64_t submit_s;   // since the start of the trace, >= 0; traces are nearly but not always in this order
    int64_t run_s;      // SWF_UNKNOWN or >= 0, as are all below
    int64_t procs;      // allocated processors; the requested ones where those are unknown
    int64_t req_time_s; // run time the user asked for
    int64_t req_mem_kb; // memory per processor the user asked for
    int64_t user;
};

struct swf_head {
    int64_t max_jobs, max_nodes, max_procs; // SWF_UNKNOWN when the header does not say
    int64_t unix_start_s;                   // when the trace began, seconds since 1970, or SWF_UNKNOWN
};

// One pass over `n` bytes at `data`, which must outlive the reader. No NUL is needed at the end.
struct swf_reader {
    const char *p, *end;
    size_t line;          // of the last line read, from 1
    struct swf_head head; // what was seen so far; complete once the first job is out, as headers come first
};

void swf_reader_init(struct swf_reader *r, const char *data, size_t n);

// Gives 1 and the next job, 0 at the end, or -EINVAL with "line 7: column 4 (run time): why". A reader that
// failed stands after the bad line: calling again skips it.
int swf_next(struct swf_reader *r, struct swf_job *job, struct err *e);

struct swf {
    struct swf_job *v; // sorted by submit time, those of one second in the order of the trace
    size_t n, cap;
    struct swf_head head;
};

#define SWF_NULL ((struct swf){0})
void swf_deinit(struct swf *s);

// All jobs of a trace, at most `max_jobs` (56 bytes each). 0, -EINVAL as above, -E2BIG with more. `out` is
// untouched on failure.
int swf_read(struct swf *out, const char *data, size_t n, size_t max_jobs, struct err *e);

#endif
