/* base/url: where a token may go, and that no spelling of a host deceives. */
#include "base/url.h"

#include "unit.h"

static void test_check(void **state)
{
	static const struct {
		const char *url;
		int r;
		bool loopback;
		const char *origin;
	} cases[] = {
		{ "https://host.example/x?y#z", 0, false, "https://host.example" },
		{ "https://Host.Example:443", 0, false, "https://host.example" },
		{ "HTTPS://host.example:8443/", 0, false, "https://host.example:8443" },
		{ "https://127.0.0.1/", 0, true, "https://127.0.0.1" },
		{ "http://127.0.0.1:8080/a", 0, true, "http://127.0.0.1:8080" },
		{ "http://127.1.2.3/", 0, true, "http://127.1.2.3" },
		{ "http://127.1/", 0, true, "http://127.0.0.1" },
		{ "http://LOCALHOST:80/", 0, true, "http://localhost" },
		{ "http://[::1]:99/", 0, true, "http://[::1]:99" },
		{ "http://host.example/", -EPROTONOSUPPORT, false, "http://host.example" },
		{ "http://localhost.evil.example/", -EPROTONOSUPPORT, false, "http://localhost.evil.example" },
		{ "http://127.0.0.1.evil.example/", -EPROTONOSUPPORT, false, "http://127.0.0.1.evil.example" },
		{ "http://128.0.0.1/", -EPROTONOSUPPORT, false, "http://128.0.0.1" },
		{ "http://[::2]/", -EPROTONOSUPPORT, false, "http://[::2]" },
		{ "http://127.0.0.1@evil.example/", -EINVAL, false, "http://evil.example" },
		{ "https://user:pass@host.example/", -EINVAL, false, "https://host.example" },
		{ "ftp://host.example/", -EPROTONOSUPPORT, false, NULL },
		{ "file:///etc/passwd", -EPROTONOSUPPORT, false, NULL },
		{ "host.example", -EINVAL, false, NULL },
		{ "/path", -EINVAL, false, NULL },
		{ "https://", -EINVAL, false, NULL },
		{ "https://host.example:99999/", -EINVAL, false, NULL },
		{ "", -EINVAL, false, NULL },
		{ NULL, -EINVAL, false, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		_cleanup_free_ char *origin = url_origin(cases[i].url);
		int r = url_check(cases[i].url);

		if (r != cases[i].r || url_is_loopback(cases[i].url) != cases[i].loopback ||
		    !streq_ptr(origin, cases[i].origin))
			fail_msg("'%s': %d, %s", strempty(cases[i].url), r, strempty(origin));
	}
}

static void test_escape(void **state)
{
	_cleanup_free_ char *plain = url_escape("aZ09-._~"), *other = url_escape("a b+c&d=e/f?\xc3\xa9%"),
			    *empty = url_escape("");

	(void)state;
	assert_string_equal(plain, "aZ09-._~");
	assert_string_equal(other, "a%20b%2Bc%26d%3De%2Ff%3F%C3%A9%25");
	assert_string_equal(empty, "");
}

static void test_resolve(void **state)
{
	static const struct {
		const char *base, *reference, *whole;
	} cases[] = {
		{ "https://h/a/b?c", "/x", "https://h/x" },
		{ "https://h/a/b?c", "x?y", "https://h/a/x?y" },
		{ "https://h/a/b", "../x", "https://h/x" },
		{ "https://h/a", "//other/x", "https://other/x" },
		{ "https://h/a", "http://h/a", "http://h/a" },
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		_cleanup_free_ char *whole = url_resolve(cases[i].base, cases[i].reference);

		assert_string_equal(whole, cases[i].whole);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_escape),
		cmocka_unit_test(test_resolve),
	};

	return cmocka_run_group_tests_name("url", tests, NULL, NULL);
}
