"""Every call of docs/backend-api.yaml, from the daemon where it makes the call, through the validating proxy; and that the
proxy refuses what breaks the contract. Run by ./run, which starts the proxy and judges what passed through it."""

import base64
import copy
import hashlib
import http.server
import json
import os
import re
import sys
import threading
import unittest
import urllib.error
import urllib.parse
import urllib.request
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), '..', 'integration'))
import harness  # noqa: E402

from gi.repository import GLib  # noqa: E402

FRONT, PROXY = os.environ['CONTRACT_FRONT'], os.environ['CONTRACT_PROXY']
CARD = {'number': '4242424242424242', 'holder': 'Ann Example', 'expiry': '12/34', 'cvc': '123'}
SERIES = 'StatisticalBackend/OrderStatisticsGet'
THROUGH = {'X-Contract-Through': 'yes'}  # where the front goes past the proxy
DECLINED = {**CARD, 'number': '4000000000000002'}


class Answer:
    def __init__(self, answer):
        self.status, self.headers, self.data = answer.status, answer.headers, answer.read()

    @property
    def json(self):
        return json.loads(self.data)

    def refused_by_proxy(self):
        """By the proxy itself, not by the service: what it says is wrong."""
        if 'problem+json' not in self.headers.get('Content-Type', ''):
            return None
        problem = self.json
        return problem if re.fullmatch(r'https://stoplight\.io/prism/errors#\w+', problem.get('type', '')) else None


def request(base, method, path, token=None, body=None, headers=None, data=None):
    sent = {'X-Request-Id': str(uuid.uuid4()), **(headers or {})}
    if token:
        sent['Authorization'] = f'Bearer {token}'
    if body is not None:
        data = json.dumps(body).encode()
        sent.setdefault('Content-Type', 'application/json')
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(urllib.request.Request(base + path, data=data, method=method, headers=sent),
                         timeout=harness.TIMEOUT) as answer:
            return Answer(answer)
    except urllib.error.HTTPError as e:
        with e:
            return Answer(e)


class Customer:
    """One that was signed up and in by calls of its own, straight at the sandbox."""

    def __init__(self, sandbox, login='carl'):
        self.sandbox = sandbox
        email = f'{login}@example.org'
        added = self.call('AuthWebApi/AddUser', {'login': login, 'email': email, 'phoneNumber': '+15550001111',
                                                 'password': harness.PASSWORD, 'userType': 'customer'})
        self.call('AuthWebApi/VerifySignUp', {'signUpGuid': added['signUpGuid'], 'triesNumber': 1,
                                              'signUpClosingCode': None,
                                              'verificationCode': sandbox.verification_code(email)})
        verified = self.call('AuthWebApi/VerifyUserCredentials', {'login': login, 'password': harness.PASSWORD})
        self.user_uid = verified['userUid']
        self.token = self.call('AuthWebApi/GetTokenByUserUid', {
            'userUid': self.user_uid, 'verificationGuid': verified['verificationGuid']})['tokenGuid']

    def call(self, path, body):
        answer = request(self.sandbox.url, 'POST', '/' + path, getattr(self, 'token', None), body,
                         {'Idempotency-Key': str(uuid.uuid4())})
        if answer.status != 200:
            raise AssertionError(f'{path}: {answer.status} {answer.data}')
        return answer.json

    def initial_order(self, **more):
        """The body of MakeOrderRequest for what can be had."""
        page = request(self.sandbox.url, 'GET', '/CustomerBackend/ProductsGet', self.token).json
        ids = [p['id'] for p in page['items'] if p['quantity'] is None][:1]
        wish = {'productIds': ids, 'city': 'Springfield', 'address': '12 Long Street', 'paymentType': 'Cash',
                'paymentMethod': 'On delivery', **more}
        quote = self.call('CustomerBackend/MakeOrderQuote', wish)
        return {'uid': str(uuid.uuid4()), 'paymentAmount': quote['totalPrice'], **wish}

    def order(self, **more):
        return self.call('CustomerBackend/MakeOrderRequest', self.initial_order(**more))


class Scenario(harness.TestCase):
    """The daemon does what it can do. That nothing in it breaks the contract is judged by ./run."""

    def read_fd(self, fd):
        try:
            with os.fdopen(fd, 'rb') as f:
                f.seek(0)
                return f.read()
        except ValueError:
            os.close(fd)
            raise

    def call_with_file(self, interface, method, signature, args):
        pending = self.client.call_async(interface, method, signature, args, timeout=60)
        value = pending.wait(65)
        return value, self.read_fd(pending.fds[0])

    def order_of(self, payment):
        uid, status = self.place([(self.product, 2)], payment=payment, comment='ring twice')
        self.assertEqual(status, 'requested' if payment in ('cash', 'pos') else 'awaiting-payment')
        return uid

    def begin(self):
        self.sandbox.clock(0)
        self.sign_up_and_in()
        self.sync()
        rows = self.client.call('Catalog', 'ListProducts', '(tus)', (0, 10000, ''))[0]
        self.product = next(p[0] for p in rows if p[6])

    def test_orders(self):
        self.begin()
        self.sandbox.seed('ann', 30)
        self.sync()
        self.sync()
        self.call_with_file('Catalog', 'GetPicture', '(t)', (self.product,))
        items = GLib.Variant('a(tu)', [(self.product, 2)])
        quote = self.client.call('Orders', 'Quote', '(a{sv})', ({
            'items': items, 'city': GLib.Variant('s', 'Springfield'), 'address': GLib.Variant('s', '12 Long Street')},))
        self.assertGreater(quote['total-price'], 0)
        cancelled = self.order_of('cash')
        self.client.call('Orders', 'Cancel', '(ssa{sv})', (cancelled, 'changed my mind', {}))
        delivered = self.order_of('pos')
        self.sandbox.advance(delivered, 'Delivered')
        self.wait_for_status(delivered, 'delivered')
        with self.assertError('CannotCancel'):
            self.client.call('Orders', 'Cancel', '(ssa{sv})', (delivered, '', {}))
        expected = self.client.call('Predictions', 'GetDeliveryTime', '(s)', (self.order_of('cash'),))
        self.assertGreater(expected[1], 0)
        self.assertTrue(self.client.call('Predictions', 'GetRecommendations', '(u)', (5,)))
        self.assertGreater(self.client.call('Predictions', 'GetSpendingForecast', '(s)', ('month',))[0], 0)
        with open(f'{harness.SOURCE_DIR}/docs/notification.png', 'rb') as f:
            photo = self.client.call('Files', 'Upload', '(sshs)', ('lunch.png', 'image/png', 0, ''), fds=(f.fileno(),))
        self.client.call('Orders', 'Rate', '(susa{sv})', (delivered, 5, 'warm and in time', {
            'photos': GLib.Variant('as', [photo])}))
        self.sandbox.request('POST', '/Sandbox/Product', {'id': self.product, 'quantity': 0})
        with self.assertError('ProductUnavailable'):
            self.place([(self.product, 1)])
        self.sandbox.request('POST', '/Sandbox/Product', {'id': self.product, 'isDeleted': True})
        self.sync()
        unread = self.client.call('Notifications', 'List', '(bus)', (True, 10, ''))[0]
        self.client.call('Notifications', 'MarkRead', '(as)', ([unread[0][0]],))
        harness.poll(lambda: self.client.get('Daemon', 'PendingOperations') == 0)

    def test_session(self):
        self.begin()
        self.sandbox.fault('/CustomerBackend/OrdersGet', 'expire-tokens', count=1)
        self.sync()
        self.client.call_secret('Account', 'ChangePassword', '(hh)', (0, 1), harness.PASSWORD, 'another good one')
        self.sync()
        self.client.call('Session', 'SignOut', '(b)', (False,))
        with self.assertRaises(harness.DBusError):
            self.sign_in()
        self.sign_in(password='another good one')
        self.sync()

    def test_payments(self):
        self.begin()
        by_card = self.order_of('card')
        with self.assertError('PaymentDeclined'):
            self.pay(by_card, DECLINED)
        self.assertEqual(self.pay(by_card, CARD), 'processed')
        self.assertEqual([p['status'] for p in self.client.call('Payments', 'List', '(s)', (by_card,))],
                         ['rejected', 'processed'])
        cards = self.client.call('Payments', 'ListCards')
        self.assertEqual([c[2] for c in cards], ['4242'])
        self.client.call('Payments', 'RemoveCard', '(s)', (cards[0][0],))
        by_qr = self.order_of('qr')
        self.client.call('Payments', 'Start', '(ss)', (by_qr, 'qr'))
        (payload, _), png = self.call_with_file('Payments', 'GetQrCode', '(s)', (by_qr,))
        self.assertTrue(png.startswith(b'\x89PNG'))
        self.assertEqual(self.client.call('Payments', 'Confirm', '(s)', (by_qr,)), 'requested')
        self.sandbox.request('POST', '/Sandbox/QrPaid', {'qrPayload': payload, 'outcome': 'paid'})
        self.wait_for_status(by_qr, 'processing')

    def pay(self, uid, card):
        return self.client.call_secret('Payments', 'PayByCard', '(sh)', (uid, 0), json.dumps(card))

    def test_settings(self):
        self.begin()
        settings = self.client.call('Settings', 'GetAll')
        self.assertEqual(settings['email'], 'ann@example.org')
        changed = {'default-city': GLib.Variant('s', 'Köln'), 'preferred-payment-type': GLib.Variant('s', 'qr'),
                   'preferred-communication': GLib.Variant('s', 'telegram'), 'email-receipts': GLib.Variant('b', True),
                   'notification-policy': GLib.Variant('s', 'off')}
        self.assertEqual(self.client.call('Settings', 'Set', '(a{sv})', (changed,)), 'saved')
        self.assertEqual(self.client.call('Settings', 'GetAll')['default-city'], 'Köln')

    def test_files(self):
        self.begin()
        uid = self.order_of('cash')
        self.sandbox.advance(uid, 'Delivered')
        self.wait_for_status(uid, 'delivered')
        for form, begin in (('pdf', b'%PDF'), ('png', b'\x89PNG'), ('html', b'<!DOCTYPE html>')):
            _, data = self.call_with_file('Orders', 'GetReport', '(sss)', (uid, form, ''))
            self.assertEqual(data[:len(begin)].lower(), begin.lower())
        message = self.client.call('Orders', 'SendReport', '(sss)', (uid, 'ann@example.org', 'pdf'))
        harness.poll(lambda: self.client.call('Orders', 'GetMessageStatus', '(s)', (message,))[0] == 'sent', what='sent')
        picture = os.urandom(100_000)
        with open(f'{self.dir}/picture', 'w+b') as f:
            f.write(picture)
            f.flush()
            f.seek(0)
            file = self.client.call('Files', 'Upload', '(sshs)', ('picture.jpg', 'image/jpeg', 0, ''), fds=(f.fileno(),))
        _, data = self.call_with_file('Files', 'Download', '(ss)', (file, ''))
        self.assertEqual(data, picture)


class Direct(harness.TestCase):
    """What the daemon does not call, or only past the proxy, and refusals that it does not come by."""

    start_daemon = False

    def setUp(self):
        super().setUp()
        self.sandbox.clock(0)
        self.customer = Customer(self.sandbox)

    def call(self, method, path, body=None, status=200, key=True, **more):
        headers = more.pop('headers', {})
        if method == 'POST' and key:
            headers = {'Idempotency-Key': str(uuid.uuid4()), **headers}
        answer = request(self.sandbox.service_url, method, '/' + path, more.pop('token', self.customer.token), body,
                         headers, **more)
        self.assertIsNone(answer.refused_by_proxy(), path)
        self.assertIsNone(answer.headers.get('sl-violations'), path)
        self.assertEqual(answer.status, status, f'{path}: {answer.data[:300]}')
        return answer

    def test_calls_of_others(self):
        there = self.call('POST', 'AuthWebApi/CheckUserExistance', {'login': 'carl', 'email': 'x@example.org'}, token=None)
        self.assertEqual(there.json, {'loginExists': True, 'emailExists': False, 'phoneNumberExists': False})
        order = self.customer.order()
        pending = self.call('GET', 'CustomerBackend/PendingOrdersGet')
        self.assertEqual([o['uid'] for o in pending.json], [order['uid']])
        self.call('GET', 'CustomerBackend/PendingOrdersGet', headers={'If-None-Match': pending.headers['ETag']}, status=304)
        self.assertEqual(self.call('GET', 'CustomerBackend/OrderGet?uid=' + order['uid']).json['uid'], order['uid'])
        self.assertEqual(self.call('GET', 'CustomerBackend/PaymentsGet?deliveryOrderUid=' + order['uid']).json, [])
        for metric in ('total-amount', 'item-cost', 'orders', 'items', 'order-time', 'delivery-place', 'delivery-duration',
                       'delivery-delay'):
            series = self.call('GET', f'{SERIES}?metric={metric}&period=week&from=2020-01-01T00:00:00Z&timeZone=Asia/Kolkata')
            self.assertEqual(series.json['metric'], metric)

    def test_files_of_text(self):
        """The proxy holds a body as text, so the daemon's files go past it; these are text."""
        order = self.customer.order()
        record = self.call('POST', 'FileService/OrderReportGenerate', {'deliveryOrderUid': order['uid'], 'format': 'html'},
                           key=False).json
        path = 'FileService/FileGet?uid=' + record['uid']
        whole = self.call('GET', path, headers=THROUGH)
        self.assertEqual(hashlib.sha256(whole.data).hexdigest(), record['sha256'])
        part = self.call('GET', path, headers={**THROUGH, 'Range': 'bytes=10-', 'If-Range': whole.headers['ETag']}, status=206)
        self.assertEqual(part.data, whole.data[10:])
        self.call('GET', path, headers={**THROUGH, 'If-None-Match': whole.headers['ETag']}, status=304)
        self.call('GET', path, headers={**THROUGH, 'Range': f'bytes={record["size"]}-'}, status=416)
        text = 'Grüße'.encode()
        digest = base64.b64encode(hashlib.sha256(text).digest()).decode()
        sent = self.call('POST', 'FileService/FileUpload?name=note.txt', data=text, headers={
            **THROUGH, 'Content-Type': 'text/plain', 'Content-Digest': f'sha-256=:{digest}:'})
        self.assertEqual(sent.json['sha256'], hashlib.sha256(text).hexdigest())

    def test_refusals(self):
        """Each is in the contract with its status and code."""
        order, wish = self.customer.order(), self.customer.initial_order()

        def refused(status, code, *call, **more):
            self.assertEqual(self.call(*call, status=status, **more).json['code'], code)
        refused(401, 'token-unknown', 'GET', 'CustomerBackend/OrdersGet', token='nobodys')
        refused(400, 'invalid-cursor', 'GET', 'CustomerBackend/ProductsGet?changedSince=' + urllib.parse.quote('no cursor'))
        refused(404, 'not-found', 'GET', 'CustomerBackend/OrderGet?uid=' + str(uuid.uuid4()))
        refused(409, 'price-changed', 'POST', 'CustomerBackend/MakeOrderRequest', {**wish, 'paymentAmount': 1})
        refused(409, 'product-unavailable', 'POST', 'CustomerBackend/MakeOrderRequest',
                {**wish, 'uid': str(uuid.uuid4()), 'productIds': [999999]})
        refused(409, 'too-late', 'POST', 'CustomerBackend/MakeOrderRequest',
                {**wish, 'uid': str(uuid.uuid4()), 'validUntil': '2020-01-01T00:00:00Z'})
        refused(422, 'invalid-address', 'POST', 'CustomerBackend/MakeOrderRequest',
                {**wish, 'uid': str(uuid.uuid4()), 'address': ' '})
        refused(404, 'not-found', 'GET', 'PredictiveBackend/DeliveryTimeGet?deliveryOrderUid=' + str(uuid.uuid4()))
        refused(409, 'not-delivered', 'POST', 'CustomerBackend/RateOrderRespond',
                {'deliveryOrderUid': order['uid'], 'rating': 4})
        refused(409, 'payment-not-due', 'POST', 'CustomerBackend/MakePaymentStart',
                {'deliveryOrderUid': order['uid'], 'paymentType': 'Card'})
        self.sandbox.advance(order['uid'], 'Delivered')
        refused(409, 'cannot-cancel', 'POST', 'CustomerBackend/CancelOrderRequest', {'deliveryOrderUid': order['uid']})
        refused(409, 'not-on-its-way', 'GET', 'PredictiveBackend/DeliveryTimeGet?deliveryOrderUid=' + order['uid'])
        settings = self.call('GET', 'CustomerBackend/SettingsGet')
        refused(412, 'settings-changed', 'POST', 'CustomerBackend/SettingsSave', settings.json,
                headers={'If-Match': '"another"'})
        refused(404, 'not-found', 'GET', 'EmailBackend/MessageGet?uid=' + str(uuid.uuid4()))
        refused(400, 'invalid-time-zone', 'GET', f'{SERIES}?metric=orders&period=day&timeZone=Mars/Olympus')
        card = self.customer.order(paymentType='Card', paymentMethod='Online')
        payment = self.call('POST', 'CustomerBackend/MakePaymentStart',
                            {'deliveryOrderUid': card['uid'], 'paymentType': 'Card'}).json
        refused(422, 'invalid-card', 'POST', 'CustomerBackend/MakePaymentRespond', {
            'deliveryOrderUid': card['uid'],
            'payment': {'uid': payment['uid'], 'cardNumber': '4242424242424241', 'expiry': '12/34', 'cvc': '123'}})


ABSENT = object()


def changed(good, path, value):
    """A copy of `good` with one member (dotted) another one, or absent."""
    body = copy.deepcopy(good)
    *folders, name = path.split('.')
    at = body
    for folder in folders:
        at = at[int(folder)] if isinstance(at, list) else at[folder]
    if value is ABSENT:
        del at[name]
    elif isinstance(at, list):
        at[int(name)] = value
    else:
        at[name] = value
    return body


class Wrong(harness.TestCase):
    """The proxy refuses what breaks the contract, so that its silence about the rest says something."""

    start_daemon = False

    ORDER = {'uid': 'b1c8d7f0-2f1c-4a6e-9a56-1b1f0c9d8e7a', 'productIds': [1, 1], 'city': 'Springfield',
             'address': '12 Long Street', 'paymentType': 'Cash', 'paymentMethod': 'On delivery', 'paymentAmount': 12.5}
    UID = 'c2d9e8a1-3a2d-4b7f-8b67-2c2a1d0e9f8b'
    GOOD = {
        'AuthWebApi/AddUser': {'login': 'dora', 'email': 'dora@example.org', 'phoneNumber': '+15550002222',
                               'password': harness.PASSWORD, 'userType': 'customer'},
        'AuthWebApi/VerifySignUp': {'signUpGuid': UID, 'triesNumber': 1, 'verificationCode': '1'},
        'AuthWebApi/VerifyUserCredentials': {'login': 'dora', 'password': 'x'},
        'AuthWebApi/ChangePassword': {'userUid': UID, 'oldPassword': 'x', 'newPassword': harness.PASSWORD},
        'CustomerBackend/MakeOrderQuote': {'productIds': [1]},
        'CustomerBackend/MakeOrderRequest': ORDER,
        'CustomerBackend/MakePaymentStart': {'deliveryOrderUid': UID, 'paymentType': 'Card'},
        'CustomerBackend/MakePaymentRespond': {'deliveryOrderUid': UID, 'payment': {
            'uid': UID, 'cardNumber': CARD['number'], 'expiry': '12/34', 'cvc': '123'}},
        'CustomerBackend/CancelOrderRequest': {'deliveryOrderUid': UID, 'reason': None},
        'CustomerBackend/RateOrderRespond': {'deliveryOrderUid': UID, 'rating': 5},
        'CustomerBackend/SettingsSave': {'preferredCommunication': 'email', 'emailReceipts': False},
        'CustomerBackend/CardRemove': {'uid': UID},
        'FileService/GenerateQrCode': {'deliveryOrderUid': UID, 'paymentUid': UID},
        'FileService/OrderReportGenerate': {'deliveryOrderUid': UID, 'format': 'pdf'},
        'EmailBackend/OrderReportSend': {'deliveryOrderUid': UID, 'email': 'dora@example.org', 'format': 'pdf'},
        'NotificationsBackend/NotificationsRead': {'uids': [UID]},
    }
    BODIES = [
        # a member that is required and missing
        ('AuthWebApi/AddUser', 'password', ABSENT), ('AuthWebApi/AddUser', 'email', ABSENT),
        ('AuthWebApi/VerifySignUp', 'signUpGuid', ABSENT), ('AuthWebApi/VerifyUserCredentials', 'password', ABSENT),
        ('AuthWebApi/ChangePassword', 'oldPassword', ABSENT),
        ('CustomerBackend/MakeOrderQuote', 'productIds', ABSENT), ('CustomerBackend/MakeOrderRequest', 'uid', ABSENT),
        ('CustomerBackend/MakeOrderRequest', 'address', ABSENT), ('CustomerBackend/MakeOrderRequest', 'paymentAmount', ABSENT),
        ('CustomerBackend/MakePaymentRespond', 'payment', ABSENT),
        ('CustomerBackend/MakePaymentRespond', 'payment.uid', ABSENT),
        ('CustomerBackend/MakePaymentRespond', 'payment.cvc', ABSENT),
        ('CustomerBackend/CancelOrderRequest', 'deliveryOrderUid', ABSENT),
        ('CustomerBackend/CardRemove', 'uid', ABSENT), ('FileService/GenerateQrCode', 'paymentUid', ABSENT),
        ('EmailBackend/OrderReportSend', 'email', ABSENT), ('NotificationsBackend/NotificationsRead', 'uids', ABSENT),
        # one of the wrong type, or out of its range
        ('AuthWebApi/AddUser', 'login', 7), ('AuthWebApi/AddUser', 'phoneNumber', '0555'),
        ('AuthWebApi/VerifySignUp', 'triesNumber', 'one'), ('CustomerBackend/MakeOrderRequest', 'productIds', '1,2'),
        ('CustomerBackend/MakeOrderRequest', 'productIds', []), ('CustomerBackend/MakeOrderRequest', 'productIds.0', 'soup'),
        ('CustomerBackend/MakeOrderRequest', 'paymentAmount', '12.50'),
        ('CustomerBackend/MakeOrderRequest', 'paymentAmount', -1), ('CustomerBackend/MakeOrderRequest', 'uid', 'mine'),
        ('CustomerBackend/MakeOrderRequest', 'validUntil', 'tomorrow'),
        ('CustomerBackend/MakePaymentRespond', 'payment.cardNumber', 4242424242424242),
        ('CustomerBackend/MakePaymentRespond', 'payment.expiry', '13/34'),
        ('CustomerBackend/RateOrderRespond', 'rating', 6), ('CustomerBackend/RateOrderRespond', 'rating', 4.5),
        ('CustomerBackend/SettingsSave', 'emailReceipts', 'yes'),
        ('NotificationsBackend/NotificationsRead', 'uids', 'all'),
        # one that is none of the words there are
        ('AuthWebApi/AddUser', 'userType', 'courier'), ('CustomerBackend/MakeOrderRequest', 'paymentType', 'Gold'),
        ('CustomerBackend/MakeOrderRequest', 'paymentMethod', 'Later'),
        ('CustomerBackend/MakePaymentStart', 'paymentType', 'Gold'),
        ('CustomerBackend/SettingsSave', 'preferredCommunication', 'pigeon'),
        ('FileService/OrderReportGenerate', 'format', 'docx'), ('EmailBackend/OrderReportSend', 'format', 'PDF'),
    ]
    HEADERS = [
        ('POST', 'CustomerBackend/MakeOrderRequest', 'Idempotency-Key', None, 422),
        ('POST', 'CustomerBackend/MakeOrderRequest', 'Idempotency-Key', 'again', 422),
        ('POST', 'CustomerBackend/SettingsSave', 'If-Match', None, 422),
        ('GET', 'CustomerBackend/OrdersGet', 'X-Request-Id', None, 422),
        ('GET', 'CustomerBackend/OrdersGet', 'Authorization', None, 401),
        ('GET', 'CustomerBackend/OrdersGet?limit=501', None, None, 422),
        ('GET', 'CustomerBackend/OrderGet', None, None, 422),
        ('GET', 'StatisticalBackend/OrderStatisticsGet?metric=price&period=day', None, None, 422),
        ('GET', 'StatisticalBackend/OrderStatisticsGet?metric=orders', None, None, 422),
        ('GET', 'StatisticalBackend/OrderStatisticsGet?metric=orders&period=day&from=monday', None, None, 422),
        ('GET', 'StatisticalBackend/OrderStatisticsGet?metric=orders&period=day&timeZone=a%20b', None, None, 422),
        ('GET', 'PredictiveBackend/DeliveryTimeGet', None, None, 422),
        ('GET', 'PredictiveBackend/RecommendationsGet?limit=0', None, None, 422),
        ('GET', 'PredictiveBackend/SpendingForecastGet?period=week', None, None, 422),
        ('GET', 'CustomerBackend/NoSuchCall', None, None, 404),
    ]

    def setUp(self):
        super().setUp()
        self.customer = Customer(self.sandbox)

    def send(self, method, path, body=None, port=None, without=None, headers=None):
        sent = {'Idempotency-Key': str(uuid.uuid4()), 'If-Match': '"x"', 'Authorization': f'Bearer {self.customer.token}',
                'X-Contract-Port': str(port or self.sandbox.port), 'X-Request-Id': str(uuid.uuid4()), **(headers or {})}
        if without:
            del sent[without]
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        if body is not None:
            sent['Content-Type'] = 'application/json'
        wanted = urllib.request.Request(f'{PROXY}/{path}', method=method, headers=sent,
                                        data=None if body is None else json.dumps(body).encode())
        try:
            with opener.open(wanted, timeout=harness.TIMEOUT) as answer:
                return Answer(answer)
        except urllib.error.HTTPError as e:
            with e:
                return Answer(e)

    def requests(self):
        return self.sandbox.journal(since=1 << 40)['lastRequest']

    def test_good_bodies_pass(self):
        """Whatever the service then says to them."""
        for path, body in self.GOOD.items():
            with self.subTest(path):
                before = self.requests()
                self.assertIsNone(self.send('POST', path, body).refused_by_proxy())
                self.assertGreater(self.requests(), before)

    def test_wrong_bodies(self):
        self.assertGreaterEqual(len(self.BODIES), 30)
        before = self.requests()
        for path, member, value in self.BODIES:
            with self.subTest(f'{path} {member} {"absent" if value is ABSENT else value}'):
                answer = self.send('POST', path, changed(self.GOOD[path], member, value))
                problem = answer.refused_by_proxy()
                self.assertTrue(problem, answer.data[:300])
                self.assertEqual((answer.status, problem['type'].partition('#')[2]), (422, 'UNPROCESSABLE_ENTITY'))
                self.assertTrue(all(v['location'][0] == 'body' for v in problem['validation']), problem)
        self.assertEqual(self.requests(), before, 'the service saw none of them')

    def test_wrong_headers_and_parameters(self):
        for method, path, name, value, status in self.HEADERS:
            with self.subTest(f'{path} {name} {value}'):
                body = self.GOOD.get(path)
                answer = self.send(method, path, body, without=name if name and value is None else None,
                                   headers={name: value} if value else None)
                self.assertTrue(answer.refused_by_proxy(), answer.data[:300])
                self.assertEqual(answer.status, status)

    def test_wrong_answers(self):
        """From a service that answers as it is told to."""
        good = request(self.sandbox.url, 'GET', '/CustomerBackend/OrderGet?uid=' + self.customer.order()['uid'],
                       self.customer.token).json
        page = {'items': [good], 'nextCursor': 'x', 'hasMore': False}
        order, orders, token = 'CustomerBackend/OrderGet?uid=x', 'CustomerBackend/OrdersGet', 'AuthWebApi/GetTokenByUserUid'
        granted = {'tokenGuid': 'x', 'tokenBeginDt': '2030-01-01T00:00:00Z', 'tokenEndDt': '2030-01-01T05:00:00Z',
                   'userType': 'customer'}
        problem = {'title': 'No', 'code': 'not-found'}
        json_type, problem_type = 'application/json', 'application/problem+json'
        asked = SERIES + '?metric=orders&period=day'
        series = {'metric': 'orders', 'period': 'day', 'unit': 'count', 'currency': 'USD',
                  'points': [{'label': '2026-11-22', 'start': '2026-11-22T00:00:00Z', 'value': 1}]}
        right = [(asked, 200, json_type, series), (order, 200, json_type, good), (orders, 200, json_type, page), (order, 404, problem_type, problem),
                 (token, 200, json_type, granted), (order, 200, json_type, {'exceptionMessage': 'The oven is cold'})]
        wrong = [*((asked, 200, json_type, changed(series, member, ABSENT)) for member in
                   ('metric', 'period', 'unit', 'currency', 'points', 'points.0.label', 'points.0.value')),
                 (asked, 200, json_type, changed(series, 'unit', 'pieces')),
                 (asked, 200, json_type, changed(series, 'metric', 'price')),
                 (asked, 200, json_type, changed(series, 'points.0.value', '1')),
                 (asked, 200, json_type, changed(series, 'points.0.start', 'monday')),
                 (order, 200, json_type, changed(good, 'uid', ABSENT)),
                 (order, 200, json_type, changed(good, 'status', 'Lost')),
                 (order, 200, json_type, changed(good, 'totalPrice', '12.50')),
                 (order, 200, json_type, changed(good, 'totalPrice', None)),
                 (order, 200, json_type, changed(good, 'products.0.quantity', 0)),
                 (order, 200, json_type, changed(good, 'products.0.product.id', ABSENT)),
                 (order, 200, json_type, changed(good, 'dateCreated', 'today')),
                 (order, 200, json_type, changed(good, 'paymentType', 'Gold')),
                 (order, 200, json_type, {}), (order, 200, json_type, []), (order, 200, 'text/html', '<html>'),
                 (order, 201, json_type, good),
                 (orders, 200, json_type, changed(page, 'nextCursor', ABSENT)),
                 (orders, 200, json_type, changed(page, 'items.0.status', 'Lost')),
                 (order, 404, problem_type, {'title': 'No'}), (order, 404, 'text/html', '<html>'),
                 (token, 200, json_type, changed(granted, 'tokenGuid', ABSENT)),
                 (token, 200, json_type, changed(granted, 'tokenEndDt', 5))]
        with Service() as service:
            for judged, cases in ((False, right), (True, wrong)):
                for path, status, content_type, body in cases:
                    service.answer = status, content_type, body if isinstance(body, str) else json.dumps(body)
                    with self.subTest(f'{path} {status} {content_type} {str(body)[:60]}'):
                        answer = self.send('POST' if path == token else 'GET', path,
                                           {'userUid': 'x'} if path == token else None, service.port)
                        self.assertEqual(bool(answer.refused_by_proxy() or answer.headers.get('sl-violations')), judged,
                                         answer.data[:500])


class Service:
    """Answers every request with `answer`."""

    def __enter__(self):
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                status, content_type, text = service.answer
                self.rfile.read(int(self.headers.get('Content-Length', 0)))
                self.send_response(status)
                self.send_header('Content-Type', content_type)
                self.send_header('Content-Length', str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

            do_POST = do_GET

            def log_message(self, *_):
                pass
        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def main():
    result = unittest.TextTestRunner(verbosity=2).run(unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__]))
    wrong = {test.id() for test, _ in result.failures + result.errors}
    print(f'{max(0, result.testsRun - len(wrong))} passed, {len(wrong)} failed')
    return 1 if wrong or not result.testsRun else 0


if __name__ == '__main__':
    sys.exit(main())
