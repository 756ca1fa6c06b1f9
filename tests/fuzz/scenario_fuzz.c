// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a scenario: read and then sound, or refused with the name of the file.
#include "fuzz.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "sim/scenario.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct scenario s = SCENARIO_NULL;
    struct err e = ERR_NULL;
    int rc = scenario_read(&s, "x.ini", (const char *)data, n, &e);
    assert(rc == 0 || (rc == -EINVAL && !strncmp(e.text, "x.ini", 5)));
    if (rc)
        return 0;
    assert(s.n_sites > 0 && s.n_zones > 0 && s.n_board_models > 0 && s.length_ms > 0 && s.step_ms >= 1000);
    for (size_t i = 0; i < s.n_zones; i++) {
        assert(s.zones[i].site < s.n_sites && s.zones[i].board < s.n_board_models);
        assert(s.zones[i].count >= 1 && s.zones[i].boards >= 1 && s.zones[i].boards <= 240);
    }
    for (size_t i = 0; i < s.n_board_models; i++)
        assert(curve_check(&s.board[i].curve, &e) == 0);
    scenario_deinit(&s);
    return 0;
}
