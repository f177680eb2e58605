/*-------------------------------------------------------------------------
 *
 * candidate_container.c
 *	  Arrays, ranges and networks that a condition may accept.
 *
 * A candidate is only a guess; the condition itself decides.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <sys/socket.h>

#include "catalog/pg_type.h"
#include "nodes/primnodes.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/inet.h"
#include "utils/lsyscache.h"
#include "utils/rangetypes.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "base/compat.h"
#include "base/random.h"
#include "rows/value/arena.h"
#include "rows/value/candidate.h"
#include "rows/value/type.h"

#define MOST_ELEMENTS 100

typedef struct Container
{
	RowsValue value;
	List *elements; /* of RowsValue */
	List *numbers;	/* of int */
	List *networks; /* of inet * */
	List *lengths;	/* of int64 *: of ranges */
	TypeCacheEntry *typcache;
	Oid element;
	int16 typlen;
	bool typbyval;
	char typalign;
	FmgrInfo input;
	Oid ioparam;
} Container;

static Datum make_array(const RowsValue *value, RowsDraw *draw, RowsArena *arena);
static Datum make_some_range(const RowsValue *value, RowsDraw *draw, RowsArena *arena);
static Datum make_network(const RowsValue *value, RowsDraw *draw, RowsArena *arena);

static Container *
start_container(const RowsValue *like, const RowsMention *mention, Oid element)
{
	Container *container = palloc0(sizeof(Container));

	container->value = *like;
	container->numbers = mention->numbers;
	container->element = element;
	if (OidIsValid(element))
	{
		RowsValue *any = rows_make_nested(element, -1, 1);

		container->elements = rows_candidates(element, -1, mention);
		if (any != NULL)
			container->elements = lappend(container->elements, any);
		get_typlenbyvalalign(element, &container->typlen, &container->typbyval, &container->typalign);
	}
	return container;
}

static RowsValue *
some_kind(const Container *container, RowsDraw *draw)
{
	return list_nth(container->elements, (int) rows_below(draw, list_length(container->elements)));
}

static Datum
some_element(const Container *container, RowsDraw *draw, RowsArena *arena)
{
	RowsValue *element = some_kind(container, draw);

	return element->make(element, draw, arena);
}

/* ---- arrays ---- */

List *
rows_array_candidates(const RowsValue *like, const RowsMention *mention)
{
	Container *container = start_container(like, mention, get_element_type(like->type));

	container->value.make = make_array;
	return container->elements != NIL ? list_make1(container) : NIL;
}

static Datum
make_array(const RowsValue *value, RowsDraw *draw, RowsArena *arena)
{
	const Container *container = (const Container *) value;
	Datum datums[MOST_ELEMENTS];
	int n = (int) rows_below(draw, 4);
	RowsValue *one_kind = rows_below(draw, 4) != 0 ? some_kind(container, draw) : NULL;
	MemoryContext old;
	ArrayType *result;

	if (container->numbers != NIL && (rows_draw(draw) & 1))
		n = list_nth_int(container->numbers, (int) rows_below(draw, list_length(container->numbers))) +
			(int) rows_below(draw, 3) - 1;
	n = Min(Max(n, 0), MOST_ELEMENTS);
	/* all elements of one kind, more often than not */
	for (int i = 0; i < n; i++)
		datums[i] = one_kind != NULL ? one_kind->make(one_kind, draw, arena)
									 : some_element(container, draw, arena);
	old = MemoryContextSwitchTo(arena->context);
	result = construct_array(datums, n, container->element, container->typlen, container->typbyval,
							 container->typalign);
	MemoryContextSwitchTo(old);
	return PointerGetDatum(result);
}

/* ---- ranges ---- */

List *
rows_range_candidates(const RowsValue *like, const RowsMention *mention)
{
	Container *container = start_container(like, mention, get_range_subtype(like->type));
	ListCell *cell;

	container->typcache = lookup_type_cache(like->type, TYPECACHE_RANGE_INFO);
	container->value.make = make_some_range;
	foreach (cell, mention->constants)
	{
		const Const *constant = lfirst(cell);
		int64 *length = palloc0(sizeof(int64));

		if (constant->consttype == INTERVALOID)
		{
			const Interval *interval = DatumGetIntervalP(constant->constvalue);

			*length = interval->time + interval->day * USECS_PER_DAY;
		}
		else if (constant->consttype == INT4OID)
			*length = DatumGetInt32(constant->constvalue);
		container->lengths = lappend(container->lengths, length);
	}
	return container->elements != NIL ? list_make1(container) : NIL;
}

/* An end as far from the start as the condition says, or less; another one if it says nothing. */
static Datum
some_end(const Container *container, Datum start, Datum other, RowsDraw *draw, RowsArena *arena)
{
	const RowsValue *like = linitial(container->elements);
	int64 number;
	int64 length;

	if (container->lengths == NIL || like->from_int == NULL || like->to_int == NULL)
		return other;
	length = *(int64 *) list_nth(container->lengths,
								 (int) rows_below(draw, list_length(container->lengths)));
	if (length < 1 || !like->to_int(like, start, &number) || number > PG_INT64_MAX - length)
		return other;
	if (rows_draw(draw) & 1)
		length = 1 + (int64) rows_below(draw, (uint64) length);
	return like->from_int(like, rows_clamp(like, number + length), arena);
}

static Datum
make_some_range(const RowsValue *value, RowsDraw *draw, RowsArena *arena)
{
	const Container *container = (const Container *) value;
	RangeBound lower = {.lower = true};
	RangeBound upper = {.lower = false};
	int order;
	MemoryContext old;
	RangeType *result;
	uint64 form = rows_below(draw, 12);

	lower.val = some_element(container, draw, arena);
	upper.val = some_element(container, draw, arena);
	if (rows_below(draw, 3) == 0)
		upper.val = some_end(container, lower.val, upper.val, draw, arena);
	order = DatumGetInt32(FunctionCall2Coll(&container->typcache->rng_cmp_proc_finfo,
											container->typcache->rng_collation, lower.val, upper.val));
	lower.infinite = form == 4 || form == 7;
	upper.infinite = form == 5 || form == 6;
	/* an end that has no other need not be the lower one of two */
	if (order > 0 && !lower.infinite && !upper.infinite)
	{
		Datum swap = lower.val;

		lower.val = upper.val;
		upper.val = swap;
	}
	lower.inclusive = form != 1 && form != 2;
	upper.inclusive = form == 2 || form == 3;
	old = MemoryContextSwitchTo(arena->context);
	result = make_range(container->typcache, &lower, &upper, form == 0, NULL);
	MemoryContextSwitchTo(old);
	return RangeTypePGetDatum(result);
}

/* ---- networks ---- */

List *
rows_network_candidates(const RowsValue *like, const RowsMention *mention)
{
	Container *container = start_container(like, mention, InvalidOid);
	Oid input;
	ListCell *cell;

	foreach (cell, mention->constants)
	{
		Const *constant = lfirst(cell);

		if (constant->consttype == INETOID || constant->consttype == CIDROID)
			container->networks = lappend(container->networks, DatumGetInetPP(constant->constvalue));
	}
	foreach (cell, mention->texts)
	{
		int bytes[4] = {0};
		int n = sscanf(lfirst(cell), "%3d.%3d.%3d.%3d", &bytes[0], &bytes[1], &bytes[2], &bytes[3]);
		bool valid = n > 0;

		/* host(a) LIKE '192.168.%' */
		for (int i = 0; i < 4; i++)
			valid = valid && bytes[i] >= 0 && bytes[i] <= 255;
		if (valid)
			container->networks = lappend(container->networks,
										  DatumGetInetPP(
											  DirectFunctionCall1(cidr_in,
																  CStringGetDatum(
																	  psprintf("%d.%d.%d.%d/%d",
																			   bytes[0], bytes[1],
																			   bytes[2], bytes[3],
																			   n * BITS_PER_BYTE)))));
	}
	getTypeInputInfo(like->type, &input, &container->ioparam);
	fmgr_info(input, &container->input);
	container->value.make = make_network;
	return list_make1(container);
}

/* An address of either family, within a network of the condition where it has one. */
static Datum
make_network(const RowsValue *value, RowsDraw *draw, RowsArena *arena)
{
	const Container *container = (const Container *) value;
	unsigned char address[16];
	int nbytes = (rows_draw(draw) & 1) ? 4 : 16;
	int fixed = 0; /* bits */
	int bits;
	int most;
	char text[80];
	int length = 0;
	MemoryContext old;
	Datum result;

	for (int i = 0; i < 16; i++)
		address[i] = (unsigned char) rows_draw(draw);
	if (container->networks != NIL && rows_below(draw, 8) != 0)
	{
		inet *network = list_nth(container->networks,
								 (int) rows_below(draw, list_length(container->networks)));

		nbytes = ip_addrsize(network);
		fixed = ip_bits(network);
		for (int i = 0; i < fixed; i++)
		{
			unsigned char bit = 0x80 >> (i % 8);

			address[i / 8] = (address[i / 8] & ~bit) | (ip_addr(network)[i / 8] & bit);
		}
	}
	most = nbytes * BITS_PER_BYTE;
	bits = most;
	if (rows_draw(draw) & 1)
		bits = (nbytes == 4 ? 24 : 64);
	if (container->numbers != NIL && (rows_draw(draw) & 1))
		bits = list_nth_int(container->numbers,
							(int) rows_below(draw, list_length(container->numbers))) +
			   (int) rows_below(draw, 3) - 1;
	bits = Min(Max(bits, fixed), most);
	/* a cidr has no bits behind its mask */
	for (int i = bits; i < most && value->type == CIDROID; i++)
		address[i / 8] &= ~(0x80 >> (i % 8));
	for (int i = 0; i < nbytes; i++)
	{
		if (nbytes == 4)
			length += snprintf(text + length, sizeof(text) - length, "%s%d", i > 0 ? "." : "",
							   address[i]);
		else
			length += snprintf(text + length, sizeof(text) - length, "%s%02x",
							   i > 0 && i % 2 == 0 ? ":" : "", address[i]);
	}
	snprintf(text + length, sizeof(text) - length, "/%d", bits);
	old = MemoryContextSwitchTo(arena->context);
	result = InputFunctionCall((FmgrInfo *) &container->input, text, container->ioparam, -1);
	MemoryContextSwitchTo(old);
	return result;
}
