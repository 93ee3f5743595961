"""Signing up and in, tokens and their renewal."""

import itertools
import unittest
from support import AUTH, CUSTOMER, PASSWORD, Customer, Sandbox, TestCase, new_uid


class SignUp(TestCase):
    phones = itertools.count(493020000000)

    def credentials(self, login, **more):
        return {'login': login, 'email': login + '@example.org', 'phoneNumber': f'+{next(self.phones)}',
                'password': PASSWORD, 'userType': 'customer', **more}

    def add(self, login, **more):
        return self.sandbox.call(AUTH + 'AddUser', self.credentials(login, **more)).json

    def verify(self, guid, code, **more):
        return self.sandbox.call(AUTH + 'VerifySignUp', {
            'signUpGuid': guid, 'triesNumber': 1, 'isDeprecated': False, 'isOverriden': False,
            'signUpClosingCode': None, 'verificationCode': code, **more}).json

    def exists(self, **what):
        return self.sandbox.call(AUTH + 'CheckUserExistance', what).json

    def wrong_code(self, email):
        return '%06d' % ((int(self.sandbox.code(email)) + 1) % 1000000)

    def test_whole(self):
        self.assertEqual(self.exists(login='ann', email='ann@example.org', phoneNumber='+493011111111'),
                         {'loginExists': False, 'emailExists': False, 'phoneNumberExists': False})
        added = self.add('ann', phoneNumber='+493011111111')
        self.assertTrue(added['isUserAdded'])
        self.assertIsNone(added['verificationCode'])
        self.assertFalse(added['userExistanceBefore']['loginExists'])
        self.assertTrue(added['userExistanceAfter']['loginExists'])
        self.assertFalse(self.exists(login='ann')['loginExists'], 'not before it is verified')
        mails = self.sandbox.control('Mailbox', email='ann@example.org')
        self.assertEqual(len(mails), 1)
        self.assertIn(self.sandbox.code('ann@example.org'), mails[0]['body'])
        self.assertEqual(self.verify(added['signUpGuid'], self.sandbox.code('ann@example.org')),
                         {'isSuccessful': True})
        self.assertEqual(self.exists(login='ANN', email='ann@example.org', phoneNumber='+493011111111'),
                         {'loginExists': True, 'emailExists': True, 'phoneNumberExists': True})
        again = self.add('ann')
        self.assertFalse(again['isUserAdded'])
        self.assertTrue(again['userExistanceBefore']['loginExists'])

    def test_tries(self):
        guid = self.add('tries')['signUpGuid']
        for _ in range(4):
            self.assertEqual(self.verify(guid, self.wrong_code('tries@example.org')), {'isSuccessful': False})
        last = self.verify(guid, self.wrong_code('tries@example.org'))
        self.assertFalse(last['isSuccessful'])
        self.assertIn('Too many', last['exceptionMessage'])
        self.assertFalse(self.verify(guid, self.sandbox.code('tries@example.org'))['isSuccessful'])

    def test_success_is_not_believed(self):
        guid = self.add('liar')['signUpGuid']
        self.assertFalse(self.verify(guid, None, signUpClosingCode='Success')['isSuccessful'])
        self.assertFalse(self.exists(login='liar')['loginExists'])

    def test_given_up(self):
        guid = self.add('quitter')['signUpGuid']
        self.assertFalse(self.verify(guid, None, signUpClosingCode='TooManyTries')['isSuccessful'])
        self.assertFalse(self.verify(guid, self.sandbox.code('quitter@example.org'))['isSuccessful'])

    def test_overridden(self):
        first = self.add('twice')['signUpGuid']
        code = self.sandbox.code('twice@example.org')
        second = self.add('twice')['signUpGuid']
        self.assertFalse(self.verify(first, code)['isSuccessful'])
        self.assertTrue(self.verify(second, self.sandbox.code('twice@example.org'))['isSuccessful'])

    def test_too_late(self):
        guid = self.add('late')['signUpGuid']
        self.sandbox.control('Clock', {'advanceSec': 31 * 60})
        self.assertFalse(self.verify(guid, self.sandbox.code('late@example.org'))['isSuccessful'])

    def test_refused(self):
        for wrong in ({'login': 'x'}, {'login': 'a b c'}, {'email': 'nobody'}, {'phoneNumber': '030 1'},
                      {'password': 'short'}):
            answer = self.sandbox.call(AUTH + 'AddUser', {**self.credentials('wrong'), **wrong}).json
            self.assertFalse(answer['isUserAdded'], wrong)
            self.assertTrue(answer['exceptionMessage'])
        self.refused(self.sandbox.call(AUTH + 'AddUser', {'login': 5}), 422, 'invalid-login')
        self.assertIn('exceptionMessage', self.verify(new_uid(), '000000'))
        self.refused(self.sandbox.call('/Sandbox/VerificationCode', email='no@example.org'), 404, 'not-found')

    def test_key(self):
        body, key = self.credentials('keyed'), new_uid()
        first = self.sandbox.call(AUTH + 'AddUser', body, key=key).json
        self.assertEqual(self.sandbox.call(AUTH + 'AddUser', body, key=key).json, first)
        self.assertEqual(len(self.sandbox.control('Mailbox', email='keyed@example.org')), 1)

    def test_client_decides(self):
        sandbox = Sandbox('--verification', 'client')
        self.addCleanup(sandbox.stop)
        added = sandbox.call(AUTH + 'AddUser', self.credentials('old')).json
        self.assertEqual(added['verificationCode'], sandbox.code('old@example.org'))
        self.assertEqual(sandbox.call(AUTH + 'VerifySignUp', {
            'signUpGuid': added['signUpGuid'], 'triesNumber': 1, 'signUpClosingCode': 'Success'}).json,
            {'isSuccessful': True})


class Tokens(TestCase):
    def renew(self, customer, token=None, guid=None):
        body = {'userUid': customer.uid, 'verificationGuid': guid}
        return self.sandbox.call(AUTH + 'GetTokenByUserUid', body, token=token)

    def sign_in(self, customer, password=PASSWORD):
        return self.sandbox.call(AUTH + 'VerifyUserCredentials',
                                 {'login': customer.login, 'password': password}).json

    def works(self, token):
        return self.sandbox.call(CUSTOMER + 'UserAccountGet', token=token)

    def later(self, **span):
        seconds = sum(n * {'days': 86400, 'hours': 3600, 'seconds': 1}[unit] for unit, n in span.items())
        self.sandbox.control('Clock', {'advanceSec': seconds})

    def test_sign_in(self):
        c = Customer(self.sandbox)
        self.assertEqual(self.sign_in(c, 'wrong password'), {'isVerified': False})
        verified = self.sign_in(c)
        self.assertEqual(verified['userCredentials'], {'login': c.login, 'email': c.email,
                                                       'phoneNumber': c.phone})
        account = self.works(c.token).json
        self.assertEqual(account, {'userUid': c.uid, 'login': c.login, 'email': c.email,
                                   'phoneNumber': c.phone})

    def test_missing_and_wrong(self):
        self.refused(self.works(None), 401, 'token-missing')
        self.refused(self.works(new_uid()), 401, 'token-unknown')
        self.assertEqual(self.works(None).headers['WWW-Authenticate'], 'Bearer')
        answer = self.sandbox.call(CUSTOMER + 'UserAccountGet', access_token=new_uid())
        self.refused(answer, 400, 'token-in-url')

    def test_life(self):
        c = Customer(self.sandbox)
        self.later(hours=5, seconds=-2)
        self.assertEqual(self.works(c.token).status, 200)
        self.later(seconds=3)
        self.refused(self.works(c.token), 401, 'token-expired')
        new = self.renew(c, c.token).json
        self.assertEqual(new['userType'], 'customer')
        self.assertEqual(self.works(new['tokenGuid']).status, 200)

    def test_guid_is_for_once_and_for_a_minute(self):
        c = Customer(self.sandbox)
        guid = self.sign_in(c)['verificationGuid']
        self.assertEqual(self.renew(c, guid=guid).status, 200)
        self.refused(self.renew(c, guid=guid), 401, 'not-verified')
        guid = self.sign_in(c)['verificationGuid']
        self.later(seconds=61)
        self.refused(self.renew(c, guid=guid), 401, 'not-verified')
        other = Customer(self.sandbox)
        self.refused(self.renew(other, guid=self.sign_in(c)['verificationGuid']), 401, 'not-verified')

    def test_renewal_needs_proof(self):
        c, other = Customer(self.sandbox), Customer(self.sandbox)
        self.refused(self.renew(c), 401, 'not-verified')
        self.refused(self.renew(c, other.token), 401, 'token-unknown')

    def test_renewal_ends_a_week_after_the_token(self):
        c = Customer(self.sandbox)
        self.later(days=7, hours=4)
        token = self.renew(c, c.token).json['tokenGuid']
        self.later(days=7, hours=6)
        self.refused(self.renew(c, token), 401, 'renewal-too-late')

    def test_renewal_ends_90_days_after_signing_in(self):
        c = Customer(self.sandbox)
        token = c.token
        for _ in range(14):
            self.later(days=6)
            token = self.renew(c, token).json['tokenGuid']
        self.later(days=6, hours=1)
        self.refused(self.renew(c, token), 401, 'renewal-too-late')

    def test_sign_out(self):
        c = Customer(self.sandbox)
        renewed = self.renew(c, c.token).json['tokenGuid']
        for _ in range(2):
            answer = self.sandbox.call(AUTH + 'SignOut', {'tokenGuid': renewed}, token=renewed)
            self.assertEqual((answer.status, answer.data), (204, b''))
        self.refused(self.works(c.token), 401, 'token-expired')
        self.refused(self.renew(c, renewed), 401, 'renewal-ended')
        self.refused(self.sandbox.call(AUTH + 'SignOut', {'tokenGuid': renewed}), 401, 'token-missing')

    def test_change_password(self):
        c = Customer(self.sandbox)

        def change(old, new, uid=c.uid):
            return c.call(AUTH + 'ChangePassword', {'userUid': uid, 'oldPassword': old, 'newPassword': new})

        self.assertIn('exceptionMessage', change('wrong', 'new password').json)
        self.assertIn('exceptionMessage', change(PASSWORD, 'short').json)
        self.refused(change(PASSWORD, 'new password', new_uid()), 403, 'wrong-owner')
        changed = change(PASSWORD, 'new password').json
        self.assertTrue(changed['isSuccessful'])
        self.refused(self.renew(c, c.token), 401, 'renewal-ended')
        self.assertEqual(self.works(c.token).status, 200, 'until its end')
        self.assertEqual(self.renew(c, guid=changed['verificationGuid']).status, 200)
        self.assertEqual(self.sign_in(c), {'isVerified': False})
        self.assertTrue(self.sign_in(c, 'new password')['isVerified'])


if __name__ == '__main__':
    unittest.main()
