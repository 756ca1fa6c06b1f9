// SPDX-License-Identifier: Apache-2.0
// The ledger's open cells: one per key and hour, given out once per change, forgotten when their hour is
// over.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/mem.h"
#include "core/ledger/ledger.h"

#define H LEDGER_HOUR_MS

static struct ledger_chain *no_board(void *ctx, uint64_t board)
{
    (void)ctx, (void)board;
    return NULL;
}

static const struct ledger_chains no_boards = {no_board, NULL};

// A ledger and boards 1..BOARDS with their chains.
#define BOARDS 100
struct fleet {
    struct ledger l;
    struct ledger_chain cells[BOARDS + 1];
};

static struct ledger_chain *cells_of(void *ctx, uint64_t board)
{
    struct fleet *f = ctx;
    return board <= BOARDS ? &f->cells[board] : NULL;
}

static struct ledger_work *own(struct fleet *f, int64_t at_ms, uint64_t board, enum activity activity)
{
    return ledger_board_cell(&f->l, HOUSE_MS(at_ms), board, &f->cells[board], activity);
}

static void write_all(struct ledger *l)
{
    while (ledger_take_work(l))
        continue;
}

static void forget(struct fleet *f, int64_t now_ms)
{
    write_all(&f->l);
    ledger_forget(&f->l, HOUSE_MS(now_ms), (struct ledger_chains){cells_of, f});
}

static void a_key_has_one_cell_per_hour(void **state)
{
    (void)state;
    struct ledger l;
    ledger_init(&l, HOUSE_MS(0));
    ledger_task_cell(&l, HOUSE_MS(10), 1, ACTIVITY_FLEX, 2, 3)->energy_mj += 5;
    ledger_task_cell(&l, HOUSE_MS(H - 1), 1, ACTIVITY_FLEX, 2, 3)->energy_mj += 6;
    ledger_task_cell(&l, HOUSE_MS(H), 1, ACTIVITY_FLEX, 2, 3)->energy_mj += 7;
    ledger_task_cell(&l, HOUSE_MS(10), 1, ACTIVITY_ONDEMAND, 2, 3)->energy_mj += 8;
    assert_int_equal(l.n_work, 3);
    assert_int_equal(ledger_task_cell(&l, HOUSE_MS(0), 1, ACTIVITY_FLEX, 2, 3)->energy_mj, 11);
    ledger_deinit(&l);
}

static void a_changed_cell_is_given_once_until_it_changes_again(void **state)
{
    (void)state;
    struct ledger l;
    ledger_init(&l, HOUSE_MS(0));
    for (int i = 0; i < 3; i++)
        ledger_task_cell(&l, HOUSE_MS(0), 1, ACTIVITY_FLEX, 2, 3)->energy_mj++;
    ledger_zone_cell(&l, HOUSE_MS(0), 9)->asked_mj = 4;
    const struct ledger_work *w = ledger_take_work(&l);
    assert_non_null(w);
    assert_int_equal(w->energy_mj, 3);
    assert_null(ledger_take_work(&l));
    assert_int_equal(ledger_take_zone(&l)->asked_mj, 4);
    assert_null(ledger_take_zone(&l));
    ledger_task_cell(&l, HOUSE_MS(0), 1, ACTIVITY_FLEX, 2, 3)->energy_mj++;
    assert_int_equal(ledger_take_work(&l)->energy_mj, 4);
    assert_null(ledger_take_work(&l));
    ledger_deinit(&l);
}

static void a_cell_cleaned_by_its_owner_is_not_given(void **state)
{
    (void)state;
    struct ledger l;
    ledger_init(&l, HOUSE_MS(0));
    ledger_task_cell(&l, HOUSE_MS(0), 1, ACTIVITY_FLEX, 2, 3)->dirty = false;
    assert_null(ledger_take_work(&l));
    ledger_task_cell(&l, HOUSE_MS(0), 1, ACTIVITY_FLEX, 2, 3)->energy_mj = 1;
    assert_non_null(ledger_take_work(&l));
    assert_null(ledger_take_work(&l));
    ledger_deinit(&l);
}

static void cells_of_past_hours_are_forgotten_once_written(void **state)
{
    (void)state;
    struct ledger l;
    ledger_init(&l, HOUSE_MS(0));
    for (uint64_t b = 1; b <= 100; b++)
        ledger_task_cell(&l, HOUSE_MS(0), b, ACTIVITY_FLEX, 2, 3);
    ledger_task_cell(&l, HOUSE_MS(H), 1, ACTIVITY_FLEX, 2, 3)->energy_mj = 42;
    ledger_forget(&l, HOUSE_MS(H + 5), no_boards);
    assert_int_equal(l.n_work, 101); // not written yet
    write_all(&l);
    ledger_forget(&l, HOUSE_MS(H + 5), no_boards);
    assert_int_equal(l.n_work, 1);
    assert_int_equal(ledger_task_cell(&l, HOUSE_MS(H), 1, ACTIVITY_FLEX, 2, 3)->energy_mj, 42);
    assert_non_null(ledger_take_work(&l)); // the lists moved with their cells
    assert_null(ledger_take_work(&l));
    ledger_deinit(&l);
}

static void what_is_late_is_booked_whole_in_the_oldest_open_hour(void **state)
{
    (void)state;
    struct ledger l;
    ledger_init(&l, HOUSE_MS(5 * H + 7));
    assert_int_equal(ledger_task_cell(&l, HOUSE_MS(2 * H), 1, ACTIVITY_FLEX, 2, 3)->hour_ms, 5 * H);
    assert_int_equal(ledger_zone_cell(&l, HOUSE_MS(-7), 1)->hour_ms, 5 * H);
    ledger_deinit(&l);
}

// ---- a board's own cells

static void cells_of_a_board_are_its_own_however_boards_take_turns(void **state)
{
    (void)state;
    static struct fleet f;
    ledger_init(&f.l, HOUSE_MS(0));
    static const enum activity what[] = {ACTIVITY_IDLE, ACTIVITY_FILLER, ACTIVITY_UNATTRIBUTED};
    for (int turn = 0; turn < 3; turn++)
        for (int64_t hour = 0; hour < 2; hour++)
            for (size_t a = 0; a < ARRAY_LEN(what); a++)
                for (uint64_t b = 1; b <= 2; b++)
                    own(&f, hour * H + turn, b, what[a])->energy_mj += (int64_t)(b * 100 + a * 10) + hour;
    ledger_task_cell(&f.l, HOUSE_MS(0), 1, ACTIVITY_IDLE, 7, 3)->energy_mj = -1; // of a task: another one
    assert_int_equal(f.l.n_work, 13);
    for (int64_t hour = 0; hour < 2; hour++)
        for (size_t a = 0; a < ARRAY_LEN(what); a++)
            for (uint64_t b = 1; b <= 2; b++) {
                const struct ledger_work *c = own(&f, hour * H, b, what[a]);
                assert_int_equal(c->energy_mj, 3 * ((int64_t)(b * 100 + a * 10) + hour));
                assert_int_equal(c->board, b);
                assert_int_equal(c->hour_ms, hour * H);
                assert_int_equal(c->activity, what[a]);
                assert_null(ledger_billed(&f.l, c));
            }
    assert_int_equal(f.l.n_work, 13);
    ledger_deinit(&f.l);
}

// Every second board has cells in the new hour; cells that stay move before those of boards that had others.
static void chains_are_right_after_cells_were_forgotten(void **state)
{
    (void)state;
    static struct fleet f;
    ledger_init(&f.l, HOUSE_MS(0));
    for (uint64_t b = 1; b <= BOARDS; b++) {
        own(&f, 0, b, ACTIVITY_IDLE)->energy_mj = 1;
        if (b % 2)
            own(&f, H, b, ACTIVITY_IDLE)->energy_mj = (int64_t)b;
        own(&f, 0, b, ACTIVITY_UNATTRIBUTED)->energy_mj = 2;
        if (b % 2)
            own(&f, H, b, ACTIVITY_FILLER)->energy_mj = (int64_t)b * 1000;
    }
    forget(&f, H);
    assert_int_equal(f.l.n_work, BOARDS);
    for (uint64_t b = BOARDS; b > 0; b--) {
        assert_int_equal(own(&f, H, b, ACTIVITY_IDLE)->energy_mj, b % 2 ? b : 0);
        assert_int_equal(own(&f, H, b, ACTIVITY_FILLER)->energy_mj, b % 2 ? b * 1000 : 0);
        assert_int_equal(own(&f, H, b, ACTIVITY_UNATTRIBUTED)->energy_mj, 0);
        assert_int_equal(own(&f, H, b, ACTIVITY_FILLER)->board, b);
    }
    assert_int_equal(f.l.n_work, 3 * BOARDS);
    ledger_deinit(&f.l);
}

// A board that had no cell for hours comes back when others', and cells of tasks of its own, are where its first was.
static void a_chain_whose_cells_are_gone_is_empty(void **state)
{
    (void)state;
    static struct fleet f;
    ledger_init(&f.l, HOUSE_MS(0));
    own(&f, 0, 1, ACTIVITY_IDLE)->energy_mj = 1;
    own(&f, 0, 2, ACTIVITY_IDLE)->energy_mj = 2;
    forget(&f, H);
    assert_int_equal(f.l.n_work, 0);
    assert_int_equal(own(&f, H, 2, ACTIVITY_IDLE)->energy_mj, 0); // where board 1 began
    own(&f, H, 2, ACTIVITY_IDLE)->energy_mj = 20;
    assert_int_equal(own(&f, H, 1, ACTIVITY_IDLE)->energy_mj, 0);
    own(&f, H, 1, ACTIVITY_IDLE)->energy_mj = 10;
    assert_int_equal(own(&f, H, 2, ACTIVITY_IDLE)->energy_mj, 20);
    forget(&f, 2 * H);
    for (int i = 0; i < 3; i++)
        ledger_task_cell(&f.l, HOUSE_MS(2 * H), 1, ACTIVITY_FLEX, (uint64_t)i + 7, 3)->energy_mj = 5;
    assert_int_equal(own(&f, 2 * H, 1, ACTIVITY_FLEX)->energy_mj, 0);
    assert_int_equal(own(&f, 2 * H, 2, ACTIVITY_FLEX)->energy_mj, 0);
    assert_int_equal(f.l.n_work, 5);
    ledger_deinit(&f.l);
}

static void what_is_late_is_in_the_chain_too(void **state)
{
    (void)state;
    static struct fleet f;
    ledger_init(&f.l, HOUSE_MS(5 * H));
    own(&f, 5 * H, 1, ACTIVITY_IDLE)->energy_mj += 1;
    own(&f, 6 * H, 1, ACTIVITY_IDLE)->energy_mj += 2;
    own(&f, 2 * H, 1, ACTIVITY_IDLE)->energy_mj += 4;
    assert_int_equal(own(&f, 5 * H, 1, ACTIVITY_IDLE)->energy_mj, 5);
    forget(&f, 6 * H);
    own(&f, 5 * H, 1, ACTIVITY_IDLE)->energy_mj += 8;
    assert_int_equal(own(&f, 6 * H, 1, ACTIVITY_IDLE)->energy_mj, 10);
    assert_int_equal(f.l.n_work, 1);
    ledger_deinit(&f.l);
}

static void cells_that_stay_keep_all_they_have_and_are_not_written_again(void **state)
{
    (void)state;
    static struct fleet f;
    ledger_init(&f.l, HOUSE_MS(0));
    ledger_task_cell(&f.l, HOUSE_MS(0), 1, ACTIVITY_FLEX, 9, 3);
    struct ledger_work *c = ledger_task_cell(&f.l, HOUSE_MS(H), 1, ACTIVITY_FLEX, 2, 3);
    c->energy_mj = 4;
    c->ms = 5;
    *ledger_billed(&f.l, c) = (struct ledger_billed){2, 3, 6, 7, 8};
    own(&f, H, 1, ACTIVITY_DONATED)->ms = 11;
    own(&f, H, 1, ACTIVITY_IDLE)->energy_mj = 12;
    ledger_board_cell(&f.l, HOUSE_MS(H), BOARDS + 1, NULL, ACTIVITY_IDLE)->energy_mj =
        13; // of no known board
    forget(&f, H);
    assert_null(ledger_take_work(&f.l));
    assert_int_equal(f.l.n_work, 4);
    assert_int_equal(f.l.n_billed, 1);
    c = ledger_task_cell(&f.l, HOUSE_MS(H), 1, ACTIVITY_FLEX, 2, 0);
    const struct ledger_billed *b = ledger_billed(&f.l, c);
    assert_int_equal(c->energy_mj, 4);
    assert_int_equal(c->ms, 5);
    assert_int_equal(b->task, 2);
    assert_int_equal(b->account, 3);
    assert_int_equal(b->project, 6);
    assert_int_equal(b->core_ms, 7);
    assert_int_equal(b->cost_neur, 8);
    assert_int_equal(own(&f, H, 1, ACTIVITY_DONATED)->ms, 11);
    assert_int_equal(own(&f, H, 1, ACTIVITY_IDLE)->energy_mj, 12);
    assert_int_equal(f.l.work[3].energy_mj, 13);
    assert_int_equal(f.l.n_work, 4);
    ledger_deinit(&f.l);
}

// If each were looked for among all others, this would take minutes.
static void any_number_of_tasks_can_be_given_back_in_an_hour(void **state)
{
    (void)state;
    static struct fleet f;
    ledger_init(&f.l, HOUSE_MS(0));
    for (uint64_t t = 1; t <= 300000; t++)
        ledger_billed(&f.l, ledger_task_cell(&f.l, HOUSE_MS(H), 0, ACTIVITY_FLEX, t, 3))->cost_neur =
            -(int64_t)t;
    forget(&f, H);
    for (uint64_t t = 300000; t > 0; t--) {
        struct ledger_work *c = ledger_task_cell(&f.l, HOUSE_MS(H), 0, ACTIVITY_FLEX, t, 3);
        assert_int_equal(ledger_billed(&f.l, c)->cost_neur, -(int64_t)t);
    }
    assert_int_equal(f.l.n_work, 300000);
    ledger_deinit(&f.l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_has_one_cell_per_hour),
        cmocka_unit_test(a_changed_cell_is_given_once_until_it_changes_again),
        cmocka_unit_test(a_cell_cleaned_by_its_owner_is_not_given),
        cmocka_unit_test(cells_of_past_hours_are_forgotten_once_written),
        cmocka_unit_test(what_is_late_is_booked_whole_in_the_oldest_open_hour),
        cmocka_unit_test(cells_of_a_board_are_its_own_however_boards_take_turns),
        cmocka_unit_test(chains_are_right_after_cells_were_forgotten),
        cmocka_unit_test(a_chain_whose_cells_are_gone_is_empty),
        cmocka_unit_test(what_is_late_is_in_the_chain_too),
        cmocka_unit_test(cells_that_stay_keep_all_they_have_and_are_not_written_again),
        cmocka_unit_test(any_number_of_tasks_can_be_given_back_in_an_hour),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
