"""Claims of speed, each a script that runs both sides in one run: `make bench`, or `python -m benchmarks.NAME`."""
