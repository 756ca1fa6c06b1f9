// SPDX-License-Identifier: Apache-2.0
//
// Rows compared field by field, so that a difference names its field.
#ifndef ONDOL_TESTS_STORE_ROWS_H
#define ONDOL_TESTS_STORE_ROWS_H

#include "store_fixture.h"

#define SAME(field)      assert_true(was->field == is->field)
#define SAME_TEXT(field) assert_same_text(was->field, is->field)
static inline void assert_same_text(const char *a, const char *b)
{
    assert_true(!a == !b);
    if (a)
        assert_string_equal(a, b);
}

static inline void same_live(const struct row_task_live *was, const struct row_task_live *is)
{
    SAME(id);
    SAME(state);
    SAME(previous_state);
    SAME(state_ms);
    SAME(previous_state_ms);
    SAME(modified_ms);
    SAME(end_ms);
    SAME_TEXT(succeeded);
    SAME_TEXT(failed);
    SAME_TEXT(cancelled);
    SAME_TEXT(started_once);
    SAME(running);
    SAME(running_cores);
    SAME(exec_ms);
    SAME(wall_ms);
    SAME(core_ms);
    SAME(energy_mj);
    SAME(retries_used);
    SAME(lost_attempts);
    SAME(preempted_attempts);
    SAME(progress_permille);
    SAME(results_count);
    SAME_TEXT(errors);
}

static inline void same_task(const struct row_task *was, const struct row_task *is)
{
    SAME(id);
    SAME_TEXT(uuid);
    SAME_TEXT(shortname);
    SAME(account);
    SAME_TEXT(name);
    SAME_TEXT(profile);
    SAME(activity);
    SAME(instances);
    SAME(created_ms);
    SAME_TEXT(body);
    SAME_TEXT(ranges);
    SAME(retries_total);
    SAME(retries_each);
    SAME(queue_max_ms);
    SAME_TEXT(hardware);
    SAME_TEXT(place);
    SAME(job);
    SAME(keep_ms);
    SAME(ready_ms);
    SAME_TEXT(depends);
    same_live(&was->live, &is->live);
}

static inline void same_job(const struct row_job *was, const struct row_job *is)
{
    SAME(id);
    SAME_TEXT(uuid);
    SAME_TEXT(shortname);
    SAME_TEXT(name);
    SAME(account);
    SAME(state);
    SAME(previous_state);
    SAME(use_dependencies);
    SAME(auto_delete);
    SAME(swept);
    SAME(created_ms);
    SAME(state_ms);
    SAME(previous_state_ms);
    SAME(modified_ms);
    SAME(wall_ms);
    SAME(keep_ms);
    SAME_TEXT(body);
}

static inline void same_zone(const struct row_zone *was, const struct row_zone *is)
{
    SAME(id);
    SAME(site);
    SAME(node);
    SAME_TEXT(name);
    SAME_TEXT(label);
    SAME_TEXT(schedule);
    SAME(nameplate_w);
    SAME(setpoint_mc);
    SAME(mode);
    SAME(is_virtual);
    SAME(boost_until_ms);
    SAME(asked_mj);
    SAME(delivered_mj);
    SAME(useful_mj);
    SAME(shadow_mj);
    SAME(base_asked_mj);
    SAME(base_delivered_mj);
    SAME(base_useful_mj);
    SAME(base_shadow_mj);
    SAME(lid_open_ms);
    SAME(lid_clear_ms);
}

static inline void same_lease(const struct row_lease *was, const struct row_lease *is)
{
    SAME(id);
    SAME(task);
    SAME(node);
    SAME(board);
    SAME(instance);
    SAME(attempt);
    SAME(activity);
    SAME(state);
    SAME(granted_ms);
    SAME(until_ms);
    SAME(started_ms);
    SAME(energy_mj);
    SAME(core_ms);
}

static inline void same_meter(const struct row_meter *was, const struct row_meter *is)
{
    SAME(board);
    SAME(epoch);
    SAME(raw_mj);
    SAME(at_ms);
    SAME(total_mj);
    SAME(resets);
    SAME(wraps);
    SAME(gaps);
    SAME(started);
    assert_memory_equal(was->energy_mj, is->energy_mj, sizeof was->energy_mj);
    assert_memory_equal(was->spent_ms, is->spent_ms, sizeof was->spent_ms);
    assert_memory_equal(was->part_mj, is->part_mj, sizeof was->part_mj);
    assert_memory_equal(was->part_ms, is->part_ms, sizeof was->part_ms);
}

static inline void same_account(const struct row_account *was, const struct row_account *is)
{
    SAME(id);
    SAME_TEXT(email);
    SAME_TEXT(name);
    SAME(created_ms);
    SAME(max_tasks);
    SAME(max_instances_per_task);
    SAME(research);
    SAME(organisation);
    SAME(project);
    SAME(scheduling);
    SAME(removed);
    SAME(max_jobs);
    SAME(credit_neur);
    assert_memory_equal(was->most, is->most, sizeof was->most);
}

static inline void same_reservation(const struct row_reservation *was, const struct row_reservation *is)
{
    SAME(id);
    SAME(organisation);
    SAME(account);
    assert_string_equal(was->uuid, is->uuid);
    SAME_TEXT(name);
    SAME_TEXT(machine_key);
    SAME(boards);
    SAME(cores);
    SAME(from_ms);
    SAME(to_ms);
    SAME(created_ms);
    SAME(removed);
}

static inline void same_budget(const struct row_budget *was, const struct row_budget *is)
{
    SAME(id);
    SAME(project);
    assert_string_equal(was->uuid, is->uuid);
    SAME_TEXT(alias);
    SAME(total_neur);
    SAME(start_ms);
    SAME(end_ms);
    SAME(created_ms);
    SAME(policy);
    SAME(archived);
}

static inline void same_project(const struct row_project *was, const struct row_project *is)
{
    SAME(id);
    SAME(organisation);
    assert_string_equal(was->uuid, is->uuid);
    SAME_TEXT(slug);
    SAME_TEXT(name);
    SAME_TEXT(description);
    SAME(created_ms);
    SAME(research);
    SAME(archived);
}

static inline void same_change(const struct change *was, const struct change *is)
{
    SAME(kind);
    switch (was->kind) {
    case CHANGE_META:
        SAME_TEXT(meta.name);
        SAME(meta.value);
        break;
    case CHANGE_ACCOUNT:
        same_account(&was->account, &is->account);
        break;
    case CHANGE_ORGANISATION:
        SAME(organisation.id);
        assert_string_equal(was->organisation.uuid, is->organisation.uuid);
        SAME_TEXT(organisation.slug);
        SAME_TEXT(organisation.name);
        SAME(organisation.created_ms);
        assert_memory_equal(was->organisation.most, is->organisation.most, sizeof was->organisation.most);
        break;
    case CHANGE_PROJECT:
        same_project(&was->project, &is->project);
        break;
    case CHANGE_TOKEN:
        SAME(token_put.id);
        SAME(token_put.account);
        SAME_TEXT(token_put.name);
        SAME_TEXT(token_put.digest);
        SAME(token_put.created_ms);
        SAME(token_put.expires_ms);
        SAME(token_put.revoked_ms);
        break;
    case CHANGE_BUDGET:
        same_budget(&was->budget, &is->budget);
        break;
    case CHANGE_RESERVATION:
        same_reservation(&was->reservation, &is->reservation);
        break;
    case CHANGE_SPENT:
        SAME(spent.what);
        SAME(spent.id);
        SAME(spent.neur);
        break;
    case CHANGE_SECRET:
        SAME(secret.account);
        SAME_TEXT(secret.key);
        SAME_TEXT(secret.sealed);
        SAME(secret.modified_ms);
        break;
    case CHANGE_SITE:
        SAME(site.id);
        SAME_TEXT(site.name);
        SAME(site.utc_offset_min);
        SAME(site.cap_mw);
        SAME_TEXT(site.setting);
        break;
    case CHANGE_NODE:
        SAME(node.id);
        SAME_TEXT(node.name);
        SAME(node.nonce);
        SAME(node.epoch);
        SAME(node.seq);
        SAME(node.seen_ms);
        break;
    case CHANGE_ZONE:
        same_zone(&was->zone, &is->zone);
        break;
    case CHANGE_BOARD:
        SAME(board.id);
        SAME(board.zone);
        SAME(board.node);
        SAME_TEXT(board.name);
        SAME_TEXT(board.heater);
        SAME_TEXT(board.offer);
        SAME(board.barred);
        SAME_TEXT(board.barred_why);
        SAME(board.start_failures);
        SAME(board.rests_until_ms);
        break;
    case CHANGE_METER:
        same_meter(&was->meter, &is->meter);
        break;
    case CHANGE_JOB:
        same_job(&was->job, &is->job);
        break;
    case CHANGE_TASK_NEW:
        same_task(&was->task, &is->task);
        break;
    case CHANGE_LEASE:
        same_lease(&was->lease, &is->lease);
        break;
    case CHANGE_LEDGER_WORK:
        SAME(work.hour_ms);
        SAME(work.board);
        SAME(work.task);
        SAME(work.account);
        SAME(work.activity);
        SAME(work.energy_mj);
        SAME(work.core_ms);
        SAME(work.ms);
        SAME(work.project);
        SAME(work.cost_neur);
        break;
    case CHANGE_LEDGER_ZONE:
        SAME(heat.hour_ms);
        SAME(heat.zone);
        SAME(heat.asked_mj);
        SAME(heat.delivered_mj);
        SAME(heat.useful_mj);
        SAME(heat.shadow_mj);
        break;
    default:
        fail();
    }
}

#endif
