// SPDX-License-Identifier: Apache-2.0
//
// `ondol COMMAND ...`: finds the command and hands over.
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "cli/cli.h"

static int cmd_help(int argc, char **argv);

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *what;
} commands[] = {
    {"server", cmd_server, "the server: API, planner, ledger, store"},
    {"agent", cmd_agent, "the program on a heater or in a building (starts ondol-agent)"},
    {"dev", cmd_dev, "a server and a virtual building in one, to develop against"},
    {"demo", cmd_demo, "plays a winter day in a building of 15 radiators and judges it"},
    {"account", cmd_account, "who may submit work, and whose is donated (research)"},
    {"user", cmd_user, "users, their organisations and quotas"},
    {"token", cmd_token, "tokens: made, told once, revoked"},
    {"project", cmd_project, "projects and their budgets"},
    {"reservation", cmd_reservation, "boards set aside for somebody"},
    {"task", cmd_task, "submit, watch, abort tasks"},
    {"bucket", cmd_bucket, "objects: files for tasks, and what tasks leave"},
    {"image", cmd_image, "images of containers that tasks may run in"},
    {"secret", cmd_secret, "what tasks need to know and nobody else may read"},
    {"job", cmd_job, "tasks that belong together and wait for one another"},
    {"pool", cmd_pool, "boards that are held for tasks to come"},
    {"zone", cmd_zone, "rooms: temperature, setpoint, and why they are as they are"},
    {"site", cmd_site, "buildings: where they are, what they draw, what electricity costs"},
    {"heater", cmd_heater, "heaters: what they run and draw"},
    {"bench", cmd_bench, "measures this machine beside the programs it is compared with"},
    {"sim", cmd_sim, "runs whole fleets for whole years on virtual time"},
    {"replay", cmd_replay, "applies a recorded log of events again"},
    {"version", cmd_version, "prints the version"},
    {"help", cmd_help, "this text, or that of a command"},
};

static void usage(FILE *to)
{
    fputs("Usage: ondol COMMAND [OPTION...]\n"
          "Computing that heats: runs work where and when heat is asked for.\n\n",
          to);
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        fprintf(to, "  %-12s %s\n", commands[i].name, commands[i].what);
    fputs("\nEach command has --help. Exit codes: 0 done, 1 failed, 2 usage, 3 server not reached,\n"
          "4 server refused, 5 the work itself failed, 75 try again later.\n",
          to);
}

static const struct command *find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        if (!strcmp(commands[i].name, name))
            return &commands[i];
    return NULL;
}

static int cmd_help(int argc, char **argv)
{
    const struct command *c = argc > 1 ? find(argv[1]) : NULL;
    if (c && c->run != cmd_help) {
        char help[] = "--help";
        return c->run(2, (char *[]){argv[1], help, NULL});
    }
    usage(stdout);
    return CLI_DONE;
}

int cmd_version(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--help") != 0)
        return cli_fail(CLI_USAGE, "version: %s: takes no arguments", argv[1]);
    if (argc > 1)
        puts("Usage: ondol version\nPrints the version.");
    else
        puts("ondol " ONDOL_VERSION);
    return CLI_DONE;
}

int main(int argc, char **argv)
{
    setlocale(LC_CTYPE, ""); // texts are UTF-8; numbers keep their dot
    signal(SIGPIPE, SIG_IGN);
    if (argc < 2) {
        usage(stderr);
        return CLI_USAGE;
    }
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
        return cmd_help(1, argv);
    if (!strcmp(argv[1], "--version"))
        return cmd_version(1, argv);
    const struct command *c = find(argv[1]);
    if (!c)
        return cli_fail(CLI_USAGE, "%s: there is no such command (ondol --help lists them)", argv[1]);
    int code = c->run(argc - 1, argv + 1);
    // What is larger than the stream's buffer was written before, and then only the stream's mark tells of it.
    if ((fflush(stdout) != 0 || ferror(stdout)) && code == CLI_DONE)
        return cli_fail(CLI_FAILED, "output: could not be written (is the disk full, or the reader gone?)");
    return code;
}
