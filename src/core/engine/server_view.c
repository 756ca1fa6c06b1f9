// SPDX-License-Identifier: Apache-2.0
//
// Views: what pages and metrics are made from, without showing the records themselves.
#include "core/engine/server_fleet.h"
#include "core/engine/server_state.h"
#include "core/engine/server_task.h"

#include <string.h>

size_t server_sites(const struct server *s)
{
    return s->n_sites;
}

size_t server_zones(const struct server *s)
{
    return s->n_zones;
}

size_t server_boards(const struct server *s)
{
    return s->n_boards;
}

void server_site(const struct server *s, size_t i, house_ms now, struct site_view *v)
{
    const struct site *x = &s->site[i];
    *v = (struct site_view){.id = x->id,
                            .name = x->name,
                            .utc_offset_min = x->utc_offset_min,
                            .cap_mw = x->cap_mw,
                            .n_zones = x->n_zones,
                            .n_boards = x->n_boards,
                            .setting = &x->setting};
    v->has_tariff =
        site_tariff_at(&x->setting, x->utc_offset_min, now, &v->tariff_ueur_per_kwh, &v->tariff_until);
    v->has_carbon = site_series_at(&x->setting.carbon, now, &v->carbon_g_per_kwh, &v->carbon_until);
}

void server_zone(const struct server *s, size_t i, struct zone_view *v)
{
    const struct zone *z = s->zone[i];
    *v = (struct zone_view){
        .id = z->id,
        .name = z->name,
        .label = z->label,
        .site = s->site[z->site].name,
        .node = z->node == NONE ? "" : s->node[z->node].name,
        .schedule = z->schedule ? z->schedule : "",
        .why = z->why,
        .is_virtual = z->is_virtual,
        .online = z->node != NONE && s->node[z->node].online,
        .mode = z->mode,
        .guard = z->guard,
        .setpoint_mc = z->setpoint_mc,
        .room_mc = z->room_mc,
        .shadow_mc = z->shadow_mc,
        .draw_w = z->draw_w,
        .missing_w = z->missing_w,
        .nameplate_w = z->nameplate_w,
        .at = z->at,
        .boost_until = z->boost_until,
        .request = z->request,
        .asked_mj = z->asked_mj,
        .delivered_mj = z->delivered_mj,
        .useful_mj = z->useful_mj,
        .shadow_mj = z->shadow_mj,
    };
}

void server_board(const struct server *s, size_t i, struct board_view *v)
{
    const struct board *b = s->board[i];
    *v = (struct board_view){
        .id = b->id,
        .name = b->name,
        .heater = b->heater,
        .zone = s->zone[b->zone]->name,
        .site = s->site[s->zone[b->zone]->site].name,
        .node = b->node == NONE ? "" : s->node[b->node].name,
        .barred_why = board_said(b->barred || !b->node_barred ? b->barred_why : b->node_barred_why),
        .spec = &b->make->spec,
        .online = b->node != NONE && s->node[b->node].online,
        .barred = b->barred || b->node_barred,
        .run = b->run,
        .draw_mw = b->draw_mw,
        .freq_mhz = b->freq_mhz,
        .duty_permille = b->duty_permille,
        .start_failures = b->start_failures,
        .rests_until = board_rests(s, b) ? b->rests_until : HOUSE_MS(0),
        .total_mj = b->meter.total_mj,
    };
    if (!b->sandbox && !v->barred)
        v->barred_why = board_said(b->sandbox_lack);
    memcpy(v->energy_mj, b->energy_mj, sizeof v->energy_mj);
    memcpy(v->ms, b->spent_ms, sizeof v->ms);
    if (b->lease != NONE) {
        uuid_format(v->task_uuid, s->task[s->lease[b->lease].task].uuid);
        v->instance = s->lease[b->lease].instance;
    }
    if (b->beneath != NONE)
        uuid_format(v->aside_uuid, s->task[s->lease[b->beneath].task].uuid);
}

static bool find(const struct strmap *names, const char *name, size_t *i)
{
    uint64_t at;
    if (!strmap_get(names, name, &at))
        return false;
    *i = (size_t)at;
    return true;
}

bool server_find_zone(const struct server *s, const char *name, size_t *i)
{
    return find(&s->zone_by_name, name, i);
}

bool server_find_board(const struct server *s, const char *name, size_t *i)
{
    return find(&s->board_by_name, name, i);
}

bool server_find_site(const struct server *s, const char *name, size_t *i)
{
    return find(&s->site_by_name, name, i);
}

// Until it has told for itself, which it does with the next levels, its board's word stands for it.
static void first_view(struct live_view *v, const struct board *b)
{
    if (v->max_freq_mhz || !b->make->curve.n)
        return;
    v->max_freq_mhz = b->make->curve.p[b->make->curve.n - 1].freq_mhz;
    v->freq_mhz = b->freq_mhz;
}

size_t server_live(const struct server *s, uint64_t task, void (*each)(void *ctx, const struct live_view *v),
                   void *ctx)
{
    uint32_t slot;
    size_t n = 0;
    if (!server_task_slot(s, task, &slot))
        return 0;
    for (uint32_t i = s->task[slot].first_lease; i != NONE; i = s->lease[i].next, n++) {
        const struct lease *l = &s->lease[i];
        const struct board *b = s->board[l->board];
        struct live_view view = {.instance = l->instance,
                                 .attempt = l->attempt,
                                 .phase = l->phase,
                                 .spec = &b->make->spec,
                                 .cores = l->cores,
                                 .board = b->name,
                                 .site = s->site[s->zone[b->zone]->site].name,
                                 .progress_permille = l->progress_permille,
                                 .freq_mhz = l->freq_mhz,
                                 .max_freq_mhz = l->max_freq_mhz,
                                 .duty_permille = l->duty_permille,
                                 .cpu_permille = l->cpu_permille,
                                 .memory_mb = l->memory_mb,
                                 .memory_max_mb = l->memory_max_mb,
                                 .net_in_kbps = l->net_in_kbps,
                                 .net_out_kbps = l->net_out_kbps,
                                 .granted = l->granted,
                                 .sampled = l->sampled,
                                 .exec_ms = l->exec_ms,
                                 .energy_mj = l->energy_mj,
                                 .core_ms = l->core_ms,
                                 .bytes = l->staging.bytes,
                                 .bytes_n = l->staging.bytes_n,
                                 .fetch_ms = l->staging.fetch_ms,
                                 .store_ms = l->staging.store_ms};
        first_view(&view, b);
        if (l->state == LEASE_HELD) // also before its node has said so
            view.freq_mhz = view.duty_permille = view.cpu_permille = 0;
        each(ctx, &view);
    }
    return n;
}

void server_counts(const struct server *s, struct engine_counts *c)
{
    *c = s->counts;
}

void server_account_counts(const struct server *s, uint64_t account, int64_t *tasks,
                           int64_t running_instances[4], int64_t running_cores[4])
{
    uint64_t at;
    bool known = idmap_get(&s->account_by_id, account, &at);
    *tasks = known ? s->account[at].live_tasks : 0;
    for (int i = 0; i < PLAN_CLASSES; i++) {
        running_instances[i] = known ? s->account[at].running[i] : 0;
        running_cores[i] = known ? s->account[at].cores[i] : 0;
    }
}

void server_account_pools(const struct server *s, uint64_t account, int64_t *pools, int64_t *open)
{
    uint64_t at;
    bool known = idmap_get(&s->account_by_id, account, &at);
    *pools = known ? s->account[at].pools : 0;
    *open = 0;
    for (size_t i = 0; known && *pools && i < s->n_pools; i++)
        *open +=
            s->pool[i].id && s->pool[i].account == at && pool_state_open((enum pool_state)s->pool[i].state);
}

int64_t server_account_jobs(const struct server *s, uint64_t account)
{
    uint64_t at;
    return idmap_get(&s->account_by_id, account, &at) ? s->account[at].jobs : 0;
}
