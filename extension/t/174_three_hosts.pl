# Three hosts as in life: the primary dies, its standby is promoted, Barman follows it; and what was before and after
# can be restored, proven and rescued from there.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use BackupWays;
use DoctorTest;
use LiveBarman;
use PocTest;

my $live = LiveBarman->new('primary', conf => "poc_barman.timeout = '5min'\nwal_keep_size = 128MB\nhot_standby_feedback = on\n");
my ($home, $primary) = @$live{qw(home node)};
my $node = $primary;

sub value { return $node->safe_psql('postgres', "SET client_min_messages = error; $_[0]"); }

make_error_of($primary);
value('CREATE TABLE orders AS SELECT i AS id, \'before \' || i AS v FROM generate_series(1, 1000) AS i');
value('CREATE TABLE lost AS SELECT i AS id FROM generate_series(1, 500) AS i');
restart_sidecar($live, '--cron-interval', 5);
value('SELECT count(*) FROM poc_wait_ready()');
is(value('SELECT status FROM poc_backup()'), 'DONE', 'a backup of the primary');
my $first = value('SELECT backup_id FROM poc_backups()');

$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;
value(q{SELECT count(*) FROM poc_mark('before', '{orders}'::regclass[])});
value('INSERT INTO orders VALUES (1001, \'after the mark\')');
value('SELECT poc_note_relations()');
value('DROP TABLE lost');
# what Barman has received, and the standby as well
value('SELECT * FROM poc_switch_wal()');
value('INSERT INTO orders VALUES (1002, \'the last one\')');
$primary->wait_for_catchup($standby);

# ---- on the standby Barman can be asked, and nothing be done
$node = $standby;
is(value('SELECT count(*) FROM poc_backups()'), '1', 'the standby asks Barman as well');
my @error = error_of($standby, 'SELECT * FROM poc_switch_wal()');
is($error[0], '55000', 'and closes no segment');

# ---- the primary dies, with its host
$primary->stop('immediate');
@error = error_of($standby, 'SELECT * FROM poc_backup()');
isnt($error[0], '', 'no backup of a server that is gone');
like("$error[2] $error[3]", qr/postgresql|wal_streaming|connect|reach/i, 'and it is said why') or diag(join(' | ', @error));
my $restored = restored('before_promotion', q{target_name => 'before'});
is($restored, '1000', 'before anything is done about it, the mark is restored from Barman');

# ---- the standby is promoted, and Barman is told where it is
$standby->promote;
my $config = slurp_file("$home/barman/barman.d/postgres1.conf");
my ($host, $port) = ($standby->host, $standby->port);
$config =~ s/host=\S+ port=\d+/host=$host port=$port/g;
$live->write('barman/barman.d/postgres1.conf', $config);
is(value(q{SELECT coalesce(string_agg(check_name || ' ' || hint, ', ') FILTER (WHERE NOT ok), 'well') FROM poc_wait_ready()}), 'well', 'Barman follows it');
is(value('SELECT archived FROM poc_switch_wal()'), 't', 'and receives its WAL');
value(q{INSERT INTO orders SELECT i, 'promoted ' || i FROM generate_series(1003, 1100) AS i});
value(q{SELECT count(*) FROM poc_mark('after', '{orders}'::regclass[])});
value('INSERT INTO orders VALUES (1101, \'after both marks\')');

# ---- before and after, from the backup of the primary
is(restored('then', "backup_id => '$first', target_name => 'before'"), '1000', 'before, from the backup of the primary');
is(restored('now', "backup_id => '$first', target_name => 'after'"), '1100', 'after, from the backup of the primary');
is(drilled('after', $first), 'proven', 'a drill of what was after, from that backup');
is(drilled('before', $first), 'proven', 'a drill of what was before');
like(value(q{SELECT string_agg(detail, ', ') FILTER (WHERE step = 'compare') FROM poc_rescue('lost')}), qr/^500 rows, the same fingerprint/,
	'a table that was dropped on the primary comes home to the new one');

# ---- a backup of the new primary
is(value('SELECT status FROM poc_backup()'), 'DONE', 'a backup of the new primary');
is(value('SELECT timeline FROM poc_show_backup()'), '2', 'on its timeline');
value(q{SELECT count(*) FROM poc_mark('later', '{orders}'::regclass[])});
is(restored('last', q{target_name => 'later'}), '1101', 'restored from that');
is(drilled('later', 'latest'), 'proven', 'and drilled');
my @ill = grep { !$_->[1] && $_->[0] =~ /^(archive|receiver|slot|server)$/ } @{ examine($standby) };
is(scalar(@ill), 0, 'the doctor has nothing against it') or diag(map { join(' | ', @$_) . "\n" } @ill);

# ---- the old one comes back, as if nothing had happened
$primary->start;
is_ill(examine($primary), 'archive', qr/Barman has archived WAL up to timeline 2, and this server is on timeline 1/, qr/promoted: take this one out of service/, 'the old primary');
done_testing();

# How many rows a restore has
sub restored
{
	my ($name, $arguments) = @_;
	my (undef, $row, $said) = $node->psql('postgres', "SELECT state FROM poc_restore('$name', $arguments)");
	my $rows = $live->ask_instance($name, 'SELECT count(*) FROM orders') // "none: $said";

	value("SELECT poc_drop_instance('$name')");
	return $rows;
}

sub drilled
{
	my ($mark, $backup) = @_;

	return value("SELECT coalesce(string_agg(step || ': ' || detail, ', ') FILTER (WHERE NOT ok), 'proven') FROM poc_restore_drill('$mark', '$backup')");
}
