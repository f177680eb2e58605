/*
 * routes_receipt.c
 *
 * Takes copies of the receipts of drills and rescues, and hands them out.
 * What comes in has the hash that its text must have.
 */
#include "api/routes_receipt.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/arguments.h"
#include "api/path_names.h"
#include "api/receipt_members.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/names.h"
#include "proof/receipt_log.h"

/* "SYSTEM_IDENTIFIER/DATABASE/TABLE": who writes a chain */
#define CHAIN_PARTS 3
#define CHAIN_MAX	42

static bool read_receipt(const json_t *arguments, Receipt *receipt, Answer **refusal);
static bool is_chain(const char *text);
static bool is_hash(const char *text);
static Answer *refuse_unkept(const Receipt *receipt, ReceiptVerdict verdict, int error);

static const Argument receipt_arguments[] = {
	{"chain", ARGUMENT_TEXT, 0, 0, true, 0}, {"n", ARGUMENT_INTEGER, 1, INT64_C(1) << 53, false, 0},
	{"kind", ARGUMENT_TEXT, 0, 0, true, 0},	 {"previous", ARGUMENT_TEXT, 0, 0, true, 0},
	{"hash", ARGUMENT_TEXT, 0, 0, true, 0},	 {"text", ARGUMENT_TEXT, 0, 0, true, 0},
	{NULL, ARGUMENT_TEXT, 0, 0, false, 0},
};

/* Also of servers that Barman knows no more: that is what the copies are for. */
Answer *
get_receipts(Request *request)
{
	const char *server = request->segments[SEGMENT_SERVER];
	const char *text = request->segments[SEGMENT_NAME];
	long long place;
	Answer *refusal;

	if (!barman_valid_server_name(server))
		return answer_errorf("bad_server_name", "\"%.128s\" cannot be a server", server);
	errno = 0;
	place = strtoll(text, NULL, 10);
	if (errno != 0 || *text == '\0' || text[strspn(text, "0123456789")] != '\0')
		return answer_error("bad_argument", "the place in the list must be a number", NULL,
							"0 is before the first; each receipt tells its own.");
	if (receipts_count(server, NULL) == 0 && !route_server_exists(request, &refusal))
		return refusal;
	return answer_text("application/json", receipts_page(server, place));
}

Answer *
post_receipt(Request *request)
{
	Answer *refusal = NULL;
	Answer *answer = NULL;
	json_t *arguments;
	Receipt receipt = {.server = request->segments[SEGMENT_SERVER]};
	ReceiptVerdict verdict;

	if (!route_server_exists(request, &refusal))
		return refusal;
	arguments = arguments_check(request->value, receipt_arguments, &refusal);
	if (arguments == NULL)
		return refusal;
	if (!read_receipt(arguments, &receipt, &answer))
	{
		json_decref(arguments);
		return answer;
	}
	verdict = receipts_append(&receipt);
	if (verdict != RECEIPT_KEPT)
		answer = refuse_unkept(&receipt, verdict, errno);
	else
		answer = answer_json(200,
							 json_checked(json_pack("{s:{s:s, s:I}}", "receipt", "hash",
													receipt.hash, "kept",
													(json_int_t) receipts_count(receipt.server,
																				receipt.chain))));
	json_decref(arguments);
	return answer;
}

static bool
read_receipt(const json_t *arguments, Receipt *receipt, Answer **refusal)
{
	char hash[RECEIPT_HASH_LENGTH + 1];

	receipt->chain = json_text_of(arguments, "chain");
	receipt->number = json_integer_value(json_object_get(arguments, "n"));
	receipt->kind = json_text_of(arguments, "kind");
	receipt->previous = json_text_of(arguments, "previous");
	receipt->hash = json_text_of(arguments, "hash");
	receipt->text = json_text_of(arguments, "text");
	if (!is_chain(receipt->chain))
		return argument_refuse(refusal, "chain", "name a chain",
							   "A system identifier and the OIDs of a database and a table, such as 7553172360219537718/5/16402.");
	if (receipt->number < 1)
		return argument_refuse(refusal, "n", "be the number of the receipt in its chain", NULL);
	if (receipt->kind == NULL ||
		(strcmp(receipt->kind, "drill") != 0 && strcmp(receipt->kind, "rescue") != 0))
		return argument_refuse(refusal, "kind", "be drill or rescue", NULL);
	if (!is_hash(receipt->previous))
		return argument_refuse(refusal, "previous", "be a SHA-256 in hexadecimal", NULL);
	if (!is_hash(receipt->hash))
		return argument_refuse(refusal, "hash", "be a SHA-256 in hexadecimal", NULL);
	if (receipt->text == NULL || strlen(receipt->text) > RECEIPT_TEXT_MAX ||
		!receipt_is_of_server(receipt->text, receipt->server))
		return argument_refuse(refusal, "text", "be the JSON of a receipt of this server",
							   "It has at most 1 MB, no members but those of a receipt, and numbers and times as PostgreSQL writes them.");
	receipt_hash(receipt, hash);
	if (strcmp(hash, receipt->hash) != 0)
		return argument_refuse(refusal, "hash", "be that of the receipt",
							   "It is the SHA-256 of previous, chain, n, kind and text, with newlines between them.");
	return true;
}

static bool
is_chain(const char *text)
{
	int parts = 0;

	if (text == NULL || strlen(text) > CHAIN_MAX)
		return false;
	do
	{
		size_t digits = strspn(text, "0123456789");

		if (digits == 0)
			return false;
		text += digits;
		parts++;
	} while (*text == '/' && *++text != '\0' && parts < CHAIN_PARTS);
	return *text == '\0' && parts == CHAIN_PARTS && text[-1] != '/';
}

static bool
is_hash(const char *text)
{
	return text != NULL && strlen(text) == RECEIPT_HASH_LENGTH &&
		   strspn(text, "0123456789abcdef") == RECEIPT_HASH_LENGTH;
}

static Answer *
refuse_unkept(const Receipt *receipt, ReceiptVerdict verdict, int error)
{
	char number[32];

	snprintf(number, sizeof(number), "%lld", (long long) receipt->number);
	if (verdict == RECEIPT_OTHER)
	{
		log_line(LOGLEVEL_WARNING, "another copy of a receipt is kept already", "chain",
				 receipt->chain, "n", number, "server", receipt->server, NULL);
		return answer_errorf("conflict", "another receipt %s of chain %s is kept already", number,
							 receipt->chain);
	}
	if (verdict == RECEIPT_NO_ROOM)
		return answer_error("too_many_requests",
							"there is no room for more copies of receipts of this server",
							"The sidecar keeps 100,000 of each server, and 128 MB.",
							"On Barman's host, stop the sidecar, move receipts.jsonl of its state directory to where it is safe, and start it.");
	log_line(LOGLEVEL_ERROR, "a copy of a receipt cannot be kept", "chain", receipt->chain, "n",
			 number, "cause", strerror(error), NULL);
	return answer_error("unavailable", "the copy of the receipt cannot be kept", strerror(error),
						"The sidecar's log and the disk of its state directory tell more.");
}
