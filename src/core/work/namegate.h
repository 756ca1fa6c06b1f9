// SPDX-License-Identifier: Apache-2.0
//
// Outbound rules that name a host (core/work/netrule.h). Whoever carries the packets answers the instance's own
// question for such a name himself, from what the machine's resolver says, and opens what he answered:
//
//   question for a name of a rule --> resolved by the carrier --> answer to the instance
//                                              |
//                                              +--> its addresses are open to the rules that name it
//
// So no answer that came by way of the instance is believed, and nothing is open that it has not asked for. A
// name opens no private address (core/work/egress.h): whoever answers for it would choose a machine of the
// building. Such a one is reached by a rule that names the address too. An address stays open for
// NAME_OPEN_MS after the answer or the last packet to it, since programs keep addresses, and connections last.
//
// Questions are those of RFC 1035 in whole UDP packets; other ones are not this part's.
#ifndef ONDOL_CORE_WORK_NAMEGATE_H
#define ONDOL_CORE_WORK_NAMEGATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NAME_CHARS_MAX     253
#define NAME_ADDRESSES_MAX 12  // of an answer, which is to fit into 512 bytes whatever the name
#define NAME_OPENED_MAX    256 // addresses; of more the one unused for longest is closed
#define NAME_KNOWN_MAX     32
#define NAME_TTL_S         30
#define NAME_OPEN_MS       (3600 * 1000)
#define NAME_ANSWER_BYTES  540 // with the heads of IP and UDP

enum { NAME_TYPE_A = 1, NAME_TYPE_AAAA = 28 };
enum { NAME_OK = 0, NAME_FAILED = 2, NAME_UNKNOWN = 3 }; // RFC 1035 4.1.1

struct name_question {
    char name[NAME_CHARS_MAX + 1]; // in small letters, without the dot at the end
    uint16_t type;
    uint32_t from, to; // host byte order
    uint16_t from_port, id;
    bool recursion;
    unsigned char asked[NAME_CHARS_MAX + 6]; // as it stood there: the name as it was spelt, type, class
    size_t asked_bytes;
};

struct name_addresses {
    uint32_t v[NAME_ADDRESSES_MAX]; // host byte order
    size_t n;
    uint8_t code; // NAME_OK, ...; otherwise there are none
};

struct name_opened {
    uint32_t address, rules;
    int64_t until_ms;
};

struct name_known {
    char name[NAME_CHARS_MAX + 1];
    struct name_addresses is;
    int64_t until_ms;
};

// All zero: nothing is open.
struct name_gate {
    struct name_opened opened[NAME_OPENED_MAX];
    struct name_known known[NAME_KNOWN_MAX];
    size_t n_opened;
};

// False: the packet of n bytes is not one plain question of the Internet's class to port 53.
bool name_question_read(const void *packet, size_t n, struct name_question *out);
// The packet that answers it; its length. Addresses answer NAME_TYPE_A alone.
size_t name_answer_write(const struct name_question *q, const struct name_addresses *a,
                         unsigned char out[NAME_ANSWER_BYTES]);

// What was answered a moment ago; NULL: nothing.
const struct name_addresses *name_gate_known(const struct name_gate *g, const char *name, int64_t now_ms);
// The name is that; the rules (bits) that name it may go there now.
void name_gate_learn(struct name_gate *g, const char *name, uint32_t rules, const struct name_addresses *a,
                     int64_t now_ms);
// The rules to which the address is open, 0: none. It was used just now.
uint32_t name_gate_use(struct name_gate *g, uint32_t address, int64_t now_ms);

#endif
