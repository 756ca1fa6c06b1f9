// SPDX-License-Identifier: Apache-2.0
//
// The outputs of a small result whose names are unkind: JSON that a parser takes, CSV with a field for each
// heading, a page that is well formed and asks for nothing from elsewhere.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <expat.h>
#include <jansson.h>

#include "base/mem.h"
#include "sim/page/chart.h"
#include "sim/page/figures.h"
#include "sim/page/page.h"

#define STEPS (40 * 24)

static float *series_of(double mean, double swing, int period)
{
    float *v = mem_array(STEPS, sizeof *v);
    for (int i = 0; i < STEPS; i++)
        v[i] = (float)(mean + swing * ((i % period) - period / 2.0) / period);
    return v;
}

static struct sim_result made(void)
{
    struct sim_result r = {.scenario = "</title>\"& <x>",
                           .policy = "market",
                           .seed = 7,
                           .start = HOUSE_MS(INT64_C(1514764800000)),
                           .length_ms = STEPS * INT64_C(3600000),
                           .trace_hash = UINT64_C(0xdeadbeef),
                           .n_zones = 4,
                           .n_sites = 1};
    r.zone = mem_array(4, sizeof *r.zone);
    r.site = mem_array(1, sizeof *r.site);
    snprintf(r.site[0].name, sizeof r.site[0].name, "a,b");
    r.site[0].sun_made_up = true;
    for (int i = 0; i < 4; i++) {
        struct sim_zone_result *z = &r.zone[i];
        snprintf(z->name, sizeof z->name, i < 3 ? "=room-%d" : "tank", i + 1);
        z->kind = i < 3 ? ZONE_KIND_ROOM : ZONE_KIND_TANK;
        z->group = i >= 3;
        z->asked_j = 1000000000;
        z->delivered_j = 1100000000;
        z->strict_j = 990000000;
        z->settled_ms = 3600000;
        z->rmse_k = i < 3 ? 0.1 * (i + 1) : 0;
        z->min_c = i < 3 ? 18 : 55.3;
        z->backup_j = i == 3 ? 36000000 : 0;
    }
    r.totals = (struct sim_totals){.it_j = 4400000000,
                                   .dc_j = 4404400000,
                                   .asked_j = 4000000000,
                                   .delivered_j = 4400000000,
                                   .strict_j = 3960000000,
                                   .heat_match = 0.9,
                                   .pue = 1.001,
                                   .erf_strict = 0.8991,
                                   .ere = 0.101,
                                   .carbon_g = 63621,
                                   .zone_rmse_k = 0.2};
    r.class[ACTIVITY_FLEX] =
        (struct sim_class_result){.energy_j = 4300000000,
                                  .submitted = 10,
                                  .started = 10,
                                  .completed = 9,
                                  .held = 3,
                                  .held_ms = 72000,
                                  .open_core_ms = 41,
                                  .wait = {.n = 10, .mean_s = 12.5, .p95_s = 300, .mean_slowdown = 1.5},
                                  .work_ghz_h = 5000};
    r.class[ACTIVITY_SLEEP].energy_j = 100000000;
    r.series = (struct sim_series){.step_ms = 3600000, .n = STEPS, .n_shown = 3};
    struct sim_series *s = &r.series;
    for (int a = 0; a < ACTIVITY_N; a++)
        s->activity_w[a] = series_of(100 * a, 50, 24);
    s->asked_w = series_of(500, 200, 24);
    s->delivered_w = series_of(520, 200, 24);
    s->strict_w = series_of(480, 200, 24);
    s->outside_c = series_of(5, 10, STEPS); // the coldest week is the first
    s->room_c = series_of(20, 1, 24);
    s->setpoint_c = series_of(20, 3, 48);
    s->waiting = series_of(3, 0, 1);
    s->running = series_of(3, 0, 1);
    s->backup_w = series_of(0, 0, 1);
    static const uint32_t shown[] = {0, 3, 2};
    s->shown_zone = mem_array(3, sizeof *s->shown_zone);
    s->shown_c = mem_array(3, sizeof *s->shown_c);
    s->shown_setpoint_c = mem_array(3, sizeof *s->shown_setpoint_c);
    s->shown_w = mem_array(3, sizeof *s->shown_w);
    for (int k = 0; k < 3; k++) {
        s->shown_zone[k] = shown[k];
        s->shown_c[k] = series_of(k == 1 ? 58 : 20, 1, 24);
        s->shown_setpoint_c[k] = series_of(k == 1 ? 60 : 20, 3, 48);
        s->shown_w[k] = series_of(400, 100, 24);
    }
    return r;
}

static void test_json_is_json(void **state)
{
    (void)state;
    struct sim_result r = made();
    struct buf b = BUF_INIT(PAGE_BYTES_MAX);
    json_error_t je;
    page_json(&b, &r);
    assert_false(b.failed);
    json_t *j = json_loadb(b.v, b.n, JSON_REJECT_DUPLICATES, &je);
    if (!j)
        fail_msg("line %d: %s", je.line, je.text);
    assert_string_equal(json_string_value(json_object_get(j, "trace_hash")), "0x00000000deadbeef");
    assert_string_equal(json_string_value(json_object_get(j, "scenario")), r.scenario);
    assert_int_equal(json_integer_value(json_object_get(j, "it_j")), 4400000000);
    assert_int_equal(json_array_size(json_object_get(j, "zones")), 4);
    assert_int_equal(json_array_size(json_object_get(j, "classes")), ACTIVITY_N);
    assert_int_equal(json_array_size(json_object_get(j, "savings")), 36);
    json_t *figure = json_object_get(json_object_get(j, "figures"), "ere");
    assert_true(json_number_value(figure) == 0.101);
    json_decref(j);
    buf_deinit(&b);
    sim_result_deinit(&r);
}

// Fields of the first and the second line, quotes respected.
static size_t fields(const char *line)
{
    size_t n = 1;
    bool quoted = false;
    for (; *line && *line != '\n'; line++) {
        quoted ^= *line == '"';
        n += *line == ',' && !quoted;
    }
    return n;
}

static void test_csv_has_a_field_for_each_heading(void **state)
{
    (void)state;
    void (*const put[])(struct buf *, const struct sim_result *) = {page_zones_csv, page_classes_csv,
                                                                    page_series_csv};
    const size_t lines[] = {5, 1 + ACTIVITY_N, 1 + STEPS};
    struct sim_result r = made();
    for (size_t i = 0; i < 3; i++) {
        struct buf b = BUF_INIT(PAGE_BYTES_MAX);
        size_t n = 0;
        put[i](&b, &r);
        size_t columns = fields(b.v);
        for (const char *p = b.v; *p; p = strchr(p, '\n') + 1, n++)
            assert_int_equal(fields(p), columns);
        assert_int_equal(n, lines[i]);
        buf_deinit(&b);
    }
    struct buf b = BUF_INIT(PAGE_BYTES_MAX);
    page_zones_csv(&b, &r);
    assert_non_null(strstr(b.v, "\n\"'=room-1\",\"a,b\",room,1000000000")); // no formula for a spreadsheet
    buf_deinit(&b);
    sim_result_deinit(&r);
}

// The field of a row of a table, by its heading.
static void field(char out[64], const char *csv, const char *row, const char *heading)
{
    const char *line = strstr(csv, row), *head = csv;
    assert_non_null(line);
    for (line++; strncmp(head, heading, strlen(heading)) || !strchr(",\n", head[strlen(heading)]);) {
        head += strcspn(head, ",\n");
        line += strcspn(line, ",\n");
        assert_int_equal(*head, ',');
        head++;
        line++;
    }
    snprintf(out, 64, "%.*s", (int)strcspn(line, ",\n"), line);
}

// A class has one name in all that programs read, the API's: onDemand. And what the JSON says of it the table says too.
static void test_classes_are_the_same_in_tables_and_json(void **state)
{
    (void)state;
    struct sim_result r = made();
    struct buf csv = BUF_INIT(PAGE_BYTES_MAX), b = BUF_INIT(PAGE_BYTES_MAX);
    char text[64];
    page_classes_csv(&csv, &r);
    page_json(&b, &r);
    json_t *j = json_loadb(b.v, b.n, JSON_REJECT_DUPLICATES, NULL), *flex = NULL, *row;
    size_t i;
    json_array_foreach(json_object_get(j, "classes"), i, row)
    {
        const char *name = json_string_value(json_object_get(row, "class"));
        snprintf(text, sizeof text, "\n%s,", name);
        assert_non_null(strstr(csv.v, text));
        flex = strcmp(name, "flex") ? flex : row;
    }
    const char *key;
    json_t *v;
    json_object_foreach(flex, key, v)
    {
        field(text, csv.v, "\nflex,", key);
        if (json_is_integer(v))
            assert_int_equal(strtoll(text, NULL, 10), json_integer_value(v));
    }
    assert_int_equal(json_integer_value(json_object_get(flex, "held")), 3);
    assert_non_null(strstr(csv.v, "\nonDemand,"));
    json_decref(j);
    buf_clear(&b);
    page_zones_csv(&b, &r);
    assert_non_null(strstr(b.v, ",onDemand_j,"));
    buf_clear(&b);
    page_series_csv(&b, &r);
    assert_non_null(strstr(b.v, ",onDemand_w,"));
    buf_deinit(&b);
    buf_deinit(&csv);
    sim_result_deinit(&r);
}

static void XMLCALL on_element(void *ctx, const XML_Char *name, const XML_Char **attributes)
{
    size_t *pictures = ctx;
    *pictures += !strcmp(name, "figure");
    for (; *attributes; attributes += 2) {
        assert_string_not_equal(attributes[0], "href");
        assert_string_not_equal(attributes[0], "src");
    }
}

// The page is written so that an XML parser takes its body too; then no tag is open and no text is markup by
// mistake.
static size_t pictures_of(const struct buf *page)
{
    size_t pictures = 0;
    const char *body = strstr(page->v, "<body>"), *end = strstr(page->v, "</html>");
    assert_non_null(body);
    assert_non_null(end);
    struct buf b = BUF_INIT(PAGE_BYTES_MAX);
    buf_puts(&b, "<!DOCTYPE body [<!ENTITY middot \".\"><!ENTITY deg \".\">]>");
    buf_put(&b, body, (size_t)(end - body));
    XML_Parser x = XML_ParserCreate("UTF-8");
    XML_SetUserData(x, &pictures);
    XML_SetStartElementHandler(x, on_element);
    if (XML_Parse(x, b.v, (int)b.n, 1) != XML_STATUS_OK)
        fail_msg("line %lu of the body: %s", (unsigned long)XML_GetCurrentLineNumber(x),
                 XML_ErrorString(XML_GetErrorCode(x)));
    XML_ParserFree(x);
    buf_deinit(&b);
    return pictures;
}

static void test_the_page_stands_alone(void **state)
{
    (void)state;
    struct sim_result r = made();
    struct buf b = BUF_INIT(PAGE_BYTES_MAX);
    page_html(&b, &r, NULL);
    assert_false(b.failed);
    assert_null(strstr(b.v, "://"));
    assert_null(strstr(b.v, "<script"));
    assert_null(strstr(b.v, "nan"));
    assert_null(strstr(b.v, "inf\""));
    assert_non_null(strstr(b.v, "&lt;/title>&quot;&amp; &lt;x>"));
    // room and tank three times each, outside, rooms, power twice, heat, flow
    assert_int_equal(pictures_of(&b), 12);
    buf_deinit(&b);
    sim_result_deinit(&r);
}

static size_t count(const char *in, const char *what)
{
    size_t n = 0;
    for (const char *p = in; (p = strstr(p, what)) != NULL; p++)
        n++;
    return n;
}

// Of each kind of zone that is kept by the hour, the worst is drawn, with what is drawn and by what it is the worst.
static void test_the_worst_of_each_kind_is_drawn(void **state)
{
    (void)state;
    struct sim_result r = made();
    struct buf b = BUF_INIT(PAGE_BYTES_MAX);
    r.zone[2].short_kh = 60; // of forty days
    page_html(&b, &r, NULL);
    assert_null(strstr(b.v, "=room-1, the"));
    assert_non_null(strstr(b.v, "<figcaption>=room-3, the coldest week (from 2018-01-01)<"));
    assert_non_null(strstr(b.v, "<figcaption>=room-3, the hottest week (from 2018-02-"));
    assert_non_null(strstr(b.v, "The worst of 2 of its group that are kept by the hour: air of the room"));
    assert_non_null(strstr(b.v, "<figcaption>tank, the coldest week (from 2018-01-01)<"));
    assert_non_null(strstr(b.v, "0.30 K from it (RMSE)"));
    assert_non_null(strstr(b.v, "1.50 too cold because the heater is too small"));
    assert_non_null(strstr(b.v, "water at the outlet of the tank"));
    assert_non_null(strstr(b.v, "55.3 &deg;C at the least"));
    buf_deinit(&b);
    sim_result_deinit(&r);
}

// Of many groups of a kind the four worst, and that there are more.
static void test_the_worst_groups_are_drawn(void **state)
{
    (void)state;
    struct sim_result r = made();
    struct buf b = BUF_INIT(PAGE_BYTES_MAX);
    struct sim_zone_result zone[6] = {0};
    uint32_t shown[6];
    float *same[6];
    for (uint32_t i = 0; i < 6; i++) {
        snprintf(zone[i].name, sizeof zone[i].name, "r%u", i);
        zone[i].group = i;
        zone[i].settled_ms = 1;
        zone[i].rmse_k = i == 2 ? 0.05 : 0.1 * i;
        shown[i] = i;
        same[i] = r.series.room_c;
    }
    struct sim_result many = r;
    many.zone = zone;
    many.n_zones = many.series.n_shown = 6;
    many.series.shown_zone = shown;
    many.series.shown_c = many.series.shown_setpoint_c = many.series.shown_w = same;
    page_html(&b, &many, NULL);
    assert_int_equal(count(b.v, "<h3>"), 4);
    assert_true(strstr(b.v, "<h3>r5 (room)") < strstr(b.v, "<h3>r1 (room)"));
    assert_null(strstr(b.v, "<h3>r2"));
    assert_non_null(strstr(b.v, ">2 more groups, whose worst zones fared better"));
    buf_deinit(&b);
    sim_result_deinit(&r);
}

// Over months the setpoints of a room are shaded from the lowest to the highest of the day; one that never changes would
// be nothing then.
static void test_a_setpoint_that_never_changes_is_seen_over_months(void **state)
{
    (void)state;
    struct sim_result r = made();
    struct buf b = BUF_INIT(PAGE_BYTES_MAX);
    r.zone[0].kind = r.zone[2].kind = ZONE_KIND_POOL;
    r.series.step_ms += 1800000; // sixty days are drawn by the day
    for (int i = 0; i < STEPS; i++)
        r.series.shown_setpoint_c[0][i] = 20;
    page_html(&b, &r, NULL);
    const char *whole = strstr(b.v, "<figcaption>=room-1, the whole run<");
    assert_non_null(whole);
    char *picture = mem_strndup(whole, (size_t)(strstr(whole, "</figure>") - whole));
    assert_non_null(strstr(picture, "line set"));
    free(picture);
    buf_deinit(&b);
    sim_result_deinit(&r);
}

// On a phone a table is wider than the screen: it slides, and says so.
static void test_tables_slide_and_say_so(void **state)
{
    (void)state;
    struct sim_result r = made();
    struct buf b = BUF_INIT(PAGE_BYTES_MAX);
    page_html(&b, &r, NULL);
    assert_int_equal(count(b.v, "<table>"), 4);
    assert_int_equal(
        count(b.v, "Slide the table sideways.</p>\n<div class=\"scroll\" tabindex=\"0\"><table>"), 4);
    assert_non_null(strstr(b.v, ".scroll{overflow-x:auto;background:linear-gradient("));
    assert_non_null(strstr(b.v, "@media(max-width:640px){.hint{display:block}"));
    buf_deinit(&b);
    sim_result_deinit(&r);
}

// Strict heat is taken by the hour in rooms and by the day in water, and words that a landlord may not know are said.
static void test_the_page_says_what_its_words_mean(void **state)
{
    (void)state;
    struct sim_result r = made();
    struct buf b = BUF_INIT(PAGE_BYTES_MAX);
    page_html(&b, &r, NULL);
    assert_non_null(strstr(b.v, "in rooms hour by hour, in water (a store moves heat by hours) day by day"));
    assert_non_null(strstr(b.v, "<td>3 rooms</td>"));
    assert_non_null(strstr(b.v, "<td>1 tank</td>"));
    assert_non_null(strstr(b.v, "<dt>K, K h</dt>"));
    assert_non_null(strstr(b.v, "<dt>flex</dt><dd>paid work that waits for heat"));
    assert_null(strstr(b.v, "<dt>burn</dt>")); // none was
    assert_non_null(
        strstr(b.v, "<td>10</td><td>9</td><td>0</td><td>3</td><td>0</td>")); // three times set aside
    buf_deinit(&b);
    sim_result_deinit(&r);
}

// Nothing ran, nothing was asked: no division by zero, no picture.
static void test_a_result_of_nothing(void **state)
{
    (void)state;
    struct sim_result r = {.policy = "market", .length_ms = 3600000};
    void (*const put[])(struct buf *, const struct sim_result *) = {page_text, page_json, page_zones_csv,
                                                                    page_classes_csv, page_series_csv};
    for (size_t i = 0; i < 5; i++) {
        struct buf b = BUF_INIT(PAGE_BYTES_MAX);
        put[i](&b, &r);
        assert_null(strstr(buf_str(&b), "nan"));
        buf_deinit(&b);
    }
    struct buf b = BUF_INIT(PAGE_BYTES_MAX);
    page_html(&b, &r, NULL);
    assert_int_equal(pictures_of(&b), 0);
    assert_null(strstr(b.v, "nan"));
    buf_deinit(&b);
}

static void test_the_summary_says_what_matters(void **state)
{
    (void)state;
    struct sim_result r = made();
    struct buf b = BUF_INIT(PAGE_BYTES_MAX);
    page_text(&b, &r);
    assert_non_null(strstr(b.v, "policy market, seed 7"));
    assert_non_null(strstr(b.v, "trace hash 0x00000000deadbeef"));
    assert_non_null(strstr(b.v, "PUE 1.0010, ERF strict 0.899, ERE 0.101"));
    assert_non_null(strstr(b.v, "the sun is made up"));
    // for a landlord: shares in per cent, what is so warm, what a class is
    assert_non_null(strstr(b.v, "of the heat delivered 90.0 % was asked for (match)"));
    assert_non_null(strstr(b.v, "by the backup, outlet 55.3 to "));
    assert_non_null(strstr(b.v, "; hygiene rule kept\n"));
    r.zone[3].hygiene_alarm_ms = 5400000;
    buf_clear(&b);
    page_text(&b, &r);
    assert_non_null(
        strstr(b.v, "; HYGIENE RULE BROKEN for 1.5 h, return of the loop below 50 degC for 0.0 h\n"));
    assert_non_null(strstr(b.v, "paid work that waits for heat to be wanted"));
    assert_non_null(strstr(b.v, "19 of 20 wait no longer"));
    buf_deinit(&b);
    sim_result_deinit(&r);
}

// A room that was settled for an hour counts for the mean, so it may be the worst.
static void test_the_worst_room_is_not_better_than_the_mean(void **state)
{
    (void)state;
    struct sim_result r = made();
    r.zone[1].settled_ms = 40 * 3600000;
    assert_true(figure_find("rmse_worst_k")->of(&r) == r.zone[2].rmse_k);
    r.zone[2].settled_ms = 0;
    assert_true(figure_find("rmse_worst_k")->of(&r) == r.zone[1].rmse_k);
    struct buf b = BUF_INIT(PAGE_BYTES_MAX);
    page_text(&b, &r);
    assert_non_null(strstr(b.v, "the worst room 0.200 K"));
    buf_clear(&b);
    page_json(&b, &r);
    json_t *j = json_loadb(b.v, b.n, JSON_REJECT_DUPLICATES, NULL);
    assert_true(json_number_value(json_object_get(j, "zone_rmse_worst_k")) == 0.2);
    json_decref(j);
    buf_deinit(&b);
    sim_result_deinit(&r);
}

// Not ten thousand lines; but what is wrong is said of every one.
static void test_a_summary_of_many_tanks_is_short(void **state)
{
    (void)state;
    struct sim_result r = {.policy = "market", .length_ms = 3600000, .n_zones = 1000};
    r.zone = mem_array(r.n_zones, sizeof *r.zone);
    for (size_t i = 0; i < r.n_zones; i++)
        r.zone[i].kind = ZONE_KIND_TANK;
    r.zone[999].hygiene_alarm_ms = 1;
    struct buf b = BUF_INIT(PAGE_BYTES_MAX);
    page_text(&b, &r);
    assert_int_equal(count(b.v, "by the backup"), 41);
    assert_int_equal(count(b.v, "HYGIENE RULE BROKEN"), 1);
    assert_non_null(strstr(b.v, "\n  959 more are in zones.csv"));
    buf_deinit(&b);
    sim_result_deinit(&r);
}

// ---- comparisons ----

static struct comparison two_variants(const double *a, const double *b, size_t n, const char *key)
{
    struct comparison c;
    size_t f = (size_t)(figure_find(key) - figures);
    double *v = mem_array(n_figures, sizeof *v);
    comparison_init(&c, 2, 1, n);
    comparison_name(&c, 0, "first");
    comparison_name(&c, 1, "sec,ond");
    for (size_t s = 0; s < n; s++) {
        v[f] = a[s];
        comparison_put(&c, 0, s, v);
        v[f] = b[s];
        comparison_put(&c, 1, s, v);
    }
    free(v);
    return c;
}

static void close_to(double got, double want)
{
    if (got - want > 5e-5 || want - got > 5e-5)
        fail_msg("%.6f, not %.6f", got, want);
}

// Seeds differ by 10, the variants by 1: only the paired difference shows it.
static void test_differences_are_taken_seed_by_seed(void **state)
{
    (void)state;
    const double a[] = {10, 20, 30, 40}, b[] = {9.1, 18.9, 29.0, 39.0};
    struct comparison c = two_variants(a, b, 4, "wait_mean_s");
    size_t f = (size_t)(figure_find("wait_mean_s") - figures);
    struct stat_interval m = comparison_mean(&c, 1, f), d = comparison_difference(&c, 1, f);
    close_to(m.mean, 24);
    close_to(m.half, 3.18245 * 12.884357 / 2); // s of 9.1, 18.9, 29, 39
    close_to(d.mean, -1);
    close_to(d.half, 3.18245 * 0.0816497 / 2);
    assert_int_equal(comparison_verdict(&c, 1, f), 1); // less waiting is better
    assert_int_equal(comparison_verdict(&c, 0, f), 0);
    struct buf t = BUF_INIT(PAGE_BYTES_MAX);
    comparison_text(&t, &c);
    assert_non_null(strstr(t.v, "-1.0 +-0.1 better"));
    buf_clear(&t);
    comparison_json(&t, &c);
    json_t *j = json_loadb(t.v, t.n, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(j);
    json_decref(j);
    buf_clear(&t);
    comparison_csv(&t, &c);
    assert_non_null(strstr(t.v, "wait_mean_s,s,\"sec,ond\",4,24,"));
    buf_deinit(&t);
    comparison_deinit(&c);
}

static void test_a_difference_that_may_be_chance_is_no_verdict(void **state)
{
    (void)state;
    const double a[] = {10, 20, 30, 40}, b[] = {12, 17, 33, 35};
    struct comparison c = two_variants(a, b, 4, "wait_mean_s");
    assert_int_equal(comparison_verdict(&c, 1, (size_t)(figure_find("wait_mean_s") - figures)), 0);
    comparison_deinit(&c);
}

static void test_the_page_of_a_comparison(void **state)
{
    (void)state;
    const double a[] = {0.5, 0.6}, b[] = {0.8, 0.9};
    struct comparison c = two_variants(a, b, 2, "heat_match");
    struct sim_result r = made();
    struct buf page = BUF_INIT(PAGE_BYTES_MAX);
    page_html(&page, &r, &c);
    assert_non_null(strstr(page.v, "heat match (more is better)"));
    assert_int_equal(pictures_of(&page), 13); // one more: the others do not tell them apart
    assert_null(strstr(page.v, "nan"));
    buf_deinit(&page);
    sim_result_deinit(&r);
    comparison_deinit(&c);
}

// Labels of an axis in their order, from its first grid line on.
static void labels_of(const char *svg, const char *anchor, char (*out)[32], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        svg = strstr(svg, anchor);
        assert_non_null(svg);
        svg += strlen(anchor);
        snprintf(out[i], 32, "%.*s", (int)strcspn(svg, "<"), svg);
    }
}

// "1, 1, 1.001" is no axis: a PUE differs in its fourth digit.
static void test_neighbours_on_an_axis_differ(void **state)
{
    (void)state;
    const double a[] = {1.0004, 1.0005}, b[] = {1.0014, 1.0015};
    struct comparison c = two_variants(a, b, 2, "pue");
    struct sim_result r = made();
    struct buf page = BUF_INIT(PAGE_BYTES_MAX);
    char label[3][32];
    page_html(&page, &r, &c);
    labels_of(strstr(page.v, "<figcaption>PUE"), "text-anchor=\"middle\">", label, 3);
    for (int i = 1; i < 3; i++)
        assert_true(strtod(label[i], NULL) > strtod(label[i - 1], NULL));
    assert_string_equal(label[1], "1.0000");
    chart_number(label[0], sizeof label[0], -1e-18, 0.5);
    assert_string_equal(label[0], "0.0");
    chart_number(label[0], sizeof label[0], 250000, 50000);
    assert_string_equal(label[0], "250000");
    chart_number(label[0], sizeof label[0], 0.00025, 0.00005);
    assert_string_equal(label[0], "0.00025");
    buf_deinit(&page);
    sim_result_deinit(&r);
    comparison_deinit(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_is_json),
        cmocka_unit_test(test_csv_has_a_field_for_each_heading),
        cmocka_unit_test(test_classes_are_the_same_in_tables_and_json),
        cmocka_unit_test(test_the_page_stands_alone),
        cmocka_unit_test(test_the_worst_of_each_kind_is_drawn),
        cmocka_unit_test(test_a_setpoint_that_never_changes_is_seen_over_months),
        cmocka_unit_test(test_the_worst_groups_are_drawn),
        cmocka_unit_test(test_tables_slide_and_say_so),
        cmocka_unit_test(test_the_page_says_what_its_words_mean),
        cmocka_unit_test(test_a_result_of_nothing),
        cmocka_unit_test(test_the_summary_says_what_matters),
        cmocka_unit_test(test_the_worst_room_is_not_better_than_the_mean),
        cmocka_unit_test(test_a_summary_of_many_tanks_is_short),
        cmocka_unit_test(test_differences_are_taken_seed_by_seed),
        cmocka_unit_test(test_a_difference_that_may_be_chance_is_no_verdict),
        cmocka_unit_test(test_the_page_of_a_comparison),
        cmocka_unit_test(test_neighbours_on_an_axis_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
