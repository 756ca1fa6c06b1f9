#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the Node client (1.18.7, axios) sends for tasks.run of hello world, and what its own test suite asks of a task that
# has not started yet: it counts on a server that takes its time. Usage: hello_node.sh ONDOL
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/clients.sh"

start_dev --heaters 2 --dispatch-delay 2
client 'User-Agent: axios/1.15.0' 'Accept: application/json, text/plain, */*' 'Accept-Encoding: gzip, compress, deflate, br'
empty='--data-binary @/dev/null' # Content-Length: 0, and a form's content type
task='{"name":"helloworld","profile":"docker-batch","instanceCount":4,"constants":[{"key":"DOCKER_CMD","value":"echo hello world from node #${INSTANCE_ID}!"}]}'

# tasks.run(): after each pause POST stdout, POST stderr, GET
api POST /tasks -H 'Content-Type: application/json' --data-binary "$task"
answered 200 '.uuid | length == 36'
uuid=$(jq -r .uuid "$DIR/answer.out")
: >"$DIR/printed.out"
round() {
    # shellcheck disable=SC2086
    api POST "/tasks/$uuid/stdout" $empty
    answered 200 'type == "string"' # axios parses what it can: only a JSON string stays what it is
    jq -j . "$DIR/answer.out" >>"$DIR/printed.out"
    # shellcheck disable=SC2086
    api POST "/tasks/$uuid/stderr" $empty
    answered 200 '. == ""'
    api GET "/tasks/$uuid"
    answered_task
    case $(task_state) in Cancelled | Success | Failure) ;; *) return 1 ;; esac
}
until_true 60 round || fail "the task has not ended within 60 s"
answered 200 '.state == "Success"'
round # the client pauses 10 s before each round; here the last words may come between a POST and its GET
is_hello "$DIR/printed.out"

# The client's own suite: a task that has not started
api POST /tasks -H 'Content-Type: application/json' --data-binary "$task"
uuid=$(jq -r .uuid "$DIR/answer.out")
api GET /tasks
answered 200 "map(select(.uuid == \"$uuid\")) | length == 1"
for stream in stdout stderr; do
    api GET "/tasks/$uuid/$stream/2"
    answered 200 '. == ""'
done
# shellcheck disable=SC2086
api POST "/tasks/$uuid/abort" $empty
answered_empty
api GET "/tasks/$uuid"
answered 200 '.state == "PendingCancel" or .state == "Cancelled"'
api GET /tasks/summaries
answered 200 "map(select(.uuid == \"$uuid\")) | length == 1"
api DELETE "/tasks/$uuid"
answered_empty
api GET /tasks/summaries
answered 200 "map(select(.uuid == \"$uuid\" and .state != \"PendingDelete\")) == []"

# paginate(1), hardwareConstraints.list
api POST /tasks -H 'Content-Type: application/json' --data-binary "$task"
api POST /tasks/paginate -H 'Content-Type: application/json' --data-binary \
    '{"Token":null,"Filter":null,"MaximumResults":1,"OrderBy":null,"OrderType":null}'
answered 200 '.count == 1 and .isTruncated == true and (.nextToken | length > 0)'
api GET '/hardware-constraints?offset=0&limit=1'
answered 200 '.limit == 1 and (.data | length == 1) and .total >= 1'
api GET '/hardware-constraints'
answered 200 '(.data | length) == ([.total, .limit] | min)'

stop_dev
echo "the Node client says hello"
