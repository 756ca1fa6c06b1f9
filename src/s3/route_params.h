// SPDX-License-Identifier: Apache-2.0
//
// Inside of the routing: the parameters of the query that are no sub-resources.
#ifndef ONDOL_S3_ROUTE_PARAMS_H
#define ONDOL_S3_ROUTE_PARAMS_H

#include "s3/query.h"
#include "s3/route.h"

// Copies what out->op knows into *out. InvalidArgument, naming the parameter and its limit.
enum s3_code route_params(const struct s3_query *q, struct s3_route *out, struct err *e);

#endif
