"""The page of `stats --html` in a real browser: driven by keyboard alone, with the network cut, its totals are those of
the daemon's statistics with the same filter, it makes no request, and an accessibility checker finds nothing."""

import datetime
import json
import os
import re
import shutil
import subprocess
import unittest
import zoneinfo

from gi.repository import GLib

import harness
import history

DRIVER = os.path.join(harness.SOURCE_DIR, 'tests', 'dashboard')
CHROMIUM = os.environ.get('CHROMIUM') or shutil.which('chromium') or shutil.which('chromium-browser')
ZONE = 'Europe/Berlin'
METRICS = ('total-amount', 'item-cost', 'orders', 'items', 'order-time', 'delivery-place', 'delivery-duration', 'delivery-delay')


def missing():
    if not CHROMIUM:
        return 'chromium is not there'
    if not shutil.which('node'):
        return 'node is not there'
    if not os.path.isdir(os.path.join(DRIVER, 'node_modules', 'playwright-core')):
        return 'run "npm install" in tests/dashboard'
    return None


def cut_off():
    """Before a command: a network namespace of its own, where that is allowed."""
    command = ['unshare', '--net', '--map-root-user', '--']
    allowed = subprocess.run([*command, 'true'], capture_output=True, check=False).returncode == 0
    return command if allowed else []


def midnight(day):
    """µs of a local date's beginning."""
    return int(datetime.datetime.combine(day, datetime.time(), zoneinfo.ZoneInfo(ZONE)).timestamp()) * 1000000


@unittest.skipIf(missing(), missing())
class Page(history.TestCase):
    daemon_env = {'TZ': ZONE}
    orders = 60

    def setUp(self):
        super().setUp()
        self.hostile()
        self.path = f'{self.dir}/orders.html'

    def write(self, *arguments):
        p = self.cli('stats', '--html', self.path, *arguments, TZ=ZONE)
        self.assertEqual((p.returncode, p.stderr), (0, ''))
        with open(self.path, encoding='utf-8') as f:
            return f.read()

    def drive(self, *steps, **plan):
        """The answers of the steps; the page must have made no request, and the browser must have nothing to say."""
        plan = {'file': self.path, 'chromium': CHROMIUM, 'steps': steps, 'shots': os.environ.get('TEST_SHOTS'), **plan}
        p = subprocess.run([*cut_off(), 'node', os.path.join(DRIVER, 'drive.mjs')], input=json.dumps(plan), capture_output=True,
                           text=True, timeout=120 * harness.TIME_FACTOR, check=False,
                           env={**os.environ, 'HOME': self.dir, 'TMPDIR': self.dir})
        self.assertEqual(p.returncode, 0, p.stderr)
        result = json.loads(p.stdout)
        self.assertNotIn('failed', result)
        self.assertEqual(result['requests'], [])
        self.assertEqual(result['complaints'], [])
        self.assertEqual(result['markup'], [])
        return result['answers']

    def series(self, metric, period, since=None, until=None, **filter):
        """Labels and values, as the daemon has them; `until` is the last day."""
        filter = {k: GLib.Variant('as', v) for k, v in filter.items()}
        start = midnight(since) if since else 0
        end = midnight(until + datetime.timedelta(days=1)) if until else 0
        _, unit, points = self.client.call('Statistics', 'GetFilteredSeries', '(sstta{sv})',
                                           (metric, period, start, end, {'source': GLib.Variant('s', 'local'), **filter}))
        return unit, [(label, value) for label, _, value in points]

    def stats(self, metric, period, since=None, until=None, statuses=None, places=()):
        """Labels and values of `stats --json`. All that count by name: of what the cache has, not of what the service has."""
        statuses = statuses or [s for s in {row[2] for row in self.rows()} if s != 'cancelled']
        p = self.cli('--json', 'stats', metric, f'--period={period}', *([f'--since={since}'] if since else []),
                     *([f'--until={until}'] if until else []), f'--status={",".join(statuses)}',
                     *(f'--place={place}' for place in places), TZ=ZONE)
        self.assertEqual(p.returncode, 0, p.stderr)
        points = json.loads(p.stdout)['points']
        return [(p['label'], p['value']['minor'] if isinstance(p['value'], dict) else p['value']) for p in points]

    def assertShows(self, shown, period='month', **filter):
        """Every number of the page is the daemon's, and what the command says."""
        for metric in ('total-amount', 'items'):
            self.assertEqual([(label, float(value)) for label, value, _ in shown['tables'][metric]],
                             [(label, float(value)) for label, value in self.stats(metric, period, **filter)], metric)
        for metric in METRICS:
            _, points = self.series(metric, period, **filter)
            table = [(label, value) for label, value, _ in shown['tables'][metric]]
            if metric == 'order-time' and not any(value for _, value in points):
                points = []
            if metric == 'delivery-place':
                points, table = sorted((clean(label), value) for label, value in points), sorted(table)
            self.assertEqual([label for label, _ in table], [label for label, _ in points], metric)
            for (label, text), (_, value) in zip(table, points):
                if metric.startswith('delivery-d'):
                    self.assertAlmostEqual(float(text), value, 7, f'{metric} {label}')
                else:
                    self.assertEqual(float(int(text)), value, f'{metric} {label}')
        for metric in ('total-amount', 'orders', 'items', 'item-cost', 'delivery-duration', 'delivery-delay'):
            _, points = self.series(metric, 'all', **filter)
            text = shown['tiles'][metric]
            if points:
                self.assertAlmostEqual(float(text), points[0][1], 7, metric)
            else:
                self.assertIn(text, ('', '0'), metric)

    def test_every_filter(self):
        self.write()
        rows = self.rows()
        statuses = {row[2] for row in rows}
        self.assertLessEqual({'finished', 'cancelled', 'in-delivery'}, statuses)
        today = datetime.datetime.now(zoneinfo.ZoneInfo(ZONE)).date()
        last_year = {'since': datetime.date(today.year - 1, 1, 1), 'until': datetime.date(today.year - 1, 12, 31)}
        typed = {'since': datetime.date(2024, 3, 31), 'until': datetime.date(2025, 10, 26)}
        counted = sorted(statuses - {'cancelled'})
        cases = [
            ('all', [('tables',)], {}),
            ('by day', [('tab', '#period'), ('choose', 'day')], {'period': 'day'}),
            ('by week', [('choose', 'week')], {'period': 'week'}),
            ('by year', [('choose', 'year')], {'period': 'year'}),
            ('all at once', [('choose', 'all')], {'period': 'all'}),
            ('last year', [('choose', 'month'), ('tab', '#range'), ('choose', 'last-year')], last_year),
            ('from and to', [('press', 'Tab'), ('type', '03312024'), ('tab', '#to'), ('type', '10262025')], typed),
            ('an empty range', [('tab', '#from'), ('type', '01012001'), ('tab', '#to'), ('type', '01022001')],
             {'since': datetime.date(2001, 1, 1), 'until': datetime.date(2001, 1, 2)}),
            ('reset', [('tab', '#reset'), ('press', 'Enter')], {}),
            ('with the cancelled', [('tab', self.box('statuses', 'cancelled')), ('press', 'Space')], {'statuses': [*counted, 'cancelled']}),
            ('only the cancelled', [step for s in counted for step in (('tab', self.box('statuses', s)), ('press', 'Space'))],
             {'statuses': ['cancelled']}),
            ('no status', [('tab', self.box('statuses', 'cancelled')), ('press', 'Space')], None),
            ('reset again', [('tab', '#reset'), ('press', 'Space')], {}),
            ('a place', [('tab', '#find'), ('type', 'LINDWURM'), ('press', 'Tab'), ('press', 'Space')],
             {'places': ['Lindwurmstraße 118, Munich']}),
            ('two places and a year by week', [('tab', '#find'), ('press', 'Control+a'), ('type', 'kastanien'), ('tab', '#places input:not(:checked)'),
             ('press', 'Space'), ('tab', '#range'), ('choose', 'last-year'), ('tab', '#period'), ('choose', 'week')],
             {'places': ['Lindwurmstraße 118, Munich', 'Kastanienallee 27, Berlin'], 'period': 'week', **last_year}),
        ]
        steps, at = [], []
        for _, does, _ in cases:
            steps += [*does, ('read',)]
            at.append(len(steps) - 1)
        answers = self.drive(*steps)
        self.assertTrue(all(answer for (verb, *_), answer in zip(steps, answers) if verb == 'tab'), 'the focus is not seen')
        totals = set()
        for (name, _, filter), i in zip(cases, at):
            with self.subTest(name):
                if filter is None:
                    self.assertEqual(answers[i]['tiles']['orders'], '0')
                else:
                    self.assertShows(answers[i], **filter)
                totals.add(answers[i]['tiles']['total-amount'])
        # Filters that changed nothing would prove nothing.
        self.assertGreaterEqual(len(totals), 6)
        first = answers[at[0]]
        self.assertIn('2 in another currency', first['status'])
        delivered = self.client.call('Statistics', 'GetDeliveries', '(tta{sv})', (0, 0, {}))
        self.assertEqual(sum(int(orders) for _, _, orders in first['tables']['delivery']), len(delivered))

    @staticmethod
    def box(group, text):
        """The checkbox of that label, by its place among the page's statuses."""
        return f'#{group} input[data-text="{text}"]'

    def test_accessible_and_names_are_only_names(self):
        text = self.write('--since=2023-06', '--status=finished')
        self.assertEqual(len(re.findall(r'<script', text)), 2)
        self.assertEqual(len(re.findall(r'</script', text)), 2)
        self.assertNotRegex(text, r'<img|<!--')
        policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text).group(1)
        self.assertRegex(policy, r"^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/]{43}='; script-src 'sha256-[A-Za-z0-9+/]{43}=';")
        self.assertNotIn('unsafe', policy)
        self.assertNotRegex(re.sub(r'http://www\.w3\.org/2000/svg|http://evil\.example', '', text), r'https?://|@import|url\(| src="')
        steps = self.accessible()
        answers = self.drive(*steps, ('evaluate', 'document.scripts.length'), ('tab', '#plot-delivery-place'),
                             ('press', 'Home', 'ArrowDown'), ('evaluate', 'document.activeElement.getAttribute("aria-valuetext")'),
                             ('evaluate', '[...document.querySelectorAll("#places input")].map((e) => e.dataset.text)'))
        names = set(answers.pop())
        self.assertLessEqual({clean(name) for name in history.HOSTILE[1:20]}, names)
        self.assertEqual(answers[-4], 2)
        self.assertRegex(answers[-1], r': \d+$')
        self.check_accessible(answers[:len(steps)])

    def accessible(self):
        return (
            ('load_axe',), ('shot', 'light.png'), ('tables',), ('axe',), ('scheme', 'dark'), ('axe',), ('shot', 'dark.png'), ('width', 400), ('axe',),
            ('shot', 'dark-400.png'), ('tab', '#theme input'), ('press', 'ArrowRight'), ('evaluate', 'document.documentElement.dataset.theme'), ('axe',),
            ('shot', 'light-400.png'), ('scheme', 'light'), ('press', 'ArrowRight'), ('evaluate', 'getComputedStyle(document.body).backgroundColor'),
            ('tab', '#reset'), ('tab', '#plot-total-amount'), ('press', 'Home'), ('evaluate', 'document.activeElement.getAttribute("aria-valuetext")'),
            ('press', 'End', 'ArrowLeft'), ('evaluate', 'document.activeElement.getAttribute("aria-valuenow")'),
            ('tab', '#kind-total-amount'), ('choose', 'histogram'), ('tab', '#kind-delivery-delay'), ('choose', 'histogram'), ('axe',),
            ('tab', '#kind-total-amount'), ('choose', 'bar'), ('read',))

    def check_accessible(self, answers):
        for answer in answers:
            if isinstance(answer, list):
                self.assertEqual(answer, [])
        self.assertEqual(sum(answer == [] for answer in answers), 5)
        self.assertIn('light', answers)
        self.assertIn('rgb(18, 20, 22)', answers)
        filter = {'since': datetime.date(2023, 6, 1), 'statuses': ['finished']}
        _, points = self.series('total-amount', 'month', **filter)
        self.assertTrue(any(isinstance(a, str) and a.startswith(f'{points[0][0]}: ') for a in answers), answers)
        self.assertIn(str(len(points) - 2), answers)
        shown = next(a for a in answers if isinstance(a, dict))
        # One of the tables is of a histogram; the others are of series.
        _, points = self.series('delivery-delay', 'month', **filter)
        self.assertEqual(sum(int(value) for _, value, _ in shown['tables']['delivery-delay']),
                         sum(int(orders) for _, _, orders in shown['tables']['delivery']))
        shown['tables']['delivery-delay'] = [(label, str(value), None) for label, value in points]
        self.assertShows(shown, **filter)


@unittest.skipIf(missing(), missing())
@unittest.skipUnless('TEST_LONG' in os.environ, 'takes a minute: set TEST_LONG')
class Large(Page):
    """10 000 orders, and a change of a filter is there at once; 100 000 open."""

    CHANGE = """(() => { const e = document.getElementById("period"), began = performance.now();
        e.value = "%s"; e.dispatchEvent(new Event("change", { bubbles: true })); return performance.now() - began; })()"""

    def setUp(self):
        self.orders = 100000 if self.id().endswith('opens') else 10000
        history.TestCase.setUp(self)
        self.path = f'{self.dir}/orders.html'

    def test_every_filter(self):
        self.write()
        for spent in self.drive(*(('evaluate', self.CHANGE % period) for period in ('day', 'week', 'year', 'month'))):
            self.assertLess(spent, 1000 * harness.TIME_FACTOR)  # ms; a tenth of that where nothing else runs

    def test_accessible_and_names_are_only_names(self):
        self.write()
        self.assertEqual(self.drive(('load_axe',), ('tables',), ('axe',))[-1], [])

    def test_a_hundred_thousand_opens(self):
        p = self.cli('stats', '--html', self.path, TZ=ZONE, timeout=120)
        self.assertEqual(p.returncode, 0, p.stderr)
        self.assertShows(self.drive(('tables',), ('read',))[-1])


def clean(text):
    """As the CLI shows text of the service."""
    return re.sub(r'[\u202a-\u202e\u2066-\u2069]', '\ufffd', re.sub(r'[\t\r\n]', ' ', text))


if __name__ == '__main__':
    harness.main()
