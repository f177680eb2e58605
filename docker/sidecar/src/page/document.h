/*
 * document.h
 *
 * The page that the sidecar shows to browsers: one document without anything
 * from elsewhere.
 */
#ifndef PAGE_DOCUMENT_H
#define PAGE_DOCUMENT_H

#include "base/answer.h"

/* Puts the document together.  Runs before there are other threads; false if it cannot be hashed. */
extern bool document_start(void);

/* The document; or, to a caller who has it already by the header If-None-Match, status 304 */
extern Answer *document_answer(const char *if_none_match);

#endif /* PAGE_DOCUMENT_H */
