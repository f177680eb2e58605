/*
 * options_file.c
 *
 * Reads the configuration file into arguments, which options.c reads as if they
 * stood on the command line.  Refuses a file that another user could write:
 * whoever writes it chooses the programs that run.
 */
#include "options_file.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

/* More than all options with comments, and nothing to fill the memory with */
#define FILE_MAX_BYTES 65536

/* Those that may stand more than once */
static const char *const repeated[] = {"token-file", "host-name"};
/* Those that make no sense in a file */
static const char *const of_command_line[] = {"config", "check-config", "help", "version"};

typedef struct FileOption
{
	int known; /* index into the table of options */
	char *argument;
	char *place;
} FileOption;

static struct
{
	FileOption *options;
	int count;
	char **argv;
} file;

static void forget(void);
static char *find_file(const struct option *known, int argc, char **argv, bool *given,
					   const char **path);
static char *read_text(const char *path, char **text);
static char *check_facts(int fd, struct stat *facts);
static char *take_line(const struct option *known, const char *path, int number, char *line);
static char *take_value(const struct option *option, char *value, char **argument);
static const FileOption *find_option(int known);
static bool is_among(const char *name, const char *const *names, size_t count);
static char *trim(char *text);

#define IS_AMONG(name, names) is_among(name, names, sizeof(names) / sizeof((names)[0]))

char *
options_file_read(const struct option *known, int *argc, char ***argv)
{
	const char *path = NULL;
	char *text = NULL;
	char *rest;
	char *line;
	char *error;
	int options = 0;
	int n = 1;
	bool *given;

	forget();
	while (known[options].name != NULL)
		options++;
	given = mem_alloc((size_t) options + 1);
	error = find_file(known, *argc, *argv, given, &path);
	if (error == NULL && path != NULL)
		error = read_text(path, &text);
	rest = text;
	for (int number = 1; error == NULL && (line = strsep(&rest, "\n")) != NULL; number++)
	{
		error = take_line(known, path, number, trim(line));
		if (error != NULL)
		{
			char *whole = mem_printf("%s, line %d: %s", path, number, error);

			free(error);
			error = whole;
		}
	}
	free(text);
	if (error == NULL && file.count > 0)
	{
		file.argv = mem_alloc(((size_t) *argc + (size_t) file.count + 1) * sizeof(char *));
		file.argv[0] = (*argv)[0];
		for (int i = 0; i < file.count; i++)
		{
			/* of an option that may be repeated the command line replaces all */
			if (given[file.options[i].known])
			{
				free(file.options[i].argument);
				free(file.options[i].place);
				continue;
			}
			file.options[n - 1] = file.options[i];
			file.argv[n++] = file.options[i].argument;
		}
		file.count = n - 1;
		memcpy(file.argv + n, *argv + 1, (size_t) (*argc - 1) * sizeof(char *));
		*argc += file.count;
		*argv = file.argv;
	}
	free(given);
	return error;
}

const char *
options_file_place(int argument)
{
	return argument >= 1 && argument <= file.count ? file.options[argument - 1].place : NULL;
}

static void
forget(void)
{
	for (int i = 0; i < file.count; i++)
	{
		free(file.options[i].argument);
		free(file.options[i].place);
	}
	free(file.options);
	free(file.argv);
	memset(&file, 0, sizeof(file));
}

/* What the command line gives, among it the file; what is wrong there its second reader reports. */
static char *
find_file(const struct option *known, int argc, char **argv, bool *given, const char **path)
{
	int index = -1;
	int c;
	int report = opterr;
	char *error = NULL;

	optind = 0;
	opterr = 0;
	while ((c = getopt_long(argc, argv, "hV", known, &index)) != -1)
	{
		const char *name = index >= 0 && c != '?' ? known[index].name : "";

		/* answered whatever the file holds */
		if (c == 'h' || c == 'V')
		{
			*path = NULL;
			break;
		}
		if (strcmp(name, "config") == 0)
		{
			if (*path != NULL && error == NULL)
				error = mem_strdup("there is more than one --config");
			*path = optarg;
		}
		if (index >= 0)
			given[index] = true;
		index = -1;
	}
	opterr = report;
	return error;
}

/* The whole file as a string */
static char *
read_text(const char *path, char **text)
{
	struct stat facts;
	char *error;
	size_t length = 0;
	ssize_t got = 1;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return mem_printf("%s cannot be opened: %s", path, strerror(errno));
	error = check_facts(fd, &facts);
	*text = mem_alloc(FILE_MAX_BYTES + 1);
	while (error == NULL && got > 0 && length < FILE_MAX_BYTES)
	{
		got = read(fd, *text + length, FILE_MAX_BYTES - length);
		if (got < 0)
			error = mem_strdup(strerror(errno));
		else
			length += (size_t) got;
	}
	close(fd);
	if (error == NULL && strlen(*text) < length)
		error = mem_strdup("it holds a byte that no text has");
	if (error != NULL)
	{
		char *whole = mem_printf("%s is not to be used: %s", path, error);

		free(error);
		error = whole;
	}
	return error;
}

static char *
check_facts(int fd, struct stat *facts)
{
	if (fstat(fd, facts) != 0)
		return mem_strdup(strerror(errno));
	if (!S_ISREG(facts->st_mode))
		return mem_strdup("it is no regular file");
	if (facts->st_uid != geteuid() && facts->st_uid != 0)
		return mem_strdup("it belongs neither to the sidecar's user nor to root: chown it");
	if ((facts->st_mode & 022) != 0)
		return mem_printf("others may write to it (mode %04o): chmod go-w it",
						  (unsigned int) facts->st_mode & 07777);
	if (facts->st_size > FILE_MAX_BYTES)
		return mem_printf("it is larger than %d bytes", FILE_MAX_BYTES);
	return NULL;
}

/* NULL, or a malloc'd reason why the line is refused */
static char *
take_line(const struct option *known, const char *path, int number, char *line)
{
	char *value = strchr(line, '=');
	char *key;
	char *argument;
	char *error;
	int i = 0;
	const FileOption *earlier;

	if (line[0] == '\0' || line[0] == '#')
		return NULL;
	if (value == NULL)
		return mem_printf("\"%s\" is neither \"key = value\" nor a comment", line);
	*value++ = '\0';
	key = trim(line);
	while (known[i].name != NULL && strcmp(known[i].name, key) != 0)
		i++;
	if (IS_AMONG(key, of_command_line))
		return mem_printf("\"%s\" belongs on the command line", key);
	if (known[i].name == NULL)
		return mem_printf("unknown key \"%s\": keys are the options of --help, without the dashes before them",
						  key);
	earlier = find_option(i);
	if (earlier != NULL && !IS_AMONG(key, repeated))
		return mem_printf("\"%s\" stands twice, before in %s", key, earlier->place);
	error = take_value(&known[i], trim(value), &argument);
	if (error != NULL || argument == NULL)
		return error;
	file.options = mem_realloc(file.options, ((size_t) file.count + 1) * sizeof(FileOption));
	file.options[file.count++] = (FileOption){i, argument, mem_printf("%s, line %d", path, number)};
	return NULL;
}

/* *argument: what to say on the command line; NULL: nothing */
static char *
take_value(const struct option *option, char *value, char **argument)
{
	*argument = NULL;
	if (value[0] == '\0')
		return mem_printf("\"%s\" has no value: remove the line to have the default", option->name);
	if (value[0] == '"' || value[0] == '\'')
		return mem_printf("the value of \"%s\" has quotes: write it without", option->name);
	for (const char *mark = strchr(value, '#'); mark != NULL; mark = strchr(mark + 1, '#'))
	{
		if (mark == value || isspace((unsigned char) mark[-1]))
			return mem_strdup("a comment must have a line of its own");
	}
	if (option->has_arg != no_argument)
		*argument = mem_printf("--%s=%s", option->name, value);
	else if (strcmp(value, "yes") == 0)
		*argument = mem_printf("--%s", option->name);
	else if (strcmp(value, "no") != 0)
		return mem_printf("\"%s\" is \"%s\": it must be yes or no", option->name, value);
	return NULL;
}

/* The first line of the file that has this option */
static const FileOption *
find_option(int known)
{
	for (int i = 0; i < file.count; i++)
	{
		if (file.options[i].known == known)
			return &file.options[i];
	}
	return NULL;
}

static bool
is_among(const char *name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
	{
		if (strcmp(names[i], name) == 0)
			return true;
	}
	return false;
}

/* The text without blanks at both ends, in its own memory */
static char *
trim(char *text)
{
	size_t length;

	while (isspace((unsigned char) *text))
		text++;
	length = strlen(text);
	while (length > 0 && isspace((unsigned char) text[length - 1]))
		length--;
	text[length] = '\0';
	return text;
}
