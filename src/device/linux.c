// SPDX-License-Identifier: Apache-2.0
#include "device/linux.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/num.h"
#include "device/knob.h"
#include "device/sysfs.h"

struct sensor_paths {
    char *room, *heatsink, *cpu, *lid;
    int32_t lid_open_value;
};

struct host_board {
    size_t zone;
    char *energy, *cpufreq;
    const struct curve *curve;
    int64_t wrap_uj, last_uj; // last_uj -1: not read yet
    int64_t counted_uj;       // without powercap: from what was set
    int64_t draw_mw;          // measured over the last beat
    enum activity run;
    struct operating_point point;
    int32_t set_khz; // what scaling_max_freq was last set to
};

struct host {
    struct sensor_paths *zone;
    struct knob **knob; // one a zone; NULL: it has none
    struct host_board *board;
    size_t n_zones, n_boards;
    house_ms now;
    char *stat;            // /proc/stat
    int64_t busy, all;     // as last read, ticks of all processors; all 0: not read yet
    int32_t busy_permille; // over the last beat; -1: cannot be told
};

static char *below(const char *sysroot, const char *path, const char *file)
{
    char full[1024];
    if (!path)
        return NULL;
    snprintf(full, sizeof full, "%s%s%s", sysroot ? sysroot : "", path, file);
    return mem_strdup(full);
}

static int32_t sensor_read(const char *path)
{
    int64_t v;
    return sysfs_read(path, &v) && v > INT32_MIN && v <= INT32_MAX ? (int32_t)v : INT32_MIN;
}

static void host_sense(void *ctx, size_t zone, struct zone_sense *s)
{
    const struct host *h = ctx;
    const struct sensor_paths *p = &h->zone[zone];
    int32_t lid = sensor_read(p->lid);
    int64_t draw = 0;
    for (size_t i = 0; i < h->n_boards; i++)
        draw += h->board[i].zone == zone ? h->board[i].draw_mw : 0;
    *s = (struct zone_sense){
        .at = h->now,
        .room_mc = sensor_read(p->room),
        .heatsink_mc = sensor_read(p->heatsink),
        .cpu_mc = sensor_read(p->cpu),
        .draw_mw = (int32_t)draw,
        // A lid contact that is configured but cannot be read may have been cut: that is an open lid.
        .lid_open = p->lid && (lid == INT32_MIN || lid == p->lid_open_value),
    };
}

static bool host_knob(void *ctx, size_t zone, struct zone_wish *wish)
{
    const struct host *h = ctx;
    return h->knob[zone] && knob_turned(h->knob[zone], wish);
}

// How busy all processors were since the last look, from the first line of /proc/stat: "cpu", then ticks as
// user, nice, system, idle, waiting for a disk, ... (proc(5)).
static int32_t busy_since(struct host *h)
{
    FILE *f = h->stat ? fopen(h->stat, "re") : NULL;
    int64_t tick[8] = {0}, all = 0, permille = -1;
    bool ok =
        f && fscanf(f,
                    "cpu %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64
                    " %" SCNd64,
                    &tick[0], &tick[1], &tick[2], &tick[3], &tick[4], &tick[5], &tick[6], &tick[7]) == 8;
    if (f)
        fclose(f);
    if (!ok)
        return -1;
    for (int i = 0; i < 8; i++)
        all += tick[i];
    int64_t busy = all - tick[3] - tick[4];
    if (h->all > 0 && all > h->all)
        permille = int_clamp((busy - h->busy) * 1000 / (all - h->all), 0, 1000);
    else if (h->all > 0)
        permille = h->busy_permille; // no tick went by
    h->busy = busy;
    h->all = all;
    return (int32_t)permille;
}

// What the curve says for the frequency that was set and so busy a machine, mW.
static int64_t counted_mw(const struct host_board *b, int32_t busy_permille)
{
    if (b->run == ACTIVITY_SLEEP || busy_permille < 0)
        return b->point.draw_mw;
    struct operating_point full = curve_at(b->curve, b->point.freq_mhz, 1000);
    return b->curve->idle_mw + (int64_t)(full.draw_mw - b->curve->idle_mw) * busy_permille / 1000;
}

static void board_beat(struct host_board *b, int64_t dt_ms, int32_t busy_permille)
{
    int64_t is, moved = -1;
    if (sysfs_read(b->energy, &is)) {
        if (b->last_uj >= 0)
            moved = is >= b->last_uj ? is - b->last_uj : is + b->wrap_uj - b->last_uj;
        b->last_uj = is;
    }
    if (moved < 0)
        moved = counted_mw(b, busy_permille) * dt_ms;
    b->counted_uj += moved;
    b->draw_mw = dt_ms > 0 ? moved / dt_ms : b->draw_mw;
}

static void host_tick(void *ctx, house_ms now)
{
    struct host *h = ctx;
    int64_t dt = house_since(now, h->now);
    if (dt <= 0)
        return;
    h->now = now;
    h->busy_permille = busy_since(h);
    for (size_t i = 0; i < h->n_boards; i++)
        board_beat(&h->board[i], dt, h->busy_permille);
}

// With powercap the counter as it is, so that the parent sees what the hardware says; else what was counted
// here.
static void host_meter(void *ctx, size_t board, struct board_meter *m)
{
    const struct host *h = ctx;
    const struct host_board *b = &h->board[board];
    bool hardware = b->energy && b->last_uj >= 0;
    m->raw_mj = (hardware ? b->last_uj : b->counted_uj) / 1000;
    m->wrap_mj = hardware ? b->wrap_uj / 1000 : 0;
}

static int number_write(const char *path, int64_t v, struct err *e)
{
    char text[32];
    int n = snprintf(text, sizeof text, "%" PRId64 "\n", v);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool ok = fd >= 0 && write(fd, text, (size_t)n) == n;
    int saved = errno;
    if (fd >= 0)
        close(fd);
    return ok ? 0 : err_set(e, -saved, "%s: cannot be written: %s", path, strerror(saved));
}

// Every policy of the machine gets the same ceiling. A board that runs nothing is held at its lowest
// frequency: what the machine does for itself need not be fast.
static int frequency_set(struct host_board *b, struct err *e)
{
    int32_t khz = (b->point.freq_mhz > 0 ? b->point.freq_mhz : b->curve->p[0].freq_mhz) * 1000;
    if (!b->cpufreq || khz == b->set_khz)
        return 0;
    DIR *dir = opendir(b->cpufreq);
    if (!dir)
        return err_set(e, -errno, "%s: cannot be read: %s", b->cpufreq, strerror(errno));
    int r = 0;
    for (struct dirent *d = readdir(dir); d; d = readdir(dir)) {
        char path[1400];
        if (strncmp(d->d_name, "policy", 6) != 0)
            continue;
        snprintf(path, sizeof path, "%s/%s/scaling_max_freq", b->cpufreq, d->d_name);
        int one = number_write(path, khz, e);
        r = r < 0 ? r : one;
    }
    closedir(dir);
    b->set_khz = r == 0 ? khz : 0;
    return r;
}

static int host_apply(void *ctx, size_t board, const struct board_order *o, struct err *e)
{
    struct host *h = ctx;
    struct host_board *b = &h->board[board];
    b->run = o->run;
    b->point = o->point;
    return frequency_set(b, e);
}

static void host_free(void *ctx)
{
    struct host *h = ctx;
    for (size_t i = 0; h && i < h->n_zones; i++) {
        free(h->zone[i].room);
        free(h->zone[i].heatsink);
        free(h->zone[i].cpu);
        free(h->zone[i].lid);
        knob_free(h->knob[i]);
    }
    for (size_t i = 0; h && i < h->n_boards; i++) {
        free(h->board[i].energy);
        free(h->board[i].cpufreq);
    }
    if (h) {
        free(h->stat);
        free(h->zone);
        free(h->knob);
        free(h->board);
    }
    free(h);
}

static int board_open(struct host_board *b, const struct linux_board *from, const char *sysroot,
                      struct err *e)
{
    *b = (struct host_board){.zone = from->zone, .curve = from->curve, .last_uj = -1, .run = ACTIVITY_IDLE};
    b->point.draw_mw = from->curve->idle_mw;
    if (from->powercap) {
        b->energy = below(sysroot, from->powercap, "/energy_uj");
        char *range = below(sysroot, from->powercap, "/max_energy_range_uj");
        bool ok = sysfs_read(range, &b->wrap_uj) && b->wrap_uj > 0 && sysfs_read(b->energy, &b->last_uj);
        free(range);
        if (!ok)
            return err_set(e, -ENODEV, "%s: energy_uj and max_energy_range_uj cannot be read (it takes root)",
                           from->powercap);
    }
    b->cpufreq = below(sysroot, from->cpufreq, "");
    if (b->cpufreq && access(b->cpufreq, R_OK) < 0)
        return err_set(e, -errno, "%s: %s", b->cpufreq, strerror(errno));
    return 0;
}

static struct knob *knob_below(const char *sysroot, const struct knob_config *cfg)
{
    if (!cfg->position && !cfg->keys)
        return NULL;
    struct knob_config c = *cfg;
    char *position = below(sysroot, c.position, ""), *keys = below(sysroot, c.keys, "");
    c.position = position;
    c.keys = keys;
    struct knob *k = knob_new(&c);
    free(position);
    free(keys);
    return k;
}

int linux_init(struct device *d, const struct linux_config *cfg, house_ms now, struct err *e)
{
    struct host *h = mem_alloc(sizeof *h);
    *d = (struct device){.ctx = h,
                         .tick = host_tick,
                         .sense = host_sense,
                         .knob = host_knob,
                         .meter = host_meter,
                         .apply = host_apply,
                         .free = host_free};
    h->zone = mem_array(cfg->n_zones + 1, sizeof *h->zone);
    h->knob = mem_array(cfg->n_zones + 1, sizeof *h->knob);
    h->board = mem_array(cfg->n_boards + 1, sizeof *h->board);
    h->n_zones = cfg->n_zones;
    h->now = now;
    h->stat = below(cfg->sysroot, "/proc/stat", "");
    h->busy_permille = busy_since(h);
    for (size_t i = 0; i < cfg->n_zones; i++) {
        h->knob[i] = knob_below(cfg->sysroot, &cfg->zone[i].knob);
        h->zone[i] = (struct sensor_paths){.room = below(cfg->sysroot, cfg->zone[i].room, ""),
                                           .heatsink = below(cfg->sysroot, cfg->zone[i].heatsink, ""),
                                           .cpu = below(cfg->sysroot, cfg->zone[i].cpu, ""),
                                           .lid = below(cfg->sysroot, cfg->zone[i].lid, ""),
                                           .lid_open_value = cfg->zone[i].lid_open_value};
    }
    int r = 0;
    for (; r == 0 && h->n_boards < cfg->n_boards; h->n_boards++)
        r = board_open(&h->board[h->n_boards], &cfg->board[h->n_boards], cfg->sysroot, e);
    if (r < 0) {
        host_free(h);
        *d = (struct device){0};
    }
    return r;
}
