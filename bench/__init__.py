"""One script per claim we make about speed and size. See README.md there."""
