// SPDX-License-Identifier: Apache-2.0
//
// Six normals per path (Marsaglia's polar method gives two at a time), mixed by the Cholesky factor, and six
// exponentials. xoshiro256** and its jump are Blackman and Vigna's public-domain algorithm (2018).
#include "examples/basket/paths.h"

#include <math.h>

_Static_assert(MARKET_ASSETS % 2 == 0, "normals come in pairs");

static uint64_t rotl(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

static uint64_t next(struct paths_stream *r)
{
    uint64_t *s = r->s, result = rotl(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 45);
    return result;
}

// Moves 2^128 numbers ahead.
static void jump(struct paths_stream *r)
{
    static const uint64_t polynomial[] = {0x180ec6d33cfd0aba, 0xd5a61266f0c9392c, 0xa9582618e03fc9aa,
                                          0x39abdc4529b1661c};
    uint64_t s[4] = {0};
    for (int i = 0; i < 4; i++) {
        for (int bit = 0; bit < 64; bit++) {
            if (polynomial[i] & (UINT64_C(1) << bit))
                for (int k = 0; k < 4; k++)
                    s[k] ^= r->s[k];
            next(r);
        }
    }
    for (int k = 0; k < 4; k++)
        r->s[k] = s[k];
}

void paths_stream_init(struct paths_stream *r, uint64_t seed, uint32_t instance)
{
    for (int k = 0; k < 4; k++) { // splitmix64, as the authors advise for seeding
        uint64_t z = seed += 0x9e3779b97f4a7c15;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        r->s[k] = z ^ (z >> 31);
    }
    for (uint32_t i = 0; i < instance; i++)
        jump(r);
}

static double symmetric(struct paths_stream *r) // uniform in (-1, 1)
{
    return ((double)(next(r) >> 11) + 0.5) * 0x1p-52 - 1;
}

static void normal_pair(struct paths_stream *r, double out[2])
{
    double x, y, q;
    do {
        x = symmetric(r);
        y = symmetric(r);
        q = x * x + y * y;
    } while (q >= 1 || q == 0);
    double scale = sqrt(-2 * log(q) / q);
    out[0] = x * scale;
    out[1] = y * scale;
}

void paths_run(const struct market *m, struct paths_stream *r, uint64_t n, struct paths_sums *sums)
{
    double mix[MARKET_ASSETS][MARKET_ASSETS], start[MARKET_ASSETS];
    market_cholesky(m, mix);
    for (int i = 0; i < MARKET_ASSETS; i++) {
        double s = m->sigma[i];
        start[i] = log(m->spot[i]) + (m->rate - s * s / 2) * m->years;
        for (int k = 0; k <= i; k++)
            mix[i][k] *= s * sqrt(m->years);
    }
    double discount = exp(-m->rate * m->years);
    for (uint64_t path = 0; path < n; path++) {
        double z[MARKET_ASSETS], mean = 0, mean_log = 0;
        for (int i = 0; i < MARKET_ASSETS; i += 2)
            normal_pair(r, z + i);
        for (int i = 0; i < MARKET_ASSETS; i++) {
            double x = start[i];
            for (int k = 0; k <= i; k++)
                x += mix[i][k] * z[k];
            mean_log += x / MARKET_ASSETS;
            mean += exp(x) / MARKET_ASSETS;
        }
        double pays = discount * fmax(mean - m->strike, 0);
        double geo_pays = discount * fmax(exp(mean_log) - m->strike, 0);
        sums->sum += pays;
        sums->sum2 += pays * pays;
        sums->geo_sum += geo_pays;
        sums->geo_sum2 += geo_pays * geo_pays;
        sums->cross += pays * geo_pays;
    }
    sums->paths += n;
}
