# Nothing that the primary's configuration names runs on Barman's host, whatever file it stands in.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use DrillTest;
use PocTest;

my $live = drill_stack('hostile');
my ($home, $node) = @$live{qw(home node)};
my $data = $node->data_dir;

# Who runs it leaves a file.  As a library, a file of settings or a certificate it is none.
$live->write('tripwire', "#!/bin/sh\necho \"\$*\" >> $home/tripped\n", 0755);

# ---- every setting that holds text, in every file there may be; the primary itself does not read them again ----
my $settings = $node->safe_psql('postgres',
	"SELECT name FROM pg_settings WHERE vartype = 'string' AND context <> 'internal' AND name NOT LIKE 'poc\\_barman.%' ORDER BY 1");
my @settings = split(/\n/, $settings);
cmp_ok(scalar(@settings), '>', 50, 'settings that hold text');
my $lines = join('', map { "$_ = '$home/tripwire'\n" } @settings);
append("$data/postgresql.conf", $lines . "include_dir = 'conf.d'\ninclude '$home/elsewhere.conf'\ninclude_if_exists '$data/more.conf'\n");
mkdir("$data/conf.d") or die "conf.d: $!";
append($_, $lines) for "$data/postgresql.auto.conf", "$data/conf.d/10.conf", "$data/more.conf", "$home/elsewhere.conf";

# what a server that was once a standby leaves
my $former = join('', map { "$_ = '$home/tripwire %f %p'\n" }
	qw(restore_command archive_cleanup_command recovery_end_command archive_command));
append("$data/postgresql.auto.conf", $former . "primary_conninfo = 'host=127.0.0.1 port=9'\nprimary_slot_name = 'gone'\n"
	. "recovery_target_name = 'nowhere'\nrecovery_target_action = 'shutdown'\nstandby_mode = on\n");
append("$data/recovery.conf", "restore_command = '$home/tripwire'\nstandby_mode = on\n");
append("$data/recovery.done", '');
append("$data/standby.signal", '');
append("$data/recovery.signal", '');
append("$data/promote", '');
append("$data/pg_hba.conf", "local all all reject\nhost all all 0.0.0.0/0 trust\n");
append("$data/pg_ident.conf", "any /^(.*)\$ \\1\n");
mkdir("$data/postgresql.auto.conf.new") or die "postgresql.auto.conf.new: $!";
append("$data/server.crt", "not a certificate\n");
append("$data/server.key", "not a key\n");

is($node->safe_psql('postgres', 'SELECT status FROM poc_backup()'), 'DONE', 'a backup of it');
$node->safe_psql('postgres', $_) for "SELECT poc_mark('mark')", 'INSERT INTO u VALUES (2)';

# ---- a drill ----
is(failures($live, 'drill'), 'none', 'a drill passes');
is(tripped(), '', 'and runs nothing of it');

# ---- an ordinary restore ----
my $row = $node->safe_psql('postgres', "SELECT state, port FROM poc_restore('plain')");
like($row, qr/^running\|\d+$/, 'it is restored');
is(restored("SELECT count(*) FROM u"), 2, 'with all rows');
is(restored("SELECT pg_is_in_recovery()"), 'f', 'and writable');
my $instance = "$live->{instances}/plain";
is(restored("SELECT string_agg(DISTINCT sourcefile, ' ') FROM pg_settings WHERE sourcefile NOT IN ('$instance/postgresql.conf', '$instance/data/postgresql.auto.conf')"),
	'', 'no setting is from another file than the two that the sidecar writes');
is(restored("SELECT string_agg(name, ' ') FROM pg_settings WHERE setting LIKE '%tripwire%' OR reset_val LIKE '%tripwire%'"), '', 'nor names a thing of the primary');
is(restored("SELECT string_agg(sourcefile || ': ' || error, ' ') FROM pg_file_settings WHERE sourcefile NOT LIKE '$instance/%' OR error IS NOT NULL"), '', 'nor would after a reload');
is(restored("SELECT string_agg(name || ' ' || setting, ', ' ORDER BY name) FROM pg_settings WHERE name IN ('config_file', 'data_directory', 'external_pid_file', 'hba_file', 'ident_file')"),
	"config_file $instance/postgresql.conf, data_directory $instance/data, external_pid_file , hba_file $instance/pg_hba.conf, ident_file $instance/pg_ident.conf",
	'each file is ours');
is(restored("SELECT pg_reload_conf()"), 't', 'it reads them again');
like(restored("SELECT count(*) FROM u"), qr/^2$/, 'and lets in whom it let in');
is(tripped(), '', 'nothing of the primary ran');
is(slurp_file("$instance/production/pg_hba.conf") =~ /reject/, 1, "the primary's files lie beside, to look at");

# whoever starts it by hand without the sidecar's options gets the same
my $started = $live->run("$live->{bindir}/postgres -D $instance/data -C archive_command -c port=1");
is($started, "\n", 'postgres -D reads the same settings');
is($node->safe_psql('postgres', "SELECT state FROM poc_drop_instance('plain')"), 'dropped', 'it is dropped');

# ---- places that are links, fifos and directories: none is followed, none is waited for ----
my ($backup) = split(/\n/, $node->safe_psql('postgres', 'SELECT backup_id FROM poc_backups() LIMIT 1'));
my ($copy) = (glob("$home/barman/*/base/$backup/data"), glob("$home/barman/base/$backup/data"));
ok(-d $copy, 'the backup lies there');
foreach my $case (
	[ 'postgresql.conf', sub { symlink("$home/victim", $_[0]) } ],
	[ 'postgresql.auto.conf', sub { symlink('/etc/passwd', $_[0]) } ],
	[ 'standby.signal', sub { symlink("$home/victim", $_[0]) } ],
	[ 'barman_wal', sub { symlink("$home/victims", $_[0]) } ],
	[ 'pg_wal', sub { symlink("$home/victims", $_[0]) } ],
	[ 'base/1/PG_VERSION', sub { symlink('/etc/passwd', $_[0]) } ],
	[ 'pg_xact', sub { symlink("$home/victims", $_[0]) } ])
{
	my ($name, $make) = @$case;
	mkdir("$home/victims");
	$live->write('victim', "untouched\n");
	rename("$copy/$name", "$home/aside") if lstat("$copy/$name");
	ok($make->("$copy/$name"), "$name is a link");
	like(failures($live, "link $name"), qr/^restore: .*\Q$name\E.*link/s, 'a drill of it is refused, and says why');
	is(slurp_file("$home/victim"), "untouched\n", 'what it leads to is left alone');
	is(join(' ', glob("$home/victims/*")), '', 'and nothing is put there');
	unlink("$copy/$name");
	rename("$home/aside", "$copy/$name") if lstat("$home/aside");
}
is(failures($live, 'links gone'), 'none', 'without them it passes');

# ---- a version that is not true ----
my $version = slurp_file("$copy/PG_VERSION");
overwrite("$copy/PG_VERSION", "9.6\n");
like(failures($live, 'another version'), qr/^re(store|covery): .*9\.6/s, 'PG_VERSION that lies is named');
overwrite("$copy/PG_VERSION", $version);
is(tripped(), '', 'nothing ran in all of that');

# The primary would take its own poison if it were started with it, so it goes as it is.
$node->stop('immediate');
done_testing();

sub append
{
	my ($path, $text) = @_;

	open(my $file, '>>', $path) or die "$path: $!";
	print $file $text;
	close($file);
	return;
}

sub tripped
{
	return -e "$home/tripped" ? slurp_file("$home/tripped") : '';
}

# What the restored server answers
sub restored
{
	my ($query) = @_;
	my $port = (split(/\|/, $row))[1];
	my ($out, $err) = ('', '');

	IPC::Run::run([ 'psql', '-XAtq', '-h', "$live->{instances}/plain/socket", '-p', $port, '-d', 'postgres', '-c', $query ],
		'>', \$out, '2>', \$err);
	chomp($out);
	return $err ne '' ? "error: $err" : $out;
}
