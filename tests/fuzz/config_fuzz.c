// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as one of the files that operators and customers write; the first byte says which: 0 a node, 1
// profiles, 2 sites, 3 options of a command, 4 a task. Read, or refused with a sentence that names the file,
// and where the file is at fault its line.
#include "fuzz.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>

#include "agent/config.h"
#include "cli/config_file.h"
#include "cli/profile_file.h"
#include "cli/site_file.h"
#include "cli/task_draft.h"
#include "core/work/profile.h"
#include "scratch.h"

static void refused(const char *path, const struct err *e, bool with_line)
{
    size_t n = strlen(path);
    assert(e->code < 0 && e->text[0]);
    assert(!with_line || (!strncmp(e->text, path, n) && e->text[n] == ':'));
}

static void try_node(const char *path)
{
    struct config c;
    struct err e = ERR_NULL;
    config_init(&c);
    if (config_read(&c, path, &e) < 0) {
        refused(path, &e, true);
        assert(e.code != -EINVAL || isdigit((unsigned char)e.text[strlen(path) + 1]));
    } else if (config_finish(&c, &e) < 0) {
        refused(path, &e, false);
    } else {
        assert(c.offer.n_zones >= 1 && c.offer.n_zones <= CONFIG_ZONES_MAX &&
               c.n_heaters <= CONFIG_BOARDS_MAX);
        for (size_t i = 0; i < c.offer.n_zones; i++)
            assert(c.offer.zone[i].name[0] && c.offer.zone[i].nameplate_w > 0 && c.twin[i].archetype);
        for (size_t i = 0; i < c.offer.n_boards; i++)
            assert(c.offer.board[i].name[0] && c.metal[i].zone < c.offer.n_zones &&
                   curve_check(&c.offer.board[i].curve, &e) == 0);
    }
    config_deinit(&c);
}

static void try_profiles(const char *path)
{
    struct arena a = ARENA_NULL;
    struct profile_list l = {0};
    struct err e = ERR_NULL;
    if (profile_file_read(path, &a, &l, &e) < 0)
        refused(path, &e, true);
    assert(l.n <= PROFILE_FILE_PROFILES);
    for (size_t i = 0; i < l.n; i++) {
        unsigned features;
        assert(profile_features(l.v[i].base, &features) && !profile_features(l.v[i].name, &features));
        assert(l.v[i].n_constants <= PROFILE_OWN_CONSTANTS);
        for (size_t k = 0; k < l.v[i].n_constants; k++)
            assert(l.v[i].constant[k].name[0] && l.v[i].constant[k].value);
    }
    arena_deinit(&a);
}

static void try_sites(const char *path)
{
    struct arena a = ARENA_NULL;
    const struct runtime_site *site = NULL;
    size_t n = 0;
    struct err e = ERR_NULL;
    if (site_file_read(path, &a, &site, &n, &e) < 0)
        refused(path, &e, true);
    assert(n <= SITE_FILE_SITES);
    for (size_t i = 0; i < n; i++)
        assert(site[i].name[0] && strlen(site[i].name) < NAME_BYTES);
    arena_deinit(&a);
}

static void try_options(const char *path)
{
    static const struct options o = {.command = "x", .row = task_wish_rows};
    struct arena a = ARENA_NULL;
    struct task_wish wish = TASK_WISH_NULL;
    struct err e = ERR_NULL;
    if (config_file_read(&o, &wish, path, &a, &e) < 0)
        refused(path, &e, true);
    arena_deinit(&a);
}

static void try_task(const char *path)
{
    struct task_wish wish = TASK_WISH_NULL;
    struct err e = ERR_NULL;
    json_t *body = task_draft(path, &wish, &e);
    if (!body)
        refused(path, &e, false);
    json_decref(body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static void (*const tries[])(const char *path) = {try_node, try_profiles, try_sites, try_options,
                                                      try_task};
    char path[SCRATCH_PATH];
    if (n == 0)
        return 0;
    int fd = scratch_file(data + 1, n - 1, path);
    tries[data[0] % 5](path);
    close(fd);
    return 0;
}
