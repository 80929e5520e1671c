/*
 * layers - functions that most of their callers use without a trace
 *
 * Of a caller that turns over a thousand times what another leaks, what is at work just
 * now may be as much as the leak. So who keeps is one of whose blocks a good part stayed,
 * and a fair one has hardly anything left beside that.
 */
#include "analyzer/views/layers.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include <uthash.h>

#define CALLERS_KEPT 16u
#define FAIR_STAYED 0.05 /* of what stayed of all callers' */
#define FAIR_TAKEN 0.1   /* of that, at least, or its use is none */
#define KEPT_BYTES 2048.0
#define KEPT_SHARE                                                                       \
	0.001 /* of what a caller took, to keep it; less is what is at work              \
	       */

struct caller {
	const char *name;
	double taken, stayed;
};

struct layer {
	const char *function;
	struct caller callers[CALLERS_KEPT];
	size_t count;
	UT_hash_handle hh;
};

struct layers {
	struct layer *by_function;
};

struct layers *layers_new(void)
{
	return calloc(1, sizeof(struct layers));
}

void layers_free(struct layers *layers)
{
	struct layer *layer, *next;

	if (!layers)
		return;
	HASH_ITER(hh, layers->by_function, layer, next)
	{
		HASH_DEL(layers->by_function, layer);
		free(layer);
	}
	free(layers);
}

static struct layer *layer_of(const struct layers *layers, const char *function)
{
	struct layer *layer;

	HASH_FIND_PTR(layers->by_function, &function, layer);
	return layer;
}

static struct caller *caller_of(struct layer *layer, const char *name)
{
	for (size_t i = 0; i < layer->count; i++)
		if (layer->callers[i].name == name)
			return &layer->callers[i];
	if (layer->count == CALLERS_KEPT)
		return NULL;
	layer->callers[layer->count].name = name;
	return &layer->callers[layer->count++];
}

int layers_note(struct layers *layers, const char *function, const char *caller,
		double taken, double stayed)
{
	struct layer *layer = layer_of(layers, function);
	struct caller *found;

	if (!layer) {
		layer = calloc(1, sizeof(*layer));
		if (!layer)
			return -ENOMEM;
		layer->function = function;
		HASH_ADD_PTR(layers->by_function, function, layer);
	}
	found = caller_of(layer, caller);
	if (found) {
		found->taken += taken;
		found->stayed += stayed;
	}
	return 0;
}

static double kept_by(const struct caller *caller)
{
	return caller->stayed > KEPT_SHARE * caller->taken ? caller->stayed : 0;
}

bool layers_has(const struct layers *layers, const char *function)
{
	const struct layer *layer = layer_of(layers, function);
	double kept = 0;

	for (size_t i = 0; layer && i < layer->count; i++)
		kept += kept_by(&layer->callers[i]);
	for (size_t i = 0; layer && kept >= KEPT_BYTES && i < layer->count; i++)
		if (layer->callers[i].stayed < FAIR_STAYED * kept &&
		    layer->callers[i].taken > FAIR_TAKEN * kept)
			return true;
	return false;
}
