# The sidecar's reader of WAL finds the records that pg_waldump finds, and in them what each transaction did to each
# relation: with full-page images of all compressions, segments of several sizes, and at all levels that can be archived.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::Local;

use WalTest;

my $wal_dump = build_wal_dump(PostgreSQL::Test::Utils::tempdir_short() . '/wal_dump');
my ($node, @expected, %gone);

# Runs statements as one transaction; returns its xid.
sub transaction
{
	my ($sql) = @_;
	my $out = $node->safe_psql('postgres', "BEGIN; $sql; SELECT 'xid ' || pg_current_xact_id(); COMMIT");

	$out =~ /^xid (\d+)$/m or die "no xid: $out";
	return $1;
}

sub file_of { return $node->safe_psql('postgres', "SELECT pg_relation_filenode('$_[0]')") }
sub toast_of { return $node->safe_psql('postgres', "SELECT reltoastrelid FROM pg_class WHERE oid = '$_[0]'::regclass") }
sub oid_of { return $node->safe_psql('postgres', "SELECT '$_[0]'::regclass::oid") }

# Expects one change of a transaction that has these values, such as file and del.
sub expect
{
	my ($what, %values) = @_;
	push @expected, [ $what, \%values ];
	return;
}

# Rows of a table that exists
sub rows
{
	my ($what, $table, $sql, %counts) = @_;
	my $file = file_of($table);

	expect($what, xid => transaction($sql), file => $file, ins => 0, upd => 0, del => 0, in => 0, out => 0, %counts);
	return;
}

sub rows_workload
{
	$node->safe_psql('postgres', <<'SQL');
CREATE TABLE t (id int PRIMARY KEY, v text, n int DEFAULT 0);
CREATE TABLE hot (id int PRIMARY KEY, n int) WITH (fillfactor = 40);
CREATE TABLE wide (id int, v text);
ALTER TABLE wide ALTER v SET STORAGE EXTERNAL;
CREATE TABLE parted (k int, v text, n int) PARTITION BY LIST (k);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1);
CREATE TABLE parted_2 PARTITION OF parted FOR VALUES IN (2);
ALTER TABLE parted_1 ALTER v SET STORAGE EXTERNAL;
ALTER TABLE parted_2 ALTER v SET STORAGE EXTERNAL;
CREATE UNLOGGED TABLE unlogged (id int PRIMARY KEY);
INSERT INTO hot SELECT g, 0 FROM generate_series(1, 300) g;
INSERT INTO parted SELECT 1, 'x' FROM generate_series(1, 60);
SQL
	rows('single inserts', 't', "INSERT INTO t SELECT g, 'x' FROM generate_series(1, 1000) g", ins => 1000, kinds => 'insert');
	rows('COPY', 't', "COPY t (id) FROM PROGRAM 'seq 1001 3500'", ins => 2500);
	rows('updates', 't', "UPDATE t SET id = -id WHERE id % 2 = 0", upd => 1750, kinds => 'update');
	rows('HOT updates', 'hot', 'UPDATE hot SET n = n + 1', upd => 300);
	rows('two updates of each row', 'hot', 'UPDATE hot SET n = n + 1; UPDATE hot SET n = n + 1', upd => 600);
	$node->safe_psql('postgres', 'CHECKPOINT');
	rows('deletes behind full-page images', 't', 'DELETE FROM t WHERE id < -3000', del => 250, kinds => 'delete');
	rows('a delete, an insert and an update', 't',
		"DELETE FROM t WHERE id = 1; INSERT INTO t VALUES (5000); UPDATE t SET n = 1 WHERE id = 3", ins => 1, upd => 1, del => 1);
	rows('some conflicts', 't', 'INSERT INTO t SELECT g FROM generate_series(4996, 5005) g ON CONFLICT DO NOTHING', ins => 9);
	rows('updates on conflict', 't', 'INSERT INTO t SELECT g FROM generate_series(5000, 5014) g ON CONFLICT (id) DO UPDATE SET n = 7',
		ins => 9, upd => 6);
	rows('MERGE', 't', 'MERGE INTO t USING generate_series(5010, 5029) g ON t.id = g WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (id) VALUES (g)',
		ins => 15, del => 5);
	$gone{ transaction('SELECT count(*) FROM (SELECT * FROM t FOR UPDATE) l; SELECT txid_current()') } = 'row locks';
	$gone{ transaction('SAVEPOINT s; DELETE FROM t; ROLLBACK TO s') } = 'what a savepoint takes back';
	$gone{ $1 } = 'an aborted transaction'
		if $node->safe_psql('postgres', "BEGIN; DELETE FROM t; SELECT 'xid ' || txid_current(); ROLLBACK") =~ /xid (\d+)/;
	$gone{ transaction('INSERT INTO unlogged SELECT generate_series(1, 1000); SELECT txid_current()') } = 'unlogged rows';
	$gone{ transaction('CREATE TEMP TABLE temp AS SELECT generate_series(1, 1000); DELETE FROM temp') } = 'temporary rows';
	return;
}

sub toast_workload
{
	my $text = "(SELECT string_agg(md5((g * i)::text), '') FROM generate_series(1, 200) g)";

	rows('rows with TOAST', 'wide', "INSERT INTO wide SELECT i, $text FROM generate_series(1, 10) i", ins => 10);
	my $toast = toast_of('wide');
	my $chunks = $node->safe_psql('postgres', "SELECT count(*) FROM pg_toast.pg_toast_" . oid_of('wide'));
	my $file = file_of("pg_toast.pg_toast_" . oid_of('wide'));
	rows('deletes of rows with TOAST', 'wide', 'DELETE FROM wide WHERE id <= 10', del => 10);
	expect('deletes of chunks', xid => $expected[-1][1]{xid}, file => $file, del => $chunks);
	rows('COPY of rows with TOAST', 'wide',
		q{COPY wide FROM PROGRAM $p$seq 7 | awk '{s = sprintf("%5000s", ""); gsub(/ /, "x", s); print $1 "\t" s}'$p$}, ins => 7);

	my ($old, $new) = (file_of('parted_1'), file_of('parted_2'));
	my $xid = transaction('UPDATE parted SET k = 2 WHERE ctid IN (SELECT ctid FROM parted_1 LIMIT 50)');
	expect('rows leave a partition', xid => $xid, file => $old, out => 50, ins => 0, del => 0, upd => 0, kinds => 'update');
	expect('and arrive in another', xid => $xid, file => $new, in => 50, ins => 0, del => 0, upd => 0);
	for my $checkpoint ('SELECT 1', 'CHECKPOINT')
	{
		$node->safe_psql('postgres', "DELETE FROM parted; INSERT INTO parted SELECT 1, $text FROM generate_series(1, 20) i");
		$node->safe_psql('postgres', $checkpoint);
		$xid = transaction('UPDATE parted SET k = 2');
		expect("rows with TOAST leave after $checkpoint", xid => $xid, file => $old, out => 20, ins => 0, del => 0);
		expect('and arrive', xid => $xid, file => $new, in => 20, ins => 0);
	}
	return;
}

sub subtransactions_workload
{
	rows('subtransactions', 't', <<'SQL', ins => 30, del => 5);
INSERT INTO t SELECT generate_series(10001, 10010);
SAVEPOINT a; INSERT INTO t SELECT generate_series(10011, 10020); SAVEPOINT b; INSERT INTO t SELECT generate_series(10021, 10030); RELEASE b; RELEASE a;
SAVEPOINT c; INSERT INTO t SELECT generate_series(10031, 10070); SAVEPOINT d; DELETE FROM t WHERE id < 100; RELEASE d; ROLLBACK TO c;
SAVEPOINT e; DELETE FROM t WHERE id BETWEEN 10001 AND 10005; RELEASE e
SQL
	rows('many subtransactions', 't', <<'SQL', ins => 100, del => 100);
DO $$ BEGIN FOR i IN 20001 .. 20200 LOOP
	BEGIN INSERT INTO t VALUES (i); IF i % 2 = 0 THEN RAISE 'no'; END IF; EXCEPTION WHEN others THEN NULL; END;
	BEGIN DELETE FROM t WHERE id = i; EXCEPTION WHEN others THEN NULL; END;
END LOOP; END $$
SQL
	my $file = file_of('t');
	my %xid;
	for my $gid (qw(kept lost))
	{
		$xid{$gid} = $1 if $node->safe_psql('postgres', "BEGIN; DELETE FROM t WHERE id BETWEEN 3 AND 9; SAVEPOINT s; INSERT INTO t VALUES (30001); RELEASE s; SELECT 'xid ' || txid_current(); PREPARE TRANSACTION '$gid'")
			=~ /xid (\d+)/;
		$node->safe_psql('postgres', 'INSERT INTO wide VALUES (0)');
		$node->safe_psql('postgres', ($gid eq 'kept' ? 'COMMIT' : 'ROLLBACK') . " PREPARED '$gid'");
		$node->safe_psql('postgres', 'DELETE FROM t WHERE id = 30001; INSERT INTO t VALUES (3), (5), (7), (9)') if $gid eq 'kept';
	}
	expect('a prepared transaction', xid => $xid{kept}, file => $file, ins => 1, del => 4, gid => 'kept');
	$gone{ $xid{lost} } = 'a prepared transaction that is rolled back';
	return;
}

# The transaction that changes a table as a whole may have no xid that it could tell.
sub whole
{
	my ($what, $table, $sql, %values) = @_;
	my ($oid, $file) = (oid_of($table), file_of($table));

	$node->safe_psql('postgres', $sql);
	my $new = $values{kinds} =~ /drop/ ? 0 : file_of($table);
	expect($what, oid => $oid, new => $new, $values{kinds} =~ /rewrite/ ? () : (file => $file), %values);
	return;
}

sub tables_workload
{
	$node->safe_psql('postgres', <<'SQL');
CREATE TABLE a (id serial PRIMARY KEY, v text);
CREATE TABLE b (id int PRIMARY KEY, v text);
CREATE TABLE c (id int);
CREATE SCHEMA doomed;
CREATE TABLE doomed.x (id int PRIMARY KEY); CREATE TABLE doomed.y (v text); CREATE TABLE doomed.z (id int) PARTITION BY RANGE (id);
CREATE UNLOGGED TABLE dropped_unlogged (id int);
CREATE MATERIALIZED VIEW mat AS SELECT * FROM t;
INSERT INTO a (v) SELECT 'x' FROM generate_series(1, 500);
INSERT INTO b SELECT g, 'x' FROM generate_series(1, 500) g;
INSERT INTO c VALUES (1);
SQL
	whole('TRUNCATE', 'a', 'TRUNCATE a', kinds => 'truncate', del => -1, ins => 0);
	whole('TRUNCATE RESTART IDENTITY', 'a', 'TRUNCATE a RESTART IDENTITY', kinds => 'truncate');
	my %before = map { $_ => [ oid_of($_), file_of($_) ] } qw(a b c parted_1 parted_2);
	my $xid = transaction('TRUNCATE c, a, b');
	expect("TRUNCATE of three, $_", xid => $xid, oid => $before{$_}[0], file => $before{$_}[1], new => file_of($_), kinds => 'truncate') for qw(a b c);
	$xid = transaction('TRUNCATE parted');
	expect("TRUNCATE of a partitioned table, $_", xid => $xid, oid => $before{$_}[0], file => $before{$_}[1], new => file_of($_), kinds => 'truncate')
		for qw(parted_1 parted_2);
	whole('rows, TRUNCATE and rows', 'b', 'BEGIN; LOCK b; LOCK a; INSERT INTO b VALUES (1), (2); TRUNCATE b; INSERT INTO b VALUES (3); COMMIT',
		kinds => 'truncate insert', ins => 3);
	whole('TRUNCATE twice', 'b', 'BEGIN; TRUNCATE b; INSERT INTO b VALUES (3), (4); TRUNCATE b; COMMIT', kinds => 'truncate insert', ins => 2);
	whole('TRUNCATE in a subtransaction', 'b', 'BEGIN; SAVEPOINT s; TRUNCATE b; RELEASE s; COMMIT', kinds => 'truncate');

	$node->safe_psql('postgres', "INSERT INTO b SELECT g, repeat(md5(g::text), 100) FROM generate_series(1, 500) g; INSERT INTO a (v) VALUES ('x')");
	whole('VACUUM FULL', 'b', 'VACUUM FULL b', kinds => 'rewrite');
	whole('VACUUM FULL again', 'b', 'CHECKPOINT; VACUUM FULL b', kinds => 'rewrite', ins => -1) for 1 .. 2;
	whole('CLUSTER', 'b', 'CLUSTER b USING b_pkey', kinds => 'rewrite');
	whole('ALTER TYPE', 'b', 'ALTER TABLE b ALTER id TYPE bigint', kinds => 'rewrite');
	whole('ALTER TYPE of a partition', 'parted_1', 'ALTER TABLE parted ALTER n TYPE bigint', kinds => 'rewrite');
	whole('SET UNLOGGED', 'c', 'ALTER TABLE c SET UNLOGGED', kinds => 'rewrite');
	whole('SET LOGGED', 'c', 'ALTER TABLE c SET LOGGED', kinds => 'rewrite');
	whole('REFRESH', 'mat', 'REFRESH MATERIALIZED VIEW mat', kinds => 'rewrite');
	system_or_bail('psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', 'SET allow_in_place_tablespaces = on',
		'-c', "CREATE TABLESPACE elsewhere LOCATION ''");
	whole('SET TABLESPACE', 'b', 'ALTER TABLE b SET TABLESPACE elsewhere', kinds => 'rewrite');

	my $from = $node->safe_psql('postgres', 'SELECT pg_current_wal_insert_lsn()');
	$node->safe_psql('postgres', 'REINDEX TABLE a; REINDEX INDEX b_pkey; DELETE FROM a; CREATE INDEX ON c (id); ANALYZE a');
	$node->safe_psql('postgres', 'VACUUM a');
	$gone{$from} = 'REINDEX, CREATE INDEX, and VACUUM that cuts a file';
	$gone{to} = $node->safe_psql('postgres', 'SELECT pg_current_wal_insert_lsn()');
	return;
}

sub drops_workload
{
	my %oid = map { $_ => oid_of($_) } qw(doomed.x doomed.y doomed.z wide);

	whole('DROP', 'a', 'DROP TABLE a', kinds => 'drop', ins => 0, del => -1);
	whole('DROP of an unlogged table', 'dropped_unlogged', 'DROP TABLE dropped_unlogged', kinds => 'drop');
	my $xid = transaction('DROP SCHEMA doomed CASCADE');
	expect("DROP SCHEMA, $_", xid => $xid, oid => $oid{$_}, kinds => 'drop') for qw(doomed.x doomed.y doomed.z);
	$xid = transaction('SAVEPOINT s; DELETE FROM wide; DROP TABLE wide; RELEASE s');
	expect('DROP in a subtransaction', xid => $xid, oid => $oid{wide}, kinds => 'drop delete', del => -1, file => $oid{wide});
	$gone{ transaction('CREATE TABLE brief (id int PRIMARY KEY, v text); INSERT INTO brief VALUES (1); DROP TABLE brief') } = 'a table of one transaction';
	my ($oid, $file) = (oid_of('c'), file_of('c'));
	$xid = $1 if $node->safe_psql('postgres', "BEGIN; DROP TABLE c; SELECT 'xid ' || txid_current(); PREPARE TRANSACTION 'd'") =~ /xid (\d+)/;
	$node->safe_psql('postgres', "COMMIT PREPARED 'd'");
	expect('DROP in a prepared transaction', xid => $xid, oid => $oid, file => $file, kinds => 'drop', gid => 'd');
	$node->safe_psql('postgres', 'CREATE DATABASE other');
	my $database = $node->safe_psql('postgres', "SELECT oid FROM pg_database WHERE datname = 'other'");
	$node->safe_psql('postgres', 'DROP DATABASE other');
	expect('DROP DATABASE', db => $database, oid => 0, kinds => 'drop');
	$oid = $node->safe_psql('postgres', 'BEGIN; CREATE TABLE made (id int); INSERT INTO made VALUES (1), (2); COMMIT; SELECT \'made\'::regclass::oid');
	expect('a new table', oid => $oid, file => $oid, ins => 2);
	return;
}

# The changes that have all of the values
sub matching
{
	my ($values, @changes) = @_;
	return grep { my $change = $_; !grep { $change->{$_} ne $values->{$_} } keys %$values } @changes;
}

sub check_changes
{
	my ($name, @segments) = @_;
	my @changes = changes_of($wal_dump, 'changes', @segments);
	my @fast = changes_of($wal_dump, 'fast', @segments);
	my (%commits, %seen);

	for (@expected)
	{
		my ($what, $values) = @$_;
		my @found = matching($values, @changes);
		is(scalar(@found), 1, "$name: $what") or diag(explain($values, [ grep { $_->{xid} eq ($values->{xid} // '') ||
			$_->{oid} eq ($values->{oid} // '') } @changes ]));
	}
	for my $xid (sort(grep { /^\d+$/ } keys %gone))
	{
		is(scalar(grep { $_->{xid} == $xid } @changes), 0, "$name: $gone{$xid}: nothing") or diag(explain([ matching({ xid => $xid }, @changes) ]));
	}
	my ($from, $to) = map { number($_) } (grep({ /\// } keys %gone), $gone{to});
	is(join(' ', map { "$_->{xid} $_->{kinds} $_->{oid}" } grep { $_->{kinds} =~ /drop|truncate|rewrite/ &&
		number($_->{begin}) >= $from && number($_->{commit}) < $to } @changes), '', "$name: REINDEX and VACUUM are no operations");
	is(scalar(grep { !$_->{whole} && $_->{xid} >= $expected[0][1]{xid} } @changes), 0, "$name: all of these transactions are whole");
	is_deeply([ map { operation($_) } @fast ], [ map { $_->{kinds} =~ /drop|truncate|rewrite/ ? operation($_) : () } @changes ],
		"$name: without rows, the operations are the same");
	is(scalar(grep { $_->{ins} != -1 || $_->{del} != -1 || $_->{upd} != -1 } @fast), 0, "$name: and no count is known");

	my ($out) = run_command([ 'pg_waldump', '-r', 'Transaction', $segments[0], $segments[-1] ]);
	$commits{ number($1) } = timegm($7, $6, $5, $4, $3 - 1, $2) . $8
		while $out =~ /lsn: (\S+), .*?desc: COMMIT(?:_PREPARED \d+:)? (\d+)-(\d+)-(\d+) (\d+):(\d+):(\d+)\.(\d+) UTC/g;
	is(scalar(grep { ($commits{ number($_->{commit}) } // '') ne $_->{time} } @changes), 0, "$name: the COMMITs are where and when pg_waldump says");
	return;
}

sub number
{
	my ($high, $low) = split /\//, $_[0];
	return hex($high) * 4294967296 + hex($low);
}

sub operation
{
	my ($change) = @_;
	my $kinds = join(' ', grep { /drop|truncate|rewrite/ } split(' ', $change->{kinds}));
	return "$change->{xid} $kinds $change->{db} $change->{oid} $change->{file} $change->{new}";
}

sub check_records
{
	my ($name, @segments) = @_;
	my @theirs = waldump_lines(@segments);
	my @ours = our_lines($wal_dump, 'records', @segments);
	my $end = pop @ours;
	my ($different) = grep { ($ours[$_] // '') ne ($theirs[$_] // '') } 0 .. ($#ours > $#theirs ? $#ours : $#theirs);

	like($end, qr/^end /, "$name: the WAL ends");
	cmp_ok(scalar(@theirs), '>', 10000, "$name: there are records");
	ok(!defined $different, "$name: all records are those of pg_waldump") or
		diag("$different: ours $ours[$different], theirs $theirs[$different]");
	return;
}

# What each of Barman's compressions makes of the segments
sub check_compressed
{
	my ($name, @segments) = @_;
	my @plain = our_lines($wal_dump, 'records', @segments);
	my $directory = PostgreSQL::Test::Utils::tempdir();

	for my $program (qw(gzip bzip2 xz zstd lz4))
	{
	  SKIP:
		{
			skip "no $program here", 1 if system("command -v $program > /dev/null 2>&1") != 0;
			system_or_bail('sh', '-c', 'for s in "$@"; do ' . "$program < " . '"$s" > "$0/${s##*/}" || exit 1; done', $directory, @segments);
			is_deeply([ our_lines($wal_dump, 'records', sort(glob("$directory/*"))) ], \@plain, "$name: the same by $program");
		}
	}
	return;
}

# However much WAL is read, it takes no more memory than a little does.
sub check_memory
{
	my ($name, @segments) = @_;
	my ($out) = run_command([ $wal_dump, 'repeat', @segments ]);
	my @kilobytes = $out =~ /^\d+ records, (\d+) kB/mg;

	is(scalar(@kilobytes), 10, "$name: read again and again, looked at ten times") or diag($out);
	cmp_ok($kilobytes[-1] - $kilobytes[0], '<', 1024, "$name: memory stays as it is") or diag($out);
	return;
}

my @servers = (
	[ 'replica', ['--wal-segsize=64'], 'wal_level = replica', 'wal_log_hints = on' ],
	[ 'pglz', ['--wal-segsize=1'], 'wal_compression = pglz' ],
	# zstd sets another bit beside the same image, which nothing here decompresses
	[ 'logical', ['--wal-segsize=1'], 'wal_level = logical', 'wal_compression = lz4' ]);
$ENV{TZ} = 'UTC';
for my $server (@servers)
{
	my ($name, $extra, @settings) = @$server;

	$node = PostgreSQL::Test::Cluster->new($name);
	$node->init(allows_streaming => 1, extra => $extra);
	# synchronous: the WAL of all that has ended is there
	$node->append_conf('postgresql.conf', join("\n", 'wal_keep_size = 2GB', 'max_prepared_transactions = 4', 'autovacuum = off',
		'log_timezone = UTC', 'timezone = UTC', @settings, ''));
	if (grep { /wal_compression = (\w+)/ && system('sh', '-c', "pg_config --configure | grep -q with-$1") != 0 && $1 ne 'pglz' } @settings)
	{
		note("$name: this PostgreSQL has no such compression");
		next;
	}
	$node->start;
	@expected = ();
	%gone = ();
	$node->safe_psql('postgres', 'CHECKPOINT');
	rows_workload();
	toast_workload();
	subtransactions_workload();
	tables_workload();
	drops_workload();
	$node->safe_psql('postgres', 'SELECT pg_switch_wal()');
	$node->safe_psql('postgres', 'CREATE TABLE after (id int)');
	$node->stop;

	my @segments = wal_segments($node);
	check_records($name, @segments);
	check_changes($name, @segments);
	check_memory($name, @segments) if $name eq 'pglz';
	check_compressed($name, @segments > 8 ? @segments[ 0 .. 7 ] : @segments) if $name eq 'pglz';
}

done_testing();
