// SPDX-License-Identifier: Apache-2.0
//
// Names of container images, and what an image adds to what an instance runs.
//
//   [HOST[:PORT]/]REPOSITORY[:TAG]     "alpine" is "library/alpine:latest"
//
// The first part is a host when it has a dot or a colon or is "localhost", as every tool of the field takes
// it.
#ifndef ONDOL_CORE_WORK_IMAGE_H
#define ONDOL_CORE_WORK_IMAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "core/work/launch.h"

#define IMAGE_HOST_BYTES 256
#define IMAGE_REPO_BYTES 256
#define IMAGE_TAG_BYTES  129
#define IMAGE_NAME_BYTES (IMAGE_HOST_BYTES + IMAGE_REPO_BYTES + IMAGE_TAG_BYTES)

struct image_name {
    char host[IMAGE_HOST_BYTES]; // "": none is named
    char repo[IMAGE_REPO_BYTES];
    char tag[IMAGE_TAG_BYTES];
};

// -EINVAL says which part is wrong and what it may be.
int image_name_parse(const char *text, struct image_name *out, struct err *e);
// From a task's constants: `tag` NULL or "": latest; `server` is a URL or a host, NULL or "": none is named.
int image_name_make(const char *server, const char *repo, const char *tag, struct image_name *out,
                    struct err *e);
// Docker Hub, which a name without a host means to whoever writes one: spelled out by some tools, such as
// those that read archives for us, and left out by others.
bool image_host_is_hub(const char *host);
void image_name_plain(struct image_name *n); // without that host, as people write it; others stay
void image_name_text(const struct image_name *n, char out[IMAGE_NAME_BYTES]);

// What an image says of how it is to be run; lists end with NULL and may be NULL.
struct image_config {
    const char *const *env, *const *entrypoint, *const *cmd;
    const char *workdir, *user; // NULL: not said
};

// What an instance of `l` runs in an image: its entrypoint before the task's words, or before its own when
// the task has none; its variables under the task's; its folder and user where the task names none. `out`
// lives in `a` and in what it was made of. -EINVAL with the code "bad-command": there is no command at all.
int launch_in_image(const struct launch *l, const struct image_config *c, struct arena *a, struct launch *out,
                    const char **code, struct err *e);

#endif
