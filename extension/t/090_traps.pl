# What Barman and PostgreSQL do that nobody would expect, each with the test that
# holds it: a test that is renamed or removed is missed here.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Utils;
use Test::More;

use StopsAlone;

my $root = "$FindBin::RealBin/../..";
my %where = (t => 'extension/t', sql => 'sql', unit => 'docker/sidecar/tests');

# what it is, file, words of the test
my @traps = (
	[ 'a new server is not ready until WAL was archived', 't/021_doctor_live.pl', 'poc_wait_ready' ],
	[ 'barman check is not read-only: it is cached', 'unit/test_read_cache.c', 'a_hanging_postgresql_does_not_hold_the_list' ],
	[ 'a segment that was closed on an idle server is not archived', 'sql/switch_wal.sql', 'A switch is not done until Barman has the segment' ],
	[ 'a restore misses what was written last', 'sql/restore.sql', 'all there is, though nothing has been archived since' ],
	[ 'recovery to a time wants a commit behind it', 'sql/restore.sql', "target_time => :'time'" ],
	[ 'without a target it comes up on the timeline of production', 'sql/restore.sql', 'own_timeline' ],
	[ 'a restored server archives where production does', 't/030_restore.pl', 'and archives it nowhere' ],
	[ 'a restored directory has no configuration, or production\'s', 't/030_restore.pl', 'no setting of ALTER SYSTEM is used' ],
	[ 'killed, barman backup leaves a pg_basebackup', 't/050_backup_story.pl', 'cancel: no pg_basebackup is left' ],
	[ 'the receiver that cron starts must outlive cron', 'unit/test_http.c', 'daemons_of_barman_survive' ],
	[ 'verify-backup calls compressed backups corrupt', 't/034_restore_compressed.pl', 'it cannot be verified: SQLSTATE' ],
	[ 'barman restores into any path', 'unit/test_instance.c', 'test_names' ],
	[ 'one backup at a time', 't/050_backup_story.pl', 'two sessions: SQLSTATE of the other' ],
	[ 'a stale lock lets check believe in a receiver', 't/021_doctor_live.pl', "active FROM pg_replication_slots WHERE slot_name = 'barman'" ],
	[ 'with the receiver as a synchronous standby commits hang', 't/021_doctor_live.pl', 'synchronous receiver' ],
	[ 'a restored incremental lacks pg_wal and pg_tblspc', 'unit/test_instance.c', 'test_mend' ],
	[ 'each restore of an incremental, with a target and without', 't/031_restore_incremental.pl', ': restored to a point' ],
	[ 'a quiet backup waits for WAL for ever', 'sql/backup.sql', 'DONE, also on a server that nobody else writes to' ],
	[ 'a backup that is not valid is restored with exit 0', 't/030_restore.pl', 'NOT VALID: SQLSTATE' ],
	[ 'and may become valid meanwhile', 't/030_restore.pl', 'restored when its WAL was there' ],
	[ 'concurrent restores of an incremental destroy each other', 't/031_restore_incremental.pl', 'three at once' ],
	[ 'pg_ctl start succeeds, and recovery fails', 'sql/instances.sql', "target_name => 'no such point'" ],
	[ 'nothing of Barman\'s ends by itself when PostgreSQL hangs', 't/030_restore.pl', 'hung Barman: ended' ],
	[ 'a wrong password looks like a missing slot', 'unit/fixtures/EXPECTED', 'd30-badpw-check' ],
	[ 'several backups may bear one name', 'unit/test_http.c', 'a_name_is_translated_to_its_backup' ],
	[ 'a backup waits for a spread checkpoint', 'unit/test_http_jobs.c', '--immediate-checkpoint' ],
	[ 'an incremental of a failed backup is accepted', 't/050_backup_story.pl', 'the parent has failed: told' ],
	[ 'Barman makes a restore point of its own', 't/032_restore_choice.pl', "Barman's own restore point" ],
	[ 'a bad position fails late and leaves half a directory', 'unit/test_instance.c', 'test_positions' ],
	[ 'an empty id is the last failed backup', 'sql/errors.sql', "ARRAY['', '-', 'f'" ],
	[ 'list-files never ends on a failed backup: it is not used', 'unit/test_http.c', 'files_are_listed' ],
	[ 'passwords are printed', 'unit/test_barman_json_redact.c', 'no_planted_secret_comes_through' ],
	[ 'children are a list here and a text there', 'unit/test_barman_json_fixtures.c', 'every_fixture_comes_out_as_expected' ],
	[ 'WAL is fetched with sudo', 't/030_restore.pl', 'no WAL is fetched with sudo' ],
	[ 'keys come and go with the versions', 'unit/test_barman_json_fixtures.c', 'every_parser_survives_every_fixture' ],
	[ 'a directory that is not empty is overwritten', 't/030_restore.pl', 'a directory that is there: left alone' ],
	[ 'a compressed backup needs a staging directory', 't/034_restore_compressed.pl', 'with all there is, in its tablespace' ],
	[ 'switch-wal exits with 0 and nothing was archived', 'unit/test_barman_json.c', 'switch_wal_in_prose' ],
	[ 'while another archives, a restore goes on without its WAL', 't/032_restore_choice.pl', 'while another archives' ],
);

ok(!eval { system_or_bail('false'); 1 }, 'a test that cannot go on stops alone: the files after it are run');

foreach my $trap (@traps)
{
	my ($what, $path, $words) = @$trap;
	my ($place, $file) = split(m{/}, $path, 2);
	open(my $test, '<', "$root/$where{$place}/$file") or die "$path: $!";
	my $text = do { local $/; <$test> };

	ok(index($text, $words) >= 0, "trap: $what") or diag("$path has no \"$words\" any more");
}
done_testing();
