#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
# s3_botocore.py S3_PROBE [SEED [CASES]]: our signatures against those of botocore, which signs for boto3 and the AWS
# command line.
#   1 what its four signers sign over generated URLs and headers verifies here, and does not after any one change;
#   2 what we sign is what it signs, byte for byte;
#   3 the requests and presigned URLs of its S3 client, path and virtual-host style, verify and are routed to the
#     operation, bucket and key that were meant, bodies in chunks included.
# Nothing is sent anywhere. Without python3-botocore it is skipped.
import calendar
import hashlib
import io
import json
import os
import random
import subprocess
import sys
import time
from urllib.parse import quote, urlsplit

for name in [n for n in os.environ if n.startswith("AWS_")]:
    del os.environ[name]
os.environ.update(AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull, AWS_EC2_METADATA_DISABLED="true")
try:
    import botocore
    import botocore.auth
    import botocore.awsrequest
    import botocore.config
    import botocore.credentials
    import botocore.session
except ImportError:
    print("skipped: python3-botocore is not installed")
    sys.exit(77)

SEED = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(1 << 32)
CASES = int(sys.argv[3]) if len(sys.argv) > 3 else 600
print("repeat with: s3_botocore.py S3_PROBE %d %d (botocore %s)" % (SEED, CASES, botocore.__version__), flush=True)
rnd = random.Random(SEED)
probe = subprocess.Popen([sys.argv[1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def ask(**question):
    probe.stdin.write(json.dumps(question).encode() + b"\n")
    probe.stdin.flush()
    return json.loads(probe.stdout.readline())


def fail(why, **facts):
    print("FAILED: %s\n%s" % (why, json.dumps(facts, indent=1, default=str)))
    probe.stdin.close()
    probe.wait()
    sys.exit(1)


PIECES = list("aZ0-._~/ +%&=?#'()*!$,;:@\"<>\\^`{|}[]\t\x01\u00e9\u4e2d\U0001f525") + [
    "//", "/../", "  ", "%2F", "A" * 60]


def word(most):
    return "".join(rnd.choice(PIECES) for _ in range(rnd.randint(1, most)))


def key():
    # Where a URL is taken apart by libraries, leading slashes would be a host.
    return word(12).lstrip("/") or "k"


def a_query():
    names = ["prefix", "delimiter", "marker", "max-keys", "versionId", "list-type", "acl", "uploads",
             "response-content-type", "x-id", "A", "a", "a-b", "a.b", "a_b", "\u00e9", "b c"]
    pairs = [(rnd.choice(names), rnd.choice(["", "1", word(4)])) for _ in range(rnd.choice([0, 0, 1, 2, 5]))]
    return "&".join(quote(n, safe="-_.~") + "=" + quote(v, safe="-_.~") for n, v in pairs)


def some_headers():
    out = {}
    names = ["Content-Type", "Content-MD5", "Range", "x-amz-meta-Some", "X-Amz-Acl", "x-amz-meta-b", "If-Match",
             "Cache-Control"]
    for name in rnd.sample(names, rnd.randint(0, 4)):
        out[name] = rnd.choice(["text/plain", "a  b   c", " x ", "bytes=0-9", "\"abc\"", "a,b", "r=1; q=2"])
    return out


def credentials():
    access = rnd.choice(["AKID", "a.b+c@example.org", "o'neil@d.example", "x/y@example.org"])
    secret = "".join(rnd.choice("abcXYZ019+/=_-") for _ in range(rnd.randint(1, 90)))
    return botocore.credentials.Credentials(access, secret)


def as_text(v):
    return v.decode("utf-8") if isinstance(v, bytes) else str(v)


def wire(prepared):
    """What goes over the wire, as the probe takes it."""
    at = urlsplit(prepared.url)
    headers = [[n, as_text(v).strip()] for n, v in prepared.headers.items()]
    if not any(n.lower() == "host" for n, _ in headers):
        headers.append(["Host", at.netloc])
    rnd.shuffle(headers)
    raw = prepared.url.split("#")[0]
    path = raw[raw.index(at.netloc) + len(at.netloc):].split("?")[0] or "/"
    return {"method": prepared.method, "path": path, "query": at.query, "headers": headers,
            "now": int(time.time() * 1000), "base": "s3.example.org"}


def header(q, name):
    return next((v for n, v in q["headers"] if n.lower() == name.lower()), None)


def change(q, presigned):
    """One change that no signature may survive."""
    q = json.loads(json.dumps(q))
    kinds = ["method", "path", "query", "secret"]
    if header(q, "x-amz-acl") is not None:
        kinds.append("acl")
    kind = rnd.choice(kinds)
    if kind == "method":
        q["method"] = "POST" if q["method"] != "POST" else "PUT"
    elif kind == "path":
        q["path"] += "z"
    elif kind == "query":
        q["query"] += ("&" if q["query"] else "") + rnd.choice(["acl", "versionId=1", "uploads="])
    elif kind == "secret":
        q["secret"] += "x"
    else:
        for h in q["headers"]:
            if h[0].lower() == "x-amz-acl":
                h[1] = "public-read-write"
    return kind, q


def one_signed():
    creds = credentials()
    region = rnd.choice(["us-east-1", "default", "eu-west-3", "", "any thing"])
    bucket = rnd.choice(["bucket", "my.bucket-1"])
    virtual = rnd.random() < 0.5
    path = "/" + quote(key(), safe="/~") if rnd.random() < 0.9 else "/"
    host = rnd.choice(["s3.example.org", "s3.example.org:9000"])
    url = "http://" + (bucket + "." + host + path if virtual else host + "/" + bucket + path)
    query = a_query()
    request = botocore.awsrequest.AWSRequest(method=rnd.choice(["GET", "PUT", "HEAD", "DELETE", "POST"]),
                                             url=url + ("?" + query if query else ""), headers=some_headers(),
                                             data=rnd.choice([b"", b"hello"]))
    request.context["client_config"] = botocore.config.Config(s3={})
    request.context["payload_signing_enabled"] = rnd.random() < 0.5
    if virtual:
        request.auth_path = "/" + bucket + path
    kind = rnd.choice(["v4", "v4query", "v2", "v2query"])
    if kind == "v4":
        botocore.auth.S3SigV4Auth(creds, "s3", region).add_auth(request)
    elif kind == "v4query":
        request.data = b""  # it would be read as parameters
        botocore.auth.S3SigV4QueryAuth(creds, "s3", region, expires=rnd.choice([1 << 10, 604800])).add_auth(request)
    elif kind == "v2":
        botocore.auth.HmacV1Auth(creds).add_auth(request)
    else:
        botocore.auth.HmacV1QueryAuth(creds, expires=3600).add_auth(request)
    q = wire(request.prepare())
    q["secret"] = creds.secret_key
    return kind, creds, region, q


def signers():
    counts = {}
    for i in range(CASES):
        kind, creds, region, q = one_signed()
        a = ask(do="verify", **q)
        # Routing may refuse what is signed well: a key of control characters, an unknown sub-resource.
        if a.get("key") != creds.access_key:
            fail("case %d (%s) does not verify" % (i, kind), answer=a, question=q)
        what, changed = change(q, kind)
        b = ask(do="verify", **changed)
        if b.get("key") and not (what == "query" and kind.startswith("v2") and q["query"] == changed["query"]):
            fail("case %d (%s) verifies although its %s was changed" % (i, kind, what), answer=b, question=changed)
        counts[kind] = counts.get(kind, 0) + 1
        if kind == "v4":
            same_header(i, creds, region, q)
        if kind == "v4query":
            same_query(i, creds, region, q)
    print("signed and changed:", counts)


def amz_ms(text):
    return calendar.timegm(time.strptime(text, "%Y%m%dT%H%M%SZ")) * 1000


def same_header(i, creds, region, q):
    q = dict(q, now=amz_ms(header(q, "x-amz-date")), key=creds.access_key, region=region)
    want = header(q, "authorization")
    q["headers"] = [h for h in q["headers"] if h[0].lower() not in ("authorization", "content-length")]
    a = ask(do="sign", **q)
    if a["value"] != want:
        fail("case %d: our header is another" % i, ours=a, theirs=want, question=q)


def same_query(i, creds, region, q):
    cut = q["query"].index("X-Amz-Algorithm=")
    fields = dict(p.split("=", 1) for p in q["query"][cut:].split("&"))
    signed = fields["X-Amz-SignedHeaders"].split("%3B")
    mine = dict(q, now=amz_ms(fields["X-Amz-Date"]), key=creds.access_key, region=region,
                expires=int(fields["X-Amz-Expires"]), query=q["query"][:cut].rstrip("&"),
                headers=[h for h in q["headers"] if h[0].lower() in signed])
    a = ask(do="presign", **mine)
    if a["value"].split("X-Amz-Signature=")[-1] != fields["X-Amz-Signature"]:
        fail("case %d: our URL is another" % i, ours=a, theirs=q["query"], question=mine)


class Seen(Exception):
    pass


def make_client(style, signature, scheme):
    s = botocore.session.Session()
    s.set_credentials("a.b+c@example.org", "token+/=0123")
    client = s.create_client("s3", region_name="eu-west-3", endpoint_url=scheme + "://s3.example.org",
                             config=botocore.config.Config(signature_version=signature, s3={"addressing_style": style},
                                                           retries={"max_attempts": 0}))

    def before_send(request, **_):
        raise Seen(request)

    client.meta.events.register("before-send.s3", before_send)
    return client


def capture(call):
    try:
        call()
    except Seen as e:
        return e.args[0]
    fail("the client sent nothing")


def body_of(prepared):
    b = prepared.body
    if b is None:
        return b""
    if hasattr(b, "read"):
        if hasattr(b, "seek"):
            b.seek(0)
        return b.read()
    return b.encode() if isinstance(b, str) else bytes(b)


def uri_of(client, method):
    model = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[method])
    return model.http["requestUri"]


def requests_of_the_client():
    n = 0
    b = {"Bucket": "buck-1"}
    bucket_calls = [
        ("CreateBucket", "create_bucket", {"CreateBucketConfiguration": {"LocationConstraint": "eu-west-3"}}),
        ("HeadBucket", "head_bucket", {}),
        ("DeleteBucket", "delete_bucket", {}),
        ("GetBucketAcl", "get_bucket_acl", {}),
        ("GetBucketLocation", "get_bucket_location", {}),
        ("GetBucketVersioning", "get_bucket_versioning", {}),
        ("GetBucketConfiguration", "get_bucket_policy", {}),
        ("ListObjects", "list_objects", {"Prefix": "a b+c/", "Delimiter": "/", "Marker": "x&y=z"}),
        ("ListObjectsV2", "list_objects_v2", {"ContinuationToken": "t/o+k=", "FetchOwner": True}),
        ("ListObjectVersions", "list_object_versions", {"KeyMarker": "\u00e9"}),
        ("ListMultipartUploads", "list_multipart_uploads", {}),
        ("DeleteObjects", "delete_objects", {"Delete": {"Objects": [{"Key": "a"}, {"Key": "b"}]}}),
    ]
    calls = [("ListBuckets", "list_buckets", {}, ("", ""))]
    calls += [(op, method, dict(b, **more), ("buck-1", "")) for op, method, more in bucket_calls]
    for k in ["k", "a b/c+d%/\u4e2d//e", "../up/./x", "q?x=1#f&g", "~'()*!"]:
        o = {"Bucket": "buck-1", "Key": k}
        at = ("buck-1", k)
        calls += [
            ("PutObject", "put_object", dict(o, Body=b"hello", Metadata={"a": " x  y "}), at),
            ("PutObject", "put_object", dict(o, Body=io.BytesIO(b"hello" * 999), ChecksumAlgorithm="SHA256"), at),
            ("PutObject", "put_object", dict(o, Body=io.BytesIO(b"hello" * 99999), ChecksumAlgorithm="CRC32"), at),
            ("CopyObject", "copy_object", dict(o, CopySource={"Bucket": "buck-2", "Key": "s o+u%/\u00e9"}), at),
            ("GetObject", "get_object", dict(o, Range="bytes=5-", IfMatch='"abc"'), at),
            ("HeadObject", "head_object", o, at),
            ("DeleteObject", "delete_object", dict(o, VersionId="null"), at),
            ("GetObjectTagging", "get_object_tagging", o, at),
            ("CreateMultipartUpload", "create_multipart_upload", o, at),
            ("UploadPart", "upload_part", dict(o, UploadId="u-1", PartNumber=10000, Body=b"part"), at),
            ("UploadPartCopy", "upload_part_copy", dict(o, UploadId="u-1", PartNumber=2, CopySource="buck-2/x y"), at),
            ("ListParts", "list_parts", dict(o, UploadId="u-1"), at),
            ("CompleteMultipartUpload", "complete_multipart_upload",
             dict(o, UploadId="u-1", MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": "e"}]}), at),
            ("AbortMultipartUpload", "abort_multipart_upload", dict(o, UploadId="u-1"), at),
        ]
    chunked = 0
    for style in ("path", "virtual"):
        for signature in ("s3v4", "s3"):
            for scheme in ("http", "https"):
                client = make_client(style, signature, scheme)
                for op, method, arguments, (bucket, k) in calls:
                    # botocore's older signer takes the query for a part of the path where its model has one there, and
                    # signs "/bucket?acl?acl"; S3 refuses that as well.
                    if signature == "s3" and "?" in uri_of(client, method):
                        continue
                    if hasattr(arguments.get("Body"), "seek"):
                        arguments["Body"].seek(0)
                    prepared = capture(lambda: getattr(client, method)(**arguments))
                    q = wire(prepared)
                    q["secret"] = "token+/=0123"
                    q["body"] = body_of(prepared).hex()
                    a = ask(do="verify", **q)
                    if (a.get("code"), a.get("op"), a.get("bucket"), a.get("object")) != ("", op, bucket, k):
                        fail("%s %s %s %s %s" % (op, style, signature, scheme, arguments), answer=a, question=q)
                    if "sha256" in a:
                        chunked += 1
                        body = arguments["Body"]
                        plain = body if isinstance(body, bytes) else body.getvalue()
                        if a["sha256"] != hashlib.sha256(plain).hexdigest():
                            fail("the chunks hold something else", answer=a)
                    n += 1
    print("requests of the client:", n, "with bodies in chunks:", chunked)
    if not chunked:
        fail("no body came in chunks")


def presigned_urls_of_the_client():
    n = 0
    wanted = [
        ("GetObject", "get_object", {"ResponseContentType": "text/plain; charset=utf-8",
                                     "ResponseContentDisposition": "attachment; filename=\"a b+c\""}),
        ("PutObject", "put_object", {"ContentType": "text/x y"}),
        ("HeadObject", "head_object", {"VersionId": "null"}),
        ("UploadPart", "upload_part", {"UploadId": "u+1/2", "PartNumber": 7}),
        ("HeadBucket", "head_bucket", None),
        ("ListObjectsV2", "list_objects_v2", None),
    ]
    verbs = {"GetObject": "GET", "ListObjectsV2": "GET", "PutObject": "PUT", "UploadPart": "PUT"}
    for style in ("path", "virtual"):
        for signature in ("s3v4", "s3"):
            client = make_client(style, signature, "https")
            for op, method, more in wanted:
                if signature == "s3" and "?" in uri_of(client, method):
                    continue  # as above
                for k in (["k", "a b/c+d%/\u4e2d//e", "q?x=1#f&g"] if more is not None else [""]):
                    arguments = dict({"Bucket": "buck-1"}, **(dict(more, Key=k) if more is not None else {}))
                    url = client.generate_presigned_url(method, Params=arguments, ExpiresIn=604800)
                    headers = {"Content-Type": "text/x y"} if op == "PutObject" else {}
                    request = botocore.awsrequest.AWSRequest(method=verbs.get(op, "HEAD"), url=url, headers=headers)
                    q = wire(request.prepare())
                    q["secret"] = "token+/=0123"
                    a = ask(do="verify", **q)
                    if (a.get("code"), a.get("op"), a.get("bucket"), a.get("object")) != ("", op, "buck-1", k):
                        fail("presigned %s %s %s" % (op, style, signature), answer=a, url=url)
                    b = ask(do="verify", **dict(q, now=q["now"] + 604800 * 1000 + 60000))
                    if (b["code"], b["text"]) != ("AccessDenied", ""):
                        fail("presigned %s lives too long" % op, answer=b, url=url)
                    n += 1
    print("presigned URLs of the client:", n)


signers()
requests_of_the_client()
presigned_urls_of_the_client()
probe.stdin.close()
sys.exit(probe.wait())
