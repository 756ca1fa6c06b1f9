// SPDX-License-Identifier: Apache-2.0
#include "core/engine/sync.h"

const char *report_kind_name(enum report_kind k)
{
    static const char *const names[REPORT_KIND_N] = {
        [REPORT_ZONE] = "zone",
        [REPORT_BOARD] = "board",
        [REPORT_STARTED] = "started",
        [REPORT_LEVEL] = "level",
        [REPORT_OUTPUT] = "output",
        [REPORT_EXITED] = "exited",
        [REPORT_METER_BOARD] = "meter-board",
        [REPORT_METER_LEASE] = "meter-lease",
        [REPORT_METER_ZONE] = "meter-zone",
        [REPORT_SETPOINT] = "setpoint",
        [REPORT_SNAPSHOT] = "snapshot",
        [REPORT_STAGING] = "staging",
    };
    return (unsigned)k < REPORT_KIND_N ? names[k] : "unknown";
}

const char *on_lapse_name(enum on_lapse l)
{
    static const char *const names[LAPSE_N] = {"go-on", "pause", "drop"};
    return (unsigned)l < LAPSE_N ? names[l] : "unknown";
}
