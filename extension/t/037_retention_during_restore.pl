# The retention policy, whoever runs it, against a backup that is being copied.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use LiveBarman;
use PocTest;

my $live = LiveBarman->new('retention', conf => "poc_barman.timeout = '300s'\n");
$live->configure;
my ($home, $node) = @$live{qw(home node)};
my $bindir = $node->config_data('--bindir');
$bindir =~ s/\s+$//;
make_error_of($node);

# a copy that begins, and goes on when it is told to
$live->write('bin/barman', <<"SH", 0755);
#!/bin/sh
case " \$* " in
*" recover "*)
	echo > $home/copying
	while [ -e $home/hold ]; do sleep 0.1; done
	;;
esac
exec barman "\$@"
SH

sub value { return $node->safe_psql('postgres', "SET client_min_messages = error; $_[0]"); }
sub backups { return value('SELECT string_agg(backup_id, \' \' ORDER BY backup_id) FROM poc_backups()'); }

# Begins a restore; returns when Barman is about to copy.
sub begin_restore
{
	my ($arguments) = @_;
	my $run = { out => '', err => '' };

	unlink("$home/copying");
	$live->write('hold', '');
	$run->{run} = IPC::Run::start([ "$bindir/psql", '-XAtq', '-v', 'VERBOSITY=verbose', '-d', $node->connstr('postgres'),
			'-c', "SELECT state FROM poc_restore('one', $arguments)" ], '<', \undef, '>', \$run->{out}, '2>', \$run->{err});
	ok(wait_until(sub { -e "$home/copying" }), 'the copy begins');
	return $run;
}

sub end_restore
{
	my ($run) = @_;
	unlink("$home/hold");
	$run->{run}->finish;
	chomp($run->{out});
	return $run->{out};
}

$live->start(cron_interval => 300, options => [ '--barman', "$home/bin/barman", '--instance-root', "$home/instances", '--pg-bindir', $bindir ]);
value('CREATE TABLE t (n int)');
value('SELECT count(*) FROM poc_wait_ready()');
my $old = value('SELECT backup_id FROM poc_backup()');
my $new = value('SELECT backup_id FROM poc_backup()');
is(backups(), "$old $new", 'two backups');
my $conf = slurp_file("$home/barman/barman.d/postgres1.conf");
$live->write('barman/barman.d/postgres1.conf', "${conf}retention_policy = REDUNDANCY 1\nminimum_redundancy = 0\n");

# somebody else's maintenance, while the older one is being copied
my $run = begin_restore("'$old'");
$live->run('barman cron');
is(backups(), "$old $new", 'the backup that is copied is left alone');
is(value('SELECT archived FROM poc_switch_wal()'), 't', 'and WAL is archived meanwhile');
is(end_restore($run), 'running', 'it is restored');
value("SELECT poc_drop_instance('one')");

# afterwards it is the policy's again
ok(wait_until(sub { $live->run('barman cron'); backups() eq $new }), 'afterwards the policy removes it');
my @error = error_of($node, "SELECT poc_restore('one', '$old')");
is($error[0], '42704', 'what was removed cannot be asked for');

# one that is removed in spite of all
$run = begin_restore("'$new'");
$live->run("rm -rf $home/barman/postgres1/base/$new");
is(end_restore($run), '', 'a backup that is removed while it is copied: nothing is restored');
like($run->{err}, qr/55000: +backup $new is gone.*DETAIL: .*retention policy.*HINT: .*poc_keep_backup/s, 'what happened, and what helps');
is(value("SELECT count(*) FROM poc_instances() WHERE state = 'running'"), '0', 'and nothing is left');

done_testing();
