"""Money and the account by the CLI: paying in each way to the end, each test card, exit statuses, what an order
that awaits payment says, and that neither number nor CVC is anywhere; kept cards, settings, reports. The QR code on a
real terminal is in test_pay_qr.py."""

import json
import os
import re
import stat
import subprocess
import time
import unittest

import harness
from harness import TIMEOUT, poll
from test_cli import PLACE, CliTestCase

GOOD, DECLINED, POOR, BROKEN = '4242424242424242', '4000000000000002', '4000000000009995', '4000000000000119'
CVC = '737'


def card(number=GOOD, cvc=CVC, expiry='12/41', holder='Ann Other'):
    return json.dumps({'number': number, 'holder': holder, 'expiry': expiry, 'cvc': cvc})


class PayTestCase(CliTestCase):
    def setUp(self):
        super().setUp()
        self.sign_up_and_in()

    def order(self, payment):
        """An order to be paid so; its uid and number."""
        uid, status = self.place(payment=payment)
        self.assertEqual(status, 'awaiting-payment' if payment in ('card', 'qr') else 'requested')
        return uid, self.client.call('Orders', 'Get', '(s)', (uid,))['number']

    def get(self, uid):
        return self.client.call('Orders', 'Get', '(s)', (uid,))

    def charges(self, uid):
        """What the gateway charged for an order."""
        return [c for c in self.sandbox.journal().get('charges', []) if uid in json.dumps(c)]

    def payload(self, uid):
        """Once the QR payment is there."""
        def there():
            found = [p['qr-payload'] for p in self.get(uid).get('payments', []) if p.get('qr-payload')]
            return found[-1] if found else None
        return poll(there, what='the QR payment')

    def bank(self, uid, outcome):
        self.sandbox.request('POST', '/Sandbox/QrPaid', {'qrPayload': self.payload(uid), 'outcome': outcome})


class Cards(PayTestCase):
    def test_card_from_a_pipe(self):
        uid, number = self.order('card')
        out = self.ok('pay', number, '--card-file=-', stdin=card())
        self.assertIn(f'Paid: order {number}', out)
        self.assertIn('**** 4242', out)
        self.assertIn(f'customerclient track {number}', out)
        self.assertEqual(len(self.charges(uid)), 1)
        self.fails(8, 'pay', number, '--card', stdin=card(), name='PaymentNotDue')
        self.assertEqual(len(self.charges(uid)), 1)
        self.sandbox.advance(uid, 'Delivered')
        self.wait_for_status(uid, 'delivered')

    def test_card_from_a_file_and_json(self):
        uid, number = self.order('card')
        path = f'{self.dir}/card'
        with open(path, 'w', encoding='utf-8', opener=lambda p, f: os.open(p, f, 0o600)) as f:
            f.write(card() + '\n')
        document = self.json('pay', number, f'--card-file={path}')
        self.assertEqual(document['uid'], uid)
        self.assertEqual([(p['type'], p['card']) for p in document['payments'] if p['status'] == 'processed'],
                         [('card', '**** 4242')])
        self.assertEqual(len(self.charges(uid)), 1)

    def test_each_card_that_is_refused(self):
        for number, reason in ((DECLINED, 'was declined;'), (POOR, 'was declined (insufficient funds);'),
                               (BROKEN, 'was not carried out (processing error);')):
            with self.subTest(number):
                uid, name = self.order('card')
                p = self.cli('pay', name, '--card', stdin=card(number))
                self.assertEqual(p.returncode, 10, p.stderr)
                self.assertIn(reason, p.stderr)
                self.assertIn('nothing was charged', p.stderr)
                self.assertIn(f'customerclient pay {name} --card\n', p.stderr)
                self.assertIn(f'customerclient pay {name} --qr\n', p.stderr)
                self.assertIn(f'customerclient pay {name} --cash\n', p.stderr)
                self.assertIn(f'customerclient cancel {name}\n', p.stderr)
                self.assertEqual(self.charges(uid), [])
                # The order waits, and another card pays it.
                self.assertEqual(self.get(uid)['status'], 'awaiting-payment')
                self.ok('pay', name, '--card', stdin=card())
                self.assertEqual(len(self.charges(uid)), 1)

    def test_cards_that_are_none(self):
        uid, name = self.order('card')
        for text, status, says in ((card('4242424242424241'), 10, 'check digit'),
                                   (card(expiry='01/20'), 10, 'expired'),
                                   (card(cvc='12'), 10, 'CVC'),
                                   ('{}', 2, 'JSON'), ('number', 2, 'JSON'), ('', 2, '--card-file'),
                                   ('{"number":"' + 'x' * 5000, 2, 'longer')):
            with self.subTest(says):
                p = self.cli('--json', 'pay', name, '--card', stdin=text)
                self.assertEqual(p.returncode, status, p.stderr)
                self.assertEqual(json.loads(p.stdout)['error']['exit'], status)
                self.assertIn(says, p.stderr)
        self.fails(2, 'pay', name, '--card-file=/nonexistent', says='/nonexistent')
        self.assertEqual(self.sandbox.count('MakePaymentRespond'), 0)
        self.assertEqual(self.charges(uid), [])

    def test_asked_field_by_field(self):
        uid, name = self.order('card')
        t = self.terminal('pay', name)
        for question, answer, hidden in (('Card number (not shown): ', '4242 4242 4242 4242', True),
                                         ('Name on the card: ', 'Ann Other', False),
                                         ('Good through (MM/YY): ', '12/41', False),
                                         ('CVC (not shown): ', CVC, True)):
            t.wait_for(question)
            self.assertEqual(t.echoes(), not hidden, question)
            t.type(answer + '\n')
        t.wait_for('with Visa ending 4242? [y/N]')
        t.type('y\n')
        self.assertEqual(t.wait(), 0, t.screen.text)
        self.assertIn('Paid: order', t.screen.text)
        self.assertNotIn('4242 4242', t.raw)
        self.assertNotIn(CVC, t.raw)
        self.assertEqual(len(self.charges(uid)), 1)

    def test_no_at_the_question(self):
        uid, name = self.order('card')
        path = f'{self.dir}/card'
        with open(path, 'w', encoding='utf-8') as f:
            f.write(card())
        t = self.terminal('pay', name, f'--card-file={path}')
        t.wait_for('Visa ending 4242? [y/N]')
        t.type('n\n')
        self.assertEqual(t.wait(), 10)
        self.assertEqual(self.sandbox.count('MakePaymentRespond'), 0)
        self.assertEqual(self.charges(uid), [])

    def test_no_answer_is_no_second_charge(self):
        uid, name = self.order('card')
        self.sandbox.fault('MakePaymentRespond', 'reset-after', count=1)
        self.ok('pay', name, '--card', stdin=card(), timeout=60)
        self.assertEqual(len(self.charges(uid)), 1)

    def test_nothing_of_a_card_is_seen(self):
        """argv, environment, output and what the daemon leaves behind, while a planted word is found."""
        _, name = self.order('card')
        p = self.background_with_pipe('-v', 'pay', name, '--card-file=-', CANARY='planted-canary')
        seen = []
        for part in ('cmdline', 'environ'):
            with open(f'/proc/{p.pid}/{part}', 'rb') as f:
                seen.append(f.read())
        out, err = p.communicate(card(), timeout=TIMEOUT)
        self.assertEqual(p.returncode, 0, err)
        seen += [out.encode(), err.encode(), self.daemon_log().encode()]
        for folder, _, files in os.walk(self.dir):
            for file in files:
                if not file.endswith('.sock') and os.path.isfile(f'{folder}/{file}'):
                    with open(f'{folder}/{file}', 'rb') as f:
                        seen.append(f.read())
        everything = b'\n'.join(seen)
        self.assertIn(b'planted-canary', everything)
        self.assertNotIn(GOOD.encode(), everything)
        self.assertNotIn(f'"{CVC}"'.encode(), everything)

    def background_with_pipe(self, *arguments, **env):

        p = subprocess.Popen([harness.binary('customerclient'), *arguments], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self.environment(**env))
        self.addCleanup(lambda: p.poll() is None and p.kill())
        for stream in (p.stdin, p.stdout, p.stderr):
            self.addCleanup(stream.close)
        return p


class QrCodes(PayTestCase):
    def test_in_a_pipe(self):
        uid, name = self.order('qr')
        p = self.background('pay', name)
        self.assertEqual(p.stdout.readline().strip(), self.payload(uid))
        self.bank(uid, 'paid')
        status, out, err = self.ended(p)
        self.assertEqual(status, 0, err)
        self.assertIn(f'Paid: order {name}', out)
        self.assertEqual(len(self.charges(uid)), 1)

    def test_json(self):
        uid, name = self.order('qr')
        p = self.background('--json', 'pay', name, '--qr')
        self.assertIn(self.payload(uid), p.stderr.readline())
        self.bank(uid, 'paid')
        status, out, err = self.ended(p)
        self.assertEqual(status, 0, err)
        self.assertEqual(json.loads(out)['uid'], uid)

    def test_cancelled_and_expired(self):
        for outcome, says in (('cancelled', 'cancelled'), ('expired', 'not made in time')):
            with self.subTest(outcome):
                uid, name = self.order('qr')
                p = self.background('pay', name)
                self.assertIn(self.payload(uid), p.stdout.readline())
                self.bank(uid, outcome)
                status, _, err = self.ended(p)
                self.assertEqual(status, 10, err)
                self.assertIn(says, err)
                self.assertIn('nothing was charged', err)
                self.assertEqual(self.charges(uid), [])

    def test_drawn_on_a_terminal(self):
        uid, name = self.order('qr')
        t = self.terminal('pay', name, TERM='xterm-256color')
        t.wait_for(f'Order {name} waits for the payment')
        self.assertIn('\u2580', t.screen.text)
        self.assertIn('\x1b[0;38;5;16;48;5;231m', t.raw)
        self.assertEqual(t.screen.scrolled, 0)
        self.bank(uid, 'paid')
        self.assertEqual(t.wait(), 0, t.screen.text)
        self.assertIn('Paid: order', t.screen.text)

    def test_a_terminal_that_is_too_small(self):
        uid, name = self.order('qr')
        t = self.terminal('pay', name, columns=60, rows=15, DISPLAY=None, WAYLAND_DISPLAY=None)
        t.wait_for(f'Order {name} waits for the payment')
        self.assertIn('does not fit', t.screen.text)
        pictures = [f for f in os.listdir(f'{self.dir}/run') if f.startswith('customerclient-payment-qr-')]
        self.assertEqual(len(pictures), 1)
        with open(f'{self.dir}/run/{pictures[0]}', 'rb') as f:
            self.assertEqual(f.read(8), b'\x89PNG\r\n\x1a\n')
        t.type('\x03')
        self.assertEqual(t.wait(), 130)
        self.assertEqual(self.get(uid)['status'], 'awaiting-payment')


class OtherWays(PayTestCase):
    def test_at_the_door(self):
        for way, says in (('cash', r'in cash when it comes: have [0-9.]+ USD ready\.'),
                          ('pos', r'by card when it comes: have the card ready, for [0-9.]+ USD\.')):
            with self.subTest(way):
                uid, name = self.order(way)
                out = self.ok('pay', name)
                self.assertRegex(out, f'paid {says}')
                self.assertEqual(self.json('pay', name, f'--{way}')['uid'], uid)
                self.sandbox.advance(uid, 'Delivered')
                self.wait_for_status(uid, 'delivered')

    def test_each_to_the_door(self):
        """Ordered, paid and delivered."""
        for way in ('cash', 'pos', 'qr', 'card'):
            with self.subTest(way):
                uid, name = self.order(way)
                if way == 'qr':
                    p = self.background('pay', name, '--qr')
                    self.assertEqual(p.stdout.readline().strip(), self.payload(uid))
                    self.bank(uid, 'paid')
                    status, out, err = self.ended(p)
                    self.assertEqual(status, 0, err)
                    self.assertIn('by QR code', out)
                elif way == 'card':
                    self.assertIn('by card **** 4242', self.ok('pay', name, '--card', stdin=card()))
                else:
                    self.assertIn('have ', self.ok('pay', name))
                self.sandbox.advance(uid, 'Delivered')
                self.ok('wait', name, '--for=delivered', timeout=TIMEOUT)
                shown = self.json('show', name)
                self.assertIn(shown['payments'][-1]['status'], ('processed', 'finished'))
                self.assertEqual(len(self.charges(uid)), 1 if way in ('qr', 'card') else 0)

    def test_at_the_door_after_all(self):
        for way in ('cash', 'pos'):
            with self.subTest(way):
                uid, name = self.order('card')
                self.assertEqual(self.cli('pay', name, '--card', stdin=card(DECLINED)).returncode, 10)
                self.assertIn('when it comes', self.ok('pay', name, f'--{way}'))
                self.assertNotEqual(self.get(uid)['status'], 'awaiting-payment')
                self.assertEqual(self.get(uid)['payment-type'], way)
                self.assertEqual(self.charges(uid), [])

    def test_awaiting_is_said_everywhere(self):
        _, name = self.order('card')
        says = f'customerclient pay {name}'
        places = (('show', name), ('pending',), ('status',), ('orders',), ('status', '--format=waybar'))
        for arguments in places:
            with self.subTest(arguments):
                self.assertRegex(self.ok(*arguments), rf'(to pay|is to be paid): {says}')
        self.assertRegex(self.ok('show', name), 'Until +known once a payment is started')
        bar = json.loads(self.ok('status', '--format=waybar'))
        self.assertEqual((bar['class'], bar['text']), ('to-pay', 'To pay'))
        # Until when is known once a payment was started.
        self.assertEqual(self.cli('pay', name, '--card', stdin=card(DECLINED)).returncode, 10)
        for arguments in places:
            with self.subTest(arguments):
                self.assertRegex(self.ok(*arguments), rf'(to pay|is to be paid) until \S*\d\d:\d\d: {says}')
        self.assertNotIn('Until ', self.ok('show', name))
        # Neither a newer order that is paid at the door nor a script's list hides it or has more in it.
        self.place()
        self.assertIn(says, self.ok('status'))
        self.assertIn('1 more: customerclient pending', self.ok('status'))
        self.assertEqual(len(self.ok('orders', '--no-legend').splitlines()), 2)
        t = self.terminal('orders')
        self.assertEqual(t.wait(), 0)
        self.assertTrue(any(line.endswith(says) for line in t.screen.lines()), t.screen.lines())
        t = self.terminal('track', name)
        t.wait_for(says)
        t.type('\x03')
        t.wait()

    def test_order_goes_on_to_payment(self):
        product = self.product()
        self.ok('cart', 'add', str(product[0]))
        t = self.terminal('order', *PLACE, '--phone', '+15551234567', '--pay', 'qr', '--yes',
                          rows=60)
        t.wait_for('waits for the payment')
        t.type('\x03')
        self.assertEqual(t.wait(), 130)
        self.ok('cart', 'add', str(product[0]))
        out = self.ok('order', *PLACE, '--pay', 'card', '--yes')
        self.assertRegex(out, r'Next: customerclient pay \S+')

    def test_usage(self):
        _, name = self.order('card')
        self.fails(2, 'pay', name, '--qr', '--cash', says='cannot both be')
        self.fails(2, 'pay', name, '--qr', '--card-file=-', says='cannot both be')
        self.fails(2, 'pay', says='pay ORDER')
        self.fails(3, 'pay', 'nothing', '--card', name='NotFound')
        self.ok('cancel', name)
        self.fails(8, 'pay', name, '--card', stdin=card(), name='PaymentNotDue')


class KeptCards(PayTestCase):
    def test_listed_and_removed(self):
        self.assertEqual(self.json('account', 'cards'), [])
        _, name = self.order('card')
        self.ok('pay', name, '--card', stdin=card())
        kept = self.json('account', 'cards')
        self.assertEqual([(c['brand'], c['last-digits'], c['expiry']) for c in kept], [('Visa', '4242', '12/41')])
        self.assertIn('4242', self.ok('account', 'cards'))
        self.fails(3, 'account', 'remove-card', 'nothing', name='NotFound')
        self.assertIn('removed', self.ok('account', 'remove-card', kept[0]['uid']))
        self.assertEqual(self.json('account', 'cards'), [])


class Settings(PayTestCase):
    def test_shown_and_changed(self):
        self.assertIn('Saved', self.ok('settings', 'set', 'default-city=Springfield', 'default-address=12 Long Street',
                                       'preferred-payment-type=pos', 'email-receipts=yes'))
        settings = self.json('settings')
        self.assertEqual(settings['default-city'], 'Springfield')
        self.assertIs(settings['email-receipts'], True)
        self.assertRegex(self.ok('settings'), r'email-receipts +yes')
        self.assertEqual(self.json('settings', 'set', 'email-receipts=no'), {'state': 'saved'})
        self.fails(2, 'settings', 'set', 'colour=blue', says='colour')
        self.fails(2, 'settings', 'set', 'preferred-payment-type=beans', says='beans')
        self.fails(2, 'settings', 'set', 'email-receipts=beans', says='yes or no')
        self.fails(2, 'settings', 'set', 'default-city', says='KEY=VALUE')
        # What is set is where an order begins from.
        self.ok('cart', 'add', str(self.product()[0]))
        order = self.json('order', '--yes')
        self.assertEqual(order['payment-type'], 'pos')
        self.assertEqual(order['destination'], '12 Long Street, Springfield')

    def test_offline_they_are_queued(self):
        self.ok('settings', 'set', 'default-city=Springfield')
        self.sandbox.fault('*', 'reset')
        # At once: the first time when the connection is cut, then since that is known.
        for city in ('Shelbyville', 'Ogdenville'):
            began = time.monotonic()
            self.assertEqual(self.json('settings', 'set', f'default-city={city}'), {'state': 'queued'})
            self.assertLess(time.monotonic() - began, 3 * harness.TIME_FACTOR)
            self.assertEqual(self.json('settings')['default-city'], city)
        self.fails(2, 'settings', 'set', 'viber=smoke', says="'smoke'")
        self.sandbox.clear_faults()
        poll(lambda: self.json('settings', 'set', 'default-city=Ogdenville') == {'state': 'saved'}, what='saved', every=0.5)

    def test_bad_values(self):
        for word, says in (('colour=blue', "There is no setting 'colour'; there are: email, phone-number, "),
                           ('preferred-payment-type=beans', "cannot be 'beans'; it is one of: cash, pos, qr, card"),
                           ('preferred-communication=smoke', 'one of: email, phone, whatsapp, viber, telegram'),
                           ('phone-number=abc', 'a phone number, such as'), ('whats-app=12', 'a phone number'),
                           ('email=nobody', 'an e-mail address'), ('email=a b@c', 'an e-mail address')):
            with self.subTest(word):
                self.fails(2, 'settings', 'set', word, says=says)
        self.fails(2, 'settings', 'set', 'default-city=A', 'default-city=B', says='default-city is given twice')
        before = self.json('settings')
        self.fails(2, 'settings', 'set', 'default-city=A', 'viber=x', says='viber')
        self.assertEqual(self.json('settings'), before, 'all of them or none')
        self.ok('settings', 'set', 'viber=+49 (89) 123-45.67', 'telegram-nickname=annie')
        self.assertEqual(self.json('settings')['viber'], '+49 (89) 123-45.67')
        self.ok('settings', 'set', 'viber=')
        self.assertNotIn('viber', self.json('settings'))


class SettingsNotRead(CliTestCase):
    def test_set_all_the_same(self):
        """What the service has from the beginning was not changed elsewhere."""
        self.sandbox.fault('SettingsGet', 'status:503', count=1)
        self.sign_up_and_in()
        poll(lambda: self.sandbox.count('SettingsGet') > 0, what='a first reading')
        self.ok('settings', 'set', 'preferred-payment-type=pos', 'email-receipts=yes')
        poll(lambda: self.client.get('Daemon', 'PendingOperations') == 0, what='all to be sent')
        settings = self.json('settings')
        self.assertEqual((settings['preferred-payment-type'], settings['email-receipts']), ('pos', True))


class Reports(PayTestCase):
    def setUp(self):
        super().setUp()
        self.uid, self.number = self.order('cash')
        self.here = os.getcwd()
        os.chdir(self.dir)
        self.addCleanup(os.chdir, self.here)

    def test_files(self):
        for kind, magic in (('pdf', b'%PDF-'), ('png', b'\x89PNG'), ('html', b'<')):
            with self.subTest(kind):
                self.assertEqual(self.ok('report', self.number, f'--format={kind}', '-o', f'r.{kind}'), f'r.{kind}\n')
                with open(f'{self.dir}/r.{kind}', 'rb') as f:
                    self.assertTrue(f.read(5).startswith(magic))
        name = self.ok('report', self.number).strip()
        self.assertTrue(os.path.isfile(f'{self.dir}/{name}'), name)
        self.fails(2, 'report', self.number, says='-o FILE')
        self.assertEqual(sorted(self.json('report', self.number, '-o', 'again.pdf')), ['content-type', 'file'])
        p = subprocess.run([harness.binary('customerclient'), 'report', self.number, '-o', '-'], capture_output=True,
                           env=self.environment(), check=True)
        self.assertTrue(p.stdout.startswith(b'%PDF-'))
        self.fails(1, 'report', self.number, '-o', '/nonexistent/x', says='/nonexistent/x')
        # A device is written to and stays one.
        self.fails(1, 'report', self.number, '-o', '/dev/full', says='No space left')
        self.assertTrue(stat.S_ISCHR(os.stat('/dev/full').st_mode))
        self.fails(2, 'report', self.number, '--email=a@example.org', '--open', says='cannot be with')
        self.fails(3, 'report', 'nothing', name='NotFound')

    def test_opened(self):
        os.makedirs(f'{self.dir}/bin')
        with open(f'{self.dir}/bin/xdg-open', 'w', encoding='utf-8', opener=lambda p, f: os.open(p, f, 0o755)) as f:
            f.write(f'#!/bin/sh\ncp "$1" {self.dir}/seen.part && mv {self.dir}/seen.part {self.dir}/seen\n')
        self.ok('report', self.number, '--open', PATH=f'{self.dir}/bin:{os.environ["PATH"]}')
        poll(lambda: os.path.exists(f'{self.dir}/seen'), what='the program that opens it')
        with open(f'{self.dir}/seen', 'rb') as f:
            self.assertEqual(f.read(5), b'%PDF-')

    def test_damaged_on_its_way(self):
        """One bit is another: nothing is handed on, and what was there stays."""
        with open(f'{self.dir}/r.pdf', 'w', encoding='utf-8') as f:
            f.write('an older one')
        self.sandbox.fault('FileGet', 'damage')
        self.fails(1, 'report', self.number, '-o', 'r.pdf', says='digest does not fit', name='Protocol')
        with open(f'{self.dir}/r.pdf', encoding='utf-8') as f:
            self.assertEqual(f.read(), 'an older one')
        self.sandbox.clear_faults()
        self.ok('report', self.number, '-o', 'r.pdf')

    def test_by_mail(self):
        self.assertIn('Sent to bo@example.org', self.ok('report', self.number, '--email', 'bo@example.org', timeout=30))
        self.assertIn('bo@example.org', json.dumps(self.sandbox.mailbox()))
        document = self.json('report', self.number, '--email=', timeout=30)
        self.assertEqual(document['status'], 'sent')
        self.assertIn('ann@example.org', json.dumps(self.sandbox.mailbox()))
        self.fails(2, 'report', self.number, '--email=nobody', says='nobody')


class ProgressBar(PayTestCase):
    """A report that comes slowly, on terminals of three widths: one line that grows, and is whole at the end."""

    def test_on_a_terminal(self):
        uid, _ = self.place()
        self.sandbox.advance(uid, 'Delivered')
        self.sync()
        for columns, looks in ((80, r'\[#+ *\] \d+ of \d+ kB'), (26, r'\[#+ *\] \d+ of \d+ kB'), (14, r'\d+ of \d+ kB')):
            with self.subTest(columns):
                path = f'{self.dir}/r.html'
                self.sandbox.fault('/FileService/FileGet', 'slow', delay_ms=5)
                t = self.terminal('report', uid, '--format=html', '-o', path, columns=columns, rows=12)
                t.wait_for(lambda s, looks=looks: len(s.lines()) == 1 and re.fullmatch(looks, s.lines()[0]))
                self.sandbox.clear_faults()
                self.assertEqual(t.wait(), 0)
                self.assertRegex(t.screen.lines()[0], r'^(\[#+\] )?(\d+) of \2 kB$')
                self.assertEqual(''.join(t.screen.lines()[1:]), path)
                self.assertEqual(t.screen.scrolled, 0)
                with open(path, 'rb') as f:
                    self.assertEqual(f.read(1), b'<')

    def test_interrupted(self):
        uid, _ = self.place()
        self.sandbox.fault('/FileService/FileGet', 'slow', delay_ms=50)
        t = self.terminal('report', uid, '-o', f'{self.dir}/r.pdf')
        t.wait_for(' kB')
        t.type('\x03')
        self.assertEqual(t.wait(), 130)
        self.assertEqual([line.lstrip('^C') for line in t.screen.lines()], ['customerclient: Interrupted'])
        self.assertFalse(os.path.exists(f'{self.dir}/r.pdf'))


class HeldOrders(PayTestCase):
    config = '[Orders]\nHoldSec=3600\nMonthlyLimit=30\n'

    def test_held_and_cancelled(self):
        product = self.product()
        self.ok('cart', 'add', str(product[0]))
        out = self.ok('order', *PLACE, '--pay', 'card', '--yes')
        uid = self.json('show', 'last')['uid']
        self.assertRegex(out, rf'It is sent (at .*\d\d:\d\d|in \d+ s); until then customerclient cancel {uid} is certain')
        self.assertIn(f'Next, once it is sent: customerclient pay {uid}\n', out)
        self.assertNotIn('customerclient track', out)
        for arguments in (('show', uid), ('pending',), ('orders',), ('status',)):
            with self.subTest(arguments):
                self.assertIn(f'customerclient pay {uid}', self.ok(*arguments))
        self.fails(8, 'pay', uid, stdin=card(), name='PaymentNotDue')
        self.ok('cancel', uid)
        self.assertEqual(self.json('show', uid)['status'], 'cancelled')
        self.assertEqual(self.sandbox.journal_orders(), [])

    def test_over_the_limit(self):
        product = self.product()
        self.ok('cart', 'add', f'{product[0]}x5')
        self.fails(8, 'order', *PLACE, '--yes', name='OverLimit', says='nothing was ordered')
        self.assertEqual(self.json('order', *PLACE, '--yes', '--over-limit')['status'], 'submitting')


if __name__ == '__main__':
    unittest.main(verbosity=2)
