/*
 * record_body.h
 *
 * One record of WAL: its header, and on request its block references and data.
 */
#ifndef WAL_RECORD_BODY_H
#define WAL_RECORD_BODY_H

#include <stdbool.h>
#include <stdint.h>

/* xl_tot_len to xl_crc */
#define RECORD_HEADER_SIZE 24

/* The longest that PostgreSQL writes */
#define RECORD_SIZE_MAX (UINT32_C(1020) * 1024 * 1024)

#define RECORD_BLOCKS_MAX 33

/* Resource managers whose records mean something here */
#define RMGR_XLOG		  0
#define RMGR_XACT		  1
#define RMGR_SMGR		  2
#define RMGR_STANDBY	  8
#define RMGR_HEAP2		  9
#define RMGR_HEAP		  10
#define RMGR_LAST		  21  /* of PostgreSQL's own, in 15 to 19 */
#define RMGR_CUSTOM_FIRST 128 /* of extensions, to 255 */

#define FORK_MAIN 0
#define FORK_INIT 3

/* A file of a relation: tablespace, database (0: shared), and the number that is its name */
typedef struct RelationFile
{
	uint32_t tablespace;
	uint32_t database;
	uint32_t number;
} RelationFile;

typedef struct RecordBlock
{
	uint8_t id;
	uint8_t fork;
	bool has_image;
	uint8_t image_info;
	uint16_t image_length;
	uint16_t hole_offset;
	uint16_t hole_length;
	uint16_t data_length;
	RelationFile file;
	uint32_t block;
	const uint8_t *image; /* not decompressed */
	const uint8_t *data;
} RecordBlock;

typedef struct WalRecord
{
	uint64_t lsn;	   /* where it begins */
	uint64_t end_lsn;  /* where the next can begin */
	uint64_t previous; /* where the one before begins, as the record says */
	uint32_t length;   /* xl_tot_len, the header included */
	uint32_t xid;	   /* 0: of no transaction */
	uint8_t rmgr;
	uint8_t info;		 /* the manager's four bits and four of PostgreSQL's */
	int version;		 /* major version of PostgreSQL */
	const uint8_t *body; /* length - RECORD_HEADER_SIZE bytes, whose checksum is right */
} WalRecord;

typedef struct RecordParts
{
	uint32_t top_xid; /* 0: not told */
	uint16_t origin;  /* 0: none */
	int block_count;
	RecordBlock blocks[RECORD_BLOCKS_MAX];
	const uint8_t *main; /* the manager's own data */
	uint32_t main_length;
} RecordParts;

/*
 * Splits a record.  NULL, or a static text what is wrong with it: its checksum
 * is right, so somebody has written it so.  The parts point into the record.
 */
extern const char *record_parse(const WalRecord *record, RecordParts *parts);

#endif /* WAL_RECORD_BODY_H */
