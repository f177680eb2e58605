# poc_find_changes(): who dropped, emptied or changed a table, from the WAL that Barman has.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use LiveBarman;
use PocTest;

my $live = LiveBarman->new('changes', conf => "poc_barman.timeout = '300s'\nmax_prepared_transactions = 5\nautovacuum = off\n");
my ($home, $node) = @$live{qw(home node)};

sub sql { return $node->safe_psql('postgres', "SET client_min_messages = error; $_[0]"); }

make_error_of($node);

sub change { $node->safe_psql('postgres', $_[0]); return; }

# kind|relation|inserted|updated|deleted of what is found, the oldest first
sub found
{
	my ($arguments, $columns) = (@_, q{concat_ws('|', kind, coalesce(relation, '?'), coalesce(rows_inserted::text, '-'), coalesce(rows_updated::text, '-'), coalesce(rows_deleted::text, '-'))});
	return sql("SELECT string_agg($columns, E'\\n' ORDER BY commit_lsn, relation) FROM poc_find_changes($arguments)");
}

my $bindir = $node->config_data('--bindir') =~ s/\s+$//r;
my @sidecar = (cron_interval => 300, options => [ '--instance-root', "$home/instances", '--pg-bindir', $bindir ]);
$live->start(@sidecar);
sql(<<'SQL');
CREATE TABLE orders (id int PRIMARY KEY, v int, note text);
CREATE INDEX ON orders (v);
CREATE TABLE gone (id serial PRIMARY KEY, big text);
CREATE TABLE part (id int, v int) PARTITION BY RANGE (id);
CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (100);
CREATE TABLE part_2 PARTITION OF part FOR VALUES FROM (100) TO (200) PARTITION BY RANGE (id);
CREATE TABLE part_2a PARTITION OF part_2 FOR VALUES FROM (100) TO (200);
CREATE SCHEMA sales;
CREATE TABLE sales."Line Items" (id int);
CREATE MATERIALIZED VIEW sales.sums AS SELECT 1 AS one;
CREATE UNLOGGED TABLE quick (id int);
INSERT INTO orders SELECT i, i, repeat('x', 10) FROM generate_series(1, 1000) i;
INSERT INTO gone SELECT i, string_agg(md5((i * j)::text), '') FROM generate_series(1, 20) i, generate_series(1, 200) j GROUP BY i;
INSERT INTO part SELECT i, i FROM generate_series(0, 199) i;
INSERT INTO sales."Line Items" VALUES (1), (2);
SQL
sql('SELECT count(*) FROM poc_wait_ready()');
my $backup = sql('SELECT backup_id FROM poc_backup()');
cmp_ok(sql('SELECT poc_note_relations()'), '>=', 0, 'the tables are remembered');
is(sql('SELECT poc_note_relations()'), 0, 'once');

sql("SELECT poc_watch_ddl(); CREATE ROLE alterer; GRANT alterer TO CURRENT_USER; ALTER TABLE orders OWNER TO alterer; GRANT CREATE ON SCHEMA public TO alterer");
my $since = sql('SELECT clock_timestamp()');
change('DELETE FROM orders WHERE id > 100');
change('UPDATE orders SET v = -v WHERE id <= 50');
change('BEGIN; UPDATE orders SET v = 0 WHERE id = 1; DELETE FROM orders WHERE id = 2; INSERT INTO orders VALUES (2000, 1); COMMIT');
change('BEGIN; SAVEPOINT a; DELETE FROM orders WHERE id = 3; RELEASE a; SAVEPOINT b; DELETE FROM orders WHERE id > 3; ROLLBACK TO b; COMMIT');
change('BEGIN; DELETE FROM orders; ROLLBACK');
change("BEGIN; DELETE FROM orders WHERE id = 4; PREPARE TRANSACTION 'four'");
change("COMMIT PREPARED 'four'");
change('UPDATE part SET id = id + 100 WHERE id < 10');
change('DELETE FROM part WHERE id BETWEEN 95 AND 104');
change('INSERT INTO orders VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET v = 7');
change('TRUNCATE gone');
change("INSERT INTO gone SELECT i, 'y' FROM generate_series(1, 30) i; DELETE FROM gone WHERE id > 20");
change('VACUUM FULL orders');
change("SET ROLE alterer; SET application_name = 'the app'; ALTER TABLE orders ALTER v TYPE bigint");
change('DELETE FROM orders WHERE id = 5');
change('REFRESH MATERIALIZED VIEW sales.sums');
change('BEGIN; CREATE TEMPORARY TABLE t AS SELECT 1 AS i; DELETE FROM t; DROP TABLE t; COMMIT; REINDEX TABLE orders; VACUUM orders');
change('ALTER TABLE gone RENAME TO lost; SELECT poc_note_relations()');
change('DROP TABLE lost');
change('DROP SCHEMA sales CASCADE');
change('DROP TABLE quick');
change('DROP TABLE part');
change('CREATE TABLE lost (id int)');

my $all = found("since => '$since'");
is($all, <<'ROWS' =~ s/\n\z//r, 'what each transaction did to each table, and nothing else');
delete|public.orders|0|0|900
update|public.orders|0|50|0
delete|public.orders|1|1|1
delete|public.orders|0|0|1
delete|public.orders|0|0|1
update|public.part|0|10|0
delete|public.part|0|0|15
update|public.orders|0|1|0
truncate|public.gone|0|0|-
delete|public.gone|0|0|10
rewrite|public.orders|-|-|-
rewrite|public.orders|-|-|-
delete|public.orders|0|0|1
rewrite|sales.sums|-|-|-
drop|public.lost|0|0|-
drop|sales."Line Items"|0|0|-
drop|sales.sums|0|0|-
drop|public.quick|0|0|-
drop|public.part|-|-|-
ROWS

is(sql("SELECT string_agg(concat_ws('|', kind, relation, role, client, query), ' ') FROM poc_find_changes(since => '$since') WHERE role = 'alterer'"),
	'rewrite|public.orders|alterer|the app local|ALTER TABLE orders ALTER v TYPE bigint', 'who, where it was watched');

# ---- what was asked for ----
is(found("'orders', since => '$since', kinds => '{update}'"), "update|public.orders|0|50|0\nupdate|public.orders|1|1|1\nupdate|public.orders|0|1|0", 'one table, one kind');
is(found("'PUBLIC.Orders', kinds => '{delete}', min_rows => 100"), 'delete|public.orders|0|0|900', 'names as in SQL, and many rows');
is(found("'gone', kinds => '{drop,truncate}'"), "truncate|public.gone|-|-|-\ndrop|public.lost|-|-|-", 'a table by the name that it had');
is(found(q{'sales."Line Items"', kinds => '{drop,delete}'}), 'drop|sales."Line Items"|0|0|-', 'one that is gone');
is(found("'part_2', kinds => '{delete}'"), 'delete|public.part_2|0|0|10', 'a partition by itself');
is(found("until => (SELECT at FROM poc_find_changes('orders', kinds => '{update}', since => '$since') ORDER BY commit_lsn LIMIT 1), since => '$since'"),
	"delete|public.orders|0|0|900\nupdate|public.orders|0|50|0", 'until is a time of commits, itself included');
is(found("'gone', kinds => '{truncate}', until => now()"), 'truncate|public.gone|-|-|-', 'segments without a change do not end a search');
is(found("until => '$since', kinds => '{drop,truncate,delete,rewrite}'"), undef // '', 'nothing before that');
is(sql("SELECT count(*) FROM poc_find_changes('orders', since => (SELECT max(at) FROM poc_find_changes('orders')))"), 1, 'since is a time of commits, itself included');
is(sql("SELECT bool_and(name_from = CASE relation WHEN 'public.orders' THEN 'catalog' ELSE 'note' END AND backup_id = '$backup' AND timeline = 1
	AND begin_lsn < commit_lsn AND at >= '$since') FROM poc_find_changes(since => '$since')"), 't', 'the rest of each row');

# ---- what nobody remembers ----
change('CREATE TABLE short (id int); INSERT INTO short VALUES (1); DELETE FROM short; DROP TABLE short');
my $unknown = found("since => '$since'");
like($unknown, qr/^delete\|\?\|0\|0\|1\ndrop\|\?\|/m, 'a table that nobody remembers is found without its name');
like(sql("SELECT string_agg(DISTINCT name_from, ' ') FROM poc_find_changes(since => '$since') WHERE relation IS NULL AND kind = 'delete'"), qr/^file \d+$/, 'with the number of its file');
my @error = error_of($node, "SELECT * FROM poc_find_changes('short')");
is($error[0], '42P01', 'asked for by name: SQLSTATE');
like($error[3], qr/without a relation/, 'asked for by name: HINT');
my (undef, undef, $said) = $node->psql('postgres', "SELECT * FROM poc_find_changes('orders')");
like($said, qr/WARNING:  [12] changes are of relations that nobody remembers/, 'and said, since it may have been the table');

# ---- bad arguments ----
for my $bad ([ "kinds => '{insert}'", 'an unknown kind' ], [ "kinds => NULL", 'no kinds' ], [ "kinds => '{}'", 'none of them' ], [ 'min_rows => -1', 'a negative number' ],
	[ "since => 'infinity'", 'no time' ], [ "since => now(), until => now()", 'an empty time' ], [ "'a.b.c'", 'too many parts' ], [ "'a b'", 'no name' ])
{
	@error = error_of($node, "SELECT * FROM poc_find_changes($bad->[0])");
	like($error[0], qr/^22023$|^42602$/, "$bad->[1]: refused");
}
@error = error_of($node, "SELECT * FROM poc_find_changes(server => 'none')");
is($error[0], '42704', 'an unknown server');
$node->safe_psql('postgres', 'CREATE ROLE somebody LOGIN');
(undef, undef, $said) = $node->psql('postgres', 'SELECT * FROM poc_find_changes()', extra_params => [ '-U', 'somebody' ]);
like($said, qr/permission denied for function poc_find_changes/, 'closed until it is granted');

# ---- just before it ----
my $lsn = sql("SELECT commit_lsn FROM poc_find_changes('orders', kinds => '{delete}', min_rows => 100)");
my ($answer, undef, $told) = $live->restored($node, "target_lsn => '$lsn', exclusive => true", 'state', 'SELECT count(*) FROM orders');
is($answer, 1000, 'restored to just before a deletion') or diag($told);
($answer) = $live->restored($node, "target_lsn => '$lsn'", 'state', 'SELECT count(*) FROM orders');
is($answer, 100, 'and right after it');
$lsn = sql("SELECT commit_lsn FROM poc_find_changes('lost', kinds => '{drop}')");
($answer) = $live->restored($node, "target_lsn => '$lsn', exclusive => true", 'state', 'SELECT count(*) FROM lost');
is($answer, 20, 'just before the table was dropped');
@error = error_of($node, "SELECT * FROM poc_restore('one', exclusive => true)");
is($error[0], '22023', 'exclusive is of a position');

# ---- segments that are compressed, damaged or missing ----
my $wals = "$home/barman/postgres1/wals/0000000100000000";
my @segments = sort map { /([0-9A-F]{24})$/ ? $1 : () } glob("$wals/*");
my @tools = ([ 'gzip', '-c' ], [ 'bzip2', '-c' ], [ 'xz', '-c' ], [ 'zstd', '-qc' ], [ 'lz4', '-qc' ]);
my $n = 0;
for my $segment (@segments)
{
	my $tool = $tools[ $n++ % @tools ];
	IPC::Run::run([ @$tool, "$wals/$segment" ], '>', "$wals/packed") && rename("$wals/packed", "$wals/$segment") or die "$tool->[0]: $!";
}
is(found("since => '$since'"), $unknown, 'compressed by ' . join(', ', map { $_->[0] } @tools) . ': the same is found');
my $middle = $segments[ @segments / 2 ];
rename("$wals/$middle", "$home/$middle") or die "$middle: $!";
(undef, undef, $said) = $node->psql('postgres', 'SELECT * FROM poc_find_changes()');
like($said, qr/WARNING:  segment [0-9A-F]{24}: the segments before it are missing/, 'a segment that is missing is said');
$live->write("barman/postgres1/wals/0000000100000000/$middle", 'x' x 100000);
(undef, undef, $said) = $node->psql('postgres', 'SELECT * FROM poc_find_changes()');
like($said, qr/WARNING:  segment $middle: /, 'and one that is no WAL');
rename("$home/$middle", "$wals/$middle") or die "$middle: $!";

# ---- compressed by a program that only Barman's configuration knows ----
for my $segment (@segments)
{
	next if $segment eq $segments[0];
	# as it was before: the tools above have packed it
	my $tool = { '1f8b' => 'gzip', '425a' => 'bzip2', 'fd37' => 'xz', '28b5' => 'zstd', '0422' => 'lz4' }->{ unpack('H4', slurp_file("$wals/$segment")) };
	system_or_bail('sh', '-c', "(printf poc; $tool -dc) < '$wals/$segment' > '$wals/packed' && mv '$wals/packed' '$wals/$segment'");
}
(undef, undef, $said) = $node->psql('postgres', 'SELECT * FROM poc_find_changes()');
like($said, qr/WARNING:  segment $middle: /, 'a segment in a form that nobody knows is said');
$live->configure(<<'CONF');
compression = custom
custom_compression_filter = sh -c 'printf poc; cat'
custom_decompression_filter = tail -c +4
CONF
$live->stop;
$live->start(@sidecar);
is(found("since => '$since'"), $unknown, 'in a form that Barman knows: the same is found');
is(join(' ', glob("$home/jobs/wal_*")), '', 'and nothing of it is left');

# ---- on the next timeline ----
change('DELETE FROM orders WHERE id = 6');
$node->stop;
append_to_file($node->data_dir . '/standby.signal', '');
$node->start;
$node->promote;
sql('SELECT count(*) FROM poc_wait_ready()');
change('DELETE FROM orders WHERE id IN (7, 8)');
is(found("'orders', kinds => '{delete}', since => '$since'", q{concat_ws('|', timeline, rows_deleted)}), "1|900\n1|1\n1|1\n1|1\n1|1\n1|1\n2|2",
	'the timelines that lead to the newest');

done_testing();
