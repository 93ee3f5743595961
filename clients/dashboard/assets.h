/* The files of this folder that a page is made of, as they are, each with a NUL at its end; written by make. */
#pragma once

extern const unsigned char dashboard_page[], dashboard_style[], dashboard_script[];
