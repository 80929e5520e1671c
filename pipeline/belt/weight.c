/*
 * weight - what a message takes in memory when it is copied out
 */
#include "pipeline/belt/weight.h"

#include <string.h>

size_t weight_of(size_t payload, size_t key, const rd_kafka_headers_t *headers)
{
	size_t sum = payload + key, size;
	const char *name;
	const void *value;

	for (size_t i = 0; headers != NULL &&
			   rd_kafka_header_get_all(headers, i, &name, &value, &size) ==
				   RD_KAFKA_RESP_ERR_NO_ERROR;
	     i++)
		sum += strlen(name) + size;
	return sum;
}
