#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A chain of tasks is submitted while the server is killed again and again, at any moment: each task that was acknowledged is
# there with what it waits for, each ran once it was its turn, and none before. Usage: job_kills.sh ONDOL [KILLS]
. "$(dirname "$0")/lib.sh"
KILLS=${2:-4}

again() { # a server on the same data
    rm -f "$DIR/dev.out" # it says ready
    start_dev --heaters 2
    export ONDOL_URL="$URL" ONDOL_TOKEN="$TOKEN"
}

# submit_chain: one task after the other until a request is not answered; uuid and what it waits for into $DIR/acked
submit_chain() {
    while after=$(tail -n 1 "$DIR/acked" | cut -d' ' -f1)
        uuid=$(jq -n --arg job "$job" --arg after "$after" '{name: "link", profile: "docker-batch", instanceCount: 1, jobUuid: $job,
            constants: [{key: "DOCKER_CMD", value: "true"}], dependencies: {dependsOn: [$after | select(. != "")]}}' |
            "$ONDOL" task create - 2>>"$DIR/submit.err"); do
        echo "$uuid $after" >>"$DIR/acked"
    done
}

has_grown() {
    [ "$(wc -l <"$DIR/acked")" -ge $((had + 2)) ]
}

again
job=$(echo '{"name": "kills", "useDependencies": true}' | "$ONDOL" job create -) || fail "no job was made"
echo >"$DIR/acked"
k=0
while [ "$k" -lt "$KILLS" ]; do
    k=$((k + 1))
    had=$(wc -l <"$DIR/acked")
    submit_chain &
    writer=$!
    until_true 60 has_grown || fail "nothing was acknowledged within 60 s"
    sleep "0.$((k * 3 % 10))5" # then at any moment
    kill -KILL "$DEV"
    wait "$DEV" 2>/dev/null
    PIDS=
    wait "$writer"
    again
done
sed -i 1d "$DIR/acked"

"$ONDOL" job wait --timeout 240 "$job" 2>"$DIR/wait.err" || fail "the chain did not end in Success: $(cat "$DIR/wait.err")"
"$ONDOL" job tasks --json "$job" >"$DIR/tasks.json" || fail "job tasks"
n=$(wc -l <"$DIR/acked")
while read -r uuid after; do
    jq -e --arg uuid "$uuid" --arg after "$after" 'map({key: .uuid, value: .}) | from_entries as $t | $t[$uuid]
        | .state == "Success" and .dependencies.dependsOn == [$after | select(. != "")]
        and ($after == "" or $t[$after].endDate <= .endDate)' "$DIR/tasks.json" >/dev/null ||
        fail "task $uuid, acknowledged as waiting for \"$after\", is: $(jq -c --arg uuid "$uuid" '.[] | select(.uuid == $uuid) | {state, dependencies, endDate}' "$DIR/tasks.json")"
done <"$DIR/acked"
# A request that was not answered may have been recorded, but no more than one for each kill.
[ "$(jq length "$DIR/tasks.json")" -le $((n + KILLS)) ] || fail "$(jq length "$DIR/tasks.json") tasks are there of $n acknowledged"
stop_dev
echo "$n acknowledged tasks of a chain outlived $KILLS kills"
