// SPDX-License-Identifier: Apache-2.0
//
// The first stage of every route; the table of routes.c says where each runs and who may call it.
#ifndef ONDOL_API_HANDLERS_H
#define ONDOL_API_HANDLERS_H

#include "api/call.h"

// info.c
stage_fn info_ping, info_versions, info_settings, info_user, info_profiles, info_profile;
// hardware.c
stage_fn hardware_list, hardware_cpu_search;
// task_create.c
stage_fn task_create;
// task_list.c
stage_fn task_list_full, task_list_summaries, task_paginate_full, task_paginate_summaries, task_search;
stage_fn job_tasks, pool_tasks;
// jobs.c
stage_fn job_create, job_get, job_list, job_paginate, job_search, job_terminate, job_delete, pool_jobs;
// pools.c
stage_fn pool_create, pool_clone, pool_put, pool_patch, pool_close, pool_delete;
stage_fn pool_scaling_get, pool_scaling_put, pool_scaling_check;
// pool_list.c
stage_fn pool_get, pool_list_full, pool_list_summaries, pool_paginate_full, pool_paginate_summaries,
    pool_search;
// task_read.c
stage_fn task_get, task_why;
// task_again.c
stage_fn task_retry, task_recover, task_resume, task_clone, task_restart;
// task_write.c
stage_fn task_put, task_delete, task_abort, tasks_abort;
// snapshots.c
stage_fn task_patch, snapshot_periodic, snapshot_unique, snapshot_get;
// output.c
stage_fn output_all_stdout, output_all_stderr, output_fresh_stdout, output_fresh_stderr;
// sites.c
stage_fn fleet_sites, fleet_site, fleet_site_put;
// ondol_fleet.c
stage_fn fleet_heaters, fleet_heater, fleet_heater_clear_lid, fleet_boards, fleet_board, fleet_board_bar,
    fleet_board_clear;
// ondol_zone.c
stage_fn zone_list, zone_get, zone_setpoint_get, zone_setpoint_put, zone_schedule_get, zone_schedule_put,
    zone_why;
// estimate.c
stage_fn estimate_task;
// forward.c
stage_fn forward_task;
// carbon.c
stage_fn carbon_task, carbon_pool;
// credits.c
stage_fn credits_task, credits_pool, credits_account, credits_budgets;
// quotas.c
stage_fn quotas_user, quotas_organisation;
// users.c, projects.c, tokens.c, reservations.c
stage_fn user_list, user_get, user_create, user_put, user_delete;
stage_fn organisation_list, organisation_get, organisation_create, organisation_put;
stage_fn project_list, project_get, project_create, project_put;
stage_fn budget_list, budget_create, budget_put;
stage_fn token_list, token_create, token_delete;
stage_fn reservation_list, reservation_get, reservation_create, reservation_put, reservation_delete;
// secrets.c
stage_fn secret_get, secret_put, secret_patch, secret_delete, secret_search;
// accounts.c
stage_fn account_list, account_get, account_create, account_put;
// ledger.c
stage_fn ledger_totals, ledger_work, ledger_zones;
// images.c
stage_fn image_list, image_get, image_remove, image_upload, image_piece, image_import, image_pull, image_job;
stage_fn node_image, node_blob;
// events.c, sync.c, metrics.c, limits.c
stage_fn events_stream, node_sync, metrics_text, limits_get;

#endif
