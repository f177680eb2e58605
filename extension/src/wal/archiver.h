/*-------------------------------------------------------------------------
 *
 * archiver.h
 *	  Whether this server's own archiving of WAL works.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_WAL_ARCHIVER_H
#define POC_WAL_ARCHIVER_H

extern char *poc_archiver_trouble(void);

/* What to do about it */
#define POC_ARCHIVER_HINT \
	"This server's log has what the command said, and poc_doctor() what Barman expects; until it succeeds all WAL is kept, and no backup comes to an end."

#endif /* POC_WAL_ARCHIVER_H */
