"""Tokens that end, sessions that end, a daemon that is told to end, and TLS."""

import os
import subprocess
import time
import uuid

from gi.repository import GLib

import harness


class SessionTest(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.sign_up_and_in()
        self.sync()
        self.product = next(p[0] for p in self.products() if p[6])

    def options(self, **more):
        return {'address': GLib.Variant('s', '12 Long Street'), 'city': GLib.Variant('s', 'Springfield'),
                'items': GLib.Variant('a(tu)', [(self.product, 1)]), **more}

    def quote(self):
        return self.client.call_async('Orders', 'Quote', '(a{sv})', (self.options(),), timeout=60)

    def state(self):
        return self.client.get('Session', 'State')

    def status(self, uid):
        return self.client.call('Orders', 'Get', '(s)', (uid,))['status']

    def wait_expired(self):
        harness.poll(lambda: self.state() == 'expired', 60 * harness.TIME_FACTOR, 'the end of the session')


class Renewal(SessionTest):
    config = '[Push]\nTimeoutSec=3\n'
    sandbox_args = ('--ping-sec', '1')

    def test_shared_by_all_who_wait(self):
        """Twenty calls at once, and their token has just ended: one renewal, no call fails."""
        for _ in range(3):
            renewed = self.sandbox.count('GetTokenByUserUid')
            self.sandbox.fault('MakeOrderQuote', 'expire-tokens', count=1)
            self.sandbox.fault('GetTokenByUserUid', 'latency', delay_ms=300, count=1)
            calls = [self.quote() for _ in range(20)]
            for call in calls:
                self.assertIn('total-price', call.wait(30))
            self.assertEqual(self.sandbox.count('GetTokenByUserUid') - renewed, 1)
            self.sandbox.clear_faults()
        self.assertEqual(self.state(), 'signed-in')

    def test_an_order_whose_token_ended(self):
        """Place meets the 401: renewed, sent again, made once."""
        for path in ('MakeOrderQuote', 'MakeOrderRequest'):
            self.sandbox.fault(path, 'expire-tokens', count=1)
            uid, status = self.place(wait_usec=15000000)
            self.assertEqual(status, 'requested')
            self.assertEqual(len(self.sandbox.journal_orders(uid)), 1)
        self.assertEqual(self.state(), 'signed-in')

    def test_push_whose_token_ended(self):
        """The hub refuses the token: another one, and it is connected again."""
        since = len(self.events.signals)
        self.sandbox.fault('negotiate', 'expire-tokens', count=1)
        self.sandbox.fault('/NotificationsBackend/hub', 'stall', count=0)
        uid, _ = self.place(wait_usec=15000000)     # something to wait for: the reconnect comes soon
        self.events.wait_for_change('Daemon', 'PushState', 'connecting', since=since)
        harness.poll(lambda: self.client.get('Daemon', 'PushState') == 'server-sent-events', 30 * harness.TIME_FACTOR,
                     'the push connection')
        self.sandbox.advance(uid, 'Processing')
        self.wait_for_status(uid, 'processing')
        self.assertEqual(self.state(), 'signed-in')

    def test_second_401_ends_it(self):
        """A new token is refused like the old one."""
        self.sandbox.fault('MakeOrderQuote', 'status:401')
        with self.assertError('SessionExpired'):
            self.quote().wait(30)
        self.assertEqual(self.state(), 'expired')
        self.events.wait_for(lambda s: s.member == 'Event' and s.args[1] == 'session'
                             and s.args[3]['state'] == 'expired')
        with self.assertError('SessionExpired'):
            self.client.call('Orders', 'Place', '(a{sv})', (self.options(),))
        # What is known stays readable, and over a restart too.
        self.assertEqual(self.client.call('Orders', 'List', '(a{sv}us)', ({}, 10, ''))[0], [])
        self.sandbox.clear_faults()
        self.restart()
        self.assertEqual(self.state(), 'expired')
        self.assertEqual(self.client.get('Session', 'Login'), 'ann')
        self.sign_in()
        self.assertIn('total-price', self.quote().wait(30))

    def test_renewal_is_refused(self):
        self.sandbox.fault('MakeOrderQuote', 'expire-tokens', count=1)
        self.sandbox.fault('GetTokenByUserUid', 'status:401')
        calls = [self.quote() for _ in range(5)]
        for call in calls:
            with self.assertError('SessionExpired'):
                call.wait(30)
        self.assertEqual(self.state(), 'expired')

    def test_renewal_fails_for_now(self):
        """A renewal that is not answered is no refusal: the session goes on when the service is back."""
        self.sandbox.fault('MakeOrderQuote', 'expire-tokens', count=1)
        self.sandbox.fault('GetTokenByUserUid', 'status:503')
        began = time.monotonic()
        with self.assertError('Offline'):
            self.quote().wait(40)
        self.assertLess(time.monotonic() - began, 35 * harness.TIME_FACTOR)
        self.assertEqual(self.state(), 'signed-in')
        self.sandbox.clear_faults()

        def quoted():
            try:
                return self.quote().wait(40)
            except harness.DBusError as e:
                self.assertEqual(e.name, harness.ERROR + 'Offline')
                return None
        harness.poll(quoted, 60 * harness.TIME_FACTOR, 'the session', every=0.5)


class OrdersOutliveTheSession(SessionTest):
    config = '[Orders]\nDeadlineSec=5\n'

    def test_attempted(self):
        """The answer is lost, then the session ends: resolved after the next sign-in, made once."""
        self.write_config('[Orders]\nDeadlineSec=600\n')
        self.restart()
        self.sync()
        self.sandbox.fault('OrderChanged', 'drop-push')
        for path, kind in (('MakeOrderRequest', 'reset-after'), ('OrderGet', 'status:503'), ('OrdersGet', 'status:503')):
            self.sandbox.fault(path, kind)
        uid, _ = self.place(wait=False)
        harness.poll(lambda: self.sandbox.journal_orders(uid), what='the order')
        self.sandbox.fault('GetTokenByUserUid', 'status:401')
        for path in ('MakeOrderRequest', 'OrderGet', 'OrdersGet'):
            self.sandbox.fault(path, 'expire-tokens')
        self.client.call_async('Daemon', 'Sync') # the next try of the order may be a minute away
        self.wait_expired()
        self.assertEqual(self.status(uid), 'submitting')
        self.restart()
        self.assertEqual(self.status(uid), 'submitting')
        self.sandbox.clear_faults()
        self.sign_in()
        harness.poll(lambda: self.status(uid) == 'requested', 60 * harness.TIME_FACTOR, 'the order')
        self.assertEqual([o['uid'] for o in self.sandbox.journal_orders()], [uid])

    def test_not_attempted(self):
        """Never sent, the session ends: rejected at its deadline all the same, the items are back."""
        self.client.call('Cart', 'Add', '(tu)', (self.product, 2))
        for path in ('MakeOrderQuote', 'OrdersGet', 'GetTokenByUserUid'):
            self.sandbox.fault(path, 'status:401')
        options = self.options(**{'wait-usec': GLib.Variant('t', 0)})
        del options['items']
        uid, _ = self.client.call('Orders', 'Place', '(a{sv})', (options,))
        self.wait_expired()
        harness.poll(lambda: self.status(uid) == 'rejected', 30 * harness.TIME_FACTOR, 'the rejection')
        self.sandbox.clear_faults()
        self.sign_in()
        self.assertEqual(self.client.get('Cart', 'Count'), 2)
        self.sync()
        self.assertEqual(self.sandbox.journal_orders(), [])
        told = [e[3]['status'] for e in self.events.events('order') if e[2] == uid]
        self.assertEqual(told, ['submitting', 'rejected'])

    def test_another_user(self):
        """Rows are sent with their owner's token only: who signs in meanwhile sees and sends nothing of them."""
        self.write_config('[Orders]\nDeadlineSec=600\n')
        self.restart()
        self.sync()
        for path in ('MakeOrderQuote', 'GetTokenByUserUid'):
            self.sandbox.fault(path, 'status:401')
        uid, _ = self.place(wait=False)
        self.wait_expired()
        self.sandbox.clear_faults()
        self.sign_up('ben', phone='+15557654321')
        self.sign_in('ben')
        self.sync()
        self.assertEqual(self.client.get('Session', 'Login'), 'ben')
        with self.assertError('NotFound'):
            self.status(uid)
        self.assertEqual(self.client.get('Daemon', 'PendingOperations'), 0)
        self.assertEqual(self.sandbox.journal_orders(), [])
        self.client.call('Session', 'SignOut', '(b)', (False,))
        self.sign_in('ann')
        harness.poll(lambda: self.status(uid) == 'requested', 60 * harness.TIME_FACTOR, 'the order')
        self.assertEqual([(o['uid'], o['login']) for o in self.sandbox.journal_orders()], [(uid, 'ann')])


class Termination(SessionTest):
    def test_every_open_call_is_answered(self):
        """SIGTERM with calls of every kind open: each is answered, and the end comes at once."""
        self.sandbox.fault('*', 'stall')
        calls = {'Quote': self.quote(),
                 'Sync': self.client.call_async('Daemon', 'Sync', timeout=60),
                 'CheckUserExists': self.client.call_async('Session', 'CheckUserExists', '(sss)', ('x', '', ''),
                                                           timeout=60)}
        uid = str(uuid.uuid4())
        place = self.client.call_async('Orders', 'Place', '(a{sv})', (self.options(uid=GLib.Variant('s', uid)),),
                                       timeout=60)
        self.client.call('Daemon', 'GetStatus')
        began = time.monotonic()
        self.stop()
        self.assertLess(time.monotonic() - began, 5 * harness.TIME_FACTOR)
        for name, call in calls.items():
            with self.subTest(call=name), self.assertError('Busy'):
                call.wait(5)
        # Durable already: it goes on with the next start.
        self.assertEqual(place.wait(5), (uid, 'submitting'))
        self.sandbox.clear_faults()
        self.start()
        harness.poll(lambda: self.status(uid) == 'requested', 60 * harness.TIME_FACTOR, 'the order')
        self.assertEqual(self.client.call('Orders', 'Place', '(a{sv})', (self.options(uid=GLib.Variant('s', uid)),)),
                         (uid, 'requested'))
        self.assertEqual(len(self.sandbox.journal_orders()), 1)


class Tls(harness.TestCase):
    start_daemon = False

    def setUp(self):
        self.folder = harness.tempfile.mkdtemp(prefix='cc-tls-')
        self.addCleanup(harness.shutil.rmtree, self.folder, ignore_errors=True)
        self.certificate, key = f'{self.folder}/cert.pem', f'{self.folder}/key.pem'
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes',
                        '-keyout', key, '-out', self.certificate, '-days', '2', '-subj', '/CN=sandbox',
                        '-addext', 'subjectAltName=IP:127.0.0.1'], check=True, capture_output=True)
        self.sandbox_args = ('--tls-cert', self.certificate, '--tls-key', key)
        before = os.environ.get('SSL_CERT_FILE')
        os.environ['SSL_CERT_FILE'] = self.certificate      # for the harness, not for the daemon
        self.addCleanup(lambda: os.environ.pop('SSL_CERT_FILE') if before is None
                        else os.environ.update(SSL_CERT_FILE=before))
        self.daemon_env = {'SSL_CERT_FILE': None}
        super().setUp()

    def check_user(self):
        return self.client.call('Session', 'CheckUserExists', '(sss)', ('ann', '', ''), timeout=60)

    def test_with_ca_file(self):
        self.write_config(f'[Services]\nCAFile={self.certificate}\n')
        self.start()
        self.sign_up_and_in()
        self.sync()
        self.assertEqual(self.place(wait_usec=15000000)[1], 'requested')
        harness.poll(lambda: self.client.get('Daemon', 'PushState') == 'server-sent-events', what='push')
        status = self.client.call('Daemon', 'GetStatus')
        self.assertEqual((status['tls'], status['tls-version']), ('verified', 'TLSv1.3'))
        self.assertEqual(status['base-url'], self.sandbox.url)
        self.assertGreater(status['state-size'], 4096)
        self.assertGreater(status['cache-size'], 4096)

    def test_without_ca_file(self):
        self.start()
        with self.assertError('Offline', 'certificate'):
            self.check_user()
        self.assertEqual(self.sandbox.journal()['lastRequest'], 0)

    def test_wrong_name(self):
        self.write_config(f'[Services]\nCAFile={self.certificate}\n')
        self.start(CUSTOMERCLIENT_BASE_URL=self.sandbox.url.replace('127.0.0.1', 'localhost'))
        with self.assertError('Offline'):
            self.check_user()
        self.assertEqual(self.sandbox.journal()['lastRequest'], 0)

    def test_ca_file_that_is_none(self):
        self.write_config(f'[Services]\nCAFile={self.folder}/nothing.pem\n')
        daemon = self.spawn_daemon(log='refused.log')
        try:
            self.assertEqual(daemon.wait(10), 78)
        finally:
            daemon.kill()
        self.assertIn('nothing.pem', daemon.output())

    def test_http_beyond_loopback(self):
        daemon = self.spawn_daemon(log='refused.log', CUSTOMERCLIENT_BASE_URL='http://example.org')
        try:
            self.assertEqual(daemon.wait(10), 78)
        finally:
            daemon.kill()
        self.assertIn('https', daemon.output())


if __name__ == '__main__':
    harness.main()
