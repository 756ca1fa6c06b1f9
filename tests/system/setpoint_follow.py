#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
# setpoint_follow.py HOUSE_SERVER ONDOL_AGENT: the setpoint is moved over HTTP while a task computes. The board follows
# within 30 s of room time, and the task's processor time per second changes by the ratio of the board's work, +-15 %; at
# speed 1 and at speed 60. The task may use 0.15 of a core, so that a busy machine can give it
# that; when it once cannot, it is measured again.
import calendar
from house import *

SHARE = 0.15


def house_of(text):
    return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ")) * 1000


def turn(h, setpoint_c, reached):
    """Turns the knob; room seconds until the server shows what it does."""
    zone = h.zones()[0]["name"]
    before = h.now()
    h.call("PUT", "/ondol/v1/zones/%s/setpoint" % zone, {"setpoint_c": setpoint_c})
    seen = wait("the heater follows %g degC" % setpoint_c,
                lambda: [z for z in h.zones() if z["setpoint_c"] == setpoint_c and reached(work_mhz(h))], 20, 0.02)
    return (house_of(seen[0]["at"]) - before) / 1000


def work_mhz(h):
    b = h.call("GET", "/ondol/v1/boards")["data"][0]
    return b["freq_mhz"] * b["duty"]


def rate(h, pid, seconds):
    """Processor seconds per second of the task, and the board's work meanwhile, MHz."""
    work, n, t, c = 0, 0, time.time(), cpu_s(pid)
    while time.time() < t + seconds:
        work, n = work + work_mhz(h), n + 1
        time.sleep(0.2)
    return (cpu_s(pid) - c) / (time.time() - t), work / n


def play(speed):
    h = House(sys.argv[1], sys.argv[2], speed)
    h.serve()
    node = "n%d" % speed
    agent = h.agent(node, "--boards", "1", "--start-temp", "19", "--archetype", "passive", "--host-cores", str(SHARE))
    h.online(1)
    mark = "%s-%d-%d" % (NAME, os.getpid(), speed)
    task = h.submit("sh -c 'while :; do :; done' " + mark)
    if h.done(task) or wait("the task runs", lambda: processes(mark) or h.done(task)) is True:
        print(NAME + ": no sandbox here")
        sys.exit(77)
    pid = wait("the shell runs", lambda: [p for p in processes(mark) if open("/proc/%d/comm" % p).read() == "sh\n"])[0]
    turn(h, 26.0, lambda mhz: mhz == 4000)
    took, off = [], 1
    for attempt in range(4):
        if min(took, default=99) <= 30 and off <= 0.15:
            break
        fast, fast_mhz = rate(h, pid, 3)
        down = turn(h, round(h.zones()[0]["room_c"], 1), lambda mhz: 0 < mhz < 3700)
        slow, slow_mhz = rate(h, pid, 3)
        took.append(max(down, turn(h, 26.0, lambda mhz: mhz == 4000)))
        got, implied = slow / fast, slow_mhz / fast_mhz
        off = abs(got / implied - 1)
        print("speed %d: watts followed within %.1f s of the room; work ratio %.2f, processor time ratio %.2f (%.3f to %.3f core)"
              % (speed, took[-1], implied, got, fast, slow))
        if fast < 0.8 * SHARE:
            off = 1
    if fast < 0.8 * SHARE:
        print(NAME + ": this machine is too busy to give a task %g of a core: not judged" % SHARE)
        sys.exit(77)
    check("watts follow within 30 s of the room: %s" % took, min(took) <= 30)
    check("the ratio says something: %.2f" % implied, implied < 0.85)
    check("the task slows by %.2f where its quota implies %.2f" % (got, implied), off <= 0.15)
    turn(h, 10.0, lambda mhz: mhz == 0)
    c = cpu_s(pid)
    time.sleep(1)
    check("no heat is asked for and the task stands still", cpu_s(pid) - c < 0.05)
    wait("its board draws idle", lambda: h.zones()[0]["draw_w"] <= 12, 20)
    turn(h, 26.0, lambda mhz: mhz == 4000)
    wait("it goes on", lambda: cpu_s(pid) - c > 0.1)
    for p in (agent, h.server):
        p.terminate()
        p.wait()
    shutil.rmtree(DIR + "/data")


play(1)
play(60)
