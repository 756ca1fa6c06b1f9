#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: Apache-2.0
"""Datagrams into an instance and back, as inbound rules of UDP open them: each caller his own answers, the largest and the
empty one, who may not come, garbage at the relay, a line that is cut, an agent that is killed.

Usage: udp_inwards.py ONDOL AGENT
"""
import os
import re
import socket
import sys
import time

from house import DIR, NODE_TOKEN, TOKEN, Api, check, free_port, kill, no_sandbox_here, skip, spawn, start_ready, wait
from line import Line

ONDOL, AGENT = sys.argv[1:3]
began = time.time()
if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
    skip("no /dev/net/tun")
line_to = Line()
line_to.to = free_port()
_, line = start_ready("server", [ONDOL, "server", "--data", DIR + "/data", "--listen", "127.0.0.1:0", "--token", TOKEN,
                                 "--node-token", NODE_TOKEN, "--relay-listen", "127.0.0.1:%d" % line_to.to, "--relay-url",
                                 "127.0.0.1:%d" % line_to.port])
api = Api(re.search(r"http://[0-9.:]+", line).group(0))


def agent():
    return spawn("agent", [AGENT, "--node", "a", "--virtual", "--empty", "--boards", "1", "--server", api.url],
                 env=dict(os.environ, ONDOL_NODE_TOKEN=NODE_TOKEN))


heater = agent()
wait("a board", lambda: api.call("GET", "/ondol/v1/boards?limit=1")["data"])
why = no_sandbox_here(api, "a")
if why:
    skip(why)

# A short word comes back with the port from which it seemed to come, anything else as it is; "quit" ends it.
ECHO = r"""
import os, select, socket
def bound(port):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("0.0.0.0", port)); return s
open_, closed = bound(5353), bound(5354)
tcp = socket.create_server(("0.0.0.0", 5353))
print("listens", flush=True)
while True:
    for s in select.select([open_, closed, tcp], [], [])[0]:
        if s is tcp:
            c, _ = s.accept(); c.sendall(b"stream"); c.close(); continue
        d, who = s.recvfrom(70000)
        if s is closed: os._exit(3)
        if d == b"quit": os._exit(0)
        s.sendto(d if not d or len(d) > 100 else d + b" %d" % who[1], who)
"""
rules = [{"inbound": True, "proto": "udp", "port": "5353", "name": "names"}, {"inbound": True, "proto": "tcp", "port": "5353"},
         {"inbound": True, "proto": "udp", "port": 5354, "to": "127.0.0.9"}]
uuid = api.call("POST", "/tasks", {"name": "t", "profile": "docker-batch", "instanceCount": 1, "forcedNetworkRules": rules, "constants": [
    {"key": "SOURCE", "value": ECHO}, {"key": "DOCKER_CMD", "value": "/usr/bin/python3 -c ${SOURCE}"}]})["uuid"]


def shown():
    return api.call("GET", "/network/tasks/%s/port-forward" % uuid)["0"]


def ports():
    """Of the server, by name; when there are all three."""
    return (lambda f: len(f) == 3 and {k: v["access"]["publicPort"] for k, v in f.items()})(shown())


def caller(source="127.0.0.1"):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((source, 0))
    s.settimeout(0.2)
    return s


def ask(s, what, name="names"):
    """The answer; what is lost on the way is said again."""
    def once():
        try:
            s.sendto(what, ("127.0.0.1", door[name]))
            got, who = s.recvfrom(70000)
            check("the answer comes from where it was asked: %s" % (who,), who == ("127.0.0.1", door[name]))
            return [got]
        except (TimeoutError, ConnectionRefusedError):
            return None
    return wait("an answer", once)[0]


wait("it listens", lambda: "listens" in api.stdout(uuid))
door = wait("three ports", ports)
check("of both protocols: %s" % shown(), sorted((v["name"], v["proto"], v["port"]) for v in shown().values()) == [
    ("names", "udp", 5353), ("port-5353", "tcp", 5353), ("port-5354-udp", "udp", 5354)])

# ---- two callers at once: each has his own answers, and keeps his place
a, b = caller(), caller()
first = {s: ask(s, b"hello") for s in (a, b)}
check("the program tells them apart: %s" % first, first[a] != first[b] and all(re.fullmatch(rb"hello \d+", v) for v in first.values()))
check("and each is who he was", (ask(b, b"hello"), ask(a, b"hello")) == (first[b], first[a]))
check("a stream through the same number", socket.create_connection(("127.0.0.1", door["port-5353"]), 60).recv(10) == b"stream")

# ---- as large as UDP has them, whole; and empty
for n in 60000, 65507, 0, 16376, 16377:
    data = os.urandom(n)
    check("%d bytes come back" % n, ask(a, data) == data)

# ---- who is not in the rule is not heard, whatever he says (the program would end)
for _ in range(20):
    a.sendto(b"let me in", ("127.0.0.1", door["port-5354-udp"]))

# ---- garbage at the relay costs its own line and no other
for nonsense in b"\x07\x00\x00\x08" + bytes(4) + b"\x01\x00" + bytes(6), os.urandom(5000), b"":
    socket.create_connection(("127.0.0.1", line_to.to), 60).sendall(nonsense)
check("the others go on", ask(a, b"hello") == first[a])

# ---- what came and went is counted
def counted():
    ask(a, b"hello")
    n = shown()["names"]["ondolDatagrams"]
    return n if n["in"] >= 10 and n["out"] >= 10 else None


count = wait("it is counted", counted)


def again(what, s):
    """He asks until he is answered, each time where the port now is: somebody else may have taken that of before."""
    def once():
        global door
        try:
            door = ports() or door
            s.sendto(b"again", ("127.0.0.1", door["names"]))
            return s.recv(100)
        except (TimeoutError, ConnectionRefusedError):
            return None
    got = wait(what, once, seconds=240)
    check("%s: %s" % (what, got), re.fullmatch(rb"again \d+", got))
    return got


# ---- the line is cut: who comes first then is not taken for who came first before (the program would mix them up, unless
# a port is by chance that of before)
first_came, known = a, 0
for _ in range(3):
    before = again("who came first", first_came)
    line_to.cut()
    first_came = caller()
    if again("after the line was cut", first_came) != before:
        break
    known += 1
check("another caller is another one", known < 3)

# ---- the agent is killed in the middle of it, and comes again, when its work begins anew
kill(heater)
a.sendto(b"hello?", ("127.0.0.1", door["names"]))
heater = agent()
again("after the agent was killed", a)
wait("it ends when it is told", lambda: a.sendto(b"quit", ("127.0.0.1", door["names"])) and api.done(uuid))
check("well: nobody came whom the rule does not name: %s" % api.task(uuid)["errors"], api.task(uuid)["state"] == "Success")
print("udp: all came back in %.1f s; counted %s" % (time.time() - began, count))
