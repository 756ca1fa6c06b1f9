#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What comes out of the simulator: JSON, CSV, a page; a published trace as a folder; a comparison; and what it says when a file is
# bad. The scenario and the trace are small ones of this test. Usage: sim_out.sh ONDOL
. "$(dirname "$0")/lib.sh"
cat >"$DIR/small.ini" <<'INI'
[scenario]
start = 2018-01-08
days = 1
[site here]
weather = synthetic
[zones room]
site = here
count = 3
boards = 2
[work some]
kind = random
class = ondemand
share = 0.3
data_gb = 0.1
INI
printf '[zones room]\ncount = 2\n' >"$DIR/fewer.ini"

sim() { # sim ARGUMENT...
    "$ONDOL" sim "$@" >"$DIR/sim.out" 2>"$DIR/sim.err"
}

sim "$DIR/small.ini" --json --csv "$DIR/csv" --html "$DIR/page.html" || fail "ondol sim: $?"
cp "$DIR/sim.out" "$DIR/first.json"
jq -e '.trace_hash and (.zones | length) == 3 and (.savings | length) == 36 and .figures.pue >= 1 and
    (.classes[] | select(.class == "onDemand") | .submitted) > 0' "$DIR/first.json" >"$DIR/jq.out" || fail "the JSON"
[ "$(wc -l <"$DIR/csv/zones.csv")" = 4 ] || fail "lines of zones.csv"
[ "$(wc -l <"$DIR/csv/series.csv")" = 25 ] || fail "lines of series.csv"
grep -q '</html>' "$DIR/page.html" && ! grep -q '://' "$DIR/page.html" || fail "the page is whole and needs nothing else"

# A reader that goes before the end is no error to speak of, and the files are there. An output that cannot be
# written is one.
mkfifo "$DIR/pipe"
: <"$DIR/pipe" &
"$ONDOL" sim "$DIR/small.ini" --json --csv "$DIR/gone" >"$DIR/pipe" 2>"$DIR/sim.err"
code=$?
wait $!
[ $code = 141 ] && [ ! -s "$DIR/sim.err" ] || fail "the reader gone: $code, $(cat "$DIR/sim.err")"
[ -s "$DIR/gone/series.csv" ] || fail "no files without a reader"
"$ONDOL" sim "$DIR/small.ini" --json 1<"$DIR/small.ini" 2>"$DIR/sim.err"
code=$?
[ $code = 1 ] && grep -q 'output: could not be written: ' "$DIR/sim.err" || fail "stdout for reading only: $code, $(cat "$DIR/sim.err")"

sim "$DIR/small.ini" --json || fail "ondol sim again: $?"
[ "$(jq -r .trace_hash "$DIR/sim.out")" = "$(jq -r .trace_hash "$DIR/first.json")" ] || fail "the same run has another hash"

sim compare "$DIR/small.ini" "$DIR/small.ini+$DIR/fewer.ini" --seeds 3 --json --csv "$DIR/cmp.csv" || fail "ondol sim compare: $?"
jq -e '.variants[1].name == "small+fewer" and .variants[1].figures.dc_mwh.mean.n == 3 and
    .variants[1].figures.dc_mwh.difference.mean < 0 and .variants[0].figures.dc_mwh.difference.half95 == 0' \
    "$DIR/sim.out" >"$DIR/jq.out" || fail "the comparison"
# The first seed of the comparison is the run above: seed 1.
[ "$(jq .figures.dc_mwh "$DIR/first.json")" = "$(jq '.variants[0].figures.dc_mwh.values[0]' "$DIR/sim.out")" ] ||
    fail "a run of the comparison is not the run by itself"
sim compare "$DIR/small.ini" --seeds 1 || fail "one variant, one seed"
grep -q '^electricity  ' "$DIR/sim.out" || fail "the table"

# The example of the manual runs as it is printed.
sed -n '/^# EXAMPLE/,/^# SEE/p' "$(dirname "$0")/../../docs/man/ondol-scenario.5.scd" | sed -n '/^```/,/^```/p' | grep -v '^```' >"$DIR/hotel.ini"
sim "$DIR/hotel.ini" --days 1 --json || fail "the example of ondol-scenario(5): $(cat "$DIR/sim.err")"
jq -e '(.zones | length) == 42 and .figures.delivered_mwh > 0' "$DIR/sim.out" >"$DIR/jq.out" || fail "the example is no hotel of 40 rooms"

# A published trace: one box, two heaters, three boards, three jobs.
mkdir "$DIR/trace"
cat >"$DIR/trace/platform.json" <<'JSON'
{"qboxes": [{"id": "B", "site": "s", "lan_bw": "1Gbps", "lan_lat": "1ms", "wan_bw": "100Mbps", "wan_lat": "10ms",
 "disk_size": "1e12", "qrads": [{"id": "h1", "qmobos": ["m1", "m2"]}, {"id": "h2", "qmobos": ["m3"]}]}]}
JSON
cat >"$DIR/trace/events.json" <<'JSON'
{"timestamp": 0, "type": "site_set_outside_temperature", "site": "s", "new_temperature": 8}
{"timestamp": 0, "type": "qrad_set_target_temperature", "qrad": "h1", "new_temperature": 22}
{"timestamp": 600, "type": "machine_unavailable", "resources": "2"}
{"timestamp": 43200, "type": "stop_simulation"}
JSON
printf '{"id": "d", "size": 1000000}\n' >"$DIR/trace/datasets.json"
cat >"$DIR/trace/workload.json" <<'JSON'
{"jobs": [{"id": "a_0", "subtime": 60, "profile": "p"}, {"id": "a_1", "subtime": 60, "profile": "p"},
 {"id": "b_0", "subtime": 3600, "profile": "q"}],
 "profiles": {"p": {"type": "parallel_homogeneous", "cpu": 400000, "priority": 10, "datasets": ["d"]},
 "q": {"type": "delay", "delay": 30, "priority": -5}}}
JSON
sim "$DIR/trace" --json || fail "ondol sim FOLDER: $?"
jq -e '(.zones | length) == 2 and .length_ms == 43200000 and
    (.classes[] | select(.class == "reserved") | .completed) == 2 and
    (.classes[] | select(.class == "flex") | .completed) == 1' "$DIR/sim.out" >"$DIR/jq.out" || fail "the trace as a scenario"

says() { # says SENTENCE ARGUMENT...: it fails and says so
    sentence=$1
    shift
    sim "$@" && fail "it should not have worked: $*"
    grep -q -- "$sentence" "$DIR/sim.err" || fail "not said: $sentence"
}
says 'events.json: line 1: type "dance" is not known' "$(
    cp -r "$DIR/trace" "$DIR/bad"
    echo '{"timestamp": 0, "type": "dance"}' >"$DIR/bad/events.json"
    echo "$DIR/bad"
)"
rm "$DIR/bad/platform.json"
says 'platform.json: No such file' "$DIR/bad"
says 'page.html: No such file or directory' "$DIR/small.ini" --html "$DIR/nowhere/page.html"
says 'seeds.* 1 to 1000' compare "$DIR/small.ini" --seeds 0
says 'no such scenario' compare nonsense --seeds 1
printf '[work t]\nkind = batsim\nfile = w.json\n' >"$DIR/w.ini"
printf '{"jobs": [{"id": 1, "subtime": -5,\n"profile": "p"}], "profiles": {}}' >"$DIR/w.json"
says 'w.json: line 1: jobs\[0\].subtime: must be 0 to 1e+09, is -5' "$DIR/small.ini" "$DIR/w.ini"
says 'nothing: there is no such policy' "$DIR/small.ini" --policy nothing
# Every policy runs; how work is placed is theirs.
for policy in market blind fifo qstd locality replicate3 replicate10 full-replicate; do
    sim montrouge --coldest-week --policy "$policy" --json || fail "--policy $policy"
    jq -r .trace_hash "$DIR/sim.out" >"$DIR/$policy.hash"
done
cmp -s "$DIR/market.hash" "$DIR/blind.hash" && fail "blind is market"
exit 0
