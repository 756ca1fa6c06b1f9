// SPDX-License-Identifier: Apache-2.0
#include "net/http_file.h"

#include <errno.h>
#include <string.h>

#include "net/http_fault.h"

#define STILL_S 60

struct moving {
    CURL *easy;
    const struct http_flow *flow;
    struct http_answer *out;
    int64_t left; // to go up
    int bad;      // errno of a file
};

static void tell(const struct moving *m, size_t n)
{
    if (m->flow->progress && n)
        m->flow->progress(m->flow->ctx, (int64_t)n);
}

static size_t give(char *to, size_t one, size_t n, void *ctx)
{
    struct moving *m = ctx;
    size_t most = one * n;
    if ((int64_t)most > m->left)
        most = (size_t)m->left;
    errno = 0;
    size_t got = fread(to, 1, most, m->flow->up);
    if (got < most && got == 0) { // shorter than it was said to be
        m->bad = ferror(m->flow->up) && errno ? errno : ENODATA;
        return CURL_READFUNC_ABORT;
    }
    m->left -= (int64_t)got;
    tell(m, got);
    return got;
}

static size_t take(char *data, size_t one, size_t n, void *ctx)
{
    struct moving *m = ctx;
    long status = 0;
    (void)one;
    curl_easy_getinfo(m->easy, CURLINFO_RESPONSE_CODE, &status);
    if (m->flow->down && status >= 200 && status < 300) {
        if (fwrite(data, 1, n, m->flow->down) != n) {
            m->bad = errno ? errno : EIO;
            return 0;
        }
        tell(m, n);
        return n;
    }
    buf_put(&m->out->body, data, n);
    return m->out->body.failed ? 0 : n;
}

int http_file(struct http_answer *out, const struct http_ask *ask, const struct http_tls *tls,
              const struct http_flow *flow, size_t max_bytes, struct err *e)
{
    *out = (struct http_answer){.body = BUF_INIT(max_bytes)};
    struct moving m = {curl_easy_init(), flow, out, flow->up ? flow->up_bytes : 0, 0};
    if (!m.easy)
        return err_set(e, -ENOMEM, "%s: libcurl did not start (is there memory?)", ask->url);
    char detail[CURL_ERROR_SIZE] = "";
    struct curl_slist *headers = http_options(m.easy, ask, tls);
    if (flow->up) {
        curl_easy_setopt(m.easy, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(m.easy, CURLOPT_CUSTOMREQUEST, ask->method);
        curl_easy_setopt(m.easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)flow->up_bytes);
        curl_easy_setopt(m.easy, CURLOPT_READFUNCTION, give);
        curl_easy_setopt(m.easy, CURLOPT_READDATA, &m);
    }
    curl_easy_setopt(m.easy, CURLOPT_PATH_AS_IS,
                     1L); // a key may have dots between slashes, and was signed so
    curl_easy_setopt(m.easy, CURLOPT_TIMEOUT_MS, 0L);
    curl_easy_setopt(m.easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(m.easy, CURLOPT_LOW_SPEED_TIME, (long)STILL_S);
    curl_easy_setopt(m.easy, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(m.easy, CURLOPT_WRITEDATA, &m);
    curl_easy_setopt(m.easy, CURLOPT_ERRORBUFFER, detail);
    CURLcode code = curl_easy_perform(m.easy);
    int r = m.bad ? err_set(e, -EIO, "%s: the file: %s", ask->url, strerror(m.bad))
                  : http_fault(code, ask->url, detail, e);
    if (r < 0) {
        buf_deinit(&out->body);
    } else {
        long status = 0;
        const char *type = NULL;
        curl_easy_getinfo(m.easy, CURLINFO_RESPONSE_CODE, &status);
        curl_easy_getinfo(m.easy, CURLINFO_CONTENT_TYPE, &type);
        out->status = (int)status;
        snprintf(out->content_type, sizeof out->content_type, "%s", type ? type : "");
    }
    curl_easy_cleanup(m.easy);
    curl_slist_free_all(headers);
    return r;
}
