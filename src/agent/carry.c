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
#include "agent/cluster_setup.h"
#include "base/mem.h"
#include "core/work/profile.h"

#define LINE_BYTES 256

struct carry {
    struct carry_events ev;
    bool ended;                    // nobody waits for what it says any more
    struct carry *next, **leaving; // of those that leave; NULL: it does not
    uv_process_t process;
    uv_pipe_t in, out;
    uv_write_t write;
    char *spec;
    size_t spec_n;
    int handles;
    char line[LINE_BYTES], why[LINE_BYTES];
    size_t n;
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

static void on_closed(uv_handle_t *h)
{
    struct carry *c = h->data;
    if (--c->handles > 0)
        return;
    explicit_bzero(c->spec, c->spec_n);
    free(c->spec);
    free(c);
}

static void close_handle(uv_handle_t *h)
{
    if (!uv_is_closing(h))
        uv_close(h, on_closed);
}

static void said(struct carry *c, const char *line)
{
    unsigned long long in, out;
    if (c->ended)
        return;
    if (sscanf(line, "N %llu %llu", &in, &out) == 2)
        c->ev.rate(c->ev.ctx, (int32_t)(in < INT32_MAX ? in : INT32_MAX),
                   (int32_t)(out < INT32_MAX ? out : INT32_MAX));
    else if (line[0] == 'F' && line[1] == ' ')
        snprintf(c->why, sizeof c->why, "%s", line + 2);
}

static void on_room(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
    struct carry *c = h->data;
    (void)suggested;
    *buf = uv_buf_init(c->line + c->n, (unsigned)(sizeof c->line - 1 - c->n));
}

static void on_said(uv_stream_t *out, ssize_t n, const uv_buf_t *buf)
{
    struct carry *c = out->data;
    (void)buf;
    if (n < 0) { // its end; why, it has said
        bool tell = !c->ended;
        c->ended = true;
        close_handle((uv_handle_t *)out);
        if (tell)
            c->ev.failed(c->ev.ctx, c->why[0] ? c->why : "the process that carries its packets died");
        return;
    }
    c->n += (size_t)n;
    c->line[c->n] = '\0';
    for (char *end; (end = strchr(c->line, '\n'));) {
        *end = '\0';
        said(c, c->line);
        c->n -= (size_t)(end + 1 - c->line);
        memmove(c->line, end + 1, c->n + 1);
    }
    if (c->n == sizeof c->line - 1)
        c->n = 0; // no line of ours is so long
}

static void on_exit_of(uv_process_t *p, int64_t code, int signal)
{
    struct carry *c = p->data, **at = c->leaving;
    (void)code, (void)signal;
    while (at && *at && *at != c)
        at = &(*at)->next;
    if (at && *at)
        *at = c->next;
    close_handle((uv_handle_t *)p);
}

static void on_written(uv_write_t *w, int status)
{
    struct carry *c = w->data;
    (void)status; // it says itself that it could not read
    close_handle((uv_handle_t *)&c->in);
}

static int spawn(struct node *n, struct carry *c, int socket)
{
    char *argv[] = {"ondol-agent", CARRIER_OPTION, NULL};
    uv_stdio_container_t io[4];
    uv_pipe_init(n->loop, &c->in, 0);
    uv_pipe_init(n->loop, &c->out, 0);
    c->in.data = c->out.data = c->process.data = c->write.data = c;
    io[0] = (uv_stdio_container_t){.flags = UV_CREATE_PIPE | UV_READABLE_PIPE,
                                   .data.stream = (uv_stream_t *)&c->in};
    io[1] = (uv_stdio_container_t){.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE,
                                   .data.stream = (uv_stream_t *)&c->out};
    io[2] = (uv_stdio_container_t){.flags = UV_INHERIT_FD, .data.fd = 2};
    io[CARRIER_SOCKET] = (uv_stdio_container_t){.flags = UV_INHERIT_FD, .data.fd = socket};
    uv_process_options_t o = {
        .exit_cb = on_exit_of, .file = "/proc/self/exe", .args = argv, .stdio = io, .stdio_count = 4};
    int r = uv_spawn(n->loop, &c->process, &o);
    c->handles = 3; // a process that was not made is closed all the same
    if (r == 0) {
        uv_buf_t text = uv_buf_init(c->spec, (unsigned)c->spec_n);
        r = uv_read_start((uv_stream_t *)&c->out, on_room, on_said);
        if (r == 0)
            r = uv_write(&c->write, (uv_stream_t *)&c->in, &text, 1, on_written);
    }
    if (r < 0) {
        c->ended = true;
        close_handle((uv_handle_t *)&c->in);
        close_handle((uv_handle_t *)&c->out);
        close_handle((uv_handle_t *)&c->process);
    }
    return r;
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
        "{s:i,s:b,s:s,s:s,s:s,s:s,s:I,s:s,s:s,s:s}", "parent", (int)getpid(), "ssh",
        (int)((p->features & PROFILE_SSH) != 0), "rules", p->rules ? p->rules : "", "relay", relay, "identity", p->identity ? p->identity : "",
        "key", p->key ? p->key : "", "address", (json_int_t)l->address, "slirp", slirp ? slirp : "", "allow",
        n->cfg->net_allow ? n->cfg->net_allow : "", "deny", n->cfg->net_deny ? n->cfg->net_deny : "");
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
    struct carry *c = mem_alloc(sizeof *c);
    json_t *spec = spec_of(n, l, slirp);
    *c = (struct carry){.ev = *ev, .spec = json_dumps(spec, JSON_COMPACT)};
    c->spec_n = strlen(c->spec);
    json_decref(spec);
    int r = spawn(n, c, pair[1]);
    close(pair[1]);
    if (r < 0) {
        close(pair[0]);
        return err_set(e, r, "network: %s", uv_strerror(r)), NULL;
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

static void stop(struct carry *c, int signal)
{
    if (!c->ended) {
        c->ended = true;
        close_handle((uv_handle_t *)&c->out);
    }
    uv_process_kill(&c->process, signal); // its end is heard later, by nobody
    close_handle((uv_handle_t *)&c->in);
}

void carry_end(struct carry *c)
{
    if (c)
        stop(c, SIGKILL);
}

void carry_leave(struct carry *c, struct carry **leaving)
{
    if (!c)
        return;
    stop(c, SIGUSR1);
    if (uv_is_closing((uv_handle_t *)&c->process))
        return; // it has ended already
    c->leaving = leaving;
    c->next = *leaving;
    *leaving = c;
}

void carry_end_all(struct carry **leaving)
{
    for (struct carry *c = *leaving; c; c = c->next) {
        c->leaving = NULL; // the list may be gone when its end is heard
        uv_process_kill(&c->process, SIGKILL);
    }
    *leaving = NULL;
}
