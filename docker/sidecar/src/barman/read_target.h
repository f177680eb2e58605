/*
 * read_target.h
 *
 * What can be asked of Barman.
 */
#ifndef BARMAN_READ_TARGET_H
#define BARMAN_READ_TARGET_H

typedef enum ReadKind
{
	READ_VERSION,
	READ_SERVERS,
	READ_BACKUPS,
	READ_BACKUP, /* argument: backup id */
	READ_FILES,	 /* argument: area */
	READ_DIRECTORIES,
	READ_DISKS,
	READ_CHECK,
	READ_STATUS,
	READ_REPLICATION,
	READ_DIAGNOSE,
	READ_WINDOWS, /* runs no Barman: the executor that main.c gives lists and reads the archive */
	READ_WAL_SOURCES, /* so does this; argument: number of segments */
	READ_ALL_LISTS,	  /* these two read for later questions, and answer nobody */
	READ_ALL_DIRECTORIES
} ReadKind;

#define READ_KINDS (READ_ALL_DIRECTORIES + 1)

/* The subject of a read; server and argument are "" if unused by its kind. */
typedef struct ReadTarget
{
	ReadKind kind;
	const char *server;
	const char *argument;
} ReadTarget;

/* Accept an answer of any age that its kind allows. */
#define READ_AGE_DEFAULT (-1)

#endif /* BARMAN_READ_TARGET_H */
