BEGIN;
CREATE TABLE orders(  id INTEGER PRIMARY KEY, uid TEXT NOT NULL UNIQUE COLLATE NOCASE, number TEXT COLLATE NOCASE,  status TEXT NOT NULL, payment_type TEXT, total INTEGER NOT NULL, currency TEXT NOT NULL,  created INTEGER NOT NULL, changed INTEGER NOT NULL, cancellable INTEGER NOT NULL,  pending INTEGER NOT NULL, local INTEGER NOT NULL, end_expected INTEGER NOT NULL,  confirmed INTEGER NOT NULL, body TEXT NOT NULL);
INSERT INTO orders VALUES(1, '3d6f4b7e-0000-4000-8000-000000000001', 'A-1001', 'cooking', 'cash', 1890, 'EUR', 1700000000000006, 1700000000000007, 0, 1, 0, 1700003600000000, 1700000000000008, '{"uid":"3d6f4b7e-0000-4000-8000-000000000001"}');
CREATE INDEX orders_list ON orders(created DESC, uid, number, status, payment_type, total, currency,  changed, cancellable, pending);
CREATE INDEX orders_pending ON orders(created DESC, uid) WHERE pending = 1;
CREATE INDEX orders_number ON orders(number) WHERE number IS NOT NULL;
CREATE TABLE order_text(id INTEGER PRIMARY KEY, text TEXT NOT NULL);
INSERT INTO order_text VALUES(1, 'a-1001
borscht
évry, 1 rue
');
CREATE TABLE notifications(  id INTEGER PRIMARY KEY, uid TEXT NOT NULL UNIQUE COLLATE NOCASE, kind TEXT, title TEXT, body TEXT,  order_uid TEXT, sent INTEGER NOT NULL, read INTEGER NOT NULL);
INSERT INTO notifications VALUES(1, 'n-1', 'order-status', 'On the stove', 'It''s being cooked', '3d6f4b7e-0000-4000-8000-000000000001', 1700000000000009, 0);
CREATE INDEX notifications_list ON notifications(sent DESC, uid);
CREATE INDEX notifications_unread ON notifications(sent DESC, uid) WHERE read = 0;
CREATE TABLE events(  seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, uid TEXT NOT NULL, details TEXT NOT NULL);
INSERT INTO events VALUES(501, 'order', '3d6f4b7e-0000-4000-8000-000000000001', '{"status":"cooking"}');
CREATE TABLE meta(key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL);
INSERT INTO meta VALUES('events-floor', '500');
INSERT INTO meta VALUES('orders-cursor', 'xyz');
INSERT INTO meta VALUES('facts-filled', 'complete');
CREATE TABLE order_places(id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
INSERT INTO order_places VALUES(1, 'Évry, 1 Rue');
CREATE TABLE order_facts(  id INTEGER PRIMARY KEY, created INTEGER NOT NULL, status TEXT NOT NULL, local INTEGER NOT NULL,  total INTEGER NOT NULL, currency TEXT NOT NULL, cost INTEGER NOT NULL, items INTEGER NOT NULL,  place INTEGER NOT NULL, promised INTEGER NOT NULL, delivered INTEGER NOT NULL, lines BLOB NOT NULL);
INSERT INTO order_facts VALUES(1, 1700000000000006, 'cooking', 0, 1890, 'EUR', 1500, 3, 1, 1700003600000000, 0, x'0c02f4034d01f403');
CREATE TABLE predictions(  kind TEXT NOT NULL, subject TEXT NOT NULL COLLATE NOCASE, asked INTEGER NOT NULL,  about INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY(kind, subject)) WITHOUT ROWID;
INSERT INTO predictions VALUES('delivery-time', '3d6f4b7e-0000-4000-8000-000000000001', 1700000000000010, 1700003600000000, '{"deliveryEnd":"2023-11-14T23:13:20Z"}');
CREATE TABLE promises(  id INTEGER PRIMARY KEY, promised INTEGER NOT NULL, delivered INTEGER NOT NULL);
INSERT INTO promises VALUES(1, 1700003000000000, 0);
INSERT INTO promises VALUES(7, 1690000000000000, 1690000300000000);
CREATE INDEX promises_delivered ON promises(delivered DESC, promised) WHERE delivered > 0;
CREATE TABLE videos(  position INTEGER PRIMARY KEY, uid TEXT NOT NULL UNIQUE, title TEXT, description TEXT, genre TEXT,  seconds INTEGER NOT NULL, file TEXT, web TEXT, picture TEXT);
INSERT INTO videos VALUES(1, 'v-1', 'An oven at night', 'One minute', 'Slow', 60, 'f-1', NULL, NULL);
PRAGMA user_version = 4;
COMMIT;
