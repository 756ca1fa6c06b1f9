// SPDX-License-Identifier: Apache-2.0
//
// A task that has been accepted says which image it will want: the site begins to pull it while the task
// still waits for a board. It is a hint, of which a few are taken; who runs an instance asks for itself.
#include "api/task_image.h"

#include <jansson.h>
#include <string.h>

#include "api/secrets.h"
#include "base/buf.h"

#define SEALED_BYTES 100000

#define LOOKS 64 // bodies of one request that are looked at
#define ASKS  4  // different images of them

static const char *constant(const json_t *body, const char *key)
{
    const json_t *list = json_object_get(body, "constants");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *k = json_string_value(json_object_get(json_array_get(list, i), "key"));
        if (k && !strcmp(k, key))
            return json_string_value(json_object_get(json_array_get(list, i), "value"));
    }
    return NULL;
}

// The password lies sealed in the body.
static const char *clear(const struct api_backend *be, uint64_t account, const char *value, struct arena *a)
{
    struct buf text = BUF_INIT(SEALED_BYTES);
    struct err e = ERR_NULL;
    if (value && !strncmp(value, SEALED_MARK, strlen(SEALED_MARK)) &&
        be->unseal(be->ctx, secret_constant_bound(a, account), value, &text, &e) == 0)
        value = arena_strdup(a, buf_str(&text));
    buf_deinit(&text);
    return value;
}

// NULL: it names none that could be missing, or one with names in it that only the node fills in.
static json_t *wanted(const struct api_backend *be, uint64_t account, const char *text, struct arena *a)
{
    static const char *const key[][2] = {{"repo", "DOCKER_REPO"},
                                         {"tag", "DOCKER_TAG"},
                                         {"server", "DOCKER_SRV"},
                                         {"login", "DOCKER_REGISTRY_LOGIN"},
                                         {"password", "DOCKER_REGISTRY_PASSWORD"}};
    json_t *body = strstr(text, "\"DOCKER_REPO\"") ? json_loads(text, 0, NULL) : NULL, *in = json_object();
    const char *repo = constant(body, "DOCKER_REPO");
    bool good = repo && *repo && strncmp(repo, "library/", 8) != 0;
    for (size_t i = 0; i < sizeof key / sizeof *key; i++) {
        const char *v = clear(be, account, constant(body, key[i][1]), a);
        good = good && !(v && strstr(v, "${"));
        if (v)
            json_object_set_new(in, key[i][0], json_string(v));
    }
    json_decref(body);
    if (good)
        return in;
    json_decref(in);
    return NULL;
}

static void ask(const struct api_backend *be, uint64_t account, const json_t *in)
{
    struct image_call k = {.verb = IMAGE_HINT, .account = account, .in = in};
    struct err e = ERR_NULL;
    be->images(be->ctx, &k, &e);
}

void task_images_begin(const struct api_backend *be, uint64_t account, const struct task_draft *draft,
                       size_t n)
{
    struct arena a = ARENA_NULL;
    json_t *asked = json_array();
    for (size_t i = 0; be->images && i < n && i < LOOKS && json_array_size(asked) < ASKS; i++) {
        json_t *in = draft[i].refusal_code || !draft[i].body ? NULL : wanted(be, account, draft[i].body, &a);
        bool again = false;
        for (size_t k = 0; in && k < json_array_size(asked); k++)
            again |= json_equal(in, json_array_get(asked, k));
        if (in && !again) {
            ask(be, account, in);
            json_array_append(asked, in);
        }
        json_decref(in);
    }
    json_decref(asked);
    arena_deinit(&a);
}
