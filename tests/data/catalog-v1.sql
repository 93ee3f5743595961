BEGIN;
CREATE TABLE categories(  id INTEGER PRIMARY KEY, position INTEGER NOT NULL, name TEXT, description TEXT, picture_url TEXT);
INSERT INTO categories VALUES(1, 1, 'Soups', NULL, NULL);
INSERT INTO categories VALUES(2, 0, 'Desserts', 'Sweet things', '/p/2.png');
CREATE TABLE products(  id INTEGER PRIMARY KEY, category INTEGER NOT NULL, sort TEXT NOT NULL, name TEXT NOT NULL,  description TEXT NOT NULL, tags TEXT NOT NULL, picture_url TEXT, price INTEGER NOT NULL,  currency TEXT NOT NULL, limited INTEGER NOT NULL, quantity INTEGER NOT NULL, rating REAL NOT NULL,  changed INTEGER NOT NULL);
INSERT INTO products VALUES(11, 2, 'crème brûlée', 'Crème brûlée', 'Baked custard', 'vegetarian
gluten-free
', '/p/11.png', 650, 'EUR', 1, 4, 4.5, 1700000000000005);
INSERT INTO products VALUES(12, 1, 'borscht', 'Borscht', 'Beetroot soup with sour cream', '', NULL, 590, 'EUR', 0, 0, 0.0, 0);
CREATE INDEX products_list ON products(category, sort, id);
CREATE VIRTUAL TABLE products_fts USING fts5(name, description, tags, content = 'products',  content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2');
CREATE TABLE pictures(  id INTEGER PRIMARY KEY, url TEXT NOT NULL UNIQUE, type TEXT NOT NULL, size INTEGER NOT NULL,  data BLOB NOT NULL);
INSERT INTO pictures VALUES(1, '/p/11.png', 'image/png', 4, x'89504e47');
CREATE TABLE meta(key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL);
INSERT INTO meta VALUES('categories-digest', '7c1a06d5bd0eb917c35407bab94bdaabf3cca17b56b0049b219834188e717c7f');
INSERT INTO meta VALUES('cursor', 'abc');
INSERT INTO products_fts(products_fts) VALUES('rebuild');
PRAGMA user_version = 1;
COMMIT;
