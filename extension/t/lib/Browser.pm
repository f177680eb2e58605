# Browser.pm: a real browser, by the protocol of WebDriver: Debian's chromium-driver, asked with what Perl brings along.

package Browser;

use strict;
use warnings;

use HTTP::Tiny;
use IPC::Run;
use JSON::PP;
use MIME::Base64 qw(decode_base64);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;

use PocTest;

my $ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';

my %keys = (
	ArrowLeft => 0xE012, ArrowUp => 0xE013, ArrowRight => 0xE014, ArrowDown => 0xE015, Enter => 0xE007, Escape => 0xE00C,
	Home => 0xE011, End => 0xE010, PageUp => 0xE00E, PageDown => 0xE00F, Tab => 0xE004);

# A browser without a window, of this size; dark or light, as its reader would prefer.
sub new
{
	my ($class, %args) = @_;
	my $home = PostgreSQL::Test::Utils::tempdir_short();
	my $port = PostgreSQL::Test::Cluster::get_free_port();
	my $self = bless { home => $home, owner => $$, http => HTTP::Tiny->new(timeout => 300), url => "http://127.0.0.1:$port" }, $class;

	# its profile and caches go nowhere else
	local @ENV{qw(HOME XDG_CONFIG_HOME XDG_CACHE_HOME TMPDIR)} = ($home) x 4;
	$self->{driver} = IPC::Run::start([ 'chromedriver', "--port=$port" ], '<', \undef, '>', "$home/driver.log", '2>&1');
	wait_until(sub { $self->{http}->get("$self->{url}/status")->{success} }) or die 'chromedriver does not start: ' . slurp_file("$home/driver.log");
	my $session = $self->call(POST => '', {
			capabilities => { alwaysMatch => {
					'goog:loggingPrefs' => { browser => 'ALL' },
					'goog:chromeOptions' => { args => [
							# containers have no name spaces for its sandbox, and what it shows is ours
							'--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--hide-scrollbars',
							'--force-color-profile=srgb', '--no-first-run', '--disable-background-networking', "--user-data-dir=$home/profile",
							@{ $args{options} // [] } ] } } } });
	$self->{url} .= "/session/$session->{sessionId}";
	# a busy machine draws few pictures a second
	$self->call(POST => '/timeouts', { script => 300_000 });
	return $self;
}

# One command of the protocol; dies if the browser refuses it.
sub call
{
	my ($self, $method, $path, $body) = @_;
	my $url = $self->{url} =~ m{/session/} ? "$self->{url}$path" : "$self->{url}/session";
	my %request = $body ? (headers => { 'Content-Type' => 'application/json' }, content => JSON::PP->new->utf8->encode($body)) : ();
	my $answer = $self->{http}->request($method, $url, \%request);
	my $value = eval { JSON::PP->new->utf8->decode($answer->{content})->{value} };

	die "$method $path: $answer->{status} $answer->{content}" if !$answer->{success};
	return $value;
}

sub visit { my ($self, $address) = @_; return $self->call(POST => '/url', { url => $address }); }

# What a function body returns in the page
sub run
{
	my ($self, $script, @arguments) = @_;
	return $self->call(POST => '/execute/sync', { script => $script, args => \@arguments });
}

# The same of one that calls its last argument when it has finished
sub run_async
{
	my ($self, $script, @arguments) = @_;
	return $self->call(POST => '/execute/async', { script => $script, args => \@arguments });
}

# The text of the page, or of the first element that a selector finds; '' if there is none
sub text
{
	my ($self, $selector) = @_;
	return $self->run('const found = document.querySelector(arguments[0]); return found ? found.innerText : ""', $selector // 'body');
}

# Waits until that text is so.
sub shows
{
	my ($self, $pattern, $selector) = @_;
	return wait_until(sub { $self->text($selector) =~ $pattern });
}

sub find
{
	my ($self, $selector) = @_;
	return $self->call(POST => '/element', { using => 'css selector', value => $selector })->{$ELEMENT};
}

sub click { my ($self, $selector) = @_; return $self->call(POST => '/element/' . $self->find($selector) . '/click', {}); }

sub type
{
	my ($self, $selector, $text) = @_;
	return $self->call(POST => '/element/' . $self->find($selector) . '/value', { text => $text });
}

sub clear { my ($self, $selector) = @_; return $self->call(POST => '/element/' . $self->find($selector) . '/clear', {}); }

# Presses keys, by their names or as they are, where the focus is.
sub press
{
	my ($self, @names) = @_;
	my @actions = map { my $key = $keys{$_} ? chr($keys{$_}) : $_; ({ type => 'keyDown', value => $key }, { type => 'keyUp', value => $key }) } @names;
	return $self->call(POST => '/actions', { actions => [ { type => 'key', id => 'keyboard', actions => \@actions } ] });
}

# Moves the mouse to a part of an element's width and height, and clicks there if it is told to.
sub point
{
	my ($self, $selector, $x, $y, $click) = @_;
	my $box = $self->run('const box = document.querySelector(arguments[0]); box.scrollIntoView({block: "center"}); const r = box.getBoundingClientRect(); return [r.left, r.top, r.width, r.height]', $selector);
	my @actions = ({ type => 'pointerMove', duration => 0, x => int($box->[0] + $box->[2] * $x), y => int($box->[1] + $box->[3] * $y) });

	push @actions, { type => 'pointerDown', button => 0 }, { type => 'pointerUp', button => 0 } if $click;
	return $self->call(POST => '/actions', { actions => [ { type => 'pointer', id => 'mouse', actions => \@actions } ] });
}

# What it has complained of since it was asked last
sub complaints
{
	my ($self) = @_;
	return map { $_->{message} } @{ $self->call(POST => '/se/log', { type => 'browser' }) };
}

# The size of what it shows, and whether its reader prefers the dark
sub look
{
	my ($self, $width, $height, $scheme) = @_;
	$self->devtools('Emulation.setDeviceMetricsOverride', { width => $width, height => $height, deviceScaleFactor => 1, mobile => $width < 600 ? JSON::PP::true : JSON::PP::false });
	$self->devtools('Emulation.setEmulatedMedia', { features => [ { name => 'prefers-color-scheme', value => $scheme // 'light' } ] });
	return;
}

sub devtools
{
	my ($self, $command, $parameters) = @_;
	return $self->call(POST => '/goog/cdp/execute', { cmd => $command, params => $parameters // {} });
}

sub picture
{
	my ($self, $path) = @_;
	open(my $file, '>:raw', $path) or die "$path: $!";
	print $file decode_base64($self->call(GET => '/screenshot'));
	close($file);
	return;
}

sub DESTROY
{
	my ($self) = @_;
	local ($?, $@);

	return if $self->{owner} != $$ || !$self->{driver};
	eval { $self->call(DELETE => '') } if $self->{url} =~ m{/session/};
	$self->{driver}->kill_kill(grace => 5);
	$self->{driver} = undef;
	return;
}

1;
