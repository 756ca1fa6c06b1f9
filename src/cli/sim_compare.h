// SPDX-License-Identifier: Apache-2.0
//
// `ondol sim compare A B ...`: the same days under several scenarios or policies, over many seeds.
#ifndef ONDOL_CLI_SIM_COMPARE_H
#define ONDOL_CLI_SIM_COMPARE_H

int cmd_sim_compare(int argc, char **argv);

#endif
