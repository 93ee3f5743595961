"""Where the session's token rests: a real gnome-keyring that is there, locked, unlocked later, found late, gone, emptied,
hanging, without encryption; and a daemon that is killed in the midst of it."""

import os
import random
import sqlite3
import time
import unittest

import harness
import keyring

RESTS = "The session's token rests in the keyring"
LOCKED = 'The keyring is locked: '


class KeyringTest(harness.TestCase):
    keyring_at_start = True
    daemon_env = {'CUSTOMERCLIENT_LOG_LEVEL': 'debug'}
    # What the leak sanitizer says of a thread of GLib's that ends while it looks.
    allowed_log = (r'^==\d+==Running thread \d+ was not suspended',)

    def setUp(self):
        if not keyring.available():
            self.skipTest('gnome-keyring is not installed')
        self.start_daemon, wanted = False, self.start_daemon
        super().setUp()
        self.keyring = keyring.Keyring(self)
        if self.keyring_at_start:
            self.keyring.start()
        if wanted:
            self.start()

    def status(self, key):
        return self.client.call('Daemon', 'GetStatus').get(key)

    def state(self):
        return self.client.get('Session', 'State')

    def wait_store(self, name):
        harness.poll(lambda: self.status('token-store') == name, what=f'the token in {name}')

    def row(self):
        with sqlite3.connect(f'file:{self.dir}/state/customerclient/state.db?mode=ro', uri=True) as db:
            return db.execute('SELECT token, slot FROM sessions').fetchone()

    def files_with(self, text):
        """Which files of the daemon, its log too, have the text in them."""
        found = []
        for top in ('state', 'cache', 'config'):
            for folder, _, names in os.walk(os.path.join(self.dir, top)):
                found += [os.path.join(folder, name) for name in names]
        found.append(f'{self.dir}/daemon.log')
        return [path for path in found if text.encode() in open(path, 'rb').read()]

    def the_item(self):
        items = self.keyring.items()
        self.assertEqual(len(items), 1, items)
        return items[0]

    def assertInKeyring(self):
        """There, and nowhere else."""
        self.wait_store('secret-service')
        token, slot = self.row()
        self.assertIsNone(token)
        path, _, attributes = self.the_item()
        self.assertEqual(attributes['slot'], slot)
        self.assertEqual(self.files_with(self.keyring.secret(path)), [])

    def assertInFile(self):
        self.wait_store('file')
        token, _ = self.row()
        self.assertTrue(self.files_with(token), 'a search that finds nothing')

    def assertWorks(self):
        self.assertEqual(self.state(), 'signed-in')
        self.sync()

    def times_said(self, text):
        return self.daemon_log().count(text)


class There(KeyringTest):
    def test_from_sign_in_to_sign_out(self):
        self.sign_up_and_in()
        self.assertInKeyring()
        self.assertEqual(self.status('keyring'), 'ok')
        _, label, attributes = self.the_item()
        host = self.sandbox.service_url.split('/')[2]
        self.assertEqual(label, f'customerclient: session of ann at {host}')
        self.assertEqual(attributes['user'], self.client.get('Session', 'UserUid'))
        uid, _ = self.place(wait_usec=15000000)
        first = self.keyring.secret(self.the_item()[0])
        self.restart()
        self.assertWorks()
        self.assertIn(uid, [row[0] for row in self.client.call('Orders', 'ListPending')])
        # A start renews; the new token takes the old one's place.
        harness.poll(lambda: self.keyring.secret(self.the_item()[0]) != first, what='the new token')
        self.assertInKeyring()
        self.assertEqual(self.files_with(first), [])
        told = self.sandbox.count('SignOut')
        self.client.call('Session', 'SignOut', '(b)', (False,))
        harness.poll(lambda: not self.keyring.items(), what='the item to go')
        self.assertEqual(self.sandbox.count('SignOut'), told + 1)
        self.assertIsNone(self.row())
        self.assertEqual(self.times_said(RESTS), 2, 'once in each run')

    def test_not_to_be_kept(self):
        self.sign_up()
        self.sign_in(keep=False)
        self.assertEqual(self.status('token-store'), 'none')
        self.assertEqual(self.keyring.items(), [])

    def test_revoked_later(self):
        """Signed out while the service does not answer: the token rests where it was until it can be revoked."""
        self.sign_up_and_in()
        token = self.keyring.secret(self.the_item()[0])
        self.sandbox.fault('SignOut', 'status:503')
        self.client.call('Session', 'SignOut', '(b)', (True,))
        harness.poll(lambda: self.sandbox.count('SignOut'), what='the first try')
        self.assertEqual(self.files_with(token), [])
        self.the_item()
        self.sandbox.clear_faults()
        told = self.sandbox.count('SignOut')
        self.restart()
        harness.poll(lambda: not self.keyring.items(), what='the item to go')
        self.assertEqual(self.sandbox.count('SignOut'), told + 1)
        self.assertEqual(self.files_with(token), [])

    def test_item_deleted(self):
        self.sign_up_and_in()
        self.keyring.delete(self.the_item()[0])
        self.events.wait_for(lambda s: s.member == 'Event' and s.args[1] == 'session' and s.args[3]['state'] == 'expired')
        with self.assertError('SessionExpired'):
            self.client.call('Daemon', 'Sync')
        self.assertEqual(self.times_said('was removed from the keyring'), 1)
        harness.poll(lambda: self.sandbox.count('SignOut') == 1, what='the service to be told')
        self.sign_in()
        self.assertInKeyring()
        # While nobody looked.
        self.stop()
        self.keyring.delete(self.the_item()[0])
        self.start()
        harness.poll(lambda: self.state() == 'expired', what='the end of the session')
        self.client.call('Orders', 'List', '(a{sv}us)', ({}, 10, ''))

    def test_worlds_and_users_do_not_meet(self):
        self.sign_up_and_in()
        first = self.the_item()
        other = harness.Sandbox(self.dir)
        self.addCleanup(other.kill)
        self.restart(CUSTOMERCLIENT_BASE_URL=other.service_url)
        self.assertEqual(self.state(), 'signed-out')
        here, self.sandbox = self.sandbox, other
        self.sign_up_and_in('ben')
        self.sandbox = here
        self.wait_store('secret-service')
        ben, = [item for item in self.keyring.items() if item[0] != first[0]]
        for attribute in ('service', 'user', 'slot'):
            self.assertNotEqual(ben[2][attribute], first[2][attribute])
        self.restart()
        self.assertWorks()
        self.assertEqual(self.client.get('Session', 'Login'), 'ann')
        self.client.call('Session', 'SignOut', '(b)', (True,))
        harness.poll(lambda: [item[2] for item in self.keyring.items()] == [ben[2]], what='the item of ann to go')

    def test_item_spoiled(self):
        """Whatever somebody wrote into the item does not get into a request."""
        self.expected_log.append('what is kept there is no token')
        self.sign_up_and_in()
        self.stop()
        self.keyring.write(self.the_item()[0], 'x\r\nX-Injected: yes')
        asked = self.sandbox.journal()['lastRequest']
        self.start()
        harness.poll(lambda: self.status('keyring') == 'failing', what='the answer')
        with self.assertError('SessionLocked', 'sign in again'):
            self.client.call('Daemon', 'Sync')
        self.assertEqual(self.sandbox.journal()['lastRequest'], asked)
        self.sign_in()
        self.assertWorks()

    def test_not_wanted(self):
        self.sign_up_and_in()
        self.assertInKeyring()
        self.write_config('[Session]\nKeyring=no\n')
        self.restart()
        self.assertInFile()
        harness.poll(lambda: not self.keyring.items(), what='the item to go')
        self.assertWorks()
        self.assertEqual(self.status('keyring'), 'off')
        self.write_config('')
        self.daemon.signal(1)
        self.assertInKeyring()


class Locked(KeyringTest):
    def test_at_sign_in(self):
        self.keyring.lock()
        self.sign_up_and_in()
        self.assertInFile()
        self.assertEqual(self.status('keyring'), 'locked')
        self.restart()
        self.assertWorks()
        self.assertInFile()
        token, _ = self.row()
        self.keyring.unlock()
        self.assertInKeyring()
        self.assertEqual(self.files_with(token), [])
        self.assertEqual(self.times_said(LOCKED), 2, 'once in each run')
        # Locked again, it is still known here.
        self.keyring.lock()
        self.assertWorks()

    def test_at_start(self):
        self.sign_up_and_in()
        self.sync()
        self.stop()
        self.keyring.lock()
        self.start()
        harness.poll(lambda: self.status('keyring') == 'locked', what='the answer of the keyring')
        # Reading goes on; what acts says what to do; nobody is asked for a password.
        self.assertEqual(self.state(), 'signed-in')
        self.assertEqual(self.client.call('Orders', 'List', '(a{sv}us)', ({}, 10, ''))[0], [])
        self.assertGreater(len(self.client.call('Catalog', 'ListProducts', '(tus)', (0, 10, ''))[0]), 5)
        for _ in range(3):
            with self.assertError('SessionLocked', 'unlock it'):
                self.client.call('Daemon', 'Sync')
        done = self.cli('sync')
        self.assertEqual((done.returncode, 'unlock it' in done.stderr), (4, True), done.stderr)
        self.assertIn('locked', self.cli('status').stdout)
        said = self.cli('doctor').stdout
        self.assertRegex(said, r'(?m)^ok +service ')
        self.assertRegex(said, r'(?m)^wrong +keyring +it is locked; the token is in it')
        self.assertEqual(self.times_said(LOCKED), 1)
        asked = self.times_said('The keyring was asked')
        harness.let_pass(1.5)
        self.assertLessEqual(self.times_said('The keyring was asked'), asked, 'nothing polls')
        self.keyring.unlock()
        harness.poll(lambda: self.client.get('Daemon', 'PushState') == 'server-sent-events', what='the session to go on')
        self.assertWorks()
        self.assertInKeyring()

    def test_sign_in_again(self):
        """Who does not want to unlock it signs in again; the old session ends when it can."""
        self.sign_up_and_in()
        self.stop()
        self.keyring.lock()
        self.start()
        harness.poll(lambda: self.status('keyring') == 'locked', what='the answer of the keyring')
        done = self.cli('sign-in', 'ann', stdin=harness.PASSWORD)
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        self.assertInFile()
        self.assertWorks()
        self.assertEqual(len(self.keyring.items()), 1)
        done = self.cli('sign-in', 'ann', stdin=harness.PASSWORD)
        self.assertEqual(done.returncode, 8, done.stderr)
        old = self.the_item()[0]
        self.keyring.unlock()
        self.wait_store('secret-service')
        harness.poll(lambda: len(self.keyring.items()) == 1 and self.the_item()[0] != old, what='the old item to go')
        self.assertEqual(self.sandbox.count('SignOut'), 1)
        self.assertInKeyring()

    def test_signed_out_while_locked(self):
        self.sign_up_and_in()
        self.keyring.lock()
        self.client.call('Session', 'SignOut', '(b)', (True,))
        harness.poll(lambda: self.sandbox.count('SignOut') == 1, what='the revocation')
        self.the_item()
        self.keyring.unlock()
        harness.poll(lambda: not self.keyring.items(), what='the item to go')


class Late(KeyringTest):
    keyring_at_start = False
    config = '[Session]\nKeyringSec=1\n'

    def test_found_late(self):
        began = time.monotonic()
        self.sign_up_and_in()
        self.assertInFile()
        self.assertLess(time.monotonic() - began, 3 * harness.TIME_FACTOR)
        self.assertEqual(self.status('keyring'), 'absent')
        self.assertEqual(self.times_said('eyring'), 0, 'a desktop without one is no trouble')
        token, _ = self.row()
        self.keyring.start()
        self.assertInKeyring()
        self.assertEqual(self.files_with(token), [])

    def test_gone(self):
        self.keyring.start()
        self.sign_up_and_in()
        self.assertInKeyring()
        self.stop()
        self.keyring.stop()
        self.expected_log.append('did not come within 1 s')
        self.start()
        with self.assertError('SessionLocked', 'is not there', 'sign in again'):
            self.client.call('Daemon', 'Sync')
        self.events.wait_for(lambda s: s.member == 'Event' and s.args[1] == 'session' and s.args[3]['state'] == 'expired')
        with self.assertError('SessionExpired', 'is not there'):
            self.client.call('Daemon', 'Sync')
        self.assertEqual((self.state(), self.status('token-store'), self.status('keyring')), ('expired', 'none', 'absent'))
        self.client.call('Orders', 'List', '(a{sv}us)', ({}, 10, ''))
        self.assertEqual((self.times_said('There is no keyring'), self.times_said('did not come')), (1, 1))
        # It came back after all.
        since = len(self.events.signals)
        self.keyring.start()
        self.events.wait_for(lambda s: s.member == 'Event' and s.args[1] == 'session' and s.args[3]['state'] == 'signed-in',
                             since=since)
        self.assertEqual(self.state(), 'signed-in')
        self.assertWorks()
        self.wait_store('secret-service')
        # Gone for good: signed in again, and moved when there is another one.
        self.stop()
        self.keyring.stop()
        os.rename(f'{self.dir}/data', f'{self.dir}/data.lost')
        self.start()
        harness.poll(lambda: self.state() == 'expired', what='the end of the session')
        self.sign_in()
        self.assertInFile()
        self.assertWorks()
        self.keyring.start()
        self.assertInKeyring()

    def test_without_a_collection(self):
        """A keyring into which nobody has ever logged in: nobody is asked to make up a password for it."""
        self.keyring.start(unlocked=False)
        self.sign_up_and_in()
        self.assertInFile()
        self.assertEqual(self.status('keyring'), 'absent')
        self.assertEqual(self.keyring.call(keyring.PATH, keyring.SERVICE, 'ReadAlias',
                                           harness.GLib.Variant('(s)', ('default',))), ('/',))
        with open(f'{self.dir}/bus.log', encoding='utf-8') as f:
            self.assertNotIn('Prompter', f.read())

    def test_gone_while_running(self):
        self.keyring.start()
        self.sign_up_and_in()
        self.keyring.stop()
        self.assertWorks()
        harness.poll(lambda: self.status('keyring') == 'absent', what='the loss to be seen')
        self.keyring.start()
        harness.poll(lambda: self.status('keyring') == 'ok', what='the return to be seen')
        self.assertInKeyring()


class Odd(KeyringTest):
    keyring_at_start = False

    def helper(self):
        """The process that speaks with the keyring."""
        with open(f'/proc/{self.daemon.pid}/task/{self.daemon.pid}/children', encoding='ascii') as f:
            children = f.read().split()
        return children[0] if children else None

    def read_proc(self, pid, name):
        with open(f'/proc/{pid}/{name}', 'rb') as f:
            return f.read()

    def test_hangs_at_sign_in(self):
        """A limit of time, and then state.db; the daemon answers all the while; the process that waits tells nothing."""
        self.expected_log.append('does not work')
        odd = keyring.Odd(self, 'hang')
        self.sign_up()
        r, w = os.pipe()
        os.write(w, harness.PASSWORD.encode())
        os.close(w)
        began = time.monotonic()
        call = self.client.call_async('Session', 'SignIn', '(shb)', ('ann', 0, True), fds=[r], timeout=60)
        os.close(r)
        pid = harness.poll(self.helper, what='the helper')
        harness.poll(lambda: odd.calls, what='its call')
        self.assertRegex(self.read_proc(pid, 'limits').decode(), r'Max core file size +0 +0 ')
        files = [os.readlink(f'/proc/{pid}/fd/{fd}') for fd in os.listdir(f'/proc/{pid}/fd')]
        self.assertEqual([f for f in files if '.db' in f], [])
        self.assertEqual(len([f for f in files if f.startswith('socket:')]), 2, 'its own, and the bus')
        said = self.read_proc(pid, 'cmdline') + self.read_proc(pid, 'environ')
        slowest = 0
        while not call.done:
            asked = time.monotonic()
            self.client.call('Daemon', 'GetStatus')
            slowest = max(slowest, time.monotonic() - asked)
            harness.let_pass(0.1)
        call.wait(1)
        self.assertLess(slowest, 1 * harness.TIME_FACTOR)
        self.assertLess(time.monotonic() - began, 8 * harness.TIME_FACTOR)
        self.assertEqual(self.status('keyring'), 'failing')
        self.assertInFile()
        self.assertNotIn(self.row()[0].encode(), said)
        self.assertIn(b'HOME=', said)
        harness.poll(lambda: not self.helper(), what='the end of the helper')
        # Known to hang: nobody waits for it again.
        self.client.call('Session', 'SignOut', '(b)', (False,))
        began = time.monotonic()
        self.sign_in()
        self.assertLess(time.monotonic() - began, 3 * harness.TIME_FACTOR)
        self.assertInFile()
        self.assertEqual(self.times_said('does not work'), 1)
        odd.close()
        self.keyring.start()
        self.assertInKeyring()

    def test_hangs_at_start(self):
        self.expected_log.append('does not work')
        self.keyring.start()
        self.sign_up_and_in()
        self.stop()
        self.keyring.stop()
        odd = keyring.Odd(self, 'hang')
        # It does not keep us from ending either.
        self.start()
        harness.poll(self.helper, what='the helper')
        began = time.monotonic()
        self.stop()
        self.assertLess(time.monotonic() - began, 2 * harness.TIME_FACTOR)
        self.start()
        began = time.monotonic()
        call = self.client.call_async('Daemon', 'Sync', timeout=60)
        file = self.client.call_async('Files', 'Download', '(ss)', ('6f1c2f0e-0000-4000-8000-000000000001', ''),
                                      timeout=60)
        self.assertEqual(self.state(), 'signed-in')
        self.client.call('Orders', 'List', '(a{sv}us)', ({}, 10, ''))
        self.assertLess(time.monotonic() - began, 1 * harness.TIME_FACTOR)
        with self.assertError('SessionLocked', 'does not answer'):
            call.wait(20)
        with self.assertError('SessionLocked', 'nothing was sent'):
            file.wait(20)
        odd.close()
        self.keyring.start()
        harness.poll(lambda: self.status('keyring') == 'ok', what='the keyring')
        self.assertWorks()
        self.assertEqual(self.times_said('does not work'), 1)

    def test_plain_only(self):
        self.expected_log.append('in the clear')
        odd = keyring.Odd(self, 'plain')
        self.sign_up_and_in()
        self.assertInFile()
        self.assertEqual(self.status('keyring'), 'plain')
        self.assertEqual(odd.calls, ['OpenSession dh-ietf1024-sha256-aes128-cbc-pkcs7', 'OpenSession plain'])
        self.assertEqual(self.times_said('in the clear'), 1)

    def test_wants_to_prompt(self):
        """Nobody is asked for a password because of us."""
        # libsecret gives its prompt up in the context of a loop that is over.
        self.expected_log += ['LeakSanitizer: detected', r'AddressSanitizer: 16 byte\(s\) leaked']
        odd = keyring.Odd(self, 'prompt')
        self.sign_up_and_in()
        self.assertInFile()
        self.assertEqual(self.status('keyring'), 'locked')
        self.assertIn('CreateItem', odd.calls)
        self.assertNotIn('Prompt', odd.calls)


class Killed(KeyringTest):
    def test_at_any_moment(self):
        """kill -9 while the token is stored, moved, renewed: who was told to be signed in, is; and no item is left over."""
        self.sign_up_and_in()
        seed = random.randrange(1 << 32)
        chance = random.Random(seed)
        for i in range(int(os.environ.get('TEST_KEYRING_KILLS', '8'))):
            with self.subTest(seed=seed, i=i):
                if chance.random() < 0.5:
                    self.keyring.lock()
                if chance.random() < 0.3:
                    self.client.call('Session', 'SignOut', '(b)', (False,))
                    self.sign_in()
                elif chance.random() < 0.5:
                    self.daemon.kill()
                    self.start()
                self.keyring.unlock()
                harness.let_pass(chance.random() * 0.15)
                self.daemon.kill()
                self.start()
                harness.poll(lambda: self.status('keyring') == 'ok', what='the keyring')
                self.assertWorks()
        self.wait_store('secret-service')
        harness.poll(lambda: len(self.keyring.items()) == 1, what='the leftovers to go')
        self.assertInKeyring()


if __name__ == '__main__':
    unittest.main(verbosity=2)
