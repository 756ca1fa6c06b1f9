// SPDX-License-Identifier: Apache-2.0
//
// The tables of the index and every statement on them. Keys are blobs: their order is that of their bytes, as
// lists want it.
#include "objects/inside.h"

#include <errno.h>

#include "store/db.h"

// Pages of 16 KiB: three objects of 4 KB fit on one, and a batch of them writes each page once.
static const char tables[] =
    "PRAGMA page_size = 16384; PRAGMA journal_mode = WAL; BEGIN IMMEDIATE;"
    "CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "INSERT OR IGNORE INTO meta VALUES ('schema', 1), ('generation', 0);"
    "CREATE TABLE IF NOT EXISTS usage (account INTEGER PRIMARY KEY, buckets INTEGER NOT NULL, objects "
    "INTEGER NOT NULL,"
    " bytes INTEGER NOT NULL) STRICT;"
    "CREATE TABLE IF NOT EXISTS bucket (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, account INTEGER "
    "NOT NULL,"
    " created_ms INTEGER NOT NULL, objects INTEGER NOT NULL, bytes INTEGER NOT NULL) STRICT;"
    "CREATE INDEX IF NOT EXISTS bucket_account ON bucket (account, name);"
    "CREATE TABLE IF NOT EXISTS object (bucket INTEGER NOT NULL, key BLOB NOT NULL, content INTEGER NOT NULL,"
    " kind INTEGER NOT NULL, size INTEGER NOT NULL, modified_ms INTEGER NOT NULL, etag TEXT NOT NULL,"
    " headers TEXT NOT NULL, PRIMARY KEY (bucket, key)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS object_file ON object (content) WHERE kind = 2;"
    "CREATE TABLE IF NOT EXISTS small (content INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;"
    "CREATE TABLE IF NOT EXISTS segment (content INTEGER NOT NULL, n INTEGER NOT NULL, id INTEGER NOT NULL,"
    " kind INTEGER NOT NULL, size INTEGER NOT NULL, PRIMARY KEY (content, n)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS segment_file ON segment (id) WHERE kind = 2;"
    "CREATE TABLE IF NOT EXISTS upload (id INTEGER PRIMARY KEY, bucket INTEGER NOT NULL, key BLOB NOT NULL,"
    " started_ms INTEGER NOT NULL, headers TEXT NOT NULL) STRICT;"
    "CREATE INDEX IF NOT EXISTS upload_key ON upload (bucket, key, id);"
    "CREATE INDEX IF NOT EXISTS upload_age ON upload (started_ms);"
    "CREATE TABLE IF NOT EXISTS part (upload INTEGER NOT NULL, number INTEGER NOT NULL, content INTEGER NOT "
    "NULL,"
    " kind INTEGER NOT NULL, size INTEGER NOT NULL, modified_ms INTEGER NOT NULL, etag TEXT NOT NULL,"
    " PRIMARY KEY (upload, number)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS part_file ON part (content) WHERE kind = 2;"
    "COMMIT;";

int schema_make(sqlite3 *db, struct err *e)
{
    sqlite3_stmt *st = NULL;
    int64_t version = 0;
    int code = db_exec(db, tables, "objects.db: making tables", e);
    if (!code)
        code = db_prepare(db, &st, "SELECT value FROM meta WHERE key = 'schema'", e);
    if (!code)
        code = db_int(st, "objects.db: reading its version", &version, e);
    sqlite3_finalize(st);
    if (!code && version != 1)
        code = err_set(e, -ENOTSUP,
                       "objects.db: its format is %lld and this program knows 1 (use a newer program)",
                       (long long)version);
    return code;
}

// ?1 and not $1: SQLite numbers the latter by where they first appear.
const char *const statement_sql[STATEMENTS] = {
    [ST_BEGIN] = "BEGIN IMMEDIATE",
    [ST_COMMIT] = "COMMIT",
    [ST_ROLLBACK] = "ROLLBACK",
    [ST_BUCKET_BY_NAME] = "SELECT id, account, name, created_ms, objects, bytes FROM bucket WHERE name = ?1",
    [ST_BUCKET_BY_ID] = "SELECT id, account, name, created_ms, objects, bytes FROM bucket WHERE id = ?1",
    [ST_BUCKETS] =
        "SELECT id, account, name, created_ms, objects, bytes FROM bucket WHERE account = ?1 ORDER BY name",
    [ST_BUCKET_ADD] =
        "INSERT INTO bucket (name, account, created_ms, objects, bytes) VALUES (?1, ?2, ?3, 0, 0)",
    [ST_BUCKET_REMOVE] = "DELETE FROM bucket WHERE id = ?1",
    [ST_BUCKET_COUNT] = "UPDATE bucket SET objects = objects + ?2, bytes = bytes + ?3 WHERE id = ?1",
    [ST_USAGE] = "SELECT buckets, objects, bytes FROM usage WHERE account = ?1",
    [ST_USAGE_ADD] = "INSERT INTO usage VALUES (?1, ?2, ?3, ?4) ON CONFLICT (account) DO UPDATE SET"
                     " buckets = buckets + ?2, objects = objects + ?3, bytes = bytes + ?4",
    [ST_OBJECT] =
        "SELECT content, kind, size, modified_ms, etag, headers FROM object WHERE bucket = ?1 AND key = ?2",
    [ST_OBJECT_PUT] = "INSERT OR REPLACE INTO object VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    [ST_OBJECT_REMOVE] = "DELETE FROM object WHERE bucket = ?1 AND key = ?2",
    [ST_OBJECT_ANY] = "SELECT 1 FROM object WHERE bucket = ?1 LIMIT 1",
    [ST_LIST] =
        "SELECT key, size, modified_ms, etag FROM object WHERE bucket = ?1 AND key >= ?2 ORDER BY key",
    [ST_SMALL] = "SELECT data FROM small WHERE content = ?1",
    [ST_SMALL_PUT] = "INSERT INTO small VALUES (?1, ?2)",
    [ST_SMALL_REMOVE] = "DELETE FROM small WHERE content = ?1",
    [ST_SEGMENTS] = "SELECT id, kind, size FROM segment WHERE content = ?1 ORDER BY n",
    [ST_SEGMENT_PUT] = "INSERT INTO segment VALUES (?1, ?2, ?3, ?4, ?5)",
    [ST_SEGMENTS_REMOVE] = "DELETE FROM segment WHERE content = ?1",
    [ST_UPLOAD] = "SELECT bucket, key, headers FROM upload WHERE id = ?1",
    [ST_UPLOAD_ADD] = "INSERT INTO upload VALUES (?1, ?2, ?3, ?4, ?5)",
    [ST_UPLOAD_REMOVE] = "DELETE FROM upload WHERE id = ?1",
    [ST_UPLOAD_OF_BUCKET] = "SELECT id FROM upload WHERE bucket = ?1 LIMIT 1",
    [ST_UPLOADS_OLD] = "SELECT id, bucket, key FROM upload WHERE started_ms < ?1 LIMIT 100",
    [ST_UPLOADS] =
        "SELECT key, id, started_ms FROM upload WHERE bucket = ?1 AND (key, id) > (?2, ?3) ORDER BY key, id",
    [ST_PART] = "SELECT content, kind, size, modified_ms, etag FROM part WHERE upload = ?1 AND number = ?2",
    [ST_PART_PUT] = "INSERT OR REPLACE INTO part VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [ST_PARTS_REMOVE] = "DELETE FROM part WHERE upload = ?1",
    [ST_PART_REMOVE] = "DELETE FROM part WHERE upload = ?1 AND number = ?2",
    [ST_PARTS] =
        "SELECT number, content, kind, size, modified_ms, etag FROM part WHERE upload = ?1 AND number > ?2"
        " ORDER BY number",
    [ST_FILE_KNOWN] = "SELECT EXISTS (SELECT 1 FROM object WHERE content = ?1 AND kind = 2)"
                      " OR EXISTS (SELECT 1 FROM segment WHERE id = ?1 AND kind = 2)"
                      " OR EXISTS (SELECT 1 FROM part WHERE content = ?1 AND kind = 2)",
    [ST_STAGED_FROM] = "SELECT id, account, name, created_ms, objects, bytes FROM bucket WHERE account = 0"
                       " AND name >= ?1 ORDER BY name LIMIT 1",
    // ?1 is the bucket that takes, ?2 the one whose objects move.
    [ST_STAGED_OVER] = "SELECT content, kind, size FROM object WHERE bucket = ?1 AND key IN"
                       " (SELECT key FROM object WHERE bucket = ?2)",
    [ST_STAGED_REPLACE] =
        "DELETE FROM object WHERE bucket = ?1 AND key IN (SELECT key FROM object WHERE bucket = ?2)",
    [ST_STAGED_MOVE] = "UPDATE object SET bucket = ?1, modified_ms = ?3 WHERE bucket = ?2",
    [ST_CONTENTS] = "SELECT content, kind, size FROM object WHERE bucket = ?1",
    [ST_CONTENTS_REMOVE] = "DELETE FROM object WHERE bucket = ?1",
};
