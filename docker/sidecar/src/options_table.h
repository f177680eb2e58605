/*
 * options_table.h
 *
 * The options of the command line and of the configuration file, one row each.
 */
#ifndef OPTIONS_TABLE_H
#define OPTIONS_TABLE_H

#include <stdbool.h>

typedef enum OptionKind
{
	OPTION_HEADING, /* of a chapter of --help; name is its text */
	OPTION_SWITCH,	/* without an argument: sets *flag */
	OPTION_TEXT,
	OPTION_NUMBER,
	OPTION_CHOICE, /* words[0] or words[1]: clears or sets *flag */
	OPTION_PARSED
} OptionKind;

typedef struct Option
{
	OptionKind kind;
	const char *name;
	const char *argument; /* as --help shows it; NULL: none */
	const char *help;	  /* --help adds the default */
	bool *flag;
	char **text;
	int *number;
	int low;
	int high;
	int standard;		 /* default of a number */
	char *text_standard; /* default of a text, or how --help shows it */
	const char *words[2];
	/* NULL, or a malloc'd reason why it is refused; takes the default, too */
	char *(*parse)(char *text);
	char letter; /* short form of a switch; 0: none */
} Option;

/* In the order of --help; ends with a row without a name. */
extern const Option options_table[];

/* --barman, as given */
extern char *options_program;
/* --help and --version */
extern bool options_help;
extern bool options_version;

#endif /* OPTIONS_TABLE_H */
