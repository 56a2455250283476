"""Questions as QTI packages."""
