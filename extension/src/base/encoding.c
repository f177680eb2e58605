/*-------------------------------------------------------------------------
 *
 * encoding.c
 *	  Names in shared catalogs, which may be in any encoding, as UTF-8.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "base/compat.h"

PG_FUNCTION_INFO_V1(poc_convertible);

/*
 * _poc.convertible(text) returns text: replaces each byte that cannot be
 * converted to UTF-8 by "?".  A name in a shared catalog has the encoding of
 * the database in which it was created.
 */
Datum
poc_convertible(PG_FUNCTION_ARGS)
{
	char *rest = text_to_cstring(PG_GETARG_TEXT_PP(0));
	int length = strlen(rest);
	int encoding = GetDatabaseEncoding();
	bool as_utf8 = encoding == PG_UTF8 || encoding == PG_SQL_ASCII;
	Oid proc = as_utf8 ? InvalidOid : FindDefaultConversionProc(encoding, PG_UTF8);
	StringInfoData result;

	initStringInfo(&result);
	while (length > 0)
	{
		int good;

		if (as_utf8)
			good = pg_encoding_verifymbstr(PG_UTF8, rest, length);
		else if (OidIsValid(proc))
		{
			int size = length * MAX_CONVERSION_GROWTH + 1;
			unsigned char *converted = palloc(size);

			good = pg_do_encoding_conversion_buf(proc, encoding, PG_UTF8, (unsigned char *) rest,
												 length, converted, size, true);
			pfree(converted);
		}
		else
			good = 0;
		appendBinaryStringInfo(&result, rest, good);
		rest += good;
		length -= good;
		if (length > 0)
		{
			appendStringInfoChar(&result, '?');
			rest++;
			length--;
		}
	}
	PG_RETURN_TEXT_P(cstring_to_text_with_len(result.data, result.len));
}
