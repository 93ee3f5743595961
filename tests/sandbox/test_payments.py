"""Payments, cards, QR codes and the files they are: every rule of the contract and every refusal."""

import base64
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from support import CUSTOMER, Customer, Sandbox, TestCase, new_uid, wait_until

FILES = '/FileService/'
GOOD, DECLINED, POOR, BROKEN = '4242424242424242', '4000000000000002', '4000000000009995', '4000000000000119'


class PaymentCase(TestCase):
    def setUp(self):
        super().setUp()
        self.addCleanup(self.sandbox.control, 'Payments', {'inProcessMs': 0})
        self.customer = Customer(self.sandbox)

    def online(self, kind='Card'):
        return self.customer.order(paymentType=kind, paymentMethod='Online')

    def begin(self, order, kind='Card', **more):
        return self.customer.call('MakePaymentStart', {'deliveryOrderUid': order['uid'], 'paymentType': kind}, **more)

    def pay(self, payment, number=GOOD, key=None, **more):
        card = {'cardNumber': number, 'cardHolder': 'ANN LEE', 'expiry': '12/39', 'cvc': '123', **more}
        return self.customer.call('MakePaymentRespond', {
            'deliveryOrderUid': payment['deliveryOrderUid'],
            'payment': {'uid': payment['uid'], **{k: v for k, v in card.items() if v is not Ellipsis}}},
            key=key or new_uid())

    def payments(self, order):
        return self.customer.call('PaymentsGet', deliveryOrderUid=order['uid']).json

    def charges(self, order):
        return [c for c in self.sandbox.control('Journal')['charges'] if c['deliveryOrderUid'] == order['uid']]

    def ready(self, kind='Card'):
        order = self.online(kind)
        return order, self.begin(order, kind).json


class Start(PaymentCase):
    def test_a_new_payment(self):
        order, p = self.ready()
        self.assertEqual((p['deliveryOrderUid'], p['amount'], p['currency']), (order['uid'], order['totalPrice'], 'USD'))
        self.assertEqual((p['paymentType'], p['paymentMethod'], p['status']), ('Card', 'Online', 'Requested'))
        self.assertEqual((p['cardNumber'], p['qrPayload'], p['failureReason']), (None, None, None))
        self.assertEqual(self.payments(order), [p])
        self.assertEqual(self.customer.get(order['uid'])['payments'], [p])

    def test_the_open_one_is_given_again(self):
        order, p = self.ready()
        self.assertEqual(self.begin(order, key=new_uid()).json, p)
        self.assertEqual(len(self.payments(order)), 1)

    def test_another_type_cancels_it_for_ever(self):
        order, p = self.ready('QR code')
        other = self.begin(order, 'Card').json
        self.assertNotEqual(p['uid'], other['uid'])
        self.assertEqual([x['status'] for x in self.payments(order)], ['Cancelled', 'Requested'])
        self.assertEqual(self.customer.get(order['uid'])['paymentType'], 'Card')
        self.refused(self.sandbox.call('/Sandbox/QrPaid', {'qrPayload': p['qrPayload'], 'outcome': 'paid'}),
                     409, 'payment-not-due')
        self.assertEqual(self.pay(p).json['status'], 'Cancelled')
        self.assertEqual(self.charges(order), [])

    def test_at_the_door_after_all(self):
        for kind in ('Cash', 'POS'):
            order, p = self.ready('Card')
            door = self.begin(order, kind).json
            self.assertEqual((door['status'], door['paymentType'], door['paymentMethod'], door['validUntil']),
                             ('Requested', kind, 'On delivery', None))
            now = self.customer.get(order['uid'])
            self.assertEqual((now['status'], now['paymentType'], now['couldBeCancelled']), ('Processing', kind, True))
            self.assertEqual([x['status'] for x in now['payments']], ['Cancelled', 'Requested'])
            self.assertEqual(self.begin(order, kind).json, door)
            self.assertEqual(self.pay(door).json, door, 'no card is charged for it')
            self.assertEqual(self.pay(p).json['status'], 'Cancelled')
            self.refused(self.begin(order, 'Card'), 409, 'payment-not-due')
            self.sandbox.control('Clock', {'advanceSec': 3600})
            self.assertEqual(self.customer.get(order['uid'])['status'], 'Processing')
            self.customer.advance(order['uid'], 'Delivered')
            self.assertEqual([x['status'] for x in self.payments(order)], ['Cancelled', 'Finished'])
            self.assertEqual(self.charges(order), [])

    def test_refusals(self):
        order, p = self.ready()
        cash = self.customer.order()
        start = lambda uid, kind, c=self.customer: c.call(
            'MakePaymentStart', {'deliveryOrderUid': uid, 'paymentType': kind})
        for kind in ('Gold', ''):
            self.refused(start(order['uid'], kind), 422, 'invalid-payment-type')
        self.refused(start(cash['uid'], 'Card'), 409, 'payment-not-due')
        self.refused(start(new_uid(), 'Card'), 404, 'not-found')
        self.refused(start(order['uid'], 'Card', Customer(self.sandbox)), 403, 'wrong-owner')
        self.refused(self.customer.call('MakePaymentStart', {'paymentType': 'Card'}), 422, 'invalid-delivery-order-uid')
        self.pay(p)
        self.refused(start(order['uid'], 'Card'), 409, 'payment-not-due')
        ended = self.online()
        self.customer.call('CancelOrderRequest', {'deliveryOrderUid': ended['uid']})
        self.refused(start(ended['uid'], 'Card'), 409, 'payment-not-due')

    def test_payments_get_refusals(self):
        order = self.online()
        self.refused(self.customer.call('PaymentsGet'), 400, 'invalid-delivery-order-uid')
        self.refused(self.customer.call('PaymentsGet', deliveryOrderUid=new_uid()), 404, 'not-found')
        self.refused(Customer(self.sandbox).call('PaymentsGet', deliveryOrderUid=order['uid']), 403, 'wrong-owner')
        answer = self.customer.call('PaymentsGet', deliveryOrderUid=order['uid'])
        again = self.customer.call('PaymentsGet', deliveryOrderUid=order['uid'],
                                   headers={'If-None-Match': answer.headers['ETag']})
        self.assertEqual(again.status, 304)


class Cards(PaymentCase):
    def test_a_good_card(self):
        order, p = self.ready()
        key = new_uid()
        paid = self.pay(p, key=key).json
        self.assertEqual((paid['uid'], paid['status'], paid['cardNumber']), (p['uid'], 'Processed', '**** 4242'))
        now = self.customer.get(order['uid'])
        self.assertEqual((now['status'], now['couldBeCancelled']), ('Processing', False))
        self.assertEqual([t['status'] for t in now['timeline']], ['Requested', 'Awaiting payment', 'Processing'])
        self.assertEqual(now['payments'], [paid])
        charge, = self.charges(order)
        self.assertEqual((charge['paymentUid'], charge['amount'], charge['key'], charge['cardNumber'], charge['login']),
                         (p['uid'], order['totalPrice'], key, '**** 4242', self.customer.login))
        card, = self.customer.call('CardsGet').json
        self.assertEqual((card['brand'], card['last4'], card['expiry']), ('Visa', '4242', '12/39'))
        self.refused(self.customer.call('CancelOrderRequest', {'deliveryOrderUid': order['uid']}), 409, 'cannot-cancel')
        notes = self.customer.call('/NotificationsBackend/NotificationsGet').json['items']
        self.assertIn('payment', [n['kind'] for n in notes if n['deliveryOrderUid'] == order['uid']])

    def test_declined(self):
        for number, status, reason in ((DECLINED, 'Rejected', 'declined'), (POOR, 'Rejected', 'insufficient-funds'),
                                       (BROKEN, 'Failed', 'processing-error')):
            order, p = self.ready()
            refused = self.pay(p, number).json
            self.assertEqual((refused['status'], refused['failureReason'], refused['cardNumber']),
                             (status, reason, '**** ' + number[-4:]))
            self.assertEqual(self.pay(p).json, refused, 'unchanged, whatever the card and the key')
            self.assertEqual(self.charges(order), [])
            self.assertEqual(self.customer.get(order['uid'])['status'], 'Awaiting payment')
            again = self.begin(order).json
            self.assertNotEqual(again['uid'], p['uid'])
            self.assertEqual(self.pay(again).json['status'], 'Processed')
            self.assertEqual(len(self.charges(order)), 1)
        self.assertEqual([c['last4'] for c in self.customer.call('CardsGet').json], ['4242'])

    def test_wrong_cards(self):
        order, p = self.ready()
        for change, code in (({'number': '4242424242424241'}, 'invalid-card'), ({'number': ''}, 'invalid-card'),
                             ({'number': '4242 4242 4242 4242'}, 'invalid-card'), ({'number': 4242}, 'invalid-card'),
                             ({'number': ...}, 'invalid-card'), ({'expiry': '1/39'}, 'invalid-expiry'),
                             ({'expiry': '13/39'}, 'invalid-expiry'), ({'expiry': ...}, 'invalid-expiry'),
                             ({'expiry': '01/20'}, 'card-expired'), ({'cvc': '12'}, 'invalid-cvc'),
                             ({'cvc': '1234'}, 'invalid-cvc'), ({'cvc': 'abc'}, 'invalid-cvc'),
                             ({'number': '378282246310005'}, 'invalid-cvc'), ({'cvc': ...}, 'invalid-cvc'),
                             ({'cardHolder': 'x' * 300}, 'invalid-card-holder')):
            answer = self.pay(p, **change)
            self.refused(answer, 422, code)
            self.assertNotIn(b'42424242', answer.data)
        self.assertEqual(self.payments(order), [p], 'it can still be paid')
        self.assertEqual(self.pay(p, '378282246310005', cvc='1234').json['cardNumber'], '**** 0005')
        self.assertEqual(self.customer.call('CardsGet').json[0]['brand'], 'American Express')

    def test_respond_refusals(self):
        order, p = self.ready()
        other = self.online()
        self.refused(self.pay({**p, 'uid': new_uid()}), 404, 'not-found')
        self.refused(self.pay({**p, 'deliveryOrderUid': other['uid']}), 404, 'not-found')
        self.refused(self.pay({**p, 'deliveryOrderUid': new_uid()}), 404, 'not-found')
        for payment in (..., 'x', {}, {'uid': 7}):
            body = {'deliveryOrderUid': order['uid'], 'payment': payment}
            self.refused(self.customer.call('MakePaymentRespond', {k: v for k, v in body.items() if v is not ...}),
                         422, 'invalid-payment')
        stranger = Customer(self.sandbox)
        self.refused(stranger.call('MakePaymentRespond', {'deliveryOrderUid': order['uid'], 'payment': {'uid': p['uid']}}),
                     403, 'wrong-owner')

    def test_cards_get_and_remove(self):
        self.assertEqual(self.customer.call('CardsGet').json, [])
        for number in (GOOD, '5555555555554444', GOOD):
            self.pay(self.ready()[1], number)
        cards = self.customer.call('CardsGet').json
        self.assertEqual([(c['brand'], c['last4']) for c in cards], [('Visa', '4242'), ('Mastercard', '4444')])
        self.refused(Customer(self.sandbox).call('CardRemove', {'uid': cards[0]['uid']}), 404, 'not-found')
        self.refused(self.customer.call('CardRemove', {}), 422, 'invalid-uid')
        self.assertEqual(self.customer.call('CardRemove', {'uid': cards[0]['uid']}).json, cards[1:])
        self.assertEqual(self.customer.call('CardsGet').json, cards[1:])


class OneCharge(PaymentCase):
    def test_whatever_the_key(self):
        order, p = self.ready()
        key = new_uid()
        first = self.pay(p, key=key).json
        self.assertEqual(self.pay(p, key=key).json, first)
        self.assertEqual(self.pay(p).json, first)
        self.assertEqual(self.pay(p, DECLINED).json, first)
        self.assertEqual(len(self.charges(order)), 1)

    def test_after_every_fault(self):
        for kind in ('reset', 'reset-after', 'status:503', 'status-after:500', 'truncate', 'garbage', 'garbage:bytes'):
            order, p = self.ready()
            self.sandbox.fault('MakePaymentRespond', kind, count=1)
            try:
                self.pay(p)
            except Exception:
                pass
            # It may be that nothing was done, or all.
            now = self.payments(order)[0]
            self.assertEqual(now['status'] == 'Processed', kind not in ('reset', 'status:503'), kind)
            self.assertEqual(self.pay(p).json['status'], 'Processed')
            self.assertEqual(len(self.charges(order)), 1, kind)

    def test_a_key_with_another_body(self):
        order, p = self.ready()
        key = new_uid()
        self.pay(p, DECLINED, key=key)
        self.refused(self.pay(p, GOOD, key=key), 422, 'key-reused')
        self.assertEqual(self.charges(order), [])

    def test_in_process(self):
        self.sandbox.control('Payments', {'inProcessMs': 3600000})
        order, p = self.ready()
        self.assertEqual(self.pay(p).json['status'], 'In process')
        self.assertEqual(self.pay(p).json['status'], 'In process')
        self.assertEqual(self.charges(order), [])
        now = self.customer.get(order['uid'])
        self.assertEqual((now['status'], now['couldBeCancelled']), ('Awaiting payment', False))
        self.refused(self.begin(order, 'QR code'), 409, 'payment-in-process')
        self.refused(self.begin(order), 409, 'payment-in-process')
        self.refused(self.customer.call('CancelOrderRequest', {'deliveryOrderUid': order['uid']}), 409, 'cannot-cancel')
        self.sandbox.control('Clock', {'advanceSec': 1800})  # past validUntil: it waits all the same
        self.assertEqual(self.customer.get(order['uid'])['status'], 'Awaiting payment')
        self.sandbox.control('Clock', {'advanceSec': 1800})
        wait_until(lambda: self.customer.get(order['uid'])['status'] == 'Processing', 'the payment is settled')
        self.assertEqual(len(self.charges(order)), 1)
        self.assertEqual(self.payments(order)[0]['status'], 'Processed')

    def test_in_process_and_then_not(self):
        self.sandbox.control('Payments', {'inProcessMs': 50})
        order, p = self.ready()
        self.assertEqual(self.pay(p, DECLINED).json['status'], 'In process')
        wait_until(lambda: self.payments(order)[0]['status'] == 'Rejected', 'the payment is refused')
        self.assertEqual(self.begin(order).json['status'], 'Requested')
        self.assertEqual(self.charges(order), [])

    def test_knob(self):
        self.assertEqual(self.sandbox.control('Payments', {'inProcessMs': 7}), {'inProcessMs': 7})
        self.assertEqual(self.sandbox.control('Payments'), {'inProcessMs': 7})
        for ms in (-1, 'x', 10 ** 12):
            self.refused(self.sandbox.call('/Sandbox/Payments', {'inProcessMs': ms}), 422, 'invalid-in-process-ms')


class RunningOut(PaymentCase):
    def cancelled(self, order):
        return wait_until(lambda: (o := self.customer.get(order['uid']))['status'] == 'Cancelled' and o, 'the order ends')

    def test_without_a_payment(self):
        order = self.online()
        self.sandbox.control('Clock', {'advanceSec': 14 * 60})
        self.assertEqual(self.customer.get(order['uid'])['status'], 'Awaiting payment')
        self.sandbox.control('Clock', {'advanceSec': 61})
        self.cancelled(order)

    def test_with_one(self):
        order = self.online('QR code')
        self.sandbox.control('Clock', {'advanceSec': 14 * 60})
        p = self.begin(order, 'QR code').json
        self.sandbox.control('Clock', {'advanceSec': 14 * 60})
        self.assertEqual(self.customer.get(order['uid'])['status'], 'Awaiting payment')
        self.sandbox.control('Clock', {'advanceSec': 61})
        now = self.cancelled(order)
        self.assertEqual([(x['status'], x['failureReason']) for x in now['payments']], [('Not accepted', 'expired')])
        self.refused(self.sandbox.call('/Sandbox/QrPaid', {'qrPayload': p['qrPayload'], 'outcome': 'paid'}),
                     409, 'payment-not-due')
        self.assertEqual(self.customer.call('MakePaymentRespond', {
            'deliveryOrderUid': order['uid'], 'payment': {'uid': p['uid']}}).json['status'], 'Not accepted')
        self.refused(self.begin(order, 'QR code'), 409, 'payment-not-due')

    def test_too_late_at_once(self):
        """Not even in the moment before the service's timer has looked."""
        for _ in range(10):
            order, p = self.ready()
            self.sandbox.control('Clock', {'advanceSec': 15 * 60})
            self.assertEqual(self.pay(p).json['status'], 'Not accepted')
            self.assertEqual(self.charges(order), [])

    def test_a_cancelled_order_cannot_be_paid(self):
        order, p = self.ready()
        self.customer.call('CancelOrderRequest', {'deliveryOrderUid': order['uid']})
        self.assertEqual(self.pay(p).json['status'], 'Cancelled')
        self.assertEqual(self.charges(order), [])


class QrCodes(PaymentCase):
    def bank(self, payment, outcome):
        return self.sandbox.control('QrPaid', {'qrPayload': payment['qrPayload'], 'outcome': outcome})

    def test_paid(self):
        order, p = self.ready('QR code')
        respond = lambda: self.customer.call('MakePaymentRespond', {
            'deliveryOrderUid': order['uid'], 'payment': {'uid': p['uid']}}, key=new_uid()).json
        self.assertEqual(respond(), p, 'only the bank knows')
        self.assertEqual(self.bank(p, 'paid')['status'], 'Processed')
        self.assertEqual(respond()['status'], 'Processed')
        self.assertEqual(self.customer.get(order['uid'])['status'], 'Processing')
        charge, = self.charges(order)
        self.assertEqual((charge['paymentUid'], charge['cardNumber'], charge['paymentType']), (p['uid'], None, 'QR code'))
        self.assertEqual(self.customer.call('CardsGet').json, [])
        self.refused(self.sandbox.call('/Sandbox/QrPaid', {'qrPayload': p['qrPayload'], 'outcome': 'paid'}),
                     409, 'payment-not-due')

    def test_not_paid(self):
        for outcome, status in (('cancelled', 'Cancelled'), ('expired', 'Not accepted')):
            order, p = self.ready('QR code')
            now = self.bank(p, outcome)
            self.assertEqual((now['status'], now['failureReason']), (status, outcome))
            self.assertEqual(self.charges(order), [])
            again = self.begin(order, 'QR code').json
            self.assertNotEqual((again['uid'], again['qrPayload']), (p['uid'], p['qrPayload']))
            self.assertEqual(self.bank(again, 'paid')['status'], 'Processed')

    def test_refusals(self):
        order, p = self.ready('QR code')
        call = lambda **body: self.sandbox.call('/Sandbox/QrPaid', body)
        self.refused(call(qrPayload='x', outcome='paid'), 404, 'not-found')
        self.refused(call(qrPayload=p['qrPayload'], outcome='maybe'), 422, 'invalid-outcome')
        self.refused(call(outcome='paid'), 422, 'invalid-qr-payload')

    def generate(self, order, payment, customer=None):
        return (customer or self.customer).call(FILES + 'GenerateQrCode', {
            'deliveryOrderUid': order['uid'], 'paymentUid': payment['uid']})

    def test_picture(self):
        order, p = self.ready('QR code')
        record = self.generate(order, p).json
        self.assertEqual(record['qrPayload'], p['qrPayload'])
        self.assertEqual(record['contentType'], 'image/png')
        self.assertTrue(record['fileName'].endswith('.png'))
        self.assertEqual(self.generate(order, p).json, record, 'the same again')
        file = self.customer.call(FILES + 'FileGet', uid=record['uid'])
        self.assertEqual((file.status, file.headers['Content-Type']), (200, 'image/png'))
        self.assertTrue(file.data.startswith(b'\x89PNG'))
        self.assertEqual(len(file.data), record['size'])
        self.assertEqual(hashlib.sha256(file.data).hexdigest(), record['sha256'])
        if not shutil.which('zbarimg'):
            self.skipTest('zbarimg is not there')
        with tempfile.NamedTemporaryFile(suffix='.png') as f:
            f.write(file.data)
            f.flush()
            read = subprocess.run(['zbarimg', '-q', '--raw', f.name], capture_output=True, text=True, check=True).stdout
        self.assertEqual(read.strip(), p['qrPayload'])

    def test_picture_refusals(self):
        order, p = self.ready('QR code')
        self.refused(self.generate({'uid': new_uid()}, p), 404, 'not-found')
        self.refused(self.generate(order, {'uid': new_uid()}), 404, 'not-found')
        self.refused(self.generate(order, p, Customer(self.sandbox)), 403, 'wrong-owner')
        order, p = self.ready('Card')
        self.refused(self.generate(order, p), 409, 'not-a-qr-payment')


class Files(PaymentCase):
    def setUp(self):
        super().setUp()
        order, p = self.ready('QR code')
        self.record = self.customer.call(FILES + 'GenerateQrCode', {
            'deliveryOrderUid': order['uid'], 'paymentUid': p['uid']}).json
        self.whole = self.get()

    def get(self, customer=None, uid=None, **headers):
        return (customer or self.customer).call(FILES + 'FileGet', uid=uid or self.record['uid'],
                                                headers={k.replace('_', '-'): v for k, v in headers.items()})

    def test_whole(self):
        digest = base64.b64encode(hashlib.sha256(self.whole.data).digest()).decode()
        self.assertEqual(self.whole.headers['Repr-Digest'], f'sha-256=:{digest}:')
        self.assertEqual(self.whole.headers['Accept-Ranges'], 'bytes')
        self.assertRegex(self.whole.headers['ETag'], r'^"[0-9a-f]+"$')
        self.assertEqual(self.get(If_None_Match=self.whole.headers['ETag']).status, 304)

    def test_ranges(self):
        data, n, etag = self.whole.data, len(self.whole.data), self.whole.headers['ETag']
        for text, first, last in (('0-9', 0, 9), ('100-', 100, n - 1), (f'{n - 1}-', n - 1, n - 1), ('-7', n - 7, n - 1),
                                  (f'-{n + 5}', 0, n - 1), (f'10-{n + 100}', 10, n - 1)):
            part = self.get(Range='bytes=' + text, If_Range=etag)
            self.assertEqual((part.status, part.data), (206, data[first:last + 1]), text)
            self.assertEqual(part.headers['Content-Range'], f'bytes {first}-{last}/{n}')
            self.assertEqual(part.headers['Repr-Digest'], self.whole.headers['Repr-Digest'])
        for text in ('bytes=5-2', 'bytes=x', 'bytes=0-1,3-4', 'lines=0-1', 'bytes=', 'bytes=-'):
            self.assertEqual((self.get(Range=text).status, self.get(Range=text).data), (200, data), text)
        self.assertEqual(self.get(Range='bytes=1-2', If_Range='"other"').status, 200)
        for text in (f'bytes={n}-', 'bytes=-0'):
            answer = self.get(Range=text)
            self.refused(answer, 416, 'range-not-satisfiable')
            self.assertEqual(answer.headers['Content-Range'], f'bytes */{n}')

    def test_refusals(self):
        self.refused(self.customer.call(FILES + 'FileGet'), 400, 'invalid-uid')
        self.refused(self.get(uid=new_uid()), 404, 'not-found')
        self.refused(self.get(customer=Customer(self.sandbox)), 403, 'wrong-owner')
        self.refused(self.sandbox.call(FILES + 'FileGet', uid=self.record['uid']), 401, 'token-missing')

    def test_faults(self):
        self.sandbox.fault('FileGet', 'truncate', count=1)
        with self.assertRaises(Exception) as caught:
            self.get()
        self.assertEqual(caught.exception.partial, self.whole.data[:len(self.whole.data) // 2])
        self.sandbox.fault('FileGet', 'slow', delayMs=1, count=1)
        self.assertEqual(self.get().data, self.whole.data)
        self.sandbox.fault('FileGet', 'status-after:503', count=1)
        self.assertEqual(self.get().headers['Content-Type'], 'application/problem+json')
        self.sandbox.fault('FileGet', 'garbage', count=1)
        self.assertEqual(self.get().headers['Content-Type'], 'text/html')


class OverARestart(unittest.TestCase):
    def test_a_payment_in_process_is_settled_once(self):
        with tempfile.TemporaryDirectory() as folder:
            sandbox = Sandbox('--data', folder, '--speed', '0')
            try:
                customer = Customer(sandbox)
                order = customer.order(paymentType='Card', paymentMethod='Online')
                sandbox.control('Payments', {'inProcessMs': 3600000})
                p = customer.call('MakePaymentStart', {'deliveryOrderUid': order['uid'], 'paymentType': 'Card'}).json
                customer.call('MakePaymentRespond', {'deliveryOrderUid': order['uid'], 'payment': {
                    'uid': p['uid'], 'cardNumber': GOOD, 'cardHolder': 'ANN LEE', 'expiry': '12/39', 'cvc': '737'}},
                    key=new_uid())
                sandbox.stop()
                for name in os.listdir(folder):
                    with open(os.path.join(folder, name), 'rb') as f:
                        self.assertNotIn(GOOD.encode(), f.read(), 'no number is kept')
                sandbox.start()
                self.assertEqual(customer.call('PaymentsGet', deliveryOrderUid=order['uid']).json[0]['status'], 'In process')
                sandbox.control('Clock', {'advanceSec': 3600})
                wait_until(lambda: customer.get(order['uid'])['status'] == 'Processing', 'the payment is settled')
                self.assertEqual(len(sandbox.control('Journal')['charges']), 1)
            finally:
                sandbox.stop()


if __name__ == '__main__':
    unittest.main()
