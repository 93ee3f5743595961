noinst_HEADERS = dbus/names.h

dist_dbusinterface_DATA = \
	dbus/org.deliveryservice.CustomerClient1.Account.xml \
	dbus/org.deliveryservice.CustomerClient1.Cart.xml \
	dbus/org.deliveryservice.CustomerClient1.Catalog.xml \
	dbus/org.deliveryservice.CustomerClient1.Daemon.xml \
	dbus/org.deliveryservice.CustomerClient1.Files.xml \
	dbus/org.deliveryservice.CustomerClient1.Notifications.xml \
	dbus/org.deliveryservice.CustomerClient1.Order.xml \
	dbus/org.deliveryservice.CustomerClient1.Orders.xml \
	dbus/org.deliveryservice.CustomerClient1.Payments.xml \
	dbus/org.deliveryservice.CustomerClient1.Predictions.xml \
	dbus/org.deliveryservice.CustomerClient1.Session.xml \
	dbus/org.deliveryservice.CustomerClient1.Settings.xml \
	dbus/org.deliveryservice.CustomerClient1.Statistics.xml \
	dbus/org.deliveryservice.CustomerClient1.Videos.xml
