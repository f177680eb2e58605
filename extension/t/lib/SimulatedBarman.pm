# SimulatedBarman.pm: a real sidecar over a Barman that only answers what it is told: many servers, many backups, names
# that attack.  Its answers are files, printed by docker/sidecar/tests/fake_barman.

package SimulatedBarman;

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Path qw(make_path);
use JSON::PP;
use POSIX qw(strftime);
use PostgreSQL::Test::Utils;

use PocTest;

# the programs of a server that restores could start
my ($major) = `pg_config --version` =~ /(\d+)/;
my $version = $major * 10000;
my $sources = abs_path(dirname(__FILE__) . '/../../../docker/sidecar');

sub new
{
	my ($class) = @_;
	my $home = PostgreSQL::Test::Utils::tempdir_short();
	my $self = bless { home => $home, owner => $$, servers => {} }, $class;

	make_path("$home/answers", "$home/jobs");
	$self->write('token', "the-reader\n", 0600);
	system_or_bail('cp', "$sources/tests/fake_barman", "$home/fake_barman");
	for my $command (qw(list-backups check show-servers))
	{
		$self->write("$command.sh", "cat \"\$FAKE_BARMAN/answers/$command.\$2\"\n");
	}
	$self->write("$_.sh", "cat \"\$FAKE_BARMAN/answers/$_\"\n") for qw(list-servers diagnose);
	return $self;
}

sub json { return JSON::PP->new->canonical->encode($_[0]); }
sub stamp { return strftime('%Y%m%dT%H%M%S', gmtime($_[0])); }
sub iso { return strftime('%Y-%m-%dT%H:%M:%S.000000Z', gmtime($_[0])); }

# Lines of backup.info: a position in a segment of 16 MB
sub wal_of
{
	my ($which, $number, $offset) = @_;
	my $position = $number * 16777216 + $offset;

	return (sprintf('%s_xlog=%X/%X', $which, $position >> 32, $position & 0xFFFFFFFF), sprintf('%s_wal=%08X%08X%08X', $which, 1, int($number / 256), $number % 256),
		"${which}_offset=$offset");
}

# A server; backups are {begin, seconds, size, wal, status, type, parent, name, retention}, of which begin is enough, and get
# their ids by when they begin; segments are [number, time]; checks {name => hint} are those that fail.
sub server
{
	my ($self, $name, %args) = @_;
	my $place = "$self->{home}/servers/$name";
	my @listed;

	# the segment that is written at a time
	my @segments = sort { $a->[0] <=> $b->[0] } @{ $args{segments} // [] };
	my $written = sub { my ($time) = @_; my ($one) = grep { $_->[1] >= $time } @segments; return $one ? $one->[0] : @segments ? $segments[-1][0] : 1; };

	make_path(map { "$place/$_" } qw(base wals streaming incoming errors));
	for my $backup (@{ $args{backups} // [] })
	{
		my $id = $backup->{id} = stamp($backup->{begin});
		my $end = $backup->{begin} + ($backup->{seconds} // 60);

		push @listed, {
			backup_id => $id, backup_type => $backup->{type} // 'full', status => $backup->{status} // 'DONE',
			backup_name => $backup->{name}, end_time_timestamp => "$end", size_bytes => $backup->{size} // 1000000000,
			wal_size_bytes => $backup->{wal} // 0, retention_status => $backup->{retention} // '-' };
		my ($first, $last) = map { $written->($_) } $backup->{begin}, $end;
		make_path("$place/base/$id" . (@segments ? '/data' : ''));
		$self->write("servers/$name/base/$id/backup.info", join("\n", "backup_id=$id", 'status=' . ($backup->{status} // 'DONE'),
				'begin_time=' . strftime('%Y-%m-%d %H:%M:%S', gmtime($backup->{begin})) . '+00:00',
				'end_time=' . strftime('%Y-%m-%d %H:%M:%S', gmtime($end)) . '+00:00', 'mode=postgres',
				wal_of('begin', $first, 40), wal_of('end', $last, 4096), 'timeline=1', 'xlog_segment_size=16777216', 'systemid=7553172360219537718', "version=$version",
				'backup_name=' . ($backup->{name} // 'None'), 'parent_backup_id=' . ($backup->{parent} ? $backup->{parent}{id} : 'None'), ''));
	}
	for my $segment (@{ $args{segments} // [] })
	{
		my ($number, $time) = @$segment;
		my $high = sprintf('%08X%08X', 1, int($number / 256));

		mkdir("$place/wals/$high");
		my $file = sprintf('servers/%s/wals/%s/%s%08X', $name, $high, $high, $number % 256);
		$self->write($file, 'x' x 1000);
		utime($time, $time, "$self->{home}/$file");
	}
	$self->write("answers/list-backups.$name", json({ $name => [ reverse @listed ] }));
	$self->write("answers/check.$name", json({ $name => {
				(map { $_ => { status => 'OK', hint => '' } } qw(directories postgresql retention_policy_settings replication_slot)),
				map { $_ => { status => 'FAILED', hint => $args{checks}{$_} } } keys %{ $args{checks} // {} } } }));
	$self->write("answers/show-servers.$name", json({ $name => {
				basebackups_directory => "$place/base", wals_directory => "$place/wals", streaming_wals_directory => "$place/streaming",
				incoming_wals_directory => "$place/incoming", errors_directory => "$place/errors" } }));
	$self->{servers}{$name} = { description => $args{description} // "Server $name" };
	return;
}

# A job on the sidecar's record, as if it had run: kind, server, state, created, seconds and whatever else a record has
sub job
{
	my ($self, %job) = @_;
	my $id = sprintf('%sZ-%06x', stamp($job{created}), ++$self->{jobs});
	my @log = map { +{ n => $_ + 1, at => iso($job{created}), level => 'info', text => $job{log}[$_] } } 0 .. $#{ $job{log} // [] };

	$self->write("jobs/$id.log", join('', map { json($_) . "\n" } @log), 0600);
	$self->write("jobs/$id.json", json({
				id => $id, kind => $job{kind}, server => $job{server}, state => $job{state} // 'done', created => iso($job{created}),
				started => iso($job{created}), ended => iso($job{created} + $job{seconds}), elapsed_seconds => $job{seconds},
				log_lines => scalar(@log), result => $job{result}, error => $job{error}, request => 'POST /v1' }), 0600);
	return $id;
}

sub start
{
	my ($self, @options) = @_;
	my $home = $self->{home};
	my $bindir = `pg_config --bindir` =~ s/\s+$//r;
	my $port = $self->{port} // 0;

	$self->write('answers/list-servers', json($self->{servers}));
	$self->write('answers/diagnose', json({ global => {}, models => {},
				servers => { map { $_ => { config => {}, status => {}, backups => {} } } keys %{ $self->{servers} } } }));
	$self->{pid} = fork() // die "fork: $!";
	if (!$self->{pid})
	{
		local $ENV{FAKE_BARMAN} = $home;
		open(STDOUT, '>', "$home/log");
		open(STDERR, '>&', \*STDOUT);
		exec($ENV{POC_SIDECAR} // "$sources/barman-sidecar", '--listen', "127.0.0.1:$port", '--token-file', "read=$home/token", '--state-dir', "$home/jobs",
			'--barman', "$home/fake_barman", '--cron-interval', '0', '--metrics-interval', '0',
			'--instance-root', "$home/instances", '--pg-bindir', $bindir, '--confinement', 'best-effort', @options)
		  or POSIX::_exit(1);
	}
	wait_until(sub { -e "$home/log" && slurp_file("$home/log") =~ /listening"? .*address="?127\.0\.0\.1:(\d+)/ && ($self->{port} = $1) })
	  or die 'the sidecar does not start: ' . slurp_file("$home/log");
	return "http://127.0.0.1:$self->{port}";
}

sub stop
{
	my ($self) = @_;
	return if !$self->{pid} || $self->{owner} != $$;
	kill('TERM', $self->{pid});
	waitpid($self->{pid}, 0);
	$self->{pid} = undef;
	unlink("$self->{home}/log");
	return;
}

sub write
{
	my ($self, $name, $text, $mode) = @_;

	open(my $file, '>:utf8', "$self->{home}/$name") or die "$name: $!";
	print $file $text;
	close($file);
	chmod($mode, "$self->{home}/$name") if defined $mode;
	return;
}

sub DESTROY { my ($self) = @_; local ($?, $@); $self->stop; return; }

1;
