// SPDX-License-Identifier: Apache-2.0
//
// The vetting. First the bytes (split_*: is each separator where it should be?), then the meaning (vet_*).
#include "net/vet.h"

#include <string.h>
#include <strings.h>

#define GOOD     ((struct vet_answer){0, NULL})
#define BAD(why) ((struct vet_answer){400, (why)})

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// tchar of RFC 9110 5.6.2.
static bool is_token(const char *s)
{
    if (!*s)
        return false;
    for (; *s; s++)
        if (!is_alnum(*s) && !strchr("!#$%&'*+-.^_`|~", *s))
            return false;
    return true;
}

static bool is_value(const char *s)
{
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if ((c < 0x20 && c != '\t') || c == 0x7F)
            return false;
    }
    return true;
}

struct run {
    char *at, *end;
};

// Takes what is before the next NUL, and the NUL. NULL at the end of the run.
static char *take(struct run *r)
{
    char *from = r->at, *nul = memchr(from, 0, (size_t)(r->end - from));
    if (!nul)
        return NULL;
    r->at = nul + 1;
    return from;
}

// The line end: CR was overwritten by the NUL that take() took, LF by this one.
static bool take_lf(struct run *r)
{
    return r->at < r->end && *r->at++ == '\0';
}

static struct vet_answer split_request_line(struct run *r, const char *target, struct head *out)
{
    out->method = take(r);
    size_t n = strlen(target);
    // The bytes of the target itself have been decoded in place by now; its length and its end still stand.
    if (!out->method || (size_t)(r->end - r->at) < n + 1)
        return BAD("broken request line");
    char *target_end = r->at + n;
    if (!n || *r->at == ' ' || *target_end != '\0')
        return BAD("the request line is not method, target and version with one space between");
    out->target = target;
    r->at = target_end + 1;
    const char *version = take(r);
    if (!version || strncmp(version, "HTTP/1.", 7) || (version[7] != '0' && version[7] != '1') || version[8])
        return BAD("the request line is not method, target and version with one space between");
    out->minor = version[7] - '0';
    return take_lf(r) ? GOOD : BAD("the request line ends in LF without CR");
}

static struct vet_answer split_field(struct run *r, struct head_field *f)
{
    if (*r->at == ' ' || *r->at == '\t')
        return BAD("a folded header line");
    char *name = take(r);
    if (!name || !is_token(name))
        return BAD(
            "a header name that is no token (or white space before its colon, or a folded or broken line)");
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\t'))
        r->at++;
    char *value = take(r);
    if (!value || !is_value(value))
        return BAD("a control character in a header value");
    if (!take_lf(r))
        return BAD("a NUL in a header value, or a header line that ends in LF without CR");
    for (size_t n = strlen(value); n && (value[n - 1] == ' ' || value[n - 1] == '\t'); n--)
        value[n - 1] = '\0';
    *f = (struct head_field){name, value};
    return GOOD;
}

struct vet_answer vet_run(char *run, size_t n, const char *target, size_t seen, struct head *out)
{
    struct run r = {run, run + n};
    out->n = 0;
    struct vet_answer a = split_request_line(&r, target, out);
    while (!a.status && r.end - r.at > 2) { // until the empty line
        if (out->n == VET_FIELDS)
            return (struct vet_answer){431, "more than 64 header fields"};
        a = split_field(&r, &out->field[out->n++]);
    }
    if (a.status)
        return a;
    // The empty line that ends the head, in full, and as many fields as libmicrohttpd found.
    if (r.end - r.at != 2 || r.at[0] || r.at[1] || out->n != seen)
        return BAD("a folded header line, a NUL, or a line that ends in LF without CR");
    return vet_head(out);
}

const char *head_find(const struct head *h, const char *name)
{
    for (size_t i = 0; i < h->n; i++)
        if (!strcasecmp(h->field[i].name, name))
            return h->field[i].value;
    return NULL;
}

static size_t count(const struct head *h, const char *name)
{
    size_t n = 0;
    for (size_t i = 0; i < h->n; i++)
        n += !strcasecmp(h->field[i].name, name);
    return n;
}

// uri-host [":" port]: names, IPv4 and bracketed IPv6; digits after the last colon.
static bool is_authority(const char *s)
{
    const char *at = s;
    if (*at == '[') {
        at += 1 + strspn(at + 1, "0123456789abcdefABCDEF:.");
        if (*at++ != ']')
            return false;
    } else {
        while (is_alnum(*at) || (*at && strchr("-._~%!$&'()*+;=", *at)))
            at++;
    }
    if (at == s)
        return false;
    if (*at == ':')
        at += 1 + strspn(at + 1, "0123456789");
    return !*at;
}

static struct vet_answer vet_host(const struct head *h)
{
    size_t n = count(h, "Host");
    if (n > 1)
        return BAD("two Host headers");
    if (!n)
        return h->minor ? BAD("no Host header") : GOOD;
    const char *host = head_find(h, "Host");
    if (!*host)
        return BAD("an empty Host header");
    return is_authority(host) ? GOOD : BAD("a Host header that is no host and port");
}

static struct vet_answer vet_length(const struct head *h)
{
    size_t lengths = count(h, "Content-Length"), codings = count(h, "Transfer-Encoding");
    if (lengths > 1)
        return BAD("two Content-Length headers");
    if (lengths && codings)
        return BAD("both Transfer-Encoding and Content-Length");
    if (codings > 1)
        return BAD("two Transfer-Encoding headers");
    if (codings && !h->minor)
        return BAD("Transfer-Encoding in HTTP/1.0");
    if (codings && strcasecmp(head_find(h, "Transfer-Encoding"), "chunked"))
        return BAD("a Transfer-Encoding other than chunked");
    if (lengths) {
        const char *text = head_find(h, "Content-Length");
        if (!*text || text[strspn(text, "0123456789")])
            return BAD("a Content-Length that is no number");
    }
    return GOOD;
}

// Percent-encoding is judged by whoever decodes (http_request.c); here only what may stand in a target at
// all.
static struct vet_answer vet_target_bytes(const char *s)
{
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (c == ' ')
            return BAD("a space in the request target");
        if (c < 0x20 || c >= 0x7F)
            return BAD("a control character or non-ASCII byte in the request target");
        if (c == '#')
            return BAD("a fragment in the request target");
    }
    return GOOD;
}

// "http://authority/path": a proxy's form, which a server has to take too. It must agree with Host, or the
// two programs that read the request might disagree about whom it is for.
static struct vet_answer vet_absolute(struct head *h, size_t scheme)
{
    const char *authority = h->target + scheme, *host = head_find(h, "Host");
    size_t n = strcspn(authority, "/?");
    if (!host || strlen(host) != n || strncasecmp(host, authority, n))
        return BAD("the request target names another host than the Host header");
    if (authority[n] == '?')
        return BAD("a request target without a path");
    h->path = authority[n] ? authority + n : "/";
    return GOOD;
}

static struct vet_answer vet_target(struct head *h)
{
    struct vet_answer a = vet_target_bytes(h->target);
    if (a.status)
        return a;
    h->path = h->target;
    if (!strcmp(h->method, "CONNECT"))
        return BAD("CONNECT: this is no proxy");
    if (h->target[0] == '/')
        return GOOD;
    if (!strcmp(h->target, "*"))
        return !strcmp(h->method, "OPTIONS") ? GOOD : BAD("the request target '*' is for OPTIONS only");
    if (!strncasecmp(h->target, "http://", 7))
        return vet_absolute(h, 7);
    if (!strncasecmp(h->target, "https://", 8))
        return vet_absolute(h, 8);
    return BAD("the request target does not begin with '/'");
}

struct vet_answer vet_head(struct head *h)
{
    if (!is_token(h->method))
        return BAD("a method that is no token");
    struct vet_answer a = vet_host(h);
    if (!a.status)
        a = vet_length(h);
    if (!a.status)
        a = vet_target(h);
    if (a.status)
        return a;
    const char *expect = head_find(h, "Expect");
    if (expect && (count(h, "Expect") > 1 || strcasecmp(expect, "100-continue")))
        return (struct vet_answer){417, "an Expect other than 100-continue"};
    return GOOD;
}
