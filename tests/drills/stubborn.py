"""A collector that does not want to end, nor do its child and its grandchild (see the sample job `parents`)."""

import os
import signal
import sys

signal.signal(signal.SIGTERM, signal.SIG_IGN)
for _generation in range(2):
    if os.fork():
        break
sys.stdin.read()
while True:
    signal.pause()
