// SPDX-License-Identifier: Apache-2.0
#include "cli/task_draft.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "cli/draft_file.h"

#define AT(field) offsetof(struct task_wish, field)

const struct option_row task_wish_rows[] = {
    {"after", OPTION_LIST, "TASK", AT(after), 0, 0,
     "Begins when this task of the same job is in Success; again for more"},
    {"blacklist", OPTION_TEXT, "REGEX", AT(blacklist), 0, 0, "Results whose path has this in it are dropped"},
    {"class", OPTION_TEXT, "CLASS", AT(scheduling), 0, 0, "flex, onDemand or reserved (flex)"},
    {"command", OPTION_TEXT, "CMD", AT(command), 0, 0,
     "What each instance runs; a shell only if it names one"},
    {"constant", OPTION_LIST, "KEY=VALUE", AT(constants), 0, 0,
     "A constant, in the environment too; again for more"},
    {"cores", OPTION_INT, "N", AT(cores), 1, 4096, "Boards of at least N cores"},
    {"cpu", OPTION_TEXT, "MODEL", AT(cpu), 0, 0, "Boards of this processor only"},
    {"credentials", OPTION_FLAG, NULL, AT(credentials), 0, 0,
     "Instances get the token and the addresses in their environment"},
    {"expected-run", OPTION_INT, "S", AT(expected_s), 1, 1e9,
     "Seconds an instance takes; helps planning, binds to nothing"},
    {"gpu", OPTION_FLAG, NULL, AT(gpu), 0, 0, "Boards with a graphics processor only"},
    {"hardware", OPTION_LIST, "KEY", AT(hardware), 0, 0,
     "Boards of this specification only (ondol task hardware); again for more"},
    {"image", OPTION_TEXT, "NAME[:TAG]", AT(image), 0, 0, "Container image (that of the profile)"},
    {"instances", OPTION_INT, "N", AT(instances), 1, 1e9, "How many instances (1)"},
    {"job", OPTION_TEXT, "ID", AT(job), 0, 0, "The job that it belongs to"},
    {"keep", OPTION_TEXT, "[D.]HH:MM:SS", AT(keep), 0, 0, "Forgets itself so long after it has ended"},
    {"label", OPTION_LIST, "KEY=VALUE", AT(labels), 0, 0, "A label; again for more"},
    {"max-cores", OPTION_INT, "N", AT(cores_max), 1, 4096, "Boards of at most N cores"},
    {"max-memory-mb", OPTION_INT, "N", AT(memory_max_mb), 1, 1e9, "Boards of at most N MB"},
    {"max-queue", OPTION_INT, "S", AT(queue_max_s), 1, 1e9, "Gives up when it has waited S seconds"},
    {"memory-mb", OPTION_INT, "N", AT(memory_mb), 1, 1e9, "Boards of at least N MB"},
    {"name", OPTION_TEXT, "NAME", AT(name), 0, 0, "Its name (that of the command)"},
    {"no-gpu", OPTION_FLAG, NULL, AT(no_gpu), 0, 0, "Boards without a graphics processor only"},
    {"no-ssd", OPTION_FLAG, NULL, AT(no_ssd), 0, 0, "Boards without an SSD only"},
    {"pool", OPTION_TEXT, "ID", AT(pool), 0, 0, "Runs in this pool"},
    {"profile", OPTION_TEXT, "NAME", AT(profile), 0, 0,
     "What it may reach (ondol task profiles; docker-batch, or the pool's)"},
    {"project", OPTION_TEXT, "UUID", AT(project), 0, 0, "The project that pays (the default one)"},
    {"range", OPTION_TEXT, "LIST", AT(range), 0, 0, "These instances instead of a number of them: 0-3,7"},
    {"resource", OPTION_LIST, "BUCKET", AT(resources), 0, 0,
     "Bucket whose objects each instance finds; again for more"},
    {"results", OPTION_TEXT, "BUCKET", AT(results), 0, 0, "Bucket for the files that instances leave"},
    {"results-on-abort", OPTION_FLAG, NULL, AT(on_abort), 0, 0, "Results also of what is aborted"},
    {"results-prefix", OPTION_TEXT, "TEXT", AT(results_prefix), 0, 0, "Put in front of the keys of results"},
    {"retries", OPTION_INT, "N", AT(retries), 0, 1e9, "An instance that fails is tried N times again (0)"},
    {"secret", OPTION_LIST, "KEY", AT(secrets), 0, 0, "Instances see this secret; again for more"},
    {"secret-prefix", OPTION_LIST, "TEXT", AT(secret_prefixes), 0, 0,
     "Instances see all secrets whose keys begin so; again for more"},
    {"shortname", OPTION_TEXT, "NAME", AT(shortname), 0, 0, "Another name for its uuid"},
    {"ssd", OPTION_FLAG, NULL, AT(ssd), 0, 0, "Boards with an SSD only"},
    {"tag", OPTION_LIST, "TAG", AT(tags), 0, 0, "A tag; again for more"},
    {"total-retries", OPTION_INT, "N", AT(total_retries), 0, 1e9,
     "All its instances together are tried N times again"},
    {"whitelist", OPTION_TEXT, "REGEX", AT(whitelist), 0, 0, "Only results whose path has this in it"},
    {0},
};

size_t task_wish_pool_rows(struct option_row *out, size_t most)
{
    static const char *const shared[] = {
        "class",  "constant",      "cores",     "cpu",       "credentials",   "gpu",          "hardware",
        "image",  "keep",          "label",     "max-cores", "max-memory-mb", "max-queue",    "memory-mb",
        "name",   "no-gpu",        "no-ssd",    "profile",   "project",       "resource",     "retries",
        "secret", "secret-prefix", "shortname", "ssd",       "tag",           "total-retries"};
    size_t n = 0;
    for (const struct option_row *r = task_wish_rows; r->name; r++)
        for (size_t i = 0; i < ARRAY_LEN(shared); i++)
            if (!strcmp(r->name, shared[i]) && n < most)
                out[n++] = *r;
    return n;
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

// Likewise an object.
static json_t *object_of(json_t *body, const char *name)
{
    const char *key;
    json_t *v;
    json_object_foreach(body, key, v)
    {
        if (!strcasecmp(key, name) && json_is_object(v))
            return v;
    }
    json_object_set_new(body, name, json_object());
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
    json_t *labels = w->labels.n ? object_of(body, "labels") : NULL;
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

// A constraint of this kind, with a value unless `key` is NULL.
static void need(json_t *body, const char *kind, const char *key, json_t *value)
{
    char name[64];
    snprintf(name, sizeof name, "%sHardwareConstraint", kind);
    json_t *one = json_pack("{s:s}", "discriminator", name);
    if (key)
        json_object_set_new(one, key, value);
    json_array_append_new(list_of(body, "hardwareConstraints"), one);
}

static void put_hardware(json_t *body, const struct task_wish *w)
{
    const struct {
        const char *kind, *key;
        long value;
    } number[] = {{"MinimumCore", "coreCount", w->cores},
                  {"MaximumCore", "coreCount", w->cores_max},
                  {"MinimumRam", "minimumMemoryMB", w->memory_mb},
                  {"MaximumRam", "maximumMemoryMB", w->memory_max_mb}};
    const struct {
        const char *kind;
        bool wanted;
    } flag[] = {{"Gpu", w->gpu}, {"NoGpu", w->no_gpu}, {"SSD", w->ssd}, {"NoSSD", w->no_ssd}};
    for (size_t i = 0; i < ARRAY_LEN(number); i++)
        if (number[i].value >= 0)
            need(body, number[i].kind, number[i].key, json_integer(number[i].value));
    for (size_t i = 0; i < ARRAY_LEN(flag); i++)
        if (flag[i].wanted)
            need(body, flag[i].kind, NULL, NULL);
    for (int i = 0; i < w->hardware.n; i++)
        need(body, "Specific", "specificationKey", json_string(w->hardware.v[i]));
    if (w->cpu)
        need(body, "CpuModel", "cpuModel", json_string(w->cpu));
}

static void put_texts(json_t *body, const struct task_wish *w, const char *retries)
{
    const struct {
        const char *key, *value;
    } text[] = {{"name", w->name},
                {"shortname", w->shortname},
                {"profile", w->profile},
                {"jobUuid", w->job},
                {"poolUuid", w->pool},
                {"projectUuid", w->project},
                {"advancedRanges", w->range},
                {"resultBucket", w->results},
                {"resultsBucketPrefix", w->results_prefix},
                {"resultsWhitelist", w->whitelist},
                {"resultsBlacklist", w->blacklist},
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
        json_object_set_new(object_of(body, retries), "maxPerInstanceRetries", json_integer(w->retries));
    if (w->total_retries >= 0)
        json_object_set_new(object_of(body, retries), "maxTotalRetries", json_integer(w->total_retries));
    if (w->keep)
        json_object_set_new(body, "autoDeleteOnCompletion", json_true());
    if (w->on_abort)
        json_object_set_new(body, "uploadResultsOnCancellation", json_true());
    if (w->credentials)
        json_object_set_new(object_of(body, "privileges"), "exportApiAndStorageCredentialsInEnvironment",
                            json_true());
}

static void put_lists(json_t *body, const struct task_wish *w)
{
    for (int i = 0; i < w->tags.n; i++)
        json_array_append_new(list_of(body, "tags"), json_string(w->tags.v[i]));
    for (int i = 0; i < w->resources.n; i++)
        json_array_append_new(list_of(body, "resourceBuckets"), json_string(w->resources.v[i]));
    for (int i = 0; i < w->after.n; i++)
        json_array_append_new(list_of(object_of(body, "dependencies"), "dependsOn"),
                              json_string(w->after.v[i]));
    for (int i = 0; i < w->secrets.n; i++)
        json_array_append_new(list_of(object_of(body, "secretsAccessRights"), "bySecret"),
                              json_pack("{s:s}", "key", w->secrets.v[i]));
    for (int i = 0; i < w->secret_prefixes.n; i++)
        json_array_append_new(list_of(object_of(body, "secretsAccessRights"), "byPrefix"),
                              json_pack("{s:s}", "prefix", w->secret_prefixes.v[i]));
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

bool task_wish_put(json_t *body, const struct task_wish *wish, const char *retries, struct err *e)
{
    if (wish->image)
        put_image(body, wish->image);
    if (wish->command)
        add_constant(body, "DOCKER_CMD", wish->command);
    put_texts(body, wish, retries);
    put_lists(body, wish);
    put_hardware(body, wish);
    return put_pairs(body, wish, e);
}

json_t *task_draft(const char *file, struct task_wish *wish, struct err *e)
{
    const struct task_wish nothing = TASK_WISH_NULL;
    const struct draft_form form = {"task create", task_wish_rows, &nothing, sizeof nothing};
    struct arena a = ARENA_NULL;
    bool json, ok = true;
    json_t *body = draft_file(&form, file, wish, &a, &json, e);
    if (json_is_array(body) && draft_says_anything(task_wish_rows, wish))
        ok =
            (err_set(e, -EINVAL, "%s: is a list of tasks: options would be for which of them?", file), false);
    else if (body && !json && !wish->command && !wish->constants.n && !wish->pool)
        ok = (err_set(e, -EINVAL, "task create: nothing to run: give FILE or --command"), false);
    if (ok && json_is_object(body)) {
        ok = task_wish_put(body, wish, "retrySettings", e);
        put_defaults(body, wish, json);
    }
    arena_deinit(&a);
    if (ok)
        return body;
    json_decref(body);
    return NULL;
}
