"""Container, streams, codecs and durations of audio and video files, read with libav."""
