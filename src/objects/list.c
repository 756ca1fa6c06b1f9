// SPDX-License-Identifier: Apache-2.0
//
// Lists in the order of the keys' bytes. A common prefix is jumped over by one seek of the index, whatever
// the number of keys below it, so that a list costs what it shows.
#include "objects/inside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define KEY_MAX 1100

struct walk {
    struct arena *a;
    size_t prefix_n, delimiter_n;
    const struct objects_list *l;
    struct objects_listing *out;
    size_t cap_entries, cap_prefixes;
    struct objects_entry *entry;
    struct objects_key *prefix;
};

static bool begins(struct objects_key key, const char *prefix, size_t n)
{
    return key.n >= n && memcmp(key.v, prefix, n) == 0;
}

// Length of the common prefix that `key` belongs to; 0: none, it is shown itself.
static size_t common(const struct walk *w, struct objects_key key)
{
    if (!w->delimiter_n)
        return 0;
    const char *at = memmem(key.v + w->prefix_n, key.n - w->prefix_n, w->l->delimiter, w->delimiter_n);
    return at ? (size_t)(at - key.v) + w->delimiter_n : 0;
}

// The least key above all that begin with the `n` bytes of `buf`; its length, 0: there is none.
static size_t above(char *buf, size_t n)
{
    while (n && (unsigned char)buf[n - 1] == 0xff)
        n--;
    if (n)
        buf[n - 1] = (char)((unsigned char)buf[n - 1] + 1);
    return n;
}

static char *copy(struct arena *a, struct objects_key key)
{
    return arena_strndup(a, key.v, key.n);
}

static bool full(struct walk *w)
{
    if (w->out->n_entries + w->out->n_prefixes < w->l->max)
        return false;
    w->out->truncated = true;
    return true;
}

static void add_prefix(struct walk *w, const char *v, size_t n)
{
    const char *kept = arena_strndup(w->a, v, n);
    *VEC_PUSH(w->prefix, w->out->n_prefixes, w->cap_prefixes) = (struct objects_key){kept, n};
    w->out->last = kept;
    w->out->last_upload = 0;
}

// Where the list begins: after `after`, and not before the prefix. False: past everything.
static bool begin(const struct walk *w, char from[KEY_MAX], size_t *n, bool *passed)
{
    struct objects_key after = {w->l->after, strlen(w->l->after)};
    if (after.n + 1 >= KEY_MAX || w->prefix_n >= KEY_MAX)
        return false;
    memcpy(from, w->l->prefix, w->prefix_n);
    *n = w->prefix_n;
    *passed = false;
    if (!after.n)
        return true;
    size_t shorter = after.n < w->prefix_n ? after.n : w->prefix_n;
    int order = memcmp(after.v, w->l->prefix, shorter);
    if (order < 0 || (order == 0 && after.n < w->prefix_n))
        return true;
    if (order > 0)
        return false;
    memcpy(from, after.v, after.n);
    *passed = true;
    if (common(w, after) == after.n) { // a common prefix, with all it stands for
        *n = above(from, after.n);
        return *n > 0;
    }
    from[after.n] = '\0';
    *n = after.n + 1;
    return true;
}

// A new entry with this key. NULL: it is one of a common prefix, behind whose keys the walk goes on: `from`
// has the prefix, `jump` its length.
static struct objects_entry *take(struct walk *w, struct objects_key key, char *from, size_t *jump)
{
    *jump = common(w, key);
    if (*jump) {
        add_prefix(w, key.v, *jump);
        memcpy(from, key.v, *jump);
        return NULL;
    }
    struct objects_entry *x = VEC_PUSH(w->entry, w->out->n_entries, w->cap_entries);
    x->key = (struct objects_key){copy(w->a, key), key.n};
    w->out->last = x->key.v;
    return x;
}

static int walk_objects(struct view *v, struct walk *w, struct err *e)
{
    char from[KEY_MAX];
    size_t n;
    bool passed;
    sqlite3_stmt *st = view_st(v, ST_LIST);
    if (!st)
        return view_fail(v, e);
    if (!begin(w, from, &n, &passed))
        return 0;
    int code;
    for (;;) {
        sqlite3_reset(st);
        sqlite3_bind_int64(st, 1, (int64_t)w->l->bucket);
        bind_key(st, 2, (struct objects_key){from, n});
        size_t jump = 0;
        while (!jump && (code = view_step(v, st, e)) == 0) {
            struct objects_key key = {sqlite3_column_blob(st, 0), (size_t)sqlite3_column_bytes(st, 0)};
            if (!begins(key, w->l->prefix, w->prefix_n) || full(w))
                return 0;
            struct objects_entry *x = take(w, key, from, &jump);
            if (!x)
                break;
            x->size = (uint64_t)sqlite3_column_int64(st, 1);
            x->modified_ms = sqlite3_column_int64(st, 2);
            column_etag(st, 3, x->etag);
        }
        if (!jump)
            return code < 0 ? code : 0;
        if ((n = above(from, jump)) == 0)
            return 0;
    }
}

static int walk_uploads(struct view *v, struct walk *w, struct err *e)
{
    char from[KEY_MAX];
    size_t n;
    bool passed;
    sqlite3_stmt *st = view_st(v, ST_UPLOADS);
    if (!st)
        return view_fail(v, e);
    if (!begin(w, from, &n, &passed))
        return 0;
    // (key, id) > (from, after): without after_upload begin() has already gone past the marker's own key.
    int64_t after = 0;
    if (passed && w->l->after_upload) {
        n = strlen(w->l->after);
        after = (int64_t)w->l->after_upload;
    }
    int code;
    for (;;) {
        sqlite3_reset(st);
        sqlite3_bind_int64(st, 1, (int64_t)w->l->bucket);
        bind_key(st, 2, (struct objects_key){from, n});
        sqlite3_bind_int64(st, 3, after);
        size_t jump = 0;
        while (!jump && (code = view_step(v, st, e)) == 0) {
            struct objects_key key = {sqlite3_column_blob(st, 0), (size_t)sqlite3_column_bytes(st, 0)};
            if (!begins(key, w->l->prefix, w->prefix_n) || full(w))
                return 0;
            struct objects_entry *x = take(w, key, from, &jump);
            if (!x)
                break;
            x->upload = w->out->last_upload = (uint64_t)sqlite3_column_int64(st, 1);
            x->modified_ms = sqlite3_column_int64(st, 2);
        }
        if (!jump)
            return code < 0 ? code : 0;
        after = 0;
        if ((n = above(from, jump)) == 0)
            return 0;
    }
}

static int list(struct objects *o, const struct objects_list *l, struct arena *a, struct objects_listing *out,
                int (*walk)(struct view *v, struct walk *w, struct err *e), struct err *e)
{
    struct walk w = {
        .a = a, .l = l, .out = out, .prefix_n = strlen(l->prefix), .delimiter_n = strlen(l->delimiter)};
    *out = (struct objects_listing){0};
    if (l->max == 0)
        return 0;
    struct view *v = view_take(o, e);
    if (!v)
        return -EIO;
    int code = walk(v, &w, e);
    sqlite3_reset(v->st[ST_LIST]);
    sqlite3_reset(v->st[ST_UPLOADS]);
    view_give(o, v);
    out->entry = arena_alloc(a, (out->n_entries + 1) * sizeof *out->entry);
    out->prefix = arena_alloc(a, (out->n_prefixes + 1) * sizeof *out->prefix);
    if (out->n_entries)
        memcpy(out->entry, w.entry, out->n_entries * sizeof *out->entry);
    if (out->n_prefixes)
        memcpy(out->prefix, w.prefix, out->n_prefixes * sizeof *out->prefix);
    free(w.entry);
    free(w.prefix);
    return code;
}

int objects_list(struct objects *o, const struct objects_list *l, struct arena *a,
                 struct objects_listing *out, struct err *e)
{
    return list(o, l, a, out, walk_objects, e);
}

int objects_uploads(struct objects *o, const struct objects_list *l, struct arena *a,
                    struct objects_listing *out, struct err *e)
{
    return list(o, l, a, out, walk_uploads, e);
}
