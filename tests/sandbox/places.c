/*
 * A map that is good enough to follow a courier on: no streets, but every address has its place.
 */
#include <ctype.h>
#include <math.h>
#include <strings.h>

#include "tests/sandbox/base.h"
#include "tests/sandbox/places.h"

static const struct {
	const char *name;
	struct place centre;
} cities[] = {
	{ "Amsterdam", { 52.3702, 4.8952 } },	{ "Athens", { 37.9838, 23.7275 } },
	{ "Barcelona", { 41.3874, 2.1686 } },	{ "Berlin", { 52.5200, 13.4050 } },
	{ "Boston", { 42.3601, -71.0589 } },	{ "Chicago", { 41.8781, -87.6298 } },
	{ "Dublin", { 53.3498, -6.2603 } },	{ "Kyiv", { 50.4501, 30.5234 } },
	{ "Lisbon", { 38.7223, -9.1393 } },	{ "London", { 51.5074, -0.1278 } },
	{ "Madrid", { 40.4168, -3.7038 } },	{ "Munich", { 48.1351, 11.5820 } },
	{ "New York", { 40.7128, -74.0060 } },	{ "Paris", { 48.8566, 2.3522 } },
	{ "Prague", { 50.0755, 14.4378 } },	{ "Rome", { 41.9028, 12.4964 } },
	{ "San Francisco", { 37.7749, -122.4194 } }, { "Seattle", { 47.6062, -122.3321 } },
	{ "Vienna", { 48.2082, 16.3738 } },	{ "Warsaw", { 52.2297, 21.0122 } },
};

static struct place centre_of(const char *city)
{
	uint64_t rng = rng_seed_from(city);

	for (size_t i = 0; i < COUNT_OF(cities); i++)
		if (strcasecmp(cities[i].name, city) == 0)
			return cities[i].centre;
	return (struct place){ 36 + 18 * rng_unit(&rng), -8 + 32 * rng_unit(&rng) };
}

/* Moves by kilometres north and east. */
static struct place move(struct place p, double north, double east)
{
	return (struct place){
		p.latitude + north / 111.2, p.longitude + east / (111.2 * cos(p.latitude * M_PI / 180)),
	};
}

struct place place_of_address(const char *city, const char *address)
{
	AUTO_FREE char *both = xprintf("%s, %s", city, address);
	uint64_t rng = rng_seed_from(both);
	double km, angle;

	if (!strpbrk(address, "0123456789"))
		return (struct place){ NAN, NAN };
	km = 1 + 3.5 * rng_unit(&rng);
	angle = 2 * M_PI * rng_unit(&rng);
	return move(centre_of(city), km * sin(angle), km * cos(angle));
}

struct place place_of_kitchen(const char *city)
{
	return centre_of(city);
}

char *place_kitchen_address(const char *city)
{
	return xprintf("12 Market Square, %s", city);
}

double place_distance_km(struct place a, struct place b)
{
	double north = (b.latitude - a.latitude) * 111.2;
	double east = (b.longitude - a.longitude) * 111.2 * cos(a.latitude * M_PI / 180);

	return sqrt(north * north + east * east);
}

struct place place_between(struct place a, struct place b, double part)
{
	return (struct place){
		a.latitude + (b.latitude - a.latitude) * part, a.longitude + (b.longitude - a.longitude) * part,
	};
}
