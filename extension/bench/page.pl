# What 20 pages that are open cost everybody else: cached requests a second, with the page of 50 servers in 20 tabs and without
# it; and how soon the page is painted.  "docker/stack bench page"; asks with wrk.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../t/lib";

use PostgreSQL::Test::Utils;
use Test::More;

use Browser;
use PocTest;
use SimulatedBarman;

my $seconds = $ENV{BENCH_SECONDS} // 5;
my $runs = $ENV{BENCH_RUNS} // 3;
my $tabs = 20;
my $now = time;
my $barman = SimulatedBarman->new;

# of 30 days each
for my $n (1 .. 50)
{
	$barman->server(sprintf('s%02d', $n), backups => [ map { { begin => $now - $_ * 86400 - $n * 60, seconds => 1500, size => 40e9 } } reverse 0 .. 29 ],
		segments => [ map { [ 1000 + $_, $now - 30 * 86400 + $_ * 10800 ] } 0 .. 239 ]);
}
my $url = $barman->start;
my $browser = Browser->new;

# requests a second, by 64 connections
sub rate
{
	my ($out, $err) = run_command([ 'wrk', '-t', 2, '-c', 64, '-d', "${seconds}s", '-H', 'Authorization: Bearer the-reader', "$url/v1/servers/s01/backups" ]);

	die "wrk: $out$err" if $out =~ /Non-2xx/ || $out !~ m{Requests/sec:\s+([\d.]+)};
	return $1;
}

sub median { my @sorted = sort { $a <=> $b } @_; return $sorted[$#sorted / 2]; }

# ---- the first paint, once its files are with the browser ----
$browser->visit("$url/");
$browser->type('#token', "the-reader\n");
$browser->shows(qr/50 servers/, 'main') or die 'the page shows no servers';
my @paints;
for (1 .. 15)
{
	my $ms;

	$browser->visit('about:blank');
	$browser->visit("$url/#/instances");
	wait_until(sub { $ms = $browser->run('const paint = performance.getEntriesByName("first-contentful-paint")[0]; return paint ? paint.startTime : null') });
	push @paints, $ms;
}
my $paint = median(@paints);

# ---- tabs come and go, so that both are measured at the same time of a noisy machine ----
my (@alone, @beside);
for (1 .. $runs)
{
	my $first = $browser->call(GET => '/window');
	my @opened;

	$browser->visit('about:blank');
	push @alone, rate();
	for (1 .. $tabs)
	{
		# a window of the same session has its token
		push @opened, $browser->call(POST => '/window/new', { type => 'tab' })->{handle};
		$browser->call(POST => '/window', { handle => $opened[-1] });
		$browser->visit("$url/");
		if ($browser->shows(qr/Token of the sidecar|50 servers/) && $browser->text =~ /Token of the sidecar/)
		{
			$browser->type('#token', "the-reader\n");
		}
		$browser->shows(qr/50 servers/, 'main') or die 'a tab shows no servers';
		# open means read: what a page asks at first is over
		wait_until(sub { $browser->text('main') !~ /\bchecking\b|\basking\b/ }) or die 'a tab goes on asking';
	}
	push @beside, rate();
	for my $handle (@opened)
	{
		$browser->call(POST => '/window', { handle => $handle });
		$browser->call(DELETE => '/window');
	}
	$browser->call(POST => '/window', { handle => $first });
}
diag(sprintf('first paint: %.0f ms, the median of %d (%.0f to %.0f)', $paint, scalar(@paints), (sort { $a <=> $b } @paints)[0, -1]));
diag(sprintf('cached requests a second: %.0f alone, %.0f beside %d tabs', median(@alone), median(@beside), $tabs));
cmp_ok($paint, '<', 200, 'the page is painted within 200 ms');
cmp_ok(median(@beside), '>=', 10_000, '10,000 requests a second beside 20 tabs');
done_testing();
