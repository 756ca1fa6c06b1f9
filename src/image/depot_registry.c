// SPDX-License-Identifier: Apache-2.0
#include <string.h>
#include <strings.h>

#include "image/depot_inside.h"

bool registry_allowed(const char *registries, const char *host, char out[IMAGE_HOST_BYTES], bool *insecure)
{
    for (const char *p = registries ? registries : ""; *p;) {
        size_t n = strcspn(p, ", ");
        bool plain = n > 7 && strncmp(p, "http://", 7) == 0, tls = n > 8 && strncmp(p, "https://", 8) == 0;
        const char *at = p + (plain ? 7 : tls ? 8 : 0);
        size_t len = n - (size_t)(at - p);
        bool any = len == 1 && *at == '*';
        if (len > 0 && len < IMAGE_HOST_BYTES &&
            (any ? *host != '\0' : !*host || (strlen(host) == len && !strncasecmp(host, at, len)))) {
            memcpy(out, any ? host : at, any ? strlen(host) : len);
            out[any ? strlen(host) : len] = '\0';
            *insecure = plain;
            return true;
        }
        p += n;
        p += strspn(p, ", ");
    }
    return false;
}
