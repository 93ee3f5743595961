"""Card number, CVC, password and token, while a card is charged and afterwards: in a recording of the bus, the debug log,
every file, argv and environment, a core of daemon and CLI taken by root, and in all of the daemon's memory, without TLS
and with it. What was planted beside them has to be found in each place."""

import base64
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import unittest

import harness
import leaks
from harness import TIMEOUT, poll
from test_cli import CliTestCase


class TheFinder(unittest.TestCase):
    def test_every_spelling(self):
        for text in ('375716112684251', 'correct horse/battery', '6ade284a-326f-4bb8-a7d5-125666adac3a'):
            finder = leaks.Finder(it=text)
            self.assertEqual(finder.find(os.urandom(100000)), [])
            for how, spelled in leaks.spellings(text):
                found = finder.find(os.urandom(5000) + spelled + os.urandom(5000))
                self.assertIn(('it', how), found, how)

    def test_base64_of_something_larger(self):
        finder = leaks.Finder(it='375716112684251')
        for before in range(3):
            whole = base64.b64encode(b'x' * (30 + before) + b'375716112684251' + b'"}}')
            self.assertIn(('it', 'base64'), finder.find(whole))

    def test_short_ones(self):
        finder = leaks.Finder()
        finder.add_short('cvc', '4815', '"cvc":"{}"')
        for data in (b'"cvc":"4815"', b' 4815 ', b'\x004815\x00', '4815'.encode('utf-16-le'), b'"cvc":"4815"'.hex().encode(),
                     base64.b64encode(b'{"x":1,"cvc":"4815"}')):
            self.assertTrue(finder.find(data), data)
        for data in (b'148151', b'8a1e-4815-8a1e', b'4815.20', b'12:4815'):
            self.assertEqual(finder.find(data), [], data)


class LeakTestCase(CliTestCase):
    config = '[Daemon]\nLogLevel=debug\n'

    def setUp(self):
        with open(harness.binary('customerclientd'), 'rb') as f:
            if b'__asan_init' in f.read() or 'TEST_WRAPPER' in os.environ:
                self.skipTest('what looks for errors in memory keeps what is freed')
        chance = random.SystemRandom()
        self.canary = f'canary{chance.getrandbits(64):016x}'
        self.number = '37' + ''.join(chance.choice('0123456789') for _ in range(12))
        self.number += leaks.luhn_digit(self.number)
        self.password = f'Pass {chance.getrandbits(64):016x}/+'
        self.daemon_env = {**self.daemon_env, 'CANARY': self.canary}
        super().setUp()
        self.record_bus()
        self.sign_up_and_in(password=self.password)
        self.sync()
        self.finder = leaks.Finder(number=self.number, grouped=f'{self.number[:4]} {self.number[4:10]} {self.number[10:]}',
                                   password=self.password, token=self.token())
        self.choose_cvc(chance)
        self.planted = leaks.Finder(canary=self.canary)

    def environment(self, **more):
        os.makedirs(f'{self.dir}/tmp', exist_ok=True)
        return super().environment(TMPDIR=f'{self.dir}/tmp', **more)

    def record_bus(self):
        """All that goes over the bus, as it is."""
        with open(f'{self.dir}/bus.recording', 'wb') as f:
            monitor = subprocess.Popen(['dbus-monitor', '--binary', '--address', self.bus.address], stdin=subprocess.DEVNULL,
                                       stdout=f, stderr=subprocess.DEVNULL)
        self.addCleanup(monitor.wait)
        self.addCleanup(monitor.kill)

        def recording():
            self.client.owner()
            return b'GetNameOwner' in self.read('bus.recording')
        poll(recording, what='the recording of the bus')

    def read(self, name):
        with open(f'{self.dir}/{name}', 'rb') as f:
            return f.read()

    def token(self):
        with sqlite3.connect(f'file:{self.dir}/state/customerclient/state.db?mode=ro', uri=True) as db:
            (token,), = db.execute('SELECT token FROM sessions').fetchall()
        db.close()
        return token if isinstance(token, str) else token.decode()

    def choose_cvc(self, chance):
        """Four digits that nothing else has."""
        before = [data for _, data in leaks.memory(self.daemon.pid)] if leaks.may_look() else []
        while True:
            self.cvc = ''.join(chance.choice('0123456789') for _ in range(4))
            alone = leaks.Finder()
            alone.add_short('cvc', self.cvc)
            if not any(alone.find(data) for data in before):
                break
        self.finder.add_short('cvc', self.cvc, '"cvc":"{}"', '"cvc": "{}"')

    def card(self):
        return json.dumps({'number': self.number, 'holder': 'ANN EXAMPLE', 'expiry': '12/39', 'cvc': self.cvc})

    def order(self):
        uid, status = self.place(payment='card', comment=self.canary)
        self.assertEqual(status, 'awaiting-payment')
        return uid

    def assertClean(self, data, where):
        found = self.finder.find(data)
        if found:
            self.fail(f'{found} in {where}: {self.finder.around(data)}')

    def assertFinds(self, data, where, finder=None):
        self.assertTrue((finder or self.planted).find(data), f'nothing that was planted is in {where}')

    def assertCleanWithCanary(self, data, where):
        self.assertClean(data, where)
        self.assertFinds(data, where)

    def assertClosed(self, pid):
        """To who has no more rights than the person."""
        with self.assertRaises(PermissionError), open(f'/proc/{pid}/mem', 'rb'):
            pass

    def proc(self, pid, name):
        with open(f'/proc/{pid}/{name}', 'rb') as f:
            return f.read()

    def held_at_the_service(self, uid):
        """The CLI as it pays the order, and the service as it keeps the request: until it goes on."""
        self.sandbox.fault('MakePaymentRespond', 'latency', delay_ms=300, count=1)
        cli = subprocess.Popen([harness.binary('customerclient'), '-v', 'pay', uid, '--card-file=-'], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self.environment())
        self.addCleanup(lambda: cli.poll() is None and cli.kill())
        for stream in (cli.stdin, cli.stdout, cli.stderr):
            self.addCleanup(stream.close)
        cli.stdin.write(self.card())
        cli.stdin.close()
        poll(lambda: self.sandbox.count('MakePaymentRespond'), what='the charge', every=0.01)
        self.sandbox.process.signal(signal.SIGSTOP)
        self.addCleanup(self.sandbox.process.signal, signal.SIGCONT)
        self.assertEqual([c for c in os.listdir(f'/proc/{cli.pid}/task')], [str(cli.pid)])
        return cli

    def search_memory(self, pid, what):
        """What is there: all of it where no core has it."""
        found = leaks.find_in_memory(self.finder, pid)
        self.assertEqual([hit for hit in found if hit[0].dumped], [], what)
        return {name for _, name, _, _ in found}

    def search_during(self, cli, uid):
        daemon = self.daemon.pid
        for pid in (daemon, cli.pid):
            self.assertClean(self.proc(pid, 'cmdline'), 'cmdline')
        self.assertFinds(self.proc(daemon, 'cmdline'), 'cmdline', leaks.Finder(it='customerclientd'))
        self.assertFinds(self.proc(cli.pid, 'cmdline'), 'cmdline', leaks.Finder(uid=uid))
        if not leaks.may_look():
            self.assertClosed(daemon)
            self.assertClosed(cli.pid)
            return
        self.assertEqual(self.search_memory(daemon, 'the memory of the daemon') & {'number', 'cvc'}, {'number', 'cvc'})
        self.search_memory(cli.pid, 'the memory of the CLI')
        self.assertCleanWithCanary(leaks.core(daemon, f'{self.dir}/core'), 'a core of the daemon')
        core = leaks.core(cli.pid, f'{self.dir}/core')
        self.assertClean(core, 'a core of the CLI')
        self.assertFinds(core, 'a core of the CLI', leaks.Finder(uid=uid))
        for pid in (daemon, cli.pid):
            self.assertCleanWithCanary(self.proc(pid, 'environ'), 'environ')

    def search_after(self):
        daemon = self.daemon.pid
        if leaks.may_look():
            self.assertEqual(self.search_memory(daemon, 'the memory of the daemon') - {'token'}, set())
            self.assertCleanWithCanary(leaks.core(daemon, f'{self.dir}/core'), 'a core of the daemon')
        self.search_files()
        self.assertCleanWithCanary(self.read('bus.recording'), 'the recording of the bus')
        log = self.read('daemon.log')
        self.assertClean(log, 'the debug log')
        self.assertFinds(log, 'the debug log', leaks.Finder(it='MakePaymentRespond'))

    def search_files(self):
        state = f'{self.dir}/state/customerclient/state.db'
        planted = []
        for folder, _, files in os.walk(self.dir):
            for name in files:
                path = f'{folder}/{name}'
                if not os.path.isfile(path):
                    continue
                with open(path, 'rb') as f:
                    data = f.read()
                found = {name for name, _ in self.finder.find(data)}
                # The token's own store is the one place for it, until there is another.
                self.assertEqual(found - ({'token'} if path.startswith(state) else set()), set(), path)
                if self.planted.find(data):
                    planted.append(path[len(self.dir) + 1:].split('/')[0])
        self.assertIn('state', planted)
        self.assertIn('cache', planted)

    def pay_and_search(self):
        uid = self.order()
        cli = self.held_at_the_service(uid)
        self.search_during(cli, uid)
        self.sandbox.process.signal(signal.SIGCONT)
        self.assertEqual(cli.wait(TIMEOUT), 0)
        out, err = cli.stdout.read(), cli.stderr.read()
        self.assertCleanWithCanary((out + err + self.canary).encode(), 'what the CLI said')
        self.assertEqual(len(self.sandbox.journal()['charges']), 1)
        self.search_after()


class Plain(LeakTestCase):
    def test_a_card_payment(self):
        self.pay_and_search()

    def test_whatever_becomes_of_it(self):
        """A card that is wrong, one that is declined, an answer that is lost, a password that is changed: nothing stays."""
        uid = self.order()
        declined = '4000000000000002'
        self.finder = leaks.Finder(number=self.number, declined=declined, password=self.password, token=self.token())
        self.finder.add_short('cvc', self.cvc, '"cvc":"{}"', '"cvc": "{}"')

        def pay(**more):
            card = {**json.loads(self.card()), **more}
            return self.client.call_secret('Payments', 'PayByCard', '(sh)', (uid, 0), json.dumps(card), timeout=TIMEOUT * 2)
        with self.assertError('InvalidCard'):
            pay(expiry='01/20')
        with self.assertError(harness.INVALID_ARGS):
            pay(colour='blue')
        with self.assertError('PaymentDeclined'):
            pay(number=declined, cvc='123')
        self.sandbox.fault('MakePaymentRespond', 'reset-after', count=1)
        self.assertEqual(pay(), 'processed')
        new = f'{self.password} and more'
        self.client.call_secret('Account', 'ChangePassword', '(hh)', (0, 1), self.password, new)
        with self.assertError('InvalidCredentials'):
            self.client.call_secret('Account', 'ChangePassword', '(hh)', (0, 1), self.password, new)
        # With the change came another token; who has the old one still counts it among the secrets.
        old, self.finder = self.finder, leaks.Finder(new=new, token=self.token())
        for finder in (old, self.finder):
            self.finder = finder
            self.search_after()

    def test_the_cli_while_it_asks(self):
        """It holds the card as long as the person thinks."""
        uid = self.order()
        # Not in this test's folder, whose files are to have none of it.
        read, write = os.pipe()
        os.write(write, self.card().encode())
        os.close(write)
        path = f'/proc/{os.getpid()}/fd/{read}'
        self.addCleanup(os.close, read)
        t = self.terminal('pay', uid, f'--card-file={path}')
        t.wait_for('[y/N]')
        if not leaks.may_look():
            self.assertClosed(t.popen.pid)
            return
        self.assertEqual(self.search_memory(t.popen.pid, 'the memory of the CLI'), {'number', 'cvc'})
        core = leaks.core(t.popen.pid, f'{self.dir}/core')
        self.assertClean(core, 'a core of the CLI')
        self.assertFinds(core, 'a core of the CLI', leaks.Finder(uid=uid))
        t.type('n\n')
        self.assertEqual(t.wait(), 10)
        self.assertClean(t.raw.encode(), 'what was on the screen')


class OverTls(LeakTestCase):
    def setUp(self):
        folder = tempfile.mkdtemp(prefix='cc-tls-')
        self.addCleanup(shutil.rmtree, folder)
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
                        '-keyout', f'{folder}/key', '-out', f'{folder}/cert', '-days', '2', '-subj', '/CN=sandbox',
                        '-addext', 'subjectAltName=IP:127.0.0.1'], check=True, capture_output=True)
        self.sandbox_args = (*self.sandbox_args, '--tls-cert', f'{folder}/cert', '--tls-key', f'{folder}/key')
        self.config = f'{self.config}[Services]\nCAFile={folder}/cert\n'
        # For our own calls to the sandbox; the daemon goes by its configuration.
        os.environ['SSL_CERT_FILE'] = f'{folder}/cert'
        self.addCleanup(os.environ.pop, 'SSL_CERT_FILE')
        self.daemon_env = {'SSL_CERT_FILE': None}
        super().setUp()

    def test_a_card_payment(self):
        self.assertTrue(self.sandbox.url.startswith('https:'))
        self.pay_and_search()


if __name__ == '__main__':
    unittest.main(verbosity=2)
