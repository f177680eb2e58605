/*-------------------------------------------------------------------------
 *
 * settings.h
 *	  The settings poc_barman.* (design section 5).
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_SETTINGS_H
#define POC_SETTINGS_H

extern void poc_define_settings(void);

#endif							/* POC_SETTINGS_H */
