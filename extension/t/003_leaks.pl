# A thousand failures leave memory and descriptors as they were.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use FakeSidecar;
use PocTest;

my $fake = FakeSidecar->new(dir => PostgreSQL::Test::Utils::tempdir_short(), unix => 1);
my $node = poc_cluster('leaks', $fake->url);

# Resident memory in kB, memory contexts in bytes, and open descriptors.
$node->safe_psql('postgres', <<'SQL');
CREATE FUNCTION resources(OUT rss bigint, OUT contexts bigint, OUT descriptors bigint) LANGUAGE sql AS $$
	SELECT substring(pg_read_file(format('/proc/%s/status', pg_backend_pid()), 0, 4000) FROM 'VmRSS:\s+(\d+)')::bigint,
		(SELECT sum(total_bytes) FROM pg_backend_memory_contexts),
		(SELECT count(*) FROM pg_ls_dir(format('/proc/%s/fd', pg_backend_pid())))
$$;
CREATE PROCEDURE ask(command text, times int) LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1 .. times LOOP
		PERFORM error_of(command);
		COMMIT;
	END LOOP;
END
$$;
SQL

sub check_flat
{
	my ($name, $command, $times, $settings) = @_;

	# the first calls may fill caches; what counts is what the later ones add
	my @lines = split(/\n/, $node->safe_psql('postgres', <<"SQL"));
$settings;
CALL ask(\$c\$$command\$c\$, 100);
SELECT * FROM resources();
CALL ask(\$c\$$command\$c\$, $times);
SELECT * FROM resources();
SQL
	my @before = split(/\|/, $lines[0]);
	my @after = split(/\|/, $lines[1]);
	note("$name: before @before, after @after");
	cmp_ok($after[0] - $before[0], '<', 1024, "$name: resident memory is flat");
	cmp_ok($after[1] - $before[1], '<', 100_000, "$name: memory contexts are flat");
	# a connection that is kept, or was given up in the last moment, is three; a catalog that is opened anew is one
	cmp_ok($after[2] - $before[2], '<', $times / 10, "$name: descriptors are flat");
	return;
}

my $settings = "SET poc_barman.timeout = '20ms'; SET poc_barman.max_response_size = '64kB'";

check_flat('answers', "SELECT * FROM poc_backups('good')", 1000, $settings);
check_flat('errors of the sidecar', "SELECT * FROM poc_backups('error_502')", 1000, $settings);
check_flat('malformed', "SELECT * FROM poc_backups('cut')", 1000, $settings);
check_flat('deep', "SELECT * FROM poc_backups('deep')", 200, "SET poc_barman.max_response_size = '1MB'");
check_flat('too large', "SELECT * FROM poc_backups('endless')", 1000, $settings);
check_flat('broken', "SELECT * FROM poc_backups('close_in_headers')", 1000, $settings);
check_flat('timeouts', "SELECT * FROM poc_backups('slow_drip')", 300, $settings);
check_flat('jobs', "SELECT * FROM poc_backup('good')", 1000, '');
check_flat('failed jobs', "SELECT * FROM poc_backup('failed')", 1000, '');

$fake->stop;
check_flat('refused', 'SELECT * FROM poc_servers()', 1000, $settings);

# A list of a million short records takes what its text does, and not the memory of each record.
$node->safe_psql('postgres', q{CREATE TABLE list AS SELECT ('[' || repeat('{},', 999999) || '{}]')::jsonb AS objects});
my ($count, $peak) = split /\n/, $node->safe_psql('postgres', <<'SQL');
SELECT count(*) FROM list, _poc.records(objects) AS t(a text, b int);
SELECT substring(pg_read_file(format('/proc/%s/status', pg_backend_pid()), 0, 4000) FROM 'VmHWM:\s+(\d+)')::bigint / 1024;
SQL
is($count, 1000000, 'a long list comes');
cmp_ok($peak, '<', 300, "a long list takes $peak MB");

$node->stop;
done_testing();
