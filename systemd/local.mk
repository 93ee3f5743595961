# The user units, and the file by which the bus activates the daemon through its unit.
units_in = systemd/customerclientd.service.in systemd/customerclient-notifier.service.in
systemduserunit_DATA = systemd/customerclientd.service systemd/customerclient-notifier.service
dbusservice_DATA = systemd/org.deliveryservice.CustomerClient1.service
EXTRA_DIST += $(units_in) systemd/org.deliveryservice.CustomerClient1.service.in
CLEANFILES += $(systemduserunit_DATA) $(dbusservice_DATA)

$(systemduserunit_DATA) $(dbusservice_DATA): %: %.in Makefile
	$(AM_V_GEN)$(MKDIR_P) systemd && sed -e 's|@bindir[@]|$(bindir)|g' $(srcdir)/$@.in > $@.tmp && mv $@.tmp $@
