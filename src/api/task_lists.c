// SPDX-License-Identifier: Apache-2.0
#include "api/task_lists.h"

#include <errno.h>
#include <string.h>

#include "api/api.h"
#include "api/json_in.h"
#include "api/like.h"
#include "api/secrets.h"
#include "api/task_body.h"
#include "base/mem.h"
#include "base/when.h"

#define KEY_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"

// The object of `list` whose `member` is `key`, or NULL.
static json_t *named(const json_t *list, const char *member, const char *key)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *v = json_array_get(list, i);
        if (!strcmp(json_string_value(json_object_get(v, member)), key))
            return v;
    }
    return NULL;
}

// False: it is no list, or too long, and that was noted.
static bool array_of(const json_t *in, const char *name, size_t max, const json_t **out, struct invalid *bad)
{
    struct err e = ERR_NULL;
    *out = in_get(in, name);
    if (*out && !json_is_array(*out))
        err_set(&e, -EINVAL, "%s: must be an array", name);
    else if (json_array_size(*out) > max)
        err_set(&e, -E2BIG, "%s: more than %zu", name, max);
    return invalid_unless(!e.code, bad, &e);
}

// Whether the client sends back what an answer showed in place of a secret.
static const char *unmasked(const char *key, const char *value, const json_t *old)
{
    if (!secret_name(key, strlen(key)) || strcmp(value, SECRET_MASK) != 0)
        return value;
    json_t *had = named(old, "key", key);
    return had ? json_string_value(json_object_get(had, "value")) : value;
}

// A secret of a kept body that is submitted again comes sealed, and longer.
static bool is_kept_secret(const char *key, const char *value)
{
    return secret_name(key, strlen(key)) && !strncmp(value, SEALED_MARK, strlen(SEALED_MARK));
}

// What would be promised by taking it and is not so is refused.
static bool can_be(const char *key, const char *value, struct err *e)
{
    bool elsewhere =
        !strcmp(key, "RESOURCES_PATH") && *value && strcmp(value, "/job") && strcmp(value, "/job/");
    if (elsewhere)
        err_set(e, -EINVAL, "constants: RESOURCES_PATH: resources lie in /job, and nowhere else");
    return !elsewhere;
}

static bool one_constant(const json_t *v, size_t i, json_t *list, const json_t *old, struct arena *a,
                         struct err *e)
{
    const char *key = json_string_value(in_get(v, "key"));
    const char *value = in_get(v, "value") ? in_scalar(in_get(v, "value"), a) : "";
    if (!key || !*key || key[strspn(key, KEY_CHARS)] || strlen(key) > API_CONSTANT_CHARS)
        return err_set(e, -EINVAL,
                       "constants[%zu].key: must have 1 to %d characters of A-Z, a-z, 0-9, _ . and -", i,
                       API_CONSTANT_CHARS),
               false;
    if (!value)
        return err_set(e, -EINVAL, "constants[%zu].value: must be a string, a number or a boolean", i), false;
    if (in_characters(value) > (is_kept_secret(key, value) ? 2 * API_CONSTANT_CHARS : API_CONSTANT_CHARS))
        return err_set(e, -EINVAL, "constants[%zu].value: longer than %d characters", i, API_CONSTANT_CHARS),
               false;
    if (!can_be(key, value, e))
        return false;
    value = unmasked(key, value, old);
    json_t *twice = named(list, "key", key);
    if (twice)
        json_object_set_new(twice, "value", json_string(value));
    else
        json_array_append_new(list, json_pack("{s:s,s:s}", "key", key, "value", value));
    return true;
}

bool task_constants(const json_t *in, json_t *list, const json_t *old, struct arena *a, struct invalid *bad)
{
    const json_t *given;
    struct invalid_list l = {.in = bad, .list = "constants"};
    struct err e = ERR_NULL;
    if (!array_of(in, "constants", API_CONSTANTS, &given, bad))
        return false;
    for (size_t i = 0; i < json_array_size(given); i++)
        invalid_item(&l, one_constant(json_array_get(given, i), i, list, old, a, &e), &e);
    return invalid_list_end(&l);
}

static bool one_forced(const json_t *v, size_t i, json_t *list, struct arena *a, struct err *e)
{
    static const char *const access[] = {"readOnly", "readWrite"};
    json_t *exported = in_get(v, "forceExportInEnvironment");
    const char *name = json_string_value(in_get(v, "constantName"));
    const char *value = in_scalar(in_get(v, "forcedValue"), a);
    int mode = -1;
    if (!name || !*name || name[strspn(name, KEY_CHARS)] || strlen(name) > API_CONSTANT_CHARS)
        return err_set(e, -EINVAL,
                       "forcedConstants[%zu].constantName: must have 1 to %d characters of A-Z, a-z, "
                       "0-9, _ . and -",
                       i, API_CONSTANT_CHARS),
               false;
    if (value &&
        in_characters(value) > (is_kept_secret(name, value) ? 2 * API_CONSTANT_CHARS : API_CONSTANT_CHARS))
        return err_set(e, -EINVAL, "forcedConstants[%zu].forcedValue: longer than %d characters", i,
                       API_CONSTANT_CHARS),
               false;
    if (!in_enum(v, "access", access, 2, &mode, e))
        return err_prefix(e, "forcedConstants[%zu]", i), false;
    json_array_append_new(
        list, json_pack("{s:s,s:o,s:o,s:o}", "constantName", name, "forcedValue",
                        value ? json_string(value) : json_null(), "forceExportInEnvironment",
                        json_is_boolean(exported) ? json_boolean(json_is_true(exported)) : json_null(),
                        "access", mode < 0 ? json_null() : json_string(access[mode])));
    return true;
}

bool task_forced_constants(const json_t *in, json_t *list, struct arena *a, struct invalid *bad)
{
    const json_t *given;
    struct invalid_list l = {.in = bad, .list = "forcedConstants"};
    struct err e = ERR_NULL;
    if (!array_of(in, "forcedConstants", API_FORCED_CONSTANTS, &given, bad))
        return false;
    for (size_t i = 0; i < json_array_size(given); i++)
        invalid_item(&l, one_forced(json_array_get(given, i), i, list, a, &e), &e);
    return invalid_list_end(&l);
}

static bool rights_of(const json_t *in, const char *list, const char *member, json_t *out,
                      struct invalid *bad)
{
    const json_t *given = in_get(in, list);
    struct invalid_list l = {.in = bad, .list = "secretsAccessRights"};
    struct err e = ERR_NULL;
    if (given && (!json_is_array(given) || json_array_size(given) > API_CONSTANTS)) {
        err_set(&e, -EINVAL, "secretsAccessRights.%s: must be an array of at most %d", list, API_CONSTANTS);
        return invalid_unless(false, bad, &e);
    }
    for (size_t i = 0; i < json_array_size(given); i++) {
        const char *key = json_string_value(in_get(json_array_get(given, i), member));
        bool ok = key && in_characters(key) <= API_CONSTANT_CHARS;
        if (ok)
            json_array_append_new(out, json_pack("{s:s}", member, key));
        else
            err_set(&e, -EINVAL, "secretsAccessRights.%s[%zu].%s: must be a string of at most %d characters",
                    list, i, member, API_CONSTANT_CHARS);
        invalid_item(&l, ok, &e);
    }
    return invalid_list_end(&l);
}

bool task_secret_rights(const json_t *in, json_t *body, struct invalid *bad)
{
    struct err e = ERR_NULL;
    if (in && !json_is_object(in)) {
        err_set(&e, -EINVAL, "secretsAccessRights: must be an object");
        return invalid_unless(false, bad, &e);
    }
    json_t *by_secret = json_array(), *by_prefix = json_array();
    bool secrets = !in || rights_of(in, "bySecret", "key", by_secret, bad);
    bool prefixes = !in || rights_of(in, "byPrefix", "prefix", by_prefix, bad);
    if (secrets && prefixes && (json_array_size(by_secret) || json_array_size(by_prefix)))
        json_object_set_new(body, "secretsAccessRights",
                            json_pack("{s:O,s:O}", "bySecret", by_secret, "byPrefix", by_prefix));
    json_decref(by_secret);
    json_decref(by_prefix);
    return secrets && prefixes;
}

bool task_tags(const json_t *in, json_t *body, bool update, struct invalid *bad)
{
    const json_t *given;
    struct invalid_list l = {.in = bad, .list = "tags"};
    struct err e = ERR_NULL;
    if (!array_of(in, "tags", API_TAGS, &given, bad))
        return false;
    if (!given && update)
        return true;
    json_t *tags = json_array();
    json_object_set_new(body, "tags", tags);
    for (size_t i = 0; i < json_array_size(given); i++) {
        const char *tag = json_string_value(json_array_get(given, i));
        if (!tag)
            err_set(&e, -EINVAL, "tags[%zu]: must be a string", i);
        else if (in_characters(tag) > API_TAG_CHARS)
            err_set(&e, -EINVAL, "tags[%zu]: longer than %d characters", i, API_TAG_CHARS);
        else
            json_array_append_new(tags, json_string(tag));
        invalid_item(&l, !e.code, &e);
    }
    return invalid_list_end(&l);
}

static bool one_label(const char *key, const json_t *v, json_t *labels, struct arena *a, struct err *e)
{
    const char *text = in_scalar(v, a);
    if (!text || in_characters(text) > API_NAME_CHARS || in_characters(key) > API_NAME_CHARS)
        return err_set(e, -EINVAL, "labels: %.60s: a key or value is no string or longer than %d characters",
                       key, API_NAME_CHARS),
               false;
    json_object_set_new(labels, key, json_string(text));
    return true;
}

// One client sends labels as an empty array: then there are none.
static bool read_labels(const json_t *in, json_t *body, bool update, struct arena *a, struct invalid *bad)
{
    json_t *given = in_get(in, "labels");
    struct invalid_list l = {.in = bad, .list = "labels"};
    struct err e = ERR_NULL;
    if (given && !json_is_object(given) && !json_is_array(given))
        err_set(&e, -EINVAL, "labels: must be an object");
    else if (json_object_size(given) > API_LABELS)
        err_set(&e, -E2BIG, "labels: more than %d", API_LABELS);
    if (e.code)
        return invalid_unless(false, bad, &e);
    if (!given && update)
        return true;
    json_t *labels = json_object();
    json_object_set_new(body, "labels", labels);
    const char *key;
    json_t *v;
    json_object_foreach(given, key, v)
    {
        if (!json_is_null(v)) // absent
            invalid_item(&l, one_label(key, v, labels, a, &e), &e);
    }
    return invalid_list_end(&l);
}

void task_mutable(const json_t *in, json_t *body, bool update, struct arena *a, struct invalid *bad)
{
    static const char *const filters[] = {"snapshotWhitelist", "snapshotBlacklist", "resultsWhitelist",
                                          "resultsBlacklist"};
    struct err e = ERR_NULL;
    task_tags(in, body, update, bad);
    read_labels(in, body, update, a, bad);
    for (size_t i = 0; i < ARRAY_LEN(filters); i++) {
        const char *text = NULL;
        if (invalid_unless(in_string(in, filters[i], API_NAME_CHARS, &text, &e), bad, &e) && text &&
            !like_is_file_filter(text, &e)) {
            err_prefix(&e, "%s", filters[i]);
            invalid_add(bad, NULL, &e);
        }
        if (text || !update)
            json_object_set_new(body, filters[i], text ? json_string(text) : NULL);
    }
    bool auto_delete = false;
    invalid_unless(in_bool(in, "autoDeleteOnCompletion", &auto_delete, &e), bad, &e);
    if (in_get(in, "autoDeleteOnCompletion") || !update)
        json_object_set_new(body, "autoDeleteOnCompletion", json_boolean(auto_delete));
    int64_t live_ms = 0;
    invalid_unless(in_span(in, "completionTimeToLive", &live_ms, &e), bad, &e);
    if (in_get(in, "completionTimeToLive") || !update) {
        char text[DATE_TEXT_BYTES];
        span_format(text, live_ms);
        json_object_set_new(body, "completionTimeToLive", json_string(text));
    }
}
