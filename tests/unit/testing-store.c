/* See testing-store.h. */
#include "testing-store.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>

int folder_setup(void **state)
{
	const char *tmp = getenv("TMPDIR");
	char *path = strprintf("%s/customerclient-test-XXXXXX", isempty(tmp) ? "/tmp" : tmp);

	if (!path || !mkdtemp(path))
		return -1;
	*state = path;
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

int folder_teardown(void **state)
{
	int r = nftw(*state, remove_one, 16, FTW_DEPTH | FTW_PHYS);

	free(*state);
	return r;
}

char *path_in(const char *folder, const char *format, ...)
{
	char name[256], *path;
	va_list ap;

	va_start(ap, format);
	assert_true(vsnprintf(name, sizeof(name), format, ap) < (int)sizeof(name));
	va_end(ap);
	path = strprintf("%s/%s", folder, name);
	assert_non_null(path);
	return path;
}

char *file_read(const char *path, size_t *ret_size)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *data;

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	data = malloc((size_t)st.st_size + 1);
	assert_non_null(data);
	assert_int_equal(read(fd, data, (size_t)st.st_size), st.st_size);
	data[st.st_size] = '\0';
	*ret_size = (size_t)st.st_size;
	return data;
}

void file_write(const char *path, const void *data, size_t n)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, n), n);
}

void file_spoil(const char *path, off_t offset, size_t n)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(pwrite(fd, "\xa5", 1, offset + (off_t)i), 1);
}

static struct dirent *next_file(DIR *d)
{
	struct dirent *e;

	while ((e = readdir(d)) && e->d_name[0] == '.')
		;
	return e;
}

bool folder_has_bytes(const char *folder, const char *bytes)
{
	DIR *d = opendir(folder);
	bool found = false;

	assert_non_null(d);
	for (struct dirent *e; !found && (e = next_file(d));) {
		_cleanup_free_ char *path = path_in(folder, "%s", e->d_name), *data = NULL;
		size_t n;

		data = file_read(path, &n);
		found = memmem(data, n, bytes, strlen(bytes));
	}
	(void)closedir(d);
	return found;
}

unsigned folder_count(const char *folder, const char *text)
{
	DIR *d = opendir(folder);
	unsigned n = 0;

	assert_non_null(d);
	for (struct dirent *e; (e = next_file(d));)
		n += !!strstr(e->d_name, text);
	(void)closedir(d);
	return n;
}

int in_child(int (*f)(void *userdata), void *userdata)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(f(userdata));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

void database_from_sql(const char *path, const char *name)
{
	const char *source = getenv("srcdir");
	_cleanup_free_ char *file = strprintf("%s/tests/data/%s", isempty(source) ? "." : source, name);
	_cleanup_free_ char *sql = NULL;
	char *error = NULL;
	sqlite3 *db;
	size_t n;

	assert_non_null(file);
	sql = file_read(file, &n);
	file_write(path, "", 0);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &error) != SQLITE_OK)
		fail_msg("%s: %s", file, error);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static int append_line(void *userdata, int n, char **values, char **names)
{
	(void)n;
	(void)names;
	(void)fprintf(userdata, "%s\n", values[0]);
	return 0;
}

char *database_schema(const char *path)
{
	char *schema = NULL;
	size_t size;
	FILE *f = open_memstream(&schema, &size);
	sqlite3 *db;

	assert_non_null(f);
	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name", append_line,
				      f, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	assert_int_equal(fclose(f), 0);
	return schema;
}
