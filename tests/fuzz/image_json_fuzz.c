// SPDX-License-Identifier: Apache-2.0
//
// What an image says of itself: index, manifest and configuration, one behind the other with a line "%"
// between them. As a layout that is put on the shelf of the site, as the configuration that a node runs it
// by, and its name. In the layout the manifest is the blob aa..., the configuration bb..., and cc... a good
// layer.
#include "fuzz.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "agent/image_cache.h"
#include "base/mem.h"
#include "image/file.h"
#include "image/shelf.h"
#include "scratch.h"

static void write_in(const char *dir, const char *name, const void *data, size_t n)
{
    char path[SCRATCH_PATH + 128];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert(fd >= 0 && write(fd, data, n) == (ssize_t)n);
    close(fd);
}

static void make(const char *dir, const char *name)
{
    char path[SCRATCH_PATH + 128];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    int r = mkdir(path, 0700);
    assert(r == 0);
    (void)r;
}

static void blob(const char *layout, char digit, const void *data, size_t n)
{
    char name[14 + 64];
    memcpy(name, "blobs/sha256/", 13);
    memset(name + 13, digit, 64);
    name[77] = '\0';
    write_in(layout, name, data, n);
}

static void on_the_shelf(const char *dir, char *const text[3])
{
    static const char zeros[1024];
    char layout[SCRATCH_PATH + 16], shelf[SCRATCH_PATH + 16];
    struct shelf *s;
    struct err e = ERR_NULL;
    snprintf(layout, sizeof layout, "%s/layout", dir);
    snprintf(shelf, sizeof shelf, "%s/shelf", dir);
    make(dir, "layout");
    make(layout, "blobs");
    make(layout, "blobs/sha256");
    write_in(layout, "index.json", text[0], strlen(text[0]));
    blob(layout, 'a', text[1], strlen(text[1]));
    blob(layout, 'b', text[2], strlen(text[2]));
    blob(layout, 'c', zeros, sizeof zeros);
    int r = shelf_open(&s, shelf, &e);
    assert(r == 0);
    const struct shelf_new new = {.layout = layout,
                                  .name = "library/x:latest",
                                  .source = "import",
                                  .now_ms = 1,
                                  .limits = {.bytes = 1000, .files = 10}};
    r = shelf_put(s, &new, &e);
    assert(r == 0 || ((r == -EFBIG || r == -EBADMSG) && e.text[0]));
    json_t *entry = shelf_find(s, 7, new.name);
    assert((entry != NULL) == (r == 0));
    json_decref(entry);
    shelf_free(s);
    r = shelf_open(&s, shelf, &e); // what it wrote it can read
    assert(r == 0);
    shelf_free(s);
}

static void on_the_node(const char *dir, const char *text)
{
    struct arena a = ARENA_NULL;
    struct err e = ERR_NULL;
    struct image_config config;
    struct launch out;
    const char *code, *const none[] = {NULL};
    struct launch l = {.argv = none, .envp = none};
    write_in(dir, "config.json", text, strlen(text));
    if (image_cache_config(dir, &a, &config, &e) == 0 &&
        launch_in_image(&l, &config, &a, &out, &code, &e) == 0) {
        size_t n = 0;
        while (out.argv[n])
            n++;
        assert(n >= 1 && n <= LAUNCH_ARGS_MAX && out.workdir && out.workdir[0] == '/');
        for (size_t i = 0; out.envp[i]; i++)
            assert(strchr(out.envp[i], '=') > out.envp[i]);
    }
    arena_deinit(&a);
}

static void as_a_name(const char *text)
{
    struct image_name name, again;
    struct err e = ERR_NULL;
    char said[IMAGE_NAME_BYTES], said_again[IMAGE_NAME_BYTES];
    if (image_name_parse(text, &name, &e) < 0) {
        assert(e.code == -EINVAL && e.text[0]);
        return;
    }
    image_name_text(&name, said);
    int r = image_name_parse(said, &again, &e);
    assert(r == 0);
    image_name_text(&again, said_again);
    assert(!strcmp(said, said_again));
    (void)r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char dir[SCRATCH_PATH], *all = mem_strndup((const char *)data, n), *text[3], none[] = "";
    char *rest = all;
    for (int i = 0; i < 3; i++) {
        char *end = rest ? strstr(rest, "\n%\n") : NULL;
        text[i] = rest ? rest : none;
        rest = end ? end + 3 : NULL;
        if (end)
            *end = '\0';
    }
    scratch_dir(dir);
    on_the_shelf(dir, text);
    on_the_node(dir, text[2]);
    as_a_name(text[0]);
    file_remove_tree(dir);
    free(all);
    return 0;
}
