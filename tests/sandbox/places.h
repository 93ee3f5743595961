/*
 * Addresses on a map: where an address is, the kitchen that serves it, and points in between.
 */
#pragma once

struct place {
	double latitude, longitude; /* degrees; NaN: not found on the map */
};

/*
 * The same address is always at the same place, within a few kilometres of its city's centre. An address
 * without a number of a house is not found.
 */
struct place place_of_address(const char *city, const char *address);
struct place place_of_kitchen(const char *city);
/* Its address, to be freed. */
char *place_kitchen_address(const char *city);
double place_distance_km(struct place a, struct place b);
/* A point on the line between, @part from 0 to 1. */
struct place place_between(struct place a, struct place b, double part);
