/*
 * options_usage.c
 *
 * --help, from the table of the options.
 */
#include "options_usage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "options_table.h"

/* Column where the text about an option begins, and where it ends */
#define TEXT_COLUMN 29
#define TEXT_WIDTH	64

static void print_option(const Option *option);
static char *with_default(const Option *option);
static void print_wrapped(const char *text, int column);

void
options_usage(void)
{
	printf("barman-sidecar drives Barman for poc_barman over HTTP.\n"
		   "\n"
		   "Usage:\n"
		   "  barman-sidecar --state-dir=DIR [OPTION]...\n"
		   "  barman-sidecar --check [--server=SERVER] [OPTION]...\n");
	for (const Option *option = options_table; option->name != NULL; option++)
	{
		if (option->kind == OPTION_HEADING)
			printf("\n%s:\n", option->name);
		else
			print_option(option);
	}
	printf("\n"
		   "As a plugin for Nagios and Icinga, which asks a running sidecar:\n"
		   "  --check                    be it; the exit code is 0 OK, 1 WARNING, 2 CRITICAL or\n"
		   "                             3 UNKNOWN\n"
		   "  --server=SERVER            of Barman's servers only this one\n"
		   "  --url=URL                  http://, https:// or unix:/path of the sidecar (default\n"
		   "                             http://127.0.0.1:8480)\n"
		   "  --token-file=FILE          a token of the scope read\n"
		   "  --ca-file=FILE             certificates that may sign that of the sidecar\n"
		   "  --timeout=SECONDS          for all of it (default 9)\n"
		   "  --disk-free=N,N            percent of each disk of Barman's, below which it is a\n"
		   "                             WARNING and CRITICAL (default 10,5)\n");
}

/* Its name on a line of its own where the text would begin too far to the right */
static void
print_option(const Option *option)
{
	char letter[8] = "";
	char *text = with_default(option);
	int column;

	if (option->letter != 0)
		snprintf(letter, sizeof(letter), "-%c, ", option->letter);
	column = printf("  %s--%s%s%s", letter, option->name, option->argument != NULL ? "=" : "",
					option->argument != NULL ? option->argument : "");
	if (column >= TEXT_COLUMN)
	{
		putchar('\n');
		column = 0;
	}
	print_wrapped(text, column);
	free(text);
}

static char *
with_default(const Option *option)
{
	if (option->kind == OPTION_NUMBER && option->standard >= option->low)
		return mem_printf("%s (default %d)", option->help, option->standard);
	if (option->text_standard != NULL)
		return mem_printf("%s (default %s)", option->help, option->text_standard);
	return mem_strdup(option->help);
}

/* The words of a text from the text's column on; column is where the cursor stands. */
static void
print_wrapped(const char *text, int column)
{
	int used = 0;
	int length;

	printf("%*s", TEXT_COLUMN - column, "");
	for (; *text != '\0'; text += length + (int) strspn(text + length, " "))
	{
		length = (int) strcspn(text, " ");
		if (used > 0 && used + 1 + length > TEXT_WIDTH)
		{
			printf("\n%*s", TEXT_COLUMN, "");
			used = 0;
		}
		used += printf("%s%.*s", used > 0 ? " " : "", length, text);
	}
	putchar('\n');
}
