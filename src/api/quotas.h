// SPDX-License-Identifier: Apache-2.0
//
// Computing quotas as the public API has them. A quota without a limit shows the largest number that every
// client's integers hold. What is counted are boards that are held: running, on their way, or ending.
#ifndef ONDOL_API_QUOTAS_H
#define ONDOL_API_QUOTAS_H

#include "api/call.h"
#include "api/json_out.h"

#define NO_QUOTA INT32_MAX // clients keep quotas in 32 bits

// {"flex": Q, "onDemand": Q, "reserved": [R]}, under `key`.
void out_user_quotas(struct json_out *o, const char *key, const struct call *c,
                     const struct account_info *who);
// The same with "name" first when it is asked for; `per_user` adds "runningCountsPerUser" to each.
void out_organisation_quotas(struct json_out *o, const char *key, const struct call *c,
                             const struct account_info *who, bool name, bool per_user);
// The array of R of what the user may use now or later.
void out_reserved(struct json_out *o, const char *key, const struct call *c, const struct account_info *who);
// The machine of the first of them, "": none.
void reserved_key(const struct call *c, const struct account_info *who, char out[SPEC_KEY_BYTES]);

#endif
