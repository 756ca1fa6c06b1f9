#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
# energy_books.py HOUSE_SERVER ONDOL_AGENT: at 900 times the clock, with real instances: what the parts of the boards' energy leave
# unattributed is at most 1 % of their meters, and what the zones got is what the meters counted, within 1 %.
from house import *

h = House(sys.argv[1], sys.argv[2], 900)
h.serve()
agent = h.agent("n", "--heaters", "4", "--start-temp", "17", "--host-cores", "0.6")
h.online(4)
task = h.submit("sh -c 'i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done; sleep 0.5; echo ok'", 24, 1000)
began = time.time()
wait("the instances end", lambda: time.time() > began + 10 and (h.done(task) or time.time() > began + 22), 90, 0.5)


def books():
    boards, zones = h.call("GET", "/ondol/v1/boards?limit=1000")["data"], h.zones()
    total = sum(b["energy"]["total_mj"] for b in boards)
    parts = {}
    for b in boards:
        for k, v in b["energy"]["by_activity"].items():
            parts[k] = parts.get(k, 0) + v["energy_mj"]
    delivered = sum(z["energy"]["delivered_mj"] for z in zones)
    return total, parts, delivered


total, parts, delivered = books()
t = h.task(task)
print("%s: %s; meters %.2f MJ, zones %.2f MJ, parts %s" % (NAME, t["state"], total / 1e9, delivered / 1e9,
                                                           {k: round(v / 1e9, 3) for k, v in parts.items()}))
check("something was drawn: %d mJ" % total, total > 5e8)
check("tasks ran: %s" % parts, parts["onDemand"] + parts["flex"] > 0)
check("unattributed is at most 1 %%: %s of %d" % (parts["unattributed"], total), abs(parts["unattributed"]) <= total / 100)
check("the zones got what the meters counted: %d and %d" % (delivered, total), abs(delivered - total) <= total / 100)
agent.terminate()
check("SIGTERM ends the agent well", agent.wait(20) == 0)
