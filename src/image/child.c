// SPDX-License-Identifier: Apache-2.0
#include "image/child.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"

#define LOOK_MS    100
#define SAID_BYTES 8192

static int64_t bytes_below(int fd, int depth)
{
    DIR *d = fdopendir(fd);
    int64_t sum = 0;
    if (!d) {
        close(fd);
        return 0;
    }
    for (struct dirent *e; (e = readdir(d));) {
        struct stat st;
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..") ||
            fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
            continue;
        if (S_ISREG(st.st_mode))
            sum += st.st_size;
        if (S_ISDIR(st.st_mode) && depth > 0) {
            int sub = openat(dirfd(d), e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
            sum += sub >= 0 ? bytes_below(sub, depth - 1) : 0;
        }
    }
    closedir(d);
    return sum;
}

int64_t image_dir_bytes(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? 0 : bytes_below(fd, 8);
}

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct work {
    const struct image_child *c;
    pid_t pid;
    int pidfd, said, out; // pipes' ends; -1: closed
    char text[SAID_BYTES];
    size_t n, out_n;
    int64_t bytes, moved_at;
    int why; // it was given up: -EFBIG, -ECANCELED, -ETIMEDOUT
};

static void inside(const struct image_child *c, char *const *env, int out, int said, pid_t parent)
{
    int null = open("/dev/null", O_RDWR);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent || null < 0)
        _exit(126);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    setpgid(0, 0); // its own children end with it
    dup2(null, 0);
    dup2(out >= 0 ? out : null, 1);
    dup2(said, 2);
    if (c->bytes_max > 0) {
        struct rlimit most = {(rlim_t)c->bytes_max + 1, (rlim_t)c->bytes_max + 1};
        setrlimit(RLIMIT_FSIZE, &most);
        signal(SIGXFSZ, SIG_IGN); // it is told EFBIG
    }
    if (c->dir && chdir(c->dir) < 0)
        _exit(126);
    execvpe(c->argv[0], (char *const *)(uintptr_t)c->argv, env);
    _exit(127);
}

static int start(struct work *w, struct err *e)
{
    int said[2], out[2] = {-1, -1};
    char tmp[4200], home[4200];
    const char *path = getenv("PATH"), *proxy = getenv("https_proxy"), *no_proxy = getenv("no_proxy");
    char way[4200], proxies[1024], none[1024];
    snprintf(tmp, sizeof tmp, "TMPDIR=%s", w->c->dir);
    snprintf(home, sizeof home, "HOME=%s", w->c->dir);
    snprintf(way, sizeof way, "PATH=%s", path && *path ? path : "/usr/bin:/bin");
    snprintf(proxies, sizeof proxies, "https_proxy=%s", proxy ? proxy : "");
    snprintf(none, sizeof none, "no_proxy=%s", no_proxy ? no_proxy : "");
    char *env[] = {tmp, home, way, "LC_ALL=C", proxies, none, NULL};
    if (pipe2(said, O_CLOEXEC | O_NONBLOCK) < 0 || (w->c->out && pipe2(out, O_CLOEXEC | O_NONBLOCK) < 0))
        return err_set(e, -errno, "image: %s", strerror(errno));
    pid_t parent = getpid();
    w->pid = fork();
    if (w->pid == 0)
        inside(w->c, env, out[1], said[1], parent);
    close(said[1]);
    if (out[1] >= 0)
        close(out[1]);
    w->said = said[0];
    w->out = out[0];
    w->pidfd = w->pid > 0 ? (int)syscall(SYS_pidfd_open, w->pid, 0) : -1;
    return w->pidfd < 0 ? err_set(e, -errno, "image: a process cannot be started: %s", strerror(errno)) : 0;
}

// The newest of what it says stays.
static void listen(struct work *w)
{
    char more[2048];
    ssize_t n;
    while (w->said >= 0 && (n = read(w->said, more, sizeof more)) > 0) {
        if (w->n + (size_t)n >= sizeof w->text) {
            size_t drop = w->n + (size_t)n + 1 - sizeof w->text;
            memmove(w->text, w->text + drop, w->n - drop);
            w->n -= drop;
        }
        memcpy(w->text + w->n, more, (size_t)n);
        w->n += (size_t)n;
        w->text[w->n] = '\0';
    }
    while (w->out >= 0 && (n = read(w->out, more, sizeof more)) > 0) {
        size_t room = w->c->out_n - 1 - w->out_n, take = (size_t)n < room ? (size_t)n : room;
        memcpy(w->c->out + w->out_n, more, take);
        w->out_n += take;
        w->c->out[w->out_n] = '\0';
    }
}

static void look(struct work *w)
{
    int64_t bytes = image_dir_bytes(w->c->dir), now = now_ms();
    if (bytes != w->bytes)
        w->moved_at = now;
    w->bytes = bytes;
    if (w->c->bytes_max > 0 && bytes > w->c->bytes_max)
        w->why = -EFBIG;
    else if (w->c->go_on && !w->c->go_on(w->c->ctx, bytes))
        w->why = -ECANCELED;
    else if (w->c->silent_ms > 0 && now - w->moved_at > w->c->silent_ms)
        w->why = -ETIMEDOUT;
}

// What stands after msg= in a line of a log, or the last line as it is.
static const char *last_words(char *text)
{
    size_t n = strlen(text);
    while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '"'))
        text[--n] = '\0';
    char *line = strrchr(text, '\n'), *msg = strstr(line ? line : text, "msg=\"");
    line = msg ? msg + 5 : line ? line + 1 : text;
    for (char *p = line; *p; p++)
        if ((unsigned char)*p < ' ' || *p == '\\')
            *p = ' ';
    return *line ? line : "it said nothing";
}

static int verdict(struct work *w, int status, struct err *e)
{
    const char *tool = w->c->argv[0];
    bool full = strstr(w->text, "no space left") || strstr(w->text, "disk quota");
    if (w->why == -EFBIG || strstr(w->text, "file too large"))
        return err_set(e, -EFBIG, "image: more than %lld bytes packed (the limit on the size of an image)",
                       (long long)w->c->bytes_max);
    if (w->why == -ECANCELED)
        return err_set(e, -ECANCELED, "image: given up, for the server ends");
    if (w->why == -ETIMEDOUT)
        return err_set(e, -ETIMEDOUT, "image: %s: nothing came for %lld s", tool,
                       (long long)w->c->silent_ms / 1000);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
        return err_set(e, -ENOENT, "image: %s: no such program (install the package of that name)", tool);
    return err_set(e, full ? -ENOSPC : -EREMOTEIO, "image: %s: %.200s", tool, last_words(w->text));
}

int image_child(const struct image_child *c, struct err *e)
{
    struct work *w = mem_alloc(sizeof *w);
    *w = (struct work){.c = c, .said = -1, .out = -1, .pidfd = -1, .moved_at = now_ms()};
    if (c->out)
        c->out[0] = '\0';
    int r = start(w, e), status = 0;
    while (r == 0 && !w->why && poll(&(struct pollfd){.fd = w->pidfd, .events = POLLIN}, 1, LOOK_MS) != 1) {
        listen(w);
        look(w);
    }
    if (w->pid > 0) {
        if (w->why)
            kill(-w->pid, SIGKILL);
        kill(w->pid, w->why ? SIGKILL : 0);
        waitpid(w->pid, &status, 0);
        listen(w);
    }
    if (r == 0)
        r = verdict(w, status, e);
    int fds[] = {w->said, w->out, w->pidfd};
    for (size_t i = 0; i < ARRAY_LEN(fds); i++)
        if (fds[i] >= 0)
            close(fds[i]);
    free(w);
    return r;
}
