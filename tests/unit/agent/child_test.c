// SPDX-License-Identifier: Apache-2.0
// Processes of the agent's own program: what they are handed, what they say, how they end. This program is
// started again as one of them.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/child.h"

#define AS_TALKER "--as-talker" // says what it is handed, and over its socket, and ends with 7
#define AS_ADDER  "--as-adder"  // says the sum of the numbers it is told, and ends with it at a 0
#define AS_DEAF   "--as-deaf"   // reads nothing and ends at once
#define AS_SLOW   "--as-slow"   // says one line and stays

struct heard {
    struct child *child;
    char text[8192];
    int lines, ends, signal;
    int64_t status;
    bool hush_first; // after the first line
};

static void on_line(void *ctx, const char *line)
{
    struct heard *h = ctx;
    assert_int_equal(h->ends, 0); // nothing comes after the end
    h->lines++;
    snprintf(h->text + strlen(h->text), sizeof h->text - strlen(h->text), "%.40s|", line);
    if (h->hush_first)
        child_hush(h->child);
}

static void on_end(void *ctx, int64_t status, int signal)
{
    struct heard *h = ctx;
    h->ends++;
    h->status = status;
    h->signal = signal;
    h->child = NULL;
}

static void start(uv_loop_t *loop, struct heard *h, const char *option, json_t *task, int socket)
{
    struct err e = ERR_NULL;
    assert_int_equal(uv_loop_init(loop), 0);
    h->child = child_start(
        loop,
        &(struct child_spec){
            .option = option, .task = task, .socket = socket, .ctx = h, .line = on_line, .ended = on_end},
        &e);
    assert_non_null(h->child);
}

static void run(uv_loop_t *loop)
{
    uv_run(loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(loop), 0); // every handle was closed
}

static void it_is_handed_its_task_and_heard_to_the_end(void **state)
{
    (void)state;
    uv_loop_t loop;
    struct heard h = {0};
    int pair[2];
    char byte = 0;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    start(&loop, &h, AS_TALKER, json_pack("{s:s}", "word", "hello"), pair[1]);
    close(pair[1]);
    run(&loop);
    assert_string_equal(h.text, "hello|bound|last words|");
    assert_int_equal(h.ends, 1);
    assert_int_equal(h.status, 7);
    assert_int_equal(read(pair[0], &byte, 1), 1);
    assert_int_equal(byte, 's');
    close(pair[0]);
}

static void it_is_told_more_while_its_input_is_open(void **state)
{
    (void)state;
    uv_loop_t loop;
    struct heard h = {0};
    start(&loop, &h, AS_ADDER, NULL, -1);
    child_say(h.child, "20\n");
    child_say(h.child, "22\n");
    child_say(h.child, "0\n");
    run(&loop);
    assert_int_equal(h.status, 42);
    assert_int_equal(h.lines, 2);
}

static void one_that_does_not_read_ends_as_others_do(void **state)
{
    (void)state;
    uv_loop_t loop;
    struct heard h = {0};
    char *large = malloc(1 << 20);
    memset(large, 'x', (1 << 20) - 1);
    large[(1 << 20) - 1] = '\0';
    start(&loop, &h, AS_DEAF, json_pack("{s:s}", "large", large), -1);
    free(large);
    run(&loop);
    assert_int_equal(h.ends, 1);
    assert_int_equal(h.status, 3);
}

static void it_can_be_killed_and_hushed(void **state)
{
    (void)state;
    for (int hush = 0; hush < 2; hush++) {
        uv_loop_t loop;
        struct heard h = {.hush_first = hush};
        start(&loop, &h, AS_SLOW, NULL, -1);
        while (!h.lines)
            uv_run(&loop, UV_RUN_ONCE);
        assert_int_equal(h.ends, 0);
        assert_true(child_pid(h.child) > 0);
        child_signal(h.child, SIGKILL);
        run(&loop);
        assert_int_equal(h.ends, 1);
        assert_int_equal(h.signal, SIGKILL);
        assert_int_equal(h.lines, 1);
    }
}

static void what_cannot_be_handed_over_begins_nothing(void **state)
{
    (void)state;
    uv_loop_t loop;
    struct heard h = {0};
    struct err e = ERR_NULL;
    json_t *task = json_object(), *inner = json_object();
    json_object_set(inner, "inner", task); // it holds itself: there is no text for it
    json_object_set(task, "inner", inner);
    uv_loop_init(&loop);
    const struct child_spec spec = {.option = AS_TALKER,
                                    .task = json_incref(task),
                                    .socket = -1,
                                    .ctx = &h,
                                    .line = on_line,
                                    .ended = on_end};
    assert_null(child_start(&loop, &spec, &e));
    assert_true(e.code < 0 && e.text[0]);
    run(&loop);
    assert_int_equal(h.ends + h.lines, 0);
    json_object_clear(inner);
    json_decref(inner);
    json_decref(task);
}

static int as_talker(void)
{
    json_t *task = child_task();
    const char *word = json_string_value(json_object_get(task, "word"));
    printf("%s\n", word ? word : "nothing");
    printf("%s\n", child_bind(task) ? "bound" : "alone");
    printf("last words\n");
    json_decref(task);
    return write(CHILD_SOCKET, "s", 1) == 1 ? 7 : 8;
}

static int as_adder(void)
{
    int sum = 0, v;
    while (scanf("%d", &v) == 1 && v > 0) {
        sum += v;
        printf("%d\n", sum);
    }
    return sum;
}

int main(int argc, char **argv)
{
    if (argc == 2 && !strcmp(argv[1], AS_TALKER))
        return as_talker();
    if (argc == 2 && !strcmp(argv[1], AS_ADDER))
        return as_adder();
    if (argc == 2 && !strcmp(argv[1], AS_DEAF))
        return 3;
    if (argc == 2 && !strcmp(argv[1], AS_SLOW)) {
        printf("here\n");
        fflush(stdout);
        return (int)pause();
    }
    signal(SIGPIPE, SIG_IGN); // as the agent does
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_handed_its_task_and_heard_to_the_end),
        cmocka_unit_test(it_is_told_more_while_its_input_is_open),
        cmocka_unit_test(one_that_does_not_read_ends_as_others_do),
        cmocka_unit_test(it_can_be_killed_and_hushed),
        cmocka_unit_test(what_cannot_be_handed_over_begins_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
