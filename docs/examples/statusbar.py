#!/usr/bin/python3
"""A line for a status bar: the pending order that is expected first, its stage and the minutes to go.

Prints a line whenever it changes (i3blocks with interval=persist, polybar with tail = true, lemonbar…); an empty one
when nothing is pending. Signals keep it up to date, and a restart of the daemon does not disturb it."""
import time

import gi
gi.require_version("Gio", "2.0")
from gi.repository import Gio, GLib

NAME = "org.deliveryservice.CustomerClient1"
STAGES = {"submitting": "being sent", "unknown": "being asked for", "requested": "ordered",
          "awaiting-payment": "to be paid", "processing": "accepted", "cooking": "being cooked",
          "ready-to-deliver": "ready to go", "in-delivery": "on its way"}
ENDED = ("delivered", "finished", "cancelled", "rejected")


def describe(order):
    number, status, expected = order["Number"] or "order", order["Status"], order["ExpectedTimestamp"]
    text = f"{number} {STAGES.get(status, status.replace('-', ' '))}"
    if not expected:
        return text
    minutes = round((expected / 1e6 - time.time()) / 60)
    return text + (f", {minutes} min" if minutes >= 0 else f", {-minutes} min late")


def line(manager):
    if not manager.get_name_owner():
        return "no daemon"
    proxies = filter(None, (o.get_interface(NAME + ".Order") for o in manager.get_objects()))
    orders = [{name: value.unpack() for name in ("Number", "Status", "ExpectedTimestamp")
               if (value := proxy.get_cached_property(name))} for proxy in proxies]
    orders = sorted((o for o in orders if len(o) == 3 and o["Status"] not in ENDED),
                    key=lambda o: o["ExpectedTimestamp"] or float("inf"))
    more = f" (+{len(orders) - 1})" if len(orders) > 1 else ""
    return describe(orders[0]) + more if orders else ""


def main():
    shown, loop = None, GLib.MainLoop()
    manager = Gio.DBusObjectManagerClient.new_for_bus_sync(
        Gio.BusType.SESSION, Gio.DBusObjectManagerClientFlags.DO_NOT_AUTO_START, NAME,
        "/" + NAME.replace(".", "/"), None, None, None)

    def update(*_):
        nonlocal shown
        if line(manager) != shown:
            shown = line(manager)
            print(shown, flush=True)
        return GLib.SOURCE_CONTINUE
    for signal in ("object-added", "object-removed", "interface-proxy-properties-changed", "notify::name-owner"):
        manager.connect(signal, update)
    GLib.timeout_add_seconds(10, update)  # the minutes pass without a signal
    update()
    loop.run()


main()
