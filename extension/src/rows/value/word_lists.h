/*-------------------------------------------------------------------------
 *
 * word_lists.h
 *	  Lists of words, of which values of text are made.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_ROWS_VALUE_WORD_LISTS_H
#define POC_ROWS_VALUE_WORD_LISTS_H

#include "rows/value/iso_codes.h"

/*
 * The words that %letter in a form stands for: A adjectives, B legal forms, C cities,
 * D departments, E languages, F first names, G genders, H honorifics, I letters of genders,
 * J jobs, K colours, L last names, M currencies, N countries, O and Q their codes,
 * P products, R regions, S statuses, T time zones, U states of the USA, V verbs, W words,
 * X file extensions, Y locales, Z media types; 0 months, 1 weekdays, 2 roles, 3 units,
 * 4 names of languages.
 */
extern const WordList *rows_word_list(char letter);

#endif /* POC_ROWS_VALUE_WORD_LISTS_H */
