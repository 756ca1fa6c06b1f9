#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the Python client (2.22.0) sends for hello world: connect, submit, wait, read, delete. Usage: hello_python.sh ONDOL
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/clients.sh"

start_dev --heaters 2
client 'User-Agent: qarnot-sdk-python/v2.22.0' 'Accept: */*' 'Accept-Encoding: gzip, deflate' 'Connection: keep-alive'
empty='--data-binary @/dev/null -H Content-Type:' # requests sends Content-Length: 0 and no type

# Connection(): with a slash at the end of the address the paths begin with two.
api GET //settings
answered 200 'has("storage") and .storage == null' # so the client does without buckets and does not ask /info
api GET /info
answered 200 '(.email | type == "string") and (.projects | type == "array")
    and ([.computingQuotas.user, .computingQuotas.user.flex, .computingQuotas.user.onDemand] | all(type == "object"))'

# create_task("hello", "docker-batch", 4).submit()
cat >"$DIR/task.json" <<'END'
{"name": "hello", "profile": "docker-batch", "poolUuid": null, "jobUuid": null, "constants": [{"key": "DOCKER_CMD",
 "value": "echo hello world from node #${INSTANCE_ID}!"}], "constraints": [], "forcedConstants": [],
 "waitForPoolResourcesSynchronization": null, "uploadResultsOnCancellation": null, "labels": {},
 "dependencies": {"dependsOn": []}, "advancedResourceBuckets": [], "instanceCount": 4, "tags": ["morning"],
 "autoDeleteOnCompletion": false, "completionTimeToLive": "00:00:00", "hardwareConstraints": [],
 "defaultResourcesCacheTTLSec": null, "privileges": {"exportApiAndStorageCredentialsInEnvironment": false},
 "retrySettings": {"maxTotalRetries": null, "maxPerInstanceRetries": null}, "forcedNetworkRules": []}
END
api POST /tasks -H 'Content-Type: application/json' --data-binary "@$DIR/task.json"
answered 200 '.uuid | length == 36'
uuid=$(jq -r .uuid "$DIR/answer.out")
header_is Location "/tasks/$uuid"
api GET "/tasks/$uuid"
answered_task

# wait(): until the state is none of the running ones
has_ended() {
    api GET "/tasks/$uuid"
    answered_task
    case $(task_state) in
    Submitted | PartiallyDispatched | FullyDispatched | PartiallyExecuting | FullyExecuting | UploadingResults) return 1 ;;
    esac
}
until_true 60 has_ended || fail "the task has not ended within 60 s"
answered 200 '.state == "Success" and (.completedInstances | length == 4) and .status.succeededRange == "0-3"
    and .progress == 100 and .instanceCount == 4 and .errors == []'

# stdout() and fresh_stdout() take the body as it is
api GET "/tasks/$uuid/stdout"
answered 200
header_is Content-Type 'text/plain.*'
is_hello "$DIR/answer.out"
# shellcheck disable=SC2086
api POST "/tasks/$uuid/stdout" $empty
answered 200
is_hello "$DIR/answer.out"
# shellcheck disable=SC2086
api POST "/tasks/$uuid/stdout" $empty
answered_empty
api GET "/tasks/$uuid/stdout/2"
answered 200
[ "$(cat "$DIR/answer.out")" = "hello world from node #2!" ] || fail "stdout of instance 2"
api GET "/tasks/$uuid/stderr"
answered_empty
api GET "/tasks/$uuid/stdout/4" # MissingTaskInstanceException
answered 404 '.message | length > 0'

# all_tasks(tags=...) and all_tasks()
api POST /tasks/paginate -H 'Content-Type: application/json' --data-binary \
    '{"filter": {"operator": "Or", "filters": [{"operator": "Equal", "field": "Tags", "value": "morning"}]}, "token": null, "maximumResults": null}'
answered 200 '.count == 1 and .isTruncated == false and .nextToken == null and .data[0].tags == ["morning"]'
api POST /tasks/summaries/paginate -H 'Content-Type: application/json' --data-binary \
    '{"filter": null, "token": null, "maximumResults": null}'
answered 200 '.total == 1 and (.data[0] | has("constants") | not)'

# abort() of what has ended: UnauthorizedException; delete(), and then: MissingTaskException
# shellcheck disable=SC2086
api POST "/tasks/$uuid/abort" $empty
answered 403 '.message | length > 0'
# shellcheck disable=SC2086
api DELETE "/tasks/$uuid" $empty
answered_empty
api GET "/tasks/$uuid"
answered 404 ". == {\"message\": \"No such task: $uuid\"}"

stop_dev
echo "the Python client says hello"
