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

/* milliseconds; connections are local or near, so two seconds is long */
#define POC_CONNECT_TIMEOUT_MIN		1
#define POC_CONNECT_TIMEOUT_DEFAULT 2000
#define POC_CONNECT_TIMEOUT_MAX		60000

/* milliseconds; the sidecar allows Barman's read commands 60 s */
#define POC_TIMEOUT_MIN		1
#define POC_TIMEOUT_DEFAULT 60000
#define POC_TIMEOUT_MAX		600000

/* kilobytes; jsonb cannot hold more than 256 MB */
#define POC_MAX_RESPONSE_SIZE_MIN	  1
#define POC_MAX_RESPONSE_SIZE_DEFAULT (16 * 1024)
#define POC_MAX_RESPONSE_SIZE_MAX	  (255 * 1024)

/* megabytes; writers wait while a table is read, about a minute for 10 GB */
#define POC_MARK_SIZE_LIMIT_MIN		(-1)
#define POC_MARK_SIZE_LIMIT_DEFAULT (10 * 1024)
#define POC_MARK_SIZE_LIMIT_MAX		INT_MAX

/* How the progress of jobs and of long procedures is told */
typedef enum PocProgress
{
	POC_PROGRESS_AUTO, /* as the client shows it best: poc_progress() */
	POC_PROGRESS_LOG,
	POC_PROGRESS_BRIEF,
	POC_PROGRESS_NONE
} PocProgress;

extern char *poc_url;
extern char *poc_token_file;
extern char *poc_destroy_token_file;
extern char *poc_ca_file;
extern char *poc_server;
extern int poc_connect_timeout;
extern int poc_timeout;
extern int poc_max_response_size;
extern int poc_mark_size_limit;
extern int poc_progress_setting;

extern void poc_define_settings(void);

extern bool poc_url_is_visible(void);

#endif /* POC_SETTINGS_H */
