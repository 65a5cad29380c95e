"""Packages of plugins: where they come from, how they are unpacked, which versions are kept, and catalogs of them."""
