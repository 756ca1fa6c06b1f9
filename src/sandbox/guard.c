// SPDX-License-Identifier: Apache-2.0
//
// The agent's side of a guard: its program in a memory file, its arguments, the word that it waits for. Its
// two descriptors come last among those that spawn() hands over, so their numbers depend on what the network
// brought.
#include "sandbox/box.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "sandbox/guard.h"

// The program, linked in as it is on disk (src/sandbox/meson.build).
extern const char guard_image_start[] __asm__("_binary_ondol_guard_start");
extern const char guard_image_end[] __asm__("_binary_ondol_guard_end");

int box_guard_open(struct box *b, struct err *e)
{
    b->guard_fd = box_program_file("ondol-guard", guard_image_start, guard_image_end);
    return b->guard_fd < 0 ? err_set(e, -errno, "sandbox: no memory file can be made: %s", strerror(errno))
                           : 0;
}

static size_t count(const char *const *list)
{
    size_t n = 0;
    while (list && list[n])
        n++;
    return n;
}

// Program and socket, as numbers of the new process.
static int hand_over(const struct box *b, struct box_run *r, struct spawn *s, int *exe, int *word)
{
    int pair[2], own = box_above_targets(fcntl(b->guard_fd, F_DUPFD_CLOEXEC, 0));
    if (own < 0)
        return -1;
    *exe = SPAWN_KEEP_FIRST + s->keep_n;
    s->keep[s->keep_n++] = own;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return -1;
    r->guard_fd = pair[0];
    *word = SPAWN_KEEP_FIRST + s->keep_n;
    s->keep[s->keep_n++] = box_above_targets(pair[1]);
    return s->keep[s->keep_n - 1] < 0 ? -1 : 0;
}

const char **box_guard_argv(const struct box *b, const struct sandbox_spec *spec, struct box_run *r,
                            struct spawn *s, char text[4][32])
{
    static const char *const head[] = {"bwrap", "--args", "4", "--"};
    size_t n = ARRAY_LEN(head), argc = count(spec->argv), last = count(spec->last);
    int exe = -1, word = -1;
    if (spec->last && hand_over(b, r, s, &exe, &word) < 0)
        return NULL;
    const char **argv = mem_array(n + GUARD_HEAD + last + argc + 2, sizeof *argv);
    memcpy(argv, head, sizeof head);
    if (spec->last) {
        snprintf(text[0], sizeof text[0], "/proc/self/fd/%d", exe);
        snprintf(text[1], sizeof text[1], "%d", word);
        snprintf(text[2], sizeof text[2], "%lld", (long long)spec->last_ms);
        argv[n++] = text[0];
        argv[n++] = strrchr(text[0], '/') + 1;
        argv[n++] = text[1];
        argv[n++] = text[2];
        snprintf(text[3], sizeof text[3], "%zu", last);
        argv[n++] = text[3];
        memcpy(argv + n, spec->last, last * sizeof *argv);
        n += last;
    }
    memcpy(argv + n, spec->argv, argc * sizeof *argv);
    return argv;
}

// Whoever reads it has the word at once or with its next share; the socket holds more words than are ever
// said.
int box_guard_ask(const struct box_run *r)
{
    if (r->guard_fd < 0)
        return -ENOTSUP;
    send(r->guard_fd, "E", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    return 0;
}
