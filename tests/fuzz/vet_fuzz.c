// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a request head after libmicrohttpd has put its NULs into it: no crash, and what passes is
// clean. The first byte says how many fields it claims to have found.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/vet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

// A head in raw bytes becomes what libmicrohttpd would make of it, roughly: enough for the fuzzer to get
// deep.
static void blank(char *run, size_t n, char *target)
{
    size_t line = 0, spaces = 0, target_n = 0;
    int colon = 0;
    for (size_t i = 0; i < n; i++) {
        if (run[i] == '\n') {
            run[i] = '\0';
            if (i && run[i - 1] == '\r')
                run[i - 1] = '\0';
            line++, colon = 0;
        } else if (!line && run[i] == ' ' && spaces < 2) {
            run[i] = '\0';
            spaces++;
        } else if (!line && spaces == 1) {
            target[target_n++] = run[i];
        } else if (line && !colon && run[i] == ':') {
            run[i] = '\0';
            colon = 1;
        }
    }
    target[target_n] = '\0';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n < 2)
        return 0;
    size_t seen = data[0] % 8;
    char *run = malloc(n - 1), *target = malloc(n);
    memcpy(run, data + 1, n - 1);
    blank(run, n - 1, target);
    static struct head h;
    struct vet_answer a = vet_run(run, n - 1, target, seen, &h);
    if (!a.status) {
        if (h.n != seen || (h.path[0] != '/' && strcmp(h.path, "*")) || !*h.method)
            abort();
        for (size_t i = 0; i < h.n; i++)
            if (!*h.field[i].name || strpbrk(h.field[i].name, " \t:") || strpbrk(h.field[i].value, "\r\n"))
                abort();
    }
    free(run);
    free(target);
    return 0;
}
