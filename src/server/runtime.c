// SPDX-License-Identifier: Apache-2.0
//
// Starting and ending a server. Start: lead the store, load
// the engine, make the first account, start the threads, open the port. End in the other order: no new
// requests, then the engine, then the store with all that was still on its way.
#include "server/runtime.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "api/shown.h"
#include "base/mem.h"
#include "server/inside.h"
#include "server/relay.h"
#include "store/sqlite.h"

#define ITEMS_MAX   65536
#define BATCHES_MAX 64
#define JOBS_MAX    4096

void runtime_config_default(struct runtime_config *c, double speed)
{
    *c = (struct runtime_config){.listen = "127.0.0.1:8080",
                                 .email = "admin@localhost",
                                 .speed = speed,
                                 .park_ms = 10000,
                                 .carbon = {RUNTIME_GRID_G_KWH, RUNTIME_OVERHEAD_PERMILLE, 0}};
    server_config_default(&c->engine);
#ifndef __OPTIMIZE__
    c->engine.check_plans = true; // a debug build looks at every plan
#endif
    if (speed > 1) { // the same wall time at any speed
        c->engine.lease_ms = (int64_t)((double)c->engine.lease_ms * speed);
        c->engine.lease_margin_ms = (int64_t)((double)c->engine.lease_margin_ms * speed);
        c->engine.start_timeout_ms = (int64_t)((double)c->engine.start_timeout_ms * speed);
        c->engine.preempt_grace_ms = (int64_t)((double)c->engine.preempt_grace_ms * speed);
        c->engine.rest_first_ms = (int64_t)((double)c->engine.rest_first_ms * speed);
        c->engine.rest_most_ms = (int64_t)((double)c->engine.rest_most_ms * speed);
    }
}

int runtime_port(const struct runtime *r)
{
    return http_server_port(r->http);
}

void listen_url(char *out, size_t room, const char *listen, int port, bool tls)
{
    const char *colon = strrchr(listen, ':');
    int n = colon ? (int)(colon - listen) : (int)strlen(listen);
    if (n == 7 && strncmp(listen, "0.0.0.0", 7) == 0)
        listen = "127.0.0.1", n = 9;
    else if (n == 4 && strncmp(listen, "[::]", 4) == 0)
        listen = "[::1]", n = 5;
    snprintf(out, room, "%s://%.*s:%d", tls ? "https" : "http", n, listen, port);
}

const char *runtime_storage_url(const struct runtime *r)
{
    return r->storage_url;
}

const char *runtime_token(const struct runtime *r)
{
    return r->token;
}

const char *runtime_node_token(const struct runtime *r)
{
    return r->node_token;
}

house_ms runtime_now(struct runtime *r)
{
    return clock_house(&r->clock);
}

bool runtime_deposed(struct runtime *r)
{
    pthread_mutex_lock(&r->fail_lock);
    bool deposed = r->recording == DEPOSED;
    pthread_mutex_unlock(&r->fail_lock);
    return deposed;
}

// ---- starting

static void park_gone(void *ctx, uint64_t park_id)
{
    (void)ctx;
    (void)park_id; // a parked sync is answered at the latest after park_ms, and freed then
}

static void handle(void *ctx, struct http_request *req)
{
    struct runtime *r = ctx;
    api_handle(r->api, req);
}

static int open_store(struct runtime *r, struct err *e)
{
    int code = r->store.ctx ? 0 : store_sqlite_open(&r->store, r->data_dir, e);
    if (code < 0)
        return code;
    if ((code = vault_open(&r->vault, r->data_dir, e)) < 0)
        return code;
    if ((code = store_sqlite_reader(&r->http_reader, r->data_dir, e)) < 0 ||
        (code = store_sqlite_reader(&r->work_reader, r->data_dir, e)) < 0 ||
        (code = store_sqlite_reader(&r->body_reader, r->data_dir, e)) < 0)
        return code;
    return r->store.lead(r->store.ctx, &r->epoch, e);
}

// What the engine is about to load is kept beside the recording.
static int open_log(struct runtime *r, struct err *e)
{
    char start[4096];
    if (!r->record_path)
        return 0;
    if (snprintf(start, sizeof start, "%s.start", r->record_path) >= (int)sizeof start)
        return err_set(e, -ENAMETOOLONG, "record: the name of the file is too long");
    int code = store_sqlite_copy(r->data_dir, start, e);
    if (code < 0)
        return err_prefix(e, "record");
    r->log = fopen(r->record_path, "we");
    return r->log ? 0 : err_set(e, -errno, "record: %s: %s", r->record_path, strerror(errno));
}

// The first account, or the same one with another token. Committed before the port opens.
static int first_account(struct runtime *r, struct err *e)
{
    char hash[65];
    token_digest(r->token, hash);
    struct event ev = {.kind = EVENT_ACCOUNT_PUT,
                       .now = clock_house(&r->clock),
                       .account = {.email = r->email, .token_hash = hash}};
    struct effects fx;
    effects_init(&fx);
    engine_apply(r, &ev, &fx);
    engine_settle(r, ev.now, &fx);
    int code = r->store.commit(r->store.ctx, r->epoch, fx.change, fx.n_changes, NULL, 0, e);
    for (size_t i = 0; i < fx.n_changes && code == 0; i++)
        accounts_note(r, &fx.change[i]);
    effects_deinit(&fx);
    return code;
}

// What the configuration says of sites. Committed before the port opens, like the first account.
static int tell_sites(struct runtime *r, const struct runtime_config *cfg, struct err *e)
{
    struct effects fx;
    house_ms now = clock_house(&r->clock);
    if (!cfg->n_sites)
        return 0;
    effects_init(&fx);
    for (size_t i = 0; i < cfg->n_sites; i++) {
        const struct runtime_site *s = &cfg->site[i];
        struct event ev = {.kind = EVENT_SITE_SET,
                           .now = now,
                           .site = {.site = s->name,
                                    .make = true,
                                    .has_cap = s->has_cap,
                                    .cap_mw = s->cap_mw,
                                    .has_utc_offset = s->has_utc_offset,
                                    .utc_offset_min = s->utc_offset_min,
                                    .setting = s->setting}};
        engine_apply(r, &ev, &fx);
    }
    engine_settle(r, now, &fx);
    int code = r->store.commit(r->store.ctx, r->epoch, fx.change, fx.n_changes, NULL, 0, e);
    effects_deinit(&fx);
    return code;
}

static int tokens(struct runtime *r, const struct runtime_config *cfg, struct err *e)
{
    int code = 0;
    if (cfg->token)
        snprintf(r->token, sizeof r->token, "%s", cfg->token);
    else if ((code = token_keep(r->data_dir, "token", r->token, e)) < 0)
        return code;
    if (cfg->node_token)
        snprintf(r->node_token, sizeof r->node_token, "%s", cfg->node_token);
    else
        code = token_keep(r->data_dir, "node-token", r->node_token, e);
    return code;
}

static void start_clock(struct runtime *r, const struct runtime_config *cfg)
{
    if (cfg->has_epoch)
        clock_init(&r->clock, cfg->house0, cfg->real0_ms, cfg->speed);
    else
        clock_init(&r->clock, HOUSE_MS(real_now_ms()), real_now_ms(), cfg->speed);
}

static int start_threads(struct runtime *r, struct err *e)
{
    r->store_runs = pthread_create(&r->store_thread, NULL, store_main, r) == 0;
    r->engine_runs = r->store_runs && pthread_create(&r->engine_thread, NULL, engine_main, r) == 0;
    r->work_runs = r->engine_runs && pthread_create(&r->work_thread, NULL, work_main, r) == 0;
    return r->work_runs ? 0 : err_set(e, -EAGAIN, "server: the system gives no more threads");
}

static int start_http(struct runtime *r, const struct runtime_config *cfg, struct err *e)
{
    backend_make(r);
    r->api = api_new(&r->backend);
    struct http_config h = {.listen = cfg->listen,
                            .limits = cfg->limits,
                            .tls_cert_file = cfg->tls_cert_file,
                            .tls_key_file = cfg->tls_key_file,
                            .tls_client_ca_file = cfg->tls_client_ca_file,
                            .handle = handle,
                            .gone = park_gone,
                            .ctx = r};
    if (!h.limits.body_bytes)
        h.limits.body_bytes = (size_t)32 << 20; // bulk creation of tasks, reports of a whole building
    struct http_server *http;
    int code = http_server_new(&http, &h, e);
    if (code < 0)
        return code;
    pthread_mutex_lock(&r->http_lock);
    r->http = http;
    pthread_mutex_unlock(&r->http_lock);
    return 0;
}

static int check_config(const struct runtime_config *cfg, struct err *e)
{
    if (!cfg->data_dir || !*cfg->data_dir)
        return err_set(e, -EINVAL, "data: no directory is named (give --data DIR)");
    if (!(cfg->speed > 0 && cfg->speed <= 100000))
        return err_set(e, -EINVAL, "speed: %g is not between 0 and 100000", cfg->speed);
    if (cfg->token && (strlen(cfg->token) < 4 || strlen(cfg->token) >= 80))
        return err_set(e, -EINVAL, "token: %zu characters (4 to 79 are allowed)", strlen(cfg->token));
    if (cfg->node_token && (strlen(cfg->node_token) < 4 || strlen(cfg->node_token) >= 80))
        return err_set(e, -EINVAL, "node token: %zu characters (4 to 79 are allowed)",
                       strlen(cfg->node_token));
    if (!cfg->email || !strchr(cfg->email, '@') || strlen(cfg->email) > 250 ||
        strpbrk(cfg->email, "/\"\\ \t\r\n"))
        return err_set(e, -EINVAL, "email: \"%s\" is not an address of at most 250 characters",
                       cfg->email ? cfg->email : "");
    return 0;
}

static struct runtime *runtime_alloc(const struct runtime_config *cfg)
{
    struct runtime *r = mem_alloc(sizeof *r);
    r->cfg = *cfg;
    r->cfg.profiles.relay = cfg->relay_listen != NULL;
    if (!r->cfg.forward_first && !r->cfg.forward_last)
        r->cfg.forward_last = RUNTIME_FORWARDS;
    if (r->cfg.park_ms <= 0)
        r->cfg.park_ms = 10000;
    if (r->cfg.refuse_ms <= 0)
        r->cfg.refuse_ms = 1000;
    r->data_dir = mem_strdup(cfg->data_dir);
    r->email = mem_strdup(cfg->email);
    r->record_path = mem_strdup(cfg->record_file);
    r->shown = shown_new(SHOWN_MS);
    queue_init(&r->items, ITEMS_MAX);
    queue_init(&r->batches, BATCHES_MAX);
    queue_init(&r->jobs, JOBS_MAX);
    pthread_mutex_init(&r->fail_lock, NULL);
    pthread_mutex_init(&r->http_lock, NULL);
    pthread_mutex_init(&r->listen_lock, NULL);
    pthread_mutex_init(&r->account_lock, NULL);
    pthread_mutex_init(&r->staged_lock, NULL);
    pthread_mutexattr_t again;
    pthread_mutexattr_init(&again);
    pthread_mutexattr_settype(&again, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&r->late_lock, &again);
    pthread_mutexattr_destroy(&again);
    if (cfg->store)
        r->store = *cfg->store;
    return r;
}

int runtime_start(struct runtime **ret, const struct runtime_config *cfg, struct err *e)
{
    int code = check_config(cfg, e);
    if (code == 0 && mkdir(cfg->data_dir, 0700) < 0 && errno != EEXIST)
        code = err_set(e, -errno, "data: %s: %s", cfg->data_dir, strerror(errno));
    if (code < 0) {
        if (cfg->store)
            cfg->store->free(cfg->store->ctx);
        return code;
    }
    struct runtime *r = runtime_alloc(cfg);
    start_clock(r, cfg);
    if ((code = tokens(r, cfg, e)) < 0 || (code = open_store(r, e)) < 0 || (code = open_log(r, e)) < 0 ||
        (code = engine_load(r, e)) < 0 || (code = first_account(r, e)) < 0 ||
        (code = tell_sites(r, cfg, e)) < 0 || (code = storage_start(r, cfg, e)) < 0 ||
        (code = images_start(r, cfg, e)) < 0 || (code = relay_start(r, e)) < 0 || (code = start_threads(r, e)) < 0 ||
        (code = start_http(r, cfg, e)) < 0) {
        runtime_stop(r);
        return code;
    }
    *ret = r;
    return 0;
}

static void stop_threads(struct runtime *r)
{
    queue_close(&r->jobs);
    if (r->work_runs)
        pthread_join(r->work_thread, NULL);
    queue_close(&r->items);
    if (r->engine_runs)
        pthread_join(r->engine_thread, NULL);
    queue_close(&r->batches);
    if (r->store_runs)
        pthread_join(r->store_thread, NULL);
}

void runtime_stop(struct runtime *r)
{
    if (!r)
        return;
    pthread_mutex_lock(&r->http_lock);
    struct http_server *http = r->http;
    r->http = NULL;
    pthread_mutex_unlock(&r->http_lock);
    http_server_free(http); // answers what is parked; later answers only free
    storage_stop(r);
    stop_threads(r);
    images_stop(r);
    relay_stop(r);
    storage_close(r); // nobody publishes any more; what is under way is still written
    streams_end(r);
    api_free(r->api);
    shown_free(r->shown);
    record_end(r);
    server_free(r->engine);
    struct store_reader *const readers[] = {&r->http_reader, &r->work_reader, &r->body_reader};
    for (size_t i = 0; i < ARRAY_LEN(readers); i++)
        if (readers[i]->free)
            readers[i]->free(readers[i]->ctx);
    if (r->store.free)
        r->store.free(r->store.ctx);
    vault_close(&r->vault);
    clock_deinit(&r->clock);
    queue_deinit(&r->items);
    queue_deinit(&r->batches);
    queue_deinit(&r->jobs);
    pthread_mutex_destroy(&r->fail_lock);
    pthread_mutex_destroy(&r->http_lock);
    pthread_mutex_destroy(&r->listen_lock);
    pthread_mutex_destroy(&r->account_lock);
    pthread_mutex_destroy(&r->staged_lock);
    publish_deinit(r);
    pthread_mutex_destroy(&r->late_lock);
    free(r->parked);
    free(r->listener);
    free(r->account);
    free(r->api_token);
    free(r->data_dir);
    free(r->email);
    free(r->record_path);
    free(r->storage_url);
    free(r->door_url);
    free(r);
}
