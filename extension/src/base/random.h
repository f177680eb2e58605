/*-------------------------------------------------------------------------
 *
 * random.h
 *	  The counter-based random function: value = f(seed, version, column, row).
 *
 * The results for a POC_ROWS_VERSION must never change: an old seed must always give the
 * same rows, but for what the day of the call and the codes of the system decide.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_RANDOM_H
#define POC_RANDOM_H

/* The version of the generator; it is part of every stream. */
#define POC_ROWS_VERSION 1

/* 2^64 divided by the golden ratio: the step of splitmix64. */
#define ROWS_STEP UINT64CONST(0x9E3779B97F4A7C15)

/* State of the stream of random numbers for one value. */
typedef struct RowsDraw
{
	uint64 state;
	uint64 row;	 /* number of the row, from 0 */
	int attempt; /* at this row */
} RowsDraw;

/* The finalizer of splitmix64: every input bit changes half of the output. */
static inline uint64
rows_mix(uint64 x)
{
	x = (x ^ (x >> 30)) * UINT64CONST(0xBF58476D1CE4E5B9);
	x = (x ^ (x >> 27)) * UINT64CONST(0x94D049BB133111EB);
	return x ^ (x >> 31);
}

/* The stream of one column, which depends on everything except the row. */
static inline uint64
rows_stream(uint64 seed, int column, int attempt)
{
	uint64 version = rows_mix(seed + ROWS_STEP * POC_ROWS_VERSION);

	return rows_mix(version + ROWS_STEP * (((uint64) attempt << 16) + (uint64) column));
}

static inline void
rows_draw_start(RowsDraw *draw, uint64 stream, uint64 row)
{
	draw->state = rows_mix(stream + row * UINT64CONST(0xD1B54A32D192ED03));
	draw->row = row;
	draw->attempt = 0;
}

static inline uint64
rows_draw(RowsDraw *draw)
{
	draw->state += ROWS_STEP;
	return rows_mix(draw->state);
}

/*
 * A number in [0, limit).  The multiplication avoids a division for the usual
 * small limits; the bias is below 2^-32.
 */
static inline uint64
rows_below(RowsDraw *draw, uint64 limit)
{
	uint64 random = rows_draw(draw);

	if (limit <= PG_UINT32_MAX)
		return ((random >> 32) * limit) >> 32;
	return random % limit;
}

/* A number in [0, 1). */
static inline double
rows_unit(RowsDraw *draw)
{
	return (double) (rows_draw(draw) >> 11) * (1.0 / 9007199254740992.0);
}

#endif /* POC_RANDOM_H */
