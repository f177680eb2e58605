/*
 * receipt_log.c
 *
 * Keeps copies of receipts in one file, a line of JSON for each.  Lines are
 * appended and never changed; what is there, right or wrong, stays.
 */
#include "proof/receipt_log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gnutls/crypto.h>
#include <jansson.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/timestamp.h"

/* Of one answer; the extension takes 16 MB by default */
#define ANSWER_MAX_BYTES	((size_t) 2 * 1024 * 1024)
#define ANSWER_MAX_RECEIPTS 500

/* ,"place":N}, behind a line */
#define PLACE_MAX_BYTES 40

/* The other members of a line, and the text, of which JSON escapes every character at most */
#define LINE_MAX_BYTES (2 * RECEIPT_TEXT_MAX + 4096)

typedef struct Entry
{
	char *server;
	char *chain;
	int64_t number;
	char hash[RECEIPT_HASH_LENGTH + 1];
	off_t offset; /* of its line */
	size_t length;
} Entry;

/* One line of a page */
typedef struct PageLine
{
	size_t place;
	off_t offset;
	size_t length;
} PageLine;

/*
 * Who appends holds the first, also while the disk is slow, and reads the entries; who changes
 * them holds both; who reads a page holds the second.
 */
static pthread_mutex_t append_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int file = -1;
static off_t file_size;
static bool ends_within_line; /* the sidecar or the machine stopped in the middle */
static Entry *entries;
static size_t entry_count;
static size_t entry_space;

static void read_log(const char *path);
static bool remember(const json_t *line, off_t offset, size_t length);
static Entry *find(const Receipt *receipt);
static bool is_last(const Receipt *receipt);
static bool has_room(const char *server, size_t length);
static int write_line(const char *text, size_t length);
static size_t choose_lines(const char *server, int64_t place, PageLine *lines, bool *more);
static char *append_line(char *end, const PageLine *line);

void
receipts_start(const char *state_dir)
{
	char *path = mem_printf("%s/receipts.jsonl", state_dir);
	struct stat facts;

	file = open(path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	if (file >= 0 && (fstat(file, &facts) != 0 || !S_ISREG(facts.st_mode)))
	{
		close(file);
		file = -1;
		errno = EINVAL;
	}
	if (file < 0)
		log_line(LOGLEVEL_ERROR, "no copies of receipts are kept", "file", path, "cause",
				 strerror(errno), NULL);
	else
		read_log(path);
	free(path);
}

void
receipts_stop(void)
{
	pthread_mutex_lock(&append_lock);
	pthread_mutex_lock(&lock);
	if (file >= 0)
		close(file);
	file = -1;
	for (size_t i = 0; i < entry_count; i++)
	{
		free(entries[i].server);
		free(entries[i].chain);
	}
	free(entries);
	entries = NULL;
	entry_count = entry_space = 0;
	file_size = 0;
	ends_within_line = false;
	pthread_mutex_unlock(&lock);
	pthread_mutex_unlock(&append_lock);
}

ReceiptVerdict
receipts_append(const Receipt *receipt)
{
	ReceiptVerdict verdict = RECEIPT_KEPT;
	char received[TIMESTAMP_LENGTH];
	json_t *line;
	char *text;
	Entry *known;

	timestamp_format(timestamp_now(), received);
	line = json_checked(json_pack("{s:s, s:s, s:I, s:s, s:s, s:s, s:s, s:s}", "server",
								  receipt->server, "chain", receipt->chain, "n",
								  (json_int_t) receipt->number, "kind", receipt->kind, "previous",
								  receipt->previous, "hash", receipt->hash, "text", receipt->text,
								  "received", received));
	text = json_dumps(line, JSON_COMPACT);
	pthread_mutex_lock(&append_lock);
	known = find(receipt);
	if (known != NULL && strcmp(known->hash, receipt->hash) == 0)
		verdict = RECEIPT_KEPT;
	else if (known != NULL && !is_last(receipt))
		verdict = RECEIPT_OTHER;
	else if (file < 0 || text == NULL)
	{
		errno = file < 0 ? EBADF : ENOMEM;
		verdict = RECEIPT_FAILED;
	}
	else if (!has_room(receipt->server, strlen(text)))
		verdict = RECEIPT_NO_ROOM;
	else
	{
		off_t offset = file_size + (ends_within_line ? 1 : 0);

		errno = write_line(text, strlen(text));
		if (errno != 0)
			verdict = RECEIPT_FAILED;
		else
		{
			pthread_mutex_lock(&lock);
			remember(line, offset, strlen(text));
			pthread_mutex_unlock(&lock);
		}
	}
	pthread_mutex_unlock(&append_lock);
	json_decref(line);
	free(text);
	return verdict;
}

int64_t
receipts_count(const char *server, const char *chain)
{
	int64_t count = 0;

	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < entry_count; i++)
		count += strcmp(entries[i].server, server) == 0 &&
				 (chain == NULL || strcmp(entries[i].chain, chain) == 0);
	pthread_mutex_unlock(&lock);
	return count;
}

char *
receipts_page(const char *server, int64_t place)
{
	PageLine *lines = mem_alloc(ANSWER_MAX_RECEIPTS * sizeof(PageLine));
	bool more;
	size_t count = choose_lines(server, place, lines, &more);
	size_t size = sizeof("{\"receipts\":[],\"more\":false}");
	char *page;
	char *end;

	for (size_t i = 0; i < count; i++)
		size += lines[i].length + PLACE_MAX_BYTES;
	page = mem_alloc(size);
	end = page + sprintf(page, "{\"receipts\":[");
	for (size_t i = 0; i < count; i++)
		end = append_line(end, &lines[i]);
	if (end[-1] == ',')
		end--;
	sprintf(end, "],\"more\":%s}", more ? "true" : "false");
	free(lines);
	return page;
}

static size_t
choose_lines(const char *server, int64_t place, PageLine *lines, bool *more)
{
	size_t count = 0;
	size_t bytes = 0;
	int64_t passed = 0; /* of this server: how many others have is not for everybody */

	*more = false;
	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < entry_count && !*more; i++)
	{
		const Entry *entry = &entries[i];

		if (strcmp(entry->server, server) != 0 || ++passed <= place)
			continue;
		*more = count == ANSWER_MAX_RECEIPTS ||
				(bytes > 0 && bytes + entry->length > ANSWER_MAX_BYTES);
		if (*more)
			break;
		bytes += entry->length;
		lines[count++] = (PageLine){(size_t) passed, entry->offset, entry->length};
	}
	pthread_mutex_unlock(&lock);
	return count;
}

/* The line was one object when it was remembered.  Its place comes last, so that it is the one that counts. */
static char *
append_line(char *end, const PageLine *line)
{
	size_t length = line->length;

	if (pread(file, end, length, line->offset) == (ssize_t) length)
	{
		while (length > 0 &&
			   (end[length - 1] == ' ' || end[length - 1] == '\t' || end[length - 1] == '\r'))
			length--;
		if (length > 0 && end[length - 1] == '}' && memchr(end, '\n', length) == NULL &&
			memchr(end, '\0', length) == NULL)
			return end + length - 1 + sprintf(end + length - 1, ",\"place\":%zu},", line->place);
	}
	log_line(LOGLEVEL_ERROR, "a copy of a receipt cannot be read", "cause",
			 "somebody else wrote to the file", NULL);
	return end;
}

void
receipt_hash(const Receipt *receipt, char out[RECEIPT_HASH_LENGTH + 1])
{
	char *text = mem_printf("%s\n%s\n%lld\n%s\n%s", receipt->previous, receipt->chain,
							(long long) receipt->number, receipt->kind, receipt->text);
	unsigned char digest[RECEIPT_HASH_LENGTH / 2] = {0};

	if (gnutls_hash_fast(GNUTLS_DIG_SHA256, text, strlen(text), digest) != 0)
		memset(digest, 0, sizeof(digest));
	for (size_t i = 0; i < sizeof(digest); i++)
		snprintf(out + 2 * i, 3, "%02x", digest[i]);
	free(text);
}

/* A line that is none is told, and left where it is. */
static void
read_log(const char *path)
{
	int copy = dup(file);
	FILE *stream = copy >= 0 ? fdopen(copy, "r") : NULL;
	char *text = NULL;
	size_t space = 0;
	ssize_t length;
	int broken = 0;

	if (stream != NULL)
		rewind(stream);
	while (stream != NULL && (length = getline(&text, &space, stream)) > 0)
	{
		json_t *line = (size_t) length <= LINE_MAX_BYTES
						   ? json_loadb(text, (size_t) length, JSON_REJECT_DUPLICATES, NULL)
						   : NULL;

		ends_within_line = text[length - 1] != '\n';
		if ((length > 1 || ends_within_line) &&
			!remember(line, file_size, (size_t) length - !ends_within_line))
			broken++;
		file_size += length;
		json_decref(line);
	}
	free(text);
	if (stream != NULL)
		fclose(stream);
	if (broken > 0)
		log_line(LOGLEVEL_ERROR, "lines of the copies of receipts cannot be read", "file", path,
				 "cause", "somebody else wrote to it, or a write was cut off", NULL);
}

static bool
remember(const json_t *line, off_t offset, size_t length)
{
	const char *server = json_text_of(line, "server");
	const char *chain = json_text_of(line, "chain");
	const char *hash = json_text_of(line, "hash");
	const json_t *number = json_object_get(line, "n");
	Entry *entry;

	if (server == NULL || chain == NULL || hash == NULL || strlen(hash) != RECEIPT_HASH_LENGTH ||
		!json_is_integer(number) || json_text_of(line, "text") == NULL)
		return false;
	if (entry_count == entry_space)
	{
		entry_space = entry_space > 0 ? 2 * entry_space : 64;
		entries = mem_realloc(entries, entry_space * sizeof(Entry));
	}
	entry = &entries[entry_count++];
	*entry = (Entry){.server = mem_strdup(server),
					 .chain = mem_strdup(chain),
					 .number = json_integer_value(number),
					 .offset = offset,
					 .length = length};
	memcpy(entry->hash, hash, RECEIPT_HASH_LENGTH);
	return true;
}

/* One of this number, the same if it is there; a token of another server takes no number away. */
static Entry *
find(const Receipt *receipt)
{
	Entry *found = NULL;

	for (size_t i = 0; i < entry_count; i++)
	{
		if (entries[i].number != receipt->number || strcmp(entries[i].chain, receipt->chain) != 0 ||
			strcmp(entries[i].server, receipt->server) != 0)
			continue;
		if (strcmp(entries[i].hash, receipt->hash) == 0)
			return &entries[i];
		found = &entries[i];
	}
	return found;
}

/*
 * Nothing follows in its chain.  The transaction of the newest may have been lost in a crash
 * as it committed, and another has its number then; both are kept.
 */
static bool
is_last(const Receipt *receipt)
{
	for (size_t i = 0; i < entry_count; i++)
	{
		if (entries[i].number > receipt->number && strcmp(entries[i].chain, receipt->chain) == 0 &&
			strcmp(entries[i].server, receipt->server) == 0)
			return false;
	}
	return true;
}

/* Of each server by itself: a token of another takes no room away. */
static bool
has_room(const char *server, size_t length)
{
	size_t bytes = length;
	size_t count = 1;

	for (size_t i = 0; i < entry_count; i++)
	{
		if (strcmp(entries[i].server, server) != 0)
			continue;
		bytes += entries[i].length;
		count++;
	}
	return count <= RECEIPTS_MAX && bytes <= RECEIPTS_MAX_BYTES;
}

/* Durably, or not at all.  Returns errno. */
static int
write_line(const char *text, size_t length)
{
	char *line = mem_printf("%s%s\n", ends_within_line ? "\n" : "", text);
	size_t total = length + 1 + (ends_within_line ? 1 : 0);
	size_t done = 0;
	int error = 0;

	while (error == 0 && done < total)
	{
		ssize_t put = write(file, line + done, total - done);

		if (put < 0 && errno != EINTR)
			error = errno;
		if (put > 0)
			done += (size_t) put;
	}
	if (error == 0 && fsync(file) != 0)
		error = errno;
	if (error == 0)
	{
		file_size += (off_t) total;
		ends_within_line = false;
	}
	else if (ftruncate(file, file_size) != 0)
	{
		/* what is left of it is a line of its own, of no use */
		file_size += (off_t) done;
		ends_within_line = true;
	}
	free(line);
	return error;
}
