-- ---------------------------------------------------------------------
-- 99_grants.sql: who may do what, in one place so that it can be audited.
--
-- The last chapter: a function created after it would be open to everybody.
--
-- May use: all.
-- ---------------------------------------------------------------------

-- Everything is closed, in both schemas, whoever forgot to say so, and whatever
-- ALTER DEFAULT PRIVILEGES of the role that creates the extension has opened to
-- whom; what the list below does not open is the owner's alone until granted.
DO $$
DECLARE
	member record;
BEGIN
	FOR member IN
		SELECT o.kind, o.name, CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END AS grantee
		FROM pg_depend AS d JOIN pg_extension AS e ON e.oid = d.refobjid,
			LATERAL (
				SELECT 'ROUTINE', p.oid::regprocedure::text, p.proowner, coalesce(p.proacl, acldefault('f', p.proowner))
				FROM pg_proc AS p WHERE d.classid = 'pg_proc'::regclass AND p.oid = d.objid
				UNION ALL
				SELECT CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, c.oid::regclass::text, c.relowner, c.relacl
				FROM pg_class AS c WHERE d.classid = 'pg_class'::regclass AND c.oid = d.objid
				UNION ALL
				-- an array's privileges are its element's; since 17 it is a member too
				SELECT 'TYPE', t.oid::regtype::text, t.typowner, coalesce(t.typacl, acldefault('T', t.typowner))
				FROM pg_type AS t WHERE d.classid = 'pg_type'::regclass AND t.oid = d.objid AND t.typcategory <> 'A'
				UNION ALL
				SELECT 'SCHEMA', n.oid::regnamespace::text, n.nspowner, n.nspacl
				FROM pg_namespace AS n WHERE d.classid = 'pg_namespace'::regclass AND n.oid = d.objid
			) AS o(kind, name, owner, acl),
			LATERAL (SELECT DISTINCT x.grantee FROM aclexplode(o.acl) AS x WHERE x.grantee <> o.owner) AS a
		WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND e.extname = 'poc_barman'
	LOOP
		EXECUTE format('REVOKE ALL ON %s %s FROM %s CASCADE', member.kind, member.name, member.grantee);
	END LOOP;
END
$$;

-- Everybody: what works with the rights of its caller and reaches neither the
-- network nor the WAL of others.
GRANT EXECUTE ON FUNCTION @extschema@.poc_seed(boolean) TO PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.poc_generate_rows(bigint, regclass, bigint, jsonb) TO PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.poc_explain_rows(regclass, jsonb) TO PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.poc_preview_rows(regclass, integer, bigint, jsonb) TO PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.poc_last_rows() TO PUBLIC;
GRANT EXECUTE ON PROCEDURE @extschema@.poc_fill(regclass, bigint, text, integer, bigint, jsonb) TO PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.poc_populate_plan(text, bigint, jsonb, jsonb) TO PUBLIC;
GRANT EXECUTE ON PROCEDURE @extschema@.poc_populate(text, bigint, jsonb, bigint, jsonb, integer, integer, integer, bigint, interval) TO PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.poc_last_populate() TO PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.poc_fingerprint(regclass) TO PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.poc_diff(regclass, regclass, bigint, pg_lsn, timestamptz, text, text) TO PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.poc_merge(regclass, regclass, text[], boolean, pg_lsn, timestamptz, text, text) TO PUBLIC;

-- And the internals that these, and poc_play(), call with the rights of their
-- caller: to name them he needs USAGE.  It opens nothing else, as every other
-- object of the schema is closed by itself.
GRANT USAGE ON SCHEMA _poc TO PUBLIC;
GRANT EXECUTE ON FUNCTION _poc.rows(anyelement, regclass, bigint, bigint, bigint, jsonb) TO PUBLIC;
GRANT EXECUTE ON FUNCTION _poc.fingerprint_sum(record) TO PUBLIC;
GRANT EXECUTE ON FUNCTION _poc.diff_plan(regclass, regclass) TO PUBLIC;
GRANT EXECUTE ON FUNCTION _poc.diff_plan_of(regclass, regclass) TO PUBLIC;
GRANT EXECUTE ON FUNCTION _poc.type_is_of_others(oid) TO PUBLIC;
GRANT EXECUTE ON FUNCTION _poc.without_casts(regclass, text, text) TO PUBLIC;
GRANT EXECUTE ON FUNCTION _poc.equality(regclass, text, text) TO PUBLIC;
GRANT EXECUTE ON FUNCTION _poc.diff_query(regclass, regclass, text[], text[], text[]) TO PUBLIC;
GRANT EXECUTE ON FUNCTION _poc.merge(regclass, regclass, text[], boolean, text, text, pg_lsn, timestamptz, text, text) TO PUBLIC;
GRANT EXECUTE ON FUNCTION _poc.rescue_to(text, pg_lsn, timestamptz, text, text, text) TO PUBLIC;
GRANT EXECUTE ON FUNCTION _poc.bring_to_compare(regclass, pg_lsn, timestamptz, text, text) TO PUBLIC;
GRANT EXECUTE ON FUNCTION _poc.drop_compared(regclass) TO PUBLIC;
GRANT EXECUTE ON FUNCTION _poc.require_one_past(regclass, pg_lsn, timestamptz, text, text) TO PUBLIC;
GRANT EXECUTE ON FUNCTION _poc.require_top_level(text) TO PUBLIC;
GRANT EXECUTE ON FUNCTION _poc.progress() TO PUBLIC;
GRANT EXECUTE ON FUNCTION _poc.check_row_options(jsonb) TO PUBLIC;
GRANT EXECUTE ON FUNCTION _poc.table_order(integer, integer[], integer[], integer[]) TO PUBLIC;
GRANT EXECUTE ON FUNCTION _poc.populate_table(oid, bigint, bigint, jsonb, integer, oid[]) TO PUBLIC;
GRANT EXECUTE ON FUNCTION _poc.keep_report(jsonb) TO PUBLIC;
GRANT EXECUTE ON FUNCTION _poc.kept_report() TO PUBLIC;
GRANT EXECUTE ON FUNCTION _poc.populate_schema(text, bigint, jsonb, jsonb) TO PUBLIC;
GRANT EXECUTE ON FUNCTION _poc.populate_tables(oid, jsonb, jsonb) TO PUBLIC;
GRANT EXECUTE ON FUNCTION _poc.table_references() TO PUBLIC;
GRANT EXECUTE ON FUNCTION _poc.auto_rows(bigint, integer, integer) TO PUBLIC;
GRANT EXECUTE ON FUNCTION _poc.populate_steps(text, bigint, jsonb, jsonb) TO PUBLIC;
GRANT EXECUTE ON FUNCTION _poc.count_rows(oid) TO PUBLIC;
GRANT EXECUTE ON FUNCTION _poc.populate_steps_json(text, bigint, jsonb, bigint, jsonb) TO PUBLIC;
GRANT EXECUTE ON FUNCTION _poc.populate_circle(jsonb) TO PUBLIC;
GRANT EXECUTE ON FUNCTION _poc.populate_gained(jsonb) TO PUBLIC;
GRANT EXECUTE ON FUNCTION _poc.populate_report(jsonb, text, bigint, interval, text, text, text, text, text) TO PUBLIC;
GRANT EXECUTE ON FUNCTION _poc.populate_line(jsonb, integer) TO PUBLIC;
GRANT EXECUTE ON FUNCTION _poc.why_full() TO PUBLIC;
GRANT EXECUTE ON FUNCTION _poc.play_step(integer, text, jsonb) TO PUBLIC;

-- Readers: for monitoring.
GRANT SELECT ON @extschema@.poc_marks TO pg_monitor;
GRANT SELECT ON @extschema@.poc_drills TO pg_monitor;
GRANT SELECT ON @extschema@.poc_rescues TO pg_monitor;
GRANT EXECUTE ON FUNCTION @extschema@.poc_servers() TO pg_monitor;
GRANT EXECUTE ON FUNCTION @extschema@.poc_backups(text) TO pg_monitor;
GRANT EXECUTE ON FUNCTION @extschema@.poc_show_backup(text, text) TO pg_monitor;
GRANT EXECUTE ON FUNCTION @extschema@.poc_check(text) TO pg_monitor;
GRANT EXECUTE ON FUNCTION @extschema@.poc_status(text) TO pg_monitor;
GRANT EXECUTE ON FUNCTION @extschema@.poc_replication_status(text) TO pg_monitor;
GRANT EXECUTE ON FUNCTION @extschema@.poc_files(text, text) TO pg_monitor;
GRANT EXECUTE ON FUNCTION @extschema@.poc_diagnose() TO pg_monitor;
GRANT EXECUTE ON FUNCTION @extschema@.poc_sidecar() TO pg_monitor;
GRANT EXECUTE ON FUNCTION @extschema@.poc_kept_marks(text) TO pg_monitor;
GRANT EXECUTE ON FUNCTION @extschema@.poc_doctor(text) TO pg_monitor;
GRANT EXECUTE ON FUNCTION @extschema@.poc_jobs() TO pg_monitor;
GRANT EXECUTE ON FUNCTION @extschema@.poc_job_log(text) TO pg_monitor;
GRANT EXECUTE ON FUNCTION @extschema@.poc_instances() TO pg_monitor;
GRANT EXECUTE ON FUNCTION @extschema@.poc_recovery_windows(text) TO pg_monitor;
GRANT EXECUTE ON FUNCTION @extschema@.poc_explain_restore(text, text, text, timestamptz, pg_lsn, xid8, boolean, integer, boolean) TO pg_monitor;
GRANT EXECUTE ON FUNCTION @extschema@.poc_forecast(text) TO pg_monitor;
GRANT EXECUTE ON FUNCTION @extschema@.poc_wal_by_database(integer, text) TO pg_monitor;
GRANT EXECUTE ON FUNCTION @extschema@.poc_watch(text) TO pg_monitor;
GRANT EXECUTE ON FUNCTION @extschema@.poc_check_receipts() TO pg_monitor;
GRANT EXECUTE ON FUNCTION @extschema@.poc_prove_plan(text, interval, interval, interval) TO pg_monitor;
GRANT EXECUTE ON FUNCTION @extschema@.poc_slo(text, interval) TO pg_monitor;
GRANT SELECT ON @extschema@.poc_proofs TO pg_monitor;
GRANT SELECT ON @extschema@.poc_slo TO pg_monitor;

-- pg_dump reads what pg_extension_config_dump() names, and the owner of the
-- database dumps it: who can dump all of a database can read all of it.
GRANT SELECT ON _poc.marks, _poc.mark_tables, _poc.mark_sequences, _poc.drills, _poc.relation_notes, _poc.rescues, _poc.ddl_notes, _poc.receipts, _poc.proofs, _poc.slo TO pg_database_owner;

-- Actions, and what is left of _poc: by explicit GRANT alone.
