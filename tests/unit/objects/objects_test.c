// SPDX-License-Identifier: Apache-2.0
// The object store: keys and bytes, multipart, conditions, quotas, copies, lists against a plain model,
// readers that keep what they opened.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>

#include "base/rng.h"
#include "objects_help.h"

#define LARGE 300000

struct place {
    char dir[256];
    struct objects *o;
    uint64_t bucket;
};

static int setup(void **state)
{
    struct place *p = mem_alloc(sizeof *p);
    help_folder(p->dir);
    p->o = help_open(&(struct objects_config){
        .dir = p->dir, .quota_bytes = 4000000, .quota_buckets = 3, .part_bytes_min = 1000});
    p->bucket = help_bucket(p->o, ALICE, "alpha");
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    struct place *p = *state;
    objects_close(p->o);
    help_folder_end(p->dir);
    free(p);
    return 0;
}

static struct objects_usage usage(struct place *p, uint64_t account)
{
    struct objects_usage u;
    struct err e = ERR_NULL;
    assert_int_equal(objects_usage(p->o, account, &u, &e), 0);
    return u;
}

static void files_become(struct place *p, int n)
{
    struct timespec t = {0, 5000000};
    for (int i = 0; i < 4000 && help_files(p->dir) != n; i++)
        nanosleep(&t, NULL);
    assert_int_equal(help_files(p->dir), n);
    assert_int_equal(help_files_in(p->dir, "incoming"), 0);
}

static void bytes_come_back_small_and_large(void **state)
{
    struct place *p = *state;
    static const size_t sizes[] = {0, 1, OBJECTS_INLINE_BYTES, OBJECTS_INLINE_BYTES + 1, LARGE};
    uint64_t seed, n, total = 0;
    char key[32];
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        snprintf(key, sizeof key, "../k/%zu", i);
        assert_int_equal(help_put(p->o, p->bucket, key, i + 7, sizes[i]), OBJECTS_OK);
        assert_int_equal(help_whole(p->o, p->bucket, key, &seed, &n), 0);
        assert_int_equal(seed, i + 7);
        assert_int_equal(n, sizes[i]);
        total += sizes[i];
    }
    assert_int_equal(usage(p, ALICE).bytes, total);
    assert_int_equal(usage(p, ALICE).objects, ARRAY_LEN(sizes));
    files_become(p, 2); // the others are in the index
    struct objects_bucket b;
    struct err e = ERR_NULL;
    assert_int_equal(objects_bucket(p->o, "alpha", &b, &e), 0);
    assert_int_equal(b.bytes, total);
    assert_int_equal(b.objects, ARRAY_LEN(sizes));
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        snprintf(key, sizeof key, "../k/%zu", i);
        assert_int_equal(help_delete(p->o, p->bucket, key), OBJECTS_OK);
        assert_int_equal(help_whole(p->o, p->bucket, key, &seed, &n), 1);
    }
    assert_int_equal(help_delete(p->o, p->bucket, "never there"), OBJECTS_OK);
    assert_int_equal(usage(p, ALICE).bytes, 0);
    files_become(p, 0);
}

static void what_was_acknowledged_is_there_after_a_restart(void **state)
{
    struct place *p = *state;
    uint64_t seed, n;
    help_put(p->o, p->bucket, "a", 1, 100);
    help_put(p->o, p->bucket, "b", 2, LARGE);
    objects_close(p->o);
    p->o = help_open(&(struct objects_config){.dir = p->dir});
    assert_int_equal(help_whole(p->o, p->bucket, "a", &seed, &n), 0);
    assert_int_equal(help_whole(p->o, p->bucket, "b", &seed, &n), 0);
    assert_int_equal(seed, 2);
    help_put(p->o, p->bucket, "c", 3, LARGE); // a number that was not given before
    assert_int_equal(help_whole(p->o, p->bucket, "b", &seed, &n), 0);
    assert_int_equal(help_files(p->dir), 2);
}

static void a_folder_has_one_store(void **state)
{
    struct place *p = *state;
    struct objects *second = NULL;
    struct err e = ERR_NULL;
    assert_int_equal(objects_open(&second, &(struct objects_config){.dir = p->dir}, &e), -EBUSY);
    assert_non_null(strstr(e.text, "another server has it"));
}

static void a_reader_keeps_its_bytes_through_overwrite_and_delete(void **state)
{
    struct place *p = *state;
    static const size_t sizes[] = {50, LARGE};
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        struct arena a = {0};
        struct objects_info info;
        struct objects_body *b;
        struct err e = ERR_NULL;
        assert_int_equal(help_put(p->o, p->bucket, "k", 1, sizes[i]), OBJECTS_OK);
        assert_int_equal(objects_get(p->o, p->bucket, help_key("k"), &a, &info, &b, &e), 0);
        assert_string_equal(info.headers, "content-type: text/plain\n");
        assert_int_equal(help_put(p->o, p->bucket, "k", 2, sizes[i] + 1), OBJECTS_OK);
        assert_int_equal(help_delete(p->o, p->bucket, "k"), OBJECTS_OK);
        files_become(p, 0);
        assert_true(help_is(b, 1, sizes[i]));
        objects_body_free(b);
        arena_deinit(&a);
    }
}

// ---- multipart

static uint64_t start(struct place *p, const char *key)
{
    struct objects_op op = {.kind = OBJECTS_START_UPLOAD,
                            .bucket = p->bucket,
                            .key = help_key(key),
                            .now_ms = 5,
                            .headers = "x-amz-meta-a: b\n"};
    assert_int_equal(objects_do(p->o, &op), OBJECTS_OK);
    return op.upload;
}

// Part `number` holds bytes [from, from + n) of `seed`.
static int put_part(struct place *p, uint64_t upload, const char *key, int number, uint64_t seed, size_t from,
                    size_t n)
{
    struct objects_writer *w = objects_writer_new(p->o);
    struct objects_content c;
    struct err e = ERR_NULL;
    char *v = help_bytes(seed, from + n), etag[24];
    assert_int_equal(objects_writer_put(w, v + from, n, &e), 0);
    assert_int_equal(objects_writer_finish(w, &c, &e), 0);
    objects_writer_free(w);
    free(v);
    snprintf(etag, sizeof etag, "p%d", number);
    struct objects_op op = {.kind = OBJECTS_PUT_PART,
                            .bucket = p->bucket,
                            .upload = upload,
                            .key = help_key(key),
                            .part = number,
                            .etag = etag,
                            .content = &c,
                            .now_ms = 6};
    int code = objects_do(p->o, &op);
    objects_content_deinit(p->o, &c);
    return code;
}

static int complete(struct place *p, uint64_t upload, const char *key, const char *etag, const int *number,
                    size_t n)
{
    struct objects_part part[8];
    for (size_t i = 0; i < n; i++) {
        part[i].number = number[i];
        snprintf(part[i].etag, sizeof part[i].etag, "p%d", number[i]);
    }
    struct objects_op op = {.kind = OBJECTS_COMPLETE,
                            .bucket = p->bucket,
                            .upload = upload,
                            .key = help_key(key),
                            .etag = etag,
                            .parts = part,
                            .n_parts = n,
                            .now_ms = 7};
    return objects_do(p->o, &op);
}

static void parts_come_in_any_order_and_become_one_object(void **state)
{
    struct place *p = *state;
    uint64_t upload = start(p, "m"), seed, n;
    static const int order[] = {2, 5, 9};
    assert_int_equal(put_part(p, upload, "m", 9, 42, 300000, 77), OBJECTS_OK); // the last one, small
    assert_int_equal(put_part(p, upload, "m", 2, 41, 0, 100000), OBJECTS_OK);
    assert_int_equal(put_part(p, upload, "m", 2, 42, 0, 200000), OBJECTS_OK); // replaces it
    assert_int_equal(put_part(p, upload, "m", 5, 42, 200000, 100000), OBJECTS_OK);
    assert_int_equal(put_part(p, upload, "m", 7, 1, 0, 50000), OBJECTS_OK); // not asked for later
    assert_int_equal(usage(p, ALICE).bytes, 350077);
    assert_int_equal(help_whole(p->o, p->bucket, "m", &seed, &n), 1); // not yet
    assert_int_equal(complete(p, upload, "m", "42", order, 3), OBJECTS_OK);
    assert_int_equal(help_whole(p->o, p->bucket, "m", &seed, &n), 0);
    assert_int_equal(n, 300077);
    assert_int_equal(usage(p, ALICE).bytes, 300077);
    files_become(p, 2); // parts 2 and 5; 9 is small, 7 is gone
    // A client that missed the answer; one that asks for something else.
    assert_int_equal(complete(p, upload, "m", "42", order, 3), OBJECTS_OK);
    assert_int_equal(complete(p, upload, "m", "43", order, 3), OBJECTS_NO_UPLOAD);
    assert_int_equal(put_part(p, upload, "m", 1, 1, 0, 5000), OBJECTS_NO_UPLOAD);
    help_delete(p->o, p->bucket, "m");
    files_become(p, 0);
    assert_int_equal(usage(p, ALICE).bytes, 0);
}

static void a_wrong_completion_is_refused_and_may_be_repaired(void **state)
{
    struct place *p = *state;
    uint64_t upload = start(p, "m"), seed, n;
    assert_int_equal(put_part(p, upload, "m", 1, 3, 0, 999), OBJECTS_OK);
    assert_int_equal(put_part(p, upload, "m", 2, 3, 999, 50), OBJECTS_OK);
    assert_int_equal(complete(p, upload, "m", "3", (int[]){1, 2, 3}, 3), OBJECTS_PART_SMALL);
    assert_int_equal(complete(p, upload, "m", "3", (int[]){1, 3}, 2), OBJECTS_PART_SMALL);
    assert_int_equal(put_part(p, upload, "m", 1, 3, 0, 1000), OBJECTS_OK);
    assert_int_equal(complete(p, upload, "m", "3", (int[]){1, 3}, 2), OBJECTS_NO_PART);
    assert_int_equal(complete(p, upload, "other", "3", (int[]){1}, 1), OBJECTS_NO_UPLOAD);
    assert_int_equal(put_part(p, upload, "m", 2, 3, 1000, 50), OBJECTS_OK);
    assert_int_equal(complete(p, upload, "m", "3", (int[]){1, 2}, 2), OBJECTS_OK);
    assert_int_equal(help_whole(p->o, p->bucket, "m", &seed, &n), 0);
    assert_int_equal(n, 1050);
}

static void aborted_and_old_uploads_leave_nothing(void **state)
{
    struct place *p = *state;
    uint64_t upload = start(p, "m");
    put_part(p, upload, "m", 1, 3, 0, LARGE);
    struct objects_op op = {
        .kind = OBJECTS_ABORT, .bucket = p->bucket, .upload = upload, .key = help_key("m")};
    assert_int_equal(objects_do(p->o, &op), OBJECTS_OK);
    assert_int_equal(objects_do(p->o, &op), OBJECTS_NO_UPLOAD);
    files_become(p, 0);
    upload = start(p, "m");
    put_part(p, upload, "m", 1, 3, 0, LARGE);
    objects_close(p->o);
    p->o = help_open(&(struct objects_config){.dir = p->dir, .upload_keep_ms = 1000});
    files_become(p, 0); // it is of 1970
    assert_int_equal(usage(p, ALICE).bytes, 0);
}

static void a_reader_of_an_object_in_parts_keeps_them(void **state)
{
    struct place *p = *state;
    uint64_t upload = start(p, "m");
    struct arena a = {0};
    struct objects_info info;
    struct objects_body *b;
    struct err e = ERR_NULL;
    put_part(p, upload, "m", 1, 6, 0, LARGE);
    put_part(p, upload, "m", 2, 6, LARGE, LARGE);
    put_part(p, upload, "m", 3, 6, 2 * LARGE, 10);
    assert_int_equal(complete(p, upload, "m", "6", (int[]){1, 2, 3}, 3), OBJECTS_OK);
    assert_int_equal(objects_get(p->o, p->bucket, help_key("m"), &a, &info, &b, &e), 0);
    assert_int_equal(objects_body_file(b), -1);
    assert_int_equal(help_delete(p->o, p->bucket, "m"), OBJECTS_OK);
    objects_tend(p->o);
    assert_int_equal(help_files(p->dir), 2); // they wait for the reader
    assert_true(help_is(b, 6, 2 * LARGE + 10));
    char c;
    assert_int_equal(objects_body_read(b, LARGE - 1, &c, 1), 1);
    assert_int_equal((unsigned char)c, help_byte(6, LARGE - 1));
    objects_body_free(b);
    files_become(p, 0);
    arena_deinit(&a);
}

static void a_copy_lives_longer_than_what_it_was_made_of(void **state)
{
    struct place *p = *state;
    static const size_t sizes[] = {0, 50, LARGE};
    for (size_t i = 0; i < ARRAY_LEN(sizes) + 1; i++) {
        size_t size = i < 3 ? sizes[i] : 2 * LARGE;
        struct arena a = {0};
        struct objects_info info;
        struct objects_body *b;
        struct objects_content c;
        struct err e = ERR_NULL;
        uint64_t seed, n;
        if (i < 3) {
            help_put(p->o, p->bucket, "from", 9, size);
        } else {
            uint64_t upload = start(p, "from");
            put_part(p, upload, "from", 1, 9, 0, LARGE);
            put_part(p, upload, "from", 2, 9, LARGE, LARGE);
            assert_int_equal(complete(p, upload, "from", "9", (int[]){1, 2}, 2), OBJECTS_OK);
        }
        assert_int_equal(objects_get(p->o, p->bucket, help_key("from"), &a, &info, &b, &e), 0);
        if (i == 2) { // the name is gone when the copy is made: the bytes are copied
            help_delete(p->o, p->bucket, "from");
            files_become(p, 0);
        }
        assert_int_equal(objects_body_clone(p->o, b, &c, &e), 0);
        objects_body_free(b);
        struct objects_op op = {
            .kind = OBJECTS_PUT, .bucket = p->bucket, .key = help_key("to"), .etag = "9", .content = &c};
        assert_int_equal(objects_do(p->o, &op), OBJECTS_OK);
        objects_content_deinit(p->o, &c);
        help_delete(p->o, p->bucket, "from");
        assert_int_equal(help_whole(p->o, p->bucket, "to", &seed, &n), 0);
        assert_int_equal(n, size);
        assert_int_equal(usage(p, ALICE).bytes, size);
        help_delete(p->o, p->bucket, "to");
        files_become(p, 0);
        arena_deinit(&a);
    }
}

// ---- rules

static void buckets_belong_to_one_account_and_are_limited(void **state)
{
    struct place *p = *state;
    struct objects_op op = {.kind = OBJECTS_CREATE_BUCKET, .account = BOB, .name = "alpha"};
    assert_int_equal(objects_do(p->o, &op), OBJECTS_TAKEN);
    op.account = ALICE;
    assert_int_equal(objects_do(p->o, &op), OBJECTS_OURS_ALREADY);
    assert_int_equal(op.bucket, p->bucket);
    help_bucket(p->o, ALICE, "gamma");
    uint64_t beta = help_bucket(p->o, ALICE, "beta");
    op.name = "delta";
    assert_int_equal(objects_do(p->o, &op), OBJECTS_TOO_MANY_BUCKETS);
    op.account = BOB;
    assert_int_equal(objects_do(p->o, &op), OBJECTS_OK);
    struct arena a = {0};
    struct objects_bucket *v;
    struct err e = ERR_NULL;
    size_t n;
    assert_int_equal(objects_buckets(p->o, ALICE, &a, &v, &n, &e), 0);
    assert_int_equal(n, 3);
    assert_string_equal(v[1].name, "beta");
    help_put(p->o, beta, "x", 1, 1);
    struct objects_op end = {.kind = OBJECTS_DELETE_BUCKET, .bucket = beta};
    assert_int_equal(objects_do(p->o, &end), OBJECTS_NOT_EMPTY);
    help_delete(p->o, beta, "x");
    assert_int_equal(objects_do(p->o, &end), OBJECTS_OK);
    assert_int_equal(objects_do(p->o, &end), OBJECTS_NO_BUCKET);
    assert_int_equal(help_put(p->o, beta, "x", 1, 1), OBJECTS_NO_BUCKET);
    assert_int_equal(usage(p, ALICE).buckets, 2);
    arena_deinit(&a);
}

static void a_bucket_goes_with_its_uploads(void **state)
{
    struct place *p = *state;
    put_part(p, start(p, "m"), "m", 1, 3, 0, LARGE);
    put_part(p, start(p, "m"), "m", 1, 3, 0, 40);
    struct objects_op end = {.kind = OBJECTS_DELETE_BUCKET, .bucket = p->bucket};
    assert_int_equal(objects_do(p->o, &end), OBJECTS_OK);
    assert_int_equal(usage(p, ALICE).bytes, 0);
    files_become(p, 0);
}

static void the_quota_counts_parts_and_frees_what_is_replaced(void **state)
{
    struct place *p = *state;
    assert_int_equal(help_put(p->o, p->bucket, "a", 1, 3000000), OBJECTS_OK);
    assert_int_equal(help_put(p->o, p->bucket, "b", 1, 1000001), OBJECTS_QUOTA);
    assert_int_equal(help_put(p->o, p->bucket, "a", 2, 4000000), OBJECTS_OK);
    uint64_t upload = start(p, "m"), seed, n;
    assert_int_equal(put_part(p, upload, "m", 1, 1, 0, 1), OBJECTS_QUOTA);
    assert_int_equal(help_whole(p->o, p->bucket, "a", &seed, &n), 0);
    assert_int_equal(seed, 2);
    assert_int_equal(help_put(p->o, p->bucket, "a", 3, 10), OBJECTS_OK);
    assert_int_equal(put_part(p, upload, "m", 1, 1, 0, 3999990), OBJECTS_OK);
    assert_int_equal(help_put(p->o, p->bucket, "b", 1, 1), OBJECTS_QUOTA);
    files_become(p, 1);
}

static void conditions_are_judged_with_the_write(void **state)
{
    struct place *p = *state;
    struct objects_content c = OBJECTS_CONTENT_NULL;
    struct objects_op op = {
        .kind = OBJECTS_PUT, .bucket = p->bucket, .key = help_key("k"), .etag = "e2", .content = &c};
    op.if_match = "e1";
    assert_int_equal(objects_do(p->o, &op), OBJECTS_NO_KEY);
    op.if_match = NULL;
    op.if_absent = true;
    assert_int_equal(objects_do(p->o, &op), OBJECTS_OK);
    assert_int_equal(objects_do(p->o, &op), OBJECTS_PRECONDITION);
    op.if_absent = false;
    op.if_match = "e1";
    assert_int_equal(objects_do(p->o, &op), OBJECTS_PRECONDITION);
    op.if_match = "e2";
    assert_int_equal(objects_do(p->o, &op), OBJECTS_OK);
    op.if_match = "*";
    assert_int_equal(objects_do(p->o, &op), OBJECTS_OK);
}

struct racer {
    struct place *p;
    uint64_t seed;
};

static void *race(void *arg)
{
    struct racer *r = arg;
    uint64_t seed, n;
    for (int i = 0; i < 20; i++) {
        help_put(r->p->o, r->p->bucket, "hot", r->seed + (uint64_t)i, i % 2 ? 100 : 40000 + (size_t)r->seed);
        help_whole(r->p->o, r->p->bucket, "hot", &seed, &n); // whole, whoever's it is
    }
    return NULL;
}

static void writers_of_one_key_take_turns(void **state)
{
    struct place *p = *state;
    pthread_t t[6];
    struct racer r[6];
    uint64_t seed, n = 0;
    for (int i = 0; i < 6; i++) {
        r[i] = (struct racer){p, 100 * (uint64_t)(i + 1)};
        assert_int_equal(pthread_create(&t[i], NULL, race, &r[i]), 0);
    }
    for (int i = 0; i < 6; i++)
        pthread_join(t[i], NULL);
    assert_int_equal(help_whole(p->o, p->bucket, "hot", &seed, &n), 0);
    assert_int_equal(usage(p, ALICE).bytes, n);
    assert_int_equal(usage(p, ALICE).objects, 1);
    files_become(p, n > OBJECTS_INLINE_BYTES);
}

// ---- lists

#define KEYS 300

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

// One page of the plain model; gives where the next begins.
static void model_page(char **key, size_t n, const struct objects_list *l, struct objects_listing *out,
                       char last[64], size_t *entries, size_t *prefixes)
{
    char group[64] = "";
    size_t shown = 0, pn = strlen(l->prefix), dn = strlen(l->delimiter), an = strlen(l->after);
    const char *cut = dn && !strncmp(l->after, l->prefix, pn) ? strstr(l->after + pn, l->delimiter) : NULL;
    bool group_marker = cut && (size_t)(cut - l->after) + dn == an;
    *entries = *prefixes = 0;
    out->truncated = false;
    for (size_t i = 0; i < n; i++) {
        if (strncmp(key[i], l->prefix, pn) || strcmp(key[i], l->after) <= 0)
            continue;
        if (group_marker && !strncmp(key[i], l->after, an))
            continue;
        const char *at = dn ? strstr(key[i] + pn, l->delimiter) : NULL;
        size_t gn = at ? (size_t)(at - key[i]) + dn : 0;
        if (gn && strlen(group) == gn && !strncmp(group, key[i], gn))
            continue;
        if (shown == l->max) {
            out->truncated = true;
            return;
        }
        shown++;
        snprintf(last, 64, "%.*s", gn ? (int)gn : 63, key[i]);
        if (gn)
            snprintf(group, sizeof group, "%.*s", (int)gn, key[i]);
        *prefixes += gn > 0;
        *entries += gn == 0;
    }
}

static void lists_agree_with_a_plain_model(void **state)
{
    struct place *p = *state;
    static const char letters[] = "ab/c\xc3\xa9-0";
    static const char *const prefixes[] = {"", "a", "a/", "b/c", "zz"}, *const delimiters[] = {"", "/", "-",
                                                                                               "a/"};
    struct rng rng;
    uint64_t seed = 20260117;
    rng_seed(&rng, seed);
    print_message("seed %llu\n", (unsigned long long)seed);
    char *key[KEYS];
    size_t n = 0;
    while (n < KEYS) {
        char text[16] = "";
        size_t len = 1 + rng_below(&rng, 8), i = 0;
        for (; i < len; i++)
            text[i] = letters[rng_below(&rng, sizeof letters - 1)];
        key[n++] = mem_strdup(text);
        assert_int_equal(help_put(p->o, p->bucket, text, 1, 1), OBJECTS_OK);
    }
    qsort(key, n, sizeof *key, by_bytes);
    size_t distinct = 0;
    for (size_t i = 0; i < n; i++) {
        if (distinct && !strcmp(key[distinct - 1], key[i]))
            free(key[i]);
        else
            key[distinct++] = key[i];
    }
    for (int round = 0; round < 400; round++) {
        char after[64] = "", last[64] = "";
        struct objects_list l = {.bucket = p->bucket,
                                 .prefix = prefixes[rng_below(&rng, ARRAY_LEN(prefixes))],
                                 .delimiter = delimiters[rng_below(&rng, ARRAY_LEN(delimiters))],
                                 .after = after,
                                 .max = 1 + (size_t)rng_below(&rng, 40)};
        if (rng_below(&rng, 2))
            snprintf(after, sizeof after, "%s", key[rng_below(&rng, distinct)]);
        for (int page = 0; page < 1000; page++) {
            struct arena a = {0};
            struct objects_listing got, want;
            struct err e = ERR_NULL;
            size_t entries, groups;
            model_page(key, distinct, &l, &want, last, &entries, &groups);
            assert_int_equal(objects_list(p->o, &l, &a, &got, &e), 0);
            if (got.n_entries != entries || got.n_prefixes != groups || got.truncated != want.truncated)
                fail_msg("prefix \"%s\" delimiter \"%s\" after \"%s\" max %zu: %zu+%zu%s, not %zu+%zu%s",
                         l.prefix, l.delimiter, after, l.max, got.n_entries, got.n_prefixes,
                         got.truncated ? "..." : "", entries, groups, want.truncated ? "..." : "");
            if (entries + groups)
                assert_string_equal(got.last, last);
            snprintf(after, sizeof after, "%s", last);
            arena_deinit(&a);
            if (!want.truncated)
                break;
        }
    }
    for (size_t i = 0; i < distinct; i++)
        free(key[i]);
}

static void uploads_and_parts_are_listed_by_pages(void **state)
{
    struct place *p = *state;
    struct arena a = {0};
    struct err e = ERR_NULL;
    struct objects_listing got;
    uint64_t first = start(p, "a/1"), second = start(p, "a/1");
    start(p, "b");
    struct objects_list l = {.bucket = p->bucket, .prefix = "", .delimiter = "", .after = "", .max = 1};
    assert_int_equal(objects_uploads(p->o, &l, &a, &got, &e), 0);
    assert_int_equal(got.n_entries, 1);
    assert_int_equal(got.entry[0].upload, first);
    assert_true(got.truncated);
    l.after = "a/1";
    l.after_upload = first;
    assert_int_equal(objects_uploads(p->o, &l, &a, &got, &e), 0);
    assert_int_equal(got.entry[0].upload, second);
    l.after_upload = 0;
    l.max = 10;
    assert_int_equal(objects_uploads(p->o, &l, &a, &got, &e), 0);
    assert_int_equal(got.n_entries, 1);
    assert_string_equal(got.entry[0].key.v, "b");
    l.after = "";
    l.delimiter = "/";
    assert_int_equal(objects_uploads(p->o, &l, &a, &got, &e), 0);
    assert_int_equal(got.n_prefixes, 1);
    assert_int_equal(got.n_entries, 1);
    struct objects_part_info *part;
    size_t n;
    bool truncated;
    for (int i = 5; i > 0; i--)
        put_part(p, first, "a/1", i * 10, 1, 0, (size_t)i);
    assert_int_equal(objects_parts(p->o, first, 10, 3, &a, &part, &n, &truncated, &e), 0);
    assert_int_equal(n, 3);
    assert_true(truncated);
    assert_int_equal(part[0].number, 20);
    assert_int_equal(part[2].size, 4);
    const char *headers;
    assert_int_equal(objects_upload(p->o, p->bucket, first, help_key("a/1"), &a, &headers, &e), 0);
    assert_string_equal(headers, "x-amz-meta-a: b\n");
    assert_int_equal(objects_upload(p->o, p->bucket, first, help_key("a/2"), &a, &headers, &e), 1);
    arena_deinit(&a);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(bytes_come_back_small_and_large),
        T(what_was_acknowledged_is_there_after_a_restart),
        T(a_folder_has_one_store),
        T(a_reader_keeps_its_bytes_through_overwrite_and_delete),
        T(parts_come_in_any_order_and_become_one_object),
        T(a_wrong_completion_is_refused_and_may_be_repaired),
        T(aborted_and_old_uploads_leave_nothing),
        T(a_reader_of_an_object_in_parts_keeps_them),
        T(a_copy_lives_longer_than_what_it_was_made_of),
        T(buckets_belong_to_one_account_and_are_limited),
        T(a_bucket_goes_with_its_uploads),
        T(the_quota_counts_parts_and_frees_what_is_replaced),
        T(conditions_are_judged_with_the_write),
        T(writers_of_one_key_take_turns),
        T(lists_agree_with_a_plain_model),
        T(uploads_and_parts_are_listed_by_pages),
    };
    return cmocka_run_group_tests_name("objects", tests, NULL, NULL);
}
