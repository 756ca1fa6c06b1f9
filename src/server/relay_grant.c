// SPDX-License-Identifier: Apache-2.0
//
// Who may call the relay: what a carrier is given with its task, and who it then is.
#include "server/relay_inside.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/work/netplan.h"
#include "core/work/profile.h"
#include "server/cluster_key.h"

void relay_who_write(const struct relay_who *w, char out[RELAY_IDENTITY_BYTES])
{
    snprintf(out, RELAY_IDENTITY_BYTES, "%llu.%llu.%u.%u.%u", (unsigned long long)w->lease,
             (unsigned long long)w->task, w->instance, w->address, w->features);
}

bool relay_who_read(const char *identity, struct relay_who *out)
{
    unsigned long long lease, task;
    char same[RELAY_IDENTITY_BYTES];
    struct relay_who w;
    if (sscanf(identity, "%llu.%llu.%u.%u.%u", &lease, &task, &w.instance, &w.address, &w.features) != 5)
        return false;
    w.lease = lease;
    w.task = task;
    relay_who_write(&w, same); // one form only
    if (strcmp(same, identity) != 0 || !lease || !task)
        return false;
    *out = w;
    return true;
}

// Of its own kind, so that no other secret of the server's is ever the same.
static int key_of(const struct runtime *r, const char *identity, char hex[65], struct err *e)
{
    char name[RELAY_IDENTITY_BYTES + 16];
    snprintf(name, sizeof name, "relay %s", identity);
    return vault_derive(&r->vault, name, hex, e);
}

bool relay_key_of_who(void *ctx, const char *identity, unsigned char key[RELAY_KEY_BYTES])
{
    const struct relay *k = ctx;
    struct err e = ERR_NULL;
    struct relay_who w;
    char hex[65];
    bool ok =
        relay_who_read(identity, &w) && key_of(k->r, identity, hex, &e) == 0 && relay_key_read(hex, key);
    explicit_bzero(hex, sizeof hex);
    return ok;
}

static const char *members_of(const json_t *body, char out[32])
{
    const char *ranges = json_string_value(json_object_get(body, "advancedRanges"));
    long long n = json_integer_value(json_object_get(body, "instanceCount"));
    snprintf(out, 32, n > 1 ? "0-%lld" : "0", n - 1);
    return ranges ? ranges : out;
}

int relay_grant(struct runtime *r, const struct assignment *x, json_t *body, unsigned features, struct err *e)
{
    char identity[RELAY_IDENTITY_BYTES], hex[65], at[300], plain[32];
    const char *members = members_of(body, plain);
    struct relay_who w = {x->lease, x->task, x->instance, 0, features};
    struct ranges ids = RANGES_NULL;
    int code = r->relay ? 0 : err_set(e, -ENOTSUP, "relay: there is none (--relay-listen)");
    if (code == 0 && (features & PROFILE_CLUSTER) &&
        (code = ranges_parse(&ids, members, NETPLAN_MEMBERS_MAX, e)) == 0 && ranges_has(&ids, x->instance))
        w.address = netplan_address(netplan_rank(&ids, x->instance));
    ranges_deinit(&ids);
    relay_who_write(&w, identity);
    if (code < 0 || (code = key_of(r, identity, hex, e)) < 0)
        return code;
    snprintf(at, sizeof at, ":%d", r->relay->port);
    json_object_set_new(body, "ondolNetwork",
                        json_pack("{s:s,s:s,s:s,s:s}", "relay", r->cfg.relay_url ? r->cfg.relay_url : at,
                                  "identity", identity, "key", hex, "members", members));
    explicit_bzero(hex, sizeof hex);
    return features & PROFILE_CLUSTER
               ? cluster_key_grant(r, x->task, json_object_get(body, "ondolNetwork"), e)
               : 0;
}
