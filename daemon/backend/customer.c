/* The customer backend, /CustomerBackend: its calls, and the JSON that is sent. The reading of its
 * records is in customer-decode.c. */
#include "backend/customer.h"

#include "backend/customer-private.h"
#include "backend/decode.h"

#define GET_BUDGET (10 * USEC_PER_SEC)
#define MAX_PRODUCT_IDS 10000U

int customer_get(struct api *a, const char *path, const char *etag, uint64_t budget, api_cb done, void *userdata,
		 struct api_call **ret)
{
	return api_start(a,
			 &(struct api_request){
				 .service = SERVICE_CUSTOMER,
				 .method = "GET",
				 .path = path,
				 .if_none_match = etag,
				 .retry_budget = budget,
				 .timeout = budget ? 0 : PAGE_TIMEOUT,
				 .quiet = budget ? 0 : PAGE_QUIET,
			 },
			 done, userdata, ret);
}

int customer_post(struct api *a, const char *path, const char *json, const char *key, uint64_t budget, api_cb done,
		  void *userdata, struct api_call **ret)
{
	return api_start(a,
			 &(struct api_request){
				 .service = SERVICE_CUSTOMER,
				 .method = "POST",
				 .path = path,
				 .json = json,
				 .idempotency_key = key,
				 .retry_budget = budget,
			 },
			 done, userdata, ret);
}

char *page_path(const char *method, const char *cursor, unsigned limit)
{
	_cleanup_free_ char *since = NULL, *escaped = NULL;

	if (cursor) {
		escaped = url_escape(cursor);
		since = escaped ? strprintf("&changedSince=%s", escaped) : NULL;
		if (!since)
			return NULL;
	}
	if (limit == 0 || limit > PAGE_MAX_LIMIT)
		limit = PAGE_MAX_LIMIT;
	return strprintf("%s?limit=%u%s", method, limit, strempty(since));
}

int customer_categories_get(struct api *a, const char *etag, api_cb done, void *userdata,
			    struct api_call **ret)
{
	return customer_get(a, "ProductCategoriesGet", etag, 0, done, userdata, ret);
}

int customer_products_get(struct api *a, const char *cursor, unsigned limit, const char *etag, api_cb done,
			  void *userdata, struct api_call **ret)
{
	_cleanup_free_ char *path = page_path("ProductsGet", cursor, limit);

	return path ? customer_get(a, path, etag, 0, done, userdata, ret) : -ENOMEM;
}

int customer_orders_get(struct api *a, const char *cursor, unsigned limit, const char *etag, api_cb done,
			void *userdata, struct api_call **ret)
{
	_cleanup_free_ char *path = page_path("OrdersGet", cursor, limit);

	return path ? customer_get(a, path, etag, 0, done, userdata, ret) : -ENOMEM;
}

int customer_order_get(struct api *a, const char *uid, api_cb done, void *userdata, struct api_call **ret)
{
	_cleanup_free_ char *escaped = url_escape(uid), *path = NULL;

	path = escaped ? strprintf("OrderGet?uid=%s", escaped) : NULL;
	return path ? customer_get(a, path, NULL, GET_BUDGET, done, userdata, ret) : -ENOMEM;
}

int customer_account_get(struct api *a, api_cb done, void *userdata, struct api_call **ret)
{
	return customer_get(a, "UserAccountGet", NULL, GET_BUDGET, done, userdata, ret);
}

/* Text that a person typed. */
static int add_text(json_object *o, const char *name, const char *text)
{
	if (text && !utf8_is_valid(text, strlen(text)))
		return -EINVAL;
	return json_add_string(o, name, text);
}

static int array_add(json_object *array, json_object *value)
{
	if (!value)
		return -ENOMEM;
	if (json_object_array_add(array, value) < 0) {
		json_object_put(value);
		return -ENOMEM;
	}
	return 0;
}

/* A product ordered twice stands there twice. */
static int add_product_ids(json_object *o, const struct order_request *q)
{
	json_object *ids = json_object_new_array();
	size_t total = 0;
	int r;

	r = json_add(o, "productIds", ids);
	if (r < 0)
		return r;
	for (size_t i = 0; i < q->n_items; i++) {
		total += q->items[i].quantity;
		if (q->items[i].quantity == 0 || total > MAX_PRODUCT_IDS)
			return -EINVAL;
		for (uint32_t k = 0; k < q->items[i].quantity && r == 0; k++)
			r = array_add(ids, json_object_new_uint64(q->items[i].product));
		if (r < 0)
			return r;
	}
	return total > 0 ? 0 : -EINVAL;
}

static int add_product_note(json_object *notes, const struct order_item *item)
{
	json_object *note = json_object_new_object();
	int r;

	r = array_add(notes, note);
	if (r == 0)
		r = json_add_u64(note, "productId", item->product);
	return r == 0 ? add_text(note, "note", item->note) : r;
}

/* Left out where nobody wrote one. */
static int add_product_notes(json_object *o, const struct order_request *q)
{
	json_object *notes = NULL;
	int r = 0;

	for (size_t i = 0; i < q->n_items && r == 0; i++) {
		if (isempty(q->items[i].note))
			continue;
		if (!notes) {
			notes = json_object_new_array();
			r = json_add(o, "productNotes", notes);
		}
		if (r == 0)
			r = add_product_note(notes, &q->items[i]);
	}
	return r;
}

static int add_payment(json_object *o, const struct order_request *q)
{
	bool online = streq_ptr(q->payment_type, "qr") || streq_ptr(q->payment_type, "card");
	const char *type;
	int r;

	/* A quote may be asked for before it is chosen. */
	if (q->payment_type) {
		type = customer_payment_type_from_bus(q->payment_type);
		if (!type)
			return -EINVAL;
		r = json_add_string(o, "paymentType", type);
		if (r == 0)
			r = json_add_string(o, "paymentMethod", online ? "Online" : "On delivery");
		if (r < 0)
			return r;
	}
	if (!q->has_amount)
		return 0;
	if (q->amount < 0 || currency_digits(q->currency) < 0)
		return -EINVAL;
	return json_add_money(o, "paymentAmount", q->amount, q->currency);
}

static int add_order(json_object *o, const struct order_request *q)
{
	const struct {
		const char *name, *text;
	} texts[] = {
		{ "uid", q->uid },
		{ "userUid", q->user_uid },
		{ "login", q->login },
		{ "phoneNumber", q->phone },
		{ "city", q->city },
		{ "address", q->address },
	};
	int r = 0;

	for (size_t i = 0; i < ELEMENTSOF(texts) && r == 0; i++)
		r = add_text(o, texts[i].name, texts[i].text);
	if (r == 0)
		r = add_product_ids(o, q);
	if (r == 0)
		r = add_payment(o, q);
	if (r == 0)
		r = add_text(o, "comment", q->comment);
	if (r == 0)
		r = json_add_time(o, "deliverAt", q->deliver_at);
	if (r == 0)
		r = add_text(o, "recipientName", q->recipient);
	if (r == 0)
		r = add_product_notes(o, q);
	return r == 0 ? json_add_time(o, "validUntil", q->valid_until) : r;
}

int customer_order_encode(const struct order_request *o, char **ret_json)
{
	_cleanup_json_ json_object *json = json_object_new_object();
	int r;

	if (!json)
		return -ENOMEM;
	r = add_order(json, o);
	return r < 0 ? r : encode_text(json, ret_json);
}

int customer_quote(struct api *a, const char *json, uint64_t budget, api_cb done, void *userdata,
		   struct api_call **ret)
{
	return customer_post(a, "MakeOrderQuote", json, NULL, budget, done, userdata, ret);
}

int customer_make_order(struct api *a, const char *json, const char *key, api_cb done, void *userdata,
			struct api_call **ret)
{
	return customer_post(a, "MakeOrderRequest", json, key, 0, done, userdata, ret);
}

int customer_cancel_encode(const char *uid, const char *reason, char **ret_json)
{
	_cleanup_json_ json_object *o = json_object_new_object();
	int r;

	if (!o)
		return -ENOMEM;
	r = add_text(o, "deliveryOrderUid", uid);
	if (r == 0)
		r = add_text(o, "reason", reason);
	return r < 0 ? r : encode_text(o, ret_json);
}

int customer_cancel_order(struct api *a, const char *json, const char *key, uint64_t budget, api_cb done,
			  void *userdata, struct api_call **ret)
{
	return customer_post(a, "CancelOrderRequest", json, key, budget, done, userdata, ret);
}

static int add_file_uids(json_object *o, char *const *uids)
{
	json_object *array;
	int r;

	if (strv_length(uids) == 0)
		return 0;
	array = json_object_new_array();
	r = json_add(o, "fileUids", array);
	for (; r == 0 && *uids; uids++)
		r = utf8_is_valid(*uids, strlen(*uids)) ? array_add(array, json_object_new_string(*uids)) : -EINVAL;
	return r;
}

static int rating_encode(const char *uid, unsigned rating, const char *comment, char *const *photos, char **ret_json)
{
	_cleanup_json_ json_object *o = json_object_new_object();
	int r;

	if (!o)
		return -ENOMEM;
	r = add_text(o, "deliveryOrderUid", uid);
	if (r == 0)
		r = json_add_u64(o, "rating", rating);
	if (r == 0)
		r = add_text(o, "comment", comment);
	if (r == 0)
		r = add_file_uids(o, photos);
	return r < 0 ? r : encode_text(o, ret_json);
}

int customer_rate_order(struct api *a, const char *uid, unsigned rating, const char *comment, char *const *photos,
			const char *key, uint64_t budget, api_cb done, void *userdata, struct api_call **ret)
{
	_cleanup_free_ char *json = NULL;
	int r;

	if (rating < 1 || rating > 5)
		return -EINVAL;
	r = rating_encode(uid, rating, comment, photos, &json);
	if (r < 0)
		return r;
	return customer_post(a, "RateOrderRespond", json, key, budget, done, userdata, ret);
}
