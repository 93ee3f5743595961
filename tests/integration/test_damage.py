"""Databases that are deleted or damaged, at rest and in use, and another BaseUrl: what can be filled again is, without
a storm of old news; what cannot is set aside and said; two services never meet."""

import contextlib
import glob
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import unittest
import uuid

from gi.repository import GLib

import harness

ORDERS = 40
ASIDE = ('was damaged', 'set aside', 'deleted')


def overwrite(path):
    """The middle of the file, all but the header."""
    size = os.path.getsize(path)
    with open(path, 'r+b') as f:
        f.seek(100)
        f.write(random.Random(1).randbytes(max(size - 100, 4096)))


def half(path):
    os.truncate(path, os.path.getsize(path) // 2)


def nonsense(path):
    with open(path, 'w', encoding='ascii') as f:
        f.write('this is no database\n' * 500)


DAMAGES = {'overwritten': overwrite, 'half': half, 'nonsense': nonsense}


def read(path):
    with open(path, 'rb') as f:
        return f.read()


class DamageTest(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.sign_up_and_in()
        self.sandbox.seed('ann', ORDERS)
        self.uid, _ = self.place([(self.products()[0][0], 1)], wait_usec=15000000)
        self.sync()
        self.wait_for_orders(ORDERS + 1)
        self.before = self.list_all()

    def list_all(self):
        rows = self.client.call('Orders', 'List', '(a{sv}us)', ({}, 1000, ''))[0]
        return sorted(row[:6] for row in rows)

    def wait_for_orders(self, n):
        def there():
            try:
                return len(self.list_all()) == n
            except harness.DBusError:
                return False        # damaged and not yet mended
        harness.poll(there, what='the orders')

    def cache(self, pattern='*.db'):
        return [p for p in glob.glob(f'{self.dir}/cache/customerclient/*/{pattern}')]

    def user_db(self):
        return next(p for p in self.cache() if not p.endswith('catalog.db'))

    def catalog_db(self):
        return next(p for p in self.cache() if p.endswith('catalog.db'))

    def remove(self, path):
        for suffix in ('', '-wal', '-shm'):
            if os.path.exists(path + suffix):
                os.unlink(path + suffix)

    def check_filled_again(self, since):
        """All orders are back, and nothing of the past was told as news."""
        self.wait_for_orders(ORDERS + 1)
        self.assertEqual(self.list_all(), self.before)
        self.sync()
        news = [s for s in self.events.signals[since:] if
                (s.member == 'Event' and s.args[1] in ('order', 'notification')) or
                s.member == 'Received' or (s.member == 'Changed' and len(s.args) == 3)]
        self.assertEqual(news, [])
        self.assertEqual(len(self.client.objects()), 1)
        # What happens now is news.
        self.sandbox.advance(self.uid, 'Processing')
        self.events.wait_for(lambda s: s.member == 'Event' and s.args[1] == 'order' and s.args[2] == self.uid,
                             since=since)
        self.assertEqual(len(self.list_all()), ORDERS + 1)


class CacheAtRest(DamageTest):
    def test_deleted(self):
        for what in ('file', 'folder', 'all'):
            with self.subTest(what=what):
                self.stop()
                if what == 'file':
                    self.remove(self.user_db())
                elif what == 'folder':
                    shutil.rmtree(os.path.dirname(self.user_db()))
                else:
                    shutil.rmtree(f'{self.dir}/cache/customerclient')
                since = len(self.events.signals)
                self.start()
                self.wait_for_orders(ORDERS + 1)
                self.assertEqual(self.list_all(), self.before)
                self.assertEqual([s for s in self.events.signals[since:] if s.member == 'Event'
                                  and s.args[1] in ('order', 'notification')], [])
        self.check_filled_again(since)
        self.assertGreater(len(self.products()), 10)

    def damaged(self, how):
        self.stop()
        path = self.user_db()
        DAMAGES[how](path)
        kept = read(path)
        since = len(self.events.signals)
        self.expected_log += ASIDE
        self.start()
        self.check_filled_again(since)
        aside = [p for p in self.cache('*.damaged-*') if not p.endswith(('-wal', '-shm'))]
        self.assertEqual([read(p) == kept for p in aside], [True])
        self.assertIn(os.path.basename(aside[0]), self.daemon_log())
        self.assertIn(os.path.basename(aside[0]), self.client.call('Daemon', 'GetStatus')['cache-db'])

    def test_overwritten(self):
        self.damaged('overwritten')

    def test_half(self):
        self.damaged('half')

    def test_nonsense(self):
        self.damaged('nonsense')

    def test_catalog(self):
        for how, damage in DAMAGES.items():
            with self.subTest(how=how):
                products = self.products()
                self.stop()
                damage(self.catalog_db())
                self.expected_log += ASIDE
                self.start()
                harness.poll(lambda p=products: self.client.call('Catalog', 'ListProducts', '(tus)', (0, 1000, ''))[0] == p,
                             what='the catalog')
                self.assertIn('set aside', self.client.call('Daemon', 'GetStatus')['cache-db'])


class CacheInUse(DamageTest):
    def test_deleted(self):
        # A sync that is writing at that moment says so, and the next one fills the cache again.
        self.expected_log.append('could not be stored: Structure needs cleaning')
        for what in ('file', 'folder'):
            with self.subTest(what=what):
                since = len(self.events.signals)
                if what == 'file':
                    self.remove(self.user_db())
                else:
                    shutil.rmtree(os.path.dirname(self.user_db()))
                self.sync()
                self.wait_for_orders(ORDERS + 1)
                self.assertTrue(os.path.exists(self.user_db()))
                self.assertTrue(os.path.exists(self.catalog_db()))
                self.restart()
                self.wait_for_orders(ORDERS + 1)
                self.assertEqual(self.list_all(), self.before)
                self.assertGreater(len(self.products()), 10)
        self.check_filled_again(since)

    def test_damaged(self):
        """A file that rots under the daemon: the read that meets it says so, the next ones are right again."""
        for how in ('overwritten', 'half', 'nonsense'):
            with self.subTest(how=how):
                self.expected_log += ASIDE + ('Storage', 'could not be', 'cannot be', 'damaged', 'malformed')
                path = self.user_db()
                since = len(self.events.signals)
                DAMAGES[how](path)
                if os.path.exists(path + '-wal'):
                    os.truncate(path + '-wal', 0)
                try:
                    self.list_all()
                except harness.DBusError as e:
                    self.assertEqual(e.name, harness.ERROR + 'Storage')
                self.wait_for_orders_or_sync()
                self.assertEqual(self.list_all(), self.before)
                self.assertEqual([s for s in self.events.signals[since:] if s.member == 'Event'
                                  and s.args[1] in ('order', 'notification')], [])
                self.restart()
                self.wait_for_orders(ORDERS + 1)
                self.assertEqual(self.list_all(), self.before)
        self.check_filled_again(since)

    def wait_for_orders_or_sync(self):
        def there():
            try:
                self.client.call('Daemon', 'Sync', timeout=25)
                return self.list_all() == self.before
            except harness.DBusError as e:
                self.assertEqual(e.name, harness.ERROR + 'Storage')
                return False
        harness.poll(there, what='the orders', every=0.5)

    def test_catalog_damaged(self):
        """The same for the catalog."""
        products = self.products()
        self.expected_log += ASIDE + ('could not be', 'cannot be', 'damaged', 'malformed')
        for how in ('overwritten', 'deleted'):
            with self.subTest(how=how):
                path = self.catalog_db()
                if how == 'deleted':
                    self.remove(path)
                else:
                    DAMAGES[how](path)
                    if os.path.exists(path + '-wal'):
                        os.truncate(path + '-wal', 0)

                def there():
                    try:
                        self.client.call('Catalog', 'Search', '(su)', ('a', 100))
                        self.client.call('Daemon', 'Sync', timeout=25)
                        return (os.path.exists(path) and
                                self.client.call('Catalog', 'ListProducts', '(tus)', (0, 1000, ''))[0] == products)
                    except harness.DBusError as e:
                        self.assertEqual(e.name, harness.ERROR + 'Storage')
                        return False
                harness.poll(there, what='the catalog', every=0.5)
                self.restart()
                harness.poll(lambda: self.products() == products, what='the catalog after a restart')


class StateDamaged(DamageTest):
    def test_set_aside_and_said(self):
        path = f'{self.dir}/state/customerclient/state.db'
        for how, damage in DAMAGES.items():
            with self.subTest(how=how):
                self.stop()
                damage(path)
                kept = read(path)
                seq = self.client_seq
                self.expected_log += ASIDE
                self.start()
                self.assertEqual(self.client.get('Session', 'State'), 'signed-out')
                aside = max((p for p in glob.glob(f'{path}.damaged-*') if not p.endswith(('-wal', '-shm'))),
                            key=os.path.getctime)
                self.assertEqual(read(aside), kept)
                self.assertIn(os.path.basename(aside), self.daemon_log())
                self.assertIn(os.path.basename(aside), self.client.call('Daemon', 'GetStatus')['state-db'])
                self.sign_in()
                self.sync()
                self.assertEqual(self.list_all(), self.before)
                # Numbers of events never repeat, whatever became of the file that counted them.
                self.assertGreater(self.client.get('Daemon', 'EventSeq'), seq)
        self.assertEqual(len(glob.glob(f'{path}.damaged-*[0-9Z]')), len(DAMAGES))

    @property
    def client_seq(self):
        return max(e[0] for e in self.events.events())

    def test_deleted(self):
        """Signed out, nothing else is wrong."""
        self.stop()
        shutil.rmtree(f'{self.dir}/state/customerclient')
        self.start()
        self.assertEqual(self.client.get('Session', 'State'), 'signed-out')
        with self.assertError('NotSignedIn'):
            self.list_all()
        self.sign_in()
        self.sync()
        self.assertEqual(self.list_all(), self.before)


class ForgottenRow(DamageTest):
    config = '[Orders]\nDeadlineSec=2\n'

    def test_rejected_long_ago(self):
        """An order that was never made is in the cache alone when its row has been forgotten: it says what it is."""
        self.sandbox.fault('MakeOrderQuote', 'status:503')
        uid, _ = self.place(wait=False)
        harness.poll(lambda: self.client.call('Orders', 'Get', '(s)', (uid,))['status'] == 'rejected', what='the end')
        self.stop()
        with contextlib.closing(sqlite3.connect(f'{self.dir}/state/customerclient/state.db')) as db, db:
            db.execute('UPDATE outbox SET updated = 1')
        self.start()
        self.assertEqual(self.client.call('Orders', 'Get', '(s)', (uid,))['status'], 'rejected')
        rows = self.client.call('Orders', 'List', '(a{sv}us)', ({}, 1, ''))[0]
        self.assertEqual(rows[0][:1] + rows[0][2:3], (uid, 'rejected'))


class AnotherService(DamageTest):
    def test_two_services_never_meet(self):
        product = self.products()[0][0]
        self.client.call('Cart', 'Add', '(tu)', (product, 3))
        self.sandbox.fault('*', 'reset')
        waiting = str(uuid.uuid4())
        options = {'uid': GLib.Variant('s', waiting), 'address': GLib.Variant('s', '12 Long Street'),
                   'city': GLib.Variant('s', 'Springfield'), 'wait-usec': GLib.Variant('t', 0),
                   'items': GLib.Variant('a(tu)', [(product, 1)])}
        self.client.call('Orders', 'Place', '(a{sv})', (options,))
        events = len(self.client.call('Daemon', 'GetEventsSince', '(tu)', (0, 10000)))
        self.stop()
        self.sandbox.clear_faults()
        asked = self.sandbox.journal()['lastRequest']

        first, folder = self.sandbox, os.path.join(self.dir, 'second')
        os.mkdir(folder)
        self.sandbox = harness.Sandbox(folder)
        self.addCleanup(self.sandbox.kill)
        since = len(self.events.signals)
        self.start()
        self.assertEqual(self.client.get('Session', 'State'), 'signed-out')
        self.assertEqual(self.client.get('Session', 'Login'), '')
        self.assertEqual(self.client.get('Daemon', 'PendingOperations'), 0)
        self.assertEqual(self.client.objects(), {})
        self.sign_up_and_in()
        self.sync()
        self.assertEqual(self.list_all(), [])
        self.assertEqual(self.client.call('Cart', 'Get')[0], [])
        self.assertEqual([e for e in self.client.call('Daemon', 'GetEventsSince', '(tu)', (0, 10000))
                          if e[1] in ('order', 'notification')], [])
        with self.assertError('NotFound'):
            self.client.call('Orders', 'Get', '(s)', (self.uid,))
        self.assertEqual(self.sandbox.journal_orders(), [])
        self.assertEqual([s for s in self.events.signals[since:] if s.member == 'Event'
                          and s.args[1] in ('order', 'notification')], [])
        self.assertEqual(first.journal()['lastRequest'], asked, 'something was sent to the first service')

        self.stop()
        second, self.sandbox = self.sandbox, first
        self.start()
        self.assertEqual(self.client.get('Session', 'State'), 'signed-in')
        self.assertEqual(self.client.get('Cart', 'Count'), 3)
        harness.poll(lambda: self.client.call('Orders', 'Get', '(s)', (waiting,))['status'] == 'requested',
                     60 * harness.TIME_FACTOR, 'the order that waited')
        self.assertEqual(len(self.list_all()), ORDERS + 2)
        self.assertGreater(len(self.client.call('Daemon', 'GetEventsSince', '(tu)', (0, 10000))), events)
        self.assertEqual([o['uid'] for o in first.journal_orders()], [self.uid, waiting])
        self.assertEqual(second.journal_orders(), [])


def as_ordinary_user(*command):
    return ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', *command]


def can_be_ordinary_user():
    if os.geteuid() != 0 or not shutil.which('setpriv'):
        return False
    needed = [os.path.realpath(__file__), harness.binary('customerclientd'), harness.binary('customerclient-sandbox')]
    return subprocess.run(as_ordinary_user('sh', '-c', 'for f; do test -r "$f" || exit 1; done', 'sh', *needed),
                          check=False).returncode == 0


@unittest.skipUnless(can_be_ordinary_user(), 'needs root, setpriv, and files that everybody may read')
class OrdinaryUser(unittest.TestCase):
    """Root may write everywhere: here these tests run as somebody who may not."""

    def test_as_an_ordinary_user(self):
        with tempfile.TemporaryDirectory(prefix='cc-user-') as folder:
            os.chmod(folder, 0o777)
            environment = {**os.environ, 'TEST_ORDINARY_USER': '1', 'TEST_TMPDIR': folder, 'HOME': folder,
                           'BUILD_DIR': harness.build_dir()}
            run = subprocess.run(as_ordinary_user(sys.executable, '-B', os.path.realpath(__file__), 'NoPermission'),
                                 cwd='/', env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                 timeout=120 * harness.TIME_FACTOR, check=False)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        self.assertIn('Ran 3 tests', run.stderr)


@unittest.skipUnless(os.geteuid() != 0 or os.environ.get('TEST_ORDINARY_USER'), 'root may write everywhere')
class NoPermission(harness.TestCase):
    start_daemon = False

    def refused(self, *words):
        daemon = self.spawn_daemon(log='refused.log')
        try:
            self.assertEqual(daemon.wait(), 1, daemon.output())
        finally:
            daemon.kill()
        errors = [line for line in daemon.output().splitlines() if line.startswith('error:')]
        self.assertEqual(len(errors), 1, errors)
        for word in words:
            self.assertIn(word, errors[0])

    def test_state_folder(self):
        """No right to make our folder, and one of ours that may not be written to."""
        os.chmod(f'{self.dir}/state', 0o500)
        self.addCleanup(os.chmod, f'{self.dir}/state', 0o700)
        self.refused(f'{self.dir}/state/customerclient', 'Permission denied')
        self.assertEqual(os.listdir(f'{self.dir}/state'), [])

    def test_state_file(self):
        """A database that belongs to nobody we know, or is a link elsewhere."""
        os.makedirs(f'{self.dir}/state/customerclient', mode=0o700)
        os.symlink('/etc/hostname', f'{self.dir}/state/customerclient/state.db')
        self.refused('state.db', 'not a plain file')
        self.assertTrue(os.path.islink(f'{self.dir}/state/customerclient/state.db'))

    def test_cache_folder(self):
        os.chmod(f'{self.dir}/cache', 0o500)
        self.addCleanup(os.chmod, f'{self.dir}/cache', 0o700)
        self.refused(f'{self.dir}/cache', 'Permission denied')


if __name__ == '__main__':
    harness.main()
