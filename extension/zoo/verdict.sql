-- verdict.sql: what came of filling the tables of this database.
SELECT current_database() AS database, count(DISTINCT relid) AS relations, count(*) AS attempts,
	count(*) FILTER (WHERE ended AND sqlstate IS NULL) AS fine, count(*) FILTER (WHERE sqlstate IS NOT NULL) AS refused,
	sum(rows) AS rows, (SELECT count(*) FROM zoo.blame) AS blame
FROM zoo.attempts;
SELECT count(DISTINCT relid) AS relations, sqlstate, regexp_replace(message, '"[^"]*"', '"..."', 'g') AS refused_with, min(name) AS "for example"
FROM zoo.attempts WHERE sqlstate IS NOT NULL AND id NOT IN (SELECT id FROM zoo.blame)
GROUP BY 2, 3 ORDER BY 1 DESC, 2, 3;
\x on
SELECT blame, count(*) AS attempts, min(name) AS "for example", (array_agg(variant ORDER BY name))[1] AS variant, sqlstate,
	regexp_replace(coalesce(complaint, message), '[0-9]+', 'N', 'g') AS message,
	(array_agg(detail ORDER BY name))[1] AS detail, (array_agg(hint ORDER BY name))[1] AS hint, (array_agg(context ORDER BY name))[1] AS context
FROM zoo.blame
GROUP BY blame, sqlstate, regexp_replace(coalesce(complaint, message), '[0-9]+', 'N', 'g') ORDER BY blame, 2 DESC;
