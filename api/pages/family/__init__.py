"""What a family sees: search, list, request."""
