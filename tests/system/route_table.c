// SPDX-License-Identifier: Apache-2.0
//
// Prints the table of routes for scripts: METHOD PATH ROLE, a line each.
#include <stdio.h>

#include "api/handlers.h"

int main(void)
{
    static const char *const role[] = {[AUTH_PUBLIC] = "anyone",
                                       [AUTH_ACCOUNT] = "account",
                                       [AUTH_OPERATOR] = "operator",
                                       [AUTH_NODE] = "node"};
    for (size_t i = 0; i < api_n_routes; i++)
        printf("%s %s %s\n", api_routes[i].method, api_routes[i].pattern, role[api_routes[i].auth]);
    return 0;
}
