// SPDX-License-Identifier: Apache-2.0
// Server-sent events: several lines of data, names and ids that try to break out.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "net/sse.h"

static const struct {
    const char *event, *id, *data, *text;
} row[] = {
    {NULL, NULL, "x", "data: x\n\n"},
    {"zone", "7", "{}", "event: zone\nid: 7\ndata: {}\n\n"},
    {NULL, NULL, "", "data: \n\n"},
    {NULL, NULL, "a\nb", "data: a\ndata: b\n\n"},
    {NULL, NULL, "a\r\nb\rc\n", "data: a\ndata: b\ndata: c\ndata: \n\n"},
    {NULL, NULL, "\r\n\r\n", "data: \ndata: \ndata: \n\n"},
    {"a\nid: 9", "1\r\n2", "x", "event: aid: 9\nid: 12\ndata: x\n\n"},
};

static void each_line_of_data_has_a_field_and_nothing_breaks_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(row); i++) {
        struct buf b = BUF_INIT(1000);
        sse_event(&b, row[i].event, row[i].id, row[i].data, strlen(row[i].data));
        assert_string_equal(buf_str(&b), row[i].text);
        buf_deinit(&b);
    }
}

static void comments_and_retry_are_lines_of_their_own(void **state)
{
    (void)state;
    struct buf b = BUF_INIT(1000);
    sse_retry(&b, 2500);
    sse_comment(&b);
    sse_event(&b, NULL, NULL, NULL, 0);
    assert_string_equal(buf_str(&b), "retry: 2500\n\n:\n\ndata: \n\n");
    buf_deinit(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_line_of_data_has_a_field_and_nothing_breaks_out),
        cmocka_unit_test(comments_and_retry_are_lines_of_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
