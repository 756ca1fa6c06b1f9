# SPDX-License-Identifier: Apache-2.0
# Words of the tests that play a whole house: a server, agents with virtual heaters, and what a customer sees.
import atexit, json, os, shutil, signal, socket, subprocess, sys, tempfile, time, urllib.error, urllib.request

HOUSE0 = 1705276800000  # 15 January 2024
TOKEN, NODE_TOKEN = "test-token-0123456789", "test-node-token-0123456789"
NAME = os.path.basename(sys.argv[0])
DIR = tempfile.mkdtemp(prefix="ondol-house-")
_children = []


@atexit.register
def _bye():  # with SIGTERM, for a killed agent leaves its groups and the root of its sandboxes to the next one
    for p in reversed(_children):
        if p.poll() is None:
            p.send_signal(signal.SIGCONT)
            p.terminate()
    for p in reversed(_children):
        try:
            p.wait(20)
        except subprocess.TimeoutExpired:
            p.kill()
            p.wait()
    shutil.rmtree(DIR, ignore_errors=True)


def fail(what):
    print("%s: %s" % (NAME, what))
    for name in sorted(os.listdir(DIR)):
        if name.endswith(".err"):
            print("--- %s\n%s" % (name, open(os.path.join(DIR, name)).read()[-2000:]))
    sys.exit(1)


def check(what, ok):
    if not ok:
        fail(what)


def wait(what, condition, seconds=30, beat=0.05):
    end = time.time() + seconds
    while True:
        got = condition()
        if got:
            return got
        if time.time() > end:
            fail("%s: did not happen in %g s" % (what() if callable(what) else what, seconds))
        time.sleep(beat)


def spawn(name, argv, **kw):
    err = open(os.path.join(DIR, name + ".err"), "a")
    p = subprocess.Popen(argv, stderr=err, **kw)
    _children.append(p)
    return p


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class House:
    """Server and agents on one clock."""

    def __init__(self, server_exe, agent_exe, speed=1, lease_wall_ms=60000):
        self.server_exe, self.agent_exe, self.speed, self.lease = server_exe, agent_exe, speed, lease_wall_ms
        self.wall0, self.port = int(time.time() * 1000), free_port()
        self.url, self.server = "http://127.0.0.1:%d" % self.port, None

    def now(self):
        return HOUSE0 + int((time.time() * 1000 - self.wall0) * self.speed)

    def serve(self):
        self.server = spawn("server", [self.server_exe, DIR + "/data", "127.0.0.1:%d" % self.port, str(self.speed),
                                       str(self.lease), str(HOUSE0), str(self.wall0)], stdout=subprocess.PIPE)
        check("the server starts", self.server.stdout.readline().startswith(b"ready at"))

    def agent(self, node, *options, server=None):
        return spawn(node, [self.agent_exe, "--node", node, "--virtual", "--empty", "--server", server or self.url,
                            "--speed", str(self.speed), "--house-epoch-ms", str(HOUSE0), "--wall-epoch-ms",
                            str(self.wall0), "--status", self.status_file(node), *options],
                     env=dict(os.environ, ONDOL_NODE_TOKEN=NODE_TOKEN))

    def status_file(self, node):
        return os.path.join(DIR, node + ".status")

    def status(self, node):
        try:
            return json.load(open(self.status_file(node)))
        except (OSError, ValueError):
            return None

    def call(self, method, path, body=None):
        data = json.dumps(body).encode() if body is not None else None
        req = urllib.request.Request(self.url + path, data, {"Authorization": TOKEN, "Content-Type": "application/json"},
                                     method=method)
        try:
            with urllib.request.urlopen(req, timeout=20) as r:
                text = r.read().decode()
        except urllib.error.HTTPError as e:
            fail("%s %s: %d %s" % (method, path, e.code, e.read()[:300]))
        try:
            return json.loads(text)
        except ValueError:
            return text

    def zones(self):
        return self.call("GET", "/ondol/v1/zones?limit=1000")["data"]

    def online(self, n):
        wait("%d zones are online" % n, lambda: sum(z["online"] for z in self.zones()) >= n)

    def submit(self, command, instances=1, retries=None):
        return self.call("POST", "/tasks", {
            "name": "t", "profile": "docker-batch", "instanceCount": instances,
            "constants": [{"key": "DOCKER_CMD", "value": command}],
            "retrySettings": {"maxTotalRetries": retries, "maxPerInstanceRetries": retries}})["uuid"]

    def task(self, uuid):
        return self.call("GET", "/tasks/" + uuid)

    def done(self, uuid):
        return self.task(uuid)["state"] in ("Success", "Failure", "Cancelled")


def processes(mark):
    """Processes whose command line has `mark`, as pid."""
    found = []
    for p in os.listdir("/proc"):
        try:
            if p.isdigit() and mark in open("/proc/%s/cmdline" % p).read().replace("\0", " "):
                found.append(int(p))
        except OSError:
            pass
    return found


def cpu_s(pid):
    fields = open("/proc/%d/stat" % pid).read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def private_kb(pid):
    return sum(int(line.split()[1]) for line in open("/proc/%d/smaps_rollup" % pid) if line.startswith("Private_"))


def no_sandbox_here(house, node):
    """The reason why tasks cannot run here, or None."""
    boards = house.call("GET", "/ondol/v1/boards?limit=10")["data"]
    return None if boards and all(b.get("sandbox", True) for b in boards) else "no sandbox can be made here"
