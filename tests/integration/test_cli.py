"""The CLI as it is used: every verb in its table form, as JSON and in failure, its exit statuses, its questions on a
terminal. `track` is in test_track.py."""

import csv
import io
import json
import os
import pty
import re
import shutil
import signal
import subprocess
import tempfile
import unittest

import harness
from harness import GLib, PASSWORD, TIMEOUT, binary, iterate
from screen import Terminal

ERROR = harness.ERROR
PLACE = ('--address', '12 Long Street', '--city', 'Springfield')


class CliTestCase(harness.TestCase):
    sandbox_args = ('--speed', '0', '--random-seed', '7')

    def ok(self, *arguments, **more):
        """Runs it, wants 0 and nothing said about an error; its stdout."""
        p = self.cli(*arguments, **more)
        self.assertEqual(p.returncode, 0, p.stderr)
        self.assertNotIn('customerclient:', p.stderr)
        return p.stdout

    def json(self, *arguments, **more):
        return json.loads(self.ok('--json', *arguments, **more))

    def fails(self, status, *arguments, says='', name=None, **more):
        """Runs it plain and with --json: the same status, one line on stderr, no data or one error document."""
        p = self.cli(*arguments, **more)
        self.assertEqual(p.returncode, status, p.stdout + p.stderr)
        line = p.stderr.splitlines()[-1]
        self.assertTrue(line.startswith('customerclient: '), p.stderr)
        self.assertIn(says, line)
        j = self.cli('--json', *arguments, **more)
        self.assertEqual(j.returncode, status, j.stdout + j.stderr)
        error = json.loads(j.stdout)
        self.assertEqual(list(error), ['error'])
        self.assertEqual(sorted(error['error']), ['exit', 'message', 'name'])
        self.assertEqual(error['error']['exit'], status)
        if name:
            self.assertEqual(error['error']['name'], name if '.' in name else ERROR + name)
        return p

    def terminal(self, *arguments, columns=80, rows=24, **env):
        t = Terminal([binary('customerclient'), *arguments], self.environment(**env), columns, rows)
        self.addCleanup(t.close)
        return t

    def background(self, *arguments, **env):
        """Started, with its output in pipes."""
        p = subprocess.Popen([binary('customerclient'), *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True, env=self.environment(**env))
        self.addCleanup(lambda: p.poll() is None and p.kill())
        self.addCleanup(p.stdout.close)
        self.addCleanup(p.stderr.close)
        return p

    def ended(self, p, timeout=TIMEOUT):
        out, err = p.communicate(timeout=timeout)
        return p.returncode, out, err

    def product(self, index=0):
        return [p for p in self.products() if p[6]][index]


class WithoutDaemon(CliTestCase):
    start_daemon = False
    start_sandbox = False

    def test_no_daemon(self):
        self.fails(6, 'status', says='customerclientd', name='org.freedesktop.DBus.Error.ServiceUnknown')
        self.fails(6, 'cart', 'clear', says='customerclientd')

    def test_no_bus(self):
        self.fails(6, 'orders', says='no session bus', DBUS_SESSION_BUS_ADDRESS='unix:path=/nonexistent')

    def test_waybar_shows_that_it_cannot_be_reached(self):
        p = self.cli('status', '--format=waybar')
        self.assertEqual(p.returncode, 6)
        self.assertEqual(json.loads(p.stdout)['class'], 'unreachable')
        self.assertEqual(p.stdout.count('\n'), 1)

    def test_usage(self):
        name = 'org.freedesktop.DBus.Error.InvalidArgs'
        for arguments, says in (
                ((), 'No command'),
                (('frobnicate',), 'the commands are: status, sign-up'),
                (('orders', '--colour'), "'orders' has no option '--colour'"),
                (('show',), 'customerclient show ORDER'),
                (('show', '1', '2'), "'2' is too much"),
                (('--call-timeout=soon', 'cart'), '--call-timeout'),
                (('--call-timeout', '0', 'cart'), '--call-timeout'),
                (('cart', 'frob'), 'it can: add, set'),
                (('completion', 'tcsh'), 'bash, zsh, fish')):
            with self.subTest(arguments):
                self.fails(2, *arguments, says=says, name=name)

    def test_help_and_version(self):
        text = self.ok('--help')
        self.assertIn('reorder ORDER', text)
        self.assertRegex(self.ok('--version'), r'^customerclient \d+\.\d+')
        for verb in re.findall(r'^  ((?:cart |account |settings |orders |videos )?[a-z-]+)(?= |$)', text.split('Options')[0], re.M):
            one = self.ok(*verb.split(), '--help')
            self.assertIn('Example:', one)
            self.assertIn(f'customerclient {verb}', one)

    def test_help_is_what_the_docs_say(self):
        """Each command and option of docs/cli.md that is not marked as later is in --help, and the other way round."""
        with open(os.path.join(harness.SOURCE_DIR, 'docs', 'cli.md'), encoding='utf-8') as f:
            table = [line.split(' | ')[0] for line in f if line.startswith('| ') and '`' in line.split(' | ')[0]]
        now = [cell.split('*later*')[0] for cell in table if re.search(r'`[a-z]', cell.split('*later*')[0])]
        text = self.ok('--help').split('Options')[0]
        verbs = set(re.findall(r'^  ((?:cart |account |settings |orders |videos )?[a-z-]+)(?= |$)', text, re.M))
        documented = set()
        for cell in now:
            for code in re.findall(r'`([^`]+)`', cell):
                code = code.replace('\\|', '|')
                words = re.match(r'(cart (?:add|set|note|remove|clear)|account (?:cards|remove-card)|settings set|orders export|videos play|[a-z-]+)', code)
                if not words or words.group(1) not in verbs:
                    continue
                documented.add(words.group(1))
                options = self.ok(*words.group(1).split(), '--help')
                for option in re.findall(r'--([a-z-]+)', code):
                    self.assertIn(f'--{option}', options, code)
        self.assertEqual(verbs - documented, set())

    def test_the_man_page_has_it_all(self):
        """Each command with its arguments, and each option with what it is for, as --help has them."""
        path = os.path.join(harness.SOURCE_DIR, 'docs', 'man', 'customerclient.1')
        with open(path, encoding='utf-8') as f:
            page = f.read().replace('\\-', '-').replace('\\&', '')
        sections = dict(part.split('\n', 1) for part in page.split('.SS ')[1:])
        commands = self.ok('--help').split('Options')[0]
        lines = re.findall(r'^  ((?:cart |account |settings |orders |videos )?[a-z-]+)((?: \S+)*)  ', commands, re.M)
        self.assertEqual(sorted(sections), sorted(f'"{verb}{arguments.rstrip()}"' for verb, arguments in lines))
        for verb, arguments in lines:
            text = sections[f'"{verb}{arguments.rstrip()}"']
            options = re.findall(r'^ +(?:-\w, )?(--\S+)', self.ok(*verb.split(), '--help').split('Example:')[0], re.M)
            self.assertEqual(re.findall(r'^\.B ".*?(--\S+)"$', text, re.M), options, verb)
        if shutil.which('groff'):
            p = subprocess.run(['groff', '-man', '-Tutf8', '-ww', '-z', path], capture_output=True, text=True, check=False)
            self.assertEqual((p.returncode, p.stderr), (0, ''))

    def test_closed_output(self):
        with open('/dev/full', 'w', encoding='utf-8') as full:
            p = subprocess.run([binary('customerclient'), '--help'], stdout=full, stderr=subprocess.PIPE, text=True,
                               env=self.environment(), check=False)
        self.assertEqual(p.returncode, 1)
        self.assertIn('could not be written', p.stderr)


class Activation(CliTestCase):
    """What the bus says about a service it cannot start reaches the person."""

    start_daemon = False
    start_sandbox = False

    def setUp(self):
        super().setUp()
        services = f'{self.dir}/services'
        os.makedirs(services)
        with open(f'{services}/{harness.NAME}.service', 'w', encoding='utf-8') as f:
            f.write(f'[D-BUS Service]\nName={harness.NAME}\nExec=/bin/false\n')
        folder = tempfile.mkdtemp(prefix='cc-')
        self.addCleanup(shutil.rmtree, folder)
        self.own_bus = harness.Bus(folder, services)
        self.addCleanup(self.own_bus.stop)

    def test_failing_service(self):
        p = self.cli('--json', 'status', DBUS_SESSION_BUS_ADDRESS=self.own_bus.address)
        self.assertEqual(p.returncode, 6, p.stderr)
        self.assertTrue(json.loads(p.stdout)['error']['name'].startswith('org.freedesktop.DBus.Error.Spawn.'), p.stdout)


class SignedOut(CliTestCase):
    def test_everything_of_a_person_needs_a_session(self):
        for arguments in (('cart',), ('cart', 'add', '1'), ('cart', 'clear'), ('order', *PLACE, '--yes'), ('orders',),
                          ('show', 'last'), ('pending',), ('track',), ('track', 'last'), ('cancel', 'last'),
                          ('rate', 'last', '5'), ('reorder', 'last', '--yes'), ('wait', 'last', '--for=delivered'),
                          ('notifications',), ('account',), ('passwd',), ('sync',)):
            with self.subTest(arguments):
                self.fails(4, *arguments, says='igned in', name='NotSignedIn')

    def test_signing_out_twice_is_nothing_to_do(self):
        self.ok('sign-out')

    def test_status(self):
        self.assertIn('customerclient sign-in LOGIN', self.ok('status'))
        status = self.json('status')
        self.assertIs(status['signed-in'], False)
        self.assertEqual(status['version'], self.ok('--version').split()[1])
        self.assertEqual(json.loads(self.ok('status', '--format=waybar'))['class'], 'signed-out')
        self.fails(2, 'status', '--format=waybar', '--json', says='cannot both')

    def test_menu(self):
        self.assertEqual(self.json('menu'), [])
        self.sign_up_and_in()
        self.products()
        self.ok('sign-out')
        rows = self.json('menu')
        self.assertGreaterEqual(len(rows), 50)
        self.assertEqual(set(rows[0]['price']), {'minor', 'currency'})
        self.assertIsInstance(rows[0]['price']['minor'], int)
        text = self.ok('menu')
        for row in rows:
            self.assertRegex(text, rf'(?m)^ *{row["id"]}  {re.escape(row["name"])} ')
        self.assertNotRegex(text, r'\x1b|…')
        category = rows[0]['category']
        one = self.json('menu', str(category))
        self.assertEqual({r['category'] for r in one}, {category})
        heading = text.splitlines()[1]
        self.assertEqual(self.json('menu', heading), one)
        self.assertEqual(self.json('menu', heading[:4].lower()), one)
        found = self.json('menu', '--search', rows[0]['name'])
        self.assertEqual(found[0]['id'], rows[0]['id'])
        self.assertEqual(self.json('menu', '--search', 'no such thing anywhere'), [])
        bare = self.ok('menu', '--no-legend')
        self.assertNotIn('DESCRIPTION', bare)
        self.assertEqual(len(bare.splitlines()), len(rows))
        self.fails(3, 'menu', 'no-such-category', says='no-such-category', name='NotFound')
        self.fails(2, 'menu', '1', '--search=x', says='cannot both')

    def test_sign_up_by_pipe(self):
        given = ('sign-up', '--login', 'bob', '--email', 'bob@example.org', '--phone', '+15550001111')
        self.fails(2, *given, says='password is missing', stdin='')
        self.fails(2, *given[:5], says='--phone is missing', stdin=PASSWORD)
        self.fails(2, 'sign-up', says='--login is missing')
        self.fails(2, *given, says='password', stdin='short', name='org.freedesktop.DBus.Error.InvalidArgs')
        self.fails(2, *given, says='longer than 4096', stdin='x' * 4097)
        self.assertIn('customerclient verify CODE', self.ok(*given, stdin=PASSWORD + '\n'))
        code = self.sandbox.verification_code('bob@example.org')
        wrong = '000000' if code != '000000' else '111111'
        p = self.fails(8, 'verify', wrong, says='tries', name='IncorrectCode')
        self.assertIn('4 tries', p.stderr)
        self.assertIn('customerclient sign-in', self.ok('verify', code))
        self.fails(4, 'sign-in', 'bob', stdin='not the password', name='InvalidCredentials')
        self.assertEqual(self.json('sign-in', 'bob', stdin=PASSWORD), {'login': 'bob', 'state': 'signed-in'})
        self.fails(8, 'sign-in', 'bob', stdin=PASSWORD, says="'bob' is signed in already", name='Conflict')
        self.assertEqual(self.json('account'), {'login': 'bob', 'email': 'bob@example.org', 'phone-number': '+15550001111'})
        self.assertIn('bob@example.org', self.ok('account'))
        self.assertEqual(self.json('sign-out', '--forget'), {'state': 'signed-out', 'forgotten': True})
        self.fails(8, *given, stdin=PASSWORD, name='UserExists')

    def test_password_file(self):
        self.sign_up()
        path = f'{self.dir}/password'
        with open(path, 'w', encoding='utf-8') as f:
            f.write(PASSWORD + '\n')
        self.fails(2, 'sign-in', 'ann', '--password-file=/nonexistent', says='/nonexistent')
        self.ok('sign-in', 'ann', '--password-file', path, '--keep=no')
        self.restart()
        self.fails(4, 'cart')
        self.ok('sign-in', 'ann', '--password-file=-', stdin=PASSWORD)
        self.restart()
        self.ok('cart')
        self.assertIn('Signed out', self.ok('sign-out'))

    def test_passwd(self):
        self.sign_up_and_in()
        self.fails(2, 'passwd', stdin='', says='The password is missing')
        self.fails(2, 'passwd', stdin=PASSWORD, says='The new password is missing')
        self.fails(4, 'passwd', stdin='wrong old one\nanother password', name='InvalidCredentials')
        self.ok('passwd', stdin=f'{PASSWORD}\nanother password\n')
        self.ok('sign-out')
        self.fails(4, 'sign-in', 'ann', stdin=PASSWORD)
        self.ok('sign-in', 'ann', stdin='another password')

    def test_sign_up_on_a_terminal(self):
        t = self.terminal('sign-up', '--login', 'eve')
        t.wait_for('E-mail: ')
        t.type('eve@example.org\n')
        t.wait_for('Phone, as +14155550100: ')
        t.type('+15550002222\n')
        t.wait_for('Password (8 characters or more): ')
        iterate(lambda: not t.echoes(), what='the echo off')
        t.type(PASSWORD + '\n')
        t.wait_for('Again: ')
        iterate(lambda: not t.echoes(), what='the echo off')
        t.type('a slip of the finger\n')
        t.wait_for('not the same')
        for question in ('Password (8 characters or more): ', 'Again: '):
            t.wait_for(lambda s, question=question: s.text.count(question.rstrip()) == 2)
            iterate(lambda: not t.echoes(), what='the echo off')
            t.type(PASSWORD + '\n')
        t.wait_for('Code: ')
        self.assertTrue(t.echoes())
        code = self.sandbox.verification_code('eve@example.org')
        t.type(('000000' if code != '000000' else '111111') + '\n')
        t.wait_for('4 tries')
        t.type(code + '\n')
        self.assertEqual(t.wait(), 0, t.screen.text)
        self.assertIn('Signed in as eve.', t.screen.text)
        self.assertNotIn(PASSWORD, t.raw)
        self.assertEqual(self.client.get('Session', 'State'), 'signed-in')
        t = self.terminal('sign-up')
        self.assertEqual(t.wait(), 8)
        self.assertIn("'eve' is signed in already", t.screen.text)

    def test_sign_in_on_a_terminal(self):
        self.sign_up()
        t = self.terminal('sign-in', 'ann')
        t.wait_for('Password: ')
        iterate(lambda: not t.echoes(), what='the echo off')
        t.type('\x03')
        self.assertEqual(t.wait(), 130)
        self.assertTrue(t.echoes())
        t = self.terminal('sign-in', 'ann')
        t.wait_for('Password: ')
        iterate(lambda: not t.echoes(), what='the echo off')
        t.type(PASSWORD + '\n')
        self.assertEqual(t.wait(), 0, t.screen.text)
        t = self.terminal('--no-input', 'passwd')
        self.assertEqual(t.wait(), 2)
        self.assertIn('--password-file is missing', t.screen.text)


class Ordering(CliTestCase):
    def setUp(self):
        super().setUp()
        self.sign_up_and_in()
        self.products()

    def test_cart(self):
        first, second = self.product(0), self.product(1)
        self.assertEqual(self.json('cart'), {'lines': [], 'total': {'minor': 0, 'currency': first[5]}})
        self.assertEqual(self.ok('cart'), '')
        added = self.json('cart', 'add', f'{first[0]}x2', second[2])
        self.assertEqual([(line['product'], line['quantity']) for line in added['lines']], [(first[0], 2), (second[0], 1)])
        self.assertEqual(added['total']['minor'], 2 * first[4] + second[4])
        self.assertEqual(self.json('cart', 'add', f'{first[0]}×3')['lines'][0]['quantity'], 5)
        self.assertEqual(self.json('cart', 'set', str(first[0]), '1')['lines'][0]['quantity'], 1)
        self.assertEqual(self.json('cart', 'note', str(first[0]), 'no onions')['lines'][0]['note'], 'no onions')
        self.assertRegex(self.ok('cart'), rf'(?m)^ *{first[0]} +1  {re.escape(first[2])} .*no onions$')
        self.assertEqual(len(self.json('cart', 'remove', str(second[0]))['lines']), 1)
        self.assertEqual(self.json('cart', 'clear')['lines'], [])

    def test_cart_refusals(self):
        for item in ('', '0', '1x0', '1x100', '1x'):
            with self.subTest(item):
                self.fails(2, 'cart', 'add', item, says='not an item')
        self.fails(3, 'cart', 'add', '999999', name='NotFound', says='999999')
        self.fails(3, 'cart', 'add', 'no such dish', name='NotFound')
        self.fails(2, 'cart', 'set', '1', '100', says='quantity')
        self.fails(2, 'cart', 'set', 'pizza', '1', says='not the id')
        self.fails(2, 'cart', 'add', 'a', says='more than one')
        # All are understood before the first is added.
        self.fails(3, 'cart', 'add', str(self.product()[0]), 'no such dish')
        self.assertEqual(self.json('cart')['lines'], [])

    def test_order(self):
        product = self.product()
        self.fails(8, 'order', *PLACE, '--yes', name='EmptyCart')
        self.ok('cart', 'add', f'{product[0]}x2')
        self.fails(2, 'order', '--yes', says='--address is missing')
        self.fails(2, 'order', '--yes', '--address=x', says='--city is missing')
        self.fails(2, 'order', *PLACE, says='--yes is missing')
        self.fails(8, 'order', *PLACE, '--yes', '--max-total=0.01', name='OverLimit', says='nothing was ordered')
        self.fails(2, 'order', *PLACE, '--yes', '--max-total=1.234', says='--max-total')
        self.fails(2, 'order', *PLACE, '--yes', '--at=25:00', says='--at')
        self.fails(2, 'order', *PLACE, '--yes', '--at=2020-01-01T10:00', says='has passed')
        self.assertEqual(self.sandbox.journal_orders(), [])
        out = self.ok('order', *PLACE, '--yes', '--comment', 'ring twice', '--recipient', 'Bo', '--pay', 'pos')
        for part in ('Products', 'Delivery', 'Total', '12 Long Street, Springfield', '+15551234567', 'pos', 'ring twice', 'Bo',
                     'as soon as possible'):
            self.assertIn(part, out)
        number = re.search(r'^Order (\S+)  Requested', out, re.M).group(1)
        self.assertIn(f'customerclient track {number}', out)
        order = self.json('show', number)
        self.assertEqual((order['payment-type'], order['comment'], order['recipient']), ('pos', 'ring twice', 'Bo'))
        self.assertEqual(len(self.sandbox.journal_orders()), 1)
        self.assertEqual(self.json('cart')['lines'], [])
        total = re.search(r'^Total +([\d.]+) ', out, re.M).group(1)
        self.assertEqual(int(total.replace('.', '')), order['total-price']['minor'])

    def test_order_as_json(self):
        self.ok('cart', 'add', str(self.product()[0]))
        order = self.json('order', *PLACE, '--yes', '--at', 'tomorrow 12:00')
        self.assertEqual(order['status'], 'requested')
        self.assertRegex(order['deliver-at'], r'T12:00:00Z$')
        self.assertEqual(self.json('show', 'last')['uid'], order['uid'])

    def test_order_on_a_terminal(self):
        self.ok('cart', 'add', str(self.product()[0]))
        t = self.terminal('order')
        t.wait_for('Address (street and number): ')
        t.type('\n')                             # nothing is asked again
        t.wait_for(lambda s: s.text.count('Address (street and number):') == 2)
        t.type('12 Long Street\n')
        t.wait_for('City: ')
        t.type('Springfield\n')
        t.wait_for('Phone       +15551234567')     # that of the account, not asked for
        t.wait_for('Place this order? [y/N]')
        t.type('n\n')
        self.assertEqual(t.wait(), 10)
        self.assertEqual(self.sandbox.journal_orders(), [])
        self.assertEqual(len(self.json('cart')['lines']), 1)
        t = self.terminal('order', *PLACE, '--phone=+15559998888')
        t.wait_for('Place this order? [y/N]')
        self.assertIn('+15559998888', t.screen.text)
        t.type('yes\n')
        self.assertEqual(t.wait(), 0, t.screen.text)
        self.assertIn('Next: customerclient track', t.screen.text)
        self.ok('cart', 'add', str(self.product()[0]))
        t = self.terminal('order')               # the last order's place is offered
        t.wait_for('Address (street and number) [12 Long Street]: ')
        t.type('\n')
        t.wait_for('City [Springfield]: ')
        t.type('\x04')                           # the end of input is no answer
        self.assertEqual(t.wait(), 2)
        self.assertEqual(len(self.sandbox.journal_orders()), 1)

    def test_price_changed_while_asking(self):
        product = self.product()
        self.ok('cart', 'add', str(product[0]))
        t = self.terminal('order', *PLACE, '--phone=+15559998888')
        t.wait_for('Place this order? [y/N]')
        self.sandbox.request('POST', '/Sandbox/Product', {'id': product[0], 'price': '99.50'})
        t.type('y\n')
        self.assertEqual(t.wait(), 8, t.screen.text)
        self.assertIn('customerclient: ', t.screen.text)
        self.assertEqual(self.sandbox.journal_orders(), [])
        self.assertEqual(len(self.json('cart')['lines']), 1)

    def test_sold_out(self):
        product = self.product()
        self.ok('cart', 'add', f'{product[0]}x3')
        self.sandbox.request('POST', '/Sandbox/Product', {'id': product[0], 'quantity': 2})
        self.fails(8, 'order', *PLACE, '--yes', name='ProductUnavailable', says=str(product[0]))
        self.assertEqual(self.sandbox.journal_orders(), [])

    def test_no_answer_in_time(self):
        self.ok('cart', 'add', str(self.product()[0]))
        self.sandbox.fault('/CustomerBackend/MakeOrderRequest', 'stall', count=1)
        p = self.cli('--json', '--call-timeout=4', 'order', *PLACE, '--yes')
        self.assertEqual(p.returncode, 9, p.stderr)
        order = json.loads(p.stdout)
        self.assertEqual(order['status'], 'submitting')
        self.assertIn(order['uid'], p.stderr + p.stdout)

    def test_daemon_dies_in_the_middle(self):
        self.expected_log.append('.')
        self.ok('cart', 'add', str(self.product()[0]))
        self.sandbox.fault('/CustomerBackend/MakeOrderRequest', 'stall')
        p = self.background('order', *PLACE, '--yes')
        self.events.wait_for(lambda s: s.member == 'InterfacesAdded', what='the order in the outbox')
        self.daemon.kill()
        status, _, err = self.ended(p)
        self.assertEqual(status, 9, err)
        self.assertEqual(err.count('\n'), 1)
        uid = re.search(r'customerclient show ([0-9a-f-]{36})', err).group(1)
        self.assertIn('do not order again', err)
        self.start()
        self.assertEqual(self.json('show', uid)['uid'], uid)

    def test_interrupted_order_names_its_uid(self):
        self.ok('cart', 'add', str(self.product()[0]))
        self.sandbox.fault('/CustomerBackend/MakeOrderRequest', 'stall')
        p = self.background('order', *PLACE, '--yes')
        self.events.wait_for(lambda s: s.member == 'InterfacesAdded', what='the order in the outbox')
        p.send_signal(signal.SIGINT)
        status, _, err = self.ended(p)
        self.assertEqual(status, 130, err)
        self.assertRegex(err, r'customerclient show [0-9a-f-]{36} tells')

    def test_no_answer_of_the_daemon(self):
        self.daemon.signal(signal.SIGSTOP)
        try:
            self.fails(6, '--call-timeout=1', 'cart')
            self.fails(9, '--call-timeout=1', 'cart', 'clear', says='not known whether')
        finally:
            self.daemon.signal(signal.SIGCONT)

    def test_offline(self):
        uid, _ = self.place()
        self.ok('cart', 'add', str(self.product()[0]))
        self.sandbox.kill()
        self.fails(7, 'cancel', uid, name='Offline')
        self.fails(7, 'order', *PLACE, '--yes', name='Offline')
        self.assertEqual(self.json('show', uid)['status'], 'requested')
        self.assertEqual(len(self.json('cart')['lines']), 1)

    def test_reorder(self):
        first, second = self.product(0), self.product(1)
        uid, _ = self.place([(first[0], 2), (second[0], 1)])
        self.fails(2, 'reorder', 'last', says='--yes is missing')
        out = self.ok('reorder', uid, '--yes')
        self.assertIn('The cart now:', out)
        self.assertIn('Next: customerclient order', out)
        cart = self.json('reorder', 'last', '--yes')
        self.assertEqual([(line['product'], line['quantity']) for line in cart['lines']], [(first[0], 2), (second[0], 1)])
        self.assertEqual(cart['gone'], [])
        self.sandbox.request('POST', '/Sandbox/Product', {'id': first[0], 'price': '1.50'})
        self.sandbox.request('POST', '/Sandbox/Product', {'id': second[0], 'isDeleted': True})
        self.sync()
        out = self.ok('reorder', uid, '--yes')
        self.assertRegex(out, rf'{re.escape(first[2])} .*now 1.50 {first[5]}')
        self.assertRegex(out, rf'{re.escape(second[2])} .*no longer sold')
        gone = self.json('reorder', 'last', '--yes')
        self.assertEqual(gone['gone'], [second[0]])
        self.assertEqual([line['product'] for line in gone['lines']], [first[0]])
        self.fails(3, 'reorder', 'nothing-like-it', '--yes', name='NotFound')
        t = self.terminal('reorder', 'last')
        t.wait_for('Replace the cart by this? [y/N]')
        t.type('y\n')
        t.wait_for('Order this now? [y/N]')
        t.type('y\n')
        t.wait_for('Address (street and number) [12 Long Street]: ')
        t.type('\n')
        t.wait_for('City [Springfield]: ')
        t.type('\n')
        t.wait_for('Place this order? [y/N]')
        t.type('y\n')
        self.assertEqual(t.wait(), 0, t.screen.text)
        self.assertEqual(len(self.sandbox.journal_orders()), 2)
        t = self.terminal('reorder', 'last')
        t.wait_for('Replace the cart by this? [y/N]')
        t.type('\n')
        self.assertEqual(t.wait(), 10)


class Orders(CliTestCase):
    def setUp(self):
        super().setUp()
        self.sign_up_and_in()
        self.products()

    def test_list(self):
        self.sandbox.seed('ann', 120, **{'from': '2025-01-01', 'to': '2026-06-30', 'seed': 3})
        self.sync()
        tick = harness.GLib.timeout_add(300, lambda: harness.GLib.SOURCE_CONTINUE)
        every = iterate(lambda: (lambda rows: rows if len(rows) == 120 else None)(self.json('orders', '--all')),
                        what='all seeded orders')
        harness.GLib.source_remove(tick)
        self.assertEqual([o['created'] for o in every], sorted((o['created'] for o in every), reverse=True))
        self.assertEqual(self.json('orders'), every[:50])
        self.assertEqual(self.json('orders', '--limit=7'), every[:7])
        p = self.cli('orders')
        self.assertEqual(len(p.stdout.splitlines()), 51)
        self.assertIn('--all', p.stderr)
        self.assertEqual(len(self.ok('orders', '--all', '--no-legend').splitlines()), 120)
        year = [o for o in every if o['created'] < '2026']
        self.assertEqual(self.json('orders', '--all', '--until', '2025'), year)
        self.assertEqual(self.json('orders', '--all', '--since', '2026'), every[:120 - len(year)])
        month = [o for o in every if o['created'][:7] == '2025-03']
        self.assertEqual(self.json('orders', '--since=2025-03', '--until=2025-03', '--all'), month)
        for status in {o['status'] for o in every}:
            self.assertEqual(self.json('orders', '--all', '--status', status), [o for o in every if o['status'] == status])
        rows = list(csv.DictReader(io.StringIO(self.ok('orders', '--format=csv', '--all'))))
        self.assertEqual([r['uid'] for r in rows], [o['uid'] for o in every])
        self.assertEqual([round(float(r['total']) * 100) for r in rows], [o['total-price']['minor'] for o in every])
        self.assertEqual(self.json('orders', '--format=json', '--all'), every)
        number = every[0]['number']
        self.assertEqual(self.json('show', number)['uid'], every[0]['uid'])
        self.assertEqual(self.json('show', every[0]['uid'][:13])['uid'], every[0]['uid'])
        self.assertEqual(self.json('show', 'last')['uid'], every[0]['uid'])
        self.fails(2, 'show', number[:2], says=f'More than one order begins with "{number[:2]}"')

    def test_list_refusals(self):
        self.assertEqual(self.json('orders'), [])
        self.assertEqual(self.ok('orders'), '')
        for arguments, says in ((('--since=gestern',), '--since'), (('--until=2025-13',), '--until'), (('--limit=0',), '--limit'),
                                (('--limit=x',), '--limit'), (('--limit=1', '--all'), 'cannot both'),
                                (('--status=eaten',), "'eaten'"), (('--status=,',), '--status')):
            with self.subTest(arguments):
                self.fails(2, 'orders', *arguments, says=says)
        self.fails(2, 'orders', '--format=xml', says='--format')
        p = self.cli('orders', '--json', '--format=csv')
        self.assertEqual(p.returncode, 2)
        self.fails(3, 'show', 'nothing', name='NotFound')
        self.fails(3, 'show', 'last', says='no order yet')

    def test_show_and_pending(self):
        self.assertEqual(self.json('pending'), [])
        self.assertEqual(self.cli('pending').stderr, 'No order is pending.\n')
        product = self.product()
        uid, _ = self.place([(product[0], 3)], comment='two\nlines')
        order = self.json('show', uid)
        self.assertEqual(order['products'][0]['quantity'], 3)
        self.assertEqual(order['products'][0]['price'], {'minor': product[4], 'currency': product[5]})
        self.assertRegex(order['created'], r'^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$')
        text = self.ok('show', order['number'])
        for part in (uid, order['number'], product[2], 'requested', 'two lines', '12 Long Street', 'Delivery'):
            self.assertIn(part, text)
        (pending,) = self.json('pending')
        self.assertEqual(pending['uid'], uid)
        self.assertIn(order['number'], self.ok('pending'))
        self.assertIn(order['number'], self.ok('status'))
        bar = json.loads(self.ok('status', '--format=waybar'))
        self.assertEqual(bar['class'], 'pending')
        self.assertIn(order['number'], bar['tooltip'])
        self.assertEqual(self.json('orders', '--status=pending')[0]['uid'], uid)

    def test_refused_order_is_shown_as_far_as_it_is_known(self):
        """No fees that nobody named; on a narrow terminal a line an order, by a beginning of its uid."""
        self.place()
        self.ok('cart', 'add', str(self.product()[0]))
        self.fails(1, 'order', *PLACE, '--phone=nobody', '--yes', says='phone')
        order = self.json('show', 'last')
        self.assertEqual(order['status'], 'rejected')
        self.assertIn('total-price', order)
        for fee in ('delivery-price', 'additional-price', 'tax-price'):
            self.assertNotIn(fee, order)
        text = self.ok('show', 'last')
        self.assertIn('Total', text)
        self.assertNotIn('Delivery', text)
        self.assertIn(order['uid'], self.ok('orders'))
        t = self.terminal('orders', columns=40, rows=12)
        self.assertEqual(t.wait(), 0)
        lines = t.screen.lines()
        names = [row.get('number') or row['uid'][:8] for row in self.json('orders')]
        self.assertEqual([line.split()[0] for line in lines], ['NUMBER', *names])
        self.assertEqual(self.json('show', order['uid'][:8])['uid'], order['uid'])

    def test_cancel_and_rate(self):
        first, _ = self.place()
        self.fails(8, 'rate', first, '5', name='NotDelivered')
        self.assertIn('cancelled', self.ok('cancel', first, '--reason', 'changed my mind'))
        self.assertEqual(self.json('show', first)['status'], 'cancelled')
        self.fails(8, 'cancel', first, name='CannotCancel')
        second, _ = self.place()
        self.sandbox.advance(second, 'Delivered')
        self.wait_for_status(second, 'delivered')
        self.fails(8, 'cancel', second, name='CannotCancel')
        for stars in ('0', '6', 'five', '-1'):
            self.assertEqual(self.cli('rate', second, '--', stars).returncode, 2)
        self.assertEqual(self.json('rate', second, '5', '--comment', 'still hot')['rating'], 5)
        self.fails(8, 'rate', second, '4', name='AlreadyRated')
        third, _ = self.place()
        self.assertEqual(self.json('cancel', third)['status'], 'cancelled')
        self.fails(3, 'cancel', 'nothing', name='NotFound')

    def test_wait(self):
        uid, _ = self.place()
        self.assertIn('requested', self.ok('wait', uid, '--for=requested'))
        p = self.cli('wait', uid, '--for=delivered', '--timeout=1')
        self.assertEqual(p.returncode, 124, p.stderr)
        self.assertIn('requested', p.stdout)
        p = self.cli('--json', 'wait', uid, '--for=delivered', '--timeout=0')
        self.assertEqual(p.returncode, 124, p.stderr)
        self.assertEqual(json.loads(p.stdout)['uid'], uid)
        self.fails(8, 'wait', uid, '--for=rejected', name='Conflict')
        self.fails(2, 'wait', uid, says='--for')
        self.fails(2, 'wait', uid, '--for=eaten', says='--for')
        self.fails(2, 'wait', uid, '--for=delivered', '--timeout=soon', says='--timeout')
        self.fails(3, 'wait', 'nothing', '--for=delivered', name='NotFound')
        waiting = self.background('wait', uid, '--for=in-delivery')
        self.sandbox.advance(uid, 'In delivery')
        self.assertEqual(self.ended(waiting)[0], 0)
        self.assertIn('in-delivery', self.ok('wait', uid, '--for=cooking'))
        waiting = self.background('--json', 'wait', uid, '--for=cancelled')
        self.sandbox.advance(uid, 'Delivered')
        status, out, _ = self.ended(waiting)
        self.assertEqual((status, json.loads(out)['error']['exit']), (8, 8))

    def test_wait_interrupted_and_over_a_restart(self):
        uid, _ = self.place()
        p = self.background('-v', 'wait', uid, '--for=delivered')
        self.assertIn('NameHasOwner: ok', p.stderr.readline())
        self.assertIn('Orders.List: ok', p.stderr.readline())
        p.send_signal(signal.SIGINT)
        self.assertEqual(self.ended(p)[0], 130)
        p = self.background('-v', 'wait', uid, '--for=cooking')
        p.stderr.readline()
        self.assertIn('Orders.List: ok', p.stderr.readline())
        self.restart()
        self.sandbox.advance(uid, 'In the process of cooking')
        self.assertEqual(self.ended(p)[0], 0)

    def test_notifications(self):
        self.assertEqual(self.json('notifications'), [])
        uid, _ = self.place()
        self.sandbox.advance(uid, 'Delivered')
        self.events.wait_for(lambda s: s.member == 'Received', what='a notification')
        rows = self.json('notifications')
        self.assertEqual({r['order'] for r in rows}, {uid})
        self.assertIn(rows[0]['title'], self.ok('notifications'))
        self.assertIn('new', self.ok('notifications', '--unread'))
        listed = self.json('notifications', '--unread', '--mark-read')
        self.assertTrue(all(r['read'] is False for r in listed))
        self.assertNotIn(listed[0]['uid'], [r['uid'] for r in self.json('notifications', '--unread')])
        self.assertTrue(next(r for r in self.json('notifications') if r['uid'] == listed[0]['uid'])['read'])

    def test_mute(self):
        self.assertEqual(self.json('notifications', '--mute'), {'muted': True})
        self.assertEqual(self.client.get_all('Notifications')['MutedUntilTimestamp'], 0)
        self.assertIn('muted-until', self.json('notifications', '--mute=2h'))
        self.assertGreater(self.client.get('Notifications', 'MutedUntilTimestamp'), 0)
        self.assertIn('again', self.ok('notifications', '--unmute'))
        self.assertIs(self.client.get('Notifications', 'Muted'), False)
        self.fails(2, 'notifications', '--mute=soon', says='--mute')
        self.fails(2, 'notifications', '--mute', '--unmute', says='cannot both')
        self.fails(2, 'notifications', '--mute', '--mark-read', says='alone')

    def test_sync(self):
        self.assertEqual(self.ok('sync'), 'Up to date.\n')
        self.assertEqual(self.json('sync')['signed-in'], True)
        self.assertEqual(self.cli('status').returncode, 0)

    def test_monitor(self):
        self.sync()
        before = self.client.get('Daemon', 'EventSeq')
        p = self.background('monitor', '--since', str(before))
        uid, _ = self.place()
        first = json.loads(p.stdout.readline())
        self.assertEqual((first['kind'], first['uid']), ('order', uid))
        # Gone and back: nothing is missed, nothing is said twice.
        seqs = [first['seq']]
        self.restart()
        self.sandbox.advance(uid, 'Delivered')
        while True:
            event = json.loads(p.stdout.readline())
            seqs.append(event['seq'])
            if event['kind'] == 'order' and event['details'].get('status') == 'delivered':
                break
        self.assertEqual(seqs, sorted(set(seqs)))
        told = [e[0] for e in self.client.call('Daemon', 'GetEventsSince', '(tu)', (before, 1000))]
        self.assertEqual([s for s in told if s <= seqs[-1]], seqs)
        p.send_signal(signal.SIGINT)
        self.assertEqual(self.ended(p)[0], 130)
        self.fails(2, 'monitor', '--since=x', says='--since')

    def test_hostile_text(self):
        uid, _ = self.place(comment='\x1b[31mred\x1b[0m ‮txt')
        text = self.ok('show', uid)
        self.assertNotIn('\x1b', text)
        self.assertNotIn('‮', text)
        self.assertEqual(self.json('show', uid)['comment'], '\x1b[31mred\x1b[0m ‮txt')


class Looks(CliTestCase):
    def setUp(self):
        super().setUp()
        self.sign_up_and_in()
        self.products()

    def test_colour(self):
        t = self.terminal('menu', '--no-pager')
        self.assertEqual(t.wait(), 0)
        self.assertTrue(t.screen.coloured)
        for arguments, env in ((('menu', '--no-pager'), {'NO_COLOR': '1'}), (('menu', '--no-pager', '--color=never'), {}),
                               (('menu', '--no-pager'), {'TERM': 'dumb'})):
            t = self.terminal(*arguments, **env)
            self.assertEqual(t.wait(), 0)
            self.assertNotIn('\x1b', t.raw, arguments)
        self.assertIn('\x1b[', self.ok('menu', '--color=always'))
        self.assertNotIn('\x1b', self.ok('menu', '--color=auto'))

    def test_columns(self):
        t = self.terminal('menu', '--no-pager', columns=70)
        self.assertEqual(t.wait(), 0)
        plain = re.sub(r'\x1b\[[\d;]*m', '', t.raw)
        self.assertIn('…', plain)
        self.assertLessEqual(max(len(line) for line in plain.splitlines()), 70)
        self.assertNotIn('…', self.ok('menu'))

    def test_pager(self):
        t = self.terminal('menu', rows=10, PAGER='sed s/^/pager:/')
        self.assertEqual(t.wait(), 0)
        self.assertIn('pager:', t.screen.text)
        t = self.terminal('menu', '--no-pager', rows=10, PAGER='sed s/^/pager:/')
        self.assertEqual(t.wait(), 0)
        self.assertNotIn('pager:', t.screen.text)
        t = self.terminal('menu', '1', rows=24, PAGER='sed s/^/pager:/')
        self.assertEqual(t.wait(), 0)
        self.assertNotIn('pager:', t.screen.text)
        t = self.terminal('menu', rows=10, PAGER='no-such-pager')
        self.assertEqual(t.wait(), 0)
        self.assertIn('USD', t.screen.text)
        t = self.terminal('menu', rows=10, PAGER='head -n 1')   # left before it has read everything
        self.assertEqual(t.wait(), 0)
        self.assertNotIn('pager:', self.ok('menu', PAGER='sed s/^/pager:/'))

    def test_json_is_for_people_on_a_terminal(self):
        t = self.terminal('status', '--json')
        self.assertEqual(t.wait(), 0)
        self.assertGreater(len(t.screen.lines()), 5)
        self.assertEqual(self.ok('status', '--json').count('\n'), 1)

    def test_times_are_local(self):
        uid, _ = self.place()
        created = self.json('show', uid)['created']
        hour, minute = int(created[11:13]), int(created[14:16])
        local = (hour * 60 + minute + 345) % 1440
        self.assertIn(f'{local // 60:02}:{local % 60:02}', self.ok('orders', TZ='Asia/Kathmandu'))
        self.assertEqual(self.json('show', uid, TZ='Asia/Kathmandu')['created'], created)


class Completion(CliTestCase):
    def bash(self, line):
        script = ('set -u; source <("$1" completion bash); COMP_LINE=$2; COMP_POINT=${#2}; _customerclient 2>/dev/null; '
                  'printf "%s\\n" "${COMPREPLY[@]:-}"')
        env = self.environment()
        env['PATH'] = os.path.dirname(binary('customerclient')) + ':' + env['PATH']
        p = subprocess.run(['bash', '-c', script, 'bash', binary('customerclient'), line], capture_output=True, text=True,
                           env=env, timeout=TIMEOUT, check=True)
        self.assertEqual(p.stderr, '')
        return p.stdout.split()

    def test_bash(self):
        self.assertIn('sign-in', self.bash('customerclient si'))
        self.assertEqual(self.bash('customerclient tra'), ['track'])
        self.assertEqual(sorted(self.bash('customerclient cart ')), ['add', 'clear', 'note', 'remove', 'set'])
        self.assertEqual(self.bash('customerclient --json cart cl'), ['clear'])
        self.assertEqual(self.bash('customerclient orders --sta'), ['--status='])
        self.assertIn('--json', self.bash('customerclient orders --'))
        self.assertEqual(sorted(self.bash('customerclient order --pay=')), ['card', 'cash', 'pos', 'qr'])
        self.assertEqual(self.bash('customerclient wait last --for=deli'), ['delivered'])
        self.assertEqual(self.bash('customerclient completion z'), ['zsh'])
        self.assertEqual(self.bash('customerclient show la'), ['last'])
        self.sign_up_and_in()
        uid, _ = self.place()
        number = self.json('show', uid)['number']
        self.assertEqual(sorted(self.bash('customerclient show ')), sorted(['last', number]))
        self.assertEqual(self.bash('customerclient cancel ' + number[:3]), [number])

    # What stands before the cursor, and what is offered for it, but for how a shell writes it.
    OFFERS = (
        ('si', ['sign-in', 'sign-out', 'sign-up']),
        ('tra', ['track']),
        ('-v statu', ['status']),
        ('--color never sho', ['show']),
        ('cart ', ['add', 'clear', 'note', 'remove', 'set']),
        ('cart add ', []),
        ('--json cart cl', ['clear']),
        ('orders ex', ['export']),
        ('orders --sta', ['--status']),
        ('orders --status=', []),
        ('account remo', ['remove-card']),
        ('order --pay=', ['card', 'cash', 'pos', 'qr']),
        ('order --comment show ', []),
        ('wait last --for=deli', ['delivered']),
        ('completion z', ['zsh']),
        ('doctor --bun', ['--bundle']),
        ('doctor --bundle=/etc/hostna', ['hostname']),
        ('report last -o /etc/hostna', ['hostname']),
        ('show last ', []),
    )

    def test_fish(self):
        self.sign_up_and_in()
        uid, _ = self.place()
        number = self.json('show', uid)['number']
        script = 'customerclient completion fish | source; for line in $argv; echo "== $line"; complete -C $line; end'
        env = self.environment()
        env['PATH'] = os.path.dirname(binary('customerclient')) + ':' + env['PATH']
        offers = (*self.OFFERS, ('show ', ['last', number]), (f'cancel {number[:3]}', [number]))
        p = subprocess.run(['fish', '--no-config', '-c', script, *(f'customerclient {line}' for line, _ in offers)],
                           capture_output=True, text=True, env=env, timeout=TIMEOUT, check=True)
        self.assertEqual(p.stderr, '')
        got = {part.split('\n')[0]: sorted(re.sub(r'^--[a-z]+=|.*/', '', row.split('\t')[0]) for row in part.splitlines()[1:])
               for part in p.stdout.split('== ')[1:]}
        for line, wanted in offers:
            with self.subTest(line):
                self.assertEqual(got[f'customerclient {line}'], sorted(wanted))

    # In an interactive zsh: Ctrl-] completes, and writes what was offered to a file.
    ZSH = r'''
autoload -Uz compinit; compinit -u -D
compadd() {
	if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then builtin compadd "$@"; return; fi
	local -a hits; builtin compadd -A hits "$@"; [[ -n $hits ]] && print -rl -- "${(@)hits}" >> $OUT
	builtin compadd "$@"
}
capture() { zle complete-word; print -r -- "== $BUFFER" >> $OUT; BUFFER= }
zle -N capture; bindkey '^]' capture
source <(customerclient completion zsh)
print '== ready' >> $OUT
'''

    def test_zsh(self):
        self.sign_up_and_in()
        uid, _ = self.place()
        number = self.json('show', uid)['number']
        out = f'{self.dir}/offers'
        with open(f'{self.dir}/.zshrc', 'w', encoding='utf-8') as f:
            f.write(self.ZSH)
        env = self.environment(OUT=out, TERM='dumb', ZDOTDIR=self.dir)
        env['PATH'] = os.path.dirname(binary('customerclient')) + ':' + env['PATH']
        pid, fd = pty.fork()
        if pid == 0:
            os.execvpe('zsh', ['zsh', '-i', '-o', 'no_global_rcs'], env)
        screen = []
        watch = GLib.unix_fd_add_full(GLib.PRIORITY_DEFAULT, fd, GLib.IOCondition.IN,
                                      lambda *_: screen.append(os.read(fd, 4096)) or True)
        try:
            def offered():
                try:
                    with open(out, encoding='utf-8') as f:
                        text = f.read()
                except FileNotFoundError:
                    return None
                return text if re.search(r'^== .*\n\Z', text, re.M) else None
            harness.poll(offered, what='zsh', every=0.02)
            for line, wanted in (*self.OFFERS, ('show ', ['last', number]), (f'cancel {number[:3]}', [number])):
                with self.subTest(line):
                    os.unlink(out)
                    os.write(fd, f'customerclient {line}\x1d'.encode())
                    rows = harness.poll(offered, what=f'offers for {line}', every=0.02).splitlines()
                    # Where no word fits zsh offers options.
                    words = [row for row in rows[:-1] if wanted or not row.startswith('-')]
                    self.assertEqual(sorted(words), sorted(wanted))
                    if len(wanted) == 1:
                        self.assertIn(wanted[0], rows[-1])
        finally:
            GLib.source_remove(watch)
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            os.close(fd)
        self.assertNotIn(b'command not found', b''.join(screen))


class SessionsThatEnd(CliTestCase):
    def test_menu_that_has_not_come(self):
        """Of a product nobody has heard of yet it is not said that there is none."""
        self.sandbox.fault('ProductsGet', 'status:503')
        self.sign_up_and_in()
        self.fails(3, 'cart', 'add', '25', says='The menu has not come yet')
        self.sandbox.clear_faults()
        self.sync()
        self.fails(3, 'cart', 'add', '2500', says='There is no product 2500')

    def test_expired(self):
        """An end that nobody wished for is told from signing out."""
        self.sign_up_and_in()
        self.sync()
        self.sandbox.fault('*', 'expire-tokens')
        self.sandbox.fault('GetTokenByUserUid', 'status:401')
        self.fails(4, 'sync', says='sign in again')
        self.assertIn('no, the session has expired; customerclient sign-in ann\n', self.ok('status'))
        self.sandbox.clear_faults()
        self.sign_in()
        self.assertRegex(self.ok('status'), r'Signed in +ann\n')


if __name__ == '__main__':
    unittest.main(verbosity=2)
