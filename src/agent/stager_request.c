// SPDX-License-Identifier: Apache-2.0
//
// One request of the storage: signed, sent, answered. A clock that is far off is the one thing that is put
// right here: the storage says its time with the refusal.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "agent/stager.h"
#include "base/mem.h"
#include "net/http_options.h"
#include "s3/query.h"
#include "s3/sign.h"
#include "s3/xml_answer.h"

#define REGION      "us-east-1"
#define HEADERS_MAX 24
#define STALL_S     30L // without a byte for so long, a call is given up and tried again
#define CONNECT_MS  10000L
#define ERROR_BYTES ((size_t)16 << 20)

struct flight {
    struct stager *s;
    const struct ask_s3 *ask;
    struct answer_s3 *out;
    CURL *easy;
    uint64_t sent;
    int64_t date_ms; // of the answer; 0: it said none
    bool stopped;
    char *location; // owned: where to go, by the door
};

static int64_t real_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static size_t on_read(char *to, size_t size, size_t n, void *ctx)
{
    struct flight *f = ctx;
    uint64_t left = f->ask->n - f->sent, want = size * n < left ? size * n : left;
    ssize_t got = (ssize_t)want;
    if (f->ask->fd < 0)
        memcpy(to, f->ask->memory + f->sent, want);
    else
        got = pread(f->ask->fd, to, want, (off_t)(f->ask->offset + f->sent));
    if (got < (ssize_t)want && (got < 0 || got == 0)) // it became shorter while it was sent
        return CURL_READFUNC_ABORT;
    f->sent += (uint64_t)got;
    if (f->ask->counts)
        f->s->bytes += got;
    return (size_t)got;
}

static int on_seek(void *ctx, curl_off_t offset, int origin)
{
    struct flight *f = ctx;
    if (origin != SEEK_SET || offset < 0 || (uint64_t)offset > f->ask->n)
        return CURL_SEEKFUNC_CANTSEEK;
    if (f->ask->counts)
        f->s->bytes += offset - (curl_off_t)f->sent;
    f->sent = (uint64_t)offset;
    return CURL_SEEKFUNC_OK;
}

static size_t on_write(char *data, size_t size, size_t n, void *ctx)
{
    struct flight *f = ctx;
    long status = 0;
    curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &status);
    if (f->ask->sink && status / 100 == 2) {
        f->s->good_ms = real_ms();
        f->stopped = !f->ask->sink(f->ask->ctx, data, size * n);
        return f->stopped ? 0 : size * n;
    }
    buf_put(&f->out->error, data, size * n);
    return size * n;
}

static size_t on_header(char *line, size_t size, size_t n, void *ctx)
{
    struct flight *f = ctx;
    size_t len = size * n;
    if (len > 6 && !strncasecmp(line, "etag:", 5)) {
        size_t k = 0;
        for (size_t i = 5; i < len && k + 1 < sizeof f->out->etag; i++)
            if (line[i] > ' ' && line[i] != '"')
                f->out->etag[k++] = line[i];
        f->out->etag[k] = '\0';
    }
    if (len > 11 && !strncasecmp(line, "location: ", 10)) {
        free(f->location);
        f->location = mem_strndup(line + 10, len - 10);
        f->location[strcspn(f->location, "\r\n")] = '\0';
    }
    if (len > 6 && len < 80 && !strncasecmp(line, "date:", 5)) {
        char text[80];
        memcpy(text, line + 5, len - 5);
        text[len - 5] = '\0';
        time_t t = curl_getdate(text, NULL);
        f->date_ms = t > 0 ? (int64_t)t * 1000 : 0;
    }
    return len;
}

struct head {
    struct buf path, url, sign;
    char date[17];
    const char *header[2 * HEADERS_MAX + 2];
    struct s3_header signed_header[HEADERS_MAX];
    size_t n;
};

static void add(struct head *h, const char *name, const char *value)
{
    h->header[2 * h->n] = name;
    h->header[2 * h->n + 1] = value;
    h->signed_header[h->n++] = (struct s3_header){name, value};
}

static bool make_head(struct stager *s, const struct ask_s3 *ask, struct head *h, struct err *e)
{
    int64_t now = real_ms() + s->skew_ms;
    h->path = BUF_INIT(16384);
    h->url = BUF_INIT(32768);
    h->sign = BUF_INIT(8192);
    buf_putf(&h->path, "%s/%s", s->base_path, ask->bucket);
    if (ask->key) {
        buf_putc(&h->path, '/');
        s3_encode(&h->path, ask->key, ask->key_n, true);
    }
    const char *p = strstr(s->url, "://");
    buf_putf(&h->url, "%.*s://%s%s%s%s", (int)(p - s->url), s->url, s->host, buf_str(&h->path),
             ask->query ? "?" : "", ask->query ? ask->query : "");
    s3_amz_date(h->date, WALL_MS(now));
    add(h, "Host", s->host);
    add(h, "X-Amz-Date", h->date);
    add(h, "X-Amz-Content-Sha256",
        s->patience_ms ? S3_UNSIGNED_PAYLOAD
        : ask->sha256  ? ask->sha256
                       : S3_EMPTY_SHA256);
    if (ask->md5 && s->patience_ms)
        add(h, "Content-MD5", ask->md5);
    for (const char *const *x = ask->extra; x && x[0]; x += 2)
        add(h, x[0], x[1]);
    struct s3_request r = {ask->method, buf_str(&h->path), ask->query ? ask->query : "", h->signed_header,
                           h->n,        WALL_MS(now)};
    if (s3_sign_header(&(struct s3_signer){s->key, s->secret, REGION}, &r, &h->sign, e) != S3_OK)
        return false;
    h->header[2 * h->n] = "Authorization";
    h->header[2 * h->n + 1] = buf_str(&h->sign);
    h->header[2 * h->n + 2] = NULL;
    return !h->url.failed && !h->path.failed;
}

static void body_options(CURL *easy, struct flight *f)
{
    if (strcmp(f->ask->method, "PUT") && strcmp(f->ask->method, "POST"))
        return;
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, NULL);
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)f->ask->n);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
    curl_easy_setopt(easy, CURLOPT_READDATA, f);
    curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, on_seek);
    curl_easy_setopt(easy, CURLOPT_SEEKDATA, f);
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, f->ask->method);
}

static void fly(CURL *easy, const char *url, const char *const *headers, const struct http_tls *tls,
                struct flight *f)
{
    char text[CURL_ERROR_SIZE] = "";
    struct http_ask ask = {.method = f->ask->method, .url = url, .headers = headers};
    long status = 0;
    curl_easy_reset(easy); // the connection stays
    struct curl_slist *list = http_options(easy, &ask, tls);
    body_options(easy, f);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_write);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, f);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, f);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, text);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, STALL_S);
    CURLcode code = curl_easy_perform(easy);
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    f->out->status = code == CURLE_OK ? (int)status : 0;
    if (code != CURLE_OK)
        snprintf(f->out->why, sizeof f->out->why, "%.190s", *text ? text : curl_easy_strerror(code));
    curl_slist_free_all(list);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, NULL);
}

// For a person. Ceph says a code and no message.
static void say(struct answer_s3 *a)
{
    struct s3_refusal no;
    s3_xml_read_error(buf_str(&a->error), a->error.n, &no);
    snprintf(a->code, sizeof a->code, "%s", no.code);
    if (*no.message)
        snprintf(a->why, sizeof a->why, "%.190s", no.message);
    else
        snprintf(a->why, sizeof a->why, "the storage answers %d%s%.60s", a->status, *no.code ? " " : "",
                 no.code);
}

// What takes long is begun with 200, and may end with an Error all the same.
static void judge(struct answer_s3 *a)
{
    if (a->status / 100 == 2 && a->error.n && strstr(buf_str(&a->error), "<Error>"))
        a->status = 500;
    if (a->status / 100 != 2 && a->status)
        say(a);
}

// Twice: at the server's door without the body, and where the door says. There the signature is in the URL.
static void fly_outside(struct stager *s, CURL *easy, struct head *h, struct flight *f)
{
    const char *header[2 * HEADERS_MAX + 2];
    const struct ask_s3 *ask = f->ask;
    struct ask_s3 at_door = {.method = ask->method, .bucket = ask->bucket, .fd = -1, .memory = ""};
    size_t n = 0;
    f->ask = &at_door;
    fly(easy, buf_str(&h->url), h->header, &(struct http_tls){.ca_file = s->ca}, f);
    f->ask = ask;
    f->out->is_door = f->out->status != 307 || !f->location;
    if (f->out->is_door)
        return;
    for (const char *const *x = ask->extra; x && x[0] && n + 2 < ARRAY_LEN(header); x += 2) {
        header[n++] = x[0];
        header[n++] = x[1];
    }
    if (ask->md5) {
        header[n++] = "Content-MD5";
        header[n++] = ask->md5;
    }
    header[n] = NULL;
    buf_clear(&f->out->error);
    f->sent = 0;
    f->date_ms = 0;
    fly(easy, f->location, header, &(struct http_tls){.ca_file = s->ca, .trusts_system_too = true}, f);
}

void ask_s3(struct stager *s, CURL *easy, const struct ask_s3 *ask, struct answer_s3 *out)
{
    struct head h = {0};
    struct err e = ERR_NULL;
    *out = (struct answer_s3){.error = BUF_INIT(ERROR_BYTES)};
    struct flight f = {.s = s, .ask = ask, .out = out, .easy = easy};
    bool good = make_head(s, ask, &h, &e);
    if (good && s->patience_ms)
        fly_outside(s, easy, &h, &f);
    else if (good)
        fly(easy, buf_str(&h.url), h.header, &(struct http_tls){.ca_file = s->ca}, &f);
    else
        snprintf(out->why, sizeof out->why, "%.190s", e.text);
    judge(out);
    if (ask->counts && out->status / 100 != 2)
        s->bytes -= (int64_t)f.sent;
    if (out->status / 100 == 2)
        s->good_ms = real_ms();
    free(f.location);
    if (out->status == 403 && (!s->patience_ms || out->is_door) &&
        strstr(buf_str(&out->error), "RequestTimeTooSkewed") && f.date_ms) {
        s->skew_ms = f.date_ms - real_ms();
        out->status = 503; // once more, with the right time
    }
    buf_deinit(&h.path);
    buf_deinit(&h.url);
    buf_deinit(&h.sign);
}

void answer_s3_deinit(struct answer_s3 *a)
{
    buf_deinit(&a->error);
}

// A store that has just got a key, a policy or a bucket may refuse for a while.
bool answer_s3_passes(struct stager *s, const struct answer_s3 *a)
{
    if (s->patience_ms && real_ms() - s->good_ms > s->patience_ms)
        return false;
    if (s->patience_ms && !a->is_door && a->status == 403)
        return !s3_refusal_is_quota(a->code);
    return a->status == 0 || a->status == 408 || a->status == 429 || a->status == 500 || a->status == 502 ||
           a->status == 503 || a->status == 504;
}

const char *answer_s3_code(const struct stager *s, const struct answer_s3 *a, const char *otherwise)
{
    if (s3_refusal_is_quota(a->code))
        return "results-over-quota";
    if (!s->patience_ms || a->is_door)
        return otherwise;
    return a->status == 403                                         ? "storage-refuses"
           : a->status == 0 || a->status >= 500 || a->status == 429 ? "storage-unavailable"
                                                                    : otherwise;
}

void stager_pause(int try)
{
    useconds_t us = 100000u << (try < 5 ? try : 5);
    usleep(us + (useconds_t)(real_ms() % 100) * (us / 400));
}

bool ask_s3_until(struct stager *s, CURL *easy, const struct ask_s3 *ask, struct answer_s3 *out)
{
    for (int try = 0; !stager_failed(s); try++) {
        ask_s3(s, easy, ask, out);
        if (!answer_s3_passes(s, out))
            return true;
        answer_s3_deinit(out);
        stager_pause(try);
    }
    *out = (struct answer_s3){0};
    return false;
}
