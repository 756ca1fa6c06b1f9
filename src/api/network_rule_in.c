// SPDX-License-Identifier: Apache-2.0
#include "api/network_rule_in.h"

#include <errno.h>
#include <string.h>

#include "api/api.h"
#include "api/json_in.h"
#include "base/mem.h"

#define LIST       "forcedNetworkRules"
#define LIST_OF_GO "forcedNetworkRule" // one client's spelling: what narrows a network is not to be overlooked

// As the contract says it, and as one client does.
static const struct {
    const char *name, *other;
    bool is_flag;
} members[] = {
    {"port", NULL, false},
    {"to", NULL, false},
    {"publicHost", "public_host", false},
    {"publicPort", "public_port", false},
    {"forwarder", NULL, false},
    {"priority", NULL, false},
    {"description", NULL, false},
    {"name", NULL, false},
    {"applicationType", "application_type", false},
    {"toQBox", "to_qbox", true},
    {"toPayload", "to_payload", true},
};

static const json_t *member(const json_t *rule, size_t i)
{
    const json_t *v = in_get(rule, members[i].name);
    return v || !members[i].other ? v : in_get(rule, members[i].other);
}

// Texts and flags, checked for their kind and length alone; what is empty is absent.
static bool keep(const json_t *rule, json_t *to, struct arena *a, struct err *e)
{
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        const json_t *v = member(rule, i);
        if (!v || (json_is_integer(v) && !json_integer_value(v))) // Go writes 0 for a port that is not given
            continue;
        if (members[i].is_flag && !json_is_boolean(v))
            return err_set(e, -EINVAL, "%s: must be true or false", members[i].name), false;
        const char *text = members[i].is_flag ? NULL : in_scalar(v, a);
        if (!members[i].is_flag && (!text || in_characters(text) > API_CONSTANT_CHARS))
            return err_set(e, -EINVAL, "%s: must be a string of at most %d characters", members[i].name,
                           API_CONSTANT_CHARS),
                   false;
        if (members[i].is_flag)
            json_object_set_new(to, members[i].name, json_boolean(json_is_true(v)));
        else if (*text)
            json_object_set_new(to, members[i].name, json_string(text));
    }
    return true;
}

static const char *text_of(const json_t *kept, const char *name)
{
    const char *v = json_string_value(json_object_get(kept, name));
    return v ? v : "";
}

static bool is_udp(const json_t *kept)
{
    return strcmp(text_of(kept, "proto"), "udp") == 0;
}

static int only_for(const json_t *kept, const char *name, const char *kind, struct err *e)
{
    return *text_of(kept, name) ? err_set(e, -EINVAL, "%s: is for %s rules", name, kind) : 0;
}

static int places(const json_t *kept, const char *name, struct net_rule *out, struct err *e)
{
    return net_rule_places(out, text_of(kept, name), e) < 0 ? err_prefix(e, "%s", name) : 0;
}

static int inbound_rule(const json_t *kept, struct net_rule *out, struct err *e)
{
    if (only_for(kept, "publicHost", "outbound", e) < 0)
        return -EINVAL;
    if (*text_of(kept, "publicPort"))
        return err_set(e, -EINVAL, "publicPort: the server says which of its ports leads in");
    if (!*text_of(kept, "port") || !net_rule_ports(text_of(kept, "port"), &out->port, &out->port_last) ||
        out->port == 0 || out->port != out->port_last)
        return err_set(e, -EINVAL, "port: must be one port of the instance, 1 to 65535");
    return places(kept, "to", out, e);
}

static int outbound_rule(const json_t *kept, struct net_rule *out, struct err *e)
{
    if (only_for(kept, "to", "inbound", e) < 0 || only_for(kept, "port", "inbound", e) < 0)
        return -EINVAL;
    if (!net_rule_ports(text_of(kept, "publicPort"), &out->port, &out->port_last))
        return err_set(e, -EINVAL, "publicPort: must be PORT or FIRST-LAST, 0 to 65535");
    out->box = json_is_true(json_object_get(kept, "toQBox"));
    return places(kept, "publicHost", out, e);
}

static int meaning(const json_t *kept, struct net_rule *out, struct err *e)
{
    *out = (struct net_rule){.inbound = json_is_true(json_object_get(kept, "inbound")), .udp = is_udp(kept)};
    return out->inbound ? inbound_rule(kept, out, e) : outbound_rule(kept, out, e);
}

// The rule in one form; NULL: it is none. The caller's.
static json_t *one(const json_t *in, struct net_rule *out, struct arena *a, struct err *e)
{
    static const char *const protos[] = {"tcp", "udp", "https"};
    int proto = -1;
    const json_t *inbound = in_get(in, "inbound");
    if (!json_is_object(in))
        return err_set(e, -EINVAL, "must be an object"), NULL;
    if (!json_is_boolean(inbound))
        return err_set(e, -EINVAL, "inbound: must be true or false"), NULL;
    if (!in_enum(in, "proto", protos, 3, &proto, e))
        return NULL;
    if (proto < 0)
        return err_set(e, -EINVAL, "proto: must be tcp or udp"), NULL;
    json_t *kept = json_pack("{s:b,s:s}", "inbound", (int)json_is_true(inbound), "proto", protos[proto]);
    if (keep(in, kept, a, e) && meaning(kept, out, e) == 0)
        return kept;
    json_decref(kept);
    return NULL;
}

// A port leads in once by each protocol, and its name is what it is called by in answers.
static int is_new(const json_t *before, size_t at, const json_t *rule, struct err *e)
{
    static const char *const unique[] = {"port", "name"};
    for (size_t i = 0; i < json_array_size(before); i++)
        for (size_t k = 0; k < ARRAY_LEN(unique); k++) {
            const char *mine = text_of(rule, unique[k]);
            const json_t *other = json_array_get(before, i);
            if (*mine && json_is_true(json_object_get(rule, "inbound")) && (k > 0 || is_udp(rule) == is_udp(other)) &&
                json_is_true(json_object_get(other, "inbound")) && !strcmp(mine, text_of(other, unique[k])))
                return err_set(e, -EINVAL, LIST "[%zu]: %s: %.80s is that of another rule", at, unique[k],
                               mine);
        }
    return 0;
}

// One rule, read, checked against those before it and added to both lists.
static bool next_rule(const json_t *in, size_t i, json_t *to, struct net_rules *all, bool relay, struct arena *a,
                      struct err *e)
{
    struct net_rule rule;
    json_t *kept = one(in, &rule, a, e);
    if (!kept)
        return err_prefix(e, LIST "[%zu]", i), false;
    bool ok = is_new(to, i, kept, e) == 0;
    if (ok && rule.inbound && !relay)
        ok = err_set(e, -ENOTSUP, LIST "[%zu]: this server forwards no ports", i) == 0;
    if (ok && net_rules_add(all, &rule, e) < 0)
        ok = err_prefix(e, LIST "[%zu]", i) == 0;
    json_array_append_new(to, kept);
    return ok;
}

bool network_rules_in(const json_t *in, json_t *body, const struct profile_list *profiles, struct arena *a,
                      struct invalid *bad)
{
    const json_t *plural = in_get(in, LIST), *list = plural ? plural : in_get(in, LIST_OF_GO);
    struct net_rules all = NET_RULES_NULL;
    struct invalid_list l = {.in = bad, .list = LIST};
    struct err e = ERR_NULL;
    if (list && !json_is_array(list))
        err_set(&e, -EINVAL, LIST ": must be an array");
    else if (json_array_size(list) > API_NETWORK_RULES)
        err_set(&e, -E2BIG, LIST ": more than %d", API_NETWORK_RULES);
    if (e.code)
        return invalid_unless(false, bad, &e);
    json_t *to = json_array();
    for (size_t i = 0; i < json_array_size(list); i++)
        invalid_item(&l, next_rule(json_array_get(list, i), i, to, &all, profiles && profiles->relay, a, &e), &e);
    bool ok = invalid_list_end(&l);
    if (ok && json_array_size(to))
        json_object_set(body, LIST, to);
    json_decref(to);
    return ok;
}

int network_rules_kept(const json_t *body, struct net_rules *out, struct err *e)
{
    const json_t *list = json_object_get(body, LIST);
    *out = NET_RULES_NULL;
    for (size_t i = 0; i < json_array_size(list); i++) {
        struct net_rule rule;
        if (meaning(json_array_get(list, i), &rule, e) < 0 || net_rules_add(out, &rule, e) < 0)
            return err_prefix(e, LIST);
    }
    return 0;
}

void network_rules_out(struct json_out *o, const json_t *list)
{
    out_array(o, LIST);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *rule = json_array_get(list, i);
        out_object(o, NULL);
        out_bool(o, "inbound", json_is_true(json_object_get(rule, "inbound")));
        out_string(o, "proto", text_of(rule, "proto"));
        for (size_t m = 0; m < ARRAY_LEN(members); m++) {
            const json_t *v = json_object_get(rule, members[m].name);
            for (size_t k = 0; v && k < 2; k++) {
                const char *as = k ? members[m].other : members[m].name;
                if (as && json_is_boolean(v))
                    out_bool(o, as, json_is_true(v));
                else if (as)
                    out_string(o, as, json_string_value(v));
            }
        }
        out_end_object(o);
    }
    out_end_array(o);
}
