# RealSidecar.pm: a barman-sidecar of the test's own, over the Barman of the
# stack that runs ("docker/stack env" tells where its parts are).

package RealSidecar;

use strict;
use warnings;

use Time::HiRes qw(time sleep);

# Why there can be none, if so.
sub missing
{
	for my $name (qw(POC_SIDECAR POC_BARMAN_CONFIG POC_HOME))
	{
		return "$name is not set: these tests need a stack that runs (make check has one)"
		  if !defined $ENV{$name};
	}
	return "there is no $ENV{POC_SIDECAR}" if !-x $ENV{POC_SIDECAR};
	return;
}

# new(dir => its directory, token => the token it asks for)
sub new
{
	my ($class, %args) = @_;
	my $self = bless { port => 0, %args }, $class;

	mkdir("$self->{dir}/state");
	open(my $file, '>', "$self->{dir}/token") or die "$self->{dir}/token: $!";
	print $file "$self->{token}\n";
	close($file);
	chmod(0600, "$self->{dir}/token");
	$self->start;
	return $self;
}

sub url { return "http://127.0.0.1:$_[0]->{port}"; }
sub token_file { return "$_[0]->{dir}/token"; }

# At its first start it chooses a port; later it takes the same.
sub start
{
	my ($self) = @_;
	my $log = "$self->{dir}/sidecar." . ++$self->{starts} . '.log';

	$self->{owner} = $$;
	$self->{pid} = fork() // die "fork: $!";
	if (!$self->{pid})
	{
		# Barman finds the passwords of its roles in this home
		local %ENV = %ENV;
		$ENV{HOME} = $ENV{POC_HOME};
		delete @ENV{ grep { /^PG/ } keys %ENV };
		open(STDOUT, '>', $log) or die "$log: $!";
		open(STDERR, '>&', \*STDOUT);
		exec($ENV{POC_SIDECAR}, '--listen', "127.0.0.1:$self->{port}",
			'--token-file', $self->token_file, '--state-dir', "$self->{dir}/state",
			'--barman-config', $ENV{POC_BARMAN_CONFIG}, '--cron-interval', '0', '--max-backups-per-hour', '0');
	}

	my $end = time + 20;
	while (time < $end)
	{
		open(my $file, '<', $log) or next;
		local $/;
		if (<$file> =~ /msg="?listening"? .*address="?127\.0\.0\.1:(\d+)/)
		{
			$self->{port} = $1;
			return;
		}
	}
	continue { sleep 0.1; }
	die "the sidecar does not start, see $log";
}

sub stop
{
	my ($self, $signal) = @_;
	return if !$self->{pid} || $self->{owner} != $$;
	kill($signal // 'TERM', $self->{pid});
	waitpid($self->{pid}, 0);
	$self->{pid} = undef;
}

sub DESTROY { local $?; $_[0]->stop; }

1;
