# LiveBarman.pm: a PostgreSQL, a Barman and a sidecar of a test's own, to be broken.
#
# The programs are the real ones; between Barman and those of PostgreSQL stand
# scripts that can be told to misbehave.  Everything is below one directory.

package LiveBarman;

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use IO::Socket::INET;
use IO::Socket::UNIX;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Time::HiRes qw(sleep);

use PocTest;

my $docker = abs_path(dirname(__FILE__) . '/../../../docker');

sub new
{
	my ($class, $name, %args) = @_;
	my $home = PostgreSQL::Test::Utils::tempdir_short();
	my $self = bless { home => $home, owner => $$, listen => $args{listen} // "unix:$home/sidecar" }, $class;
	my $url = $args{listen} ? "http://$args{listen}" : $self->{listen};

	$self->{sidecar} = $ENV{POC_SIDECAR} // "$docker/sidecar/barman-sidecar";
	-x $self->{sidecar} or die "no sidecar to test with: $self->{sidecar}";
	mkdir("$home/$_") or die "$home/$_: $!" for qw(bin barman jobs);
	$self->write('token', "secret\n", 0600);
	$self->write('token_that_destroys', "more-secret\n", 0600);

	# small segments, so that a little WAL is many of them
	my $node = $self->{node} = PostgreSQL::Test::Cluster->new($name);
	$node->init(allows_streaming => 1, extra => [ '--wal-segsize=' . ($args{segment_mb} // 1), '--encoding=UTF8' ]);
	$node->append_conf('postgresql.conf', <<"CONF");
max_wal_size = 16MB
max_slot_wal_keep_size = 64MB
poc_barman.url = '$url'
poc_barman.token_file = '$home/token'
poc_barman.server = 'postgres1'
CONF
	$node->append_conf('postgresql.conf', 'summarize_wal = on') if $node->pg_version >= 17;
	$node->append_conf('postgresql.conf', $args{conf} // '');
	$node->start;
	$node->safe_psql('postgres', 'CREATE EXTENSION poc_barman');
	create_barman_roles($node);

	my $bindir = $node->config_data('--bindir');
	$bindir =~ s/\s+$//;
	# a receiver that tells each second what it has, instead of every ten
	my %options = (pg_basebackup => '', pg_receivewal => ' --status-interval=1');
	for my $program (sort keys %options)
	{
		$self->write("bin/$program", <<"SH", 0755);
#!/bin/sh
case "\$(cat $home/mode):\$1" in
old:--version) echo "$program (PostgreSQL) 9.6.1"; exit ;;
fail:-*) [ "\$1" = --version ] || { echo "$program: told to fail" >&2; exit 1; } ;;
esac
exec $bindir/$program$options{$program} "\$@"
SH
	}
	$self->mode('good');
	$self->configure;
	return $self;
}

# Another server, which this Barman does not back up; its extension asks the same sidecar.
sub spare
{
	my ($self, $name, %args) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);

	$node->init(@{ $args{init} // [] });
	$node->append_conf('postgresql.conf', <<"CONF");
poc_barman.url = 'unix:$self->{home}/sidecar'
poc_barman.token_file = '$self->{home}/token'
poc_barman.timeout = '5min'
CONF
	$node->append_conf('postgresql.conf', $args{conf} // '');
	$node->start;
	$node->safe_psql('postgres', 'CREATE EXTENSION poc_barman');
	return $node;
}

# What an instance answers to these queries, as its superuser; undef if it does not run.
sub ask_instance
{
	my ($self, $instance, @queries) = @_;
	my $socket = "$self->{home}/instances/$instance/socket";
	my ($port) = map { /\.s\.PGSQL\.(\d+)$/ } glob("$socket/.s.PGSQL.*");
	my ($out, $err) = ('', '');

	return if !defined $port;
	IPC::Run::run([ 'psql', '-XAtq', '-h', $socket, '-p', $port, '-d', 'postgres', map { ('-c', $_) } @queries ],
		'<', \undef, '>', \$out, '2>', \$err);
	chomp($out);
	return $out . $err;
}

# Restores to an instance, as a node asks for it, and removes that: what it answers to a query or "none", these columns
# of the restore, and what was said.
sub restored
{
	my ($self, $node, $arguments, $columns, $query, $database) = @_;
	my (undef, $row, $said) = $node->psql($database // 'postgres', "SELECT $columns FROM poc_restore('one', $arguments)");
	my $answer = $self->ask_instance('one', $query) // 'none';

	$node->safe_psql('postgres', "SELECT poc_drop_instance('one')");
	return ($answer, $row, $said);
}

# What the programs of PostgreSQL do for Barman: good, old or fail.
sub mode { my ($self, $mode) = @_; return $self->write('mode', "$mode\n"); }

# Barman's configuration, with more lines for the server.
sub configure
{
	my ($self, $more) = @_;
	my ($home, $node) = @$self{qw(home node)};

	system_or_bail("$docker/barman/configure", "$home/barman", scalar(getpwuid($<)), "$home/barman", "$home/barman.log",
		$node->host, $node->port, "$home/bin", '/dev/null');
	open(my $file, '>>', "$home/barman/barman.d/postgres1.conf") or die "postgres1.conf: $!";
	print $file $more // '';
	close($file);
	return;
}

# Starts the sidecar, with more options perhaps, and below another program;
# returns when it answers.  With small_disk, in a name space where a directory
# of Barman's is a tmpfs of that many MB, full but for half of one.
sub start
{
	my ($self, %args) = @_;
	my $home = $self->{home};
	# apart from those of tests that run at the same time
	my $port = 20000 + $self->{owner} % 240 * 50;

	$self->{pid} = fork() // die "fork: $!";
	if (!$self->{pid})
	{
		open(STDIN, '<', '/dev/null');
		open(STDOUT, '>>', "$home/sidecar.log");
		open(STDERR, '>&', \*STDOUT);
		my @where;
		@where = ('unshare', '-Urm', 'sh', '-c', <<"SH", 'sh', "$home/barman/postgres1/incoming", $args{small_disk}, $<, $() if $args{small_disk};
mount -t tmpfs -o "size=\$2m,mode=1777" small "\$1" && head -c "\$((\$2 * 1048576 - 524288))" /dev/zero > "\$1/filler" || exit
uid=\$3 gid=\${4%% *}; shift 4
exec unshare -U --map-user="\$uid" --map-group="\$gid" "\$@"
SH
		exec(@{ $args{below} // [] }, @where, $self->{sidecar}, '--listen', $self->{listen}, '--token-file', "$home/token", '--token-file', "destroy=$home/token_that_destroys", '--state-dir', "$home/jobs",
			'--barman-config', "$home/barman/barman.conf", '--cron-interval', $args{cron_interval} // 30, '--max-backups-per-hour', '0',
			'--instance-ports', $port . '-' . ($port + 49), @{ $args{options} // [] })
		  or POSIX::_exit(1);
	}
	wait_until(sub { -S "$home/sidecar" || ($self->{listen} !~ /^unix:/ && IO::Socket::INET->new($self->{listen})) }) or die 'the sidecar does not start: ' . slurp_file("$home/sidecar.log");
	return;
}

sub stop
{
	my ($self, $signal) = @_;
	return if !$self->{pid} || $self->{owner} != $$;
	kill($signal // 'TERM', $self->{pid});
	waitpid($self->{pid}, 0);
	$self->{pid} = undef;
	unlink("$self->{home}/sidecar");
	return;
}

# Runs Barman, or any command of the shell as Barman's user would.
sub run
{
	my ($self, $command) = @_;
	my $node = $self->{node};

	local $ENV{BARMAN_CONFIG_FILE} = "$self->{home}/barman/barman.conf";
	local @ENV{qw(PGHOST PGPORT PGDATABASE)} = ($node->host, $node->port, 'postgres');
	my ($out, $err);
	IPC::Run::run([ 'bash', '-c', $command ], '<', \undef, '>', \$out, '2>', \$err, IPC::Run::timeout(180));
	return "$out$err";
}

# What the sidecar answers, with the lines above it.
sub get
{
	my ($self, $path) = @_;
	my $socket = IO::Socket::UNIX->new("$self->{home}/sidecar") or return "no connection: $!";

	print {$socket} "GET $path HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer secret\r\nConnection: close\r\n\r\n";
	local $/;
	return scalar(readline($socket)) // '';
}

# The processes of Barman's own receiver, and those that copy for a backup
sub receivers { my ($self) = @_; return $self->processes(qr/receive-?wal/); }
sub copiers { my ($self) = @_; return $self->processes(qr/pg_basebackup/); }

sub processes
{
	my ($self, $pattern) = @_;
	my @pids;

	for my $path (glob('/proc/[0-9]*/cmdline'))
	{
		open(my $file, '<', $path) or next;
		my $arguments = join('', <$file>) // '';
		push @pids, $path =~ m{/proc/(\d+)/} if $arguments =~ m{\Q$self->{home}\E/barman} && $arguments =~ $pattern;
	}
	return grep { $_ != $$ } @pids;
}

sub stop_receiver
{
	my ($self) = @_;
	return wait_until(sub { kill('KILL', $self->receivers); !$self->receivers });
}

sub write
{
	my ($self, $name, $text, $mode) = @_;
	my $path = "$self->{home}/$name";

	open(my $file, '>', $path) or die "$path: $!";
	print $file $text;
	close($file);
	chmod($mode // 0644, $path);
	return;
}

sub DESTROY
{
	my ($self) = @_;
	local ($?, $@);

	return if $self->{owner} != $$;
	$self->stop;
	kill('KILL', $self->receivers);
	return;
}

1;
