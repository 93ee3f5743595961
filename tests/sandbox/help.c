/*
 * The text of --help: enough to write a client against.
 */
#include "tests/sandbox/help.h"

const char help_text[] =
	"customerclient-sandbox: a stand-in for the services of a delivery service, on loopback, to try a client out\n"
	"\n"
	"  -p, --port N             the port to listen on; 0 = any free one  [8080]\n"
	"  -d, --data DIR           keep the data in DIR  [in memory]\n"
	"  -s, --speed N            orders live N times as fast as real ones; 0 = they stand still  [1]\n"
	"      --verification WHO   who compares the code of a sign-up: service or client  [service]\n"
	"      --random-seed N      makes lateness, codes and couriers reproducible\n"
	"  -h, --help               this text\n"
	"\n"
	"Prints \"listening on http://127.0.0.1:<port>\" when it is ready. Ends at SIGTERM or SIGINT.\n"
	"Exit status: 0 ended by a signal, 1 it could not run, 2 wrong arguments.\n";
