/* What the files of catalog.db share; internal to daemon/store. */
#pragma once

#include "store/catalog.h"
#include "store/store-sql.h"

struct catalog {
	struct store *store;
};

/* In this order product_row_read() expects them; `p` is the table products. */
#define PRODUCT_COLUMNS \
	"p.id, p.category, p.name, p.description, p.picture_url, p.price, p.currency, p.limited, p.quantity, " \
	"p.rating, p.changed, p.sort"
/* Texts are borrowed from the statement. */
struct product product_row_read(sqlite3_stmt *st);
