// SPDX-License-Identifier: Apache-2.0
//
// Making and removing our directories. In v1 a controller is there if its hierarchy is. In v2 it must be
// handed down group by group, and a group that hands controllers down may hold no process (but the root): so
// an agent that is alone in its delegated group first moves itself into a leaf "ondol-....leaf", then hands
// down what it was given:
//
//   delegated group [agent]            delegated group  (+cpu +memory +pids)
//                               ==>      +-- ondol-1-2-3-0.leaf [agent]
//                                        +-- ondol-1-2-3-0  (+cpu +memory +pids)
//                                              +-- r0 [an instance]
#include "sandbox/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/cgroup_find.h"

// In the order of enum cgroup_controller: the word in v2's lists, and a file that shows in a group that it
// works.
static const struct {
    const char *word, *file;
} v2_controller[CG_N] = {
    {"cpu", "cpu.max"},   {NULL, "cpu.stat"},      {"memory", "memory.max"},
    {"pids", "pids.max"}, {NULL, "cgroup.freeze"},
};

static void kill_members(const char *group)
{
    char text[65536];
    if (sysfile_exists(group, "cgroup.kill"))
        sysfile_write(group, "cgroup.kill", "1");
    else if (sysfile_read(group, "cgroup.procs", text, sizeof text) > 0)
        for (char *p = text; *p; p = *p == '\n' ? p + 1 : p) {
            long pid = strtol(p, &p, 10);
            if (pid > 0)
                kill((pid_t)pid, SIGKILL);
            else
                break;
        }
    if (sysfile_exists(group, "freezer.state"))
        sysfile_write(group, "freezer.state", "THAWED"); // in v1 the frozen cannot die
}

// What an agent left that was killed: its sandboxes died with it, so this finds empty groups, or one that the
// kernel is just emptying, which the next start of an agent then finds.
static void remove_leftovers(const char *base)
{
    DIR *d = opendir(base);
    if (!d)
        return;
    for (struct dirent *e; (e = readdir(d));) {
        char path[SYSFILE_PATH_MAX];
        if (!owner_is_dead(e->d_name) ||
            snprintf(path, sizeof path, "%s/%s", base, e->d_name) >= (int)sizeof path)
            continue;
        DIR *inner = opendir(path);
        for (struct dirent *g; inner && (g = readdir(inner));) {
            char group[2 * SYSFILE_PATH_MAX];
            snprintf(group, sizeof group, "%s/%s", path, g->d_name);
            if (g->d_name[0] == 'r')
                kill_members(group);
        }
        if (inner)
            closedir(inner);
        tree_remove(path, true);
    }
    closedir(d);
}

static bool alone_in(const char *group)
{
    char text[64];
    return sysfile_read(group, "cgroup.procs", text, sizeof text) > 0 && strtol(text, NULL, 10) == getpid() &&
           strchr(text, '\n') && strchr(text, '\n')[1] == '\0';
}

// True when `word` is one of the words of a file such as cgroup.controllers.
static bool lists(const char *group, const char *file, const char *word)
{
    char text[512];
    size_t n = strlen(word);
    if (sysfile_read(group, file, text, sizeof text) <= 0)
        return false;
    for (const char *p = text; *p; p += strcspn(p, " \n"), p += *p != '\0')
        if (strncmp(p, word, n) == 0 && (p[n] == ' ' || p[n] == '\n' || p[n] == '\0'))
            return true;
    return false;
}

// Hands the controllers we use down from `group` to its children, as far as they came to it. `leaf`: where
// the agent moves first when it is in `group` itself; NULL: nobody is, or it is the root, which may keep
// processes. A group with anybody else in it is left as it is. Not even trying matters: for some controllers
// the kernel would agree, by turning the group into a root of threads, in whose children no process can live.
static void hand_down(const char *group, const char *leaf)
{
    for (int c = 0; c < CG_N; c++) {
        char word[16], text[16];
        if (!v2_controller[c].word || !lists(group, "cgroup.controllers", v2_controller[c].word) ||
            lists(group, "cgroup.subtree_control", v2_controller[c].word))
            continue;
        if (leaf && sysfile_read(group, "cgroup.procs", text, sizeof text) > 0 &&
            (!alone_in(group) || mkdir(leaf, 0755) < 0 || sysfile_write(leaf, "cgroup.procs", "0") < 0))
            return;
        snprintf(word, sizeof word, "+%s", v2_controller[c].word);
        sysfile_write(group, "cgroup.subtree_control", word);
    }
}

// Makes our directory in one place. False when nothing there is of use or may be written.
static bool dir_init(struct cgroup_dir *d, struct cgroup_place *p, const char *name, unsigned may_use)
{
    char leaf[SYSFILE_PATH_MAX];
    size_t end = strlen(p->path);
    if (p->v2 && end > 5 && strcmp(p->path + end - 5, ".leaf") == 0)
        *strrchr(p->path, '/') = '\0'; // a second sandbox object of a process that sits in a leaf
    remove_leftovers(p->path);
    if (snprintf(d->path, sizeof d->path, "%s/%s", p->path, name) >= (int)sizeof d->path ||
        snprintf(leaf, sizeof leaf, "%s/%s.leaf", p->path, name) >= (int)sizeof leaf ||
        mkdir(d->path, 0755) < 0)
        return false;
    d->v2 = p->v2;
    d->has = p->has;
    if (p->v2) {
        hand_down(p->path, p->is_root ? NULL : leaf);
        hand_down(d->path, NULL);
        for (int c = 0; c < CG_N; c++)
            if (sysfile_exists(d->path, v2_controller[c].file))
                d->has |= 1u << c;
    }
    d->has &= may_use;
    if (d->has)
        return true;
    rmdir(d->path);
    return false;
}

void cgroup_tree_init(struct cgroup_tree *t, unsigned may_use, bool v1_only)
{
    *t = CGROUP_TREE_NULL;
    struct cgroup_place place[CGROUP_PLACES_MAX];
    char *mounts = malloc(1 << 18), self[8192], name[OWNER_NAME_BYTES];
    int places = 0;
    if (mounts && sysfile_read("/proc/self", "cgroup", self, sizeof self) > 0) {
        size_t n = 0;
        FILE *f = fopen("/proc/self/mountinfo", "re"); // longer than one read gives
        n = f ? fread(mounts, 1, (1 << 18) - 1, f) : 0;
        if (f)
            fclose(f);
        mounts[n] = '\0';
        places = cgroup_find(mounts, self, place);
    }
    free(mounts);
    char probe[SYSFILE_PATH_MAX + OWNER_NAME_BYTES];
    int n = 0;
    do { // several sandbox objects may live in one process: take the first number that is free
        owner_name(name, n);
        snprintf(probe, sizeof probe, "%s/%s", places ? place[places - 1].path : "", name);
    } while (places && access(probe, F_OK) == 0 && n++ < 10000);
    for (int i = 0; i < places; i++) {
        if (v1_only && place[i].v2)
            continue;
        if (dir_init(&t->dir[t->n], &place[i], name, may_use)) {
            may_use &= ~t->dir[t->n].has;
            t->n++;
        }
    }
}

void cgroup_tree_deinit(struct cgroup_tree *t)
{
    for (int i = 0; i < t->n; i++)
        tree_remove(t->dir[i].path, true);
    *t = CGROUP_TREE_NULL;
}

const struct cgroup_dir *cgroup_where(const struct cgroup_tree *t, enum cgroup_controller c)
{
    for (int i = 0; i < t->n; i++)
        if (t->dir[i].has & 1u << c)
            return &t->dir[i];
    return NULL;
}

int cgroup_make(const struct cgroup_tree *t, const char *name, struct err *e)
{
    for (int i = 0; i < t->n; i++) {
        char path[SYSFILE_PATH_MAX + CGROUP_NAME_BYTES];
        snprintf(path, sizeof path, "%s/%s", t->dir[i].path, name);
        if (mkdir(path, 0755) < 0) {
            int r = -errno;
            cgroup_remove(t, name);
            return err_set(e, r, "control group %s: cannot be made: %s", path, strerror(-r));
        }
    }
    return 0;
}

int cgroup_remove(const struct cgroup_tree *t, const char *name)
{
    int r = 0;
    for (int i = 0; i < t->n; i++) {
        char path[SYSFILE_PATH_MAX + CGROUP_NAME_BYTES];
        snprintf(path, sizeof path, "%s/%s", t->dir[i].path, name);
        if (rmdir(path) < 0 && errno != ENOENT)
            r = -errno;
    }
    return r;
}
