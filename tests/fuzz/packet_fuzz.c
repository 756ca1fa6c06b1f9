// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a packet of an instance: what is read of it lies in it, and the refusal that goes back is a
// packet of its own. The same bytes as an operator's list of address ranges.
#include "fuzz.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/mem.h"
#include "core/work/egress.h"

static void try_packet(const uint8_t *data, size_t n)
{
    unsigned char answer[IP4_REFUSAL_BYTES], other[IP4_REFUSAL_BYTES];
    struct ip4 h, back;
    if (!ip4_read(data, n, &h))
        return;
    assert(n >= 20);
    size_t len = ip4_refusal(data, n, answer);
    assert(len <= sizeof answer);
    if (!len)
        return;
    assert(ip4_read(answer, len, &back));
    assert(back.protocol == 1 && back.to == h.from && back.first);
    assert(ip4_refusal(answer, len, other) == 0); // or two of them would talk for ever
}

static void try_list(const char *text)
{
    struct egress g = {0};
    struct err e = ERR_NULL;
    if (cidr_read(&g.deny, text, &e) < 0) {
        assert((e.code == -EINVAL || e.code == -E2BIG) && e.text[0]);
        return;
    }
    assert(g.deny.n <= EGRESS_RANGES_MAX);
    for (size_t i = 0; i < g.deny.n; i++) {
        assert(g.deny.v[i].prefix <= 32 && cidr_has(&g.deny, g.deny.v[i].net));
        assert(!egress_allowed(&g, g.deny.v[i].net));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char *text = mem_strndup((const char *)data, n);
    try_packet(data, n);
    try_list(text);
    free(text);
    return 0;
}
