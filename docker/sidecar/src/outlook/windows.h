/*
 * windows.h
 *
 * The windows of time and WAL to which a server can be restored.
 */
#ifndef OUTLOOK_WINDOWS_H
#define OUTLOOK_WINDOWS_H

#include "base/answer.h"

/*
 * Lists the archive, and reads the ends of its runs.  backups: of the server,
 * newest first, with what is recorded of each.  Blocks, and may hang with the
 * file system.  The answer: {windows, archive, retention}, as openapi.yaml
 * describes it.
 */
extern Answer *windows_read(const char *server, const json_t *backups);

#endif /* OUTLOOK_WINDOWS_H */
