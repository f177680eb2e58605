/*-------------------------------------------------------------------------
 *
 * json.c
 *	  Members of a JSON object that the sidecar answered.
 *
 * Must never take a member of another type for the one that is wanted.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "client/json.h"

/*
 * A member of any type; NULL if there is none, or this is no object.
 */
JsonbValue *
poc_json_find(Jsonb *object, const char *key)
{
	if (!JB_ROOT_IS_OBJECT(object))
		return NULL;
	return getKeyJsonValueFromContainer(&object->root, key, strlen(key), NULL);
}

/*
 * A member of an object as a jsonb of its own, provided it is of this type (an
 * array or an object); NULL otherwise.
 */
Jsonb *
poc_json_member(Jsonb *object, const char *key, enum jbvType type)
{
	JsonbValue *value = poc_json_find(object, key);

	if (value == NULL || value->type != jbvBinary)
		return NULL;
	if (type == jbvArray ? !JsonContainerIsArray(value->val.binary.data) :
		!JsonContainerIsObject(value->val.binary.data))
		return NULL;
	return JsonbValueToJsonb(value);
}

/*
 * A member that is a string; NULL if there is none.
 */
char *
poc_json_text(Jsonb *object, const char *key)
{
	JsonbValue *value = poc_json_find(object, key);

	if (value == NULL || value->type != jbvString)
		return NULL;
	return pnstrdup(value->val.string.val, value->val.string.len);
}

/*
 * A member that counts something; 0 if there is none, or it cannot be.
 */
int64
poc_json_integer(Jsonb *object, const char *key)
{
	JsonbValue *value = poc_json_find(object, key);
	double		number;

	if (value == NULL || value->type != jbvNumeric)
		return 0;
	number = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow,
												NumericGetDatum(value->val.numeric)));
	return number >= 0 && number < PG_INT32_MAX ? (int64) number : 0;
}
