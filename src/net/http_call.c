// SPDX-License-Identifier: Apache-2.0
//
// The blocking call, on one curl easy handle.
#include "net/http_call.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "net/http_fault.h"

static size_t take(char *data, size_t one, size_t n, void *body)
{
    (void)one;
    struct buf *b = body;
    buf_put(b, data, n);
    return b->failed ? 0 : n; // anything but n makes curl stop with CURLE_WRITE_ERROR
}

int http_call(struct http_answer *out, const struct http_ask *ask, const struct http_tls *tls,
              size_t max_bytes, struct err *e)
{
    *out = (struct http_answer){.body = BUF_INIT(max_bytes)};
    CURL *easy = curl_easy_init();
    if (!easy)
        return err_set(e, -ENOMEM, "%s: libcurl did not start (is there memory?)", ask->url);
    char detail[CURL_ERROR_SIZE] = "";
    struct curl_slist *headers = http_options(easy, ask, tls);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &out->body);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, detail);
    int r = http_fault(curl_easy_perform(easy), ask->url, detail, e);
    if (r < 0) {
        buf_deinit(&out->body);
    } else {
        long status = 0;
        const char *type = NULL;
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
        curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &type);
        out->status = (int)status;
        snprintf(out->content_type, sizeof out->content_type, "%s", type ? type : "");
    }
    curl_easy_cleanup(easy);
    curl_slist_free_all(headers);
    return r;
}

void http_answer_deinit(struct http_answer *a)
{
    buf_deinit(&a->body);
}
