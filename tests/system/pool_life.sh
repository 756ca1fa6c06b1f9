#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A pool by the command line, run really: nodes are prepared once, tasks run on them, two on one board, a kill of the server
# loses nothing, the pool grows, closes and goes. Usage: pool_life.sh ONDOL
. "$(dirname "$0")/lib.sh"

start_dev --heaters 2
export ONDOL_URL="$URL" ONDOL_TOKEN="$TOKEN"

pool_is() { # pool_is ID FILTER
    "$ONDOL" pool show "$1" >"$DIR/pool.out" 2>"$DIR/show.err" && jq -e "$2" "$DIR/pool.out" >"$DIR/is.out"
}
task_is() { # task_is ID STATE
    [ "$("$ONDOL" task show "$1" | jq -r .state)" = "$2" ]
}

pool=$("$ONDOL" pool create --name night --shortname night --slots 2 --slots-per-node 2 --prepare 'sh -c "echo prepared ${INSTANCE_ID}"') ||
    fail "no pool was made"
"$ONDOL" pool wait --timeout 120 night || fail "the pool has no nodes"
pool_is night '.runningInstanceCount == 1 and .totalSlotCapacity == 2' || fail "it is not one board of two slots"
prepared() {
    curl -sS -H "Authorization: $TOKEN" -H 'Accept: text/plain' "$URL/pools/night/stdout" >"$DIR/stdout.out" &&
        grep -q ' 0> prepared 0' "$DIR/stdout.out"
}
until_true 60 prepared || fail "the node was not prepared"

task=$("$ONDOL" task create --pool "$pool" --instances 3 --command 'sh -c "echo here ${INSTANCE_ID}; sleep 1"') || fail "no task was made"
until_true 120 task_is "$task" Success || fail "the task did not end in Success"
"$ONDOL" task show "$task" | jq -e ".poolUuid == \"$pool\" and .profile == \"docker-batch\"" >/dev/null || fail "the task does not name its pool"
"$ONDOL" pool tasks night | grep -q "^$task .*Success" || fail "the pool does not list its task"

# What runs in it and what it holds live through a kill of the server and its nodes.
slow=$("$ONDOL" task create --pool "$pool" --instances 2 --command 'sleep 2')
until_true 60 task_is "$slow" FullyExecuting || fail "two instances do not run on one board"
kill -KILL "$DEV"
wait "$DEV" 2>/dev/null
PIDS=
rm "$DIR/dev.out" # it says ready
start_dev --heaters 2
export ONDOL_URL="$URL" ONDOL_TOKEN="$TOKEN"
until_true 120 task_is "$slow" Success || fail "the task is lost"
pool_is night '.state == "FullyExecuting"' || "$ONDOL" pool wait --timeout 120 night || fail "the pool did not come back"

"$ONDOL" pool scale night --slots 4 || fail "pool scale"
until_true 60 pool_is night '.runningInstanceCount == 2 and .scaling.activePolicyName == "fixed"' || fail "it does not grow"
[ "$("$ONDOL" pool nodes --json night | jq length)" = 2 ] || fail "two nodes are not listed"
"$ONDOL" pool close night || fail "pool close"
pool_is night '.state == "Closing" or .state == "Closed"' || fail "it does not close"
"$ONDOL" task create --pool "$pool" --command true 2>"$DIR/late.err" && fail "a pool that closes takes a task"
grep -q 'takes no more tasks' "$DIR/late.err" || fail "the refusal does not say why"
curl -sS -H "Authorization: $TOKEN" "$URL/credits/v1/pools/$pool/credits" | jq -e '.credits > 0' >"$DIR/credits.out" || fail "it cost nothing"
"$ONDOL" pool delete night || fail "pool delete"
is_gone() {
    "$ONDOL" pool show "$pool" >/dev/null 2>"$DIR/gone.err"
    [ $? = 4 ]
}
until_true 60 is_gone || fail "the pool is still there"
task_is "$task" Success || fail "its task is gone too"

# The older way to name the preparation: two constants.
ready=$("$ONDOL" pool create --name ready --slots 1 --constant RUN_USER_POOL_PREPARATION_CMD=true \
    --constant 'USER_POOL_PREPARATION_CMD=sh -c "echo made ready ${INSTANCE_ID}"') || fail "no pool with constants was made"
made_ready() {
    curl -sS -H "Authorization: $TOKEN" -H 'Accept: text/plain' "$URL/pools/$ready/stdout" >"$DIR/stdout.out" &&
        grep -q ' 0> made ready 0' "$DIR/stdout.out"
}
until_true 120 made_ready || fail "USER_POOL_PREPARATION_CMD did not run"

stop_dev
echo "a pool was prepared, used, killed, grown and given back"
