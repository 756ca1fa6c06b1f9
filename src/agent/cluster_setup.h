// SPDX-License-Identifier: Apache-2.0
//
// /qarnot/utils/setup_cluster, which a command of a cluster calls before it calls mpirun: as a program of MPI
// expects it, each instance can then log in to each other one by its name, with the key of this cluster.
#ifndef ONDOL_AGENT_CLUSTER_SETUP_H
#define ONDOL_AGENT_CLUSTER_SETUP_H

extern const char cluster_setup_script[];

#endif
