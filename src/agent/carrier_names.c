// SPDX-License-Identifier: Apache-2.0
//
// Names of hosts that the task's outbound rules name (core/work/namegate.h): the instance's questions for their
// addresses are answered here. The machine's resolver may take seconds, so that each question is asked by a
// child that does nothing else; it says what it heard over a pipe.
//
// Hosts that inbound rules name are asked for ahead, and again each minute: who calls is judged at once. Here and not
// at the server, so that one task's names, however slow, hold up no other's.
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

#define LOOKUP_S       20
#define CALLER_MS      60000
#define CALLER_FAIL_MS 5000

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
    for (int fd = 0; fd < 3; fd++) // the agent may wait for the end of what the carrier says
        close(fd);
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

// When all places are taken the question is lost, and asked again as any lost one. `caller`: whose name it is,
// instead of q's.
static bool look_up(struct carrier *c, const struct name_question *q, struct name_caller *caller)
{
    struct name_lookup *l = NULL;
    int fd[2];
    for (size_t i = 0; i < NAME_LOOKUPS_MAX && !l; i++)
        l = c->lookup[i].pid ? NULL : &c->lookup[i];
    if (!l || pipe(fd) < 0)
        return false;
    pid_t pid = fork();
    if (pid == 0)
        lookup_main(caller ? caller->name : q->name, fd[1]);
    close(fd[1]);
    if (pid < 0) {
        close(fd[0]);
        return false;
    }
    *l = (struct name_lookup){.pid = pid, .fd = fd[0], .caller = caller};
    if (q)
        l->asked = *q;
    return true;
}

static void answer(struct carrier *c, const struct name_question *q, const struct name_addresses *a)
{
    unsigned char packet[NAME_ANSWER_BYTES];
    size_t n = name_answer_write(q, a, packet);
    if (write(c->outside, packet, n) > 0)
        c->in += n;
}

// "instance-7": those of the cluster are in /etc/hosts, and nobody outside knows them.
static bool is_of_cluster(const struct carrier *c, const char *name)
{
    const char *number = strncmp(name, "instance-", 9) == 0 ? name + 9 : "";
    return c->cluster >= 0 && *number && strspn(number, "0123456789") == strlen(number);
}

bool names_take(struct carrier *c, size_t n)
{
    static const struct name_addresses none = {.code = NAME_OK}, // IPv6 is not carried
        unknown = {.code = NAME_UNKNOWN};
    struct name_question q;
    if ((!c->names && c->cluster < 0) || !name_question_read(c->packet + CARRIER_ETHERNET, n, &q) ||
        (q.type != NAME_TYPE_A && q.type != NAME_TYPE_AAAA))
        return false;
    if (is_of_cluster(c, q.name)) {
        answer(c, &q, q.type == NAME_TYPE_AAAA ? &none : &unknown);
        return true;
    }
    uint32_t rules = net_rules_naming(&c->rules, q.name);
    if (!c->names || !rules)
        return false;
    const struct name_addresses *a = name_gate_known(&c->gate, q.name, carrier_now_ms());
    if (q.type == NAME_TYPE_AAAA)
        answer(c, &q, &none);
    else if (a)
        answer(c, &q, a);
    else
        look_up(c, &q, NULL);
    return true;
}

size_t names_polls(const struct carrier *c, struct pollfd *out)
{
    for (size_t i = 0; i < NAME_LOOKUPS_MAX; i++)
        out[i] = (struct pollfd){.fd = c->lookup[i].pid ? c->lookup[i].fd : -1, .events = POLLIN};
    return NAME_LOOKUPS_MAX;
}

static void learned(struct carrier *c, const struct name_lookup *l, const struct name_addresses *a)
{
    int64_t now_ms = carrier_now_ms();
    if (l->caller) {
        bool failed = a->code == NAME_FAILED; // then it is what it was
        if (!failed)
            l->caller->is = *a;
        l->caller->due_ms = now_ms + (failed ? CALLER_FAIL_MS : CALLER_MS);
        l->caller->asked = false;
        return;
    }
    if (a->code != NAME_FAILED)
        name_gate_learn(&c->gate, l->asked.name, net_rules_naming(&c->rules, l->asked.name), a, now_ms);
    answer(c, &l->asked, a);
}

void names_run(struct carrier *c, const struct pollfd *polled)
{
    for (size_t i = 0; i < NAME_LOOKUPS_MAX; i++) {
        struct name_lookup *l = &c->lookup[i];
        struct name_addresses a;
        if (!polled[i].revents || !l->pid)
            continue;
        if (read(l->fd, &a, sizeof a) != sizeof a || a.n > NAME_ADDRESSES_MAX)
            a = (struct name_addresses){.code = NAME_FAILED};
        learned(c, l, &a);
        close(l->fd);
        while (waitpid(l->pid, NULL, 0) < 0 && errno == EINTR)
            continue;
        l->pid = 0;
    }
}

static const struct name_caller *find_caller(const struct carrier *c, const char *name, size_t n)
{
    for (size_t i = 0; i < c->n_callers; i++)
        if (strlen(c->caller[i].name) == n && memcmp(c->caller[i].name, name, n) == 0)
            return &c->caller[i];
    return NULL;
}

void names_callers(struct carrier *c)
{
    for (size_t i = 0; i < c->n_ports; i++) {
        const char *p = c->port[i].rule ? c->port[i].rule->hosts : "", *name;
        for (size_t n; (n = net_rule_host(&p, &name)) > 0;)
            if (n <= NAME_CHARS_MAX && c->n_callers < NAME_CALLERS_MAX && !find_caller(c, name, n))
                memcpy(c->caller[c->n_callers++].name, name, n);
    }
}

void names_refresh(struct carrier *c, int64_t now_ms)
{
    for (size_t i = 0; i < c->n_callers; i++) {
        struct name_caller *k = &c->caller[i];
        if (!k->asked && now_ms >= k->due_ms)
            k->asked = look_up(c, NULL, k);
    }
}

bool names_may_come(const struct carrier *c, const struct net_rule *r, uint32_t address)
{
    const char *p = r->hosts, *name;
    if (net_rule_from(r, address))
        return true;
    for (size_t n; (n = net_rule_host(&p, &name)) > 0;) {
        const struct name_caller *k = find_caller(c, name, n);
        for (size_t i = 0; k && i < k->is.n; i++)
            if (k->is.v[i] == address)
                return true;
    }
    return false;
}

uint32_t names_rules(struct carrier *c, uint32_t address)
{
    return c->names ? name_gate_use(&c->gate, address, carrier_now_ms()) : 0;
}
