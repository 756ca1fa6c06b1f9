// SPDX-License-Identifier: Apache-2.0
//
// GET /metrics: the fleet in the text format of Prometheus 0.0.4. Units are in the names; what counts only up
// ends in _total.
#include <inttypes.h>

#include "api/handlers.h"

static void head(struct buf *b, const char *name, const char *type, const char *help)
{
    buf_putf(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

// Thousandths as a decimal.
static void milli(struct buf *b, int64_t v)
{
    uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    buf_putf(b, "%s%" PRIu64 ".%03d\n", v < 0 ? "-" : "", u / 1000, (int)(u % 1000));
}

// Names of zones and boards are [A-Za-z0-9._-], so labels need no escapes.
static void zone_line(struct buf *b, const char *name, const struct zone_view *v, int64_t value)
{
    buf_putf(b, "%s{site=\"%s\",zone=\"%s\"} ", name, v->site, v->name);
    milli(b, value);
}

static int64_t zone_value(const struct zone_view *v, int which)
{
    switch (which) {
    case 0:
        return v->room_mc;
    case 1:
        return v->setpoint_mc;
    case 2:
        return (int64_t)v->draw_w * 1000;
    case 3:
        return (int64_t)v->request.target_w * 1000;
    case 4:
        return (int64_t)v->missing_w * 1000;
    case 5:
        return v->asked_mj;
    default:
        return v->delivered_mj;
    }
}

static void zones(struct call *c)
{
    static const struct {
        const char *name, *type, *help;
    } metric[] = {
        {"ondol_zone_temperature_celsius", "gauge", "Measured temperature of the zone."},
        {"ondol_zone_setpoint_celsius", "gauge", "Temperature its occupant asked for."},
        {"ondol_zone_draw_watts", "gauge", "Electric power of its heaters."},
        {"ondol_zone_target_watts", "gauge", "Power its thermostat asks for."},
        {"ondol_zone_missing_watts", "gauge", "Power its heaters are too small by."},
        {"ondol_zone_heat_asked_joules_total", "counter", "Heat asked for."},
        {"ondol_zone_heat_delivered_joules_total", "counter", "Heat delivered."},
    };
    size_t n = server_zones(c->engine);
    for (int m = 0; m < 7; m++) {
        head(&c->out, metric[m].name, metric[m].type, metric[m].help);
        for (size_t i = 0; i < n; i++) {
            struct zone_view v;
            server_zone(c->engine, i, &v);
            if (zone_value(&v, m) != INT32_MIN)
                zone_line(&c->out, metric[m].name, &v, zone_value(&v, m));
        }
    }
}

static void boards(struct call *c)
{
    struct buf *b = &c->out;
    int64_t energy[ACTIVITY_N] = {0}, draw_mw = 0, total = 0, barred = 0;
    size_t n = server_boards(c->engine);
    for (size_t i = 0; i < n; i++) {
        struct board_view v;
        int64_t known = 0;
        server_board(c->engine, i, &v);
        for (int a = 0; a < ACTIVITY_UNATTRIBUTED; a++) {
            energy[a] += v.energy_mj[a];
            known += v.energy_mj[a];
        }
        energy[ACTIVITY_UNATTRIBUTED] += v.total_mj - known;
        total += v.total_mj;
        draw_mw += v.online ? v.draw_mw : 0;
        barred += v.barred;
    }
    head(b, "ondol_draw_watts", "gauge", "Electric power of all boards online.");
    buf_puts(b, "ondol_draw_watts ");
    milli(b, draw_mw);
    head(b, "ondol_energy_joules_total", "counter", "Energy of all boards by their meters.");
    buf_puts(b, "ondol_energy_joules_total ");
    milli(b, total);
    // A gauge: what is not yet attributed moves to its activity when the report comes.
    head(b, "ondol_activity_energy_joules", "gauge",
         "Energy by what it was spent on; unattributed is the rest to the meters.");
    for (int a = 0; a < ACTIVITY_N; a++) {
        buf_putf(b, "ondol_activity_energy_joules{activity=\"%s\"} ", activity_name(a));
        milli(b, energy[a]);
    }
    head(b, "ondol_boards", "gauge", "Boards of the fleet.");
    buf_putf(b, "ondol_boards %zu\n", n);
    head(b, "ondol_boards_barred", "gauge", "Boards that may not run.");
    buf_putf(b, "ondol_boards_barred %" PRId64 "\n", barred);
}

static void engine(struct call *c)
{
    struct engine_counts k;
    server_counts(c->engine, &k);
    const struct {
        const char *name, *type, *help;
        uint64_t value;
    } metric[] = {
        {"ondol_tasks_live", "gauge", "Tasks that are not final.", k.tasks_live},
        {"ondol_tasks_queued", "gauge", "Tasks of which no instance has started.", k.tasks_queued},
        {"ondol_instances_queued", "gauge", "Instances that wait for a board.", k.instances_queued},
        {"ondol_instances_running", "gauge", "Instances on a board.", k.instances_running},
        {"ondol_leases", "gauge", "Assignments in force.", k.leases},
        {"ondol_boards_online", "gauge", "Boards whose node calls home.", k.boards_online},
        {"ondol_nodes_online", "gauge", "Nodes that call home.", k.nodes_online},
        {"ondol_engine_events_total", "counter", "Events applied since the start.", k.events},
        {"ondol_engine_plans_total", "counter", "Plans made since the start.", k.plans},
        {"ondol_instances_assigned_total", "counter", "Instances assigned since the start.", k.assigned},
        {"ondol_instances_preempted_total", "counter", "Instances preempted since the start.", k.preempted},
        {"ondol_instances_moved_total", "counter", "Of these, moved to a board that was kept for them.",
         k.moved},
        {"ondol_instances_set_aside_total", "counter",
         "Times that an instance made room and kept what it had done.", k.held},
        {"ondol_instances_given_up_total", "counter",
         "Of these, ended after all, as there was room elsewhere.", k.gave_up},
        {"ondol_instances_lost_total", "counter", "Instances lost since the start.", k.lost},
        {"ondol_reports_repeated_total", "counter", "Reports that came twice and changed nothing.",
         k.duplicates},
    };
    for (size_t i = 0; i < sizeof metric / sizeof *metric; i++) {
        head(&c->out, metric[i].name, metric[i].type, metric[i].help);
        buf_putf(&c->out, "%s %" PRIu64 "\n", metric[i].name, metric[i].value);
    }
    int open = 0;
    size_t parked = 0;
    if (c->be->connections && c->be->connections(c->be->ctx, &open, &parked)) {
        head(&c->out, "ondol_http_connections", "gauge", "Open connections.");
        buf_putf(&c->out, "ondol_http_connections %d\n", open);
        head(&c->out, "ondol_http_parked", "gauge", "Requests that wait for their answer.");
        buf_putf(&c->out, "ondol_http_parked %zu\n", parked);
    }
}

void metrics_text(struct call *c)
{
    c->type = "text/plain; version=0.0.4; charset=utf-8";
    zones(c);
    boards(c);
    engine(c);
}
