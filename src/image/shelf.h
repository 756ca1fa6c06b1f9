// SPDX-License-Identifier: Apache-2.0
//
// The images of a site, on disk: every blob (configuration, layer) once by its SHA-256, and an index of what
// names stand for what.
//
//   DIR/index.json      written anew and renamed: an image is there when this says so
//   DIR/blobs/HEX       whole and synced before the index names them
//   DIR/work/           of imports and pulls under way; emptied when the shelf is opened
//
// A crash at any moment leaves the index from before or from after; blobs that no image names are removed at
// the next start and after each removal. Any thread.
#ifndef ONDOL_IMAGE_SHELF_H
#define ONDOL_IMAGE_SHELF_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "image/layer.h"

#define SHELF_DIGEST_BYTES 72 // "sha256:", 64 digits, NUL
#define SHELF_LAYERS_MAX   256
#define SHELF_PATH_BYTES   4352

struct shelf;

// Makes the folder when it is missing, throws away what was half made, and removes blobs that no image names.
// Negative errno with the sentence.
int shelf_open(struct shelf **ret, const char *dir, struct err *e);
void shelf_free(struct shelf *s);

// An entry: {name, digest, account, size, unpackedSize, files, created (ms), source, config, layers}, where
// config and each layer are {digest, size, mediaType}. `account` 0: everybody's. What is given is a copy.
json_t *shelf_list(struct shelf *s);
json_t *shelf_find(struct shelf *s, uint64_t account, const char *name); // the account's own or everybody's
// One of that name or digest, whoever's; NULL: none.
json_t *shelf_find_any(struct shelf *s, const char *name_or_digest);

// Whether any is called library/..., so that it stands for what is the machine's own /usr else.
bool shelf_has_library(struct shelf *s);

struct shelf_new {
    const char *layout; // a folder in work/ with one image in the OCI layout; its blobs are taken from there
    const char *name, *source;
    uint64_t account;
    int64_t now_ms;
    struct image_limits limits;
};
// Looks through it and puts it on the shelf, in place of the account's image of that name. -EFBIG, -EBADMSG
// (no such image, or not one that runs here), -ENOSPC.
int shelf_put(struct shelf *s, const struct shelf_new *n, struct err *e);
// All images of that name or digest. -ENOENT: none.
int shelf_remove(struct shelf *s, const char *name_or_digest, struct err *e);
// The blob of a digest, opened to be read.
int shelf_blob(struct shelf *s, const char *digest, int *fd, uint64_t *n, struct err *e);

// A folder or file in work/ by a name that nobody has; DIR/work/ANYTHING.
int shelf_scratch(struct shelf *s, char out[SHELF_PATH_BYTES], struct err *e);

#endif
