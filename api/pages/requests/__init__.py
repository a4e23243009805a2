"""The desk's pages on requests."""
