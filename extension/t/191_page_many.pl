# The page in a real browser with many servers, many backups and names that attack: it stays whole, fast and readable, on
# a desk and on a phone, by day and by night.  POC_PICTURES names a directory that keeps pictures of all views.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Utils;
use Test::More;

use Browser;
use PageTest;
use PocTest;
use SimulatedBarman;

my $attack = '<img src=x onerror="window.pwned=1">';
my $now = time - time % 3600;
my $barman = SimulatedBarman->new;

# ---- 50 servers of 30 days: a full backup a week, incrementals on it and on each other ----
for my $n (1 .. 50)
{
	my (@backups, $full);

	for my $day (reverse 0 .. 29)
	{
		my $whole = $day % 7 == 1 || !$full;
		my %backup = (
			begin => $now - $day * 86400 - 7200 - $n * 60, seconds => $whole ? 1500 : 240, wal => 3e9,
			size => $whole ? 40e9 + $n * 1e9 : 4e8 + 1e9 * ($day % 4), type => $whole ? 'full' : 'incremental',
			parent => $whole ? undef : $day % 3 ? $backups[-1] : $full);
		$backup{status} = 'FAILED' if $n % 9 == 0 && $day == 0;
		$backup{status} = 'WAITING_FOR_WALS' if $n == 3 && $day == 0;
		$backup{name} = $attack if $n == 7 && $day == 0;
		push @backups, \%backup;
		$full = \%backup if $whole;
	}
	$barman->server(sprintf('s%02d', $n), backups => \@backups, description => $n == 7 ? $attack : "Orders, region $n",
		checks => $n % 11 ? {} : { backup_maximum_age => $n == 22 ? $attack : 'interval provided: 1 day, latest backup age: 2 days' },
		segments => [ map { [ 1000 + $_, $now - 30 * 86400 + $_ * 10800 ] } grep { $n != 3 || $_ < 100 || $_ >= 113 } 0 .. 239 ]);
}

# ---- one of 10,000 backups ----
$barman->server('zz-huge', backups => [ map { { begin => $now - (10_000 - $_) * 3600, seconds => 60, size => 1e9 + 1e5 * $_ } } 0 .. 9_999 ]);

# ---- a month of drills, and a job that failed ----
for my $day (0 .. 29)
{
	my $ok = $day == 5 ? JSON::PP::false : JSON::PP::true;

	$barman->job(kind => 'drill', server => 's03', created => $now - $day * 86400, seconds => 500, result => {
			ok => $ok, restore_seconds => 300 + 3 * $day, recovery_seconds => 60 + $day % 5, bytes => 41e9, tables => 12, backup_id => '20261101T000000',
			recovered_time => SimulatedBarman::iso($now - $day * 86400 - 120 - 10 * ($day % 4)),
			steps => [ { step => 'compare', ok => $ok, detail => "table \"orders\" differs $attack" } ] });
}
my $failed = $barman->job(kind => 'backup', server => 's09', state => 'failed', created => $now - 7200, seconds => 44,
	log => [ 'Starting backup', "pg_basebackup: error: $attack", '</script><script>window.pwned=1</script>' ],
	error => { code => 'barman_failed', message => "barman backup failed $attack", detail => $attack, hint => 'Look at the log.' });

my $url = $barman->start;
my $browser = Browser->new;
$browser->look(1280, 900);
$browser->visit("$url/");
ok($browser->shows(qr/Token of the sidecar/), 'it asks for a token');
$browser->type('#token', "the-reader\n");

# ---- 50 servers ----
ok($browser->shows(qr/51 servers/, 'main'), 'all servers are there');
ok(wait_until(sub { my $text = $browser->text('main'); $text !~ /\bchecking\b|\basking\b/ }), 'and their checks, backups and proofs are read');
like($browser->text('.server'), qr/s11.*1 check fails.*latest backup age/s, 'those that fail are first, with what Barman says');
$browser->type('#filter', 'failing');
ok($browser->shows(qr/4 of 51 servers/, 'main'), 'the filter finds them');
$browser->clear('#filter');
$browser->type('#filter', 'region 17');
ok($browser->shows(qr/1 of 51 servers/, 'main'), 'and others by their descriptions');
$browser->clear('#filter');

# ---- names that attack are text ----
my %said = ('#/' => 'main', '#/server/s07' => 'main', '#/server/s22' => 'main', "#/job/$failed" => 'main', '#/jobs' => 'main', '#/drills' => 'main');
for my $view (sort keys %said)
{
	$browser->run('location.hash = arguments[0]', $view);
	ok($browser->shows(qr/\Q$attack\E/, $said{$view}), "$view shows what attacks as text");
	is($browser->run('return document.querySelectorAll("img, script:not(body > script), iframe").length'), 0, 'and makes nothing of it');
}
is($browser->run('return window.pwned === undefined'), JSON::PP::true, 'no name has run');
is_deeply([ $browser->complaints ], [], 'and the policy was not even needed');

# ---- the policy holds by itself ----
is($browser->run('try { document.body.innerHTML = arguments[0]; return "set" } catch (error) { return error.name }', $attack), 'TypeError', 'markup cannot be set');
is($browser->run(<<'JS'), JSON::PP::false, 'and no script added');
const script = document.createElement('script');
try { script.textContent = 'window.pwned = 1'; document.body.append(script); } catch (error) { }
return window.pwned === 1;
JS
is($browser->run_async('fetch(arguments[0]).then(() => arguments[1]("sent"), (error) => arguments[1](error.name))', 'http://127.0.0.2:9/'), 'TypeError', 'nor anybody else asked');
like(join("\n", $browser->complaints), qr/Content Security Policy/, 'the browser says why');

# ---- 10,000 backups ----
$browser->visit("$url/#/server/zz-huge");
ok($browser->shows(qr/Backups 10000/, 'main'), '10,000 backups are listed');
cmp_ok($browser->run('return document.querySelectorAll(".virtual .row").length'), '<', 60, 'but only those in sight exist');
cmp_ok($browser->run('return document.querySelectorAll(".timeline *").length'), '<', 2000, 'and the time line draws columns of them');
my $oldest = SimulatedBarman::stamp($now - 10_000 * 3600);
$browser->run('document.querySelector(".virtual").focus()');
$browser->press('End');
ok($browser->shows(qr/$oldest/, '.virtual [aria-selected=true]'), 'the End key goes to the oldest');
$browser->press('Home', 'ArrowDown');
is($browser->run('return document.querySelector(".virtual [aria-selected=true]").getAttribute("aria-posinset")'), '2', 'and back');
# time of the processor, whatever else this machine does
$browser->devtools('Performance.enable', { timeDomain => 'threadTicks' });

# Scrolls through all of it, a hundredth at each frame: what a frame costs the page, in milliseconds
sub cost_of_scrolling
{
	my $spent = sub {
		my %found = map { $_->{name} => $_->{value} } @{ $browser->devtools('Performance.getMetrics')->{metrics} };
		return 1000 * ($found{ScriptDuration} + $found{LayoutDuration} + $found{RecalcStyleDuration});
	};
	my $before = $spent->();
	$browser->run_async(<<'JS');
const list = document.querySelector('.virtual');
const end = list.scrollHeight;
const done = arguments[0];
let at = 0;
const step = () => {
	list.scrollTop = end * at / 100;
	at += 1;
	if (at <= 100)
		requestAnimationFrame(step);
	else
		done(at);
};
requestAnimationFrame(step);
JS
	return ($spent->() - $before) / 100;
}
my $cost;
for (1 .. 10)
{
	my $ms = cost_of_scrolling();
	$cost = $ms if !defined $cost || $ms < $cost;
	last if $cost < 8;
}
note("a frame of scrolling through 10,000 backups costs $cost ms");
cmp_ok($cost, '<', 8, 'a frame of scrolling takes the page less than half its time');
cmp_ok($browser->run('return document.querySelectorAll(".virtual .row").length'), '<', 60, 'and leaves nothing behind');

# ---- the first paint, beside that of a document of one line: the least of some, for others use this machine as well ----
sub first_paint
{
	my ($address) = @_;
	my $ms;

	$browser->visit('about:blank');
	$browser->visit($address);
	wait_until(sub { $ms = $browser->run('const paint = performance.getEntriesByName("first-contentful-paint")[0]; return paint ? paint.startTime : null') });
	return $ms;
}
my ($paint, $more);
for (1 .. 30)
{
	my ($line, $page) = map { first_paint($_) } 'data:text/html,<p>line', "$url/#/instances";

	$paint = $page if !defined $paint || $page < $paint;
	$more = $page - $line if !defined $more || $page - $line < $more;
	last if $more < 200;
}
note("first paint: $paint ms, $more more than that of a line");
cmp_ok($more, '<', 200, 'the first paint takes less than 200 ms');

# ---- every view, on a desk and a phone, by day and by night ----
my %views = (servers => '#/', server => '#/server/s03', backups => '#/server/zz-huge', jobs => '#/jobs', job => "#/job/$failed", instances => '#/instances',
	drills => '#/drills', disks => '#/disks');
for my $look ([ 'desk', 1280, 900, 'light' ], [ 'night', 1280, 900, 'dark' ], [ 'phone', 390, 844, 'light' ], [ 'narrow', 320, 640, 'dark' ])
{
	my ($name, @how) = @$look;

	$browser->look(@how);
	for my $view (sort keys %views)
	{
		$browser->run('location.hash = "#/none"; location.hash = arguments[0]', $views{$view});
		ok(wait_until(sub { $browser->run('return document.querySelector("main h2") !== null && /as of/.test(document.getElementById("age").textContent)') }), "$name: $view");
		$browser->shows({ servers => qr/checks pass/, server => qr/checks pass/, backups => qr/10000/, jobs => qr/drill/, job => qr/failed/, drills => qr/proven/, disks => qr/free/ }->{$view} // qr/./, 'main');
		if ($view eq 'server')
		{
			wait_until(sub { $browser->run('return document.querySelectorAll(".timeline .window").length') > 1 });
			$browser->point('svg.timeline', 0.75, 0.4, 1);
			# whether it can be done depends on the room of this machine
			ok($browser->shows(qr/WAL to replay.*Expected time.*Disk\s+\S.*needed/s, '#target'), 'a point is planned');
			$browser->run('scrollTo(0, 0)');
		}
		is_deeply([ too_wide($browser) ], [], 'nothing is wider than the screen');
		is_deeply([ too_pale($browser) ], [], 'and all can be read');
		$browser->picture("$ENV{POC_PICTURES}/$view-$name.png") if $ENV{POC_PICTURES};
	}
}
is_deeply([ $browser->complaints ], [], 'the browser complains of nothing');

done_testing();
