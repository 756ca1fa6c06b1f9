// SPDX-License-Identifier: Apache-2.0
#include "core/work/image.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

static bool is_lower(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_word(char c)
{
    return is_lower(c) || (c >= 'A' && c <= 'Z') || c == '_';
}

// Parts of small letters and digits with single dots, dashes and underscores between them (double
// underscores and dashes are used, too), between slashes: it is also part of a URL and of an argument.
static bool good_repo(const char *s)
{
    bool begins = true;
    for (; *s; s++) {
        bool sign = *s == '.' || *s == '-' || *s == '_' || *s == '/';
        if (!(is_lower(*s) || sign) || (begins && sign))
            return false;
        bool ends = s[1] == '\0' || s[1] == '/';
        if (sign && (ends || (*s == '.' && s[1] == '.')))
            return false;
        begins = *s == '/';
    }
    return !begins;
}

static bool good_tag(const char *s)
{
    if (!is_word(*s))
        return false;
    for (; *s; s++)
        if (!is_word(*s) && *s != '.' && *s != '-')
            return false;
    return true;
}

static bool good_host(const char *s)
{
    if (!is_word(*s) && *s != '[')
        return false;
    for (; *s; s++)
        if (!is_word(*s) && !strchr(".-:[]", *s))
            return false;
    return true;
}

static int put(char *out, size_t room, const char *from, size_t n, const char *what, struct err *e)
{
    if (n >= room)
        return err_set(e, -EINVAL, "image: %s of %zu characters (at most %zu)", what, n, room - 1);
    memcpy(out, from, n);
    out[n] = '\0';
    return 0;
}

static int check(const struct image_name *n, struct err *e)
{
    if (*n->host && !good_host(n->host))
        return err_set(e, -EINVAL, "image: %.100s: is not the name of a host", n->host);
    if (!good_repo(n->repo))
        return err_set(e, -EINVAL,
                       "image: %.100s: is no repository (small letters, digits, and . - _ / between them)",
                       n->repo);
    if (!good_tag(n->tag))
        return err_set(e, -EINVAL, "image: %.100s: is no tag (letters, digits, and . - _)", n->tag);
    return 0;
}

static size_t host_length(const char *text)
{
    const char *slash = strchr(text, '/');
    size_t n = slash ? (size_t)(slash - text) : 0;
    if (n && (memchr(text, '.', n) || memchr(text, ':', n) || (n == 9 && !memcmp(text, "localhost", 9))))
        return n;
    return 0;
}

static int take_repo(struct image_name *n, const char *repo, size_t len, struct err *e)
{
    static const char front[] = "library/";
    size_t skip = memchr(repo, '/', len) ? 0 : sizeof front - 1;
    if (skip)
        memcpy(n->repo, front, sizeof front);
    return put(n->repo + skip, sizeof n->repo - skip, repo, len, "a repository", e);
}

int image_name_parse(const char *text, struct image_name *out, struct err *e)
{
    struct image_name n = {0};
    size_t host = host_length(text);
    int r = put(n.host, sizeof n.host, text, host, "a host", e);
    const char *repo = text + host + (host > 0), *slash = strrchr(repo, '/');
    const char *colon = strchr(slash ? slash : repo, ':');
    const char *tag = colon ? colon + 1 : "latest";
    if (r == 0)
        r = put(n.tag, sizeof n.tag, tag, strlen(tag), "a tag", e);
    if (r == 0) // a repository below a host is as it stands; only a bare name has one in front
        r = host ? put(n.repo, sizeof n.repo, repo, colon ? (size_t)(colon - repo) : strlen(repo),
                       "a repository", e)
                 : take_repo(&n, repo, colon ? (size_t)(colon - repo) : strlen(repo), e);
    if (r < 0 || (r = check(&n, e)) < 0)
        return r;
    *out = n;
    return 0;
}

int image_name_make(const char *server, const char *repo, const char *tag, struct image_name *out,
                    struct err *e)
{
    struct image_name n = {0};
    const char *scheme = server ? strstr(server, "://") : NULL;
    const char *host = scheme ? scheme + 3 : server ? server : "";
    size_t in_repo = host_length(repo), len = strcspn(host, "/");
    if (!tag || !*tag)
        tag = "latest";
    if (in_repo) { // it names a host of its own
        host = repo;
        len = in_repo;
        repo += in_repo + 1;
    }
    int r = put(n.host, sizeof n.host, host, len, "a host", e);
    if (r == 0)
        r = in_repo ? put(n.repo, sizeof n.repo, repo, strlen(repo), "a repository", e)
                    : take_repo(&n, repo, strlen(repo), e);
    if (r == 0)
        r = put(n.tag, sizeof n.tag, tag, strlen(tag), "a tag", e);
    if (r < 0 || (r = check(&n, e)) < 0)
        return r;
    *out = n;
    return 0;
}

bool image_host_is_hub(const char *host)
{
    static const char *const spelled[] = {"docker.io", "index.docker.io", "registry-1.docker.io"};
    for (size_t i = 0; i < ARRAY_LEN(spelled); i++)
        if (!strcmp(host, spelled[i]))
            return true;
    return false;
}

void image_name_plain(struct image_name *n)
{
    char repo[IMAGE_REPO_BYTES];
    struct err e = ERR_NULL;
    if (!image_host_is_hub(n->host))
        return;
    memcpy(repo, n->repo, sizeof repo);
    if (take_repo(n, repo, strlen(repo), &e) == 0)
        n->host[0] = '\0';
    else
        memcpy(n->repo, repo, sizeof repo);
}

void image_name_text(const struct image_name *n, char out[IMAGE_NAME_BYTES])
{
    snprintf(out, IMAGE_NAME_BYTES, "%s%s%s:%s", n->host, *n->host ? "/" : "", n->repo, n->tag);
}

// ---- running in one

static size_t count(const char *const *list)
{
    size_t n = 0;
    while (list && list[n])
        n++;
    return n;
}

static bool has_name(const char *const *env, size_t n, const char *entry)
{
    size_t len = strcspn(entry, "=") + 1;
    for (size_t i = 0; i < n; i++)
        if (strncmp(env[i], entry, len) == 0)
            return true;
    return false;
}

static const char *const *env_of(const struct launch *l, const struct image_config *c, struct arena *a)
{
    static const char *const fallback[] = {
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/job"};
    size_t own = count(l->envp), theirs = count(c->env), n = 0;
    const char **v = arena_alloc(a, (own + theirs + ARRAY_LEN(fallback) + 1) * sizeof *v);
    for (size_t i = 0; i < own; i++)
        v[n++] = l->envp[i];
    for (size_t i = theirs; i-- > 0;) // of two in an image the later one
        if (strchr(c->env[i], '=') && c->env[i][0] != '=' && !has_name(v, n, c->env[i]))
            v[n++] = c->env[i];
    for (size_t i = 0; i < ARRAY_LEN(fallback); i++)
        if (!has_name(v, n, fallback[i]))
            v[n++] = fallback[i];
    return v;
}

int launch_in_image(const struct launch *l, const struct image_config *c, struct arena *a, struct launch *out,
                    const char **code, struct err *e)
{
    const char *const *words = count(l->argv) ? l->argv : c->cmd;
    size_t front = count(c->entrypoint), back = count(words);
    *code = "bad-command";
    if (front + back == 0 || front + back > LAUNCH_ARGS_MAX)
        return err_set(e, -EINVAL,
                       front + back ? "the image and DOCKER_CMD: more than %d words"
                                    : "DOCKER_CMD: it is empty, and the image names no command",
                       LAUNCH_ARGS_MAX);
    const char **argv = arena_alloc(a, (front + back + 1) * sizeof *argv);
    for (size_t i = 0; i < front; i++)
        argv[i] = c->entrypoint[i];
    for (size_t i = 0; i < back; i++)
        argv[front + i] = words[i];
    *out = *l;
    out->argv = argv;
    out->envp = env_of(l, c, a);
    if (!l->workdir)
        out->workdir = c->workdir && c->workdir[0] == '/' ? c->workdir : "/job";
    if (!l->image.user)
        out->image.user = c->user && *c->user ? c->user : NULL;
    *code = "";
    return 0;
}
