/*-------------------------------------------------------------------------
 *
 * home_rows.c
 *	  Loads the rows of a rescued table by PostgreSQL's own COPY.
 *
 * COPY checks neither privileges nor row security where it is called like this.  What
 * computes generated columns, checks and routes rows is code of the table's owner: it is
 * run with his rights, as an index build does.  Only where the caller has asked for its
 * triggers is all of it run with the caller's, as for a COPY of his (home_triggers.c).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_class.h"
#include "commands/copy.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "parser/parse_node.h"
#include "parser/parse_relation.h"
#include "utils/acl.h"
#include "utils/guc.h"
#include "utils/rel.h"
#include "utils/rls.h"

#include "base/compat.h"
#include "rescue/home_rows.h"
#include "rescue/pinned_settings.h"

static uint64 copy_from(Oid relid, List *columns, const char *format);
static int read_stream(void *buffer, int least, int most);
static void require_insert(Relation rel, Oid role);

/* COPY's callback takes no argument */
static PocHttpStream *source = NULL;

/*
 * Loads what the stream has of these columns; returns the number of rows.  Even to open
 * the table may run code of its owner: the key of its partitions.
 */
uint64
poc_load_rows(Oid relid, Oid owner, List *columns, const char *format, PocHttpStream *stream)
{
	int encoding = pg_get_client_encoding();
	int nest_level;
	volatile uint64 rows = 0;
	Oid user;
	int context;

	if (source != NULL)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_IN_USE),
						errmsg("a table is being rescued in this session")));
	/* what the owner's code sets must not outlive it */
	nest_level = NewGUCNestLevel();
	if (OidIsValid(owner))
		poc_rescue_pin_settings();
	GetUserIdAndSecContext(&user, &context);
	PG_TRY();
	{
		source = stream;
		if (OidIsValid(owner))
			SetUserIdAndSecContext(owner, context | SECURITY_RESTRICTED_OPERATION);
		/* the rows come in the encoding of the database */
		if (SetClientEncoding(GetDatabaseEncoding()) != 0)
			elog(ERROR, "could not set the encoding of the rows");
		rows = copy_from(relid, columns, format);
	}
	PG_FINALLY();
	{
		source = NULL;
		(void) SetClientEncoding(encoding);
		SetUserIdAndSecContext(user, context);
	}
	PG_END_TRY();
	AtEOXact_GUC(false, nest_level);
	return rows;
}

static uint64
copy_from(Oid relid, List *columns, const char *format)
{
	Relation rel = table_open(relid, RowExclusiveLock);
	ParseState *pstate = make_parsestate(NULL);
	List *options = list_make1(makeDefElem("format", (Node *) makeString(pstrdup(format)), -1));
	CopyFromState copy;
	uint64 rows;

	require_insert(rel, GetUserId());
	(void) addRangeTableEntryForRelation(pstate, rel, RowExclusiveLock, NULL, false, false);
	copy = BeginCopyFrom(pstate, rel, NULL, NULL, false, read_stream, columns, options);
	rows = CopyFrom(copy);
	/* the text format knows no end of its own: what follows is read, so that a cut is noticed */
	{
		char rest;

		if (poc_http_stream_read(source, &rest, 1, 1) != 0)
			ereport(ERROR, (errcode(ERRCODE_PROTOCOL_VIOLATION),
							errmsg("the rows of the Barman sidecar go on behind their end")));
	}
	EndCopyFrom(copy);
	free_parsestate(pstate);
	table_close(rel, NoLock);
	return rows;
}

static int
read_stream(void *buffer, int least, int most)
{
	return poc_http_stream_read(source, buffer, least, most);
}

static void
require_insert(Relation rel, Oid role)
{
	AclResult result = pg_class_aclcheck(RelationGetRelid(rel), role, ACL_INSERT);

	if (result != ACLCHECK_OK)
		aclcheck_error(result, get_relkind_objtype(rel->rd_rel->relkind),
					   RelationGetRelationName(rel));
	if (check_enable_rls(RelationGetRelid(rel), role, false) == RLS_ENABLED)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("rows cannot be loaded into table \"%s\": its row security applies to you",
						RelationGetRelationName(rel)),
				 errhint("Let a role do it that is exempt from it.")));
}
