/*
 * The text of --help.
 */
#pragma once

extern const char help_text[];
