/*
 * shared_memory.h
 *
 * The shared memory of a restored server that outlives its processes: the small
 * segment (System V) by which another postmaster of the same data notices it.
 */
#ifndef RESTORE_SHARED_MEMORY_H
#define RESTORE_SHARED_MEMORY_H

/*
 * PostgreSQL takes the inode number of its data directory, or if somebody has
 * that key one of those behind it.
 */
#define SHARED_KEYS 64

/* More than it has, and no more than a page */
#define SHARED_BYTES 4096

typedef struct SharedKeys
{
	unsigned int first;
} SharedKeys;

/* Those of the server in this directory of an instance.  Returns errno. */
extern int shared_memory_keys(const char *directory, SharedKeys *keys);

/* Removes what is left of these keys, once the server's processes have ended. */
extern void shared_memory_remove(const SharedKeys *keys);

#endif /* RESTORE_SHARED_MEMORY_H */
