// SPDX-License-Identifier: Apache-2.0
//
// A result as text, JSON, CSV and as a page with pictures. All of them append to a buffer and touch no file.
#ifndef ONDOL_SIM_PAGE_PAGE_H
#define ONDOL_SIM_PAGE_PAGE_H

#include <stddef.h>

#include "base/buf.h"
#include "sim/page/compare.h"
#include "sim/result.h"

#define PAGE_BYTES_MAX (64u * 1024 * 1024)

void page_text(struct buf *out, const struct sim_result *r); // the summary on the terminal
void page_json(struct buf *out, const struct sim_result *r); // one object; "trace_hash" among its keys
// The same in parts, 0 to page_json_parts() - 1, for fleets whose text is larger than any buffer.
size_t page_json_parts(const struct sim_result *r);
void page_json_part(struct buf *out, const struct sim_result *r, size_t part);

void page_zones_csv(struct buf *out, const struct sim_result *r);   // one line a zone
void page_classes_csv(struct buf *out, const struct sim_result *r); // one line a class of work
void page_series_csv(struct buf *out, const struct sim_result *r);  // one line a step

// One HTML page that needs nothing else: SVG inside, light and dark, wide and narrow. `c` adds a comparison,
// or is NULL.
void page_html(struct buf *out, const struct sim_result *r, const struct comparison *c);

// What a board's energy is spent on, in a few plain words.
const char *page_activity_means(enum activity a);

// Text for a JSON string or a CSV field, quotes included.
void page_json_text(struct buf *out, const char *s);
void page_csv_text(struct buf *out, const char *s);
void page_html_text(struct buf *out, const char *s);

#endif
