/*
 * tls.h
 *
 * The certificate and key of the listener.
 */
#ifndef HTTP_TLS_H
#define HTTP_TLS_H

#include <stdbool.h>

#include <gnutls/gnutls.h>
#include <gnutls/abstract.h>

/* TLS 1.2 and 1.3, forward secrecy, authenticated encryption; nothing else. */
#define HTTP_TLS_PRIORITIES                                                                         \
	"NONE:+VERS-TLS1.3:+VERS-TLS1.2:+ECDHE-ECDSA:+ECDHE-RSA:+AEAD:+AES-256-GCM:+CHACHA20-POLY1305:" \
	"+AES-128-GCM:+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1:+SIGN-ALL:-SIGN-RSA-SHA1:"        \
	"-SIGN-ECDSA-SHA1:-SIGN-DSA-SHA1:+COMP-NULL:+CTYPE-X509:%SERVER_PRECEDENCE"

/* False after logging why. */
extern bool http_tls_use(const char *cert, const char *key);
extern bool http_tls_reload(void);
extern void http_tls_forget(void);

/* gnutls_certificate_retrieve_function2 */
extern int http_tls_choose(gnutls_session_t session, const gnutls_datum_t *authorities,
						   int authority_count, const gnutls_pk_algorithm_t *algorithms,
						   int algorithm_count, gnutls_pcert_st **chain, unsigned int *length,
						   gnutls_privkey_t *key);

#endif /* HTTP_TLS_H */
