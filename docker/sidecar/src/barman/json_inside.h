/*
 * json_inside.h
 *
 * Declarations shared by the json*.c files.
 */
#ifndef BARMAN_JSON_INSIDE_H
#define BARMAN_JSON_INSIDE_H

#include "barman/json.h"

#include <stdint.h>

#if defined(__GNUC__)
#define BARMAN_PRINTF(text, values) __attribute__((format(printf, text, values)))
#else
#define BARMAN_PRINTF(text, values)
#endif

/* json_text.c: a text buffer; once out of memory it stays failed */
typedef struct BarmanText
{
	char *data;
	size_t length;
	size_t size;
	bool failed;
} BarmanText;

extern void barman_text_append(BarmanText *text, const char *data, size_t length);
extern void barman_text_append_string(BarmanText *text, const char *string);
extern char *barman_text_finish(BarmanText *text);

/*
 * json_redact_command.c: call at the start of a word.  Returns the position
 * after a secret that it left out, or at itself if there is none.
 */
extern size_t barman_redact_command(BarmanText *out, const char *text, size_t at, size_t length);
extern char *barman_text_utf8(const char *data, size_t length);
extern bool barman_text_starts(const char *text, const char *prefix);

/* json_failure.c */
extern json_t *barman_good_document(const BarmanOutput *output, const char *command,
									const char *server, BarmanFailure *failure);
extern json_t *barman_fail(BarmanFailure *failure, const char *code, const char *detail,
						   const char *hint, const char *format, ...) BARMAN_PRINTF(5, 6);
extern json_t *barman_fail_memory(BarmanFailure *failure);
extern json_t *barman_fail_run(const BarmanOutput *output, const json_t *document,
							   const char *command, const char *server, BarmanFailure *failure);

/* json_document.c */
extern json_t *barman_document(const BarmanOutput *output);
extern json_t *barman_redacted_document(const BarmanOutput *output);
extern bool barman_is_broken_json(const BarmanOutput *output);
extern bool barman_document_has_errors(const json_t *document);
extern bool barman_is_message_key(const char *key);
extern const json_t *barman_server_data(const json_t *document, const char *server);
/*
 * json_value.c: convert one value of Barman's to ours.  Each takes NULL for a
 * missing value and returns a new reference: json null if the value is
 * unusable, C NULL only when out of memory.
 */
extern json_t *barman_value_text(const json_t *value);
extern json_t *barman_value_word(const json_t *value);
extern json_t *barman_value_path(const json_t *value);
extern json_t *barman_value_bytes(const json_t *value);
extern json_t *barman_value_real(const json_t *value);
extern json_t *barman_value_percent(const json_t *value);
extern json_t *barman_value_lsn(const json_t *value);
extern json_t *barman_value_segment(const json_t *value);
extern json_t *barman_value_backup_id(const json_t *value);
extern json_t *barman_value_time(const json_t *iso, const json_t *epoch);

extern bool barman_is_segment(const char *text, size_t length);
extern bool barman_read_bytes(const json_t *value, json_int_t *bytes);

/* the value of the first key that is present and not null, or NULL */
extern const json_t *barman_get(const json_t *object, const char *key);
extern const json_t *barman_get_either(const json_t *object, const char *key, const char *older_key);

/* steals value; false when out of memory (value NULL included) */
extern bool barman_put(json_t *object, const char *key, json_t *value);
extern bool barman_append(json_t *array, json_t *value);

#endif /* BARMAN_JSON_INSIDE_H */
