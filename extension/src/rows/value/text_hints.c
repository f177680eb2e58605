/*-------------------------------------------------------------------------
 *
 * text_hints.c
 *	  What the names of a column and of its table suggest for a text.
 *
 * Only suggests: the type, CHECKs and options decide.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/compat.h"
#include "rows/value/bounds.h"
#include "rows/value/column_name.h"
#include "rows/value/hints.h"

/* How the name of a column ends, and what its texts look like; short_form for narrow ones. */
typedef struct TextHint
{
	const char *name;
	const char *form;
	const char *short_form;
} TextHint;

/* Names are separated by |.  The longest that fits counts: "tax amount" before "amount". */
static const TextHint text_hints[] = {
	{"title of courtesy|salutation|honorific|courtesy", "%H", NULL},
	{"place of birth|city name|city|town|locality|municipality|birthplace", "%C", NULL},
	{"time zone name|time zone|timezone name|timezone|tz|tzname|tzid", "%T", NULL},
	{"credit card number|credit card|card number", "4### #### #### ####", NULL},
	{"social security number|ssn", "9##-##-####", NULL},
	{"stock keeping unit|sku", "SKU-######", "######"},
	{"day of week|day name|week day|weekday", "%1", NULL},
	{"unit of measure|unit|uom|measure", "%3", NULL},
	{"e mail|email address|mail address|email|mail", "%f.%l@example.com", "%f@a.io"},
	{"first name|given name|middle name|nick name|forename|firstname|"
	 "middlename|nickname",
	 "%F", NULL},
	{"last name|family name|maiden name|surname|lastname", "%L", NULL},
	{"full name|display name|contact name|person name|real name|"
	 "contact person|author|contact|reviewer|assignee|recipient|composer|"
	 "artist|writer|director|instructor|performer",
	 "%F %L", "%L"},
	{"user name|login name|screen name|username|login|handle", "%f%l##", "%f##"},
	{"job title|position title|job name|occupation|profession|job", "%J", NULL},
	{"department name|department|dept", "%D", "%w"},
	{"company name|brand name|business name|legal name|bank name|company|"
	 "organization|organisation|employer|manufacturer|vendor|supplier|"
	 "publisher|brand|firm|bank|carrier",
	 "%L %W %B", "%L"},
	{"product name|item name|product", "%A %W %P", "%P"},
	{"role name|role", "%2", NULL},
	{"country name|country|nation|nationality|citizenship", "%N", "%O"},
	{"country code|country iso|country alpha|iso country|nationality code|"
	 "iso alpha",
	 "%O", NULL},
	{"currency code|iso currency|currency iso|currency|ccy", "%M", NULL},
	{"language code|lang code|iso language|language iso|language|lang", "%e", NULL},
	{"locale code|locale", "%Y", "%e"},
	{"state name|region name|province name|region|province|county", "%R", "%U"},
	{"state code|state abbreviation|state abbr|province code", "%U", NULL},
	{"phone number|telephone number|mobile number|mobile phone|cell phone|"
	 "fax number|contact number|phone|telephone|tel|mobile|cell|cellphone|"
	 "fax|msisdn",
	 "+1 555 ### ####", "555####"},
	{"street name|street address|street|road", "1## %W street", "%W street"},
	{"address line|postal address|shipping address|billing address|"
	 "home address|address|location",
	 "1## %W street, %C", "1## %W street"},
	{"zip code|postal code|post code|zip|zipcode|postcode|postalcode|plz", "1####", NULL},
	{"ip address|client ip|remote addr|ip|ipaddr", "10.1##.1##.##", NULL},
	{"mac address|mac", "02:##:##:##:##:##", NULL},
	{"host name|server name|hostname|host|fqdn", "%w##.example.com", "%w##"},
	{"domain name|domain", "%w-%w.example.com", "%w.org"},
	{"avatar url|image url|photo url|logo url|thumbnail url|avatar|image|"
	 "photo|picture|logo|thumbnail",
	 "https://example.com/%w/####.png", "%w####.png"},
	{"web site|site url|home page|website|homepage", "https://%w.example.com/", NULL},
	{"user agent|useragent", "Mozilla/5.0 (X11; Linux x86_64; rv:1##.0)", NULL},
	{"url slug|permalink slug|slug", "%w-%w-####", "%w-####"},
	{"file name|document name|filename|file|attachment", "%w_%w.%X", "%w.%X"},
	{"file path|filepath|path|directory|folder", "/%w/%w/%w.%X", "/%w/%w"},
	{"file extension|file ext|extension", "%X", NULL},
	{"mime type|content type|media type|mimetype", "%Z", NULL},
	{"version number|app version|version|release", "#.##.#", NULL},
	{"account iban|iban", "$", NULL},
	{"swift code|bic code|bic|swift", "????DE##", NULL},
	{"account number|bank account|account no", "##########", NULL},
	{"license plate|licence plate|plate number|registration number", "?? ### ??", NULL},
	{"vat number|vat id|tax id|tax number|vat", "DE#########", NULL},
	{"serial number|serial no|serial", "SN-########", "########"},
	{"order number|order no", "ORD-######", "######"},
	{"invoice number|invoice no", "INV-######", "######"},
	{"tracking number|tracking code", "1Z############", NULL},
	{"color name|colour name|color|colour", "%k", NULL},
	{"hex color|color hex|colour hex|hex colour|color code|colour code|"
	 "hex code",
	 "\\#%h%h%h", NULL},
	{"month name|month", "%0", NULL},
	{"marital status|civil status", "%5", NULL},
	{"order status|payment status|status", "%s", NULL},
	{"category name|group name|category|genre|kind|topic|subcategory|tag|"
	 "tags|keyword|keywords|label",
	 "%w", NULL},
	{"gender|sex", "%g", "%I"},
	{"url|link|uri|href|permalink", "https://example.com/%w/%w/####", "https://a.io/%w"},
	{"isbn", "978-3-##-######-#", "978##########"},
	{"ean|upc|barcode|gtin", "40###########", NULL},
	{"vin", "WVW???##?##?#####", NULL},
	{"language name", "%4", "%e"},
	{"sentence|summary|excerpt|caption|tagline|slogan|motto|question|answer",
	 "The %a %w %v the %w.", "%W %w"},
	{"description|comment|comments|note|notes|remark|remarks|message|body|"
	 "content|bio|biography|review|feedback|abstract|details|paragraph|"
	 "reason|instructions|about",
	 "The %a %w %v the %w. No %w %v a %a %w.", "The %a %w %v the %w."},
	{"subject|headline|heading|subtitle", "The %A %W %v the %w", "The %A %W"},
};

/* What things are called: their names and titles. */
typedef struct NounHint
{
	const char *noun;
	const char *name;
	const char *short_name;
	const char *title;
} NounHint;

static const NounHint noun_hints[] = {
	{"person|user|customer|employee|author|member|student|teacher|patient|"
	 "contact|doctor|driver|staff|guest|player|actor|client|owner|manager|"
	 "passenger|subscriber|applicant|candidate|lead|agent|artist|reader|"
	 "seller|buyer|worker|nurse|engineer|developer|instructor|visitor|"
	 "resident|citizen|parent|child|friend|follower|participant|attendee|"
	 "director|writer|reviewer|recipient|sender|speaker|host|tenant|trainer|"
	 "coach|borrower|donor|volunteer|salesperson|personnel|profile|cashier|"
	 "colleague|beneficiary|holder|full|display|account",
	 "%F %L", "%L", "%J"},
	{"company|organization|organisation|vendor|supplier|brand|manufacturer|"
	 "publisher|store|shop|employer|bank|airline|agency|restaurant|hotel|"
	 "carrier|firm|merchant|partner|dealer|insurer|business|shipper|branch|"
	 "workshop|contractor|sponsor|label",
	 "%L %W %B", "%L", "%L %W %B"},
	{"product|item|article|good|part|asset|equipment|device|toy|material|"
	 "merchandise|gadget|tool|component|accessory",
	 "%A %W %P", "%P", "%A %W %P"},
	{"city|town|location|airport|station|port|warehouse|site|destination|"
	 "office|facility|venue|campus",
	 "%C", NULL, "%C"},
	{"country|nation", "%N", "%O", "%N"},
	{"region|state|province|county|district|territory", "%R", "%U", "%R"},
	{"department|dept|division", "%D", "%w", "%D"},
	{"job|position|occupation|profession", "%J", NULL, "%J"},
	{"role|permission", "%2", NULL, "%2"},
	{"color|colour", "%k", NULL, "%k"},
	{"unit", "%3", NULL, "%3"},
	{"file|document|attachment|image|photo|picture|upload", "%w_%w.%X", "%w.%X", "The %A %W"},
	{"currency", "%M", NULL, "%M"},
	{"language", "%4", "%e", "%4"},
	{"timezone", "%T", NULL, "%T"},
	{"status", "%s", NULL, "%s"},
	{"host|server|machine|node", "%w##", "%w", "%w##"},
	{"category|tag|genre|topic|group|type|kind|label|class|species|"
	 "ingredient",
	 "%W", NULL, "%W"},
	{"book|film|movie|song|album|track|article|post|page|blog|story|game|"
	 "show|episode|magazine|recipe|poem|news|video|course|lecture",
	 "The %A %W", "%W", "The %A %W"},
	{"order|orders", "ORD-######", "######", "ORD-######"},
};

static const TextHint *find_hint(const RowsName *name);
static bool has_address(const RowsSubject *subject);
static const NounHint *find_noun(const char *word);
static const NounHint *noun_of_table(const RowsSubject *subject);
static int code_forms(const RowsSubject *subject, bool of_country, const char **forms);
static int name_forms(const RowsName *name, const RowsSubject *subject, const char **forms);

/* Up to ROWS_TEXT_FORMS forms, the best first; returns their number. */
int
rows_text_forms(const char *column, const RowsSubject *subject, const char **forms)
{
	RowsName name;
	const TextHint *hint;

	rows_split_name(column, &name);
	if (rows_name_ends(&name, "state"))
	{
		forms[0] = has_address(subject) ? "%R" : "%s";
		forms[1] = "%U";
		return has_address(subject) ? 2 : 1;
	}
	hint = find_hint(&name);
	if (hint != NULL)
	{
		int n = 0;

		forms[n++] = hint->form;
		if (hint->short_form != NULL)
			forms[n++] = hint->short_form;
		if (strstr(hint->form, "%v") != NULL)
		{
			forms[n++] = "%W %w";
			forms[n++] = "%w";
		}
		return n;
	}
	if (rows_name_ends(&name, "iso") || rows_name_ends(&name, "alpha"))
		return code_forms(subject, true, forms);
	if (rows_name_ends(&name, "code") || rows_name_ends(&name, "abbreviation") ||
		rows_name_ends(&name, "abbr"))
		return code_forms(subject, false, forms);
	if (rows_name_ends(&name, "name") || rows_name_ends(&name, "title"))
		return name_forms(&name, subject, forms);
	return 0;
}

static const TextHint *
find_hint(const RowsName *name)
{
	const TextHint *best = NULL;
	int most = 0;

	for (int i = 0; i < lengthof(text_hints); i++)
	{
		for (const char *p = text_hints[i].name; p != NULL;)
		{
			char words[NAMEDATALEN];
			int n;

			p = rows_next_name(p, words);
			n = rows_name_ends(name, words);
			if (n > most)
			{
				best = &text_hints[i];
				most = n;
			}
		}
	}
	return best;
}

/* A state is one of a country beside a city, and otherwise a status. */
static bool
has_address(const RowsSubject *subject)
{
	static const char *const signs[] = {"city",	   "town",	   "zip",	 "zipcode",
										"postal",  "postcode", "street", "country",
										"address", "county",   "region", "province"};
	RowsName name;

	if (subject == NULL)
		return false;
	for (int column = -1; column < subject->ncolumns; column++)
	{
		rows_split_name(column < 0 ? subject->table : subject->columns[column], &name);
		for (int i = 0; column < 0 && i < name.n; i++)
			rows_singular(name.words[i]);
		for (int i = 0; i < lengthof(signs); i++)
		{
			if (rows_name_has(&name, signs[i]))
				return true;
		}
	}
	return false;
}

static const NounHint *
find_noun(const char *word)
{
	char noun[NAMEDATALEN];

	strlcpy(noun, word, sizeof(noun));
	rows_singular(noun);
	for (int i = 0; i < lengthof(noun_hints); i++)
	{
		for (const char *p = noun_hints[i].noun; p != NULL;)
		{
			char one[NAMEDATALEN];

			p = rows_next_name(p, one);
			if (strcmp(one, noun) == 0 || strcmp(one, word) == 0)
				return &noun_hints[i];
		}
	}
	return NULL;
}

static const NounHint *
noun_of_table(const RowsSubject *subject)
{
	RowsName table;

	if (subject == NULL)
		return NULL;
	rows_split_name(subject->table, &table);
	return table.n > 0 ? find_noun(table.words[table.n - 1]) : NULL;
}

/* A code of a table of countries, currencies, languages or states. */
static int
code_forms(const RowsSubject *subject, bool of_country, const char **forms)
{
	const NounHint *noun = noun_of_table(subject);

	if (noun == NULL && of_country)
		noun = find_noun("country");
	if (noun == NULL)
		return 0;
	if (strcmp(noun->name, "%N") == 0)
		forms[0] = "%O";
	else if (strcmp(noun->name, "%R") == 0)
		forms[0] = "%U";
	else if (strcmp(noun->name, "%4") == 0)
		forms[0] = "%e";
	else if (strcmp(noun->name, "%M") == 0)
		forms[0] = noun->name;
	else
		return 0;
	return 1;
}

/* Of what its column says, or else its table: a product's name is not a person's. */
static int
name_forms(const RowsName *name, const RowsSubject *subject, const char **forms)
{
	bool title = strcmp(name->words[name->n - 1], "title") == 0;
	const NounHint *noun = name->n > 1 ? find_noun(name->words[name->n - 2]) : noun_of_table(subject);
	int n = 0;

	if (noun == NULL)
		forms[n++] = title ? "The %A %W" : "%W %w";
	else
	{
		forms[n++] = title && noun->title != NULL ? noun->title : noun->name;
		if (noun->short_name != NULL && !title)
			forms[n++] = noun->short_name;
	}
	forms[n++] = "%W";
	return n;
}
