"""What goes wrong on purpose, and the journal that tells it."""

import http.client
import json
import socket
import time
import unittest
from support import AUTH, CUSTOMER, Customer, TestCase, new_uid

CUT = (ConnectionResetError, http.client.RemoteDisconnected, BrokenPipeError)


class Faults(TestCase):
    def setUp(self):
        super().setUp()
        self.customer = Customer(self.sandbox)

    def account(self, **more):
        return self.customer.call('UserAccountGet', **more)

    def fault(self, kind, path='UserAccountGet', **more):
        return self.sandbox.fault(path, kind, **more)

    def journal_of(self, uid):
        return [o for o in self.sandbox.control('Journal')['orders'] if o['uid'] == uid]

    def test_latency(self):
        self.fault('latency', delayMs=300, count=1)
        begin = time.monotonic()
        self.assertEqual(self.account().status, 200)
        self.assertGreaterEqual(time.monotonic() - begin, 0.3)
        begin = time.monotonic()
        self.account()
        self.assertLess(time.monotonic() - begin, 0.3)

    def test_latency_and_another(self):
        self.fault('latency', delayMs=200)
        self.fault('status:503')
        begin = time.monotonic()
        self.assertEqual(self.account().status, 503)
        self.assertGreaterEqual(time.monotonic() - begin, 0.2)

    def test_others_are_served_meanwhile(self):
        self.fault('stall')
        with self.assertRaises(TimeoutError):
            self.account(timeout=0.5)
        self.assertEqual(self.customer.call('PendingOrdersGet').status, 200)

    def test_status(self):
        self.fault('status:503', delayMs=2000, count=1)
        answer = self.account()
        self.assertEqual((answer.status, answer.headers['Retry-After'], answer.code), (503, '2', None))
        self.assertEqual(self.account().status, 200)
        body = self.customer.order_body()
        self.fault('status:409:cannot-cancel', 'MakeOrderRequest', count=1)
        self.refused(self.customer.call('MakeOrderRequest', body, key=body['uid']), 409, 'cannot-cancel')
        self.assertEqual(self.journal_of(body['uid']), [])

    def test_status_after(self):
        body = self.customer.order_body()
        self.fault('status-after:500', 'MakeOrderRequest', count=1)
        self.assertEqual(self.customer.call('MakeOrderRequest', body, key=body['uid']).status, 500)
        self.assertEqual(len(self.journal_of(body['uid'])), 1)
        self.assertEqual(self.customer.call('MakeOrderRequest', body, key=body['uid']).status, 200)

    def test_exception(self):
        body = self.customer.order_body()
        for kind, find in (('exception', lambda a: a.json['exceptionMessage']),
                           ('exception:workflow', lambda a: a.json['workflowException']['message']),
                           ('exception:text', lambda a: a.data.decode().removeprefix('error: '))):
            self.fault(kind, 'MakeOrderRequest', count=1)
            answer = self.customer.call('MakeOrderRequest', body, key=body['uid'])
            self.assertEqual((answer.status, find(answer)), (200, "The kitchen's oven is cold"))
        self.assertEqual(answer.headers['Content-Type'], 'text/plain; charset=utf-8')
        self.assertEqual(self.journal_of(body['uid']), [])

    def test_reset(self):
        body = self.customer.order_body()
        self.fault('reset', CUSTOMER + 'MakeOrderRequest', count=1)
        with self.assertRaises(CUT):
            self.customer.call('MakeOrderRequest', body, key=body['uid'])
        self.assertEqual(self.journal_of(body['uid']), [])

    def test_reset_after(self):
        body = self.customer.order_body()
        self.fault('reset-after', CUSTOMER + 'MakeOrderRequest', count=3)
        for _ in range(3):
            with self.assertRaises(CUT):
                self.customer.call('MakeOrderRequest', body, key=body['uid'])
        self.assertEqual(self.customer.call('MakeOrderRequest', body, key=body['uid']).json['uid'], body['uid'])
        self.assertEqual(len(self.journal_of(body['uid'])), 1)

    def test_truncate(self):
        self.fault('truncate', count=1)
        with self.assertRaises(http.client.IncompleteRead) as caught:
            self.account()
        self.assertEqual(caught.exception.partial, self.account().data[:len(caught.exception.partial)])
        self.assertGreater(len(caught.exception.partial), 10)

    def test_damage(self):
        right = self.account().data
        self.fault('damage', count=1)
        wrong = self.account().data
        self.assertEqual(len(wrong), len(right))
        self.assertEqual(sum((a ^ b).bit_count() for a, b in zip(wrong, right)), 1)

    def test_garbage(self):
        self.fault('garbage', count=1)
        answer = self.account()
        self.assertEqual((answer.status, answer.headers['Content-Type']), (200, 'text/html'))
        self.assertIn(b'<html>', answer.data)
        self.fault('garbage:bytes', count=1)
        with self.assertRaises(ValueError):
            _ = self.account().json
        self.fault('garbage:huge', count=1)
        self.assertGreater(len(self.account().data), 20 * 1024 * 1024)
        self.fault('garbage:deep', count=1)
        self.assertIn(b'[' * 10000, self.account().data)
        self.assertEqual(self.account().json['login'], self.customer.login)

    def test_slow(self):
        self.fault('slow', delayMs=50, count=1)
        begin = time.monotonic()
        self.assertEqual(self.account().json['login'], self.customer.login)
        self.assertGreater(time.monotonic() - begin, 0.15)

    def test_clients_that_go_away_meanwhile(self):
        for kind in ('latency', 'stall', 'slow', 'truncate', 'garbage:huge', 'reset-after'):
            self.fault(kind, delayMs=100, count=1)
            with socket.create_connection(('127.0.0.1', self.sandbox.port)) as s:
                s.sendall(f'GET {CUSTOMER}UserAccountGet HTTP/1.1\r\nHost: x\r\n'
                          f'Authorization: Bearer {self.customer.token}\r\n\r\n'.encode())
        time.sleep(0.3)
        self.assertEqual(self.account().status, 200)

    def test_expire_tokens(self):
        self.fault('expire-tokens', count=1)
        self.refused(self.account(), 401, 'token-expired')
        renewed = self.sandbox.call(AUTH + 'GetTokenByUserUid', {'userUid': self.customer.uid},
                                    token=self.customer.token)
        self.customer.token = renewed.json['tokenGuid']
        self.assertEqual(self.account().status, 200)

    def test_chance(self):
        self.fault('status:500', probability=0.5)
        got = [self.account().status for _ in range(100)]
        self.assertTrue(20 < got.count(500) < 80)
        self.assertEqual(got.count(500) + got.count(200), 100)
        self.fault('none')
        self.fault('status:500', probability=0)
        self.assertEqual(self.account().status, 200)

    def test_paths(self):
        for path in ('*', CUSTOMER + '*', CUSTOMER + 'UserAccountGet', 'UserAccountGet'):
            self.fault('status:502', path, count=1)
            self.assertEqual(self.account().status, 502, path)
        self.fault('status:502', AUTH + '*')
        self.assertEqual(self.account().status, 200)
        rules = self.sandbox.control('Faults')
        self.assertEqual([(r['path'], r['count'], r['hits']) for r in rules][-1], (AUTH + '*', None, 0))
        self.assertEqual([r['hits'] for r in rules][:4], [1, 1, 1, 1])
        self.assertEqual(self.sandbox.fault('*', 'none'), [])

    def test_refused(self):
        for body, code in (({'path': 'x'}, 'invalid-kind'), ({'kind': 'reset'}, 'invalid-path'),
                           ({'path': 'x', 'kind': 'boom'}, 'invalid-kind'),
                           ({'path': 'x', 'kind': 'status:9'}, 'invalid-kind'),
                           ({'path': 'x', 'kind': 'status:'}, 'invalid-kind'),
                           ({'path': 'x', 'kind': 'reset', 'probability': 2}, 'invalid-probability'),
                           ({'path': 'x', 'kind': 'reset', 'probability': 'x'}, 'invalid-probability'),
                           ({'path': 'x', 'kind': 'reset', 'delayMs': -5}, 'invalid-delay-ms'),
                           ({'path': 'x', 'kind': 'reset', 'count': -5}, 'invalid-count'),
                           ({'path': 'x' * 300, 'kind': 'reset'}, 'invalid-path')):
            self.refused(self.sandbox.call('/Sandbox/Faults', body), 422, code)
        for _ in range(100):
            self.fault('latency', 'nowhere', delayMs=0)
        self.refused(self.sandbox.call('/Sandbox/Faults', {'path': 'x', 'kind': 'reset'}), 409,
                     'too-many-faults')


class Journal(TestCase):
    def test_requests(self):
        customer = Customer(self.sandbox)
        before = self.sandbox.control('Journal')
        request_id, key = new_uid(), new_uid()
        customer.call('OrdersGet', headers={'X-Request-Id': request_id, 'If-None-Match': '"x"'})
        self.sandbox.fault('PendingOrdersGet', 'stall', count=1)
        with self.assertRaises(TimeoutError):
            customer.call('PendingOrdersGet', timeout=0.3)
        customer.call('RateOrderRespond', {'deliveryOrderUid': key, 'rating': 1}, key=key)
        self.sandbox.call(CUSTOMER + 'NoSuchCall')
        after = self.sandbox.control('Journal', since=before['lastRequest'])
        got = [(r['path'].removeprefix(CUSTOMER), r['status'], r['fault']) for r in after['requests']]
        self.assertEqual(got, [('OrdersGet', 200, None), ('PendingOrdersGet', 0, 'stall'),
                               ('RateOrderRespond', 404, None)])
        self.assertEqual(after['requests'][0]['requestId'], request_id)
        self.assertEqual(after['requests'][0]['ifNoneMatch'], '"x"')
        self.assertEqual(after['requests'][0]['login'], customer.login)
        self.assertEqual(after['requests'][2]['key'], key)
        self.assertEqual(after['counts'][CUSTOMER + 'OrdersGet'] - before['counts'].get(CUSTOMER + 'OrdersGet',
                                                                                        0), 1)
        self.assertNotIn(customer.token, json.dumps(after))

    def test_only_the_latest_are_kept_and_all_are_counted(self):
        customer = Customer(self.sandbox)
        for _ in range(2100):
            customer.call('UserAccountGet')
        journal = self.sandbox.control('Journal')
        self.assertEqual(len(journal['requests']), 2000)
        self.assertGreaterEqual(journal['counts'][CUSTOMER + 'UserAccountGet'], 2100)
        self.assertEqual(journal['requests'][-1]['number'], journal['lastRequest'])


if __name__ == '__main__':
    unittest.main()
