/*
 * The text of --help.
 */
#pragma once

/* Of users that Seed makes. */
#define SEED_PASSWORD "sandbox-password"

extern const char help_text[];
