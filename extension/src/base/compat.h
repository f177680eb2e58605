/*-------------------------------------------------------------------------
 *
 * compat.h
 *	  Differences between PostgreSQL 15 and 19, in one place.
 *
 * Only this file may mention PG_VERSION_NUM.  Where servers differ, it defines
 * the *new* name for *old* servers.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_COMPAT_H
#define POC_COMPAT_H

#if PG_VERSION_NUM < 150000
#error "poc_barman needs PostgreSQL 15 or newer"
#endif

/* 17: wait event sets belong to a resource owner */
#if PG_VERSION_NUM < 170000
#define CreateWaitEventSet(resowner, nevents) CreateWaitEventSet(CurrentMemoryContext, (nevents))
#endif

/* 17: extensions name their wait events */
#if PG_VERSION_NUM < 170000
#define WaitEventExtensionNew(name) PG_WAIT_EXTENSION
#endif

/* 17: the writer of a logical message chooses whether to flush it at once */
#if PG_VERSION_NUM < 170000
#define LogLogicalMessage(prefix, message, size, transactional, flush) \
	LogLogicalMessage((prefix), (message), (size), (transactional))
#endif

/* ---- rows ---- */

/* 18: the attribute precedes the declaration */
#if PG_VERSION_NUM < 180000
#define pg_noreturn __attribute__((noreturn))
#endif

#include "access/attmap.h"
#include "access/genam.h"
#include "catalog/index.h"
#include "catalog/pg_class.h"
#include "executor/executor.h"
#include "parser/parse_relation.h"
#include "storage/bufmgr.h"
#include "utils/acl.h"
#include "utils/rangetypes.h"

#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/* 16: permissions moved from the range table to a list of their own */
#if PG_VERSION_NUM >= 160000
typedef RTEPermissionInfo PocPermissions;
#define poc_nsitem_permissions(item) ((item)->p_perminfo)
#define poc_rteperminfos(pstate)	 ((pstate)->p_rteperminfos)
#else
typedef RangeTblEntry PocPermissions;
#define poc_nsitem_permissions(item)					  ((item)->p_rte)
#define poc_rteperminfos(pstate)						  NIL
#define ExecCheckPermissions(rtable, permissions, report) ExecCheckRTPerms(rtable, report)
#define ExecGetRootToChildMap(relinfo, estate)			  ((relinfo)->ri_RootToPartitionMap)
#define object_ownercheck(classid, objectid, roleid)	  pg_class_ownercheck(objectid, roleid)
#define member_can_set_role(member, role)				  is_member_of_role(member, role)
/* of schemas alone */
#define object_aclcheck(classid, objectid, roleid, mode) \
	pg_namespace_aclcheck(objectid, roleid, mode)
#define RelationSetNewRelfilenumber(rel, persistence) RelationSetNewRelfilenode(rel, persistence)
#define rd_locator									  rd_node
#define make_range(typcache, lower, upper, empty, escontext) \
	make_range(typcache, lower, upper, empty)
#define build_attrmap_by_name(indesc, outdesc, missing_ok) build_attrmap_by_name(indesc, outdesc)
#endif

#if PG_VERSION_NUM >= 180000
/* unchanged */
#elif PG_VERSION_NUM >= 160000
#define ExecInitRangeTable(estate, rtable, permissions, unpruned) \
	ExecInitRangeTable(estate, rtable, permissions)
#else
#define ExecInitRangeTable(estate, rtable, permissions, unpruned) ExecInitRangeTable(estate, rtable)
#endif

/* 17: reindex_relation() gets the statement, for event triggers */
#if PG_VERSION_NUM < 170000
#define reindex_relation(statement, relid, flags, params) reindex_relation(relid, flags, params)
#endif

#if PG_VERSION_NUM >= 180000
/* unchanged */
#elif PG_VERSION_NUM >= 170000
#define CheckValidResultRel(relinfo, operation, conflict, merge) \
	CheckValidResultRel(relinfo, operation, merge)
#else
#define CheckValidResultRel(relinfo, operation, conflict, merge) \
	CheckValidResultRel(relinfo, operation)
#endif

/* 18: virtual generated columns */
#if PG_VERSION_NUM >= 180000
#define poc_has_virtual_columns(constr) ((constr)->has_generated_virtual)
#else
#define poc_has_virtual_columns(constr)			 false
#define ATTRIBUTE_GENERATED_VIRTUAL				 'v'
#define build_generation_expression(rel, attnum) NULL
#endif

/* 19: scans have flags; 18: instrumentation */
#if PG_VERSION_NUM >= 190000
/* unchanged */
#elif PG_VERSION_NUM >= 180000
#define index_beginscan(heap, index, snapshot, instrument, nkeys, norderbys, flags) \
	index_beginscan(heap, index, snapshot, instrument, nkeys, norderbys)
#else
#define index_beginscan(heap, index, snapshot, instrument, nkeys, norderbys, flags) \
	index_beginscan(heap, index, snapshot, nkeys, norderbys)
#endif

/* 19: flags replace booleans; we set none */
#if PG_VERSION_NUM >= 190000
/* unchanged */
#elif PG_VERSION_NUM >= 160000
#define ExecInsertIndexTuples(relinfo, estate, flags, slot, arbiters, conflict) \
	ExecInsertIndexTuples(relinfo, slot, estate, false, false, conflict, arbiters, false)
#else
#define ExecInsertIndexTuples(relinfo, estate, flags, slot, arbiters, conflict) \
	ExecInsertIndexTuples(relinfo, slot, estate, false, false, conflict, arbiters)
#endif

#if PG_VERSION_NUM < 190000
#define table_beginscan(rel, snapshot, nkeys, keys, flags) \
	table_beginscan(rel, snapshot, nkeys, keys)
#define DomainHasConstraints(type, has_volatile) DomainHasConstraints(type)
#endif

/* ---- building an index ---- */

/*
 * rows/write/btree.c follows nbtsort.c of these versions: sql/rows_btree.sql
 * compares their pages.  In later versions PostgreSQL builds the index, until
 * that test has passed there; t/066_rows_unknown_major.pl simulates one.
 */
#if PG_VERSION_NUM < 200000 && !defined(POC_UNKNOWN_MAJOR)
#define POC_WRITES_BTREE
#endif

/* 17: a bulk writer writes new files (bulk_writer.h), and maintenance runs with a safe search_path */
#if PG_VERSION_NUM < 170000
#define POC_BULK_WRITER
#define RestrictSearchPath() ((void) 0)
#endif

/* 18: all-frozen pages are counted, and a build sets no statistics if autovacuum is disabled */
#if PG_VERSION_NUM >= 180000
#include "postmaster/autovacuum.h"
#define poc_build_sets_statistics(heap) \
	(AutoVacuumingActive() &&           \
	 ((heap)->rd_options == NULL || ((StdRdOptions *) (heap)->rd_options)->autovacuum.enabled))
#else
#define poc_build_sets_statistics(heap) true
#define vac_update_relstats(rel, pages, tuples, visible, frozen, hasindex, xid, multi,  \
							xid_updated, multi_updated, outer)                          \
	vac_update_relstats(rel, pages, tuples, visible, hasindex, xid, multi, xid_updated, \
						multi_updated, outer)
#endif

#if PG_VERSION_NUM < 180000
#define poc_check_is_enforced(check)	 true
#define poc_foreign_key_is_enforced(key) true
#else
#define poc_check_is_enforced(check)	 ((check)->ccenforced)
#define poc_foreign_key_is_enforced(key) ((key)->conenforced)
#endif

/* 16: expressions of SQL that make JSON */
#if PG_VERSION_NUM >= 160000
#define poc_makes_json(node)	 IsA(node, JsonConstructorExpr)
#define poc_json_arguments(node) (((JsonConstructorExpr *) (node))->args)
#else
#define poc_makes_json(node)	 false
#define poc_json_arguments(node) NIL
#endif

/* 17: and those that read it */
#if PG_VERSION_NUM >= 170000
#define poc_reads_json(node) IsA(node, JsonExpr)
#else
#define poc_reads_json(node) false
#endif

#endif /* POC_COMPAT_H */
