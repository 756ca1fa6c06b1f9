// SPDX-License-Identifier: Apache-2.0
// Somebody else's storage that is broken or means harm: the server's threads come back from it, and a server that
// is told to end does.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/outside.h"

// One call after the other; it answers as `says`, or not at all.
struct evil {
    int fd;
    char url[64];
    const char *says; // NULL: nothing, until the caller is gone
    int waits_us;     // before it does
    atomic_int asked;
    pthread_t thread;
};

static const char list_without_end[] =
    "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>"
    "<Contents><Key>7.0/a</Key><Size>1</Size></Contents></ListBucketResult>";

// False: nothing more comes.
static bool read_head(int fd)
{
    char text[4096];
    size_t n = 0;
    for (ssize_t got; n + 1 < sizeof text && (got = read(fd, text + n, sizeof text - 1 - n)) > 0;) {
        text[n += (size_t)got] = '\0';
        if (strstr(text, "\r\n\r\n"))
            return true;
    }
    return false;
}

static void *serve(void *arg)
{
    struct evil *v = arg;
    for (int fd; (fd = accept(v->fd, NULL, NULL)) >= 0; close(fd)) {
        char answer[512];
        bool more = read_head(fd);
        v->asked += more;
        usleep((useconds_t)v->waits_us);
        while (more && !v->says)
            more = read_head(fd);
        int n = snprintf(answer, sizeof answer,
                         "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%s",
                         more ? strlen(v->says) : 0, more ? v->says : "");
        if (more && write(fd, answer, (size_t)n) != n)
            continue;
    }
    return NULL;
}

static void evil_start(struct evil *v, const char *says, int waits_us)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    *v = (struct evil){
        .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), .says = says, .waits_us = waits_us};
    assert_int_equal(bind(v->fd, (struct sockaddr *)&at, n), 0);
    assert_int_equal(listen(v->fd, 16), 0);
    assert_int_equal(getsockname(v->fd, (struct sockaddr *)&at, &n), 0);
    snprintf(v->url, sizeof v->url, "http://127.0.0.1:%d", ntohs(at.sin_port));
    assert_int_equal(pthread_create(&v->thread, NULL, serve, v), 0);
}

static void evil_stop(struct evil *v)
{
    shutdown(v->fd, SHUT_RDWR);
    pthread_join(v->thread, NULL);
    close(v->fd);
}

static int is_there(void *ctx, uint64_t lease)
{
    (void)ctx, (void)lease;
    return 1;
}

static struct outside *start(const struct evil *v)
{
    struct outside *o = NULL;
    struct err e = ERR_NULL;
    const struct outside_config cfg = {.at = {.url = v->url,
                                              .region = "here",
                                              .access_key = "operator",
                                              .secret = "secret of the operator",
                                              .prefix = "ondol-{account}-",
                                              .staging = "ondol-staging"},
                                       .patience_ms = 1000000,
                                       .sweep_ms = 1,
                                       .slow_ms = v->waits_us ? 1 : 0,
                                       .lease_is_there = is_there};
    if (outside_start(&o, &cfg, &e) < 0)
        fail_msg("%s", e.text);
    return o;
}

// Each page told of one more: the thread was there for ever, with ever more names, and the server never ended.
static void a_list_without_end_is_left(void **state)
{
    struct evil v;
    (void)state;
    evil_start(&v, list_without_end, 0);
    struct outside *o = start(&v);
    outside_discard(o, 7);
    while (v.asked < 20)
        usleep(1000);
    outside_stop(o);
    evil_stop(&v);
}

// The server ended a minute later, when the call was given up.
static void a_storage_that_says_nothing_holds_up_no_end(void **state)
{
    struct evil v;
    (void)state;
    evil_start(&v, NULL, 0);
    struct outside *o = start(&v);
    outside_discard(o, 7);
    while (v.asked < 1)
        usleep(1000);
    outside_stop(o);
    evil_stop(&v);
}

// A bucket for each call, each looked for in three seconds: nobody else was answered for as long as that went on.
static void a_slow_storage_is_left_in_peace(void **state)
{
    struct evil v;
    struct err e = ERR_NULL;
    (void)state;
    evil_start(&v, "", 20000);
    struct outside *o = start(&v);
    assert_int_equal(outside_bucket(o, 1, "one", true, &e), 0);
    assert_int_equal(outside_bucket(o, 1, "one", true, &e), 0); // is known
    assert_int_equal(outside_bucket(o, 1, "two", true, &e), -EAGAIN);
    assert_non_null(strstr(e.text, " ms to answer"));
    outside_stop(o);
    evil_stop(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_without_end_is_left),
        cmocka_unit_test(a_storage_that_says_nothing_holds_up_no_end),
        cmocka_unit_test(a_slow_storage_is_left_in_peace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
