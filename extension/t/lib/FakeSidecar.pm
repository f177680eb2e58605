# FakeSidecar.pm: an HTTP server that misbehaves on purpose.
#
# What it does to a request is told by the request itself: the name of the
# server in /v1/servers/NAME/..., or the job in /v1/jobs/NAME, is the name of a
# fault below.  It writes down each request, so that a test can see what came.

package FakeSidecar;

use strict;
use warnings;

use IO::Socket::INET;
use IO::Socket::UNIX;
use POSIX ();
use Time::HiRes qw(sleep);

# new(dir => where to write, unix => 1 for a Unix-domain socket,
#     token => the one to ask for, port => one to take again,
#     answers => { path, with or without its query => the body to answer with })
sub new
{
	my ($class, %args) = @_;
	my $self = bless {%args}, $class;

	$self->{number} = ++$FakeSidecar::count;
	$self->{log} = "$args{dir}/requests.$self->{number}";
	open(my $log, '>', $self->{log}) or die "$self->{log}: $!";
	close($log);

	if ($args{unix})
	{
		my $path = "$args{dir}/s.$self->{number}";
		$self->{socket} = IO::Socket::UNIX->new(Local => $path, Listen => 50)
		  or die "$path: $!";
		$self->{url} = "unix:$path";
	}
	else
	{
		$self->{socket} = IO::Socket::INET->new(
			LocalAddr => '127.0.0.1',
			LocalPort => $args{port} // 0,
			ReuseAddr => 1,
			Listen => 50) or die "listen: $!";
		$self->{port} = $self->{socket}->sockport;
		$self->{url} = "http://127.0.0.1:$self->{port}";
	}
	$self->start;
	return $self;
}

sub url { return $_[0]->{url}; }

# The requests so far, each "METHOD /path", and each connection as "CONNECT";
# the key of a request follows it, as "KEY key /path".
sub requests
{
	my ($self) = @_;
	open(my $log, '<', $self->{log}) or die "$self->{log}: $!";
	chomp(my @lines = <$log>);
	return @lines;
}

sub start
{
	my ($self) = @_;
	my $owner = $$;

	$self->{owner} = $owner;
	$self->{pid} = fork() // die "fork: $!";
	return if $self->{pid};

	# a process group of its own, to be ended as a whole
	POSIX::setpgid(0, 0);
	$SIG{CHLD} = 'IGNORE';
	$SIG{PIPE} = 'IGNORE';
	while (1)
	{
		my $client = $self->{socket}->accept or next;
		if (!fork())
		{
			$self->{socket}->close;
			alarm(120);
			$self->serve($client);
			POSIX::_exit(0);
		}
		close($client);
	}
}

sub stop
{
	my ($self) = @_;
	return if !$self->{pid} || $self->{owner} != $$;
	kill('KILL', -$self->{pid}, $self->{pid});
	waitpid($self->{pid}, 0);
	$self->{socket}->close;
	$self->{pid} = undef;
}

sub DESTROY { local $?; $_[0]->stop; }

# ---- below here runs in a process for each connection ----

sub serve
{
	my ($self, $client) = @_;

	$client->autoflush(1);
	$self->note_down('CONNECT');
	while (defined(my $line = <$client>))
	{
		my ($method, $path) = $line =~ m{^(\w+) (\S+) HTTP/1\.1\r?$} or return;
		my ($length, $token, $key) = (0, '', undef);
		while (defined(my $header = <$client>))
		{
			last if $header =~ /^\r?$/;
			$length = $1 if $header =~ /^content-length: *(\d+)/i;
			$token = $1 if $header =~ /^authorization: bearer (\S+)\r?$/i;
			$key = $1 if $header =~ /^idempotency-key: (\S+)\r?$/i;
		}
		my $body = '';
		read($client, $body, $length) if $length;

		$self->note_down("$method $path");
		if (defined $self->{token} && $token ne $self->{token})
		{
			answer($client, '401 Unauthorized',
				'{"error":{"code":"unauthorized","message":"wrong or missing token","detail":null,"hint":null}}');
			next;
		}
		if (defined $key)
		{
			$self->note_down("KEY $key $path");
			my @sent = grep { /^KEY $key / } $self->requests;
			$self->{times} = @sent;
		}
		$self->route($client, $method, $path) or return;
	}
}

sub note_down
{
	my ($self, $line) = @_;
	open(my $log, '>>', $self->{log}) or die "$self->{log}: $!";
	print $log "$line\n";
	close($log);
}

sub answer
{
	my ($client, $status, $body, %headers) = @_;
	%headers = (
		'Content-Type' => 'application/json',
		'Content-Length' => length($body),
		%headers);
	print $client "HTTP/1.1 $status\r\n",
	  (map { defined $headers{$_} ? "$_: $headers{$_}\r\n" : '' } sort keys %headers),
	  "\r\n", $body;
	return 1;
}

my $good = '{"backups":[{"server":"s","backup_id":"20261122T061022","status":"DONE","size":1}]}';

# Each returns true when the connection can be used again.
my %faults = (
	good => sub { answer($_[0], '200 OK', $good) },
	typed => sub { answer($_[0], '200 OK', $good, 'Content-Type' => 'Application/JSON; charset=utf-8') },
	long => sub { answer($_[0], '200 OK', '{"backups":[' . '{"server":"s","status":"[{"},' x 5000
		. '{"server":"s","status":"DONE"}]}') },
	chunked => sub {
		my ($client) = @_;
		print $client "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
		printf $client "%x\r\n%s\r\n", length($_), $_ for $good =~ /(.{1,7})/g;
		print $client "0\r\n\r\n";
		return 1;
	},
	silent => sub { sleep 60 },
	slow_headers => sub {
		my ($client) = @_;
		print $client "HTTP/1.1 200 OK\r\n";
		for (1 .. 600) { print $client "X-$_: 1\r\n"; sleep 0.1; }
	},
	slow_drip => sub {
		my ($client) = @_;
		print $client "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n";
		for (1 .. 600) { print $client ' '; sleep 0.1; }
	},
	close_at_once => sub { return 0 },
	close_in_headers => sub { my ($client) = @_; print $client "HTTP/1.1 200 OK\r\nContent-Ty"; return 0 },
	too_short => sub { answer($_[0], '200 OK', $good, 'Content-Length' => 5000); return 0 },
	cut => sub { answer($_[0], '200 OK', substr($good, 0, 40)) },
	garbage => sub { my ($client) = @_; print $client "\x16\x03\x01 what is HTTP?\n\n"; return 0 },
	bad_chunks => sub {
		my ($client) = @_;
		print $client "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n{}\r\n";
		return 0;
	},
	long_header => sub {
		my ($client) = @_;
		print $client "HTTP/1.1 200 OK\r\nX: ", 'x' x 1_000_000, "\r\nContent-Length: 2\r\n\r\n{}";
		return 0;
	},
	many_headers => sub {
		my ($client) = @_;
		print $client "HTTP/1.1 200 OK\r\n", "X-Filler: 0123456789\r\n" x 10_000, "Content-Length: 2\r\n\r\n{}";
		return 0;
	},
	large => sub { answer($_[0], '200 OK', '{"backups":["' . 'x' x 10_000_000 . '"]}') },
	large_unannounced => sub {
		my ($client) = @_;
		print $client "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n";
		print $client '{"backups":["', 'x' x 10_000_000, '"]}';
		return 0;
	},
	endless => sub {
		my ($client) = @_;
		print $client "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{\"a\":\"";
		while (print $client 'x' x 65536) { }
		return 0;
	},
	error_500 => sub { answer($_[0], '500 Internal Server Error', '<html>oops</html>', 'Content-Type' => 'text/html') },
	error_502 => sub { answer($_[0], '502 Bad Gateway',
		'{"error":{"code":"barman_failed","message":"barman list-backups failed","detail":"ERROR: disk is on fire","hint":"Fetch water."}}') },
	error_404 => sub { answer($_[0], '404 Not Found',
		'{"error":{"code":"unknown_server","message":"unknown server","detail":null,"hint":null}}') },
	error_409 => sub { answer($_[0], '409 Conflict', '{"error":{"code":"backup_running","message":"a backup runs"}}') },
	error_413 => sub { answer($_[0], '413 Content Too Large', '{"error":{"code":"too_large","message":"too large"}}') },
	error_422 => sub { answer($_[0], '422 Unprocessable Content', '{"error":{"code":"unsupported_by_barman","message":"Barman 3.11 is needed"}}') },
	error_429 => sub { answer($_[0], '429 Too Many Requests', '{"error":{"code":"too_many_requests","message":"slow down"}}') },
	error_503 => sub { answer($_[0], '503 Service Unavailable', '{"error":{"code":"shutting_down","message":"shutting down"}}') },
	error_504 => sub { answer($_[0], '504 Gateway Timeout', '{"error":{"code":"barman_timeout","message":"barman took too long"}}') },
	error_418 => sub { answer($_[0], '418 Teapot', 'short and stout', 'Content-Type' => 'text/plain') },
	error_shape => sub { answer($_[0], '400 Bad Request', '{"oops":[]}') },
	redirect => sub { answer($_[0], '302 Found', $good, 'Location' => 'file:///etc/passwd') },
	html => sub { answer($_[0], '200 OK', '<html>It works!</html>', 'Content-Type' => 'text/html') },
	untyped => sub { answer($_[0], '200 OK', $good, 'Content-Type' => undef) },
	typed_oddly => sub { answer($_[0], '200 OK', $good, 'Content-Type' => "text/\x1b[31m\xc2\x9b\xe2\x80\xae") },
	coded_oddly => sub { answer($_[0], '200 OK', $good, 'Content-Encoding' => "\x1b[31m\xc2\x9b\xe2\x80\xae") },
	gzip => sub { answer($_[0], '200 OK', "\x1f\x8b\x08\x00\x00\x00\x00\x00", 'Content-Encoding' => 'gzip') },
	nul => sub { answer($_[0], '200 OK', "{\"backups\":[]\0}") },
	escaped_nul => sub { answer($_[0], '200 OK', '{"backups":[{"name":"\u0000"}]}') },
	bad_utf8 => sub { answer($_[0], '200 OK', "{\"backups\":[{\"name\":\"\xff\xfe\"}]}") },
	deep => sub { answer($_[0], '200 OK', '{"backups":' . '[' x 100_000 . ']' x 100_000 . '}') },
	not_json => sub { answer($_[0], '200 OK', "backups: none\n") },
	empty => sub { answer($_[0], '200 OK', '') },
	array => sub { answer($_[0], '200 OK', '[]') },
	no_list => sub { answer($_[0], '200 OK', '{"backups":{}}') },
	accents => sub { answer($_[0], '200 OK', qq({"backups":[{"status":"d\xc3\xa9j\xc3\xa0"}]})) },
	unready => sub { answer($_[0], '200 OK', '{"checks":[{"server":"s","check_name":"postgresql","ok":true,"hint":""},'
		. '{"server":"s","check_name":"wal_archive","ok":false,"hint":"please make sure WAL shipping is setup"},'
		. '{"server":"s","check_name":"replication_slot","ok":false,"hint":""}]}') },
	complaining => sub { answer($_[0], '200 OK', '{"checks":[{"server":"s","check_name":"postgresql","ok":true,"hint":""},'
		. '{"server":"s","check_name":"failed_backups","ok":false,"hint":"there are 2 failed backups"}]}') },
	truncated => sub { answer($_[0], '200 OK', '{"files":[{"name":"a","bytes":1,"is_directory":false}],"truncated":true}') },
);

sub fault_names { return sort keys %faults; }

sub job
{
	my ($id, $state, %more) = @_;
	my $needs = $more{needs} ? '"wal"' : 'null';
	my $error = $more{error} // 'null';
	my $result = $more{result} // 'null';
	return qq({"id":"$id","kind":"backup","server":"s","state":"$state","phase":"copying","needs":$needs,)
	  . qq("created":"2026-11-22T06:10:22Z","started":null,"ended":null,"elapsed_seconds":1.5,"log_lines":1,"progress":null,)
	  . qq("result":$result,"error":$error});
}

my $log = '[{"n":1,"at":"2026-11-22T06:10:22Z","level":"info","text":"Starting backup"},'
  . '{"n":2,"at":"2026-11-22T06:10:22Z","level":"warning","text":"It rains"}]';

# What GET /v1/jobs/NAME?after=N&wait=S answers, by NAME.
my %jobs = (
	endless => sub { my ($c, $after, $wait) = @_; sleep $wait if $after >= 2; job('endless', 'running') },
	deaf => sub { my ($c, $after, $wait) = @_; sleep $wait if $after >= 2; job('deaf', 'running') },
	wal => sub { my ($c, $after, $wait) = @_; sleep $wait; job('wal', 'running', needs => 1) },
	good => sub { job('good', 'done', result => '{"backup":{"backup_id":"20261122T061022","type":"full","status":"DONE","size":42}}') },
	failed => sub { job('failed', 'failed', error => '{"code":"barman_failed","message":"the backup failed","detail":"pg_basebackup: no space","hint":null}') },
	late => sub { job('late', 'done', result => '{"wal_file":"000000010000000000000001","archived":false,"elapsed_seconds":1}') },
	lost => sub { job('lost', 'lost') },
	cancelled => sub { job('cancelled', 'cancelled') },
);

# Lists in parts that have no end: of copies of receipts, and of lines of a log.  What the server is called tells how:
# "stuck" sends the same again and again, "slow" takes its time.
sub endless_receipts
{
	my ($client, $server, $after) = @_;
	my $place = $server eq 'stuck' ? 1 : $after + 1;
	my $hash = '0' x 64;

	sleep 0.2 if $server eq 'slow';
	return answer($client, '200 OK', qq({"receipts":[{"n":$place,"chain":"1/2/3","kind":"drill","text":"{}","previous":"$hash","hash":"$hash",)
		. qq("received":"2026-11-22T06:10:22Z","place":$place}],"more":true}));
}

sub endless_log
{
	my ($client, $job, $after) = @_;
	my $n = $job eq 'stuck' ? 1 : $after + 1;

	return answer($client, '200 OK', '{"job":' . job($job, $job eq 'chatty' ? 'running' : 'done')
		. qq(,"log":[{"n":$n,"at":"2026-11-22T06:10:22Z","level":"info","text":"line $n"}],"more":true}));
}

sub route
{
	my ($self, $client, $method, $path) = @_;

	if ($path =~ m{^/v1/servers/(more|stuck|slow)/receipts/(\d+)$})
	{
		return endless_receipts($client, $1, $2);
	}
	if ($path =~ m{^/v1/jobs/(more|stuck|chatty)\?after=(\d+)})
	{
		return endless_log($client, $1, $2);
	}
	if ($method eq 'POST' && $path =~ m{^/v1/servers/(\w+)/receipts$} && !$self->{answers}{$path})
	{
		return $faults{$1} ? $faults{$1}->($client) : answer($client, '200 OK', '{"receipt":{"hash":"h","kept":0}}');
	}

	if (defined(my $body = $self->{answers}{$path} // $self->{answers}{ $path =~ s/\?.*//r }))
	{
		return answer($client, '200 OK', $body);
	}
	if ($path eq '/healthz')
	{
		return answer($client, '200 OK', '{"status":"ok","version":"1.0","barman_version":"3.13.3","uptime_seconds":12.5}');
	}
	if ($path eq '/v1/servers')
	{
		my @names = @{ $self->{servers} // ['good'] };
		return answer($client, '200 OK',
			'{"servers":[' . join(',', map { qq({"server":"$_","description":"d","state":"active"}) } @names) . ']}');
	}

	if ($path eq '/v1/cron')
	{
		return answer($client, '202 Accepted', '{"job":' . job('good', 'running') . '}');
	}

	# a job whose answer gets lost on its way, the first time or always
	if ($method ne 'GET' && $path =~ m{^/v1/(?:servers|instances)/(unheard|cut|never|garbled)\b})
	{
		my $fault = { unheard => 'close_at_once', cut => 'too_short', never => 'silent', garbled => 'not_json' }->{$1};
		return $faults{$fault}->($client) if $self->{times} < 2;
		return answer($client, '202 Accepted', '{"job":' . job('good', 'running') . '}');
	}

	# a job: POST starts one whose name is the server's; then it is polled
	if ($method eq 'POST' && $path =~ m{^/v1/servers/(\w+)/(backups|switch-wal)$})
	{
		my $fault = $faults{$1};
		return $fault->($client) if $fault && !$jobs{$1};
		return answer($client, '202 Accepted', '{"job":' . job($1, 'running') . '}');
	}
	if ($method eq 'POST' && $path =~ m{^/v1/jobs/(\w+)/cancel$})
	{
		return answer($client, '202 Accepted', '{"job":' . job($1, 'running') . '}');
	}
	if ($method eq 'POST' && $path =~ m{^/v1/keys/(\w+)/cancel$})
	{
		sleep 60 if grep { m{^KEY $1 /v1/servers/deaf} } $self->requests;
		return answer($client, '200 OK', '{"job":null}');
	}
	if ($path =~ m{^/v1/jobs/(\w+)(?:\?after=(\d+)&wait=(\d+))?$} && $jobs{$1})
	{
		my ($after, $wait) = ($2 // 0, $3 // 0);
		my $job = $jobs{$1}->($client, $after, $wait);
		return answer($client, '200 OK',
			"{\"job\":$job,\"log\":" . ($after >= 2 ? '[]' : $log) . '}');
	}

	# of a server that is no standby, and not new
	if ($path =~ m{^/v1/servers/\w+/archive$})
	{
		return answer($client, '200 OK', '{"archive":{"oldest_wal":"000000010000000000000001","newest_wal":"000000010000000000000001","in_recovery":false,"system_identifier":null}}');
	}
	if ($path =~ m{^/v1/servers/(\w+)/} && $faults{$1})
	{
		return $faults{$1}->($client);
	}
	return answer($client, '404 Not Found',
		'{"error":{"code":"not_found","message":"nothing here","detail":null,"hint":null}}');
}

1;
