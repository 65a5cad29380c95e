"""Verifies that the files of assets and their rows agree, and repairs differences."""

from __future__ import annotations

import time

import sqlalchemy as sa

from viewra.assets import rows
from viewra.assets.store import AssetStore
from viewra.db.asset_tables import assets
from viewra.db.transactions import reading, writing
from viewra.library import Finding
from viewra.library.fsck import Step, untold
from viewra.types import Asset

_PAGE = 500
_YOUNG_S = 3600.0
"""A file without a row may be about to get one for this long."""


def verify(assets_of: AssetStore, *, repair: bool = False, step: Step = untold) -> list[Finding]:
    """Check every asset, its content included; returns the findings. Raises ViewraError, and what ``step`` raises."""
    found = [_content(assets_of, repair, step), _orphans(assets_of, repair), _elsewhere(assets_of, repair)]
    unused = _unused(assets_of)
    if repair and unused:
        assets_of.sweep()
    meaning = "assets that nothing refers to"
    found.append(Finding("assets", meaning, unused, repair and unused > 0, harmless=True))
    return [finding for finding in found if finding.count]


def _content(assets_of: AssetStore, repair: bool, step: Step) -> Finding:
    """Files that are gone or damaged: without its row, the next who needs the picture has it extracted again."""
    count = looked = after = 0
    while True:
        step("assets", looked)
        with reading(assets_of.engine) as connection:
            page = rows.page(connection, assets_of.store, None, after, _PAGE)
        if not page:
            break
        after = page[-1].number
        looked += len(page)
        damaged = [asset for asset in page if not _is_whole(assets_of, asset)]
        count += len(damaged)
        if damaged and repair:
            with writing(assets_of.engine) as connection:
                rows.delete(connection, [asset.number for asset in damaged])
            for asset in damaged:
                assets_of.files.remove(asset.id)
    meaning = "assets whose file is gone or damaged; once repaired, pictures of files are extracted again"
    return Finding("assets", meaning, count, repair and count > 0)


def _is_whole(assets_of: AssetStore, asset: Asset) -> bool:
    try:
        return assets_of.files.digest(asset.id) == asset.id
    except OSError:
        return False


def _orphans(assets_of: AssetStore, repair: bool) -> Finding:
    """Files without a row, which a kill may leave."""
    young = time.time() - _YOUNG_S
    count = 0
    for digest, status in assets_of.files.all():
        if status.st_mtime > young:
            continue
        with reading(assets_of.engine) as connection:
            known = rows.find(connection, assets_of.store, digest)
        if known is None:
            count += 1
            if repair:
                assets_of.files.remove(digest)
    return Finding("assets", "files of assets that the database does not know", count, repair and count > 0, True)


def _elsewhere(assets_of: AssetStore, repair: bool) -> Finding:
    """Rows of another folder: with SQLite nobody else has one, while on PostgreSQL another host may."""
    if assets_of.engine.dialect.name != "sqlite":
        return Finding("assets", "", 0)
    others = assets.c.store != assets_of.store
    with reading(assets_of.engine) as connection:
        count = connection.execute(sa.select(sa.func.count()).select_from(assets).where(others)).scalar_one()
    if count and repair:
        with writing(assets_of.engine) as connection:
            connection.execute(sa.delete(assets).where(others))
    return Finding("assets", "assets whose folder was removed or replaced", count, repair and count > 0)


def _unused(assets_of: AssetStore) -> int:
    with reading(assets_of.engine) as connection:
        return len(rows.unused(connection, assets_of.store, _PAGE))
