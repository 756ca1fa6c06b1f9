// SPDX-License-Identifier: Apache-2.0
//
// From a task's constants to what one instance runs: argv, environment, working directory, image. There is no
// shell: the command is split into words and ${NAME} is replaced in each word, once per instance
// (core/work/tokens.h).
//
// Names are looked up among the instance's own variables first, then among the constants:
//   INSTANCE_ID, FRAME_ID, QRANK    id of this instance        TASK_PATH, QARNOT_RESOURCES_DIRECTORY,
//   INSTANCE_COUNT, QSIZE           how many there are         QARNOT_RESULTS_DIRECTORY  /job
//   TMP_PATH /tmp                                              TMP_RAMFS_PATH  /dev/shm
// All of them and every constant that is not hidden make the environment, beside PATH and HOME where no constant gives these.
//
// In an image (struct image_wish) argv may be empty, PATH and HOME are not added, and a DOCKER_WORKDIR that
// is empty or names itself is the image's: launch_in_image (image.h) puts both together.
#ifndef ONDOL_CORE_WORK_LAUNCH_H
#define ONDOL_CORE_WORK_LAUNCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "core/work/netplan.h"
#include "core/work/staging.h"

#define LAUNCH_ARGS_MAX 1024
#define LAUNCH_BYTES_MAX                                                                                     \
    ((size_t)768 << 10) // all words, all of the environment: each below what the sandbox takes
#define LAUNCH_CONSTANTS_MAX 512
#define LAUNCH_PROGRESS_MAX  3
#define LAUNCH_LAST_MS       10000 // wall: most that a last command may take

struct constant {
    const char *key, *value;
    bool hidden; // it fills in names, and is not exported
};

// What the heater needs of the body of a task (public API 2.4).
struct task_body {
    const char *name, *profile; // NULL: not given
    const struct constant *constant;
    size_t n_constants;
    const struct stage_plan *stage; // NULL: no files come or go
    const struct image_wish *image; // NULL: the machine's own /usr stands for it
    const struct net_plan *net;     // what the server says of its network; NULL: nothing
    const char *error;              // not NULL: the body could not be read, and why
};

// The server says with the body that the task runs in an image of its own.
struct image_wish {
    const char *digest; // of its manifest, "sha256:..."; "": the server is to be asked
};

// The image of an instance, and what is needed to ask the server for it.
struct launch_image {
    const char *digest; // NULL: none, the machine's own /usr; "": not known yet
    const char *server, *repo, *tag, *login, *password; // as the constants say; NULL: not said
    const char *user;                                   // likewise, also without an image
};

struct launch {
    const char *const *argv; // ends with NULL
    const char *const *envp; // "NAME=value", ends with NULL
    const char *const *last; // DOCKER_SHUTDOWN_CMD, likewise; NULL: none, or one that does nothing
    const char *workdir;     // NULL: that of the image
    struct launch_image image;
    bool no_boost;                             // QARNOT_DISABLE_CPU_BOOST
    int64_t limit_ms;                          // house time that the command may run; 0: any
    const char *hostname;                      // NULL: the sandbox's own
    const char *progress[LAUNCH_PROGRESS_MAX]; // DOCKER_PROGRESS1..3; NULL: not given
    const struct stage_plan *stage;            // names in its filters are replaced; NULL: no files
    const struct net_plan *net;                // NULL: no network at all
    uint32_t address;                          // in its cluster, host byte order; 0: none
    const char *hosts, *machines;              // /etc/hosts and /job/mpihosts of a cluster; NULL: none
};

// Everything in `out` lives in `a`. On failure returns a negative errno and *code says it in one word for the
// API: "bad-task", "image-unavailable", "bad-command", "bad-workdir", "too-large".
int launch_make(const struct task_body *b, uint32_t instance, uint32_t instance_count, struct arena *a,
                struct launch *out, const char **code, struct err *e);

#endif
