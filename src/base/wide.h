// SPDX-License-Identifier: Apache-2.0
//
// Loops over arrays in as wide registers as the processor has. A loop written once is compiled for three widths
// and the widest that the processor knows is taken; as nothing is reordered or fused (-ffp-contract=off), all
// give the same digits (docs/design/0010).
//
//     WIDE_INLINE void scale_any(double *x, size_t n, double by) { WIDE_LOOP for (...) x[i] *= by; }
//     WIDE(scale, (double *x, size_t n, double by), (x, n, by))
//
// makes `static void scale(double *x, size_t n, double by)`. Selects, not branches, inside: conditions are joined
// with & and |.
#ifndef ONDOL_BASE_WIDE_H
#define ONDOL_BASE_WIDE_H

#define WIDE_INLINE static inline __attribute__((always_inline))

// The arrays of the loop do not overlap but where they are the same.
#ifdef __clang__
#define WIDE_LOOP _Pragma("clang loop vectorize(assume_safety)")
#else
#define WIDE_LOOP _Pragma("GCC ivdep")
#endif

#if defined(__x86_64__) && defined(__OPTIMIZE__) && !defined(ONDOL_NARROW)
#define WIDE(name, params, args)                                                                             \
    static __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,prefer-vector-width=512"))) void        \
        name##_512 params                                                                                    \
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

#endif
