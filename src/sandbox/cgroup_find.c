// SPDX-License-Identifier: Apache-2.0
//
// A line of mountinfo (proc(5)), fields counted from 1; after "-" come the type, the source and the super
// options:
//   36 35 0:30 / /sys/fs/cgroup/cpu rw,relatime shared:11 - cgroup cgroup rw,cpu,cpuacct
//             [4] [5]                                       type   source options
// A line of /proc/self/cgroup: "3:cpu,cpuacct:/some/group", and "0::/some/group" for v2.
#include "sandbox/cgroup_find.h"

#include <stdio.h>
#include <string.h>

static const char *const controller_name[CG_N] = {"cpu", "cpuacct", "memory", "pids", "freezer"};

static bool in_list(const char *list, size_t n, const char *word)
{
    size_t w = strlen(word);
    for (size_t i = 0; i + w <= n; i++)
        if ((i == 0 || list[i - 1] == ',') && memcmp(list + i, word, w) == 0 &&
            (i + w == n || list[i + w] == ','))
            return true;
    return false;
}

static unsigned controllers_in(const char *list, size_t n)
{
    unsigned has = 0;
    for (int c = 0; c < CG_N; c++)
        if (in_list(list, n, controller_name[c]))
            has |= 1u << c;
    return has;
}

// The group of this process in the hierarchy that has controllers `has` (v1) or in v2. False: in none.
static bool own_group(const char *self_cgroup, bool v2, unsigned has, char *out, size_t n)
{
    for (const char *line = self_cgroup; line && *line;
         line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
        const char *list = strchr(line, ':'), *path = list ? strchr(list + 1, ':') : NULL;
        if (!path)
            return false;
        list++;
        path++;
        bool match = v2 ? *list == ':' : (controllers_in(list, (size_t)(path - 1 - list)) & has) != 0;
        if (match) {
            snprintf(out, n, "%.*s", (int)strcspn(path, "\n"), path);
            return true;
        }
    }
    return false;
}

// Only the part of a group's path below the mount's own root can be seen. False: the group is outside of what
// is mounted.
static bool place_path(struct cgroup_place *p, const char *mount, const char *root, const char *group)
{
    size_t skip = strcmp(root, "/") == 0 ? 0 : strlen(root);
    if (skip && (strncmp(group, root, skip) != 0 || (group[skip] != '/' && group[skip] != '\0')))
        return false;
    group += skip;
    if (strcmp(group, "/") == 0)
        group = "";
    if (strstr(group, "/.."))
        return false;
    p->is_root = *group == '\0';
    int n = snprintf(p->path, sizeof p->path, "%s%s", mount, group);
    return n > 0 && (size_t)n < sizeof p->path;
}

static bool place_of_line(struct cgroup_place *p, const char *line, const char *self_cgroup)
{
    char text[2 * SYSFILE_PATH_MAX], root[SYSFILE_PATH_MAX], mount[SYSFILE_PATH_MAX], type[32], options[512];
    snprintf(text, sizeof text, "%.*s", (int)strcspn(line, "\n"), line);
    const char *dash = strstr(text, " - ");
    if (!dash || sscanf(text, "%*d %*d %*s %1023s %1023s", root, mount) != 2 ||
        sscanf(dash + 3, "%31s %*s %511s", type, options) != 2)
        return false;
    *p = (struct cgroup_place){.v2 = strcmp(type, "cgroup2") == 0};
    if (!p->v2 && strcmp(type, "cgroup") != 0)
        return false;
    p->has = p->v2 ? 0 : controllers_in(options, strlen(options));
    if (!p->v2 && !p->has)
        return false; // a hierarchy without a controller that we use, as systemd's own
    char group[SYSFILE_PATH_MAX];
    return own_group(self_cgroup, p->v2, p->has, group, sizeof group) && place_path(p, mount, root, group);
}

int cgroup_find(const char *mountinfo, const char *self_cgroup, struct cgroup_place out[CGROUP_PLACES_MAX])
{
    int n = 0;
    for (int pass = 0; pass < 2; pass++) { // v2 first
        unsigned seen = 0;
        bool seen_v2 = false;
        for (const char *line = mountinfo; line && *line;
             line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
            struct cgroup_place p;
            if (n == CGROUP_PLACES_MAX || !place_of_line(&p, line, self_cgroup) || p.v2 != (pass == 0))
                continue;
            if (p.v2 ? seen_v2 : (seen & p.has) != 0)
                continue; // the same hierarchy, mounted twice
            seen_v2 = true;
            seen |= p.has;
            out[n++] = p;
        }
    }
    return n;
}
