/* The customer backend, /CustomerBackend: its URLs and JSON. */
#pragma once

#include "backend/api.h"
#include "base/records.h"

/* The lists are one try each: sync repeats them, by its own schedule. `cursor` NULL: from the start;
 * `limit` 0, or more than PAGE_MAX_LIMIT: that many. */
#define PAGE_MAX_LIMIT 500U
/* A page may take long over a thin line, as long as it comes. */
#define PAGE_TIMEOUT (60 * USEC_PER_SEC)
#define PAGE_QUIET (10 * USEC_PER_SEC)
int customer_categories_get(struct api *a, const char *etag, api_cb done, void *userdata,
			    struct api_call **ret);
int customer_products_get(struct api *a, const char *cursor, unsigned limit, const char *etag, api_cb done,
			  void *userdata, struct api_call **ret);
int customer_orders_get(struct api *a, const char *cursor, unsigned limit, const char *etag, api_cb done,
			void *userdata, struct api_call **ret);
/* These two repeat what is transient for 10 s. */
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
/* The JSON body of MakeOrderQuote and MakeOrderRequest, stable byte for byte; frees and replaces
 * *ret_json. -EINVAL: no items, one with quantity 0, more than 10000 in all, an unknown payment type or
 * currency, a text that is not UTF-8. */
int customer_order_encode(const struct order_request *o, char **ret_json);
int customer_quote(struct api *a, const char *json, uint64_t budget, api_cb done, void *userdata,
		   struct api_call **ret);
/* One try: the outbox repeats. */
int customer_make_order(struct api *a, const char *json, const char *key, api_cb done, void *userdata,
			struct api_call **ret);
int customer_cancel_encode(const char *uid, const char *reason, char **ret_json);
int customer_cancel_order(struct api *a, const char *json, const char *key, uint64_t budget, api_cb done,
			  void *userdata, struct api_call **ret);
/* photos: uids of files, a strv; NULL: none. */
int customer_rate_order(struct api *a, const char *uid, unsigned rating, const char *comment, char *const *photos,
			const char *key, uint64_t budget, api_cb done, void *userdata, struct api_call **ret);

/* Decoders: 0; -EBADMSG, when the record is one that must not be taken (the debug log names the field;
 * others of the page are kept); -ENOMEM. *ret is written on success only. Bounds: uids, statuses and
 * kinds 128 bytes, texts 64 KiB, 1000 entries to a list; coordinates off the globe are NaN; a date before
 * 1970 (.NET's default) is none. Without a currency of its own a payment within an order has that of the
 * order, all else USD. */
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
/* -EBADMSG: no items, more than 10000 of them, or more to come without a cursor. */
int page_decode(json_object *body, struct page *ret);
/* "OrdersGet?limit=500&changedSince=…" or NULL without memory. Caller frees. */
char *page_path(const char *method, const char *cursor, unsigned limit);

/* What a refusal brings along: newAmount of price-changed (currency of the caller); 0, or -EBADMSG where
 * absent. */
int customer_decode_new_amount(json_object *problem, const char *currency, int64_t *ret);
/* productIds of product-unavailable; 0, or -EBADMSG where absent. Caller frees. */
int customer_decode_unavailable(json_object *problem, uint64_t **ret, size_t *ret_n);

/* Names of the service to names of the bus: "In the process of cooking" is "cooking"; a status it does
 * not know becomes kebab-case, with "service-" before it where it would read as a local one. Caller
 * frees. */
char *customer_status_to_bus(const char *service);
/* "QR code" is "qr"; NULL for what it does not know, and the other way round. */
const char *customer_payment_type_to_bus(const char *service);
const char *customer_payment_type_from_bus(const char *bus);

/* ---- payments, cards, settings ---- */

/* The body of MakePaymentStart. `type`: D-Bus form. Caller frees. */
int customer_payment_start_encode(const char *order_uid, const char *type, char **ret_json);
int customer_payment_start(struct api *a, const char *json, const char *key, uint64_t budget, api_cb done,
			   void *userdata, struct api_call **ret);
/* A card as it came from the person. Each part is a secret of its own; brand and last four alone are for showing. */
struct card {
	struct secret *number, *holder, *expiry, *cvc; /* digits; text; "MM/YY"; digits */
};
void card_done(struct card *c);
/* The body of MakePaymentRespond: by hand, in memory of its own. card NULL: a QR payment. */
int customer_payment_respond_encode(const char *order_uid, const char *payment_uid, const struct card *card,
				    struct secret **ret_json);
/* One try: who sends it asks for the payment's uid before anything is repeated. */
int customer_payment_respond(struct api *a, struct secret *json, const char *key, api_cb done, void *userdata,
			     struct api_call **ret);
int customer_payments_get(struct api *a, const char *order_uid, uint64_t budget, api_cb done, void *userdata,
			  struct api_call **ret);

struct card_record {
	char *uid, *brand, *last4, *expiry;
};
void card_record_done(struct card_record *c);
int customer_cards_get(struct api *a, uint64_t budget, api_cb done, void *userdata, struct api_call **ret);
int customer_card_remove(struct api *a, const char *uid, const char *key, uint64_t budget, api_cb done,
			 void *userdata, struct api_call **ret);
int customer_decode_card(json_object *o, struct card_record *ret);

/* Settings stay JSON objects in the service's own names and values (docs/backend-api.md, "Settings"): unknown members
 * are sent back as they came. if_match: the ETag they were read with, or NULL. */
int customer_settings_get(struct api *a, const char *etag, api_cb done, void *userdata, struct api_call **ret);
int customer_settings_save(struct api *a, const char *json, const char *if_match, const char *key, api_cb done,
			   void *userdata, struct api_call **ret);
