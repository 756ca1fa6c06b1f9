// SPDX-License-Identifier: Apache-2.0
//
// What of a task's instances is over ("completedInstances"), and what was and is going on ("status"). An
// attempt that was preempted or lost, or that failed and is tried again, belongs to no completed instance,
// but its time counts.
#include "api/task_render.h"

#include <stdlib.h>
#include <string.h>

#include "api/body_view.h"
#include "base/mem.h"
#include "core/work/netplan.h"
#include "core/work/ranges.h"
#include "core/work/staging.h"

#define MODELS_MAX 32 // kinds of processor told apart; what comes after is not listed

struct by_model {
    const char *model, *spec_key;
    int32_t cores, running_cores;
    int64_t exec_ms, ghz_ms; // GHz-seconds in thousandths, of one core
    int64_t clock;           // thousandths of the highest clock x execution
};

// A text of the row as a set; what cannot be read is empty.
static struct ranges set_of(const char *text)
{
    struct ranges r = RANGES_NULL;
    if (text && *text)
        ranges_parse(&r, text, RANGES_ID_MAX, NULL);
    return r;
}

static bool final_end(uint8_t end)
{
    return end == ATTEMPT_SUCCESS || end == ATTEMPT_FAILURE || end == ATTEMPT_CANCELLED;
}

// Thousandths; 1 where it is not known or nothing was done.
static int64_t clock_ratio(int64_t permille)
{
    return permille > 0 ? permille : 1000;
}

// Its time at the mean clock of that time; of attempts of which that was not kept, the work that was done.
static int64_t thousandth_ghz_s(const struct row_attempt *a)
{
    if (a->clock_max_mhz > 0)
        return a->exec_ms * clock_ratio(a->clock_permille) / 1000 * a->clock_max_mhz / 1000;
    return a->cores > 0 ? a->work_mhz_s / a->cores : 0;
}

// Of the clock that is set now; 0 while it stands still for want of watts.
static int64_t live_ratio(const struct live_view *v)
{
    return v->max_freq_mhz > 0 ? (int64_t)v->freq_mhz * 1000 / v->max_freq_mhz : 1000;
}

// Where the results of an instance are, "s3://HOST/BUCKET/KEY".
struct where {
    const char *host, *bucket; // host NULL: it is not told; bucket NULL: nowhere
    int host_n, bucket_n;
};

static void results(struct json_out *o, const char *names, const struct where *at)
{
    out_array(o, "results");
    for (const char *p = at->host && at->bucket && names ? names : ""; *p;) {
        int n = (int)strcspn(p, "\n");
        struct buf text = BUF_INIT(STAGE_NAMES_MAX + 1024);
        buf_putf(&text, "s3://%.*s/%.*s/%.*s", at->host_n, at->host, at->bucket_n, at->bucket, n, p);
        out_string(o, NULL, buf_str(&text));
        buf_deinit(&text);
        p += n + (p[n] == '\n');
    }
    out_end_array(o);
}

static void completed(struct json_out *o, const struct row_attempt *a, int64_t tries, const struct where *at)
{
    out_object(o, NULL);
    results(o, a->results, at);
    out_int(o, "instanceId", a->instance);
    out_fixed(o, "wallTimeSec", a->wall_ms, 3);
    out_fixed(o, "execTimeSec", a->exec_ms, 3);
    out_fixed(o, "execTimeSecGHz", thousandth_ghz_s(a), 3);
    out_int(o, "peakMemoryMB", a->peak_memory_mb);
    out_string(o, "state", attempt_end_name(a->end));
    if (a->end == ATTEMPT_SUCCESS) {
        out_null(o, "error");
    } else {
        out_object(o, "error");
        out_string(o, "code",
                   a->code && *a->code           ? a->code
                   : a->end == ATTEMPT_CANCELLED ? "GHX0782I"
                                                 : "ONDOL-EXIT");
        out_string(o, "message", a->message && *a->message ? a->message : attempt_end_name(a->end));
        char debug[80];
        if (a->signal >= 0)
            snprintf(debug, sizeof debug, "signal %d", a->signal);
        else if (a->exit_code >= 0)
            snprintf(debug, sizeof debug, "exit code %d", a->exit_code);
        else
            debug[0] = '\0';
        out_string(o, "debug", debug);
        out_end_object(o);
    }
    out_string(o, "specificationKey", a->spec_key ? a->spec_key : "");
    out_string(o, "cpuModel", a->cpu_model ? a->cpu_model : "");
    out_int(o, "coreCount", a->cores);
    out_fixed(o, "clockRatio", clock_ratio(a->clock_permille), 3);
    out_fixed(o, "averageGHz", a->exec_ms > 0 ? thousandth_ghz_s(a) * 1000 / a->exec_ms : 0, 3);
    out_int(o, "executionAttemptCount", tries);
    out_end_object(o);
}

// The name of a bucket needs no escapes.
static struct where where_of(const struct body_view *body, const struct task_extra *x)
{
    const char *host = x->storage_url ? strstr(x->storage_url, "://") : NULL;
    size_t bucket_n = 0;
    struct where w = {.host = host ? host + 3 : NULL,
                      .bucket = body_plain_string(body_get(body, "resultBucket"), &bucket_n)};
    w.bucket_n = (int)bucket_n;
    w.host_n = host ? (int)strcspn(w.host, "/") : 0;
    return w;
}

void task_render_completed(struct json_out *o, const struct row_task *row, const struct body_view *body,
                           const struct task_extra *x)
{
    struct where at = where_of(body, x);
    struct ranges over = set_of(row->live.succeeded), failed = set_of(row->live.failed),
                  cancelled = set_of(row->live.cancelled);
    ranges_union(&over, &failed);
    ranges_union(&over, &cancelled);
    out_array(o, "completedInstances");
    for (size_t i = 0, first = 0; i < x->n_attempts; i++) {
        const struct row_attempt *a = &x->attempt[i];
        bool last = i + 1 == x->n_attempts || x->attempt[i + 1].instance != a->instance;
        if (!last)
            continue;
        if (final_end(a->end) && ranges_has(&over, a->instance))
            completed(o, a, (int64_t)(i - first) + 1, &at);
        first = i + 1;
    }
    out_end_array(o);
    ranges_deinit(&over);
    ranges_deinit(&failed);
    ranges_deinit(&cancelled);
}

static struct by_model *model_of(struct by_model *m, size_t *n, const char *model, const char *spec_key,
                                 int32_t cores)
{
    for (size_t i = 0; i < *n; i++)
        if (m[i].cores == cores && !strcmp(m[i].model, model) && !strcmp(m[i].spec_key, spec_key))
            return &m[i];
    if (*n == MODELS_MAX)
        return NULL;
    m[*n] = (struct by_model){.model = model, .spec_key = spec_key, .cores = cores};
    return &m[(*n)++];
}

static void add_live(struct by_model *k, const struct live_view *v)
{
    k->exec_ms += v->exec_ms;
    k->ghz_ms += v->exec_ms * v->freq_mhz / 1000;
    k->clock += v->exec_ms * clock_ratio(live_ratio(v));
}

static size_t count_models(const struct task_extra *x, struct by_model m[MODELS_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < x->n_attempts; i++) {
        const struct row_attempt *a = &x->attempt[i];
        struct by_model *k =
            model_of(m, &n, a->cpu_model ? a->cpu_model : "", a->spec_key ? a->spec_key : "", a->cores);
        if (k) {
            k->exec_ms += a->exec_ms;
            k->ghz_ms += thousandth_ghz_s(a);
            k->clock += a->exec_ms * clock_ratio(a->clock_permille);
        }
    }
    for (size_t i = 0; i < x->n_live; i++) {
        const struct live_copy *l = &x->live[i];
        struct by_model *k = model_of(m, &n, l->spec.cpu_model, l->spec.key, l->spec.cores);
        if (k) {
            add_live(k, &l->view);
            k->running_cores += l->spec.cores;
        }
    }
    return n;
}

// Finished attempts of one instance; they lie together, in order.
static int64_t tries_of(const struct task_extra *x, uint32_t instance)
{
    size_t lo = 0, hi = x->n_attempts;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (x->attempt[mid].instance < instance)
            lo = mid + 1;
        else
            hi = mid;
    }
    int64_t n = 0;
    while (lo + (size_t)n < x->n_attempts && x->attempt[lo + (size_t)n].instance == instance)
        n++;
    return n;
}

static void live_instance(struct json_out *o, const struct live_copy *l, const struct task_extra *x)
{
    const struct live_view *v = &l->view;
    int64_t tries = 1 + tries_of(x, v->instance);
    out_object(o, NULL);
    out_array(o, "activeForwards");
    for (size_t i = 0; i < x->n_forwards; i++) {
        if (x->forward[i].instance != v->instance)
            continue;
        out_object(o, NULL);
        out_int(o, "applicationPort", x->forward[i].application_port);
        out_int(o, "forwarderPort", x->forward[i].forwarder_port);
        out_string(o, "forwarderHost", x->forward[i].host);
        out_string(o, "bindAddress", x->forward[i].bind_address);
        out_end_object(o);
    }
    out_end_array(o);
    out_array(o, "vpnConnections");
    if (l->address) {
        char cidr[24];
        snprintf(cidr, sizeof cidr, "%u.%u.%u.%u/%d", l->address >> 24, l->address >> 16 & 255,
                 l->address >> 8 & 255, l->address & 255, NETPLAN_PREFIX);
        out_object(o, NULL);
        out_string(o, "nodeIPAddressCidr", cidr);
        out_string(o, "vpnName", "cluster");
        out_end_object(o);
    }
    out_end_array(o);
    out_string(o, "phase", phase_name(v->phase));
    out_int(o, "instanceId", v->instance);
    out_fixed(o, "maxFrequencyGHz", v->max_freq_mhz, 3);
    out_fixed(o, "currentFrequencyGHz", v->freq_mhz, 3);
    out_fixed(o, "cpuUsage", v->cpu_permille, 1);
    out_int(o, "maxMemoryMB", v->memory_max_mb);
    out_int(o, "currentMemoryMB", v->memory_mb);
    out_fixed(o, "memoryUsage", v->memory_max_mb > 0 ? (int64_t)v->memory_mb * 10000 / v->memory_max_mb : 0,
              4);
    out_int(o, "networkInKbps", v->net_in_kbps);
    out_int(o, "networkOutKbps", v->net_out_kbps);
    out_fixed(o, "progress", v->progress_permille > 0 ? v->progress_permille : 0, 1);
    out_fixed(o, "executionTimeSec", v->exec_ms, 3);
    out_fixed(o, "executionTimeGHz", v->exec_ms * v->freq_mhz / 1000, 3);
    out_string(o, "specificationKey", l->spec.key);
    out_string(o, "cpuModel", l->spec.cpu_model);
    out_int(o, "coreCount", l->spec.cores);
    out_int(o, "executionAttemptCount", tries);
    out_fixed(o, "clockRatio", live_ratio(v), 3);
    out_end_object(o);
}

static void running(struct json_out *o, const struct task_extra *x, const struct by_model *m, size_t n_models)
{
    if (!x->n_live) {
        out_null(o, "runningInstancesInfo");
        return;
    }
    int64_t freq = 0, freq_top = 0, freq_low = INT64_MAX, max = 0, cpu = 0, memory = 0, in = 0, out = 0,
            n = (int64_t)x->n_live;
    out_object(o, "runningInstancesInfo");
    out_array(o, "perRunningInstanceInfo");
    for (size_t i = 0; i < x->n_live; i++) {
        const struct live_view *v = &x->live[i].view;
        live_instance(o, &x->live[i], x);
        freq += v->freq_mhz;
        freq_top = v->freq_mhz > freq_top ? v->freq_mhz : freq_top;
        freq_low = v->freq_mhz < freq_low ? v->freq_mhz : freq_low;
        max += v->max_freq_mhz;
        cpu += v->cpu_permille;
        in += v->net_in_kbps;
        out += v->net_out_kbps;
        memory += v->memory_max_mb > 0 ? (int64_t)v->memory_mb * 10000 / v->memory_max_mb : 0;
    }
    out_end_array(o);
    out_raw(o, "snapshotResults", "[]");
    out_date(o, "timestamp", x->now.v);
    out_fixed(o, "averageFrequencyGHz", freq / n, 3);
    out_fixed(o, "maxFrequencyGHz", freq_top, 3);
    out_fixed(o, "minFrequencyGHz", freq_low, 3);
    out_fixed(o, "averageMaxFrequencyGHz", max / n, 3);
    out_fixed(o, "averageCpuUsage", cpu / n, 1);
    out_fixed(o, "clusterPowerIndicator", freq > 0 ? max * 1000 / freq : 1000, 3);
    out_fixed(o, "averageMemoryUsage", memory / n, 4);
    out_int(o, "averageNetworkInKbps", in / n);
    out_int(o, "averageNetworkOutKbps", out / n);
    out_int(o, "totalNetworkInKbps", in);
    out_int(o, "totalNetworkOutKbps", out);
    out_array(o, "runningCoreCountByCpuModel");
    for (size_t i = 0; i < n_models; i++) {
        if (!m[i].running_cores)
            continue;
        out_object(o, NULL);
        out_string(o, "model", m[i].model);
        out_int(o, "core", m[i].cores);
        out_int(o, "runningCoreCount", m[i].running_cores);
        out_end_object(o);
    }
    out_end_array(o);
    out_end_object(o);
}

static void spans(struct json_out *o, const char *name, int64_t ms)
{
    char key[40];
    out_span(o, name, ms);
    snprintf(key, sizeof key, "%sSec", name);
    out_int(o, key, ms / 1000);
}

struct by_site {
    char uuid[UUID_TEXT_BYTES];
    const char *spec_key;
    int64_t exec_ms;
};

static void add_to_site(struct by_site *v, size_t *n, const char *uuid, const char *spec_key, int64_t exec_ms)
{
    size_t i = 0;
    while (i < *n && (strcmp(v[i].uuid, uuid) != 0 || strcmp(v[i].spec_key, spec_key) != 0))
        i++;
    if (i == MODELS_MAX)
        return;
    if (i == *n) {
        v[i] = (struct by_site){.spec_key = spec_key};
        memcpy(v[i].uuid, uuid, sizeof v[i].uuid);
        ++*n;
    }
    v[i].exec_ms += exec_ms;
}

static void sites(struct json_out *o, const struct task_extra *x)
{
    struct by_site v[MODELS_MAX];
    size_t n = 0;
    for (size_t i = 0; i < x->n_attempts; i++) {
        const struct row_attempt *a = &x->attempt[i];
        char uuid[UUID_TEXT_BYTES];
        uuid_of_name(uuid, "site", a->site);
        if (a->exec_ms > 0)
            add_to_site(v, &n, uuid, a->spec_key ? a->spec_key : "", a->exec_ms);
    }
    for (size_t i = 0; i < x->n_live; i++)
        add_to_site(v, &n, x->live[i].site_uuid, x->live[i].spec.key, x->live[i].view.exec_ms);
    out_array(o, "executionTimeBySiteAndMachine");
    for (size_t i = 0; i < n; i++) {
        out_object(o, NULL);
        out_string(o, "siteUuid", v[i].uuid);
        out_string(o, "specificationKey", v[i].spec_key);
        out_int(o, "time", v[i].exec_ms / 1000);
        out_end_object(o);
    }
    out_end_array(o);
}

static void instance_time(struct json_out *o, uint32_t instance, const struct by_model *k, const char *site)
{
    out_object(o, NULL);
    out_int(o, "instanceId", instance);
    out_string(o, "specificationKey", k->spec_key);
    out_string(o, "siteUuid", site);
    out_int(o, "time", k->exec_ms / 1000);
    out_fixed(o, "timeGhz", k->ghz_ms, 3);
    out_fixed(o, "clockRatio", clock_ratio(k->exec_ms > 0 ? k->clock / k->exec_ms : 0), 3);
    out_end_object(o);
}

static int by_instance(const void *a, const void *b)
{
    const struct live_copy *const *x = a, *const *y = b;
    return (*x)->view.instance < (*y)->view.instance ? -1 : (*x)->view.instance > (*y)->view.instance;
}

// The attempts of each instance, added up, ended ones (which lie together) and the one that runs. The machine and
// the site are the last one's.
static void instances(struct json_out *o, const struct task_extra *x)
{
    const struct live_copy **live = mem_array(x->n_live + 1, sizeof *live);
    for (size_t i = 0; i < x->n_live; i++)
        live[i] = &x->live[i];
    qsort(live, x->n_live, sizeof *live, by_instance);
    out_array(o, "executionTimeByInstanceId");
    for (size_t i = 0, l = 0; i < x->n_attempts || l < x->n_live;) {
        uint32_t instance = i < x->n_attempts ? x->attempt[i].instance : UINT32_MAX;
        struct by_model sum = {0};
        char site[UUID_TEXT_BYTES] = "";
        if (l < x->n_live && live[l]->view.instance < instance)
            instance = live[l]->view.instance;
        for (; i < x->n_attempts && x->attempt[i].instance == instance; i++) {
            const struct row_attempt *a = &x->attempt[i];
            sum.exec_ms += a->exec_ms;
            sum.ghz_ms += thousandth_ghz_s(a);
            sum.clock += a->exec_ms * clock_ratio(a->clock_permille);
            sum.spec_key = a->spec_key ? a->spec_key : "";
            uuid_of_name(site, "site", a->site);
        }
        for (; l < x->n_live && live[l]->view.instance == instance; l++) {
            add_live(&sum, &live[l]->view);
            sum.spec_key = live[l]->spec.key;
            memcpy(site, live[l]->site_uuid, sizeof site);
        }
        instance_time(o, instance, &sum, site);
    }
    out_end_array(o);
    free(live);
}

static void models(struct json_out *o, const struct by_model *m, size_t n, const struct task_extra *x)
{
    out_array(o, "executionTimeByCpuModel");
    for (size_t i = 0; i < n; i++) {
        out_object(o, NULL);
        out_string(o, "model", m[i].model);
        out_int(o, "time", m[i].exec_ms / 1000);
        out_int(o, "core", m[i].cores);
        out_end_object(o);
    }
    out_end_array(o);
    out_array(o, "executionTimeByMachineSpecification");
    for (size_t i = 0; i < n; i++) {
        out_object(o, NULL);
        out_string(o, "specificationKey", m[i].spec_key);
        out_int(o, "time", m[i].exec_ms / 1000);
        out_end_object(o);
    }
    out_end_array(o);
    sites(o, x);
    instances(o, x);
    out_array(o, "executionTimeGhzByCpuModel");
    for (size_t i = 0; i < n; i++) {
        out_object(o, NULL);
        out_string(o, "model", m[i].model);
        out_fixed(o, "timeGhz", m[i].ghz_ms, 3);
        out_fixed(o, "clockRatio", clock_ratio(m[i].exec_ms > 0 ? m[i].clock / m[i].exec_ms : 0), 3);
        out_int(o, "core", m[i].cores);
        out_end_object(o);
    }
    out_end_array(o);
}

static void id_ranges(struct json_out *o, const struct row_task_live *l)
{
    struct ranges executed = set_of(l->succeeded), failed = set_of(l->failed),
                  cancelled = set_of(l->cancelled);
    struct buf text = BUF_INIT(1 << 20);
    ranges_union(&failed, &cancelled);
    ranges_union(&executed, &failed);
    out_string(o, "succeededRange", l->succeeded ? l->succeeded : "");
    ranges_format(&executed, &text);
    out_string(o, "executedRange", buf_str(&text));
    buf_clear(&text);
    ranges_format(&failed, &text);
    out_string(o, "failedRange", buf_str(&text));
    out_string(o, "cancelledRange", l->cancelled ? l->cancelled : "");
    out_string(o, "failedOnlyRange", l->failed ? l->failed : "");
    out_string(o, "startedOnceRange", l->started_once ? l->started_once : "");
    buf_deinit(&text);
    ranges_deinit(&executed);
    ranges_deinit(&failed);
    ranges_deinit(&cancelled);
}

// Per mille of the files of what runs that are where they belong; `done`: of those that are not on their way.
static int64_t files_permille(const struct task_extra *x, enum phase phase, int64_t done)
{
    int64_t sum = 0;
    for (size_t i = 0; i < x->n_live; i++) {
        const struct live_view *v = &x->live[i].view;
        sum += v->phase != phase ? done : v->bytes_n > 0 ? v->bytes * 1000 / v->bytes_n : 0;
    }
    return x->n_live ? sum / (int64_t)x->n_live : done;
}

// How long files were on their way, of ended attempts and of what runs.
static void moving(const struct task_extra *x, int64_t *fetch_ms, int64_t *store_ms, int64_t *ended_ms)
{
    *fetch_ms = *store_ms = 0;
    for (size_t i = 0; i < x->n_attempts; i++) {
        *fetch_ms += x->attempt[i].fetch_ms;
        *store_ms += x->attempt[i].store_ms;
    }
    *ended_ms = *fetch_ms + *store_ms;
    for (size_t i = 0; i < x->n_live; i++) {
        *fetch_ms += x->live[i].view.fetch_ms;
        *store_ms += x->live[i].view.store_ms;
    }
}

int64_t task_live_wall_ms(const struct task_extra *x)
{
    int64_t sum = 0;
    for (size_t i = 0; i < x->n_live; i++) {
        int64_t ms = house_since(x->now, x->live[i].view.granted);
        sum += ms > 0 ? ms : 0;
    }
    return sum;
}

// Neither in execution nor with files on their way: of ended attempts, and of what runs when it was looked at.
static int64_t around_ms(const struct row_task_live *l, const struct task_extra *x, int64_t moved_ms)
{
    int64_t sum = l->wall_ms - l->exec_ms - moved_ms;
    sum = sum > 0 ? sum : 0;
    for (size_t i = 0; i < x->n_live; i++) {
        const struct live_view *v = &x->live[i].view;
        int64_t ms = house_since(v->sampled, v->granted) - v->exec_ms - v->fetch_ms - v->store_ms;
        sum += v->sampled.v && ms > 0 ? ms : 0;
    }
    return sum;
}

// When any of it was looked at last; before that, when its state changed.
static int64_t updated_ms(const struct row_task *row, const struct task_extra *x)
{
    int64_t at = row->live.state_ms >= 0 ? row->live.state_ms : row->created_ms;
    for (size_t i = 0; i < x->n_live; i++)
        at = x->live[i].view.sampled.v > at ? x->live[i].view.sampled.v : at;
    return at;
}

// Whether its instances are over without that any began: they were cancelled, or never came to it.
static bool over_unbegun(const struct row_task_live *l)
{
    return task_state_final(l->state) && ((l->cancelled && *l->cancelled) || (l->failed && *l->failed));
}

void task_render_status(struct json_out *o, const struct row_task *row, const struct task_extra *x)
{
    const struct row_task_live *l = &row->live;
    if (!x->n_live && (!l->started_once || !*l->started_once) && !over_unbegun(l)) {
        out_null(o, "status"); // nothing has started yet
        return;
    }
    struct by_model m[MODELS_MAX];
    size_t n = count_models(x, m);
    bool over = task_state_final(l->state) && l->end_ms >= 0;
    int64_t exec_ms = l->exec_ms;
    for (size_t i = 0; i < x->n_live; i++)
        exec_ms += x->live[i].view.exec_ms;
    int64_t fetch_ms, store_ms, moved_ms;
    moving(x, &fetch_ms, &store_ms, &moved_ms);
    out_object(o, "status");
    out_date(o, "timestamp", over ? l->end_ms : x->now.v);
    out_date(o, "lastUpdateTimestamp", over ? l->end_ms : updated_ms(row, x));
    out_fixed(o, "downloadProgress", files_permille(x, PHASE_DOWNLOAD, 1000), 1);
    out_fixed(o, "executionProgress", l->progress_permille, 1);
    out_fixed(o, "uploadProgress", task_state_final(l->state) ? 1000 : files_permille(x, PHASE_UPLOAD, 0), 1);
    out_int(o, "instanceCount", l->running);
    spans(o, "downloadTime", fetch_ms);
    spans(o, "environmentTime", around_ms(l, x, moved_ms));
    spans(o, "executionTime", exec_ms);
    models(o, m, n, x);
    spans(o, "uploadTime", store_ms);
    spans(o, "wallTime", l->wall_ms + task_live_wall_ms(x));
    id_ranges(o, l);
    running(o, x, m, n);
    out_end_object(o);
}
