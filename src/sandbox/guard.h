// SPDX-License-Identifier: Apache-2.0
//
// What the agent and a guard (guard_main.c) have in common: the order of its arguments.
#ifndef ONDOL_SANDBOX_GUARD_H
#define ONDOL_SANDBOX_GUARD_H

#define GUARD_HEAD 5 // name, own descriptor, socket, ms, count: then the last command, then the command

#endif
