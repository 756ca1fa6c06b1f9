#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
# hostile_parent.py ONDOL_AGENT: a parent that answers garbage, too much, too slowly, in wrong types, of another epoch, with
# thousands of assignments. The agent lives, its rooms are heated, its memory stays small, and it works again afterwards.
import random, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from house import *

SEED = int(os.environ.get("ONDOL_TEST_SEED", str(int(time.time()))))
rng = random.Random(SEED)
print("%s: seed %d" % (NAME, SEED))
house = House(None, sys.argv[1], 60)


class State:
    mode, epoch, nonce, acked, version, calls, bytes_in, offer, goods = "good", 0, None, 0, 1, 0, 0, None, 0
    lock = threading.Lock()


def assignment(lease, board, **more):
    return dict({"lease": lease, "board": board, "task": "00000000-0000-4000-8000-000000000000", "instance": 0,
                 "instance_count": 1, "attempt": 1, "class": "onDemand", "on_lapse": "drop", "stop": False,
                 "stop_end": "Cancelled", "until": house.now() + 600000, "body": json.dumps(
                     {"name": "t", "profile": "docker-batch", "constants": [{"key": "DOCKER_CMD", "value": "true"}]})}, **more)


def good(up, **more):
    with State.lock:
        if up["epoch"] == 0 and up["nonce"] != State.nonce:
            State.epoch, State.acked, State.nonce, State.offer = State.epoch + 1, 0, up["nonce"], up.get("offer")
        for r in up["reports"]:
            State.acked = max(State.acked, r["seq"])
        State.version += 1
        return dict({"epoch_refused": False, "epoch": State.epoch, "acked": State.acked, "version": State.version,
                     "house_ms": house.now(), "until": house.now() + 600000, "cap_mw": -1, "filler_allowed": True,
                     "donated_allowed": True, "zones": [], "assignments": []}, **more)


def mutated(text):
    b = bytearray(text.encode())
    for _ in range(rng.randrange(1, 8)):
        what, at = rng.randrange(4), rng.randrange(len(b))
        if what == 0:
            b[at] = rng.randrange(256)
        elif what == 1:
            del b[at:at + rng.randrange(1, 20)]
        elif what == 2:
            b[at:at] = rng.choice([b"-", b"9" * 30, b"null", b"[[[[", b"\\u0000", b'"', b"1e999", b"{}"])
        else:
            b = b[:max(1, at)]
    return bytes(b)


BIG = 2 ** 63 - 1
MODES = {
    "random bytes": lambda up: rng.randbytes(rng.randrange(1, 20000)),
    "nothing": lambda up: b"",
    "deep": lambda up: b'{"zones":' + b"[" * 200000,
    "huge text": lambda up: b'{"x":"' + b"a" * (64 << 20) + b'"}',
    "endless spaces": lambda up: b" " * (32 << 20),
    "not an object": lambda up: rng.choice([b"[]", b"1", b"null", b'"x"', b"true"]),
    "wrong types": lambda up: json.dumps({k: rng.choice([None, [], {}, "x", -1, 1.5, True]) for k in good(up)}),
    "wrong epoch": lambda up: good(up, epoch=State.epoch + rng.randrange(1, 1000)),
    "negative numbers": lambda up: good(up, epoch=State.epoch, acked=-5, version=-1, house_ms=-BIG, until=-BIG, cap_mw=-7),
    "largest numbers": lambda up: good(up, acked=BIG, version=BIG, house_ms=house.now() + 1000, until=BIG, cap_mw=BIG),
    "far future": lambda up: good(up, house_ms=BIG, version=BIG),
    "refused": lambda up: good(up, epoch_refused=True),
    "thousands of assignments": lambda up: good(up, assignments=[assignment(
        10000 + i, State.offer["boards"][i % 3]["name"] if State.offer and i % 5 else "nowhere") for i in range(6000)]),
    "assignments that lie": lambda up: good(up, assignments=[
        assignment(0, "x" * 5000), assignment(-4, ""), assignment(BIG, "n-h1-b1", until=-BIG),
        assignment(5, "n-h1-b1", instance=-1, instance_count=-7), assignment(6, "n-h1-b2", body="{" * 5000),
        assignment(7, "n-h1-b2", body=json.dumps({"constants": [{"key": "DOCKER_CMD", "value": "${" * 30000}]})),
        assignment(8, "n-h1-b3", **{"class": "king"})]),
    "zones that lie": lambda up: good(up, zones=[
        {"name": "n-z1", "mode": "comfort", "setpoint_mc": BIG, "boost_until": BIG, "schedule": "x" * 100000,
         "utc_offset_min": BIG}, {"name": "n-z1", "mode": "warm", "setpoint_mc": -BIG, "boost_until": 0, "schedule": None,
                                  "utc_offset_min": 0}, {"name": "none", "mode": "off"}]),
    "mutations": lambda up: mutated(json.dumps(good(up, assignments=[assignment(77, "n-h1-b1")]))),
    "500": None, "404": None, "redirect": None, "redirect to itself": None, "drop": None, "half": None,
    "header flood": None, "silence": None, "drip": None,
}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def reply(self, status, body, **headers):
        self.send_response(status)
        for k, v in headers.items():
            self.send_header(k, v)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.reply(200, b"{}")

    def bad(self, mode):
        if mode in ("500", "404"):
            self.reply(int(mode), b"no" * 1000)
        elif mode == "redirect":
            self.reply(302, b"", Location="file:///etc/passwd")
        elif mode == "redirect to itself":
            self.reply(307, b"", Location=self.path)
        elif mode == "drip":
            self.send_response(200)
            self.send_header("Content-Length", "1000000")
            self.end_headers()
            for _ in range(100):
                self.wfile.write(b" ")
                self.wfile.flush()
                time.sleep(0.1)
        elif mode == "half":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"epoch\":")
            self.close_connection = True
        elif mode == "header flood":
            self.wfile.write(b"HTTP/1.1 200 OK\r\n" + b"X-A: " + b"b" * 2000000 + b"\r\n" + b"X-C: d\r\n" * 50000)
            self.close_connection = True
        elif mode == "silence":
            time.sleep(2)
            self.close_connection = True
        else:
            self.close_connection = True

    def do_POST(self):
        mode = State.mode
        text = self.rfile.read(int(self.headers["Content-Length"]))
        State.calls += 1
        State.bytes_in += len(text)
        try:
            up = json.loads(text)
            if mode == "good":
                if not up["reports"] and up["epoch"]:
                    time.sleep(0.2)
                body = good(up)
                State.goods += bool(up["epoch"])
            elif MODES[mode]:
                body = MODES[mode](up)
            else:
                return self.bad(mode)
            body = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
            self.reply(200, body, **{"Content-Type": "application/json"})
        except OSError:
            self.close_connection = True


def heated():
    """The room's heater does what the thermostat asks for, by a fresh status."""
    s = house.status("n")
    if not s or abs(s["house_ms"] - house.now()) > 60 * 3000:
        return None
    z, draw = s["zones"][0], sum(b["draw_mw"] for b in s["boards"])
    return draw / 1000 >= min(z["target_w"], 400) * 0.9 - 5 and z["target_w"] > 50 and s


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
url = "http://127.0.0.1:%d" % server.server_port
agent = house.agent("n", "--start-temp", "15", "--setpoint", "21", server=url)
wait("it joins and heats", lambda: State.epoch and heated())
time.sleep(1)
worst = 0
for mode in MODES:
    before, began = State.calls, time.time()
    State.mode = mode
    end = time.time() + 15
    while time.time() < end and (State.calls < before + (5 if mode == "mutations" else 2) or time.time() < end - 14.7):
        check("%s: the agent lives" % mode, agent.poll() is None)
        worst = max(worst, private_kb(agent.pid))
        time.sleep(0.02)
    wait("%s: heat goes on" % mode, heated, 10)
    goods, State.mode = State.goods, "good"
    if mode == "drip":  # half a minute until it gives up this call; it heats meanwhile
        break
    wait("%s: it calls again" % mode, lambda: State.goods > goods + 1, 35)
    print("%s: %.1f s, %d kB" % (mode, time.time() - began, private_kb(agent.pid)), flush=True)
check("the agent lives", agent.poll() is None)
time.sleep(1.5)
calm = private_kb(agent.pid)
print("%s: private memory at most %.1f MB, afterwards %.1f MB; %d calls" % (NAME, worst / 1024, calm / 1024, State.calls))
# A sanitizer keeps what was freed and pads all of it: what one sees then is not the program's memory.
if b"__asan_init" in open(sys.argv[1], "rb").read():
    print("memory is not judged: the program is built with a sanitizer", flush=True)
else:
    check("memory is bounded: %d kB" % worst, worst < 64 << 10)
    check("memory comes back: %d kB" % calm, calm < 12 << 10)
agent.terminate()
check("SIGTERM ends it well", agent.wait(20) == 0)

# Not TLS where TLS is expected: it goes on alone.
other = house.agent("tls", "--start-temp", "15", "--setpoint", "21", server=url.replace("http:", "https:"))
wait("alone, it heats", lambda: (lambda s: s and s["zones"][0]["draw_mw"] > 300000)(house.status("tls")), 20)
check("it lives without TLS", other.poll() is None)
