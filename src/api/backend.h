// SPDX-License-Identifier: Apache-2.0
//
// What the API needs of the server around it, as a struct of functions; tests stand one up with a memory
// store.
//
//   HTTP thread:   parse, authorise, reads that are small -> answer at once
//                  writes -> http_park + submit(); `done` unparks after the commit
//   worker thread: reads that may be long (lists, outputs): work() runs a function there with its own reader
//   engine thread: query() runs a function there with the engine's state; what it answers leaves after the commit of
//                  the batch that was open then
#ifndef ONDOL_API_BACKEND_H
#define ONDOL_API_BACKEND_H

#include "api/profile.h"
#include "core/engine/server.h"
#include "core/work/netrule.h"
#include "port/store.h"

struct http_park;
struct http_stream;
struct shown;

struct submission {
    struct event event; // event.token and event.seq are set by the server
    struct arena arena; // holds what the event points to; freed by the server after `done`
    struct fresh_read
        fresh; // used when event.kind is EVENT_KIND_N: no event, only a read that moves a cursor
    // Called once, in the store thread. error 0: committed, `reply` is valid (NULL for a fresh read).
    // -ENOSPC: nothing was changed (answer 507). Others: nothing was changed (answer 503).
    void (*done)(struct submission *s, const struct reply *reply, int error);
    void *user;
};

// A node's sync as decoded; malloc'd, to be freed with its arena.
struct sync_call {
    struct sync_up up;
    struct arena arena; // holds what `up` points to
};

struct account_view {
    uint64_t id;
    char email[256];
    char name[128];
    int32_t max_tasks;
    enum activity scheduling; // of tasks that name no type
    bool research, operator;  // operator: may see sites, zones, boards, ledger of all
    uint64_t token;            // by which this request came; 0: by none
};

struct storage_view {
    int64_t buckets, bytes;         // used
    int64_t buckets_max, bytes_max; // 0: no limit
};

// A port of the server that leads into an instance. The texts live as long as the server.
struct forward_view {
    uint32_t instance;
    uint16_t application_port, forwarder_port;
    const char *host, *bind_address;
    const char *allowed;                  // whoever the operator lets in, "ADDRESS/BITS, ..."; NULL: everybody
    struct cidr from[NETRULE_PLACES_MAX]; // and of these only those whom the task lets in; none: all
    size_t n_from;
};
#define FORWARDS_MAX 1024 // of a task that are shown

// On what carbon facts stand.
struct carbon_config {
    double grid_g_kwh;         // of the grid that feeds the boards
    int32_t overhead_permille; // what is drawn beside the boards' meters (network, pumps, server), of what
                               // they draw
    int displaced;             // index of kpi_heats: what would make the heat without us
};

// Images of containers. What is asked for, and what comes back; `in` is borrowed, `out` and `fd` are the
// caller's.
struct image_call {
    enum {
        IMAGE_LIST,
        IMAGE_GET,    // `id`: name or digest
        IMAGE_REMOVE, // likewise
        IMAGE_UPLOAD,
        IMAGE_PIECE,  // `id` of an upload; offset, data, n
        IMAGE_IMPORT, // in: {upload, name}
        IMAGE_PULL,   // in: {name, login, password, insecure}
        IMAGE_JOB,    // `id` of a job
        IMAGE_ASK,    // of an instance; in: {server, repo, tag, login, password, job}
        IMAGE_HINT,   // as IMAGE_ASK, of an instance that does not run yet; `out` stays NULL
        IMAGE_BLOB,   // `id`: a digest; fd and n come back
    } verb;
    const char *id;
    uint64_t account;
    int64_t offset;
    const void *data;
    uint64_t n;
    const struct json_t *in;
    struct json_t *out; // NULL: nothing to be shown
    int fd;
};

// Everything is called from any thread; nothing here waits. A backend may also do at once, inside the call,
// what it is asked for (tests do).
struct api_backend {
    void *ctx;
    house_ms (*now)(void *ctx);
    // Account of a clear token (as in Authorization); false: unknown. Any thread.
    bool (*account)(void *ctx, const char *token, struct account_view *out);
    // What is kept of an account's token: 64 characters and their end. Any thread.
    void (*token_hash)(void *ctx, const char *token, char hex[65]);
    // Sealing of what is kept (store/vault.h), appended to `out`; 0 or negative with `e`. Any thread.
    int (*seal)(void *ctx, const char *bound, const char *value, struct buf *out, struct err *e);
    int (*unseal)(void *ctx, const char *bound, const char *sealed, struct buf *out, struct err *e);
    // Whether `token` is the nodes' token. Any thread.
    bool (*node_token)(void *ctx, const char *token);
    struct store_reader *reader;                     // for the HTTP thread
    void (*submit)(void *ctx, struct submission *s); // takes ownership of a malloc'd submission
    void (*work)(void *ctx, void (*fn)(void *arg, struct store_reader *reader), void *arg);
    // `fn` in the engine thread, then `after` past the gate.
    void (*query)(void *ctx, void (*fn)(void *arg, const struct server *engine, house_ms now),
                  void (*after)(void *arg, int error), void *arg);
    void (*entropy)(void *ctx, void *out, size_t n);
    // A reader of the event stream: the server sends what effects.note says, an account's own tasks only
    // unless it is an operator, and ends it. Takes ownership of the stream.
    void (*subscribe)(void *ctx, struct http_stream *stream, const struct account_view *who);
    // A node called home. The server answers the park later, with what the node should be doing. Takes
    // ownership of both.
    void (*sync)(void *ctx, struct http_park *park, struct sync_call *call);
    bool (*connections)(void *ctx, int *open, size_t *parked); // for /metrics; may be NULL
    struct server_config limits;                               // the limits to name in errors
    struct carbon_config carbon;
    struct profile_list profiles;
    int64_t like_ms; // for all Like expressions of a filter; 0: API_LIKE_MS
    const char *storage_url;                                                // NULL: no buckets
    bool (*storage)(void *ctx, uint64_t account, struct storage_view *out); // false, or NULL: no buckets
    // Whether the account has this bucket: 0 yes, 1 no, and it cannot have it either. `make`: it has it then;
    // this waits for the disk. -EDQUOT: it has too many. NULL: no buckets. Any thread.
    int (*bucket)(void *ctx, uint64_t account, const char *name, bool make, struct err *e);
    // Bytes in one of the account's buckets now; -1: not known without waiting. NULL: likewise. Any thread.
    int64_t (*bucket_bytes)(void *ctx, uint64_t account, const char *name);
    // 0, -EINVAL, -EBADMSG, -EFBIG, -ENOENT, -ERANGE, -ENOSPC, or another for "later". NULL: no images.
    int (*images)(void *ctx, struct image_call *call, struct err *e);
    // Forwarded ports of a task, as they are now; how many were put into `out`. NULL: none. Any thread.
    size_t (*forwards)(void *ctx, uint64_t task, struct forward_view *out, size_t most);
    bool bucket_waits; // for a network, also without `make`: not on the HTTP thread
    struct shown *shown; // answers that are still true (shown.h); NULL: none are kept
    uint64_t epoch;      // of the leadership under which changes are told to it
    const char *email; // of the installation, for /info defaults
};

#endif
