/*
 * kept_marks.h
 *
 * The marks that databases have set, for the day when they are lost.
 */
#ifndef PROOF_KEPT_MARKS_H
#define PROOF_KEPT_MARKS_H

#include <stdint.h>

#include <jansson.h>

typedef struct KeptMark
{
	const char *name;
	uint64_t lsn;
	const char *system_identifier; /* digits */
	const json_t *facts;		   /* what a list of marks tells of it */
	const json_t *all;			   /* with its tables and sequences */
} KeptMark;

/* How long a mark is kept at least, whatever comes after it */
#define KEPT_MARK_DAYS 30

/* Reads the facts of all, before there are other threads */
extern void kept_marks_start(const char *state_dir);
extern void kept_marks_stop(void);

/*
 * Keeps a mark of a server's, durably.  Returns errno; EEXIST: one of this name,
 * cluster and position says something else; ENOSPC: there is no room, and all
 * that are kept are younger than KEPT_MARK_DAYS.
 */
extern int kept_marks_write(const char *server, const KeptMark *mark);

/*
 * The facts of all marks of a server's, with "key" and the time when each came, "kept".
 * Others read it, too: it is not to be changed.
 */
extern json_t *kept_marks_list(const char *server);

/*
 * An open file of {"mark": all of a mark}, which may have many tables, and its length; -1 if
 * there is none of this key.
 */
extern int kept_marks_open(const char *server, const char *key, size_t *length);

#endif /* PROOF_KEPT_MARKS_H */
