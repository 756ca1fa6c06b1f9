// SPDX-License-Identifier: Apache-2.0
//
// The REST API: the public one, wire-compatible with Qarnot's (docs and numbers in the comments below refer
// to its published contract), and Ondol's own under /ondol/v1 for the buildings. One file per resource, one
// row per route (routes.c).
//
// Paths work with and without /v1, in any case, with doubled and trailing slashes, and /pool/ is /pools/.
#ifndef ONDOL_API_API_H
#define ONDOL_API_API_H

#include "api/backend.h"

struct api;
struct http_request;

// The backend's strings and functions must live as long as the API.
struct api *api_new(const struct api_backend *backend);
void api_free(struct api *api); // after the HTTP server ended and every call has been answered

// Handler for http_config.handle; `api` is a struct api.
void api_handle(void *api, struct http_request *r);

// Limits of the API that no configuration moves; GET /ondol/v1/limits gives all of them.
#define API_JSON_DEPTH       32   // nesting of a request body
#define API_JSON_MEMBERS     1024 // properties of one object
#define API_NAME_CHARS       2047 // names and file filters: fewer than 2048 characters
#define API_CONSTANT_CHARS   2048 // key or value of a constant
#define API_SHORTNAME_CHARS  255
#define API_TAGS             9   // fewer than 10
#define API_TAG_CHARS        511 // fewer than 512
#define API_CONSTANTS        150
#define API_LABELS           100
#define API_CONSTRAINTS      16 // hardware constraints of a task
#define API_FORCED_CONSTANTS 150
#define API_BULK             10000 // tasks in one request
#define API_PAGE_DEFAULT     50
#define API_PAGE_MAX         1000
#define API_LIST_MAX         10000 // tasks of an unpaged list; the newest ones
#define API_HARDWARE_PAGE    50
#define API_OUTPUT_BYTES     (4 << 20) // fresh output in one answer; the rest comes with the next
#define API_FILTER_DEPTH     16
#define API_FILTER_NODES     256
#define API_FILTER_VALUES    1000
#define API_REGEX_BYTES      256
#define API_LIKE_MS          2000 // of processor time, for all Like expressions of a filter
#define API_LEDGER_ROWS      10000

#endif
