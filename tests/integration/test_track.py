"""`customerclient track` under a pty of 80x24 and one of 40x12: the whole screen at every stage, nothing scrolls, ages count
on, a daemon killed under it is said and recovered from, Ctrl-C gives the terminal back. And in a pipe."""

import json
import os
import re
import signal
import subprocess
import unittest

import harness
from harness import GLib, TIMEOUT, binary, iterate
from screen import Terminal

STAGES = (('Requested', 'requested', 'Requested'), ('Processing', 'processing', 'Accepted'),
          ('In the process of cooking', 'cooking', 'Being cooked'),
          ('Ready to deliver', 'ready-to-deliver', 'Ready to deliver'), ('In delivery', 'in-delivery', 'On the way'),
          ('Delivered', 'delivered', 'Delivered'))
LABELS = ('Requested', 'Accepted', 'Cooking', 'Ready', 'On the way', 'Delivered')
CLOCK = r'(?:yesterday |tomorrow )?\d\d:\d\d'
SPAN = r'\d+ (?:s|min|h)(?: \d+ (?:s|min))?'
RANGE = r'(?: \(\d\d:\d\d–\d\d:\d\d\))?'
ARRIVAL = rf'expected {CLOCK}{RANGE}(?:, in {SPAN}|, any moment)?(?:, {SPAN} late)?'
AWAY = r'(?:\d+ m|\d+\.\d km) away'


def wide_picture(order, stage, progress):
    """A pattern for each line of the screen of 80 columns."""
    pending = stage < 5
    money = f'{order["total-price"]["minor"] / 100:.2f} USD, cash'
    marks = '  '.join(f'{"●" if i == stage and pending else "✓" if i <= stage else "○"} {label}'
                      for i, label in enumerate(LABELS))
    full = 72 * progress // 100
    items = ', '.join(f'{p["quantity"]} × {p["name"]}' for p in order['products'])
    courier, where = 'nobody yet', ''
    if stage >= 4:
        courier = r'\S.*, \+\d+'
        where = rf'         {AWAY}, seen {SPAN} ago'
    lines = [re.escape('Order ' + order['number']) + ' +' + re.escape(money), '',
             STAGES[stage][2] + ' +' + (ARRIVAL if pending else rf'at {CLOCK}(?:, {SPAN} late)?'),
             rf' +said {SPAN} ago' if pending else '',
             '█' * full + '░' * (72 - full) + f'  {progress:3} %', marks, '',
             f'Courier  {courier}', where if pending else '',
             re.escape(f'Code     {order["confirmation-code"]}') if pending else '',
             re.escape(f'To       {order["destination"]}'), re.escape(f'Items    {items}')]
    if pending:
        lines += ['', rf'Live, confirmed {SPAN} ago +Ctrl-C leaves, the order goes on']
    return lines


def narrow_picture(order, stage, progress):
    """The same for 40 columns."""
    pending = stage < 5
    money = f'{order["total-price"]["minor"] / 100:.2f} USD'
    full = 32 * progress // 100
    courier, where = 'nobody yet', f'        code {order["confirmation-code"]}'
    if stage >= 4:
        courier = rf'\S.*, {AWAY}' if pending else rf'\S.*'
        where = rf'        seen {SPAN} ago, code {order["confirmation-code"]}'
    lines = [re.escape('Order ' + order['number']) + ' +' + re.escape(money), STAGES[stage][2],
             ARRIVAL if pending else rf'at {CLOCK}(?:, {SPAN} late)?', rf'said {SPAN} ago' if pending else '', '█' * full + '░' * (32 - full) + f'  {progress:3} %',
             f'Courier {courier}', where if pending else '',
             re.escape(f'To      {order["destination"]}')]
    if pending:
        lines.append(rf'Live, confirmed {SPAN} ago')
    return lines


class TrackTestCase(harness.TestCase):
    sandbox_args = ('--speed', '0', '--random-seed', '7')

    def setUp(self):
        super().setUp()
        self.sign_up_and_in()
        self.uid, _ = self.place()
        self.order = self.show()
        if self.client.get('Daemon', 'PushState') != 'server-sent-events':
            self.events.wait_for_change('Daemon', 'PushState', 'server-sent-events')

    def show(self):
        return json.loads(self.cli('--json', 'show', self.uid).stdout)

    def track(self, *arguments, columns=80, rows=24, argv=None, **env):
        t = Terminal(argv or [binary('customerclient'), 'track', *arguments], self.environment(**env), columns, rows)
        self.addCleanup(t.close)
        return t

    def piped(self, *arguments):
        p = subprocess.Popen([binary('customerclient'), *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True, env=self.environment())
        self.addCleanup(lambda: p.poll() is None and p.kill())
        self.addCleanup(p.stdout.close)
        self.addCleanup(p.stderr.close)
        return p

    def kill_daemon(self):
        self.expected_log.append('.')
        self.daemon.kill()

    def assertScreen(self, screen, patterns):
        lines = screen.lines()
        wanted = list(patterns)
        while wanted and re.fullmatch(wanted[-1], ''):
            wanted.pop()
        self.assertEqual(len(lines), len(wanted), screen.text)
        for line, pattern in zip(lines, wanted):
            self.assertRegex(line, rf'^(?:{pattern})$', screen.text)

    def wait_for_screen(self, t, patterns):
        """A terminal may be read when half a picture has come."""
        def shown(screen):
            try:
                self.assertScreen(screen, patterns)
            except AssertionError:
                return False
            return True
        try:
            t.wait_for(shown)
        except AssertionError:
            self.assertScreen(t.screen, patterns)
            raise


class Stages(TrackTestCase):
    def follow(self, columns, rows, picture):
        t = self.track(columns=columns, rows=rows)
        for stage, (service, status, label) in enumerate(STAGES):
            if stage > 0:
                self.sandbox.advance(self.uid, service)
            if stage < 5:
                def arrived(screen, label=label, stage=stage):
                    lines = screen.lines()
                    return any(line.startswith(label) for line in lines[1:3]) and (stage < 4 or ' away' in screen.text)
                t.wait_for(arrived)
                progress = self.client.get('Order', 'Progress', self.object_path())
                self.wait_for_screen(t, picture(self.order, stage, progress))
                self.assertFalse(t.screen.cursor_visible)
            self.assertEqual(t.screen.scrolled, 0)
        self.assertEqual(t.wait(), 0)
        self.assertEqual(t.screen.scrolled, 0)
        self.assertTrue(t.screen.cursor_visible)
        self.assertTrue(t.echoes())
        lines = t.screen.lines()
        self.assertEqual(lines.pop(), f'Next: customerclient rate {self.order["number"]} STARS')
        while lines and not lines[-1]:
            lines.pop()
        t.screen.cells = [list(line) for line in lines]
        self.assertScreen(t.screen, picture(self.order, 5, 100))

    def object_path(self):
        return next(path for path, interfaces in self.client.objects().items()
                    if any(p.get('Uid') == self.uid for p in interfaces.values()))

    def test_80x24(self):
        self.follow(80, 24, wide_picture)

    def test_40x12(self):
        self.follow(40, 12, narrow_picture)


class Behaviour(TrackTestCase):
    def age(self, screen):
        found = re.search(r'confirmed (?:(\d+) min )?(\d+) s ago', screen.text)
        return int(found.group(1) or 0) * 60 + int(found.group(2)) if found else None

    def test_ages_count_on_without_any_event(self):
        t = self.track()
        t.wait_for('confirmed')
        first = self.age(t.screen)
        signals = len(self.events.signals)
        t.wait_for(lambda s: self.age(s) is not None and self.age(s) >= first + 3)
        self.assertEqual(self.events.signals[signals:], [])
        self.assertEqual(t.screen.scrolled, 0)

    def test_ctrl_c(self):
        t = self.track()
        t.wait_for('Ctrl-C leaves')
        iterate(lambda: not t.echoes(), what='the echo off')
        before = t.screen.lines()
        t.type('typed by the way')
        t.type('\x03')
        self.assertEqual(t.wait(), 130)
        self.assertTrue(t.screen.cursor_visible)
        self.assertTrue(t.echoes())
        self.assertEqual((t.screen.x, t.screen.y), (0, len(before)))
        self.assertNotIn('typed', t.raw)
        self.assertNotIn('^C', t.raw)
        self.assertEqual([line.split('confirmed')[0] for line in t.screen.lines()],
                         [line.split('confirmed')[0] for line in before])

    def test_terminated(self):
        t = self.track()
        t.wait_for('Ctrl-C leaves')
        t.signal(signal.SIGTERM)
        self.assertEqual(t.wait(), 130)
        self.assertTrue(t.screen.cursor_visible)
        self.assertTrue(t.echoes())

    def test_suspended_and_resumed(self):
        t = self.track()
        t.wait_for('Ctrl-C leaves')
        iterate(lambda: not t.screen.cursor_visible and not t.echoes(), what='the terminal taken')
        t.signal(signal.SIGTSTP)
        t.wait_for(lambda s: s.cursor_visible)
        status = [0]

        def stopped():
            _, status[0] = os.waitpid(t.popen.pid, os.WUNTRACED | os.WNOHANG)
            return os.WIFSTOPPED(status[0]) if status[0] else False
        tick = GLib.timeout_add(50, lambda: GLib.SOURCE_CONTINUE)
        iterate(stopped, what='the stop')
        GLib.source_remove(tick)
        self.assertTrue(t.echoes())
        t.signal(signal.SIGCONT)
        t.wait_for(lambda s: not s.cursor_visible)
        self.sandbox.advance(self.uid, 'Processing')
        t.wait_for('Accepted')

    def test_daemon_killed_and_back(self):
        t = self.track()
        t.wait_for('Live, confirmed')
        self.kill_daemon()
        t.wait_for(lambda s: re.search(r'Daemon gone for [2-9] s, waiting for it', s.text))
        self.assertEqual(t.screen.scrolled, 0)
        self.sandbox.advance(self.uid, 'In the process of cooking')
        self.start()
        t.wait_for('Being cooked')
        t.wait_for('Live, confirmed')
        self.assertNotIn('gone', t.screen.text)
        self.assertEqual(t.screen.scrolled, 0)
        self.sandbox.advance(self.uid, 'Delivered')
        self.assertEqual(t.wait(), 0)

    def test_nothing_scrolls_at_the_bottom_of_the_screen(self):
        t = self.track(argv=['sh', '-c', f'seq 30; exec {binary("customerclient")} track'])
        t.wait_for('Ctrl-C leaves')
        first, scrolled = t.screen.lines()[:10], t.screen.scrolled
        for service, _, label in STAGES[1:5]:
            self.sandbox.advance(self.uid, service)
            t.wait_for(lambda s, label=label: any(line.startswith(label) for line in s.lines()))
        self.assertEqual(t.screen.scrolled, scrolled)
        self.assertEqual(t.screen.lines()[:10], first)

    def test_resized(self):
        t = self.track()
        t.wait_for('Ctrl-C leaves')
        t.resize(40, 12)
        t.wait_for(lambda s: s.lines() and re.fullmatch(r'Live, confirmed \d+ s ago', s.lines()[-1]))
        self.assertEqual(t.screen.scrolled, 0)
        t.resize(100, 30)
        t.wait_for('Ctrl-C leaves')

    def test_late(self):
        t = self.track()
        t.wait_for('Live, confirmed')
        self.assertNotIn('late', t.screen.text)
        self.sandbox.request('POST', '/Sandbox/Advance', {'deliveryOrderUid': self.uid, 'delayMinutes': 12})
        t.wait_for(lambda s: re.search(rf'^Requested +expected {CLOCK}{RANGE}, in {SPAN}, 12 min late$', s.text, re.M))
        self.assertEqual(t.screen.scrolled, 0)

    def test_cancelled(self):
        t = self.track(columns=40, rows=12)
        t.wait_for('Live, confirmed')
        self.client.call('Orders', 'Cancel', '(ssa{sv})', (self.uid, 'changed my mind', {}))
        self.assertEqual(t.wait(), 8)
        self.assertIn('Cancelled', t.screen.text)
        self.assertIn(f'customerclient: Order {self.order["number"]} was', t.screen.text)
        self.assertTrue(t.screen.cursor_visible)

    def test_offline(self):
        t = self.track()
        t.wait_for('Live, confirmed')
        self.sandbox.kill()
        t.wait_for('Offline, confirmed', timeout=60)
        self.assertEqual(t.screen.scrolled, 0)

    def test_without_unicode_and_without_colour(self):
        t = self.track(LC_ALL='C', NO_COLOR='1')
        t.wait_for('Ctrl-C leaves')
        self.assertTrue(t.raw.isascii())
        self.assertFalse(t.screen.coloured)
        self.assertIn('* Requested', t.screen.text)


class Pipe(TrackTestCase):
    def test_one_line_per_change(self):
        p = self.piped('track', 'last')
        lines = [p.stdout.readline()]
        for service, status, _ in STAGES[1:]:
            self.sandbox.advance(self.uid, service)
            while f'  {status}  ' not in lines[-1]:
                lines.append(p.stdout.readline())
                self.assertTrue(lines[-1], lines)
        out, err = p.communicate(timeout=TIMEOUT)
        self.assertEqual((p.returncode, out, err), (0, '', ''))
        for line in lines:
            self.assertRegex(line, r'^\d{4}-\d\d-\d\d \d\d:\d\d  [a-z-]+  \d+ %')
            self.assertNotIn('\x1b', line)
        self.assertEqual(len(set(lines)), len(lines))

    def test_dumb_terminal(self):
        t = self.track(TERM='dumb')
        t.wait_for('requested')
        t.type('\x03')
        self.assertEqual(t.wait(), 130)
        self.assertNotIn('\x1b', t.raw)

    def test_daemon_killed_and_back(self):
        p = self.piped('track')
        self.assertIn('  requested  ', p.stdout.readline())
        self.kill_daemon()
        self.assertIn('the daemon is gone', p.stdout.readline())
        self.start()
        self.assertIn('  requested  ', p.stdout.readline())
        p.send_signal(signal.SIGINT)
        p.communicate(timeout=TIMEOUT)
        self.assertEqual(p.returncode, 130)

    def test_json_is_one_document_at_the_end(self):
        p = self.piped('--json', 'track', self.uid)
        self.sandbox.advance(self.uid, 'Delivered')
        out, _ = p.communicate(timeout=TIMEOUT)
        self.assertEqual(p.returncode, 0)
        self.assertEqual(json.loads(out)['status'], 'delivered')
        # Delivered before it began.
        p = self.cli('--json', 'track', self.uid)
        self.assertEqual((p.returncode, json.loads(p.stdout)['status']), (0, 'delivered'))
        p = self.cli('track')
        self.assertEqual((p.returncode, p.stdout, p.stderr), (0, '', 'No order is pending.\n'))
        self.assertIsNone(json.loads(self.cli('--json', 'track').stdout))

    def test_cancelled_says_why(self):
        p = self.piped('--json', 'track', self.uid)
        self.client.call('Orders', 'Cancel', '(ssa{sv})', (self.uid, '', {}))
        out, err = p.communicate(timeout=TIMEOUT)
        self.assertEqual(p.returncode, 8)
        self.assertEqual(json.loads(out)['error']['exit'], 8)
        self.assertIn('cancelled', err)


if __name__ == '__main__':
    unittest.main(verbosity=2)
