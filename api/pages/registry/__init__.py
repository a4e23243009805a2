"""The registry's pages: directory, records, links, imports."""
