/* The Secret Service by libsecret. What may go wrong becomes a word of the protocol; who runs this and for how long is
 * not known here. */
#include "keyring/service.h"

#include <libsecret/secret.h>

#include "base/keyring-protocol.h"

/* ---- a service that never asks the person anything ---- */

typedef SecretService QuietService;
typedef SecretServiceClass QuietServiceClass;

GType quiet_service_get_type(void);
G_DEFINE_TYPE(QuietService, quiet_service, SECRET_TYPE_SERVICE)

static GError *refusal(void)
{
	return g_error_new_literal(SECRET_ERROR, SECRET_ERROR_IS_LOCKED, "a prompt would have been shown");
}

static GVariant *quiet_service_prompt_sync(SecretService *self, SecretPrompt *prompt, GCancellable *cancellable,
					   const GVariantType *type, GError **error)
{
	(void)self, (void)prompt, (void)cancellable, (void)type;
	g_propagate_error(error, refusal());
	return NULL;
}

static void quiet_service_prompt_async(SecretService *self, SecretPrompt *prompt, const GVariantType *type,
				       GCancellable *cancellable, GAsyncReadyCallback callback, gpointer userdata)
{
	g_autoptr(GTask) task = g_task_new(self, cancellable, callback, userdata);

	(void)prompt, (void)type;
	g_task_return_error(task, refusal());
}

static GVariant *quiet_service_prompt_finish(SecretService *self, GAsyncResult *result, GError **error)
{
	(void)self;
	return g_task_propagate_pointer(G_TASK(result), error);
}

static void quiet_service_class_init(QuietServiceClass *class)
{
	class->prompt_sync = quiet_service_prompt_sync;
	class->prompt_async = quiet_service_prompt_async;
	class->prompt_finish = quiet_service_prompt_finish;
}

static void quiet_service_init(QuietService *self)
{
	(void)self;
}

/* ---- what every operation begins with ---- */

static const SecretSchema schema = {
	.name = "org.deliveryservice.CustomerClient1",
	.flags = SECRET_SCHEMA_NONE,
	.attributes = {
		{ "service", SECRET_SCHEMA_ATTRIBUTE_STRING },
		{ "user", SECRET_SCHEMA_ATTRIBUTE_STRING },
		{ "slot", SECRET_SCHEMA_ATTRIBUTE_STRING },
		{ NULL, 0 },
	},
};

static GHashTable *attributes_of(const struct item *item)
{
	return secret_attributes_build(&schema, "service", item->world, "user", item->user, "slot", item->slot, NULL);
}

/* The text of an error is the service's own and is not passed on. */
static const char *word_of(const GError *e, char **ret_reason)
{
	if (g_error_matches(e, SECRET_ERROR, SECRET_ERROR_IS_LOCKED))
		return KEYRING_IS_LOCKED;
	if (g_error_matches(e, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_METHOD) ||
	    g_error_matches(e, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_OBJECT) ||
	    g_error_matches(e, SECRET_ERROR, SECRET_ERROR_NO_SUCH_OBJECT))
		return SERVICE_AGAIN;
	/* NoReply: it ended with our question before it. */
	if (g_error_matches(e, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN) ||
	    g_error_matches(e, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER) ||
	    g_error_matches(e, G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY) ||
	    (e->domain == G_DBUS_ERROR && e->code >= G_DBUS_ERROR_SPAWN_EXEC_FAILED &&
	     e->code <= G_DBUS_ERROR_SPAWN_NO_MEMORY))
		return KEYRING_IS_ABSENT;
	*ret_reason = strprintf("%s %d", g_quark_to_string(e->domain), e->code);
	return KEYRING_IS_FAILED;
}

/* libsecret asks for an encrypted session first, and takes a plain one where the service knows no other. */
static const char *open_service(SecretService **ret, char **ret_reason)
{
	g_autoptr(SecretService) service = NULL;
	g_autoptr(GError) e = NULL;
	const char *algorithms;

	service = secret_service_open_sync(quiet_service_get_type(), KEYRING_SERVICE, SECRET_SERVICE_OPEN_SESSION,
					   /* cancellable= */ NULL, &e);
	if (!service)
		return word_of(e, ret_reason);
	algorithms = secret_service_get_session_algorithms(service);
	if (!algorithms || streq(algorithms, "plain"))
		return KEYRING_IS_PLAIN;
	*ret = g_steal_pointer(&service);
	return NULL;
}

/* NULL: the default collection is there and unlocked. */
static const char *open_collection(SecretService *service, SecretCollection **ret, char **ret_reason)
{
	g_autoptr(SecretCollection) collection = NULL;
	g_autoptr(GError) e = NULL;

	collection = secret_collection_for_alias_sync(service, SECRET_COLLECTION_DEFAULT, SECRET_COLLECTION_NONE,
						      /* cancellable= */ NULL, &e);
	if (e)
		return word_of(e, ret_reason);
	if (!collection)
		return KEYRING_IS_ABSENT;
	if (secret_collection_get_locked(collection))
		return KEYRING_IS_LOCKED;
	*ret = g_steal_pointer(&collection);
	return NULL;
}

/* ---- looking up ---- */

/* The newest where there are several: two collections may each have one. */
static const char *read_newest(GList *items, struct secret **ret, char **ret_reason)
{
	SecretItem *newest = NULL;
	g_autoptr(GError) e = NULL;
	SecretValue *value;
	const char *text;
	gsize n;

	for (GList *l = items; l; l = l->next)
		if (!secret_item_get_locked(l->data) &&
		    (!newest || secret_item_get_modified(l->data) > secret_item_get_modified(newest)))
			newest = l->data;
	if (!newest)
		return KEYRING_IS_LOCKED;
	if (!secret_item_load_secret_sync(newest, /* cancellable= */ NULL, &e))
		return word_of(e, ret_reason);
	value = secret_item_get_secret(newest);
	if (!value)
		return KEYRING_IS_NONE;
	text = secret_value_get(value, &n);
	*ret = n > 0 ? secret_new(text, n) : NULL;
	secret_value_unref(value);
	return *ret ? KEYRING_IS_OK : KEYRING_IS_NONE;
}

static const char *lookup(SecretService *service, const struct item *item, struct secret **ret, char **ret_reason)
{
	g_autoptr(GHashTable) attributes = attributes_of(item);
	g_autoptr(SecretCollection) collection = NULL;
	g_autolist(SecretItem) items = NULL;
	g_autoptr(GError) e = NULL;
	const char *word;

	items = secret_service_search_sync(service, &schema, attributes, SECRET_SEARCH_ALL, /* cancellable= */ NULL, &e);
	if (e)
		return word_of(e, ret_reason);
	if (items)
		return read_newest(items, ret, ret_reason);
	/* Some services do not find what is locked. */
	word = open_collection(service, &collection, ret_reason);
	return word ? word : KEYRING_IS_NONE;
}

const char *service_lookup(const struct item *item, struct secret **ret_token, char **ret_reason)
{
	g_autoptr(SecretService) service = NULL;
	const char *word = open_service(&service, ret_reason);

	return word ? word : lookup(service, item, ret_token, ret_reason);
}

/* ---- storing ---- */

const char *service_store(const struct item *item, const char *token, size_t n, char **ret_reason)
{
	g_autoptr(GHashTable) attributes = attributes_of(item);
	g_autoptr(SecretService) service = NULL;
	g_autoptr(SecretCollection) collection = NULL;
	g_autoptr(SecretItem) made = NULL;
	g_autoptr(GError) e = NULL;
	_cleanup_secret_ struct secret *back = NULL;
	SecretValue *value;
	const char *word;

	word = open_service(&service, ret_reason);
	if (!word)
		word = open_collection(service, &collection, ret_reason);
	if (word)
		return word;
	value = secret_value_new(token, (gssize)n, "text/plain");
	made = secret_item_create_sync(collection, &schema, attributes, item->label, value, SECRET_ITEM_CREATE_REPLACE,
				       /* cancellable= */ NULL, &e);
	secret_value_unref(value);
	if (!made)
		return word_of(e, ret_reason);
	word = lookup(service, item, &back, ret_reason);
	if (!streq(word, KEYRING_IS_OK))
		return word;
	if (secret_length(back) == n && memcmp(secret_string(back), token, n) == 0)
		return KEYRING_IS_OK;
	*ret_reason = strprintf("what was read back is not what was stored");
	return KEYRING_IS_FAILED;
}

/* ---- clearing ---- */

const char *service_clear(const struct item *item, char **ret_reason)
{
	g_autoptr(GHashTable) attributes = attributes_of(item);
	g_autoptr(SecretService) service = NULL;
	g_autoptr(SecretCollection) collection = NULL;
	g_autolist(SecretItem) items = NULL;
	g_autoptr(GError) e = NULL;
	const char *word;

	word = open_service(&service, ret_reason);
	if (word)
		return word;
	items = secret_service_search_sync(service, &schema, attributes, SECRET_SEARCH_ALL, /* cancellable= */ NULL, &e);
	if (e)
		return word_of(e, ret_reason);
	if (!items)
		word = open_collection(service, &collection, ret_reason);
	for (GList *l = items; !word && l; l = l->next) {
		if (secret_item_get_locked(l->data))
			word = KEYRING_IS_LOCKED;
		else if (!secret_item_delete_sync(l->data, /* cancellable= */ NULL, &e))
			word = word_of(e, ret_reason);
	}
	return word ? word : KEYRING_IS_OK;
}
