// SPDX-License-Identifier: Apache-2.0
#include "core/work/launch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/mem.h"
#include "core/work/netrule.h"
#include "core/work/profile.h"
#include "core/work/time_limit.h"
#include "core/work/tokens.h"

// Where the instance's own variables and the constants are looked up.
struct names {
    const struct task_body *body;
    char id[12], count[12];
};

static const char *own_value(const struct names *s, const char *name, size_t n)
{
    const struct constant own[] = {
        {"INSTANCE_ID", s->id},
        {"INSTANCE_COUNT", s->count},
        {"FRAME_ID", s->id},
        {"QRANK", s->id},
        {"QSIZE", s->count},
        {"TASK_PATH", "/job"},
        {"QARNOT_RESOURCES_DIRECTORY", "/job"},
        {"QARNOT_RESULTS_DIRECTORY", "/job"},
        {"TMP_PATH", "/tmp"},
        {"TMP_RAMFS_PATH", "/dev/shm"},
    };
    for (size_t i = 0; i < ARRAY_LEN(own); i++)
        if (strlen(own[i].key) == n && memcmp(own[i].key, name, n) == 0)
            return own[i].value;
    return NULL;
}

static const char *const own_names[] = {
    "INSTANCE_ID",
    "INSTANCE_COUNT",
    "FRAME_ID",
    "QRANK",
    "QSIZE",
    "TASK_PATH",
    "QARNOT_RESOURCES_DIRECTORY",
    "QARNOT_RESULTS_DIRECTORY",
    "TMP_PATH",
    "TMP_RAMFS_PATH",
};

// The last of several constants of one name counts, as it would in an environment built by setting one after
// the other.
static const char *constant_value(const struct task_body *b, const char *name, size_t n)
{
    for (size_t i = b->n_constants; i-- > 0;)
        if (strlen(b->constant[i].key) == n && memcmp(b->constant[i].key, name, n) == 0)
            return b->constant[i].value;
    return NULL;
}

static bool is_exported(const struct task_body *b, const char *name)
{
    for (size_t i = b->n_constants; i-- > 0;)
        if (!strcmp(b->constant[i].key, name))
            return !b->constant[i].hidden;
    return false;
}

static const char *lookup(void *ctx, const char *name, size_t n)
{
    const struct names *s = ctx;
    const char *v = own_value(s, name, n);
    return v ? v : constant_value(s->body, name, n);
}

static const char *constant_or(const struct task_body *b, const char *name, const char *otherwise)
{
    const char *v = constant_value(b, name, strlen(name));
    return v && *v ? v : otherwise;
}

// Expands `text` into the arena; adds its length to *used, which may not pass the ceiling.
static const char *expand(struct names *s, const char *text, struct arena *a, size_t *used, struct err *e)
{
    struct buf b = BUF_INIT(LAUNCH_BYTES_MAX - *used);
    const char *out = NULL;
    if (tokens_expand(&b, text, lookup, s, e) == 0) {
        out = arena_strndup(a, buf_str(&b), b.n);
        *used += b.n;
    }
    buf_deinit(&b);
    return out;
}

static bool is_cluster(const struct task_body *b)
{
    unsigned features;
    return profile_features(b->profile, &features) && (features & PROFILE_CLUSTER);
}

static const char *command_of(const struct task_body *b, uint32_t instance)
{
    const char *plain = constant_or(b, "DOCKER_CMD", "");
    if (!is_cluster(b))
        return plain;
    return constant_or(b, instance == 0 ? "DOCKER_CMD_MASTER" : "DOCKER_CMD_WORKER", plain);
}

static int argv_make(struct names *s, const char *command, struct arena *a, struct launch *out, struct err *e)
{
    struct tokens t = TOKENS_NULL;
    int r = tokens_split(&t, command, LAUNCH_ARGS_MAX, e);
    if (r == 0 && t.n == 0 && !out->image.digest)
        r = err_set(e, -EINVAL, "it is empty");
    const char **argv = arena_alloc(a, (t.n + 1) * sizeof *argv);
    size_t used = 0;
    for (size_t i = 0; r == 0 && i < t.n; i++) {
        argv[i] = expand(s, t.v[i], a, &used, e);
        if (!argv[i])
            r = -E2BIG;
    }
    tokens_deinit(&t);
    out->argv = argv;
    return r < 0 ? err_prefix(e, "DOCKER_CMD") : 0;
}

// The command at the end (docs/design/0048-last-command.md). What does nothing needs no process.
static int last_make(struct names *s, struct arena *a, struct launch *out, struct err *e)
{
    struct tokens t = TOKENS_NULL;
    const char *said = constant_or(s->body, "DOCKER_SHUTDOWN_CMD", "");
    int r = tokens_split(&t, said, LAUNCH_ARGS_MAX, e);
    size_t used = 0;
    bool nothing = t.n == 0 || (t.n == 1 && (!strcmp(t.v[0], "/bin/true") || !strcmp(t.v[0], "true")));
    const char **last = r < 0 || nothing ? NULL : arena_alloc(a, (t.n + 1) * sizeof *last);
    for (size_t i = 0; r == 0 && last && i < t.n; i++)
        r = (last[i] = expand(s, t.v[i], a, &used, e)) ? 0 : -E2BIG;
    if (r == 0 && last && !*last[0])
        r = err_set(e, -EINVAL, "its first word is empty");
    tokens_deinit(&t);
    out->last = last;
    return r < 0 ? err_prefix(e, "DOCKER_SHUTDOWN_CMD") : 0;
}

static int envp_add(struct names *s, const char **envp, size_t *n, const char *key, const char *text,
                    struct arena *a, size_t *used, struct err *e)
{
    const char *v = expand(s, text, a, used, e);
    size_t bytes = strlen(key) + 2;
    if (!v || *used + bytes > LAUNCH_BYTES_MAX)
        return err_set(e, -E2BIG, "constants: more than %zu bytes once their names are replaced",
                       LAUNCH_BYTES_MAX);
    *used += bytes;
    envp[(*n)++] = arena_printf(a, "%s=%s", key, v);
    return 0;
}

static int envp_make(struct names *s, struct arena *a, struct launch *out, struct err *e)
{
    const struct task_body *b = s->body;
    const char **envp = arena_alloc(a, (b->n_constants + ARRAY_LEN(own_names) + 3) * sizeof *envp);
    size_t n = 0, used = 0;
    for (size_t i = 0; i < ARRAY_LEN(own_names); i++)
        if (envp_add(s, envp, &n, own_names[i], own_value(s, own_names[i], strlen(own_names[i])), a, &used,
                     e) < 0)
            return e->code;
    for (size_t i = 0; i < b->n_constants; i++) {
        const struct constant *c = &b->constant[i];
        size_t len = strlen(c->key);
        if (own_value(s, c->key, len) || constant_value(b, c->key, len) != c->value)
            continue; // the instance's own variables win, and of two constants the later one
        if (c->hidden)
            continue;
        if (envp_add(s, envp, &n, c->key, c->value, a, &used, e) < 0)
            return e->code;
    }
    out->envp = envp;
    if (out->image.digest) // it may say these
        return 0;
    if (!is_exported(b, "PATH"))
        envp[n++] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    if (!is_exported(b, "HOME"))
        envp[n++] = "HOME=/job";
    return 0;
}

static const char *expand_or_null(struct names *s, const char *name, struct arena *a, size_t *used,
                                  struct err *e)
{
    const char *v = constant_or(s->body, name, NULL);
    return v ? expand(s, v, a, used, e) : NULL;
}

static int image_make(struct names *s, struct arena *a, struct launch *out, size_t *used, struct err *e)
{
    const char *repo = expand(s, constant_or(s->body, "DOCKER_REPO", "library/ubuntu"), a, used, e);
    const struct image_wish *wish = s->body->image;
    if (!repo)
        return e->code;
    if (!wish && strncmp(repo, "library/", 8) != 0)
        return err_set(e, -ENOTSUP,
                       "DOCKER_REPO %.100s: this site has no such image (library/... is there; the operator "
                       "can add it: ondol image import)",
                       repo);
    out->image.repo = repo;
    const char *user = expand_or_null(s, "DOCKER_USER", a, used, e);
    out->image.user = user && strncmp(user, "${", 2) ? user : NULL; // one that stands for itself is none
    if (!wish)
        return 0;
    out->image.digest = arena_strdup(a, wish->digest);
    out->image.server = expand_or_null(s, "DOCKER_SRV", a, used, e);
    out->image.tag = expand_or_null(s, "DOCKER_TAG", a, used, e);
    out->image.login = expand_or_null(s, "DOCKER_REGISTRY_LOGIN", a, used, e);
    out->image.password = expand_or_null(s, "DOCKER_REGISTRY_PASSWORD", a, used, e);
    return 0;
}

static int workdir_make(struct names *s, struct arena *a, struct launch *out, size_t *used, struct err *e)
{
    const char *said = constant_value(s->body, "DOCKER_WORKDIR", strlen("DOCKER_WORKDIR"));
    const char *dir = expand(s, said && *said ? said : "/job", a, used, e);
    // A value that stands for itself, "${DOCKER_WORKDIR}", is what some clients send for "the default".
    bool itself = dir && strncmp(dir, "${", 2) == 0;
    if (itself || (said && !*said))
        dir = out->image.digest ? NULL : "/job";
    else if (!dir || dir[0] != '/')
        return err_set(e, -EINVAL, "DOCKER_WORKDIR %.100s: is not an absolute path", dir ? dir : "");
    out->workdir = dir;
    return 0;
}

static int places_make(struct names *s, struct arena *a, struct launch *out, const char **code, struct err *e)
{
    size_t used = 0;
    *code = "image-unavailable";
    int r = image_make(s, a, out, &used, e);
    if (r < 0)
        return r;
    *code = "bad-workdir";
    if ((r = workdir_make(s, a, out, &used, e)) < 0)
        return r;
    const char *host = constant_or(s->body, "DOCKER_HOST", NULL);
    static const char *const progress[LAUNCH_PROGRESS_MAX] = {"DOCKER_PROGRESS1", "DOCKER_PROGRESS2",
                                                              "DOCKER_PROGRESS3"};
    for (int i = 0; i < LAUNCH_PROGRESS_MAX;
         i++) // as they are: a dollar means something else in an expression
        out->progress[i] = arena_strdup(a, constant_or(s->body, progress[i], NULL));
    const char *boost = constant_or(s->body, "QARNOT_DISABLE_CPU_BOOST", "");
    out->no_boost = !strcasecmp(boost, "true") || !strcasecmp(boost, "yes") || !strcmp(boost, "1");
    out->hostname = host ? expand(s, host, a, &used, e) : NULL;
    return 0;
}

// The names by which the instances of a cluster know one another.
static int cluster_make(struct names *s, uint32_t instance, struct arena *a, struct launch *out, struct err *e)
{
    struct ranges members = RANGES_NULL;
    const char *text = s->body->net ? s->body->net->members : NULL;
    int r = ranges_parse(&members, text ? text : "", NETPLAN_MEMBERS_MAX, e);
    if (r == 0 && !ranges_has(&members, instance))
        r = err_set(e, -EINVAL, "instance %u is none of it", instance);
    if (r == 0) {
        if (!out->hostname)
            out->hostname = arena_printf(a, "instance-%u", instance);
        out->address = netplan_address(netplan_rank(&members, instance));
        out->hosts = netplan_hosts(&members, out->hostname, instance, a);
        out->machines = netplan_machines(
            &members, constant_or(s->body, "SETUP_CLUSTER_NB_SLOTS", NULL), a);
    }
    ranges_deinit(&members);
    return r < 0 ? err_prefix(e, "cluster") : 0;
}

static int network_make(struct names *s, uint32_t instance, struct arena *a, struct launch *out, struct err *e)
{
    const struct net_plan *from = s->body->net;
    struct net_rules rules = NET_RULES_NULL;
    unsigned features = 0;
    if (s->body->profile && !profile_features(s->body->profile, &features))
        return err_set(e, -EINVAL, "profile %.80s: this heater knows none of that name", s->body->profile);
    if (from && !net_rules_read(from->rules, &rules))
        return err_set(e, -EINVAL, "forcedNetworkRules: this heater cannot read them");
    features |= net_rules_features(&rules);
    if (!features)
        return 0;
    if (profile_needs_relay(features) && (!from || !from->relay))
        return err_set(e, -EINVAL, "profile %.80s: the server has no relay",
                       s->body->profile ? s->body->profile : "");
    struct net_plan *to = arena_alloc(a, sizeof *to);
    to->features = features;
    to->owner = from ? from->owner : 0;
    to->rules = from ? arena_strdup(a, from->rules) : NULL;
    if (from && from->relay) {
        to->relay = arena_strdup(a, from->relay);
        to->identity = arena_strdup(a, from->identity);
        to->key = arena_strdup(a, from->key);
    }
    if (from && from->ssh_secret && from->ssh_public) {
        to->ssh_secret = arena_strdup(a, from->ssh_secret);
        to->ssh_public = arena_strdup(a, from->ssh_public);
    }
    out->net = to;
    return features & PROFILE_CLUSTER ? cluster_make(s, instance, a, out, e) : 0;
}

static int filters_expand(struct names *s, const struct stage_out *from, struct stage_out *to,
                          struct arena *a, size_t *used, struct err *e)
{
    to->prefix = arena_strdup(a, from->prefix ? from->prefix : "");
    to->whitelist = from->whitelist ? expand(s, from->whitelist, a, used, e) : NULL;
    to->blacklist = from->blacklist ? expand(s, from->blacklist, a, used, e) : NULL;
    return (from->whitelist && !to->whitelist) || (from->blacklist && !to->blacklist) ? -E2BIG : 0;
}

static int stage_make(struct names *s, struct arena *a, struct launch *out, struct err *e)
{
    const struct stage_plan *from = s->body->stage;
    size_t used = 0;
    if (!from)
        return 0;
    struct stage_plan *to = arena_alloc(a, sizeof *to);
    struct stage_bucket *in = arena_alloc(a, (from->n_in + 1) * sizeof *in);
    *to = *from;
    to->url = arena_strdup(a, from->url);
    to->access_key = arena_strdup(a, from->access_key);
    to->secret = arena_strdup(a, from->secret);
    for (size_t i = 0; i < from->n_in; i++)
        in[i] =
            (struct stage_bucket){arena_strdup(a, from->in[i].bucket), arena_strdup(a, from->in[i].prefix),
                                  arena_strdup(a, from->in[i].strip), from->in[i].ttl_s};
    to->in = in;
    out->stage = to;
    int r = filters_expand(s, &from->out, &to->out, a, &used, e);
    return r < 0 ? r : filters_expand(s, &from->snapshot, &to->snapshot, a, &used, e);
}

int launch_make(const struct task_body *b, uint32_t instance, uint32_t instance_count, struct arena *a,
                struct launch *out, const char **code, struct err *e)
{
    *out = (struct launch){0};
    *code = "bad-task";
    if (b->error)
        return err_set(e, -EINVAL, "%.200s", b->error);
    if (b->n_constants > LAUNCH_CONSTANTS_MAX)
        return err_set(e, -E2BIG, "constants: %zu where at most %d are taken", b->n_constants,
                       LAUNCH_CONSTANTS_MAX);
    struct names s = {.body = b};
    snprintf(s.id, sizeof s.id, "%u", instance);
    snprintf(s.count, sizeof s.count, "%u", instance_count);
    int r = places_make(&s, a, out, code, e);
    if (r < 0)
        return r;
    *code = "bad-command";
    r = argv_make(&s, command_of(b, instance), a, out, e);
    if (r < 0 || (r = last_make(&s, a, out, e)) < 0)
        return r;
    *code = "too-large";
    r = envp_make(&s, a, out, e);
    if (r < 0 || (r = stage_make(&s, a, out, e)) < 0)
        return r;
    *code = "bad-task";
    r = network_make(&s, instance, a, out, e);
    if (r == 0)
        r = time_limit(constant_or(b, TIME_LIMIT_USE, NULL), constant_or(b, TIME_LIMIT_NAME, NULL), &out->limit_ms, e);
    if (r < 0)
        return r;
    *code = "";
    return 0;
}
