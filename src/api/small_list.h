// SPDX-License-Identifier: Apache-2.0
//
// Lists of things of which an account has few enough to render them all: jobs. Plain, by pages, by search,
// with the same filters, orders and answers as the lists of tasks.
#ifndef ONDOL_API_SMALL_LIST_H
#define ONDOL_API_SMALL_LIST_H

#include "api/call.h"

struct small_item {
    uint64_t id; // in the order of creation
    const char *name;
    const char *state;
    const char *json; // as it is shown
};

// What a request for a list asked for. WORKER; false: the call has been failed.
void small_list(struct call *c, struct small_item *v, size_t n);     // GET ...?tag=a,b&tag=c
void small_paginate(struct call *c, struct small_item *v, size_t n); // POST .../paginate
void small_search(struct call *c, struct small_item *v, size_t n);   // POST .../search

#endif
