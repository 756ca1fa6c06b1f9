// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a recording: each record is read, ends the log or is refused with a sentence, and the reader
// always moves on.
#include "fuzz.h"

#include <assert.h>
#include <errno.h>

#include "core/engine/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct arena a = ARENA_NULL;
    struct log_record r;
    struct err e = ERR_NULL;
    size_t pos = 0;
    for (int more = 1; more == 1;) {
        size_t before = pos;
        more = log_next((const char *)data, n, &pos, &a, &r, &e);
        assert(more == 1 || more == 0 || (more == -EBADMSG && *e.text));
        assert(pos <= n && (more != 1 || pos > before));
        arena_clear(&a);
    }
    arena_deinit(&a);
    return 0;
}
