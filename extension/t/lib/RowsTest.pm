# RowsTest.pm: what the TAP tests of the row generator share.

package RowsTest;

use strict;
use warnings;

use Exporter 'import';
use IPC::Run;
use Test::More;
use Time::HiRes qw(sleep);

use StopsAlone;

our @EXPORT = qw(in_background finish holding commit fingerprint wait_for check_indexes check_btrees);

# Runs SQL in a session of its own; finish() waits for it and returns (exit code, stdout, stderr).
sub in_background
{
	my ($node, $sql) = @_;
	my $run = { out => '', err => '' };

	$run->{harness} = IPC::Run::start(
		[ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('postgres'), '-c', $sql ],
		'<', \undef, '>', \$run->{out}, '2>', \$run->{err});
	return $run;
}

sub finish
{
	my ($run) = @_;

	$run->{harness}->finish;
	return ($run->{harness}->result(0), $run->{out}, $run->{err});
}

# A session that has run SQL and keeps its transaction open until commit().
sub holding
{
	my ($node, $sql) = @_;
	my $session = $node->background_psql('postgres');

	$session->query_safe("BEGIN; $sql;");
	return $session;
}

sub commit
{
	my ($session, $name) = @_;

	is($session->query_safe("COMMIT; SELECT 'committed';"), 'committed', $name);
	$session->quit;
	return;
}

sub fingerprint
{
	my ($node, $table) = @_;

	return $node->safe_psql('postgres', "SELECT rows, hash FROM poc_fingerprint('$table')");
}

# Waits until a query is true; false after half a minute.
sub wait_for
{
	my ($node, $query) = @_;

	for (1 .. 300)
	{
		return 1 if $node->safe_psql('postgres', $query) eq 't';
		sleep 0.1;
	}
	return 0;
}

# pg_amcheck finds nothing wrong with heaps and btrees.
sub check_indexes
{
	my ($node) = @_;
	my ($out, $err);
	my $ok = IPC::Run::run(
		[ 'pg_amcheck', '--heapallindexed', '--no-dependent-toast', '-h', $node->host, '-p', $node->port, '-d', 'postgres', '--exclude-schema', 'pg_catalog' ],
		'<', \undef, '>', \$out, '2>', \$err);

	print "# $out$err" unless $ok;
	return $ok && $out eq '';
}

# In each btree of ours, every level agrees with the next, and each row of the table is found from the root.
sub check_btrees
{
	my ($node) = @_;

	return $node->safe_psql('postgres', <<'SQL') eq 't';
SELECT count(*) > 0 AND count(*) = count(bt_index_parent_check(c.oid, heapallindexed => true, rootdescend => true)::text)
FROM pg_class AS c JOIN pg_am AS a ON a.oid = c.relam
WHERE c.relkind = 'i' AND a.amname = 'btree' AND c.relpersistence <> 't'
	AND c.relnamespace NOT IN ('pg_catalog'::regnamespace, 'pg_toast'::regnamespace)
SQL
}

1;
