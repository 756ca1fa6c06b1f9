// SPDX-License-Identifier: Apache-2.0
//
// The program is sorted as a binary tree: a call that is not on the list, which is nearly each, takes about
// seven comparisons instead of sixty (and the kernel remembers the plain allows in a bitmap besides).
#include "sandbox/seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"

static const char *const denied[] = {
    // mounts and roots
    "mount",
    "umount",
    "umount2",
    "pivot_root",
    "chroot",
    "open_tree",
    "move_mount",
    "fsopen",
    "fsconfig",
    "fsmount",
    "fspick",
    "mount_setattr",
    // namespaces
    "unshare",
    "setns",
    // the kernel itself
    "kexec_load",
    "kexec_file_load",
    "init_module",
    "finit_module",
    "delete_module",
    "create_module",
    "query_module",
    "get_kernel_syms",
    "bpf",
    "reboot",
    "swapon",
    "swapoff",
    "acct",
    "quotactl",
    "quotactl_fd",
    "syslog",
    "_sysctl",
    "sysfs",
    "nfsservctl",
    "uselib",
    "lookup_dcookie",
    "vhangup",
    "iopl",
    "ioperm",
    "modify_ldt",
    "vm86",
    "vm86old",
    // clocks and names of the machine
    "settimeofday",
    "clock_settime",
    "stime",
    "sethostname",
    "setdomainname",
    // other processes
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "process_madvise",
    "pidfd_getfd",
    "kcmp",
    // keyrings are not part of any namespace
    "keyctl",
    "add_key",
    "request_key",
    // large and often broken into
    "perf_event_open",
    "userfaultfd",
    "io_uring_setup",
    "io_uring_enter",
    "io_uring_register",
    // files past their paths
    "open_by_handle_at",
    "name_to_handle_at",
    "fanotify_init",
};

static const unsigned long long new_namespace[] = {
    CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWIPC, CLONE_NEWUTS, CLONE_NEWCGROUP,
};

static int deny_calls(scmp_filter_ctx ctx)
{
    for (size_t i = 0; i < ARRAY_LEN(denied); i++) {
        int call = seccomp_syscall_resolve_name(denied[i]);
        if (call == __NR_SCMP_ERROR)
            continue; // a call that this libseccomp has not heard of
        int r = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), call, 0);
        if (r < 0 && r != -EDOM) // -EDOM: not a call of this instruction set
            return r;
    }
    return seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
}

// The kernel looks at the lower 32 bits of these arguments only, so does the mask.
static int deny_arguments(scmp_filter_ctx ctx)
{
    int r = 0;
    for (size_t i = 0; i < ARRAY_LEN(new_namespace) && r == 0; i++)
        r = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
                             SCMP_A0(SCMP_CMP_MASKED_EQ, new_namespace[i], new_namespace[i]));
    static const unsigned long long typing[] = {TIOCSTI, TIOCLINUX};
    for (size_t i = 0; i < ARRAY_LEN(typing) && r == 0; i++)
        r = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ioctl), 1,
                             SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffffULL, typing[i]));
    for (unsigned long long family = 0; family < AF_NETLINK && r == 0; family++)
        if (family != AF_UNIX && family != AF_INET && family != AF_INET6)
            r = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), 1,
                                 SCMP_A0(SCMP_CMP_EQ, family));
    // Greater than netlink as 64 bits: this also refuses a family with rubbish in the half that the kernel
    // ignores.
    return r ? r
             : seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), 1,
                                SCMP_A0(SCMP_CMP_GT, AF_NETLINK));
}

// The answer is that of a machine without any device that could.
static int deny_multicast(scmp_filter_ctx ctx)
{
    static const struct {
        int level, option;
    } joins[] = {
        {IPPROTO_IP, IP_ADD_MEMBERSHIP},  {IPPROTO_IP, IP_ADD_SOURCE_MEMBERSHIP},
        {IPPROTO_IP, MCAST_JOIN_GROUP},   {IPPROTO_IP, MCAST_JOIN_SOURCE_GROUP},
        {IPPROTO_IPV6, IPV6_JOIN_GROUP},  {IPPROTO_IPV6, IPV6_JOIN_ANYCAST},
        {IPPROTO_IPV6, MCAST_JOIN_GROUP}, {IPPROTO_IPV6, MCAST_JOIN_SOURCE_GROUP},
    };
    int r = 0;
    for (size_t i = 0; i < ARRAY_LEN(joins) && r == 0; i++)
        r = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENODEV), SCMP_SYS(setsockopt), 2,
                             SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffffULL, (unsigned)joins[i].level),
                             SCMP_A2(SCMP_CMP_MASKED_EQ, 0xffffffffULL, (unsigned)joins[i].option));
    return r;
}

int seccomp_program(bool network, struct err *e)
{
    scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
    if (!ctx)
        return err_set(e, -ENOMEM, "seccomp: no filter can be made here");
    int fd = -1;
    int r = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    if (r == 0)
        r = deny_calls(ctx);
    if (r == 0)
        r = deny_arguments(ctx);
    if (r == 0 && !network)
        r = deny_multicast(ctx);
    if (r == 0) {
        fd = memfd_create("ondol-seccomp", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        r = fd < 0 ? -errno : seccomp_export_bpf(ctx, fd);
    }
    if (r == 0)
        r = fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0 ? -errno : 0;
    seccomp_release(ctx);
    if (r < 0) {
        if (fd >= 0)
            close(fd);
        return err_set(e, r, "seccomp: the filter cannot be made: %s", strerror(-r));
    }
    return fd;
}
