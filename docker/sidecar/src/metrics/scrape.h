/*
 * scrape.h
 *
 * The answer to a scrape.
 */
#ifndef METRICS_SCRAPE_H
#define METRICS_SCRAPE_H

#include "base/answer.h"

/* All metrics in Prometheus' text format.  Waits for nothing. */
extern Answer *scrape_answer(void);

/* Once nobody scrapes any more */
extern void scrape_forget(void);

#endif /* METRICS_SCRAPE_H */
