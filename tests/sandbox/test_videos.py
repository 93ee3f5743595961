"""The sandbox's videos: the list, files on disk served in parts, what was watched, and what the journal says of it."""

import hashlib
import json
import os
import random
import re
import shutil
import socket
import subprocess
import tempfile
import unittest

from support import PROGRAM, Customer, Sandbox, TestCase, new_uid, wait_until

FILES = '/FileService/'
SIZE = 3_000_000
WATCHED = {'dateWatched': '2026-11-22T18:30:00Z', 'watchDuration': 42}


class BuiltIn(TestCase):
    def setUp(self):
        super().setUp()
        self.customer = Customer(self.sandbox)

    def test_lie_elsewhere(self):
        answer = self.customer.call(FILES + 'VideosGet')
        self.assertEqual(len(answer.json), 2)
        for video in answer.json:
            self.assertTrue(video['youTubeUrl'].startswith('https://'))
            self.assertIsNone(video['fileUid'])
            self.assertGreater(video['lengthSeconds'], 0)
        self.assertEqual(self.customer.call(FILES + 'VideosGet', headers={'If-None-Match': answer.headers['ETag']}).status, 304)
        self.assertEqual(self.sandbox.call(FILES + 'VideosGet').status, 401)

    def test_watched(self):
        uid, key = self.customer.call(FILES + 'VideosGet').json[0]['uid'], new_uid()
        before = len(self.sandbox.control('Journal')['watched'])
        for _ in range(2):
            answer = self.customer.call(FILES + 'WatchedVideoSave', {'videoUid': uid, **WATCHED}, key=key)
            self.assertEqual((answer.status, answer.data), (204, b''))
        watched = self.sandbox.control('Journal')['watched'][before:]
        self.assertEqual([(w['videoUid'], w['watchDuration'], w['login'], w['key']) for w in watched],
                         [(uid, 42, self.customer.login, key)])

    def test_refusals(self):
        uid = self.customer.call(FILES + 'VideosGet').json[0]['uid']
        save = FILES + 'WatchedVideoSave'
        self.refused(self.customer.call(save, {'videoUid': new_uid(), **WATCHED}), 404, 'not-found')
        for change, code in (({'dateWatched': 'today'}, 'invalid-date-watched'), ({'watchDuration': -1}, 'invalid-watch-duration'),
                             ({'watchDuration': 90000}, 'invalid-watch-duration'), ({'videoUid': None}, 'invalid-video-uid')):
            self.refused(self.customer.call(save, {'videoUid': uid, **WATCHED, **change}), 422, code)

    def test_added_and_removed(self):
        self.sandbox.control('Videos', {'add': {'uid': 'mine', 'title': 'Mine', 'youTubeUrl': 'https://example.org/v'}})
        self.assertIn('mine', [v['uid'] for v in self.customer.call(FILES + 'VideosGet').json])
        self.sandbox.control('Videos', {'remove': 'mine'})
        self.assertNotIn('mine', [v['uid'] for v in self.customer.call(FILES + 'VideosGet').json])
        self.refused(self.sandbox.call('/Sandbox/Videos', {'bytesPerSec': -1}), 422, 'invalid-bytes-per-sec')


class OnDisk(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix='videos-')
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.bytes = random.Random(1).randbytes(SIZE)
        for name, data in (('b.mp4', cls.bytes), ('a.webm', b'webm'), ('notes.txt', b'no video')):
            with open(f'{cls.folder}/{name}', 'wb') as f:
                f.write(data)
        with open(f'{cls.folder}/b.json', 'w', encoding='utf-8') as f:
            json.dump({'title': 'Bread', 'genre': 'Cooking', 'lengthSeconds': 61}, f)
        cls.arguments = ('--speed', '0', '--videos', cls.folder)
        super().setUpClass()

    def setUp(self):
        super().setUp()
        self.addCleanup(lambda: self.sandbox.control('Videos', {'bytesPerSec': 0}))
        self.customer = Customer(self.sandbox)
        self.videos = [v for v in self.customer.call(FILES + 'VideosGet').json if v['fileUid']]
        self.file = next(v['fileUid'] for v in self.videos if v['title'] == 'Bread')

    def get(self, **headers):
        return self.customer.call(FILES + 'FileGet', uid=self.file,
                                  headers={k.replace('_', '-'): v for k, v in headers.items()})

    def ranges(self):
        return self.sandbox.control('Journal')['ranges']

    def test_list(self):
        self.assertEqual([(v['title'], v['genre'], v['lengthSeconds']) for v in self.videos],
                         [('a', None, 0), ('Bread', 'Cooking', 61)])

    def test_whole(self):
        before = len(self.ranges())
        answer = self.get()
        self.assertEqual((answer.status, answer.headers['Content-Type'], answer.data == self.bytes), (200, 'video/mp4', True))
        self.assertIn(hashlib.sha256(self.bytes).hexdigest()[:32], answer.headers['ETag'])
        self.assertEqual(self.get(If_None_Match=answer.headers['ETag']).status, 304)
        (entry,) = wait_until(lambda: [r for r in self.ranges()[before:] if r['end']], 'the end')
        self.assertEqual((entry['fileUid'], entry['from'], entry['to'], entry['written'], entry['end']),
                         (self.file, 0, SIZE - 1, SIZE, 'done'))

    def test_parts(self):
        etag = self.get().headers['ETag']
        for text, first, last in (('0-0', 0, 0), ('5-', 5, SIZE - 1), ('-9', SIZE - 9, SIZE - 1), ('7-999999', 7, 999999)):
            answer = self.get(Range=f'bytes={text}', If_Range=etag)
            self.assertEqual((answer.status, answer.headers['Content-Range']), (206, f'bytes {first}-{last}/{SIZE}'))
            self.assertTrue(answer.data == self.bytes[first:last + 1])
        self.assertEqual(self.get(Range='bytes=0-0', If_Range='"other"').status, 200)
        self.refused(self.get(Range=f'bytes={SIZE}-'), 416, 'range-not-satisfiable')

    def test_cut(self):
        self.sandbox.fault('FileGet', 'truncate', count=1)
        before = len(self.ranges())
        with socket.create_connection(('127.0.0.1', self.sandbox.port)) as s:
            s.sendall(f'GET {FILES}FileGet?uid={self.file} HTTP/1.1\r\nHost: x\r\n'
                      f'Authorization: Bearer {self.customer.token}\r\n\r\n'.encode())
            got = b''.join(iter(lambda: s.recv(65536), b''))
        self.assertEqual(len(got[got.index(b'\r\n\r\n') + 4:]), SIZE // 2)
        (entry,) = wait_until(lambda: [r for r in self.ranges()[before:] if r['end']], 'the end')
        self.assertEqual((entry['written'], entry['end']), (SIZE // 2, 'cut'))

    def test_goes_at_the_clients_pace(self):
        """A client that does not read, and then goes away: no more was written than sockets hold."""
        before = len(self.ranges())
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            s.connect(('127.0.0.1', self.sandbox.port))
            s.sendall(f'GET {FILES}FileGet?uid={self.file} HTTP/1.1\r\nHost: x\r\n'
                      f'Authorization: Bearer {self.customer.token}\r\n\r\n'.encode())
            s.recv(100)
        entry = wait_until(lambda: [r for r in self.ranges()[before:] if r['end']], 'the end')[0]
        self.assertEqual(entry['end'], 'gone')
        self.assertLess(entry['written'], 500_000)

    def test_rate(self):
        self.sandbox.control('Videos', {'bytesPerSec': 1000})
        with socket.create_connection(('127.0.0.1', self.sandbox.port)) as s:
            s.sendall(f'GET {FILES}FileGet?uid={self.file} HTTP/1.1\r\nHost: x\r\n'
                      f'Authorization: Bearer {self.customer.token}\r\n\r\n'.encode())
            got = s.recv(65536)
            while len(got) < 10000:
                got += s.recv(65536)
            self.assertLess(len(got), 40000, 'the first piece, and not the second')

    def test_file_that_changes(self):
        etag = self.get().headers['ETag']
        with open(f'{self.folder}/b.mp4', 'r+b') as f:
            f.write(b'another beginning')
        try:
            answer = self.get(Range='bytes=0-6', If_Range=etag)
            self.assertEqual(answer.status, 200)
            self.assertTrue(answer.data.startswith(b'another beginning'))
            self.assertNotEqual(answer.headers['ETag'], etag)
        finally:
            with open(f'{self.folder}/b.mp4', 'wb') as f:
                f.write(self.bytes)

    def test_memory(self):
        """A file of 100 MB does not pass through memory whole."""
        with open(f'{self.folder}/large.mp4', 'wb') as f:
            f.truncate(100_000_000)
        sandbox = Sandbox(*self.arguments)
        self.addCleanup(sandbox.stop)
        self.addCleanup(os.unlink, f'{self.folder}/large.mp4')
        customer = Customer(sandbox)
        uid = next(v['fileUid'] for v in customer.call(FILES + 'VideosGet').json if v['title'] == 'large')
        done = subprocess.run(['curl', '-sf', '-o', '/dev/null', '-w', '%{size_download}', '-H',
                               f'Authorization: Bearer {customer.token}', f'{sandbox.url}{FILES}FileGet?uid={uid}'],
                              capture_output=True, text=True, check=True)
        self.assertEqual(done.stdout, '100000000')
        # A sanitizer keeps what was freed.
        if not os.environ.get('TEST_WRAPPER') and not os.environ.get('ASAN_OPTIONS'):
            with open(f'/proc/{sandbox.process.pid}/status', encoding='ascii') as f:
                self.assertLess(int(re.search(r'VmHWM:\s+(\d+)', f.read()).group(1)), 80_000)


class Arguments(unittest.TestCase):
    def test_folder_that_is_not_there(self):
        done = subprocess.run([PROGRAM, '--port', '0', '--videos', '/nonexistent'], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn('/nonexistent', done.stderr)
