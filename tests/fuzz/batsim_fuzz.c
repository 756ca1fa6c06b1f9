// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as one of Batsim's files; the first byte says which. Read, or refused with a sentence that names
// a line; what is read keeps what the headers promise.
#include "fuzz.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "sim/read/batsim.h"

static void try_platform(const char *text, size_t n, bool as_xml)
{
    struct batsim_platform p;
    struct err e = ERR_NULL;
    int rc = as_xml ? batsim_platform_xml(&p, text, n, &e) : batsim_platform_json(&p, text, n, &e);
    assert(rc == 0 || (rc == -EINVAL && !strncmp(e.text, "line ", 5) && !p.board));
    for (size_t i = 0; i < p.n_boards; i++) {
        assert(p.board[i].heater < p.n_heaters && p.heater[p.board[i].heater].box < p.n_boxes);
        assert(i == 0 || strcmp(p.board[i - 1].id, p.board[i].id) < 0);
        assert(p.board[i].power == UINT32_MAX || p.board[i].power < p.n_powers);
    }
    batsim_platform_deinit(&p);
}

static void try_events(const char *text, size_t n)
{
    struct batsim_events ev;
    struct err e = ERR_NULL;
    int rc = batsim_events_read(&ev, text, n, &e);
    assert(rc == 0 || (rc == -EINVAL && !strncmp(e.text, "line ", 5)));
    for (size_t i = 1; i < ev.n; i++)
        assert(ev.v[i - 1].at_ms <= ev.v[i].at_ms);
    for (size_t i = 0; i < ev.n; i++)
        for (size_t k = 0; k < ev.v[i].n_ranges; k++)
            assert(ev.v[i].range[k].low <= ev.v[i].range[k].high &&
                   ev.v[i].range[k].high < BATSIM_BOARDS_MAX);
    batsim_events_deinit(&ev);
}

static void try_jobs(const char *text, size_t n)
{
    static const char sizes[] = "{\"a\": 1, \"b\": 2}";
    struct batsim_data d;
    struct batsim_jobs j;
    struct err e = ERR_NULL;
    int rc = batsim_data_read(&d, sizes, sizeof sizes - 1, &e);
    assert(rc == 0);
    rc = batsim_jobs_read(&j, &d, INT64_C(1556841600000), text, n, &e);
    assert(rc == 0 || (rc == -EINVAL && !strncmp(e.text, "line ", 5)));
    for (size_t i = 0; i < j.n; i++) {
        assert(j.v[i].submit_ms >= 0 && j.v[i].run_s >= 0 && j.v[i].width >= 1);
        assert(j.v[i].data + j.v[i].n_data <= j.n_data &&
               (i == 0 || j.v[i - 1].submit_ms <= j.v[i].submit_ms));
    }
    batsim_jobs_deinit(&j);
    batsim_data_deinit(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n == 0)
        return 0;
    const char *text = (const char *)data + 1;
    struct batsim_data d;
    struct err e = ERR_NULL;
    n--;
    switch (data[0] % 5) {
    case 0:
        try_jobs(text, n);
        break;
    case 1:
        try_platform(text, n, false);
        break;
    case 2:
        try_platform(text, n, true);
        break;
    case 3:
        try_events(text, n);
        break;
    default:
        if (batsim_data_read(&d, text, n, &e) == 0)
            assert(d.n > 0);
        batsim_data_deinit(&d);
    }
    return 0;
}
