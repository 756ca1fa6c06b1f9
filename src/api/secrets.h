// SPDX-License-Identifier: Apache-2.0
//
// What a sealed value belongs to, and the secret constants of a task's body.
#ifndef ONDOL_API_SECRETS_H
#define ONDOL_API_SECRETS_H

#include <jansson.h>
#include <stdbool.h>

#include "api/backend.h"
#include "base/arena.h"
#include "base/err.h"

#define SEALED_MARK "sealed:1:" // how a sealed value begins (store/vault.h)

// Whether a constant of this name is kept sealed: QARNOT_SECRET__..., and DOCKER_REGISTRY_PASSWORD.
bool secret_name(const char *key, size_t n);

// Whether the value of such a constant tells anything: a password that is empty, or only the name of another
// constant ("${NAME}"), does not, and is shown as it is.
bool secret_held(const char *key, size_t key_n, const char *value, size_t value_n);

const char *secret_bound(struct arena *a, uint64_t account, const char *key);
const char *secret_constant_bound(struct arena *a, uint64_t account);

// Seals the values of the secret constants and forced constants of a body of a task or pool. False with `e`: the
// vault failed.
bool secret_constants_seal(json_t *body, const struct api_backend *be, uint64_t account, struct arena *a,
                           struct err *e);

// In lists of a request: a secret that comes back as it was shown gets the value it has in the old lists.
void secret_unmask(json_t *constants, const json_t *old, json_t *forced, const json_t *old_forced);

#endif
