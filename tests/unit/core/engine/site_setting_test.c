// SPDX-License-Identifier: Apache-2.0
// What operators say of a site: read, changed key by key, written as it reads back, refused with the key.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "core/engine/site_setting.h"

static const char whole[] = "country = FR\n"
                            "position = 48.857,-2.352\n"
                            "link_mbit_s = 100\n"
                            "latency_ms = 12\n"
                            "disk_free_mb = 200000\n"
                            "tariff = mon-fri 06:00 0.2146, mon-fri 22:00 0.1696, sat-sun 00:00 -0.05\n"
                            "carbon = 2026-01-01T00:00:00Z 60 54 52 60\n"
                            "weather = 2026-01-01T00:00:00Z 30 7.5 -0.1 12\n"
                            "circuits = east 3500 room-1 room-2, west 2300.5 room-3, spare 100\n"
                            "carbon_price = 80\n"
                            "other_heat = 0.09 pool-1 tank-2, 0.125 hall\n";

static struct site_setting read_ok(const char *text)
{
    struct site_setting s = {0};
    struct err e = ERR_NULL;
    if (site_setting_read(&s, text, &e) < 0)
        fail_msg("%s", e.text);
    return s;
}

static void the_normal_form_reads_back_as_itself(void **state)
{
    (void)state;
    struct site_setting s = read_ok(whole);
    struct buf text = BUF_INIT(4096);
    site_setting_write(&s, &text);
    assert_string_equal(buf_str(&text), whole);
    assert_int_equal(s.lon_mdeg, -2352);
    assert_int_equal(s.tariff[2].ueur_per_kwh, -50000);
    assert_int_equal(site_circuit_of(&s, "room-3"), 2);
    assert_int_equal(site_circuit_of(&s, "room-4"), 0);
    int64_t ueur = 0;
    assert_int_equal(s.carbon_ueur_per_g, 80);
    assert_true(site_other_heat_of(&s, "tank-2", &ueur) && ueur == 90000);
    assert_true(site_other_heat_of(&s, "hall", &ueur) && ueur == 125000);
    assert_false(site_other_heat_of(&s, "room-1", &ueur));
    buf_deinit(&text);
    site_setting_deinit(&s);
}

static void what_is_not_named_stays_and_an_empty_value_forgets(void **state)
{
    (void)state;
    struct site_setting s = read_ok(whole);
    struct err e = ERR_NULL;
    assert_int_equal(site_setting_read(&s, "tariff =\ncountry=no\r\n\ncircuits =", &e), 0);
    assert_int_equal(s.n_tariff, 0);
    assert_int_equal(s.n_circuits + s.n_zones, 0);
    assert_string_equal(s.country, "NO");
    assert_int_equal(s.carbon.n, 3);
    assert_int_equal(site_setting_read(&s, "country = SE\ncarbon = soon", &e), -EINVAL);
    assert_string_equal(s.country, "NO"); // nothing of a text that is wrong
    assert_int_equal(s.carbon.n, 3);
    site_setting_deinit(&s);
}

static int64_t price(const struct site_setting *s, const char *date, int32_t offset_min, const char *until)
{
    int64_t now = 0, next = 0, ueur = 0;
    house_ms got;
    assert_true(date_parse(date, &now) && date_parse(until, &next));
    assert_true(site_tariff_at(s, offset_min, HOUSE_MS(now), &ueur, &got));
    assert_int_equal(got.v, next);
    return ueur;
}

static void a_tariff_goes_by_the_local_week(void **state)
{
    (void)state;
    struct site_setting s = read_ok(whole);
    // 2 January 2026 is a Friday.
    assert_int_equal(price(&s, "2026-01-02T05:59:59Z", 0, "2026-01-02T06:00:00Z"), 169600);
    assert_int_equal(price(&s, "2026-01-02T06:00:00Z", 0, "2026-01-02T22:00:00Z"), 214600);
    assert_int_equal(price(&s, "2026-01-02T05:30:00Z", 60, "2026-01-02T21:00:00Z"), 214600);
    assert_int_equal(price(&s, "2026-01-02T23:00:00Z", 0, "2026-01-03T00:00:00Z"), 169600);
    assert_int_equal(price(&s, "2026-01-05T03:00:00Z", 0, "2026-01-05T06:00:00Z"), -50000); // Sunday's still
    int64_t ueur;
    house_ms until; // a clock that begins in 1970 looks at the week before
    assert_true(site_tariff_at(&s, -60, HOUSE_MS(0), &ueur, &until));
    assert_int_equal(ueur, 169600); // Wednesday, 23 o'clock
    site_setting_deinit(&s);
    assert_false(site_tariff_at(&s, 0, HOUSE_MS(0), &ueur, &until));
    assert_int_equal(until.v, INT64_MAX);
}

static void a_series_is_known_while_it_lasts(void **state)
{
    (void)state;
    struct site_setting s = read_ok(whole);
    int32_t v = 0;
    house_ms until, start = s.carbon.start;
    assert_false(site_series_at(&s.carbon, house_add(start, -1), &v, &until));
    assert_int_equal(until.v, start.v);
    assert_true(site_series_at(&s.carbon, house_add(start, 3600000), &v, &until));
    assert_int_equal(v, 52);
    assert_int_equal(until.v, start.v + 7200000);
    assert_false(site_series_at(&s.carbon, house_add(start, 3 * 3600000), &v, &until));
    assert_int_equal(until.v, INT64_MAX);
    site_setting_deinit(&s);
}

static void what_makes_no_sense_is_refused_with_its_key(void **state)
{
    (void)state;
    static const struct {
        const char *text, *part;
    } row[] = {
        {"colour = blue", "colour: is not known"},
        {"country", "country: is not known"},
        {"country = FRA", "country: must be two letters"},
        {"country = F1", "country: must be two letters"},
        {"position = 91,0", "position: must be latitude"},
        {"position = 9", "position: must be latitude"},
        {"position = 1.2345,0", "position: must be latitude"},
        {"link_mbit_s = 0", "link_mbit_s: must be a whole number from 1"},
        {"link_mbit_s = 1 2", "link_mbit_s: must be a whole number"},
        {"latency_ms = 10001", "latency_ms: must be a whole number from 0 to 10000"},
        {"disk_free_mb = -1", "disk_free_mb: must be a whole number"},
        {"tariff = 0.2", "tariff: step 1"},
        {"tariff = daily 24:00 0.2", "tariff: step 1"},
        {"tariff = daily 06:00 0.2,", "tariff: step 2"},
        {"tariff = daily 06:00 0.2 0.3", "tariff: must be steps"},
        {"tariff = mon_fri 06:00 1001", "tariff: step 1"},
        {"carbon = 2026-01-01T00:00:00Z 60", "carbon: has no values"},
        {"carbon = 2026-01-01T00:00:00Z 0 50", "carbon: must begin"},
        {"carbon = 2026-01-01T00:00:00Z 60 50 5001", "carbon: value 2"},
        {"weather = 2026-01-01T00:00:00Z 60 1 2 warm", "weather: value 3"},
        {"circuits = east", "circuits: number 1"},
        {"circuits = east 10 r, east 20", "circuits: east is there twice"},
        {"circuits = east 10 r, west 20 r", "circuits: zone r hangs on two"},
        {"circuits = ea/st 10", "circuits: number 1"},
        {"carbon_price = 10001", "carbon_price: must be a whole number from 0 to 10000"},
        {"carbon_price = cheap", "carbon_price: must be"},
        {"other_heat = hall", "other_heat: must be euro per kWh and names"},
        {"other_heat = -0.1 hall", "other_heat: must be"},
        {"other_heat = 0.1 ha/ll", "other_heat: must be"},
        {"other_heat = 0.1 hall, 0.2 hall", "other_heat: zone hall is there twice"},
    };
    for (size_t i = 0; i < ARRAY_LEN(row); i++) {
        struct site_setting s = {0};
        struct err e = ERR_NULL;
        assert_int_equal(site_setting_read(&s, row[i].text, &e), -EINVAL);
        if (!strstr(e.text, row[i].part))
            fail_msg("\"%s\": \"%s\" does not say \"%s\"", row[i].text, e.text, row[i].part);
        assert_int_equal(s.n_tariff + s.n_circuits + s.carbon.n, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_normal_form_reads_back_as_itself),
        cmocka_unit_test(what_is_not_named_stays_and_an_empty_value_forgets),
        cmocka_unit_test(a_tariff_goes_by_the_local_week),
        cmocka_unit_test(a_series_is_known_while_it_lasts),
        cmocka_unit_test(what_makes_no_sense_is_refused_with_its_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
