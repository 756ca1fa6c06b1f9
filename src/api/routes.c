// SPDX-License-Identifier: Apache-2.0
//
// Every route of the API. Rows are tried in order, so a word stands before a {parameter} in the same place.
#include "api/handlers.h"
#include "base/mem.h"

#define PUBLIC AUTH_PUBLIC, RUN_HERE
#define HERE   AUTH_ACCOUNT, RUN_HERE
#define WORKER AUTH_ACCOUNT, RUN_WORKER
#define ENGINE AUTH_ACCOUNT, RUN_ENGINE
#define FLEET  AUTH_OPERATOR, RUN_ENGINE
#define CHANGE AUTH_OPERATOR, RUN_HERE

const struct api_route api_routes[] = {
    {"GET", "/", HERE, info_ping},
    {"GET", "/versions", PUBLIC, info_versions},
    {"GET", "/settings", PUBLIC, info_settings},
    {"GET", "/info", WORKER, info_user},
    {"GET", "/profiles", HERE, info_profiles},
    {"GET", "/profiles/{name}", HERE, info_profile},
    {"GET", "/hardware-constraints", ENGINE, hardware_list},
    {"GET", "/hardware-constraints/cpu-model-constraints/search", ENGINE, hardware_cpu_search},

    {"GET", "/tasks", WORKER, task_list_full},
    {"POST", "/tasks", HERE, task_create},
    {"GET", "/tasks/summaries", WORKER, task_list_summaries},
    {"POST", "/tasks/paginate", WORKER, task_paginate_full},
    {"POST", "/tasks/summaries/paginate", WORKER, task_paginate_summaries},
    {"POST", "/tasks/search", WORKER, task_search},
    {"GET", "/tasks/{id}", WORKER, task_get},
    {"PUT", "/tasks/{id}", AUTH_ACCOUNT, RUN_LANE, task_put},
    {"PATCH", "/tasks/{id}", WORKER, task_patch},
    {"DELETE", "/tasks/{id}", WORKER, task_delete},
    {"POST", "/tasks/{id}/abort", WORKER, task_abort},
    {"POST", "/tasks/{id}/retry", WORKER, task_retry},
    {"POST", "/tasks/{id}/recover", WORKER, task_recover},
    {"POST", "/tasks/{id}/resume", WORKER, task_resume},
    {"POST", "/tasks/{id}/clone", WORKER, task_clone},
    {"GET", "/tasks/{id}/stdout", WORKER, output_all_stdout},
    {"GET", "/tasks/{id}/stderr", WORKER, output_all_stderr},
    {"POST", "/tasks/{id}/stdout", WORKER, output_fresh_stdout},
    {"POST", "/tasks/{id}/stderr", WORKER, output_fresh_stderr},
    {"GET", "/tasks/{id}/stdout/{instance}", WORKER, output_all_stdout},
    {"GET", "/tasks/{id}/stderr/{instance}", WORKER, output_all_stderr},
    {"POST", "/tasks/{id}/stdout/{instance}", WORKER, output_fresh_stdout},
    {"POST", "/tasks/{id}/stderr/{instance}", WORKER, output_fresh_stderr},

    {"GET", "/jobs", WORKER, job_list},
    {"POST", "/jobs", HERE, job_create},
    {"POST", "/jobs/paginate", WORKER, job_paginate},
    {"POST", "/jobs/search", WORKER, job_search},
    {"GET", "/jobs/{id}", WORKER, job_get},
    {"GET", "/jobs/{id}/tasks", WORKER, job_tasks},
    {"POST", "/jobs/{id}/terminate", HERE, job_terminate},
    {"DELETE", "/jobs/{id}", WORKER, job_delete},

    {"POST", "/sanity-checks/pools/scaling", HERE, pool_scaling_check},

    {"GET", "/carbon/v1/tasks/{id}/carbon-facts", WORKER, carbon_task},
    {"GET", "/credits/v1/tasks/{id}/credits", WORKER, credits_task},
    {"GET", "/secrets-manager/data/{key...}", WORKER, secret_get},
    {"PUT", "/secrets-manager/data/{key...}", HERE, secret_put},
    {"PATCH", "/secrets-manager/data/{key...}", HERE, secret_patch},
    {"DELETE", "/secrets-manager/data/{key...}", HERE, secret_delete},
    {"GET", "/secrets-manager/search/{prefix...}", WORKER, secret_search},

    {"GET", "/ondol/v1/limits", HERE, limits_get},
    {"POST", "/ondol/v1/estimate", HERE, estimate_task},
    {"GET", "/ondol/v1/tasks/{id}/why", WORKER, task_why},
    {"POST", "/ondol/v1/tasks/abort", HERE, tasks_abort},
    {"GET", "/ondol/v1/accounts", FLEET, account_list},
    {"POST", "/ondol/v1/accounts", CHANGE, account_create},
    {"GET", "/ondol/v1/accounts/{account}", FLEET, account_get},
    {"PUT", "/ondol/v1/accounts/{account}", CHANGE, account_put},
    {"GET", "/ondol/v1/sites", FLEET, fleet_sites},
    {"GET", "/ondol/v1/sites/{site}", FLEET, fleet_site},
    {"PUT", "/ondol/v1/sites/{site}", CHANGE, fleet_site_put},
    {"GET", "/ondol/v1/zones", FLEET, zone_list},
    {"GET", "/ondol/v1/zones/{zone}", FLEET, zone_get},
    {"GET", "/ondol/v1/zones/{zone}/setpoint", FLEET, zone_setpoint_get},
    {"PUT", "/ondol/v1/zones/{zone}/setpoint", CHANGE, zone_setpoint_put},
    {"GET", "/ondol/v1/zones/{zone}/schedule", FLEET, zone_schedule_get},
    {"PUT", "/ondol/v1/zones/{zone}/schedule", CHANGE, zone_schedule_put},
    {"GET", "/ondol/v1/zones/{zone}/why", FLEET, zone_why},
    {"GET", "/ondol/v1/heaters", FLEET, fleet_heaters},
    {"GET", "/ondol/v1/heaters/{heater}", FLEET, fleet_heater},
    {"POST", "/ondol/v1/heaters/{heater}/clear-lid", CHANGE, fleet_heater_clear_lid},
    {"GET", "/ondol/v1/boards", FLEET, fleet_boards},
    {"GET", "/ondol/v1/boards/{board}", FLEET, fleet_board},
    {"POST", "/ondol/v1/boards/{board}/bar", CHANGE, fleet_board_bar},
    {"POST", "/ondol/v1/boards/{board}/clear", CHANGE, fleet_board_clear},
    {"GET", "/ondol/v1/ledger", HERE, ledger_totals},
    {"GET", "/ondol/v1/ledger/work", WORKER, ledger_work},
    {"GET", "/ondol/v1/ledger/zones", AUTH_OPERATOR, RUN_WORKER, ledger_zones},
    {"GET", "/ondol/v1/events", HERE, events_stream},
    {"POST", "/ondol/v1/sync", AUTH_NODE, RUN_HERE, node_sync},
    {"GET", "/ondol/v1/metrics", FLEET, metrics_text},
    {"GET", "/metrics", FLEET, metrics_text},
};
const size_t api_n_routes = ARRAY_LEN(api_routes);
