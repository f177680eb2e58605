# Documentation.pm: the Markdown files of the checkout as their readers see them: fenced blocks, and what they are for.
#
# The words behind the fence say what becomes of a block; CONTRIBUTING.md lists them for who writes one.

package Documentation;

use strict;
use warnings;

use Cwd qw(abs_path);
use Exporter 'import';
use File::Basename qw(dirname);
use File::Find qw(find);

our @EXPORT = qw($checkout documents slurp_document blocks prose);

our $checkout = abs_path(dirname(__FILE__) . '/../../..');

# Names of files, relative to the checkout; of those that match POC_DOCUMENTS, if it is set.
sub documents
{
	my @documents;

	find(
		{
			no_chdir => 1,
			wanted => sub {
				$File::Find::prune = 1 if -d && m{/(\.git|tmp_check|results)$};
				push(@documents, substr($_, length($checkout) + 1)) if /\.md$/ && -f;
			}
		},
		$checkout);
	return sort(grep { /$ENV{POC_DOCUMENTS}/ } @documents) if $ENV{POC_DOCUMENTS};
	return sort @documents;
}

sub slurp_document
{
	my ($document) = @_;

	open(my $handle, '<:encoding(UTF-8)', "$checkout/$document") or die "$document: $!";
	local $/;
	return scalar(<$handle>);
}

# The fenced blocks of a document, each { where, language, how, text }: how is "" for one to run here,
# "in containers", "on three hosts", "on a Barman host", or "shown: REASON".
sub blocks
{
	my ($document) = @_;
	my ($block, $n, @blocks);

	for my $line (split(/^/, slurp_document($document)))
	{
		$n++;
		if ($line !~ /^\s*```(.*)$/)
		{
			$block->{text} .= $line if $block;
			next;
		}
		if ($block)
		{
			push(@blocks, $block);
			undef $block;
			next;
		}
		my ($language, $how) = $1 =~ /^(\S*)\s*(.*?)\s*$/;
		$block = { where => "$document:$n", language => $language, how => $how, text => '' };
	}
	die "$document: a block does not end" if $block;
	return @blocks;
}

# A document without its blocks.
sub prose
{
	my @parts = split(/^\s*```.*\n/m, slurp_document($_[0]));

	return join('', @parts[ grep { $_ % 2 == 0 } 0 .. $#parts ]);
}

1;
