#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Jobs by the command line, run really: a chain of tasks where each waits for the one before, a failure that ends what waits
# for it, a job that is terminated, one that is deleted with its tasks, and all of it still known after a kill.
# Usage: job_chain.sh ONDOL
. "$(dirname "$0")/lib.sh"

start_dev --heaters 2
export ONDOL_URL="$URL" ONDOL_TOKEN="$TOKEN"

# submit JOB COMMAND WAITS_FOR: prints the uuid
submit() {
    jq -n --arg job "$1" --arg cmd "$2" --arg after "${3:-}" '{name: $cmd, profile: "docker-batch", instanceCount: 1, jobUuid: $job,
        constants: [{key: "DOCKER_CMD", value: $cmd}], dependencies: {dependsOn: ($after | if . == "" then [] else [.] end)}}' |
        "$ONDOL" task create -
}

state_of() { # state_of task|job ID
    "$ONDOL" "$1" show "$2" | jq -r .state
}

is_state() { # is_state task|job ID STATE
    [ "$(state_of "$1" "$2")" = "$3" ]
}

expect_state() {
    until_true 60 is_state "$1" "$2" "$3" || fail "$1 $2 is $(state_of "$1" "$2"), not $3"
}

job=$(echo '{"name": "chain", "shortname": "chain", "useDependencies": true}' | "$ONDOL" job create -) || fail "no job was made"
first=$(submit "$job" 'echo one')
second=$(submit "$job" 'echo two' "$first")
third=$(submit "$job" 'sh -c "exit 3"' "$second")
fourth=$(submit "$job" 'echo never' "$third")
submit "$job" 'echo x' 0b5f6f0e-7a51-4a0e-9a43-2f1f6a1b7c11 2>"$DIR/refused.err" && fail "a task may wait for one that is not there"
grep -q 'no task 0b5f6f0e' "$DIR/refused.err" || fail "the refusal does not name the task"
"$ONDOL" job tasks chain >"$DIR/tasks.out" || fail "job tasks"
[ "$(grep -c echo "$DIR/tasks.out")" -ge 3 ] || fail "the tasks of the job are not listed"

"$ONDOL" job wait --timeout 120 chain 2>"$DIR/wait.err"
[ $? = 5 ] || fail "job wait did not say that the work failed"
grep -q '2 of its tasks did not end in Success' "$DIR/wait.err" || fail "job wait does not count them"
expect_state task "$first" Success
expect_state task "$second" Success
expect_state task "$third" Failure
expect_state task "$fourth" Cancelled
"$ONDOL" task why "$fourth" >/dev/null || fail "why of a cancelled task"
"$ONDOL" task show "$fourth" | jq -e ".errors[0].code == \"ONDOL-DEPENDENCY\" and (.errors[0].message | contains(\"$third\"))
    and .dependencies.state == \"dependencyConditionsNotFulfilled\"" >/dev/null || fail "the cancelled task does not name what it waited for"
# In order: nothing starts before what it waits for has ended.
"$ONDOL" job tasks --json chain | jq -e 'map({key: .uuid, value: .}) | from_entries as $t
    | [$t[] | select(.state == "Success" or .state == "Failure") | . as $x | .dependencies.dependsOn[] | $t[.].endDate <= $x.endDate] | all' \
    >/dev/null || fail "a task ended before the one it waited for"

# A chain that is cut by a kill goes on after it.
slow=$(submit "$job" 'sleep 2')
after=$(submit "$job" 'echo after' "$slow")
"$ONDOL" task why "$after" | grep -q "waiting for task $slow of its job" || fail "why does not name the task that is waited for"
kill -KILL "$DEV"
wait "$DEV" 2>/dev/null
PIDS=
rm "$DIR/dev.out" # it says ready
start_dev --heaters 2
export ONDOL_URL="$URL" ONDOL_TOKEN="$TOKEN"
expect_state task "$after" Success
expect_state task "$slow" Success

# Ending and deleting.
long=$(submit "$job" 'sleep 1000')
expect_state task "$long" FullyExecuting
"$ONDOL" job terminate chain || fail "job terminate"
expect_state job chain Completed
expect_state task "$long" Cancelled
submit "$job" 'echo late' 2>"$DIR/late.err" && fail "a completed job takes a task"
grep -q 'takes no more tasks: it is Completed' "$DIR/late.err" || fail "the refusal does not say why"
job2=$(echo '{"name": "two"}' | "$ONDOL" job create -)
other=$(submit "$job2" 'sleep 1000')
"$ONDOL" job delete "$job2" 2>"$DIR/delete.err"
[ $? = 4 ] || fail "a job with a task that lives was deleted"
"$ONDOL" job delete --force "$job2" || fail "job delete --force"
is_gone() {
    "$ONDOL" "$1" show "$2" >/dev/null 2>"$DIR/gone.err"
    [ $? = 4 ]
}
until_true 60 is_gone job "$job2" || fail "the job is still there"
until_true 60 is_gone task "$other" || fail "its task is still there"
"$ONDOL" job delete chain || fail "job delete"
is_gone job chain || fail "the completed job is still there"
expect_state task "$first" Success

stop_dev
echo "a chain of tasks ran, broke, was killed and ended in order"
