#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Secrets reach the instance that may have them, in the clear, and are nowhere on the server's disk; also after kill -9.
# Usage: secrets.sh ONDOL
. "$(dirname "$0")/lib.sh"

call() { # call METHOD PATH [CURL OPTION...]
    method=$1 path=$2
    shift 2
    curl -sS -X "$method" -H "Authorization: $TOKEN" "$@" "$URL$path"
}
state_is() { # state_is UUID STATE
    [ "$(call GET "/tasks/$1" | jq -r .state)" = "$2" ]
}

start_dev --heaters 1 --speed 60 --token secrets-test
for secret in db/password other/thing; do
    code=$(call PUT "/secrets-manager/data/$secret" --data "{\"value\":\"value-of-$secret-swordfish\"}" -o /dev/null -w '%{http_code}')
    [ "$code" = 201 ] || fail "PUT $secret: $code"
done
kill -KILL "$DEV" # acknowledged is kept
wait "$DEV" 2>/dev/null
PIDS=
start_dev --heaters 1 --speed 60 --token secrets-test
[ "$(call GET /secrets-manager/data/db/password | jq -r .value)" = value-of-db/password-swordfish ] || fail "a secret is lost"

uuid=$(call POST /tasks --data '{"name":"s","profile":"docker-batch","instanceCount":1,
    "constants":[{"key":"DOCKER_CMD","value":"sh -c \"echo [$db_password] [$other_thing] [$QARNOT_SECRET__X] [$QARNOT_SECRET__F] [${INNER}] [$INNER]\""},
                 {"key":"QARNOT_SECRET__X","value":"constant-swordfish"}],
    "forcedConstants":[{"constantName":"QARNOT_SECRET__F","forcedValue":"forced-swordfish"},
                       {"constantName":"INNER","forcedValue":"inside","forceExportInEnvironment":false}],
    "secretsAccessRights":{"bySecret":[{"key":"db/password"},{"key":"gone"}],"byPrefix":[]}}' | jq -r .uuid)
[ ${#uuid} = 36 ] || fail "no uuid: $uuid"
until_true 90 state_is "$uuid" Success || fail "no success: $(call GET "/ondol/v1/tasks/$uuid/why")"
out=$(call GET "/tasks/$uuid/stdout/0")
[ "$out" = "[value-of-db/password-swordfish] [] [constant-swordfish] [forced-swordfish] [inside] []" ] || fail "the instance saw: $out"
call DELETE "/tasks/$uuid" -o /dev/null
EMAIL=$(call GET /info | jq -r .email)

# The privilege: an instance acts for the account with what it finds, and the API tells nobody what that is.
may() { # may PRIVILEGES: what an instance of such a task says of its credentials
    uuid=$(call POST /tasks --data '{"name":"s","profile":"docker-batch","instanceCount":1,"privileges":'"$1"',
        "constants":[{"key":"DOCKER_CMD","value":"sh -c \"echo [$QARNOT_CLUSTER_URL] [$QARNOT_CLIENT_TOKEN] [$QARNOT_ACCOUNT_EMAIL]\""}]}' | jq -r .uuid)
    [ ${#uuid} = 36 ] || fail "no uuid: $uuid"
    until_true 90 state_is "$uuid" Success || fail "no success: $(call GET "/ondol/v1/tasks/$uuid/why")"
    out=$(call GET "/tasks/$uuid/stdout/0")
    call GET "/tasks/$uuid" >"$DIR/shown.out"
}
may '{"exportApiAndStorageCredentialsInEnvironment":true}'
[ "$out" = "[$URL] [secrets-test] [$EMAIL]" ] || fail "the instance that may have the credentials saw: $out"
jq -e '.privileges == {"exportApiAndStorageCredentialsInEnvironment":true}' "$DIR/shown.out" >/dev/null || fail "the privilege is not shown"
grep -q secrets-test "$DIR/shown.out" && fail "the token is shown"
may '{"exportApiAndStorageCredentialsInEnvironment":false}'
[ "$out" = "[] [] []" ] || fail "an instance without the privilege saw: $out"
stop_dev
# The task printed them, so its output had them; nothing else may.
grep -c swordfish "$DIR"/data/*.key "$DIR"/data/token 2>/dev/null | grep -v ':0$' && fail "a clear value in a file"
sqlite3 "$(ls "$DIR"/data/*.db | head -1)" "SELECT sealed FROM secret UNION ALL SELECT body FROM task_body" >"$DIR/kept.out" ||
    fail "the database"
grep -q 'sealed:1:' "$DIR/kept.out" || fail "nothing is sealed"
grep -q swordfish "$DIR/kept.out" && fail "a clear value in the database"
echo "secrets"
