"""The plugin's entry point: the host starts this file with its own interpreter."""

import importlib.util
import sys

from viewra.sdk import serve

# Only looked for: importing it takes as long as all the rest of a start, and is left to the first file.
if importlib.util.find_spec("av") is None:
    sys.exit("media_info needs PyAV, which is not installed; install it with: pip install 'viewra[plugins]'")

from service import MediaInfo

if __name__ == "__main__":
    serve(MediaInfo())
