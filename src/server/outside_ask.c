// SPDX-License-Identifier: Apache-2.0
#include "server/outside_ask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/http_options.h"
#include "s3/xml_answer.h"

#define BODY_BYTES  ((size_t)8 << 20)
#define URL_LIVES_S 300
#define PAUSE_MS    50
#define PAUSE_MOST  8000
#define TIMEOUT_MS  60000L // a copy of gigabytes is done within the call

static int64_t real_ms(clockid_t which)
{
    struct timespec t;
    clock_gettime(which, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void outside_answer_deinit(struct outside_answer *a)
{
    buf_deinit(&a->body);
}

static size_t on_write(char *data, size_t size, size_t n, void *ctx)
{
    struct outside_answer *a = ctx;
    buf_put(&a->body, data, size * n);
    return a->body.failed ? 0 : size * n;
}

static size_t on_header(char *line, size_t size, size_t n, void *ctx)
{
    struct outside_answer *a = ctx;
    size_t k = 0;
    char number[24] = "";
    if (size * n > 15 && !strncasecmp(line, "content-length:", 15)) {
        snprintf(number, sizeof number, "%.*s", (int)(size * n - 15 < 23 ? size * n - 15 : 23), line + 15);
        a->length = strtoull(number, NULL, 10);
    }
    if (size * n > 5 && !strncasecmp(line, "etag:", 5)) {
        for (size_t i = 5; i < size * n && k + 1 < sizeof a->etag; i++)
            if (line[i] > ' ' && line[i] != '"')
                a->etag[k++] = line[i];
        a->etag[k] = '\0';
    }
    return size * n;
}

// Some stores begin a long copy with 200 and end it with an Error.
static void judge(struct outside_answer *a)
{
    struct s3_refusal no = {0};
    if (a->status / 100 == 2 && !(a->body.n && strstr(buf_str(&a->body), "<Error>")))
        return;
    s3_xml_read_error(buf_str(&a->body), a->body.n, &no);
    if (a->status / 100 == 2)
        a->status = 500;
    snprintf(a->code, sizeof a->code, "%s", no.code);
    if (no.code[0]) // Ceph says no message
        snprintf(a->why, sizeof a->why, "%s%s%.150s", no.code, no.message[0] ? ": " : "", no.message);
    else if (a->status)
        snprintf(a->why, sizeof a->why, "it answers %d", a->status);
}

// curl looks here a few times a second, and more often while bytes come: what is under way then ends.
static int on_progress(void *stop, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    (void)a, (void)b, (void)c, (void)d;
    return stop && *(atomic_bool *)stop;
}

// `stop`: ends the call when it is set; NULL: nothing does but its time.
static void ask_once(const struct outside_way *w, CURL *easy, const struct s3_outside_ask *ask,
                     const char *body, long timeout_ms, atomic_bool *stop, struct outside_answer *out)
{
    struct buf url = BUF_INIT(S3_OUTSIDE_URL_BYTES);
    struct err e = ERR_NULL;
    char text[CURL_ERROR_SIZE] = "";
    const char *header[20];
    size_t n = 0;
    *out = (struct outside_answer){.body = BUF_INIT(BODY_BYTES)};
    if (s3_outside_url(w->at, ask, WALL_MS(real_ms(CLOCK_REALTIME)), &url, &e) != S3_OK) {
        snprintf(out->why, sizeof out->why, "%.200s", e.text);
        out->status = 400;
        buf_deinit(&url);
        return;
    }
    for (size_t i = 0; i < ask->header_n && n + 2 < ARRAY_LEN(header); i++) {
        header[n++] = ask->header[i].name;
        header[n++] = ask->header[i].value;
    }
    header[n] = NULL;
    struct http_ask call = {.method = ask->method,
                            .url = buf_str(&url),
                            .headers = header,
                            .body = body ? body : "",
                            .n = body ? strlen(body) : 0,
                            .timeout_ms = timeout_ms};
    struct http_tls tls = {.ca_file = w->ca_file};
    curl_easy_reset(easy);
    struct curl_slist *list = http_options(easy, &call, &tls);
    if (!strcmp(ask->method, "HEAD"))
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L); // a length may be told, and nothing follows
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_write);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, out);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, out);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, text);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, stop);
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, timeout_ms < 10000 ? timeout_ms : 10000);
    CURLcode code = curl_easy_perform(easy);
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    out->status = code == CURLE_OK ? (int)status : 0;
    if (code != CURLE_OK)
        snprintf(out->why, sizeof out->why, "%.200s", *text ? text : curl_easy_strerror(code));
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, NULL);
    curl_slist_free_all(list);
    buf_deinit(&url);
    judge(out);
}

void outside_ask(const struct outside_way *w, CURL *easy, const struct s3_outside_ask *ask, const char *body,
                 long timeout_ms, struct outside_answer *out)
{
    ask_once(w, easy, ask, body, timeout_ms, NULL, out);
}

static bool passes(const struct outside_answer *a)
{
    return a->status == 0 || a->status == 408 || a->status == 429 || a->status >= 500 ||
           (a->status == 403 && !s3_refusal_is_quota(a->code));
}

static void pause_before(const struct outside_way *w, int try)
{
    int64_t ms = PAUSE_MS << (try < 8 ? try : 8);
    for (ms = ms < PAUSE_MOST ? ms : PAUSE_MOST; ms > 0 && !*w->stop; ms -= 50)
        usleep(50000);
}

bool outside_ask_until(const struct outside_way *w, CURL *easy, const struct s3_outside_ask *ask,
                       const char *body, int or_else, struct outside_answer *out)
{
    int64_t began = real_ms(CLOCK_MONOTONIC);
    for (int try = 0;; try++) {
        ask_once(w, easy, ask, body, TIMEOUT_MS, w->stop, out);
        if (out->status / 100 == 2 || out->status == or_else)
            return true;
        if (!passes(out) || *w->stop || real_ms(CLOCK_MONOTONIC) - began > w->patience_ms)
            return false;
        outside_answer_deinit(out);
        pause_before(w, try);
    }
}
