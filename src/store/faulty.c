// SPDX-License-Identifier: Apache-2.0
#include "store/faulty.h"

#include <stdlib.h>

#include "base/mem.h"

struct faulty {
    struct store inner;
    struct fault_plan *plan;
};

static int faulty_lead(void *ctx, uint64_t *epoch, struct err *e)
{
    struct faulty *f = ctx;
    return f->inner.lead(f->inner.ctx, epoch, e);
}

static int faulty_load(void *ctx, const struct store_visitor *v, struct err *e)
{
    struct faulty *f = ctx;
    return f->inner.load(f->inner.ctx, v, e);
}

static bool due(struct fault_plan *p)
{
    p->commits++;
    if (p->times == 0)
        return false;
    if (p->countdown > 0) {
        p->countdown--;
        return false;
    }
    if (p->times > 0)
        p->times--;
    p->failed++;
    return true;
}

// What was read is lost with the crash: it goes to a text that nobody sees.
static int commit_without_answer(struct faulty *f, uint64_t epoch, const struct change *c, size_t n,
                                 const struct fresh_read *fresh, size_t n_fresh, struct err *e)
{
    struct fresh_read *lost = mem_array(n_fresh, sizeof *lost);
    struct buf *text = mem_array(n_fresh, sizeof *text);
    for (size_t i = 0; i < n_fresh; i++) {
        text[i] = BUF_INIT(fresh[i].text->max - fresh[i].text->n);
        lost[i] = fresh[i];
        lost[i].text = &text[i];
    }
    int r = f->inner.commit(f->inner.ctx, epoch, c, n, lost, n_fresh, e);
    for (size_t i = 0; i < n_fresh; i++)
        buf_deinit(&text[i]);
    free(text);
    free(lost);
    return r;
}

static int faulty_commit(void *ctx, uint64_t epoch, const struct change *c, size_t n,
                         struct fresh_read *fresh, size_t n_fresh, struct err *e)
{
    struct faulty *f = ctx;
    bool fail = due(f->plan);
    if (!fail)
        return f->inner.commit(f->inner.ctx, epoch, c, n, fresh, n_fresh, e);
    if (f->plan->took_effect) {
        int r = commit_without_answer(f, epoch, c, n, fresh, n_fresh, e);
        if (r < 0)
            return r;
    }
    return err_set(e, f->plan->code, "store: commit %d: it fails as planned (fault %d, %s)", f->plan->commits,
                   f->plan->failed, f->plan->took_effect ? "after it took effect" : "before it took effect");
}

static void faulty_free(void *ctx)
{
    struct faulty *f = ctx;
    f->inner.free(f->inner.ctx);
    free(f);
}

void store_faulty(struct store *ret, struct store inner, struct fault_plan *plan)
{
    struct faulty *f = mem_alloc(sizeof *f);
    *f = (struct faulty){inner, plan};
    *ret = (struct store){f, faulty_lead, faulty_load, faulty_commit, faulty_free};
}
