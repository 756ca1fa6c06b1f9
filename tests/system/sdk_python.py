#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Qarnot's own Python client, unchanged, on a real server with real heaters: from connecting to files fetched, pools,
jobs, snapshots, secrets, carbon, money, and every exception the client knows, provoked. Skipped where the client is not
installed (`pip install qarnot`); generations before 2.20 lack some of it and skip that part.

Usage: sdk_python.py ONDOL
"""
import datetime
import os
import shutil
import subprocess
import sys
import tempfile
import time

try:
    import qarnot
    from qarnot import exceptions as ex
except ImportError:
    print("skipped: there is no Python client (pip install qarnot)")
    sys.exit(77)

ONDOL = sys.argv[1]
DIR = tempfile.mkdtemp(prefix="ondol-sdk.", dir=os.environ.get("TMPDIR"))
SERVER = None
SKIPPED = []


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def eventually(condition, what, limit_s=120):
    until = time.monotonic() + limit_s
    while not condition():
        check(time.monotonic() < until, "not within %d s: %s" % (limit_s, what))
        time.sleep(0.1)


def raises(kind, call, *args, **named):
    """call() must raise exactly `kind`; returns what it said."""
    try:
        call(*args, **named)
    except Exception as e:
        check(type(e) is kind, "%s was raised and not %s: %s" % (type(e).__name__, kind.__name__, e))
        return str(e)
    raise AssertionError("%s was not raised" % kind.__name__)


def part(name):
    """The module `name` of the client, or None where this generation has none."""
    try:
        return __import__("qarnot." + name, fromlist=["x"])
    except ImportError:
        SKIPPED.append(name)
        return None


def start_server():
    global SERVER
    out = open(os.path.join(DIR, "dev.out"), "w+", encoding="utf-8")
    SERVER = subprocess.Popen([ONDOL, "dev", "--data", os.path.join(DIR, "data"), "--listen", "127.0.0.1:0",
                               "--s3-listen", "127.0.0.1:0", "--heaters", "2"], stdout=out, stderr=subprocess.STDOUT)

    def ready():
        with open(out.name, encoding="utf-8") as f:
            lines = [line for line in f if line.startswith("ondol: ready at ")]
        check(SERVER.poll() is None, "ondol dev ended")
        return lines and lines[0].split()

    eventually(ready, "ondol dev is ready", 60)
    words = ready()
    return words[3], words[5]


def connect(url, token):
    # The samples' configuration has a slash at the end of the address, so paths begin with two.
    return qarnot.connection.Connection(cluster_url=url + "/", client_token=token, retry_count=0)


def new_task(conn, name, command, instances=1, profile="docker-batch", **named):
    task = conn.create_task(name, profile, instances, **named)
    task.constants["DOCKER_CMD"] = command
    task.update_cache_time = 0
    return task


def until_ended(task):
    eventually(lambda: task.wait(timeout=0.2), "task %s ends" % task.name)
    return task.state


def first_to_last(conn):
    """Connect, upload, submit, wait, fetch, read, delete with everything it used."""
    there = os.path.join(DIR, "in")
    os.makedirs(os.path.join(there, "sub"))
    for path, text in (("a.txt", "one\n"), ("sub/b c+é.txt", "two\n")):
        with open(os.path.join(there, path), "w", encoding="utf-8") as f:
            f.write(text)
    given, got = conn.create_bucket("in-b"), conn.create_bucket("out-b")
    conn.create_bucket("in-b")  # one's own bucket is made again without a word
    given.add_file(os.path.join(there, "a.txt"))
    given.sync_directory(there)
    given.sync_directory(there)
    check(sorted(o.key for o in given.list_files()) == ["a.txt", "sub/b c+é.txt"], "the bucket holds other keys")
    task = new_task(conn, "first", 'sh -c "cat a.txt sub/* >r.txt; echo hello world from node $INSTANCE_ID!"', 2)
    task.resources.append(given)
    task.results = got
    task.snapshot(3600)  # before the submit: sent right after it
    task.tags = ["morning"]
    task.submit()
    check(until_ended(task) == "Success", "it ended in %s: %s" % (task.state, task.errors))
    task.download_results(os.path.join(DIR, "out"))
    with open(os.path.join(DIR, "out", "r.txt"), encoding="utf-8") as f:
        check(f.read() == "one\ntwo\n", "the result is another")
    lines = " 0> hello world from node 0!|| 1> hello world from node 1!"
    check("||".join(sorted(task.stdout().splitlines())) == lines, "stdout is %r" % task.stdout())
    check(len(task.fresh_stdout()) == len(task.stdout()) and task.fresh_stdout() == "", "what is fresh")
    check(task.stdout(1) == "hello world from node 1!\n" and task.stderr(0) == "", "one instance's output")
    check([i.instance_id for i in sorted(task.completed_instances, key=lambda i: i.instance_id)] == [0, 1], "instances")
    check(task.status.succeeded_range == "0-1" and str(task.status), "status")
    rebuilt = conn.retrieve_task(task.uuid)
    check(rebuilt.results.uuid == "out-b" and rebuilt.resources[0].uuid == "in-b",
          "what was read back has other buckets")
    check([t.uuid for t in conn.all_tasks(tags=["morning", "x"])] == [task.uuid], "all_tasks by tag")
    check([t.uuid for t in conn.all_tasks(tags_intersect=["morning", "x"])] == [], "all_tasks by all tags")
    check(conn.tasks_page(maximum=1).page_data[0].uuid == task.uuid, "tasks_page")
    check({b.uuid for b in conn.buckets()} == {"in-b", "out-b"}, "buckets")
    conn.retrieve_bucket("in-b").copy_file("a.txt", "copy.txt")
    given.delete_file("copy.txt")
    task.delete(purge_resources=True, purge_results=True)
    check(list(conn.buckets()) == [], "buckets are left")
    raises(ex.MissingTaskException, conn.retrieve_task, task.uuid)


def large_file(conn):
    """More than one part: sync_directory compares with the ETag of parts, download_results reads it back whole."""
    folder = os.path.join(DIR, "large")
    os.makedirs(folder)
    with open(os.path.join(folder, "large"), "wb") as f:
        f.write(bytes(range(256)) * (9 << 12))
    bucket = conn.create_bucket("large-b")
    bucket.sync_directory(folder)
    before = next(iter(bucket.list_files())).last_modified
    bucket.sync_directory(folder)
    check(next(iter(bucket.list_files())).last_modified == before, "what had not changed was sent again")
    bucket.get_all_files(os.path.join(DIR, "back"))
    with open(os.path.join(DIR, "back", "large"), "rb") as f:
        check(f.read() == bytes(range(256)) * (9 << 12), "what came back is not what went")
    bucket.delete()


def snapshots(conn):
    bucket = conn.create_bucket("snap-b")
    task = new_task(conn, "snapped", 'sh -c "echo x >x.txt; echo y >y.log; sleep 600"')
    task.results = bucket
    task.submit()
    raises(ValueError, task.snapshot, -1)
    eventually(lambda: task.state == "FullyExecuting", "the snapped task runs")
    check(task.status.running_instances_info.per_running_instance_info[0].instance_id == 0, "no entry of instance 0")
    task.snapshot(1, whitelist="txt$", bucket_prefix="p/") if SNAPSHOT else task.snapshot(1)
    eventually(lambda: any(o.key.endswith("x.txt") for o in bucket.list_files()), "the periodic snapshot arrives")
    task.snapshot(0)
    if SNAPSHOT:
        one = task.instant(whitelist="log$", bucket_prefix="one/")
        eventually(lambda: task.wait_snapshot(one, timeout=1), "the snapshot ends")
        status = task.snapshot_status(one)
        check(status._status.status == "Success" and status._id == one, "the snapshot is %s" % status._status.status)
        check([o.key for o in bucket.list_files() if o.key.startswith("one/")] == ["one/y.log"], "its files")
    else:
        task.instant()
    check(task.update_resources() is None, "update_resources")
    task.abort()
    check(task.state in ("PendingCancel", "Cancelled"), "an aborted task is %s" % task.state)
    eventually(lambda: task.state == "Cancelled", "it is cancelled")
    check(task.errors and task.errors[0].code == "GHX0782I", "errors of a cancelled task: %s" % task.errors)
    raises(ex.UnauthorizedException, task.abort)
    raises(ex.UnauthorizedException, task.commit)
    task.delete(purge_results=True)


def parts_of_buckets(conn):
    """What a bucket of the client can besides first_to_last, and tasks that see a part of one."""
    there = os.path.join(DIR, "whole")
    os.makedirs(os.path.join(there, "deep"))
    for path in ("top.txt", "deep/one.txt"):
        with open(os.path.join(there, path), "w", encoding="utf-8") as f:
            f.write(path)
    bucket = conn.retrieve_or_create_bucket("parts-b")
    check(conn.retrieve_or_create_bucket("parts-b").uuid == "parts-b", "it is retrieved when it is there")
    bucket.add_directory(there, "in")
    bucket.add_string("said", "in/deep/two.txt")
    bucket.sync_files({"in/three.txt": os.path.join(there, "top.txt"), "in/top.txt": os.path.join(there, "top.txt"),
                       "in/deep/one.txt": os.path.join(there, "deep/one.txt"),
                       "in/four.txt": os.path.join(there, "top.txt")}, remote="")
    keys = sorted(o.key for o in bucket.list_files())
    check(keys == ["in/deep/one.txt", "in/four.txt", "in/three.txt", "in/top.txt"], "sync_files leaves %s" % keys)
    check(sorted(o.key for o in bucket.directory("in/deep")) == ["in/deep/one.txt"], "directory")
    bucket.get_file("in/deep/one.txt", local=os.path.join(DIR, "one.txt"))
    with open(os.path.join(DIR, "one.txt"), encoding="utf-8") as f:
        check(f.read() == "deep/one.txt", "get_file")
    bucket.sync_remote_to_local(os.path.join(DIR, "remote"), "in/deep")
    task = new_task(conn, "a part", 'sh -c "find . -type f | sort"')
    buckets = __import__("qarnot.advanced_bucket", fromlist=["x"])
    task.resources = [bucket.with_filtering(buckets.BucketPrefixFiltering("in/deep/"))
                      .with_resource_transformation(buckets.PrefixResourcesTransformation("in/")).with_cache_ttl(60)]
    task.submit()
    check(until_ended(task) == "Success" and task.stdout(0) == "./deep/one.txt\n", "it saw %r" % task.stdout())
    again = conn.retrieve_task(task.uuid).resources[0]
    check((again._filtering._filters, again._resources_transformation, again._cache_ttl_sec) is not None, "kept")
    check(again.to_json() == task.resources[0].to_json(), "the bucket was kept as %s" % again.to_json())
    bucket.delete()


def every_setting(conn):
    """A task with everything said that can be, read back by a client that never saw it."""
    task = new_task(conn, "all", 'sh -c "echo $SET $INSTANCE_ID; touch keep.txt drop.log"', "0-1,7", shortname="all-of-it")
    task.constants["SET"] = 42  # the samples assign numbers
    task.tags, task.labels = ["a", "b"], {"team": "x y"}
    task.results = conn.create_bucket("all-b")
    task.results_whitelist, task.results_blacklist = "txt|log", "drop"
    task.auto_delete, task.completion_ttl = True, datetime.timedelta(days=1, hours=2, minutes=3)
    task.wait_for_pool_resources_synchronization = None
    given = {"upload_results_on_cancellation": True, "default_resources_cache_ttl_sec": 100,
             "max_time_queue_seconds": 500, "snapshot_whitelist": "w", "snapshot_blacklist": "b"}
    for name, value in given.items():
        if hasattr(task, name):
            setattr(task, name, value)
    hw = qarnot.hardware_constraint
    task.hardware_constraints = [hw.MinimumCoreHardware(1), hw.MaximumCoreHardware(512), hw.MinimumRamHardware(1),
                                 hw.MaximumRamHardware(1e6), hw.MinimumRamCoreRatioHardware(0.001),
                                 hw.MaximumRamCoreRatioHardware(1000.5)]
    if hasattr(qarnot, "retry_settings"):
        task.retry_settings = qarnot.retry_settings.RetrySettings(maxTotalRetries=3, maxPerInstanceRetries=1)
    if hasattr(task, "scheduling_type"):
        task.scheduling_type = qarnot.scheduling_type.OnDemandScheduling()
    if hasattr(task, "project"):
        task.project = [p for p in conn.user_info.projects if p.is_default][0]
    if hasattr(task, "allow_credentials_to_be_exported_to_task_environment"):
        task.allow_credentials_to_be_exported_to_task_environment()
    if hasattr(task, "secrets_access_rights"):
        task.secrets_access_rights.add_secret_by_prefix("none/")
    task.submit()
    check(until_ended(task) == "Success", "it ended in %s: %s" % (task.state, task.errors))
    check(sorted(task.stdout().splitlines()) == [" 0> 42 0", " 1> 42 1", " 7> 42 7"], "the range ran %r" % task.stdout())
    check([o.key for o in task.results.list_files()] == ["keep.txt"], "white and black lists")
    check(task.status.succeeded_range == "0-1,7" and task.instancecount == 0, "ranges %s" % task.status.succeeded_range)
    back = conn.retrieve_task("all-of-it")
    for name in ["name", "shortname", "advanced_range", "tags", "labels", "constants", "results_whitelist",
                 "results_blacklist", "auto_delete", "completion_ttl"] + [n for n in given if hasattr(task, n)]:
        check(getattr(back, name) == getattr(task, name), "%s: %r was read back as %r" %
              (name, getattr(task, name), getattr(back, name)))
    check([h.to_json() for h in back.hardware_constraints] == [h.to_json() for h in task.hardware_constraints], "hardware")
    for name in ("retry_settings", "privileges", "secrets_access_rights"):
        if hasattr(task, name):
            check(getattr(back, name).to_json() == getattr(task, name).to_json(), "%s was not kept" % name)
    if hasattr(task, "project"):
        check(back.project and back.project.uuid == task.project.uuid, "the project")
    check(back.is_success() if hasattr(back, "is_success") else True, "is_success")
    task.delete(purge_results=True)
    with new_task(conn, "within", "sleep 600") as held:  # the samples' way: gone at the end
        held.submit()
        uuid = held.uuid
    eventually(lambda: uuid not in [t.uuid for t in conn.all_tasks() if t.state != "PendingDelete"], "with deletes")
    task = new_task(conn, "timed", "sleep 600")
    task.run(job_timeout=1)  # ended by the client
    eventually(lambda: task.state == "Cancelled", "run with a limit aborts")
    task = new_task(conn, "followed", "echo followed")
    task.submit()
    task.wait(follow_state=True, follow_stdout=True) if SNAPSHOT else task.wait()
    task.resume(os.path.join(DIR, "nothing")) if task.results else None
    task.delete()


def pages(conn):
    made = [new_task(conn, "page %d" % i, "true") for i in range(5)]
    for task in made:
        task.tags = ["paged", "odd" if made.index(task) % 2 else "even"]
    conn.submit_tasks(made)
    want = {t.uuid for t in made}
    page = conn.tasks_page(maximum=2, tags=["paged"], summary=False)
    check(page.is_truncated and page.next_token and len(page.page_data) == 2, "the first page")
    got = list(page.page_data)
    while page.is_truncated:
        page = conn.tasks_page(token=page.next_token, maximum=2, tags=["paged"], summary=False)
        got += page.page_data
    check({t.uuid for t in got} == want and len(got) == 5, "pages have %d" % len(got))
    check({t.uuid for t in conn.all_tasks(tags_intersect=["paged", "odd"])} == {made[1].uuid, made[3].uuid}, "both tags")
    check(want <= {t.uuid for t in conn.all_tasks(summary=True)}, "summaries")
    check(conn.pools_page(maximum=1, summary=False).page_data is not None, "pools_page")
    check(conn.jobs_page(maximum=1).page_data is not None, "jobs_page")
    if hasattr(conn, "hardware_constraints_page"):
        page = conn.hardware_constraints_page(limit=1, offset=0)
        check(len(page.page_data) == min(1, page.total), "hardware_constraints_page")
    for task in made:
        until_ended(task)
        task.delete()


def pools(conn):
    pool = conn.create_pool("p", "docker-batch", 1, shortname="the-pool")
    pool.tags = ["pooled"]
    given = conn.create_bucket("pool-b")
    given.add_string("of the pool\n", "a.txt")
    pool.resources.append(given)
    pool.submit()
    check(conn.retrieve_pool(pool.uuid).resources[0].uuid == "pool-b", "the pool's bucket")
    check(pool.uuid and conn.retrieve_pool("the-pool").uuid == pool.uuid, "the pool's shortname")
    task = new_task(conn, "in the pool", "cat a.txt", profile=pool)
    task.submit()
    check(until_ended(task) == "Success" and task.stdout() == " 0> of the pool\n", "the pool's task: %s" % task.errors)
    eventually(lambda: conn.retrieve_pool(pool.uuid).state == "FullyExecuting", "the pool runs")
    check([p.uuid for p in conn.all_pools(tags=["pooled"])] == [pool.uuid], "all_pools")
    check(pool.stdout() == pool.stdout() and isinstance(pool.fresh_stderr(), str), "output of a pool")
    pool.update_resources()
    pool.tags = ["other"]
    pool.commit()
    check(conn.retrieve_pool(pool.uuid).tags == ["other"], "commit of a pool")
    job = conn.create_job("in the pool", pool)
    job.submit()
    inherits = new_task(conn, "inherits", "true", profile=None, job=job)
    inherits.submit()
    check(until_ended(inherits) == "Success" and inherits.pool.uuid == pool.uuid, "the job's pool")
    raises(ex.MissingPoolInstanceException, pool.stdout, 99)
    pool.close()
    check(pool.state in ("Closing", "Closed"), "a closed pool is %s" % pool.state)
    late = new_task(conn, "late", "true", profile=pool)
    check("pool" in raises(ex.QarnotGenericException, late.submit).lower(), "a closed pool is not named")
    pool.delete(purge_resources=True)
    elastic = conn.create_elastic_pool("e", "docker-batch", 0, 2, 0, 1, 1, 90)
    elastic.submit()
    check(elastic.is_elastic and elastic.elastic_maximum_slots == 2, "the elastic pool")
    task = new_task(conn, "grows it", "echo grown", profile=elastic)
    task.submit()
    check(until_ended(task) == "Success", "the elastic pool's task")
    if hasattr(elastic, "carbon_facts"):
        check(elastic.carbon_facts().to_json()["total_consumed_energy_Wh"] >= 0, "carbon facts of a pool")
        check(elastic.credits().amount_in_euros >= 0, "credits of a pool")
    elastic.elastic_maximum_slots = 1
    elastic.commit()
    check(conn.retrieve_pool(elastic.uuid).elastic_maximum_slots == 1, "elastic_maximum_slots")
    elastic.delete()
    sc = part("scaling")
    if sc:
        at = datetime.time
        scaled = conn.create_pool("s", "docker-batch", 1)
        scaled.scaling = sc.Scaling([
            sc.ManagedTasksQueueScalingPolicy(0, 2, 0, 90, 0.5, "week", [
                sc.TimePeriodWeeklyRecurring(["monday", "sunday"], at(6, 0), at(23, 59, 59, 999999), "days")]),
            sc.FixedScalingPolicy(1, "else", [sc.TimePeriodAlways("always")])])
        scaled.submit()
        got = conn.retrieve_pool(scaled.uuid).scaling
        check([p.to_json() for p in got.policies] == [p.to_json() for p in scaled.scaling.policies],
              "scaling is another")
        check(got.active_policy_name in ("week", "else"), "the policy in force is %s" % got.active_policy_name)
        scaled.scaling = sc.Scaling([sc.FixedScalingPolicy(2, "two", [sc.TimePeriodAlways("always")])])
        scaled.commit()
        check(conn.retrieve_pool(scaled.uuid).scaling.policies[0].slots_count == 2, "scaling is not changed")
        scaled.delete()


def jobs(conn):
    job = conn.create_job("night", shortname="the-night", useDependencies=True)
    job.max_wall_time = datetime.timedelta(days=1, hours=2)
    job.submit()
    check(job.state == "Active" and conn.retrieve_job("the-night").uuid == job.uuid, "the job")
    first = new_task(conn, "one", "sleep 1", job=job)
    first.submit()
    second = new_task(conn, "two", "echo after", job=job)
    second.set_task_dependencies_from_tasks([first])
    second.submit()
    check(second.state == "Submitted" and until_ended(second) == "Success", "the second")
    check(first.state == "Success" and len(job.tasks) == 2, "the first")
    dep = part("dependency")
    if dep:
        check(str(second.dependencies.state) == "dependencyConditionsFulfilled",
              "dependencies: %s" % second.dependencies)
        third = new_task(conn, "three", "true", job=job)
        third.set_task_advanced_dependencies([dep.AdvancedDependency(second.uuid, [dep.TaskFinalStateFailure()])])
        third.submit()
        eventually(lambda: third.state == "Cancelled", "what cannot be is cancelled")
    check([j.uuid for j in conn.all_jobs()][-1] is not None, "all_jobs")
    long = new_task(conn, "long", "sleep 600", job=job)
    long.submit()
    raises(ex.UnauthorizedException, job.delete)
    job.terminate()
    eventually(lambda: long.state == "Cancelled", "terminate cancels")
    job.delete(forceAbort=True)
    eventually(lambda: not [j for j in conn.all_jobs() if j.uuid == job.uuid and j.state != "Deleting"], "the job goes")


def secrets(conn):
    mine = qarnot.secrets.Secrets(conn)
    mine.create_secret("a/b c/key", "value é")
    mine.create_secret("a/top", "t")
    check(mine.get_secret("a/b c/key") == "value é", "the secret")
    mine.update_secret("a/b c/key", "changed")
    check(sorted(mine.list_secrets("a")) == ["a/b c/", "a/top"], "list")
    check(sorted(mine.list_secrets("", recursive=True)) == ["a/b c/key", "a/top"], "recursive list")
    task = new_task(conn, "told", 'sh -c "env | grep -c changed"')
    task.secrets_access_rights.add_secret_by_key("a/b c/key")
    task.constants["QARNOT_SECRET__X"] = "hidden"
    task.submit()
    check(conn.retrieve_task(task.uuid).constants["QARNOT_SECRET__X"] == "[SECRET]", "a secret constant is told")
    until_ended(task)
    raises(ex.SecretConflictException, mine.create_secret, "a/top", "again")
    mine.delete_secret("a/top")
    for call in ((mine.get_secret, "a/top"), (mine.delete_secret, "a/top"), (mine.update_secret, "a/top", "x")):
        raises(ex.SecretNotFoundException, *call)
    mine.delete_secret("a/b c/key")


def account(conn):
    user = conn.user_info
    check(user.email and user.max_pool > 0 and str(user), "user_info")
    check("docker-batch" in conn.profiles_names() and conn.retrieve_profile("docker-batch").constants, "profiles")
    check([p.name for p in conn.profiles()], "profiles()")
    raises(ex.MissingProfileException, conn.retrieve_profile, "no-such-profile")
    check(conn.profile_details("no-such-profile") is None, "a profile that is not there")
    check(all(h is not None for h in conn.all_hardware_constraints()), "hardware constraints")
    if not part("carbon_facts") or not part("credits_client"):
        return
    task = new_task(conn, "counts", "sleep 1")
    task.submit()
    until_ended(task)
    facts = task.carbon_facts()
    check(all(v is not None for k, v in facts.to_json().items() if k != "WUE"), "carbon facts: %s" % facts.to_json())
    raises(ex.MissingTaskException, qarnot.carbon_facts.CarbonClient(conn).get_task_carbon_facts, NOBODY)
    raises(ex.MissingPoolException, qarnot.carbon_facts.CarbonClient(conn).get_pool_carbon_facts, NOBODY)
    check(task.credits().amount_in_euros >= 0 and conn.credits().amount_in_euros >= 0, "credits")
    client = qarnot.credits_client.CreditsClient(conn)
    check(client.get_project_budgets(user.projects[0].uuid, True) == [], "budgets")
    raises(ex.MissingProjectException, client.get_project_budgets, NOBODY, False)
    check([c for c in conn.search_cpu_model_constraints("a")] is not None, "cpu models")


NOBODY = "11111111-2222-4333-8444-555555555555"


def errors(conn, url, token):
    raises(ex.UnauthorizedException, connect, url, "wrong")
    raises(ex.MissingTaskException, conn.retrieve_task, NOBODY)
    raises(ex.MissingPoolException, conn.retrieve_pool, NOBODY)
    raises(ex.MissingJobException, conn.retrieve_job, NOBODY)
    gone = new_task(conn, "gone", "true")
    gone.submit()
    until_ended(gone)
    raises(ex.MissingTaskInstanceException, gone.stdout, 7)
    raises(ex.MissingTaskInstanceException, gone.fresh_stderr, 7)
    raises(ex.UnauthorizedException, gone.snapshot, 5)
    conn.retrieve_task(gone.uuid).delete()
    for call in (gone.abort, gone.stdout, gone.fresh_stdout, gone.stderr, gone.commit, gone.instant):
        raises(ex.MissingTaskException, call)
    for call in (gone.update, gone.snapshot, gone.stdout):
        raises(ex.MissingTaskInstanceException if call == gone.stdout else ex.MissingTaskException, call, 1)
    task = new_task(conn, "no bucket", "true")
    task.resources.append(qarnot.bucket.Bucket(conn, "not-there", create=False))
    check(raises(ex.MissingBucketException, task.submit) == "No such bucket: not-there", "the bucket is not named")
    hard = new_task(conn, "hard", "true")
    hard.hardware_constraints = [qarnot.hardware_constraint.MinimumCoreHardware(9999)]
    check("hardware constraint" in raises(ex.QarnotGenericException, hard.submit), "the hardware is not named")
    check("name" in raises(ex.QarnotGenericException, new_task(conn, "", "true").submit), "the name is not named")
    check("range" in raises(ex.QarnotGenericException, new_task(conn, "r", "true", "5-2").submit).lower(), "the range")
    pooled = new_task(conn, "pooled", "true")
    pooled._profile, pooled._pool_uuid = None, NOBODY  # a pool that is not there is 400, not a missing bucket
    raises(ex.QarnotGenericException, pooled.submit)
    pooled = conn.create_pool("no bucket", "docker-batch", 1)
    pooled.resources.append(qarnot.bucket.Bucket(conn, "not-there", create=False))
    raises(ex.MissingBucketException, pooled.submit)
    many = [new_task(conn, "many %d" % i, "true") for i in range(3)]
    conn.submit_tasks(many)
    check(len({t.uuid for t in many}) == 3, "submit_tasks")
    bad = [new_task(conn, "good", "true"), new_task(conn, "", "true")]
    check("400" in raises(ex.QarnotGenericException, conn.submit_tasks, bad) and bad[0].uuid, "the bad one of two")
    limits(conn, url, token)


def limits(conn, url, token):
    def ondol(*args):
        return subprocess.run([ONDOL, *args], check=True, capture_output=True, text=True,
                              env=dict(os.environ, ONDOL_URL=url, ONDOL_TOKEN=token)).stdout.strip()

    ondol("user", "add", "few@x.org", "--max-tasks", "1", "--max-jobs", "1", "--organisation", "few", "--token",
          "few-tokens-1234")
    few = connect(url, "few-tokens-1234")
    held = new_task(few, "held", "sleep 600")
    held.submit()
    said = raises(ex.MaxTaskException, new_task(few, "second", "true").submit)
    check("maximum number of tasks reached" in said.lower(), said)
    few.create_job("one").submit()
    raises(ex.MaxJobException, few.create_job("two").submit)
    for i in range(few.user_info.max_pool):
        few.create_pool("p%d" % i, "docker-batch", 0).submit()
    raises(ex.MaxPoolException, few.create_pool("more", "docker-batch", 0).submit)
    raises(ex.MissingTaskException, conn.retrieve_task, held.uuid)  # another's
    held.delete()
    ondol("user", "add", "poor@x.org", "--organisation", "poor", "--token", "poor-tokens-123")
    ondol("project", "budget", "poor/default", "--total", "0", "--policy", "BlockNew")
    poor = connect(url, "poor-tokens-123")
    raises(ex.NotEnoughCreditsException, new_task(poor, "costs", "true").submit)
    raises(ex.NotEnoughCreditsException, poor.create_pool("costs", "docker-batch", 1).submit)


def main():
    url, token = start_server()
    conn = connect(url, token)
    first_to_last(conn)
    large_file(conn)
    parts_of_buckets(conn)
    every_setting(conn)
    pages(conn)
    snapshots(conn)
    pools(conn)
    jobs(conn)
    secrets(conn) if hasattr(qarnot, "secrets") else SKIPPED.append("secrets")
    account(conn)
    errors(conn, url, token)
    SERVER.terminate()
    check(SERVER.wait(60) == 0, "ondol dev did not end with 0")
    print("the Python client %s does all it knows%s" % (qarnot.__version__,
                                                        SKIPPED and "; it lacks " + ", ".join(SKIPPED) or ""))


SNAPSHOT = part("snapshot")
try:
    main()
except BaseException:
    with open(os.path.join(DIR, "dev.out"), encoding="utf-8") as said:
        print(said.read()[-4000:])
    raise
finally:
    if SERVER and SERVER.poll() is None:
        SERVER.kill()
        SERVER.wait()
    shutil.rmtree(DIR)
