#!/usr/bin/python3
"""The notifier and money: orders that wait for a payment, payments that come to nothing, held orders, money to have ready
at the door, quiet hours."""

import json
import math
import os
import time
import unittest

import desktop
from harness import DBusError, GLib, iterate

GOOD, DECLINED, POOR = '4242424242424242', '4000000000000002', '4000000000009995'


class Payments(desktop.ServerCase):
    def pay(self, uid, number):
        card = {'number': number, 'holder': 'ANN EXAMPLE', 'expiry': '12/39', 'cvc': '123'}
        return self.client.call_secret('Payments', 'PayByCard', '(sh)', (uid, 0), json.dumps(card))

    def waiting(self, payment):
        """An order that waits to be paid; its bubble is there."""
        uid, status = self.place(payment=payment)
        self.assertEqual(status, 'awaiting-payment')
        self.assertRegex(self.server.wait(1).title, r'^Order \S+ waits for payment$')
        return uid

    def begin(self, uid, payment):
        """The service says until when only of a payment that was started."""
        self.client.call('Payments', 'Start', '(ss)', (uid, payment))
        self.assertRegex(self.server.wait(2).body, r'^Pay \S+ USD until \d\d:\d\d, or it is cancelled\n')

    def refused(self, uid, number):
        with self.assertRaises(DBusError) as caught:
            self.pay(uid, number)
        self.assertIn('PaymentDeclined', caught.exception.name)

    def test_card(self):
        self.start_notifier()
        uid = self.waiting('card')
        self.assertEqual(self.server.calls[0].buttons, ['pay', 'cancel'])
        self.assertRegex(self.server.calls[0].body, r'^Pay \S+ USD soon, or it is cancelled\n')
        self.begin(uid, 'card')
        self.assertEqual(self.pay(uid, GOOD), 'processed')
        self.assertRegex(self.server.wait(3).title, 'is being processed$')
        self.assertEqual(len(set(self.server.ids)), 1)
        self.sandbox.advance(uid, 'In delivery')
        self.assertNotIn('ready', self.server.wait(4).body, 'it is paid')

    def test_declined(self):
        self.start_notifier()
        uid = self.waiting('card')
        self.begin(uid, 'card')
        self.refused(uid, POOR)
        first = self.server.wait(3)
        self.assertRegex(first.title, r'^The payment of order \S+ was declined$')
        self.assertRegex(first.body, r'^Insufficient funds\. Nothing was charged\.\n'
                                     r'Try again or pay in another way until \d\d:\d\d\n')
        self.assertEqual(first.buttons, ['pay', 'cancel'])
        self.stop_notifier()
        self.restart()
        self.start_notifier()
        self.settled()
        self.server.wait(3, 'it is said once')
        self.refused(uid, DECLINED)
        self.assertRegex(self.server.wait(4).body, r'^Nothing was charged\.\nTry again')
        self.assertEqual(self.pay(uid, GOOD), 'processed')
        self.assertRegex(self.server.wait(5).title, 'is being processed$')

    def test_not_paid_in_time(self):
        self.start_notifier()
        uid = self.waiting('card')
        self.begin(uid, 'card')
        self.sandbox.request('POST', '/Sandbox/Clock', {'advanceSec': 16 * 60})
        self.assertRegex(self.server.wait(3).title, r'^Order \S+ was cancelled$')
        self.assertEqual(self.server.calls[2].body, 'It was not paid in time. Nothing was charged.\n'
                                                    'Order again if you still want it.')

    def test_pay_opens_a_terminal(self):
        self.typed('\n')
        self.start_notifier(PATH=self.terminal('xdg-terminal-exec'), TERMINAL=None)
        uid = self.waiting('card')
        self.server.press('pay', token='token-1')
        self.wait_opened('xdg-terminal-exec token-1', f'customerclient pay {uid}')

    def viewer(self):
        """A fake xdg-open, and a PATH on which it is."""
        folder = os.path.join(self.dir, 'bin')
        os.makedirs(folder)
        with open(os.path.join(folder, 'xdg-open'), 'w', encoding='utf-8') as f:
            f.write(f'#!/bin/sh\nstat -c %a "$1" "${{1%/*}}" > {self.dir}/mode\n'
                    f'cp "$1" {self.dir}/picture && echo "$1" > {self.dir}/opened.new && '
                    f'mv {self.dir}/opened.new {self.dir}/opened\n')
        os.chmod(os.path.join(folder, 'xdg-open'), 0o755)
        return f'{folder}:/usr/bin:/bin'

    def wait_viewed(self):
        """The path that was opened."""
        tick = GLib.timeout_add(100, lambda: GLib.SOURCE_CONTINUE)
        try:
            iterate(self.opened, what='the viewer')
        finally:
            GLib.source_remove(tick)
        path, = self.opened()
        os.unlink(f'{self.dir}/opened')
        with open(f'{self.dir}/mode', encoding='utf-8') as f:
            self.assertEqual(f.read().split(), ['600', '700'])
        with open(f'{self.dir}/picture', 'rb') as f:
            self.assertEqual(f.read(8), b'\x89PNG\r\n\x1a\n')
        return path

    def bank(self, uid, outcome):
        payload = self.client.call('Payments', 'List', '(s)', (uid,))[-1]['qr-payload']
        self.sandbox.request('POST', '/Sandbox/QrPaid', {'qrPayload': payload, 'outcome': outcome})

    def test_qr_code(self):
        self.start_notifier(PATH=self.viewer())
        uid = self.waiting('qr')
        self.assertEqual(self.server.calls[0].buttons, ['show-qr', 'pay', 'cancel'])
        self.server.press('show-qr')
        path = self.wait_viewed()
        self.assertTrue(path.startswith(f'{self.dir}/run/customerclient-notifier/'))
        self.assertRegex(self.server.wait(2).body, r'^Pay \S+ USD until ')
        self.bank(uid, 'cancelled')
        self.assertRegex(self.server.wait(3).title, r'^The payment of order \S+ was cancelled$')
        self.assertIn('Nothing was charged.', self.server.calls[2].body)
        self.server.press('show-qr')
        self.assertEqual(self.wait_viewed(), path)
        self.bank(uid, 'paid')
        self.assertRegex(self.server.wait(4).title, 'is being processed$')
        self.assertFalse(os.path.exists(path), 'the picture is of no use any more')

    def test_picture_goes_with_the_notifier(self):
        self.start_notifier(PATH=self.viewer())
        self.waiting('qr')
        self.server.press('show-qr')
        path = self.wait_viewed()
        self.server.wait(2)
        self.stop_notifier()
        self.assertFalse(os.path.exists(os.path.dirname(path)))

    def test_qr_code_refused(self):
        """The bubble of before is still there when the order is paid."""
        self.start_notifier(PATH=self.viewer())
        uid = self.waiting('qr')
        self.begin(uid, 'qr')
        self.bank(uid, 'paid')
        self.server.wait(3)
        self.server.press('show-qr', call=0)
        answer = self.server.wait(4)
        self.assertRegex(answer.title, r'^Paying order \S+$')
        self.assertIn('paid already', answer.body)

    def test_no_viewer(self):
        folder = os.path.join(self.dir, 'empty')
        os.makedirs(folder)
        self.start_notifier(PATH=folder)
        uid = self.waiting('qr')
        self.begin(uid, 'qr')
        self.server.press('show-qr')
        self.assertIn(f'customerclient pay {uid} --qr', self.server.wait(3).body)


class Hold(desktop.ServerCase):
    def hold(self, seconds):
        self.products()
        self.write_config(f'[Orders]\nHoldSec={seconds}\n')
        self.restart()
        self.start_notifier()
        return self.place()[0]

    def test_cancelled(self):
        uid = self.hold(600)
        held = self.server.wait(1)
        self.assertRegex(held.title, r'^Your order will be sent (tomorrow )?at \d\d:\d\d$')
        self.assertEqual(held.buttons, ['track', 'cancel'])
        self.server.press('cancel')
        self.assertEqual(self.server.wait(2, 'the end, without a question').title, 'Your order was cancelled')
        self.assertEqual(self.client.call('Orders', 'Get', '(s)', (uid,))['status'], 'cancelled')
        self.assertEqual(self.sandbox.journal_orders(uid), [])

    def test_sent(self):
        uid = self.hold(3)
        self.assertRegex(self.server.wait(1).title, '^Your order will be sent ')
        self.assertRegex(self.server.wait(2).title, r'^Order \S+ was received$')
        self.assertEqual(len(set(self.server.ids)), 1)
        self.assertEqual(len(self.sandbox.journal_orders(uid)), 1)


class Door(desktop.ServerCase):
    def setUp(self):
        super().setUp()
        self.sandbox.request('POST', '/Sandbox/Clock', {'lateMinutes': 0})

    def advance(self, uid, **what):
        self.sandbox.request('POST', '/Sandbox/Advance', {'deliveryOrderUid': uid, **what})

    def on_its_way(self, payment):
        """An order that is expected in 20 to 21 minutes."""
        self.start_notifier()
        uid, _ = self.place(payment=payment)
        self.server.wait(1)
        self.advance(uid, status='In delivery')
        self.server.wait(2)
        left = self.client.call('Orders', 'Get', '(s)', (uid,))['end-expected'] / 1e6 - time.time()
        self.advance(uid, delayMinutes=20 - int(left / 60))
        self.settled()
        return uid, len(self.server.calls)

    def test_cash(self):
        uid, before = self.on_its_way('cash')
        self.advance(uid, delayMinutes=-18)
        self.assertRegex(self.server.wait(before + 1).title, r'^Have \S+ USD ready$')
        self.assertRegex(self.server.calls[-1].body, r'^Now expected at \d\d:\d\d, \d+ min earlier\n')
        self.advance(uid, delayMinutes=-1)
        self.settled()
        self.stop_notifier()
        self.start_notifier()
        self.advance(uid, status='Delivered')
        self.assertRegex(self.server.wait(before + 2, 'the money is said once').title, '^Delivered at ')

    def test_card_at_the_door(self):
        uid, before = self.on_its_way('pos')
        self.advance(uid, delayMinutes=-18)
        self.assertRegex(self.server.wait(before + 1).title, r'^Have your card ready for \S+ USD$')

    def metres(self, uid):
        """From the courier to the person, the earth being flat over so short a way."""
        order = self.client.call('Orders', 'Get', '(s)', (uid,))
        north = (order['destination-latitude'] - order['courier']['latitude']) * 111200
        east = (order['destination-longitude'] - order['courier']['longitude']) * 111200
        return math.hypot(north, east * math.cos(math.radians(order['destination-latitude'])))

    def test_courier_comes_near(self):
        """The service's clock is set forward and ours is not, so that the expected time says nothing."""
        self.sandbox.request('POST', '/Sandbox/Clock', {'speed': 1})
        self.start_notifier()
        uid, _ = self.place(payment='cash')
        self.server.wait(1)
        self.advance(uid, status='In delivery')
        self.server.wait(2)
        self.assertGreater(self.metres(uid), 1000)
        while (before := self.metres(uid)) > 500:
            self.assertEqual(len(self.server.calls), 2, self.server.calls)
            self.sandbox.request('POST', '/Sandbox/Clock', {'advanceSec': 20})
            self.moved(uid, before)
        self.assertRegex(self.server.wait(3).title, r'^Have \S+ USD ready$')
        self.sandbox.request('POST', '/Sandbox/Clock', {'advanceSec': 20})
        self.moved(uid, before)
        self.advance(uid, status='Delivered')
        self.assertRegex(self.server.wait(4, 'the money is said once').title, '^Delivered at ')

    def moved(self, uid, before):
        tick = GLib.timeout_add(50, lambda: GLib.SOURCE_CONTINUE)
        try:
            iterate(lambda: self.metres(uid) < before, what='a move of the courier')
        finally:
            GLib.source_remove(tick)


class Quiet(desktop.ServerCase):
    def quiet_hours(self, begin, end):
        """From so many minutes from now, until so many."""
        clock = [time.strftime('%H:%M', time.gmtime(time.time() + 60 * minutes)) for minutes in (begin, end)]
        self.write_config(f'[Notifications]\nQuietHours={"-".join(clock)}\n')
        if self.notifier:
            self.reload_notifier()

    def test_quiet(self):
        self.quiet_hours(-60, 60)
        self.start_notifier()
        uid, _ = self.place()
        other, _ = self.place()
        self.sandbox.advance(uid, 'Delivered')
        self.sandbox.advance(other, 'In delivery')
        self.wait_for_status(uid, 'delivered')
        self.wait_for_status(other, 'in-delivery')
        self.settled()
        self.stop_notifier()
        self.start_notifier()
        self.settled()
        self.assertEqual(self.server.calls, [])
        self.quiet_hours(60, 120)
        self.assertRegex(self.server.wait(1, 'the end of an order').title, '^Delivered at ')
        self.settled()
        self.sandbox.advance(other, 'Delivered')
        self.assertRegex(self.server.wait(2).title, '^Delivered at ')

    def test_after_the_quiet_hours(self):
        """Nothing happens but time."""
        self.start_notifier()
        uid, _ = self.place()
        self.server.wait(1)
        self.quiet_hours(-60, 1)
        self.sandbox.advance(uid, 'Delivered')
        self.wait_for_status(uid, 'delivered')
        self.settled()
        iterate(lambda: len(self.server.calls) > 1, 90, 'the end of the quiet hours')
        self.assertRegex(self.server.wait(2).title, '^Delivered at ')

    @unittest.skipUnless('TEST_LONG' in os.environ, 'takes a minute: set TEST_LONG')
    def test_signed_out_after_the_quiet_hours(self):
        self.start_notifier()
        uid, _ = self.place()
        self.server.wait(1)
        self.quiet_hours(-60, 1)
        self.sandbox.advance(uid, 'Delivered')
        self.wait_for_status(uid, 'delivered')
        self.settled()
        self.client.call('Session', 'SignOut', '(b)', (False,))
        failed = f'Order {uid} cannot be read now'
        tick = GLib.timeout_add(500, lambda: GLib.SOURCE_CONTINUE)
        self.addCleanup(GLib.source_remove, tick)
        iterate(lambda: failed in self.notifier_log(), 90, 'the end of the quiet hours')
        self.sign_in()
        self.assertRegex(self.server.wait(2).title, '^Delivered at ')
        self.assertLess(self.notifier_log().count(failed), 5)


if __name__ == '__main__':
    unittest.main(verbosity=2)
