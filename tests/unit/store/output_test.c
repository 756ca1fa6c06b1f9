// SPDX-License-Identifier: Apache-2.0
// Output and its cursors: nothing given twice, nothing lost, on every store.
#include "store_fixture.h"

#include "base/rng.h"

#define TASK 22

static void add(struct fixture *f, uint32_t instance, const char *text)
{
    struct change c = output_row(TASK, instance, 0, text);
    c.output.seq = ++f->seq;
    assert_ok(f, commit_one(f, c));
}

static int fresh(struct fixture *f, uint64_t account, int64_t instance, size_t max, struct buf *text)
{
    struct fresh_read r = {
        .account = account, .task = TASK, .instance = instance, .max_bytes = max, .text = text};
    buf_clear(text);
    return f->store.commit(f->store.ctx, f->epoch, NULL, 0, &r, 1, &f->err);
}

static void assert_fresh(struct fixture *f, uint64_t account, int64_t instance, size_t max,
                         const char *expected)
{
    struct buf text = BUF_INIT(1 << 20);
    assert_ok(f, fresh(f, account, instance, max, &text));
    assert_string_equal(buf_str(&text), expected);
    buf_deinit(&text);
}

static void assert_kept(struct fixture *f, int64_t instance, size_t max, const char *expected)
{
    struct buf text = BUF_INIT(max);
    assert_ok(f, f->reader.output(f->reader.ctx, TASK, 0, instance, &text, &f->err));
    assert_false(text.failed);
    assert_string_equal(buf_str(&text), expected);
    buf_deinit(&text);
}

static void the_aggregate_names_the_instance_of_every_line(void **state)
{
    struct fixture *f = *state;
    add(f, 0, "hello\nworld\n");
    add(f, 12, "a\n\nb\n");
    add(f, 123, "c\n");
    const char *all = " 0> hello\n 0> world\n12> a\n12> \n12> b\n123> c\n";
    assert_kept(f, -1, 1000, all);
    assert_kept(f, 12, 1000, "a\n\nb\n");
    assert_kept(f, 1, 1000, "");
    assert_fresh(f, 7, -1, 1000, all);
}

static void an_open_line_goes_on_for_its_instance_and_is_closed_for_another(void **state)
{
    struct fixture *f = *state;
    add(f, 0, "hel");
    add(f, 0, "lo");
    add(f, 1, "x\n");
    add(f, 0, "y");
    const char *all = " 0> hello\n 1> x\n 0> y";
    assert_kept(f, -1, 1000, all);
    assert_kept(f, 0, 1000, "helloy");
    assert_fresh(f, 7, -1, 1000, all);
    add(f, 1, "z\n"); // the open line is remembered between two reads
    assert_fresh(f, 7, -1, 1000, "\n 1> z\n");
}

static void cursors_are_independent_and_reading_all_moves_none(void **state)
{
    struct fixture *f = *state;
    add(f, 0, "a\n");
    assert_fresh(f, 7, 0, 1000, "a\n");
    assert_fresh(f, 7, 0, 1000, "");
    assert_kept(f, 0, 1000, "a\n");
    assert_fresh(f, 7, -1, 1000, " 0> a\n");
    assert_fresh(f, 8, 0, 1000, "a\n");
    add(f, 1, "b\n");
    assert_fresh(f, 7, 0, 1000, "");
    assert_fresh(f, 7, 1, 1000, "b\n");
    assert_fresh(f, 7, -1, 1000, " 1> b\n");
    struct change err = output_row(TASK, 0, 77, "oops\n");
    err.output.stream = 1;
    assert_ok(f, commit_one(f, err));
    assert_fresh(f, 7, -1, 1000, "");
}

static void output_and_its_first_read_may_share_a_batch(void **state)
{
    struct fixture *f = *state;
    struct buf text = BUF_INIT(1000);
    struct change c = output_row(TASK, 0, 1, "now\n");
    struct fresh_read r = {.account = 7, .task = TASK, .instance = 0, .max_bytes = 100, .text = &text};
    assert_ok(f, f->store.commit(f->store.ctx, f->epoch, &c, 1, &r, 1, &f->err));
    assert_string_equal(buf_str(&text), "now\n");
    buf_deinit(&text);
}

static void a_long_chunk_is_given_in_parts_that_join_to_the_whole(void **state)
{
    struct fixture *f = *state;
    struct rng rng;
    uint64_t seed = 20261121;
    rng_seed(&rng, seed);
    for (int i = 0; i < 60; i++) {
        struct buf chunk = BUF_INIT(4096);
        for (uint64_t n = 1 + rng_below(&rng, 200); n > 0; n--)
            buf_puts(&chunk, rng_below(&rng, 12) == 0  ? "\n"
                             : rng_below(&rng, 4) == 0 ? "\xe2\x82\xac"
                                                       : "x");
        if (rng_below(&rng, 3))
            buf_putc(&chunk, '\n');
        add(f, (uint32_t)rng_below(&rng, 3), buf_str(&chunk));
        buf_deinit(&chunk);
    }
    for (int64_t instance = -1; instance < 3; instance++) {
        struct buf whole = BUF_INIT(1 << 20), part = BUF_INIT(1 << 20), joined = BUF_INIT(1 << 20);
        assert_ok(f, f->reader.output(f->reader.ctx, TASK, 0, instance, &whole, &f->err));
        int reads = 0;
        do {
            assert_true(++reads < 5000); // a cursor that stands still
            size_t max = 24 + rng_below(&rng, 60);
            assert_ok(f, fresh(f, 7, instance, max, &part));
            assert_true(part.n <= max);
            assert_true(part.n == 0 || (part.v[0] & 0xc0) != 0x80); // no character is cut
            buf_put(&joined, buf_str(&part), part.n);
        } while (part.n > 0);
        if (strcmp(buf_str(&whole), buf_str(&joined)) != 0)
            print_error("seed %llu, instance %lld\n", (unsigned long long)seed, (long long)instance);
        assert_string_equal(buf_str(&whole), buf_str(&joined));
        buf_deinit(&whole);
        buf_deinit(&part);
        buf_deinit(&joined);
    }
}

static void a_read_too_small_for_a_prefix_is_refused(void **state)
{
    struct buf text = BUF_INIT(1000);
    assert_int_equal(fresh(*state, 7, -1, 10, &text), -EINVAL);
    buf_deinit(&text);
}

static void the_ring_drops_the_oldest_chunks_and_cursors_skip_them(void **state)
{
    struct fixture *f = *state;
    store_sqlite_ring(&f->real, 12);
    add(f, 1, "other\n"); // a ring of its own
    add(f, 0, "aaaa\n");
    assert_fresh(f, 7, 0, 1000, "aaaa\n");
    add(f, 0, "bbbb\n");
    assert_kept(f, 0, 1000, "aaaa\nbbbb\n");
    add(f, 0, "cccc\n");
    assert_kept(f, 0, 1000, "bbbb\ncccc\n");
    add(f, 0, "dddd\n");
    assert_fresh(f, 7, 0, 1000, "cccc\ndddd\n");
    assert_kept(f, -1, 1000, " 1> other\n 0> cccc\n 0> dddd\n");
    add(f, 0, "0123456789abcdef\n"); // longer than the ring: its end is kept
    assert_kept(f, 0, 1000, "56789abcdef\n");
    assert_fresh(f, 7, 0, 1000, "56789abcdef\n");
}

static void what_is_more_than_the_buffer_holds_is_given_from_the_newest_chunks(void **state)
{
    struct fixture *f = *state;
    add(f, 0, "aaaa\n");
    add(f, 1, "bbbb\n");
    add(f, 0, "cccc\n");
    assert_kept(f, -1, 25, " 1> bbbb\n 0> cccc\n");
    assert_kept(f, 0, 9, "cccc\n");
    assert_kept(f, 0, 4, "");
}

// ---- attempts

static void add_by(struct fixture *f, uint32_t instance, uint32_t attempt, const char *text)
{
    struct change c = output_row(TASK, instance, 0, text);
    c.output.seq = ++f->seq;
    c.output.attempt = attempt;
    assert_ok(f, commit_one(f, c));
}

static void end_attempt(struct fixture *f, uint32_t instance, uint32_t attempt, enum attempt_end end,
                        int64_t started_ms)
{
    struct change c = {.kind = CHANGE_ATTEMPT,
                       .attempt = {.task = TASK,
                                   .lease = attempt,
                                   .instance = instance,
                                   .attempt = attempt,
                                   .end = (uint8_t)end,
                                   .started_ms = started_ms,
                                   .exit_code = -1,
                                   .signal = -1,
                                   .board = "b",
                                   .spec_key = "k",
                                   .cpu_model = "m",
                                   .node = "n",
                                   .code = "",
                                   .message = ""}};
    assert_ok(f, commit_one(f, c));
}

static void run_attempt(struct fixture *f, uint64_t lease, uint32_t instance, uint32_t attempt,
                        int64_t started_ms)
{
    struct change c = {
        .kind = CHANGE_LEASE,
        .lease = {
            .id = lease, .task = TASK, .instance = instance, .attempt = attempt, .started_ms = started_ms}};
    assert_ok(f, commit_one(f, c));
}

// Of a lost instance the stream once had the lost attempt's rows and then the same rows of its retry.
static void what_a_lost_attempt_printed_gives_way_when_the_next_one_has_started(void **state)
{
    struct fixture *f = *state;
    static const enum attempt_end ends[] = {ATTEMPT_LOST, ATTEMPT_PREEMPTED};
    for (uint32_t i = 0; i < ARRAY_LEN(ends); i++) {
        add_by(f, i, 1, "one\ntw");
        assert_kept(f, i, 1000, "one\ntw");
        end_attempt(f, i, 1, ends[i], 5);
        assert_kept(f, i, 1000, "one\ntw"); // it is all there is
        run_attempt(f, 100 + i, i, 2, -1);
        assert_kept(f, i, 1000, "one\ntw"); // the next one has not started
        run_attempt(f, 100 + i, i, 2, 9);
        assert_kept(f, i, 1000, "");
        add_by(f, i, 2, "one\n");
        assert_kept(f, i, 1000, "one\n");
        assert_ok(f, commit_one(f, (struct change){.kind = CHANGE_LEASE_GONE, .gone = 100 + i}));
        end_attempt(f, i, 2, ATTEMPT_SUCCESS, 9);
        assert_kept(f, i, 1000, "one\n");
    }
    assert_kept(f, -1, 1000, " 0> one\n 1> one\n");
    assert_fresh(f, 7, -1, 1000, " 0> one\n 1> one\n"); // nobody had read it before
}

static void what_a_failed_attempt_printed_stays_before_its_retry(void **state)
{
    struct fixture *f = *state;
    add_by(f, 3, 1, "cannot divide\n");
    end_attempt(f, 3, 1, ATTEMPT_FAILURE, 5);
    run_attempt(f, 100, 3, 2, 9);
    add_by(f, 3, 2, "42\n");
    assert_kept(f, 3, 1000, "cannot divide\n42\n");
    assert_kept(f, -1, 1000, " 3> cannot divide\n 3> 42\n");
}

static void an_attempt_that_never_started_takes_nothing_away(void **state)
{
    struct fixture *f = *state;
    add_by(f, 3, 1, "one\n");
    end_attempt(f, 3, 1, ATTEMPT_LOST, 5);
    end_attempt(f, 3, 2, ATTEMPT_PREEMPTED, -1);
    assert_kept(f, 3, 1000, "one\n");
    end_attempt(f, 3, 3, ATTEMPT_CANCELLED,
                8); // started, said nothing, was aborted: the last execution is what counts
    assert_kept(f, 3, 1000, "");
}

static void what_was_given_of_a_lost_attempt_is_followed_by_the_retry_on_a_line_of_its_own(void **state)
{
    struct fixture *f = *state;
    add_by(f, 3, 1, "one\ntw");
    assert_fresh(f, 7, -1, 1000, " 3> one\n 3> tw");
    assert_fresh(f, 7, 3, 1000, "one\ntw");
    add_by(f, 3, 1, "o\nthree\n"); // not given before it was lost: never given
    end_attempt(f, 3, 1, ATTEMPT_LOST, 5);
    run_attempt(f, 100, 3, 2, 9);
    assert_fresh(f, 7, -1, 1000, "");
    add_by(f, 3, 2, "one\n");
    assert_fresh(f, 7, -1, 1000, "\n 3> one\n");
    assert_fresh(f, 7, 3, 1000, "one\n");
    assert_kept(f, -1, 1000, " 3> one\n");
}

static void a_report_is_kept_once(void **state)
{
    struct fixture *f = *state;
    struct change c = output_row(TASK, 0, 5, "a\n"), other = output_row(TASK, 0, 5, "b\n");
    assert_ok(f, commit(f, (struct change[]){c, c}, 2));
    assert_kept(f, 0, 100, "a\n");
    assert_int_equal(commit_one(f, other), -EEXIST);
    other = c;
    other.output.instance = 1;
    assert_int_equal(commit_one(f, other), -EEXIST);
    other.output.epoch = 2;
    assert_ok(f, commit_one(f, other));
}

static void bytes_that_are_no_text_come_back_as_they_were(void **state)
{
    struct fixture *f = *state;
    struct change c = output_row(TASK, 0, 5, "");
    c.output.data = "\0\xff\x80\n\0";
    c.output.n = 5;
    assert_ok(f, commit_one(f, c));
    struct buf text = BUF_INIT(100);
    assert_ok(f, fresh(f, 7, 0, 100, &text));
    assert_int_equal(text.n, 5);
    assert_memory_equal(text.v, c.output.data, 5);
    c.output.n = 0; // an empty chunk is no trouble
    c.output.seq++;
    assert_ok(f, commit_one(f, c));
    assert_fresh(f, 7, 0, 100, "");
    struct buf all = BUF_INIT(100);
    assert_ok(f, fresh(f, 7, -1, 100, &all));
    assert_int_equal(all.n, 13);
    assert_memory_equal(all.v, " 0> \0\xff\x80\n 0> \0", 13);
    buf_deinit(&all);
    buf_deinit(&text);
}

static void a_commit_that_failed_before_gives_the_text_again_and_one_that_failed_after_does_not(void **state)
{
    struct fixture *f = *state;
    struct buf text = BUF_INIT(1000);
    add(f, 0, "one\n");
    f->plan = (struct fault_plan){.countdown = 0, .times = 1, .code = -ENOSPC};
    assert_int_equal(fresh(f, 7, 0, 100, &text), -ENOSPC);
    assert_int_equal(text.n, 0);
    assert_fresh(f, 7, 0, 100, "one\n");
    add(f, 0, "two\n");
    f->plan = (struct fault_plan){.countdown = 1, .times = 2, .code = -EIO, .took_effect = true};
    assert_fresh(f, 8, 0, 100, "one\ntwo\n");
    assert_int_equal(fresh(f, 7, 0, 100, &text), -EIO); // the crash between commit and acknowledgement
    assert_int_equal(text.n, 0);
    assert_int_equal(commit_one(f, task_row(f, 1, 7)), -EIO);
    assert_int_equal(f->plan.failed, 2);
    assert_fresh(f, 7, 0, 100, "");
    int64_t n;
    assert_ok(f, f->reader.task_count(f->reader.ctx, 7, &n, &f->err));
    assert_int_equal(n, 1);
    buf_deinit(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_EACH(the_aggregate_names_the_instance_of_every_line),
        ON_EACH(an_open_line_goes_on_for_its_instance_and_is_closed_for_another),
        ON_EACH(cursors_are_independent_and_reading_all_moves_none),
        ON_EACH(output_and_its_first_read_may_share_a_batch),
        ON_EACH(a_long_chunk_is_given_in_parts_that_join_to_the_whole),
        ON_EACH(a_read_too_small_for_a_prefix_is_refused),
        ON_EACH(the_ring_drops_the_oldest_chunks_and_cursors_skip_them),
        ON_EACH(what_is_more_than_the_buffer_holds_is_given_from_the_newest_chunks),
        ON_EACH(what_a_lost_attempt_printed_gives_way_when_the_next_one_has_started),
        ON_EACH(what_a_failed_attempt_printed_stays_before_its_retry),
        ON_EACH(an_attempt_that_never_started_takes_nothing_away),
        ON_EACH(what_was_given_of_a_lost_attempt_is_followed_by_the_retry_on_a_line_of_its_own),
        ON_EACH(a_report_is_kept_once),
        ON_EACH(bytes_that_are_no_text_come_back_as_they_were),
        {"a commit that failed before gives the text again and one that failed after does not",
         a_commit_that_failed_before_gives_the_text_again_and_one_that_failed_after_does_not, on_faulty,
         close_fixture, NULL},
    };
    return cmocka_run_group_tests_name("output", tests, NULL, NULL);
}
