/*
 * read_question.h
 *
 * One run of a reading command of Barman's, and its answer.
 */
#ifndef BARMAN_READ_QUESTION_H
#define BARMAN_READ_QUESTION_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "barman/json.h"
#include "barman/runner.h"
#include "base/answer.h"

/* A reading command needs no time to clean up. */
#define READ_GRACE_MS 2000

typedef json_t *(*ParseServer)(const BarmanOutput *output, const char *server,
							   BarmanFailure *failure);
typedef json_t *(*ParseWhole)(const BarmanOutput *output, BarmanFailure *failure);

/* One run of a reading command, and the parser of its output */
typedef struct Question
{
	const char *arguments[4]; /* the command first */
	int64_t longest_ms;		  /* 0: as long as --read-timeout allows */
	bool console;			  /* not -f json */
	const char *server;
	ParseServer parse_server;
	ParseWhole parse_whole; /* or this one */
} Question;

/* diagnose in its console form: Barman itself omits the secrets. */
extern const Question diagnose_question;

/* What was parsed; NULL with *failure filled */
extern json_t *question_ask(const Question *question, RunControl *control, BarmanFailure *failure);

/* malloc'd: what it prints; NULL if it fails.  Its parsers are not used. */
extern char *question_text(const Question *question, RunControl *control);

/* malloc'd: of a document for all servers, what Barman prints for this one */
extern char *question_document_of(const char *server, const json_t *value);

/* The value under its key, or an error answer. */
extern Answer *question_finish(json_t *value, const char *key, BarmanFailure *failure);

#endif /* BARMAN_READ_QUESTION_H */
