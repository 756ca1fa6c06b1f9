// SPDX-License-Identifier: Apache-2.0
#include "cli/verb_work.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/cli.h"

static const char *path_of(struct verb_call *c, const char *front, const char *what, const char *back)
{
    char whole[64];
    snprintf(whole, sizeof whole, "%s/%s/", front, what);
    return verb_path(c, whole, back);
}

// ---- what it cost

static void print_cost(const json_t *got)
{
    printf("%-9s %.4f euro\n", "costs", got_number(got, "credits"));
    printf("%-9s %.3f Wh, %.3f Wh of it as heat that was asked for\n", "drew",
           got_number(got, "total_consumed_energy_Wh"), got_number(got, "total_reused_energy_Wh"));
    printf("%-9s %.3f gCO2; in a data centre (%s) and with a boiler %.3f g more\n", "emitted",
           got_number(got, "qarnot_carbon_footprint"), got_text(got, "equivalent_datacenter_name"),
           got_number(got, "saved_carbon_footprint_compute_heat"));
}

int verb_cost(struct verb_call *c, const char *what, const char *datacentre, bool json)
{
    json_t *got = NULL, *carbon = NULL;
    struct buf back = BUF_INIT(8192);
    buf_puts(&back, "/carbon-facts");
    if (datacentre) {
        buf_puts(&back, "?comparisonDatacenter=");
        api_path_add(&back, datacentre);
    }
    int code = api_json(&c->api, "GET", path_of(c, "/credits/v1", what, "/credits"), NULL, &got, &c->e);
    if (!code)
        code = api_json(&c->api, "GET", path_of(c, "/carbon/v1", what, buf_str(&back)), NULL, &carbon, &c->e);
    if (!code)
        json_object_update(got, carbon);
    if (!code && json)
        got_print(got);
    else if (!code)
        print_cost(got);
    buf_deinit(&back);
    json_decref(got);
    json_decref(carbon);
    return code;
}

// ---- what it wrote

int verb_output(struct verb_call *c, const char *what, const char *stream, long instance, bool fresh,
                bool json)
{
    char back[64];
    struct buf got;
    if (instance >= 0)
        snprintf(back, sizeof back, "/%s/%ld", stream, instance);
    else
        snprintf(back, sizeof back, "/%s", stream);
    int code = api_call(&c->api, fresh ? "POST" : "GET", path_of(c, "", what, back), NULL,
                        json ? "application/json" : "text/plain", &got, &c->e);
    if (code)
        return code;
    fwrite(buf_str(&got), 1, got.n, stdout);
    if (json)
        putchar('\n');
    buf_deinit(&got);
    return 0;
}

// ---- changes

// The text in front of the first '=', which the caller frees; NULL with the sentence in `e`.
static char *key_of(const char *option, const char *pair, struct err *e)
{
    const char *is = strchr(pair, '=');
    if (is && is != pair)
        return mem_strndup(pair, (size_t)(is - pair));
    return err_set(e, -1, "--%s %s: must be KEY=VALUE", option, pair), NULL;
}

static int set_constants(json_t *list, const struct option_list *pairs, struct err *e)
{
    for (int i = 0; i < pairs->n; i++) {
        size_t k;
        json_t *one, *there = NULL;
        char *key = key_of("constant", pairs->v[i], e);
        if (!key)
            return CLI_USAGE;
        json_array_foreach(list, k, one) if (!strcmp(got_text(one, "key"), key)) there = one;
        if (!there) {
            json_array_append_new(list, json_pack("{s:s}", "key", key));
            there = json_array_get(list, json_array_size(list) - 1);
        }
        json_object_set_new(there, "value", json_string(strchr(pairs->v[i], '=') + 1));
        free(key);
    }
    return 0;
}

static int set_labels(json_t *labels, const struct option_list *pairs, struct err *e)
{
    for (int i = 0; i < pairs->n; i++) {
        char *key = key_of("label", pairs->v[i], e);
        if (!key)
            return CLI_USAGE;
        json_object_set_new(labels, key, json_string(strchr(pairs->v[i], '=') + 1));
        free(key);
    }
    return 0;
}

// Only what is to be changed is sent, so that nothing else is touched; of a list that is the whole list.
int verb_set(struct verb_call *c, const char *what, const struct verb_change *change)
{
    json_t *got = NULL, *body = json_object(), *tags = json_array();
    int code = 0;
    if (!change->constants.n && !change->labels.n && !change->tags.n)
        code = (err_set(&c->e, -1, "%.4s set: nothing to change: give --constant, --label or --tag", what),
                CLI_USAGE);
    if (!code)
        code = api_json(&c->api, "GET", path_of(c, "", what, ""), NULL, &got, &c->e);
    if (!code && change->constants.n) {
        json_object_set(body, "constants", json_object_get(got, "constants"));
        code = set_constants(json_object_get(body, "constants"), &change->constants, &c->e);
    }
    if (!code && change->labels.n) {
        json_object_set(body, "labels", json_object_get(got, "labels"));
        code = set_labels(json_object_get(body, "labels"), &change->labels, &c->e);
    }
    for (int i = 0; i < change->tags.n; i++)
        json_array_append_new(tags, json_string(change->tags.v[i]));
    if (change->tags.n)
        json_object_set(body, "tags", tags);
    if (!code)
        code = api_json(&c->api, "PUT", path_of(c, "", what, ""), body, NULL, &c->e);
    json_decref(tags);
    json_decref(body);
    json_decref(got);
    return code;
}

static bool is_uuid(const char *s)
{
    return strlen(s) == 36 && s[8] == '-' && s[13] == '-' && s[18] == '-' && s[23] == '-' &&
           strspn(s, "0123456789abcdefABCDEF-") == 36;
}

// The uuid for a name of what is at `front`, into `*out`; the name itself when it is a uuid.
static int uuid_of(struct verb_call *c, const char *front, const char *name, json_t **out)
{
    json_t *got = NULL;
    int code = 0;
    if (*name && !is_uuid(name))
        code = api_json(&c->api, "GET", verb_path_of(c, front, name, ""), NULL, &got, &c->e);
    if (!code)
        *out = json_string(got ? got_text(got, "uuid") : name);
    json_decref(got);
    return code;
}

int verb_resolve(struct verb_call *c, json_t *body)
{
    static const char *const field[][2] = {{"jobUuid", "/jobs/"}, {"poolUuid", "/pools/"}};
    json_t *on = json_object_get(json_object_get(body, "dependencies"), "dependsOn"), *uuid;
    int code = 0;
    for (size_t i = 0; i < ARRAY_LEN(field) && !code; i++) {
        const char *name = got_text(body, field[i][0]);
        if (*name && (code = uuid_of(c, field[i][1], name, &uuid)) == 0)
            json_object_set_new(body, field[i][0], uuid);
    }
    for (size_t i = 0; i < json_array_size(on) && !code; i++) {
        const char *name = json_string_value(json_array_get(on, i));
        if (name && (code = uuid_of(c, "/tasks/", name, &uuid)) == 0)
            json_array_set_new(on, i, uuid);
    }
    return code;
}

int verb_update_resources(struct verb_call *c, const char *what)
{
    return api_json(&c->api, "PATCH", path_of(c, "", what, ""), NULL, NULL, &c->e);
}
