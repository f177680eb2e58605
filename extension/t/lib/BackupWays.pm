# BackupWays.pm: the ways to have Barman back up a server, each of them played through to the end.
#
# What has to work with which is what the table of docs/ways.md says: a cell that is wrong fails the test.

package BackupWays;

use strict;
use warnings;

use Exporter 'import';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use Documentation;
use LiveBarman;
use PocTest;

our @EXPORT = qw(ways_stack start_ssh add_server restart_sidecar archive_by promised possible play_way barman_version version_number
  @features %table);

# The columns of the table, in its order
our @features = qw(ready switch backup incremental verify restore drill rescue);
our %table = read_table();

# {way => {feature => cell}} of the document
sub read_table
{
	my %ways;

	for my $line (split(/\n/, slurp_document('docs/ways.md')))
	{
		my ($way, $needs, @cells) = map { s/^\s+|\s+$//gr } split(/(?<!\\)\|/, $line =~ s/^\||\|$//gr);
		next if @cells != @features || $way !~ /^`([\w-]+)`$/;
		@{ $ways{$1} }{ 'needs', @features } = ($needs, @cells);
	}
	return %ways;
}

# "3.13.3" as 31303, "3.4" as 30400
sub version_number
{
	my ($major, $minor, $patch) = $_[0] =~ /^(\d+)\.(\d+)(?:\.(\d+))?/;
	return $major * 10000 + $minor * 100 + ($patch // 0);
}

sub barman_version { return version_number(`barman --version`); }

# Does the document promise this here? A cell is "yes", "no" or what it takes: "PostgreSQL 17, Barman 3.11".
sub promised
{
	my ($node, $way, $feature) = @_;
	my $cell = ($table{$way}{$feature} // die "docs/ways.md says nothing of $feature by $way") =~ s/ \(not run\)$//r;

	return 1 if $cell eq 'yes';
	return 0 if $cell eq 'no';
	return versions_suffice($node, $cell) // die "docs/ways.md, $feature by $way: what is \"$cell\"?";
}

# Are PostgreSQL and Barman as new as these words ask? undef if they ask for nothing.
sub versions_suffice
{
	my ($node, $cell) = @_;
	my ($pg) = $cell =~ /PostgreSQL (\d+)/;
	my ($barman) = $cell =~ /Barman ([\d.]+)/;
	return if !$pg && !$barman;
	return $node->pg_version >= ($pg // 0) && barman_version() >= version_number($barman // '0.0');
}

# Is there this way with the versions that are here?
sub possible { my ($node, $way) = @_; return versions_suffice($node, $table{$way}{needs} // die("docs/ways.md has no way $way")) // 1; }

# A stack with a tablespace, unless it is "flat", whose server sends WAL by whatever archive_by() says.
sub ways_stack
{
	my ($name, %args) = @_;
	my $live = LiveBarman->new($name, conf => "poc_barman.timeout = '5min'\narchive_mode = on\narchive_timeout = 0\n" . ($args{conf} // ''),
		segment_mb => $args{segment_mb});
	my ($home, $node) = @$live{qw(home node)};
	make_error_of($node);
	archive_by($live, $node);
	start_ssh($live);
	if (!$args{flat})
	{
		my $directory = PostgreSQL::Test::Utils::tempdir();

		$live->{tablespace} = 'TABLESPACE elsewhere';
		$node->safe_psql('postgres', "CREATE TABLESPACE elsewhere LOCATION '$directory'");
	}
	$node->safe_psql('postgres', $_) for 'CREATE TABLE base (id int PRIMARY KEY, v text)', "INSERT INTO base SELECT i, 'row ' || i FROM generate_series(1, 1000) AS i";
	return $live;
}

# The commands that take each segment of a node, one after the other; %p and %f are archive_command's.
sub archive_by
{
	my ($live, $node, @commands) = @_;
	my $script = 'bin/archive_' . $node->name;

	$live->write($script, join("\n", '#!/bin/sh', "export PATH=$live->{home}/bin:\$PATH",
		map({ s/%p/"\$1"/gr =~ s/%f/"\$2"/gr . ' || exit 1' } @commands), ''), 0755);
	$node->safe_psql('postgres', "ALTER SYSTEM SET archive_command = '$live->{home}/$script %p %f'");
	$node->reload;
	return;
}

# An sshd of the test's own, for its own user and keys; "ssh" in the directory bin knows how to reach it.
sub start_ssh
{
	my ($live) = @_;
	my $home = $live->{home};
	my $ssh = "$home/ssh";
	my $user = getpwuid($<);
	my $port = PostgreSQL::Test::Cluster::get_free_port();

	mkdir($ssh, 0700) or die "$ssh: $!";
	system_or_bail('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', "$ssh/$_") for qw(host key);
	$live->write('ssh/authorized', slurp_file("$ssh/key.pub"), 0600);
	$live->write('ssh/known', "[127.0.0.1]:$port " . slurp_file("$ssh/host.pub"));
	$live->write('ssh/sshd_config', <<"CONF");
Port $port
ListenAddress 127.0.0.1
HostKey $ssh/host
AuthorizedKeysFile $ssh/authorized
AuthenticationMethods publickey
PidFile none
StrictModes no
UsePAM no
MaxStartups 100
PrintMotd no
PrintLastLog no
SetEnv BARMAN_CONFIG_FILE=$home/barman/barman.conf PATH=$home/bin:/usr/local/bin:/usr/bin:/bin LC_ALL=C.UTF-8
CONF
	$live->write('ssh/config', <<"CONF");
Host *
	HostName 127.0.0.1
	Port $port
	User $user
	IdentityFile $ssh/key
	IdentitiesOnly yes
	UserKnownHostsFile $ssh/known
	GlobalKnownHostsFile /dev/null
	BatchMode yes
CONF
	$live->write('bin/ssh', "#!/bin/sh\nexec /usr/bin/ssh -F $ssh/config \"\$@\"\n", 0755);
	my $sshd = (grep { -x } '/usr/sbin/sshd', '/usr/local/sbin/sshd')[0] or die 'there is no sshd';
	$live->{sshd} = IPC::Run::start([ $sshd, '-D', '-e', '-f', "$ssh/sshd_config" ], '<', \undef, '>&', "$home/sshd.log");
	wait_until(sub { system("$home/bin/ssh host true >> $home/ssh/log 2>&1") == 0 });
	return;
}

# Another section of Barman's configuration, made of postgres1's: these settings instead of or beside its own,
# undef for one that it must not have.
sub add_server
{
	my ($live, $server, %settings) = @_;
	my $home = $live->{home};
	my $config = slurp_file("$home/barman/barman.d/postgres1.conf");
	my $node = delete $settings{node} // $live->{node};
	my ($host, $port) = ($node->host, $node->port);

	$settings{slot_name} = "slot_$server" =~ s/\W/_/gr if !exists $settings{slot_name};
	$config =~ s/^\[postgres1\]/[$server]/m;
	$config =~ s/host=\S+ port=\d+/host=$host port=$port/g;
	for my $key (sort keys %settings)
	{
		$config =~ s/^$key\s*=.*\n//mg;
		$config .= "$key = $settings{$key}\n" if defined $settings{$key};
	}
	$live->write("barman/barman.d/$server.conf", $config);
	# where archive_command puts WAL before Barman has been there
	mkdir($_) for "$home/barman/$server", "$home/barman/$server/incoming";
	return;
}

sub restart_sidecar
{
	my ($live, @options) = @_;
	my $bindir = $live->{node}->config_data('--bindir') =~ s/\s+$//r;

	$live->stop;
	$live->start(cron_interval => 300, options => [ '--instance-root', "$live->{home}/instances", '--pg-bindir', $bindir,
			'--read-timeout', 240, @options ]);
	return;
}

# Asks a node, with nothing said
sub value
{
	my ($node, $query) = @_;
	my ($result, $out, $said) = $node->psql('postgres', $query);

	return $out if $result == 0;
	diag("$query: $said");
	return 'failed: ' . join(' ', $said =~ /^psql:<stdin>:\d+: (ERROR:.*)|^((?:DETAIL|HINT):.*)/mg);
}

# A promise is kept; what is not promised is refused with a SQLSTATE of ours, and words that say what to do.
sub keep_promise
{
	my ($node, $way, $feature, $query, $expected, $shown) = @_;

	if (promised($node, $way, $feature))
	{
		my $answer = value($node, $query);
		return ref $expected ? like($answer, $expected, "$way: $feature") : is($answer, $expected, "$way: $feature");
	}
	my ($state, $message, $detail, $hint) = error_of($node, $shown // $query);
	like($state, qr/^(0A000|55000)$/, "$way: no $feature") or diag("$state $message $detail $hint");
	return isnt($hint // '', '', "$way: no $feature, and what to do") || diag("$message / $detail");
}

# All that can be done by a way: the server of the same name, or another; the node that has the rows, and the one asked.
sub play_way
{
	my ($live, $way, %args) = @_;
	my $server = $args{server} // $way;
	my $node = $args{node} // $live->{node};
	my $asked = $args{asked} // $node;
	my $table = "t_$way" =~ s/\W/_/gr;

	note("---- $way");
	$live->{played}{$way} = 1;
	value($node, "CREATE TABLE $table (id int PRIMARY KEY, v text) " . ($live->{tablespace} // ''));
	value($node, "INSERT INTO $table SELECT i, '$way ' || i FROM generate_series(1, 2000) AS i");
	# without it all else only takes its time to fail
	return if !keep_promise($asked, $way, 'ready', "SELECT coalesce(string_agg(check_name || ' ' || hint, ', ') FILTER (WHERE NOT ok), 'well') FROM poc_wait_ready('$server')",
		'well', "SELECT * FROM poc_wait_ready('$server')");
	keep_promise($asked, $way, 'switch', "SELECT archived FROM poc_switch_wal('$server')", 't', "SELECT * FROM poc_switch_wal('$server')");
	keep_promise($asked, $way, 'backup', "SELECT status FROM poc_backup('$server')", 'DONE', "SELECT * FROM poc_backup('$server')");
	my $full = value($asked, "SELECT backup_id FROM poc_backups('$server') LIMIT 1");
	value($node, "INSERT INTO $table SELECT i, '$way ' || i FROM generate_series(2001, 2100) AS i");
	$args{before_incremental}->() if $args{before_incremental};
	keep_promise($asked, $way, 'incremental', "SELECT type || ' ' || status FROM poc_backup('$server', incremental => 'latest')",
		'incremental DONE', "SELECT * FROM poc_backup('$server', incremental => 'latest')");
	keep_promise($asked, $way, 'verify', "SELECT status FROM poc_verify_backup('$full', '$server')", 'valid', "SELECT * FROM poc_verify_backup('$full', '$server')");

	# a mark, and rows that are too many; of the latest backup, incremental or not
	value($node, "SELECT count(*) FROM poc_mark('$way', ARRAY['$table']::regclass[])");
	value($node, "INSERT INTO $table SELECT i, 'too many' FROM generate_series(2101, 2200) AS i");
	$args{bring_wal}->() if $args{bring_wal};
	keep_promise($asked, $way, 'restore', "SELECT state FROM poc_restore('one', server => '$server', target_name => '$way')", 'running',
		"SELECT * FROM poc_restore('one', server => '$server', target_name => '$way')");
	is($live->ask_instance('one', "SELECT count(*) FROM $table"), '2100', "$way: the rows of the mark") if promised($asked, $way, 'restore');
	value($asked, "SELECT poc_drop_instance('one')");
	my $drill = "FROM poc_restore_drill('$way', server => '$server')";
	keep_promise($asked, $way, 'drill', "SELECT coalesce(string_agg(step || ': ' || detail, ', ') FILTER (WHERE NOT ok), 'proven') $drill", 'proven', "SELECT * $drill");
	value($node, "DROP TABLE $table");
	$args{bring_wal}->() if $args{bring_wal};
	my $rescue = "FROM poc_rescue('$table', server => '$server')";
	keep_promise($asked, $way, 'rescue', "SELECT string_agg(detail, ', ') FILTER (WHERE step = 'compare') $rescue", qr/^2200 rows, the same fingerprint/, "SELECT * $rescue");
	return;
}

1;
