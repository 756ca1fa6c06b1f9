// SPDX-License-Identifier: Apache-2.0
//
// A small town where anything changes at random, planned twice: step by step and from nothing. Fails the test
// when the two plans differ or when plan_check finds a fault.
#ifndef ONDOL_TESTS_PLAN_TOWN_H
#define ONDOL_TESTS_PLAN_TOWN_H

#include <stddef.h>
#include <stdint.h>

#include "core/plan/plan.h"
#include "core/plan/policy.h"

size_t town_of(uint64_t seed, const struct plan_policy *policy); // how much was placed and stopped

#endif
