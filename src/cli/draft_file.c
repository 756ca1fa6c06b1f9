// SPDX-License-Identifier: Apache-2.0
#include "cli/draft_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cli/json_file.h"
#include "ini/ini_lines.h"

// libinih (ini_text.h) is not used here: as Debian builds it, it cuts a value at " ;" and takes lines of 198
// characters, and a command is likely to have either.
struct ini_reading {
    const struct draft_form *form;
    void *said;
    struct arena *a;
    const char *section; // "": before the first one
    struct err *e;
};

static bool is_pairs(const struct option_row *r)
{
    return r->kind == OPTION_LIST && !strcmp(r->arg, "KEY=VALUE");
}

// The option whose section this is: "constants" for constant; NULL: of none.
static const struct option_row *of_section(const struct option_row *rows, const char *section)
{
    size_t n = strlen(section);
    for (const struct option_row *r = rows; r->name; r++)
        if (is_pairs(r) && n == strlen(r->name) + 1 && section[n - 1] == 's' &&
            !strncmp(r->name, section, n - 1))
            return r;
    return NULL;
}

static int on_section(struct ini_reading *r, char *line)
{
    size_t n = strlen(line);
    if (line[n - 1] != ']')
        return err_set(r->e, -EINVAL, "%.60s: is no [section]", line);
    line[n - 1] = '\0';
    r->section = line + 1;
    if (of_section(r->form->rows, r->section))
        return 0;
    struct buf there = BUF_INIT(1024);
    for (const struct option_row *o = r->form->rows; o->name; o++)
        if (is_pairs(o))
            buf_putf(&there, "%s%ss", there.n ? " and " : "", o->name);
    err_set(r->e, -EINVAL, "[%s]: there is no such section (there %s %s)", r->section, there.n ? "are" : "is",
            there.n ? buf_str(&there) : "none");
    buf_deinit(&there);
    return -EINVAL;
}

static int on_line(struct ini_reading *r, char *line)
{
    const struct options o = {.command = r->form->command, .row = r->form->rows};
    char *is = strchr(line, '=');
    if (!*line || *line == '#' || *line == ';')
        return 0;
    if (*line == '[')
        return on_section(r, line);
    if (!is || is == line)
        return err_set(r->e, -EINVAL, "%.40s: is neither \"key = value\" nor \"[section]\"", line);
    *is = '\0';
    char *key = ini_trim(line), *value = ini_trim(is + 1);
    if (!*r->section)
        return options_set(&o, r->said, key, value, r->e);
    return options_set(&o, r->said, of_section(r->form->rows, r->section)->name,
                       arena_printf(r->a, "%s=%s", key, value), r->e);
}

static bool says(const struct option_row *r, const void *at)
{
    switch (r->kind) {
    case OPTION_FLAG:
        return *(const bool *)at;
    case OPTION_INT:
        return *(const long *)at >= 0;
    case OPTION_REAL:
        return *(const double *)at >= 0;
    case OPTION_LIST:
        return ((const struct option_list *)at)->n > 0;
    default:
        return *(const char *const *)at != NULL;
    }
}

bool draft_says_anything(const struct option_row *rows, const void *said)
{
    for (const struct option_row *r = rows; r->name; r++)
        if (says(r, (const char *)said + r->at))
            return true;
    return false;
}

static void lay_one(const struct option_row *r, void *to, const void *from)
{
    if (r->kind == OPTION_FLAG)
        *(bool *)to = true;
    else if (r->kind == OPTION_INT)
        *(long *)to = *(const long *)from;
    else if (r->kind == OPTION_REAL)
        *(double *)to = *(const double *)from;
    else if (r->kind != OPTION_LIST)
        *(const char **)to = *(const char *const *)from;
    struct option_list *l = to;
    for (int i = 0; r->kind == OPTION_LIST && i < ((const struct option_list *)from)->n; i++)
        if (l->n < OPTION_LIST_MAX)
            l->v[l->n++] = ((const struct option_list *)from)->v[i];
}

static int read_ini(const struct draft_form *f, const char *path, const char *text, void *said,
                    struct arena *a, struct err *e)
{
    void *under = mem_alloc(f->size);
    memcpy(under, f->nothing, f->size);
    struct ini_reading r = {f, under, a, "", e};
    char *line = arena_strdup(a, text); // values stay where they are
    int bad = 0;
    for (int at = 1; line && !bad; at++) {
        char *next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        bad = on_line(&r, ini_trim(line));
        if (bad)
            err_prefix(e, "%s:%d", path, at);
        line = next;
    }
    for (const struct option_row *o = f->rows; !bad && o->name; o++)
        if (says(o, (const char *)said + o->at))
            lay_one(o, (char *)under + o->at, (const char *)said + o->at);
    if (!bad)
        memcpy(said, under, f->size);
    free(under);
    return bad;
}

// An object, or a list of objects; a '[' in front of anything else opens a section of an INI file.
static bool is_json(const char *text)
{
    text += strspn(text, " \t\r\n");
    return *text == '{' || (*text == '[' && strchr("{]", text[1 + strspn(text + 1, " \t\r\n")]));
}

json_t *draft_file(const struct draft_form *f, const char *file, void *said, struct arena *a, bool *json,
                   struct err *e)
{
    char *text = file ? text_file(file, e) : NULL;
    json_t *body = NULL;
    bool is = text && is_json(text);
    if (json)
        *json = is;
    if (is)
        body = json_text_of(file, text, e);
    else if (!file || (text && read_ini(f, file, text, said, a, e) == 0))
        body = json_object();
    free(text);
    return body;
}
