/*
 * valid_text - any bytes as UTF-8
 *
 * Why it exists: names and paths are whatever a program or a file system says.
 */
#ifndef ANALYZER_CONSOLE_VALID_TEXT_H
#define ANALYZER_CONSOLE_VALID_TEXT_H

/* What is no UTF-8 becomes U+FFFD. Needs free(); NULL without memory. */
char *valid_text(const char *text);

#endif
