// SPDX-License-Identifier: Apache-2.0
//
// The small files by which a kernel is spoken to (cgroup, proc), a process known by more than its number, and
// directories that say which process made them, so that leftovers of the dead are found and removed.
#ifndef ONDOL_SANDBOX_SYSFILE_H
#define ONDOL_SANDBOX_SYSFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define SYSFILE_PATH_MAX 1024

// Reads at most n-1 bytes of `dir/name` and ends them with NUL. Bytes read, or negative errno.
ssize_t sysfile_read(const char *dir, const char *name, char *out, size_t n);
int64_t sysfile_read_i64(const char *dir, const char *name, int64_t otherwise);
int sysfile_write(const char *dir, const char *name, const char *text); // one write(2); 0 or negative errno
bool sysfile_exists(const char *dir, const char *name);

// A number after a word at the start of a line, as in "usage_usec 1234"; `otherwise` when the word is absent.
int64_t sysfile_word(const char *text, const char *word, int64_t otherwise);

#define OWNER_NAME_BYTES 96
// "ondol-<pid namespace>-<pid>-<start time>-<n>": unique until the next boot, whatever happens to pids.
void owner_name(char out[OWNER_NAME_BYTES], int n);
// True for such a name when its maker is of our pid namespace and no longer lives. Other names, and makers
// whom we cannot see because they live in another pid namespace, are never called dead.
bool owner_is_dead(const char *name);

// Removes a tree without following symbolic links. Directories of cgroups are removed the same way: their
// files refuse unlink, which is ignored. 0 or the errno (negative) of the last directory that stayed.
int tree_remove(const char *path, bool cgroup);

#endif
