/* The customer backend, /CustomerBackend: its URLs and JSON. */
#pragma once

#include "backend/api.h"
#include "base/records.h"

int customer_categories_get(struct api *a, const char *etag, api_cb done, void *userdata, struct api_call **ret);
int customer_products_get(struct api *a, const char *cursor, unsigned limit, const char *etag, api_cb done,
			  void *userdata, struct api_call **ret);
int customer_orders_get(struct api *a, const char *cursor, unsigned limit, const char *etag, api_cb done,
			void *userdata, struct api_call **ret);
int customer_order_get(struct api *a, const char *uid, api_cb done, void *userdata, struct api_call **ret);
int customer_account_get(struct api *a, api_cb done, void *userdata, struct api_call **ret);

/* An order as it is asked for (InitialOrder). Texts borrowed. */
struct order_request {
	const char *uid; /* NULL for a quote */
	const char *user_uid, *login, *phone, *city, *address, *comment, *recipient;
	const char *payment_type; /* D-Bus form: cash, pos, qr, card */
	const struct order_item *items;
	size_t n_items;
	bool has_amount;
	int64_t amount; /* paymentAmount: what the person was shown */
	char currency[CURRENCY_SIZE];
	uint64_t deliver_at, valid_until; /* µs, the service's time; 0: left out */
};
/* The JSON body of MakeOrderQuote and MakeOrderRequest, stable byte for byte. Caller frees. */
int customer_order_encode(const struct order_request *o, char **ret_json);
int customer_quote(struct api *a, const char *json, uint64_t budget, api_cb done, void *userdata,
		   struct api_call **ret);
/* One try each: the outbox repeats. */
int customer_make_order(struct api *a, const char *json, const char *key, api_cb done, void *userdata,
			struct api_call **ret);
int customer_cancel_encode(const char *uid, const char *reason, char **ret_json);
int customer_cancel_order(struct api *a, const char *json, const char *key, uint64_t budget, api_cb done,
			  void *userdata, struct api_call **ret);
int customer_rate_order(struct api *a, const char *uid, unsigned rating, const char *comment, const char *key,
			uint64_t budget, api_cb done, void *userdata, struct api_call **ret);

/* Decoders: 0 or -EBADMSG. */
int customer_decode_category(json_object *o, struct category *ret);
int customer_decode_product(json_object *o, struct product *ret);
int customer_decode_order(json_object *o, struct order **ret);
int customer_decode_payment(json_object *o, struct payment *ret);
int customer_decode_quote(json_object *o, struct quote *ret);

struct customer_account {
	char *user_uid, *login, *email, *phone;
};
int customer_decode_account(json_object *o, struct customer_account *ret);
void customer_account_done(struct customer_account *a);

/* A page {items, nextCursor, hasMore}; `items` and `next` are borrowed from the body. */
struct page {
	json_object *items;
	size_t n;
	const char *next; /* may be NULL when there is no more */
	bool has_more;
};
int page_decode(json_object *body, struct page *ret);

/* What a refusal brings along: newAmount of price-changed (currency of the caller); 0, or -EBADMSG where absent. */
int customer_decode_new_amount(json_object *problem, const char *currency, int64_t *ret);
/* productIds of product-unavailable; caller frees. */
int customer_decode_unavailable(json_object *problem, uint64_t **ret, size_t *ret_n);

/* Names of the service to names of the bus: "In the process of cooking" is "cooking"; a status it does not know
 * becomes kebab-case, with "service-" before it where it would read as a local one. Caller frees. */
char *customer_status_to_bus(const char *service);
/* "QR code" is "qr"; NULL for what it does not know, and the other way round. */
const char *customer_payment_type_to_bus(const char *service);
const char *customer_payment_type_from_bus(const char *bus);
