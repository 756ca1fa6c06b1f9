// SPDX-License-Identifier: Apache-2.0
//
// Where a task may run and would rather, whether its instances run together, and which data sets they read.
#ifndef ONDOL_CORE_WORK_PLACE_H
#define ONDOL_CORE_WORK_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

#define PLACE_SITE_BYTES 64
#define PLACE_GANG_MAX   100000
#define PLACE_DATA_MAX   4
#define PLACE_BYTES_MAX  INT64_C(1000000000000000) // of one data set: a petabyte

// A data set: the same key is the same bytes, whichever task names it.
struct place_data {
    uint64_t key;  // not 0
    int64_t bytes; // 0..PLACE_BYTES_MAX
};

// Zero everywhere: anywhere, each instance for itself.
struct place {
    char country[4];             // two letters; "": any
    char site[PLACE_SITE_BYTES]; // name; "": any
    bool has_near;               // not a demand: a price on distance
    int32_t lat_mdeg, lon_mdeg;
    int32_t gang; // 2..PLACE_GANG_MAX: so many instances at once on one site, or none; 0: each for itself
    uint8_t n_data;
    struct place_data data[PLACE_DATA_MAX];
};

bool place_is_none(const struct place *p);
// As one line of text and back, for events and rows: "country=FR site=balard near=48857,2352 gang=4
// data=00000000000000a5:1300000000"; "" when there is none. parse: false when it is no such text.
void place_format(const struct place *p, struct buf *out);
bool place_parse(const char *text, struct place *p);
bool place_chooses(const char *text); // whether it says where or together, not only what is read

#endif
