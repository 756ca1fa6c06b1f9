// SPDX-License-Identifier: Apache-2.0
//
// Which of curl's hundred results a user can do something about, and what.
#include "net/http_fault.h"

#include <errno.h>

#include "base/mem.h"

static const struct {
    CURLcode curl;
    int code;
    const char *what, *todo;
} faults[] = {
    {CURLE_URL_MALFORMAT, -EINVAL, "not a URL", "write http://host:port/path"},
    {CURLE_UNSUPPORTED_PROTOCOL, -EINVAL, "neither http nor https", "write http://host:port/path"},
    {CURLE_COULDNT_CONNECT, -ECONNREFUSED, "no connection", "is the server running there?"},
    {CURLE_COULDNT_RESOLVE_HOST, -EHOSTUNREACH, "unknown host", "check the name and the network"},
    {CURLE_OPERATION_TIMEDOUT, -ETIMEDOUT, "no answer in time",
     "try again, or see whether the server is overloaded"},
    {CURLE_FILESIZE_EXCEEDED, -EFBIG, "the answer is too large", "ask for less"},
    {CURLE_WRITE_ERROR, -EFBIG, "the answer is too large", "ask for less"},
    {CURLE_PEER_FAILED_VERIFICATION, -EPROTO, "the server's certificate is not trusted",
     "give its authority's file"},
    {CURLE_SSL_CACERT_BADFILE, -EPROTO, "the authority's file cannot be read", "check its path"},
    {CURLE_SSL_CERTPROBLEM, -EPROTO, "our certificate or key cannot be used", "check the two files"},
    {CURLE_SSL_CONNECT_ERROR, -EPROTO, "TLS failed", "is this an https port?"},
    {CURLE_WEIRD_SERVER_REPLY, -EPROTO, "not an HTTP answer", "is this the right port?"},
};

int http_fault(CURLcode code, const char *url, const char *detail, struct err *e)
{
    if (code == CURLE_OK)
        return 0;
    for (size_t i = 0; i < ARRAY_LEN(faults); i++)
        if (faults[i].curl == code)
            return err_set(e, faults[i].code, "%s: %s (%s)", url, faults[i].what, faults[i].todo);
    return err_set(e, -EIO, "%s: %s (try again)", url, *detail ? detail : curl_easy_strerror(code));
}
