"""The predictive backend: what it says follows from what it has."""

import datetime
import unittest
from decimal import Decimal
from support import Customer, TestCase, new_uid

PASSWORD = 'sandbox-password'
PREDICTIVE = '/PredictiveBackend/'
SOUP, LEMONADE = 24, 54
WEEKDAYS = ('Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday')
EARLY, LATE = 'Ready to deliver', 'In delivery'


def date_of(text):
    return datetime.datetime.fromisoformat(text.replace('Z', '+00:00'))


class PredictiveTestCase(TestCase):
    def seeded(self, login, **more):
        self.sandbox.control('Seed', {'login': login, 'orders': 300, **more})
        return Customer(self.sandbox, login, PASSWORD, new=False)

    def now(self):
        return date_of(self.sandbox.control('Clock')['now'])

    def go_to(self, weekday):
        """To the next of these days; tokens end on the way there."""
        days = (WEEKDAYS.index(weekday) - self.now().weekday()) % 7
        if days:
            self.sandbox.control('Clock', {'advanceSec': days * 86400})

    def recommended(self, customer, **query):
        customer.sign_in()
        answer = customer.call(PREDICTIVE + 'RecommendationsGet', **query)
        self.assertEqual(answer.status, 200, answer)
        return answer.json


class DeliveryTime(PredictiveTestCase):
    def ask(self, customer, uid):
        answer = customer.call(PREDICTIVE + 'DeliveryTimeGet', deliveryOrderUid=uid)
        self.assertEqual(answer.status, 200, answer)
        e = answer.json
        dates = [date_of(e[k]) for k in ('earliest', 'deliveryEnd', 'latest')]
        self.assertEqual(dates, sorted(dates))
        self.assertTrue(0 < e['confidence'] <= 1)
        return dates, e

    def test_by_plan_and_past(self):
        c = Customer(self.sandbox)
        order = c.order()
        guess = self.ask(c, order['uid'])
        self.assertAlmostEqual(guess[0][1].timestamp(), date_of(order['dateEndExpected']).timestamp(), delta=5)
        self.assertEqual(guess[1]['confidence'], 0.5)
        self.seeded('slow', driftMinutes=60)
        learned = self.ask(c, order['uid'])
        self.assertGreater(learned[0][1] - guess[0][1], datetime.timedelta(minutes=10), 'so late they were')
        self.assertGreater(learned[0][2] - learned[0][0], datetime.timedelta(minutes=10))
        self.assertAlmostEqual(learned[1]['confidence'], 0.8, delta=0.05)
        width, cooked = [], None
        for status in ('Processing', 'In the process of cooking', EARLY, LATE):
            c.advance(order['uid'], status)
            dates, e = self.ask(c, order['uid'])
            width.append(dates[2] - dates[0])
            cooked = c.get(order['uid'])['cookingEndActual']
            if cooked:
                self.assertEqual(e['cookingEnd'], cooked)
        self.assertTrue(cooked)
        self.assertLess(width[-1], width[0] / 2, 'the nearer the surer')

    def test_refused(self):
        c, other = Customer(self.sandbox), Customer(self.sandbox)
        order = c.order()
        path = PREDICTIVE + 'DeliveryTimeGet'
        self.refused(c.call(path), 400, 'invalid-uid')
        self.refused(c.call(path, deliveryOrderUid=new_uid()), 404, 'not-found')
        self.refused(other.call(path, deliveryOrderUid=order['uid']), 404, 'not-found')
        self.assertEqual(self.sandbox.call(path, deliveryOrderUid=order['uid']).status, 401)
        c.advance(order['uid'], 'Delivered')
        self.refused(c.call(path, deliveryOrderUid=order['uid']), 409, 'not-on-its-way')


class Recommendations(PredictiveTestCase):
    def test_soup_on_fridays(self):
        c = self.seeded('friday', habits=[{'weekday': 'Friday', 'productId': SOUP}])
        self.go_to('Friday')
        first = self.recommended(c)[0]
        self.assertEqual(first['productId'], SOUP)
        self.assertRegex(first['reason'], r'^You often order it on Fridays: \d+ of \d+ times$')
        self.go_to('Tuesday')
        listed = self.recommended(c)
        self.assertNotEqual(listed[0]['productId'], SOUP)
        self.assertNotIn('Friday', str(listed))
        other = self.seeded('other')
        self.go_to('Friday')
        self.assertNotEqual([r['productId'] for r in self.recommended(other)],
                            [r['productId'] for r in self.recommended(c)])
        self.assertNotEqual(self.recommended(other)[0]['productId'], SOUP)

    def test_favourites_company_and_popularity(self):
        c = self.seeded('winter')
        listed = self.recommended(c, limit=100)
        scores = [r['score'] for r in listed]
        self.assertEqual(scores, sorted(scores, reverse=True))
        self.assertEqual(len({r['productId'] for r in listed}), len(listed))
        reasons = [r['reason'] for r in listed]
        orders, _ = c.all('OrdersGet')
        for r in listed:
            if 'favourites' in r['reason']:
                times = sum(any(p['product']['id'] == r['productId'] for p in o['products']) for o in orders
                            if o['status'] != 'Cancelled')
                self.assertEqual(r['reason'], f'One of your favourites: ordered {times} times')
        self.assertTrue(any('favourites' in r for r in reasons))
        new = Customer(self.sandbox)
        fresh = self.recommended(new)
        self.assertEqual(len(fresh), 10)
        self.assertTrue(all(r['reason'].startswith('Popular: ') for r in fresh))
        pair = [Customer(self.sandbox) for _ in range(6)]
        for other in pair:
            other.order([1, LEMONADE])
        for _ in range(3):
            new.order([1])
        with_company = self.recommended(new, limit=100)
        self.assertRegex(next(r['reason'] for r in with_company if r['productId'] == LEMONADE),
                         r'^Goes well with Margherita: \d+ % take both$')

    def test_nothing_that_cannot_be_had(self):
        c = self.seeded('gone', habits=[{'weekday': d, 'productId': SOUP} for d in WEEKDAYS])
        self.assertIn(SOUP, [r['productId'] for r in self.recommended(c)])
        for change, back in (({'quantity': 0}, {'quantity': None}), ({'isDeleted': True}, {'isDeleted': False})):
            self.sandbox.control('Product', {'id': SOUP, **change})
            self.assertNotIn(SOUP, [r['productId'] for r in self.recommended(c, limit=100)])
            self.sandbox.control('Product', {'id': SOUP, **back})

    def test_limit(self):
        c = Customer(self.sandbox)
        self.assertEqual(len(self.recommended(c, limit=3)), 3)
        for limit in ('0', 'x', '-1', '3x'):
            self.refused(c.call(PREDICTIVE + 'RecommendationsGet', limit=limit), 400, 'invalid-limit')


class Forecast(PredictiveTestCase):
    def ask(self, c):
        answer = c.call(PREDICTIVE + 'SpendingForecastGet', period='month')
        self.assertEqual(answer.status, 200, answer)
        f = answer.json
        self.assertEqual((f['period'], f['currency']), ('month', 'USD'))
        return [Decimal(str(f[k])) for k in ('low', 'amount', 'high')]

    def test_from_the_months_before(self):
        # At the end of a day in the middle of the month, and the history ends there.
        now = self.now()
        self.sandbox.control('Clock', {'advanceSec': int((now.replace(day=15) + datetime.timedelta(
            days=31)).replace(day=15, hour=23, minute=0).timestamp() - now.timestamp())})
        c = self.seeded('saver', orders=2000)
        low, amount, high = self.ask(c)
        self.assertLess(low, amount)
        self.assertLess(amount, high)
        months = {}
        for o in c.all('OrdersGet')[0]:
            if o['status'] != 'Cancelled':
                month = o['dateCreated'][:7]
                months[month] = months.get(month, 0) + Decimal(str(o['totalPrice']))
        this = months.pop(self.now().strftime('%Y-%m'))
        before = [months[m] for m in sorted(months)[-12:]]
        self.assertGreater(low, this, 'what was spent is spent')
        self.assertTrue(min(before) * Decimal('0.7') < amount < max(before) * Decimal('1.3'), (amount, before))

    def test_without_a_past(self):
        c = Customer(self.sandbox)
        self.assertEqual(self.ask(c), [0, 0, 0])
        total = Decimal(str(c.order()['totalPrice']))
        low, amount, high = self.ask(c)
        self.assertTrue(total <= low <= amount <= high)

    def test_refused(self):
        c = Customer(self.sandbox)
        for query in ({}, {'period': 'week'}):
            self.refused(c.call(PREDICTIVE + 'SpendingForecastGet', **query), 400, 'invalid-period')


class Histories(PredictiveTestCase):
    def minutes_late(self, c):
        orders = sorted((o for o in c.all('OrdersGet')[0] if o['dateEndActual']), key=lambda o: o['dateCreated'])
        return [(date_of(o['dateEndActual']) - date_of(o['dateEndExpected'])).total_seconds() / 60 for o in orders]

    def test_drift(self):
        even, worse = (self.minutes_late(self.seeded(login, orders=1000, seed=5, driftMinutes=drift))
                       for login, drift in (('even', 0), ('worse', 30)))
        for late, least, most in ((even, -4, 4), (worse, 10, 20)):
            half = len(late) // 2
            growth = sum(late[half:]) / (len(late) - half) - sum(late[:half]) / half
            self.assertTrue(least < growth < most, growth)
        ordered = sorted(even)
        middle, mean = ordered[len(ordered) // 2], sum(even) / len(even)
        self.assertGreater(mean, middle + 1, 'skewed')

    def test_refused(self):
        for more, code in (({'habits': {}}, 'habits'), ({'habits': [{'weekday': 'Soupday', 'productId': 1}]}, 'habits'),
                           ({'habits': [{'weekday': 'Friday', 'productId': 99}]}, 'habits'),
                           ({'habits': [{'weekday': 'Friday'}] * 15}, 'habits'),
                           ({'habits': [5]}, 'habits'),
                           ({'driftMinutes': -1}, 'drift-minutes'), ({'driftMinutes': 'x'}, 'drift-minutes')):
            self.refused(self.sandbox.call('/Sandbox/Seed', {'login': 'refused', **more}), 422, 'invalid-' + code)


if __name__ == '__main__':
    unittest.main()
