"""The plugin's entry point: the host starts this file with its own interpreter."""

import os

from service import LibraryHistory

from viewra.sdk import serve

if __name__ == "__main__":
    os.nice(10)  # a scan that runs at the same time goes first
    serve(LibraryHistory())
