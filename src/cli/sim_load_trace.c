// SPDX-License-Identifier: Apache-2.0
//
// The folder of a published trace as a scenario: platform, events, sizes, workload.
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/sim_load.h"
#include "device/slurp.h"
#include "sim/read/fleet.h"

static int slurp_in(const char *dir, const char *name, char **text, size_t *n, struct err *e)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return slurp(path, WORK_BYTES_MAX, text, n, e);
}

static bool is_in(const char *dir, const char *name)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return access(path, R_OK) == 0;
}

static int read_platform(const char *dir, struct batsim_platform *p, struct err *e)
{
    bool xml = is_in(dir, "platform.xml"); // it has the power states and rooms too
    const char *name = xml ? "platform.xml" : "platform.json";
    char *text;
    size_t n;
    int bad = slurp_in(dir, name, &text, &n, e);
    if (bad)
        return bad;
    bad = xml ? batsim_platform_xml(p, text, n, e) : batsim_platform_json(p, text, n, e);
    free(text);
    return bad ? err_prefix(e, "%s/%s", dir, name) : 0;
}

static int read_events(const char *dir, struct batsim_events *ev, struct err *e)
{
    char *text;
    size_t n;
    int bad = slurp_in(dir, "events.json", &text, &n, e);
    if (bad)
        return bad;
    bad = batsim_events_read(ev, text, n, e);
    free(text);
    return bad ? err_prefix(e, "%s/events.json", dir) : 0;
}

static int add_trace_work(struct scenario *s, const char *dir, struct err *e)
{
    struct scenario_work *w = VEC_PUSH(s->work, s->n_work, s->cap_work);
    scenario_work_default(w);
    w->kind = WORK_BATSIM;
    w->activity = ACTIVITY_FLEX;
    w->cores = 1; // a board of the study is one core
    memcpy(w->name, "trace", sizeof "trace");
    // Where only the analysis of a trace is public, it stands under this name.
    int n = snprintf(w->file, sizeof w->file, "%s/%s", dir,
                     is_in(dir, "workload.json") ? "workload.json" : "workload_new.json");
    int k = snprintf(w->data_file, sizeof w->data_file, "%s/datasets.json", dir);
    if (n >= (int)sizeof w->file || k >= (int)sizeof w->data_file)
        return err_set(e, -ENAMETOOLONG, "%.60s...: a path of more than %d bytes", dir, SIM_TEXT_BYTES - 16);
    return 0;
}

int sim_load_trace(struct sim_loaded *out, const char *dir, struct err *e)
{
    struct batsim_platform p = BATSIM_PLATFORM_NULL;
    struct batsim_events ev = BATSIM_EVENTS_NULL;
    int bad = read_platform(dir, &p, e);
    bad = bad ? bad : read_events(dir, &ev, e);
    if (!bad && (bad = batsim_fleet(&out->scenario, &out->inputs.script, &p, &ev, e)))
        err_prefix(e, "%s", dir);
    bad = bad ? bad : add_trace_work(&out->scenario, dir, e);
    batsim_platform_deinit(&p);
    batsim_events_deinit(&ev);
    snprintf(out->scenario.file, sizeof out->scenario.file, "%s", dir);
    return bad;
}
