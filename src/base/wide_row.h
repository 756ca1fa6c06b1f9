// SPDX-License-Identifier: Apache-2.0
//
// Rows of 32-bit numbers in registers, for loops that a compiler does not put side by side well by itself
// (docs/design/0058). A file of such loops is compiled once for each width of registers (meson.build beside it)
// and the widest that the processor has is taken when it runs. + - * / are written as for numbers. What is
// compared gives a mask; masks are joined with & | ^. All widths give the same digits.
//
//     row_f x = row_load(a + i), y = row_min(x, row_all(3)) * 0.5f;
//     row_store_where(a + i, row_less(x, y), y);
//
// With WIDE_ONE a row is one plain number, so that a formula is written once for one and for many.
#ifndef ONDOL_BASE_WIDE_ROW_H
#define ONDOL_BASE_WIDE_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define ROW_INLINE static inline __attribute__((always_inline))

#if defined(WIDE_ONE)

#define ROW_LANES 1
typedef float row_f;
typedef int32_t row_i;
typedef uint32_t row_u;
typedef int32_t row_m; // 0 or 1

#elif defined(__AVX512F__) && defined(__AVX512DQ__)

#include <immintrin.h>
#define ROW_LANES 16
typedef float row_f __attribute__((vector_size(64)));
typedef int32_t row_i __attribute__((vector_size(64)));
typedef uint32_t row_u __attribute__((vector_size(64)));
typedef __mmask16 row_m; // in a register of masks

#else // masks are all ones or none, in registers like the numbers

#ifdef __AVX2__
#define ROW_LANES 8
#else
#define ROW_LANES 4
#endif
typedef float row_f __attribute__((vector_size(4 * ROW_LANES)));
typedef int32_t row_i __attribute__((vector_size(4 * ROW_LANES)));
typedef uint32_t row_u __attribute__((vector_size(4 * ROW_LANES)));
typedef row_i row_m;

#endif

// Beyond 2^23 a float's unit is 1: adding this rounds to the nearest, and leaves it in the low bits.
#define ROW_SHIFT      12582912.0f
#define ROW_SHIFT_BITS 0x4B400000

// ---- the same for all: what lies at any address; one number for all lanes

ROW_INLINE row_f row_load(const float *from)
{
    row_f x;
    memcpy(&x, from, sizeof x);
    return x;
}

ROW_INLINE row_i row_load_whole(const int32_t *from)
{
    row_i x;
    memcpy(&x, from, sizeof x);
    return x;
}

ROW_INLINE void row_store(float *to, row_f x)
{
    memcpy(to, &x, sizeof x);
}

ROW_INLINE void row_store_whole(int32_t *to, row_i x)
{
    memcpy(to, &x, sizeof x);
}

ROW_INLINE row_f row_all(float x)
{
    return x - (row_f){0};
}

ROW_INLINE row_i row_all_whole(int32_t x)
{
    return (row_i){0} + x;
}

// ---- what differs. row_nearest(): the nearest whole number, the even one of two, below 4e6 (beyond it a
// float's unit comes near 1). row_less_in(m, ...): where m too. row_unless(m, bad): of m what is not bad.
// row_whole() drops what is behind the point, of numbers that fit. row_bits(): bit i is lane i's;
// row_of_bits() takes as many as there are lanes and leaves the rest. row_gather_where(): 0 elsewhere, and
// nothing is read there.

#if ROW_LANES == 1

ROW_INLINE row_f row_of_whole(row_i x)
{
    return (float)x;
}

ROW_INLINE row_i row_nearest(row_f x)
{
    row_f shifted = x + ROW_SHIFT;
    row_i bits;
    memcpy(&bits, &shifted, sizeof bits);
    return bits - ROW_SHIFT_BITS;
}

ROW_INLINE row_i row_whole(row_f x)
{
    return (int32_t)x;
}

ROW_INLINE row_m row_less(row_f a, row_f b)
{
    return a < b;
}

ROW_INLINE row_m row_less_in(row_m m, row_f a, row_f b)
{
    return m & (a < b);
}

ROW_INLINE row_f row_pick(row_m m, row_f yes, row_f no)
{
    return m ? yes : no;
}

ROW_INLINE row_f row_min(row_f a, row_f b)
{
    return a < b ? a : b;
}

ROW_INLINE row_f row_max(row_f a, row_f b)
{
    return a > b ? a : b;
}

#elif ROW_LANES == 16

ROW_INLINE row_f row_of_whole(row_i x)
{
    return (row_f)_mm512_cvtepi32_ps((__m512i)x);
}

ROW_INLINE row_i row_nearest(row_f x)
{
    return (row_i)_mm512_cvtps_epi32((__m512)x);
}

ROW_INLINE row_i row_whole(row_f x)
{
    return (row_i)_mm512_cvttps_epi32((__m512)x);
}

ROW_INLINE row_m row_less(row_f a, row_f b)
{
    return _mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_LT_OQ);
}

ROW_INLINE row_m row_less_in(row_m m, row_f a, row_f b)
{
    return _mm512_mask_cmp_ps_mask(m, (__m512)a, (__m512)b, _CMP_LT_OQ);
}

ROW_INLINE row_m row_at_least_in(row_m m, row_f a, row_f b)
{
    return _mm512_mask_cmp_ps_mask(m, (__m512)a, (__m512)b, _CMP_GE_OQ);
}

ROW_INLINE row_m row_less_whole(row_i a, row_i b)
{
    return _mm512_cmplt_epi32_mask((__m512i)a, (__m512i)b);
}

ROW_INLINE row_m row_same_whole(row_i a, row_i b)
{
    return _mm512_cmpeq_epi32_mask((__m512i)a, (__m512i)b);
}

ROW_INLINE row_m row_not(row_m m)
{
    return _knot_mask16(m);
}

ROW_INLINE row_m row_unless(row_m m, row_m bad)
{
    return _kandn_mask16(bad, m);
}

ROW_INLINE row_m row_agree(row_m a, row_m b)
{
    return _kxnor_mask16(a, b);
}

ROW_INLINE row_f row_pick(row_m m, row_f yes, row_f no)
{
    return (row_f)_mm512_mask_blend_ps(m, (__m512)no, (__m512)yes);
}

ROW_INLINE row_i row_pick_whole(row_m m, row_i yes, row_i no)
{
    return (row_i)_mm512_mask_blend_epi32(m, (__m512i)no, (__m512i)yes);
}

ROW_INLINE row_f row_min(row_f a, row_f b)
{
    return (row_f)_mm512_min_ps((__m512)a, (__m512)b);
}

ROW_INLINE row_f row_max(row_f a, row_f b)
{
    return (row_f)_mm512_max_ps((__m512)a, (__m512)b);
}

ROW_INLINE row_i row_min_whole(row_i a, row_i b)
{
    return (row_i)_mm512_min_epi32((__m512i)a, (__m512i)b);
}

ROW_INLINE row_f row_load_doubles(const double *from)
{
    __m256 low = _mm512_cvtpd_ps(_mm512_loadu_pd(from)), high = _mm512_cvtpd_ps(_mm512_loadu_pd(from + 8));
    return (row_f)_mm512_insertf32x8(_mm512_castps256_ps512(low), high, 1);
}

ROW_INLINE row_i row_gather_where(const int32_t *from, row_m m, row_i at)
{
    return (row_i)_mm512_mask_i32gather_epi32(_mm512_setzero_si512(), m, (__m512i)at, from, 4);
}

ROW_INLINE void row_store_shorts(uint16_t *to, row_i x)
{
    _mm256_storeu_si256((__m256i *)to, _mm512_cvtepi32_epi16((__m512i)x));
}

ROW_INLINE void row_store_where(float *to, row_m m, row_f x)
{
    _mm512_mask_storeu_ps(to, m, (__m512)x);
}

ROW_INLINE void row_store_whole_where(int32_t *to, row_m m, row_i x)
{
    _mm512_mask_storeu_epi32(to, m, (__m512i)x);
}

ROW_INLINE uint32_t row_bits(row_m m)
{
    return m;
}

ROW_INLINE row_m row_of_bits(uint32_t bits)
{
    return (row_m)bits;
}

#else

ROW_INLINE row_f row_of_whole(row_i x)
{
    return __builtin_convertvector(x, row_f);
}

ROW_INLINE row_i row_nearest(row_f x)
{
    return (row_i)(x + ROW_SHIFT) - ROW_SHIFT_BITS;
}

ROW_INLINE row_i row_whole(row_f x)
{
    return __builtin_convertvector(x, row_i);
}

ROW_INLINE row_m row_less(row_f a, row_f b)
{
    return a < b;
}

ROW_INLINE row_m row_less_in(row_m m, row_f a, row_f b)
{
    return m & (a < b);
}

ROW_INLINE row_m row_at_least_in(row_m m, row_f a, row_f b)
{
    return m & (a >= b);
}

ROW_INLINE row_m row_less_whole(row_i a, row_i b)
{
    return a < b;
}

ROW_INLINE row_m row_same_whole(row_i a, row_i b)
{
    return a == b;
}

ROW_INLINE row_m row_not(row_m m)
{
    return ~m;
}

ROW_INLINE row_m row_unless(row_m m, row_m bad)
{
    return m & ~bad;
}

ROW_INLINE row_m row_agree(row_m a, row_m b)
{
    return ~(a ^ b);
}

ROW_INLINE row_i row_pick_whole(row_m m, row_i yes, row_i no)
{
    return (m & yes) | (~m & no);
}

ROW_INLINE row_f row_pick(row_m m, row_f yes, row_f no)
{
    return (row_f)row_pick_whole(m, (row_i)yes, (row_i)no);
}

ROW_INLINE row_f row_min(row_f a, row_f b)
{
    return row_pick(row_less(a, b), a, b);
}

ROW_INLINE row_f row_max(row_f a, row_f b)
{
    return row_pick(row_less(b, a), a, b);
}

ROW_INLINE row_i row_min_whole(row_i a, row_i b)
{
    return row_pick_whole(row_less_whole(a, b), a, b);
}

ROW_INLINE row_f row_load_doubles(const double *from)
{
    row_f x;
    for (int i = 0; i < ROW_LANES; i++)
        x[i] = (float)from[i];
    return x;
}

ROW_INLINE row_i row_gather_where(const int32_t *from, row_m m, row_i at)
{
    row_i x = {0};
    for (int i = 0; i < ROW_LANES; i++)
        x[i] = m[i] ? from[at[i]] : 0;
    return x;
}

ROW_INLINE void row_store_shorts(uint16_t *to, row_i x)
{
    for (int i = 0; i < ROW_LANES; i++)
        to[i] = (uint16_t)x[i];
}

ROW_INLINE void row_store_where(float *to, row_m m, row_f x)
{
    row_store(to, row_pick(m, x, row_load(to)));
}

ROW_INLINE void row_store_whole_where(int32_t *to, row_m m, row_i x)
{
    row_store_whole(to, row_pick_whole(m, x, row_load_whole(to)));
}

ROW_INLINE uint32_t row_bits(row_m m)
{
    uint32_t bits = 0;
    for (int i = 0; i < ROW_LANES; i++)
        bits |= ((uint32_t)m[i] & 1) << i;
    return bits;
}

ROW_INLINE row_m row_of_bits(uint32_t bits)
{
    row_m m = {0};
    for (int i = 0; i < ROW_LANES; i++)
        m[i] = -(int32_t)(bits >> i & 1);
    return m;
}

#endif

#endif
