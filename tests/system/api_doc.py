#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
# api_doc.py ROUTE_TABLE API_YAML ONDOL: docs/api.yaml names every route with who may call it and nothing else, all that it refers
# to is there and used, and what a running server answers is what its schemas say, with no member that they do not list.
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

try:
    import jsonschema
    import yaml
except ImportError:
    print("skipped: there is no YAML or JSON schema (install python3-yaml python3-jsonschema)")
    sys.exit(77)

TABLE, DOC, ONDOL = sys.argv[1:4]
failures = []


def check(what, good):
    if not good:
        failures.append(what)
        print("FAILED: " + what)


with open(DOC) as f:
    TEXT = f.read()
doc = yaml.safe_load(TEXT)
schemas = doc["components"]["schemas"]

# ---- the table of routes, both ways

routes = {}
for line in subprocess.run([TABLE], check=True, capture_output=True, text=True).stdout.splitlines():
    method, path, role = line.split()
    routes[method, path.replace("...}", "}")] = role
described = {(m.upper(), p): o for p, item in doc["paths"].items() for m, o in item.items() if m != "parameters"}
for r in sorted(set(routes) - set(described)):
    check("%s %s is not in %s" % (*r, DOC), False)
for r in sorted(set(described) - set(routes)):
    check("%s %s is described and there is no such route" % r, False)
for r, o in described.items():
    role = routes.get(r)
    check("%s %s: is for %s, not for %s" % (*r, role, o.get("x-ondol-role")), role in (None, o.get("x-ondol-role")))
    check("%s %s: security does not fit its role" % r, (o.get("security") == []) == (o.get("x-ondol-role") == "anyone"))
for path, item in doc["paths"].items():
    named = {p["name"] for p in item.get("parameters", [])}
    check("%s: its parameters are %s" % (path, sorted(named)), named == set(re.findall(r"{(\w+)}", path)))
used = set(re.findall(r"#/components/schemas/(\w+)", TEXT))
check("schemas that are missing: %s" % sorted(used - set(schemas)), used <= set(schemas))
check("schemas that nothing uses: %s" % sorted(set(schemas) - used), set(schemas) <= used)


# ---- what can be asked for is all that is shown, but for what the server makes of it

MADE = {"uuid", "state", "previousState", "stateTransitionTime", "previousStateTransitionTime", "creationDate", "lastModified", "endDate",
        "errors", "status", "progress", "executionTime", "wallTime", "runningCoreCount", "runningInstanceCount", "completedInstances",
        "clusterInfo", "resultsBucket", "ResultsCacheTTLSec", "resultsCount", "snapshotInterval", "totalInstanceCount", "poolUsage",
        "queuedOrRunningTaskInstancesCount", "targetRunningInstanceCount", "totalSlotCapacity"}
for shown, given in (("Task", "TaskIn"), ("Pool", "PoolIn")):
    lacks = set(schemas[shown]["properties"]) - set(schemas[given]["properties"]) - MADE
    check("%s lacks what %s shows: %s" % (given, shown, sorted(lacks)), not lacks)


def empty_members(node, path=""):
    """A comma in a flow of YAML makes a member of what was meant to be a sentence."""
    for k, v in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        check("%s/%s: says nothing" % (path, k), v is not None or path.endswith("/enum"))
        empty_members(v, "%s/%s" % (path, k))


empty_members(doc)

# ---- answers

def strict(node, free=False):
    """Where members are listed, no others are allowed, unless the schema is but a part of another (allOf)."""
    if isinstance(node, list):
        return [strict(n) for n in node]
    if not isinstance(node, dict):
        return node
    out = {k: [strict(n, True) for n in v] if k == "allOf" else
           {n: strict(s) for n, s in v.items()} if k == "properties" else strict(v) for k, v in node.items()}
    if "properties" in node and "additionalProperties" not in node and not free and "allOf" not in node:
        out["additionalProperties"] = False
    return out


STORE = {"components": {"schemas": {n: strict(s, n == "Page") for n, s in schemas.items()}}}


def validate(what, schema, value):
    whole = dict(strict(schema), **STORE)
    for e in jsonschema.Draft202012Validator(whole).iter_errors(value):
        deep = min((x for x in e.context), key=lambda x: len(x.path), default=None)
        check("%s: %s: %s%s" % (what, "/".join(map(str, e.absolute_path)), e.message[:300],
                                " (%s)" % deep.message[:200] if deep else ""), False)


def schema_of(method, path, status):
    answers = described[method, path]["responses"]
    a = answers.get(str(status))
    if a is None:
        check("%s %s: its answer %d is not described" % (method, path, status), status >= 400)
        return schemas["Error"]
    content = a.get("content")
    return next(iter(content.values()))["schema"] if content else None


asked = set()


def call(method, path, body=None, who="api-doc-token", wants=None, **param):
    filled = re.sub(r"{(\w+)}", lambda m: param[m.group(1)], path)
    path = path.split("?")[0]
    asked.add((method, path))
    data = None if body is None else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    kind = "text/plain" if isinstance(body, str) else "application/json"
    r = urllib.request.Request(BASE + filled, data=data, method=method, headers={"Authorization": who, "Content-Type": kind})
    try:
        with urllib.request.urlopen(r, timeout=60) as f:
            status, text, kind = f.status, f.read().decode(), f.headers.get("Content-Type", "")
    except urllib.error.HTTPError as e:
        status, text, kind = e.code, e.read().decode(), e.headers.get("Content-Type", "")
    what = "%s %s: %d" % (method, filled, status)
    if wants or status >= 400:
        check("%s instead of %s: %s" % (what, wants or "2xx", text[:300]), status == wants)
    schema = schema_of(method, path, status)
    if schema is None:
        check("%s: has a body: %s" % (what, text[:200]), text == "")
        return None
    value = json.loads(text) if "json" in kind else text
    validate(what, schema, value)
    return value


def begin(directory):
    log = open(os.path.join(directory, "log"), "w+")
    p = subprocess.Popen([ONDOL, "dev", "--data", os.path.join(directory, "data"), "--listen", "127.0.0.1:0", "--token",
                          "api-doc-token", "--heaters", "1", "--speed", "60"], stdout=subprocess.PIPE, stderr=log, text=True)
    line = ""
    for line in p.stdout:
        if "ready at" in line:
            break
    check("the server says where it is: %r" % line, "ready at" in line)
    return p, re.search(r"ready at (\S+)", line).group(1)


def wait(what, condition, limit_s=120):
    until = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > until:
            check("not within %d s: %s" % (limit_s, what), False)
            return
        time.sleep(0.2)


def pools():
    always = [{"type": "Always", "name": "a"}]
    scaling = {"policies": [{"type": "Fixed", "slotsCount": 0, "name": "f", "enabledPeriods": always},
                            {"type": "ManagedTasksQueue", "maxTotalSlots": 2, "name": "q", "enabledPeriods": always}]}
    pool = call("POST", "/pools", {"name": "doc", "profile": "docker-batch", "instanceCount": 1, "tags": ["p"], "labels": {"a": "b"},
                                   "multiSlotsSettings": {"slotsPerNode": 2}, "constants": [{"key": "A", "value": "b"}],
                                   "preparationTask": {"commandLine": "echo ready"}})["uuid"]
    wait("a node is prepared", lambda: call("GET", "/pools/{id}", id=pool)["state"] == "FullyExecuting")
    call("POST", "/jobs", {"name": "in pool", "poolUuid": pool})
    call("POST", "/tasks", {"name": "x", "poolUuid": pool, "instanceCount": 1, "constants": [{"key": "DOCKER_CMD", "value": "true"}]})
    for kind in ("/pools", "/pools/summaries"):
        call("GET", kind)
        call("POST", kind + "/paginate", {"maximumResults": 1})
    call("POST", "/pools/search", {"filter": {"operator": "Equal", "field": "tags", "value": "p"}})
    call("GET", "/pools/{id}/tasks", id=pool)
    call("GET", "/pools/{id}/jobs", id=pool)
    for stream in ("stdout", "stderr"):
        for method in ("GET", "POST"):
            call(method, "/pools/{id}/" + stream, id=pool)
            call(method, "/pools/{id}/" + stream + "/{instance}", id=pool, instance="0")
    call("GET", "/carbon/v1/pools/{id}/carbon-facts", id=pool)
    call("GET", "/credits/v1/pools/{id}/credits", id=pool)
    call("PATCH", "/pools/{id}", id=pool)
    call("PUT", "/pools/{id}", {"tags": ["n"]}, id=pool)
    copy = call("POST", "/pools/{id}/clone", {"name": "copy"}, id=pool)["uuid"]
    call("PUT", "/pools/{id}/scaling", scaling, id=copy)
    call("GET", "/pools/{id}/scaling", id=copy)
    call("GET", "/pools/{id}", id=copy)
    call("POST", "/pools/{id}/close", id=pool)
    call("GET", "/pools/{id}", id=pool)
    call("DELETE", "/pools/{id}", id=copy)
    call("DELETE", "/pools/{id}", id=pool)
    call("GET", "/pools/{id}", id="nobody", wants=404)


def people():
    call("POST", "/ondol/v1/organisations", {"slug": "acme", "name": "Acme"})
    call("PUT", "/ondol/v1/organisations/{organisation}", {"max_flex_cores": 64}, organisation="acme")
    call("GET", "/ondol/v1/organisations/{organisation}", organisation="acme")
    user = call("POST", "/ondol/v1/users", {"email": "d@e.f", "organisation": "acme", "credit_cents": 100})
    call("PUT", "/ondol/v1/users/{user}", {"scheduling": "onDemand"}, user="d@e.f")
    call("GET", "/ondol/v1/users/{user}", user="d@e.f")
    project = call("POST", "/ondol/v1/projects", {"organisation": "acme", "slug": "lab"})["uuid"]
    call("PUT", "/ondol/v1/projects/{project}", {"research": True}, project=project)
    call("GET", "/ondol/v1/projects/{project}", project=project)
    budget = call("POST", "/ondol/v1/projects/{project}/budgets", {"totalAmountInCents": 5}, project=project)["uuid"]
    call("PUT", "/ondol/v1/budgets/{budget}", {"isArchived": True}, budget=budget)
    call("GET", "/ondol/v1/projects/{project}/budgets", project=project)
    key = call("GET", "/ondol/v1/boards")["data"][0]["spec"]["key"]
    night = call("POST", "/ondol/v1/reservations", {"organisation": "acme", "name": "night", "machine_key": key, "boards": 1,
                                                    "to": "2999-01-01T00:00:00Z"})["uuid"]
    call("PUT", "/ondol/v1/reservations/{reservation}", {"to": "2998-01-01T00:00:00Z"}, reservation=night)
    call("GET", "/ondol/v1/reservations/{reservation}", reservation=night)
    own = call("POST", "/ondol/v1/tokens", {"name": "second", "expires": "2999-01-01T00:00:00Z"}, who=user["token"])
    for path in ("/ondol/v1/users", "/ondol/v1/organisations", "/ondol/v1/projects", "/ondol/v1/reservations"):
        call("GET", path)
    for path in ("/info", "/ondol/v1/tokens", "/credits/v1/accounts/credits", "/quotas/computing-quotas/user",
                 "/quotas/computing-quotas/organization"):
        call("GET", path, who=user["token"])
    call("GET", "/credits/v1/projects/{uuid}/budgets", who=user["token"], uuid=project)
    call("DELETE", "/ondol/v1/reservations/{reservation}", reservation=night)
    call("DELETE", "/ondol/v1/tokens/{token}", who=user["token"], token=str(own["id"]))
    call("DELETE", "/ondol/v1/users/{user}", user="d@e.f")


def images():
    """No archive: image_task.py has them."""
    upload = call("POST", "/ondol/v1/images/uploads", wants=201)["id"]
    call("PUT", "/ondol/v1/images/uploads/{upload}?offset=7", {}, upload=upload, wants=409)
    call("PUT", "/ondol/v1/images/uploads/{upload}?offset=0", {}, upload=upload)
    job = call("POST", "/ondol/v1/images", {"upload": upload, "name": "x"}, wants=202)["id"]
    wait("an import fails", lambda: call("GET", "/ondol/v1/images/jobs/{job}", job=job)["state"] == "failed")
    call("POST", "/ondol/v1/images/pull", {"name": "Not A Name"}, wants=400)
    call("POST", "/ondol/v1/images/pull", {"name": "x"}, wants=400)  # from which registry?
    call("GET", "/ondol/v1/images")
    call("GET", "/ondol/v1/images/{image}", image="library/none:1", wants=404)
    call("DELETE", "/ondol/v1/images/{image}", image="none", wants=404)


def walk():
    task = {"name": "doc", "profile": "docker-batch", "instanceCount": 2, "tags": ["a", "b"], "labels": {"c": "d"},
            "hardwareConstraints": [{"discriminator": "MinimumCoreHardwareConstraint", "coreCount": 1}],
            "forcedConstants": [{"constantName": "E", "forcedValue": "f", "access": "readOnly"}],
            "constants": [{"key": "DOCKER_CMD", "value": "sh -c 'echo out; echo err >&2; sleep 3'"}],
            "secretsAccessRights": {"bySecret": [{"key": "x/y"}], "byPrefix": [{"prefix": "z"}]}}
    bad = dict(task, constants=[{"key": "DOCKER_CMD", "value": "false"}], instanceCount=1)
    call("PUT", "/secrets-manager/data/{key}", {"value": "1"}, key="x/y", wants=201)
    job = call("POST", "/jobs", {"name": "doc", "useDependencies": True, "tags": ["t"], "maxWallTime": "01:00:00"})["uuid"]
    first = call("POST", "/tasks", dict(task, jobUuid=job))["uuid"]
    after = call("POST", "/tasks", dict(task, jobUuid=job, dependencies={"dependsOn": [first]}))["uuid"]
    failing = call("POST", "/tasks", bad)["uuid"]
    call("POST", "/tasks", [task, {"name": ""}], wants=207)
    call("POST", "/ondol/v1/estimate", dict(task, expectedRunSeconds=60))
    call("POST", "/ondol/v1/estimate", {"name": ""}, wants=400)
    call("GET", "/tasks/{id}", id=after)
    wait("an instance runs", lambda: call("GET", "/tasks/{id}", id=first)["status"])
    call("GET", "/tasks")
    wait("the tasks end", lambda: call("GET", "/tasks/{id}", id=first)["state"] == "Success" and
         call("GET", "/tasks/{id}", id=failing)["state"] == "Failure")
    for path in ("/", "/versions", "/settings", "/info", "/profiles", "/hardware-constraints", "/tasks", "/tasks/summaries", "/jobs",
                 "/ondol/v1/limits", "/ondol/v1/accounts", "/ondol/v1/sites", "/ondol/v1/zones", "/ondol/v1/heaters",
                 "/ondol/v1/boards", "/ondol/v1/ledger", "/ondol/v1/ledger/work", "/ondol/v1/ledger/zones", "/metrics",
                 "/ondol/v1/metrics"):
        call("GET", path)
    call("GET", "/versions", who="")
    call("GET", "/", who="wrong", wants=401)
    call("GET", "/profiles/{name}", name="docker-batch")
    call("GET", "/network/tasks/{id}/port-forward", id=first)
    call("GET", "/hardware-constraints/cpu-model-constraints/search", wants=400)
    for kind in ("/tasks", "/tasks/summaries", "/jobs"):
        call("POST", kind + "/paginate", {"maximumResults": 1})
        call("POST", kind + "/paginate", {"token": "nonsense"}, wants=400)
    for kind in ("/tasks", "/jobs"):
        call("POST", kind + "/search", {"filter": {"operator": "Equal", "field": "name", "value": "doc"}})
    for stream in ("stdout", "stderr"):
        for method in ("GET", "POST"):
            call(method, "/tasks/{id}/" + stream, id=first)
            call(method, "/tasks/{id}/" + stream + "/{instance}", id=first, instance="0")
    call("GET", "/jobs/{id}", id=job)
    call("GET", "/jobs/{id}/tasks", id=job)
    call("GET", "/carbon/v1/tasks/{id}/carbon-facts", id=first)
    call("GET", "/credits/v1/tasks/{id}/credits", id=first)
    call("GET", "/ondol/v1/tasks/{id}/why", id=first)
    call("GET", "/tasks/{id}", id="nobody", wants=404)
    call("POST", "/tasks", {"name": "x"}, wants=400)
    call("POST", "/tasks/{id}/retry", {}, id=failing)
    call("POST", "/tasks/{id}/recover", {}, id=failing)
    call("POST", "/tasks/{id}/restart", id=failing)
    call("POST", "/tasks/{id}/restart", id="nobody", wants=404)
    copy = call("POST", "/tasks/{id}/clone", {"instanceCount": 200}, id=first)["uuid"]
    call("PUT", "/tasks/{id}", {"tags": ["n"]}, id=copy)
    call("PATCH", "/tasks/{id}", id="nobody", wants=404)
    call("POST", "/tasks/{id}/snapshot/periodic", {"interval": 60}, id=copy, wants=400)  # it has no bucket for results
    call("POST", "/tasks/{id}/snapshot", {}, id="nobody", wants=404)
    call("GET", "/tasks/{id}/snapshot/{snapshot}", id=copy, snapshot="77", wants=404)
    call("POST", "/tasks/{id}/abort", id=copy)
    wait("it stops", lambda: call("GET", "/tasks/{id}", id=copy)["state"] == "Cancelled")
    call("POST", "/tasks/{id}/resume", {}, id=copy)
    call("DELETE", "/tasks/{id}", id=failing)
    call("POST", "/jobs/{id}/terminate", id=job)
    call("DELETE", "/jobs/{id}?force=true", id=job)
    call("GET", "/secrets-manager/data/{key}", key="x/y")
    call("PATCH", "/secrets-manager/data/{key}", {"value": "2"}, key="x/y")
    call("GET", "/secrets-manager/search/{prefix}", prefix="x")
    call("DELETE", "/secrets-manager/data/{key}", key="x/y")
    call("POST", "/sanity-checks/pools/scaling", {"policies": []}, wants=400)
    pools()
    images()
    call("POST", "/ondol/v1/accounts", {"email": "a@b.c"})
    call("PUT", "/ondol/v1/accounts/{account}", {"research": True}, account="a@b.c")
    call("GET", "/ondol/v1/accounts/{account}", account="a@b.c")
    people()
    site, zone, heater, board = (call("GET", "/ondol/v1/" + k)["data"][0]["name"] for k in ("sites", "zones", "heaters", "boards"))
    call("PUT", "/ondol/v1/sites/{site}", {
        "cap_w": 5000, "country": "FR", "position": {"latitude": 48.8, "longitude": 2.3}, "latency_ms": 12,
        "tariff": [{"days": "daily", "from": "06:00", "eur_per_kwh": 0.2146}],
        "carbon": {"from": "2026-01-01T00:00:00Z", "step_min": 60, "g_per_kwh": [54, 52]},
        "weather": {"from": "2026-01-01T00:00:00Z", "step_min": 60, "outside_c": [7.5, -1]},
        "circuits": [{"name": "east", "cap_w": 3500, "zones": ["nowhere"]}]}, site=site)
    call("PUT", "/ondol/v1/sites/{site}", {"circuits": None, "tariff": None}, site=site)
    call("GET", "/ondol/v1/sites/{site}", site=site)
    call("GET", "/ondol/v1/zones/{zone}", zone=zone)
    for what in ("setpoint", "schedule", "why"):
        call("GET", "/ondol/v1/zones/{zone}/" + what, zone=zone)
    call("PUT", "/ondol/v1/zones/{zone}/setpoint", {"setpoint_c": 19, "boost_min": 5}, zone=zone)
    call("PUT", "/ondol/v1/zones/{zone}/schedule", "mon-fri 06:00 comfort\n", zone=zone)
    call("GET", "/ondol/v1/heaters/{heater}", heater=heater)
    call("POST", "/ondol/v1/heaters/{heater}/clear-lid", heater=heater, wants=409)
    call("GET", "/ondol/v1/boards/{board}", board=board)
    call("POST", "/ondol/v1/boards/{board}/bar", {"why": "test"}, board=board)
    call("POST", "/ondol/v1/boards/{board}/clear", board=board)
    call("POST", "/ondol/v1/tasks/abort")


with tempfile.TemporaryDirectory(prefix="ondol-api-doc.") as scratch:
    server, BASE = begin(scratch)
    try:
        walk()
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(60)
NOT_ASKED = {("GET", "/ondol/v1/events"), ("POST", "/ondol/v1/sync"), ("POST", "/ondol/v1/sync/images"),
             ("GET", "/ondol/v1/sync/blobs/{digest}")}  # has no end; are for agents
check("routes that the walk does not ask: %s" % sorted(set(routes) - asked - NOT_ASKED), set(routes) - asked == NOT_ASKED)
print("%d of %d routes asked; %d schemas" % (len(asked), len(routes), len(schemas)))
if failures:
    sys.exit("%d failures (again: meson test -C build api_doc)" % len(failures))
