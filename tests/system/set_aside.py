#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: Apache-2.0
"""A task that makes room for a better class stands still on its board, goes on where it was, and is not started again;
one that is aborted meanwhile ends, and its processes with it.

Usage: set_aside.py HOUSE_SERVER ONDOL_AGENT
"""
import os
import sys
import time

from house import NAME, House, check, processes, skip, wait

house = House(sys.argv[1], sys.argv[2], 60)
house.serve()
house.agent("a", "--boards", "1", "--start-temp", "16", "--setpoint", "22", "--host-cores", "0.5")
house.online(1)

MARK = "%s-%d-" % (NAME, os.getpid())
STOOD_S = 0.5
COUNT = "i=0; while true; do i=$((i+1)); echo $i $(date +%s.%N); sleep 0.1; done"


def submit(mark, command, kind):
    return house.call("POST", "/tasks", {
        "name": mark, "profile": "docker-batch", "instanceCount": 1, "schedulingType": kind,
        "constants": [{"key": "DOCKER_CMD", "value": "sh -c '%s' %s%s" % (command, MARK, mark)}]})["uuid"]


def lines(task):
    return [line.split(" 0> ")[-1].split() for line in house.stdout(task).splitlines()]


def why(task):
    return house.call("GET", "/ondol/v1/tasks/%s/why" % task)["why"]


def running(task):
    info = (house.task(task)["status"] or {}).get("runningInstancesInfo") or {}
    return info.get("perRunningInstanceInfo") or []


# 1. It goes on where it was.
flex = submit("flex", COUNT, "Flex")
wait("it counts", lambda: len(lines(flex)) >= 3 or house.done(flex))
if house.task(flex)["state"] == "Failure":
    skip("no sandbox can be made here")
urgent = submit("urgent", "sleep 1000", "OnDemand")
wait("the other runs", lambda: processes(MARK + "urgent"))
wait(lambda: "it stands still: %s" % running(flex), lambda: [i["currentFrequencyGHz"] for i in running(flex)] == [0])
check("it says so: " + why(flex), "is set aside on" in why(flex))
check("it executes, for whoever asks: " + house.task(flex)["state"], house.task(flex)["state"] == "FullyExecuting")
still = time.time()
time.sleep(STOOD_S)  # so that it shows in what it counts
still = time.time() - still
house.call("POST", "/tasks/%s/abort" % urgent)
house.ended(urgent, "Cancelled")
before = len(lines(flex))
wait("it goes on", lambda: len(lines(flex)) > before + 3)
house.call("POST", "/tasks/%s/abort" % flex)
house.ended(flex, "Cancelled")
seen = lines(flex)
check("every number once: %s" % seen, [n for n, _ in seen] == [str(i + 1) for i in range(len(seen))])
stood = max(float(b) - float(a) for (_, a), (_, b) in zip(seen, seen[1:]))
check("it stood still while the other ran: %.2f s of %.2f" % (stood, still), stood >= still)
check("in its first attempt: " + why(flex), "0 attempts were lost and 0 preempted" in why(flex))
print("%s: stood still for %.2f s, then went on" % (NAME, stood))

# 2. Aborted while it is set aside.
flex = submit("flex2", COUNT, "Flex")
wait("it counts", lambda: len(lines(flex)) >= 1)
urgent = submit("urgent2", "sleep 1000", "OnDemand")
wait("the other runs", lambda: processes(MARK + "urgent2"))
check("it is still there, set aside: " + why(flex), processes(MARK + "flex2") and "is set aside on" in why(flex))
house.call("POST", "/tasks/%s/abort" % flex)
house.ended(flex, "Cancelled")
wait("its processes are gone", lambda: not processes(MARK + "flex2"))
check("the other runs on", processes(MARK + "urgent2"))
