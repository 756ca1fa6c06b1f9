#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A customer with nothing but the command line: tasks from options and files, filters, waiting, secrets, buckets.
# Usage: customer_cli.sh ONDOL
. "$(dirname "$0")/lib.sh"

run() { # run WANTED_CODE ARGUMENT...: what it printed is in run.out
    want=$1
    shift
    "$ONDOL" "$@" >"$DIR/run.out" 2>"$DIR/run.err"
    got=$?
    [ "$got" = "$want" ] || fail "ondol $*: exit code $got, not $want"
}
says() { # says WORDS
    grep -q -- "$1" "$DIR/run.out" || fail "\"$1\" was not printed"
}
complains() {
    grep -q -- "$1" "$DIR/run.err" || fail "\"$1\" is not the complaint"
}

start_dev --heaters 1 --speed 60 --s3-listen 127.0.0.1:0
ONDOL_URL=$URL ONDOL_TOKEN=$TOKEN
export ONDOL_URL ONDOL_TOKEN

# ---- tasks
# shellcheck disable=SC2016
run 0 task create --command 'sh -c "echo said by $WHO; exit 0"' --constant WHO=me=you --name greeting --tag a --tag b --label team=x \
    --cores 2 --retries 1 --wait
id=$(cat "$DIR/run.out")
run 0 task show "$id"
[ "$(jq -c '[.state, .name, .tags, .labels, .retrySettings.maxPerInstanceRetries, .hardwareConstraints[0].coreCount]' "$DIR/run.out")" = \
    '["Success","greeting",["a","b"],{"team":"x"},1,2]' ] || fail "the task is another"
run 0 task stdout "$id" --instance 0
says 'said by me=you'
run 0 task stdout "$id" --instance 0 --fresh
says 'said by me=you'
run 0 task stdout "$id" --instance 0 --fresh
[ ! -s "$DIR/run.out" ] || fail "told twice"
run 5 task create --command false --wait
complains 'ended in Failure'
# shellcheck disable=SC2016
printf 'name = from a file\ncommand = sh -c "echo $A of ${B}"\ninstances = 2\n\n[constants]\nA = one\n' >"$DIR/task.ini"
run 0 task create "$DIR/task.ini" --constant B=two --name other --follow
says 'one of two'
run 0 task create "$DIR/task.ini" --image registry.example:5000/x/y:3 --range 0,4-5 --print
[ "$(jq -c '[.name, .instanceCount, .advancedRanges, [.constants[] | select(.key | startswith("DOCKER_")) | .value][:2]]' "$DIR/run.out")" = \
    '["from a file",2,"0,4-5",["registry.example:5000/x/y","3"]]' ] || fail "the image is another"
run 2 task create
complains 'nothing to run'
run 0 task create --command true --instances 3 --expected-run 100 --dry-run
says '^costs  *0[.]'
says 'takes 100 s at full speed: expectedRunSeconds'
run 0 task create --command true --cores 999 --dry-run
says 'not possible: No machine of the fleet satisfies the hardware constraint list'
run 0 task list --json --name true
[ "$(jq length "$DIR/run.out")" = 0 ] || fail "a dry run left a task"
run 2 task create --command x --constant nonsense
complains 'must be KEY=VALUE'
printf 'name = x\ncolour = red\n' >"$DIR/bad.ini"
run 2 task create "$DIR/bad.ini"
complains 'bad.ini:2: colour'
printf '[{"name":"x"}]' >"$DIR/list.json"
run 2 task create "$DIR/list.json" --name y
complains 'for which of them'
run 0 task list --json --tag a --tag b --state Success --name greet
[ "$(jq -r '.[].uuid' "$DIR/run.out")" = "$id" ] || fail "the filters found another"
run 0 task list --json --name 'gr.et'
[ "$(jq length "$DIR/run.out")" = 0 ] || fail "words were taken as an expression"
run 2 task list --state Asleep
complains 'no such state (one of Submitted, '
run 0 task cost "$id"
says '^costs  *0[.]'
run 0 task retry --help
says '--json'
run 0 task create --command true --secret a/b --secret-prefix c/ --credentials --max-cores 8 --max-memory-mb 9 --hardware k --no-gpu --ssd \
    --total-retries 4 --whitelist w --blacklist b --results-prefix p/ --results-on-abort --print
[ "$(jq -c '[.secretsAccessRights, .privileges.exportApiAndStorageCredentialsInEnvironment, [.hardwareConstraints[] | .discriminator[:9]],
    .retrySettings, .resultsWhitelist, .resultsBlacklist, .resultsBucketPrefix, .uploadResultsOnCancellation]' "$DIR/run.out")" = \
    '[{"bySecret":[{"key":"a/b"}],"byPrefix":[{"prefix":"c/"}]},true,["MaximumCo","MaximumRa","NoGpuHard","SSDHardwa","SpecificH"],{"maxTotalRetries":4},"w","b","p/",true]' ] ||
    fail "the options make another body"
long=$(printf '%0900d' 7) # longer than a line of a configuration file is thought to be
printf 'command = sh -c "echo a ; echo %s"\ncredentials = yes\ntag = a\ntag = b\n' "$long" >"$DIR/long.ini"
run 0 task create "$DIR/long.ini" --print
[ "$(jq -r '[.constants[0].value, (.tags | length), .privileges.exportApiAndStorageCredentialsInEnvironment] | map(tostring) | join(" ")' \
    "$DIR/run.out")" = "sh -c \"echo a ; echo $long\" 2 true" ] || fail "a long line of an INI file with a semicolon makes another command"
run 0 task list --created-after 2000-01-01 --created-before 2000-01-02T00:00:00Z --uuids
[ ! -s "$DIR/run.out" ] || fail "a task of another century"
run 0 task list --tag a --tag b --uuids
[ "$(cat "$DIR/run.out")" = "$id" ] || fail "--uuids does not print the uuid alone"
run 2 task list --created-after yesterday
complains 'must be a date'
run 0 task hardware
says '^MinimumCore'
run 0 task profiles
says '^docker-batch$'
run 0 task profiles docker-batch
says '^DOCKER_CMD'
run 0 task cost "$id" --datacentre old
says 'old, PUE 1.98'
run 2 task set "$id"
complains 'nothing to change'

# ---- one that runs: changed, snapshot, given more, ended with another
run 0 bucket make given
run 0 bucket make left
# shellcheck disable=SC2016
run 0 task create --command 'sh -c "echo 1 >a.txt; echo 2 >b.log; until test -e late; do sleep 0.1; done; sleep 600"' --constant A=1 --label l=1 --tag old \
    --resource given --results left --snapshot 3600
live=$(cat "$DIR/run.out")
run 0 task set "$live" --constant B=2 --constant A=3 --label m=2 --tag new
run 0 task show "$live"
[ "$(jq -c '[.tags, .labels, [.constants[] | select(.key | length == 1) | .key + .value]]' "$DIR/run.out")" = '[["new"],{"l":"1","m":"2"},["A3","B2"]]' ] ||
    fail "task set made another of it"
runs() {
    "$ONDOL" task show "$live" | jq -e '.state == "FullyExecuting"' >/dev/null
}
until_true 60 runs || fail "the task does not run"
has_written() { # what it has by now: a snapshot of it is a file
    run 0 task snapshot "$live" --whitelist 'txt$' --prefix snap/ --wait --timeout 60
    run 0 bucket objects left --json
    [ "$(jq -r 'map(.key) | join("|")' "$DIR/run.out")" = snap/a.txt ]
}
until_true 30 has_written || fail "the snapshot does not arrive"
run 0 task snapshot "$live" --every 0
echo late >"$DIR/late"
run 0 bucket put given "$DIR/late"
run 0 task update-resources "$live"
run 0 task create --command 'sleep 600'
other=$(cat "$DIR/run.out")
run 4 task delete none-such "$live" "$other"
complains 'none-such'
for i in "$live" "$other"; do
    gone() { ! "$ONDOL" task show "$i" >/dev/null 2>&1; }
    until_true 60 gone || fail "the other tasks were kept back"
done
run 0 bucket remove given --force
run 0 bucket remove left --force

# ---- jobs and pools: the same filters as tasks
echo '{"name":"of the night","tags":["x"]}' >"$DIR/job.json"
run 0 job create "$DIR/job.json" --json
job=$(jq -r .uuid "$DIR/run.out")
run 0 job list --name 'the night' --tag x --state active --json
[ "$(jq -r '.[].uuid' "$DIR/run.out")" = "$job" ] || fail "the filters found another job"
run 0 job list --tag y
[ "$(wc -l <"$DIR/run.out")" = 1 ] || fail "a job without the tag is listed"
run 2 job list --state Success
complains 'one of Active, Terminating, Completed, Deleting'
run 0 job wait "$job"
run 0 job delete "$job"
# Jobs, pools and tasks by the names that people give them, where the API wants uuids.
run 0 job create --name named --shortname the-job --dependencies
run 0 task create --job the-job --shortname the-first --command 'echo 1'
run 0 task create --job the-job --after the-first --command 'echo 2' --wait
run 4 task create --job no-job --command x
complains 'No such job: no-job'
run 0 job delete the-job --force
run 0 job create --name 'by options' --dependencies --max-wall 01:00:00 --keep 1.00:00:00 --tag y
job=$(cat "$DIR/run.out")
run 0 job show "$job"
[ "$(jq -c '[.name, .useDependencies, .maxWallTime, .completionTimeToLive, .autoDeleteOnCompletion, .tags]' "$DIR/run.out")" = \
    '["by options",true,"01:00:00","1.00:00:00",true,["y"]]' ] || fail "the job is another"
run 0 job delete "$job"
run 2 job create
complains 'no name'
printf 'slots = 0\nname = of a file\nretries = 2\nimage = x/y:z\n\n[constants]\nA = b\n' >"$DIR/pool.ini"
run 0 pool create "$DIR/pool.ini" --tag t --secret s/t --cores 1
pool=$(cat "$DIR/run.out")
run 0 pool set "$pool" --constant B=c
run 0 pool show "$pool"
[ "$(jq -c '[.name, .tags, .defaultRetrySettings.maxPerInstanceRetries, [.constants[] | .key], .secretsAccessRights.bySecret[0].key]' "$DIR/run.out")" = \
    '["of a file",["t"],2,["DOCKER_REPO","DOCKER_TAG","A","B"],"s/t"]' ] || fail "the pool is another"
run 0 pool cost "$pool"
says '^costs'
run 0 pool stdout "$pool"
run 0 pool delete "$pool"
run 0 pool create --name empty --slots 0 --json
pool=$(jq -r .uuid "$DIR/run.out")
run 0 pool wait "$pool" --timeout 60
run 0 pool list --state FullyExecuting --name empty --json
[ "$(jq -r '.[].uuid' "$DIR/run.out")" = "$pool" ] || fail "the filters found another pool"
run 0 pool list --state Failure --json
[ "$(jq length "$DIR/run.out")" = 0 ] || fail "a pool that did not fail is listed as such"
run 0 pool delete "$pool"

# ---- the account, and the variables of existing clients
run 0 account info
says '^tasks  *[0-9]'
run 0 account info --json
[ "$(jq '.credits >= 0 and .maxTask > 0' "$DIR/run.out")" = true ] || fail "account info"
(unset ONDOL_URL ONDOL_TOKEN && QARNOT_CLUSTER_URL=$URL/ QARNOT_CLIENT_TOKEN=$TOKEN QARNOT_CLUSTER_TIMEOUT=30 "$ONDOL" task list) \
    >"$DIR/run.out" 2>&1 || fail "the variables of existing clients are not read"
QARNOT_CLUSTER_TIMEOUT=soon
export QARNOT_CLUSTER_TIMEOUT
run 2 task list
complains 'must be 1 to'
unset QARNOT_CLUSTER_TIMEOUT
run 0 task list
says "$id  greeting"

# ---- secrets
echo "top secret" | "$ONDOL" secret add db/password || fail "secret add"
run 0 secret show db/password
says '^top secret$'
echo again | "$ONDOL" secret add db/password 2>/dev/null && fail "a secret was made twice"
echo other | "$ONDOL" secret set db/password || fail "secret set"
run 0 secret list
says '^db/$'
run 0 secret list db/
says '^password$'
echo x | "$ONDOL" secret add db/deep/key || fail "secret add"
run 0 secret list --recursive
[ "$(sort "$DIR/run.out" | tr '\n' ' ')" = 'db/deep/key db/password ' ] || fail "not all secrets are listed"
run 0 secret list db --recursive
says '^deep/key$'
run 0 secret delete db/deep/key
run 0 secret delete db/password
run 4 secret show db/password

# ---- buckets
run 0 bucket make files
mkdir -p "$DIR/up/sub/deep" && echo one >"$DIR/up/one.txt" && echo two >"$DIR/up/sub/deep/t w%o+é.txt" && : >"$DIR/up/empty"
head -c 3000000 /dev/zero >"$DIR/up/sub/zeros"
run 0 bucket put files "$DIR/up"
says '^4 files sent, 3.0 MB$'
run 0 bucket put files "$DIR/up" "$DIR/up/one.txt"
says '^0 files sent, 0.0 MB; 5 were there already$'
run 0 bucket put files "$DIR/up/one.txt" --prefix old/
run 0 bucket objects files --prefix sub/ --json
[ "$(jq -r 'map(.key) | join("|")' "$DIR/run.out")" = 'sub/deep/t w%o+é.txt|sub/zeros' ] || fail "other keys"
run 0 bucket download files "$DIR/down"
says '^5 files fetched'
rm -r "$DIR/down/old"
diff -r "$DIR/up" "$DIR/down" || fail "what came back is not what went"
echo damaged >"$DIR/down/one.txt"
run 0 bucket download files "$DIR/down"
says '^2 files fetched, 0.0 MB; 3 were there already$'
[ "$(cat "$DIR/down/one.txt")" = one ] || fail "a damaged file was kept"
run 0 bucket get files one.txt --output -
says '^one$'
run 4 bucket get files none.txt --output "$DIR/none.txt"
complains 'NoSuchKey'
[ ! -e "$DIR/none.txt" ] || fail "an error left a file"
mkdir "$DIR/down/deeper" && echo more >"$DIR/down/deeper/more.txt"
run 0 bucket download files "$DIR/down" --prefix sub/ --delete
[ "$(cd "$DIR/down" && find . -type f | sort | tr '\n' ' ')" = './deep/t w%o+é.txt ./zeros ' ] || fail "--delete left other files"
run 0 bucket put files "$DIR/up/one.txt" --prefix old/ --delete
run 0 bucket put files "$DIR/up/empty" --prefix old/ --delete
says '^1 that were not there deleted$'
run 0 bucket objects files --prefix old/ --json
[ "$(jq -r 'map(.key) | join("|")' "$DIR/run.out")" = old/empty ] || fail "--delete left other objects"
run 0 bucket objects files --json
[ "$(jq length "$DIR/run.out")" = 5 ] || fail "--delete reached beyond the prefix"
# A key that leads out of the folder is somebody's trap.
run 0 bucket put files "$DIR/up/one.txt" --prefix ../trap/
run 0 bucket objects files --prefix ../
says '^../trap/one.txt '
run 1 bucket download files "$DIR/beside"
complains 'would lead out of'
complains '1 of 6 objects were not fetched'
[ ! -e "$DIR/trap" ] || fail "the trap has sprung"
[ "$(find "$DIR/beside" -type f | wc -l)" = 5 ] || fail "one bad key kept others from coming"
# Bug: who stopped a download found half of a file, which the next upload of the folder took along.
head -c 300000000 /dev/zero >"$DIR/up/large"
run 0 bucket put files "$DIR/up/large"
rm "$DIR/up/large"
"$ONDOL" bucket download files "$DIR/half" --prefix large 2>"$DIR/run.err" &
pid=$!
under_way() {
    # shellcheck disable=SC2010
    ls -l "/proc/$pid/fd" 2>/dev/null | grep -q "$DIR/half/" || ! kill -0 "$pid" 2>/dev/null
}
until_true 60 under_way || fail "the download does not begin"
kill -KILL "$pid" 2>/dev/null || true
wait "$pid" || true
[ -z "$(find "$DIR/half" -type f ! -name large)" ] || fail "half a file is left: $(ls "$DIR/half")"
run 0 bucket delete files large
run 0 bucket get files ../trap/one.txt --output "$DIR/trapped"
run 0 bucket delete files one.txt empty
run 4 bucket remove files
complains 'BucketNotEmpty'
run 0 bucket remove files --force
run 0 bucket list --json
[ "$(jq length "$DIR/run.out")" = 0 ] || fail "a removed bucket is listed"
run 2 task download "$id"
complains 'has no bucket for results'
ONDOL_TOKEN="$TOKEN
" run 2 task list
complains 'ONDOL_TOKEN: has the end of a line in it'
# ---- address and token from the file of Qarnot's own command line, and only as a whole
unset ONDOL_URL ONDOL_TOKEN
HOME=$DIR/home QARNOT_LOCAL_PATH=
export HOME QARNOT_LOCAL_PATH
mkdir -p "$HOME/.Qarnot"
run 2 task list
complains 'ONDOL_URL: not set'
printf 'uri = %s\r\nunknown-key=1\n# no line\ntoken=%s\n' "$URL" "$TOKEN" >"$HOME/.Qarnot/cli.config"
run 0 task list
sed 's/^token=.*/token=wrong/' "$HOME/.Qarnot/cli.config" >"$DIR/other.config"
QARNOT_LOCAL_PATH=$DIR/other.config
run 4 task list
printf 'uri=http://127.0.0.1:1\n' >"$DIR/other.config" # it does not get a token of somewhere else
QARNOT_CLIENT_TOKEN=$TOKEN
export QARNOT_CLIENT_TOKEN
run 2 task list
complains 'ONDOL_URL: not set'
unset QARNOT_CLIENT_TOKEN
head -c 70000 /dev/zero >"$DIR/other.config"
run 2 task list
complains 'other.config'
stop_dev

echo "a customer's day"
