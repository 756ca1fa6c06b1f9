// SPDX-License-Identifier: Apache-2.0
#include "cli/bar.h"

#include <stdio.h>
#include <time.h>

#include "base/num.h"
#include "cli/cli.h"
#include "cli/table.h"

#define WAIT_FIRST_MS 100
#define WAIT_MOST_MS  1000
#define BAR_COLUMNS   30

void bar_wipe(struct bar *b)
{
    if (b->drawn)
        fputs("\r\033[K", stderr);
    b->drawn = false;
}

void bar_draw(struct bar *b, const char *what, double percent, const char *detail, double waited_s)
{
    char bar[BAR_COLUMNS + 1];
    int full = (int)num_clamp(percent * BAR_COLUMNS / 100, 0, BAR_COLUMNS);
    if (!b->screen)
        return;
    for (int i = 0; i < BAR_COLUMNS; i++)
        bar[i] = i < full ? '#' : '-';
    bar[BAR_COLUMNS] = '\0';
    bar_wipe(b);
    fprintf(stderr, "%s  [%s] %3.0f %%  %s  %02d:%02d:%02d", what, bar, percent, detail, (int)waited_s / 3600,
            (int)waited_s / 60 % 60, (int)waited_s % 60);
    fflush(stderr);
    b->drawn = true;
}

int bar_wait(const struct bar_wait *w, struct err *e)
{
    struct bar b = {.screen = table_colours(stderr)};
    double waited_s = 0;
    int is = -1;
    for (long ms = WAIT_FIRST_MS; is < 0; ms = ms * 5 / 4 < WAIT_MOST_MS ? ms * 5 / 4 : WAIT_MOST_MS) {
        json_t *got = NULL;
        is = api_json(w->api, "GET", w->path, NULL, &got, e);
        if (is == 0)
            is = w->look(w->ctx, got, &b, waited_s, e);
        json_decref(got);
        if (is < 0 && w->timeout_s >= 0 && waited_s >= w->timeout_s) {
            err_set(e, -1, "%s after %.0f s (%s)", w->late, waited_s, w->hint);
            is = CLI_LATER;
        }
        if (is >= 0)
            break;
        nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000L}, NULL);
        waited_s += (double)ms / 1000;
    }
    bar_wipe(&b);
    return is;
}
