// SPDX-License-Identifier: Apache-2.0
//
// The privilege exportApiAndStorageCredentialsInEnvironment: instances find in their environment what the
// clients of the public API look for there, and so act for the account. Nothing of it is kept with the task:
// it is put into the body that goes to the node, as secrets are, and what the task says itself under these
// names stands.
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "server/inside.h"

#define PRIVILEGE "exportApiAndStorageCredentialsInEnvironment"

bool credentials_wanted(const json_t *body)
{
    return json_is_true(json_object_get(json_object_get(body, "privileges"), PRIVILEGE));
}

bool credentials_may_be_wanted(const char *body)
{
    return strstr(body, PRIVILEGE) != NULL;
}

// Where it listens, unless the operator says another address.
static void api_url(const struct runtime *r, char *out, size_t room)
{
    if (r->cfg.api_url)
        snprintf(out, room, "%s", r->cfg.api_url);
    else
        listen_url(out, room, r->cfg.listen, runtime_port(r), r->cfg.tls_cert_file != NULL);
}

static void put(json_t *constants, const char *key, const char *value)
{
    size_t i;
    json_t *one;
    json_array_foreach(constants, i, one)
    {
        const char *name = json_string_value(json_object_get(one, "key"));
        if (name && !strcmp(name, key))
            return;
    }
    json_array_append_new(constants, json_pack("{s:s,s:s}", "key", key, "value", value));
}

void credentials_grant(struct runtime *r, uint64_t account, json_t *body)
{
    json_t *constants = json_object_get(body, "constants");
    char url[512], email[sizeof(((struct account_view *)0)->email)], token[TOKEN_BYTES];
    if (!credentials_wanted(body) || !accounts_token(r, account, email, sizeof email, token, sizeof token))
        return;
    api_url(r, url, sizeof url);
    put(constants, "QARNOT_CLUSTER_URL", url);
    put(constants, "QARNOT_CLIENT_TOKEN", token);
    put(constants, "QARNOT_ACCOUNT_EMAIL", email);
    if (runtime_storage_url(r))
        put(constants, "QARNOT_STORAGE_URL", runtime_storage_url(r));
    explicit_bzero(token, sizeof token);
}
