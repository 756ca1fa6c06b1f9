#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tasks with buckets, on a real server and a real heater: resources, results by difference, filters, snapshots, PATCH,
arrays, cancellation, resources that are too large; and with the heater's program or the server killed while results
are on their way: they appear once, all together, of one attempt.

Usage: task_buckets.py ONDOL AGENT
"""
import glob
import json
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

try:
    import boto3
    from botocore.client import Config
except ImportError:
    print("skipped: there is no boto3 (install python3-boto3)")
    sys.exit(77)

ONDOL, AGENT = sys.argv[1:3]
DIR = tempfile.mkdtemp(prefix="ondol-buckets.", dir=os.environ.get("TMPDIR"))
EMAIL, TOKEN = "customer@example.org", "token-of-this-test"
FILES = 60
MIB = 1 << 20
FLEET = """
[node]
name = n
[virtual]
archetype = rt2005
start_temp = 15
[zone z]
setpoint = 22
[heater h]
zone = z
[board b0]
heater = h
memory_mb = 512
[board b1]
heater = h
memory_mb = 512
"""


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def eventually(condition, what, limit_s=120):
    until = time.monotonic() + limit_s
    while True:
        got = condition()
        if got:
            return got
        check(time.monotonic() < until, "not within %d s: %s" % (limit_s, what))
        time.sleep(0.02)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class House:
    def __init__(self):
        self.ports = free_port(), free_port()
        self.url, self.storage = ("http://127.0.0.1:%d" % p for p in self.ports)
        self.starts = 0
        now = str(int(time.time() * 1000))
        self.clock = ["--speed", "10", "--house-epoch-ms", now, "--wall-epoch-ms", now]
        with open(DIR + "/fleet.ini", "w") as f:
            f.write(FLEET)
        self.s3 = boto3.client("s3", endpoint_url=self.storage, aws_access_key_id=EMAIL, aws_secret_access_key=TOKEN,
                               region_name="default", config=Config(signature_version="s3v4"))
        self.server = self.agent = None
        self.serve()
        self.heat()

    def serve(self):
        self.starts += 1
        out = DIR + "/server%d.out" % self.starts
        self.server = subprocess.Popen(
            [ONDOL, "server", "--data", DIR + "/data", "--listen", "127.0.0.1:%d" % self.ports[0], "--s3-listen",
             "127.0.0.1:%d" % self.ports[1], "--email", EMAIL, "--token", TOKEN, "--node-token", "nodes-token"] +
            self.clock, stdout=open(out, "w"), stderr=open(DIR + "/server.err", "a"))
        eventually(lambda: "ready at" in open(out).read() or self.server.poll() is not None, "the server is ready")
        check(self.server.poll() is None, "the server runs: " + open(DIR + "/server.err").read())

    def heat(self):
        self.agent = subprocess.Popen(
            [AGENT, "--server", self.url, "--token", "nodes-token", "--config", DIR + "/fleet.ini", "--host-cores", "2"] +
            self.clock, stderr=open(DIR + "/agent.err", "a"))

    def end(self):
        for p in (self.agent, self.server):
            if p and p.poll() is None:
                p.terminate()
        codes = [p.wait(60) for p in (self.agent, self.server)]
        check(codes == [0, 0], "both end with 0, not %s" % codes)

    def kill(self):
        for p in (self.agent, self.server):
            if p and p.poll() is None:
                p.kill()
                p.wait()

    def api(self, method, path, body=None, status=200):
        ask = urllib.request.Request(self.url + path, method=method, headers={"Authorization": TOKEN, "Accept": "*/*"},
                                     data=None if body is None else json.dumps(body).encode())
        try:
            with urllib.request.urlopen(ask, timeout=60) as answer:
                got, text = answer.status, answer.read()
        except urllib.error.HTTPError as e:
            got, text = e.code, e.read()
        check(got == status, "%s %s: %d, not %d: %s" % (method, path, got, status, text[:300]))
        return json.loads(text) if text[:1] in (b"{", b"[") else text.decode()

    def task(self, command, **fields):
        body = {"name": "t", "profile": "docker-batch", "instanceCount": 1, "resultBucket": "out-b",
                "constants": [{"key": "DOCKER_CMD", "value": "sh -c '%s'" % command}]}
        body.update(fields)
        return self.api("POST", "/tasks", body)["uuid"]

    def state(self, uuid):
        return self.api("GET", "/tasks/" + uuid)["state"]

    def wait(self, uuid, states=("Success", "Failure", "Cancelled")):
        eventually(lambda: self.state(uuid) in states, "task %s gets to %s" % (uuid, (states,)))
        return self.api("GET", "/tasks/" + uuid)

    def ready(self, uuid):
        eventually(lambda: self.api("GET", "/tasks/%s/stdout/0" % uuid) == "ready\n", "task %s says ready" % uuid)

    def succeeds(self, uuid):
        task = self.wait(uuid)
        check(task["state"] == "Success", "%s: %s" % (task["state"], task["errors"]))
        return task

    def keys(self, prefix=""):
        return {o["Key"]: o["Size"] for o in self.s3.list_objects_v2(Bucket="out-b", Prefix=prefix).get("Contents", [])}

    def read(self, key):
        return self.s3.get_object(Bucket="out-b", Key=key)["Body"].read().decode()


def resources_and_results(h):
    for key, value in (("a.txt", b"hello\n"), ("data/deep/b.bin", os.urandom(3 * MIB)), ("data/c", b"c"), ("odd/\n\u00e9 +&", b"o")):
        h.s3.put_object(Bucket="in-b", Key=key, Body=value)
    h.s3.put_object(Bucket="in-2", Key="a.txt", Body=b"of the second\n")
    advanced = [{"bucketName": "in-b", "filtering": {}, "resourcesTransformation": {}, "cacheTTLSec": None},
                {"bucketName": "in-2", "filtering": None, "resourcesTransformation": None}]
    uuid = h.task("cat a.txt; find . -type f -printf x | wc -c; cp a.txt new; echo x >> data/c; touch data/deep/b.bin; ln -s /etc/passwd link; "
                  "mkdir -p e; echo y > e/f; head -c 70000000 /dev/zero > e/zeros", advancedResourceBuckets=advanced)
    task = h.succeeds(uuid)
    check(h.api("GET", "/tasks/%s/stdout/0" % uuid).split() == ["of", "the", "second", "4"], "the later bucket counts")
    check(h.keys() == {"data/c": 3, "e/f": 2, "e/zeros": 70000000, "new": 14}, "what is new or changed: %s" % h.keys())
    check(task["resultsCount"] == 1 and task["resultBucket"] == "out-b", "one upload of results")
    here = h.storage.split("://")[1]
    check(sorted(task["completedInstances"][0]["results"]) == ["s3://%s/out-b/%s" % (here, k) for k in sorted(h.keys())],
          "and what it is called: %s" % task["completedInstances"])
    status = task["status"]
    spent = [status["%sTimeSec" % part] for part in ("download", "environment", "execution", "upload")]
    check(sum(spent) <= status["wallTimeSec"], "the parts make no more than the whole: %s" % status)
    check([i["instanceId"] for i in status["executionTimeByInstanceId"]] == [0], "by instance")
    check(len(task["advancedResourceBuckets"]) == 2 and task["resourceBuckets"] == [], "told back as given")

    uuid = h.task("ls; echo 1 > keep.csv; echo 2 > drop.csv; echo 3 > other; exit 7", resultsBucketPrefix="f/", resultsWhitelist=".${KIND}$",
                  resultsBlacklist="^drop", resourceBuckets=None, constants=[
                      {"key": "KIND", "value": "csv"}, {"key": "DOCKER_CMD", "value": "sh -c 'ls; echo 1 > keep.csv; echo 2 > drop.csv; exit 7'"}],
                  advancedResourceBuckets=[{"bucketName": "in-b", "filtering": {"prefixFiltering": {"prefix": "data/"}},
                                            "resourcesTransformation": {"stripPrefix": {"prefix": "data/"}}}])
    task = h.wait(uuid)
    check(task["state"] == "Failure" and task["errors"][0]["code"] == "exit-code", "it fails as its command did")
    check(h.api("GET", "/tasks/%s/stdout/0" % uuid).split() == ["c", "deep"], "filtered and stripped")
    check(h.keys("f/") == {"f/keep.csv": 2}, "results of a failure, filtered: %s" % h.keys("f/"))

    # A program in a bucket was no program in the instance: bwrap: execvp /job/run: Permission denied.
    h.s3.put_object(Bucket="in-b", Key="tool/run", Body=b"#!/bin/sh\necho ran\n")
    uuid = h.task("", constants=[{"key": "DOCKER_CMD", "value": "/job/run"}], advancedResourceBuckets=[
        {"bucketName": "in-b", "filtering": {"prefixFiltering": {"prefix": "tool/"}},
         "resourcesTransformation": {"stripPrefix": {"prefix": "tool/"}}}])
    h.succeeds(uuid)
    check(h.api("GET", "/tasks/%s/stdout/0" % uuid) == "ran\n" and "run" not in h.keys(), "it runs, and is no result")
    h.s3.delete_object(Bucket="in-b", Key="tool/run")

    h.api("POST", "/tasks", {"name": "t", "profile": "docker-batch", "instanceCount": 1, "resourceBuckets": ["nowhere"]}, 404)
    uuid = h.task("echo ${INSTANCE_ID} > i${INSTANCE_ID}", instanceCount=3, resultsBucketPrefix="array/", resourceBuckets=["in-2"])
    h.succeeds(uuid)
    check(h.keys("array/") == {"array/i%d" % i: 2 for i in range(3)}, "each instance of an array: %s" % h.keys("array/"))


def kept_for_a_while(h):
    """What came once does not come again while its TTL lasts, unless it has changed; and nobody sees what it may not."""
    def came(uuid):
        task = h.succeeds(uuid)
        check(h.api("GET", "/tasks/%s/stdout/0" % uuid) == h.s3.get_object(Bucket="in-2", Key="big")["Body"].read(9).decode(), "it is the current one")
        check(task["status"]["downloadProgress"] == 100, "all is there")
        db = sqlite3.connect("file:%s/data/ondol.db?mode=ro" % DIR, uri=True)
        got = db.execute("SELECT fetch_bytes FROM attempt JOIN task ON task = task.id WHERE task.uuid = ?", (uuid,)).fetchall()
        db.close()
        return got[0][0]

    def run(ttl):
        bucket = {"bucketName": "in-2", "filtering": {"prefixFiltering": {"prefix": "big"}}, "cacheTTLSec": ttl}
        return came(h.task("head -c 9 big", advancedResourceBuckets=[bucket]))

    big = b"version 1" + bytes(65536)
    h.s3.put_object(Bucket="in-2", Key="big", Body=big)
    check([run(None), run(None), run(3600)] == [len(big), 0, 0], "it comes once")
    check(run(0) == len(big), "unless it is not to be kept")
    h.s3.put_object(Bucket="in-2", Key="big", Body=b"version 2" + bytes(65536))
    check([run(None), run(None)] == [len(big), 0], "a new one comes")
    h.s3.delete_object(Bucket="in-2", Key="big")
    held = [d for d in glob.glob("/dev/shm/ondol-*/cache") + glob.glob("/tmp/ondol-*/cache") if os.stat(d).st_mode & 0o777 != 0o700]
    check(held == [], "copies are the agent's alone: %s" % held)


def what_is_forced(h):
    """Forced constants stand above the task's own, in its command too."""
    uuid = h.task("echo $NAME ${NAME}; false", resultBucket=None, constants=[
        {"key": "NAME", "value": "own"}, {"key": "DOCKER_CMD", "value": "false"}], forcedConstants=[
        {"constantName": "DOCKER_CMD", "forcedValue": "echo ${NAME} ${OTHER}"}, {"constantName": "NAME", "forcedValue": "forced"},
        {"constantName": "OTHER", "forcedValue": None}])
    h.succeeds(uuid)
    check(h.api("GET", "/tasks/%s/stdout/0" % uuid) == "forced ${OTHER}\n", "forced: %s" % h.api("GET", "/tasks/%s/stdout/0" % uuid))


def what_cannot_be(h):
    """More than a board takes; a bucket that goes away; a filter that is none."""
    h.s3.put_object(Bucket="large", Key="0", Body=bytes(32 * MIB))
    for i in range(8):
        h.s3.copy_object(Bucket="large", Key=str(i + 1), CopySource="large/0")
    too_large = h.task("true", resourceBuckets=["large"])
    no_filter = h.task("echo > x", resultsWhitelist="(")
    task = h.wait(too_large)
    check(task["state"] == "Failure", "too large: %s" % task["state"])
    check(re.search(r"resources need %d bytes, board has \d+" % (9 * 32 * MIB), task["errors"][0]["message"]), task["errors"])
    task = h.wait(no_filter)
    check(task["state"] == "Failure" and task["errors"][0]["code"] == "results-filter", task["errors"])


def while_it_runs(h):
    uuid = h.task("echo one > s.txt; echo two > t.txt; echo ready; while [ ! -e stop/go ]; do sleep 0.05; done; cat new; echo end > end", resourceBuckets=["in-2"],
                  resultsBucketPrefix="run/", snapshotBucketPrefix="snap/", snapshotWhitelist="s.txt")
    h.api("POST", "/tasks/%s/snapshot/periodic" % uuid, {"interval": -1}, 400)
    h.api("POST", "/tasks/%s/snapshot/periodic" % uuid, {"interval": 5})  # before it runs
    h.ready(uuid)
    shot = h.api("POST", "/tasks/%s/snapshot" % uuid, {"whitelist": "t.txt", "bucketPrefix": "one/", "bucket": "other-b"})
    check(shot["status"] == "Triggered" and shot["taskUuid"] == uuid, "a snapshot is asked for: %s" % shot)
    path = "/tasks/%s/snapshot/%s" % (uuid, shot["id"])
    eventually(lambda: h.api("GET", path)["status"] == "Success", "the snapshot is taken")
    check(h.api("GET", path)["transferredSize"] == 4, "its size: %s" % h.api("GET", path))
    check([o["Key"] for o in h.s3.list_objects_v2(Bucket="other-b")["Contents"]] == ["one/t.txt"], "it holds what was asked for")
    eventually(lambda: h.keys("snap/") == {"snap/s.txt": 4}, "a periodic one by the task's own filters")
    h.s3.put_object(Bucket="in-2", Key="new", Body=b"came later\n")
    h.api("PATCH", "/tasks/" + uuid)
    h.s3.put_object(Bucket="in-2", Key="stop/go", Body=b"")
    h.api("PATCH", "/tasks/" + uuid)
    task = h.succeeds(uuid)
    check(h.api("GET", "/tasks/%s/stdout/0" % uuid) == "ready\ncame later\n", "new resources came to it")
    check(h.keys("run/") == {"run/s.txt": 4, "run/t.txt": 4, "run/end": 4}, "and are no results: %s" % h.keys("run/"))
    check(task["resultsCount"] >= 3, "snapshots and results count: %s" % task["resultsCount"])
    h.api("PATCH", "/tasks/" + uuid, status=400)
    h.s3.delete_object(Bucket="in-2", Key="stop/go")

    for asked in (True, False):
        prefix = "cancel-%s/" % asked
        uuid = h.task("echo begun > begun; echo ready; sleep 600", resultsBucketPrefix=prefix, uploadResultsOnCancellation=asked)
        h.ready(uuid)
        h.api("POST", "/tasks/%s/abort" % uuid)
        check(h.wait(uuid)["state"] == "Cancelled", "it is cancelled")
        check(bool(h.keys(prefix)) == asked, "results of what was cancelled, if asked (%s): %s" % (asked, h.keys(prefix)))


def in_a_pool(h):
    """A pool's buckets are there for its preparation and for what runs in it, below the task's own."""
    h.s3.put_object(Bucket="pool-b", Key="pool/a.txt", Body=b"of the pool\n")
    h.s3.put_object(Bucket="pool-b", Key="pool/p.txt", Body=b"p\n")
    pool = {"name": "p", "profile": "docker-batch", "instanceCount": 2, "multiSlotsSettings": {"slotsPerNode": 2},
            "preparationTask": {"commandLine": "grep -q pool a.txt"},
            "advancedResourceBuckets": [{"bucketName": "pool-b", "filtering": {"prefixFiltering": {"prefix": "pool/"}},
                                         "resourcesTransformation": {"stripPrefix": {"prefix": "pool/"}}}]}
    refusal = h.api("POST", "/pools", dict(pool, advancedResourceBuckets=[{"bucketName": "nowhere"}]), 404)
    check(refusal["message"] == "No such bucket: nowhere", "as for tasks: %s" % refusal)
    refusal = h.api("POST", "/pools", dict(pool, resourceBuckets=["in-2"]), 400)
    check("Invalid pool file. Invalid fields: resourceBuckets." in refusal["message"], "one form or the other: %s" % refusal)
    pool = h.api("POST", "/pools", pool)["uuid"]
    check(h.api("GET", "/pools/" + pool)["advancedResourceBuckets"][0]["bucketName"] == "pool-b", "told back")
    uuid = h.task("cat a.txt p.txt; ls; echo ready; while [ ! -e late ]; do sleep 0.05; done", poolUuid=pool, profile=None,
                  resultsBucketPrefix="pool-1/")
    eventually(lambda: h.api("GET", "/tasks/%s/stdout/0" % uuid) == "of the pool\np\na.txt\np.txt\nready\n", "it sees the pool's files")
    h.s3.put_object(Bucket="pool-b", Key="pool/late", Body=b"")
    h.api("PATCH", "/pools/" + pool)
    h.succeeds(uuid)
    check(h.keys("pool-1/") == {}, "and leaves none of them: %s" % h.keys("pool-1/"))
    uuid = h.task("cat a.txt; echo ${INSTANCE_ID} > i${INSTANCE_ID}", poolUuid=pool, profile=None, instanceCount=3,
                  resultsBucketPrefix="pool/", resourceBuckets=["in-2"])
    task = h.succeeds(uuid)
    check(task["poolUuid"] == pool, "it ran in the pool")
    for i in range(3):
        check(h.api("GET", "/tasks/%s/stdout/%d" % (uuid, i)) == "of the second\n", "instance %d has its resources" % i)
    check(h.keys("pool/") == {"pool/i%d" % i: 2 for i in range(3)}, "each instance's results: %s" % h.keys("pool/"))
    uuid = h.task("echo one > s; echo ready; sleep 600", poolUuid=pool, profile=None, resultsBucketPrefix="pool-2/",
                  uploadResultsOnCancellation=True)
    h.ready(uuid)
    shot = h.api("POST", "/tasks/%s/snapshot" % uuid, {"bucketPrefix": "pool-3/"})
    eventually(lambda: h.api("GET", "/tasks/%s/snapshot/%s" % (uuid, shot["id"]))["status"] == "Success", "a snapshot in a pool")
    check(h.keys("pool-3/") == {"pool-3/s": 4}, "it holds what was there: %s" % h.keys("pool-3/"))
    h.api("POST", "/pools/%s/close" % pool)
    check(h.wait(uuid)["state"] == "Cancelled", "it ends with its pool")
    check(h.keys("pool-2/") == {"pool-2/s": 4}, "and leaves its results, as asked: %s" % h.keys("pool-2/"))
    h.api("DELETE", "/pools/%s" % pool)
    eventually(lambda: pool not in [p["uuid"] for p in h.api("GET", "/pools")], "the pool is gone")


def killed(h, who, round_):
    """Every file of the results names the attempt that made it."""
    prefix = "kill-%s-%d/" % (who, round_)
    uuid = h.task("cat /proc/sys/kernel/random/uuid > id; i=0; while [ $i -lt %d ]; do cp id r$i; i=$((i+1)); done" % (FILES - 1),
                  resultsBucketPrefix=prefix)
    h.wait(uuid, ("UploadingResults", "Success"))
    time.sleep(round_ * 0.02)
    if who == "agent":
        h.agent.kill()
        h.agent.wait()
        n = len(h.keys(prefix))
        check(n in (0, FILES), "%d of %d results are there: all, or none" % (n, FILES))
        h.heat()
    else:
        h.server.kill()
        h.server.wait()
        h.serve()
    h.succeeds(uuid)
    check(len(h.keys(prefix)) == FILES, "all results are there")
    check(len({h.read(key) for key in h.keys(prefix)}) == 1, "all of one attempt")


def main():
    h = House()
    try:
        for bucket in ("in-b", "in-2", "large", "out-b", "pool-b"):
            h.s3.create_bucket(Bucket=bucket)
        resources_and_results(h)
        kept_for_a_while(h)
        what_is_forced(h)
        what_cannot_be(h)
        while_it_runs(h)
        in_a_pool(h)
        for who, round_ in (("agent", 0), ("agent", 1), ("server", 2)):
            killed(h, who, round_)
        names = [b["Name"] for b in h.s3.list_buckets()["Buckets"]]
        check(names == ["in-2", "in-b", "large", "other-b", "out-b", "pool-b"], "no other bucket is seen: %s" % names)
        h.end()
    except BaseException:
        for name in ("server.err", "agent.err"):
            print(name + ":", open(DIR + "/" + name).read()[-2000:])
        print("repeat: %s" % " ".join(sys.argv))
        raise
    finally:
        h.kill()
        shutil.rmtree(DIR, ignore_errors=True)
    print("resources came, results went, once")


main()
