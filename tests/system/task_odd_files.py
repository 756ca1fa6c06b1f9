#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: Apache-2.0
"""Tasks whose files, folders or users are not as usual, on a real server and a real heater: results that no longer
fit into the account's quota, a folder for the command that is not there,
users, keys and names that are no plain paths.

Usage: task_odd_files.py ONDOL AGENT
"""
import sys

from house import TOKEN, Programs, check, end_well, skip

try:
    import boto3
    from botocore.client import Config
    from botocore.exceptions import ClientError
except ImportError:
    skip("there is no boto3 (install python3-boto3)")

ONDOL, AGENT = sys.argv[1:3]


def storage_of(h):
    return boto3.client("s3", endpoint_url="http://127.0.0.1:%d" % h.s3_port, aws_access_key_id=h.EMAIL, aws_secret_access_key=TOKEN,
                        region_name="default", config=Config(signature_version="s3v4"))


def code_of(h, uuid):
    task = h.ended(uuid, "Failure")
    check("it says why: %s" % task["errors"], len(task["errors"]) == 1)
    return task["errors"][0]["code"], task["errors"][0]["message"]


def results_over_the_quota_end_the_task(h, s3):
    """They were refused while they were staged, as if another board could store them: it ran thousands of times."""
    s3.create_bucket(Bucket="full")
    s3.put_object(Bucket="full", Key="0", Body=bytes(25_000_000))
    try:
        for i in range(1, 100):
            s3.copy_object(Bucket="full", Key=str(i), CopySource="full/0")
        check("the quota of a gigabyte is never reached", False)
    except ClientError as e:
        check("the quota is reached: %s" % e, e.response["Error"]["Code"] == "QuotaExceeded")
    uuid = h.submit("echo small > s; head -c 1000000 /dev/zero > b", resultBucket="full", resultsBucketPrefix="r/")
    code, message = code_of(h, uuid)
    check("%s: %s" % (code, message), code == "results-over-quota")
    check("nothing of it is there", s3.list_objects_v2(Bucket="full", Prefix="r/")["KeyCount"] == 0)
    check("it ran once", h.task(uuid)["completedInstances"][0]["executionAttemptCount"] == 1)
    s3.delete_objects(Bucket="full", Delete={"Objects": [{"Key": o["Key"]} for o in s3.list_objects_v2(Bucket="full")["Contents"]]})


def the_folder_of_the_command_is_made(h):
    """As `docker run -w` does; it ended with `bwrap: Can't chdir`. Results need /job on the disk of the board."""
    for bucket in None, "wd-b":
        for path in "/job/new/dir", "/tmp/wd":
            constants = [{"key": "DOCKER_CMD", "value": "sh -c 'pwd; echo x > f'"}, {"key": "DOCKER_WORKDIR", "value": path}]
            uuid = h.submit("", constants=constants, resultBucket=bucket)
            h.ended(uuid, "Success")
            check("it begins there: %s" % h.stdout(uuid), h.stdout(uuid) == path + "\n")
    uuid = h.submit("", constants=[{"key": "DOCKER_CMD", "value": "true"}, {"key": "DOCKER_WORKDIR", "value": "/newdir"}])
    code, message = code_of(h, uuid)
    check("%s: %s" % (code, message), code == "bad-workdir" and "workdir /newdir: is no folder" in message)


def who_the_command_is_is_told_without_an_image_too(h):
    """DOCKER_USER without an image was as good as not said."""
    def of(user):
        return h.submit("", resultBucket=None, constants=[{"key": "DOCKER_CMD", "value": "sh -c 'id -u; id -g; touch f'"},
                                                          {"key": "DOCKER_USER", "value": user}])
    for user, want in ("root", "0 0"), ("", "1000 1000"), ("job", "1000 1000"), ("7:8", "7 8"), ("${DOCKER_USER}", "1000 1000"):
        uuid = of(user)
        h.ended(uuid, "Success")
        check("%s is %s" % (user, h.stdout(uuid)), h.stdout(uuid).split() == want.split())
    code, message = code_of(h, of("ubuntu"))
    check("%s: %s" % (code, message), code == "bad-user" and "user ubuntu: there is none of that name" in message)


def a_key_with_a_dot_comes(h, s3):
    """The address of ./c was shortened to that of c on its way, and the signature was no more that of the request."""
    s3.create_bucket(Bucket="dot-b")
    for key in "./c", "d/./e", "f//g":
        s3.put_object(Bucket="dot-b", Key=key, Body=key.encode())
    uuid = h.submit("cat c d/e f/g", resourceBuckets=["dot-b"], resultBucket=None)
    h.ended(uuid, "Success")
    check("all came: %s" % h.stdout(uuid), h.stdout(uuid) == "./cd/./ef//g")


def one_bad_name_leaves_the_others(h, s3):
    """A result whose name is no key took all others with it."""
    s3.create_bucket(Bucket="name-b")
    program = ("import os\nopen('/job/good','w').write('x')\nopen(b'/job/bad\\xff','w').write('x')\n"
               "p='/job/'+'/'.join(['d'*200]*6)\nos.makedirs(p)\nopen(p+'/f','w').write('x')\n")
    s3.put_object(Bucket="name-b", Key="in/make.py", Body=program.encode())
    for code in 0, 3:
        uuid = h.submit("python3 in/make.py; echo ready; exit %d" % code, resourceBuckets=["name-b"], resultBucket="name-b",
                        resultsBucketPrefix="out%d/" % code)
        got = code_of(h, uuid)
        check("%s: %s" % (code, got), got[0] == ("exit-code" if code else "results-name"))
        check("it is named: %s" % got[1], code or "bad\\xff: its name is not UTF-8" in got[1] or "its key has more than" in got[1])
        keys = [o["Key"] for o in s3.list_objects_v2(Bucket="name-b", Prefix="out%d/" % code).get("Contents", [])]
        check("the others are there: %s" % keys, keys == ["out%d/good" % code])


def main():
    h = Programs(ONDOL, AGENT, boards=2)
    h.serve("--s3-gigabytes", "1")
    h.heat()
    s3 = storage_of(h)
    results_over_the_quota_end_the_task(h, s3)
    the_folder_of_the_command_is_made(h)
    a_key_with_a_dot_comes(h, s3)
    one_bad_name_leaves_the_others(h, s3)
    who_the_command_is_is_told_without_an_image_too(h)
    end_well(h.agent, h.server)
    print("odd files, plain ends")


main()
