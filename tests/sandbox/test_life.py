"""Orders live by themselves, at the clock's pace, and over a restart; /Sandbox's Clock and Advance."""

import datetime
import math
import tempfile
import unittest
from support import STATUSES, Customer, Sandbox, TestCase, wait_until


def date_of(text):
    return datetime.datetime.fromisoformat(text.replace('Z', '+00:00'))


def minutes(a, b):
    return (date_of(b) - date_of(a)).total_seconds() / 60


def km_to_door(order):
    north = (order['courier']['latitude'] - order['destinationLatitude']) * 111.2
    east = (order['courier']['longitude'] - order['destinationLongitude']) * 111.2 * \
        math.cos(math.radians(order['destinationLatitude']))
    return math.hypot(north, east)


class Life(TestCase):
    arguments = ('--speed', '600')

    def setUp(self):
        super().setUp()
        self.sandbox.control('Clock', {'speed': 600, 'lateMinutes': 0})
        self.customer = Customer(self.sandbox)

    def follow(self, uid, until='Delivered'):
        seen = []

        def look():
            o = self.customer.get(uid)
            if not seen or seen[-1]['dateChanged'] != o['dateChanged']:
                seen.append(o)
            return o['status'] == until
        wait_until(look, until)
        return seen

    def test_from_the_kitchen_to_the_door(self):
        seen = self.follow(self.customer.order()['uid'])
        last = seen[-1]
        self.assertEqual([t['status'] for t in last['timeline']], STATUSES)
        dates = [t['date'] for t in last['timeline']]
        self.assertEqual(dates, sorted(dates))
        self.assertEqual(last['dateStartActual'], dates[1])
        self.assertEqual(last['cookingEndActual'], dates[3])
        self.assertEqual(last['dateEndActual'], dates[5])
        life = minutes(dates[0], dates[5]) * 600
        self.assertTrue(20 < life < 60, life)
        self.assertAlmostEqual(minutes(last['dateEndExpected'], last['dateEndActual']) * 600, 0, delta=3)
        way = [km_to_door(o) for o in seen if o['status'] == 'In delivery']
        self.assertGreaterEqual(len(way), 2)
        self.assertEqual(way, sorted(way, reverse=True))
        self.assertAlmostEqual(km_to_door(last), 0, delta=0.01)
        self.assertTrue(last['courier']['name'] and last['courier']['phone'])
        self.assertIsNone(seen[0]['courier'])

    def test_changes_count_up(self):
        seen = self.follow(self.customer.order()['uid'])
        dates = [o['dateChanged'] for o in seen]
        self.assertEqual(len(set(dates)), len(dates))
        self.assertEqual(dates, sorted(dates))
        kinds = [n['kind'] for n in self.customer.all('/NotificationsBackend/NotificationsGet')[0]]
        self.assertEqual(kinds, ['order-status'] * 3 + ['courier', 'order-status', 'rate-request'])

    def test_late(self):
        self.sandbox.control('Clock', {'lateMinutes': 15})
        seen = self.follow(self.customer.order()['uid'])
        self.assertAlmostEqual(minutes(seen[0]['dateEndExpected'], seen[-1]['dateEndExpected']) * 600, 15,
                               delta=2)
        moved = [o['status'] for a, o in zip(seen, seen[1:])
                 if minutes(a['dateEndExpected'], o['dateEndExpected']) * 600 > 10]
        self.assertEqual(moved, ['In the process of cooking'])
        self.assertAlmostEqual(minutes(seen[-1]['dateEndExpected'], seen[-1]['dateEndActual']) * 600, 0,
                               delta=3)

    def test_some_are_late(self):
        self.sandbox.control('Clock', {'speed': 0, 'lateMinutes': None})
        orders = [self.customer.order() for _ in range(60)]
        self.sandbox.control('Clock', {'speed': 6000})
        wait_until(lambda: not self.customer.call('PendingOrdersGet').json, 'the last delivery')
        # Seen from afar, lateness is what comes on top of the usual time of cooking.
        cooking = [minutes(o['timeline'][2]['date'], o['timeline'][3]['date']) * 6000
                   for o in (self.customer.get(o['uid']) for o in orders)]
        late = sum(m > 16.5 for m in cooking)
        self.assertTrue(2 <= late <= 30, sorted(cooking))

    def test_unpaid_is_cancelled(self):
        o = self.customer.order(paymentType='Card', paymentMethod='Online')
        self.sandbox.control('Clock', {'advanceSec': 15 * 60})
        seen = self.follow(o['uid'], 'Cancelled')
        self.assertAlmostEqual(minutes(o['dateCreated'], seen[-1]['timeline'][-1]['date']), 15, delta=1)

    def test_unpaid_has_nothing_to_expect(self):
        o = self.customer.order(paymentType='Card', paymentMethod='Online')
        self.sandbox.control('Clock', {'speed': 1})
        self.assertEqual({self.customer.get(o['uid'])[k] for k in ('dateStartExpected', 'cookingEndExpected',
                                                                   'dateEndExpected')},
                         {None})

    def test_speed_changes_what_is_expected(self):
        self.sandbox.control('Clock', {'speed': 1})
        o = self.customer.order()
        slow = minutes(o['dateCreated'], o['dateEndExpected'])
        self.assertTrue(20 < slow < 60, slow)
        self.sandbox.control('Clock', {'speed': 10})
        fast = self.customer.get(o['uid'])
        self.assertAlmostEqual(minutes(o['dateCreated'], fast['dateEndExpected']), slow / 10, delta=0.5)
        self.assertGreater(fast['dateChanged'], o['dateChanged'])

    def test_time_moves_forward(self):
        self.sandbox.control('Clock', {'speed': 1})
        o = self.customer.order()
        before = self.sandbox.control('Clock')
        after = self.sandbox.control('Clock', {'advanceSec': 3600})
        self.assertAlmostEqual(minutes(before['now'], after['now']), 60, delta=1)
        last = self.follow(o['uid'])[-1]
        # It happened at its time, not when the clock was moved.
        self.assertAlmostEqual(minutes(o['dateEndExpected'], last['dateEndActual']), 0, delta=1)

    def test_standing_still(self):
        self.sandbox.control('Clock', {'speed': 0})
        uid = self.customer.order()['uid']
        for status in STATUSES[1:]:
            o = self.customer.advance(uid, status)
            self.assertEqual(o['status'], status)
            self.assertEqual(self.customer.get(uid), o)
        self.assertEqual([t['status'] for t in o['timeline']], STATUSES)

    def test_advance(self):
        self.sandbox.control('Clock', {'speed': 0})
        uid = self.customer.order()['uid']
        o = self.customer.advance(uid, 'In delivery')
        self.assertEqual([t['status'] for t in o['timeline']], STATUSES[:5])
        late = self.sandbox.control('Advance', {'deliveryOrderUid': uid, 'delayMinutes': 15})
        self.assertAlmostEqual(minutes(o['dateEndExpected'], late['dateEndExpected']), 15, delta=0.2)
        for body, status, code in (({'status': 'Processing'}, 409, 'wrong-status'),
                                   ({'status': 'x'}, 422, 'invalid-status'),
                                   ({}, 422, 'invalid-status'),
                                   ({'delayMinutes': 'x'}, 422, 'invalid-delay-minutes')):
            self.refused(self.sandbox.call('/Sandbox/Advance', {'deliveryOrderUid': uid, **body}), status, code)
        self.refused(self.sandbox.call('/Sandbox/Advance', {'deliveryOrderUid': 'x', 'status': 'Ready'}), 422,
                     'invalid-status')
        self.customer.advance(uid, 'Cancelled')
        self.refused(self.sandbox.call('/Sandbox/Advance', {'deliveryOrderUid': uid, 'status': 'Delivered'}),
                     409, 'wrong-status')

    def test_clock_refuses(self):
        for body, code in (({'speed': -1}, 'invalid-speed'), ({'speed': 'fast'}, 'invalid-speed'),
                           ({'speed': 1e9}, 'invalid-speed'), ({'advanceSec': -5}, 'invalid-advance-sec'),
                           ({'lateMinutes': 'x'}, 'invalid-late-minutes')):
            self.refused(self.sandbox.call('/Sandbox/Clock', body), 422, code)


class Restart(unittest.TestCase):
    def test_all_is_there_again_and_goes_on(self):
        with tempfile.TemporaryDirectory() as folder:
            first = Sandbox('--data', folder + '/data', '--speed', '60')
            customer = Customer(first)
            body = customer.order_body()
            made = customer.call('MakeOrderRequest', body, key=body['uid']).json
            customer.advance(made['uid'], 'In delivery')
            first.process.kill()
            first.process.wait()
            first.process.stdout.close()
            first.log.close()

            second = Sandbox('--data', folder + '/data')
            self.addCleanup(second.stop)
            customer.sandbox = second
            self.assertEqual(second.control('Clock')['speed'], 60)
            self.assertEqual(customer.call('MakeOrderRequest', body, key=body['uid']).json, made)
            self.assertEqual([o['uid'] for o in second.control('Journal')['orders']], [made['uid']])
            second.control('Clock', {'speed': 6000})
            wait_until(lambda: customer.get(made['uid'])['status'] == 'Delivered', 'the delivery')

    def test_two_at_once_are_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            first = Sandbox('--data', folder)
            self.addCleanup(first.stop)
            with self.assertRaisesRegex(AssertionError, 'another'):
                Sandbox('--data', folder)


if __name__ == '__main__':
    unittest.main()
