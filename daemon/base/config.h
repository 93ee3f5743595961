/* The configuration: INI in the style of systemd, /etc file, its drop-ins, the user's file, its drop-ins, key by
 * key; then the environment (CUSTOMERCLIENT_BASE_URL, CUSTOMERCLIENT_LOG_LEVEL). */
#pragma once

#include "base/log.h"
#include "base/util.h"

enum service {
	SERVICE_AUTHENTICATION,
	SERVICE_CUSTOMER,
	SERVICE_FILE,
	SERVICE_STATISTICAL,
	SERVICE_PREDICTIVE,
	SERVICE_EMAIL,
	SERVICE_NOTIFICATIONS,
	_SERVICE_MAX
};

struct config {
	char *base_url;              /* [Services] BaseUrl; NULL when not configured */
	char *url[_SERVICE_MAX];     /* each service's URL without a slash at the end: BaseUrl + prefix, or its own key
				      * (Authentication=, CustomerBackend=, FileService=, StatisticalBackend=,
				      * PredictiveBackend=, EmailBackend=, NotificationsBackend=) */
	char *ca_file;               /* [Services] CAFile: a private CA, PEM */
	enum log_level log_level;    /* [Daemon] LogLevel */
	/* [Session] */
	bool keyring;                /* Keyring: the token rests in the desktop's keyring where there is one */
	uint64_t keyring_wait;       /* KeyringSec: how long a keyring that holds the token may stay away */
	/* [Sync], in µs */
	uint64_t pending_with_push, pending, idle_with_push, idle;
	unsigned jitter_percent;     /* JitterPercent 0..50 */
	/* [Push] */
	bool push_enable;
	bool push_sse, push_long_polling; /* Transports= */
	uint64_t push_timeout;       /* TimeoutSec */
	/* [Orders] */
	uint64_t deadline;           /* DeadlineSec */
	uint64_t hold;               /* HoldSec: how long a placed order waits before it is sent; 0: not at all */
	char *monthly_limit;         /* MonthlyLimit: a decimal in the account's currency; NULL: none */
	/* [Videos] */
	uint64_t video_idle;         /* IdleSec: a video's address is closed when nobody was connected for so long */
	/* [Notifications] */
	bool promotions;
	int quiet_from, quiet_to;    /* QuietHours=22:00-07:00, minutes of the local day; -1: none */
};

/* Reads everything anew. -EINVAL: a wrong value, *ret_error says file, line, key and what is allowed; -errno:
 * a file that is there could not be read, likewise. *ret_error is the caller's to free, and NULL on success and when
 * memory ran out. Unknown keys and sections are warnings in the log, with file and line. An empty value means the
 * default. A missing BaseUrl is not an error here. CUSTOMERCLIENT_BASE_URL moves every service, also those placed
 * elsewhere by their own key. */
int config_load(struct config **ret, char **ret_error);
/* The same from the text of one file, without the environment. */
int config_parse(const char *name, const char *text, size_t n, struct config **ret, char **ret_error);
/* Where a person writes the configuration: the user's customerclientd.conf. Caller frees. */
char *config_user_file(void);
void config_free(struct config *c);
DEFINE_CLEANUP(struct config *, config_free);
