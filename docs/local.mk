EXTRA_DIST += docs/architecture.md docs/demo-dunstrc docs/notification.png
EXTRA_DIST += docs/cli.md
