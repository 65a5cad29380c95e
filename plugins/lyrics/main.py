"""The plugin's entry point: the host starts this file with its own interpreter."""

import os

from service import Lyrics

from viewra.sdk import serve

if __name__ == "__main__":
    os.nice(10)  # scans and players go first
    serve(Lyrics())
