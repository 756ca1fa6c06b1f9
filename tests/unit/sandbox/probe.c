// SPDX-License-Identifier: Apache-2.0
//
// Runs inside the sandbox on behalf of sandbox_test.c, which shows it there as /job/probe. The first argument
// names an act; what it finds is printed, one word per line. Built without sanitizers: those reserve more
// address space than limits allow.
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
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

static void say_file(const char *path)
{
    char line[4096];
    FILE *f = fopen(path, "re");
    printf("== %s %s\n", path, f ? "" : strerrorname_np(errno));
    while (f && fgets(line, sizeof line, f)) // what memory it takes and how often it waited is chance
        if (strncmp(line, "Vm", 2) != 0 && strncmp(line, "Rss", 3) != 0 && !strstr(line, "ctxt_switches"))
            fputs(line, stdout);
    if (f)
        fclose(f);
}

static void say_descriptors(void)
{
    for (int fd = 0; fd < 1024; fd++) {
        struct stat st;
        if (fstat(fd, &st) == 0)
            printf("fd %d mode %o rdev %lx flags %x %x owner %d signal %d\n", fd, st.st_mode,
                   (long)st.st_rdev, fcntl(fd, F_GETFD), fcntl(fd, F_GETFL), fcntl(fd, F_GETOWN),
                   fcntl(fd, F_GETSIG));
    }
}

// All that a process is given at its birth, as far as it can ask for it.
static int describe_self(void)
{
    static const char *const files[] = {
        "/proc/self/status",
        "/proc/self/limits",
        "/proc/self/oom_score_adj",
        "/proc/self/personality",
        "/proc/self/timerslack_ns",
        "/proc/self/uid_map",
        "/proc/self/gid_map",
        "/proc/self/setgroups",
        "/proc/self/cgroup",
        "/proc/self/loginuid",
        "/proc/self/attr/current",
        "/proc/self/coredump_filter",
        "/proc/self/cmdline",
        "/proc/sys/kernel/domainname",
        "/proc/net/dev",
        "/proc/net/if_inet6",
        "/proc/net/route",
        "/proc/net/igmp",
        "/proc/self/timens_offsets",
    };
    static const int asks[] = {PR_GET_DUMPABLE,   PR_GET_KEEPCAPS,       PR_GET_SECUREBITS,
                               PR_GET_TIMERSLACK, PR_GET_NO_NEW_PRIVS,   PR_GET_THP_DISABLE,
                               PR_GET_TSC,        PR_GET_PDEATHSIG,      PR_MCE_KILL_GET,
                               PR_GET_TIMING,     PR_GET_CHILD_SUBREAPER};
    extern char **environ;
    char dir[256];
    sigset_t pending;
    cpu_set_t cpus;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        say_file(files[i]);
    for (size_t i = 0; i < sizeof asks / sizeof asks[0]; i++) {
        int value = 0;
        long r = prctl(asks[i], &value, 0, 0, 0);
        printf("prctl %d: %ld %d\n", asks[i], r, value);
    }
    for (int i = 0; i < 8; i++)
        printf("speculation %d: %d\n", i, prctl(PR_GET_SPECULATION_CTRL, i, 0, 0, 0));
    for (int i = 0; i < 3; i++) {
        struct itimerval t;
        getitimer(i, &t);
        printf("timer %ld %ld\n", (long)t.it_value.tv_sec, (long)t.it_interval.tv_sec);
    }
    sigpending(&pending);
    sched_getaffinity(0, sizeof cpus, &cpus);
    printf("nice %d policy %d cpus %d io %ld pending %d tty %d\n", getpriority(PRIO_PROCESS, 0),
           sched_getscheduler(0), CPU_COUNT(&cpus), syscall(SYS_ioprio_get, 1, 0), sigisemptyset(&pending),
           open("/dev/tty", O_RDWR));
    printf("pid %d %d %d %d umask %o cwd %s\n", getpid(), getppid(), getpgrp(), getsid(0), umask(0),
           getcwd(dir, sizeof dir));
    say_descriptors();
    for (char **e = environ; *e; e++)
        puts(*e);
    return 0;
}

// What could be known of the parent, pid 1, and done to it.
static int look_at_parent(void)
{
    static const char *const files[] = {"environ", "maps", "mem",  "auxv", "stack",     "io",     "syscall",
                                        "fd",      "exe",  "root", "cwd",  "map_files", "wchan_", "ns/net"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char path[64];
        snprintf(path, sizeof path, "/proc/1/%s", files[i]);
        int fd = open(path, O_RDONLY);
        say(path, fd < 0 ? fd : read(fd, path, 1));
    }
    say("oom_score_adj", open("/proc/1/oom_score_adj", O_WRONLY));
    say("comm", open("/proc/1/comm", O_WRONLY));
    for (int sig = 1; sig < 65; sig++)
        kill(1, sig);
    kill(-1, SIGUSR1);
    usleep(1000);
    say("parent", getppid() == 1 ? 0 : -1);
    return 0;
}

// Everything that can be written upon what is not the instance's own: flags, owners and locks of its standard
// input, which is a device of the host.
static int mark(void)
{
    struct flock range = {.l_type = F_WRLCK, .l_start = 4711, .l_len = 42};
    signal(SIGIO, SIG_IGN);
    say("flags", fcntl(0, F_SETFL, O_APPEND | O_NONBLOCK));
    say("owner", fcntl(0, F_SETOWN, getpid()));
    say("signal", fcntl(0, F_SETSIG, 42));
    say("range", fcntl(0, F_OFD_SETLK, &range));
    say("lock", flock(0, LOCK_EX | LOCK_NB));
    return 0;
}

static int look_for_marks(void)
{
    struct flock range = {.l_type = F_WRLCK, .l_len = 0};
    int fd = open("/dev/null", O_RDWR);
    say_descriptors();
    say("range", fcntl(fd, F_OFD_GETLK, &range));
    printf("%d %ld %ld\n", range.l_type, (long)range.l_start, (long)range.l_len);
    say("lock", flock(fd, LOCK_EX | LOCK_NB));
    return 0;
}

// By each of the calls there are, upon the loopback device.
static int join_multicast(void)
{
    const struct ip_mreq_source from = {.imr_multiaddr.s_addr = htonl(0xe8010203),
                                        .imr_interface.s_addr = htonl(INADDR_LOOPBACK),
                                        .imr_sourceaddr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct ip_mreq in4 = {{htonl(0xef010203)}, {htonl(INADDR_LOOPBACK)}};
    const struct ipv6_mreq in6 = {{{{0xff, 2, [15] = 99}}}, 1};
    struct group_req group = {.gr_interface = 1}, group6 = {.gr_interface = 1};
    memcpy(&group.gr_group, &(struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(0xef010204)}},
           sizeof(struct sockaddr_in));
    memcpy(&group6.gr_group,
           &(struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_addr = {{{0xff, 2, [15] = 98}}}},
           sizeof(struct sockaddr_in6));
    int fd = socket(AF_INET, SOCK_DGRAM, 0), fd6 = socket(AF_INET6, SOCK_DGRAM, 0);
    say("IP_ADD_MEMBERSHIP", setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &in4, sizeof in4));
    say("IP_ADD_SOURCE_MEMBERSHIP", setsockopt(fd, IPPROTO_IP, IP_ADD_SOURCE_MEMBERSHIP, &from, sizeof from));
    say("MCAST_JOIN_GROUP", setsockopt(fd, IPPROTO_IP, MCAST_JOIN_GROUP, &group, sizeof group));
    if (fd6 >= 0) {
        say("IPV6_JOIN_GROUP", setsockopt(fd6, IPPROTO_IPV6, IPV6_JOIN_GROUP, &in6, sizeof in6));
        say("MCAST_JOIN_GROUP 6", setsockopt(fd6, IPPROTO_IPV6, MCAST_JOIN_GROUP, &group6, sizeof group6));
    }
    return 0;
}

// Descriptors in flight between sockets that nobody holds, one of them a listener's: only the kernel's
// collector ends them.
static int leave_in_flight(void)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "\0in flight"};
    int pair[2], listener = socket(AF_UNIX, SOCK_STREAM, 0);
    say("listen", bind(listener, (struct sockaddr *)&a, sizeof a) < 0 ? -1 : listen(listener, 9));
    say("pair", socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    int out[3] = {pair[0], pair[1], listener};
    char room[CMSG_SPACE(sizeof out)] = {0};
    struct iovec v = {room, 1};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room};
    *CMSG_FIRSTHDR(&m) =
        (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof out)};
    memcpy(CMSG_DATA(CMSG_FIRSTHDR(&m)), out, sizeof out);
    for (int i = 0; i < 2; i++)
        say("sent", sendmsg(pair[i], &m, 0));
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
    if (strcmp(act, "self") == 0)
        return describe_self();
    if (strcmp(act, "parent") == 0)
        return look_at_parent();
    if (strcmp(act, "mark") == 0)
        return mark();
    if (strcmp(act, "marks") == 0)
        return look_for_marks();
    if (strcmp(act, "multicast") == 0)
        return join_multicast();
    if (strcmp(act, "in-flight") == 0)
        return leave_in_flight();
    if (strcmp(act, "pipe") == 0)
        return raise(SIGPIPE), 5;
    fprintf(stderr, "probe: no act %s\n", act);
    return 2;
}
