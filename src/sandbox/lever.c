// SPDX-License-Identifier: Apache-2.0
//
// Slowing one instance by the best lever there is.
//
//   quota (v2 cpu.max, v1 cfs quota)   the kernel does it, exact within a percent or two, no beats
//   freezing a group (v2, v1)          an account and beats of ours (duty.h): exact in the long run,
//                                      coarse below 100 ms
//   stop signals                       the same account; each process is signalled, and a program that
//                                      stops children of its own finds them continued. The last resort
//
// Share 0 is a freeze with every lever.
#include "sandbox/box.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "sandbox/procs.h"

static const char *const names[LEVER_N] = {
    "none", "cgroup v2 cpu.max", "cgroup v1 quota", "cgroup v2 freeze", "cgroup v1 freezer", "stop signals",
};

const char *lever_name(enum lever l)
{
    return names[l];
}

static bool has(const struct box *b, enum lever l)
{
    const struct cgroup_dir *cpu = cgroup_where(&b->tree, CG_CPU),
                            *freezer = cgroup_where(&b->tree, CG_FREEZER);
    switch (l) {
    case LEVER_V2_QUOTA:
        return cpu && cpu->v2;
    case LEVER_V1_QUOTA:
        return cpu && !cpu->v2;
    case LEVER_V2_FREEZE:
        return freezer && freezer->v2;
    case LEVER_V1_FREEZE:
        return freezer && !freezer->v2;
    case LEVER_SIGNALS:
        return procs_supported();
    case LEVER_AUTO:
    case LEVER_N:
        break;
    }
    return false;
}

int lever_choose(struct box *b, enum lever wanted, struct err *e)
{
    for (enum lever l = LEVER_V2_QUOTA; l < LEVER_N; l++)
        if ((wanted == LEVER_AUTO || wanted == l) && has(b, l)) {
            b->lever = l;
            return 0;
        }
    return err_set(e, -ENODEV,
                   "sandbox: no way to slow an instance: %s is not usable here (delegate a control group)",
                   wanted == LEVER_AUTO ? "any lever" : names[wanted]);
}

static bool by_quota(const struct box *b)
{
    return b->lever == LEVER_V2_QUOTA || b->lever == LEVER_V1_QUOTA;
}

static int freeze(const struct box *b, const struct box_run *r, bool frozen)
{
    if (b->lever != LEVER_SIGNALS && cgroup_where(&b->tree, CG_FREEZER))
        return cgroup_freeze(&b->tree, r->group, frozen);
    procs_stop(r->pid, frozen);
    return 0;
}

int64_t box_cpu_us(const struct box *b, const struct box_run *r)
{
    int64_t us = cgroup_cpu_us(&b->tree, r->group);
    return us >= 0 ? us - r->cpu_before_us : procs_cpu_us(r->pid);
}

int lever_set(const struct box *b, struct box_run *r, int permille, wall_ms now, struct err *e)
{
    if (permille < SANDBOX_SHARE_FULL || permille > SANDBOX_SHARE_MAX)
        return err_set(e, -EINVAL, "share %d: outside of %d..%d thousandths of a core", permille,
                       SANDBOX_SHARE_FULL, SANDBOX_SHARE_MAX);
    if (r->killed)
        return 0; // it must stay thawed to die
    int code = 0;
    if (!by_quota(b)) {
        duty_set(&r->duty, permille, box_cpu_us(b, r), now);
        lever_tick(b, r, now);
        return 0;
    }
    if (permille == r->duty.permille && r->duty.frozen == (permille == 0))
        return 0;
    if (permille != 0) // as much as there is, or more, is no quota: throttling costs
        code = cgroup_quota(&b->tree, r->group, permille >= b->cores * 1000 ? SANDBOX_SHARE_FULL : permille);
    if (code == 0 && r->duty.frozen != (permille == 0))
        code = freeze(b, r, permille == 0);
    if (code < 0)
        return err_set(e, code, "share %d of instance %llu: %s: %s", permille, (unsigned long long)r->id,
                       names[b->lever], strerror(-code));
    r->duty.frozen = permille == 0;
    r->duty.permille = permille;
    return 0;
}

int64_t lever_tick(const struct box *b, struct box_run *r, wall_ms now)
{
    if (r->killed)
        return -1;
    bool by_signals = b->lever == LEVER_SIGNALS || !cgroup_where(&b->tree, CG_FREEZER);
    bool was = r->duty.frozen;
    int64_t wait_ms = -1;
    if (!by_quota(b)) {
        int64_t used_us = r->duty.permille > 0 ? box_cpu_us(b, r) : 0;
        wait_ms = duty_tick(&r->duty, used_us, now, b->cores);
    }
    // One signal reaches who lived when it was sent. Whoever forked just then is caught by the next beat.
    if (r->duty.frozen != was || (r->duty.frozen && by_signals))
        freeze(b, r, r->duty.frozen);
    if (r->duty.frozen && by_signals && wait_ms < 0)
        wait_ms = 100;
    return wait_ms;
}

void lever_thaw_dying(const struct box *b, struct box_run *r)
{
    const struct cgroup_dir *d = cgroup_where(&b->tree, CG_FREEZER);
    if (r->duty.frozen && d && !d->v2) // what v1 froze handles no signal, not even this one
        cgroup_freeze(&b->tree, r->group, false);
}
