"""What the integration tests share: a private bus without activation, the sandbox on a free port, the daemon and the
CLI with XDG folders of their own, D-Bus calls with descriptors, recorders that wait for events with a deadline.

    class MyTest(harness.TestCase):
        def test_something(self):
            self.sign_up_and_in()
            uid, status = self.client.call('Orders', 'Place', '(a{sv})', ({...},))
            self.events.wait_for(lambda s: s.member == 'Changed' and s.args[0] == uid)

Everything started here is ended here. Binaries come from $BUILD_DIR (default: the current folder, else the top of the
source tree), or one by one from $CUSTOMERCLIENTD, $CUSTOMERCLIENT, $CUSTOMERCLIENT_SANDBOX,
$CUSTOMERCLIENT_NOTIFIER. $TEST_WRAPPER is put before the daemon (valgrind), $TEST_TIME_FACTOR stretches deadlines."""

import ctypes
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

try:
    import gi
    gi.require_version('Gio', '2.0')
    from gi.repository import Gio, GLib
except (ImportError, ValueError) as e:
    sys.exit(f'harness: the integration tests need python3-gi: {e}')

NAME = 'org.deliveryservice.CustomerClient1'
PATH = '/org/deliveryservice/CustomerClient1'
ERROR = NAME + '.Error.'
INVALID_ARGS = 'org.freedesktop.DBus.Error.InvalidArgs'
PROPERTIES = 'org.freedesktop.DBus.Properties'

SOURCE_DIR = os.path.realpath(os.path.join(os.path.dirname(__file__), '..', '..'))
TIME_FACTOR = float(os.environ.get('TEST_TIME_FACTOR', '1'))
TIMEOUT = 15 * TIME_FACTOR

PASSWORD = 'correct horse battery'
# Lines of the daemon's log that a green test must not have, unless the test says that it expects them.
COMPLAINT = re.compile(r'^(<[0-4]>|(warning|error): |==\d+==)|Sanitizer|runtime error:')


def build_dir():
    if 'BUILD_DIR' in os.environ:
        return os.path.realpath(os.environ['BUILD_DIR'])
    return os.getcwd() if os.path.exists('config.status') else SOURCE_DIR


def binary(name):
    """The path of one of our programs."""
    variable = name.upper().replace('-', '_')
    if variable in os.environ:
        return os.environ[variable]
    folder = {'customerclientd': 'daemon', 'customerclient': 'clients/cli', 'customerclient-sandbox': 'tests/sandbox',
              'customerclient-notifier': 'clients/notifier', 'customerclient-keyring': 'daemon/keyring'}.get(name, '.')
    for place in (folder, '.'):
        path = os.path.join(build_dir(), place, name)
        if os.access(path, os.X_OK) and os.path.isfile(path):
            return path
    raise FileNotFoundError(f'{name} is not built in {build_dir()} (set BUILD_DIR)')


def iterate(predicate, timeout=TIMEOUT, what='the event'):
    """Runs the main loop until predicate() is true; its value. Fails when the time is over."""
    context = GLib.MainContext.default()
    over = []
    source = GLib.timeout_source_new(max(1, int(timeout * 1000)))
    source.set_callback(lambda *_: over.append(True) or GLib.SOURCE_REMOVE)
    source.attach(context)
    try:
        while True:
            value = predicate()
            if value:
                return value
            if over:
                raise AssertionError(f'{what} did not come within {timeout:g} s')
            context.iteration(True)
    finally:
        source.destroy()


def poll(predicate, timeout=TIMEOUT, what='the event', every=0.05):
    """As iterate(), for what sends no event: asks again and again."""
    tick = GLib.timeout_add(max(1, int(every * 1000)), lambda: GLib.SOURCE_CONTINUE)
    try:
        return iterate(predicate, timeout, what)
    finally:
        GLib.source_remove(tick)


def let_pass(seconds):
    """Runs the main loop for that long: where nothing may happen, or the moment is to be a random one."""
    over = []
    GLib.timeout_add(max(1, int(seconds * 1000)), lambda: over.append(True) or GLib.SOURCE_REMOVE)
    iterate(lambda: over, seconds + 60, 'the end of the wait')


def _die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class Process:
    """A child with its output in a file; ended by stop() or kill()."""

    def __init__(self, name, argv, log, env=None, stdout=None):
        self.name, self.argv, self.log = name, argv, log
        with open(log, 'ab') as f:
            self.popen = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=stdout or f, stderr=f, env=env,
                                          preexec_fn=_die_with_parent)

    @property
    def pid(self):
        return self.popen.pid

    def running(self):
        return self.popen.poll() is None

    def signal(self, number):
        self.popen.send_signal(number)

    def wait(self, timeout=TIMEOUT):
        """Its exit status (negative: the signal that ended it)."""
        return self.popen.wait(timeout)

    def kill(self):
        if self.running():
            self.popen.kill()
        status = self.popen.wait()
        if self.popen.stdout:
            self.popen.stdout.close()
        return status

    def stop(self, timeout=TIMEOUT):
        """SIGTERM; its exit status."""
        if self.running():
            self.popen.terminate()
        try:
            return self.popen.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f'{self.name} did not end within {timeout:g} s of SIGTERM') from None
        finally:
            if self.popen.stdout:
                self.popen.stdout.close()

    def output(self):
        with open(self.log, encoding='utf-8', errors='replace') as f:
            return f.read()

    def read_line(self, timeout=TIMEOUT):
        """A line of its stdout, which must be a pipe."""
        fd = self.popen.stdout.fileno()
        got = bytearray()

        def ready(*_):
            data = os.read(fd, 1)
            if not data:
                got.extend(b'\0')
            got.extend(data)
            return GLib.SOURCE_CONTINUE
        watch = GLib.unix_fd_add_full(GLib.PRIORITY_DEFAULT, fd, GLib.IOCondition.IN | GLib.IOCondition.HUP, ready)
        try:
            iterate(lambda: got[-1:] in (b'\n', b'\0'), timeout, f'a line of {self.name}')
        finally:
            GLib.source_remove(watch)
        if got[-1:] == b'\0':
            raise AssertionError(f'{self.name} ended:\n{self.output()}')
        return got.decode().rstrip('\n')


class Bus:
    """A dbus-daemon of our own that activates nothing, unless `services` is a folder of service files."""

    def __init__(self, folder, services=None):
        config = os.path.join(folder, 'bus.conf')
        with open(config, 'w', encoding='utf-8') as f:
            f.write('<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"\n'
                    ' "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">\n'
                    f'<busconfig><type>session</type><listen>unix:path={folder}/bus</listen>\n'
                    '<auth>EXTERNAL</auth>\n'
                    + (f'<servicedir>{services}</servicedir>\n' if services else '')
                    + '<policy context="default"><allow send_destination="*" eavesdrop="true"/>'
                      '<allow eavesdrop="true"/><allow own="*"/></policy></busconfig>\n')
        self.process = Process('dbus-daemon', ['dbus-daemon', f'--config-file={config}', '--nofork',
                                               '--print-address=1'],
                               os.path.join(folder, 'bus.log'), stdout=subprocess.PIPE)
        self.address = self.process.read_line()

    def connect(self):
        return Gio.DBusConnection.new_for_address_sync(
            self.address, Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT
            | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION, None, None)

    def stop(self):
        self.process.stop()


class Sandbox:
    """The stand-in for the seven services, and its own /Sandbox calls."""

    def __init__(self, folder, *arguments, port=0):
        self.folder, self.arguments, self.process = folder, arguments, None
        self.start(port)

    def start(self, port=0):
        self.process = Process('customerclient-sandbox',
                               [binary('customerclient-sandbox'), '--port', str(port), *self.arguments],
                               os.path.join(self.folder, 'sandbox.log'), env={**os.environ, 'TMPDIR': self.folder},
                               stdout=subprocess.PIPE)
        line = self.process.read_line()
        found = re.search(r'listening on (https?://\S+)', line)
        if not found:
            raise AssertionError(f'the sandbox said {line!r}')
        self.url = found.group(1).rstrip('/')
        self.port = urllib.parse.urlsplit(self.url).port
        # tests/contract/run has the daemon go by a proxy.
        front = os.environ.get('CONTRACT_FRONT')
        self.service_url = f'{front}/{self.port}' if front else self.url

    def kill(self):
        self.process.kill()

    def stop(self):
        self.process.stop()

    def request(self, method, path, body=None):
        data = json.dumps(body).encode() if body is not None else (b'' if method == 'POST' else None)
        request = urllib.request.Request(self.url + path, data=data, method=method,
                                         headers={'Content-Type': 'application/json'})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=TIMEOUT) as answer:
                text = answer.read()
        except urllib.error.HTTPError as e:
            raise AssertionError(f'{method} {path}: {e.code} {e.read().decode(errors="replace")}') from None
        return json.loads(text) if text.strip() else None

    def clock(self, speed):
        return self.request('POST', '/Sandbox/Clock', {'speed': speed})

    def seed(self, login, orders, **more):
        return self.request('POST', '/Sandbox/Seed', {'login': login, 'orders': orders, **more})

    def verification_code(self, email):
        answer = self.request('GET', '/Sandbox/VerificationCode?email=' + urllib.parse.quote(email, safe=''))
        if isinstance(answer, dict):
            answer = answer.get('verificationCode') or answer.get('code')
        return str(answer)

    def advance(self, uid, status):
        """`status` in the service's own words, such as 'In delivery'."""
        return self.request('POST', '/Sandbox/Advance', {'deliveryOrderUid': uid, 'status': status})

    def fault(self, path, kind, probability=1, count=None, delay_ms=None):
        body = {'path': path, 'kind': kind, 'probability': probability}
        if count is not None:
            body['count'] = count
        if delay_ms is not None:
            body['delayMs'] = delay_ms
        return self.request('POST', '/Sandbox/Faults', body)

    def clear_faults(self, path='*'):
        return self.request('POST', '/Sandbox/Faults', {'path': path, 'kind': 'none'})

    def journal(self, since=0):
        return self.request('GET', f'/Sandbox/Journal?since={since}')

    def count(self, path):
        """How many requests have come for that call, such as 'OrdersGet'."""
        return sum(n for name, n in self.journal(since=1 << 40)['counts'].items() if name.endswith('/' + path))

    def journal_orders(self, uid=None):
        """Orders made, each with its key; with uid: that one's entries."""
        journal = self.journal()
        orders = journal['orders'] if isinstance(journal, dict) else journal
        return [o for o in orders if uid is None or (o.get('uid') or o.get('deliveryOrderUid')) == uid]

    def mailbox(self):
        return self.request('GET', '/Sandbox/Mailbox')


class Contract:
    """The table "Keys of the open dictionaries" of docs/dbus-api.md: which keys a dictionary may have, and their types.
    Every reply and event that a Client or Recorder sees is held against it."""

    REPLIES = {('Daemon', 'GetStatus'): 'GetStatus', ('Orders', 'Get'): 'Orders.Get', ('Orders', 'GetMany'): 'Orders.Get',
               ('Orders', 'Quote'): 'Quote', ('Catalog', 'GetProduct'): 'GetProduct',
               ('Statistics', 'GetOverview'): 'GetOverview'}
    NESTED = {'payments': 'payment', 'courier': 'courier', 'estimate': 'estimate'}

    def __init__(self):
        self.keys = {}
        with open(os.path.join(SOURCE_DIR, 'docs', 'dbus-api.md'), encoding='utf-8') as f:
            text = f.read()
        for line in text[text.index('## Keys of the open dictionaries'):].splitlines():
            cells = line.split('|')
            if len(cells) != 4 or cells[1].strip() in ('where', '---'):
                continue
            where = cells[1].replace('`', '').replace('(*later*)', '').strip()
            if where == 'Event details':
                for kind, rest in re.findall(r'`([a-z]+)`: ([^;]*)', cells[2]):
                    self.keys[f'event {kind}'] = dict(re.findall(r'`([a-z-]+) ([a-z(){}]+)`', rest))
                continue
            cell = cells[2]
            courier = re.search(r'`courier a\{sv\}` \(([^)]*)\)', cell)
            if courier:
                self.keys['courier'] = dict(re.findall(r'`([a-z-]+) ([a-z(){}]+)`', courier.group(1)))
                cell = cell.replace(courier.group(1), '')
            self.keys[where] = dict(re.findall(r'`([a-z-]+) ([a-z(){}]+)`', cell))
        for where in (*self.REPLIES.values(), *self.NESTED.values(), 'event order'):
            if not self.keys.get(where):
                raise AssertionError(f'docs/dbus-api.md has no keys of {where}')

    def check(self, where, dictionary):
        """`dictionary` is a GVariant a{sv}."""
        allowed = self.keys.get(where, {})
        for i in range(dictionary.n_children()):
            entry = dictionary.get_child_value(i)
            key, value = entry.get_child_value(0).get_string(), entry.get_child_value(1).get_variant()
            if key not in allowed:
                raise AssertionError(f'{where}: the key {key!r} is not in the contract')
            if value.get_type_string() != allowed[key]:
                raise AssertionError(f'{where}: {key} is of type {value.get_type_string()}, not {allowed[key]}')
            if key in self.NESTED and where == 'Orders.Get':
                self.check_any(self.NESTED[key], value)

    def check_any(self, where, variant):
        """Every a{sv} in an array or a tuple, or the variant itself."""
        if variant.get_type_string() == 'a{sv}':
            self.check(where, variant)
        elif variant.get_type_string().startswith(('a', '(')):
            for i in range(variant.n_children()):
                self.check_any(where, variant.get_child_value(i))

    def check_reply(self, interface, method, variant):
        if (interface, method) in self.REPLIES:
            self.check_any(self.REPLIES[(interface, method)], variant)
        elif (interface, method) == ('Daemon', 'GetEventsSince'):
            events = variant.get_child_value(0)
            for i in range(events.n_children()):
                self.check_event(events.get_child_value(i))

    def check_event(self, event):
        self.check(f'event {event.get_child_value(1).get_string()}', event.get_child_value(3))


class DBusError(Exception):
    """An error reply: its full name and its message."""

    def __init__(self, name, message):
        super().__init__(f'{name}: {message}')
        self.name, self.message = name, message


def _to_dbus_error(error):
    name = Gio.DBusError.get_remote_error(error) or f'{error.domain}.{error.code}'
    return DBusError(name, error.message.removeprefix(f'GDBus.Error:{name}: '))


class Pending:
    """A call on its way."""

    def __init__(self):
        self.done, self.value, self.fds, self.error = False, None, [], None

    def wait(self, timeout=TIMEOUT):
        iterate(lambda: self.done, timeout, 'the reply')
        if self.error:
            raise self.error
        return self.value


class Client:
    """A connection to the bus of our own, for calls to the daemon."""

    def __init__(self, bus):
        self.connection = bus.connect()
        self.contract = Contract()

    def close(self):
        if not self.connection.is_closed():
            self.connection.close_sync(None)

    def call_async(self, interface, method, signature=None, args=(), fds=(), timeout=TIMEOUT, path=PATH, raw=False):
        """`interface` short ('Orders') or full. `signature` is the tuple's, '(ssh)'; an 'h' is an index into fds."""
        pending = Pending()
        fd_list = Gio.UnixFDList.new()
        for fd in fds:
            fd_list.append(fd)
        variant = None
        if signature is not None:
            variant = args if isinstance(args, GLib.Variant) else GLib.Variant(signature, tuple(args))

        def done(connection, result):
            pending.done = True
            try:
                value, out = connection.call_with_unix_fd_list_finish(result)
                self.contract.check_reply(interface, method, value)
                pending.value = value if raw else self._plain(value.unpack())
                pending.fds = list(out.steal_fds()) if out else []
            except GLib.Error as e:
                pending.error = _to_dbus_error(e)
            except AssertionError as e:
                pending.error = e
        self.connection.call_with_unix_fd_list(
            NAME, path, interface if '.' in interface else f'{NAME}.{interface}', method, variant, None,
            Gio.DBusCallFlags.NO_AUTO_START, int(timeout * 1000), fd_list if fds else None, None, done)
        return pending

    @staticmethod
    def _plain(values):
        return None if not values else values[0] if len(values) == 1 else values

    def call(self, interface, method, signature=None, args=(), **more):
        """The reply's only value, a tuple of several, or None. Raises DBusError."""
        timeout = more.get('timeout', TIMEOUT)
        return self.call_async(interface, method, signature, args, **more).wait(timeout + 5)

    def call_secret(self, interface, method, signature, args, *secrets, **more):
        """Each secret goes in by a pipe of its own; its place in args is its index."""
        fds = []
        try:
            for secret in secrets:
                r, w = os.pipe()
                fds.append(r)
                os.write(w, secret.encode() if isinstance(secret, str) else secret)
                os.close(w)
            return self.call(interface, method, signature, args, fds=fds, **more)
        finally:
            for fd in fds:
                os.close(fd)

    def get(self, interface, name, path=PATH):
        return self.call(PROPERTIES, 'Get', '(ss)', (f'{NAME}.{interface}', name), path=path)

    def get_all(self, interface, path=PATH):
        return self.call(PROPERTIES, 'GetAll', '(s)', (f'{NAME}.{interface}',), path=path)

    def set(self, interface, name, signature, value, path=PATH):
        return self.call(PROPERTIES, 'Set', '(ssv)',
                         (f'{NAME}.{interface}', name, GLib.Variant(signature, value)), path=path)

    def owner(self):
        """The unique name that has the daemon's name, or None."""
        try:
            return self.connection.call_sync(
                'org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus', 'GetNameOwner',
                GLib.Variant('(s)', (NAME,)), None, Gio.DBusCallFlags.NONE, 5000, None).unpack()[0]
        except GLib.Error:
            return None

    def introspect(self, path=PATH):
        return self.call('org.freedesktop.DBus.Introspectable', 'Introspect', path=path)

    def objects(self):
        """GetManagedObjects."""
        return self.call('org.freedesktop.DBus.ObjectManager', 'GetManagedObjects')


class Signal:
    def __init__(self, path, interface, member, args, variant):
        self.path, self.interface, self.member = path, interface, member
        self.args, self.variant, self.time = args, variant, time.monotonic()

    def __repr__(self):
        return f'{self.interface.rsplit(".", 1)[-1]}.{self.member}{self.args} on {self.path}'


class Recorder:
    """Keeps every signal of the daemon from the moment it is made."""

    def __init__(self, client):
        self.signals, self.broken = [], []
        self.connection, self.contract = client.connection, client.contract
        self.id = self.connection.signal_subscribe(None, None, None, None, None, Gio.DBusSignalFlags.NONE,
                                                   self._received)
        # The match is in force once the bus has answered a call made after it.
        client.owner()

    def _received(self, _connection, _sender, path, interface, member, parameters):
        if path.startswith(PATH):
            if member == 'Event':
                try:
                    self.contract.check_event(parameters)
                except AssertionError as e:
                    self.broken.append(str(e))
            self.signals.append(Signal(path, interface, member, parameters.unpack(), parameters))

    def find(self, predicate, since=0):
        return next((s for s in self.signals[since:] if predicate(s)), None)

    def wait_for(self, predicate, timeout=TIMEOUT, since=0, what='the signal'):
        """The first signal, from index `since` on, that fits; waits for it when it has not come yet."""
        try:
            return iterate(lambda: self.find(predicate, since), timeout, what)
        except AssertionError as e:
            seen = '\n'.join(f'  {s!r}' for s in self.signals[since:][-40:])
            raise AssertionError(f'{e}; seen:\n{seen}') from None

    def wait_for_change(self, interface, name, value, timeout=TIMEOUT, path=PATH, since=0):
        """PropertiesChanged that makes `name` equal to `value` (or for which value(it) is true)."""
        def fits(s):
            if s.interface != PROPERTIES or s.path != path or s.args[0] != f'{NAME}.{interface}':
                return False
            if name not in s.args[1]:
                return False
            return value(s.args[1][name]) if callable(value) else s.args[1][name] == value
        return self.wait_for(fits, timeout, since, f'{interface}.{name} = {value}')

    def events(self, kind=None):
        """Arguments (seq, kind, uid, details) of every Event signal so far."""
        return [s.args for s in self.signals if s.member == 'Event' and (kind is None or s.args[1] == kind)]

    def close(self):
        self.connection.signal_unsubscribe(self.id)


class TestCase(unittest.TestCase):
    """A world for each test: bus, sandbox, daemon, a client and a recorder. Class attributes change it."""

    sandbox_args = ()
    start_sandbox = True
    start_daemon = True
    daemon_env = {}
    config = None              # text of customerclientd.conf
    allowed_log = ()           # regular expressions of warnings that this test provokes

    def setUp(self):
        # sun_path has 108 bytes: the folder stays short.
        self.dir = tempfile.mkdtemp(prefix='cc-', dir=os.environ.get('TEST_TMPDIR') or None)
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        for folder in ('config/customerclient', 'state', 'cache', 'run'):
            os.makedirs(os.path.join(self.dir, folder), mode=0o700)
        self.daemon = self.client = self.sandbox = self.events = None
        self.expected_log = list(self.allowed_log)
        self.daemon_statuses = []
        self.bus = Bus(self.dir)
        self.addCleanup(self.bus.stop)
        self.client = Client(self.bus)
        self.addCleanup(self.client.close)
        if self.start_sandbox:
            self.sandbox = Sandbox(self.dir, *self.sandbox_args)
            self.addCleanup(lambda: self.sandbox.kill())
        self.addCleanup(self._end_daemon)
        if self.config is not None:
            self.write_config(self.config)
        self.events = Recorder(self.client)
        if self.start_daemon:
            self.start()

    def _end_daemon(self):
        status = self.daemon.stop() if self.daemon and self.daemon.running() else None
        log = self.daemon_log()
        if not self._passed():
            sys.stderr.write(f'--- log of the daemon, {self.id()}\n{log}---\n')
            return
        self.assertEqual(self.events.broken if self.events else [], [], 'events that break the contract')
        self.assertIn(status, (None, 0), f'the daemon ended with {status}\n{log}')
        complaints = [line for line in log.splitlines()
                      if COMPLAINT.search(line) and not any(re.search(e, line) for e in self.expected_log)]
        self.assertEqual(complaints, [], 'the daemon complained in a test that passed')

    def _passed(self):
        # unittest has no public way to ask; the outcome's layout is that of Python 3.11 and later.
        result = self._outcome.result
        return not any(test is self for test, _ in result.failures + result.errors)

    # the daemon

    def environment(self, **more):
        """The environment of our programs in this world."""
        env = {k: v for k, v in os.environ.items()
               if not k.startswith(('XDG_', 'CUSTOMERCLIENT_', 'DBUS_', 'NOTIFY_', 'WATCHDOG_'))
               and k.lower() not in ('http_proxy', 'https_proxy', 'all_proxy', 'no_proxy')}
        env.update(DBUS_SESSION_BUS_ADDRESS=self.bus.address, HOME=self.dir,
                   XDG_CONFIG_HOME=f'{self.dir}/config', XDG_STATE_HOME=f'{self.dir}/state',
                   XDG_CACHE_HOME=f'{self.dir}/cache', XDG_RUNTIME_DIR=f'{self.dir}/run', TZ='UTC', LC_ALL='C.UTF-8')
        if self.sandbox:
            env['CUSTOMERCLIENT_BASE_URL'] = self.sandbox.service_url
        env.update(self.daemon_env)
        env.update(more)
        return {k: v for k, v in env.items() if v is not None}

    def write_config(self, text):
        with open(f'{self.dir}/config/customerclient/customerclientd.conf', 'w', encoding='utf-8') as f:
            f.write(text)

    def daemon_log(self):
        try:
            with open(f'{self.dir}/daemon.log', encoding='utf-8', errors='replace') as f:
                return f.read()
        except FileNotFoundError:
            return ''

    def spawn_daemon(self, *arguments, log='daemon.log', **env):
        """Starts a daemon and returns it at once."""
        argv = shlex.split(os.environ.get('TEST_WRAPPER', '')) + [binary('customerclientd'), *arguments]
        return Process('customerclientd', argv, os.path.join(self.dir, log), env=self.environment(**env))

    def start(self, **env):
        """Starts the daemon and waits until its name is on the bus."""
        self.daemon = self.spawn_daemon(**env)
        seen = []
        sub = self.client.connection.signal_subscribe(
            'org.freedesktop.DBus', 'org.freedesktop.DBus', 'NameOwnerChanged', None, NAME,
            Gio.DBusSignalFlags.NONE, lambda *_: seen.append(True))
        tick = GLib.timeout_add(100, lambda: GLib.SOURCE_CONTINUE)
        try:
            iterate(lambda: self.client.owner() or not self.daemon.running(), TIMEOUT, 'the name on the bus')
        finally:
            GLib.source_remove(tick)
            self.client.connection.signal_unsubscribe(sub)
        if not self.daemon.running():
            raise AssertionError(f'the daemon ended with {self.daemon.wait()}:\n{self.daemon_log()}')

    def stop(self):
        """SIGTERM, and the status has to be 0."""
        self.assertEqual(self.daemon.stop(), 0, 'exit status of the daemon')

    def restart(self, **env):
        self.stop()
        self.start(**env)

    # the person

    def sign_up(self, login='ann', email=None, phone='+15551234567', password=PASSWORD):
        email = email or f'{login}@example.org'
        self.client.call_secret('Session', 'SignUp', '(sssh)', (login, email, phone, 0), password)
        self.client.call('Session', 'VerifySignUp', '(ss)', ('', self.sandbox.verification_code(email)))

    def sign_in(self, login='ann', password=PASSWORD, keep=True):
        self.client.call_secret('Session', 'SignIn', '(shb)', (login, 0, keep), password)

    def sign_up_and_in(self, login='ann', **more):
        self.sign_up(login, **more)
        self.sign_in(login, more.get('password', PASSWORD))

    def sync(self):
        self.client.call('Daemon', 'Sync', timeout=25 * TIME_FACTOR)

    def products(self):
        """Rows of the catalog, once it is there whole."""
        if getattr(self, 'events', None):
            self.events.wait_for(lambda s: s.interface == f'{NAME}.Catalog' and s.member == 'Changed',
                                 what='the catalog')
        else:
            poll(lambda: any(kind == 'catalog' for _, kind, _, _ in
                             self.client.call('Daemon', 'GetEventsSince', '(tu)', (0, 10000))), what='the catalog')
        return self.client.call('Catalog', 'ListProducts', '(tus)', (0, 10000, ''))[0]

    def place(self, items=None, wait=True, **options):
        """Places an order of `items` [(product, quantity)], by default one of the first that is available; its uid and
        status."""
        if items is None:
            items = [(next(p[0] for p in self.products() if p[6]), 1)]
        types = {'deliver-at': 't', 'max-total': 'x', 'over-limit': 'b', 'expected-total': 'x', 'wait-usec': 't'}
        given = {'address': '12 Long Street', 'city': 'Springfield', 'phone': '+15551234567', 'payment': 'cash',
                 **{k.replace('_', '-'): v for k, v in options.items()}}
        variants = {k: GLib.Variant(types.get(k, 's'), v) for k, v in given.items()}
        variants['items'] = GLib.Variant('a(tu)', items)
        if not wait:
            variants['wait-usec'] = GLib.Variant('t', 0)
        return self.client.call('Orders', 'Place', '(a{sv})', (variants,))

    def wait_for_status(self, uid, status, timeout=TIMEOUT):
        """Waits until Orders.Get says so, woken by signals."""
        tick = GLib.timeout_add(1000, lambda: GLib.SOURCE_CONTINUE)

        def now():
            order = self.client.call('Orders', 'Get', '(s)', (uid,))
            return order if order.get('status') == status else None
        try:
            return iterate(now, timeout, f'status {status} of {uid}')
        finally:
            GLib.source_remove(tick)

    # the CLI

    def cli(self, *arguments, stdin='', timeout=TIMEOUT, **env):
        """Runs `customerclient`; a CompletedProcess with text."""
        return subprocess.run([binary('customerclient'), *arguments], input=stdin, capture_output=True, text=True,
                              timeout=timeout, env=self.environment(**env), check=False)

    # checks

    def assertError(self, name, *words):
        """A context: an error of that name (short: one of ours), whose message has all the words."""
        return _ErrorContext(self, name if '.' in name else ERROR + name, words)


class _ErrorContext:
    def __init__(self, test, name, words):
        self.test, self.name, self.words = test, name, words

    def __enter__(self):
        return self

    def __exit__(self, kind, value, _traceback):
        if kind is None:
            self.test.fail(f'no error where {self.name} was expected')
        if not issubclass(kind, DBusError):
            return False
        self.test.assertEqual(value.name, self.name, value.message)
        for word in self.words:
            self.test.assertIn(word, value.message)
        self.error = value
        return True


def main():
    unittest.main(verbosity=2)
