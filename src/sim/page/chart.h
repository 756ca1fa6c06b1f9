// SPDX-License-Identifier: Apache-2.0
//
// Pictures in SVG, drawn into a page: axes with units, lines, bands, stacks, bars, flows. Colours are classes
// of the page's style sheet, so that light and dark are the reader's choice. Each picture is drawn twice,
// wide for screens and narrow for phones, for its letters must stay readable when the picture shrinks.
#ifndef ONDOL_SIM_PAGE_CHART_H
#define ONDOL_SIM_PAGE_CHART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct chart {
    struct buf *out;
    bool narrow;
    double w, h;                     // of the picture
    double left, right, top, bottom; // edges of the plot
    double low, high;                // of the vertical axis
    size_t columns_max; // most columns that a line of many values is drawn in; 0: as the picture has room
};

// Draws one picture; called for the wide one and the narrow one.
typedef void (*chart_draw)(struct chart *c, const void *ctx);

// <figure> with a caption, a line of explanation (HTML; may be NULL) and both pictures. `height` is of the
// plot, in pixels.
void chart_figure(struct buf *out, const char *caption, const char *note, double height, chart_draw draw,
                  const void *ctx);

// The vertical axis from nice numbers around low..high, with its unit.
void chart_scale(struct chart *c, double low, double high, const char *unit);
// The horizontal axis for `span_ms` from `from_ms` (UTC): hours, days or months.
void chart_time(struct chart *c, int64_t from_ms, int64_t span_ms);

// n values at equal distances over the whole width; more than the picture can show are averaged (a line) or
// give their lowest and highest (an envelope). `css` is a class.
void chart_line(struct chart *c, const float *v, size_t n, const char *css);
void chart_envelope(struct chart *c, const float *v, size_t n, const char *css);
// The area from v - below to v + above.
void chart_band(struct chart *c, const float *v, size_t n, double below, double above, const char *css);
// The area between two lower and upper sums, `base` may be NULL for 0. Adds v to base.
void chart_layer(struct chart *c, double *base, const float *v, double factor, size_t n, const char *css);

double chart_y(const struct chart *c, double v);
void chart_bar(struct chart *c, double x, double width, double low, double high, const char *css,
               const char *title);
void chart_label(struct chart *c, double x, double y, const char *anchor, const char *css, const char *text);

// A ribbon from (x0, y0) to (x1, y1), `thick` pixels thick.
void chart_ribbon(struct chart *c, double x0, double y0, double x1, double y1, double thick, const char *css);

// About n ticks for low..high: their distance, 1, 2 or 5 times a power of ten.
double chart_tick(double low, double high, int n);
// The label of a tick, with as many digits as tell it from those `step` away.
void chart_number(char *out, size_t n, double v, double step);

#endif
