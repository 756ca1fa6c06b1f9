// SPDX-License-Identifier: Apache-2.0
#include "store/text.h"

#include <stdio.h>
#include <string.h>

#define PREFIX_BYTES 24

static size_t prefix_of(char out[PREFIX_BYTES], int64_t instance)
{
    return (size_t)snprintf(out, PREFIX_BYTES, "%2lld> ", (long long)instance);
}

// The most of `room` that does not cut a UTF-8 character. Bytes that are no UTF-8 are cut anywhere.
static size_t whole_characters(const char *data, size_t n, size_t room)
{
    if (room >= n)
        return n;
    size_t k = room;
    while (k > 0 && room - k < 3 && ((unsigned char)data[k] & 0xc0) == 0x80)
        k--;
    return ((unsigned char)data[k] & 0xc0) != 0x80 ? k : room;
}

static void append(struct text_out *out, const char *data, size_t n)
{
    buf_put(out->text, data, n);
    out->room -= n;
}

static size_t put_plain(struct text_out *out, const char *data, size_t n)
{
    size_t k = whole_characters(data, n, out->room);
    append(out, data, k);
    return k;
}

// One line or the part of it for which there is room.
static size_t put_line(struct text_out *out, int64_t speaker, const char *data, size_t n)
{
    char prefix[PREFIX_BYTES];
    size_t width = 0, closing = 0;
    if (out->open != speaker) {
        width = prefix_of(prefix, speaker & UINT32_MAX);
        closing = out->open >= 0;
    }
    size_t lead = width + closing;
    if (lead + n > out->room && (lead + n <= out->all || lead + 4 > out->room))
        return 0; // it fits whole into the next read, or not even a character fits into this one
    size_t k = whole_characters(data, n, out->room - lead);
    append(out, "\n", closing);
    append(out, prefix, width);
    append(out, data, k);
    out->open = data[k - 1] == '\n' ? -1 : speaker;
    return k;
}

size_t text_put(struct text_out *out, int64_t speaker, const char *data, size_t n)
{
    if (!out->aggregate)
        return put_plain(out, data, n);
    size_t used = 0;
    while (used < n) {
        const char *end = memchr(data + used, '\n', n - used);
        size_t line = end ? (size_t)(end - data) + 1 - used : n - used;
        size_t k = put_line(out, speaker, data + used, line);
        used += k;
        if (k < line)
            break;
    }
    return used;
}

size_t text_lines(const char *data, size_t n)
{
    size_t lines = n > 0 && data[n - 1] != '\n';
    for (size_t i = 0; i < n; i++)
        lines += data[i] == '\n';
    return lines;
}

size_t text_bytes(bool aggregate, int64_t instance, size_t lines, size_t n)
{
    char prefix[PREFIX_BYTES];
    return aggregate ? n + 1 + lines * prefix_of(prefix, instance) : n;
}
