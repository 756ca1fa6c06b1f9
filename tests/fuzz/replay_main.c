// SPDX-License-Identifier: Apache-2.0
//
// Feeds each file of a corpus folder once to a fuzz target, in the order of their names, so that everything a
// fuzzer ever found stays a plain test. Usage: <name>_replay FOLDER. Fails when the folder cannot be read or
// is empty.
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

static int feed(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f) {
        perror(path);
        return -1;
    }
    // Exactly as many bytes as the file has, so that a read past the end is seen by the sanitizers.
    fseek(f, 0, SEEK_END);
    long n = ftell(f);
    rewind(f);
    uint8_t *data = malloc(n > 0 ? (size_t)n : 1);
    int rc = n >= 0 && data && fread(data, 1, (size_t)n, f) == (size_t)n ? 0 : -1;
    fclose(f);
    if (rc == 0) {
        printf("%s\n", path);
        fflush(stdout); // the last line printed names the entry that crashed
        LLVMFuzzerTestOneInput(data, (size_t)n);
    }
    free(data);
    return rc;
}

static int is_entry(const struct dirent *d)
{
    return d->d_name[0] != '.';
}

int main(int argc, char **argv)
{
    struct dirent **list;
    int n = argc == 2 ? scandir(argv[1], &list, is_entry, alphasort) : -1;
    if (n <= 0) {
        fprintf(stderr, "replay: %s: no corpus to read\n", argc == 2 ? argv[1] : "(give one folder)");
        return 1;
    }
    int failed = 0;
    for (int i = 0; i < n; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", argv[1], list[i]->d_name);
        failed += feed(path) != 0;
        free(list[i]);
    }
    free(list);
    printf("%d entries\n", n);
    return failed > 0;
}
