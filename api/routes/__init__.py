"""The JSON API, a file per subject."""
