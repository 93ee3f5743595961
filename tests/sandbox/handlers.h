/*
 * The handlers of all calls. A handler returns 0 with c->answer (or none) and, if it is not 200, c->status; or
 * what call_fail() gave it.
 */
#pragma once

#include "tests/sandbox/call.h"

int signup_check_existance(struct call *c);
int signup_add_user(struct call *c);
int signup_verify(struct call *c);

int auth_verify_credentials(struct call *c);
int auth_get_token(struct call *c);
int auth_change_password(struct call *c);
int auth_sign_out(struct call *c);

int catalog_categories_get(struct call *c);
int catalog_products_get(struct call *c);
int picture_get(struct call *c);

int ordering_quote(struct call *c);
int ordering_make(struct call *c);
int ordering_orders_get(struct call *c);
int ordering_order_get(struct call *c);
int ordering_pending_get(struct call *c);
int ordering_cancel(struct call *c);
int ordering_rate(struct call *c);
int account_get(struct call *c);

int payment_start(struct call *c);
int payment_respond(struct call *c);
int payments_get(struct call *c);
int cards_get(struct call *c);
int card_remove(struct call *c);

int settings_get(struct call *c);
int settings_save(struct call *c);

int report_generate(struct call *c);
int file_upload(struct call *c);
int qr_generate(struct call *c);
int file_get(struct call *c);

int videos_get(struct call *c);
int videos_watched_save(struct call *c);

int email_report_send(struct call *c);
int email_message_get(struct call *c);

int statistical_series(struct call *c);

int predictive_delivery_time(struct call *c);
int predictive_recommendations(struct call *c);
int predictive_spending_forecast(struct call *c);

int notifications_get(struct call *c);
int notifications_read(struct call *c);

int hub_negotiate(struct call *c);
int hub_get(struct call *c);
int hub_post(struct call *c);
int hub_delete(struct call *c);

int control_seed(struct call *c);
int control_orders(struct call *c);
int control_notify(struct call *c);
int control_faults_get(struct call *c);
int control_faults(struct call *c);
int control_journal(struct call *c);
int control_clock(struct call *c);
int control_clock_get(struct call *c);
int control_advance(struct call *c);
int control_mail(struct call *c);
int control_mail_get(struct call *c);
int control_qr_paid(struct call *c);
int control_payments(struct call *c);
int control_payments_get(struct call *c);
int control_videos(struct call *c);
int control_videos_get(struct call *c);
int control_product(struct call *c);
int control_verification_code(struct call *c);
int control_mailbox(struct call *c);
