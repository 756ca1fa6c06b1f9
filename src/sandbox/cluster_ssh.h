// SPDX-License-Identifier: Apache-2.0
//
// What every root of a sandbox tells OpenSSH's client, at the place where it looks whatever the home folder
// is: the other instances of a cluster are logged in to with the key that lies at /qarnot/ssh, and nobody is
// asked whether their host keys, which are that key too, are known. Other hosts are not concerned.
#ifndef ONDOL_SANDBOX_CLUSTER_SSH_H
#define ONDOL_SANDBOX_CLUSTER_SSH_H

#define CLUSTER_SSH_CONFIG                                                                                   \
    "Host instance-*\n"                                                                                      \
    "    IdentityFile /qarnot/ssh/id_ed25519\n"                                                              \
    "    IdentitiesOnly yes\n"                                                                               \
    "    BatchMode yes\n"                                                                                    \
    "    ConnectTimeout 5\n"                                                                                 \
    "    StrictHostKeyChecking no\n"                                                                         \
    "    UserKnownHostsFile /dev/null\n"                                                                     \
    "    LogLevel ERROR\n"                                                                                   \
    "Match all\n"

#endif
