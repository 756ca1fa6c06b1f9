#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: Apache-2.0
# Rules that name a host, with a real server and agent: what is open, since when, and what a name does not open; who
# may come in. In a network namespace of its own with the outside world beside it, where this test says who answers to a
# name; nothing leaves this machine.
#   network_names.py ONDOL AGENT
import ctypes, os, re, shutil, signal, socket, subprocess, sys
from house import DIR, NODE_TOKEN, TOKEN, Api, check, skip, spawn, start_ready, wait

ONDOL, AGENT = (os.path.abspath(a) for a in sys.argv[1:3])
OUTSIDE, HOST, PRIVATE = "203.0.113.2", "203.0.113.1", "192.168.7.2"
CLONE_NEWNS, CLONE_NEWNET = 0x20000, 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)


def run(*argv):
    r = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if r.returncode:
        skip("%s: %s" % (" ".join(argv), r.stdout.strip()))


if os.geteuid() != 0:
    skip("needs root, for namespaces with names and addresses")
for program in "ip", "slirp4netns", "nsenter", "mount":
    if not shutil.which(program):
        skip("no %s" % program)
if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
    skip("no /dev/net/tun")
if LIBC.unshare(CLONE_NEWNET | CLONE_NEWNS):
    skip("no namespaces can be made: %s" % os.strerror(ctypes.get_errno()))


def lay(path, text):
    mine = os.path.join(DIR, os.path.basename(path))
    with open(mine, "w") as f:
        f.write(text)
    os.chmod(mine, 0o644)
    run("mount", "--bind", mine, path)


run("mount", "--make-rprivate", "/")
lay("/etc/hosts", "%s world.example\n%s home.example\n127.0.0.1 here.example\n203.0.113.9 there.example\n" % (OUTSIDE, PRIVATE))
lay("/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n")


def with_parent():  # what was started ends with this test, however that ends
    LIBC.prctl(1, signal.SIGTERM)


WORLD = r"""
import socket, threading
def serve(port):
    s = socket.socket(); s.setsockopt(1, 2, 1); s.bind(("0.0.0.0", port)); s.listen(20)
    print("listens\n", end="", flush=True)  # in one piece: another thread says the same
    while True:
        c, _ = s.accept()
        try: c.sendall(b"heard " + c.recv(100))
        except OSError: pass
        c.close()
threading.Thread(target=serve, args=(7001,), daemon=True).start()
serve(7000)
"""
outside = spawn("outside", ["unshare", "-n", "sh", "-c", "read go && exec \"$@\"", "sh", sys.executable, "-c", WORLD],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, preexec_fn=with_parent)
wait("the other namespace", lambda: os.readlink("/proc/%d/ns/net" % outside.pid) != os.readlink("/proc/self/ns/net"))
there = ["nsenter", "-t", str(outside.pid), "-n", "ip"]
run("ip", "link", "set", "lo", "up")
run("ip", "link", "add", "inside", "type", "veth", "peer", "name", "outside")
run("ip", "link", "set", "outside", "netns", str(outside.pid))
for command, dev, mine in (["ip"], "inside", 1), (there, "outside", 2):
    for net in "203.0.113", "192.168.7":
        run(*command, "addr", "add", "%s.%d/24" % (net, mine), "dev", dev)
    run(*command, "link", "set", dev, "up")
run(*there, "link", "set", "lo", "up")
outside.stdin.write("go\n")
outside.stdin.flush()
check("the outside world starts", [outside.stdout.readline() for _ in "ab"] == ["listens\n"] * 2)

_, line = start_ready("server", [ONDOL, "server", "--data", DIR + "/data", "--listen", "0.0.0.0:0", "--token", TOKEN, "--node-token",
                                 NODE_TOKEN, "--relay-listen", "0.0.0.0:0"], preexec_fn=with_parent)
api = Api(re.search(r"http://[0-9.:]+", line).group(0))
spawn("a", [AGENT, "--node", "a", "--virtual", "--empty", "--boards", "2", "--server", api.url, "--site", "s", "--net-allow", "192.168.7.0/24"],
      env=dict(os.environ, ONDOL_NODE_TOKEN=NODE_TOKEN), preexec_fn=with_parent)

SAY = r"""
import socket
def say(host, port):
    s = socket.socket(); s.settimeout(20)
    try:
        s.connect((host, port)); s.sendall(b"me\n"); got = s.recv(99).decode().strip()
    except socket.gaierror as e:
        got = "unknown" if e.errno == socket.EAI_NONAME else "gai %d" % e.errno
    except OSError as e:
        got = "timeout" if isinstance(e, socket.timeout) else "refused"
    print(host, port, got, flush=True)
"""


def submit(rules, tries):
    source = SAY + "for h, p in %r: say(h, p)\n" % tries
    return api.call("POST", "/tasks", {"name": "t", "profile": "docker-batch", "instanceCount": 1, "forcedNetworkRules": [
        {"inbound": False, "proto": "tcp", "publicHost": h, "publicPort": p} for h, p in rules],
        "constants": [{"key": "SOURCE", "value": source}, {"key": "DOCKER_CMD", "value": "/usr/bin/python3 -c ${SOURCE}"}]})["uuid"]


def ended(uuid):
    t = api.ended(uuid, seconds=240)
    out = api.call("GET", "/tasks/%s/stdout/0" % uuid) or ""
    check("%s %s\n%s\n%s" % (t["state"], t["errors"], out, api.call("GET", "/tasks/%s/stderr" % uuid)), t["state"] == "Success")
    return out.splitlines()


by_name = submit([("World.Example, home.example, nobody.example", "7000")],
                 [(OUTSIDE, 7000), ("world.example", 7000), (OUTSIDE, 7000), ("world.example", 7001), ("home.example", 7000),
                  ("nobody.example", 7000)])
both = submit([("home.example, 192.168.7.2", "7000"), ("nobody.example", "7001")], [("home.example", 7000), ("home.example", 7001), (OUTSIDE, 7000)])
got = ended(by_name)
check("a name opens what it was answered, from then on, and no private address: %s" % got, got == [
    OUTSIDE + " 7000 refused", "world.example 7000 heard me", OUTSIDE + " 7000 heard me", "world.example 7001 refused",
    "home.example 7000 refused", "nobody.example 7000 unknown"])
got = ended(both)
check("a private address that is named too: %s" % got,
      got == ["home.example 7000 heard me", "home.example 7001 refused", OUTSIDE + " 7000 refused"])

WEB = r"""
import socket, threading
def serve(port):
    s = socket.socket(); s.setsockopt(1, 2, 1); s.bind(("0.0.0.0", port)); s.listen(5)
    print("listens\n", end="", flush=True)  # in one piece: another thread says the same
    while True:
        c, _ = s.accept(); d = c.recv(100); c.sendall(b"web " + d); c.close()
        if d == b"quit": return
threading.Thread(target=serve, args=(8081,), daemon=True).start()
serve(8080)
"""
web = api.call("POST", "/tasks", {"name": "web", "profile": "docker-batch", "instanceCount": 1, "forcedNetworkRules": [
    {"inbound": True, "proto": "tcp", "port": "8080", "to": "there.example, Here.Example"},
    {"inbound": True, "proto": "tcp", "port": "8081", "to": "192.0.2.1, there.example, nobody.example"}],
    "constants": [{"key": "SOURCE", "value": WEB}, {"key": "DOCKER_CMD", "value": "/usr/bin/python3 -c ${SOURCE}"}]})["uuid"]
wait("it listens", lambda: (api.call("GET", "/tasks/%s/stdout" % web) or "").count("listens") == 2)
shown = wait("both ports are open", lambda: (lambda v: v if len(v) == 2 else None)(api.call("GET", "/network/tasks/%s/port-forward" % web)["0"]))
check("who may come is shown: %s" % shown, [shown["port-%d" % p]["allowedIPs"] for p in (8080, 8081)] == [
    ["there.example", "Here.Example"], ["192.0.2.1/32", "there.example", "nobody.example"]])


def say(inside, what):
    try:  # whom the server sends away at once may hear it before it is through with connecting
        with socket.create_connection(("127.0.0.1", shown["port-%d" % inside]["access"]["publicPort"]), 60) as s:
            s.sendall(what)
            return s.recv(100)
    except (ConnectionResetError, BrokenPipeError):
        return b""


wait("who is named by name is let in", lambda: say(8080, b"hello") == b"web hello")  # once that was answered
check("who is not gets nothing", say(8081, b"hello") == b"")
check("and again", say(8080, b"quit") == b"web quit")
ended(web)
print("network_names: ok")
