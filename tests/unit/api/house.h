// SPDX-License-Identifier: Apache-2.0
//
// A whole server in one thread for the API's tests: the real engine, the store in memory, a backend that does
// at once what it is asked for, and one node whose reports the test writes. Requests are made of strings; no
// socket is opened.
#ifndef ONDOL_TESTS_API_HOUSE_H
#define ONDOL_TESTS_API_HOUSE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>

#include "api/api.h"
#include "base/rng.h"
#include "port/store.h"
#include "store/vault.h"

#define OPERATOR "operator-token"
#define CUSTOMER "customer-token"
#define STRANGER "stranger-token"
#define NODES    "node-token"

struct house {
    struct server *engine;
    struct effects fx;
    struct store store;
    struct store_reader reader;
    uint64_t store_epoch;
    struct api *api;
    struct shown *shown;
    struct api_backend be;
    struct vault vault;
    house_ms now;
    struct rng rng;
    struct forward_view forward; // a port that leads into any task; forwarder_port 0: none
    uint64_t operator_id, customer_id, stranger_id;
    uint64_t next_token, node_id, node_epoch, node_seq;
    int fail_with;                         // negative errno: the next commits fail so
    int fail_queries_with;                 // likewise, only what waits for the gate
    int submissions, queries, works;       // how often each was asked for
    void (*before_apply)(struct house *h); // runs once, before the next event is applied
};

struct answer {
    int status;
    char *type, *body, *location, *allow, *truncated; // heap
    json_t *json;                                     // body parsed, or NULL
    int kind;                                         // enum call_kind
};

int house_open(void **state);
int house_close(void **state);

// "POST", "/tasks?tag=a", body or NULL. `token` and `accept` NULL: no such header.
struct answer house_ask(struct house *h, const char *method, const char *target, const char *token,
                        const char *accept, const char *body);
struct answer ask(struct house *h, const char *method, const char *target,
                  const char *body); // as CUSTOMER, Accept */*
struct answer ask_operator(struct house *h, const char *method, const char *target, const char *body);
void answer_free(struct answer *a);

// Asks as CUSTOMER, asserts the status, and gives the JSON (caller decrefs).
json_t *expect(struct house *h, int status, const char *method, const char *target, const char *body);
json_t *expect_operator(struct house *h, int status, const char *method, const char *target,
                        const char *body);
// Asserts status and the exact "message".
void expect_message(struct house *h, int status, const char *message, const char *method, const char *target,
                    const char *body);

// What GET of `target`, as CUSTOMER, has at a place.
void expect_text(struct house *h, const char *target, const char *at, const char *value);
void expect_int(struct house *h, const char *target, const char *at, int64_t value);
// `fmt` with a %s for `a`; in one of eight buffers, taken in turn.
const char *path(const char *fmt, const char *a);
// POSTs what makes a thing; its uuid in one of sixteen buffers.
const char *expect_made(struct house *h, const char *target, const char *body);

const char *text_at(const json_t *v,
                    const char *path);              // "status.runningInstancesInfo"; asserts it is a string
json_t *json_at(const json_t *v, const char *path); // digits index arrays; NULL when absent
int64_t int_at(const json_t *v, const char *path);

// One node "n1" of site "s1" with zone "z1" and boards "b1".."bN" of 8 cores and 16,384 MB, all cold.
void house_boards(struct house *h, int n);
// Makes a task of `instances` echoes; uuid into `out`.
void house_task(struct house *h, const char *name, int instances, char out[UUID_TEXT_BYTES]);
void house_later(struct house *h, int64_t ms); // time passes
// What the node does with whatever was assigned to it.
void house_start_all(struct house *h);
void house_print_all(struct house *h, const char *text);
void house_end_all(struct house *h, int exit_code);

#endif
