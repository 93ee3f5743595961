/* The daemon shows orders as JSON in the same way: see there. */
#pragma once

#include "dbus/jsonview.h"
