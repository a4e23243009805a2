"""Reports and printed sheets: HTML and PDF."""
