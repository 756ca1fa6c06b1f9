// SPDX-License-Identifier: Apache-2.0
//
// POST /ondol/v1/estimate: the body of a task, which is checked as if it were to be made and is not made. The
// answer says when it would begin and end, what it would cost, draw and emit, and what these figures stand
// on; they hold if nothing else is submitted.
#include "api/handlers.h"
#include "api/json_out.h"
#include "api/people.h"
#include "api/task_body.h"
#include "base/num.h"

static const char *speed_text(struct call *c, const struct server_foreseen *f)
{
    return arena_printf(&c->arena,
                        "its boards run at %d %% of full speed on average, by the heat that is wanted there",
                        (int)((f->speed_permille + 5) / 10));
}

static const char *heat_text(struct call *c, const struct server_foreseen *f)
{
    if (!f->heat_in_s)
        return arena_printf(&c->arena, "%lld stand where no heat is wanted for the next two days",
                            (long long)f->boards_warm);
    return arena_printf(
        &c->arena,
        "%lld stand where no heat is wanted now; the first is expected to want some in %d h %d min, "
        "by what is known of its building, its week and the weather",
        (long long)f->boards_warm, (int)(f->heat_in_s / 3600), (int)(f->heat_in_s / 60 % 60));
}

static void rests_on(struct call *c, struct json_out *o, const struct server_foreseen *f)
{
    static const char *const from[] = {[RUN_SAID] = "expectedRunSeconds of the request",
                                       [RUN_LEARNED] = "what instances of this profile took before",
                                       [RUN_GUESSED] =
                                           "nothing known: an hour is assumed (give expectedRunSeconds)"};
    out_array(o, "restsOn");
    out_string(o, NULL,
               arena_printf(&c->arena, "an instance takes %lld s at full speed: %s", (long long)f->run_s,
                            from[f->run_from]));
    out_string(
        o, NULL,
        arena_printf(
            &c->arena,
            "of %lld boards %lld have the hardware, %lld could take it and %lld are free for its class",
            (long long)f->boards, (long long)f->boards_fitting, (long long)f->boards_usable,
            (long long)f->boards_free));
    if (f->boards_warm)
        out_string(o, NULL, heat_text(c, f));
    out_string(o, NULL,
               arena_printf(&c->arena, "%lld instances of this or a better class wait before it",
                            (long long)f->ahead));
    if (f->known)
        out_string(o, NULL, speed_text(c, f));
    if (f->others_guessed)
        out_string(o, NULL,
                   "some of what runs now has no known end: it is expected to run on for as long as it has "
                   "run, at least an hour");
    out_end_array(o);
}

static void amounts(struct call *c, struct json_out *o, const struct task_draft *d, const struct foreseen *f)
{
    const struct carbon_config *carbon = &c->be->carbon;
    int64_t neur = bill_neur(&c->be->limits.bill, d->activity, f->core_ms, f->energy_mj);
    int64_t dc_mj = f->energy_mj + num_round((double)f->energy_mj * carbon->overhead_permille / 1000);
    out_date(o, "start", c->now.v + f->start_s * 1000);
    out_date(o, "end", c->now.v + f->end_s * 1000);
    out_int(o, "startSeconds", f->start_s);
    out_int(o, "endSeconds", f->end_s);
    out_int(o, "boardsAtOnce", f->at_once);
    out_fixed(o, "coreSeconds", f->core_ms, 3);
    out_euro(o, "euros", neur);
    out_fixed(o, "energyWh", num_round((double)f->energy_mj / 3600), 3);
    out_fixed(o, "gCO2", num_round((double)dc_mj / 3.6e9 * carbon->grid_g_kwh * 1000), 3);
}

static void impossible(struct call *c, const struct task_draft *d, const char *why)
{
    struct json_out o = {.b = &c->out};
    out_object(&o, NULL);
    out_bool(&o, "possible", false);
    out_string(&o, "reason", why);
    out_int(&o, "instanceCount", d->instances);
    out_array(&o, "restsOn");
    out_end_array(&o);
    out_end_object(&o);
}

// What would be refused for want of money, of a right or of hardware is told as not possible; what is wrong
// with the request itself is refused here as there.
static void answer(struct call *c)
{
    struct task_draft *d = c->state;
    struct server_foreseen f;
    struct json_out o = {.b = &c->out};
    size_t looks = SIZE_MAX;
    const char *why = server_hardware_lacks(c->engine, d, &c->arena, &looks);
    int code = why ? 402 : server_would_refuse(c->engine, c->account.id, d, &c->arena, &why);
    if (code == 402 || code == 403) {
        impossible(c, d, why);
        return;
    }
    if (code) {
        call_fail(c, code, "%s", why);
        return;
    }
    server_foresee(c->engine, c->account.id, d, &f);
    out_object(&o, NULL);
    out_bool(&o, "possible", f.known);
    if (!f.known)
        out_string(&o, "reason", "no board could take it now");
    out_int(&o, "instanceCount", d->instances);
    if (f.known)
        amounts(c, &o, d, &f.it);
    rests_on(c, &o, &f);
    out_end_object(&o);
}

void estimate_task(struct call *c)
{
    const char *why;
    struct task_draft *d = arena_alloc(&c->arena, sizeof *d);
    if (!call_object(c))
        return;
    int code = task_body_read(c->in, c->be, &c->account, &c->arena, d, &why);
    if (code) {
        call_fail(c, code, "%s", why);
        return;
    }
    c->state = d;
    call_next(c, RUN_ENGINE, answer);
}
