// SPDX-License-Identifier: Apache-2.0
//
// `ondol server`: the runtime until a signal. Options come from the command line, before that from the file
// of --config.
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "cli/child.h"
#include "cli/cli.h"
#include "cli/config_file.h"
#include "cli/house_epoch.h"
#include "cli/options.h"
#include "cli/profile_file.h"
#include "cli/site_file.h"
#include "server/clock.h"
#include "server/runtime.h"

struct values {
    const char *config, *data, *listen, *token, *email, *node_token, *cert, *key, *client_ca, *record;
    const char *s3_listen, *s3_dir, *s3_host, *s3_url, *api_url, *heat, *sites, *registries, *profiles;
    const char *relay_listen, *relay_url, *forward_address, *forward_host, *forward_ports, *forward_allow;
    const char *objects, *o_region, *o_key, *o_secret, *o_prefix, *o_staging, *o_acl, *o_ca;
    bool o_host, charge_lost;
    long o_patience;
    double speed, dispatch_delay_s, grid_g, price[BILL_CLASSES], price_kwh;
    long overhead, instances, tasks, connections, per_address, body, house_ms, wall_ms, s3_gb, s3_buckets,
        image_gb, image_files;
};

#define AT(field) offsetof(struct values, field)

static const struct option_row rows[] = {
    {"config", OPTION_TEXT, "FILE", AT(config), 0, 0,
     "Options from FILE (lines of option = value), then from FILE.d/*.conf"},
    {"data", OPTION_TEXT, "DIR", AT(data), 0, 0, "Folder of the state, created when missing"},
    {"listen", OPTION_LISTEN, "ADDRESS:PORT", AT(listen), 0, 0,
     "Where to serve (127.0.0.1:8080); port 0 takes a free one"},
    {"token", OPTION_TEXT, "T", AT(token), 0, 0,
     "Token of the first account; by default one is made and kept in DIR/token"},
    {"email", OPTION_TEXT, "E", AT(email), 0, 0,
     "E-mail of the first account, which is the operator's (admin@localhost)"},
    {"node-token", OPTION_TEXT, "T", AT(node_token), 0, 0,
     "Token of the agents; by default one is made and kept in DIR/node-token"},
    {"tls-cert", OPTION_TEXT, "FILE", AT(cert), 0, 0, "Serve HTTPS with this certificate (PEM)"},
    {"tls-key", OPTION_TEXT, "FILE", AT(key), 0, 0, "and this key"},
    {"tls-client-ca", OPTION_TEXT, "FILE", AT(client_ca), 0, 0,
     "Only for clients with a certificate of this authority"},
    {"api-url", OPTION_TEXT, "URL", AT(api_url), 0, 0,
     "Address of the API that tasks with credentials are told (from --listen)"},
    {"s3-listen", OPTION_LISTEN, "ADDRESS:PORT", AT(s3_listen), 0, 0,
     "Serve buckets there, by S3; without it there are none"},
    {"s3-data", OPTION_TEXT, "DIR", AT(s3_dir), 0, 0,
     "Folder of the buckets (objects in the folder of the state)"},
    {"s3-host", OPTION_TEXT, "NAME", AT(s3_host), 0, 0,
     "Buckets may be named in front of this host: BUCKET.NAME"},
    {"s3-url", OPTION_TEXT, "URL", AT(s3_url), 0, 0,
     "Address of the buckets that clients are told (from --s3-listen)"},
    {"objects", OPTION_TEXT, "URL", AT(objects), 0, 0,
     "Objects lie in this S3 storage instead; --s3-listen is then where nodes ask for theirs"},
    {"objects-region", OPTION_TEXT, "NAME", AT(o_region), 0, 0, "Its region (us-east-1)"},
    {"objects-key", OPTION_TEXT, "KEY", AT(o_key), 0, 0, "Access key of the server there"},
    {"objects-secret-file", OPTION_TEXT, "FILE", AT(o_secret), 0, 0,
     "File that holds the secret of this key"},
    {"objects-prefix", OPTION_TEXT, "TEXT", AT(o_prefix), 0, 0,
     "What the buckets of an account begin with there (ondol-{account}-)"},
    {"objects-staging", OPTION_TEXT, "BUCKET", AT(o_staging), 0, 0,
     "Bucket of the server there, for results that are not published yet (ondol-staging)"},
    {"objects-acl", OPTION_TEXT, "NAME", AT(o_acl), 0, 0,
     "Canned ACL of the results that are put there, such as bucket-owner-full-control"},
    {"objects-ca", OPTION_TEXT, "FILE", AT(o_ca), 0, 0, "Trust these authorities (PEM) there, and no others"},
    {"objects-virtual-host", OPTION_FLAG, NULL, AT(o_host), 0, 0,
     "Name buckets in front of its host, not in the path"},
    {"objects-patience", OPTION_INT, "S", AT(o_patience), 1, 86400,
     "Seconds after which files that the storage does not serve or take fail a task (180)"},
    {"s3-gigabytes", OPTION_INT, "N", AT(s3_gb), 0, 1000000,
     "Most bytes of an account in buckets, in units of 10^9; 0: no limit (0)"},
    {"s3-buckets", OPTION_INT, "N", AT(s3_buckets), 0, 1000000,
     "Most buckets of an account; 0: no limit (1000)"},
    {"registries", OPTION_TEXT, "HOST,...", AT(registries), 0, 0,
     "Registries that images of tasks may be pulled from, the first for names without one; http://HOST: "
     "without "
     "TLS, *: any (none)"},
    {"image-gigabytes", OPTION_INT, "N", AT(image_gb), 1, 100000,
     "Most bytes of an image, unpacked, in units of 10^9 (20)"},
    {"image-files", OPTION_INT, "N", AT(image_files), 1, 100000000, "Most files of an image (500000)"},
    {"record", OPTION_TEXT, "FILE", AT(record), 0, 0, "Write every event to FILE, for ondol replay"},
    {"speed", OPTION_REAL, "X", AT(speed), 0.01, 10000, "House time runs X times faster than the clock (1)"},
    {"house-epoch-ms", OPTION_INT, "H", AT(house_ms), 0, 9e15,
     "House time at wall time W, ms since 1970; agents are told the same"},
    {"wall-epoch-ms", OPTION_INT, "W", AT(wall_ms), 0, 9e15, "Wall time at house time H"},
    {"dispatch-delay", OPTION_REAL, "S", AT(dispatch_delay_s), 0, 86400,
     "A task stays in Submitted for at least S seconds (0)"},
    {"grid-carbon", OPTION_REAL, "G", AT(grid_g), 0, 2000,
     "Grams of CO2 per kWh of the grid, for carbon facts (52, France)"},
    {"overhead", OPTION_INT, "PERMILLE", AT(overhead), 0, 1000,
     "Drawn beside the boards' meters, of what they draw (1)"},
    {"displaced-heat", OPTION_TEXT, "gas|electric|heat-pump", AT(heat), 0, 0,
     "What would make the heat without us (gas)"},
    {"price-reserved", OPTION_REAL, "EUR", AT(price[ACTIVITY_RESERVED]), 0, 1000,
     "What a core-hour of reserved work costs (0.020)"},
    {"price-ondemand", OPTION_REAL, "EUR", AT(price[ACTIVITY_ONDEMAND]), 0, 1000,
     "... of onDemand work (0.015)"},
    {"price-flex", OPTION_REAL, "EUR", AT(price[ACTIVITY_FLEX]), 0, 1000, "... of flex work (0.010)"},
    {"price-donated", OPTION_REAL, "EUR", AT(price[ACTIVITY_DONATED]), 0, 1000, "... of research work (0)"},
    {"price-kwh", OPTION_REAL, "EUR", AT(price_kwh), 0, 1000,
     "What a kWh of paid work costs on top (0: it is in the price of the cores)"},
    {"charge-lost", OPTION_FLAG, NULL, AT(charge_lost), 0, 0,
     "Attempts that were preempted or lost are paid for too; else what they cost is given back"},
    {"sites", OPTION_TEXT, "FILE", AT(sites), 0, 0,
     "What is said of sites at each start: tariff, carbon, other heat, circuits, weather (ondol-site(1))"},
    {"relay-listen", OPTION_LISTEN, "ADDRESS:PORT", AT(relay_listen), 0, 0,
     "Where agents bring the packets of clusters and *-ssh profiles; without it there are no such profiles"},
    {"relay-url", OPTION_TEXT, "HOST:PORT", AT(relay_url), 0, 0,
     "Address of that for agents (its port on the host that they call)"},
    {"forward-ports", OPTION_TEXT, "FIRST-LAST", AT(forward_ports), 0, 0,
     "Ports that lead into instances of *-ssh profiles (any that are free, at most 1000)"},
    {"forward-address", OPTION_TEXT, "ADDRESS", AT(forward_address), 0, 0,
     "Where these listen (127.0.0.1; 0.0.0.0: everywhere)"},
    {"forward-host", OPTION_TEXT, "NAME", AT(forward_host), 0, 0, "What clients are told of it (127.0.0.1)"},
    {"forward-allow", OPTION_TEXT, "RANGES", AT(forward_allow), 0, 0,
     "Who may use them, as 192.0.2.0/24,... (everybody; the sshd inside decides)"},
    {"profiles", OPTION_TEXT, "FILE", AT(profiles), 0, 0,
     "Profiles beside the built-in ones: [profile NAME] with base, default.X, forced.X (ondol-server(1))"},
    {"instances-per-task", OPTION_INT, "N", AT(instances), 1, 10000000, "Most instances of a task (2048)"},
    {"tasks-per-account", OPTION_INT, "N", AT(tasks), 1, 100000000,
     "Most unfinished tasks of an account (1000000)"},
    {"connections", OPTION_INT, "N", AT(connections), 1, 100000, "Most connections at once (4096)"},
    {"connections-per-address", OPTION_INT, "N", AT(per_address), 1, 100000,
     "Most of them from one address (three quarters of them: nobody keeps all others out)"},
    {"body-bytes", OPTION_INT, "N", AT(body), 1024, 1 << 30, "Longest request body (33554432)"},
    {0},
};

static const struct options options = {
    .command = "server",
    .what = "Serves the compute API, the API of the buildings under /ondol/v1, and /metrics, until a signal.",
    .row = rows,
};

// Index of kpi_heats, -1: no such word.
static int heat_of(const char *word)
{
    static const char *const words[] = {"gas", "electric", "heat-pump"};
    for (int i = 0; i < 3; i++)
        if (!strcmp(word, words[i]))
            return i;
    return -1;
}

static void to_config(const struct values *v, struct runtime_config *c)
{
    runtime_config_default(c, v->speed);
    c->data_dir = v->data;
    c->listen = v->listen;
    c->token = v->token;
    c->email = v->email;
    c->node_token = v->node_token;
    c->tls_cert_file = v->cert;
    c->tls_key_file = v->key;
    c->tls_client_ca_file = v->client_ca;
    c->record_file = v->record;
    c->s3_listen = v->s3_listen;
    c->s3_dir = v->s3_dir;
    c->s3_host = v->s3_host;
    c->s3_url = v->s3_url;
    c->api_url = v->api_url;
    c->outside = (struct s3_outside){.url = v->objects,
                                     .region = v->o_region,
                                     .access_key = v->o_key,
                                     .prefix = v->o_prefix,
                                     .staging = v->o_staging,
                                     .acl = v->o_acl,
                                     .virtual_host = v->o_host};
    c->outside_ca_file = v->o_ca;
    c->outside_patience_ms = v->o_patience * 1000;
    c->s3_quota_bytes = (int64_t)v->s3_gb * 1000000000;
    c->s3_quota_buckets = v->s3_buckets;
    c->registries = v->registries;
    c->image_limits = (struct image_limits){(int64_t)v->image_gb * 1000000000, v->image_files};
    c->relay_listen = v->relay_listen;
    c->relay_url = v->relay_url;
    c->forward_address = v->forward_address;
    c->forward_host = v->forward_host;
    c->forward_allow = v->forward_allow;
    c->engine.dispatch_delay_ms = (int64_t)(v->dispatch_delay_s * 1000 * v->speed);
    c->engine.instances_per_task = (int32_t)v->instances;
    c->engine.tasks_per_account = (int32_t)v->tasks;
    for (int i = 0; i < BILL_CLASSES; i++)
        c->engine.bill.ueur_per_core_h[i] = (int64_t)(v->price[i] * 1e6 + 0.5);
    c->engine.bill.lost_too = v->charge_lost;
    c->engine.bill.ueur_per_kwh = (int64_t)(v->price_kwh * 1e6 + 0.5);
    c->limits.connections = (int)v->connections;
    c->limits.connections_per_address =
        (int)(v->per_address ? v->per_address : v->connections - v->connections / 4);
    c->limits.body_bytes = (size_t)v->body;
    c->carbon = (struct carbon_config){v->grid_g, (int32_t)v->overhead, heat_of(v->heat)};
}

// "20000-20999"
static bool ports_of(const char *text, int *first, int *last)
{
    int n = 0;
    return sscanf(text, "%d-%d%n", first, last, &n) == 2 && !text[n] && *first >= 1 && *last <= 65535 &&
           *first <= *last;
}

// The file gives defaults; what stands on the command line wins, so that it is read again on top.
static int read_values(struct values *v, struct arena *a, int argc, char **argv)
{
    struct values first = *v;
    struct err e = ERR_NULL;
    int code = options_parse(&options, &first, NULL, argc, argv);
    if (code >= 0 || !first.config) {
        *v = first;
        return code;
    }
    if (config_file_read(&options, v, first.config, a, &e))
        return cli_fail_err(CLI_USAGE, &e);
    return options_parse(&options, v, NULL, argc, argv);
}

// The folder is made here already: the line of the house's clock is kept in it.
static int set_clock(const struct values *v, struct runtime_config *c, struct err *e)
{
    struct house_epoch given = {HOUSE_MS(v->house_ms), v->wall_ms, v->speed}, line;
    if (mkdir(v->data, 0700) < 0 && errno != EEXIST)
        return err_set(e, -errno, "data: %s: %s", v->data, strerror(errno));
    int bad = house_epoch_keep(v->data, v->speed, real_now_ms(), v->house_ms >= 0 ? &given : NULL, &line,
                               &c->has_epoch, e);
    if (!bad && c->has_epoch) {
        c->house0 = line.house0;
        c->real0_ms = line.real0_ms;
    }
    return bad;
}

// Its first line; a secret on the command line would be everybody's on this machine.
static int read_secret(const struct values *v, char out[S3_SECRET_BYTES_MAX + 2], struct err *e)
{
    *out = '\0';
    if (!v->objects)
        return 0;
    if (!v->o_secret)
        return err_set(e, -EINVAL,
                       "objects: the secret of its key is missing (give --objects-secret-file FILE)");
    FILE *f = fopen(v->o_secret, "re");
    if (!f)
        return err_set(e, -errno, "objects-secret-file: %s: %s", v->o_secret, strerror(errno));
    if (!fgets(out, S3_SECRET_BYTES_MAX + 2, f))
        *out = '\0';
    fclose(f);
    out[strcspn(out, "\r\n")] = '\0';
    return 0;
}

static int serve(const struct values *v, struct arena *a)
{
    struct runtime_config cfg;
    struct runtime *r;
    struct err e = ERR_NULL;
    char secret[S3_SECRET_BYTES_MAX + 2];
    to_config(v, &cfg);
    if (read_secret(v, secret, &e))
        return cli_fail_err(CLI_USAGE, &e);
    cfg.outside.secret = secret;
    if (v->sites && site_file_read(v->sites, a, &cfg.site, &cfg.n_sites, &e))
        return cli_fail_err(CLI_USAGE, &e);
    if (v->profiles && profile_file_read(v->profiles, a, &cfg.profiles, &e))
        return cli_fail_err(CLI_USAGE, &e);
    if (v->forward_ports && !ports_of(v->forward_ports, &cfg.forward_first, &cfg.forward_last))
        return cli_fail(CLI_USAGE, "server: --forward-ports %s: is not FIRST-LAST within 1-65535",
                        v->forward_ports);
    cli_large_apart(128 << 10); // the C library's own first value
    signals_hold();
    if (set_clock(v, &cfg, &e) || runtime_start(&r, &cfg, &e))
        return cli_fail_err(CLI_FAILED, &e);
    char url[256];
    listen_url(url, sizeof url, v->listen, runtime_port(r), v->cert != NULL);
    if (runtime_storage_url(r))
        printf("ondol: storage at %s\n", runtime_storage_url(r));
    printf("ondol: server ready at %s, data in %s\n", url, v->data);
    if (cfg.has_epoch)
        printf("ondol: house time is not the calendar's: start agents with --speed %g --house-epoch-ms %lld "
               "--wall-epoch-ms %lld\n",
               cfg.speed, (long long)cfg.house0.v, (long long)cfg.real0_ms);
    fflush(stdout);
    int sig;
    bool deposed;
    do {
        sig = signals_wait(1000);
        deposed = runtime_deposed(r);
    } while (!deposed && (!sig || sig == SIGCHLD));
    runtime_stop(r);
    return deposed ? cli_fail(CLI_FAILED,
                              "server: another server leads the store in %s now (one of the two is enough)",
                              v->data)
                   : CLI_DONE;
}

int cmd_server(int argc, char **argv)
{
    struct values v = {.listen = "127.0.0.1:8080",
                       .email = "admin@localhost",
                       .speed = 1,
                       .grid_g = RUNTIME_GRID_G_KWH,
                       .overhead = RUNTIME_OVERHEAD_PERMILLE,
                       .heat = "gas",
                       .price = {0.020, 0.015, 0.010, 0},
                       .instances = 2048,
                       .tasks = 1000000,
                       .connections = 4096,
                       .body = 32 << 20,
                       .s3_buckets = 1000,
                       .image_gb = 20,
                       .image_files = 500000,
                       .o_region = "us-east-1",
                       .o_prefix = "ondol-{account}-",
                       .o_staging = "ondol-staging",
                       .o_patience = 180,
                       .house_ms = -1,
                       .wall_ms = -1};
    struct arena a = {0};
    int code = read_values(&v, &a, argc, argv);
    if (code < 0 && !v.data)
        code = cli_fail(CLI_USAGE, "server: no folder for the state (give --data DIR)");
    if (code < 0 && !v.cert != !v.key)
        code = cli_fail(CLI_USAGE, "server: --tls-cert and --tls-key go together (give both or neither)");
    if (code < 0 && (v.house_ms < 0) != (v.wall_ms < 0))
        code = cli_fail(CLI_USAGE,
                        "server: --house-epoch-ms and --wall-epoch-ms go together (give both or neither)");
    if (code < 0 && heat_of(v.heat) < 0)
        code = cli_fail(CLI_USAGE, "server: --displaced-heat %s: unknown (give gas, electric or heat-pump)",
                        v.heat);
    if (code < 0)
        code = serve(&v, &a);
    arena_deinit(&a);
    return code;
}
