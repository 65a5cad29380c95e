"""The plugin's entry point: the host starts this file with its own interpreter."""

import sys

from viewra.sdk import serve

try:
    from service import AudioTags
except ModuleNotFoundError as error:
    if error.name != "mutagen":
        raise
    sys.exit("audio_tags needs mutagen, which is not installed; install it with: pip install mutagen")

if __name__ == "__main__":
    serve(AudioTags())
