// SPDX-License-Identifier: Apache-2.0
//
// The zygote: a static program, a few pages large, the command of a sandbox that bubblewrap made. It has the
// user, the root, the devices and the empty network of its instances, and one capability they never see:
// CAP_SYS_ADMIN over the user namespace that bubblewrap made for it. With that it makes, again and again,
// what one instance must not share with the next:
//
//   bubblewrap's:  user, net, cgroup namespace; the read-only root; /dev; no new privileges
//   made anew:     pid, mount, ipc, uts namespace; /proc, /job, /tmp, /dev/shm, /dev/pts; host name; session
//   taken away:    every capability, the bounding set too; the calls of the seccomp program
//
// The network namespace is the dear part of a sandbox and is used again only while it is untouched: when any
// counter of the kernel for it (/proc/net/dev, snmp, netstat, snmp6) moved, an instance sent or tried to send
// something, and something (a connection in TIME_WAIT, a route's memory) may remain; sockets of the unix kind
// and labels of flows (ip6_flowlabel) are listed, not counted. Any difference, and no other instance begins
// here.
//
// The first process of an instance waits for its `go` with everything made, becomes nobody, runs the command
// and reaps orphans until it ends. What it reads (secrets in the environment) the zygote itself never sees,
// so nothing of it is in the memory from which the next is copied.
#include "sandbox/zygote_wire.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNTERS      6
#define COUNTER_BYTES 16384
#define FILTER_MAX    4096 // the kernel's own limit (BPF_MAXINSNS)

struct zygote {
    struct sock_filter filter[FILTER_MAX];
    unsigned short filter_n;
    int counter_fd[COUNTERS]; // -1: this kernel has no such file
    ssize_t counter_n[COUNTERS];
    char counter[COUNTERS][COUNTER_BYTES]; // as they were before the first instance
};

static struct zygote self;
static char text[ZYGOTE_GO_BYTES + 1]; // of the instance's `go`; written in the instance's own copy only

// ---- one instance

// As bubblewrap ends when it cannot go on: with code 1 and a line. Channel -1: whoever waits for us says it.
static void give_up(int channel, int err_fd, const char *what, const char *which)
{
    const int status = 1 << 8;
    dprintf(err_fd, "bwrap: %s%s: %s\n", what, which, strerror(errno));
    if (channel >= 0)
        send(channel, &status, sizeof status, MSG_NOSIGNAL);
    _exit(1);
}

static bool mount_all(void)
{
    static const struct {
        const char *type, *at, *options;
        unsigned long flags;
    } mounts[] = {
        {"proc", "/proc", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC},
        {"tmpfs", "/job", "mode=0755,size=" ZYGOTE_RAM_BYTES, MS_NOSUID | MS_NODEV},
        {"tmpfs", "/tmp", "mode=1777,size=" ZYGOTE_RAM_BYTES, MS_NOSUID | MS_NODEV},
        {"tmpfs", "/dev/shm", "mode=1777,size=" ZYGOTE_RAM_BYTES, MS_NOSUID | MS_NODEV},
        {"devpts", "/dev/pts", "newinstance,ptmxmode=0666,mode=620", MS_NOSUID | MS_NOEXEC},
    };
    for (size_t i = 0; i < sizeof mounts / sizeof mounts[0]; i++)
        if (mount(mounts[i].type, mounts[i].at, mounts[i].type, mounts[i].flags, mounts[i].options) < 0)
            return false;
    return true;
}

// Flags and locks belong to what was opened, not to who opened it: the zygote's own standard input, handed
// on, would carry them from one instance to the next.
static bool new_standard_input(void)
{
    close(0);
    return open("/dev/null", O_RDWR) == 0;
}

// After this nothing in here has a capability or can get one. Not dumpable: the command, which has the same
// user, cannot look into its parent by /proc/1.
static bool become_nobody(void)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};
    const struct sock_fprog program = {self.filter_n, self.filter};
    return syscall(SYS_capset, &head, none) == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 &&
           prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

// The `go`, with the two outputs. False: there will be none.
static bool wait_for_go(int channel, size_t *n, int out[2])
{
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(2 * sizeof(int))];
    } control;
    struct iovec v = {text, ZYGOTE_GO_BYTES};
    struct msghdr m = {
        .msg_iov = &v, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    ssize_t got;
    do
        got = recvmsg(channel, &m, MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    const struct cmsghdr *c = got > 0 ? CMSG_FIRSTHDR(&m) : NULL;
    if (!c || c->cmsg_type != SCM_RIGHTS || c->cmsg_len != CMSG_LEN(2 * sizeof(int)) ||
        (size_t)got < sizeof(struct zygote_go))
        return false;
    memcpy(out, CMSG_DATA(c), 2 * sizeof(int));
    *n = (size_t)got;
    return true;
}

static char *next(char **p, const char *end)
{
    char *here = *p;
    if (here >= end)
        _exit(1);
    *p += strlen(here) + 1; // text[] ends with a NUL behind its last byte
    return here;
}

static char **take_list(char **p, const char *end, uint32_t n, char **list)
{
    for (uint32_t i = 0; i < n; i++)
        list[i] = next(p, end);
    list[n] = NULL;
    return list;
}

static pid_t run(char **argv, char **envp, const int out[2])
{
    pid_t pid = vfork();
    if (pid != 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); // as bubblewrap's; its parent is all it would see die
    if (dup2(out[0], 1) < 0 || dup2(out[1], 2) < 0 || syscall(SYS_close_range, 3, ~0U, 0) < 0)
        _exit(1);
    environ = envp;
    execvp(argv[0], argv);
    give_up(-1, 2, "execvp ", argv[0]);
    return -1;
}

// As init: the end of the command is the end, and the kernel then kills whoever is left.
static int reap_until(pid_t command)
{
    int status;
    for (pid_t pid; (pid = wait(&status)) != command;)
        if (pid < 0 && errno != EINTR)
            return 1 << 8;
    return status;
}

// Into the folder, made with those above it when it is not there and may be written. `dir` is as before.
static bool enter(char *dir)
{
    if (chdir(dir) == 0)
        return true;
    for (char *p = dir + 1; *p; p++)
        if (*p == '/') {
            *p = '\0';
            mkdir(dir, 0755);
            *p = '/';
        }
    mkdir(dir, 0755);
    return chdir(dir) == 0;
}

static void instance(int channel)
{
    static char *argv[ZYGOTE_ARGS_MAX + 1], *envp[ZYGOTE_ARGS_MAX + 1];
    struct zygote_go go;
    size_t n;
    int out[2];
    close(ZYGOTE_SOCKET_FD);
    for (int i = 0; i < COUNTERS; i++)
        close(self.counter_fd[i]);
    setsid(); // here, as bubblewrap does: the command leads no session and may begin its own
    if (!mount_all() || !new_standard_input() || send(channel, &(char){ZYGOTE_READY}, 1, MSG_NOSIGNAL) != 1 ||
        !wait_for_go(channel, &n, out))
        _exit(1);
    memcpy(&go, text, sizeof go);
    if (go.argc == 0 || go.argc > ZYGOTE_ARGS_MAX || go.envc > ZYGOTE_ARGS_MAX)
        _exit(1);
    char *p = text + sizeof go, *host = next(&p, text + n), *dir = next(&p, text + n);
    take_list(&p, text + n, go.argc, argv);
    take_list(&p, text + n, go.envc, envp);
    if (sethostname(host, strlen(host)) < 0 || !become_nobody())
        give_up(channel, out[1], "the instance's sandbox", "");
    if (!enter(dir))
        give_up(channel, out[1], "Can't chdir to ", dir);
    pid_t command = run(argv, envp, out);
    if (command < 0)
        give_up(channel, out[1], "no process can be made", "");
    close(out[0]);
    close(out[1]);
    int status = reap_until(command);
    if (send(channel, &status, sizeof status, MSG_NOSIGNAL) < 0)
        _exit(1);
    _exit(0);
}

// ---- the zygote

static ssize_t read_counter(int i, char *to)
{
    ssize_t n = 0, got;
    if (self.counter_fd[i] < 0)
        return 0;
    while (n < COUNTER_BYTES && (got = pread(self.counter_fd[i], to + n, (size_t)(COUNTER_BYTES - n), n)) > 0)
        n += got;
    return n;
}

static void counters_open(void)
{
    static const char *const file[COUNTERS] = {"/proc/self/net/dev",           "/proc/self/net/snmp",
                                               "/proc/self/net/netstat",       "/proc/self/net/unix",
                                               "/proc/self/net/ip6_flowlabel", "/proc/self/net/snmp6"};
    for (int i = 0; i < COUNTERS; i++) {
        self.counter_fd[i] = open(file[i], O_RDONLY | O_CLOEXEC);
        self.counter_n[i] = read_counter(i, self.counter[i]);
    }
}

static bool network_untouched(void)
{
    static char now[COUNTER_BYTES];
    for (int i = 0; i < COUNTERS; i++)
        if (read_counter(i, now) != self.counter_n[i] ||
            memcmp(now, self.counter[i], (size_t)self.counter_n[i]) != 0)
            return false;
    return true;
}

static void tell(char word, int pidfd, int channel)
{
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(2 * sizeof(int))];
    } control = {0};
    struct iovec v = {&word, 1};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
    if (pidfd >= 0) {
        m.msg_control = &control;
        m.msg_controllen = sizeof control;
        struct cmsghdr *c = CMSG_FIRSTHDR(&m);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(2 * sizeof(int));
        memcpy(CMSG_DATA(c), (int[]){pidfd, channel}, 2 * sizeof(int));
    }
    if (sendmsg(ZYGOTE_SOCKET_FD, &m, MSG_NOSIGNAL) < 0)
        _exit(0); // the agent is gone
}

// -1 if the next cannot be made, also if it ended before all in it was: an instance sent there would be lost.
static pid_t prepare(void)
{
    char word;
    int pair[2], pidfd = -1;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return -1;
    unsigned long flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_PIDFD | SIGCHLD;
#ifdef __s390x__
    pid_t pid = (pid_t)syscall(SYS_clone, NULL, flags, &pidfd, NULL, 0UL);
#else
    pid_t pid = (pid_t)syscall(SYS_clone, flags, NULL, &pidfd, NULL, 0UL);
#endif
    if (pid == 0) {
        close(pair[0]);
        instance(pair[1]);
    }
    close(pair[1]);
    bool ready = pid > 0 && recv(pair[0], &word, 1, 0) == 1;
    if (ready)
        tell(ZYGOTE_READY, pidfd, pair[0]);
    else if (pid > 0)
        waitpid(pid, NULL, 0);
    close(pair[0]);
    close(pidfd);
    return ready ? pid : -1;
}

static bool begin(void)
{
    ssize_t n = read(ZYGOTE_SECCOMP_FD, self.filter, sizeof self.filter);
    if (n <= 0 || (size_t)n % sizeof self.filter[0])
        return false;
    self.filter_n = (unsigned short)((size_t)n / sizeof self.filter[0]);
    close(ZYGOTE_SECCOMP_FD);
    close(ZYGOTE_SELF_FD);
    for (int c = 0; prctl(PR_CAPBSET_READ, c, 0, 0, 0) >= 0; c++)
        if (prctl(PR_CAPBSET_DROP, c, 0, 0, 0) < 0)
            return false;
    counters_open();
    prctl(PR_SET_NAME, "ondol-zygote", 0, 0, 0); // else it is called after the descriptor it came from
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && fcntl(ZYGOTE_SOCKET_FD, F_SETFD, FD_CLOEXEC) == 0;
}

int main(void)
{
    char word;
    bool good = begin();
    for (pid_t last = 0; recv(ZYGOTE_SOCKET_FD, &word, 1, 0) == 1;) {
        if (last > 0)
            waitpid(last, NULL, 0);
        last = good && network_untouched() ? prepare() : -1;
        if (last < 0)
            tell(ZYGOTE_SOILED, -1, -1);
    }
    return 0;
}
