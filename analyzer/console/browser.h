/*
 * browser - shows an address to the person who sits at this machine
 *
 * Contract: does nothing where there is no display or no xdg-open, and never waits;
 * the browser gets neither our standard streams nor our blocked signals.
 */
#ifndef ANALYZER_CONSOLE_BROWSER_H
#define ANALYZER_CONSOLE_BROWSER_H

void browser_open(const char *url);

#endif
