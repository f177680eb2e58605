/*
 * messages_locale.h
 *
 * The language in which the programs that we run tell what is wrong.
 */
#ifndef BASE_MESSAGES_LOCALE_H
#define BASE_MESSAGES_LOCALE_H

/* Call before there are other threads. */
extern void messages_in_english(void);

#endif /* BASE_MESSAGES_LOCALE_H */
