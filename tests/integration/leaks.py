"""Looking for secrets: in each spelling in which a program may leave them, in files, in a core, in the memory of a running
process. A finder that finds nothing proves nothing: who uses it plants something beside and wants that found."""

import base64
import os
import re
import subprocess

# Numbers, times, prices and UUIDs have four digits in a row too.
APART = (rb'(?<![0-9A-Za-z.+\-/:_])', rb'(?![0-9A-Za-z.\-/:_])')


def luhn_digit(digits):
    """The last digit of a card whose others are these."""
    total = 0
    for i, c in enumerate(reversed(digits)):
        d = int(c)
        total += d if i % 2 else (2 * d - 9 if d > 4 else 2 * d)
    return str(-total % 10)


def in_base64(data):
    """What stands in base64 text for certain, wherever in the text the bytes begin."""
    for before in range(3):
        text = base64.b64encode(b'\0' * before + data)
        text = text[-(-8 * before // 6):(before + len(data)) * 8 // 6]
        yield text
        if text != text.replace(b'+', b'-').replace(b'/', b'_'):
            yield text.replace(b'+', b'-').replace(b'/', b'_')


def spellings(text):
    """(how, bytes) of every way to write it."""
    data = text.encode()
    yield 'plain', data
    yield 'hex', data.hex().encode()
    yield 'HEX', data.hex().upper().encode()
    for spelled in in_base64(data):
        yield 'base64', spelled
    yield 'url', ''.join(f'%{b:02x}' for b in data).encode()
    yield 'URL', ''.join(f'%{b:02X}' for b in data).encode()
    yield 'json', ''.join(f'\\u{b:04x}' for b in data).encode()
    yield 'utf-16-le', text.encode('utf-16-le')
    yield 'utf-16-be', text.encode('utf-16-be')


class Finder:
    """find(data) names what is in it: [('number', 'hex'), …]; around(data) shows it."""

    def __init__(self, **secrets):
        self.needles = []
        for name, text in secrets.items():
            for how, needle in spellings(text):
                self.needles.append((name, how, needle, None))

    def add_short(self, name, text, *contexts):
        """A text so short that it is somewhere by chance: only where nothing like it is around, or in a context with one
        {}."""
        self.needles.append((name, 'plain', text.encode(), re.compile(APART[0] + re.escape(text.encode()) + APART[1])))
        for context in contexts:
            for how, needle in spellings(context.format(text)):
                self.needles.append((name, how, needle, None))
        for encoding in ('utf-16-le', 'utf-16-be'):
            self.needles.append((name, encoding, text.encode(encoding), None))

    def find(self, data):
        # Most is found, or not, at the speed of memmem(); the pattern decides on the rest.
        return sorted({(name, how) for name, how, needle, pattern in self.needles
                       if needle in data and (pattern is None or pattern.search(data))})


    def around(self, data):
        shown = []
        for _, _, needle, pattern in self.needles:
            for found in re.finditer(pattern or re.escape(needle), data):
                shown.append(data[max(0, found.start() - 60):found.end() + 40])
        return b'\n'.join(shown[:5]).decode('ascii', 'backslashreplace')


class Mapping:
    def __init__(self, first, last, permissions, name):
        self.first, self.last, self.permissions, self.name = first, last, permissions, name
        self.flags = []

    @property
    def dumped(self):
        """Whether a core has it."""
        return 'dd' not in self.flags

    @property
    def as_on_disk(self):
        return self.name.startswith('/') and 'w' not in self.permissions

    def __repr__(self):
        return f'{self.name or "anonymous"} {self.permissions} {" ".join(self.flags)}'


def mappings(pid):
    found = []
    with open(f'/proc/{pid}/smaps', encoding='utf-8') as f:
        for line in f:
            begin = re.match(r'([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+\s*(.*)', line)
            if begin:
                found.append(Mapping(int(begin[1], 16), int(begin[2], 16), begin[3], begin[4]))
            elif line.startswith('VmFlags:'):
                found[-1].flags = line.split()[1:]
    return found


def memory(pid):
    """(mapping, bytes) of all that a process holds, whatever a core would have of it. Takes root: our programs are not to
    be looked into by others."""
    with open(f'/proc/{pid}/mem', 'rb', buffering=0) as f:
        for m in mappings(pid):
            if 'r' not in m.permissions or m.as_on_disk or m.name.startswith('[v'):
                continue
            data = bytearray()
            try:
                while m.first + len(data) < m.last:
                    piece = os.pread(f.fileno(), m.last - m.first - len(data), m.first + len(data))
                    if not piece:
                        break
                    data += piece
            except OSError:  # a mapping that has no pages behind it
                pass
            yield m, bytes(data)


def may_look():
    """Whether this process may look into others that do not want it: CAP_SYS_PTRACE."""
    with open('/proc/self/status', encoding='utf-8') as f:
        return bool(int(re.search(r'CapEff:\s*([0-9a-f]+)', f.read())[1], 16) >> 19 & 1)


def find_in_memory(finder, pid):
    """[(mapping, name, how, what is around it)]"""
    return [(m, *hit, finder.around(data)) for m, data in memory(pid) for hit in finder.find(data)]


def core(pid, path):
    """A core of a running process, as gcore makes it."""
    p = subprocess.run(['gdb', '-batch', '-nx', '-iex', 'set auto-load off', '-iex', 'set debuginfod enabled off',
                        '-iex', 'set auto-solib-add off', '-p', str(pid), '-ex', f'gcore {path}'],
                       stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    try:
        with open(path, 'rb') as f:
            data = f.read()
        os.unlink(path)
    except FileNotFoundError:
        raise AssertionError(f'gdb made no core:\n{p.stdout}{p.stderr}') from None
    return data
