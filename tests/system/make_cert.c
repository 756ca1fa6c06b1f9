// SPDX-License-Identifier: Apache-2.0
//
// make_cert DIR: an authority and a server's certificate for localhost and 127.0.0.1 in DIR, as PEM files.
#include "../unit/net/certs.h"

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    struct cert authority = cert_make(argv[1], "authority", NULL),
                server = cert_make(argv[1], "server", &authority);
    cert_drop(&server);
    cert_drop(&authority);
    return 0;
}
