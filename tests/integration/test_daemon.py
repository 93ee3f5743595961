"""The daemon as a process: how it starts, why it refuses to, what it tells systemd, reload, stop, and that a password is
in no recording of the bus and in no log."""

import os
import re
import signal
import socket
import subprocess
import sys

from gi.repository import GLib

import harness

NOWHERE = 'http://127.0.0.1:9'


class NotifySocket:
    """What sd_notify() is told."""

    def __init__(self, folder):
        self.path = os.path.join(folder, 'notify')
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self.socket.bind(self.path)
        self.lines = []

    def read(self):
        while True:
            try:
                self.lines += self.socket.recv(4096).decode().splitlines()
            except BlockingIOError:
                return self.lines

    def wait_for(self, line, count=1):
        harness.poll(lambda: self.read().count(line) >= count, what=f'{line} ({count})', every=0.02)

    def status(self):
        return next((l.removeprefix('STATUS=') for l in reversed(self.read()) if l.startswith('STATUS=')), None)


class Refusals(harness.TestCase):
    """Every start that cannot succeed ends at once, with a sentence in the log and in the unit's status."""

    start_daemon = False
    start_sandbox = False

    def setUp(self):
        super().setUp()
        self.notify = NotifySocket(self.dir)
        self.addCleanup(self.notify.socket.close)

    def refuse(self, status, *words, wrapper=(), **env):
        env.setdefault('CUSTOMERCLIENT_BASE_URL', NOWHERE)
        environment = self.environment(NOTIFY_SOCKET=self.notify.path, **env)
        result = subprocess.run([*wrapper, harness.binary('customerclientd')], env=environment, capture_output=True,
                                text=True, timeout=harness.TIMEOUT, check=False)
        self.assertEqual(result.returncode, status, result.stderr)
        said = self.notify.status()
        for word in words:
            self.assertIn(word, result.stderr)
            self.assertIn(word, said)
        self.assertNotIn('READY=1', self.notify.read())
        return result.stderr

    def files(self, folder):
        return [os.path.join(d, f) for d, _, files in os.walk(os.path.join(self.dir, folder)) for f in files]

    def test_no_base_url(self):
        path = f'{self.dir}/config/customerclient/customerclientd.conf'
        self.refuse(78, path, 'BaseUrl=', '[Services]', CUSTOMERCLIENT_BASE_URL=None)
        self.assertEqual(self.files('state') + self.files('cache'), [])

    def test_bad_configuration(self):
        for text, words in (('[Services]\nBaseUrl=ftp://x\n', ('customerclientd.conf:2', 'BaseUrl', 'https')),
                            ('[Sync]\n\nIdleSec=soon\n', ('customerclientd.conf:3', 'IdleSec', 'soon')),
                            ('[Push]\nEnable=perhaps\n', ('customerclientd.conf:2', 'Enable', 'perhaps'))):
            with self.subTest(text):
                self.write_config(text)
                self.refuse(78, *words)
        self.write_config('')
        self.refuse(78, 'CUSTOMERCLIENT_LOG_LEVEL', 'loud', CUSTOMERCLIENT_LOG_LEVEL='loud')
        self.assertEqual(self.files('state') + self.files('cache'), [])

    def test_every_key_is_documented(self):
        """docs/configuration.md against the table in the source, and every line of it against the daemon."""
        with open(os.path.join(harness.SOURCE_DIR, 'docs', 'configuration.md'), encoding='utf-8') as f:
            rows = re.findall(r'^\| `(\w+)` \| `(\w+)` \| (?:`([^`]*)`)? ?\|', f.read(), re.MULTILINE)
        with open(os.path.join(harness.SOURCE_DIR, 'daemon', 'base', 'config.c'), encoding='utf-8') as f:
            table = re.search(r'settings\[\] = \{\n(.*?)\n\};', f.read(), re.DOTALL).group(1)
        keys = [('Services', key, '') for key in re.findall(r'URL\("(\w+)"', table)]
        keys += re.findall(r'[({]\s*"(\w+)", "(\w+)", "([^"]*)"', table)
        self.assertEqual(sorted(rows), sorted(keys))
        self.assertGreater(len(rows), 15)
        with open(os.path.join(harness.SOURCE_DIR, 'docs', 'man', 'customerclientd.conf.5'), encoding='utf-8') as f:
            self.assertEqual(sorted(re.findall(r'^\.BR (\w+)=', f.read(), re.MULTILINE)), sorted(key for _, key, _ in rows))
        self.write_config('\n'.join(f'[{section}]\n{key}={value}' for section, key, value in rows) + '\n[Sync]\nIdleSec=0\n')
        said = self.refuse(78, "IdleSec='0'")
        self.assertNotIn('unknown', said)

    def test_no_session_bus(self):
        self.refuse(1, 'session bus', DBUS_SESSION_BUS_ADDRESS=f'unix:path={self.dir}/nowhere')
        self.refuse(1, 'session bus', DBUS_SESSION_BUS_ADDRESS=None)
        self.assertEqual(self.files('state') + self.files('cache'), [])

    def test_second_daemon(self):
        self.start(CUSTOMERCLIENT_BASE_URL=NOWHERE)
        self.refuse(1, 'running already', str(self.daemon.pid))
        self.assertEqual(self.client.call('Daemon', 'GetStatus')['state-db'], 'ok')

    def test_state_folder_cannot_be_made(self):
        with open(f'{self.dir}/file', 'w', encoding='utf-8'):
            pass
        said = self.refuse(1, f'{self.dir}/file', XDG_STATE_HOME=f'{self.dir}/file')
        self.assertEqual(len([l for l in said.splitlines() if l.startswith('error:')]), 1, said)

    def test_disk_full(self):
        """On a file system of 8 KiB."""
        os.mkdir(f'{self.dir}/small')
        script = f'mount -t tmpfs -o size=8k,mode=700 tmpfs {self.dir}/small && exec "$@"'
        unshare = ['unshare', '--mount'] if os.geteuid() == 0 else ['unshare', '--mount', '--user', '--map-current-user',
                                                                    '--keep-caps']
        self.refuse(1, 'state.db', wrapper=[*unshare, 'sh', '-c', script, 'sh'], XDG_STATE_HOME=f'{self.dir}/small')

    def test_options(self):
        def run(*arguments):
            return subprocess.run([harness.binary('customerclientd'), *arguments], capture_output=True, text=True,
                                  check=False, timeout=harness.TIMEOUT, env=self.environment())
        result = run('--help')
        self.assertEqual((result.returncode, result.stderr), (0, ''))
        self.assertIn(harness.NAME, result.stdout)
        self.assertRegex(run('--version').stdout, r'^customerclientd \d+\.\d+\.\d+\n$')
        for arguments in (('--frobnicate',), ('now',)):
            result = run(*arguments)
            self.assertEqual((result.returncode, result.stdout), (2, ''))
            self.assertIn(arguments[0].lstrip('-'), result.stderr)


class Service(harness.TestCase):
    """What systemd sees."""

    start_daemon = False

    def setUp(self):
        super().setUp()
        self.notify = NotifySocket(self.dir)
        self.addCleanup(self.notify.socket.close)

    def test_ready_and_stop(self):
        self.start(NOTIFY_SOCKET=self.notify.path)
        self.notify.wait_for('READY=1')
        self.stop()
        self.notify.wait_for('STOPPING=1')

    def test_ready_without_network(self):
        """The name is owned and reads are answered when nothing answers on the network."""
        self.start(NOTIFY_SOCKET=self.notify.path, CUSTOMERCLIENT_BASE_URL=NOWHERE)
        self.notify.wait_for('READY=1')
        self.assertFalse(self.client.get('Daemon', 'Online'))

    def test_watchdog(self):
        self.start(NOTIFY_SOCKET=self.notify.path, WATCHDOG_USEC='300000')
        self.notify.wait_for('WATCHDOG=1', 3)

    def test_stop_while_an_order_is_placed(self):
        """The order is durable: who waits for it gets its state, not a failure, and it is made at the next start."""
        self.start()
        self.sign_up_and_in()
        product = next(p[0] for p in self.products() if p[6])
        self.sandbox.fault('/CustomerBackend/MakeOrderRequest', 'stall', count=1)
        items = {'items': GLib.Variant('a(tu)', [(product, 1)]), 'address': GLib.Variant('s', '12 Long Street'),
                 'city': GLib.Variant('s', 'Springfield')}
        call = self.client.call_async('Orders', 'Place', '(a{sv})', (items,))
        harness.poll(lambda: self.sandbox.count('MakeOrderRequest') == 1, what='the request')
        self.daemon.signal(signal.SIGTERM)
        uid, status = call.wait()
        self.assertEqual(status, 'submitting')
        self.assertEqual(self.daemon.wait(), 0)
        self.start()
        self.wait_for_status(uid, 'requested')
        self.assertEqual(len(self.sandbox.journal_orders()), 1)

    def test_stop_by_interrupt(self):
        self.start()
        self.daemon.signal(signal.SIGINT)
        self.assertEqual(self.daemon.wait(), 0)

    def test_reload(self):
        self.write_config('[Daemon]\nLogLevel=error\n')
        self.start(NOTIFY_SOCKET=self.notify.path)
        self.notify.wait_for('READY=1')
        self.write_config('[Daemon]\nLogLevel=debug\n[Sync]\nIdleSec=600\n')
        self.daemon.signal(signal.SIGHUP)
        self.notify.wait_for('READY=1', 2)
        self.assertIn('RELOADING=1', self.notify.read())
        self.sign_up_and_in()
        self.assertIn('debug: ', self.daemon_log())

    def test_reload_of_a_wrong_configuration(self):
        self.expected_log.append('IdleSec')
        self.write_config('[Daemon]\nLogLevel=debug\n')
        self.start(NOTIFY_SOCKET=self.notify.path)
        self.notify.wait_for('READY=1')
        self.write_config('[Daemon]\nLogLevel=error\n[Sync]\nIdleSec=soon\n')
        self.daemon.signal(signal.SIGHUP)
        self.notify.wait_for('READY=1', 2)
        self.assertRegex(self.daemon_log(), r'error: .*customerclientd\.conf:4.*IdleSec.*keeping')
        self.sign_up_and_in()
        self.assertIn('debug: ', self.daemon_log())

    def test_reload_of_another_service(self):
        self.expected_log.append('next start')
        self.write_config(f'[Services]\nBaseUrl={self.sandbox.url}\n')
        self.start(NOTIFY_SOCKET=self.notify.path, CUSTOMERCLIENT_BASE_URL=None)
        self.notify.wait_for('READY=1')
        self.sign_up_and_in()
        self.write_config(f'[Services]\nBaseUrl={NOWHERE}\n')
        self.daemon.signal(signal.SIGHUP)
        self.notify.wait_for('READY=1', 2)
        self.sync()

    def test_bus_goes_away(self):
        """The daemon ends by itself, in order, and says why."""
        self.expected_log.append('session bus is gone')
        self.start()
        self.sign_up_and_in()
        self.bus.process.kill()
        self.assertEqual(self.daemon.wait(), 1)
        self.assertIn('The session bus is gone', self.daemon_log())
        self.bus.stop = lambda: None
        self.client.close = lambda: None


class Secrets(harness.TestCase):
    daemon_env = {'CUSTOMERCLIENT_LOG_LEVEL': 'debug'}
    PASSWORD = 'sesame-4c1f2a'
    NEW = 'sesame-new-99b1'

    def test_no_password_on_the_bus_or_in_the_log(self):
        recording = os.path.join(self.dir, 'monitor')
        monitor = harness.Process('dbus-monitor', ['dbus-monitor', '--address', self.bus.address], recording,
                                  env=self.environment())
        self.addCleanup(monitor.kill)
        harness.poll(lambda: 'member=NameAcquired' in monitor.output() or 'NameLost' in monitor.output(),
                     what='the monitor')
        self.sign_up('ann', password=self.PASSWORD)
        self.sign_in('ann', self.PASSWORD)
        self.place()
        self.client.call_secret('Account', 'ChangePassword', '(hh)', (0, 1), self.PASSWORD, self.NEW)
        self.client.call('Session', 'SignOut', '(b)', (False,))
        with self.assertError('InvalidCredentials'):
            self.sign_in('ann', self.PASSWORD)
        self.sign_in('ann', self.NEW)
        harness.poll(lambda: monitor.output().count('member=SignIn') >= 3, what='the whole recording')
        self.stop()
        places = {'the bus': monitor.output(), 'the log': self.daemon_log()}
        for folder, _, files in os.walk(self.dir):
            for name in files:
                path = os.path.join(folder, name)
                if name not in ('monitor', 'daemon.log') and os.path.isfile(path):
                    with open(path, 'rb') as f:
                        places[name] = f.read().decode('latin-1')
        self.assertIn('state.db', places)
        for where, text in places.items():
            for secret in (self.PASSWORD, self.NEW):
                self.assertNotIn(secret, text, f'a password is in {where}')
        # The token rests in state.db alone.
        self.assertIsNone(re.search(r'[Bb]earer', places['the log'] + places['the bus']))


if __name__ == '__main__':
    sys.exit(harness.main())
