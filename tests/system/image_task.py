#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: Apache-2.0
"""Images of containers, on a real server and a real node: imported from archives of both kinds, listed, run in, replaced,
removed; pulled from a registry on the loopback, with a login, by the operator and by a task; hostile ones; what a task is
told when there is none.

Usage: image_task.py ONDOL PROBE
"""
import crypt
import gzip
import hashlib
import io
import json
import os
import shutil
import socket
import subprocess
import sys
import tarfile
import tempfile

if os.access("/dev/shm", os.W_OK):
    tempfile.tempdir = "/dev/shm"  # much is synced, which costs nothing on a RAM disk
from house import DIR, TOKEN, Api, check, end_well, free_port, skip, spawn, start_ready, wait

ONDOL, PROBE = sys.argv[1:3]
for tool in "skopeo", "umoci":
    if not shutil.which(tool):
        skip("there is no %s (install the package)" % tool)


# ---- archives, made here


def entry(name, data=b"", **more):
    t = tarfile.TarInfo(name)
    t.size = len(data)
    t.mode = 0o644
    for k, v in more.items():
        setattr(t, k, v)
    return t, data


def layer(entries):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for t, data in entries:
            tar.addfile(t, io.BytesIO(data))
    return out.getvalue()


def probe():
    with open(PROBE, "rb") as f:
        return entry("bin/probe", f.read(), mode=0o4700)


def sha(data):
    return hashlib.sha256(data).hexdigest()


def config_of(layers, config):
    return json.dumps({"architecture": "amd64", "os": "linux", "config": config,
                       "rootfs": {"type": "layers", "diff_ids": ["sha256:" + sha(x) for x in layers]}}).encode()


def write_tar(path, files):
    with tarfile.open(path, "w") as tar:
        for name, data in files:
            tar.addfile(*(lambda t, d: (t, io.BytesIO(d)))(*entry(name, data)))
    return path


def docker_archive(name, layers, config):
    c = config_of(layers, config)
    manifest = [{"Config": sha(c) + ".json", "RepoTags": [name], "Layers": [sha(x) + "/layer.tar" for x in layers]}]
    return write_tar(DIR + "/docker.tar", [("manifest.json", json.dumps(manifest).encode()), (sha(c) + ".json", c)] +
                     [(sha(x) + "/layer.tar", x) for x in layers])


def oci_archive(name, layers, config, extra=()):
    packed = [gzip.compress(x, 1) for x in layers]
    c = config_of(layers, config)
    kind = "application/vnd.oci.image."
    m = json.dumps({"schemaVersion": 2, "mediaType": kind + "manifest.v1+json",
                    "config": {"mediaType": kind + "config.v1+json", "digest": "sha256:" + sha(c), "size": len(c)},
                    "layers": [{"mediaType": kind + "layer.v1.tar+gzip", "digest": "sha256:" + sha(x), "size": len(x)}
                               for x in packed]}).encode()
    index = {"schemaVersion": 2, "manifests": [
        {"mediaType": kind + "manifest.v1+json", "digest": "sha256:" + sha(m), "size": len(m),
         "annotations": {"org.opencontainers.image.ref.name": name}}]}
    path = write_tar(DIR + "/oci.tar", [("oci-layout", b'{"imageLayoutVersion":"1.0.0"}'),
                                        ("index.json", json.dumps(index).encode())] +
                     [("blobs/sha256/" + sha(x), x) for x in packed + [c, m]])
    if extra:
        with tarfile.open(path, "a") as tar:
            for t, data in extra:
                tar.addfile(t, io.BytesIO(data))
    return path


# ---- the house


class Dev(Api):
    def __init__(self, registry):
        # The folder is relative, as people type it: imports and pulls found "no such file or directory" there.
        self.process, line = start_ready("dev", [
            os.path.abspath(ONDOL), "dev", "--data", "data", "--listen", "127.0.0.1:0", "--heaters", "1", "--boards", "2", "--token", TOKEN,
            "--speed", "20", "--registries", "http://" + registry], cwd=DIR)
        super().__init__(line.split()[3])
        self.env = dict(os.environ, ONDOL_URL=self.url, ONDOL_TOKEN=TOKEN)

    def cli(self, want, *args, stdin=None):
        p = subprocess.run([ONDOL] + list(args), env=self.env, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                           timeout=120, check=False)
        said = p.stdout.decode() + p.stderr.decode()
        check("ondol %s: exit code %d, not %d: %s" % (" ".join(args), p.returncode, want, said), p.returncode == want)
        return said

    def submit(self, **constants):
        return self.call("POST", "/tasks", {
            "name": "t", "profile": "docker-batch", "instanceCount": 1,
            "constants": [{"key": k, "value": v} for k, v in constants.items()]})["uuid"]

    def output(self, uuid):
        self.ended(uuid, "Success")
        return self.stdout(uuid).splitlines()

    def error(self, uuid):
        task = self.ended(uuid, "Failure")
        return task["errors"][0]["code"], task["errors"][0]["message"]

    def images(self):
        return json.loads(self.cli(0, "image", "list", "--json"))


CONFIG = {"Entrypoint": ["/bin/probe", "entry"], "Cmd": ["from", "image"], "WorkingDir": "/work", "User": "someone",
          "Env": ["PATH=/bin", "FROM_IMAGE=1", "BOTH=image"]}
BASE = [entry("bin", type=tarfile.DIRTYPE, mode=0o700), probe(), entry("removed", b"x"),
        entry("work", type=tarfile.DIRTYPE, mode=0o755), entry("etc", type=tarfile.DIRTYPE, mode=0o700),
        entry("etc/passwd", b"root:x:0:0::/:/bin/sh\nsomeone:x:1234:55::/:/bin/sh\n", mode=0o600),
        entry("proc", type=tarfile.SYMTYPE, linkname="/etc"), entry("link", type=tarfile.SYMTYPE, linkname="/etc/../../../etc"),
        entry("null", type=tarfile.CHRTYPE, devmajor=1, devminor=3)]
SECOND = [entry("layer2", b"2"), entry(".wh.removed")]


def runs_in_an_image(h):
    said = h.cli(0, "image", "import", docker_archive("acme/probe:1", [layer(BASE), layer(SECOND)], CONFIG))
    check(said, said.startswith("acme/probe:1 sha256:"))
    out = h.output(h.submit(DOCKER_REPO="acme/probe", DOCKER_TAG="1", BOTH="task", FROM_TASK="2"))
    for line in ("argv [entry] [from] [image]", "cwd /job", "uid 1234 gid 55", "FROM_IMAGE=1", "BOTH=task", "FROM_TASK=2",
                 "PATH=/bin", "HOME=/job", "/layer2 there", "/removed gone", "root Read-only file system", "job written",
                 "suid 0", "host hidden"):
        check("%s is not in %s" % (line, out), line in out)
    out = h.output(h.submit(DOCKER_REPO="acme/${N}", N="probe", DOCKER_TAG="1", DOCKER_CMD='a "b c"', DOCKER_WORKDIR="",
                            DOCKER_USER="7:8"))
    for line in "argv [entry] [a] [b c]", "cwd /work", "uid 7 gid 8":
        check("%s is not in %s" % (line, out), line in out)
    # Its last command, which is not of the image's entrypoint, as the same user.
    out = h.output(h.submit(DOCKER_REPO="acme/probe", DOCKER_TAG="1", DOCKER_SHUTDOWN_CMD="probe bye"))
    first, last = out.index("argv [entry] [from] [image]"), out.index("argv [bye]")
    check(out, first < last and out.count("uid 1234 gid 55") == 2 and "root Read-only file system" in out[last:])
    check("bad user", h.error(h.submit(DOCKER_REPO="acme/probe", DOCKER_TAG="1", DOCKER_USER="nobody-here"))[0] == "bad-user")


def kept_and_removed(h):
    a, = h.images()
    check(a, a["name"] == "acme/probe:1" and a["files"] == len(BASE) + len(SECOND) and len(a["layers"]) == 2)
    blobs = DIR + "/data/images/blobs"
    check(os.listdir(blobs), len(os.listdir(blobs)) == 4)
    # The same layers under another name, from an archive of the other kind, are the same files.
    h.cli(0, "image", "import", oci_archive("docker.io/acme/other:latest", [layer(BASE)], {}))
    # docker save | gzip: image: skopeo: loading tar component manifest.json: invalid tar header
    with open(docker_archive("acme/packed:1", [layer(BASE)], {}), "rb") as f, gzip.open(DIR + "/docker.tar.gz", "wb", 1) as to:
        shutil.copyfileobj(f, to)
    h.cli(0, "image", "import", DIR + "/docker.tar.gz")
    os.truncate(DIR + "/docker.tar.gz", os.path.getsize(DIR + "/docker.tar.gz") // 2)
    h.cli(4, "image", "import", "--name", "acme/cut:1", DIR + "/docker.tar.gz")
    h.cli(0, "image", "remove", "acme/packed:1")
    check(h.images(), [i["name"] for i in h.images()] == ["acme/probe:1", "acme/other:latest"])
    h.cli(0, "image", "remove", a["digest"])
    h.cli(4, "image", "remove", "acme/probe:1")
    check(os.listdir(blobs), [i["name"] for i in h.images()] == ["acme/other:latest"] and len(os.listdir(blobs)) == 3)
    code, why = h.error(h.submit(DOCKER_REPO="nowhere:1/acme/probe", DOCKER_CMD="x"))
    check(why, code == "image-unavailable" and "is not at this site" in why)
    # What is imported as library/... stands before the machine's own programs, which are back when it is removed.
    check("the machine's own", h.output(h.submit(DOCKER_CMD="test -e /usr/bin/env")) == [])
    h.cli(0, "image", "import", oci_archive("ubuntu:latest", [layer(BASE)], CONFIG))
    check("the imported one", "host hidden" in h.output(h.submit(DOCKER_REPO="library/ubuntu")))
    h.cli(0, "image", "remove", "ubuntu")
    check("the machine's own again", h.output(h.submit(DOCKER_CMD="test -e /usr/bin/env")) == [])
    for who in "no-token", open(DIR + "/data/node-token").read().strip():
        check("images for " + who, h.ask("GET", "/ondol/v1/images", token=who)[0] == 401)
        check("a blob for a customer", h.ask("GET", "/ondol/v1/sync/blobs/sha256:" + 64 * "0", token=TOKEN)[0] == 401)


def hostile(h):
    outside = DIR + "/outside"
    trap = [entry("blobs/sha256/" + 64 * "a", type=tarfile.SYMTYPE, linkname=DIR), entry("../outside", b"out"),
            entry(outside, b"out"), entry("d", type=tarfile.SYMTYPE, linkname=DIR), entry("d/outside", b"out")]
    h.cli(0, "image", "import", oci_archive("bad:1", [layer(BASE)], CONFIG, trap))
    inside = [entry("d", type=tarfile.SYMTYPE, linkname=DIR), entry("d/outside", b"out"), entry(outside, b"out"),
              entry("tmp", type=tarfile.SYMTYPE, linkname=DIR), entry("job", b"a file"), entry("etc/resolv.conf", type=tarfile.SYMTYPE,
                                                                                            linkname=outside)]
    h.cli(0, "image", "import", oci_archive("acme/bad:2", [layer(BASE + inside)], CONFIG))
    check("runs all the same", "job written" in h.output(h.submit(DOCKER_REPO="acme/bad", DOCKER_TAG="2")))
    check("an image came out of its folder", not os.path.exists(outside))
    big = entry("zeros")
    big[0].size = 1 << 40
    out = io.BytesIO()
    out.write(big[0].tobuf() + b"\0" * 4096)
    for name, entries, says in (("up", layer([entry("../x", b"x")]), "leads out"), ("bomb", out.getvalue(), "when unpacked"),
                                ("junk", b"not a tar" * 500, "cannot be read")):
        said = h.cli(4, "image", "import", oci_archive("acme/%s:1" % name, [entries], CONFIG))
        check("%s: %s" % (name, said), says in said)
    write_tar(DIR + "/none.tar", [("readme", b"x")])
    check("no image", "neither manifest.json nor oci-layout" in h.cli(4, "image", "import", DIR + "/none.tar"))
    check("something is left of imports", os.listdir(DIR + "/data/images/work") == [])


# ---- a registry


def start_registry(port):
    if not shutil.which("docker-registry"):
        return None
    with open(DIR + "/htpasswd", "w") as f:
        f.write("ann:%s\n" % crypt.crypt("open-sesame", crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=16)))
    with open(DIR + "/registry.yml", "w") as f:
        json.dump({"version": 0.1, "storage": {"filesystem": {"rootdirectory": DIR + "/registry"}},
                   "http": {"addr": "127.0.0.1:%d" % port}, "auth": {"htpasswd": {"realm": "r", "path": DIR + "/htpasswd"}}}, f)
    with open(DIR + "/registry.out", "wb") as out:
        return spawn("registry", ["docker-registry", "serve", DIR + "/registry.yml"], stdout=out)


def pulls(h, host, archive):
    def up():
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", int(host.split(":")[1]))) == 0
    wait("the registry listens", up)
    subprocess.run(["skopeo", "--insecure-policy", "copy", "--quiet", "--dest-tls-verify=false", "--dest-creds", "ann:open-sesame",
                    "oci-archive:" + archive, "docker://%s/team/tool:2" % host], check=True, timeout=60)
    said = h.cli(4, "image", "pull", "team/tool:2")
    check(said, "auth" in said.lower())
    code, why = h.error(h.submit(DOCKER_REPO="team/tool", DOCKER_TAG="2"))
    check(why, code == "image-unavailable")
    # A task that still waits has its image pulled.
    def in_job(job, before, **constants):
        return h.call("POST", "/tasks", {
            "name": "t", "profile": "docker-batch", "instanceCount": 1, "jobUuid": job, "dependencies": {"dependsOn": before},
            "constants": [{"key": k, "value": v} for k, v in constants.items()]})["uuid"]
    job = h.call("POST", "/jobs", {"name": "j", "useDependencies": True})["uuid"]
    first = in_job(job, [], DOCKER_CMD="sleep 3600")
    in_job(job, [first], DOCKER_REPO="team/tool", DOCKER_TAG="2", DOCKER_SRV="http://" + host, DOCKER_REGISTRY_LOGIN="ann",
           DOCKER_REGISTRY_PASSWORD="open-sesame")
    wait("an image comes before its task runs", lambda: host + "/team/tool:2" in [i["name"] for i in h.images()])
    check("the job is deleted", h.ask("DELETE", "/jobs/%s?force=true" % job)[0] == 200)
    # A task with a login has it for its account.
    out = h.output(h.submit(DOCKER_REPO="team/tool", DOCKER_TAG="2", DOCKER_SRV="http://" + host, DOCKER_REGISTRY_LOGIN="ann",
                            DOCKER_REGISTRY_PASSWORD="open-sesame"))
    check(out, "argv [entry] [from] [image]" in out)
    check(h.images(), [i["account"] != 0 for i in h.images() if i["name"] == host + "/team/tool:2"] == [True])
    with open(DIR + "/password", "w") as f:
        f.write("open-sesame\n")
    h.cli(0, "image", "pull", "team/tool:2", "--login", "ann", "--password-file", DIR + "/password")
    check(h.images(), [i["account"] for i in h.images() if i["name"] == "team/tool:2"] == [0])
    h.cli(4, "image", "pull", "team/none:2", "--login", "ann", "--password-file", DIR + "/password")


def main():
    port = free_port()
    host = "127.0.0.1:%d" % port
    registry = start_registry(port)
    h = Dev(host)
    runs_in_an_image(h)
    kept_and_removed(h)
    hostile(h)
    if registry:
        pulls(h, host, oci_archive("it", [layer(BASE)], CONFIG))
    end_well(h.process)
    print("images" if registry else "images (without a registry: there is no docker-registry)")


main()
