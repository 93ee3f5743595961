# Videos and the relay, with mpv, curl and what ffmpeg makes.
EXTRA_DIST += tests/integration/test_videos.py
