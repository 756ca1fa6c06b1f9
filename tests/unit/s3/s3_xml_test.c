// SPDX-License-Identifier: Apache-2.0
// Documents: each answer byte by byte, each request document with what clients put into it and what attackers
// would.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "s3/xml.h"

#define HEAD  "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
#define SPACE " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\""
#define MAY   INT64_C(1369353600000)
#define TIME  "2013-05-24T00:00:00.000Z"
#define TAG   "5d41402abc4b2a76b9719d911017c592"
#define OWNER "<ID>id</ID><DisplayName>name</DisplayName>"

static const struct s3_owner owner = {"id", "name"};
static struct s3_route route;

static struct s3_route *route_of(enum s3_op op)
{
    memset(&route, 0, sizeof route);
    route.op = op;
    strcpy(route.bucket, "buck");
    route.max = 1000;
    return &route;
}

static void same(struct buf *b, const char *want)
{
    assert_false(b->failed);
    assert_string_equal(buf_str(b), want);
    buf_clear(b);
}

static void errors(void **state)
{
    (void)state;
    struct buf b = BUF_INIT(10000);
    struct s3_error_facts f = {
        .code = S3_NO_SUCH_BUCKET, .bucket = "buck", .resource = "/buck", .request_id = "r", .host_id = "h"};
    s3_xml_error(&b, &f);
    same(&b, HEAD "<Error><Code>NoSuchBucket</Code><Message>The bucket does not "
                  "exist.</Message><BucketName>buck</BucketName>"
                  "<Resource>/buck</Resource><RequestId>r</RequestId><HostId>h</HostId></Error>");
    f = (struct s3_error_facts){
        .code = S3_NO_SUCH_KEY, .text = "No <key> & \"none\"\x01\xFF\r", .key = "\u00e9"};
    s3_xml_error(&b, &f);
    same(&b, HEAD "<Error><Code>NoSuchKey</Code><Message>No &lt;key&gt; &amp; "
                  "&quot;none&quot;\uFFFD\uFFFD&#13;</Message>"
                  "<Key>\u00e9</Key></Error>");
    buf_deinit(&b);
}

static void small_answers(void **state)
{
    (void)state;
    struct buf b = BUF_INIT(10000);
    const struct s3_bucket_entry v[] = {{"one", MAY}, {"two", MAY + 7}};
    s3_xml_buckets(&b, &owner, v, 2);
    same(&b, HEAD "<ListAllMyBucketsResult" SPACE "><Owner>" OWNER
                  "</Owner><Buckets><Bucket><Name>one</Name><CreationDate>" TIME
                  "</CreationDate></Bucket><Bucket><Name>two</Name><CreationDate>2013-05-24T00:00:00.007Z</"
                  "CreationDate></Bucket>"
                  "</Buckets></ListAllMyBucketsResult>");
    s3_xml_location(&b, "");
    same(&b, HEAD "<LocationConstraint" SPACE "/>");
    s3_xml_location(&b, "eu");
    same(&b, HEAD "<LocationConstraint" SPACE ">eu</LocationConstraint>");
    s3_xml_versioning(&b);
    same(&b, HEAD "<VersioningConfiguration" SPACE "/>");
    s3_xml_tagging(&b);
    same(&b, HEAD "<Tagging" SPACE "><TagSet/></Tagging>");
    s3_xml_acl(&b, &owner);
    same(&b, HEAD
         "<AccessControlPolicy" SPACE "><Owner>" OWNER "</Owner><AccessControlList><Grant><Grantee "
         "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"CanonicalUser\">" OWNER
         "</Grantee><Permission>FULL_CONTROL</Permission></Grant></AccessControlList></AccessControlPolicy>");
    s3_xml_copy(&b, false, TAG, MAY);
    same(&b, HEAD "<CopyObjectResult" SPACE "><LastModified>" TIME "</LastModified><ETag>&quot;" TAG
                  "&quot;</ETag></CopyObjectResult>");
    s3_xml_copy(&b, true, TAG "-2", MAY);
    same(&b, HEAD "<CopyPartResult" SPACE "><LastModified>" TIME "</LastModified><ETag>&quot;" TAG
                  "-2&quot;</ETag></CopyPartResult>");
    s3_xml_upload_created(&b, "buck", "a&b", "u");
    same(&b, HEAD "<InitiateMultipartUploadResult" SPACE
                  "><Bucket>buck</Bucket><Key>a&amp;b</Key><UploadId>u</UploadId>"
                  "</InitiateMultipartUploadResult>");
    s3_xml_upload_completed(&b, "http://h/buck/k", "buck", "k", TAG "-2", S3_SUM_CRC32, "NhCmhg==-2");
    same(&b, HEAD "<CompleteMultipartUploadResult" SPACE
                  "><Location>http://h/buck/k</Location><Bucket>buck</Bucket><Key>k</Key>"
                  "<ETag>&quot;" TAG
                  "-2&quot;</ETag><ChecksumCRC32>NhCmhg==-2</ChecksumCRC32></CompleteMultipartUploadResult>");
    s3_xml_deleted_begin(&b);
    s3_xml_deleted(&b, "a", "", S3_OK, NULL, false);
    s3_xml_deleted(&b, "q", "", S3_OK, NULL, true);
    s3_xml_deleted(&b, "b", "null", S3_ACCESS_DENIED, NULL, true);
    s3_xml_deleted_end(&b);
    same(&b, HEAD "<DeleteResult" SPACE
                  "><Deleted><Key>a</Key></Deleted><Error><Key>b</Key><VersionId>null</VersionId>"
                  "<Code>AccessDenied</Code><Message>Access Denied.</Message></Error></DeleteResult>");
    buf_deinit(&b);
}

#define ENTRY(key, more)                                                                                     \
    "<Key>" key "</Key>" more "<LastModified>" TIME "</LastModified><ETag>&quot;" TAG                        \
    "&quot;</ETag><Size>5368709120</Size>"
#define STANDARD "<StorageClass>STANDARD</StorageClass>"

static void list(struct buf *b, const struct s3_list_facts *f)
{
    const struct s3_object_entry o = {"a b/\u00e9", 6, TAG, UINT64_C(5) << 30, MAY};
    s3_xml_list_begin(b, f);
    s3_xml_list_entry(b, f->route, &o, &owner);
    s3_xml_list_prefix(b, f->route, "c+d/", 4);
    s3_xml_list_end(b, f->route);
}

static void lists_of_objects(void **state)
{
    (void)state;
    struct buf b = BUF_INIT(10000);
    struct s3_route *r = route_of(S3_OP_LIST_OBJECTS);
    struct s3_list_facts f = {.route = r, .count = 2};
    list(&b, &f);
    same(&b,
         HEAD "<ListBucketResult" SPACE
              "><Name>buck</Name><Prefix></Prefix><Marker></Marker><MaxKeys>1000</MaxKeys>"
              "<IsTruncated>false</IsTruncated><Contents>" ENTRY(
                  "a b/\u00e9",
                  "") "<Owner>" OWNER "</Owner>" STANDARD
                      "</Contents><CommonPrefixes><Prefix>c+d/</Prefix></CommonPrefixes></ListBucketResult>");
    r->encode_url = true;
    strcpy(r->marker, "m n");
    strcpy(r->delimiter, "/");
    strcpy(r->prefix, "%");
    f.truncated = true;
    f.next = "x y";
    list(&b, &f);
    same(&b, HEAD
         "<ListBucketResult" SPACE
         "><Name>buck</Name><Prefix>%25</Prefix><Marker>m%20n</Marker><NextMarker>x%20y</NextMarker>"
         "<MaxKeys>1000</MaxKeys><Delimiter>/</Delimiter><IsTruncated>true</IsTruncated><EncodingType>url</"
         "EncodingType>"
         "<Contents>" ENTRY(
             "a%20b/%C3%A9",
             "") "<Owner>" OWNER "</Owner>" STANDARD
                 "</Contents><CommonPrefixes><Prefix>c%2Bd/</Prefix></CommonPrefixes></ListBucketResult>");
    f.route = r = route_of(S3_OP_LIST_OBJECTS_V2);
    strcpy(r->marker, "m");
    strcpy(r->continuation, "t<");
    r->has_continuation = true;
    list(&b, &f);
    same(&b, HEAD "<ListBucketResult" SPACE
                  "><Name>buck</Name><Prefix></Prefix><StartAfter>m</StartAfter><ContinuationToken>t&lt;"
                  "</ContinuationToken><NextContinuationToken>x "
                  "y</NextContinuationToken><KeyCount>2</KeyCount><MaxKeys>1000</MaxKeys>"
                  "<IsTruncated>true</IsTruncated><Contents>" ENTRY("a b/\u00e9", "") STANDARD
         "</Contents><CommonPrefixes><Prefix>c+d/</Prefix></CommonPrefixes></ListBucketResult>");
    f.route = route_of(S3_OP_LIST_VERSIONS);
    list(&b, &f);
    same(
        &b, HEAD
        "<ListVersionsResult" SPACE
        "><Name>buck</Name><Prefix></Prefix><KeyMarker></KeyMarker><VersionIdMarker>"
        "</VersionIdMarker><NextKeyMarker>x y</NextKeyMarker><NextVersionIdMarker>null</NextVersionIdMarker>"
        "<MaxKeys>1000</MaxKeys><IsTruncated>true</IsTruncated><Version>" //
        ENTRY("a b/\u00e9",
              "<VersionId>null</VersionId><IsLatest>true</IsLatest>") "<Owner>" OWNER "</Owner>" STANDARD
                                                                      "</Version><CommonPrefixes><Prefix>c+d/"
                                                                      "</Prefix></CommonPrefixes></"
                                                                      "ListVersionsResult>");
    buf_deinit(&b);
}

static void lists_of_parts_and_uploads(void **state)
{
    (void)state;
    struct buf b = BUF_INIT(10000);
    struct s3_route *r = route_of(S3_OP_LIST_PARTS);
    strcpy(r->key, "k");
    r->key_n = 1;
    strcpy(r->upload_id, "u");
    r->part_marker = 1;
    const struct s3_part_entry parts[] = {{2, TAG, 5, MAY}, {7, TAG, 1, MAY}};
    s3_xml_parts(&b, r, &owner, parts, 2, true);
    same(&b, HEAD "<ListPartsResult" SPACE
                  "><Bucket>buck</Bucket><Key>k</Key><UploadId>u</UploadId><Initiator>" OWNER
                  "</Initiator><Owner>" OWNER "</Owner>" STANDARD
                  "<PartNumberMarker>1</PartNumberMarker><NextPartNumberMarker>7"
                  "</NextPartNumberMarker><MaxParts>1000</MaxParts><IsTruncated>true</"
                  "IsTruncated><Part><PartNumber>2</PartNumber>"
                  "<LastModified>" TIME "</LastModified><ETag>&quot;" TAG
                  "&quot;</ETag><Size>5</Size></Part><Part><PartNumber>7"
                  "</PartNumber><LastModified>" TIME "</LastModified><ETag>&quot;" TAG
                  "&quot;</ETag><Size>1</Size></Part>"
                  "</ListPartsResult>");
    r = route_of(S3_OP_LIST_UPLOADS);
    const struct s3_upload_entry uploads[] = {{"a", "u1", MAY}};
    const char *const prefix[] = {"p/"};
    struct s3_list_facts f = {.route = r, .truncated = true, .next = "a", .next_id = "u1"};
    s3_xml_uploads(&b, &f, &owner, uploads, 1, prefix, 1);
    same(&b,
         HEAD "<ListMultipartUploadsResult" SPACE
              "><Bucket>buck</Bucket><KeyMarker></KeyMarker><UploadIdMarker></UploadIdMarker>"
              "<NextKeyMarker>a</NextKeyMarker><NextUploadIdMarker>u1</NextUploadIdMarker><MaxUploads>1000</"
              "MaxUploads>"
              "<IsTruncated>true</IsTruncated><Upload><Key>a</Key><UploadId>u1</UploadId><Initiator>" OWNER
              "</Initiator><Owner>" OWNER "</Owner>" STANDARD "<Initiated>" TIME
              "</Initiated></Upload><CommonPrefixes><Prefix>p/"
              "</Prefix></CommonPrefixes></ListMultipartUploadsResult>");
    buf_deinit(&b);
}

static void deleting_reads_keys_as_they_are(void **state)
{
    (void)state;
    struct s3_delete d;
    static const char text[] =
        HEAD "<Delete" SPACE ">\n  <Quiet> true </Quiet>\n  <Object>\n    <Key> a&amp;&#x301;\n</Key>\n"
             "<VersionId> null "
             "</VersionId><Other><Deep>1</Deep></Other></Object><Object><Key><![CDATA[<b>]]></Key>"
             "</Object></Delete>";
    assert_int_equal(s3_xml_read_delete(text, sizeof text - 1, &d, NULL), S3_OK);
    assert_int_equal(d.n, 2);
    assert_true(d.quiet);
    assert_string_equal(d.v[0].key, " a&\u0301\n");
    assert_string_equal(d.v[0].version_id, "null");
    assert_string_equal(d.v[1].key, "<b>");
    assert_string_equal(d.v[1].version_id, "");
    s3_delete_deinit(&d);
    static const char prefixed[] =
        "<s3:Delete xmlns:s3=\"x\"><s3:Object><s3:Key>k</s3:Key></s3:Object></s3:Delete>";
    assert_int_equal(s3_xml_read_delete(prefixed, sizeof prefixed - 1, &d, NULL), S3_OK);
    assert_false(d.quiet);
    s3_delete_deinit(&d);
}

#define OBJECT(inside) "<Delete><Object>" inside "</Object></Delete>"

static void deleting_refuses(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum s3_code code;
    } rows[] = {
        {"", S3_MALFORMED_XML},
        {"<Delete/>", S3_MALFORMED_XML},
        {"<Delete><Object/></Delete>", S3_MALFORMED_XML},
        {OBJECT("<Key/>"), S3_MALFORMED_XML},
        {OBJECT("<Key>a</Key><Key>b</Key>"), S3_MALFORMED_XML},
        {OBJECT("<Key>a<b/></Key>"), S3_MALFORMED_XML},
        {OBJECT("<Key><b/>a</Key>"), S3_MALFORMED_XML},
        {OBJECT("<Key>a</Key>") "x", S3_MALFORMED_XML},
        {OBJECT("<Key>a</Key>") "<Delete/>", S3_MALFORMED_XML},
        {"<Delete><Object><Key>a</Key></Object>", S3_MALFORMED_XML},
        {"<Remove><Object><Key>a</Key></Object></Remove>", S3_MALFORMED_XML},
        {OBJECT("<Key>\xFF</Key>"), S3_MALFORMED_XML},
        {OBJECT("<Key>&nbsp;</Key>"), S3_MALFORMED_XML},
        {OBJECT("<Key>&#0;</Key>"), S3_MALFORMED_XML},
        {OBJECT("<Key>a</Key><ETag>b</ETag>"), S3_NOT_IMPLEMENTED},
        {OBJECT("<Key>a</Key><VersionId>0123456789012345678901234567890123456789012345678901234567890123</"
                "VersionId>"),
         S3_MALFORMED_XML},
        {"<!DOCTYPE Delete>" OBJECT("<Key>a</Key>"), S3_MALFORMED_XML},
        {"<!DOCTYPE d [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>" OBJECT("<Key>&e;</Key>"),
         S3_MALFORMED_XML},
        {"<!DOCTYPE d [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]>" OBJECT("<Key>&b;</Key>"),
         S3_MALFORMED_XML},
        {OBJECT("<Key>a</Key><a><b><c><d><e/></d></c></b></a>"), S3_MALFORMED_XML},
        {"<?xml version=\"1.0\" encoding=\"UTF-16\"?>" OBJECT("<Key>a</Key>"),
         S3_OK}, // read as the UTF-8 it is
    };
    struct s3_delete d;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err e = ERR_NULL;
        enum s3_code code = s3_xml_read_delete(rows[i].text, strlen(rows[i].text), &d, &e);
        if (code != rows[i].code || (code && (d.n || d.v)))
            fail_msg("%s: %s, not %s: %s", rows[i].text, s3_code_text(code), s3_code_text(rows[i].code),
                     e.text);
        s3_delete_deinit(&d);
    }
}

static void deleting_has_its_limits(void **state)
{
    (void)state;
    struct s3_delete d;
    struct buf b = BUF_INIT(16 << 20);
    buf_puts(&b, "<Delete>");
    for (int i = 0; i < S3_DELETE_KEYS_MAX; i++) {
        buf_puts(&b, "<Object><Key>");
        for (int k = 0; k < S3_KEY_BYTES - 1; k++)
            buf_puts(&b, "&quot;");
        buf_puts(&b, "</Key></Object>");
    }
    size_t n = b.n;
    buf_puts(&b, "</Delete>");
    assert_true(b.n < S3_XML_BYTES_MAX);
    assert_int_equal(s3_xml_read_delete(b.v, b.n, &d, NULL), S3_OK);
    assert_int_equal(d.n, S3_DELETE_KEYS_MAX);
    s3_delete_deinit(&d);
    b.n = n;
    buf_puts(&b, "<Object><Key>a</Key></Object></Delete>");
    assert_int_equal(s3_xml_read_delete(b.v, b.n, &d, NULL), S3_MALFORMED_XML);
    buf_clear(&b);
    buf_puts(&b, "<Delete><Object><Key>");
    for (int k = 0; k < S3_KEY_BYTES; k++)
        buf_putc(&b, 'a');
    size_t key_end = b.n;
    buf_puts(&b, "</Key></Object></Delete>");
    assert_int_equal(s3_xml_read_delete(b.v, b.n, &d, NULL), S3_KEY_TOO_LONG);
    b.n = key_end;
    for (int k = 0; k < 5000; k++)
        buf_putc(&b, 'a');
    buf_puts(&b, "</Key></Object></Delete>");
    assert_int_equal(s3_xml_read_delete(b.v, b.n, &d, NULL), S3_MALFORMED_XML);
    while (b.n <= S3_XML_BYTES_MAX)
        buf_putc(&b, ' ');
    assert_int_equal(s3_xml_read_delete(b.v, b.n, &d, NULL), S3_MAX_MESSAGE_LENGTH_EXCEEDED);
    buf_deinit(&b);
}

#define PART(number, more) "<Part><PartNumber>" number "</PartNumber>" more "</Part>"
#define ETAG               "<ETag>\"" TAG "\"</ETag>"
#define COMPLETE(parts)    "<CompleteMultipartUpload" SPACE ">" parts "</CompleteMultipartUpload>"

static void completing(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum s3_code code;
    } rows[] = {
        {COMPLETE(PART("1", ETAG)
                      PART(" 10000 ", "<ETag> " TAG " </ETag><ChecksumCRC32>NhCmhg==</ChecksumCRC32>")),
         S3_OK},
        {COMPLETE(PART("2", "<ETag>&quot;" TAG "&quot;</ETag>")), S3_OK},
        {COMPLETE(""), S3_MALFORMED_XML},
        {COMPLETE(PART("2", ETAG) PART("1", ETAG)), S3_INVALID_PART_ORDER},
        {COMPLETE(PART("1", ETAG) PART("1", ETAG)), S3_INVALID_PART_ORDER},
        {COMPLETE(PART("0", ETAG)), S3_MALFORMED_XML},
        {COMPLETE(PART("10001", ETAG)), S3_MALFORMED_XML},
        {COMPLETE(PART("-1", ETAG)), S3_MALFORMED_XML},
        {COMPLETE(PART("4294967297", ETAG)), S3_MALFORMED_XML},
        {COMPLETE(PART("", ETAG)), S3_MALFORMED_XML},
        {COMPLETE(PART("1", "")), S3_MALFORMED_XML},
        {COMPLETE("<Part>" ETAG "</Part>"), S3_MALFORMED_XML},
        {COMPLETE(PART("1", "<ETag>abc</ETag>")), S3_INVALID_PART},
        {COMPLETE(PART("1", ETAG "<ChecksumSHA1>NhCmhg==</ChecksumSHA1>")), S3_MALFORMED_XML},
        {"<Delete/>", S3_MALFORMED_XML},
    };
    struct s3_complete c;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err e = ERR_NULL;
        enum s3_code code = s3_xml_read_complete(rows[i].text, strlen(rows[i].text), &c, &e);
        if (code != rows[i].code)
            fail_msg("%s: %s, not %s: %s", rows[i].text, s3_code_text(code), s3_code_text(rows[i].code),
                     e.text);
        if (!i) {
            assert_int_equal(c.n, 2);
            assert_int_equal(c.v[1].number, 10000);
            assert_string_equal(c.v[1].etag, TAG);
            assert_int_equal(c.v[0].sum, S3_SUM_NONE);
            assert_int_equal(c.v[1].sum, S3_SUM_CRC32);
            assert_memory_equal(c.v[1].sum_v, "\x36\x10\xa6\x86", 4);
        }
        s3_complete_deinit(&c);
    }
}

static void creating(void **state)
{
    (void)state;
    char location[S3_REGION_BYTES];
    static const struct {
        const char *text, *location;
        enum s3_code code;
    } rows[] = {
        {"", "", S3_OK},
        {" \n", "", S3_OK},
        {"<CreateBucketConfiguration" SPACE
         "><LocationConstraint></LocationConstraint></CreateBucketConfiguration>",
         "", S3_OK},
        {"<CreateBucketConfiguration><LocationConstraint> eu-west-3 "
         "</LocationConstraint></CreateBucketConfiguration>",
         "eu-west-3", S3_OK},
        {"<CreateBucketConfiguration/>", "", S3_OK},
        {"<CreateBucketConfiguration><LocationConstraint>"
         "0123456789012345678901234567890123456789012345678901234567890123"
         "</LocationConstraint></CreateBucketConfiguration>",
         "", S3_INVALID_LOCATION_CONSTRAINT},
        {"nonsense", "", S3_MALFORMED_XML},
        {"<Other/>", "", S3_MALFORMED_XML},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(s3_xml_read_create_bucket(rows[i].text, strlen(rows[i].text), location, NULL),
                         rows[i].code);
        assert_string_equal(location, rows[i].location);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors),
        cmocka_unit_test(small_answers),
        cmocka_unit_test(lists_of_objects),
        cmocka_unit_test(lists_of_parts_and_uploads),
        cmocka_unit_test(deleting_reads_keys_as_they_are),
        cmocka_unit_test(deleting_refuses),
        cmocka_unit_test(deleting_has_its_limits),
        cmocka_unit_test(completing),
        cmocka_unit_test(creating),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
