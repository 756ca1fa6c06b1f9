#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: Apache-2.0
"""Buckets of `ondol dev`, used as customers do: with boto3, and where it matters with bare requests.

Usage: s3_boto3.py ONDOL [MAKE_CERT]

With MAKE_CERT, a program that writes certificates, the same over https with `ondol server`.
"""
import hashlib
import http.client
import io
import json
import os
import re
import socket
import ssl
import subprocess
import sys
import threading
import urllib.request

import house
from house import DIR, TOKEN, end_well, kill, skip, start_ready, wait

try:
    import boto3
    import botocore
    from boto3.s3.transfer import TransferConfig
    from botocore.client import Config
    from botocore.exceptions import ClientError
except ImportError:
    skip("there is no boto3 (install python3-boto3)")

ONDOL = sys.argv[1]
TLS = len(sys.argv) > 2
MIB = 1 << 20
EMAIL = "some.body+s3@example.org"
checks = 0


def check(what, ok):
    global checks
    checks += 1
    house.check(what, ok)


def data(n, seed=1):
    block = b"".join(hashlib.sha256(b"%d %d" % (seed, i)).digest() for i in range(2048))
    return (block * (n // len(block) + 1))[:n]


def refused(code, status, call, **arguments):
    try:
        call(**arguments)
    except ClientError as e:
        got = (e.response["Error"]["Code"], e.response["ResponseMetadata"]["HTTPStatusCode"])
        check("%s gives %s, not %s" % (call.__name__, got, (code, status)), got == (code, status))
        return e.response
    raise AssertionError("%s was not refused with %s" % (call.__name__, code))


def fetch(ask):
    trust = ssl.create_default_context(cafile=DIR + "/authority.crt") if TLS else None
    return urllib.request.urlopen(ask, timeout=60, context=trust)


class Dev:
    """ondol dev, or ondol server with TLS, with a port for buckets."""

    def __init__(self, *options):
        more = ["dev", "--heaters", "1", *options]
        if TLS:
            subprocess.run([sys.argv[2], DIR], check=True)
            more = ["server", "--tls-cert", DIR + "/server.crt", "--tls-key", DIR + "/server.key", "--s3-host", "localhost"]
        self.token = TOKEN
        self.process, said = start_ready("dev", [ONDOL] + more + [
            "--data", DIR + "/data", "--listen", "127.0.0.1:0", "--s3-listen", "127.0.0.1:0", "--email", EMAIL, "--token", TOKEN])
        with open(DIR + "/dev.out") as f:
            said += f.read()
        self.url = re.search(r"ready at ([^\s,]+)", said).group(1)
        self.storage = re.search(r"storage at (\S+)", said).group(1)
        self.port = int(self.storage.rsplit(":", 1)[1])

    def client(self, signature="s3v4", key=EMAIL, secret=None, **more):
        config = Config(signature_version=signature, retries={"max_attempts": 0}, read_timeout=120, **more)
        return boto3.client("s3", endpoint_url=self.storage, aws_access_key_id=key,
                            aws_secret_access_key=secret or self.token, region_name="default", config=config,
                            verify=DIR + "/authority.crt" if TLS else None)

    def api(self, path, body=None):
        ask = urllib.request.Request(self.url + path, headers={"Authorization": self.token},
                                     data=json.dumps(body).encode() if body else None)
        if body:
            ask.add_header("Content-Type", "application/json")
        return json.load(fetch(ask))


def discovery(dev, s3):
    check("/settings names the storage", dev.api("/settings")["storage"] == dev.storage)
    s3.create_bucket(Bucket="first-bucket")
    s3.create_bucket(Bucket="first-bucket")  # again: fine, it is ours
    s3.create_bucket(Bucket="located", CreateBucketConfiguration={"LocationConstraint": "anywhere"})
    names = [b["Name"] for b in s3.list_buckets()["Buckets"]]
    check("both buckets are listed: %s" % names, names == ["first-bucket", "located"])
    info = dev.api("/info")
    check("/info counts the buckets", info["email"] == EMAIL and info["bucketCount"] == 2 and info["maxBucket"] > 0)
    refused("InvalidBucketName", 400, s3.create_bucket, Bucket="un..usual")
    s3.delete_bucket(Bucket="located")
    answer = refused("NoSuchBucket", 404, s3.list_objects, Bucket="located")
    check("NoSuchBucket names the bucket", answer["Error"]["BucketName"] == "located")
    refused("404", 404, s3.head_bucket, Bucket="located")
    got = s3.head_bucket(Bucket="first-bucket")["ResponseMetadata"]["HTTPHeaders"]
    check("HEAD of a bucket counts", got["x-rgw-object-count"] == "0" and got["x-rgw-bytes-used"] == "0")
    check("no versioning", "Status" not in s3.get_bucket_versioning(Bucket="first-bucket"))
    check("the owner may everything", s3.get_bucket_acl(Bucket="first-bucket")["Grants"][0]["Permission"] == "FULL_CONTROL")


def who_may(dev):
    refused("SignatureDoesNotMatch", 403, dev.client(secret="x" * 40).list_buckets)
    refused("InvalidAccessKeyId", 403, dev.client(key="nobody@example.org").list_buckets)
    refused("AccessDenied", 403, dev.client(signature=botocore.UNSIGNED).list_buckets)
    v2 = dev.client(signature="s3")
    check("the older signature works in the header", v2.list_buckets()["Buckets"])
    v2.create_bucket(Bucket="first-bucket")  # signed with a slash that is not sent
    v2.put_object(Bucket="first-bucket", Key="old é", Body=b"way")
    check("and for a bucket and an object", v2.list_objects(Bucket="first-bucket")["Contents"][0]["Key"] == "old é")
    v2.delete_object(Bucket="first-bucket", Key="old é")


def neighbour(dev):
    """A second account: its token opens its own buckets, also after a restart, and a new one in place of the old."""
    more = {"email": "neighbour@example.org", "name": "n", "token": "token-of-the-neighbour"}
    made = dev.api("/ondol/v1/accounts", more)
    check("an account is made", made["email"] == more["email"])
    hers = dev.client(key=more["email"], secret=more["token"])
    hers.create_bucket(Bucket="hers-alone")
    check("she sees her bucket only", [b["Name"] for b in hers.list_buckets()["Buckets"]] == ["hers-alone"])
    refused("AccessDenied", 403, hers.list_objects, Bucket="first-bucket")
    refused("AccessDenied", 403, dev.client().list_objects, Bucket="hers-alone")


def neighbour_again(dev):
    hers = dev.client(key="neighbour@example.org", secret="token-of-the-neighbour")
    check("her token is known after a restart", hers.list_objects(Bucket="hers-alone")["Name"] == "hers-alone")
    for root, _, names in os.walk(DIR + "/data"):
        for name in names:
            with open(root + "/" + name, "rb") as f:
                check("%s holds no token in the clear" % name, b"token-of-the-neighbour" not in f.read())
    hers.delete_bucket(Bucket="hers-alone")


def one_object(s3, bucket, key, body):
    put = s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType="text/x-test", Metadata={"colour": "blue"},
                        CacheControl="no-cache")
    md5 = '"%s"' % hashlib.md5(body).hexdigest()
    check("the tag of %s is its MD5" % key, put["ETag"] == md5)
    head = s3.head_object(Bucket=bucket, Key=key)
    check("HEAD of %s" % key, head["ContentLength"] == len(body) and head["ETag"] == md5)
    got = s3.get_object(Bucket=bucket, Key=key)
    check("GET of %s" % key, got["Body"].read() == body)
    check("headers of %s" % key, got["ContentType"] == "text/x-test" and got["Metadata"] == {"colour": "blue"} and
          got["CacheControl"] == "no-cache")
    if len(body) < 100:
        return
    for text, first, last in (("bytes=10-19", 10, 19), ("bytes=%d-" % (len(body) - 7), len(body) - 7, len(body) - 1),
                              ("bytes=-5", len(body) - 5, len(body) - 1), ("bytes=50-99999999999", 50, len(body) - 1)):
        part = s3.get_object(Bucket=bucket, Key=key, Range=text, IfMatch=md5)
        check("%s of %s" % (text, key), part["Body"].read() == body[first:last + 1])
        check("Content-Range of %s" % text, part["ContentRange"] == "bytes %d-%d/%d" % (first, last, len(body)))
        check("206", part["ResponseMetadata"]["HTTPStatusCode"] == 206)
    refused("InvalidRange", 416, s3.get_object, Bucket=bucket, Key=key, Range="bytes=%d-" % len(body))
    refused("PreconditionFailed", 412, s3.get_object, Bucket=bucket, Key=key, IfMatch='"0"')
    refused("304", 304, s3.get_object, Bucket=bucket, Key=key, IfNoneMatch=md5)
    special = s3.get_object(Bucket=bucket, Key=key, ResponseContentType="a/b", ResponseContentDisposition="attachment")
    check("headers by query", special["ContentType"] == "a/b" and special["ContentDisposition"] == "attachment")


def objects(s3):
    bucket = "first-bucket"
    keys = ("plain", "../../etc/passwd", "a b+c%20&=?#é€", "/leading//double/", "x" * 1024, "dots/./..", "null\u007f")
    for i, key in enumerate(keys):
        one_object(s3, bucket, key, data(1000 + i))
    for n in (0, 1, 32768, 32769, 9 * MIB):
        one_object(s3, bucket, "size/%d" % n, data(n, n))
    listed = {o["Key"] for o in s3.list_objects(Bucket=bucket)["Contents"]}
    check("every key is listed as it was given", set(keys) <= listed)
    refused("NoSuchKey", 404, s3.get_object, Bucket=bucket, Key="plain/")
    refused("KeyTooLongError", 400, s3.put_object, Bucket=bucket, Key="x" * 1025, Body=b"")
    refused("MetadataTooLarge", 400, s3.put_object, Bucket=bucket, Key="m", Body=b"", Metadata={"a": "x" * 2049})
    s3.delete_object(Bucket=bucket, Key="plain")
    s3.delete_object(Bucket=bucket, Key="plain")  # not there: no error
    refused("404", 404, s3.head_object, Bucket=bucket, Key="plain")
    refused("BucketNotEmpty", 409, s3.delete_bucket, Bucket=bucket)


ATTRIBUTES = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"]


def checksums(s3):
    b, body = "first-bucket", data(100000)
    for name in ("CRC32", "SHA1", "SHA256"):
        put = s3.put_object(Bucket=b, Key="sum", Body=body, ChecksumAlgorithm=name)
        got = s3.get_object(Bucket=b, Key="sum", ChecksumMode="ENABLED")
        check("%s is kept and given back" % name, put["Checksum" + name] == got["Checksum" + name])
        check("the body fits its checksum", got["Body"].read() == body)
        facts = s3.get_object_attributes(Bucket=b, Key="sum", ObjectAttributes=ATTRIBUTES)
        kind = facts["Checksum"].pop("ChecksumType", "FULL_OBJECT")  # Debian's boto3 does not know it yet
        check("the kind of its checksum: %s" % kind, kind == "FULL_OBJECT")
        check("its attributes: %s" % facts, (facts["ETag"], facts["ObjectSize"], facts["StorageClass"], facts["Checksum"]) == (
            put["ETag"].strip('"'), len(body), "STANDARD", {"Checksum" + name: put["Checksum" + name]}))
        check("it has no parts", "ObjectParts" not in facts and facts["LastModified"])
    # From something that cannot be read twice: chunks with a trailer, over TLS unsigned, otherwise signed.
    s3.upload_fileobj(io.BytesIO(body), b, "stream", ExtraArgs={"ChecksumAlgorithm": "CRC32"})
    check("a stream with a trailing checksum", s3.get_object(Bucket=b, Key="stream")["Body"].read() == body)
    refused("BadDigest", 400, s3.put_object, Bucket=b, Key="wrong", Body=body, ContentMD5="1B2M2Y8AsgTpgAmY7PhCfg==")
    refused("InvalidDigest", 400, s3.put_object, Bucket=b, Key="wrong", Body=body, ContentMD5="nonsense")
    refused("BadDigest", 400, s3.put_object, Bucket=b, Key="wrong", Body=b"x", ChecksumCRC32="AAAAAA==")
    refused("404", 404, s3.head_object, Bucket=b, Key="wrong")


def get_by_parts(s3, b):
    """?partNumber=, as those ask who download by parts. "hand" is of two, "one" of none."""
    whole = s3.get_object(Bucket=b, Key="hand")["Body"].read()
    both = [s3.get_object(Bucket=b, Key="hand", PartNumber=n) for n in (1, 2)]
    pieces = [p["Body"].read() for p in both]
    check("the parts make the whole", b"".join(pieces) == whole and all(pieces))
    check("how many there are", [p["PartsCount"] for p in both] == [2, 2])
    check("where they lie", both[1]["ContentRange"] == "bytes %d-%d/%d" % (len(pieces[0]), len(whole) - 1, len(whole)))
    head = s3.head_object(Bucket=b, Key="hand", PartNumber=2)
    check("HEAD of a part", head["ContentLength"] == len(pieces[1]) and head["PartsCount"] == 2)
    refused("InvalidPartNumber", 416, s3.get_object, Bucket=b, Key="hand", PartNumber=3)
    refused("InvalidRequest", 400, s3.get_object, Bucket=b, Key="hand", PartNumber=1, Range="bytes=0-1")
    s3.put_object(Bucket=b, Key="one", Body=b"x" * 100)
    one = s3.get_object(Bucket=b, Key="one", PartNumber=1)
    check("what has no parts is one", one["ContentRange"] == "bytes 0-99/100" and "PartsCount" not in one)
    refused("InvalidPartNumber", 416, s3.get_object, Bucket=b, Key="one", PartNumber=2)
    s3.put_object(Bucket=b, Key="one", Body=b"")
    check("nor of nothing", s3.get_object(Bucket=b, Key="one", PartNumber=1)["ContentLength"] == 0)
    tag = s3.head_object(Bucket=b, Key="one")["ETag"]
    for match, code, status in (('"0"', "PreconditionFailed", 412), (tag, None, 204), ("*", "NoSuchKey", 404)):
        answer = delete_if(s3, b, "one", match)
        check("deleted if %s: %s" % (match, answer), answer == (code, status))
    check("it is gone", "one" not in [o["Key"] for o in s3.list_objects_v2(Bucket=b)["Contents"]])


def delete_if(s3, bucket, key, match):
    """By a header: the older client has no parameter for it."""
    def add(request, **_):
        request.headers["If-Match"] = match
    s3.meta.events.register("before-sign.s3.DeleteObject", add)
    try:
        return None, s3.delete_object(Bucket=bucket, Key=key)["ResponseMetadata"]["HTTPStatusCode"]
    except ClientError as e:
        return e.response["Error"]["Code"], e.response["ResponseMetadata"]["HTTPStatusCode"]
    finally:
        s3.meta.events.unregister("before-sign.s3.DeleteObject", add)


def multipart(s3):
    b, body = "first-bucket", data(12 * MIB + 12345)
    five = TransferConfig(multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB, max_concurrency=4)
    s3.upload_fileobj(io.BytesIO(body), b, "big", Config=five, ExtraArgs={"Metadata": {"a": "1"}})
    head = s3.head_object(Bucket=b, Key="big")
    check("the tag of three parts: %s" % head["ETag"], re.fullmatch('"[0-9a-f]{32}-3"', head["ETag"]))
    whole = hashlib.md5(b"".join(hashlib.md5(body[i:i + 5 * MIB]).digest() for i in range(0, len(body), 5 * MIB)))
    check("tag and metadata of parts", head["ETag"] == '"%s-3"' % whole.hexdigest() and head["Metadata"] == {"a": "1"})
    facts = s3.get_object_attributes(Bucket=b, Key="big", ObjectAttributes=ATTRIBUTES, MaxParts=2)
    check("attributes of parts: %s" % facts, facts["ObjectParts"] == {"TotalPartsCount": 3} and facts["ObjectSize"] == len(body))
    refused("NoSuchKey", 404, s3.get_object_attributes, Bucket=b, Key="nobody", ObjectAttributes=["ETag"])
    refused("InvalidArgument", 400, s3.get_object_attributes, Bucket=b, Key="big", ObjectAttributes=["Owner"])
    out = io.BytesIO()
    s3.download_fileobj(b, "big", out, Config=five)
    check("parts come back as one, in ranges", out.getvalue() == body)
    edge = s3.get_object(Bucket=b, Key="big", Range="bytes=%d-%d" % (5 * MIB - 3, 10 * MIB + 3))
    check("a range over three parts", edge["Body"].read() == body[5 * MIB - 3:10 * MIB + 4])
    # By hand: out of order, one replaced, one left out, an unknown one.
    up = s3.create_multipart_upload(Bucket=b, Key="hand")["UploadId"]
    part = lambda n, piece: s3.upload_part(Bucket=b, Key="hand", UploadId=up, PartNumber=n, Body=piece)["ETag"]
    last, first = part(7, body[5 * MIB:6 * MIB]), part(2, data(5 * MIB, 9))
    first, spare = part(2, body[:5 * MIB]), part(4, b"spare")
    listed = s3.list_parts(Bucket=b, Key="hand", UploadId=up, MaxParts=2)
    check("parts are listed by pages", [p["PartNumber"] for p in listed["Parts"]] == [2, 4] and listed["IsTruncated"])
    uploads = s3.list_multipart_uploads(Bucket=b)["Uploads"]
    check("uploads are listed", [u["Key"] for u in uploads] == ["hand"] and uploads[0]["UploadId"] == up)
    end = lambda *p: {"Parts": [{"PartNumber": n, "ETag": t} for n, t in p]}
    where = dict(Bucket=b, Key="hand", UploadId=up)
    refused("InvalidPart", 400, s3.complete_multipart_upload, MultipartUpload=end((2, first), (3, last)), **where)
    refused("InvalidPart", 400, s3.complete_multipart_upload, MultipartUpload=end((2, last), (7, last)), **where)
    refused("InvalidPartOrder", 400, s3.complete_multipart_upload, MultipartUpload=end((7, last), (2, first)), **where)
    refused("EntityTooSmall", 400, s3.complete_multipart_upload, MultipartUpload=end((4, spare), (7, last)), **where)
    done = s3.complete_multipart_upload(MultipartUpload=end((2, first), (7, last)), **where)
    check("the place of what was completed: %s" % done["Location"], done["Location"].endswith("/first-bucket/hand"))
    again = s3.complete_multipart_upload(MultipartUpload=end((2, first), (7, last)), **where)
    check("who missed the answer may ask again", again["ETag"] == done["ETag"])
    check("the two parts asked for", s3.get_object(Bucket=b, Key="hand")["Body"].read() == body[:6 * MIB])
    refused("NoSuchUpload", 404, s3.upload_part, PartNumber=1, Body=b"x", **where)
    get_by_parts(s3, b)
    up = s3.create_multipart_upload(Bucket=b, Key="hand2")["UploadId"]
    s3.abort_multipart_upload(Bucket=b, Key="hand2", UploadId=up)
    refused("NoSuchUpload", 404, s3.list_parts, Bucket=b, Key="hand2", UploadId=up)
    check("no upload is left", "Uploads" not in s3.list_multipart_uploads(Bucket=b))


def copies(s3):
    b = "first-bucket"
    one = s3.copy_object(Bucket=b, Key="copy é", CopySource={"Bucket": b, "Key": "big"})
    check("a copy keeps the tag", one["CopyObjectResult"]["ETag"] == s3.head_object(Bucket=b, Key="big")["ETag"])
    s3.delete_object(Bucket=b, Key="big")
    got = s3.get_object(Bucket=b, Key="copy é")
    check("a copy is its own", got["Body"].read() == data(12 * MIB + 12345) and got["Metadata"] == {"a": "1"})
    s3.copy_object(Bucket=b, Key="copy é", CopySource={"Bucket": b, "Key": "copy é"}, MetadataDirective="REPLACE",
                   Metadata={"b": "2"})
    check("metadata is replaced in place", s3.head_object(Bucket=b, Key="copy é")["Metadata"] == {"b": "2"})
    refused("InvalidRequest", 400, s3.copy_object, Bucket=b, Key="copy é", CopySource={"Bucket": b, "Key": "copy é"})
    refused("NoSuchKey", 404, s3.copy_object, Bucket=b, Key="x", CopySource={"Bucket": b, "Key": "nothing"})
    refused("PreconditionFailed", 412, s3.copy_object, Bucket=b, Key="x", CopySource={"Bucket": b, "Key": "hand"},
            CopySourceIfMatch='"0"')
    up = s3.create_multipart_upload(Bucket=b, Key="parts")["UploadId"]
    tags = [s3.upload_part_copy(Bucket=b, Key="parts", UploadId=up, PartNumber=n, CopySource={"Bucket": b, "Key": "copy é"},
                                CopySourceRange=r)["CopyPartResult"]["ETag"]
            for n, r in ((1, "bytes=0-%d" % (6 * MIB - 1)), (2, "bytes=%d-%d" % (6 * MIB, 12 * MIB)))]
    s3.complete_multipart_upload(Bucket=b, Key="parts", UploadId=up, MultipartUpload={
        "Parts": [{"PartNumber": i + 1, "ETag": t} for i, t in enumerate(tags)]})
    check("parts by copy", s3.get_object(Bucket=b, Key="parts")["Body"].read() == data(12 * MIB + 12345)[:12 * MIB + 1])


def lists(s3):
    b = "listed-bucket"
    s3.create_bucket(Bucket=b)
    keys = sorted("%s/%d é" % (d, i) for d in "abc" for i in range(5)) + ["zz"]
    for k in keys:
        s3.put_object(Bucket=b, Key=k, Body=b"x")
    for name, more in (("list_objects", {}), ("list_objects_v2", {}), ("list_objects_v2", {"FetchOwner": True})):
        pages = s3.get_paginator(name).paginate(Bucket=b, PaginationConfig={"PageSize": 4}, **more)
        got = [o["Key"] for p in pages for o in p.get("Contents", [])]
        check("%s by pages: %s" % (name, got), got == keys)
        pages = s3.get_paginator(name).paginate(Bucket=b, Delimiter="/", PaginationConfig={"PageSize": 2})
        got = [x for p in pages for x in [q["Prefix"] for q in p.get("CommonPrefixes", [])] +
               [o["Key"] for o in p.get("Contents", [])]]
        check("%s by folders: %s" % (name, got), got == ["a/", "b/", "c/", "zz"])
    got = s3.list_objects_v2(Bucket=b, Prefix="b/", StartAfter=keys[6])
    check("a prefix after a key", [o["Key"] for o in got["Contents"]] == keys[7:10] and got["KeyCount"] == 3)
    versions = s3.list_object_versions(Bucket=b, Prefix="a/")["Versions"]
    check("versions are null", [v["Key"] for v in versions] == keys[:5] and all(v["VersionId"] == "null" and v["IsLatest"] for v in versions))
    gone = s3.delete_objects(Bucket=b, Delete={"Objects": [{"Key": k, "VersionId": "null"} for k in keys[:10]] +
                                               [{"Key": "never"}]})
    check("many are deleted at once", len(gone["Deleted"]) == 11 and "Errors" not in gone)
    quiet = s3.delete_objects(Bucket=b, Delete={"Objects": [{"Key": k} for k in keys[10:]], "Quiet": True})
    check("quietly", "Deleted" not in quiet)
    check("nothing is left", "Contents" not in s3.list_objects_v2(Bucket=b))
    s3.delete_bucket(Bucket=b)


def presigned(dev):
    b, body = "first-bucket", data(70000)
    for signature in ("s3", "s3v4"):
        s3 = dev.client(signature=signature)
        ask = dict(Bucket=b, Key="signed é+ %s" % signature)
        put = urllib.request.Request(s3.generate_presigned_url("put_object", ask, ExpiresIn=60), data=body, method="PUT")
        put.add_unredirected_header("Content-Type", "") if signature == "s3" else None
        check("PUT by a link, " + signature, fetch(put).status == 200)
        url = s3.generate_presigned_url("get_object", ask, ExpiresIn=60)
        check("GET by a link, " + signature, fetch(url).read() == body)
        try:
            fetch(url.replace("signed", "sIgned"))
            raise AssertionError("a link for one key opened another")
        except urllib.error.HTTPError as e:
            check("a link is for one key", e.code == 403 and b"SignatureDoesNotMatch" in e.read())
        if signature == "s3":  # this generation puts headers into the link
            ask["Metadata"] = {"a": "b c"}
            put = urllib.request.Request(s3.generate_presigned_url("put_object", ask, ExpiresIn=60), data=body, method="PUT")
            put.add_unredirected_header("Content-Type", "")
            check("PUT by a link with metadata", fetch(put).status == 200)
            del ask["Metadata"]
            check("metadata of a link", s3.head_object(**ask)["Metadata"] == {"a": "b c"})
        head = urllib.request.Request(s3.generate_presigned_url("head_bucket", {"Bucket": b}, ExpiresIn=60), method="HEAD")
        check("HEAD by a link", int(fetch(head).headers["X-RGW-Object-Count"]) > 0)


def in_front_of_the_host(dev, name="localhost"):
    """A bucket that is part of the host's name, as clients write it that got a name and no IP address. It need not resolve."""
    b, body = "first-bucket", data(1000)
    at = "%s.%s:%d" % (b, name, dev.port)
    for signature in "s3", "s3v4":
        s3 = boto3.client("s3", endpoint_url="%s://%s:%d" % (dev.storage.split(":")[0], name, dev.port), region_name="default",
                          aws_access_key_id=EMAIL, aws_secret_access_key=dev.token,
                          config=Config(signature_version=signature, s3={"addressing_style": "virtual"}))
        for method, call, want in ("PUT", "put_object", b""), ("GET", "get_object", body), ("DELETE", "delete_object", b""):
            url = s3.generate_presigned_url(call, dict(Bucket=b, Key="in front é"), ExpiresIn=60)
            check("the bucket is in the host: " + url, url.split("/")[2] == at)
            ask = urllib.request.Request(url.replace(at, "127.0.0.1:%d" % dev.port), method=method, headers={"Host": at},
                                         data=body if method == "PUT" else None)
            ask.add_unredirected_header("Content-Type", "") if method == "PUT" else None
            check("%s in front of %s, %s" % (method, name, signature), fetch(ask).read() == want)


def raw_put(dev, path, length, expect=True, seconds=60):
    """A signed PUT whose body is sent by the caller: the head only."""
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials
    headers = {"Content-Length": str(length), "x-amz-content-sha256": "UNSIGNED-PAYLOAD"}
    ask = AWSRequest("PUT", dev.storage + path, headers=headers)
    ask.context["payload_signing_enabled"] = False
    SigV4Auth(Credentials(EMAIL, dev.token), "s3", "here").add_auth(ask)
    text = "PUT %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n" % (path, dev.port)
    text += "".join("%s: %s\r\n" % (k, v) for k, v in ask.headers.items() if k.lower() != "host")
    text += "Expect: 100-continue\r\n" if expect else ""
    s = socket.create_connection(("127.0.0.1", dev.port), timeout=seconds)
    s.sendall(text.encode() + b"\r\n")
    return s


def answer_of(s):
    r = http.client.HTTPResponse(s, method="PUT")
    r.begin()
    return r.status, r.read()


def files(sub):
    return sum(len(f) for _, _, f in os.walk(DIR + "/data/objects/" + sub))


def faults(dev, s3):
    b = "first-bucket"
    # Asked for only when it will be taken.
    s = raw_put(dev, "/nobodys-bucket/x", 1000000)
    status, body = answer_of(s)
    check("refused before the body: %s" % body, status == 404 and b"<Code>NoSuchBucket</Code>" in body)
    s = raw_put(dev, "/first-bucket/x", 6 << 30)
    check("too large is refused before the body", b"EntityTooLarge" in answer_of(s)[1])
    # Cut in mid-body: nothing is left.
    before = files("content")
    s = raw_put(dev, "/first-bucket/cut", 3000000, expect=False)
    s.sendall(data(2000000))
    wait("the body is on its way", lambda: files("incoming") == 1)
    s.close()
    wait("what was cut is gone", lambda: files("incoming") == 0 and files("content") <= before)
    refused("404", 404, s3.head_object, Bucket=b, Key="cut")
    # A slow client hurts nobody.
    s = raw_put(dev, "/first-bucket/slow", 200000)
    check("100 Continue", s.recv(100).startswith(b"HTTP/1.1 100"))
    body = data(200000)
    for i in range(0, 200000, 20000):
        s.sendall(body[i:i + 20000])
        s3.put_object(Bucket=b, Key="quick", Body=b"quick")
    check("the slow one is answered too", answer_of(s)[0] == 200)
    check("and has its bytes", s3.get_object(Bucket=b, Key="slow")["Body"].read() == body)
    # A reader keeps the bytes it began with.
    old, new = data(40 * MIB, 5), data(MIB, 6)
    s3.put_object(Bucket=b, Key="read", Body=old)
    got = s3.get_object(Bucket=b, Key="read")["Body"]
    begin = got.read(MIB)
    s3.put_object(Bucket=b, Key="read", Body=new)
    check("the old bytes through an overwrite", begin + got.read() == old)
    check("the new ones after", s3.get_object(Bucket=b, Key="read")["Body"].read() == new)
    # Two at once: one of them, whole.
    bodies = [data(2 * MIB, 7), data(3 * MIB, 8)]
    for _ in range(4):
        writers = [threading.Thread(target=s3.put_object, kwargs=dict(Bucket=b, Key="two", Body=x)) for x in bodies]
        for w in writers:
            w.start()
        for w in writers:
            w.join()
        check("one of two at once", s3.get_object(Bucket=b, Key="two")["Body"].read() in bodies)


def restart(dev):
    """Killed with a body on its way: what was acknowledged is there, what was not is gone."""
    s = raw_put(dev, "/first-bucket/halfway", 3000000, expect=False)
    s.sendall(data(2000000))
    wait("the body is on its way", lambda: files("incoming") == 1)
    dev.client().put_object(Bucket="first-bucket", Key="kept", Body=b"kept")
    kill(dev.process)
    s.close()
    again = Dev("--s3-host", "storage.test")
    check("what was on its way is gone", files("incoming") == 0)
    check("what was answered is there", again.client().get_object(Bucket="first-bucket", Key="kept")["Body"].read() == b"kept")
    return again


def purge(s3):
    """As the Python client of the public API empties a bucket."""
    b = "first-bucket"
    versions = s3.list_object_versions(Bucket=b)["Versions"]
    s3.delete_objects(Bucket=b, Delete={"Objects": [{"Key": v["Key"], "VersionId": v["VersionId"]} for v in versions]})
    s3.delete_bucket(Bucket=b)
    wait("no file is left", lambda: files("content") == 0)


def main():
    dev = Dev()
    s3 = dev.client()
    discovery(dev, s3)
    who_may(dev)
    for step in (objects, checksums, multipart, copies, lists):
        step(s3)
    presigned(dev)
    in_front_of_the_host(dev)
    if not TLS:
        neighbour(dev)
        faults(dev, s3)
        dev = restart(dev)
        neighbour_again(dev)
        in_front_of_the_host(dev, "storage.test")
    purge(dev.client())
    check("nothing is counted any more", dev.api("/info")["usedQuotaBytes"] == 0)
    end_well(dev.process)
    print("boto3 %s%s: %d checks" % (boto3.__version__, " over https" if TLS else "", checks))


main()
