# PocTest.pm: what the TAP tests share.

package PocTest;

use strict;
use warnings;

use Exporter 'import';
use Fcntl qw(:flock);
use Time::HiRes qw(time sleep);
use PostgreSQL::Test::Cluster;

use StopsAlone;

our @EXPORT = qw(poc_cluster create_barman_roles make_error_of use_url error_of elapsed least_time wait_until take_shm own_tree within_segment);

# Where tests may make no mounts of their own, /dev/shm is their small file
# system: for one of them at a time, until it ends.  Returns the room there.
my $shm;
sub take_shm
{
	if (!$shm)
	{
		open($shm, '<', '/dev/shm') or die "/dev/shm: $!";
		flock($shm, LOCK_EX) or die "/dev/shm: $!";
	}
	my ($room) = `df --output=avail -B 1 /dev/shm` =~ /(\d+)\s*$/;
	return $room;
}

# The name of the segment that is being written, for a test that none is closed: at the end of one, whatever is written
# next would be in another.  With "fresh" there is all of a small segment left for what happens to be written meanwhile.
sub within_segment
{
	my ($node, $fresh) = @_;

	$node->safe_psql('postgres', 'SELECT pg_switch_wal()') if $fresh;
	return $node->safe_psql('postgres', "SELECT pg_walfile_name(pg_logical_emit_message(false, 'poc', 'x'))");
}

# Copies the tree that make check installs into, for a test that changes it; returns its bin and share directories.
sub own_tree
{
	my ($tree) = @_;
	my ($bindir, $sharedir) = map { `pg_config $_` =~ s/\s+$//r } qw(--bindir --sharedir);
	my $prefix = $bindir;

	$prefix =~ s{/[^/]*$}{} while index($sharedir, "$prefix/") != 0;
	die "$prefix is not a tree of this test's own" if $prefix eq '/usr';
	system('cp', '-a', $prefix, $tree) == 0 or die "cannot copy $prefix";
	return map { $tree . substr($_, length($prefix)) } $bindir, $sharedir;
}

# A server with the extension, pointed at a URL.
sub poc_cluster
{
	my ($name, $url) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);

	$node->init;
	$node->append_conf('postgresql.conf', "poc_barman.url = '$url'\n");
	$node->start;
	$node->safe_psql('postgres', 'CREATE EXTENSION poc_barman');
	make_error_of($node);
	return $node;
}

# Barman's two, and what they need
sub create_barman_roles
{
	my ($node) = @_;
	$node->safe_psql('postgres', <<'SQL');
CREATE ROLE barman LOGIN;
CREATE ROLE streaming_barman LOGIN REPLICATION;
GRANT EXECUTE ON FUNCTION pg_backup_start(text, boolean), pg_backup_stop(boolean), pg_switch_wal(),
	pg_create_restore_point(text) TO barman;
GRANT pg_read_all_settings, pg_read_all_stats, pg_checkpoint TO barman;
SQL
	return;
}

# What an error consists of, in one line: what error_of() below asks
sub make_error_of
{
	my ($node, $database) = @_;

	$node->safe_psql($database // 'postgres', <<'SQL');
CREATE FUNCTION error_of(command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	state text;
	message text;
	detail text;
	hint text;
BEGIN
	EXECUTE command;
	RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
		detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN format('%s|%s|%s|%s', state, message, detail, hint);
END
$$;
SQL
	return;
}

# Points a running server somewhere else; returns when new sessions see it.
sub use_url
{
	my ($node, $url) = @_;

	$node->safe_psql('postgres', "LOAD 'poc_barman'; ALTER SYSTEM SET poc_barman.url = '$url'");
	$node->reload;
	return wait_until(sub {
		$node->safe_psql('postgres', "LOAD 'poc_barman'; SHOW poc_barman.url") eq $url;
	});
}

# (sqlstate, message, detail, hint) of a command; sqlstate '' if it succeeds.
sub error_of
{
	my ($node, $command, $settings) = @_;
	my $error = $node->safe_psql('postgres',
		($settings // '') . ";\nSELECT error_of(\$command\$$command\$command\$)");

	return ('', '', '', '') if $error eq 'no error';
	return split(/\|/, $error, 4);
}

# Seconds that some code takes.
sub elapsed
{
	my ($code) = @_;
	my $began = time;

	$code->();
	return time - $began;
}

# The least time that it takes: again until that is below the limit, for others use this machine as well.
# Noise only adds; a limit that is never met is a fault.
sub least_time
{
	my ($limit, $code) = @_;
	my $least;

	for (1 .. 30)
	{
		my $time = elapsed($code);
		$least = $time if !defined $least || $time < $least;
		last if $least < $limit;
		sleep 0.5;
	}
	return $least;
}

# Waits for something to become true: three minutes at most, because the machine may be busy, or so many seconds.
sub wait_until
{
	my ($code, $seconds) = (@_, 180);

	my $until = time + $seconds;

	do
	{
		return 1 if $code->();
		sleep 0.1;
	} while (time < $until);
	# who does not look at the result relies on it
	die "it has not come true within $seconds s" if !defined wantarray;
	return 0;
}

1;
