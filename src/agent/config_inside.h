// SPDX-License-Identifier: Apache-2.0
//
// The inside of the agent's configuration, for the files config*.c only.
#ifndef ONDOL_AGENT_CONFIG_INSIDE_H
#define ONDOL_AGENT_CONFIG_INSIDE_H

#include "agent/config.h"

// ---- config_things.c
// Finds the one of this name, or adds it with its defaults. 0, or -EINVAL: too many, or no name.
int config_zone_add(struct config *c, const char *name, size_t *at, struct err *e);
int config_heater_add(struct config *c, const char *name, size_t *at, struct err *e);
int config_board_add(struct config *c, const char *name, size_t *at, struct err *e);

int config_name(const char *value, const char *key, char out[NAME_BYTES], struct err *e);

// ---- config_keys.c
// Keeps one value where its key says. -EINVAL: the sentence, without file and line.
int config_key(struct config *c, const char *section, const char *key, const char *value, struct err *e);

#endif
