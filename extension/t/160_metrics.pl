# Every metric of Barman's is what SQL says at the same moment: with a backup, a drill, a restored server, a gap
# in the archive, and an archive that stands still.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use Documentation;
use DrillTest;
use PocTest;

# one second: the cache of the sidecar says how often Barman runs
my $live = drill_stack('metrics', options => [ '--metrics-interval', 1 ]);
my ($home, $node) = @$live{qw(home node)};

# The samples of one scrape, by name and labels as they are written
sub scrape
{
	my ($body) = $live->get('/metrics') =~ /\r\n\r\n(.*)\z/s;
	return map { /^(\w+(?:\{.*\})?) (\S+)$/ ? ($1 => $2) : () } split(/\n/, $body);
}

# A scrape of what was read of Barman after this call began: the second reading from here on
sub fresh
{
	my %samples;
	my $before = -1;

	for (1 .. 3)
	{
		wait_until(sub { %samples = scrape(); ($samples{'barman_metrics_update{server="postgres1"}'} // -2) > $before });
		$before = $samples{'barman_metrics_update{server="postgres1"}'};
	}
	return %samples;
}

my %compared;

# A query gives what stands behind the name of the metric, and its value; the metric has these samples and no other.
# Both may be a moment old, but not for long.
sub same
{
	my ($metric, $query, $tolerance) = (@_, 0.001);
	my (%had, %said);

	$compared{$metric} = 1;
	my $equal = wait_until(sub {
		my %all = scrape();
		%had = map { /^\Q$metric\E(\{.*|)$/ ? ($1 => $all{$_}) : () } keys %all;
		%said = map { my ($labels, $value) = split(/\|/, $_, 2); ($labels => $value) }
		  split(/\n/, $node->safe_psql('postgres', $query));
		return keys %said && keys %had == keys %said
		  && !grep { !exists $had{$_} || abs($had{$_} - $said{$_}) > $tolerance } keys %said;
	}, 90);
	ok($equal, "$metric is what SQL says")
	  or diag(map({ "metric: $_ $had{$_}\n" } sort keys %had), map({ "SQL: $_ $said{$_}\n" } sort keys %said));
	return;
}

# ---- a drill, and a restored server ----
$node->safe_psql('postgres', "SELECT poc_mark('mark')");
$node->safe_psql('postgres', "SELECT count(*) FROM poc_restore_drill('mark')");
$node->safe_psql('postgres', "SELECT count(*) FROM poc_restore('one')");
$node->safe_psql('postgres', 'SELECT count(*) FROM poc_cron()');
$node->safe_psql('postgres', "SELECT poc_switch_wal()");
fresh();

# ---- the names of Barman's known exporter ----
my $done = "FROM poc_backups() WHERE status = 'DONE'";
my $one = q('{server="postgres1"}|' ||);

same('barman_up', qq(SELECT '{server="' || server || '",check="' || check_name || '"}|' || ok::int FROM poc_check()));
same('barman_backups_total', "SELECT $one count(*) FROM poc_backups()");
same('barman_backups_failed', "SELECT $one count(*) FILTER (WHERE status = 'FAILED') FROM poc_backups()");
same('barman_last_backup', "SELECT $one extract(epoch FROM max(begin_time)) $done");
same('barman_first_backup', "SELECT $one extract(epoch FROM min(begin_time)) $done");
same("barman_backup_$_->[0]", <<"SQL") for [ 'size', 'size' ], [ 'wal_size', 'wal_size' ];
SELECT '{server="postgres1",number="' || row_number() OVER (ORDER BY begin_time DESC) || '"}|' || $_->[1] $done
SQL
same('barman_last_backup_copy_time', "SELECT $one extract(epoch FROM copy_time) FROM poc_show_backup()");
same('barman_last_backup_throughput', "SELECT $one throughput FROM poc_show_backup()");
same('barman_last_backup_wal_rate_per_second', "SELECT $one wal_rate_per_second FROM poc_show_backup()");
same('barman_last_backup_wal_files', "SELECT $one wals_after_count FROM poc_show_backup()");

# ---- ours ----
same('barman_sidecar_backups', <<'SQL');
SELECT format('{server="postgres1",status="%s"}|%s', s, count(backup_id))
FROM unnest('{DONE,WAITING_FOR_WALS,STARTED,FAILED,EMPTY,SYNCING}'::text[]) AS s LEFT JOIN poc_backups() ON status = s
GROUP BY s
SQL
same('barman_sidecar_latest_backup_timestamp_seconds',
	qq(SELECT '{server="postgres1",type="full"}|' || extract(epoch FROM max(end_time)) $done));
same('barman_sidecar_latest_backup_size_bytes',
	qq(SELECT '{server="postgres1",type="full"}|' || size $done ORDER BY begin_time DESC LIMIT 1));
same('barman_sidecar_server_active', qq(SELECT '{server="' || server || '",state="' || state || '"}|1' FROM poc_servers()));
same('barman_sidecar_servers_known', "SELECT '|1' FROM poc_servers() LIMIT 1");
same('barman_sidecar_proven', "SELECT $one (count(*) FILTER (WHERE ok) > 0)::int FROM poc_drills");
same("barman_sidecar_$_->[0]", "SELECT $one bool_and(ok)::int FROM poc_check() WHERE check_name IN ($_->[1])")
  for [ 'receiver_up', "'receive_wal_running'" ], [ 'slot_up', "'replication_slot'" ],
  [ 'retention_met', "'minimum_redundancy_requirements', 'retention_policy_settings'" ];
same('barman_sidecar_read_up', <<'SQL');
SELECT format('{server="postgres1",read="%s"}|1', read)
FROM unnest('{backups,latest_backup,check,replication,disks,archive}'::text[]) AS read
SQL

# ---- the archive ----
my $segments = "poc_files('wals') WHERE name ~ '/[0-9A-F]{24}\$'";
# the number of a segment in its timeline: 1 MB each, 4096 to the gigabyte that the middle of the name counts
my $number = "('x' || substr(right(name, 24), 9, 8))::bit(32)::bigint * 4096 + ('x' || right(name, 8))::bit(32)::bigint";
my $position = "(SELECT (max($number) + 1) * 1048576 FROM $segments)";

same('barman_sidecar_archive_segments', "SELECT $one count(*) FROM $segments");
same('barman_sidecar_archive_position_bytes', "SELECT $one $position");
same('barman_sidecar_archive_lag_bytes',
	"SELECT $one greatest(pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') - $position, 0)");
same('barman_sidecar_archive_lag_segments',
	"SELECT $one floor(greatest(pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') - $position, 0) / 1048576)");
same('barman_sidecar_archive_lag_seconds', "SELECT $one 0");
same('barman_sidecar_first_restorable_timestamp_seconds', "SELECT $one extract(epoch FROM min(end_time)) $done");
same('barman_sidecar_last_restorable_timestamp_seconds',
	"SELECT $one extract(epoch FROM modified) FROM $segments ORDER BY name DESC LIMIT 1");
same('barman_sidecar_receiver_lag_bytes', "SELECT $one flush_lag FROM poc_replication_status() WHERE application_name = 'barman_receive_wal'");

my $missing = <<"SQL";
SELECT $one max(n) - min(n) + 1 - count(*) FROM (SELECT $number AS n FROM $segments) AS s
WHERE n >= (SELECT (begin_lsn - '0/0')::bigint / 1048576 FROM poc_show_backup('oldest'))
SQL
same('barman_sidecar_archive_missing_segments', $missing);
$node->safe_psql('postgres', "SELECT poc_generate_wal('4 MB'); SELECT poc_switch_wal()");
my $path = "$home/barman/postgres1/wals/"
  . $node->safe_psql('postgres', "SELECT name FROM $segments ORDER BY name DESC OFFSET 2 LIMIT 1");
rename($path, "$home/segment") or die "$path: $!";
ok(wait_until(sub { $node->safe_psql('postgres', $missing) eq '{server="postgres1"}|1' }), 'a segment is gone');
same('barman_sidecar_archive_missing_segments', $missing);
same('barman_sidecar_last_restorable_timestamp_seconds',
	"SELECT $one extract(epoch FROM modified) FROM $segments ORDER BY name DESC OFFSET 2 LIMIT 1");
rename("$home/segment", $path) or die "$path: $!";
same('barman_sidecar_archive_missing_segments', "SELECT $one 0");

# ---- WAL that does not get into the archive ----
$live->mode('fail');
$live->stop;
$live->stop_receiver;
start_drills($live, '--metrics-interval', 1, '--cron-interval', 0);
$node->safe_psql('postgres', "SELECT poc_generate_wal('3 MB')");
same('barman_sidecar_archive_lag_segments',
	"SELECT $one floor(greatest(pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') - $position, 0) / 1048576)");
cmp_ok({ scrape() }->{'barman_sidecar_archive_lag_segments{server="postgres1"}'}, '>=', 2, 'the archive stands still');
same('barman_sidecar_archive_lag_seconds',
	"SELECT $one extract(epoch FROM clock_timestamp() - max(modified)) FROM $segments", 15);
same('barman_sidecar_receiver_up', "SELECT $one bool_and(ok)::int FROM poc_check() WHERE check_name = 'receive_wal_running'");
is({ fresh() }->{'barman_sidecar_receiver_up{server="postgres1"}'}, 0, 'without a receiver');
is({ scrape() }->{'barman_sidecar_receiver_lag_bytes{server="postgres1"}'}, undef, 'it has no lag, not even 0');
$live->mode('good');
$live->run('barman cron');

# ---- disks ----
# others use them as well: a gigabyte is nothing
my ($answer) = $live->get('/v1/servers/postgres1/disks') =~ /\r\n\r\n(.*)\z/s;
for my $kind ([ 'free', 1e9 ], [ 'size', 0 ])
{
	my $key = $kind->[0] eq 'size' ? 'total_bytes' : 'free_bytes';
	(my $json = $answer) =~ s/'/''/g;
	same("barman_sidecar_disk_$kind->[0]_bytes", <<"SQL", $kind->[1]);
SELECT '{server="postgres1",area="' || (d->>'area') || '"}|' || (d->>'$key') FROM jsonb_array_elements('$json'::jsonb->'disks') AS d
SQL
}

# ---- jobs, drills, restored servers ----
same('barman_sidecar_jobs', <<'SQL');
SELECT format('{kind="%s",state="%s"}|%s', k, s, count(job_id))
FROM (SELECT DISTINCT kind AS k FROM poc_jobs()) AS kinds
	CROSS JOIN unnest('{queued,running,done,failed,cancelled,lost}'::text[]) AS s
	LEFT JOIN poc_jobs() ON kind = k AND state = s
GROUP BY k, s
SQL
same('barman_sidecar_instances', q(SELECT '{server="' || server || '",state="' || state || '"}|' || count(*) FROM poc_instances() GROUP BY server, state));
my $last = 'FROM poc_drills ORDER BY at DESC LIMIT 1';
same('barman_sidecar_last_drill_ok', "SELECT $one ok::int $last");
same('barman_sidecar_last_drill_timestamp_seconds', "SELECT $one extract(epoch FROM at) $last", 30);
same('barman_sidecar_last_proven_restore_timestamp_seconds', "SELECT $one extract(epoch FROM at) $last", 30);
same('barman_sidecar_seconds_since_last_proven_restore', "SELECT $one extract(epoch FROM clock_timestamp() - at) $last", 30);
same('barman_sidecar_last_drill_rto_seconds', "SELECT $one extract(epoch FROM rto) $last", 5);
same('barman_sidecar_last_drill_rpo_seconds', "SELECT $one extract(epoch FROM rpo) $last", 30);
same('barman_sidecar_build_info', q(SELECT format('{version="%s",barman_version="%s"}|1', version, barman_version) FROM poc_sidecar()));

# Jobs that end are counted as they end.
my %before = scrape();
$node->safe_psql('postgres', 'SELECT count(*) FROM poc_cron()');
my %after = scrape();
is($after{"barman_sidecar_$_"}, ($before{"barman_sidecar_$_"} // 0) + 1, "$_ counts one more")
  for 'jobs_ended_total{kind="cron",state="done"}', 'job_duration_seconds_count{kind="cron"}', 'job_duration_seconds_bucket{kind="cron",le="+Inf"}';

# Requests, too: one to the list of servers
my $route = 'barman_sidecar_requests_total{route="GET /v1/servers",status="200"}';
%before = scrape();
$node->safe_psql('postgres', 'SELECT * FROM poc_servers()');
%after = scrape();
is($after{$route}, ($before{$route} // 0) + 1, 'a request is counted');

# ---- the plugin for Nagios says the same, over the socket ----
$node->safe_psql('postgres', 'SELECT count(*) FROM poc_wait_ready()');
my ($out, $err) = ('', '');
IPC::Run::run([ $live->{sidecar}, '--check', '--server=postgres1', "--url=unix:$home/sidecar", "--token-file=$home/token", '--timeout=180', '--disk-free=0,0' ],
	'<', \undef, '>', \$out, '2>', \$err);
my $code = $? >> 8;
my ($failed, $count) = split(/\|/, $node->safe_psql('postgres', 'SELECT count(*) FILTER (WHERE NOT ok), count(*) FROM poc_check()'));
is($code, 0, 'the plugin: its exit code') or diag("$out$err");
like($out, qr/^BARMAN \w+ - postgres1: .* \| 'postgres1_failed_checks'=$failed;;0;0;$count /, 'its line, and the checks');
like($out, qr/'postgres1_$_->[0]'=@{[ $_->[1] ]}(?:;|B)/, "and $_->[0]")
  for [ 'backups', $node->safe_psql('postgres', "SELECT count(*) $done") ],
  [ 'backup_size', $node->safe_psql('postgres', "SELECT size $done ORDER BY begin_time DESC LIMIT 1") ];
like($out, qr/proven \d+ (min|h) ago/, 'and the proof');

# ---- the format, and that nothing was forgotten ----
my ($body) = $live->get('/metrics') =~ /\r\n\r\n(.*)\z/s;
($out, $err) = ('', '');
ok(IPC::Run::run([ 'promtool', 'check', 'metrics' ], '<', \$body, '>', \$out, '2>', \$err), 'promtool check metrics')
  or diag("$out$err");
is("$out$err", '', 'and it has nothing to say');

# What the sidecar counts of itself is compared by its unit tests.
my $own = qr/^(process_|barman_sidecar_(up|jobs_|job_|connections|timeouts_|waits|body_|bodies_|reads?_\w+_total|requests_|cron_|instances_limit|instance_free|reserve_free|restore_reserved)|barman_metrics_update$)/;
is(join(' ', grep { !$compared{$_} && !/$own/ } $body =~ /^# TYPE (\S+) /mg), '', 'every metric of Barman was compared');

my $document = slurp_document('docs/monitoring.md');
is(join(' ', grep { $document !~ /`$_[`{]/ } $body =~ /^# TYPE (\S+) /mg), '', 'and docs/monitoring.md names it');

done_testing();
