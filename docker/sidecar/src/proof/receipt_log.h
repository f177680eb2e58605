/*
 * receipt_log.h
 *
 * Copies of the receipts of drills and rescues, which outlive the server that
 * keeps them.
 */
#ifndef PROOF_RECEIPT_LOG_H
#define PROOF_RECEIPT_LOG_H

#include <stdbool.h>
#include <stdint.h>

/* Of a receipt's hash, and of the one before it */
#define RECEIPT_HASH_LENGTH 64

/* The JSON of one receipt */
#define RECEIPT_TEXT_MAX ((size_t) 1024 * 1024)

/* What the log holds of a server at most; it forgets nothing, so that it refuses more. */
#define RECEIPTS_MAX	   100000
#define RECEIPTS_MAX_BYTES ((size_t) 128 * 1024 * 1024)

/* A receipt as it comes in; its strings are checked at the door, and borrowed. */
typedef struct Receipt
{
	const char *server;
	const char *chain;
	int64_t number; /* in its chain */
	const char *kind;
	const char *previous;
	const char *hash;
	const char *text;
} Receipt;

typedef enum ReceiptVerdict
{
	RECEIPT_KEPT,  /* durably, or was so before */
	RECEIPT_OTHER, /* another of this server, chain and number is kept, and others follow it */
	RECEIPT_NO_ROOM,
	RECEIPT_FAILED /* of the file: errno */
} ReceiptVerdict;

/* Runs before there are other threads */
extern void receipts_start(const char *state_dir);
extern void receipts_stop(void);

extern ReceiptVerdict receipts_append(const Receipt *receipt);

/* How many of this chain are kept for this server; any chain: NULL */
extern int64_t receipts_count(const char *server, const char *chain);

/*
 * {"receipts": those of this server after that place among them, with their places, "more": there
 * are others behind}, as JSON: as many as fit into an answer.  The lines are copied, not parsed.
 */
extern char *receipts_page(const char *server, int64_t place);

/* The SHA-256 in hexadecimal that a receipt must have; out has room for its end, too */
extern void receipt_hash(const Receipt *receipt, char out[RECEIPT_HASH_LENGTH + 1]);

#endif /* PROOF_RECEIPT_LOG_H */
