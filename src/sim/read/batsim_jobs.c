// SPDX-License-Identifier: Apache-2.0
//
// Workloads. Two forms:
//   {"jobs": [{"id", "subtime", "res", "profile", "walltime"?}], "profiles": {name: {"type", ...}}}
//       types: delay (delay: s), parallel_homogeneous (cpu: flop of each board), parallel (cpu: a list, the
//       longest counts), composed (seq: names of profiles, nb: times); priority, user and datasets as the
//       study has them in its profiles
//   {name: {"start", "end", "qbox", "datasets"}, ...}: what the study's analysis made of the first, all that is
//       public for some of its weeks. No work is known then, only how long the real run took.
// Communication inside a job ("com") has no meaning on one board and is passed over.
#include "sim/read/batsim.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/when.h"
#include "sim/read/doc.h"
#include "world/calendar.h"

#define TIME_MAX_S 1e9
#define WORK_MAX   1e18
#define SEQ_DEPTH  8
#define SEQ_PARTS  4096
#define DATA_A_JOB 4096
#define HOUR_MS    INT64_C(3600000)
#define PARIS_MS   HOUR_MS

struct reader {
    struct batsim_jobs *out;
    const struct batsim_data *data;
    int64_t start_unix_ms;
    struct doc_at profiles;
    int parts;         // of the job's profile, so far
    struct strmap ids; // of jobs -> their place
};

enum activity batsim_activity(int32_t priority)
{
    return priority >= 10   ? ACTIVITY_RESERVED
           : priority >= 0  ? ACTIVITY_ONDEMAND
           : priority > -10 ? ACTIVITY_FLEX
                            : ACTIVITY_DONATED;
}

static int read_data(struct reader *r, const struct doc_at *up, struct batsim_job *j, struct err *e)
{
    struct doc_at list, at;
    j->data = (uint32_t)r->out->n_data;
    int there = doc_maybe(up, "datasets", DOC_ARRAY, &list, e);
    if (there <= 0)
        return there;
    if (doc_count(&list) > DATA_A_JOB)
        return doc_refuse(&list, e, "more than %d data sets of one job", DATA_A_JOB);
    for (size_t i = 0; i < doc_count(&list); i++) {
        uint64_t index = 0;
        int bad = doc_item(&list, i, DOC_TEXT, &at, e);
        if (bad)
            return bad;
        if (!r->data || !strmap_get(&r->data->at, json_string_value(at.v), &index))
            return doc_refuse(&at, e, "data set \"%.70s\" is not in the list of data sets",
                              json_string_value(at.v));
        *VEC_PUSH(r->out->data_at, r->out->n_data, r->out->cap_data) = (uint32_t)index;
        j->n_data++;
    }
    return 0;
}

static int longest_part(const struct doc_at *cpu, double *out, struct err *e)
{
    *out = 0;
    for (size_t i = 0; i < doc_count(cpu); i++) {
        struct doc_at at;
        double v;
        int bad = doc_item(cpu, i, DOC_NUMBER, &at, e);
        bad = bad ? bad : doc_value(&at, 0, WORK_MAX, &v, e);
        if (bad)
            return bad;
        *out = num_max(*out, v);
    }
    return 0;
}

static int read_profile(struct reader *r, const char *name, int depth, double *run_s, double *mflop,
                        struct err *e);

static int read_sequence(struct reader *r, const struct doc_at *p, int depth, double *run_s, double *mflop,
                         struct err *e)
{
    struct doc_at seq, at;
    double times;
    if (depth >= SEQ_DEPTH)
        return doc_refuse(p, e, "profiles within profiles deeper than %d", SEQ_DEPTH);
    int bad = doc_number_or(p, json_object_get(p->v, "nb") ? "nb" : "repeat", 1, 1e6, 1, &times, e);
    bad = bad ? bad : doc_member(p, "seq", DOC_ARRAY, &seq, e);
    if (!bad && doc_count(&seq) > 64)
        bad = doc_refuse(&seq, e, "more than 64 profiles");
    for (size_t i = 0; !bad && i < doc_count(&seq); i++) {
        double run = 0, work = 0;
        bad = doc_item(&seq, i, DOC_TEXT, &at, e);
        if (!bad && ++r->parts > SEQ_PARTS)
            bad = doc_refuse(p, e, "more than %d parts", SEQ_PARTS);
        bad = bad ? bad : read_profile(r, json_string_value(at.v), depth + 1, &run, &work, e);
        *run_s += run * times;
        *mflop += work * times;
    }
    if (!bad && (*run_s > TIME_MAX_S || *mflop > WORK_MAX))
        bad = doc_refuse(p, e, "is longer than %g s", TIME_MAX_S);
    return bad;
}

static int read_profile(struct reader *r, const char *name, int depth, double *run_s, double *mflop,
                        struct err *e)
{
    struct doc_at p, cpu;
    const char *type;
    int bad = doc_member(&r->profiles, name, DOC_OBJECT, &p, e);
    bad = bad ? bad : doc_text(&p, "type", 64, &type, e);
    if (bad)
        return bad;
    if (!strcmp(type, "delay") || !strcmp(type, "DelayProfile"))
        return doc_number(&p, "delay", 0, TIME_MAX_S, run_s, e);
    if (!strcmp(type, "parallel_homogeneous"))
        return doc_number(&p, "cpu", 0, WORK_MAX, mflop, e);
    if (!strcmp(type, "parallel")) {
        bad = doc_member(&p, "cpu", DOC_ARRAY, &cpu, e);
        return bad ? bad : longest_part(&cpu, mflop, e);
    }
    if (!strcmp(type, "composed") || !strcmp(type, "sequence"))
        return read_sequence(r, &p, depth, run_s, mflop, e);
    return doc_refuse(&p, e, "type \"%.40s\" is not read (delay, parallel, parallel_homogeneous, composed)",
                      type);
}

static int add_user(struct reader *r, const char *user, struct batsim_job *j)
{
    uint64_t number;
    if (!user)
        user = "";
    if (!strmap_get(&r->out->users, user, &number))
        strmap_set(&r->out->users, user, number = r->out->users.n + 1);
    j->user = (uint32_t)number;
    return 0;
}

static int read_of_profile(struct reader *r, const char *name, struct batsim_job *j, struct err *e)
{
    struct doc_at p;
    const char *user;
    double priority, run = 0, mflop = 0;
    r->parts = 0;
    int bad = read_profile(r, name, 0, &run, &mflop, e);
    bad = bad ? bad : doc_member(&r->profiles, name, DOC_OBJECT, &p, e);
    bad = bad ? bad : doc_number_or(&p, "priority", -1000, 1000, 0, &priority, e);
    bad = bad ? bad : doc_text_or_null(&p, "user", BATSIM_NAME_MAX, &user, e);
    bad = bad ? bad : read_data(r, &p, j, e);
    if (bad)
        return bad;
    j->run_s = run;
    j->mflop = mflop > 0 ? mflop : -1;
    j->priority = (int32_t)priority;
    return add_user(r, user, j);
}

// The id may be a number or a text.
static int read_id(struct reader *r, const struct doc_at *at, struct batsim_job *j, struct err *e)
{
    const char *id;
    json_t *v = json_object_get(at->v, "id");
    if (json_is_integer(v)) {
        j->id = arena_printf(&r->out->text, "%lld", (long long)json_integer_value(v));
        return 0;
    }
    int bad = doc_text(at, "id", BATSIM_NAME_MAX, &id, e);
    if (!bad)
        j->id = arena_strdup(&r->out->text, id);
    return bad;
}

static int only_once(struct reader *r, const struct doc_at *at, const char *id, size_t i, struct err *e)
{
    uint64_t first;
    if (strmap_get(&r->ids, id, &first))
        return doc_refuse(at, e, "id \"%.60s\" stands twice, first in jobs[%zu]", id, (size_t)first);
    strmap_set(&r->ids, id, i);
    return 0;
}

static int read_width(const struct doc_at *up, struct batsim_job *j, struct err *e)
{
    struct doc_at at;
    double width = 1;
    int there = doc_maybe(up, "res", DOC_NUMBER, &at, e);
    int bad = there > 0 ? doc_value(&at, 1, BATSIM_BOARDS_MAX, &width, e) : there;
    j->width = (int32_t)width;
    if (!bad && (double)j->width < width)
        bad = doc_refuse(&at, e, "must be a whole number, is %g", width);
    return bad;
}

static int read_real(const struct doc_at *at, struct batsim_job *j, struct err *e)
{
    double start, finish;
    int bad = doc_number_or(at, "real_start_time", -1, TIME_MAX_S, -1, &start, e);
    bad = bad ? bad : doc_number_or(at, "real_finish_time", -1, TIME_MAX_S, -1, &finish, e);
    j->ran_ms = !bad && start >= 0 && finish >= start ? num_round((finish - start) * 1000) : -1;
    return bad;
}

static int read_job(struct reader *r, const struct doc_at *list, size_t i, struct err *e)
{
    struct doc_at at;
    struct batsim_job j = {0};
    const char *profile;
    double submit, wall;
    int bad = doc_item(list, i, DOC_OBJECT, &at, e);
    bad = bad ? bad : read_id(r, &at, &j, e);
    bad = bad ? bad : only_once(r, &at, j.id, i, e);
    bad = bad ? bad : doc_number(&at, "subtime", 0, TIME_MAX_S, &submit, e);
    bad = bad ? bad : read_width(&at, &j, e);
    bad = bad ? bad : doc_number_or(&at, "walltime", -1, TIME_MAX_S, -1, &wall, e);
    bad = bad ? bad : read_real(&at, &j, e);
    bad = bad ? bad : doc_text(&at, "profile", BATSIM_NAME_MAX, &profile, e);
    bad = bad ? bad : read_of_profile(r, profile, &j, e);
    if (bad)
        return bad;
    j.submit_ms = num_round(submit * 1000);
    j.wall_ms = wall < 0 ? -1 : num_round(wall * 1000);
    *VEC_PUSH(r->out->v, r->out->n, r->out->cap) = j;
    return 0;
}

// "QJOB-0503-0204-...": 3 May, 2:04 in Paris, of the year that moment 0 is in. -1 when it is no such name.
static int64_t named_submission(const struct reader *r, const char *id)
{
    int month, day, hour, minute;
    if (r->start_unix_ms < 0 || sscanf(id, "QJOB-%2d%2d-%2d%2d-", &month, &day, &hour, &minute) != 4 ||
        month < 1 || month > 12 || day < 1 || day > 31 || hour < 0 || hour > 23 || minute < 0 || minute > 59)
        return -1;
    int64_t local = civil_to_ms(civil_from_ms(r->start_unix_ms).year, month, day, hour, minute, 0);
    return local - calendar_eu_offset_ms(local - PARIS_MS, PARIS_MS) - r->start_unix_ms;
}

static int read_run(struct reader *r, const struct doc_at *root, const char *id, struct err *e)
{
    struct doc_at at;
    struct batsim_job j = {.width = 1, .wall_ms = -1, .mflop = -1};
    double start, end;
    int bad = doc_member(root, id, DOC_OBJECT, &at, e);
    bad = bad ? bad : doc_number(&at, "start", 0, TIME_MAX_S, &start, e);
    bad = bad ? bad : doc_number(&at, "end", start, TIME_MAX_S, &end, e);
    bad = bad ? bad : read_data(r, &at, &j, e);
    if (bad)
        return bad;
    if (strlen(id) > BATSIM_NAME_MAX)
        return doc_refuse(&at, e, "a name must have at most %d bytes", BATSIM_NAME_MAX);
    int64_t start_ms = num_round(start * 1000), named = named_submission(r, id);
    j.id = arena_strdup(&r->out->text, id);
    j.ran_ms = num_round((end - start) * 1000);
    j.run_s = end - start;
    j.submit_ms = named >= 0 && named <= start_ms ? named : start_ms;
    *VEC_PUSH(r->out->v, r->out->n, r->out->cap) = j;
    return add_user(r, NULL, &r->out->v[r->out->n - 1]);
}

static int read_runs(struct reader *r, const struct doc_at *root, struct err *e)
{
    int bad = 0;
    for (void *it = json_object_iter(root->v); !bad && it; it = json_object_iter_next(root->v, it))
        bad = read_run(r, root, json_object_iter_key(it), e);
    return bad;
}

static int read_root(struct reader *r, const struct doc_at *root, struct err *e)
{
    struct doc_at jobs;
    if (!json_object_get(root->v, "jobs") && !json_object_get(root->v, "profiles"))
        return read_runs(r, root, e);
    int bad = doc_member(root, "jobs", DOC_ARRAY, &jobs, e);
    bad = bad ? bad : doc_member(root, "profiles", DOC_OBJECT, &r->profiles, e);
    if (!bad && doc_count(&jobs) > BATSIM_JOBS_MAX)
        bad = doc_refuse(&jobs, e, "more than %d jobs", BATSIM_JOBS_MAX);
    for (size_t i = 0; !bad && i < doc_count(&jobs); i++)
        bad = read_job(r, &jobs, i, e);
    return bad;
}

// A stable sort: moments repeat a lot and the order of the file is then the order of the queue.
static void sort_jobs(struct batsim_jobs *j)
{
    struct batsim_job *from = j->v, *to = mem_array(j->n, sizeof *to);
    for (size_t run = 1; run < j->n; run *= 2) {
        for (size_t at = 0; at < j->n; at += 2 * run) {
            size_t a = at, mid = at + run < j->n ? at + run : j->n, b = mid;
            size_t end = mid + run < j->n ? mid + run : j->n;
            for (size_t k = at; k < end; k++)
                to[k] =
                    a < mid && (b >= end || from[a].submit_ms <= from[b].submit_ms) ? from[a++] : from[b++];
        }
        struct batsim_job *swap = from;
        from = to;
        to = swap;
    }
    free(to);
    j->v = from;
    j->cap = j->n;
}

int batsim_jobs_read(struct batsim_jobs *out, const struct batsim_data *data, int64_t start_unix_ms,
                     const char *text, size_t n, struct err *e)
{
    struct batsim_jobs j = BATSIM_JOBS_NULL;
    struct reader r = {.out = &j, .data = data, .start_unix_ms = start_unix_ms};
    struct doc d;
    *out = j;
    int bad = doc_parse(&d, text, n, 1, e);
    if (bad)
        return bad;
    struct doc_at root = doc_root(&d);
    bad = json_is_object(root.v) ? read_root(&r, &root, e) : doc_refuse(&root, e, "must be an object");
    if (!bad && j.n == 0)
        bad = doc_refuse(&root, e, "there are no jobs");
    doc_deinit(&d);
    strmap_deinit(&r.ids);
    if (bad) {
        batsim_jobs_deinit(&j);
        return bad;
    }
    if (j.n > 1)
        sort_jobs(&j);
    *out = j;
    return 0;
}

void batsim_jobs_deinit(struct batsim_jobs *j)
{
    free(j->v);
    free(j->data_at);
    strmap_deinit(&j->users);
    arena_deinit(&j->text);
    *j = BATSIM_JOBS_NULL;
}
