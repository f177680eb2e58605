/*-------------------------------------------------------------------------
 *
 * pinned_settings.h
 *	  Settings for commands and code that come from a backup.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_PINNED_SETTINGS_H
#define POC_PINNED_SETTINGS_H

extern void poc_rescue_pin_settings(void);

#endif /* POC_PINNED_SETTINGS_H */
