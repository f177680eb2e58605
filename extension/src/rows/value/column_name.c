/*-------------------------------------------------------------------------
 *
 * column_name.c
 *	  The words of the name of a column or a table.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <ctype.h>

#include "base/compat.h"
#include "rows/value/column_name.h"

static void end_word(RowsName *split, int *length);
static int joined_length(const char *word, int length);
static bool is_one_of(const char *const *words, int nwords, const char *word, int length);

/*
 * Words that names without any separator are joined of, as "OrderDate" becomes "orderdate" in
 * PostgreSQL.  Both must be known: "update" and "candidate" are no dates.
 */
static const char *const joined_ends[] = {"date",  "time",	"price",   "cost", "amount",
										  "amt",   "due",	"start",   "end",  "from",
										  "until", "hours", "name",	   "code", "number",
										  "title", "phone", "address", "rate", "quantity",
										  "qty"};
static const char *const joined_starts[] =
	{"order",		"ship",		  "shipped",  "shipping",	"due",		 "sell",	  "sale",
	 "sales",		"hire",		  "birth",	  "start",		"end",		 "modified",  "created",
	 "updated",		"deleted",	  "required", "delivery",	"payment",	 "invoice",	  "purchase",
	 "unit",		"list",		  "standard", "tax",		"total",	 "net",		  "gross",
	 "expiry",		"expiration", "release",  "return",		"valid",	 "effective", "active",
	 "available",	"vacation",	  "booking",  "arrival",	"departure", "event",	  "issue",
	 "transaction", "item",		  "retail",	  "contact",	"company",	 "product",	  "customer",
	 "category",	"supplier",	  "employee", "country",	"currency",	 "language",  "bank",
	 "brand",		"store",	  "project",  "department", "account",	 "room",	  "course",
	 "author"};

/* Split at what is no letter, where a capital follows a small letter, and where known words meet. */
void
rows_split_name(const char *name, RowsName *split)
{
	int length = 0;

	memset(split, 0, sizeof(RowsName));
	for (const char *p = name; *p != '\0'; p++)
	{
		unsigned char c = (unsigned char) *p;

		if (!isalpha(c) && !IS_HIGHBIT_SET(c))
		{
			end_word(split, &length);
			continue;
		}
		if (isupper(c) && p > name && islower((unsigned char) p[-1]))
			end_word(split, &length);
		if (length == 0 && split->n == ROWS_NAME_WORDS)
		{
			memmove(split->words[0], split->words[1],
					sizeof(split->words[0]) * (ROWS_NAME_WORDS - 1));
			split->n--;
			memset(split->words[split->n], 0, NAMEDATALEN);
		}
		if (length < NAMEDATALEN - 1)
			split->words[split->n][length++] = (char) pg_ascii_tolower(c);
	}
	end_word(split, &length);
}

static void
end_word(RowsName *split, int *length)
{
	char *word = split->words[Min(split->n, ROWS_NAME_WORDS - 1)];
	int first;

	if (*length > 0)
		split->n++;
	/* from the end: "sellstartdate" */
	while (*length > 0 && split->n < ROWS_NAME_WORDS && (first = joined_length(word, *length)) > 0)
	{
		int at = word - split->words[0];

		at /= NAMEDATALEN;
		memmove(split->words[at + 1], split->words[at], sizeof(split->words[0]) * (split->n - at));
		memmove(split->words[at + 1], word + first, *length - first + 1);
		word[first] = '\0';
		split->n++;
		*length = first;
	}
	*length = 0;
}

/* The length of the part before the last of joined words; 0: there is but one. */
static int
joined_length(const char *word, int length)
{
	for (int i = 0; i < (int) lengthof(joined_ends); i++)
	{
		int first = length - (int) strlen(joined_ends[i]);

		if (first > 0 && strncmp(word + first, joined_ends[i], length - first) == 0 &&
			(is_one_of(joined_starts, lengthof(joined_starts), word, first) ||
			 joined_length(word, first) > 0))
			return first;
	}
	return 0;
}

static bool
is_one_of(const char *const *words, int nwords, const char *word, int length)
{
	for (int i = 0; i < nwords; i++)
	{
		if ((int) strlen(words[i]) == length && strncmp(words[i], word, length) == 0)
			return true;
	}
	return false;
}

/*
 * If the name ends with these words, or with one that joins them ("postalcode"), how many
 * words there are; otherwise 0.
 */
int
rows_name_ends(const RowsName *name, const char *words)
{
	RowsName ends;
	char joined[NAMEDATALEN * ROWS_NAME_WORDS] = "";

	rows_split_name(words, &ends);
	if (name->n == 0)
		return 0;
	for (int i = 0; i < ends.n; i++)
		strlcat(joined, ends.words[i], sizeof(joined));
	if (strcmp(name->words[name->n - 1], joined) == 0)
		return ends.n;
	if (ends.n > name->n)
		return 0;
	for (int i = 0; i < ends.n; i++)
	{
		if (strcmp(name->words[name->n - ends.n + i], ends.words[i]) != 0)
			return 0;
	}
	return ends.n;
}

/* Copy the first of the names that | separates; returns the others, or NULL. */
const char *
rows_next_name(const char *names, char *name)
{
	const char *end = strchr(names, '|');
	int length = end != NULL ? end - names : (int) strlen(names);

	strlcpy(name, names, Min(length + 1, NAMEDATALEN));
	return end != NULL ? end + 1 : NULL;
}

bool
rows_name_has(const RowsName *name, const char *word)
{
	for (int i = 0; i < name->n; i++)
	{
		if (strcmp(name->words[i], word) == 0)
			return true;
	}
	return false;
}

/* companies, customers, addresses, people; "status" and "address" stay */
void
rows_singular(char *word)
{
	int length = strlen(word);

	if (strcmp(word, "people") == 0)
		strcpy(word, "person");
	else if (length > 4 && strcmp(word + length - 3, "ies") == 0)
		strcpy(word + length - 3, "y");
	else if (length > 5 &&
			 (strcmp(word + length - 4, "sses") == 0 || strcmp(word + length - 4, "ches") == 0 ||
			  strcmp(word + length - 4, "shes") == 0 || strcmp(word + length - 4, "xes") == 0))
		word[length - 2] = '\0';
	else if (length > 3 && word[length - 1] == 's' && word[length - 2] != 's' &&
			 word[length - 2] != 'u')
		word[length - 1] = '\0';
}
