noinst_HEADERS = dbus/names.h
