/*-------------------------------------------------------------------------
 *
 * table_order.c
 *	  The order in which tables that refer to each other are filled.
 *
 * Knows numbers, not tables: _poc.populate_steps() reads the catalog.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/tuplestore.h"

#include "base/compat.h"

/* A foreign key: the child refers to the parent. */
typedef struct Edge
{
	int child;
	int parent;
	bool soft; /* the child can be filled first, with nulls */
} Edge;

/* Tables are nodes 0 to n - 1.  Nodes that refer to each other in a circle share a component. */
typedef struct Graph
{
	int n;
	int nedges;
	Edge *edges;	/* sorted by child */
	int *first;		/* n + 1: the edges of node i are first[i] to first[i + 1] - 1 */
	int *component; /* numbered so that parents come first */
	int ncomponents;
	int *sizes;	  /* nodes of each component */
	int *sorted;  /* nodes by component */
	int *levels;  /* per component: keys on the longest way up */
	int *heights; /* per component: keys on the longest way down */
} Graph;

static int *read_numbers(FunctionCallInfo fcinfo, int argument, int *length);
static void read_graph(FunctionCallInfo fcinfo, Graph *graph);
static int by_child(const void *a, const void *b);
static void find_components(Graph *graph);
static void measure(Graph *graph);
static void order_component(Graph *graph, int start, int *placed);
static void order_graph(Graph *graph, int *order);

PG_FUNCTION_INFO_V1(poc_table_order);

/*
 * _poc.table_order(tables int, children int[], parents int[], soft int[]):
 * (node, level, height, cyclic), parents first
 */
Datum
poc_table_order(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Graph graph = {0};
	int *order;

	InitMaterializedSRF(fcinfo, 0);
	read_graph(fcinfo, &graph);
	find_components(&graph);
	measure(&graph);
	order = palloc(sizeof(int) * Max(graph.n, 1));
	order_graph(&graph, order);
	for (int i = 0; i < graph.n; i++)
	{
		int component = graph.component[order[i]];
		Datum values[] = {Int32GetDatum(order[i] + 1), Int32GetDatum(graph.levels[component]),
						  Int32GetDatum(graph.heights[component]),
						  BoolGetDatum(graph.sizes[component] > 1)};
		bool isnull[lengthof(values)] = {0};

		tuplestore_putvalues(result->setResult, result->setDesc, values, isnull);
	}
	return (Datum) 0;
}

/* ---- arguments ---- */

/* The elements of an array of integers. */
static int *
read_numbers(FunctionCallInfo fcinfo, int argument, int *length)
{
	ArrayType *array = PG_GETARG_ARRAYTYPE_P(argument);

	if (ARR_NDIM(array) > 1 || array_contains_nulls(array) || ARR_ELEMTYPE(array) != INT4OID)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("an array of foreign keys must have one dimension and no nulls"),
						errhint("Use poc_populate_plan().")));
	*length = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	return (int *) ARR_DATA_PTR(array);
}

static void
read_graph(FunctionCallInfo fcinfo, Graph *graph)
{
	int lengths[3];
	int *children = read_numbers(fcinfo, 1, &lengths[0]);
	int *parents = read_numbers(fcinfo, 2, &lengths[1]);
	int *soft = read_numbers(fcinfo, 3, &lengths[2]);
	bool matches = lengths[0] == lengths[1] && lengths[1] == lengths[2];

	graph->n = PG_GETARG_INT32(0);
	for (int i = 0; matches && i < lengths[0]; i++)
		matches = children[i] >= 1 && children[i] <= graph->n && parents[i] >= 1 &&
				  parents[i] <= graph->n;
	if (!matches || graph->n < 0 || graph->n > (int) (MaxAllocSize / sizeof(Edge)))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("the foreign keys do not fit the number of tables"),
						errhint("Use poc_populate_plan().")));

	graph->nedges = lengths[0];
	graph->edges = palloc(sizeof(Edge) * Max(graph->nedges, 1));
	for (int i = 0; i < graph->nedges; i++)
		graph->edges[i] = (Edge){children[i] - 1, parents[i] - 1, soft[i] != 0};
	qsort(graph->edges, graph->nedges, sizeof(Edge), by_child);
	graph->first = palloc0(sizeof(int) * (graph->n + 1));
	for (int i = 0; i < graph->nedges; i++)
		graph->first[graph->edges[i].child + 1]++;
	for (int i = 0; i < graph->n; i++)
		graph->first[i + 1] += graph->first[i];
}

static int
by_child(const void *a, const void *b)
{
	const Edge *left = a;
	const Edge *right = b;

	if (left->child != right->child)
		return left->child - right->child;
	return left->parent - right->parent;
}

/* ---- components ---- */

/* Tarjan's algorithm, with a stack of its own: a chain of keys may be long. */
static void
find_components(Graph *graph)
{
	int n = Max(graph->n, 1);
	int *index = palloc0(sizeof(int) * n); /* order of visit, from 1 */
	int *low = palloc0(sizeof(int) * n);
	int *next = palloc0(sizeof(int) * n); /* edge to follow */
	int *open = palloc(sizeof(int) * n);  /* visited, not yet in a component */
	int *path = palloc(sizeof(int) * n);
	int visited = 0;
	int nopen = 0;

	graph->component = palloc(sizeof(int) * n);
	graph->sizes = palloc0(sizeof(int) * n);
	graph->sorted = palloc(sizeof(int) * n);
	memset(graph->component, -1, sizeof(int) * n);
	for (int root = 0; root < graph->n; root++)
	{
		int depth = 0;

		CHECK_FOR_INTERRUPTS();
		if (index[root] != 0)
			continue;
		path[depth++] = root;
		while (depth > 0)
		{
			int node = path[depth - 1];

			if (index[node] == 0)
			{
				index[node] = low[node] = ++visited;
				next[node] = graph->first[node];
				open[nopen++] = node;
			}
			if (next[node] < graph->first[node + 1])
			{
				int parent = graph->edges[next[node]++].parent;

				if (index[parent] == 0)
					path[depth++] = parent;
				else if (graph->component[parent] < 0)
					low[node] = Min(low[node], index[parent]);
				continue;
			}
			depth--;
			if (depth > 0)
				low[path[depth - 1]] = Min(low[path[depth - 1]], low[node]);
			if (low[node] != index[node])
				continue;
			do
			{
				graph->component[open[--nopen]] = graph->ncomponents;
				graph->sizes[graph->ncomponents]++;
			} while (open[nopen] != node);
			graph->ncomponents++;
		}
	}
}

/* The longest ways up and down, and the nodes by component. */
static void
measure(Graph *graph)
{
	int *start = palloc0(sizeof(int) * (graph->ncomponents + 1));

	graph->levels = palloc0(sizeof(int) * Max(graph->n, 1));
	graph->heights = palloc0(sizeof(int) * Max(graph->n, 1));
	for (int i = 0; i < graph->ncomponents; i++)
		start[i + 1] = start[i] + graph->sizes[i];
	for (int node = 0; node < graph->n; node++)
		graph->sorted[start[graph->component[node]]++] = node;

	for (int i = 0; i < graph->n; i++)
	{
		int node = graph->sorted[i];
		int own = graph->component[node];

		for (int j = graph->first[node]; j < graph->first[node + 1]; j++)
		{
			int parent = graph->component[graph->edges[j].parent];

			if (parent != own)
				graph->levels[own] = Max(graph->levels[own], graph->levels[parent] + 1);
		}
	}
	for (int i = graph->n - 1; i >= 0; i--)
	{
		int node = graph->sorted[i];
		int own = graph->component[node];

		for (int j = graph->first[node]; j < graph->first[node + 1]; j++)
		{
			int parent = graph->component[graph->edges[j].parent];

			if (parent != own)
				graph->heights[parent] = Max(graph->heights[parent], graph->heights[own] + 1);
		}
	}
}

/* ---- the order ---- */

/*
 * Within a circle the next node is the one that misses the fewest parents whose keys take
 * no null, then the fewest others, then the first by number.
 */
static void
order_component(Graph *graph, int start, int *placed)
{
	int *nodes = &graph->sorted[start];
	int size = graph->sizes[graph->component[nodes[0]]];

	for (int place = 0; place < size; place++)
	{
		int best = -1;
		int swap;
		int64 fewest = 0;

		CHECK_FOR_INTERRUPTS();
		for (int i = place; i < size; i++)
		{
			int64 missing = 0;

			for (int j = graph->first[nodes[i]]; j < graph->first[nodes[i] + 1]; j++)
			{
				Edge *edge = &graph->edges[j];

				if (graph->component[edge->parent] == graph->component[nodes[i]] &&
					!placed[edge->parent])
					missing += edge->soft ? 1 : PG_INT32_MAX;
			}
			if (best < 0 || missing < fewest || (missing == fewest && nodes[i] < nodes[best]))
			{
				best = i;
				fewest = missing;
			}
		}
		placed[nodes[best]] = true;
		swap = nodes[place];
		nodes[place] = nodes[best];
		nodes[best] = swap;
	}
}

/* By level, and within a level by the first node of each component. */
static void
order_graph(Graph *graph, int *order)
{
	int *placed = palloc0(sizeof(int) * Max(graph->n, 1));
	int *starts = palloc(sizeof(int) * Max(graph->n, 1));
	int *leaders = palloc(sizeof(int) * Max(graph->n, 1)); /* per node: is it a component's first? */
	int start = 0;
	int next = 0;
	int deepest = 0;

	memset(leaders, -1, sizeof(int) * Max(graph->n, 1));
	for (int component = 0; component < graph->ncomponents; component++)
	{
		/* the sort by component has kept the order of the nodes */
		leaders[graph->sorted[start]] = component;
		starts[component] = start;
		deepest = Max(deepest, graph->levels[component]);
		start += graph->sizes[component];
	}
	for (int component = 0; component < graph->ncomponents; component++)
	{
		if (graph->sizes[component] > 1)
			order_component(graph, starts[component], placed);
	}
	for (int level = 0; level <= deepest; level++)
	{
		CHECK_FOR_INTERRUPTS();
		for (int node = 0; node < graph->n; node++)
		{
			int component = leaders[node];

			if (component < 0 || graph->levels[component] != level)
				continue;
			for (int i = 0; i < graph->sizes[component]; i++)
				order[next++] = graph->sorted[starts[component] + i];
		}
	}
}
