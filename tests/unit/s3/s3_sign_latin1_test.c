// SPDX-License-Identifier: Apache-2.0
// The client of Node signs the text of metadata, "café" in UTF-8, and sends its bytes as ISO 8859-1 when the body is a
// buffer: SignatureDoesNotMatch.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "s3/sign.h"

#define NOW INT64_C(1369353600000)

// Signed with one value of a header and sent with another.
static enum s3_code sent(const char *signed_value, const char *value)
{
    static const struct s3_signer signer = {"key", "secret", "here"};
    struct buf authorization = BUF_INIT(4096);
    struct s3_header h[] = {{"Host", "h"},
                            {"X-Amz-Date", "20130524T000000Z"},
                            {"X-Amz-Content-Sha256", S3_UNSIGNED_PAYLOAD},
                            {"X-Amz-Meta-Name", signed_value},
                            {"Authorization", NULL}};
    struct s3_request r = {
        .method = "PUT", .path = "/b/k", .query = "", .header = h, .header_n = 4, .now = WALL_MS(NOW)};
    struct s3_claim claim;
    assert_int_equal(s3_sign_header(&signer, &r, &authorization, NULL), S3_OK);
    h[3].value = value;
    h[4].value = buf_str(&authorization);
    r.header_n = ARRAY_LEN(h);
    assert_int_equal(s3_claim_read(&r, NULL, &claim, NULL), S3_OK);
    enum s3_code code = s3_claim_verify(&r, &claim, "secret", NULL, NULL);
    buf_deinit(&authorization);
    return code;
}

static void text_that_is_sent_as_latin1_verifies(void **state)
{
    (void)state;
    assert_int_equal(sent("caf\xc3\xa9 \xc3\xbf", "caf\xe9 \xff"), S3_OK);
    assert_int_equal(sent("caf\xc3\xa9", "caf\xc3\xa9"), S3_OK);
    assert_int_equal(sent("caf\xe9", "caf\xe9"), S3_OK); // signed as it is sent
}

static void no_other_text_does(void **state)
{
    (void)state;
    assert_int_equal(sent("caf\xc3\xa9", "caf\xe8"), S3_SIGNATURE_DOES_NOT_MATCH);
    assert_int_equal(sent("caf\xc3\x83\xc2\xa9", "caf\xc3\xa9"), S3_SIGNATURE_DOES_NOT_MATCH); // it is UTF-8
    assert_int_equal(sent("cafe", "caf\xe9"), S3_SIGNATURE_DOES_NOT_MATCH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_that_is_sent_as_latin1_verifies),
        cmocka_unit_test(no_other_text_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
