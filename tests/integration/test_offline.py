"""Orders made without network: sent in time or never, told once, and what they took from the cart comes back."""

import contextlib
import os
import signal
import sqlite3
import time
import uuid

from gi.repository import GLib

import harness

DEADLINE = 3


class OfflineTest(harness.TestCase):
    config = f'[Orders]\nDeadlineSec={DEADLINE}\n'

    def setUp(self):
        super().setUp()
        self.sandbox.kill()
        self.data = os.path.join(self.dir, 'service')
        self.sandbox.arguments = ('--data', self.data)
        self.sandbox.start(self.sandbox.port)
        self.sign_up_and_in()
        self.sync()
        self.product = next(p[0] for p in self.products() if p[6])

    def online(self):
        harness.poll(lambda: self.client.get('Daemon', 'Online'), 60 * harness.TIME_FACTOR, 'contact with the service')

    def come_back(self):
        """The service is there again; a Sync makes the daemon look at once."""
        self.sandbox.start(self.sandbox.port)
        self.sync()
        self.online()

    def order_from_cart(self, **more):
        self.client.call('Cart', 'Add', '(tu)', (self.product, 3))
        self.client.call('Cart', 'SetNote', '(ts)', (self.product, 'no onions'))
        uid = str(uuid.uuid4())
        options = {'uid': GLib.Variant('s', uid), 'address': GLib.Variant('s', '12 Long Street'),
                   'city': GLib.Variant('s', 'Springfield'), 'wait-usec': GLib.Variant('t', 0), **more}
        self.assertEqual(self.client.call('Orders', 'Place', '(a{sv})', (options,)), (uid, 'submitting'))
        self.assertEqual(self.client.get('Cart', 'Count'), 0)
        return uid

    def status(self, uid):
        return self.client.call('Orders', 'Get', '(s)', (uid,))['status']

    def expect_rejected_once(self, uid):
        """Rejected, the items back with their note, no order at the service, and one message about it."""
        harness.poll(lambda: self.status(uid) == 'rejected', what='the rejection')
        self.assertIn('nothing was ordered', self.client.call('Orders', 'Get', '(s)', (uid,))['failure-reason'])
        lines = self.client.call('Cart', 'Get')[0]
        self.assertEqual([(line[0], line[2], line[5]) for line in lines], [(self.product, 3, 'no onions')])
        self.restart()
        self.sync()
        self.assertEqual(self.sandbox.journal_orders(), [])
        self.assertEqual(self.client.get('Cart', 'Count'), 3)
        events = self.client.call('Daemon', 'GetEventsSince', '(tu)', (0, 10000))
        statuses = [e[3]['status'] for e in events if e[1] == 'order' and e[2] == uid]
        self.assertEqual(statuses.count('rejected'), 1, statuses)
        signals = [s for s in self.events.signals if s.member == 'Changed' and s.args[:2] == (uid, 'rejected')]
        self.assertLessEqual(len(signals), 1)
        self.assertEqual(self.client.call('Orders', 'ListPending'), [])
        self.assertEqual(self.client.objects(), {})

    def test_sent_when_back_in_time(self):
        self.write_config('[Orders]\nDeadlineSec=600\n')
        self.restart()
        self.sandbox.stop()
        uid = self.order_from_cart()
        self.restart()
        self.assertEqual(self.status(uid), 'submitting')
        self.come_back()
        harness.poll(lambda: self.status(uid) == 'requested', 60 * harness.TIME_FACTOR, 'the order')
        self.assertEqual([o['uid'] for o in self.sandbox.journal_orders()], [uid])
        self.assertEqual(self.client.get('Cart', 'Count'), 0)

    def test_deadline_passes_offline(self):
        self.sandbox.stop()
        uid = self.order_from_cart()
        self.events.wait_for(lambda s: s.member == 'Event' and s.args[2] == uid
                             and s.args[3].get('status') == 'rejected', what='the news')
        self.assertEqual(self.status(uid), 'rejected')
        self.come_back()
        self.expect_rejected_once(uid)

    def test_deadline_passes_while_the_daemon_is_off(self):
        self.sandbox.stop()
        uid = self.order_from_cart()
        self.stop()
        harness.let_pass(DEADLINE + 0.5)
        self.sandbox.start(self.sandbox.port)
        self.start()
        self.expect_rejected_once(uid)

    def test_deadline_passes_while_all_stands_still(self):
        """Like a closed lid: the process does not run, and the service is there at once when it does again."""
        self.sandbox.stop()
        uid = self.order_from_cart()
        self.daemon.signal(signal.SIGSTOP)
        harness.let_pass(DEADLINE + 0.5)
        self.sandbox.start(self.sandbox.port)
        self.daemon.signal(signal.SIGCONT)
        self.expect_rejected_once(uid)

    def test_no_price_before_the_service_named_one(self):
        self.sync()
        self.sandbox.stop()
        uid = self.order_from_cart()
        order = self.client.call('Orders', 'Get', '(s)', (uid,))
        self.assertGreater(order['products-price'], 0)
        for key in ('delivery-price', 'additional-price', 'tax-price', 'total-price'):
            self.assertNotIn(key, order)
        (row,), _ = self.client.call('Orders', 'List', '(a{sv}us)', ({}, 10, ''))
        self.assertEqual((row[0], row[4]), (uid, 0))
        (path,) = self.client.objects()
        properties = self.client.get_all('Order', path)
        self.assertEqual((properties['Total'], properties['AmountDue']), (0, 0))

    def test_death_before_it_is_told(self):
        """The rejection is stored, and the process dies before it is told: the next one has the news, once."""
        self.write_config('[Orders]\nDeadlineSec=600\n')
        self.restart()
        self.sandbox.stop()
        uid = self.order_from_cart()
        seq = self.client.get('Daemon', 'EventSeq')
        self.daemon.kill()
        with contextlib.closing(sqlite3.connect(f'{self.dir}/state/customerclient/state.db')) as db, db:
            db.execute("UPDATE outbox SET state = 'rejected', ended = 1, error_name = 'Offline', "
                       "error_message = 'too late; nothing was ordered' WHERE subject = ?", (uid,))
        for _ in range(2):
            self.start()
            news = [e[3]['status'] for e in self.client.call('Daemon', 'GetEventsSince', '(tu)', (seq, 1000))
                    if e[1] == 'order' and e[2] == uid]
            self.assertEqual(news, ['rejected'])
            self.assertEqual(self.status(uid), 'rejected')
            self.assertEqual(self.client.call('Orders', 'ListPending'), [])
            self.stop()

    def test_the_clock_of_the_service_decides(self):
        """By our clock there is time, by the service's the deadline is over: the order is not made."""
        self.write_config('[Orders]\nDeadlineSec=600\n')
        self.restart()
        self.sync()
        for more in ({}, {'expected-total': GLib.Variant('x', 5000)}):
            with self.subTest(options=list(more)):
                self.client.call('Cart', 'Clear')
                self.sandbox.stop()
                uid = self.order_from_cart(**more)
                self.sandbox.start(self.sandbox.port)
                self.sandbox.request('POST', '/Sandbox/Clock', {'advanceSec': 3600})
                harness.poll(lambda: self.status(uid) == 'rejected', 60 * harness.TIME_FACTOR, 'the rejection')
                self.expect_rejected_once(uid)

    def test_a_clock_of_ours_that_is_an_hour_slow(self):
        """The order is made before the service's time is known: the deadline is ten minutes from now by any clock."""
        self.write_config('[Orders]\nDeadlineSec=600\n')
        self.sandbox.request('POST', '/Sandbox/Clock', {'advanceSec': 3600})
        self.sandbox.stop()
        self.restart()
        harness.poll(lambda: 'clock-skew' not in self.client.call('Daemon', 'GetStatus'), what='not knowing the time')
        uid = self.order_from_cart()
        self.sandbox.start(self.sandbox.port)
        harness.poll(lambda: self.status(uid) != 'submitting', 60 * harness.TIME_FACTOR, 'the order')
        self.assertEqual(self.status(uid), 'requested')
        skew = self.client.call('Daemon', 'GetStatus')['clock-skew'] / 1e6
        self.assertTrue(3590 < skew < 3610, skew)

    def test_a_clock_of_ours_that_is_wrong(self):
        """Ours is an hour behind or ahead of the service's: an order made online is made."""
        for seconds in (3600, 86400):
            self.sandbox.request('POST', '/Sandbox/Clock', {'advanceSec': seconds})
            self.sync()
            self.assertEqual(self.place()[1], 'requested')

    def test_what_needs_the_service_says_so(self):
        uid, _ = self.place(wait_usec=10000000)
        self.sandbox.stop()
        began = time.monotonic()
        for method, signature, args in (('Cancel', '(ssa{sv})', (uid, '', {})),
                                        ('Quote', '(a{sv})', ({'address': GLib.Variant('s', 'x'),
                                                               'items': GLib.Variant('a(tu)', [(self.product, 1)])},))):
            with self.assertError('Offline'):
                self.client.call('Orders', method, signature, args, timeout=25)
        self.assertLess(time.monotonic() - began, 25)
        self.assertEqual(self.client.get('Daemon', 'PendingOperations'), 0)
        self.assertEqual(self.client.call('Orders', 'Get', '(s)', (uid,))['status'], 'requested')
        self.sandbox.start(self.sandbox.port)
        self.sync()
        self.assertEqual(self.sandbox.journal()['cancellations'], [])

    def test_start_without_network(self):
        """Answers come from the cache from the first moment, and it comes back by itself."""
        uid, _ = self.place(wait_usec=10000000)
        self.sandbox.stop()
        self.restart()
        self.assertEqual(self.client.get('Session', 'State'), 'signed-in')
        self.assertEqual(self.status(uid), 'requested')
        self.assertEqual(len(self.client.call('Orders', 'ListPending')), 1)
        self.assertGreater(len(self.products()), 10)
        self.assertTrue(self.client.call('Catalog', 'Search', '(su)', ('a', 10)))
        harness.poll(lambda: not self.client.get('Daemon', 'Online'), what='being offline')
        self.sandbox.start(self.sandbox.port)
        self.sandbox.advance(uid, 'Processing')
        self.wait_for_status(uid, 'processing', 60 * harness.TIME_FACTOR)

    def test_cancel_of_what_was_not_sent(self):
        """Local, at once, certain: never sent, also not when the network is back."""
        self.sandbox.stop()
        uid = self.order_from_cart()
        self.client.call('Orders', 'Cancel', '(ssa{sv})', (uid, '', {}))
        self.assertEqual(self.status(uid), 'cancelled')
        self.assertEqual(self.client.get('Cart', 'Count'), 0)
        self.come_back()
        self.restart()
        self.sync()
        self.assertEqual(self.status(uid), 'cancelled')
        self.assertEqual(self.sandbox.journal_orders(), [])
        with self.assertError('CannotCancel'):
            self.client.call('Orders', 'Cancel', '(ssa{sv})', (uid, '', {}))


if __name__ == '__main__':
    harness.main()
