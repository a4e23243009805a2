"""Official files: the only room that knows a producer's layout."""
