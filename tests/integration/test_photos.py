"""Photos with a rating: what is sent and with what, by D-Bus and by the CLI; what is no photo; a rating that is refused,
answers that are lost and a daemon that dies, with each file at the service once and the rating once."""

import hashlib
import json
import os
import unittest
import uuid

from gi.repository import GLib

import harness
from harness import INVALID_ARGS, TIMEOUT, poll
from test_cli import CliTestCase

MIB = 1 << 20
JPEG = b'\xff\xd8\xff\xe0\x00\x10JFIF\x00'
KINDS = {
    'a.jpg': (JPEG, 'image/jpeg'),
    'b.png': (b'\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR', 'image/png'),
    'c.webp': (b'RIFF\x24\x00\x00\x00WEBPVP8 ', 'image/webp'),
    'd.heic': (b'\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic', 'image/heic'),
    # What a phone may write: the common brand first, what it really is among the compatible ones.
    'e.heif': (b'\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1heic', 'image/heic'),
    'f.avif': (b'\x00\x00\x00\x1cftypavif\x00\x00\x00\x00avifmif1miaf', 'image/avif'),
    'g.gif': (b'GIF89a\x01\x00\x01\x00', 'image/gif'),
}


class PhotoTestCase(CliTestCase):
    def setUp(self):
        super().setUp()
        self.sign_up_and_in()
        self.uid = self.delivered()

    def delivered(self):
        uid, _ = self.place()
        self.sandbox.advance(uid, 'Delivered')
        self.wait_for_status(uid, 'delivered')
        return uid

    def file(self, name, begin=JPEG, size=5000):
        """A file that begins so, with contents of its own; its path."""
        path = f'{self.dir}/{name}'
        with open(path, 'wb') as f:
            f.write(begin + os.urandom(size - len(begin)))
        return path

    def upload_async(self, path, content_type='image/jpeg'):
        fd = os.open(path, os.O_RDONLY)
        try:
            return self.client.call_async('Files', 'Upload', '(sshs)', (os.path.basename(path), content_type, 0, ''),
                                          fds=(fd,), timeout=TIMEOUT)
        finally:
            os.close(fd)

    def upload(self, path):
        return self.upload_async(path).wait(TIMEOUT + 5)

    def rate_async(self, photos, stars=5, uid=None):
        return self.client.call_async('Orders', 'Rate', '(susa{sv})', (
            uid or self.uid, stars, 'as it came', {'photos': GLib.Variant('as', photos)}), timeout=TIMEOUT)

    def rate(self, photos, **more):
        return self.rate_async(photos, **more).wait(TIMEOUT + 5)

    def ratings(self, uid=None):
        return [r for r in self.sandbox.journal()['ratings'] if r['deliveryOrderUid'] == (uid or self.uid)]

    def rating_files(self, uid=None):
        """The uids that came with ratings of the order, a list for each."""
        return [r['fileUids'] for r in self.sandbox.journal()['ratingFiles']
                if r['deliveryOrderUid'] == (uid or self.uid)]

    def content(self, uid):
        pending = self.client.call_async('Files', 'Download', '(ss)', (uid, ''))
        _, _, content_type = pending.wait(TIMEOUT)
        with os.fdopen(pending.fds[0], 'rb') as f:
            return os.pread(f.fileno(), 1 << 27, 0), content_type

    def assertRatedOnceWith(self, *paths):
        self.assertEqual(len(self.ratings()), 1)
        (uids,) = self.rating_files()
        self.assertEqual([self.content(u)[0] for u in uids], [open(p, 'rb').read() for p in paths])
        self.assertEqual(self.client.call('Orders', 'Get', '(s)', (self.uid,))['rating'], 5)


class ByBus(PhotoTestCase):
    def test_with_photos(self):
        paths = [self.file('one.jpg'), self.file('two.jpg')]
        uids = [self.upload(p) for p in paths]
        self.rate(uids)
        self.assertRatedOnceWith(*paths)
        with self.assertError('AlreadyRated'):
            self.rate(uids)

    def test_what_is_refused(self):
        uid = self.upload(self.file('one.jpg'))
        nobodys = str(uuid.uuid4())
        for photos, word in ((['x'], '"x"'), (['../../etc'], 'UUID'), ([uid, uid], 'twice'),
                             ([str(uuid.uuid4()) for _ in range(11)], '10'), ([nobodys], nobodys)):
            with self.subTest(word), self.assertError(INVALID_ARGS, word):
                self.rate(photos)
        with self.assertError(INVALID_ARGS, 'photos'):
            self.client.call('Orders', 'Rate', '(susa{sv})', (self.uid, 5, '', {'photos': GLib.Variant('s', uid)}))
        self.assertEqual(self.ratings(), [])
        # Nothing of that stands in the way of a rating that is right.
        self.rate([uid])
        self.assertEqual(self.rating_files(), [[uid]])

    def test_a_file_of_somebody_else(self):
        theirs = self.upload(self.file('theirs.jpg'))
        self.client.call('Session', 'SignOut', '(b)', (False,))
        self.sign_up_and_in('bob', phone='+15557654321')
        self.sync()
        uid = self.delivered()
        with self.assertError(INVALID_ARGS, theirs):
            self.rate([theirs], uid=uid)
        self.assertEqual(self.ratings(uid), [])

    def test_the_same_file_again_is_the_same(self):
        path = self.file('one.jpg')
        self.sandbox.fault('FileUpload', 'reset-after', count=1)
        first = self.upload(path)
        self.assertEqual(self.upload(path), first)
        self.restart()
        self.sync()
        self.assertEqual(self.upload(path), first)
        other = self.file('two.jpg')
        self.assertNotEqual(self.upload(other), first)
        os.rename(other, f'{self.dir}/three.jpg')
        self.assertNotEqual(self.upload(f'{self.dir}/three.jpg'), first)

    def test_no_answer_to_the_rating(self):
        uid = self.upload(self.file('one.jpg'))
        self.sandbox.fault('RateOrderRespond', 'reset-after', count=2)
        self.rate([uid])
        self.assertRatedOnceWith(f'{self.dir}/one.jpg')

    def test_killed_while_it_is_sent(self):
        """Before and after the service has it."""
        for kind, more in (('stall', {}), ('latency', {'delay_ms': 60000})):
            with self.subTest(kind):
                self.uid = self.delivered()
                path = self.file(f'{kind}.jpg')
                uid = self.upload(path)
                before = self.sandbox.count('RateOrderRespond')
                self.sandbox.fault('RateOrderRespond', kind, **more)
                pending = self.rate_async([uid])
                poll(lambda n=before: self.sandbox.count('RateOrderRespond') > n, what='the request')
                self.daemon.kill()
                harness.iterate(lambda p=pending: p.done, what='the end of the call')
                self.sandbox.clear_faults()
                self.start()
                poll(self.ratings, what='the rating')
                poll(lambda: self.client.get('Daemon', 'PendingOperations') == 0, what='the outbox')
                self.assertRatedOnceWith(path)


class ByCli(PhotoTestCase):
    def test_each_kind_of_picture(self):
        paths = [self.file(name, begin) for name, (begin, _) in KINDS.items()]
        out = self.ok('rate', self.uid, '5', '--comment', 'as it came', *(f'--photo={p}' for p in paths))
        self.assertRegex(out, r'5 of 5, with 7 photos\. Thank you\.')
        self.assertRatedOnceWith(*paths)
        (uids,) = self.rating_files()
        self.assertEqual([self.content(u)[1] for u in uids], [kind for _, kind in KINDS.values()])

    def test_the_same_picture_twice_is_one(self):
        path = self.file('one.jpg')
        self.assertIn('with 1 photo.', self.ok('rate', self.uid, '5', '--photo', path, '--photo', path))
        self.assertRatedOnceWith(path)

    def test_json(self):
        path = self.file('one.jpg')
        self.assertEqual(self.json('rate', self.uid, '5', '--photo', path)['rating'], 5)
        self.assertRatedOnceWith(path)

    def test_what_is_no_photo(self):
        good = self.file('good.jpg')
        os.mkdir(f'{self.dir}/folder')
        os.mkfifo(f'{self.dir}/pipe')
        with open(f'{self.dir}/empty.jpg', 'wb'):
            pass
        with open(f'{self.dir}/large.jpg', 'wb') as f:
            f.write(JPEG)
            f.truncate(64 * MIB + 1)
        for name, says in (('folder', 'is a folder'), ('empty.jpg', 'is empty'), ('large.jpg', 'at most 64 MiB'),
                           ('pipe', 'no regular file'), ('missing.jpg', 'No such file'),
                           (os.path.basename(self.file('text.jpg', b'To whom it may concern')), 'no picture'),
                           (os.path.basename(self.file('short.jpg', b'\xff\xd8', 2)), 'no picture'),
                           (os.path.basename(self.file('film.mp4', b'\x00\x00\x00\x18ftypisom\x00\x00\x02\x00')),
                            'no picture')):
            with self.subTest(name):
                p = self.fails(2, 'rate', self.uid, '5', f'--photo={good}', f'--photo={self.dir}/{name}', says=says)
                self.assertIn(f'{self.dir}/{name}', p.stderr)
        self.fails(2, 'rate', self.uid, '5', *[f'--photo={good}'] * 11, says='10')
        self.assertEqual(self.sandbox.count('FileUpload'), 0)
        self.assertEqual(self.ratings(), [])

    def test_nothing_is_sent_for_an_order_that_cannot_be_rated(self):
        path = self.file('one.jpg')
        pending, _ = self.place()
        self.fails(8, 'rate', pending, '5', '--photo', path, name='NotDelivered', says='nothing was sent')
        self.ok('rate', self.uid, '5')
        self.fails(8, 'rate', self.uid, '4', '--photo', path, name='AlreadyRated', says='nothing was sent')
        self.assertEqual(self.sandbox.count('FileUpload'), 0)

    def test_refused_after_the_upload(self):
        path = self.file('one.jpg')
        self.sandbox.fault('RateOrderRespond', 'status:409:already-rated')
        p = self.fails(8, 'rate', self.uid, '5', '--photo', path, name='AlreadyRated')
        self.assertIn('1 photo had been sent by then; it goes with no rating.\n', p.stderr)
        self.assertEqual(self.ratings(), [])
        self.sandbox.clear_faults()
        self.ok('rate', self.uid, '5', '--photo', path)
        self.assertRatedOnceWith(path)

    def test_second_upload_refused(self):
        paths = [self.file('one.jpg'), self.file('two.jpg')]
        # The first goes through, then the service has no room.
        self.upload(paths[0])
        self.sandbox.fault('FileUpload', 'status:413')
        self.assertNotEqual(self.cli('rate', self.uid, '5', f'--photo={paths[1]}').returncode, 0)
        self.assertEqual(self.ratings(), [])
        self.sandbox.clear_faults()
        self.ok('rate', self.uid, '5', *(f'--photo={p}' for p in paths))
        self.assertRatedOnceWith(*paths)

    def test_offline(self):
        path = self.file('one.jpg')
        self.sandbox.kill()
        self.fails(7, 'rate', self.uid, '5', '--photo', path, name='Offline')

    def test_the_daemon_is_killed_in_the_upload(self):
        path = self.file('one.jpg')
        self.sandbox.fault('FileUpload', 'stall')
        p = self.background('rate', self.uid, '5', '--photo', path)
        poll(lambda: self.sandbox.count('FileUpload'), what='the upload')
        self.daemon.kill()
        self.assertNotEqual(self.ended(p)[0], 0)
        self.sandbox.clear_faults()
        self.start()
        self.assertEqual(self.ratings(), [])
        self.ok('rate', self.uid, '5', '--photo', path)
        self.assertRatedOnceWith(path)

    def test_a_bar_on_a_terminal(self):
        path = self.file('lunch.jpg', size=3 * MIB)
        t = self.terminal('rate', self.uid, '5', '--photo', path)
        self.assertEqual(t.wait(), 0, t.screen.text)
        self.assertRegex(t.screen.text, r'lunch\.jpg \[#{30}\] 3072 of 3072 kB')
        self.assertIn('with 1 photo', t.screen.text)
        (uids,) = self.rating_files()
        data, _ = self.content(uids[0])
        with open(path, 'rb') as f:
            self.assertEqual(hashlib.sha256(data).digest(), hashlib.sha256(f.read()).digest())

    def test_repeated_option(self):
        """The last one of an option that is taken once still counts."""
        self.ok('rate', self.uid, '5', '--comment', 'first', '--comment', 'second')
        self.assertEqual(json.loads(self.ok('--json', 'show', self.uid))['rating-comment'], 'second')


if __name__ == '__main__':
    unittest.main(verbosity=2)
