/*-------------------------------------------------------------------------
 *
 * json.c
 *	  Members of JSON objects in the sidecar's answers.
 *
 * A member of another type than the requested one must never be returned.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "client/json.h"

/*
 * Returns a member of any type; NULL if it is missing, or this is not an object.
 */
JsonbValue *
poc_json_find(Jsonb *object, const char *key)
{
	if (!JB_ROOT_IS_OBJECT(object))
		return NULL;
	return getKeyJsonValueFromContainer(&object->root, key, strlen(key), NULL);
}

/*
 * Returns a member as a separate jsonb if it has this type (array or object);
 * NULL otherwise.
 */
Jsonb *
poc_json_member(Jsonb *object, const char *key, enum jbvType type)
{
	JsonbValue *value = poc_json_find(object, key);

	if (value == NULL || value->type != jbvBinary)
		return NULL;
	if (type == jbvArray ? !JsonContainerIsArray(value->val.binary.data)
						 : !JsonContainerIsObject(value->val.binary.data))
		return NULL;
	return JsonbValueToJsonb(value);
}

/* Returns a string member; NULL if there is none. */
char *
poc_json_text(Jsonb *object, const char *key)
{
	JsonbValue *value = poc_json_find(object, key);

	if (value == NULL || value->type != jbvString)
		return NULL;
	return pnstrdup(value->val.string.val, value->val.string.len);
}

/* Returns a member that is a count; 0 if it is missing or invalid. */
int64
poc_json_integer(Jsonb *object, const char *key)
{
	JsonbValue *value = poc_json_find(object, key);
	double number;

	if (value == NULL || value->type != jbvNumeric)
		return 0;
	number = DatumGetFloat8(
		DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(value->val.numeric)));
	return number >= 0 && number < PG_INT32_MAX ? (int64) number : 0;
}

/* Reads a member that is a whole number of 64 bits; false if there is none. */
bool
poc_json_bigint(Jsonb *object, const char *key, int64 *value)
{
	JsonbValue *found = poc_json_find(object, key);

	if (found == NULL || found->type != jbvNumeric)
		return false;
	*value = DatumGetInt64(DirectFunctionCall1(numeric_int8, NumericGetDatum(found->val.numeric)));
	return true;
}

/* Is the member true? */
bool
poc_json_true(Jsonb *object, const char *key)
{
	JsonbValue *found = poc_json_find(object, key);

	return found != NULL && found->type == jbvBool && found->val.boolean;
}
