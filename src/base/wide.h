// SPDX-License-Identifier: Apache-2.0
//
// Loops over arrays in as wide registers as the processor has. A loop written once is compiled for three
// widths and the widest that the processor knows is taken; as nothing is reordered or fused
// (-ffp-contract=off), all give the same digits (docs/design/0010).
//
//     WIDE_INLINE void scale_any(double *x, size_t n, double by) { WIDE_LOOP for (...) x[i] *= by; }
//     WIDE(scale, (double *x, size_t n, double by), (x, n, by))
//
// makes `static void scale(double *x, size_t n, double by)`. Selects, not branches, inside: conditions are
// joined with & and |.
#ifndef ONDOL_BASE_WIDE_H
#define ONDOL_BASE_WIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define WIDE_INLINE static inline __attribute__((always_inline))

// The arrays of the loop do not overlap but where they are the same.
#ifdef __clang__
#define WIDE_LOOP _Pragma("clang loop vectorize(assume_safety)")
#pragma clang diagnostic ignored "-Wpass-failed" // under sanitizers and fuzzers loops stay single
#else
#define WIDE_LOOP _Pragma("GCC ivdep")
#endif

// A short loop inside such a one, over what lies in registers: undone before anybody thinks of registers.
#ifdef __clang__
#define WIDE_UNROLL _Pragma("clang loop unroll(full)")
#else
#define WIDE_UNROLL _Pragma("GCC unroll 16")
#endif

#ifdef __clang__
#define WIDE_512 target("avx512f,avx512vl,avx512dq,avx512bw")
#else
#define WIDE_512 target("avx512f,avx512vl,avx512dq,avx512bw,prefer-vector-width=512")
#endif

#if defined(__x86_64__) && defined(__OPTIMIZE__) && !defined(ONDOL_NARROW)
#define WIDE(name, params, args)                                                                             \
    static __attribute__((WIDE_512)) void name##_512 params                                                  \
    {                                                                                                        \
        name##_any args;                                                                                     \
    }                                                                                                        \
    static __attribute__((target("avx2"))) void name##_256 params                                            \
    {                                                                                                        \
        name##_any args;                                                                                     \
    }                                                                                                        \
    static void name##_128 params                                                                            \
    {                                                                                                        \
        name##_any args;                                                                                     \
    }                                                                                                        \
    static inline void name params                                                                           \
    {                                                                                                        \
        if (__builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))                        \
            name##_512 args;                                                                                 \
        else if (__builtin_cpu_supports("avx2"))                                                             \
            name##_256 args;                                                                                 \
        else                                                                                                 \
            name##_128 args;                                                                                 \
    }
#else
#define WIDE(name, params, args)                                                                             \
    static inline void name params                                                                           \
    {                                                                                                        \
        name##_any args;                                                                                     \
    }
#endif

// How wide the registers are for which something is compiled in several widths (base/wide_row.h): 512, 256 or 128 bits.
static inline unsigned wide_bits(void)
{
#if defined(__x86_64__) && !defined(ONDOL_NARROW)
    if (__builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512bw"))
        return 512;
    if (__builtin_cpu_supports("avx2"))
        return 256;
#endif
    return 128;
}

// Where rare lanes need more, loops go by rows and look at each row's bytes first. As many as a register holds
// of 32 bits.
#define WIDE_ROW 16

// Whether a byte of the row is not 0.
static inline bool wide_row_some(const uint8_t *row)
{
    uint64_t half[2];
    memcpy(half, row, sizeof half);
    return (half[0] | half[1]) != 0;
}

// How many of the row's bytes, each 0 or 1, are 1.
static inline size_t wide_row_count(const uint8_t *row)
{
    uint64_t half[2];
    memcpy(half, row, sizeof half);
    return (size_t)(((half[0] + half[1]) * UINT64_C(0x0101010101010101)) >> 56);
}

// The row's bytes, each 0 or 1, as masks (below).
static inline void wide_row_masks(int64_t masks[WIDE_ROW], const uint8_t *row)
{
    for (size_t i = 0; i < WIDE_ROW; i++)
        masks[i] = -(int64_t)row[i];
}

// Arrays that such loops go over are allocated by mem_lines() for wide_room(n) values, the loops go to
// wide_end(n): what is beyond n is zero to begin with, computed with, and means nothing. A loop that ends
// within a register would do the rest singly.
static inline size_t wide_end(size_t n)
{
    return (n + WIDE_ROW - 1) / WIDE_ROW * WIDE_ROW;
}

static inline size_t wide_room(size_t n)
{
    return wide_end(n) + WIDE_ROW;
}

// Conditions as all ones or none, and a choice by bits: what a compiler cannot turn into a branch.
static inline int64_t wide_mask(bool condition)
{
    return -(int64_t)condition;
}

static inline double wide_pick(int64_t mask, double yes, double no)
{
    int64_t a, b;
    double x;
    memcpy(&a, &yes, sizeof a);
    memcpy(&b, &no, sizeof b);
    a = (a & mask) | (b & ~mask);
    memcpy(&x, &a, sizeof x);
    return x;
}

#endif
