// SPDX-License-Identifier: Apache-2.0
//
//   store_state     schema version, epoch of the leadership; not the engine's, so that no row of a batch can
//                   move the fence
//   task            what lists and states need; narrow, because it is rewritten with every move
//   task_body       the submitted JSON, written once and on PUT
//   task_count      tasks per account, kept by the transactions that make and delete tasks
//   output          chunks of stdout and stderr; ids grow, so id is the order of arrival over all instances
//   output_ring     bytes kept and dropped per (task, instance, stream)
//   cursor          what an account has been given of a stream: all before `chunk`, and its first `at` bytes;
//                   open_instance: whose line was left without a newline (text_speaker; -1: none)
//   ledger_total    sums of the cells of ledger_work, kept by the transactions that write them: a year of
//                   1,000 boards is some 25 million cells, too many to add up for a page
//   ledger_project  likewise by project and hour, for budgets
//   gone            deleted tasks whose attempts and output are too many for one transaction; later commits sweep them
//
// A released step is never edited: a change of the tables is a new step at the end.
#include "store/schema.h"

#include <errno.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/mem.h"
#include "core/work/task.h"
#include "store/db.h"

_Static_assert(ATTEMPT_PREEMPTED == 3 && ATTEMPT_LOST == 4, "SQL_OUTPUT_STANDS names these");
_Static_assert(TASK_CANCELLED == 7 && TASK_SUCCESS == 8 && TASK_FAILURE == 9, "SQL_FINAL_STATES names these");

// INT holds 64 bits here. The twin for PostgreSQL says bigint for INT and INTEGER, bytea for BLOB, and
// nothing for STRICT.
// clang-format off
static const char step_1[] =
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value INT NOT NULL) STRICT;"
    "CREATE TABLE account (id INTEGER PRIMARY KEY, email TEXT, name TEXT, token_hash TEXT, created_ms "
      "INT NOT NULL, max_tasks INT NOT NULL, max_instances_per_task INT NOT NULL, research INT NOT "
      "NULL) STRICT;"
    "CREATE TABLE task (id INTEGER PRIMARY KEY, uuid TEXT NOT NULL, shortname TEXT, account INT NOT "
      "NULL, name TEXT, profile TEXT, activity INT NOT NULL, instances INT NOT NULL, created_ms INT NOT "
      "NULL, ranges TEXT, retries_total INT NOT NULL, retries_each INT NOT NULL, queue_max_ms INT NOT "
      "NULL, hardware TEXT, state INT NOT NULL, previous_state INT NOT NULL, state_ms INT NOT NULL, previous_state_ms "
      "INT NOT NULL, modified_ms INT NOT NULL, end_ms INT NOT NULL, succeeded TEXT, failed TEXT, "
      "cancelled TEXT, started_once TEXT, running INT NOT NULL, running_cores INT NOT NULL, exec_ms INT "
      "NOT NULL, wall_ms INT NOT NULL, core_ms INT NOT NULL, energy_mj INT NOT NULL, retries_used INT "
      "NOT NULL, lost_attempts INT NOT NULL, preempted_attempts INT NOT NULL, progress_permille INT NOT "
      "NULL, results_count INT NOT NULL, errors TEXT) STRICT;"
    "CREATE UNIQUE INDEX task_uuid ON task (uuid);"
    // Most short names are the uuid: only the others need a way in.
    "CREATE INDEX task_shortname ON task (account, shortname) WHERE shortname <> uuid;"
    // One index for each order of the lists. The state rides along so that filtering does not touch the rows.
    "CREATE INDEX task_account ON task (account, id, state);"
    "CREATE INDEX task_state ON task (account, state, id);"
    "CREATE INDEX task_exec ON task (account, exec_ms, id, state);"
    "CREATE INDEX task_name ON task (account, (coalesce(name, '')), id);"
    "CREATE TABLE task_body (id INTEGER PRIMARY KEY, body TEXT) STRICT;"
    "CREATE TABLE task_count (account INTEGER PRIMARY KEY, n INT NOT NULL) STRICT;"
    "CREATE TABLE lease (id INTEGER PRIMARY KEY, task INT NOT NULL, node INT NOT NULL, board INT NOT "
      "NULL, instance INT NOT NULL, attempt INT NOT NULL, activity INT NOT NULL, state INT NOT NULL, "
      "granted_ms INT NOT NULL, until_ms INT NOT NULL, started_ms INT NOT NULL, energy_mj INT NOT NULL, "
      "core_ms INT NOT NULL) STRICT;"
    "CREATE INDEX lease_task ON lease (task);"
    "CREATE TABLE attempt (task INT NOT NULL, instance INT NOT NULL, attempt INT NOT NULL, lease INT "
      "NOT NULL, how INT NOT NULL, granted_ms INT NOT NULL, started_ms INT NOT NULL, ended_ms INT NOT "
      "NULL, wall_ms INT NOT NULL, exec_ms INT NOT NULL, core_ms INT NOT NULL, work_mhz_s INT NOT NULL, "
      "energy_mj INT NOT NULL, exit_code INT NOT NULL, signal INT NOT NULL, cores INT NOT NULL, "
      "peak_memory_mb INT NOT NULL, board TEXT, spec_key TEXT, cpu_model TEXT, node TEXT, epoch INT NOT "
      "NULL, seq INT NOT NULL, code TEXT, message TEXT, PRIMARY KEY (task, instance, attempt)) STRICT;"
    "CREATE TABLE output (id INTEGER PRIMARY KEY, task INT NOT NULL, stream INT NOT NULL, instance "
      "INT NOT NULL, attempt INT NOT NULL, node INT NOT NULL, epoch INT NOT NULL, seq INT NOT NULL, "
      "at_ms INT NOT NULL, n INT NOT NULL, lines INT NOT NULL, data BLOB NOT NULL) STRICT;"
    "CREATE UNIQUE INDEX output_report ON output (node, epoch, seq);"
    "CREATE INDEX output_task ON output (task, stream, id);"
    "CREATE INDEX output_instance ON output (task, stream, instance, id);"
    "CREATE TABLE output_ring (task INT NOT NULL, stream INT NOT NULL, instance INT NOT NULL, n INT "
      "NOT NULL, dropped_bytes INT NOT NULL, dropped_chunks INT NOT NULL, PRIMARY KEY (task, stream, "
      "instance)) STRICT;"
    "CREATE TABLE cursor (task INT NOT NULL, account INT NOT NULL, stream INT NOT NULL, instance INT "
      "NOT NULL, chunk INT NOT NULL, at INT NOT NULL, open_instance INT NOT NULL, PRIMARY KEY (task, "
      "account, stream, instance)) STRICT;"
    "CREATE TABLE gone (task INTEGER PRIMARY KEY) STRICT;"
    "CREATE TABLE node (id INTEGER PRIMARY KEY, name TEXT, nonce INT NOT NULL, epoch INT NOT NULL, "
      "seq INT NOT NULL, seen_ms INT NOT NULL) STRICT;"
    "CREATE TABLE site (id INTEGER PRIMARY KEY, name TEXT, utc_offset_min INT NOT NULL, cap_mw INT "
      "NOT NULL) STRICT;"
    "CREATE TABLE zone (id INTEGER PRIMARY KEY, site INT NOT NULL, node INT NOT NULL, name TEXT, "
      "label TEXT, schedule TEXT, nameplate_w INT NOT NULL, setpoint_mc INT NOT NULL, mode INT NOT "
      "NULL, is_virtual INT NOT NULL, boost_until_ms INT NOT NULL, asked_mj INT NOT NULL, delivered_mj "
      "INT NOT NULL, useful_mj INT NOT NULL, shadow_mj INT NOT NULL, base_asked_mj INT NOT NULL, "
      "base_delivered_mj INT NOT NULL, base_useful_mj INT NOT NULL, base_shadow_mj INT NOT NULL) "
      "STRICT;"
    "CREATE TABLE board (id INTEGER PRIMARY KEY, zone INT NOT NULL, node INT NOT NULL, name TEXT, "
      "heater TEXT, offer TEXT, barred INT NOT NULL, barred_why TEXT) STRICT;"
    "CREATE TABLE ledger_work (hour_ms INT NOT NULL, board INT NOT NULL, task INT NOT NULL, activity "
      "INT NOT NULL, account INT NOT NULL, energy_mj INT NOT NULL, core_ms INT NOT NULL, ms INT NOT "
      "NULL, PRIMARY KEY (hour_ms, board, task, activity)) STRICT;"
    "CREATE INDEX ledger_work_task ON ledger_work (task);"
    "CREATE TABLE ledger_total (board INT NOT NULL, account INT NOT NULL, activity INT NOT NULL, "
      "energy_mj INT NOT NULL, core_ms INT NOT NULL, ms INT NOT NULL, PRIMARY KEY (board, account, "
      "activity)) STRICT;"
    "CREATE TABLE ledger_zone (hour_ms INT NOT NULL, zone INT NOT NULL, asked_mj INT NOT NULL, "
      "delivered_mj INT NOT NULL, useful_mj INT NOT NULL, shadow_mj INT NOT NULL, PRIMARY KEY (hour_ms, "
      "zone)) STRICT;"
    "CREATE TABLE meter (board INTEGER PRIMARY KEY, epoch INT NOT NULL, raw_mj INT NOT NULL, at_ms "
      "INT NOT NULL, total_mj INT NOT NULL, part_mj_0 INT NOT NULL, part_mj_1 INT NOT NULL, part_mj_2 "
      "INT NOT NULL, part_mj_3 INT NOT NULL, part_mj_4 INT NOT NULL, part_mj_5 INT NOT NULL, part_mj_6 "
      "INT NOT NULL, part_mj_7 INT NOT NULL, part_mj_8 INT NOT NULL, part_mj_9 INT NOT NULL, part_ms_0 "
      "INT NOT NULL, part_ms_1 INT NOT NULL, part_ms_2 INT NOT NULL, part_ms_3 INT NOT NULL, part_ms_4 "
      "INT NOT NULL, part_ms_5 INT NOT NULL, part_ms_6 INT NOT NULL, part_ms_7 INT NOT NULL, part_ms_8 "
      "INT NOT NULL, part_ms_9 INT NOT NULL, "
      "energy_mj_0 INT NOT NULL, energy_mj_1 INT NOT NULL, energy_mj_2 INT NOT NULL, energy_mj_3 INT NOT NULL, "
      "energy_mj_4 INT NOT NULL, energy_mj_5 INT NOT NULL, energy_mj_6 INT NOT NULL, energy_mj_7 INT NOT NULL, "
      "energy_mj_8 INT NOT NULL, energy_mj_9 INT NOT NULL, spent_ms_0 INT NOT NULL, spent_ms_1 INT NOT NULL, "
      "spent_ms_2 INT NOT NULL, spent_ms_3 INT NOT NULL, spent_ms_4 INT NOT NULL, spent_ms_5 INT NOT NULL, "
      "spent_ms_6 INT NOT NULL, spent_ms_7 INT NOT NULL, spent_ms_8 INT NOT NULL, spent_ms_9 INT NOT NULL, "
      "resets INT NOT NULL, wraps INT NOT NULL, gaps INT NOT NULL, started INT NOT NULL) STRICT;";

// Short names are the same in any case. A board that fails to start what it is given rests, over a restart too.
static const char step_2[] =
    "DROP INDEX task_shortname;"
    "CREATE INDEX task_shortname ON task (account, shortname COLLATE NOCASE) WHERE shortname <> uuid;"
    "ALTER TABLE board ADD COLUMN start_failures INT NOT NULL DEFAULT 0;"
    "ALTER TABLE board ADD COLUMN rests_until_ms INT NOT NULL DEFAULT 0;";

// What customers keep secret, sealed by the vault (store/vault.h).
static const char step_secrets[] =
    "CREATE TABLE secret (account INT NOT NULL, key TEXT NOT NULL, sealed TEXT NOT NULL, modified_ms INT NOT NULL, "
      "PRIMARY KEY (account, key)) STRICT;";

// Jobs, tasks that wait for tasks, and tasks that delete themselves. Most tasks are in no job and are kept.
static const char step_jobs[] =
    "ALTER TABLE task ADD COLUMN job INT NOT NULL DEFAULT 0;"
    "ALTER TABLE task ADD COLUMN keep_ms INT NOT NULL DEFAULT 0;"
    "ALTER TABLE task ADD COLUMN ready_ms INT NOT NULL DEFAULT 0;"
    "ALTER TABLE task ADD COLUMN depends TEXT;"
    "CREATE INDEX task_job ON task (job, id, state) WHERE job <> 0;"
    "CREATE INDEX task_keep ON task (id) WHERE keep_ms > 0;"
    "CREATE TABLE job (id INTEGER PRIMARY KEY, uuid TEXT NOT NULL, shortname TEXT, name TEXT, account INT NOT NULL, "
      "state INT NOT NULL, previous_state INT NOT NULL, use_dependencies INT NOT NULL, auto_delete INT NOT NULL, "
      "swept INT NOT NULL, created_ms INT NOT NULL, state_ms INT NOT NULL, previous_state_ms INT NOT NULL, "
      "modified_ms INT NOT NULL, wall_ms INT NOT NULL, keep_ms INT NOT NULL, body TEXT) STRICT;"
    "CREATE UNIQUE INDEX job_uuid ON job (uuid);"
    "CREATE INDEX job_account ON job (account, id);"
    "CREATE INDEX job_shortname ON job (account, shortname COLLATE NOCASE) WHERE shortname <> uuid;";

// A task changes its state some five times, and each index that has it is written anew. One is enough: what is asked for by
// states is read from task_state, a few rows of each state.
static const char step_lists[] =
    "DROP INDEX task_account;"
    "CREATE INDEX task_account ON task (account, id);"
    "DROP INDEX task_exec;"
    "CREATE INDEX task_exec ON task (account, exec_ms, id);";

// A heater that was opened stays off until a person clears it, over every restart.
static const char step_lids[] =
    "ALTER TABLE zone ADD COLUMN lid_open_ms INT NOT NULL DEFAULT 0;"
    "ALTER TABLE zone ADD COLUMN lid_clear_ms INT NOT NULL DEFAULT 0;";
// What operators say of a site: where it is, its tariff, its circuits (core/engine/site_setting.h). Where tasks may run.
static const char step_sites[] =
    "ALTER TABLE site ADD COLUMN setting TEXT;"
    "ALTER TABLE task ADD COLUMN place TEXT;";

// Users in organisations, with projects, several tokens each, budgets, reservations, and money in the ledger at the
// prices of its time. A token that an account had becomes its first one; what was spent before is charged at the
// prices that programs of those versions had built in, in 1e-9 euro.
static const char step_users[] =
    "CREATE TABLE organisation (id INTEGER PRIMARY KEY, uuid TEXT NOT NULL, slug TEXT, name TEXT, created_ms INT NOT "
      "NULL, flex_instances INT NOT NULL, flex_cores INT NOT NULL, ondemand_instances INT NOT NULL, ondemand_cores "
      "INT NOT NULL, reserved_instances INT NOT NULL, reserved_cores INT NOT NULL) STRICT;"
    "CREATE TABLE project (id INTEGER PRIMARY KEY, organisation INT NOT NULL, uuid TEXT NOT NULL, slug TEXT, name "
      "TEXT, description TEXT, created_ms INT NOT NULL, research INT NOT NULL, archived INT NOT NULL) STRICT;"
    "CREATE TABLE token (id INTEGER PRIMARY KEY, account INT NOT NULL, name TEXT, digest TEXT, created_ms INT NOT "
      "NULL, expires_ms INT NOT NULL, revoked_ms INT NOT NULL) STRICT;"
    "INSERT INTO token (id, account, name, digest, created_ms, expires_ms, revoked_ms) SELECT id, id, 'first', "
      "token_hash, created_ms, 0, 0 FROM account WHERE token_hash IS NOT NULL;"
    "ALTER TABLE account ADD COLUMN organisation INT NOT NULL DEFAULT 0;"
    "ALTER TABLE account ADD COLUMN project INT NOT NULL DEFAULT 0;"
    "ALTER TABLE account ADD COLUMN scheduling INT NOT NULL DEFAULT 2;"
    "ALTER TABLE account ADD COLUMN removed INT NOT NULL DEFAULT 0;"
    "ALTER TABLE account ADD COLUMN max_jobs INT NOT NULL DEFAULT 0;"
    "ALTER TABLE account ADD COLUMN credit_neur INT NOT NULL DEFAULT 0;"
    "ALTER TABLE account ADD COLUMN flex_instances INT NOT NULL DEFAULT 0;"
    "ALTER TABLE account ADD COLUMN flex_cores INT NOT NULL DEFAULT 0;"
    "ALTER TABLE account ADD COLUMN ondemand_instances INT NOT NULL DEFAULT 0;"
    "ALTER TABLE account ADD COLUMN ondemand_cores INT NOT NULL DEFAULT 0;"
    "ALTER TABLE account ADD COLUMN reserved_instances INT NOT NULL DEFAULT 0;"
    "ALTER TABLE account ADD COLUMN reserved_cores INT NOT NULL DEFAULT 0;"
    "CREATE TABLE budget (id INTEGER PRIMARY KEY, project INT NOT NULL, uuid TEXT NOT NULL, alias TEXT, total_neur "
      "INT NOT NULL, start_ms INT NOT NULL, end_ms INT NOT NULL, created_ms INT NOT NULL, policy INT NOT NULL, "
      "archived INT NOT NULL) STRICT;"
    "CREATE TABLE reservation (id INTEGER PRIMARY KEY, organisation INT NOT NULL, account INT NOT NULL, uuid TEXT "
      "NOT NULL, name TEXT, machine_key TEXT, boards INT NOT NULL, cores INT NOT NULL, from_ms INT NOT NULL, to_ms "
      "INT NOT NULL, created_ms INT NOT NULL, removed INT NOT NULL) STRICT;"
    "ALTER TABLE task ADD COLUMN project INT NOT NULL DEFAULT 0;"
    "ALTER TABLE task ADD COLUMN reservation INT NOT NULL DEFAULT 0;"
    "ALTER TABLE ledger_work ADD COLUMN project INT NOT NULL DEFAULT 0;"
    "ALTER TABLE ledger_work ADD COLUMN cost_neur INT NOT NULL DEFAULT 0;"
    "ALTER TABLE ledger_total ADD COLUMN cost_neur INT NOT NULL DEFAULT 0;"
    "CREATE TABLE ledger_project (project INT NOT NULL, hour_ms INT NOT NULL, cost_neur INT NOT NULL, PRIMARY KEY "
      "(project, hour_ms)) STRICT;"
    "UPDATE ledger_work SET cost_neur = core_ms * CASE activity WHEN 0 THEN 20000 WHEN 1 THEN 15000 WHEN 2 THEN "
      "10000 WHEN 3 THEN 500 ELSE 0 END / 3600 WHERE task <> 0;"
    "UPDATE ledger_total SET cost_neur = core_ms * CASE activity WHEN 0 THEN 20000 WHEN 1 THEN 15000 WHEN 2 THEN "
      "10000 WHEN 3 THEN 500 ELSE 0 END / 3600 WHERE account <> 0;";

// Results and snapshots that are staged in the storage and not in their bucket yet.
static const char step_publish[] =
    "CREATE TABLE publish (lease INT NOT NULL, part INT NOT NULL, task INT NOT NULL, instance INT NOT NULL, "
      "how INT NOT NULL, snapshot INT NOT NULL, bucket TEXT, PRIMARY KEY (lease, part)) STRICT;"
    "CREATE TABLE snapshot (task INT NOT NULL, number INT NOT NULL, status INT NOT NULL, asked_ms INT NOT NULL, "
      "changed_ms INT NOT NULL, bytes INT NOT NULL, moved INT NOT NULL, period_ms INT NOT NULL, resync INT NOT NULL, "
      "whitelist TEXT, blacklist TEXT, bucket TEXT, prefix TEXT, PRIMARY KEY (task, number)) STRICT;"
    "ALTER TABLE lease ADD COLUMN snapshots INT NOT NULL DEFAULT 0;";

// Pools, and the tasks that are in one. Leases, attempts, output and ledger cells of its nodes have its id as task.
static const char step_pools[] =
    "ALTER TABLE task ADD COLUMN pool INT NOT NULL DEFAULT 0;"
    "CREATE INDEX task_pool ON task (pool, id, state) WHERE pool <> 0;"
    "CREATE TABLE pool (id INTEGER PRIMARY KEY, uuid TEXT NOT NULL, shortname TEXT, name TEXT, profile TEXT, "
      "account INT NOT NULL, activity INT NOT NULL, state INT NOT NULL, previous_state INT NOT NULL, "
      "auto_delete INT NOT NULL, created_ms INT NOT NULL, state_ms INT NOT NULL, previous_state_ms INT NOT NULL, "
      "modified_ms INT NOT NULL, keep_ms INT NOT NULL, queue_max_ms INT NOT NULL, hardware TEXT, scaling TEXT, "
      "slots_per_node INT NOT NULL, policy INT NOT NULL, slots INT NOT NULL, opened_ms INT NOT NULL, "
      "starts INT NOT NULL, failures INT NOT NULL, wanted INT NOT NULL, running INT NOT NULL, "
      "running_cores INT NOT NULL, busy INT NOT NULL, started_once TEXT, exec_ms INT NOT NULL, wall_ms INT NOT NULL, "
      "core_ms INT NOT NULL, energy_mj INT NOT NULL, errors TEXT, body TEXT, project INT NOT NULL, "
      "reservation INT NOT NULL) STRICT;"
    "CREATE UNIQUE INDEX pool_uuid ON pool (uuid);"
    "CREATE INDEX pool_account ON pool (account, id);"
    "CREATE INDEX pool_shortname ON pool (account, shortname COLLATE NOCASE) WHERE shortname <> uuid;";

// What moving its files took, and what it left.
static const char step_files[] =
    "ALTER TABLE attempt ADD COLUMN fetch_ms INT NOT NULL DEFAULT 0;"
    "ALTER TABLE attempt ADD COLUMN fetch_bytes INT NOT NULL DEFAULT 0;"
    "ALTER TABLE attempt ADD COLUMN store_ms INT NOT NULL DEFAULT 0;"
    "ALTER TABLE attempt ADD COLUMN store_bytes INT NOT NULL DEFAULT 0;"
    "ALTER TABLE attempt ADD COLUMN results TEXT;";

// At which site it ran: boards come and go.
static const char step_places[] =
    "ALTER TABLE attempt ADD COLUMN site TEXT;";

// How fast it was clocked.
static const char step_clocks[] =
    "ALTER TABLE attempt ADD COLUMN clock_permille INT NOT NULL DEFAULT 0;";

// What a lease has cost so far: it is given back when it is lost. Of those that were open before nobody knows.
static const char step_costs[] =
    "ALTER TABLE lease ADD COLUMN cost_neur INT NOT NULL DEFAULT 0;";

// The highest clock of the board it ran on.
static const char step_clock_max[] =
    "ALTER TABLE attempt ADD COLUMN clock_max_mhz INT NOT NULL DEFAULT 0;";
// clang-format on

// step[i] leads from version i to i + 1.
static const char *const step[] = {step_1,    step_2,     step_secrets, step_jobs,    step_lists,
                                   step_lids, step_sites, step_users,   step_publish, step_pools,
                                   step_files, step_places, step_clocks, step_costs,
                                   step_clock_max};

int schema_version(void)
{
    return (int)ARRAY_LEN(step);
}

// 0 for a database without tables.
static int version_of(sqlite3 *c, int64_t *version, struct err *e)
{
    sqlite3_stmt *st = NULL;
    int64_t tables = 0, ours = 0;
    *version = 0;
    int r = db_prepare(c, &st, "SELECT count(*) FROM sqlite_master WHERE type = 'table'", e);
    if (r == 0)
        r = db_int(st, "reading the schema", &tables, e);
    sqlite3_finalize(st);
    if (r < 0 || tables == 0)
        return r;
    st = NULL;
    r = db_prepare(c, &st, "SELECT count(*) FROM sqlite_master WHERE name = 'store_state'", e);
    if (r == 0)
        r = db_int(st, "reading the schema", &ours, e);
    sqlite3_finalize(st);
    if (r < 0)
        return r;
    if (!ours)
        return err_set(e, -EILSEQ,
                       "store: ondol.db: it is a database of another program (name another directory)");
    st = NULL;
    r = db_prepare(c, &st, "SELECT value FROM store_state WHERE name = 'schema'", e);
    if (r == 0)
        r = db_int(st, "reading the schema version", version, e);
    sqlite3_finalize(st);
    return r < 0 ? r : 0;
}

static int take_step(sqlite3 *c, int64_t from, struct err *e)
{
    struct buf sql = BUF_INIT(256 * 1024);
    buf_puts(&sql, "BEGIN IMMEDIATE;");
    if (from == 0)
        buf_puts(&sql, "CREATE TABLE store_state (name TEXT PRIMARY KEY, value INT NOT NULL) STRICT;"
                       "INSERT INTO store_state (name, value) VALUES ('schema', 0), ('epoch', 0);");
    buf_puts(&sql, step[from]);
    buf_putf(&sql, "UPDATE store_state SET value = %d WHERE name = 'schema'; COMMIT;", (int)from + 1);
    int r = db_exec(c, buf_str(&sql), "migrating the schema", e);
    if (r < 0 && !sqlite3_get_autocommit(c))
        sqlite3_exec(c, "ROLLBACK", NULL, NULL, NULL);
    buf_deinit(&sql);
    return r;
}

int schema_migrate(sqlite3 *c, struct err *e)
{
    int64_t version;
    int r = version_of(c, &version, e);
    if (r < 0)
        return r;
    if (version > schema_version())
        return err_set(
            e, -ESTALE,
            "store: ondol.db: its schema is version %d, this program knows up to %d (use the newer program)",
            (int)version, schema_version());
    for (; version < schema_version(); version++) {
        r = take_step(c, version, e);
        if (r < 0)
            return r;
    }
    return 0;
}

int schema_check(sqlite3 *c, struct err *e)
{
    int64_t version;
    int r = version_of(c, &version, e);
    if (r < 0)
        return r;
    if (version != schema_version())
        return err_set(
            e, -ESTALE,
            "store: ondol.db: its schema is version %d, not %d (start the server once with this program)",
            (int)version, schema_version());
    return 0;
}
