"""The program: its options, TLS, hostile input, and that it shares nothing with what it is to test."""

import contextlib
import http.client
import os
import random
import re
import shutil
import socket
import sqlite3
import ssl
import subprocess
import tempfile
import unittest
from support import CUSTOMER, HUB, PROGRAM, TIMEOUT, Customer, Sandbox, TestCase, wait_until

HERE = os.path.dirname(os.path.realpath(__file__))


class Options(unittest.TestCase):
    def run_it(self, *arguments):
        return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=TIMEOUT)

    def test_help(self):
        done = self.run_it('--help')
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        for word in ('--port', '--data', '--speed', '--verification', '--tls-cert', 'Clock', 'Seed', 'Faults',
                     'Advance',
                     'Journal', 'Mailbox', 'QrPaid', 'Payments', 'Mail', 'latency', 'reset-after', 'truncate', 'damage',
                     'garbage', 'slow', 'stall',
                     'expire-tokens', 'drop-push', 'duplicate-push', 'status:<code>'):
            self.assertIn(word, done.stdout)
        self.assertTrue(all(len(line) <= 120 for line in done.stdout.splitlines()))

    def test_wrong_arguments(self):
        for wrong in (['--port', 'x'], ['--port', '70000'], ['--port', '-1'], ['--speed', 'fast'],
                      ['--speed', '-1'],
                      ['--verification', 'both'], ['--ping-sec', '0'], ['--tls-cert', 'x'], ['--no-such'],
                      ['extra'], ['--data']):
            done = self.run_it(*wrong)
            self.assertEqual((done.returncode, done.stdout), (2, ''), wrong)
            self.assertTrue(done.stderr, wrong)

    def test_what_cannot_be_used(self):
        with tempfile.NamedTemporaryFile() as f:
            for arguments in (['--data', f.name], ['--data', '/nowhere/at/all'],
                              ['--port', '0', '--tls-cert', f.name, '--tls-key', f.name]):
                done = self.run_it(*arguments)
                self.assertEqual(done.returncode, 1, arguments)
                self.assertIn(arguments[-1], done.stderr)
        with tempfile.TemporaryDirectory() as folder:
            with open(folder + '/sandbox.db', 'w') as f:
                f.write('no database at all ' * 100)
            done = self.run_it('--data', folder)
            self.assertEqual(done.returncode, 1)
            self.assertIn('not a database', done.stderr)
        with socket.create_server(('127.0.0.1', 0)) as taken:
            done = self.run_it('--port', str(taken.getsockname()[1]))
            self.assertEqual(done.returncode, 1)
            self.assertIn(str(taken.getsockname()[1]), done.stderr)

    def test_data_of_an_older_version(self):
        """Version 1 had no payments: what awaits them can be paid now, and what was ordered is there."""
        with tempfile.TemporaryDirectory() as folder:
            sandbox = Sandbox('--data', folder, '--speed', '0')
            try:
                customer = Customer(sandbox)
                order = customer.order(paymentType='Card', paymentMethod='Online')
                sandbox.stop()
                with contextlib.closing(sqlite3.connect(folder + '/sandbox.db')) as db:
                    for table in ('cards', 'settings', 'files', 'messages'):
                        db.execute('DROP TABLE ' + table)
                    db.execute('DROP INDEX orders_pay_due')
                    for column in ('pay_due', 'pay_pending', 'currency'):
                        db.execute('ALTER TABLE orders DROP COLUMN ' + column)
                    db.execute('PRAGMA user_version = 1')
                    db.commit()
                sandbox.start()
                self.assertEqual(customer.get(order['uid']), order)
                start = {'deliveryOrderUid': order['uid'], 'paymentType': 'Card'}
                self.assertEqual(customer.call('MakePaymentStart', start).json['status'], 'Requested')
                sandbox.control('Clock', {'advanceSec': 15 * 60})
                wait_until(lambda: customer.get(order['uid'])['status'] == 'Cancelled', 'the order ends')
                sandbox.stop()
                with contextlib.closing(sqlite3.connect(folder + '/sandbox.db')) as db:
                    db.execute('PRAGMA user_version = 99')
                done = self.run_it('--data', folder)
                self.assertEqual(done.returncode, 1)
                self.assertIn('version 99', done.stderr)
                with contextlib.closing(sqlite3.connect(folder + '/sandbox.db')) as db:
                    db.execute('PRAGMA user_version = 3')
                sandbox.start()
            finally:
                sandbox.stop()

    def test_reproducible(self):
        codes = set()
        for _ in range(2):
            sandbox = Sandbox('--random-seed', '5')
            Customer(sandbox, 'same')
            codes.add(sandbox.code('same@example.com'))
            sandbox.stop()
        self.assertEqual(len(codes), 1)


class Tls(unittest.TestCase):
    def test_https(self):
        if not shutil.which('openssl'):
            self.skipTest('the openssl program is not there')
        with tempfile.TemporaryDirectory() as folder:
            cert, key = folder + '/cert.pem', folder + '/key.pem'
            subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
                            'ec_paramgen_curve:prime256v1', '-nodes',
                            '-keyout', key, '-out', cert, '-days', '2', '-subj', '/CN=localhost',
                            '-addext', 'subjectAltName=IP:127.0.0.1'], check=True, capture_output=True)
            sandbox = Sandbox('--speed', '0', '--tls-cert', cert, '--tls-key', key)
            sandbox.ca = cert
            self.addCleanup(sandbox.stop)
            self.assertTrue(sandbox.url.startswith('https://127.0.0.1:'))
            customer = Customer(sandbox)
            customer.advance(customer.order()['uid'], 'Delivered')
            self.assertEqual(len(customer.all('ProductsGet')[0]), 60)
            sandbox.fault('*', 'reset', count=1)
            with self.assertRaises((ConnectionError, http.client.RemoteDisconnected, ssl.SSLError)):
                customer.call('OrdersGet')
            sandbox.fault('*', 'truncate', count=1)
            with self.assertRaises((http.client.IncompleteRead, ssl.SSLError)):
                customer.call('OrdersGet')
            with socket.create_connection(('127.0.0.1', sandbox.port)) as s:
                s.sendall(b'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
                self.assertNotIn(b'200', s.recv(100))
            self.assertEqual(customer.call('OrdersGet').status, 200)


class Hostile(TestCase):
    """Whatever comes, the next honest call is answered."""

    def setUp(self):
        super().setUp()
        self.customer = Customer(self.sandbox)
        self.addCleanup(lambda: self.assertEqual(self.customer.call('UserAccountGet').status, 200))

    def send(self, data):
        try:
            return self.sandbox.raw(data)
        except OSError:  # cut off while sending
            return b''

    def test_malformed_http(self):
        for data in (b'\0' * 100, b'GET\r\n\r\n', b'GET / HTTP/9.9\r\n\r\n',
                     b'GET / HTTP/1.1\r\nbad header\r\n\r\n',
                     b'POST / HTTP/1.1\r\nContent-Length: -5\r\n\r\n',
                     b'POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n',
                     b'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nZZZ\r\n',
                     b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
                     b'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n',
                     b'GET http://[::1 HTTP/1.1\r\n\r\n',
                     b'GET /%zz%00%ff?%zz=%00&a=b&&=&a HTTP/1.1\r\nHost: x\r\n\r\n',
                     b'GET ' + b'/' * 40000 + b' HTTP/1.1\r\n\r\n',
                     b'PATCH / HTTP/1.1\r\nHost: x\r\n\r\n', b'HEAD /Sandbox/Clock HTTP/1.1\r\nHost: x\r\n\r\n',
                     b'OPTIONS * HTTP/1.1\r\n\r\n',
                     b'GET / HTTP/1.0\r\n\r\n', b'A' * 100000,
                     b'GET / HTTP/1.1\r\n' + b'X: y\r\n' * 20000 + b'\r\n',
                     b'CONNECT x:1 HTTP/1.1\r\n\r\n',
                     b'GET /?' + b'a&' * 10000 + b' HTTP/1.1\r\nHost: x\r\n\r\n'):
            with self.subTest(data=data[:60]):
                answer = self.send(data)
                self.assertNotIn(b' 200 ', answer[:15])
                self.customer.call('UserAccountGet')

    def test_pipelined_while_a_request_is_held(self):
        get = (f'GET {CUSTOMER}UserAccountGet HTTP/1.1\r\nHost: x\r\n'
               f'Authorization: Bearer {self.customer.token}\r\n').encode()
        self.sandbox.fault('UserAccountGet', 'latency', delayMs=50)
        answer = self.send(get + b'\r\n' + get + b'\r\n' + get + b'Connection: close\r\n\r\n')
        self.assertEqual(answer.count(b'HTTP/1.1 200'), 3) if answer else None
        with socket.create_connection(('127.0.0.1', self.sandbox.port), timeout=TIMEOUT) as s:
            s.sendall(get + b'\r\n' + get + b'\r\n' + get + b'Connection: close\r\n\r\n')
            got = b''
            while part := s.recv(65536):
                got += part
        self.assertEqual(got.count(b'HTTP/1.1 200'), 3)
        self.sandbox.fault('*', 'none')
        self.sandbox.fault('UserAccountGet', 'stall', count=1)
        with socket.create_connection(('127.0.0.1', self.sandbox.port), timeout=TIMEOUT) as s:
            s.sendall(get + b'\r\n' + b'x' * 200000)
            self.customer.call('PendingOrdersGet')

    def test_large_bodies(self):
        for size in (1024 * 1024 + 1, 30 * 1024 * 1024):
            try:
                answer = self.customer.call('MakeOrderQuote', '{"productIds":[1],"x":"' + 'x' * size + '"}')
                self.assertEqual(answer.status, 413)
            except ConnectionError:
                pass  # cut off while sending
        ok = self.customer.call('MakeOrderQuote', '{"productIds":[1],"x":"' + 'x' * 1000000 + '"}')
        self.assertEqual(ok.status, 200)

    def test_expect_continue(self):
        body = b'{"productIds":[1]}'
        head = (f'POST {CUSTOMER}MakeOrderQuote HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n'
                f'Connection: close\r\n'
                f'Authorization: Bearer {self.customer.token}\r\nContent-Length: {len(body)}\r\n\r\n').encode()
        with socket.create_connection(('127.0.0.1', self.sandbox.port), timeout=TIMEOUT) as s:
            s.sendall(head)
            self.assertIn(b'HTTP/1.1 100', s.recv(1000))
            s.sendall(body)
            self.assertIn(b'HTTP/1.1 200', s.recv(10000))

    def test_bodies_that_are_no_json(self):
        for body in (b'\xff\xfe', b'{"uid":"\xff"}', b'{"uid":"a\0b"}', b'{"uid":"\\ud800"}', b'[' * 100000,
                     b'{"a":' * 50 + b'1' + b'}' * 50,
                     b'null', b'1', b'"x"', b'{"a":1}{"b":2}', b'{"a":1' + b'0' * 5000 + b'}', b'{"a":-}',
                     b'{"a":1e}', b'{"a" 1}',
                     b'\xef\xbb\xbf{}', b'{"uid":"' + b'\\u0000' * 10 + b'"}'):
            with self.subTest(body=body[:40]):
                answer = self.customer.call('MakeOrderRequest', body)
                self.assertIn(answer.status, (400, 422), answer)
                self.assertTrue(answer.json['detail'])

    def test_random_values_in_every_call(self):
        rng = random.Random(1)
        names = ['uid', 'productIds', 'paymentAmount', 'productNotes', 'city', 'address', 'paymentType',
                 'deliverAt', 'validUntil',
                 'rating', 'deliveryOrderUid', 'uids', 'login', 'password', 'email', 'signUpGuid',
                 'verificationGuid', 'userUid',
                 'tokenGuid', 'verificationCode', 'phoneNumber', 'comment', 'path', 'kind', 'speed', 'orders',
                 'from', 'status', 'id']
        values = [None, True, -1, 0, 1, 2**63 - 1, 2**64, 1.5, 1e308, '', 'x', 'x' * 5000, '💥', [], [[]],
                  [None], {}, {'a': {}},
                  [1] * 101, [{'productId': 'x'}], '2024-02-30T00:00:00Z', '9999-12-31T23:59:59Z',
                  '0001-01-01T00:00:00+14:00']
        paths = ['/AuthWebApi/' + n for n in ('CheckUserExistance', 'AddUser', 'VerifySignUp',
                                              'VerifyUserCredentials',
                                              'GetTokenByUserUid', 'ChangePassword')]
        paths += [CUSTOMER + n for n in ('MakeOrderQuote', 'MakeOrderRequest', 'CancelOrderRequest',
                                         'RateOrderRespond')]
        paths += ['/NotificationsBackend/NotificationsRead', '/Sandbox/Advance', '/Sandbox/Seed',
                  '/Sandbox/Product', '/Sandbox/Notify']
        for _ in range(1500):
            body = {rng.choice(names): rng.choice(values) for _ in range(rng.randrange(1, 8))}
            path = rng.choice(paths)
            answer = self.customer.call(path, body)
            self.assertLess(answer.status, 500, (path, body, answer))

    def test_wild_queries(self):
        for name in ('OrdersGet', 'ProductsGet', 'OrderGet', HUB):
            for query in ('changedSince=%00', 'changedSince=' + 'a' * 8000, 'limit=99999999999999999999',
                          'uid=%ff%fe', 'id=%00', '&&&', '='):
                self.assertLess(self.customer.call(f'{name}?{query}').status, 500)

    def test_many_connections(self):
        sockets = [socket.create_connection(('127.0.0.1', self.sandbox.port)) for _ in range(300)]
        for s in sockets:
            s.sendall(b'GET /CustomerBackend/Ord')
        self.assertEqual(self.customer.call('UserAccountGet').status, 200)
        for s in sockets:
            s.close()

    def test_ends_cleanly_whatever_is_open(self):
        sandbox = Sandbox('--speed', '60')
        customer = Customer(sandbox)
        customer.order()
        token = customer.call(HUB + '/negotiate?negotiateVersion=1', '').json['connectionToken']
        head = f'Host: x\r\nAuthorization: Bearer {customer.token}\r\n\r\n'
        requests = [f'GET {HUB}?id={token} HTTP/1.1\r\nAccept: text/event-stream\r\n{head}']
        for kind, name in (('stall', 'OrdersGet'), ('latency', 'ProductsGet'), ('slow', 'PendingOrdersGet')):
            sandbox.fault(name, kind, delayMs=60000)
            requests.append(f'GET {CUSTOMER}{name} HTTP/1.1\r\n{head}')
        requests.append('GET /half')
        with contextlib.ExitStack() as stack:
            for r in requests:
                s = stack.enter_context(socket.create_connection(('127.0.0.1', sandbox.port)))
                s.sendall(r.encode())
            arrived = len(requests) - 1
            wait_until(lambda: sum(r['method'] == 'GET' for r in sandbox.control('Journal')['requests']) == arrived,
                       'the requests')
            sandbox.stop()

    def test_only_loopback(self):
        with open('/proc/net/tcp') as f:
            listening = [line.split()[1] for line in f if line.split()[3] == '0A']
        self.assertIn(f'0100007F:{self.sandbox.port:04X}', listening)
        self.assertNotIn(f'00000000:{self.sandbox.port:04X}', listening)


class Independence(unittest.TestCase):
    """One misreading of the contract is not to hide another."""

    def sources(self):
        return [os.path.join(HERE, n) for n in os.listdir(HERE) if n.endswith(('.c', '.h'))]

    def test_includes(self):
        seen = 0
        for path in self.sources():
            with open(path) as f:
                for name in re.findall(r'^\s*#\s*include\s*"([^"]+)"', f.read(), re.M):
                    seen += 1
                    self.assertRegex(name, r'^tests/sandbox/[a-z]+\.h$', path)
                    self.assertTrue(os.path.exists(os.path.join(HERE, os.path.basename(name))))
        self.assertGreater(seen, 50)

    def test_link_line(self):
        with open(os.path.join(HERE, 'local.mk')) as f:
            text = f.read().replace('\\\n', ' ')
        variables = dict(re.findall(r'^tests_sandbox_customerclient_sandbox_(\w+) = (.*)$', text, re.M))
        for word in variables['LDADD'].split():
            self.assertRegex(word, r'^(\$\((EVHTTP|SSL|JSON|SQLITE|CAIRO|QRENCODE)_LIBS\)|-lm)$')
        sources = variables['SOURCES'].split()
        self.assertEqual(sorted(sources),
                         sorted('tests/sandbox/' + os.path.basename(p) for p in self.sources()))
        self.assertEqual(variables['CPPFLAGS'].split(), ['-D_GNU_SOURCE', '-I$(top_srcdir)',
                                                         '-I$(top_builddir)'])

    def test_what_is_loaded(self):
        if not shutil.which('readelf'):
            self.skipTest('readelf is not there')
        text = subprocess.run(['readelf', '-d', PROGRAM], capture_output=True, text=True, check=True).stdout
        needed = re.findall(r'NEEDED.*\[(.*?)\.so', text)
        self.assertIn('libjson-c', needed)
        for name in needed:
            self.assertRegex(name,
                             r'^(libevent(_core|_extra|_openssl)?-2.*|libssl|libcrypto|libjson-c|libsqlite3|libcairo|'
                             r'libfontconfig|libqrencode|libc|libm|'
                                   r'lib(gcc_s|resolv|rt|dl|pthread|asan|ubsan)|ld-linux-.*)$')

    def test_what_was_compiled(self):
        folder = os.path.join(os.path.dirname(PROGRAM), '.deps')
        names = os.listdir(folder) if os.path.isdir(folder) else []
        files = [n for n in names if n.startswith('customerclient_sandbox-')]
        if not files:
            self.skipTest('the compiler left no list of what it read')
        for name in files:
            with open(os.path.join(folder, name)) as f:
                text = f.read()
            self.assertNotRegex(text, r'(^|/|\s)(daemon|clients)/', name)


if __name__ == '__main__':
    unittest.main()
