// SPDX-License-Identifier: Apache-2.0
// `ondol sim` and files that are truncated, empty, in the wrong unit or meant to hurt: it ends with 2 and one
// sentence that begins with file and line of the scenario, names the file that is at fault and its line, and
// says what is wrong. Of every reader each beginning of a good file is either read or refused likewise.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/when.h"
#include "cli/cli.h"
#include "cli/sim_load.h"
#include "cli/sim_out.h"
#include "core/work/swf.h"
#include "device/slurp.h"
#include "sim/read/batsim.h"
#include "sim/read/workflow.h"
#include "sim/scenario.h"
#include "sim/work_swf.h"
#include "world/calendar.h"
#include "world/csv.h"
#include "world/draw.h"
#include "world/series.h"

#define SITE  "[scenario]\ndays = 0.0625\n[site a]\nweather = 5\n"
#define ZONES "[zones z]\nsite = a\n"
#define WORK  "[work w]\nclass = flex\n"
#define WEEK                  "[site a]\nweather = 5\n"
#define MARK                  "\xef\xbb\xbf"
#define CARBON_ROWS(one, two) "utc_hour_start,carbon_intensity_gco2e_per_kwh\n" one ",50\n" two ",60\n"

static char dir[64];

static void put(const char *name, const char *data, size_t n)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, n), n);
    close(fd);
}

// What `ondol sim` of this scenario says on its standard error, and its exit code.
static int sim(const char *scenario, char *said, size_t room)
{
    char path[200], out[200], err[200];
    snprintf(path, sizeof path, "%s/s.ini", dir);
    snprintf(out, sizeof out, "%s/out", dir);
    snprintf(err, sizeof err, "%s/err", dir);
    put("s.ini", scenario, strlen(scenario));
    char *argv[] = {"sim", path, "--quiet", "--json", NULL};
    fflush(stdout);
    fflush(stderr);
    int old[2] = {dup(1), dup(2)};
    int to[2] = {open(out, O_WRONLY | O_CREAT | O_TRUNC, 0600),
                 open(err, O_WRONLY | O_CREAT | O_TRUNC, 0600)};
    for (int i = 0; i < 2; i++) {
        assert_true(old[i] >= 0 && to[i] >= 0 && dup2(to[i], i + 1) == i + 1);
        close(to[i]);
    }
    int code = cmd_sim(4, argv);
    fflush(stdout);
    fflush(stderr);
    for (int i = 0; i < 2; i++) {
        dup2(old[i], i + 1);
        close(old[i]);
    }
    FILE *f = fopen(err, "r");
    assert_non_null(f);
    size_t n = fread(said, 1, room - 1, f);
    said[n] = '\0';
    fclose(f);
    return code;
}

// "ondol: DIR/s.ini:LINE: ...", one line, with these words in it.
static void refused(const char *scenario, const char *words)
{
    char said[4096], front[100];
    int n = snprintf(front, sizeof front, "ondol: %s/s.ini:", dir);
    int code = sim(scenario, said, sizeof said);
    if (code != CLI_USAGE || strncmp(said, front, (size_t)n) != 0 || !isdigit((unsigned char)said[n]) ||
        !strstr(said, words) || strchr(said, '\n') != said + strlen(said) - 1)
        fail_msg("%s: exit code %d, and not \"%s\" but: %s", scenario, code, words, said);
}

static void a_scenario_that_makes_no_sense(void **state)
{
    (void)state;
    static const char *const row[][2] = {
        {SITE ZONES "count = 2000000000\n", ":7: [zones z] count: 2000000000: is not within 1 to 1e+06"},
        {SITE ZONES "count = 1000000\nboards = 240\n", "more than 4,000,000 boards"},
        {"[scenario]\ndays = 36525\n" ZONES, ":2: [scenario] days: 36525: is not within 0.01 to 3660"},
        {"[scenario]\ndays = 7 d\n" ZONES, ":2: [scenario] days: 7 d: is not a number"},
        {"[scenario]\nstart = 1066-10-14\n" SITE ZONES, ":2: [scenario] start: 1066-10-14: is not a date"},
        {SITE "calendar = french\n[scenario]\nstart = 9999-12-31\n" ZONES, "calendar: the year 9999 ("},
        {SITE "[scenario]\npolicy = nothing\n" ZONES, "[scenario] policy: nothing: there is no such policy"},
        {SITE "cap_w = 3 kW\n" ZONES, ":5: [site a] cap_w: 3 kW: is not a number"},
        {SITE "weather_shift_k = 1e999\n" ZONES, "weather_shift_k: 1e999: is not"},
        {SITE "utc_offset_min = 2147483648\n" ZONES, "utc_offset_min: 2147483648: is not within"},
        {SITE ZONES "setpoint = 293\n", ":7: [zones z] setpoint: 293: is not within 7 to 80"},
        {SITE ZONES "floor_m2 = -20\n", "floor_m2: -20: is not 4 to 2000"},
        {SITE ZONES
         "[board b]\ncurve = 1:1 2:2 3:3 4:4 5:5 6:6 7:7 8:8 9:9 10:9 11:9 12:9 13:9 14:9 15:9 16:9 17:9\n",
         "more than 16 points"},
        {SITE ZONES WORK "accounts = 4294967296\n", "accounts: 4294967296: is not within 1 to 10000"},
        {SITE ZONES "[fault f]\nkind = board\nper_day = 1e9\n", "per_day: 1e9: is not within 0 to 1000"},
        {SITE ZONES "[fault f]\nkind = board\n", ":8: [fault f]: it never happens"},
        {SITE ZONES "kind = network\nsetpoint = 50\n", ":8: [zones z] setpoint: a network has no such key"},
        {SITE ZONES "kind = network\ndemand_cold_c = 20\n",
         ":6: [zones z] demand_mild_c: 18 is colder than demand_cold_c, 20"},
        {SITE ZONES "kind = network\nreturn_c = 60\n", "return_c: 60 is not 1 K below the supply, 60 degC"},
        {SITE ZONES "kind = tank\ndraw_l_day = 0\n",
         ":8: [zones z] draw_l_day: 0: is not within 1 to 100000"},
        {SITE ZONES "include = s.ini\n", "include: there is no such key"},
        {"\xef\xbb\xbf\xff\xfe\n", ":1: is neither [section] nor key = value"},
        {"[site a", ":1: is neither [section] nor key = value"},
        // nothing that a terminal obeys gets there
        {SITE "\x1b[31mcap = 5\n" ZONES, ":5: [site a] \\x1b[31mcap: there is no such key"},
        {SITE "cap_w = \xc2\x9b"
              "5\n" ZONES,
         ":5: [site a] cap_w: \\xc2\\x9b5: is not a number"},
        {"[scenario]\ntitle = a\x1b]0;b\x07\n" SITE ZONES, ":2: [scenario] title: holds a byte 27"},
        {"[scenario]\ntitle = \xff\n" SITE ZONES, ":2: [scenario] title: is no UTF-8 text"},
    };
    for (size_t i = 0; i < ARRAY_LEN(row); i++) {
        char said[4096];
        if (strncmp(row[i][1], "more than 4", 11)) {
            refused(row[i][0], row[i][1]);
        } else {
            assert_int_equal(sim(row[i][0], said, sizeof said), CLI_USAGE); // of the whole file: no line
            assert_non_null(strstr(said, row[i][1]));
        }
    }
}

// The file that the scenario names, what it holds, and what is said of it.
static void a_file_that_the_scenario_names(void **state)
{
    (void)state;
    static const char nul[] = "utc_hour_start,eur_per_kwh\n2020-01-01T00:00Z,0\0001\n";
    static const struct {
        const char *scenario, *text, *words;
        size_t n; // 0: of the text
    } row[] = {
#define EPW "[scenario]\ndays = 0.0625\n[site a]\nweather = f\n" ZONES
        {EPW, "", ":4: [site a]: f: line 1", 0},
        {EPW, "LOCATION,Paris", ":4: [site a]: f: line ", 0},
        {EPW, "\x7f\x45LF\1\2\3\n\n\n\n\n\n\n\n\n\n", "f: line 1", 0},
        {EPW, "<html>404 Not Found</html>\n", "f: line 1", 0},
#define CARBON SITE "carbon_file = f\n" ZONES
        {CARBON, "", "[site a]: f: line 1: column 1: no line with the names of the columns", 0},
        {CARBON, "utc_hour_start,carbon_intensity_gco2e_per_kwh\n", "f: line 1: utc_hour_start: 0 rows", 0},
        {CARBON, "utc_hour_start,carbon\n2020-01-01T00:00Z,5\n",
         "f: line 1: carbon_intensity_gco2e_per_kwh: no such column", 0},
        {CARBON,
         "utc_hour_start,carbon_intensity_gco2e_per_kwh\n2020-01-01T00:00Z,52 g\n2020-01-01T01:00Z,5\n",
         "f: line 2: carbon_intensity_gco2e_per_kwh: \"52 g\" is not a number", 0},
        {CARBON,
         "utc_hour_start,carbon_intensity_gco2e_per_kwh\n2020-01-01T00:00Z,5\n2020-01-01T01:00Z,0.052e6\n",
         "f: line 3: carbon_intensity_gco2e_per_kwh: 52000 (0 to 5000)", 0},
        {CARBON, "utc_hour_start,carbon_intensity_gco2e_per_kwh\n2020-01-01T00:00Z,5\n1999-01-01T00:00Z,5\n",
         "f: line 3: utc_hour_start: goes back in time", 0},
        {CARBON, "utc_hour_start,carbon_intensity_gco2e_per_kwh\n0001-01-01T00:00Z,5\n9999-01-01T00:00Z,5\n",
         "f: line 3: utc_hour_start: leaves a gap", 0},
        {CARBON, "utc_hour_start,carbon_intensity_gco2e_per_kwh\n2020-01-01T00:00Z,\"5\n",
         "a quote is not closed", 0},
        {CARBON, "utc_hour_start,carbon_intensity_gco2e_per_kwh\r2020-01-01,5\r2020-01-02,5\r",
         "f: line 1: column 1: a carriage return within it: lines of old Macs end so (LF or CR LF are read)",
         0},
        {CARBON, "utc_hour_start,carbon_intensity_gco2e_per_kwh\r\n2020-01-01,5\r2020-01-02,5\r\n",
         "f: line 2: column 1: a carriage return within it", 0},
#define TARIFF SITE "tariff_file = f\n" ZONES
        {TARIFF, nul, "f: line 2: column 1: a NUL byte", sizeof nul - 1},
        {TARIFF, "utc_hour_start,eur_per_kwh\n2018-01-01T00:00Z,-1.5\n2018-01-01T01:00Z,0\n",
         "f: line 2: eur_per_kwh: -1.5 (-1 to 10)", 0},
        {TARIFF, "utc_hour_start;eur_per_kwh\n2020-01-01T00:00Z;0,21\n", "f: line 2: column 2: one too many",
         0},
#define SCHOOL SITE "holidays_file = f\nholidays_zone = zone_c\n" ZONES
        {SCHOOL, "date,zone_c\n2019-02-30,True\n", "f: line 2: date: \"2019-02-30\" is not a moment", 0},
        {SCHOOL, "date,zone_c\n2019-02-20,perhaps\n", "f: line 2: zone_c: \"perhaps\" (True or False)", 0},
        {SCHOOL, "date,zone_c\n0001-01-01,True\n", "f: line 2: date: the year 1", 0},
        {SITE "holidays_file = f\n" ZONES, "date,zone_c,zone_b\n2019-02-20,True,False\n",
         "f: line 1: a column of True and False, as zone_c: which one is meant? (add a line: holidays_zone = "
         "zone_c)",
         0},
        // cut at the end of a row
        {WEEK "carbon_file = f\n" ZONES, CARBON_ROWS("1999-01-01T00:00Z", "1999-01-01T01:00Z"),
         ":3: [site a] carbon_file: f: line 3: utc_hour_start: ends after 2 h from 1999-01-01T00:00:00Z: the "
         "run is "
         "7 days from 2018-01-01T00:00:00Z on (rows for all of it, or for whole days, which repeat)",
         0},
        {WEEK "carbon_file = f\n" ZONES, CARBON_ROWS("2018-01-05T00:00Z", "2018-01-06T06:00Z"),
         "f: line 3: utc_hour_start: ends after 2 days 12 h from 2018-01-05", 0},
        {WEEK "tariff_file = f\n" ZONES,
         "utc_hour_start,eur_per_kwh\n2018-01-01T00:00Z,0\n2018-01-01T00:15Z,0\n",
         ":3: [site a] tariff_file: f: line 3: utc_hour_start: ends after 30 min from 2018-01-01T00:00:00Z",
         0},
        {WEEK "[zones z]\nsite = a\nkind = tank\nsetpoint = 60\ndraw_file = f\n", "60\n60\n\n",
         ":7: [zones z] draw_file: f: line 2: flow: ends after 2 min: the run is 7 days", 0},
        {WEEK "[zones z]\nsite = a\nkind = network\ndemand_file = f\n",
         "time,demand\n2018-01-01,1\n2018-01-01T18:00,2\n",
         ":6: [zones z] demand_file: f: line 3: demand: ends after 1 day 12 h from", 0},
#define DRAW SITE ZONES "kind = tank\nsetpoint = 60\ndraw_file = f\n"
        {DRAW, "", ":6: [zones z]: f: line 1: flow: ", 0},
        {DRAW, "60\n1.5\n", "f: line 2: flow: ", 0},
        {DRAW, "60\n99999999999999999999\n", "f: line 2: flow: ", 0},
        {DRAW, "60 l/h\n", "f: line 1: flow: ", 0},
#define SWF SITE ZONES WORK "kind = swf\nfile = f\n"
        {SWF, "", ":8: [work w]: f: line 1: there are no jobs", 0},
        {SWF, "; Version: 2.2\n; MaxJobs: 0\n", "f: line 1: there are no jobs", 0},
        {SWF, "1 0 -1 1194\n", ":8: [work w]: f: line 1: ", 0},
        {SWF, "1 0 -1 1e99 16 -1 -1 16 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1\n", "f: line 1: ", 0},
        {SWF, "1 -9223372036854775808 -1 5 16 -1 -1 16 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1\n", "f: line 1: ", 0},
#define BATSIM SITE ZONES WORK "kind = batsim\nfile = f\n"
        {BATSIM, "", ":8: [work w]: f: line 1: ", 0},
        {BATSIM, "{\"jobs\": [{\"id\": 1, \"subtime\": 0,\n\"profile\": \"p\"}]", "f: line 2", 0},
        {BATSIM, "{\"jobs\": {}, \"profiles\": []}", "f: line 1: ", 0},
        {BATSIM, "{\"jobs\": [{\"id\": 1, \"subtime\": 1e300, \"profile\": \"p\"}], \"profiles\": {}}",
         "f: line 1: jobs[0].subtime: ", 0},
        {BATSIM,
         "{\"jobs\": [{\"id\": 1, \"subtime\": 1, \"profile\": \"p\"}, {\"id\": 2, \"subtime\": 1, "
         "\"profile\": \"p\"},\n"
         "{\"id\": \"1\", \"subtime\": 1, \"profile\": \"p\"}], \"profiles\": {\"p\": {\"type\": \"delay\", "
         "\"delay\": 9}}}",
         "f: line 2: jobs[2]: id \"1\" stands twice, first in jobs[0]", 0},
        {BATSIM,
         "{\"jobs\": [\n{\"id\": 1, \"subtime\": 1, \"res\": 1.5, \"profile\": \"p\"}],"
         "\"profiles\": {\"p\": {\"type\": \"delay\", \"delay\": 9}}}",
         "f: line 2: jobs[0].res: must be a whole number, is 1.5", 0},
        {BATSIM, "{\"a\": {\"start\": 1, \"end\": 2},\n\"a\": {\"start\": 3, \"end\": 4}}",
         "f: line 2: not JSON: duplicate object key", 0},
#define FLOW SITE ZONES WORK "kind = wfformat\nfile = f\n"
        {FLOW, "{}", "f: line 1: ", 0},
        {FLOW, "[[[[[[[[", "f: line 1: ", 0},
        // gzip: cut after its head, and one whose sum is wrong
        {SWF, "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03", "f: damaged or cut short", 10},
        {SWF, "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x03\x00\x01\x02\x03\x04\x00\x00\x00\x00",
         "f: damaged", 20},
    };
    for (size_t i = 0; i < ARRAY_LEN(row); i++) {
        put("f", row[i].text, row[i].n ? row[i].n : strlen(row[i].text));
        refused(row[i].scenario, row[i].words);
    }
}

static void a_file_that_is_none(void **state)
{
    (void)state;
    char path[200];
    snprintf(path, sizeof path, "%s/folder", dir);
    assert_int_equal(mkdir(path, 0700), 0);
    refused(SITE "carbon_file = folder\n" ZONES, "folder: Is a directory");
    refused(SITE "carbon_file = nowhere\n" ZONES, "[site a]: nowhere: there is no such file");
    refused(SITE ZONES WORK "kind = swf\n", "[work w]: it says no file");
    refused(SITE "carbon_file = /dev/zero\n" ZONES, "/dev/zero: more than ");
}

// What is no error: it runs, and says so in lines like "ondol: DIR/s.ini:5: ...", one for each `words`.
static void warned(const char *scenario, const char *file, const char *const *words, size_t n)
{
    char said[4096], front[100];
    int k = snprintf(front, sizeof front, "ondol: %s/s.ini", dir);
    put("f", file, strlen(file));
    assert_int_equal(sim(scenario, said, sizeof said), CLI_DONE);
    char *line = said;
    for (size_t i = 0; i < n; i++) {
        char *stop = strchr(line, '\n');
        if (!stop)
            fail_msg("%s: not \"%s\" but: %s", scenario, words[i], said);
        *stop = '\0';
        if (strncmp(line, front, (size_t)k) != 0 || !strstr(line, words[i]))
            fail_msg("%s: not \"%s\" but: %s", scenario, words[i], line);
        line = stop + 1;
    }
    if (*line)
        fail_msg("%s: also: %s", scenario, line);
}

static void what_is_hardly_meant_is_said_and_runs(void **state)
{
    (void)state;
    static const char day[] = "utc_hour_start,carbon_intensity_gco2e_per_kwh\n1999-01-01T00:00Z,50\n"
                              "1999-01-01T12:00Z,60\n";
    static const struct {
        const char *scenario, *file;
        const char *words[3];
        size_t n;
    } row[] = {
        {SITE "carbon_file = f\n" ZONES,
         day,
         {":5: [site a] carbon_file: f covers 1 day from 1999-01-01 and repeats"},
         1},
        {SITE "carbon_file = f\n" ZONES "[site b]\ncarbon_file = f\n[zones y]\nsite = b\n",
         day,
         {":5: [site a] carbon_file: f covers 1 day from 1999-01-01 and repeats"}, // once
         1},
        {SITE ZONES "kind = tank\nsetpoint = 60\ndraw_file = f\ndraw_file_step_s = 3600\n",
         "60\n0\n",
         {0},
         0},
        {SITE "carbon_file = f\n" ZONES,
         CARBON_ROWS("2018-01-01T00:00Z", "2018-01-01T01:00Z"),
         {0},
         0}, // it is all there
        {SITE "carbon_file = f\n" ZONES,
         "utc_hour_start,carbon_intensity_gco2e_per_kwh\n2018-01-01,0.05\n2018-01-02,1.9\n",
         {":5: [site a] carbon_file: f: all values are below 2: are these kilograms? (grams"},
         1},
        {SITE "carbon_file = f\n" ZONES,
         "utc_hour_start,carbon_intensity_gco2e_per_kwh\n2018-01-01,0\n2018-01-02,0\n",
         {0},
         0},
        {SITE "carbon_g_kwh = 0.052\n" ZONES,
         "",
         {":5: [site a] carbon_g_kwh: is below 2: are these kilograms?"},
         1},
        {SITE "carbon_g_kwh = 0\n" ZONES, "", {0}, 0},
        {SITE "tariff_file = f\n" ZONES,
         "utc_hour_start,eur_per_kwh\n2018-01-01T00:00Z,-0.2\n2018-01-01T01:00Z,0.1\n",
         {0},
         0},
        {SITE "tariff_eur_kwh = -0.05\ntariff_night_eur_kwh = -1\nnight_to_hour = 6\n" ZONES, "", {0}, 0},
        {SITE ZONES WORK "kind = random\nrun_s = 5\nstretch = 2\nfile = nowhere\n",
         "",
         {":10: [work w] run_s: has no effect with kind = random",
          ":11: [work w] stretch: has no effect with kind = random",
          ":12: [work w] file: has no effect with kind = random"},
         3},
        {SITE ZONES WORK "data_gb = 5\nkind = backlog\nrepeat = yes\n",
         "",
         {":9: [work w] data_gb: has no effect with kind = backlog", ":11: [work w] repeat: has no effect"},
         2},
        {SITE ZONES WORK "kind = swf\nfile = f\ndata_sets = 5\n",
         "1 0 -1 60 16 -1 -1 16 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1\n",
         {":11: [work w] data_sets: has no effect with kind = swf"},
         1},
        {SITE ZONES WORK "kind = wfformat\nfile = f\n",
         "{\"workflow\": {\"specification\": {\"tasks\": [{\"name\": \"n\", \"id\": \"a\"}, {\"name\": "
         "\"n\", \"id\": \"b\"}]},"
         "\"execution\": {\"tasks\": [{\"id\": \"a\", \"runtimeInSeconds\": 9, \"memoryInBytes\": "
         "34359738369},"
         "{\"id\": \"b\", \"runtimeInSeconds\": 9, \"memoryInBytes\": 34359738368}]}}}",
         {":10: [work w] file: f: 1 of 2 tasks need up to 32769 MB, no board of any zone has more than "
          "32768"},
         1},
        {SITE "holidays_zone = zone_c\n" ZONES, "", {":5: [site a] holidays_zone: has no effect without"}, 1},
        {SCHOOL, "date,zone_c\n2018-01-01,False\n", {0}, 0},
        {SCHOOL,
         "date,zone_c\n2017-12-31,True\n",
         {":5: [site a] holidays_file: f says nothing of 1 of 1 days, the first 2018-01-01: usual weeks "
          "there"},
         1},
        {SITE "holidays_file = f\n" ZONES, "date,name\n2018-01-01,x\n", {0}, 0}, // a list of them
        // a byte-order mark is none of the text
        {SITE ZONES WORK "kind = swf\nfile = f\n",
         MARK "1 0 -1 60 16 -1 -1 16 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1\n",
         {0},
         0},
        {SITE ZONES WORK "kind = batsim\nfile = f\n",
         MARK "{\"jobs\": [{\"id\": 1, \"subtime\": 1, \"profile\": \"p\"}], \"profiles\": {\"p\": "
              "{\"type\": \"delay\", "
              "\"delay\": 9}}}",
         {0},
         0},
        {SITE "tariff_file = f\n" ZONES,
         MARK "utc_hour_start,eur_per_kwh\n2018-01-01,0.1\n2018-01-02,0.1\n",
         {0},
         0},
        {SITE ZONES "kind = tank\nsetpoint = 60\ndraw_file = f\ndraw_file_step_s = 86400\n",
         MARK "60\n",
         {0},
         0},
        {MARK SITE ZONES, "", {0}, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(row); i++)
        warned(row[i].scenario, row[i].file, row[i].words, row[i].n);
}

// A file that changes the kind changes what has an effect.
static void what_has_an_effect_is_judged_when_all_files_are_laid(void **state)
{
    (void)state;
    char base[200], over[200];
    struct sim_loaded l;
    struct err e = ERR_NULL;
    static const char s[] = SITE ZONES WORK "run_s = 5\n", o[] = "[work w]\nkind = random\nshare = 0.1\n";
    put("s.ini", s, sizeof s - 1);
    put("o.ini", o, sizeof o - 1);
    snprintf(base, sizeof base, "%s/s.ini", dir);
    snprintf(over, sizeof over, "%s/o.ini", dir);
    for (int n = 1; n <= 2; n++) {
        assert_int_equal(sim_load(&l, (const char *const[]){base, over}, n, NULL, NULL, &e), 0);
        const char *said =
            strstr(buf_str(&l.notes), "s.ini:9: [work w] run_s: has no effect with kind = random");
        assert_int_equal(n == 2, said != NULL);
        sim_unload(&l);
    }
}

// One year serves any year, and nothing is said of it; nor of a file that holds more than the run.
static void a_year_serves_any_year(void **state)
{
    (void)state;
    static char year[366 * 40];
    size_t n = (size_t)snprintf(year, sizeof year, "utc_hour_start,carbon_intensity_gco2e_per_kwh\n");
    for (int d = 0; d < 365; d++) {
        struct civil c = civil_from_ms(civil_to_ms(2019, 1, 1 + d, 0, 0, 0));
        n += (size_t)snprintf(year + n, sizeof year - n, "2019-%02d-%02d,50\n", c.month, c.day);
    }
    warned(SITE "carbon_file = f\n" ZONES, year, NULL, 0);
    warned("[scenario]\nstart = 2019-05-05\n" SITE "carbon_file = f\n" ZONES, year, NULL, 0);
    year[n - sizeof "2019-12-31,50"] = '\0'; // a day less: it repeats, but as no year does
    static const char *const words[] = {"f covers 364 days from 2019-01-01 and repeats"};
    warned("[scenario]\nstart = 2018-05-05\n" SITE "carbon_file = f\n" ZONES, year, words, 1);
}

static void a_good_one_runs(void **state)
{
    char said[4096];
    (void)state;
    assert_int_equal(sim(SITE ZONES, said, sizeof said), CLI_DONE);
    assert_string_equal(said, "");
}

// ---- each beginning of a good file

static int read_scenario(const char *text, size_t n, struct err *e)
{
    struct scenario s = SCENARIO_NULL;
    int r = scenario_read(&s, "line ", text, n, e);
    scenario_deinit(&s);
    return r;
}

static int read_series(const char *text, size_t n, struct err *e)
{
    struct csv c;
    struct series s = SERIES_NULL;
    int r = csv_read(&c, text, n, (struct csv_dialect){0}, e);
    if (r == 0)
        r = series_from_csv(&s, &c, "t", "v", 0, 100, e);
    series_deinit(&s);
    csv_deinit(&c);
    return r;
}

static int read_days(const char *text, size_t n, struct err *e)
{
    struct csv c;
    struct calendar days = CALENDAR_NULL;
    int r = csv_read(&c, text, n, (struct csv_dialect){0}, e);
    if (r == 0)
        r = calendar_read(&days, &c, "date", "zone_c", CALENDAR_SCHOOL, e);
    calendar_deinit(&days);
    csv_deinit(&c);
    return r;
}

static int read_draw(const char *text, size_t n, struct err *e)
{
    struct draw d;
    int r = draw_read(&d, text, n, 60000, e);
    draw_deinit(&d);
    return r;
}

static int read_swf(const char *text, size_t n, struct err *e)
{
    struct swf s = SWF_NULL;
    int r = swf_read(&s, text, n, 100, e);
    swf_deinit(&s);
    return r;
}

static int read_platform(const char *text, size_t n, struct err *e)
{
    struct batsim_platform p;
    int r = batsim_platform_json(&p, text, n, e);
    batsim_platform_deinit(&p);
    return r;
}

static int read_xml(const char *text, size_t n, struct err *e)
{
    struct batsim_platform p;
    int r = batsim_platform_xml(&p, text, n, e);
    batsim_platform_deinit(&p);
    return r;
}

static int read_events(const char *text, size_t n, struct err *e)
{
    struct batsim_events v;
    int r = batsim_events_read(&v, text, n, e);
    batsim_events_deinit(&v);
    return r;
}

static int read_jobs(const char *text, size_t n, struct err *e)
{
    struct batsim_jobs j;
    int r = batsim_jobs_read(&j, NULL, -1, text, n, e);
    batsim_jobs_deinit(&j);
    return r;
}

static int read_sizes(const char *text, size_t n, struct err *e)
{
    struct batsim_data d;
    int r = batsim_data_read(&d, text, n, e);
    batsim_data_deinit(&d);
    return r;
}

static int read_flow(const char *text, size_t n, struct err *e)
{
    struct workflow w;
    int r = workflow_read(&w, text, n, e);
    workflow_deinit(&w);
    return r;
}

// Exactly n bytes in memory, so that a read behind them is seen.
static void beginnings(int (*read)(const char *text, size_t n, struct err *e), const char *good)
{
    size_t all = strlen(good);
    for (size_t n = 0; n <= all; n++) {
        struct err e = ERR_NULL;
        char *text = malloc(n ? n : 1);
        memcpy(text, good, n);
        int r = read(text, n, &e);
        if (r && ((r != -EINVAL && r != -ENOENT) || strncmp(e.text, "line ", 5) != 0 || strchr(e.text, '\n')))
            fail_msg("the first %zu bytes of \"%.40s...\": %d: %s", n, good, r, e.text);
        if (r && n == all)
            fail_msg("\"%.40s...\" is not read: %s", good, e.text);
        free(text);
    }
}

static void each_beginning_of_each_kind_is_read_or_refused(void **state)
{
    (void)state;
    beginnings(read_series, "t,v\n2020-01-01T00:00Z,1\n2020-01-01T01:00Z,\"2\"\r\n2020-01-01T02:00Z,4.5\n");
    beginnings(read_days, "date,zone_c\n2019-02-22,False\n2019-02-23,True\n2026-12-31,0\n");
    beginnings(read_draw, "0\n  120\n60\n0\n");
    beginnings(read_swf, "; Version: 2.2\n; UnixStartTime: 1664575200\n"
                         "1 0 -1 1194 16 -1 -1 16 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1\n"
                         "2 5 -1 -1 -1 0.75 -1 8 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1\n");
    beginnings(
        read_platform,
        "{\"qboxes\": [{\"id\": \"box-a\", \"site\": \"north\", \"lan_bw\": \"1Gbps\", \"lan_lat\": \"1ms\", "
        "\"wan_bw\": \"100Mbps\", \"wan_lat\": \"10ms\", \"disk_size\": \"6e12\",\n\"qrads\": [{\"id\": "
        "\"h-2\", \"qmobos\": [\"m-22\", \"m-21\"]}]}],\n\"mobos_numeric_ids\": {\"m-21\": 0, \"m-22\": 1}}");
    beginnings(read_xml,
               "<?xml version='1.0'?>\n<platform version=\"4.1\"><zone id=\"all\" routing=\"Full\">\n"
               "<host id=\"m-1\" speed=\"4000f,1f\" core=\"1\"><prop id=\"watt_per_state\" "
               "value=\"10:160:160,1:1:1\"/>"
               "<prop id=\"site\" value=\"s\"/><prop id=\"qbox\" value=\"b\"/><prop id=\"qrad\" "
               "value=\"h\"/></host>\n"
               "<host id=\"b_disk\" speed=\"0f\"><prop id=\"role\" value=\"storage\"/><prop id=\"size\" "
               "value=\"6e12\"/></host>\n<link id=\"b_lan_link\" bandwidth=\"1Gbps\" latency=\"1ms\"/>"
               "<link id=\"b_wan_link\" bandwidth=\"100Mbps\" latency=\"10ms\"/>\n</zone></platform>");
    beginnings(
        read_events,
        "{\"timestamp\": 0, \"type\": \"qrad_set_target_temperature\", \"qrad\": \"h\", \"new_temperature\": "
        "21.5}\n{\"timestamp\": 3600, \"type\": \"machine_unavailable\", \"resources\": \"0 2-3\"}\n");
    beginnings(read_jobs,
               "{\"jobs\": [{\"id\": \"t_1\", \"subtime\": 60, \"res\": 1, \"profile\": \"p\"},\n{\"id\": 7, "
               "\"subtime\": 0, \"walltime\": 30.5, \"profile\": \"d\"}], \"profiles\": {\"p\": {\"type\": "
               "\"parallel_homogeneous\", \"cpu\": 8000, \"com\": 0}, \"d\": {\"type\": \"delay\", "
               "\"delay\": 12.5}}}");
    beginnings(read_sizes, "{\"id\": \"a\", \"size\": 1000}\n{\"c\": 3, \"d\": \"4e9\"}\n");
    beginnings(read_flow,
               "{\"name\": \"w\", \"schemaVersion\": \"1.5\", \"workflow\": {\"specification\": {\"tasks\": "
               "[{\"name\": "
               "\"n\", \"id\": \"b\", \"parents\": [\"a\"], \"inputFiles\": [\"f\"]},\n{\"name\": \"n\", "
               "\"id\": \"a\", "
               "\"parents\": []}], \"files\": [{\"id\": \"f\", \"sizeInBytes\": 1000}]}, \"execution\": "
               "{\"makespanInSeconds\": 99, \"tasks\": [{\"id\": \"a\", \"runtimeInSeconds\": 10, "
               "\"coreCount\": 4}, "
               "{\"id\": \"b\", \"runtimeInSeconds\": 2.5}]}}}");
}

static void each_beginning_of_each_shipped_scenario_is_read_or_refused(void **state)
{
    (void)state;
    static const char *const names[] = {"balard",  "city",   "farm", "hotwater", "industry", "montrouge",
                                        "network", "nordic", "pool", "school",   "telecom"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char path[400], *text;
        struct err e = ERR_NULL;
        size_t n;
        snprintf(path, sizeof path, ONDOL_SCENARIOS_HERE "/%s.ini", names[i]);
        assert_int_equal(slurp(path, 1 << 20, &text, &n, &e), 0);
        beginnings(read_scenario, text);
        free(text);
    }
}

// Of files that are laid over each other the one is named that has the section last, with its line there; and what it
// names may lie beside it.
static void of_files_laid_over_each_other_the_right_one_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *over, *says; // what is wrong, or "" when the carbon beside it is read
    } row[] = {
        {"# one\n[zones z]\nboard = none\n", "over/o.ini:3: [zones z] board: there is no [board none]"},
        {"[scenario]\nseed = 2\n[site a]\ncarbon_file = none\n", "over/o.ini:4: [site a]: none: there is no"},
        {"[zones z]\nboards = 2\n[zones z]\ntank_l = 300\n",
         "over/o.ini:4: [zones z] tank_l: a room has no such key"},
        {"[site a]\ncarbon_file = c\n", ""},
    };
    static const char carbon[] =
        "utc_hour_start,carbon_intensity_gco2e_per_kwh\n2018-01-01T00:00Z,5\n2018-01-01T01:00Z,5\n";
    char base[200], over[200], where[200];
    snprintf(where, sizeof where, "%s/over", dir);
    assert_int_equal(mkdir(where, 0700), 0);
    put("s.ini", SITE ZONES, strlen(SITE ZONES));
    put("over/c", carbon, sizeof carbon - 1);
    snprintf(base, sizeof base, "%s/s.ini", dir);
    snprintf(over, sizeof over, "%s/over/o.ini", dir);
    for (size_t i = 0; i < ARRAY_LEN(row); i++) {
        struct sim_loaded l;
        struct err e = ERR_NULL;
        put("over/o.ini", row[i].over, strlen(row[i].over));
        int bad = sim_load(&l, (const char *const[]){base, over}, 2, NULL, NULL, &e);
        sim_unload(&l);
        assert_int_equal(bad != 0, row[i].says[0] != '\0');
        if (bad && !strstr(e.text, row[i].says))
            fail_msg("not \"%s\" but: %s", row[i].says, e.text);
    }
}

// A folder with a published trace has no lines of a scenario: the file and its line are enough.
static void of_a_trace_no_line_is_made_up(void **state)
{
    (void)state;
    static const char platform[] =
        "{\"qboxes\": [{\"id\": \"b\", \"site\": \"s\", \"lan_bw\": \"1Gbps\", \"lan_lat\": \"1ms\", "
        "\"wan_bw\": \"100Mbps\", \"wan_lat\": \"10ms\", \"disk_size\": \"6e12\", "
        "\"qrads\": [{\"id\": \"h\", \"qmobos\": [\"m\"]}]}]}";
    static const char events[] =
        "{\"timestamp\": 0, \"realtime\": \"2019-05-03T00:00:00+00:00\", \"type\": "
        "\"qrad_set_target_temperature\", \"qrad\": \"h\", \"new_temperature\": 24}\n";
    char trace[200], want[500];
    struct sim_loaded l;
    struct err e = ERR_NULL;
    snprintf(trace, sizeof trace, "%s/trace", dir);
    assert_int_equal(mkdir(trace, 0700), 0);
    put("trace/platform.json", platform, sizeof platform - 1);
    put("trace/events.json", events, sizeof events - 1);
    put("trace/datasets.json", "", 0);
    put("trace/workload.json", "{", 1);
    assert_int_not_equal(sim_load(&l, (const char *const[]){trace}, 1, NULL, NULL, &e), 0);
    sim_unload(&l);
    snprintf(want, sizeof want, "%s: [work trace]: %s/workload.json: line 1: ", trace, trace);
    if (strncmp(e.text, want, strlen(want)) != 0)
        fail_msg("not \"%s\" but: %s", want, e.text);
}

// What is wrong of the platform as a whole names the folder.
static void of_a_platform_that_is_no_fleet_the_folder_is_named(void **state)
{
    (void)state;
    static const char *const row[][2] = {
        {"1:1:1", ": power states 1 of the platform: the first draws no more than idle"},
        {"1:1e6:1",
         ": power states 1 of the platform: curve: point 1 draw_mw is 1000000000: must be over 1000"},
    };
    static const char stop[] = "{\"timestamp\": 60, \"type\": \"stop_simulation\"}\n";
    char trace[200], xml[1000], want[400];
    snprintf(trace, sizeof trace, "%s/platform", dir);
    assert_int_equal(mkdir(trace, 0700), 0);
    put("platform/events.json", stop, sizeof stop - 1);
    for (size_t i = 0; i < ARRAY_LEN(row); i++) {
        struct sim_loaded l;
        struct err e = ERR_NULL;
        int n = snprintf(
            xml, sizeof xml,
            "<platform><host id='m' speed='2000f'><prop id='watt_per_state' value='%s'/><prop id='site' "
            "value='s'/><prop id='qbox' value='b'/><prop id='qrad' value='h'/></host><host id='b_disk'>"
            "<prop id='role' value='storage'/><prop id='size' value='9'/></host><link id='b_lan_link' "
            "bandwidth='1Gbps' latency='0'/><link id='b_wan_link' bandwidth='1Gbps' latency='0'/></platform>",
            row[i][0]);
        put("platform/platform.xml", xml, (size_t)n);
        assert_int_equal(sim_load(&l, (const char *const[]){trace}, 1, NULL, NULL, &e), -EINVAL);
        sim_unload(&l);
        snprintf(want, sizeof want, "%s%s", trace, row[i][1]);
        if (strncmp(e.text, want, strlen(want)) != 0)
            fail_msg("not \"%s\" but: %s", want, e.text);
    }
}

// ---- where results go

static void what_is_no_file_is_written_to_and_not_replaced(void **state)
{
    (void)state;
    char file[200], link[200], text[16] = "";
    struct err e = ERR_NULL;
    struct stat st;
    struct buf b = BUF_INIT(100);
    snprintf(file, sizeof file, "%s/page", dir);
    snprintf(link, sizeof link, "%s/link", dir);
    put("page", "before", 6);
    assert_int_equal(symlink(file, link), 0);
    buf_puts(&b, "now");
    assert_int_equal(sim_out_file(link, &b, &e), 0);
    assert_int_equal(lstat(link, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    FILE *f = fopen(file, "r");
    assert_non_null(f);
    assert_int_equal(fread(text, 1, sizeof text - 1, f), 3);
    fclose(f);
    assert_string_equal(text, "now");
}

// ---- what would take for ever

static void many_sections_are_refused_and_not_compared(void **state)
{
    (void)state;
    struct scenario s = SCENARIO_NULL;
    struct err e = ERR_NULL;
    size_t cap = 1 << 20, n = 0;
    char *text = malloc(cap);
    for (int i = 0; n + 40 < cap; i++)
        n += (size_t)snprintf(text + n, cap - n, "[zones z%d]\ncount=1\n", i);
    assert_int_equal(scenario_read(&s, "x.ini", text, n, &e), -EINVAL);
    assert_non_null(strstr(e.text, "x.ini:4098: [zones z2048]: more than 2048 sections [zones NAME]"));
    free(text);
}

// Each of them would be searched for a job for as long as the universe lasts.
static void a_repeated_trace_of_nothing_is_not_searched_for_ever(void **state)
{
    (void)state;
    static const char jobs[] = "1 0 -1 -1 16 -1 -1 16 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1\n"
                               "2 0 -1 60 16 -1 -1 16 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1\n";
    for (int i = 0; i < 2; i++) { // only jobs that never ran, and nothing of those that did
        struct scenario_work w = {
            .kind = WORK_SWF, .repeat = true, .stretch = 1, .share = 1 - i, .days = -1, .accounts = 1};
        struct sim_workload out;
        struct sim_job job;
        struct err e = ERR_NULL;
        size_t n = i ? strlen(jobs) : strlen(jobs) / 2;
        char *text = malloc(n * 5000);
        for (size_t k = 0; k < 5000; k++)
            memcpy(text + k * n, jobs, n);
        assert_int_equal(work_swf(&out, &w, INT64_C(3660) * 86400000, text, n * 5000, &e), 0);
        assert_int_equal(out.next(out.ctx, &job, &e), 0);
        out.free(out.ctx);
    }
    put("f", jobs, strlen(jobs));
    refused(SWF "repeat = yes\nshare = 1e-9\n",
            "[work w]: share 1e-09: a trace that is repeated is taken from 1e-06 on");
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st, (void)kind, (void)at;
    return remove(path);
}

static int begin(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/ondol-bad.XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    return nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_one_runs),
        cmocka_unit_test(a_scenario_that_makes_no_sense),
        cmocka_unit_test(a_file_that_the_scenario_names),
        cmocka_unit_test(a_file_that_is_none),
        cmocka_unit_test(what_is_hardly_meant_is_said_and_runs),
        cmocka_unit_test(what_has_an_effect_is_judged_when_all_files_are_laid),
        cmocka_unit_test(a_year_serves_any_year),
        cmocka_unit_test(each_beginning_of_each_kind_is_read_or_refused),
        cmocka_unit_test(each_beginning_of_each_shipped_scenario_is_read_or_refused),
        cmocka_unit_test(of_files_laid_over_each_other_the_right_one_is_named),
        cmocka_unit_test(of_a_trace_no_line_is_made_up),
        cmocka_unit_test(of_a_platform_that_is_no_fleet_the_folder_is_named),
        cmocka_unit_test(what_is_no_file_is_written_to_and_not_replaced),
        cmocka_unit_test(many_sections_are_refused_and_not_compared),
        cmocka_unit_test(a_repeated_trace_of_nothing_is_not_searched_for_ever),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
