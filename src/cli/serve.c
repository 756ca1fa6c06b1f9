// SPDX-License-Identifier: Apache-2.0
#include "cli/serve.h"

#include <stdio.h>
#include <string.h>

void serve_url(char *out, size_t cap, const char *listen, int port, bool tls)
{
    const char *colon = strrchr(listen, ':');
    int n = colon ? (int)(colon - listen) : (int)strlen(listen);
    if (n == 7 && strncmp(listen, "0.0.0.0", 7) == 0)
        listen = "127.0.0.1", n = 9;
    else if (n == 4 && strncmp(listen, "[::]", 4) == 0)
        listen = "[::1]", n = 5;
    snprintf(out, cap, "%s://%.*s:%d", tls ? "https" : "http", n, listen, port);
}
