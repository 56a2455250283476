"""Reports on paper: tagged PDFs whose every number can be traced back to its rows."""
