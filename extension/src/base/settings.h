/*-------------------------------------------------------------------------
 *
 * settings.h
 *	  The settings poc_barman.*.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_SETTINGS_H
#define POC_SETTINGS_H

#define POC_URL_DEFAULT "http://127.0.0.1:8480"

/* milliseconds; a connection is local or near, so two seconds is long */
#define POC_CONNECT_TIMEOUT_MIN 1
#define POC_CONNECT_TIMEOUT_DEFAULT 2000
#define POC_CONNECT_TIMEOUT_MAX 60000

/* milliseconds; the sidecar gives Barman's reading commands 60 s itself */
#define POC_TIMEOUT_MIN 1
#define POC_TIMEOUT_DEFAULT 60000
#define POC_TIMEOUT_MAX 600000

/* kilobytes; jsonb cannot hold more than 256 MB */
#define POC_MAX_RESPONSE_SIZE_MIN 1
#define POC_MAX_RESPONSE_SIZE_DEFAULT (16 * 1024)
#define POC_MAX_RESPONSE_SIZE_MAX (255 * 1024)

/* megabytes; a table's writers wait while it is read, 10 GB for about a minute */
#define POC_MARK_SIZE_LIMIT_MIN (-1)
#define POC_MARK_SIZE_LIMIT_DEFAULT (10 * 1024)
#define POC_MARK_SIZE_LIMIT_MAX INT_MAX

extern char *poc_url;
extern char *poc_token_file;
extern char *poc_destroy_token_file;
extern char *poc_ca_file;
extern char *poc_server;
extern int	poc_connect_timeout;
extern int	poc_timeout;
extern int	poc_max_response_size;
extern int	poc_mark_size_limit;

extern void poc_define_settings(void);

extern bool poc_url_is_visible(void);

#endif							/* POC_SETTINGS_H */
