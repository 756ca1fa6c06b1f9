#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
# agent_parent.py ONDOL_AGENT: a small parent written here, against the real agent and real sandboxes.
# Output and exit codes arrive once and in order, also when the parent answers an error or nothing; a stopped instance ends as
# said; sandboxes die with their agent; SIGTERM reports the work as preempted.
import json, os, signal, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
import house
from house import kill, processes, skip, spawn

AGENT, SPEED, HOUSE = sys.argv[1], 60, 1705276800000
WALL = int(time.time() * 1000)


def house_ms():
    return HOUSE + int((time.time() * 1000 - WALL) * SPEED)


class Parent:
    def __init__(self):
        self.lock = threading.Lock()
        self.epoch, self.acked, self.version = 0, 0, 1
        self.nonce, self.offer, self.assign, self.exited, self.output = None, None, [], {}, {}
        self.errors, self.silent, self.answered = [], 0, 0

    def give(self, lease, board, command, instance=0):
        body = {"name": "t", "profile": "docker-batch", "constants": [{"key": "DOCKER_CMD", "value": command}]}
        with self.lock:
            self.version += 1
            self.assign.append({"lease": lease, "board": self.offer["boards"][board]["name"],
                                "task": "00000000-0000-4000-8000-000000000000", "instance": instance,
                                "instance_count": 3, "attempt": 1, "class": "onDemand", "on_lapse": "drop", "stop": False,
                                "stop_end": "Cancelled", "slots": 0, "within": 0, "body": json.dumps(body)})

    def report(self, r):
        if r["seq"] > self.acked + 1:
            self.errors.append("gap before %d" % r["seq"])
        if r["seq"] <= self.acked:
            return
        self.acked = r["seq"]
        if r["kind"] == "output":
            self.output[r["lease"]] = self.output.get(r["lease"], "") + r.get("data", r.get("data64", ""))
        if r["kind"] == "exited":
            if r["lease"] in self.exited:
                self.errors.append("lease %d ended twice" % r["lease"])
            self.exited[r["lease"]] = r
            self.assign = [a for a in self.assign if a["lease"] != r["lease"]]
            self.version += 1

    def sync(self, up):
        with self.lock:
            if up["epoch"] == 0 and up["nonce"] != self.nonce:
                self.epoch, self.acked, self.nonce = self.epoch + 1, 0, up["nonce"]
                self.offer, self.assign = up["offer"], []
            for r in up["reports"]:
                self.report(r)
            if self.silent > 0:  # what was reported is known here, but the agent cannot know that: it says it again
                self.silent -= 1
                return None
            park = up["epoch"] and not up["reports"] and up["have"] >= self.version
        if park:
            time.sleep(0.2)
        with self.lock:
            self.answered += 1
            for a in self.assign:
                a["until"] = house_ms() + 600000
            return {"epoch_refused": False, "epoch": self.epoch, "acked": self.acked, "version": self.version,
                    "house_ms": house_ms(), "until": house_ms() + 600000, "cap_mw": -1, "filler_allowed": True,
                    "donated_allowed": True, "zones": [], "assignments": self.assign}


parent = Parent()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_POST(self):
        up = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path != "/ondol/v1/sync" or self.headers["Authorization"] != "secret":
            parent.errors.append("wrong path or token: " + self.path)
        down = parent.sync(up)
        body = json.dumps(down).encode() if down else b"not now"
        self.send_response(200 if down else 503)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def wait(what, condition):
    house.wait(lambda: "%s (%s)" % (what, parent.errors), lambda: parent.errors or condition())
    check(what, not parent.errors)


def check(what, ok):
    house.check("%s (errors %s, exits %s, output %s)" % (what, parent.errors, parent.exited, parent.output), ok)


def start():
    return spawn("agent", [AGENT, "--node", "n1", "--virtual", "--empty", "--start-temp", "15", "--server", url,
                           "--token", "secret", "--speed", str(SPEED), "--house-epoch-ms", str(HOUSE),
                           "--wall-epoch-ms", str(WALL), "--host-cores", "1"])


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
url = "http://127.0.0.1:%d/" % server.server_address[1]
agent = start()
wait("the node joins", lambda: parent.offer)
if not parent.offer["boards"][0]["sandbox"]:
    skip("no sandbox can be made here: %s" % parent.offer["boards"][0]["sandbox_lack"])
mark = str(os.getpid())
parent.give(1, 0, "echo hello from #${INSTANCE_ID} of ${INSTANCE_COUNT}", 2)
parent.give(2, 1, "sh -c 'for i in 1 2 3 4 5 6 7 8 9; do echo line $i; sleep 0.1; done; exit 3'")
wait("the first ends", lambda: 1 in parent.exited)
check("hello world", parent.output[1] == "hello from #2 of 3\n" and parent.exited[1]["end"] == "Success")
parent.silent = 3
wait("the second ends", lambda: 2 in parent.exited)
check("lines once and in order", parent.output[2] == "".join("line %d\n" % i for i in range(1, 10)))
check("exit code 3", parent.exited[2]["end"] == "Failure" and parent.exited[2]["exit_code"] == 3)
check("energy and time", parent.exited[2]["energy_mj"] > 0 and parent.exited[2]["exec_ms"] > 0)

parent.give(3, 0, "sleep 98" + mark)
wait("the third runs", lambda: processes("sleep 98" + mark))
with parent.lock:
    parent.assign[-1]["stop"] = True
    parent.version += 1
wait("the third is stopped", lambda: 3 in parent.exited)
check("cancelled", parent.exited[3]["end"] == "Cancelled" and not processes("sleep 98" + mark))

parent.give(4, 1, "sleep 97" + mark)
wait("the fourth runs", lambda: processes("sleep 97" + mark))
kill(agent)
wait("sandboxes die with their agent", lambda: not processes("sleep 97" + mark))
agent = start()
wait("the node joins again", lambda: parent.epoch == 2)

parent.give(5, 0, "sleep 96" + mark)
wait("the fifth runs", lambda: processes("sleep 96" + mark))
agent.send_signal(signal.SIGTERM)
check("SIGTERM ends it well", agent.wait(20) == 0)
check("preempted", parent.exited[5]["end"] == "Preempted" and not processes("sleep 96" + mark))
check("no error", not parent.errors)
print("agent_parent: well")
