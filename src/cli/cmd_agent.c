// SPDX-License-Identifier: Apache-2.0
//
// `ondol agent`: becomes ondol-agent, a program of its own because it links nothing of a server.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/child.h"
#include "cli/cli.h"

int cmd_agent(int argc, char **argv)
{
    char path[4096];
    beside_self("ondol-agent", path, sizeof path);
    char **args = mem_array((size_t)argc + 1, sizeof *args);
    memcpy(args, argv, (size_t)argc * sizeof *args);
    args[0] = path;
    execvp(path, args);
    int code = errno;
    free(args);
    return cli_fail(CLI_FAILED, "agent: %s: %s (it is built and installed beside ondol)", path,
                    strerror(code));
}
