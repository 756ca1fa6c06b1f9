// SPDX-License-Identifier: Apache-2.0
//
// Files for targets whose subject wants a path: bytes in memory that have one, and a folder of its own.
#ifndef TESTS_FUZZ_SCRATCH_H
#define TESTS_FUZZ_SCRATCH_H

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SCRATCH_PATH 64

// A file of these bytes that has no name but `path`; the caller closes it.
static inline int scratch_file(const void *data, size_t n, char path[SCRATCH_PATH])
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    assert(fd >= 0);
    for (size_t done = 0; done < n;) {
        ssize_t w = write(fd, (const char *)data + done, n - done);
        assert(w > 0);
        done += (size_t)w;
    }
    snprintf(path, SCRATCH_PATH, "/proc/self/fd/%d", fd);
    return fd;
}

// A folder in memory, else where temporary files go. The caller removes it.
static inline void scratch_dir(char path[SCRATCH_PATH])
{
    snprintf(path, SCRATCH_PATH, "%s/ondol-fuzz.XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    char *made = mkdtemp(path);
    assert(made);
    (void)made;
}

#endif
