// SPDX-License-Identifier: Apache-2.0
#include "agent/carry.h"

#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/carrier.h"
#include "agent/child.h"
#include "agent/cluster_setup.h"
#include "agent/leaving.h"
#include "base/mem.h"
#include "core/work/profile.h"

struct carry {
    struct carry_events ev;
    struct child *child;           // NULL: it has ended
    uint64_t owner;                // whose instance it is
    bool let_go;                   // nobody waits for what it says any more: it is freed with its process
    bool goes;                     // it had to make room
    struct carry *next, **leaving; // of those that leave; NULL: it does not
    char why[256];
};

static const char *slirp_find(void)
{
    static const char *const places[] = {"/usr/bin/slirp4netns", "/usr/local/bin/slirp4netns",
                                         "/bin/slirp4netns"};
    for (size_t i = 0; i < ARRAY_LEN(places); i++)
        if (access(places[i], X_OK) == 0)
            return places[i];
    return NULL;
}

static void said(void *ctx, const char *line)
{
    struct carry *c = ctx;
    unsigned long long in, out;
    if (sscanf(line, "N %llu %llu", &in, &out) == 2)
        c->ev.rate(c->ev.ctx, (int32_t)(in < INT32_MAX ? in : INT32_MAX),
                   (int32_t)(out < INT32_MAX ? out : INT32_MAX));
    else if (line[0] == 'F' && line[1] == ' ')
        snprintf(c->why, sizeof c->why, "%s", line + 2);
}

static void unlist(struct carry *c)
{
    struct carry **at = c->leaving;
    while (at && *at && *at != c)
        at = &(*at)->next;
    if (at && *at)
        *at = c->next;
}

static void ended(void *ctx, int64_t status, int signal)
{
    struct carry *c = ctx;
    (void)status, (void)signal;
    c->child = NULL;
    unlist(c);
    if (c->let_go)
        free(c);
    else // why, it has said
        c->ev.failed(c->ev.ctx, c->why[0] ? c->why : "the process that carries its packets died");
}

// ":PORT" is on the host that the agent calls.
static void relay_address(const struct node *n, const char *relay, char *out, size_t room)
{
    const char *p = n->opt.server ? strstr(n->opt.server, "://") : NULL;
    size_t host = p ? strcspn(p + 3, "/") : 0;
    if (relay[0] != ':' || !p) {
        snprintf(out, room, "%s", relay);
        return;
    }
    const char *end = p + 3 + host, *colon = end;
    while (colon > p + 3 && *colon != ':' && *colon != ']')
        colon--;
    if (*colon == ':' && colon > p + 3)
        end = colon;
    snprintf(out, room, "%.*s%s", (int)(end - p - 3), p + 3, relay);
}

static json_t *spec_of(const struct node *n, const struct launch *l, const char *slirp)
{
    const struct net_plan *p = l->net;
    char relay[320] = "";
    if (p->relay)
        relay_address(n, p->relay, relay, sizeof relay);
    return json_pack(
        "{s:b,s:s,s:s,s:s,s:s,s:I,s:s,s:s,s:s,s:s}", "ssh", (int)((p->features & PROFILE_SSH) != 0), "rules",
        p->rules ? p->rules : "", "relay", relay, "identity", p->identity ? p->identity : "", "key",
        p->key ? p->key : "", "address", (json_int_t)l->address, "slirp", slirp ? slirp : "", "allow",
        n->cfg->net_allow ? n->cfg->net_allow : "", "deny", n->cfg->net_deny ? n->cfg->net_deny : "",
        "box", n->cfg->net_box ? n->cfg->net_box : "");
}

struct carry *carry_begin(struct node *n, const struct launch *l, const struct carry_events *ev,
                          struct sandbox_net *net, struct err *e)
{
    bool outside = (l->net->features & PROFILE_OUTSIDE) != 0;
    const char *slirp = outside ? slirp_find() : NULL;
    int pair[2];
    if (outside && !slirp)
        return err_set(e, -ENOENT, "network: slirp4netns: no such program (install the package slirp4netns)"),
               NULL;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return err_set(e, -errno, "network: %s", strerror(errno)), NULL;
    json_t *task = spec_of(n, l, slirp);
    if (!task) {
        close(pair[0]);
        close(pair[1]);
        return err_set(e, -EINVAL, "network: what to do is not UTF-8"), NULL;
    }
    struct carry *c = mem_alloc(sizeof *c);
    c->ev = *ev;
    c->owner = l->net->owner;
    const struct child_spec child = {
        .option = CARRIER_OPTION, .task = task, .socket = pair[1], .ctx = c, .line = said, .ended = ended};
    c->child = child_start(n->loop, &child, e);
    close(pair[1]);
    if (!c->child) {
        close(pair[0]);
        free(c);
        return err_prefix(e, "network"), NULL;
    }
    *net = (struct sandbox_net){.outside = outside,
                                .cluster_address = l->address,
                                .tell_fd = pair[0],
                                .resolver = outside ? "nameserver 10.0.2.3\n" : NULL,
                                .hosts = l->hosts,
                                .machines = l->machines,
                                .setup = l->machines ? cluster_setup_script : NULL,
                                .ssh_secret = l->net->ssh_secret,
                                .ssh_public = l->net->ssh_public};
    return c;
}

// True: it lives on until its process has ended.
static bool let_go(struct carry *c, int signal)
{
    if (!c->child) {
        free(c);
        return false;
    }
    c->let_go = true;
    child_hush(c->child);
    child_signal(c->child, signal);
    return true;
}

void carry_end(struct carry *c)
{
    if (c)
        let_go(c, SIGKILL);
}

// Who reads slowly from many instances that have ended may not fill the machine with their carriers.
static void leave_room(struct carry *first)
{
    struct carry *v[2 * LEAVING_MAX];
    uint64_t owner[2 * LEAVING_MAX];
    size_t n = 0;
    for (struct carry *c = first; c && n < ARRAY_LEN(v); c = c->next)
        if (!c->goes) {
            owner[n] = c->owner;
            v[n++] = c;
        }
    size_t goes = leaving_goes(owner, n);
    if (goes == n)
        return;
    v[goes]->goes = true; // its end is heard in a while
    child_signal(v[goes]->child, SIGKILL);
}

void carry_leave(struct carry *c, struct carry **leaving)
{
    if (!c || !let_go(c, SIGUSR1))
        return;
    leave_room(*leaving);
    c->leaving = leaving;
    c->next = *leaving;
    *leaving = c;
}

void carry_end_all(struct carry **leaving)
{
    for (struct carry *c = *leaving; c; c = c->next) {
        c->leaving = NULL; // the list may be gone when its end is heard
        child_signal(c->child, SIGKILL);
    }
    *leaving = NULL;
}
