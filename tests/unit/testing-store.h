/* For the tests of the databases: folders of their own, files read and spoiled. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/types.h>

#include "base/util.h"

/* cmocka set-up and tear-down: *state is the path of a new folder (0700), removed with all in it. */
int folder_setup(void **state);
int folder_teardown(void **state);

/* A path in the folder; freed by the caller. */
char *path_in(const char *folder, const char *format, ...) _printf_(2, 3);

/* Whole files. */
char *file_read(const char *path, size_t *ret_size);
void file_write(const char *path, const void *data, size_t n);
/* Overwrites n bytes at an offset. */
void file_spoil(const char *path, off_t offset, size_t n);
/* Does any file of the folder hold these bytes? */
bool folder_has_bytes(const char *folder, const char *bytes);
/* Number of names in the folder that hold this text. */
unsigned folder_count(const char *folder, const char *text);

/* Runs f in a child; its exit status. What the child prints and asserts counts for nothing: return values do. */
int in_child(int (*f)(void *userdata), void *userdata);

/* Runs the SQL of a file under tests/data on a new database at `path`. */
void database_from_sql(const char *path, const char *name);
/* All "CREATE" of a database, one a line, in the order of their names. */
char *database_schema(const char *path);
