/*
 * symbols_end - what stands at the outer end of a stack that is not complete
 */
#include "analyzer/symbols/symbols.h"

#include <stddef.h>

const char *symbols_end_name(enum heapring_end end)
{
	switch (end) {
	case HR_NODE_ROOT:
	case HR_END_COMPLETE:
		return NULL;
	case HR_END_DEPTH:
		return "[truncated]";
	case HR_END_NO_MODULE:
		return "[unknown: code in no module]";
	case HR_END_NO_CFI:
		return "[unknown: no unwind info]";
	case HR_END_BAD_FRAME:
		return "[unknown: damaged stack]";
	case HR_END_OFF_STACK:
		return "[unknown: outside the stack]";
	case HR_END_UNSUPPORTED:
		return "[unknown: unsupported unwind rule]";
	case HR_END_OVERFLOW:
		return "[overflow]";
	default:
		return "[unknown]";
	}
}
