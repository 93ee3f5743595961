/* Every record of the services: the same however it is spelt, null as if absent, unknown fields ignored,
 * and each field refused when it is of another type or out of its bounds. */
#include <inttypes.h>
#include <json-c/json_pointer.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "backend/auth.h"
#include "backend/customer.h"
#include "backend/push.h"
#include "backend/video.h"
#include "base/jsonutil.h"

/* A record as text: two are the same when their texts are. */
static void put_text(FILE *f, const char *name, const char *s)
{
	fprintf(f, s ? "%s='%s' " : "%s=- ", name, s);
}

static void put_number(FILE *f, const char *name, uint64_t v)
{
	fprintf(f, "%s=%" PRIu64 " ", name, v);
}

static int decode_category(json_object *o, FILE *f)
{
	struct category c;
	int r;

	r = customer_decode_category(o, &c);
	if (r < 0)
		return r;
	put_number(f, "id", c.id);
	put_text(f, "name", c.name);
	put_text(f, "description", c.description);
	put_text(f, "picture", c.picture_url);
	category_done(&c);
	return 0;
}

static int decode_product(json_object *o, FILE *f)
{
	struct product p;
	int r;

	r = customer_decode_product(o, &p);
	if (r < 0)
		return r;
	put_number(f, "id", p.id);
	put_number(f, "category", p.category);
	put_text(f, "name", p.name);
	put_text(f, "description", p.description);
	put_text(f, "picture", p.picture_url);
	for (char **t = p.dietary_tags; t && *t; t++)
		put_text(f, "tag", *t);
	put_number(f, "price", (uint64_t)p.price);
	put_text(f, "currency", p.currency);
	if (p.limited)
		put_number(f, "quantity", p.quantity);
	fprintf(f, "rating=%g ", p.rating);
	put_number(f, "deleted", p.deleted);
	put_number(f, "changed", p.changed);
	product_done(&p);
	return 0;
}

static void put_payment(FILE *f, const struct payment *p)
{
	put_text(f, "uid", p->uid);
	put_text(f, "order", p->order);
	put_text(f, "type", p->type);
	put_text(f, "status", p->status);
	put_text(f, "card", p->card);
	put_text(f, "qr", p->qr_payload);
	put_text(f, "failure", p->failure_reason);
	put_number(f, "amount", (uint64_t)p->amount);
	put_text(f, "currency", p->currency);
	put_number(f, "date", p->date);
	put_number(f, "valid-until", p->valid_until);
}

static int decode_payment(json_object *o, FILE *f)
{
	struct payment p;
	int r;

	r = customer_decode_payment(o, &p);
	if (r < 0)
		return r;
	put_payment(f, &p);
	payment_done(&p);
	return 0;
}

static void put_order_parts(FILE *f, const struct order *o)
{
	for (size_t i = 0; i < o->n_lines; i++) {
		fprintf(f, "\nline ");
		put_number(f, "product", o->lines[i].product);
		put_text(f, "name", o->lines[i].name);
		put_text(f, "note", o->lines[i].note);
		put_number(f, "quantity", o->lines[i].quantity);
		put_number(f, "price", (uint64_t)o->lines[i].unit_price);
	}
	for (size_t i = 0; i < o->n_timeline; i++) {
		fprintf(f, "\nstep ");
		put_text(f, "status", o->timeline[i].status);
		put_number(f, "when", o->timeline[i].when);
	}
	for (size_t i = 0; i < o->n_payments; i++) {
		fprintf(f, "\npayment ");
		put_payment(f, &o->payments[i]);
	}
	if (o->has_courier) {
		fprintf(f, "\ncourier %g %g ", o->courier.latitude, o->courier.longitude);
		put_text(f, "name", o->courier.name);
		put_text(f, "phone", o->courier.phone);
		put_number(f, "when", o->courier.when);
	}
	fprintf(f, "\nrating ");
	put_number(f, "rating", o->rating);
	put_text(f, "comment", o->rating_comment);
}

static int decode_order(json_object *object, FILE *f)
{
	_cleanup_(order_freep) struct order *o = NULL;
	int r;

	r = customer_decode_order(object, &o);
	if (r < 0)
		return r;
	put_text(f, "uid", o->uid);
	put_text(f, "number", o->number);
	put_text(f, "status", o->status);
	put_text(f, "payment", o->payment_type);
	put_number(f, "id", o->id);
	put_number(f, "cancellable", o->cancellable);
	fprintf(f, "%" PRId64 "+%" PRId64 "+%" PRId64 "+%" PRId64 "=%" PRId64 " %s ", o->products_price,
		o->delivery_price, o->additional_price, o->tax_price, o->total_price, o->currency);
	put_text(f, "origin", o->origin);
	put_text(f, "destination", o->destination);
	put_text(f, "recipient", o->recipient);
	put_text(f, "comment", o->comment);
	put_text(f, "code", o->confirmation_code);
	fprintf(f, "at %g %g ", o->destination_latitude, o->destination_longitude);
	put_number(f, "deliver-at", o->deliver_at);
	put_number(f, "created", o->created);
	put_number(f, "changed", o->changed);
	put_number(f, "start", o->start_expected);
	put_number(f, "started", o->start_actual);
	put_number(f, "end", o->end_expected);
	put_number(f, "ended", o->end_actual);
	put_number(f, "cooking", o->cooking_expected);
	put_number(f, "cooked", o->cooking_actual);
	put_order_parts(f, o);
	return 0;
}

static int decode_quote(json_object *o, FILE *f)
{
	struct quote q;
	int r;

	r = customer_decode_quote(o, &q);
	if (r < 0)
		return r;
	fprintf(f, "%" PRId64 "+%" PRId64 "+%" PRId64 "+%" PRId64 "=%" PRId64 " %s ", q.products_price,
		q.delivery_price, q.additional_price, q.tax_price, q.total_price, q.currency);
	for (size_t i = 0; i < q.n_unavailable; i++)
		put_number(f, "unavailable", q.unavailable[i]);
	put_number(f, "valid-until", q.valid_until);
	quote_done(&q);
	return 0;
}

static int decode_account(json_object *o, FILE *f)
{
	struct customer_account a;
	int r;

	r = customer_decode_account(o, &a);
	if (r < 0)
		return r;
	put_text(f, "uid", a.user_uid);
	put_text(f, "login", a.login);
	put_text(f, "email", a.email);
	put_text(f, "phone", a.phone);
	customer_account_done(&a);
	return 0;
}

static int decode_page(json_object *o, FILE *f)
{
	struct page p;
	int r;

	r = page_decode(o, &p);
	if (r < 0)
		return r;
	put_number(f, "n", p.n);
	put_text(f, "next", p.next);
	put_number(f, "more", p.has_more);
	return 0;
}

static int decode_notification(json_object *o, FILE *f)
{
	struct notification n;
	int r;

	r = push_decode_notification(o, &n);
	if (r < 0)
		return r;
	put_text(f, "uid", n.uid);
	put_text(f, "kind", n.kind);
	put_text(f, "title", n.title);
	put_text(f, "body", n.body);
	put_text(f, "order", n.order);
	put_number(f, "sent", n.sent);
	put_number(f, "read", n.read);
	notification_done(&n);
	return 0;
}

static int decode_courier(json_object *o, FILE *f)
{
	struct courier_move m;
	int r;

	r = push_decode_courier(o, &m);
	if (r < 0)
		return r;
	put_text(f, "order", m.order);
	fprintf(f, "at %g %g ", m.latitude, m.longitude);
	put_number(f, "when", m.when);
	put_number(f, "expected", m.expected);
	courier_move_done(&m);
	return 0;
}

static int decode_existence(json_object *o, FILE *f)
{
	struct auth_existence e;
	int r;

	r = auth_decode_existence(o, &e);
	if (r < 0)
		return r;
	fprintf(f, "%d %d %d", e.login, e.email, e.phone);
	return 0;
}

static int decode_sign_up(json_object *o, FILE *f)
{
	struct auth_sign_up s;
	int r;

	r = auth_decode_sign_up(o, &s);
	if (r < 0)
		return r;
	put_number(f, "added", s.added);
	put_text(f, "guid", s.guid);
	put_text(f, "code", s.code ? secret_string(s.code) : NULL);
	put_number(f, "sent", s.code_sent);
	fprintf(f, "%d %d %d", s.before.login, s.before.email, s.before.phone);
	auth_sign_up_done(&s);
	return 0;
}

static int decode_successful(json_object *o, FILE *f)
{
	bool successful;
	int r;

	r = auth_decode_successful(o, &successful);
	if (r == 0)
		put_number(f, "successful", successful);
	return r;
}

static int decode_verified(json_object *o, FILE *f)
{
	struct auth_verified v;
	int r;

	r = auth_decode_verified(o, &v);
	if (r < 0)
		return r;
	put_number(f, "verified", v.verified);
	put_text(f, "uid", v.user_uid);
	put_text(f, "login", v.login);
	put_text(f, "email", v.email);
	put_text(f, "phone", v.phone);
	put_text(f, "guid", v.guid);
	auth_verified_done(&v);
	return 0;
}

static int decode_token(json_object *o, FILE *f)
{
	struct auth_token t;
	int r;

	r = auth_decode_token(o, &t);
	if (r < 0)
		return r;
	put_text(f, "token", secret_string(t.token));
	put_number(f, "begin", t.begin);
	put_number(f, "end", t.end);
	auth_token_done(&t);
	return 0;
}

static int decode_changed(json_object *o, FILE *f)
{
	_cleanup_free_ char *guid = NULL;
	bool successful;
	int r;

	r = auth_decode_changed(o, &successful, &guid);
	if (r < 0)
		return r;
	put_number(f, "successful", successful);
	put_text(f, "guid", guid);
	return 0;
}

/* Each with every field that is read, and none that is not. */
static const struct dto {
	const char *name;
	int (*decode)(json_object *o, FILE *f);
	const char *json, *text;
} dtos[] = {
	{ "category", decode_category,
	  "{\"id\":3,\"name\":\"Soups\",\"description\":\"Hot ones\",\"pictureUrl\":\"/p/3.png\"}",
	  "id=3 name='Soups' description='Hot ones' picture='/p/3.png' " },
	{ "product", decode_product,
	  "{\"id\":17,\"name\":\"Borscht\",\"description\":\"With "
	  "cream\",\"price\":12.500,\"currency\":\"USD\","
	  "\"quantity\":4,\"productCategory\":{\"id\":3},\"pictureUrl\":\"/p/17.png\","
	  "\"dietaryTags\":[\"vegetarian\",\"gluten-free\"],\"rating\":4.5,\"isDeleted\":false,"
	  "\"dateChanged\":\"2026-11-22T15:04:05.1234567Z\"}",
	  "id=17 category=3 name='Borscht' description='With cream' picture='/p/17.png' tag='vegetarian' "
	  "tag='gluten-free' price=1250 currency='USD' quantity=4 rating=4.5 deleted=0 "
	  "changed=1795359845123456 " },
	{ "payment", decode_payment,
	  "{\"uid\":\"p-1\",\"deliveryOrderUid\":\"o-1\",\"amount\":12.5,\"currency\":\"KWD\","
	  "\"paymentType\":\"QR code\","
	  "\"status\":\"Not accepted\",\"cardNumber\":\"**** 4242\",\"qrPayload\":\"pay:1\","
	  "\"date\":\"1970-01-01T00:00:01Z\",\"validUntil\":\"1970-01-01T00:00:02Z\",\"failureReason\":"
	  "\"expired\"}",
	  "uid='p-1' order='o-1' type='qr' status='not-accepted' card='**** 4242' qr='pay:1' "
	  "failure='expired' "
	  "amount=12500 currency='KWD' date=1000000 valid-until=2000000 " },
	{ "order", decode_order,
	  "{\"id\":9,\"uid\":\"o-1\",\"number\":\"A-9\",\"status\":\"In the process of cooking\","
	  "\"couldBeCancelled\":true,\"productsPrice\":20,\"additionalPrice\":1.5,\"deliveryPrice\":2.25,"
	  "\"taxPrice\":0.01,\"totalPrice\":23.76,\"currency\":\"EUR\",\"paymentType\":\"Cash\","
	  "\"payments\":[{\"uid\":\"p-1\",\"amount\":23.76,\"status\":\"Requested\"}],"
	  "\"products\":[{\"product\":{\"id\":17,\"name\":\"Borscht\"},\"quantity\":2,\"price\":10,\"note\":"
	  "\"hot\"}],"
	  "\"origin\":\"Kitchen\",\"destination\":\"Main St 1\",\"destinationLatitude\":52.5,"
	  "\"destinationLongitude\":-13.25,\"recipientName\":\"Ann\",\"comment\":\"ring\","
	  "\"deliverAt\":\"1970-01-01T00:00:01Z\","
	  "\"courier\":{\"name\":\"Bob\",\"phone\":\"+1\",\"latitude\":52,\"longitude\":-13,"
	  "\"date\":\"1970-01-01T00:00:02Z\"},"
	  "\"timeline\":[{\"status\":\"Requested\",\"date\":\"1970-01-01T00:00:03Z\"}],"
	  "\"dateCreated\":\"1970-01-01T00:00:04Z\",\"dateChanged\":\"1970-01-01T00:00:05Z\","
	  "\"dateStartExpected\":\"1970-01-01T00:00:06Z\",\"dateStartActual\":\"1970-01-01T00:00:07Z\","
	  "\"dateEndExpected\":\"1970-01-01T00:00:08Z\",\"dateEndActual\":\"1970-01-01T00:00:09Z\","
	  "\"cookingEndExpected\":\"1970-01-01T00:00:10Z\",\"cookingEndActual\":\"1970-01-01T00:00:11Z\","
	  "\"rating\":{\"rating\":5,\"comment\":\"good\"},\"deliveryConfirmationCode\":\"1234\"}",
	  "uid='o-1' number='A-9' status='cooking' payment='cash' id=9 cancellable=1 2000+225+150+1=2376 EUR "
	  "origin='Kitchen' destination='Main St 1' recipient='Ann' comment='ring' code='1234' at 52.5 "
	  "-13.25 "
	  "deliver-at=1000000 created=4000000 changed=5000000 start=6000000 started=7000000 end=8000000 "
	  "ended=9000000 "
	  "cooking=10000000 cooked=11000000 \nline product=17 name='Borscht' note='hot' quantity=2 "
	  "price=1000 \nstep "
	  "status='requested' when=3000000 \npayment uid='p-1' order='o-1' type=- status='requested' card=- "
	  "qr=- "
	  "failure=- amount=2376 currency='EUR' date=0 valid-until=0 \ncourier 52 -13 name='Bob' phone='+1' "
	  "when=2000000 \nrating rating=5 comment='good' " },
	{ "quote", decode_quote,
	  "{\"productsPrice\":20,\"deliveryPrice\":2.25,\"additionalPrice\":1.5,\"taxPrice\":0.01,"
	  "\"totalPrice\":23.76,"
	  "\"currency\":\"USD\",\"unavailableProductIds\":[4,5],\"validUntil\":\"1970-01-01T00:00:01Z\"}",
	  "2000+225+150+1=2376 USD unavailable=4 unavailable=5 valid-until=1000000 " },
	{ "account", decode_account,
	  "{\"userUid\":\"u-1\",\"login\":\"ann\",\"email\":\"ann@example.org\",\"phoneNumber\":\"+"
	  "15550100\"}",
	  "uid='u-1' login='ann' email='ann@example.org' phone='+15550100' " },
	{ "page", decode_page, "{\"items\":[1,2],\"nextCursor\":\"c/1\",\"hasMore\":true}",
	  "n=2 next='c/1' more=1 " },
	{ "notification", decode_notification,
	  "{\"uid\":\"n-1\",\"titleText\":\"On its way\",\"bodyText\":\"10 "
	  "min\",\"dateSent\":\"1970-01-01T00:00:01\","
	  "\"kind\":\"order-status\",\"deliveryOrderUid\":\"o-1\",\"isRead\":true}",
	  "uid='n-1' kind='order-status' title='On its way' body='10 min' order='o-1' sent=1000000 read=1 " },
	{ "courier move", decode_courier,
	  "{\"deliveryOrderUid\":\"o-1\",\"latitude\":-90,\"longitude\":180,\"date\":\"1970-01-01T00:00:01+"
	  "00:00\","
	  "\"dateEndExpected\":\"1970-01-01T01:00:02+01:00\"}",
	  "order='o-1' at -90 180 when=1000000 expected=2000000 " },
	{ "existence", decode_existence,
	  "{\"loginExists\":true,\"emailExists\":true,\"phoneNumberExists\":true}", "1 1 1" },
	{ "sign-up", decode_sign_up,
	  "{\"isUserAdded\":true,\"signUpGuid\":\"s-1\",\"verificationCode\":\"123456\","
	  "\"codeSendingDt\":\"1970-01-01T00:00:01Z\","
	  "\"userExistanceBefore\":{\"loginExists\":true,\"emailExists\":true,\"phoneNumberExists\":true}}",
	  "added=1 guid='s-1' code='123456' sent=1000000 1 1 1" },
	{ "successful", decode_successful, "{\"isSuccessful\":true}", "successful=1 " },
	{ "verified", decode_verified,
	  "{\"isVerified\":true,\"userUid\":\"u-1\",\"verificationGuid\":\"v-1\","
	  "\"userCredentials\":{\"login\":\"ann\",\"email\":\"ann@example.org\",\"phoneNumber\":\"+"
	  "15550100\"}}",
	  "verified=1 uid='u-1' login='ann' email='ann@example.org' phone='+15550100' guid='v-1' " },
	{ "token", decode_token,
	  "{\"tokenGuid\":\"t-1\",\"tokenBeginDt\":\"1970-01-01T00:00:01Z\",\"tokenEndDt\":\"1970-01-01T00:"
	  "00:02Z\"}",
	  "token='t-1' begin=1000000 end=2000000 " },
	{ "changed", decode_changed, "{\"isSuccessful\":true,\"verificationGuid\":\"v-1\"}",
	  "successful=1 guid='v-1' " },
};

static json_object *parse(const char *json)
{
	json_object *o = NULL;

	assert_int_equal(json_parse(json, strlen(json), JSON_MAX_DEPTH, &o), 0);
	return o;
}

/* The result as text: "-EBADMSG" for a refused one. Caller frees. */
static char *decode_text(const struct dto *dto, json_object *o)
{
	size_t size;
	char *text;
	FILE *f;
	int r;

	f = open_memstream(&text, &size);
	assert_non_null(f);
	r = dto->decode(o, f);
	assert_true(r == 0 || r == -EBADMSG);
	if (r == -EBADMSG)
		fprintf(f, "-EBADMSG");
	fclose(f);
	return text;
}

static json_object *to_pascal(json_object *o)
{
	json_object *out;

	if (json_object_is_type(o, json_type_array)) {
		out = json_object_new_array();
		for (size_t i = 0; i < json_object_array_length(o); i++)
			json_object_array_add(out, to_pascal(json_object_array_get_idx(o, i)));
		return out;
	}
	if (!json_object_is_type(o, json_type_object))
		return json_object_get(o);
	out = json_object_new_object();
	json_object_object_foreach(o, key, value) {
		char name[64];

		snprintf(name, sizeof(name), "%c%s", key[0] - 'a' + 'A', key + 1);
		json_object_object_add(out, name, to_pascal(value));
	}
	return out;
}

static void add_unknown(json_object *o)
{
	if (json_object_is_type(o, json_type_array))
		for (size_t i = 0; i < json_object_array_length(o); i++)
			add_unknown(json_object_array_get_idx(o, i));
	if (!json_object_is_type(o, json_type_object))
		return;
	json_object_object_foreach(o, key, value) {
		(void)key;
		add_unknown(value);
	}
	json_object_object_add(o, "somethingNew", json_tokener_parse("{\"a\":[1,{\"b\":null}]}"));
}

static void test_spellings(void **state)
{
	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(dtos); i++) {
		const struct dto *d = &dtos[i];
		_cleanup_json_ json_object *camel = parse(d->json), *pascal = to_pascal(camel);
		_cleanup_json_ json_object *more = parse(d->json), *pristine = parse(d->json);
		_cleanup_free_ char *a = NULL, *b = NULL, *c = NULL;

		add_unknown(more);
		a = decode_text(d, pristine);
		b = decode_text(d, pascal);
		c = decode_text(d, more);
		assert_string_equal(a, d->text);
		assert_string_equal(b, d->text);
		assert_string_equal(c, d->text);
	}
}

/* Calls `visit` with the JSON pointer of every member, at any depth. */
static void each_member(json_object *o, const char *at,
			void (*visit)(const char *pointer, json_object *value, void *), void *userdata)
{
	char pointer[256];

	if (json_object_is_type(o, json_type_array))
		for (size_t i = 0; i < json_object_array_length(o); i++) {
			snprintf(pointer, sizeof(pointer), "%s/%zu", at, i);
			each_member(json_object_array_get_idx(o, i), pointer, visit, userdata);
		}
	if (!json_object_is_type(o, json_type_object))
		return;
	json_object_object_foreach(o, key, value) {
		snprintf(pointer, sizeof(pointer), "%s/%s", at, key);
		visit(pointer, value, userdata);
		each_member(value, pointer, visit, userdata);
	}
}

/* The record with one member replaced (json NULL: taken out). Caller puts. */
static json_object *with(const struct dto *d, const char *pointer, const char *json)
{
	json_object *o = parse(d->json);

	if (!json) {
		_cleanup_free_ char *parent = strdup(pointer);
		char *name = strrchr(parent, '/');
		json_object *p = o;

		*name++ = '\0';
		if (*parent)
			assert_int_equal(json_pointer_get(o, parent, &p), 0);
		json_object_object_del(p, name);
		return o;
	}
	assert_int_equal(json_pointer_set(&o, pointer, parse(json)), 0);
	return o;
}

static unsigned n_visited;

static void check_null(const char *pointer, json_object *value, void *userdata)
{
	_cleanup_json_ json_object *null = with(userdata, pointer, "null"),
				   *absent = with(userdata, pointer, NULL);
	_cleanup_free_ char *a = decode_text(userdata, null), *b = decode_text(userdata, absent);
	const struct dto *d = userdata;

	(void)value;
	n_visited++;
	if (!streq(a, b))
		fail_msg("%s %s: null gives %s, absent %s", d->name, pointer, a, b);
	/* Otherwise the field would not be read at all. These two have their defaults in the text. */
	if (streq(a, d->text) && !streq(pointer, "/currency") && !streq(pointer, "/isDeleted"))
		fail_msg("%s %s: makes no difference", d->name, pointer);
}

static void test_null_is_absent(void **state)
{
	(void)state;
	n_visited = 0;
	for (size_t i = 0; i < ELEMENTSOF(dtos); i++) {
		_cleanup_json_ json_object *o = parse(dtos[i].json);

		each_member(o, "", check_null, (void *)&dtos[i]);
	}
	assert_true(n_visited > 100);
}

static void check_types(const char *pointer, json_object *value, void *userdata)
{
	static const char *const values[] = { "{\"a\":1}", "[[]]", "\"text\"", "true",
					      "7",	   "-7",   "1.5",      "1e400" };
	const struct dto *d = userdata;

	for (size_t i = 0; i < ELEMENTSOF(values); i++) {
		_cleanup_json_ json_object *other = parse(values[i]), *o = with(d, pointer, values[i]);
		_cleanup_free_ char *text = decode_text(d, o);

		/* A page does not look into its items; a label may be an integer, a name any text. */
		if (json_object_get_type(other) == json_object_get_type(value))
			continue;
		if (json_object_is_type(other, json_type_int) &&
		    (strstr(pointer, "umber") || strstr(pointer, "hone") || strstr(pointer, "Code")) &&
		    streq(d->name, "order"))
			continue;
		if ((json_object_is_type(value, json_type_double) ||
		     json_object_is_type(value, json_type_int)) &&
		    (json_object_is_type(other, json_type_double) ||
		     json_object_is_type(other, json_type_int)))
			continue;
		if (!streq(text, "-EBADMSG"))
			fail_msg("%s %s: %s was taken", d->name, pointer, values[i]);
	}
}

static void test_types(void **state)
{
	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(dtos); i++) {
		static const char *const others[] = { "null", "[]", "\"text\"", "7", "true" };
		_cleanup_json_ json_object *o = parse(dtos[i].json);

		each_member(o, "", check_types, (void *)&dtos[i]);
		for (size_t k = 0; k < ELEMENTSOF(others); k++) {
			_cleanup_json_ json_object *other = parse(others[k]);
			_cleanup_free_ char *text = decode_text(&dtos[i], other);

			assert_string_equal(text, "-EBADMSG");
		}
	}
}

#define U128 "12345678901234567890123456789012345678901234567890123456789012345678901234567890" \
	     "123456789012345678901234567890123456789012345678"

/* One member replaced; `expect` is in the text then, NULL: refused. */
static const struct {
	const char *dto, *pointer, *json, *expect;
} cases[] = {
	/* ids and numbers */
	{ "category", "/id", "0", NULL },
	{ "category", "/id", "-1", NULL },
	{ "category", "/id", "9223372036854775808", NULL },
	{ "category", "/id", "99999999999999999999999", NULL },
	{ "category", "/id", "9223372036854775807", "id=9223372036854775807 " },
	{ "category", "/name", "\"\"", NULL },
	{ "category", "/name", NULL, NULL },
	{ "product", "/id", NULL, NULL },
	{ "product", "/quantity", "0", "quantity=0 " },
	{ "product", "/quantity", "4294967295", "quantity=4294967295 " },
	{ "product", "/quantity", "4294967296", NULL },
	{ "product", "/quantity", "-1", NULL },
	{ "product", "/quantity", "1.5", NULL },
	{ "product", "/quantity", NULL, "currency='USD' rating=" },
	{ "product", "/rating", "5.1", "rating=0 " },
	{ "product", "/rating", "-0.5", "rating=0 " },
	{ "product", "/rating", "5", "rating=5 " },
	{ "product", "/productCategory", NULL, "category=0 " },
	{ "product", "/name", NULL, NULL },
	{ "product", "/price", NULL, NULL },
	{ "product", "/isDeleted", "true", "deleted=1 " },
	{ "product", "/dietaryTags", "[]", "picture='/p/17.png' price=" },
	{ "product", "/dietaryTags", "[null,\"vegan\"]", "tag='vegan' price=" },
	{ "product", "/dietaryTags", "[1]", NULL },
	{ "product", "/dietaryTags", "[\"" U128 "x\"]", NULL },
	/* money */
	{ "product", "/price", "12", "price=1200 " },
	{ "product", "/price", "12.5", "price=1250 " },
	{ "product", "/price", "12.50", "price=1250 " },
	{ "product", "/price", "12.5000", "price=1250 " },
	{ "product", "/price", "0", "price=0 " },
	{ "product", "/price", "12.505", NULL },
	{ "product", "/price", "-0.01", NULL },
	{ "product", "/price", "1e2", NULL },
	{ "product", "/price", "\"12.50\"", NULL },
	{ "product", "/price", "92233720368547758.07", "price=9223372036854775807 " },
	{ "product", "/price", "92233720368547758.08", NULL },
	{ "product", "/currency", "\"XXX\"", NULL },
	{ "product", "/currency", "\"usd\"", NULL },
	{ "product", "/currency", "\"US\"", NULL },
	{ "product", "/currency", "\"JPY\"", NULL }, /* 12.500 */
	{ "product", "/currency", NULL, "currency='USD'" },
	{ "payment", "/amount", "12.5005", NULL },
	{ "payment", "/amount", "12.5", "amount=12500 " },
	{ "order", "/totalPrice", NULL, NULL },
	{ "order", "/totalPrice", "-1", NULL },
	{ "order", "/taxPrice", "0.001", NULL },
	{ "order", "/taxPrice", NULL, "+0=2376 EUR" },
	{ "order", "/payments/0/amount", "-1", NULL },
	{ "order", "/payments/0/currency", "\"USD\"", "amount=2376 currency='USD'" },
	{ "order", "/payments/0/currency", "\"nonsense\"", NULL },
	{ "order", "/currency", NULL, "amount=2376 currency='USD'" },
	{ "quote", "/totalPrice", NULL, NULL },
	{ "quote", "/totalPrice", "1.999", NULL },
	/* uids and texts */
	{ "order", "/uid", "\"\"", NULL },
	{ "order", "/uid", NULL, NULL },
	{ "order", "/uid", "\"" U128 "\"", "uid='" U128 "' " },
	{ "order", "/uid", "\"" U128 "9\"", NULL },
	{ "order", "/uid", "\"a\\nb\"", NULL },
	{ "order", "/number", "12", "number='12' " },
	{ "order", "/deliveryConfirmationCode", "42", "code='42' " },
	{ "order", "/payments/0/uid", "\"\"", NULL },
	{ "order", "/payments/0/deliveryOrderUid", "\"\"", NULL },
	{ "notification", "/uid", "\"\"", NULL },
	{ "notification", "/kind", NULL, NULL },
	{ "notification", "/kind", "\"lottery\"", "kind='lottery' " },
	{ "notification", "/deliveryOrderUid", NULL, "order=- " },
	{ "account", "/userUid", "\"\"", NULL },
	/* statuses */
	{ "order", "/status", "\"Requested\"", " status='requested' payment=" },
	{ "order", "/status", "\"Awaiting payment\"", " status='awaiting-payment' payment=" },
	{ "order", "/status", "\"Processing\"", " status='processing' payment=" },
	{ "order", "/status", "\"Ready to deliver\"", " status='ready-to-deliver' payment=" },
	{ "order", "/status", "\"In delivery\"", " status='in-delivery' payment=" },
	{ "order", "/status", "\"Delivered\"", " status='delivered' payment=" },
	{ "order", "/status", "\"Finished\"", " status='finished' payment=" },
	{ "order", "/status", "\"Cancelled\"", " status='cancelled' payment=" },
	{ "order", "/status", "\"Waiting for a drone\"", " status='waiting-for-a-drone' payment=" },
	{ "order", "/status", "\"InDelivery\"", " status='in-delivery' payment=" },
	{ "order", "/status", "\"Rejected\"", " status='service-rejected' payment=" },
	{ "order", "/status", "\"submitting\"", " status='service-submitting' payment=" },
	{ "order", "/status", "\"Unknown\"", " status='service-unknown' payment=" },
	{ "order", "/status", "\"Доставка\"", " status='Доставка' payment=" },
	{ "order", "/status", "\"  On / hold! \"", " status='on-hold' payment=" },
	{ "order", "/status", "\"!\"", " status='service-unknown' payment=" },
	{ "order", "/status", "\"\"", NULL },
	{ "order", "/status", NULL, NULL },
	{ "order", "/status", "\"" U128 "9\"", NULL },
	{ "order", "/timeline/0/status", "\"Rejected\"", "step status='service-rejected' " },
	{ "payment", "/status", "\"Rejected\"", "status='rejected' " },
	{ "payment", "/status", "\"In process\"", "status='in-process' " },
	{ "payment", "/status", "\"!\"", NULL },
	{ "payment", "/paymentType", "\"Cash\"", "type='cash' " },
	{ "payment", "/paymentType", "\"POS\"", "type='pos' " },
	{ "payment", "/paymentType", "\"Card\"", "type='card' " },
	{ "payment", "/paymentType", "\"Barter\"", "type=- " },
	{ "order", "/paymentType", "\"Barter\"", "payment=- " },
	/* places */
	{ "order", "/destinationLatitude", "90.1", "at nan nan " },
	{ "order", "/destinationLatitude", "-90", "at -90 -13.25 " },
	{ "order", "/destinationLongitude", "181", "at nan nan " },
	{ "order", "/destinationLongitude", NULL, "at nan nan " },
	{ "order", "/destinationLongitude", "1e308", "at nan nan " },
	{ "order", "/courier/latitude", "1000", "courier nan nan name='Bob' phone='+1' when=0 " },
	{ "order", "/courier/latitude", NULL, "courier nan nan name='Bob' phone='+1' when=0 " },
	{ "order", "/courier", "{}", "courier nan nan name=- phone=- when=0 " },
	{ "courier move", "/longitude", "-180.5", "at nan nan " },
	{ "courier move", "/latitude", NULL, "at nan nan " },
	{ "courier move", "/deliveryOrderUid", NULL, NULL },
	/* dates */
	{ "order", "/dateEndActual", "\"0001-01-01T00:00:00\"", "ended=0 " },
	{ "order", "/dateEndActual", "\"1969-12-31T23:59:59Z\"", "ended=0 " },
	{ "order", "/dateEndActual", "\"yesterday\"", NULL },
	{ "order", "/dateEndActual", "\"\"", NULL },
	{ "order", "/dateEndActual", "\"2026-13-01T00:00:00Z\"", NULL },
	{ "order", "/dateEndActual", "\"1970-01-01T02:00:09.5+02:00\"", "ended=9500000 " },
	/* lists and parts */
	{ "order", "/products/0/quantity", "0", NULL },
	{ "order", "/products/0/quantity", NULL, NULL },
	{ "order", "/products/0/product", NULL, NULL },
	{ "order", "/products/0/product", "{\"name\":\"x\"}", NULL },
	{ "order", "/products/0", "null", NULL },
	{ "order", "/products/0", "7", NULL },
	{ "order", "/products", "[]", "cooked=11000000 \nstep" },
	{ "order", "/timeline/0", "null", NULL },
	{ "order", "/payments/0", "[]", NULL },
	{ "order", "/rating/rating", "6", NULL },
	{ "order", "/rating/rating", "0", "rating=0 comment='good' " },
	{ "order", "/rating", NULL, "\nrating rating=0 comment=- " },
	{ "quote", "/unavailableProductIds", "[-1]", NULL },
	{ "quote", "/unavailableProductIds", "[null]", NULL },
	{ "quote", "/unavailableProductIds", "[\"4\"]", NULL },
	{ "quote", "/unavailableProductIds", "[9223372036854775807]", NULL },
	{ "quote", "/unavailableProductIds", "{}", NULL },
	/* pages */
	{ "page", "/items", "{}", NULL },
	{ "page", "/items", NULL, NULL },
	{ "page", "/nextCursor", NULL, NULL },
	{ "page", "/nextCursor", "\"\"", NULL },
	{ "page", "/hasMore", "false", "next='c/1' more=0 " },
	{ "page", "/hasMore", NULL, "next='c/1' more=0 " },
	/* sessions */
	{ "sign-up", "/isUserAdded", NULL, NULL },
	{ "sign-up", "/isUserAdded", "false", "added=0 " },
	{ "sign-up", "/signUpGuid", NULL, NULL },
	{ "sign-up", "/verificationCode", NULL, "code=- " },
	{ "sign-up", "/verificationCode", "\"\"", NULL },
	{ "sign-up", "/verificationCode", "\"" U128 "9\"", NULL },
	{ "verified", "/isVerified", "false", "verified=0 uid=- " },
	{ "verified", "/userUid", NULL, NULL },
	{ "verified", "/verificationGuid", NULL, "guid=- " },
	{ "verified", "/userCredentials", NULL, "login=- " },
	{ "token", "/tokenGuid", NULL, NULL },
	{ "token", "/tokenGuid", "\"\"", NULL },
	{ "token", "/tokenGuid", "\"a b\"", NULL },
	{ "token", "/tokenGuid", "\"a\\r\\nX-Evil: 1\"", NULL },
	{ "token", "/tokenGuid", "\"é\"", NULL },
	{ "token", "/tokenEndDt", NULL, "end=0 " },
	{ "changed", "/isSuccessful", NULL, NULL },
};

static void test_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		_cleanup_json_ json_object *o = NULL;
		_cleanup_free_ char *text = NULL;
		const struct dto *d = NULL;

		for (size_t k = 0; k < ELEMENTSOF(dtos); k++)
			if (streq(dtos[k].name, cases[i].dto))
				d = &dtos[k];
		assert_non_null(d);
		o = with(d, cases[i].pointer, cases[i].json);
		text = decode_text(d, o);
		if (cases[i].expect ? !strstr(text, cases[i].expect) : !streq(text, "-EBADMSG"))
			fail_msg("%s %s %s: %s", cases[i].dto, cases[i].pointer, cases[i].json, text);
	}
	print_message("%zu values\n", ELEMENTSOF(cases));
}

/* A product that is gone is known by its id alone. */
static void test_deleted_product(void **state)
{
	_cleanup_json_ json_object *o = parse("{\"id\":17,\"isDeleted\":true}");
	struct product p;

	(void)state;
	assert_int_equal(customer_decode_product(o, &p), 0);
	assert_true(p.deleted);
	assert_int_equal(p.id, 17);
	product_done(&p);
}

static void test_bounds(void **state)
{
	static const struct {
		const char *dto, *name, *item;
		size_t max;
	} lists[] = {
		{ "order", "products", "{\"product\":{\"id\":1},\"quantity\":1}", 1000 },
		{ "order", "timeline", "{\"status\":\"Requested\"}", 1000 },
		{ "order", "payments", "{\"uid\":\"p\",\"status\":\"Requested\"}", 1000 },
		{ "product", "dietaryTags", "\"vegan\"", 1000 },
		{ "quote", "unavailableProductIds", "1", 1000 },
		{ "page", "items", "1", 10000 },
	};
	_cleanup_free_ char *long_text = malloc((64U << 10) + 2);

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(lists) * 2; i++) {
		const size_t n = lists[i / 2].max + i % 2;
		_cleanup_json_ json_object *o = NULL;
		_cleanup_free_ char *text = NULL;
		json_object *list;

		for (size_t k = 0; k < ELEMENTSOF(dtos); k++) {
			if (!streq(dtos[k].name, lists[i / 2].dto))
				continue;
			o = parse(dtos[k].json);
			list = json_object_new_array();
			for (size_t m = 0; m < n; m++)
				json_object_array_add(list, parse(lists[i / 2].item));
			json_object_object_add(o, lists[i / 2].name, list);
			text = decode_text(&dtos[k], o);
		}
		assert_non_null(text);
		assert_int_equal(streq(text, "-EBADMSG"), i % 2);
	}

	for (size_t n = 64U << 10; n <= (64U << 10) + 1; n++) {
		_cleanup_json_ json_object *o = parse(dtos[0].json);
		_cleanup_free_ char *text = NULL;

		memset(long_text, 'x', n);
		long_text[n] = '\0';
		json_object_object_add(o, "description", json_object_new_string(long_text));
		text = decode_text(&dtos[0], o);
		assert_int_equal(streq(text, "-EBADMSG"), n > 64U << 10);
	}
}

/* What was a secret is not left in the body. */
static void test_secrets_are_wiped(void **state)
{
	_cleanup_json_ json_object *token = parse("{\"tokenGuid\":\"t0ken\"}");
	_cleanup_json_ json_object *code =
		parse("{\"isUserAdded\":true,\"signUpGuid\":\"s\",\"verificationCode\":\"123\"}");
	struct auth_sign_up s;
	struct auth_token t;

	(void)state;
	assert_int_equal(auth_decode_token(token, &t), 0);
	assert_string_equal(secret_string(t.token), "t0ken");
	auth_token_done(&t);
	assert_memory_equal(json_object_get_string(json_get(token, "tokenGuid")), "\0\0\0\0\0", 5);
	assert_int_equal(auth_decode_sign_up(code, &s), 0);
	auth_sign_up_done(&s);
	assert_memory_equal(json_object_get_string(json_get(code, "verificationCode")), "\0\0\0", 3);
}

static void test_refusals(void **state)
{
	_cleanup_json_ json_object *price = parse("{\"code\":\"price-changed\",\"newAmount\":12.5}");
	_cleanup_json_ json_object *gone = parse("{\"ProductIds\":[3,4]}"),
				   *neither = parse("{\"newAmount\":\"12\"}");
	_cleanup_free_ uint64_t *ids = NULL;
	int64_t amount = 1;
	size_t n = 9;

	(void)state;
	assert_int_equal(customer_decode_new_amount(price, "USD", &amount), 0);
	assert_int_equal(amount, 1250);
	assert_int_equal(customer_decode_new_amount(price, "JPY", &amount), -EBADMSG);
	assert_int_equal(customer_decode_new_amount(neither, "USD", &amount), -EBADMSG);
	assert_int_equal(customer_decode_new_amount(gone, "USD", &amount), -EBADMSG);
	assert_int_equal(customer_decode_new_amount(NULL, "USD", &amount), -EBADMSG);
	assert_int_equal(amount, 1250);
	assert_int_equal(customer_decode_unavailable(neither, &ids, &n), -EBADMSG);
	assert_int_equal(customer_decode_unavailable(NULL, &ids, &n), -EBADMSG);
	assert_int_equal(customer_decode_unavailable(gone, &ids, &n), 0);
	assert_int_equal(n, 2);
	assert_int_equal(ids[0], 3);
	assert_int_equal(ids[1], 4);
}

static void test_payment_types(void **state)
{
	static const char *const bus[] = { "cash", "pos", "qr", "card" };

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(bus); i++)
		assert_string_equal(customer_payment_type_to_bus(customer_payment_type_from_bus(bus[i])),
				    bus[i]);
	assert_null(customer_payment_type_from_bus("barter"));
	assert_null(customer_payment_type_from_bus(NULL));
	assert_null(customer_payment_type_to_bus("cash"));
}

static void test_order_encode(void **state)
{
	const struct order_item items[] = {
		{ .product = 17, .quantity = 2, .note = (char *)"no \"salt\"" },
		{ .product = 4, .quantity = 1 },
		{ .product = 17, .quantity = 1 },
	};
	struct order_request q = {
		.uid = "0b2f6d1c-7d58-4f1a-9a53-0d4c9a3e1f10",
		.user_uid = "u-1",
		.login = "ann",
		.phone = "+15550100",
		.city = "Berlin",
		.address = "Straße 1/2",
		.comment = "ring\ntwice",
		.recipient = "Bob",
		.payment_type = "cash",
		.items = items,
		.n_items = ELEMENTSOF(items),
		.has_amount = true,
		.amount = 2370,
		.currency = "USD",
		.deliver_at = UINT64_C(1795359845000000),
		.valid_until = UINT64_C(1795359845250000),
	};
	_cleanup_free_ char *json = NULL, *again = NULL, *quote = NULL;

	(void)state;
	assert_int_equal(customer_order_encode(&q, &json), 0);
	assert_string_equal(
		json,
		"{\"uid\":\"0b2f6d1c-7d58-4f1a-9a53-0d4c9a3e1f10\",\"userUid\":\"u-1\",\"login\":\"ann\","
		"\"phoneNumber\":\"+15550100\",\"city\":\"Berlin\",\"address\":\"Straße 1/2\","
		"\"productIds\":[17,17,4,17],\"paymentType\":\"Cash\",\"paymentMethod\":\"On delivery\","
		"\"paymentAmount\":23.70,\"comment\":\"ring\\ntwice\",\"deliverAt\":\"2026-11-22T15:04:05Z\","
		"\"recipientName\":\"Bob\",\"productNotes\":[{\"productId\":17,\"note\":\"no "
		"\\\"salt\\\"\"}],"
		"\"validUntil\":\"2026-11-22T15:04:05.250000Z\"}");
	assert_int_equal(customer_order_encode(&q, &again), 0);
	assert_string_equal(json, again);

	q = (struct order_request){ .items = &items[1], .n_items = 1 };
	assert_int_equal(customer_order_encode(&q, &quote), 0);
	assert_string_equal(quote, "{\"productIds\":[4]}");
}

static void test_order_encode_amounts(void **state)
{
	static const struct {
		int64_t amount;
		const char *currency, *type, *expect;
	} amounts[] = {
		{ 5, "USD", "pos",
		  "{\"productIds\":[4],\"paymentType\":\"POS\",\"paymentMethod\":\"On delivery\","
		  "\"paymentAmount\":0.05}" },
		{ 500, "JPY", "qr",
		  "{\"productIds\":[4],\"paymentType\":\"QR code\",\"paymentMethod\":\"Online\","
		  "\"paymentAmount\":500}" },
		{ INT64_MAX, "KWD", "card",
		  "{\"productIds\":[4],\"paymentType\":\"Card\",\"paymentMethod\":\"Online\","
		  "\"paymentAmount\":9223372036854775.807}" },
	};
	const struct order_item item = { .product = 4, .quantity = 1 };

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(amounts); i++) {
		struct order_request q = {
			.payment_type = amounts[i].type,
			.items = &item,
			.n_items = 1,
			.has_amount = true,
			.amount = amounts[i].amount,
		};
		_cleanup_free_ char *json = NULL;

		memcpy(q.currency, amounts[i].currency, CURRENCY_SIZE);
		assert_int_equal(customer_order_encode(&q, &json), 0);
		assert_string_equal(json, amounts[i].expect);
	}
}

static void test_order_encode_refuses(void **state)
{
	const struct order_item good = { .product = 4, .quantity = 1 }, none = { .product = 4 };
	const struct order_item many = { .product = 4, .quantity = 10001 };
	const struct order_item bad_note = { .product = 4, .quantity = 1, .note = (char *)"\xff" };
	const struct order_request requests[] = {
		{ .items = NULL },
		{ .items = &none, .n_items = 1 },
		{ .items = &many, .n_items = 1 },
		{ .items = &bad_note, .n_items = 1 },
		{ .items = &good, .n_items = 1, .address = "\xc3(" },
		{ .items = &good, .n_items = 1, .payment_type = "barter" },
		{ .items = &good, .n_items = 1, .has_amount = true, .amount = -1, .currency = "USD" },
		{ .items = &good, .n_items = 1, .has_amount = true, .amount = 1, .currency = "XXX" },
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(requests); i++) {
		char *json = NULL;

		assert_int_equal(customer_order_encode(&requests[i], &json), -EINVAL);
		assert_null(json);
	}
}

static void test_small_encodes(void **state)
{
	char *const uids[] = { (char *)"n-1", (char *)"n-2", NULL }, *const none[] = { NULL };
	_cleanup_free_ char *cancel = NULL, *read = NULL, *path = NULL, *hub = NULL;
	struct config config = { 0 };

	(void)state;
	assert_int_equal(customer_cancel_encode("o-1", "changed my mind", &cancel), 0);
	assert_string_equal(cancel, "{\"deliveryOrderUid\":\"o-1\",\"reason\":\"changed my mind\"}");
	assert_int_equal(push_notifications_read_encode(uids, &read), 0);
	assert_string_equal(read, "{\"uids\":[\"n-1\",\"n-2\"]}");
	assert_int_equal(push_notifications_read_encode(none, &read), 0);
	assert_string_equal(read, "{\"uids\":[]}");

	path = page_path("OrdersGet", "a b&c=d/é", 1000);
	assert_string_equal(path, "OrdersGet?limit=500&changedSince=a%20b%26c%3Dd%2F%C3%A9");
	assert_null(push_hub_url(&config));
	config.url[SERVICE_NOTIFICATIONS] = (char *)"https://example.org/NotificationsBackend";
	hub = push_hub_url(&config);
	assert_string_equal(hub, "https://example.org/NotificationsBackend/hub");
}

static void test_videos(void **state)
{
	static const struct {
		const char *json, *text;
	} videos[] = {
		{ "{\"uid\":\"v\",\"title\":\"T\",\"description\":\"D\",\"genre\":\"G\",\"lengthSeconds\":61,"
		  "\"fileUid\":\"f\",\"youTubeUrl\":\"https://example.org/v?a=b#c\",\"pictureUrl\":\"p\"}",
		  "v T D G 61 f https://example.org/v?a=b#c p" },
		{ "{\"Uid\":\"v\",\"Title\":\"T\",\"FileUid\":null}", "v T - - 0 - - -" },
		{ "{\"uid\":\"v\",\"title\":\"T\",\"lengthSeconds\":59.5}", "v T - - 60 - - -" },
		{ "{\"uid\":\"v\",\"title\":\"T\",\"lengthSeconds\":-5}", "v T - - 0 - - -" },
		{ "{\"uid\":\"v\",\"title\":\"T\",\"lengthSeconds\":1e300}", "v T - - 0 - - -" },
		{ "{\"uid\":\"v\",\"title\":\"T\",\"lengthSeconds\":\"long\"}", "v T - - 0 - - -" },
		/* Nobody is sent to any of these. */
		{ "{\"uid\":\"v\",\"title\":\"T\",\"youTubeUrl\":\"http://example.org/\"}", "v T - - 0 - - -" },
		{ "{\"uid\":\"v\",\"title\":\"T\",\"youTubeUrl\":\"http://127.0.0.1/\"}", "v T - - 0 - - -" },
		{ "{\"uid\":\"v\",\"title\":\"T\",\"youTubeUrl\":\"https://a:b@example.org/\"}", "v T - - 0 - - -" },
		{ "{\"uid\":\"v\",\"title\":\"T\",\"youTubeUrl\":\"https://example.org/a b\"}", "v T - - 0 - - -" },
		{ "{\"uid\":\"v\",\"title\":\"T\",\"youTubeUrl\":\"https://example.org/\\u001b\"}", "v T - - 0 - - -" },
		{ "{\"uid\":\"v\",\"title\":\"T\",\"youTubeUrl\":\"javascript:alert(1)\"}", "v T - - 0 - - -" },
		{ "{\"uid\":\"v\",\"title\":\"T\",\"youTubeUrl\":\"--help\"}", "v T - - 0 - - -" },
		{ "{\"title\":\"T\"}", NULL },
		{ "{\"uid\":\"\",\"title\":\"T\"}", NULL },
		{ "{\"uid\":\"v\",\"title\":5}", NULL },
		{ "{\"uid\":\"v\",\"title\":\"T\",\"fileUid\":5}", NULL },
		{ "[]", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(videos); i++) {
		_cleanup_json_ json_object *o = parse(videos[i].json);
		_cleanup_free_ char *text = NULL;
		struct video v = { 0 };
		int r = video_decode(o, &v);

		assert_int_equal(r, videos[i].text ? 0 : -EBADMSG);
		if (r < 0)
			continue;
#define OR_DASH(s) ((s) ? (s) : "-")
		text = strprintf("%s %s %s %s %u %s %s %s", v.uid, OR_DASH(v.title), OR_DASH(v.description),
				 OR_DASH(v.genre), v.seconds, OR_DASH(v.file), OR_DASH(v.web), OR_DASH(v.picture));
		video_done(&v);
		assert_string_equal(text, videos[i].text);
	}
}

static void test_watched_encode(void **state)
{
	_cleanup_free_ char *json = NULL;

	(void)state;
	assert_int_equal(video_watched_encode("v", 1700000000000000, 42, &json), 0);
	assert_string_equal(json, "{\"videoUid\":\"v\",\"dateWatched\":\"2023-11-14T22:13:20Z\",\"watchDuration\":42}");
}

static void test_world(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} pairs[] = {
		{ "https://example.org/X", "https://EXAMPLE.org:443/X", true },
		{ "https://example.org/X", "https://example.org/Y", false },
		{ "https://example.org/X", "https://example.org:8443/X", false },
		{ "https://example.org/X", "https://example.com/X", false },
		{ "http://127.0.0.1:8080/X", "http://127.0.0.1:8081/X", false },
	};
	struct config config = { 0 };
	char world[API_WORLD_SIZE], other[API_WORLD_SIZE];

	(void)state;
	assert_int_equal(api_world(&config, world), -EINVAL);
	for (size_t i = 0; i < ELEMENTSOF(pairs); i++) {
		for (unsigned s = 0; s < _SERVICE_MAX; s++)
			config.url[s] = (char *)pairs[i].a;
		assert_int_equal(api_world(&config, world), 0);
		assert_int_equal(strlen(world), 16);
		assert_int_equal(strspn(world, "0123456789abcdef"), 16);
		for (unsigned s = 0; s < _SERVICE_MAX; s++) {
			config.url[s] = (char *)pairs[i].b;
			assert_int_equal(api_world(&config, other), 0);
			assert_int_equal(streq(world, other), pairs[i].same);
			config.url[s] = (char *)pairs[i].a;
		}
	}
	config.url[0] = (char *)"ftp://example.org";
	assert_int_equal(api_world(&config, world), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spellings),
		cmocka_unit_test(test_null_is_absent),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_deleted_product),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_secrets_are_wiped),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_payment_types),
		cmocka_unit_test(test_order_encode),
		cmocka_unit_test(test_order_encode_amounts),
		cmocka_unit_test(test_order_encode_refuses),
		cmocka_unit_test(test_small_encodes),
		cmocka_unit_test(test_videos),
		cmocka_unit_test(test_watched_encode),
		cmocka_unit_test(test_world),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
