// SPDX-License-Identifier: Apache-2.0
#include "cli/task_draft.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/mem.h"
#include "cli/json_file.h"
#include "ini/ini_text.h"

#define AT(field) offsetof(struct task_wish, field)

const struct option_row task_wish_rows[] = {
    {"after", OPTION_LIST, "TASK", AT(after), 0, 0,
     "Begins when this task of the same job is in Success; again for more"},
    {"class", OPTION_TEXT, "CLASS", AT(scheduling), 0, 0, "flex, onDemand or reserved (flex)"},
    {"command", OPTION_TEXT, "CMD", AT(command), 0, 0,
     "What each instance runs; a shell only if it names one"},
    {"constant", OPTION_LIST, "KEY=VALUE", AT(constants), 0, 0,
     "A constant, in the environment too; again for more"},
    {"cores", OPTION_INT, "N", AT(cores), 1, 4096, "Boards of at least N cores"},
    {"cpu", OPTION_TEXT, "MODEL", AT(cpu), 0, 0, "Boards of this processor only"},
    {"expected-run", OPTION_INT, "S", AT(expected_s), 1, 1e9,
     "Seconds an instance takes; helps planning, binds to nothing"},
    {"image", OPTION_TEXT, "NAME[:TAG]", AT(image), 0, 0, "Container image (that of the profile)"},
    {"instances", OPTION_INT, "N", AT(instances), 1, 1e9, "How many instances (1)"},
    {"job", OPTION_TEXT, "ID", AT(job), 0, 0, "The job that it belongs to"},
    {"keep", OPTION_TEXT, "[D.]HH:MM:SS", AT(keep), 0, 0, "Forgets itself so long after it has ended"},
    {"label", OPTION_LIST, "KEY=VALUE", AT(labels), 0, 0, "A label; again for more"},
    {"max-queue", OPTION_INT, "S", AT(queue_max_s), 1, 1e9, "Gives up when it has waited S seconds"},
    {"memory-mb", OPTION_INT, "N", AT(memory_mb), 1, 1e9, "Boards of at least N MB"},
    {"name", OPTION_TEXT, "NAME", AT(name), 0, 0, "Its name (that of the command)"},
    {"pool", OPTION_TEXT, "ID", AT(pool), 0, 0, "Runs in this pool"},
    {"profile", OPTION_TEXT, "NAME", AT(profile), 0, 0,
     "Profile: docker-batch, docker-network, docker-cluster, ..., also with -ssh (docker-batch, or the "
     "pool's)"},
    {"range", OPTION_TEXT, "LIST", AT(range), 0, 0, "These instances instead of a number of them: 0-3,7"},
    {"resource", OPTION_LIST, "BUCKET", AT(resources), 0, 0,
     "Bucket whose objects each instance finds; again for more"},
    {"results", OPTION_TEXT, "BUCKET", AT(results), 0, 0, "Bucket for the files that instances leave"},
    {"retries", OPTION_INT, "N", AT(retries), 0, 1e9, "An instance that fails is tried N times again (0)"},
    {"shortname", OPTION_TEXT, "NAME", AT(shortname), 0, 0, "Another name for its uuid"},
    {"tag", OPTION_LIST, "TAG", AT(tags), 0, 0, "A tag; again for more"},
    {0},
};

// ---- an INI file: keys as the options, and sections for what has names of its own

struct ini_reading {
    struct task_wish *wish;
    struct arena *a;
};

static int take_pair(void *ctx, const struct ini_pair *pair, struct err *e)
{
    struct ini_reading *r = ctx;
    static const struct options o = {.command = "task create", .row = task_wish_rows};
    bool labels = !strcmp(pair->section, "labels"), named = labels || !strcmp(pair->section, "constants");
    if (*pair->section && !named)
        return err_set(e, -EINVAL, "[%s]: there is no such section (there are constants and labels)",
                       pair->section);
    if (named)
        return options_set(&o, r->wish, labels ? "label" : "constant",
                           arena_printf(r->a, "%s=%s", pair->name, pair->value), e);
    return options_set(&o, r->wish, pair->name, arena_strdup(r->a, pair->value), e);
}

// What the options said already wins: it is laid over what the file says.
static void lay_over(struct task_wish *w, const struct task_wish *over)
{
    for (const struct option_row *r = task_wish_rows; r->name; r++) {
        void *to = (char *)w + r->at;
        const void *from = (const char *)over + r->at;
        if (r->kind == OPTION_TEXT && *(const char *const *)from)
            *(const char **)to = *(const char *const *)from;
        else if (r->kind == OPTION_INT && *(const long *)from >= 0)
            *(long *)to = *(const long *)from;
        else if (r->kind == OPTION_LIST)
            for (int i = 0; i < ((const struct option_list *)from)->n; i++) {
                struct option_list *l = to;
                if (l->n < OPTION_LIST_MAX)
                    l->v[l->n++] = ((const struct option_list *)from)->v[i];
            }
    }
}

static int read_ini(const char *path, const char *text, struct task_wish *wish, struct arena *a,
                    struct err *e)
{
    struct task_wish said = TASK_WISH_NULL;
    struct ini_reading r = {&said, a};
    int bad = ini_read_text(path, text, strlen(text), take_pair, &r, e);
    if (bad)
        return bad;
    lay_over(&said, wish);
    *wish = said;
    return 0;
}

// ---- the body

// The list under this name in any case, as the server reads it: made when it is not there.
static json_t *list_of(json_t *body, const char *name)
{
    const char *key;
    json_t *v;
    json_object_foreach(body, key, v)
    {
        if (!strcasecmp(key, name) && json_is_array(v))
            return v;
    }
    json_object_set_new(body, name, json_array());
    return json_object_get(body, name);
}

static void add_constant(json_t *body, const char *key, const char *value)
{
    json_array_append_new(list_of(body, "constants"), json_pack("{s:s,s:s}", "key", key, "value", value));
}

static bool split(const char *option, const char *text, char **key, const char **value, struct err *e)
{
    const char *is = strchr(text, '=');
    if (!is || is == text)
        return err_set(e, -EINVAL, "--%s %s: must be KEY=VALUE", option, text), false;
    *key = mem_strndup(text, (size_t)(is - text));
    *value = is + 1;
    return true;
}

static bool put_pairs(json_t *body, const struct task_wish *w, struct err *e)
{
    char *key;
    const char *value;
    for (int i = 0; i < w->constants.n; i++) {
        if (!split("constant", w->constants.v[i], &key, &value, e))
            return false;
        add_constant(body, key, value);
        free(key);
    }
    json_t *labels = json_object_get(body, "labels");
    if (!json_is_object(labels) && w->labels.n)
        json_object_set_new(body, "labels", labels = json_object());
    for (int i = 0; i < w->labels.n; i++) {
        if (!split("label", w->labels.v[i], &key, &value, e))
            return false;
        json_object_set_new(labels, key, json_string(value));
        free(key);
    }
    return true;
}

// "registry.example/group/name:tag": the tag is behind the last colon, unless a slash comes after it (a
// port).
static void put_image(json_t *body, const char *image)
{
    const char *colon = strrchr(image, ':'), *slash = strrchr(image, '/');
    if (colon && slash && slash > colon)
        colon = NULL;
    char *name = colon ? mem_strndup(image, (size_t)(colon - image)) : mem_strdup(image);
    add_constant(body, "DOCKER_REPO", name);
    if (colon)
        add_constant(body, "DOCKER_TAG", colon + 1);
    free(name);
}

static void put_hardware(json_t *body, const struct task_wish *w)
{
    json_t *list = w->cores >= 0 || w->memory_mb >= 0 || w->cpu ? list_of(body, "hardwareConstraints") : NULL;
    if (w->cores >= 0)
        json_array_append_new(list, json_pack("{s:s,s:I}", "discriminator", "MinimumCoreHardwareConstraint",
                                              "coreCount", (json_int_t)w->cores));
    if (w->memory_mb >= 0)
        json_array_append_new(list, json_pack("{s:s,s:I}", "discriminator", "MinimumRamHardwareConstraint",
                                              "minimumMemoryMB", (json_int_t)w->memory_mb));
    if (w->cpu)
        json_array_append_new(
            list, json_pack("{s:s,s:s}", "discriminator", "CpuModelHardwareConstraint", "cpuModel", w->cpu));
}

static void put_texts(json_t *body, const struct task_wish *w)
{
    const struct {
        const char *key, *value;
    } text[] = {{"name", w->name},
                {"shortname", w->shortname},
                {"profile", w->profile},
                {"jobUuid", w->job},
                {"poolUuid", w->pool},
                {"advancedRanges", w->range},
                {"resultBucket", w->results},
                {"schedulingType", w->scheduling},
                {"completionTimeToLive", w->keep}};
    const struct {
        const char *key;
        long value;
    } number[] = {{"instanceCount", w->instances},
                  {"maxTimeQueueSeconds", w->queue_max_s},
                  {"expectedRunSeconds", w->expected_s}};
    for (size_t i = 0; i < ARRAY_LEN(text); i++)
        if (text[i].value)
            json_object_set_new(body, text[i].key, json_string(text[i].value));
    for (size_t i = 0; i < ARRAY_LEN(number); i++)
        if (number[i].value >= 0)
            json_object_set_new(body, number[i].key, json_integer(number[i].value));
    if (w->retries >= 0)
        json_object_set_new(body, "retrySettings",
                            json_pack("{s:I}", "maxPerInstanceRetries", (json_int_t)w->retries));
    if (w->keep)
        json_object_set_new(body, "autoDeleteOnCompletion", json_true());
}

static void put_lists(json_t *body, const struct task_wish *w)
{
    for (int i = 0; i < w->tags.n; i++)
        json_array_append_new(list_of(body, "tags"), json_string(w->tags.v[i]));
    for (int i = 0; i < w->resources.n; i++)
        json_array_append_new(list_of(body, "resourceBuckets"), json_string(w->resources.v[i]));
    json_t *depends = json_object_get(body, "dependencies");
    if (!json_is_object(depends) && w->after.n)
        json_object_set_new(body, "dependencies", depends = json_object());
    for (int i = 0; i < w->after.n; i++)
        json_array_append_new(list_of(depends, "dependsOn"), json_string(w->after.v[i]));
}

// What options leave out and a file need not say.
static void put_defaults(json_t *body, const struct task_wish *w, bool from_file)
{
    if (from_file)
        return;
    if (!w->name)
        json_object_set_new(body, "name", json_string(w->command ? w->command : "task"));
    if (!w->profile && !w->pool)
        json_object_set_new(body, "profile", json_string("docker-batch"));
    if (w->instances < 0 && !w->range)
        json_object_set_new(body, "instanceCount", json_integer(1));
}

static bool says_anything(const struct task_wish *w)
{
    for (const struct option_row *r = task_wish_rows; r->name; r++) {
        const void *at = (const char *)w + r->at;
        if (r->kind == OPTION_TEXT   ? *(const char *const *)at != NULL
            : r->kind == OPTION_LIST ? ((const struct option_list *)at)->n > 0
                                     : *(const long *)at >= 0)
            return true;
    }
    return false;
}

// An object, or a list of objects; a '[' in front of anything else opens a section of an INI file.
static bool is_json(const char *text)
{
    text += strspn(text, " \t\r\n");
    return *text == '{' || (*text == '[' && strchr("{]", text[1 + strspn(text + 1, " \t\r\n")]));
}

json_t *task_draft(const char *file, struct task_wish *wish, struct err *e)
{
    struct arena a = ARENA_NULL;
    char *text = file ? text_file(file, e) : NULL;
    json_t *body = NULL;
    if (file && !text)
        return NULL;
    bool ok = true, json = text && is_json(text);
    if (json) {
        ok = (body = json_text_of(file, text, e)) != NULL;
        if (ok && json_is_array(body) && says_anything(wish))
            ok = (err_set(e, -EINVAL, "%s: is a list of tasks: options would be for which of them?", file),
                  false);
    } else {
        body = json_object();
        ok = !text || read_ini(file, text, wish, &a, e) == 0;
        if (ok && !wish->command && !wish->constants.n && !wish->pool)
            ok = (err_set(e, -EINVAL, "task create: nothing to run: give FILE or --command"), false);
    }
    if (ok && json_is_object(body)) {
        if (wish->image)
            put_image(body, wish->image);
        if (wish->command)
            add_constant(body, "DOCKER_CMD", wish->command);
        put_texts(body, wish);
        put_lists(body, wish);
        put_hardware(body, wish);
        put_defaults(body, wish, json);
        ok = put_pairs(body, wish, e);
    }
    arena_deinit(&a);
    free(text);
    if (ok)
        return body;
    json_decref(body);
    return NULL;
}
