// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as an event: refused, or an event that is the same after it was written and read again, and that
// an engine takes without harm.
#include "fuzz.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "core/engine/log.h"
#include "core/engine/server.h"

static void feed(const struct event *ev)
{
    struct server_config cfg;
    struct effects fx;
    server_config_default(&cfg);
    cfg.check_plans = true;
    effects_init(&fx);
    struct server *s = server_new(&cfg);
    server_restored(s, HOUSE_MS(0));
    server_apply(s, ev, &fx);
    server_settle(s, HOUSE_MS(0), &fx);
    effects_deinit(&fx);
    server_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct arena a = ARENA_NULL;
    struct event ev, again;
    struct err e = ERR_NULL;
    int r = event_decode((const char *)data, n, &a, &ev, &e);
    assert(r == 0 || (r == -EBADMSG && *e.text));
    if (r == 0) {
        struct buf first = BUF_INIT(LOG_RECORD_MAX), second = BUF_INIT(LOG_RECORD_MAX);
        event_encode(&ev, &first);
        assert(event_decode(first.v, first.n, &a, &again, &e) == 0);
        event_encode(&again, &second);
        assert(first.n == second.n && memcmp(first.v, second.v, first.n) == 0);
        feed(&ev);
        buf_deinit(&first);
        buf_deinit(&second);
    }
    arena_deinit(&a);
    return 0;
}
