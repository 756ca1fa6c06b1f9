// SPDX-License-Identifier: Apache-2.0
//
// Errors as the clients of the public API tell them apart, which they do textually:
//
//   application   {"message":"No such task: x"}
//   401           {"error":{"message":"...","code":401},"data":{}}       no blank after "error":
//   validation    {"type":...,"errors": {"field":["sentence"]}}          one blank after "errors":,
//   problem+json                                                        a traceId of its own for each
//
// Every error has a JSON body. A 5xx is only given when nothing was changed, since clients repeat such a
// request.
#include "api/call.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "api/json_out.h"
#include "base/hex.h"

static void start(struct call *c, int status, const char *type)
{
    buf_clear(&c->out);
    c->kind = CALL_ANSWER;
    c->status = status;
    c->type = type;
    c->next = NULL;
}

void call_fail(struct call *c, int status, const char *fmt, ...)
{
    char text[2048];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    start(c, status, "application/json; charset=utf-8");
    buf_puts(&c->out, "{\"message\":");
    json_text(&c->out, text, strlen(text));
    buf_puts(&c->out, "}");
}

void call_unauthorized(struct call *c)
{
    start(c, 401, "application/json; charset=utf-8");
    buf_puts(&c->out, "{\"error\":{\"message\":\"Bad authentication token\",\"code\":401},\"data\":{}}");
}

static const char problem_type[] = "application/problem+json; charset=utf-8";

#define BAD_REQUEST_TYPE "https://tools.ietf.org/html/rfc9110#section-15.5.1"

// In the form of the W3C's trace context, as the public API has it; nothing else bears it.
static void trace_id(struct call *c, char out[64])
{
    uint8_t bytes[24];
    char hex[2 * sizeof bytes + 1];
    c->be->entropy(c->be->ctx, bytes, sizeof bytes);
    hex_text(hex, bytes, sizeof bytes);
    snprintf(out, 64, "00-%.32s-%.16s-00", hex, hex + 32);
}

static void entry(struct call *c, const char *field, const char *sentence)
{
    json_text(&c->out, field, strlen(field));
    buf_puts(&c->out, ":[");
    json_text(&c->out, sentence, strlen(sentence));
    buf_puts(&c->out, "]}}");
}

void call_problem(struct call *c, const char *title, const char *field, const char *sentence)
{
    if (c->status == 400 && c->type == problem_type) {
        c->out.n -= 2; // "}}": one more field of the same problem
        buf_putc(&c->out, ',');
        entry(c, field, sentence);
        return;
    }
    start(c, 400, problem_type);
    if (!title)
        title = "One or more validation errors occurred.";
    char trace[64];
    trace_id(c, trace);
    buf_puts(&c->out, "{\"type\":\"" BAD_REQUEST_TYPE "\",\"title\":");
    json_text(&c->out, title, strlen(title));
    buf_putf(&c->out, ",\"status\":400,\"traceId\":\"%s\",\"errors\": {", trace);
    entry(c, field, sentence);
}

void call_store_error(struct call *c, int code)
{
    if (code == -ENOSPC)
        call_fail(c, 507,
                  "The server's disk is full: nothing was changed (free space there, then send it again)");
    else
        call_fail(c, 503,
                  "The server's store does not answer: nothing was changed (send it again in a while)");
}

void call_reply_error(struct call *c, const struct reply *r)
{
    call_fail(c, r->code, "%s", r->message ? r->message : "The request was refused");
}

void call_end(struct call *c)
{
    if (c->reply->code == 200)
        call_empty(c);
    else
        call_reply_error(c, c->reply);
}
