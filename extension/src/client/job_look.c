/*-------------------------------------------------------------------------
 *
 * job_look.c
 *	  Looks at a job of the sidecar once.
 *
 * Neither waits nor writes the WAL that a job waits for.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "base/compat.h"
#include "client/job.h"
#include "client/json.h"
#include "client/sidecar.h"

PG_FUNCTION_INFO_V1(poc_look_at_job);
PG_FUNCTION_INFO_V1(poc_get_log);

/*
 * _poc.look_at_job(job_id text) returns jsonb: the answer of the sidecar, with the
 * last line of the log.  How many there are is asked first: a log may be long.
 */
Datum
poc_look_at_job(PG_FUNCTION_ARGS)
{
	char *path = poc_job_path(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	Jsonb *answer = poc_sidecar_get(psprintf("%s?after=%d", path, PG_INT32_MAX), 0, NULL);
	int64 lines = poc_json_integer(poc_job_in_answer(answer, path), "log_lines");

	if (lines > 0)
	{
		answer = poc_sidecar_get(psprintf("%s?after=" INT64_FORMAT, path, lines - 1), 0, NULL);
		(void) poc_job_in_answer(answer, path);
	}
	PG_RETURN_JSONB_P(answer);
}

/*
 * _poc.get_log(job_id text, after bigint) returns jsonb: the answer of the sidecar, with as
 * many lines behind that one as it sends at a time, and "more" if there are others.
 */
Datum
poc_get_log(PG_FUNCTION_ARGS)
{
	char *path = poc_job_path(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	Jsonb *answer = poc_sidecar_get(psprintf("%s?after=" INT64_FORMAT, path, PG_GETARG_INT64(1)), 0,
									NULL);

	if (poc_json_member(answer, "log", jbvArray) == NULL)
		poc_sidecar_malformed(path, "It has no array of the name \"log\".");
	PG_RETURN_JSONB_P(answer);
}
