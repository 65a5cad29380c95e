"""The plugin's entry point: the host starts this file with its own interpreter."""

from service import MusicBrainzEnricher

from viewra.sdk import serve

if __name__ == "__main__":
    serve(MusicBrainzEnricher())
