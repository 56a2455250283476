"""Files kept by content hash, once each, below the data folder."""

from portal.files.models import StoredFile
from portal.files.service import configure, path_of, read, store, wipe

__all__ = ["StoredFile", "configure", "path_of", "read", "store", "wipe"]
