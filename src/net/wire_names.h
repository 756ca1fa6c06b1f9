// SPDX-License-Identifier: Apache-2.0
//
// The names of the enums that travel, each behind a function of one type, as the tables of wire_field.h want
// them.
#ifndef ONDOL_NET_WIRE_NAMES_H
#define ONDOL_NET_WIRE_NAMES_H

#include "core/engine/sync.h"

static inline const char *wire_mode(int v)
{
    return zone_mode_name((enum zone_mode)v);
}

static inline const char *wire_guard(int v)
{
    return zone_guard_name((enum zone_guard)v);
}

static inline const char *wire_activity(int v)
{
    return activity_name((enum activity)v);
}

static inline const char *wire_end(int v)
{
    return attempt_end_name((enum attempt_end)v);
}

static inline const char *wire_phase(int v)
{
    return phase_name((enum phase)v);
}

static inline const char *wire_lapse(int v)
{
    return on_lapse_name((enum on_lapse)v);
}

static inline const char *wire_kind(int v)
{
    return report_kind_name((enum report_kind)v);
}

static inline const char *wire_stream(int v)
{
    return v == 0 ? "stdout" : "stderr";
}

#endif
