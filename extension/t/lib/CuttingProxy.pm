# CuttingProxy.pm: stands between PostgreSQL and a sidecar, and cuts the
# connection of one request that starts a backup, at a chosen moment.

package CuttingProxy;

use strict;
use warnings;

use IO::Socket::UNIX;
use POSIX ();
use Time::HiRes qw(sleep);

# new(listen => path of its socket, connect => path of the sidecar's)
sub new
{
	my ($class, %args) = @_;
	my $self = bless { %args, owner => $$ }, $class;
	my $socket = IO::Socket::UNIX->new(Local => $args{listen}, Listen => 20) or die "$args{listen}: $!";

	$self->{pid} = fork() // die "fork: $!";
	return $self if $self->{pid};

	POSIX::setpgid(0, 0);
	$SIG{CHLD} = $SIG{PIPE} = 'IGNORE';
	while (1)
	{
		my $client = $socket->accept or next;
		if (!fork())
		{
			alarm(120);
			$self->serve($client);
			POSIX::_exit(0);
		}
		close($client);
	}
}

# The next backup that is asked for is cut at this moment: before the sidecar
# gets the request ("request"), or before ("answer") or amid ("half") its answer;
# or the answer is held back ("hold").
sub cut
{
	my ($self, $moment) = @_;
	open(my $file, '>', "$self->{listen}.$moment") or die "$self->{listen}.$moment: $!";
	close($file);
	return;
}

# Whether that has happened
sub has_cut { my ($self, $moment) = @_; return !-e "$self->{listen}.$moment"; }

sub serve
{
	my ($self, $client) = @_;

	while (1)
	{
		my $request = message($client) or return;
		my ($moment) = $request =~ m{^POST \S+/backups } ? grep { unlink("$self->{listen}.$_") } qw(request answer half) : ();
		my $held = $request =~ m{^POST \S+/backups } && -e "$self->{listen}.hold";
		return if ($moment // '') eq 'request';

		# a sidecar that does not listen has refused the connection
		my $sidecar = IO::Socket::UNIX->new(Peer => $self->{connect}) or return;
		print $sidecar $request;
		$sidecar->flush;
		my $answer = message($sidecar) or return;
		if ($held)
		{
			unlink("$self->{listen}.hold");
			sleep 60;
		}
		return if ($moment // '') eq 'answer';
		$answer = substr($answer, 0, length($answer) / 2) if ($moment // '') eq 'half';
		print $client $answer;
		$client->flush;
		return if defined $moment;
	}
}

# A request or an answer, with its body
sub message
{
	my ($from) = @_;
	my ($text, $length) = ('', 0);

	while (defined(my $line = <$from>))
	{
		$text .= $line;
		$length = $1 if $line =~ /^content-length: *(\d+)/i;
		last if $line =~ /^\r?$/;
	}
	return if $text !~ /\r\n\r\n$/;
	read($from, my $body, $length) if $length;
	return $text . ($body // '');
}

sub stop
{
	my ($self) = @_;
	return if !$self->{pid} || $self->{owner} != $$;
	kill('KILL', -$self->{pid}, $self->{pid});
	waitpid($self->{pid}, 0);
	$self->{pid} = undef;
	return;
}

sub DESTROY { local $?; $_[0]->stop; return; }

1;
