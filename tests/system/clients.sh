# SPDX-License-Identifier: Apache-2.0
# Words of the tests that replay what a client library of the public API sends, byte for byte where it matters: headers,
# framing, spelling. Sourced after lib.sh. What a client sends with every request is in $DIR/client, curl's own format.

client() { # client HEADER...: who speaks from now on; "Name:" alone takes away a header of curl's own
    printf 'header = "Authorization: %s"\n' "$TOKEN" >"$DIR/client"
    for h in "$@"; do
        printf 'header = "%s"\n' "$h" >>"$DIR/client"
    done
}

api() { # api METHOD PATH [CURL OPTION...]: sets STATUS; the body is in $DIR/answer.out, the headers in $DIR/headers
    method=$1 path=$2
    shift 2
    STATUS=$(curl -sS --max-time 30 --compressed -K "$DIR/client" -X "$method" -D "$DIR/headers" -o "$DIR/answer.out" \
        -w '%{http_code}' "$@" "$URL$path" 2>"$DIR/curl.err") || fail "$method $path: curl ended with $?"
    [ -f "$DIR/answer.out" ] || : >"$DIR/answer.out" # curl makes no file for an empty body
    ASKED="$method $path"
}

answered() { # answered STATUS [JQ CONDITION]
    [ "$STATUS" = "$1" ] || fail "$ASKED: status $STATUS, not $1"
    [ $# = 1 ] || jq -e "$2" "$DIR/answer.out" >"$DIR/jq.out" 2>"$DIR/jq.err" || fail "$ASKED: the body is not: $2"
}

answered_empty() { # an action: 200 and nothing
    answered 200
    [ ! -s "$DIR/answer.out" ] || fail "$ASKED: the body is not empty"
}

header_is() { # header_is NAME REGEX
    tr -d '\r' <"$DIR/headers" | grep -qi "^$1: $2\$" || fail "$ASKED: header $1 is not $2: $(cat "$DIR/headers")"
}

# What breaks clients when it is null, missing or of another type (Python iterates and calls methods on it, C# and Go
# decode into plain types).
answered_task() {
    answered 200 '
        def date: type == "string" and test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$");
        def span: type == "string" and test("^([0-9]+[.])?[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,7})?$");
        def whole: type == "number" and . == floor and . >= 0;
        ([.errors, .constants, .completedInstances, .hardwareConstraints, .forcedNetworkRules, .forcedConstants, .tags,
          .secretsAccessRights.bySecret, .secretsAccessRights.byPrefix] | all(type == "array"))
        and ([.privileges, .retrySettings, .labels] | all(type == "object"))
        and ([.creationDate, .endDate, .stateTransitionTime, .previousStateTransitionTime, .lastModified] | all(date))
        and ([.executionTime, .wallTime, .completionTimeToLive] | all(span))
        and ([.instanceCount, .totalInstanceCount, .runningInstanceCount, .runningCoreCount, .resultsCount,
              .snapshotInterval, .maxRetriesPerInstance] | all(whole))
        and (.uuid | length == 36) and (.progress >= 0 and .progress <= 100)
        and (.status == null or (.status | ([.executionTimeByCpuModel, .executionTimeGhzByCpuModel] | all(type == "array"))
            and ([.downloadTimeSec, .executionTimeSec, .uploadTimeSec] | all(whole)) and (.timestamp | date)))
        and ([.completedInstances[] | .instanceId, .peakMemoryMB, .coreCount, .executionAttemptCount] | all(whole))
        and (.state != "FullyExecuting" or (.status.runningInstancesInfo.perRunningInstanceInfo | length > 0))'
}

task_state() {
    jq -r .state "$DIR/answer.out"
}

# The four lines of hello world in $1, in the order of the instances, whatever order they came in.
is_hello() {
    sort "$1" >"$DIR/sorted.out"
    for i in 0 1 2 3; do
        echo " $i> hello world from node #$i!"
    done | diff - "$DIR/sorted.out" >"$DIR/diff.out" || fail "that is not hello world of 4 instances"
}
