// SPDX-License-Identifier: Apache-2.0
//
// One request on its way through the API. The router is free of sockets: the HTTP skin (skin.c) fills a call
// and sends what comes out, tests do the same with strings.
//
// A handler is a chain of stages. Each runs where its data are and names the next one; the call ends when a
// stage names none. A stage never waits.
//
//   HERE    on the thread that brought the call       WORKER  with a store reader of its own, may take long
//   ENGINE  with the engine; must be short            LANE    as WORKER, one call at a time (read, change, write)
//
// The stage that is given to call_submit runs once the event is committed.
#ifndef ONDOL_API_CALL_H
#define ONDOL_API_CALL_H

#include <jansson.h>

#include "api/api.h"
#include "api/backend.h"
#include "base/arena.h"
#include "base/buf.h"
#include "net/path.h"

enum call_where { RUN_HERE, RUN_WORKER, RUN_ENGINE, RUN_LANE };
enum call_auth { AUTH_PUBLIC, AUTH_ACCOUNT, AUTH_OPERATOR, AUTH_NODE };

#define CALL_PARAMS    4
#define CALL_QUERY_MAX 64
#define CALL_OUT_MAX   ((size_t)64 << 20) // the longest answer

struct call;
typedef void stage_fn(struct call *c);

enum call_kind {
    CALL_ANSWER, // status, type and out
    CALL_STREAM, // an endless body of events: the skin hands the stream to backend.subscribe
    CALL_FILE,   // `file_bytes` of the open `file`
    CALL_SYNC,   // a node's sync: the skin hands the parked request to backend.sync
};

struct call {
    struct api *api;
    const struct api_backend *be;
    struct arena arena; // lives as long as the call

    // The request; strings belong to whoever filled it and live until finish().
    const char *method;
    struct route route;
    const char *param[CALL_PARAMS]; // what stands for {..} in the route's pattern
    const char *query_name[CALL_QUERY_MAX], *query_value[CALL_QUERY_MAX];
    size_t n_query;
    const char *authorization, *accept; // NULL: no such header
    const char *body;
    size_t body_bytes;

    struct account_view account; // AUTH_ACCOUNT and AUTH_OPERATOR
    json_t *in;                  // parsed body, freed with the call
    void *state;                 // a handler's own, in the arena
    void (*state_free)(void *);  // what the arena cannot give back; may be NULL
    stage_fn *state_stage;       // likewise

    // What the running stage may use.
    struct store_reader *reader; // HERE, WORKER, LANE
    const struct server *engine; // ENGINE
    house_ms now;
    const struct reply *reply; // the stage after call_submit; NULL for a fresh read

    // The answer.
    enum call_kind kind;
    int status;
    const char *type;
    struct buf out;
    struct sync_call *sync; // CALL_SYNC
    int file;               // CALL_FILE
    uint64_t file_bytes;
    const char *header[8]; // name, value, ..., NULL

    // The router's.
    enum call_where next_where;
    stage_fn *next;
    struct submission *submission;
    stage_fn *after_submit;
    stage_fn *engine_stage; // that ran last
    bool asked_again;       // it ran twice, because what it saw first was not recorded
    bool in_lane, committed;
    struct call *lane_next;
    void (*leave)(struct call *c); // the call is about to leave the thread that brought it; once, may be NULL
    bool left;
    void (*finish)(struct call *c); // the answer is complete; frees the call
    void *skin;
};

struct call *call_new(struct api *api);
void call_free(struct call *c);
void api_dispatch(struct api *api, struct call *c); // ends in c->finish, now or later

// ---- for stages
void call_next(struct call *c, enum call_where where, stage_fn *fn);
// A submission to fill; its arena is for what the event points to.
struct submission *call_submission(struct call *c, enum event_kind kind);
// Hands it over when the stage ends; `after` runs once it is committed. When it could not be, the call ends
// with 507 or 503.
void call_submit(struct call *c, struct submission *s, stage_fn *after);
void call_drop(struct submission *s);                           // one that is not handed over after all
const char *call_query(const struct call *c, const char *name); // any case, first one, NULL: absent
// Whole number from the query; false when the call has been failed with 400. `*out` is untouched when it is
// absent.
bool call_query_int(struct call *c, const char *name, int64_t lo, int64_t hi, int64_t *out);
// Parses the body into c->in; an empty one gives NULL. False: failed with 400.
bool call_json(struct call *c);
// As call_json, and the body must be an object.
bool call_object(struct call *c);
void call_empty(struct call *c);                                       // 200, no body
void call_header(struct call *c, const char *name, const char *value); // strings live as long as the call

// ---- errors.c: the three shapes that clients tell apart. Whatever was written so far is
// dropped.
void call_fail(struct call *c, int status, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void call_unauthorized(struct call *c);
// Validation problem: `field` and `sentence` become one entry of "errors", beside those of calls before it,
// each of another field. title NULL: the usual one.
void call_problem(struct call *c, const char *title, const char *field, const char *sentence);
// What a failed read of the store is to the client: 507 when the disk is full, else 503.
void call_store_error(struct call *c, int code);
void call_reply_error(struct call *c, const struct reply *r);
void call_end(struct call *c); // a stage after call_submit: 200 without a body, or what the engine refused

// ---- auth.c
// False: the call has been failed.
bool call_authorize(struct call *c, enum call_auth kind);

// ---- routes.c: the table, as data, so that manuals can be compared with it.
struct api_route {
    // "/tasks/{id}/stdout/{n}"; always without /v1. A last {word...} stands for all segments that are left,
    // also none.
    const char *method, *pattern;
    enum call_auth auth;
    enum call_where where;
    stage_fn *handle;
};
extern const struct api_route api_routes[];
extern const size_t api_n_routes;

#endif
