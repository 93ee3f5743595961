"""Everything goes wrong at once, by chance: the service in every way, the daemon killed, the person impatient. In the end
each order is made once or rejected, nothing of the cart is lost or doubled, and all was told once. TEST_CHAOS_ORDERS
and TEST_SEED choose (make check-long: 150 orders)."""

import os
import random
import uuid

from gi.repository import GLib

import harness

ORDERS = int(os.environ.get('TEST_CHAOS_ORDERS', '12'))
KINDS = ('reset', 'reset-after', 'truncate', 'garbage:html', 'garbage:bytes', 'garbage:deep', 'status:500',
         'status-after:500', 'status:503', 'status-after:502', 'status-after:404', 'status:400')


class Chaos(harness.TestCase):
    config = '[Orders]\nDeadlineSec=6\n[Sync]\nPendingSec=2\nPendingWithPushSec=5\n[Push]\nTimeoutSec=4\n'
    sandbox_args = ('--speed', '0', '--ping-sec', '1')

    def setUp(self):
        super().setUp()
        self.sign_up_and_in()
        self.sync()
        self.product = next(p[0] for p in self.products() if p[6])
        seed = int(os.environ.get('TEST_SEED', random.SystemRandom().randrange(1 << 32)))
        print(f'seed {seed} ', end='', flush=True)
        self.chance = random.Random(seed)
        self.added, self.uids, self.from_cart = 0, [], set()

    def trouble(self):
        for kind in KINDS:
            self.sandbox.fault('/CustomerBackend/*', kind, probability=0.04)
        self.sandbox.fault('MakeOrderRequest', 'reset-after', probability=0.3)
        self.sandbox.fault('MakeOrderRequest', 'status:409:product-unavailable', probability=0.05)
        self.sandbox.fault('/CustomerBackend/*', 'latency', probability=0.2, delay_ms=200)
        self.sandbox.fault('/CustomerBackend/*', 'expire-tokens', probability=0.02)
        for kind in ('drop-push', 'duplicate-push'):
            self.sandbox.fault('*', kind, probability=0.2)

    def kill(self):
        self.daemon.kill()
        self.start()

    def try_call(self, *call, **more):
        """The reply, or the error's short name; killed in the midst of it by chance."""
        pending = self.client.call_async(*call, timeout=30, **more)
        if self.chance.random() < 0.35:
            harness.let_pass(self.chance.choice((0.001, 0.01, 0.1, 1)) * self.chance.random())
            self.kill()
        try:
            return pending.wait(40)
        except harness.DBusError as e:
            return e.name.rsplit('.', 1)[-1]

    def signed_in(self):
        if self.client.get('Session', 'State') != 'signed-in':
            self.sign_in()

    def add_to_cart(self):
        # What an order that is rejected meanwhile puts back comes on top.
        self.client.call('Cart', 'Add', '(tu)', (self.product, 1))
        self.added += 1

    def order(self):
        uid = str(uuid.UUID(int=self.chance.getrandbits(128), version=4))
        options = {'uid': GLib.Variant('s', uid), 'address': GLib.Variant('s', '12 Long Street'),
                   'city': GLib.Variant('s', 'Springfield'),
                   'wait-usec': GLib.Variant('t', self.chance.choice((0, 300000, 4000000)))}
        if self.chance.random() < 0.5:
            options['items'] = GLib.Variant('a(tu)', [(self.product, 1)])
        else:
            self.add_to_cart()
            self.from_cart.add(uid)
        self.uids.append(uid)
        while True:
            self.signed_in()
            answer = self.try_call('Orders', 'Place', '(a{sv})', (options,))
            if isinstance(answer, tuple) or answer in ('OutcomeUnknown', 'ProductUnavailable', 'Offline', 'Backend',
                                                       'Protocol', 'NotFound'):
                return uid
            # Whoever does not know repeats: the daemon died, or the session had ended before it was durable.
            self.assertIn(answer, ('NoReply', 'ServiceUnknown', 'NameHasNoOwner', 'Disconnected', 'SessionExpired',
                                   'NotSignedIn', 'Busy'))

    def test_chaos(self):
        cancelled = {}
        for _ in range(ORDERS):
            self.trouble()
            uid = self.order()
            if self.chance.random() < 0.2:
                cancelled[uid] = self.try_call('Orders', 'Cancel', '(ssa{sv})', (uid, 'no', {}))
            if self.chance.random() < 0.15:
                self.sandbox.fault('*', self.chance.choice(('reset', 'stall')), count=5)
                harness.let_pass(self.chance.random() * 2)
            if self.chance.random() < 0.3:
                self.kill()
            self.sandbox.clear_faults()
        self.signed_in()
        harness.poll(lambda: self.client.get('Daemon', 'PendingOperations') == 0, 180 * harness.TIME_FACTOR,
                     'an empty outbox')
        self.sync()
        self.check(cancelled)
        self.restart()
        self.sync()
        self.check(cancelled)

    def check(self, cancelled):
        journal = self.sandbox.journal()
        made = {o['uid']: o for o in journal['orders']}
        self.assertEqual(len(made), len(journal['orders']), 'one order was made twice')
        self.assertLessEqual(set(made), set(self.uids))
        in_orders = 0
        for uid in self.uids:
            order = self.client.call('Orders', 'Get', '(s)', (uid,))
            status = order['status']
            if uid not in made:
                self.assertIn(status, ('rejected', 'cancelled'), uid)
                self.assertTrue(status == 'rejected' or uid in cancelled, uid)
                if status == 'cancelled' and uid in self.from_cart:
                    in_orders += sum(line[2] for line in order['products'])      # the cart stays as it is
                continue
            self.assertEqual(status, made[uid]['status'].lower(), uid)
            if uid in self.from_cart:
                in_orders += sum(line[2] for line in order['products'])
            if cancelled.get(uid) is None and uid in cancelled:
                self.assertEqual(status, 'cancelled', uid)
        self.assertEqual(in_orders + self.client.get('Cart', 'Count'), self.added, 'items are lost, or doubled')
        events = self.client.call('Daemon', 'GetEventsSince', '(tu)', (0, 10000))
        for uid in self.uids:
            told = [e[3]['status'] for e in events if e[1] == 'order' and e[2] == uid]
            self.assertEqual(len(told), len(set(told)), f'told twice: {told}')
            self.assertEqual(told[-1], self.client.call('Orders', 'Get', '(s)', (uid,))['status'])
        self.assertEqual({a for _, a in self.sandbox_pending(made)}, {1} if self.sandbox_pending(made) else set())
        rows = self.client.call('Orders', 'ListPending')
        self.assertEqual(sorted(r[0] for r in rows), sorted(u for u in made if made[u]['status'] != 'Cancelled'))

    def sandbox_pending(self, made):
        """Pending orders and how many objects stand for each."""
        objects = [properties[harness.NAME + '.Order']['Uid'] for properties in self.client.objects().values()]
        return [(uid, objects.count(uid)) for uid in made if made[uid]['status'] != 'Cancelled']


if __name__ == '__main__':
    harness.main()
