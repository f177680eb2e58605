# DrillTest.pm: what the tests of drills share: a stack with a backup and a mark, and what is left of a drill.

package DrillTest;

use strict;
use warnings;

use Exporter 'import';
use PostgreSQL::Test::Utils;
use Test::More;

use LiveBarman;
use PocTest;

our @EXPORT = qw(drill_stack start_drills failures steps begin_drill nothing_left servers overwrite);

# A stack whose sidecar drills; more lines of postgresql.conf, more SQL for its database, or what to do with the stack.
sub drill_stack
{
	my ($name, %args) = @_;
	# on a busy machine Barman takes its time
	my $live = LiveBarman->new($name, listen => $args{listen}, conf => "poc_barman.timeout = '5min'\n" . ($args{conf} // ''));
	my ($home, $node) = @$live{qw(home node)};

	$live->{bindir} = $node->config_data('--bindir');
	$live->{bindir} =~ s/\s+$//;
	$live->{instances} = "$home/instances";
	$live->write('bin/barman', <<"SH", 0755);
#!/bin/sh
case "\$(cat $home/barman.mode):\$*" in
full:*recover*) ulimit -f 200 ;;
esac
exec barman "\$@"
SH
	$live->write('barman.mode', 'good');
	$node->safe_psql('postgres', <<'SQL');
CREATE TABLE t (id int PRIMARY KEY, b text);
INSERT INTO t SELECT i, 'needle ' || i FROM generate_series(1, 1000) AS i;
CREATE TABLE u AS SELECT 1 AS n;
SQL
	ref $args{sql} ? $args{sql}->($live) : $node->safe_psql('postgres', $args{sql}) if $args{sql};
	$node->safe_psql('postgres', $_) for 'VACUUM FREEZE t', 'CHECKPOINT';
	start_drills($live, @{ $args{options} // [] });
	$node->safe_psql('postgres', 'SELECT count(*) FROM poc_wait_ready()');
	is($node->safe_psql('postgres', 'SELECT status FROM poc_backup()'), 'DONE', 'a backup');
	return $live;
}

sub start_drills
{
	my ($live, @options) = @_;

	return $live->start(cron_interval => 5, options => [
		'--barman', "$live->{home}/bin/barman", '--instance-root', $live->{instances},
		'--pg-bindir', $live->{bindir}, '--read-timeout', 240, @options ]);
}

# All steps of a drill with these arguments, each "step|ok|detail"
sub steps
{
	my ($live, $arguments) = @_;

	return $live->{node}->safe_psql('postgres', "SELECT step, ok, detail FROM poc_restore_drill($arguments)");
}

# The failing steps, each "step: detail", or "none"; and that nothing is left of the drill but a receipt.
sub failures
{
	my ($live, $name, $arguments) = (@_, "'mark'");
	my $node = $live->{node};
	my $failures = $node->safe_psql('postgres',
		"SELECT coalesce(string_agg(step || ': ' || coalesce(detail, ''), E'\\n') FILTER (WHERE NOT ok), 'none') FROM poc_restore_drill($arguments)");

	is($node->safe_psql('postgres', 'SELECT ok FROM poc_drills ORDER BY at DESC LIMIT 1'),
		$failures eq 'none' ? 't' : 'f', "$name: the receipt is kept");
	nothing_left($live, $name);
	note($failures);
	return $failures;
}

# Begins a drill in another session; {out} and {err} are filled once {run} has finished.
sub begin_drill
{
	my ($live, $arguments) = @_;
	my %drill = (out => '', err => '');

	$drill{run} = IPC::Run::start([ 'psql', '-XAtq', '-d', $live->{node}->connstr('postgres'),
			'-c', "SELECT step, ok, detail FROM poc_restore_drill($arguments)" ],
		'<', \undef, '>', \$drill{out}, '2>', \$drill{err}, IPC::Run::timeout(300));
	return \%drill;
}

sub nothing_left
{
	my ($live, $name) = @_;
	my $root = $live->{disk} // $live->{instances};

	ok(wait_until(sub { my @left = (servers($live), glob("$root/drill_*")); !@left }), "$name: nothing is left");
	return;
}

# The processes of restored servers, and of those who ask them
sub servers
{
	my ($live) = @_;
	my @pids;

	for my $path (glob('/proc/[0-9]*/cmdline'))
	{
		open(my $file, '<', $path) or next;
		my $arguments = join('', <$file>) // '';
		push @pids, $path =~ m{/proc/(\d+)/} if $arguments =~ m{\Q$live->{instances}\E/drill_};
	}
	return grep { $_ != $$ } @pids;
}

sub overwrite
{
	my ($path, $bytes) = @_;
	open(my $handle, '>:raw', $path) or die "$path: $!";
	print $handle $bytes;
	close($handle);
	return;
}

1;
