#!/usr/bin/python3
"""`doctor` where things are well and where they are not, and its bundle, which has nothing of the person in it."""

import json
import os
import re
import signal
import stat
import subprocess
import time
import unittest

import desktop
import harness
import keyring
from desktop import wait_for_name
from harness import GLib, binary, poll

LIMIT = 13 * harness.TIME_FACTOR  # the promise is about 10 s


class DoctorCase(harness.TestCase):
    sandbox_args = ('--speed', '0', '--random-seed', '7')

    def doctor(self, *arguments, **env):
        """(exit status, {check: finding}, stderr); the main loop runs on, for servers of the test's own."""
        p = subprocess.Popen([binary('customerclient'), '--json', 'doctor', *arguments], stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self.environment(**env))
        began = time.monotonic()
        poll(lambda: p.poll() is not None, 60 * harness.TIME_FACTOR, 'the end of doctor', every=0.01)
        self.took = time.monotonic() - began
        self.assertLess(self.took, LIMIT)
        out, err = p.communicate()
        self.document = json.loads(out)
        self.assertEqual(p.returncode, 0 if self.document['ok'] else 1, out)
        for c in self.document['checks']:
            self.assertLessEqual(set(c), {'check', 'result', 'text', 'todo'})
            if c['result'] == 'wrong':
                self.assertIn('todo', c)
        checks = {c['check']: c for c in self.document['checks']}
        self.assertEqual(len(checks), len(self.document['checks']), 'each thing once')
        self.assertEqual(self.document['ok'], all(c['result'] != 'wrong' for c in checks.values()))
        return p.returncode, checks, err

    def results(self, checks):
        return {name: c['result'] for name, c in checks.items() if c['result'] != 'ok'}


class Well(DoctorCase):
    def test_on_a_desktop(self):
        """A real dunst, the notifier, somebody signed in: nothing is wrong, and each thing is said."""
        screen = desktop.Screen(self.dir)
        self.addCleanup(screen.close)
        dunst = desktop.Dunst(self.bus, self.dir, screen)
        self.addCleanup(dunst.close)
        icons = os.path.join(harness.SOURCE_DIR, 'clients', 'notifier')
        notifier = harness.Process('customerclient-notifier', [binary('customerclient-notifier')],
                                   f'{self.dir}/notifier.log',
                                   env=self.environment(XDG_DATA_DIRS=f'{icons}:/usr/share', DISPLAY=screen.display))
        self.addCleanup(notifier.kill)
        wait_for_name(self.client.connection, desktop.NOTIFIER)
        self.sign_up_and_in()
        self.events.wait_for_change('Daemon', 'PushState', 'server-sent-events')
        status, checks, err = self.doctor()
        self.assertEqual((status, err), (0, ''))
        self.assertEqual(self.results(checks), {'unit': 'warning'})
        self.assertIn(f'process {self.daemon.pid}', checks['daemon']['text'])
        self.assertIn('signed in as ann', checks['session']['text'])
        self.assertIn(f'{self.sandbox.service_url} answers; last sync', checks['service']['text'])
        self.assertIn('plain HTTP on loopback', checks['tls']['text'])
        self.assertIn('server-sent-events', checks['push']['text'])
        self.assertRegex(checks['bubbles']['text'], r'^dunst [\d.]+.*; it can: .*actions')
        self.assertIn(desktop.NOTIFIER, checks['notifier']['text'])
        self.assertRegex(checks['state']['text'], r'^whole, [1-9]\d* kB')
        plain = self.cli('doctor')
        self.assertEqual(plain.returncode, 0)
        self.assertEqual(plain.stderr, '0 wrong, 1 to look at.\n')
        self.assertEqual(re.findall(r'^(ok|warning|wrong) +(\S+)', plain.stdout, re.M),
                         [(c['result'], c['check']) for c in self.document['checks']])
        # The server is stopped: it has the name and answers nothing.
        dunst.process.signal(signal.SIGSTOP)
        self.addCleanup(dunst.process.signal, signal.SIGCONT)
        status, checks, _ = self.doctor()
        self.assertEqual((status, checks['bubbles']['result']), (1, 'wrong'))
        self.client.call('Daemon', 'GetStatus')
        self.client.set('Notifications', 'Muted', 'b', True)
        self.assertEqual(self.doctor()[1]['muted']['todo'], 'customerclient notifications --unmute')
        self.assertEqual(self.document['checks'][-1]['text'], 'bubbles are muted')
        until = int((time.time() + 600) * 1000000)
        self.client.set('Notifications', 'MutedUntilTimestamp', 't', until)
        self.assertRegex(self.doctor()[1]['muted']['text'], r'^bubbles are muted until .*\d\d:\d\d$')

    def test_signed_out_and_offline(self):
        status, checks, _ = self.doctor()
        self.assertEqual(status, 0)
        self.assertEqual(checks['session']['todo'], 'customerclient sign-in LOGIN')
        self.assertEqual(checks['service']['text'], f'{self.sandbox.service_url} answers')
        self.assertIn('no notification server', checks['bubbles']['text'])
        self.sign_up_and_in()
        self.sandbox.kill()
        status, checks, _ = self.doctor()
        self.assertEqual((status, checks['service']['result']), (1, 'wrong'))
        self.assertIn('connection refused', checks['service']['text'])
        self.assertIn(f"'{self.sandbox.service_url}'", checks['service']['todo'])


class WithKeyring(DoctorCase):
    """A real gnome-keyring: open, locked with the token in it, gone; and one that hangs."""

    start_daemon = False

    def test_each(self):
        ring = keyring.Keyring(self)
        ring.start()
        self.start()
        self.sign_up_and_in()
        poll(lambda: self.client.call('Daemon', 'GetStatus')['token-store'] == 'secret-service', what='the token in it')
        line = self.doctor()[1]['keyring']
        self.assertEqual((line['result'], line['text']), ('ok', 'it is there and unlocked; the token is in it'))
        ring.lock()
        line = self.doctor()[1]['keyring']
        self.assertEqual((line['result'], line['text']), ('wrong', 'it is locked; the token is in it'))
        self.assertIn('unlock', line['todo'])
        ring.stop()
        self.assertEqual(self.doctor()[1]['keyring']['result'], 'wrong')
        odd = keyring.Odd(self, 'hang')
        line = self.doctor()[1]['keyring']
        self.assertEqual(line['result'], 'wrong')
        self.assertIn('does not answer', line['text'])
        odd.close()


class Ill(DoctorCase):
    start_daemon = False

    def test_no_bus(self):
        for env in ({'DBUS_SESSION_BUS_ADDRESS': 'unix:path=/nonexistent'},
                    {'DBUS_SESSION_BUS_ADDRESS': None, 'XDG_RUNTIME_DIR': None}):
            with self.subTest(env):
                status, checks, _ = self.doctor(**env)
                self.assertEqual((status, list(checks)), (1, ['bus']))
                self.assertIn('no session bus', checks['bus']['text'])

    def test_stopped_bus(self):
        self.bus.process.signal(signal.SIGSTOP)
        try:
            status, checks, _ = self.doctor()
        finally:
            self.bus.process.signal(signal.SIGCONT)
        self.assertEqual((status, list(checks)), (1, ['bus']))
        self.assertIn('does not answer', checks['bus']['text'])

    def test_no_daemon(self):
        status, checks, _ = self.doctor()
        self.assertEqual((status, checks['daemon']['result']), (1, 'wrong'))
        self.assertIn('customerclientd', checks['daemon']['todo'])
        self.assertIn('keyring', checks, 'the desktop is looked at all the same')
        self.assertIn('bubbles', checks)

    def test_stopped_daemon(self):
        self.start()
        self.daemon.signal(signal.SIGSTOP)
        try:
            status, checks, _ = self.doctor()
        finally:
            self.daemon.signal(signal.SIGCONT)
        self.assertEqual((status, checks['daemon']['result']), (1, 'wrong'))
        self.assertEqual(checks['daemon']['todo'], f'kill -CONT {self.daemon.pid}')

    def test_tls_not_trusted(self):
        """A service whose certificate nobody here knows."""
        key, certificate = f'{self.dir}/key.pem', f'{self.dir}/cert.pem'
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes',
                        '-keyout', key, '-out', certificate, '-days', '2', '-subj', '/CN=sandbox',
                        '-addext', 'subjectAltName=IP:127.0.0.1'], check=True, capture_output=True)
        os.mkdir(f'{self.dir}/tls')
        tls = harness.Sandbox(f'{self.dir}/tls', '--tls-cert', certificate, '--tls-key', key)
        self.addCleanup(tls.kill)
        self.write_config(f'[Services]\nCAFile={certificate}\n')
        self.start(CUSTOMERCLIENT_BASE_URL=tls.url)
        status, checks, _ = self.doctor()
        self.assertEqual((status, checks['tls']['text']), (0, 'TLSv1.3, certificate checked'))
        self.stop()
        self.write_config('')
        self.start(CUSTOMERCLIENT_BASE_URL=tls.url)
        status, checks, _ = self.doctor()
        self.assertEqual((status, checks['service']['result'], checks['tls']['result']), (1, 'wrong', 'wrong'))
        self.assertIn('certificate', checks['tls']['text'])
        self.assertIn('CAFile=', checks['tls']['todo'])

    def test_damaged_state(self):
        self.start()
        self.stop()
        with open(f'{self.dir}/state/customerclient/state.db', 'r+b') as f:
            f.write(b'not a database at all' * 100)
        self.expected_log = ['damaged']
        self.start()
        status, checks, _ = self.doctor()
        self.assertEqual((status, checks['state']['result']), (1, 'wrong'))
        self.assertIn('set aside as', checks['state']['text'])

    def test_interrupted(self):
        self.start()
        self.daemon.signal(signal.SIGSTOP)
        try:
            p = subprocess.Popen([binary('customerclient'), 'doctor'], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                 text=True, env=self.environment())
            # It waits for the daemon once it is on the bus.
            poll(lambda: len([n for n in self.client.connection.call_sync(
                'org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus', 'ListNames', None, None, 0,
                5000, None).unpack()[0] if n.startswith(':')]) > 2, what='doctor on the bus', every=0.02)
            p.send_signal(signal.SIGINT)
            poll(lambda: p.poll() is not None, what='its end')
        finally:
            self.daemon.signal(signal.SIGCONT)
        out, err = p.communicate()
        self.assertEqual((p.returncode, out, err), (130, '', 'customerclient: Interrupted\n'))


class Activated(DoctorCase):
    """A bus that starts the daemon, and one that cannot."""

    start_daemon = False

    def setUp(self):
        super().setUp()
        self.client.close()
        self.bus.stop()
        os.mkdir(f'{self.dir}/services')
        self.daemon_env = {}

    def begin(self, program):
        with open(f'{self.dir}/services/{harness.NAME}.service', 'w', encoding='utf-8') as f:
            f.write(f'[D-BUS Service]\nName={harness.NAME}\nExec={program}\n')
        # What the bus starts has the bus's environment.
        before = dict(os.environ)
        os.environ.update(self.environment())
        try:
            self.bus = harness.Bus(self.dir, f'{self.dir}/services')
        finally:
            os.environ.clear()
            os.environ.update(before)
        self.addCleanup(self.bus.stop)
        self.client = harness.Client(self.bus)
        self.addCleanup(self.client.close)

    def test_started_for_it(self):
        self.begin(binary('customerclientd'))
        status, checks, _ = self.doctor()
        self.assertEqual(status, 0)
        self.assertIn('the bus itself starts the daemon', checks['unit']['text'])
        self.assertIn('started just now', checks['daemon']['text'])
        pid = int(re.search(r'process (\d+)', checks['daemon']['text']).group(1))
        os.kill(pid, signal.SIGTERM)
        wait_for_name(self.client.connection, harness.NAME, present=False)

    @unittest.skipUnless(os.environ.get('TEST_LONG'), 'long')
    def test_does_not_come_up(self):
        self.begin('/bin/sleep 30')
        status, checks, _ = self.doctor()
        self.assertEqual((status, checks['daemon']['text']), (1, 'it did not come up within 4 s'))
        self.assertIn('bubbles', checks)

    def test_cannot_be_started(self):
        self.begin('/bin/false')
        status, checks, _ = self.doctor()
        self.assertEqual((status, checks['daemon']['result']), (1, 'wrong'))
        self.assertIn('journalctl', checks['daemon']['todo'])


class Bundle(DoctorCase):
    """Values are planted wherever the bundle looks; none is in it, and a canary beside them is."""

    EMAIL, PHONE, LOGIN = 'josephine.m@private.example', '+15550142277', 'josephine_m'
    ADDRESS, CITY, RECIPIENT = '77 Quiet Alley', 'Ravenswick', 'Josephine Marlowe'
    COMMENT, CARD, TOKEN = 'second door behind the well', '4242424242424242', 'eyJhbGciOi.planted.c2VjcmV0'
    HOST, NICKNAME, CANARY = 'shop.private.example', 'josie-the-brave', 'canary.of.the.log'

    def plant(self):
        self.sign_up(self.LOGIN, email=self.EMAIL, phone=self.PHONE)
        self.sign_in(self.LOGIN)
        self.client.call('Settings', 'Set', '(a{sv})', ({
            'telegram-nickname': GLib.Variant('s', self.NICKNAME), 'default-city': GLib.Variant('s', self.CITY)},))
        self.uid, _ = self.place(address=self.ADDRESS, city=self.CITY, recipient=self.RECIPIENT, phone=self.PHONE,
                                 comment=self.COMMENT)
        order = self.client.call('Orders', 'Get', '(s)', (self.uid,))
        self.number = order['number']
        self.user = self.client.get('Session', 'UserUid')
        # A journal of the test's own says what the real one might.
        folder = f'{self.dir}/bin'
        os.mkdir(folder)
        lines = [f'2026-11-22T18:40:42+0000 customerclientd[12]: {text}' for text in (
            f'Order {self.uid} was not made: Dear {self.RECIPIENT}, {self.CANARY}', f'login {self.LOGIN} {self.CANARY}',
            f'{self.EMAIL} at {self.ADDRESS}, {self.CITY}', f'card {self.CARD} Bearer {self.TOKEN}',
            f'https://{self.HOST}/x?user={self.user} {self.CANARY}', f'{self.COMMENT} {self.NICKNAME} {self.PHONE}',
            f'number {self.number} is {self.CANARY}')]
        with open(f'{folder}/journalctl', 'w', encoding='utf-8') as f:
            f.write(f'#!/bin/sh\necho "$@" > {self.dir}/journalctl.args\ncat {self.dir}/journal\n')
        os.chmod(f'{folder}/journalctl', 0o755)
        with open(f'{self.dir}/journal', 'w', encoding='utf-8') as f:
            f.write('\n'.join(lines) + '\n')
        self.write_config(f'# of {self.RECIPIENT}\n[Services]\nBaseUrl=https://{self.HOST}/api\nPassword=hunter22\n'
                          f'[Sync]\nPendingSec=17\n[{self.LOGIN}]\nOwner={self.EMAIL}\n')
        return f'{folder}:{os.environ["PATH"]}'

    def planted(self):
        digits = self.PHONE.lstrip('+')
        return [self.EMAIL, self.EMAIL.split('@')[0], self.PHONE, digits, self.LOGIN, self.ADDRESS, 'Quiet Alley', self.CITY,
                self.RECIPIENT, 'Marlowe', self.COMMENT, self.CARD, self.TOKEN, 'c2VjcmV0', self.HOST, 'private.example',
                self.NICKNAME, self.uid, self.user, self.number, 'hunter22', self.dir]

    def bundle(self, *arguments, **env):
        path = f'{self.dir}/report.txt'
        p = self.cli('doctor', '--bundle', path, *arguments, **env)
        self.assertIn(f'The report is in {path}. Read it before you send it.', p.stderr)
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        with open(path, encoding='utf-8') as f:
            return p, f.read()

    def test_nothing_personal(self):
        path = self.plant()
        p, text = self.bundle(PATH=path)
        self.assertEqual(p.returncode, 0)
        for value in self.planted():
            self.assertNotIn(value.lower(), text.lower())
        # What looks for them finds what is there.
        self.assertEqual(text.count(self.CANARY), 4, text)
        self.assertIn('PendingSec=17', text)
        self.assertIn('BaseUrl=https://<host>/api', text)
        self.assertIn('== orders, how many ==\n1: 1 requested\n', text)
        self.assertIn('"login": "<login>"', text)
        self.assertIn('"token-store": "file"', text)
        self.assertRegex(text, r'\ndistribution +\S')
        self.assertRegex(text, r'\nok +daemon +version')
        self.assertTrue(text.rstrip().endswith('take out what you do not want to tell.'), text[-300:])
        self.assertIn('read it before you send it', text)
        with open(f'{self.dir}/journalctl.args', encoding='utf-8') as f:
            self.assertIn('-u customerclientd.service', f.read())

    def test_without_a_daemon(self):
        """Nothing is known of the person then: of the log only the program's own words are kept."""
        path = self.plant()
        self.stop()
        p, text = self.bundle(PATH=path)
        self.assertEqual(p.returncode, 1)
        for value in (self.EMAIL, self.RECIPIENT, 'Marlowe', self.PHONE, self.CARD, self.TOKEN, self.HOST, self.uid,
                      self.user, 'hunter22'):
            self.assertNotIn(value, text)
        self.assertIn('Order <uid> was not made: <not-shown>', text)
        self.assertIn('PendingSec=17', text)
        self.assertRegex(text, r'\nwrong +daemon ')

    def test_files(self):
        path = f'{self.dir}/report.txt'
        self.bundle()
        with open(path, encoding='utf-8') as f:
            before = f.read()
        p = self.cli('doctor', '--bundle', path)
        self.assertEqual(p.returncode, 2)
        self.assertIn('--replace', p.stderr)
        with open(path, encoding='utf-8') as f:
            self.assertEqual(f.read(), before)
        # What a link points to is not written over, with --replace neither.
        victim = f'{self.dir}/victim'
        with open(victim, 'w', encoding='utf-8') as f:
            f.write('mine')
        os.unlink(path)
        os.symlink(victim, path)
        self.assertEqual(self.cli('doctor', '--bundle', path).returncode, 2)
        self.bundle('--replace')
        self.assertFalse(os.path.islink(path))
        with open(victim, encoding='utf-8') as f:
            self.assertEqual(f.read(), 'mine')
        self.assertEqual([n for n in os.listdir(self.dir) if n.startswith('report')], ['report.txt'])
        p = self.cli('doctor', '--bundle', f'{self.dir}/nowhere/report.txt')
        self.assertEqual(p.returncode, 1)
        self.assertIn('cannot be written', p.stderr)
        p = self.cli('doctor', '--bundle=-')
        self.assertEqual(p.returncode, 0)
        self.assertTrue(p.stdout.startswith('customerclient doctor, '))
        self.assertIn('This is all there is', p.stdout)
        self.assertEqual(self.cli('--json', 'doctor', '--bundle=-').returncode, 2)
        self.assertEqual(self.cli('doctor', '--replace').returncode, 2)
        os.mkfifo(f'{self.dir}/pipe')
        refused = self.cli('doctor', '--bundle', f'{self.dir}/pipe', '--replace')
        self.assertEqual(refused.returncode, 2, refused.stderr)
        self.assertTrue(os.path.exists(f'{self.dir}/pipe') and not os.path.isfile(f'{self.dir}/pipe'))
        self.doctor('--bundle', path, '--replace')
        self.assertEqual(self.document['bundle'], path)

    def test_each_setting_is_shown(self):
        """But for the two that may say something of the person."""
        with open(os.path.join(harness.SOURCE_DIR, 'docs', 'configuration.md'), encoding='utf-8') as f:
            keys = re.findall(r'^\| `(\w+)` \| `(\w+)` \|', f.read(), re.M)
        self.assertGreater(len(keys), 20)
        lines = [f'[{section}]\n{key}=17' for section, key in keys]
        self.write_config('\n'.join(lines) + '\n')
        _, text = self.bundle()
        hidden = [key for _, key in keys if f'{key}=<not-shown>' in text]
        self.assertEqual(hidden, ['CAFile', 'MonthlyLimit'])
        for _, key in keys:
            self.assertIn(f'\n{key}={"<not-shown>" if key in hidden else "17"}\n', text)

    def test_log_that_hangs(self):
        folder = f'{self.dir}/bin'
        os.mkdir(folder)
        with open(f'{folder}/journalctl', 'w', encoding='utf-8') as f:
            f.write('#!/bin/sh\nexec sleep 60\n')
        os.chmod(f'{folder}/journalctl', 0o755)
        began = time.monotonic()
        _, text = self.bundle(PATH=f'{folder}:{os.environ["PATH"]}')
        self.assertLess(time.monotonic() - began, LIMIT)
        self.assertIn('journalctl --user gives none', text)


if __name__ == '__main__':
    harness.main()
