#include "preload/platform/text.h"

struct text text_into(char *buf, size_t bytes)
{
	buf[0] = '\0';
	return (struct text){ .at = buf, .end = buf + bytes - 1 };
}

void text_char(struct text *text, char c)
{
	if (text->at == text->end) {
		text->cut = true;
		return;
	}
	*text->at++ = c;
	*text->at = '\0';
}

void text_str(struct text *text, const char *s)
{
	while (*s != '\0')
		text_char(text, *s++);
}

void text_u64(struct text *text, uint64_t n)
{
	char digits[20];
	unsigned count = 0;

	do
		digits[count++] = (char)('0' + n % 10);
	while ((n /= 10) != 0);
	while (count > 0)
		text_char(text, digits[--count]);
}
