"""The kinds of judgment: each module holds one, behind one small protocol."""

from tasks.types.protocol import BadField, Kind
from tasks.types.registry import kind

__all__ = ["BadField", "Kind", "kind"]
