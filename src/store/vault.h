// SPDX-License-Identifier: Apache-2.0
//
// Values at rest: AES-256-GCM under a key of this installation, in a file of its own beside the database
// (mode 0600). A copy of the database without the key tells nothing. What a value is bound to (its account
// and name) is authenticated with it: a sealed text that was moved to another place does not open.
#ifndef ONDOL_STORE_VAULT_H
#define ONDOL_STORE_VAULT_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

#define VAULT_KEY_BYTES 32

struct vault {
    unsigned char key[VAULT_KEY_BYTES];
};

// Reads DIR/vault.key, or makes it (durable before it returns). 0; -EINVAL: the file is damaged; else what
// the system said.
int vault_open(struct vault *v, const char *dir, struct err *e);
void vault_close(struct vault *v); // forgets the key

// Appends "sealed:1:BASE64" to `out`. `bound` is what the value belongs to. 0 or -EIO with `e`.
int vault_seal(const struct vault *v, const char *bound, const char *value, struct buf *out, struct err *e);
// A secret of our own that is not kept: the same each time for the same `name`, 64 digits and a NUL. Whoever
// knows it learns nothing of the key or of other names. 0 or -EIO with `e`.
int vault_derive(const struct vault *v, const char *name, char out[65], struct err *e);
// Appends the clear value. -EBADMSG: not sealed with this key for `bound`.
int vault_unseal(const struct vault *v, const char *bound, const char *sealed, struct buf *out,
                 struct err *e);

#endif
