/*-------------------------------------------------------------------------
 *
 * type_owner.h
 *	  Whose code may run when values of a type are cast.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_BASE_TYPE_OWNER_H
#define POC_BASE_TYPE_OWNER_H

/*
 * Whether the type, or one that its values contain, is owned by somebody who is neither
 * the current user nor a superuser.  Its owner can create casts, which run his functions
 * as whoever casts; its output function is PostgreSQL's, or a superuser's.
 */
extern bool poc_type_is_of_others(Oid type);

#endif /* POC_BASE_TYPE_OWNER_H */
