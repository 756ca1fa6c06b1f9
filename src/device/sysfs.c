// SPDX-License-Identifier: Apache-2.0
#include "device/sysfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

// A sysfs attribute is one line and is read in one go. False: no file, or no number in it.
bool sysfs_read(const char *path, int64_t *v)
{
    char text[64], *end;
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return false;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    if (n <= 0)
        return false;
    text[n] = '\0';
    errno = 0;
    *v = strtoll(text, &end, 10);
    return end != text && errno == 0 && (*end == '\n' || *end == '\0');
}
