"""Orders.Export and `orders export`: what comes out is read back by the programs it is for, and nothing that a service
may write can break it."""

import csv
import io
import json
import os
import re
import signal
import stat
import subprocess
import time
import unittest
from collections import Counter
from decimal import Decimal

from gi.repository import GLib

import harness
import history

try:
    import icalendar
except ImportError:
    icalendar = None

DIGITS = {'USD': 2, 'JPY': 0, 'KWD': 3}


def decimal(money):
    return Decimal(money['minor']).scaleb(-DIGITS[money['currency']])


def plain(text):
    """A text of the CSV as the service wrote it."""
    return re.sub(r"^'(?='*[=+@＝＋－＠\t\r\n-])", '', text)


class Export(history.TestCase):
    def export(self, filter, format, **more):
        pending = self.client.call_async('Orders', 'Export', '(a{sv}s)', (filter, format), **more)
        pending.wait(60)
        self.addCleanup(os.close, pending.fds[0])
        return pending.fds[0]

    def read(self, filter, format):
        fd = self.export(filter, format)
        return os.pread(fd, os.fstat(fd).st_size, 0).decode()

    def orders_of(self, **filter):
        return json.loads(self.read(filter, 'json'))

    def ok(self, *arguments, **env):
        p = self.cli('orders', 'export', *arguments, **env)
        self.assertEqual((p.returncode, p.stderr), (0, ''))
        return p.stdout

    def test_json_is_what_show_prints(self):
        self.hostile()
        orders = self.orders_of()
        self.assertEqual([o['uid'] for o in orders], [row[0] for row in self.rows()])
        names = set()
        for order in orders[::3]:
            shown = json.loads(self.cli('--json', 'show', order['uid']).stdout)
            for o in (shown, order):
                o.pop('age', None)
            self.assertEqual(order, shown)
            names.update(p['name'] for p in order['products'])
        self.assertTrue(names & set(history.HOSTILE))
        self.assertEqual(json.loads(self.ok('--format=json'))[0]['uid'], orders[0]['uid'])
        self.assertEqual(json.loads(self.cli('orders', 'export', '--json').stdout)[-1]['uid'], orders[-1]['uid'])

    def test_the_file_is_sealed_and_at_its_beginning(self):
        fd = self.export({}, 'json')
        self.assertEqual(os.read(fd, 2), b'[\n')
        for attempt in (lambda: os.write(fd, b'x'), lambda: os.ftruncate(fd, 0)):
            with self.assertRaises(PermissionError):
                attempt()

    def test_filters_are_those_of_list(self):
        middle = self.rows()[20]
        for filter in ({'status': GLib.Variant('as', ['cancelled'])}, {'pending': GLib.Variant('b', True)},
                       {'since': GLib.Variant('t', middle[6])}, {'until': GLib.Variant('t', middle[6])},
                       {'text': GLib.Variant('s', 'kastanien')}, {'id': GLib.Variant('s', middle[1])},
                       {'id': GLib.Variant('s', 'last'), 'pending': GLib.Variant('b', True)},
                       {'status': GLib.Variant('as', ['finished', 'delivered']), 'text': GLib.Variant('s', 'BURGER'),
                        'since': GLib.Variant('t', middle[6])}):
            with self.subTest(filter):
                self.assertEqual([o['uid'] for o in self.orders_of(**filter)], [row[0] for row in self.rows(**filter)])
        self.assertEqual(self.read({'pending': GLib.Variant('b', True)}, 'json'), '[]\n')

    def test_bad_input(self):
        for name, words, filter, format in (
                (harness.INVALID_ARGS, ("'format'", '"xml"', 'json, csv'), {}, 'xml'),
                (harness.INVALID_ARGS, ("'colour'",), {'colour': GLib.Variant('s', 'x')}, 'csv'),
                (harness.INVALID_ARGS, ("'since'", "'s'", "'t'"), {'since': GLib.Variant('s', 'x')}, 'csv'),
                (harness.INVALID_ARGS, ("'status'", 'empty'), {'status': GLib.Variant('as', [])}, 'csv'),
                ('NotFound', ("'nothing'",), {'id': GLib.Variant('s', 'nothing')}, 'json')):
            with self.subTest(words), self.assertError(name, *words):
                self.client.call('Orders', 'Export', '(a{sv}s)', (filter, format))
        self.client.call('Session', 'SignOut', '(b)', (False,))
        with self.assertError('NotSignedIn'):
            self.client.call('Orders', 'Export', '(a{sv}s)', ({}, 'json'))

    def test_nobody_waits_for_it(self):
        """Others are answered between its slices, there are not too many at once, and it ends with the session."""
        self.client.call('Settings', 'GetAll')
        pending = self.client.call_async('Orders', 'Export', '(a{sv}s)', ({}, 'json'))
        answers = 0
        while not pending.done:
            self.client.call('Cart', 'Get')
            answers += 1
        self.assertGreater(answers, 0)
        pending.wait()
        os.close(pending.fds[0])
        many = [self.client.call_async('Orders', 'Export', '(a{sv}s)', ({}, 'json')) for _ in range(6)]
        errors = []
        for p in many:
            try:
                p.wait()
                os.close(p.fds[0])
            except harness.DBusError as e:
                errors.append(e.name)
        self.assertTrue(errors)
        self.assertEqual(set(errors), {'org.freedesktop.DBus.Error.LimitsExceeded'})
        pending = self.client.call_async('Orders', 'Export', '(a{sv}s)', ({}, 'json'))
        out = self.client.call_async('Session', 'SignOut', '(b)', (False,))
        out.wait()
        with self.assertError('NotSignedIn'):
            pending.wait()

    def test_csv(self):
        self.hostile()
        orders = self.orders_of()
        text = self.ok('--format=csv')
        self.assertEqual(text.replace('\r\n', '\n'), self.read({}, 'csv').replace('\r\n', '\n'))
        rows = list(csv.DictReader(io.StringIO(self.read({}, 'csv'), newline=''), strict=True))
        self.assertEqual(len(rows), sum(max(1, len(o['products'])) for o in orders))
        by_uid = {o['uid']: o for o in orders}
        for row in rows:
            order = by_uid[row['uid']]
            for field in ('number', 'status', 'payment-type', 'destination', 'comment', 'recipient'):
                self.assertEqual(plain(row[field]), order.get(field, ''), field)
            for field in ('products-price', 'delivery-price', 'additional-price', 'tax-price', 'total-price'):
                self.assertEqual(Decimal(row[field]), decimal(order[field]))
            self.assertEqual((row['created'], row['delivered'], row['promised']),
                             (order['created'], order.get('end-actual', ''), order.get('end-expected', '')))
            if not order['products']:
                self.assertEqual((row['line'], row['product'], row['name']), ('1', '', ''))
                continue
            product = order['products'][int(row['line']) - 1]
            self.assertEqual((plain(row['name']), plain(row['note']), int(row['quantity'])),
                             (product['name'], product['note'], product['quantity']))
            self.assertEqual(Decimal(row['line-total']), decimal(product['price']) * product['quantity'])
            for field, value in row.items():
                self.assertNotRegex(value, r'^[=+@＝＋－＠\t\r\n-]', field)
        self.assertEqual(sum(Decimal(r['total-price']) for r in rows if r['line'] == '1' and r['currency'] == 'USD'),
                         sum(decimal(o['total-price']) for o in orders if o['currency'] == 'USD'))
        self.assertTrue(any(r['total-price'] == '90071992547409.93' for r in rows))
        self.assertNotIn('uid,number', self.ok('--format=csv', '--no-legend'))

    def hledger(self, path, *arguments):
        p = subprocess.run(['hledger', '-f', path, *arguments], capture_output=True, text=True, check=False,
                           env={**os.environ, 'LC_ALL': 'C.UTF-8'})
        self.assertEqual((p.returncode, p.stderr), (0, ''))
        return p.stdout

    @staticmethod
    def amounts(text):
        return {c: Decimal(a) for a, c in re.findall(r'(-?[0-9.]+) ([A-Z]{3})', text)}

    def test_ledger(self):
        self.hostile()
        path = f'{self.dir}/orders.ledger'
        self.assertEqual(self.ok('-o', path), path + '\n')
        self.hledger(path, 'check')
        orders = [o for o in self.orders_of() if o['status'] != 'cancelled']
        wanted = Counter()
        for o in orders:
            wanted[o['currency']] += decimal(o['total-price'])
        self.assertEqual(set(wanted), {'USD', 'JPY', 'KWD'})
        self.assertEqual(self.amounts(self.hledger(path, 'balance', 'Expenses', '--depth=1', '-N', '--format=%(total)')),
                         dict(wanted))
        tax = sum(decimal(o['tax-price']) for o in orders if o['currency'] == 'USD')
        self.assertEqual(self.amounts(self.hledger(path, 'balance', 'Tax', 'cur:USD', '-N', '--format=%(total)')), {'USD': tax})
        self.assertEqual(self.hledger(path, 'accounts').split(),
                         ['Assets:Bank', 'Assets:Cash', 'Expenses:Food:Additional', 'Expenses:Food:Adjustment',
                          'Expenses:Food:Delivery', 'Expenses:Food:Products', 'Expenses:Food:Tax'])
        entries = json.loads(self.hledger(path, 'print', '-O', 'json'))
        self.assertEqual(len(entries), len(orders))
        by_uid = {dict(e['ttags'])['uid'].split(',')[0]: e for e in entries}
        for o in orders:
            entry = by_uid[o['uid']]
            self.assertEqual(entry['tdate'], o['created'][:10])
            self.assertEqual(entry['tcode'], o['number'])
            paid = o['status'] in ('delivered', 'finished') or any(p['status'] == 'confirmed' for p in o['payments'])
            self.assertEqual(entry['tstatus'], 'Cleared' if paid else 'Pending')
            self.assertEqual({p['pdate'] for p in entry['tpostings']}, {None})
        self.assertEqual(sum('Pending' == e['tstatus'] for e in entries), 1)
        with open(path, encoding='utf-8') as f:
            self.assertIn('cancelled, not counted', f.read())
        # A date is a local one.
        late = next(o for o in orders if o['created'][11:13] >= '18')
        self.ok('-o', path, '--format=ledger', TZ='Pacific/Auckland')
        entry = next(e for e in json.loads(self.hledger(path, 'print', '-O', 'json')) if late['uid'] in e['tcomment'])
        self.assertGreater(entry['tdate'], late['created'][:10])

    @unittest.skipUnless(icalendar, 'python3-icalendar is not there')
    def test_calendar(self):
        self.hostile()
        text = subprocess.run([harness.binary('customerclient'), 'orders', 'export', '--format=ics'], capture_output=True,
                              env=self.environment(), check=True).stdout
        for line in text.split(b'\r\n'):
            self.assertLessEqual(len(line), 75)
            self.assertNotRegex(line, rb'[\r\n]')
            line.decode()  # folded between characters
        calendar = icalendar.Calendar.from_ical(text)
        events = {str(e['uid']).removesuffix('@customerclient'): e for e in calendar.walk('VEVENT')}
        orders = self.orders_of()
        self.assertEqual(set(events), {o['uid'] for o in orders})
        clean = str.maketrans({'\u202e': '\ufffd', '\t': ' ', '\r': ' ', '\n': '\n'})
        for o in orders:
            event = events[o['uid']]
            self.assertEqual(event['dtstart'].dt.strftime('%Y-%m-%dT%H:%M:%S'), o['created'][:19])
            self.assertEqual(event['dtend'].dt.strftime('%Y-%m-%dT%H:%M:%S'),
                             (o.get('end-actual') or o['end-expected'])[:19])
            self.assertEqual(event['location'], o['destination'].translate(clean))
            self.assertEqual(event['status'], {'cancelled': 'CANCELLED', 'finished': 'CONFIRMED', 'delivered': 'CONFIRMED'}
                             .get(o['status'], 'TENTATIVE'))
            for p in o['products']:
                self.assertIn(p['name'].translate(clean), event['summary'])
        self.assertEqual(calendar.errors, [])

    def test_file_whole_or_not_at_all(self):
        path = f'{self.dir}/orders.json'
        with open(path, 'w', encoding='utf-8') as f:
            f.write('before')
        os.chmod(path, 0o640)
        result = json.loads(self.ok('-o', path, '--json'))
        self.assertEqual(result, {'file': path, 'format': 'json'})
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o640)
        with open(path, encoding='utf-8') as f:
            self.assertEqual(len(json.load(f)), 40)
        with open(path, 'w', encoding='utf-8') as f:
            f.write('before')
        # No more than 16 KiB may be written: it fails in the middle.
        p = subprocess.run(['prlimit', '--fsize=16384', '--', harness.binary('customerclient'), 'orders', 'export', '-o', path],
                           capture_output=True, text=True, env=self.environment(), check=False,
                           preexec_fn=lambda: signal.signal(signal.SIGXFSZ, signal.SIG_IGN))
        self.assertEqual(p.returncode, 1, p.stderr)
        self.assertIn('cannot be written', p.stderr)
        with open(path, encoding='utf-8') as f:
            self.assertEqual(f.read(), 'before')
        self.assertEqual([n for n in os.listdir(self.dir) if n.startswith('orders.json')], ['orders.json'])

    def test_full(self):
        with open('/dev/full', 'w', encoding='utf-8') as full:
            p = subprocess.run([harness.binary('customerclient'), 'orders', 'export', '--format=csv'], stdout=full,
                               stderr=subprocess.PIPE, text=True, env=self.environment(), check=False)
        self.assertEqual((p.returncode, p.stderr), (1, 'customerclient: the output could not be written: No space left on device\n'))

    def test_usage(self):
        for arguments, words in (((), '--format=csv, json, ledger or ics'), (('--format=xml',), 'xml'),
                                 (('--format=ics', '--json'), '--json'), (('--format=csv', '--since=x'), '--since'),
                                 (('-o', f'{self.dir}/none/x.csv'), 'cannot be written')):
            with self.subTest(arguments):
                p = self.cli('orders', 'export', *arguments)
                self.assertIn(p.returncode, (1, 2))
                self.assertIn(words, p.stderr)
        year = json.loads(self.ok('--format=json', '--since=2024', '--until=2024', '--status=finished,cancelled'))
        self.assertEqual({o['created'][:4] for o in year}, {'2024'})
        self.assertEqual(len(year), sum(time_of(r) == '2024' and r[2] in ('finished', 'cancelled') for r in self.rows()))


@unittest.skipUnless('TEST_LONG' in os.environ, 'takes a minute: set TEST_LONG')
class Long(history.TestCase):
    orders = 100000

    def test_nobody_waits(self):
        for format in ('json', 'csv'):
            pending = self.client.call_async('Orders', 'Export', '(a{sv}s)', ({}, format), timeout=120 * harness.TIME_FACTOR)
            waits = []
            while not pending.done:
                began = time.monotonic()
                self.client.call('Cart', 'Get')
                waits.append(time.monotonic() - began)
            pending.wait()
            with open(pending.fds[0], 'rb') as f:
                lines = sum(1 for _ in f)
            self.assertGreaterEqual(lines, self.orders)
            self.assertGreater(len(waits), 1000)
            waits.sort()
            # On a machine that does other things too, one in a thousand may meet those.
            self.assertLess(waits[len(waits) * 999 // 1000], 0.1 * harness.TIME_FACTOR)
            self.assertLess(waits[-1], harness.TIME_FACTOR)
            print(f'{format}: {len(waits)} calls meanwhile, the longest {waits[-1] * 1000:.0f} ms')
        self.end_early()
        for format in ('ledger', 'ics'):
            p = self.cli('orders', 'export', '-o', f'{self.dir}/orders.{format}', timeout=120)
            self.assertEqual(p.returncode, 0, p.stderr)
        pending = self.begun(self.client)
        self.client.call('Session', 'SignOut', '(b)', (False,))
        with self.assertError('NotSignedIn'):
            pending.wait()
        self.sign_in(password='sandbox-password')
        pending = self.begun(self.client)
        self.stop()
        with self.assertError('Busy'):
            pending.wait()

    def begun(self, client):
        """An export that is under way."""
        pending = client.call_async('Orders', 'Export', '(a{sv}s)', ({}, 'json'), timeout=120 * harness.TIME_FACTOR)
        for _ in range(5):
            self.client.call('Cart', 'Get')
        return pending

    def end_early(self):
        """A caller that leaves takes its exports with it: there is room for others at once."""
        leaver = harness.Client(self.bus)
        for _ in range(4):
            self.begun(leaver)
        with self.assertError('org.freedesktop.DBus.Error.LimitsExceeded', '4 exports'):
            self.client.call('Orders', 'Export', '(a{sv}s)', ({}, 'json'))
        leaver.close()
        pending = self.client.call_async('Orders', 'Export', '(a{sv}s)', ({'id': GLib.Variant('s', 'last')}, 'json'))
        pending.wait(5 * harness.TIME_FACTOR)
        os.close(pending.fds[0])


def time_of(row):
    return GLib.DateTime.new_from_unix_utc(row[6] // 1000000).format('%Y')


if __name__ == '__main__':
    harness.main()
