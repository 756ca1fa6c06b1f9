// SPDX-License-Identifier: Apache-2.0
//
// A line is read column by column against one table: name, whether a fraction may follow (some archives write
// CPU seconds and memory with decimals), the least value beside -1. Columns nobody here uses are checked all
// the same: a trace that is off by one column is better refused than replayed.
#include "core/work/swf.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"

// 2^42 s are 139,000 years and 2^42 kB are 4 EB: above that a number is damage, not data. The sum over two
// million such jobs still fits in 64 bits.
#define VALUE_MAX (INT64_C(1) << 42)

enum {
    COL_JOB,
    COL_SUBMIT,
    COL_RUN = 3,
    COL_PROCS,
    COL_REQ_PROCS = 7,
    COL_REQ_TIME,
    COL_REQ_MEM,
    COL_USER = 11,
    COLUMNS = 18
};

static const struct column {
    const char *name;
    bool known;    // -1 is refused: the job means nothing without it
    bool fraction; // "12.50" is read as 12
} columns[COLUMNS] = {
    {"job number", true, false},
    {"submit time", true, true},
    {"wait time", false, true},
    {"run time", false, true},
    {"allocated processors", false, false},
    {"mean CPU time", false, true},
    {"used memory", false, true},
    {"requested processors", false, false},
    {"requested time", false, true},
    {"requested memory", false, true},
    {"status", false, false},
    {"user", false, false},
    {"group", false, false},
    {"application", false, false},
    {"queue", false, false},
    {"partition", false, false},
    {"preceding job", false, false},
    {"think time", false, true},
};

void swf_reader_init(struct swf_reader *r, const char *data, size_t n)
{
    bool mark = n >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0; // of Windows' editors
    *r = (struct swf_reader){
        .p = mark ? data + 3 : data,
        .end = n ? data + n : data,
        .head = {SWF_UNKNOWN, SWF_UNKNOWN, SWF_UNKNOWN, SWF_UNKNOWN},
    };
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static const char *skip_blanks(const char *p, const char *end)
{
    while (p < end && is_blank(*p))
        p++;
    return p;
}

// Reads digits at `p`; gives the place after them, or NULL when there are none or the value passes VALUE_MAX.
static const char *digits(const char *p, const char *end, int64_t *value)
{
    if (p == end || !is_digit(*p))
        return NULL;
    int64_t v = 0;
    for (; p < end && is_digit(*p); p++) {
        v = v * 10 + (*p - '0');
        if (v > VALUE_MAX)
            return NULL;
    }
    *value = v;
    return p;
}

// "; MaxNodes: 228": a few names are taken over, the rest are for people. The first mention counts.
static void read_comment(struct swf_head *head, const char *p, const char *end)
{
    const struct {
        const char *name;
        int64_t *to;
    } known[] = {
        {"MaxJobs", &head->max_jobs},
        {"MaxNodes", &head->max_nodes},
        {"MaxProcs", &head->max_procs},
        {"UnixStartTime", &head->unix_start_s},
    };
    p = skip_blanks(p, end);
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        size_t n = strlen(known[i].name);
        if ((size_t)(end - p) <= n || strncasecmp(p, known[i].name, n) != 0)
            continue;
        const char *after = skip_blanks(p + n, end);
        int64_t value;
        if (after < end && *after == ':' && digits(skip_blanks(after + 1, end), end, &value) &&
            *known[i].to == SWF_UNKNOWN)
            *known[i].to = value;
    }
}

static int bad_column(const struct swf_reader *r, int k, struct err *e, const char *why)
{
    return err_set(e, -EINVAL, "line %zu: column %d (%s): %s", r->line, k + 1, columns[k].name, why);
}

// Reads column k at *p (not a blank).
static int read_column(const struct swf_reader *r, int k, const char **p, const char *end, int64_t *value,
                       struct err *e)
{
    const char *s = *p;
    bool minus = *s == '-';
    s += minus;
    if (s == end || !is_digit(*s))
        return bad_column(r, k, e, "not a number");
    s = digits(s, end, value);
    if (!s)
        return bad_column(r, k, e, "too large (the limit is 2^42)");
    if (s < end && *s == '.') {
        if (!columns[k].fraction)
            return bad_column(r, k, e, "not a whole number");
        for (s++; s < end && is_digit(*s);)
            s++;
    }
    if (s < end && !is_blank(*s))
        return bad_column(r, k, e, "not a number");
    if (minus && *value > 1)
        return bad_column(r, k, e, "negative (only -1, unknown, may be)");
    if (minus && *value == 1) {
        if (columns[k].known)
            return bad_column(r, k, e, "unknown (a job needs it)");
        *value = SWF_UNKNOWN;
    }
    *p = s;
    return 0;
}

static int read_job(const struct swf_reader *r, const char *p, const char *end, struct swf_job *job,
                    struct err *e)
{
    int64_t v[COLUMNS];
    for (int k = 0; k < COLUMNS; k++) {
        p = skip_blanks(p, end);
        if (p == end)
            return err_set(e, -EINVAL, "line %zu: %d columns (a job has %d)", r->line, k, COLUMNS);
        int rc = read_column(r, k, &p, end, &v[k], e);
        if (rc < 0)
            return rc;
    }
    if (skip_blanks(p, end) != end)
        return err_set(e, -EINVAL, "line %zu: more than %d columns", r->line, COLUMNS);
    *job = (struct swf_job){
        .job = v[COL_JOB],
        .submit_s = v[COL_SUBMIT],
        .run_s = v[COL_RUN],
        .procs = v[COL_PROCS] > 0 ? v[COL_PROCS] : v[COL_REQ_PROCS],
        .req_time_s = v[COL_REQ_TIME],
        .req_mem_kb = v[COL_REQ_MEM],
        .user = v[COL_USER],
    };
    return 1;
}

int swf_next(struct swf_reader *r, struct swf_job *job, struct err *e)
{
    while (r->p < r->end) {
        const char *nl = memchr(r->p, '\n', (size_t)(r->end - r->p));
        const char *end = nl ? nl : r->end, *p = skip_blanks(r->p, end);
        r->p = nl ? nl + 1 : r->end;
        r->line++;
        if (p == end)
            continue;
        if (*p != ';')
            return read_job(r, p, end, job, e);
        read_comment(&r->head, p + 1, end);
    }
    return 0;
}

void swf_deinit(struct swf *s)
{
    free(s->v);
    *s = SWF_NULL;
}

// Ties go by the place in the array before sorting, which the caller keeps in `order` (qsort alone is not
// stable).
struct keyed {
    struct swf_job job;
    size_t order;
};

static int by_submit(const void *a, const void *b)
{
    const struct keyed *x = a, *y = b;
    if (x->job.submit_s != y->job.submit_s)
        return x->job.submit_s < y->job.submit_s ? -1 : 1;
    return (x->order > y->order) - (x->order < y->order);
}

static void sort_by_submit(struct swf *s)
{
    struct keyed *k = mem_array(s->n ? s->n : 1, sizeof *k);
    for (size_t i = 0; i < s->n; i++)
        k[i] = (struct keyed){s->v[i], i};
    qsort(k, s->n, sizeof *k, by_submit);
    for (size_t i = 0; i < s->n; i++)
        s->v[i] = k[i].job;
    free(k);
}

int swf_read(struct swf *out, const char *data, size_t n, size_t max_jobs, struct err *e)
{
    struct swf s = SWF_NULL;
    struct swf_reader r;
    struct swf_job job;
    swf_reader_init(&r, data, n);
    int rc;
    while ((rc = swf_next(&r, &job, e)) == 1) {
        if (s.n == max_jobs) {
            rc = err_set(e, -E2BIG, "line %zu: more than %zu jobs (give a shorter trace)", r.line, max_jobs);
            break;
        }
        *VEC_PUSH(s.v, s.n, s.cap) = job;
    }
    if (rc < 0) {
        swf_deinit(&s);
        return rc;
    }
    sort_by_submit(&s);
    s.head = r.head;
    swf_deinit(out);
    *out = s;
    return 0;
}
