"""docs/examples: the programs that show how others use the daemon do what they say."""

import os
import pty
import re
import subprocess
import unittest

import harness

EXAMPLES = os.path.join(harness.SOURCE_DIR, 'docs', 'examples')


class StatusBar(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.lines = []

    def start_bar(self):
        r, w = os.pipe()
        bar = harness.Process('statusbar.py', [os.path.join(EXAMPLES, 'statusbar.py')],
                              os.path.join(self.dir, 'bar.log'), env=self.environment(), stdout=w)
        os.close(w)
        self.addCleanup(bar.kill)
        buffer = bytearray()

        def ready(*_):
            buffer.extend(os.read(r, 4096))
            while b'\n' in buffer:
                one, _, rest = bytes(buffer).partition(b'\n')
                buffer[:] = rest
                self.lines.append(one.decode())
            return harness.GLib.SOURCE_CONTINUE
        watch = harness.GLib.unix_fd_add_full(harness.GLib.PRIORITY_DEFAULT, r, harness.GLib.IOCondition.IN, ready)
        self.addCleanup(os.close, r)
        self.addCleanup(harness.GLib.source_remove, watch)
        return bar

    def wait_for_line(self, pattern, since=0):
        try:
            harness.iterate(lambda: any(re.fullmatch(pattern, one) for one in self.lines[since:]), what=pattern)
        except AssertionError as e:
            raise AssertionError(f'{e}; lines: {self.lines}') from None

    def test_follows_an_order_over_restarts_of_the_daemon(self):
        self.sign_up_and_in()
        bar = self.start_bar()
        self.wait_for_line('')
        uid, _ = self.place()
        number = re.escape(self.client.call('Orders', 'Get', '(s)', (uid,))['number'])
        self.wait_for_line(rf'{number} ordered(, \d+ min)?')
        self.sandbox.advance(uid, 'In the process of cooking')
        self.wait_for_line(rf'{number} being cooked(, \d+ min)?')

        since = len(self.lines)
        self.stop()
        self.wait_for_line('no daemon', since)
        self.start()
        self.wait_for_line(rf'{number} being cooked(, \d+ min)?', since)

        second, _ = self.place()
        self.wait_for_line(r'.+ \(\+1\)', since)
        since = len(self.lines)
        for one in (uid, second):
            for status in ('Ready to deliver', 'In delivery', 'Delivered'):
                self.sandbox.advance(one, status)
        self.wait_for_line('', since)
        self.assertTrue(bar.running(), bar.output())
        self.assertEqual(bar.output(), '')
        for first, next_one in zip(self.lines, self.lines[1:]):
            self.assertNotEqual(first, next_one, 'a line is printed only when it changed')

    def test_starts_without_a_daemon(self):
        self.stop()
        bar = self.start_bar()
        self.wait_for_line('no daemon')
        self.assertIsNone(self.client.owner(), 'a status bar is no reason to start the daemon')
        self.start()
        self.wait_for_line('')
        self.assertEqual(bar.output(), '')


class SignIn(harness.TestCase):
    def run_example(self, *arguments, stdin=''):
        return subprocess.run([os.path.join(EXAMPLES, 'sign-in-gdbus.sh'), *arguments], input=stdin, text=True,
                              capture_output=True, timeout=harness.TIMEOUT, env=self.environment(), check=False)

    def assertSignedIn(self, done):
        self.assertEqual((done.returncode, done.stdout), (0, "(<'signed-in'>,)\n"), done.stderr)
        self.assertEqual(self.client.get('Session', 'Login'), 'ann')
        self.client.call('Session', 'SignOut', '(b)', (False,))

    def test_password_from_a_file(self):
        self.sign_up()
        for end in ('', '\n'):
            path = os.path.join(self.dir, 'password')
            with open(path, 'w', encoding='utf-8') as f:
                f.write(harness.PASSWORD + end)
            self.assertSignedIn(self.run_example('ann', path))

    def test_password_from_a_pipe(self):
        self.sign_up()
        for end in ('', '\n'):
            self.assertSignedIn(self.run_example('ann', stdin=harness.PASSWORD + end))

    def test_password_on_a_terminal_is_not_shown(self):
        self.sign_up()
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        with subprocess.Popen([os.path.join(EXAMPLES, 'sign-in-gdbus.sh'), 'ann'], stdin=slave, stdout=subprocess.PIPE,
                              stderr=slave, text=True, env=self.environment()) as child:
            os.close(slave)
            shown = b''
            while b': ' not in shown:
                shown += os.read(master, 1024)
            os.write(master, harness.PASSWORD.encode() + b'\n')
            out, _ = child.communicate(timeout=harness.TIMEOUT)
        try:
            shown += os.read(master, 1024)
        except OSError:
            pass  # the other end is closed, and nothing more was shown
        self.assertSignedIn(subprocess.CompletedProcess(child.args, child.returncode, out, shown.decode()))
        self.assertNotIn(harness.PASSWORD, shown.decode())

    def test_wrong_password(self):
        self.sign_up()
        done = self.run_example('ann', stdin='wrong password\n')
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(harness.ERROR + 'InvalidCredentials', done.stderr)
        self.assertEqual(self.client.get('Session', 'State'), 'signed-out')

    def test_usage(self):
        done = self.run_example()
        self.assertEqual((done.returncode, done.stdout), (2, ''))
        self.assertIn('usage: sign-in-gdbus.sh LOGIN', done.stderr)


if __name__ == '__main__':
    unittest.main()
