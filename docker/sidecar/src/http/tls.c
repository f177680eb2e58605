/*
 * tls.c
 *
 * The certificate and key for TLS handshakes, and their reload.  Keeps a valid
 * pair if the new one is invalid.
 */
#include "http/tls.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <gnutls/x509.h>

#include "base/log.h"
#include "base/memory.h"

/* Clients accept no chain of more certificates. */
#define CHAIN_MAX 8

#define FILE_MAX_BYTES ((size_t) 256 * 1024)

typedef struct Pair
{
	struct Pair *older; /* may be in use by handshakes under way */
	gnutls_pcert_st chain[CHAIN_MAX];
	unsigned int length;
	gnutls_privkey_t key;
} Pair;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static Pair *current;
static const char *cert_path;
static const char *key_path;

static Pair *load(char **cause);
static bool load_chain(Pair *pair, const gnutls_datum_t *text, char **cause);
static bool belong_together(Pair *pair, char **cause);
static bool is_valid_now(const gnutls_datum_t *text, char **cause);
static bool read_whole(const char *path, gnutls_datum_t *text, char **cause);
static void free_pair(Pair *pair);

bool
http_tls_use(const char *cert, const char *key)
{
	cert_path = cert;
	key_path = key;
	return http_tls_reload();
}

bool
http_tls_reload(void)
{
	char *cause = NULL;
	Pair *pair;

	if (cert_path == NULL)
		return true;
	pair = load(&cause);
	if (pair == NULL)
	{
		log_line(LOGLEVEL_ERROR,
				 current != NULL ? "the new certificate cannot be used: the one before stays"
								 : "the certificate cannot be used",
				 "certificate", cert_path, "key", key_path, "cause", cause, NULL);
		free(cause);
		return false;
	}
	pthread_mutex_lock(&lock);
	pair->older = current;
	current = pair;
	pthread_mutex_unlock(&lock);
	log_line(LOGLEVEL_INFO, "the certificate is in use", "certificate", cert_path, NULL);
	return true;
}

void
http_tls_forget(void)
{
	while (current != NULL)
	{
		Pair *older = current->older;

		free_pair(current);
		current = older;
	}
	cert_path = key_path = NULL;
}

int
http_tls_choose(gnutls_session_t session, const gnutls_datum_t *authorities, int authority_count,
				const gnutls_pk_algorithm_t *algorithms, int algorithm_count,
				gnutls_pcert_st **chain, unsigned int *length, gnutls_privkey_t *key)
{
	(void) session;
	(void) authorities;
	(void) authority_count;
	(void) algorithms;
	(void) algorithm_count;
	pthread_mutex_lock(&lock);
	*chain = current->chain;
	*length = current->length;
	*key = current->key;
	pthread_mutex_unlock(&lock);
	return 0;
}

static Pair *
load(char **cause)
{
	Pair *pair = mem_alloc(sizeof(Pair));
	gnutls_datum_t cert = {0};
	gnutls_datum_t key = {0};
	bool good = false;

	if (read_whole(cert_path, &cert, cause) && read_whole(key_path, &key, cause) &&
		load_chain(pair, &cert, cause))
	{
		int error = gnutls_privkey_init(&pair->key);

		if (error == 0)
			error = gnutls_privkey_import_x509_raw(pair->key, &key, GNUTLS_X509_FMT_PEM, NULL, 0);
		if (error != 0)
			*cause = mem_printf("the key: %s", gnutls_strerror(error));
		else
			good = belong_together(pair, cause) && is_valid_now(&cert, cause);
	}
	free(cert.data);
	if (key.data != NULL)
		explicit_bzero(key.data, key.size);
	free(key.data);
	if (good)
		return pair;
	free_pair(pair);
	return NULL;
}

static bool
load_chain(Pair *pair, const gnutls_datum_t *text, char **cause)
{
	unsigned int count = CHAIN_MAX;
	int error = gnutls_pcert_list_import_x509_raw(pair->chain, &count, text, GNUTLS_X509_FMT_PEM, 0);

	if (error != 0)
	{
		*cause = mem_printf("the certificate: %s", gnutls_strerror(error));
		return false;
	}
	pair->length = count;
	return true;
}

static bool
belong_together(Pair *pair, char **cause)
{
	unsigned char of_cert[64];
	unsigned char of_key[64];
	size_t cert_size = sizeof(of_cert);
	size_t key_size = sizeof(of_key);
	gnutls_pubkey_t public;
	bool same;

	if (gnutls_pubkey_init(&public) != 0)
		return false;
	same = gnutls_pubkey_import_privkey(public, pair->key, 0, 0) == 0 &&
		   gnutls_pubkey_get_key_id(public, GNUTLS_KEYID_USE_SHA256, of_key, &key_size) == 0 &&
		   gnutls_pubkey_get_key_id(pair->chain[0].pubkey, GNUTLS_KEYID_USE_SHA256, of_cert,
									&cert_size) == 0 &&
		   cert_size == key_size && memcmp(of_cert, of_key, key_size) == 0;
	gnutls_pubkey_deinit(public);
	if (!same)
		*cause = mem_strdup("the key is not the certificate's");
	return same;
}

static bool
is_valid_now(const gnutls_datum_t *text, char **cause)
{
	gnutls_x509_crt_t cert;
	time_t now = time(NULL);
	bool valid;

	if (gnutls_x509_crt_init(&cert) != 0)
		return false;
	valid = gnutls_x509_crt_import(cert, text, GNUTLS_X509_FMT_PEM) == 0 &&
			gnutls_x509_crt_get_expiration_time(cert) > now;
	gnutls_x509_crt_deinit(cert);
	if (!valid)
		*cause = mem_strdup("the certificate has expired");
	return valid;
}

static bool
read_whole(const char *path, gnutls_datum_t *text, char **cause)
{
	FILE *file = fopen(path, "re");

	if (file != NULL)
	{
		text->data = mem_alloc(FILE_MAX_BYTES);
		text->size = (unsigned int) fread(text->data, 1, FILE_MAX_BYTES, file);
		fclose(file);
	}
	if (text->size > 0)
		return true;
	*cause = mem_printf("%s: %s", path, file == NULL ? strerror(errno) : "it is empty");
	return false;
}

static void
free_pair(Pair *pair)
{
	for (unsigned int i = 0; i < pair->length; i++)
		gnutls_pcert_deinit(&pair->chain[i]);
	if (pair->key != NULL)
		gnutls_privkey_deinit(pair->key);
	free(pair);
}
