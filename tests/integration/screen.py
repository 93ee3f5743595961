"""A terminal for tests: runs a program under a pty and keeps what its screen shows, as a person would see it. Knows the
few escape sequences our programs use and fails on any other."""

import codecs
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import unicodedata

from gi.repository import GLib

from harness import TIMEOUT, iterate

_SEQUENCE = re.compile(r'\x1b\[(\?25[lh]|\d*A|K|J|[\d;]*m)')


class Screen:
    """Characters on a grid. `scrolled` counts lines that went out at the top."""

    def __init__(self, columns, rows):
        self.columns, self.rows = columns, rows
        self.cells = [[' '] * columns for _ in range(rows)]
        self.x = self.y = self.scrolled = 0
        self.cursor_visible = True
        self.coloured = False
        self._rest = ''

    def feed(self, text):
        text = self._rest + text
        self._rest = ''
        i = 0
        while i < len(text):
            c = text[i]
            if c == '\x1b':
                found = _SEQUENCE.match(text, i)
                if not found and len(text) - i < 40 and re.fullmatch(r'\x1b(\[[?\d;]*)?', text[i:]):
                    self._rest = text[i:]
                    return
                if not found:
                    raise AssertionError(f'an escape sequence nobody expects: {text[i:i + 12]!r}')
                self._sequence(found.group(1))
                i = found.end()
                continue
            self._character(c)
            i += 1

    def _sequence(self, s):
        if s.startswith('?25'):
            self.cursor_visible = s[-1] == 'h'
        elif s[-1] == 'A':
            self.y = max(0, self.y - int(s[:-1] or 1))
        elif s == 'K':
            self.cells[self.y][self.x:] = [' '] * (self.columns - self.x)
        elif s == 'J':
            self.cells[self.y][self.x:] = [' '] * (self.columns - self.x)
            for y in range(self.y + 1, self.rows):
                self.cells[y] = [' '] * self.columns
        else:
            self.coloured = True

    def _character(self, c):
        if c == '\r':
            self.x = 0
        elif c == '\n':
            self._line_feed()
        elif c == '\a':
            pass
        elif ord(c) < 32 or ord(c) == 127:
            raise AssertionError(f'a control character nobody expects: {c!r}')
        else:
            width = 0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in 'WF' else 1
            if self.x + width > self.columns:
                self.x = 0
                self._line_feed()
            if width:
                self.cells[self.y][self.x:self.x + width] = [c] + [''] * (width - 1)
                self.x += width

    def _line_feed(self):
        if self.y + 1 < self.rows:
            self.y += 1
            return
        self.scrolled += 1
        self.cells = self.cells[1:] + [[' '] * self.columns]

    def lines(self):
        """Without the spaces at the ends, and without empty lines at the bottom."""
        lines = [''.join(row).rstrip() for row in self.cells]
        while lines and not lines[-1]:
            lines.pop()
        return lines

    @property
    def text(self):
        return '\n'.join(self.lines())


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, argv, env, columns=80, rows=24):
        self.screen = Screen(columns, rows)
        self.raw = ''
        self.ended = False
        self._decoder = codecs.getincrementaldecoder('utf-8')('replace')
        self.master, slave = pty.openpty()
        self._size(columns, rows)
        self.before = termios.tcgetattr(slave)
        self.slave = slave

        def session():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        self.popen = subprocess.Popen(argv, stdin=slave, stdout=slave, stderr=slave, preexec_fn=session,
                                      env={'TERM': 'xterm-256color', **env})
        self._watch = GLib.unix_fd_add_full(GLib.PRIORITY_DEFAULT, self.master, GLib.IOCondition.IN, self._readable)

    def _size(self, columns, rows):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))

    def resize(self, columns, rows):
        """A new, empty screen of that size, as some terminals make it; the program is told."""
        self.screen = Screen(columns, rows)
        self._size(columns, rows)

    def _readable(self, *_):
        self._drain(os.read(self.master, 65536))
        return GLib.SOURCE_CONTINUE

    def _drain(self, data):
        text = self._decoder.decode(data)
        self.raw += text
        self.screen.feed(text)

    def type(self, text):
        os.write(self.master, text.encode())

    def signal(self, number):
        self.popen.send_signal(number)

    def wait_for(self, what, timeout=TIMEOUT):
        """`what`: a text that must stand on the screen, or a predicate of it."""
        fits = what if callable(what) else lambda s: what.rstrip() in s.text
        tick = GLib.timeout_add(100, lambda: GLib.SOURCE_CONTINUE)
        try:
            return iterate(lambda: fits(self.screen), timeout, f'{what!r} on the screen')
        except AssertionError as e:
            raise AssertionError(f'{e}; it shows:\n{self.screen.text}') from None
        finally:
            GLib.source_remove(tick)

    def echoes(self):
        return bool(termios.tcgetattr(self.slave)[3] & termios.ECHO)

    def wait(self, timeout=TIMEOUT):
        """Its exit status, with everything it wrote on the screen."""
        tick = GLib.timeout_add(50, lambda: GLib.SOURCE_CONTINUE)
        try:
            iterate(lambda: self.popen.poll() is not None, timeout, 'the end of the program')
        except AssertionError as e:
            raise AssertionError(f'{e}; it shows:\n{self.screen.text}') from None
        finally:
            GLib.source_remove(tick)
        os.set_blocking(self.master, False)
        try:
            while True:
                self._drain(os.read(self.master, 65536))
        except BlockingIOError:
            pass
        return self.popen.returncode

    def close(self):
        if self.popen.poll() is None:
            self.popen.send_signal(signal.SIGKILL)
            self.popen.wait()
        if self._watch:
            GLib.source_remove(self._watch)
            self._watch = 0
            os.close(self.master)
            os.close(self.slave)
