// SPDX-License-Identifier: Apache-2.0
//
// Everything is minutes of the local week (0 = Sunday 00:00). The entry in force is the one that began the
// fewest minutes ago, modulo a week; of two that begin together the later in the text wins.
#include "core/heat/schedule.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#define DAY_MIN   1440
#define WEEK_MIN  (7 * DAY_MIN)
#define MINUTE_MS INT64_C(60000)

static const char *const day_names[7] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

static int parse_day(const char *s, size_t n)
{
    for (int i = 0; i < 7; i++) {
        if (n == 3 && strncasecmp(s, day_names[i], 3) == 0)
            return i;
    }
    return -1;
}

// "mon-fri,sun" or "daily" -> mask, 0 when it is not days.
static uint8_t parse_days(const char *s, size_t n)
{
    if (n == 5 && strncasecmp(s, "daily", 5) == 0)
        return 0x7f;
    uint8_t mask = 0;
    for (size_t at = 0; at <= n;) {
        size_t len = 0;
        while (at + len < n && s[at + len] != ',')
            len++;
        int from = parse_day(s + at, len < 3 ? len : 3), to = from;
        if (len == 7 && s[at + 3] == '-')
            to = parse_day(s + at + 4, 3);
        else if (len != 3)
            return 0;
        if (from < 0 || to < 0)
            return 0;
        for (int d = from;; d = (d + 1) % 7) {
            mask |= (uint8_t)(1u << d);
            if (d == to)
                break;
        }
        at += len + 1;
    }
    return mask;
}

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

// "H:MM" or "HH:MM" -> minute of the day, -1 when it is not a time.
static int parse_minute(const char *s, size_t n)
{
    size_t colon = n == 5 ? 2 : 1;
    if ((n != 4 && n != 5) || s[colon] != ':' || !digit(s[0]) || !digit(s[colon - 1]) ||
        !digit(s[colon + 1]) || !digit(s[colon + 2]))
        return -1;
    int hour = colon == 2 ? (s[0] - '0') * 10 + s[1] - '0' : s[0] - '0';
    int minute = (s[colon + 1] - '0') * 10 + s[colon + 2] - '0';
    return hour < 24 && minute < 60 ? hour * 60 + minute : -1;
}

// "20", "20.5" -> milli-degC, INT32_MIN when it is not such a number.
static int32_t parse_setpoint(const char *s, size_t n)
{
    size_t i = 0;
    int32_t mc = 0;
    for (; i < n && i < 2 && digit(s[i]); i++)
        mc = mc * 10 + (s[i] - '0') * 1000;
    if (i == 0)
        return INT32_MIN;
    if (n == i + 2 && s[i] == '.' && digit(s[i + 1]))
        return mc + (s[i + 1] - '0') * 100;
    return i == n ? mc : INT32_MIN;
}

static bool parse_mode(const char *s, size_t n, enum zone_mode *mode)
{
    for (int m = 0; m < ZONE_MODE_N; m++) {
        const char *name = zone_mode_name((enum zone_mode)m);
        if (strlen(name) == n && strncasecmp(name, s, n) == 0) {
            *mode = (enum zone_mode)m;
            return true;
        }
    }
    return false;
}

// Cuts the next word off [*s, end).
static size_t word(const char **s, const char *end)
{
    while (*s < end && (**s == ' ' || **s == '\t' || **s == '\n' || **s == '\r'))
        (*s)++;
    size_t n = 0;
    while (*s + n < end && !strchr(" \t\r\n", (*s)[n]))
        n++;
    return n;
}

static int parse_entry(const char *s, const char *end, int number, struct schedule_entry *out, struct err *e)
{
    size_t n = word(&s, end);
    out->days = parse_days(s, n);
    if (!out->days)
        return err_set(e, -EINVAL, "schedule: entry %d: '%.*s' is not days (write mon-fri, sat,sun or daily)",
                       number, (int)(n < 40 ? n : 40), s);
    s += n;
    n = word(&s, end);
    int minute = parse_minute(s, n);
    if (minute < 0)
        return err_set(e, -EINVAL, "schedule: entry %d: '%.*s' is not a time of day (write 00:00 to 23:59)",
                       number, (int)(n < 40 ? n : 40), s);
    out->minute = (int16_t)minute;
    s += n;
    n = word(&s, end);
    out->mode = ZONE_COMFORT;
    out->setpoint_mc = INT32_MIN;
    if (!parse_mode(s, n, &out->mode)) {
        out->setpoint_mc = parse_setpoint(s, n);
        if (out->setpoint_mc < 7000 || out->setpoint_mc > 26000)
            return err_set(
                e, -EINVAL,
                "schedule: entry %d: '%.*s' is neither a mode nor a setpoint (write off, frost, eco, "
                "comfort, boost, or 7 to 26 degC)",
                number, (int)(n < 40 ? n : 40), s);
    }
    s += n;
    n = word(&s, end);
    if (n)
        return err_set(e, -EINVAL, "schedule: entry %d: '%.*s' is too much (separate entries with ';')",
                       number, (int)(n < 40 ? n : 40), s);
    return 0;
}

int schedule_parse(const char *text, struct schedule *out, struct err *e)
{
    struct schedule s = {0};
    size_t total = strnlen(text, SCHEDULE_TEXT_MAX + 1);
    if (total > SCHEDULE_TEXT_MAX)
        return err_set(e, -EINVAL, "schedule: the text is too long (at most %d bytes)", SCHEDULE_TEXT_MAX);
    for (const char *at = text, *end = text + total; at < end;) {
        const char *stop = at;
        while (stop < end && *stop != ';')
            stop++;
        const char *first = at;
        if (word(&first, stop) > 0) { // blank entries, as after the last ';', are allowed
            if (s.n == SCHEDULE_ENTRIES_MAX)
                return err_set(e, -EINVAL, "schedule: more than %d entries", SCHEDULE_ENTRIES_MAX);
            int r = parse_entry(at, stop, s.n + 1, &s.e[s.n], e);
            if (r < 0)
                return r;
            s.n++;
        }
        at = stop + 1;
    }
    *out = s;
    return 0;
}

static void format_days(uint8_t days, struct buf *out)
{
    if ((days & 0x7f) == 0x7f) {
        buf_puts(out, "daily");
        return;
    }
    // Runs from Monday on, so that the common mon-fri and sat,sun read as people write them.
    bool any = false;
    for (int i = 1; i <= 7; i++) {
        if (!(days >> (i % 7) & 1))
            continue;
        int last = i;
        while (last < 7 && days >> ((last + 1) % 7) & 1)
            last++;
        buf_putf(out, "%s%s", any ? "," : "", day_names[i % 7]);
        if (last > i)
            buf_putf(out, "%c%s", last > i + 1 ? '-' : ',', day_names[last % 7]);
        any = true;
        i = last;
    }
}

void schedule_format(const struct schedule *s, struct buf *out)
{
    for (int i = 0; i < s->n; i++) {
        const struct schedule_entry *e = &s->e[i];
        buf_puts(out, i ? "; " : "");
        format_days(e->days, out);
        buf_putf(out, " %02d:%02d ", e->minute / 60, e->minute % 60);
        if (e->setpoint_mc == INT32_MIN)
            buf_puts(out, zone_mode_name(e->mode));
        else if (e->setpoint_mc % 1000)
            buf_putf(out, "%d.%d", (int)(e->setpoint_mc / 1000), (int)(e->setpoint_mc % 1000 / 100));
        else
            buf_putf(out, "%d", (int)(e->setpoint_mc / 1000));
    }
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

// Minutes of the local week, and the milliseconds into that minute.
static int week_minute(house_ms now, int64_t utc_offset_ms, int64_t *into_ms)
{
    int64_t local = now.v + utc_offset_ms, minute = floor_div(local, MINUTE_MS);
    *into_ms = local - minute * MINUTE_MS;
    int64_t since = minute + 4 * DAY_MIN; // 1 January 1970 was a Thursday
    return (int)(since - floor_div(since, WEEK_MIN) * WEEK_MIN);
}

struct zone_wish schedule_wish(const struct schedule *s, const struct zone_wish *base, house_ms boost_until,
                               house_ms now, int64_t utc_offset_ms)
{
    int64_t into;
    int at = week_minute(now, utc_offset_ms, &into), best = WEEK_MIN;
    struct zone_wish w = *base;
    for (int i = 0; i < s->n; i++) {
        for (int d = 0; d < 7; d++) {
            int ago = (at - (d * DAY_MIN + s->e[i].minute) + WEEK_MIN) % WEEK_MIN;
            if (!(s->e[i].days >> d & 1) || ago > best)
                continue;
            best = ago;
            w.mode = s->e[i].mode;
            w.setpoint_mc = s->e[i].setpoint_mc == INT32_MIN ? base->setpoint_mc : s->e[i].setpoint_mc;
        }
    }
    if (house_before(now, boost_until))
        w.mode = ZONE_BOOST;
    return w;
}

house_ms schedule_next(const struct schedule *s, house_ms boost_until, house_ms now, int64_t utc_offset_ms)
{
    int64_t into;
    int at = week_minute(now, utc_offset_ms, &into), best = WEEK_MIN;
    for (int i = 0; i < s->n; i++) {
        for (int d = 0; d < 7; d++) {
            int ahead = (d * DAY_MIN + s->e[i].minute - at + WEEK_MIN - 1) % WEEK_MIN + 1;
            if (s->e[i].days >> d & 1 && ahead < best)
                best = ahead;
        }
    }
    house_ms next = house_add(now, best * MINUTE_MS - into);
    return house_before(now, boost_until) && house_before(boost_until, next) ? boost_until : next;
}
