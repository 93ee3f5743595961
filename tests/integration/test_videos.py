"""Videos: the list, the relay that hands them on to players of this user, with seeking, back-pressure and resuming, and
what was watched. The videos are real ones, made by ffmpeg; the players are curl and mpv."""

import contextlib
import hashlib
import http.client
import http.server
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.parse

import harness
from harness import poll

FOLDER = None
SECONDS = 60


def make_videos(folder):
    """A minute of 20 MB, its index at the beginning; the same with its index at the end."""
    subprocess.run(
        ['ffmpeg', '-loglevel', 'error', '-f', 'lavfi', '-i', 'testsrc2=s=320x240:r=25', '-f', 'lavfi', '-i',
         'sine=frequency=440', '-t', str(SECONDS), '-c:v', 'libx264', '-preset', 'ultrafast', '-g', '25', '-b:v', '2700k',
         '-minrate', '2700k', '-maxrate', '2700k', '-bufsize', '1350k', '-x264-params', 'nal-hrd=cbr', '-c:a', 'aac',
         '-b:a', '64k', '-movflags', '+faststart', f'{folder}/oven.mp4'], check=True, stdin=subprocess.DEVNULL)
    subprocess.run(['ffmpeg', '-loglevel', 'error', '-i', f'{folder}/oven.mp4', '-c', 'copy', f'{folder}/tail.mp4'],
                   check=True, stdin=subprocess.DEVNULL)
    with open(f'{folder}/oven.json', 'w', encoding='utf-8') as f:
        json.dump({'title': 'An oven at night', 'description': 'One minute', 'genre': 'Slow', 'lengthSeconds': SECONDS}, f)


def setUpModule():
    global FOLDER
    FOLDER = tempfile.mkdtemp(prefix='videos-')
    unittest.addModuleCleanup(shutil.rmtree, FOLDER)
    make_videos(FOLDER)


class VideosTest(harness.TestCase):
    folder = None

    def setUp(self):
        self.folder = self.folder or FOLDER
        self.sandbox_args = ('--videos', self.folder)
        super().setUp()
        self.sign_up_and_in()
        self.sync()
        self.rows = self.list()
        self.uid = next(r[0] for r in self.rows if r[1] == 'An oven at night')
        with open(f'{self.folder}/oven.mp4', 'rb') as f:
            self.bytes = f.read()

    def list(self):
        return self.client.call('Videos', 'List')

    def open(self, uid=None):
        url, kind = self.client.call('Videos', 'Open', '(s)', (uid or self.uid,))
        self.assertEqual(kind, 'stream')
        self.assertRegex(url, r'^http://127\.0\.0\.1:[0-9]+/[0-9a-f]{32,}$')
        return url

    def get(self, url, method='GET', **headers):
        """Status, headers and body."""
        parts = urllib.parse.urlsplit(url)
        connection = http.client.HTTPConnection('127.0.0.1', parts.port, timeout=harness.TIMEOUT)
        try:
            connection.request(method, parts.path, headers={k.replace('_', '-'): v for k, v in headers.items()})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def raw(self, url, data):
        """What comes back for these bytes, until the other side closes."""
        with socket.create_connection(('127.0.0.1', urllib.parse.urlsplit(url).port), harness.TIMEOUT) as s:
            got = b''
            try:
                s.sendall(data)
                while part := s.recv(65536):
                    got += part
            except ConnectionResetError:
                pass
            return got

    def connect(self, url, receive_buffer=None, **headers):
        """A connection with its request sent, of which nothing is read."""
        parts = urllib.parse.urlsplit(url)
        s = socket.socket()
        self.addCleanup(s.close)
        if receive_buffer:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        s.settimeout(harness.TIMEOUT)
        s.connect(('127.0.0.1', parts.port))
        lines = ''.join(f'{k.replace("_", "-")}: {v}\r\n' for k, v in headers.items())
        s.sendall(f'GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n{lines}\r\n'.encode())
        return s

    @staticmethod
    def drain(s):
        """The rest of an answer: the body of a whole one."""
        got = bytearray()
        while part := s.recv(1 << 20):
            got += part
        return bytes(got[got.index(b'\r\n\r\n') + 4:])

    def ranges(self):
        """What the service sent of videos: the probes of Open, of one byte, left out."""
        return [r for r in self.sandbox.request('GET', '/Sandbox/Videos')['ranges'] if r['to'] > 0]

    def fetched(self):
        return sum(r['written'] for r in self.ranges())

    def rate(self, bytes_per_sec):
        self.sandbox.request('POST', '/Sandbox/Videos', {'bytesPerSec': bytes_per_sec})

    def descriptors(self):
        """What the daemon has open."""
        paths = []
        for fd in os.listdir(f'/proc/{self.daemon.pid}/fd'):
            with contextlib.suppress(FileNotFoundError):
                paths.append(os.readlink(f'/proc/{self.daemon.pid}/fd/{fd}'))
        return paths

    def listeners(self):
        """Ports on which the daemon listens."""
        inodes = {found.group(1) for found in (re.match(r'socket:\[(\d+)\]', path) for path in self.descriptors()) if found}
        with open('/proc/net/tcp', encoding='ascii') as f:
            rows = [line.split() for line in f.readlines()[1:]]
        return [int(row[1].split(':')[1], 16) for row in rows if row[3] == '0A' and row[9] in inodes]

    def memory(self):
        with open(f'/proc/{self.daemon.pid}/status', encoding='ascii') as f:
            return int(re.search(r'VmRSS:\s+(\d+) kB', f.read()).group(1)) * 1024


class Relay(VideosTest):
    def test_list(self):
        stored = [r for r in self.rows if r[5]]
        web = [r for r in self.rows if not r[5]]
        self.assertEqual([r[1] for r in stored], ['An oven at night', 'tail'])
        self.assertEqual(stored[0][2:5], ('One minute', 'Slow', SECONDS))
        url, kind = self.client.call('Videos', 'Open', '(s)', (web[0][0],))
        self.assertEqual(kind, 'web')
        self.assertTrue(url.startswith('https://'))
        self.assertEqual(self.listeners(), [], 'nothing is listened on for a video elsewhere')
        with self.assertError('NotFound', 'no-such-video'):
            self.client.call('Videos', 'Open', '(s)', ('no-such-video',))
        with self.assertError('NotFound', 'no-such-video'):
            self.client.call('Videos', 'ReportWatched', '(su)', ('no-such-video', 5))
        with self.assertError(harness.INVALID_ARGS):
            self.client.call('Videos', 'ReportWatched', '(su)', (self.uid, 100000))

    def test_addresses_that_are_not_safe(self):
        for i, address in enumerate(('http://example.org/v', 'javascript:alert(1)', 'file:///etc/passwd',
                                     'https://user:pw@example.org/', 'https://example.org/a b', '--help', 'https://')):
            self.sandbox.request('POST', '/Sandbox/Videos', {'add': {'uid': f'bad-{i}', 'title': f'Bad {i}',
                                                                     'youTubeUrl': address}})
        self.sync()
        bad = [r for r in self.list() if r[1].startswith('Bad')]
        self.assertEqual(len(bad), 7)
        for row in bad:
            with self.assertError('NotFound', 'https'):
                self.client.call('Videos', 'Open', '(s)', (row[0],))

    def test_whole_and_parts(self):
        url, size = self.open(), len(self.bytes)
        status, headers, body = self.get(url)
        self.assertEqual((status, body == self.bytes), (200, True))
        self.assertEqual((headers['Content-Type'], headers['Accept-Ranges'], headers['Content-Length']),
                         ('video/mp4', 'bytes', str(size)))
        self.assertEqual(headers['Cache-Control'], 'no-store')
        etag = headers['ETag']
        for text, first, last in (('0-0', 0, 0), ('100-299', 100, 299), (f'{size - 5}-', size - 5, size - 1),
                                  ('-7', size - 7, size - 1), (f'10-{size * 2}', 10, size - 1),
                                  (f'-{size * 3}', 0, size - 1)):
            status, headers, body = self.get(url, Range=f'bytes={text}')
            self.assertEqual((status, headers['Content-Range']), (206, f'bytes {first}-{last}/{size}'), text)
            self.assertTrue(body == self.bytes[first:last + 1], text)
        status, headers, body = self.get(url, Range=f'bytes={size}-')
        self.assertEqual((status, headers['Content-Range'], body), (416, f'bytes */{size}', b''))
        for odd in ('bytes=5-2', 'bytes=1-2,5-6', 'lines=1-2', 'bytes=', 'bytes=a-b'):
            self.assertEqual(self.get(url, Range=odd)[0], 200, odd)
        self.assertEqual(self.get(url, Range='bytes=0-9', If_Range=etag)[0], 206)
        self.assertEqual(self.get(url, Range='bytes=0-9', If_Range='"other"')[0], 200)
        self.assertEqual(self.get(url, Range='bytes=0-9', If_Range='Sat, 01 Jan 2022 00:00:00 GMT')[0], 200)
        status, headers, body = self.get(url, method='HEAD')
        self.assertEqual((status, headers['Content-Length'], body), (200, str(size), b''))

    def test_by_curl(self):
        url = self.open()
        first = subprocess.run(['curl', '-sf', '-r', '0-9999999', url], capture_output=True, check=True).stdout
        rest = subprocess.run(['curl', '-sf', '-r', '10000000-', url], capture_output=True, check=True).stdout
        self.assertEqual(hashlib.sha256(first + rest).hexdigest(), hashlib.sha256(self.bytes).hexdigest())

    def test_refusals(self):
        url = self.open()
        parts = urllib.parse.urlsplit(url)
        host, path = parts.netloc, parts.path

        def status(text):
            return self.raw(url, text.encode()).split(b' ')[1:2]
        self.assertEqual(status(f'GET {path} HTTP/1.1\r\nHost: example.org:{parts.port}\r\n\r\n'), [b'403'])
        self.assertEqual(status(f'GET {path} HTTP/1.1\r\nHost: localhost:{parts.port}\r\n\r\n'), [b'403'])
        self.assertEqual(status(f'GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'), [b'403'])
        self.assertEqual(status(f'GET {path} HTTP/1.1\r\n\r\n'), [b'400'])
        self.assertEqual(status(f'GET {path} HTTP/1.1\r\nHost: {host}\r\nHost: {host}\r\n\r\n'), [b'400'])
        self.assertEqual(status(f'POST {path} HTTP/1.1\r\nHost: {host}\r\n\r\n'), [b'405'])
        self.assertEqual(status(f'GET {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 5\r\n\r\nhello'), [b'501'])
        self.assertEqual(status(f'GET {path} HTTP/2.0\r\nHost: {host}\r\n\r\n'), [b'505'])
        self.assertEqual(status(f'GET {path}0 HTTP/1.1\r\nHost: {host}\r\n\r\n'), [b'404'])
        self.assertEqual(status(f'GET {path[:-1]} HTTP/1.1\r\nHost: {host}\r\n\r\n'), [b'404'])
        self.assertEqual(status(f'GET / HTTP/1.1\r\nHost: {host}\r\n\r\n'), [b'404'])
        self.assertEqual(status(f'GET http://{host}{path} HTTP/1.1\r\nHost: {host}\r\n\r\n'), [b'400'])
        self.assertEqual(status('nonsense\r\n\r\n'), [b'400'])
        self.assertEqual(status(f'GET {path} HTTP/1.1\r\nHost: {host}\r\nX: {"x" * 9000}\r\n\r\n'), [b'431'])
        self.assertEqual(self.ranges(), [], 'the service was asked for nothing')
        self.assertEqual(status(f'HEAD {path} HTTP/1.1\r\nHost: {host}\r\n\r\n'), [b'200'])

    @unittest.skipUnless(os.geteuid() == 0, 'needs root')
    def test_another_user(self):
        url = self.open()
        command = ['curl', '-s', '-o', '/dev/null', '-w', '%{http_code} %{size_download}', '-r', '0-99', url]
        other = subprocess.run(['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', *command],
                               capture_output=True, text=True, check=False)
        self.assertNotEqual(other.returncode, 0)
        self.assertEqual(other.stdout, '000 0')
        own = subprocess.run(command, capture_output=True, text=True, check=False)
        self.assertEqual(own.stdout, '206 100')

    def test_no_token_and_a_new_address_each_time(self):
        a, b = self.open(), self.open()
        self.assertNotEqual(a, b)
        self.assertEqual(len(self.listeners()), 1)
        log = self.daemon_log()
        for url in (a, b):
            self.assertNotIn(urllib.parse.urlsplit(url).path[1:], log)

    def test_renewal(self):
        url = self.open()
        self.sandbox.fault('FileGet', 'expire-tokens', count=1)
        self.assertTrue(self.get(url)[2] == self.bytes)
        self.assertEqual(self.sandbox.request('GET', '/Sandbox/Faults')[0]['hits'], 1)

    def test_broken_off_upstream(self):
        url = self.open()
        self.sandbox.fault('FileGet', 'truncate', count=4)
        self.sandbox.fault('FileGet', 'status:503', count=1)
        self.sandbox.fault('FileGet', 'reset', count=1)
        status, _, body = self.get(url)
        self.assertEqual((status, hashlib.sha256(body).hexdigest()), (200, hashlib.sha256(self.bytes).hexdigest()))
        served = self.ranges()
        self.assertEqual([r['end'] for r in served], ['cut'] * 4 + ['done'])
        for before, after in zip(served, served[1:]):
            self.assertEqual(after['from'], before['from'] + before['written'], 'it goes on where it broke')
        self.sandbox.fault('FileGet', 'truncate', count=2)
        _, _, body = self.get(url, Range='bytes=5000000-14999999')
        self.assertTrue(body == self.bytes[5000000:15000000])
        self.assertTrue(self.client.get('Daemon', 'Online'))

    def test_refused_by_the_service(self):
        url = self.open()
        self.sandbox.fault('FileGet', 'status:404')
        self.assertEqual(self.get(url)[0], 404)
        with self.assertError('NotFound'):
            self.client.call('Videos', 'Open', '(s)', (self.uid,))
        self.sandbox.clear_faults()
        self.sandbox.fault('FileGet', 'status:403')
        self.assertEqual(self.get(url)[0], 502)

    def test_sign_out(self):
        s = self.connect(self.open())
        self.assertTrue(s.recv(100).startswith(b'HTTP/1.1 200 OK'))
        self.client.call('Session', 'SignOut', '(b)', (False,))
        poll(lambda: not self.listeners(), what='the end of the listening')
        with self.assertRaises((ConnectionResetError, AssertionError)):
            self.assertTrue(self.drain(s).endswith(self.bytes[-100:]))
        with self.assertError('NotSignedIn'):
            self.client.call('Videos', 'Open', '(s)', (self.uid,))


class Changed(VideosTest):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix='videos-')
        self.addCleanup(shutil.rmtree, self.folder)
        for name in ('oven.mp4', 'oven.json'):
            shutil.copy(f'{FOLDER}/{name}', self.folder)
        super().setUp()

    def replace(self):
        with open(f'{self.folder}/new', 'wb') as f:
            f.write(bytes(b ^ 0xff for b in self.bytes[:65536]) + self.bytes[65536:])
        os.rename(f'{self.folder}/new', f'{self.folder}/oven.mp4')

    def test_is_not_glued(self):
        """A file that changed in the middle of a broken transfer: what was begun ends short."""
        url = self.open()
        self.sandbox.fault('FileGet', 'truncate', count=1)
        self.rate(8_000_000)
        s = self.connect(url)
        head = s.recv(65536)
        self.replace()
        self.rate(0)
        with self.subTest('short'):
            got = head + b''.join(iter(lambda: s.recv(1 << 20), b''))
            body = got[got.index(b'\r\n\r\n') + 4:]
            self.assertLess(len(body), len(self.bytes))
            self.assertTrue(body == self.bytes[:len(body)])
        status, headers, body = self.get(url, Range='bytes=1000-')
        self.assertEqual((status, len(body)), (200, len(self.bytes)), 'a part of the new one is no part of the old one')
        self.assertEqual(self.get(url, Range='bytes=1000-')[0], 206)


class Pressure(VideosTest):
    def test_viewer_that_stops(self):
        url, other = self.open(), self.open()
        self.get(other, Range='bytes=0-2000000')  # whatever is allocated once
        before, memory = self.fetched(), self.memory()
        s = self.connect(url, receive_buffer=4096)
        harness.let_pass(1)
        first = self.fetched()
        harness.let_pass(1)
        self.assertEqual(self.fetched(), first, 'the service still sends')
        self.assertLess(first - before, 1 << 20, 'what lies between service and viewer')
        self.assertTrue(self.get(other)[2] == self.bytes, 'others go on')
        with open(harness.binary('customerclientd'), 'rb') as f:
            if b'__asan_init' not in f.read():  # which keeps what was freed for a while
                self.assertLess(self.memory() - memory, 1 << 20)
        self.assertTrue(self.drain(s) == self.bytes, 'it goes on when it reads on')

    @unittest.skipUnless('TEST_LONG' in os.environ, 'takes half a minute: set TEST_LONG')
    def test_viewers_that_stop_for_long(self):
        """The connections to the service are closed; when the viewers read on, the rest is fetched."""
        url = self.open()
        a, b = self.connect(url, receive_buffer=4096), self.connect(url, receive_buffer=4096, Range='bytes=5000000-')
        poll(lambda: [r['end'] for r in self.ranges()] == ['gone', 'gone'], 60 * harness.TIME_FACTOR, 'the end upstream')
        self.assertLess(self.fetched(), 1 << 20, 'of one address, the buffers of the service counted')
        self.assertTrue(self.drain(a) == self.bytes)
        self.assertTrue(self.drain(b) == self.bytes[5000000:])
        self.assertEqual([r['end'] for r in self.ranges()], ['gone', 'gone', 'done', 'done'])

    @unittest.skipUnless('TEST_LONG' in os.environ and shutil.which('chromium'), 'takes 20 s: set TEST_LONG')
    def test_browser(self):
        """Chromium plays it in a page, jumps to the middle and to the end, and comes to the end."""
        self.rate(1_000_000)
        script = """v.onplaying = () => { if (!window.began) { window.began = 1; v.currentTime = 30; } };
            v.onseeked = () => { if (v.currentTime < 50) { window.middle = v.currentTime; v.currentTime = 58; } };
            v.onended = () => fetch('/ended?' + Math.round(window.middle));
            v.onerror = () => fetch('/failed?' + v.error.message);"""
        page = f'<body><video id=v muted autoplay src="{self.open()}"></video><script>{script}</script>'.encode()
        asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append(self.path)
                self.send_response(200)
                self.send_header('Content-Type', 'text/html')
                self.end_headers()
                self.wfile.write(page)

            def log_message(self, *_):
                pass
        server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = harness.Process('chromium', [
            'chromium', '--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage',
            '--autoplay-policy=no-user-gesture-required', f'--user-data-dir={self.dir}/chromium',
            f'http://127.0.0.1:{server.server_port}/'], f'{self.dir}/chromium.log', env={**os.environ, 'HOME': self.dir})
        self.addCleanup(browser.kill)
        ends = poll(lambda: [p for p in asked if p.startswith(('/ended', '/failed'))], 60 * harness.TIME_FACTOR,
                    'the end of the video')
        self.assertEqual(ends, ['/ended?30'])
        self.assertLess(self.fetched(), len(self.bytes) * 0.9)

    def test_three_at_once(self):
        urls = [self.open() for _ in range(3)]
        results = {}

        def view(i):
            results[i] = hashlib.sha256(self.get(urls[i])[2]).hexdigest()
        threads = [threading.Thread(target=view, args=(i,)) for i in range(3)]
        for t in threads:
            t.start()
        for t in threads:
            t.join(harness.TIMEOUT)
        self.assertEqual(set(results.values()), {hashlib.sha256(self.bytes).hexdigest()})
        self.assertEqual(len(results), 3)

    def test_viewer_that_leaves(self):
        self.rate(1_000_000)
        s = self.connect(self.open())
        s.recv(1000)
        s.close()
        poll(lambda: [r['end'] for r in self.ranges()] == ['gone'], what='the end upstream')
        self.assertLess(self.fetched(), 1 << 20)

    def test_two_connections_and_no_third(self):
        """As a player does that seeks: the newest ones hold."""
        self.rate(500_000)
        url = self.open()
        a, b, c = (self.connect(url, Range=f'bytes={n}-') for n in (0, 100, 200))
        for s in (b, c):
            self.assertTrue(s.recv(9).startswith(b'HTTP/1.1'))
        poll(lambda: [r['end'] for r in self.ranges() if r['from'] == 0][:1] != [None], what='the end of the oldest')
        with self.assertRaises((ConnectionResetError, ValueError)):
            self.drain(a)
            raise ValueError

    def test_too_many_open(self):
        self.rate(100_000)
        urls = [self.open() for _ in range(8)]
        viewers = [self.connect(u) for u in urls]
        for s in viewers:
            s.recv(100)
        with self.assertError('Busy'):
            self.client.call('Videos', 'Open', '(s)', (self.uid,))
        viewers[3].close()
        poll(lambda: sum(r['end'] == 'gone' for r in self.ranges()) == 1, what='the end upstream')
        self.open()
        self.assertEqual(self.raw(urls[3], f'GET {urllib.parse.urlsplit(urls[3]).path} HTTP/1.1\r\nHost: '
                                  f'{urllib.parse.urlsplit(urls[3]).netloc}\r\n\r\n'.encode()).split(b' ')[1], b'404')

    def test_shut_down_while_streaming(self):
        self.rate(500_000)
        s = self.connect(self.open())
        s.recv(1000)
        self.stop()
        poll(lambda: [r['end'] for r in self.ranges()] == ['gone'], what='the end upstream')

    def written(self):
        with open(f'/proc/{self.daemon.pid}/io', encoding='ascii') as f:
            return int(re.search(r'^write_bytes: (\d+)', f.read(), re.M).group(1))

    def test_nothing_on_disk(self):
        url = self.open()
        before = self.written()
        self.get(url)
        s = self.connect(url, receive_buffer=4096)
        s.recv(100)
        needle = self.bytes[5_000_000:5_000_064]
        self.get(url, Range='bytes=4000000-7000000')
        for path in self.descriptors():
            self.assertFalse('memfd' in path or 'deleted' in path, path)
        for folder, _, names in os.walk(self.dir):
            for name in names:
                path = os.path.join(folder, name)
                if os.path.isfile(path):
                    with open(path, 'rb') as f:
                        self.assertNotIn(needle, f.read(), path)
        self.assertLess(self.written() - before, 1 << 20, 'what was given to file systems')

    def test_throughput(self):
        """Against the service itself, by curl, of the same file."""
        url = self.open()
        size = len(self.bytes)

        def seconds(*arguments):
            best = 1e9
            for _ in range(3):
                done = subprocess.run(['curl', '-sf', '-o', '/dev/null', '-w', '%{time_total} %{size_download}', *arguments],
                                      capture_output=True, text=True, check=True)
                took, got = done.stdout.split()
                self.assertEqual(int(got), size)
                best = min(best, float(took))
            return best
        token = self.token()
        uid = self.ranges_uid()
        direct = seconds('-H', f'Authorization: Bearer {token}', f'{self.sandbox.url}/FileService/FileGet?uid={uid}')
        relayed = seconds(url)
        print(f'relay: {size / relayed / 1e6:.0f} MB/s, directly {size / direct / 1e6:.0f} MB/s, '
              f'{direct / relayed:.2f} of it', flush=True)
        self.assertGreater(direct / relayed, 0.1)

    def token(self):
        """Of a session of the test's own."""
        def post(path, body):
            return self.sandbox.request('POST', '/AuthWebApi/' + path, body)
        who = post('VerifyUserCredentials', {'login': 'ann', 'password': harness.PASSWORD})
        return post('GetTokenByUserUid', {'userUid': who['userUid'], 'verificationGuid': who['verificationGuid']})['tokenGuid']

    def ranges_uid(self):
        return self.sandbox.request('GET', '/Sandbox/Videos')['ranges'][0]['fileUid']


class Idle(VideosTest):
    config = '[Videos]\nIdleSec=1\n'

    def test_address_is_closed(self):
        url = self.open()
        s = self.connect(url, receive_buffer=4096)
        harness.let_pass(1.5)
        self.assertTrue(self.drain(s) == self.bytes, 'a viewer that stands still is still one')
        s.close()
        poll(lambda: not self.listeners(), what='the end of the listening')
        with self.assertRaises(ConnectionRefusedError):
            self.get(url)


class Watched(VideosTest):
    def test_is_told(self):
        self.client.call('Videos', 'ReportWatched', '(su)', (self.uid, 42))
        self.client.call('Videos', 'ReportWatched', '(su)', (self.uid, 0))
        told = poll(lambda: self.sandbox.journal()['watched'], what='the report')
        self.assertEqual([(w['videoUid'], w['watchDuration'], w['login']) for w in told], [(self.uid, 42, 'ann')])
        self.assertTrue(told[0]['key'])
        poll(lambda: self.client.get('Daemon', 'PendingOperations') == 0, what='the empty outbox')

    def test_is_told_once(self):
        self.sandbox.fault('WatchedVideoSave', 'reset-after', count=1)
        self.client.call('Videos', 'ReportWatched', '(su)', (self.uid, 7))
        poll(lambda: self.client.get('Daemon', 'PendingOperations') == 0, what='the empty outbox')
        self.assertEqual(len(self.sandbox.journal()['watched']), 1)
        self.assertGreaterEqual(self.sandbox.count('WatchedVideoSave'), 2)


class Offline(VideosTest):
    def setUp(self):
        super().setUp()
        self.stop()
        self.sandbox.kill()
        self.sandbox.arguments = (*self.sandbox.arguments, '--data', f'{self.dir}/service')
        self.sandbox.start(self.sandbox.port)
        # Another service with the same address: the same person signs up there.
        self.start()
        self.client.call('Session', 'SignOut', '(b)', (True,)) if self.client.get('Session', 'State') != 'signed-out' else None
        self.sign_up_and_in('bob', phone='+15557654321')
        self.sync()

    def test_later(self):
        rows = self.list()
        self.assertTrue(rows)
        self.sandbox.kill()
        self.assertEqual(self.list(), rows)
        with self.assertError('Offline'):
            self.client.call('Videos', 'Open', '(s)', (self.uid,))
        web = next(r[0] for r in rows if not r[5])
        self.assertEqual(self.client.call('Videos', 'Open', '(s)', (web,))[1], 'web')
        self.client.call('Videos', 'ReportWatched', '(su)', (self.uid, 33))
        self.daemon.kill()
        self.start()
        self.assertEqual(self.list(), rows)
        self.sandbox.start(self.sandbox.port)
        self.client.call('Daemon', 'Sync', timeout=25)
        told = poll(lambda: self.sandbox.journal()['watched'], 60 * harness.TIME_FACTOR, what='the report')
        self.assertEqual([(w['videoUid'], w['watchDuration']) for w in told], [(self.uid, 33)])

    def test_service_comes_back_in_the_middle(self):
        self.rate(4_000_000)
        s = self.connect(self.open())
        head = s.recv(65536)
        self.sandbox.kill()
        self.sandbox.start(self.sandbox.port)
        got = head + b''.join(iter(lambda: s.recv(1 << 20), b''))
        self.assertTrue(got[got.index(b'\r\n\r\n') + 4:] == self.bytes)


class Player(VideosTest):
    """mpv, by the socket through which it can be asked and told."""

    def setUp(self):
        super().setUp()
        # A line of 5 Mbit/s: twice what the video needs.
        self.rate(600_000)

    def play(self, url):
        path = f'{self.dir}/mpv-{len(os.listdir(self.dir))}'
        player = harness.Process('mpv', ['mpv', '--no-config', '--vo=null', '--ao=null', '--idle=no', '--keep-open=yes',
                                         f'--input-ipc-server={path}', url], f'{path}.log',
                                 env={**os.environ, 'HOME': self.dir, 'XDG_CACHE_HOME': f'{self.dir}/mpv-cache'})
        self.addCleanup(player.kill)
        poll(lambda: os.path.exists(path), what='the socket of mpv')
        return Mpv(self, player, path)

    def test_seeking(self):
        before = self.fetched()
        mpv = self.play(self.open())
        mpv.wait_for(lambda: (mpv.get('time-pos') or 0) > 0, 'the first picture')
        fetched = self.fetched() - before
        self.assertLess(fetched, len(self.bytes) * 0.05, 'it plays before a twentieth was fetched')
        self.assertAlmostEqual(mpv.get('duration'), SECONDS, delta=1)
        mpv.command('seek', 30, 'absolute')
        mpv.wait_for(lambda: 30 <= (mpv.get('time-pos') or 0) < 40 and not mpv.get('core-idle'), 'the middle')
        middle = [r for r in self.ranges() if len(self.bytes) * 0.4 < r['from'] < len(self.bytes) * 0.6]
        self.assertTrue(middle, self.ranges())
        mpv.command('seek', SECONDS - 2, 'absolute')
        mpv.wait_for(lambda: mpv.get('eof-reached'), 'the end')
        self.assertTrue([r for r in self.ranges() if r['from'] > len(self.bytes) * 0.9], self.ranges())
        self.assertLess(self.fetched(), len(self.bytes) * 0.9, 'what was jumped over was not fetched')
        self.assertNotIn('error', mpv.player.output().lower())
        mpv.player.kill()
        poll(lambda: not [r for r in self.ranges() if not r['end']], what='the end of all that was open')

    def test_index_at_the_end(self):
        tail = next(r[0] for r in self.rows if r[1] == 'tail')
        mpv = self.play(self.open(tail))
        mpv.wait_for(lambda: (mpv.get('time-pos') or 0) > 0, 'the first picture')
        self.assertLess(self.fetched(), len(self.bytes) * 0.05)
        mpv.command('seek', 45, 'absolute')
        mpv.wait_for(lambda: (mpv.get('time-pos') or 0) >= 45 and not mpv.get('core-idle'), 'the place')

    def test_three_at_once(self):
        players = [self.play(self.open()) for _ in range(3)]
        for mpv in players:
            mpv.wait_for(lambda mpv=mpv: (mpv.get('time-pos') or 0) > 0, 'the first picture')
        for i, mpv in enumerate(players):
            mpv.command('seek', 20 + 10 * i, 'absolute')
        for i, mpv in enumerate(players):
            mpv.wait_for(lambda mpv=mpv, i=i: (mpv.get('time-pos') or 0) > 20 + 10 * i + 0.1, 'its place')


class Cli(VideosTest):
    def setUp(self):
        super().setUp()
        os.mkdir(f'{self.dir}/mpv')
        with open(f'{self.dir}/mpv/mpv.conf', 'w', encoding='utf-8') as conf:
            conf.write('vo=null\nao=null\n')
        os.mkdir(f'{self.dir}/bin')

    def program(self, name, text):
        """A player of the test's own."""
        path = f'{self.dir}/bin/{name}'
        with open(path, 'w', encoding='utf-8') as f:
            f.write('#!/bin/sh\n' + text)
        os.chmod(path, 0o755)
        return path

    def play(self, *arguments, **env):
        return self.cli('videos', 'play', *arguments, **{'MPV_HOME': f'{self.dir}/mpv', **env})

    def watched(self):
        return [(w['videoUid'], w['watchDuration']) for w in self.sandbox.journal()['watched']]

    def test_list(self):
        table = self.cli('videos').stdout.splitlines()
        self.assertRegex(table[0], r'^ID +TITLE +LENGTH +GENRE +DESCRIPTION +WHERE$')
        line = next(li for li in table if 'An oven at night' in li)
        self.assertRegex(line, rf'^{self.uid[:8]} +An oven at night +1:00 +Slow +One minute +here$')
        rows = json.loads(self.cli('--json', 'videos').stdout)
        self.assertEqual(next(r for r in rows if r['uid'] == self.uid),
                         {'uid': self.uid, 'title': 'An oven at night', 'description': 'One minute', 'genre': 'Slow',
                          'seconds': SECONDS, 'stored-here': True})

    def test_mpv(self):
        """Ended by Ctrl-C: it says how long it played, and that is reported."""
        p = harness.Process('customerclient', [harness.binary('customerclient'), '--json', 'videos', 'play', 'AN OVEN at night'],
                            f'{self.dir}/player.log', env=self.environment(MPV_HOME=f'{self.dir}/mpv'),
                            stdout=subprocess.PIPE)
        self.addCleanup(p.kill)
        poll(lambda: '00:00:02 / 00:01:00' in p.output(), what='two seconds of it')
        p.signal(signal.SIGTERM)
        document = json.loads(p.read_line())
        self.assertEqual(p.wait(), 130)
        err = p.output()
        self.assertEqual((document['kind'], document['player'], document['measured-by'], document['reported']),
                         ('stream', 'mpv', 'player', True))
        self.assertIn(document['watched-seconds'], (2, 3, 4))
        poll(self.watched, what='the report')
        self.assertEqual(self.watched(), [(self.uid, document['watched-seconds'])])
        self.assertNotIn('/tmp/mpv', err)

    def test_a_player_that_fails(self):
        player = self.program('mpv', 'exit 7\n')
        p = self.play(self.uid, f'--player={player}')
        self.assertEqual(p.returncode, 1)
        self.assertIn('ended with status 7', p.stderr)
        self.assertEqual(self.watched(), [])

    def test_another_player(self):
        """It gets the address as its last argument, and no shell reads it."""
        player = self.program('my player', f'printf "%s\n" "$#" "$@" >"{self.dir}/arguments"; echo noise; sleep 1.2\n')
        p = self.cli('--json', 'videos', 'play', self.uid[:6], f'--player={player}')
        self.assertEqual(p.returncode, 0, p.stderr)
        document = json.loads(p.stdout)
        self.assertIn(document['watched-seconds'], (1, 2))
        self.assertEqual((document['measured-by'], document['reported']), ('clock', True))
        with open(f'{self.dir}/arguments', encoding='utf-8') as f:
            number, url = f.read().split()
        self.assertEqual(number, '1')
        self.assertRegex(url, r'^http://127\.0\.0\.1:\d+/[0-9a-f]+$')
        poll(self.watched, what='the report')
        self.assertIn('pauses are not known', self.cli('videos', 'play', self.uid, f'--player={player}').stdout)

    def test_no_player(self):
        p = self.play(self.uid, PATH=f'{self.dir}/bin')
        self.assertEqual(p.returncode, 1)
        self.assertIn('install mpv', p.stderr)
        p = self.play(self.uid, '--player=vlc-that-is-not-there')
        self.assertEqual(p.returncode, 1)
        self.assertIn("no program 'vlc-that-is-not-there'", p.stderr)
        self.assertEqual(self.listeners(), [], 'nothing was opened for it')

    def test_what_the_desktop_has(self):
        self.program('xdg-open', f'echo "$@" >"{self.dir}/opened"\n')
        p = self.play(self.uid, PATH=f'{self.dir}/bin:/nonexistent', DISPLAY=':99')
        self.assertEqual(p.returncode, 0, p.stderr)
        self.assertIn('nothing is reported', p.stdout)
        with open(f'{self.dir}/opened', encoding='utf-8') as f:
            self.assertRegex(f.read(), r'^http://127\.0\.0\.1')

    def test_web(self):
        web = next(r for r in self.rows if not r[5])
        p = self.play(web[1], DISPLAY=None, WAYLAND_DISPLAY=None)
        self.assertEqual((p.returncode, p.stdout.startswith('https://'), p.stdout.count('\n')), (0, True, 1))
        self.program('xdg-open', f'echo "$@" >"{self.dir}/opened"\n')
        p = self.cli('--json', 'videos', 'play', web[0], PATH=f'{self.dir}/bin:{os.environ["PATH"]}', DISPLAY=':99')
        document = json.loads(p.stdout)
        self.assertEqual((document['kind'], document['opened']), ('web', True))
        poll(lambda: os.path.exists(f'{self.dir}/opened'), what='the browser')

    def test_failures(self):
        for arguments, status, words in ((('no-such',), 3, "no video 'no-such'"), (('',), 3, 'no video')):
            p = self.play(*arguments)
            self.assertEqual((p.returncode, words in p.stderr), (status, True), p.stderr)
        self.sandbox.request('POST', '/Sandbox/Videos', {'add': {'uid': 'twin-1', 'title': 'Twin'}})
        self.sandbox.request('POST', '/Sandbox/Videos', {'add': {'uid': 'twin-2', 'title': 'Twin'}})
        self.sync()
        self.assertEqual(self.play('twin').returncode, 2)
        p = self.play('twin-1')
        self.assertEqual(p.returncode, 3, 'it is nowhere')
        self.sandbox.kill()
        self.assertIn('An oven at night', self.cli('videos').stdout, 'offline the list is there')
        self.assertEqual(self.play(self.uid).returncode, 7)


class Mpv:
    def __init__(self, test, player, path):
        self.player = player
        self.socket = socket.socket(socket.AF_UNIX)
        test.addCleanup(self.socket.close)
        self.socket.settimeout(harness.TIMEOUT)
        poll(self.connects(path), what='mpv to listen')
        self.lines = self.socket.makefile('r', encoding='utf-8')
        test.addCleanup(self.lines.close)
        self.number = 0

    def connects(self, path):
        def attempt():
            try:
                self.socket.connect(path)
                return True
            except (ConnectionRefusedError, FileNotFoundError):
                return False
        return attempt

    def command(self, *words):
        """Its answer."""
        self.number += 1
        self.socket.sendall(json.dumps({'command': words, 'request_id': self.number}).encode() + b'\n')
        while line := self.lines.readline():
            answer = json.loads(line)
            if answer.get('request_id') == self.number and 'event' not in answer:
                return answer
        raise AssertionError(f'mpv ended:\n{self.player.output()}')

    def get(self, name):
        return self.command('get_property', name).get('data')

    def wait_for(self, test, what):
        return poll(test, 30 * harness.TIME_FACTOR, what, every=0.02)


if __name__ == '__main__':
    harness.main()
