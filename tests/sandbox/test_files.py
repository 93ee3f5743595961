"""Settings, receipts, what customers send, and e-mail: every rule of the contract and every refusal."""

import base64
import email
import email.policy
import hashlib
import html.parser
import http.client
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from support import Customer, Sandbox, TestCase, new_uid, wait_until

FILES, EMAIL = '/FileService/', '/EmailBackend/'


def digest_of(data):
    return f'sha-256=:{base64.b64encode(hashlib.sha256(data).digest()).decode()}:'


class Settings(TestCase):
    def setUp(self):
        super().setUp()
        self.customer = Customer(self.sandbox)

    def save(self, settings, etag=None, **more):
        return self.customer.call('SettingsSave', settings, headers={'If-Match': etag} if etag else None, **more)

    def test_of_a_new_user(self):
        self.assertEqual(self.customer.call('SettingsGet').json, {
            'email': self.customer.email, 'phoneNumber': self.customer.phone, 'whatsApp': None, 'viber': None,
            'telegram': None, 'telegramNickname': None, 'preferredCommunication': 'email', 'preferredPaymentType': 'Cash',
            'defaultCity': None, 'defaultAddress': None, 'notificationPolicy': 'On', 'emailReceipts': False})

    def test_save(self):
        answer = self.customer.call('SettingsGet')
        wanted = {**answer.json, 'defaultCity': 'Köln', 'preferredPaymentType': 'QR code', 'emailReceipts': True,
                  'notificationPolicy': 'Off', 'preferredCommunication': 'telegram'}
        key = new_uid()
        saved = self.save(wanted, answer.headers['ETag'], key=key)
        self.assertEqual((saved.status, saved.json), (200, wanted))
        now = self.customer.call('SettingsGet')
        self.assertEqual((now.json, now.headers['ETag']), (wanted, saved.headers['ETag']))
        self.assertEqual(self.customer.call('SettingsGet', headers={'If-None-Match': saved.headers['ETag']}).status, 304)
        again = self.save(wanted, answer.headers['ETag'], key=key)
        self.assertEqual((again.json, again.headers['ETag']), (saved.json, saved.headers['ETag']), 'the first answer')

    def test_changed_elsewhere(self):
        answer = self.customer.call('SettingsGet')
        self.assertEqual(self.save({**answer.json, 'viber': '+1'}, answer.headers['ETag']).status, 200)
        self.refused(self.save({**answer.json, 'viber': '+2'}, answer.headers['ETag']), 412, 'settings-changed')
        self.assertEqual(self.customer.call('SettingsGet').json['viber'], '+1')
        self.assertEqual(self.save({**answer.json, 'viber': '+3'}, '*').status, 200)
        self.assertEqual(self.save({'viber': '+4'}).status, 200)

    def test_refusals(self):
        for change, code in (({'preferredCommunication': 'pigeon'}, 'invalid-settings'),
                             ({'preferredPaymentType': 'Gold'}, 'invalid-settings'),
                             ({'notificationPolicy': 'on'}, 'invalid-settings'), ({'email': 'nobody'}, 'invalid-email'),
                             ({'emailReceipts': 'yes'}, 'invalid-email-receipts'), ({'viber': 7}, 'invalid-viber'),
                             ({'defaultAddress': 'x' * 301}, 'invalid-default-address')):
            self.refused(self.save(change), 422, code)
        self.assertEqual(self.customer.call('SettingsGet').json['email'], self.customer.email)

    def test_are_each_ones_own(self):
        self.save({'viber': '+4'})
        self.assertIsNone(Customer(self.sandbox).call('SettingsGet').json['viber'])


class TextOf(html.parser.HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.text, self.open = [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        if tag not in ('meta', 'br'):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag

    def handle_data(self, data):
        self.text.append(data)


class ReportCase(TestCase):
    def setUp(self):
        super().setUp()
        self.customer = Customer(self.sandbox)
        self.order = self.customer.order([1, 1, 1, 54, 3], comment='Ring <twice>\n& wait', productNotes=[
            {'productId': 3, 'note': 'no onions'}])

    def generate(self, format, order=None, customer=None):
        return (customer or self.customer).call(FILES + 'OrderReportGenerate', {
            'deliveryOrderUid': (order or self.order)['uid'], 'format': format})

    def file(self, format, order=None):
        record = self.generate(format, order).json
        answer = self.customer.call(FILES + 'FileGet', uid=record['uid'])
        self.assertEqual(hashlib.sha256(answer.data).hexdigest(), record['sha256'])
        self.assertEqual((len(answer.data), answer.headers['Content-Type']), (record['size'], record['contentType']))
        self.assertEqual(record['fileName'], f'order-{(order or self.order)["number"]}.{format}')
        return answer.data

    def check_text(self, text, order=None):
        """The lines and sums, amounts beside what they are for."""
        order = order or self.order
        flat = re.sub(r'\s+', ' ', text)
        self.assertIn(order['number'], flat)
        self.assertIn(order['status'], flat)
        self.assertIn(order['destination'], flat)
        for line in order['products']:
            expected = (f'{line["quantity"]} × {line["product"]["name"]} {line["price"]:.2f} '
                        f'{line["quantity"] * line["price"]:.2f}')
            self.assertIn(expected, flat)
            if line['note']:
                self.assertIn(line['note'], flat)
        for name, member in (('Products', 'productsPrice'), ('Delivery', 'deliveryPrice'), ('Tax', 'taxPrice'),
                             ('Total USD', 'totalPrice')):
            self.assertIn(f'{name} {order[member]:.2f}', flat)

    def pdf_text(self, data):
        with tempfile.NamedTemporaryFile(suffix='.pdf') as f:
            f.write(data)
            f.flush()
            return subprocess.run(['pdftotext', '-layout', f.name, '-'], capture_output=True, text=True, check=True).stdout


class Reports(ReportCase):
    @unittest.skipUnless(shutil.which('pdftotext'), 'pdftotext is not there')
    def test_pdf(self):
        data = self.file('pdf')
        self.assertTrue(data.startswith(b'%PDF-'))
        text = self.pdf_text(data)
        self.check_text(text)
        self.assertIn('Comment: Ring <twice> & wait', text)
        self.assertIn('Payment: Cash, On delivery', text)

    @unittest.skipUnless(shutil.which('pdftotext'), 'pdftotext is not there')
    def test_pdf_of_many_pages(self):
        products = [p['id'] for p in self.customer.all('ProductsGet')[0] if p['quantity'] is None and not p['isDeleted']]
        order = self.customer.order(products[:60])
        text = self.pdf_text(self.file('pdf', order))
        self.assertGreater(text.count('\f'), 1)
        self.check_text(text, order)

    def test_png(self):
        data = self.file('png')
        self.assertTrue(data.startswith(b'\x89PNG\r\n'))
        width, height = int.from_bytes(data[16:20], 'big'), int.from_bytes(data[20:24], 'big')
        self.assertGreater(width, 800)
        self.assertGreater(height, 600)

    def test_html(self):
        page = TextOf(self.file('html').decode())
        self.assertEqual(page.open, [])
        self.check_text(' '.join(page.text))
        self.assertIn('Ring <twice> & wait', ' '.join(page.text))

    def test_same_until_it_changes(self):
        for format in ('pdf', 'png', 'html'):
            first = self.generate(format).json
            self.assertEqual(self.generate(format).json, first)
        self.customer.advance(self.order['uid'], 'Delivered')
        again = self.generate('html').json
        self.assertNotEqual((again['uid'], again['sha256']), (first['uid'], first['sha256']))
        self.refused(self.customer.call(FILES + 'FileGet', uid=first['uid']), 404, 'not-found')

    def test_paid_by_card(self):
        order = self.customer.order(paymentType='Card', paymentMethod='Online')
        p = self.customer.call('MakePaymentStart', {'deliveryOrderUid': order['uid'], 'paymentType': 'Card'}).json
        self.customer.call('MakePaymentRespond', {'deliveryOrderUid': order['uid'], 'payment': {
            'uid': p['uid'], 'cardNumber': '4242424242424242', 'expiry': '12/39', 'cvc': '123'}})
        page = self.file('html', order).decode()
        self.assertIn('Payment: Card **** 4242, Processed', page)

    def test_refusals(self):
        self.refused(self.generate('docx'), 422, 'invalid-format')
        self.refused(self.generate('pdf', {'uid': new_uid()}), 404, 'not-found')
        self.refused(self.generate('pdf', customer=Customer(self.sandbox)), 403, 'wrong-owner')
        self.refused(self.customer.call(FILES + 'OrderReportGenerate', {'format': 'pdf'}), 422, 'invalid-delivery-order-uid')


class Uploads(TestCase):
    def setUp(self):
        super().setUp()
        self.customer = Customer(self.sandbox)

    def send(self, data, name='soup.jpg', digest=None, key=None, kind='image/jpeg', headers=None, **query):
        headers = {'Content-Type': kind, 'Content-Digest': digest or digest_of(data), **(headers or {})}
        if name is not None:
            query['name'] = name
        return self.customer.call(FILES + 'FileUpload', data, method='POST', key=key or new_uid(),
                                  headers={k: v for k, v in headers.items() if v}, **query)

    def test_there_and_back(self):
        for data in (b'\x00\x01\xff\x00' * 1000, b'', os.urandom(3 * 1024 * 1024)):
            record = self.send(data, name='Suppe ü.jpg').json
            self.assertEqual((record['fileName'], record['contentType'], record['size'], record['sha256']),
                             ('Suppe ü.jpg', 'image/jpeg', len(data), hashlib.sha256(data).hexdigest()))
            got = self.customer.call(FILES + 'FileGet', uid=record['uid'])
            self.assertEqual((got.data, got.headers['Content-Type']), (data, 'image/jpeg'))

    def test_keys(self):
        key = new_uid()
        first = self.send(b'a\x00b', key=key).json
        self.assertEqual(self.send(b'a\x00b', key=key).json, first)
        self.refused(self.send(b'a\x00c', key=key), 422, 'key-reused')
        self.refused(self.send(b'a\x00b', name='other', key=key), 422, 'key-reused')
        self.assertNotEqual(self.send(b'a\x00b').json['uid'], first['uid'])

    def test_refusals(self):
        self.refused(self.send(b'abc', digest=digest_of(b'abd')), 400, 'digest-mismatch')
        self.refused(self.send(b'abc', digest='md5=:abc:'), 400, 'digest-missing')
        self.refused(self.customer.call(FILES + 'FileUpload', b'abc', method='POST', name='x'), 400, 'digest-missing')
        for name in (None, '', '../x', 'a/b', 'a\nb', 'x' * 256):
            self.refused(self.send(b'abc', name=name), 400, 'invalid-name')
        self.refused(self.send(b'abc', kind='x' * 200), 400, 'invalid-content-type')

    def test_64_mebibytes_at_most(self):
        data = bytes(64 * 1024 * 1024)
        self.assertEqual(self.send(data).json['size'], len(data))
        try:
            self.assertEqual(self.send(data + b'x').status, 413)
        except ConnectionError:
            pass  # cut off while sending

    def test_faults(self):
        key, data = new_uid(), b'x' * 100000
        self.sandbox.fault('FileUpload', 'reset-after', count=1)
        with self.assertRaises(OSError):
            self.send(data, key=key)
        record = self.send(data, key=key).json
        self.assertEqual(self.customer.call(FILES + 'FileGet', uid=record['uid']).data, data)

    def test_with_a_rating(self):
        order = self.customer.order()
        self.customer.advance(order['uid'], 'Delivered')
        file, body = self.send(b'abc').json['uid'], {'deliveryOrderUid': order['uid'], 'rating': 5}
        stranger = Customer(self.sandbox).call(FILES + 'FileUpload', b'abc', method='POST', name='x',
                                               headers={'Content-Digest': digest_of(b'abc')}).json['uid']
        for wrong in ('x', [7], [new_uid()], [file, stranger], [file] * 11):
            self.refused(self.customer.call('RateOrderRespond', {**body, 'fileUids': wrong}), 422, 'invalid-file-uids')
        self.assertEqual(self.customer.call('RateOrderRespond', {**body, 'fileUids': [file]}).json['rating']['rating'], 5)
        sent = [f for f in self.sandbox.control('Journal')['ratingFiles'] if f['deliveryOrderUid'] == order['uid']]
        self.assertEqual([f['fileUids'] for f in sent], [[file]])


class Mails(ReportCase):
    def setUp(self):
        super().setUp()
        self.addCleanup(self.sandbox.control, 'Mail', {'delayMs': 250, 'fail': False})
        self.maildir = self.sandbox.control('Mail', {'delayMs': 20})['maildir']

    def send(self, format='pdf', order=None, to=None, key=None, customer=None):
        return (customer or self.customer).call(EMAIL + 'OrderReportSend', {
            'deliveryOrderUid': (order or self.order)['uid'], 'email': to or self.customer.email, 'format': format},
            key=key or new_uid())

    def state(self, uid):
        return self.customer.call(EMAIL + 'MessageGet', uid=uid).json

    def mail_of(self, uid):
        names = [n for n in os.listdir(os.path.join(self.maildir, 'new')) if uid in n]
        self.assertEqual(len(names), 1, names)
        with open(os.path.join(self.maildir, 'new', names[0]), 'rb') as f:
            return email.message_from_binary_file(f, policy=email.policy.default)

    def test_is_sent_a_moment_later(self):
        for format, kind in (('pdf', 'application/pdf'), ('png', 'image/png'), ('html', 'text/html')):
            key = new_uid()
            queued = self.send(format, key=key).json
            self.assertEqual(queued['status'], 'queued')
            self.assertEqual(self.send(format, key=key).json, queued)
            wait_until(lambda: self.state(queued['messageUid'])['status'] == 'sent', 'the mail is sent')
            mail = self.mail_of(queued['messageUid'])
            self.assertEqual(mail.defects, [])
            self.assertEqual(mail['To'].addresses[0].addr_spec, self.customer.email)
            self.assertIn(self.order['number'], mail['Subject'])
            self.assertIsNotNone(mail['Date'].datetime.tzinfo)
            self.assertIn(f'{self.order["totalPrice"]:.2f} USD', mail.get_body().get_content())
            attached, = mail.iter_attachments()
            self.assertEqual((attached.get_content_type(), attached.get_filename()),
                             (kind, f'order-{self.order["number"]}.{format}'))
            self.assertEqual(attached.get_payload(decode=True), self.file(format))
            line, = [m for m in self.sandbox.control('Journal')['mails'] if m['messageUid'] == queued['messageUid']]
            self.assertEqual((line['key'], line['email'], line['deliveryOrderUid']),
                             (key, self.customer.email, self.order['uid']))
        self.assertEqual(len(self.sandbox.control('Mailbox', email=self.customer.email)), 1 + 3)

    def test_waits_for_the_clock(self):
        self.sandbox.control('Mail', {'delayMs': 3600000})
        uid = self.send().json['messageUid']
        self.assertEqual(self.state(uid)['status'], 'queued')
        self.sandbox.control('Clock', {'advanceSec': 3600})
        wait_until(lambda: self.state(uid)['status'] == 'sent', 'the mail is sent')

    def test_can_fail(self):
        self.sandbox.control('Mail', {'fail': True})
        uid = self.send().json['messageUid']
        wait_until(lambda: self.state(uid)['status'] == 'failed', 'the mail is not sent')
        self.assertEqual([m for m in self.sandbox.control('Journal')['mails'] if m['messageUid'] == uid], [])
        self.assertFalse([n for n in os.listdir(os.path.join(self.maildir, 'new')) if uid in n])

    def test_refusals(self):
        for to in ('nobody', 'a@b', 'a b@c.d', 'a@b.c\nBcc: x@y.z', 'a@b.c>', 'a@b.c,d@e.f'):
            self.refused(self.send(to=to), 422, 'invalid-email')
        self.refused(self.send('docx'), 422, 'invalid-format')
        self.refused(self.send(order={'uid': new_uid()}), 404, 'not-found')
        self.refused(self.send(customer=Customer(self.sandbox)), 403, 'wrong-owner')
        self.refused(self.customer.call(EMAIL + 'MessageGet'), 400, 'invalid-uid')
        self.refused(self.customer.call(EMAIL + 'MessageGet', uid=new_uid()), 404, 'not-found')
        uid = self.send().json['messageUid']
        self.refused(Customer(self.sandbox).call(EMAIL + 'MessageGet', uid=uid), 403, 'wrong-owner')
        for wrong, code in (({'delayMs': -1}, 'invalid-delay-ms'), ({'fail': 'x'}, 'invalid-fail')):
            self.refused(self.sandbox.call('/Sandbox/Mail', wrong), 422, code)

    def test_faults(self):
        key = new_uid()
        self.sandbox.fault('OrderReportSend', 'reset-after', count=1)
        with self.assertRaises(OSError):
            self.send(key=key)
        uid = self.send(key=key).json['messageUid']
        wait_until(lambda: self.state(uid)['status'] == 'sent', 'the mail is sent')
        self.assertEqual(len([m for m in self.sandbox.control('Journal')['mails'] if m['key'] == key]), 1)


class FaultsOnEveryCall(ReportCase):
    """Each kind of fault, on each of these calls; what it comes to is in test_faults.py."""

    def calls(self):
        uid = self.order['uid']
        record = self.generate('html').json
        sent = self.customer.call(EMAIL + 'OrderReportSend', {
            'deliveryOrderUid': uid, 'email': self.customer.email, 'format': 'html'}).json
        yield 'SettingsGet', lambda: self.customer.call('SettingsGet')
        yield 'SettingsSave', lambda: self.customer.call('SettingsSave', {'viber': '+1'}, key=new_uid())
        yield 'CardsGet', lambda: self.customer.call('CardsGet')
        yield 'PaymentsGet', lambda: self.customer.call('PaymentsGet', deliveryOrderUid=uid)
        yield 'OrderReportGenerate', lambda: self.generate('html')
        yield 'FileGet', lambda: self.customer.call(FILES + 'FileGet', uid=record['uid'])
        yield 'FileUpload', lambda: self.customer.call(FILES + 'FileUpload', b'abc', method='POST', name='x',
                                                       headers={'Content-Digest': digest_of(b'abc')}, key=new_uid())
        yield 'MessageGet', lambda: self.customer.call(EMAIL + 'MessageGet', uid=sent['messageUid'])

    def test_faults(self):
        for name, call in self.calls():
            for kind in ('reset', 'reset-after'):
                self.sandbox.fault(name, kind, count=1)
                with self.assertRaises(OSError, msg=(name, kind)):
                    call()
            for kind in ('status:503', 'status-after:503'):
                self.sandbox.fault(name, kind, count=1)
                answer = call()
                self.assertEqual((answer.status, answer.headers['Content-Type']), (503, 'application/problem+json'), name)
                self.assertEqual(answer.json['status'], 503)
            self.sandbox.fault(name, 'status:409:too-late', count=1)
            self.refused(call(), 409, 'too-late')
            self.sandbox.fault(name, 'truncate', count=1)
            with self.assertRaises(http.client.IncompleteRead, msg=name):
                call()
            self.sandbox.fault(name, 'garbage', count=1)
            self.assertEqual(call().headers['Content-Type'], 'text/html')
            self.sandbox.fault(name, 'slow', delayMs=1, count=1)
            self.assertEqual(call().status, 200)
            self.sandbox.fault(name, 'latency', delayMs=1, count=1)
            self.assertEqual(call().status, 200)
            self.sandbox.fault(name, 'exception', count=1)
            self.assertIn('exceptionMessage', call().json)
            self.sandbox.fault(name, 'stall', count=1)
            with self.assertRaises(TimeoutError, msg=name):
                self.stalled(call)

    def stalled(self, call):
        """The call with little patience."""
        connect = self.sandbox.connect
        self.sandbox.connect = lambda timeout: connect(0.1)
        try:
            call()
        finally:
            self.sandbox.connect = connect


class MailFolders(unittest.TestCase):
    def test_a_temporary_one_goes_with_the_program(self):
        sandbox = Sandbox('--speed', '0')
        maildir = sandbox.control('Mail')['maildir']
        self.assertEqual(sorted(os.listdir(maildir)), ['cur', 'new', 'tmp'])
        sandbox.stop()
        self.assertFalse(os.path.exists(maildir))

    def test_queued_over_a_restart(self):
        with tempfile.TemporaryDirectory() as folder:
            sandbox = Sandbox('--data', folder, '--speed', '0')
            try:
                self.assertEqual(sandbox.control('Mail', {'delayMs': 3600000})['maildir'], folder + '/Maildir')
                customer = Customer(sandbox)
                order = customer.order()
                uid = customer.call(EMAIL + 'OrderReportSend', {'deliveryOrderUid': order['uid'], 'format': 'pdf',
                                                                'email': 'a@example.com'}, key=new_uid()).json['messageUid']
                sandbox.stop()
                sandbox.start()
                sandbox.control('Clock', {'advanceSec': 3600})
                wait_until(lambda: customer.call(EMAIL + 'MessageGet', uid=uid).json['status'] == 'sent', 'it is sent')
                self.assertEqual(len(os.listdir(folder + '/Maildir/new')), 1)
            finally:
                sandbox.stop()


if __name__ == '__main__':
    unittest.main()
