"""The customer backend: catalog, quote, orders, cancelling, rating, keys, cursors, ETags."""

import datetime
import email.utils
import unittest
import urllib.parse
from decimal import Decimal
from support import CUSTOMER, Customer, TestCase, new_uid


def iso(moment):
    return moment.strftime('%Y-%m-%dT%H:%M:%SZ')


def date_of(text):
    return datetime.datetime.fromisoformat(text.replace('Z', '+00:00'))


class Catalog(TestCase):
    def test_is_worth_ordering_from(self):
        c = Customer(self.sandbox)
        categories = c.call('ProductCategoriesGet').json
        products, _ = c.all('ProductsGet', limit=23)
        self.assertEqual(len(categories), 8)
        self.assertGreaterEqual(len(products), 50)
        self.assertEqual(len({p['id'] for p in products}), len(products))
        self.assertEqual({p['productCategory']['id'] for p in products}, {k['id'] for k in categories})
        self.assertTrue(all(p['name'] and p['description'] and p['price'] > 0 and p['currency'] == 'USD'
                            and p['rating'] >= 1 and not p['isDeleted'] for p in products))
        self.assertGreaterEqual(sum(p['quantity'] is not None for p in products), 5)
        tags = {t for p in products for t in p['dietaryTags']}
        self.assertLessEqual({'vegan', 'vegetarian', 'gluten-free', 'nuts', 'lactose-free'}, tags)

    def test_pictures(self):
        c = Customer(self.sandbox)
        for item in c.call('ProductsGet', limit=2).json['items'] + c.call('ProductCategoriesGet').json[:1]:
            picture = c.call(item['pictureUrl'])
            self.assertEqual((picture.status, picture.headers['Content-Type']), (200, 'image/svg+xml'))
            self.assertIn(b'<svg', picture.data)
            self.assertEqual(c.call(item['pictureUrl'],
                                    headers={'If-None-Match': picture.headers['ETag']}).status, 304)
        for name in ('', '?name=', '?name=../x', '?name=' + 'x' * 50):
            self.refused(c.call('PictureGet' + name), 400, 'invalid-name')

    def test_changes(self):
        c = Customer(self.sandbox)
        _, cursor = c.all('ProductsGet')
        self.sandbox.control('Product', {'id': 3, 'price': 13.5})
        self.sandbox.control('Product', {'id': 4, 'isDeleted': True})
        page = c.call('ProductsGet', changedSince=cursor).json
        self.assertEqual([(p['id'], p['price'], p['isDeleted']) for p in page['items']],
                         [(3, 13.5, False), (4, 13.5, True)])
        self.sandbox.control('Product', {'id': 4, 'isDeleted': False})
        self.assertFalse(page['hasMore'])
        page = c.call('ProductsGet', changedSince=page['nextCursor']).json
        self.assertEqual([p['id'] for p in page['items']], [4])
        self.assertEqual(c.call('ProductsGet', changedSince=page['nextCursor']).json['items'], [])
        for wrong in ({'id': 999}, {'id': 3, 'price': 'x'}, {'id': 3, 'quantity': 'x'}):
            self.assertIn(self.sandbox.call('/Sandbox/Product', wrong).status, (404, 422))

    def test_cursors(self):
        c, other = Customer(self.sandbox), Customer(self.sandbox)
        _, cursor = c.all('ProductsGet')
        self.assertNotEqual(urllib.parse.quote(cursor, safe=''), cursor, 'cursors want escaping')
        self.refused(c.call('ProductsGet', changedSince='x'), 400, 'invalid-cursor')
        self.refused(c.call('ProductsGet', changedSince=cursor[:-3] + 'x=='), 400, 'invalid-cursor')
        self.refused(c.call('OrdersGet', changedSince=cursor), 400, 'invalid-cursor')
        self.refused(other.call('ProductsGet', changedSince=cursor), 400, 'invalid-cursor')
        self.refused(c.call('ProductsGet', changedSince='0123abcd' + cursor[8:]), 410, 'cursor-gone')
        for limit in ('0', '-1', 'x', '1x', ''):
            self.refused(c.call('ProductsGet', limit=limit), 400, 'invalid-limit')
        self.assertEqual(c.call('ProductsGet', limit=10**15).status, 200)

    def test_etags(self):
        c = Customer(self.sandbox)

        def etag(name, **query):
            return c.call(name, **query).headers['ETag']

        def unchanged(name, tag, **query):
            answer = c.call(name, headers={'If-None-Match': tag}, **query)
            self.assertEqual(answer.data == b'', answer.status == 304)
            return answer.status == 304

        for name in ('ProductCategoriesGet', 'PendingOrdersGet', 'ProductsGet', 'OrdersGet'):
            self.assertTrue(unchanged(name, etag(name)), name)
        first = c.call('ProductsGet', limit=25)
        second = c.call('ProductsGet', limit=25, changedSince=first.json['nextCursor'])
        last = c.call('ProductsGet', limit=25, changedSince=second.json['nextCursor'])
        self.assertEqual([bool(a.headers['ETag']) for a in (first, second, last)], [True, False, True])
        cursor = last.json['nextCursor']
        tag = etag('ProductsGet', changedSince=cursor)
        self.assertTrue(unchanged('ProductsGet', tag, changedSince=cursor))
        self.sandbox.control('Product', {'id': 7, 'price': '12.00'})
        self.assertFalse(unchanged('ProductsGet', tag, changedSince=cursor))
        self.assertFalse(unchanged('ProductsGet', first.headers['ETag'], limit=25))


class Ordering(TestCase):
    def setUp(self):
        super().setUp()
        self.customer = Customer(self.sandbox)

    def make(self, body, key=None):
        return self.customer.call('MakeOrderRequest', body, key=key)

    def test_quote_is_exact_and_the_order_agrees(self):
        for products in ([53], [1], [1, 1, 54], [21, 21, 1]):
            q = self.customer.call('MakeOrderQuote', {'productIds': products})
            text = q.data.decode()
            prices = {k: Decimal(str(v)) for k, v in q.json.items() if k.endswith('Price')}
            self.assertEqual(sum(v for k, v in prices.items() if k != 'totalPrice'), prices['totalPrice'])
            self.assertIn(f'"totalPrice":{prices["totalPrice"]:.2f}', text)
            self.assertGreater(q.json['validUntil'], self.sandbox.control('Clock')['now'])
            o = self.customer.order(products)
            for k in prices:
                self.assertEqual(o[k], q.json[k], k)
            self.assertEqual(sum(Decimal(str(p['price'])) * p['quantity'] for p in o['products']),
                             prices['productsPrice'])
        self.assertEqual(self.customer.quote([53])['additionalPrice'], 2)
        self.assertEqual(self.customer.quote([1, 21, 21])['deliveryPrice'], 0)

    def test_quote_names_what_cannot_be_had(self):
        self.sandbox.control('Product', {'id': 46, 'quantity': 1})
        q = self.customer.quote([1, 46, 46, 999])
        self.assertEqual(q['unavailableProductIds'], [46, 999])
        self.assertEqual(q['productsPrice'], 10.5)

    def test_fields(self):
        at = iso(date_of(self.sandbox.control('Clock')['now']) + datetime.timedelta(hours=3))
        o = self.customer.order([1, 1, 54], comment='Ring twice', recipientName='Bo', deliverAt=at,
                                productNotes=[{'productId': 1, 'note': 'no basil'}])
        self.assertEqual(o['status'], 'Requested')
        self.assertTrue(o['couldBeCancelled'])
        self.assertEqual((o['comment'], o['recipientName'], o['paymentType']), ('Ring twice', 'Bo', 'Cash'))
        self.assertEqual(o['products'], [
            {'product': {'id': 1, 'name': 'Margherita'}, 'quantity': 2, 'price': 10.5, 'note': 'no basil'},
            {'product': {'id': 54, 'name': 'House Lemonade'}, 'quantity': 1, 'price': 3.9, 'note': None}])
        self.assertEqual(o['destination'], 'Kastanienallee 27, Berlin')
        self.assertAlmostEqual(o['destinationLatitude'], 52.52, delta=0.1)
        self.assertEqual(date_of(o['deliverAt']), date_of(at))
        self.assertLess(abs(date_of(o['dateEndExpected']) - date_of(at)), datetime.timedelta(seconds=5))
        self.assertEqual([t['status'] for t in o['timeline']], ['Requested'])
        self.assertEqual((o['courier'], o['rating'], o['payments']), (None, None, []))
        self.assertEqual(self.customer.get(o['uid']), o)

    def test_address_without_number_has_no_place(self):
        o = self.customer.order(address='The old mill')
        self.assertEqual((o['destinationLatitude'], o['destinationLongitude']), (None, None))
        for status in ('In delivery', 'Delivered'):
            o = self.customer.advance(o['uid'], status)
            self.assertEqual(o['status'], status)

    def test_online_orders_await_payment(self):
        for kind in ('QR code', 'Card'):
            o = self.customer.order(paymentType=kind, paymentMethod='Online')
            self.assertEqual((o['status'], o['paymentType']), ('Awaiting payment', kind))
            self.assertTrue(o['couldBeCancelled'])

    def test_limited_products_run_out_and_come_back(self):
        def left():
            return {p['id']: p['quantity'] for p in self.customer.all('ProductsGet')[0]}[59]

        self.sandbox.control('Product', {'id': 59, 'quantity': 3})
        o = self.customer.order([59, 59])
        self.assertEqual(left(), 1)
        body = self.customer.order_body([59, 59, 1], paymentAmount=30)
        answer = self.make(body)
        self.refused(answer, 409, 'product-unavailable')
        self.assertEqual(answer.json['productIds'], [59])
        self.customer.call('CancelOrderRequest', {'deliveryOrderUid': o['uid'], 'reason': 'changed my mind'})
        self.assertEqual(left(), 3)

    def test_changed_price(self):
        body = self.customer.order_body([9])
        self.sandbox.control('Product', {'id': 9, 'price': 11.5})
        answer = self.make(body, key=body['uid'])
        self.refused(answer, 409, 'price-changed')
        self.assertEqual(answer.json['newAmount'], self.customer.quote([9])['totalPrice'])
        # The uid has been refused, whatever is asked with it now.
        self.refused(self.make(body, key=body['uid']), 409, 'price-changed')
        right = dict(body, paymentAmount=answer.json['newAmount'])
        self.refused(self.make(right, key=new_uid()), 409, 'price-changed')
        self.refused(self.make(right, key=body['uid']), 422, 'key-reused')
        self.assertEqual(self.make(dict(right, uid=new_uid())).status, 200)

    def test_valid_until(self):
        now = date_of(self.sandbox.control('Clock')['now'])
        past, future = iso(now - datetime.timedelta(hours=1)), iso(now + datetime.timedelta(hours=1))
        late = self.customer.order_body(validUntil=past)
        self.refused(self.make(late), 409, 'too-late')
        made = self.customer.order_body(validUntil=future)
        first = self.make(made).json
        # An order that is there is the answer at any time.
        self.assertEqual(self.make(dict(made, validUntil=past)).json['id'], first['id'])

    def test_uid_and_key(self):
        body = self.customer.order_body()
        first = self.make(body, key=body['uid']).json
        self.assertEqual(self.make(body, key=body['uid']).json, first, 'the first answer')
        self.customer.advance(first['uid'], 'Processing')
        self.assertEqual(self.make(body, key=body['uid']).json, first, 'the first answer for ever')
        self.assertEqual(self.make(body, key=new_uid()).json['status'], 'Processing', 'the order as it is')
        self.assertEqual(self.make(dict(body, uid=body['uid'].upper())).json['id'], first['id'])
        self.refused(self.make(dict(body, comment='x'), key=body['uid']), 422, 'key-reused')
        self.refused(self.make(body, key='no uuid'), 400, 'invalid-key')
        other = Customer(self.sandbox)
        self.refused(other.call('MakeOrderRequest', dict(other.order_body(), uid=body['uid'])), 403,
                     'wrong-owner')
        mine = [o for o in self.sandbox.control('Journal')['orders'] if o['uid'] == body['uid']]
        self.assertEqual(len(mine), 1)
        self.assertEqual((mine[0]['key'], mine[0]['login'], mine[0]['totalPrice']),
                         (body['uid'], self.customer.login, first['totalPrice']))

    def test_refused(self):
        for wrong, code in (
                ({'uid': 'x'}, 'invalid-uid'), ({'uid': 5}, 'invalid-uid'), ({'uid': ...}, 'invalid-uid'),
                ({'city': ''}, 'invalid-address'), ({'address': ...}, 'invalid-address'),
                ({'address': ' '}, 'invalid-address'),
                ({'address': 'x' * 301}, 'invalid-address'), ({'phoneNumber': 'call me'},
                                                              'invalid-phone-number'),
                ({'productIds': []}, 'empty-order'), ({'productIds': ...}, 'empty-order'),
                ({'productIds': ['1']}, 'invalid-product-ids'), ({'productIds': [1] * 101}, 'order-too-large'),
                ({'paymentType': 'Gold'}, 'invalid-payment-type'),
                ({'paymentType': ...}, 'invalid-payment-type'),
                ({'paymentMethod': 'Online'}, 'invalid-payment-method'),
                ({'comment': 'x' * 1001}, 'invalid-comment'),
                ({'deliverAt': 'soon'}, 'invalid-deliver-at'),
                ({'deliverAt': '2020-01-01T00:00:00Z'}, 'invalid-deliver-at'),
                ({'validUntil': 'x'}, 'invalid-valid-until'), ({'paymentAmount': '17'},
                                                               'invalid-payment-amount'),
                ({'paymentAmount': 17.123}, 'invalid-payment-amount'),
                ({'paymentAmount': ...}, 'invalid-payment-amount'),
                ({'productNotes': [{'productId': 30, 'note': 'x'}]}, 'invalid-product-notes'),
                ({'productNotes': 'x'}, 'invalid-product-notes')):
            with self.subTest(wrong=wrong):
                body = self.customer.order_body(paymentAmount=17)
                body = {k: v for k, v in {**body, **wrong}.items() if v is not ...}
                self.refused(self.make(body), 422, code)
        for foreign in ({'userUid': new_uid()}, {'login': 'somebody'}):
            self.refused(self.make(self.customer.order_body(**foreign)), 403, 'wrong-owner')
        for body, code in (('', 'invalid-body'), ('[]', 'invalid-body'), ('{"a":5.}', 'invalid-body'),
                           ('{"a":NaN}', 'invalid-body'),
                           ('{"a":01}', 'invalid-body'), ('{"a":1} x', 'invalid-body'),
                           ('{/**/}', 'invalid-body'), ('{"a":', 'invalid-body'),
                           ('{"a":1,}', 'invalid-body'), ("{'a':1}", 'invalid-body')):
            self.refused(self.make(body), 400, code)

    def test_pascal_case(self):
        body = self.customer.order_body()
        answer = self.make({k[0].upper() + k[1:]: v for k, v in body.items()})
        self.assertEqual(answer.json['uid'], body['uid'])

    def test_wrong_owner(self):
        o, other = self.customer.order(), Customer(self.sandbox)
        self.refused(other.call('OrderGet', uid=o['uid']), 403, 'wrong-owner')
        for name, more in (('CancelOrderRequest', {'reason': 'x'}), ('RateOrderRespond', {'rating': 5})):
            self.refused(other.call(name, {'deliveryOrderUid': o['uid'], **more}), 403, 'wrong-owner')
            self.refused(other.call(name, {'deliveryOrderUid': new_uid(), **more}), 404, 'not-found')
        self.refused(other.call('OrderGet', uid=new_uid()), 404, 'not-found')
        self.refused(other.call('OrderGet'), 400, 'invalid-uid')
        self.assertEqual(other.all('OrdersGet')[0], [])
        self.assertEqual(other.call('PendingOrdersGet').json, [])

    def test_cancel(self):
        def cancel(uid, key=None):
            return self.customer.call('CancelOrderRequest', {'deliveryOrderUid': uid, 'reason': 'hunger gone'},
                                      key=key)

        for status in ('Requested', 'Processing'):
            o, key = self.customer.order(), new_uid()
            if status != 'Requested':
                self.customer.advance(o['uid'], status)
            first = cancel(o['uid'], key)
            self.assertEqual((first.status, first.json['status']), (200, 'Cancelled'))
            self.assertFalse(first.json['couldBeCancelled'])
            self.assertEqual(first.json['timeline'][-1]['status'], 'Cancelled')
            self.assertEqual(cancel(o['uid'], key).json, first.json)
            self.refused(cancel(o['uid']), 409, 'cannot-cancel')
        for status in ('In the process of cooking', 'In delivery', 'Delivered'):
            o = self.customer.order()
            self.assertFalse(self.customer.advance(o['uid'], status)['couldBeCancelled'])
            self.refused(cancel(o['uid']), 409, 'cannot-cancel')
        unpaid = self.customer.order(paymentType='Card', paymentMethod='Online')
        self.assertEqual(cancel(unpaid['uid']).json['status'], 'Cancelled')
        reasons = [c['reason'] for c in self.sandbox.control('Journal')['cancellations']]
        self.assertEqual(reasons.count('hunger gone'), 3)

    def test_rate(self):
        def rate(uid, rating=4, comment='nice', key=None):
            return self.customer.call('RateOrderRespond', {
                'deliveryOrderUid': uid, 'rating': rating, 'comment': comment, 'fileUids': []}, key=key)

        o, key = self.customer.order(), new_uid()
        self.refused(rate(o['uid']), 409, 'not-delivered')
        self.customer.advance(o['uid'], 'Delivered')
        for wrong in (0, 6, -1, 4.5, '5', None):
            self.refused(rate(o['uid'], wrong), 422, 'invalid-rating')
        rated = rate(o['uid'], key=key)
        self.assertEqual((rated.json['rating']['rating'], rated.json['rating']['comment']), (4, 'nice'))
        self.assertEqual(rate(o['uid'], key=key).json, rated.json)
        self.refused(rate(o['uid']), 409, 'already-rated')
        finished = self.customer.order()
        self.customer.advance(finished['uid'], 'Finished')
        self.assertEqual(rate(finished['uid'], 1, None).json['rating']['comment'], None)

    def test_listing_follows_changes(self):
        a, b, c = (self.customer.order() for _ in range(3))
        orders, cursor = self.customer.all('OrdersGet', limit=2)
        self.assertEqual([o['uid'] for o in orders], [a['uid'], b['uid'], c['uid']])
        self.customer.advance(b['uid'], 'Processing')
        self.customer.advance(a['uid'], 'Delivered')
        page = self.customer.call('OrdersGet', changedSince=cursor).json
        self.assertEqual([(o['uid'], o['status']) for o in page['items']],
                         [(b['uid'], 'Processing'), (a['uid'], 'Delivered')])
        dates = [o['dateChanged'] for o in page['items']]
        self.assertEqual(dates, sorted(dates))
        self.assertEqual([o['uid'] for o in self.customer.call('PendingOrdersGet').json], [c['uid'], b['uid']])

    def test_date_header(self):
        def now():
            return email.utils.parsedate_to_datetime(self.sandbox.call(CUSTOMER + 'x').headers['Date'])

        real = now()
        self.assertLess(abs(date_of(self.sandbox.control('Clock')['now']) - real),
                        datetime.timedelta(seconds=5))
        self.sandbox.control('Clock', {'advanceSec': 7200})
        self.assertLess(abs(now() - real - datetime.timedelta(hours=2)), datetime.timedelta(seconds=10))
        self.assertLess(abs(date_of(Customer(self.sandbox).order()['dateCreated']) - now()),
                        datetime.timedelta(seconds=5))


if __name__ == '__main__':
    unittest.main()
