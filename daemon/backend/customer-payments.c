/* The customer backend's payments, cards and settings: its calls, and the JSON that is sent and read. */
#include "backend/customer.h"

#include "backend/customer-private.h"
#include "backend/decode.h"
#include "backend/secret-body.h"

/* ---- payments ---- */

int customer_payment_start_encode(const char *order_uid, const char *type, char **ret_json)
{
	_cleanup_json_ json_object *o = json_object_new_object();
	const char *name = customer_payment_type_from_bus(type);
	int r;

	if (!name)
		return -EINVAL;
	if (!o)
		return -ENOMEM;
	r = json_add_string(o, "deliveryOrderUid", order_uid);
	if (r == 0)
		r = json_add_string(o, "paymentType", name);
	return r < 0 ? r : encode_text(o, ret_json);
}

int customer_payment_start(struct api *a, const char *json, const char *key, uint64_t budget, api_cb done,
			   void *userdata, struct api_call **ret)
{
	return customer_post(a, "MakePaymentStart", json, key, budget, done, userdata, ret);
}

void card_done(struct card *c)
{
	c->number = secret_unref(c->number);
	c->holder = secret_unref(c->holder);
	c->expiry = secret_unref(c->expiry);
	c->cvc = secret_unref(c->cvc);
}

int customer_payment_respond_encode(const char *order_uid, const char *payment_uid, const struct card *card,
				    struct secret **ret_json)
{
	_cleanup_secret_ struct secret *payment = NULL;
	struct member inner[5] = { member("uid", payment_uid) };
	struct member outer[2] = { member("deliveryOrderUid", order_uid) };
	size_t n = 1;
	int r;

	if (card) {
		inner[n++] = secret_member("cardNumber", card->number);
		if (card->holder)
			inner[n++] = secret_member("cardHolder", card->holder);
		inner[n++] = secret_member("expiry", card->expiry);
		inner[n++] = secret_member("cvc", card->cvc);
	}
	r = secret_object(inner, n, &payment);
	if (r < 0)
		return r;
	outer[1] = secret_member("payment", payment);
	outer[1].raw = true;
	return secret_object(outer, ELEMENTSOF(outer), ret_json);
}

int customer_payment_respond(struct api *a, struct secret *json, const char *key, api_cb done, void *userdata,
			     struct api_call **ret)
{
	return api_start(a,
			 &(struct api_request){
				 .service = SERVICE_CUSTOMER,
				 .method = "POST",
				 .path = "MakePaymentRespond",
				 .secret_json = json,
				 .idempotency_key = key,
			 },
			 done, userdata, ret);
}

int customer_payments_get(struct api *a, const char *order_uid, uint64_t budget, api_cb done, void *userdata,
			  struct api_call **ret)
{
	_cleanup_free_ char *escaped = url_escape(order_uid), *path = NULL;

	path = escaped ? strprintf("PaymentsGet?deliveryOrderUid=%s", escaped) : NULL;
	return path ? customer_get(a, path, NULL, budget, done, userdata, ret) : -ENOMEM;
}

/* ---- cards ---- */

void card_record_done(struct card_record *c)
{
	free(c->uid);
	free(c->brand);
	free(c->last4);
	free(c->expiry);
	*c = (struct card_record){ 0 };
}

int customer_cards_get(struct api *a, uint64_t budget, api_cb done, void *userdata, struct api_call **ret)
{
	return customer_get(a, "CardsGet", NULL, budget, done, userdata, ret);
}

int customer_card_remove(struct api *a, const char *uid, const char *key, uint64_t budget, api_cb done,
			 void *userdata, struct api_call **ret)
{
	_cleanup_json_ json_object *o = json_object_new_object();
	_cleanup_free_ char *json = NULL;
	int r;

	if (!o)
		return -ENOMEM;
	r = json_add_string(o, "uid", uid);
	if (r == 0)
		r = encode_text(o, &json);
	return r < 0 ? r : customer_post(a, "CardRemove", json, key, budget, done, userdata, ret);
}

int customer_decode_card(json_object *o, struct card_record *ret)
{
	static const struct field fields[] = {
		{ "uid", FIELD_UID, offsetof(struct card_record, uid) },
		{ "brand", FIELD_TEXT, offsetof(struct card_record, brand) },
		{ "last4", FIELD_LABEL, offsetof(struct card_record, last4) },
		{ "expiry", FIELD_TEXT, offsetof(struct card_record, expiry) },
	};
	struct card_record c = { 0 };
	int r;

	r = decode_fields(o, fields, ELEMENTSOF(fields), NULL, &c);
	/* A service that sent the whole number here would have it shown. */
	if (r == 0 && c.last4 && strlen(c.last4) > 4)
		r = decode_refuse("last4");
	if (r < 0) {
		card_record_done(&c);
		return r;
	}
	*ret = c;
	return 0;
}

/* ---- settings ---- */

int customer_settings_get(struct api *a, const char *etag, api_cb done, void *userdata, struct api_call **ret)
{
	return customer_get(a, "SettingsGet", etag, 0, done, userdata, ret);
}

int customer_settings_save(struct api *a, const char *json, const char *if_match, const char *key, api_cb done,
			   void *userdata, struct api_call **ret)
{
	return api_start(a,
			 &(struct api_request){
				 .service = SERVICE_CUSTOMER,
				 .method = "POST",
				 .path = "SettingsSave",
				 .json = json,
				 .if_match = if_match,
				 .idempotency_key = key,
			 },
			 done, userdata, ret);
}
