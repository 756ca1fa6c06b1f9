// SPDX-License-Identifier: Apache-2.0
//
// The child shares the agent's memory until it executes (no page table is copied), so it runs on a stack of
// its own, calls nothing but system calls, and all signals are blocked around it. To be born inside a v2
// group needs clone3, which the C library does not offer with a stack, so there the child is a copy instead;
// it reports through `fault`, which is shared either way.
//
// A group is joined by being born there in v2 because moving into one takes a lock that waits for every
// processor to pass a quiet point: milliseconds in which the agent would stand still. In v1 hierarchies a
// thread that moves itself, by the file `tasks`, is spared that lock.
#include "sandbox/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/netns.h"

#define STACK_BYTES (64 * 1024)
#define OPEN_FILES  65536

struct fault {
    int code;         // errno of the step that failed, 0: executed
    const char *step; // a literal
};

struct child {
    const struct spawn *s;
    struct fault *fault;
    char uid_map[48], gid_map[48]; // empty: no user namespace is made here
    char oom[24];
};

static int put(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t n = write(fd, text, strlen(text));
    close(fd);
    return n < 0 ? -1 : 0;
}

// When the machine is out of memory the kernel ends a task before the agent, whose rooms would be cold, and before
// anything else here (proc(5), oom_score_adj): so much above the agent's own, which a unit of systemd may have lowered.
#define OOM_ABOVE 500

static void oom_text(char out[24])
{
    char own[16] = "0";
    int fd = open("/proc/self/oom_score_adj", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, own, sizeof own - 1) : 0;
    if (fd >= 0)
        close(fd);
    own[n > 0 ? n : 1] = '\0';
    long score = strtol(own, NULL, 10);
    score = (score > 0 ? score : 0) + OOM_ABOVE;
    snprintf(out, 24, "%ld", score < 1000 ? score : 1000);
}

static int limit(int what, int64_t most)
{
    struct rlimit now;
    if (getrlimit(what, &now) < 0)
        return -1;
    rlim_t value = now.rlim_max != RLIM_INFINITY && (rlim_t)most > now.rlim_max ? now.rlim_max : (rlim_t)most;
    return setrlimit(what, &(struct rlimit){value, value});
}

// bubblewrap looks its children up in /proc by the numbers that it knows them by, which are those of the new
// pid namespace. In the host's /proc such a number is a stranger (2 is a kernel thread) or, in a container or
// with hidepid, nobody, and then nothing starts. The mounts end with the namespace.
static const char *own_proc(void)
{
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return "mount namespace";
    return mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0 ? "/proc" : NULL;
}

static const char *identity(const struct child *c)
{
    if (c->uid_map[0] &&
        (put("/proc/self/setgroups", "deny") < 0 || put("/proc/self/uid_map", c->uid_map) < 0 ||
         put("/proc/self/gid_map", c->gid_map) < 0))
        return "user namespace";
    const char *step = own_proc(); // while it may: before the change of user
    if (step)
        return step;
    int64_t uid = c->s->as_uid;
    // By number: the library's wrappers would ask all threads of the agent, whose memory this is, to change
    // too.
    if (uid >= 0 && (syscall(SYS_setgroups, 0, NULL) < 0 || syscall(SYS_setresgid, uid, uid, uid) < 0 ||
                     syscall(SYS_setresuid, uid, uid, uid) < 0))
        return "change of user";
    return NULL;
}

static const char *limits(const struct spawn *s)
{
    if (limit(RLIMIT_CORE, 0) < 0 || limit(RLIMIT_NOFILE, OPEN_FILES) < 0 ||
        (s->address_max > 0 && limit(RLIMIT_AS, s->address_max) < 0) ||
        (s->process_max > 0 && limit(RLIMIT_NPROC, s->process_max) < 0))
        return "resource limits";
    return NULL;
}

static const char *descriptors(const struct spawn *s)
{
    if (dup2(s->stdin_fd, 0) < 0 || dup2(s->stdout_fd, 1) < 0 || dup2(s->stderr_fd, 2) < 0)
        return "standard streams";
    for (int i = 0; i < s->keep_n; i++)
        if (dup2(s->keep[i], SPAWN_KEEP_FIRST + i) < 0)
            return "descriptors";
    // Closed here and not by the exec, which lets the parent go on first: for a moment what the parent then
    // closes would not be closed. The table of descriptors is the child's own.
    return syscall(SYS_close_range, SPAWN_KEEP_FIRST + s->keep_n, ~0U, 0) < 0 ? "descriptors" : NULL;
}

// Ignored signals stay ignored over an exec: a server that ignores SIGPIPE would hand that on to the
// customer.
static void signals(void)
{
    const struct sigaction plain = {.sa_handler = SIG_DFL};
    for (int n = 1; n < NSIG; n++)
        if (n != SIGKILL && n != SIGSTOP)
            sigaction(n, &plain, NULL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static int child_main(void *ctx)
{
    struct child *c = ctx;
    const struct spawn *s = c->s;
    const char *step = NULL;
    // Where it is refused, tasks stay as the agent is. It is the child's alone: the kernel knows a vfork.
    int ignored = put("/proc/self/oom_score_adj", c->oom);
    (void)ignored;
    for (int i = 0; i < s->join_n && !step; i++)
        if (write(s->join[i], "0", 1) < 0)
            step = "control group";
    if (!step && s->net)
        step = netns_fill(s->net); // before the change of user
    if (!step)
        step = identity(c);
    if (!step)
        step = limits(s);
    if (!step && prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0) // after identity(), which would undo it
        step = "death signal";
    if (!step && poll(&(struct pollfd){.fd = s->parent_pidfd, .events = POLLIN}, 1, 0) != 0)
        _exit(127); // the agent died before the line above
    if (!step)
        step = descriptors(s);
    if (!step) {
        signals();
        execve(s->exe, s->argv, (char *const[]){NULL});
        step = s->exe;
    }
    c->fault->code = errno;
    c->fault->step = step;
    _exit(127);
}

static pid_t make_child(struct child *c, int *pidfd)
{
    uint64_t flags =
        CLONE_PIDFD | CLONE_VFORK | CLONE_NEWPID | CLONE_NEWNS | (c->uid_map[0] ? CLONE_NEWUSER : 0) |
        (c->s->net ? CLONE_NEWNET : 0);
    if (c->s->into_cgroup >= 0) {
        struct clone_args a = {
            .flags = flags | CLONE_INTO_CGROUP,
            .pidfd = (uint64_t)(uintptr_t)pidfd,
            .exit_signal = SIGCHLD,
            .cgroup = (uint64_t)c->s->into_cgroup,
        };
        long pid = syscall(SYS_clone3, &a, sizeof a);
        if (pid == 0)
            child_main(c);
        return pid < 0 ? -errno : (pid_t)pid;
    }
    char *stack =
        mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (stack == MAP_FAILED)
        return -ENOMEM;
    pid_t pid = clone(child_main, stack + STACK_BYTES, (int)flags | CLONE_VM | SIGCHLD, c, pidfd);
    int r = pid < 0 ? -errno : pid;
    munmap(stack, STACK_BYTES);
    return r;
}

pid_t spawn(const struct spawn *s, int *pidfd, struct err *e)
{
    struct fault *fault =
        mmap(NULL, sizeof *fault, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (fault == MAP_FAILED)
        return err_set(e, -ENOMEM, "sandbox: no memory to start a process");
    struct child c = {.s = s, .fault = fault};
    oom_text(c.oom);
    if (geteuid() != 0) {
        snprintf(c.uid_map, sizeof c.uid_map, "%u %u 1", (unsigned)geteuid(), (unsigned)geteuid());
        snprintf(c.gid_map, sizeof c.gid_map, "%u %u 1", (unsigned)getegid(), (unsigned)getegid());
    }
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    int fd = -1, dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
    pid_t pid = make_child(&c, &fd);
    if (dumpable == 1 && s->as_uid >= 0)
        prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); // the child's change of user took it from the shared memory
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    struct fault f = *fault;
    munmap(fault, sizeof *fault);
    if (pid < 0)
        return err_set(e, pid, "sandbox: no process can be started: %s (are user namespaces allowed here?)",
                       strerror(-pid));
    if (f.code) {
        waitpid(pid, NULL, 0);
        close(fd);
        return err_set(e, -f.code, "sandbox: %s: %s", f.step, strerror(f.code));
    }
    *pidfd = fd;
    return pid;
}
