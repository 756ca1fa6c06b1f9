// SPDX-License-Identifier: Apache-2.0
//
// The port through which an agent runs one instance of a stranger's code: isolated, slowed, metered, killed.
// Adapters: sandbox/bwrap.h (real processes) and sandbox/fake.h (a script obeyed in tests and in the
// simulator).
//
//      start ----> running --(pidfd readable)--> reap = 1, forgotten
//                   |   ^                              end: its last command runs first
//         set_share |   | tick          kill: SIGKILL to every process in it, grandchildren too; reap follows
//                   v   |
//               slowed / frozen
//
// Nothing here blocks longer than a process takes to be made. One thread calls all functions of one sandbox,
// and it is a thread that lives as long as its sandboxes shall: the kernel kills them when it ends (they die
// with their agent).
#ifndef ONDOL_PORT_SANDBOX_H
#define ONDOL_PORT_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/when.h"

#define SANDBOX_SHARE_FULL   (-1)      // no lever applied
#define SANDBOX_SHARE_MAX    1000000   // a thousand cores
#define SANDBOX_ARGS_MAX     2048      // most entries of argv, of envp
#define SANDBOX_TEXT_MAX     (1 << 20) // most bytes of all argv, of all envp together
#define SANDBOX_BINDS_MAX    32
#define SANDBOX_HOSTNAME_MAX 63

struct sandbox_bind {
    const char *host;   // absolute path on the host; must be readable by everyone when the agent is root
    const char *inside; // absolute path in the sandbox, below /job/ or /tmp/; always read-only
};

// A network for it (docs/design/0045-networks.md). Without one there is only a loopback of its own.
struct sandbox_net {
    bool outside;             // a device eth0 with a default route
    uint32_t cluster_address; // a device cluster0 with this address, host byte order; 0: none
    int tell_fd;          // a SEQPACKET socket: the devices' other ends are sent over it (sandbox/netns.h)
    const char *resolver; // /etc/resolv.conf; NULL: the image's
    const char *hosts;    // /etc/hosts; NULL: the image's
    const char *machines; // /job/mpihosts; NULL: none
    // In a cluster: /qarnot/utils/setup_cluster (also at /job/utils, where the job brings nothing of that name), and
    // /qarnot/ssh/id_ed25519 with its public half. NULL: none
    const char *setup, *ssh_secret, *ssh_public;
};

// What to run. Nothing is kept after start returns. argv and envp end with NULL.
struct sandbox_spec {
    uint64_t id;             // not 0; not the id of one that is not reaped yet
    const char *const *argv; // argv[0] is searched in the PATH of envp, as execvp does
    const char *const *envp; // "NAME=value"; the instance sees exactly these, and PWD. NULL: none
    // Run inside it when the command has ended by itself, or when end() asks for it; for last_ms (1 or more) at
    // most, then all of it ends. NULL: nothing
    const char *const *last;
    int64_t last_ms;
    const char *workdir;     // NULL: /job; made where instances may write, else -ENOTDIR when it is not there
    const char *hostname;    // NULL: "ondol"
    const char *image;       // "library/...": a read-only view of the machine's own /usr. NULL: the same
    // Absolute path of an unpacked image that is the root in place of that view, read-only; everyone may read
    // it. Its /proc, /dev, /tmp, /job, /etc and /qarnot are folders, its /etc/resolv.conf and
    // /etc/hosts files. NULL: `image`
    // counts.
    const char *rootfs;
    uint32_t uid, gid; // with rootfs: who the instance takes itself for; it is a plain user of the host
    const char *user;  // without: the same, NAME or UID[:GROUP or GID] (-ENXIO: there is none). NULL: job, 1000
    const struct sandbox_bind *binds;
    size_t binds_n;
    int64_t memory_max_bytes; // 0: no limit; else at least 8 MiB. Page cache and files of /job, /tmp,
                              // /dev/shm count
    const char *job_dir; // absolute path on the host, shown at /job to be written, in place of a RAM disk;
                         // everyone may write in it when the agent is root. NULL: a RAM disk
    int64_t job_bytes;   // size of the RAM disk at /job; /tmp and /dev/shm are each as large. 0: 256 MiB
    int pids_max;        // most processes and threads, without those of the sandbox itself. 0: no limit
    int share_permille;  // granted from the start, as by set_share; 0: SANDBOX_SHARE_FULL
    const struct sandbox_net *net; // NULL: only a loopback of its own
    bool capture;                  // false: output goes nowhere, and stdout_fd and stderr_fd are -1
};

// The caller owns pidfd, stdout_fd and stderr_fd and closes them. All are close-on-exec, the outputs
// non-blocking. What was printed stays in the pipes: read both to their end also after the sandbox has ended.
struct sandbox_run {
    pid_t pid;     // of the process that stands for the whole sandbox; 0 in a fake
    int pidfd;     // readable (POLLIN) once everything in the sandbox is dead. -1 in a fake without pipes
    int stdout_fd; // -1 when not captured
    int stderr_fd;
};

struct sandbox_usage {
    int64_t cpu_ms;            // core-milliseconds of all processes; making the sandbox, some 4, included
    int64_t memory_bytes;      // now
    int64_t memory_peak_bytes; // most so far; equals `now` where the machine keeps no peak
};

struct sandbox_result {
    int code;                   // as a shell says it: 0..127 the command's own, 128+n when signal n ended it
    int signal;                 // n when code is 128+n, n in 1..64; else 0
    bool killed;                // kill() was called before it ended
    int64_t wall_ms;            // from start to the first reap that saw the end
    struct sandbox_usage usage; // final
};

struct sandbox {
    void *ctx;

    // True when isolation can be made here. Else false and the sentence why: no sandbox, no task.
    bool (*available)(void *ctx, const char **why);

    // The lever that slows, as one word or two: "cgroup v2 cpu.max", "cgroup v1 quota", "cgroup v2 freeze",
    // "cgroup v1 freezer", "stop signals".
    const char *(*lever)(void *ctx);

    // Starts at the share of the spec and returns at once. -EINVAL: the spec names no command or breaks a
    // limit; -ENOENT: the command is not in the image; -EEXIST: the id runs; -ENOTSUP: no such image;
    // -ENODEV: not available; else the kernel's errno. A sandbox that breaks while it is being set up ends
    // with code 1 and one line on stderr that begins "bwrap: ".
    int (*start)(void *ctx, const struct sandbox_spec *spec, wall_ms now, struct sandbox_run *run,
                 struct err *e);

    // Grants `permille` thousandths of ONE core of the host: 44 = 0.044 core, 2000 = two cores, 0 = frozen,
    // SANDBOX_SHARE_FULL = whatever the machine has. -ENOENT: no such id.
    int (*set_share)(void *ctx, uint64_t id, int permille, wall_ms now, struct err *e);

    // Some levers are duty cycles, which need beats. Does what is due and returns in how many ms it wants to
    // be called again (1 or more), or -1: not needed until something is started or a share is set.
    int64_t (*tick)(void *ctx, wall_ms now);

    int (*usage)(void *ctx, uint64_t id, struct sandbox_usage *u); // 0 or -ENOENT

    // Asks for the spec's last command now; the end shows at pidfd, last_ms later at most while it has a share.
    // 0, -ENOENT, or -ENOTSUP: it has none, and nothing was done. Twice is harmless.
    int (*end)(void *ctx, uint64_t id);

    // Kills everything in it, frozen or not. Never waits; the end shows at pidfd. 0 or -ENOENT; twice is
    // harmless.
    int (*kill)(void *ctx, uint64_t id);

    // 1: ended, everything in it is dead, `r` is filled and the id is free. 0: not yet. -ENOENT: no such id.
    int (*reap)(void *ctx, uint64_t id, wall_ms now, struct sandbox_result *r);

    // Kills and reaps whatever runs (the fds stay the callers'), removes what was made on the host, frees
    // ctx.
    void (*free)(void *ctx);
};

#endif
