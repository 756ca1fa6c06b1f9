#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the Go client (0.7.1) sends for hello world: paths with /v1, a content type on everything, no Accept, so that
# output must be a JSON string. Usage: hello_go.sh ONDOL
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/clients.sh"

start_dev --heaters 2
client 'User-Agent: Go-http-client/1.1' 'Accept:' 'Content-Type: application/json' 'Accept-Encoding: gzip'

api POST /v1/tasks --data-binary '{"name":"hello","profile":"docker-batch","instanceCount":4,"constants":[{"key":"DOCKER_CMD","value":"echo hello world from node #${INSTANCE_ID}!"}],"hardwareConstraints":[{"discriminator":"MinimumCoreHardwareConstraint","coreCount":1,"minimumMemoryMB":0,"maximumMemoryMB":0,"specificationKey":"","minimumMemoryGBCoreRatio":0,"maximumMemoryGBCoreRatio":0,"cpuModel":""}],"tags":["go"],"completionTimeToLive":3600,"retrySettings":{"maxTotalRetries":2,"maxPerInstanceRetries":0}}'
answered 200 '.uuid | length == 36'
uuid=$(jq -r .uuid "$DIR/answer.out")
header_is Location "/v1/tasks/$uuid"
has_ended() {
    api GET "/v1/tasks/$uuid"
    answered_task
    case $(task_state) in Success | Failure | Cancelled) ;; *) return 1 ;; esac
}
until_true 60 has_ended || fail "the task has not ended within 60 s"
answered 200 '.state == "Success" and .completionTimeToLive == "01:00:00" and .retrySettings.maxTotalRetries == 2'

api GET "/v1/tasks/$uuid/stdout"
answered 200 'type == "string"'
header_is Content-Type 'application/json.*'
jq -j . "$DIR/answer.out" >"$DIR/stdout.out"
is_hello "$DIR/stdout.out"
api GET "/v1/tasks/$uuid/stderr/3"
answered 200 '. == ""'
api GET '/v1/tasks?tag=none&tag=go'
answered 200 'length == 1'

# A bucket is a bare string; every error is JSON, and the three shapes are told apart by their text.
api POST /v1/tasks --data-binary '{"name":"hello","profile":"docker-batch","instanceCount":1,"resourceBuckets":"in"}'
answered 404 '. == {"message": "No such bucket: in"}'
api GET /v1/versions
answered 200 '.[0].version == "v1"'
api DELETE "/v1/tasks/$uuid"
answered_empty
api GET "/v1/tasks/$uuid"
answered 404 ". == {\"message\": \"No such task: $uuid\"}"
TOKEN=wrong
client 'User-Agent: Go-http-client/1.1' 'Accept:' 'Content-Type: application/json'
api GET /v1/tasks
answered 401 '.error.code == 401'
grep -q '"error":{' "$DIR/answer.out" || fail "the error of a wrong token has another shape"

stop_dev
echo "the Go client says hello"
