"""Statistics: twelve orders whose answers stand worked out by hand (tests/data/twelve_orders.py), from the cache and from
the service; both against each other on five seeded years; the overview; what is refused; a service that fails."""

import contextlib
import datetime
import glob
import http.server
import json
import os
import signal
import sqlite3
import sys
import threading
import time
import urllib.parse
import zoneinfo

import harness
from harness import GLib, INVALID_ARGS

sys.path.insert(0, os.path.join(harness.SOURCE_DIR, 'tests', 'data'))
import twelve_orders as twelve  # noqa: E402

METRICS = (*twelve.SUMS, *twelve.MEANS, 'order-time', 'delivery-place')
MONEY = ('total-amount', 'item-cost')


def usec(text):
    moment = datetime.datetime.fromisoformat(text.replace('Z', '+00:00')) if isinstance(text, str) else text
    return round(moment.timestamp()) * 1000000


class StatisticsCase(harness.TestCase):
    daemon_env = {'TZ': twelve.ZONE}

    def series(self, metric, period, start=0, end=0, **filters):
        """With a filter, or by GetSeries. {label: (start, value)}, source, unit"""
        if filters:
            types = {'statuses': 'as', 'places': 'as', 'source': 's'}
            variants = {k: GLib.Variant(types[k], v) for k, v in filters.items()}
            answer = self.client.call('Statistics', 'GetFilteredSeries', '(sstta{sv})', (metric, period, start, end, variants))
        else:
            answer = self.client.call('Statistics', 'GetSeries', '(sstt)', (metric, period, start, end))
        source, unit, points = answer
        found = {label: (begin, value) for label, begin, value in points}
        self.assertEqual(len(found), len(points), 'a label twice')
        return found, source, unit

    def values(self, metric, period, *span, **filters):
        return {k: v for k, (_, v) in self.series(metric, period, *span, **filters)[0].items()}

    def history(self, login, orders):
        self.sandbox.request('POST', '/Sandbox/Orders', {'login': login, 'orders': orders})

    def wait_for_orders(self, n):
        harness.poll(lambda: len(self.client.call('Orders', 'List', '(a{sv}us)', ({}, 10000, ''))[0]) == n,
                     what=f'{n} orders in the cache')


class ByHand(StatisticsCase):
    def setUp(self):
        super().setUp()
        self.sign_up()
        self.history('ann', twelve.orders())
        self.sign_in()
        self.products()
        self.wait_for_orders(12)

    def check_all(self, source, filters=None):
        filters = filters or {}
        for metric, by_period in twelve.SUMS.items():
            for period, expected in by_period.items():
                with self.subTest(f'{metric} by {period}, {source}'):
                    found, said, unit = self.series(metric, period, **filters)
                    self.assertEqual((said, unit), (source, 'USD' if metric in MONEY else 'count'))
                    self.assertEqual({k: v for k, (_, v) in found.items() if v}, expected)
                    self.assertEqual(len(found), twelve.BUCKETS[period])
                    self.check_starts(found)
        for metric, by_period in twelve.MEANS.items():
            for period, expected in by_period.items():
                with self.subTest(f'{metric} by {period}, {source}'):
                    found, said, unit = self.series(metric, period, **filters)
                    self.assertEqual((said, unit), (source, 'minutes'))
                    self.assertEqual(list(found), list(expected))
                    for label, value in expected.items():
                        self.assertAlmostEqual(found[label][1], value, 9, label)
                    self.check_starts(found)
        for period in twelve.PERIODS:
            with self.subTest(f'hours and places by {period}, {source}'):
                found, said, unit = self.series('order-time', period, **filters)
                self.assertEqual((said, unit), (source, 'count'))
                self.assertEqual(list(found), [str(h) for h in range(24)])
                self.assertEqual({int(k): v for k, (_, v) in found.items() if v}, twelve.HOURS)
                found, said, unit = self.series('delivery-place', period, **filters)
                self.assertEqual((said, unit), (source, 'count'))
                self.assertEqual([(k, v) for k, (_, v) in found.items()], twelve.PLACES)
                self.assertEqual({begin for begin, _ in found.values()}, {0})

    def check_starts(self, found):
        starts = [begin for begin, _ in found.values()]
        self.assertEqual(starts, sorted(starts))
        for label, (begin, _) in found.items():
            if label in twelve.STARTS:
                self.assertEqual(begin, usec(twelve.STARTS[label]), label)

    def test_from_the_service_and_from_the_cache(self):
        self.check_all('backend')
        self.check_all('local', {'source': 'local'})
        self.sandbox.kill()
        harness.poll(lambda: self.series('items', 'week', 5)[1] == 'local', what='the service is missed')
        self.check_all('local')

    def test_ranges(self):
        second, sixth, last = (usec(twelve.orders()[n - 1]['dateCreated']) for n in (2, 6, 12))
        for filters in ({}, {'source': 'local'}):
            self.assertEqual(self.values('orders', 'day', second, sixth, **filters), {'2025-11-01': 1, '2025-11-02': 3})
            self.assertEqual(self.values('orders', 'day', second, sixth + 1, **filters),
                             {'2025-11-01': 1, '2025-11-02': 3, '2025-11-03': 1})
            self.assertEqual(self.values('orders', 'all', second + 1, sixth, **filters), {'all': 3})
            self.assertEqual(self.series('orders', 'all', second + 1, sixth, **filters)[0]['all'][0],
                             usec('2025-11-02T05:30:00Z'))
            self.assertEqual(self.values('total-amount', 'day', last, 0, **filters), {'2026-03-08': 666})
            self.assertEqual(self.values('total-amount', 'day', last + 1, 0, **filters), {})
            self.assertEqual(self.values('delivery-delay', 'day', 1, 2, **filters), {})
            self.assertEqual(sum(self.values('order-time', 'day', 1, 2, **filters).values()), 0)

    def test_filters(self):
        self.assertEqual(self.values('orders', 'month', statuses=['cancelled']), {'2025-11': 1})
        self.assertEqual(self.series('total-amount', 'all', statuses=['cancelled'])[0],
                         {'all': (usec('2025-11-10T17:15:00Z'), 50000)})
        self.assertEqual(self.values('orders', 'all', statuses=['delivered', 'cooking']), {'all': 11})
        self.assertEqual(self.values('orders', 'all', statuses=['cooking']), {'all': 1})
        self.assertEqual(self.values('orders', 'all', statuses=['submitting']), {})
        self.assertEqual(self.values('total-amount', 'all', places=[twelve.B]), {'all': 1500 + 1500 + 3500})
        self.assertEqual(self.values('orders', 'year', places=[twelve.B, twelve.C]), {'2025': 2, '2026': 3})
        self.assertEqual(self.values('orders', 'year', places=['Nowhere']), {})
        self.assertEqual(self.values('orders', 'all', places=[twelve.B], statuses=['cancelled']), {'all': 1})
        self.assertEqual(self.series('orders', 'all', places=[twelve.B])[1], 'local')

    def test_deliveries(self):
        rows = [(created, due, real) for created, _, _, _, due, real in twelve._ROWS if real]
        got = self.client.call('Statistics', 'GetDeliveries', '(tta{sv})', (0, 0, {}))
        self.assertEqual([(c, p, r) for _, c, p, r in got], [(usec(c), p, r) for c, p, r in rows])
        self.assertEqual(got[0][0], twelve.uid(1))
        second, fifth = (usec(twelve.orders()[n - 1]['dateCreated']) for n in (2, 5))
        got = self.client.call('Statistics', 'GetDeliveries', '(tta{sv})', (second, fifth, {}))
        self.assertEqual([uid for uid, *_ in got], [twelve.uid(n) for n in (2, 3, 4)])
        got = self.client.call('Statistics', 'GetDeliveries', '(tta{sv})',
                               (0, 0, {'places': GLib.Variant('as', [twelve.C])}))
        self.assertEqual([uid for uid, *_ in got], [twelve.uid(n) for n in (9, 12)])

    def test_changes_are_seen(self):
        """The cache is asked again once an order has changed, and what was kept is of no use any more."""
        self.assertEqual(self.values('orders', 'all'), {'all': 11})
        self.assertEqual(self.values('orders', 'all', source='local'), {'all': 11})
        uid, _ = self.place()
        self.assertEqual(self.values('orders', 'all'), {'all': 12})
        self.assertEqual(self.values('orders', 'all', source='local'), {'all': 12})
        self.client.call('Orders', 'Cancel', '(ssa{sv})', (uid, '', {}))
        self.assertEqual(self.values('orders', 'all'), {'all': 11})
        self.assertEqual(self.values('orders', 'all', source='local'), {'all': 11})
        self.assertEqual(self.values('orders', 'all', statuses=['cancelled']), {'all': 2})

    def test_cache_of_version_1(self):
        """What an older version has stored is counted after the update, without the service."""
        expected = self.client.call('Statistics', 'GetOverview')
        self.stop()
        self.sandbox.kill()
        (path,) = glob.glob(f'{self.dir}/cache/customerclient/*/????????-*.db')
        with contextlib.closing(sqlite3.connect(path)) as db:
            tables = [name for name, in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            for table in set(tables) - {'orders', 'order_text', 'notifications', 'events', 'meta', 'sqlite_sequence'}:
                db.execute(f'DROP TABLE "{table}"')
            db.execute("DELETE FROM meta WHERE key = 'facts-filled'")
            db.execute('PRAGMA user_version = 1')
            db.commit()
        self.start()
        self.assertEqual(self.client.call('Statistics', 'GetOverview'), expected)
        self.check_all('local')

    def test_orders_that_are_not_made_do_not_count(self):
        products = self.products()
        self.sandbox.kill()
        uid, status = self.place([(products[0][0], 2)], wait=False, expected_total=5000)
        self.assertEqual(status, 'submitting')
        self.assertEqual(self.values('orders', 'all', source='local'), {'all': 11})
        self.assertEqual(self.values('items', 'all', statuses=['submitting']), {'all': 2})
        self.assertEqual(self.client.call('Statistics', 'GetOverview')['orders'], 11)


class Refused(StatisticsCase):
    def test_by_name(self):
        self.sign_up_and_in()
        for question, word in (((('price', 'day', 0, 0)), 'price'), (('orders', 'hour', 0, 0), 'hour'),
                               (('orders', 'day', 5, 4), "'from' is after 'to'"), (('orders', 'day', 1 << 63, 0), "'from'"),
                               (('orders', 'day', 0, 1 << 63), "'to'"), (('', '', 0, 0), 'metric')):
            with self.subTest(word), self.assertError(INVALID_ARGS, word):
                self.client.call('Statistics', 'GetSeries', '(sstt)', question)
        for filters, word in (({'status': GLib.Variant('as', ['x'])}, 'status'), ({'source': GLib.Variant('s', 'moon')}, 'moon'),
                              ({'statuses': GLib.Variant('s', 'x')}, "'as'"), ({'statuses': GLib.Variant('as', [])}, 'empty'),
                              ({'places': GLib.Variant('as', [])}, "'places' is empty"),
                              ({'places': GLib.Variant('as', ['x' * 5000])}, '4096')):
            with self.subTest(word):
                with self.assertError(INVALID_ARGS, word):
                    self.client.call('Statistics', 'GetFilteredSeries', '(sstta{sv})', ('orders', 'day', 0, 0, filters))
                with self.assertError(INVALID_ARGS, word):
                    self.client.call('Statistics', 'GetDeliveries', '(tta{sv})', (0, 0, filters))

    def test_signed_out(self):
        for method, signature, args in (('GetSeries', '(sstt)', ('orders', 'day', 0, 0)), ('GetOverview', None, ()),
                                        ('GetFilteredSeries', '(sstta{sv})', ('orders', 'day', 0, 0, {})),
                                        ('GetDeliveries', '(tta{sv})', (0, 0, {}))):
            with self.subTest(method), self.assertError('NotSignedIn'):
                self.client.call('Statistics', method, signature, args)

    def test_without_orders(self):
        self.sign_up_and_in()
        self.products()
        for metric in METRICS:
            for filters in ({}, {'source': 'local'}):
                found, _, unit = self.series(metric, 'month', **filters)
                self.assertEqual(sum(v for _, v in found.values()), 0, metric)
                self.assertEqual(len(found), 24 if metric == 'order-time' else 0, metric)
                self.assertTrue(unit)
        overview = self.client.call('Statistics', 'GetOverview')
        self.assertEqual((overview['orders'], overview['total'], overview['currency']), (0, 0, 'USD'))
        self.assertEqual((overview['favourites'], overview['places'], overview['price-changes']), ([], [], []))
        self.assertNotIn('since', overview)
        self.assertNotIn('mean-delay', overview)


class Overview(StatisticsCase):
    """Orders around the turns of months and years of the zone, whenever the test runs."""

    def moments(self):
        zone = zoneinfo.ZoneInfo(twelve.ZONE)
        now = datetime.datetime.fromisoformat(self.sandbox.request('GET', '/Sandbox/Clock')['now'].replace('Z', '+00:00'))
        local = now.astimezone(zone)
        month = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        before = (month - datetime.timedelta(days=1)).replace(day=1)
        year = month.replace(month=1)
        return now, month, before, year, year.replace(year=year.year - 1)

    def test_months_and_years(self):
        self.sign_up()
        now, month, before, year, last_year = self.moments()
        second = datetime.timedelta(seconds=1)
        # Amounts are powers of two, so that a sum tells its parts.
        at = [(month, 1), (now - second, 2), (month - second, 4), (before, 8), (before - second, 16), (year, 32),
              (year - second, 64), (last_year, 128), (last_year - second, 256)]

        def total(test):
            # By the clock of UTC: times with a zone of their own are compared by the wall otherwise.
            return sum(a for t, a in at if test(t.astimezone(datetime.timezone.utc)))
        month, before, year, last_year = (t.astimezone(datetime.timezone.utc) for t in (month, before, year, last_year))
        orders = [{'dateCreated': t.astimezone(datetime.timezone.utc).strftime('%Y-%m-%dT%H:%M:%SZ'),
                   'products': [{'id': 1, 'price': a / 100, 'quantity': 1}]} for t, a in at]
        self.history('ann', orders)
        self.sign_in()
        self.products()
        self.wait_for_orders(len(at))
        o = self.client.call('Statistics', 'GetOverview')
        self.assertEqual(o['total'], 511)
        self.assertEqual(o['this-month'], total(lambda t: t >= month))
        self.assertEqual(o['last-month'], total(lambda t: before <= t < month))
        self.assertEqual(o['this-month-orders'], sum(t >= month for t, _ in at))
        self.assertEqual(o['last-month-orders'], sum(before <= t < month for t, _ in at))
        self.assertEqual(o['this-year'], total(lambda t: t >= year))
        self.assertEqual(o['last-year'], total(lambda t: last_year <= t < year))
        # Of last month's two orders one was in its first moment, the other in its last.
        self.assertEqual(o['last-month-to-date'] & 8, 8)
        self.assertLessEqual(o['last-month-to-date'], o['last-month'])
        self.assertEqual(o['since'], usec(last_year - second))

    def test_habits(self):
        self.sign_up()
        menu = {}

        def order(day, lines, place='Main Street 1', late=0, **more):
            created = f'2024-05-{day:02}T12:00:00Z'
            return {'dateCreated': created, 'dateEndExpected': f'2024-05-{day:02}T12:30:00Z', 'address': place,
                    'city': 'Boston', 'dateEndActual': f'2024-05-{day:02}T12:{30 + late}:00Z',
                    'products': [{'id': i, 'price': p, 'quantity': q, 'name': f'Old {i}'} for i, p, q in lines], **more}
        self.history('ann', [
            order(1, [(1, 1.00, 9), (2, 5.00, 1)]),
            order(2, [(1, 2.00, 1), (3, 1.00, 3)], late=6),
            order(3, [(1, 3.00, 1), (9999, 1.00, 4)], place='Side Street 2', late=-3),
            order(4, [(1, 9.00, 50)], status='Cancelled'),
            order(5, [(2, 7.00, 2)], currency='EUR', place='Side Street 2'),
            order(6, [(4, 1.00, 1), (5, 1.00, 1), (6, 1.00, 1), (7, 1.00, 1)], late=9),
        ])
        self.sign_in()
        menu = {p[0]: (p[2], p[4]) for p in self.products()}
        self.wait_for_orders(6)
        o = self.client.call('Statistics', 'GetOverview')
        self.assertEqual((o['orders'], o['cancelled'], o['other-currencies']), (5, 1, 1))
        # 1: 9 + 1 + 1 of 9.00 + 2.00 + 3.00; 9999: 4; 3: 3; 2: 1 + 2, those two in euros; and one of those bought once
        self.assertEqual(o['favourites'][:4], [(1, menu[1][0], 11, 1400), (9999, 'Old 9999', 4, 400),
                                               (2, menu[2][0], 3, 500), (3, menu[3][0], 3, 300)])
        self.assertEqual(o['favourites'][4], (4, menu[4][0], 1, 100))
        # 14.00, 5.00, 4.00 at the first; 7.00, and 14.00 EUR at the second
        self.assertEqual(o['places'], [('Main Street 1, Boston', 3, 1400 + 500 + 400),
                                       ('Side Street 2, Boston', 2, 700)])
        self.assertEqual((o['delivered'], o['on-time']), (5, 3))
        self.assertAlmostEqual(o['mean-delay'], (0 + 6 - 3 + 0 + 9) / 5)
        # What was paid last, in dollars, against the menu; 9999 is not on it.
        paid = {1: 300, 2: 500, 3: 100, 4: 100, 5: 100, 6: 100, 7: 100}
        days = {1: 3, 2: 1, 3: 2, 4: 6, 5: 6, 6: 6, 7: 6}
        changes = sorted(((-abs(menu[i][1] - p), -days[i], i) for i, p in paid.items() if menu[i][1] != p))
        self.assertEqual(o['price-changes'], [(i, menu[i][0], paid[i], menu[i][1], usec(f'2024-05-{days[i]:02}T12:00:00Z'))
                                              for _, _, i in changes[:5]])
        self.assertEqual(len(o['price-changes']), 5)

    def test_price_of_now(self):
        self.sign_up()
        self.history('ann', [{'dateCreated': '2024-05-01T12:00:00Z', 'products': [{'id': 1, 'price': 4, 'quantity': 1}]}])
        self.sandbox.request('POST', '/Sandbox/Product', {'id': 1, 'price': 4})
        self.sign_in()
        self.products()
        self.wait_for_orders(1)
        self.assertEqual(self.client.call('Statistics', 'GetOverview')['price-changes'], [])
        self.sandbox.request('POST', '/Sandbox/Product', {'id': 1, 'price': 4.5})
        self.sync()
        (row,) = self.client.call('Statistics', 'GetOverview')['price-changes']
        self.assertEqual((row[0], row[2], row[3], row[4]), (1, 400, 450, usec('2024-05-01T12:00:00Z')))


class Seeded(StatisticsCase):
    """Five years of a person, in several zones: the service and the cache say the same."""

    zones = ('Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'America/St_Johns', 'Africa/Cairo')
    zones = zones if os.environ.get('TEST_LONG') else zones[:2]
    orders = 5000 if os.environ.get('TEST_LONG') else 400
    daemon_env = {'TZ': zones[0]}

    def compare(self):
        for metric in METRICS:
            for period in twelve.PERIODS:
                with self.subTest(f'{metric} by {period}'):
                    theirs, source, unit = self.series(metric, period)
                    self.assertEqual(source, 'backend')
                    ours, source, own_unit = self.series(metric, period, source='local')
                    self.assertEqual((source, own_unit), ('local', unit))
                    self.assertEqual(list(theirs), list(ours))
                    self.assertEqual([b for b, _ in theirs.values()], [b for b, _ in ours.values()])
                    for label, (_, value) in theirs.items():
                        self.assertAlmostEqual(value, ours[label][1], 9 if unit == 'minutes' else 0, label)

    def test_service_and_cache_agree(self):
        answer = self.sandbox.seed('ann', self.orders, **{'from': '2021-01-01', 'to': '2026-01-01', 'seed': 11})
        self.sign_in('ann', answer['password'])
        self.products()
        self.wait_for_orders(self.orders)
        self.compare()
        day = self.values('orders', 'day', source='local')
        self.assertGreater(len(day), 1700)
        self.assertIn('2024-02-29', day)
        cancelled = self.values('orders', 'all', statuses=['cancelled'])['all']
        self.assertEqual(sum(day.values()) + cancelled, self.orders)
        for zone in self.zones[1:]:
            self.restart(TZ=zone)
            harness.poll(lambda: self.client.get('Daemon', 'Online'), what='being online')
            self.compare()


class ServiceFails(StatisticsCase):
    def setUp(self):
        super().setUp()
        self.sign_up()
        self.history('ann', twelve.orders())
        self.sign_in()
        self.products()
        self.wait_for_orders(12)

    def test_refusals_and_nonsense(self):
        """It is computed from the cache at once; the next question goes to the service again."""
        self.expected_log.append('made no sense')
        for i, kind in enumerate(('status:404', 'status:501', 'status:500', 'garbage', 'garbage:bytes', 'truncate', 'exception')):
            with self.subTest(kind):
                self.sandbox.fault('OrderStatisticsGet', kind, count=1)
                found, source, _ = self.series('orders', 'all', i + 1)
                self.assertEqual((source, {k: v for k, (_, v) in found.items()}), ('local', {'all': 11}))
                if kind != 'truncate':  # a connection that broke: not asked for a while
                    self.assertEqual(self.series('orders', 'all', i + 100)[1], 'backend')
                else:
                    self.assertEqual(self.series('orders', 'all', i + 100)[1], 'local')
                    self.restart()
                    harness.poll(lambda: self.client.get('Daemon', 'Online'), what='being online')

    def test_a_service_that_hangs(self):
        """A read waits 3 s once; those that come after it do not wait."""
        self.sandbox.fault('OrderStatisticsGet', 'stall')
        begin = time.monotonic()
        self.assertEqual(self.series('orders', 'all')[1], 'local')
        took = time.monotonic() - begin
        self.assertGreater(took, 2.5)
        self.assertLess(took, 5 * harness.TIME_FACTOR)
        asked = self.sandbox.count('OrderStatisticsGet')
        for metric in METRICS:
            self.assertEqual(self.series(metric, 'month')[1], 'local')
        self.assertEqual(self.sandbox.count('OrderStatisticsGet'), asked)

    def test_signed_out_meanwhile(self):
        self.sandbox.fault('OrderStatisticsGet', 'stall')
        pending = self.client.call_async('Statistics', 'GetSeries', '(sstt)', ('orders', 'all', 0, 0))
        harness.poll(lambda: self.sandbox.count('OrderStatisticsGet') == 1, what='the question')
        self.client.call('Session', 'SignOut', '(b)', (False,))
        with self.assertError('NotSignedIn'):
            pending.wait()

    def test_going_down_meanwhile(self):
        self.sandbox.fault('OrderStatisticsGet', 'stall')
        pending = self.client.call_async('Statistics', 'GetSeries', '(sstt)', ('orders', 'all', 0, 0))
        harness.poll(lambda: self.sandbox.count('OrderStatisticsGet') == 1, what='the question')
        self.daemon.signal(signal.SIGTERM)
        with self.assertError('Busy'):
            pending.wait()
        self.assertEqual(self.daemon.wait(), 0)

    def test_asked_once_while_nothing_changes(self):
        for _ in range(3):
            self.assertEqual(self.series('orders', 'day')[1], 'backend')
        self.assertEqual(self.sandbox.count('OrderStatisticsGet'), 1)
        self.place()
        self.assertEqual(self.series('orders', 'day')[1], 'backend')
        self.assertEqual(self.sandbox.count('OrderStatisticsGet'), 2)

    def test_zone_without_a_name(self):
        """A rule in TZ cannot be told to a service: computed here, by that rule."""
        self.restart(TZ='EST5EDT,M3.2.0,M11.1.0')
        harness.poll(lambda: self.client.get('Daemon', 'Online'), what='being online')
        found, source, _ = self.series('orders', 'day')
        self.assertEqual(source, 'local')
        self.assertEqual({k: v for k, (_, v) in found.items() if v}, twelve.SUMS['orders']['day'])


class Service(http.server.ThreadingHTTPServer):
    """A statistical backend that answers as it is told to, and remembers what it was asked."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.server.asked.append(urllib.parse.urlsplit(self.path))
            body = json.dumps(self.server.answer).encode()
            self.send_response(200)
            self.send_header('Content-Type', 'application/json')
            self.send_header('Content-Length', str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    def __init__(self):
        super().__init__(('127.0.0.1', 0), self.Handler)
        self.asked, self.answer = [], None
        self.thread = threading.Thread(target=self.serve_forever)
        self.thread.start()

    def end(self):
        self.shutdown()
        self.thread.join()
        self.server_close()


class AnotherService(StatisticsCase):
    """What it says is held against the question."""

    start_daemon = False

    def setUp(self):
        super().setUp()
        self.service = Service()
        self.addCleanup(self.service.end)
        # The variable would stand above every line of the file.
        self.write_config(f'[Services]\nBaseUrl={self.sandbox.service_url}\n'
                          f'StatisticalBackend=http://127.0.0.1:{self.service.server_port}/Numbers\n')
        self.start(CUSTOMERCLIENT_BASE_URL=None)
        self.sign_up()
        self.history('ann', twelve.orders())
        self.sign_in()
        self.products()
        self.wait_for_orders(12)

    DAY = {'label': 'that day', 'start': '2025-11-02T04:00:00Z', 'value': 77}
    NEXT = {'label': 'the next', 'start': '2025-11-03T05:00:00Z', 'value': 78}

    def said(self, metric, period, points, unit='count', more=None):
        self.service.answer = {'metric': metric, 'period': period, 'unit': unit, 'currency': 'USD', 'points': points,
                               **(more or {})}
        return self.values(metric, period, usec('2025-10-01T04:00:00Z'), usec('2026-12-01T05:00:00Z') + len(self.service.asked))

    def test_the_question(self):
        self.assertEqual(self.said('orders', 'day', [self.DAY, self.NEXT]), {'2025-11-02': 77, '2025-11-03': 78})
        (asked,) = self.service.asked
        self.assertEqual(asked.path, '/Numbers/OrderStatisticsGet')
        self.assertEqual(dict(urllib.parse.parse_qsl(asked.query)), {
            'metric': 'orders', 'period': 'day', 'from': '2025-10-01T04:00:00Z', 'to': '2026-12-01T05:00:00Z',
            'timeZone': twelve.ZONE})

    def test_answers_that_fit(self):
        self.assertEqual(self.said('total-amount', 'day', [{**self.DAY, 'value': 12.5}], 'USD'), {'2025-11-02': 1250})
        self.assertEqual(self.said('order-time', 'day', [{'label': '07', 'value': 3}])['7'], 3)
        self.assertEqual(self.said('delivery-place', 'all', [{'label': 'Here', 'value': 3}]), {'Here': 3})
        self.assertEqual(self.said('delivery-delay', 'day', [{**self.DAY, 'value': -2.5}], 'minutes'), {'2025-11-02': -2.5})
        # Zeros: 11-01 has a delivery, 11-03 has none.
        points = [{'label': '', 'start': '2025-11-01T04:00:00Z', 'value': 0}, self.DAY, {**self.NEXT, 'value': 0}]
        self.assertEqual(self.said('delivery-delay', 'day', points, 'minutes'), {'2025-11-01': 0, '2025-11-02': 77})
        self.assertEqual(self.said('orders', 'day', points), {'2025-11-01': 0, '2025-11-02': 77, '2025-11-03': 0})

    def test_answers_that_do_not(self):
        self.expected_log.append('made no sense')
        hand = {'2025-10-31': 1, **{k: v for k, v in twelve.SUMS['orders']['day'].items() if k != '2025-10-31'}}
        for name, points, more in (
                ('another metric', [self.DAY], {'metric': 'items'}), ('another period', [self.DAY], {'period': 'week'}),
                ('another unit', [self.DAY], {'unit': 'minutes'}), ('no points', None, {}),
                ('in the middle of a day', [{**self.DAY, 'start': '2025-11-02T05:00:00Z'}], {}),
                ('days of UTC', [{**self.DAY, 'start': '2025-11-02T00:00:00Z'}], {}),
                ('without a start', [{'label': '2025-11-02', 'value': 1}], {}),
                ('out of order', [self.NEXT, self.DAY], {}), ('twice', [self.DAY, self.DAY], {}),
                ('before the range', [{**self.DAY, 'start': '2025-09-30T04:00:00Z'}], {}),
                ('after the range', [{**self.DAY, 'start': '2026-12-02T05:00:00Z'}], {}),
                ('half an order', [{**self.DAY, 'value': 0.5}], {}), ('less than none', [{**self.DAY, 'value': -1}], {}),
                ('a text', [{**self.DAY, 'value': '1'}], {})):
            with self.subTest(name):
                self.assertEqual({k: v for k, v in self.said('orders', 'day', points, more=more).items() if v}, hand)
        for metric, period, unit, points, expected in (
                ('total-amount', 'all', 'EUR', [], {'all': 13806}),
                ('total-amount', 'all', 'USD', [{'label': 'all', 'value': 0.005}], {'all': 13806}),
                ('orders', 'all', 'count', [{'label': 'all', 'value': 1}] * 2, {'all': 11}),
                ('delivery-place', 'all', 'count', [{'label': '', 'value': 1}], dict(twelve.PLACES)),
                ('order-time', 'all', 'count', [{'label': '24', 'value': 1}],
                 {str(h): twelve.HOURS.get(h, 0) for h in range(24)})):
            with self.subTest(f'{metric} {points}'):
                more = {'currency': unit} if len(unit) == 3 else {}
                self.assertEqual(self.said(metric, period, points, unit, more), expected)
        self.assertEqual(self.daemon_log().count('made no sense'), 1, 'said once')
        self.assertEqual(self.said('orders', 'day', [self.DAY]), {'2025-11-02': 77})


if __name__ == '__main__':
    harness.main()
