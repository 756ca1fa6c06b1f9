// SPDX-License-Identifier: Apache-2.0
//
// Inside of the documents: reading one through expat, as a walk over paths such as "Delete/Object/Key". A
// document type is refused at its first byte: with it goes everything that makes XML dangerous (entities,
// external files). Namespaces are passed over, since clients send any or none; text beside elements is
// refused.
#ifndef ONDOL_S3_XML_READER_H
#define ONDOL_S3_XML_READER_H

#include <stddef.h>

#include "s3/xml.h"

struct xml_reader {
    void *out;     // the caller's
    struct err *e; // may be NULL
    void *inside;
};

// What a kind of document does at the begin (may be NULL) and the end of each element, the root included; the
// root's name is already checked. Anything but S3_OK ends the reading with that answer.
struct xml_doc {
    const char *root;
    enum s3_code (*begin)(struct xml_reader *r, const char *path);
    enum s3_code (*end)(struct xml_reader *r, const char *path, const char *text, size_t n);
};

// MalformedXML, MaxMessageLengthExceeded, or what `doc` said.
enum s3_code xml_read(const struct xml_doc *doc, const char *data, size_t n, void *out, struct err *e);
enum s3_code xml_malformed(struct xml_reader *r, const char *why); // MalformedXML, with the line
const char *xml_trim(const char *s, size_t *n); // takes white space off both ends; keys are not to be trimmed

#endif
