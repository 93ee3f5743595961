"""The push connection is lost in every way: noticed, replaced by polling, found again; no state is missed and none is
told twice. TEST_PUSH_CHANGES and TEST_PUSH_DROPS (1000, 50) are the long form (make check-long)."""

import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import unittest
import uuid

from gi.repository import GLib

import harness

CHANGES = int(os.environ.get('TEST_PUSH_CHANGES', '60'))
DROPS = int(os.environ.get('TEST_PUSH_DROPS', '4'))
CONNECTED = ('server-sent-events', 'long-polling')
LIFE = ['Requested', 'Processing', 'In the process of cooking', 'Ready to deliver', 'In delivery', 'Delivered']
STATUS = dict(zip(LIFE, ['requested', 'processing', 'cooking', 'ready-to-deliver', 'in-delivery', 'delivered']))
HUB = '/NotificationsBackend/hub'


class PushTest(harness.TestCase):
    sandbox_args = ('--speed', '0')

    def setUp(self):
        super().setUp()
        self.sign_up_and_in()
        self.sync()
        self.wait_connected()

    def wait_connected(self, timeout=60 * harness.TIME_FACTOR):
        harness.poll(lambda: self.client.get('Daemon', 'PushState') in CONNECTED, timeout, 'the push connection')

    def status(self, uid):
        return self.client.call('Orders', 'Get', '(s)', (uid,))['status']

    def listed(self, uid):
        rows = self.client.call('Orders', 'List', '(a{sv}us)', ({}, 1000, ''))[0]
        return next(row[2] for row in rows if row[0] == uid)

    def told(self, uid, since=0):
        """Statuses by the signal Changed, and by Event; they have to be the same."""
        changed = [s.args[1] for s in self.events.signals[since:] if s.member == 'Changed'
                   and s.interface == f'{harness.NAME}.Orders' and s.args[0] == uid]
        events = [s.args[3]['status'] for s in self.events.signals[since:] if s.member == 'Event'
                  and s.args[1] == 'order' and s.args[2] == uid]
        self.assertEqual(changed, events)
        return changed


class Silence(PushTest):
    """With the intervals of the contract: nothing comes and nothing is closed."""

    def test_silent_link(self):
        uid, _ = self.place(wait_usec=10000000)
        began, since = time.monotonic(), len(self.events.signals)
        self.sandbox.fault(HUB, 'stall')
        self.events.wait_for_change('Daemon', 'PushState', lambda v: v not in CONNECTED, 36 * harness.TIME_FACTOR,
                                    since=since)
        self.assertLess(time.monotonic() - began, 35.5 * harness.TIME_FACTOR)
        self.sandbox.advance(uid, 'Processing')
        began = time.monotonic()
        harness.poll(lambda: self.status(uid) == 'processing', 20 * harness.TIME_FACTOR, 'the change on screen')
        self.assertEqual(self.listed(uid), 'processing')
        self.assertEqual(self.told(uid)[-1:], ['processing'])

class Reconnect(PushTest):
    config = '[Push]\nTimeoutSec=3\n'
    sandbox_args = ('--speed', '0', '--ping-sec', '1')

    def drop_silently(self):
        """Every push connection falls silent; new ones are welcome."""
        self.sandbox.fault(HUB, 'stall', count=0)
        since = len(self.events.signals)
        self.events.wait_for_change('Daemon', 'PushState', lambda v: v not in CONNECTED, since=since)

    def test_quiet_link(self):
        """Nothing to say is no silence: the server's pings keep it up."""
        since = len(self.events.signals)
        harness.let_pass(7)
        self.assertIn(self.client.get('Daemon', 'PushState'), CONNECTED)
        self.assertEqual([s for s in self.events.signals[since:] if s.interface == harness.PROPERTIES
                          and 'PushState' in s.args[1]], [])

    def test_one_delta_sync_after_a_reconnect(self):
        uid, _ = self.place(wait_usec=10000000)
        for change in LIFE[1:4]:
            harness.let_pass(1.5)       # what the last reconnect brought has come
            before = self.sandbox.count('OrdersGet')
            since = len(self.events.signals)
            self.drop_silently()
            self.sandbox.advance(uid, change)
            self.events.wait_for_change('Daemon', 'PushState', lambda v: v in CONNECTED, since=since)
            harness.poll(lambda c=change: self.status(uid) == STATUS[c], what='the change')
            harness.let_pass(2)
            self.assertEqual(self.sandbox.count('OrdersGet') - before, 1)
            self.assertEqual(self.told(uid).count(STATUS[change]), 1)

    def test_sync_of_an_idle_daemon(self):
        """Nothing pending: the first reconnect comes at a moment within two minutes, not at once with all others."""
        waits = []
        for _ in range(4):
            self.drop_silently()
            waits.append(int(self.daemon_log().rsplit('next try in ', 1)[1].split()[0]))
            self.restart()
            self.wait_connected()
        self.assertLess(max(waits), 120000)
        self.assertGreater(max(waits), 5000, waits)     # one of 300 000 runs fails here by chance

    def test_an_order_ends_the_idle_wait(self):
        """Somebody orders while the reconnect of an idle daemon has two minutes' time: it comes at once."""
        self.drop_silently()
        while int(self.daemon_log().rsplit('next try in ', 1)[1].split()[0]) < 20000:
            self.restart()
            self.wait_connected()
            self.drop_silently()
        uid, _ = self.place(wait_usec=10000000)
        self.wait_connected(5 * harness.TIME_FACTOR)
        self.sandbox.advance(uid, 'Processing')
        self.wait_for_status(uid, 'processing')

    def test_restart_of_the_service(self):
        """The service is gone for a moment: its connections are closed, those that come are refused."""
        self.sandbox.kill()
        self.sandbox.arguments = self.sandbox_args + ('--data', os.path.join(self.dir, 'service'))
        self.sandbox.start(self.sandbox.port)
        # It knows nobody any more: the session is over, and the push with it.
        with self.assertError('SessionExpired'):
            self.sync()
        self.assertEqual(self.client.get('Session', 'State'), 'expired')
        self.assertEqual(self.client.get('Daemon', 'PushState'), 'off')
        with self.assertError('SessionExpired'):
            self.client.call('Daemon', 'Sync')

    def test_long_polling(self):
        """The stream is not answered (a proxy that holds it): long polling does the same."""
        self.write_config('[Push]\nTimeoutSec=3\nTransports=long-polling\n')
        self.restart()
        self.wait_connected()
        self.assertEqual(self.client.get('Daemon', 'PushState'), 'long-polling')
        uid, _ = self.place(wait_usec=10000000)
        self.sandbox.advance(uid, 'Processing')
        self.wait_for_status(uid, 'processing')
        self.drop_silently()
        self.sandbox.advance(uid, 'In delivery')
        self.wait_for_status(uid, 'in-delivery')
        self.wait_connected()

    def test_no_push_at_the_service(self):
        """A service without hub, or one that refuses: polling alone, forever, and no storm of negotiations."""
        self.write_config('[Sync]\nPendingSec=1\n')
        for path, kind in ([(HUB + '/negotiate', k) for k in ('status:404', 'garbage:html', 'garbage:huge', 'truncate')]
                           + [(HUB, k) for k in ('status:404', 'reset', 'status:204')]):
            with self.subTest(path=path, kind=kind):
                self.sandbox.clear_faults()
                self.sandbox.fault(path, kind)
                self.restart()
                before = self.sandbox.count('hub/negotiate')
                uid, _ = self.place(wait_usec=10000000)
                self.sandbox.advance(uid, 'Delivered')
                self.wait_for_status(uid, 'delivered')
                self.assertLess(self.sandbox.count('hub/negotiate') - before, 12)
                self.assertNotIn(self.client.get('Daemon', 'PushState'), CONNECTED)


class NothingMissed(PushTest):
    config = '[Push]\nTimeoutSec=2\n[Sync]\nPendingSec=2\n'
    sandbox_args = ('--speed', '0', '--ping-sec', '1')

    def change(self, n, orders):
        """n changes spread over orders; a new one is made where all have ended."""
        for _ in range(n):
            if not orders or all(len(o['history']) == len(LIFE) for o in orders[-3:]):
                for _ in range(3):
                    uid, _ = self.place(wait_usec=15000000)
                    orders.append({'uid': uid, 'history': ['Requested'], 'disturbed': False})
            order = min(orders[-3:], key=lambda o: len(o['history']))
            status = LIFE[len(order['history'])]
            self.sandbox.advance(order['uid'], status)
            order['history'].append(status)

    def test_changes_across_drops(self):
        orders = []
        per_drop = max(2, CHANGES // DROPS)
        for drop in range(DROPS):
            self.wait_connected()
            quiet, began = len(orders), len(self.events.signals)
            self.change(per_drop // 2, orders)
            kind = ('stall', 'stall', 'lost', 'twice')[drop % 4]
            if kind == 'stall':
                since = len(self.events.signals)
                self.sandbox.fault(HUB, 'stall', count=0)
                self.change(per_drop - per_drop // 2, orders)
                self.events.wait_for_change('Daemon', 'PushState', lambda v: v not in CONNECTED, since=since)
            else:
                self.sandbox.fault('*', 'drop-push' if kind == 'lost' else 'duplicate-push', probability=0.5)
                self.sandbox.fault(HUB, 'drop-push' if kind == 'lost' else 'duplicate-push', probability=0.5)
                self.change(per_drop - per_drop // 2, orders)
                self.sandbox.clear_faults()
                if kind == 'lost':
                    self.sandbox.fault(HUB, 'stall', count=0)
                    since = len(self.events.signals)
                    self.events.wait_for_change('Daemon', 'PushState', lambda v: v not in CONNECTED, since=since)
            # A machine that is busy enough makes the link silent by itself.
            if kind != 'twice' or self.link_was_down(began):
                for order in orders[max(0, quiet - 3):]:
                    order['disturbed'] = True
        self.wait_connected()
        self.sync()
        self.check(orders)

    def link_was_down(self, since):
        self.client.call('Daemon', 'GetStatus') # what was told before this answer is here
        return any(s.interface == harness.PROPERTIES and s.args[1].get('PushState', CONNECTED[0]) not in CONNECTED
                   for s in self.events.signals[since:])

    def check(self, orders):
        truth = {o['uid']: o['status'] for o in self.sandbox.journal_orders()}
        self.assertEqual(len(truth), len(orders))
        seen = 0
        for order in orders:
            uid = order['uid']
            history = [STATUS[s] for s in order['history']]
            told = [s for s in self.told(uid) if s != 'submitting']
            self.assertEqual(self.status(uid), STATUS[truth[uid]])
            self.assertEqual(self.status(uid), history[-1])
            self.assertEqual(len(told), len(set(told)), f'told twice: {told}')
            self.assertEqual(told, [s for s in history if s in told], 'told in another order than it happened')
            self.assertEqual(told[-1], history[-1], 'the last state was not told')
            if not order['disturbed']:
                self.assertEqual(told, history, 'a state was missed though the link was up')
            # What was not told as a change is in the timeline all the same.
            timeline = [s for s, _ in self.client.call('Orders', 'Get', '(s)', (uid,))['timeline']]
            self.assertEqual(timeline, history)
            seen += len(told)
        kept = self.client.call('Daemon', 'GetEventsSince', '(tu)', (0, 10000))
        signalled = [e[0] for e in self.events.events()]
        self.assertEqual(sorted(set(signalled)), signalled, 'numbers that repeat or fall')
        self.assertLessEqual(set(e[0] for e in kept if e[1] == 'order'), set(signalled))
        print(f'{sum(len(o["history"]) for o in orders)} states of {len(orders)} orders, {seen} told ', end='',
              flush=True)


def forward(listener, port):
    """Bytes from the veth to the sandbox, which listens on loopback alone."""
    ends = {}

    def pump(a, b):
        try:
            while data := a.recv(65536):
                b.sendall(data)
            b.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        ends[a] = ends.get(a, 0) + 1
        ends[b] = ends.get(b, 0) + 1
        for end in (a, b):
            if ends[end] == 2:
                end.close()

    def serve():
        while True:
            try:
                a, _ = listener.accept()
                b = socket.create_connection(('127.0.0.1', port))
            except OSError:
                return
            for pair in ((a, b), (b, a)):
                threading.Thread(target=pump, args=pair, daemon=True).start()
    threading.Thread(target=serve, daemon=True).start()


def can_drop_packets():
    if os.geteuid() != 0 or not all(shutil.which(p) for p in ('ip', 'unshare', 'nsenter', 'openssl')):
        return False
    script = ('unshare -n sleep 10 & p=$!; trap "kill $p" EXIT; for i in 1 2 3 4 5 6 7 8 9; do '
              'ip link add ccb type veth peer name cca netns $p 2>/dev/null && exit 0; sleep 0.1; done; exit 1')
    return subprocess.run(['unshare', '-n', 'sh', '-c', script], stdin=subprocess.DEVNULL, check=False,
                          capture_output=True).returncode == 0


@unittest.skipUnless(can_drop_packets(), 'dropping packets needs root, network namespaces, veth, ip and openssl')
class DroppedPackets(unittest.TestCase):
    """The daemon in a network of its own behind a virtual cable; the cable is cut without a word to either end."""

    def test_cable_is_cut(self):
        self.in_namespace('test_cable_is_cut')

    def test_link_comes_back(self):
        self.in_namespace('test_link_comes_back')

    def in_namespace(self, test):
        run = subprocess.run(['unshare', '-n', sys.executable, '-B', os.path.realpath(__file__), 'InNamespace.' + test],
                             env={**os.environ, 'TEST_IN_NAMESPACE': '1'}, stdin=subprocess.DEVNULL,
                             capture_output=True, text=True, timeout=300 * harness.TIME_FACTOR, check=False)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        self.assertIn('Ran 1 test', run.stderr)


@unittest.skipUnless(os.environ.get('TEST_IN_NAMESPACE'), 'runs within DroppedPackets')
class InNamespace(PushTest):
    OURS, THEIRS, PORT = '10.99.0.1', '10.99.0.2', 8443

    def setUp(self):
        folder = harness.tempfile.mkdtemp(prefix='cc-tls-')
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        self.certificate, key = f'{folder}/cert.pem', f'{folder}/key.pem'
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes',
                        '-keyout', key, '-out', self.certificate, '-days', '2', '-subj', '/CN=sandbox',
                        '-addext', f'subjectAltName=IP:{self.OURS},IP:127.0.0.1'], check=True, capture_output=True)
        self.holder = subprocess.Popen(['unshare', '-n', 'sleep', '1000'], stdin=subprocess.DEVNULL,
                                       preexec_fn=harness._die_with_parent)
        self.addCleanup(self.holder.wait)
        self.addCleanup(self.holder.kill)
        self.ip('link set lo up')
        # Before it is in a namespace of its own it is in ours.
        harness.poll(lambda: os.readlink(f'/proc/{self.holder.pid}/ns/net') != os.readlink('/proc/self/ns/net'),
                     what='the namespace')
        harness.poll(lambda: subprocess.run(
            ['ip', *f'link add ccb type veth peer name cca netns {self.holder.pid}'.split()], check=False,
            capture_output=True).returncode == 0, what='the virtual cable')
        for line in (f'addr add {self.OURS}/24 dev ccb', 'link set ccb up'):
            self.ip(line)
        for line in ('link set lo up', f'addr add {self.THEIRS}/24 dev cca', 'link set cca up'):
            self.ip(line, inside=True)
        listener = socket.create_server((self.OURS, self.PORT))
        self.addCleanup(listener.close)
        self.sandbox_args = ('--speed', '0', '--tls-cert', self.certificate, '--tls-key', key)
        os.environ['SSL_CERT_FILE'] = self.certificate
        os.environ['TEST_WRAPPER'] = f'nsenter -t {self.holder.pid} -n'
        self.config = f'[Services]\nCAFile={self.certificate}\n'
        self.daemon_env = {'CUSTOMERCLIENT_BASE_URL': f'https://{self.OURS}:{self.PORT}', 'SSL_CERT_FILE': None}
        self.listener = listener
        super().setUp()

    def start(self, **env):
        if self.listener:
            forward(self.listener, self.sandbox.port)
            self.listener = None
        super().start(**env)

    def ip(self, line, inside=False):
        enter = ['nsenter', '-t', str(self.holder.pid), '-n'] if inside else []
        subprocess.run([*enter, 'ip', *line.split()], check=True)

    def cut(self):
        """Frames go to a station that is not there, both ways: no reset, no refusal, no end."""
        self.ip(f'neigh replace {self.OURS} lladdr 02:00:00:00:00:fe dev cca nud permanent', inside=True)
        self.ip(f'neigh replace {self.THEIRS} lladdr 02:00:00:00:00:fe dev ccb nud permanent')

    def mend(self):
        self.ip('neigh flush dev cca nud permanent', inside=True)
        self.ip(f'neigh del {self.THEIRS} dev ccb')

    def test_link_comes_back(self):
        """An address comes: that is told by the kernel, and nobody waits for the next poll."""
        self.write_config(self.config + '[Sync]\nPendingSec=300\n[Push]\nTimeoutSec=5\n'
                          '[Daemon]\nLogLevel=debug\n')
        self.restart()
        uid, _ = self.place(wait_usec=10000000)
        for status in ('Processing', 'In delivery'):
            self.wait_connected()
            self.cut()
            since = len(self.events.signals)
            self.events.wait_for_change('Daemon', 'PushState', lambda v: v not in CONNECTED, 20, since=since)
            self.sandbox.advance(uid, status)
            harness.let_pass(8)         # the tries that come soon have failed, the next ones are further away
            self.ip(f'addr del {self.THEIRS}/24 dev cca', inside=True)
            self.mend()
            self.ip(f'addr add {self.THEIRS}/24 dev cca', inside=True)
            began = time.monotonic()
            harness.poll(lambda s=status: self.status(uid) == STATUS[s], 8, 'the change on screen')
            print(f'{time.monotonic() - began:.1f} s ', end='', flush=True)
            self.wait_connected(10)
        harness.poll(lambda: self.daemon_log().count('The network or the clock changed') >= 2, what='the second notice')

    def test_cable_is_cut(self):
        uid, _ = self.place(wait_usec=10000000)
        harness.let_pass(2)
        self.cut()
        began, since = time.monotonic(), len(self.events.signals)
        self.events.wait_for_change('Daemon', 'PushState', lambda v: v not in CONNECTED, 36, since=since)
        self.assertLess(time.monotonic() - began, 35.5)
        # An order made now is durable, and its outcome is not guessed.
        made = str(uuid.uuid4())
        options = {'uid': GLib.Variant('s', made), 'address': GLib.Variant('s', '12 Long Street'),
                   'city': GLib.Variant('s', 'Springfield'), 'wait-usec': GLib.Variant('t', 2000000),
                   'items': GLib.Variant('a(tu)', [(self.products()[0][0], 1)])}
        self.assertEqual(self.client.call('Orders', 'Place', '(a{sv})', (options,)), (made, 'submitting'))
        self.sandbox.advance(uid, 'Processing')
        harness.poll(lambda: not self.client.get('Daemon', 'Online'), 40, 'being offline')
        before = self.sandbox.count('OrdersGet')
        self.mend()
        began = time.monotonic()
        harness.poll(lambda: self.status(uid) == 'processing', 20, 'the change on screen')
        print(f'on screen {time.monotonic() - began:.1f} s after the cable was mended ', end='', flush=True)
        harness.poll(lambda: self.status(made) == 'requested', 60, 'the order')
        self.wait_connected(150)
        harness.let_pass(2)
        self.assertEqual(len(self.sandbox.journal_orders(made)), 1)
        self.assertEqual(self.told(uid).count('processing'), 1)
        self.assertLess(self.sandbox.count('OrdersGet') - before, 12)


if __name__ == '__main__':
    harness.main()
