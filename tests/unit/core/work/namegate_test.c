// SPDX-License-Identifier: Apache-2.0
// Questions for names that rules name: which are read, how they are answered, what the answers open.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "core/work/egress.h"
#include "core/work/namegate.h"

#define HEAD   40         // of IP, UDP and DNS
#define PLACE  0xcb007107 // 203.0.113.7
#define BESIDE 0xcb007108
#define HOME   0xc0a80707 // 192.168.7.7

// Data.example.org, type A, class IN, from 10.0.2.100:4660 to 10.0.2.3:53, id 0xbeef, recursion desired.
static const unsigned char plain[] = {
    0x45, 0,   0,   62, 0,   0,   0,   0,    64,   17,  0,   0, 10,  0,   2,   100, 10, 0, 2, 3, 0x12,
    0x34, 0,   53,  0,  42,  0,   0,   0xbe, 0xef, 1,   0,   0, 1,   0,   0,   0,   0,  0, 0, 4, 'D',
    'a',  't', 'a', 7,  'e', 'x', 'a', 'm',  'p',  'l', 'e', 3, 'o', 'r', 'g', 0,   0,  1, 0, 1};

static void a_plain_question_is_read(void **state)
{
    (void)state;
    struct name_question q;
    assert_int_equal(sizeof plain, 62);
    assert_true(name_question_read(plain, sizeof plain, &q));
    assert_string_equal(q.name, "data.example.org");
    assert_int_equal(q.type, NAME_TYPE_A);
    assert_int_equal(q.from, 0x0a000264);
    assert_int_equal(q.to, 0x0a000203);
    assert_int_equal(q.from_port, 0x1234);
    assert_int_equal(q.id, 0xbeef);
    assert_true(q.recursion);
}

static void nothing_else_is(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        unsigned char value;
        const char *what;
    } wrong[] = {{9, 6, "TCP"},
                 {6, 0x20, "a first fragment"},
                 {7, 8, "a later fragment"},
                 {23, 54, "another port"},
                 {25, 41, "not as long as it says"},
                 {25, 43, "not as long as it says"},
                 {30, 0x81, "an answer"},
                 {30, 0x29, "an update"},
                 {33, 0, "no question"},
                 {33, 2, "two questions"},
                 {35, 1, "an answer in the question"},
                 {37, 1, "an authority in the question"},
                 {40, 0xc0, "a pointer"},
                 {40, 64, "a label too long"},
                 {40, 60, "a label over the end"},
                 {40, 0, "the root"},
                 {41, '.', "a dot in a label"},
                 {41, ',', "a comma"},
                 {41, 0, "a zero"},
                 {61, 3, "another class"}};
    struct name_question q;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        unsigned char p[sizeof plain];
        memcpy(p, plain, sizeof p);
        p[wrong[i].at] = wrong[i].value;
        if (name_question_read(p, sizeof p, &q))
            fail_msg("%s is taken for a question", wrong[i].what);
    }
    for (size_t n = 0; n < sizeof plain; n++)
        assert_false(name_question_read(plain, n, &q));
}

static void it_is_answered_in_kind(void **state)
{
    (void)state;
    struct name_question q;
    struct name_addresses a = {.v = {PLACE, BESIDE}, .n = 2};
    unsigned char out[NAME_ANSWER_BYTES];
    struct ip4 h;
    assert_true(name_question_read(plain, sizeof plain, &q));
    size_t n = name_answer_write(&q, &a, out);
    assert_int_equal(n, sizeof plain + 32);
    assert_true(ip4_read(out, n, &h));
    assert_int_equal(h.from, 0x0a000203);
    assert_int_equal(h.to, 0x0a000264);
    assert_int_equal(h.to_port, 0x1234);
    assert_int_equal(out[21], 53);
    assert_int_equal(out[25], n - 20);
    static const unsigned char head[] = {0xbe, 0xef, 0x81, 0x80, 0, 1, 0, 2, 0, 0, 0, 0};
    static const unsigned char last[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, NAME_TTL_S, 0, 4, 203, 0, 113, 8};
    assert_memory_equal(out + 28, head, sizeof head);
    assert_memory_equal(out + HEAD, plain + HEAD, sizeof plain - HEAD); // spelt as it was
    assert_memory_equal(out + n - 16, last, sizeof last);
    unsigned sum = 0; // RFC 1071: with its sum, a head adds up to nothing
    for (size_t i = 0; i < 20; i += 2)
        sum += (unsigned)out[i] << 8 | out[i + 1];
    assert_int_equal((sum & 0xffff) + (sum >> 16), 0xffff);

    a = (struct name_addresses){.code = NAME_UNKNOWN};
    assert_int_equal(name_answer_write(&q, &a, out), sizeof plain);
    assert_int_equal(out[31], 0x80 | NAME_UNKNOWN);
    assert_int_equal(out[35], 0);
}

static void the_longest_name_fits(void **state)
{
    (void)state;
    struct name_question q = {.type = NAME_TYPE_A, .asked_bytes = sizeof q.asked};
    struct name_addresses a = {.n = NAME_ADDRESSES_MAX};
    unsigned char out[NAME_ANSWER_BYTES];
    assert_in_range(name_answer_write(&q, &a, out), 1, sizeof out);
    assert_in_range(sizeof q.asked, NAME_CHARS_MAX + 2 + 4, SIZE_MAX);
}

static void an_answer_opens_its_addresses_for_a_while(void **state)
{
    (void)state;
    static struct name_gate g;
    struct name_addresses a = {.v = {PLACE, HOME, 0x7f000001}, .n = 3}, b = {.v = {PLACE}, .n = 1};
    memset(&g, 0, sizeof g);
    assert_int_equal(name_gate_use(&g, PLACE, 0), 0);
    name_gate_learn(&g, "a.example.org", 1, &a, 1000);
    assert_int_equal(name_gate_use(&g, PLACE, 2000), 1);
    assert_int_equal(name_gate_use(&g, BESIDE, 2000), 0);
    assert_int_equal(name_gate_use(&g, HOME, 2000),
                     0); // whoever answers for a name chooses no machine of the building
    assert_int_equal(name_gate_use(&g, 0x7f000001, 2000), 0);
    name_gate_learn(&g, "b.example.org", 4, &b, 3000);
    assert_int_equal(name_gate_use(&g, PLACE, 3000), 5);
    assert_int_equal(name_gate_use(&g, PLACE, 2999 + NAME_OPEN_MS), 5); // and is used
    assert_int_equal(name_gate_use(&g, PLACE, 2998 + 2 * (int64_t)NAME_OPEN_MS), 5);
    int64_t late = 2998 + 3 * (int64_t)NAME_OPEN_MS;
    assert_int_equal(name_gate_use(&g, PLACE, late), 0);
    name_gate_learn(&g, "b.example.org", 4, &b, late);
    assert_int_equal(name_gate_use(&g, PLACE, late), 4); // not what it was open to once
}

static void what_is_kept_is_bounded(void **state)
{
    (void)state;
    static struct name_gate g;
    struct name_addresses a = {.n = 1};
    memset(&g, 0, sizeof g);
    for (uint32_t i = 0; i < NAME_OPENED_MAX; i++) {
        a.v[0] = PLACE + i;
        name_gate_learn(&g, "a.example.org", 1, &a, 1000 + i);
    }
    assert_int_equal(name_gate_use(&g, PLACE, 2000), 1); // the first one was used last
    a.v[0] = PLACE + NAME_OPENED_MAX;
    name_gate_learn(&g, "a.example.org", 1, &a, 2001);
    assert_int_equal(name_gate_use(&g, PLACE, 2002), 1);
    assert_int_equal(name_gate_use(&g, PLACE + 1, 2002), 0);
    assert_int_equal(name_gate_use(&g, PLACE + NAME_OPENED_MAX, 2002), 1);
}

static void what_was_answered_is_known_for_seconds(void **state)
{
    (void)state;
    static struct name_gate g;
    struct name_addresses a = {.v = {PLACE}, .n = 1};
    char name[] = "aa.example.org";
    memset(&g, 0, sizeof g);
    assert_null(name_gate_known(&g, "", 0));
    name_gate_learn(&g, name, 1, &a, 1000);
    assert_int_equal(name_gate_known(&g, name, 999 + NAME_TTL_S * 1000)->v[0], PLACE);
    assert_null(name_gate_known(&g, name, 1000 + NAME_TTL_S * 1000));
    assert_null(name_gate_known(&g, "b.example.org", 1000));
    for (int i = 0; i < NAME_KNOWN_MAX; i++) {
        name[1] = (char)('b' + i % 20), name[0] = (char)('b' + i / 20);
        name_gate_learn(&g, name, 1, &a, 2000);
    }
    assert_null(name_gate_known(&g, "aa.example.org", 2000));
    assert_non_null(name_gate_known(&g, "bb.example.org", 2000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_question_is_read),
        cmocka_unit_test(nothing_else_is),
        cmocka_unit_test(it_is_answered_in_kind),
        cmocka_unit_test(the_longest_name_fits),
        cmocka_unit_test(an_answer_opens_its_addresses_for_a_while),
        cmocka_unit_test(what_is_kept_is_bounded),
        cmocka_unit_test(what_was_answered_is_known_for_seconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
