"""Dimensions, EXIF and colour facts of pictures, read with Pillow."""
