#!/usr/bin/python3
"""The user units under a real systemd user manager, as root and as an ordinary user: activation by name, readiness,
the watchdog, what is restarted and what is not, the sandbox of the units, log-out and log-in.

Needs root, since it starts managers: tests/integration/with-user-manager. The tests proper (Inside) run below it."""

import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE)

import desktop  # noqa: E402
import harness  # noqa: E402
import keyring  # noqa: E402
from harness import Gio, GLib, iterate  # noqa: E402

DAEMON = 'customerclientd.service'
NOTIFIER = 'customerclient-notifier.service'
# Below a manager, whose home is one to be thrown away.
INSIDE = '--inside' in sys.argv and 'USER_MANAGER_CONTROL' in os.environ
PROGRAMS = ('customerclientd', 'customerclient', 'customerclient-notifier', 'customerclient-keyring',
            'customerclient-sandbox')

# The user manager of a machine whose PID 1 is not systemd may not remount /proc and may not unshare IPC; on all others
# these three work as shipped.
LIFTED = 'ProtectKernelTunables=no\nProtectKernelLogs=no\nPrivateIPC=no\n'


class WithUserManager(unittest.TestCase):
    """Runs all of Inside below a manager."""

    def run_inside(self, *options):
        if os.geteuid() != 0:
            self.skipTest('starting a user manager needs root')
        # Neither in /tmp, which the units have for themselves, nor where an ordinary user may not read.
        folder = tempfile.mkdtemp(prefix='um-test.', dir='/home')
        self.addCleanup(shutil.rmtree, folder)
        os.chmod(folder, 0o755)
        for program in PROGRAMS:
            shutil.copy(harness.binary(program), folder)
        for part in ('systemd', 'docs', 'dbus', 'tests/integration'):
            shutil.copytree(os.path.join(harness.SOURCE_DIR, part), os.path.join(folder, part),
                            ignore=shutil.ignore_patterns('__pycache__'))
        subprocess.run(['chmod', '-R', 'a+rX', folder], check=True)
        # The variables that name binaries elsewhere would win over the copies.
        env = {k: v for k, v in os.environ.items() if not k.startswith('CUSTOMERCLIENT') and k != 'TMPDIR'}
        done = subprocess.run([os.path.join(HERE, 'with-user-manager'), *options, sys.executable, '-B',
                               os.path.join(folder, 'tests', 'integration', 'test_systemd.py'), '--inside'],
                              env=dict(env, BUILD_DIR=folder, PYTHONDONTWRITEBYTECODE='1'), check=False,
                              timeout=300 * harness.TIME_FACTOR)
        self.assertEqual(done.returncode, 0)

    def test_as_root(self):
        self.run_inside()

    def test_as_an_ordinary_user(self):
        self.run_inside('-u', 'nobody')


def load_tests(loader, _standard_tests, _pattern):
    return loader.loadTestsFromTestCase(Inside if INSIDE else WithUserManager)


def systemctl(*arguments, check=True):
    return subprocess.run(['systemctl', '--user', '--no-pager', *arguments], check=check, capture_output=True, text=True,
                          timeout=60)


def show(unit, name):
    return systemctl('show', '--value', f'--property={name}', unit).stdout.strip()


class UserBus:
    """The bus of the manager, as harness.Client and desktop.Server want one."""

    address = os.environ.get('DBUS_SESSION_BUS_ADDRESS')
    connect = harness.Bus.connect


class Inside(unittest.TestCase):
    """Below the manager. The units are those of the tree, with the path of the programs put in."""

    folder = os.environ.get('BUILD_DIR', '')
    home = os.environ.get('HOME', '')
    unit_folder = os.path.join(os.environ.get('XDG_CONFIG_HOME', ''), 'systemd', 'user')

    def setUp(self):
        if not INSIDE:
            self.skipTest('only below with-user-manager')
        self.clean()
        self.addCleanup(self.clean)
        for name in (DAEMON, NOTIFIER):
            self.install_unit(name)
            self.drop_in(name, 'no-systemd-as-pid-1', LIFTED)
            self.drop_in(name, 'log', f'StandardOutput=append:%h/{name}.log\nStandardError=append:%h/{name}.log\n')
        services = os.path.join(os.environ['XDG_DATA_HOME'], 'dbus-1', 'services')
        os.makedirs(services, exist_ok=True)
        self.write(os.path.join(services, f'{harness.NAME}.service'), self.source(f'{harness.NAME}.service'))
        # As the target of a desktop's session does.
        self.write(os.path.join(self.unit_folder, 'test-session.target'),
                   '[Unit]\nBindsTo=graphical-session.target\nBefore=graphical-session.target\n')
        systemctl('daemon-reload')
        self.log_folder = tempfile.mkdtemp(dir=self.home)
        self.sandbox = harness.Sandbox(self.log_folder)
        self.addCleanup(lambda: self.sandbox.kill())
        self.sandbox.clock(0)
        self.configure(f'[Services]\nBaseUrl={self.sandbox.url}\n')
        self.client = None
        self.connect()

    def clean(self):
        systemctl('disable', DAEMON, NOTIFIER, check=False)
        systemctl('stop', 'test-session.target', 'graphical-session.target', NOTIFIER, DAEMON, check=False)
        systemctl('reset-failed', check=False)
        failed = not self.passed()
        for name in (DAEMON, NOTIFIER):
            log = f'{self.home}/{name}.log'
            if failed and os.path.exists(log):
                with open(log, encoding='utf-8', errors='replace') as f:
                    sys.stderr.write(f'--- {name}\n{f.read()}---\n')
        for path in ('.local/state/customerclient', '.local/state/customerclient-notifier', '.cache/customerclient',
                     '.config/customerclient', f'{DAEMON}.log', f'{NOTIFIER}.log', '.config/systemd/user'):
            path = os.path.join(self.home, path)
            if os.path.isdir(path):
                shutil.rmtree(path)
            elif os.path.exists(path):
                os.unlink(path)

    passed = harness.TestCase._passed

    @staticmethod
    def write(path, text):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'w', encoding='utf-8') as f:
            f.write(text)

    def source(self, name):
        with open(os.path.join(harness.SOURCE_DIR, 'systemd', f'{name}.in'), encoding='utf-8') as f:
            return f.read().replace('@bindir@', self.folder)

    def install_unit(self, name):
        self.write(os.path.join(self.unit_folder, name), self.source(name))

    def drop_in(self, unit, name, text):
        self.write(os.path.join(self.unit_folder, f'{unit}.d', f'{name}.conf'), '[Service]\n' + text)
        systemctl('daemon-reload')

    def configure(self, text):
        self.write(f'{self.home}/.config/customerclient/customerclientd.conf', text)

    def connect(self):
        if self.client:
            self.client.close()
        self.client = harness.Client(UserBus())
        self.addCleanup(self.client.close)
        self.events = harness.Recorder(self.client)

    def until(self, predicate, what):
        tick = GLib.timeout_add(100, lambda: GLib.SOURCE_CONTINUE)
        try:
            return iterate(predicate, 30 * harness.TIME_FACTOR, what)
        finally:
            GLib.source_remove(tick)

    # what a person does, as in the harness
    sign_up = harness.TestCase.sign_up
    sign_in = harness.TestCase.sign_in
    sign_up_and_in = harness.TestCase.sign_up_and_in
    products = harness.TestCase.products
    place = harness.TestCase.place
    sync = harness.TestCase.sync

    def start_daemon(self):
        systemctl('start', DAEMON)

    def start_session(self):
        systemctl('enable', DAEMON, NOTIFIER)
        systemctl('start', 'default.target', 'test-session.target')

    def test_activation_by_name(self):
        self.assertEqual(show(DAEMON, 'ActiveState'), 'inactive')
        self.client.connection.call_sync(harness.NAME, harness.PATH, harness.NAME + '.Daemon', 'GetStatus', None,
                                         None, Gio.DBusCallFlags.NONE, 20000, None)
        self.assertEqual(show(DAEMON, 'ActiveState'), 'active')
        pid = self.client.connection.call_sync(
            'org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus', 'GetConnectionUnixProcessID',
            GLib.Variant('(s)', (harness.NAME,)), None, Gio.DBusCallFlags.NONE, 5000, None).unpack()[0]
        self.assertEqual(show(DAEMON, 'MainPID'), str(pid), 'it is the unit that has the name')

    def cli(self, *arguments):
        return subprocess.run([os.path.join(self.folder, 'customerclient'), *arguments], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60, check=False)

    def test_cli_starts_the_unit(self):
        self.assertEqual(show(DAEMON, 'ActiveState'), 'inactive')
        done = self.cli('status')
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        self.assertEqual(show(DAEMON, 'ActiveState'), 'active')

    def test_cli_gives_the_reason_of_the_unit(self):
        """At once, where activation by name would hang until the call's time is over."""
        for config, reason in (('[Sync]\nPendingSec=soon\n', 'customerclientd.conf:2'),
                               ('', 'write BaseUrl=https://… under [Services] in ')):
            with self.subTest(config):
                self.configure(config)
                systemctl('reset-failed', check=False)
                began = time.monotonic()
                done = self.cli('--json', 'orders')
                self.assertLess(time.monotonic() - began, 10)
                self.assertEqual(done.returncode, 6, done.stderr)
                error = json.loads(done.stdout)['error']
                self.assertIn(reason, error['message'])
                self.assertEqual(error['exit'], 6)
                self.assertEqual(done.stderr, f'customerclient: {error["message"]}\n')
        self.assertIn(f'{self.home}/.config/customerclient/customerclientd.conf', error['message'])
        self.assertIn('./demo --shell', error['message'])

    def doctor(self):
        began = time.monotonic()
        done = self.cli('--json', 'doctor')
        self.assertLess(time.monotonic() - began, 13 * harness.TIME_FACTOR)
        document = json.loads(done.stdout)
        self.assertEqual(done.returncode, 0 if document['ok'] else 1, done.stdout)
        return {c['check']: c for c in document['checks']}

    def test_doctor(self):
        """A unit that works, one that has failed, one outside of which the daemon runs, one that is masked, none."""
        checks = self.doctor()
        self.assertIn('starts when a program asks for it', checks['unit']['text'])
        self.assertIn(f'process {show(DAEMON, "MainPID")}, started just now', checks['daemon']['text'])
        self.assertEqual(checks['notifier']['todo'], f'systemctl --user enable --now {NOTIFIER}')
        with self.subTest('failed'):
            systemctl('stop', DAEMON)
            self.configure('[Sync]\nPendingSec=soon\n')
            checks = self.doctor()
            for name in ('unit', 'daemon'):
                self.assertEqual(checks[name]['result'], 'wrong')
                self.assertIn('customerclientd.conf:2', checks[name]['text'])
                self.assertIn('correct the configuration', checks[name]['todo'])
                self.assertIn(f'systemctl --user restart {DAEMON}', checks[name]['todo'])
            self.drop_in(DAEMON, 'broken', 'ExecStart=\nExecStart=/bin/false\n')
            systemctl('reset-failed')
            self.assertIn(f'journalctl --user -u {DAEMON}', self.doctor()['unit']['todo'])
            systemctl('stop', DAEMON)
            os.unlink(os.path.join(self.unit_folder, f'{DAEMON}.d', 'broken.conf'))
            systemctl('daemon-reload')
            self.configure(f'[Services]\nBaseUrl={self.sandbox.url}\n')
            systemctl('reset-failed')
        with self.subTest('outside of its unit'):
            other = harness.Process('customerclientd', [os.path.join(self.folder, 'customerclientd')],
                                    f'{self.log_folder}/other.log')
            self.addCleanup(other.kill)
            self.until(self.client.owner, 'the name')
            checks = self.doctor()
            self.assertEqual(checks['daemon']['result'], 'warning')
            self.assertIn(f'kill {other.pid} && systemctl --user', checks['daemon']['todo'])
            other.stop()
            self.until(lambda: not self.client.owner(), 'the name gone')
        with self.subTest('masked'):
            os.unlink(os.path.join(self.unit_folder, DAEMON))
            systemctl('mask', DAEMON)
            checks = self.doctor()
            self.assertEqual(checks['unit']['todo'], f'systemctl --user unmask {DAEMON}')
            systemctl('unmask', DAEMON)
        with self.subTest('none'):
            shutil.rmtree(os.path.join(self.unit_folder, f'{DAEMON}.d'))
            systemctl('daemon-reload')
            checks = self.doctor()
            self.assertIn('not installed', checks['unit']['text'])

    def test_ready_means_on_the_bus(self):
        self.assertEqual(show(DAEMON, 'Type'), 'notify')
        self.start_daemon()
        self.assertIsNotNone(self.client.owner(), 'started, and not on the bus')
        self.assertEqual(systemctl('stop', DAEMON).returncode, 0)
        self.assertEqual(show(DAEMON, 'Result'), 'success')
        self.assertEqual(show(DAEMON, 'ExecMainStatus'), '0')

    def test_watchdog(self):
        self.start_daemon()
        self.assertEqual(show(DAEMON, 'WatchdogUSec'), '30s')
        systemctl('stop', DAEMON)
        self.drop_in(DAEMON, 'watchdog', 'WatchdogSec=2s\nRestartSec=100ms\n')
        self.start_daemon()
        first = int(show(DAEMON, 'MainPID'))
        began = time.monotonic()
        # Longer than the watchdog, and alive: it is fed.
        self.until(lambda: time.monotonic() - began > 4, 'four seconds')
        self.assertEqual(int(show(DAEMON, 'MainPID')), first)
        os.kill(first, 19)
        self.until(lambda: show(DAEMON, 'NRestarts') == '1' and show(DAEMON, 'ActiveState') == 'active', 'the restart')
        self.assertNotEqual(int(show(DAEMON, 'MainPID')), first)
        self.assertIsNotNone(self.client.owner())

    def test_killed_is_restarted(self):
        self.drop_in(DAEMON, 'fast', 'RestartSec=100ms\n')
        self.start_daemon()
        self.sign_up_and_in()
        uid, _ = self.place()
        os.kill(int(show(DAEMON, 'MainPID')), 9)
        self.until(lambda: show(DAEMON, 'NRestarts') == '1' and show(DAEMON, 'ActiveState') == 'active', 'the restart')
        self.assertEqual([row[0] for row in self.client.call('Orders', 'ListPending')], [uid])

    def test_bad_configuration_is_not_restarted(self):
        self.configure('[Sync]\nPendingSec=soon\n')
        self.assertNotEqual(systemctl('start', DAEMON, check=False).returncode, 0)
        self.assertEqual(show(DAEMON, 'ExecMainStatus'), '78')
        self.assertEqual(show(DAEMON, 'ActiveState'), 'failed')
        self.assertEqual(show(DAEMON, 'NRestarts'), '0')
        with open(f'{self.home}/{DAEMON}.log', encoding='utf-8') as f:
            self.assertIn('customerclientd.conf:2', f.read())

    def test_reload(self):
        self.start_daemon()
        pid = show(DAEMON, 'MainPID')
        self.assertEqual(systemctl('reload', DAEMON).returncode, 0)
        self.assertEqual(show(DAEMON, 'MainPID'), pid)
        self.assertIsNotNone(self.client.owner())

    def test_second_daemon_refuses(self):
        self.start_daemon()
        answer = subprocess.run([os.path.join(self.folder, 'customerclientd')], capture_output=True, text=True,
                                timeout=30, check=False)
        self.assertNotEqual(answer.returncode, 0)
        self.assertRegex(answer.stderr, '(?i)(already|another)')
        self.assertIsNotNone(self.client.owner())
        self.assertEqual(show(DAEMON, 'NRestarts'), '0')

    def test_sandbox_of_the_unit_breaks_nothing(self):
        self.start_daemon()
        self.sign_up_and_in()
        self.assertGreater(len(self.products()), 10)
        uid, status = self.place()
        self.assertEqual(status, 'requested')
        self.sandbox.advance(uid, 'Delivered')
        self.sync()
        self.client.call('Orders', 'Rate', '(susa{sv})', (uid, 5, 'warm', {}))
        for path in ('.local/state/customerclient', '.cache/customerclient'):
            self.assertEqual(os.stat(os.path.join(self.home, path)).st_mode & 0o7777, 0o700, path)
        state = self.client.call('Daemon', 'GetStatus')
        self.assertEqual((state['state-db'], state['cache-db']), ('ok', 'ok'))

    def test_video_within_the_sandbox_of_the_unit(self):
        """There the daemon can still listen, and find out whose a connection is."""
        with open(f'{self.log_folder}/oven.mp4', 'wb') as f:
            f.write(os.urandom(1_000_000))
        self.sandbox.kill()
        self.sandbox.arguments = ('--videos', self.log_folder)
        self.sandbox.start(self.sandbox.port)
        self.sandbox.clock(0)
        self.start_daemon()
        self.sign_up_and_in()
        self.sync()
        uid = next(v[0] for v in self.client.call('Videos', 'List') if v[5])
        url, kind = self.client.call('Videos', 'Open', '(s)', (uid,))
        self.assertEqual(kind, 'stream')
        fetch = ['curl', '-s', '-o', f'{self.log_folder}/got', '-w', '%{http_code} %{size_download}', url]
        answer = subprocess.run(fetch, capture_output=True, text=True, check=False, timeout=60)
        if os.getuid() == 65534:
            # Within the unit's user namespace everybody else is called nobody, too: nobody gets anything.
            self.assertEqual(answer.stdout, '000 0')
            return
        self.assertEqual(answer.stdout, '200 1000000')
        with open(f'{self.log_folder}/oven.mp4', 'rb') as a, open(f'{self.log_folder}/got', 'rb') as b:
            self.assertEqual(a.read(), b.read())
        if os.getuid() == 0:
            fetch[3] = '/dev/null'
            other = subprocess.run(['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', *fetch],
                                   capture_output=True, text=True, check=False, timeout=60)
            self.assertEqual(other.stdout, '000 0', 'another user')

    def test_keyring_within_the_sandbox_of_the_unit(self):
        """A real one: the token rests in it, is found again, and is waited for while it is locked."""
        def store():
            return self.client.call('Daemon', 'GetStatus')['token-store']

        self.bus, self.dir = UserBus(), os.path.join(self.home, 'keyring-of-a-test')
        os.makedirs(os.path.join(self.dir, 'run'), mode=0o700)
        self.addCleanup(shutil.rmtree, self.dir)
        ring = keyring.Keyring(self)
        ring.start(replace=True)
        self.start_daemon()
        self.sign_up_and_in()
        self.until(lambda: store() == 'secret-service', 'the token in the keyring')
        (path, _, _), = ring.items()
        token = ring.secret(path)
        for folder, _, names in os.walk(f'{self.home}/.local/state/customerclient'):
            for name in names:
                with open(os.path.join(folder, name), 'rb') as f:
                    self.assertNotIn(token.encode(), f.read(), name)
        ring.lock()
        systemctl('restart', DAEMON)
        self.until(lambda: self.client.call('Daemon', 'GetStatus').get('keyring') == 'locked', 'the answer')
        with self.assertRaisesRegex(harness.DBusError, 'unlock it'):
            self.sync()
        ring.unlock()
        self.until(lambda: self.client.get('Daemon', 'PushState') == 'server-sent-events', 'the session to go on')
        self.sync()
        self.client.call('Session', 'SignOut', '(b)', (False,))
        self.until(lambda: not ring.items(), 'the item to go')

    # Where pictures for a viewer are.
    MORE = {NOTIFIER: 'may \'mkdir "$XDG_RUNTIME_DIR/customerclient-notifier"; '
                      'echo x > "$XDG_RUNTIME_DIR/customerclient-notifier/file"\''}

    def test_sandbox_of_the_units_holds(self):
        """The same lines around a command that tries what it may not."""
        for unit, own, other in ((DAEMON, 'customerclient', 'customerclient-notifier'),
                                 (NOTIFIER, 'customerclient-notifier', 'customerclient')):
            lines = [line for line in self.source(unit).splitlines()
                     if not line.startswith(('ExecStart=', 'Type=', 'BusName=', 'Restart', 'WatchdogSec', 'PartOf',
                                             'Wants', 'After'))]
            place = lines.index('[Service]') + 1
            lines[place:place] = ['Type=oneshot', f'ExecStart=/bin/sh {self.log_folder}/try', *LIFTED.split()]
            # Later lines win: what is lifted has to come after.
            lines = [line for line in lines if line.replace('=yes', '=no') not in LIFTED.split() or line.endswith('=no')]
            os.makedirs(f'{self.home}/.local/state/{other}', exist_ok=True)
            self.write(f'{self.log_folder}/try', f'''
set -u
may() {{ sh -c "$1" 2>/dev/null || exit 11; }}
may_not() {{ sh -c "$1" 2>/dev/null && exit 12; :; }}
may 'echo x > ~/.local/state/{own}/file'
may_not 'echo x > ~/file'
may_not 'echo x > ~/.config/file'
may_not 'echo x > ~/.local/state/{other}/file'
may_not 'echo x > /etc/file'
may_not 'ls /proc/1/cwd'
may 'test -S "$XDG_RUNTIME_DIR/bus"'
may 'echo x > /tmp/file'
{self.MORE.get(unit, '')}
''')
            self.write(os.path.join(self.unit_folder, 'try.service'), '\n'.join(lines) + '\n')
            systemctl('daemon-reload')
            done = systemctl('start', 'try.service', check=False)
            self.assertEqual((done.returncode, show('try.service', 'ExecMainStatus')), (0, '0'), unit)
            self.assertFalse(os.path.exists('/tmp/file'), 'a /tmp of its own')

    def test_exposure(self):
        for unit in (DAEMON, NOTIFIER):
            self.write(os.path.join(self.unit_folder, f'{unit}.d', 'no-systemd-as-pid-1.conf'), '')
            systemctl('daemon-reload')
            done = subprocess.run(['systemd-analyze', '--user', '--no-pager', 'security', '--threshold=20', unit],
                                  capture_output=True, text=True, timeout=60, check=False)
            self.assertEqual(done.returncode, 0, done.stdout[-200:])

    def test_units_are_without_mistakes(self):
        files = [os.path.join(self.unit_folder, name) for name in (DAEMON, NOTIFIER)]
        done = subprocess.run(['systemd-analyze', '--user', '--no-pager', 'verify', '--man=no', *files],
                              capture_output=True, text=True, timeout=60, check=False)
        ours = [line for line in done.stderr.splitlines() if 'customerclient' in line]
        self.assertEqual((done.returncode, ours), (0, []))

    def test_log_out_and_in(self):
        self.start_session()
        self.until(lambda: show(NOTIFIER, 'ActiveState') == 'active', 'the notifier')
        server = desktop.Server(UserBus())
        self.sign_up_and_in()
        uid, _ = self.place()
        server.wait(1)
        self.sandbox.advance(uid, 'Processing')
        server.wait(2)
        server.close()
        self.client.close()
        control = os.environ['USER_MANAGER_CONTROL']
        subprocess.run([control, 'logout'], check=True, timeout=60)
        self.assertFalse(os.path.exists(os.environ['XDG_RUNTIME_DIR']))
        subprocess.run([control, 'login'], check=True, timeout=60)
        # The desktop comes up; nobody types anything.
        self.connect()
        server = desktop.Server(UserBus())
        self.addCleanup(server.close)
        systemctl('start', 'test-session.target')
        self.until(lambda: show(NOTIFIER, 'ActiveState') == 'active', 'the notifier')
        self.sandbox.advance(uid, 'In delivery')
        self.assertRegex(server.wait(1, 'the bubble after the log-in').title, 'is on its way$')
        self.sandbox.advance(uid, 'Delivered')
        self.assertRegex(server.wait(2).title, '^Delivered at ')
        self.assertEqual(len(set(server.ids)), 1)

    def test_notifier_brings_the_daemon(self):
        systemctl('start', NOTIFIER)
        self.assertEqual(show(DAEMON, 'ActiveState'), 'active')
        systemctl('stop', NOTIFIER)
        self.assertEqual(show(NOTIFIER, 'ExecMainStatus'), '0')
        self.assertEqual(show(NOTIFIER, 'Result'), 'success')

    def test_stopped_daemon_stays_stopped(self):
        systemctl('start', NOTIFIER)
        systemctl('stop', DAEMON)
        self.client.owner()
        self.assertEqual(show(DAEMON, 'ActiveState'), 'inactive')
        self.assertEqual(show(NOTIFIER, 'ActiveState'), 'active')

    def test_terminal_is_outside_of_the_sandbox(self):
        folder = os.path.join(self.home, 'bin')
        self.write(os.path.join(folder, 'xdg-terminal-exec'),
                   '#!/bin/sh\necho "$5 $(cat /proc/self/cgroup)" > ~/opened.new && mv ~/opened.new ~/opened\n')
        os.chmod(os.path.join(folder, 'xdg-terminal-exec'), 0o755)
        self.addCleanup(shutil.rmtree, folder)
        systemctl('set-environment', f'PATH={folder}:/usr/bin:/bin')
        self.addCleanup(systemctl, 'unset-environment', 'PATH')
        server = desktop.Server(UserBus())
        self.addCleanup(server.close)
        systemctl('start', NOTIFIER)
        self.sign_up_and_in()
        uid, _ = self.place()
        server.wait(1)
        server.press('track')
        opened = os.path.join(self.home, 'opened')
        self.until(lambda: os.path.exists(opened), 'the terminal')
        with open(opened, encoding='utf-8') as f:
            text = f.read()
        os.unlink(opened)
        self.assertIn(uid, text)
        self.assertIn('app-customerclient-', text, 'a unit of its own')


if __name__ == '__main__':
    if INSIDE:
        print(f'as {pwd.getpwuid(os.getuid()).pw_name}:', file=sys.stderr, flush=True)
    unittest.main(argv=[arg for arg in sys.argv if arg != '--inside'], verbosity=2)
