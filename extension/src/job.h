/*-------------------------------------------------------------------------
 *
 * job.h
 *	  Starting a job of the sidecar, and following it to its end.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_JOB_H
#define POC_JOB_H

/* milliseconds that the cancellation of a job may hold up the end of a query */
#define POC_JOB_CANCEL_TIMEOUT 1000

/* bytes of a job's identifier that we are willing to carry */
#define POC_JOB_ID_SIZE 128

#endif							/* POC_JOB_H */
