// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a workflow: refused with a line, or a graph in which parents come first.
#include "fuzz.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "sim/read/workflow.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct workflow w;
    struct err e = ERR_NULL;
    int rc = workflow_read(&w, (const char *)data, n, &e);
    assert(rc == 0 || (rc == -EINVAL && !strncmp(e.text, "line ", 5) && !w.v));
    for (size_t i = 0; i < w.n; i++) {
        assert(w.v[i].run_s >= 0 && w.v[i].cores >= 1 && w.v[i].ready_s + w.v[i].run_s <= w.critical_s);
        for (uint32_t k = 0; k < w.v[i].n_parents; k++)
            assert(w.parent_at[w.v[i].parent + k] < i);
    }
    workflow_deinit(&w);
    return 0;
}
