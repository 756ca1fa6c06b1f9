#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: Apache-2.0
"""What the five clients of the public API send beyond hello world, as a table: for each client its headers, its framing
and its spelling of paths and fields, and what an answer must contain because the client uses it without looking.
Written from the description of the protocol, one server for all.

Usage: client_shapes.py ONDOL
"""
import json
import re
import socket
import sys
import time

from house import DIR, end_well, start_ready

ONDOL = sys.argv[1]
ZERO, NOBODY = "00000000-0000-0000-0000-000000000000", "11111111-2222-4333-8444-555555555555"

# ---- the clients: headers of every request, prefix of every path, headers of a body and of a POST without one, framing
JSON_UTF8 = ["Content-Type: application/json; charset=utf-8"]
CLIENTS = {
    "python": dict(head=["User-Agent: qarnot-sdk-python/v2.22.0", "Accept-Encoding: gzip, deflate", "Accept: */*",
                         "Connection: keep-alive"],
                   token="Authorization", typed=["Content-Type: application/json"]),
    "node": dict(head=["Accept: application/json, text/plain, */*", "User-Agent: axios/1.15.0",
                       "Accept-Encoding: gzip, compress, deflate, br"],
                 token="authorization", typed=["Content-Type: application/json"],
                 bare=["Content-Type: application/x-www-form-urlencoded"]),
    "csharp": dict(head=["Accept: application/json", "User-Agent: qarnot-sdk-csharp/7.0.1.0",
                         "Accept-Encoding: gzip, deflate"],
                   token="Authorization", typed=JSON_UTF8, chunked=True),
    "cli": dict(head=["Accept: application/json", "User-Agent: qarnot-sdk-csharp/5.12.0.0", "Expect: 100-continue"],
                token="Authorization", typed=JSON_UTF8, chunked=True),
    "go": dict(head=["User-Agent: Go-http-client/1.1", "Content-Type: application/json"], token="Authorization",
               prefix="/v1"),
}

# ---- what an answer must contain: "path:kind", "path?:kind" where null will do as well, "path=JSON"
KINDS = {
    "uuid": lambda v: isinstance(v, str) and re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", v),
    "date": lambda v: isinstance(v, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", v),
    "span": lambda v: isinstance(v, str) and re.fullmatch(r"(\d+\.)?\d\d:\d\d:\d\d(\.\d{1,7})?", v),
    "str": lambda v: isinstance(v, str),
    "some": lambda v: isinstance(v, (str, list)) and len(v) > 0,
    "int": lambda v: isinstance(v, int) and not isinstance(v, bool) and v >= 0,
    "num": lambda v: isinstance(v, (int, float)) and not isinstance(v, bool),
    "pos": lambda v: isinstance(v, (int, float)) and not isinstance(v, bool) and v > 0,
    "bool": lambda v: isinstance(v, bool),
    "list": lambda v: isinstance(v, list),
    "obj": lambda v: isinstance(v, dict),
}
LIFE = """
    uuid:uuid name:str shortname:str state:str previousState?:str creationDate:date lastModified:date
    stateTransitionTime:date previousStateTransitionTime:date
"""
GROUP = """
    errors:list constants:list forcedConstants:list hardwareConstraints:list forcedNetworkRules:list tags:list
    labels:obj privileges:obj secretsAccessRights.bySecret:list secretsAccessRights.byPrefix:list
    autoDeleteOnCompletion:bool completionTimeToLive:span resourceBuckets:list advancedResourceBuckets:list
    schedulingType:str endDate:date executionTime:span wallTime:span runningInstanceCount:int runningCoreCount:int
"""
TASK = LIFE + GROUP + """
    completedInstances:list retrySettings:obj resultsCount:int snapshotInterval:int progress:num instanceCount:int
    totalInstanceCount:int maxRetriesPerInstance:int profile:str poolUuid?:uuid jobUuid?:uuid resultBucket?:str
    resultsBucket?:str
"""
POOL = LIFE + GROUP + """
    elasticProperty.isElastic:bool elasticProperty.rampResizeFactor:num defaultRetrySettings:obj
    totalSlotCapacity:int poolUsage:num queuedOrRunningTaskInstancesCount:int targetRunningInstanceCount:int
    taskDefaultWaitForPoolResourcesSynchronization:bool
"""
JOB = LIFE + """
    poolUuid?:uuid useDependencies:bool tags:list maxWallTime?:span autoDeleteOnCompletion:bool
    completionTimeToLive:span
"""
PAGE = "data:list token?:str nextToken?:str isTruncated:bool count:int total:int "
QUOTA = """
    flex.maxInstances:int flex.maxCores:int flex.runningInstancesCount:int flex.runningCoresCount:int
    flex.runningCoreCount:int onDemand.maxInstances:int onDemand.maxCores:int onDemand.runningInstancesCount:int
    onDemand.runningCoresCount:int onDemand.runningCoreCount:int
"""
CARBON = """
    total_consumed_energy_Wh:num total_energy_it_Wh:num total_reused_energy_Wh:num qarnot_carbon_footprint:num
    equivalent_DC_carbon_footprint:num saved_carbon_footprint_compute:num saved_carbon_footprint_heat:num
    saved_carbon_footprint_compute_heat:num saved_carbon_footprint_percent:num totalConsumedEnergyWh:num
    carbonFootprintC02Eq:num equivalent_datacenter_name:str comparisonDataCenterName:str PUE?:num pue?:num WUE?:num
"""
LIVE = "status.runningInstancesInfo.perRunningInstanceInfo."
LIVES = "".join(LIVE + "%d." % i + w for i in (0, 1) for w in (
    "instanceId:int ", "phase=\"execution\" ", "maxFrequencyGHz:pos ", "currentFrequencyGHz:pos ", "clockRatio:pos ", "cpuUsage:pos ",
    "maxMemoryMB:pos ", "currentMemoryMB:pos ", "memoryUsage:pos ", "networkInKbps:int ", "networkOutKbps:int ", "progress:num ",
    "executionTimeSec:pos ", "executionTimeGHz:pos ", "specificationKey:some ", "cpuModel:some ", "coreCount:pos ",
    "executionAttemptCount=1 ", "activeForwards=[] ", "vpnConnections=[] ")) + "".join("status.runningInstancesInfo." + w for w in (
        "timestamp:date ", "averageFrequencyGHz:pos ", "maxFrequencyGHz:pos ", "minFrequencyGHz:pos ", "averageMaxFrequencyGHz:pos ",
        "averageCpuUsage:pos ", "clusterPowerIndicator:pos ", "averageMemoryUsage:pos ", "averageNetworkInKbps:int ",
        "averageNetworkOutKbps:int ", "totalNetworkInKbps:int ", "totalNetworkOutKbps:int ", "snapshotResults=[] ",
        "runningCoreCountByCpuModel.0.model:some ", "runningCoreCountByCpuModel.0.core:pos ",
        "runningCoreCountByCpuModel.0.runningCoreCount:pos "))
TIMES = "".join("status.%sTime:span status.%sTimeSec:int " % (w, w) for w in ("download", "environment", "execution", "upload", "wall")) + """
    status.timestamp:date status.lastUpdateTimestamp:date status.downloadProgress:num status.executionProgress:num
    status.uploadProgress:num status.instanceCount:int status.executionTimeByCpuModel.0.model:some
    status.executionTimeByCpuModel.0.time:int status.executionTimeByCpuModel.0.core:pos
    status.executionTimeGhzByCpuModel.0.timeGhz:num status.executionTimeGhzByCpuModel.0.clockRatio:pos
    status.executionTimeByMachineSpecification.0.specificationKey:some status.executionTimeBySiteAndMachine:list
    status.executionTimeByInstanceId.0.instanceId:int """
EMPTY, TEXT, JSON_STRING = "empty", "text", "json string"  # the whole body
MESSAGE = "message:some "

# ---- bodies
HELLO = [{"key": "DOCKER_CMD", "value": "echo hello"}]
LONG = [{"key": "DOCKER_CMD", "value": "sleep 600"}]


def py_task(name, **more):
    return dict({"name": name, "profile": "docker-batch", "poolUuid": None, "jobUuid": None, "constants": HELLO,
                 "constraints": [],
                 "forcedConstants": [], "waitForPoolResourcesSynchronization": None,
                 "uploadResultsOnCancellation": None, "labels": {},
                 "dependencies": {"dependsOn": []}, "advancedResourceBuckets": [], "instanceCount": 1, "tags": [],
                 "autoDeleteOnCompletion": False,
                 "completionTimeToLive": "00:00:00", "hardwareConstraints": [], "defaultResourcesCacheTTLSec": None,
                 "ResultsCacheTTLSec": None,
                 "privileges": {"exportApiAndStorageCredentialsInEnvironment": False}, "forcedNetworkRules": [],
                 "retrySettings": {"maxTotalRetries": None, "maxPerInstanceRetries": None}}, **more)


def py_pool(name, **more):
    return dict({"name": name, "profile": "docker-batch", "constants": [], "constraints": [], "forcedConstants": [],
                 "tags": [], "labels": {},
                 "instanceCount": 1, "elasticProperty": {"isElastic": False, "minTotalSlots": 0, "maxTotalSlots": 1,
                                                         "minIdleSlots": 0,
                                                         "resizePeriod": 90, "rampResizeFactor": 1,
                                                         "minIdleTimeSeconds": 0},
                 "preparationTask": None, "autoDeleteOnCompletion": False, "completionTimeToLive": "00:00:00",
                 "advancedResourceBuckets": [],
                 "taskDefaultWaitForPoolResourcesSynchronization": None, "hardwareConstraints": [],
                 "defaultResourcesCacheTTLSec": None,
                 "privileges": {"exportApiAndStorageCredentialsInEnvironment": False}, "forcedNetworkRules": [],
                 "defaultRetrySettings": {"maxTotalRetries": None, "maxPerInstanceRetries": None}}, **more)


# Of the instances 0, 1, 4 and 7 the first succeeds, the second fails and the others go on until they are told to stop.
RANGED = [{"key": "WORK", "value": "case ${INSTANCE_ID} in 0) exit 0;; 1) exit 3;; esac; "
           "x=$(head -c 6000000 /dev/zero | tr '\\0' a); while :; do :; done"},
          {"key": "DOCKER_CMD", "value": "sh -c ${WORK}"}]
TELLS = [{"key": "DOCKER_CMD", "value": "sh -c 'echo $app_db $pre_one $pre_deep_two=${other}'"}]

# What .NET writes for a whole object: PascalCase, nulls, dates without a zone, everything that is only read.
READ_ONLY = {"State": None, "PreviousState": None, "Status": None, "Uuid": ZERO, "CreationDate": "0001-01-01T00:00:00",
             "Errors": None,
             "EndDate": "0001-01-01T00:00:00", "LastModified": "0001-01-01T00:00:00",
             "StateTransitionTime": "0001-01-01T00:00:00",
             "PreviousStateTransitionTime": "0001-01-01T00:00:00", "RunningInstanceCount": None, "ExecutionTime": None}


def cs_task(name, **more):
    return dict(READ_ONLY, Name=name, Profile="docker-batch", PoolUuid=ZERO, JobUuid=None, InstanceCount=1,
                CompletedInstances=None,
                Constants=[{"Key": "DOCKER_CMD", "Value": "echo hello"}], Constraints=[],
                CompletionTimeToLive="00:00:00", Tags=None,
                Dependencies=None, ResourceBuckets=[], AdvancedResourceBuckets=None, HardwareConstraints=None,
                Labels=None,
                Privileges={"ExportApiAndStorageCredentialsInEnvironment": None},
                RetrySettings={"MaxTotalRetries": None, "MaxPerInstanceRetries": None},
                **more)


def cs_pool(name, **more):
    return dict(READ_ONLY, Name=name, Profile="docker-batch", InstanceCount=1, Constants=[], Constraints=[], Tags=[],
                PreparationTask=None,
                ElasticProperty={"IsElastic": False, "MinTotalSlots": 0, "MaxTotalSlots": 0, "MinIdleSlots": 0,
                                 "ResizePeriod": 90,
                                 "RampResizeFactor": 0.4, "MinIdleTimeSeconds": 90}, CompletionTimeToLive="00:00:00",
                TotalSlotCapacity=0,
                PoolUsage=0.0, Scaling=None, QueuedOrRunningTaskInstancesCount=0, SchedulingType=None, **more)


CS_SCALING = {"Policies": [{"Type": "ManagedTasksQueue", "Name": "spikes", "MinTotalSlots": 0, "MaxTotalSlots": 2,
                            "MinIdleSlots": 0, "MinIdleTimeSeconds": 90,
                            "ScalingFactor": 0.2, "EnabledPeriods": [{"Type": "Weekly", "Name": "week", "Days": [1, 2],
                                                                      "StartTimeUtc": "06:00:00.0000000",
                                                                      "EndTimeUtc": "23:59:59.9999999"}]},
                           {"Type": "Fixed", "Name": "else", "SlotsCount": 0, "EnabledPeriods": [{"Type": "Always",
                                                                                                  "Name": "always"}]}]}
GO_TASK = {"name": "go", "shortname": "from-go", "profile": "docker-batch", "instanceCount": 1, "constants": HELLO,
           "tags": ["go"], "completionTimeToLive": 3600, "priority": 0, "labels": {},
           "hardwareConstraints": [{"discriminator": "MinimumCoreHardwareConstraint", "coreCount": 1,
                                    "minimumMemoryMB": 0, "maximumMemoryMB": 0,
                                    "minimumMemoryGBCoreRatio": 0, "specificationKey": "", "cpuModel": ""}],
           "advancedResourceBuckets": [], "forcedNetworkRule": [{"inbound": True, "proto": "https", "port": 22,
                                                                 "public_host": "", "to_qbox": False},
                                                                {"inbound": False, "proto": "tcp", "port": 0, "to": "",
                                                                 "public_host": "192.0.2.0/24", "public_port": "443"}],
           "retrySettings": {"maxTotalRetries": 0, "maxPerInstanceRetries": 0},
           "privileges": {"exportApiAndStorageCredentialsInEnvironment": False}}
STATES = "Submitted PartiallyDispatched FullyDispatched PartiallyExecuting FullyExecuting UploadingResults Success".split()
NO_PAGE = {"filter": None, "token": None, "maximumResults": None}


def leaf(value, field, operator="Equal"):
    return {"Value": value, "Field": field, "Operator": operator}


# ---- the table: client, method, path, body (None: none), status, what the answer holds, the name under which its uuid or id is kept
S, G, P, U, D, H = None, "GET", "POST", "PUT", "DELETE", "PATCH"
WAIT = "WAIT"  # GET, again and again until it is so
TABLE = [
    ("python", P, "/tasks", dict({k: v for k, v in py_task("ranged", constants=RANGED).items() if k != "instanceCount"},
                                 advancedRanges="0-1,4,7"), 200, "uuid:uuid", "ranged"),
    ("python", G, "/tasks/{ranged}", S, 200, TASK + "instanceCount=0 advancedRanges=\"0-1,4,7\" totalInstanceCount=4"),
    ("python", U, "/secrets-manager/data/app/db", {"value": "s3"}, 201, ""),
    ("python", U, "/secrets-manager/data/pre/one", {"value": "p1"}, 201, ""),
    ("python", U, "/secrets-manager/data/pre/deep/two", {"value": "p2"}, 201, ""),
    ("python", U, "/secrets-manager/data/other", {"value": "hidden"}, 201, ""),
    ("python", WAIT, "/tasks/{ranged}", S, 200, LIVES + TIMES + """status.succeededRange="0" status.executedRange="0-1"
     status.failedRange="1" status.failedOnlyRange="1" status.cancelledRange="" status.startedOnceRange="0-1,4,7"
     completedInstances.0.state="Success" completedInstances.1.state="Failure" completedInstances.1.error.code:some
     completedInstances.1.instanceId=1 runningInstanceCount=2"""),
    ("python", P, "/tasks/{ranged}/resume", {}, 403, MESSAGE),  # not before its end
    ("python", P, "/tasks/{ranged}/abort", S, 200, EMPTY),
    ("python", WAIT, "/tasks/{ranged}", S, 200, """state="Cancelled" status.succeededRange="0" status.executedRange="0-1,4,7"
     status.failedRange="1,4,7" status.failedOnlyRange="1" status.cancelledRange="4,7" status.startedOnceRange="0-1,4,7"
     status.runningInstancesInfo=null completedInstances.3.state="Cancelled" """),
    ("python", P, "/tasks/{ranged}/resume", {"name": "again"}, 200, "uuid:uuid", "resumed"),
    ("python", G, "/tasks/{resumed}", S, 200, "name=\"again\" advancedRanges=\"4,7\" instanceCount=0 totalInstanceCount=2"),
    ("python", D, "/tasks/{resumed}", S, 200, EMPTY),
    ("python", P, "/tasks/{ranged}/retry", {}, 200, "uuid:uuid", "retried"),
    ("python", G, "/tasks/{retried}", S, 200, "name=\"ranged\" advancedRanges=\"1\" totalInstanceCount=1"),
    ("python", D, "/tasks/{retried}", S, 200, EMPTY),
    ("python", P, "/tasks/{ranged}/recover", S, 200, "uuid:uuid", "recovered"),
    ("python", G, "/tasks/{recovered}", S, 200, "advancedRanges=\"1,4,7\" totalInstanceCount=3"),
    ("python", D, "/tasks/{recovered}", S, 200, EMPTY),
    ("python", P, "/tasks", py_task("secrets", constants=TELLS, secretsAccessRights={"bySecret": [{"key": "app/db"}, {"key": "none"}],
                                                                                   "byPrefix": [{"prefix": "pre/"}]}),
     200, "uuid:uuid", "secrets"),
    ("python", G, "/tasks/{secrets}", S, 200,
     "secretsAccessRights={\"bySecret\":[{\"key\":\"app/db\"},{\"key\":\"none\"}],\"byPrefix\":[{\"prefix\":\"pre/\"}]}"),
    ("python", WAIT, "/tasks/{secrets}", S, 200, "state=\"Success\""),
    ("python", G, "/tasks/{secrets}/stdout/0", S, 200, "says s3 p1 p2="),
    ("python", D, "/secrets-manager/data/app/db", S, 204, EMPTY),
    ("python", P, "/tasks", py_task("rules", forcedNetworkRules=[
        {"inbound": True, "proto": "tcp", "port": "8080", "to": "10.0.0.0/8", "to_payload": True, "priority": "1000"},
        {"inbound": False, "proto": "udp", "public_host": "192.0.2.0/24", "public_port": "53"}]), 200, "uuid:uuid", "rules"),
    ("python", G, "/tasks/{rules}", S, 200, TASK + """forcedNetworkRules.0.inbound=true forcedNetworkRules.0.port="8080"
     forcedNetworkRules.0.to_payload=true forcedNetworkRules.1.public_host="192.0.2.0/24" forcedNetworkRules.1.publicPort="53" """),
    ("python", D, "/tasks/{rules}", S, 200, EMPTY),
    ("python", G, "//settings", S, 200, "storage?:str"),
    ("python", G, "//info", S, 200,
     "email:some projects:list maxPool:int maxJob:int bucketCount:int computingQuotas.user.flex.maxCores:int "
     "computingQuotas.user.onDemand.runningCoresCount:int computingQuotas.organization.name:str projects.0.uuid:uuid projects.0.isDefault:bool", "project=projects.0.uuid"),
    ("python", P, "/tasks", py_task("short"), 200, "uuid:uuid", "short"),
    ("python", P, "/tasks", py_task("long", constants=LONG, tags=["a", "b"], shortname="Long-One",
                                    completionTimeToLive="1.00:00:00"), 200, "uuid:uuid", "long"),
    ("python", P, "/tasks", [py_task("bulk"), py_task("")], 207,
     "0.statusCode=200 0.uuid:uuid 0.message=null 1.statusCode=400 1.uuid=null 1.message:some"),
    ("python", G, "/tasks/{short}", S, 200, TASK),
    ("python", P, "/tasks/{long}/snapshot/periodic", {"interval": 30, "whitelist": None, "blacklist": None,
                                                      "bucket": None, "bucketPrefix": None}, 400, MESSAGE),  # no bucket
    ("python", P, "/tasks/{long}/snapshot/periodic", {"interval": -1}, 400, MESSAGE),
    ("python", P, "/tasks/paginate", {"filter": {"operator": "And", "filters": [{"operator": "Equal", "field": "Tags",
                                                                                 "value": "a"},
                                                                                {"operator": "Equal", "field": "Tags",
                                                                                 "value": "b"}]},
                                      "token": None, "maximumResults": None}, 200,
     PAGE + "count=1 data.0.tags=[\"a\",\"b\"] isTruncated=false nextToken=null"),
    ("python", P, "/tasks/paginate", {"filter": {"operator": "In", "field": "state", "value": STATES}, "token": "",
                                      "maximumResults": 2}, 200,
     PAGE + "count=2 isTruncated=true nextToken:some"),  # the list under "value"
    ("python", P, "/tasks/summaries/paginate", NO_PAGE, 200, PAGE + "data.0.uuid:uuid data.0.creationDate:date"),
    ("python", P, "/pools", py_pool("pool", shortname="py-pool"), 200, "uuid:uuid", "pool"),
    ("python", G, "/pools/{pool}", S, 200, POOL + "tags=[] shortname=\"py-pool\""),
    ("python", P, "/pools/summaries/paginate", NO_PAGE, 200,
     PAGE + "data.0.uuid:uuid data.0.instanceCount:int data.0.executionTime:span"),
    ("python", P, "/pools/paginate", NO_PAGE, 200, PAGE + "data.0.errors:list data.0.elasticProperty:obj"),
    ("python", U, "/pools/{pool}", py_pool("pool", tags=["t"], uuid=ZERO), 200, EMPTY),
    ("python", P, "/pools/{pool}/stdout", S, 200, TEXT),
    ("python", G, "/pools/{pool}/stderr/0", S, (200, 404), ""),
    ("python", P, "/jobs/", {"name": "job", "poolUuid": None, "shortname": None, "state": None, "tags": [],
                             "useDependencies": True, "maxWallTime": "1.02:00:00",
                             "autoDeleteOnCompletion": False, "completionTimeToLive": "00:00:00"}, 200, "uuid:uuid",
     "job"),
    ("python", G, "/jobs/{job}", S, 200, JOB + "state=\"Active\" useDependencies=true maxWallTime=\"1.02:00:00\""),
    ("python", P, "/tasks", py_task("first", jobUuid="{job}", constants=LONG), 200, "uuid:uuid", "first"),
    ("python", P, "/tasks", py_task("second", jobUuid="{job}", dependencies={"dependsOn": ["{first}"]}), 200,
     "uuid:uuid", "second"),
    ("python", G, "/tasks/{second}", S, 200,
     "state=\"Submitted\" dependencies.dependsOn:some dependencies.state=\"waiting\""),
    ("python", G, "/jobs/{job}/tasks", S, 200, "0.uuid:uuid 1.errors:list"),
    ("python", P, "/jobs/paginate", NO_PAGE, 200, PAGE + "data.0.uuid:uuid data.0.creationDate:date"),
    ("python", D, "/jobs/{job}?force=False", S, 403, MESSAGE),
    ("python", D, "/jobs/{job}?force=True", S, 200, EMPTY),
    ("python", D, "/secrets-manager/data/pre/one", S, 204, EMPTY),
    ("python", D, "/secrets-manager/data/pre/deep/two", S, 204, EMPTY),
    ("python", D, "/secrets-manager/data/other", S, 204, EMPTY),
    ("python", U, "/secrets-manager/data/app/db", {"Value": "s3"}, 201, ""),
    ("python", U, "/secrets-manager/data/app/db", {"Value": "s3"}, 409, "error:some"),
    ("python", G, "/secrets-manager/data/app/db", S, 200, "value=\"s3\""),
    ("python", G, "/secrets-manager/search/app", S, 200, "keys=[\"db\"]"),
    ("python", G, "/secrets-manager/search/", S, 200, "keys=[\"app/\"]"),
    ("python", G, "/secrets-manager/data/none", S, 404, "error:some"),
    ("python", G, "/carbon/v1/tasks/{short}/carbon-facts", S, 200, CARBON),
    ("python", G, "/credits/v1/accounts/credits", S, 200, "credits:num"),
    ("python", G, "/credits/v1/projects/{project}/budgets?activeOnly=True", S, 200, "budgets=[]"),
    ("python", G, "/credits/v1/projects/" + NOBODY + "/budgets?activeOnly=False", S, 404, MESSAGE),
    ("python", G, "/profiles/docker-batch", S, 200,
     "name:str constants:some constants.0.name:str constants.0.value:str constants.0.description:str licenses:list"),
    ("python", G, "/hardware-constraints?limit=50&offset=0", S, 200,
     "data:list offset=0 limit=50 total:int data.0.discriminator:some"),
    ("python", G, "/hardware-constraints/cpu-model-constraints/search?cpuModel=a", S, 200, ""),

    ("node", P, "/pools", {"schedulingType": "flex", "instanceCount": 1, "profile": "docker-batch",
                           "name": "helloworld", "shortname": "helloworld",
                           "constants": [{"key": "DOCKER_WORKDIR", "value": "${DOCKER_WORKDIR}"}]}, 200, "uuid:uuid",
     "pool"),
    ("node", U, "/pools/{pool}", {"tags": ["updated"]}, 200, EMPTY),
    ("node", G, "/pools/{pool}", S, 200,
     POOL + "tags=[\"updated\"] constants.0.value=\"${DOCKER_WORKDIR}\" schedulingType=\"flex\""),
    ("node", U, "/pools/{pool}/scaling", {"policies": [{"type": "Fixed", "slotsCount": 19, "name": "d",
                                                        "enabledPeriods": [{"type": "Always", "name": "always"}]}]},
     200, EMPTY),
    ("node", G, "/pools/{pool}", S, 200,
     "scaling.policies=[{\"type\":\"Fixed\",\"slotsCount\":19,\"name\":\"d\",\"enabledPeriods\":[{\"type\":\"Always\",\"name\":\"always\"}]}]"),
    ("node", P, "/sanity-checks/pools/scaling", {"policies": [{"type": "No such", "name": "x"}]}, 400,
     "errors={\"policies[0]\":[\"The_input_was_not_valid.\"]} status=400 title:some"),
    ("node", P, "/pools/{pool}/clone", {"name": "cloned"}, 200, "uuid:uuid", "clone"),
    ("node", P, "/pools/paginate", {"Token": None, "Filter": None, "MaximumResults": 1, "OrderBy": None,
                                    "OrderType": None}, 200, PAGE + "count=1 isTruncated=true nextToken:some"),
    ("node", P, "/pools/summaries/paginate", {"Token": None, "Filter": None, "MaximumResults": 1, "OrderBy": "name",
                                              "OrderType": "DESC"}, 200, PAGE + "count=1"),
    ("node", G, "/pools?tag=updated", S, 200, "0.uuid:uuid"),
    ("node", P, "/pools/{pool}/close", S, 200, EMPTY),
    ("node", G, "/pools/{pool}", S, 200, "state=\"Closing\""),
    ("node", D, "/pools/{clone}", S, 200, EMPTY),
    ("node", P, "/jobs", {"name": "node job"}, 200, "uuid:uuid", "job"),
    ("node", G, "/jobs", S, 200, "0.uuid:uuid"),
    ("node", P, "/jobs/{job}/terminate", S, 200, EMPTY),
    ("node", P, "/tasks", {"name": "n", "profile": "docker-batch", "instanceCount": 2, "constants": LONG}, 200,
     "uuid:uuid", "task"),
    ("node", P, "/tasks/{task}/abort", S, 200, EMPTY),
    ("node", P, "/tasks/{task}/stdout/1", S, 200, JSON_STRING),
    ("node", P, "/tasks/{task}/clone", {"name": "again", "instanceCount": 1}, 200, "uuid:uuid", "clone"),
    ("node", H, "/tasks/{clone}", S, (200, 400), ""),
    ("node", D, "/tasks/{clone}", S, 200, EMPTY),
    ("node", P, "/tasks/{task}/snapshot", {}, (200, 403), ""),

    ("csharp", G, "/Settings", S, 200, "storage?:str"),
    ("csharp", P, "/tasks", cs_task("cs", SchedulingType="Flex", ForcedConstants=[{"ConstantName": "A",
                                                                                   "ForcedValue": "b", "Access": 0}]),
     200, "uuid:uuid", "task"),
    ("csharp", G, "/tasks/{task}", S, 200,
     TASK + "schedulingType=\"flex\" forcedConstants.0.access=\"readOnly\" poolUuid=null"),
    ("csharp", P, "/tasks", cs_task("cs secrets", SecretsAccessRights={"BySecret": [{"Key": "a/b"}], "ByPrefix": [{"Prefix": "p"}]},
                                    ForcedNetworkRules=[{"Inbound": True, "Proto": "tcp", "Port": "22", "To": None, "PublicHost": None,
                                                         "PublicPort": None, "Forwarder": None, "Priority": None, "Description": "d",
                                                         "ToQBox": None, "ToPayload": True, "Name": "ssh", "ApplicationType": "ssh"}]),
     200, "uuid:uuid", "rights"),
    ("csharp", G, "/tasks/{rights}", S, 200, TASK + """secretsAccessRights.bySecret.0.key="a/b" secretsAccessRights.byPrefix.0.prefix="p"
     forcedNetworkRules.0.toPayload=true forcedNetworkRules.0.applicationType="ssh" """),
    ("csharp", D, "/tasks/{rights}", S, 200, EMPTY),
    ("csharp", G, "/TASKS/LONG-one", S, 200, "name=\"long\" completionTimeToLive=\"1.00:00:00\""),
    ("csharp", G, "/tasks/{task}/stdout/", S, 200, JSON_STRING),
    ("csharp", P, "/tasks/search", {"Select": {"Fields": ["Uuid"]}, "Filter": {"Operator": "And", "Filters": [
        leaf("cs", "Name"), {"Operator": "In", "Field": "State", "Values": STATES}]}, "MaximumResults": None}, 200,
     "0.uuid:uuid"),
    ("csharp", G, "/tasks/summaries?tag=a,b", S, 200, "0.name=\"long\""),
    ("csharp", P, "/pools", cs_pool("cs-pool"), 200, "uuid:uuid", "pool"),
    ("csharp", G, "/pool/{pool}", S, 200, POOL),
    ("csharp", U, "/pools/{pool}/scaling", CS_SCALING, 200, EMPTY),
    ("csharp", G, "/pools/{pool}/scaling", S, 200,
     "policies.0.enabledPeriods.0.days=[\"monday\",\"tuesday\"] policies.1.slotsCount=0 activePolicyName?:str"),
    ("csharp", P, "/pools/search", {"Select": None, "Filter": leaf("cs-pool", "Name"), "MaximumResults": 5}, 200,
     "0.uuid:uuid"),
    ("csharp", U, "/pools/{pool}", cs_pool("cs-pool", Labels={"x": "y"}), 200, EMPTY),
    ("csharp", D, "/pool/{pool}", S, 200, EMPTY),
    ("csharp", P, "/jobs", {"Name": "cs-job", "Uuid": ZERO, "PoolUuid": ZERO, "Shortname": None,
                            "UseDependencies": True, "MaxWallTime": "00:30:00", "State": None,
                            "CreationDate": "0001-01-01T00:00:00", "CompletionTimeToLive": "00:00:00", "Tags": None},
     200, "uuid:uuid", "job"),
    ("csharp", P, "/jobs/search", {"Select": None, "Filter": leaf("cs-job", "Name"), "MaximumResults": None}, 200,
     "0.uuid:uuid 0.poolUuid=null"),
    ("csharp", D, "/jobs/{job}?force=true", S, 200, EMPTY),
    ("csharp", P, "/tasks/{long}/snapshot", {"Whitelist": None, "Blacklist": None, "Bucket": None,
                                             "BucketPrefix": None}, (200, 400, 403), ""),
    ("csharp", G, "/quotas/computing-quotas/user", S, 200, QUOTA + "reserved:list"),
    ("csharp", G, "/quotas/computing-quotas/organization", S, 200,
     "flex.maxCores:int flex.runningCountsPerUser:obj onDemand.runningCountsPerUser:obj reserved:list"),
    ("csharp", U, "/secrets-manager/data/cs/a%20b", {"Value": "1"}, 201, ""),
    ("csharp", H, "/secrets-manager/data/cs/a%20b", {"Value": "2"}, 204, EMPTY),
    ("csharp", D, "/secrets-manager/data/cs/a%20b", S, 204, EMPTY),
    ("csharp", D, "/secrets-manager/data/cs/a%20b", S, 404, "error:some"),
    ("csharp", G, "/Carbon/v1/Tasks/{task}/Carbon-Facts?ComparisonDataCenter=old", S, 200, CARBON),
    ("csharp", G, "/credits/v1/tasks/{task}/credits", S, 200, "credits:num"),
    ("csharp", G, "/credits/v1/tasks/" + NOBODY + "/credits", S, 404, "message=\"Task_not_found\""),
    ("csharp", G, "/credits/v1/pools/" + NOBODY + "/credits", S, 404, "message=\"Pool_not_found\""),

    ("cli", P, "/jobs", {"Name": "by cli", "Uuid": ZERO, "PoolUuid": None, "CreationDate": "0001-01-01T00:00:00",
                         "CompletionTimeToLive": "00:00:00"}, 200, "uuid:uuid", "job"),
    ("cli", P, "/jobs/search", {"Select": None, "Filter": {"Operator": "And", "Filters": [leaf("/^by\\ c/", "Name",
                                                                                               "Like")]},
                                "MaximumResults": None}, 200, "0.name=\"by_cli\""),
    ("cli", P, "/jobs/paginate", {"Token": None, "Filter": {"Operator": "And", "Filters": []}, "MaximumResults": 1,
                                  "OrderBy": None, "OrderType": None}, 200, PAGE + "count=1"),
    ("cli", D, "/jobs/{job}", S, 200, EMPTY),
    ("cli", P, "/pools", cs_pool("cli pool", Shortname="cli-pool"), 200, "uuid:uuid", "pool"),
    ("cli", P, "/pools/paginate", {"Token": None, "Filter": {"Operator": "Or", "Filters": [leaf("cli-pool",
                                                                                                "Shortname"),
                                                                                           leaf("CLI", "Tags")]},
                                   "MaximumResults": None}, 200, PAGE + "count=1"),
    ("cli", U, "/pools/{pool}/scaling", CS_SCALING, 200, EMPTY),
    ("cli", P, "/pools/{pool}/close", S, 200, EMPTY),
    ("cli", D, "/pools/{pool}", S, 200, EMPTY),
    ("cli", P, "/tasks/paginate", {"Token": None, "Filter": {"Operator": "And", "Filters": [leaf("Long-One",
                                                                                                 "Shortname"),
                                                                                            leaf("docker-batch",
                                                                                                 "Profile",
                                                                                                 "NotEqual")]},
                                   "MaximumResults": None}, 200, PAGE + "count=0 total=0"),

    ("go", G, "/versions", S, 200, "0.version=\"v1\""),
    ("go", P, "/tasks", GO_TASK, 200, "uuid:uuid", "task"),
    ("go", G, "/tasks/from-go", S, 200, TASK + "completionTimeToLive=\"01:00:00\" hardwareConstraints.0.coreCount=1 forcedNetworkRules.0.port=\"22\" forcedNetworkRules.1.publicHost=\"192.0.2.0/24\""),
    ("go", G, "/tasks?tag=x&tag=go", S, 200, "0.uuid:uuid"),
    ("go", U, "/tasks/{long}", {"constants": [{"key": "A", "value": 7}], "tags": ["changed"]}, 200, EMPTY),
    ("go", G, "/tasks/{long}", S, 200, "tags=[\"changed\"] constants=[{\"key\":\"A\",\"value\":\"7\"}]"),
    ("go", G, "/tasks/{task}/stdout", S, 200, JSON_STRING),
    ("go", P, "/tasks/{task}/stderr/0", S, 200, JSON_STRING),
    ("go", P, "/jobs", {"name": "go job", "shortName": "go-job", "tags": ["g"], "maxWallTime": "00:30:00"},
     200, "uuid:uuid", "job"),
    ("go", G, "/jobs/go-job", S, 200, JOB + "shortname=\"go-job\" tags=[\"g\"]"),
    ("go", G, "/jobs/{job}/tasks", S, 200, ""),
    ("go", P, "/jobs/{job}/terminate", S, 200, EMPTY),
    ("go", D, "/jobs/{job}?force=true", S, 200, EMPTY),
    ("go", P, "/tasks/{long}/abort", S, 200, EMPTY),
    ("go", G, "/tasks/{long}", S, 200, "state:str"),
    ("go", D, "/tasks/{long}", S, 200, EMPTY),
    ("go", P, "/tasks/" + NOBODY + "/retry", {"name": "again", "labels": ["x"]}, 404, MESSAGE),
    ("go", G, "/profiles/none", S, 404, MESSAGE),
    ("go", G, "/no/such/route", S, 404, MESSAGE),
]


class Shape(Exception):
    pass


def want(condition, what):
    if not condition:
        raise Shape(what)


def request(name, method, path, body, token):
    c = CLIENTS[name]
    data = json.dumps(body).encode() if body is not None else b""
    head = ["%s %s HTTP/1.1" % (method, c.get("prefix", "") + path),
            "Host: " + HOST] + c["head"] + [c["token"] + ": " + token]
    if data:
        head += c.get("typed", [])
        head.append("Transfer-Encoding: chunked" if c.get("chunked") else "Content-Length: %d" % len(data))
    elif method != "GET":
        head += c.get("bare", []) + ["Content-Length: 0"]
    if not data:
        head = [h for h in head if not h.startswith("Expect")]
    if data and c.get("chunked"):
        at = len(data) // 2
        data = b"".join(b"%x\r\n%s\r\n" % (len(d), d) for d in (data[:at], data[at:], b"") if d or at) if at else data
    return "\r\n".join(head).encode() + b"\r\n\r\n", data


def read_head(f):
    lines = []
    while True:
        line = f.readline().decode("latin-1").rstrip("\r\n")
        if not line:
            return lines
        lines.append(line)


def read_answer(f):
    lines = read_head(f)
    want(lines, "the connection was closed without an answer")
    status, phrase = lines[0].split(" ", 2)[1:]
    headers = {k.lower(): v.strip() for k, v in (h.split(":", 1) for h in lines[1:])}
    if headers.get("transfer-encoding") == "chunked":
        body = b""
        while True:
            n = int(f.readline().split(b";")[0], 16)
            body += f.read(n)
            f.readline()
            if n == 0:
                break
    else:
        body = f.read(int(headers.get("content-length", 0)))
    return int(status), phrase, headers, body


def ask(conn, name, method, path, body, token):
    head, data = request(name, method, path, body, token)
    f = conn[1]
    conn[0].sendall(head if b"Expect" in head else head + data)
    if b"Expect" in head:
        first = read_head(f)
        want(first and first[0].split()[1] == "100", "no 100 Continue but %s" % first)
        conn[0].sendall(data)
    return read_answer(f)


def at(v, path):
    for part in path.split("."):
        v = v[int(part)] if isinstance(v, list) and part.isdigit() and int(part) < len(v) else v.get(part,
                                                                                                     KeyError) if isinstance(v, dict) else KeyError
    return v


def holds(answer, wants):
    for w in wants.split():
        m = re.fullmatch(r"([\w.]+)(\?)?(?:=(.*)|:(\w+))", w)
        got = at(answer, m.group(1))
        want(got is not KeyError, "%s is missing" % m.group(1))
        if m.group(3) is not None:
            text = json.dumps(got, separators=(",", ":")).replace(" ", "_")
            want(text == m.group(3), "%s is %s and not %s" % (m.group(1), text, m.group(3)))
        else:
            want((m.group(2) and got is None) or KINDS[m.group(4)](got), "%s is %r, no %s" % (m.group(1), got,
                                                                                              m.group(4)))


def judge(row, answer, kept):
    status, phrase, headers, body = answer
    wanted, wants = row[4], row[5]
    want(status in (wanted if isinstance(wanted, tuple) else (wanted,)), "status %d: %s" % (status, body[:300]))
    want(status != 400 or phrase == "Bad Request", "the phrase of 400 is " + phrase)
    if wants.startswith("says "):
        want(body.decode().strip() == wants[5:], "it says %r" % body.decode())
    elif wants == EMPTY:
        want(body == b"", "the body is not empty: %s" % body[:200])
    elif wants == TEXT:
        want(headers["content-type"].startswith("text/plain"), "no text but " + headers["content-type"])
    elif wants == JSON_STRING:
        want(isinstance(json.loads(body), str), "no JSON string: %s" % body[:200])
    else:
        value = json.loads(body) if body else None
        want(body or status < 300, "an error without a body")
        holds(value, wants)
        if len(row) > 6:
            name, _, path = row[6].partition("=")
            kept[name] = at(value, path or "uuid")


def judge_in_time(row, answer, kept):
    end = time.monotonic() + 100
    while True:
        try:
            return judge(row, answer(), kept)
        except Shape:
            if row[1] != WAIT or time.monotonic() > end:
                raise
        time.sleep(0.1)


def filled(v, kept):
    if isinstance(v, str):
        return re.sub(r"\{(\w+)\}", lambda m: kept.get(m.group(1), m.group(0)), v) if "${" not in v else v
    if isinstance(v, list):
        return [filled(x, kept) for x in v]
    return {k: filled(x, kept) for k, x in v.items()} if isinstance(v, dict) else v


def play(token):
    """Each client keeps one connection, and the tasks of the first client are everybody's."""
    failures, shared = 0, {}
    for name in CLIENTS:
        host, port = HOST.split(":")
        s = socket.create_connection((host, int(port)), timeout=60)
        conn, kept = (s, s.makefile("rb")), dict(shared)
        for row in (r for r in TABLE if r[0] == name):
            try:
                judge_in_time(row, lambda r=row: ask(conn, name, "GET" if r[1] == WAIT else r[1], filled(r[2], kept),
                                                     filled(r[3], kept), token), kept)
            except (Shape, ValueError) as e:
                failures += 1
                print("FAILED: %s: %s %s: %s" % (name, row[1], filled(row[2], kept), e))
        shared.update({k: kept[k] for k in ("short", "long") if k in kept})
        conn[1].close()
        s.close()
    return failures


SERVER, line = start_ready("dev", [ONDOL, "dev", "--data", DIR + "/data", "--listen", "127.0.0.1:0", "--heaters", "1",
                                   "--speed", "10", "--dispatch-delay", "1"])
HOST = line.split()[3][len("http://"):]
bad = play(line.split()[5])
end_well(SERVER)
print("%d requests of %d clients, %d of them answered otherwise than they need" % (len(TABLE), len(CLIENTS), bad))
sys.exit(1 if bad else 0)
