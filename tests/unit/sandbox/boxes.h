// SPDX-License-Identifier: Apache-2.0
//
// What the tests of real sandboxes share: a place for the probe that strangers may read, running to the end,
// looking for what must be gone. In a header because each test is one file.
#ifndef ONDOL_TEST_SANDBOX_BOXES_H
#define ONDOL_TEST_SANDBOX_BOXES_H

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "sandbox/bwrap.h"
#include "sandbox/sysfile.h"

#define LIMIT_MS 30000

struct boxes {
    char dir[64]; // holds the probe and, below root/, the sandboxes' root
    char probe[96];
    char root[96];
    struct sandbox_bind bind;
};

struct outcome {
    struct sandbox_result r;
    char out[65536], err[65536];
};

static inline wall_ms now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return WALL_MS((int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000);
}

static inline void sleep_ms(int ms)
{
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000L}, NULL);
}

// The build folder may be one that only its owner can enter; the instance is somebody else.
static inline int boxes_init(struct boxes *b)
{
    char self[512];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 64);
    if (n <= 0)
        return -1;
    self[n] = '\0';
    strcpy(strrchr(self, '/'), "/sandbox_probe");
    snprintf(b->dir, sizeof b->dir, "/tmp/ondol-test-XXXXXX");
    if (!mkdtemp(b->dir) || chmod(b->dir, 0755) < 0)
        return -1;
    snprintf(b->probe, sizeof b->probe, "%s/probe", b->dir);
    snprintf(b->root, sizeof b->root, "%s/root", b->dir);
    int in = open(self, O_RDONLY | O_CLOEXEC), out = open(b->probe, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
    struct stat st;
    int ok = in >= 0 && out >= 0 && fstat(in, &st) == 0 &&
             sendfile(out, in, NULL, (size_t)st.st_size) == st.st_size && mkdir(b->root, 0755) == 0;
    close(in);
    close(out);
    b->bind = (struct sandbox_bind){b->probe, "/job/probe"};
    return ok ? 0 : -1;
}

static inline void boxes_deinit(struct boxes *b)
{
    tree_remove(b->dir, false);
}

static inline void drain(int fd, char *text, size_t cap)
{
    size_t n = strlen(text);
    for (ssize_t got; fd >= 0 && n + 1 < cap && (got = read(fd, text + n, cap - 1 - n)) > 0;)
        n += (size_t)got;
    text[n] = '\0';
}

// Beats, reads and waits until it has ended or `ms` have passed; true when it ended (and then its fds are
// closed).
static inline bool run_for(const struct sandbox *s, uint64_t id, struct sandbox_run *run, struct outcome *o,
                           int ms)
{
    wall_ms limit = wall_add(now_ms(), ms);
    for (;;) {
        int64_t wait = s->tick(s->ctx, now_ms()), left = wall_since(limit, now_ms());
        wait = wait < 0 || wait > 50 ? 50 : wait;
        poll(&(struct pollfd){.fd = run->pidfd, .events = POLLIN}, 1,
             (int)(wait < left ? wait
                   : left < 0  ? 0
                               : left));
        drain(run->stdout_fd, o->out, sizeof o->out);
        drain(run->stderr_fd, o->err, sizeof o->err);
        if (s->reap(s->ctx, id, now_ms(), &o->r) == 1)
            break;
        if (left <= 0)
            return false;
    }
    drain(run->stdout_fd, o->out, sizeof o->out);
    drain(run->stderr_fd, o->err, sizeof o->err);
    int fds[] = {run->pidfd, run->stdout_fd, run->stderr_fd};
    for (int i = 0; i < 3; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    return true;
}

// Processes of this machine that have `word` among their arguments.
static inline int count_processes(const char *word)
{
    int found = 0;
    DIR *d = opendir("/proc");
    for (struct dirent *e; d && (e = readdir(d));) {
        char dir[300], text[8192];
        snprintf(dir, sizeof dir, "/proc/%s", e->d_name);
        ssize_t n =
            e->d_name[0] >= '0' && e->d_name[0] <= '9' ? sysfile_read(dir, "cmdline", text, sizeof text) : 0;
        found += n > 0 && memmem(text, (size_t)n, word, strlen(word)) != NULL;
    }
    if (d)
        closedir(d);
    return found;
}

static inline bool all_gone(const char *word)
{
    for (int i = 0; i < LIMIT_MS / 10; i++) {
        if (count_processes(word) == 0)
            return true;
        sleep_ms(10);
    }
    return false;
}

// For main: 0, or 77 (which the runner counts as skipped) after saying why nothing can be tested here.
static inline int no_sandbox_here(void)
{
    struct sandbox s;
    const char *why = "";
    bwrap_sandbox_init(&s, NULL);
    int code = s.available(s.ctx, &why) ? 0 : 77;
    if (code)
        printf("skipped: %s\n", why);
    s.free(s.ctx);
    return code;
}

static inline int count_entries(const char *dir)
{
    int n = 0;
    DIR *d = opendir(dir);
    for (struct dirent *e; d && (e = readdir(d));)
        n += e->d_name[0] != '.';
    if (d)
        closedir(d);
    return n;
}

#endif
