/*
 * routes_receipt.h
 *
 * The routes of the copies of receipts.
 */
#ifndef API_ROUTES_RECEIPT_H
#define API_ROUTES_RECEIPT_H

#include "http/request.h"

extern Answer *get_receipts(Request *request);
extern Answer *post_receipt(Request *request);

#endif /* API_ROUTES_RECEIPT_H */
