/*
 * receipt_members.h
 *
 * The members that the text of a receipt may have, and their types.
 */
#ifndef API_RECEIPT_MEMBERS_H
#define API_RECEIPT_MEMBERS_H

#include <stdbool.h>

/* Whether PostgreSQL reads all of the text as the receipt of a drill or a rescue of this server */
extern bool receipt_is_of_server(const char *text, const char *server);

#endif /* API_RECEIPT_MEMBERS_H */
