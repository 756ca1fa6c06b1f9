// SPDX-License-Identifier: Apache-2.0
// Any bytes as a sync of either direction: they are refused with a sentence, or what was read is written and
// read again to the same bytes.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "net/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = ARENA_NULL, b = ARENA_NULL;
    struct err e = ERR_NULL;
    struct sync_up up, up_again;
    struct sync_down down, down_again;
    size_t n = 0, n_again = 0;
    char *text = NULL, *again = NULL;
    if (wire_up_decode((const char *)data, size, &a, &up, &e) == 0) {
        text = wire_up_encode(&up, &n);
        if (wire_up_decode(text, n, &b, &up_again, &e) < 0)
            abort();
        again = wire_up_encode(&up_again, &n_again);
    } else if (wire_down_decode((const char *)data, size, &a, &down, &e) == 0) {
        text = wire_down_encode(&down, &n);
        if (wire_down_decode(text, n, &b, &down_again, &e) < 0)
            abort();
        again = wire_down_encode(&down_again, &n_again);
    } else if (e.text[0] == '\0') {
        abort();
    }
    if (n != n_again || (n && memcmp(text, again, n) != 0))
        abort();
    free(text);
    free(again);
    arena_deinit(&a);
    arena_deinit(&b);
    return 0;
}
