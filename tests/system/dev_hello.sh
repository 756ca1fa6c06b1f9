#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Hello world of 4 instances on `ondol dev`, by curl with the very requests that the Python client makes, and by
# `ondol task`. Usage: dev_hello.sh ONDOL HELLO.JSON
. "$(dirname "$0")/lib.sh"
HELLO=$2

call() { # call METHOD PATH [CURL OPTION...]
    method=$1 path=$2
    shift 2
    curl -sS -X "$method" -H "Authorization: $TOKEN" -H 'Accept: */*' -H 'Accept-Encoding: gzip, deflate' \
        -H 'User-Agent: qarnot-sdk-python/v2.22.0' "$@" "$URL$path"
}

state_is() { # state_is UUID STATE
    call GET "/tasks/$1" >"$DIR/task.out" || return 1
    [ "$(jq -r .state "$DIR/task.out")" = "$2" ]
}

start_dev --heaters 2 --speed 60
[ "$(wc -l <"$DIR/dev.out")" = 1 ] || fail "more than one line on stdout"

# The address as people write it, with a slash at its end: the client puts the path behind it as it is.
[ "$(call GET //settings | jq -r '.storage')" = null ] || fail "/settings has a storage"
call GET //info | jq -e .email >/dev/null || fail "/info has no e-mail"
# Without compression only, as curl does not unpack unless told.
uuid=$(call POST //tasks -H 'Content-Type: application/json' --data-binary "@$HELLO" | jq -r .uuid)
[ ${#uuid} = 36 ] || fail "no uuid: $uuid"
until_true 60 state_is "$uuid" Success || fail "the task did not succeed within 60 s: $(call GET "/ondol/v1/tasks/$uuid/why")"

call GET "/tasks/$uuid/stdout" -H 'Accept: text/plain' | sort >"$DIR/hello.out"
for i in 0 1 2 3; do
    grep -q "^ *$i> *hello world from node #$i!$" "$DIR/hello.out" || fail "instance $i did not say hello"
done
[ "$(wc -l <"$DIR/hello.out")" = 4 ] || fail "not 4 lines of output"
[ "$(jq '.completedInstances | length' "$DIR/task.out")" = 4 ] || fail "not 4 completed instances"
call POST "/tasks/$uuid/stdout" -H 'Content-Length: 0' >"$DIR/fresh1.out"
call POST "/tasks/$uuid/stdout" -H 'Content-Length: 0' >"$DIR/fresh2.out"
[ "$(jq -r . "$DIR/fresh2.out")" = "" ] || fail "fresh output was given twice"

ONDOL_URL=$URL ONDOL_TOKEN=$TOKEN
export ONDOL_URL ONDOL_TOKEN
id=$("$ONDOL" task create "$HELLO") || fail "ondol task create"
"$ONDOL" task wait --timeout 60 "$id" || fail "ondol task wait: $?"
"$ONDOL" task stdout --instance 2 "$id" | grep -q '^hello world from node #2!$' || fail "ondol task stdout"
"$ONDOL" task list | grep -q "$id.*Success" || fail "ondol task list"
"$ONDOL" task why "$id" | grep -q . || fail "ondol task why"
"$ONDOL" task delete "$id" || fail "ondol task delete"
"$ONDOL" task show "$id" 2>"$DIR/show.err"
[ $? = 4 ] || fail "a deleted task is still shown"

sed 's/echo hello/false hello/' "$HELLO" >"$DIR/false.json"
id=$("$ONDOL" task create "$DIR/false.json") || fail "ondol task create"
"$ONDOL" task wait --timeout 60 "$id" 2>"$DIR/wait.err"
[ $? = 5 ] || fail "waiting for a task that fails does not end with 5"
grep -q '^ondol: task .*: ended in Failure: ' "$DIR/wait.err" || fail "the error of a failed task"

# A last command runs in the instance that is aborted, and what it prints is kept.
printf '%s' '{"name": "saves", "profile": "docker-batch", "instanceCount": 1, "constants": [
    {"key": "DOCKER_CMD", "value": "sh -c \"echo begun > state; echo on; sleep 1000\""},
    {"key": "DOCKER_SHUTDOWN_CMD", "value": "sh -c \"cat state; echo saved\""}]}' >"$DIR/saves.json"
id=$("$ONDOL" task create "$DIR/saves.json") || fail "ondol task create"
says() { # says LINE
    "$ONDOL" task stdout --instance 0 "$id" | grep -q "^$1$"
}
until_true 60 says on || fail "a task with a last command did not begin within 60 s"
"$ONDOL" task abort "$id" || fail "ondol task abort"
until_true 60 state_is "$id" Cancelled || fail "a task with a last command did not end within 60 s"
[ "$("$ONDOL" task stdout --instance 0 "$id" | tr '\n' ' ')" = "on begun saved " ] || fail "what a last command prints"

kill -TERM "$DEV"
wait "$DEV"
[ $? = 0 ] || fail "ondol dev did not end with 0"
PIDS=
echo "hello world, twice"
