# The page in a real browser, over a real sidecar and what a real Barman has: it asks for a token, shows the server and
# what it can be restored to, and follows a job to its end.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use Browser;
use DrillTest;
use PocTest;

my $listen = '127.0.0.1:' . PostgreSQL::Test::Cluster::get_free_port();
my @options = ('--history-interval', 1);
my $live = drill_stack('page', listen => $listen, options => \@options, sql => sub {
	my ($stack) = @_;
	$stack->write('read_token', "for-readers\n", 0600);
	push @options, '--token-file', "read=$stack->{home}/read_token";
});
my ($home, $node) = @$live{qw(home node)};
my $url = "http://$listen/";

$node->safe_psql('postgres', "SELECT poc_mark('mark')");
$node->safe_psql('postgres', "SELECT count(*) FROM poc_restore_drill('mark')");
$node->safe_psql('postgres', "SELECT poc_mark('later')");
$node->safe_psql('postgres', "SELECT count(*) FROM poc_restore('one')");
$node->safe_psql('postgres', 'INSERT INTO t VALUES (0, \'late\'); SELECT poc_switch_wal()');

my $browser = Browser->new;
$browser->look(1280, 900);

# ---- the token ----
$browser->visit($url);
ok($browser->shows(qr/Token of the sidecar/), 'it asks for a token');
is_deeply([ $browser->complaints ], [], 'before it asks for anything that needs one');
$browser->type('#token', "wrong\n");
ok($browser->shows(qr/The sidecar refuses this token: the token is wrong/), 'and says that it is wrong');
$browser->type('#token', "for-readers\n");
ok($browser->shows(qr/1 server\b/), 'a token to read is good enough');
unlike($browser->run('return location.href'), qr/for-readers/, 'it is in no address');
is($browser->run('return localStorage.length + document.cookie.length'), 0, 'and kept nowhere but in the session');
like(join("\n", $browser->complaints), qr/\A[^\n]*status of 401[^\n]*\z/, 'the browser complains of nothing but the refusal');
$browser->visit($url);
ok($browser->shows(qr/1 server\b/), 'it is asked for once');

# what a terminal or the browser itself would obey, and what is copied, is as the extension shows it
is($browser->run(q{return element('p', {title: 'a\u202eb'}, 'c\u2066\u001b\u009b\n\u200fd').outerHTML}),
	"<p title=\"a&lt;U+202E&gt;b\">c&lt;U+2066&gt;&lt;U+001B&gt;&lt;U+009B&gt;\n&lt;U+200F&gt;d</p>", 'no text runs the other way');
is($browser->run(q{return copyable('a\u001bb\u202e', 'it').querySelector('pre').textContent}), 'a<U+001B>b<U+202E>', 'nor does one that is copied');

# ---- the servers ----
ok($browser->shows(qr/checks pass/, '.server'), 'checks');
ok($browser->shows(qr/1 backup,/, '.server'), 'backups');
ok($browser->shows(qr/proven .* ago/, '.server'), 'and proof');
$browser->type('#filter', 'nothing-like-it');
ok($browser->shows(qr/0 of 1 servers/, 'main'), 'the filter leaves out what is not meant');
$browser->clear('#filter');
$browser->type('#filter', 'postgres');
ok($browser->shows(qr/1 server\b/, 'main'), 'and keeps what is');

# ---- what can be restored ----
$browser->click('.server a');
ok($browser->shows(qr/postgres1/, 'h2'), 'a server has a view');
ok(wait_until(sub { $browser->run('return document.querySelectorAll(".timeline .bar").length') == 1 }), 'with a bar for its backup');
ok(wait_until(sub { $browser->run('return document.querySelectorAll(".timeline .window").length') >= 1 }), 'the window beneath');
ok(wait_until(sub { $browser->run('return document.querySelectorAll(".timeline .pin.good").length') == 1 }), 'and a pin for the proof');
is($browser->run('return document.querySelectorAll(".timeline .gap").length'), 0, 'there is no gap');
ok(wait_until(sub { $browser->run('return document.querySelectorAll(".timeline .mark").length') == 2 }), 'the marks, also one that no drill was made to');
ok($browser->shows(qr/checks pass/, 'main'), 'its checks');
ok($browser->shows(qr/free \(\d+ %\)/, 'main'), 'its disks');
ok($browser->shows(qr/forecast|Full in/, 'main'), 'and their forecast');
$browser->point('svg.timeline', 0.01, 0.3, 1);
ok($browser->shows(qr/cannot be done.*had ended by then/s, '#target'), 'before the backup nothing can be restored');

# from the end of the WAL back to what is known to be committed
$browser->press('End');
ok($browser->shows(qr/The archive ends with/, '#target'), 'nor behind the end of the archive');
my ($last) = $browser->text('#target') =~ /ends with ([-0-9: ]+[0-9])/;
for (1 .. 200)
{
	last if $browser->text('#target') =~ /can be done/;
	$browser->press('ArrowLeft');
}
like($browser->text('#target'), qr/can be done/, 'with the arrow keys there is a point that can');
$browser->press('Enter');
ok($browser->shows(qr/WAL to replay\s+.*segment.*Expected time\s+.*to restore.*Disk\s+.*needed/s, '#target'), 'its plan has WAL, time and disk');
my $statement = $browser->text('#target .sql');
like($statement, qr/poc_restore\('restored'.*server => 'postgres1'.*target_time => '/s, 'and the SQL');
is((split(/\|/, $node->safe_psql('postgres', $statement)))[1], 'running', 'which does what it says');

# a mark under the pointer
my $place = $browser->run('const mark = document.querySelector(".timeline .mark:last-of-type path").getBBox(), line = document.querySelector("svg.timeline").getBoundingClientRect(); return (mark.x + mark.width / 2) / line.width');
$browser->point('svg.timeline', $place, 0.3, 1);
ok($browser->shows(qr/Mark "\w+" of database "postgres"/, '#target'), 'a mark that is pointed at is named');
my ($drill) = $browser->text('#target') =~ /(SELECT \* FROM poc_restore_drill\('[^;]*;)/;
like($node->safe_psql('postgres', $drill), qr/compare\|t/, 'and proven by the SQL beside it');

# ---- instances, drills, disks ----
$browser->visit("$url#/instances");
ok($browser->shows(qr/restored.*running/s, '.cards'), 'the restored server is there');
like($browser->text('.cards'), qr/host=/, 'with its connection string');
$browser->visit("$url#/drills");
ok($browser->shows(qr/proven/, 'table'), 'the drill is there');
is($browser->run('return document.querySelectorAll(".chart .point.good").length'), 4, 'with its RTO and its RPO');
$browser->visit("$url#/disks");
ok($browser->shows(qr/postgres1.*free/s, '.cards'), 'and the disks');

# ---- a job that runs, to its end ----
my $bindir = $live->{bindir};
$live->write('bin/pg_basebackup', <<"SH", 0755);
#!/bin/sh
case "\$1" in
-*) while [ "\$1" != --version ] && [ ! -e $home/go ]; do sleep 0.1; done ;;
esac
exec $bindir/pg_basebackup "\$@"
SH
$browser->visit("$url#/jobs");
ok($browser->shows(qr/jobs of the last/, 'main'), 'jobs');
my $job = $node->safe_psql('postgres', 'SELECT job_id FROM poc_backup(wait => false)');
$browser->visit("$url#/job/$job");
ok($browser->shows(qr/running/, '#job-state'), 'a job runs');
ok($browser->shows(qr/copying/, '.log'), 'its log comes');
my $lines = $browser->run('return document.querySelectorAll(".log .line").length');
$live->write('go', '');
ok($browser->shows(qr/done/, '#job-state'), 'and it is followed to its end');
cmp_ok($browser->run('return document.querySelectorAll(".log .line").length'), '>', $lines, 'with the lines that came meanwhile');
is($browser->text('.log') =~ s/\t//gr, $node->safe_psql('postgres', <<"SQL"), 'each of them once');
SELECT to_char(at AT TIME ZONE 'UTC', 'HH24:MI:SS') || ' ' || CASE WHEN level IN ('error', 'warning') THEN level || ': ' ELSE '' END || replace(line, E'\\t', '')
FROM poc_job_log('$job')
SQL

# ---- one that fails ----
$live->write('bin/pg_basebackup', "#!/bin/sh\n[ \"\$1\" = --version ] && exec $bindir/pg_basebackup --version\necho 'pg_basebackup: <b>told to fail</b>' >&2\nexit 1\n", 0755);
my ($failed) = $node->psql('postgres', 'SELECT poc_backup()');
isnt($failed, 0, 'a backup fails');
$browser->visit("$url#/jobs");
ok($browser->shows(qr/backup postgres1\s+\S+ failed/, '.virtual'), 'which the list says');
$browser->click('.virtual .row');
ok($browser->shows(qr/failed/, '#job-state'), 'and its view');
ok($browser->shows(qr/<b>told to fail<\/b>/, 'main'), 'with the words of the program, as text');
is($browser->run('return document.querySelectorAll(".log b").length'), $browser->run('return document.querySelectorAll(".log .error, .log .warning").length'), 'and no markup');

# ---- a gap ----
$node->safe_psql('postgres', "SELECT poc_generate_wal('4 MB'); SELECT poc_switch_wal()");
my $segment = $node->safe_psql('postgres', "SELECT name FROM poc_files('wals') WHERE name ~ '/[0-9A-F]{24}\$' ORDER BY name DESC OFFSET 2 LIMIT 1");
rename("$home/barman/postgres1/wals/$segment", "$home/segment") or die "$segment: $!";
$browser->visit("$url#/server/postgres1");
$browser->visit($url . '#/server/postgres1');
ok(wait_until(sub { $browser->run('return document.querySelectorAll(".timeline .gap").length') == 1 }), 'a gap is shown');
like($browser->run('return document.querySelector(".timeline .gap title").textContent'), qr/1 segment missing/, 'and what is missing');

# ---- the sidecar goes away and comes back ----
is_deeply([ $browser->complaints ], [], 'the browser has complained of nothing since');
$live->stop;
ok($browser->shows(qr/the sidecar does not answer/, '#trouble'), 'a sidecar that is away is said');
start_drills($live, @options);
ok(wait_until(sub { $browser->run('return document.getElementById("trouble").hidden') }), 'and that it is back');

# ---- the token is forgotten ----
$browser->click('#forget');
ok($browser->shows(qr/Token of the sidecar/), 'the token can be forgotten');

done_testing();
