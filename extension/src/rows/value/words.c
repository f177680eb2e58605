/*-------------------------------------------------------------------------
 *
 * words.c
 *	  Values suggested by the names of columns: email, city, price, ...
 *
 * Makes ASCII only.  A hint never exceeds what the type or a CHECK allows.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <ctype.h>

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "base/compat.h"
#include "base/random.h"
#include "rows/value/arena.h"
#include "rows/value/bounds.h"
#include "rows/value/generator.h"
#include "rows/value/kinds.h"

/* Length that a counted text needs for its words and the number. */
#define ROOM_FOR_COUNTED 60
#define LONGEST_WORDS	 160

static const char *const first_names[] = {
	"Ada",	 "Alan",   "Amira",	 "Anna",  "Ben",   "Carla", "Chen",	 "Clara", "Daniel", "Diego",
	"Elena", "Emil",   "Fatima", "Felix", "Grace", "Hanna", "Hugo",	 "Ines",  "Ivan",	"Jana",
	"Jonas", "Kenji",  "Lara",	 "Leo",	  "Lucia", "Marta", "Mateo", "Mina",  "Nadia",	"Noah",
	"Olga",	 "Omar",   "Paula",	 "Priya", "Rosa",  "Samir", "Sofia", "Tara",  "Tomas",	"Uma",
	"Vera",	 "Victor", "Wei",	 "Yara",  "Yusuf", "Zoe",
};
static const char *const last_names[] = {
	"Abel",	  "Baker",	"Bauer",  "Brown",	 "Castro", "Chang",	  "Cohen",	"Costa",
	"Diaz",	  "Dubois", "Evans",  "Fischer", "Garcia", "Gomez",	  "Haas",	"Hansen",
	"Ito",	  "Jensen", "Jones",  "Kaya",	 "Keller", "Khan",	  "Kim",	"Kumar",
	"Larsen", "Lee",	"Lopez",  "Martin",	 "Meyer",  "Moreau",  "Nguyen", "Novak",
	"Okafor", "Patel",	"Perez",  "Rossi",	 "Sato",   "Schmidt", "Silva",	"Singh",
	"Smith",  "Sousa",	"Tanaka", "Weber",	 "Wilson", "Yilmaz",
};
static const char *const cities[] = {
	"Accra",	"Amsterdam", "Athens",	"Auckland", "Berlin",	"Bogota", "Boston",
	"Cairo",	"Chennai",	 "Chicago", "Dakar",	"Dublin",	"Geneva", "Hanoi",
	"Helsinki", "Istanbul",	 "Jakarta", "Kyoto",	"Lagos",	"Lima",	  "Lisbon",
	"London",	"Madrid",	 "Manila",	"Milan",	"Montreal", "Mumbai", "Nairobi",
	"Oslo",		"Paris",	 "Porto",	"Prague",	"Quito",	"Rome",	  "Santiago",
	"Seoul",	"Sydney",	 "Tokyo",	"Toronto",	"Vienna",	"Warsaw", "Zurich",
};
static const char *const countries[] = {
	"Argentina", "Australia", "Austria", "Brazil",	"Canada", "Chile",	 "Denmark",
	"Egypt",	 "Finland",	  "France",	 "Germany", "Ghana",  "Greece",	 "India",
	"Ireland",	 "Italy",	  "Japan",	 "Kenya",	"Mexico", "Norway",	 "Peru",
	"Poland",	 "Portugal",  "Spain",	 "Sweden",	"Turkey", "Vietnam",
};
static const char *const words[] = {
	"amber",   "anchor",  "apple",	"autumn",  "basket",   "bridge", "candle", "canvas",
	"cedar",   "circle",  "cloud",	"copper",  "cotton",   "delta",	 "ember",  "feather",
	"field",   "forest",  "garden", "glass",   "harbor",   "hazel",	 "island", "ivory",
	"jasmine", "juniper", "kettle", "ladder",  "lantern",  "lemon",	 "linen",  "maple",
	"marble",  "meadow",  "mirror", "morning", "mountain", "needle", "ocean",  "olive",
	"orchard", "paper",	  "pebble", "pepper",  "pine",	   "planet", "quartz", "rain",
	"ribbon",  "river",	  "saddle", "silver",  "stone",	   "summer", "thread", "timber",
	"valley",  "velvet",  "violet", "walnut",  "willow",   "window", "winter", "wool",
};
static const char *const statuses[] = {"new", "active", "pending", "done", "cancelled"};
static const char *const currencies[] = {"EUR", "USD", "GBP", "JPY", "CHF", "INR", "BRL"};
static const char *const colors[] = {"black",  "blue", "brown",	 "green", "grey",
									 "orange", "red",  "violet", "white", "yellow"};

typedef struct WordList
{
	const char *const *words;
	int nwords;
} WordList;

/* The word list for the letter after %; a lower-case letter gives lower-case words. */
static const WordList *
word_list(char letter)
{
	static const WordList lists[] = {
		{first_names, lengthof(first_names)},
		{last_names, lengthof(last_names)},
		{cities, lengthof(cities)},
		{countries, lengthof(countries)},
		{words, lengthof(words)},
		{statuses, lengthof(statuses)},
		{currencies, lengthof(currencies)},
		{colors, lengthof(colors)},
	};

	switch (toupper((unsigned char) letter))
	{
		case 'F':
			return &lists[0];
		case 'L':
			return &lists[1];
		case 'C':
			return &lists[2];
		case 'N':
			return &lists[3];
		case 'W':
			return &lists[4];
		case 'S':
			return &lists[5];
		case 'M':
			return &lists[6];
		default:
			return &lists[7];
	}
}

/* Names of columns, whole or as their last part, and the contents these suggest. */
typedef struct TextHint
{
	const char *name;
	const char *form; /* %X: a word of list X; #: a digit */
} TextHint;

static const TextHint text_hints[] = {
	{"email", "%f.%l@example.com"},
	{"mail", "%f.%l@example.com"},
	{"first_name", "%F"},
	{"firstname", "%F"},
	{"given_name", "%F"},
	{"last_name", "%L"},
	{"lastname", "%L"},
	{"surname", "%L"},
	{"family_name", "%L"},
	{"username", "%f%l##"},
	{"user_name", "%f%l##"},
	{"login", "%f%l##"},
	{"company", "%L %W Ltd"},
	{"name", "%F %L"},
	{"city", "%C"},
	{"town", "%C"},
	{"country", "%N"},
	{"phone", "+1 555 ### ####"},
	{"phone_number", "+1 555 ### ####"},
	{"mobile", "+1 555 ### ####"},
	{"street", "1## %W street"},
	{"address", "1## %W street, %C"},
	{"zip", "1####"},
	{"zipcode", "1####"},
	{"postal_code", "1####"},
	{"postcode", "1####"},
	{"url", "https://example.com/%w/%w/####"},
	{"website", "https://%w.example.com/"},
	{"link", "https://example.com/%w/%w/####"},
	{"ip", "10.1##.1##.##"},
	{"ip_address", "10.1##.1##.##"},
	{"status", "%s"},
	{"state", "%s"},
	{"currency", "%M"},
	{"color", "%k"},
	{"colour", "%k"},
	{"sku", "SKU-######"},
	{"title", "%W %w %w"},
	{"subject", "%W %w %w"},
	{"description", "%W %w %w %w %w %w %w %w"},
	{"comment", "%W %w %w %w %w %w %w %w"},
	{"note", "%W %w %w %w %w %w %w %w"},
	{"notes", "%W %w %w %w %w %w %w %w"},
	{"message", "%W %w %w %w %w %w %w %w"},
	{"body", "%W %w %w %w %w %w %w %w"},
	{"category", "%w"},
	{"tag", "%w"},
	{"slug", "%w-%w-####"},
	{NULL, NULL},
};

typedef struct NumberHint
{
	const char *name;
	double low;
	double high;
} NumberHint;

static const NumberHint number_hints[] = {
	{"price", 1, 1000},		{"amount", 1, 1000},	   {"cost", 1, 1000},	{"total", 1, 10000},
	{"balance", 0, 100000}, {"salary", 20000, 200000}, {"quantity", 1, 10}, {"qty", 1, 10},
	{"age", 18, 90},		{"year", 1990, 2025},	   {"rating", 1, 5},	{"score", 0, 100},
	{"percent", 0, 100},	{"percentage", 0, 100},	   {"discount", 0, 50}, {"latitude", -90, 90},
	{"lat", -90, 90},		{"longitude", -180, 180},  {"lon", -180, 180},	{"lng", -180, 180},
	{NULL, 0, 0},
};

static bool is_named(const char *column, const char *name);
static int write_words(const char *form, char *out, RowsDraw *draw);
static Datum make_words(const RowsValue *value, RowsDraw *draw, RowsArena *arena);
static Datum encode_words(const RowsValue *value, uint64 ordinal, RowsDraw *draw, RowsArena *arena);
static bool decode_words(const RowsValue *value, Datum datum, uint64 *ordinal);

/* Use the name of the column to choose the contents, if nothing else determines them. */
void
rows_hint(RowsValue *value, RowsBounds *bounds, const char *column)
{

	if (value->nchoices > 0 || column == NULL)
		return;

	if (value->is_text && bounds->min_length <= 0 && bounds->lows == NIL && bounds->highs == NIL)
	{
		int room = bounds->max_length;

		if (value->typmod >= (int32) VARHDRSZ && (room < 0 || value->typmod - VARHDRSZ < room))
			room = value->typmod - VARHDRSZ;
		for (const TextHint *hint = text_hints; hint->name != NULL; hint++)
		{
			if (!is_named(column, hint->name))
				continue;
			if (room >= 0 && room < (int) strlen(hint->form))
				break; /* too short to be useful */
			value->name = "words";
			value->detail = psprintf("as the name \"%s\" suggests", hint->name);
			value->pattern = hint->form;
			value->max_length = (room < 0) ? LONGEST_WORDS : Min(room, LONGEST_WORDS);
			value->make = make_words;
			if (room < 0 || room >= ROOM_FOR_COUNTED)
			{
				value->encode = encode_words;
				value->decode = decode_words;
				value->capacity = PG_INT64_MAX;
			}
			return;
		}
	}

	if (value->from_int != NULL && bounds->lows == NIL && bounds->highs == NIL &&
		(value->type == NUMERICOID || value->type == FLOAT8OID || value->type == FLOAT4OID ||
		 value->type == INT4OID || value->type == INT8OID || value->type == INT2OID))
	{
		double scale = 1;

		for (int i = 0; i < value->scale; i++)
			scale *= 10;
		for (const NumberHint *hint = number_hints; hint->name != NULL; hint++)
		{
			if (!is_named(column, hint->name) || hint->high * scale > (double) value->unique_high)
				continue;
			value->low = (int64) (hint->low * scale);
			value->high = (int64) (hint->high * scale);
			value->steps = (uint64) (value->high - value->low) + 1;
			value->detail = psprintf("as the name \"%s\" suggests", hint->name);
			return;
		}
	}
}

/* "price", "unit_price", "unitPrice" match price; "priceless" does not. */
static bool
is_named(const char *column, const char *name)
{
	int column_length = strlen(column);
	int length = strlen(name);
	int start = column_length - length;

	if (start < 0 || pg_strcasecmp(column + start, name) != 0)
		return false;
	return start == 0 || column[start - 1] == '_' || isupper((unsigned char) column[start]);
}

static int
write_words(const char *form, char *out, RowsDraw *draw)
{
	char *start = out;

	for (const char *p = form; *p != '\0' && out - start < LONGEST_WORDS - 16; p++)
	{
		if (*p == '%')
		{
			const WordList *list = word_list(*++p);
			const char *word = list->words[rows_below(draw, list->nwords)];
			bool lower = islower((unsigned char) *p);
			bool upper = (*p == 'W');

			for (; *word != '\0'; word++)
			{
				*out++ = lower	 ? tolower((unsigned char) *word)
						 : upper ? toupper((unsigned char) *word)
								 : *word;
				upper = false;
			}
		}
		else if (*p == '#')
			*out++ = '0' + (char) rows_below(draw, 10);
		else
			*out++ = *p;
	}
	return out - start;
}

static Datum
put_text(const RowsValue *value, const char *data, int length, RowsArena *arena)
{
	struct varlena *result;

	length = Min(length, value->max_length);
	result = rows_alloc(arena, length + VARHDRSZ);
	SET_VARSIZE(result, length + VARHDRSZ);
	memcpy(VARDATA(result), data, length);
	return PointerGetDatum(result);
}

static Datum
make_words(const RowsValue *value, RowsDraw *draw, RowsArena *arena)
{
	char buffer[LONGEST_WORDS];

	return put_text(value, buffer, write_words(value->pattern, buffer, draw), arena);
}

/* Put the number before the @ of an address, otherwise at the end. */
static Datum
encode_words(const RowsValue *value, uint64 ordinal, RowsDraw *draw, RowsArena *arena)
{
	char buffer[LONGEST_WORDS + 32];
	char number[32];
	int digits = snprintf(number, sizeof(number), ".%llu", (unsigned long long) ordinal + 1);
	int room = Min(value->max_length, LONGEST_WORDS) - digits;
	int length = Min(write_words(value->pattern, buffer, draw), room);
	char *at = memchr(buffer, '@', length);
	int before = (at != NULL) ? at - buffer : length;

	memmove(buffer + before + digits, buffer + before, length - before);
	memcpy(buffer + before, number, digits);
	return put_text(value, buffer, length + digits, arena);
}

static bool
decode_words(const RowsValue *value, Datum datum, uint64 *ordinal)
{
	struct varlena *text = PG_DETOAST_DATUM_PACKED(datum);
	const char *data = VARDATA_ANY(text);
	int length = VARSIZE_ANY_EXHDR(text);
	const char *at = memchr(data, '@', length);
	int end = (at != NULL) ? at - data : length;
	int start = end;
	uint64 number = 0;

	while (start > 0 && end - start < 18 && isdigit((unsigned char) data[start - 1]))
		start--;
	if (start == end || start == 0 || data[start - 1] != '.')
		return false;
	for (int i = start; i < end; i++)
		number = number * 10 + (data[i] - '0');
	*ordinal = number - 1;
	return number > 0;
}
