"""Paying: each way to pay, each card of the gateway, and payments that are interrupted: one charge or none, the journal of
the service proves it, and what is on screen is true. TEST_INTERRUPTED=200 is the long form (make check-long)."""

import collections
import json
import os
import random
import subprocess

from gi.repository import GLib

import harness

INTERRUPTED = int(os.environ.get('TEST_INTERRUPTED', '8'))
GOOD, DECLINED, POOR, BROKEN = '4242424242424242', '4000000000000002', '4000000000009995', '4000000000000119'
TIMEOUT = 60 * harness.TIME_FACTOR
PAID = ('processed', 'confirmed', 'finished')


class PaymentTest(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.sign_up_and_in()
        self.sync()
        self.product = next(p[0] for p in self.products() if p[6])

    def place_by(self, payment):
        uid, status = self.place([(self.product, 1)], payment=payment)
        self.assertEqual(status, 'awaiting-payment' if payment in ('qr', 'card') else 'requested')
        return uid

    def card(self, number=GOOD, **more):
        return json.dumps({'number': number, 'holder': 'ANN EXAMPLE', 'expiry': '12/39', 'cvc': '123', **more})

    def pay(self, uid, text=None):
        return self.client.call_secret('Payments', 'PayByCard', '(sh)', (uid, 0), text or self.card(), timeout=TIMEOUT)

    def order(self, uid):
        return self.client.call('Orders', 'Get', '(s)', (uid,))

    def charges(self, uid=None):
        return [c for c in self.sandbox.journal()['charges'] if uid is None or c['deliveryOrderUid'] == uid]

    def qr(self, uid):
        pending = self.client.call_async('Payments', 'GetQrCode', '(s)', (uid,), timeout=TIMEOUT)
        payload, _ = pending.wait(TIMEOUT)
        return payload, pending.fds[0]

    def payment(self, uid):
        return self.client.call('Payments', 'List', '(s)', (uid,))[-1]


class EachWay(PaymentTest):
    def test_on_delivery(self):
        for payment in ('cash', 'pos'):
            uid = self.place_by(payment)
            self.assertEqual(self.charges(uid), [])
            self.assertEqual(self.order(uid)['payment-type'], payment)

    def test_card(self):
        uid = self.place_by('card')
        self.assertIn(self.pay(uid), PAID)
        order = self.order(uid)
        self.assertNotEqual(order['status'], 'awaiting-payment')
        self.assertEqual(len(self.charges(uid)), 1)
        self.assertEqual(order['payments'][-1]['card'], '**** 4242')
        with self.assertError('PaymentNotDue', 'charged'):
            self.pay(uid)
        self.assertEqual(len(self.charges(uid)), 1)
        cards = self.client.call('Payments', 'ListCards')
        self.assertEqual([c[2] for c in cards], ['4242'])
        self.client.call('Payments', 'RemoveCard', '(s)', (cards[0][0],))
        self.assertEqual(self.client.call('Payments', 'ListCards'), [])

    def test_qr(self):
        uid = self.place_by('qr')
        payload, fd = self.qr(uid)
        self.addCleanup(os.close, fd)
        self.assertEqual(os.pread(fd, 8, 0), b'\x89PNG\r\n\x1a\n')
        self.assertEqual(self.client.call('Payments', 'Confirm', '(s)', (uid,)), 'requested')
        self.sandbox.request('POST', '/Sandbox/QrPaid', {'qrPayload': payload, 'outcome': 'paid'})
        self.assertIn(self.client.call('Payments', 'Confirm', '(s)', (uid,)), PAID)
        self.assertEqual(len(self.charges(uid)), 1)

    def test_qr_cancelled_in_the_app(self):
        uid = self.place_by('qr')
        payload, fd = self.qr(uid)
        os.close(fd)
        self.sandbox.request('POST', '/Sandbox/QrPaid', {'qrPayload': payload, 'outcome': 'cancelled'})
        self.assertEqual(self.client.call('Payments', 'Confirm', '(s)', (uid,)), 'cancelled')
        self.assertEqual(self.charges(uid), [])

    def test_from_card_to_cash(self):
        uid = self.place_by('card')
        started = self.client.call('Payments', 'Start', '(ss)', (uid, 'card'))
        self.assertEqual(started['status'], 'requested')
        self.assertEqual(self.client.call('Payments', 'Start', '(ss)', (uid, 'card'))['uid'], started['uid'])
        self.assertEqual(self.client.call('Payments', 'Start', '(ss)', (uid, 'cash'))['type'], 'cash')
        order = self.order(uid)
        self.assertEqual((order['payment-type'], order['status']), ('cash', 'processing'))
        self.assertEqual([p['status'] for p in order['payments']], ['cancelled', 'requested'])
        self.assertEqual(self.charges(uid), [])

    def test_changes_are_told(self):
        uid = self.place_by('card')
        self.pay(uid)
        told = self.events.wait_for(lambda s: s.interface == f'{harness.NAME}.Payments' and s.member == 'Changed'
                                    and s.args[0] == uid and s.args[2] in PAID)
        self.assertEqual(told.args[1], self.payment(uid)['uid'])


class ToTheDoor(PaymentTest):
    def test_each_to_the_door(self):
        """Delivered, and paid: online before, at the door when it comes."""
        for payment in ('cash', 'pos', 'qr', 'card'):
            with self.subTest(payment):
                uid = self.place_by(payment)
                if payment == 'qr':
                    payload, fd = self.qr(uid)
                    os.close(fd)
                    self.sandbox.request('POST', '/Sandbox/QrPaid', {'qrPayload': payload, 'outcome': 'paid'})
                    self.assertIn(self.client.call('Payments', 'Confirm', '(s)', (uid,)), PAID)
                elif payment == 'card':
                    self.assertIn(self.pay(uid), PAID)
                self.sandbox.advance(uid, 'Delivered')
                order = self.wait_for_status(uid, 'delivered')
                self.assertEqual(order['payment-type'], payment)
                self.assertIn(order['payments'][-1]['status'], PAID)
                self.assertEqual(order['payments'][-1]['amount'], order['total-price'])
                self.assertEqual(len(self.charges(uid)), 1 if payment in ('qr', 'card') else 0)


class Cards(PaymentTest):
    def test_refused(self):
        for number, words in ((DECLINED, ()), (POOR, ()), (BROKEN, ())):
            uid = self.place_by('card')
            with self.assertError('PaymentDeclined', 'nothing was charged', *words):
                self.pay(uid, self.card(number))
            self.assertEqual(self.charges(uid), [])
            self.assertEqual(self.order(uid)['status'], 'awaiting-payment')
            # Another card is another payment.
            self.assertIn(self.pay(uid), PAID)
            self.assertEqual(len(self.charges(uid)), 1)

    def test_checked_before_anything_is_sent(self):
        uid = self.place_by('card')
        before = self.sandbox.count('MakePaymentRespond')
        for text, name in ((self.card('4242424242424241'), 'InvalidCard'), (self.card('42'), 'InvalidCard'),
                           (self.card(expiry='13/39'), 'InvalidCard'), (self.card(expiry='01/20'), 'InvalidCard'),
                           (self.card(cvc='12'), 'InvalidCard'), (self.card(cvc='12a'), 'InvalidCard'),
                           ('{"number":"4242424242424242"}', harness.INVALID_ARGS), ('[]', harness.INVALID_ARGS),
                           ('{"numbr":"1"}', harness.INVALID_ARGS), ('', harness.INVALID_ARGS),
                           (self.card()[:-1], harness.INVALID_ARGS), (self.card() + '{', harness.INVALID_ARGS)):
            with self.subTest(name=name, length=len(text)), self.assertError(name):
                self.client.call_secret('Payments', 'PayByCard', '(sh)', (uid, 0), text, timeout=TIMEOUT)
        self.assertEqual(self.sandbox.count('MakePaymentRespond'), before)

    def test_number_as_printed(self):
        uid = self.place_by('card')
        self.assertIn(self.pay(uid, self.card('4242 4242 4242 4242')), PAID)

    def test_order_not_at_the_service(self):
        self.sandbox.kill()
        uid, _ = self.place([(self.product, 1)], payment='card', wait=False)
        with self.assertError('PaymentNotDue', 'nothing was charged'):
            self.pay(uid)

    def test_nothing_of_it_stays(self):
        """Number and CVC in no log, no file, no argv, no environment; a canary beside them is found."""
        uid = self.place_by('card')
        self.pay(uid, self.card(cvc='987'))
        self.client.call('Cart', 'Add', '(tu)', (self.product, 1))
        self.client.call('Cart', 'SetNote', '(ts)', (self.product, 'canary-5105105105105100'))
        found = {'4242424242424242': [], 'canary-5105105105105100': []}
        for folder, _, files in os.walk(self.dir):
            for name in files:
                path = os.path.join(folder, name)
                if not os.path.isfile(path):
                    continue
                with open(path, 'rb') as f:
                    data = f.read()
                for text, places in found.items():
                    if text.encode() in data:
                        places.append(path)
        for name in ('cmdline', 'environ'):
            with open(f'/proc/{self.daemon.pid}/{name}', 'rb') as f:
                self.assertNotIn(b'4242424242424242', f.read())
        self.assertEqual(found['4242424242424242'], [])
        self.assertTrue(found['canary-5105105105105100'])


class Interrupted(PaymentTest):
    def test_one_charge_or_none(self):
        """The request is lost, or its answer, and the daemon dies at any moment. What the person is told is true, what is
        shown then is true, and who tries again is charged once."""
        seed = int(os.environ.get('TEST_SEED', random.SystemRandom().randrange(1 << 32)))
        print(f'seed {seed} ', end='', flush=True)
        chance, figures = random.Random(seed), collections.Counter()
        for _ in range(INTERRUPTED):
            uid = self.place_by('card')
            fault = chance.choice(('reset', 'reset-after', 'truncate', 'garbage', 'none'))
            if fault != 'none':
                self.sandbox.fault('MakePaymentRespond', fault, count=1)
            p = self.paying(uid)
            killed = fault == 'none' or chance.random() < 0.6
            if killed:
                harness.let_pass(chance.choice((0.004, 0.02, 0.2, 1)) * chance.random())
                self.daemon.kill()
                self.start()
            harness.poll(lambda p=p: p.poll() is not None, TIMEOUT, 'the end of the CLI')
            told = self.judge_told(uid, p)
            self.sandbox.clear_faults()
            paid = self.judge_shown(uid)
            figures[f'{fault}{" and killed" if killed else ""}: {told}, {"one charge" if paid else "none"}'] += 1
            if not paid:
                self.assertIn('Paid: order', self.said(self.paying(uid)))
            self.assertEqual(len(self.charges(uid)), 1)
        self.assertEqual(self.client.get('Daemon', 'PendingOperations'), 0)
        if INTERRUPTED > 20:
            print(''.join(f'\n{n:4} {what}' for what, n in sorted(figures.items())))

    def paying(self, uid):
        """The CLI, with the card in its pipe."""
        fd = self.card_fd()
        os.lseek(fd, 0, os.SEEK_SET)
        p = subprocess.Popen([harness.binary('customerclient'), 'pay', uid, '--card-file=-'], stdin=fd,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=self.environment())
        self.addCleanup(p.stdout.close)
        self.addCleanup(lambda: p.poll() is None and p.kill())
        return p

    def said(self, p):
        harness.poll(lambda: p.poll() is not None, TIMEOUT, 'the end of the CLI')
        return p.stdout.read()

    def judge_told(self, uid, p):
        said = p.stdout.read()
        if p.returncode == 0:
            self.assertIn('Paid: order', said)
            self.assertEqual(len(self.charges(uid)), 1, said)
            return 'told paid'
        if 'nothing was charged' in said or 'nothing was sent' in said:
            self.assertEqual(self.charges(uid), [], said)
            return 'told nothing was charged'
        # Before the daemon had it, that it went away may be all there is to say.
        self.assertIn(p.returncode, (1, 6, 7, 9), said)
        return 'told not known' if p.returncode == 9 else 'told of a failure'

    def judge_shown(self, uid):
        """Once nothing is open any more: whether it is paid, and the journal says the same."""
        harness.poll(lambda: self.client.get('Daemon', 'PendingOperations') == 0, TIMEOUT, 'an end of what is open')
        shown = json.loads(self.cli('--json', 'show', uid).stdout)
        paid = any(p['status'] in PAID for p in shown.get('payments', []))
        self.assertEqual(len(self.charges(uid)), int(paid), shown)
        self.assertEqual(shown['status'] == 'awaiting-payment', not paid, shown)
        plain = self.cli('show', uid).stdout
        self.assertEqual(f'customerclient pay {shown["number"]}' in plain, not paid, plain)
        return paid

    def card_fd(self):
        fd = os.memfd_create('card')
        os.write(fd, self.card().encode())
        self.addCleanup(os.close, fd)
        return fd

    def test_two_programs_at_once(self):
        """Each is told what is true of the one charge."""
        uid = self.place_by('card')
        both = [self.paying(uid), self.paying(uid)]
        said = [self.said(p) for p in both]
        self.assertIn(0, [p.returncode for p in both], said)
        for p, text in zip(both, said):
            # Paid by this one; or by the other already; or the other's answer is awaited.
            self.assertIn(p.returncode, (0, 8, 9), text)
            self.assertEqual('Paid: order' in text, p.returncode == 0, text)
        self.assertEqual(len(self.charges(uid)), 1)

    def test_two_clients_at_once(self):
        uid = self.place_by('card')
        other = harness.Client(self.bus)
        self.addCleanup(other.close)
        calls = [client.call_async('Payments', 'PayByCard', '(sh)', GLib.Variant('(sh)', (uid, 0)), fds=(self.card_fd(),),
                                   timeout=TIMEOUT) for client in (self.client, other, self.client)]
        harness.iterate(lambda: all(c.done for c in calls), TIMEOUT, 'the answers')
        self.assertEqual(sum(c.error is None for c in calls), 1)
        self.assertEqual(len(self.charges(uid)), 1)


class Held(harness.TestCase):
    config = '[Orders]\nHoldSec=3\nMonthlyLimit=60\n'

    def setUp(self):
        super().setUp()
        self.sign_up_and_in()
        self.sync()
        self.product = next(p for p in self.products() if p[6] and 800 < p[4] < 2000)

    def test_cancelled_while_held(self):
        uid, status = self.place([(self.product[0], 1)])
        self.assertEqual(status, 'submitting')
        self.assertGreater(self.client.call('Orders', 'Get', '(s)', (uid,))['hold-until'], 0)
        self.client.call('Orders', 'Cancel', '(ssa{sv})', (uid, '', {}))
        self.assertEqual(self.client.call('Orders', 'Get', '(s)', (uid,))['status'], 'cancelled')
        self.assertEqual(self.sandbox.journal_orders(), [])

    def test_sent_after_the_hold(self):
        uid, _ = self.place([(self.product[0], 1)])
        self.assertEqual(self.sandbox.journal_orders(), [])
        self.wait_for_status(uid, 'requested')
        self.assertEqual(len(self.sandbox.journal_orders(uid)), 1)

    def test_monthly_limit(self):
        with self.assertError('OverLimit', 'limit'):
            self.place([(self.product[0], 9)], expected_total=9 * self.product[4])
        uid, _ = self.place([(self.product[0], 9)], over_limit=True)
        self.wait_for_status(uid, 'requested')
        with self.assertError('OverLimit', 'limit'):
            self.place([(self.product[0], 1)], expected_total=self.product[4] + 500)


if __name__ == '__main__':
    harness.main()
