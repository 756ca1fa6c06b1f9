// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a workload trace: read or refused with a line number, and what is read keeps the header's
// promises.
#include "fuzz.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "core/work/swf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct swf s = SWF_NULL;
    struct err e = ERR_NULL;
    int rc = swf_read(&s, (const char *)data, n, 1000, &e);
    assert(rc == 0 || ((rc == -EINVAL || rc == -E2BIG) && !strncmp(e.text, "line ", 5)));
    for (size_t i = 0; i < s.n; i++) {
        assert(s.v[i].job >= 0 && s.v[i].submit_s >= 0);
        assert(s.v[i].run_s >= SWF_UNKNOWN && s.v[i].procs >= SWF_UNKNOWN && s.v[i].user >= SWF_UNKNOWN);
        assert(i == 0 || s.v[i - 1].submit_s <= s.v[i].submit_s);
    }
    swf_deinit(&s);
    return 0;
}
