#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: Apache-2.0
"""Tasks with buckets, on a real server and a real heater: resources, results by difference, filters, snapshots, PATCH,
arrays, cancellation, resources that are too large; and with the heater's program or the server killed while results
are on their way: they appear once, all together, of one attempt.

Usage: task_buckets.py ONDOL AGENT
"""
import glob
import os
import re
import sqlite3
import sys
import time

from house import DIR, TOKEN, Programs, check, end_well, kill, skip, wait

try:
    import boto3
    from botocore.client import Config
except ImportError:
    skip("there is no boto3 (install python3-boto3)")

ONDOL, AGENT = sys.argv[1:3]
FILES = 60
MIB = 1 << 20


class Heater(Programs):
    def __init__(self):
        super().__init__(ONDOL, AGENT, boards=2)
        self.storage = "http://127.0.0.1:%d" % self.s3_port
        self.s3 = boto3.client("s3", endpoint_url=self.storage, aws_access_key_id=self.EMAIL, aws_secret_access_key=TOKEN,
                               region_name="default", config=Config(signature_version="s3v4"))
        self.serve()
        self.heat()

    def says_ready(self, uuid):
        wait("task %s says ready" % uuid, lambda: self.stdout(uuid) == "ready\n")

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
    uuid = h.submit("cat a.txt; find . -type f -printf x | wc -c; cp a.txt new; echo x >> data/c; touch data/deep/b.bin; "
                    "ln -s /etc/passwd link; mkdir -p e; echo y > e/f; head -c 70000000 /dev/zero > e/zeros", advancedResourceBuckets=advanced)
    task = h.ended(uuid, "Success")
    check("the later bucket counts", h.stdout(uuid).split() == ["of", "the", "second", "4"])
    check("what is new or changed: %s" % h.keys(), h.keys() == {"data/c": 3, "e/f": 2, "e/zeros": 70000000, "new": 14})
    check("one upload of results", task["resultsCount"] == 1 and task["resultBucket"] == "out-b")
    here = h.storage.split("://")[1]
    check("and what it is called: %s" % task["completedInstances"],
          sorted(task["completedInstances"][0]["results"]) == ["s3://%s/out-b/%s" % (here, k) for k in sorted(h.keys())])
    status = task["status"]
    spent = [status["%sTimeSec" % part] for part in ("download", "environment", "execution", "upload")]
    check("the parts make no more than the whole: %s" % status, sum(spent) <= status["wallTimeSec"])
    check("by instance", [i["instanceId"] for i in status["executionTimeByInstanceId"]] == [0])
    check("told back as given", len(task["advancedResourceBuckets"]) == 2 and task["resourceBuckets"] == [])

    uuid = h.submit("ls; echo 1 > keep.csv; echo 2 > drop.csv; echo 3 > other; exit 7", resultsBucketPrefix="f/", resultsWhitelist=".${KIND}$",
                  resultsBlacklist="^drop", resourceBuckets=None, constants=[
                      {"key": "KIND", "value": "csv"}, {"key": "DOCKER_CMD", "value": "sh -c 'ls; echo 1 > keep.csv; echo 2 > drop.csv; exit 7'"}],
                  advancedResourceBuckets=[{"bucketName": "in-b", "filtering": {"prefixFiltering": {"prefix": "data/"}},
                                            "resourcesTransformation": {"stripPrefix": {"prefix": "data/"}}}])
    task = h.ended(uuid)
    check("it fails as its command did", task["state"] == "Failure" and task["errors"][0]["code"] == "exit-code")
    check("filtered and stripped", h.stdout(uuid).split() == ["c", "deep"])
    check("results of a failure, filtered: %s" % h.keys("f/"), h.keys("f/") == {"f/keep.csv": 2})

    # A program in a bucket was no program in the instance: bwrap: execvp /job/run: Permission denied.
    h.s3.put_object(Bucket="in-b", Key="tool/run", Body=b"#!/bin/sh\necho ran\n")
    uuid = h.submit("", constants=[{"key": "DOCKER_CMD", "value": "/job/run"}], advancedResourceBuckets=[
        {"bucketName": "in-b", "filtering": {"prefixFiltering": {"prefix": "tool/"}},
         "resourcesTransformation": {"stripPrefix": {"prefix": "tool/"}}}])
    h.ended(uuid, "Success")
    check("it runs, and is no result", h.stdout(uuid) == "ran\n" and "run" not in h.keys())
    h.s3.delete_object(Bucket="in-b", Key="tool/run")

    h.call("POST", "/tasks", {"name": "t", "profile": "docker-batch", "instanceCount": 1, "resourceBuckets": ["nowhere"]}, 404)
    uuid = h.submit("echo ${INSTANCE_ID} > i${INSTANCE_ID}", instanceCount=3, resultsBucketPrefix="array/", resourceBuckets=["in-2"])
    h.ended(uuid, "Success")
    check("each instance of an array: %s" % h.keys("array/"), h.keys("array/") == {"array/i%d" % i: 2 for i in range(3)})


def kept_for_a_while(h):
    """What came once does not come again while its TTL lasts, unless it has changed; and nobody sees what it may not."""
    def came(uuid):
        task = h.ended(uuid, "Success")
        check("it is the current one", h.stdout(uuid) == h.s3.get_object(Bucket="in-2", Key="big")["Body"].read(9).decode())
        check("all is there", task["status"]["downloadProgress"] == 100)
        db = sqlite3.connect("file:%s/server/ondol.db?mode=ro" % DIR, uri=True)
        got = db.execute("SELECT fetch_bytes FROM attempt JOIN task ON task = task.id WHERE task.uuid = ?", (uuid,)).fetchall()
        db.close()
        return got[0][0]

    def run(ttl):
        bucket = {"bucketName": "in-2", "filtering": {"prefixFiltering": {"prefix": "big"}}, "cacheTTLSec": ttl}
        return came(h.submit("head -c 9 big", advancedResourceBuckets=[bucket]))

    big = b"version 1" + bytes(65536)
    h.s3.put_object(Bucket="in-2", Key="big", Body=big)
    check("it comes once", [run(None), run(None), run(3600)] == [len(big), 0, 0])
    check("unless it is not to be kept", run(0) == len(big))
    h.s3.put_object(Bucket="in-2", Key="big", Body=b"version 2" + bytes(65536))
    check("a new one comes", [run(None), run(None)] == [len(big), 0])
    h.s3.delete_object(Bucket="in-2", Key="big")
    held = [d for d in glob.glob("/dev/shm/ondol-*/cache") + glob.glob("/tmp/ondol-*/cache") if os.stat(d).st_mode & 0o777 != 0o700]
    check("copies are the agent's alone: %s" % held, held == [])


def what_is_forced(h):
    """Forced constants stand above the task's own, in its command too."""
    uuid = h.submit("echo $NAME ${NAME}; false", resultBucket=None, constants=[
        {"key": "NAME", "value": "own"}, {"key": "DOCKER_CMD", "value": "false"}], forcedConstants=[
        {"constantName": "DOCKER_CMD", "forcedValue": "echo ${NAME} ${OTHER}"}, {"constantName": "NAME", "forcedValue": "forced"},
        {"constantName": "OTHER", "forcedValue": None}])
    h.ended(uuid, "Success")
    check("forced: %s" % h.stdout(uuid), h.stdout(uuid) == "forced ${OTHER}\n")


def what_cannot_be(h):
    """More than a board takes; a bucket that goes away; a filter that is none."""
    h.s3.put_object(Bucket="large", Key="0", Body=bytes(32 * MIB))
    for i in range(8):
        h.s3.copy_object(Bucket="large", Key=str(i + 1), CopySource="large/0")
    too_large = h.submit("true", resourceBuckets=["large"])
    no_filter = h.submit("echo > x", resultsWhitelist="${INSTANCE_ID}(")
    task = h.ended(too_large)
    check("too large: %s" % task["state"], task["state"] == "Failure")
    check(task["errors"], re.search(r"resources need %d bytes, board has \d+" % (9 * 32 * MIB), task["errors"][0]["message"]))
    task = h.ended(no_filter)
    check(task["errors"], task["state"] == "Failure" and task["errors"][0]["code"] == "results-filter")


def while_it_runs(h):
    uuid = h.submit("echo one > s.txt; echo two > t.txt; echo ready; while [ ! -e stop/go ]; do sleep 0.05; done; cat new; echo end > end", resourceBuckets=["in-2"],
                  resultsBucketPrefix="run/", snapshotBucketPrefix="snap/", snapshotWhitelist="s.txt")
    h.call("POST", "/tasks/%s/snapshot/periodic" % uuid, {"interval": -1}, 400)
    h.call("POST", "/tasks/%s/snapshot/periodic" % uuid, {"interval": 5})  # before it runs
    task = h.call("GET", "/tasks/" + uuid)
    check("the interval is told: %s" % task["snapshotInterval"], task["snapshotInterval"] == 5)
    h.says_ready(uuid)
    shot = h.call("POST", "/tasks/%s/snapshot" % uuid, {"whitelist": "t.txt", "bucketPrefix": "one/", "bucket": "other-b"})
    check("a snapshot is asked for: %s" % shot, shot["status"] == "Triggered" and shot["taskUuid"] == uuid)
    path = "/tasks/%s/snapshot/%s" % (uuid, shot["id"])
    wait("the snapshot is taken", lambda: h.call("GET", path)["status"] == "Success")
    check("its size: %s" % h.call("GET", path), h.call("GET", path)["transferredSize"] == 4)
    check("it holds what was asked for", [o["Key"] for o in h.s3.list_objects_v2(Bucket="other-b")["Contents"]] == ["one/t.txt"])
    wait("a periodic one by the task's own filters", lambda: h.keys("snap/") == {"snap/s.txt": 4})
    h.s3.put_object(Bucket="in-2", Key="new", Body=b"came later\n")
    h.call("PATCH", "/tasks/" + uuid)
    h.s3.put_object(Bucket="in-2", Key="stop/go", Body=b"")
    h.call("PATCH", "/tasks/" + uuid)
    task = h.ended(uuid, "Success")
    check("new resources came to it", h.stdout(uuid) == "ready\ncame later\n")
    check("and are no results: %s" % h.keys("run/"), h.keys("run/") == {"run/s.txt": 4, "run/t.txt": 4, "run/end": 4})
    check("snapshots and results count: %s" % task["resultsCount"], task["resultsCount"] >= 3)
    h.call("PATCH", "/tasks/" + uuid, status=400)
    h.s3.delete_object(Bucket="in-2", Key="stop/go")

    for asked in (True, False):
        prefix = "cancel-%s/" % asked
        uuid = h.submit("echo begun > begun; echo ready; sleep 600", resultsBucketPrefix=prefix, uploadResultsOnCancellation=asked)
        h.says_ready(uuid)
        h.call("POST", "/tasks/%s/abort" % uuid)
        check("it is cancelled", h.ended(uuid)["state"] == "Cancelled")
        check("results of what was cancelled, if asked (%s): %s" % (asked, h.keys(prefix)), bool(h.keys(prefix)) == asked)


def refused_leaves_no_bucket(h):
    """What is refused makes nothing: neither by the fleet's hardware, nor by the account's projects; names that no bucket can have."""
    def buckets():
        return {b["Name"] for b in h.s3.list_buckets()["Buckets"]}

    before = buckets()
    task = {"name": "t", "profile": "docker-batch", "instanceCount": 1, "resultBucket": "made-for-nothing", "constants": [
        {"key": "DOCKER_CMD", "value": "true"}]}
    h.call("POST", "/tasks", dict(task, hardwareConstraints=[{"discriminator": "GpuHardwareConstraint"}]), 402)
    h.call("POST", "/tasks", dict(task, projectUuid="0b5f6f0e-7a51-4a0e-9a43-2f1f6a1b7c11"), 400)
    check("no bucket of a refused task", buckets() == before)
    refusal = h.call("POST", "/tasks", dict(task, resultBucket="rb"), 404)
    check("why there can be none: %s" % refusal, "No such bucket: rb, and none can be made" in refusal["message"])
    refusal = h.call("POST", "/tasks", dict(task, resultsBucketPrefix="x" * 1025), 400)
    check("no key can begin so: %s" % refusal, "resultsBucketPrefix" in refusal["message"])
    many = h.call("POST", "/tasks", [dict(task, projectUuid="0b5f6f0e-7a51-4a0e-9a43-2f1f6a1b7c11"), dict(task, resultBucket="made-b")], 207)
    check("each of a list alone: %s" % many, [m["statusCode"] for m in many] == [400, 200])
    h.call("DELETE", "/tasks/" + many[1]["uuid"])
    check("only that of the good one", buckets() - before == {"made-b"})


def in_a_pool(h):
    """A pool's buckets are there for its preparation and for what runs in it, below the task's own."""
    h.s3.put_object(Bucket="pool-b", Key="pool/a.txt", Body=b"of the pool\n")
    h.s3.put_object(Bucket="pool-b", Key="pool/p.txt", Body=b"p\n")
    pool = {"name": "p", "profile": "docker-batch", "instanceCount": 2, "multiSlotsSettings": {"slotsPerNode": 2},
            "preparationTask": {"commandLine": "grep -q pool a.txt"},
            "advancedResourceBuckets": [{"bucketName": "pool-b", "filtering": {"prefixFiltering": {"prefix": "pool/"}},
                                         "resourcesTransformation": {"stripPrefix": {"prefix": "pool/"}}}]}
    refusal = h.call("POST", "/pools", dict(pool, advancedResourceBuckets=[{"bucketName": "nowhere"}]), 404)
    check("as for tasks: %s" % refusal, refusal["message"] == "No such bucket: nowhere")
    refusal = h.call("POST", "/pools", dict(pool, resourceBuckets=["in-2"]), 400)
    check("one form or the other: %s" % refusal, "Invalid pool file. Invalid fields: resourceBuckets." in refusal["message"])
    pool = h.call("POST", "/pools", pool)["uuid"]
    check("told back", h.call("GET", "/pools/" + pool)["advancedResourceBuckets"][0]["bucketName"] == "pool-b")
    uuid = h.submit("cat a.txt p.txt; ls; echo ready; while [ ! -e late ]; do sleep 0.05; done", poolUuid=pool, profile=None,
                  resultsBucketPrefix="pool-1/")
    wait("it sees the pool's files", lambda: h.stdout(uuid) == "of the pool\np\na.txt\np.txt\nready\n")
    h.s3.put_object(Bucket="pool-b", Key="pool/late", Body=b"")
    h.call("PATCH", "/pools/" + pool)
    h.ended(uuid, "Success")
    check("and leaves none of them: %s" % h.keys("pool-1/"), h.keys("pool-1/") == {})
    uuid = h.submit("cat a.txt; echo ${INSTANCE_ID} > i${INSTANCE_ID}", poolUuid=pool, profile=None, instanceCount=3,
                  resultsBucketPrefix="pool/", resourceBuckets=["in-2"])
    task = h.ended(uuid, "Success")
    check("it ran in the pool", task["poolUuid"] == pool)
    for i in range(3):
        check("instance %d has its resources" % i, h.stdout(uuid, i) == "of the second\n")
    check("each instance's results: %s" % h.keys("pool/"), h.keys("pool/") == {"pool/i%d" % i: 2 for i in range(3)})
    uuid = h.submit("echo one > s; echo ready; sleep 600", poolUuid=pool, profile=None, resultsBucketPrefix="pool-2/",
                  uploadResultsOnCancellation=True)
    h.says_ready(uuid)
    shot = h.call("POST", "/tasks/%s/snapshot" % uuid, {"bucketPrefix": "pool-3/"})
    wait("a snapshot in a pool", lambda: h.call("GET", "/tasks/%s/snapshot/%s" % (uuid, shot["id"]))["status"] == "Success")
    check("it holds what was there: %s" % h.keys("pool-3/"), h.keys("pool-3/") == {"pool-3/s": 4})
    h.call("POST", "/pools/%s/close" % pool)
    check("it ends with its pool", h.ended(uuid)["state"] == "Cancelled")
    check("and leaves its results, as asked: %s" % h.keys("pool-2/"), h.keys("pool-2/") == {"pool-2/s": 4})
    h.call("DELETE", "/pools/%s" % pool)
    wait("the pool is gone", lambda: pool not in [p["uuid"] for p in h.call("GET", "/pools")])


def killed(h, who, round_):
    """Every file of the results names the attempt that made it."""
    prefix = "kill-%s-%d/" % (who, round_)
    uuid = h.submit("cat /proc/sys/kernel/random/uuid > id; i=0; while [ $i -lt %d ]; do cp id r$i; i=$((i+1)); done" % (FILES - 1),
                  resultsBucketPrefix=prefix)
    wait("its results are on their way", lambda: h.task(uuid)["state"] in ("UploadingResults", "Success"))
    time.sleep(round_ * 0.02)
    if who == "agent":
        kill(h.agent)
        n = len(h.keys(prefix))
        check("%d of %d results are there: all, or none" % (n, FILES), n in (0, FILES))
        h.heat()
    else:
        kill(h.server)
        h.serve()
    h.ended(uuid, "Success")
    check("all results are there", len(h.keys(prefix)) == FILES)
    check("all of one attempt", len({h.read(key) for key in h.keys(prefix)}) == 1)


def main():
    h = Heater()
    for bucket in ("in-b", "in-2", "large", "out-b", "pool-b"):
        h.s3.create_bucket(Bucket=bucket)
    resources_and_results(h)
    kept_for_a_while(h)
    what_is_forced(h)
    what_cannot_be(h)
    while_it_runs(h)
    refused_leaves_no_bucket(h)
    in_a_pool(h)
    for who, round_ in (("agent", 0), ("agent", 1), ("server", 2)):
        killed(h, who, round_)
    names = [b["Name"] for b in h.s3.list_buckets()["Buckets"]]
    check("no other bucket is seen: %s" % names, names == ["in-2", "in-b", "large", "made-b", "other-b", "out-b", "pool-b"])
    end_well(h.agent, h.server)
    print("resources came, results went, once")


main()
