// SPDX-License-Identifier: Apache-2.0
#include "api/invalid.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void add_code(struct invalid *v, const char *code, size_t n)
{
    char text[INVALID_CODE_BYTES];
    snprintf(text, sizeof text, "%.*s", (int)(n < sizeof text ? n : sizeof text - 1), code);
    for (int i = 0; i < v->n_codes; i++)
        if (!strcmp(v->code[i], text))
            return;
    if (v->n_codes < INVALID_FIELDS)
        memcpy(v->code[v->n_codes++], text, sizeof text);
}

void invalid_add(struct invalid *v, const char *code, struct err *e)
{
    if (code)
        add_code(v, code, strlen(code));
    else
        add_code(v, e->text, strcspn(e->text, ":[."));
    size_t n = strlen(e->text);
    if (v->n == 0)
        buf_put(&v->text, e->text, n);
    else if (v->text.n + n + 2 <= INVALID_TEXT_BYTES) // one that does not fit is left out, not cut
        buf_putf(&v->text, "; %s", e->text);
    v->n++;
    *e = ERR_NULL;
}

bool invalid_unless(bool ok, struct invalid *v, struct err *e)
{
    if (!ok)
        invalid_add(v, NULL, e);
    return ok;
}

bool invalid_item(struct invalid_list *l, bool ok, struct err *e)
{
    if (!ok && l->n++ < INVALID_ITEMS)
        invalid_add(l->in, NULL, e);
    *e = ERR_NULL;
    return ok;
}

bool invalid_list_end(const struct invalid_list *l)
{
    struct err e = ERR_NULL;
    if (l->n > INVALID_ITEMS) {
        err_set(&e, -EINVAL, "%s: %d more are wrong", l->list, l->n - INVALID_ITEMS);
        invalid_add(l->in, NULL, &e);
    }
    return l->n == 0;
}

const char *invalid_message(const struct invalid *v, struct arena *a)
{
    struct buf all = BUF_INIT((INVALID_FIELDS + 2) * INVALID_CODE_BYTES + INVALID_TEXT_BYTES);
    if (!v->n)
        return NULL;
    buf_putf(&all, "Invalid %s file. Invalid fields: ", v->what);
    for (int i = 0; i < v->n_codes; i++)
        buf_putf(&all, "%s%s", i ? ", " : "", v->code[i]);
    buf_putf(&all, ". %s", buf_str(&v->text));
    const char *out = arena_strdup(a, buf_str(&all));
    buf_deinit(&all);
    return out;
}

void invalid_deinit(struct invalid *v)
{
    buf_deinit(&v->text);
}
