#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What Qarnot's own command line (4.1.0) sends: it is made of the C# client, selects by pages and filters, and then acts on
# each uuid. Usage: hello_cli.sh ONDOL
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/clients.sh"

start_dev --heaters 2
client 'User-Agent: qarnot-sdk-csharp/5.12.0.0' 'Accept: application/json'
empty='--data-binary @/dev/null -H Content-Type:'
json() { # json METHOD PATH JSON
    printf '%s' "$3" >"$DIR/body.json"
    api "$1" "$2" -H 'Content-Type: application/json; charset=utf-8' -H 'Transfer-Encoding: chunked' --data-binary "@$DIR/body.json"
}
page() { # page FILTER
    json POST /tasks/paginate "{\"Token\":null,\"Filter\":$1,\"MaximumResults\":null}"
    answered 200 '(.data | type == "array") and (.isTruncated == (.nextToken != null))'
}

# account; hw-constraints list
api GET /info
answered 200 '.maxInstances > 0 and .taskCount == 0'
api GET '/hardware-constraints?limit=50&offset=0'
answered 200 '.data | all(has("discriminator"))'

# task create --name "hello cli" --profile docker-batch --instance 4 --constants ...
TASK='{"Name":"hello cli","Profile":"docker-batch","PoolUuid":null,"JobUuid":null,"MaxRetriesPerInstance":0,"InstanceCount":4,
"EndDate":"0001-01-01T00:00:00","ResourceBuckets":[],"AdvancedResourceBuckets":[],"State":null,"Errors":[],
"CreationDate":"0001-01-01T00:00:00","Constants":[{"Key":"DOCKER_CMD","Value":"sh -c \"sleep 1; echo hello world from node \\#${INSTANCE_ID}!\""}],
"Constraints":[],"Labels":{},"Tags":["t1","t2"],"Uuid":"00000000-0000-0000-0000-000000000000","Shortname":null,
"Dependencies":{"DependsOn":[],"AdvancedDependsOn":null,"State":null},"AutoDeleteOnCompletion":false,
"CompletionTimeToLive":"00:00:00","HardwareConstraints":[],"Privileges":{"ExportApiAndStorageCredentialsInEnvironment":false},
"RetrySettings":{"MaxTotalRetries":null,"MaxPerInstanceRetries":null},"SecretsAccessRights":{"BySecret":[],"ByPrefix":[]},
"SchedulingType":"Flex"}'
json POST /tasks "$TASK"
answered 200 '.uuid | length == 36'
uuid=$(jq -r .uuid "$DIR/answer.out")
api GET "/tasks/$uuid"
answered_task

# task list; by name; by prefix, as .NET escapes it; by tags, any and all; created before and after
page null
answered 200 '.count == 1'
page '{"Operator":"And","Filters":[{"Value":"hello cli","Field":"Name","Operator":"Equal"}]}'
answered 200 ".data[0].uuid == \"$uuid\""
page '{"Operator":"And","Filters":[{"Value":"/^hello\\ cl/","Field":"Name","Operator":"Like"}]}'
answered 200 '.count == 1'
page '{"Operator":"And","Filters":[{"Value":"/^ello/","Field":"Name","Operator":"Like"}]}'
answered 200 '.count == 0 and .total == 0'
page '{"Operator":"And","Filters":[{"Operator":"Or","Filters":[{"Value":"t1","Field":"Tags","Operator":"Equal"},{"Value":"t9","Field":"Tags","Operator":"Equal"}]}]}'
answered 200 '.count == 1'
page '{"Operator":"And","Filters":[{"Operator":"And","Filters":[{"Value":"t1","Field":"Tags","Operator":"Equal"},{"Value":"t9","Field":"Tags","Operator":"Equal"}]}]}'
answered 200 '.count == 0'
page '{"Operator":"And","Filters":[{"Value":"2000-01-01T00:00:00","Field":"CreationDate","Operator":"GreaterThan"},{"Value":"2000-01-01T00:00:00","Field":"CreationDate","Operator":"LessThan"}]}'
answered 200 '.count == 0'
page '{"Operator":"And","Filters":[{"Value":"2000-01-01T00:00:00","Field":"CreationDate","Operator":"GreaterThan"}]}'
answered 200 '.count == 1'

# task wait --id ... --stdout --stderr: about every 2 s
api GET "/tasks/$uuid"
: >"$DIR/printed.out"
round() {
    api GET "/tasks/$uuid"
    answered_task
    state=$(task_state)
    # shellcheck disable=SC2086
    api POST "/tasks/$uuid/stdout" $empty
    answered 200 'type == "string"'
    jq -j . "$DIR/answer.out" >>"$DIR/printed.out"
    # shellcheck disable=SC2086
    api POST "/tasks/$uuid/stderr" $empty
    answered 200 '. == ""'
    case $state in Success | Failure | Cancelled) ;; *) return 1 ;; esac
}
until_true 60 round || fail "the task has not ended within 60 s"
[ "$state" = Success ] || fail "the task ended in $state"
is_hello "$DIR/printed.out"

# task stdout --id ... [--instance 1] [--fresh]
api GET "/tasks/$uuid/stdout/1"
answered 200 '. == "hello world from node #1!\n"'
# shellcheck disable=SC2086
api POST "/tasks/$uuid/stdout/1" $empty
answered 200 '. == "hello world from node #1!\n"'
# shellcheck disable=SC2086
api POST "/tasks/$uuid/stdout/1" $empty
answered 200 '. == ""'

# task update-constant, abort and delete of one that runs
json POST /tasks "$(printf "%s" "$TASK" | sed 's/sleep 1/sleep 60/')"
answered 200
second=$(jq -r .uuid "$DIR/answer.out")
runs() {
    api GET "/tasks/$second"
    answered_task
    [ "$(task_state)" = FullyExecuting ]
}
until_true 30 runs || fail "the second task does not run"
json PUT "/tasks/$second" "$(printf "%s" "$TASK" | jq -c --arg id "$second" '.Uuid = $id | .State = "Submitted" | .Constants += [{"Key":"NEW","Value":"1"}]')"
answered_empty
api GET "/tasks/$second"
answered 200 '(.constants | map(select(.key == "NEW"))) == [{"key":"NEW","value":"1"}] and .state == "FullyExecuting"'
# shellcheck disable=SC2086
api PATCH "/tasks/$second" $empty # task update-resources
answered_empty
# shellcheck disable=SC2086
api POST "/tasks/$second/abort" $empty
answered_empty
api GET "/tasks/$second"
answered 200 '.state == "PendingCancel" or .state == "Cancelled"'
for id in "$second" "$uuid"; do
    api DELETE "/tasks/$id"
    answered_empty
done
is_gone() {
    api GET "/tasks/$second"
    [ "$STATUS" = 404 ]
}
until_true 30 is_gone || fail "a deleted task is still there"
answered 404 ". == {\"message\": \"No such task: $second\"}"

stop_dev
echo "Qarnot's command line says hello"
