// SPDX-License-Identifier: Apache-2.0
//
// A sealed value is "sealed:1:" and the base64 of 12 random bytes, the cipher text and 16 bytes of tag
// (GnuTLS writes the last two together). With random nonces a key is good for some 2^32 values.
#include "store/vault.h"

#include <errno.h>
#include <fcntl.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/mem.h"

#define MARK        "sealed:1:"
#define NONCE_BYTES 12
#define TAG_BYTES   16

static int key_read(int fd, struct vault *v, const char *path, struct err *e)
{
    unsigned char more;
    ssize_t n = read(fd, v->key, sizeof v->key);
    if (n == (ssize_t)sizeof v->key && read(fd, &more, 1) == 0)
        return 0;
    return err_set(e, -EINVAL,
                   "%s: not a key of %d bytes (restore it from a backup: without it no secret can be read)",
                   path, VAULT_KEY_BYTES);
}

// Written beside, flushed, then named: a crash leaves no half key.
static int key_make(struct vault *v, const char *dir, const char *path, struct err *e)
{
    char *fresh = mem_alloc(strlen(path) + 5);
    sprintf(fresh, "%s.new", path);
    int code = 0, fd = -1;
    if (gnutls_rnd(GNUTLS_RND_KEY, v->key, sizeof v->key) < 0)
        code = EIO;
    else if ((fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)) < 0 ||
             write(fd, v->key, sizeof v->key) != (ssize_t)sizeof v->key || fsync(fd) < 0 ||
             rename(fresh, path) < 0)
        code = errno ? errno : EIO;
    if (fd >= 0)
        close(fd);
    if (!code && (fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) >= 0) {
        code = fsync(fd) < 0 ? errno : 0;
        close(fd);
    }
    if (code)
        unlink(fresh);
    free(fresh);
    return code ? err_set(e, -code, "%s: %s (the directory must be writable)", path, strerror(code)) : 0;
}

int vault_open(struct vault *v, const char *dir, struct err *e)
{
    char *path = mem_alloc(strlen(dir) + 16);
    sprintf(path, "%s/vault.key", dir);
    int fd = open(path, O_RDONLY | O_CLOEXEC), r;
    if (fd >= 0) {
        r = key_read(fd, v, path, e);
        close(fd);
    } else if (errno == ENOENT) {
        r = key_make(v, dir, path, e);
    } else {
        r = err_set(e, -errno, "%s: %s", path, strerror(errno));
    }
    free(path);
    return r;
}

void vault_close(struct vault *v)
{
    gnutls_memset(v->key, 0, sizeof v->key);
}

static int cipher_of(const struct vault *v, gnutls_aead_cipher_hd_t *h)
{
    gnutls_datum_t key = {.data = (unsigned char *)v->key, .size = sizeof v->key};
    return gnutls_aead_cipher_init(h, GNUTLS_CIPHER_AES_256_GCM, &key);
}

int vault_seal(const struct vault *v, const char *bound, const char *value, struct buf *out, struct err *e)
{
    size_t n = strlen(value), room = n + TAG_BYTES;
    unsigned char *raw = mem_alloc(NONCE_BYTES + room);
    gnutls_aead_cipher_hd_t h = NULL;
    gnutls_datum_t text = {0};
    int r = gnutls_rnd(GNUTLS_RND_NONCE, raw, NONCE_BYTES);
    if (r >= 0)
        r = cipher_of(v, &h);
    if (r >= 0)
        r = gnutls_aead_cipher_encrypt(h, raw, NONCE_BYTES, bound, strlen(bound), TAG_BYTES, value, n,
                                       raw + NONCE_BYTES, &room);
    if (r >= 0)
        r = gnutls_base64_encode2(&(gnutls_datum_t){.data = raw, .size = (unsigned)(NONCE_BYTES + room)},
                                  &text);
    if (r >= 0)
        buf_putf(out, MARK "%.*s", (int)text.size, (const char *)text.data);
    if (h)
        gnutls_aead_cipher_deinit(h);
    gnutls_free(text.data);
    free(raw);
    return r < 0 ? err_set(e, -EIO, "vault: %s", gnutls_strerror(r)) : 0;
}

int vault_derive(const struct vault *v, const char *name, char out[65], struct err *e)
{
    static const char purpose[] = "ondol derive 1 ";
    unsigned char mac[32];
    struct buf text = BUF_INIT(4096);
    buf_putf(&text, "%s%s", purpose, name);
    int r = gnutls_hmac_fast(GNUTLS_MAC_SHA256, v->key, sizeof v->key, buf_str(&text), text.n, mac);
    buf_deinit(&text);
    if (r >= 0)
        hex_text(out, mac, sizeof mac);
    gnutls_memset(mac, 0, sizeof mac);
    return r < 0 ? err_set(e, -EIO, "vault: %s", gnutls_strerror(r)) : 0;
}

int vault_unseal(const struct vault *v, const char *bound, const char *sealed, struct buf *out, struct err *e)
{
    gnutls_aead_cipher_hd_t h = NULL;
    gnutls_datum_t raw = {0};
    unsigned char *clear = NULL;
    size_t n = 0;
    int r = -1;
    if (strncmp(sealed, MARK, strlen(MARK)) == 0) {
        const char *text = sealed + strlen(MARK);
        r = gnutls_base64_decode2(
            &(gnutls_datum_t){.data = (unsigned char *)text, .size = (unsigned)strlen(text)}, &raw);
    }
    if (r >= 0 && raw.size >= NONCE_BYTES + TAG_BYTES && (r = cipher_of(v, &h)) >= 0) {
        n = raw.size - NONCE_BYTES;
        clear = mem_alloc(n);
        r = gnutls_aead_cipher_decrypt(h, raw.data, NONCE_BYTES, bound, strlen(bound), TAG_BYTES,
                                       raw.data + NONCE_BYTES, raw.size - NONCE_BYTES, clear, &n);
    } else {
        r = -1;
    }
    if (r >= 0)
        buf_put(out, clear, n);
    if (clear)
        gnutls_memset(clear, 0, n);
    free(clear);
    if (h)
        gnutls_aead_cipher_deinit(h);
    gnutls_free(raw.data);
    return r < 0 ? err_set(e, -EBADMSG, "vault: %s: the sealed value does not open with this key", bound) : 0;
}
