#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Another server took the lead of the store: this one ends by itself with code 1 and says why. `ondol dev` once went on for
# ever, refusing every write. Usage: deposed.sh ONDOL HELLO.JSON
. "$(dirname "$0")/lib.sh"
HELLO=$2

take_the_lead() { # take_the_lead DIR: as a server would that does not see this one's lock
    python3 -c 'import sqlite3, sys
db = sqlite3.connect(sys.argv[1] + "/ondol.db", timeout=60)
db.execute("UPDATE store_state SET value = value + 1 WHERE name = \"epoch\"")
db.commit()' "$1" || fail "the store could not be taken"
}

ended() {
    ! kill -0 "$1" 2>/dev/null
}

must_end() { # must_end PID WHAT: with code 1 and a sentence in WHAT.err
    until_true 60 ended "$1" || fail "$2 goes on, though another server leads"
    wait "$1"
    code=$?
    [ "$code" = 1 ] || fail "$2: exit code $code, not 1"
    grep -q "^ondol: $2: another server leads the store in " "$DIR/$2.err" || fail "$2 does not say why it ended"
    PIDS=
}

start_dev --heaters 1 --boards 1 --speed 30
take_the_lead "$DIR/data"
must_end "$DEV" dev

is_up() {
    grep -qs '^ondol: server ready at ' "$DIR/server.out"
}
"$ONDOL" server --data "$DIR/data2" --listen 127.0.0.1:0 --token secret >"$DIR/server.out" 2>"$DIR/server.err" &
PIDS=$!
until_true 60 is_up || fail "the server was not ready within 60 s"
take_the_lead "$DIR/data2"
ONDOL_URL=$(sed -n 's/^ondol: server ready at \(http:[^,]*\),.*/\1/p' "$DIR/server.out") ONDOL_TOKEN=secret
export ONDOL_URL ONDOL_TOKEN
"$ONDOL" task create "$HELLO" >"$DIR/create.out" 2>&1 && fail "a server that is deposed acknowledged a task"
must_end "$PIDS" server
echo "one leads"
