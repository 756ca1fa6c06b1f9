#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: Apache-2.0
"""Objects in somebody else's storage: the endpoint of a second server, behind a link that can refuse, be busy or cut
answers short. Resources, results, snapshots, caches; tenants; who knows which key; and what a task says when it cannot.

Usage: task_outside.py ONDOL AGENT
"""
import hashlib
import os
import re
import sys
import threading

from house import TOKEN, check, end_well, kill, wait
from outside import MIB, SECRET, Config, Link, Servers, boto3

ONDOL, AGENT = sys.argv[1:3]


def all_is_well(h, mine):
    check("clients are sent there", h.call("GET", "/settings")["storage"] == h.storage)
    big = os.urandom(3 * MIB)
    for key, value in (("a.txt", b"hello\n"), ("data/deep/b.bin", big), ("odd/ \u00e9+&%", b"o")):
        h.s3.put_object(Bucket=mine + "in-b", Key=key, Body=value)
    uuid = h.submit("cat a.txt; find . -type f -printf x | wc -c; md5sum data/deep/b.bin; echo x >> a.txt; mkdir d; echo y > d/\"f +\"; "
                  "head -c 70000000 /dev/zero > zeros", resourceBuckets=["in-b"], resultsBucketPrefix="p/")
    task = h.ended(uuid, "Success")
    out = h.stdout(uuid).split()
    check("its resources came: %s" % out, out[:3] == ["hello", "3", hashlib.md5(big).hexdigest()])
    here = h.keys(mine + "out-b")
    check("what is new or changed: %s" % here, here == {"p/a.txt": 8, "p/d/f +": 2, "p/zeros": 70000000})
    check("and what it is called: %s" % task["completedInstances"],
          sorted(task["completedInstances"][0]["results"])[0] == "s3://%s/out-b/p/a.txt" % h.storage.split("://")[1])
    wait("nothing is left where it was staged", lambda: h.keys("ondol-staging") == {})

    uuid = h.submit("echo one > s.txt; echo ready; while [ ! -e go ]; do sleep 0.05; done", resourceBuckets=["in-b"])
    wait("it runs", lambda: "ready" in h.stdout(uuid))
    shot = h.call("POST", "/tasks/%s/snapshot" % uuid, {"bucketPrefix": "snap/", "bucket": mine + "other-b"})
    wait("a snapshot", lambda: h.call("GET", "/tasks/%s/snapshot/%s" % (uuid, shot["id"]))["status"] == "Success")
    check("is there, by its whole name too", h.keys(mine + "other-b") == {"snap/s.txt": 4})
    h.s3.put_object(Bucket=mine + "in-b", Key="go", Body=b"")
    h.call("PATCH", "/tasks/" + uuid)
    h.ended(uuid, "Success")
    h.s3.delete_object(Bucket=mine + "in-b", Key="go")


def nobody_has_what_is_not_his(h, mine):
    h.s3.create_bucket(Bucket="ondol-99-theirs")
    for name in ("ondol-99-theirs", "theirs", "ondol-staging", "../ondol-99-theirs", "ondol-9"):
        h.call("POST", "/tasks", {"name": "t", "profile": "docker-batch", "instanceCount": 1, "resourceBuckets": [name]}, 404)
    asked = [s for s in Link.seen if "Authorization" in s[2]]
    check("the storage is asked with presigned addresses alone: %s" % asked[:1], asked == [])
    check("which die within minutes", all(int(re.search(r"X-Amz-Expires=(\d+)", s[1]).group(1)) <= 300 for s in Link.seen))
    check("buckets of the account, and the server's: %s" % {s[1].split("?")[0].split("/")[1] for s in Link.seen},
          {s[1].split("?")[0].split("/")[1] for s in Link.seen} <= {mine + n for n in ("in-b", "out-b", "other-b", "theirs", "ondol-99-theirs",
                                                                                        "ondol-staging", "ondol-9")} | {"ondol-staging"})
    pid = str(h.agent.pid)
    for place in ("cmdline", "environ"):
        check("the heater's program does not know the key", SECRET.encode() not in open("/proc/%s/%s" % (pid, place), "rb").read())
    door = boto3.client("s3", endpoint_url="http://127.0.0.1:%d" % h.s3_port, aws_access_key_id="customer@example.org",
                        aws_secret_access_key=TOKEN, region_name="here", config=Config(retries={"max_attempts": 1}))
    try:
        door.list_objects_v2(Bucket="in-b")
        check("customers have no door", False)
    except door.exceptions.ClientError as e:
        check("customers have no door: %s" % e, e.response["Error"]["Code"] == "InvalidAccessKeyId")


def it_has_bad_days(h, mine):
    """Busy, cut short, gone, refusing for a moment: the task does not notice."""
    turn, lock = [0], threading.Lock()

    def moody(method, path):
        with lock:
            turn[0] += 1
            return {0: 503, 2: "cut" if method == "GET" else None, 4: "drop", 5: 403}.get(turn[0] % 7)

    Link.trouble = staticmethod(moody)
    h.s3.put_object(Bucket=mine + "in-b", Key="fresh", Body=os.urandom(2 * MIB))
    uuid = h.submit("wc -c < fresh; for i in 1 2 3 4 5 6; do echo $i > r$i; done", resourceBuckets=["in-b"], resultsBucketPrefix="moody/")
    h.ended(uuid, "Success")
    check("whole", h.stdout(uuid) == "%d\n" % (2 * MIB))
    check("all of them: %s" % h.keys(mine + "out-b", "moody/"), len(h.keys(mine + "out-b", "moody/")) == 6)
    check("it was moody", turn[0] > 12)
    Link.trouble = staticmethod(lambda method, path: None)


def patience_ends(h, mine):
    """The task fails, and says why."""
    uncached = [{"bucketName": "in-b", "cacheTTLSec": 0}]
    for trouble, code in ((503, "storage-unavailable"), (403, "storage-refuses")):
        Link.trouble = staticmethod(lambda method, path: trouble if "list-type" in path and "/ondol-staging" not in path else None)
        task = h.ended(h.submit("true", advancedResourceBuckets=uncached), "Failure")
        check("it says why: %s" % task["errors"], task["errors"][0]["code"] == code and "in-b" in task["errors"][0]["message"])
    Link.trouble = staticmethod(lambda method, path: 503 if method == "PUT" and "/%sout-b/" % mine in path else None)
    task = h.ended(h.submit("echo 1 > x", resultsBucketPrefix="never/"), "Failure")
    check("and of results: %s" % task["errors"], task["errors"][0]["code"] == "results-not-stored")
    # Of several results all or none: what was copied before is taken back, and what was there is there again.
    h.s3.put_object(Bucket=mine + "out-b", Key="half/a", Body=b"old")
    Link.trouble = staticmethod(lambda method, path: 503 if method == "PUT" and "/%sout-b/half/c" % mine in path else None)
    task = h.ended(h.submit("for i in a b c; do echo new $i > $i; done", resultsBucketPrefix="half/"), "Failure")
    check("half of it cannot be stored: %s" % task["errors"], task["errors"][0]["code"] == "results-not-stored")
    seen = [s[1].split("?")[0] for s in Link.seen if s[0] == "PUT"]
    check("two of them were copied", {"/%sout-b/half/a" % mine, "/%sout-b/half/b" % mine} <= set(seen))
    check("none of it is left: %s" % h.keys(mine + "out-b", "half/"), h.keys(mine + "out-b", "half/") == {"half/a": 3})
    check("what was there", h.s3.get_object(Bucket=mine + "out-b", Key="half/a")["Body"].read() == b"old")
    wait("nothing is left where it was staged", lambda: h.keys("ondol-staging") == {})
    # The storage is gone: who asks hears so at once, in the shape that clients know, and nothing has been made.
    Link.trouble = staticmethod(lambda method, path: 503)
    tasks, pools = len(h.call("GET", "/tasks/summaries")), len(h.call("GET", "/pools/summaries"))
    one = {"name": "t", "profile": "docker-batch", "instanceCount": 1}
    for path, body in (("/tasks", dict(one, resourceBuckets=["new-b"])), ("/tasks", dict(one, resultBucket="new-b")),
                       ("/pools", dict(one, advancedResourceBuckets=[{"bucketName": "new-b"}]))):
        refusal = h.call("POST", path, body, 503)
        check("it is not taken blindly: %s" % refusal, list(refusal) == ["message"] and "storage" in refusal["message"].lower())
    many = h.call("POST", "/tasks", [dict(one, resourceBuckets=["new-b"])] * 2, 503)
    check("nor several: %s" % many, [(t["statusCode"], t["uuid"]) for t in many] == [(503, None)] * 2)
    check("and none was made", tasks == len(h.call("GET", "/tasks/summaries")) and pools == len(h.call("GET", "/pools/summaries")))
    Link.trouble = staticmethod(lambda method, path: None)


def the_server_is_killed(h, mine):
    Link.trouble = staticmethod(lambda method, path: 503 if method == "PUT" and "/%sout-b/" % mine in path else None)
    uuid = h.submit("for i in 1 2 3; do echo $i > k$i; done", resultsBucketPrefix="killed/")
    wait("it publishes", lambda: any(s[0] == "PUT" and "/killed/k" in s[1] and "/%sout-b/" % mine in s[1] for s in Link.seen))
    kill(h.server)
    Link.trouble = staticmethod(lambda method, path: None)
    h.start(1)
    h.ended(uuid, "Success")
    check("after the restart they are there: %s" % h.keys(mine + "out-b", "killed/"), len(h.keys(mine + "out-b", "killed/")) == 3)


def main():
    h = Servers(ONDOL, AGENT, 60)
    mine = "ondol-1-"
    for bucket in ("in-b", "out-b"):
        h.s3.create_bucket(Bucket=mine + bucket)
    all_is_well(h, mine)
    nobody_has_what_is_not_his(h, mine)
    it_has_bad_days(h, mine)
    the_server_is_killed(h, mine)
    patience_ends(h, mine)
    end_well(h.agent, h.server)
    print("objects outside: there and back, and nobody's key but the server's")


main()
