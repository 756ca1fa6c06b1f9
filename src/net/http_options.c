// SPDX-License-Identifier: Apache-2.0
//
// The curl options of every call.
#include "net/http_options.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/mem.h"

static struct curl_slist *header(struct curl_slist *list, const char *name, const char *value)
{
    struct buf line = BUF_INIT(65536);
    // curl takes "Name:" for "leave this header out" and "Name;" for an empty one.
    buf_putf(&line, *value ? "%s: %s" : "%s;", name, value);
    list = curl_slist_append(list, buf_str(&line));
    buf_deinit(&line);
    return list;
}

static void tls_options(CURL *easy, const struct http_tls *tls)
{
    if (!tls)
        return;
    if (tls->ca_file) {
        curl_easy_setopt(easy, CURLOPT_CAINFO, tls->ca_file);
        if (!tls->trusts_system_too)
            curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    }
    if (tls->trusts_anybody) {
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
    }
    if (tls->cert_file) {
        curl_easy_setopt(easy, CURLOPT_SSLCERT, tls->cert_file);
        curl_easy_setopt(easy, CURLOPT_SSLKEY, tls->key_file);
    }
}

// A proxy of the environment is for the way out, never for this machine itself.
static bool is_loopback(const char *url)
{
    static const char *const here[] = {"localhost", "127.", "[::1]"};
    const char *host = strstr(url, "://");
    host = host ? host + 3 : url;
    for (size_t i = 0; i < ARRAY_LEN(here); i++)
        if (!strncasecmp(host, here[i], strlen(here[i])))
            return true;
    return false;
}

static void body_options(CURL *easy, const struct http_ask *ask)
{
    if (ask->body || !strcmp(ask->method, "POST") || !strcmp(ask->method, "PUT") ||
        !strcmp(ask->method, "PATCH")) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)ask->n);
        curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, ask->n ? ask->body : "");
    } else if (!strcmp(ask->method, "HEAD")) {
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    }
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, ask->method);
}

struct curl_slist *http_options(CURL *easy, const struct http_ask *ask, const struct http_tls *tls)
{
    // "Expect:" first: waiting for 100-continue costs a round trip and gains us nothing.
    struct curl_slist *list = curl_slist_append(NULL, "Expect:");
    for (const char *const *h = ask->headers; h && h[0] && h[1]; h += 2)
        list = header(list, h[0], h[1]);
    body_options(easy, ask);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, list);
    curl_easy_setopt(easy, CURLOPT_URL, ask->url);
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L); // "/./" may be in the key of an object, which is signed
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "ondol/" ONDOL_VERSION);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, ask->timeout_ms);
    if (is_loopback(ask->url))
        curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    tls_options(easy, tls);
    return list;
}
