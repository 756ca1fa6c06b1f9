// SPDX-License-Identifier: Apache-2.0
//
// Whom a client of HTTPS trusts, and what it shows of itself.
#ifndef ONDOL_NET_HTTP_TLS_H
#define ONDOL_NET_HTTP_TLS_H

#include <stdbool.h>

struct http_tls {
    const char *ca_file;              // PEM: trust these authorities and no others; NULL: those of the system
    const char *cert_file, *key_file; // PEM: show this certificate; NULL: none
    bool trusts_system_too;           // besides ca_file
    bool trusts_anybody;              // no certificate is looked at: only where a person asked for it
};

#endif
