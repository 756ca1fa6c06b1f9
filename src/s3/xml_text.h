// SPDX-License-Identifier: Apache-2.0
//
// Inside of the documents: elements.
#ifndef ONDOL_S3_XML_TEXT_H
#define ONDOL_S3_XML_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "s3/xml.h"

#define XML_HEAD  "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
#define XML_SPACE " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\""

// Escaped text. What XML 1.0 cannot hold becomes U+FFFD.
void xml_text(struct buf *out, const char *s, size_t n);
void xml_element(struct buf *out, const char *name, const char *value); // NULL: nothing at all
void xml_element_n(struct buf *out, const char *name, const char *value, size_t n);
// A key, prefix or marker.
void xml_name(struct buf *out, const char *name, const char *value, size_t n, bool encode_url);
void xml_number(struct buf *out, const char *name, uint64_t v);
void xml_bool(struct buf *out, const char *name, bool v);
void xml_time(struct buf *out, const char *name, int64_t ms_since_1970);
void xml_etag(struct buf *out, const char *etag); // with quotes
void xml_owner(struct buf *out, const char *name, const struct s3_owner *owner);

#endif
