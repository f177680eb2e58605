# A live stack, broken in every way that poc_doctor() must see, and mended by
# typing what it says.

use strict;
use warnings;

use File::Temp;
use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use DoctorTest;
use LiveBarman;
use PocTest;

# so few senders that others can take them away; Barman's commands, of which several may run at a time, need one each
my $senders = 6;
my $live = LiveBarman->new('live', conf => "max_wal_senders = $senders\nmax_replication_slots = 2\narchive_mode = on\narchive_command = 'true'\n");
my $node = $live->{node};
my $home = $live->{home};
# the sidecar does not answer with a token file of its own that is open
$live->write('ours', "secret\n", 0600);
$node->append_conf('postgresql.conf', "poc_barman.token_file = '$home/ours'");
$node->restart;

sub sql { return $node->safe_psql('postgres', "SET client_min_messages = error; $_[0]"); }

# A setting as sessions to come will see it.
sub setting
{
	my ($name, $value) = @_;
	sql("ALTER SYSTEM SET $name = '$value'");
	$node->reload;
	return wait_until(sub { sql("SHOW $name") eq $value });
}

# A remedy as a person would type it: into psql, or into the shell.
sub type
{
	my ($remedy) = @_;
	return $remedy =~ /   # on / ? $live->run($remedy) : sql($remedy);
}

# Settings that PostgreSQL reads when it starts
sub setting_after_restart
{
	my (%settings) = @_;
	$node->stop;
	$live->stop_receiver;
	$node->append_conf('postgresql.auto.conf', join('', map { "$_ = '$settings{$_}'\n" } sort keys %settings));
	$node->start;
	return;
}

# cron makes the sidecar ask Barman anew
sub examine_anew { sql('SELECT poc_cron()'); return examine($node); }

sub all_well
{
	my ($rows, $name) = @_;
	my @ill = grep { !$_->[1] && $_->[0] !~ /^(drill|disk)$/ } @$rows;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is(scalar(@ill), 0, "$name: all is well") or diag(map { join(' | ', @$_) . "\n" } @ill);
	return;
}

$live->start;
my $rows = examine($node);
is_ill($rows, 'backups', qr/no backup/, qr/poc_backup\(\)/, 'a new server: no backup');
sql('SELECT poc_wait_ready()');
is(sql('SELECT status FROM poc_backup()'), 'DONE', 'remedy: a backup');
$rows = examine_anew();
all_well($rows, 'the stack');
is_well($rows, 'slot', qr/slot "barman" is in use by process \d+/, 'slot');
is_well($rows, 'receiver', qr/receives WAL \(state streaming\)/, 'receiver');
my $time = least_time(0.7, sub { examine($node) });
cmp_ok($time, '<', 0.7, 'a second look takes less than 0.7 s');
my ($anew) = sort { $a <=> $b } map { sql('SELECT poc_cron()'); elapsed(sub { examine($node) }) } 1 .. 3;
note("a second look took $time s, one that asks Barman anew $anew s");

SKIP:
{
	skip 'incremental backups are new in PostgreSQL 17', 3 if $node->pg_version < 17;
	is(sql("SELECT status FROM poc_backup(incremental => 'latest')"), 'DONE', 'an incremental backup');
	setting('summarize_wal', 'off');
	my $remedy = is_ill(examine_anew(), 'settings', qr/summarize_wal is off, but 1 of Barman's backups/, qr/^ALTER SYSTEM SET summarize_wal = on;/, 'summarize_wal off');
	type($remedy);
	is_well(examine($node), 'settings', qr/summarize_wal is on/, 'remedy: summarize_wal');
}

# ---- this server, while everything runs ----
sql('REVOKE pg_read_all_stats FROM barman; ALTER ROLE streaming_barman NOREPLICATION');
setting('max_slot_wal_keep_size', '-1');
setting('synchronous_standby_names', 'FIRST 1 (barman_receive_wal)');
chmod(0644, "$home/ours");
my $hba = slurp_file($node->data_dir . '/pg_hba.conf');
open(my $file, '>', $node->data_dir . '/pg_hba.conf') or die;
print $file "local replication streaming_barman reject\nnonsense\n$hba";
close($file);
my ($out, $err);
my @others = map { IPC::Run::start([ 'pg_receivewal', '-D', PostgreSQL::Test::Utils::tempdir(), '-d', $node->connstr('postgres'), '--no-loop' ],
	'<', \undef, '>', \$out, '2>', \$err) } 2 .. $senders;
wait_until(sub { sql('SELECT count(*) FROM pg_stat_replication') == $senders });

$rows = examine($node);
my @remedies = (
	is_ill($rows, 'settings', qr/names Barman's receiver alone: while it is away, every commit hangs/, qr/ALTER SYSTEM SET synchronous_standby_names/, 'synchronous receiver'),
	is_ill($rows, 'access', qr/role barman lacks 1 of/, qr/^GRANT pg_read_all_stats TO barman;$/, 'right of a role missing'),
	is_ill($rows, 'access', qr/role streaming_barman lacks 1 of/, qr/^ALTER ROLE streaming_barman REPLICATION;$/, 'role without REPLICATION'),
	is_ill($rows, 'retention', qr/unlimited/, qr/ALTER SYSTEM SET max_slot_wal_keep_size/, 'slots without limit'),
	is_ill($rows, 'token', qr/every user of this host can read the token file \(mode 0644\)/, qr/^chmod o-rwx/, 'token file open to all'),
	is_ill($rows, 'access', qr/pg_hba.conf rejects it in line 1 \(role streaming_barman/, qr/^sed -i '1i local replication streaming_barman/, 'rejected by pg_hba.conf'));
is_ill($rows, 'access', qr/pg_hba.conf, line 2: /, qr/FROM pg_hba_file_rules/, 'pg_hba.conf broken');
is_ill($rows, 'settings', qr/max_wal_senders is $senders, $senders in use: Barman needs 1 more/, qr/^ALTER SYSTEM SET max_wal_senders = 14;/, 'no sender left');

$_->kill_kill for @others;
type($_) for @remedies;
$rows = examine($node);
is_ill($rows, 'access', qr/line 3: /, qr/./, 'the broken line is left');
is_well($rows, 'access', qr/lets it in by line 1 \(role streaming_barman/, 'remedy: pg_hba.conf');
open($file, '>', $node->data_dir . '/pg_hba.conf') or die;
print $file $hba;
close($file);
$node->reload;
wait_until(sub { sql("SHOW synchronous_standby_names") eq '' });
all_well(examine($node), 'remedies');

# ---- a receiver that is stuck, and a backup that waits for it ----
setting('max_slot_wal_keep_size', '256MB');
kill('STOP', $live->receivers);
sql("SELECT poc_generate_wal('24 MB')");
$live->run('barman backup postgres1');
$rows = examine_anew();
is_ill($rows, 'slot', qr/slot "barman" retains \d+ MB of WAL, more than 16 MB/, qr/poc_replication_status/, 'slot that retains too much');
is_ill($rows, 'receiver', qr/receive-wal is \d+ MB behind/, qr/pg_stat_replication/, 'receiver that lags');
is_ill($rows, 'archive', qr/\d\d segments \(\d\d MB\) are not archived yet/, qr/poc_cron\(\)/, 'archive that lags');
my $remedy = is_ill($rows, 'backups', qr/\d{8}T\d{6} is WAITING_FOR_WALS/, qr/poc_switch_wal\(\)/, 'backup that waits for WAL');
kill('CONT', $live->receivers);
type($remedy);
ok(wait_until(sub { sql("SELECT pg_current_wal_lsn() - restart_lsn < 2 ^ 20 FROM pg_replication_slots") eq 't' }), 'the receiver catches up');
all_well(examine_anew(), 'remedy: switch WAL');

# ---- Barman ----
$live->mode('fail');
$live->run('barman backup postgres1');
$live->mode('old');
$live->configure("minimum_redundancy = 5\n");
$rows = examine_anew();
$remedy = is_ill($rows, 'backups', qr/\d{8}T\d{6} FAILED \(.+\): barman check fails/, qr/^barman delete postgres1 \d{8}T\d{6}   # on/, 'failed backup in the way');
my $redundancy = is_ill($rows, 'backups', qr/minimum_redundancy is not met \(have \d/, qr/poc_backup\(\)/, 'minimum redundancy');
is_ill($rows, 'Barman', qr/client programs of PostgreSQL 9\.6\.1: too old for this server/, qr/apt-get install postgresql-client-\d+/, 'old client programs');
$live->mode('good');
$live->configure;
type($remedy);
all_well(examine_anew(), 'remedy: delete');

my $fulls = sql("SELECT count(*) FROM poc_backups() WHERE status = 'DONE' AND parent_id IS NULL") + 1;
$live->configure("minimum_redundancy = $fulls\nretention_policy = REDUNDANCY $fulls\n");
is_ill(examine_anew(), 'backups', qr/minimum_redundancy is not met .*at least $fulls/, qr/^\Q$redundancy\E$/, 'one backup too few');
$live->configure("retention_policy = REDUNDANCY $fulls\n");
is_ill(examine_anew(), 'backups', qr/wants $fulls full backups, there are/, qr/^\Q$redundancy\E$/, 'retention not met');
type($redundancy);
$rows = examine_anew();
is_well($rows, 'backups', qr/policy \(REDUNDANCY $fulls\) is met/, 'remedy: one more');
is_ill($rows, 'backups', qr/goes by number \(REDUNDANCY $fulls\): who takes $fulls new/, qr/RECOVERY WINDOW OF n DAYS.*poc_keep_backup/, 'retention by number');
$live->configure("retention_policy = RECOVERY WINDOW OF 3 DAYS\n");
$rows = examine_anew();
is_well($rows, 'backups', qr/push no older one out of the retention policy \(RECOVERY WINDOW OF 3 DAYS\)/, 'remedy: retention by time');
all_well($rows, 'retention by time');
$live->configure;

# its configuration is gone, and with it all that Barman could say
rename("$home/barman/barman.conf", "$home/barman/away");
$node->psql('postgres', 'SELECT poc_cron()');
$rows = examine($node);
$remedy = is_ill($rows, 'Barman', qr/barman/, qr/^barman (list-servers|check|diagnose)/, 'Barman down');
like(type($remedy), qr/configuration file|does not exist/i, 'Barman down: the remedy tells why');
rename("$home/barman/away", "$home/barman/barman.conf");
all_well(examine_anew(), 'Barman is back');

# ---- versions ----
sql("UPDATE pg_extension SET extversion = '0.9' WHERE extname = 'poc_barman'");
$rows = examine($node);
is_ill($rows, 'extension', qr/version 0\.9 in this database, but version 1\.0 is installed/, qr/^ALTER EXTENSION poc_barman UPDATE;$/, 'extension of another version');
is_ill($rows, 'sidecar', qr/sidecar is version 1\.0, the extension 0\.9/, qr/make -C docker\/sidecar install/, 'sidecar of another version');
sql("UPDATE pg_extension SET extversion = '1.0' WHERE extname = 'poc_barman'");

# ---- an archive_command that fails ----
$live->configure("archiver = on\n");
setting('archive_command', 'false');
sql('SELECT poc_switch_wal(wait => false)');
ok(wait_until(sub { sql('SELECT failed_count > 0 FROM pg_stat_archiver') eq 't' }), 'archive_command fails');
$remedy = is_ill(examine_anew(), 'archive', qr/archive_command fails with [0-9A-F]{24}, \d+ times so far/, qr/FROM pg_stat_archiver/, 'failing archive_command');
like(type($remedy), qr/[0-9A-F]{24}/, 'failing archive_command: the remedy shows the segment');
setting('archive_command', "cp %p $home/barman/postgres1/incoming/%f");
ok(wait_until(sub { sql('SELECT last_archived_time > last_failed_time FROM pg_stat_archiver') eq 't' }), 'archive_command succeeds');
is_well(examine_anew(), 'archive', qr/archive_command succeeds/, 'archive_command');
$live->configure;
setting('archive_command', '');
$remedy = is_ill(examine_anew(), 'archive', qr/there is no archive_command: .* no backup comes to an end/, qr/^ALTER SYSTEM SET archive_command = 'true'; SELECT pg_reload_conf\(\);$/, 'no archive_command');
type($remedy);
ok(wait_until(sub { sql('SHOW archive_command') eq 'true' }), 'remedy: archive_command');
is_well(examine($node), 'archive', qr/archive_command succeeds/, 'remedy: archive_command');

# ---- the sidecar, and cron ----
$live->stop;
$live->stop_receiver;
wait_until(sub { sql('SELECT count(*) FROM pg_stat_replication') == 0 });
$rows = examine($node);
$remedy = is_ill($rows, 'sidecar', qr/^no answer from the sidecar at unix:/, qr/^pgrep -a barman-sidecar \|\| barman-sidecar --listen unix:\S+ --token-file '\Q$home\E\/ours'/, 'sidecar down');
is_ill($rows, 'slot', qr/slot "barman" is inactive/, qr/poc_cron/, 'sidecar down: slot inactive');
is_ill($rows, 'receiver', qr/receive-wal is stopped/, qr/poc_cron/, 'sidecar down: receiver stopped');
is_well($rows, 'access', qr/role barman may/, 'sidecar down: roles');

# as it would run for ever, it is left alone once it answers; it takes no token of a file that a group may read
chmod(0600, "$home/ours");
{
	my ($path) = $live->{sidecar} =~ m{(.*)/};
	my ($command) = $remedy =~ /\|\| (.*?)   #/;
	local $ENV{HOME} = PostgreSQL::Test::Utils::tempdir_short();
	my $run = IPC::Run::start([ 'bash', '-c', "PATH=$path:\$PATH; exec $command --barman-config $home/barman/barman.conf" ],
		'<', \undef, '>', \my $out, '2>', \my $err);
	ok(wait_until(sub { -S "$home/sidecar" }), 'remedy: the sidecar listens');
	is_well(examine($node), 'sidecar', qr/answers at unix:/, 'remedy: sidecar');
	$run->signal('TERM');
	$run->finish;
	$live->stop_receiver;
	unlink("$home/sidecar");
}

$live->start(cron_interval => 0);
rename("$home/ours", "$home/ours.away");
$rows = examine($node);
$remedy = is_ill($rows, 'token', qr/could not be opened: No such file/, qr/^ls -l/, 'no token file');
like(type($remedy), qr/ours.*No such file/, 'remedy: there is none');
rename("$home/ours.away", "$home/ours");
setting('poc_barman.token_file', "$home/token.mine");
$live->write('token.mine', "mine\n", 0600);
$rows = examine($node);
$remedy = is_ill($rows, 'token', qr/refuses the token/, qr/^sha256sum /, 'wrong token');
like(type($remedy), qr/^[0-9a-f]{64}  \Q$home\E\/token.mine$/m, 'remedy: the token of this server');
is_well($rows, 'sidecar', qr/answers at/, 'wrong token: the sidecar answers');
setting('poc_barman.token_file', "$home/ours");

$rows = examine($node);
is_ill($rows, 'cron', qr/does not run barman cron .*, and nobody else seems to/, qr/poc_cron\(\)/, 'cron not running');
is_ill($rows, 'slot', qr/slot "barman" is inactive: nobody receives its WAL/, qr/poc_cron\(\)/, 'slot inactive');
$remedy = is_ill($rows, 'receiver', qr/receive-wal is stopped: no WAL reaches Barman/, qr/poc_cron\(\)/, 'receive-wal stopped');
type($remedy);
ok(wait_until(sub { sql("SELECT active FROM pg_replication_slots WHERE slot_name = 'barman'") eq 't' }), 'remedy: cron');
$rows = examine_anew();
is_well($rows, 'cron', qr/but receive-wal runs/, 'somebody runs cron');
all_well($rows, 'remedy: cron');

# ---- the slot ----
$live->stop_receiver;
wait_until(sub { sql("SELECT active FROM pg_replication_slots WHERE slot_name = 'barman'") eq 'f' });
sql(<<'SQL');
SELECT pg_drop_replication_slot('barman');
SELECT pg_create_physical_replication_slot('one'), pg_create_physical_replication_slot('two');
SQL
$rows = examine($node);
$remedy = is_ill($rows, 'slot', qr/slot "barman" does not exist/, qr/pg_create_physical_replication_slot/, 'slot missing');
my $slots = is_ill($rows, 'settings', qr/max_replication_slots is 2, 2 in use: none is left for Barman's slot "barman"/, qr/^ALTER SYSTEM SET max_replication_slots/, 'no slot left');
sql("SELECT pg_drop_replication_slot('one'), pg_drop_replication_slot('two')");
type($_) for $remedy, $slots;

setting('max_slot_wal_keep_size', '2MB');
sql("SELECT poc_generate_wal('24 MB')");
sql('CHECKPOINT');
$rows = examine($node);
$remedy = is_ill($rows, 'slot', qr/slot "barman" is lost: WAL that Barman had not received is removed/,
	qr/^SELECT pg_drop_replication_slot\('barman'\); .*-- then "(barman receive-wal --reset postgres1)"/, 'slot lost');
setting('max_slot_wal_keep_size', '64MB');
type($remedy);
$live->run('barman receive-wal --reset postgres1');
sql('SELECT poc_wait_ready()');
$rows = examine_anew();
is_well($rows, 'slot', qr/in use by/, 'remedy: a new slot');
is_well($rows, 'receiver', qr/receives WAL/, 'remedy: receiver');

# ---- what a restart is needed for ----
my @summaries = $node->pg_version >= 17 ? ('summarize_wal') : ();
$live->stop_receiver;
sql("SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE active");
wait_until(sub { sql('SELECT count(*) FROM pg_replication_slots WHERE active') == 0 });
sql('SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots');
setting_after_restart(wal_level => 'minimal', max_wal_senders => 0, archive_mode => 'off', map { $_ => 'off' } @summaries);
$rows = examine($node);
@remedies = (
	is_ill($rows, 'settings', qr/wal_level is minimal/, qr/^ALTER SYSTEM SET wal_level = 'replica';/, 'wal_level'),
	is_ill($rows, 'settings', qr/max_wal_senders is 0, 0 in use: Barman needs 2 more/, qr/^ALTER SYSTEM SET max_wal_senders = 10;/, 'no senders'));
type($_) for @remedies;
setting_after_restart(map { $_ => 'on' } @summaries);
$remedy = is_ill(examine($node), 'slot', qr/slot "barman" does not exist/, qr/^SELECT \* FROM pg_create_physical_replication_slot.* first "barman receive-wal --reset postgres1"/, 'the slot is gone with them');
type($remedy);
$live->run('barman receive-wal --reset postgres1');
sql('SELECT poc_wait_ready()');
is(sql('SELECT status FROM poc_backup()'), 'DONE', 'remedies: a backup');
$rows = examine_anew();
is_well($rows, 'settings', qr/wal_level is replica/, 'remedy: wal_level');
is_well($rows, 'settings', qr/max_wal_senders is 10/, 'remedy: senders');
is_well($rows, 'settings', qr/max_replication_slots is 10/, 'remedy: slots');

# ---- the last drill ----
$live->stop;
mkdir("$home/instances");
$live->start(options => [ '--instance-root', "$home/instances", '--pg-bindir', $node->config_data('--bindir') =~ s/\s+$//r ]);
sql(<<'SQL');
INSERT INTO _poc.drills (at, began, ok, server, system_identifier, tables, rows, steps)
SELECT now() - '40 days'::interval, now() - '40 days'::interval, true, 'postgres1', system_identifier, 0, 0, '[]' FROM pg_control_system()
SQL
$remedy = is_ill(examine($node), 'drill', qr/passed was 40 days ago/, qr/^SELECT \* FROM poc_restore_drill\(\);$/, 'drill too old');
type($remedy);
is_well(examine($node), 'drill', qr/passed was 0 days ago/, 'remedy: drill');

# ---- a disk that is nearly full ----
SKIP:
{
	# most users may make mounts of their own; else /dev/shm is small, as in most containers
	my $mounts = system('unshare -Urm sh -c "mount -t tmpfs small /mnt && unshare -U true" 2> /dev/null') == 0;
	my $room = $mounts ? 0 : take_shm() >> 20;

	skip 'there is no small file system', 2 if !$mounts && $room > 100;
	$live->stop;
	my $small = $mounts ? undef : File::Temp::tempdir('poc_XXXXXX', DIR => '/dev/shm', CLEANUP => 1);
	if (defined $small)
	{
		system("head -c " . int($room * 0.93) . "M /dev/zero > $small/filler");
		$live->configure("incoming_wals_directory = $small\n");
	}
	$live->start($mounts ? (small_disk => 20) : ());
	# the first backup, and the one that was taken on top of it
	my $dependents = $node->pg_version >= 17 ? 1 : 0;
	my $told = $dependents ? qr/: it takes 1 incremental with it/ : qr//;
	$remedy = is_ill(examine_anew(), 'disk', qr/\d+ [kM]B of \d+ MB free on the Barman host, less than a tenth/,
		qr/^barman delete postgres1 oldest   # on the Barman host, as Barman's user$told; for good/, 'disk nearly full');
	unlink("$small/filler") if defined $small;
	my $before = sql('SELECT count(*) FROM poc_backups()');
	type($remedy);
	is(sql('SELECT count(*) FROM poc_backups()'), $before - 1 - $dependents, 'remedy: one backup less, with those that need it');
	$live->stop;
	$live->configure;
	$live->start;
}

# ---- a standby ----
$node->stop;
$live->stop_receiver;
$node->append_conf('standby.signal', '');
$node->start;
$rows = examine($node);
is_ill($rows, 'server', qr/is a standby: it cannot write the WAL/, qr/pg_stat_wal_receiver/, 'standby');
is(scalar(grep { $_->[2] =~ /could not be examined/ } @$rows), 0, 'every part can be examined on a standby')
  or diag(map { join(' | ', @$_) . "\n" } @$rows);

$live->stop;
$node->stop;
done_testing();
