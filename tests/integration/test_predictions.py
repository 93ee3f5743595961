"""Predictions: estimates of pending orders and the bound that is learned, recommendations and the forecast, with the
service there, wrong, silent and gone."""

import datetime
import json
import os
import re
import sqlite3
import subprocess

from gi.repository import GLib

import harness
from harness import TIMEOUT, binary, build_dir, iterate
from screen import Terminal

SOUP = 24
LONG = bool(os.environ.get('TEST_LONG'))
PATH = '/PredictiveBackend/'
CALLS = tuple(PATH + name for name in ('DeliveryTimeGet', 'RecommendationsGet', 'SpendingForecastGet'))
SEEDED_PASSWORD = 'sandbox-password'
# As daemon/core/promises.h says.
FADE, PART, LEAST, MOST = 0.97, 0.9, 20, 250


def bound_of(delays):
    """Of delays, newest first: worked out here once more."""
    if len(delays) < LEAST:
        return None
    weights = [FADE ** i for i in range(min(len(delays), MOST))]
    reached = 0
    for delay, weight in sorted(zip(delays, weights)):
        reached += weight
        if reached >= PART * (sum(weights) + 1):
            return delay
    return None


class PredictionsTestCase(harness.TestCase):
    sandbox_args = ('--speed', '0', '--random-seed', '7')

    def order(self, uid):
        return self.client.call('Orders', 'Get', '(s)', (uid,))

    def estimate(self, uid):
        return self.order(uid).get('estimate', {})

    def object_estimate(self):
        (path,) = self.client.objects()
        return self.client.get('Order', 'Estimate', path=path)

    def wait_for(self, predicate, what, timeout=TIMEOUT):
        tick = GLib.timeout_add(200, lambda: GLib.SOURCE_CONTINUE)
        try:
            return iterate(predicate, timeout, what)
        finally:
            GLib.source_remove(tick)

    def wait_for_estimate(self, uid, beside=None):
        """One that was asked for at another time than `beside`."""
        def new():
            e = self.estimate(uid)
            return e if e.get('asked', 0) > (beside or {}).get('asked', 0) else None
        return self.wait_for(new, 'an estimate')

    def recommend(self, limit=10):
        return self.client.call('Predictions', 'GetRecommendations', '(u)', (limit,))

    def forecast(self):
        return self.client.call('Predictions', 'GetSpendingForecast', '(s)', ('month',))

    def seed_and_sign_in(self, login, orders=200, **more):
        self.sandbox.seed(login, orders, **more)
        self.sign_in(login, SEEDED_PASSWORD)
        self.sync()
        if not self.client.call('Catalog', 'ListCategories'):
            self.products()

    def now(self):
        return datetime.datetime.fromisoformat(self.sandbox.request('GET', '/Sandbox/Clock')['now'].replace('Z', '+00:00'))

    def go_to(self, weekday):
        """To the next of these days (0 = Monday), by the sandbox's clock."""
        days = (weekday - self.now().weekday()) % 7
        if days:
            self.sandbox.request('POST', '/Sandbox/Clock', {'advanceSec': days * 86400})

    def go_offline(self):
        self.sync()  # one that is cut short is repeated for a while
        self.sandbox.kill()
        try:
            self.sync()
        except harness.DBusError as e:
            self.assertTrue(e.name.endswith('.Offline'), e)
        self.wait_for(lambda: not self.client.get('Daemon', 'Online'), 'Offline')


class Estimates(PredictionsTestCase):
    def setUp(self):
        super().setUp()
        self.sign_up_and_in()

    def delivery_time(self, uid):
        return self.client.call('Predictions', 'GetDeliveryTime', '(s)', (uid,))

    def test_follows_the_order(self):
        uid, _ = self.place()
        first = self.wait_for_estimate(uid)
        self.assertTrue(first['earliest'] <= first['delivery'] <= first['latest'])
        self.assertNotIn('bound', first)
        self.assertAlmostEqual(first['asked'], GLib.get_real_time(), delta=60e6 * harness.TIME_FACTOR)
        (path,) = self.client.objects()
        self.wait_for(lambda: self.object_estimate() == first, 'the same of the object')
        self.assertEqual(self.client.get('Order', 'LatestTimestamp', path=path), first['latest'])
        asked = self.delivery_time(uid)
        second = self.estimate(uid)
        self.assertEqual(asked, tuple(second[k] for k in ('cooking', 'delivery', 'earliest', 'latest', 'confidence')))
        mark = len(self.events.signals)
        self.sandbox.advance(uid, 'In the process of cooking')
        third = self.wait_for_estimate(uid, second)
        self.assertLess(third['delivery'], second['delivery'])
        self.events.wait_for(lambda s: s.member == 'PropertiesChanged' and 'Estimate' in s.args[1], since=mark,
                             what='Estimate in PropertiesChanged')
        self.wait_for(lambda: self.client.call('Orders', 'GetMany', '(as)', ([uid],))[0]['estimate'] == self.estimate(uid),
                      'the same of GetMany')
        self.sandbox.advance(uid, 'Delivered')
        self.assertNotIn('estimate', self.wait_for_status(uid, 'delivered'))
        with self.assertError('Conflict', 'delivered'):
            self.delivery_time(uid)
        with self.assertError('NotFound', 'no-such'):
            self.delivery_time('no-such')
        with self.assertError(harness.INVALID_ARGS, 'order_uid'):
            self.delivery_time('')

    def test_only_what_is_on_its_way(self):
        uid, _ = self.place(payment='card')
        with self.assertError('Conflict', 'paid'):
            self.delivery_time(uid)
        self.assertNotIn('estimate', self.order(uid))
        self.go_offline()
        uid, _ = self.place([(1, 1)], wait=False)
        with self.assertError('Conflict', 'not yet at the service'):
            self.delivery_time(uid)
        self.assertNotIn('estimate', self.order(uid))

    def test_kept_over_a_restart_and_offline(self):
        uid, _ = self.place()
        e = self.wait_for_estimate(uid)
        self.go_offline()
        self.restart()
        self.assertEqual(self.estimate(uid), e)
        self.assertEqual(self.delivery_time(uid)[1], e['delivery'])
        self.assertEqual(self.object_estimate(), e)

    def test_never_said_offline(self):
        self.sandbox.fault(CALLS[0], 'status:500')
        uid, _ = self.place()
        self.go_offline()
        with self.assertError('Offline'):
            self.delivery_time(uid)
        self.assertNotIn('estimate', self.order(uid))

    def test_an_estimate_of_another_plan_is_not_shown(self):
        uid, _ = self.place()
        before = self.wait_for_estimate(uid)
        self.sandbox.fault(CALLS[0], 'garbage:html')
        self.sandbox.request('POST', '/Sandbox/Advance', {'deliveryOrderUid': uid, 'delayMinutes': 120})
        self.wait_for(lambda: 'delivery' not in self.estimate(uid), 'the end of the estimate')
        self.assertGreater(self.order(uid)['end-expected'], before['latest'])
        with self.assertError('Protocol'):
            self.delivery_time(uid)
        self.sandbox.clear_faults()
        self.delivery_time(uid)
        self.assertGreater(self.estimate(uid)['delivery'], before['latest'])

    def test_faults_disturb_nothing_else(self):
        """The order goes its way, and nobody is called offline."""
        mark = len(self.events.signals)
        for fault in ('status:500', 'status:503', 'garbage:html', 'garbage:deep', 'truncate', 'reset', 'stall',
                      'exception'):
            with self.subTest(fault):
                self.sandbox.fault(CALLS[0], fault)
                asked = self.sandbox.count('DeliveryTimeGet')
                uid, _ = self.place()
                for status, ours in (('Processing', 'processing'), ('In the process of cooking', 'cooking'),
                                     ('Delivered', 'delivered')):
                    self.sandbox.advance(uid, status)
                    self.assertNotIn('delivery', self.wait_for_status(uid, ours).get('estimate', {}))
                self.assertGreater(self.sandbox.count('DeliveryTimeGet'), asked)
                self.sandbox.clear_faults()
        self.assertEqual([s for s in self.events.signals[mark:] if s.member == 'PropertiesChanged'
                          and 'Online' in s.args[1]], [])
        self.assertTrue(self.client.get('Daemon', 'Online'))

    def test_costs_nothing_while_idle(self):
        uid, _ = self.place()
        self.wait_for_estimate(uid)
        asked = self.sandbox.count('DeliveryTimeGet')
        self.sync()
        self.sync()
        self.assertEqual(self.sandbox.count('DeliveryTimeGet'), asked, 'it is not old')
        self.sandbox.advance(uid, 'Delivered')
        self.wait_for_status(uid, 'delivered')
        asked = self.sandbox.count('DeliveryTimeGet')
        self.sync()
        self.assertEqual(self.sandbox.count('DeliveryTimeGet'), asked, 'nothing is on its way')


class Bound(PredictionsTestCase):
    def delays(self):
        """What is known here of how late orders came, newest first."""
        rows, cursor = [], ''
        while True:
            page, cursor = self.client.call('Orders', 'List', '(a{sv}us)', (
                {'status': GLib.Variant('as', ['delivered', 'finished'])}, 10000, cursor))
            rows += [row[0] for row in page]
            if not cursor:
                break
        orders = []
        for i in range(0, len(rows), 100):
            orders += self.client.call('Orders', 'GetMany', '(as)', (rows[i:i + 100],))
        orders.sort(key=lambda o: o['end-actual'], reverse=True)
        return [o['end-actual'] - o['end-expected'] for o in orders]

    def test_learned_from_the_history(self):
        self.seed_and_sign_in('winter', 300)
        uid, _ = self.place()
        delays = self.delays()
        e = self.wait_for(lambda: self.estimate(uid) if 'bound' in self.estimate(uid) else None, 'a bound')
        self.assertEqual(e['bound-orders'], min(len(delays), MOST))
        promised = self.order(uid)['end-expected']
        self.assertEqual(e['bound'] - promised, bound_of(delays))
        # What the service says later does not mend what it promised.
        self.sandbox.request('POST', '/Sandbox/Advance', {'deliveryOrderUid': uid, 'delayMinutes': 30})
        self.wait_for(lambda: self.order(uid)['end-expected'] > promised + 29 * 60e6, 'the delay')
        self.assertEqual(self.estimate(uid)['bound'], e['bound'])
        # What it promises earlier does, as far as it is kept as the others were.
        self.sandbox.request('POST', '/Sandbox/Advance', {'deliveryOrderUid': uid, 'delayMinutes': -25})
        self.wait_for(lambda: self.order(uid)['end-expected'] < promised + 9 * 60e6, 'the haste')
        self.assertEqual(self.estimate(uid)['bound'], e['bound'])
        self.sandbox.advance(uid, 'In delivery')
        order = self.wait_for_status(uid, 'in-delivery')
        self.assertLess(order['end-expected'], promised - 60e6)
        self.assertEqual(order['estimate']['bound'], order['end-expected'] + max(bound_of(delays), 0))
        self.sandbox.advance(uid, 'Delivered')
        order = self.wait_for_status(uid, 'delivered')
        delays.insert(0, order['end-actual'] - promised)
        uid, _ = self.place()
        self.wait_for(lambda: 'bound' in self.estimate(uid), 'a bound')
        self.assertEqual(self.estimate(uid)['bound'] - self.order(uid)['end-expected'], bound_of(delays))
        self.go_offline()
        self.restart()
        self.assertIn('bound', self.estimate(uid))

    def test_not_from_a_few(self):
        self.seed_and_sign_in('few', LEAST - 1)
        uid, _ = self.place()
        self.wait_for_estimate(uid)
        self.assertNotIn('bound', self.estimate(uid))

    def test_coverage(self):
        """Of histories of several seeds, each order of the second half against what was learned from all before it."""
        program = os.path.join(build_dir(), 'tests', 'unit', 'test-promises')
        said = []
        for orders in (300, 1500) if LONG else (300,):
            for drift in (0, 30):
                for seed in range(1, 7 if LONG else 3):
                    login = f's{seed}-{drift}-{orders}'
                    self.seed_and_sign_in(login, orders, seed=seed, driftMinutes=drift)
                    delays = self.delays()[::-1]
                    result = subprocess.run([program, '--replay'], input='\n'.join(map(str, delays)), text=True,
                                            capture_output=True, check=True, timeout=TIMEOUT)
                    n, part = result.stdout.split()
                    self.assertEqual(int(n), len(delays))
                    half = len(delays) // 2
                    mine = sum(delays[i] <= bound_of(delays[:i][::-1]) for i in range(half, len(delays)))
                    self.assertAlmostEqual(float(part), mine / (len(delays) - half), delta=0.0001)
                    said.append(f'{orders} orders, seed {seed}, drift {drift} min: {100 * float(part):.1f} %')
                    self.assertTrue(0.85 <= float(part) <= 0.95, said[-1])
                    self.client.call('Session', 'SignOut', '(b)', (True,))
        print('\n'.join(said))


class Recommendations(PredictionsTestCase):
    def test_soup_on_fridays(self):
        self.seed_and_sign_in('friday', 300, habits=[{'weekday': 'Friday', 'productId': SOUP}])
        self.go_to(4)
        row = self.recommend(3)[0]
        self.assertEqual((row[0], row[1], row[3]), (SOUP, 'Miso Soup', 'USD'))
        self.assertEqual(row[2], self.client.call('Catalog', 'GetProduct', '(t)', (SOUP,))['price'])
        self.assertGreater(row[4], 0)
        self.assertRegex(row[5], r'^You often order it on Fridays: \d+ of \d+ times$')
        mine = [r[0] for r in self.recommend()]
        self.go_to(1)
        rows = self.recommend()
        self.assertNotEqual(rows[0][0], SOUP)
        self.assertNotIn('Friday', str(rows))
        self.go_to(4)
        self.client.call('Session', 'SignOut', '(b)', (False,))
        self.seed_and_sign_in('other', 300, seed=2)
        others = self.recommend()
        self.assertNotEqual(others[0][0], SOUP)
        self.assertNotEqual([r[0] for r in others], mine)

    def test_nothing_that_cannot_be_had(self):
        self.seed_and_sign_in('ann')
        names = {r[0]: r for r in self.recommend(100)}
        self.assertGreater(len(names), 40)
        first, second, third, *_ = names
        self.client.call('Cart', 'Add', '(tu)', (first, 1))
        self.assertNotIn(first, [r[0] for r in self.recommend(100)])
        self.assertEqual(self.recommend(1)[0][0], second)
        self.recommend(100)
        # The service goes, and what it said of them with it; what is known here counts.
        self.sandbox.request('POST', '/Sandbox/Product', {'id': second, 'quantity': 0})
        self.sandbox.request('POST', '/Sandbox/Product', {'id': third, 'isDeleted': True})
        self.sandbox.fault(CALLS[1], 'status:500')
        self.sync()
        self.wait_for(lambda: not any(p[6] for p in self.client.call('Catalog', 'ListProducts', '(tus)', (0, 10000, ''))[0]
                                      if p[0] in (second, third)), 'the catalog')
        last = [r[0] for r in self.recommend(100)]
        self.assertEqual(set(names) - set(last), {first, second, third})
        self.go_offline()
        self.assertEqual([r[0] for r in self.recommend(100)], last)
        self.client.call('Cart', 'Clear')
        self.assertEqual(self.recommend(1)[0][0], first)

    def test_last_answer_and_its_age(self):
        self.seed_and_sign_in('ann')
        self.assertEqual(self.client.get('Predictions', 'RecommendationsTimestamp'), 0)
        rows, forecast = self.recommend(), self.forecast()
        asked = [self.client.get('Predictions', name) for name in ('RecommendationsTimestamp', 'ForecastTimestamp')]
        for when in asked:
            self.assertAlmostEqual(when, GLib.get_real_time(), delta=60e6)
        for fault in ('status:500', 'status:503', 'garbage:html', 'garbage:deep', 'truncate', 'reset'):
            with self.subTest(fault):
                self.sandbox.fault('/PredictiveBackend/*', fault)
                self.assertEqual(self.recommend(), rows)
                self.assertEqual(self.forecast(), forecast)
                self.sandbox.clear_faults()
        self.go_offline()
        self.restart()
        self.assertEqual(self.recommend(), rows)
        self.assertEqual(self.forecast(), forecast)
        self.assertEqual([self.client.get('Predictions', name)
                          for name in ('RecommendationsTimestamp', 'ForecastTimestamp')], asked)

    def test_a_silent_service_is_waited_for_a_few_seconds(self):
        self.sign_up_and_in()
        self.products()
        rows = self.recommend()
        self.sandbox.fault(CALLS[1], 'stall')
        began = GLib.get_monotonic_time()
        self.assertEqual(self.recommend(), rows)
        self.assertLess(GLib.get_monotonic_time() - began, 9e6 * harness.TIME_FACTOR)
        self.assertTrue(self.client.get('Daemon', 'Online'))

    def test_never_said(self):
        with self.assertError('NotSignedIn'):
            self.recommend()
        self.sign_up_and_in()
        self.products()
        self.sandbox.fault('/PredictiveBackend/*', 'garbage:html')
        with self.assertError('Protocol'):
            self.recommend()
        self.go_offline()
        with self.assertError('Offline'):
            self.recommend()
        with self.assertError('Offline'):
            self.forecast()
        for call in (('GetRecommendations', '(u)', (101,)), ('GetSpendingForecast', '(s)', ('week',))):
            with self.subTest(call), self.assertError(harness.INVALID_ARGS, str(call[2][0])):
                self.client.call('Predictions', *call)


class Forecast(PredictionsTestCase):
    def test_forecast(self):
        self.sign_up_and_in()
        self.assertEqual(self.forecast(), (0, 0, 0, 'USD'))
        self.client.call('Session', 'SignOut', '(b)', (False,))
        self.seed_and_sign_in('saver', 1000)
        amount, low, high, currency = self.forecast()
        self.assertTrue(0 < low <= amount <= high and currency == 'USD', (low, amount, high))

    def test_not_of_another_month(self):
        self.seed_and_sign_in('ann')
        self.forecast()
        begun = self.now()
        while self.now().month == begun.month:
            self.sandbox.request('POST', '/Sandbox/Clock', {'advanceSec': 6 * 86400})
            self.sync()  # the token is renewed within a week of its end
        self.sandbox.fault(CALLS[2], 'garbage:html')
        with self.assertError('Protocol'):
            self.forecast()


class Shown(PredictionsTestCase):
    """By the command line."""
    CLOCK = r'\d\d:\d\d'

    def terminal(self, *arguments, columns=80, rows=24):
        t = Terminal([binary('customerclient'), *arguments], self.environment(PAGER='cat'), columns, rows)
        self.addCleanup(t.close)
        return t

    def shown(self, pattern, *arguments, **size):
        t = self.terminal(*arguments, **size)
        t.wait_for(lambda s: re.search(pattern, s.text, re.M))
        return t.screen.text

    def ok(self, *arguments):
        result = self.cli(*arguments)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout

    def test_recommend(self):
        self.seed_and_sign_in('friday', 300, habits=[{'weekday': 'Friday', 'productId': SOUP}])
        self.go_to(4)
        lines = self.ok('recommend', '--limit=3').splitlines()
        self.assertEqual(len(lines), 4)
        self.assertRegex(lines[1], r'^ *24  Miso Soup +4\.20 USD  You often order it on Fridays: \d+ of \d+ times$')
        said = json.loads(self.ok('--json', 'recommend', '--limit=2'))
        self.assertEqual([r['product'] for r in said['recommendations']][0], SOUP)
        self.assertEqual(said['recommendations'][0]['price'], {'minor': 420, 'currency': 'USD'})
        self.assertEqual(set(said['recommendations'][0]), {'product', 'name', 'price', 'score', 'reason'})
        self.assertEqual(self.ok('cart'), '', 'no tips in a pipe')
        self.assertEqual(json.loads(self.ok('--json', 'cart'))['lines'], [])
        for columns in (80, 40):
            tips = self.shown('You may like:(\n.*){3}', 'cart', columns=columns)
            self.assertEqual(len(tips.split('You may like:')[1].strip().splitlines()), 3)
            self.assertIn('Miso Soup', tips)
        self.assertIn('Miso Soup', self.ok('cart', 'add', str(SOUP)))
        self.assertNotIn('Miso Soup', self.ok('recommend', '--limit=100'))
        self.assertIn('from 1 to 100', self.cli('recommend', '--limit=0').stderr)

    def test_recommend_offline(self):
        self.seed_and_sign_in('ann')
        lines = self.ok('recommend')
        self.go_offline()
        self.assertEqual(self.ok('recommend'), lines)
        asked = json.loads(self.ok('--json', 'recommend'))['asked']
        self.assertLess(datetime.datetime.fromisoformat(asked.replace('Z', '+00:00')),
                        datetime.datetime.now(datetime.timezone.utc))
        (path,) = [os.path.join(folder, f) for folder, _, files in os.walk(f'{self.dir}/cache') for f in files
                   if re.fullmatch(r'[0-9a-f-]{36}\.db', f)]
        self.stop()
        with sqlite3.connect(path) as db:
            db.execute('UPDATE predictions SET asked = asked - 7200000000')
        db.close()
        self.start()
        self.assertIn('as of 2 h ago', self.cli('recommend').stderr)

    def test_never_said_offline(self):
        self.sign_up_and_in()
        self.go_offline()
        result = self.cli('recommend')
        self.assertEqual((result.returncode, result.stdout), (7, ''))
        self.shown('The cart is empty', 'cart')

    def test_estimate(self):
        self.seed_and_sign_in('winter', 100)
        uid, _ = self.place()
        self.wait_for(lambda: {'delivery', 'bound'} <= set(self.estimate(uid)), 'estimate and bound')
        c = self.CLOCK
        show = self.ok('show', uid)
        self.assertRegex(show, rf'(?m)^Expected +\S+ {c}$\n^Between +{c}–{c}$\n^Arrives +by {c} nine times in ten$\n'
                               rf'^Estimate +said \d+ s ago$')
        self.assertRegex(self.ok('pending'), rf'(?m)requested +{c} +{c}–{c} +by {c} +\d+ s ago')
        said = json.loads(self.ok('--json', 'show', uid))['estimate']
        self.assertEqual(set(said), {'cooking', 'delivery', 'earliest', 'latest', 'confidence', 'asked', 'bound',
                                     'bound-orders'})
        self.assertEqual(json.loads(self.ok('--json', 'pending'))[0]['estimate'], said)
        wide = self.shown(rf'by {c} nine times in ten; said \d+ s ago$', 'track')
        self.assertRegex(wide, rf'(?m)^Requested +expected {c} \({c}–{c}\), in \d+ min$')
        narrow = self.shown(rf'^by {c} in 9 of 10; said \d+ s ago$', 'track', columns=40, rows=12)
        self.assertRegex(narrow, rf'(?m)^expected {c} \({c}–{c}\), in \d+ min$')
        for columns in (80, 40):
            pending = self.shown(rf'requested +{c}', 'pending', columns=columns)
            self.assertTrue(all(len(line) <= columns for line in pending.splitlines()))
        self.sandbox.advance(uid, 'Delivered')
        self.wait_for_status(uid, 'delivered')
        self.assertNotRegex(self.ok('show', uid), 'Between|Arrives|Estimate')

    def test_forecast(self):
        self.seed_and_sign_in('saver')
        amount, low, high, _ = self.forecast()
        stats = json.loads(self.ok('--json', 'stats'))
        self.assertEqual({k: stats['forecast'][k]['minor'] for k in ('amount', 'low', 'high')},
                         {'amount': amount, 'low': low, 'high': high})
        money = re.escape(f'this month probably {low / 100:.2f}–{high / 100:.2f}, {amount / 100:.2f} USD')
        self.assertRegex(self.ok('stats'), rf'(?m)^Forecast +{money}$')
        self.sandbox.fault('/PredictiveBackend/*', 'stall')
        self.assertRegex(self.ok('stats'), r'(?m)^This month')


if __name__ == '__main__':
    harness.main()
