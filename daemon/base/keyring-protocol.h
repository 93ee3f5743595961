/* What customerclientd and customerclient-keyring say to each other, over one socket pair that is the helper's standard
 * input. The daemon writes a request and shuts its side; the helper writes an answer and ends.
 *
 *   request: operation NUL world NUL user NUL slot NUL label NUL [token]
 *   answer:  status NUL [token, after a lookup; after "failed": what failed, as text]
 *
 * world, user and slot are the attributes of the item, and together name one; the label is what a person sees. */
#pragma once

#define KEYRING_HELPER "customerclient-keyring"
#define KEYRING_SERVICE "org.freedesktop.secrets"
#define KEYRING_MESSAGE_MAX 16384 /* bytes of either */
#define KEYRING_FIELDS 5

#define KEYRING_OP_STORE "store"   /* replaces; "ok" when it was read back and is the same */
#define KEYRING_OP_LOOKUP "lookup"
#define KEYRING_OP_CLEAR "clear"   /* "ok" too when there was none */

#define KEYRING_IS_OK "ok"
#define KEYRING_IS_NONE "none"     /* unlocked, and there is no such item */
#define KEYRING_IS_LOCKED "locked"
#define KEYRING_IS_ABSENT "absent" /* no Secret Service, or one without a default collection */
#define KEYRING_IS_PLAIN "plain"   /* it would have the token sent in the clear: nothing was */
#define KEYRING_IS_FAILED "failed"
