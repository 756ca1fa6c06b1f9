// SPDX-License-Identifier: Apache-2.0
//
// Certificates for tests, made on the spot: an authority, and what it signs. Written as PEM files into a
// directory.
#ifndef ONDOL_TESTS_CERTS_H
#define ONDOL_TESTS_CERTS_H

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct cert {
    gnutls_x509_privkey_t key;
    gnutls_x509_crt_t crt;
};

static inline void cert_file(const char *dir, const char *name, const char *what, const gnutls_datum_t *pem)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s.%s", dir, name, what);
    FILE *f = fopen(path, "w");
    if (!f || fwrite(pem->data, 1, pem->size, f) != pem->size || fclose(f))
        abort();
    gnutls_free(pem->data);
}

// `by` NULL: signs itself, as an authority. For others the name "localhost" and 127.0.0.1 are certified too.
static inline struct cert cert_make(const char *dir, const char *name, const struct cert *by)
{
    struct cert c;
    static const unsigned char loopback[4] = {127, 0, 0, 1};
    unsigned char serial = by ? 2 : 1;
    gnutls_x509_privkey_init(&c.key);
    gnutls_x509_privkey_generate(c.key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
    gnutls_x509_crt_init(&c.crt);
    gnutls_x509_crt_set_version(c.crt, 3);
    gnutls_x509_crt_set_serial(c.crt, &serial, 1);
    gnutls_x509_crt_set_activation_time(c.crt, time(NULL) - 3600);
    gnutls_x509_crt_set_expiration_time(c.crt, time(NULL) + 3600);
    gnutls_x509_crt_set_dn_by_oid(c.crt, GNUTLS_OID_X520_COMMON_NAME, 0, name, (unsigned)strlen(name));
    gnutls_x509_crt_set_key(c.crt, c.key);
    gnutls_x509_crt_set_basic_constraints(c.crt, !by, -1);
    gnutls_x509_crt_set_key_usage(c.crt, by ? GNUTLS_KEY_DIGITAL_SIGNATURE : GNUTLS_KEY_KEY_CERT_SIGN);
    if (by) {
        gnutls_x509_crt_set_subject_alt_name(c.crt, GNUTLS_SAN_DNSNAME, "localhost", 9, GNUTLS_FSAN_SET);
        gnutls_x509_crt_set_subject_alt_name(c.crt, GNUTLS_SAN_IPADDRESS, loopback, 4, GNUTLS_FSAN_APPEND);
    }
    if (gnutls_x509_crt_sign2(c.crt, by ? by->crt : c.crt, by ? by->key : c.key, GNUTLS_DIG_SHA256, 0) < 0)
        abort();
    gnutls_datum_t pem;
    gnutls_x509_crt_export2(c.crt, GNUTLS_X509_FMT_PEM, &pem);
    cert_file(dir, name, "crt", &pem);
    gnutls_x509_privkey_export2(c.key, GNUTLS_X509_FMT_PEM, &pem);
    cert_file(dir, name, "key", &pem);
    return c;
}

static inline void cert_drop(struct cert *c)
{
    gnutls_x509_crt_deinit(c->crt);
    gnutls_x509_privkey_deinit(c->key);
}

#endif
