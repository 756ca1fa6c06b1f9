// SPDX-License-Identifier: Apache-2.0
#include "cli/building.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/child.h"
#include "core/work/launch.h"

#define STOP_GRACE_MS (4000 + LAUNCH_LAST_MS) // an agent with nothing to wait for ends at once
#define LOOK_MS       50

int building_start(struct building *b, const struct runtime_config *cfg, struct err *e)
{
    *b = (struct building){0};
    int bad = runtime_start(&b->rt, cfg, e);
    if (bad)
        return bad;
    listen_url(b->url, sizeof b->url, cfg->listen, runtime_port(b->rt), cfg->tls_cert_file != NULL);
    api_client_init(&b->api, b->url, runtime_token(b->rt));
    beside_self("ondol-agent", b->agent_path, sizeof b->agent_path);
    snprintf(b->speed, sizeof b->speed, "%.0f", cfg->speed);
    snprintf(b->house0, sizeof b->house0, "%" PRId64, cfg->house0.v);
    snprintf(b->real0, sizeof b->real0, "%" PRId64, cfg->real0_ms);
    // By the environment, which other users of the machine do not see, unlike arguments.
    snprintf(b->node_token_env, sizeof b->node_token_env, "ONDOL_NODE_TOKEN=%s", runtime_node_token(b->rt));
    return 0;
}

int building_agent(struct building *b, size_t i, const char *const *own, const char *log, struct err *e)
{
    const char *shared[] = {
        b->agent_path, "--server",        b->url,   "--speed", b->speed, "--house-epoch-ms",
        b->house0,     "--wall-epoch-ms", b->real0, NULL};
    const char *const env[] = {b->node_token_env, NULL};
    const char **argv = NULL;
    size_t n = 0, cap = 0;
    for (const char *const *p = shared; *p; p++)
        *VEC_PUSH(argv, n, cap) = *p;
    for (const char *const *p = own; *p; p++)
        *VEC_PUSH(argv, n, cap) = *p;
    *VEC_PUSH(argv, n, cap) = NULL;
    pid_t pid = child_start(argv, env, log, e);
    free(argv);
    if (pid < 0)
        return (int)pid;
    b->agent[i] = pid;
    if (i >= b->n_agents)
        b->n_agents = i + 1;
    return 0;
}

static size_t online(struct building *b, struct err *e)
{
    json_t *got = NULL, *zone;
    size_t i, n = 0;
    if (api_json(&b->api, "GET", "/ondol/v1/zones?limit=1000", NULL, &got, e))
        return 0;
    json_array_foreach(json_object_get(got, "data"), i, zone) n +=
        json_is_true(json_object_get(zone, "online"));
    json_decref(got);
    return n;
}

int building_wait(struct building *b, size_t zones, int timeout_ms, struct err *e)
{
    struct err why = ERR_NULL;
    size_t n = 0;
    for (int waited = 0; waited < timeout_ms; waited += LOOK_MS) {
        if ((n = online(b, &why)) >= zones)
            return 0;
        for (size_t i = 0; i < b->n_agents; i++)
            if (!child_alive(&b->agent[i]))
                return err_set(e, -ECHILD, "agent %zu: ended before it called home (its output says why)",
                               i + 1);
        int sig = signals_wait(LOOK_MS);
        if (sig == SIGTERM || sig == SIGINT)
            return err_set(e, -EINTR, "ended by a signal");
    }
    return err_set(e, -ETIMEDOUT, "building: %zu of %zu zones called home within %d s%s%s", n, zones,
                   timeout_ms / 1000, why.code ? ": " : "", why.code ? why.text : "");
}

void building_stop(struct building *b)
{
    children_stop(b->agent, b->n_agents, STOP_GRACE_MS);
    runtime_stop(b->rt);
    b->rt = NULL;
}
