// SPDX-License-Identifier: Apache-2.0
//
// Runs inside the sandbox on behalf of sandbox_test.c, which shows it there as /job/probe. The first argument
// names an act; what it finds is printed, one word per line. Built without sanitizers: those reserve more
// address space than limits allow.
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void say(const char *what, long r)
{
    printf("%s %s\n", what, r >= 0 ? "ok" : strerrorname_np(errno));
}

// Each of these must be refused; the numbers of arguments do not matter, the filter looks first.
static int forbidden(void)
{
    char one = 'x';
    say("mount", mount("none", "/tmp", "tmpfs", 0, NULL));
    say("umount2", umount2("/tmp", 0));
    say("pivot_root", syscall(SYS_pivot_root, "/tmp", "/tmp"));
    say("unshare", unshare(CLONE_NEWUSER));
    say("clone", syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0));
    say("setns", setns(0, 0));
    say("ptrace", ptrace(PTRACE_TRACEME, 0, NULL, NULL));
    say("process_vm_readv", syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0));
    say("keyctl", syscall(SYS_keyctl, 0, -3, 0, 0, 0));
    say("add_key", syscall(SYS_add_key, "user", "a", &one, 1, -3));
    say("bpf", syscall(SYS_bpf, 0, NULL, 0));
    say("perf_event_open", syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0));
    say("userfaultfd", syscall(SYS_userfaultfd, 0));
    say("io_uring_setup", syscall(SYS_io_uring_setup, 1, NULL));
    say("kexec_load", syscall(SYS_kexec_load, 0, 0, NULL, 0));
    say("finit_module", syscall(SYS_finit_module, 0, "", 0));
    say("open_by_handle_at", syscall(SYS_open_by_handle_at, 0, NULL, 0));
    say("quotactl", syscall(SYS_quotactl, 0, NULL, 0, NULL));
    say("reboot", syscall(SYS_reboot, 0, 0, 0, NULL));
    say("swapoff", syscall(SYS_swapoff, ""));
    say("acct", syscall(SYS_acct, NULL));
    say("TIOCSTI", ioctl(0, TIOCSTI, &one));
    say("vsock", socket(40, SOCK_STREAM, 0));
    say("packet", socket(17, SOCK_RAW, 0));
    return 0;
}

static int fork_bomb(void)
{
    int made = 0;
    while (made < 1000) {
        pid_t pid = fork();
        if (pid < 0)
            break;
        if (pid == 0) {
            pause();
            _exit(0);
        }
        made++;
    }
    printf("%d\n", made);
    return 0;
}

static int eat(long mib)
{
    for (long i = 0; i < mib; i++) {
        char *volatile p = malloc(1 << 20); // volatile, or a compiler may see that nobody eats it
        if (!p)
            return 3;
        memset(p, 1, 1 << 20);
    }
    puts("full");
    return 0;
}

_Noreturn static void spin(int threads)
{
    for (int i = 1; i < threads; i++)
        if (fork() == 0)
            break;
    for (volatile unsigned long x = 0;; x++)
        ;
}

// A daemon: out of the session, parent gone, no standard streams.
static int leave_daemon(void)
{
    if (fork() == 0) {
        setsid();
        if (fork() == 0) {
            close(1);
            close(2);
            spin(1);
        }
        _exit(0);
    }
    wait(NULL);
    puts("left");
    return 0;
}

static int connect_to(int port)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    unsigned char a[16] = {AF_INET, 0, (unsigned char)(port >> 8), (unsigned char)port, 127, 0, 0, 1};
    say("connect", fd < 0 ? fd : connect(fd, (struct sockaddr *)a, sizeof a));
    return 0;
}

// Listens under a name that is in no file system, until it is killed.
static int listen_abstract(const char *name)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    strncpy(a.sun_path + 1, name, sizeof a.sun_path - 2);
    say("bind", bind(fd, (struct sockaddr *)&a, sizeof a));
    say("listen", listen(fd, 1));
    pause();
    return 0;
}

static int fill(const char *path, long mib)
{
    static char block[1 << 20];
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    long wrote = 0;
    for (; fd >= 0 && wrote < mib; wrote++)
        if (write(fd, block, sizeof block) != (ssize_t)sizeof block)
            break;
    printf("%ld %s\n", wrote, wrote < mib ? strerrorname_np(errno) : "ok");
    return 0;
}

int main(int argc, char **argv)
{
    const char *act = argc > 1 ? argv[1] : "";
    long n = argc > 2 ? strtol(argv[2], NULL, 10) : 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (strcmp(act, "forbidden") == 0)
        return forbidden();
    if (strcmp(act, "fork-bomb") == 0)
        return fork_bomb();
    if (strcmp(act, "eat") == 0)
        return eat(n);
    if (strcmp(act, "spin") == 0)
        spin((int)n);
    if (strcmp(act, "daemon") == 0)
        return leave_daemon();
    if (strcmp(act, "connect") == 0)
        return connect_to((int)n);
    if (strcmp(act, "fill") == 0 && argc > 3)
        return fill(argv[3], n);
    if (strcmp(act, "abstract") == 0 && argc > 2)
        return listen_abstract(argv[2]);
    if (strcmp(act, "pipe") == 0)
        return raise(SIGPIPE), 5;
    fprintf(stderr, "probe: no act %s\n", act);
    return 2;
}
