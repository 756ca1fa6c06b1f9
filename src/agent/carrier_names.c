// SPDX-License-Identifier: Apache-2.0
//
// Names of hosts that the task's outbound rules name (core/work/namegate.h): the instance's questions for their
// addresses are answered here. The machine's resolver may take seconds, so that each question is asked by a
// child that does nothing else; it says what it heard over a pipe.
#include "agent/carrier.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "sandbox/netns.h"

#define LOOKUP_S 20

static void collect(const struct addrinfo *all, struct name_addresses *a)
{
    for (const struct addrinfo *i = all; i && a->n < NAME_ADDRESSES_MAX; i = i->ai_next) {
        struct sockaddr_in in;
        memcpy(&in, i->ai_addr, sizeof in);
        a->v[a->n++] = ntohl(in.sin_addr.s_addr);
    }
}

// The name is whole: a host of the machine's own domain is not meant.
static void lookup_main(const char *name, int to)
{
    struct addrinfo want = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *all = NULL;
    struct name_addresses a = {.code = NAME_FAILED};
    dup2(to, 3);
    syscall(SYS_close_range, 4, ~0U, 0);
    signal(SIGALRM, SIG_DFL);
    alarm(LOOKUP_S);
    if (res_init() == 0)
        _res.options &= ~(unsigned long)(RES_DNSRCH | RES_DEFNAMES);
    int code = getaddrinfo(name, NULL, &want, &all);
    if (code == 0 || code == EAI_NONAME || code == EAI_NODATA)
        a.code = code == EAI_NONAME ? NAME_UNKNOWN : NAME_OK;
    collect(all, &a);
    ssize_t ignored = write(3, &a, sizeof a);
    (void)ignored;
    _exit(0);
}

// When all places are taken the question is lost, and asked again as any lost one.
static void look_up(struct carrier *c, const struct name_question *q)
{
    struct name_lookup *l = NULL;
    int fd[2];
    for (size_t i = 0; i < NAME_LOOKUPS_MAX && !l; i++)
        l = c->lookup[i].pid ? NULL : &c->lookup[i];
    if (!l || pipe(fd) < 0)
        return;
    pid_t pid = fork();
    if (pid == 0)
        lookup_main(q->name, fd[1]);
    close(fd[1]);
    if (pid < 0)
        close(fd[0]);
    else
        *l = (struct name_lookup){.pid = pid, .fd = fd[0], .asked = *q};
}

static void answer(struct carrier *c, const struct name_question *q, const struct name_addresses *a)
{
    unsigned char packet[NAME_ANSWER_BYTES];
    size_t n = name_answer_write(q, a, packet);
    if (write(c->outside, packet, n) > 0)
        c->in += n;
}

bool names_take(struct carrier *c, size_t n)
{
    static const struct name_addresses none = {.code = NAME_OK}; // IPv6 is not carried
    struct name_question q;
    if (!c->names || !name_question_read(c->packet + CARRIER_ETHERNET, n, &q) ||
        (q.type != NAME_TYPE_A && q.type != NAME_TYPE_AAAA))
        return false;
    uint32_t rules = net_rules_naming(&c->rules, q.name);
    if (!rules)
        return false;
    const struct name_addresses *a = name_gate_known(&c->gate, q.name, carrier_now_ms());
    if (q.type == NAME_TYPE_AAAA)
        answer(c, &q, &none);
    else if (a)
        answer(c, &q, a);
    else
        look_up(c, &q);
    return true;
}

size_t names_polls(const struct carrier *c, struct pollfd *out)
{
    for (size_t i = 0; i < NAME_LOOKUPS_MAX; i++)
        out[i] = (struct pollfd){.fd = c->lookup[i].pid ? c->lookup[i].fd : -1, .events = POLLIN};
    return NAME_LOOKUPS_MAX;
}

void names_run(struct carrier *c, const struct pollfd *polled)
{
    for (size_t i = 0; i < NAME_LOOKUPS_MAX; i++) {
        struct name_lookup *l = &c->lookup[i];
        struct name_addresses a;
        if (!polled[i].revents || !l->pid)
            continue;
        bool said = read(l->fd, &a, sizeof a) == sizeof a && a.n <= NAME_ADDRESSES_MAX;
        if (!said)
            a = (struct name_addresses){.code = NAME_FAILED};
        else
            name_gate_learn(&c->gate, l->asked.name, net_rules_naming(&c->rules, l->asked.name), &a,
                            carrier_now_ms());
        answer(c, &l->asked, &a);
        close(l->fd);
        while (waitpid(l->pid, NULL, 0) < 0 && errno == EINTR)
            continue;
        l->pid = 0;
    }
}

uint32_t names_rules(struct carrier *c, uint32_t address)
{
    return c->names ? name_gate_use(&c->gate, address, carrier_now_ms()) : 0;
}
