/*
 * operation_list.c
 *
 * A list of operations that grows.
 */
#include "wal/operation_list.h"

#include "base/memory.h"

Operation *
operations_add(Operations *operations, unsigned int kinds, uint32_t database, uint32_t relation)
{
	Operation *operation;

	if (operations->count == operations->room)
	{
		operations->room = operations->room > 0 ? operations->room * 2 : 8;
		operations->items = mem_realloc(operations->items, operations->room * sizeof(Operation));
	}
	operation = &operations->items[operations->count++];
	*operation = (Operation){.kinds = kinds, .database = database, .relation = relation};
	return operation;
}
