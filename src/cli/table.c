// SPDX-License-Identifier: Apache-2.0
#include "cli/table.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

static const char *const paint[] = {"", "\033[2m", "\033[31m", "\033[32m", "\033[33m", "\033[34m"};

static int width(const char *text)
{
    int n = 0;
    for (; *text; text++)
        n += (*text & 0xc0) != 0x80;
    return n;
}

void table_init(struct table *t, const char *heads)
{
    *t = (struct table){0};
    while (*heads && t->columns < ARRAY_LEN(t->right)) {
        size_t n = strcspn(heads, " ");
        t->right[t->columns] = *heads == '>';
        char *text = mem_strndup(heads + (*heads == '>'), n - (*heads == '>'));
        for (char *p = text; *p; p++)
            *p = *p == '_' ? ' ' : *p;
        *VEC_PUSH(t->cell, t->n, t->cap) = (struct table_cell){text, TABLE_DIM};
        t->columns++;
        heads += n + strspn(heads + n, " ");
    }
}

void table_deinit(struct table *t)
{
    for (size_t i = 0; i < t->n; i++)
        free(t->cell[i].text);
    free(t->cell);
    *t = (struct table){0};
}

void table_put(struct table *t, enum table_colour colour, const char *fmt, ...)
{
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    for (char *p = text; *p; p++) // what a stranger named must not move the cursor
        if ((unsigned char)*p < ' ' || *p == 127)
            *p = '?';
    *VEC_PUSH(t->cell, t->n, t->cap) = (struct table_cell){mem_strdup(text), colour};
}

void table_print(const struct table *t, FILE *to, bool colours)
{
    int wide[16] = {0};
    for (size_t i = 0; i < t->n; i++) {
        int w = width(t->cell[i].text);
        if (w > wide[i % t->columns])
            wide[i % t->columns] = w;
    }
    for (size_t i = 0; i < t->n; i++) {
        size_t column = i % t->columns;
        const struct table_cell *c = &t->cell[i];
        int pad = wide[column] - width(c->text);
        bool last = column + 1 == t->columns;
        fprintf(to, "%*s%s%s%s%*s%s", t->right[column] ? pad : 0, "", colours ? paint[c->colour] : "",
                c->text, colours && c->colour ? "\033[0m" : "", t->right[column] || last ? 0 : pad, "",
                last ? "\n" : "  ");
    }
}

bool table_colours(FILE *to)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
    return isatty(fileno(to)) && !(no && *no) && !(term && !strcmp(term, "dumb"));
}
