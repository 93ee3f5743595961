EXTRA_DIST += docs/architecture.md docs/demo-dunstrc docs/notification.png
