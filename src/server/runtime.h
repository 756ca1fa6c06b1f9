// SPDX-License-Identifier: Apache-2.0
//
// A running server: engine, store and HTTP skin wired together, with the house's clock. `ondol server`,
// `ondol dev` and the tests start one with this.
//
//   HTTP thread --items--> engine thread --batches--> store thread --answers--> clients and nodes
//   worker thread: long reads with a reader of its own
//
// The output gate: whatever a batch would say to anyone is kept in the batch and said by the store thread
// after the commit (docs/design/0003-output-gate.md). When a commit fails, the engine's memory is thrown away
// and loaded again; writes answer 507 (disk full) or 503 meanwhile, reads go on, and heaters go on by
// themselves.
#ifndef ONDOL_SERVER_RUNTIME_H
#define ONDOL_SERVER_RUNTIME_H

#include "base/err.h"
#include "base/when.h"
#include "api/backend.h"
#include "core/engine/server.h"
#include "image/layer.h"
#include "net/http_server.h"
#include "s3/outside.h"

struct runtime;

#define RUNTIME_GRID_G_KWH        52 // France, yearly mean
#define RUNTIME_OVERHEAD_PERMILLE 1  // passive heaters: the switch and the server

#define RUNTIME_FORWARDS 1000 // ports at once, when none are named

// What a configuration says of a site (core/engine/site_setting.h); it is made when no node has named it yet.
struct runtime_site {
    const char *name;
    bool has_cap, has_utc_offset;
    int64_t cap_mw; // -1: none
    int32_t utc_offset_min;
    const char *setting; // NULL: nothing
};

struct runtime_config {
    const char *data_dir;
    const char *listen; // "127.0.0.1:0" takes a free port
    const char *api_url; // what tasks with credentials are told; NULL: from listen. Must outlive the runtime
    // Of the first account, which is also the operator's; token NULL: made and kept in data_dir.
    const char *token, *email;
    const char *node_token; // NULL: made and kept in data_dir
    const char *tls_cert_file, *tls_key_file, *tls_client_ca_file;
    const char *record_file; // NULL: the engine's events are not recorded
    double speed;            // of the house's clock; 1: real time
    bool has_epoch;          // house0 and real0_ms are given
    house_ms house0;         // what the house's clock shows ...
    int64_t real0_ms;        // ... when the real one shows this
    int64_t park_ms;         // wall: how long a sync may be parked, default 10,000
    int64_t refuse_ms; // wall: after a failed commit, the pause before each try whether the store records
                       // again; 1,000
    struct server_config engine; // lease times are house time: runtime_config_default scales them by speed
    struct http_limits limits;
    struct carbon_config carbon;
    struct profile_list profiles; // an operator's; must outlive the runtime. `relay` is set by the runtime
    const struct runtime_site *site; // said at each start, over what was said before
    size_t n_sites;
    // Buckets; NULL: none. The other fields count only with it.
    const char *s3_listen; // "127.0.0.1:0" takes a free port
    const char *s3_dir;    // NULL: "objects" in data_dir
    const char *s3_host;   // buckets may be named in front of this host; NULL: by path only
    const char *s3_url;    // what clients are told; NULL: from s3_listen
    // The objects lie in this storage instead of s3_dir, and s3_listen is the door of the nodes alone, s3_url
    // its address; url NULL: they do not. docs/design/0036.
    struct s3_outside outside;
    const char *outside_ca_file;
    int64_t outside_patience_ms;
    int64_t s3_quota_bytes, s3_quota_buckets; // of an account; 0: none
    const char *registries; // where tasks may have images pulled from (image/depot.h); NULL: nowhere
    struct image_limits image_limits; // of one image; 0 each: the defaults
    // The relay of clusters and forwarded ports; NULL: none, and no profile that needs one.
    const char *relay_listen;    // "127.0.0.1:0" takes a free port
    const char *relay_url;       // "HOST:PORT" that agents are told; NULL: its port on the host that they call
    const char *forward_address; // where forwarded ports listen; NULL: 127.0.0.1
    const char *forward_host;    // what clients are told; NULL: 127.0.0.1
    const char *forward_allow;   // who may use them, ranges of IPv4; NULL: everybody
    int forward_first, forward_last; // their ports; first 0: any that are free, at most `last` of them
    // NULL: SQLite in data_dir. Tests give one that fails when told to; taken over even on failure.
    struct store *store;
};

// Defaults for a speed: leases and time-outs of the engine are set so that they are the same wall time at any
// speed.
void runtime_config_default(struct runtime_config *c, double speed);

// Makes the data folder, leads its store, loads the engine, opens the ports; back when all of them serve. `cfg`
// may be forgotten then but for what says otherwise. Negative errno with the sentence, and nothing is left
// running: -EINVAL for a setting, -EBUSY when another server has the folder, what the system says otherwise.
int runtime_start(struct runtime **ret, const struct runtime_config *cfg, struct err *e);
void runtime_stop(struct runtime *r); // ends everything, in order; what was acknowledged is on disk
int runtime_port(const struct runtime *r); // that of `listen`, also where it said 0
// The address of a listen address: of all interfaces is none that clients could call, the loopback stands in
// for it, and an operator who serves others says another.
void listen_url(char *out, size_t room, const char *listen, int port, bool tls);
const char *runtime_storage_url(const struct runtime *r); // NULL: no buckets
const char *runtime_token(const struct runtime *r);
const char *runtime_node_token(const struct runtime *r);
house_ms runtime_now(struct runtime *r);
// Another server leads the store: this one only reads, and had better end.
bool runtime_deposed(struct runtime *r);

#endif
