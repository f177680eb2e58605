/*-------------------------------------------------------------------------
 *
 * iso_codes.c
 *	  Codes of countries, currencies, languages and time zones, as this server's
 *	  system has them.
 *
 * Countries come from the time zone database, time zones and languages from PostgreSQL,
 * and what iso-codes has from there, if it is installed; what is nowhere is a short list
 * of ours.  A session reads each list once.  The same system gives the same list.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <ctype.h>

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_collation.h"
#include "miscadmin.h"
#include "pgtime.h"
#include "storage/fd.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "rows/value/iso_codes.h"

#define ISO_CODES_DIRECTORY "/usr/share/iso-codes/json/"
#define COUNTRIES_OF_ZONES	"/usr/share/zoneinfo/iso3166.tab"

/* A list that is longer than this is not one of codes. */
#define MOST_CODES	 2000
#define LONGEST_LINE 4096

/* A list while it is read. */
typedef struct CodeList
{
	char **codes;
	int n;
	Size bytes;
} CodeList;

static void add_code(CodeList *list, const char *code, int length);
static void read_iso_codes(CodeList *list, const char *file, const char *member, int length);
static void read_countries_of_zones(CodeList *list);
static void read_languages(CodeList *list, bool with_country);
static void read_time_zones(CodeList *list);
static int compare_codes(const void *a, const void *b);
static const WordList *keep_list(CodeList *list, WordList *kept);

static const char *const countries[] = {"AR", "AT", "AU", "BR", "CA", "CH", "CL", "CN", "DE", "DK",
										"EG", "ES", "FI", "FR", "GB", "GR", "IE", "IN", "IT", "JP",
										"KE", "MX", "NO", "PE", "PL", "PT", "SE", "TR", "US", "VN"};
static const char *const countries_3[] = {"ARG", "AUS", "AUT", "BRA", "CAN", "CHE", "CHL", "CHN",
										  "DEU", "DNK", "EGY", "ESP", "FIN", "FRA", "GBR", "GRC",
										  "IND", "IRL", "ITA", "JPN", "KEN", "MEX", "NOR", "PER",
										  "POL", "PRT", "SWE", "TUR", "USA", "VNM"};
static const char *const currencies[] = {"AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK",
										 "EUR", "GBP", "INR", "JPY", "KES", "MXN", "NOK",
										 "PLN", "SEK", "TRY", "USD", "VND", "ZAR"};
static const char *const languages[] = {"ar", "cs", "da", "de", "el", "en", "es", "fi", "fr", "hi",
										"it", "ja", "ko", "nl", "no", "pl", "pt", "sv", "tr", "zh"};
static const char *const locales[] = {"de-AT", "de-DE", "en-GB", "en-US", "es-ES",
									  "fr-FR", "it-IT", "ja-JP", "pt-BR", "tr-TR"};
static const char *const time_zones[] = {"Africa/Cairo",	 "Africa/Nairobi", "America/Chicago",
										 "America/New_York", "Asia/Tokyo",	   "Australia/Sydney",
										 "Europe/Berlin",	 "Europe/London"};

const WordList *
rows_iso_codes(RowsIsoKind kind)
{
	static WordList lists[ISO_KINDS];
	static const WordList ours[ISO_KINDS] = {
		{countries, lengthof(countries)},	{countries_3, lengthof(countries_3)},
		{currencies, lengthof(currencies)}, {languages, lengthof(languages)},
		{locales, lengthof(locales)},		{time_zones, lengthof(time_zones)},
	};
	CodeList list = {0};
	MemoryContext context;
	MemoryContext old;

	if (lists[kind].words != NULL)
		return &lists[kind];
	context = AllocSetContextCreate(CurrentMemoryContext, "poc_barman codes", ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(context);
	list.codes = palloc(sizeof(char *) * MOST_CODES);
	switch (kind)
	{
		case ISO_COUNTRY:
			read_countries_of_zones(&list);
			if (list.n == 0)
				read_iso_codes(&list, "iso_3166-1.json", "\"alpha_2\"", 2);
			break;
		case ISO_COUNTRY_3:
			read_iso_codes(&list, "iso_3166-1.json", "\"alpha_3\"", 3);
			break;
		case ISO_CURRENCY:
			read_iso_codes(&list, "iso_4217.json", "\"alpha_3\"", 3);
			break;
		case ISO_LANGUAGE:
			read_languages(&list, false);
			if (list.n == 0)
				read_iso_codes(&list, "iso_639-2.json", "\"alpha_2\"", 2);
			break;
		case ISO_LOCALE:
			read_languages(&list, true);
			break;
		case ISO_TIME_ZONE:
			read_time_zones(&list);
			break;
	}
	if (list.n > 0)
		(void) keep_list(&list, &lists[kind]);
	else
		lists[kind] = ours[kind];
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return &lists[kind];
}

/* Copies of a code count once. */
static void
add_code(CodeList *list, const char *code, int length)
{
	for (int i = 0; i < list->n; i++)
	{
		if (strncmp(list->codes[i], code, length) == 0 && list->codes[i][length] == '\0')
			return;
	}
	if (list->n == MOST_CODES)
		return;
	list->codes[list->n++] = pnstrdup(code, length);
	list->bytes += length + 1;
}

/* Letters in quotes after the name of a member: "alpha_2": "DE" */
static void
read_iso_codes(CodeList *list, const char *file, const char *member, int length)
{
	char path[MAXPGPATH];
	char line[LONGEST_LINE];
	FILE *stream;

	snprintf(path, sizeof(path), "%s%s", ISO_CODES_DIRECTORY, file);
	stream = AllocateFile(path, "r");
	if (stream == NULL)
		return;
	while (fgets(line, sizeof(line), stream) != NULL)
	{
		char *found = strstr(line, member);
		char *code = found != NULL ? strchr(found + strlen(member), '"') : NULL;

		/* currencies that begin with X are metals, funds and tests */
		if (code == NULL ||
			strspn(code + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") !=
				(size_t) length ||
			(strcmp(file, "iso_4217.json") == 0 && code[1] == 'X'))
			continue;
		add_code(list, code + 1, length);
	}
	FreeFile(stream);
}

/* The time zone database: DE, a tab, and the name */
static void
read_countries_of_zones(CodeList *list)
{
	char line[LONGEST_LINE];
	FILE *stream = AllocateFile(COUNTRIES_OF_ZONES, "r");

	if (stream == NULL)
		return;
	while (fgets(line, sizeof(line), stream) != NULL)
	{
		if (isupper((unsigned char) line[0]) && isupper((unsigned char) line[1]) && line[2] == '\t')
			add_code(list, line, 2);
	}
	FreeFile(stream);
}

/* PostgreSQL's collations of ICU: de-AT-x-icu */
static void
read_languages(CodeList *list, bool with_country)
{
	Relation rel = table_open(CollationRelationId, AccessShareLock);
	SysScanDesc scan = systable_beginscan(rel, InvalidOid, false, NULL, 0, NULL);
	HeapTuple tuple;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_collation form = (Form_pg_collation) GETSTRUCT(tuple);
		const char *name = NameStr(form->collname);

		/* those of initdb alone: anybody may make others */
		if (form->collprovider == COLLPROVIDER_ICU && form->oid < FirstNormalObjectId &&
			strspn(name, "abcdefghijklmnopqrstuvwxyz") == 2 && name[2] == '-' &&
			(!with_country || (isupper((unsigned char) name[3]) &&
							   isupper((unsigned char) name[4]) && name[5] == '-')))
			add_code(list, name, with_country ? 5 : 2);
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
}

/* The zones named after places; other names are mostly links to them. */
static void
read_time_zones(CodeList *list)
{
	static const char *const areas[] = {"Africa/",	  "America/", "Asia/",	 "Atlantic/",
										"Australia/", "Europe/",  "Indian/", "Pacific/"};
	pg_tzenum *zones = pg_tzenumerate_start();
	pg_tz *zone;

	while ((zone = pg_tzenumerate_next(zones)) != NULL)
	{
		const char *name = pg_get_timezone_name(zone);

		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < lengthof(areas); i++)
		{
			if (strncmp(name, areas[i], strlen(areas[i])) == 0)
				add_code(list, name, strlen(name));
		}
	}
	pg_tzenumerate_end(zones);
}

static int
compare_codes(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

/* In the session's memory, in order: a file system or a catalog has none. */
static const WordList *
keep_list(CodeList *list, WordList *kept)
{
	char *bytes = MemoryContextAlloc(TopMemoryContext, sizeof(char *) * list->n + list->bytes);
	const char **words = (const char **) bytes;

	bytes += sizeof(char *) * list->n;
	qsort(list->codes, list->n, sizeof(char *), compare_codes);
	for (int i = 0; i < list->n; i++)
	{
		words[i] = bytes;
		strcpy(bytes, list->codes[i]);
		bytes += strlen(bytes) + 1;
	}
	kept->nwords = list->n;
	kept->words = words;
	return kept;
}
