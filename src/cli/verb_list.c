// SPDX-License-Identifier: Apache-2.0
#include "cli/verb_list.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/when.h"
#include "cli/cli.h"

#define PAGE_MOST 1000

// The words as they are, for an extended regular expression.
static void escape(struct buf *to, const char *words)
{
    for (; *words; words++) {
        if (strchr("\\.[]()*+?{}|^$/", *words))
            buf_putc(to, '\\');
        buf_putc(to, *words);
    }
}

static void leaf(json_t *all, const char *field, const char *operator, const char * value)
{
    json_array_append_new(all,
                          json_pack("{s:s,s:s,s:s}", "field", field, "operator", operator, "value", value));
}

// NULL: all.
static json_t *filter_of(const struct verb_pick *p)
{
    json_t *all = json_array();
    if (p->state)
        leaf(all, "state", "Equal", p->state);
    if (p->name) {
        struct buf words = BUF_INIT(65536);
        escape(&words, p->name);
        leaf(all, "name", "Like", buf_str(&words));
        buf_deinit(&words);
    }
    if (p->after)
        leaf(all, "creationDate", "GreaterThanOrEqual", p->after);
    if (p->before)
        leaf(all, "creationDate", "LessThan", p->before);
    for (int i = 0; i < p->tags.n; i++)
        leaf(all, "tags", "Equal", p->tags.v[i]);
    json_t *filter = json_array_size(all) ? json_pack("{s:s,s:O}", "operator", "And", "filters", all) : NULL;
    json_decref(all);
    return filter;
}

static int check_state(struct verb_pick *p, const char *const *states, struct err *e)
{
    struct buf known = BUF_INIT(4096);
    for (const char *const *s = states; p->state && *s; s++) {
        if (!strcasecmp(p->state, *s)) {
            p->state = *s;
            buf_deinit(&known);
            return 0;
        }
        buf_putf(&known, "%s%s", s == states ? "" : ", ", *s);
    }
    if (p->state)
        err_set(e, -1, "--state %.60s: there is no such state (one of %s)", p->state, buf_str(&known));
    buf_deinit(&known);
    return p->state ? CLI_USAGE : 0;
}

static int check_date(const char *option, const char *date, struct err *e)
{
    int64_t ms;
    if (!date || date_parse(date, &ms))
        return 0;
    return err_set(e, -1, "--%s %.60s: must be a date in UTC, YYYY-MM-DD or YYYY-MM-DDTHH:MM:SSZ", option,
                   date),
           CLI_USAGE;
}

int verb_pages(struct verb_call *c, const char *path, const struct verb_pick *pick, const char *const *states,
               json_t **out)
{
    struct verb_pick p = *pick;
    json_t *all = *out = json_array();
    int code = check_state(&p, states, &c->e);
    if (!code)
        code = check_date("created-after", p.after, &c->e);
    if (!code)
        code = check_date("created-before", p.before, &c->e);
    if (code)
        return code;
    json_t *token = json_null(), *filter = filter_of(&p);
    for (bool more = true; more && !code && (long)json_array_size(all) < p.limit;) {
        long left = p.limit - (long)json_array_size(all);
        json_t *got = NULL, *body = json_pack("{s:O,s:i}", "token", token, "maximumResults",
                                              (int)(left < PAGE_MOST ? left : PAGE_MOST));
        if (filter)
            json_object_set(body, "filter", filter);
        code = api_json(&c->api, "POST", path, body, &got, &c->e);
        json_decref(body);
        json_array_extend(all, json_object_get(got, "data"));
        json_decref(token);
        token = json_incref(json_object_get(got, "nextToken"));
        more = json_is_true(json_object_get(got, "isTruncated")) && json_is_string(token);
        json_decref(got);
    }
    json_decref(token);
    json_decref(filter);
    return code;
}

int verb_print(int code, json_t *list, bool json, const char *heads,
               void (*row)(struct table *t, const json_t *j))
{
    if (!code && json) {
        got_print(list);
    } else if (!code) {
        struct table t;
        size_t i;
        json_t *j;
        table_init(&t, heads);
        json_array_foreach(list, i, j) row(&t, j);
        table_print(&t, stdout, table_colours(stdout));
        table_deinit(&t);
    }
    json_decref(list);
    return code;
}

int verb_picked(int code, json_t *list, const struct verb_pick *pick, const char *heads,
                void (*row)(struct table *t, const json_t *j))
{
    size_t i;
    json_t *j;
    if (code || !pick->uuids)
        return verb_print(code, list, pick->json, heads, row);
    json_array_foreach(list, i, j) puts(got_text(j, "uuid"));
    json_decref(list);
    return 0;
}

int verb_show(struct verb_call *c, const char *front, const char *back)
{
    json_t *got = NULL;
    int code = api_json(&c->api, "GET", verb_path(c, front, back), NULL, &got, &c->e);
    if (!code)
        got_print(got);
    json_decref(got);
    return code;
}

int verb_each(struct verb_call *c, const char *method, const char *front, const char *back)
{
    int last = 0;
    for (int i = 0; i < c->args->n; i++) {
        struct err e = ERR_NULL;
        int code = api_json(&c->api, method, verb_path_of(c, front, c->args->v[i], back), NULL, NULL, &e);
        if (code && last)
            cli_fail_err(last, &c->e);
        if (code)
            c->e = e, last = code;
    }
    return last;
}

int verb_make(struct verb_call *c, const char *path, const json_t *body, bool json)
{
    json_t *got = NULL;
    int code = api_json(&c->api, "POST", path, body, &got, &c->e);
    if (!code && json)
        got_print(got);
    else if (!code)
        puts(got_text(got, "uuid"));
    json_decref(got);
    return code;
}
