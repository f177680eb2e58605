/*
 * line_fit.h
 *
 * A straight line through points, by least squares.
 */
#ifndef OUTLOOK_LINE_FIT_H
#define OUTLOOK_LINE_FIT_H

#include <stdbool.h>
#include <stddef.h>

typedef struct Point
{
	double x;
	double y;
} Point;

/* y = start + slope * x */
typedef struct Line
{
	double start;
	double slope;
} Line;

/* False if the points do not make a line: fewer than two, or all of one x */
extern bool line_fit(const Point *points, size_t count, Line *line);

#endif /* OUTLOOK_LINE_FIT_H */
