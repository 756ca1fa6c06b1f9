// SPDX-License-Identifier: Apache-2.0
//
// Requests to the whole API, one after the other, each "WHO METHOD TARGET", its body in the lines after, and
// a line "%" before the next. WHO: c customer, s stranger, o operator, n node, - nobody. "! s|p|e|l" instead:
// the node starts, prints for or ends what it was given, or a minute passes. Whatever is asked, the answer is
// one that clients can read, none is a 5xx, the stranger sees nothing of the customer's, and the engine is
// sound (audit.h). With REQUEST_SHOW in the environment it prints the answers.
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "base/mem.h"
#include "house.h"
#include "net/path.h"

#define REQUESTS     24
#define TARGET_BYTES 2048
#define CANARY       "only-hers-7f3a"

static void say(struct house *h, const char *method, const char *target, const char *body)
{
    struct answer a = ask(h, method, target, body);
    if (a.status >= 300) {
        fprintf(stderr, "%s %s: %d %s\n", method, target, a.status, a.body);
        abort();
    }
    answer_free(&a);
}

// What is there before: of each kind one, with a name that can be typed, and the canary in it.
static void furnish(struct house *h)
{
    house_boards(h, 3);
    say(h, "PUT", "/secrets-manager/data/a/b", "{\"value\":\"" CANARY "\"}");
    say(h, "POST", "/pools",
        "{\"name\":\"" CANARY "\",\"shortname\":\"p\",\"profile\":\"docker-batch\",\"instanceCount\":1}");
    say(h, "POST", "/jobs", "{\"name\":\"" CANARY "\",\"shortname\":\"j\",\"useDependencies\":true}");
    say(h, "POST", "/tasks",
        "{\"name\":\"" CANARY "\",\"shortname\":\"t\",\"profile\":\"docker-batch\",\"instanceCount\":2,"
        "\"tags\":[\"" CANARY "\"],\"constants\":[{\"key\":\"DOCKER_CMD\",\"value\":\"" CANARY "\"}]}");
    house_start_all(h);
    house_print_all(h, CANARY "\n");
}

static void readable(const struct answer *a, const char *method, const char *target, bool stranger)
{
    bool json =
        !strncmp(a->type, "application/json", 16) || !strncmp(a->type, "application/problem+json", 24);
    const char *bad = a->status < 200 || a->status > 499        ? "the status"
                      : a->status >= 400 && (!json || !a->json) ? "no error to read"
                      : json && *a->body && !a->json            ? "no JSON"
                      : stranger && strstr(a->body, CANARY)     ? "somebody else's"
                                                                : NULL;
    if (!bad)
        return;
    fprintf(stderr, "%s %s: %s: %d %s\n%s\n", method, target, bad, a->status, a->type, a->body);
    abort();
}

static void sound(const struct house *h, const char *after)
{
    struct err e = ERR_NULL;
    if (audit_server(h->engine, h->now, &h->fx, NULL, &e) == 0)
        return;
    fprintf(stderr, "after %s: %s\n", after, e.text);
    abort();
}

static const char *token_of(char who)
{
    return who == 'c' ? CUSTOMER : who == 's' ? STRANGER : who == 'o' ? OPERATOR : who == 'n' ? NODES : NULL;
}

static void node(struct house *h, char what)
{
    if (what == 's')
        house_start_all(h);
    else if (what == 'p')
        house_print_all(h, "out\n");
    else if (what == 'e')
        house_end_all(h, 0);
    else
        house_later(h, 60000);
}

static void request(struct house *h, char *text, bool canary_known)
{
    static struct route r;
    char arena[TARGET_BYTES + 2];
    struct query_pair pair[16];
    if (text[0] == '!') {
        node(h, text[1] ? text[2] : 'l');
        sound(h, text);
        return;
    }
    char *body = strchr(text, '\n');
    if (body)
        *body++ = '\0';
    char *method = *text && text[1] == ' ' ? text + 2 : NULL, *target = method ? strchr(method, ' ') : NULL;
    if (!target || strlen(target) > TARGET_BYTES)
        return;
    *target++ = '\0';
    const char *query = strchr(target, '?');
    if (route_normalise(target, &r) < 0 || (query && query_split(query + 1, arena, pair, 16) < 0))
        return; // refused before the API sees it (vet.h)
    struct answer a = house_ask(h, method, target, token_of(*text), "*/*", body);
    if (getenv("REQUEST_SHOW"))
        printf("%s %s: %d %.300s\n", method, target, a.status, a.body);
    readable(&a, method, target, *text == 's' && !canary_known);
    answer_free(&a);
    sound(h, target);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    void *state;
    char *text = mem_strndup((const char *)data, n), *rest = text;
    bool canary_known = strstr(text, "only-hers") != NULL;
    house_open(&state);
    furnish(state);
    for (int i = 0; i < REQUESTS && rest; i++) {
        char *end = strstr(rest, "\n%\n"), *one = rest;
        rest = end ? end + 3 : NULL;
        if (end)
            *end = '\0';
        request(state, one, canary_known);
    }
    house_close(&state);
    free(text);
    return 0;
}
