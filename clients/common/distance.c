/* How far two places are from each other. */
#include "clients/common/distance.h"

#include <math.h>

double distance_metres(double lat1, double lon1, double lat2, double lon2)
{
	const double earth = 6371008.8, degree = M_PI / 180;
	double a, b;

	if (isnan(lat1) || isnan(lon1) || isnan(lat2) || isnan(lon2))
		return NAN; /* fmin() below would turn it into a number */
	a = sin((lat2 - lat1) * degree / 2);
	b = sin((lon2 - lon1) * degree / 2);
	a = a * a + cos(lat1 * degree) * cos(lat2 * degree) * b * b;
	return 2 * earth * asin(sqrt(fmin(1, a)));
}
