// SPDX-License-Identifier: Apache-2.0
#ifndef ONDOL_API_TASK_IMAGE_H
#define ONDOL_API_TASK_IMAGE_H

#include "api/backend.h"

// Has the site begin with the images that accepted drafts name and that it lacks. Nothing waits, nothing
// fails.
void task_images_begin(const struct api_backend *be, uint64_t account, const struct task_draft *draft,
                       size_t n);

#endif
