// SPDX-License-Identifier: Apache-2.0
//
// `ondol replay FILE`: the engine alone, fed with what `--record FILE` kept. Its hash of all actions must be
// the one that the server had when it ended (docs/design/0005-ordered-log.md).
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/when.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "core/engine/log.h"
#include "core/ledger/ledger.h"
#include "store/sqlite.h"

struct values {
    bool verbose, events;
};

static const struct option_row rows[] = {
    {"verbose", OPTION_FLAG, NULL, offsetof(struct values, verbose), 0, 0,
     "The hash after every batch too: where two replays part"},
    {"events", OPTION_FLAG, NULL, offsetof(struct values, events), 0, 0,
     "Each event too: its number, its time and its kind"},
    {0},
};

static const struct options options = {
    .command = "replay",
    .args = "FILE",
    .args_min = 1,
    .args_max = 1,
    .what = "Applies the events that `ondol server --record FILE` wrote, from the copy of the store in "
            "FILE.start, and prints the hash of "
            "the actions. Exit code 1 when it is not the one that the server had when it ended.",
    .row = rows,
};

struct replay {
    const char *path;
    const struct values *v;
    struct server *engine;
    struct effects fx;
    struct arena arena; // of the events of a batch
    uint64_t events, batches, hash;
    bool ended, reloaded;
};

static int load_row(void *ctx, const struct change *row, struct err *e)
{
    return server_restore(ctx, row, e);
}

static int load(struct replay *r, const struct log_start *s, struct err *e)
{
    char start[4096];
    struct store store;
    struct stat st;
    if (r->engine)
        return err_set(e, -EBADMSG, "begins twice");
    snprintf(start, sizeof start, "%s.start", r->path);
    if (stat(start, &st) < 0)
        return err_set(e, -errno, "%s: %s (it is written beside the recording)", start, strerror(errno));
    int bad = store_sqlite_open(&store, start, e);
    if (bad)
        return bad;
    r->engine = server_new(&s->config);
    struct store_visitor v = {r->engine, load_row, s->restore_from.v - s->restore_from.v % LEDGER_HOUR_MS};
    server_restore_from(r->engine, s->restore_from);
    bad = store.load(store.ctx, &v, e);
    store.free(store.ctx);
    server_restored(r->engine, s->restored);
    return bad;
}

static void apply(struct replay *r, const struct event *ev)
{
    server_apply(r->engine, ev, &r->fx);
    r->events++;
    if (r->v->events) {
        char date[DATE_TEXT_BYTES];
        date_format(date, ev->now);
        printf("%" PRIu64 " %s %s\n", ev->seq, date, event_kind_name(ev->kind));
    }
}

static void settle(struct replay *r, house_ms now)
{
    server_settle(r->engine, now, &r->fx);
    effects_clear(&r->fx);
    arena_clear(&r->arena); // what events point to lives until their batch is settled
    r->batches++;
    if (r->v->verbose) {
        char date[DATE_TEXT_BYTES];
        date_format(date, now);
        printf("%" PRIu64 " %s 0x%" PRIx64 "\n", r->batches, date, server_hash(r->engine));
    }
}

static int step(struct replay *r, const struct log_record *rec, struct err *e)
{
    if (!r->engine && rec->what != LOG_START)
        return err_set(e, -EBADMSG, "does not begin with what the server was started with");
    switch (rec->what) {
    case LOG_START:
        return load(r, &rec->start, e);
    case LOG_EVENT:
        apply(r, &rec->ev);
        break;
    case LOG_SETTLE:
        settle(r, rec->now);
        break;
    case LOG_END:
        r->ended = true;
        r->hash = rec->hash;
        break;
    case LOG_RELOAD:
        r->reloaded = true;
        break;
    case LOG_WHAT_N:
        break;
    }
    return 0;
}

static int run(struct replay *r, const char *data, size_t n, struct err *e)
{
    struct log_record rec;
    size_t pos = 0;
    int code = 1, bad = 0;
    while (!bad && !r->ended && !r->reloaded && (code = log_next(data, n, &pos, &r->arena, &rec, e)) == 1)
        bad = step(r, &rec, e);
    bad = code < 0 ? code : bad;
    if (!bad && !r->engine)
        bad = err_set(e, -EBADMSG, "has no beginning");
    return bad ? err_prefix(e, "%s", r->path) : 0;
}

// The file stays where it is: a recording of a week does not fit the memory.
static int run_file(struct replay *r, struct err *e)
{
    struct stat st;
    int fd = open(r->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0) {
        int code = errno;
        if (fd >= 0)
            close(fd);
        return err_set(e, -code, "%s: %s", r->path, strerror(code));
    }
    char *data = st.st_size > 0 ? mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
    int code = st.st_size > 0 ? errno : EINVAL;
    close(fd);
    if (data == MAP_FAILED)
        return err_set(e, -code, "%s: %s", r->path, st.st_size > 0 ? strerror(code) : "is empty");
    int bad = run(r, data, (size_t)st.st_size, e);
    munmap(data, (size_t)st.st_size);
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
        return cli_fail(CLI_FAILED,
                        "replay: the server had 0x%" PRIx64
                        ": these are not the same actions (is it the same version?)",
                        r->hash);
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
    effects_init(&r.fx);
    code = run_file(&r, &e) ? cli_fail_err(CLI_FAILED, &e) : report(&r);
    effects_deinit(&r.fx);
    arena_deinit(&r.arena);
    server_free(r.engine);
    return code;
}
