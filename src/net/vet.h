// SPDX-License-Identifier: Apache-2.0
//
// The vetting of request heads. libmicrohttpd 0.9.75 forgives many shapes that RFC 9110 and RFC 9112 say to
// refuse, and two servers that read the same bytes differently are how requests are smuggled. So the head is
// read a second time, here, and whatever is not plain is answered 400 `{"message":"Bad request: ..."}` and
// the connection closed.
//
// Refused here:                                                              rule
//    1 two Host fields; no Host, or an empty one, in HTTP/1.1                RFC 9112 3.2
//    2 a Host that is no host[:port]                                         RFC 9112 3.2
//    3 two Content-Length fields, equal or not                               RFC 9112 6.3 (equal ones: may refuse)
//    4 Transfer-Encoding together with Content-Length                        RFC 9112 6.1
//    5 Transfer-Encoding that is not once "chunked"; any in HTTP/1.0         RFC 9112 6.1, 7
//    6 NUL, bare CR or another control character in a field value            RFC 9110 5.5
//    7 whitespace or another non-token character before the colon; no name   RFC 9112 5.1
//    8 a folded line                                                         RFC 9112 5.2
//    9 a line that ends in LF without CR                                     RFC 9112 2.2 (may refuse)
//   10 a method that is no token; more than one space; a space in the target RFC 9112 3
//   11 CONNECT and authority-form; asterisk-form without OPTIONS;            RFC 9112 3.2
//      absolute-form whose authority is not the Host; anything else that does not begin with '/'
//   12 control characters, non-ASCII bytes or '#' in the target              RFC 9112 3.2, RFC 3986
//   13 percent-encoding that is broken, makes a NUL, or is not UTF-8         RFC 3986 2.1
//   14 an Expect other than 100-continue (417)                               RFC 9110 10.1.1
// Refused by libmicrohttpd before or after, with its own plain pages: no space in the request line, no colon
// in a field line, a version that is not HTTP/1.x, a Content-Length that is no number (400) or past 2^64
// (413), chunk sizes that are no hexadecimal number (400) or past 2^64 (413). Known to pass: bare LF inside
// chunk framing, and a NUL directly before a bare LF at the end of a field line.
//
// How the second reading is possible: libmicrohttpd parses in place. When it calls us first, the head is
// still one run of memory from the method on, in which it has put NUL over each separator it used: the two
// spaces of the request line, the colon after each name, and CR and LF at each line end. A byte it misread is
// therefore still there, in a place where the NULs do not fit. What is split here must use up the run
// exactly, and find as many fields as it did.
#ifndef ONDOL_NET_VET_H
#define ONDOL_NET_VET_H

#include <stdbool.h>
#include <stddef.h>

#define VET_FIELDS 64 // most header fields in a request

struct head_field {
    const char *name, *value; // value without the white space around it
};

struct head {
    const char *method;
    const char *target; // as received
    const char *path;   // the origin-form part of it (past scheme and authority of an absolute form), or "*"
    int minor;          // HTTP/1.minor
    size_t n;
    struct head_field field[VET_FIELDS];
};

struct vet_answer {
    int status;       // 0: well-formed
    const char *text; // e.g. "two Host headers"
};

// Splits the run of `n` bytes in place (white space after values is cut off; strings of `out` point into it).
// `target` is the target as received, `target_n` its length. Then vets. `seen` is the number of fields
// libmicrohttpd found.
struct vet_answer vet_run(char *run, size_t n, const char *target, size_t seen, struct head *out);

// The rules about meaning (1-5, 10-14), for a head that was split. Sets out->path.
struct vet_answer vet_head(struct head *h);

const char *head_find(const struct head *h, const char *name); // first one, any case; NULL if absent

#endif
