// SPDX-License-Identifier: Apache-2.0
#include "cli/sim_load.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/utf8.h"
#include "device/slurp.h"
#include "sim/read/streams.h"
#include "sim/read/workflow.h"
#include "sim/work_swf.h"
#include "world/epw.h"

#define SCENARIO_BYTES_MAX (1u << 20)
#define NOTES_BYTES_MAX    (1u << 16)
#define SHARE_LEAST        1e-6 // or the jobs between two that are taken are never over

#ifndef ONDOL_SCENARIO_DIR
#define ONDOL_SCENARIO_DIR "/usr/share/ondol/scenarios"
#endif

static bool is_there(const char *path)
{
    return access(path, R_OK) == 0;
}

// The folder of the program itself.
static bool program_dir(char out[PATH_MAX])
{
    ssize_t n = readlink("/proc/self/exe", out, PATH_MAX - 1);
    if (n <= 0)
        return false;
    out[n] = '\0';
    char *slash = strrchr(out, '/');
    if (slash)
        *slash = '\0';
    return slash != NULL;
}

static int find_scenario(const char *name, char out[PATH_MAX], struct err *e)
{
    char dir[PATH_MAX - 128];
    snprintf(out, PATH_MAX, "%s", name);
    if (strchr(name, '/') || is_there(name))
        return 0;
    if (strlen(name) > 64)
        return err_set(e, -ENOENT, "%.64s...: there is no such scenario", name);
    const char *env = getenv("ONDOL_SCENARIOS");
    snprintf(out, PATH_MAX, "%s/%s.ini", env ? env : ".", name);
    if (env && is_there(out))
        return 0;
    char self[PATH_MAX];
    if (program_dir(self) && strlen(self) < sizeof dir) {
        memcpy(dir, self, strlen(self) + 1);
        static const char *const beside[] = {"scenarios", "../scenarios", "../share/ondol/scenarios"};
        for (size_t i = 0; i < ARRAY_LEN(beside); i++) {
            snprintf(out, PATH_MAX, "%s/%s/%s.ini", dir, beside[i], name);
            if (is_there(out))
                return 0;
        }
    }
    snprintf(out, PATH_MAX, "%s/%s.ini", ONDOL_SCENARIO_DIR, name);
    if (is_there(out))
        return 0;
    return err_set(e, -ENOENT,
                   "%s: there is no such scenario, and no such file (a path, or montrouge, telecom, balard, "
                   "school, pool, "
                   "hotwater, network, farm, industry, nordic, city)",
                   name);
}

static bool beside(const char *file, const char *name, char out[PATH_MAX])
{
    const char *slash = strrchr(file, '/');
    snprintf(out, PATH_MAX, "%.*s%s", slash ? (int)(slash - file + 1) : 0, file, name);
    return is_there(out);
}

// A file that a scenario names: by itself, beside the file that names it and beside the scenario, in the folder of
// data and its own folders.
static int find_data(const struct scenario *s, const char *from, const char *name, const char *data,
                     char out[PATH_MAX], struct err *e)
{
    snprintf(out, PATH_MAX, "%s", name);
    if (name[0] == '/' || is_there(out) || beside(from, name, out) || beside(s->file, name, out))
        return 0;
    if (!data)
        data = getenv("ONDOL_DATA");
    static const char *const within[] = {"", "weather/", "workloads/", "carbon/", "calendar/", "heat/"};
    for (size_t i = 0; data && i < ARRAY_LEN(within); i++) {
        snprintf(out, PATH_MAX, "%s/%s%s", data, within[i], name);
        if (is_there(out))
            return 0;
    }
    return err_set(e, -ENOENT, "%s: there is no such file beside the scenario%s", name,
                   data ? " or in the folder of data" : " (give the folder it is in: --data DIR)");
}

static int read_data(const struct scenario *s, const char *from, const char *name, const char *data,
                     size_t max, char **text, size_t *n, struct err *e)
{
    char path[PATH_MAX];
    int bad = find_data(s, from, name, data, path, e);
    return bad ? bad : slurp(path, max, text, n, e);
}

void sim_load_note(struct sim_loaded *l, const char *text)
{
    char shown[1024]; // names of files are in it, and a line is a note
    utf8_printable(shown, sizeof shown, text);
    buf_putf(&l->notes, "%s\n", shown);
}

// ---- what sites and zones need

static int load_weather(struct sim_loaded *l, size_t i, const char *data, struct err *e)
{
    const struct scenario_site *s = &l->scenario.site[i];
    struct weather *w = &l->inputs.site[i].weather;
    if (s->weather == WEATHER_PARIS_SYNTHETIC) {
        uint64_t seed =
            hash_mix(hash_i64(hash_bytes(HASH_SEED, s->name, strlen(s->name)), (int64_t)l->scenario.seed));
        weather_synthetic_paris(w, civil_from_ms(l->scenario.start.v).year, seed);
        w->zone_ms = (int64_t)s->utc_offset_min * 60000;
        return 0;
    }
    if (s->weather == WEATHER_CONSTANT)
        return 0;
    char *text;
    size_t n;
    int bad = read_data(&l->scenario, s->from_file, s->weather_file, data, EPW_BYTES_MAX, &text, &n, e);
    if (bad)
        return bad;
    bad = epw_read(w, text, n, s->weather_dark ? EPW_SUN_ZERO : EPW_SUN_CLEAR, e);
    free(text);
    return bad ? err_prefix(e, "%s", s->weather_file) : 0;
}

struct series_file {
    const char *from, *file;  // that names it; its name
    const char *time, *value; // columns; time NULL: the first
    double low, high;
};

static int load_series(struct sim_loaded *l, const struct series_file *x, const char *data,
                       struct series *out, struct err *e)
{
    char *text;
    size_t n;
    struct csv csv;
    if (!x->file[0])
        return 0;
    int bad = read_data(&l->scenario, x->from, x->file, data, CSV_BYTES_MAX, &text, &n, e);
    if (bad)
        return bad;
    bad = csv_read(&csv, text, n, (struct csv_dialect){0}, e);
    free(text);
    if (!bad) {
        const char *time = x->time ? x->time : csv_field(&csv, -1, 0);
        bad = series_from_csv(out, &csv, time, x->value, x->low, x->high, e);
        csv_deinit(&csv);
    }
    return bad ? err_prefix(e, "%s", x->file) : 0;
}

// A table that says of each day whether it is one cannot be read as a list of holidays.
static int needs_zone(const struct csv *c, struct err *e)
{
    for (size_t k = 0; c->rows > 0 && k < c->columns; k++) {
        const char *first = csv_field(c, 0, k);
        if (!strcasecmp(first, "true") || !strcasecmp(first, "false"))
            return err_set(e, -EINVAL,
                           "line 1: a column of True and False, as %.60s: which one is meant? (add a line: "
                           "holidays_zone = %.60s)",
                           csv_field(c, -1, k), csv_field(c, -1, k));
    }
    return 0;
}

static int load_calendar(struct sim_loaded *l, size_t i, const char *data, struct err *e)
{
    const struct scenario_site *s = &l->scenario.site[i];
    struct calendar *c = &l->inputs.site[i].calendar;
    int bad = 0;
    if (s->calendar == CALENDAR_FRENCH) {
        int from = civil_from_ms(l->scenario.start.v).year,
            to = civil_from_ms(l->scenario.start.v + l->scenario.length_ms).year;
        for (int y = from; y <= to && !bad; y++)
            bad = calendar_add_french(c, y, e);
    }
    if (bad || !s->holidays_file[0])
        return bad;
    char *text;
    size_t n;
    struct csv csv;
    bad = read_data(&l->scenario, s->from_file, s->holidays_file, data, CSV_BYTES_MAX, &text, &n, e);
    if (bad)
        return bad;
    bad = csv_read(&csv, text, n, (struct csv_dialect){0}, e);
    free(text);
    if (!bad) {
        bad = s->holidays_zone[0] ? 0 : needs_zone(&csv, e);
        if (!bad)
            bad = calendar_read(c, &csv, "date", s->holidays_zone[0] ? s->holidays_zone : NULL,
                                CALENDAR_SCHOOL, e);
        csv_deinit(&csv);
    }
    return bad ? err_prefix(e, "%s", s->holidays_file) : 0;
}

static int load_zones(struct sim_loaded *l, size_t i, const char *data, struct err *e)
{
    const struct scenario_zones *z = &l->scenario.zones[i];
    struct sim_zones_inputs *in = &l->inputs.zones[i];
    if (z->demand_file[0]) {
        const struct series_file demand = {.from = z->from_file,
                                           .file = z->demand_file,
                                           .value = z->demand_column[0] ? z->demand_column : "demand",
                                           .high = 1e12};
        int bad = load_series(l, &demand, data, &in->demand, e);
        if (bad)
            return bad;
    }
    if (!z->draw_file[0])
        return 0;
    char *text;
    size_t n;
    int bad = read_data(&l->scenario, z->from_file, z->draw_file, data, DRAW_BYTES_MAX, &text, &n, e);
    if (bad)
        return bad;
    bad = draw_read(&in->draw, text, n, z->draw_file_step_ms > 0 ? z->draw_file_step_ms : 60000, e);
    free(text);
    return bad ? err_prefix(e, "%s", z->draw_file) : 0;
}

// Hours of a clean grid may be that low, all of them in a file hardly.
static void note_kilograms(struct sim_loaded *l, size_t i)
{
    const struct series *s = &l->inputs.site[i].carbon;
    double most = 0;
    for (size_t k = 0; k < s->n; k++)
        most = num_max(most, s->v[k]);
    if (most <= 0 || most >= SCENARIO_CARBON_GRAMS)
        return;
    struct err note = ERR_NULL;
    err_set(&note, 0, "%s: all values are below %g: are these kilograms? (grams a kilowatt-hour are wanted)",
            l->scenario.site[i].carbon_file, SCENARIO_CARBON_GRAMS);
    scenario_blame_key(&l->scenario, "site", i, "carbon_file", &note);
    sim_load_note(l, note.text);
}

static int load_site(struct sim_loaded *l, size_t i, const char *data, struct err *e)
{
    const struct scenario_site *s = &l->scenario.site[i];
    struct sim_site_inputs *in = &l->inputs.site[i];
    const struct series_file carbon = {
        s->from_file,       s->carbon_file, "utc_hour_start", "carbon_intensity_gco2e_per_kwh", 0,
        SCENARIO_CARBON_MAX};
    const struct series_file tariff = {s->from_file,  s->tariff_file,        "utc_hour_start",
                                       "eur_per_kwh", SCENARIO_TARIFF_LEAST, SCENARIO_TARIFF_MOST};
    int bad = load_weather(l, i, data, e);
    if (!bad)
        bad = load_series(l, &carbon, data, &in->carbon, e);
    if (!bad)
        note_kilograms(l, i);
    if (!bad)
        bad = load_series(l, &tariff, data, &in->tariff, e);
    return bad ? bad : load_calendar(l, i, data, e);
}

// Tasks of a workflow that no board can hold. Such files also say the memory of all the machine for one of a task,
// so that it is no error.
static void note_memory(struct sim_loaded *l, size_t i, const struct stream_text *trace)
{
    struct workflow flow;
    size_t n = 0;
    int64_t mb, need_mb = 0, most_mb = scenario_most_memory_mb(&l->scenario);
    struct err note = ERR_NULL;
    if (workflow_read(&flow, trace->text, trace->n, NULL))
        return;
    for (size_t k = 0; k < flow.n; k++) {
        mb = (flow.v[k].memory_bytes + 1048575) / 1048576;
        n += mb > most_mb;
        need_mb = mb > need_mb ? mb : need_mb;
    }
    err_set(&note, 0,
            "%s: %zu of %zu tasks need up to %lld MB, no board of any zone has more than %lld: these wait "
            "for ever",
            trace->file, n, flow.n, (long long)need_mb, (long long)most_mb);
    workflow_deinit(&flow);
    scenario_blame_key(&l->scenario, "work", i, "file", &note);
    if (n > 0)
        sim_load_note(l, note.text);
}

// Work that a reader or the generator makes a stream of.
static int load_stream(struct sim_loaded *l, size_t i, const char *data, struct sim_workload *out,
                       struct err *e)
{
    const struct scenario_work *w = &l->scenario.work[i];
    struct stream_text trace = {.file = w->file}, sizes = {.file = w->data_file};
    char *text = NULL, *sizes_text = NULL;
    int bad = 0;
    if (w->kind != WORK_RANDOM)
        bad = read_data(&l->scenario, w->from_file, w->file, data, WORK_BYTES_MAX, &text, &trace.n, e);
    if (!bad && w->kind == WORK_BATSIM && w->data_file[0])
        bad = read_data(&l->scenario, w->from_file, w->data_file, data, WORK_BYTES_MAX, &sizes_text, &sizes.n,
                        e);
    trace.text = text;
    sizes.text = sizes_text;
    if (!bad)
        bad = stream_open(out, &l->scenario, i, &trace, &sizes, l->scenario.start.v, e);
    if (!bad && w->kind == WORK_WFFORMAT)
        note_memory(l, i, &trace);
    free(text);
    free(sizes_text);
    return bad;
}

static int load_one_work(struct sim_loaded *l, size_t i, const char *data, struct sim_workload *out,
                         struct err *e)
{
    const struct scenario_work *w = &l->scenario.work[i];
    char *text;
    size_t n;
    if (w->kind == WORK_BACKLOG)
        return 0;
    if (w->kind != WORK_RANDOM && !w->file[0])
        return err_set(e, -EINVAL, "it says no file");
    if (w->repeat && w->share > 0 && w->share < SHARE_LEAST)
        return err_set(e, -EINVAL, "share %g: a trace that is repeated is taken from %g on, or 0", w->share,
                       SHARE_LEAST);
    if (w->kind != WORK_SWF)
        return load_stream(l, i, data, out, e);
    int bad = read_data(&l->scenario, w->from_file, w->file, data, WORK_BYTES_MAX, &text, &n, e);
    return bad ? bad : work_swf(out, w, l->scenario.length_ms, text, n, e);
}

int sim_load_work(struct sim_loaded *l, const char *data, struct err *e)
{
    size_t n = 0;
    uint32_t accounts = 1;
    struct sim_workload *w = mem_array(l->scenario.n_work + 1, sizeof *w);
    int bad = 0;
    for (size_t i = 0; i < l->scenario.n_work && !bad; i++) {
        bad = load_one_work(l, i, data, &w[n], e);
        if (bad)
            scenario_blame(&l->scenario, l->scenario.work[i].from_file, l->scenario.work[i].line, "work",
                           l->scenario.work[i].name, e);
        n += w[n].next != NULL;
        accounts = l->scenario.work[i].accounts > accounts ? l->scenario.work[i].accounts : accounts;
    }
    if (n > 0)
        l->inputs.work = sim_workload_merge(w, n, accounts);
    free(w);
    return bad;
}

static int lay(struct scenario *s, const char *name, struct err *e)
{
    char path[PATH_MAX], *text;
    size_t n;
    int bad = find_scenario(name, path, e);
    if (!bad)
        bad = slurp(path, SCENARIO_BYTES_MAX, &text, &n, e);
    if (bad)
        return bad;
    if (strlen(path) >= SIM_TEXT_BYTES)
        bad = err_set(e, -ENAMETOOLONG, "%.60s...: a path of more than %d bytes", path, SIM_TEXT_BYTES - 1);
    if (!bad)
        bad = scenario_lay_over(s, path, text, n, e);
    free(text);
    return bad;
}

static void name_of(const char *path, char out[SIM_NAME_BYTES])
{
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path, *dot = strrchr(base, '.');
    int n = dot ? (int)(dot - base) : (int)strlen(base);
    snprintf(out, SIM_NAME_BYTES, "%.*s", n < SIM_NAME_BYTES ? n : SIM_NAME_BYTES - 1, base);
}

static bool is_folder(const char *name)
{
    struct stat st;
    return stat(name, &st) == 0 && S_ISDIR(st.st_mode);
}

static void note_scenario(struct sim_loaded *l)
{
    struct buf all = BUF_INIT(NOTES_BYTES_MAX);
    scenario_notes(&l->scenario, &all);
    char *text = buf_take(&all), *rest;
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        sim_load_note(l, line);
    free(text);
}

int sim_load(struct sim_loaded *out, const char *const *names, int n, const char *data,
             const struct sim_early *early, struct err *e)
{
    char file[SIM_TEXT_BYTES];
    *out = (struct sim_loaded){.notes = BUF_INIT(NOTES_BYTES_MAX)};
    struct scenario *s = &out->scenario;
    scenario_init(s);
    int bad = 0;
    for (int i = 0; i < n && !bad; i++) {
        bad = i == 0 && is_folder(names[0]) ? sim_load_trace(out, names[0], e) : lay(s, names[i], e);
        if (i == 0)
            memcpy(file, s->file, sizeof file);
    }
    if (!bad && early) {
        if (early->seed >= 0)
            s->seed = (uint64_t)early->seed;
        if (early->start)
            (void)date_parse(early->start, &s->start.v);
        if (early->policy && (bad = scenario_set_policy(s, early->policy, e)))
            err_prefix(e, "--policy");
    }
    if (!bad)
        bad = scenario_check(s, e);
    if (bad)
        return bad;
    memcpy(s->file, file, sizeof file);
    name_of(s->file, s->name);
    note_scenario(out);
    out->inputs.site = mem_array(s->n_sites + 1, sizeof *out->inputs.site);
    out->inputs.zones = mem_array(s->n_zones + 1, sizeof *out->inputs.zones);
    for (size_t i = 0; i < s->n_sites && !bad; i++) {
        bad = load_site(out, i, data, e);
        if (bad)
            scenario_blame(s, s->site[i].from_file, s->site[i].line, "site", s->site[i].name, e);
    }
    for (size_t i = 0; i < s->n_zones && !bad; i++) {
        bad = load_zones(out, i, data, e);
        if (bad)
            scenario_blame(s, s->zones[i].from_file, s->zones[i].line, "zones", s->zones[i].name, e);
    }
    return bad ? bad : sim_load_work(out, data, e);
}

void sim_unload(struct sim_loaded *l)
{
    for (size_t i = 0; l->inputs.site && i < l->scenario.n_sites; i++) {
        weather_deinit(&l->inputs.site[i].weather);
        series_deinit(&l->inputs.site[i].carbon);
        series_deinit(&l->inputs.site[i].tariff);
        calendar_deinit(&l->inputs.site[i].calendar);
    }
    for (size_t i = 0; l->inputs.zones && i < l->scenario.n_zones; i++) {
        draw_deinit(&l->inputs.zones[i].draw);
        series_deinit(&l->inputs.zones[i].demand);
    }
    free(l->inputs.site);
    free(l->inputs.zones);
    buf_deinit(&l->notes);
    sim_workload_free(&l->inputs.work);
    sim_script_free(&l->inputs.script);
    scenario_deinit(&l->scenario);
    *l = (struct sim_loaded){0};
}
