/*
 * json_redact_command.c
 *
 * Removes secrets that have no key and equals sign: in command options, HTTP
 * headers, PEM keys and lines of .pgpass.
 *
 * When in doubt it removes too much, never too little.
 */
#include "barman/json_inside.h"

#include <string.h>
#include <strings.h>

#define REDACTED "***"

/* Longer than any user, host or key name; keeps the time linear in the text's length */
#define NAME_MAX_LENGTH 4096

static bool begins(const char *text, size_t at, size_t length, const char *word);
static size_t redact_pem(BarmanText *out, const char *text, size_t at, size_t length);
static size_t redact_header(BarmanText *out, const char *text, size_t at, size_t length);
static size_t redact_bearer(BarmanText *out, const char *text, size_t at, size_t length);
static size_t redact_user_option(BarmanText *out, const char *text, size_t at, size_t length);
static size_t redact_sshpass(BarmanText *out, const char *text, size_t at, size_t length);
static size_t redact_pgpass(BarmanText *out, const char *text, size_t at, size_t length);
static size_t skip_blanks(const char *text, size_t at, size_t length);
static size_t redact_word(BarmanText *out, const char *text, size_t at, size_t length);
static bool is_blank(char c);

size_t
barman_redact_command(BarmanText *out, const char *text, size_t at, size_t length)
{
	static size_t (*const kinds[])(BarmanText *, const char *, size_t, size_t) = {
		redact_pem, redact_header, redact_bearer, redact_user_option, redact_sshpass, redact_pgpass,
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
	{
		size_t next = kinds[i](out, text, at, length);

		if (next != at)
			return next;
	}
	return at;
}

/* A private key; its newlines may be written as \n. */
static size_t
redact_pem(BarmanText *out, const char *text, size_t at, size_t length)
{
	static const char begin[] = "-----BEGIN ";
	static const char last[] = "-----END ";
	const char *name = text + at + sizeof(begin) - 1;
	const char *name_end;
	const char *end;

	if (!begins(text, at, length, begin))
		return at;
	name_end = length - (size_t) (name - text) > NAME_MAX_LENGTH
				   ? memmem(name, NAME_MAX_LENGTH, "-----", 5)
				   : memmem(name, length - (size_t) (name - text), "-----", 5);
	if (name_end == NULL || memmem(name, (size_t) (name_end - name), "PRIVATE KEY", 11) == NULL ||
		memchr(name, '\n', (size_t) (name_end - name)) != NULL)
		return at;
	name_end += 5;
	barman_text_append(out, text + at, (size_t) (name_end - text) - at);
	barman_text_append_string(out, REDACTED);
	end = memmem(name_end, length - (size_t) (name_end - text), last, sizeof(last) - 1);
	return end != NULL ? (size_t) (end - text) : length;
}

/* "Authorization: Bearer ..." and similar headers, to the end of the line or the quotes */
static size_t
redact_header(BarmanText *out, const char *text, size_t at, size_t length)
{
	static const char *const names[] = {"authorization", "proxy-authorization", "cookie",
										"set-cookie"};
	size_t i = 0;
	size_t value;

	for (size_t n = 0; n < sizeof(names) / sizeof(names[0]) && i == 0; n++)
	{
		if (begins(text, at, length, names[n]))
			i = at + strlen(names[n]);
	}
	if (i == 0)
		return at;
	while (i < length && strchr("\\\"'", text[i]) != NULL && text[i] != '\0')
		i++;
	i = skip_blanks(text, i, length);
	if (i >= length || (text[i] != ':' && text[i] != '='))
		return at;
	value = i + 1;
	while (value < length && (text[value] == ' ' || text[value] == '\t' || text[value] == '\\' ||
							  text[value] == '"' || text[value] == '\''))
		value++;
	barman_text_append(out, text + at, value - at);
	barman_text_append_string(out, REDACTED);
	while (value < length && text[value] != '\n' && text[value] != '"' && text[value] != '\'' &&
		   !(text[value] == '\\' && value + 1 < length && strchr("\"'n\\", text[value + 1]) != NULL))
		value++;
	return value;
}

static size_t
redact_bearer(BarmanText *out, const char *text, size_t at, size_t length)
{
	size_t value = at + strlen("bearer");

	if (!begins(text, at, length, "bearer") || value >= length || !is_blank(text[value]))
		return at;
	value = skip_blanks(text, value, length);
	if (value >= length)
		return at;
	barman_text_append(out, text + at, value - at);
	return redact_word(out, text, value, length);
}

/* curl's -u user:password, --user user:password, and -uuser:password */
static size_t
redact_user_option(BarmanText *out, const char *text, size_t at, size_t length)
{
	static const char *const options[] = {"--proxy-user", "--user", "-u"};
	size_t i = 0;
	size_t colon;
	char quote = '\0';

	for (size_t n = 0; n < sizeof(options) / sizeof(options[0]) && i == 0; n++)
	{
		/* -U means something else */
		if (length - at >= strlen(options[n]) &&
			memcmp(text + at, options[n], strlen(options[n])) == 0)
			i = at + strlen(options[n]);
	}
	if (i == 0)
		return at;
	if (i < length && (text[i] == '=' || is_blank(text[i])))
		i = text[i] == '=' ? i + 1 : skip_blanks(text, i, length);
	while (i < length && text[i] == '\\')
		i++;
	if (i < length && (text[i] == '\'' || text[i] == '"'))
		quote = text[i++];
	for (colon = i; colon < length && text[colon] != ':'; colon++)
	{
		if (colon - i > NAME_MAX_LENGTH || is_blank(text[colon]) ||
			(quote != '\0' && text[colon] == quote))
			return at;
	}
	if (colon + 1 >= length || is_blank(text[colon + 1]))
		return at;
	colon++;
	barman_text_append(out, text + at, colon - at);
	barman_text_append_string(out, REDACTED);
	while (colon < length &&
		   (quote != '\0' ? text[colon] != quote && text[colon] != '\n' : !is_blank(text[colon])))
		colon++;
	/* the backslash before an escaped quote */
	while (quote != '\0' && colon > 0 && colon < length && text[colon - 1] == '\\')
		colon--;
	return colon;
}

static size_t
redact_sshpass(BarmanText *out, const char *text, size_t at, size_t length)
{
	size_t i = at + strlen("sshpass");

	if (!begins(text, at, length, "sshpass") || i >= length || !is_blank(text[i]))
		return at;
	for (;;)
	{
		i = skip_blanks(text, i, length);
		if (i + 1 >= length || text[i] != '-')
			return at;
		if (text[i + 1] == 'p')
			break;
		while (i < length && !is_blank(text[i]))
			i++;
	}
	i = skip_blanks(text, i + 2, length);
	if (i >= length)
		return at;
	barman_text_append(out, text + at, i - at);
	return redact_word(out, text, i, length);
}

/* host:port:database:user:password, to the end of the line: passwords may have blanks. */
static size_t
redact_pgpass(BarmanText *out, const char *text, size_t at, size_t length)
{
	size_t i = at;
	size_t end;

	/* only at the start of a line or quoted text, not at every bracket of nested JSON */
	if (at > 0 && !is_blank(text[at - 1]) && strchr("\"'=", text[at - 1]) == NULL)
		return at;
	for (int field = 0; field < 4; field++)
	{
		size_t start = i;

		while (i < length && i - start < NAME_MAX_LENGTH && text[i] != ':' && !is_blank(text[i]) &&
			   text[i] != '"' && text[i] != '\'' &&
			   (field != 1 || (text[i] >= '0' && text[i] <= '9') || text[i] == '*'))
			i += text[i] == '\\' && i + 1 < length && text[i + 1] == ':' ? 2 : 1;
		if (i >= length || text[i] != ':' || i == start)
			return at;
		i++;
	}
	if (i >= length || is_blank(text[i]))
		return at;
	for (end = i; end < length && text[end] != '\n'; end++)
		;
	barman_text_append(out, text + at, i - at);
	barman_text_append_string(out, REDACTED);
	return end;
}

/* One word of a command line, with its quotes */
static size_t
redact_word(BarmanText *out, const char *text, size_t at, size_t length)
{
	char quote = '\0';

	barman_text_append_string(out, REDACTED);
	for (; at < length && (quote != '\0' || !is_blank(text[at])); at++)
	{
		if (text[at] == '\\' && quote != '\'' && at + 1 < length)
			at++;
		else if (quote != '\0' ? text[at] == quote : text[at] == '\'' || text[at] == '"')
			quote = quote != '\0' ? '\0' : text[at];
	}
	return at < length ? at : length;
}

static bool
begins(const char *text, size_t at, size_t length, const char *word)
{
	size_t size = strlen(word);

	return length - at >= size && strncasecmp(text + at, word, size) == 0;
}

static size_t
skip_blanks(const char *text, size_t at, size_t length)
{
	while (at < length && is_blank(text[at]))
		at++;
	return at;
}

static bool
is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}
