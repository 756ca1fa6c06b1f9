// SPDX-License-Identifier: Apache-2.0
//
// docker-batch: one container for each instance, without a network. It is the only profile so far: the others
// need a network, several boards in one cluster or a graphics processor. docker-batch-smt would promise
// hyper-threads to the container, which no board offers apart.
#include "api/profile.h"

#include <strings.h>

#include "base/mem.h"

static const struct profile_constant batch[] = {
    {"DOCKER_SRV", "https://registry-1.docker.io", "URL of the registry"},
    {"DOCKER_REPO", "library/ubuntu", "image repository"},
    {"DOCKER_TAG", "latest", "image tag"},
    {"DOCKER_CMD", "", "command and its arguments; there is no shell unless it names one"},
    {"DOCKER_USER", "", "user in the container; empty: the image's"},
    {"DOCKER_HOST", "", "host name of the container"},
    {"DOCKER_WORKDIR", "${DOCKER_WORKDIR}", "working directory; /job when not set"},
    {"DOCKER_REGISTRY_LOGIN", "", "login for a private registry"},
    {"DOCKER_REGISTRY_PASSWORD", "", "password for a private registry"},
    {"DOCKER_PROGRESS1", "", "regular expression that finds the progress in the standard output"},
    {"DOCKER_PROGRESS2", "", "a second one"},
    {"DOCKER_PROGRESS3", "", "a third one"},
    {"DOCKER_SHUTDOWN_CMD", "/bin/true", "command that runs when the container ends"},
    {"RESOURCES_PATH", "/job", "where resources are found"},
};

static const struct profile profiles[] = {
    {"docker-batch", batch, ARRAY_LEN(batch)},
};

const struct profile *profile_at(size_t i)
{
    return i < ARRAY_LEN(profiles) ? &profiles[i] : NULL;
}

const struct profile *profile_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(profiles); i++)
        if (!strcasecmp(profiles[i].name, name))
            return &profiles[i];
    return NULL;
}
