// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as each of the three request documents, as another endpoint's answers, and as the names in every
// answer of ours: what is read keeps its limits, and what is written is well-formed and, for names XML can
// hold, read back as it was.
#include "fuzz.h"

#include <assert.h>
#include <expat.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "s3/xml.h"
#include "s3/xml_answer.h"

static void read_all(const char *data, size_t n)
{
    struct s3_delete d;
    struct s3_complete c;
    char location[S3_REGION_BYTES];
    struct err e = ERR_NULL;
    if (!s3_xml_read_delete(data, n, &d, &e)) {
        assert(d.n >= 1 && d.n <= S3_DELETE_KEYS_MAX);
        for (size_t i = 0; i < d.n; i++)
            assert(!s3_key_check(d.v[i].key, strlen(d.v[i].key), NULL));
        s3_delete_deinit(&d);
    } else {
        assert(!d.n && !d.v);
    }
    if (!s3_xml_read_complete(data, n, &c, &e)) {
        assert(c.n >= 1 && c.n <= S3_PARTS_MAX);
        for (size_t i = 0; i < c.n; i++)
            assert(c.v[i].number > (i ? c.v[i - 1].number : 0) && strlen(c.v[i].etag) >= 32);
        s3_complete_deinit(&c);
    } else {
        assert(!c.n && !c.v);
    }
    if (!s3_xml_read_create_bucket(data, n, location, &e))
        assert(strlen(location) < S3_REGION_BYTES);
}

// What another endpoint answers our own client and the server's outside storage.
static void read_answers(const char *data, size_t n)
{
    struct s3_listing l = S3_LISTING_NULL;
    struct s3_refusal why;
    struct err e = ERR_NULL;
    for (int i = 0; i < 2; i++) {
        enum s3_code code = i ? s3_xml_read_buckets(data, n, &l, &e) : s3_xml_read_objects(data, n, &l, &e);
        for (size_t k = 0; k < l.n && code == S3_OK; k++)
            assert(l.v[k].key && strlen(l.v[k].etag) < sizeof l.v[k].etag);
        s3_listing_deinit(&l);
    }
    s3_xml_read_error(data, n, &why);
    assert(strlen(why.code) < sizeof why.code && strlen(why.message) < sizeof why.message);
}

static void well_formed(struct buf *b)
{
    assert(!b->failed);
    XML_Parser p = XML_ParserCreate("UTF-8");
    if (XML_Parse(p, buf_str(b), (int)b->n, XML_TRUE) != XML_STATUS_OK)
        abort();
    XML_ParserFree(p);
    buf_clear(b);
}

static void write_all(const char *name, size_t n, bool encode)
{
    static struct s3_route route;
    struct buf b = BUF_INIT(1 << 22);
    struct s3_owner owner = {name, name};
    struct s3_error_facts f = {S3_NO_SUCH_BUCKET, name, name, name, name, "1", "2"};
    memset(&route, 0, sizeof route);
    size_t take = n < S3_KEY_BYTES ? n : S3_KEY_BYTES - 1;
    memcpy(route.prefix, name, take);
    memcpy(route.marker, name, take);
    memcpy(route.delimiter, name, take);
    route.encode_url = encode;
    s3_xml_error(&b, &f);
    well_formed(&b);
    static const enum s3_op ops[] = {S3_OP_LIST_OBJECTS, S3_OP_LIST_OBJECTS_V2, S3_OP_LIST_VERSIONS};
    for (size_t i = 0; i < ARRAY_LEN(ops); i++) {
        route.op = ops[i];
        struct s3_list_facts l = {.route = &route, .truncated = true, .count = 2, .next = name};
        struct s3_object_entry o = {name, n, "etag", 1, 0};
        s3_xml_list_begin(&b, &l);
        s3_xml_list_entry(&b, &route, &o, &owner);
        s3_xml_list_prefix(&b, &route, name, n);
        s3_xml_list_end(&b, &route);
        well_formed(&b);
    }
    s3_xml_upload_completed(&b, name, name, name, name, S3_SUM_CRC32, name);
    well_formed(&b);
    buf_deinit(&b);
}

// A key without characters that XML lacks survives the way out and back in.
static void there_and_back(const char *name, size_t n)
{
    struct buf b = BUF_INIT(1 << 20);
    struct s3_delete d;
    bool plain = n > 0 && n < S3_KEY_BYTES && utf8_valid(name, n) && !memmem(name, n, "\xEF\xBF", 2);
    for (size_t i = 0; i < n && plain; i++)
        plain = (unsigned char)name[i] >= ' ' || strchr("\t\r\n", name[i]);
    if (!plain)
        return;
    struct s3_object_entry o = {name, n, "0", 0, 0};
    static struct s3_route route = {.op = S3_OP_LIST_OBJECTS};
    s3_xml_list_entry(&b, &route, &o, NULL);
    struct buf in = BUF_INIT(1 << 20);
    const char *begin = strstr(buf_str(&b), "<Key>"), *end = strstr(buf_str(&b), "</Key>");
    buf_putf(&in, "<Delete><Object>%.*s</Key></Object></Delete>", (int)(end - begin), begin);
    assert(!s3_xml_read_delete(buf_str(&in), in.n, &d, NULL));
    assert(!strcmp(d.v[0].key, name));
    s3_delete_deinit(&d);
    buf_deinit(&in);
    buf_deinit(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char *text = mem_strndup((const char *)data, n);
    read_all((const char *)data, n);
    read_answers((const char *)data, n);
    if (n < 20000) {
        write_all(text, strlen(text), n & 1);
        there_and_back(text, strlen(text));
    }
    free(text);
    return 0;
}
