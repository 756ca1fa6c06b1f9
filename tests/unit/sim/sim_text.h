// SPDX-License-Identifier: Apache-2.0
//
// For tests: runs a scenario that is written here, of one site and one group of zones under the synthetic sky of Paris.
#ifndef ONDOL_TESTS_SIM_TEXT_H
#define ONDOL_TESTS_SIM_TEXT_H

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sim/sim.h"

// `work` may be without `next`: that of the scenario. Fails the test where the scenario or the run does. *r is the
// caller's to give back.
static inline void sim_text_run(const char *text, const struct sim_options *o, struct sim_workload work,
                                struct sim_result *r)
{
    struct scenario s;
    struct sim_inputs in = {.work = work};
    struct err e = ERR_NULL;
    if (scenario_read(&s, "x.ini", text, strlen(text), &e) < 0)
        fail_msg("%s", e.text);
    in.site = mem_array(1, sizeof *in.site);
    in.zones = mem_array(1, sizeof *in.zones);
    weather_synthetic_paris(&in.site[0].weather, 2018, 3);
    if (sim_run(&s, &in, o, r, &e) < 0)
        fail_msg("%s", e.text);
    weather_deinit(&in.site[0].weather);
    free(in.site);
    free(in.zones);
    scenario_deinit(&s);
}

#endif
