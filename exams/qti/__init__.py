"""Questions as QTI packages: 3.0 in and out, 2.1 and 2.2 through a converter. Neither database nor pages."""
