// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a packet of an instance: what is read of it lies in it, and the refusal that goes back is a
// packet of its own; a question for a name is answered by a packet that is no question. The same bytes as an
// operator's list of address ranges.
#include "fuzz.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/work/egress.h"
#include "core/work/namegate.h"

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

static void try_question(const uint8_t *data, size_t n)
{
    struct name_addresses all = {.n = NAME_ADDRESSES_MAX};
    unsigned char answer[NAME_ANSWER_BYTES];
    struct name_question q, other;
    struct ip4 back;
    if (!name_question_read(data, n, &q))
        return;
    assert(q.name[0] && strlen(q.name) <= NAME_CHARS_MAX && q.asked_bytes <= sizeof q.asked);
    size_t len = name_answer_write(&q, &all, answer);
    assert(len <= sizeof answer && ip4_read(answer, len, &back));
    assert(back.to == q.from && back.from == q.to && back.to_port == q.from_port);
    assert(!name_question_read(answer, len, &other));
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
    try_question(data, n);
    try_list(text);
    free(text);
    return 0;
}
