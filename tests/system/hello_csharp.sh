#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the C# client (7.0.1) sends for hello world: its whole object in PascalCase, read-only fields, nulls and zero uuid
# included, in chunks of unknown total length. Usage: hello_csharp.sh ONDOL
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/clients.sh"

start_dev --heaters 2
client 'User-Agent: qarnot-sdk-csharp/7.0.1.0' 'Accept: application/json'
write_task() { # write_task UUID
    cat >"$DIR/task.json" <<END
{"Name":"hello","Profile":"docker-batch","PoolUuid":null,"JobUuid":null,"MaxRetriesPerInstance":0,"MaxTimeQueueSeconds":null,
"InstanceCount":4,"RunningInstanceCount":null,"RunningCoreCount":null,"ExecutionTime":null,"WallTime":null,
"EndDate":"0001-01-01T00:00:00","ResourceBuckets":[],"AdvancedResourceBuckets":[],"ResultBucket":null,
"ResultsCacheTTLSec":null,"State":null,"PreviousState":null,"StateTransitionTime":"0001-01-01T00:00:00",
"PreviousStateTransitionTime":"0001-01-01T00:00:00","LastModified":"0001-01-01T00:00:00","Errors":[],"SnapshotInterval":0,
"ResultsCount":0,"CreationDate":"0001-01-01T00:00:00",
"Constants":[{"Key":"DOCKER_CMD","Value":"echo hello world from node #\${INSTANCE_ID}!"}],"Constraints":[],"Labels":{},
"Tags":["c#"],"Uuid":"$1","Shortname":null,"Status":null,"AdvancedRanges":null,
"CompletedInstances":[],"SnapshotWhitelist":null,"SnapshotBlacklist":null,"SnapshotBucket":null,
"SnapshotBucketPrefix":null,"ResultsWhitelist":null,"ResultsBlacklist":null,"ResultsBucketPrefix":null,"Dependencies":null,
"AutoDeleteOnCompletion":false,"CompletionTimeToLive":"00:00:00","WaitForPoolResourcesSynchronization":null,
"HardwareConstraints":null,"DefaultResourcesCacheTTLSec":null,
"Privileges":{"ExportApiAndStorageCredentialsInEnvironment":null},
"RetrySettings":{"MaxTotalRetries":null,"MaxPerInstanceRetries":null},
"SecretsAccessRights":{"BySecret":[],"ByPrefix":[]},"SchedulingType":null,"TargetedReservedMachineKey":null,
"TargetedReservationName":null,"ForcedNetworkRules":null,"ForcedConstants":null,"ProjectUuid":null}
END
}
json() { # json METHOD PATH FILE: as PostAsJsonAsync does
    api "$1" "$2" -H 'Content-Type: application/json; charset=utf-8' -H 'Transfer-Encoding: chunked' --data-binary "@$3"
}

write_task 00000000-0000-0000-0000-000000000000
json POST /tasks "$DIR/task.json"
answered 200 '.uuid | length == 36'
uuid=$(jq -r .uuid "$DIR/answer.out")
[ "$uuid" != 00000000-0000-0000-0000-000000000000 ] || fail "the zero uuid was taken for one"
api GET "/tasks/$uuid"
answered_task
has_ended() {
    api GET "/tasks/$uuid"
    answered_task
    case $(task_state) in Success | Failure | Cancelled) ;; *) return 1 ;; esac
}
until_true 60 has_ended || fail "the task has not ended within 60 s"
answered 200 '.state == "Success" and .instanceCount == 4 and .tags == ["c#"] and .poolUuid == null'

api GET "/tasks/$uuid/stdout" # copied verbatim, so it is JSON text that people see
answered 200 'type == "string"'
jq -j . "$DIR/answer.out" >"$DIR/stdout.out"
is_hello "$DIR/stdout.out"
api GET "/tasks/$uuid/stdout/" # an instance id that is null leaves its slash
answered 200 'type == "string"'

# Several at once: each has its own answer.
write_task 00000000-0000-0000-0000-000000000000
jq -c '[., (. | .InstanceCount = 0)]' "$DIR/task.json" >"$DIR/bulk.json"
json POST /tasks "$DIR/bulk.json"
answered 207 'map(.statusCode) == [200, 400] and (.[0].uuid | length == 36) and .[0].message == null
    and .[1].uuid == null and (.[1].message | length > 0)'
bulk=$(jq -r '.[0].uuid' "$DIR/answer.out")

# RetrieveTasksAsync(QDataDetail): select and filter
echo '{"Select":{"Fields":["Uuid"]},"Filter":{"Operator":"And","Filters":[{"Value":"hello","Field":"Name","Operator":"Equal"},
{"Values":["Success","Failure"],"Field":"State","Operator":"In"}]},"MaximumResults":null}' >"$DIR/search.json"
json POST /tasks/search "$DIR/search.json"
answered 200 "map(.uuid) | index(\"$uuid\") != null"

# CommitAsync sends the whole object again: of a final one it is refused.
write_task "$uuid"
json PUT "/tasks/$uuid" "$DIR/task.json"
answered 403 '.message | length > 0'
for id in "$uuid" "$bulk"; do
    api DELETE "/tasks/$id"
    answered_empty
done
api GET "/tasks/$uuid" # QarnotApiResourceNotFoundException
answered 404 ". == {\"message\": \"No such task: $uuid\"}"

stop_dev
echo "the C# client says hello"
