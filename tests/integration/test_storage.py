"""What happens to the files under the daemon: deleted, damaged, of a newer version, in the way, on a full disk. A cache
is filled again without old news told anew, what may not be lost is set aside and said, and nothing is done by halves."""

import glob
import os
import re
import resource
import shutil
import sqlite3
import unittest

import harness


class Files(harness.TestCase):
    def only(self, pattern):
        found = glob.glob(os.path.join(self.dir, pattern))
        self.assertEqual(len(found), 1, f'{pattern}: {found}')
        return found[0]

    def state_db(self):
        return self.only('state/customerclient/state.db')

    def catalog_db(self):
        return self.only('cache/customerclient/*/catalog.db')

    def user_db(self):
        uid = self.client.get('Session', 'UserUid') if self.client.owner() else '*-*-*-*-*'
        return self.only(f'cache/customerclient/*/{uid}.db')

    def set_aside(self, path):
        """What was set aside of it, without -wal and -shm."""
        return [p for p in glob.glob(path + '.damaged-*') if not p.endswith(('-wal', '-shm'))]

    def remove(self, path):
        for end in ('', '-wal', '-shm'):
            if os.path.exists(path + end):
                os.unlink(path + end)

    def spoil(self, path, offset=0, size=100):
        with open(path, 'r+b') as f:
            f.seek(offset)
            f.write(b'\xa5' * size)

    def orders(self):
        return self.client.call('Orders', 'List', '(a{sv}us)', ({}, 1000, ''))[0]

    def notifications(self):
        return self.client.call('Notifications', 'List', '(bus)', (False, 1000, ''))[0]

    def seeded(self):
        """A person with a past; its orders as listed."""
        self.sign_up()
        self.sandbox.seed('ann', 40)
        self.sign_in()
        self.sync()
        orders = self.orders()
        self.assertEqual(len(orders), 40)
        self.assertGreater(len(self.products()), 10)
        return orders

    def received(self, since):
        return [s for s in self.events.signals[since:] if s.member == 'Received']



class Caches(Files):
    allowed_log = (r'was damaged; it is kept as', r'could not be stored')

    def check_filled_again(self, spoil, is_set_aside):
        orders = self.seeded()
        notifications = self.notifications()
        path, seq = self.user_db(), self.client.get('Daemon', 'EventSeq')
        self.stop()
        spoil(path)
        since = len(self.events.signals)
        self.start()
        harness.poll(lambda: self.orders() == orders, what='the orders as they were')
        self.sync()
        self.assertEqual(self.notifications(), notifications)
        self.assertEqual(self.received(since), [], 'old notifications are not told anew')
        self.assertEqual(self.client.call('Daemon', 'GetEventsSince', '(tu)', (seq, 10))[0][1], 'resync')
        new_seq = self.client.get('Daemon', 'EventSeq')
        self.assertGreater(new_seq, seq)
        self.assertEqual(self.client.call('Daemon', 'GetEventsSince', '(tu)', (new_seq, 10)), [])
        self.assertEqual(len(self.set_aside(path)), is_set_aside)
        said = self.client.call('Daemon', 'GetStatus')['cache-db']
        if is_set_aside:
            self.assertIn(self.set_aside(path)[0], said)
        else:
            self.assertEqual(said, 'ok')

    def test_orders_deleted(self):
        self.check_filled_again(self.remove, 0)

    def test_orders_header_damaged(self):
        self.check_filled_again(self.spoil, 1)

    def test_orders_damaged_inside(self):
        self.check_filled_again(lambda path: self.spoil(path, 6 * 4096, 3 * 4096), 1)

    def test_orders_cut_short(self):
        self.check_filled_again(lambda path: os.truncate(path, 3 * 4096), 1)

    def test_catalog(self):
        self.seeded()
        products = self.products()
        for number, spoil in enumerate((self.remove, self.spoil, lambda path: self.spoil(path, 5 * 4096, 4096))):
            path = self.catalog_db()
            self.stop()
            spoil(path)
            self.start()
            harness.poll(lambda: self.products() == products, what='the catalog as it was')
            self.assertEqual(len(self.set_aside(path)), min(number, 1) + (number > 1))

    def check_filled_under_the_daemon(self, spoil):
        orders, products, notifications = self.seeded(), self.products(), self.notifications()
        path, since = self.user_db(), len(self.events.signals)
        spoil(path)

        def filled():
            try:
                self.sync()
            except harness.DBusError as e:
                self.assertEqual(e.name, harness.ERROR + 'Storage')
            return os.path.exists(path) and self.orders() == orders and self.products() == products
        harness.poll(filled, what='the caches as they were', every=0.5)
        self.assertEqual(self.notifications(), notifications)
        self.assertEqual(self.received(since), [], 'old notifications are not told anew')
        self.restart()
        self.assertEqual((self.orders(), self.products()), (orders, products))

    def test_orders_deleted_under_the_daemon(self):
        self.check_filled_under_the_daemon(self.remove)

    def test_catalog_deleted_under_the_daemon(self):
        self.check_filled_under_the_daemon(lambda path: self.remove(self.catalog_db()))

    def test_all_deleted_under_the_daemon(self):
        self.check_filled_under_the_daemon(lambda path: shutil.rmtree(os.path.join(self.dir, 'cache/customerclient')))

    def test_order_placed_while_the_cache_is_gone(self):
        orders = self.seeded()
        self.remove(self.user_db())
        uid, _ = self.place()
        self.assertEqual(len(self.sandbox.journal_orders(uid)), 1)

        def filled():
            self.sync()
            return [r for r in self.orders() if r[0] != uid] == orders and uid in [r[0] for r in self.orders()]
        harness.poll(filled, what='old orders and the new one', every=0.5)

    def test_another_service_is_another_world(self):
        orders = self.seeded()
        first = self.client.get('Session', 'UserUid')
        other = harness.Sandbox(self.dir)
        self.addCleanup(other.kill)
        self.restart(CUSTOMERCLIENT_BASE_URL=other.url)
        self.assertEqual(self.client.get('Session', 'State'), 'signed-out')
        with self.assertRaises(harness.DBusError) as caught:
            self.orders()
        self.assertEqual(caught.exception.name, harness.ERROR + 'NotSignedIn')
        harness.let_pass(1)
        self.assertEqual(other.journal(since=1 << 40)['counts'], {}, 'nothing of the first service goes to the second')
        self.restart()
        self.assertEqual(self.client.get('Session', 'UserUid'), first)
        self.assertEqual(self.orders(), orders)


class State(Files):
    def test_damaged_is_set_aside_and_said(self):
        self.expected_log.append(r'state database was damaged')
        self.seeded()
        path = self.state_db()
        for number, spoil in enumerate((self.spoil, lambda p: self.spoil(p, 2 * 4096, 4096),
                                        lambda p: os.truncate(p, 4096))):
            self.stop()
            spoil(path)
            with open(path, 'rb') as f:
                before = f.read()
            known = set(self.set_aside(path))
            self.start()
            said = self.client.call('Daemon', 'GetStatus')['state-db']
            fresh = set(self.set_aside(path)) - known
            self.assertEqual(len(fresh), 1, number)
            fresh = fresh.pop()
            with open(fresh, 'rb') as f:
                self.assertEqual(f.read(), before)
            self.assertIn(fresh, said)
            self.assertEqual(self.client.get('Session', 'State'), 'signed-out')
            self.sign_in()
            self.sync()
            self.assertEqual(len(self.orders()), 40)
        self.restart()
        self.assertEqual(self.client.call('Daemon', 'GetStatus')['state-db'], 'ok')
        self.assertEqual(self.client.get('Session', 'State'), 'signed-in')

    def test_event_numbers_outlive_the_file(self):
        self.seeded()
        seq = self.client.get('Daemon', 'EventSeq')
        path = self.state_db()
        self.stop()
        self.remove(path)
        self.start()
        self.assertGreater(self.client.get('Daemon', 'EventSeq'), seq)

    def refused(self, *words, status=(1, 78)):
        daemon = self.spawn_daemon(log='refused.log')
        self.assertIn(daemon.wait(), status)
        for word in words:
            self.assertIn(word, daemon.output())
        self.assertIsNone(self.client.owner())
        os.unlink(daemon.log)

    def test_newer_version_is_refused_and_left_alone(self):
        self.seeded()
        for path in (self.state_db(), self.catalog_db()):
            self.stop()
            db = sqlite3.connect(path)
            version = db.execute('PRAGMA user_version').fetchone()[0]
            db.execute('PRAGMA user_version = 4711')
            db.close()
            with open(path, 'rb') as f:
                before = f.read()
            self.refused(path, '4711')
            with open(path, 'rb') as f:
                self.assertEqual(f.read(), before)
            db = sqlite3.connect(path)
            db.execute(f'PRAGMA user_version = {version}')
            db.close()
            self.start()
            self.assertEqual(self.client.get('Session', 'State'), 'signed-in')

    def test_something_in_the_way(self):
        self.stop()
        for folder in ('state/customerclient', 'cache/customerclient'):
            path = os.path.join(self.dir, folder)
            shutil.move(path, path + '.was')
            with open(path, 'w', encoding='utf-8'):
                pass
            self.refused(path)
            os.unlink(path)
            os.symlink(path + '.was', path)
            self.refused(path, 'symbolic link')
            os.unlink(path)
            shutil.move(path + '.was', path)
            os.chmod(path, 0o777)
            self.refused(path, 'others may write')
            os.chmod(path, 0o700)
        path = self.state_db()
        os.link(path, path + '.second')
        self.refused(path, 'hard link')
        os.unlink(path + '.second')
        self.start()

    def test_modes(self):
        mask = os.umask(0)
        try:
            self.restart()
            self.seeded()
        finally:
            os.umask(mask)
        for top in ('state/customerclient', 'cache/customerclient'):
            for folder, _, files in os.walk(os.path.join(self.dir, top)):
                self.assertEqual(os.stat(folder).st_mode & 0o7777, 0o700, folder)
                for one in files:
                    path = os.path.join(folder, one)
                    self.assertEqual(os.stat(path).st_mode & 0o7777, 0o600, path)


class FullDisk(Files):
    """A limit on the size of files stands for the full disk: the same error for every write, and it can be lifted."""

    allowed_log = (r'could not be|is not kept|gets no number|not noted|disk is full|No space left',)

    def limit(self, size):
        resource.prlimit(self.daemon.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    def storage_error(self, *call):
        with self.assertRaises(harness.DBusError) as caught:
            self.client.call(*call)
        self.assertEqual(caught.exception.name, harness.ERROR + 'Storage')
        self.assertRegex(caught.exception.message, re.compile('full|space', re.I))

    def test_nothing_is_done_by_halves(self):
        orders = self.seeded()
        product = next(p[0] for p in self.products() if p[6])
        self.client.call('Cart', 'Add', '(tu)', (product, 2))
        before = self.client.call('Cart', 'Get')
        made = len(self.sandbox.journal_orders())
        self.limit(1)
        self.storage_error('Cart', 'Add', '(tu)', (product, 1))
        self.storage_error('Cart', 'Clear')
        options = {k: harness.GLib.Variant('s', v) for k, v in (
            ('address', '12 Long Street'), ('city', 'Springfield'), ('phone', '+15551234567'), ('payment', 'cash'))}
        self.storage_error('Orders', 'Place', '(a{sv})', (options,))
        # Reading goes on, and what was there is there.
        self.assertEqual(self.client.call('Cart', 'Get'), before)
        self.assertEqual(self.orders(), orders)
        self.assertEqual(len(self.sandbox.journal_orders()), made)
        self.limit(resource.RLIM_INFINITY)
        uid, status = self.client.call('Orders', 'Place', '(a{sv})', (options,))
        self.assertEqual(status, 'requested')
        self.assertEqual(len(self.sandbox.journal_orders(uid)), 1)
        self.assertEqual(self.client.call('Cart', 'Get')[0], [])
        self.restart()
        self.assertIn(uid, [o[0] for o in self.orders()])


if __name__ == '__main__':
    unittest.main()
