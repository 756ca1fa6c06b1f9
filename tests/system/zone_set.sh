#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The knob by `ondol zone set` and by curl: the board's watts follow within 30 s of room time. Usage: zone_set.sh ONDOL
. "$(dirname "$0")/lib.sh"

start_dev --heaters 1 --boards 1 --speed 20
ONDOL_URL=$URL ONDOL_TOKEN=$TOKEN
export ONDOL_URL ONDOL_TOKEN
ZONE=$("$ONDOL" zone list --json | jq -r '.[0].name')

watts() {
    "$ONDOL" zone list --json | jq -r '.[0].draw_w'
}
hot() {
    [ "$(watts)" -ge 60 ]
}
cool() {
    [ "$(watts)" -lt 20 ]
}

"$ONDOL" zone set "$ZONE" 24 | grep -q '24.0 degC' || fail "ondol zone set"
until_true 20 hot || fail "24 degC are asked for and the heater draws $(watts) W"
curl -sS -X PUT -H "Authorization: $TOKEN" -d '{"setpoint_c":10}' "$URL/ondol/v1/zones/$ZONE/setpoint" >"$DIR/put.out"
until_true 20 cool || fail "10 degC are asked for and the heater draws $(watts) W"
"$ONDOL" zone list | grep -q "^$ZONE .* 10.0 " || fail "ondol zone list"
"$ONDOL" zone why "$ZONE" | grep -q 'degC' || fail "ondol zone why"
"$ONDOL" zone set "$ZONE" --mode off | grep -q off || fail "ondol zone set --mode"
"$ONDOL" zone set "$ZONE" --mode warm 2>"$DIR/mode.err"
[ $? = 4 ] || fail "a mode that does not exist is not refused"
"$ONDOL" zone set nowhere 20 2>"$DIR/nowhere.err"
[ $? = 4 ] || fail "a zone that does not exist is not refused"
"$ONDOL" heater list --json | jq -e '.[0].boards == 1' >/dev/null || fail "ondol heater list"
"$ONDOL" heater boards | grep -q dev || fail "ondol heater boards"
echo "the knob turns"
