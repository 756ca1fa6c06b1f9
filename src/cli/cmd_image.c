// SPDX-License-Identifier: Apache-2.0
//
// `ondol image`: the images of the site. An archive is sent in pieces; what takes long is a job of the
// server, waited for here.
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/json_file.h"
#include "cli/verbs.h"

#define PIECE_BYTES ((size_t)1 << 20)
#define WAIT_US     200000

struct values {
    bool json, insecure;
    const char *name, *user, *password_file;
};

#define AT(field) offsetof(struct values, field)

static const struct option_row json_rows[] = {
    {"json", OPTION_FLAG, NULL, AT(json), 0, 0, "JSON instead of lines"},
    {0},
};
static const struct option_row import_rows[] = {
    {"name", OPTION_TEXT, "NAME[:TAG]", AT(name), 0, 0, "What it is called (as the archive says)"},
    {"json", OPTION_FLAG, NULL, AT(json), 0, 0, "JSON instead of lines"},
    {0},
};
static const struct option_row pull_rows[] = {
    {"login", OPTION_TEXT, "USER", AT(user), 0, 0, "Show this login to the registry"},
    {"password-file", OPTION_TEXT, "FILE", AT(password_file), 0, 0,
     "and the password that is in FILE (- is stdin); a newline at its end is left out"},
    {"insecure", OPTION_FLAG, NULL, AT(insecure), 0, 0,
     "A registry without TLS, or with a certificate that nobody vouches for"},
    {"json", OPTION_FLAG, NULL, AT(json), 0, 0, "JSON instead of lines"},
    {0},
};

static const struct values *values(const struct verb_call *c)
{
    return c->values;
}

static void put_bytes(struct table *t, double bytes)
{
    static const char *const unit[] = {"B", "kB", "MB", "GB", "TB"};
    int u = 0;
    for (; bytes >= 1000 && u < 4; u++)
        bytes /= 1000;
    table_put(t, TABLE_PLAIN, u ? "%.1f %s" : "%.0f %s", bytes, unit[u]);
}

static void image_row(struct table *t, const json_t *j)
{
    char digest[20];
    snprintf(digest, sizeof digest, "%.19s", got_text(j, "digest"));
    table_put(t, TABLE_PLAIN, "%s", got_text(j, "name"));
    table_put(t, TABLE_DIM, "%s", digest);
    put_bytes(t, got_number(j, "size"));
    put_bytes(t, got_number(j, "unpackedSize"));
    table_number(t, TABLE_PLAIN, 0, got_number(j, "files"));
    table_put(t, TABLE_PLAIN, "%s", got_text(j, "source"));
}

static int list(struct verb_call *c)
{
    return verb_list(c, "images", values(c)->json, "NAME DIGEST >SIZE >UNPACKED >FILES SOURCE", image_row);
}

// The slashes of a name stay as they are.
static const char *image_path(struct verb_call *c)
{
    buf_deinit(&c->path);
    c->path = BUF_INIT(8192);
    buf_puts(&c->path, "/ondol/v1/images/");
    for (const char *at = c->args->v[0]; *at;) {
        size_t n = strcspn(at, "/");
        char part[1024];
        snprintf(part, sizeof part, "%.*s", (int)(n < sizeof part ? n : sizeof part - 1), at);
        api_path_add(&c->path, part);
        if (at[n])
            buf_putc(&c->path, '/');
        at += n + (at[n] != '\0');
    }
    return buf_str(&c->path);
}

static int show(struct verb_call *c)
{
    return verb_ask(c, "GET", image_path(c), NULL, true, NULL);
}

static int remove_it(struct verb_call *c)
{
    return api_json(&c->api, "DELETE", image_path(c), NULL, NULL, &c->e);
}

// ---- jobs

static int ended(struct verb_call *c, const json_t *job)
{
    if (values(c)->json)
        got_print(job);
    if (!strcmp(got_text(job, "state"), "ready")) {
        if (!values(c)->json)
            printf("%s %s\n", got_text(job, "name"), got_text(job, "digest"));
        return 0;
    }
    int status = (int)got_number(job, "status");
    err_set(&c->e, -EPERM, "%s", got_text(job, "message"));
    return status == 507 || status == 503 ? CLI_LATER : CLI_REFUSED;
}

static void say(const json_t *job, bool *said)
{
    if (!isatty(2))
        return;
    fprintf(stderr, "\r%s: %s, %.1f MB   ", got_text(job, "name"), got_text(job, "state"),
            got_number(job, "bytes") / 1e6);
    *said = true;
}

// Takes `job`.
static int wait_for(struct verb_call *c, json_t *job)
{
    char path[128];
    bool said = false;
    int code = 0;
    snprintf(path, sizeof path, "/ondol/v1/images/jobs/%.64s", got_text(job, "id"));
    while (!code && strcmp(got_text(job, "state"), "ready") != 0 &&
           strcmp(got_text(job, "state"), "failed") != 0) {
        say(job, &said);
        usleep(WAIT_US);
        json_t *next = NULL;
        code = api_json(&c->api, "GET", path, NULL, &next, &c->e);
        json_decref(job);
        job = next;
    }
    if (said)
        fputs("\r\033[K", stderr);
    if (!code)
        code = ended(c, job);
    json_decref(job);
    return code;
}

// ---- import

static int send_pieces(struct verb_call *c, FILE *f, const char *upload)
{
    char path[160], *piece = malloc(PIECE_BYTES);
    long long at = 0;
    int code = piece ? 0 : (err_set(&c->e, -ENOMEM, "no memory"), CLI_FAILED);
    for (size_t n; !code && (n = fread(piece, 1, PIECE_BYTES, f)) > 0; at += (long long)n) {
        struct buf ignored;
        snprintf(path, sizeof path, "/ondol/v1/images/uploads/%.64s?offset=%lld", upload, at);
        code = api_send(&c->api, "PUT", path, piece, n, &ignored, &c->e);
        if (!code)
            buf_deinit(&ignored);
    }
    if (!code && ferror(f))
        code = (err_set(&c->e, -EIO, "%s: %s", c->args->v[0], strerror(errno)), CLI_FAILED);
    free(piece);
    return code;
}

static int import(struct verb_call *c)
{
    const char *file = c->args->v[0];
    FILE *f = strcmp(file, "-") == 0 ? stdin : fopen(file, "re");
    json_t *upload = NULL, *job = NULL, *body;
    if (!f)
        return err_set(&c->e, -errno, "%s: %s", file, strerror(errno)), CLI_USAGE;
    int code = api_json(&c->api, "POST", "/ondol/v1/images/uploads", NULL, &upload, &c->e);
    if (!code)
        code = send_pieces(c, f, got_text(upload, "id"));
    if (f != stdin)
        fclose(f);
    if (!code) {
        const char *name = values(c)->name ? values(c)->name : "";
        body = json_pack("{s:s,s:s}", "upload", got_text(upload, "id"), "name", name);
        code = body ? api_json(&c->api, "POST", "/ondol/v1/images", body, &job, &c->e)
                    : (err_set(&c->e, -EINVAL, "--name: is not UTF-8 text"), CLI_USAGE);
        json_decref(body);
    }
    json_decref(upload);
    return code ? code : wait_for(c, job);
}

// ---- pull

static int pull(struct verb_call *c)
{
    const struct values *v = values(c);
    char *password = NULL;
    json_t *job = NULL;
    if (v->password_file && !v->user)
        return err_set(&c->e, -EINVAL, "--password-file: needs --login USER"), CLI_USAGE;
    if (v->password_file && !(password = text_file(v->password_file, &c->e)))
        return CLI_USAGE;
    if (password)
        password[strcspn(password, "\r\n")] = '\0';
    json_t *body = json_pack("{s:s,s:s,s:s,s:b}", "name", c->args->v[0], "login", v->user ? v->user : "",
                             "password", password ? password : "", "insecure", (int)v->insecure);
    int code = body ? api_json(&c->api, "POST", "/ondol/v1/images/pull", body, &job, &c->e)
                    : (err_set(&c->e, -EINVAL, "image pull: is not UTF-8 text"), CLI_USAGE);
    json_decref(body);
    if (password)
        explicit_bzero(password, strlen(password));
    free(password);
    return code ? code : wait_for(c, job);
}

static const struct verb verbs[] = {
    {"import", "FILE.tar", 1, 1, import, import_rows,
     "Keeps the image of an archive (docker save, or OCI; - is stdin)."},
    {"pull", "[HOST/]NAME[:TAG]", 1, 1, pull, pull_rows,
     "Keeps an image of a registry, anew if it is here already."},
    {"list", NULL, 0, 0, list, json_rows, "Images of the site."},
    {"show", "NAME|DIGEST", 1, 1, show, json_rows, "One of them, with its layers."},
    {"remove", "NAME|DIGEST", 1, 1, remove_it, json_rows, "Forgets an image; what runs in it goes on."},
    {0},
};

int cmd_image(int argc, char **argv)
{
    struct values v = {0};
    return verbs_run("image", verbs, &v, argc, argv);
}
