#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
# lost_link.py HOUSE_SERVER ONDOL_AGENT: an agent that is killed, and a server that is silent for less and for more than a lease.
# Sandboxes die with their agent; an instance is given to another board and succeeds once; a room cools while its agent is
# gone; work ends before its lease; heat goes on; no line is lost or doubled.
from house import *

LEASE_S = 4
h = House(sys.argv[1], sys.argv[2], 60, LEASE_S * 1000)
h.serve()
nodes = {}


def start(node):
    nodes[node] = h.agent(node, "--boards", "1", "--start-temp", "18", "--setpoint", "21", "--host-cores", "0.5",
                          "--world-state", os.path.join(DIR, node + ".world"))


def board_of(task):
    held = [b for b in h.call("GET", "/ondol/v1/boards")["data"] if b["task"] == task]
    return held and held[0]


def stdout(task):
    return h.call("GET", "/tasks/%s/stdout" % task).replace(" 0> ", "")


def meters(but):
    """What the boards counted and what the zones got, mJ, without the node that was killed: what its zone got between its last
    report and its death nobody told; its boards' meters have it, as unattributed."""
    boards = h.call("GET", "/ondol/v1/boards")["data"]
    return (sum(b["energy"]["total_mj"] for b in boards if b["node"] != but),
            sum(z["energy"]["delivered_mj"] for z in h.zones() if z["node"] != but))


for n in ("a", "b"):
    start(n)
h.online(2)

# 1. The agent is killed while its instance runs.
mark = "%s-%d-" % (NAME, os.getpid())
task = h.submit("sh -c 'echo begin; sleep 4; echo end' %s1" % mark, 1, 10)
if wait("the instance runs", lambda: processes(mark + "1") or h.done(task)) is True:
    print(NAME + ": no sandbox here")
    sys.exit(77)
held = wait("its board is known", lambda: board_of(task))
node, epoch = held["node"], wait("status", lambda: h.status(held["node"]))["epoch"]
nodes[node].kill()
nodes[node].wait()
wait("its sandbox dies with the agent", lambda: not processes(mark + "1"), 5, 0.01)
room = h.status(node)["zones"][0]["room_mc"]
again = wait("another board has it", lambda: (lambda b: b and b["node"] != node and b)(board_of(task)), 20)
wait("it ends", lambda: h.done(task), 30)
t = h.task(task)
check("it succeeded: %s" % t, t["state"] == "Success")
check("once: %s" % stdout(task), stdout(task).count("end") == 1)

os.unlink(h.status_file(node))
start(node)
wait("it is back", lambda: (lambda s: s and s["epoch"] > epoch)(h.status(node)), 20)
after = h.status(node)["zones"][0]["room_mc"]
check("the room cooled meanwhile: %d then %d" % (room, after), after < room)
# The word of the old life counts no more.
req = urllib.request.Request(h.url + "/ondol/v1/sync", json.dumps(
    {"node": node, "nonce": "1", "epoch": epoch, "have": 0, "reports": []}).encode(),
    {"Authorization": NODE_TOKEN, "Content-Type": "application/json"})
try:
    refused = json.load(urllib.request.urlopen(req, timeout=10)).get("epoch_refused")
except urllib.error.HTTPError as e:
    refused = e.code in (400, 409) and e.read()
check("the old epoch is refused", refused)
print("%s: killed; given on to %s; the room of %s went from %.2f to %.2f degC" % (NAME, again["name"], node, room / 1000, after / 1000))

# 2. The server is silent for less than a lease, then for longer.
lines = "".join("line %d\n" % i for i in range(1, 31))
for silent, lost in ((LEASE_S / 3, False), (LEASE_S + 2.5, True)):
    mine = mark + ("long" if lost else "short")
    task = h.submit("sh -c 'i=0; while [ $i -lt 30 ]; do i=$((i+1)); echo line $i; sleep 0.15; done' " + mine, 1, 10)
    wait("it runs", lambda: processes(mine), 30)
    time.sleep(0.5)
    rooms = {n: h.status(n)["zones"][0]["room_mc"] for n in nodes}
    h.server.send_signal(signal.SIGSTOP)
    time.sleep(silent)
    if lost:
        check("work ends with its lease", not processes(mine))
    outbox = 0
    for n in nodes:
        s = wait("status", lambda: h.status(n))
        z = s["zones"][0]
        outbox = max(outbox, s["outbox"])
        check("heat goes on: %s" % z, abs(z["room_mc"] - rooms[n]) <= 500 and z["draw_mw"] > 0)
    h.server.send_signal(signal.SIGCONT)
    wait("it ends", lambda: h.done(task), 40)
    t = h.task(task)
    check("it succeeded: %s" % t["state"], t["state"] == "Success")
    text = stdout(task)
    print("%s: silent for %.1f s, at most %d reports waited; %d lines" % (NAME, silent, outbox, text.count("\n")))
    check("no line is lost or doubled: %r" % text, text == lines if not lost else text.endswith(lines))
    check("the outbox is small: %d" % outbox, outbox < 200)
seen = [0, 0]


def meters_add_up():
    seen[:] = meters(node)
    return seen[0] > 0 and abs(seen[0] - seen[1]) <= seen[0] / 100


wait(lambda: "the meters add up (boards and zones, mJ: %s)" % seen, meters_add_up, 10)
