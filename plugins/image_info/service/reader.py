"""Reads one picture: opens it with Pillow, which reads only the headers, and combines the fields."""

from __future__ import annotations

import importlib
import io
import logging
import warnings
from typing import Any

from PIL import Image, UnidentifiedImageError

from . import exif, icc, layout
from .formats import available
from .limits import Limits
from .source import ImageFileError, open_source

# This plugin ignores or refuses what Pillow warns about, so the warnings are of no use.
warnings.filterwarnings("ignore", module=r"PIL\.")
logging.getLogger("PIL").addHandler(logging.NullHandler())
logging.getLogger("PIL").propagate = False

Image.MAX_IMAGE_PIXELS = None  # no pixel is decoded; the limit of this plugin is an error and not a warning

READERS = [form.pillow for form in available()]
NAMES = {form.pillow: form.name for form in available()} | {"MPO": "jpeg"}  # a JPEG with further ones behind it

for _form in available():
    _module = importlib.import_module(_form.module)
    if _form.pillow == "HEIF":
        _module.register_heif_opener(thumbnails=False)


def read(path: str, limits: Limits) -> dict[str, str]:
    """Return all known fields of the picture at ``path``.

    Raises only ``ImageFileError``, for any defect of the file.
    """
    with open_source(path, limits) as file:
        try:
            with Image.open(file, formats=READERS) as image:
                return _fields(image, file, limits)
        except ImageFileError:
            raise
        except Exception as error:
            # A parser of arbitrary bytes fails in arbitrary ways: all of them mean a damaged file.
            raise ImageFileError(f"not a readable picture: {_reason(error)}") from error


def _fields(image: Any, file: io.BufferedReader, limits: Limits) -> dict[str, str]:
    width, height = layout.stored_size(image)
    if width < 1 or height < 1:
        raise ImageFileError("not a readable picture: it has no pixels")
    if width * height > limits.pixels:
        raise ImageFileError(f"it has {width} x {height} pixels, more than the {limits.pixels:,} that are allowed")
    fields = {"image_format": NAMES[image.format], "width": str(width), "height": str(height)}
    fields |= layout.fields(image, file)
    fields |= exif.fields(image, limits)
    if name := icc.name(image.info.get("icc_profile")):
        fields["icc_profile"] = name
    return fields


def _reason(error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):
        return "it is of none of the formats that are read, or its headers are damaged"
    if isinstance(error, EOFError) or "truncated" in str(error).lower():
        return "it ends within its headers"
    if isinstance(error, MemoryError):
        return "its headers ask for more memory than there is"
    if isinstance(error, OSError) and error.errno is not None:
        return error.strerror or "the system cannot read it"
    return "its headers are damaged, or of a kind that is not read"
