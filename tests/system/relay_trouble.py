#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: Apache-2.0
"""A forwarded port on bad days: clients that break off, never read, come in hundreds or speak nonsense, both directions at
once, and a link between carrier and server that is cut, garbled and called again.

Usage: relay_trouble.py ONDOL AGENT
"""
import fcntl
import os
import re
import socket
import struct
import sys
import threading
import time

from house import DIR, NODE_TOKEN, TOKEN, Api, check, free_port, heater_of_one_board, skip, start_ready, wait
from line import Line

ONDOL, AGENT = sys.argv[1:3]
MANY = 100
SIOCOUTQ = 0x5411
began = time.time()
if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
    skip("no /dev/net/tun")

line_to = Line()
line_to.to = free_port()
_, line = start_ready("server", [ONDOL, "server", "--data", DIR + "/data", "--listen", "127.0.0.1:0", "--token", TOKEN,
                                 "--node-token", NODE_TOKEN, "--relay-listen", "127.0.0.1:%d" % line_to.to, "--relay-url",
                                 "127.0.0.1:%d" % line_to.port])
api = Api(re.search(r"http://[0-9.:]+", line).group(0))
heater_of_one_board(api, AGENT)

# "flood": without end; "count": how much came, and how it ended, on its output; "quit"; else an echo.
SERVES = r"""
import os, socket, threading
s = socket.socket(); s.setsockopt(1, 2, 1); s.bind(("0.0.0.0", 22)); s.listen(200)
print("listens", flush=True)
def serve(c):
    how, n = "ended", 0
    try:
        what = c.recv(5, socket.MSG_WAITALL)
        if what == b"quit!": os._exit(0)
        while what == b"flood": c.sendall(b"x" * 65536)
        while True:
            d = c.recv(65536)
            if not d: break
            n += len(d)
            if what == b"echo!": c.sendall(d)
    except OSError as e: how = type(e).__name__
    if what == b"count": print("counted", n, how, flush=True)
    if what == b"flood": print("flood is over", flush=True)
    c.close()
while True:
    threading.Thread(target=serve, args=(s.accept()[0],), daemon=True).start()
"""
uuid = api.call("POST", "/tasks", {"name": "t", "profile": "docker-batch-ssh", "instanceCount": 1, "constants": [
    {"key": "SOURCE", "value": SERVES}, {"key": "DOCKER_CMD", "value": "/usr/bin/python3 -c ${SOURCE}"}]})["uuid"]


def said(words, times=1):
    return api.stdout(uuid).count(words) >= times


def forward():
    info = (api.task(uuid)["status"] or {}).get("runningInstancesInfo") or {}
    return [f["forwarderPort"] for i in info.get("perRunningInstanceInfo") or [] for f in i["activeForwards"]]


def client(what):
    s = socket.create_connection(("127.0.0.1", port), 120)
    s.sendall(what)
    return s


def echo(data):
    """What comes back, read while it is written, and whether it ended well."""
    s = client(b"echo!")
    def write():
        try:
            s.sendall(data)
            s.shutdown(socket.SHUT_WR)
        except OSError:
            pass
    t = threading.Thread(target=write)
    t.start()
    got, well = [], True
    try:
        while got[-1:] != [b""]:
            got.append(s.recv(65536))
    except ConnectionError:
        well = False
    t.join()
    s.close()
    return b"".join(got), well


def unsent(s):
    return struct.unpack("i", fcntl.ioctl(s, SIOCOUTQ, bytes(4)))[0]


def break_off(s):
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()


wait("it listens", lambda: said("listens"))
port = wait("a port is forwarded", forward)[0]
strangers = []
for nonsense in (b"GET / HTTP/1.1\r\n\r\n", os.urandom(5000), b"\x16\x03\x01\x40\x00" + os.urandom(100), b""):
    s = socket.create_connection(("127.0.0.1", line_to.to), 60)
    s.sendall(nonsense)
    strangers.append(s)

# ---- more strangers than the relay bears: the oldest go, and carriers still get in (below)
strangers += [socket.create_connection(("127.0.0.1", line_to.to), 60) for _ in range(300)]
strangers[3].settimeout(60)
check("the oldest stranger is sent away", strangers[3].recv(1) == b"")

# ---- who floods himself and never reads holds up nobody; both directions at once
silent = client(b"flood")
data = os.urandom(3000000)
check("both directions at once, beside one who never reads", echo(data) == (data, True))

# ---- who breaks off: what he had said comes to the program, which hears that it is over
s = client(b"count" + data[:200000])
wait("the server's kernel has it", lambda: unsent(s) == 0)
break_off(s)
wait("it hears so", lambda: said("counted"))
check("all of it, and not as an end: %s" % api.stdout(uuid), said("counted 200000 ConnectionResetError"))
break_off(silent)
wait("a flood ends with its reader", lambda: said("flood is over"))

# ---- more at once than there are streams: they wait for their turn
results, held = [], [client(b"echo!") for _ in range(60)]
threads = [threading.Thread(target=lambda: results.append(echo(b"hello"))) for _ in range(MANY)]
for t in threads:
    t.start()
for s in held:
    s.close()
for t in threads:
    t.join()
check("all of %d were served: %s" % (MANY, len(results)), results == [(b"hello", True)] * MANY)

def taken(number):  # somebody else on this machine may have been faster
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind(("127.0.0.1", number))
            s.listen(1)
        except OSError:
            return True
    return False


# ---- the line breaks, or is tampered with, in the middle: whoever is connected sees that it was cut, and the next one is served
for trouble in "cut", "garbled":
    s = client(b"flood")
    check("it flows", len(s.recv(1000, socket.MSG_WAITALL)) == 1000)
    if trouble == "cut":
        line_to.cut()
    else:
        line_to.garble = True
    try:
        while s.recv(1 << 20):
            pass
        check("it was %s, and looks like an end" % trouble, False)
    except ConnectionResetError:
        pass
    s.close()
    before, port = port, wait("a port is forwarded again", forward)[0]
    check("it is another one, and %d is free" % before, port == before or taken(before))
    check("all is well after it was %s" % trouble, echo(data[:100000]) == (data[:100000], True))
client(b"quit!")
api.ended(uuid, "Success")
print("relay: bad days passed in %.1f s" % (time.time() - began))
