// SPDX-License-Identifier: Apache-2.0
//
// What the resources of users, organisations, projects, tokens and reservations share.
#ifndef ONDOL_API_PEOPLE_H
#define ONDOL_API_PEOPLE_H

#include "api/call.h"
#include "api/json_in.h"
#include "api/json_out.h"

#define PEOPLE_NAME_CHARS  127
#define PEOPLE_SLUG_CHARS  63
#define PEOPLE_EMAIL_CHARS 250
#define PEOPLE_CENTS_MAX   INT64_C(100000000000) // a thousand million euro

// What a handler's own state begins with: the row that its event made or changed.
struct people_state {
    uint64_t id;
};

// Submits; on 200 the row's id is put into c->state (which begins with a people_state) and `shown` runs in
// the engine's thread.
void people_submit(struct call *c, struct submission *s, stage_fn *shown);

// "max_flex_instances": 0, ... as members of the open object.
void out_quotas(struct json_out *o, const struct quota_view quota[QUOTA_KINDS]);
bool in_quotas(const json_t *in, struct quota_wish *w, struct err *e);
// Lower-case letters, digits, - and _; NULL when absent.
bool in_slug(const json_t *in, const char *name, const char **out, struct err *e);
// A new secret of n random bytes, as hexadecimal digits in the arena of the call.
const char *people_secret(struct call *c, size_t n);
// A date; `has` says whether it was there.
bool in_when(const json_t *in, const char *name, int64_t *ms, bool *has, struct err *e);
bool in_flag(const json_t *in, const char *name, bool *out, bool *has, struct err *e);
void out_euro(struct json_out *o, const char *key, int64_t neur); // to the micro-euro, rounded down

// The account with that e-mail, or of that row id; false: none.
bool people_find(const struct server *s, uint64_t id, struct account_info *v);

void budget_json(struct json_out *o, const struct budget_view *v); // as the public API has it

#endif
