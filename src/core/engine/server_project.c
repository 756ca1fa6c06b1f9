// SPDX-License-Identifier: Apache-2.0
//
// Projects: what work is booked on. A project marked research gives its flex tasks to the donated class. An
// archived one takes no more tasks; it is never deleted, because the ledger names it.
#include "base/mem.h"
#include "core/engine/server_state.h"
#include "core/engine/server_user.h"

#include <string.h>

bool find_project(const struct server *s, const char *uuid_text, uint32_t *at)
{
    uint8_t uuid[16];
    if (!uuid_parse(uuid_text, uuid))
        return false;
    for (uint32_t i = 0; i < s->n_projects; i++)
        if (!memcmp(s->project[i].uuid, uuid, 16)) {
            *at = i;
            return true;
        }
    return false;
}

static void row_write(struct server *s, uint32_t at, struct effects *fx)
{
    const struct project *p = &s->project[at];
    struct change *c = fx_change(fx, CHANGE_PROJECT);
    c->project = (struct row_project){.id = p->id,
                                      .organisation = s->organisation[p->organisation].id,
                                      .slug = arena_strdup(&fx->arena, p->slug),
                                      .name = arena_strdup(&fx->arena, p->name),
                                      .description = arena_strdup(&fx->arena, p->description),
                                      .created_ms = p->created_ms,
                                      .research = p->research,
                                      .archived = p->archived};
    uuid_format(c->project.uuid, p->uuid);
}

static bool slug_taken(const struct server *s, uint32_t organisation, const char *slug)
{
    for (uint32_t i = 0; i < s->n_projects; i++)
        if (s->project[i].organisation == organisation && !strcmp(s->project[i].slug, slug))
            return true;
    return false;
}

// Answers with the code and the sentence; nobody waits for the project that comes with an organisation.
static void answer(const struct event *ev, struct effects *fx, int code, const char *why, uint64_t id)
{
    if (ev->token)
        fx_reply(fx, ev->token, code, why)->id = id;
}

static bool make(struct server *s, const struct event *ev, struct effects *fx, uint32_t *at)
{
    uint32_t organisation;
    char text[UUID_TEXT_BYTES];
    if (!find_organisation(s, ev->project.organisation, &organisation)) {
        answer(ev, fx, 404, arena_printf(&fx->arena, "No such organisation: %s", ev->project.organisation),
               0);
        return false;
    }
    if (slug_taken(s, organisation, ev->project.slug)) {
        answer(ev, fx, 409, "slug: another project of this organisation has it", 0);
        return false;
    }
    uuid_format(text, ev->project.uuid);
    if (find_project(s, text, at)) {
        answer(ev, fx, 409, "the new uuid is taken (try again)", 0);
        return false;
    }
    struct project *p = VEC_PUSH(s->project, s->n_projects, s->cap_projects);
    *p = (struct project){.id = server_new_id(s),
                          .organisation = organisation,
                          .slug = mem_strdup(ev->project.slug),
                          .name = mem_strdup(ev->project.slug),
                          .description = mem_strdup(""),
                          .created_ms = s->now.v};
    uuid_parse(text, p->uuid);
    *at = (uint32_t)(s->n_projects - 1);
    return true;
}

// The last project of an organisation that still takes tasks must go on doing so: its users' tasks need one.
static bool may_archive(const struct server *s, uint32_t at)
{
    for (uint32_t i = 0; i < s->n_accounts; i++)
        if (s->account[i].project == at && !s->account[i].removed)
            return false;
    return organisation_project(s, s->project[at].organisation) != NONE;
}

void server_project_put(struct server *s, const struct event *ev, struct effects *fx)
{
    uint32_t at;
    if (ev->project.project && !find_project(s, ev->project.project, &at)) {
        answer(ev, fx, 404, arena_printf(&fx->arena, "No such project: %s", ev->project.project), 0);
        return;
    }
    if (ev->project.project && ev->project.has_archived && ev->project.archived && !may_archive(s, at)) {
        answer(ev, fx, 409, "archived: it is the project of a user (give them another one first)", 0);
        return;
    }
    if (!ev->project.project && !make(s, ev, fx, &at))
        return;
    struct project *p = &s->project[at];
    text_replace(&p->name, ev->project.name);
    text_replace(&p->description, ev->project.description);
    if (ev->project.has_research)
        p->research = ev->project.research;
    if (ev->project.has_archived)
        p->archived = ev->project.archived;
    row_write(s, at, fx);
    answer(ev, fx, 200, NULL, p->id);
}

size_t server_projects(const struct server *s)
{
    return s->n_projects;
}

void server_project(const struct server *s, size_t i, struct project_view *v)
{
    const struct project *p = &s->project[i];
    *v = (struct project_view){.id = p->id,
                               .slug = p->slug,
                               .name = p->name,
                               .description = p->description,
                               .organisation = p->organisation,
                               .created_ms = p->created_ms,
                               .research = p->research,
                               .archived = p->archived};
    uuid_format(v->uuid, p->uuid);
}

bool server_find_project(const struct server *s, const char *uuid, size_t *i)
{
    uint32_t at;
    if (!find_project(s, uuid, &at))
        return false;
    *i = at;
    return true;
}
