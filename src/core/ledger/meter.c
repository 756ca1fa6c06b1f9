// SPDX-License-Identifier: Apache-2.0
#include "core/ledger/meter.h"

static int64_t possible_mj(const struct meter *m, house_ms at, int64_t max_mw)
{
    __int128 mj = (__int128)max_mw * house_since(at, m->at) / 1000 * 5 / 4 + 50000;
    return mj > METER_MOST_MJ ? METER_MOST_MJ : (int64_t)mj;
}

enum meter_answer meter_read(struct meter *m, house_ms at, int64_t raw_mj, int64_t wrap_mj, int64_t max_mw,
                             int64_t *delta_mj)
{
    *delta_mj = 0;
    if (raw_mj < 0 || raw_mj > METER_MOST_MJ || wrap_mj < 0 || wrap_mj > METER_MOST_MJ) {
        m->refused++;
        return METER_REFUSED;
    }
    if (!m->started) {
        m->started = true;
        m->at = at;
        m->raw_mj = raw_mj;
        return METER_FIRST;
    }
    if (house_since(at, m->at) <= 0)
        return METER_REFUSED;
    int64_t limit = possible_mj(m, at, max_mw);
    enum meter_answer answer = METER_OK;
    int64_t delta = raw_mj - m->raw_mj;
    if (delta < 0) {
        int64_t wrapped = wrap_mj > 0 ? delta + wrap_mj : -1;
        if (wrapped >= 0 && wrapped <= limit) {
            delta = wrapped;
            answer = METER_WRAPPED;
            m->wraps++;
        } else {
            delta = raw_mj;
            answer = METER_RESET;
            m->resets++;
        }
    }
    if (house_since(at, m->at) > METER_GAP_MS)
        m->gaps++;
    m->at = at;
    m->raw_mj = raw_mj;
    if (delta > limit) {
        m->refused++;
        return METER_REFUSED;
    }
    m->total_mj += delta;
    *delta_mj = delta;
    return answer;
}
