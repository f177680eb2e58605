/*
 * memory.h
 *
 * Allocation that does not fail: out of memory ends the program, as in
 * PostgreSQL's client programs.
 */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stdarg.h>
#include <stddef.h>

#include <stdbool.h>

#include <jansson.h>

extern void *mem_alloc(size_t size); /* zeroed */
extern void *mem_realloc(void *pointer, size_t size);
extern char *mem_strdup(const char *string); /* NULL stays NULL */
extern char *mem_strndup(const char *string, size_t length);
extern char *mem_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
extern char *mem_vprintf(const char *format, va_list args) __attribute__((format(printf, 1, 0)));

/* Ends the program if value is NULL. */
extern json_t *json_checked(json_t *value);

/* A string, or null for NULL; bytes that are not UTF-8 become '?'. */
extern json_t *json_text(const char *text);

/* The string under a key, or NULL */
extern const char *json_text_of(const json_t *object, const char *key);

/* Whether the string under a key is this one */
extern bool json_text_is(const json_t *object, const char *key, const char *text);

#endif /* BASE_MEMORY_H */
