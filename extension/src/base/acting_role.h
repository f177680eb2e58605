/*-------------------------------------------------------------------------
 *
 * acting_role.h
 *	  To act as another role for a while, with settings that end with it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_BASE_ACTING_ROLE_H
#define POC_BASE_ACTING_ROLE_H

/* What to return to. */
typedef struct PocActing
{
	Oid user;
	int security_context;
	int nest_level; /* of settings */
} PocActing;

/* flags: SECURITY_... of miscadmin.h, added to those that hold.  An error needs no cleaning up. */
extern PocActing poc_act_as(Oid role, int flags);
extern void poc_stop_acting(const PocActing *acting);

/* Names mean PostgreSQL's own objects, until the nest level of settings ends. */
extern void poc_restrict_search_path(void);

#endif /* POC_BASE_ACTING_ROLE_H */
