// SPDX-License-Identifier: Apache-2.0
#include "core/ledger/bill.h"

#define MS_PER_H   3600000
#define MJ_PER_KWH INT64_C(3600000000)

_Static_assert(ACTIVITY_RESERVED == 0 && ACTIVITY_DONATED == BILL_CLASSES - 1,
               "one price for each class of tasks");

struct bill bill_default(void)
{
    return (struct bill){.ueur_per_core_h = {20000, 15000, 10000, 0}};
}

int64_t bill_neur(const struct bill *b, enum activity a, int64_t core_ms, int64_t energy_mj)
{
    if (!activity_is_task(a))
        return 0;
    __int128 work = (__int128)core_ms * b->ueur_per_core_h[a] * 1000 / MS_PER_H;
    __int128 energy = a == ACTIVITY_DONATED ? 0 : (__int128)energy_mj * b->ueur_per_kwh * 1000 / MJ_PER_KWH;
    return (int64_t)(work + energy);
}
