#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A published week of the heater-fleet study (docs/claims.md) for `ondol sim`; rebuilds its workload.json where it is missing.

    tools/published_week.py DATA/1w_03-05-2019 OUT

DATA is the folder `data` of the public repository AdwaitB/greco-p2p-analysis; OUT becomes a folder for
`ondol sim`: platform.xml and datasets.json as published, events.json without those of heaters that the
platform does not have (one heater of the week of 10 May), and workload.json, as published where DATA has it. It is
a large file that copies of the repository may lack; then it is rebuilt:

  jobs        those of workload_new.json, one instance each (6,666, 4,801 and 3,934 of the 7,350, 5,990 and
              5,506 in real_out_jobs.csv: the study says that it filtered, and these are what is left)
  submission  the minute in the job's name, which is Paris time, but never after it started
  data sets   of workload_new.json
  work        2,223 million operations for each second it ran (the mean of the three days from 9 May, of
              which workload.json is public), at least one second's
  priority    1 for the single jobs of minute 12 to 14 of every hour, -5 for all others

Jobs that are also in the public three days from 9 May are taken from there, as they are.
"""
import csv
import datetime
import json
import os
import re
import shutil
import sys

MFLOP_PER_S = 2223
SUMMER_TIME_S = 2 * 3600


def start_of(folder):
    """Unix seconds of the first event: the week's own zero."""
    with open(os.path.join(folder, "events.json")) as f:
        first = json.loads(f.readline())
    return datetime.datetime.fromisoformat(first["realtime"]).timestamp() - first["timestamp"]


def task_of(job):
    return job.rsplit("_", 1)[0]


def named_minute(job, start):
    """Seconds from the start of the week of the minute in a job's name: QJOB-MMDD-hhmm-..."""
    day, minute = job.split("-")[1:3]
    when = datetime.datetime(2019, int(day[:2]), int(day[2:]), int(minute[:2]), int(minute[2:]),
                             tzinfo=datetime.timezone.utc)
    return when.timestamp() - SUMMER_TIME_S - start


def public_days(folder):
    """What is public whole: jobs by name with their profiles, and when those days begin."""
    path = os.path.join(folder, "..", "3d_09-05-2019")
    with open(os.path.join(path, "workload.json")) as f:
        days = json.load(f)
    return {j["id"]: (j, days["profiles"][j["profile"]]) for j in days["jobs"]}, start_of(path)


def rebuild(folder):
    start = start_of(folder)
    with open(os.path.join(folder, "workload_new.json")) as f:
        new = json.load(f)
    with open(os.path.join(folder, "real_out_jobs.csv")) as f:
        rows = [row for row in csv.DictReader(f) if row["job_id"] in new]
    size = {}
    for row in rows:
        size[task_of(row["job_id"])] = size.get(task_of(row["job_id"]), 0) + 1
    whole, whole_start = public_days(folder)
    jobs, profiles = [], {}
    for row in rows:
        name, begin, end = row["job_id"], float(row["starting_time"]), float(row["finish_time"])
        minute = int(name.split("-")[2][2:])
        hourly = size[task_of(name)] == 1 and 12 <= minute <= 14
        profile = {
            "type": "parallel_homogeneous",
            "cpu": MFLOP_PER_S * max(1, end - begin),
            "com": 0,
            "priority": 1 if hourly else -5,
            "datasets": new[name]["datasets"],
        }
        submit = min(named_minute(name, start), begin)
        if name in whole:
            job, profile = whole[name]
            submit = job["subtime"] + whole_start - start
        jobs.append({"id": name, "subtime": max(0, submit), "res": 1, "profile": name})
        profiles[name] = profile
    jobs.sort(key=lambda j: (j["subtime"], task_of(j["id"]), j["id"]))
    return {"nb_res": 1, "jobs": jobs, "profiles": profiles}


def known_events(folder):
    with open(os.path.join(folder, "platform.xml")) as f:
        heaters = set(re.findall(r'id="qrad" value="([^"]*)"', f.read()))
    with open(os.path.join(folder, "events.json")) as f:
        return [line for line in f if json.loads(line).get("qrad") in heaters | {None}]


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    folder, out = sys.argv[1:]
    os.makedirs(out, exist_ok=True)
    for name in ("platform.xml", "datasets.json"):
        shutil.copy(os.path.join(folder, name), out)
    with open(os.path.join(out, "events.json"), "w") as f:
        f.writelines(known_events(folder))
    published = os.path.join(folder, "workload.json")
    if os.path.exists(published):
        shutil.copy(published, out)
        return
    with open(os.path.join(out, "workload.json"), "w") as f:
        json.dump(rebuild(folder), f, indent=1)


if __name__ == "__main__":
    main()
