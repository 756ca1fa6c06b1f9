# SPDX-License-Identifier: Apache-2.0
"""Words of the tests of objects outside: a storage that is somebody else's, a link to it that has its moods, a server that
keeps its objects there and a heater.

The storage is the endpoint of a second server of ours, or where ONDOL_STORAGE=HOST:PORT says, by http, with the key of
ONDOL_STORAGE_KEY and ONDOL_STORAGE_SECRET: so Ceph and others can be judged by the same tests.
"""
import http.client
import http.server
import os
import ssl
import threading

from house import DIR, Programs, free_port, skip

try:
    import boto3
    from botocore.client import Config
except ImportError:
    skip("there is no boto3 (install python3-boto3)")

KEY = os.environ.get("ONDOL_STORAGE_KEY", "operator@storage.example")
SECRET = os.environ.pop("ONDOL_STORAGE_SECRET", "secret-of-the-operator")
MIB = 1 << 20


class Link(http.server.BaseHTTPRequestHandler):
    """To the storage. `trouble(method, path)` gives None, "cut" (half of the answer), "drop" (none, nothing was asked),
    "lost" (none, and it was done), a status, or a status and the document of the refusal."""
    protocol_version = "HTTP/1.1"
    trouble, seen, to = staticmethod(lambda method, path: None), [], None
    changed = staticmethod(lambda path, data: data)

    def log_message(self, *_):
        pass

    def say(self, status, data=b""):
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def forward(self, body):
        c = http.client.HTTPConnection(*Link.to, timeout=60)
        try:
            c.request(self.command, self.path, body, {k: v for k, v in self.headers.items() if k not in ("Expect", "Connection")})
            answer = c.getresponse()
            return answer, answer.read()
        finally:
            c.close()

    def relay(self):
        n = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(n)
        Link.seen.append((self.command, self.path, dict(self.headers)))
        how = Link.trouble(self.command, self.path)
        if how == "drop":
            self.close_connection = True
            return
        if isinstance(how, (int, tuple)):
            self.say(*(how if isinstance(how, tuple) else (how,)))
            return
        answer, data = self.forward(body)
        if how == "lost":
            self.close_connection = True
            return
        data = Link.changed(self.path, data)
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("connection", "keep-alive", "transfer-encoding", "content-length"):
                self.send_header(name, value)
        length = int(answer.getheader("Content-Length") or 0) if self.command == "HEAD" else len(data)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        if how == "cut":
            data, self.close_connection = data[:len(data) // 2], True
        self.wfile.write(data)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = relay


class Servers(Programs):
    def __init__(self, ondol, agent, patience_s, tls=False):
        """With `tls` the link is https, with DIR/server.crt and .key, which nobody trusts but by DIR/authority.crt."""
        super().__init__(ondol, agent)
        self.tls = tls
        host = os.environ.get("ONDOL_STORAGE")
        Link.to = (host.split(":")[0], int(host.split(":")[1])) if host else ("127.0.0.1", free_port())
        if not host:
            self.start_server("storage", free_port(), Link.to[1], KEY, SECRET)
        self.link = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Link)
        self.link.daemon_threads = True
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(DIR + "/server.crt", DIR + "/server.key")
            self.link.socket = context.wrap_socket(self.link.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.link.serve_forever, daemon=True).start()
        self.storage = "http%s://127.0.0.1:%d" % ("s" if tls else "", self.link.server_port)
        with open(DIR + "/secret", "w") as f:
            f.write(SECRET + "\n")
        self.start(patience_s)
        self.heat(*(["--ca", DIR + "/authority.crt"] if tls else []))
        self.s3 = boto3.client("s3", endpoint_url="http://%s:%d" % Link.to, aws_access_key_id=KEY, aws_secret_access_key=SECRET,
                               region_name="here", config=Config(signature_version="s3v4"))

    def start(self, patience_s):
        self.serve("--objects", self.storage, "--objects-key", KEY, "--objects-secret-file", DIR + "/secret", "--objects-region",
                   "here", "--objects-patience", str(patience_s), *(["--objects-ca", DIR + "/authority.crt"] if self.tls else []))

    def keys(self, bucket, prefix=""):
        return {o["Key"]: o["Size"] for o in self.s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])}
