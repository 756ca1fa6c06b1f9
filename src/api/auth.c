// SPDX-License-Identifier: Apache-2.0
//
// Who calls. Clients of the public API send the token alone in Authorization; "Bearer token" is taken too.
#include "api/call.h"

#include <string.h>
#include <strings.h>

static const char *clear_token(const struct call *c)
{
    const char *t = c->authorization;
    if (!t)
        return NULL;
    if (!strncasecmp(t, "Bearer ", 7))
        t += 7;
    t += strspn(t, " \t");
    return *t ? t : NULL;
}

bool call_authorize(struct call *c, enum call_auth kind)
{
    if (kind == AUTH_PUBLIC)
        return true;
    const char *token = clear_token(c);
    bool known = token && (kind == AUTH_NODE ? c->be->node_token(c->be->ctx, token)
                                             : c->be->account(c->be->ctx, token, &c->account));
    if (!known) {
        call_unauthorized(c);
        return false;
    }
    if (kind == AUTH_OPERATOR && !c->account.operator) {
        call_fail(c, 403, "This is for operators of the fleet: the account %s is none", c->account.email);
        return false;
    }
    return true;
}
