/*-------------------------------------------------------------------------
 *
 * iso_codes.h
 *	  Codes of countries, currencies, languages and time zones.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_ROWS_VALUE_ISO_CODES_H
#define POC_ROWS_VALUE_ISO_CODES_H

typedef struct WordList
{
	const char *const *words;
	int nwords;
} WordList;

typedef enum RowsIsoKind
{
	ISO_COUNTRY,   /* DE */
	ISO_COUNTRY_3, /* DEU */
	ISO_CURRENCY,  /* EUR */
	ISO_LANGUAGE,  /* de */
	ISO_LOCALE,	   /* de-AT */
	ISO_TIME_ZONE  /* Europe/Berlin */
} RowsIsoKind;

#define ISO_KINDS (ISO_TIME_ZONE + 1)

extern const WordList *rows_iso_codes(RowsIsoKind kind);

#endif /* POC_ROWS_VALUE_ISO_CODES_H */
