/* How far two places are from each other. */
#pragma once

/* Metres on the earth's surface; NaN when a coordinate is. */
double distance_metres(double lat1, double lon1, double lat2, double lon2);
