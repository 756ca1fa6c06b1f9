// SPDX-License-Identifier: Apache-2.0
//
// The file in which Qarnot's own command line keeps address and token, for those who have one.
#ifndef ONDOL_CLI_CLI_CONFIG_H
#define ONDOL_CLI_CLI_CONFIG_H

// Sets QARNOT_CLUSTER_URL, QARNOT_CLIENT_TOKEN, QARNOT_STORAGE_URL, QARNOT_ACCOUNT_EMAIL, QARNOT_USE_UNSAFE_SSL and
// QARNOT_USE_STORAGE_UNSAFE_SSL from the first of these files that is there, where they are not set yet: $QARNOT_LOCAL_PATH,
// $QARNOT_GLOBAL_PATH, ./.Qarnot/cli.config, ~/.Qarnot/cli.config. It does nothing when the environment has an address or a token: a file
// that lies in some folder must not send a token elsewhere. Lines `key=value`, the keys token, uri, storage,
// account-email, unsafe-ssl, storage-unsafe-ssl; others are not ours. -1: go on, else an exit code.
int cli_config_env(void);

#endif
