/*-------------------------------------------------------------------------
 *
 * column_role.c
 *	  Which place its name gives to a column: the start or the end of something, a stage
 *	  of a life, a part or the whole of a sum.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/compat.h"
#include "rows/value/column_name.h"
#include "rows/value/hints.h"

typedef struct RoleWord
{
	const char *word;
	RowsRole role;
	int stage; /* of a start or an end: equal for words that belong together; of a number: 1
				* for what something costs, and for how much it is sold */
} RoleWord;

static const RoleWord time_words[] = {{"birth", ROWS_ROLE_STAGE, ROWS_STAGE_BIRTH},
									  {"born", ROWS_ROLE_STAGE, ROWS_STAGE_BIRTH},
									  {"dob", ROWS_ROLE_STAGE, ROWS_STAGE_BIRTH},
									  {"birthday", ROWS_ROLE_STAGE, ROWS_STAGE_BIRTH},
									  {"birthdate", ROWS_ROLE_STAGE, ROWS_STAGE_BIRTH},
									  {"dateofbirth", ROWS_ROLE_STAGE, ROWS_STAGE_BIRTH},
									  {"hire", ROWS_ROLE_STAGE, ROWS_STAGE_HIRED},
									  {"hired", ROWS_ROLE_STAGE, ROWS_STAGE_HIRED},
									  {"employed", ROWS_ROLE_STAGE, ROWS_STAGE_HIRED},
									  {"create", ROWS_ROLE_STAGE, ROWS_STAGE_CREATED},
									  {"created", ROWS_ROLE_STAGE, ROWS_STAGE_CREATED},
									  {"creation", ROWS_ROLE_STAGE, ROWS_STAGE_CREATED},
									  {"inserted", ROWS_ROLE_STAGE, ROWS_STAGE_CREATED},
									  {"insert", ROWS_ROLE_STAGE, ROWS_STAGE_CREATED},
									  {"registered", ROWS_ROLE_STAGE, ROWS_STAGE_CREATED},
									  {"registration", ROWS_ROLE_STAGE, ROWS_STAGE_CREATED},
									  {"signup", ROWS_ROLE_STAGE, ROWS_STAGE_CREATED},
									  {"joined", ROWS_ROLE_STAGE, ROWS_STAGE_CREATED},
									  {"join", ROWS_ROLE_STAGE, ROWS_STAGE_CREATED},
									  {"added", ROWS_ROLE_STAGE, ROWS_STAGE_CREATED},
									  {"enrolled", ROWS_ROLE_STAGE, ROWS_STAGE_CREATED},
									  {"entry", ROWS_ROLE_STAGE, ROWS_STAGE_CREATED},
									  {"uploaded", ROWS_ROLE_STAGE, ROWS_STAGE_CREATED},
									  {"imported", ROWS_ROLE_STAGE, ROWS_STAGE_CREATED},
									  {"recorded", ROWS_ROLE_STAGE, ROWS_STAGE_CREATED},
									  {"logged", ROWS_ROLE_STAGE, ROWS_STAGE_CREATED},
									  {"captured", ROWS_ROLE_STAGE, ROWS_STAGE_CREATED},
									  {"posted", ROWS_ROLE_STAGE, ROWS_STAGE_CREATED},
									  {"post", ROWS_ROLE_STAGE, ROWS_STAGE_CREATED},
									  {"written", ROWS_ROLE_STAGE, ROWS_STAGE_CREATED},
									  {"opened", ROWS_ROLE_STAGE, ROWS_STAGE_CREATED},
									  {"reported", ROWS_ROLE_STAGE, ROWS_STAGE_CREATED},
									  {"order", ROWS_ROLE_STAGE, 20},
									  {"ordered", ROWS_ROLE_STAGE, 20},
									  {"placed", ROWS_ROLE_STAGE, 20},
									  {"booked", ROWS_ROLE_STAGE, 20},
									  {"booking", ROWS_ROLE_STAGE, 20},
									  {"requested", ROWS_ROLE_STAGE, 20},
									  {"request", ROWS_ROLE_STAGE, 20},
									  {"submitted", ROWS_ROLE_STAGE, 20},
									  {"submission", ROWS_ROLE_STAGE, 20},
									  {"purchased", ROWS_ROLE_STAGE, 20},
									  {"purchase", ROWS_ROLE_STAGE, 20},
									  {"invoice", ROWS_ROLE_STAGE, 20},
									  {"invoiced", ROWS_ROLE_STAGE, 20},
									  {"issued", ROWS_ROLE_STAGE, 20},
									  {"issue", ROWS_ROLE_STAGE, 20},
									  {"sale", ROWS_ROLE_STAGE, 20},
									  {"sold", ROWS_ROLE_STAGE, 20},
									  {"sent", ROWS_ROLE_STAGE, 20},
									  {"transaction", ROWS_ROLE_STAGE, 20},
									  {"payment", ROWS_ROLE_STAGE, 20},
									  {"visit", ROWS_ROLE_STAGE, 20},
									  {"visited", ROWS_ROLE_STAGE, 20},
									  {"event", ROWS_ROLE_STAGE, 20},
									  {"log", ROWS_ROLE_STAGE, 20},
									  {"message", ROWS_ROLE_STAGE, 20},
									  {"login", ROWS_ROLE_STAGE, 20},
									  {"due", ROWS_ROLE_STAGE, ROWS_STAGE_DUE},
									  {"required", ROWS_ROLE_STAGE, ROWS_STAGE_DUE},
									  {"promised", ROWS_ROLE_STAGE, ROWS_STAGE_DUE},
									  {"confirmed", ROWS_ROLE_STAGE, 30},
									  {"confirmation", ROWS_ROLE_STAGE, 30},
									  {"approved", ROWS_ROLE_STAGE, 30},
									  {"accepted", ROWS_ROLE_STAGE, 30},
									  {"acknowledged", ROWS_ROLE_STAGE, 30},
									  {"verified", ROWS_ROLE_STAGE, 30},
									  {"validated", ROWS_ROLE_STAGE, 30},
									  {"activated", ROWS_ROLE_STAGE, 30},
									  {"published", ROWS_ROLE_STAGE, 30},
									  {"publication", ROWS_ROLE_STAGE, 30},
									  {"released", ROWS_ROLE_STAGE, 30},
									  {"read", ROWS_ROLE_STAGE, 30},
									  {"scheduled", ROWS_ROLE_STAGE, 30},
									  {"paid", ROWS_ROLE_STAGE, 40},
									  {"charged", ROWS_ROLE_STAGE, 40},
									  {"processed", ROWS_ROLE_STAGE, 40},
									  {"assigned", ROWS_ROLE_STAGE, 40},
									  {"packed", ROWS_ROLE_STAGE, 40},
									  {"shipped", ROWS_ROLE_STAGE, 50},
									  {"ship", ROWS_ROLE_STAGE, 50},
									  {"shipping", ROWS_ROLE_STAGE, 50},
									  {"shipment", ROWS_ROLE_STAGE, 50},
									  {"dispatched", ROWS_ROLE_STAGE, 50},
									  {"delivered", ROWS_ROLE_STAGE, 60},
									  {"delivery", ROWS_ROLE_STAGE, 60},
									  {"received", ROWS_ROLE_STAGE, 60},
									  {"completed", ROWS_ROLE_STAGE, 60},
									  {"completion", ROWS_ROLE_STAGE, 60},
									  {"done", ROWS_ROLE_STAGE, 60},
									  {"resolved", ROWS_ROLE_STAGE, 60},
									  {"fulfilled", ROWS_ROLE_STAGE, 60},
									  {"solved", ROWS_ROLE_STAGE, 60},
									  {"returned", ROWS_ROLE_STAGE, 60},
									  {"refunded", ROWS_ROLE_STAGE, 70},
									  {"updated", ROWS_ROLE_STAGE, ROWS_STAGE_LASTS},
									  {"update", ROWS_ROLE_STAGE, ROWS_STAGE_LASTS},
									  {"modified", ROWS_ROLE_STAGE, ROWS_STAGE_LASTS},
									  {"modification", ROWS_ROLE_STAGE, ROWS_STAGE_LASTS},
									  {"changed", ROWS_ROLE_STAGE, ROWS_STAGE_LASTS},
									  {"edited", ROWS_ROLE_STAGE, ROWS_STAGE_LASTS},
									  {"accessed", ROWS_ROLE_STAGE, ROWS_STAGE_LASTS},
									  {"seen", ROWS_ROLE_STAGE, ROWS_STAGE_LASTS},
									  {"lastlogin", ROWS_ROLE_STAGE, ROWS_STAGE_LASTS},
									  {"lastseen", ROWS_ROLE_STAGE, ROWS_STAGE_LASTS},
									  {"lastmodified", ROWS_ROLE_STAGE, ROWS_STAGE_LASTS},
									  {"lastupdated", ROWS_ROLE_STAGE, ROWS_STAGE_LASTS},
									  {"lastupdate", ROWS_ROLE_STAGE, ROWS_STAGE_LASTS},
									  {"lastaccess", ROWS_ROLE_STAGE, ROWS_STAGE_LASTS},
									  {"lastchanged", ROWS_ROLE_STAGE, ROWS_STAGE_LASTS},
									  {"synced", ROWS_ROLE_STAGE, ROWS_STAGE_LASTS},
									  {"refreshed", ROWS_ROLE_STAGE, ROWS_STAGE_LASTS},
									  {"closed", ROWS_ROLE_STAGE, 90},
									  {"cancelled", ROWS_ROLE_STAGE, 90},
									  {"canceled", ROWS_ROLE_STAGE, 90},
									  {"cancellation", ROWS_ROLE_STAGE, 90},
									  {"archived", ROWS_ROLE_STAGE, 90},
									  {"terminated", ROWS_ROLE_STAGE, 90},
									  {"deactivated", ROWS_ROLE_STAGE, 90},
									  {"suspended", ROWS_ROLE_STAGE, 90},
									  {"rejected", ROWS_ROLE_STAGE, 90},
									  {"left", ROWS_ROLE_STAGE, 90},
									  {"deleted", ROWS_ROLE_STAGE, 100},
									  {"removed", ROWS_ROLE_STAGE, 100},
									  {"revoked", ROWS_ROLE_STAGE, 100},
									  {"purged", ROWS_ROLE_STAGE, 100},
									  {"trashed", ROWS_ROLE_STAGE, 100},
									  {"destroyed", ROWS_ROLE_STAGE, 100},
									  {"died", ROWS_ROLE_STAGE, 110},
									  {"death", ROWS_ROLE_STAGE, 110},
									  {"deceased", ROWS_ROLE_STAGE, 110},
									  {"start", ROWS_ROLE_START, 1},
									  {"starts", ROWS_ROLE_START, 1},
									  {"started", ROWS_ROLE_START, 1},
									  {"begin", ROWS_ROLE_START, 1},
									  {"begins", ROWS_ROLE_START, 1},
									  {"began", ROWS_ROLE_START, 1},
									  {"from", ROWS_ROLE_START, 2},
									  {"since", ROWS_ROLE_START, 2},
									  {"departure", ROWS_ROLE_START, 4},
									  {"departs", ROWS_ROLE_START, 4},
									  {"departed", ROWS_ROLE_START, 4},
									  {"in", ROWS_ROLE_START, 3},
									  {"checkin", ROWS_ROLE_START, 3},
									  {"clockin", ROWS_ROLE_START, 3},
									  {"end", ROWS_ROLE_END, 1},
									  {"ends", ROWS_ROLE_END, 1},
									  {"ended", ROWS_ROLE_END, 1},
									  {"to", ROWS_ROLE_END, 2},
									  {"until", ROWS_ROLE_END, 2},
									  {"till", ROWS_ROLE_END, 2},
									  {"through", ROWS_ROLE_END, 2},
									  {"thru", ROWS_ROLE_END, 2},
									  {"out", ROWS_ROLE_END, 3},
									  {"checkout", ROWS_ROLE_END, 3},
									  {"clockout", ROWS_ROLE_END, 3},
									  {"finish", ROWS_ROLE_END, 1},
									  {"finishes", ROWS_ROLE_END, 1},
									  {"finished", ROWS_ROLE_END, 1},
									  {"stop", ROWS_ROLE_END, 1},
									  {"stops", ROWS_ROLE_END, 1},
									  {"stopped", ROWS_ROLE_END, 1},
									  {"expires", ROWS_ROLE_END, 0},
									  {"expire", ROWS_ROLE_END, 0},
									  {"expired", ROWS_ROLE_END, 0},
									  {"expiry", ROWS_ROLE_END, 0},
									  {"expiration", ROWS_ROLE_END, 0},
									  {"arrival", ROWS_ROLE_END, 4},
									  {"arrives", ROWS_ROLE_END, 4},
									  {"arrived", ROWS_ROLE_END, 4},
									  {"closes", ROWS_ROLE_END, 0}};

static const RoleWord number_words[] = {{"min", ROWS_ROLE_START, 0},
										{"minimum", ROWS_ROLE_START, 0},
										{"low", ROWS_ROLE_START, 0},
										{"lower", ROWS_ROLE_START, 0},
										{"lowest", ROWS_ROLE_START, 0},
										{"from", ROWS_ROLE_START, 0},
										{"start", ROWS_ROLE_START, 0},
										{"begin", ROWS_ROLE_START, 0},
										{"floor", ROWS_ROLE_START, 0},
										{"max", ROWS_ROLE_END, 0},
										{"maximum", ROWS_ROLE_END, 0},
										{"high", ROWS_ROLE_END, 0},
										{"upper", ROWS_ROLE_END, 0},
										{"highest", ROWS_ROLE_END, 0},
										{"to", ROWS_ROLE_END, 0},
										{"end", ROWS_ROLE_END, 0},
										{"ceiling", ROWS_ROLE_END, 0},
										{"subtotal", ROWS_ROLE_SUBTOTAL, 0},
										{"net", ROWS_ROLE_SUBTOTAL, 0},
										{"cost", ROWS_ROLE_SUBTOTAL, 1},
										{"wholesale", ROWS_ROLE_SUBTOTAL, 1},
										{"total", ROWS_ROLE_TOTAL, 0},
										{"gross", ROWS_ROLE_TOTAL, 0},
										{"retail", ROWS_ROLE_TOTAL, 1},
										{"list", ROWS_ROLE_TOTAL, 1},
										{"msrp", ROWS_ROLE_TOTAL, 1}};

/* Words that say only that it is a time. */
static const char *const time_endings[] = {"at", "on", "date", "time", "datetime", "timestamp",
										   "ts", "dt", "day",  "utc",  "tz"};

static const RoleWord *find_word(const RoleWord *words, int nwords, const char *word);
static bool is_time_ending(const char *word);

/* Of a date or a timestamp. */
void
rows_time_role(const char *column, RowsColumnRole *role)
{
	RowsName name;
	const RoleWord *found = NULL;

	memset(role, 0, sizeof(RowsColumnRole));
	rows_split_name(column, &name);
	while (name.n > 1 && is_time_ending(name.words[name.n - 1]))
		name.n--;
	/* the last word tells most: "last_updated", "order_shipped" */
	for (int i = name.n - 1; i >= 0 && found == NULL; i--)
	{
		found = find_word(time_words, lengthof(time_words), name.words[i]);
		/* "in" and "out" alone are no times */
		if (found == NULL ||
			(name.n == 1 && (strcmp(found->word, "in") == 0 || strcmp(found->word, "out") == 0)))
		{
			found = NULL;
			continue;
		}
		role->role = found->role;
		role->stage = found->stage;
		for (int j = 0; j < name.n; j++)
		{
			if (j != i && !is_time_ending(name.words[j]))
				strlcat(role->stem, name.words[j], sizeof(role->stem));
		}
		if (strncmp(found->word, "check", 5) == 0 || strncmp(found->word, "clock", 5) == 0)
			strlcpy(role->stem, found->word, 6);
	}
}

/* Of a number. */
void
rows_number_role(const char *column, RowsColumnRole *role)
{
	RowsName name;

	memset(role, 0, sizeof(RowsColumnRole));
	rows_split_name(column, &name);
	if (name.n == 0 || strcmp(name.words[name.n - 1], "id") == 0)
		return;
	if (rows_name_ends(&name, "sub total"))
	{
		role->role = ROWS_ROLE_SUBTOTAL;
		return;
	}
	if (rows_name_ends(&name, "price") && name.n == 1)
	{
		role->role = ROWS_ROLE_TOTAL;
		strcpy(role->stem, ROWS_STEM_COST);
		return;
	}
	for (int i = 0; i < name.n; i++)
	{
		const RoleWord *found = find_word(number_words, lengthof(number_words), name.words[i]);

		if (found == NULL)
			continue;
		role->role = found->role;
		role->stem[0] = '\0';
		for (int j = 0; j < name.n; j++)
		{
			if (j != i)
				strlcat(role->stem, name.words[j], sizeof(role->stem));
		}
		if (found->stage != 0)
			strcpy(role->stem, ROWS_STEM_COST);
		/* "min_cost" is a least one first of all */
		if (found->role == ROWS_ROLE_START || found->role == ROWS_ROLE_END)
			return;
	}
}

/* "created", and "createdat", "createddate" */
static const RoleWord *
find_word(const RoleWord *words, int nwords, const char *word)
{
	int length = strlen(word);

	for (int i = 0; i < nwords; i++)
	{
		int role_length = strlen(words[i].word);

		if (strcmp(words[i].word, word) == 0)
			return &words[i];
		if (words == time_words && role_length > 2 && length > role_length &&
			strncmp(words[i].word, word, role_length) == 0 && is_time_ending(word + role_length))
			return &words[i];
	}
	return NULL;
}

static bool
is_time_ending(const char *word)
{
	for (int i = 0; i < lengthof(time_endings); i++)
	{
		if (strcmp(time_endings[i], word) == 0)
			return true;
	}
	return false;
}
