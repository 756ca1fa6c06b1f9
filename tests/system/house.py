# SPDX-License-Identifier: Apache-2.0
# Words of the tests that play a whole house: a server, agents with virtual heaters, and what a customer sees.
import atexit, json, os, shutil, signal, socket, subprocess, sys, tempfile, time, urllib.error, urllib.request

HOUSE0 = 1705276800000  # 15 January 2024
TOKEN, NODE_TOKEN = "test-token-0123456789", "test-node-token-0123456789"
NAME = os.path.basename(sys.argv[0])
DIR = tempfile.mkdtemp(prefix="ondol-%s-" % NAME.split(".")[0])
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


def skip(why):
    print("skipped: %s" % why)
    sys.exit(77)


def show_logs():
    for name in sorted(os.listdir(DIR)):
        if name.endswith((".err", ".out")):
            print("--- %s\n%s" % (name, open(os.path.join(DIR, name), errors="replace").read()[-3000:]))


def fail(what):
    print("%s: %s" % (NAME, what))
    show_logs()
    print("repeat: %s" % " ".join(sys.argv))
    sys.exit(1)


def _unforeseen(*exception):
    sys.__excepthook__(*exception)
    show_logs()


sys.excepthook = _unforeseen


def check(what, ok):
    if not ok:
        fail(what)


def wait(what, condition, seconds=120, beat=0.05):
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


def said_ready(name, p, seconds=120):
    """The line with which the program whose output is DIR/NAME.out says that it is ready."""
    def line():
        check("%s runs" % name, p.poll() is None)
        with open(os.path.join(DIR, name + ".out"), errors="replace") as f:
            return next((x for x in f if "ready at " in x and x.endswith("\n")), None)
    return wait("%s is ready" % name, line, seconds)


def start_ready(name, argv, **kw):
    """A program of ours that says when it is ready; (process, that line)."""
    with open(os.path.join(DIR, name + ".out"), "w") as out:
        p = spawn(name, argv, stdout=out, **kw)
    return p, said_ready(name, p)


def end_well(*programs):
    """As a service manager ends them."""
    for p in programs:
        p.terminate()
    for p in programs:
        check("%s ends with 0, not %s" % (p.args[0], p.wait(60)), p.returncode == 0)


def kill(p):
    p.kill()
    p.wait()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Api:
    """The API of a server, as somebody sees it."""

    def __init__(self, url, token=TOKEN):
        self.url, self.token = url, token

    def ask(self, method, path, body=None, token=None):
        """(status, answer), whatever it is."""
        data = json.dumps(body).encode() if body is not None else None
        req = urllib.request.Request(self.url + path, data, {"Authorization": token or self.token}, method=method)
        try:
            with urllib.request.urlopen(req, timeout=60) as r:
                status, text = r.status, r.read().decode()
        except urllib.error.HTTPError as e:
            status, text = e.code, e.read().decode()
        try:
            return status, json.loads(text or "null")
        except ValueError:
            return status, text

    def call(self, method, path, body=None, status=None, token=None):
        """The answer, of this status (None: any that is no error)."""
        got, value = self.ask(method, path, body, token)
        check("%s %s: %d, not %s: %s" % (method, path, got, status or "2xx", str(value)[:300]),
              got == status if status else got < 300)
        return value

    def task(self, uuid):
        return self.call("GET", "/tasks/" + uuid)

    def stdout(self, uuid, instance=0):
        return self.call("GET", "/tasks/%s/stdout/%d" % (uuid, instance)) or ""

    def done(self, uuid):
        return self.task(uuid)["state"] in ("Success", "Failure", "Cancelled")

    def ended(self, uuid, state=None, seconds=120):
        """The task, when it has ended; in that state."""
        wait(lambda: "task %s ends: %s" % (uuid, self.call("GET", "/ondol/v1/tasks/%s/why" % uuid)), lambda: self.done(uuid),
             seconds)
        task = self.task(uuid)
        check("%s, not %s: %s" % (task["state"], state, task["errors"]), state in (None, task["state"]))
        return task


def fleet(boards):
    """A cold room with one heater, as the agent's configuration."""
    return ("[node]\nname = n\n[virtual]\narchetype = rt2005\nstart_temp = 15\n[zone z]\nsetpoint = 22\n[heater h]\nzone = z\n"
            + "".join("[board b%d]\nheater = h\nmemory_mb = 512\n" % i for i in range(boards)))


class Programs(Api):
    """`ondol server` and an agent, started as operators do, on one clock that runs ten times as fast."""
    EMAIL = "customer@example.org"

    def __init__(self, ondol, agent, boards=1):
        self.port, self.s3_port = free_port(), free_port()
        super().__init__("http://127.0.0.1:%d" % self.port)
        self.ondol, self.agent_exe = ondol, agent
        now = str(int(time.time() * 1000))
        self.clock = ["--speed", "10", "--house-epoch-ms", now, "--wall-epoch-ms", now]
        with open(DIR + "/fleet.ini", "w") as f:
            f.write(fleet(boards))
        self.server = self.agent = None

    def start_server(self, name, port, s3_port, email, token, *options):
        argv = [self.ondol, "server", "--data", DIR + "/" + name, "--listen", "127.0.0.1:%d" % port, "--s3-listen",
                "127.0.0.1:%d" % s3_port, "--email", email, "--token", token, "--node-token", NODE_TOKEN, *self.clock, *options]
        return start_ready(name, argv)[0]

    def serve(self, *options):
        self.server = self.start_server("server", self.port, self.s3_port, self.EMAIL, TOKEN, *options)

    def heat(self, *options):
        self.agent = spawn("agent", [self.agent_exe, "--server", self.url, "--token", NODE_TOKEN, "--config",
                                     DIR + "/fleet.ini", "--host-cores", "2", *self.clock, *options])

    def submit(self, command, **fields):
        """A task of one instance, whose results go to out-b."""
        return self.call("POST", "/tasks", dict({
            "name": "t", "profile": "docker-batch", "instanceCount": 1, "resultBucket": "out-b",
            "constants": [{"key": "DOCKER_CMD", "value": "sh -c '%s'" % command}]}, **fields))["uuid"]


class House(Api):
    """Server and agents on one clock, of which a test sets all."""

    def __init__(self, server_exe, agent_exe, speed=1, lease_wall_ms=60000):
        self.server_exe, self.agent_exe, self.speed, self.lease = server_exe, agent_exe, speed, lease_wall_ms
        self.wall0, self.port = int(time.time() * 1000), free_port()
        super().__init__("http://127.0.0.1:%d" % self.port)
        self.server = None

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

    def zones(self):
        return self.call("GET", "/ondol/v1/zones?limit=1000")["data"]

    def online(self, n):
        wait("%d zones are online" % n, lambda: sum(z["online"] for z in self.zones()) >= n)

    def submit(self, command, instances=1, retries=None):
        return self.call("POST", "/tasks", {
            "name": "t", "profile": "docker-batch", "instanceCount": instances,
            "constants": [{"key": "DOCKER_CMD", "value": command}],
            "retrySettings": {"maxTotalRetries": retries, "maxPerInstanceRetries": retries}})["uuid"]


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


def heater_of_one_board(house, program):
    """An agent `a` whose board takes work; the test is skipped where no sandbox can be made."""
    spawn("agent", [program, "--node", "a", "--virtual", "--empty", "--boards", "1", "--server", house.url],
          env=dict(os.environ, ONDOL_NODE_TOKEN=NODE_TOKEN))
    wait("a board", lambda: house.call("GET", "/ondol/v1/boards?limit=1")["data"])
    why = no_sandbox_here(house, "a")
    if why:
        skip(why)
