# Two servers under one Barman: which one is meant, and that they do not get
# into each other's way.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use LiveBarman;
use PocTest;

my $live = LiveBarman->new('first');
my $first = $live->{node};
my $second = PostgreSQL::Test::Cluster->new('second');
my $home = $live->{home};

$second->init(allows_streaming => 1, extra => ['--wal-segsize=1']);
$second->append_conf('postgresql.conf', <<"CONF");
max_slot_wal_keep_size = 64MB
poc_barman.url = 'unix:$home/sidecar'
poc_barman.token_file = '$home/token'
CONF
$second->start;
$second->safe_psql('postgres', 'CREATE EXTENSION poc_barman');
create_barman_roles($second);

sub on
{
	my ($node, $query) = @_;
	return $node->safe_psql('postgres', "SET client_min_messages = error; $query");
}

# slow enough to be seen
$live->configure("bandwidth_limit = 8000\n");
my $config = slurp_file("$home/barman/barman.d/postgres1.conf");
my ($host, $port) = ($second->host, $second->port);
$config =~ s/\[postgres1\]/[second]/;
$config =~ s/host=\S+ port=\d+/host=$host port=$port/g;
$live->write('barman/barman.d/second.conf', $config);
$live->start;

is(on($first, "SELECT string_agg(server, ',' ORDER BY server) FROM poc_servers()"), 'postgres1,second', 'Barman has two servers');

# which one is meant
for my $call ('poc_check()', 'poc_backup()', 'poc_wait_ready()', "poc_files('base')", 'poc_show_backup()', 'poc_switch_wal()')
{
	my (undef, undef, $error) = $second->psql('postgres', "\\set VERBOSITY verbose\nSELECT * FROM $call");
	like($error, qr/ERROR:  22023: which server is meant.*HINT: .*postgres1, second/s, "not said which server: $call");
}
is(on($second, "SET poc_barman.server = 'second'; SELECT string_agg(DISTINCT server, ',') FROM poc_wait_ready()"), 'second', 'by the setting of a session');
is(on($first, "SELECT string_agg(DISTINCT server, ',') FROM poc_wait_ready()"), 'postgres1', 'by the setting of a server');
is(on($first, "SELECT string_agg(DISTINCT server, ',') FROM poc_check('second')"), 'second', 'an argument counts more than the setting');
$second->append_conf('postgresql.conf', "poc_barman.server = 'second'");
$second->reload;
wait_until(sub { $second->safe_psql('postgres', "LOAD 'poc_barman'; SHOW poc_barman.server") eq 'second' });

# both at the same time, each with its own progress
my %job = map { $_ => on($_ eq 'second' ? $second : $first, "SELECT job_id FROM poc_backup(wait => false)") } qw(postgres1 second);
my $progress = "SELECT string_agg(server, ',' ORDER BY server) FROM poc_jobs() WHERE state = 'running' AND progress > 0";
ok(wait_until(sub { on($first, "SELECT count(*) FROM poc_jobs() WHERE state = 'running' AND phase = 'copying'") == 2 }), 'two backups at the same time');
ok(wait_until(sub { on($first, $progress) eq 'postgres1' }), 'the progress of the first, seen from the first');
is(on($second, $progress), 'second', 'the progress of the second, seen from the second');

is(on($first, "SELECT state FROM poc_wait_job('$job{postgres1}')"), 'done', 'the first is done');
is(on($second, "SELECT state FROM poc_wait_job('$job{second}')"), 'done', 'the second is done');
is(on($second, "SELECT server || ' ' || status FROM poc_backups('second')"), 'second DONE', 'the backups of one');
is(on($second, "SELECT string_agg(server || ' ' || status, ',' ORDER BY server) FROM poc_backups()"),
	'postgres1 DONE,second DONE', 'and of all');
is(on($first, "SELECT count(*) FROM poc_files('base', 'second') WHERE name IN (SELECT backup_id FROM poc_backups('second'))"), '1', 'the files of one');

# only the server that is backed up can write what its backup waits for
kill('STOP', $live->receivers);
my $job = on($first, 'SELECT job_id FROM poc_backup(wait => false)');
wait_until(sub { on($first, "SELECT phase FROM poc_jobs() WHERE job_id = '$job'") eq 'waiting_for_wal' });
my $wal = on($second, 'SELECT pg_walfile_name(pg_current_wal_insert_lsn())');
on($second, "SELECT state FROM poc_wait_job('$job', timeout => '2 s')");
is(on($second, 'SELECT pg_walfile_name(pg_current_wal_insert_lsn())'), $wal, 'the other switches no WAL for it');
is(on($first, "SELECT phase FROM poc_jobs() WHERE job_id = '$job'"), 'waiting_for_wal', 'it still waits');
kill('CONT', $live->receivers);
is(on($first, "SELECT state FROM poc_wait_job('$job')"), 'done', 'its own does');

done_testing();
