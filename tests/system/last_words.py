#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: Apache-2.0
"""What an instance wrote into a forwarded port before it ended comes to whoever reads slowly, whole and with its end:
out of the instance's own socket, its carrier and the server, also when he still says something meanwhile.

Usage: last_words.py ONDOL AGENT
"""
import os
import re
import socket
import sys
import time

from house import DIR, NODE_TOKEN, TOKEN, Api, check, heater_of_one_board, skip, start_ready, wait

ONDOL, AGENT = sys.argv[1:3]
ALL = 2000000
if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
    skip("no /dev/net/tun")

_, line = start_ready("server", [ONDOL, "server", "--data", DIR + "/data", "--listen", "127.0.0.1:0", "--token", TOKEN,
                                 "--node-token", NODE_TOKEN, "--relay-listen", "127.0.0.1:0"])
api = Api(re.search(r"http://[0-9.:]+", line).group(0))
heater_of_one_board(api, AGENT)

# It listens as programs that know IPv6 do, and answers without waiting for who reads.
SAYS = r"""
import socket
s = socket.socket(socket.AF_INET6); s.bind(("::", 22)); s.listen(5)
print("listens", flush=True)
c, _ = s.accept()
c.sendall(c.recv(4) + b"." * %d)
""" % ALL
uuid = api.call("POST", "/tasks", {"name": "t", "profile": "docker-batch-ssh", "instanceCount": 1, "constants": [
    {"key": "SOURCE", "value": SAYS}, {"key": "DOCKER_CMD", "value": "/usr/bin/python3 -c ${SOURCE}"}]})["uuid"]
wait("it listens", lambda: "listens" in api.stdout(uuid))


def forward():
    info = (api.task(uuid)["status"] or {}).get("runningInstancesInfo") or {}
    return [f["forwarderPort"] for i in info.get("perRunningInstanceInfo") or [] for f in i["activeForwards"]]


def refused():
    try:
        socket.create_connection(("127.0.0.1", port), 60).close()
        return False
    except OSError:
        return True


port = wait("a port is forwarded", forward)[0]
slow = socket.socket()
slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
slow.settimeout(120)
slow.connect(("127.0.0.1", port))
slow.sendall(b"last")
got = b""
while not api.done(uuid):
    got += slow.recv(4096)
    time.sleep(0.001)
check("it ended well: %s" % api.task(uuid), api.task(uuid)["state"] == "Success")
wait("the server has heard of its end", refused)
early = len(got)
slow.sendall(b"still there?")
while True:
    part = slow.recv(65536)
    if not part:
        break
    got += part
check("%d of %d bytes came, %d before its end" % (len(got), ALL + 4, early), got == b"last" + b"." * ALL)
check("most of them after it: %d before" % early, early < ALL)
print("last words: %d bytes, %d of them before the end" % (len(got), early))
