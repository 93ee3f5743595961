"""dbus/*.xml is what the daemon shows, and docs/dbus-api.md has every member, every error, and lines that work as
pasted."""

import os
import re
import subprocess
import unittest
import xml.etree.ElementTree as ET

import harness
from harness import NAME, PATH, SOURCE_DIR

EMITS = 'org.freedesktop.DBus.Property.EmitsChangedSignal'


def read(*path):
    with open(os.path.join(SOURCE_DIR, *path), encoding='utf-8') as f:
        return f.read()


def describe(interface):
    """An interface element as a set of lines that can be compared."""
    lines = set()
    for member in interface:
        if not isinstance(member.tag, str):
            continue
        name = f'{member.tag} {member.get("name")}'
        annotations = {a.get('name'): a.get('value') for a in member.findall('annotation')}
        emits = annotations.pop(EMITS, 'true')
        lines.add(name + (f' {member.get("type")} {member.get("access")} emits={emits}' if member.tag == 'property' else ''))
        for i, arg in enumerate(member.findall('arg')):
            direction = arg.get('direction') or ('in' if member.tag == 'method' else 'out')
            lines.add(f'{name}: {i} {direction} {arg.get("type")} {arg.get("name")}')
        for key, value in annotations.items():
            lines.add(f'{name}: {key}={value}')
    return lines


class Introspection(harness.TestCase):
    def files(self):
        folder = os.path.join(SOURCE_DIR, 'dbus')
        return sorted(f for f in os.listdir(folder) if f.startswith(NAME + '.') and f.endswith('.xml'))

    def live(self):
        self.sign_up_and_in()
        self.place()
        (path,) = self.client.objects()
        found = {}
        for where in (PATH, path):
            for interface in ET.fromstring(self.client.introspect(where)).findall('interface'):
                if interface.get('name').startswith(NAME):
                    found[interface.get('name')] = interface
        return found

    def test_files_equal_the_daemon(self):
        live = self.live()
        self.assertEqual([f.removesuffix('.xml') for f in self.files()], sorted(live))
        for name, interface in live.items():
            with self.subTest(name):
                on_file = ET.fromstring(read('dbus', name + '.xml')).find('interface')
                self.assertEqual(on_file.get('name'), name)
                self.assertEqual(describe(on_file), describe(interface))

    def test_properties_that_may_be_set(self):
        writable = [f'{name.rsplit(".", 1)[1]}.{p.get("name")}' for name, interface in self.live().items()
                    for p in interface.findall('property') if p.get('access') != 'read']
        self.assertEqual(sorted(writable), ['Notifications.Muted', 'Notifications.MutedUntilTimestamp'])


class Documents(unittest.TestCase):
    def interfaces(self):
        for file in Introspection.files(self):
            yield file, read('dbus', file)

    def test_every_member_has_a_comment(self):
        for file, text in self.interfaces():
            lines = text.splitlines()
            for i, line in enumerate(lines):
                if re.match(r'\s*<(interface|method|property|signal) ', line):
                    self.assertTrue(lines[i - 1].rstrip().endswith('-->'), f'{file}:{i + 1} has no comment above it')

    def test_every_member_is_in_the_reference(self):
        reference = read('docs', 'dbus-api.md')
        sections = dict(re.findall(r'^### (\w+)[^\n]*\n(.*?)(?=^##)', reference, re.S | re.M))
        for file, text in self.interfaces():
            name = file.split('.')[-2]
            for member in ET.fromstring(text).find('interface'):
                self.assertRegex(sections[name], rf'`{member.get("name")}\b', f'{name}.{member.get("name")}')

    def test_every_method_has_a_line_to_paste(self):
        pasted = '\n'.join(Lines.lines())
        for file, text in self.interfaces():
            name = file.split('.')[-2]
            for method in ET.fromstring(text).find('interface').findall('method'):
                self.assertRegex(pasted, rf'\.{name}[. ]{method.get("name")}\b', f'{name}.{method.get("name")}')

    def test_every_error_is_known(self):
        """Errors named in the comments are those of names.h, and names.h has no error that the reference lacks."""
        names = [n or s for n, s in re.findall(r'X\(\w+, (?:CC_ERROR\("(\w+)"\)|"org\.freedesktop\.DBus\.Error\.(\w+)")',
                                               read('dbus', 'names.h'))]
        self.assertGreater(len(names), 20)
        reference = read('docs', 'dbus-api.md')
        errors = reference[reference.index('## Errors'):reference.index('## Keys')]
        for name in names:
            self.assertRegex(errors, rf'[`.]{name}`', name)
        for file, text in self.interfaces():
            for said in re.findall(r'Errors: ([^<]*?)-->', text, re.S):
                said = re.sub(r'\([^()]*\)|;.*', '', ' '.join(said.split()))
                for error in re.findall(r'\b([A-Z]\w+)\b', said.replace('Orders.Cancel', '')):
                    self.assertIn(error, names, f'{file} names the error {error}')


class Lines(harness.TestCase):
    """The lines of docs/dbus-api.md, pasted into a shell one after the other."""

    # What has to be refused: by then the only order was cancelled through its object.
    REFUSED = {'Orders Rate': 'not been delivered', 'Orders Cancel': 'cancelled already',
               'Payments Start': 'nothing was charged', 'Payments GetQrCode': 'nothing was charged',
               'Payments Confirm': 'No QR payment', 'Payments.PayByCard': 'nothing was charged',
               'Payments RemoveCard': 'uid is empty', 'Predictions GetDeliveryTime': "it is 'cancelled'"}

    @staticmethod
    def lines():
        blocks = re.findall(r'^```sh\n(.*?)^```', read('docs', 'dbus-api.md'), re.S | re.M)
        return [line for block in blocks for line in block.splitlines()]

    def shell(self, script):
        return subprocess.run(['bash', '-c', script], cwd=self.dir, capture_output=True, text=True, check=False,
                              timeout=harness.TIMEOUT, env=self.environment())

    def paste(self, done, line):
        """Runs the line with the variables of the lines before it."""
        variables = '\n'.join(d for d in done if re.match(r'[A-Z]+=', d))
        result = self.shell(f'set -o pipefail\n{variables}\n{line}\n')
        refused = next((words for text, words in self.REFUSED.items() if text in line), None)
        if refused:
            self.assertNotEqual(result.returncode, 0, line)
            self.assertIn(refused, result.stderr, line)
        else:
            self.assertEqual(result.returncode, 0, f'{line}\n{result.stdout}{result.stderr}')
        return result.stdout

    def test_lines(self):
        card = '{"number": "4242424242424242", "holder": "ANN", "expiry": "12/39", "cvc": "123"}'
        for name, text in (('password', harness.PASSWORD), ('new-password', 'a better one, I hope'), ('card.json', card),
                           ('photo.jpg', 'not really one')):
            with open(os.path.join(self.dir, name), 'w', encoding='utf-8') as f:
                f.write(text + '\n')
        # Signed in first; what ends the session last.
        def turn(line):
            return (0 if re.match('[DP]=', line) or '.Session' in line and 'SignOut' not in line else
                    2 if any(text in line for text in self.REFUSED) else
                    3 if 'ChangePassword' in line else 4 if 'SignOut' in line else 1)
        done = []
        for line in sorted(self.lines(), key=turn):
            if 'VerifySignUp' in line:
                done.append('CODE=' + self.sandbox.verification_code('ann@example.org'))
            elif '.Catalog' in line:
                self.products()
            self.paste(done, line)
            done.append(line)
        self.assertGreater(len(done), 40)


if __name__ == '__main__':
    harness.main()
