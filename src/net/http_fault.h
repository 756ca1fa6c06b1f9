// SPDX-License-Identifier: Apache-2.0
//
// curl's results as our errors: one errno and one sentence.
#ifndef ONDOL_NET_HTTP_FAULT_H
#define ONDOL_NET_HTTP_FAULT_H

#include <curl/curl.h>

#include "base/err.h"

// `detail` is what CURLOPT_ERRORBUFFER received, or "". Returns the code it sets; 0 for CURLE_OK.
int http_fault(CURLcode code, const char *url, const char *detail, struct err *e);

#endif
