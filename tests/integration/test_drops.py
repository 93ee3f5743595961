"""No state is missed and none is told twice, whatever becomes of the push connection; a cable that is cut says nothing.
TEST_PUSH_CHANGES and TEST_PUSH_DROPS (1000, 50) are the long form (make check-long)."""

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
from test_push import CONNECTED, HUB, LIFE, STATUS, PushTest

CHANGES = int(os.environ.get('TEST_PUSH_CHANGES', '60'))
DROPS = int(os.environ.get('TEST_PUSH_DROPS', '4'))


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
