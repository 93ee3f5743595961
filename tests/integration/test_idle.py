"""A daemon that has nothing to do costs nothing: it wakes up for the hub's pings and little else, asks the service for
nothing, and writes nothing."""

import os
import time

import harness

SECONDS = float(os.environ.get('TEST_IDLE_SEC', '12'))
PING_SEC = 5
WAKEUPS_PER_PING = 3
FOR_GOOD_MEASURE = 6


class Idle(harness.TestCase):
    sandbox_args = ('--speed', '0', '--ping-sec', str(PING_SEC))

    def counters(self):
        with open(f'/proc/{self.daemon.pid}/status', encoding='ascii') as f:
            switches = next(int(line.split()[1]) for line in f if line.startswith('voluntary_ctxt_switches'))
        with open(f'/proc/{self.daemon.pid}/io', encoding='ascii') as f:
            written = next(int(line.split()[1]) for line in f if line.startswith('write_bytes'))
        with open(f'/proc/{self.daemon.pid}/stat', encoding='ascii') as f:
            ticks = sum(int(n) for n in f.read().rsplit(')', 1)[1].split()[11:13])
        return switches, written, ticks / os.sysconf('SC_CLK_TCK')

    def settle(self):
        """Until three seconds pass without a wakeup: the sync after the connect is over."""
        quiet = [time.monotonic(), self.counters()[0]]

        def still():
            now = self.counters()[0]
            if now != quiet[1]:
                quiet[:] = [time.monotonic(), now]
            return time.monotonic() - quiet[0] > min(3, PING_SEC - 1)
        harness.poll(still, 60 * harness.TIME_FACTOR, 'the end of all work')

    def measure(self):
        # Before and after each, no call to the daemon: that would be work.
        self.settle()
        requests = self.sandbox.journal()['lastRequest']
        before = self.counters()
        harness.let_pass(SECONDS)
        after = self.counters()
        used = [b - a for a, b in zip(before, after)]
        print(f'{used[0]} wakeups, {used[1]} bytes written, {used[2]:.2f} s of CPU in {SECONDS:g} s ', end='', flush=True)
        self.assertEqual(self.sandbox.journal()['lastRequest'], requests, 'the service was asked for nothing')
        return used

    def test_signed_in(self):
        """Connected, nothing pending."""
        self.sign_up_and_in()
        self.sync()
        harness.poll(lambda: self.client.get('Daemon', 'PushState') == 'server-sent-events', what='push')
        wakeups, written, cpu = self.measure()
        self.assertLessEqual(wakeups, SECONDS / PING_SEC * WAKEUPS_PER_PING + FOR_GOOD_MEASURE)
        self.assertEqual(written, 0)
        self.assertLess(cpu, 0.05 * SECONDS)

    def test_signed_out(self):
        """Nobody is there: it sleeps."""
        wakeups, written, _cpu = self.measure()
        self.assertLessEqual(wakeups, FOR_GOOD_MEASURE)
        self.assertEqual(written, 0)

    def test_order_pending_offline(self):
        """An order waits for a service that is not there: the back-off, not a loop."""
        self.sign_up_and_in()
        self.sync()
        self.place(wait_usec=10000000)
        self.sandbox.kill()
        harness.poll(lambda: not self.client.get('Daemon', 'Online'), 90 * harness.TIME_FACTOR, 'being offline')
        before = self.counters()
        harness.let_pass(SECONDS)
        wakeups = self.counters()[0] - before[0]
        print(f'{wakeups} wakeups in {SECONDS:g} s offline ', end='', flush=True)
        self.assertLess(wakeups, 10 * SECONDS)


if __name__ == '__main__':
    harness.main()
