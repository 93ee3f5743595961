#!/usr/bin/python3
"""The notifier: every Notify call over an order's life, the buttons, restarts of everything, silence where nothing is
new."""

import math
import os
import re
import signal
import subprocess
import time
import unittest

import desktop
import harness
from harness import GLib, iterate


class WithDunst(desktop.NotifierCase):
    """With the real dunst, and a monitor beside it. $NOTIFIER_PICTURES is a folder for pictures of the bubbles."""

    def setUp(self):
        super().setUp()
        self.screen = desktop.Screen(self.dir)
        self.addCleanup(self.screen.close)
        self.dunst = desktop.Dunst(self.bus, self.dir, self.screen)
        self.addCleanup(self.dunst.close)
        self.recording = desktop.Recording(self.bus, self.dir)
        self.addCleanup(self.recording.close)
        self.sandbox.clock(0)  # orders move only when told
        self.sign_up_and_in()
        self.start_notifier()

    def test_life_of_an_order(self):
        first, second = [p[0] for p in self.products() if p[6]][:2]
        uid, _ = self.place(items=[(first, 2), (second, 1)], payment='cash')
        number = self.client.call('Orders', 'Get', '(s)', (uid,))['number']
        self.recording.wait(1)
        pictures = os.environ.get('NOTIFIER_PICTURES')
        for i, stage in enumerate(self.STAGES):
            self.sandbox.advance(uid, stage)
            self.recording.wait(2 + i, stage)
            if pictures:
                self.picture(os.path.join(pictures, f'{stage.lower().replace(" ", "-")}.png'))
        self.sandbox.advance(uid, 'Finished')
        self.settled()

        calls = self.recording.wait(6) and self.recording.calls
        self.assertEqual([c.title for c in calls[:5]],
                         [f'Order {number} {words}' for words in
                          ('was received', 'is being processed', 'is in the kitchen', 'is ready to go',
                           'is on its way')])
        self.assertRegex(calls[5].title, r'^Delivered at \d\d:\d\d$')
        self.assertEqual(calls[0].replaces, 0)
        self.assertNotEqual(calls[1].replaces, 0)
        self.assertEqual({c.replaces for c in calls[1:]}, {calls[1].replaces}, 'one bubble that replaces itself')
        self.assertEqual(self.dunst.shown(), 1)
        for c in calls:
            self.assertEqual(c.app, 'customerclient')
            self.assertEqual(c.hints['desktop-entry']['data'], 'org.deliveryservice.CustomerClient')
            self.assertLessEqual(len(c.buttons), 3)
            self.assertIn('default', c.actions)
        self.assertEqual(calls[0].buttons, ['track', 'cancel'])
        self.assertIn(' in cash at the door', calls[0].body)
        self.assertRegex(calls[0].body, r'^Expected at \d\d:\d\d(?: \(\d\d:\d\d–\d\d:\d\d\))?\n')
        self.assertEqual(calls[4].buttons, ['track'])
        self.assertEqual([calls[5].actions[b] for b in calls[5].buttons], ['★★★★★', '★★★', 'More…'])

    def picture(self, path):
        """Not before dunst has drawn what it was told: it answers only after that."""
        self.dunst.ctl('count')
        self.screen.picture(path)

    def test_cancel_by_the_buttons_of_dunst(self):
        uid, _ = self.place()
        self.recording.wait(1)
        self.dunst.press('Cancel')
        question = self.recording.wait(2, 'the question')
        self.assertEqual(question.replaces, 0, 'a bubble of its own')
        self.assertEqual([question.actions[b] for b in question.buttons], ['Cancel the order', 'Keep it'])
        self.dunst.press('Cancel the order')
        end = self.recording.wait(3, 'the end')
        self.assertRegex(end.title, r'^Order \S+ was cancelled$')
        self.assertEqual(self.client.call('Orders', 'Get', '(s)', (uid,))['status'], 'cancelled')
        self.assertJournalHas('"CancelOrderRequest"', uid)

    def test_rate_by_the_buttons_of_dunst(self):
        uid, _ = self.place()
        self.recording.wait(1)
        self.sandbox.advance(uid, 'Delivered')
        self.recording.wait(2)
        self.dunst.press('★★★★★')
        thanks = self.recording.wait(3)
        self.assertEqual(thanks.title, 'Thank you for the rating')
        self.assertIn('★★★★★', thanks.body)
        self.assertEqual(thanks.replaces, self.recording.calls[1].replaces or thanks.replaces)
        self.sync()
        self.assertEqual(self.client.call('Orders', 'Get', '(s)', (uid,))['rating'], 5)

    def assertJournalHas(self, what, uid):
        text = str(self.sandbox.journal())
        self.assertIn(uid, text)
        order, = self.sandbox.journal_orders(uid)
        self.assertIn('ancelled', str(order), what)

    def test_dunst_killed_and_restarted(self):
        uid, _ = self.place()
        self.recording.wait(1)
        self.sandbox.advance(uid, 'Processing')
        self.recording.wait(2)
        self.dunst.kill()
        self.dunst.start()
        self.sandbox.advance(uid, 'In delivery')
        again = self.recording.wait(3)
        self.assertEqual(again.replaces, 0, 'an id of the old server means another bubble to the new one')
        self.sandbox.advance(uid, 'Delivered')
        last = self.recording.wait(4)
        self.assertNotEqual(last.replaces, 0)
        self.assertEqual(self.dunst.shown(), 1)

    def test_stage_while_dunst_is_away(self):
        uid, _ = self.place()
        self.recording.wait(1)
        self.dunst.kill()
        self.sandbox.advance(uid, 'Processing')
        self.sandbox.advance(uid, 'In delivery')
        self.wait_for_status(uid, 'in-delivery')
        self.dunst.start()
        self.assertRegex(self.recording.wait(2, 'what was missed').title, 'is on its way$')

    def test_five_restarts_make_no_bubble(self):
        uid, _ = self.place()
        self.recording.wait(1)
        self.sandbox.advance(uid, 'Processing')
        first = self.recording.wait(2)
        for i in range(5):
            if i % 2:
                self.stop_notifier()
                self.restart()
                self.start_notifier()
            else:
                self.restart()
                self.stop_notifier()
                self.start_notifier()
            self.settled()
        self.sandbox.advance(uid, 'In delivery')
        last = self.recording.wait(3, 'the next stage')
        self.assertRegex(last.title, 'is on its way$')
        self.assertEqual(last.replaces, first.replaces, 'still the same bubble')

    def test_stopped_dunst_does_not_block(self):
        uid, _ = self.place()
        self.recording.wait(1)
        self.settled()
        self.dunst.process.signal(signal.SIGSTOP)
        self.addCleanup(lambda: self.dunst.process.running() and self.dunst.process.signal(signal.SIGCONT))
        self.sandbox.advance(uid, 'Processing')
        self.wait_for_status(uid, 'processing')
        self.assertEqual(self.notifier.stop(5 * harness.TIME_FACTOR), 0)


class WithServer(desktop.ServerCase):
    """With a notification server of the test's own."""

    def order(self, stage=None):
        """A placed order whose first bubble is there."""
        uid, _ = self.place()
        self.server.wait(1)
        if stage:
            self.sandbox.advance(uid, stage)
            self.server.wait(2)
        return uid

    def test_first_start_is_silent(self):
        uid, _ = self.place()
        self.sandbox.advance(uid, 'Processing')
        self.wait_for_status(uid, 'processing')
        self.start_notifier()
        self.settled()
        self.sandbox.advance(uid, 'In delivery')
        self.assertRegex(self.server.wait(1).title, 'is on its way$')

    def test_what_happened_while_away_is_one_bubble(self):
        self.start_notifier()
        uid = self.order()
        self.stop_notifier()
        for stage in self.STAGES:
            self.sandbox.advance(uid, stage)
        self.wait_for_status(uid, 'delivered')
        self.start_notifier()
        self.assertRegex(self.server.wait(2).title, '^Delivered at ')
        self.settled()
        self.server.wait(2)

    def test_order_made_while_away(self):
        self.start_notifier()
        self.settled()
        self.stop_notifier()
        uid, _ = self.place()
        self.start_notifier()
        self.assertRegex(self.server.wait(1).title, 'was received$')
        self.sandbox.advance(uid, 'Processing')
        self.server.wait(2)

    def test_daemon_away_while_the_order_moves(self):
        self.start_notifier()
        uid = self.order()
        self.stop()
        for stage in self.STAGES:
            self.sandbox.advance(uid, stage)
        self.start()
        self.assertRegex(self.server.wait(2).title, '^Delivered at ')
        self.settled()
        self.server.wait(2)

    def test_expected_time_moves(self):
        self.start_notifier()
        uid = self.order()
        self.sandbox.request('POST', '/Sandbox/Advance', {'deliveryOrderUid': uid, 'delayMinutes': 3})
        self.sandbox.request('POST', '/Sandbox/Advance', {'deliveryOrderUid': uid, 'delayMinutes': 12})
        self.assertRegex(self.server.wait(2).title, r'^Order \S+: now \d\d:\d\d, 15 min later$')
        self.sandbox.request('POST', '/Sandbox/Advance', {'deliveryOrderUid': uid, 'delayMinutes': -10})
        self.assertRegex(self.server.wait(3).title, r': now \d\d:\d\d, 10 min earlier$')
        self.assertEqual(len(set(self.server.ids)), 1)

    def delay_until(self, uid, seconds):
        """Moves the expected time to within a minute before so many seconds from now."""
        left = self.client.call('Orders', 'Get', '(s)', (uid,))['end-expected'] / 1e6 - time.time() - seconds
        self.sandbox.request('POST', '/Sandbox/Advance', {'deliveryOrderUid': uid, 'delayMinutes': -math.ceil(left / 60)})

    def test_expected_time_is_over(self):
        self.start_notifier()
        uid = self.order()
        self.delay_until(uid, -60)
        self.assertRegex(self.server.wait(2).title, '^Order .* is running late$')
        self.assertRegex(self.server.calls[1].body, r'^It was expected at \d\d:\d\d\n')
        self.sandbox.advance(uid, 'Processing')
        self.server.wait(3)

    @unittest.skipUnless('TEST_LONG' in os.environ, 'takes minutes: set TEST_LONG')
    def test_expected_time_passes(self):
        """Nothing happens but time."""
        self.start_notifier()
        uid = self.order()
        self.delay_until(uid, 60)
        self.assertRegex(self.server.wait(2).title, 'earlier$')
        iterate(lambda: len(self.server.calls) > 2, 240, 'what is said of the delay')
        self.assertRegex(self.server.wait(3).title, '^Order .* is running late$')
        self.sandbox.advance(uid, 'Delivered')
        self.server.wait(4)

    def test_cancel(self):
        self.start_notifier()
        uid = self.order()
        self.server.press('cancel')
        question = self.server.wait(2)
        self.assertRegex(question.title, r'^Cancel order \S+\?$')
        self.assertEqual(question.timeout, 0, 'it waits for the answer')
        self.assertNotEqual(self.server.ids[1], self.server.ids[0])
        self.assertEqual(self.client.call('Orders', 'Get', '(s)', (uid,))['status'], 'requested', 'asked first')
        self.server.press('cancel-yes')
        self.assertRegex(self.server.wait(3).title, 'was cancelled$')
        self.assertEqual(self.server.ids[2], self.server.ids[0])
        order, = self.sandbox.journal_orders(uid)
        self.assertIn('ancelled', str(order))

    def test_cancel_thought_over(self):
        self.start_notifier()
        uid = self.order()
        self.server.press('cancel')
        self.server.wait(2)
        self.server.press('cancel-no')
        self.sandbox.advance(uid, 'Processing')
        self.server.wait(3)
        self.assertEqual(self.client.call('Orders', 'Get', '(s)', (uid,))['status'], 'processing')

    def test_question_goes_when_it_is_too_late(self):
        self.start_notifier()
        uid = self.order()
        self.server.press('cancel')
        self.server.wait(2)
        self.sandbox.advance(uid, 'In delivery')
        self.server.wait(3)
        iterate(lambda: self.server.ids[1] in self.server.closed, what='the question taken back')

    def test_buttons_of_the_run_before(self):
        self.start_notifier()
        uid = self.order('Delivered')
        self.stop_notifier()
        self.start_notifier()
        self.settled()
        self.server.press('rate-3')
        self.assertIn('★★★☆☆', self.server.wait(3).body)
        self.sync()
        self.assertEqual(self.client.call('Orders', 'Get', '(s)', (uid,))['rating'], 3)

    def test_refusal_is_said(self):
        self.start_notifier()
        uid = self.order('Delivered')
        self.client.call('Orders', 'Rate', '(susa{sv})', (uid, 4, '', {}))
        self.server.press('rate-5')
        answer = self.server.wait(3)
        self.assertRegex(answer.title, '^Rating order')
        self.assertIn('already', answer.body)

    def test_offline_refusal_is_said(self):
        self.allowed_log += ('.*',)
        self.expected_log.append('.*')
        self.start_notifier()
        self.order()
        self.sandbox.kill()
        self.server.press('cancel')
        self.server.wait(2)
        self.server.press('cancel-yes')
        self.assertRegex(self.server.wait(3).title, '^Cancelling order')

    def test_foreign_bubbles_are_not_ours(self):
        self.start_notifier()
        uid = self.order()
        self.server.ids.append(4711)
        self.server.press('cancel-yes')
        self.server.press('rate-1')
        self.server.ids.pop()
        self.sandbox.advance(uid, 'Processing')
        self.server.wait(2)

    def test_server_without_markup_or_actions(self):
        self.server.capabilities = ['body']
        self.start_notifier()
        self.order()
        self.assertEqual(self.server.calls[0].actions, {})

    def test_muted(self):
        self.start_notifier()
        uid = self.order()
        self.client.set('Notifications', 'Muted', 'b', True)
        self.sandbox.advance(uid, 'Processing')
        self.wait_for_status(uid, 'processing')
        self.settled()
        self.client.set('Notifications', 'Muted', 'b', False)
        self.sandbox.advance(uid, 'In delivery')
        self.assertRegex(self.server.wait(2).title, 'is on its way$')

    def notify(self, kind, title, order=None):
        body = {'login': 'ann', 'kind': kind, 'titleText': title, 'bodyText': f'<{kind}> & more'}
        if order:
            body['deliveryOrderUid'] = order
        self.sandbox.request('POST', '/Sandbox/Notify', body)

    def test_promotions_only_when_asked_for(self):
        self.start_notifier()
        self.notify('promotion', 'Buy one, get two')
        self.notify('system', 'Closed tomorrow')
        only = self.server.wait(1)
        self.assertEqual(only.title, 'Closed tomorrow')
        self.assertEqual(only.body, '&lt;system&gt; &amp; more')
        self.write_config('[Notifications]\nPromotions=yes\n')
        self.reload_notifier()
        self.notify('promotion', 'Buy two, get three')
        self.assertEqual(self.server.wait(2).title, 'Buy two, get three')

    def test_message_about_an_order_is_no_bubble(self):
        self.start_notifier()
        uid = self.order('In delivery')
        self.notify('courier', 'The courier is at the door', order=uid)
        self.notify('order-status', 'Nearly there', order=uid)
        self.sandbox.advance(uid, 'Delivered')
        self.server.wait(3)

    def test_terminal(self):
        self.typed('\n')
        path = self.terminal('x-terminal-emulator')
        self.terminal('xdg-terminal-exec')
        self.start_notifier(PATH=path, TERMINAL=None)
        uid = self.order()
        self.server.press('track', token='token-1')
        self.wait_opened('xdg-terminal-exec token-1', f'customerclient track {uid}')
        os.unlink(f'{self.dir}/bin/xdg-terminal-exec')
        self.server.press('default')
        self.wait_opened('x-terminal-emulator ', f'customerclient track {uid}')

    def test_terminal_of_the_environment(self):
        self.typed('\n')
        self.terminal('x-terminal-emulator')
        path = self.terminal('my-terminal')
        self.start_notifier(PATH=path, TERMINAL='my-terminal --some-option')
        uid = self.order()
        self.server.press('default')
        self.wait_opened('my-terminal ', f'customerclient track {uid}')

    def test_more_asks_in_the_terminal(self):
        path = self.terminal('xdg-terminal-exec')
        self.start_notifier(PATH=path, TERMINAL=None)
        uid = self.order('Delivered')
        self.typed('4\nstill hot; rm -rf $HOME\n\n')
        self.server.press('rate-more')
        self.wait_opened('xdg-terminal-exec ', f'customerclient rate {uid} 4 --comment still hot; rm -rf $HOME')
        self.typed('2\n\n\n')
        self.server.press('rate-more')
        self.wait_opened('xdg-terminal-exec ', f'customerclient rate {uid} 2')

    def test_no_terminal(self):
        folder = os.path.join(self.dir, 'empty')
        os.makedirs(folder)
        self.start_notifier(PATH=folder, TERMINAL='')
        uid = self.order()
        self.server.press('track')
        self.assertIn(f'customerclient track {uid}', self.server.wait(2).body)

    def test_rejected_order_is_told(self):
        """An order that could not be sent before its deadline."""
        self.expected_log.append('.*')
        self.start_notifier()
        item = next(p[0] for p in self.products() if p[6])
        self.stop()
        self.write_config('[Orders]\nDeadlineSec=5\n')
        self.start()
        self.settled()
        self.sandbox.kill()
        uid, status = self.place(items=[(item, 1)], wait=False)
        self.assertEqual(status, 'submitting')
        self.assertRegex(self.server.wait(1).title, 'was not made$')
        self.assertEqual(self.client.call('Orders', 'Get', '(s)', (uid,))['status'], 'rejected')

    def test_state_that_cannot_be_written(self):
        with open(f'{self.dir}/state/customerclient-notifier', 'w', encoding='utf-8'):
            pass  # a file where the folder should be

        def warned():
            tick = GLib.timeout_add(50, lambda: GLib.SOURCE_CONTINUE)
            iterate(lambda: 'a restart will not know' in self.notifier_log(), what='the warning')
            GLib.source_remove(tick)
        self.start_notifier(settled=warned)
        uid = self.order('Processing')
        self.sandbox.advance(uid, 'In delivery')
        self.server.wait(3)
        self.assertEqual(len(set(self.server.ids)), 1)
        self.assertEqual(self.notifier_log().count('a restart will not know'), 1)


class Program(desktop.NotifierCase):
    start_sandbox = start_daemon = False

    def run_notifier(self, *arguments, **env):
        return subprocess.run([harness.binary('customerclient-notifier'), *arguments], capture_output=True, text=True,
                              timeout=harness.TIMEOUT, env=self.notifier_environment(**env), check=False)

    def test_options(self):
        self.assertRegex(self.run_notifier('--version').stdout, r'^customerclient-notifier \d+\.\d+')
        answer = self.run_notifier('--help')
        self.assertEqual(answer.returncode, 0)
        self.assertIn('systemctl --user enable', answer.stdout)
        for wrong in ('--nonsense', 'nonsense'):
            answer = self.run_notifier(wrong)
            self.assertEqual(answer.returncode, 2)
            self.assertIn('nonsense', answer.stderr)

    def test_desktop_entry(self):
        """What GNOME's settings look for, under the name that each bubble gives."""
        with open(os.path.join(harness.SOURCE_DIR, 'dbus', 'names.h'), encoding='utf-8') as f:
            name = re.search(r'CC_DESKTOP_ENTRY "(.*)"', f.read()).group(1)
        folder = os.path.join(harness.SOURCE_DIR, 'clients', 'notifier')
        entry = GLib.KeyFile()
        entry.load_from_file(os.path.join(folder, f'{name}.desktop'), GLib.KeyFileFlags.NONE)
        self.assertTrue(entry.get_boolean('Desktop Entry', 'X-GNOME-UsesNotifications'))
        self.assertEqual(entry.get_string('Desktop Entry', 'Type'), 'Application')
        self.assertTrue(entry.get_string('Desktop Entry', 'Name'))
        icon = entry.get_string('Desktop Entry', 'Icon')
        self.assertTrue(os.path.exists(f'{folder}/icons/hicolor/scalable/apps/{icon}.svg'))

    def test_no_bus(self):
        answer = self.run_notifier(DBUS_SESSION_BUS_ADDRESS=None)
        self.assertEqual(answer.returncode, 1)
        self.assertIn('no session bus', answer.stderr)
        answer = self.run_notifier(DBUS_SESSION_BUS_ADDRESS=f'unix:path={self.dir}/none')
        self.assertEqual(answer.returncode, 1)
        self.assertIn('session bus', answer.stderr)

    def test_second_one_refuses(self):
        self.start_notifier()
        answer = self.run_notifier()
        self.assertEqual(answer.returncode, 1)
        self.assertIn('Another customerclient-notifier', answer.stderr)
        self.stop_notifier()

    def test_bus_goes(self):
        # GLib's own watching of names complains of a connection that closes under it.
        self.COMPLAINT = re.compile('Sanitizer|runtime error:')
        self.start_notifier()
        self.bus.process.kill()
        self.assertEqual(self.notifier.wait(), 1)
        self.assertTrue(re.search('session bus has gone', self.notifier_log()))


if __name__ == '__main__':
    unittest.main(verbosity=2)
