// SPDX-License-Identifier: Apache-2.0
//
// What there is to ask for: hardware and profiles.
#ifndef ONDOL_CLI_VERB_OFFER_H
#define ONDOL_CLI_VERB_OFFER_H

#include <stdbool.h>

#include "cli/verbs.h"

int verb_hardware(struct verb_call *c, bool json);
int verb_profiles(struct verb_call *c, bool json); // of the first argument its constants

#endif
