// SPDX-License-Identifier: Apache-2.0
//
// The secret half, before base64 ("string" is four bytes of length, big endian, and the bytes):
//
//   "openssh-key-v1\0"  string "none"  string "none"  string ""  uint32 1  string PUBLIC
//   string of: uint32 check, twice; string "ssh-ed25519"; string public key; string seed and public key; string
//              comment; 1, 2, 3 ... up to a multiple of 8
//   PUBLIC: string "ssh-ed25519"; string public key
#include "server/cluster_key.h"

#include <errno.h>
#include <gnutls/x509.h>
#include <string.h>

#include "net/base64.h"
#include "net/relay_link.h"

#define KIND    "ssh-ed25519"
#define COMMENT "ondol-cluster"
#define KEY     32
#define LINE    70

// RFC 8410 7: a PrivateKeyInfo of Ed25519 up to the seed.
static const unsigned char pkcs8_head[] = {0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06,
                                           0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20};

static int public_of(const unsigned char seed[KEY], unsigned char out[KEY])
{
    unsigned char der[sizeof pkcs8_head + KEY];
    gnutls_datum_t in = {der, sizeof der}, x = {0}, y = {0}, k = {0};
    gnutls_ecc_curve_t curve;
    gnutls_x509_privkey_t key = NULL;
    memcpy(der, pkcs8_head, sizeof pkcs8_head);
    memcpy(der + sizeof pkcs8_head, seed, KEY);
    int r = gnutls_x509_privkey_init(&key);
    if (r == 0)
        r = gnutls_x509_privkey_import_pkcs8(key, &in, GNUTLS_X509_FMT_DER, NULL, GNUTLS_PKCS_PLAIN);
    if (r == 0)
        r = gnutls_x509_privkey_export_ecc_raw(key, &curve, &x, &y, &k);
    if (r == 0 && x.size == KEY)
        memcpy(out, x.data, KEY);
    else
        r = r < 0 ? r : -1;
    if (k.data)
        gnutls_memset(k.data, 0, k.size);
    gnutls_free(x.data);
    gnutls_free(y.data);
    gnutls_free(k.data);
    gnutls_x509_privkey_deinit(key);
    gnutls_memset(der, 0, sizeof der);
    return r;
}

static void put_u32(struct buf *b, uint32_t v)
{
    const unsigned char be[] = {(unsigned char)(v >> 24), (unsigned char)(v >> 16), (unsigned char)(v >> 8),
                                (unsigned char)v};
    buf_put(b, be, sizeof be);
}

static void put_string(struct buf *b, const void *v, size_t n)
{
    put_u32(b, (uint32_t)n);
    buf_put(b, v, n);
}

static void put_public(struct buf *b, const unsigned char public[KEY])
{
    put_string(b, KIND, strlen(KIND));
    put_string(b, public, KEY);
}

static void put_base64(struct buf *out, const struct buf *b, size_t line)
{
    char text[BASE64_BYTES(512)];
    size_t n = b->n <= 512 ? BASE64_BYTES(b->n) : 0;
    if (n)
        base64_encode(text, b->v, b->n);
    for (size_t at = 0; at < n; at += line) {
        buf_put(out, text + at, n - at < line ? n - at : line);
        if (line < n)
            buf_putc(out, '\n');
    }
    gnutls_memset(text, 0, sizeof text);
}

static void put_secret(struct buf *out, const unsigned char seed[KEY], const unsigned char public[KEY])
{
    static const char head[] = "openssh-key-v1"; // with its NUL
    struct buf in = BUF_INIT(512), all = BUF_INIT(512), half = BUF_INIT(512);
    unsigned char both[2 * KEY];
    memcpy(both, seed, KEY);
    memcpy(both + KEY, public, KEY);
    put_u32(&in, 0x6f6e646f);
    put_u32(&in, 0x6f6e646f);
    put_public(&in, public);
    put_string(&in, both, sizeof both);
    put_string(&in, COMMENT, strlen(COMMENT));
    for (char pad = 1; in.n % 8; pad++)
        buf_putc(&in, pad);
    put_public(&half, public);
    buf_put(&all, head, sizeof head);
    put_string(&all, "none", 4);
    put_string(&all, "none", 4);
    put_string(&all, "", 0);
    put_u32(&all, 1);
    put_string(&all, half.v, half.n);
    put_string(&all, in.v, in.n);
    buf_puts(out, "-----BEGIN OPENSSH PRIVATE KEY-----\n");
    put_base64(out, &all, LINE);
    buf_puts(out, "-----END OPENSSH PRIVATE KEY-----\n");
    gnutls_memset(both, 0, sizeof both);
    gnutls_memset(in.v, 0, in.n);
    gnutls_memset(all.v, 0, all.n);
    buf_deinit(&in);
    buf_deinit(&all);
    buf_deinit(&half);
}

int cluster_key_write(const unsigned char seed[CLUSTER_SEED_BYTES], struct buf *secret, struct buf *public,
                      struct err *e)
{
    unsigned char key[KEY];
    struct buf half = BUF_INIT(512);
    int r = public_of(seed, key);
    if (r < 0)
        return err_set(e, -EIO, "cluster: its key: %s", gnutls_strerror(r));
    put_public(&half, key);
    buf_puts(public, KIND " ");
    put_base64(public, &half, half.n * 2);
    buf_puts(public, " " COMMENT "\n");
    buf_deinit(&half);
    put_secret(secret, seed, key);
    return 0;
}

int cluster_key_grant(struct runtime *r, uint64_t task, json_t *network, struct err *e)
{
    char name[48], hex[65];
    unsigned char seed[RELAY_KEY_BYTES];
    struct buf secret = BUF_INIT(4096), public = BUF_INIT(512);
    snprintf(name, sizeof name, "cluster-ssh %llu", (unsigned long long)task);
    int code = vault_derive(&r->vault, name, hex, e);
    if (code == 0 && !relay_key_read(hex, seed))
        code = err_set(e, -EIO, "cluster: its key cannot be derived");
    if (code == 0)
        code = cluster_key_write(seed, &secret, &public, e);
    if (code == 0) {
        json_object_set_new(network, "sshSecret", json_string(buf_str(&secret)));
        json_object_set_new(network, "sshPublic", json_string(buf_str(&public)));
    }
    explicit_bzero(hex, sizeof hex);
    explicit_bzero(seed, sizeof seed);
    if (secret.v)
        explicit_bzero(secret.v, secret.n);
    buf_deinit(&secret);
    buf_deinit(&public);
    return code;
}
