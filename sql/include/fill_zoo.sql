-- Makes the tables of zoo twice, each with rows by one path, and tells those that do not fill or differ.
DO $$
DECLARE
	animal record;
	differ bigint;
	message text;
	detail text;
BEGIN
	FOR animal IN SELECT * FROM zoo ORDER BY n LOOP
		BEGIN
			EXECUTE format('CREATE TABLE a%1$s (%2$s); CREATE TABLE b%1$s (%2$s)', animal.n, animal.columns);
			PERFORM poc_generate_rows(60, format('a%s', animal.n)::regclass, 1);
			PERFORM poc_generate_rows(60, format('b%s', animal.n)::regclass, 1, '{"path": "query"}');
			EXECUTE format('SELECT count(*) FROM (SELECT made::text FROM a%1$s AS made EXCEPT ALL SELECT made::text FROM b%1$s AS made) AS d', animal.n)
				INTO differ;
			IF differ > 0 THEN
				UPDATE zoo SET failure = differ || ' rows differ by path' WHERE n = animal.n;
			END IF;
		EXCEPTION WHEN OTHERS THEN
			GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
			UPDATE zoo SET failure = message || ': ' || detail WHERE n = animal.n;
		END;
	END LOOP;
END $$;
SELECT kind, count(*) AS tables, count(failure) AS not_filled FROM zoo GROUP BY kind ORDER BY kind;
SELECT columns, failure FROM zoo WHERE failure IS NOT NULL ORDER BY n;
