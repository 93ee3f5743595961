"""The push hub, byte by byte; the official client runs against it in hub/. And notifications."""

import json
import select
import socket
import time
import unittest
from support import HUB, PUSH, TIMEOUT, Customer, TestCase, new_uid, wait_until

END = '\x1e'
HANDSHAKE = '{"protocol":"json","version":1}' + END


class Stream:
    """Server-sent events over a socket: messages come out."""

    def __init__(self, customer, shake=True):
        self.customer = customer
        answer = customer.call(HUB + '/negotiate?negotiateVersion=1', '').json
        self.id = answer['connectionToken']
        self.socket = socket.create_connection(('127.0.0.1', customer.sandbox.port), timeout=TIMEOUT)
        self.socket.sendall(f'GET {HUB}?id={self.id} HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n'
                            f'Authorization: Bearer {customer.token}\r\n\r\n'.encode())
        self.data, self.messages, self.over = b'', [], False
        self.head = self.read_until(b'\r\n\r\n')
        if shake:
            assert self.post(HANDSHAKE).status == 200
            assert self.take() == {}, self.messages

    def read_until(self, mark):
        while mark not in self.data:
            self.receive()
        head, self.data = self.data.split(mark, 1)
        return head.decode()

    def receive(self, timeout=TIMEOUT):
        if not select.select([self.socket], [], [], timeout)[0]:
            raise TimeoutError('nothing came')
        part = self.socket.recv(65536)
        if not part:
            self.over = True
            raise EOFError
        self.data += part

    def post(self, text, **more):
        return self.customer.call(f'{HUB}?id={self.id}', text, **more)

    def chunks(self):
        """Takes whole chunks of the transfer encoding off the data."""
        while b'\r\n' in self.data:
            size, rest = self.data.split(b'\r\n', 1)
            n = int(size, 16)
            if len(rest) < n + 2:
                return
            self.data = rest[n + 2:]
            if n == 0:
                self.over = True
                return
            event = rest[:n].decode()
            if event.startswith('data: '):
                assert event.endswith('\r\n\r\n') and '\n' not in event[:-4]
                self.messages += [json.loads(m) for m in event[6:-4].split(END) if m]

    def take(self, timeout=TIMEOUT):
        deadline = time.monotonic() + timeout
        while True:
            self.chunks()
            if self.messages:
                return self.messages.pop(0)
            if self.over:
                raise EOFError
            self.receive(max(0, deadline - time.monotonic()))

    def take_target(self, target):
        while True:
            m = self.take()
            if m.get('target') == target:
                return m['arguments'][0]

    def close(self):
        self.socket.close()


class Hub(TestCase):
    arguments = ('--speed', '0', '--ping-sec', '1', '--client-timeout-sec', '2')

    def setUp(self):
        super().setUp()
        self.customer = Customer(self.sandbox)

    def stream(self, customer=None, **more):
        s = Stream(customer or self.customer, **more)
        self.addCleanup(s.close)
        return s

    def connections(self):
        return self.sandbox.control('Journal')['pushConnections']

    def test_negotiate(self):
        self.refused(self.sandbox.call(HUB + '/negotiate', ''), 401, 'token-missing')
        new = self.customer.call(HUB + '/negotiate?negotiateVersion=1', '').json
        self.assertEqual([t['transport'] for t in new['availableTransports']],
                         ['ServerSentEvents', 'LongPolling'])
        self.assertNotEqual(new['connectionToken'], new['connectionId'])
        old = self.customer.call(HUB + '/negotiate', '').json
        self.assertEqual((old['negotiateVersion'], 'connectionToken' in old), (0, False))
        self.assertEqual(self.customer.call(f'{HUB}?id={old["connectionId"]}').status, 200)

    def test_events(self):
        s = self.stream()
        self.assertIn('200 OK', s.head)
        self.assertIn('text/event-stream', s.head)
        o = self.customer.order()
        self.assertEqual(s.take_target('OrderChanged'), o)
        changed = self.customer.advance(o['uid'], 'Processing')
        self.assertEqual(s.take_target('OrderChanged'), changed)
        note = s.take_target('ReceiveNotification')
        self.assertEqual((note['kind'], note['deliveryOrderUid']), ('order-status', o['uid']))
        listed, _ = self.customer.all(PUSH + 'NotificationsGet')
        self.assertEqual(listed, [note])
        self.sandbox.control('Clock', {'speed': 60})
        self.customer.advance(o['uid'], 'In delivery')
        moved = s.take_target('CourierMoved')
        self.sandbox.control('Clock', {'speed': 0})
        self.assertEqual(sorted(moved), ['date', 'dateEndExpected', 'deliveryOrderUid', 'latitude',
                                         'longitude'])
        self.assertEqual(moved['deliveryOrderUid'], o['uid'])

    def test_nobody_hears_of_others(self):
        s, other = self.stream(), Customer(self.sandbox)
        other.order()
        self.assertEqual(s.take(), {'type': 6}, 'only a ping')

    def test_pings(self):
        s = self.stream()
        begin = time.monotonic()
        for _ in range(3):
            self.assertEqual(s.take(), {'type': 6})
        self.assertTrue(2.5 < time.monotonic() - begin < 5)

    def test_client_that_never_pings_stays(self):
        s = self.stream()
        for _ in range(4):
            self.assertEqual(s.take(), {'type': 6})

    def test_client_that_pinged_once_and_is_silent_is_closed(self):
        s = self.stream()
        self.assertEqual(s.post('{"type":6}' + END).status, 200)
        while (m := s.take()) == {'type': 6}:
            pass
        self.assertEqual((m['type'], m['allowReconnect']), (7, True))
        with self.assertRaises(EOFError):
            s.take()
        self.refused(s.post('{"type":6}' + END), 404, 'not-found')

    def test_handshake_is_judged(self):
        for text, word in (('{"protocol":"messagepack","version":1}', 'messagepack'),
                           ('{"protocol":"json","version":9}', '9'),
                           ('{"protocol":5}', 'protocol'), ('{}', 'protocol')):
            s = self.stream(shake=False)
            s.post(text + END)
            self.assertIn(word, s.take()['error'])
            with self.assertRaises(EOFError):
                s.take()
        s = self.stream(shake=False)
        s.post('no json' + END)
        self.assertEqual(s.take()['type'], 7)

    def test_handshake_in_pieces(self):
        s = self.stream(shake=False)
        s.post(HANDSHAKE[:10])
        s.post(HANDSHAKE[10:] + '{"type":1,"target":"Hello","invocationId":"7","arguments":[]}' + END)
        self.assertEqual(s.take(), {})
        self.assertEqual((m := s.take())['type'], 3)
        self.assertEqual(m['invocationId'], '7')
        self.assertIn('Hello', m['error'])

    def test_unknown_types_are_ignored(self):
        s = self.stream()
        s.post('{"type":99}' + END + '{"type":1,"target":"x","arguments":[]}' + END + '{}' + END)
        self.customer.order()
        s.take_target('OrderChanged')

    def test_endless_message(self):
        s = self.stream()
        s.post('x' * 70000)
        while (m := s.take()) == {'type': 6}:
            pass
        self.assertEqual(m['type'], 7)

    def test_client_closes(self):
        s = self.stream()
        s.post('{"type":7}' + END)
        with self.assertRaises(EOFError):
            while True:
                s.take()

    def test_leaving_is_noticed(self):
        s = self.stream()
        before = self.connections()
        s.close()
        wait_until(lambda: self.connections() == before - 1, 'the end of the connection', 3)

    def test_ids(self):
        s, other = self.stream(), Customer(self.sandbox)
        self.refused(other.call(f'{HUB}?id={s.id}', ''), 403, 'wrong-owner')
        self.refused(self.customer.call(f'{HUB}?id=x'), 404, 'not-found')
        self.refused(self.customer.call(HUB, ''), 400, 'invalid-id')
        self.refused(self.customer.call(f'{HUB}?id={s.id}', headers={'Accept': 'text/event-stream'}), 409,
                     'already-connected')
        self.refused(self.customer.call(f'{HUB}?id={s.id}'), 409, 'already-connected')
        fresh = self.customer.call(HUB + '/negotiate?negotiateVersion=1', '').json['connectionToken']
        self.refused(self.customer.call(f'{HUB}?id={fresh}', HANDSHAKE), 409, 'not-connected')

    def poller(self):
        token = self.customer.call(HUB + '/negotiate?negotiateVersion=1', '').json['connectionToken']
        url = f'{HUB}?id={token}'
        self.assertEqual(self.customer.call(url).data, b'')
        self.customer.call(url, HANDSHAKE)
        self.assertEqual(self.customer.call(url).data, b'{}\x1e')
        return url

    def poll(self, url):
        answer = self.customer.call(url)
        self.assertEqual(answer.status, 200)
        return [json.loads(m) for m in answer.data.decode().split(END) if m]

    def test_polling(self):
        url = self.poller()
        o = self.customer.order()
        self.customer.advance(o['uid'], 'Processing')
        self.assertEqual([m.get('target') for m in self.poll(url) if m['type'] == 1],
                         ['OrderChanged', 'OrderChanged', 'ReceiveNotification'])
        self.assertEqual(self.poll(url), [{'type': 6}], 'a poll waits')
        self.assertEqual(self.customer.call(url, method='DELETE').status, 202)
        self.refused(self.customer.call(url), 404, 'not-found')

    def test_poller_that_pinged_once_and_is_silent(self):
        url = self.poller()
        self.customer.call(url, '{"type":6}' + END)
        got = []
        while not any(m['type'] == 7 for m in got):
            got += self.poll(url)
        self.assertEqual(self.customer.call(url).status, 204)
        self.refused(self.customer.call(url), 404, 'not-found')

    def test_poller_hears_of_its_end_with_its_next_poll(self):
        url, before = self.poller(), self.connections()
        self.customer.call(url, '{"type":6}' + END)
        wait_until(lambda: self.connections() == before - 1, 'the end of the connection')
        self.assertEqual(self.poll(url)[-1]['type'], 7)
        self.assertEqual(self.customer.call(url).status, 204)

    def test_drop_and_duplicate(self):
        s = self.stream()
        o = self.customer.order()
        s.take_target('OrderChanged')
        self.sandbox.fault('OrderChanged', 'drop-push', count=1)
        self.customer.advance(o['uid'], 'Processing')
        self.assertEqual(s.take_target('ReceiveNotification')['titleText'], 'We have your order')
        self.sandbox.fault('OrderChanged', 'duplicate-push', count=1)
        self.customer.advance(o['uid'], 'In the process of cooking')
        first = s.take_target('OrderChanged')
        self.assertEqual(first['status'], 'In the process of cooking')
        self.assertEqual(s.take_target('OrderChanged'), first)

    def test_line_goes_dead(self):
        s, url = self.stream(), self.poller()
        self.sandbox.fault(HUB, 'stall', count=0)
        with self.assertRaises(TimeoutError):
            while True:
                s.take(timeout=2.5)
        self.assertFalse(s.over)
        with self.assertRaises(TimeoutError):
            s.post('{"type":6}' + END, timeout=1)
        with self.assertRaises(TimeoutError):
            self.customer.call(url, timeout=1)
        self.assertEqual(self.stream().take(), {'type': 6}, 'new connections are as always')
        self.sandbox.fault(HUB, 'stall', count=1)
        token = self.customer.call(HUB + '/negotiate?negotiateVersion=1', '').json['connectionToken']
        with self.assertRaises(TimeoutError):
            self.customer.call(f'{HUB}?id={token}', headers={'Accept': 'text/event-stream'}, timeout=1)

    def test_who_does_not_read_is_cut_off(self):
        s = self.stream()
        before = self.connections()
        o = self.customer.order(comment='x' * 1000)

        def flood():
            for _ in range(200):
                self.sandbox.control('Advance', {'deliveryOrderUid': o['uid'], 'delayMinutes': 1})
                self.sandbox.control('Advance', {'deliveryOrderUid': o['uid'], 'delayMinutes': -1})
            return self.connections() == before - 1
        wait_until(flood, 'the end of the connection', 60)
        self.assertFalse(s.over)


class Notifications(TestCase):
    def test_read(self):
        c, other = Customer(self.sandbox), Customer(self.sandbox)
        c.advance(c.order()['uid'], 'Delivered')
        notes, cursor = c.all(PUSH + 'NotificationsGet', limit=2)
        self.assertEqual(len(notes), 6)
        self.assertFalse(any(n['isRead'] for n in notes))
        uids, key = [n['uid'] for n in notes[:2]], new_uid()
        for _ in range(2):
            answer = c.call(PUSH + 'NotificationsRead', {'uids': uids + [new_uid()]}, key=key if _ else None)
            self.assertEqual((answer.status, answer.data), (204, b''))
        page = c.call(PUSH + 'NotificationsGet', changedSince=cursor).json
        self.assertEqual([(n['uid'], n['isRead']) for n in page['items']], [(u, True) for u in uids])
        self.refused(other.call(PUSH + 'NotificationsRead', {'uids': uids}), 403, 'wrong-owner')
        for wrong in ({}, {'uids': 'x'}, {'uids': [1]}, {'uids': ['x'] * 1001}):
            self.refused(c.call(PUSH + 'NotificationsRead', wrong), 422, 'invalid-uids')
        self.assertEqual(other.all(PUSH + 'NotificationsGet')[0], [])

    def test_notify(self):
        c = Customer(self.sandbox)
        sent = self.sandbox.control('Notify', {'login': c.login, 'kind': 'promotion',
                                               'titleText': 'Two for one',
                                               'bodyText': 'On Mondays'})
        self.assertEqual(c.all(PUSH + 'NotificationsGet')[0], [sent])
        self.assertEqual((sent['kind'], sent['isRead'], sent['deliveryOrderUid']), ('promotion', False, None))
        self.refused(self.sandbox.call('/Sandbox/Notify', {'login': c.login, 'kind': 'x', 'titleText': 'x',
                                                           'bodyText': ''}),
                     422, 'invalid-kind')
        self.refused(self.sandbox.call('/Sandbox/Notify', {'login': 'nobody', 'kind': 'system',
                                                           'titleText': 'x', 'bodyText': ''}),
                     404, 'not-found')


if __name__ == '__main__':
    unittest.main()
