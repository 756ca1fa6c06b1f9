// SPDX-License-Identifier: Apache-2.0
#include "agent/memory.h"

#include <unistd.h>

int64_t memory_machine_mb(void)
{
    return (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE) >> 20;
}

int64_t memory_share(struct offer_board *board, size_t n, int64_t machine_mb, int64_t kept_mb)
{
    int64_t all = 0, taken = 0;
    for (size_t i = 0; i < n; i++)
        all += board[i].spec.memory_mb;
    int64_t over = all + kept_mb - machine_mb;
    for (size_t i = 0; all > 0 && over > 0 && i < n; i++) {
        int64_t has = board[i].spec.memory_mb, off = (over * has + all - 1) / all,
                most = has > MEMORY_BOARD_MIN_MB ? has - MEMORY_BOARD_MIN_MB : 0;
        off = off < most ? off : most;
        board[i].spec.memory_mb = (int32_t)(has - off);
        taken += off;
    }
    return taken;
}
