// SPDX-License-Identifier: Apache-2.0
//
// Sites that draw more than 2,562 MWh, which is what 64 bits hold in microjoules: a year of 2,688 boards did.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/run.h"

static void test_more_energy_than_fits_into_microjoules(void **state)
{
    (void)state;
    struct sim_site x = {0};
    int64_t hour_uj = INT64_C(1500000000000700001); // 417 MW, and less than a joule
    for (int h = 0; h < 8766; h++) {
        x.it_uj += hour_uj;
        assert_true(x.it_uj - x.last_it_uj == hour_uj); // what the hour is billed by
        site_joules(&x);
    }
    assert_true(x.it_j == INT64_C(1500000000000) * 8766 + INT64_C(700001) * 8766 / 1000000);
    assert_true(x.it_uj == INT64_C(700001) * 8766 % 1000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_more_energy_than_fits_into_microjoules)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
