# What poc_doctor() makes of answers that no healthy sidecar and Barman give.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use JSON::PP;
use POSIX qw(strftime);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use DoctorTest;
use FakeSidecar;
use PocTest;

my $dir = PostgreSQL::Test::Utils::tempdir_short();
my $fake = FakeDoctor->new(dir => $dir);
my $node = poc_cluster('facts', $fake->url);
my $major = $node->safe_psql('postgres', "SELECT current_setting('server_version_num')::int / 10000");
my $system_id = $node->safe_psql('postgres', 'SELECT system_identifier FROM pg_control_system()');
my $wal_file = $node->safe_psql('postgres', 'SELECT pg_walfile_name(pg_current_wal_lsn())');

create_barman_roles($node);

sub time_at { return strftime('%Y-%m-%dT%H:%M:%SZ', gmtime(time + ($_[0] // 0))); }

# What a sidecar says of a Barman that is well; the argument changes it.
sub answers
{
	my ($change) = @_;
	my %facts = (
		health => {
			status => 'ok', version => '1.0', barman_version => '3.13.3', uptime_seconds => 1000, time => time_at(),
			cron => { interval_seconds => 60, last_run => time_at(-20), error => undef } },
		servers => [ { server => 'pg', description => 'd', state => 'active' } ],
		checks => [ map { { server => 'pg', check_name => $_, ok => JSON::PP::true, hint => '' } }
			  qw(postgresql wal_level receive_wal_running minimum_redundancy_requirements) ],
		disks => [ { area => 'base', free_bytes => 500e9, total_bytes => 1000e9 },
			{ area => 'wals', free_bytes => 400e9, total_bytes => 1000e9 } ],
		config => {
			slot_name => 'barman', streaming_archiver => JSON::PP::true, archiver => JSON::PP::false, backup_method => 'postgres',
			conninfo => 'host=' . $node->host . ' user=barman dbname=postgres',
			streaming_conninfo => 'host=' . $node->host . ' user=streaming_barman dbname=postgres',
			retention_policy => undef },
		status => { postgres_systemid => $system_id, pg_receivexlog_version => "$major.1" },
		wals => { last_archived_wal_per_timeline => { '00000001' => { name => $wal_file } } },
		backups => { '20261101T000000' => backup('DONE') },
		drill => { map { $_ => undef } qw(ended ok passed rto_seconds rpo_seconds) });

	$change->(\%facts) if $change;
	$fake->say('/healthz', $facts{health});
	$fake->say('/v1/servers', { servers => $facts{servers} });
	$fake->say('/v1/servers/pg/ahead', { ahead => [qw(check diagnose disks)] });
	$fake->say('/v1/servers/pg/check', $facts{check_error} // { checks => $facts{checks} });
	$fake->say('/v1/servers/pg/disks', { disks => $facts{disks} });
	$fake->say('/v1/servers/pg/drills/last', { drill => $facts{drill} });
	$fake->say('/v1/diagnose', $facts{diagnose_error} // { diagnose => { global => {}, servers => { pg =>
		{ map { $_ => $facts{$_} } qw(config status wals backups) } } } });
	return;
}

sub backup
{
	my ($status, %more) = @_;
	return { status => $status, size => 1e9, begin_time => '2026-11-01T00:00:00+00:00', end_time => '2026-11-01T00:00:01+00:00', error => undef, %more };
}

sub incremental
{
	my ($facts, $id, $parent) = @_;
	$facts->{backups}{$id} = backup('DONE', parent_backup_id => $parent);
	return;
}

sub with { answers(@_); return examine($node); }

# a Barman that is well, on a server that no receiver has reached yet
my $rows = with();
is_well($rows, 'sidecar', qr/answers at/, 'sidecar');
is_well($rows, 'sidecar', qr/version 1\.0, as the extension/, 'version');
is_well($rows, 'clock', qr/agree/, 'clock');
is_well($rows, 'cron', qr/ran 00:00:2\d ago, to run every 00:01:00/, 'cron');
is_well($rows, 'server', qr/"pg" is this server/, 'identity');
is_well($rows, 'Barman', qr/"pg" is active/, 'server');
is_well($rows, 'Barman', qr/4 checks passed/, 'checks');
is_well($rows, 'Barman', qr/client programs of PostgreSQL $major\.1/, 'clients');
is_well($rows, 'disk', qr/373 GB of 931 GB free/, 'disk: the fuller one is told');
is_well($rows, 'archive', qr/up to $wal_file/, 'archive');
is_well($rows, 'backups', qr/latest backup is 20261101T000000, .* old/, 'backup');
is_well($rows, 'backups', qr/no retention policy/, 'retention');
no_row($rows, 'backups', qr/by number|push/, 'no retention policy deletes nothing');
is_well($rows, 'access', qr/role barman may/, 'role');
is_well($rows, 'access', qr/lets it in by line \d+ .role streaming_barman, database replication/, 'pg_hba.conf');
is_ill($rows, 'settings', qr/wal_level is minimal/, qr/^ALTER SYSTEM SET wal_level = 'replica';/, 'wal_level');
is_ill($rows, 'settings', qr/max_wal_senders is 0, 0 in use: Barman needs 2 more/, qr/^ALTER SYSTEM SET max_wal_senders = 10;/, 'max_wal_senders');
is_ill($rows, 'slot', qr/"barman" does not exist/, qr/pg_create_physical_replication_slot\('barman', true\)/, 'slot missing');
is_ill($rows, 'receiver', qr/believes that receive-wal runs/, qr/receive-wal --stop pg; barman cron/, 'stale lock');
no_row($rows, 'drill', qr/./, 'drill') if $node->safe_psql('postgres', "SELECT to_regclass('poc_drills') IS NULL") eq 't';
is(scalar(grep { /could not be examined/ } map { $_->[2] } @$rows), 0, 'every part could be examined');

# drills, of this database and of others
$rows = with();
is_ill($rows, 'drill', qr/no restore drill has passed yet/, qr/poc_restore_drill/, 'no drill');
$rows = with(sub { $_[0]{drill} = { ended => time_at(-60), ok => JSON::PP::true, passed => time_at(-60) } });
is_well($rows, 'drill', qr/passed was 0 days ago/, 'a drill of another database');
$rows = with(sub { $_[0]{drill} = { ended => time_at(-60), ok => JSON::PP::false, passed => time_at(-600) } });
is_ill($rows, 'drill', qr/latest restore drill, 0 days ago and of another database, failed/, qr/poc_restore_drill/, 'one that failed after one that passed');
$node->safe_psql('postgres', <<'SQL');
INSERT INTO _poc.drills (at, began, ok, server, system_identifier, tables, rows, steps)
SELECT now() - n * '1 hour'::interval, now(), n = 2, 'pg', system_identifier, 0, 0, '[{"step": "compare", "ok": false, "detail": "t differs"}]'
FROM pg_control_system(), generate_series(1, 2) AS n
SQL
$rows = with();
is_ill($rows, 'drill', qr/latest restore drill, 0 days ago, failed: compare: t differs/, qr/FROM poc_drills/, 'one of this database that failed after one that passed');
$rows = with(sub { $_[0]{drill} = { ended => time_at(-60), ok => JSON::PP::true, passed => time_at(-60) } });
is_well($rows, 'drill', qr/passed was 0 days ago/, 'and one elsewhere that passed after it');
$node->safe_psql('postgres', 'DELETE FROM _poc.drills');

# the road
$rows = with(sub { $_[0]{health}{version} = '1.7' });
is_ill($rows, 'sidecar', qr/sidecar is version 1\.7, the extension 1\.0/, qr/make -C docker\/sidecar install/, 'sidecar of another version');

$node->safe_psql('postgres', "UPDATE pg_extension SET extversion = '0.9' WHERE extname = 'poc_barman'");
$rows = with();
is_ill($rows, 'extension', qr/version 0\.9 in this database, but version 1\.0 is installed/, qr/^ALTER EXTENSION poc_barman UPDATE;$/, 'extension of another version');
$node->safe_psql('postgres', "UPDATE pg_extension SET extversion = '1.0' WHERE extname = 'poc_barman'");

# a time that was made before it is asked for: less by the time of the examination
my $examined = elapsed(sub { $rows = with(sub { $_[0]{health}{time} = time_at(90); $_[0]{health}{cron}{last_run} = time_at(80) }) });
my ($ahead) = map { $_->[2] =~ /(\d+\.\d) s ahead of/ } @$rows;
is_ill($rows, 'clock', qr/\d+\.\d s ahead of/, qr/timedatectl set-ntp true/, 'clock ahead');
cmp_ok($ahead, '>=', 89 - $examined, 'clock ahead: by no less');
cmp_ok($ahead, '<', 92, 'clock ahead: by no more');
is_well($rows, 'cron', qr/./, 'cron by the Barman host\'s own clock');
$rows = with(sub { $_[0]{health}{time} = time_at(-3600) });
is_ill($rows, 'clock', qr/\d+\.\d s behind/, qr/timedatectl/, 'clock behind');

$rows = with(sub { $_[0]{health}{cron}{last_run} = time_at(-1000) });
is_ill($rows, 'cron', qr/ran 00:16:4\d ago, to run every 00:01:00/, qr/poc_cron\(\)/, 'cron late');
$rows = with(sub { $_[0]{health}{cron}{last_run} = undef });
is_ill($rows, 'cron', qr/has not come to an end yet/, qr/poc_cron\(\)/, 'cron hangs');
$rows = with(sub { $_[0]{health}{cron}{error} = 'exit code 1: ERROR: no room' });
is_ill($rows, 'cron', qr/fails: exit code 1: ERROR: no room/, qr/poc_cron\(\)/, 'cron fails');
$rows = with(sub { delete $_[0]{health}{$_} for qw(time cron) });
no_row($rows, 'clock', qr/./, 'a sidecar that does not tell the time');
no_row($rows, 'cron', qr/./, 'nor of cron');

# Barman
$rows = with(sub { $_[0]{status}{postgres_systemid} = '42' });
is_ill($rows, 'server', qr/another PostgreSQL, whose settings, .*: its system identifier is 42/, qr/poc_servers\(\)/, 'another server');
$rows = with(sub { $_[0]{servers}[0]{state} = 'disabled' });
is_ill($rows, 'Barman', qr/"pg" is disabled/, qr/grep -rnE .* \[pg\]/, 'server disabled');
$rows = with(sub { push @{ $_[0]{servers} }, { server => 'pg2', state => 'active' } });
is_ill($rows, 'Barman', qr/several servers \(pg, pg2\)/, qr/^SET poc_barman.server = 'pg';$/, 'server not named');
answers();
is_ill(examine($node, 'nope'), 'Barman', qr/no server "nope", but pg/, qr/SET poc_barman.server/, 'unknown server');
$rows = with(sub { $_[0]{servers} = [] });
is_ill($rows, 'Barman', qr/Barman has no server/, qr/barman\.d/, 'no server at all');

$rows = with(sub { push @{ $_[0]{checks} }, { check_name => 'postgresql', ok => JSON::PP::false, hint => '' },
	{ check_name => 'directories', ok => JSON::PP::false, hint => 'No space left' } });
is_ill($rows, 'Barman', qr/barman check: postgresql failed$/, qr/^psql ".*user=barman/, 'check without a hint');
is_ill($rows, 'Barman', qr/directories failed \(No space left\)/, qr/^barman check pg/, 'check with a hint');
$rows = with(sub { $_[0]{check_error} = { error => { code => 'barman_failed', message => 'barman check failed', detail => "disk is on fire\nrun", hint => undef } } });
is_ill($rows, 'Barman', qr/barman check failed \(disk is on fire\)/, qr/^barman check pg/, 'Barman fails');
is_well($rows, 'archive', qr/up to/, 'the rest is told: archive');

$rows = with(sub { $_[0]{status}{pg_receivexlog_version} = '9.6.1' });
is_ill($rows, 'Barman', qr/client programs of PostgreSQL 9\.6\.1: too old/, qr/apt-get install postgresql-client-$major/, 'old client programs');
$rows = with(sub { push @{ $_[0]{checks} }, { check_name => 'pg_basebackup_compatible', ok => JSON::PP::false, hint => '' } });
is_ill($rows, 'Barman', qr/too old/, qr/postgresql-client-$major/, 'client programs that Barman refuses');
$rows = with(sub { push @{ $_[0]{checks} }, map { { check_name => $_, ok => JSON::PP::false, hint => '' } }
	  qw(postgresql_streaming pg_basebackup_compatible pg_receivexlog_compatible systemid_coherence) });
is_ill($rows, 'Barman', qr/postgresql_streaming failed/, qr/IDENTIFY_SYSTEM/, 'a connection that fails');
no_row($rows, 'Barman', qr/too old|systemid_coherence/, 'what follows from it is not told');

$rows = with(sub { $_[0]{disks}[1]{free_bytes} = 50e9; $_[0]{backups}{'20261102T000000'} = backup('DONE') });
is_ill($rows, 'disk', qr/47 GB of 931 GB free on the Barman host, less than a tenth/, qr/^barman delete pg oldest   # on the Barman host, as Barman's user; for good/, 'disk nearly full');
$rows = with(sub { $_[0]{disks}[1]{free_bytes} = 50e9; incremental(@_, '20261102T000000', '20261101T000000') });
is_ill($rows, 'disk', qr/less than a tenth/, qr/^Enlarge the file system .* no backup to spare/, 'disk nearly full of the only backup');
$rows = with(sub { $_[0]{disks}[1]{free_bytes} = 50e9; incremental(@_, '20261102T000000', '20261101T000000'); incremental(@_, '20261103T000000', '20261102T000000');
	$_[0]{backups}{'20261104T000000'} = backup('DONE'); incremental(@_, '20261105T000000', '20261104T000000') });
is_ill($rows, 'disk', qr/less than a tenth/, qr/^barman delete pg oldest   # .*: it takes 2 incremental with it; for good/, 'disk nearly full: what goes with the oldest');
$rows = with(sub { $_[0]{backups}{'20261101T000000'}{size} = 550e9 });
is_ill($rows, 'disk', qr/466 GB of 931 GB free .*less than the last full backup took \(512 GB\)/, qr/^Enlarge/, 'no room for a backup, though others are fuller');
$rows = with(sub { $_[0]{backups}{'20261101T000000'}{size} = 450e9 });
is_well($rows, 'disk', qr/373 GB of 931 GB free/, 'room for a backup, though not with the WAL');

# the archive
$rows = with(sub { $_[0]{wals} = {} });
is_ill($rows, 'archive', qr/has not archived any WAL/, qr/poc_wait_ready\(\)/, 'nothing archived');
$rows = with(sub { $_[0]{wals}{last_archived_wal_per_timeline} = { '00000000' => { name => '00000000000000000000000F' } } });
is_ill($rows, 'archive', qr/up to timeline 0, and this server is on timeline 1/, qr/receive-wal --reset pg/, 'another timeline');
$rows = with(sub { $_[0]{config}{archiver} = JSON::PP::true });
is_ill($rows, 'archive', qr/archive_mode is off/, qr/ALTER SYSTEM SET archive_mode = on/, 'archive_mode off');

# the backups
$rows = with(sub { $_[0]{backups} = {} });
is_ill($rows, 'backups', qr/no backup that could be restored/, qr/^SELECT \* FROM poc_backup\(\);$/, 'no backup');
$rows = with(sub { $_[0]{backups}{'20261102T000000'} = backup('WAITING_FOR_WALS'); $_[0]{backups}{'20261103T000000'} = backup('FAILED', error => "no room\nat all");
	$_[0]{backups}{'20261104T000000'} = backup('STARTED'); $_[0]{backups}{'20261105T000000'} = backup('STARTED', begin_time => time_at(-5)) });
is_ill($rows, 'backups', qr/20261102T000000 is WAITING_FOR_WALS/, qr/poc_switch_wal\(\)/, 'backup that waits');
is_ill($rows, 'backups', qr/20261103T000000 FAILED \(no room\)/, qr/^barman delete pg 20261103T000000/, 'backup that failed');
is_ill($rows, 'backups', qr/20261104T000000 is STARTED, but/, qr/^barman delete pg 20261104T000000   #/, 'backup that was abandoned');
is_well($rows, 'backups', qr/latest backup is 20261101T000000/, 'the good one is told');
$rows = with(sub { $_[0]{checks}[3] = { check_name => 'minimum_redundancy_requirements', ok => JSON::PP::false, hint => 'have 1 backups, expected at least 2' } });
is_ill($rows, 'backups', qr/minimum_redundancy is not met \(have 1 backups, expected at least 2\)/, qr/poc_backup\(\)/, 'minimum redundancy');
$rows = with(sub { $_[0]{config}{minimum_redundancy} = 2; incremental(@_, '20261102T000000', '20261101T000000') });
is_ill($rows, 'backups', qr/minimum_redundancy is not met \(have 1 non-incremental backups, expected at least 2\)/, qr/poc_backup\(\)/, 'minimum redundancy by an incremental backup');
$rows = with(sub { $_[0]{config}{minimum_redundancy} = 1 });
is_well($rows, 'backups', qr/no retention policy/, 'minimum redundancy met');
for my $told ('redundancy 1 b', 'REDUNDANCY 1')
{
	$rows = with(sub { $_[0]{config}{retention_policy} = $told });
	is_well($rows, 'backups', qr/policy \(REDUNDANCY 1\) is met/, "retention, told as $told");
	is_ill($rows, 'backups', qr/goes by number \(REDUNDANCY 1\): who takes 1 new full backups has Barman delete all older ones/,
		qr/^grep -rn retention_policy .*# on the Barman host: make it RECOVERY WINDOW OF n DAYS; .*poc_keep_backup\('20261101T000000'\)/, "retention by number is warned of, told as $told");
	$rows = with(sub { $_[0]{config}{retention_policy} = $told; $_[0]{backups} = {} });
	is_ill($rows, 'backups', qr/goes by number/, qr/OF n DAYS$/, "retention by number without a backup, told as $told");
}
$rows = with(sub { $_[0]{config}{retention_policy} = 'REDUNDANCY 3' });
is_ill($rows, 'backups', qr/wants 3 full backups, there are 1/, qr/poc_backup\(\)/, 'retention');
for my $told ('window 1 w', 'RECOVERY WINDOW OF 1 WEEKS')
{
	$rows = with(sub { $_[0]{config}{retention_policy} = $told; $_[0]{backups}{'20261101T000000'}{end_time} = time_at(-8 * 86400) });
	is_well($rows, 'backups', qr/policy \(RECOVERY WINDOW OF 1 WEEKS\) is met/, "retention by time, told as $told");
	is_well($rows, 'backups', qr/push no older one out of the retention policy \(RECOVERY WINDOW OF 1 WEEKS\)/, "retention by time is not warned of, told as $told");
	$rows = with(sub { $_[0]{config}{retention_policy} = $told; $_[0]{backups}{'20261101T000000'}{end_time} = time_at(-6 * 86400) });
	is_well($rows, 'backups', qr/\(RECOVERY WINDOW OF 1 WEEKS\) reaches back beyond the first backup: nothing before \d{4}-/, "not yet covered, told as $told");
}
$rows = with(sub { $_[0]{config}{retention_policy} = 'window 99999999999 d' });
is_well($rows, 'backups', qr/policy \(window 99999999999 d\)/, 'retention, told as nobody can');

SKIP:
{
	skip 'summarize_wal is new in PostgreSQL 17', 3 if $major < 17;
	is_well(with(), 'settings', qr/summarize_wal is off, and no incremental/, 'summarize_wal not needed');
	$rows = with(sub { $_[0]{backups}{'20261102T000000'} = backup('DONE', parent_backup_id => '20261101T000000') });
	is_ill($rows, 'settings', qr/summarize_wal is off, but 1 of/, qr/ALTER SYSTEM SET summarize_wal = on/, 'summarize_wal off');
	is_well($rows, 'disk', qr/free/, 'an incremental says nothing of the room for a full one');
}

# without a slot
$rows = with(sub { $_[0]{config}{slot_name} = undef });
is_ill($rows, 'retention', qr/uses no slot, and wal_keep_size is 0/, qr/ALTER SYSTEM SET wal_keep_size/, 'no slot, nothing kept');
no_row($rows, 'slot', qr/./, 'no slot');

# roles that Barman's configuration names, and this server lacks
$rows = with(sub { $_[0]{config}{conninfo} = 'postgresql://backup:xxx@h/postgres'; $_[0]{config}{streaming_conninfo} = q(user='stream' host=1.2.3.4) });
is_ill($rows, 'access', qr/role backup does not exist/, qr/^CREATE ROLE backup LOGIN; .password backup;$/, 'role missing');
is_ill($rows, 'access', qr/role stream does not exist/, qr/^CREATE ROLE stream LOGIN REPLICATION/, 'streaming role missing');

# the drills: our own receipts count, whatever else is called so
sub drill
{
	my ($age, $ok) = @_;
	$node->safe_psql('postgres', <<"SQL");
INSERT INTO _poc.drills (at, began, ok, server, system_identifier, tables, rows, steps)
SELECT now() - '$age'::interval, now() - '$age'::interval, $ok, 'pg', system_identifier, 0, 0, '[]' FROM pg_control_system()
SQL
	return;
}
$node->safe_psql('postgres', <<'SQL');
CREATE SCHEMA other;
CREATE TABLE other.drills AS SELECT now() AS at, true AS ok;
CREATE TABLE other.poc_drills AS TABLE other.drills;
ALTER DATABASE postgres SET search_path = other, public;
SQL
is_ill(with(), 'drill', qr/no restore drill has passed yet/, qr/poc_restore_drill\(\)/, 'drills of somebody else');
$node->safe_psql('postgres', 'ALTER DATABASE postgres RESET search_path');
is_ill(with(), 'drill', qr/no restore drill has passed yet/, qr/poc_restore_drill\(\)/, 'no drill');
$node->safe_psql('postgres', "INSERT INTO _poc.drills (at, began, ok, server, system_identifier, tables, rows, steps) VALUES (now(), now(), true, 'pg', 7, 0, 0, '[]')");
is_ill(with(), 'drill', qr/no restore drill has passed yet/, qr/poc_restore_drill\(\)/, 'a receipt of another cluster, which came with a dump');
drill('40 days', 'true');
is_ill(with(), 'drill', qr/passed was 40 days ago/, qr/poc_restore_drill\(\)/, 'old drill');
drill('1 day', 'true');
is_well(with(), 'drill', qr/passed was 1 days ago/, 'drill');
drill('0', 'false');
is_ill(with(), 'drill', qr/latest restore drill, 0 days ago, failed/, qr/FROM poc_drills/, 'the newest verdict counts');

# of another server of Barman's, which backs up the same one
drill('0', 'true');
is_well(with(), 'drill', qr/passed was 0 days ago/, 'a drill of this one');
$node->safe_psql('postgres', "UPDATE _poc.drills SET server = 'offsite'");
is_ill(with(), 'drill', qr/no restore drill has passed yet/, qr/poc_restore_drill\(\)/, "of another server of Barman's, which backs up the same one");
$node->safe_psql('postgres', "UPDATE _poc.drills SET server = 'pg', database = 'template1'");
is_ill(with(), 'drill', qr/no restore drill has passed yet/, qr/poc_restore_drill\(\)/, 'nor does one of another database prove this one');
$node->safe_psql('postgres', "UPDATE _poc.drills SET database = 'postgres'");

# who gets WAL and backups otherwise needs no slot, no senders and no role for it
$rows = with(sub { @{ $_[0]{config} }{qw(slot_name streaming_archiver archiver backup_method streaming_conninfo)} =
	(undef, JSON::PP::false, JSON::PP::true, 'rsync', 'host=' . $node->host . ' user=nobody') });
is_well($rows, 'retention', qr/archive_command has taken it/, 'rsync and archive_command: no slot');
no_row($rows, 'access', qr/nobody/, 'rsync and archive_command: no role for streaming');
is_well($rows, 'settings', qr/max_wal_senders is/, 'rsync and archive_command: no senders');
no_row(with(sub { $_[0]{config}{conninfo} = 'service=pg' }), 'access', qr/role barman/, 'what a service file says is not known');

# Barman follows one that was promoted
is_ill(with(sub { $_[0]{wals}{last_archived_wal_per_timeline} = { '00000002' => { name => '00000002' . substr($wal_file, 8) } } }), 'archive',
	qr/up to timeline 2, and this server is on timeline 1/, qr/was promoted/, 'Barman follows another');

# answers that are none
$rows = with(sub { $_[0]{status} = { postgres_systemid => [1], pg_receivexlog_version => {} }; $_[0]{backups} = { x => { status => 'DONE', end_time => 'yesterday, I think' } } });
is_ill($rows, 'backups', qr/could not be examined: invalid input syntax/, qr/poc_diagnose\(\)/, 'a part that cannot make sense of it');
is_well($rows, 'settings', qr/synchronous/, 'the other parts are told');

# a Barman that hangs keeps the doctor for one wait, not for three
answers(sub { $_[0]{check_error} = 'silent' });
my $time = least_time(8, sub { $rows = examine($node, undef, "SET poc_barman.timeout = '4s';") });
is_ill($rows, 'Barman', qr/timed out|timeout/i, qr/^barman check pg/, 'Barman hangs');
cmp_ok($time, '<', 8, 'one wait');

# side by side, but not where that would take the last connections for replication, and have Barman say so
sub asked_ahead { return scalar(grep { m{GET /v1/servers/pg/ahead} } $fake->requests); }
is(asked_ahead(), 0, 'where there are no senders, Barman is asked one by one');
$node->append_conf('postgresql.conf', "wal_level = replica\nmax_wal_senders = 3\n");
$node->restart;
with(sub { });
is(asked_ahead(), 0, 'where there are few, too');
$node->append_conf('postgresql.conf', "max_wal_senders = 10\n");
$node->restart;
my $usual = scalar(@{ with(sub { }) });
cmp_ok(asked_ahead(), '>', 0, 'where there are enough, all at once');

# what could not be asked ahead is asked all the same
answers();
$fake->say('/v1/servers/pg/ahead', 'silent');
is(scalar(@{ examine($node, undef, "SET poc_barman.timeout = '1s';") }), $usual, 'nothing is left out where that hangs');

# who answers is a sidecar that hangs, no sidecar, or nobody
$fake->say('/healthz', 'silent');
is_ill(examine($node, undef, "SET poc_barman.timeout = '500ms';"), 'sidecar', qr/^no answer .* timed out/, qr/^pkill -x barman-sidecar/, 'the sidecar hangs');
$fake->say('/healthz', '<html>');
is_ill(examine($node), 'sidecar', qr/malformed/, qr/^SHOW poc_barman.url;/, 'not a sidecar');
$fake->stop;
$time = elapsed(sub { $rows = examine($node) });
is_ill($rows, 'sidecar', qr/^no answer from the sidecar at .*: Failed to connect[^(]*$/, qr/^pgrep -a barman-sidecar \|\| barman-sidecar --listen 127\.0\.0\.1:\d+ --token-file ~/, 'sidecar down');
is_well($rows, 'settings', qr/synchronous/, 'settings without a sidecar');
no_row($rows, 'slot', qr/./, 'no slot that could be Barman\'s');
is_ill($rows, 'receiver', qr/is stopped/, qr/poc_cron\(\)/, 'receiver without a sidecar');
is_well($rows, 'access', qr/role barman may/, 'roles without a sidecar');
no_row($rows, 'backups', qr/./, 'backups');
cmp_ok($time, '<', 10, 'soon');

# the cause counts, not what the path is called
$node->append_conf('postgresql.conf', "poc_barman.url = 'unix:$dir/ssl/tls/certificate'");
$node->reload;
wait_until(sub { $node->safe_psql('postgres', 'SHOW poc_barman.url') =~ /^unix:/ });
is_ill(examine($node), 'sidecar', qr/certificate: No such file/, qr/^pgrep -a barman-sidecar /, 'sidecar down, on a path that is called like TLS');

$node->stop;
done_testing();

# A sidecar that says what it is told to: of each address, a file.
package FakeDoctor;

use parent -norequire, 'FakeSidecar';

sub file { my ($self, $path) = @_; return "$self->{dir}/answer" . $path =~ tr{/}{_}r; }

sub say
{
	my ($self, $path, $answer) = @_;
	my $file = $self->file($path);

	open(my $out, '>', "$file.new") or die "$file: $!";
	print $out ref $answer ? JSON::PP::encode_json($answer) : $answer;
	close($out);
	rename("$file.new", $file);
	return;
}

sub route
{
	my ($self, $client, $method, $path) = @_;
	my $body = -e $self->file($path) ? PostgreSQL::Test::Utils::slurp_file($self->file($path)) : '';

	sleep 60 if $body eq 'silent';
	return FakeSidecar::answer($client, $body eq '' ? '404 Not Found' : $body =~ /^\{"error"/ ? '502 Bad Gateway' : '200 OK', $body);
}
