// SPDX-License-Identifier: Apache-2.0
#include "cli/api_client.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/cli.h"
#include "cli/cli_config.h"
#include "net/http_call.h"

#define TIMEOUT_MS     60000
#define TIMEOUT_MOST_S 86400

static const char *first_env(const char *a, const char *b)
{
    const char *v = getenv(a);
    if (!v || !*v)
        v = getenv(b);
    return v && *v ? v : NULL;
}

void api_client_init(struct api_client *c, const char *url, const char *token)
{
    snprintf(c->kept, sizeof c->kept, "%s", url);
    for (size_t n = strlen(c->kept); n > 0 && c->kept[n - 1] == '/'; n--)
        c->kept[n - 1] = '\0';
    c->url = c->kept;
    c->token = token;
    c->storage_url = NULL;
    c->tls = (struct http_tls){0};
    c->timeout_ms = TIMEOUT_MS;
}

bool api_env_true(const char *name)
{
    const char *v = getenv(name);
    return v && (!strcasecmp(v, "true") || !strcmp(v, "1"));
}

// -1: go on.
static int more_env(struct api_client *c)
{
    const char *s = getenv("QARNOT_CLUSTER_TIMEOUT"), *ca = getenv("ONDOL_CA"),
               *storage = getenv("QARNOT_STORAGE_URL");
    char *end = NULL;
    if (s && *s) {
        long timeout_s = strtol(s, &end, 10);
        if (*end || timeout_s < 1 || timeout_s > TIMEOUT_MOST_S)
            return cli_fail(CLI_USAGE, "QARNOT_CLUSTER_TIMEOUT %s: must be 1 to %d seconds", s,
                            TIMEOUT_MOST_S);
        c->timeout_ms = timeout_s * 1000;
    }
    c->storage_url = storage && *storage ? storage : NULL;
    c->tls.ca_file = ca && *ca ? ca : NULL;
    c->tls.trusts_anybody = api_env_true("QARNOT_CLUSTER_UNSAFE") || api_env_true("QARNOT_USE_UNSAFE_SSL");
    return -1;
}

int api_client_env(struct api_client *c)
{
    int code = cli_config_env();
    if (code != -1)
        return code;
    const char *url = first_env("ONDOL_URL", "QARNOT_CLUSTER_URL"),
               *token = first_env("ONDOL_TOKEN", "QARNOT_CLIENT_TOKEN");
    if (!url)
        return cli_fail(CLI_USAGE,
                        "ONDOL_URL: not set (the server's address, for example http://127.0.0.1:8080)");
    if (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0)
        return cli_fail(CLI_USAGE, "ONDOL_URL %s: must begin with http:// or https://", url);
    if (strlen(url) >= sizeof c->kept)
        return cli_fail(CLI_USAGE, "ONDOL_URL: longer than %zu characters", sizeof c->kept - 1);
    if (!token)
        return cli_fail(
            CLI_USAGE,
            "ONDOL_TOKEN: not set (the token of an account, as the server's ready line prints it)");
    for (const unsigned char *at = (const unsigned char *)token; *at; at++)
        if (*at <= ' ' || *at == 127)
            return cli_fail(CLI_USAGE,
                            "ONDOL_TOKEN: has %s in it (was it read from a file with other ends of lines?)",
                            *at == '\r' || *at == '\n' ? "the end of a line" : "a blank");
    api_client_init(c, url, token);
    return more_env(c);
}

void api_path_add(struct buf *path, const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        if (isalnum(*p) || strchr("-._~", *p))
            buf_putc(path, (char)*p);
        else
            buf_putf(path, "%%%02X", *p);
    }
}

// The sentence of an error's body, in each of the three shapes that clients know.
static void said(const struct buf *body, char *out, size_t cap)
{
    json_t *j = json_loadb(buf_str(body), body->n, 0, NULL);
    size_t n = json_array_size(j); // of a list of things, each with what became of it
    const json_t *one = json_array_get(j, 0);
    if (n && json_is_string(json_object_get(one, "message"))) {
        snprintf(out, cap, "%s%s", json_string_value(json_object_get(one, "message")),
                 n > 1 ? "; none of the list was taken" : "");
        json_decref(j);
        return;
    }
    json_t *errors = json_object_get(j, "errors");
    const char *text = json_string_value(json_object_get(j, "message"));
    if (!text)
        text = json_string_value(json_object_get(json_object_get(j, "error"), "message"));
    if (!text)
        text = json_string_value(json_object_get(j, "error"));
    void *first = json_object_iter(errors);
    if (!text && first) {
        const char *why = json_string_value(json_array_get(json_object_iter_value(first), 0));
        snprintf(out, cap, "%s: %s", json_object_iter_key(first), why ? why : "not accepted");
    } else {
        snprintf(out, cap, "%s", text ? text : "no reason given");
    }
    json_decref(j);
}

static int refused(const struct api_client *c, int status, const struct buf *body, struct err *e)
{
    char why[240];
    said(body, why, sizeof why);
    if (status == 401)
        err_set(e, -EACCES, "%s: %s (is ONDOL_TOKEN the token of this server?)", c->url, why);
    else if (status == 503 || status == 507)
        err_set(e, -EAGAIN, "%s: %s", c->url, why);
    else
        err_set(e, -EPERM, "%s (HTTP %d)", why, status);
    return status == 503 || status == 507  ? CLI_LATER
           : status >= 400 && status < 500 ? CLI_REFUSED
                                           : CLI_FAILED;
}

static int call(const struct api_client *c, const struct http_ask *asked, const char *accept,
                const char *type, struct buf *out, struct err *e)
{
    struct buf url = BUF_INIT(65536);
    buf_putf(&url, "%s%s", c->url, asked->url);
    const char *headers[] = {
        "Authorization", c->token, "Accept", accept, type ? "Content-Type" : NULL, type, NULL};
    struct http_ask ask = *asked;
    ask.url = buf_str(&url);
    ask.headers = headers;
    ask.timeout_ms = c->timeout_ms;
    struct http_answer got = {0};
    *out = BUF_INIT(API_ANSWER_MAX);
    int bad = http_call(&got, &ask, &c->tls, API_ANSWER_MAX, e);
    buf_deinit(&url);
    if (bad)
        return bad == -ECONNREFUSED || bad == -EHOSTUNREACH || bad == -ETIMEDOUT ? CLI_UNREACHABLE
                                                                                 : CLI_FAILED;
    int code = got.status >= 200 && got.status < 300 ? 0 : refused(c, got.status, &got.body, e);
    if (code)
        http_answer_deinit(&got);
    else
        *out = got.body;
    return code;
}

int api_call(const struct api_client *c, const char *method, const char *path, const char *body,
             const char *accept, struct buf *out, struct err *e)
{
    struct http_ask ask = {.method = method, .url = path, .body = body, .n = body ? strlen(body) : 0};
    return call(c, &ask, accept ? accept : "application/json", body ? "application/json" : NULL, out, e);
}

int api_send(const struct api_client *c, const char *method, const char *path, const void *data, size_t n,
             struct buf *out, struct err *e)
{
    struct http_ask ask = {.method = method, .url = path, .body = data, .n = n};
    return call(c, &ask, "application/json", "application/octet-stream", out, e);
}

int api_json(const struct api_client *c, const char *method, const char *path, const json_t *body,
             json_t **out, struct err *e)
{
    char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
    struct buf got;
    int code = api_call(c, method, path, text, NULL, &got, e);
    free(text);
    if (code)
        return code;
    json_error_t why;
    json_t *j = json_loadb(buf_str(&got), got.n, JSON_DECODE_ANY, &why);
    if (!j && got.n > 0)
        code = (err_set(e, -EPROTO, "%s%s: the answer is not JSON: %s (is it an ondol server?)", c->url, path,
                        why.text),
                CLI_FAILED);
    buf_deinit(&got);
    if (out)
        *out = j;
    else
        json_decref(j);
    return code;
}
