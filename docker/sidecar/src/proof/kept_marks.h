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

extern void kept_marks_start(const char *state_dir);
extern void kept_marks_stop(void);

/*
 * Keeps a mark of a server's, durably.  Returns errno; EEXIST: one of this name,
 * cluster and position says something else.
 */
extern int kept_marks_write(const char *server, const KeptMark *mark);

/* The facts of all marks of a server's */
extern json_t *kept_marks_list(const char *server);

/* All of the newest mark of this name of a cluster; NULL if there is none */
extern json_t *kept_marks_find(const char *server, const char *name, const char *system_identifier);

#endif /* PROOF_KEPT_MARKS_H */
