# A table can have conditions as large as its owner likes: what they take to be understood
# grows no faster than they do, and ends when the caller wants it to.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# Far above what each case takes, and far below what it would take if the work grew by the square.
my $seconds = 10;
my $megabytes = 400;

my $node = PostgreSQL::Test::Cluster->new('large_conditions');
$node->init;
$node->append_conf('postgresql.conf', "autovacuum = off\nfsync = off\n");
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION poc_barman');

# "# + 1" with each number from 0 on
sub joined
{
	my ($separator, $count, $form) = @_;
	return join($separator, map { $form =~ s/#/$_/gr } 0 .. $count - 1);
}

sub nested
{
	my ($before, $middle, $after, $count) = @_;
	return $before x $count . $middle . $after x $count;
}

# no row passes it by chance: all conditions are read for the search
my $searched = 'z1 int, z2 int, CHECK (z1 % 1009 = z2 % 1013 + 1)';

# Makes 10 rows, by hand where that is needed, and tells what there is to tell: within the bounds.
sub measure
{
	my ($name, $table, $outcome, $before) = @_;
	my ($out, $err);

	$node->safe_psql('postgres', 'DROP SCHEMA IF EXISTS large CASCADE; CREATE SCHEMA large');
	$node->safe_psql('postgres', "SET search_path = large; " . ($before // '') . "; CREATE TABLE t ($table)");
	$node->psql('postgres', <<SQL, stdout => \$out, stderr => \$err, on_error_stop => 0);
SET statement_timeout = '${seconds}s';
SELECT count(*) > 0 FROM poc_explain_rows('large.t');
SELECT poc_generate_rows(10, 'large.t');
SELECT 'peak ' || (regexp_match(pg_read_file('/proc/self/status'), 'VmHWM:\\s+(\\d+) kB'))[1]::int / 1024;
SQL
	like($out, qr/^t$/m, "$name: is explained within $seconds s") or diag($err);
	like("$out\n$err", $outcome, "$name: rows, or why not, within $seconds s");
	unlike($err, qr/timeout|server closed/, "$name: no timeout");
	my ($peak) = $out =~ /^peak (\d+)$/m;
	cmp_ok($peak // 1e9, '<', $megabytes, "$name: in less than $megabytes MB");
	return;
}

my $made = qr/^10$/m;
my $none = qr/^10$|no row found that satisfies/m;

# ---- alternatives: arms.c ----
measure('CASE of many', "$searched, a int, b int, CHECK (CASE " . joined(' ', 1000, 'WHEN a = # THEN b = #') . ' END)', $made);
measure('equations within each other', "$searched, a bool, b bool, CHECK (" . nested('(a = ', 'b', ')', 1500) . ')', $made);
measure('OR of long AND', "a int, b int, CHECK ((" . joined(' AND ', 1000, 'a > #') . ') OR (' . joined(' AND ', 1000, 'b > #') . '))', $made);

# ---- patterns: regex_write.c ----
measure('LIKE of many pairs', "a text CHECK (a LIKE '" . '_%' x 10000 . "')", $none);
# PostgreSQL itself need not try these
measure('repetitions of nothing', "$searched, a text NOT NULL CHECK (length(a) >= 0 OR a ~ '^" . nested('(', '', '){9}', 10) . "[0-9]{6}\$')", $made);
measure('references to references', "$searched, a text NOT NULL CHECK (length(a) >= 0 OR a ~ '^(x?)" . join('', map { '(' . "\\$_" x 12 . ')' } 1 .. 8) . "[0-9]{6}\$')", $made);

# ---- documents: mention_json.c ----
measure('a long path', "$searched, a jsonb CHECK (a" . "->'x'" x 2000 . ' IS NULL)', $made);
measure('a long path of jsonpath', "$searched, a jsonb CHECK (NOT a @? '\$" . '.a' x 3000 . "')", $made);
measure('a large document', "$searched, a jsonb CHECK (NOT a @> '{" . joined(',', 60000, '"k#": #') . "}')", $made);
measure('a large document around', "$searched, a jsonb CHECK (a <@ '[" . joined(',', 100000, '#') . "]')", $made);

measure('a large array within', "$searched, a int[] CHECK (a @> ARRAY[" . joined(',', 50000, '#') . '])', $none);

# ---- lists, columns and domains ----
measure('two long lists', 'a int CHECK (a IN (' . joined(',', 100000, '#') . ')) CHECK (a IN (' . join(',', reverse(1 .. 100000)) . '))', $made);
measure('a key outside of a long list', 'a int PRIMARY KEY CHECK (a NOT IN (' . joined(',', 30000, '#') . '))', $none);
measure('a condition of many columns', joined(', ', 1500, 'c# int') . ', CHECK (' . joined(' OR ', 1500, 'c# = 1') . ')', $made);
measure('domains over domains', 'a d899', $none,
	"CREATE DOMAIN d0 AS text CHECK (VALUE ~ 'x'); " . join('; ', map { "CREATE DOMAIN d$_ AS d" . ($_ - 1) . " CHECK (VALUE ~ 'x$_?')" } 1 .. 899));

# ---- expressions in the place of columns ----
measure('a generated column in a product', 'a int CHECK (a BETWEEN 0 AND 1), b int CHECK (b BETWEEN 0 AND 1), g int GENERATED ALWAYS AS (a' . '+b' x 800 . ') STORED, CHECK ('
	. joined('+', 800, 'g') . ' >= 0)', $made);
measure('columns that follow from each other', 'a int, c0 int UNIQUE, CHECK (c0 = a), ' . join(', ', map { "c$_ bigint UNIQUE, CHECK (c$_ = (c" . ($_ - 1) . ' + c' . ($_ - 1) . ') / 2)' } 1 .. 30), $none);

done_testing();
