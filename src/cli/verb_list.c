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
