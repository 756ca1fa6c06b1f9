// SPDX-License-Identifier: Apache-2.0
//
// Parts of the page.
#ifndef ONDOL_SIM_PAGE_HTML_INSIDE_H
#define ONDOL_SIM_PAGE_HTML_INSIDE_H

#include "sim/page/page.h"

// Pictures
void html_temperatures(struct buf *out, const struct sim_result *r);
void html_power(struct buf *out, const struct sim_result *r);
void html_heat(struct buf *out, const struct sim_result *r);
void html_flow(struct buf *out, const struct sim_result *r);
void html_rooms(struct buf *out, const struct sim_result *r);
void html_comparison(struct buf *out, const struct comparison *c);

// Tables
void html_tiles(struct buf *out, const struct sim_result *r);
void html_classes(struct buf *out, const struct sim_result *r);
void html_groups(struct buf *out, const struct sim_result *r);
void html_savings(struct buf *out, const struct sim_result *r);
void html_method(struct buf *out, const struct sim_result *r);

// What the words and units of the page mean.
void html_words(struct buf *out, const struct sim_result *r);

#endif
