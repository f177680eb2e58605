/*
 * document.c
 *
 * Puts the page together from the files beside this one, which the assembler
 * takes into the program, and hashes its style and script for the
 * Content-Security-Policy.  Holds nothing of Barman: the same bytes for everybody.
 */
#include "page/document.h"

#include <stdlib.h>
#include <string.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "base/log.h"
#include "base/memory.h"

/* Paths are as seen from the directory of the Makefile, where everything is compiled. */
#define FILE_OF(name) ".incbin \"src/page/" name "\"\n"

/* A text of these files, with a zero at its end as any */
#define TEXT_OF(symbol, files) \
	__asm__(".pushsection .rodata\n" symbol ":\n" files ".byte 0\n.popsection\n")

/* clang-format off */
TEXT_OF("page_index", FILE_OF("index.html"));
TEXT_OF("page_style", FILE_OF("style.css"));
TEXT_OF("page_script",
	FILE_OF("element.js") FILE_OF("format.js") FILE_OF("client.js") FILE_OF("catalog.js")
	FILE_OF("archive.js") FILE_OF("target.js") FILE_OF("virtual.js") FILE_OF("drawing.js")
	FILE_OF("timeline.js") FILE_OF("backups.js") FILE_OF("servers.js") FILE_OF("jobs.js")
	FILE_OF("instances.js") FILE_OF("drills.js") FILE_OF("disks.js") FILE_OF("views.js"));
/* clang-format on */

extern const char index_text[] __asm__("page_index");
extern const char style_text[] __asm__("page_style");
extern const char script_text[] __asm__("page_script");

/* Where index.html takes them */
static const char style_mark[] = "/*style*/";
static const char script_mark[] = "/*script*/";

#define HASH_BYTES 32

static Answer *document;
static Answer *unchanged;
static char *etag; /* with its quotes */

/* The policy and the etag are filled in. */
static AnswerHeader headers[] = {
	{"Content-Security-Policy", NULL},
	{"ETag", NULL},
	/* ask whether it is still the same */
	{"Cache-Control", "no-cache"},
	{"X-Frame-Options", "DENY"},
	{"Referrer-Policy", "no-referrer"},
	{"Cross-Origin-Opener-Policy", "same-origin"},
	{"Cross-Origin-Resource-Policy", "same-origin"},
	{NULL, NULL},
};

static char *replace(char *text, const char *mark, const char *by);
static char *hash_of(const char *text);

bool
document_start(void)
{
	char *text = replace(mem_strdup(index_text), style_mark, style_text);
	char *style_hash = hash_of(style_text);
	char *script_hash = hash_of(script_text);
	char *whole;

	text = replace(text, script_mark, script_text);
	whole = hash_of(text);
	if (style_hash != NULL && script_hash != NULL && whole != NULL)
	{
		etag = mem_printf("\"%s\"", whole);
		headers[0].value = mem_printf("default-src 'none'; style-src 'sha256-%s'; script-src 'sha256-%s'; "
									  "connect-src 'self'; img-src data:; base-uri 'none'; "
									  "form-action 'none'; frame-ancestors 'none'; "
									  "require-trusted-types-for 'script'; trusted-types 'none'",
									  style_hash, script_hash);
		headers[1].value = etag;
		document = answer_text("text/html; charset=utf-8", text);
		document->headers = headers;
		unchanged = answer_text("text/html; charset=utf-8", mem_strdup(""));
		unchanged->status = 304;
		unchanged->headers = headers;
	}
	else
		free(text);
	free(style_hash);
	free(script_hash);
	free(whole);
	return document != NULL;
}

Answer *
document_answer(const char *if_none_match)
{
	bool same = if_none_match != NULL &&
				(strcmp(if_none_match, "*") == 0 || strstr(if_none_match, etag) != NULL);

	return answer_keep(same ? unchanged : document);
}

/* Frees text. */
static char *
replace(char *text, const char *mark, const char *by)
{
	const char *place = strstr(text, mark);
	char *result;

	if (place == NULL)
		return text;
	result = mem_printf("%.*s%s%s", (int) (place - text), text, by, place + strlen(mark));
	free(text);
	return result;
}

/* SHA-256 in base64, or NULL */
static char *
hash_of(const char *text)
{
	unsigned char hash[HASH_BYTES];
	gnutls_datum_t raw = {hash, sizeof(hash)};
	gnutls_datum_t base64 = {NULL, 0};
	char *result = NULL;
	int error = gnutls_hash_fast(GNUTLS_DIG_SHA256, text, strlen(text), hash);

	if (error == 0)
		error = gnutls_base64_encode2(&raw, &base64);
	if (error == 0)
		result = mem_strndup((const char *) base64.data, base64.size);
	else
		log_line(LOGLEVEL_ERROR, "the page cannot be hashed", "cause", gnutls_strerror(error), NULL);
	gnutls_free(base64.data);
	return result;
}
