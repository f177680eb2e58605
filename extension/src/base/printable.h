/*-------------------------------------------------------------------------
 *
 * printable.h
 *	  Bytes of others for a message.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_PRINTABLE_H
#define POC_PRINTABLE_H

/* A copy with a question mark for each byte that is no printable ASCII, cut off behind that many with "..." */
extern char *poc_printable(const char *text, size_t length, size_t most);

#endif /* POC_PRINTABLE_H */
