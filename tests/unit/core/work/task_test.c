// SPDX-License-Identifier: Apache-2.0
// Tasks: the exact names of the public API, which state may follow which, uuids both ways; boards against
// constraints.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/work/constraint.h"
#include "core/work/task.h"

static void every_state_parses_from_its_own_name_in_any_case(void **state)
{
    (void)state;
    enum task_state s;
    for (int i = 0; i < TASK_STATE_N; i++) {
        assert_true(task_state_parse(task_state_name((enum task_state)i), &s));
        assert_int_equal(s, i);
    }
    assert_true(task_state_parse("fullyexecuting", &s));
    assert_int_equal(s, TASK_FULLY_EXECUTING);
    assert_false(task_state_parse("Running", &s));
    assert_string_equal(task_state_name(TASK_STATE_N), "unknown");
}

static void an_ended_task_is_only_ever_deleted(void **state)
{
    (void)state;
    for (int from = 0; from < TASK_STATE_N; from++) {
        assert_false(task_state_may_follow((enum task_state)from, (enum task_state)from));
        assert_int_equal(task_state_may_follow((enum task_state)from, TASK_PENDING_DELETE),
                         from != TASK_PENDING_DELETE);
        if (!task_state_final((enum task_state)from))
            continue;
        for (int to = 0; to < TASK_PENDING_DELETE; to++)
            assert_false(task_state_may_follow((enum task_state)from, (enum task_state)to));
    }
}

static void states_are_skipped_and_move_back_on_a_retry(void **state)
{
    (void)state;
    assert_true(task_state_may_follow(TASK_SUBMITTED, TASK_FULLY_EXECUTING));
    assert_true(task_state_may_follow(TASK_FULLY_EXECUTING, TASK_PARTIALLY_DISPATCHED));
    assert_true(task_state_may_follow(TASK_UPLOADING_RESULTS, TASK_SUCCESS));
    assert_true(task_state_may_follow(TASK_FULLY_EXECUTING, TASK_PENDING_CANCEL));
    assert_true(task_state_may_follow(TASK_PENDING_CANCEL, TASK_CANCELLED));
    assert_false(task_state_may_follow(TASK_PENDING_CANCEL, TASK_SUCCESS));
    assert_false(task_state_may_follow(TASK_PENDING_CANCEL, TASK_SUBMITTED));
}

static void uuid_has_its_version_and_goes_both_ways(void **state)
{
    (void)state;
    uint8_t bytes[16], back[16];
    memset(bytes, 0xff, sizeof bytes);
    char text[UUID_TEXT_BYTES];
    uuid_format(text, bytes);
    assert_string_equal(text, "ffffffff-ffff-4fff-bfff-ffffffffffff");
    assert_true(uuid_parse("FFFFFFFF-FFFF-4FFF-BFFF-FFFFFFFFFFFF", back));
    assert_int_equal(back[6], 0x4f);
    assert_true(uuid_parse("00000000-0000-0000-0000-000000000000", back));
    assert_memory_equal(back, (uint8_t[16]){0}, sizeof back);
    static const char *const bad[] = {"",
                                      "ffffffff",
                                      "ffffffff-ffff-4fff-bfff-fffffffffff",
                                      "ffffffff-ffff-4fff-bfff-ffffffffffff0",
                                      "ffffffffffff-4fff-bfff-ffffffffffff-",
                                      "gfffffff-ffff-4fff-bfff-ffffffffffff"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(uuid_parse(bad[i], back));
}

// Kept in what customers have seen: it may never become another.
static void a_name_has_its_uuid_for_ever(void **state)
{
    (void)state;
    char a[UUID_TEXT_BYTES], b[UUID_TEXT_BYTES];
    uint8_t bytes[16];
    uuid_of_name(a, "site", "balard");
    assert_string_equal(a, "96113ada-fd6e-40ec-a242-68c133ce485e");
    assert_true(uuid_parse(a, bytes));
    uuid_of_name(b, "zone", "balard");
    assert_string_not_equal(a, b);
    uuid_of_name(b, "site", "balarc");
    assert_string_not_equal(a, b);
    uuid_of_name(b, "site", NULL);
    assert_string_equal(b, "00000000-0000-0000-0000-000000000000");
}

static void a_board_says_what_it_lacks(void **state)
{
    (void)state;
    const struct board_spec b = {
        .cores = 8, .memory_mb = 15000, .key = "8c-16g", .cpu_model = "AMD Ryzen 7 1700"};
    static const struct {
        struct constraint c;
        const char *lack;
    } row[] = {
        {{0}, ""},
        {{.cores_min = 8, .cores_max = 8, .memory_mb_min = 15000, .key = "8c", .cpu_model = "ryzen"}, ""},
        {{.cores_min = 16}, "8 cores where 16 are asked for"},
        {{.cores_max = 4}, "8 cores where at most 4 are asked for"},
        {{.memory_mb_min = 16000}, "15000 MB of memory where 16000 are asked for"},
        {{.memory_mb_max = 8000}, "15000 MB of memory where at most 8000 are asked for"},
        {{.mb_per_core_min = 1876}, "1875 MB per core where 1876 are asked for"},
        {{.mb_per_core_max = 1874}, "1875 MB per core where at most 1874 are asked for"},
        {{.gpu = WANT_YES}, "no GPU where one is asked for"},
        {{.ssd = WANT_YES}, "no SSD where one is asked for"},
        {{.gpu = WANT_NO, .ssd = WANT_NO}, ""},
        {{.key = "8C"}, "specification 8c-16g where 8C is asked for"},
        {{.cpu_model = "epyc"}, "processor AMD Ryzen 7 1700 where epyc is asked for"},
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        char why[160];
        constraint_lack(&row[i].c, &b, why, sizeof why);
        assert_string_equal(why, row[i].lack);
        assert_int_equal(constraint_holds(&row[i].c, &b), row[i].lack[0] == '\0');
    }
}

static void equal_constraints_have_equal_hashes_and_others_do_not(void **state)
{
    (void)state;
    struct constraint a, b;
    memset(&a, 0, sizeof a);
    memset(&b, 0xff, sizeof b); // other padding
    b = (struct constraint){.key = "x"};
    strcpy(a.key, "x");
    assert_true(constraint_hash(&a) == constraint_hash(&b));
    struct constraint swapped = {.cpu_model = "x"};
    assert_false(constraint_hash(&a) == constraint_hash(&swapped));
    a.gpu = WANT_NO;
    assert_false(constraint_hash(&a) == constraint_hash(&b));
}

// One that asks for nothing was once taken for another when the bytes between its members were not zero.
static void what_lies_between_the_members_of_a_constraint_asks_for_nothing(void **state)
{
    (void)state;
    struct constraint c;
    struct buf text = BUF_INIT(1024);
    memset(&c, 0xff, sizeof c);
    c.cores_min = c.cores_max = c.memory_mb_min = c.memory_mb_max = c.mb_per_core_min = c.mb_per_core_max = 0;
    c.gpu = c.ssd = WANT_ANY;
    c.key[0] = c.cpu_model[0] = '\0';
    assert_true(constraint_is_none(&c));
    assert_true(constraint_equal(&c, &(struct constraint){0}));
    assert_true(constraint_hash(&c) == constraint_hash(&(struct constraint){0}));
    constraint_format(&c, &text);
    assert_string_equal(buf_str(&text), "");
    buf_deinit(&text);
    c.ssd = WANT_NO;
    assert_false(constraint_is_none(&c));
}

static void constraints_survive_the_way_through_a_row(void **state)
{
    (void)state;
    struct constraint c = {
        .cores_min = 8, .memory_mb_max = 65536, .gpu = WANT_NO, .key = "8c", .cpu_model = "AMD Ryzen 7"};
    struct constraint back;
    struct buf text = BUF_INIT(1024);
    constraint_format(&c, &text);
    memset(&back, 0xff, sizeof back);
    assert_true(constraint_parse(buf_str(&text), &back));
    assert_true(constraint_hash(&c) == constraint_hash(&back));
    buf_clear(&text);
    constraint_format(&(struct constraint){0}, &text);
    assert_string_equal(buf_str(&text), "");
    assert_true(constraint_parse("", &back));
    assert_true(constraint_hash(&back) == constraint_hash(&(struct constraint){0}));
    assert_false(constraint_parse("8 0 0", &back));
    assert_false(constraint_parse("8 0 0 0 0 0 0 0|a", &back));
    assert_false(constraint_parse("8 0 0 0 0 0 0 -1|a|b", &back));
    buf_deinit(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_parses_from_its_own_name_in_any_case),
        cmocka_unit_test(an_ended_task_is_only_ever_deleted),
        cmocka_unit_test(states_are_skipped_and_move_back_on_a_retry),
        cmocka_unit_test(uuid_has_its_version_and_goes_both_ways),
        cmocka_unit_test(a_name_has_its_uuid_for_ever),
        cmocka_unit_test(a_board_says_what_it_lacks),
        cmocka_unit_test(what_lies_between_the_members_of_a_constraint_asks_for_nothing),
        cmocka_unit_test(constraints_survive_the_way_through_a_row),
        cmocka_unit_test(equal_constraints_have_equal_hashes_and_others_do_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
