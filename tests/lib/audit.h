// SPDX-License-Identifier: Apache-2.0
//
// What holds of an engine after every committed batch, looked at with plain loops over everything.
#ifndef ONDOL_TESTS_AUDIT_H
#define ONDOL_TESTS_AUDIT_H

#include "core/engine/server.h"
#include "model_store.h"

// 0, or -EINVAL with the first thing that does not hold. `fx` and `m` may be NULL.
int audit_server(const struct server *s, house_ms now, const struct effects *fx, const struct model_store *m,
                 struct err *e);

#endif
