// SPDX-License-Identifier: Apache-2.0
//
// `ondol replay FILE`: the engine alone, fed with what `--record FILE` kept. Its hash of all actions must be the one that the
// server had when it ended (docs/design/0005-ordered-log.md).
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/when.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "core/ledger/ledger.h"
#include "server/event_log.h"
#include "store/sqlite.h"

struct values {
    bool verbose;
};

static const struct option_row rows[] = {
    {"verbose", OPTION_FLAG, NULL, offsetof(struct values, verbose), 0, 0, "The hash after every batch too: where two replays part"},
    {0},
};

static const struct options options = {
    .command = "replay",
    .args = "FILE",
    .args_min = 1,
    .args_max = 1,
    .what = "Applies the events that `ondol server --record FILE` wrote, from the copy of the store in FILE.start, and prints the hash of "
            "the actions. Exit code 1 when it is not the one that the server had when it ended.",
    .row = rows,
};

struct replay {
    const char *path;
    const struct values *v;
    struct server *engine;
    struct effects fx;
    uint64_t events, batches, hash;
    bool ended, reloaded;
};

static int load_row(void *ctx, const struct change *row, struct err *e)
{
    return server_restore(ctx, row, e);
}

static int load(struct replay *r, const struct event_log_head *h, struct err *e)
{
    char start[4096];
    struct store store;
    struct stat st;
    snprintf(start, sizeof start, "%s.start", r->path);
    if (stat(start, &st) < 0)
        return err_set(e, -errno, "%s: %s (it is written beside the recording)", start, strerror(errno));
    int bad = store_sqlite_open(&store, start, e);
    if (bad)
        return bad;
    r->engine = server_new(&h->config);
    struct store_visitor v = {r->engine, load_row, h->restore_from.v - h->restore_from.v % LEDGER_HOUR_MS};
    server_restore_from(r->engine, h->restore_from);
    bad = store.load(store.ctx, &v, e);
    store.free(store.ctx);
    server_restored(r->engine, h->restored);
    return bad;
}

static void settle(struct replay *r, house_ms now)
{
    server_settle(r->engine, now, &r->fx);
    effects_clear(&r->fx);
    r->batches++;
    if (r->v->verbose) {
        char date[DATE_TEXT_BYTES];
        date_format(date, now);
        printf("%" PRIu64 " %s 0x%" PRIx64 "\n", r->batches, date, server_hash(r->engine));
    }
}

static int step(struct replay *r, const char *line, size_t n, struct arena *a, struct err *e)
{
    enum event_log_line what;
    struct event ev;
    house_ms now;
    int bad = event_log_read(line, n, a, &what, &ev, &now, &r->hash, e);
    if (bad)
        return bad;
    if (what == EVENT_LOG_EVENT) {
        server_apply(r->engine, &ev, &r->fx);
        r->events++;
    } else if (what == EVENT_LOG_SETTLE) {
        settle(r, now);
        arena_clear(a); // what events point to lives until their batch is settled
    }
    r->ended = what == EVENT_LOG_END;
    r->reloaded = what == EVENT_LOG_RELOAD;
    return 0;
}

static int run(struct replay *r, FILE *f, struct err *e)
{
    struct arena a = ARENA_NULL;
    char *line = NULL;
    size_t cap = 0;
    int bad = 0;
    uint64_t n_line = 0;
    for (ssize_t n; !bad && !r->ended && !r->reloaded && (n = getline(&line, &cap, f)) > 0;) {
        struct event_log_head h;
        n_line++;
        if (n_line > 1) {
            bad = step(r, line, (size_t)n, &a, e);
        } else if (!(bad = event_log_head_read(line, (size_t)n, &h, e))) {
            bad = load(r, &h, e);
            if (bad)
                break;
        }
        if (bad)
            err_prefix(e, "%s:%" PRIu64, r->path, n_line);
    }
    if (!bad && n_line == 0)
        bad = err_set(e, -EBADMSG, "%s: is empty", r->path);
    free(line);
    arena_deinit(&a);
    return bad;
}

static int report(const struct replay *r)
{
    uint64_t got = server_hash(r->engine);
    printf("%" PRIu64 " events in %" PRIu64 " batches: hash 0x%" PRIx64 "\n", r->events, r->batches, got);
    if (r->reloaded)
        puts("The recording ends where the server loaded its memory again, after a failed write.");
    else if (!r->ended)
        puts("The recording has no end: the server was killed, so that there is no hash to compare with.");
    else if (got != r->hash)
        return cli_fail(CLI_FAILED, "replay: the server had 0x%" PRIx64 ": these are not the same actions (is it the same version?)", r->hash);
    return CLI_DONE;
}

int cmd_replay(int argc, char **argv)
{
    struct values v = {0};
    struct option_args args = {0};
    struct err e = ERR_NULL;
    int code = options_parse(&options, &v, &args, argc, argv);
    if (code >= 0)
        return code;
    struct replay r = {.path = args.v[0], .v = &v};
    FILE *f = fopen(r.path, "re");
    if (!f)
        return cli_fail(CLI_FAILED, "%s: %s", r.path, strerror(errno));
    effects_init(&r.fx);
    code = run(&r, f, &e) ? cli_fail_err(CLI_FAILED, &e) : report(&r);
    fclose(f);
    effects_deinit(&r.fx);
    server_free(r.engine);
    return code;
}
