# Receipts are evidence: whoever changes, removes, inserts or moves one is found out, here or by the sidecar's copies;
# they come through pg_dump, outlive the primary, and are exported for others to read.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use DrillTest;
use PocTest;
use RowsTest;

my $live = drill_stack('receipts');
my ($home, $node) = @$live{qw(home node)};

sub sql { return $node->safe_psql('postgres', "SET client_min_messages = error; $_[0]"); }

# "ok|first_bad|finding" of this database, and of the copies
sub here { my ($database) = (@_, 'postgres'); return $node->safe_psql($database, q{SELECT ok, first_bad, finding FROM poc_check_receipts() WHERE source = 'this database'}); }
sub copies { my ($database) = (@_, 'postgres'); return $node->safe_psql($database, q{SELECT ok, first_bad, finding FROM poc_check_receipts() WHERE source <> 'this database'}); }

# ---- the chain ----
is(here(), 't||there are no receipts yet', 'no receipts yet');
# one from before there was a chain
sql(q{INSERT INTO _poc.drills (at, began, ok, server, system_identifier, tables, rows, steps)
	SELECT '2020-01-01', '2019-12-31', true, 'postgres1', system_identifier, 0, 0, '[]' FROM pg_control_system()});
is(here(), '||1 receipts are from before there was a chain: the next one adopts them', 'what is not chained yet is no proof');
sql(q{SELECT poc_mark('mark', '{t}')});
is(sql(q{SELECT bool_and(ok) FROM poc_restore_drill('mark', asserts => '{SELECT 1 < 2}')}), 't', 'a drill');
is(sql(q{SELECT bool_and(ok) FROM poc_restore_drill('mark', asserts => ARRAY['SELECT ''<a href="&">|`]]>' || chr(1) || chr(233) || chr(128512) || ''' = ''''', E'SELECT\n\tfalse'])}), 'f', 'one that fails');
sql(q{CREATE TABLE gone AS SELECT i FROM generate_series(1, 200) AS i});
is(sql(q{SELECT status FROM poc_backup()}), 'DONE', 'a backup');
sql(q{DROP TABLE gone});
is(sql(q{SELECT bool_and(ok) FROM poc_rescue('gone')}), 't', 'a rescue');
is(sql(q{SELECT string_agg(n || ' ' || kind, ', ' ORDER BY n) FROM _poc.receipts}), '1 drill, 2 drill, 3 drill, 4 rescue', 'all are in one chain, the older one too');
is(sql(q{SELECT text::jsonb -> 'adopted' FROM _poc.receipts WHERE n = 1}), 'true', 'which is told of that');
is(here(), 't||4 receipts, each follows the one before it; 1 of them from before the chain', 'the chain is whole');
like(copies(), qr/^t\|\|4 copies are the same here$/, 'so are the copies');

# anybody can compute the hashes
is(sql(q{SELECT bool_and(hash = encode(sha256(convert_to(previous || chr(10) || chain || chr(10) || n || chr(10) || kind || chr(10) || text, 'UTF8')), 'hex'))
	AND bool_and(previous = coalesce(before, repeat('0', 64))) FROM (SELECT *, lag(hash) OVER (ORDER BY n) AS before FROM _poc.receipts) AS r}), 't', 'as documented');

# what was rolled back leaves nothing, here or there
sql(q{BEGIN; SELECT count(*) FROM poc_restore_drill('mark'); ROLLBACK});
like(here(), qr/^t\|\|4 /, 'a drill that is rolled back');
like(copies(), qr/^t\|\|4 /, 'has no copy either');

# ---- tampering: each is done to the whole, and undone ----
sql(q{CREATE TABLE was AS TABLE _poc.receipts; CREATE TABLE drills_were AS TABLE _poc.drills; CREATE TABLE rescues_were AS TABLE _poc.rescues});
# with the triggers off: who can change the tables can do that
my $rechain = q{DO $$
DECLARE r record; before text := repeat('0', 64); BEGIN
	FOR r IN SELECT * FROM _poc.receipts ORDER BY n LOOP
		UPDATE _poc.receipts SET previous = before, hash = _poc.receipt_hash(before, chain, n, kind, text) WHERE n = r.n RETURNING hash INTO before;
	END LOOP;
END $$};
my @tampering = (
	[ 'a row of a drill is changed', q{UPDATE _poc.drills SET ok = true WHERE NOT ok}, qr/^f\|3\|the row of receipt 3, of a drill of .*, was changed: ok$/, qr/^t/ ],
	[ 'a row of a rescue is changed', q{UPDATE _poc.rescues SET rows = 7}, qr/^f\|4\|the row of receipt 4, of a rescue of .*, was changed: rows$/, qr/^t/ ],
	[ 'a row is removed', q{DELETE FROM _poc.drills WHERE NOT ok}, qr/^f\|3\|receipt 3, of a drill of .*, has lost its row/, qr/^t/ ],
	[ 'a row is inserted', q{INSERT INTO _poc.drills SELECT (jsonb_populate_record(d, '{"at": "2026-01-01"}')).* FROM _poc.drills AS d WHERE NOT ok}, qr/^f\|\|1 row is in no receipt of the chain, and so inserted by other means: a drill of 2026-01-01/, qr/^t/ ],
	[ 'a receipt is changed', q{UPDATE _poc.receipts SET text = replace(text, '"ok": false', '"ok": true') WHERE n = 3}, qr/^f\|3\|receipt 3 was changed/, qr/^t/ ],
	[ 'its hash is changed too', q{UPDATE _poc.receipts SET text = replace(text, '"ok": false', '"ok": true') WHERE n = 3; UPDATE _poc.receipts SET hash = _poc.receipt_hash(previous, chain, n, kind, text)}, qr/^f\|3\|the row of receipt 3.*steps/, qr/^f\|3\|receipt 3 is not the one that the sidecar copied/ ],
	[ 'with its row', q{UPDATE _poc.drills SET rows = 5 WHERE NOT ok; UPDATE _poc.receipts SET text = replace(text, '"rows": 1000', '"rows": 5') WHERE n = 3; UPDATE _poc.receipts SET hash = _poc.receipt_hash(previous, chain, n, kind, text)}, qr/^f\|4\|receipt 4 does not follow the one before it: one of them was changed, inserted or moved$/, qr/^f\|3\|/ ],
	[ 'a receipt is removed', q{DELETE FROM _poc.receipts WHERE n = 2}, qr/^f\|2\|receipt 2 was removed$/, qr/^f\|2\|receipt 2, which the sidecar copied at .*, was removed here$/ ],
	[ 'the first is removed', q{DELETE FROM _poc.receipts WHERE n = 1}, qr/^f\|1\|receipt 1 was removed$/, qr/^f\|1\|/ ],
	[ 'two change places', q{UPDATE _poc.receipts SET n = -n WHERE n IN (2, 3); UPDATE _poc.receipts SET n = 5 + n WHERE n < 0}, qr/^f\|2\|receipt 2 stands where it does not belong: it was receipt 3$/, qr/^f\|2\|/ ],
	[ 'one is inserted', q{UPDATE _poc.receipts SET n = -n - 1 WHERE n > 2; UPDATE _poc.receipts SET n = -n WHERE n < 0;
		INSERT INTO _poc.receipts SELECT 3, chain, kind, text, hash, _poc.receipt_hash(hash, chain, 3, kind, text) FROM _poc.receipts WHERE n = 2}, qr/^f\|4\|/, qr/^f\|3\|receipt 3 is not the one/ ],
	[ 'a text that is none', q{UPDATE _poc.receipts SET text = 'x' WHERE n = 4; UPDATE _poc.receipts SET hash = _poc.receipt_hash(previous, chain, n, kind, text)}, qr/^f\|4\|receipt 4 is none/, qr/^f\|4\|/ ],
	# these the database itself cannot tell
	[ 'the newest is removed, with its row', q{DELETE FROM _poc.receipts WHERE n = 4; DELETE FROM _poc.rescues}, qr/^t/, qr/^f\|4\|receipt 4, which the sidecar copied at .*, was removed here$/ ],
	[ 'all are removed', q{TRUNCATE _poc.receipts, _poc.drills, _poc.rescues}, qr/^t/, qr/^f\|1\|receipt 1, which/ ],
	[ 'a chain is made anew', q{DELETE FROM _poc.drills WHERE NOT ok; DELETE FROM _poc.receipts WHERE n = 3; UPDATE _poc.receipts SET n = 3 WHERE n = 4; } . $rechain, qr/^t/, qr/^f\|3\|receipt 3 is not the one that the sidecar copied/ ],
);
for my $case (@tampering)
{
	my ($name, $change, $here, $copies) = @$case;

	sql("BEGIN; SET session_replication_role = replica; $change; COMMIT");
	like(here(), $here, "$name: here");
	like(copies(), $copies, "$name: by the copies");
	sql(q{BEGIN; SET session_replication_role = replica; TRUNCATE _poc.receipts, _poc.drills, _poc.rescues;
		INSERT INTO _poc.drills TABLE drills_were; INSERT INTO _poc.rescues TABLE rescues_were; INSERT INTO _poc.receipts TABLE was; COMMIT});
}
like(here(), qr/^t\|\|4 /, 'as it was');

# ---- two at a time, and one that took its snapshot before ----
my @both = map { begin_drill($live, q{'mark'}) } 1 .. 2;
$_->{run}->finish for @both;
my $holder = holding($node, 'SELECT pg_advisory_xact_lock(185)');
my $early = in_background($node, q{BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM t; SELECT pg_advisory_xact_lock(185); SELECT count(*) FROM poc_restore_drill('mark'); COMMIT});
ok(wait_until(sub { sql(q{SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted}) == 1 }), 'a transaction has its snapshot');
is(sql(q{SELECT bool_and(ok) FROM poc_restore_drill('mark')}), 't', 'a drill meanwhile');
commit($holder, 'it goes on');
finish($early);
like(here(), qr/^t\|\|8 /, 'each has its place');
like(copies(), qr/^t\|\|8 /, 'and its copy');

# ---- a sidecar that is away when a receipt is written ----
$live->stop;
my ($code, undef, $err) = $node->psql('postgres', q{SET poc_barman.server = 'postgres1'; BEGIN; SELECT _poc.chain_receipt('drill', at, began, NULL) FROM _poc.drills ORDER BY at LIMIT 1; COMMIT});
like($err, qr/WARNING:  the sidecar has no copy of receipt 9\nDETAIL:  .*\nHINT:  It is sent with the next receipt/, 'a receipt without a copy is told');
like($node->safe_psql('postgres', q{SELECT ok IS NULL, finding FROM poc_check_receipts() WHERE source = 'the sidecar'}), qr/^t\|its copies could not be compared: /, 'a check without the sidecar is none');
start_drills($live);
like(copies(), qr/^\|9\|1 of the receipts here without a copy, the first is receipt 9/, 'nor is a check of what has no copy');
is(sql(q{SELECT bool_and(ok) FROM poc_restore_drill('mark')}), 't', 'the next drill');
like(copies(), qr/^t\|\|10 copies/, 'brings its copy along');

# ---- more copies than one answer has ----
# of another chain, and large; those of this database come behind them
sql(q{SELECT _poc.ask('receipt', jsonb_build_object('chain', '1/2/3', 'n', i, 'kind', 'drill', 'previous', repeat('0', 64), 'text', f.text,
	'hash', _poc.receipt_hash(repeat('0', 64), '1/2/3', i, 'drill', f.text)), '{servers,postgres1,receipts}')
	FROM generate_series(1, 3) AS i, LATERAL (SELECT jsonb_build_object('server', 'postgres1', 'reason', repeat('x', 900000), 'rows', i)::text) AS f(text)});
is(sql(q{SELECT bool_and(ok) FROM poc_restore_drill('mark')}), 't', 'a drill behind many copies');
is(sql(q{SELECT count(*) FILTER (WHERE chain = '1/2/3') || ' ' || count(*) FILTER (WHERE chain = _poc.receipt_chain()) FROM poc_receipts('postgres1')}), '3 11', 'all are read');
like(copies(), qr/^t\|\|11 copies are the same here; 3 more are of other databases$/, 'and compared');
sql(q{BEGIN; SET session_replication_role = replica; DELETE FROM _poc.drills AS d USING _poc.receipts AS r WHERE r.n = 11 AND (r.text::jsonb ->> 'at')::timestamptz = d.at; DELETE FROM _poc.receipts WHERE n = 11; COMMIT});
like(copies(), qr/^f\|11\|receipt 11, which the sidecar copied at .*, was removed here/, 'the newest too');
# the sidecar begins anew, as its administrator would have it
$live->stop;
system_or_bail('sh', '-c', "grep -v -e '\"n\":11,' -e '\"chain\":\"1/2/3\"' $home/jobs/receipts.jsonl > $home/kept; cat $home/kept > $home/jobs/receipts.jsonl");
start_drills($live);
like(copies(), qr/^t\|\|10 copies are the same here$/, 'as it was');

# ---- what is rolled back is not copied ----
my $again = q{SELECT _poc.chain_receipt('drill', at, began, NULL) FROM _poc.drills ORDER BY at LIMIT 1};
my $copied = q{SELECT count(*) FROM poc_receipts('postgres1')};
my $were = sql($copied);
sql("BEGIN; SET CONSTRAINTS ALL IMMEDIATE; $again; ROLLBACK");
sql("BEGIN; SAVEPOINT s; $again; ROLLBACK TO s; COMMIT");
is(sql($copied), $were, 'a receipt that was rolled back has no copy');
$node->append_conf('postgresql.conf', 'max_prepared_transactions = 2');
$node->restart;
($code, undef, $err) = $node->psql('postgres', "BEGIN; $again; PREPARE TRANSACTION 'p'");
like($err, qr/ERROR:  a transaction that has written a receipt cannot be prepared\nDETAIL/, 'it cannot be prepared');
is(sql($copied), $were, 'nor sent then');
like(copies(), qr/^t\|\|10 copies are the same here/, 'the check agrees');

# ---- the extension is dropped in the transaction that wrote one ----
$node->safe_psql('postgres', 'CREATE DATABASE dropped');
$node->safe_psql('dropped', 'CREATE EXTENSION poc_barman');
$node->safe_psql('dropped', q{INSERT INTO _poc.drills (at, began, ok, server, system_identifier, tables, rows, steps)
	SELECT '2020-01-01', '2019-12-31', true, 'postgres1', system_identifier, 0, 0, '[]' FROM pg_control_system()});
($code, undef, $err) = $node->psql('dropped', q{BEGIN; SELECT _poc.chain_receipt('drill', '2020-01-01', '2019-12-31', NULL); DROP EXTENSION poc_barman; COMMIT});
is($err, '', 'it is dropped');
is($node->safe_psql('dropped', q{SELECT count(*) FROM pg_extension WHERE extname = 'poc_barman'}), 0, 'and gone');

# ---- a history that somebody made up ----
# a clone of the database whose chain has another name
$node->safe_psql('postgres', 'CREATE DATABASE forged');
$node->command_ok([ 'pg_dump', '-f', "$home/forged.sql", $node->connstr('postgres') ], 'a clone');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', "$home/forged.sql", $node->connstr('forged') ], 'of the database');
my $rename = q{SET session_replication_role = replica;
UPDATE _poc.receipts SET chain = split_part(chain, '/', 1) || '/1/1';
} . $rechain;
$node->safe_psql('forged', "BEGIN; $rename; COMMIT");
like(here('forged'), qr/^t\|\|10 /, 'whose chain has another name, but is whole');
like(copies('forged'), qr/^\|1\|10 of the receipts here without a copy, the first is receipt 1/, 'is not proven by copies');
$node->safe_psql('forged', "BEGIN; SET session_replication_role = replica; TRUNCATE _poc.receipts, _poc.drills, _poc.rescues; COMMIT");
like(copies('forged'), qr/^\|\|nothing is compared: the sidecar has copies of this cluster, and none of this database/, 'nor is one without receipts');

# ---- a crash as it commits ----
# the sidecar has the copy, the database has not
sql("BEGIN; $again; SELECT _poc.copy_receipts(11); ROLLBACK");
like(copies(), qr/^f\|11\|receipt 11, which the sidecar copied at .*, was removed here/, 'a copy without its receipt is told');
is(sql(q{SELECT bool_and(ok) FROM poc_restore_drill('mark')}), 't', 'the next has its number');
like(copies(), qr/^f\|11\|receipt 11 is not the only one that the sidecar copied: that of .* was replaced, or its transaction was lost as it committed/, 'and a copy');
# the sidecar begins anew, as its administrator would have it
$live->stop;
system_or_bail('sh', '-c', "grep -v '\"n\":11,' $home/jobs/receipts.jsonl > $home/kept; cat $home/kept > $home/jobs/receipts.jsonl");
start_drills($live);
sql(q{BEGIN; SET session_replication_role = replica; DELETE FROM _poc.drills AS d USING _poc.receipts AS r WHERE r.n = 11 AND (r.text::jsonb ->> 'at')::timestamptz = d.at; DELETE FROM _poc.receipts WHERE n = 11; COMMIT});
like(copies(), qr/^t\|\|10 copies/, 'as it was');

# ---- pg_dump ----
$node->safe_psql('postgres', 'CREATE DATABASE copy');
$node->command_ok([ 'pg_dump', '-f', "$home/dump.sql", $node->connstr('postgres') ], 'pg_dump');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', "$home/dump.sql", $node->connstr('copy') ], 'the dump is restored');
like(here('copy'), qr/^t\|\|10 /, 'its chain is whole');
like(copies('copy'), qr/^t\|\|10 copies are the same here/, 'and the same as the copies');
is($node->safe_psql('copy', q{SET poc_barman.server = 'postgres1'; SELECT bool_and(ok) FROM poc_restore_drill()}), 't', 'a drill there');
is(sql(q{SELECT bool_and(ok) FROM poc_restore_drill('mark')}), 't', 'and one here');
for my $database ('postgres', 'copy')
{
	like(here($database), qr/^t\|\|11 /, "$database goes on with the chain");
	like(copies($database), qr/^t\|\|11 copies are the same here; 1 more are of other databases$/, 'each by itself');
}
$node->safe_psql('copy', q{DROP EXTENSION poc_barman; CREATE EXTENSION poc_barman});
like(copies('copy'), qr/^f\|\|1 receipts that this database wrote before are gone: the extension or the database was dropped/, 'who drops the extension is found out');
# or puts another database in the place of one, with a chain of its own
my $first = q{INSERT INTO _poc.drills (at, began, ok, server, system_identifier, database, tables, rows, steps)
	SELECT '2020-01-01', '2019-12-31', true, 'postgres1', system_identifier, current_database(), 0, 0, '[]' FROM pg_control_system();
	SELECT _poc.chain_receipt('drill', '2020-01-01', '2019-12-31', NULL)};
for my $round (1, 2)
{
	$node->safe_psql('postgres', 'DROP DATABASE IF EXISTS replaced');
	$node->safe_psql('postgres', 'CREATE DATABASE replaced');
	$node->safe_psql('replaced', "CREATE EXTENSION poc_barman; $first");
}
like(copies('replaced'), qr/^f\|\|1 receipts that this database wrote before are gone: .*; 1 copy is the same here/, 'who replaces the database, too');
like(copies('postgres'), qr/^t\|\|11 copies are the same here/, 'which is no matter of another');

# ---- exports ----
$node->safe_psql('postgres', q{\pset format unaligned
\pset tuples_only on
SET client_encoding = 'UTF8';
SELECT poc_export_receipts('junit') \g } . "$home/receipts.xml" . q{
SELECT poc_export_receipts('json') \g } . "$home/receipts.json" . q{
SELECT poc_export_receipts('markdown') \g } . "$home/receipts.md");
my $xml = slurp_file("$home/receipts.xml");
unlike($xml, qr/[^\x20-\x7e\n]/, 'the XML is ASCII');
like($xml, qr/<testsuites name="poc_barman" tests="13" failures="1" errors="0"/, 'a test for each receipt, and two for the chain');
like($xml, qr/&lt;a href=&quot;&amp;&quot;&gt;\|`\]\]&gt;&lt;U\+0001&gt;&#233;&#128512;/, 'what means something is escaped');
# each tag is closed by its own, and no character is bare
my @open;
my $text = $xml;
$text =~ s/^<\?xml[^?]*\?>\n//;
for my $tag ($text =~ /<[^>]*>/g)
{
	if ($tag =~ m{^</(\w[\w-]*)>$}) { is(pop @open, $1, "$1 is closed") if !@open || $open[-1] ne $1; pop @open if @open && $open[-1] eq $1; }
	elsif ($tag =~ m{^<(\w[\w-]*)((?: \w+="[^"<&]*(?:&(?:amp|lt|gt|quot|#\d+);[^"<&]*)*")*)>$}) { push @open, $1; }
	else { fail("a malformed tag: $tag"); }
}
is("@open", '', 'all tags are closed');
is($node->safe_psql('postgres', "SELECT jsonb_array_length(j -> 'receipts') || ' ' || (j -> 'receipts' -> 0 ->> 'hash') FROM CAST(pg_read_file('$home/receipts.json') AS jsonb) AS j"),
	'11 ' . sql('SELECT hash FROM _poc.receipts WHERE n = 1'), 'the JSON has them all');
my $markdown = slurp_file("$home/receipts.md");
like($markdown, qr/^Exported .*: 11 receipts, 10 passed, 1 failed, 0 could not run\.$/m, 'the Markdown counts them');
is(scalar(() = $markdown =~ /^\| \d+ \|(?:[^|\\\n]|\\.)*\|(?:[^|\\\n]|\\.)*\|(?:[^|\\\n]|\\.)*\|(?:[^|\\\n]|\\.)*\|(?:[^|\\\n]|\\.)*\|(?:[^|\\\n]|\\.)*\|(?:[^|\\\n]|\\.)*\|$/mg), 11, 'each has a line of eight cells');
is($node->safe_psql('postgres', q{SELECT poc_export_receipts('junit', now() + '1 day') ~ 'tests="2"'}), 't', 'since: those of later alone');
is($node->safe_psql('postgres', q{SELECT poc_export_receipts('junit', server => 'other') ~ 'tests="2"'}), 't', 'server: those of it alone');
# copies hold what whoever has the token says
is($node->safe_psql('postgres', q{SELECT _poc.receipts_as_junit('[{"server": "s", "n": 1, "at": "9999-12-31", "began": "0001-01-01", "ok": true}]', '[]') ~ ' time="315537811200.000"'}), 't', 'one that took as long as no drill does');
(undef, undef, $err) = $node->psql('postgres', q{SELECT poc_export_receipts('pdf')});
like($err, qr/unknown format of receipts: 'pdf'/, 'other formats are refused');

# ---- the primary is lost ----
my $spare = $live->spare('spare');
my $lost = sql('SELECT string_agg(hash, chr(10) ORDER BY n) FROM _poc.receipts');
$node->stop('immediate');
is($spare->safe_psql('postgres', q{SELECT string_agg(hash, chr(10) ORDER BY n) FROM poc_receipts('postgres1') WHERE receipt ->> 'database' = 'postgres' OR kind = 'rescue'}), $lost, 'another server reads the copies');
like($spare->safe_psql('postgres', q{SELECT poc_export_receipts('markdown', server => 'postgres1', copies => true)}), qr/14 receipts, 13 passed, 1 failed/, 'and exports them');

done_testing();
