"""Listings: what feeds, sitemaps and lists of URLs hold, as links and as pages of their own.

Bytes in, records out; nothing is fetched or opened, whatever a document asks for.
"""

from pipeline.feeds.listing import entries, read_listing
from pipeline.feeds.pages import ENTRY_TYPE, entry_page, is_feed

__all__ = ["ENTRY_TYPE", "entries", "entry_page", "is_feed", "read_listing"]
