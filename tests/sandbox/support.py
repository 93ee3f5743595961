"""What the sandbox's tests share: the program on a free port, users, calls, raw connections, waiting with a
deadline. The program is $SANDBOX, or the one built in the current folder. $TEST_WRAPPER is put before it
(valgrind), $TEST_TIME_FACTOR stretches deadlines."""

import http.client
import json
import os
import shlex
import socket
import ssl
import subprocess
import tempfile
import time
import unittest
import urllib.parse
import uuid

PROGRAM = os.path.realpath(os.environ.get('SANDBOX', 'tests/sandbox/customerclient-sandbox'))
TIME_FACTOR = float(os.environ.get('TEST_TIME_FACTOR', '1'))
TIMEOUT = 20 * TIME_FACTOR
PASSWORD = 'correct horse'

AUTH = '/AuthWebApi/'
CUSTOMER = '/CustomerBackend/'
PUSH = '/NotificationsBackend/'
HUB = PUSH + 'hub'

STATUSES = ['Requested', 'Processing', 'In the process of cooking', 'Ready to deliver', 'In delivery',
            'Delivered']


def new_uid():
    return str(uuid.uuid4())


def wait_until(test, what, timeout=TIMEOUT):
    """Asks until test() gives something true, which is the answer."""
    deadline = time.monotonic() + timeout
    while True:
        value = test()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f'never came: {what}')
        time.sleep(0.02)


class Answer:
    def __init__(self, status, headers, data):
        self.status, self.headers, self.data = status, headers, data

    @property
    def json(self):
        return json.loads(self.data) if self.data else None

    @property
    def code(self):
        return self.json.get('code')

    def __repr__(self):
        return f'{self.status} {self.data[:400]!r}'


class Sandbox:
    def __init__(self, *arguments):
        self.arguments = arguments
        self.start()

    def start(self):
        self.log = tempfile.TemporaryFile('w+')
        command = shlex.split(os.environ.get('TEST_WRAPPER', '')) + [PROGRAM, '--port', '0', *self.arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log, text=True)
        self.url = self.process.stdout.readline().strip().removeprefix('listening on ')
        if not self.url.startswith('http'):
            log = self.read_log()
            status = self.process.wait(TIMEOUT)
            self.process.stdout.close()
            self.log.close()
            raise AssertionError(f'the sandbox ended with {status}: {log}')
        self.port = urllib.parse.urlsplit(self.url).port

    def read_log(self):
        self.log.seek(0)
        return self.log.read()

    def stop(self):
        self.process.terminate()
        status = self.process.wait(TIMEOUT)
        self.process.stdout.close()
        log = self.read_log()
        self.log.close()
        if status != 0 or log:
            raise AssertionError(f'the sandbox ended with {status}: {log}')

    def connect(self, timeout=TIMEOUT):
        if self.url.startswith('https'):
            context = ssl.create_default_context(cafile=self.ca)
            return http.client.HTTPSConnection('127.0.0.1', self.port, timeout=timeout, context=context)
        return http.client.HTTPConnection('127.0.0.1', self.port, timeout=timeout)

    def raw(self, data, timeout=TIMEOUT):
        """Sends bytes and reads until the other side closes."""
        with socket.create_connection(('127.0.0.1', self.port), timeout=timeout) as s:
            s.sendall(data)
            s.shutdown(socket.SHUT_WR)
            got = b''
            while part := s.recv(65536):
                got += part
        return got

    def call(self, path, body=None, token=None, key=None, method=None, headers=None, timeout=TIMEOUT, **query):
        if query:
            path += '?' + urllib.parse.urlencode(query)
        headers = dict(headers or {})
        if token:
            headers['Authorization'] = 'Bearer ' + token
        if key:
            headers['Idempotency-Key'] = key
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
        connection = self.connect(timeout)
        try:
            connection.request(method or ('GET' if body is None else 'POST'), path, body, headers)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def control(self, name, body=None, **query):
        answer = self.call('/Sandbox/' + name, body, **query)
        if answer.status != 200:
            raise AssertionError(f'{name} {body}: {answer}')
        return answer.json

    def fault(self, path, kind, **more):
        return self.control('Faults', {'path': path, 'kind': kind, **more})

    def code(self, email):
        return self.control('VerificationCode', email=email)['verificationCode']


class Customer:
    """A signed-in user of a sandbox."""
    count = 0

    def __init__(self, sandbox, login=None, password=PASSWORD, new=True):
        Customer.count += 1
        self.sandbox = sandbox
        self.login = login or f'user-{Customer.count}'
        self.email, self.phone = f'{self.login}@example.com', f'+1202555{1000 + Customer.count}'
        self.password = password
        if new:
            self.sign_up()
        self.sign_in()

    def sign_up(self):
        added = self.sandbox.call(AUTH + 'AddUser', {
            'login': self.login, 'email': self.email, 'phoneNumber': self.phone, 'password': self.password,
            'userType': 'customer'}).json
        assert added['isUserAdded'], added
        verified = self.sandbox.call(AUTH + 'VerifySignUp', {
            'signUpGuid': added['signUpGuid'], 'triesNumber': 1, 'isDeprecated': False, 'isOverriden': False,
            'signUpClosingCode': None, 'verificationCode': self.sandbox.code(self.email)}).json
        assert verified['isSuccessful'], verified

    def sign_in(self):
        verified = self.sandbox.call(AUTH + 'VerifyUserCredentials',
                                     {'login': self.login, 'password': self.password}).json
        assert verified['isVerified'], verified
        self.uid = verified['userUid']
        self.token = self.sandbox.call(AUTH + 'GetTokenByUserUid', {
            'userUid': self.uid, 'verificationGuid': verified['verificationGuid']}).json['tokenGuid']

    def call(self, name, /, body=None, **more):
        path = name if name.startswith('/') else CUSTOMER + name
        return self.sandbox.call(path, body, token=self.token, **more)

    def all(self, name, limit=500):
        """Every item of a listing, and the last cursor."""
        items, cursor = [], None
        while True:
            page = self.call(name, limit=limit, **({'changedSince': cursor} if cursor else {})).json
            items += page['items']
            cursor = page['nextCursor']
            if not page['hasMore']:
                return items, cursor

    def quote(self, products):
        return self.call('MakeOrderQuote', {'productIds': products}).json

    def order_body(self, products=(1, 54), **more):
        body = {'uid': new_uid(), 'userUid': self.uid, 'login': self.login, 'phoneNumber': self.phone,
                'city': 'Berlin', 'address': 'Kastanienallee 27', 'productIds': list(products),
                'paymentType': 'Cash',
                'paymentMethod': 'On delivery'}
        if 'paymentAmount' not in more:
            body['paymentAmount'] = self.quote(list(products))['totalPrice']
        body.update(more)
        return {k: v for k, v in body.items() if v is not Ellipsis}

    def order(self, products=(1, 54), **more):
        body = self.order_body(products, **more)
        answer = self.call('MakeOrderRequest', body, key=body['uid'])
        assert answer.status == 200, answer
        return answer.json

    def get(self, uid):
        return self.call('OrderGet', uid=uid).json

    def advance(self, uid, status):
        return self.sandbox.control('Advance', {'deliveryOrderUid': uid, 'status': status})


class TestCase(unittest.TestCase):
    """A sandbox for each class of tests; its lives stand still unless the class says otherwise."""
    arguments = ('--speed', '0')

    @classmethod
    def setUpClass(cls):
        cls.sandbox = Sandbox(*cls.arguments)
        cls.addClassCleanup(cls.sandbox.stop)

    def setUp(self):
        self.addCleanup(lambda: self.sandbox.fault('*', 'none'))

    def refused(self, answer, status, code):
        self.assertEqual(answer.status, status, answer)
        self.assertEqual(answer.headers['Content-Type'], 'application/problem+json')
        self.assertEqual(answer.code, code, answer)
        self.assertTrue(answer.json['detail'])
