"""Orders when answers are lost, spoilt or late and the daemon is killed: each is made exactly once or definitely not
at all, and the journal of the service proves it. TEST_LOST_ANSWERS=100 is the long form (make check-long)."""

import contextlib
import os
import random
import resource
import sqlite3
import uuid

from gi.repository import GLib

import harness

LOST_ANSWERS = int(os.environ.get('TEST_LOST_ANSWERS', '12'))
ANSWER_TIMEOUT = 60 * harness.TIME_FACTOR


class OutboxTest(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.sign_up_and_in()
        self.sync()
        self.product = next(p[0] for p in self.products() if p[6])

    def options(self, uid, wait_usec=0, **more):
        variants = {'uid': GLib.Variant('s', uid), 'address': GLib.Variant('s', '12 Long Street'),
                    'city': GLib.Variant('s', 'Springfield'), 'payment': GLib.Variant('s', 'cash'),
                    'items': GLib.Variant('a(tu)', [(self.product, 1)]), 'wait-usec': GLib.Variant('t', wait_usec)}
        variants.update(more)
        return variants

    def place_uid(self, uid, wait_usec=0, **more):
        return self.client.call('Orders', 'Place', '(a{sv})', (self.options(uid, wait_usec, **more),),
                                timeout=wait_usec / 1e6 + harness.TIMEOUT)

    def status(self, uid):
        return self.client.call('Orders', 'Get', '(s)', (uid,))['status']

    def wait_made(self, uid, timeout=ANSWER_TIMEOUT):
        return harness.poll(lambda: self.status(uid) not in ('submitting', 'unknown') and self.status(uid), timeout,
                            f'the outcome of {uid}')

    def kill_and_start(self):
        self.daemon.kill()
        self.start()


class LostAnswers(OutboxTest):
    def test_kills_at_random_moments(self):
        """The work is done, the answer is lost, and the daemon dies at any moment, several times for each order."""
        seed = int(os.environ.get('TEST_SEED', random.SystemRandom().randrange(1 << 32)))
        print(f'seed {seed} ', end='', flush=True)
        chance = random.Random(seed)
        uids = [str(uuid.UUID(int=chance.getrandbits(128), version=4)) for _ in range(LOST_ANSWERS)]
        for uid in uids:
            self.sandbox.fault('MakeOrderRequest', 'reset-after', count=chance.randint(1, 2))
            for _ in range(chance.randint(1, 3)):
                pending = self.client.call_async('Orders', 'Place', '(a{sv})', (self.options(uid, 5000000),))
                harness.let_pass(chance.choice((0.001, 0.005, 0.02, 0.1, 1)) * chance.random())
                self.kill_and_start()
                # Whether it was durable before the kill or not: the caller repeats its own uid.
                harness.iterate(lambda: pending.done, what='the end of the call')
            self.place_uid(uid)
            self.wait_made(uid)
            self.sandbox.clear_faults()
        journal = self.sandbox.journal_orders()
        self.assertEqual(sorted(o['uid'] for o in journal), sorted(uids))
        self.assertEqual(sorted(o['key'] for o in journal), sorted(uids))
        for uid in uids:
            self.assertEqual(self.status(uid), 'requested')
            self.assertEqual(self.place_uid(uid), (uid, 'requested'))
        self.assertEqual(self.client.get('Daemon', 'PendingOperations'), 0)
        self.assertEqual(len(self.sandbox.journal_orders()), len(uids))

    def test_kill_before_it_is_marked(self):
        """Durable, not yet attempted: the quote that comes first is on its way."""
        self.sandbox.fault('MakeOrderQuote', 'stall', count=1)
        uid = str(uuid.uuid4())
        self.assertEqual(self.place_uid(uid), (uid, 'submitting'))
        harness.poll(lambda: self.sandbox.count('MakeOrderQuote'), what='the quote')
        self.kill_and_start()
        self.wait_made(uid)
        self.assertEqual(self.place_uid(uid), (uid, 'requested'))
        self.assertEqual([o['uid'] for o in self.sandbox.journal_orders()], [uid])

    def test_kill_while_it_is_made(self):
        """Marked, sent, and the service does its work while the daemon is dead."""
        self.sandbox.fault('MakeOrderRequest', 'latency', count=1, delay_ms=700)
        uid = str(uuid.uuid4())
        self.assertEqual(self.place_uid(uid), (uid, 'submitting'))
        harness.poll(lambda: self.sandbox.count('MakeOrderRequest'), what='the request')
        self.kill_and_start()
        self.wait_made(uid)
        self.assertEqual(self.place_uid(uid), (uid, 'requested'))
        self.assertEqual([o['uid'] for o in self.sandbox.journal_orders()], [uid])

    def test_kill_and_the_same_uid_at_once(self):
        """The caller of the dead daemon repeats before anything else is done, and with a wait."""
        self.sandbox.fault('MakeOrderRequest', 'reset-after', count=1)
        uid = str(uuid.uuid4())
        pending = self.client.call_async('Orders', 'Place', '(a{sv})', (self.options(uid, 15000000),))
        harness.poll(lambda: self.sandbox.count('MakeOrderRequest'), what='the request')
        self.kill_and_start()
        harness.iterate(lambda: pending.done, what='the end of the call')
        got, status = self.place_uid(uid, 15000000)
        self.assertEqual(got, uid)
        self.assertIn(status, ('submitting', 'requested'))
        self.assertEqual(self.wait_made(uid), 'requested')
        self.assertEqual([o['uid'] for o in self.sandbox.journal_orders()], [uid])
        with self.assertError('Conflict', uid):
            self.place_uid(uid, comment=GLib.Variant('s', 'another one'))


class SpoiltAnswers(OutboxTest):
    def test_each_kind_of_fault(self):
        """One fault, or a few, then a healthy service: the order is made, once."""
        faults = [('reset', 2), ('reset-after', 2), ('truncate', 1), ('garbage:html', 1), ('garbage:bytes', 1),
                  ('garbage:deep', 1), ('garbage:huge', 1), ('status:500', 2), ('status-after:500', 1),
                  ('status:503', 2), ('status-after:502', 1), ('status:400', 1), ('status-after:404', 1),
                  ('status:422:key-reused', 1), ('status-after:200', 1), ('status:302', 1)]
        for kind, count in faults:
            with self.subTest(kind=kind):
                self.sandbox.fault('MakeOrderRequest', kind, count=count)
                uid = str(uuid.uuid4())
                got, status = self.place_uid(uid, 15000000)
                self.assertEqual(got, uid)
                if status == 'submitting':
                    status = self.wait_made(uid)
                self.assertEqual(status, 'requested')
                self.assertEqual(len(self.sandbox.journal_orders(uid)), 1)
                self.sandbox.clear_faults()
        self.assertEqual(len(self.sandbox.journal_orders()), len(faults))

    def test_stalled(self):
        """Sent and never answered: the try is given up in time and repeated."""
        self.sandbox.fault('MakeOrderRequest', 'stall', count=1)
        uid = str(uuid.uuid4())
        self.place_uid(uid)
        self.assertEqual(self.wait_made(uid), 'requested')
        self.assertEqual(len(self.sandbox.journal_orders()), 1)

    def test_five_500s_then_asked(self):
        """Five 500s are no answer: the service is asked for the uid, and the order is made when it can be."""
        self.sandbox.fault('MakeOrderRequest', 'status:500', count=6)
        uid = str(uuid.uuid4())
        self.place_uid(uid)
        self.assertEqual(self.wait_made(uid, 150 * harness.TIME_FACTOR), 'requested')
        self.assertGreater(self.sandbox.count('OrderGet'), 0)
        self.assertEqual(len(self.sandbox.journal_orders()), 1)

    def test_refusal_is_final(self):
        """A 4xx with a code: an error within the wait, the cart as it was, the same refusal for the same uid."""
        self.client.call('Cart', 'Add', '(tu)', (self.product, 2))
        self.sandbox.fault('MakeOrderRequest', 'status:409:product-unavailable', count=1)
        uid = str(uuid.uuid4())
        options = self.options(uid, 15000000)
        del options['items']
        for _ in range(2):
            with self.assertError('ProductUnavailable', 'nothing was ordered'):
                self.client.call('Orders', 'Place', '(a{sv})', (options,), timeout=20)
            self.assertEqual(self.client.get('Cart', 'Count'), 2)
            self.kill_and_start()
        self.assertEqual(self.status(uid), 'rejected')
        self.assertEqual(self.sandbox.journal_orders(), [])
        self.assertEqual(self.sandbox.count('MakeOrderRequest'), 1)

    def test_refused_after_a_lost_answer(self):
        """Made, the answer lost, and the repetition refused with a code (by what stands before the service, say): the
        service is asked, and the order that is there is not called rejected."""
        for code in ('409:price-changed', '403:blocked', '422:invalid-address'):
            with self.subTest(code=code):
                self.sandbox.fault('MakeOrderRequest', 'reset-after', count=1)
                self.sandbox.fault('MakeOrderRequest', 'status:' + code, count=1)
                self.sandbox.fault('OrderChanged', 'drop-push')
                uid = str(uuid.uuid4())
                self.place_uid(uid)
                self.assertEqual(self.wait_made(uid), 'requested')
                self.assertEqual(len(self.sandbox.journal_orders(uid)), 1)
                self.assertEqual(self.place_uid(uid), (uid, 'requested'))
                self.sandbox.clear_faults()

    def test_refused_after_a_try_that_did_not_arrive(self):
        """The same where the service has no such order: rejected, with the refusal's own name."""
        self.sandbox.fault('MakeOrderRequest', 'reset', count=1)
        self.sandbox.fault('MakeOrderRequest', 'status:409:price-changed', count=1)
        uid = str(uuid.uuid4())
        with self.assertError('PriceChanged', 'nothing was ordered'):
            self.place_uid(uid, 15000000)
        self.assertEqual(self.status(uid), 'rejected')
        self.assertEqual(self.sandbox.count('OrderGet'), 1)
        self.assertEqual(self.sandbox.journal_orders(), [])

    def test_death_before_the_wish_behind_is_released(self):
        """The end of the order is stored, the cancellation that waited for it is not yet released."""
        for state, cancelled in (('made', 1), ('rejected', 0)):
            with self.subTest(state=state):
                self.sandbox.fault('MakeOrderRequest', 'reset-after')
                self.sandbox.fault('OrderGet', 'status:503')
                uid = str(uuid.uuid4())
                self.place_uid(uid)
                harness.poll(lambda u=uid: self.sandbox.journal_orders(u), what='the order')
                with self.assertError('OutcomeUnknown'):
                    self.client.call('Orders', 'Cancel', '(ssa{sv})', (uid, '', {}))
                self.daemon.kill()
                with contextlib.closing(sqlite3.connect(f'{self.dir}/state/customerclient/state.db')) as db, db:
                    changed = db.execute("UPDATE outbox SET state = ?, ended = 1 WHERE kind = 'place' AND subject = ?",
                                         (state, uid))
                    self.assertEqual(changed.rowcount, 1)
                self.sandbox.clear_faults()
                self.start()
                harness.poll(lambda: self.client.get('Daemon', 'PendingOperations') == 0, what='an empty outbox')
                self.assertEqual([c['deliveryOrderUid'] for c in self.sandbox.journal()['cancellations']].count(uid),
                                 cancelled)

    def test_cancel_behind_an_open_order(self):
        """The wish waits behind the order, survives a kill, and is sent when the order is found made."""
        self.sandbox.fault('MakeOrderRequest', 'reset-after')
        uid = str(uuid.uuid4())
        self.place_uid(uid)
        harness.poll(lambda: self.sandbox.journal_orders(uid), what='the order')
        with self.assertError('OutcomeUnknown'):
            self.client.call('Orders', 'Cancel', '(ssa{sv})', (uid, 'hungry no more', {}))
        self.kill_and_start()
        self.sandbox.clear_faults()
        harness.poll(lambda: self.status(uid) == 'cancelled', ANSWER_TIMEOUT, 'the cancellation')
        journal = self.sandbox.journal()
        self.assertEqual([c['deliveryOrderUid'] for c in journal['cancellations']], [uid])
        self.assertEqual(len(journal['orders']), 1)
        self.assertEqual(self.client.get('Daemon', 'PendingOperations'), 0)


class FullDisk(OutboxTest):
    """Nothing can be written while an order is under way; a limit on the size of files stands for the full disk."""

    allowed_log = ('could not be', 'is not kept', 'gets no number', 'full', 'No space left', 'File too large')

    def limit(self, size):
        resource.prlimit(self.daemon.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    def test_before_it_is_marked(self):
        """What cannot be marked as attempted is not sent."""
        self.sandbox.fault('MakeOrderQuote', 'latency', delay_ms=700, count=1)
        uid = str(uuid.uuid4())
        self.place_uid(uid)
        harness.poll(lambda: self.sandbox.count('MakeOrderQuote'), what='the quote')
        self.limit(1)
        harness.let_pass(3)
        self.assertEqual(self.sandbox.count('MakeOrderRequest'), 0)
        self.assertEqual(self.status(uid), 'submitting')
        self.limit(resource.RLIM_INFINITY)
        self.assertEqual(self.wait_made(uid), 'requested')
        self.assertEqual(len(self.sandbox.journal_orders()), 1)

    def test_while_it_is_made(self):
        """Made, and the answer cannot be stored: the row stays open, over a kill too, until it can; one order."""
        self.sandbox.fault('MakeOrderRequest', 'latency', delay_ms=700, count=1)
        uid = str(uuid.uuid4())
        self.place_uid(uid)
        harness.poll(lambda: self.sandbox.count('MakeOrderRequest'), what='the request')
        self.limit(1)
        harness.poll(lambda: self.sandbox.journal_orders(uid), what='the order')
        harness.let_pass(2)
        self.kill_and_start()
        self.assertEqual(self.wait_made(uid), 'requested')
        self.assertEqual(self.client.get('Daemon', 'PendingOperations'), 0)
        self.assertEqual(len(self.sandbox.journal_orders()), 1)

    def test_while_it_is_refused(self):
        """Refused, and neither the refusal nor the cart can be stored: told when both are."""
        self.client.call('Cart', 'Add', '(tu)', (self.product, 2))
        self.sandbox.fault('MakeOrderRequest', 'latency', delay_ms=700, count=1)
        self.sandbox.fault('MakeOrderRequest', 'status:409:product-unavailable')
        uid = str(uuid.uuid4())
        options = self.options(uid)
        del options['items']
        self.client.call('Orders', 'Place', '(a{sv})', (options,))
        harness.poll(lambda: self.sandbox.count('MakeOrderRequest'), what='the request')
        self.limit(1)
        harness.let_pass(3)
        self.assertNotEqual(self.status(uid), 'rejected')
        self.limit(resource.RLIM_INFINITY)
        harness.poll(lambda: self.status(uid) == 'rejected', ANSWER_TIMEOUT, 'the rejection')
        self.assertEqual(self.client.get('Cart', 'Count'), 2)
        self.assertEqual(self.sandbox.journal_orders(), [])
        told = [e[3]['status'] for e in self.events.events('order') if e[2] == uid]
        self.assertEqual(told.count('rejected'), 1, told)


class UnknownOutcome(OutboxTest):
    config = '[Orders]\nDeadlineSec=3\n'

    def test_found_made_after_the_deadline(self):
        """Attempted, not answered, the deadline over: `unknown`; asked for, it is found."""
        self.sandbox.fault('MakeOrderRequest', 'reset-after')
        self.sandbox.fault('OrderGet', 'status:503')
        self.sandbox.fault('OrdersGet', 'status:503')
        self.sandbox.fault('OrderChanged', 'drop-push')
        uid = str(uuid.uuid4())
        with self.assertError('OutcomeUnknown', uid):
            self.place_uid(uid, 15000000)
        self.assertEqual(self.status(uid), 'unknown')
        with self.assertError('Busy', uid):
            self.client.call('Session', 'SignOut', '(b)', (False,))
        self.kill_and_start()
        self.assertEqual(self.status(uid), 'unknown')
        self.sandbox.clear_faults()
        self.assertEqual(self.wait_made(uid), 'requested')
        self.assertEqual(len(self.sandbox.journal_orders()), 1)

    def test_deadline_within_a_retry_after(self):
        """The service says to come back in ten minutes: nothing is sent before, and the deadline is kept."""
        for path, status in (('MakeOrderQuote', 'rejected'), ('MakeOrderRequest', 'unknown')):
            with self.subTest(path=path):
                self.sandbox.fault(path, 'status:503', delay_ms=600000, count=1)
                asked = self.sandbox.count(path)
                uid = str(uuid.uuid4())
                self.place_uid(uid)
                harness.poll(lambda u=uid, s=status: self.status(u) == s, what='the deadline')
                self.kill_and_start()
                harness.let_pass(1)
                self.assertEqual(self.status(uid), status)
                self.assertEqual(self.sandbox.count(path) - asked, 1)
        self.assertEqual(self.sandbox.journal_orders(), [])

    def test_found_not_made_after_the_deadline(self):
        """Attempted, never taken in: `unknown` until the service's own clock is past validUntil and it has no such
        order; then rejected, and what came from the cart is back."""
        self.client.call('Cart', 'Add', '(tu)', (self.product, 2))
        self.sandbox.fault('MakeOrderRequest', 'reset')
        self.sandbox.fault('OrderGet', 'status:503')
        uid = str(uuid.uuid4())
        options = self.options(uid, 0)
        del options['items']
        self.client.call('Orders', 'Place', '(a{sv})', (options,))
        harness.poll(lambda: self.status(uid) == 'unknown', what='status unknown')
        self.assertEqual(self.client.get('Cart', 'Count'), 0)
        self.sandbox.clear_faults()
        self.assertEqual(self.wait_made(uid), 'rejected')
        self.assertEqual(self.client.get('Cart', 'Count'), 2)
        self.assertEqual(self.sandbox.journal_orders(), [])
        told = [e for e in self.events.events('order') if e[2] == uid]
        self.assertEqual([e[3]['status'] for e in told], ['submitting', 'unknown', 'rejected'])


if __name__ == '__main__':
    harness.main()
