#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: Apache-2.0
"""What other storages do and our own endpoint does not: refusals without a message, quotas of theirs, a space that is
written as +, a long call that ends badly after its 200, an answer that is lost when the work was done; all of it by https
with an authority of the operator's own.

Usage: outside_manners.py ONDOL AGENT MAKE_CERT
"""
import subprocess
import sys

from house import DIR, check, end_well
from outside import Link, Servers

ONDOL, AGENT, MAKE_CERT = sys.argv[1:4]
MINE = "ondol-1-"


def refusal(code):
    return ("<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>%s</Code><BucketName>b</BucketName></Error>" % code).encode()


def trouble(f):
    Link.seen.clear()
    Link.trouble = staticmethod(f)


def once(method, part, what):
    """The first request of this kind gets it, and no other."""
    told = []

    def f(m, path):
        if m == method and part in path and not told:
            told.append(path)
            return what
        return None
    return f


def asked(method, part):
    return [s[1].split("?")[0] for s in Link.seen if s[0] == method and part in s[1]]


def names_as_they_are(h):
    """`./` in a key was taken out of the address on the way, and the signature was wrong; a space came as +."""
    for key in ("./dot", "a/./b", "with space", "with+plus"):
        h.s3.put_object(Bucket=MINE + "in-b", Key=key, Body=key.encode())
    Link.changed = staticmethod(lambda path, data: data.replace(b"%20", b"+") if "list-type" in path else data)
    uuid = h.submit("cat dot a/b \"with space\" with+plus; echo r > \"r +\"", resourceBuckets=["in-b"],
                    resultsBucketPrefix="./p/../q/")
    h.ended(uuid, "Success")
    check("each by its name: %s" % h.stdout(uuid), h.stdout(uuid) == "./dota/./bwith spacewith+plus")
    check("and there: %s" % h.keys(MINE + "out-b"), h.keys(MINE + "out-b") == {"./p/../q/r +": 2})
    Link.changed = staticmethod(lambda path, data: data)


def no_room_there(h):
    """A quota of the storage's own is no reason to wait: nothing passes by itself. It says a code and no message."""
    full = (403, refusal("QuotaExceeded"))
    trouble(lambda method, path: full if method == "PUT" and "/ondol-staging/" in path else None)
    task = h.ended(h.submit("echo 1 > x", resultsBucketPrefix="full/"), "Failure")
    check("the node is told: %s" % task["errors"], task["errors"][0]["code"] == "results-over-quota" and
          "QuotaExceeded" in task["errors"][0]["message"])
    check("and does not wait: %s" % asked("PUT", "/full/"), len(asked("PUT", "/full/")) < 4)
    trouble(lambda method, path: full if method == "PUT" and "/%sout-b/" % MINE in path else None)
    task = h.ended(h.submit("echo 1 > x", resultsBucketPrefix="full/"), "Failure")
    check("the server is told: %s" % task["errors"], task["errors"][0]["code"] == "results-over-quota" and
          "QuotaExceeded" in task["errors"][0]["message"])
    check("nor it: %s" % asked("PUT", "out-b/full/"), len(asked("PUT", "out-b/full/")) < 4)
    # What is too large for one request is given up as a whole: nothing lies there that nobody would ever complete.
    trouble(lambda method, path: full if "partNumber=2" in path else None)
    task = h.ended(h.submit("head -c 70000000 /dev/zero > x", resultsBucketPrefix="full/"), "Failure")
    check("in parts: %s" % task["errors"], task["errors"][0]["code"] == "results-over-quota")
    left = h.s3.list_multipart_uploads(Bucket="ondol-staging").get("Uploads", [])
    check("no upload is left open: %s" % left, left == [])


def the_last_call(h):
    """CompleteMultipartUpload ends badly after its 200, or well and nobody hears: there was no result, or the task failed."""
    for name, what in (("late/", (200, refusal("InternalError"))), ("lost/", "lost")):
        trouble(once("POST", "uploadId=", what))
        h.ended(h.submit("head -c 70000000 /dev/zero > x", resultsBucketPrefix=name), "Success")
        check("it is there: %s" % h.keys(MINE + "out-b", name), h.keys(MINE + "out-b", name) == {name + "x": 70000000})
        check("asked again", len(asked("POST", "uploadId=")) >= 2)


def whose_fault(h):
    """A key that is refused is not a bucket that is not there; what was staged and is gone is not one either."""
    task = {"name": "t", "profile": "docker-batch", "instanceCount": 1, "resourceBuckets": ["other-b"]}
    for code, status in (("AccessDenied", 404), ("SignatureDoesNotMatch", 503)):
        trouble(lambda method, path: (403, b"" if method == "HEAD" else refusal(code)) if "other-b" in path else None)
        said = h.call("POST", "/tasks", task, status)
        check("the customer hears what it is: %s" % said, ("No such bucket" in said["message"]) == (status == 404))
    check("by its name: %s" % said, code in said["message"])
    trouble(lambda method, path: (404, refusal("NoSuchKey")) if method == "PUT" and "/%sout-b/" % MINE in path else None)
    task = h.ended(h.submit("echo 1 > x", resultsBucketPrefix="gone/"), "Failure")
    check("no bucket is missed: %s" % task["errors"], task["errors"][0]["code"] == "results-not-stored")


def main():
    subprocess.run([MAKE_CERT, DIR], check=True)
    h = Servers(ONDOL, AGENT, 60, tls=True)
    for bucket in ("in-b", "out-b"):
        h.s3.create_bucket(Bucket=MINE + bucket)
    names_as_they_are(h)
    no_room_there(h)
    the_last_call(h)
    whose_fault(h)
    end_well(h.agent, h.server)
    print("manners of other storages, by https: names, quotas, late errors, lost answers")


main()
