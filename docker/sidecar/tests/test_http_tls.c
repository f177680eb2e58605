/*
 * test_http_tls.c
 *
 * The certificate changes under connections that go on; what is old or broken
 * in TLS is not spoken.
 */
#include "raw_fixture.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#define REQUEST \
	"GET /v1/jobs HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " TOKEN "\r\n\r\n"

static void
write_datum(const char *name, gnutls_datum_t *text)
{
	FILE *file = fopen(path_of(name), "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text->data, 1, text->size, file), text->size);
	fclose(file);
	gnutls_free(text->data);
}

/* A key and a certificate that it signs itself, with this serial number */
static void
make_certificate(unsigned char serial)
{
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t cert;
	gnutls_datum_t text;
	time_t now = time(NULL);

	gnutls_x509_privkey_init(&key);
	assert_int_equal(gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
												  GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0),
					 0);
	gnutls_x509_crt_init(&cert);
	gnutls_x509_crt_set_version(cert, 3);
	gnutls_x509_crt_set_dn(cert, "CN=localhost", NULL);
	gnutls_x509_crt_set_serial(cert, &serial, 1);
	gnutls_x509_crt_set_activation_time(cert, now - 3600);
	gnutls_x509_crt_set_expiration_time(cert, now + 3600);
	gnutls_x509_crt_set_key(cert, key);
	assert_int_equal(gnutls_x509_crt_sign2(cert, cert, key, GNUTLS_DIG_SHA256, 0), 0);
	assert_int_equal(gnutls_x509_crt_export2(cert, GNUTLS_X509_FMT_PEM, &text), 0);
	write_datum("cert.pem", &text);
	assert_int_equal(gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &text), 0);
	write_datum("key.pem", &text);
	gnutls_x509_crt_deinit(cert);
	gnutls_x509_privkey_deinit(key);
}

static void
start_tls(const char *more)
{
	char *cert = mem_printf("--tls-cert=%s", path_of("cert.pem"));
	char *key = mem_printf("--tls-key=%s", path_of("key.pem"));
	const char *extra[] = {cert, key, more, NULL};

	start_with(extra);
	free(cert);
	free(key);
}

static gnutls_certificate_credentials_t credentials;

/* NULL if there is no handshake */
static gnutls_session_t
greet(const char *priorities)
{
	gnutls_session_t session;
	int fd = open_silent();
	int error;

	if (credentials == NULL)
		gnutls_certificate_allocate_credentials(&credentials);
	gnutls_init(&session, GNUTLS_CLIENT);
	assert_int_equal(gnutls_priority_set_direct(session, priorities, NULL), 0);
	gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials);
	gnutls_transport_set_int(session, fd);
	gnutls_handshake_set_timeout(session, PATIENCE_MS);
	do
		error = gnutls_handshake(session);
	while (error < 0 && !gnutls_error_is_fatal(error));
	if (error == 0)
		return session;
	gnutls_deinit(session);
	close(fd);
	return NULL;
}

static void
part(gnutls_session_t session)
{
	int fd = gnutls_transport_get_int(session);

	gnutls_deinit(session);
	close(fd);
}

static int
serial_of(gnutls_session_t session)
{
	unsigned int count = 0;
	const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &count);
	gnutls_x509_crt_t cert;
	unsigned char serial[32];
	size_t size = sizeof(serial);

	assert_true(count > 0);
	gnutls_x509_crt_init(&cert);
	assert_int_equal(gnutls_x509_crt_import(cert, &chain[0], GNUTLS_X509_FMT_DER), 0);
	assert_int_equal(gnutls_x509_crt_get_serial(cert, serial, &size), 0);
	gnutls_x509_crt_deinit(cert);
	return serial[size - 1];
}

static int
serial_now(void)
{
	gnutls_session_t session = greet("NORMAL");
	int serial;

	assert_non_null(session);
	serial = serial_of(session);
	part(session);
	return serial;
}

static void
expect_answer(gnutls_session_t session)
{
	char text[4096] = "";
	size_t length = 0;
	ssize_t got = GNUTLS_E_AGAIN;

	assert_int_equal(gnutls_record_send(session, REQUEST, strlen(REQUEST)),
					 (ssize_t) strlen(REQUEST));
	/* head and body may come one after the other */
	while (strstr(text, "{\"jobs\":[]}") == NULL &&
		   (got > 0 || got == GNUTLS_E_AGAIN || got == GNUTLS_E_INTERRUPTED))
	{
		got = gnutls_record_recv(session, text + length, sizeof(text) - 1 - length);
		length += got > 0 ? (size_t) got : 0;
		text[length] = '\0';
	}
	assert_int_equal(strncmp(text, "HTTP/1.1 200", 12), 0);
}

static void
wait_for_log(const char *words, int times)
{
	int64_t until = monotonic_ms() + PATIENCE_MS;

	while (count_of(read_text("log"), words) < times)
	{
		if (monotonic_ms() > until)
			fail_msg("the log does not say \"%s\": %s", words, read_text("log"));
		poll(NULL, 0, 20);
	}
}

static void
a_new_certificate_comes_under_connections_that_go_on(void **state)
{
	gnutls_session_t before;

	(void) state;
	make_certificate(1);
	start_tls(NULL);
	before = greet("NORMAL");
	assert_non_null(before);
	assert_int_equal(serial_of(before), 1);
	expect_answer(before);

	make_certificate(2);
	kill(sidecar, SIGHUP);
	wait_for_log("the certificate is in use", 2);
	assert_int_equal(serial_now(), 2);

	/* broken ones, and a key that is another's, change nothing */
	write_file("cert.pem", "-----BEGIN CERTIFICATE-----\nnonsense\n");
	kill(sidecar, SIGHUP);
	wait_for_log("the one before stays", 1);
	assert_int_equal(serial_now(), 2);
	make_certificate(3);
	shell("cp %s/cert.pem %s/cert3.pem", home, home);
	make_certificate(4);
	shell("cp %s/cert3.pem %s/cert.pem", home, home);
	kill(sidecar, SIGHUP);
	wait_for_log("the key is not the certificate's", 1);
	assert_int_equal(serial_now(), 2);

	expect_answer(before);
	part(before);
}

static void
old_tls_and_weak_ciphers_are_not_spoken(void **state)
{
	static const char *const refused[] = {
		"NORMAL:-VERS-ALL:+VERS-TLS1.0",
		"NORMAL:-VERS-ALL:+VERS-TLS1.1",
		"NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+AES-128-CBC:+AES-256-CBC",
		"NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+RSA",
	};
	static const char *const spoken[] = {
		"NORMAL:-VERS-ALL:+VERS-TLS1.2",
		"NORMAL:-VERS-ALL:+VERS-TLS1.3",
	};

	(void) state;
	make_certificate(1);
	start_tls(NULL);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
	{
		if (greet(refused[i]) != NULL)
			fail_msg("%s is spoken", refused[i]);
	}
	for (size_t i = 0; i < sizeof(spoken) / sizeof(spoken[0]); i++)
	{
		gnutls_session_t session = greet(spoken[i]);

		if (session == NULL)
			fail_msg("%s is not spoken", spoken[i]);
		expect_answer(session);
		part(session);
	}
}

static void
a_handshake_has_its_time(void **state)
{
	char text[64] = "";
	int fd;
	int others[300];

	(void) state;
	make_certificate(1);
	start_tls("--header-timeout=1");
	fd = open_silent();
	assert_true(read_to_end(fd, PATIENCE_MS, text, sizeof(text)));
	/* nothing that is no TLS is said */
	assert_string_equal(text, "");
	close(fd);
	for (int i = 0; i < 300; i++)
		others[i] = open_silent();
	assert_int_equal(serial_now(), 1);
	for (int i = 0; i < 300; i++)
		close(others[i]);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		HTTP_TEST(a_new_certificate_comes_under_connections_that_go_on),
		HTTP_TEST(old_tls_and_weak_ciphers_are_not_spoken),
		HTTP_TEST(a_handshake_has_its_time),
	};
	int failed = RUN_HTTP_TESTS(argc, argv, tests);

	if (credentials != NULL)
		gnutls_certificate_free_credentials(credentials);
	return failed;
}
