// SPDX-License-Identifier: Apache-2.0
//
// workflow.specification has the graph and the files, workflow.execution the run times by task id. Tasks are
// put in an order in which parents come first by Kahn's algorithm; what it cannot place stands on a cycle.
#include "sim/read/workflow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/num.h"
#include "sim/read/doc.h"

#define NAME_MAX_BYTES 1024
#define TIME_MAX_S     1e8

struct file {
    int64_t bytes;
    uint8_t written; // by a task of the workflow
};

struct reader {
    struct workflow *w;
    struct strmap tasks; // id -> index + 1
    struct strmap files; // id -> index + 1
    struct file *file;
    size_t n_files, cap_files, cap_tasks;
    struct doc_at list; // specification.tasks
};

static int read_files(struct reader *r, const struct doc_at *spec, struct err *e)
{
    struct doc_at list, at;
    const char *id;
    double bytes;
    int there = doc_maybe(spec, "files", DOC_ARRAY, &list, e);
    if (there <= 0)
        return there;
    if (doc_count(&list) > WORKFLOW_FILES_MAX)
        return doc_refuse(&list, e, "more than %d files", WORKFLOW_FILES_MAX);
    for (size_t i = 0; i < doc_count(&list); i++) {
        int bad = doc_item(&list, i, DOC_OBJECT, &at, e);
        bad = bad ? bad : doc_text(&at, "id", NAME_MAX_BYTES, &id, e);
        bad = bad ? bad : doc_number_or(&at, "sizeInBytes", 0, 1e18, 0, &bytes, e);
        if (bad)
            return bad;
        *VEC_PUSH(r->file, r->n_files, r->cap_files) = (struct file){.bytes = (int64_t)bytes};
        strmap_set(&r->files, id, r->n_files);
    }
    return 0;
}

// Marks what the task writes.
static int read_outputs(struct reader *r, const struct doc_at *task, struct err *e)
{
    struct doc_at list, at;
    uint64_t index;
    int there = doc_maybe(task, "outputFiles", DOC_ARRAY, &list, e);
    for (size_t i = 0; there > 0 && i < doc_count(&list); i++) {
        int bad = doc_item(&list, i, DOC_TEXT, &at, e);
        if (bad)
            return bad;
        if (strmap_get(&r->files, json_string_value(at.v), &index))
            r->file[index - 1].written = 1;
    }
    return there < 0 ? there : 0;
}

static int read_task(struct reader *r, size_t i, struct err *e)
{
    struct doc_at at;
    const char *id;
    int bad = doc_item(&r->list, i, DOC_OBJECT, &at, e);
    bad = bad ? bad : doc_text(&at, "id", NAME_MAX_BYTES, &id, e);
    if (bad)
        return bad;
    if (strmap_get(&r->tasks, id, NULL))
        return doc_refuse(&at, e, "task \"%.80s\" stands twice", id);
    *VEC_PUSH(r->w->v, r->w->n, r->cap_tasks) =
        (struct workflow_task){.id = arena_strdup(&r->w->text, id), .run_s = -1, .cores = 1};
    strmap_set(&r->tasks, id, r->w->n);
    return read_outputs(r, &at, e);
}

static int read_inputs(struct reader *r, size_t i, struct err *e)
{
    struct doc_at task, list, at;
    uint64_t index;
    int bad = doc_item(&r->list, i, DOC_OBJECT, &task, e);
    if (bad)
        return bad;
    int there = doc_maybe(&task, "inputFiles", DOC_ARRAY, &list, e);
    for (size_t k = 0; there > 0 && k < doc_count(&list); k++) {
        bad = doc_item(&list, k, DOC_TEXT, &at, e);
        if (bad)
            return bad;
        if (!strmap_get(&r->files, json_string_value(at.v), &index) || r->file[index - 1].written)
            continue;
        if (r->w->v[i].in_bytes > INT64_MAX / 4)
            return doc_refuse(&list, e, "the files are too large together");
        r->w->v[i].in_bytes += r->file[index - 1].bytes;
    }
    return there < 0 ? there : 0;
}

static int read_parents(struct reader *r, size_t i, struct err *e)
{
    struct doc_at task, list, at;
    uint64_t index;
    struct workflow_task *t = &r->w->v[i];
    int bad = doc_item(&r->list, i, DOC_OBJECT, &task, e);
    if (bad)
        return bad;
    t->parent = (uint32_t)r->w->n_parents;
    int there = doc_maybe(&task, "parents", DOC_ARRAY, &list, e);
    for (size_t k = 0; there > 0 && k < doc_count(&list); k++) {
        bad = doc_item(&list, k, DOC_TEXT, &at, e);
        if (bad)
            return bad;
        if (!strmap_get(&r->tasks, json_string_value(at.v), &index))
            return doc_refuse(&at, e, "there is no task \"%.80s\"", json_string_value(at.v));
        *VEC_PUSH(r->w->parent_at, r->w->n_parents, r->w->cap_parents) = (uint32_t)index - 1;
        t->n_parents++;
    }
    return there < 0 ? there : 0;
}

static int read_runs(struct reader *r, const struct doc_at *execution, struct err *e)
{
    struct doc_at list, at;
    const char *id;
    int bad = doc_member(execution, "tasks", DOC_ARRAY, &list, e);
    for (size_t i = 0; !bad && i < doc_count(&list); i++) {
        double run, cores, memory;
        uint64_t index;
        bad = doc_item(&list, i, DOC_OBJECT, &at, e);
        bad = bad ? bad : doc_text(&at, "id", NAME_MAX_BYTES, &id, e);
        bad = bad ? bad : doc_number(&at, "runtimeInSeconds", 0, TIME_MAX_S, &run, e);
        bad = bad ? bad : doc_number_or(&at, "coreCount", 0, 1e5, 1, &cores, e);
        bad = bad ? bad : doc_number_or(&at, "memoryInBytes", 0, 1e15, 0, &memory, e);
        if (!bad && !strmap_get(&r->tasks, id, &index))
            bad = doc_refuse(&at, e, "there is no task \"%.80s\" in the specification", id);
        if (bad)
            return bad;
        struct workflow_task *t = &r->w->v[index - 1];
        t->run_s = run;
        t->cores = cores < 1 ? 1 : (int32_t)cores;
        t->memory_bytes = (int64_t)memory;
    }
    for (size_t i = 0; !bad && i < r->w->n; i++)
        if (r->w->v[i].run_s < 0)
            bad = doc_refuse(&list, e, "task \"%.80s\" has no run time", r->w->v[i].id);
    return bad;
}

// Kahn: `order` gets the indexes with parents first. False on a cycle.
static bool order_tasks(const struct workflow *w, uint32_t *order)
{
    uint32_t *left = mem_array(w->n + 1, sizeof *left), *first = mem_array(w->n + 2, sizeof *first);
    uint32_t *child = mem_array(w->n_parents + 1, sizeof *child);
    size_t n = 0;
    for (size_t i = 0; i < w->n_parents; i++)
        first[w->parent_at[i] + 1]++;
    for (size_t i = 0; i < w->n; i++)
        first[i + 1] += first[i];
    for (size_t i = 0; i < w->n; i++) {
        left[i] = w->v[i].n_parents;
        for (uint32_t k = 0; k < w->v[i].n_parents; k++) // first[p] moves on; it is first of p + 1 in the end
            child[first[w->parent_at[w->v[i].parent + k]]++] = (uint32_t)i;
        if (!left[i])
            order[n++] = (uint32_t)i;
    }
    for (size_t done = 0; done < n; done++) {
        uint32_t at = order[done], from = at ? first[at - 1] : 0;
        for (uint32_t k = from; k < first[at]; k++)
            if (--left[child[k]] == 0)
                order[n++] = child[k];
    }
    free(left);
    free(first);
    free(child);
    return n == w->n;
}

static void place(struct workflow *w, const uint32_t *order)
{
    struct workflow_task *v = mem_array(w->n, sizeof *v);
    uint32_t *at = mem_array(w->n, sizeof *at);
    for (size_t i = 0; i < w->n; i++) {
        v[i] = w->v[order[i]];
        at[order[i]] = (uint32_t)i;
    }
    for (size_t i = 0; i < w->n_parents; i++)
        w->parent_at[i] = at[w->parent_at[i]];
    free(at);
    free(w->v);
    w->v = v;
    for (size_t i = 0; i < w->n; i++) {
        for (uint32_t k = 0; k < v[i].n_parents; k++) {
            const struct workflow_task *up = &v[w->parent_at[v[i].parent + k]];
            v[i].level = v[i].level > up->level ? v[i].level : up->level + 1;
            v[i].ready_s = num_max(v[i].ready_s, up->ready_s + up->run_s);
        }
        w->critical_s = num_max(w->critical_s, v[i].ready_s + v[i].run_s);
    }
}

static int read_graph(struct reader *r, const struct doc_at *spec, const struct doc_at *execution,
                      struct err *e)
{
    int bad = doc_member(spec, "tasks", DOC_ARRAY, &r->list, e);
    size_t n = bad ? 0 : doc_count(&r->list);
    if (!bad && (n == 0 || n > WORKFLOW_TASKS_MAX))
        bad = doc_refuse(&r->list, e, "must have 1 to %d tasks, has %zu", WORKFLOW_TASKS_MAX, n);
    bad = bad ? bad : read_files(r, spec, e);
    for (size_t i = 0; !bad && i < n; i++)
        bad = read_task(r, i, e);
    for (size_t i = 0; !bad && i < n; i++) {
        bad = read_inputs(r, i, e);
        bad = bad ? bad : read_parents(r, i, e);
    }
    bad = bad ? bad : read_runs(r, execution, e);
    if (bad)
        return bad;
    uint32_t *order = mem_array(n, sizeof *order);
    if (order_tasks(r->w, order))
        place(r->w, order);
    else
        bad = doc_refuse(&r->list, e, "some tasks are their own ancestors");
    free(order);
    return bad;
}

static int read_root(struct reader *r, const struct doc_at *root, struct err *e)
{
    struct doc_at flow, spec, execution;
    const char *name;
    int bad = doc_text_or_null(root, "name", NAME_MAX_BYTES, &name, e);
    bad = bad ? bad : doc_member(root, "workflow", DOC_OBJECT, &flow, e);
    bad = bad ? bad : doc_member(&flow, "specification", DOC_OBJECT, &spec, e);
    bad = bad ? bad : doc_member(&flow, "execution", DOC_OBJECT, &execution, e);
    bad = bad ? bad : doc_number_or(&execution, "makespanInSeconds", 0, TIME_MAX_S, -1, &r->w->makespan_s, e);
    if (bad)
        return bad;
    r->w->name = arena_strdup(&r->w->text, name ? name : "");
    return read_graph(r, &spec, &execution, e);
}

int workflow_read(struct workflow *out, const char *text, size_t n, struct err *e)
{
    struct workflow w = WORKFLOW_NULL;
    struct reader r = {.w = &w};
    struct doc d;
    *out = w;
    int bad = doc_parse(&d, text, n, 1, e);
    if (bad)
        return bad;
    struct doc_at root = doc_root(&d);
    bad = json_is_object(root.v) ? read_root(&r, &root, e) : doc_refuse(&root, e, "must be an object");
    doc_deinit(&d);
    strmap_deinit(&r.tasks);
    strmap_deinit(&r.files);
    free(r.file);
    if (bad)
        workflow_deinit(&w);
    else
        *out = w;
    return bad;
}

void workflow_deinit(struct workflow *w)
{
    free(w->v);
    free(w->parent_at);
    arena_deinit(&w->text);
    *w = WORKFLOW_NULL;
}
