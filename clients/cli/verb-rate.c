/* rate: stars, a few words and pictures for an order that was delivered. */
#include "clients/cli/cli.h"
#include "clients/cli/items.h"
#include "clients/cli/photo.h"
#include "clients/cli/verbs.h"
#include "clients/common/status.h"

/* The daemon judges the same; here it saves sending pictures that nobody will take. */
static int check_order(struct cli *cli, const char *uid)
{
	_cleanup_order_ struct order o;
	enum order_status status;
	int r;

	order_init(&o);
	r = cli_get_order(cli, uid, &o);
	if (r < 0)
		return r;
	status = status_from_string(o.status);
	if (status != STATUS_DELIVERED && status != STATUS_FINISHED)
		return cli_fail(cli, CC_EXIT_REFUSED, CC_ERROR("NotDelivered"),
				"The order has not been delivered (it is '%s'); nothing was sent", o.status);
	if (o.rating > 0)
		return cli_fail(cli, CC_EXIT_REFUSED, CC_ERROR("AlreadyRated"),
				"The order was rated already, with %u; nothing was sent", o.rating);
	return 0;
}

static int append_photos(sd_bus_message *m, char **uids)
{
	int r;

	r = sd_bus_message_open_container(m, 'a', "{sv}");
	if (r < 0 || !uids)
		return r < 0 ? r : sd_bus_message_close_container(m);
	if ((r = sd_bus_message_open_container(m, 'e', "sv")) < 0 ||
	    (r = sd_bus_message_append(m, "s", "photos")) < 0 ||
	    (r = sd_bus_message_open_container(m, 'v', "as")) < 0 ||
	    (r = sd_bus_message_append_strv(m, uids)) < 0 ||
	    (r = sd_bus_message_close_container(m)) < 0 ||
	    (r = sd_bus_message_close_container(m)) < 0)
		return r;
	return sd_bus_message_close_container(m);
}

static int send_rating(struct cli *cli, const char *uid, uint32_t stars, const char *comment, char **photos)
{
	_cleanup_error_ sd_bus_error e = SD_BUS_ERROR_NULL;
	_cleanup_message_ sd_bus_message *m = NULL;
	int r;

	r = client_new_call(cli->client, CC_IFACE_ORDERS, "Rate", &m);
	if (r >= 0)
		r = sd_bus_message_append(m, "sus", uid, stars, comment);
	if (r >= 0)
		r = append_photos(m, photos);
	if (r < 0)
		return cli_fail_errno(cli, r, "Orders.Rate");
	r = client_send(cli->client, m, &e, NULL);
	if (r >= 0)
		return 0;
	if (client_exit_status(e.name, CLIENT_ACTS) != CC_EXIT_OUTCOME_UNKNOWN)
		photos_note_sent(photos);
	return cli_fail_error(cli, &e, CLIENT_ACTS);
}

static int rate(struct cli *cli, const char *uid, uint32_t stars, const char *comment, const struct photos *photos,
		size_t *ret_sent)
{
	_cleanup_(strv_freep) char **uids = NULL;
	int r = 0;

	if (photos->n > 0)
		r = check_order(cli, uid);
	if (r >= 0)
		r = photos_send(cli, photos, &uids);
	if (r >= 0)
		r = send_rating(cli, uid, stars, comment, uids);
	*ret_sent = strv_length(uids);
	return r;
}

int verb_rate(struct cli *cli, const struct args *args)
{
	_cleanup_photos_ struct photos photos = {};
	_cleanup_free_ char *uid = NULL;
	_cleanup_order_ struct order o;
	uint64_t stars;
	size_t sent = 0;
	int r;

	order_init(&o);
	if (number_parse(args->words[1], 5, &stars) < 0 || stars == 0)
		return cli_usage(cli, "'%s' is not a number of stars; it is 1 to 5", args->words[1]);
	r = photos_open(cli, args, &photos);
	if (r >= 0)
		r = cli_lookup_order(cli, args->words[0], &uid);
	if (r >= 0)
		r = rate(cli, uid, (uint32_t)stars, strempty(args_option(args, "comment")), &photos, &sent);
	if (r < 0)
		return r;
	if (cli->json)
		return cli_print_order_json(cli, uid);
	r = cli_get_order(cli, uid, &o);
	if (r < 0)
		return r;
	printf("Order %s: %u of 5", order_name(&o), (unsigned)stars);
	if (sent > 0)
		printf(", with %zu photo%s", sent, sent > 1 ? "s" : "");
	printf(". Thank you.\n");
	return 0;
}
