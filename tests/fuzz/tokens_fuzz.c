// SPDX-License-Identifier: Apache-2.0
//
// Any text as a command, and the same text as the value of its own constants: ends in bounded time and space.
#include "fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/work/tokens.h"

static const char *whole_text(void *ctx, const char *name, size_t n)
{
    (void)name;
    return n % 2 ? ctx : NULL; // names of odd length have the whole text as their value
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char *text = mem_strndup((const char *)data, n);
    struct tokens t = TOKENS_NULL;
    struct err e = ERR_NULL;
    if (tokens_split(&t, text, 64, &e) == 0) {
        size_t sum = 0;
        for (size_t i = 0; i < t.n; i++)
            sum += strlen(t.v[i]);
        assert(t.n <= 64 && t.v[t.n] == NULL && sum <= strlen(text));
    } else {
        assert(e.text[0] && t.n == 0);
    }
    tokens_deinit(&t);
    struct buf b = BUF_INIT(1 << 16);
    tokens_expand(&b, text, whole_text, text, &e);
    assert(b.n <= b.max);
    buf_deinit(&b);
    free(text);
    return 0;
}
