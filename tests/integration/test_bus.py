"""Every method and property by D-Bus, what they refuse, and what they tell. What replies may contain is checked by the
harness (Contract); what the daemon does when things go wrong outside is in other files."""

import math
import os
import socket
import uuid

from gi.repository import GLib

import harness
from harness import INVALID_ARGS, NAME, PATH, PROPERTIES

LIMITS_EXCEEDED = 'org.freedesktop.DBus.Error.LimitsExceeded'
LONG = 'ä' * 2049  # 4098 bytes


def options(**values):
    """a{sv} for Place, Quote and List; the names' underscores become hyphens."""
    types = {'deliver_at': 't', 'max_total': 'x', 'over_limit': 'b', 'expected_total': 'x', 'wait_usec': 't',
             'items': 'a(tu)', 'status': 'as', 'pending': 'b', 'since': 't', 'until': 't'}
    return {k.replace('_', '-'): v if isinstance(v, GLib.Variant) else GLib.Variant(types.get(k, 's'), v)
            for k, v in values.items()}


WHERE = {'address': '12 Long Street', 'city': 'Springfield', 'phone': '+15551234567', 'payment': 'cash'}


class SignedOut(harness.TestCase):
    """Nobody is signed in."""

    def test_everything_of_a_person(self):
        """NotSignedIn comes before any other judgement of the business, from every method."""
        calls = [('Daemon', 'Sync', None, ()), ('Daemon', 'GetEventsSince', '(tu)', (0, 0)),
                 ('Cart', 'Get', None, ()), ('Cart', 'Add', '(tu)', (3, 1)), ('Cart', 'SetNote', '(ts)', (3, 'x')),
                 ('Cart', 'SetQuantity', '(tu)', (3, 1)), ('Cart', 'Clear', None, ()),
                 ('Cart', 'FillFrom', '(s)', ('x',)),
                 ('Orders', 'Quote', '(a{sv})', ({},)), ('Orders', 'Place', '(a{sv})', (options(**WHERE),)),
                 ('Orders', 'List', '(a{sv}us)', ({}, 0, '')), ('Orders', 'ListPending', None, ()),
                 ('Orders', 'GetMany', '(as)', ([],)), ('Orders', 'Get', '(s)', ('x',)),
                 ('Orders', 'Cancel', '(ssa{sv})', ('x', '', {})), ('Orders', 'Rate', '(susa{sv})', ('x', 5, '', {})),
                 ('Notifications', 'List', '(bus)', (False, 0, '')), ('Notifications', 'MarkRead', '(as)', (['x'],))]
        for interface, method, signature, args in calls:
            with self.subTest(f'{interface}.{method}'), self.assertError('NotSignedIn', 'sign in'):
                self.client.call(interface, method, signature, args)
        with self.assertError('NotSignedIn'):
            self.client.call_secret('Account', 'ChangePassword', '(hh)', (0, 1), 'old password', 'new password')

    def test_properties(self):
        self.assertEqual(self.client.get_all('Session'),
                         {'State': 'signed-out', 'Login': '', 'UserUid': '', 'TokenExpiryTimestamp': 0})
        self.assertEqual(self.client.get_all('Account'), {'Login': '', 'Email': '', 'PhoneNumber': ''})
        self.assertEqual(self.client.get_all('Cart'), {'Count': 0})
        self.assertEqual(self.client.get('Notifications', 'Unread'), 0)
        daemon = self.client.get_all('Daemon')
        self.assertEqual(sorted(daemon), ['EventSeq', 'LastError', 'LastSyncTimestamp', 'Online', 'PendingOperations',
                                          'PushState', 'Version'])
        self.assertEqual(daemon['PushState'], 'off')
        self.assertEqual(self.client.objects(), {})

    def test_status(self):
        status = self.client.call('Daemon', 'GetStatus')
        self.assertIs(status['signed-in'], False)
        self.assertEqual((status['state-db'], status['cache-db']), ('ok', 'ok'))
        for key in ('login', 'currency', 'pending-orders', 'last-sync'):
            self.assertNotIn(key, status)

    def test_catalog_is_served(self):
        self.assertEqual(self.client.call('Catalog', 'ListCategories'), [])
        self.assertEqual(self.client.call('Catalog', 'ListProducts', '(tus)', (0, 0, '')), ([], ''))
        self.assertEqual(self.client.call('Catalog', 'Search', '(su)', ('soup', 0)), [])
        with self.assertError('NotFound', '3'):
            self.client.call('Catalog', 'GetProduct', '(t)', (3,))
        with self.assertError('NotFound', '3'):
            self.client.call('Catalog', 'GetPicture', '(t)', (3,))


class Session(harness.TestCase):
    def test_sign_up_and_in_and_out(self):
        exists = ('Session', 'CheckUserExists', '(sss)')
        self.assertEqual(self.client.call(*exists, ('ann', 'ann@example.org', '')), (False, False, False))
        uid, sent = self.client.call_secret('Session', 'SignUp', '(sssh)',
                                            ('ann', 'ann@example.org', '+15551234567', 0), harness.PASSWORD)
        self.assertTrue(uid)
        self.assertGreater(sent, 0)
        with self.assertError('IncorrectCode', '4'):
            self.client.call('Session', 'VerifySignUp', '(ss)', ('', '000000x'))
        self.client.call('Session', 'VerifySignUp', '(ss)', (uid, self.sandbox.verification_code('ann@example.org')))
        self.assertEqual(self.client.call(*exists, ('ann', '', '')), (True, False, False))

        mark = len(self.events.signals)
        self.sign_in()
        self.events.wait_for_change('Session', 'State', 'signed-in', since=mark)
        session = self.client.get_all('Session')
        self.assertEqual((session['State'], session['Login']), ('signed-in', 'ann'))
        self.assertTrue(session['UserUid'])
        self.assertGreater(session['TokenExpiryTimestamp'], 0)
        account = self.client.get_all('Account')
        self.assertEqual(account, {'Login': 'ann', 'Email': 'ann@example.org', 'PhoneNumber': '+15551234567'})
        with self.assertError('Conflict', 'ann'):
            self.sign_in()

        mark = len(self.events.signals)
        self.client.call('Session', 'SignOut', '(b)', (False,))
        # The change is told before the reply: whoever has the reply has seen it.
        change = self.events.find(lambda s: s.interface == PROPERTIES and s.args[0] == f'{NAME}.Session', mark)
        self.assertEqual(change.args[1], {**change.args[1], 'State': 'signed-out', 'Login': '', 'UserUid': ''})
        self.assertEqual(self.client.get('Session', 'State'), 'signed-out')
        # Nothing to do is done.
        self.client.call('Session', 'SignOut', '(b)', (False,))

    def test_too_many_tries(self):
        self.client.call_secret('Session', 'SignUp', '(sssh)', ('ann', 'ann@example.org', '+15551234567', 0),
                                harness.PASSWORD)
        for left in (4, 3, 2, 1):
            with self.assertError('IncorrectCode', str(left)):
                self.client.call('Session', 'VerifySignUp', '(ss)', ('', '0'))
        with self.assertError('TooManyTries'):
            self.client.call('Session', 'VerifySignUp', '(ss)', ('', '0'))
        with self.assertError('NotFound'):
            self.client.call('Session', 'VerifySignUp', '(ss)', ('', '0'))

    def test_bad_arguments(self):
        sign_up = ('Session', 'SignUp', '(sssh)')
        good = ['ann', 'ann@example.org', '+15551234567', 0]
        for i, value, word in ((0, 'a', 'login'), (0, 'a b c', 'login'), (0, LONG, 'login'), (1, 'ann', 'e-mail'),
                               (1, LONG, 'email'), (2, '5551234', 'phone'), (2, LONG, 'phone')):
            args = list(good)
            args[i] = value
            with self.subTest(value[:20]), self.assertError(INVALID_ARGS, word):
                self.client.call_secret(*sign_up, args, harness.PASSWORD)
        with self.assertError(INVALID_ARGS, 'password'):
            self.client.call_secret(*sign_up, good, 'short')
        with self.assertError(INVALID_ARGS, 'login'):
            self.client.call('Session', 'CheckUserExists', '(sss)', ('', '', ''))
        with self.assertError(INVALID_ARGS, 'code'):
            self.client.call('Session', 'VerifySignUp', '(ss)', ('', ''))
        with self.assertError('NotFound'):
            self.client.call('Session', 'VerifySignUp', '(ss)', ('nothing', '123'))
        with self.assertError(INVALID_ARGS, 'login'):
            self.client.call_secret('Session', 'SignIn', '(shb)', ('', 0, True), harness.PASSWORD)
        with self.assertError('InvalidCredentials'):
            self.client.call_secret('Session', 'SignIn', '(shb)', ('nobody', 0, True), harness.PASSWORD)

    def test_user_exists(self):
        self.sign_up()
        with self.assertError('UserExists', 'login'):
            self.client.call_secret('Session', 'SignUp', '(sssh)', ('ann', 'other@example.org', '+15559999999', 0),
                                    harness.PASSWORD)

    def test_change_password(self):
        self.sign_up_and_in()
        with self.assertError('InvalidCredentials', 'old'):
            self.client.call_secret('Account', 'ChangePassword', '(hh)', (0, 1), 'not the old one', 'a new password')
        with self.assertError(INVALID_ARGS, 'new password'):
            self.client.call_secret('Account', 'ChangePassword', '(hh)', (0, 1), harness.PASSWORD, 'short')
        self.client.call_secret('Account', 'ChangePassword', '(hh)', (0, 1), harness.PASSWORD, 'a new password')
        self.client.call('Session', 'SignOut', '(b)', (False,))
        with self.assertError('InvalidCredentials'):
            self.sign_in()
        self.sign_in(password='a new password')


class Descriptors(harness.TestCase):
    """Passwords by every kind of descriptor; the daemon is never held up."""

    def sign_in_with(self, fd):
        return self.client.call('Session', 'SignIn', '(shb)', ('ann', 0, True), fds=[fd])

    def test_kinds(self):
        self.sign_up()
        text = harness.PASSWORD.encode() + b'\n'
        path = os.path.join(self.dir, 'password')
        with open(path, 'wb') as f:
            f.write(text)
        memfd = os.memfd_create('password')
        os.write(memfd, text)
        ours, theirs = socket.socketpair()
        ours.sendall(text)
        ours.close()
        r, w = os.pipe()
        os.write(w, text)
        os.close(w)
        for fd in (os.open(path, os.O_RDONLY), memfd, theirs.detach(), r):
            self.sign_in_with(fd)
            self.assertEqual(self.client.get('Session', 'State'), 'signed-in')
            self.client.call('Session', 'SignOut', '(b)', (False,))
            os.close(fd)

    def test_refused(self):
        r, w = os.pipe()
        big = os.memfd_create('big')
        os.write(big, b'a' * 4097)
        empty = os.memfd_create('empty')
        for fd, word in ((os.open('/dev/null', os.O_RDONLY), 'must come from'), (w, 'not open for reading'),
                         (os.open(self.dir, os.O_RDONLY), 'must come from'), (big, '4096'), (empty, 'empty')):
            with self.subTest(word), self.assertError(INVALID_ARGS, 'password', word):
                self.sign_in_with(fd)
            os.close(fd)
        os.close(r)

    def test_no_descriptor(self):
        """A message that announces one and has none."""
        with self.assertRaises(harness.DBusError):
            self.client.call('Session', 'SignIn', '(shb)', ('ann', 0, True))
        self.assertEqual(self.client.call('Daemon', 'GetStatus')['signed-in'], False)

    def test_pipe_that_does_not_end(self):
        """5 s for it; others are served meanwhile."""
        r, w = os.pipe()
        os.write(w, b'half a passw')
        call = self.client.call_async('Session', 'SignIn', '(shb)', ('ann', 0, True), fds=[r])
        self.assertEqual(self.client.call('Daemon', 'GetStatus', timeout=2)['signed-in'], False)
        with self.assertError(INVALID_ARGS, 'end'):
            call.wait()
        os.close(r)
        os.close(w)

    def test_blocking_mode_is_left_alone(self):
        self.sign_up()
        r, w = os.pipe()
        call = self.client.call_async('Session', 'SignIn', '(shb)', ('ann', 0, True), fds=[r])
        self.client.call('Daemon', 'GetStatus')
        self.assertTrue(os.get_blocking(r))
        os.write(w, harness.PASSWORD.encode())
        os.close(w)
        call.wait()
        self.assertTrue(os.get_blocking(r))
        os.close(r)


class Catalog(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.sign_up_and_in()
        self.rows = self.products()

    def test_categories(self):
        categories = self.client.call('Catalog', 'ListCategories')
        self.assertGreaterEqual(len(categories), 8)
        self.assertEqual(len({c[0] for c in categories}), len(categories))
        self.assertTrue(all(name and description for _, name, description, _ in categories))

    def test_pages(self):
        self.assertGreaterEqual(len(self.rows), 50)
        for limit in (1, 7, 10000):
            seen, cursor = [], ''
            while True:
                rows, cursor = self.client.call('Catalog', 'ListProducts', '(tus)', (0, limit, cursor))
                self.assertLessEqual(len(rows), limit)
                seen += rows
                if not cursor:
                    break
            self.assertEqual(seen, self.rows)
        default, _ = self.client.call('Catalog', 'ListProducts', '(tus)', (0, 0, ''))
        self.assertEqual(len(default), min(50, len(self.rows)))
        category = self.rows[0][1]
        rows, _ = self.client.call('Catalog', 'ListProducts', '(tus)', (category, 1000, ''))
        self.assertEqual(rows, [r for r in self.rows if r[1] == category])
        self.assertEqual(self.client.call('Catalog', 'ListProducts', '(tus)', (999999, 0, '')), ([], ''))

    def test_bad_arguments(self):
        for limit in (10001, 0xffffffff):
            with self.assertError(INVALID_ARGS, 'limit', str(limit)):
                self.client.call('Catalog', 'ListProducts', '(tus)', (0, limit, ''))
            with self.assertError(INVALID_ARGS, 'limit', str(limit)):
                self.client.call('Catalog', 'Search', '(su)', ('a', limit))
        with self.assertError(INVALID_ARGS, 'cursor'):
            self.client.call('Catalog', 'ListProducts', '(tus)', (0, 5, 'no cursor of ours'))
        with self.assertError(INVALID_ARGS, 'cursor'):
            self.client.call('Catalog', 'ListProducts', '(tus)', (0, 5, LONG))
        with self.assertError(INVALID_ARGS, 'text'):
            self.client.call('Catalog', 'Search', '(su)', (LONG, 5))
        # A negative limit cannot be said in this signature.
        with self.assertError(INVALID_ARGS):
            self.client.call('Catalog', 'ListProducts', '(tis)', (0, -1, ''))

    def test_search(self):
        name = self.rows[0][2]
        found = self.client.call('Catalog', 'Search', '(su)', (name.upper(), 0))
        self.assertIn(self.rows[0], found)
        self.assertIn(self.rows[0], self.client.call('Catalog', 'Search', '(su)', (name[:4].lower(), 0)))
        for text in ('', ' ', '"', '*', 'a OR b', 'NEAR(', "'; DROP TABLE", '\\', 'x' * 4000):
            with self.subTest(text[:20]):
                self.client.call('Catalog', 'Search', '(su)', (text, 0))
        self.assertEqual(self.client.call('Catalog', 'Search', '(su)', ('zzzzqqq', 0)), [])

    def test_product(self):
        for row in self.rows:
            product = self.client.call('Catalog', 'GetProduct', '(t)', (row[0],))
            self.assertEqual((product['id'], product['category'], product['name'], product['price'],
                              product['currency'], product['available']),
                             (row[0], row[1], row[2], row[4], row[5], row[6]))
            self.assertEqual(product.get('rating', 0), row[7])
        self.assertTrue(any('available-quantity' in self.client.call('Catalog', 'GetProduct', '(t)', (r[0],))
                            for r in self.rows))
        with self.assertError('NotFound', '999999'):
            self.client.call('Catalog', 'GetProduct', '(t)', (999999,))

    def picture(self, product):
        pending = self.client.call_async('Catalog', 'GetPicture', '(t)', (product,))
        _, content_type = pending.wait()
        (fd,) = pending.fds
        return fd, content_type

    def test_picture(self):
        fd, content_type = self.picture(self.rows[0][0])
        self.assertEqual(content_type, 'image/svg+xml')
        data = os.read(fd, 1 << 20)
        self.assertTrue(data.startswith(b'<svg'))
        with self.assertRaises(OSError):
            os.pwrite(fd, b'x', 0)
        with self.assertRaises(OSError):
            os.ftruncate(fd, 0)
        os.close(fd)
        # From the cache the second time, service or not.
        self.sandbox.kill()
        fd, _ = self.picture(self.rows[0][0])
        self.assertEqual(os.read(fd, 1 << 20), data)
        os.close(fd)
        with self.assertError('Offline'):
            self.picture(self.rows[1][0])
        with self.assertError('NotFound'):
            self.picture(999999)


class Cart(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.sign_up_and_in()
        self.rows = [r for r in self.products() if r[6]]
        self.limited = {r[0] for r in self.rows
                        if 'available-quantity' in self.client.call('Catalog', 'GetProduct', '(t)', (r[0],))}
        self.rows = [r for r in self.rows if r[0] not in self.limited]

    def get(self):
        return self.client.call('Cart', 'Get')

    def test_life_of_a_cart(self):
        a, b = self.rows[0], self.rows[1]
        self.assertEqual(self.get()[0], [])
        mark = len(self.events.signals)
        self.assertEqual(self.client.call('Cart', 'Add', '(tu)', (a[0], 2)), 2)
        self.assertTrue(self.events.find(lambda s: s.interface == f'{NAME}.Cart' and s.member == 'Changed', mark))
        self.events.wait_for_change('Cart', 'Count', 2, since=mark)
        self.assertEqual(self.client.call('Cart', 'Add', '(tu)', (a[0], 1)), 3)
        self.assertEqual(self.client.call('Cart', 'Add', '(tu)', (b[0], 1)), 1)
        self.client.call('Cart', 'SetNote', '(ts)', (a[0], 'no onions'))
        lines, total, currency = self.get()
        self.assertEqual(lines, [(a[0], a[2], 3, a[4], 3 * a[4], 'no onions'), (b[0], b[2], 1, b[4], b[4], '')])
        self.assertEqual((total, currency), (3 * a[4] + b[4], a[5]))
        self.assertEqual(self.client.get('Cart', 'Count'), 4)

        self.restart()
        self.assertEqual(self.get(), (lines, total, currency))
        self.client.call('Cart', 'SetNote', '(ts)', (a[0], ''))
        self.client.call('Cart', 'SetQuantity', '(tu)', (a[0], 99))
        self.assertEqual(self.get()[0][0], (a[0], a[2], 99, a[4], 99 * a[4], ''))
        self.client.call('Cart', 'SetQuantity', '(tu)', (b[0], 0))
        self.assertEqual(len(self.get()[0]), 1)
        self.client.call('Cart', 'Clear')
        self.assertEqual(self.get()[0], [])
        self.assertEqual(self.client.get('Cart', 'Count'), 0)

    def test_refused(self):
        a = self.rows[0]
        for quantity in (0, 100, 0xffffffff):
            with self.assertError(INVALID_ARGS, str(quantity)):
                self.client.call('Cart', 'Add', '(tu)', (a[0], quantity))
        self.client.call('Cart', 'Add', '(tu)', (a[0], 98))
        with self.assertError(INVALID_ARGS, '99'):
            self.client.call('Cart', 'Add', '(tu)', (a[0], 2))
        with self.assertError(INVALID_ARGS, '100'):
            self.client.call('Cart', 'SetQuantity', '(tu)', (a[0], 100))
        self.assertEqual(self.get()[0][0][2], 98)
        with self.assertError('NotFound', '999999'):
            self.client.call('Cart', 'Add', '(tu)', (999999, 1))
        with self.assertError('NotFound'):
            self.client.call('Cart', 'SetNote', '(ts)', (999999, 'x'))
        with self.assertError(INVALID_ARGS, 'note'):
            self.client.call('Cart', 'SetNote', '(ts)', (a[0], LONG))
        with self.assertError('NotFound'):
            self.client.call('Cart', 'FillFrom', '(s)', (str(uuid.uuid4()),))
        with self.assertError(INVALID_ARGS):
            self.client.call('Cart', 'Add', '(tx)', (a[0], -1))
        with self.assertError(INVALID_ARGS):
            self.client.call('Cart', 'Add', '(su)', ('soup', 1))

    def test_fill_from(self):
        a, b = self.rows[0], self.rows[1]
        uid, _ = self.place([(a[0], 2)])
        self.client.call('Cart', 'Add', '(tu)', (b[0], 1))
        self.assertEqual(self.client.call('Cart', 'FillFrom', '(s)', (uid,)), [])
        self.assertEqual([(l[0], l[2]) for l in self.get()[0]], [(a[0], 2)])


class Orders(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.sign_up_and_in()
        self.product = next(r for r in self.products() if r[6])

    def quote(self, **more):
        return self.client.call('Orders', 'Quote', '(a{sv})', (options(items=[(self.product[0], 2)], **more),))

    def place_with(self, **values):
        return self.client.call('Orders', 'Place', '(a{sv})', (options(**{**WHERE, **values}),))

    def test_quote(self):
        quote = self.quote()
        self.assertEqual(quote['products-price'], 2 * self.product[4])
        self.assertEqual(quote['total-price'], sum(quote[k] for k in ('products-price', 'delivery-price',
                                                                      'additional-price', 'tax-price')))
        self.assertEqual((quote['currency'], quote['unavailable']), (self.product[5], []))
        with self.assertError('EmptyCart'):
            self.client.call('Orders', 'Quote', '(a{sv})', ({},))
        self.client.call('Cart', 'Add', '(tu)', (self.product[0], 2))
        self.assertEqual(self.client.call('Orders', 'Quote', '(a{sv})', ({},))['total-price'], quote['total-price'])
        self.assertEqual(self.client.get('Cart', 'Count'), 2)
        self.assertEqual(self.sandbox.journal_orders(), [])

    def test_place_from_cart(self):
        self.client.call('Cart', 'Add', '(tu)', (self.product[0], 2))
        self.client.call('Cart', 'SetNote', '(ts)', (self.product[0], 'well done'))
        mark = len(self.events.signals)
        total = self.quote()['total-price']
        uid, status = self.place_with(expected_total=total, comment='ring twice', recipient='Bo')
        self.assertEqual(status, 'requested')
        self.assertEqual(self.client.get('Cart', 'Count'), 0)
        order = self.client.call('Orders', 'Get', '(s)', (uid,))
        self.assertEqual((order['uid'], order['status'], order['total-price'], order['payment-type']),
                         (uid, 'requested', total, 'cash'))
        self.assertEqual((order['comment'], order['recipient']), ('ring twice', 'Bo'))
        self.assertEqual(order['products'], [(self.product[0], self.product[2], 2, self.product[4], 'well done')])
        self.assertIn('12 Long Street', order['destination'])
        self.assertTrue(order['number'])
        self.assertEqual(len(self.sandbox.journal_orders()), 1)
        self.events.wait_for(lambda s: s.interface == f'{NAME}.Orders' and s.args == (uid, 'requested', s.args[2]),
                             since=mark)
        kinds = [(k, u, d.get('status')) for _, k, u, d in self.events.events('order')]
        self.assertEqual(kinds, [('order', uid, 'submitting'), ('order', uid, 'requested')])

    def test_place_with_items_leaves_the_cart(self):
        self.client.call('Cart', 'Add', '(tu)', (self.product[0], 2))
        self.place_with(items=[(self.product[0], 1)])
        self.assertEqual(self.client.get('Cart', 'Count'), 2)

    def test_own_uid(self):
        own = str(uuid.uuid4())
        items = [(self.product[0], 1)]
        uid, status = self.place_with(items=items, uid=own)
        self.assertEqual((uid, status), (own, 'requested'))
        # The wait is not part of what was asked for.
        self.assertEqual(self.place_with(items=items, uid=own, wait_usec=0), (own, 'requested'))
        with self.assertError('Conflict', own):
            self.place_with(items=items, uid=own, comment='another')
        self.assertEqual(len(self.sandbox.journal_orders()), 1)

    def test_price_and_limits(self):
        items = [(self.product[0], 1)]
        own = str(uuid.uuid4())
        with self.assertError('PriceChanged'):
            self.place_with(items=items, expected_total=1, uid=own)
        with self.assertError('PriceChanged'):
            self.place_with(items=items, expected_total=1, uid=own)
        with self.assertError('OverLimit'):
            self.place_with(items=items, max_total=1)
        with self.assertError('OverLimit'):
            self.place_with(items=items, max_total=1, over_limit=True)
        self.assertEqual(self.sandbox.journal_orders(), [])

    def test_refused(self):
        items = [(self.product[0], 1)]
        for name, values, words in (
                ('EmptyCart', {}, ()),
                (INVALID_ARGS, {'items': items, 'payment': 'gold'}, ('gold',)),
                (INVALID_ARGS, {'items': items, 'uid': 'x'}, ('uid', 'x')),
                (INVALID_ARGS, {'items': items, 'adress': 'x'}, ('adress',)),
                (INVALID_ARGS, {'items': items, 'address': LONG}, ('address', '4096')),
                (INVALID_ARGS, {'items': items, 'address': GLib.Variant('t', 5)}, ('address', "'t'", "'s'")),
                (INVALID_ARGS, {'items': items, 'max_total': -1}, ('max-total', '-1')),
                (INVALID_ARGS, {'items': items, 'deliver_at': 5}, ('deliver-at', 'past')),
                (INVALID_ARGS, {'items': []}, ('items',)),
                (INVALID_ARGS, {'items': [(self.product[0], 0)]}, ('items',)),
                (INVALID_ARGS, {'items': [(self.product[0], 100)]}, ('items',)),
                (INVALID_ARGS, {'items': [(i, 1) for i in range(201)]}, ('items', '200')),
                ('ProductUnavailable', {'items': [(999999, 1)]}, ('999999',))):
            with self.subTest(words), self.assertError(name, *words):
                self.place_with(**values)
        with self.assertError(INVALID_ARGS, 'address'):
            self.client.call('Orders', 'Place', '(a{sv})', (options(items=items, city='Springfield'),))
        with self.assertError(INVALID_ARGS):
            self.client.call('Orders', 'Place', '(a{ss})', ({'address': 'x'},))
        self.assertEqual(self.sandbox.journal_orders(), [])
        self.assertEqual(self.client.call('Orders', 'List', '(a{sv}us)', ({}, 0, ''))[0], [])

    def test_list(self):
        items = [(self.product[0], 1)]
        uids = [self.place_with(items=items, comment=f'order {word}')[0] for word in ('one', 'two', 'three')]
        uids.reverse()

        def listed(limit=0, cursor='', **values):
            rows, after = self.client.call('Orders', 'List', '(a{sv}us)', (options(**values), limit, cursor))
            return [r[0] for r in rows], after
        self.assertEqual(listed(), (uids, ''))
        first, cursor = listed(2)
        self.assertEqual(first, uids[:2])
        self.assertEqual(listed(2, cursor), (uids[2:], ''))
        self.assertEqual(listed(text='two')[0], [uids[1]])
        self.assertEqual(listed(status=['requested', 'processing'])[0], uids)
        self.assertEqual(listed(status=['delivered'])[0], [])
        self.assertEqual(listed(pending=True)[0], uids)
        self.assertEqual(listed(pending=False)[0], [])
        self.assertEqual(listed(since=1, until=2)[0], [])
        self.assertEqual(listed(since=1)[0], uids)
        number = self.client.call('Orders', 'Get', '(s)', (uids[1],))['number']
        for order_id, uid in (('last', uids[0]), (uids[1], uids[1]), (uids[2][:-4], uids[2]), (number, uids[1])):
            self.assertEqual(listed(id=order_id), ([uid], ''), order_id)
        self.assertEqual(listed(id='last', pending=False)[0], [])
        with self.assertError('NotFound', 'nothing'):
            listed(id='nothing')
        with self.assertError(INVALID_ARGS, 'More than one'):
            listed(id=number[:3])
        self.assertEqual([r[0] for r in self.client.call('Orders', 'ListPending')], uids)

        for values, word in (({'state': 'x'}, 'state'), ({'status': GLib.Variant('s', 'x')}, 'status'),
                             ({'since': GLib.Variant('s', 'yesterday')}, 'since'), ({'text': LONG}, 'text'),
                             ({'status': []}, 'status'), ({'id': 'last', 'text': 'x'}, 'exclude')):
            with self.subTest(word), self.assertError(INVALID_ARGS, word):
                listed(**values)
        with self.assertError(INVALID_ARGS, 'limit', '10001'):
            listed(10001)
        with self.assertError(INVALID_ARGS, 'cursor'):
            listed(5, 'no cursor of ours')

        many = self.client.call('Orders', 'GetMany', '(as)', ([uids[2], str(uuid.uuid4()), uids[0]],))
        self.assertEqual([o['uid'] for o in many], [uids[2], uids[0]])
        self.assertEqual(self.client.call('Orders', 'GetMany', '(as)', ([],)), [])
        with self.assertError(INVALID_ARGS, '100'):
            self.client.call('Orders', 'GetMany', '(as)', ([uids[0]] * 101,))
        with self.assertError('NotFound'):
            self.client.call('Orders', 'Get', '(s)', (str(uuid.uuid4()),))
        with self.assertError(INVALID_ARGS, 'uid'):
            self.client.call('Orders', 'Get', '(s)', (LONG,))

    def test_cancel(self):
        uid, _ = self.place_with(items=[(self.product[0], 1)])
        with self.assertError(INVALID_ARGS, 'why'):
            self.client.call('Orders', 'Cancel', '(ssa{sv})', (uid, '', {'why': GLib.Variant('s', 'x')}))
        with self.assertError(INVALID_ARGS, 'reason'):
            self.client.call('Orders', 'Cancel', '(ssa{sv})', (uid, LONG, {}))
        self.client.call('Orders', 'Cancel', '(ssa{sv})', (uid, 'changed my mind', {}))
        self.assertEqual(self.client.call('Orders', 'Get', '(s)', (uid,))['status'], 'cancelled')
        with self.assertError('CannotCancel'):
            self.client.call('Orders', 'Cancel', '(ssa{sv})', (uid, '', {}))
        with self.assertError('NotFound'):
            self.client.call('Orders', 'Cancel', '(ssa{sv})', (str(uuid.uuid4()), '', {}))

    def test_rate(self):
        uid, _ = self.place_with(items=[(self.product[0], 1)])
        rate = ('Orders', 'Rate', '(susa{sv})')
        with self.assertError('NotDelivered'):
            self.client.call(*rate, (uid, 5, '', {}))
        self.sandbox.advance(uid, 'Delivered')
        self.wait_for_status(uid, 'delivered')
        for rating in (0, 6, 0xffffffff):
            with self.assertError(INVALID_ARGS, str(rating)):
                self.client.call(*rate, (uid, rating, '', {}))
        with self.assertError(INVALID_ARGS, 'photos'):
            self.client.call(*rate, (uid, 5, '', {'photos': GLib.Variant('as', ['x'])}))
        with self.assertError(INVALID_ARGS, 'photo'):
            self.client.call(*rate, (uid, 5, '', {'photo': GLib.Variant('as', ['x'])}))
        with self.assertError(INVALID_ARGS, 'comment'):
            self.client.call(*rate, (uid, 5, LONG, {}))
        self.client.call(*rate, (uid, 4, 'good', {'photos': GLib.Variant('as', [])}))
        order = self.client.call('Orders', 'Get', '(s)', (uid,))
        self.assertEqual((order['rating'], order['rating-comment']), (4, 'good'))
        with self.assertError('AlreadyRated'):
            self.client.call(*rate, (uid, 5, '', {}))
        with self.assertError('NotFound'):
            self.client.call(*rate, (str(uuid.uuid4()), 5, '', {}))


class OrderObject(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.sign_up_and_in()

    def test_life_of_an_object(self):
        uid, _ = self.place()
        added = self.events.wait_for(lambda s: s.member == 'InterfacesAdded')
        path, interfaces = added.args
        self.assertEqual(path, f'{PATH}/order/' + ''.join(c if c.isalnum() and not (i == 0 and c.isdigit())
                                                          else f'_{ord(c):02x}' for i, c in enumerate(uid)))
        self.assertEqual(interfaces[f'{NAME}.Order']['Uid'], uid)
        self.assertEqual(interfaces[f'{NAME}.Order']['Status'], 'submitting')
        self.assertEqual(list(self.client.objects()), [path])
        properties = self.client.get_all('Order', path)
        self.assertEqual((properties['Status'], properties['PaymentType'], properties['AmountDue']),
                         ('requested', 'cash', properties['Total']))
        self.assertTrue(math.isnan(properties['CourierLatitude']))
        self.assertEqual(properties['CourierTimestamp'], 0)

        self.sandbox.clock(600)
        self.wait_for_status(uid, 'delivered', 30)
        removed = self.events.wait_for(lambda s: s.member == 'InterfacesRemoved')
        self.assertEqual(removed.args[0], path)
        self.assertIn(f'{NAME}.Order', removed.args[1])
        self.assertEqual(self.client.objects(), {})
        with self.assertError('org.freedesktop.DBus.Error.UnknownObject'):
            self.client.get_all('Order', path)

        # What the object told, put together, is an order's life: nothing told twice, progress never back.
        changes = [s for s in self.events.signals if s.path == path and s.member == 'PropertiesChanged']
        known = dict(interfaces[f'{NAME}.Order'])
        statuses, progress = [known['Status']], [known['Progress']]
        for s in changes:
            for name, value in s.args[1].items():
                self.assertFalse(known[name] == value, f'{name} = {value} was told twice')
                known[name] = value
            if 'Status' in s.args[1]:
                statuses.append(known['Status'])
            progress.append(known['Progress'])
        self.assertEqual(statuses, ['submitting', 'requested', 'processing', 'cooking', 'ready-to-deliver', 'in-delivery',
                                    'delivered'])
        self.assertEqual(progress, sorted(progress))
        self.assertEqual(progress[-1], 100)
        self.assertTrue(known['CourierName'])
        # The last change comes before the object goes.
        self.assertLess(self.events.signals.index(changes[-1]), self.events.signals.index(removed))

    def test_cancel(self):
        uid, _ = self.place()
        (path,) = self.client.objects()
        with self.assertError(INVALID_ARGS, 'reason'):
            self.client.call('Order', 'Cancel', '(s)', (LONG,), path=path)
        self.client.call('Order', 'Cancel', '(s)', ('changed my mind',), path=path)
        self.assertEqual(self.client.call('Orders', 'Get', '(s)', (uid,))['status'], 'cancelled')
        self.events.wait_for_change('Order', 'Status', 'cancelled', path=path)
        self.assertEqual(self.client.objects(), {})

    def test_no_such_object(self):
        for tail in ('order', 'order/x', 'order/_', 'order/' + 'x' * 200, 'orders'):
            with self.subTest(tail), self.assertRaises(harness.DBusError):
                self.client.get_all('Order', f'{PATH}/{tail}')

    def test_objects_after_a_restart(self):
        uid, _ = self.place()
        before = self.client.objects()
        self.restart()
        after = self.client.objects()
        self.assertEqual(list(after), list(before))
        (properties,) = [o[f'{NAME}.Order'] for o in after.values()]
        self.assertEqual((properties['Uid'], properties['Status']), (uid, 'requested'))
        # And it is followed on: the object made before anybody looked tells its changes.
        self.sandbox.advance(uid, 'Processing')
        self.events.wait_for_change('Order', 'Status', 'processing', path=list(after)[0])


class Notifications(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.sign_up_and_in()

    def notifications(self, unread=False, limit=0, cursor=''):
        return self.client.call('Notifications', 'List', '(bus)', (unread, limit, cursor))

    def test_received_and_read(self):
        uid, _ = self.place()
        for status in ('Processing', 'In delivery', 'Delivered'):
            self.sandbox.advance(uid, status)
        self.wait_for_status(uid, 'delivered')
        harness.poll(lambda: len(self.notifications()[0]) >= 3, what='three notifications')
        rows, cursor = self.notifications()
        self.assertEqual(cursor, '')
        self.assertEqual([r[5] for r in rows], sorted((r[5] for r in rows), reverse=True))
        received = [s.args for s in self.events.signals if s.member == 'Received']
        self.assertEqual(sorted(r[0] for r in received), sorted(r[0] for r in rows))
        self.assertEqual(len({r[0] for r in received}), len(received))
        self.assertTrue(all(r[4] == uid for r in rows if r[1] == 'order-status'))
        self.assertEqual(self.client.get('Notifications', 'Unread'), len(rows))

        first, cursor = self.notifications(limit=2)
        rest, end = self.notifications(limit=100, cursor=cursor)
        self.assertEqual((first + rest, end), (rows, ''))
        mark = len(self.events.signals)
        with self.assertError('NotFound', 'nothing'):
            self.client.call('Notifications', 'MarkRead', '(as)', ([rows[0][0], 'nothing', rows[1][0]],))
        self.events.wait_for_change('Notifications', 'Unread', len(rows) - 2, since=mark)
        self.assertEqual([r[0] for r in self.notifications(unread=True)[0]], [r[0] for r in rows[2:]])
        self.client.call('Notifications', 'MarkRead', '(as)', ([rows[0][0]],))
        self.client.call('Notifications', 'MarkRead', '(as)', ([],))
        # The service gets to know.
        self.client.call('Daemon', 'Sync')
        harness.poll(lambda: self.client.get('Daemon', 'PendingOperations') == 0, what='an empty outbox')
        self.assertEqual(self.sandbox.count('NotificationsRead'), 1)

    def test_refused(self):
        with self.assertError('NotFound'):
            self.client.call('Notifications', 'MarkRead', '(as)', ([str(uuid.uuid4())],))
        with self.assertError(INVALID_ARGS, '1000'):
            self.client.call('Notifications', 'MarkRead', '(as)', (['x'] * 1001,))
        with self.assertError(INVALID_ARGS, 'uids'):
            self.client.call('Notifications', 'MarkRead', '(as)', ([LONG],))
        with self.assertError(INVALID_ARGS, 'limit'):
            self.notifications(limit=10001)
        with self.assertError(INVALID_ARGS, 'cursor'):
            self.notifications(cursor='no cursor of ours')

    def test_mute(self):
        get, put = self.client.get, self.client.set
        self.assertEqual((get('Notifications', 'Muted'), get('Notifications', 'MutedUntilTimestamp')), (False, 0))
        mark = len(self.events.signals)
        put('Notifications', 'Muted', 'b', True)
        self.events.wait_for_change('Notifications', 'Muted', True, since=mark)
        self.assertEqual(get('Notifications', 'MutedUntilTimestamp'), 0)
        later = GLib.get_real_time() + 3600 * 1000000
        put('Notifications', 'MutedUntilTimestamp', 't', later)
        self.assertEqual((get('Notifications', 'Muted'), get('Notifications', 'MutedUntilTimestamp')), (True, later))
        # What is set already stays as it is, its end too.
        put('Notifications', 'Muted', 'b', True)
        self.assertEqual(get('Notifications', 'MutedUntilTimestamp'), later)
        self.restart()
        self.assertEqual((get('Notifications', 'Muted'), get('Notifications', 'MutedUntilTimestamp')), (True, later))
        put('Notifications', 'Muted', 'b', False)
        self.assertEqual((get('Notifications', 'Muted'), get('Notifications', 'MutedUntilTimestamp')), (False, 0))
        put('Notifications', 'MutedUntilTimestamp', 't', 0)
        self.assertEqual(get('Notifications', 'Muted'), False)
        # It ends by itself, and says so.
        mark = len(self.events.signals)
        put('Notifications', 'MutedUntilTimestamp', 't', GLib.get_real_time() + 1000000)
        self.events.wait_for_change('Notifications', 'Muted', False, since=mark)
        with self.assertError(INVALID_ARGS, 'MutedUntilTimestamp'):
            put('Notifications', 'MutedUntilTimestamp', 't', 5)
        for name, signature, value in (('Muted', 's', 'yes'), ('MutedUntilTimestamp', 'x', -1)):
            with self.subTest(name), self.assertRaises(harness.DBusError):
                put('Notifications', name, signature, value)
        with self.assertRaises(harness.DBusError):
            put('Notifications', 'Unread', 'u', 0)


class Daemon(harness.TestCase):
    def test_sync(self):
        self.sign_up_and_in()
        before = self.client.get('Daemon', 'LastSyncTimestamp')
        self.sync()
        self.assertGreater(self.client.get('Daemon', 'LastSyncTimestamp'), before)
        self.assertTrue(self.client.get('Daemon', 'Online'))
        self.sandbox.kill()
        with self.assertError('Offline'):
            self.sync()
        self.events.wait_for_change('Daemon', 'Online', False)
        self.assertTrue(self.client.call('Daemon', 'GetStatus')['last-error'])

    def test_events(self):
        self.sign_up_and_in()
        start = self.client.get('Daemon', 'EventSeq')
        uid, _ = self.place()
        self.client.call('Orders', 'Cancel', '(ssa{sv})', (uid, '', {}))
        harness.poll(lambda: self.client.get('Daemon', 'EventSeq') == self.events.events()[-1][0], what='EventSeq')
        since = self.client.call('Daemon', 'GetEventsSince', '(tu)', (start, 10000))
        self.assertEqual(since, [e for e in self.events.events() if e[0] > start])
        self.assertEqual([e[3]['status'] for e in since if e[1] == 'order'], ['submitting', 'requested', 'cancelled'])
        seqs = [e[0] for e in since]
        self.assertEqual(seqs, sorted(set(seqs)))
        self.assertEqual(self.client.call('Daemon', 'GetEventsSince', '(tu)', (start, 1)), since[:1])
        self.assertEqual(self.client.call('Daemon', 'GetEventsSince', '(tu)', (seqs[-1], 0)), [])
        self.restart()
        self.assertGreaterEqual(self.client.get('Daemon', 'EventSeq'), seqs[-1])
        again = self.client.call('Daemon', 'GetEventsSince', '(tu)', (start, 10000))
        self.assertEqual(again[:len(since)], since)
        with self.assertError(INVALID_ARGS, 'limit'):
            self.client.call('Daemon', 'GetEventsSince', '(tu)', (0, 10001))

    def test_wrong_signatures(self):
        """Every method with arguments of another type: named by sd-bus itself, and nothing falls over."""
        for interface, method in (('Daemon', 'GetEventsSince'), ('Session', 'SignUp'), ('Session', 'SignIn'),
                                  ('Session', 'SignOut'), ('Account', 'ChangePassword'), ('Catalog', 'ListProducts'),
                                  ('Catalog', 'GetProduct'), ('Cart', 'Add'), ('Orders', 'Place'), ('Orders', 'List'),
                                  ('Orders', 'GetMany'), ('Notifications', 'List'), ('Notifications', 'MarkRead')):
            with self.subTest(f'{interface}.{method}'):
                with self.assertError(INVALID_ARGS):
                    self.client.call(interface, method, '(dd)', (1.5, 2.5))
                with self.assertError(INVALID_ARGS):
                    self.client.call(interface, method)
        with self.assertError(INVALID_ARGS):
            self.client.call('Daemon', 'Sync', '(s)', ('x',))

    def test_too_many_calls(self):
        """64 open calls for one caller; another caller is served."""
        self.sign_up_and_in()
        self.sandbox.fault('/AuthWebApi/CheckUserExistance', 'stall')
        # The CheckUserExists calls stay open as long as the service says nothing.
        pending = [self.client.call_async('Session', 'CheckUserExists', '(sss)', (f'user{i}', '', ''), timeout=60)
                   for i in range(70)]
        for call in pending[64:]:
            with self.assertError(LIMITS_EXCEEDED, '64'):
                call.wait()
        self.assertEqual([c.done for c in pending[:64]], [False] * 64)
        other = harness.Client(self.bus)
        self.addCleanup(other.close)
        other_call = other.call_async('Session', 'CheckUserExists', '(sss)', ('x', '', ''), timeout=60)
        # Reads are answered all the while.
        self.client.call('Daemon', 'GetStatus')
        self.assertFalse(other_call.done)
        self.daemon.signal(15)
        for call in [*pending[:64], other_call]:
            with self.assertError('Busy', 'going down'):
                call.wait()

    def test_messages_of_every_size(self):
        """Requests of a megabyte are refused by name, and the connection stays."""
        with self.assertError(INVALID_ARGS, 'text'):
            self.client.call('Catalog', 'Search', '(su)', ('x' * (1 << 20), 0))
        with self.assertError(INVALID_ARGS, 'key'):
            self.client.call('Orders', 'Place', '(a{sv})', ({'k' * (1 << 20): GLib.Variant('s', '')},))
        self.assertIsNotNone(self.client.owner())


if __name__ == '__main__':
    harness.main()
