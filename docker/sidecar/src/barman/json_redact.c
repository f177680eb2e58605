/*
 * json_redact.c
 *
 * Removes passwords from texts and values.  Barman prints conninfo with its
 * password in JSON mode, and libpq's messages quote what they could not parse.
 *
 * When in doubt it removes too much, never too little.
 */
#include "barman/json_inside.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define REDACTED "***"

/* longer than any password; keeps the time linear in the text's length */
#define MAX_QUOTED 4096

/* A key that contains one of these holds a secret. */
static const char *const secret_words[] = {
	"password",		"passwd",			"passphrase",		"secret",	 "token",	   "apikey",
	"api_key",		"access_key",		"private_key",		"signature", "credential", "cookie",
	"customer_key", "scram_client_key", "scram_server_key", NULL,
};

/* Messages of libpq that quote a part of a connection string */
static const struct
{
	const char *text;
	bool only_with_at; /* harmless unless it contains a part of a password */
} quoting_complaints[] = {
	{"missing \"=\" after \"", false},	/* a blank in an unquoted password */
	{"translate host name \"", true},	/* an @ in the password of a URI */
	{"invalid port number: \"", false}, /* a : or / in it */
	{"invalid percent-encoded token: \"", false},
	{NULL, false},
};

static void redact_value(json_t *value, bool secret);
static void redact_string(json_t *string, bool secret);
static size_t redact_uri(BarmanText *out, const char *text, size_t at, size_t uri_end,
						 size_t last_sign, bool cut_off);
static size_t redact_cut_off(BarmanText *out, const char *text, size_t start, size_t end);
static size_t redact_assignment(BarmanText *out, const char *text, size_t at, size_t length,
								bool in_uri);
static size_t redact_complaint(BarmanText *out, const char *text, size_t at, size_t length);
static bool ends_with_complaint(const char *text, size_t length, const char *complaint);
static bool is_secret_key(const char *key, size_t length);
static size_t quote_width(const char *text, size_t at, size_t length);
static size_t quoted_end(const char *text, size_t at, size_t length, const char *quote, size_t width);
static bool is_blank(char c);
static bool is_key_character(char c);

void
barman_redact(json_t *value)
{
	redact_value(value, false);
}

char *
barman_redact_text(const char *text, size_t length)
{
	BarmanText out = {0};
	size_t uri_end = 0;	  /* end of the word with the last :// */
	size_t last_sign = 0; /* after the last @ of that word */
	size_t at = 0;

	while (at < length)
	{
		size_t next = at;

		/* at the start of a word, an option or a line */
		if (at == 0 || !is_key_character(text[at - 1]))
			next = barman_redact_command(&out, text, at, length);
		if (next != at)
		{
			at = next;
			continue;
		}
		if (length - at >= 3 && memcmp(text + at, "://", 3) == 0)
		{
			if (at >= uri_end)
			{
				uri_end = at;
				while (uri_end < length && !is_blank(text[uri_end]))
					uri_end++;
				last_sign = uri_end;
				while (last_sign > at && text[last_sign - 1] != '@')
					last_sign--;
			}
			next = redact_uri(&out, text, at, uri_end, last_sign, uri_end == length);
		}
		else if (is_key_character(text[at]))
			next = redact_assignment(&out, text, at, length, at < uri_end);
		else if (text[at] == '"')
			next = redact_complaint(&out, text, at, length);
		if (next == at)
			barman_text_append(&out, text + next++, 1);
		at = next;
	}
	return barman_text_finish(&out);
}

/* secret: the value is under a secret key, so remove all of it */
static void
redact_value(json_t *value, bool secret)
{
	if (json_is_string(value))
		redact_string(value, secret);
	else if (json_is_array(value))
	{
		for (size_t i = 0; i < json_array_size(value); i++)
		{
			json_t *element = json_array_get(value, i);

			if (secret && json_is_number(element))
				json_array_set(value, i, json_null());
			else
				redact_value(element, secret);
		}
	}
	else if (json_is_object(value))
	{
		for (void *iter = json_object_iter(value); iter != NULL;
			 iter = json_object_iter_next(value, iter))
		{
			const char *key = json_object_iter_key(iter);
			json_t *member = json_object_iter_value(iter);
			bool member_secret = secret || is_secret_key(key, strlen(key));

			if (member_secret && json_is_number(member))
				json_object_iter_set_new(value, iter, json_null());
			else
				redact_value(member, member_secret);
		}
	}
}

static void
redact_string(json_t *string, bool secret)
{
	const char *text = json_string_value(string);
	size_t length = json_string_length(string);
	char *redacted;

	if (length == 0)
		return;
	redacted = secret ? NULL : barman_redact_text(text, length);
	if (redacted != NULL && strlen(redacted) == length && memcmp(redacted, text, length) == 0)
	{
		free(redacted);
		return;
	}
	if (json_string_set(string, redacted ? redacted : REDACTED) != 0)
	{
		/* Out of memory: overwrite it all rather than leak it. */
		memset((char *) text, '*', length);
	}
	free(redacted);
}

/*
 * At "://": remove the password of user:password@.  The password should end at
 * the last @ of the authority; but if it holds an unescaped / ? or #, the
 * authority ends too early, so search the whole word again.  last_sign is after
 * the last @ of the word, or before `at`; cut_off means that the text ends with
 * the word, so that the @ may be missing.
 */
static size_t
redact_uri(BarmanText *out, const char *text, size_t at, size_t uri_end, size_t last_sign,
		   bool cut_off)
{
	size_t start = at + 3;
	size_t authority_end = start;
	size_t colon = start;
	size_t sign;

	barman_text_append(out, "://", 3);
	while (authority_end < uri_end && strchr("/?#", text[authority_end]) == NULL)
		authority_end++;
	if (last_sign <= start)
		return cut_off && authority_end == uri_end ? redact_cut_off(out, text, start, uri_end)
												   : start;
	for (sign = authority_end; sign > start && text[sign - 1] != '@'; sign--)
		;
	if (sign == start)
	{
		if (text[start] == '[')
			return start; /* the colons of an IPv6 address */
		sign = last_sign;
	}
	sign--; /* the position of the @ */
	while (colon < sign && text[colon] != ':')
		colon++;
	if (colon == sign)
		return start; /* a user without a password */
	barman_text_append(out, text + start, colon + 1 - start);
	barman_text_append_string(out, REDACTED);
	return sign;
}

/* The text ends within user:password or host:port; a port has only digits. */
static size_t
redact_cut_off(BarmanText *out, const char *text, size_t start, size_t end)
{
	size_t colon = start;
	size_t i;

	while (colon < end && text[colon] != ':')
		colon++;
	for (i = colon + 1; i < end && text[i] >= '0' && text[i] <= '9'; i++)
		;
	if (i >= end || text[i] == ',' || text[start] == '[')
		return start;
	barman_text_append(out, text + start, colon + 1 - start);
	barman_text_append_string(out, REDACTED);
	return end;
}

/*
 * At the start of a word: key=value, key: value, "key": "value" and the same
 * within other quotes, if the key is secret.  Otherwise copies just the word.
 */
static size_t
redact_assignment(BarmanText *out, const char *text, size_t at, size_t length, bool in_uri)
{
	size_t i = at;
	size_t width;
	bool assigns;

	while (i < length && is_key_character(text[i]))
		i++;
	barman_text_append(out, text + at, i - at);
	if (!is_secret_key(text + at, i - at))
		return i;
	at = i;

	i += quote_width(text, i, length);
	while (i < length && is_blank(text[i]))
		i++;
	if (i >= length || (text[i] != '=' && text[i] != ':'))
		return at;
	assigns = text[i] == '=';
	if (!assigns && length - i >= 3 && memcmp(text + i, "://", 3) == 0)
		return at;
	i++;
	if (i < length && text[i] == '>')
		i++;
	while (i < length && (assigns ? is_blank(text[i]) : text[i] == ' ' || text[i] == '\t'))
		i++;
	if (i >= length || text[i] == '\n')
		return at;

	if (text[i] == '$' && quote_width(text, i + 1, length) > 0)
		i++;
	width = quote_width(text, i, length);
	barman_text_append(out, text + at, i + width - at);
	barman_text_append_string(out, REDACTED);
	if (width > 0)
	{
		size_t end = quoted_end(text, i + width, length, text + i, width);
		size_t behind = end + 1;

		/* a shell joins adjacent pieces with different quotes into one word */
		while (width == 1 && assigns && behind < length &&
			   (is_key_character(text[behind]) || text[behind] == '\'' || text[behind] == '"'))
			behind = is_key_character(text[behind])
						 ? behind + 1
						 : quoted_end(text, behind + 1, length, text + behind, 1) + 1;
		if (behind > end + 1)
		{
			barman_text_append(out, text + i, 1);
			return behind < length ? behind : length;
		}
		return end;
	}
	while (i < length && !is_blank(text[i]) && !(in_uri && text[i] == '&'))
		i += text[i] == '\\' && i + 1 < length ? 2 : 1;
	return i;
}

/* At a quote: if a message of libpq's ends here, remove what it quotes. */
static size_t
redact_complaint(BarmanText *out, const char *text, size_t at, size_t length)
{
	for (size_t i = 0; quoting_complaints[i].text != NULL; i++)
	{
		size_t line_end = at + 1;
		size_t end;

		if (!ends_with_complaint(text, at + 1, quoting_complaints[i].text))
			continue;
		while (line_end < length && text[line_end] != '\n' && line_end - at <= MAX_QUOTED)
			line_end++;
		/* libpq does not escape quotes: remove up to the last one on the line */
		for (end = line_end; end > at + 1 && text[end - 1] != '"'; end--)
			;
		end = end > at + 1 ? end - 1 : line_end;
		if (quoting_complaints[i].only_with_at && memchr(text + at + 1, '@', end - at - 1) == NULL)
			continue;
		barman_text_append_string(out, "\"" REDACTED);
		return end;
	}
	return at;
}

/* The text may itself be quoted, with backslashes before its quotes. */
static bool
ends_with_complaint(const char *text, size_t length, const char *complaint)
{
	size_t left = strlen(complaint);

	while (left > 0 && length > 0)
	{
		char c = text[--length];

		if (c == complaint[left - 1])
			left--;
		else if (c != '\\')
			return false;
	}
	return left == 0;
}

static bool
is_secret_key(const char *key, size_t length)
{
	/* signature in the URL of a temporary access grant */
	if (length == 3 && strncasecmp(key, "sig", 3) == 0)
		return true;
	for (const char *const *word = secret_words; *word; word++)
	{
		size_t size = strlen(*word);

		for (size_t i = 0; i + size <= length; i++)
		{
			if (strncasecmp(key + i, *word, size) == 0)
				return true;
		}
	}
	return false;
}

/* Length of a quote with the backslashes before it (\", \\\"), 0 if none */
static size_t
quote_width(const char *text, size_t at, size_t length)
{
	size_t i = at;

	while (i < length && text[i] == '\\')
		i++;
	if (i < length && (text[i] == '"' || text[i] == '\''))
		return i + 1 - at;
	return 0;
}

/*
 * The position of the quote that closes the text at `at`.  Inside, the quote
 * character may have more backslashes than the opening one.
 */
static size_t
quoted_end(const char *text, size_t at, size_t length, const char *quote, size_t width)
{
	size_t backslashes = 0;

	for (size_t i = at; i < length; i++)
	{
		if (text[i] == '\\')
		{
			backslashes++;
			continue;
		}
		if (text[i] == quote[width - 1] &&
			(width == 1 ? backslashes % 2 == 0 : backslashes <= width - 1))
			return i - (width == 1 ? 0 : backslashes);
		backslashes = 0;
	}
	return length;
}

/* <ctype.h> depends on the locale, which may match a byte within a UTF-8 character. */
static bool
is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool
is_key_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
		   c == '-' || c == '.';
}
