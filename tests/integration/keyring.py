"""Keyrings for the tests: a real gnome-keyring-daemon on the bus of a test, and two that nobody should have."""

import os
import shutil
import signal
import subprocess

import harness
from harness import Gio, GLib

NAME = 'org.freedesktop.secrets'
PATH = '/org/freedesktop/secrets'
LOGIN = PATH + '/collection/login'
SERVICE = 'org.freedesktop.Secret.Service'
PASSWORD = 'a password of the keyring'


def available():
    return shutil.which('gnome-keyring-daemon') is not None


class Keyring:
    """gnome-keyring, its data in a folder of the test."""

    def __init__(self, test):
        self.test = test
        self.process = None
        self.connection = test.bus.connect()
        test.addCleanup(self.connection.close_sync, None)
        test.addCleanup(self.stop)

    def owner(self):
        try:
            return self.connection.call_sync('org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus',
                                             'GetNameOwner', GLib.Variant('(s)', (NAME,)), None, 0, 5000, None).unpack()[0]
        except GLib.Error:
            return None

    def start(self, unlocked=True, replace=False):
        """replace: the bus may have started another one."""
        folder = self.test.dir
        argv = ['gnome-keyring-daemon', '--foreground', '--components=secrets', f'--control-directory={folder}/run/keyring']
        env = {**os.environ, 'HOME': folder, 'XDG_DATA_HOME': f'{folder}/data', 'XDG_RUNTIME_DIR': f'{folder}/run',
               'DBUS_SESSION_BUS_ADDRESS': self.test.bus.address}
        argv += (['--unlock'] if unlocked else []) + (['--replace'] if replace else [])
        with open(f'{folder}/keyring.log', 'ab') as log:
            self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=log,
                                            stderr=log, env=env, preexec_fn=harness._die_with_parent)
        self.process.stdin.write(PASSWORD.encode() if unlocked else b'')
        self.process.stdin.close()
        harness.poll(self.owner, what='the keyring')

    def stop(self):
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(harness.TIMEOUT)
            self.process = None
            harness.poll(lambda: not self.owner(), what='the end of the keyring')

    def call(self, path, interface, method, arguments):
        return self.connection.call_sync(NAME, path, interface, method, arguments, None, 0, 10000, None).unpack()

    def session(self):
        return self.call(PATH, SERVICE, 'OpenSession', GLib.Variant('(sv)', ('plain', GLib.Variant('s', ''))))[1]

    def lock(self):
        self.call(PATH, SERVICE, 'Lock', GLib.Variant('(ao)', ([LOGIN],)))

    def unlock(self):
        self.call(PATH, 'org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface', 'UnlockWithMasterPassword',
                  GLib.Variant('(o(oayays))', (LOGIN, (self.session(), b'', PASSWORD.encode(), 'text/plain'))))

    def items(self):
        """[(path, label, attributes)] of ours."""
        unlocked, locked = self.call(PATH, SERVICE, 'SearchItems', GLib.Variant('(a{ss})', ({
            'xdg:schema': 'org.deliveryservice.CustomerClient1'},)))
        found = []
        for path in unlocked + locked:
            try:
                values = self.call(path, 'org.freedesktop.DBus.Properties', 'GetAll',
                                   GLib.Variant('(s)', ('org.freedesktop.Secret.Item',)))[0]
            except GLib.Error as e:
                if not e.matches(Gio.dbus_error_quark(), Gio.DBusError.UNKNOWN_METHOD):
                    raise
                continue    # deleted since
            found.append((path, values['Label'], values['Attributes']))
        return found

    def secret(self, path):
        secret = self.call(path, 'org.freedesktop.Secret.Item', 'GetSecret', GLib.Variant('(o)', (self.session(),)))[0]
        return bytes(secret[2]).decode()

    def write(self, path, text):
        self.call(path, 'org.freedesktop.Secret.Item', 'SetSecret',
                  GLib.Variant('((oayays))', ((self.session(), b'', text.encode(), 'text/plain'),)))

    def delete(self, path):
        self.call(path, 'org.freedesktop.Secret.Item', 'Delete', None)


# The prime of the second Oakley group (RFC 2409, 6.2), by which sessions are encrypted.
PRIME = int('FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B'
            '302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE6'
            '49286651ECE65381FFFFFFFFFFFFFFFF', 16)
PUBLIC = pow(2, 0x0123456789abcdef0123456789abcdef, PRIME).to_bytes(128, 'big')


class Odd:
    """Has the keyring's name. `hang`: answers nothing, ever. `plain`: knows only sessions in the clear. `prompt`: says
    that it is open, and wants to ask the person something all the same."""

    XML = '''<node><interface name="org.freedesktop.Secret.Service">
        <method name="OpenSession"><arg type="s" direction="in"/><arg type="v" direction="in"/>
            <arg type="v" direction="out"/><arg type="o" direction="out"/></method>
        <method name="SearchItems"><arg type="a{ss}" direction="in"/><arg type="ao" direction="out"/>
            <arg type="ao" direction="out"/></method>
        <method name="ReadAlias"><arg type="s" direction="in"/><arg type="o" direction="out"/></method>
        <property name="Collections" type="ao" access="read"/></interface>
        <interface name="org.freedesktop.Secret.Collection">
        <method name="CreateItem"><arg type="a{sv}" direction="in"/><arg type="(oayays)" direction="in"/>
            <arg type="b" direction="in"/><arg type="o" direction="out"/><arg type="o" direction="out"/></method>
        <property name="Items" type="ao" access="read"/><property name="Label" type="s" access="read"/>
        <property name="Locked" type="b" access="read"/><property name="Created" type="t" access="read"/>
        <property name="Modified" type="t" access="read"/></interface>
        <interface name="org.freedesktop.Secret.Prompt"><method name="Prompt"><arg type="s" direction="in"/></method>
        <method name="Dismiss"/></interface></node>'''
    ONE = PATH + '/collection/one'

    def __init__(self, test, kind):
        self.kind, self.calls = kind, []
        self.connection = test.bus.connect()
        test.addCleanup(self.close)
        places = (PATH, self.ONE, PATH + '/prompt/p1')
        for path, interface in zip(places, Gio.DBusNodeInfo.new_for_xml(self.XML).interfaces):
            self.connection.register_object(path, interface, self.called, self.get, None)
        # Alias and collection are the same object.
        self.connection.register_object(PATH + '/aliases/default',
                                        Gio.DBusNodeInfo.new_for_xml(self.XML).interfaces[1], self.called, self.get, None)
        # What hangs does not answer the calls of properties either.
        if kind == 'hang':
            self.connection.add_filter(self.swallow)
        self.connection.call_sync('org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus', 'RequestName',
                                  GLib.Variant('(su)', (NAME, 4)), None, 0, 5000, None)

    def swallow(self, _connection, message, incoming):
        if incoming and message.get_message_type() == Gio.DBusMessageType.METHOD_CALL:
            self.calls.append(message.get_member())
            return None
        return message

    def called(self, _connection, _sender, _path, _interface, method, arguments, invocation):
        self.calls.append(method if method != 'OpenSession' else f'OpenSession {arguments.unpack()[0]}')
        if method == 'OpenSession' and arguments.unpack()[0] == 'plain':
            invocation.return_value(GLib.Variant('(vo)', (GLib.Variant('s', ''), PATH + '/session/1')))
        elif method == 'OpenSession' and self.kind == 'prompt':
            invocation.return_value(GLib.Variant('(vo)', (GLib.Variant('ay', PUBLIC), PATH + '/session/1')))
        elif method == 'OpenSession':
            invocation.return_dbus_error('org.freedesktop.DBus.Error.NotSupported', 'only plain')
        elif method == 'SearchItems':
            invocation.return_value(GLib.Variant('(aoao)', ([], [])))
        elif method == 'CreateItem':
            invocation.return_value(GLib.Variant('(oo)', ('/', PATH + '/prompt/p1')))
        elif method == 'ReadAlias':
            invocation.return_value(GLib.Variant('(o)', (self.ONE,)))
        else:
            invocation.return_value(None)

    def get(self, _connection, _sender, _path, _interface, name):
        return {'Collections': GLib.Variant('ao', [self.ONE]), 'Items': GLib.Variant('ao', []),
                'Label': GLib.Variant('s', 'one'), 'Locked': GLib.Variant('b', False),
                'Created': GLib.Variant('t', 1), 'Modified': GLib.Variant('t', 1)}[name]

    def close(self):
        if not self.connection.is_closed():
            self.connection.close_sync(None)
