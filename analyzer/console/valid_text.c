/*
 * valid_text - any bytes as UTF-8
 */
#include "analyzer/console/valid_text.h"

#include <stdlib.h>
#include <string.h>

/* Length of a valid UTF-8 sequence at text, 0 when there is none. */
static size_t sequence(const unsigned char *text)
{
	size_t length = *text < 0x80                    ? 1
			: *text >= 0xc2 && *text < 0xe0 ? 2
			: *text >= 0xe0 && *text < 0xf0 ? 3
			: *text >= 0xf0 && *text < 0xf5 ? 4
							: 0;

	for (size_t i = 1; i < length; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	return length;
}

char *valid_text(const char *text)
{
	const unsigned char *from = (const unsigned char *)text;
	char *clean = malloc(strlen(text) * 3 + 1), *to = clean;

	while (clean && *from) {
		size_t length = sequence(from);

		memcpy(to, length ? (const char *)from : "\xef\xbf\xbd",
		       length ? length : 3);
		to += length ? length : 3;
		from += length ? length : 1;
	}
	if (clean)
		*to = '\0';
	return clean;
}
