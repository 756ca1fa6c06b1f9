// SPDX-License-Identifier: Apache-2.0
//
// The storage as the command line sees it: any endpoint that speaks S3, found through the server, signed for
// with the account's e-mail address and token. One blocking call at a time.
#ifndef ONDOL_CLI_BUCKET_CLIENT_H
#define ONDOL_CLI_BUCKET_CLIENT_H

#include <stdbool.h>

#include "cli/api_client.h"
#include "net/http_file.h"
#include "s3/xml_answer.h"

struct bucket_client {
    char url[1024]; // of the endpoint, without a slash at its end
    char email[256];
    const char *token;
    struct http_tls tls;
};

// Asks the server where its storage is and who asks. 0, or an exit code with the sentence in `e`.
int bucket_client_open(struct bucket_client *b, const struct api_client *api, struct err *e);

// The calls give 0, or an exit code with the sentence in `e`. `bucket` and `key` are as their owner wrote
// them.
int bucket_list(const struct bucket_client *b, struct s3_listing *out, struct err *e);
int bucket_make(const struct bucket_client *b, const char *bucket, struct err *e);
int bucket_remove(const struct bucket_client *b, const char *bucket, struct err *e);
// All objects whose keys begin with `prefix`, over as many pages as there are.
int bucket_objects(const struct bucket_client *b, const char *bucket, const char *prefix,
                   struct s3_listing *out, struct err *e);
int bucket_put(const struct bucket_client *b, const char *bucket, const char *key,
               const struct http_flow *from, struct err *e);
int bucket_get(const struct bucket_client *b, const char *bucket, const char *key, const struct http_flow *to,
               struct err *e);
int bucket_delete(const struct bucket_client *b, const char *bucket, const char *key, struct err *e);

#endif
