"""Time and pay re-derived second by second, by code that shares no import with the product."""
