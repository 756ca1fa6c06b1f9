// SPDX-License-Identifier: Apache-2.0
//
// `ondol bucket`: objects for people and scripts. Results on stdout, errors on stderr.
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/bucket_copy.h"
#include "cli/cli.h"
#include "cli/verbs.h"

struct values {
    bool json, force, sweep;
    const char *prefix, *output;
};

#define AT(field) offsetof(struct values, field)

static const struct option_row json_rows[] = {
    {"json", OPTION_FLAG, NULL, AT(json), 0, 0, "JSON instead of a table"},
    {0},
};
static const struct option_row done_rows[] = {VERB_DONE_ROW(struct values), {0}};
static const struct option_row remove_rows[] = {
    {"force", OPTION_FLAG, NULL, AT(force), 0, 0, "With all that is in it"},
    VERB_DONE_ROW(struct values),
    {0},
};
static const struct option_row list_rows[] = {
    {"json", OPTION_FLAG, NULL, AT(json), 0, 0, "JSON instead of a table"},
    {"prefix", OPTION_TEXT, "TEXT", AT(prefix), 0, 0, "Only keys that begin so"},
    {0},
};
static const struct option_row download_rows[] = {
    {"delete", OPTION_FLAG, NULL, AT(sweep), 0, 0, "Removes files of the folder that are not in the bucket"},
    VERB_DONE_ROW(struct values),
    {"prefix", OPTION_TEXT, "TEXT", AT(prefix), 0, 0, "Only keys that begin so"},
    {0},
};
static const struct option_row put_rows[] = {
    {"delete", OPTION_FLAG, NULL, AT(sweep), 0, 0,
     "Deletes objects (under the prefix) that are not among them"},
    VERB_DONE_ROW(struct values),
    {"prefix", OPTION_TEXT, "TEXT", AT(prefix), 0, 0, "Put in front of each name to make the key"},
    {0},
};
static const struct option_row get_rows[] = {
    VERB_DONE_ROW(struct values),
    {"output", OPTION_TEXT, "FILE", AT(output), 0, 0, "Where one object goes; - is stdout"},
    {0},
};

static const struct values *values(const struct verb_call *c)
{
    return c->values;
}

static int open_client(struct verb_call *c, struct bucket_client *b)
{
    return bucket_client_open(b, &c->api, &c->e);
}

static int list(struct verb_call *c)
{
    struct bucket_client b;
    struct s3_listing all = S3_LISTING_NULL;
    int code = open_client(c, &b);
    if (!code)
        code = bucket_list(&b, &all, &c->e);
    struct table t;
    json_t *j = json_array();
    table_init(&t, "BUCKET CREATED");
    for (size_t i = 0; i < all.n; i++) {
        json_array_append_new(j, json_pack("{s:s,s:s}", "name", all.v[i].key, "created", all.v[i].date));
        table_put(&t, TABLE_PLAIN, "%s", all.v[i].key);
        table_put(&t, TABLE_PLAIN, "%s", all.v[i].date);
    }
    if (!code && values(c)->json)
        got_print(j);
    else if (!code)
        table_print(&t, stdout, table_colours(stdout));
    table_deinit(&t);
    json_decref(j);
    s3_listing_deinit(&all);
    return code;
}

static int make(struct verb_call *c)
{
    struct bucket_client b;
    int code = open_client(c, &b);
    return code ? code : bucket_make(&b, c->args->v[0], &c->e);
}

static int remove_it(struct verb_call *c)
{
    struct bucket_client b;
    struct s3_listing all = S3_LISTING_NULL;
    const char *bucket = c->args->v[0];
    int code = open_client(c, &b);
    if (!code && values(c)->force)
        code = bucket_objects(&b, bucket, "", &all, &c->e);
    for (size_t i = 0; !code && i < all.n; i++)
        code = bucket_delete(&b, bucket, all.v[i].key, &c->e);
    s3_listing_deinit(&all);
    return code ? code : bucket_remove(&b, bucket, &c->e);
}

static void print_objects(const struct s3_listing *all, bool json)
{
    struct table t;
    json_t *j = json_array();
    table_init(&t, "KEY >BYTES MODIFIED ETAG");
    for (size_t i = 0; i < all->n; i++) {
        const struct s3_listed *o = &all->v[i];
        json_array_append_new(j, json_pack("{s:s,s:I,s:s,s:s}", "key", o->key, "bytes", (json_int_t)o->size,
                                           "modified", o->date, "etag", o->etag));
        table_put(&t, TABLE_PLAIN, "%s", o->key);
        table_put(&t, TABLE_PLAIN, "%" PRIu64, o->size);
        table_put(&t, TABLE_PLAIN, "%s", o->date);
        table_put(&t, TABLE_DIM, "%s", o->etag);
    }
    if (json)
        got_print(j);
    else
        table_print(&t, stdout, table_colours(stdout));
    table_deinit(&t);
    json_decref(j);
}

static int objects(struct verb_call *c)
{
    struct bucket_client b;
    struct s3_listing all = S3_LISTING_NULL;
    const struct values *v = values(c);
    int code = open_client(c, &b);
    if (!code)
        code = bucket_objects(&b, c->args->v[0], v->prefix ? v->prefix : "", &all, &c->e);
    if (!code)
        print_objects(&all, v->json);
    s3_listing_deinit(&all);
    return code;
}

static void say(struct verb_call *c, const char *what, const struct copy_sum *s, int64_t swept)
{
    if (c->json) {
        c->said = copy_sum_json(s, swept);
        return;
    }
    printf("%" PRId64 " files %s, %.1f MB", s->files, what, (double)s->bytes / 1e6);
    if (s->kept)
        printf("; %" PRId64 " were there already", s->kept);
    putchar('\n');
    if (swept)
        printf("%" PRId64 " that were not there deleted\n", swept);
}

static int put(struct verb_call *c)
{
    struct bucket_client b;
    struct kept_names names = KEPT_NAMES_NULL;
    struct copy_sum all = {.names = values(c)->sweep ? &names : NULL};
    const char *prefix = values(c)->prefix ? values(c)->prefix : "";
    int64_t swept = 0;
    int code = open_client(c, &b);
    for (int i = 1; !code && i < c->args->n; i++)
        code = bucket_copy_up(&b, c->args->v[0], c->args->v[i], prefix, &all, &c->e);
    if (!code && all.names)
        code = bucket_sweep(&b, c->args->v[0], prefix, &names, &swept, &c->e);
    if (!code)
        say(c, "sent", &all, swept);
    kept_names_deinit(&names);
    return code;
}

static int get(struct verb_call *c)
{
    struct bucket_client b;
    const char *bucket = c->args->v[0], *key = c->args->v[1], *output = values(c)->output;
    const char *name = strrchr(key, '/') ? strrchr(key, '/') + 1 : key;
    if (!output && (!*name || !strcmp(name, ".") || !strcmp(name, "..")))
        return err_set(&c->e, -EINVAL, "%s: is no name for a file (give --output)", key), CLI_USAGE;
    if (c->json && output && !strcmp(output, "-"))
        return err_set(&c->e, -EINVAL, "bucket get: --json and --output - both want stdout (give one)"),
               CLI_USAGE;
    int code = open_client(c, &b);
    if (code)
        return code;
    if (!output)
        output = name;
    bool to_stdout = !strcmp(output, "-");
    FILE *f = to_stdout ? stdout : fopen(output, "wbe");
    if (!f)
        return err_set(&c->e, -errno, "%s: %s", output, strerror(errno)), CLI_USAGE;
    code = bucket_get(&b, bucket, key, &(struct http_flow){.down = f}, &c->e);
    if (fflush(f) && !code)
        code = (err_set(&c->e, -errno, "%s: %s", output, strerror(errno)), CLI_FAILED);
    if (!to_stdout)
        fclose(f);
    if (code && !to_stdout)
        unlink(output);
    if (!code)
        c->said = json_pack("{s:s,s:s,s:s,s:b}", "bucket", bucket, "key", key, "file", output, "done", 1);
    return code;
}

static int download(struct verb_call *c)
{
    struct bucket_client b;
    struct kept_names names = KEPT_NAMES_NULL;
    struct copy_sum sum = {.names = values(c)->sweep ? &names : NULL};
    const char *prefix = values(c)->prefix, *to = c->args->v[c->args->n > 1];
    int64_t swept = 0;
    int code = open_client(c, &b);
    if (!code)
        code = bucket_copy_down(&b, c->args->v[0], prefix ? prefix : "", to, &sum, &c->e);
    if (!code && sum.names)
        code = folder_sweep(to, &names, &swept, &c->e);
    if (!code)
        say(c, "fetched", &sum, swept);
    kept_names_deinit(&names);
    return code;
}

static int delete_them(struct verb_call *c)
{
    struct bucket_client b;
    int code = open_client(c, &b);
    c->said = json_array();
    for (int i = 1; !code && i < c->args->n; i++) {
        code = bucket_delete(&b, c->args->v[0], c->args->v[i], &c->e);
        json_array_append_new(c->said, json_pack("{s:s,s:b}", "key", c->args->v[i], "done", code == 0));
    }
    return code;
}

static const struct verb verbs[] = {
    {"list", NULL, 0, 0, list, json_rows, "Buckets of the account."},
    {"make", "BUCKET", 1, 1, make, done_rows, "Makes a bucket."},
    {"remove", "BUCKET", 1, 1, remove_it, remove_rows, "Removes a bucket that is empty; with --force any."},
    {"objects", "BUCKET", 1, 1, objects, list_rows, "What is in a bucket."},
    {"put", "BUCKET FILE...", 2, OPTIONS_ARGS_MAX, put, put_rows,
     "Sends files and folders; what is there already is not sent."},
    {"get", "BUCKET KEY", 2, 2, get, get_rows, "Fetches one object."},
    {"download", "BUCKET [DIR]", 1, 2, download, download_rows,
     "Fetches all of a bucket into a folder (that of its name)."},
    {"delete", "BUCKET KEY...", 2, OPTIONS_ARGS_MAX, delete_them, done_rows, "Deletes objects."},
    {0},
};

int cmd_bucket(int argc, char **argv)
{
    struct values v = {0};
    return verbs_run("bucket", verbs, &v, argc, argv);
}
