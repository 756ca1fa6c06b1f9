// SPDX-License-Identifier: Apache-2.0
//
// The constants are in sets, of which a profile has those that what it gives calls for. docker-batch-smt
// would promise hyper-threads to the container, which no board offers apart; docker-nvidia-batch a processor
// that no heater has.
#include "api/profile.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "core/work/profile.h"

static const struct profile_constant batch[] = {
    {"DOCKER_SRV", "https://registry-1.docker.io", "URL of the registry", false},
    {"DOCKER_REPO", "library/ubuntu", "image repository", false},
    {"DOCKER_TAG", "latest", "image tag", false},
    {"DOCKER_CMD", "", "command and its arguments; there is no shell unless it names one", false},
    {"DOCKER_USER", "", "user in the container; empty: the image's", false},
    {"DOCKER_HOST", "", "host name of the container", false},
    {"DOCKER_WORKDIR", "${DOCKER_WORKDIR}", "working directory; empty: /job. Below /job and /tmp it is made", false},
    {"DOCKER_REGISTRY_LOGIN", "", "login for a private registry", false},
    {"DOCKER_REGISTRY_PASSWORD", "", "password for a private registry", false},
    {"DOCKER_PROGRESS1", "", "regular expression that finds the progress in the standard output", false},
    {"DOCKER_PROGRESS2", "", "a second one", false},
    {"DOCKER_PROGRESS3", "", "a third one", false},
    {"USER_POOL_PREPARATION_CMD", "/bin/true", "command that prepares a pool's nodes, as preparationTask does",
     false},
    {"RUN_USER_POOL_PREPARATION_CMD", "false", "true: run it, unless the pool has a preparationTask", false},
    {"DOCKER_SHUTDOWN_CMD", "/bin/true", "command that runs in the container when it ends or is stopped, for 10 s at most", false},
    {"DOCKER_START_CONTAINER_IN_ENVIRONMENT", "false",
     "of no effect: a container is made before its command begins, whatever it says", false},
    {"USE_SIMULATION_MAXIMUM_EXECUTION_TIME", "false", "true: the command is ended after the time below", false},
    {"SIMULATION_MAXIMUM_EXECUTION_TIME", "8h", "how long it may run then, as 8h, 1h30m or 08:00:00", false},
    {"QARNOT_DISABLE_CPU_BOOST", "", "true: no faster than the processor's base clock", false},
    {"RESOURCES_PATH", "/job", "where resources are found; nowhere else", false},
};

static const struct profile_constant cluster[] = {
    {"DOCKER_CMD_MASTER", "", "command of the first instance; empty: DOCKER_CMD", false},
    {"DOCKER_CMD_WORKER", "", "command of the others; empty: DOCKER_CMD", false},
    {"SETUP_CLUSTER_NB_SLOTS", "", "processes per instance in /job/mpihosts; empty: 1", false},
};

static const struct profile_constant ssh[] = {
    {"DOCKER_SSH", "", "public key that the container's sshd, on port 22, is to accept", false},
};

static const struct profile profiles[] = {
    {.name = "docker-batch", .description = "One container for each instance, without a network"},
    {.name = "docker-batch-ssh", .description = "docker-batch, and a port forwarded to port 22 of each"},
    {.name = "docker-network", .description = "docker-batch that can reach the outside; nothing comes in"},
    {.name = "docker-network-ssh", .description = "docker-network, and a port forwarded to port 22 of each"},
    {.name = "docker-cluster", .description = "All instances at once, on a private network of their own"},
    {.name = "docker-cluster-ssh", .description = "docker-cluster, and a port forwarded to port 22 of each"},
    {.name = "docker-cluster-network", .description = "docker-cluster that can reach the outside"},
    {.name = "docker-cluster-network-ssh",
     .description = "docker-cluster-network, and a port forwarded to port 22 of each"},
};

unsigned profile_features_of(const struct profile *p)
{
    unsigned f;
    profile_features(p->base ? p->base : p->name, &f);
    return f;
}

static bool offered(const struct profile_list *own, const struct profile *p)
{
    return (own && own->relay) || !profile_needs_relay(profile_features_of(p));
}

const struct profile *profile_at(const struct profile_list *own, size_t i)
{
    for (size_t k = 0; k < ARRAY_LEN(profiles) + (own ? own->n : 0); k++) {
        const struct profile *p = k < ARRAY_LEN(profiles) ? &profiles[k] : &own->v[k - ARRAY_LEN(profiles)];
        if (offered(own, p) && i-- == 0)
            return p;
    }
    return NULL;
}

const struct profile *profile_find(const struct profile_list *own, const char *name)
{
    const struct profile *p;
    for (size_t i = 0; (p = profile_at(own, i)); i++)
        if (!strcasecmp(p->name, name))
            return p;
    return NULL;
}

static const struct profile_constant *own_value(const struct profile *p, const char *name)
{
    for (size_t i = 0; i < p->n_constants; i++)
        if (!strcmp(p->constant[i].name, name))
            return &p->constant[i];
    return NULL;
}

static const struct profile_constant *built_in(unsigned features, size_t i)
{
    const struct {
        const struct profile_constant *v;
        size_t n;
        bool has;
    } sets[] = {
        {batch, ARRAY_LEN(batch), true},
        {cluster, ARRAY_LEN(cluster), (features & PROFILE_CLUSTER) != 0},
        {ssh, ARRAY_LEN(ssh), (features & PROFILE_SSH) != 0},
    };
    for (size_t s = 0; s < ARRAY_LEN(sets); s++) {
        if (!sets[s].has)
            continue;
        if (i < sets[s].n)
            return &sets[s].v[i];
        i -= sets[s].n;
    }
    return NULL;
}

static bool is_built_in(unsigned features, const char *name)
{
    const struct profile_constant *c;
    for (size_t i = 0; (c = built_in(features, i)); i++)
        if (!strcmp(c->name, name))
            return true;
    return false;
}

bool profile_constant_at(const struct profile *p, size_t i, struct profile_constant *out)
{
    unsigned features = profile_features_of(p);
    size_t n = 0;
    const struct profile_constant *c;
    for (; (c = built_in(features, n)); n++) {
        if (n != i)
            continue;
        const struct profile_constant *over = own_value(p, c->name);
        *out = over ? *over : *c;
        out->description = over && over->description ? over->description : c->description;
        return true;
    }
    for (size_t k = 0; k < p->n_constants; k++)
        if (!is_built_in(features, p->constant[k].name) && n++ == i) {
            *out = p->constant[k];
            return true;
        }
    return false;
}

bool profile_name_ok(const char *name)
{
    size_t n = strlen(name);
    if (n == 0 || n >= PROFILE_NAME_BYTES || !isalnum((unsigned char)name[0]))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!isalnum((unsigned char)name[i]) && !strchr("._-", name[i]))
            return false;
    for (size_t i = 0; i < ARRAY_LEN(profiles); i++)
        if (!strcasecmp(profiles[i].name, name))
            return false;
    return true;
}
