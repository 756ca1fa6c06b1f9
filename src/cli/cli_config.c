// SPDX-License-Identifier: Apache-2.0
#include "cli/cli_config.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "device/slurp.h"

#define FILE_BYTES ((size_t)64 << 10)

static const struct {
    const char *key, *env;
} known[] = {
    {"uri", "QARNOT_CLUSTER_URL"},           {"token", "QARNOT_CLIENT_TOKEN"},
    {"storage", "QARNOT_STORAGE_URL"},       {"account-email", "QARNOT_ACCOUNT_EMAIL"},
    {"unsafe-ssl", "QARNOT_USE_UNSAFE_SSL"}, {"storage-unsafe-ssl", "QARNOT_USE_STORAGE_UNSAFE_SSL"},
};

static bool is_set(const char *name)
{
    const char *v = getenv(name);
    return v && *v;
}

static const char *find(char home[4096])
{
    const char *try[4] = {getenv("QARNOT_LOCAL_PATH"), getenv("QARNOT_GLOBAL_PATH"), ".Qarnot/cli.config",
                          home};
    const char *h = getenv("HOME");
    snprintf(home, 4096, "%s/.Qarnot/cli.config", h ? h : "");
    for (size_t i = 0; i < sizeof try / sizeof *try; i++)
        if (try[i] && *try[i] && access(try[i], F_OK) == 0)
            return try[i];
    return NULL;
}

static char *trimmed(char *s)
{
    while (isspace((unsigned char)*s))
        s++;
    for (size_t n = strlen(s); n && isspace((unsigned char)s[n - 1]); n--)
        s[n - 1] = '\0';
    return s;
}

static void take_line(char *line)
{
    char *eq = strchr(line, '=');
    if (!eq)
        return;
    *eq = '\0';
    const char *key = trimmed(line), *value = trimmed(eq + 1);
    for (size_t i = 0; *value && i < sizeof known / sizeof *known; i++)
        if (!strcmp(key, known[i].key))
            setenv(known[i].env, value, 0);
}

int cli_config_env(void)
{
    char home[4096], *text = NULL, *rest = NULL;
    size_t n;
    struct err e = ERR_NULL;
    if (is_set("ONDOL_URL") || is_set("ONDOL_TOKEN") || is_set("QARNOT_CLUSTER_URL") ||
        is_set("QARNOT_CLIENT_TOKEN"))
        return -1;
    const char *path = find(home);
    if (!path)
        return -1;
    if (slurp(path, FILE_BYTES, &text, &n, &e) < 0)
        return cli_fail(CLI_USAGE, "%s", e.text);
    for (char *line = strtok_r(text, "\r\n", &rest); line; line = strtok_r(NULL, "\r\n", &rest))
        take_line(line);
    free(text);
    return -1;
}
