// SPDX-License-Identifier: Apache-2.0
//
// What every HTTP call of ours has in common, set on a curl handle: method, headers, body, TLS, what is not
// followed.
#ifndef ONDOL_NET_HTTP_OPTIONS_H
#define ONDOL_NET_HTTP_OPTIONS_H

#include <curl/curl.h>
#include <stddef.h>

#include "net/http_tls.h"

struct http_ask {
    const char *method;         // "GET", "POST", ...
    const char *url;            // http:// or https://
    const char *const *headers; // NULL, or name, value, ..., NULL
    const void *body;           // copied; NULL with n 0: no body
    size_t n;
    long timeout_ms; // for the whole call; 0: none
};

// Sets it all. Redirects are not followed, no other protocol is spoken, TLS is at least 1.2, and a proxy
// named in the environment (https_proxy, no_proxy) is used except for this machine itself. Returns the list
// of headers, which must outlive the call and is freed with curl_slist_free_all.
struct curl_slist *http_options(CURL *easy, const struct http_ask *ask, const struct http_tls *tls);

#endif
