// SPDX-License-Identifier: Apache-2.0
//
// Files of a task, on their way (docs/design/0033-staging.md).
//
//   in   ASSIGNED, phase download: the time that a start may take counts from the last file that moved
//   out  STARTED, phase upload: staged where nobody sees them
//        -- report exited, results > 0 --> the lease ends (its key opens nothing any more), the board is free
//        -- row publish, after the commit the storage moves all at once --> EVENT_PUBLISHED --> the instance
//           has its end
//
// A row of publish is there exactly as long as the storage may still have to do something; moving twice is
// the same as once. An attempt that is lost on the way leaves no row, so nothing of it is ever seen.
#include "base/mem.h"
#include "base/num.h"
#include "core/engine/server_lease.h"
#include "core/engine/server_state.h"
#include "core/engine/server_task.h"

#define STAGING_MOST (INT64_C(1) << 60)

void lease_uploads_no_more(struct server *s, uint32_t lease)
{
    struct lease *l = &s->lease[lease];
    if (!l->uploading)
        return;
    l->uploading = false;
    task_rare(&s->task[l->task])->n_uploading--;
}

bool lease_is_moving(const struct server *s, const struct lease *l)
{
    return l->state == LEASE_STOPPING && l->phase == PHASE_UPLOAD &&
           house_since(s->now, l->since) < s->cfg.preempt_grace_ms;
}

void lease_staging(struct server *s, uint32_t lease, const struct report *r, struct effects *fx)
{
    struct lease *l = &s->lease[lease];
    if (r->staging.phase != PHASE_DOWNLOAD && r->staging.phase != PHASE_UPLOAD)
        return;
    int64_t files = int_clamp(r->staging.files, 0, STAGING_MOST),
            bytes = int_clamp(r->staging.bytes, 0, STAGING_MOST);
    bool moved = l->phase != r->staging.phase || files != l->staging.files || bytes != l->staging.bytes;
    bool out = r->staging.phase == PHASE_UPLOAD && lease_under_way(l);
    l->phase = r->staging.phase;
    l->staging.files = files;
    l->staging.bytes = bytes;
    l->staging.files_n = int_clamp(r->staging.files_n, 0, STAGING_MOST);
    l->staging.bytes_n = int_clamp(r->staging.bytes_n, 0, STAGING_MOST);
    *(out ? &l->staging.store_ms : &l->staging.fetch_ms) = int_clamp(r->staging.ms, 0, STAGING_MOST);
    if (moved && !lease_under_way(l))
        l->since = s->now;
    if (!out || l->uploading)
        return;
    l->uploading = true;
    task_rare(&s->task[l->task])->n_uploading++;
    board_plan(s, l->board); // it cannot be set aside any more
    task_settle(s, l->task, fx);
}

void instance_ended(struct task *t, uint32_t instance, enum attempt_end end)
{
    struct task_sets *sets = task_sets(t);
    ranges_add(end == ATTEMPT_SUCCESS     ? &sets->succeeded
               : end == ATTEMPT_CANCELLED ? &sets->cancelled
                                          : &sets->failed,
               instance);
}

void publish_begin(struct server *s, uint32_t lease, const struct publish_what *what, struct effects *fx)
{
    const struct lease *l = &s->lease[lease];
    struct task *t = &s->task[l->task];
    struct publishing *p = VEC_PUSH(s->publishing, s->n_publishing, s->cap_publishing);
    *p = (struct publishing){.lease = l->id,
                             .task = t->id,
                             .part = what->part,
                             .instance = l->instance,
                             .end = (uint8_t)what->end,
                             .snapshot = what->snapshot};
    task_rare(t)->n_publishing++;
    fx_change(fx, CHANGE_PUBLISH)->publish =
        (struct row_publish){.lease = l->id,
                             .part = what->part,
                             .task = t->id,
                             .instance = l->instance,
                             .end = (uint8_t)what->end,
                             .snapshot = what->snapshot,
                             .bucket = arena_strdup(&fx->arena, what->bucket ? what->bucket : "")};
    server_trace(s, CHANGE_PUBLISH, (int64_t)l->id, what->part);
}

void publish_restore(struct server *s, const struct row_publish *row)
{
    uint32_t slot;
    if (!server_task_slot(s, row->task, &slot))
        return; // deleted; there is nothing to count
    struct publishing *p = VEC_PUSH(s->publishing, s->n_publishing, s->cap_publishing);
    *p = (struct publishing){row->lease, row->task, row->part, row->instance, row->end, row->snapshot};
    task_rare(&s->task[slot])->n_publishing++;
    snapshot_publishing(&s->task[slot], row->snapshot);
    if (row->part == 0)
        ranges_remove(&s->task[slot].pending, row->instance);
}

static void settle(struct server *s, struct task *t, const struct publishing *p, const struct event *ev,
                   struct effects *fx)
{
    task_rare(t)->results += !ev->published.code;
    if (p->part) {
        snapshot_published(s, (uint32_t)(t - s->task), p->snapshot, !ev->published.code, fx);
        return;
    }
    if (!ev->published.code) {
        instance_ended(t, p->instance, (enum attempt_end)p->end);
        return;
    }
    struct buf text = BUF_INIT(600);
    buf_putf(&text, "instance %u: %.400s", (unsigned)p->instance,
             ev->published.message ? ev->published.message : "its results could not be stored");
    task_error(t, ev->published.code, buf_str(&text), "");
    buf_deinit(&text);
    instance_ended(t, p->instance, p->end == ATTEMPT_CANCELLED ? ATTEMPT_CANCELLED : ATTEMPT_FAILURE);
}

void server_published(struct server *s, const struct event *ev, struct effects *fx)
{
    uint32_t slot;
    for (size_t i = 0; i < s->n_publishing; i++) {
        struct publishing p = s->publishing[i];
        if (p.lease != ev->published.lease || p.part != ev->published.part)
            continue;
        s->publishing[i] = s->publishing[--s->n_publishing];
        struct row_publish *row = &fx_change(fx, CHANGE_PUBLISH_GONE)->publish;
        *row = (struct row_publish){.lease = p.lease, .part = p.part};
        server_trace(s, CHANGE_PUBLISH_GONE, (int64_t)p.lease, ev->published.code != NULL);
        if (!server_task_slot(s, p.task, &slot))
            break;
        struct task *t = &s->task[slot];
        task_rare(t)->n_publishing--;
        settle(s, t, &p, ev, fx);
        task_settle(s, slot, fx);
        break;
    }
    fx_reply(fx, ev->token, 200, NULL);
}
