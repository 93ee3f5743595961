EXTRA_DIST += docs/architecture.md docs/demo-dunstrc docs/notification.png
EXTRA_DIST += docs/cli.md docs/configuration.md
EXTRA_DIST += docs/dbus-api.md
EXTRA_DIST += docs/backend-api.md
EXTRA_DIST += docs/backend-api.yaml
dist_man_MANS += docs/man/customerclient.1
