// SPDX-License-Identifier: Apache-2.0
//
// The secrets of a customer. A key is a path ("p/db/password"); values are sealed before they leave the
// thread that brought them, so that neither the engine, its recorded events nor the database have them in the
// clear (store/vault.h).
//
//   GET    /secrets-manager/data/KEY       {"value"}       404
//   PUT    /secrets-manager/data/KEY       201             409 when it exists
//   PATCH  /secrets-manager/data/KEY       204             404
//   DELETE /secrets-manager/data/KEY       204             404
//   GET    /secrets-manager/search/PREFIX  {"keys"}        one level below the folder; folders end in "/"
#include "api/secrets.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "api/handlers.h"
#include "api/json_in.h"
#include "api/json_out.h"
#include "api/task_body.h"

#define FIRST_OF_KEY 2 // the segments before it are words of the route
#define KEY_BYTES    1024
#define VALUE_CHARS  24576

// Errors have a shape of their own here.
static void fail(struct call *c, int status, const char *sentence)
{
    call_fail(c, status, "%s", sentence); // for the rest of what failing means
    struct json_out o = {.b = &c->out};
    buf_clear(&c->out);
    out_object(&o, NULL);
    out_string(&o, "error", sentence);
    out_end_object(&o);
}

// The rest of the path; NULL: the call has been failed.
static const char *key_of(struct call *c, bool may_be_empty)
{
    struct buf key = BUF_INIT(KEY_BYTES);
    for (size_t i = FIRST_OF_KEY; i < c->route.n; i++)
        buf_putf(&key, "%s%s", i > FIRST_OF_KEY ? "/" : "", c->route.segment[i]);
    const char *text = NULL;
    if (key.failed)
        fail(c, 400, arena_printf(&c->arena, "key: longer than %d bytes", KEY_BYTES));
    else if (!key.n && !may_be_empty)
        fail(c, 404, "Secret doesn't exist: no key was given");
    else
        text = arena_strdup(&c->arena, buf_str(&key));
    buf_deinit(&key);
    return text;
}

const char *secret_bound(struct arena *a, uint64_t account, const char *key)
{
    return arena_printf(a, "secret/%llu/%s", (unsigned long long)account, key);
}

void secret_get(struct call *c)
{
    const char *key = key_of(c, false), *sealed;
    struct err e = ERR_NULL;
    if (!key)
        return;
    int r = c->reader->secret(c->reader->ctx, c->account.id, key, &c->arena, &sealed, &e);
    if (r < 0) {
        call_store_error(c, r);
        return;
    }
    if (r > 0) {
        fail(c, 404, arena_printf(&c->arena, "Secret %s doesn't exist", key));
        return;
    }
    struct buf clear = BUF_INIT(VALUE_CHARS * 4 + 1);
    if (c->be->unseal(c->be->ctx, secret_bound(&c->arena, c->account.id, key), sealed, &clear, &e) < 0) {
        fail(c, 500, "This secret was sealed with a key that the server no longer has");
    } else {
        struct json_out o = {.b = &c->out};
        out_object(&o, NULL);
        out_string(&o, "value", buf_str(&clear));
        out_end_object(&o);
    }
    buf_deinit(&clear);
}

static void changed(struct call *c)
{
    if (c->reply->code >= 300)
        fail(c, c->reply->code, c->reply->message);
    else
        call_empty(c), c->status = c->reply->code;
}

static void change(struct call *c, enum secret_verb verb, const char *key, const char *value)
{
    struct buf sealed = BUF_INIT(VALUE_CHARS * 6 + 256);
    struct err e = ERR_NULL;
    if (value &&
        c->be->seal(c->be->ctx, secret_bound(&c->arena, c->account.id, key), value, &sealed, &e) < 0) {
        fail(c, 503, "The server could not seal the value: nothing was changed");
    } else {
        struct submission *s = call_submission(c, EVENT_SECRET);
        s->event.secret.account = c->account.id;
        s->event.secret.verb = verb;
        s->event.secret.key = arena_strdup(&s->arena, key);
        s->event.secret.sealed = value ? arena_strdup(&s->arena, buf_str(&sealed)) : NULL;
        call_submit(c, s, changed);
    }
    buf_deinit(&sealed);
}

static void write_value(struct call *c, enum secret_verb verb)
{
    const char *key = key_of(c, false), *value = NULL;
    struct err e = ERR_NULL;
    if (!key || !call_object(c))
        return;
    if (!in_string(c->in, "value", VALUE_CHARS, &value, &e))
        fail(c, 400, arena_strdup(&c->arena, e.text));
    else if (!value)
        fail(c, 400, "value: must be given, as a string");
    else
        change(c, verb, key, value);
}

void secret_put(struct call *c)
{
    write_value(c, SECRET_CREATE);
}

void secret_patch(struct call *c)
{
    write_value(c, SECRET_REPLACE);
}

void secret_delete(struct call *c)
{
    const char *key = key_of(c, false);
    if (key)
        change(c, SECRET_REMOVE, key, NULL);
}

// ---- search

struct listing {
    struct json_out o;
    struct arena *arena;
    size_t skip;      // length of "PREFIX/"
    const char *last; // entry written: keys come in order, so those of one folder follow each other
    size_t n;
};

static int list(void *ctx, const char *key, const char *sealed)
{
    struct listing *l = ctx;
    (void)sealed;
    const char *rest = key + l->skip, *slash = strchr(rest, '/');
    const char *entry =
        slash ? arena_printf(l->arena, "%.*s/", (int)(slash - rest), rest) : arena_strdup(l->arena, rest);
    l->n++;
    if (l->last && !strcmp(l->last, entry))
        return 0;
    out_string(&l->o, NULL, entry);
    l->last = entry;
    return 0;
}

void secret_search(struct call *c)
{
    const char *prefix = key_of(c, true);
    struct err e = ERR_NULL;
    if (!prefix)
        return;
    if (*prefix)
        prefix = arena_printf(&c->arena, "%s/", prefix);
    struct listing l = {.o = {.b = &c->out}, .arena = &c->arena, .skip = strlen(prefix)};
    out_object(&l.o, NULL);
    out_array(&l.o, "keys");
    int r = c->reader->secrets(c->reader->ctx, c->account.id, prefix, list, &l, &e);
    out_end_array(&l.o);
    out_end_object(&l.o);
    if (r < 0)
        call_store_error(c, r);
    else if (!l.n && *prefix)
        fail(c, 404, arena_printf(&c->arena, "Secret folder %s doesn't exist", prefix));
}

// ---- secret constants of a task

const char *secret_constant_bound(struct arena *a, uint64_t account)
{
    return arena_printf(a, "constant/%llu", (unsigned long long)account);
}

// A value that is sealed for this account already (a body that was kept) stays as it is.
static bool is_sealed(const struct api_backend *be, const char *bound, const char *value)
{
    struct buf clear = BUF_INIT(VALUE_CHARS * 4 + 1);
    struct err e = ERR_NULL;
    bool is = !strncmp(value, SEALED_MARK, strlen(SEALED_MARK)) &&
              be->unseal(be->ctx, bound, value, &clear, &e) == 0;
    buf_deinit(&clear);
    return is;
}

bool secret_name(const char *key, size_t n)
{
    size_t front = strlen(SECRET_PREFIX);
    return (n >= front && memcmp(key, SECRET_PREFIX, front) == 0) ||
           (n == strlen(SECRET_PASSWORD) && memcmp(key, SECRET_PASSWORD, n) == 0);
}

bool secret_held(const char *key, size_t key_n, const char *value, size_t value_n)
{
    if (!secret_name(key, key_n) || *key == *SECRET_PREFIX)
        return secret_name(key, key_n);
    bool name = value_n > 2 && memcmp(value, "${", 2) == 0 &&
                (const char *)memchr(value, '}', value_n) == value + value_n - 1;
    return value_n > 0 && !name;
}

static bool seal(json_t *v, const char *key_member, const char *value_member, const char *bound,
                 const struct api_backend *be, struct err *e)
{
    const char *key = json_string_value(json_object_get(v, key_member)),
               *value = json_string_value(json_object_get(v, value_member));
    if (!value || !secret_held(key, strlen(key), value, strlen(value)) || is_sealed(be, bound, value))
        return true;
    struct buf sealed = BUF_INIT(VALUE_CHARS * 6 + 256);
    bool ok = be->seal(be->ctx, bound, value, &sealed, e) == 0;
    if (ok)
        json_object_set_new(v, value_member, json_string(buf_str(&sealed)));
    buf_deinit(&sealed);
    return ok;
}

bool secret_constants_seal(json_t *body, const struct api_backend *be, uint64_t account, struct arena *a,
                           struct err *e)
{
    const char *bound = secret_constant_bound(a, account);
    const json_t *constants = json_object_get(body, "constants"),
                 *forced = json_object_get(body, "forcedConstants");
    bool ok = true;
    for (size_t i = 0; ok && i < json_array_size(constants); i++)
        ok = seal(json_array_get(constants, i), "key", "value", bound, be, e);
    for (size_t i = 0; ok && i < json_array_size(forced); i++)
        ok = seal(json_array_get(forced, i), "constantName", "forcedValue", bound, be, e);
    return ok;
}

static void unmask(json_t *constants, const json_t *old, const char *key_member, const char *value_member)
{
    for (size_t i = 0; i < json_array_size(constants); i++) {
        json_t *c = json_array_get(constants, i);
        const char *key = json_string_value(in_get(c, key_member)),
                   *value = json_string_value(in_get(c, value_member));
        if (!key || !value || strcmp(value, SECRET_MASK) != 0 || !secret_name(key, strlen(key)))
            continue;
        for (size_t k = 0; k < json_array_size(old); k++) {
            const json_t *had = json_array_get(old, k);
            if (!strcmp(json_string_value(json_object_get(had, key_member)), key)) {
                in_drop(c, value_member);
                json_object_set(c, value_member, json_object_get(had, value_member));
            }
        }
    }
}

void secret_unmask(json_t *constants, const json_t *old, json_t *forced, const json_t *old_forced)
{
    unmask(constants, old, "key", "value");
    unmask(forced, old_forced, "constantName", "forcedValue");
}
