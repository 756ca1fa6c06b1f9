// SPDX-License-Identifier: Apache-2.0
//
// What the pages of the fleet share.
#ifndef ONDOL_API_ONDOL_FLEET_H
#define ONDOL_API_ONDOL_FLEET_H

#include "api/call.h"
#include "api/json_out.h"

#define FLEET_PAGE 1000 // default and most; a page is made in the engine's thread

// A page of something: {"data": [...], "offset", "limit", "total"}. `limit` and `offset` come from the query.
struct fleet_page {
    struct json_out o;
    int64_t offset, limit, total;
};
bool fleet_page_open(struct call *c, struct fleet_page *p); // false: failed
bool fleet_page_row(struct fleet_page *p);                  // counts a row; whether it is on the page
void fleet_page_close(struct fleet_page *p);

// Whether the row passes ?site= and ?zone=.
bool fleet_wanted(const struct call *c, const char *site, const char *zone);

void out_celsius(struct json_out *o, const char *key, int32_t mc); // INT32_MIN: null
void out_when(struct json_out *o, const char *key, int64_t ms);    // 0 and less: null

// Submits a zone, site or board event whose reply has only a code; then `shown` runs in the engine's thread
// to answer with the new state.
void fleet_submit(struct call *c, struct submission *s, stage_fn *shown);

#endif
