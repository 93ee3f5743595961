"""The QR code as a phone sees it: read by zbarimg from pictures of a real xterm of 80x24, in a dark and a light theme, and
from the PNG."""

import os
import shutil
import subprocess
import unittest

import desktop
import harness
from harness import TIMEOUT, binary, poll
from test_pay import PayTestCase

NEEDED = ('xterm', 'zbarimg', 'Xvfb', 'import', 'mogrify')
FONT = 'DejaVu Sans Mono'
# Colours of the terminal; `solarized` is one that changes what the numbers 0 and 7 look like.
THEMES = {
    'dark': ('-bg', 'black', '-fg', 'gray80'),
    'light': ('-bg', 'white', '-fg', 'black'),
    'solarized': ('-bg', '#002b36', '-fg', '#839496', '-xrm', 'XTerm*color0: #073642', '-xrm', 'XTerm*color7: #eee8d5'),
}


def missing():
    gone = [name for name in NEEDED if not shutil.which(name)]
    if not gone and shutil.which('fc-list') and FONT not in subprocess.run(['fc-list'], capture_output=True, text=True,
                                                                           check=False).stdout:
        gone = [f'the font {FONT}']
    return ', '.join(gone)


def read_codes(path):
    """What the QR codes of a picture say."""
    p = subprocess.run(['zbarimg', '--quiet', '--raw', '-Sdisable', '-Sqrcode.enable', path], capture_output=True,
                       text=True, check=False, timeout=TIMEOUT)
    return p.stdout.splitlines()


@unittest.skipIf(missing(), f'not installed: {missing()}')
class Terminals(PayTestCase):
    def setUp(self):
        super().setUp()
        self.screen = desktop.Screen(self.dir, '800x600')
        self.addCleanup(self.screen.close)

    def xterm(self, name, theme, term):
        env = self.environment(TERM=term, DISPLAY=self.screen.display, COLORTERM=None, WAYLAND_DISPLAY=None,
                               LC_ALL='C.UTF-8')
        script = f'"$0" pay {name} --qr; echo $? >{self.dir}/status'
        return harness.Process('xterm', ['xterm', '-u8', '-fa', FONT, '-fs', '10', '-geometry', '80x24+0+0', '-tn', term,
                                         *THEMES[theme], '-e', 'sh', '-c', script, binary('customerclient')],
                               f'{self.dir}/xterm.log', env=env)

    def seen(self):
        path = f'{self.dir}/screen.png'
        subprocess.run(['import', '-window', 'root', path], check=True, timeout=TIMEOUT,
                       env=dict(os.environ, DISPLAY=self.screen.display))
        return read_codes(path)

    def test_each_theme(self):
        for theme, term in (('dark', 'xterm-256color'), ('light', 'xterm-256color'), ('solarized', 'xterm-256color'),
                            ('dark', 'xterm'), ('light', 'xterm'), ('solarized', 'xterm')):
            with self.subTest(theme, term=term):
                uid, name = self.order('qr')
                process = self.xterm(name, theme, term)
                try:
                    codes = poll(self.seen, what='a QR code on the screen', every=0.3)
                    self.assertEqual(codes, [self.payload(uid)])
                    self.bank(uid, 'paid')
                    poll(lambda: not process.running(), what='the end of the payment')
                    with open(f'{self.dir}/status', encoding='utf-8') as f:
                        self.assertEqual(f.read(), '0\n')
                finally:
                    process.kill()

    def test_nothing_is_read_where_nothing_is(self):
        self.assertEqual(self.seen(), [])


@unittest.skipIf(not shutil.which('zbarimg'), 'not installed: zbarimg')
class Pictures(PayTestCase):
    def test_the_png(self):
        uid, name = self.order('qr')
        t = self.terminal('pay', name, columns=60, rows=15, DISPLAY=None, WAYLAND_DISPLAY=None)
        t.wait_for('waits for the payment')
        pictures = [f for f in os.listdir(f'{self.dir}/run') if f.endswith('.png')]
        self.assertEqual(read_codes(f'{self.dir}/run/{pictures[0]}'), [self.payload(uid)])
        self.bank(uid, 'paid')
        self.assertEqual(t.wait(), 0, t.screen.text)
        self.assertEqual([f for f in os.listdir(f'{self.dir}/run') if f.endswith('.png')], [], 'of no use any more')


if __name__ == '__main__':
    unittest.main(verbosity=2)
