// SPDX-License-Identifier: Apache-2.0
//
// Results of the simulator to the terminal and into files.
#ifndef ONDOL_CLI_SIM_OUT_H
#define ONDOL_CLI_SIM_OUT_H

#include "base/buf.h"
#include "base/err.h"
#include "sim/page/page.h"

// On stdout, the summary or JSON. Negative errno with a sentence; -EPIPE without: the reader has gone, who may have
// all he wanted.
int sim_out_text(const struct scenario *s, const struct sim_result *r, struct err *e);
int sim_out_json(const struct sim_result *r, struct err *e);
// zones.csv, classes.csv and series.csv in `dir`, which is made when it is not there. Negative errno with the
// path.
int sim_out_csv(const char *dir, const struct sim_result *r, struct err *e);
// `c` may be NULL.
int sim_out_html(const char *path, const struct sim_result *r, const struct comparison *c, struct err *e);

// Writes what is in the buffer; a file is there whole or as it was before, what is none (a device, a link)
// stays what it is.
// Ends the buffer.
int sim_out_file(const char *path, struct buf *b, struct err *e);
int sim_out_print(struct buf *b, struct err *e); // on stdout, as above; ends the buffer

// What a command ends with for what these said, said on stderr: CLI_DONE for 0, quietly CLI_GONE for -EPIPE.
int sim_out_code(int bad, const struct err *e);

#endif
