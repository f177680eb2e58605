/*
 * former_data.h
 *
 * What an instance had before its refresh, where Barman copies over it.
 */
#ifndef RESTORE_FORMER_DATA_H
#define RESTORE_FORMER_DATA_H

#include <stddef.h>

#include <jansson.h>

/*
 * Removes from an instance's directory all but the data and as many
 * tablespaces, and from the data what the next server must not find.  Its
 * server has ended.  Returns NULL; or malloc'd text why Barman must not copy
 * over what is there, which then is to be removed whole.
 */
extern char *former_data_strip(const char *directory, size_t tablespaces);

/*
 * Compares the names of a copy with those of the backup's directory.  Returns
 * NULL, or malloc'd text that names the first that the backup does not have.
 */
extern char *former_data_left(const char *directory, const char *backup, const char *backup_id,
							  const json_t *tablespaces);

#endif /* RESTORE_FORMER_DATA_H */
