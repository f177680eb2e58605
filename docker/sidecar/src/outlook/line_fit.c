/*
 * line_fit.c
 *
 * Least squares, around the middle of the points so that large numbers lose
 * nothing.
 */
#include "outlook/line_fit.h"

bool
line_fit(const Point *points, size_t count, Line *line)
{
	double x = 0;
	double y = 0;
	double square = 0;
	double product = 0;

	if (count < 2)
		return false;
	for (size_t i = 0; i < count; i++)
	{
		x += points[i].x / (double) count;
		y += points[i].y / (double) count;
	}
	for (size_t i = 0; i < count; i++)
	{
		square += (points[i].x - x) * (points[i].x - x);
		product += (points[i].x - x) * (points[i].y - y);
	}
	if (square <= 0)
		return false;
	line->slope = product / square;
	line->start = y - line->slope * x;
	return true;
}
