#include "analyzer/machine/process_words.h"

#include <string.h>

#include "analyzer/machine/live_blocks.h"

uint64_t process_word(struct process_words *words, uint64_t address)
{
	uint64_t word;

	if (address < words->window ||
	    address + sizeof(word) > words->window + words->bytes) {
		words->window = address;
		words->bytes = live_blocks_read(words->pid, address, words->data,
						sizeof(words->data));
		if (words->bytes < sizeof(word)) /* the mapping ends */
			words->bytes = live_blocks_read(words->pid, address, words->data,
							sizeof(word));
	}
	if (words->bytes < sizeof(word))
		return 0;
	memcpy(&word, words->data + (address - words->window), sizeof(word));
	return word;
}
