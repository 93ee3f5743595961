"""`customerclient stats`: the overview, the line for a period, every metric as a chart, a table, JSON and a file, held
against what Statistics and Orders say on the bus."""

import os
import re
import shutil
import subprocess
import unicodedata

from gi.repository import GLib

import harness
import history
import test_cli

SERIES = ('total-amount', 'item-cost', 'orders', 'items', 'order-time', 'delivery-place', 'delivery-duration', 'delivery-delay')
PERIODS = ('day', 'week', 'month', 'year', 'all')
NO_PERIOD = ('order-time', 'delivery-place')


def width(line):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in 'WF' else 1 for c in line)


class Stats(history.TestCase, test_cli.CliTestCase):
    sandbox_args = ('--speed', '0', '--random-seed', '7')
    orders = 120

    def series(self, metric, period='month', since=0, until=0, **filter):
        """As the daemon has it."""
        variants = {k: GLib.Variant('as', v) for k, v in filter.items()}
        return self.client.call('Statistics', 'GetFilteredSeries', '(sstta{sv})', (metric, period, since, until, variants))

    def value(self, unit, value):
        return {'minor': round(value), 'currency': unit} if re.fullmatch('[A-Z]{3}', unit) else value

    def check_document(self, document, answer):
        source, unit, points = answer
        self.assertEqual((document['source'], document['unit']), (source, unit))
        self.assertEqual([(p['label'], p['value']) for p in document['points']],
                         [(label, self.value(unit, value)) for label, _, value in points])
        self.assertEqual([('start' in p) for p in document['points']], [start > 0 for _, start, _ in points])
        self.assertEqual(document['totals']['count'], len(points))
        total = sum(v for _, _, v in points)
        if 'sum' in document['totals']:
            self.assertEqual(document['totals']['sum'], self.value(unit, total))
        if points and unit == 'minutes':
            self.assertAlmostEqual(document['totals']['mean'], total / len(points))

    def test_json_is_what_the_daemon_says(self):
        for metric in SERIES:
            for period in ('day', 'year') if metric not in NO_PERIOD else (None,):
                with self.subTest(metric=metric, period=period):
                    document = self.json('stats', metric, *(['--period', period] if period else []))
                    self.assertEqual(document['metric'], metric)
                    self.assertEqual(document.get('period'), period)
                    self.assertEqual(document['filter'], {})
                    self.assertEqual('sum' in document['totals'],
                                     metric not in ('item-cost', 'delivery-duration', 'delivery-delay'))
                    self.check_document(document, self.client.call('Statistics', 'GetSeries', '(sstt)',
                                                                   (metric, period or 'all', 0, 0)))
        deliveries = self.client.call('Statistics', 'GetDeliveries', '(tta{sv})', (0, 0, {}))
        document = self.json('stats', 'delivery')
        self.assertEqual([(d['uid'], d['promised'], d['real']) for d in document['deliveries']],
                         [(uid, promised, real) for uid, _, promised, real in deliveries])
        self.assertGreater(len(deliveries), 50)
        self.assertAlmostEqual(document['totals']['mean-delay'], sum(d[3] - d[2] for d in deliveries) / len(deliveries))
        # A filter goes to the daemon and comes back.
        places = [label for label, _, _ in self.series('delivery-place')[2]][:2]
        document = self.json('stats', 'orders', '--year=2024', '--status=delivered,finished', '--status', 'cancelled',
                             *(f'--place={p}' for p in places))
        statuses = ['delivered', 'finished', 'cancelled']
        self.assertEqual(document['filter'], {'since': '2024-01-01T00:00:00Z', 'until': '2025-01-01T00:00:00Z',
                                              'statuses': statuses, 'places': places})
        self.check_document(document, self.series('orders', 'month', 1704067200000000, 1735689600000000, statuses=statuses,
                                                  places=places))
        self.assertEqual(document['source'], 'local')
        self.assertIn('updated', document)
        cancelled = self.json('stats', 'orders', '--status=cancelled', '--period=all')['totals']['sum']
        self.assertEqual(cancelled, sum(row[2] == 'cancelled' for row in self.rows()))
        self.assertGreater(cancelled, 0)

    def test_tables_have_every_point(self):
        out = self.ok('stats', '--period=day')
        lines = out.splitlines()
        points = self.series('total-amount', 'day')[2]
        self.assertEqual(lines[0].split(), ['DAY', 'USD'])
        self.assertEqual([line.split() for line in lines[1:]], [[label, f'{v / 100:.2f}'] for label, _, v in points])
        self.assertGreater(len(points), 1000)
        lines = self.ok('--no-legend', 'stats', 'order-time').splitlines()
        self.assertEqual([line.split()[0] for line in lines], [label for label, _, _ in self.series('order-time')[2]])
        self.assertEqual(len(self.ok('stats', 'delivery').splitlines()), 1 + len(self.json('stats', 'delivery')['deliveries']))

    def test_a_year_in_one_line(self):
        made = [row for row in self.rows() if row[2] not in ('cancelled', 'rejected')]
        for year in ('2023', '2024', '2025'):
            of_year = [row for row in made if GLib.DateTime.new_from_unix_utc(row[6] // 1000000).get_year() == int(year)]
            total, n = sum(row[4] for row in of_year), len(of_year)
            self.assertGreater(n, 10)
            self.assertEqual(self.ok('stats', f'--year={year}'),
                             f'{year}: {total / 100:.2f} USD in {n} orders, {round(total / n) / 100:.2f} each.\n')
            document = self.json('stats', '--year', year)
            self.assertEqual(document['total-amount'], {'minor': total, 'currency': 'USD'})
            self.assertEqual(document['orders'], n)
        self.assertEqual(self.ok('stats', '--year=2001'), '2001: no orders.\n')
        self.assertRegex(self.ok('stats', '--since=2024-03', '--until', '2024-04'), r'^From 2024-03 to 2024-04: [\d.]+ USD in \d+ orders')

    def test_overview(self):
        out = self.ok('stats')
        overview = self.client.call('Statistics', 'GetOverview')
        document = self.json('stats')
        for key in ('this-month', 'last-month', 'last-month-to-date', 'this-year', 'last-year', 'total'):
            self.assertEqual(document[key], {'minor': overview[key], 'currency': 'USD'})
        for key in ('orders', 'delivered', 'on-time', 'cancelled', 'other-currencies', 'this-month-orders'):
            self.assertEqual(document[key], overview[key])
        self.assertEqual([(f['product'], f['name'], f['quantity'], f['amount']['minor']) for f in document['favourites']],
                         overview['favourites'])
        self.assertEqual([(p['place'], p['orders'], p['amount']['minor']) for p in document['places']], overview['places'])
        self.assertEqual([(p['product'], p['paid']['minor'], p['now']['minor']) for p in document['price-changes']],
                         [(p[0], p[2], p[3]) for p in overview['price-changes']])
        self.assertIn(f'{overview["total"] / 100:.2f} USD in {overview["orders"]} orders', out)
        self.assertIn(overview['favourites'][0][1], out)
        self.assertIn('Spent in the last twelve months', out)
        for size in ((80, 24), (60, 24), (140, 40)):
            t = self.terminal('stats', columns=size[0], rows=size[1])
            self.assertEqual(t.wait(), 0)
            self.assertEqual(t.screen.scrolled, 0, t.screen.text)
            self.assertIn('last twelve months', t.screen.text)

    def test_charts_on_terminals(self):
        """As wide as the terminal and no wider, nothing scrolls, whatever is drawn."""
        for columns, rows in ((80, 24), (140, 40), (20, 24)):
            for metric in (*SERIES, 'delivery'):
                with self.subTest(metric=metric, columns=columns):
                    t = self.terminal('stats', metric, columns=columns, rows=rows)
                    self.assertEqual(t.wait(), 0, t.screen.text)
                    self.assertEqual(t.screen.scrolled, 0, t.screen.text)
                    self.assertEqual(t.screen.coloured, True)
                    # A line too long would have gone on in the next row.
                    plain = re.sub(r'\x1b\[[\d;]*m', '', t.raw).replace('\r', '')
                    self.assertEqual([line.rstrip() for line in plain.rstrip('\n').split('\n')], t.screen.lines())
                    self.assertLessEqual(max(map(width, t.screen.lines())), columns)
                    if columns > 20 and metric != 'delivery-place':
                        self.assertEqual(max(map(width, t.screen.lines())), columns)
                    if columns > 20:
                        self.assertRegex(t.screen.text, 'From the service|Computed here')
        t = self.terminal('stats', 'orders', NO_COLOR='1')
        self.assertEqual((t.wait(), t.screen.coloured), (0, False))
        for more, env in ((['--ascii'], {}), ([], {'TERM': 'dumb'}), ([], {'LC_ALL': 'C'})):
            t = self.terminal('stats', 'orders', '--year=2024', *more, **env)
            self.assertEqual(t.wait(), 0)
            self.assertTrue(t.screen.text.isascii(), t.screen.text)
            self.assertIn('##', t.screen.text)
        # In a pipe only where it is asked for, for 80 columns and without colour.
        out = self.ok('stats', 'items', '--chart=line')
        self.assertNotIn('\x1b', out)
        self.assertEqual(max(map(width, out.splitlines())), 80)
        self.assertTrue(any('\u2800' < c <= '\u28ff' for c in out))

    def test_dates_are_the_daemons(self):
        """A terminal in another zone puts no month under another name."""
        for period in ('day', 'week', 'month', 'year'):
            drawn = {self.ok('stats', 'orders', '--chart=bar', '--period', period, TZ=zone)
                     for zone in ('UTC', 'Pacific/Kiritimati', 'Pacific/Pago_Pago')}
            self.assertEqual(len(drawn), 1)

    def test_every_kind_of_chart(self):
        for metric in (*SERIES, 'delivery'):
            for kind in ('line', 'bar', 'histogram', 'scatter'):
                with self.subTest(metric=metric, kind=kind):
                    p = self.cli('stats', metric, '--chart', kind)
                    possible = {'delivery-place': ('bar',), 'delivery': ('scatter',),
                                'order-time': ('histogram', 'bar', 'line')}.get(metric, (kind,))
                    self.assertEqual(p.returncode, 0 if kind in possible else 2, p.stderr)
                    if kind not in possible:
                        self.assertIn(f"'{metric}'", p.stderr)

    def test_files(self):
        folder = os.path.join(self.dir, 'files')
        os.mkdir(folder)
        names = {kind: os.path.join(folder, f'spent.{kind}') for kind in ('svg', 'png', 'pdf')}
        out = self.ok('stats', '--period=month', *(f'--{kind}={name}' for kind, name in names.items()))
        self.assertEqual(out.split(), list(names.values()))
        self.assertEqual(sorted(os.listdir(folder)), ['spent.pdf', 'spent.png', 'spent.svg'])
        subprocess.run(['xmllint', '--noout', names['svg']], check=True)
        with open(names['svg'], encoding='utf-8') as f:
            self.assertIn('<title>Spent by month</title>', f.read())
        text = subprocess.run(['pdftotext', '-layout', names['pdf'], '-'], check=True, capture_output=True, text=True).stdout
        for words in ('Spent by month', 'USD', '2024', 'From the service.'):
            self.assertIn(words, text)
        info = subprocess.run(['pdfinfo', names['pdf']], check=True, capture_output=True, text=True).stdout
        self.assertRegex(info, r'Title: +Spent by month\n')
        self.assertRegex(info, r'Page size: +841\.\d+ x 595\.\d+ pts \(A4\)')
        size = subprocess.run(['identify', '-format', '%wx%h %[colorspace] %k', names['png']], check=True, capture_output=True,
                              text=True).stdout.split()
        self.assertEqual(size[0], '1600x900')
        self.assertGreater(int(size[2]), 20)  # colours: something is drawn
        # To stdout; as JSON; and what cannot be written says so and leaves what was there.
        p = subprocess.run([harness.binary('customerclient'), 'stats', 'delivery', '--png=-'], capture_output=True,
                           env=self.environment(), check=True)
        self.assertTrue(p.stdout.startswith(b'\x89PNG\r\n') and p.stdout.endswith(b'IEND\xaeB`\x82'))
        self.assertEqual(self.json('stats', 'orders', '--svg', names['svg']), {'files': [names['svg']]})
        self.fails(2, 'stats', '--svg=-', '--pdf=-', says='--pdf -')
        self.assertEqual(self.cli('--json', 'stats', '--svg=-').returncode, 2)
        missing = os.path.join(folder, 'missing', 'a.svg')
        p = self.cli('stats', 'orders', '--svg', missing)
        self.assertIn(p.returncode, (1, 2))
        self.assertIn(missing, p.stderr)
        before = os.stat(names['pdf'])
        p = subprocess.run(['sh', '-c', f'trap "" XFSZ; ulimit -f 1; exec "$0" stats --pdf={names["pdf"]}', harness.binary('customerclient')],
                           capture_output=True, text=True, env=self.environment(), check=False)
        self.assertNotEqual(p.returncode, 0)
        self.assertEqual(os.stat(names['pdf']), before)
        self.assertEqual(sorted(os.listdir(folder)), ['spent.pdf', 'spent.png', 'spent.svg'])

    def test_usage(self):
        self.fails(2, 'stats', 'money', says='it is one of: total-amount, item-cost, orders')
        self.fails(2, 'stats', '--period=hour', says='day, week, month, year, all')
        self.fails(2, 'stats', '--chart=pie', says='line, bar, histogram, scatter')
        self.fails(2, 'stats', '--year=last', says="--year cannot be 'last'")
        self.fails(2, 'stats', '--year=2025', '--since=2024', says='--year and --since')
        self.fails(2, 'stats', '--since=2025', '--until=2024', says='--since 2025 is after --until 2024')
        self.fails(2, 'stats', '--since=soon', says="--since cannot be 'soon'")
        self.fails(2, 'stats', '--status=eaten', says="--status cannot be 'eaten'")
        self.fails(2, 'stats', '--place=', says='--place needs')
        self.fails(2, 'stats', 'order-time', '--period=day', says="'order-time' has no --period")
        self.fails(2, 'stats', '--svg=', says='--svg needs')

    def test_offline(self):
        online = self.json('stats', 'total-amount', '--period=month')
        self.assertEqual(online['source'], 'backend')
        self.sandbox.kill()
        with self.assertError('Offline'):
            self.sync()
        offline = self.json('stats', 'total-amount', '--period=month')
        self.assertEqual(offline['source'], 'local')
        self.assertEqual(offline['points'], online['points'])
        self.assertIn('Computed here', self.ok('stats', 'orders', '--chart=bar'))
        self.assertIn('Spent in the last twelve months', self.ok('stats'))

    def test_hostile_texts(self):
        """Names of the service's on a terminal: no escapes, no lines that are too long."""
        self.hostile()
        for arguments in (('stats',), ('stats', 'delivery-place'), ('stats', 'delivery-place', '--ascii')):
            t = self.terminal(*arguments)
            self.assertEqual(t.wait(), 0)  # the screen fails on what it does not know
            self.assertEqual(t.screen.scrolled, 0, t.screen.text)
            self.assertNotRegex(t.raw, '[\u202a-\u202e]')
        svg = os.path.join(self.dir, 'places.svg')
        self.ok('stats', 'delivery-place', '--svg', svg)
        subprocess.run(['xmllint', '--noout', svg], check=True)


class Nobody(test_cli.CliTestCase):
    def test_not_signed_in_and_no_orders(self):
        for arguments in (('stats',), ('stats', 'orders'), ('stats', 'delivery'), ('stats', '--year=2025')):
            self.fails(4, *arguments, says='sign in first', name='NotSignedIn')
        self.sign_up_and_in()
        self.sync()
        self.assertRegex(self.ok('stats'), '^No orders yet')
        self.assertEqual(self.ok('stats', '--year=2025'), '2025: no orders.\n')
        self.assertEqual(self.json('stats', 'items')['points'], [])
        for metric in (*SERIES, 'delivery'):
            t = self.terminal('stats', metric)
            self.assertEqual(t.wait(), 0)
            self.assertIn('Nothing in this period.', t.screen.text)
        svg = os.path.join(self.dir, 'nothing.svg')
        self.ok('stats', 'orders', '--svg', svg)
        subprocess.run(['xmllint', '--noout', svg], check=True)

    def test_one_order_and_one_of_another_currency(self):
        self.sign_up_and_in()

        def made(**more):
            self.sandbox.request('POST', '/Sandbox/Orders', {'login': 'ann', 'orders': [
                {'dateCreated': '2025-05-05T12:00:00Z', 'dateEndExpected': '2025-05-05T12:30:00Z',
                 'dateEndActual': '2025-05-05T12:35:00Z', 'products': [{'id': 1, 'price': 5.00, 'quantity': 1}], **more}]})
            self.sync()
        made()
        self.wait_for_orders(1)
        self.assertEqual(self.ok('stats', '--year=2025'), '2025: 5.00 USD in 1 order, 5.00 each.\n')
        for metric, says in (('order-time', '1 order.'), ('delivery-place', '1 order to 1 place.'),
                             ('delivery', '0 of 1 delivery on time')):
            t = self.terminal('stats', metric)
            self.assertEqual(t.wait(), 0)
            self.assertIn(f'\n{says}', t.screen.text)
        made(currency='JPY')
        self.wait_for_orders(2)
        self.assertEqual(self.ok('stats', '--year=2025'),
                         '2025: 5.00 USD in 2 orders, sums in another currency not added.\n')
        self.assertIn('1 in another currency not counted', self.ok('stats'))

    def wait_for_orders(self, n):
        harness.poll(lambda: len(self.client.call('Orders', 'List', '(a{sv}us)', ({}, 10, ''))[0]) == n, what='the orders')


class Completion(test_cli.CliTestCase):
    start_daemon = start_sandbox = False

    def test_words(self):
        bash = self.ok('completion', 'bash')
        for shell in ('bash', 'zsh', 'fish'):
            script = self.ok('completion', shell)
            for words in (' '.join((*SERIES, 'delivery')), ' '.join(PERIODS), 'line bar histogram scatter'):
                self.assertIn(words, script, shell)
        script = ('source <("$1" completion bash); COMP_LINE=$2; COMP_POINT=${#2}; _customerclient; printf "%s\\n" "${COMPREPLY[@]}"')

        def complete(line):
            return subprocess.run(['bash', '-c', script, 'bash', harness.binary('customerclient'), line], capture_output=True,
                                  text=True, check=True).stdout.split()
        self.assertTrue(bash)
        self.assertEqual(complete('customerclient stats del'), ['delivery-place', 'delivery-duration', 'delivery-delay', 'delivery'])
        self.assertEqual(complete('customerclient stats orders --period=w'), ['week'])
        self.assertEqual(complete('customerclient stats --chart=h'), ['histogram'])


if __name__ == '__main__':
    for tool in ('xmllint', 'pdftotext', 'identify'):
        if not shutil.which(tool):
            raise SystemExit(f'{tool} is needed')
    harness.main()
