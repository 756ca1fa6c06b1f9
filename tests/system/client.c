// SPDX-License-Identifier: Apache-2.0
//
// The customers. Each connection does one thing at a time, and each job has at most one request under way, so
// that the log says exactly what must be and what may be.
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "campaign.h"

void job_secret(const struct campaign *c, uint32_t n, struct buf *out)
{
    struct rng r;
    rng_seed(&r, c->seed ^ ((uint64_t)n << 20));
    for (uint64_t i = 1 + rng_below(&r, 40); i-- > 0;)
        buf_putf(out, "%016llx", (unsigned long long)rng_next(&r));
}

uint32_t job_prints(uint32_t n)
{
    return n % LONG_ONE_IN ? SHORT_LINES : LONG_LINES;
}

// Real agents print the lines that a played node would, and who says them: an attempt has one voice.
static void command(const struct campaign *c, uint32_t n, struct buf *out)
{
    if (!c->agents.n) {
        buf_putf(out, "echo %u", n);
        return;
    }
    buf_puts(out, "sh -c 'read v </proc/sys/kernel/random/uuid; for k in");
    for (uint32_t k = 0; k < job_prints(n); k++)
        buf_putf(out, " %u", k);
    buf_putf(out, "; do echo l%u ${INSTANCE_ID} $k $v; %sdone'", n,
             job_prints(n) > SHORT_LINES ? "sleep 0.2; " : "");
}

void job_body(const struct campaign *c, uint32_t n, struct buf *out)
{
    buf_putf(
        out,
        "{\"name\":\"j%u\",\"profile\":\"docker-batch\",\"poolUuid\":null,\"jobUuid\":null,\"constants\":["
        "{\"key\":\"DOCKER_CMD\",\"value\":\"",
        n);
    command(c, n, out);
    buf_puts(out, "\"},{\"key\":\"SECRET\",\"value\":\"");
    job_secret(c, n, out);
    buf_putf(out, "\"}],\"constraints\":[],\"instanceCount\":%d,\"tags\":[\"t%u-0\"]}", c->job[n].instances,
             n);
}

static uint32_t job_new(struct campaign *c)
{
    struct job *j = VEC_PUSH(c->job, c->n_jobs, c->cap_jobs);
    j->instances = (uint8_t)(1 + rng_below(&c->rng, INSTANCES));
    j->busy = true;
    return (uint32_t)(c->n_jobs - 1);
}

struct job *job_known(struct campaign *c, uint32_t n, const char *uuid)
{
    uint64_t other;
    if (!n || n >= c->n_jobs)
        return NULL;
    struct job *j = &c->job[n];
    if (j->uuid[0])
        return strcmp(j->uuid, uuid) == 0 ? j : NULL;
    if (strlen(uuid) != UUID_TEXT_BYTES - 1)
        return NULL;
    if (strmap_get(&c->by_uuid, uuid, &other))
        fault(c, "uuid %s was given to j%u and again to j%u", uuid, (unsigned)other, n);
    memcpy(j->uuid, uuid, UUID_TEXT_BYTES);
    strmap_set(&c->by_uuid, uuid, n);
    return j;
}

static void job_live(struct campaign *c, uint32_t n)
{
    uint32_t *at = VEC_PUSH(c->live, c->n_live, c->cap_live);
    *at = n;
    c->job[n].place = (uint32_t)c->n_live; // index + 1
}

void job_dead(struct campaign *c, uint32_t n)
{
    struct job *j = &c->job[n];
    if (!j->place)
        return;
    uint32_t last = c->live[--c->n_live];
    c->live[j->place - 1] = last;
    c->job[last].place = j->place;
    j->place = 0;
}

// ---- asking

static void create(struct campaign *c, struct client *k, uint32_t count)
{
    struct buf body = BUF_INIT((size_t)1 << 24);
    k->op = count > 1 ? OP_BULK : OP_CREATE;
    k->n = count;
    if (count > 1) {
        buf_putc(&body, '[');
        c->batches++;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t n = job_new(c);
        if (!i)
            k->job = n;
        else
            buf_putc(&body, ',');
        c->job[n].batch = count > 1 ? c->batches : 0;
        job_body(c, n, &body);
    }
    if (count > 1)
        buf_putc(&body, ']');
    lane_send(&k->lane, "POST", "/tasks", c->token, buf_str(&body), body.n);
    buf_deinit(&body);
}

static uint32_t pick(struct campaign *c, bool with_output)
{
    const struct played *p = &c->node;
    for (int tries = 0; tries < 40 && c->n_live; tries++) {
        uint32_t n = c->live[rng_below(&c->rng, c->n_live)];
        if (tries < 4 && p->n_run && rng_below(&c->rng, 3) == 0) // what runs is more easily hurt
            n = p->run[rng_below(&c->rng, p->n_run)].job;
        const struct job *j = &c->job[n];
        if (!j->busy && j->place &&
            (!with_output || j->lines[0] + j->lines[1] + j->lines[2] > j->read[0] + j->read[1] + j->read[2]))
            return n;
    }
    return 0;
}

static void about(struct campaign *c, struct client *k, enum op op, uint32_t n, const char *method,
                  const char *rest, const char *body)
{
    char path[120];
    snprintf(path, sizeof path, "/tasks/%s%s", c->job[n].uuid, rest);
    k->op = op;
    k->job = n;
    c->job[n].busy = true;
    lane_send(&k->lane, method, path, c->token, body, body ? strlen(body) : 0);
}

static void ask_read(struct campaign *c, struct client *k, uint32_t n)
{
    char rest[32];
    k->n = (uint32_t)rng_below(&c->rng, c->job[n].instances);
    snprintf(rest, sizeof rest, "/stdout/%u", k->n);
    c->job[n].read_asked = true;
    about(c, k, OP_READ, n, "POST", rest, NULL);
}

static void ask_put(struct campaign *c, struct client *k, uint32_t n)
{
    char body[80];
    snprintf(body, sizeof body, "{\"tags\":[\"t%u-%u\"]}", n, ++c->job[n].tag_asked);
    about(c, k, OP_PUT, n, "PUT", "", body);
}

const char *setpoint_zone(const struct campaign *c)
{
    return c->agents.n ? "a1-z1" : SETPOINT_ZONE;
}

static void ask_setpoint(struct campaign *c, struct client *k)
{
    char body[80], path[100];
    c->setpoint_asked = 16000 + (int64_t)rng_below(&c->rng, 8000);
    k->op = OP_SETPOINT;
    k->value = c->setpoint_asked;
    snprintf(body, sizeof body, "{\"setpoint_c\":%d.%03d}", (int)(k->value / 1000), (int)(k->value % 1000));
    snprintf(path, sizeof path, "/ondol/v1/zones/%s/setpoint", setpoint_zone(c));
    lane_send(&k->lane, "PUT", path, c->token, body, strlen(body));
}

void client_idle(struct campaign *c, struct client *k)
{
    uint64_t dice = rng_below(&c->rng, 100);
    uint32_t n = 0;
    bool crowded = c->n_live > c->keep;
    if (dice < 2 && c->setpoint_asked == c->setpoint_acked && (c->node.up.epoch || c->agents.n)) {
        ask_setpoint(c, k);
    } else if (dice < 3 && c->agents.n &&
               !c->agents.asking) { // of two at once the older may be answered last
        c->agents.asking = true;
        k->op = OP_LEDGER;
        lane_send(&k->lane, "GET", "/ondol/v1/ledger", c->token, NULL, 0);
    } else if (dice < 14 && (n = pick(c, true))) {
        ask_read(c, k, n);
    } else if (dice < 22 && (n = pick(c, false))) {
        ask_put(c, k, n);
    } else if (dice < 32 && (n = pick(c, false)) && !c->job[n].aborted) {
        c->job[n].abort_asked = true;
        about(c, k, OP_ABORT, n, "POST", "/abort", NULL);
    } else if ((dice < 50 || (crowded && dice < 90)) && (n = pick(c, false))) {
        c->job[n].delete_asked = true;
        about(c, k, OP_DELETE, n, "DELETE", "", NULL);
    } else {
        create(c, k, dice > 97 && !crowded ? 2 + (uint32_t)rng_below(&c->rng, 9) : 1);
    }
}

// ---- what was told

static void created(struct campaign *c, uint32_t n, const char *uuid)
{
    char text[UUID_TEXT_BYTES];
    snprintf(text, sizeof text, "%s", uuid);
    struct job *j = job_known(c, n, text);
    if (!j) {
        fault(c, "j%u was created as %s, but it is %s", n, text, c->job[n].uuid);
        return;
    }
    j->acked = true;
    j->busy = false;
    job_live(c, n);
    c->writes++;
}

static void all_created(struct campaign *c, struct client *k, const char *body)
{
    const char *at = body;
    for (uint32_t i = 0; i < k->n; i++) {
        at = strstr(at, "\"uuid\":\"");
        if (!at) {
            fault(c, "a bulk request of %u was answered with too few uuids: %.200s", k->n, body);
            return;
        }
        at += strlen("\"uuid\":\"");
        created(c, k->job + i, at);
    }
}

// A line of another attempt than the last one's: from the beginning, once more. That there was one is looked
// up later.
static void judge_voice(struct campaign *c, uint32_t n, uint32_t instance, const char *at)
{
    struct job *j = &c->job[n];
    char who[40] = "";
    if (sscanf(at, "l%*u %*u %*u %39s", who) != 1)
        fault(c, "j%u/%u: nobody said \"%.60s\"", n, instance, at);
    uint64_t voice = hash_bytes(1, who, strlen(who)) | 1;
    if (voice != j->voice[instance] && j->voice[instance]) {
        j->again[instance] = j->changed[instance] = true;
        j->read[instance] = 0;
    }
    j->voice[instance] = voice;
}

// "l<job> <instance> <number>\n" each, without a hole but where an answer was lost or an attempt was (its
// lines give way to the retry's, docs/design/0017; that they are all recorded is checked in the database).
static void judge_lines(struct campaign *c, uint32_t n, uint32_t instance, const char *text, size_t size)
{
    struct job *j = &c->job[n];
    const char *at = text, *end = text + size;
    for (; c->real && !c->agents.n && at < end; at++)
        j->read[instance] += *at == '\n';
    while (at < end) {
        unsigned job, who, number;
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        if (!newline || sscanf(at, "l%u %u %u", &job, &who, &number) != 3 || job != n || who != instance) {
            fault(c, "j%u/%u: strange output \"%.60s\"", n, instance, at);
            return;
        }
        if (c->agents.n)
            judge_voice(c, n, instance, at);
        if (number < j->read[instance])
            fault(c, "j%u/%u: line %u was given twice", n, instance, number);
        else if (number > j->read[instance] && !j->gap[instance] && !j->again[instance])
            fault(c, "j%u/%u: lines %u to %u were never given", n, instance, j->read[instance], number - 1);
        j->gap[instance] = false;
        j->read[instance] = number + 1;
        at = newline + 1;
    }
}

static void unescape(char *text, size_t *n) // only what JSON does to our lines
{
    size_t to = 0;
    for (size_t i = 0; i < *n; i++) {
        if (text[i] == '"')
            continue;
        if (text[i] == '\\' && i + 1 < *n && text[i + 1] == 'n') {
            text[to++] = '\n';
            i++;
        } else {
            text[to++] = text[i];
        }
    }
    *n = to;
}

static void was_read(struct campaign *c, uint32_t n, uint32_t instance, const struct lane *l)
{
    size_t size;
    const char *body = lane_body(l, &size);
    char *text = mem_strndup(body, size);
    unescape(text, &size);
    text[size] = '\0';
    c->job[n].read_asked = false;
    judge_lines(c, n, instance, text, size);
    free(text);
}

static void done(struct campaign *c, struct client *k, int status)
{
    struct job *j = &c->job[k->job];
    if (k->op != OP_BULK && k->op != OP_SETPOINT && k->op != OP_LEDGER)
        j->busy = false;
    switch (k->op) {
    case OP_ABORT:
        j->aborted |= status == 200;
        j->abort_asked = false;
        break;
    case OP_DELETE:
        j->deleted = true;
        job_dead(c, k->job);
        break;
    case OP_PUT:
        if (status == 200)
            j->tag = j->tag_asked;
        else
            j->tag_asked = j->tag;
        break;
    case OP_READ:
        was_read(c, k->job, k->n, &k->lane);
        break;
    case OP_SETPOINT:
        c->setpoint_acked = k->value;
        break;
    case OP_LEDGER:
        agents_ledger(c, lane_body(&k->lane, NULL));
        c->agents.asking = false;
        c->writes--; // it is none
        break;
    default:
        break;
    }
    c->writes += status == 200;
}

static bool expected(const struct client *k, int status)
{
    bool ended = status == 403 && (k->op == OP_ABORT || k->op == OP_PUT); // it had come to its end before
    return ended || status == 200;
}

static void answered(struct campaign *c, struct client *k)
{
    int status = k->lane.status;
    const char *body = lane_body(&k->lane, NULL);
    c->requests++;
    if (status == 503 || status == 507) { // a refusal: nothing of it may be there
        c->refused++;
        fault(c, "%d without need: %.100s", status, body);
    } else if (!expected(k, status)) {
        fault(c, "request %d about j%u: answer %d %.200s", (int)k->op, k->job, status, body);
        c->job[k->job].busy = false;
    } else if (k->op == OP_CREATE) {
        const char *at = strstr(body, "\"uuid\":\"");
        created(c, k->job, at ? at + 8 : "");
    } else if (k->op == OP_BULK) {
        all_created(c, k, body);
    } else {
        done(c, k, status);
    }
    k->op = OP_NONE;
    lane_next(&k->lane);
}

bool client_move(struct campaign *c, struct client *k)
{
    enum lane_news news = lane_move(&k->lane);
    if (news == LANE_ANSWERED)
        answered(c, k);
    return news != LANE_BROKEN;
}

void client_lost(struct campaign *c, struct client *k)
{
    struct job *j = &c->job[k->job];
    if (k->op == OP_READ && j->read_asked) {
        j->gap[k->n] = true;
        j->read_asked = false;
    }
    if (k->op == OP_LEDGER)
        c->agents.asking = false;
    k->op = OP_NONE;
    lane_close(&k->lane);
}

bool client_drain_cursor(struct campaign *c, struct lane *l, uint32_t n)
{
    char path[100];
    struct job *j = &c->job[n];
    for (uint32_t i = 0; i < j->instances; i++) {
        snprintf(path, sizeof path, "/tasks/%s/stdout/%u", j->uuid, i);
        if (!lane_call(l, "POST", path, c->token, NULL, 20000) || l->status != 200) {
            fault(c, "POST %s was not answered with 200", path);
            return false;
        }
        was_read(c, n, i, l);
        lane_next(l);
        bool wrong =
            c->real ? j->read[i] < j->lines[i] : j->read[i] != j->lines[i]; // real tasks go on meanwhile
        if (wrong && !j->gap[i] && !j->again[i] && !c->agents.died)
            fault(c, "j%u/%u: %u lines were given, the node wrote %u", n, i, j->read[i], j->lines[i]);
        if (c->agents.n) // a line that was lost with an answer is missed when the next one comes
            continue;
        j->gap[i] = false;
        if (!c->real || j->read[i] < j->lines[i]) // what was lost with an answer is missed once
            j->read[i] = j->lines[i];
    }
    return true;
}
