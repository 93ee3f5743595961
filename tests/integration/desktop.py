"""A desktop for tests: a recording of every Notify call on a bus, the real dunst on a screen of its own, a notification
server that presses buttons, and the notifier itself."""

import json
import os
import re
import signal
import subprocess
import sys

import harness
from harness import Gio, GLib, Process, iterate

SERVER = 'org.freedesktop.Notifications'
SERVER_PATH = '/org/freedesktop/Notifications'
NOTIFIER = harness.NAME + '.Notifier'


class Notify:
    """A call of Notify."""

    def __init__(self, sender, arguments):
        self.sender = sender
        (self.app, self.replaces, self.icon, self.title, self.body, actions, self.hints, self.timeout) = arguments
        self.actions = dict(zip(actions[::2], actions[1::2]))

    @property
    def buttons(self):
        """What a desktop shows as buttons."""
        return [key for key in self.actions if key != 'default']

    def __repr__(self):
        return f'Notify(replaces {self.replaces}: {self.title!r}, {self.body!r}, {list(self.actions)})'


class Recording:
    """Every Notify call on the bus, by a monitor beside whatever server there is."""

    def __init__(self, bus, folder):
        self.calls = []
        self.pending = b''
        log = os.path.join(folder, 'monitor.log')
        self.process = Process(
            'busctl', ['busctl', f'--address={bus.address}', 'monitor', '--json=short',
                       f"--match=type='method_call',interface='{SERVER}',member='Notify'"],
            log, stdout=subprocess.PIPE)
        self.fd = self.process.popen.stdout.fileno()
        os.set_blocking(self.fd, False)
        self.watch = GLib.unix_fd_add_full(GLib.PRIORITY_DEFAULT, self.fd, GLib.IOCondition.IN, self._readable)
        tick = GLib.timeout_add(50, lambda: GLib.SOURCE_CONTINUE)
        iterate(lambda: 'Monitoring' in self.process.output(), what='the monitor')
        GLib.source_remove(tick)

    def _readable(self, _fd, _condition):
        data = os.read(self.fd, 65536)
        *lines, self.pending = (self.pending + data).split(b'\n')
        for line in lines:
            message = json.loads(line)
            self.calls.append(Notify(message['sender'], message['payload']['data']))
        return GLib.SOURCE_CONTINUE

    def wait(self, count, what=None):
        """Waits until there are `count` calls; the last. Fails when there are more."""
        try:
            iterate(lambda: len(self.calls) >= count, what=what or f'bubble {count}')
        except AssertionError as e:
            raise AssertionError(f'{e}; seen: {self.calls}') from None
        if len(self.calls) > count:
            raise AssertionError(f'{len(self.calls)} bubbles instead of {count}: {self.calls}')
        return self.calls[-1]

    def close(self):
        GLib.source_remove(self.watch)
        self.process.stop()


class Screen:
    """An X display of its own."""

    def __init__(self, folder, size='480x200'):
        self.process = Process('Xvfb', ['Xvfb', '-displayfd', '1', '-screen', '0', f'{size}x24', '-wr', '-nolisten', 'tcp'],
                               os.path.join(folder, 'xvfb.log'), stdout=subprocess.PIPE)
        self.display = f':{self.process.read_line()}'

    def picture(self, path):
        """What is on the screen, without the empty part around it."""
        env = dict(os.environ, DISPLAY=self.display)
        subprocess.run(['import', '-window', 'root', '-strip', path], check=True, timeout=30, env=env)
        subprocess.run(['mogrify', '-trim', '+repage', '-bordercolor', 'white', '-border', '12', path], check=True,
                       timeout=30)

    def close(self):
        self.process.stop()


class Dunst:
    """The real dunst. A menu that it opens is answered with `choose`, the label of a button."""

    CONFIG = '''[global]
origin = top-right
offset = 24x24
width = (320, 432)
height = 240
font = Sans 11
frame_width = 1
frame_color = "#c7c2bb"
corner_radius = 12
padding = 16
horizontal_padding = 16
icon_position = left
min_icon_size = 64
max_icon_size = 64
text_icon_padding = 14
line_height = 2
markup = full
format = "<b>%s</b>\\n%b"
show_indicators = no
idle_threshold = 0
dmenu = {menu}
[urgency_normal]
background = "#ffffff"
foreground = "#2e3436"
timeout = 0
'''

    def __init__(self, bus, folder, screen):
        self.bus, self.folder, self.screen = bus, folder, screen
        self.client = bus.connect()
        self.choice = os.path.join(folder, 'choice')
        menu = os.path.join(folder, 'menu')
        with open(menu, 'w', encoding='utf-8') as f:
            # The last is the newest bubble.
            f.write(f'#!/bin/sh\ngrep -F "$(cat {self.choice})" | tail -n 1\n')
        os.chmod(menu, 0o755)
        with open(os.path.join(folder, 'dunstrc'), 'w', encoding='utf-8') as f:
            f.write(self.CONFIG.format(menu=menu))
        self.start()

    def environment(self):
        return dict(os.environ, DISPLAY=self.screen.display, DBUS_SESSION_BUS_ADDRESS=self.bus.address,
                    XDG_RUNTIME_DIR=self.folder, WAYLAND_DISPLAY='')

    def start(self):
        self.process = Process('dunst', ['dunst', '-config', os.path.join(self.folder, 'dunstrc')],
                               os.path.join(self.folder, 'dunst.log'), env=self.environment())
        wait_for_name(self.client, SERVER)

    def kill(self):
        self.process.kill()
        wait_for_name(self.client, SERVER, present=False)

    def ctl(self, *arguments):
        done = subprocess.run(['dunstctl', *arguments], env=self.environment(), check=True, timeout=30,
                              capture_output=True, text=True)
        return done.stdout

    def shown(self):
        """How many bubbles are on the screen."""
        return int(re.search(r'displayed: (\d+)', self.ctl('count').lower()).group(1))

    def press(self, label):
        """Chooses a button from dunst's menu."""
        with open(self.choice, 'w', encoding='utf-8') as f:
            f.write(f'#{label} ')
        self.ctl('context')

    def close(self):
        self.process.kill()
        self.client.close_sync(None)


class Server:
    """A notification server that shows nothing, and on which the test presses the buttons."""

    XML = f'''<node><interface name="{SERVER}">
<method name="GetCapabilities"><arg type="as" direction="out"/></method>
<method name="GetServerInformation"><arg type="s" direction="out"/><arg type="s" direction="out"/>
<arg type="s" direction="out"/><arg type="s" direction="out"/></method>
<method name="Notify"><arg type="s" direction="in"/><arg type="u" direction="in"/><arg type="s" direction="in"/>
<arg type="s" direction="in"/><arg type="s" direction="in"/><arg type="as" direction="in"/>
<arg type="a{{sv}}" direction="in"/><arg type="i" direction="in"/><arg type="u" direction="out"/></method>
<method name="CloseNotification"><arg type="u" direction="in"/></method>
<signal name="ActionInvoked"><arg type="u"/><arg type="s"/></signal>
<signal name="ActivationToken"><arg type="u"/><arg type="s"/></signal>
<signal name="NotificationClosed"><arg type="u"/><arg type="u"/></signal>
</interface></node>'''

    def __init__(self, bus, capabilities=('body', 'body-markup', 'actions')):
        self.calls = []
        self.closed = []
        self.ids = []
        self.next_id = 1
        self.capabilities = list(capabilities)
        self.silent = False  # hangs, as a server that is stopped
        self.connection = bus.connect()
        self.connection.register_object(SERVER_PATH, Gio.DBusNodeInfo.new_for_xml(self.XML).interfaces[0],
                                        self._call, None, None)
        self.owner = Gio.bus_own_name_on_connection(self.connection, SERVER, Gio.BusNameOwnerFlags.NONE, None, None)
        wait_for_name(self.connection, SERVER)

    def _call(self, _connection, sender, _path, _interface, method, arguments, invocation):
        if self.silent:
            return
        if method == 'GetCapabilities':
            invocation.return_value(GLib.Variant('(as)', (self.capabilities,)))
        elif method == 'GetServerInformation':
            invocation.return_value(GLib.Variant('(ssss)', ('recorder', 'test', '1', '1.2')))
        elif method == 'CloseNotification':
            number, = arguments.unpack()
            self.closed.append(number)
            self._emit('NotificationClosed', '(uu)', number, 3)
            invocation.return_value(None)
        else:
            call = Notify(sender, arguments.unpack())
            number = call.replaces
            if not number:
                number, self.next_id = self.next_id, self.next_id + 1
            self.calls.append(call)
            self.ids.append(number)
            invocation.return_value(GLib.Variant('(u)', (number,)))

    def _emit(self, name, signature, *values):
        self.connection.emit_signal(None, SERVER_PATH, SERVER, name, GLib.Variant(signature, values))

    def wait(self, count, what=None):
        """Waits until there are `count` calls of Notify; the last. Fails when there are more."""
        return Recording.wait(self, count, what)

    def press(self, action, call=-1, token=None):
        """Presses a button of the given call's bubble; servers close it then."""
        number = self.ids[call]
        if token:
            self._emit('ActivationToken', '(us)', number, token)
        self._emit('ActionInvoked', '(us)', number, action)
        self._emit('NotificationClosed', '(uu)', number, 2)

    def close(self):
        Gio.bus_unown_name(self.owner)
        self.connection.close_sync(None)


def name_owner(connection, name):
    try:
        return connection.call_sync('org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus',
                                    'GetNameOwner', GLib.Variant('(s)', (name,)), None, Gio.DBusCallFlags.NONE,
                                    5000, None).unpack()[0]
    except GLib.Error:
        return None


def wait_for_name(connection, name, present=True):
    subscription = connection.signal_subscribe(
        'org.freedesktop.DBus', 'org.freedesktop.DBus', 'NameOwnerChanged', '/org/freedesktop/DBus', name,
        Gio.DBusSignalFlags.NONE, lambda *_: None)
    try:
        iterate(lambda: bool(name_owner(connection, name)) == present, what=f'{name} {"on" if present else "off"} the bus')
    finally:
        connection.signal_unsubscribe(subscription)


class NotifierCase(harness.TestCase):
    """A world with a notifier: start_notifier(), stop_notifier()."""

    # Lines of the notifier's log that a test that passes must not have.
    COMPLAINT = re.compile(r'Sanitizer|runtime error:|^==\d+==|-(CRITICAL|WARNING) \*\*')
    STAGES = ('Processing', 'In the process of cooking', 'Ready to deliver', 'In delivery', 'Delivered')

    def setUp(self):
        super().setUp()
        self.notifier = None
        self.addCleanup(self._end_notifier)

    def _end_notifier(self):
        passed = self._passed()
        try:
            if self.notifier and self.notifier.running():
                if passed:
                    self.end_notifier()
                else:
                    self.notifier.kill()
            complaints = [line for line in self.notifier_log().splitlines() if self.COMPLAINT.search(line)]
            if complaints:
                self.fail('the notifier complained:\n' + '\n'.join(complaints))
        finally:
            if not self._passed():
                sys.stderr.write(f'--- log of the notifier, {self.id()}\n{self.notifier_log()}---\n')

    def end_notifier(self):
        """SIGTERM, and the status has to be 0. The loop runs on: it may wait for an answer of Server."""
        self.notifier.signal(signal.SIGTERM)
        tick = GLib.timeout_add(50, lambda: GLib.SOURCE_CONTINUE)
        try:
            iterate(lambda: not self.notifier.running(), what='the end of the notifier')
        finally:
            GLib.source_remove(tick)
        self.assertEqual(self.notifier.wait(), 0, 'exit status of the notifier')

    def notifier_log(self):
        try:
            with open(f'{self.dir}/notifier.log', encoding='utf-8', errors='replace') as f:
                return f.read()
        except FileNotFoundError:
            return ''

    def notifier_environment(self, **more):
        icons = os.path.join(harness.SOURCE_DIR, 'clients', 'notifier')
        return self.environment(**{'XDG_DATA_DIRS': f'{icons}:/usr/share', 'CUSTOMERCLIENT_LOG_LEVEL': 'debug', **more})

    def spawn_notifier(self, *arguments, **env):
        wrapper = os.environ.get('NOTIFIER_WRAPPER', '').split()
        return Process('customerclient-notifier', [*wrapper, harness.binary('customerclient-notifier'), *arguments],
                       os.path.join(self.dir, 'notifier.log'), env=self.notifier_environment(**env))

    def start_notifier(self, settled=None, **env):
        """And waits until it knows what there is: what comes after is news."""
        before = self.notifier_log().count('Caught up')
        self.notifier = self.spawn_notifier(**env)
        wait_for_name(self.client.connection, NOTIFIER)
        if settled:
            settled()
        elif self.daemon and self.daemon.running():
            # The file of the run before says nothing of this one.
            harness.poll(lambda: self.notifier_log().count('Caught up') > before, what='the notifier')
            self.settled()

    def stop_notifier(self):
        self.end_notifier()
        wait_for_name(self.client.connection, NOTIFIER, present=False)

    def reload_notifier(self):
        before = self.notifier_log().count('read again')
        self.notifier.signal(signal.SIGHUP)
        harness.poll(lambda: self.notifier_log().count('read again') > before, what='the configuration')

    def settled(self):
        """Waits until the notifier has handled all events up to now: its file says so."""
        path = f'{self.dir}/state/customerclient-notifier/shown'
        want = self.client.get('Daemon', 'EventSeq')
        tick = GLib.timeout_add(50, lambda: GLib.SOURCE_CONTINUE)

        def is_settled():
            try:
                with open(path, encoding='utf-8') as f:
                    found = re.search(r'^Seq=(\d+)$', f.read(), re.M)
            except FileNotFoundError:
                return False
            return found and int(found.group(1)) >= want
        try:
            iterate(is_settled, what=f'the notifier at event {want}')
        finally:
            GLib.source_remove(tick)


class ServerCase(NotifierCase):
    """With a notification server of the test's own, and programs that a button starts."""

    def setUp(self):
        super().setUp()
        self.server = Server(self.bus)
        self.addCleanup(self.server.close)
        self.sandbox.clock(0)  # orders move only when told
        self.sign_up_and_in()

    def terminal(self, name):
        """A fake terminal: notes its arguments, and runs the command that it is given."""
        folder = os.path.join(self.dir, 'bin')
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, name), 'w', encoding='utf-8') as f:
            f.write(f'#!/bin/sh\necho "{name} $XDG_ACTIVATION_TOKEN" >> {self.dir}/opened\n'
                    'while [ "$1" != /bin/sh ]; do shift; done\n'
                    f'exec "$@" < {self.dir}/typed\n')
        with open(os.path.join(folder, 'customerclient'), 'w', encoding='utf-8') as f:
            f.write(f'#!/bin/sh\necho "customerclient $*" >> {self.dir}/opened\n')
        for program in (name, 'customerclient'):
            os.chmod(os.path.join(folder, program), 0o755)
        return f'{folder}:/usr/bin:/bin'

    def opened(self):
        try:
            with open(f'{self.dir}/opened', encoding='utf-8') as f:
                return f.read().splitlines()
        except FileNotFoundError:
            return []

    def wait_opened(self, *lines):
        tick = GLib.timeout_add(100, lambda: GLib.SOURCE_CONTINUE)
        try:
            iterate(lambda: len(self.opened()) >= len(lines), what=f'{lines}')
        finally:
            GLib.source_remove(tick)
        self.assertEqual(self.opened(), list(lines))
        os.unlink(f'{self.dir}/opened')

    def typed(self, text):
        with open(f'{self.dir}/typed', 'w', encoding='utf-8') as f:
            f.write(text)
