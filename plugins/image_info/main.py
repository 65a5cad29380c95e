"""The plugin's entry point: the host starts this file with its own interpreter."""

import importlib.util
import sys

from viewra.sdk import serve

# Only looked for: importing it takes longer than the rest of a start, and is left to the first file.
if importlib.util.find_spec("PIL") is None:
    sys.exit("image_info needs Pillow, which is not installed; install it with: pip install 'viewra[plugins]'")

from service import ImageInfo

if __name__ == "__main__":
    serve(ImageInfo())
