// SPDX-License-Identifier: Apache-2.0
//
// The body of a task as the node gets it that runs an instance: with the secrets that the task may have, in
// the clear. This is the only way on which a clear value leaves the server for anybody but its owner, and the
// link to a node is encrypted.
//
// A secret "p/db" becomes the constant, and so the environment variable, p_db: what may not stand in a name
// is an underscore. A constant of the task's own by that name wins.
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "api/network_rule_in.h"
#include "api/secrets.h"
#include "api/task_body.h"
#include "core/work/profile.h"
#include "server/inside.h"
#include "server/relay.h"

#define CLEAR_BYTES 100000

struct opening {
    struct runtime *r;
    uint64_t account;
    struct arena *arena;
    json_t *constants;
    struct err *e;
    int code;
};

// What is not sealed is taken as it is: an operator's profile gives a password in the clear.
static int unseal(struct opening *o, const json_t *list, const char *key_member, const char *value_member)
{
    const char *bound = secret_constant_bound(o->arena, o->account);
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *c = json_array_get(list, i);
        const char *key = json_string_value(json_object_get(c, key_member)),
                   *value = json_string_value(json_object_get(c, value_member));
        if (!key || !value || !secret_name(key, strlen(key)) ||
            strncmp(value, SEALED_MARK, strlen(SEALED_MARK)) != 0)
            continue;
        struct buf clear = BUF_INIT(CLEAR_BYTES);
        int r = vault_unseal(&o->r->vault, bound, value, &clear, o->e);
        if (r == 0)
            json_object_set_new(c, value_member, json_string(buf_str(&clear)));
        buf_deinit(&clear);
        if (r < 0)
            return r;
    }
    return 0;
}

static int unseal_constants(struct opening *o)
{
    return unseal(o, o->constants, "key", "value");
}

static bool has_constant(const json_t *constants, const char *key)
{
    for (size_t i = 0; i < json_array_size(constants); i++) {
        const char *k = json_string_value(json_object_get(json_array_get(constants, i), "key"));
        if (k && !strcmp(k, key))
            return true;
    }
    return false;
}

// What is forced stands above what the task and its pool say: the value, and whether it is exported at all.
static void force(json_t *constants, const json_t *forced)
{
    for (size_t i = 0; i < json_array_size(forced); i++) {
        const json_t *f = json_array_get(forced, i);
        const char *key = json_string_value(json_object_get(f, "constantName"));
        json_t *value = json_object_get(f, "forcedValue"), *was = NULL;
        for (size_t k = key ? json_array_size(constants) : 0; k-- > 0;) {
            const char *old = json_string_value(json_object_get(json_array_get(constants, k), "key"));
            if (!old || strcmp(old, key) != 0)
                continue;
            if (!was) // the last one stands
                was = json_incref(json_object_get(json_array_get(constants, k), "value"));
            json_array_remove(constants, k);
        }
        value = json_is_string(value) ? value : was;
        if (key && value) {
            json_t *c = json_pack("{s:s,s:O}", "key", key, "value", value);
            if (json_is_false(json_object_get(f, "forceExportInEnvironment")))
                json_object_set_new(c, "exported", json_false());
            json_array_append_new(constants, c);
        }
        json_decref(was);
    }
}

static int grant(void *ctx, const char *key, const char *sealed)
{
    struct opening *o = ctx;
    char *name = arena_strdup(o->arena, key);
    for (char *p = name; *p; p++)
        if (!((*p >= 'A' && *p <= 'Z') || (*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9')))
            *p = '_';
    if (has_constant(o->constants, name))
        return 0;
    struct buf clear = BUF_INIT(CLEAR_BYTES);
    o->code = vault_unseal(&o->r->vault, secret_bound(o->arena, o->account, key), sealed, &clear, o->e);
    if (o->code == 0)
        json_array_append_new(o->constants, json_pack("{s:s,s:s}", "key", name, "value", buf_str(&clear)));
    buf_deinit(&clear);
    return o->code != 0;
}

// A secret that is not there (any more) is not granted; the instance sees an unset variable.
static int grant_all(struct opening *o, const json_t *rights)
{
    const json_t *by_secret = json_object_get(rights, "bySecret"),
                 *by_prefix = json_object_get(rights, "byPrefix");
    struct store_reader *reader = &o->r->body_reader;
    const char *sealed;
    for (size_t i = 0; i < json_array_size(by_secret) && !o->code; i++) {
        const char *key = json_string_value(json_object_get(json_array_get(by_secret, i), "key"));
        int r = reader->secret(reader->ctx, o->account, key, o->arena, &sealed, o->e);
        if (r < 0)
            return r;
        if (r == 0)
            grant(o, key, sealed);
    }
    for (size_t i = 0; i < json_array_size(by_prefix) && !o->code; i++) {
        const char *prefix = json_string_value(json_object_get(json_array_get(by_prefix, i), "prefix"));
        int r = reader->secrets(reader->ctx, o->account, prefix, grant, o, o->e);
        if (r < 0)
            return r;
    }
    return o->code;
}

// Cheap, and wrong only on the safe side: most bodies are handed on as they are.
static bool has_files(const char *body)
{
    return strstr(body, "esourceBuckets\"") || strstr(body, "resultBucket\"") ||
           strstr(body, "snapshotBucket\"");
}

// Of docker-batch there is nothing to add. A label may be called "profile" too: with labels it is looked at.
static bool is_plain(const char *body)
{
    return strstr(body, "\"profile\":\"docker-batch\"") && !strstr(body, "\"labels\"") &&
           !strstr(body, "\"forcedNetworkRules\"");
}

// What its profile and its rules give it: the rules themselves, and the way to the relay if that has a part. A node
// that is short of room hears whose it is, so that nobody gives way to another.
static int network_grant(struct runtime *r, uint64_t account, const struct assignment *x, json_t *body,
                         const struct profile *p, struct arena *a, struct err *e)
{
    struct net_rules rules;
    unsigned features = profile_features_of(p);
    int code = network_rules_kept(body, &rules, e);
    features |= code == 0 ? net_rules_features(&rules) : 0;
    if (code < 0 || !features)
        return code;
    if (profile_needs_relay(features))
        code = relay_grant(r, x, body, features, e);
    else
        json_object_set_new(body, "ondolNetwork", json_object());
    json_object_set_new(json_object_get(body, "ondolNetwork"), "owner", json_integer((json_int_t)account));
    if (code == 0 && rules.n) {
        struct buf text = BUF_INIT(CLEAR_BYTES);
        net_rules_write(&rules, false, &text);
        json_object_set_new(json_object_get(body, "ondolNetwork"), "rules",
                            json_string(arena_strdup(a, buf_str(&text))));
        buf_deinit(&text);
    }
    return code;
}

int body_open(struct runtime *r, uint64_t account, const struct assignment *x, const char *body,
              struct arena *a, const char **out, struct err *e)
{
    uint64_t lease = x->lease;
    *out = body;
    bool files = body && lease && (r->objects || r->outside) && has_files(body);
    bool forced = body && strstr(body, "forcedValue\"");
    bool image = body && lease && images_may_matter(r, body);
    bool credentials = body && credentials_may_be_wanted(body);
    if (!body || (!files && !credentials && !forced && !image && is_plain(body) &&
                  !strstr(body, SEALED_MARK) && !strstr(body, "secretsAccessRights")))
        return 0;
    json_t *o = json_loads(body, 0, NULL);
    if (!o)
        return err_set(e, -EBADMSG, "store: the body of a task is not JSON");
    json_t *constants = json_object_get(o, "constants");
    if (!constants) {
        constants = json_array();
        json_object_set_new(o, "constants", constants);
    }
    struct opening op = {.r = r, .account = account, .arena = a, .constants = constants, .e = e};
    const struct profile *profile;
    int code = body_profile(r, o, &profile, e);
    image |= code == 0 && lease && profile->base; // it may name one
    if (code == 0)
        code = network_grant(r, account, x, o, profile, a, e);
    if (code == 0)
        code = unseal_constants(&op);
    if (code == 0)
        code = grant_all(&op, json_object_get(o, "secretsAccessRights"));
    if (code == 0)
        credentials_grant(r, account, o);
    if (code == 0)
        code = unseal(&op, json_object_get(o, "forcedConstants"), "constantName", "forcedValue");
    if (code == 0)
        force(constants, json_object_get(o, "forcedConstants"));
    if (code == 0 && files)
        code = lease_key_grant(r, lease, o, e);
    if (code == 0 && image)
        images_note(r, account, o);
    if (code == 0) {
        char *text = json_dumps(o, JSON_COMPACT);
        *out = arena_strdup(a, text);
        free(text);
    }
    json_decref(o);
    return code;
}
