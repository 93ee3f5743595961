"""The statistical backend, against twelve orders whose answers stand worked out by hand, and against its contract."""

import datetime
import os
import sys
import unittest
from decimal import Decimal
from support import Customer, TestCase

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), '..', 'data'))
sys.dont_write_bytecode = True
import twelve_orders as twelve  # noqa: E402

CALL = '/StatisticalBackend/OrderStatisticsGet'


def same_date(a, b):
    return datetime.datetime.fromisoformat(a.replace('Z', '+00:00')) == \
        datetime.datetime.fromisoformat(b.replace('Z', '+00:00'))


class Statistical(TestCase):
    def setUp(self):
        super().setUp()
        self.customer = Customer(self.sandbox)

    def history(self, orders):
        return self.sandbox.call('/Sandbox/Orders', {'login': self.customer.login, 'orders': orders})

    def ask(self, metric, period, zone=twelve.ZONE, **query):
        if zone:
            query['timeZone'] = zone
        answer = self.customer.call(CALL, metric=metric, period=period, **query)
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual((answer.json['metric'], answer.json['period']), (metric, period))
        return answer.json

    def values(self, *question, **query):
        return {p['label']: p['value'] for p in self.ask(*question, **query)['points']}


class ByHand(Statistical):
    def setUp(self):
        super().setUp()
        orders = twelve.orders()
        for o in orders:
            o['uid'] = None  # a customer for each test, and uids are for one
        self.assertEqual(self.history(orders).json, {'orders': 12})

    def test_sums(self):
        for metric, by_period in twelve.SUMS.items():
            for period, expected in by_period.items():
                with self.subTest(f'{metric} by {period}'):
                    answer = self.ask(metric, period)
                    money = metric in ('total-amount', 'item-cost')
                    self.assertEqual((answer['unit'], answer['currency']), ('USD' if money else 'count', 'USD'))
                    scale = 100 if money else 1
                    seen = {p['label']: Decimal(str(p['value'])) * scale for p in answer['points']}
                    self.assertEqual({k: int(v) for k, v in seen.items() if v}, expected)
                    self.assertEqual(len(answer['points']), twelve.BUCKETS[period])
                    for p in answer['points']:
                        if p['label'] in twelve.STARTS:
                            self.assertTrue(same_date(p['start'], twelve.STARTS[p['label']]), p)

    def test_means(self):
        for metric, by_period in twelve.MEANS.items():
            for period, expected in by_period.items():
                with self.subTest(f'{metric} by {period}'):
                    answer = self.ask(metric, period)
                    self.assertEqual(answer['unit'], 'minutes')
                    seen = {p['label']: p['value'] for p in answer['points']}
                    self.assertEqual(len(seen), twelve.BUCKETS[period])
                    for label, value in seen.items():
                        self.assertAlmostEqual(value, expected.get(label, 0), 9, label)

    def test_hours_and_places(self):
        for period in twelve.PERIODS:
            hours = self.ask('order-time', period)['points']
            self.assertEqual([p['label'] for p in hours], [f'{h:02}' for h in range(24)])
            self.assertEqual({int(p['label']): p['value'] for p in hours if p['value']}, twelve.HOURS)
            places = self.ask('delivery-place', period)['points']
            self.assertEqual([(p['label'], p['value']) for p in places], twelve.PLACES)

    def test_range(self):
        """From the first moment on, up to the last but not with it."""
        span = {'from': '2025-11-01T04:00:00Z', 'to': '2025-11-03T05:00:00Z'}
        self.assertEqual(self.values('orders', 'day', **span), {'2025-11-01': 1, '2025-11-02': 3})
        self.assertEqual(self.values('orders', 'day', **{**span, 'to': '2025-11-03T05:00:00.000001Z'}),
                         {'2025-11-01': 1, '2025-11-02': 3, '2025-11-03': 1})
        self.assertEqual(self.values('orders', 'all', **{'from': '2030-01-01T00:00:00Z'}), {})

    def test_other_zones(self):
        """In UTC order 1 is in November; in Kolkata (+05:30) order 10 is at 10:29 of the Monday after."""
        self.assertEqual(self.values('orders', 'month', zone=None)['2025-11'], 7)
        self.assertNotIn('2025-10', self.values('orders', 'month', zone='UTC'))
        self.assertEqual(self.values('orders', 'week', zone='Asia/Kolkata')['2026-W02'], 1)
        self.assertEqual(self.values('order-time', 'all', zone='Asia/Kolkata')['10'], 3)  # 5, 6 and 10


class Contract(Statistical):
    def test_questions_that_make_no_sense(self):
        good = {'metric': 'orders', 'period': 'day', 'timeZone': 'UTC'}
        for name, value, code in (('metric', 'price', 'invalid-metric'), ('metric', None, 'invalid-metric'),
                                  ('period', 'hour', 'invalid-period'), ('period', None, 'invalid-period'),
                                  ('from', 'yesterday', 'invalid-date'), ('to', '2025', 'invalid-date'),
                                  ('timeZone', 'Mars/Olympus', 'invalid-time-zone'),
                                  ('timeZone', '../../etc/passwd', 'invalid-time-zone'),
                                  ('timeZone', '/etc/passwd', 'invalid-time-zone'), ('timeZone', '', 'invalid-time-zone')):
            with self.subTest(f'{name}={value}'):
                query = {k: v for k, v in {**good, name: value}.items() if v is not None}
                self.refused(self.customer.call(CALL, **query), 400, code)

    def test_needs_a_token(self):
        self.refused(self.sandbox.call(CALL, metric='orders', period='day'), 401, 'token-missing')

    def test_without_orders(self):
        for metric in (*twelve.SUMS, *twelve.MEANS, 'delivery-place'):
            self.assertEqual(self.ask(metric, 'day')['points'], [])
        self.assertEqual(sum(p['value'] for p in self.ask('order-time', 'day')['points']), 0)

    def test_orders_of_others_do_not_count(self):
        self.history([{'dateCreated': '2025-01-01T00:00:00Z', 'products': []}])
        other = Customer(self.sandbox)
        self.assertEqual(other.call(CALL, metric='orders', period='all').json['points'], [])

    def test_an_order_just_made_counts(self):
        self.customer.order()
        self.assertEqual(self.values('orders', 'all'), {'all': 1})

    def test_faults(self):
        self.sandbox.fault(CALL, 'status:503', count=1)
        self.assertEqual(self.customer.call(CALL, metric='orders', period='day').status, 503)
        self.sandbox.fault('OrderStatisticsGet', 'garbage', count=1)
        self.assertIn(b'<html', self.customer.call(CALL, metric='orders', period='day').data)
        self.assertEqual(self.values('orders', 'day'), {})

    def test_histories_that_make_no_sense(self):
        good = {'dateCreated': '2025-01-01T00:00:00Z', 'products': [{'id': 1, 'price': 5, 'quantity': 1}]}
        for name, value in (('dateCreated', None), ('dateCreated', 'now'), ('products', None), ('products', [1]),
                            ('status', 'Eaten'), ('currency', 'Euro'), ('deliveryPrice', -1), ('uid', 'x'),
                            ('dateEndActual', 5), ('products', [{'id': 1, 'quantity': 0}])):
            with self.subTest(f'{name}={value}'):
                self.refused(self.history([good, {**good, name: value}]), 422, 'invalid-order')
        self.assertEqual(self.values('orders', 'all'), {})
        self.refused(self.sandbox.call('/Sandbox/Orders', {'login': 'nobody-here', 'orders': []}), 404, 'not-found')


if __name__ == '__main__':
    unittest.main()
