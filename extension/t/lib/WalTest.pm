# WalTest.pm: what the sidecar finds in WAL, and what pg_waldump does.

package WalTest;

use strict;
use warnings;

use Exporter 'import';
use File::Basename;
use FindBin;
use PostgreSQL::Test::Utils;

our @EXPORT = qw(build_wal_dump wal_segments waldump_lines our_lines changes_of);

my @rmgrs = qw(XLOG Transaction Storage CLOG Database Tablespace MultiXact RelMap Standby Heap2 Heap Btree Hash Gin Gist
	Sequence SPGist BRIN CommitTs ReplicationOrigin Generic LogicalMessage);
my %rmgr_number = map { $rmgrs[$_] => $_ } 0 .. $#rmgrs;
my %fork_number = (main => 0, fsm => 1, vm => 2, init => 3);

# Compiles docker/sidecar/tests/wal_dump.c apart from the sidecar's own objects, which another test may be making.
sub build_wal_dump
{
	my ($to) = @_;
	my $sidecar = "$FindBin::RealBin/../../docker/sidecar";

	system_or_bail('cc', '-std=c11', '-D_GNU_SOURCE', '-O2', '-pthread', "-I$sidecar/src", '-o', $to, "$sidecar/tests/wal_dump.c",
		glob("$sidecar/src/wal/*.c"), glob("$sidecar/src/base/*.c"),
		qw(-ljansson -lz -lbz2 -llzma -lzstd -llz4));
	return $to;
}

# All that a stopped server has left, oldest first
sub wal_segments
{
	my ($node) = @_;
	return sort(grep { basename($_) =~ /^[0-9A-F]{24}$/ } glob($node->data_dir . '/pg_wal/*'));
}

# Each record as one line, in the form of wal_dump
sub waldump_lines
{
	my @segments = @_;
	my @lines;

	# it fails at the end of the WAL
	my ($out, $err) = run_command([ 'pg_waldump', $segments[0], $segments[-1] ]);
	for (split /\n/, $out)
	{
		/^rmgr: (\S+)\s+len \(rec\/tot\):\s*\d+\/\s*(\d+), tx:\s*(\d+), lsn: (\S+), prev (\S+), desc: / or die "pg_waldump: $_";
		my $line = sprintf('%s %s tx %d rmgr %d len %d', lsn($4), lsn($5), $3, $rmgr_number{$1}, $2);

		while (/, blkref #(\d+): rel (\S+)(?: fork (\w+))? blk (\d+)( FPW)?/g)
		{
			$line .= sprintf(' #%d %s fork %d blk %d%s', $1, $2, $fork_number{ $3 // 'main' }, $4, $5 // '');
		}
		push @lines, $line;
	}
	return @lines;
}

# Versions print positions in more than one way.
sub lsn
{
	my ($high, $low) = split /\//, $_[0];
	return sprintf('%X/%08X', hex($high), hex($low));
}

# What wal_dump prints, and the line that says where the WAL ends, if it does
sub our_lines
{
	my ($wal_dump, $command, @segments) = @_;
	my ($out, $err) = run_command([ $wal_dump, $command, @segments ]);
	my @lines = split /\n/, $out;

	die "wal_dump: $out$err" if pop(@lines) !~ /^\d+ records$/;
	return (@lines, '') if !@lines || $lines[-1] !~ /^end /;
	return @lines;
}

# A list of hashes, one for each transaction and relation
sub changes_of
{
	my ($wal_dump, $command, @segments) = @_;
	my @lines = our_lines($wal_dump, $command, @segments);
	my @changes;

	pop @lines;
	for (@lines)
	{
		/^xid (\d+) kinds((?: [a-z]+)*) (db .*)/ or die "wal_dump: $_";
		push @changes, { xid => $1, kinds => join(' ', split(' ', $2)), split(' ', $3) };
	}
	return @changes;
}

1;
