"""The histories that Seed makes: each trait of them can be seen in OrdersGet."""

import collections
import datetime
import itertools
import time
import unittest
from decimal import Decimal
from support import TIME_FACTOR, Customer, TestCase

PASSWORD = 'sandbox-password'
SPAN = {'from': '2021-01-01', 'to': '2024-01-01'}


def date_of(text):
    return datetime.datetime.fromisoformat(text.replace('Z', '+00:00'))


def money(x):
    return Decimal(str(x))


class Seed(TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        begin = time.monotonic()
        cls.made = cls.sandbox.control('Seed', {'login': 'winter', 'orders': 10000, 'seed': 7, **SPAN})
        cls.took = time.monotonic() - begin
        cls.customer = Customer(cls.sandbox, 'winter', PASSWORD, new=False)
        cls.orders, _ = cls.customer.all('OrdersGet')
        cls.orders.sort(key=lambda o: o['dateCreated'])

    def delivered(self):
        return [o for o in self.orders if o['dateEndActual']]

    def test_answer_and_pace(self):
        self.assertEqual(self.made['orders'], 10000)
        self.assertEqual(self.made['userUid'], self.customer.uid)
        self.assertEqual((self.made['isUserAdded'], self.made['password']), (True, PASSWORD))
        self.assertLess(self.took, 5 * TIME_FACTOR)

    def test_all_are_there_and_within_the_span(self):
        self.assertEqual(len({o['uid'] for o in self.orders}), 10000)
        self.assertGreaterEqual(self.orders[0]['dateCreated'], '2021-01-01')
        self.assertLess(self.orders[-1]['dateCreated'], '2024-01-01')
        self.assertEqual([o['id'] for o in self.orders], sorted(o['id'] for o in self.orders))
        first_and_last = date_of(self.orders[-1]['dateCreated']) - date_of(self.orders[0]['dateCreated'])
        self.assertGreater(first_and_last.days, 1080)

    def test_sums_are_right(self):
        for o in self.orders:
            products = sum(money(p['price']) * p['quantity'] for p in o['products'])
            self.assertEqual(products, money(o['productsPrice']))
            self.assertEqual(products + money(o['deliveryPrice']) + money(o['additionalPrice']) + money(o['taxPrice']),
                             money(o['totalPrice']))

    def test_dates_follow_each_other(self):
        for o in self.orders:
            dates = [t['date'] for t in o['timeline']]
            self.assertEqual(dates, sorted(dates))
            self.assertEqual(o['timeline'][-1]['status'], o['status'])
            self.assertEqual(dates[0], o['dateCreated'])
            self.assertGreaterEqual(o['dateChanged'], dates[-1])

    def test_changes_come_oldest_first(self):
        listed, _ = self.customer.all('OrdersGet')
        dates = [o['dateChanged'] for o in listed]
        self.assertEqual(dates, sorted(dates))

    def test_habits_of_the_week(self):
        days = collections.Counter(date_of(o['dateCreated']).weekday() for o in self.orders)
        self.assertEqual(days.most_common(1)[0][0], 4, 'Friday')
        self.assertGreater(days[4], 3 * days[0])
        hours = [date_of(o['dateCreated']) for o in self.orders]
        self.assertTrue(all(11 <= h.hour < 15 for h in hours if h.weekday() == 1), 'lunch on Tuesdays')
        fridays = [h.hour for h in hours if h.weekday() == 4]
        self.assertGreater(sum(h >= 17 for h in fridays), 0.7 * len(fridays))

    def test_favourites(self):
        items = collections.Counter(p['product']['name'] for o in self.orders for p in o['products'])
        first, second = (n for _, n in items.most_common(2))
        self.assertGreater(first, 0.2 * len(self.orders))
        self.assertGreater(first, 8 * items.most_common()[-1][1])
        self.assertGreater(len(items), 30)
        self.assertGreater(second, 0)

    def test_prices_rise(self):
        prices = collections.defaultdict(list)
        for o in self.orders:
            for p in o['products']:
                prices[p['product']['id']].append(p['price'])
        often = {k: v for k, v in prices.items() if len(v) > 100}
        self.assertGreater(len(often), 10)
        for series in often.values():
            self.assertEqual(series, sorted(series), 'they never fall')
            self.assertGreater(series[-1], series[0])
            self.assertLessEqual(len(set(series)), 6, 'twice a year')
        now = {p['id']: p['price'] for p in self.customer.all('ProductsGet')[0]}
        self.assertTrue(all(abs(series[-1] / now[k] - 1) < 0.1 for k, series in often.items()))

    def test_gaps(self):
        dates = [date_of(o['dateCreated']) for o in self.orders]
        gaps = [(a, b) for a, b in itertools.pairwise(dates) if (b - a).days >= 14]
        self.assertEqual([(a.year, b.month) for a, b in gaps], [(2021, 8), (2022, 8), (2023, 8)])

    def test_a_move(self):
        places = [p for p, _ in itertools.groupby(o['destination'] for o in self.orders)]
        self.assertEqual(len(places), 2)
        share = sum(o['destination'] == places[0] for o in self.orders) / len(self.orders)
        self.assertTrue(0.35 < share < 0.7, share)
        self.assertNotEqual(self.orders[0]['destinationLatitude'], self.orders[-1]['destinationLatitude'])

    def test_all_payment_types(self):
        kinds = collections.Counter(o['paymentType'] for o in self.orders)
        self.assertEqual(set(kinds), {'Cash', 'POS', 'QR code', 'Card'})
        self.assertTrue(all(n > 500 for n in kinds.values()), kinds)
        half = len(self.orders) // 2
        early, late = (collections.Counter(o['paymentType'] for o in part) for part in
                       (self.orders[:half], self.orders[half:]))
        self.assertGreater(late['Card'], early['Card'])
        for o in self.orders:
            online = o['paymentType'] in ('QR code', 'Card')
            self.assertEqual(len(o['payments']), int(online))
            for p in o['payments']:
                self.assertEqual((p['deliveryOrderUid'], p['amount']), (o['uid'], o['totalPrice']))
                self.assertEqual(p['status'], 'Cancelled' if o['status'] == 'Cancelled' else 'Confirmed')
                self.assertEqual(p['cardNumber'], '**** 4242' if o['paymentType'] == 'Card' else None)

    def test_cancellations(self):
        cancelled = [o for o in self.orders if o['status'] == 'Cancelled']
        self.assertTrue(0.02 < len(cancelled) / len(self.orders) < 0.07)
        self.assertTrue(all(o['dateEndActual'] is None and o['courier'] is None for o in cancelled))
        self.assertEqual({o['status'] for o in self.orders}, {'Finished', 'Cancelled'})

    def test_spread_of_lateness(self):
        late = sorted((date_of(o['dateEndActual']) - date_of(o['dateEndExpected'])).total_seconds() / 60
                      for o in self.delivered())
        share = [sum(a <= m < b for m in late) / len(late) for a, b in ((-10, 6), (6, 20), (20, 61))]
        self.assertTrue(share[0] > 0.55 and share[1] > 0.15 and share[2] > 0.05, share)
        self.assertGreater(late[-1], 45)
        self.assertLess(late[0], 0)

    def test_ratings_suffer_from_lateness(self):
        def minutes(o):
            return (date_of(o['dateEndActual']) - date_of(o['dateEndExpected'])).total_seconds() / 60

        rated = [o for o in self.delivered() if o['rating']]
        self.assertTrue(0.25 < len(rated) / len(self.orders) < 0.45)
        late = [o['rating']['rating'] for o in rated if minutes(o) > 26]
        good = [o['rating']['rating'] for o in rated if minutes(o) < 5]
        self.assertLess(sum(late) / len(late) + 2, sum(good) / len(good))

    def test_is_not_in_the_journal(self):
        self.assertEqual(self.sandbox.control('Journal')['orders'], [])
        self.assertEqual(self.customer.call('PendingOrdersGet').json, [])

    def history(self, login, **more):
        self.sandbox.control('Seed', {'login': login, 'orders': 200, **SPAN, **more})
        orders, _ = Customer(self.sandbox, login, PASSWORD, new=False).all('OrdersGet')
        return [{k: v for k, v in o.items() if k not in ('id', 'number')} for o in orders]

    def test_same_seed_same_history(self):
        from support import Sandbox
        twin = Sandbox('--speed', '0')
        self.addCleanup(twin.stop)
        mine = self.history('again', seed=3)
        here, self.sandbox = self.sandbox, twin
        self.addCleanup(setattr, self, 'sandbox', here)
        self.assertEqual(self.history('again', seed=3), mine)
        self.assertNotEqual(self.history('again2', seed=4), mine)

    def test_recent_history_of_a_signed_up_user(self):
        c = Customer(self.sandbox)
        made = self.sandbox.control('Seed', {'login': c.login, 'orders': 50})
        self.assertEqual((made['isUserAdded'], made['password']), (False, None))
        orders, _ = c.all('OrdersGet')
        self.assertEqual(len(orders), 50)
        now = self.sandbox.control('Clock')['now']
        self.assertTrue(all(o['dateChanged'] <= now for o in orders))
        self.assertEqual(len({o['number'] for o in orders}), 50)

    def test_refused(self):
        for body, status, code in (
                ({}, 422, 'invalid-login'), ({'login': 'ab'}, 422, 'invalid-login'),
                ({'login': 'abc', 'orders': 0}, 422, 'invalid-orders'),
                ({'login': 'abc', 'orders': 'x'}, 422, 'invalid-orders'),
                ({'login': 'abc', 'seed': 'x'}, 422, 'invalid-seed'),
                ({'login': 'abc', 'from': 'x'}, 422, 'invalid-date'),
                ({'login': 'abc', 'to': '2999-01-01'}, 422, 'invalid-date'),
                ({'login': 'abc', 'from': '2023-01-01', 'to': '2023-01-02'}, 422, 'invalid-date'),
                ({'login': 'winter', 'seed': 7, **SPAN}, 409, 'already-seeded')):
            self.refused(self.sandbox.call('/Sandbox/Seed', body), status, code)


if __name__ == '__main__':
    unittest.main()
