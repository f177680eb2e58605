# poc_find_changes(restore_names => true): names that nobody remembers, from a copy that is restored to just before the change.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use LiveBarman;
use PocTest;

my $live = LiveBarman->new('restored_names', conf => "poc_barman.timeout = '300s'\nautovacuum = off\n");
my ($home, $node) = @$live{qw(home node)};

sub sql { return $node->safe_psql('postgres', "SET client_min_messages = error; $_[0]"); }

make_error_of($node);

# One transaction for each
sub change { $node->safe_psql('postgres', $_) for @_; return; }

# As after a crash of whoever kept them: what is remembered is gone, and so is what is there no more.
sub forget { sql('DELETE FROM _poc.relation_notes'); return; }

sub call { my ($arguments) = @_; return qq{SELECT string_agg(concat_ws('|', kind, coalesce(relation, '?'), coalesce(rows_deleted::text, '-'), regexp_replace(name_from, 'file .*', 'file')), E'\\n' ORDER BY commit_lsn, relation) FROM poc_find_changes($arguments) WHERE relation IS DISTINCT FROM '_poc.relation_notes'}; }
sub found { my ($arguments) = @_; return sql(call($arguments)); }
sub left { return sql('SELECT count(*) FROM poc_instances()') . ' instances, ' . scalar(grep { -d } glob("$home/instances/*")) . ' directories'; }

my $bindir = $node->config_data('--bindir') =~ s/\s+$//r;
$live->start(cron_interval => 300, options => [ '--instance-root', "$home/instances", '--pg-bindir', $bindir ]);
sql(<<'SQL');
CREATE SCHEMA shop;
CREATE TABLE shop.orders (id int PRIMARY KEY, note text);
CREATE TABLE shop."Line Items" (id serial PRIMARY KEY, big text);
CREATE TABLE shop.parted (id int PRIMARY KEY, v text) PARTITION BY RANGE (id);
CREATE TABLE shop.parted_1 PARTITION OF shop.parted FOR VALUES FROM (0) TO (50);
CREATE TABLE shop.parted_2 PARTITION OF shop.parted DEFAULT;
CREATE TABLE shop.early (id int);
CREATE TABLE shop.stays (id int);
INSERT INTO shop.orders SELECT i, 'note ' || i FROM generate_series(1, 1000) i;
INSERT INTO shop."Line Items" (big) SELECT string_agg(md5((i * j)::text), '') FROM generate_series(1, 20) i, generate_series(1, 200) j GROUP BY i;
INSERT INTO shop.parted SELECT i, 'p' || i FROM generate_series(0, 99) i;
INSERT INTO shop.early VALUES (1);
SQL
sql('SELECT count(*) FROM poc_wait_ready()');
my $first = sql('SELECT backup_id FROM poc_backup()');
my $since = sql('SELECT clock_timestamp()');
change('DELETE FROM shop.early', 'DROP TABLE shop.early');
my $second = sql('SELECT backup_id FROM poc_backup()');
# the WAL from there is in the archive, the backup is not
# (its record lies beside it since Barman 3.13.2)
system_or_bail('rm', '-r', "$home/barman/postgres1/base/$first", glob("$home/barman/postgres1/meta/$first-*"));
my $reachable = sql('SELECT clock_timestamp()');

# ---- dropped, and nobody remembers
change('DELETE FROM shop.orders WHERE id > 900', 'TRUNCATE shop.orders', 'DELETE FROM shop.parted WHERE id BETWEEN 40 AND 59', 'DROP SCHEMA shop CASCADE');
forget();
my $without = found("since => '$reachable'");
like($without, qr/^delete\|\?\|100\|file$/m, 'without being asked: rows that were deleted have the number of a file') or diag($without);
like($without, qr/^drop\|\?\|/m, 'what was dropped has no name');
unlike($without, qr/shop/, 'none has one');
is(left(), '0 instances, 0 directories', 'and nothing is restored');
my @error = error_of($node, q{SELECT * FROM poc_find_changes('shop.orders')});
is($error[0], '42P01', 'nor is a table known by its name');

my ($result, $with, $said) = $node->psql('postgres', call("since => '$reachable', restore_names => true"));
is($with, <<'ROWS' =~ s/\n\z//r, 'asked for: each change with its table, and no part of one') or diag($said);
delete|shop.orders|100|restored
truncate|shop.orders|-|restored
delete|shop.parted|20|restored
drop|shop."Line Items"|-|restored
drop|shop.orders|-|restored
drop|shop.parted|-|restored
drop|shop.stays|-|restored
ROWS
my @copies = $said =~ /NOTICE:  (for names that nobody remembers, a copy is restored .*)/g;
is(scalar(@copies), 1, 'one copy answers for all that it knows') or diag($said);
like($said, qr/DETAIL:  It is of backup \d{8}T\d{6}, and removed afterwards/, 'that it is restored is told');
unlike($said, qr/WARNING:  /, 'and nothing is missing');
is(left(), '0 instances, 0 directories', 'it was removed');
is(found("since => '$reachable'"), $with, 'what it told is remembered');
is(found("'shop.orders', since => '$reachable', kinds => '{drop,truncate}'"), "truncate|shop.orders|-|restored\ndrop|shop.orders|-|restored", 'and found by its name');
(undef, undef, $said) = $node->psql('postgres', call("since => '$reachable', restore_names => true"));
unlike($said, qr/a copy is restored/, 'so nothing is restored again');

# ---- by name, when only the copy knows it
forget();
is(found("'shop.orders', since => '$reachable', kinds => '{drop}', restore_names => true"), 'drop|shop.orders|-|restored', 'a table by a name that only the copy knows');
like(sql(q{SELECT string_agg(step || ': ' || detail, E'\n') FROM poc_rescue('shop."Line Items"')}), qr/^compare: 20 rows, the same fingerprint/m, 'which can be rescued then');

# ---- what cannot be had
change('BEGIN; CREATE TABLE made (id int); INSERT INTO made VALUES (1), (2); DELETE FROM made; COMMIT');
my $until = sql('SELECT clock_timestamp()');
change('DROP TABLE made');
forget();
($result, $with, $said) = $node->psql('postgres', call("since => '$since', until => '$until', kinds => '{drop,delete}', restore_names => true"));
like($with, qr/^delete\|\?\|1\|file\ndrop\|\?\|.*^delete\|\?\|2$/ms, 'what no backup knows, and what was made by the transaction itself, stays without a name') or diag($with);
like($with, qr/^drop\|shop\.orders\|.*restored$/m, 'the others have theirs');
like($said, qr/WARNING:  of 3 changes the name of the table could not be had\nDETAIL:  No backup leads to just before 2 of them, the last at [^.]*\.[^.]*\. Of 1 there was no such table just before: the same transaction made it\.\n/, 'a warning tells how many, and why')
	or diag($said);
is(() = $said =~ /a copy is restored/g, 2, 'two copies: the first did not know the last of them');

# ---- tables that came and went: at most three copies, and the next call goes on
for my $n (1 .. 4)
{
	change("CREATE TABLE came_$n (id int)", "DROP TABLE came_$n");
}
my $went = sql("SELECT min(at) FROM poc_find_changes(since => '$reachable', kinds => '{drop}') WHERE commit_lsn > (SELECT max(commit_lsn) FROM poc_find_changes(since => '$reachable', kinds => '{drop}') WHERE relation IS NOT NULL) AND relation IS NULL");
my $arguments = "since => '$went', kinds => '{drop}', restore_names => true";
change("CREATE TABLE last (id int); DROP TABLE last");
($result, $with, $said) = $node->psql('postgres', call($arguments));
is(() = $said =~ /a copy is restored/g, 3, 'no more than three copies in a call') or diag($said);
like($said, qr/WARNING:  of \d changes .*\nDETAIL:  .*Just before \d no copy was restored\.\nHINT:  What was found is remembered: ask again/, 'a warning tells what is left');
(undef, $with) = $node->psql('postgres', call("since => (SELECT at FROM poc_find_changes('came_2')), kinds => '{drop}', restore_names => true"));
like($with, qr/^drop\|public\.came_2\|.*\ndrop\|public\.came_3\|.*\ndrop\|public\.came_4\|.*restored$/m, 'asked again, of less time, the others come') or diag($with);

# ---- what a copy told stays, although the search after it fails
forget();
sql(<<'SQL');
ALTER FUNCTION _poc.search_archive(text, jsonb, jsonb, boolean) RENAME TO search_really;
CREATE FUNCTION _poc.search_archive(barman_server text, request jsonb, relations jsonb, show_log boolean) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
	-- the first and the last search close a segment
	IF NOT request ? 'wal_file' THEN
		RAISE EXCEPTION 'no search' USING DETAIL = 'It is told to fail.';
	END IF;
	RETURN _poc.search_really(barman_server, request, relations, show_log);
END
$$;
SQL
($result, $with, $said) = $node->psql('postgres', call("since => '$reachable', until => '$until', restore_names => true"));
like($with, qr/^truncate\|shop\.orders\|-\|restored$/m, 'the search after a restore fails: its names stay') or diag($said);
like($said, qr/WARNING:  of \d+ changes .*\nDETAIL:  .*The copy of just before \S+ told its names, and the search after it failed: no search\. It is told to fail\./, 'and the warning has the words, with the cause') or diag($said);
sql('DROP FUNCTION _poc.search_archive(text, jsonb, jsonb, boolean); ALTER FUNCTION _poc.search_really(text, jsonb, jsonb, boolean) RENAME TO search_archive');

# ---- a restore that fails, one that is cancelled, a standby
forget();
my $gone = "$home/barman/postgres1/base/$second/data";
rename($gone, "$gone.away") or die "$gone: $!";
($result, $with, $said) = $node->psql('postgres', call("since => '$reachable', kinds => '{truncate}', restore_names => true"));
is($result, 0, 'a copy that cannot be made does not end the search');
like($said, qr/WARNING:  of \d+ changes .*\nDETAIL:  .*The copy of just before [0-9A-F\/]+ failed: \S/, 'and the warning has the words') or diag($said);
rename("$gone.away", $gone) or die "$gone: $!";
is(left(), '0 instances, 0 directories', 'nothing is left of it');
my %text;
my $run = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', "SELECT * FROM poc_find_changes(since => '$reachable', restore_names => true)" ],
	'<', \undef, '>', \$text{out}, '2>', \$text{err}, IPC::Run::timeout(180));
wait_until(sub { $run->pump_nb; return ($text{err} // '') =~ /NOTICE:  (?:restoring|recovering) / || !$run->pumpable; });
sql(q{SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT * FROM poc_find_changes(since%'});
$run->finish;
like($text{err}, qr/ERROR:  canceling statement due to user request/, 'a query that is cancelled ends');
wait_until(sub { left() eq '0 instances, 0 directories' });
is(left(), '0 instances, 0 directories', 'and so does its restore');
@error = error_of($node, 'SELECT * FROM poc_find_changes(restore_names => true)', 'BEGIN READ ONLY');
is($error[0], '25006', 'where nothing can be remembered it is refused');

# ---- from another PostgreSQL that remembers nothing of that one, which is lost
my $other = $live->spare('other', conf => "autovacuum = off\nwal_level = replica\n");
$node->stop('immediate');
($result, $with, $said) = $other->psql('postgres', call("since => '$reachable', kinds => '{drop}', server => 'postgres1', restore_names => true"));
like($with, qr/^drop\|shop\."Line Items"\|.*\|restored\ndrop\|shop\.orders\|.*\|restored\ndrop\|shop\.parted\|/m, 'of a lost primary, whose names went with it') or diag($said);

$live->stop;
done_testing();
